//! What only PostgreSQL has: row security, roles, several servers on one database, connections that break.

use crate::{
    database::{Database, Raw, at_database, connect, connect_with, server},
    support::{World, at, commit, digest, guest, object, record, run, scope, tenant, tenant_id, user, uuid},
};
use model::{Error, ErrorKind, Home, TenantId, User, UserType};
use std::{
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc::channel,
    },
    thread,
    time::Duration,
};
use store::{
    ChangeSet, DatabaseUrl, Decision, Faults, HomeAccountState, MAILBOX_REALM, Options, REFERENCE_TABLES,
    Store, UserQuery,
};

/// A world on PostgreSQL, unless there is no server for it.
fn world() -> Option<World> {
    server().map(|_| World::on_postgres(Faults::default()))
}

fn add_tenant(store: &Store, n: u128) -> TenantId {
    run(commit(store, tenant_id(n), move |changes| {
        changes.insert_tenant(&tenant(n));
    }))
    .unwrap();
    tenant_id(n)
}

fn add_user(store: &Store, tenant: TenantId, n: u128) -> model::Result<()> {
    run(commit(store, tenant, move |changes| {
        changes.insert_user(&user(tenant, n)).record(record(n, Vec::new()));
    }))
}

fn count(store: &Store, tenant: TenantId) -> model::Result<i64> {
    run(store.read(scope(tenant), |reader| reader.count_users(&UserQuery::default())))
}

fn is_unavailable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable(1..))
}

/// The role that a policy is for.
fn role(raw: &Raw, policy: &str) -> String {
    raw.text(&format!(
        "select array_to_string(roles, '') from pg_policies where policyname = '{policy}' limit 1"
    ))
}

/// What is wrong with the row security of a database that holds two tenants with two users each.
fn leaks(raw: &Raw, here: TenantId, there: TenantId) -> Vec<String> {
    let (tenant_role, directory_role) = (role(raw, "tenant_rows"), role(raw, "directory_rows"));
    let mut found = Vec::new();
    let mut see = |what: &str, expected: i64, before: &str| {
        let seen = raw.number(&format!("rollback; begin; {before}; select count(*) from users"));
        if seen != expected {
            found.push(format!("{what} sees {seen} rows and not {expected}"));
        }
    };
    see("the owner", 0, "reset app.tenant");
    see("the tenant's role with nothing set", 0, &format!("set local role {tenant_role}"));
    see("a tenant", 2, &format!("set local role {tenant_role}; set local app.tenant = '{here}'"));
    see("the directory with nothing set", 0, &format!("set local role {directory_role}"));
    see("the directory", 4, &format!("set local role {directory_role}; set local app.tenant = '*'"));
    let mut refused = |what: &str, sql: &str| {
        if raw.run(&format!("begin; {sql}; rollback")).is_ok() {
            found.push(format!("{what} is possible"));
        }
        raw.run("rollback").unwrap();
    };
    let write = |tenant: TenantId| {
        format!("insert into throttles (tenant_id, key, failures, last_at) values ('{tenant}', 'k', 1, 1)")
    };
    refused(
        "writing to another tenant",
        &format!("set local role {tenant_role}; set local app.tenant = '{here}'; {}", write(there)),
    );
    refused("writing for no tenant", &format!("set local role {tenant_role}; {}", write(here)));
    refused(
        "writing as the directory",
        &format!("set local role {directory_role}; set local app.tenant = '*'; {}", write(here)),
    );
    if raw
        .run(&format!(
            "begin; set local role {tenant_role}; set local app.tenant = '{here}'; {}; rollback",
            write(here)
        ))
        .is_err()
    {
        found.push("a tenant cannot write to itself".to_owned());
    }
    raw.run("rollback").unwrap();
    found
}

/// Tables with tenants' rows that are not closed.
fn open_tables(raw: &Raw) -> Vec<String> {
    let reference = REFERENCE_TABLES.map(|table| format!("'{table}'")).join(", ");
    raw.texts(&format!(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' \
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname not in ({reference}) \
         and not (c.relrowsecurity and c.relforcerowsecurity and 2 = (select count(*) from pg_policies p \
         where p.tablename = c.relname and p.policyname in ('tenant_rows', 'directory_rows')))"
    ))
    .unwrap()
}

