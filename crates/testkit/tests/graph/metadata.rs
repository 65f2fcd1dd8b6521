//! What the service says of itself: its root, `$metadata` and the OpenAPI description.

use crate::{
    house::House,
    wire::{Ask, Transcript},
};
use serde_json::Value;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_service_root() {
    let (house, mut said) = (House::new().await, Transcript::whole());
    let reply = house.ask(Ask::get("/v1.0/")).await;
    let text = serde_json::to_string_pretty(&reply.json()).unwrap();
    insta::assert_snapshot!(text);
    for target in ["/v1.0", "/beta/", "/BETA", "/v1.0//?$format=json"] {
        assert_eq!(house.ask(Ask::get(target)).await.status, 200, "{target}");
    }
    let posted =
        house.say(&mut said, "", Ask::new("POST", "/v1.0/").json(&Value::Null).by(house.all())).await;
    assert_eq!(posted.status, 405);
}

#[tokio::test]
async fn the_metadata_of_both_versions() {
    let house = House::new().await;
    let v1 = house.ask(Ask::get("/v1.0/$metadata")).await;
    assert_eq!(v1.header("content-type"), Some("application/xml"));
    insta::assert_snapshot!(v1.text());
    let beta = house.ask(Ask::get("/beta/%24metadata")).await.text();
    let property = "<Property Name=\"externalUserStateChangeDateTime\" Type=\"Edm.";
    let policy = "Name=\"authorizationPolicy\" Type=\"";
    let expected =
        v1.text().replace(&format!("{property}DateTimeOffset"), &format!("{property}String")).replace(
            &format!("{policy}microsoft.graph.authorizationPolicy\" C"),
            &format!("{policy}Collection(microsoft.graph.authorizationPolicy)\" C"),
        );
    assert_eq!(expected, beta);
}

/// The values of an attribute of all elements of a name.
fn attributes(text: &str, element: &str, attribute: &str) -> Vec<String> {
    let open = format!("<{element} ");
    let tags = text.split(open.as_str()).skip(1).map(|rest| rest.split('>').next().unwrap());
    tags.filter_map(|tag| tag.split(&format!("{attribute}=\"")).nth(1))
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_type_that_the_metadata_names_is_described() {
    let house = House::new().await;
    let text = house.ask(Ask::get("/v1.0/$metadata")).await.text();
    let described: BTreeSet<String> = ["EntityType", "ComplexType"]
        .iter()
        .flat_map(|element| attributes(&text, element, "Name"))
        .map(|name| format!("microsoft.graph.{name}"))
        .collect();
    let mut named = attributes(&text, "EntitySet", "EntityType");
    for element in ["Property", "NavigationProperty", "Singleton", "Parameter", "ReturnType"] {
        named.extend(attributes(&text, element, "Type"));
    }
    named.extend(attributes(&text, "EntityType", "BaseType"));
    assert!(named.len() > 50, "the types are found at all");
    for name in named {
        let bare = name.trim_start_matches("Collection(").trim_end_matches(')');
        assert!(bare.starts_with("Edm.") || described.contains(bare), "{name} is not described");
    }
}

/// Every `$ref` of the description leads somewhere, and every route is in it under both versions.
#[tokio::test]
async fn the_openapi_description_is_whole() {
    let house = House::new().await;
    let request = http::Request::get("/innkeeper/v1/openapi.json").header("host", "localhost:8443");
    let request = request.body(axum_body()).unwrap();
    let response =
        web::answer(house.app.clone(), request.map(Into::into), std::net::Ipv4Addr::LOCALHOST.into()).await;
    assert_eq!(response.status(), 200);
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    let description: Value = serde_json::from_slice(&body).unwrap();
    for route in web::routes() {
        for version in ["v1.0", "beta"] {
            let path = format!("/{version}/{}", route.path);
            let method = route.method.to_ascii_lowercase();
            assert!(description["paths"][&path][&method].is_object(), "{method} {path}");
        }
    }
    let schemas = description["components"]["schemas"].as_object().unwrap();
    assert!(schemas.values().all(Value::is_object));
    for reference in description.to_string().split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

fn axum_body() -> Vec<u8> {
    Vec::new()
}
