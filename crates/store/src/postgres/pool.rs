//! Connections, kept for the next one who needs them. The pool is our own because it is small once connections live on the
//! engine's runtime and carry nothing from one transaction to the next but statements that are prepared: permits, and a stack
//! of idle connections.

use super::{DatabaseUrl, Options, translate::refused_connection};
use crate::unavailable;
use model::{Error, ErrorKind, Result};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    runtime::{Handle, Runtime},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_postgres::{Client, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a server may take from the first byte of a connection to its readiness.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long it may take to look for a pooler: one with a single connection to the database lets the second transaction wait.
const PROBE: Duration = Duration::from_secs(1);

pub(super) struct Pool {
    url: DatabaseUrl,
    tls: Option<MakeRustlsConnect>,
    permits: Arc<Semaphore>,
    patience: Duration,
    idle: Mutex<Vec<Link>>,
    /// Nothing is known to lie between us and the database that hands our transactions to connections that others use, too.
    direct: AtomicBool,
    /// What is set once on each such connection.
    settings: OnceLock<String>,
    runtime: Background,
}

/// How many statements are prepared on a connection at most; what is built at run time must not fill the server's memory.
const PREPARED: usize = 512;

/// A connection, and what is prepared on it.
struct Link {
    client: Client,
    /// The process of the database that it led to first; none where nothing may be prepared.
    backend: Option<i32>,
    prepared: HashMap<String, Statement>,
}

/// A runtime that may be dropped anywhere, even on one of its own threads.
struct Background(Option<Runtime>, Handle);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A connection in use; it goes back when dropped, unless it was thrown away.
pub(super) struct Leased {
    link: Option<Link>,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// Starts the runtime; connects to nothing yet.
    pub(super) fn new(url: &DatabaseUrl, options: &Options) -> Result<Arc<Self>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            // One for each connection that writes: no decision waits for a thread.
            .max_blocking_threads(options.connections + 2)
            .thread_name("innkeeper-postgres")
            .enable_all()
            .build()
            .map_err(|error| {
                Error::internal(format!("the runtime of the database does not start: {error}"))
            })?;
        let handle = runtime.handle().clone();
        Ok(Arc::new(Self {
            tls: if url.asks_for_tls() { Some(tls(url.roots.as_deref())?) } else { None },
            url: url.clone(),
            permits: Arc::new(Semaphore::new(options.connections)),
            patience: options.patience,
            idle: Mutex::new(Vec::new()),
            direct: AtomicBool::new(false),
            settings: OnceLock::new(),
            runtime: Background(Some(runtime), handle),
        }))
    }

    /// Where connections live and timers run.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime.1
    }

    /// Takes an idle connection or makes one; whoever waits too long for a place is told to come back.
    pub(super) async fn get(self: &Arc<Self>) -> Result<Leased> {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.place().await?,
        };
        let link = match self.take_idle() {
            Some(link) => link,
            None => self.link().await?,
        };
        Ok(Leased { link: Some(link), pool: Arc::clone(self), _permit: permit })
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit> {
        let (permits, patience) = (Arc::clone(&self.permits), self.patience);
        self.runtime()
            .spawn(async move { tokio::time::timeout(patience, permits.acquire_owned()).await })
            .await
            .ok()
            .and_then(std::result::Result::ok)
            .and_then(std::result::Result::ok)
            .ok_or_else(|| unavailable("all connections to the database are in use"))
    }

    fn take_idle(&self) -> Option<Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(|link| !link.client.is_closed())
    }

    async fn link(&self) -> Result<Link> {
        let client = self.connect().await?;
        let settings = self.settings.get().filter(|_| self.direct.load(Ordering::Relaxed));
        let backend = match settings {
            Some(settings) if client.batch_execute(settings).await.is_ok() => backend(&client).await,
            _ => None,
        };
        Ok(Link { client, backend, prepared: HashMap::new() })
    }

    /// Looks whether two connections lead to the same process of the database each time, in whatever order they are used. Behind
    /// a pooler that gives each transaction to whichever connection is free they do not. Where they do, `settings` are made once
    /// on each connection, and statements are prepared.
    pub(super) async fn look_for_pooler(&self, settings: String) -> Result<()> {
        let (first, second) = (self.connect().await?, self.connect().await?);
        let looking = self.runtime().spawn(async move {
            tokio::time::timeout(PROBE, async {
                let (one, two) = led_to(&first, &second).await?;
                let again = [led_to(&second, &first).await?, led_to(&second, &first).await?];
                let last = led_to(&first, &second).await?;
                Some(again == [(two, one); 2] && last == (one, two))
            })
            .await
        });
        let direct = looking.await.ok().and_then(std::result::Result::ok).flatten().unwrap_or(false);
        self.settings.get_or_init(|| settings);
        self.direct.store(direct, Ordering::Relaxed);
        Ok(())
    }

    /// A connection of its own, beside those that are counted.
    pub(super) async fn connect(&self) -> Result<Client> {
        let (url, tls, handle) = (self.url.clone(), self.tls.clone(), self.runtime().clone());
        let place = url.to_string();
        let connecting = async move {
            match tls {
                Some(tls) => url.config.connect(tls).await.map(|(client, connection)| {
                    handle.spawn(connection);
                    client
                }),
                None => url.config.connect(NoTls).await.map(|(client, connection)| {
                    handle.spawn(connection);
                    client
                }),
            }
        };
        let connected =
            self.runtime().spawn(async move { tokio::time::timeout(HANDSHAKE, connecting).await });
        match connected.await {
            Ok(Ok(Ok(client))) => Ok(client),
            Ok(Ok(Err(error))) => Err(refused_connection(&place, &error)),
            Ok(Err(_)) => Err(Error::new(
                ErrorKind::Unavailable(crate::RETRY_AFTER),
                format!("The database server {place} does not answer."),
            )),
            Err(error) => Err(unavailable(format!("connecting ended early: {error}"))),
        }
    }
}