fn two_tenants(store: &Store) -> (TenantId, TenantId) {
    let tenants = (add_tenant(store, 1), add_tenant(store, 2));
    for n in 1..=2 {
        add_user(store, tenants.0, n).unwrap();
        add_user(store, tenants.1, n).unwrap();
    }
    tenants
}

#[test]
fn rows_are_seen_by_their_tenant_and_by_the_directory_and_by_nobody_else() {
    let Some(world) = world() else { return };
    let (here, there) = two_tenants(&world.store);
    let raw = world.database.as_ref().unwrap().raw();
    assert_eq!(leaks(&raw, here, there), Vec::<String>::new());
    // The check is worth something only if it sees a table that is open.
    raw.run("alter table users no force row level security").unwrap();
    assert!(leaks(&raw, here, there).iter().any(|leak| leak.starts_with("the owner sees 4")));
}

#[test]
fn every_table_of_tenants_is_closed_even_one_that_came_later() {
    let Some(world) = world() else { return };
    let database = world.database.as_ref().unwrap();
    let raw = database.raw();
    assert_eq!(open_tables(&raw), Vec::<String>::new());
    raw.run("create table later (tenant_id text not null, id text not null, primary key (tenant_id, id))")
        .unwrap();
    raw.run("drop policy directory_rows on users; alter table groups disable row level security").unwrap();
    assert_eq!(open_tables(&raw).len(), 3);
    drop(connect(&database.url).unwrap());
    assert_eq!(open_tables(&raw), Vec::<String>::new());
}

#[test]
fn the_roles_of_requests_own_nothing_and_are_bound_by_row_security() {
    let Some(world) = world() else { return };
    let raw = world.database.as_ref().unwrap().raw();
    let tenant_role = role(&raw, "tenant_rows");
    if tenant_role == "pg_database_owner" {
        eprintln!("the user of the database may not make roles: the owner's role is used");
        return;
    }
    let roles = format!("('{tenant_role}', '{}')", role(&raw, "directory_rows"));
    let owned = raw.number(&format!(
        "select (select count(*) from pg_class where pg_get_userbyid(relowner) in {roles}) + \
         (select count(*) from pg_namespace where pg_get_userbyid(nspowner) in {roles}) + \
         (select count(*) from pg_roles where rolname in {roles} and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb))"
    ));
    assert_eq!(owned, 0);
    let denied = raw
        .run(&format!("begin; set local role {tenant_role}; alter table users disable row level security"));
    assert!(denied.is_err());
}

#[test]
fn an_ordinary_user_who_owns_the_database_is_enough() {
    let Some(server) = server() else { return };
    let admin = Raw::connect(server);
    let (user, name) = (
        format!("innkeeper_test_{}", std::process::id()),
        format!("innkeeper_test_{}_own", std::process::id()),
    );
    let made =
        admin.run(&format!("create role {user} login nosuperuser nocreaterole nocreatedb password 'own'"));
    let url = if made.is_ok() {
        admin.run(&format!("grant {user} to current_user")).unwrap();
        admin.run(&format!("create database {name} owner {user}")).unwrap();
        let (scheme, rest) = server.split_once("://").unwrap();
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        at_database(&format!("{scheme}://{user}:own@{host}"), &name)
    } else {
        // Then the user of the server is such a one.
        admin.run(&format!("create database {name}")).unwrap();
        at_database(server, &name)
    };
    let store = connect(&url).unwrap();
    let (here, there) = two_tenants(&store);
    let raw = Raw::connect(&url);
    assert_eq!(role(&raw, "tenant_rows"), "pg_database_owner");
    assert_eq!(leaks(&raw, here, there), Vec::<String>::new());
    assert_eq!(open_tables(&raw), Vec::<String>::new());
    assert_eq!(run(store.read_across(|across| across.tenants(None, 9))).unwrap().len(), 2);
    drop((store, raw));
    admin.run(&format!("drop database {name} with (force)")).unwrap();
    if made.is_ok() {
        admin.run(&format!("drop role {user}")).unwrap();
    }
}

