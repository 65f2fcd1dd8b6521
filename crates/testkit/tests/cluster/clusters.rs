use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};
use store::{DatabaseUrl, Store};
use testkit::cluster::{Cluster, Stop, programs};

/// Loudly not tested without PostgreSQL, and a failure under `CI=true`.
fn missing() -> bool {
    let Err(why) = programs() else { return false };
    let text = format!("\n*** NOT TESTED: {why}\n");
    std::io::stderr().write_all(text.as_bytes()).expect("standard error");
    assert!(std::env::var("CI").is_ok_and(|value| value == "true" || value == "1").eq(&false), "{why}");
    true
}

fn psql(url: &str, sql: &str) -> Output {
    Command::new("psql").args(["-XAtq", "-c", sql, url]).output().expect("psql")
}

fn says(url: &str, sql: &str) -> String {
    let output = psql(url, sql);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

fn eventually(what: &str, mut ask: impl FnMut() -> bool) {
    assert!(
        (0..300).any(|_| ask() || {
            thread::sleep(Duration::from_millis(50));
            false
        }),
        "{what}"
    );
}

#[test]
fn a_server_is_durable_private_and_restarts() {
    if missing() {
        return;
    }
    let cluster = Cluster::start(&[]).expect("a server");
    let url = cluster.database("one").expect("a database");
    assert_eq!(
        says(
            &url,
            "select current_user, pg_catalog.pg_get_userbyid(datdba) from pg_database where datname = 'one'"
        ),
        "keeper|keeper"
    );
    assert_eq!(
        says(&url, "select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user"),
        "f|f|f"
    );
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        assert_eq!(says(&url, &format!("show {setting}")), "on", "{setting}");
    }
    assert_eq!(says(&url, "select 'a' < 'B'"), "t", "the order of the server is not that of bytes");
    let stranger = url.replace("keeper:", "keeper:x");
    assert!(!psql(&stranger, "select 1").status.success(), "a wrong password");
    says(&url, "create table kept (n int); insert into kept values (1)");
    for how in [Stop::Fast, Stop::Immediate] {
        cluster.restart(how).expect("a restart");
        assert_eq!(says(&url, "select n from kept"), "1");
    }
    cluster.kill().expect("a kill");
    cluster.go_on().expect("a start after a kill");
    assert_eq!(says(&url, "select n from kept"), "1");
    cluster.stop(Stop::Fast).expect("a stop");
    assert!(!psql(&url, "select 1").status.success(), "it is stopped");
}

/// Starts a command under `with-postgres` that prints where the server is and waits.
fn kept_by_another_process() -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_with-postgres"))
        .args(["sh", "-c", "echo $INNKEEPER_ENGINE_URL; exec sleep 60"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("with-postgres");
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut url).expect("an address");
    (child, url.trim().to_owned())
}

/// Where the server with this address keeps its files: the fourth line of its own note names its port.
fn directory_of(url: &str) -> PathBuf {
    let port = url.rsplit(':').next().expect("a port").split('/').next().expect("a port");
    let ours = |path: &PathBuf| {
        let note = std::fs::read_to_string(path.join("data/postmaster.pid")).unwrap_or_default();
        note.lines().nth(3) == Some(port)
    };
    let places = ["/dev/shm".into(), std::env::temp_dir()];
    let entries = places.iter().flat_map(|place| std::fs::read_dir(place).expect("a directory").flatten());
    entries.map(|entry| entry.path()).find(ours).expect("the directory of the server")
}

#[test]
fn a_server_goes_with_the_process_that_started_it_even_if_it_is_killed() {
    if missing() {
        return;
    }
    let (mut child, url) = kept_by_another_process();
    let directory = directory_of(&url);
    child.kill().expect("a kill");
    child.wait().expect("the end");
    eventually("the directory is removed", || !directory.exists());
    assert!(!psql(&url, "select 1").status.success(), "the server is gone");
}

#[test]
fn with_postgres_hands_on_how_its_command_ended() {
    if missing() {
        return;
    }
    let status = Command::new(env!("CARGO_BIN_EXE_with-postgres")).args(["sh", "-c", "exit 7"]).status();
    assert_eq!(status.expect("with-postgres").code(), Some(7));
}

#[test]
fn a_promoted_standby_has_everything_that_was_acknowledged() {
    if missing() {
        return;
    }
    let primary = Cluster::start(&[]).expect("a server");
    primary.database("one").expect("a database");
    let standby = primary.standby().expect("a standby");
    let both = primary.url_of_pair(&standby, "one");
    says(&both, "create table kept (n int); insert into kept select generate_series(1, 1000)");
    primary.kill().expect("a kill");
    standby.promote().expect("a promotion");
    eventually("the other server takes writes", || {
        psql(&both, "insert into kept values (0)").status.success()
    });
    assert_eq!(says(&both, "select count(*) from kept"), "1001");
}

#[test]
fn pgbouncer_stands_before_a_server_and_outlives_its_restart() {
    if missing() {
        return;
    }
    let cluster = Cluster::start(&[]).expect("a server");
    cluster.database("one").expect("a database");
    let bouncer = cluster.bouncer().expect("pgbouncer");
    let url = bouncer.url("one");
    assert_eq!(says(&url, "select current_user"), "keeper");
    cluster.restart(Stop::Immediate).expect("a restart");
    eventually("it finds the server again", || psql(&url, "select 1").status.success());
}

/// Reads many times at once, as a server does.
fn read_often(url: &str) {
    let url = DatabaseUrl::parse(url).expect("an address");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().expect("a runtime");
    let store = Store::connect(&url, identity::digest).expect("a store");
    runtime.block_on(async {
        for _ in 0..20 {
            let reads = (0..8).map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.read_across(|across| across.tenants(None, 10)).await })
            });
            for read in reads.collect::<Vec<_>>() {
                assert_eq!(read.await.expect("a read").expect("an answer"), []);
            }
        }
    });
}

/// Behind a pooler that gives each transaction to whichever connection is free, the name of a statement may mean another.
#[test]
fn statements_are_prepared_before_the_database_itself_and_not_behind_a_pooler() {
    if missing() {
        return;
    }
    let cluster = Cluster::start(&["log_statement = 'all'"]).expect("a server");
    cluster.database("one").expect("a database");
    let bouncer = cluster.bouncer().expect("pgbouncer");
    let named = |url: &str| {
        let before = cluster.log().len();
        read_often(url);
        cluster.log()[before..].matches("LOG:  execute s").count()
    };
    let direct = named(&cluster.url("one"));
    assert!(direct > 100, "only {direct} of 160 reads were prepared");
    assert_eq!(named(&bouncer.url("one")), 0);
}
