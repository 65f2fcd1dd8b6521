//! Exact copies of a few small tables' rows that nearly every request asks for, so that it need not ask SQLite.
//!
//! Only the embedded engine keeps any: its one writer is the only one who changes the database. Before a commit can be seen by
//! anybody, the writer closes the tables that it changes, and opens them when the commit is done. What was read before that is
//! not used any more, and what is read in between is not kept; so a copy that is used is what the database says at that moment.
//! A read stays on one moment: from the first copy that it uses until it stands on a snapshot, or is over, no table can be
//! closed.

use crate::{
    GrantKind,
    batch::Transaction,
    connection::{Answer, Connection, Statement},
};
use foldhash::HashMap;
use model::{AppId, Result, TenantId};
use rusqlite::Connection as Sqlite;
use std::{
    any::Any,
    cell::{Cell, OnceCell, RefCell},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU32, Ordering},
    },
};

/// How many rows are kept; with more, all are let go and begun anew.
const MOST: usize = 16_384;
/// The tables whose rows may be kept. Each has a row number, or SQLite would not tell of its changes.
const TABLES: [&str; 5] = ["policies", "apps", "app_secrets", "app_grants", "signing_keys"];

/// What may be kept of a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kept {
    Policy,
    App(AppId),
    Secrets(AppId),
    Grants(AppId, GrantKind),
    SigningKeys,
}

impl Kept {
    /// The place of its table in [`TABLES`]. It may be read from no other.
    const fn table(self) -> usize {
        match self {
            Self::Policy => 0,
            Self::App(_) => 1,
            Self::Secrets(_) => 2,
            Self::Grants(..) => 3,
            Self::SigningKeys => 4,
        }
    }
}

/// A copy, of whatever type the reader makes of the rows.
pub(crate) type Copied = Arc<dyn Any + Send + Sync>;

/// The turns of one table.
#[derive(Clone, Copy, Default)]
struct Turn {
    /// When it was closed or opened last, by the count of turns of all tables.
    at: u64,
    closed: bool,
}

struct Entry {
    /// The last turn of the table when it was kept.
    turn: u64,
    copy: Copied,
}

#[derive(Default)]
struct Rows {
    /// Counts the turns.
    now: u64,
    tables: [Turn; TABLES.len()],
    entries: HashMap<(TenantId, Kept), Entry>,
}

impl Rows {
    /// The copy, if it is what a snapshot of that time, or else the database as it is now, says.
    fn find(&self, tenant: TenantId, what: Kept, snapshot: Option<u64>) -> Option<Copied> {
        let turn = self.tables[what.table()];
        let entry =
            self.entries.get(&(tenant, what)).filter(|entry| !turn.closed && entry.turn == turn.at)?;
        snapshot.is_none_or(|since| turn.at <= since).then(|| Arc::clone(&entry.copy))
    }

    /// Keeps what a snapshot of that time says, if it still holds.
    fn keep(&mut self, tenant: TenantId, what: Kept, snapshot: u64, copy: Copied) {
        let turn = self.tables[what.table()];
        if turn.closed || turn.at > snapshot {
            return;
        }
        if self.entries.len() >= MOST {
            self.entries.clear();
        }
        self.entries.insert((tenant, what), Entry { turn: turn.at, copy });
    }

    fn turn(&mut self, closed: bool, which: impl Fn(usize, Turn) -> bool) {
        for table in 0..TABLES.len() {
            if which(table, self.tables[table]) {
                self.now += 1;
                self.tables[table] = Turn { at: self.now, closed };
            }
        }
    }
}

/// The copies of one database.
#[derive(Default)]
pub(crate) struct KeptRows {
    rows: RwLock<Rows>,
    /// The tables that the writer's transaction has changed so far, a bit each.
    touched: AtomicU32,
}