#[test]
fn servers_that_start_at_the_same_moment_migrate_once() {
    if server().is_none() {
        return;
    }
    for _ in 0..3 {
        let database = Database::empty();
        let start = Barrier::new(4);
        let stores: Vec<_> = thread::scope(|threads| {
            let connecting: Vec<_> = (0..4)
                .map(|_| {
                    threads.spawn(|| {
                        start.wait();
                        connect(&database.url)
                    })
                })
                .collect();
            connecting.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (n, store) in (1..).zip(stores) {
            add_tenant(&store.unwrap(), n);
        }
        assert_eq!(
            database.raw().number("select count(*) from schema_lease"),
            0,
            "the lease was not given back"
        );
    }
}

const LEASE: &str = "create table schema_lease (name text not null primary key, holder text not null, until bigint not null); \
     insert into schema_lease (name, holder, until) values ('schema', 'somebody', (extract(epoch from clock_timestamp()) * 1000000)::bigint";

#[test]
fn a_server_that_died_while_migrating_is_replaced_and_one_that_lives_is_waited_for() {
    if server().is_none() {
        return;
    }
    let database = Database::empty();
    database.raw().run(&format!("{LEASE} - 1)")).unwrap();
    connect(&database.url).unwrap();

    let database = Database::empty();
    let raw = database.raw();
    raw.run(&format!("{LEASE} + 600000000)")).unwrap();
    let (done, is_done) = channel();
    thread::scope(|threads| {
        threads.spawn(|| done.send(connect(&database.url).map(drop)).unwrap());
        assert!(is_done.recv_timeout(Duration::from_millis(500)).is_err(), "it did not wait");
        assert_eq!(raw.number("select count(*) from pg_class where relname = 'users'"), 0);
        raw.run("update schema_lease set until = 0").unwrap();
        is_done.recv_timeout(Duration::from_secs(30)).unwrap().unwrap();
    });
}

#[test]
fn a_newer_schema_and_a_changed_step_are_refused() {
    if server().is_none() {
        return;
    }
    for (change, text) in [
        (
            "insert into schema_migrations (name, checksum) values ('9999_later', 'x')",
            "written by a newer innkeeper",
        ),
        ("update schema_migrations set checksum = 'x'", "made by another build of innkeeper"),
    ] {
        let database = Database::prepared();
        database.raw().run(change).unwrap();
        let error = connect(&database.url).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.external().contains(text), "{error:?}");
    }
}

/// Two servers write to one tenant at once; returns what went wrong.
fn contend(database: &Database, each: u128) -> Vec<String> {
    let stores = [connect(&database.url).unwrap(), connect(&database.url).unwrap()];
    let here = add_tenant(&stores[0], 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let results = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..each * 2 {
            let store = stores[usize::try_from(n % 2).unwrap()].clone();
            tasks.spawn(async move {
                store
                    .commit(scope(here), move |reader| {
                        let users = reader.count_users(&UserQuery::default())?;
                        let tenant = reader.tenant()?;
                        let mut changes = ChangeSet::new();
                        changes
                            .insert_user(&user(here, n))
                            .update_tenant(&model::Tenant { version: tenant.version + 1, ..tenant })
                            .record(record(n, Vec::new()));
                        Decision::done(changes, users)
                    })
                    .await
            });
        }
        tasks.join_all().await
    });
    let mut wrong: Vec<String> =
        results.iter().filter_map(|result| result.as_ref().err()).map(|error| format!("{error:?}")).collect();
    let mut seen: Vec<i64> = results.into_iter().flatten().collect();
    seen.sort_unstable();
    if seen != (0..i64::try_from(seen.len()).unwrap()).collect::<Vec<_>>() {
        wrong.push(format!("two decisions saw the same state: {seen:?}"));
    }
    let report = run(stores[0].read(scope(here), |reader| reader.verify_chain(digest))).unwrap();
    if report.broken_at.is_some() || report.records != i64::try_from(seen.len()).unwrap() {
        wrong.push(format!("{report:?}"));
    }
    wrong
}

#[test]
fn commits_of_one_tenant_take_turns_between_servers() {
    if server().is_some() {
        assert_eq!(contend(&Database::prepared(), 40), Vec::<String>::new());
    }
}

