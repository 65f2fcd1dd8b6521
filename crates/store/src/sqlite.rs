//! The embedded engine: one writer thread that commits whatever is waiting in one transaction (a failed change set takes back
//! only itself), and readers on snapshots beside it.

use crate::{
    DataDir, Decision, Digest, Faults, Reader,
    batch::{self, BATCH, Job, QUEUE, Ran, Transaction},
    connection::{Answer, Connection, Statement},
    kept::{KeptRows, Snapshot, Writing},
    migrate, unavailable,
    value::{self, Row, Value},
};
use log::Log;
use model::{Error, Result, TenantScope};
use rusqlite::{
    CachedStatement, Connection as Sqlite, ErrorCode, OpenFlags, ToSql,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::oneshot;

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
    fn run(
        &self,
        statements: &[Statement<'_>],
        each: &mut dyn FnMut(usize, Answer) -> Result<()>,
    ) -> Result<()> {
        let mut last: Option<(&str, CachedStatement<'_>)> = None;
        for (at, Statement { sql, parameters, .. }) in statements.iter().enumerate() {
            value::storable(parameters)?;
            // The rows of a long change set are one statement over and over, which need not be looked up by its text each time.
            let (_, statement) = match last.take().filter(|(text, _)| text == sql) {
                Some(same) => last.insert(same),
                None => last.insert((*sql, self.prepare_cached(sql).map_err(translate)?)),
            };
            let width = statement.column_count();
            let mut rows = statement.query(rusqlite::params_from_iter(*parameters)).map_err(translate)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(translate)? {
                let values = (0..width)
                    .map(|index| row.get_ref(index).map_err(translate).and_then(column))
                    .collect::<Result<Vec<_>>>()?;
                found.push(Row::new(values));
            }
            each(at, if width == 0 { Answer::change(self.changes()) } else { Answer::rows(found) })?;
        }
        Ok(())
    }

    fn note_erasure(&self) -> Result<()> {
        wipe::note_erasure(self)
    }
}

impl Transaction for Sqlite {
    fn control(&self, sql: &'static str) -> Result<()> {
        control(self, sql)
    }

    /// A full disk makes SQLite roll the whole transaction back.
    fn is_over(&self) -> bool {
        self.is_autocommit()
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

enum Order {
    /// Jobs that share a transaction, with whatever else is waiting.
    Commit(Vec<Box<dyn Job>>),
    Upkeep(Upkeep, oneshot::Sender<Result<Option<u32>>>),
}

/// What the writer does between commits to keep the files in order.
enum Upkeep {
    /// Takes remains out of a slice of pages from this one on; the answer says where the next one begins, if there is one.
    Wipe(u32),
    /// Writes the log back and truncates it.
    Truncate,
}

/// Pages that the writer keeps, in the negative KiB of SQLite: what it changes lies all over the indexes, and one that it has to
/// read first costs as much as the change.
const WRITER_CACHE: i64 = -65_536;

/// The engine; dropping it waits until the writer has done what was ordered.
pub(crate) struct Engine {
    path: PathBuf,
    readers: Mutex<Vec<Sqlite>>,
    kept: Arc<KeptRows>,
    /// One checkpoint at a time.
    checkpoints: tokio::sync::Mutex<()>,
    /// There until the engine is dropped.
    orders: Option<SyncSender<Order>>,
    /// There as long.
    log: Option<Log>,
    /// The writer, and the thread that writes its log back.
    threads: Vec<JoinHandle<()>>,
    /// Dropped last: no other process may come in while a connection is open.
    _lock: File,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.orders = None;
        self.log = None;
        // A decision may own the last handle of the store; then this is the writer, which cannot wait for itself.
        for thread in self.threads.drain(..) {
            if thread.thread().id() == thread::current().id() {
                return;
            }
            drop(thread.join());
        }
    }
}

impl Engine {
    pub(crate) fn open(directory: &DataDir, digest: Digest, faults: Faults) -> Result<Self> {
        let path = directory.private_file("innkeeper.db")?;
        private().create(true).truncate(false).open(&path).map_err(|error| broken_file(&path, &error))?;
        let mut connection = connect(&path)?;
        connection.pragma_update(None, "cache_size", WRITER_CACHE).map_err(translate)?;
        connection
            .pragma_update_and_check(None, "max_page_count", wipe::MOST_PAGES, |_| Ok(()))
            .map_err(translate)?;
        wipe::require(&connection)?;
        migrate::migrate(&connection, digest)?;
        let kept = Arc::new(KeptRows::default());
        kept.watch(&mut connection).map_err(translate)?;
        let (orders, queue) = sync_channel(QUEUE);
        let watched = Arc::clone(&kept);
        let (log, keeper) = Log::start(&path, &mut connection)?;
        let own_log = log.clone();
        let writer = thread::Builder::new()
            .name("innkeeper-writer".to_owned())
            .spawn(move || write_loop(&connection, digest, &faults, (&queue, &watched, &own_log)))
            .map_err(|error| Error::internal(format!("the writer thread does not start: {error}")))?;
        Ok(Self {
            path,
            readers: Mutex::new(Vec::new()),
            kept,
            checkpoints: tokio::sync::Mutex::new(()),
            orders: Some(orders),
            log: Some(log),
            threads: vec![writer, keeper],
            _lock: directory.hold()?,
        })
    }

    /// Reads from one moment.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&dyn Connection) -> Result<T>) -> Result<T> {
        let snapshot = Snapshot::new(&self.kept, || self.begin());
        let answer = read(&snapshot);
        if let Some(connection) = snapshot.into_connection() {
            control(&connection, "commit")?;
            self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        answer
    }

    /// A connection on which a transaction has begun.
    fn begin(&self) -> Result<Sqlite> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        control(&connection, "begin")?;
        Ok(connection)
    }

    pub(crate) async fn commit<T, F>(&self, scope: TenantScope, decide: F) -> Result<Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static,
    {
        let (job, answer) = batch::job(scope, decide);
        self.order_jobs(vec![job])?;
        answer.await.map_err(|_| unavailable("the writer is gone"))?
    }

    /// Queues jobs for the writer, who commits them together.
    pub(crate) fn order_jobs(&self, jobs: Vec<Box<dyn Job>>) -> Result<()> {
        self.order(Order::Commit(jobs))
    }

    pub(crate) async fn checkpoint(&self) -> Result<()> {
        let _one = self.checkpoints.lock().await;
        let mut next = Some(1);
        while let Some(page) = next {
            next = self.keep_up(Upkeep::Wipe(page)).await?;
        }
        // So that the writer, whom others wait for, has little of it left to do.
        if let Some(log) = &self.log {
            log.write_back().await?;
        }
        self.keep_up(Upkeep::Truncate).await.map(drop)
    }

    async fn keep_up(&self, upkeep: Upkeep) -> Result<Option<u32>> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Upkeep(upkeep, reply))?;
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
        let source = self.begin()?;
        // Only a transaction that has read something stands on a snapshot; without one, each commit beside the copy would make
        // it start again.
        source.query("select name from schema_migrations limit 1", &[])?;
        let backup = rusqlite::backup::Backup::new(&source, &mut target).map_err(translate)?;
        backup.run_to_completion(1024, Duration::ZERO, None).map_err(translate)
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
    // Otherwise SQLite plans a statement anew for each value bound to it, and our plans do not depend on values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(translate)?;
    connection
        .execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma secure_delete = on; \
             pragma mmap_size = 0; pragma temp_store = memory; pragma cache_size = -16384; pragma wal_autocheckpoint = 0;",
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

fn write_loop(
    connection: &Sqlite,
    digest: Digest,
    faults: &Faults,
    (queue, kept, log): (&Receiver<Order>, &KeptRows, &Log),
) {
    // After a commit that the disk failed, nobody knows what is on it: no write is acknowledged before a restart.
    let mut broken = false;
    while let Ok(first) = queue.recv() {
        let mut jobs = Vec::new();
        let mut upkeeps = Vec::new();
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Commit(ordered) => jobs.extend(ordered),
                Order::Upkeep(upkeep, reply) => upkeeps.push((upkeep, reply)),
            }
            next = if jobs.len() < BATCH { queue.try_recv().ok() } else { None };
        }
        if broken {
            jobs.into_iter()
                .for_each(|job| job.answer(Err(unavailable("the disk failed a commit; restart the server"))));
        } else if !jobs.is_empty() {
            broken = write_batch(&Writing { connection, kept }, digest, faults, jobs);
            // Nobody knows either what readers will see then: what was being changed is not kept any more.
            if !broken {
                kept.open();
                log.grew(connection);
            }
        }
        for (upkeep, reply) in upkeeps {
            let done = match upkeep {
                _ if broken => Err(unavailable("the disk failed a commit; restart the server")),
                Upkeep::Wipe(from) => wipe::slice(connection, from),
                Upkeep::Truncate => log.truncate(connection).map(|()| None),
            };
            drop(reply.send(done));
        }
    }
}

