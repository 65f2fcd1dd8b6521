//! The goals about the life of accounts: leaving, purging, and what follows from a deletion at home. Sessions, confirmations
//! and due dates are written straight into a copied world, because nobody can click six thousand times or wait a month.

use crate::{
    Result,
    floor::{self, Victim},
    goals::{Bench, bearer, patches, read_policy, same},
    load::{Load, Next, Pace, Until, count, drive, once, request},
    machine::{self, copy, now},
    product::{App, Process, register, run},
    report::{Figure, Goal},
    stats::Series,
    world::Seeded,
};
use rusqlite::{Connection, OpenFlags, params};
use std::{collections::BTreeMap, fs, io::Write, path::Path, rc::Rc, thread, time::Duration};

const CLIENTS: usize = 64;
/// How many leave in a round.
const LEAVES: usize = 1280;
/// Tenants in which the home account of P7 is a guest.
const ELSEWHERE: usize = 5000;

fn hash(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hex::encode(digest)
}

/// Live guests who are homed with another organisation here.
fn victims(database: &Connection, many: usize) -> Result<Vec<(Victim, String)>> {
    let mut statement = database.prepare(
        "select tenant_id, id, home_key from users where deleted_at is null and home_key like 'member:%' \
         order by id limit ?1",
    )?;
    let rows = statement.query_map([i64::try_from(many)?], |row| {
        Ok((Victim { tenant: row.get(0)?, id: row.get(1)? }, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Gives each of them a session at home and a confirmation of leaving, and answers the requests that use them.
fn leaves(database: &mut Connection, guests: &[(Victim, String)]) -> Result<Vec<Rc<[u8]>>> {
    let mut random = Seeded::new(3);
    let (now, later) = (machine::wall() * 1_000_000, (machine::wall() + 3000) * 1_000_000);
    let transaction = database.transaction()?;
    let mut requests = Vec::with_capacity(guests.len());
    for (guest, home) in guests {
        let (session, confirmation) = (random.uuid(), random.uuid());
        let realm = home.split(':').nth(1).ok_or("a home without a tenant")?;
        transaction.execute(
            "insert into sessions (tenant_id, hash, person_key, authenticated_at, seen_at, expires_at) \
             values (?1, ?2, ?3, ?4, ?4, ?5)",
            params![realm, hash(&session), home, now, later],
        )?;
        transaction.execute(
            "insert into confirmations (tenant_id, hash, user_id, generation, policy_version, session_hash, expires_at) \
             select u.tenant_id, ?3, u.id, u.generation, p.version, ?4, ?5 from users u \
             join policies p on p.tenant_id = u.tenant_id where u.tenant_id = ?1 and u.id = ?2",
            params![guest.tenant, guest.id, hash(&confirmation), hash(&session), later],
        )?;
        let cookie = format!("__Host-innkeeper={realm}.{session}");
        let headers = [
            ("Cookie", cookie.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/json"),
        ];
        let path = format!("/innkeeper/v1/me/organizations/{}/leave", guest.tenant);
        requests.push(request("POST", &path, &headers, &format!("{{\"confirmation\":\"{confirmation}\"}}")));
    }
    transaction.commit()?;
    Ok(requests)
}

/// P3.
pub fn leave(bench: &Bench) -> Result<Vec<Figure>> {
    let (mut floors, mut products, mut p99) = (vec![], vec![], vec![]);
    for _ in 0..bench.rounds {
        bench.bar.tick();
        copy(&bench.world.data, &bench.scratch)?;
        let mut database = Connection::open(bench.scratch.join("innkeeper.db"))?;
        let found = victims(&database, 2 * LEAVES)?;
        // In a small world not everybody can leave as often as in a large one.
        let (first, second) = found.split_at(found.len() / 2);
        let each = second.len() / CLIENTS;
        let requests = leaves(&mut database, second)?;
        let guests: Vec<Victim> = first.iter().map(|(guest, _)| guest.clone()).collect();
        floors.push(bench.cores.as_server(|| floor::deletions(&mut database, &guests, 1))?);
        drop(database);
        let (server, _) = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?;
        let next: Next = Rc::new(move |client, number| requests.get(client * each + number).map(Rc::clone));
        let load = drive(&server.target, CLIENTS, Until::Sent(each), Pace::Full, next)?.clean("P3")?;
        products.push(load.rate());
        p99.push(load.latency().p99);
    }
    let judged = Series::ratios(&products, &floors);
    Ok(vec![Figure {
        name: "P3".to_owned(),
        title: "leave, 64 clients with a session and a confirmation each".to_owned(),
        unit: "commits per second".to_owned(),
        floor: Series::of(floors),
        product: Series::of(products),
        judged,
        goal: Goal::AtLeast,
        bound: 2.5,
        also: BTreeMap::from([("p99 µs".to_owned(), Series::of(p99).median)]),
    }])
}

/// What readers and a writer see while something else goes on, until it is done.
struct Beside {
    took: Duration,
    /// Microseconds.
    read_p99: f64,
    /// Milliseconds.
    longest_write: f64,
}

/// How many read beside it, and how often each of them does: a server that is in use, and yet has time for the work. Together
/// they read once in a millisecond; fewer would wait for themselves whenever an answer takes longer than that.
const READ: (usize, Duration) = (8, Duration::from_millis(8));
/// The same for those who write: once in two milliseconds.
const WRITE: (usize, Duration) = (16, Duration::from_millis(32));

/// How long it is watched where nothing else goes on.
const CALM: Duration = Duration::from_secs(2);

/// `work`: the database, what asks it when the work began by the clock of the server, and what is true when it is over. Without,
/// nothing goes on.
fn beside(
    server: &Process,
    (read, write): (&Next, &Next),
    work: Option<(&Path, &str, &str)>,
) -> Result<Beside> {
    let (mut reads, mut longest): (Vec<f64>, f64) = (vec![], 0.0);
    let take = |next: &Next, (clients, interval)| -> Result<Load> {
        let over = Until::Over(Duration::from_millis(200));
        drive(&server.target, clients, over, Pace::Each(interval), Rc::clone(next))
    };
    let took = thread::scope(|scope| -> Result<Duration> {
        let watch = scope.spawn(|| match work {
            Some((file, began, over)) => watch_until(&reader(file)?, began, over),
            None => {
                thread::sleep(CALM);
                Ok(CALM)
            }
        });
        while !watch.is_finished() {
            reads.extend(take(read, READ)?.micros);
            longest = longest.max(take(write, WRITE)?.latency().max / 1e3);
        }
        watch.join().map_err(|_| "the watch broke off")?
    })?;
    Ok(Beside { took, read_p99: crate::stats::Latency::of(reads).p99, longest_write: longest })
}

/// Waits until it is over; how long it took.
fn watch_until(database: &Connection, began: &str, over: &str) -> Result<Duration> {
    let start = now();
    let mut statement = database.prepare(over)?;
    while !statement.query_row([], |row| row.get::<_, bool>(0))? {
        if start.elapsed() > Duration::from_secs(900) {
            return Err("it is not done after a quarter of an hour".into());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let end = machine::wall_micros();
    let began: i64 = database.query_row(began, [], |row| row.get(0))?;
    Ok(Duration::from_micros(u64::try_from(end - began)?))
}

fn reader(file: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

fn readers(bench: &Bench, server: &Process) -> Result<(Next, Next)> {
    let token = bearer(&server.token(bench.large()?)?);
    Ok((same(read_policy(&token)), patches(server, bench.small(WRITE.0)?)?))
}

/// P6.
pub fn purge(bench: &Bench) -> Result<Vec<Figure>> {
    const BEGAN: &str = "select min(purged_at) from tombstones";
    // The store says in the header of its file that it holds remains.
    const OVER: &str = "select not exists (select 1 from users where purge_after is not null) \
                        and (select user_version from pragma_user_version) = 0";
    let (mut floors, mut products, mut waits, mut reads) = (vec![], vec![], vec![], vec![]);
    for _ in 0..bench.rounds.min(3) {
        bench.bar.tick();
        copy(&bench.world.data, &bench.scratch)?;
        let file = bench.scratch.join("innkeeper.db");
        let mut database = Connection::open(&file)?;
        floors.push(bench.cores.as_server(|| floor::purge(&mut database))?);
        drop(database);
        copy(&bench.world.data, &bench.scratch)?;
        let calm = {
            let (server, _) = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?;
            let (read, write) = readers(bench, &server)?;
            beside(&server, (&read, &write), None)?
        };
        let database = Connection::open(&file)?;
        let month = 31_i64 * 86_400 * 1_000_000;
        let due = database.execute(
            "update users set deleted_at = deleted_at - ?1, purge_after = purge_after - ?1 where deleted_at is not null",
            [month],
        )?;
        drop(database);
        let (server, _) = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?;
        let (read, write) = readers(bench, &server)?;
        let seen = beside(&server, (&read, &write), Some((&file, BEGAN, OVER)))?;
        products.push(count(due) / seen.took.as_secs_f64());
        waits.push(seen.longest_write);
        reads.push(seen.read_p99 / calm.read_p99.max(1e-9));
    }
    let judged = Series::ratios(&products, &floors);
    Ok(vec![Figure {
        name: "P6".to_owned(),
        title: "purge of everything deleted, a fifth of the world".to_owned(),
        unit: "accounts per second".to_owned(),
        floor: Series::of(floors),
        product: Series::of(products),
        judged,
        goal: Goal::AtLeast,
        bound: 0.5,
        also: BTreeMap::from([
            ("longest write beside it, ms".to_owned(), Series::of(waits).median),
            ("p99 of GET over calm".to_owned(), Series::of(reads).median),
        ]),
    }])
}

/// A world in which one member of one organisation is a guest in all others.
fn traveller(bench: &Bench) -> Result<(std::path::PathBuf, App, String)> {
    let place = bench.scratch.with_file_name("traveller");
    let data = place.join("data");
    if !place.join("app.json").exists() {
        drop(fs::remove_dir_all(&place));
        fs::create_dir_all(&place)?;
        let lines = place.join("world.jsonl");
        let mut out = std::io::BufWriter::new(fs::File::create(&lines)?);
        writeln!(out, "{{\"organization\":{{\"domain\":\"large.example\",\"displayName\":\"Home\"}}}}")?;
        let home = "\"organization\":\"large.example\",\"userPrincipalName\":\"traveller@large.example\"";
        writeln!(out, "{{\"member\":{{{home},\"displayName\":\"Traveller\"}}}}")?;
        for at in 0..ELSEWHERE {
            let domain = format!("elsewhere-{at}.example");
            writeln!(
                out,
                "{{\"organization\":{{\"domain\":\"{domain}\",\"displayName\":\"Elsewhere {at}\",\
                 \"allowDeletedIdentitiesDataRemoval\":true}}}}"
            )?;
            writeln!(
                out,
                "{{\"guest\":{{\"organization\":\"{domain}\",\"home\":\"traveller@large.example\",\"displayName\":\"Traveller\"}}}}"
            )?;
        }
        out.flush()?;
        run(&bench.bin, &data, &["import", "--jsonl", &lines.to_string_lossy()])?;
        let app = register(&bench.bin, &data, &["large.example".to_owned()])?.pop().ok_or("no app")?;
        fs::write(place.join("app.json"), serde_json::to_string(&app)?)?;
    }
    let app: App = serde_json::from_slice(&fs::read(place.join("app.json"))?)?;
    Ok((data, app, "traveller@large.example".to_owned()))
}

/// P7.
pub fn home_deleted(bench: &Bench) -> Result<Vec<Figure>> {
    const BEGAN: &str = "select min(deleted_at) from users where home_key is not null";
    const OVER: &str =
        "select not exists (select 1 from users where home_key is not null and deleted_at is null)";
    let (data, app, name) = traveller(bench)?;
    let (mut floors, mut products, mut waits) = (vec![], vec![], vec![]);
    for _ in 0..bench.rounds.min(3) {
        bench.bar.tick();
        copy(&data, &bench.scratch)?;
        let file = bench.scratch.join("innkeeper.db");
        let mut database = Connection::open(&file)?;
        let guests: Vec<Victim> =
            victims(&database, ELSEWHERE)?.into_iter().map(|(guest, _)| guest).collect();
        let rate = bench.cores.as_server(|| floor::deletions(&mut database, &guests, ELSEWHERE))?;
        floors.push(1e3 * count(guests.len()) / rate);
        drop(database);
        copy(&data, &bench.scratch)?;
        let (server, _) = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?;
        let token = bearer(&server.token(&app)?);
        let headers = [("Authorization", token.as_str())];
        let read = same(read_policy(&token));
        let write = patches(&server, std::slice::from_ref(&app))?;
        let answer = once(&server.target, &request("DELETE", &format!("/v1.0/users/{name}"), &headers, ""))?;
        if answer.status != 204 {
            return Err(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        let seen = beside(&server, (&read, &write), Some((&file, BEGAN, OVER)))?;
        products.push(seen.took.as_secs_f64() * 1e3);
        waits.push(seen.longest_write);
    }
    let judged = Series::ratios(&products, &floors);
    Ok(vec![Figure {
        name: "P7".to_owned(),
        title: "a home account that is a guest in 5,000 organisations is deleted".to_owned(),
        unit: "ms".to_owned(),
        floor: Series::of(floors),
        product: Series::of(products),
        judged,
        goal: Goal::AtMost,
        bound: 3.0,
        also: BTreeMap::from([("longest write beside it, ms".to_owned(), Series::of(waits).median)]),
    }])
}
