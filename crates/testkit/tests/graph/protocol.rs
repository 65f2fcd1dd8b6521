//! What holds for every address: page tokens, who is told what is wrong, pages of other sites, packing, limits.

use crate::{
    house::{House, POLICY},
    wire::{Ask, Reply, Transcript},
};
use model::Span;
use serde_json::json;
use web::Limits;

const HOST: &str = "https://localhost:8443";

fn next(reply: &Reply) -> String {
    reply.json()["@odata.nextLink"].as_str().unwrap().trim_start_matches(HOST).to_owned()
}

#[tokio::test]
async fn a_skip_token_shows_nothing_and_holds_for_its_query_only() {
    let house = House::new().await;
    let base = "/v1.0/users?$top=3&$orderby=displayName&$select=displayName";
    let first = house.ask(Ask::get(base).by(house.all())).await;
    let link = next(&first);
    let token = link.split("$skiptoken=").nth(1).unwrap();
    let last = first.values()[2]["displayName"].as_str().unwrap().to_lowercase();
    let tail: String = last.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
    assert!(!token.to_lowercase().contains(&tail) && !token.contains('.'), "{token}");
    for same in [
        link.clone(),
        format!("/v1.0/users?$skiptoken={token}&select=displayName&%24orderBy=displayName&$top=3"),
    ] {
        assert_eq!(house.ask(Ask::get(same.clone()).by(house.all())).await.status, 200, "{same}");
    }
    let mut forged = token.to_owned();
    forged.replace_range(10..11, if &token[10..11] == "A" { "B" } else { "A" });
    for other in [
        format!("/v1.0/users?$top=4&$orderby=displayName&$select=displayName&$skiptoken={token}"),
        format!("/v1.0/users?$top=3&$orderby=displayName desc&$select=displayName&$skiptoken={token}"),
        format!(
            "/v1.0/users?$top=3&$orderby=displayName&$select=displayName&$filter=mail ne null&$skiptoken={token}"
        ),
        format!("/beta/users?$top=3&$orderby=displayName&$select=displayName&$skiptoken={token}"),
        format!(
            "/v1.0/directory/deletedItems/microsoft.graph.user?$top=3&$orderby=displayName&$select=displayName&$skiptoken={token}"
        ),
        format!("{base}&$skiptoken={forged}"),
    ] {
        let reply = house.ask(Ask::get(other.clone()).by(house.all())).await;
        assert_eq!(reply.fault(), (400, "Directory_ExpiredPageToken".to_owned()), "{other}");
    }
    let reply = house.ask(Ask::get(link).by(house.token("adele"))).await;
    assert_eq!(reply.fault(), (400, "Directory_ExpiredPageToken".to_owned()), "of another caller");
}

/// Somebody is deleted and somebody else renamed between the pages; all others come exactly once.
#[tokio::test]
async fn pages_lose_and_repeat_nobody_while_others_come_and_go() {
    let house = House::new().await;
    let all = house.ask(Ask::get("/v1.0/users?$top=999").by(house.all())).await.values();
    let gone = ["mia", "uma", "gil"].map(|name| house.id(name).to_string());
    let mut seen = Vec::new();
    let mut link = "/v1.0/users?$top=2".to_owned();
    for page in 0.. {
        let reply = house.ask(Ask::get(link).by(house.all())).await;
        seen.extend(reply.values().into_iter().map(|user| user["id"].as_str().unwrap().to_owned()));
        if let Some(id) = gone.get(page) {
            house.ask(Ask::new("DELETE", format!("/v1.0/users/{id}")).by(house.token("adele"))).await;
        }
        if reply.json()["@odata.nextLink"].is_null() {
            break;
        }
        link = next(&reply);
    }
    let mut others: Vec<_> = all
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .filter(|id| !gone.contains(id))
        .collect();
    seen.retain(|id| !gone.contains(id));
    seen.sort();
    others.sort();
    assert_eq!(seen, others);
}

