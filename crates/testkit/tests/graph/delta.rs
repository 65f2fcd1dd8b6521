//! `users/delta`: whoever follows the links knows what whoever lists everybody knows.

use crate::{
    house::House,
    wire::{Ask, Token, Transcript},
};
use model::Span;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::GuestState;

const HOST: &str = "https://localhost:8443";

/// Follows links to the end of a round; what was said of each user last, and the link for the next round.
async fn round(
    house: &House,
    token: &Token,
    link: &str,
    pages: Option<&str>,
) -> (BTreeMap<String, Value>, String) {
    let mut seen = BTreeMap::new();
    let mut link = link.to_owned();
    loop {
        let mut ask = Ask::get(link.trim_start_matches(HOST)).by(token);
        if let Some(size) = pages {
            ask = ask.header("prefer", &format!("odata.maxpagesize={size}"));
        }
        let reply = house.ask(ask).await;
        assert_eq!(reply.status, 200, "{link}: {}", reply.text());
        let body = reply.json();
        for user in reply.values() {
            let id = user["id"].as_str().unwrap().to_owned();
            assert!(seen.insert(id, user).is_none(), "nobody comes twice in a round without changes");
        }
        if let Some(next) = body["@odata.deltaLink"].as_str() {
            assert!(body["@odata.nextLink"].is_null());
            return (seen, next.to_owned());
        }
        link = body["@odata.nextLink"].as_str().unwrap().to_owned();
    }
}

async fn everybody(house: &House) -> BTreeMap<String, Value> {
    let reply = house.ask(Ask::get("/v1.0/users?$top=999").by(house.all())).await;
    reply.values().into_iter().map(|user| (user["id"].as_str().unwrap().to_owned(), user)).collect()
}

fn reason(user: &Value) -> Option<&str> {
    user["@removed"]["reason"].as_str()
}

#[tokio::test]
async fn the_first_round_lists_everybody_and_later_ones_what_changed() {
    let house = House::new().await;
    let all = house.all().clone();
    let (first, link) = round(&house, &all, "/v1.0/users/delta", Some("7")).await;
    assert_eq!(first, everybody(&house).await);
    let (none, link) = round(&house, &all, &link, None).await;
    assert!(none.is_empty(), "{none:?}");

    let [mia, gil, rolf, lena] = ["mia", "gil", "rolf", "lena"].map(|name| house.id(name).to_string());
    for (method, target, body) in [
        ("PATCH", format!("/v1.0/users/{mia}"), Some(json!({ "jobTitle": "Chef" }))),
        ("PATCH", format!("/v1.0/users/{mia}"), Some(json!({ "jobTitle": "Porter" }))),
        ("DELETE", format!("/v1.0/users/{gil}"), None),
        ("DELETE", format!("/v1.0/directory/deletedItems/{rolf}"), None),
        ("POST", format!("/v1.0/directory/deletedItems/{lena}/restore"), None),
    ] {
        let ask = Ask::new(method, target).by(house.token("adele"));
        let reply = house.ask(body.map_or(ask.clone(), |body| ask.json(&body))).await;
        assert!(reply.status.is_success(), "{}", reply.text());
    }
    for size in [None, Some("1"), Some("3")] {
        let (changed, _) = round(&house, &all, &link, size).await;
        assert_eq!(changed.len(), 4);
        assert_eq!(changed[&mia]["jobTitle"], "Porter");
        assert_eq!(changed[&gil], json!({ "id": gil, "@removed": { "reason": "changed" } }));
        assert_eq!(changed[&rolf], json!({ "id": rolf, "@removed": { "reason": "deleted" } }));
        assert_eq!(changed[&lena]["id"], json!(lena));
        assert_eq!(reason(&changed[&lena]), None);
    }
}

/// What a client knows after any rounds is what the list says, although changes fall between the pages of a round.
#[tokio::test]
async fn no_change_is_missed_while_a_round_is_under_way() {
    let house = House::new().await;
    let all = house.all().clone();
    let mut known = BTreeMap::new();
    let mut link = format!("{HOST}/v1.0/users/delta");
    let people = ["mia", "bert", "gil", "pia", "uma", "ruth", "sven", "hugo"];
    for step in 0..60_usize {
        house.world.clock.advance(Span::seconds(1));
        let ask = Ask::get(link.trim_start_matches(HOST)).by(&all).header("prefer", "odata.maxpagesize=2");
        let body = house.ask(ask).await.json();
        for user in body["value"].as_array().unwrap() {
            let id = user["id"].as_str().unwrap().to_owned();
            match reason(user) {
                Some(_) => drop(known.remove(&id)),
                None => drop(known.insert(id, user.clone())),
            }
        }
        let next = body["@odata.nextLink"].as_str().or(body["@odata.deltaLink"].as_str()).unwrap();
        link = next.to_owned();
        if step >= 40 {
            continue;
        }
        let id = house.id(people[step * 5 % people.len()]);
        let (method, target) = match step % 4 {
            0 | 1 => ("PATCH", format!("/v1.0/users/{id}")),
            2 => ("DELETE", format!("/v1.0/users/{id}")),
            _ => ("POST", format!("/v1.0/directory/deletedItems/{id}/restore")),
        };
        let ask = Ask::new(method, target).by(house.token("adele"));
        let ask = if method == "PATCH" { ask.json(&json!({ "jobTitle": format!("{step}") })) } else { ask };
        drop(house.ask(ask).await);
    }
    assert_eq!(known, everybody(&house).await);
}

