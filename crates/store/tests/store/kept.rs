//! Rows that the embedded engine keeps in memory are what the database says, whatever happened to it, and beside whatever is
//! being committed.

use crate::support::{Rng, World, at, commit, object, run, scope, tenant, tenant_id, uuid};
use model::{AppId, ExternalIdentitiesPolicy, Tenant, TenantId, authz::Permission};
use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};
use store::{App, ChangeSet, DataDir, Fault, Faults, GrantKind, Reader, SigningKey};

fn app(n: u128) -> App {
    App {
        id: AppId::from_uuid(uuid(n)),
        object: object(n),
        name: format!("App {n}"),
        public: false,
        redirect_uris: Vec::new(),
        enabled: true,
        created: at(1),
    }
}

/// Everything that may be kept of a tenant, as text.
fn seen(reader: &Reader<'_>) -> String {
    let mut seen = format!("{:?} {:?}", reader.policy().unwrap(), reader.signing_keys().unwrap());
    for n in 0..2 {
        let id = app(n).id;
        let granted =
            [GrantKind::Application, GrantKind::Delegated].map(|kind| reader.grants(id, kind).unwrap());
        let secrets = [at(0), at(50)].map(|now| reader.app_secrets(id, now).unwrap());
        seen += &format!(
            "\n{:?} {granted:?} {secrets:?}",
            reader.app(id).unwrap().map(|app| (app.name, app.enabled))
        );
    }
    seen
}

/// One thing that changes a row which may be kept; some fail, because what they expect is not so.
fn change(changes: &mut ChangeSet, tenant: TenantId, (act, n, step): (usize, u128, i64)) {
    let (scope, app) = (scope(tenant), app(n));
    let grant = (GrantKind::Application, Permission::ALL[n as usize]);
    match act {
        0 => changes.insert_app(scope, &app),
        1 => changes.set_app_enabled(scope, &app, step % 2 == 0),
        2 => changes.insert_grant(scope, &app, grant),
        3 => changes.delete_grant(scope, &app, grant),
        4 => changes.insert_app_secret(scope, &app, uuid(n), &format!("hash {step}"), (at(1), at(step))),
        5 => {
            let key =
                SigningKey { kid: format!("k{n}"), sealed: String::new(), created: at(step), retired: None };
            changes.insert_signing_key(scope, &key)
        }
        6 => changes.retire_signing_key(scope, &format!("k{n}"), at(step)),
        7 => changes.delete_signing_key(scope, &format!("k{n}")),
        _ => changes.update_policy(
            scope,
            &ExternalIdentitiesPolicy {
                allow_leave: n == 0,
                allow_removal: step % 2 == 0,
                version: step % 5 + 2,
            },
        ),
    };
}

/// After any history, failed change sets and broken commits in it, two stores on the same file say the same: the one that has
/// kept what it read all the time, and a second one that has just been opened.
#[test]
fn after_any_history_what_is_kept_is_what_is_stored() {
    let histories = if env::var_os("INNKEEPER_LONG").is_some() { 20 } else { 1 };
    let (mut done, mut failed) = (0, 0);
    for seed in 1..=histories {
        let strikes = AtomicI64::new(0);
        let faults = Faults::new(move |_| match strikes.fetch_add(1, Ordering::Relaxed) % 7 {
            3 => Some(Fault::BeforeCommit),
            5 => Some(Fault::AfterCommit),
            _ => None,
        });
        let world = World::new();
        let broken = World::with(faults);
        for world in [&world, &broken] {
            let tenants = [tenant_id(1), tenant_id(2)];
            for (n, id) in (1..).zip(tenants) {
                while world
                    .apply(id, move |changes| {
                        changes.insert_tenant(&tenant(n));
                    })
                    .is_err()
                {
                    if run(world.store.read(scope(id), |reader| reader.find_tenant())).unwrap().is_some() {
                        break;
                    }
                }
            }
            let mut random = Rng(seed);
            for step in 0..80 {
                let id = tenants[random.below(2)];
                let acts: Vec<_> =
                    (0..=random.below(2)).map(|_| (random.below(9), random.below(2) as u128, step)).collect();
                let applied =
                    world.apply(id, move |changes| acts.iter().for_each(|act| change(changes, id, *act)));
                *(if applied.is_ok() { &mut done } else { &mut failed }) += 1;
                // Of a copy of the file nothing has been kept.
                let copy = world.home.path().join(format!("copy {step}"));
                drop(DataDir::open(&copy).unwrap());
                world.store.copy_to(&copy.join("innkeeper.db")).unwrap();
                let (_held, fresh) = crate::support::open(&copy);
                for id in tenants {
                    let fresh = run(fresh.read(scope(id), |reader| Ok(seen(reader)))).unwrap();
                    assert_eq!(world.read(id, seen), fresh, "seed {seed}, step {step}");
                }
            }
        }
    }
    // Of 160 steps in each history.
    assert!(done > 30 * histories && failed > 10 * histories, "{done} done, {failed} failed");
}

