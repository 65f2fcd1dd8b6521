//! What clients read before they ask for tokens: discovery, keys, instance discovery.

use crate::{house::House, wire::Reply};
use serde_json::Value;

/// The document with ids left out.
fn shown(reply: &Reply, house: &House) -> String {
    let text = serde_json::to_string_pretty(&reply.json()).unwrap();
    text.replace(&house.contoso.to_string(), "{contoso}")
}

#[tokio::test]
async fn discovery_lists_what_there_is_and_nothing_else() {
    let house = House::new(50).await;
    let mut program = house.program();
    let by_domain = program.get("/Contoso.Example/v2.0/.well-known/openid-configuration").await;
    insta::assert_snapshot!("tenant", shown(&by_domain, &house));
    let by_id = program.get(&format!("/{}/v2.0/.well-known/openid-configuration", house.contoso)).await;
    assert_eq!(by_id.json(), by_domain.json());
    for any in ["common", "organizations"] {
        let reply = program.get(&format!("/{any}/v2.0/.well-known/openid-configuration")).await;
        assert_eq!(reply.json()["issuer"], "https://localhost:8443/{tenantid}/v2.0");
        assert_eq!(reply.header("cache-control"), "max-age=86400, private");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("x-ms-request-id").len(), 36);
    }
    for unknown in ["nowhere.example", "consumers", "00000000-0000-4000-8000-000000000000"] {
        let reply = program.get(&format!("/{unknown}/v2.0/.well-known/openid-configuration")).await;
        assert_eq!(reply.fault(), (400, "invalid_tenant".to_owned(), 90_002), "{unknown}");
    }
    // Every address in it answers.
    let document = by_domain.json();
    for (name, value) in document.as_object().unwrap() {
        let Some(path) = value.as_str().and_then(|url| url.strip_prefix("https://localhost:8443/")) else {
            continue;
        };
        if name == "issuer" {
            continue;
        }
        let reply = program.get(&format!("/{path}")).await;
        assert_ne!(reply.status, 404, "{name}");
    }
}

/// Every number that can be answered stands in the documentation, and no other.
#[test]
fn the_documentation_names_every_error() {
    let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let source = read("crates/service/src/tokens/fault.rs");
    let numbers = source
        .split(|c: char| !c.is_ascii_digit() && c != '_')
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('_'))
        .map(|word| word.replace('_', ""));
    let answered: std::collections::BTreeSet<String> = numbers.collect();
    let page = read("docs/identity.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| AADSTS")?.split(' ').next());
    let told: std::collections::BTreeSet<String> = rows.map(str::to_owned).collect();
    assert!(answered.len() > 40, "the source is not read: {answered:?}");
    assert_eq!(told, answered);
}

#[tokio::test]
async fn the_key_document_matches_the_tokens() {
    let house = House::new(51).await;
    let reply = house.tokens(&mut house.mias().await).await;
    let kid = |token: &str| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let head = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let head: Value = serde_json::from_slice(&head).unwrap();
        assert_eq!(head["alg"], "RS256");
        head["kid"].as_str().unwrap().to_owned()
    };
    let own = house.program().get("/contoso.example/discovery/v2.0/keys").await.json();
    let keys = own["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    for name in ["access_token", "id_token"] {
        assert_eq!(kid(&reply.text(name)), keys[0]["kid"].as_str().unwrap());
    }
    assert_eq!(keys[0]["issuer"], format!("https://localhost:8443/{}/v2.0", house.contoso));
    let common = house.program().get("/common/discovery/v2.0/keys").await;
    assert!(!common.body.contains(&house.contoso.to_string()), "strangers learn of no organisation");
    assert!(common.body.contains(keys[0]["kid"].as_str().unwrap()));
}

#[tokio::test]
async fn a_client_finds_out_that_this_is_an_authority() {
    let house = House::new(52).await;
    let mut program = house.program();
    for (endpoint, expected) in [
        ("https://localhost:8443/contoso.example/oauth2/v2.0/authorize", "contoso.example"),
        ("https://localhost:8443/common/oauth2/v2.0/authorize", "common"),
        ("https://login.microsoftonline.com/common/oauth2/v2.0/authorize", "common"),
        ("https://localhost:8443/<script>/x", "common"),
        ("", "common"),
    ] {
        let query = crate::wire::form(&[("api-version", "1.1"), ("authorization_endpoint", endpoint)]);
        let reply = program.get(&format!("/common/discovery/instance?{query}")).await;
        let found = reply.text("tenant_discovery_endpoint");
        assert_eq!(found, format!("https://localhost:8443/{expected}/v2.0/.well-known/openid-configuration"));
        assert_eq!(reply.json()["metadata"][0]["aliases"], serde_json::json!(["localhost:8443"]));
        assert_eq!(reply.text("api-version"), "1.1");
    }
}
