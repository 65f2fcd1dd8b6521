//! `/innkeeper/v1/identityProviders`: who may register, list, change and remove external identity providers, and what remains.

use crate::{authorisation::PEOPLE, house::House};
use http::HeaderMap;
use http_body_util::BodyExt;
use model::{
    audit::{Activity, Stored},
    authz::Permission,
};
use serde_json::{Value, json};
use service::AuditQuery;
use std::net::Ipv4Addr;

const PATH: &str = "/innkeeper/v1/identityProviders";

/// What came back. It is no answer of Graph, so that what holds for those is not asked of it.
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Asks, as somebody, with a body as JSON.
async fn ask(house: &House, method: &str, path: &str, who: Option<&str>, body: Option<&Value>) -> Reply {
    let mut request = http::Request::builder().method(method).uri(path).header("host", "localhost:8443");
    if let Some(who) = who {
        request = request.header("authorization", format!("Bearer {}", house.token(who).value));
    }
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let request = request.body(body.map(Value::to_string).unwrap_or_default().into()).unwrap();
    let answer = web::answer(house.app.clone(), request, Ipv4Addr::LOCALHOST.into()).await;
    let (parts, body) = answer.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body }
}

fn registration(issuer: &str) -> Value {
    json!({
        "displayName": "Partner", "issuer": issuer, "clientId": "innkeeper", "clientSecret": "s3cret & more",
        "trustsEmail": true,
    })
}

fn partner() -> Value {
    registration("https://idp.partner.example")
}

async fn add(house: &House, who: &str, body: &Value) -> Reply {
    ask(house, "POST", PATH, Some(who), Some(body)).await
}

async fn records(house: &House) -> Vec<Stored> {
    let query = AuditQuery { limit: 50, ..AuditQuery::default() };
    let log = house.world.directory().list_audit(&house.world.cx(), &house.operator(), &query).await.unwrap();
    let ours =
        [Activity::AddIdentityProvider, Activity::UpdateIdentityProvider, Activity::DeleteIdentityProvider];
    log.into_iter().filter(|one| ours.contains(&one.record.activity)).collect()
}

/// What each record says, the oldest first: the act, what changed, and why.
fn said(log: &[Stored]) -> Vec<(Activity, String, String)> {
    let line = |one: &Stored| {
        let names: Vec<_> =
            one.record.targets[0].modified.iter().map(|change| change.name.as_str()).collect();
        (one.record.activity, names.join(" "), one.record.reason.clone().unwrap_or_default())
    };
    log.iter().rev().map(line).collect()
}

