//! `policies/externalIdentitiesPolicy`: sections 1.2 and 1.3 of what was recorded of the live service, row by row.

use crate::{
    house::{House, POLICY},
    wire::{Ask, Transcript},
};
use serde_json::{Value, json};

fn patch(house: &House) -> Ask {
    Ask::new("PATCH", POLICY).by(house.all())
}

async fn flags(house: &House) -> (bool, bool) {
    let body = house.ask(Ask::get(POLICY).by(house.all())).await.json();
    let flag = |name: &str| body[name].as_bool().unwrap();
    (flag("allowExternalIdentitiesToLeave"), flag("allowDeletedIdentitiesDataRemoval"))
}

#[tokio::test]
async fn read() {
    let house = House::new().await;
    let mut said = Transcript::whole();
    let get = |target: &str| Ask::get(target).by(house.all());
    house.say(&mut said, "v1.0", get(POLICY)).await;
    house.say(&mut said, "beta", get("/beta/policies/externalIdentitiesPolicy")).await;
    house.say(&mut said, "any letter case", get("/V1.0/POLICIES/externalidentitiespolicy")).await;
    house
        .say(&mut said, "doubled and trailing slashes", get("//v1.0//policies/externalIdentitiesPolicy/"))
        .await;
    house.say(&mut said, "encoded", get("/v1.0/policies/external%49dentitiesPolicy")).await;
    house
        .say(&mut said, "$select", get(&format!("{POLICY}?$select=allowExternalIdentitiesToLeave,id")))
        .await;
    house
        .say(&mut said, "$select of the description", get(&format!("{POLICY}?$select=id,description")))
        .await;
    house
        .say(&mut said, "a client's own request id", get(POLICY).header("client-request-id", "my-own-id-1"))
        .await;
    house.say(&mut said, "HEAD", Ask::new("HEAD", POLICY).by(house.all())).await;
    insta::assert_snapshot!(said.text());
}

