use crate::support::{Rng, World, at, deleted, digest, each, object, record, slot, user, uuid};
use model::{TenantId, audit::Activity};
use rusqlite::{Connection, params};
use store::{AuditQuery, Tombstone};

const RECORDS: usize = 12;

/// A chain of twelve records; all but every third carry detail of one person, every fourth of two.
fn chain(world: &World) -> TenantId {
    let tenant = world.add_tenant(1);
    for n in 1..=12u128 {
        let mut personal = Vec::new();
        if !n.is_multiple_of(3) {
            personal.push(slot(object(n), &format!("Person {n}")));
        }
        if n.is_multiple_of(4) {
            personal.push(slot(object(100), "Somebody"));
        }
        world
            .apply(tenant, move |changes| {
                changes.record(record(n, personal.clone()));
            })
            .unwrap();
    }
    tenant
}

fn broken_at(world: &World, tenant: TenantId) -> Option<i64> {
    world.read(tenant, |reader| reader.verify_chain(digest).unwrap().broken_at.map(|(sequence, _)| sequence))
}

fn one<T: rusqlite::types::FromSql>(raw: &Connection, sql: &str, sequence: i64) -> T {
    raw.query_row(sql, [sequence], |row| row.get(0)).unwrap()
}

/// Another text of the same length: one character replaced.
fn edited(text: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let place = rng.below(chars.len());
    let new = ['0', '1', 'x', '"', ' '][rng.below(5)];
    chars[place] = if chars[place] == new { '7' } else { new };
    chars.into_iter().collect()
}

