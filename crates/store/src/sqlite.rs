//! The embedded engine: one writer thread that commits whatever is waiting in one transaction (each change set in its
//! own savepoint, so that a failed one takes back only itself), and readers on snapshots beside it.

use crate::{
    DataDir, Decision, Digest, Fault, Faults, Reader, migrate, unavailable,
    value::{Row, Value},
};
use model::{Error, Result, TenantScope};
use rusqlite::{
    Connection as Sqlite, ErrorCode, OpenFlags, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::oneshot;

/// How many change sets may wait for the writer; beyond that callers are told to come back, so that nobody waits for long.
const QUEUE: usize = 4096;
/// How many change sets share one commit at most.
const BATCH: usize = 256;

/// What statements run on: a connection inside a transaction.
pub(crate) trait Connection {
    fn query(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>>;
    fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64>;
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn column(value: ValueRef<'_>) -> Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(bytes) => Value::Text(
            String::from_utf8(bytes.to_vec()).map_err(|_| Error::internal("a stored text is not UTF-8"))?,
        ),
        ValueRef::Real(_) | ValueRef::Blob(_) => {
            return Err(Error::internal("a stored value has a foreign type"));
        }
    })
}

impl Connection for Sqlite {
    fn query(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.prepare_cached(sql).map_err(translate)?;
        let width = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(translate)?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(translate)? {
            let values = (0..width)
                .map(|index| row.get_ref(index).map_err(translate).and_then(column))
                .collect::<Result<Vec<_>>>()?;
            answer.push(Row::new(values));
        }
        Ok(answer)
    }

    fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64> {
        let mut statement = self.prepare_cached(sql).map_err(translate)?;
        let changed = statement.execute(rusqlite::params_from_iter(parameters)).map_err(translate)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }
}

/// Begins, ends, saves or rolls back.
fn control(connection: &Sqlite, sql: &str) -> Result<()> {
    Connection::execute(connection, sql, &[]).map(drop)
}

/// Busy, full and broken disks are the weather, not defects: clients are asked to come back.
fn translate(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::new(
            model::ErrorKind::Unavailable(30),
            "The disk of the server is full: nothing was changed. Free some space; the server goes on by itself.",
        )
        .because(error.to_string()),
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory,
        ) => unavailable(error.to_string()),
        Some(ErrorCode::ConstraintViolation) => broken_constraint(&error),
        _ => Error::internal(error.to_string()),
    }
}

fn broken_constraint(error: &rusqlite::Error) -> Error {
    use rusqlite::ffi::{
        SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
    };
    let external = match error.sqlite_error().map(|error| error.extended_code) {
        Some(SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY) => {
            "Another object with the same value for a unique property already exists."
        }
        Some(SQLITE_CONSTRAINT_FOREIGNKEY) => {
            "An object that the request refers to does not exist, or is still referred to. Read it again and repeat the request."
        }
        _ => return Error::internal(error.to_string()),
    };
    Error::new(model::ErrorKind::Conflict, external).because(error.to_string())
}

trait Job: Send {
    /// Runs inside a savepoint; an error rolls back to it.
    fn run(&mut self, connection: &Sqlite, digest: Digest, faults: &Faults) -> Result<()>;
    /// Hands the answer out, after the commit.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct CommitJob<T, F> {
    scope: TenantScope,
    decide: F,
    outcome: Option<Result<T>>,
    lost: bool,
    reply: oneshot::Sender<Result<Result<T>>>,
}

impl<T, F> Job for CommitJob<T, F>
where
    T: Send,
    F: FnMut(&Reader<'_>) -> Result<Decision<T>> + Send,
{
    fn run(&mut self, connection: &Sqlite, digest: Digest, faults: &Faults) -> Result<()> {
        let decision = (self.decide)(&Reader::new(connection, self.scope))?;
        decision.changes.apply(connection, self.scope, digest)?;
        if decision.changes.erases() {
            connection.pragma_update(None, UNCLEAN, 1).map_err(translate)?;
        }
        match faults.strike(self.scope.tenant()) {
            Some(Fault::BeforeCommit) => return Err(unavailable("fault injected before the commit")),
            Some(Fault::AfterCommit) => self.lost = true,
            None => {}
        }
        self.outcome = Some(decision.outcome);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let answer = match (committed, self.outcome) {
            (Err(error), _) => Err(error),
            (Ok(()), _) if self.lost => Err(unavailable("fault injected after the commit")),
            (Ok(()), Some(outcome)) => Ok(outcome),
            (Ok(()), None) => Err(Error::internal("a change set was committed without an outcome")),
        };
        // The caller may have gone away; the commit stands all the same.
        drop(self.reply.send(answer));
    }
}

enum Order {
    Commit(Box<dyn Job>),
    Checkpoint(oneshot::Sender<Result<()>>),
}

/// The engine; dropping it waits until the writer has done what was ordered.
pub(crate) struct Engine {
    path: PathBuf,
    readers: Mutex<Vec<Sqlite>>,
    /// There until the engine is dropped.
    orders: Option<SyncSender<Order>>,
    writer: Option<JoinHandle<()>>,
    /// Dropped last: no other process may come in while a connection is open.
    _lock: File,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.orders = None;
        // A decision may own the last handle of the store; then this is the writer, which cannot wait for itself.
        if let Some(writer) =
            self.writer.take().filter(|writer| writer.thread().id() != thread::current().id())
        {
            drop(writer.join());
        }
    }
}

