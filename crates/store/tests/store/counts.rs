//! What is counted as users come and go is what counting them says, and a page says the same of a user whichever way it is read.

use crate::support::{Rng, World, at, deleted, each, object, scope, tombstone, user};
use model::{Deletion, DeletionCause, InvitationState, TenantId, User, UserType};
use odata::{
    EntityType, Filter, Kind, Operators, Property,
    filter::{Scalar, Value},
};
use std::{collections::BTreeMap, env};
use store::{FieldValue, ListedUser, Page, UserField, UserQuery, UserRow};

static USER: EntityType = EntityType {
    name: "microsoft.graph.user",
    directory: true,
    properties: &[
        Property::new("userType", Kind::String).filter(Operators::ALL),
        Property::new("externalUserState", Kind::String).filter(Operators::ALL),
        Property::new("accountEnabled", Kind::Boolean).filter(Operators::ALL),
    ],
};

/// Filters that the counts can answer.
const FILTERS: [&str; 9] = [
    "userType eq 'Guest'",
    "userType eq 'mEMBER' and accountEnabled eq true",
    "userType ne 'Guest'",
    "userType in ('guest', 'nobody')",
    "externalUserState eq null",
    "externalUserState eq 'pendingacceptance' or accountEnabled ne true",
    "not (externalUserState eq 'Accepted')",
    "userType eq 'nobody'",
    "startswith(externalUserState, 'acc')",
];

fn filters() -> Vec<Filter> {
    FILTERS.iter().map(|text| Filter::parse(text, &USER, true).unwrap()).collect()
}

fn matches(filter: &Filter, user: &User) -> bool {
    filter.matches(&|field| match field.path().as_str() {
        "userType" => Value::Scalar(Scalar::String(user.user_type.as_str().to_owned())),
        "accountEnabled" => Value::Scalar(Scalar::Boolean(user.account_enabled)),
        _ => Value::Scalar(
            user.invitation.map_or(Scalar::Null, |state| Scalar::String(state.as_str().to_owned())),
        ),
    })
}

/// What the tenant should hold.
type People = BTreeMap<u128, User>;

fn all_is_counted(world: &World, tenant: TenantId, people: &People, when: &str) {
    assert_eq!(world.read(tenant, |reader| reader.wrong_user_counts().unwrap()), 0, "{when}");
    for deleted in [false, true] {
        let of = |user: &&User| user.is_deleted() == deleted;
        let query = |filter| UserQuery { deleted, filter, ..UserQuery::default() };
        let counted = |filter| world.read(tenant, |reader| reader.count_users(&query(filter)).unwrap());
        let right = |count: usize| i64::try_from(count).unwrap();
        assert_eq!(counted(None), right(people.values().filter(of).count()), "{when}");
        for filter in &filters() {
            let expected = people.values().filter(of).filter(|user| matches(filter, user)).count();
            assert_eq!(counted(Some(filter)), right(expected), "{when}: {filter:?}");
        }
    }
}

fn kind(random: &mut Rng, user: User) -> User {
    User {
        user_type: if random.below(2) == 0 { UserType::Guest } else { UserType::Member },
        account_enabled: random.below(3) > 0,
        invitation: match random.below(3) {
            0 => None,
            1 => Some(InvitationState::Accepted),
            _ => Some(InvitationState::PendingAcceptance),
        },
        ..user
    }
}

/// What is done, to whom, and what comes of it.
type Act = (char, User, User);

/// One change set of a few changes; what `people` is afterwards if it is committed.
fn step(random: &mut Rng, tenant: TenantId, people: &People) -> (Vec<Act>, People) {
    let (mut acts, mut after) = (Vec::new(), people.clone());
    for _ in 0..=random.below(3) {
        let n = u128::try_from(random.below(12)).unwrap();
        let act = match (after.get(&n).cloned(), random.below(5)) {
            (None, 0) => ('u', user(tenant, n), User { version: 2, ..user(tenant, n) }),
            (None, _) => {
                let new = kind(random, user(tenant, n));
                after.insert(n, new.clone());
                ('i', new.clone(), new)
            }
            // Somebody else was quicker.
            (Some(old), 0) => ('u', old.clone(), kind(random, User { version: old.version + 2, ..old })),
            (Some(old), 1) if old.is_deleted() => {
                after.remove(&n);
                ('p', old.clone(), old)
            }
            (Some(old), choice) => {
                let deletion = match choice {
                    1 | 2 => deleted(&old).deletion,
                    3 => None,
                    _ => old.deletion,
                };
                let mut next = User { deletion, version: old.version + 1, ..old.clone() };
                if random.below(2) == 0 {
                    next = kind(random, next);
                }
                after.insert(n, next.clone());
                ('u', old, next)
            }
        };
        acts.push(act);
    }
    (acts, after)
}

#[test]
fn after_any_history_the_counts_are_what_counting_says() {
    let seeds = if env::var_os("INNKEEPER_LONG").is_some() { 30 } else { 2 };
    each(|world| {
        for seed in 1..=seeds {
            let tenant = world.add_tenant(u128::from(seed));
            let (mut random, mut people, mut failed) = (Rng(seed), People::new(), 0);
            let mut gone = 0;
            for number in 0..60 {
                let (acts, after) = step(&mut random, tenant, &people);
                let purged = acts.iter().any(|(act, ..)| *act == 'p');
                let changes = acts.clone();
                let applied = world.apply(tenant, move |set| {
                    for (act, user, next) in &changes {
                        match act {
                            'i' => set.insert_user(user),
                            'u' => set.update_user(user, next),
                            _ => set.purge(user, &tombstone(user), &[]),
                        };
                    }
                });
                match applied {
                    Ok(()) => (people, gone) = (after, gone + i32::from(purged)),
                    Err(_) => failed += 1,
                }
                all_is_counted(world, tenant, &people, &format!("seed {seed}, step {number}"));
            }
            assert!(world.read(tenant, |reader| reader.has_user_counts().unwrap()), "seed {seed}");
            assert!(failed > 5 && gone > 0, "{failed} failed, {gone} purged");
        }
    });
}

