//! The PostgreSQL engine.

mod url;

pub use url::DatabaseUrl;

use crate::{
    Decision, Digest, Faults, Reader,
    connection::{Answer, Connection, Statement, View},
    unavailable,
};
use model::{Result, TenantScope};

/// How a server uses its database.
#[derive(Clone)]
pub struct Options {
    /// How many connections it keeps at most.
    pub connections: usize,
    /// How long a request waits for one of them before it is told to come back.
    pub patience: std::time::Duration,
    /// The fault seam of tests.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 16, patience: std::time::Duration::from_secs(3), faults: Faults::default() }
    }
}

pub(crate) struct Engine;

pub(crate) struct Session;

impl Connection for Session {
    fn run(
        &self,
        _: &[Statement<'_>],
        _: &mut dyn FnMut(usize, Answer) -> Result<()>,
    ) -> Result<()> {
        Err(unavailable("the engine for PostgreSQL is not there yet"))
    }
}

pub(crate) fn blocking<T>(read: impl FnOnce() -> T) -> T {
    read()
}

impl Engine {
    pub(crate) fn connect(_: &DatabaseUrl, _: Digest, _: Options) -> Result<Self> {
        Err(unavailable("the engine for PostgreSQL is not there yet"))
    }

    pub(crate) async fn reading(&self, _: View) -> Result<Session> {
        Err(unavailable("the engine for PostgreSQL is not there yet"))
    }

    pub(crate) async fn commit<T, F>(&self, _: TenantScope, _: F) -> Result<Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static,
    {
        Err(unavailable("the engine for PostgreSQL is not there yet"))
    }
}
