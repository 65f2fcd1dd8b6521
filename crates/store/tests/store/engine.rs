use crate::support::{World, at, commit, digest, each, open, record, run, scope, user, uuid};
use model::{Error, ErrorKind, TenantId};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::channel,
    thread,
};
use store::{ChangeSet, DataDir, Decision, Store, UserQuery};

fn open_files(world: &World) -> usize {
    fs::read_dir("/proc/self/fd")
        .map(|entries| {
            entries
                .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
                .filter(|target| target.starts_with(world.home.path()))
                .count()
        })
        .unwrap_or_default()
}

fn count(world: &World, tenant: TenantId) -> i64 {
    world.read(tenant, |reader| reader.count_users(&UserQuery::default()).unwrap())
}

#[test]
fn a_read_that_panics_or_fails_holds_nothing_afterwards() {
    let world = World::new();
    let tenant = world.add_tenant(1);
    count(&world, tenant);
    let before = open_files(&world);
    for _ in 0..20 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            run(world.store.read::<()>(scope(tenant), |reader| {
                reader.tenant()?;
                panic!("a read that panics on purpose")
            }))
        }));
        assert!(panicked.is_err());
        let failed = run(world.store.read::<()>(scope(tenant), |_| Err(Error::not_found("x"))));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert!(open_files(&world) <= before, "connections are left open");
    world
        .apply(tenant, move |changes| {
            changes.insert_user(&user(tenant, 1));
        })
        .unwrap();
    run(world.store.checkpoint()).unwrap();
    let log = fs::metadata(world.data.path().join("innkeeper.db-wal")).unwrap();
    assert_eq!(log.len(), 0, "a snapshot still holds the log");
}

#[test]
fn a_log_that_is_written_to_without_a_pause_stays_bounded() {
    let world = World::new();
    let tenant = world.add_tenant(1);
    let log = world.data.path().join("innkeeper.db-wal");
    let mut longest = 0;
    for n in 0..600 {
        world
            .apply(tenant, move |changes| {
                changes.send(scope(tenant), uuid(n), "bulk", &"x".repeat(1 << 20), at(1));
            })
            .unwrap();
        longest = longest.max(fs::metadata(&log).unwrap().len());
    }
    assert!(longest > 128 << 20, "it was written back too soon for the test: {longest}");
    assert!(longest < 300 << 20, "the log grew to {longest} bytes");
}

#[test]
fn a_read_stands_on_one_snapshot() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let counts = world.read(tenant, |reader| {
            let before = reader.count_users(&UserQuery::default()).unwrap();
            thread::scope(|threads| {
                threads.spawn(|| {
                    world
                        .apply(tenant, move |changes| {
                            changes.insert_user(&user(tenant, 1));
                        })
                        .unwrap()
                });
            });
            (before, reader.count_users(&UserQuery::default()).unwrap())
        });
        assert_eq!(counts, (0, 0));
        assert_eq!(count(world, tenant), 1, "the next read sees what was acknowledged");
    });
}

#[test]
fn a_full_queue_sends_callers_away_and_loses_nobody_who_was_let_in() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let (started, has_started) = channel();
        let (go, wait) = channel::<()>();
        let results = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let store = world.store.clone();
            let blocker = tokio::spawn(async move {
                store
                    .commit(scope(tenant), move |_| {
                        started.send(()).unwrap();
                        wait.recv().unwrap();
                        Decision::done(ChangeSet::new(), ())
                    })
                    .await
            });
            tokio::task::yield_now().await;
            has_started.recv().unwrap();
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..4096 + 100 {
                let store = world.store.clone();
                tasks.spawn(async move {
                    store
                        .commit(scope(tenant), |_| {
                            let mut changes = ChangeSet::new();
                            changes.set_clock_mark(at(1));
                            Decision::done(changes, ())
                        })
                        .await
                });
            }
            // The runtime polls a few dozen tasks at a time; after this each of them has asked for its place.
            for _ in 0..500 {
                tokio::task::yield_now().await;
            }
            go.send(()).unwrap();
            blocker.await.unwrap().unwrap();
            tasks.join_all().await
        });
        let refused: Vec<_> = results.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 100);
        assert!(refused.iter().all(|error| matches!(error.kind(), ErrorKind::Unavailable(1..))));
    });
}

