//! Apps as objects: registering, credentials, permissions, and that taking one away counts from the next request on.

use crate::{
    house::House,
    wire::{Ask, Token, Transcript},
};
use serde_json::{Value, json};
use service::TokenRequest;

async fn post(house: &House, path: &str, body: Value) -> Value {
    let reply = house.ask(Ask::new("POST", format!("/v1.0/{path}")).by(house.all()).json(&body)).await;
    assert!(reply.status.is_success(), "{path}: {}", reply.text());
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

/// What the token endpoint says to an app with this secret.
async fn token(house: &House, app: &str, secret: &str) -> Option<Token> {
    let request = TokenRequest {
        tenant: house.plan.contoso.to_string(),
        grant_type: Some("client_credentials".to_owned()),
        client_id: Some(app.to_owned()),
        client_secret: Some(secret.to_owned()),
        scope: Some("https://graph.microsoft.com/.default".to_owned()),
        ..TokenRequest::default()
    };
    let (directory, cx) = (house.world.directory(), house.world.cx());
    let answer = directory.issue_token(&cx, testkit::World::ORIGIN, request).await.ok()?;
    Some(Token { label: "the new app".to_owned(), value: answer.access_token })
}

#[tokio::test]
async fn an_app_is_registered_and_granted_and_what_is_taken_counts_at_once() {
    let house = House::new().await;
    let app = post(&house, "applications", json!({"displayName": "New"})).await;
    let (id, client) = (text(&app, "id"), text(&app, "appId"));
    let secret =
        text(&post(&house, &format!("applications/{id}/addPassword"), json!({})).await, "secretText");
    assert!(token(&house, &client, &secret).await.is_none(), "without a service principal there is no token");
    let sp = text(&post(&house, "servicePrincipals", json!({"appId": client})).await, "id");
    let bearer = token(&house, &client, &secret).await.unwrap();
    let users = || Ask::get("/v1.0/users?$top=1").by(&bearer);
    assert_eq!(house.ask(users()).await.status, 403, "nothing was granted yet");
    let graph = house
        .ask(
            Ask::get("/v1.0/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'")
                .by(house.all()),
        )
        .await;
    let graph = graph.values()[0].clone();
    let role = graph["appRoles"]
        .as_array()
        .unwrap()
        .iter()
        .find(|role| role["value"] == "User.Read.All")
        .unwrap()["id"]
        .clone();
    let body = json!({"principalId": sp, "resourceId": graph["id"], "appRoleId": role});
    let granted = post(&house, &format!("servicePrincipals/{sp}/appRoleAssignments"), body.clone()).await;
    let again = Ask::new("POST", format!("/v1.0/servicePrincipals/{sp}/appRoleAssignments"))
        .by(house.all())
        .json(&body);
    assert_eq!(house.ask(again).await.status, 400);
    let bearer = token(&house, &client, &secret).await.unwrap();
    let users = || Ask::get("/v1.0/users?$top=1").by(&bearer);
    assert_eq!(house.ask(users()).await.status, 200);
    let one = format!("/v1.0/servicePrincipals/{sp}/appRoleAssignments/{}", text(&granted, "id"));
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.all())).await.status, 204);
    assert_eq!(house.ask(users()).await.status, 403, "taken from tokens that were issued before, too");
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.all())).await.status, 404);
    let off = Ask::new("PATCH", format!("/v1.0/servicePrincipals/{sp}"))
        .by(house.all())
        .json(&json!({"accountEnabled": false}));
    assert_eq!(house.ask(off).await.status, 204);
    assert_eq!(house.ask(users()).await.status, 401, "an app that is switched off is nobody");
    assert_eq!(
        house.ask(Ask::new("DELETE", format!("/v1.0/applications/{id}")).by(house.all())).await.status,
        204
    );
    assert!(token(&house, &client, &secret).await.is_none());
    for gone in [format!("applications/{id}"), format!("servicePrincipals/{sp}")] {
        assert_eq!(house.ask(Ask::get(format!("/v1.0/{gone}")).by(house.all())).await.status, 404, "{gone}");
    }
}

