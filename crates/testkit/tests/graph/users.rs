//! `users` and `me`: lists, paging, reading, changing and removing.

use crate::{
    house::House,
    wire::{Ask, Transcript},
};
use model::TenantId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::uuid;

const UNKNOWN: TenantId = TenantId::from_uuid(uuid!("00000000-0000-4000-8000-000000000001"));

fn get(house: &House, target: impl Into<String>) -> Ask {
    Ask::get(target).by(house.all())
}

fn names(values: &[Value]) -> Vec<String> {
    values.iter().map(|user| user["userPrincipalName"].as_str().unwrap().to_owned()).collect()
}

/// A link as the client gets it, as a target on this server.
fn target(link: &Value) -> String {
    link.as_str().unwrap().strip_prefix("https://localhost:8443").unwrap().to_owned()
}

#[tokio::test]
async fn lists_as_administrators_ask_for_them() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let pick = "$select=id,userPrincipalName";
    let plain = [
        format!("?$filter=userType eq 'Guest'&{pick}"),
        format!("?$filter=userType eq 'Guest' and accountEnabled eq false&{pick}"),
        format!(
            "?$filter=externalUserState eq 'PendingAcceptance'&{pick},externalUserState,externalUserStateChangeDateTime"
        ),
        format!("?filter=startswith(displayName,'member m')&{pick}"),
        format!("?$filter=mail eq 'GIL@fabrikam.example'&{pick}"),
        format!("?$filter=userPrincipalName in ('mia@contoso.example','rita@contoso.example')&{pick}"),
        format!("?$filter=id eq '{}'&{pick}", house.id("mia")),
        format!("?$top=2&{pick}"),
        format!("?$top=2&$orderby=displayName desc&{pick}"),
        format!("?$top=1&$count=true&{pick}"),
        "?$top=1".to_owned(),
    ];
    for query in plain {
        house.say(&mut said, "plain", get(&house, format!("/v1.0/users{query}"))).await;
    }
    let advanced = [
        format!("?$count=true&$top=1&{pick}"),
        format!("?$count=true&$filter=userType ne 'Guest'&$top=2&{pick}"),
        format!("?$count=true&$filter=not(startsWith(displayName,'Member'))&$top=2&{pick}"),
        format!("?$count=true&$filter=endsWith(mail,'@mail.example')&{pick}"),
        format!("?$count=true&$filter=userType eq 'Guest'&$orderby=displayName&$top=2&{pick}"),
        format!("?$search=\"displayName:mia\"&{pick}"),
        format!("?$search=\"mail:mail.example\"&{pick}"),
    ];
    for query in advanced {
        house.say(&mut said, "advanced", get(&house, format!("/v1.0/users{query}")).advanced()).await;
    }
    let count = get(&house, "/v1.0/users/$count?$filter=userType eq 'Guest'").advanced();
    house.say(&mut said, "the number alone", count).await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn lists_that_are_refused() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let queries = [
        "?$top=0",
        "?$top=1000",
        "?$top=-1",
        "?$top=many",
        "?$top=1&$top=2",
        "?$filter=userType ne 'Guest'",
        "?$filter=not(userType eq 'Guest')",
        "?$filter=endsWith(mail,'x')",
        "?$filter=userType eq 'Guest'&$orderby=displayName",
        "?$filter=city ne 'Bern'",
        "?$filter=identities/any(i:i/signInType eq 'x')",
        "?$filter=otherMails/all(m:m eq 'x')",
        "?$filter=foo eq 'x'",
        "?$filter=userType eq 'Guest",
        "?$filter=accountEnabled eq 'true'",
        "?$select=foo",
        "?$orderby=mail",
        "?$orderby=deletedDateTime",
        "?$search=\"displayName:mia\"",
        "?$skip=1",
        "?$foo=1",
        "?$expand=manager",
        "?$skiptoken=garbage",
        "?$format=xml",
        "?$filter=signInActivity/lastSignInDateTime le 2025-01-01T00:00:00Z and jobTitle eq 'x'",
        "?$deltatoken=x",
    ];
    for query in queries {
        let reply = house.say(&mut said, "refused", get(&house, format!("/v1.0/users{query}"))).await;
        assert_eq!(reply.status, 400, "{query}");
    }
    house.say(&mut said, "the number alone, without the header", get(&house, "/v1.0/users/$count")).await;
    house
        .say(
            &mut said,
            "sorted by what only deleted users have",
            get(&house, "/v1.0/users?$count=true&$orderby=deletedDateTime").advanced(),
        )
        .await;
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        house
            .say(
                &mut said,
                "no such method",
                Ask::new(method, "/v1.0/users").by(house.all()).json(&json!({})),
            )
            .await;
    }
    insta::assert_snapshot!(said.text());
}