#[test]
fn a_copy_is_private_new_whole_and_one_moment() {
    let world = World::new();
    let tenant = world.add_tenant(1);
    for n in 0..50 {
        world
            .apply(tenant, move |changes| {
                changes.insert_user(&user(tenant, n)).record(record(n, Vec::new()));
            })
            .unwrap();
    }
    let directory = world.home.path().join("copy");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    let file = directory.join("innkeeper.db");
    thread::scope(|threads| {
        threads.spawn(|| {
            for n in 50..150 {
                world
                    .apply(tenant, move |changes| {
                        changes.insert_user(&user(tenant, n)).record(record(n, Vec::new()));
                    })
                    .unwrap();
            }
        });
        world.store.copy_to(&file).unwrap();
    });
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = world.store.copy_to(&file).unwrap_err();
    assert!(again.external().contains("exists already"), "{again:?}");
    let (_data, copy) = open(&directory);
    let (users, report) = run(copy.read(scope(tenant), |reader| {
        Ok((reader.count_users(&UserQuery::default())?, reader.verify_chain(digest)?))
    }))
    .unwrap();
    assert_eq!((report.records, report.broken_at), (users, None));
    assert!(users >= 50);
}

#[test]
fn a_failed_copy_leaves_no_file() {
    let world = World::new();
    let file = world.home.path().join("nowhere").join("copy.db");
    assert!(world.store.copy_to(&file).is_err());
    assert!(!file.exists());
}

#[test]
fn the_lock_is_held_until_the_store_is_gone_and_then_at_once_free() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data");
    for round in 1..20 {
        let (data, store) = open(&path);
        drop(data);
        assert!(DataDir::open(&path).is_err(), "the store is in use in round {round}");
        run(commit(&store, crate::support::tenant_id(round), move |changes| {
            changes.insert_tenant(&crate::support::tenant(round));
        }))
        .unwrap();
        drop(store);
    }
    assert!(!path.join("innkeeper.db-wal").exists(), "the last connection did not close properly");
}

#[test]
fn a_decision_may_own_the_last_handle_of_the_store() {
    let World { store, data, home, .. } = World::new();
    let tenant = crate::support::tenant(1);
    let (started, has_started) = channel::<()>();
    let (done, is_done) = channel();
    let last: Store = store.clone();
    thread::spawn(move || {
        let scope = scope(tenant.id);
        run(async {
            let future = store.commit(scope, move |_| {
                has_started.recv().unwrap();
                let _held = &last;
                let mut changes = ChangeSet::new();
                changes.insert_tenant(&tenant);
                Decision::done(changes, ())
            });
            // The caller goes away while the decision waits.
            let mut future = Box::pin(future);
            std::future::poll_fn(|cx| {
                let _pending = future.as_mut().poll(cx).is_pending();
                std::task::Poll::Ready(())
            })
            .await;
        });
        drop(store);
        started.send(()).unwrap();
        done.send(()).unwrap();
    });
    is_done.recv().unwrap();
    let path = data.path().to_owned();
    drop(data);
    let reopened = (0..500).find_map(|_| {
        thread::sleep(std::time::Duration::from_millis(10));
        DataDir::open(&path).ok()
    });
    let store = Store::open(&reopened.unwrap(), digest).unwrap();
    let tenant = run(store.read(scope(crate::support::tenant_id(1)), |reader| reader.find_tenant())).unwrap();
    assert!(tenant.is_some(), "the commit that nobody waits for stands all the same");
    drop(home);
}