impl KeptRows {
    fn read(&self) -> RwLockReadGuard<'_, Rows> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Rows> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has SQLite tell of every row that this connection changes, and of each commit before anybody can see it.
    pub(crate) fn watch(self: &Arc<Self>, writer: &mut Sqlite) -> rusqlite::Result<()> {
        let own = Arc::clone(self);
        writer.update_hook(Some(move |_, _: &str, table: &str, _| own.touch(table)))?;
        let own = Arc::clone(self);
        writer.commit_hook(Some(move || {
            own.close();
            false
        }))
    }

    fn touch(&self, table: &str) {
        if let Some(at) = TABLES.iter().position(|known| *known == table) {
            self.touched.fetch_or(1 << at, Ordering::Relaxed);
        }
    }

    /// The commit is about to be seen.
    fn close(&self) {
        let touched = self.touched.swap(0, Ordering::Relaxed);
        if touched != 0 {
            self.write().turn(true, |table, _| touched & (1 << table) != 0);
        }
    }

    /// The commit is done, or taken back: whoever takes a snapshot from now on sees what it came to. By the writer only.
    pub(crate) fn open(&self) {
        // Of a transaction that was taken back nothing was changed.
        self.touched.store(0, Ordering::Relaxed);
        if self.read().tables.iter().any(|turn| turn.closed) {
            self.write().turn(false, |_, turn| turn.closed);
        }
    }
}

/// One moment of the database, to read from. SQLite is not asked before something is read that is not kept.
pub(crate) struct Snapshot<'e, C: FnOnce() -> Result<Sqlite>> {
    kept: &'e KeptRows,
    /// Holds the tables open, until there is a snapshot.
    open: RefCell<Option<RwLockReadGuard<'e, Rows>>>,
    connect: Cell<Option<C>>,
    connection: OnceCell<Sqlite>,
    /// The count of turns before the snapshot was taken.
    since: Cell<u64>,
}

impl<'e, C: FnOnce() -> Result<Sqlite>> Snapshot<'e, C> {
    /// `connect` gives a connection on which a transaction has begun.
    pub(crate) fn new(kept: &'e KeptRows, connect: C) -> Self {
        Self {
            kept,
            open: RefCell::new(None),
            connect: Cell::new(Some(connect)),
            connection: OnceCell::new(),
            since: Cell::new(0),
        }
    }

    /// The connection, if one was needed.
    pub(crate) fn into_connection(self) -> Option<Sqlite> {
        self.connection.into_inner()
    }

    pub(crate) fn connection(&self) -> Result<&Sqlite> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let connect = self
            .connect
            .take()
            .ok_or_else(|| model::Error::internal("a snapshot was not to be had before"))?;
        let mut open = self.open.borrow_mut();
        // Taken before the snapshot: what turns in between is not used.
        self.since.set(open.as_ref().map_or_else(|| self.kept.read().now, |rows| rows.now));
        let connection = connect()?;
        if open.is_some() {
            // What was used so far has to hold in the snapshot, which begins with the first statement. Nothing that takes long
            // may run before the tables are let go.
            connection.query("select name from schema_migrations limit 0", &[])?;
            *open = None;
        }
        Ok(self.connection.get_or_init(|| connection))
    }
}

impl<C: FnOnce() -> Result<Sqlite>> Connection for Snapshot<'_, C> {
    fn run(
        &self,
        statements: &[Statement<'_>],
        each: &mut dyn FnMut(usize, Answer) -> Result<()>,
    ) -> Result<()> {
        self.connection()?.run(statements, each)
    }

    fn kept(&self, tenant: TenantId, what: Kept) -> Option<Copied> {
        if self.connection.get().is_some() {
            return self.kept.read().find(tenant, what, Some(self.since.get()));
        }
        let mut open = self.open.borrow_mut();
        open.get_or_insert_with(|| self.kept.read()).find(tenant, what, None)
    }

    fn keep(&self, tenant: TenantId, what: Kept, copy: Copied) {
        if self.connection.get().is_some() {
            self.kept.write().keep(tenant, what, self.since.get(), copy);
        }
    }
}

