//! What a server does before it serves: looks whether the database is fit, brings its schema up to date, and closes it to
//! requests that do not say for whom they come.

use super::{
    pool::Pool,
    roles,
    session::{self, Manners},
    translate::translate,
};
use crate::{
    Digest,
    migrate::{self, Dialect},
    value::{Row, Value},
};
use model::{Error, ErrorKind, Result};
use std::{sync::Arc, time::Duration};
use tokio_postgres::Client;

/// Longest that one statement of a request may take, and the longest wait for a lock.
const LIMITS: &str = "set local statement_timeout = 10000; set local lock_timeout = 5000; \
                      set local idle_in_transaction_session_timeout = 30000; ";
/// Tables of the engine itself, which must be there before the first step of the schema.
const OWN_TABLES: [&str; 3] = [
    migrate::JOURNAL,
    "create table if not exists schema_lease (name text not null primary key, holder text not null, until bigint not null)",
    "create table if not exists installation (name text not null primary key, value text not null)",
];
/// How long a server that is changing the schema may say nothing before another takes its place.
const LEASE: &str = "30000000";
/// How long to wait for another server that is changing the schema.
const WAITS: u32 = 6_000;
const WAIT: Duration = Duration::from_millis(100);

/// A connection while the server is being prepared: each statement its own transaction unless one is begun.
#[derive(Clone, Copy)]
pub(super) struct Setup<'a>(pub(super) &'a Client);

impl Setup<'_> {
    pub(super) async fn run(self, sql: &str) -> Result<()> {
        self.0.batch_execute(sql).await.map_err(|error| translate(&error).0)
    }

    /// Without names for statements, so that a pooler does not matter.
    pub(super) async fn rows(self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let parameters: Vec<_> = values.iter().map(session::encode).collect();
        let rows = self.0.query_typed(&session::numbered(sql), &parameters).await;
        rows.map_err(|error| translate(&error).0)?.iter().map(session::decode).collect()
    }

    pub(super) async fn row(self, sql: &str, values: &[Value]) -> Result<Row> {
        let row = self.rows(sql, values).await?.into_iter().next();
        row.ok_or_else(|| Error::internal(format!("no row: {sql}")))
    }

    async fn change(self, sql: &str, values: &[Value]) -> Result<u64> {
        let parameters: Vec<_> = values.iter().map(session::encode).collect();
        let changed = self.0.execute_typed(&session::numbered(sql), &parameters).await;
        changed.map_err(|error| translate(&error).0)
    }

    /// Several statements that count together or not at all.
    pub(super) async fn together<T>(self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.run("begin").await?;
        let done = work.await;
        // A connection that broke has rolled back already.
        let ended = self.run(if done.is_ok() { "commit" } else { "rollback" }).await;
        let value = done?;
        ended.map(|()| value)
    }
}

pub(super) fn refuse(external: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, external.into())
}

/// Does all of it, on a connection of its own.
pub(super) async fn prepare(pool: Arc<Pool>, digest: Digest) -> Result<Manners> {
    let client = pool.connect().await?;
    let setup = Setup(&client);
    let dialect = fit(setup).await?;
    own_tables(setup).await?;
    migrate_once(setup, dialect, digest).await?;
    let roles = roles::choose(setup).await?;
    secure(setup, &roles).await?;
    let manners = manners(setup, roles).await?;
    pool.look_for_pooler(manners.limits.replace("set local ", "set ")).await?;
    Ok(manners)
}