#[tokio::test]
async fn who_may_not_do_it_is_not_told_what_is_wrong_with_it() {
    let house = House::new().await;
    let user = format!("/v1.0/users/{}", house.id("pia"));
    let asks = [
        Ask::new("PATCH", POLICY).text("{"),
        Ask::new("PATCH", POLICY).json(&json!({ "nope": 1 })),
        Ask::new("PATCH", POLICY),
        Ask::new("PATCH", user.clone()).json(&json!({ "accountEnabled": "x" })),
        Ask::new("POST", "/v1.0/invitations").json(&json!({})),
        Ask::get("/v1.0/users?$filter=nope eq 1"),
        Ask::get("/v1.0/users?$top=0"),
        Ask::get("/v1.0/users/$count"),
        Ask::get("/v1.0/auditLogs/directoryAudits?$select=nope"),
        Ask::get("/v1.0/users/delta?$deltatoken=x"),
        Ask::new("POST", "/v1.0/directoryObjects/getByIds").json(&json!({})),
    ];
    for ask in asks {
        let with = house.ask(ask.clone().by(house.all())).await;
        assert_eq!(with.status, 400, "{}", with.text());
        let without = house.ask(ask.by(house.token("app: nothing"))).await;
        assert_eq!(
            without.fault(),
            (403, "Authorization_RequestDenied".to_owned()),
            "instead of {}",
            with.text()
        );
    }
    // Oneself may be read with less, so what is wrong is told.
    let own = format!("/v1.0/users/{}?$select=nope", house.id("mia"));
    assert_eq!(house.ask(Ask::get(own).by(house.token("mia with User.Read"))).await.status, 400);
}

