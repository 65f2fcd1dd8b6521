use crate::support::{World, at, cases, deleted, object, run, scope, tenant, tombstone, user};
use model::{Deletion, DeletionCause, InvitationState, TenantId, User, UserType};
use odata::{
    EntityType, Field, Filter, Kind, Operators, Options, Property, Query, Search, Sortable,
    filter::{Scalar, Value, fold},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};
use store::{ChangeSet, Decision, UserQuery};

const fn free(name: &'static str, kind: Kind) -> Property {
    Property::new(name, kind).filter(Operators::ALL).sort(Sortable::Yes).searchable()
}

static USER: EntityType = EntityType {
    name: "microsoft.graph.user",
    directory: true,
    properties: &[
        free("id", Kind::String),
        free("displayName", Kind::String),
        free("userPrincipalName", Kind::String),
        free("mail", Kind::String),
        free("userType", Kind::String),
        free("externalUserState", Kind::String),
        free("accountEnabled", Kind::Boolean),
        free("createdDateTime", Kind::DateTime),
        free("deletedDateTime", Kind::DateTime),
        free("externalUserStateChangeDateTime", Kind::DateTime),
    ],
};

/// One store for all cases; each case has a tenant of its own, so that the others are noise that must not show.
static WORLD: LazyLock<World> = LazyLock::new(World::new);
static NEXT: AtomicU32 = AtomicU32::new(1);

fn fresh(users: &[Draft]) -> (TenantId, Vec<User>) {
    let n = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    let tenant = tenant(n);
    let users: Vec<User> = (0..).zip(users).map(|(at, draft)| draft.user(tenant.id, at)).collect();
    let rows = users.clone();
    let id = tenant.id;
    WORLD
        .apply(id, move |changes| {
            changes.insert_tenant(&tenant);
            rows.iter().for_each(|user| {
                changes.insert_user(user);
            });
        })
        .unwrap();
    (id, users)
}

/// Letters whose case has surprises, what LIKE treats specially, and the ends of the code space.
fn text() -> impl Strategy<Value = String> {
    let pool = "aAbBzßẞİıΣσςKé%_\\ '\u{D7FF}\u{E000}\u{FFFD}\u{10FFFF}";
    vec(select(pool.chars().collect::<Vec<_>>()), 0..5).prop_map(|chars| chars.into_iter().collect())
}

#[derive(Clone, Debug)]
struct Draft {
    name: String,
    upn: String,
    mail: Option<String>,
    guest: bool,
    enabled: bool,
    invitation: Option<(bool, i64)>,
    created: i64,
    deleted: Option<i64>,
}

fn draft() -> impl Strategy<Value = Draft> {
    let invitation = option::of((any::<bool>(), 0..4i64));
    (
        text(),
        text(),
        option::of(text()),
        any::<bool>(),
        any::<bool>(),
        invitation,
        0..4i64,
        option::of(0..4i64),
    )
        .prop_map(|(name, upn, mail, guest, enabled, invitation, created, deleted)| Draft {
            name,
            upn,
            mail,
            guest,
            enabled,
            invitation,
            created,
            deleted,
        })
}