/// Is the server one on which nothing that was acknowledged is lost?
async fn fit(setup: Setup<'_>) -> Result<Dialect> {
    let version = setup.row("select version()", &[]).await?.text()?;
    let dialect = if version.contains("CockroachDB") { Dialect::Cockroach } else { Dialect::Postgres };
    let number: i64 = setup.row("select current_setting('server_version_num')", &[]).await?.parsed()?;
    if dialect == Dialect::Postgres && number < 150_000 {
        return Err(refuse(format!(
            "The database server is too old: {version}. Innkeeper needs PostgreSQL 15 or newer."
        )));
    }
    let encoding = setup.row("select current_setting('server_encoding')", &[]).await?.text()?;
    if !encoding.eq_ignore_ascii_case("utf8") {
        return Err(refuse(format!(
            "The database has the encoding {encoding}. Create one with: create database … encoding 'UTF8' template template0"
        )));
    }
    if setup.row("select current_setting('transaction_read_only')", &[]).await?.text()? == "on" {
        return Err(crate::unavailable("the database server is a standby, or takes no writes"));
    }
    // A setting that the role may not see is not in the view.
    let off = "select name from pg_settings where name in ('fsync', 'full_page_writes') and setting = 'off' order by name";
    if let Some(mut name) = setup.rows(off, &[]).await?.into_iter().next() {
        return Err(refuse(format!(
            "The database server runs with {} = off and would lose what it acknowledged. Switch it on in postgresql.conf.",
            name.text()?
        )));
    }
    Ok(dialect)
}

/// Makes the tables, together with other servers that start at the same moment: `if not exists` does not keep two of them
/// from making the same.
async fn own_tables(setup: Setup<'_>) -> Result<()> {
    let mut tries = 0;
    for sql in OWN_TABLES {
        while let Err(error) = setup.run(sql).await {
            tries += 1;
            if tries > 20 || matches!(error.kind(), ErrorKind::Unavailable(_)) {
                return Err(without_permission(error));
            }
            tokio::time::sleep(WAIT / 10).await;
        }
    }
    Ok(())
}

fn without_permission(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unavailable(_) => error,
        _ => refuse(
            "The tables cannot be made. Let the user of the database URL own the database: alter database … owner to …",
        )
        .because(format!("{error:?}")),
    }
}

async fn applied(setup: Setup<'_>) -> Result<Vec<(String, String)>> {
    let rows = setup.rows(migrate::READ_JOURNAL, &[]).await?;
    rows.into_iter().map(|mut row| Ok((row.text()?, row.text()?))).collect()
}

/// Holds the lease on the schema, by the database's clock: it is the only one that all servers share.
struct Lease<'a> {
    setup: Setup<'a>,
    holder: String,
}

const NOW: &str = "(extract(epoch from clock_timestamp()) * 1000000)::bigint";

impl<'a> Lease<'a> {
    /// Waits until nobody else changes the schema, or the one who did has not been heard of for too long.
    async fn take(setup: Setup<'a>) -> Result<Self> {
        let holder = setup.row("select gen_random_uuid()::text", &[]).await?.text()?;
        let sql = format!(
            "insert into schema_lease (name, holder, until) values ('schema', ?1, {NOW} + {LEASE}) on conflict (name) do update \
             set holder = excluded.holder, until = excluded.until where schema_lease.until <= {NOW}"
        );
        for _ in 0..WAITS {
            if setup.change(&sql, &[(&holder).into()]).await? == 1 {
                return Ok(Self { setup, holder });
            }
            tokio::time::sleep(WAIT).await;
        }
        Err(crate::unavailable("another server has been changing the schema for ten minutes"))
    }

    /// Renews it; inside a transaction this also keeps everybody else from taking it before the end.
    async fn renew(&self) -> Result<()> {
        let sql =
            format!("update schema_lease set until = {NOW} + {LEASE} where name = 'schema' and holder = ?1");
        match self.setup.change(&sql, &[(&self.holder).into()]).await? {
            1 => Ok(()),
            _ => Err(crate::unavailable("another server took over changing the schema")),
        }
    }

    /// Gives it back; if that fails it ends by itself.
    async fn release(self) {
        let sql = "delete from schema_lease where name = 'schema' and holder = ?1";
        drop(self.setup.change(sql, &[(&self.holder).into()]).await);
    }
}