#[tokio::test]
async fn apps_on_the_wire() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let whole = json!({
        "displayName": "Portal", "signInAudience": "AzureADMyOrg", "tags": ["a"],
        "web": {"redirectUris": ["https://portal.contoso.example/cb"]},
        "requiredResourceAccess": [{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}]}]
    });
    let ask = |body: &Value| Ask::new("POST", "/v1.0/applications").by(house.all()).json(body);
    let made = house.say(&mut said, "an application", ask(&whole)).await.json();
    let client = text(&made, "appId");
    for (title, name, value) in [
        ("a redirect in plain text", "web", json!({"redirectUris": ["http://portal.contoso.example/cb"]})),
        ("a secret of one's own", "passwordCredentials", json!([{"secretText": "x"}])),
        (
            "no certificate",
            "keyCredentials",
            json!([{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "eA=="}]),
        ),
        ("an unknown member", "foo", json!(1)),
        ("another type", "tags", json!("a")),
        ("an id", "appId", json!(client)),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        assert_eq!(house.say(&mut said, title, ask(&body)).await.status, 400, "{title}");
    }
    let principal =
        Ask::new("POST", "/beta/servicePrincipals").by(house.all()).json(&json!({"appId": client}));
    let sp = text(&house.say(&mut said, "its service principal", principal.clone()).await.json(), "id");
    assert_eq!(house.say(&mut said, "a second one", principal).await.status, 409);
    let select = "$select=id,appId,displayName";
    for path in [
        format!("applications(appId='{client}')?{select}"),
        format!("servicePrincipals(appId='{client}')?{select}"),
    ] {
        house.say(&mut said, "by client id", Ask::get(format!("/v1.0/{path}")).by(house.all())).await;
    }
    let graph =
        Ask::get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").by(house.all());
    let graph = text(&house.ask(graph).await.json(), "id");
    let grant = json!({"clientId": sp, "consentType": "AllPrincipals", "resourceId": graph, "scope": "openid User.Read Policy.Read.All"});
    let post = Ask::new("POST", "/v1.0/oauth2PermissionGrants").by(house.all());
    let granted = house.say(&mut said, "a grant", post.clone().json(&grant)).await.json();
    assert_eq!(house.say(&mut said, "the same again", post.clone().json(&grant)).await.status, 409);
    let mut other = grant.clone();
    other["scope"] = json!("Mail.Read");
    assert_eq!(house.say(&mut said, "a scope that is not here", post.json(&other)).await.status, 400);
    let one = format!("/v1.0/oauth2PermissionGrants/{}", text(&granted, "id"));
    let patch = Ask::new("PATCH", &one).by(house.all()).json(&json!({"scope": "User.Read"}));
    assert_eq!(house.ask(patch).await.status, 204);
    house.say(&mut said, "with less", Ask::get(&one).by(house.all())).await;
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.all())).await.status, 204);
    assert_eq!(house.ask(Ask::get(&one).by(house.all())).await.status, 404);
    insta::assert_snapshot!(said.text());
}

/// Every permission of Graph that the directory knows is there under its published id, in the form that exists.
#[tokio::test]
async fn the_permissions_of_graph_have_their_published_ids() {
    let house = House::new().await;
    let get = |version: &str| {
        Ask::get(format!("/{version}/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"))
            .by(house.all())
    };
    let graph = house.ask(get("v1.0")).await.json();
    for (list, value, id) in [
        ("appRoles", "Policy.ReadWrite.ExternalIdentities", "03cc4f92-788e-4ede-b93f-199424d144a5"),
        ("appRoles", "User.Invite.All", "09850681-111b-4a89-9bed-3f2cae46d706"),
        ("oauth2PermissionScopes", "User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d"),
        (
            "oauth2PermissionScopes",
            "Policy.ReadWrite.ExternalIdentities",
            "b5219784-1215-45b5-b3f1-88fe1081f9c0",
        ),
    ] {
        let found = graph[list].as_array().unwrap().iter().find(|one| one["value"] == value).unwrap();
        assert_eq!(found["id"], id, "{value}");
    }
    assert!(graph["appRoles"].as_array().unwrap().iter().all(|one| one["value"] != "User.Read"));
    let beta = house.ask(get("beta")).await.json();
    assert_eq!(
        (beta["id"].clone(), beta["publishedPermissionScopes"].clone()),
        (graph["id"].clone(), graph["oauth2PermissionScopes"].clone())
    );
}

/// The permission that this directory is about is there word for word as Microsoft publishes it: both ids, the texts, and that only
/// an administrator can consent.
#[tokio::test]
async fn the_permission_for_the_policy_is_published_word_for_word() {
    let house = House::new().await;
    let path = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";
    let graph = house.ask(Ask::get(path).by(house.all())).await.json();
    let published = |list: &str| {
        let is = |one: &&serde_json::Value| one["value"] == "Policy.ReadWrite.ExternalIdentities";
        graph[list].as_array().unwrap().iter().find(is).unwrap().clone()
    };
    let title = "Read and write your organization's external identities policy";
    let description = |how: &str| {
        format!(
            "Allows the application to read and update the organization's external identities policy {how}. For example, external \
             identities policy controls if users invited to access resources in your organization via B2B collaboration or B2B \
             direct connect are allowed to self-service leave."
        )
    };
    let on_behalf = description("on behalf of the signed-in user");
    assert_eq!(
        published("oauth2PermissionScopes"),
        json!({
            "adminConsentDescription": on_behalf,
            "adminConsentDisplayName": title,
            "id": "b5219784-1215-45b5-b3f1-88fe1081f9c0",
            "isEnabled": true,
            "type": "Admin",
            "userConsentDescription": on_behalf,
            "userConsentDisplayName": title,
            "value": "Policy.ReadWrite.ExternalIdentities",
        })
    );
    assert_eq!(
        published("appRoles"),
        json!({
            "allowedMemberTypes": ["Application"],
            "description": description("without a signed-in user"),
            "displayName": title,
            "id": "03cc4f92-788e-4ede-b93f-199424d144a5",
            "isEnabled": true,
            "origin": "Application",
            "value": "Policy.ReadWrite.ExternalIdentities",
        })
    );
}
