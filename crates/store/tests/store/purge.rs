use crate::support::{World, at, deleted, digest, each, guest, object, record, run, scope, slot, user, uuid};
use model::{ErrorKind, RequestId, TenantId, User, authz::Role};
use std::{collections::BTreeMap, fs, path::Path};
use store::{Confirmation, Invitation, SignInKind, Tombstone};

fn tombstone(user: &User) -> Tombstone {
    Tombstone { erased: "{\"user\":1}".to_owned(), ..crate::support::tombstone(user) }
}

/// A person of whom every personal text carries the canary.
fn person(tenant: TenantId, n: u128) -> User {
    let canary = canary(n);
    let mut user = guest(tenant, n, &format!("home.{canary}@mail.example"));
    user.upn = format!("upn.{canary}@x.example");
    user.display_name = format!("Name {canary}");
    user.given_name = Some(format!("given.{canary}"));
    user.surname = Some(format!("family.{canary}"));
    user.mail = Some(format!("mail.{canary}@x.example"));
    user.other_mails = vec![format!("other.{canary}@x.example")];
    user.profile.0.insert(
        "department".to_owned(),
        format!("{canary} ").repeat(1 + usize::try_from(n % 40).unwrap()).into(),
    );
    user
}

/// The same person with a profile of another size, which moves the row about.
fn sized(tenant: TenantId, n: u128, size: u128) -> User {
    let mut user = person(tenant, n);
    let words = canary(n).repeat(1 + usize::try_from(size % 90).unwrap());
    user.profile.0.insert("department".to_owned(), words.into());
    user
}

fn canary(n: u128) -> String {
    format!("canary-{n:04}-z")
}

/// Categories of which `add` writes one row for each person.
const WRITTEN: [&str; 10] = [
    "passwords",
    "roles",
    "groups",
    "confirmations",
    "invitations",
    "sponsors",
    "sponsored",
    "signIns",
    "auditDetails",
    "user",
];