impl Leased {
    /// The connection, unless it was thrown away.
    pub(super) fn client(&self) -> Result<&Client> {
        self.link
            .as_ref()
            .map(|link| &link.client)
            .ok_or_else(|| unavailable("the connection was thrown away"))
    }

    /// The process of the database that the statements are prepared in, if any may be.
    pub(super) fn backend(&self) -> Option<i32> {
        self.link.as_ref().and_then(|link| link.backend)
    }

    pub(super) fn prepared(&self, sql: &str) -> Option<&Statement> {
        self.link.as_ref().and_then(|link| link.prepared.get(sql))
    }

    /// May one more be prepared?
    pub(super) fn has_room(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.backend.is_some() && link.prepared.len() < PREPARED)
    }

    pub(super) fn keep(&mut self, sql: &str, statement: Statement) {
        if let Some(link) = &mut self.link {
            link.prepared.insert(sql.to_owned(), statement);
        }
    }

    /// A pooler gave the transaction to another process than the one before: nothing is prepared any more.
    pub(super) fn note_pooler(&mut self) {
        self.pool.direct.store(false, Ordering::Relaxed);
        self.throw_away();
    }

    pub(super) fn runtime(&self) -> &Handle {
        self.pool.runtime()
    }

    /// Uses the connection no more, nor any that is idle: what broke this one has most likely broken them all, or the
    /// server behind them is not what it was.
    pub(super) fn throw_away(&mut self) {
        self.link = None;
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if let Some(link) = self.link.take().filter(|link| !link.client.is_closed()) {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(link);
        }
    }
}

/// Which process of the database the connection leads to now. A database that cannot say prepares nothing.
async fn backend(client: &Client) -> Option<i32> {
    let rows = client.query_typed("select pg_backend_pid()", &[]).await.ok()?;
    rows.first()?.try_get(0).ok()
}

/// Where two transactions that are open at the same time lead to: the first that is begun is the first that ends.
async fn led_to(first: &Client, second: &Client) -> Option<(i32, i32)> {
    first.batch_execute("begin").await.ok()?;
    let one = backend(first).await?;
    second.batch_execute("begin").await.ok()?;
    let two = backend(second).await?;
    first.batch_execute("commit").await.ok()?;
    second.batch_execute("commit").await.ok()?;
    Some((one, two))
}

/// Certificates are always verified, whatever `sslmode` says.
fn tls(roots: Option<&Path>) -> Result<MakeRustlsConnect> {
    let refuse = |why: String| Error::new(ErrorKind::Conflict, why);
    let mut store = rustls::RootCertStore::empty();
    match roots {
        Some(file) => {
            let unusable = |why: &dyn std::fmt::Display| {
                refuse(format!(
                    "The certificates in {} (sslrootcert of the database URL) cannot be used: {why}.",
                    file.display()
                ))
            };
            let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unusable(&error))?;
                store.add(certificate).map_err(|error| unusable(&error))?;
            }
            if store.is_empty() {
                return Err(unusable(&"there is none"));
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal(format!("no TLS: {error}")))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