/// The members come in the order that was recorded, on both versions, without annotations but the context.
#[tokio::test]
async fn the_order_of_the_members_is_the_recorded_one() {
    let house = House::new().await;
    for version in ["v1.0", "beta"] {
        let target = format!("/{version}/policies/externalIdentitiesPolicy");
        let text = house.ask(Ask::get(target).by(house.all())).await.text();
        let expected = format!(
            r#"{{"@odata.context":"https://localhost:8443/{version}/$metadata#policies/externalIdentitiesPolicy/$entity","id":"externalIdentityPolicy","deletedDateTime":null,"allowExternalIdentitiesToLeave":true,"allowDeletedIdentitiesDataRemoval":false,"displayName":"External Identities Policy"}}"#
        );
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn changes_that_are_made() {
    let house = House::new().await;
    let mut said = Transcript::whole();
    let rows = [
        ("one property", json!({"allowDeletedIdentitiesDataRemoval": true}), (true, true)),
        (
            "both properties",
            json!({"allowExternalIdentitiesToLeave": true, "allowDeletedIdentitiesDataRemoval": false}),
            (true, false),
        ),
        ("false, with a privacy profile", json!({"allowExternalIdentitiesToLeave": false}), (false, false)),
        ("the same again", json!({"allowExternalIdentitiesToLeave": false}), (false, false)),
        (
            "as an SDK sends it",
            json!({
                "@odata.type": "#microsoft.graph.externalIdentitiesPolicy",
                "allowExternalIdentitiesToLeave": true
            }),
            (true, false),
        ),
        (
            "as a script sends back what it read",
            json!({
                "@odata.context": "https://localhost:8443/beta/$metadata#policies/externalIdentitiesPolicy/$entity",
                "id": "externalIdentityPolicy",
                "deletedDateTime": null,
                "description": null,
                "displayName": "External Identities Policy",
                "allowExternalIdentitiesToLeave": false,
                "allowDeletedIdentitiesDataRemoval": true
            }),
            (false, true),
        ),
        ("the name alone, unchanged", json!({"displayName": "External Identities Policy"}), (false, true)),
    ];
    for (title, body, expected) in rows {
        let reply = house.say(&mut said, title, patch(&house).json(&body)).await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0), "{title}");
        assert_eq!(flags(&house).await, expected, "{title}: what was written is read at once");
    }
    let beta = Ask::new("PATCH", "/BETA/policies/externalidentitiespolicy").by(house.all());
    house.say(&mut said, "beta", beta.json(&json!({"allowExternalIdentitiesToLeave": true}))).await;
    assert_eq!(flags(&house).await, (true, true), "both versions are one object");
    let charset = patch(&house).header("content-type", "Application/JSON; charset=utf-8");
    house
        .say(&mut said, "with a charset", charset.raw(r#"{"allowDeletedIdentitiesDataRemoval":false}"#))
        .await;
    assert_eq!(flags(&house).await, (true, false));
    insta::assert_snapshot!(said.text());
}

/// Word for word what the live service was recorded to answer.
#[tokio::test]
async fn refusals_that_were_recorded() {
    let house = House::new().await;
    let mut said = Transcript::whole();
    let no = json!({"allowExternalIdentitiesToLeave": false});
    let theo = house.token("app: theo");
    let reply = house
        .say(&mut said, "false, without a privacy profile", Ask::new("PATCH", POLICY).by(theo).json(&no))
        .await;
    assert_eq!(reply.fault(), (400, "Request_BadRequest".to_owned()));
    assert_eq!(
        reply.message(),
        "Cannot disable AllowExternalIdentitiesToLeave since PrivacyProfile on the organization resource has not been specified. Please update the PrivacyContact and PrivacyStatementUrl on your organization's PrivacyProfileusing the Update organization API."
    );
    let yes = json!({"allowExternalIdentitiesToLeave": true, "allowDeletedIdentitiesDataRemoval": true});
    house.say(&mut said, "true, without one", Ask::new("PATCH", POLICY).by(theo).json(&yes)).await;
    let reply =
        house.say(&mut said, "another name", patch(&house).json(&json!({"displayName": "Other"}))).await;
    let mut error = reply.json()["error"].clone();
    error.as_object_mut().unwrap().shift_remove("innerError");
    assert_eq!(
        error.to_string(),
        r#"{"code":"Request_BadRequest","message":"Invalid value specified for property 'displayName' of resource 'ExternalIdentitiesPolicy'.","details":[{"code":"InvalidValue","message":"Invalid value specified for property 'displayName' of resource 'ExternalIdentitiesPolicy'.","target":"displayName","blockedWord":"","prefix":"","suffix":""}]}"#
    );
    let reader = house.token("app: Policy.Read.All");
    let denied = Ask::new("PATCH", POLICY).by(reader).json(&json!({"allowExternalIdentitiesToLeave": true}));
    let reply = house.say(&mut said, "without the permission", denied).await;
    assert_eq!(reply.fault(), (403, "Authorization_RequestDenied".to_owned()));
    insta::assert_snapshot!(said.text());
}

/// One field of the privacy profile is not enough to switch leaving off.
#[tokio::test]
async fn half_a_privacy_profile_is_none() {
    let house = House::new().await;
    let theo = house.token("app: theo");
    let tailwind = format!("/v1.0/organization/{}", house.plan.tailwind);
    for half in [
        json!({"contactEmail": "a@tailwind.example"}),
        json!({"contactEmail": "", "statementUrl": "https://t.example"}),
    ] {
        let write = Ask::new("PATCH", &tailwind).by(theo).json(&json!({ "privacyProfile": half }));
        assert_eq!(house.ask(write).await.status, 204);
        let no = Ask::new("PATCH", POLICY).by(theo).json(&json!({"allowExternalIdentitiesToLeave": false}));
        assert_eq!(house.ask(no).await.fault().0, 400, "{half}");
    }
}

#[tokio::test]
async fn bodies_that_are_refused() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let before = house.state(house.plan.contoso).await;
    let deep = format!(r#"{{"allowDeletedIdentitiesDataRemoval":{}true{}}}"#, "[".repeat(40), "]".repeat(40));
    let texts = [
        ("null", r#"{"allowExternalIdentitiesToLeave":null}"#),
        ("a string", r#"{"allowExternalIdentitiesToLeave":"false"}"#),
        ("a number", r#"{"allowDeletedIdentitiesDataRemoval":0}"#),
        ("an object", r#"{"allowDeletedIdentitiesDataRemoval":{}}"#),
        ("an unknown member", r#"{"allowExternalIdentitiesToLeave":true,"allowFoo":true}"#),
        ("a member in another letter case", r#"{"AllowExternalIdentitiesToLeave":true}"#),
        ("the right and a wrong member", r#"{"allowDeletedIdentitiesDataRemoval":true,"id":"other"}"#),
        ("a description", r#"{"description":"mine"}"#),
        ("a deletion", r#"{"deletedDateTime":"2026-01-01T00:00:00Z"}"#),
        ("a name that is no text", r#"{"displayName":7}"#),
        ("a name that is null", r#"{"displayName":null}"#),
        ("nothing in it", "{}"),
        ("annotations only", r##"{"@odata.type":"#microsoft.graph.externalIdentitiesPolicy"}"##),
        ("broken JSON", r#"{"allowExternalIdentitiesToLeave":tru"#),
        ("no object", "[]"),
        (
            "a name twice",
            r#"{"allowDeletedIdentitiesDataRemoval":true,"allowDeletedIdentitiesDataRemoval":false}"#,
        ),
        ("deep", deep.as_str()),
        ("blanks", "  "),
    ];
    for (title, body) in texts {
        let reply = house.say(&mut said, title, patch(&house).text(body)).await;
        assert_eq!(reply.status, 400, "{title}");
    }
    house.say(&mut said, "an empty body", patch(&house).header("content-type", "application/json")).await;
    house.say(&mut said, "an empty body without a content type", patch(&house)).await;
    let body = r#"{"allowDeletedIdentitiesDataRemoval":true}"#;
    house.say(&mut said, "no content type", patch(&house).raw(body)).await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        house
            .say(&mut said, "another content type", patch(&house).header("content-type", kind).raw(body))
            .await;
    }
    let latin =
        patch(&house).header("content-type", "application/json").raw(&b"{\"displayName\":\"\xe9\"}"[..]);
    house.say(&mut said, "not UTF-8", latin).await;
    assert_eq!(house.state(house.plan.contoso).await, before, "nothing that was refused was done");
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn methods_and_addresses() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let body = json!({"allowExternalIdentitiesToLeave": true});
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        house.say(&mut said, method, Ask::new(method, POLICY).by(house.all()).json(&body)).await;
    }
    house
        .say(
            &mut said,
            "DELETE with If-Match",
            Ask::new("DELETE", POLICY).by(house.all()).header("if-match", "*"),
        )
        .await;
    let other = format!("{POLICY}/other");
    house.say(&mut said, "PATCH below it", Ask::new("PATCH", &other).by(house.all()).json(&body)).await;
    let addresses = [
        format!("{POLICY}/externalIdentityPolicy"),
        format!("{POLICY}('externalIdentityPolicy')"),
        "/v1.0/policies/xyz".to_owned(),
        "/v1.0/policies".to_owned(),
        "/v1.0/xyz".to_owned(),
        "/v1.0/xyz/policies/externalIdentitiesPolicy".to_owned(),
        "/v1.0/policies/%zz".to_owned(),
        format!("{POLICY}?$filter=id eq 'x'"),
        format!("{POLICY}?$select=foo"),
        format!("{POLICY}?$expand=*"),
        format!("{POLICY}?$foo=1"),
        format!("{POLICY}?api-version=1.6"),
    ];
    for address in &addresses {
        house.say(&mut said, "GET", Ask::get(address).by(house.all())).await;
    }
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn entity_tags() {
    let house = House::new().await;
    let tag = async || {
        let reply = house.ask(Ask::get(POLICY).by(house.all())).await;
        reply.header("etag").unwrap().to_owned()
    };
    let first = tag().await;
    assert!(first.starts_with("W/\"") && first.ends_with('"'), "{first}");
    assert_eq!(tag().await, first, "reading changes nothing");
    let write = |tag: &str, value: bool| {
        patch(&house).header("if-match", tag).json(&json!({"allowDeletedIdentitiesDataRemoval": value}))
    };
    let mut said = Transcript::default();
    house.say(&mut said, "the tag that was read", write(&first, true)).await;
    let second = tag().await;
    assert_ne!(second, first);
    let reply = house.say(&mut said, "a tag from before", write(&first, false)).await;
    assert_eq!(reply.status, 412);
    assert_eq!(flags(&house).await, (true, true), "what was refused was not done");
    house.say(&mut said, "no tag of ours", write("\"whatever\"", false)).await;
    house.say(&mut said, "an empty tag", write("", false)).await;
    house.say(&mut said, "any version", write("*", false)).await;
    assert_eq!(flags(&house).await, (true, false));
    let third = tag().await;
    house.say(&mut said, "a change to what is there", write(&third, false)).await;
    assert_eq!(tag().await, third, "a change that changes nothing keeps the tag");
    insta::assert_snapshot!(said.text());
}

/// What one tenant sets, no other sees.
/// Whatever has a version says it, and a change of another version is refused.
#[tokio::test]
async fn what_was_changed_in_between_is_not_changed() {
    let house = House::new().await;
    let app = &house.plan.apps["app: nothing"];
    let partner = json!({"tenantId": house.plan.fabrikam});
    let made = house.ask(
        Ask::new("POST", "/v1.0/policies/crossTenantAccessPolicy/partners").by(house.all()).json(&partner),
    );
    assert_eq!(made.await.status, 201);
    let rows = [
        ("policies/externalIdentitiesPolicy".to_owned(), json!({"allowDeletedIdentitiesDataRemoval": true})),
        ("policies/authorizationPolicy".to_owned(), json!({"allowInvitesFrom": "none"})),
        ("policies/authenticationFlowsPolicy".to_owned(), json!({"selfServiceSignUp": {"isEnabled": true}})),
        (
            "policies/crossTenantAccessPolicy/default".to_owned(),
            json!({"automaticUserConsentSettings": {"inboundAllowed": false}}),
        ),
        (
            format!("policies/crossTenantAccessPolicy/partners/{}", house.plan.fabrikam),
            json!({"automaticUserConsentSettings": {"inboundAllowed": true}}),
        ),
        (
            format!("organization/{}", house.plan.contoso),
            json!({"technicalNotificationMails": ["other@contoso.example"]}),
        ),
        (format!("users/{}", house.id("pia")), json!({"jobTitle": "Chef"})),
        (format!("applications(appId='{}')", app.id), json!({"displayName": "Renamed"})),
        (format!("servicePrincipals/{}", app.object), json!({"notes": "Renamed"})),
    ];
    for (path, body) in &rows {
        let path = format!("/v1.0/{path}");
        let get = || Ask::get(path.clone()).by(house.all());
        let write = |tag: &str| {
            // Who has permissions of one app only cannot be changed by that app.
            Ask::new("PATCH", path.clone()).by(house.token("adele")).header("if-match", tag).json(body)
        };
        let first = house.ask(get()).await;
        assert_eq!(first.status, 200, "{path}: {}", first.text());
        let tag = first.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(
            house.ask(write("W/\"4711\"")).await.fault(),
            (412, "PreconditionFailed".to_owned()),
            "{path}"
        );
        assert_eq!(house.ask(get()).await.headers["etag"], tag.as_str(), "{path}: nothing was done");
        let done = house.ask(write(&tag)).await;
        assert_eq!(done.status, 204, "{path}: {}", done.text());
        assert_ne!(house.ask(get()).await.headers["etag"], tag.as_str(), "{path}");
        assert_eq!(house.ask(write(&tag)).await.status, 412, "{path}: an older version");
        assert_eq!(house.ask(write("*")).await.status, 204, "{path}: any version");
    }
    let pia = format!("/v1.0/users/{}", house.id("pia"));
    let delete = |tag: &str| Ask::new("DELETE", pia.clone()).by(house.all()).header("if-match", tag);
    assert_eq!(house.ask(delete("W/\"1\"")).await.status, 412);
    let tag =
        house.ask(Ask::get(pia.clone()).by(house.all())).await.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(house.ask(delete(&tag)).await.status, 204);
}

#[tokio::test]
async fn each_tenant_has_its_own_policy() {
    let house = House::new().await;
    let read = async |token: &str| {
        let body: Value = house.ask(Ask::get(POLICY).by(house.token(token))).await.json();
        body["allowDeletedIdentitiesDataRemoval"].as_bool().unwrap()
    };
    let body = json!({"allowDeletedIdentitiesDataRemoval": true});
    assert_eq!(
        house.ask(Ask::new("PATCH", POLICY).by(house.token("app: theo")).json(&body)).await.status,
        204
    );
    let seen = (read("app: theo").await, read("app: everything").await, read("app: fabian").await);
    assert_eq!(seen, (true, false, false));
}

/// What is too much is refused before anybody reads it, in the same words as everything else.
#[tokio::test]
async fn limits() {
    let house = House::new().await;
    let long = Ask::get(format!("{POLICY}?x={}", "a".repeat(9000))).by(house.all());
    assert_eq!(house.ask(long).await.fault(), (414, "BadRequest".to_owned()));
    let padded = format!(r#"{{"allowDeletedIdentitiesDataRemoval":true{}}}"#, " ".repeat(1024 * 1024));
    assert_eq!(house.ask(patch(&house).text(&padded)).await.fault(), (413, "BadRequest".to_owned()));
    let body = r#"{"allowDeletedIdentitiesDataRemoval":true}"#;
    let packed = patch(&house).header("content-encoding", "gzip").text(body);
    assert_eq!(house.ask(packed).await.fault(), (415, "BadRequest".to_owned()));
    assert_eq!(flags(&house).await, (true, false));
    let id = "x".repeat(129);
    let reply = house.ask(Ask::get(POLICY).by(house.all()).header("client-request-id", &id)).await;
    assert_eq!(reply.status, 200);
}

/// A name that is none of ours does not come back in links and challenges.
#[tokio::test]
async fn a_foreign_host_name_is_not_echoed() {
    let house = House::new().await;
    for ask in [Ask::get("/v1.0/users?$top=1").by(house.all()), Ask::get(POLICY)] {
        let reply = house.ask(ask.header("host", "evil.example")).await;
        let everything = format!("{:?}{}", reply.headers, reply.text());
        assert!(
            everything.contains("https://localhost:8443/") && !everything.contains("evil"),
            "{everything}"
        );
    }
}

/// Whatever a client says it would like to have, it gets JSON.
#[tokio::test]
async fn any_accept_header_is_good() {
    let house = House::new().await;
    for accept in ["*/*", "application/json;odata.metadata=none", "text/plain;q=0.9", "application/xml", ""] {
        let ask = Ask::get(POLICY)
            .by(house.all())
            .header("accept", accept)
            .header("content-type", "application/json");
        let reply = house.ask(ask).await;
        assert!(reply.header("content-type").unwrap().starts_with("application/json;"), "{accept}");
    }
}