/// A server of an older version changes users and says so in the log of changes, but keeps no counts.
#[test]
fn counts_that_an_older_server_left_behind_are_not_used_and_are_made_anew() {
    let world = World::new();
    let tenant = world.add_tenant(1);
    let mut people = People::new();
    for n in 0..5 {
        let new = user(tenant, n);
        people.insert(n, new.clone());
        world
            .apply(tenant, move |changes| {
                changes.insert_user(&new);
            })
            .unwrap();
    }
    let held = || world.read(tenant, |reader| reader.has_user_counts().unwrap());
    let wrong = || world.read(tenant, |reader| reader.wrong_user_counts().unwrap());
    assert!(held() && wrong() == 0);
    let raw = world.raw();
    let one = [tenant.to_string(), object(3).to_string()];
    raw.execute("update users set user_type = 'Guest' where tenant_id = ?1 and id = ?2", one.clone())
        .unwrap();
    assert!(held() && wrong() == 2, "the check finds counts that are wrong");
    raw.execute("update user_change_heads set place = place + 1 where tenant_id = ?1", [&one[0]]).unwrap();
    people.get_mut(&3).unwrap().user_type = UserType::Guest;
    let guests = |world: &World| {
        let filter = &filters()[0];
        let query = UserQuery { filter: Some(filter), ..UserQuery::default() };
        world.read(tenant, |reader| reader.count_users(&query).unwrap())
    };
    assert!(!held());
    assert_eq!(guests(&world), 1, "counted by looking");
    // Later changes do not make them right.
    let sixth = user(tenant, 6);
    people.insert(6, sixth.clone());
    world
        .apply(tenant, move |changes| {
            changes.insert_user(&sixth);
        })
        .unwrap();
    assert!(!held());
    world
        .apply(tenant, move |changes| {
            changes.count_users_anew(scope(tenant));
        })
        .unwrap();
    assert!(held());
    all_is_counted(&world, tenant, &people, "anew");
}

const FIELDS: [UserField; 14] = [
    UserField::Id,
    UserField::DisplayName,
    UserField::GivenName,
    UserField::Surname,
    UserField::Mail,
    UserField::UserName,
    UserField::UserType,
    UserField::AccountEnabled,
    UserField::Created,
    UserField::Deleted,
    UserField::Invitation,
    UserField::InvitationChanged,
    UserField::OtherMails,
    UserField::Profile,
];

/// In every order, and page by page: the fields of a row are those of the user, and the pages end at the same places.
fn lists_the_same(world: &World, tenant: TenantId, query: &UserQuery<'_>, whole: &Page<User>) {
    let listed = world.read(tenant, |reader| reader.listed_users(query).unwrap());
    let expected: Vec<_> = whole.items.iter().map(ListedUser::of).collect();
    assert_eq!((listed.items, &listed.next), (expected, &whole.next), "{:?}", query.order_by);
}

#[test]
fn rows_of_a_few_fields_say_what_whole_users_say() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let mut random = Rng(9);
        for n in 0..40 {
            let mut one = kind(&mut random, user(tenant, n));
            one.display_name = ["Zoë", "ada", "Ada", "ßeta"][random.below(4)].to_owned();
            one.given_name = (n % 3 == 0).then(|| format!("Given {n}"));
            one.mail = one.mail.filter(|_| n % 4 > 0);
            one.other_mails = if n % 5 == 0 { vec![format!("other{n}@x.example")] } else { Vec::new() };
            one.invitation_changed = (n % 2 == 0).then(|| at(i64::try_from(n).unwrap()));
            if n % 7 == 0 {
                one.profile.0.insert("jobTitle".to_owned(), "Clerk".into());
            }
            one.deletion = (n % 6 == 0).then(|| Deletion {
                at: at(i64::try_from(n).unwrap()),
                purge_after: at(900),
                cause: DeletionCause::Left,
                event: object(5).uuid(),
            });
            world
                .apply(tenant, move |changes| {
                    changes.insert_user(&one);
                })
                .unwrap();
        }
        let guests = &filters()[0];
        for deleted in [false, true] {
            let orders: &[(&str, bool)] = &[
                ("id", false),
                ("displayName", true),
                ("userPrincipalName", false),
                ("createdDateTime", true),
            ];
            for order in orders {
                for filter in [None, Some(guests)] {
                    let mut after = None;
                    loop {
                        let query = UserQuery {
                            deleted,
                            filter,
                            order_by: vec![*order],
                            after,
                            limit: 3,
                            ..UserQuery::default()
                        };
                        let whole = world.read(tenant, |reader| reader.users(&query).unwrap());
                        let rows = world.read(tenant, |reader| reader.user_rows(&query, &FIELDS).unwrap());
                        let expected: Vec<_> =
                            whole.items.iter().map(|user| UserRow::of(user, &FIELDS)).collect();
                        assert_eq!(rows.items, expected, "{order:?}");
                        assert_eq!(rows.next, whole.next, "{order:?}");
                        if !deleted {
                            lists_the_same(world, tenant, &query, &whole);
                        }
                        let name = whole
                            .items
                            .first()
                            .map(|user| FieldValue::Text(user.display_name.as_str().into()));
                        assert_eq!(rows.items.first().map(|row| row.value(1)), name);
                        after = whole.next;
                        if after.is_none() {
                            break;
                        }
                    }
                }
            }
        }
    });
}