impl Draft {
    fn user(&self, tenant: TenantId, n: u128) -> User {
        User {
            user_type: if self.guest { UserType::Guest } else { UserType::Member },
            // Addresses come without blanks around them.
            upn: format!("{}{n}@x", self.upn.trim()),
            display_name: self.name.clone(),
            mail: self.mail.as_deref().map(|mail| mail.trim().to_owned()),
            account_enabled: self.enabled,
            invitation: self.invitation.map(|(accepted, _)| match accepted {
                true => InvitationState::Accepted,
                false => InvitationState::PendingAcceptance,
            }),
            invitation_changed: self.invitation.map(|(_, changed)| at(changed)),
            created: at(self.created),
            deletion: self.deleted.map(|seconds| Deletion {
                at: at(seconds),
                purge_after: at(seconds + 9),
                cause: DeletionCause::Left,
                event: object(5).uuid(),
            }),
            ..user(tenant, n)
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn literal() -> impl Strategy<Value = String> {
    let words = select(vec!["guest", "MEMBER", "Accepted", "pendingACCEPTANCE"]).prop_map(str::to_owned);
    prop_oneof![
        3 => text(),
        1 => words,
        1 => (0..8u128).prop_map(|n| object(n).to_string().to_ascii_uppercase()),
    ]
    .prop_map(|text| quoted(&text))
}

fn condition() -> impl Strategy<Value = String> {
    let strings = || {
        select(vec![
            "id",
            "displayName",
            "displayName",
            "userPrincipalName",
            "mail",
            "userType",
            "externalUserState",
        ])
    };
    let times = || select(vec!["createdDateTime", "deletedDateTime", "externalUserStateChangeDateTime"]);
    let order = || select(vec!["eq", "ne", "gt", "ge", "lt", "le"]);
    let equal = || select(vec!["eq", "ne"]);
    let function = || select(vec!["startsWith", "endsWith", "contains"]);
    let time = || (0..4).prop_map(|second| format!("1970-01-01T00:00:0{second}Z"));
    prop_oneof![
        4 => (strings(), order(), literal()).prop_map(|(field, op, text)| format!("{field} {op} {text}")),
        4 => (function(), strings(), literal()).prop_map(|(name, field, text)| format!("{name}({field},{text})")),
        2 => (strings(), vec(literal(), 1..4)).prop_map(|(field, texts)| format!("{field} in ({})", texts.join(","))),
        2 => (times(), order(), time()).prop_map(|(field, op, time)| format!("{field} {op} {time}")),
        1 => (times(), vec(time(), 1..3)).prop_map(|(field, times)| format!("{field} in ({})", times.join(","))),
        1 => (prop_oneof![strings(), times(), Just("accountEnabled")], equal())
            .prop_map(|(field, op)| format!("{field} {op} null")),
        1 => (equal(), any::<bool>()).prop_map(|(op, flag)| format!("accountEnabled {op} {flag}")),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    condition().prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

fn value(user: &User, field: &Field) -> Value {
    let text = |text: Option<String>| text.map_or(Scalar::Null, Scalar::String);
    let time =
        |time: Option<model::Timestamp>| time.map_or(Scalar::Null, |time| Scalar::DateTime(time.as_micros()));
    Value::Scalar(match field.path().as_str() {
        "id" => text(Some(user.id.to_string())),
        "displayName" => text(Some(user.display_name.clone())),
        "userPrincipalName" => text(Some(user.upn.clone())),
        "mail" => text(user.mail.clone()),
        "userType" => text(Some(user.user_type.as_str().to_owned())),
        "externalUserState" => text(user.invitation.map(|state| state.as_str().to_owned())),
        "accountEnabled" => Scalar::Boolean(user.account_enabled),
        "createdDateTime" => time(Some(user.created)),
        "deletedDateTime" => time(user.deletion.map(|deletion| deletion.at)),
        "externalUserStateChangeDateTime" => time(user.invitation_changed),
        other => panic!("no value for {other}"),
    })
}

fn found(tenant: TenantId, query: &UserQuery<'_>) -> BTreeSet<String> {
    WORLD.read(tenant, |reader| {
        let page = reader.users(&UserQuery { limit: 999, ..query.clone() }).unwrap();
        let ids: BTreeSet<String> = page.items.iter().map(|user| user.id.to_string()).collect();
        assert_eq!(ids.len(), page.items.len(), "a user is on the page twice");
        assert_eq!(
            reader.count_users(query).unwrap(),
            i64::try_from(ids.len()).unwrap(),
            "the count differs from the page"
        );
        ids
    })
}

fn expected(users: &[User], deleted: bool, matches: impl Fn(&User) -> bool) -> BTreeSet<String> {
    users
        .iter()
        .filter(|user| user.is_deleted() == deleted && matches(user))
        .map(|user| user.id.to_string())
        .collect()
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn sql_answers_as_the_definition_of_filters_does(users in vec(draft(), 0..9), texts in vec(filter(), 1..9)) {
        let (tenant, users) = fresh(&users);
        for text in &texts {
            let filter = Filter::parse(text, &USER, true).map_err(|error| TestCaseError::fail(format!("{text}: {error:?}")))?;
            for deleted in [false, true] {
                let query = UserQuery { deleted, filter: Some(&filter), ..UserQuery::default() };
                let expected = expected(&users, deleted, |user| filter.matches(&|field| value(user, field)));
                prop_assert_eq!(found(tenant, &query), expected, "{} of {:?}", text, users);
            }
        }
    }

    #[test]
    fn search_finds_beginnings_of_words_of_the_name_and_beginnings_of_other_properties(
        users in vec(draft(), 0..9),
        terms in vec((select(vec!["displayName", "mail", "userPrincipalName"]), text(), any::<bool>()), 1..4),
    ) {
        let terms: Vec<_> = terms.iter().filter(|(_, text, _)| !text.trim().is_empty()).collect();
        prop_assume!(!terms.is_empty());
        let mut clause = String::new();
        for (property, text, and) in &terms {
            if !clause.is_empty() {
                clause.push_str(if *and { " AND " } else { " OR " });
            }
            clause.push_str(&format!("\"{property}:{}\"", text.replace('\\', "\\\\")));
        }
        let encoded: String = clause.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let options = Options { advanced: true, count_segment: false };
        let query = Query::parse(Some(&format!("$search={encoded}")), &USER, options).unwrap();
        let search = query.search.unwrap();
        let (tenant, users) = fresh(&users);
        let query = UserQuery { search: Some(&search), ..UserQuery::default() };
        prop_assert_eq!(found(tenant, &query), expected(&users, false, |user| searched(user, &search)), "{}", clause);
    }

    #[test]
    fn paging_neither_repeats_nor_loses_a_row_that_was_there_throughout(
        users in vec(draft(), 0..20),
        size in 1..6u16,
        gone in any::<bool>(),
        order in vec((0..4usize, any::<bool>()), 0..3),
        between in vec((draft(), any::<u8>()), 0..6),
    ) {
        let mut users = users;
        users.iter_mut().for_each(|draft| draft.deleted = if gone { draft.deleted.or(Some(2)) } else { None });
        let names = ["displayName", "userPrincipalName", "createdDateTime", if gone { "deletedDateTime" } else { "id" }];
        let order: Vec<_> = order.into_iter().map(|(name, descending)| (names[name], descending)).collect();
        let (tenant, mut there) = fresh(&users);
        let mut query = UserQuery { deleted: gone, order_by: order.clone(), limit: size, ..UserQuery::default() };
        let mut seen: Vec<User> = Vec::new();
        let mut between = (100u128..).zip(between);
        loop {
            let page = WORLD.read(tenant, |reader| reader.users(&query).unwrap());
            prop_assert!(page.items.len() <= usize::from(size));
            seen.extend(page.items);
            let Some(next) = page.next else { break };
            query.after = Some(next);
            if let Some((n, (mut draft, pick))) = between.next() {
                draft.deleted = gone.then_some(draft.deleted.unwrap_or(1));
                let new = draft.user(tenant, n);
                let victim = there.get(usize::from(pick)).cloned().or_else(|| there.last().cloned());
                there.retain(|user| Some(user.id) != victim.as_ref().map(|user| user.id));
                disturb(tenant, new, victim);
            }
        }
        let ids: BTreeSet<_> = seen.iter().map(|user| user.id).collect();
        prop_assert_eq!(ids.len(), seen.len(), "a row was repeated");
        prop_assert!(there.iter().all(|user| ids.contains(&user.id)), "a row was lost");
        prop_assert!(seen.is_sorted_by(|a, b| in_order(a, b, &order)), "not in order");
    }
}

fn searched(user: &User, search: &Search) -> bool {
    match search {
        Search::And(left, right) => searched(user, left) && searched(user, right),
        Search::Or(left, right) => searched(user, left) || searched(user, right),
        Search::Term { property, text } => {
            let text = fold(text);
            match property.name {
                "displayName" => {
                    let name = fold(&user.display_name);
                    name.starts_with(&text) || name.contains(&format!(" {text}"))
                }
                "mail" => user.mail.as_ref().is_some_and(|mail| fold(mail).starts_with(&text)),
                _ => fold(&user.upn).starts_with(&text),
            }
        }
    }
}

/// Inserts one row and takes another out of the list: a live one by soft deletion, a deleted one by purging.
fn disturb(tenant: TenantId, new: User, victim: Option<User>) {
    WORLD
        .apply(tenant, move |changes: &mut ChangeSet| {
            changes.insert_user(&new);
            match &victim {
                Some(user) if user.is_deleted() => {
                    changes.purge(user, &tombstone(user), &[]);
                }
                Some(user) => {
                    changes.update_user(user, &deleted(user));
                }
                None => {}
            }
        })
        .unwrap();
}

fn in_order(a: &User, b: &User, order: &[(&str, bool)]) -> bool {
    let key = |user: &User, property: &str| match property {
        "displayName" => (fold(&user.display_name), 0),
        "userPrincipalName" => (fold(&user.upn), 0),
        "createdDateTime" => (String::new(), user.created.as_micros()),
        "deletedDateTime" => (String::new(), user.deletion.map_or(0, |deletion| deletion.at.as_micros())),
        _ => (user.id.to_string(), 0),
    };
    for (property, descending) in order {
        let compared = key(a, property).cmp(&key(b, property));
        if compared.is_ne() {
            return compared.is_gt() == *descending;
        }
    }
    a.id.to_string() < b.id.to_string()
}

#[test]
fn live_users_cannot_be_sorted_by_a_date_that_they_do_not_have() {
    let (tenant, _) = fresh(&[]);
    let query = UserQuery { order_by: vec![("deletedDateTime", false)], limit: 1, ..UserQuery::default() };
    let error = WORLD.read(tenant, |reader| reader.users(&query).err().unwrap());
    assert_eq!(error.kind(), model::ErrorKind::BadRequest);
    assert!(error.external().contains("for deleted users, deletedDateTime"), "{error:?}");
}

#[test]
fn a_position_of_another_request_is_refused() {
    let (tenant, _) = fresh(&[]);
    for (order_by, after) in [
        (vec![], vec!["a".to_owned(), "b".to_owned()]),
        (vec![("createdDateTime", false)], vec!["soon".to_owned(), "b".to_owned()]),
    ] {
        let query = UserQuery { order_by, after: Some(after), limit: 1, ..UserQuery::default() };
        let error = WORLD.read(tenant, |reader| reader.users(&query).err().unwrap());
        assert!(error.external().contains("Start again from the first page"), "{error:?}");
    }
}

#[test]
fn a_user_comes_back_as_it_was_stored() {
    let (tenant, _) = fresh(&[]);
    let mut profile = HashMap::new();
    profile.insert("department", "Harbour ß");
    let mut whole = user(tenant, 900);
    whole.user_type = UserType::Guest;
    whole.given_name = Some(String::new());
    whole.surname = Some("Öztürk".to_owned());
    whole.other_mails = vec!["a@b".to_owned(), "\"c\"@d".to_owned()];
    whole.home = model::Home::Tenant { tenant: crate::support::tenant_id(4), object: object(9) };
    whole.home_state = model::HomeState::Deleted(at(5));
    whole.invited_by = Some(object(8));
    whole.deletion = Some(Deletion {
        at: at(6),
        purge_after: at(7),
        cause: DeletionCause::HomeDeleted(object(3).uuid()),
        event: object(2).uuid(),
    });
    whole.profile.0.insert("department".to_owned(), profile["department"].into());
    let stored = whole.clone();
    run(WORLD.store.commit(scope(tenant), move |_| {
        let mut changes = ChangeSet::new();
        changes.insert_user(&stored);
        Decision::done(changes, ())
    }))
    .unwrap();
    assert_eq!(WORLD.read(tenant, |reader| reader.user(whole.id).unwrap()), Some(whole));
}

#[test]
fn a_prefix_ends_where_the_code_space_has_a_gap_or_an_end() {
    let draft = |name: &str| Draft {
        name: name.to_owned(),
        upn: String::new(),
        mail: None,
        guest: false,
        enabled: true,
        invitation: None,
        created: 0,
        deleted: None,
    };
    let names = [
        "a\u{D7FF}",
        "A\u{D7FF}b",
        "a\u{E000}",
        "a\u{10FFFF}",
        "a\u{10FFFF}\u{10FFFF}z",
        "b",
        "a",
        "\u{10FFFF}",
        "",
    ];
    let (tenant, users) = fresh(&names.map(draft));
    for prefix in ["a\u{D7FF}", "a\u{10FFFF}", "\u{10FFFF}", "a", ""] {
        let filter = Filter::parse(&format!("startsWith(displayName,'{prefix}')"), &USER, true).unwrap();
        let query = UserQuery { filter: Some(&filter), ..UserQuery::default() };
        let expected = expected(&users, false, |user| fold(&user.display_name).starts_with(prefix));
        assert!(!expected.is_empty());
        assert_eq!(found(tenant, &query), expected, "{prefix:?}");
    }
}