/// Returns whether the disk failed the commit.
fn write_batch(writing: &Writing<'_>, digest: Digest, faults: &Faults, jobs: Vec<Box<dyn Job>>) -> bool {
    let connection = writing.connection;
    let (fate, results) = run_batch(writing, digest, faults, jobs);
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
        job.answer(result.map_err(batch::Failed::into_error).and_then(|()| committed.clone()));
    }
    broken
}

/// Runs the jobs, and lets those that fail cost something: they are few.
fn run_batch(
    writing: &Writing<'_>,
    digest: Digest,
    faults: &Faults,
    mut jobs: Vec<Box<dyn Job>>,
) -> (Result<()>, Vec<Ran>) {
    let connection = writing.connection;
    let begin = || control(connection, "begin immediate");
    let mut begun = begin();
    // One alone needs no savepoint in any case.
    if begun.is_ok() && jobs.len() > 1 {
        if let Some(results) = batch::run_bare(writing, digest, faults, &mut jobs) {
            return (Ok(()), jobs.into_iter().zip(results).collect());
        }
        let undone = if connection.is_autocommit() { Ok(()) } else { control(connection, "rollback") };
        begun = undone.and_then(|()| begin());
    }
    batch::run(writing, begun, digest, faults, jobs)
}

mod log;
mod wipe;

#[cfg(test)]
mod tests;
