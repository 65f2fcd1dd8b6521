//! `$filter` and `$top` over the wire agree with a plain reading of the whole list.

use crate::{
    house::House,
    wire::{Ask, Token},
};
use proptest::{prelude::*, strategy::Union, test_runner::TestRunner};
use serde_json::{Value, json};

/// A condition, with its text and its meaning side by side.
#[derive(Clone, Debug)]
enum Condition {
    /// Property, operator and value.
    Text(&'static str, &'static str, String),
    Starts(&'static str, String),
    Ends(&'static str, String),
    Among(&'static str, Vec<String>),
    Enabled(&'static str, bool),
    Created(&'static str, usize),
    /// A property without a column: property, operator and value.
    Plain(&'static str, &'static str, String),
    /// Whether for all or for any of the other mails, and the condition on one.
    Mails(bool, &'static str, String),
    /// Issuer and assigned id of one identity.
    Identity(String, String),
    IsNull(&'static str, bool),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}
use Condition as C;

/// Times at which somebody in the world was created, and one between.
fn moment(at: usize) -> String {
    format!("2026-01-01T00:{:02}:{:02}Z", at / 60, at % 60)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Condition {
    fn text(&self) -> String {
        match self {
            C::Text(name, op, value) => format!("{name} {op} {}", quoted(value)),
            C::Starts(name, value) => format!("startsWith({name},{})", quoted(value)),
            C::Ends(name, value) => format!("endsWith({name},{})", quoted(value)),
            C::Among(name, values) => {
                format!(
                    "{name} in ({})",
                    values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(",")
                )
            }
            C::Enabled(op, value) => format!("accountEnabled {op} {value}"),
            C::Created(op, at) => format!("createdDateTime {op} {}", moment(*at)),
            C::Plain(name, op, value) => format!("{name} {op} {}", quoted(value)),
            C::Mails(all, op, value) => {
                let (quantifier, value) = (if *all { "all" } else { "any" }, quoted(value));
                match *op {
                    "startsWith" | "endsWith" => format!("otherMails/{quantifier}(m:{op}(m,{value}))"),
                    op => format!("otherMails/{quantifier}(m:m {op} {value})"),
                }
            }
            C::Identity(issuer, id) => {
                format!(
                    "identities/any(i:i/issuer eq {} and i/issuerAssignedId eq {})",
                    quoted(issuer),
                    quoted(id)
                )
            }
            C::IsNull(name, holds) => format!("{name} {} null", if *holds { "eq" } else { "ne" }),
            C::And(left, right) => format!("({}) and ({})", left.text(), right.text()),
            C::Or(left, right) => format!("({}) or ({})", left.text(), right.text()),
            C::Not(inner) => format!("not({})", inner.text()),
        }
    }

    /// What Graph means: texts in any letter case; a property without a value equals nothing and differs from everything.
    fn holds(&self, user: &Value) -> bool {
        let text = |name: &str| user[name].as_str().map(str::to_lowercase);
        let ordered = |op: &str, order: std::cmp::Ordering| match op {
            "eq" => order.is_eq(),
            "ne" => order.is_ne(),
            "lt" => order.is_lt(),
            "le" => order.is_le(),
            "gt" => order.is_gt(),
            _ => order.is_ge(),
        };
        match self {
            C::Text(name, op, value) => match text(name) {
                Some(actual) => ordered(op, actual.cmp(&value.to_lowercase())),
                None => *op == "ne",
            },
            C::Starts(name, value) => {
                text(name).is_some_and(|actual| actual.starts_with(&value.to_lowercase()))
            }
            C::Ends(name, value) => text(name).is_some_and(|actual| actual.ends_with(&value.to_lowercase())),
            C::Among(name, values) => {
                text(name).is_some_and(|actual| values.iter().any(|value| actual == value.to_lowercase()))
            }
            C::Enabled(op, value) => (user["accountEnabled"] == *value) == (*op == "eq"),
            C::Created(op, at) => {
                ordered(op, user["createdDateTime"].as_str().unwrap().cmp(moment(*at).as_str()))
            }
            C::Plain(name, op, value) => match text(name) {
                Some(actual) => ordered(op, actual.cmp(&value.to_lowercase())),
                None => *op == "ne",
            },
            C::Mails(all, op, value) => {
                let value = value.to_lowercase();
                let holds = |mail: &Value| {
                    let mail = mail.as_str().unwrap().to_lowercase();
                    match *op {
                        "startsWith" => mail.starts_with(&value),
                        "endsWith" => mail.ends_with(&value),
                        op => ordered(op, mail.cmp(&value)),
                    }
                };
                let mut mails = user["otherMails"].as_array().unwrap().iter();
                if *all { mails.all(holds) } else { mails.any(holds) }
            }
            C::Identity(issuer, id) => user["identities"].as_array().unwrap().iter().any(|identity| {
                let is = |name: &str, value: &str| {
                    identity[name]
                        .as_str()
                        .is_some_and(|actual| actual.to_lowercase() == value.to_lowercase())
                };
                is("issuer", issuer) && is("issuerAssignedId", id)
            }),
            C::IsNull(name, holds) => user[name].is_null() == *holds,
            C::And(left, right) => left.holds(user) && right.holds(user),
            C::Or(left, right) => left.holds(user) || right.holds(user),
            C::Not(inner) => !inner.holds(user),
        }
    }
}

fn words() -> impl Strategy<Value = String> {
    let known = [
        "Member mia",
        "member MIA",
        "Member",
        "m",
        "Guest",
        "guest",
        "Accepted",
        "PendingAcceptance",
        "gil@fabrikam.example",
        "mia@contoso.example",
        "@mail.example",
        "max_mail.example#EXT#@contoso.example",
        "O'Neil",
        "%",
        "_",
        "ä",
        "Ä",
        "",
    ];
    prop::sample::select(known.to_vec()).prop_map(str::to_owned)
}

/// Values of what [`odd_names`] writes, and some that nobody has.
fn details() -> impl Strategy<Value = String> {
    let known = [
        "Chef",
        "chef",
        "Bern",
        "b@x.example",
        "A@X.example",
        "",
        "mail",
        "max@mail.example",
        "contoso.example",
        "mia@contoso.example",
    ];
    prop::sample::select(known.to_vec()).prop_map(str::to_owned)
}

fn condition() -> impl Strategy<Value = Condition> {
    let name = || prop::sample::select(vec!["displayName", "userPrincipalName", "mail"]);
    let word = || prop::sample::select(vec!["userType", "externalUserState"]);
    let compare = || prop::sample::select(vec!["eq", "ne", "lt", "le", "gt", "ge"]);
    let equal = || prop::sample::select(vec!["eq", "ne"]);
    let leaf = Union::new([
        (name(), compare(), words()).prop_map(|(name, op, value)| C::Text(name, op, value)).boxed(),
        (word(), equal(), words()).prop_map(|(name, op, value)| C::Text(name, op, value)).boxed(),
        (name(), words()).prop_map(|(name, value)| C::Starts(name, value)).boxed(),
        (prop::sample::select(vec!["mail", "userPrincipalName", "displayName"]), words())
            .prop_map(|(name, value)| C::Ends(name, value))
            .boxed(),
        (name(), prop::collection::vec(words(), 1..4))
            .prop_map(|(name, values)| C::Among(name, values))
            .boxed(),
        (equal(), any::<bool>()).prop_map(|(op, value)| C::Enabled(op, value)).boxed(),
        (compare(), 0_usize..60).prop_map(|(op, at)| C::Created(op, at)).boxed(),
        (
            prop::sample::select(vec!["jobTitle", "city", "givenName"]),
            prop::sample::select(vec!["eq", "ne", "ge", "le"]),
            details(),
        )
            .prop_map(|(name, op, value)| C::Plain(name, op, value))
            .boxed(),
        (
            any::<bool>(),
            prop::sample::select(vec!["eq", "ne", "ge", "le", "startsWith", "endsWith"]),
            details(),
        )
            .prop_map(|(all, op, value)| C::Mails(all, op, value))
            .boxed(),
        (details(), details()).prop_map(|(issuer, id)| C::Identity(issuer, id)).boxed(),
        (prop::sample::select(vec!["mail", "externalUserState", "jobTitle", "city"]), any::<bool>())
            .prop_map(|(name, holds)| C::IsNull(name, holds))
            .boxed(),
    ]);
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| C::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| C::Or(Box::new(a), Box::new(b))),
            inner.prop_map(|a| C::Not(Box::new(a))),
        ]
    })
}

const SELECT: &str = "$select=jobTitle,city,givenName,otherMails,identities,id,displayName,userPrincipalName,mail,userType,externalUserState,accountEnabled,createdDateTime";

/// All pages of a query, and the count on the first.
async fn fetch(house: &House, token: &Token, query: &str) -> (Vec<Value>, Value) {
    let (mut found, mut count) = (Vec::new(), Value::Null);
    let mut next = Some(Ask::get(format!("/v1.0/users?{SELECT}&{query}")).advanced());
    while let Some(ask) = next.take() {
        let reply = house.ask(ask.by(token)).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        let body = reply.json();
        if count.is_null() {
            count = body["@odata.count"].clone();
        }
        found.extend(reply.values());
        next = body["@odata.nextLink"]
            .as_str()
            .map(|link| Ask::get(link.strip_prefix("https://localhost:8443").unwrap()));
    }
    (found, count)
}

/// Some people whose names try the quoting, the letter case and the wildcards of the store.
async fn odd_names(house: &House) {
    for (name, display) in
        [("uma", "O'Neil"), ("sven", "Äneas"), ("ruth", "100% _Sure"), ("arno", "member mia")]
    {
        let target = format!("/v1.0/users/{}", house.id(name));
        let ask = Ask::new("PATCH", target).by(house.token("adele")).json(&json!({ "displayName": display }));
        assert_eq!(house.ask(ask).await.status, 204);
    }
    for (name, body) in [
        ("mia", json!({ "jobTitle": "Chef", "city": "Bern", "otherMails": ["a@x.example", "B@x.example"] })),
        ("gert", json!({ "jobTitle": "chef de rang", "otherMails": ["b@x.example"] })),
        ("eike", json!({ "city": "Basel", "givenName": "Chef" })),
    ] {
        let target = format!("/v1.0/users/{}", house.id(name));
        let reply = house.ask(Ask::new("PATCH", target).by(house.token("adele")).json(&body)).await;
        assert_eq!(reply.status, 204, "{}", reply.text());
    }
}

#[test]
fn filters_and_pages_agree_with_a_plain_reading_of_everybody() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let house = runtime.block_on(House::new());
    runtime.block_on(odd_names(&house));
    let (everybody, _) = runtime.block_on(fetch(&house, house.all(), "$top=999"));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let tops = prop_oneof![Just(1_usize), 1_usize..8, Just(999)];
    let outcome = runner.run(&(condition(), tops), |(condition, top)| {
        let expected: Vec<&Value> = everybody.iter().filter(|user| condition.holds(user)).collect();
        let query = format!(
            "$count=true&$top={top}&$filter={}",
            condition.text().replace('%', "%25").replace('+', "%2B")
        );
        let (found, count) = runtime.block_on(fetch(&house, house.all(), &query));
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{}", condition.text());
        prop_assert_eq!(count, json!(found.len()));
        Ok(())
    });
    outcome.unwrap();
}