/// Going back to a savepoint lets go of what was locked behind it.
#[test]
fn a_change_set_that_is_taken_back_keeps_the_turn_of_its_tenant_for_its_neighbours() {
    if server().is_none() {
        return;
    }
    let database = Database::prepared();
    let [one, two] = [(), ()].map(|()| connect(&database.url).unwrap());
    let here = add_tenant(&one, 1);
    add_user(&one, here, 1).unwrap();
    let (inside, is_inside) = channel();
    let (go, wait) = channel();
    let wait = Mutex::new(wait);
    let meet = Arc::new(move || {
        inside.send(()).unwrap();
        wait.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
    });
    let decisions: Vec<_> = [false, true]
        .into_iter()
        .map(|good| {
            let meet = Arc::clone(&meet);
            let decide = move |reader: &store::Reader<'_>| {
                let mut changes = ChangeSet::new();
                if good {
                    reader.policy()?;
                    meet();
                } else {
                    changes.insert_user(&User { id: object(9), ..user(here, 1) });
                }
                Decision::done(changes, ())
            };
            (scope(here), decide)
        })
        .collect();
    thread::scope(|threads| {
        // Until the two are waiting, who then share a transaction.
        let earlier = threads.spawn(|| {
            run(commit(&one, here, |_| thread::sleep(Duration::from_millis(300)))).unwrap();
        });
        thread::sleep(Duration::from_millis(100));
        let first = threads.spawn(|| run(one.commit_each(decisions)));
        is_inside.recv_timeout(Duration::from_secs(20)).unwrap();
        let second = threads.spawn(|| add_user(&two, here, 2));
        thread::sleep(Duration::from_millis(300));
        assert!(!second.is_finished(), "two servers decide for one tenant at the same time");
        go.send(()).unwrap();
        let ended: Vec<_> = first.join().unwrap().into_iter().map(|done| done.is_ok()).collect();
        assert_eq!(ended, [false, true]);
        earlier.join().unwrap();
        second.join().unwrap().unwrap();
    });
}

#[test]
fn a_database_that_is_serializable_by_default_works_by_trying_again() {
    if server().is_none() {
        return;
    }
    let database = Database::prepared();
    database
        .raw()
        .run(&format!(
            "alter database {} set default_transaction_isolation = 'serializable'",
            database.name()
        ))
        .unwrap();
    assert_eq!(contend(&database, 40), Vec::<String>::new());
}

#[test]
fn a_decision_whose_guard_failed_is_taken_anew_and_at_most_eight_times() {
    let Some(world) = world() else { return };
    let here = world.add_tenant(1);
    let stale = |fails: u32| {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let result = run(world.store.commit(scope(here), move |reader| {
            let mut policy = reader.policy()?;
            if counted.fetch_add(1, Ordering::SeqCst) < fails {
                policy.version += 1;
            }
            let mut changes = ChangeSet::new();
            changes.guard_policy(scope(here), &policy);
            Decision::done(changes, ())
        }));
        (result.map_err(|error| error.kind()), runs.load(Ordering::SeqCst))
    };
    assert_eq!(stale(2), (Ok(()), 3));
    assert_eq!(stale(u32::MAX), (Err(ErrorKind::Conflict), 8));
}

const TERMINATE: &str = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";

/// Breaks every connection to the database, from anywhere.
fn terminate(url: &str) {
    thread::scope(|threads| {
        threads.spawn(|| Raw::connect(url).texts(TERMINATE).unwrap());
    });
}

#[test]
fn a_broken_connection_is_told_as_unavailable_and_mends_itself() {
    let Some(world) = world() else { return };
    let here = world.add_tenant(1);
    let url = world.database.as_ref().unwrap().url.clone();
    let raw = Raw::connect(&url);
    for n in 0..5 {
        raw.texts(TERMINATE).unwrap();
        let results: Vec<_> = (0..20u128).map(|k| add_user(&world.store, here, n * 100 + k)).collect();
        assert!(results.iter().filter_map(|result| result.as_ref().err()).all(is_unavailable), "{results:?}");
        assert!(results.last().unwrap().is_ok(), "it does not recover: {results:?}");
    }
    // In the middle of a decision and of a read, where the connection is lost for certain.
    let victim = url.clone();
    let result = run(world.store.commit(scope(here), move |reader| {
        reader.tenant()?;
        terminate(&victim);
        let mut changes = ChangeSet::new();
        changes.insert_user(&user(here, 9_000));
        Decision::done(changes, ())
    }));
    assert!(is_unavailable(&result.unwrap_err()));
    let result = run(world.store.read(scope(here), |reader| {
        reader.tenant()?;
        terminate(&url);
        reader.tenant()
    }));
    assert!(is_unavailable(&result.unwrap_err()));
    assert!(add_user(&world.store, here, 9_001).is_ok(), "a lost connection takes the idle ones with it");
    assert_eq!(run(world.store.read(scope(here), |reader| reader.user(object(9_000)))).unwrap(), None);
}

