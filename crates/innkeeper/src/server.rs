//! Putting a server together, running it, and seeing it off.

use crate::{
    address::{PublicUrl, origins, public_url},
    cli::{Database, Place},
    database,
    edge::{self, Edge, Signals},
    machine::{MachineClock, MachineRandom},
    problem::{Problem, Result},
    proxy::Network,
    reconcile, socket, tls,
};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use service::{Directory, Outside, Parts, PasscodeSink};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::DataDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// How long requests under way may take once the server was told to stop. What follows is short; in all it is ten seconds.
const GRACE: Duration = Duration::from_secs(9);
/// How long the server may take to answer itself.
const SELF_CHECK: Duration = Duration::from_secs(10);
/// Files that nobody else may read; a server whose secrets are open does not start.
const SECRETS: [&str; 8] = [
    "master.key",
    "innkeeper.db",
    "innkeeper.db-wal",
    "ca-key.pem",
    "server-key.pem",
    "world.json",
    "demo.env",
    "setup-secret",
];

/// A server that has its port and its directory, and serves nobody yet.
pub struct Server {
    /// The data directory, held.
    pub data: DataDir,
    /// What it serves.
    pub directory: Directory,
    /// The address to announce.
    pub public: PublicUrl,
    /// The authority to trust; none when somebody else made the certificate.
    pub ca: Option<PathBuf>,
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    bound: SocketAddr,
    proxies: Vec<Network>,
}

/// Opens the directory with a data directory that this process holds.
pub async fn open_directory(
    data: &DataDir,
    database: &Database,
    origins: Vec<String>,
    passcodes: Option<PasscodeSink>,
    outside: Outside,
) -> Result<Directory> {
    for name in SECRETS {
        data.private_file(name)?;
    }
    let (store, master) = database::open(data, database).await?;
    let (clock, random) = (Arc::new(MachineClock::start()), Arc::new(MachineRandom));
    Ok(Directory::new(Parts { store, clock, random, master, origins, passcodes, outside }).await?)
}

impl Server {
    /// Takes the port and opens the directory. `given` is a certificate of somebody else with its key.
    pub async fn open(
        data: DataDir,
        database: &Database,
        place: &Place,
        given: Option<(&Path, &Path)>,
        passcodes: Option<PasscodeSink>,
        outside: Outside,
    ) -> Result<Self> {
        let listener = edge::bind(place.listen).await?;
        let bound =
            listener.local_addr().map_err(|error| Problem::new(format!("Cannot listen: {error}.")))?;
        let public = public_url(place.public_url.as_ref(), bound, passcodes.is_some())?;
        let directory = open_directory(
            &data,
            database,
            origins(&public, bound.port(), &place.tls_names),
            passcodes,
            outside,
        )
        .await?;
        let (tls, ca) = match given {
            Some((certificate, key)) => (tls::load_given(certificate, key)?, None),
            None => {
                let mut names = vec![public.host().to_owned()];
                names.extend(place.tls_names.iter().cloned());
                if !bound.ip().is_unspecified() {
                    names.push(bound.ip().to_string());
                }
                let made = tls::load_or_create(data.path(), &names, directory.reading().now)?;
                (made.config, Some(made.ca_pem_path))
            }
        };
        Ok(Self { data, directory, public, ca, listener, tls, bound, proxies: Vec::new() })
    }

    /// Believes these balancers about whom they come for.
    pub fn behind(self, proxies: Vec<Network>) -> Self {
        Self { proxies, ..self }
    }