/// All pages from the first link to the last, `top` at a time, with what the first page said.
async fn walk(house: &House, first: Ask) -> (Vec<Value>, usize) {
    let mut found = Vec::new();
    let mut pages = 0;
    let mut ask = first;
    loop {
        let reply = house.ask(ask).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        found.extend(reply.values());
        pages += 1;
        assert!(pages < 200, "the pages do not end");
        let body = reply.json();
        if pages > 1 {
            assert!(body.get("@odata.count").is_none(), "the count is on the first page only");
        }
        match body.get("@odata.nextLink") {
            // No client repeats its headers on a link.
            Some(link) => ask = get(house, target(link)),
            None => return (found, pages),
        }
    }
}

#[tokio::test]
async fn pages_lose_nothing_and_repeat_nothing() {
    let house = House::new().await;
    let all = names(&house.ask(get(&house, "/v1.0/users?$top=999")).await.values());
    assert!(all.len() > 15);
    let everybody: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(everybody.len(), all.len());
    for top in [1, 2, 3, 7, 999] {
        let queries = [
            format!("/v1.0/users?$top={top}"),
            format!("/v1.0/users?$top={top}&$orderby=displayName"),
            format!("/beta/users?$top={top}&$orderby=displayName desc"),
            format!("/v1.0//Users?$top={top}&$orderby=userPrincipalName desc&$count=true"),
            format!("/v1.0/users?$top={top}&$orderby=createdDateTime desc,displayName&$count=true"),
            format!("/v1.0/users?$top={top}&$count=true&$filter=userType ne 'Nobody'&$orderby=displayName"),
        ];
        for query in queries {
            let (found, pages) = walk(&house, get(&house, query.clone()).advanced()).await;
            let found = names(&found);
            assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), everybody, "{query}");
            assert_eq!((found.len(), pages), (all.len(), all.len().div_ceil(top)), "{query}");
        }
    }
}

/// Sorting is by the folded text, and pages keep it.
#[tokio::test]
async fn the_order_holds_across_pages() {
    let house = House::new().await;
    for (clause, descending) in [("displayName", false), ("displayName desc", true)] {
        let (found, _) = walk(&house, get(&house, format!("/v1.0/users?$top=3&$orderby={clause}"))).await;
        let found: Vec<String> =
            found.iter().map(|user| user["displayName"].as_str().unwrap().to_lowercase()).collect();
        let mut sorted = found.clone();
        sorted.sort();
        if descending {
            sorted.reverse();
        }
        assert_eq!(found, sorted, "{clause}");
    }
}