/// Status of reading and of registering. Global and External Identity Provider Administrators who are at home here may do both,
/// Global Readers read; administrators of other organisations see their own.
#[tokio::test]
async fn everybody_may_do_with_providers_what_the_table_says() {
    let house = House::new().await;
    for who in PEOPLE {
        let (read, write) = match who {
            "adele" | "eike" | "fabian" | "theo" => (200, 201),
            "rita" | "gaby" | "moni" => (200, 403),
            "bert" | "bea" | "hugo" | "lena" | "rolf" => (401, 401),
            _ => (403, 403),
        };
        assert_eq!(ask(&house, "GET", PATH, Some(who), None).await.status, read, "{who}");
        let body = registration(&format!("https://{who}.example"));
        assert_eq!(add(&house, who, &body).await.status, write, "{who}");
    }
    for permission in Permission::ALL {
        let (read, write) = match permission {
            Permission::IdentityProviderReadAll => (200, 403),
            Permission::IdentityProviderReadWriteAll => (200, 201),
            _ => (403, 403),
        };
        let name = permission.value();
        for who in [format!("app: {name}"), format!("adele with {name}")] {
            if who.starts_with("app") && permission.application_id().is_none() {
                continue;
            }
            assert_eq!(ask(&house, "GET", PATH, Some(&who), None).await.status, read, "{who}");
            let body = registration(&format!("https://{}.example/{name}", who.split(' ').next().unwrap()));
            assert_eq!(add(&house, &who, &body).await.status, write, "{who}");
        }
    }
    for (method, body) in [("GET", None), ("POST", Some(partner()))] {
        let reply = ask(&house, method, PATH, None, body.as_ref()).await;
        assert_eq!(reply.status, 401);
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
}

#[tokio::test]
async fn a_provider_is_registered_listed_changed_and_removed() {
    let house = House::new().await;
    let (writer, other) = ("app: IdentityProvider.ReadWrite.All", "theo");
    let made = add(&house, writer, &partner()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(!made.body.contains("s3cret"), "the secret is never shown");
    let provider = made.json();
    let id = provider["id"].as_str().unwrap();
    let one = format!("{PATH}/{id}");
    assert_eq!(made.header("location"), format!("https://localhost:8443{one}"));
    let own = async |method: &str, path: &str, body: Option<Value>| {
        ask(&house, method, path, Some(writer), body.as_ref()).await
    };
    let read = async || own("GET", &one, None).await.json();
    assert_eq!(read().await, provider);
    assert_eq!(
        provider,
        json!({
            "id": id, "displayName": "Partner", "issuer": "https://idp.partner.example", "clientId": "innkeeper",
            "trustsEmail": true, "enabled": true, "domains": [],
        })
    );
    let all = own("GET", PATH, None).await.json();
    assert_eq!(all, json!({ "value": [provider], "redirectUri": "https://localhost:8443/signin/callback" }));
    let patch = async |body: Value| own("PATCH", &one, Some(body)).await.status;
    assert_eq!(
        patch(json!({ "displayName": "Partner Ltd", "enabled": false, "clientSecret": "n3w" })).await,
        204
    );
    assert_eq!(patch(json!({ "displayName": "Partner Ltd", "enabled": false })).await, 204, "nothing new");
    assert_eq!(patch(json!({ "enabled": true, "trustsEmail": false, "clientId": "other" })).await, 204);
    let now = read().await;
    assert_eq!((&now["displayName"], &now["clientId"]), (&json!("Partner Ltd"), &json!("other")));
    assert_eq!((&now["enabled"], &now["trustsEmail"]), (&json!(true), &json!(false)));
    let domains = format!("{one}/domains");
    let named = own("POST", &domains, Some(json!({ "domain": "Partner.Example" }))).await;
    let waits = json!([{ "domain": "partner.example", "confirmed": false }]);
    assert_eq!((named.status, named.json()["domains"].clone()), (200, waits));
    let domain = format!("{domains}/partner.example");
    assert_eq!(own("DELETE", &domain, None).await.status, 204);
    assert_eq!(own("DELETE", &domain, None).await.status, 204, "what is not there is taken");
    // Nobody else's, under the same id.
    for (method, path, body) in [
        ("GET", &one, None),
        ("DELETE", &one, None),
        ("PATCH", &one, Some(json!({ "enabled": false }))),
        ("POST", &domains, Some(json!({ "domain": "x.example" }))),
    ] {
        assert_eq!(
            ask(&house, method, path, Some(other), body.as_ref()).await.status,
            404,
            "{method} {path}"
        );
    }
    assert_eq!(own("DELETE", &one, None).await.status, 204);
    assert_eq!(own("DELETE", &one, None).await.status, 404);
    assert_eq!(own("GET", &one, None).await.status, 404);
    let log = records(&house).await;
    let expected = [
        (Activity::AddIdentityProvider, "issuer", ""),
        (Activity::UpdateIdentityProvider, "name enabled", "secretRenewed"),
        (Activity::UpdateIdentityProvider, "clientId trustsEmail enabled", ""),
        (Activity::UpdateIdentityProvider, "domain", ""),
        (Activity::UpdateIdentityProvider, "domain", ""),
        (Activity::DeleteIdentityProvider, "", ""),
    ];
    let expected: Vec<_> =
        expected.into_iter().map(|(act, names, why)| (act, names.to_owned(), why.to_owned())).collect();
    assert_eq!(said(&log), expected, "one record for each change, none for what changed nothing");
    assert!(!format!("{log:?}").contains("s3cret") && !format!("{log:?}").contains("n3w"));
}

#[tokio::test]
async fn a_provider_that_cannot_be_is_refused_and_says_why() {
    let house = House::new().await;
    let writer = "app: everything";
    for (name, value, says) in [
        ("issuer", json!("http://idp.partner.example"), "https://"),
        ("issuer", json!("https://localhost:8443/x/v2.0"), "this server itself"),
        ("issuer", json!("https://idp.example/?x"), "https://"),
        ("issuer", json!(7), "must be a text"),
        ("issuer", Value::Null, "must be a text"),
        ("displayName", json!(""), "printable characters"),
        ("clientId", json!("a\u{0}b"), "printable characters"),
        ("clientSecret", json!("x".repeat(300)), "printable characters"),
        ("trustsEmail", json!("yes"), "true or false"),
        ("enabled", json!(false), "Switch it off afterwards"),
        ("tenant", json!("x"), "no member 'tenant'"),
    ] {
        let mut body = partner();
        body[name] = value.clone();
        let reply = add(&house, writer, &body).await;
        assert_eq!(reply.status, 400, "{name} = {value}");
        assert!(reply.body.contains(says), "{name} = {value}: {}", reply.body);
    }
    for missing in ["displayName", "issuer", "clientId", "clientSecret"] {
        let mut body = partner();
        body.as_object_mut().unwrap().shift_remove(missing);
        let reply = add(&house, writer, &body).await;
        assert!(reply.status == 400 && reply.body.contains(missing), "{}", reply.body);
    }
    let own = async |method: &str, path: &str, body: Option<Value>| {
        ask(&house, method, path, Some(writer), body.as_ref()).await.status
    };
    let id = add(&house, writer, &partner()).await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(add(&house, writer, &partner()).await.status, 409, "one registration for each issuer");
    let one = format!("{PATH}/{id}");
    for body in [
        json!({ "issuer": "https://other.example" }),
        json!({ "id": "x" }),
        json!({ "enabled": null }),
        json!([]),
    ] {
        assert_eq!(own("PATCH", &one, Some(body.clone())).await, 400, "{body}");
    }
    let domains = format!("{one}/domains");
    for (body, status) in [
        (json!({ "domain": "nonsense" }), 400),
        (json!({}), 400),
        (json!({ "domain": "x.example", "confirmed": true }), 400),
        (json!({ "domain": "contoso.example" }), 409),
        (json!({ "domain": "fabrikam.example" }), 409),
    ] {
        assert_eq!(own("POST", &domains, Some(body.clone())).await, status, "{body}");
    }
    assert_eq!(own("PATCH", &one, None).await, 415);
    for (method, path) in [("PUT", PATH), ("DELETE", PATH), ("POST", one.as_str()), ("GET", domains.as_str())]
    {
        assert_eq!(own(method, path, None).await, 405, "{method} {path}");
    }
    assert_eq!(own("GET", &format!("{PATH}/nothing"), None).await, 404);
    assert_eq!(records(&house).await.len(), 1, "what was refused left nothing");
}