    /// Serves until a signal comes. `ready` is called once the server has answered itself.
    pub async fn run(
        self,
        options: web::Options,
        signals: &mut Signals,
        ready: impl AsyncFnOnce(&Announced<'_>) -> Result<()>,
    ) -> Result<()> {
        let Self { data, directory, public, ca, listener, tls, bound, proxies } = self;
        let (stop, stopping) = watch::channel(false);
        let app = web::App::new(directory.clone(), options);
        let mut reconcilers = reconcile::spawn(&directory, &stopping);
        reconcilers.spawn(socket::serve(socket::bind(data.path())?, directory.clone(), stopping.clone()));
        reconcilers.spawn(Edge { listener, tls, app, proxies: proxies.into() }.run(stopping));
        if let Some(ca) = &ca {
            self_check(bound, ca).await?;
        }
        ready(&Announced { data: &data, directory: &directory, public: &public, ca: ca.as_deref() }).await?;
        signals.next().await;
        tracing::info!("stopping; a second signal stops at once");
        stop.send_replace(true);
        let orderly = async {
            let finished = async { while reconcilers.join_next().await.is_some() {} };
            if timeout(GRACE, finished).await.is_err() {
                tracing::warn!("requests that took too long were cut off");
            }
            close(&directory).await;
        };
        tokio::select! {
            () = orderly => {}
            () = signals.next() => tracing::warn!("stopping at once"),
        }
        socket::remove(data.path());
        Ok(())
    }
}

/// What an announcement may speak of.
pub struct Announced<'a> {
    /// The data directory.
    pub data: &'a DataDir,
    /// What is served.
    pub directory: &'a Directory,
    /// Under which address.
    pub public: &'a PublicUrl,
    /// The authority to trust, if it is our own.
    pub ca: Option<&'a Path>,
}

/// Leaves the directory as the next start likes to find it. Nothing depends on it: everything was committed before.
pub async fn close(directory: &Directory) {
    if let Err(error) = directory.mark_time().await {
        tracing::warn!(?error, "the time of the stop was not noted");
    }
    if let Err(error) = directory.checkpoint().await {
        tracing::info!(?error, "the log was not truncated; the next start does it");
    }
}

/// Asks the server, as a client that trusts the authority does, whether it is ready.
async fn self_check(bound: SocketAddr, ca: &Path) -> Result<()> {
    let failed = |why: String| {
        Problem::new(format!(
            "The server started but did not answer itself on {bound}: {why}. Check that no firewall is in the way, or \
             choose another address with --listen."
        ))
    };
    let answer =
        timeout(SELF_CHECK, ask_self(bound, ca)).await.map_err(|_| failed("no answer in time".to_owned()))?;
    match answer {
        Ok(head) if head.starts_with("HTTP/1.1 200 ") => Ok(()),
        Ok(head) => Err(failed(format!("it said '{}'", head.lines().next().unwrap_or_default()))),
        Err(error) => Err(failed(error.to_string())),
    }
}

async fn ask_self(bound: SocketAddr, ca: &Path) -> std::io::Result<String> {
    let other = std::io::Error::other::<rustls::Error>;
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(ca).map_err(std::io::Error::other)?;
    roots.add(certificate).map_err(other)?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let near = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let stream = TcpStream::connect(SocketAddr::new(near, bound.port())).await?;
    let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let request =
        format!("GET /readyz HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", bound.port());
    stream.write_all(request.as_bytes()).await?;
    let mut head = [0; 128];
    let mut filled = 0;
    while filled < head.len() {
        match stream.read(&mut head[filled..]).await? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(String::from_utf8_lossy(&head[..filled]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::{fs, os::unix::fs::PermissionsExt};

    async fn open(path: &Path) -> Result<Directory> {
        open_directory(&DataDir::open(path)?, &Database::embedded(), Vec::new(), None, Outside::default())
            .await
    }

    #[tokio::test]
    async fn the_master_key_is_made_once_and_private() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let path = scratch.path().join("master.key");
        drop(open(scratch.path()).await.unwrap());
        let first = fs::read_to_string(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(open(scratch.path()).await.unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
    }

    #[tokio::test]
    async fn a_database_without_its_master_key_is_refused_and_no_key_is_made() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        drop(open(scratch.path()).await.unwrap());
        fs::remove_file(scratch.path().join("master.key")).unwrap();
        let problem = open(scratch.path()).await.err().unwrap().to_string();
        assert!(problem.contains("backup"), "{problem}");
        assert!(!scratch.path().join("master.key").exists());
    }

    #[tokio::test]
    async fn secrets_that_others_can_read_are_refused() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        drop(open(scratch.path()).await.unwrap());
        for name in ["master.key", "innkeeper.db", "setup-secret"] {
            let path = scratch.path().join(name);
            if !path.exists() {
                fs::write(&path, "").unwrap();
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let problem = open(scratch.path()).await.err().unwrap().to_string();
            assert!(problem.contains("chmod 600") && problem.contains(name), "{problem}");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}