fn rehash(body: &str, link: &str) -> String {
    let mut bytes = Vec::new();
    for part in [body, link] {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    hex::encode(digest(&bytes))
}

/// Tampers once, in a random way; returns what it did and the first sequence number that cannot hold any more.
fn tamper(raw: &Connection, rng: &mut Rng) -> (String, i64) {
    let kind = rng.below(16);
    if kind < 10 { tamper_records(raw, rng, kind) } else { tamper_beside(raw, rng, kind) }
}

/// In the chain itself.
fn tamper_records(raw: &Connection, rng: &mut Rng, kind: usize) -> (String, i64) {
    let last = i64::try_from(RECORDS).unwrap();
    let k = i64::try_from(rng.below(RECORDS)).unwrap() + 1;
    let run = |sql: &str, k: i64| assert!(raw.execute(sql, [k]).unwrap() > 0, "{sql}");
    match kind {
        kind @ (0..=2) => {
            let column = ["body", "hash", "id"][kind];
            let text = edited(
                &one::<String>(raw, &format!("select {column} from audit where sequence = ?1"), k),
                rng,
            );
            raw.execute(&format!("update audit set {column} = ?2 where sequence = ?1"), params![k, text])
                .unwrap();
            (format!("edit {column} of {k}"), k)
        }
        3 => {
            run("update audit set at = at + 1 where sequence = ?1", k);
            (format!("move {k} in time"), k)
        }
        4 => {
            run("update audit set activity = 'Leave organization' where sequence = ?1", k);
            (format!("rename the activity of {k}"), k)
        }
        5 => {
            run("delete from audit where sequence = ?1", k);
            (format!("delete {k}"), k)
        }
        6 => {
            run("delete from audit where sequence >= ?1", k);
            (format!("truncate from {k}"), k)
        }
        7 => {
            let other = k % last + 1;
            raw.execute("update audit set sequence = 99 where sequence = ?1", [k]).unwrap();
            raw.execute("update audit set sequence = ?1 where sequence = ?2", [k, other]).unwrap();
            raw.execute("update audit set sequence = ?1 where sequence = 99", [other]).unwrap();
            (format!("swap {k} and {other}"), k.min(other))
        }
        8 => {
            let body: String = one(raw, "select body from audit where sequence = ?1", k);
            let body = body.replace("\"success\":true", "\"success\":false");
            let zeros = "0".repeat(64);
            let link =
                if k == 1 { zeros } else { one(raw, "select hash from audit where sequence = ?1", k - 1) };
            let hash = rehash(&body, &link);
            raw.execute("update audit set body = ?2, hash = ?3 where sequence = ?1", params![k, body, hash])
                .unwrap();
            (format!("change and hash {k} anew"), k + 1)
        }
        _ => {
            let place = [0, -3, last + 1][rng.below(3)];
            raw.execute(
                "insert into audit select tenant_id, ?2, 'x', at, activity, body, hash from audit where sequence = ?1",
                [k, place],
            )
            .unwrap();
            (format!("insert at {place}"), if place > last { place } else { 1 })
        }
    }
}

/// In the personal detail or the head.
fn tamper_beside(raw: &Connection, rng: &mut Rng, kind: usize) -> (String, i64) {
    let last = i64::try_from(RECORDS).unwrap();
    let k = i64::try_from(rng.below(RECORDS)).unwrap() + 1;
    let with_slot = [1, 2, 4, 5, 7, 8, 10, 11][rng.below(8)];
    match kind {
        kind @ (10 | 11) => {
            let column = ["salt", "fields"][kind - 10];
            let sql = format!(
                "select {column} from audit_personal where sequence = ?1 order by subject_id limit 1"
            );
            let old: String = one(raw, &sql, with_slot);
            let text = edited(&old, rng);
            let sql =
                format!("update audit_personal set {column} = ?2 where sequence = ?1 and {column} = ?3");
            raw.execute(&sql, params![with_slot, text, old]).unwrap();
            (format!("edit {column} of the detail of {with_slot}"), with_slot)
        }
        12 => {
            assert!(raw.execute("delete from audit_personal where sequence = ?1", [with_slot]).unwrap() > 0);
            (format!("delete the detail of {with_slot}"), with_slot)
        }
        13 => {
            raw.execute(
                "insert into audit_personal select tenant_id, sequence, 'stranger', '00', '{}' from audit where sequence = ?1",
                [k],
            )
            .unwrap();
            (format!("add detail to {k}"), k)
        }
        14 => {
            raw.execute_batch("update audit_heads set sequence = sequence - 1").unwrap();
            ("move the head".to_owned(), last + 1)
        }
        _ => {
            raw.execute_batch(["delete from audit_heads", "update audit_heads set hash = 'x'"][rng.below(2)])
                .unwrap();
            ("spoil the head".to_owned(), last + 1)
        }
    }
}

#[test]
fn every_tampering_is_found_at_the_first_record_that_cannot_hold() {
    let world = World::new();
    let tenant = chain(&world);
    assert_eq!(broken_at(&world, tenant), None);
    let raw = world.raw();
    let tables = ["audit_personal", "audit", "audit_heads"];
    for table in tables {
        raw.execute_batch(&format!("create temp table kept_{table} as select * from {table}")).unwrap();
    }
    let mut rng = Rng(0x1dea);
    for round in 0..600 {
        raw.execute_batch("begin immediate").unwrap();
        let (what, first) = tamper(&raw, &mut rng);
        raw.execute_batch("commit").unwrap();
        assert_eq!(broken_at(&world, tenant), Some(first), "round {round}: {what}");
        for table in tables {
            let restore = format!("delete from {table}; insert into {table} select * from kept_{table}");
            raw.execute_batch(&restore).unwrap();
        }
    }
    assert_eq!(broken_at(&world, tenant), None, "the rounds did not put back what they took");
}

#[test]
fn detail_of_a_stranger_in_place_of_a_purged_person_is_found() {
    let world = World::new();
    let tenant = chain(&world);
    let ana = crate::support::deleted(&user(tenant, 1));
    let tombstone = Tombstone { by_hand: true, ..crate::support::tombstone(&ana) };
    world
        .apply(tenant, move |changes| {
            changes.insert_user(&ana).purge(&ana, &tombstone, &[]);
        })
        .unwrap();
    assert_eq!(broken_at(&world, tenant), None, "purging breaks no chain");
    let kept = world.read(tenant, |reader| reader.audit_record(uuid(1)).unwrap().unwrap());
    assert!(kept.record.personal.is_empty(), "the detail of the person is gone");
    let other = world.read(tenant, |reader| reader.audit_record(uuid(2)).unwrap().unwrap());
    assert_eq!(other.record.personal.len(), 1, "the detail of others stays");
    world
        .raw()
        .execute_batch("insert into audit_personal select tenant_id, sequence, 'stranger', '00', '{}' from audit where sequence = 1")
        .unwrap();
    assert_eq!(broken_at(&world, tenant), Some(1));
}

#[test]
fn equal_details_have_commitments_that_differ_by_their_salts() {
    let world = World::new();
    let tenant = world.add_tenant(1);
    let mut again = slot(object(1), "Ana");
    again.salt = "f".repeat(64);
    world
        .apply(tenant, move |changes| {
            changes.record(record(1, vec![slot(object(1), "Ana")])).record(record(2, vec![again.clone()]));
        })
        .unwrap();
    let raw = world.raw();
    let body = |sequence: i64| one::<String>(&raw, "select body from audit where sequence = ?1", sequence);
    let commitment = |sequence: i64| {
        let body: serde_json::Value = serde_json::from_str(&body(sequence)).unwrap();
        body["personal"][0][1].as_str().unwrap().to_owned()
    };
    assert_ne!(commitment(1), commitment(2));
    assert!(!body(1).contains("Ana") && !body(1).contains(&slot(object(1), "Ana").salt), "{}", body(1));
}

#[test]
fn records_come_newest_first_by_page_and_by_filter() {
    each(|world| {
        let tenant = chain(world);
        let other = world.add_tenant(2);
        world
            .apply(other, |changes| {
                changes.record(record(500, Vec::new()));
            })
            .unwrap();
        let sequences = |query: AuditQuery| -> Vec<i64> {
            world.read(tenant, |reader| {
                reader.audit(&query).unwrap().iter().map(|stored| stored.sequence).collect()
            })
        };
        let all = AuditQuery { limit: 100, ..AuditQuery::default() };
        assert_eq!(sequences(all.clone()), (1..=12).rev().collect::<Vec<_>>());
        let mut paged = Vec::new();
        loop {
            let page =
                sequences(AuditQuery { before: paged.last().copied(), limit: 5, ..AuditQuery::default() });
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, (1..=12).rev().collect::<Vec<_>>());
        let activity = Some(Activity::AddUser.wire().0.to_owned());
        assert_eq!(sequences(AuditQuery { activity, ..all.clone() }), [12, 10, 8, 6, 4, 2]);
        assert_eq!(sequences(AuditQuery { from: Some(at(1_003)), to: Some(at(1_005)), ..all }), [5, 4, 3]);
        let stored = world.read(tenant, |reader| reader.audit_record(uuid(4)).unwrap().unwrap());
        let mut written = record(4, vec![slot(object(4), "Person 4"), slot(object(100), "Somebody")]);
        written.personal.sort_by_key(|slot| slot.subject.to_string());
        assert_eq!(stored.record, written, "a record comes back as it was written");
        assert_eq!(world.read(other, |reader| reader.audit_record(uuid(4)).unwrap()), None);
    });
}

#[test]
fn an_unpurged_person_without_detail_breaks_the_chain_even_when_deleted() {
    let world = World::new();
    let tenant = chain(&world);
    let ana = deleted(&user(tenant, 1));
    world
        .apply(tenant, move |changes| {
            changes.insert_user(&ana);
        })
        .unwrap();
    world.raw().execute("delete from audit_personal where subject_id = ?1", [object(1).to_string()]).unwrap();
    assert_eq!(broken_at(&world, tenant), Some(1));
}