#[tokio::test]
async fn a_skip_token_is_good_only_where_it_was_given() {
    let house = House::new().await;
    let first =
        house.ask(Ask::get("/v1.0/users?$top=2&$orderby=displayName").by(house.token("mia"))).await.json();
    let link = target(&first["@odata.nextLink"]);
    let (_, token) = link.split_once("$skiptoken=").unwrap();
    assert_eq!(house.ask(Ask::get(&link).by(house.token("mia"))).await.status, 200, "the positive control");
    let mut tampered = token.to_owned();
    let last = if tampered.pop() == Some('A') { 'B' } else { 'A' };
    tampered.push(last);
    let by = |who: &str, target: String| Ask::get(target).by(house.token(who));
    let mut rows = vec![
        ("another person", by("adele", link.clone())),
        ("an app", by("app: everything", link.clone())),
        ("another tenant", by("fabian", link.clone())),
        ("another version", by("mia", link.replace("/v1.0/", "/beta/"))),
        (
            "another collection",
            by("adele", format!("/v1.0/directory/deletedItems/microsoft.graph.user?$skiptoken={token}")),
        ),
        ("tampered", by("mia", format!("/v1.0/users?$top=2&$orderby=displayName&$skiptoken={tampered}"))),
        ("cut", by("mia", format!("/v1.0/users?$skiptoken={}", &token[..token.len() / 2]))),
        ("another order", by("mia", format!("/v1.0/users?$top=2&$skiptoken={token}"))),
    ];
    let apps = house.ask(by("app: User.Read.All", "/v1.0/users?$top=2".to_owned())).await.json();
    rows.push(("another app", by("app: everything", target(&apps["@odata.nextLink"]))));
    for (title, ask) in rows {
        let reply = house.ask(ask).await;
        assert_eq!(reply.status, 400, "{title}: {}", reply.text());
    }
}

#[tokio::test]
async fn one_user() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let gil = house.id("gil");
    let every = "accountEnabled,createdDateTime,creationType,deletedDateTime,externalUserState,externalUserStateChangeDateTime,identities,otherMails,userType,city,usageLocation";
    let addresses = [
        format!("/v1.0/users/{gil}"),
        format!("/v1.0/users/{}", gil.to_string().to_uppercase()),
        format!("/v1.0/users('{gil}')"),
        format!("/beta/users/{gil}"),
        format!("/v1.0/users/{gil}?$select={every}"),
        "/v1.0/users/MIA@contoso.example?$select=id,displayName".to_owned(),
        "/v1.0/users/gil_fabrikam.example#EXT#@contoso.example?$select=id".to_owned(),
        "/v1.0/users('mia@contoso.example')?$select=id".to_owned(),
        "/v1.0/users(userPrincipalName='mia@contoso.example')?$select=id".to_owned(),
        "/v1.0/users(displayName='Member mia')".to_owned(),
        "/v1.0/users/max_mail.example#EXT#@contoso.example?$select=identities,userType".to_owned(),
        format!("/v1.0/users/{}?$select=identities,userType,externalUserState", house.id("pia")),
    ];
    for address in addresses {
        house.say(&mut said, "GET", get(&house, address)).await;
    }
    house.say(&mut said, "HEAD", Ask::new("HEAD", format!("/v1.0/users/{gil}")).by(house.all())).await;
    house.say(&mut said, "below a user", get(&house, format!("/v1.0/users/{gil}/manager"))).await;
    house.say(&mut said, "expanded", get(&house, format!("/v1.0/users/{gil}?$expand=manager"))).await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn me() {
    let house = House::new().await;
    let mut said = Transcript::default();
    for who in ["mia", "gil", "max", "mia with User.Read", "app: everything", "mia with Policy.Read.All"] {
        house.say(&mut said, "me", Ask::get("/v1.0/me").by(house.token(who))).await;
    }
    let mia = house.id("mia");
    let read = house.token("mia with User.Read");
    house.say(&mut said, "oneself by id", Ask::get(format!("/v1.0/users/{mia}?$select=id")).by(read)).await;
    let other = Ask::get(format!("/v1.0/users/{}", house.id("adele"))).by(read);
    house.say(&mut said, "somebody else", other).await;
    house
        .say(&mut said, "a change", Ask::new("PATCH", "/v1.0/me").by(read).json(&json!({"jobTitle": "x"})))
        .await;
    insta::assert_snapshot!(said.text());
}