#[test]
fn a_server_that_takes_no_writes_is_told_as_unavailable() {
    let Some(world) = world() else { return };
    let here = world.add_tenant(1);
    let database = world.database.as_ref().unwrap();
    let read_only = |value: &str| {
        let raw = database.raw();
        raw.run(&format!("alter database {} set default_transaction_read_only = {value}", database.name()))
            .unwrap();
        raw.texts(TERMINATE).unwrap();
    };
    read_only("on");
    let results: Vec<_> = (0..4).map(|n| add_user(&world.store, here, n)).collect();
    assert!(results.iter().all(|result| is_unavailable(result.as_ref().unwrap_err())), "{results:?}");
    assert_eq!(connect(&database.url).err().map(|error| is_unavailable(&error)), Some(true));
    // The setting keeps its own change away, too.
    let raw = database.raw();
    raw.run("set default_transaction_read_only = off").unwrap();
    raw.run(&format!("alter database {} reset default_transaction_read_only", database.name())).unwrap();
    let recovered = (0..10).find(|n| add_user(&world.store, here, 10 + n).is_ok());
    assert!(recovered.is_some());
}

#[test]
fn who_waits_too_long_for_a_connection_is_told_to_come_back() {
    if server().is_none() {
        return;
    }
    let database = Database::prepared();
    let options = Options { connections: 1, patience: Duration::from_millis(100), ..Options::default() };
    let store = connect_with(&database.url, options).unwrap();
    let here = add_tenant(&store, 1);
    let (held, is_held) = channel();
    let (go, wait) = channel::<()>();
    let shared = &store;
    thread::scope(|threads| {
        threads.spawn(move || {
            run(shared.read(scope(here), |reader| {
                reader.tenant()?;
                held.send(()).unwrap();
                wait.recv().unwrap();
                reader.tenant()
            }))
            .unwrap()
        });
        is_held.recv().unwrap();
        assert!(is_unavailable(&count(&store, here).unwrap_err()));
        assert!(is_unavailable(&add_user(&store, here, 1).unwrap_err()));
        go.send(()).unwrap();
    });
    assert_eq!(count(&store, here).unwrap(), 0);
    assert!(add_user(&store, here, 1).is_ok());
}

#[test]
fn a_read_that_panics_or_fails_gives_its_connection_back() {
    if server().is_none() {
        return;
    }
    let database = Database::prepared();
    let options = Options { connections: 2, patience: Duration::from_millis(100), ..Options::default() };
    let store = connect_with(&database.url, options).unwrap();
    let here = add_tenant(&store, 1);
    for _ in 0..20 {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            run(store.read::<()>(scope(here), |reader| {
                reader.tenant()?;
                panic!("a read that panics on purpose")
            }))
        }));
        assert!(panicked.is_err());
        let failed = run(store.read::<()>(scope(here), |_| Err(Error::not_found("x"))));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(count(&store, here).unwrap(), 0);
    let busy =
        "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'";
    // Nobody waits for the end of a transaction that only read.
    let raw = database.raw();
    let ended = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        raw.number(busy) == 0
    });
    assert!(ended, "a transaction is left open");
}

#[test]
fn servers_with_different_master_keys_do_not_share_a_database() {
    let Some(world) = world() else { return };
    let other = connect(&world.database.as_ref().unwrap().url).unwrap();
    run(world.store.agree_on_master_key("one")).unwrap();
    run(other.agree_on_master_key("one")).unwrap();
    let error = run(other.agree_on_master_key("two")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.external().contains("Copy master.key"), "{error:?}");
}

#[test]
fn what_cannot_be_reached_says_so_and_never_the_password() {
    let Some(server) = server() else { return };
    let unreachable = connect("postgres://ana:geheim@127.0.0.1:1/x").err().unwrap();
    assert!(is_unavailable(&unreachable), "{unreachable:?}");
    let missing = connect(&at_database(server, "there_is_no_such_database")).err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::Conflict);
    assert!(missing.external().contains("no such database"), "{missing:?}");
    for error in [unreachable, missing] {
        assert!(!format!("{error:?}").contains("geheim"), "{error:?}");
    }
}