async fn migrate_once(setup: Setup<'_>, dialect: Dialect, digest: Digest) -> Result<()> {
    if migrate::pending(&applied(setup).await?, digest)?.is_empty() {
        return Ok(());
    }
    let lease = Lease::take(setup).await?;
    let done = migrate_all(&lease, dialect, digest).await;
    lease.release().await;
    done
}

async fn migrate_all(lease: &Lease<'_>, dialect: Dialect, digest: Digest) -> Result<()> {
    let setup = lease.setup;
    // Somebody else may have done it while this server waited.
    for (name, sql) in migrate::pending(&applied(setup).await?, digest)? {
        setup
            .together(async {
                setup.run("set local lock_timeout = 10000").await?;
                lease.renew().await?;
                let statements = migrate::statements(sql, dialect);
                let writes =
                    |sql: &String| !["create", "alter", "drop"].iter().any(|first| sql.starts_with(first));
                let forced = if statements.iter().any(writes) { show_all(setup).await? } else { Vec::new() };
                for statement in &statements {
                    setup.run(statement).await?;
                }
                for table in forced {
                    setup.run(&format!("alter table {table} force row level security")).await?;
                }
                setup
                    .change(migrate::NOTE, &[(*name).into(), migrate::checksum_of(sql, digest).into()])
                    .await
                    .map(drop)
            })
            .await?;
    }
    Ok(())
}

/// Lets the owner see the rows of all tenants until the end of the transaction: a step that changes rows would find none.
async fn show_all(setup: Setup<'_>) -> Result<Vec<String>> {
    let sql = "select relname::text from pg_class where relforcerowsecurity and relnamespace = current_schema()::regnamespace";
    let mut tables = Vec::new();
    for mut row in setup.rows(sql, &[]).await? {
        let table = row.text()?;
        setup.run(&format!("alter table {table} no force row level security")).await?;
        tables.push(table);
    }
    Ok(tables)
}

/// Adds what is missing of row security and grants. Usually nothing is, and then nothing is locked.
async fn secure(setup: Setup<'_>, roles: &roles::Roles) -> Result<()> {
    if roles::missing(setup, roles).await?.is_empty() {
        return Ok(());
    }
    let lease = Lease::take(setup).await?;
    let done = async {
        let missing = roles::missing(setup, roles).await?;
        setup
            .together(async {
                setup.run("set local lock_timeout = 10000").await?;
                lease.renew().await?;
                for statement in missing {
                    setup.run(&statement).await?;
                }
                Ok(())
            })
            .await
    }
    .await;
    lease.release().await;
    done
}

async fn manners(setup: Setup<'_>, roles: roles::Roles) -> Result<Manners> {
    let mut limits = LIMITS.to_owned();
    let sync = "select setting from pg_settings where name = 'synchronous_commit' and setting not in ('on', 'remote_apply')";
    if !setup.rows(sync, &[]).await?.is_empty() {
        limits.push_str("set local synchronous_commit = on; ");
    }
    // Without it a worker is not told whose rows it may show. Citus must know before it is told.
    if !setup.rows("select 1 from pg_extension where extname = 'citus'", &[]).await?.is_empty() {
        limits.push_str("set local citus.propagate_set_commands = 'local'; ");
    }
    Ok(Manners { limits, roles })
}

pub(super) async fn agree_on_master_key(client: &Client, check: &str) -> Result<()> {
    let setup = Setup(client);
    let insert =
        "insert into installation (name, value) values ('master key', ?1) on conflict (name) do nothing";
    setup.change(insert, &[check.into()]).await?;
    let kept = setup.row("select value from installation where name = 'master key'", &[]).await?.text()?;
    if kept == check {
        return Ok(());
    }
    Err(refuse(
        "This server has another master.key than the first server of this database. Copy master.key from the data directory \
         of that server into the one of this.",
    ))
}