impl Engine {
    pub(crate) fn open(directory: &DataDir, digest: Digest, faults: Faults) -> Result<Self> {
        let path = directory.private_file("innkeeper.db")?;
        private().create(true).truncate(false).open(&path).map_err(|error| broken_file(&path, &error))?;
        let connection = connect(&path)?;
        migrate::migrate(&connection, digest)?;
        let (orders, queue) = sync_channel(QUEUE);
        let writer = thread::Builder::new()
            .name("innkeeper-writer".to_owned())
            .spawn(move || write_loop(&connection, digest, &faults, &queue))
            .map_err(|error| Error::internal(format!("the writer thread does not start: {error}")))?;
        Ok(Self {
            path,
            readers: Mutex::new(Vec::new()),
            orders: Some(orders),
            writer: Some(writer),
            _lock: directory.hold()?,
        })
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Sqlite) -> Result<T>) -> Result<T> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        control(&connection, "begin")?;
        let answer = read(&connection);
        control(&connection, "commit")?;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        answer
    }

    pub(crate) async fn commit<T, F>(&self, scope: TenantScope, decide: F) -> Result<Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = CommitJob { scope, decide, outcome: None, lost: false, reply };
        self.order(Order::Commit(Box::new(job)))?;
        answer.await.map_err(|_| unavailable("the writer is gone"))?
    }

    pub(crate) async fn checkpoint(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Checkpoint(reply))?;
        answer.await.map_err(|_| unavailable("the writer is gone"))?
    }

    pub(crate) fn copy_to(&self, file: &Path) -> Result<()> {
        private().create_new(true).open(file).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::new(
                model::ErrorKind::Conflict,
                format!("{} exists already. Choose another name for the copy.", file.display()),
            ),
            _ => broken_file(file, &error),
        })?;
        let copied = self.copy_into(file);
        if copied.is_err() {
            drop(std::fs::remove_file(file));
        }
        copied
    }

    fn copy_into(&self, file: &Path) -> Result<()> {
        let mut target = Sqlite::open(file).map_err(translate)?;
        self.read(|source| {
            // Only a transaction that has read something stands on a snapshot; without one, each commit beside the copy
            // would make it start again.
            source.query("select name from schema_migrations limit 1", &[])?;
            let backup = rusqlite::backup::Backup::new(source, &mut target).map_err(translate)?;
            backup.run_to_completion(1024, Duration::ZERO, None).map_err(translate)
        })
    }

    fn order(&self, order: Order) -> Result<()> {
        let orders = self.orders.as_ref().ok_or_else(|| unavailable("the writer is gone"))?;
        orders.try_send(order).map_err(|error| unavailable(format!("the writer takes no more work: {error}")))
    }
}

/// SQLite makes its files with the umask; ours must be readable by nobody else from the first byte on.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn broken_file(path: &Path, error: &io::Error) -> Error {
    unavailable(format!("{}: {error}", path.display()))
}

fn connect(path: &Path) -> Result<Sqlite> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Sqlite::open_with_flags(path, flags).map_err(translate)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(translate)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection
        .execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma secure_delete = on; \
             pragma mmap_size = 0; pragma temp_store = memory; pragma cache_size = -16384;",
        )
        .map_err(translate)?;
    for (pragma, wanted) in [("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)] {
        let found: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(translate)?;
        if found != wanted {
            return Err(Error::internal(format!("SQLite refuses {pragma} = {wanted}")));
        }
    }
    Ok(connection)
}

