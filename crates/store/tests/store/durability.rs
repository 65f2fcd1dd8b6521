//! What was acknowledged outlives a killed process, and nothing is there by halves.

use crate::support::{
    Rng, commit, digest, object, open, record, run, scope, slot, tenant, tenant_id, user, uuid,
};
use std::{
    collections::BTreeSet,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};
use store::UserQuery;

const DIRECTORY: &str = "INNKEEPER_TEST_CRASH";
const FIRST: &str = "INNKEEPER_TEST_CRASH_FIRST";

/// The child of the next test: eight tasks commit without end, and say so after each acknowledgement.
#[test]
fn writes_until_it_is_killed() {
    let (Some(path), Ok(first)) = (env::var_os(DIRECTORY), env::var(FIRST)) else { return };
    let first: u128 = first.parse().unwrap();
    let (_data, store) = open(Path::new(&path));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            let store = store.clone();
            tasks.spawn(async move {
                for step in 0..100_000 {
                    let n = first + step * 8 + task;
                    commit(&store, tenant_id(1), move |changes| {
                        changes
                            .insert_user(&user(tenant_id(1), n))
                            .send(scope(tenant_id(1)), uuid(n), "kind", "{}", crate::support::at(1))
                            .record(record(n, vec![slot(object(n), "Somebody")]));
                    })
                    .await
                    .unwrap();
                    let mut out = std::io::stdout().lock();
                    out.write_all(format!("ack {n}\n").as_bytes()).unwrap();
                    out.flush().unwrap();
                }
            });
        }
        tasks.join_all().await;
    });
}

/// Runs the child until it has acknowledged so many commits and a moment more; returns all that it acknowledged.
fn crash(path: &Path, first: u128, enough: usize, moment: Duration) -> Vec<u128> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "durability::writes_until_it_is_killed", "--nocapture"])
        .env(DIRECTORY, path)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines {
        if let Some(n) = line.unwrap().strip_prefix("ack ") {
            acknowledged.push(n.parse().unwrap());
        }
        if acknowledged.len() == enough {
            thread::sleep(moment);
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(!status.success() && acknowledged.len() >= enough, "the child ended by itself: {status}");
    acknowledged
}

/// What is wrong with the store after a crash.
fn damage(path: &Path, acknowledged: &BTreeSet<u128>) -> Vec<String> {
    let (data, store) = open(path);
    let raw = rusqlite::Connection::open(data.path().join("innkeeper.db")).unwrap();
    let integrity: String = raw.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    let mut found = Vec::new();
    if integrity != "ok" {
        found.push(integrity);
    }
    run(store.read(scope(tenant_id(1)), |reader| {
        for n in acknowledged {
            if reader.user(object(*n))?.is_none() || reader.audit_record(uuid(*n))?.is_none() {
                found.push(format!("{n} was acknowledged and is not there"));
            }
        }
        let report = reader.verify_chain(digest)?;
        found.extend(report.broken_at.map(|(at, why)| format!("record {at}: {why}")));
        let users = reader.count_users(&UserQuery::default())?;
        let sent = i64::try_from(reader.across().outbox("kind", u16::MAX)?.len()).unwrap();
        if users != report.records || users != sent {
            found.push(format!("{users} users, {} records and {sent} messages", report.records));
        }
        Ok(())
    }))
    .unwrap();
    found
}

#[test]
fn every_acknowledged_commit_outlives_a_killed_process() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data");
    {
        let (_data, store) = open(&path);
        run(commit(&store, tenant_id(1), |changes| {
            changes.insert_tenant(&tenant(1));
        }))
        .unwrap();
    }
    let long = env::var("INNKEEPER_LONG").is_ok_and(|value| value == "1");
    let mut rng = Rng(0xdead);
    let mut acknowledged = BTreeSet::new();
    for round in 0..if long { 100u128 } else { 10 } {
        let moment = Duration::from_micros(u64::try_from(rng.below(8_000)).unwrap());
        let first = 1 + round * 1_000_000;
        acknowledged.extend(crash(&path, first, 1 + rng.below(60), moment));
        assert_eq!(damage(&path, &acknowledged), Vec::<String>::new(), "round {round}");
    }
    // The check is worth something only if it sees a single lost row.
    let last = *acknowledged.last().unwrap();
    let raw = rusqlite::Connection::open(path.join("innkeeper.db")).unwrap();
    raw.execute_batch("pragma foreign_keys = off").unwrap();
    assert_eq!(raw.execute("delete from users where id = ?1", [object(last).to_string()]).unwrap(), 1);
    drop(raw);
    let found = damage(&path, &acknowledged);
    assert!(found.contains(&format!("{last} was acknowledged and is not there")), "{found:?}");
}
