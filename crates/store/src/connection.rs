//! What statements run on, whichever engine is below.

use crate::{
    audit::ChainEnd,
    kept::{Copied, Kept},
    value::{Row, Value},
};
use model::{Result, TenantId};

/// On whose behalf a statement runs. The embedded engine has one file and no use for it; on PostgreSQL row security shows
/// a statement only what its view may see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum View {
    /// The tenant of the transaction, or whatever else it was begun for.
    Own,
    /// One other tenant: a guard on a row there.
    Tenant(TenantId),
    /// Rows of all tenants, to read.
    Directory,
}

/// A statement with its parameters.
#[derive(Clone, Copy)]
pub(crate) struct Statement<'a> {
    pub(crate) view: View,
    pub(crate) sql: &'a str,
    pub(crate) parameters: &'a [Value],
}

impl<'a> Statement<'a> {
    /// On behalf of whom the transaction was begun for.
    pub(crate) const fn own(sql: &'a str, parameters: &'a [Value]) -> Self {
        Self { view: View::Own, sql, parameters }
    }
}

/// What a statement came to.
pub(crate) struct Answer {
    /// How many rows it changed or gave.
    pub(crate) count: u64,
    /// The rows it gave.
    pub(crate) rows: Vec<Row>,
}

impl Answer {
    /// Of a statement that gives none.
    pub(crate) const fn change(count: u64) -> Self {
        Self { count, rows: Vec::new() }
    }

    /// Of a statement that gives rows.
    pub(crate) fn rows(rows: Vec<Row>) -> Self {
        Self { count: u64::try_from(rows.len()).unwrap_or(u64::MAX), rows }
    }
}

/// A connection inside a transaction.
pub(crate) trait Connection {
    /// Runs the statements in order and hands each answer, with the statement's position, to `each`; the first error, of a
    /// statement or of `each`, ends it. An engine may send them all before it looks at the first answer.
    fn run(
        &self,
        statements: &[Statement<'_>],
        each: &mut dyn FnMut(usize, Answer) -> Result<()>,
    ) -> Result<()>;

    /// An exact copy of rows of a tenant, where the engine keeps any.
    fn kept(&self, _tenant: TenantId, _what: Kept) -> Option<Copied> {
        None
    }

    /// Offers what was just read, to be kept.
    fn keep(&self, _tenant: TenantId, _what: Kept, _copy: Copied) {}

    /// Is each question a round trip, so that it is worth asking ahead?
    fn is_far(&self) -> bool {
        false
    }

    /// Asks ahead: who asks one of these next, before anything is changed, has the answer already.
    fn foresee(&self, _statements: &[Statement<'_>]) -> Result<()> {
        Ok(())
    }

    /// The end of the tenant's audit chain, where it is known without asking.
    fn chain_end(&self) -> Option<ChainEnd> {
        None
    }

    /// Notes where the chain ends now.
    fn note_chain_end(&self, _end: ChainEnd) {}

    /// Notes that the transaction destroys personal data, for an engine whose files keep what was overwritten.
    fn note_erasure(&self) -> Result<()> {
        Ok(())
    }

    /// The rows of one statement.
    fn query(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        self.query_as(View::Own, sql, parameters)
    }

    /// The rows of one statement that runs on another's behalf.
    fn query_as(&self, view: View, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        self.run(&[Statement { view, sql, parameters }], &mut |_, answer| {
            found = answer.rows;
            Ok(())
        })?;
        Ok(found)
    }

    /// Runs one statement and says how many rows it changed.
    fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64> {
        let mut changed = 0;
        self.run(&[Statement::own(sql, parameters)], &mut |_, answer| {
            changed = answer.count;
            Ok(())
        })?;
        Ok(changed)
    }
}