/// An object of another tenant, a soft-deleted one and one that never was answer the same, but for the id that was asked for.
#[tokio::test]
async fn foreign_unknown_and_gone_are_the_same() {
    let house = House::new().await;
    let reference = UNKNOWN.to_string();
    for (method, address, body) in [
        ("GET", "users/{id}", None),
        ("PATCH", "users/{id}", Some(json!({"jobTitle": "x"}))),
        ("DELETE", "users/{id}", None),
        ("GET", "directory/deletedItems/{id}", None),
        ("POST", "directory/deletedItems/{id}/restore", None),
        ("DELETE", "directory/deletedItems/{id}", None),
        ("GET", "organization/{id}", None),
        ("PATCH", "organization/{id}", Some(json!({"technicalNotificationMails": []}))),
    ] {
        let mut others = vec![house.id("fabian").to_string(), house.plan.fabrikam.to_string()];
        if address.starts_with("users") {
            others.push(house.id("lena").to_string());
        } else {
            others.push(house.id("mia").to_string());
        }
        let answer = async |id: &str| {
            let ask = Ask::new(method, format!("/v1.0/{}", address.replace("{id}", id)))
                .by(house.all())
                .header("client-request-id", "same");
            let ask = if let Some(body) = &body { ask.json(body) } else { ask };
            let reply = house.ask(ask).await;
            assert_eq!(
                reply.fault(),
                (404, "Request_ResourceNotFound".to_owned()),
                "{method} {address} {id}"
            );
            let own = reply.header("request-id").unwrap().to_owned();
            let headers: Vec<String> =
                reply.headers.iter().map(|pair| format!("{pair:?}").replace(&own, "R")).collect();
            (headers, reply.text().replace(&own, "R").replace(id, "ID"))
        };
        let expected = answer(&reference).await;
        assert!(expected.1.contains(
            "Resource 'ID' does not exist or one of its queried reference-property objects are not present."
        ));
        for id in others {
            assert_eq!(answer(&id).await, expected, "{method} {address} {id}");
        }
    }
    let mut said = Transcript::default();
    house.say(&mut said, "an unknown user", get(&house, format!("/v1.0/users/{UNKNOWN}"))).await;
    house.say(&mut said, "an unknown name", get(&house, "/v1.0/users/nobody@contoso.example")).await;
    house.say(&mut said, "no id at all", get(&house, "/v1.0/directory/deletedItems/nobody")).await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn changes_that_are_made() {
    let house = House::new().await;
    let mia = format!("/v1.0/users/{}", house.id("mia"));
    let rows = [
        json!({"displayName": "Mia Muster"}),
        json!({"givenName": "Mia", "surname": "Muster"}),
        json!({"givenName": null, "surname": null}),
        json!({"mail": "mia@elsewhere.example"}),
        json!({"mail": null}),
        json!({"otherMails": ["a@x.example", "b@x.example"]}),
        json!({"otherMails": []}),
        json!({"accountEnabled": false}),
        json!({"accountEnabled": true}),
        json!({"userType": "Guest"}),
        json!({"userType": "Member"}),
        json!({"businessPhones": ["+41 31 000 00 00"]}),
        json!({"jobTitle": "Cook", "mobilePhone": "1", "officeLocation": "2", "preferredLanguage": "de-CH"}),
        json!({"city": "Bern", "companyName": "C", "country": "CH", "department": "D", "employeeId": "E"}),
        json!({"postalCode": "3000", "state": "BE", "streetAddress": "S", "usageLocation": "CH"}),
        json!({"jobTitle": null, "city": null}),
    ];
    for body in rows {
        let write = Ask::new("PATCH", &mia).by(house.all()).json(
            &json!({"@odata.type": "#microsoft.graph.user"})
                .as_object()
                .map(|tag| {
                    let mut whole = tag.clone();
                    whole.extend(body.as_object().unwrap().clone());
                    Value::Object(whole)
                })
                .unwrap(),
        );
        let reply = house.ask(write).await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0), "{body}");
        let read = house.ask(get(&house, format!("{mia}?$select=*"))).await.json();
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(read[name], *value, "{name} is read as it was written");
        }
    }
    let by_name = Ask::new("PATCH", "/v1.0/users/mia@contoso.example").by(house.token("uma"));
    assert_eq!(house.ask(by_name.json(&json!({"jobTitle": "Chef"}))).await.status, 204);
    let read = house.ask(get(&house, format!("{mia}?$select=jobTitle"))).await.json();
    assert_eq!(read["jobTitle"], "Chef");
}

