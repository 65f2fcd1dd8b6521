//! What the directory remembers.
//!
//! There is one way to read ([`Store::read`], a consistent snapshot) and one way to write ([`Store::commit`]): a
//! decision function reads the state inside the writing transaction and answers with a [`ChangeSet`], which the store
//! applies, records in the tenant's audit chain and commits. State, audit records and outbox rows of one operation are
//! one transaction, and an answer means that it is on stable storage.

mod account;
mod audit;
mod batch;
mod changes;
mod connection;
mod counts;
mod cross;
mod data_dir;
mod delta;
mod external;
mod fault;
mod fields;
mod filter;
mod import;
mod kept;
mod migrate;
mod oauth;
mod objects;
mod postgres;
mod read;
mod schema;
mod sign_in;
mod sqlite;
mod transfer;
mod value;

pub use account::AppSignIn;
pub use audit::{AuditQuery, ChainReport};
pub use changes::{ChangeSet, Decision};
pub use cross::{ClockMark, Due, HomeAccountState, Membership, OutboxItem};
pub use data_dir::DataDir;
pub use external::ExternalCounts;
pub use fault::{Fault, Faults};
pub use fields::{FieldValue, ListedUser, Page, UserField, UserRow};
pub use oauth::{Authorization, AuthorizationCode, DeviceCode, DeviceState, RefreshToken};
pub use objects::{
    AppCertificate, AppObject, AppSecret, CROSS_TENANT_ACCESS, DirectConnection, GrantRow, GroupObject,
    SignInKind, SignIns,
};
pub use postgres::{DatabaseUrl, Distribution, Options};
pub use read::{
    App, Confirmation, Grant, GrantKind, Group, Invitation, Passcode, Reader, Session, SigningKey, Throttle,
    Tombstone, UserQuery,
};
pub use sign_in::{
    FederatedPerson, FederationFlow, ListedSession, Provider, ProviderChoice, ProviderDomain, QueuedMail,
    SecondFactor, SessionDetail, SignInSettings,
};

pub use schema::REFERENCE_TABLES;
pub use transfer::{Counts, Progress};

use connection::View;
use model::{Error, ErrorKind, Result, TenantId, TenantScope};
use std::sync::Arc;

/// SHA-256, handed in because only one room of the house holds cryptography.
pub type Digest = fn(&[u8]) -> [u8; 32];

/// The realm of people who have a mailbox and no home tenant: their sessions, passcodes and throttles are kept under it. It
/// is no tenant, and has a row nowhere.
pub const MAILBOX_REALM: TenantId = TenantId::from_uuid(uuid::uuid!("6d61696c-626f-4000-8000-000000000000"));

/// The store of one directory. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<sqlite::Engine>),
    Postgres(Arc<postgres::Engine>),
}

impl Store {
    /// Opens the embedded database in a data directory that this process holds, and brings its schema up to date.
    pub fn open(directory: &DataDir, digest: Digest) -> Result<Self> {
        Self::open_with_faults(directory, digest, Faults::default())
    }

    /// The same with a fault seam, for tests that break the store on purpose.
    pub fn open_with_faults(directory: &DataDir, digest: Digest, faults: Faults) -> Result<Self> {
        Ok(Self { engine: Engine::Sqlite(Arc::new(sqlite::Engine::open(directory, digest, faults)?)) })
    }

    /// Connects to a PostgreSQL database, which any number of servers may share, and brings its schema, roles and row
    /// security up to date; of several servers that start at once, one does. Waits on the calling thread. The error is
    /// `Unavailable` when the server cannot be reached at the moment, `Conflict` when an operator has to do something first.
    pub fn connect(url: &DatabaseUrl, digest: Digest) -> Result<Self> {
        Self::connect_with(url, digest, Options::default())
    }

    /// The same with limits of its own, or with the fault seam of tests.
    pub fn connect_with(url: &DatabaseUrl, digest: Digest, options: Options) -> Result<Self> {
        Ok(Self { engine: Engine::Postgres(Arc::new(postgres::Engine::connect(url, digest, options)?)) })
    }

