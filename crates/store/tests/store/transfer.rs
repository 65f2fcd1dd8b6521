//! A directory moves between engines whole, or not at all.

use crate::{
    database::{Database, connect, server},
    support::{World, at, deleted, digest, guest, object, record, run, scope, slot, user, uuid},
};
use model::{ErrorKind, authz::Role};
use std::sync::{Arc, Mutex};
use store::{Faults, Progress, Store};

/// Two tenants with a bit of everything, and more rows than travel at once.
fn fill(world: &World) {
    for n in [1, 2] {
        let tenant = world.add_tenant(n);
        world
            .apply(tenant, move |changes| {
                changes.insert_group(scope(tenant), object(70), "Ä\u{10FFFF}", at(1)).set_clock_mark(at(5));
                for n in 1..=700 {
                    let ana = user(tenant, n);
                    changes
                        .insert_user(&ana)
                        .insert_role(&ana, Role::GlobalAdministrator)
                        .set_password(&ana, "hash", at(2))
                        .require_password_change(&ana, n % 2 == 0)
                        .insert_membership(&ana, object(70))
                        .record(record(n, vec![slot(ana.id, "Ana")]));
                }
                let gone = deleted(&guest(tenant, 900, "ana@mail.example"));
                changes
                    .insert_user(&gone)
                    .send(scope(tenant), uuid(5), "kind", "{\"a\":1}", at(3))
                    .record(record(1_001, Vec::new()));
            })
            .unwrap();
    }
}

/// All rows of all tables, as text.
fn dump(world: &World) -> Vec<String> {
    let raw = world.raw();
    let strings = |sql: &str| -> Vec<String> {
        raw.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let mut all = Vec::new();
    for table in strings(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name",
    ) {
        let columns =
            strings(&format!("select name from pragma_table_info('{table}')")).join(") || '|' || quote(");
        all.extend(strings(&format!("select '{table}: ' || quote({columns}) from {table} order by 1")));
    }
    all
}

fn import(target: &Store, source: &Store) -> (model::Result<Vec<(String, i64)>>, Vec<Progress>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let result = run(target.import(source, move |progress| noted.lock().unwrap().push(progress)));
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (result, seen)
}

#[test]
fn a_directory_comes_back_from_a_transfer_as_it_went() {
    let source = World::new();
    fill(&source);
    let expected = dump(&source);
    let back = World::new();
    let (counts, progress) = if server().is_some() {
        let middle = World::on_postgres(Faults::default());
        let (counts, progress) = import(&middle.store, &source.store);
        let there = source.read(crate::support::tenant_id(1), |reader| reader.tenant().unwrap());
        let report = middle.read(there.id, |reader| reader.verify_chain(digest).unwrap());
        assert_eq!((report.records, report.broken_at), (701, None));
        import(&back.store, &middle.store).0.unwrap();
        (counts.unwrap(), progress)
    } else {
        let (counts, progress) = import(&back.store, &source.store);
        (counts.unwrap(), progress)
    };
    assert_eq!(dump(&back), expected);
    let users: Vec<_> = progress.iter().filter(|progress| progress.table == "users").collect();
    assert_eq!(users.iter().map(|progress| progress.rows).collect::<Vec<_>>(), [500, 1000, 1402]);
    assert!(counts.contains(&("users".to_owned(), 1402)) && counts.contains(&("clock_marks".to_owned(), 1)));
}

#[test]
fn a_store_that_holds_something_takes_nothing_over() {
    let source = World::new();
    fill(&source);
    crate::support::each(|target| {
        target.add_tenant(9);
        let before = target.counts();
        let error = import(&target.store, &source.store).0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.external().contains("Choose an empty database"), "{error:?}");
        assert_eq!(target.counts(), before);
    });
}

#[test]
fn only_a_database_on_citus_is_distributed() {
    let embedded = World::new();
    assert!(run(embedded.store.distribute()).unwrap_err().external().contains("Only a database on Citus"));
    if server().is_some() {
        let database = Database::prepared();
        let error = run(connect(&database.url).unwrap().distribute()).unwrap_err();
        assert!(error.external().contains("has no citus extension"), "{error:?}");
    }
}
