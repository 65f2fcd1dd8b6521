//! Moving a whole directory from one engine to the other.

use crate::{
    Digest, Engine, Faults, Store,
    batch::{Committed, Failed, Job},
    connection::{Connection, Statement, View},
    migrate::Dialect,
    postgres,
    schema::{self, Kind, Table},
    value::{Row, Value},
};
use model::{Error, ErrorKind, Result, TenantId};
use tokio::sync::oneshot;
use uuid::Uuid;

/// How many rows travel at once.
const BATCH: i64 = 500;

/// How far a transfer has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The table.
    pub table: String,
    /// How many of its rows are there by now.
    pub rows: i64,
    /// How many it has.
    pub of: i64,
}

/// The rows of each table that a transfer moved, by the tables' names.
pub type Counts = Vec<(String, i64)>;

impl Store {
    /// Takes over everything that another store holds, from one snapshot of it and in one transaction, so that this store has
    /// all of it or nothing. It must be empty. The counts of all tables were compared before the commit.
    pub async fn import(
        &self,
        source: &Self,
        progress: impl FnMut(Progress) + Send + 'static,
    ) -> Result<Counts> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Import {
            source: source.clone(),
            progress,
            moved: Err(Error::internal("the transfer has not run")),
            reply,
        });
        self.order(job)?;
        receive(answer).await?
    }

    /// One snapshot with the rows of all tenants. Waits on the calling thread.
    fn snapshot<T>(&self, read: impl FnOnce(&dyn Connection) -> Result<T>) -> Result<T> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.read(read),
            Engine::Postgres(engine) => postgres::blocking(|| read(&engine.reading_all()?)),
        }
    }

    fn order(&self, job: Box<dyn Job>) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.order_jobs(vec![job]),
            Engine::Postgres(engine) => engine.order_job(TenantId::from_uuid(Uuid::nil()), job),
        }
    }
}

async fn receive(answer: Committed<Counts>) -> Result<Result<Counts>> {
    answer.await.map_err(|_| crate::unavailable("the writer is gone"))?
}

struct Import<P> {
    source: Store,
    progress: P,
    moved: Result<Counts>,
    reply: oneshot::Sender<Result<Result<Counts>>>,
}

impl<P: FnMut(Progress) + Send> Job for Import<P> {
    fn run(&mut self, target: &dyn Connection, _: Digest, _: &Faults) -> Result<(), Failed> {
        let progress = &mut self.progress;
        let moved = self.source.snapshot(|source| {
            let tables = schema::tables(Dialect::Sqlite);
            refuse_full(target, &tables)?;
            tables
                .iter()
                .map(|table| Ok((table.name.clone(), copy(source, target, table, progress)?)))
                .collect()
        })?;
        self.moved = Ok(moved);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let Self { moved, reply, .. } = *self;
        drop(reply.send(committed.map(|()| moved)));
    }
}

fn count(connection: &dyn Connection, table: &Table) -> Result<i64> {
    let rows = connection.query_as(View::Directory, &["select count(*) from ", &table.name].concat(), &[])?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.int())
}

fn refuse_full(target: &dyn Connection, tables: &[Table]) -> Result<()> {
    for table in tables {
        if count(target, table)? > 0 {
            return Err(Error::new(
                ErrorKind::Conflict,
                "There is a directory in the target already. Choose an empty database, or an empty data directory.",
            ));
        }
    }
    Ok(())
}

/// Copies one table in the order of its key, and returns how many rows there are.
fn copy(
    source: &dyn Connection,
    target: &dyn Connection,
    table: &Table,
    progress: &mut dyn FnMut(Progress),
) -> Result<i64> {
    let of = count(source, table)?;
    let mut rows = 0;
    let mut behind: Option<Vec<Value>> = None;
    let key: Vec<usize> =
        table.key.iter().filter_map(|key| table.columns.iter().position(|(name, _)| name == key)).collect();
    loop {
        let (sql, parameters) = page(table, behind.as_deref());
        let found = source.query_as(View::Directory, &sql, &parameters)?;
        let full = i64::try_from(found.len()).unwrap_or(0) == BATCH;
        let values: Vec<Vec<Value>> =
            found.into_iter().map(|row| typed(table, row)).collect::<Result<_>>()?;
        insert(target, table, &values)?;
        rows += i64::try_from(values.len()).unwrap_or(0);
        progress(Progress { table: table.name.clone(), rows, of });
        behind = values.last().map(|last| key.iter().map(|at| last[*at].clone()).collect());
        if !full {
            break;
        }
    }
    let arrived = count(target, table)?;
    if (rows, arrived) == (of, of) {
        return Ok(of);
    }
    Err(Error::internal(format!("of {of} rows of {} {rows} were read and {arrived} arrived", table.name)))
}

/// The next rows behind a key.
fn page(table: &Table, behind: Option<&[Value]>) -> (String, Vec<Value>) {
    let columns: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let key = table.key.join(", ");
    let mut parameters = behind.unwrap_or_default().to_vec();
    let condition = if parameters.is_empty() {
        String::new()
    } else {
        format!(" where ({key}) > ({})", places(1..=parameters.len()))
    };
    parameters.push(BATCH.into());
    let sql =
        ["select ", &columns.join(", "), " from ", &table.name, &condition, " order by ", &key].concat();
    (format!("{sql} limit ?{}", parameters.len()), parameters)
}

fn places(numbers: std::ops::RangeInclusive<usize>) -> String {
    numbers.map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}

/// The values of a row; the embedded engine keeps booleans as numbers.
fn typed(table: &Table, mut row: Row) -> Result<Vec<Value>> {
    table
        .columns
        .iter()
        .map(|(name, kind)| match (kind, row.value()) {
            (Kind::Boolean, Value::Int(number @ (0 | 1))) => Ok(Value::Bool(number == 1)),
            (_, Value::Null) => Ok(Value::Null),
            (Kind::Boolean, value @ Value::Bool(_))
            | (Kind::Bigint, value @ Value::Int(_))
            | (Kind::Text, value @ Value::Text(_)) => Ok(value),
            (kind, value) => {
                Err(Error::internal(format!("{}.{name} is {kind:?} and holds {value:?}", table.name)))
            }
        })
        .collect()
}

fn insert(target: &dyn Connection, table: &Table, rows: &[Vec<Value>]) -> Result<()> {
    let columns: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let sql = ["insert into ", &table.name, " (", &columns.join(", "), ") values ("].concat()
        + &places(1..=columns.len())
        + ")";
    let tenant = columns.iter().position(|name| table.of_tenant() && *name == "tenant_id");
    let statements = rows
        .iter()
        .map(|row| {
            let view = match tenant.map(|at| &row[at]) {
                None => View::Own,
                Some(Value::Text(id)) => View::Tenant(TenantId::from_uuid(
                    id.parse().map_err(|_| Error::internal("a stored tenant id does not parse"))?,
                )),
                Some(_) => return Err(Error::internal("a row without a tenant")),
            };
            Ok(Statement { view, sql: &sql, parameters: row })
        })
        .collect::<Result<Vec<_>>>()?;
    target.run(&statements, &mut |_, _| Ok(()))
}
