//! `$batch`: several requests in one, each on its own feet.

use crate::{
    house::{House, POLICY},
    wire::{Ask, Transcript},
};
use serde_json::{Value, json};

fn post(body: &Value) -> Ask {
    Ask::new("POST", "/v1.0/$batch").json(body)
}

fn one(request: &Value) -> Value {
    json!({ "requests": [request] })
}

#[tokio::test]
async fn requests_of_a_batch_are_answered_each_by_itself() {
    let (house, mut said) = (House::new().await, Transcript::default());
    let batch = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "/policies/externalIdentitiesPolicy" },
        { "id": "2", "method": "patch", "url": "policies/externalIdentitiesPolicy", "dependsOn": ["1"],
          "headers": { "Content-Type": "application/json" }, "body": { "allowExternalIdentitiesToLeave": false } },
        { "id": "3", "method": "GET", "url": "/users?$filter=userType eq 'Guest'&$top=1&$select=displayName" },
        { "id": "4", "method": "GET", "url": "/users/$count", "headers": { "ConsistencyLevel": "eventual" } },
        { "id": "5", "method": "GET", "url": "/nothing" },
        { "id": "6", "method": "GET", "url": "/me" },
    ] });
    let reply = house.say(&mut said, "Six at once", post(&batch).by(house.all())).await;
    assert_eq!(reply.json()["responses"].as_array().unwrap().len(), 6);
    insta::assert_snapshot!(said.text());
    let policy = house.ask(Ask::get(POLICY).by(house.all())).await.json();
    assert_eq!(policy["allowExternalIdentitiesToLeave"], false, "the second request took effect");
}

#[tokio::test]
async fn what_depends_on_a_failed_request_is_not_done() {
    let (house, mut said) = (House::new().await, Transcript::default());
    let change = |id: &str, before: &[&str]| {
        json!({ "id": id, "method": "PATCH", "url": "/policies/externalIdentitiesPolicy", "dependsOn": before,
            "headers": { "Content-Type": "application/json" }, "body": { "allowDeletedIdentitiesDataRemoval": true } })
    };
    let batch = json!({ "requests": [
        { "id": "A", "method": "GET", "url": "/users/00000000-0000-0000-0000-000000000009" },
        change("b", &["a"]),
        change("c", &["B"]),
        { "id": "d", "method": "GET", "url": "/policies/externalIdentitiesPolicy" },
    ] });
    house.say(&mut said, "A chain that breaks at its start", post(&batch).by(house.all())).await;
    insta::assert_snapshot!(said.text());
    let policy = house.ask(Ask::get(POLICY).by(house.all())).await.json();
    assert_eq!(policy["allowDeletedIdentitiesDataRemoval"], false);
}

#[tokio::test]
async fn envelopes_that_are_refused() {
    let (house, mut said) = (House::new().await, Transcript::default());
    let me = json!({ "id": "1", "method": "GET", "url": "/me" });
    let many: Vec<Value> =
        (0..21).map(|id| json!({ "id": id.to_string(), "method": "GET", "url": "/me" })).collect();
    let bodies = [
        ("No requests", json!({})),
        ("An empty list", json!({ "requests": [] })),
        ("Not a list", json!({ "requests": {} })),
        ("Twenty-one", json!({ "requests": many })),
        (
            "An id twice, but for letter case",
            json!({ "requests": [{ "id": "a", "method": "GET", "url": "/me" }, { "id": "A", "method": "GET", "url": "/me" }] }),
        ),
        ("No id", one(&json!({ "method": "GET", "url": "/me" }))),
        ("A number as id", one(&json!({ "id": 1, "method": "GET", "url": "/me" }))),
        ("An unknown method", one(&json!({ "id": "1", "method": "BREW", "url": "/me" }))),
        (
            "Depends on what is not there",
            one(&json!({ "id": "1", "method": "GET", "url": "/me", "dependsOn": ["2"] })),
        ),
        (
            "Depends on what comes later",
            json!({ "requests": [{ "id": "1", "method": "GET", "url": "/me", "dependsOn": ["2"] }, { "id": "2", "method": "GET", "url": "/me" }] }),
        ),
        ("A write without a body", one(&json!({ "id": "1", "method": "POST", "url": "/invitations" }))),
        (
            "A write without a type",
            one(&json!({ "id": "1", "method": "POST", "url": "/invitations", "body": {} })),
        ),
    ];
    for (title, body) in bodies {
        let reply = house.say(&mut said, title, post(&body).by(house.all())).await;
        assert_eq!(reply.status, 400, "{title}");
    }
    house.say(&mut said, "No JSON", Ask::new("POST", "/v1.0/$batch").text("x").by(house.all())).await;
    house.say(&mut said, "Without a token", post(&one(&me))).await;
    house.say(&mut said, "Reading it", Ask::get("/v1.0/$batch").by(house.all())).await;
    insta::assert_snapshot!(said.text());
}

/// The status of each request inside.
fn statuses(reply: &Value) -> Vec<(String, u64)> {
    let of = |one: &Value| (one["id"].as_str().unwrap().to_owned(), one["status"].as_u64().unwrap());
    reply["responses"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn each_request_has_the_token_of_the_batch_and_no_other() {
    let house = House::new().await;
    let stronger = format!("Bearer {}", house.all().value);
    let batch = json!({ "requests": [
        { "id": "read", "method": "GET", "url": "/policies/externalIdentitiesPolicy" },
        { "id": "write", "method": "PATCH", "url": "/policies/externalIdentitiesPolicy",
          "headers": { "Content-Type": "application/json", "Authorization": stronger },
          "body": { "allowExternalIdentitiesToLeave": false } },
        { "id": "users", "method": "GET", "url": "/users", "headers": { "authorization": stronger } },
    ] });
    let reply = house.ask(post(&batch).by(house.token("app: Policy.Read.All"))).await.json();
    let expected = [("read", 200), ("write", 403), ("users", 403)];
    assert_eq!(statuses(&reply), expected.map(|(id, status)| (id.to_owned(), status)));
    let blocked = house.ask(post(&batch).by(house.token("bert"))).await;
    assert_eq!(blocked.status, 401, "who may not ask at all gets no batch");
}

#[tokio::test]
async fn addresses_are_relative_to_the_version_and_stay_below_it() {
    let house = House::new().await;
    let urls = [
        "https://localhost:8443/v1.0/users",
        "$batch",
        "/$batch",
        "/beta/users",
        "//users",
        "users/../policies",
        "",
    ];
    for url in urls.into_iter().filter(|url| !url.is_empty()) {
        let reply =
            house.ask(post(&one(&json!({ "id": "1", "method": "GET", "url": url }))).by(house.all())).await;
        assert_eq!(reply.status, 200, "{url}");
        let inside = &reply.json()["responses"][0];
        let expected = if url == "//users" { 200 } else { 400 };
        assert_eq!(inside["status"], expected, "{url}: {inside}");
    }
    let ask = Ask::new("POST", "/beta/$batch")
        .json(&one(&json!({ "id": "1", "method": "GET", "url": "/users?$top=1" })));
    let reply = house.ask(ask.by(house.all())).await.json();
    let context = reply["responses"][0]["body"]["@odata.context"].as_str().unwrap().to_owned();
    assert!(context.contains("/beta/$metadata#users"), "{context}");
}