/// A guest here of a member there, decided beside a deletion at home.
#[test]
fn a_home_account_that_is_deleted_during_the_decision_is_not_acted_on() {
    let Some(world) = world() else { return };
    let (here, there) = (world.add_tenant(1), world.add_tenant(2));
    let home = user(there, 7);
    let stored = home.clone();
    world
        .apply(there, move |changes| {
            changes.insert_user(&stored);
        })
        .unwrap();
    let guest = User {
        user_type: UserType::Guest,
        home: Home::Tenant { tenant: there, object: home.id },
        ..guest(here, 1, "x")
    };
    let store = world.store.clone();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let gone = crate::support::deleted(&home);
    let result = run(world.store.commit(scope(here), move |reader| {
        let state = reader.across().home_account(there, object(7))?;
        if state != HomeAccountState::Enabled {
            return Err(Error::new(ErrorKind::Forbidden, "gone"));
        }
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            let (store, home, gone) = (store.clone(), home.clone(), gone.clone());
            thread::spawn(move || {
                run(commit(&store, there, move |changes| {
                    changes.update_user(&home, &gone);
                }))
            })
            .join()
            .unwrap()?;
        }
        let mut changes = ChangeSet::new();
        changes.insert_user(&guest).guard_home_account(there, object(7));
        Decision::done(changes, ())
    }));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(runs.load(Ordering::SeqCst), 1, "the second decision saw the deletion");
    assert_eq!(count(&world.store, here).unwrap(), 0);
}

#[test]
fn a_database_url_is_refused_with_the_reason_and_without_the_password() {
    for (url, why) in [
        ("mysql://a:geheim@b/c", "does not begin with postgres://"),
        ("postgres://ana:geheim@/c", "names no host"),
        ("postgres://host/c", "names no user"),
        ("postgres://ana:geheim@host/c?sslmode=perhaps", "sslmode"),
        ("postgres://ana:geheim@host/c?sslrootcert=%zz", "hexadecimal"),
    ] {
        let error = DatabaseUrl::parse(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRequest, "{url}");
        assert!(error.external().contains(why), "{url}: {error:?}");
        assert!(!format!("{error:?}").contains("geheim"), "{error:?}");
    }
    let url = DatabaseUrl::parse("postgresql://ana:geheim@a:5433,b/inn?sslmode=verify-full&sslrootcert=/x")
        .unwrap();
    assert_eq!(url.to_string(), "postgres://ana@a:5433,b:5432/inn");
    assert!(!format!("{url:?}").contains("geheim"));
    let error = Store::connect(&url, digest).err().unwrap();
    assert!(error.external().contains("/x (sslrootcert"), "{error:?}");
}

/// What people without a tenant do has no chain to lock.
#[test]
fn wrong_guesses_at_several_servers_are_all_counted() {
    let Some(world) = world() else { return };
    let other = connect(&world.database.as_ref().unwrap().url).unwrap();
    let realm = scope(MAILBOX_REALM);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let results = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..60 {
            let store = if n % 2 == 0 { world.store.clone() } else { other.clone() };
            tasks.spawn(async move {
                store
                    .commit(realm, move |reader| {
                        let before = reader.throttle("a@b")?.map_or(0, |throttle| throttle.failures);
                        let mut changes = ChangeSet::new();
                        changes.set_throttle(realm, "a@b", before + 1, at(1));
                        Decision::done(changes, ())
                    })
                    .await
            });
        }
        tasks.join_all().await
    });
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let counted = run(world.store.read(realm, |reader| reader.throttle("a@b"))).unwrap().unwrap();
    assert_eq!(counted.failures, 60);
}

#[test]
fn a_change_set_that_an_answer_was_given_for_is_in_the_order_of_its_commit() {
    let Some(world) = world() else { return };
    let here = world.add_tenant(1);
    let other = connect(&world.database.as_ref().unwrap().url).unwrap();
    for n in (0..20u128).step_by(2) {
        add_user(&world.store, here, n).unwrap();
        add_user(&other, here, n + 1).unwrap();
    }
    let sequences: Vec<i64> = (0..20)
        .map(|n| world.read(here, |reader| reader.audit_record(uuid(n)).unwrap().unwrap().sequence))
        .collect();
    assert_eq!(sequences, (1..=20).collect::<Vec<_>>());
}