/// The writer's transaction. Nobody else changes anything, so a copy of a table that it has not changed itself is what it
/// would read.
pub(crate) struct Writing<'e> {
    pub(crate) connection: &'e Sqlite,
    pub(crate) kept: &'e KeptRows,
}

impl Writing<'_> {
    fn has_changed(&self, what: Kept) -> bool {
        self.kept.touched.load(Ordering::Relaxed) & (1 << what.table()) != 0
    }
}

impl Connection for Writing<'_> {
    fn run(
        &self,
        statements: &[Statement<'_>],
        each: &mut dyn FnMut(usize, Answer) -> Result<()>,
    ) -> Result<()> {
        self.connection.run(statements, each)
    }

    fn kept(&self, tenant: TenantId, what: Kept) -> Option<Copied> {
        if self.has_changed(what) { None } else { self.kept.read().find(tenant, what, None) }
    }

    fn keep(&self, tenant: TenantId, what: Kept, copy: Copied) {
        if !self.has_changed(what) {
            let mut rows = self.kept.write();
            let now = rows.now;
            rows.keep(tenant, what, now, copy);
        }
    }

    fn note_erasure(&self) -> Result<()> {
        self.connection.note_erasure()
    }
}

impl Transaction for Writing<'_> {
    fn control(&self, sql: &'static str) -> Result<()> {
        self.connection.control(sql)
    }

    fn is_over(&self) -> bool {
        self.connection.is_over()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const TENANT: TenantId = TenantId::from_uuid(Uuid::nil());

    fn found(rows: &Rows, snapshot: Option<u64>) -> Option<i32> {
        rows.find(TENANT, Kept::Policy, snapshot)
            .and_then(|copy| copy.downcast::<i32>().ok())
            .map(|copy| *copy)
    }

    fn policies(table: usize, _: Turn) -> bool {
        table == Kept::Policy.table()
    }

    #[test]
    fn a_copy_is_used_until_its_table_is_closed_and_by_no_snapshot_from_before_its_last_turn() {
        let mut rows = Rows::default();
        rows.keep(TENANT, Kept::Policy, 0, Arc::new(1));
        assert_eq!((found(&rows, None), found(&rows, Some(0))), (Some(1), Some(1)));
        let before = rows.now;
        rows.turn(true, policies);
        let during = rows.now;
        assert_eq!((found(&rows, None), found(&rows, Some(during))), (None, None));
        rows.keep(TENANT, Kept::Policy, during, Arc::new(2));
        assert_eq!(found(&rows, None), None, "nobody knows whether the commit is in it");
        rows.turn(false, |_, turn| turn.closed);
        for early in [before, during] {
            rows.keep(TENANT, Kept::Policy, early, Arc::new(3));
            assert_eq!(found(&rows, None), None, "read before the commit was done");
        }
        rows.keep(TENANT, Kept::Policy, rows.now, Arc::new(4));
        assert_eq!((found(&rows, None), found(&rows, Some(rows.now))), (Some(4), Some(4)));
        assert_eq!((found(&rows, Some(before)), found(&rows, Some(during))), (None, None));
    }

    #[test]
    fn other_tables_turn_by_themselves_and_what_is_kept_has_an_end() {
        let mut rows = Rows::default();
        rows.keep(TENANT, Kept::Policy, 0, Arc::new(1));
        rows.turn(true, |table, _| table == Kept::SigningKeys.table());
        assert_eq!(found(&rows, None), Some(1));
        for n in 0..=MOST {
            let tenant = TenantId::from_uuid(Uuid::from_u128(u128::try_from(n).unwrap()));
            rows.keep(tenant, Kept::Policy, 0, Arc::new(1));
        }
        assert!(rows.entries.len() <= MOST);
    }
}
