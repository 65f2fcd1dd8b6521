//! The token endpoint on the wire.

use crate::{
    browser::{Browser, Page, form},
    scene::Scene,
};
use model::authz::Permission;
use serde_json::json;
use testkit::TestApp;

const SCOPE: &str = "https://graph.microsoft.com/.default";

async fn app(scene: &Scene) -> TestApp {
    scene.world.app(scene.contoso, "Sync", false, &[Permission::PolicyReadAll]).await
}

async fn post(scene: &Scene, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
    let mut browser = Browser::new(&scene.world);
    let mut request =
        browser.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request, &form(fields)).await
}

#[tokio::test]
async fn an_app_gets_a_token_that_graph_accepts() {
    let scene = Scene::new(70).await;
    let app = app(&scene).await;
    let (id, secret) = (app.id.to_string(), app.secret.clone().unwrap());
    let common = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
        ("x-client-SKU", "MSAL"),
    ];
    for (path, named) in [
        (format!("/{}/oauth2/v2.0/token?scope=ignored", scene.contoso), ("scope", SCOPE)),
        ("/contoso.example/oauth2/v2.0/token".to_owned(), ("scope", SCOPE)),
        ("/contoso.example/oauth2/token".to_owned(), ("resource", "https://graph.microsoft.com")),
    ] {
        let fields: Vec<_> = common.into_iter().chain([named]).collect();
        let answer = post(&scene, &path, &fields, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store, no-cache");
        assert_eq!(answer.header("pragma"), "no-cache");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        let body = answer.json();
        // The older endpoint writes numbers as text.
        let seconds = if named.0 == "resource" { json!("3599") } else { json!(3599) };
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &seconds));
        let mut graph = Browser::new(&scene.world);
        let token = format!("Bearer {}", body["access_token"].as_str().unwrap());
        let request =
            graph.request("GET", "/v1.0/policies/externalIdentitiesPolicy").header("authorization", token);
        assert_eq!(graph.send(request, "").await.status, 200);
    }
}

#[tokio::test]
async fn refusals_carry_code_time_and_trace() {
    let scene = Scene::new(71).await;
    let app = app(&scene).await;
    let id = app.id.to_string();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", "wrong"),
        ("scope", SCOPE),
    ];
    let client = "11111111-2222-4333-8444-555555555555";
    let answer =
        post(&scene, "/contoso.example/oauth2/v2.0/token", &fields, &[("client-request-id", client)]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (401, "no-store, no-cache"));
    let body = answer.json();
    assert_eq!(body["error"], "invalid_client");
    assert_eq!(body["error_codes"], serde_json::json!([7_000_215]));
    assert_eq!(body["correlation_id"], client);
    assert_eq!(body["timestamp"], "2026-01-01 00:00:00Z");
    let text = body["error_description"].as_str().unwrap();
    let lines: Vec<_> = text.split("\r\n").collect();
    assert!(lines[0].starts_with("AADSTS7000215: "), "{text}");
    assert_eq!(lines[1], format!("Trace ID: {}", body["trace_id"].as_str().unwrap()));
    assert_eq!(
        lines[2..],
        [format!("Correlation ID: {client}"), "Timestamp: 2026-01-01 00:00:00Z".to_owned()]
    );
    for (path, fields, status, error) in [
        ("/contoso.example/oauth2/v2.0/token", &[][..], 400, "invalid_request"),
        ("/contoso.example/oauth2/v2.0/token", &[("grant_type", "password")], 400, "unsupported_grant_type"),
        ("/nowhere.example/oauth2/v2.0/token", &fields, 400, "invalid_request"),
        ("/common/oauth2/v2.0/token", &fields, 400, "invalid_request"),
        ("/tailwind.example/oauth2/v2.0/token", &fields, 400, "unauthorized_client"),
    ] {
        let answer = post(&scene, path, fields, &[]).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{path}");
    }
    let wrong = [("authorization", "Basic YTpi")];
    let answer =
        post(&scene, "/contoso.example/oauth2/v2.0/token", &[("grant_type", "client_credentials")], &wrong)
            .await;
    assert_eq!(answer.json()["error"], "unauthorized_client");
    let get = Browser::new(&scene.world).get("/contoso.example/oauth2/v2.0/token").await;
    assert_eq!((get.status, get.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn discovery_and_keys_are_public_documents() {
    let scene = Scene::new(72).await;
    let mut browser = Browser::new(&scene.world);
    for name in [scene.contoso.to_string(), "contoso.example".to_owned()] {
        let document = browser.get(&format!("/{name}/v2.0/.well-known/openid-configuration")).await;
        assert_eq!((document.status, document.header("access-control-allow-origin")), (200, "*"));
        let body = document.json();
        assert_eq!(
            body["token_endpoint"],
            format!("https://localhost:8443/{}/oauth2/v2.0/token", scene.contoso)
        );
        let keys =
            body["jwks_uri"].as_str().unwrap().strip_prefix("https://localhost:8443").unwrap().to_owned();
        let keys = browser.get(&keys).await;
        assert_eq!((keys.status, keys.header("access-control-allow-origin")), (200, "*"));
        assert_eq!(keys.json()["keys"].as_array().map(Vec::len), Some(1));
    }
    for name in ["common", "organizations"] {
        assert_eq!(browser.get(&format!("/{name}/v2.0/.well-known/openid-configuration")).await.status, 200);
    }
    let unknown = browser.get("/nowhere.example/v2.0/.well-known/openid-configuration").await;
    assert_eq!((unknown.status, &unknown.json()["error_codes"]), (400, &serde_json::json!([90_002])));
    let asked = "/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Flocalhost%3A8443%2Fcontoso.example%2Foauth2%2Fv2.0%2Fauthorize";
    let instance = browser.get(asked).await.json();
    let expected = "https://localhost:8443/contoso.example/v2.0/.well-known/openid-configuration";
    assert_eq!(instance["tenant_discovery_endpoint"], expected);
    assert_eq!(instance["metadata"][0]["aliases"], serde_json::json!(["localhost:8443"]));
}