#[tokio::test]
async fn new_guests_and_those_who_leave_are_told() {
    let house = House::new().await;
    let all = house.all().clone();
    let (_, link) = round(&house, &all, "/beta/users/delta?$deltatoken=latest&$select=userType", None).await;
    let person = model::Person::Mailbox { address: "new@mail.example".to_owned() };
    let id = house.world.guest(house.plan.contoso, &person, "new@mail.example", GuestState::Accepted).await;
    let (changed, link) = round(&house, &all, &link, None).await;
    assert_eq!(changed.into_values().collect::<Vec<_>>(), [json!({ "id": id, "userType": "Guest" })]);
    let who = house.world.signed_in(&person).await;
    assert!(house.world.leave(&who, house.plan.contoso).await);
    let (changed, link) = round(&house, &all, &link, None).await;
    assert_eq!(reason(&changed[&id.to_string()]), Some("changed"));
    house.world.clock.advance(Span::days(32));
    house.world.directory().purge_pass().await.unwrap();
    let fresh = house.world.app_token(house.plan.contoso, &house.plan.apps["app: everything"]).await;
    let fresh = Token { label: "later".to_owned(), value: fresh };
    let (changed, _) = round(&house, &fresh, &link, None).await;
    assert_eq!(reason(&changed[&id.to_string()]), Some("deleted"));
}

#[tokio::test]
async fn only_the_users_asked_for_are_followed() {
    let house = House::new().await;
    let all = house.all().clone();
    let [mia, gil, bert] = ["mia", "gil", "bert"].map(|name| house.id(name).to_string());
    let start = format!("/v1.0/users/delta?$filter=id eq '{mia}' or id eq '{gil}'&$select=id");
    let (first, link) = round(&house, &all, &start, None).await;
    assert_eq!(first.len(), 2);
    for id in [&mia, &bert] {
        let ask = Ask::new("PATCH", format!("/v1.0/users/{id}")).by(house.token("adele"));
        assert_eq!(house.ask(ask.json(&json!({ "jobTitle": "Chef" }))).await.status, 204);
    }
    let (changed, _) = round(&house, &all, &link, None).await;
    assert_eq!(changed.into_keys().collect::<Vec<_>>(), [mia]);
}

#[tokio::test]
async fn pages_as_they_are_on_the_wire() {
    let (house, mut said) = (House::new().await, Transcript::default());
    let ask = Ask::get("/v1.0/users/delta?$select=displayName").header("prefer", "odata.maxpagesize=2");
    house.say(&mut said, "The first page", ask.by(house.all())).await;
    let ask = Ask::get("/v1.0/users/microsoft.graph.delta()?$deltatoken=latest");
    house.say(&mut said, "From now on", ask.by(house.all())).await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn delta_queries_that_are_refused() {
    let (house, mut said) = (House::new().await, Transcript::default());
    let queries = [
        "$orderby=displayName",
        "$top=5",
        "$search=\"displayName:a\"",
        "$filter=userType eq 'Guest'",
        "$filter=id eq 'x'",
        "$deltatoken=x",
        "$skiptoken=x",
        "$expand=manager",
    ];
    for query in queries {
        let ask = Ask::get(format!("/v1.0/users/delta?{query}")).advanced().by(house.all());
        assert_eq!(house.say(&mut said, query, ask).await.status, 400);
    }
    insta::assert_snapshot!(said.text());
}

/// A directory that was put back to an earlier state knows less than its clients.
#[tokio::test]
async fn a_link_from_a_future_that_never_was_begins_anew() {
    let house = House::new().await;
    let earlier = House::new().await;
    let ask = Ask::new("PATCH", format!("/v1.0/users/{}", house.id("mia"))).by(house.token("adele"));
    assert_eq!(house.ask(ask.json(&json!({ "jobTitle": "Chef" }))).await.status, 204);
    let (_, link) = round(&house, house.all(), "/v1.0/users/delta?$deltatoken=latest", None).await;
    let reply = earlier.ask(Ask::get(link.trim_start_matches(HOST)).by(earlier.all())).await;
    assert_eq!(reply.fault(), (410, "syncStateNotFound".to_owned()));
    assert_eq!(reply.header("location"), Some("https://localhost:8443/v1.0/users/delta"));
}

#[tokio::test]
async fn a_link_is_good_in_its_tenant_only() {
    let house = House::new().await;
    let (_, link) = round(&house, house.all(), "/v1.0/users/delta?$deltatoken=latest", None).await;
    let reply = house.ask(Ask::get(link.trim_start_matches(HOST)).by(house.token("app: fabian"))).await;
    assert_eq!((reply.status.as_u16(), reply.message()), (400, "Badly formed token.".to_owned()));
}