#[tokio::test]
async fn changes_that_are_refused() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let before = house.state(house.plan.contoso).await;
    let mia = format!("/v1.0/users/{}", house.id("mia"));
    let long = "x".repeat(257);
    let rows = [
        json!({"id": "00000000-0000-4000-8000-000000000001"}),
        json!({"userPrincipalName": "other@elsewhere.example"}),
        json!({"createdDateTime": "2020-01-01T00:00:00Z"}),
        json!({"deletedDateTime": null}),
        json!({"creationType": null}),
        json!({"externalUserState": "Accepted"}),
        json!({"externalUserStateChangeDateTime": null}),
        json!({"identities": []}),
        json!({"passwordProfile": {"password": "x"}}),
        json!({"foo": 1}),
        json!({"homeTenant": "x"}),
        json!({"displayName": ""}),
        json!({"displayName": null}),
        json!({"displayName": 1}),
        json!({"displayName": "a\u{7}b"}),
        json!({"givenName": true}),
        json!({"mail": "no address"}),
        json!({"otherMails": "a@x.example"}),
        json!({"otherMails": ["no address"]}),
        json!({"accountEnabled": "false"}),
        json!({"accountEnabled": null}),
        json!({"userType": "Robot"}),
        json!({"userType": 1}),
        json!({"businessPhones": [1]}),
        json!({"jobTitle": "a\u{7}b"}),
        json!({"jobTitle": ["x"]}),
        json!({"jobTitle": "good", "id": "x"}),
        json!({}),
    ];
    for body in &rows {
        let reply = house.say(&mut said, "refused", Ask::new("PATCH", &mia).by(house.all()).json(body)).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    for body in [json!({"city": long}), json!({"displayName": long})] {
        let reply = house.ask(Ask::new("PATCH", &mia).by(house.all()).json(&body)).await;
        assert_eq!(reply.fault(), (400, "Request_BadRequest".to_owned()));
    }
    house.say(&mut said, "an empty body", Ask::new("PATCH", &mia).by(house.all())).await;
    assert_eq!(house.state(house.plan.contoso).await, before, "nothing that was refused was done");
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn removing_users() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let gil = house.id("gil");
    let delete = |who: &str, key: &str| Ask::new("DELETE", format!("/v1.0/users/{key}")).by(house.token(who));
    house.say(&mut said, "a guest", delete("uma", &gil.to_string())).await;
    house.say(&mut said, "the guest again", delete("uma", &gil.to_string())).await;
    house.say(&mut said, "the guest, read", get(&house, format!("/v1.0/users/{gil}"))).await;
    let gone = house.ask(get(&house, "/v1.0/users/gil_fabrikam.example#EXT#@contoso.example")).await;
    assert_eq!(gone.status, 404, "nor by name");
    house
        .say(
            &mut said,
            "by name, with a body",
            delete("app: User.DeleteRestore.All", "mia@contoso.example").text("{}"),
        )
        .await;
    house
        .say(&mut said, "an administrator, by a lesser one", delete("uma", &house.id("adele").to_string()))
        .await;
    house
        .say(
            &mut said,
            "an administrator, by an app",
            delete("app: everything", &house.id("adele").to_string()),
        )
        .await;
    house
        .say(&mut said, "an administrator, by another", delete("adele", &house.id("gert").to_string()))
        .await;
    house
        .say(&mut said, "an administrator, by oneself", delete("adele", &house.id("adele").to_string()))
        .await;
    let off = Ask::new("PATCH", format!("/v1.0/users/{}", house.id("adele"))).by(house.token("adele"));
    house
        .say(&mut said, "the last administrator, blocked", off.json(&json!({"accountEnabled": false})))
        .await;
    insta::assert_snapshot!(said.text());
}
