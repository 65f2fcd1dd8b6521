//! The goal on PostgreSQL: two servers on one database, against the same commits without a server. The database is one of
//! its own, on the disk that the worlds are on, as durable as PostgreSQL is out of its box.

use crate::{
    Result,
    goals::{Bench, WARM, WRITERS, patches},
    load::{Load, Pace, Until, count, drive_all},
    machine::{copy, now},
    product::{Process, Shared},
    report::{Figure, Goal},
    stats::{Latency, Series},
};
use rusqlite::Connection;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use testkit::cluster::Cluster;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Statement, types::ToSql};

/// P14.
pub fn patch_many(bench: &Bench) -> Result<Vec<Figure>> {
    fs::create_dir_all(&bench.scratch)?;
    // The database runs as a user of its own, who has to get there.
    fs::set_permissions(&bench.scratch, fs::Permissions::from_mode(0o755))?;
    let cluster = Cluster::start_in(&bench.scratch, &["shared_buffers = 256MB"])?;
    let shared =
        Shared { database: cluster.database("product")?, public_url: "https://localhost".to_owned() };
    let homes = [bench.scratch.join("one"), bench.scratch.join("two")];
    for home in &homes {
        copy(&bench.world.data, home)?;
    }
    let (one, _) = homes.split_first().ok_or("no server")?;
    migrate(bench, one, &shared.database)?;
    let servers = homes
        .iter()
        .map(|home| Ok(Process::product(bench.cores, &bench.bin, home, Some(&shared))?.0))
        .collect::<Result<Vec<_>>>()?;
    let first = servers.first().ok_or("no server")?;
    let next = patches(first, bench.small(WRITERS)?)?;
    let load = |time| -> Result<Load> {
        let targets: Vec<_> = servers.iter().map(|server| &server.target).collect();
        drive_all(&targets, WRITERS, Until::Over(time), Pace::Full, Rc::clone(&next))?.clean("P14")
    };
    load(WARM)?;
    let floor = Floor::prepare(&cluster.database("floor")?)?;
    let (mut floors, mut products, mut p99, mut floor_p99) = (vec![], vec![], vec![], vec![]);
    for _ in 0..bench.rounds {
        bench.bar.tick();
        let (rate, latency) = floor.commits(bench.time)?;
        floors.push(rate);
        floor_p99.push(latency.p99);
        let product = load(bench.time)?;
        products.push(product.rate());
        p99.push(product.latency().p99);
    }
    let judged = Series::ratios(&products, &floors);
    Ok(vec![Figure {
        name: "P14".to_owned(),
        title: "PATCH policy on PostgreSQL, 64 clients, two servers".to_owned(),
        unit: "commits per second".to_owned(),
        floor: Series::of(floors),
        product: Series::of(products),
        judged,
        goal: Goal::AtLeast,
        bound: 1.0,
        also: BTreeMap::from([
            ("p99 µs".to_owned(), Series::of(p99).median),
            ("p99 µs of the floor".to_owned(), Series::of(floor_p99).median),
        ]),
    }])
}

/// Moves a world. Its administrators came in an import, which sets no passwords; whoever moves a directory has them.
fn migrate(bench: &Bench, data: &Path, database: &str) -> Result<()> {
    Connection::open(data.join("innkeeper.db"))?.execute(
        "insert into passwords (tenant_id, user_id, hash, changed_at) select tenant_id, user_id, '', 0 from role_assignments",
        [],
    )?;
    let from = data.to_string_lossy();
    let output = Command::new(&bench.bin)
        .args(["migrate-store", "--from", &from])
        .env("INNKEEPER_DATABASE_URL", database)
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into()) }
}

/// 64 connections that commit one write each time, for a tenant of their own: a policy, an audit record of 700 bytes, the
/// head of the chain, in one transaction that travels in one piece.
struct Floor {
    runtime: tokio::runtime::Runtime,
    writers: Vec<Arc<Writer>>,
}

struct Writer {
    client: Client,
    tenant: String,
    policy: Statement,
    audit: Statement,
    head: Statement,
}

impl Floor {
    fn prepare(database: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let writers = runtime.block_on(async {
            let mut writers = Vec::with_capacity(WRITERS);
            for number in 0..WRITERS {
                let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
                tokio::spawn(connection);
                if number == 0 {
                    client
                        .batch_execute(
                            "create table policies (tenant_id text primary key, allow_leave boolean, version bigint); \
                             create table audit (tenant_id text, sequence bigint, id text, at bigint, activity text, body text, \
                             hash text, primary key (tenant_id, sequence)); \
                             create unique index audit_by_id on audit (tenant_id, id); \
                             create table audit_heads (tenant_id text primary key, sequence bigint, hash text)",
                        )
                        .await?;
                }
                let tenant = format!("0b5c1fd2-53c8-4f2e-9d9a-2f1f9c9d{number:04}");
                client.execute("insert into policies values ($1, true, 0)", &[&tenant]).await?;
                client.execute("insert into audit_heads values ($1, 0, '')", &[&tenant]).await?;
                let policy = "update policies set allow_leave = not allow_leave, version = version + 1 where tenant_id = $1";
                let audit = "insert into audit values ($1, $2, $3, $2, 'Update policy', $4, $5)";
                let head = "update audit_heads set sequence = $2, hash = $3 where tenant_id = $1";
                let policy = client.prepare(policy).await?;
                let audit = client.prepare(audit).await?;
                let head = client.prepare(head).await?;
                writers.push(Arc::new(Writer { client, tenant, policy, audit, head }));
            }
            Ok::<_, tokio_postgres::Error>(writers)
        })?;
        Ok(Self { runtime, writers })
    }

    /// Commits per second, and how long one takes.
    fn commits(&self, time: Duration) -> Result<(f64, Latency)> {
        let start = now();
        let micros = self.runtime.block_on(async {
            let mut writing = JoinSet::new();
            for writer in &self.writers {
                writing.spawn(Arc::clone(writer).commits(start, time));
            }
            let mut micros = Vec::new();
            while let Some(one) = writing.join_next().await {
                micros.extend(one??);
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(micros)
        })?;
        Ok((count(micros.len()) / start.elapsed().as_secs_f64(), Latency::of(micros)))
    }
}

impl Writer {
    async fn commits(
        self: Arc<Self>,
        start: Instant,
        time: Duration,
    ) -> Result<Vec<f64>, tokio_postgres::Error> {
        let (body, hash) = ("b".repeat(500), "f".repeat(64));
        let top: i64 = self
            .client
            .query_one("select sequence from audit_heads where tenant_id = $1", &[&self.tenant])
            .await?
            .get(0);
        let mut micros = Vec::new();
        for sequence in top + 1.. {
            if start.elapsed() >= time {
                break;
            }
            let begun = now();
            let id = format!("{}-{sequence:08}", &self.tenant[..27]);
            let audit: [&(dyn ToSql + Sync); 5] = [&self.tenant, &sequence, &id, &body, &hash];
            let head: [&(dyn ToSql + Sync); 3] = [&self.tenant, &sequence, &hash];
            tokio::try_join!(
                self.client.batch_execute("begin"),
                self.client.execute(&self.policy, &head[..1]),
                self.client.execute(&self.audit, &audit),
                self.client.execute(&self.head, &head),
                self.client.batch_execute("commit"),
            )?;
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        Ok(micros)
    }
}