/// The categories of which there is exactly one row.
fn personal(rows: &[(&'static str, i64)]) -> Vec<&'static str> {
    rows.iter().filter(|(_, rows)| *rows == 1).map(|(category, _)| *category).collect()
}

fn add(world: &World, tenant: TenantId, numbers: Vec<u128>) {
    world
        .apply(tenant, move |changes| {
            for n in &numbers {
                let user = person(tenant, *n);
                changes
                    .insert_user(&user)
                    .set_password(&user, &format!("hash.{}", canary(*n)), at(1))
                    .insert_role(&user, Role::GlobalAdministrator)
                    .insert_membership(&user, object(90_000))
                    .insert_sponsor(&user, user.id)
                    .note_sign_in(
                        scope(tenant),
                        user.id,
                        SignInKind::Silent,
                        (at(1), RequestId::from_uuid(uuid(*n))),
                    )
                    .insert_invitation(
                        scope(tenant),
                        &Invitation {
                            id: uuid(*n),
                            user: user.id,
                            generation: 1,
                            handle_hash: format!("handle.{}", canary(*n)),
                            redirect_url: format!("https://x.example/{}", canary(*n)),
                            created: at(1),
                            used: Some(at(2)),
                        },
                    )
                    .insert_confirmation(
                        scope(tenant),
                        &Confirmation {
                            hash: format!("confirmation.{}", canary(*n)),
                            user: user.id,
                            generation: 1,
                            policy_version: 1,
                            session_hash: "session".to_owned(),
                            expires: at(9),
                            used: None,
                        },
                    )
                    .record(record(*n, vec![slot(user.id, &format!("audit.{}", canary(*n)))]));
            }
        })
        .unwrap();
}

fn holds(directory: &Path, canary: &str) -> Vec<String> {
    let finder = canary.as_bytes();
    ["innkeeper.db", "innkeeper.db-wal", "innkeeper.db-shm"]
        .into_iter()
        .filter(|name| {
            let bytes = fs::read(directory.join(name)).unwrap_or_default();
            bytes.windows(finder.len()).any(|window| window == finder)
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_purged_person_is_in_no_byte_of_the_files_and_everybody_else_still_is() {
    let world = World::new();
    let tenant = world.add_tenant(1);
    world
        .apply(tenant, move |changes| {
            changes.insert_group(scope(tenant), object(90_000), "All", at(1));
        })
        .unwrap();
    // Interleaved and in several sizes, so that pages are split, merged and rebuilt around the people who go.
    let numbers: Vec<u128> = (1..=240).collect();
    for chunk in numbers.chunks(16) {
        add(&world, tenant, chunk.to_vec());
    }
    let gone: Vec<u128> = (1..=240).filter(|n| n % 6 == 0).collect();
    let mut people: BTreeMap<u128, User> = numbers.iter().map(|n| (*n, person(tenant, *n))).collect();
    for round in 1..=6 {
        for (n, person) in people.iter_mut().filter(|(n, _)| **n % 5 != round % 5) {
            let before = person.clone();
            *person = User { version: person.version + 1, ..sized(tenant, *n, n * 7 + round * 31) };
            let person = person.clone();
            world
                .apply(tenant, move |changes| {
                    changes.update_user(&before, &person);
                })
                .unwrap();
        }
    }
    run(world.store.checkpoint()).unwrap();
    assert!(!holds(world.data.path(), &canary(6)).is_empty(), "the search finds nothing even before");
    for n in gone.clone() {
        let removed = deleted(&people[&n]);
        let (before, update) = (people[&n].clone(), removed.clone());
        world
            .apply(tenant, move |changes| {
                changes.update_user(&before, &update);
            })
            .unwrap();
        world
            .apply(tenant, move |changes| {
                changes.purge(&removed, &tombstone(&removed), &[]);
            })
            .unwrap();
    }
    run(world.store.checkpoint()).unwrap();
    for n in numbers {
        let found = holds(world.data.path(), &canary(n));
        if gone.contains(&n) {
            assert_eq!(found, Vec::<String>::new(), "{} is still there", canary(n));
            let stone = world.read(tenant, |reader| reader.tombstone(object(n)).unwrap());
            assert_eq!(stone, Some(tombstone(&person(tenant, n))));
            let left = world.read(tenant, |reader| reader.personal_rows(object(n)).unwrap());
            assert!(left.iter().all(|(_, rows)| *rows == 0), "{left:?}");
        } else {
            assert_eq!(found, ["innkeeper.db"]);
            assert_eq!(world.read(tenant, |reader| reader.user(object(n)).unwrap()).as_ref(), people.get(&n));
            let left = world.read(tenant, |reader| reader.personal_rows(object(n)).unwrap());
            assert_eq!(personal(&left), WRITTEN, "{left:?}");
        }
    }
    assert_eq!(world.read(tenant, |reader| reader.verify_chain(digest).unwrap().broken_at), None);
}

#[test]
fn the_id_of_a_purged_person_is_never_used_again() {
    each(|world| {
        let (tenant, other) = (world.add_tenant(1), world.add_tenant(2));
        let ana = deleted(&user(tenant, 1));
        let purged = ana.clone();
        world
            .apply(tenant, move |changes| {
                changes.insert_user(&purged).purge(&purged, &tombstone(&purged), &[]);
            })
            .unwrap();
        let again = world.apply(tenant, move |changes| {
            changes.insert_user(&user(tenant, 1));
        });
        assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
        world
            .apply(other, move |changes| {
                changes.insert_user(&user(other, 1));
            })
            .unwrap();
    });
}

#[test]
fn a_purge_of_a_person_who_was_restored_changes_nothing() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let ana = person(tenant, 1);
        let inserted = ana.clone();
        world
            .apply(tenant, move |changes| {
                changes.insert_group(scope(tenant), object(90_000), "All", at(1));
            })
            .unwrap();
        add(world, tenant, vec![1]);
        let removed = deleted(&inserted);
        let restored = User { version: 3, ..inserted.clone() };
        let first = removed.clone();
        world
            .apply(tenant, move |changes| {
                changes.update_user(&inserted, &first);
            })
            .unwrap();
        let (first, back) = (removed.clone(), restored.clone());
        world
            .apply(tenant, move |changes| {
                changes.update_user(&first, &back);
            })
            .unwrap();
        let purge = world.apply(tenant, move |changes| {
            changes.purge(&removed, &tombstone(&removed), &[]);
        });
        assert_eq!(purge.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(world.read(tenant, |reader| reader.user(ana.id).unwrap()), Some(restored));
        let rows = world.read(tenant, |reader| reader.personal_rows(ana.id).unwrap());
        assert_eq!(personal(&rows), WRITTEN, "{rows:?}");
    });
}

#[test]
fn a_record_of_the_purge_or_after_it_says_nothing_personal() {
    let world = World::new();
    let tenant = world.add_tenant(1);
    let ana = deleted(&user(tenant, 1));
    world
        .apply(tenant, move |changes| {
            changes
                .insert_user(&ana)
                .purge(&ana, &tombstone(&ana), &[])
                .record(record(1, vec![slot(ana.id, &canary(1)), slot(object(2), "Somebody")]));
        })
        .unwrap();
    world
        .apply(tenant, move |changes| {
            changes.record(record(2, vec![slot(object(1), &canary(1))]));
        })
        .unwrap();
    run(world.store.checkpoint()).unwrap();
    assert_eq!(holds(world.data.path(), &canary(1)), Vec::<String>::new());
    let kept = world.read(tenant, |reader| reader.audit_record(uuid(1)).unwrap().unwrap());
    assert_eq!(kept.record.personal, [slot(object(2), "Somebody")]);
    assert_eq!(world.read(tenant, |reader| reader.verify_chain(digest).unwrap().broken_at), None);
}