#[tokio::test]
async fn methods_are_told_and_heads_have_no_body() {
    let (house, mut said) = (House::new().await, Transcript::default());
    for target in [POLICY, "/v1.0/users", "/beta/users/x", "/v1.0/nothing"] {
        house.say(&mut said, "", Ask::new("OPTIONS", target).by(house.all())).await;
    }
    house.say(&mut said, "Without a token", Ask::new("OPTIONS", POLICY)).await;
    let head = house.say(&mut said, "", Ask::new("HEAD", POLICY).by(house.all())).await;
    assert!(head.body.is_empty());
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn pages_of_other_sites_may_ask_with_a_token() {
    let (house, mut said) = (House::new().await, Transcript::default());
    let ask = Ask::new("OPTIONS", POLICY)
        .header("origin", "https://app.example")
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "authorization,content-type");
    house.say(&mut said, "Preflight", ask).await;
    let ask = Ask::get(POLICY).header("origin", "https://app.example");
    house.say(&mut said, "The request itself", ask.clone().by(house.all())).await;
    house.say(&mut said, "Refused", ask).await;
    insta::assert_snapshot!(said.text());
    let plain = house.ask(Ask::get(POLICY).by(house.all())).await;
    assert_eq!(plain.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn preferences_are_taken_and_change_nothing() {
    let house = House::new().await;
    for preference in ["return=representation", "return=minimal", "respond-async, wait=10", "nonsense;;="] {
        let ask = Ask::new("PATCH", POLICY).by(house.all()).header("prefer", preference);
        let reply = house.ask(ask.json(&json!({ "allowExternalIdentitiesToLeave": true }))).await;
        assert_eq!((reply.status.as_u16(), reply.header("preference-applied")), (204, None), "{preference}");
    }
}

#[tokio::test]
async fn long_answers_are_packed_for_those_who_can_read_it() {
    let house = House::new().await;
    let ask = |target: &str| Ask::get(target).by(house.all());
    let plain = house.ask(ask("/v1.0/users")).await;
    let packed = house.ask(ask("/v1.0/users").header("accept-encoding", "gzip, deflate")).await;
    assert_eq!((packed.header("content-encoding"), plain.header("content-encoding")), (Some("gzip"), None));
    assert_eq!(packed.body[..2], [0x1f, 0x8b]);
    assert!(packed.body.len() * 3 < plain.body.len(), "{} {}", packed.body.len(), plain.body.len());
    let short = house.ask(ask(POLICY).header("accept-encoding", "gzip")).await;
    assert_eq!(short.header("content-encoding"), None, "{}", short.text());
    let refused = house.ask(ask("/v1.0/users?$top=0").header("accept-encoding", "gzip")).await;
    assert_eq!(refused.header("content-encoding"), None);
}

async fn limited(units: u32, writes: u32) -> House {
    let house = House::new().await;
    let options = web::Options { limits: Some(Limits::with(units, writes)), ..web::Options::default() };
    House { app: web::App::new(house.world.directory().clone(), options), ..house }
}

#[tokio::test]
async fn who_asks_too_much_is_told_when_to_go_on() {
    let (house, mut said) = (limited(10, 2).await, Transcript::default());
    let list = || Ask::get("/v1.0/users?$top=20").by(house.all());
    for _ in 0..4 {
        assert_eq!(house.ask(list()).await.status, 200);
    }
    let near = house.ask(list()).await;
    let headers = (near.header("x-ms-resource-unit"), near.header("x-ms-throttle-limit-percentage"));
    assert_eq!(headers, (Some("2"), Some("1.0")));
    let refused = house.say(&mut said, "Too much", list()).await;
    let text = said.text();
    let app = house.plan.apps["app: everything"].id.to_string();
    let request = refused.header("request-id").unwrap();
    let text = text.replace(&app, "(app)").replace(&house.plan.contoso.to_string(), "(tenant)");
    insta::assert_snapshot!(text.replace(request, "(request)"));
    assert_eq!(house.ask(Ask::get("/v1.0/users").by(house.token("adele"))).await.status, 200, "another app");
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    house.world.clock.advance(Span::seconds(wait));
    assert_eq!(house.ask(list()).await.status, 200, "after the time that was named");
}

#[tokio::test]
async fn a_refused_write_changes_nothing_and_each_request_of_a_batch_counts() {
    let house = limited(100, 2).await;
    let write = |value| {
        let body = json!({ "allowDeletedIdentitiesDataRemoval": value });
        Ask::new("PATCH", POLICY).by(house.all()).json(&body)
    };
    assert_eq!(house.ask(write(true)).await.status, 204);
    assert_eq!(house.ask(write(true)).await.status, 204);
    assert_eq!(house.ask(write(false)).await.fault(), (429, "TooManyRequests".to_owned()));
    let policy = house.ask(Ask::get(POLICY).by(house.all())).await.json();
    assert_eq!(policy["allowDeletedIdentitiesDataRemoval"], true);
    let requests: Vec<_> = (0..3)
        .map(|id| {
            json!({ "id": id.to_string(), "method": "PATCH", "url": "/policies/externalIdentitiesPolicy",
                "headers": { "Content-Type": "application/json" }, "body": { "allowDeletedIdentitiesDataRemoval": false } })
        })
        .collect();
    let batch =
        Ask::new("POST", "/v1.0/$batch").by(house.token("adele")).json(&json!({ "requests": requests }));
    let reply = house.ask(batch).await.json();
    let statuses: Vec<_> = (0..3).map(|at| reply["responses"][at]["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [204, 204, 429]);
    assert!(reply["responses"][2]["headers"]["Retry-After"].is_string());
}

#[tokio::test]
async fn objects_by_their_ids() {
    let (house, mut said) = (House::new().await, Transcript::default());
    let ids = |ids: &[&str], more: &str| {
        let list: Vec<_> = ids.iter().map(|name| format!("\"{}\"", house.id(name))).collect();
        let body = format!("{{\"ids\":[{}]{more}}}", list.join(","));
        Ask::new("POST", "/v1.0/directoryObjects/getByIds?$select=id").by(house.all()).text(&body)
    };
    house.say(&mut said, "Live ones only, each once", ids(&["mia", "rolf", "gil", "mia"], "")).await;
    house.say(&mut said, "Other types", ids(&["mia"], ",\"types\":[\"group\"]")).await;
    house.say(&mut said, "A type that there is not", ids(&["mia"], ",\"types\":[\"robot\"]")).await;
    house.say(&mut said, "No ids", ids(&[], "")).await;
    house.say(&mut said, "Unknown", ids(&["mia"], ",\"x\":1")).await;
    let bad = Ask::new("POST", "/v1.0/directoryObjects/microsoft.graph.getByIds").by(house.all());
    house.say(&mut said, "No id", bad.json(&json!({ "ids": ["x"] }))).await;
    house.say(&mut said, "No licences", Ask::get("/v1.0/subscribedSkus").by(house.all())).await;
    insta::assert_snapshot!(said.text());
}

/// An id of each kind, and that of Microsoft Graph itself.
async fn one_of_each(house: &House) -> [String; 7] {
    let make = |path: &str, body: serde_json::Value| {
        Ask::new("POST", format!("/v1.0/{path}")).by(house.all()).json(&body)
    };
    let group = json!({"displayName": "Staff", "mailEnabled": false, "mailNickname": "staff", "securityEnabled": true});
    let text = |reply: &Reply, name: &str| reply.json()[name].as_str().unwrap().to_owned();
    let group = text(&house.ask(make("groups", group)).await, "id");
    let app = house.ask(make("applications", json!({"displayName": "Wiki"}))).await;
    let principal = house.ask(make("servicePrincipals", json!({"appId": app.json()["appId"]}))).await;
    let graph = house.ask(
        Ask::get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id")
            .by(house.all()),
    );
    [
        house.id("mia").to_string(),
        group,
        text(&app, "id"),
        text(&principal, "id"),
        "62e90394-69f5-4237-9190-012177145e10".to_owned(),
        house.plan.contoso.to_string(),
        text(&graph.await, "id"),
    ]
}

/// Every kind that has ids, those that are named, and of what the caller may not read only that it is there.
#[tokio::test]
async fn objects_of_every_kind_by_their_ids() {
    let house = House::new().await;
    let ids = one_of_each(&house).await;
    let kinds = [
        "user",
        "group",
        "application",
        "servicePrincipal",
        "directoryRole",
        "organization",
        "servicePrincipal",
    ];
    let ask = |query: &str, types: &[&str]| {
        let body = json!({"ids": ids, "types": types});
        Ask::new("POST", format!("/v1.0/directoryObjects/getByIds{query}")).json(&body)
    };
    let typed = |reply: &Reply| -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        reply.values().iter().map(|one| (text(&one["@odata.type"]), text(&one["id"]))).collect()
    };
    let expected: Vec<(String, String)> =
        kinds.iter().zip(&ids).map(|(kind, id)| (format!("#microsoft.graph.{kind}"), id.clone())).collect();
    let all = house.ask(ask("", &[]).by(house.all())).await;
    assert_eq!(typed(&all), expected);
    let names: Vec<_> = all.values().iter().map(|one| one["displayName"].clone()).collect();
    assert_eq!(
        names,
        [
            "Member mia@contoso.example",
            "Staff",
            "Wiki",
            "Wiki",
            "Global Administrator",
            "Contoso",
            "Microsoft Graph"
        ]
    );
    let some = house
        .ask(ask("?$select=id,displayName,appId", &["group", "Application", "device"]).by(house.all()))
        .await;
    assert_eq!(typed(&some), expected[1..3]);
    assert_eq!(some.values()[1].as_object().unwrap().len(), 4, "{}", some.text());
    let nope = house.ask(ask("?$select=nope", &[]).by(house.all())).await;
    assert_eq!(nope.fault(), (400, "BadRequest".to_owned()));
    // With one kind's permission, the others are there without a word about them (live service).
    let users = house.ask(ask("", &[]).by(house.token("app: User.Read.All"))).await;
    assert_eq!(typed(&users), expected);
    for (one, kind) in users.values().iter().zip(kinds) {
        let told = one.as_object().unwrap().len() > 2;
        assert_eq!(told, ["user", "organization"].contains(&kind), "{one}");
    }
    // A guest sees of those whose ids it knows what is public.
    let guest = house.ask(ask("", &["user"]).by(house.token("gil"))).await;
    assert_eq!(
        (guest.values()[0]["displayName"].as_str(), &guest.values()[0]["jobTitle"]),
        (Some("Member mia@contoso.example"), &serde_json::Value::Null)
    );
}

/// The city has no column to filter by: pages and counts look at each user.
#[tokio::test]
async fn pages_and_counts_agree_where_each_user_is_judged() {
    let house = House::new().await;
    for name in ["mia", "gert", "uma", "pia", "max"] {
        let ask = Ask::new("PATCH", format!("/v1.0/users/{}", house.id(name))).by(house.token("adele"));
        assert_eq!(house.ask(ask.json(&json!({ "city": "Bern" }))).await.status, 204);
    }
    let mut found = Vec::new();
    let mut link =
        "/v1.0/users?$filter=city eq 'bern' and userType eq 'Member'&$top=2&$count=true".to_owned();
    for page in 0.. {
        let reply = house.ask(Ask::get(link).advanced().by(house.all())).await;
        if page == 0 {
            assert_eq!(reply.json()["@odata.count"], 3);
        }
        assert!(reply.values().len() <= 2);
        found.extend(reply.values());
        if reply.json()["@odata.nextLink"].is_null() {
            break;
        }
        link = next(&reply);
    }
    assert_eq!(found.len(), 3);
    for (filter, expected) in [
        ("city eq 'Bern'", "5"),
        ("not(city eq 'Bern') and city ne null", "0"),
        ("city eq null and startsWith(displayName,'Member m')", "0"),
    ] {
        let ask = Ask::get(format!("/v1.0/users/$count?$filter={filter}")).advanced();
        assert_eq!(house.ask(ask.by(house.all())).await.text(), expected, "{filter}");
    }
}

#[tokio::test]
async fn relations_are_put_in_where_they_have_an_address() {
    let house = House::new().await;
    let pia = house.id("pia");
    let relation =
        house.ask(Ask::get(format!("/v1.0/users/{pia}/sponsors?$select=id")).by(house.all())).await;
    let one = Ask::get(format!("/v1.0/users/{pia}?$select=id&$expand=sponsors($select=id)")).by(house.all());
    let one = house.ask(one).await;
    assert_eq!(one.status, 200, "{}", one.text());
    assert_eq!(one.json()["sponsors"], relation.json()["value"]);
    assert_eq!(one.json()["sponsors@odata.context"], relation.json()["@odata.context"]);
    let list = house.ask(Ask::get("/v1.0/users?$top=2&$expand=sponsors").by(house.all())).await;
    assert!(list.values().iter().all(|user| user["sponsors"].is_array()), "{}", list.text());
    let second = house.ask(Ask::get(next(&list)).by(house.all())).await;
    assert!(second.values().iter().all(|user| user["sponsors"].is_array()), "the link keeps it");
    for (query, code) in [
        ("$expand=sponsors,memberOf", "Request_UnsupportedQuery"),
        ("$expand=nothing", "BadRequest"),
        ("$expand=sponsors($levels=max)", "BadRequest"),
        ("$expand=sponsors($select=nope)", "Request_BadRequest"),
        ("$select=displayName&$expand=sponsors", "BadRequest"),
    ] {
        let reply = house.ask(Ask::get(format!("/v1.0/users?{query}")).by(house.all())).await;
        assert_eq!(reply.fault(), (400, code.to_owned()), "{query}: {}", reply.text());
    }
}
