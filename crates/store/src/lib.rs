//! What the directory remembers.
//!
//! There is one way to read ([`Store::read`], a consistent snapshot) and one way to write ([`Store::commit`]): a
//! decision function reads the state inside the writing transaction and answers with a [`ChangeSet`], which the store
//! applies, records in the tenant's audit chain and commits. State, audit records and outbox rows of one operation are
//! one transaction, and an answer means that it is on stable storage.

mod audit;
mod changes;
mod cross;
mod data_dir;
mod fault;
mod filter;
mod migrate;
mod objects;
mod read;
mod sqlite;
mod value;

pub use audit::{AuditQuery, ChainReport};
pub use changes::{ChangeSet, Decision};
pub use cross::{ClockMark, Due, HomeAccountState, Membership, OutboxItem};
pub use data_dir::DataDir;
pub use fault::{Fault, Faults};
pub use objects::AppCertificate;
pub use read::{
    App, Confirmation, Grant, GrantKind, Group, Invitation, Passcode, Reader, Session, SigningKey, Throttle,
    Tombstone, UserPage, UserQuery,
};

use model::{Error, ErrorKind, Result, TenantScope};
use std::sync::Arc;

/// SHA-256, handed in because only one room of the house holds cryptography.
pub type Digest = fn(&[u8]) -> [u8; 32];

/// The store of one directory. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Arc<sqlite::Engine>,
}

impl Store {
    /// Opens the embedded database in a data directory that this process holds, and brings its schema up to date.
    pub fn open(directory: &DataDir, digest: Digest) -> Result<Self> {
        Ok(Self { engine: Arc::new(sqlite::Engine::open(directory, digest, Faults::default())?) })
    }

    /// The same with a fault seam, for tests that break the store on purpose.
    pub fn open_with_faults(directory: &DataDir, digest: Digest, faults: Faults) -> Result<Self> {
        Ok(Self { engine: Arc::new(sqlite::Engine::open(directory, digest, faults)?) })
    }

    /// Reads from one consistent snapshot. Reads must be bounded: they run on the calling thread.
    pub async fn read<T>(
        &self,
        scope: TenantScope,
        read: impl FnOnce(&Reader<'_>) -> Result<T>,
    ) -> Result<T> {
        self.engine.read(|connection| read(&Reader::new(connection, scope)))
    }

    /// Reads across tenants; only the functions of the cross-tenant module are there.
    pub async fn read_across<T>(&self, read: impl FnOnce(&cross::Across<'_>) -> Result<T>) -> Result<T> {
        self.engine.read(|connection| read(&cross::Across::new(connection)))
    }

    /// Decides and commits in one transaction of one tenant. `decide` must be pure but for its reads: it may run more than
    /// once. What it returns is answered only after the commit; an `Err` from it, or from the commit, changes nothing.
    pub async fn commit<T: Send + 'static>(
        &self,
        scope: TenantScope,
        decide: impl FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static,
    ) -> Result<T> {
        self.engine.commit(scope, decide).await?
    }

    /// Writes the log back and truncates it; after a purge it writes the whole database anew first, which holds up writers
    /// (not readers) for a time that grows with its size. Then nothing that was purged is in any byte of the files. Fails
    /// while a read holds an older snapshot: call again.
    pub async fn checkpoint(&self) -> Result<()> {
        self.engine.checkpoint().await
    }

    /// Copies the database into a new file, consistently, while it is in use.
    pub fn copy_to(&self, file: &std::path::Path) -> Result<()> {
        self.engine.copy_to(file)
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