fn write_loop(connection: &Sqlite, digest: Digest, faults: &Faults, queue: &Receiver<Order>) {
    // After a commit that the disk failed, nobody knows what is on it: no write is acknowledged before a restart.
    let mut broken = false;
    while let Ok(first) = queue.recv() {
        let mut jobs = Vec::new();
        let mut checkpoints = Vec::new();
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Commit(job) => jobs.push(job),
                Order::Checkpoint(reply) => checkpoints.push(reply),
            }
            next = if jobs.len() < BATCH { queue.try_recv().ok() } else { None };
        }
        if broken {
            jobs.into_iter()
                .for_each(|job| job.answer(Err(unavailable("the disk failed a commit; restart the server"))));
        } else if !jobs.is_empty() {
            broken = write_batch(connection, digest, faults, jobs);
        }
        if !checkpoints.is_empty() {
            let done = if broken {
                Err(unavailable("the disk failed a commit; restart the server"))
            } else {
                erase_remains(connection).and_then(|()| truncate_log(connection))
            };
            checkpoints.into_iter().for_each(|reply| drop(reply.send(done.clone())));
        }
    }
}

/// Returns whether the disk failed the commit.
fn write_batch(connection: &Sqlite, digest: Digest, faults: &Faults, jobs: Vec<Box<dyn Job>>) -> bool {
    let mut fate = control(connection, "begin immediate");
    let results: Vec<_> = jobs
        .into_iter()
        .map(|mut job| {
            let result = fate.clone().and_then(|()| in_savepoint(connection, digest, faults, job.as_mut()));
            // A full disk makes SQLite roll the whole transaction back: a savepoint would now be a transaction of its own.
            if fate.is_ok() && connection.is_autocommit() {
                let weather = |error: &Error| matches!(error.kind(), model::ErrorKind::Unavailable(_));
                fate = Err(result
                    .clone()
                    .err()
                    .filter(weather)
                    .unwrap_or_else(|| unavailable("the transaction of this batch was rolled back")));
            }
            (job, result)
        })
        .collect();
    let mut broken = false;
    let committed = fate.and_then(|()| {
        connection.execute_batch("commit").map_err(|error| {
            broken = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
            translate(error)
        })
    });
    if committed.is_err() && !connection.is_autocommit() {
        drop(control(connection, "rollback"));
    }
    for (job, result) in results {
        job.answer(result.and_then(|()| committed.clone()));
    }
    broken
}

fn in_savepoint(connection: &Sqlite, digest: Digest, faults: &Faults, job: &mut dyn Job) -> Result<()> {
    control(connection, "savepoint one")?;
    let result = catch_unwind(AssertUnwindSafe(|| job.run(connection, digest, faults)))
        .unwrap_or_else(|_| Err(Error::internal("a decision panicked")));
    let ended = match &result {
        Ok(()) => control(connection, "release one"),
        Err(_) if connection.is_autocommit() => Ok(()),
        Err(_) => control(connection, "rollback to one").and_then(|()| control(connection, "release one")),
    };
    if ended.is_err() && !connection.is_autocommit() {
        // What this job wrote cannot be told from its neighbours' work any more: nothing of the batch is kept.
        drop(control(connection, "rollback"));
    }
    result.and(ended)
}

/// Up to how many bytes a database is written anew in memory.
const IN_MEMORY: i64 = 64 << 20;
/// A number in the database header that SQLite leaves to its user: 1 while files may hold remains of erased rows.
const UNCLEAN: &str = "user_version";

/// `secure_delete` overwrites what is deleted, but not the copies that SQLite leaves in the gaps of a page when it moves
/// rows to make room. Only writing the whole file anew takes them out; it is done once after all purges of a run.
fn erase_remains(connection: &Sqlite) -> Result<()> {
    let unclean: i64 = connection.pragma_query_value(None, UNCLEAN, |row| row.get(0)).map_err(translate)?;
    if unclean != 0 {
        let number = |pragma| {
            connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(translate)
        };
        let size = number("page_count")?.saturating_mul(number("page_size")?);
        // SQLite builds the new file beside the old one; a large one would not fit into the server's memory.
        let place = if size > IN_MEMORY { "file" } else { "memory" };
        connection.pragma_update(None, "temp_store", place).map_err(translate)?;
        let written = connection.execute_batch("vacuum").map_err(translate);
        connection.pragma_update(None, "temp_store", "memory").map_err(translate)?;
        written?;
        connection.pragma_update(None, UNCLEAN, 0).map_err(translate)?;
    }
    Ok(())
}

fn truncate_log(connection: &Sqlite) -> Result<()> {
    let busy: i64 =
        connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0)).map_err(translate)?;
    if busy == 0 { Ok(()) } else { Err(unavailable("a reader holds the log")) }
}

#[cfg(test)]
mod tests;