    /// Reads from one consistent snapshot. Reads must be bounded: they run on the calling thread.
    pub async fn read<T>(
        &self,
        scope: TenantScope,
        read: impl FnOnce(&Reader<'_>) -> Result<T>,
    ) -> Result<T> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.read(|snapshot| read(&Reader::new(snapshot, scope))),
            Engine::Postgres(engine) => {
                let connection = engine.reading(View::Tenant(scope.tenant())).await?;
                postgres::blocking(|| read(&Reader::new(&connection, scope)))
            }
        }
    }

    /// Reads across tenants; only the functions of the cross-tenant module are there.
    pub async fn read_across<T>(&self, read: impl FnOnce(&cross::Across<'_>) -> Result<T>) -> Result<T> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.read(|snapshot| read(&cross::Across::new(snapshot))),
            Engine::Postgres(engine) => {
                let connection = engine.reading(View::Directory).await?;
                postgres::blocking(|| read(&cross::Across::new(&connection)))
            }
        }
    }

    /// Decides and commits in one transaction of one tenant. `decide` must be pure but for its reads: it may run more than
    /// once. What it returns is answered only after the commit; an `Err` from it, or from the commit, changes nothing. When
    /// the connection to a database server is lost during the commit, the answer is `Unavailable` and the outcome unknown.
    pub async fn commit<T: Send + 'static>(
        &self,
        scope: TenantScope,
        decide: impl FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static,
    ) -> Result<T> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.commit(scope, decide).await?,
            Engine::Postgres(engine) => engine.commit(scope, decide).await?,
        }
    }

    /// Decides and commits for several tenants, each as [`Self::commit`] does. The embedded engine commits them in one
    /// transaction, in which each is taken back by itself; on PostgreSQL they are committed side by side.
    pub async fn commit_each<T: Send + 'static>(
        &self,
        decisions: Vec<(TenantScope, impl FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static)>,
    ) -> Vec<Result<T>> {
        let (jobs, answers): (Vec<_>, Vec<_>) = decisions
            .into_iter()
            .map(|(scope, decide)| {
                let (job, answer) = batch::job(scope, decide);
                ((scope.tenant(), job), answer)
            })
            .unzip();
        let ordered = match &self.engine {
            Engine::Sqlite(engine) => engine.order_jobs(jobs.into_iter().map(|(_, job)| job).collect()),
            Engine::Postgres(engine) => {
                jobs.into_iter().try_for_each(|(tenant, job)| engine.order_job(tenant, job))
            }
        };
        let mut done = Vec::with_capacity(answers.len());
        for answer in answers {
            // What could not be ordered gives no answer.
            done.push(match (answer.await, &ordered) {
                (Ok(answer), _) => answer.flatten(),
                (Err(_), Err(error)) => Err(error.clone()),
                (Err(_), Ok(())) => Err(unavailable("the writer is gone")),
            });
        }
        done
    }

    /// Writes the log back and truncates it; after a purge it first overwrites the remains on every page, a slice of pages
    /// between commits. Then nothing that was purged before the call is in any byte of the files. Fails while a read holds an
    /// older snapshot: call again. On PostgreSQL nothing is done: its own vacuum and the cycle of its log take the bytes away.
    pub async fn checkpoint(&self) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.checkpoint().await,
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// Servers that share a database must have the same master key. `check` is a value that follows from it and does not
    /// give it away: the database keeps the first one, and a server with another is refused. The embedded database lies
    /// beside its key, and needs no such check.
    pub async fn agree_on_master_key(&self, check: &str) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(engine) => engine.agree_on_master_key(check).await,
        }
    }

    /// Distributes the tables of a Citus coordinator over its machines by tenant. What is distributed stays so: a second run
    /// does what is left. Runs as the user of the database URL, who must own the tables; requests wait while a table moves.
    pub async fn distribute(&self) -> Result<Distribution> {
        match &self.engine {
            Engine::Sqlite(_) => Err(Error::new(
                ErrorKind::Conflict,
                "The embedded database is one file. Only a database on Citus can be distributed.",
            )),
            Engine::Postgres(engine) => engine.distribute().await,
        }
    }

    /// Copies the embedded database into a new file, consistently, while it is in use.
    pub fn copy_to(&self, file: &std::path::Path) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.copy_to(file),
            Engine::Postgres(_) => Err(Error::new(
                ErrorKind::Conflict,
                "The directory is on PostgreSQL, which has its own tools for copies: use pg_dump or pg_basebackup.",
            )),
        }
    }
}

/// Seconds after which a client may try again when the store was busy or full.
const RETRY_AFTER: u32 = 5;

fn unavailable(internal: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::Unavailable(RETRY_AFTER),
        "The directory cannot be reached at the moment. Try again in a few seconds.",
    )
    .because(internal)
}