/// The control of these tests: a copy is used at all. Who changes the file behind the server's back is not seen before the
/// server itself changes the table.
#[test]
fn a_copy_is_used_until_the_writer_changes_its_table() {
    let world = World::new();
    let id = world.add_tenant(1);
    let leave = || world.read(id, |reader| reader.policy().unwrap().allow_leave);
    // A commit is answered a moment before its tables are opened; the next one comes behind that.
    world
        .apply(id, |changes| {
            changes.set_clock_mark(at(1));
        })
        .unwrap();
    assert!(leave());
    world.raw().execute("update policies set allow_leave = false", []).unwrap();
    assert!(leave(), "nothing is kept");
    let other = tenant_id(2);
    world
        .apply(other, |changes| {
            changes.insert_tenant(&tenant(2));
        })
        .unwrap();
    assert!(!leave());
}

/// SQLite tells of changes in tables with row numbers only.
#[test]
fn every_table_that_may_be_kept_has_row_numbers() {
    let world = World::new();
    for table in ["policies", "apps", "app_secrets", "app_grants", "signing_keys"] {
        let rows: Result<i64, _> =
            world.raw().query_row(&format!("select count(rowid) from {table}"), [], |row| row.get(0));
        assert_eq!(rows, Ok(0), "{table}");
    }
}

fn versions(n: i64) -> (ExternalIdentitiesPolicy, Tenant) {
    let policy = ExternalIdentitiesPolicy { allow_leave: true, allow_removal: false, version: n };
    (policy, Tenant { version: n, ..tenant(1) })
}

/// Two rows change in every commit, of which one may be kept. No read sees them apart, in whatever order it looks, and none
/// sees less than what was acknowledged before it began.
#[test]
fn a_read_sees_one_moment_and_no_less_than_what_was_acknowledged() {
    let commits = if env::var_os("INNKEEPER_LONG").is_some() { 5_000 } else { 400 };
    let world = World::new();
    let id = world.add_tenant(1);
    let acknowledged = Arc::new(AtomicI64::new(1));
    let readers: Vec<_> = (0..3)
        .map(|number| {
            let (store, acknowledged) = (world.store.clone(), Arc::clone(&acknowledged));
            thread::spawn(move || {
                let (mut reads, mut last) = (0, 0);
                while last <= i64::from(commits) {
                    let least = acknowledged.load(Ordering::SeqCst);
                    let seen = run(store.read(scope(id), |reader| {
                        let policy = || reader.policy().map(|policy| policy.version);
                        let tenant = || reader.tenant().map(|tenant| tenant.version);
                        Ok(match number {
                            0 => vec![policy()?],
                            1 => vec![policy()?, tenant()?, policy()?],
                            _ => vec![tenant()?, policy()?, tenant()?],
                        })
                    }))
                    .unwrap();
                    assert!(seen.iter().all(|version| *version == seen[0]), "{seen:?}");
                    assert!(seen[0] >= least && seen[0] >= last, "{seen:?}, {least} was acknowledged");
                    (reads, last) = (reads + 1, seen[0]);
                }
                reads
            })
        })
        .collect();
    let store = world.store.clone();
    run(async {
        for n in 0..i64::from(commits) {
            let (policy, tenant) = versions(n + 2);
            commit(&store, id, move |changes| {
                changes.update_policy(scope(id), &policy).update_tenant(&tenant);
            })
            .await
            .unwrap();
            acknowledged.store(n + 2, Ordering::SeqCst);
        }
    });
    let reads: Vec<i32> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
    assert!(reads.iter().all(|reads| *reads > 10), "{reads:?}");
}
