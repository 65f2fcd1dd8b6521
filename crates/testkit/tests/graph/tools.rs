//! What command lines and Terraform's providers read before they ask for anything.

use crate::{
    house::{House, POLICY},
    tokens::{claims, signing_key},
    wire::{Ask, Token},
};
use http_body_util::BodyExt;
use identity::{AccessClaims, Subject};
use serde_json::{Value, json};
use testkit::{GuestState, World};

const LISTS: [&str; 2] = ["/subscriptions?api-version=2022-12-01", "/tenants?api-version=2022-12-01"];

async fn get(house: &House, target: &str, token: Option<&Token>) -> (u16, Value) {
    let mut request = http::Request::get(target).header("host", "localhost:8443");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {}", token.value));
    }
    let request = request.body(Vec::<u8>::new()).unwrap();
    let response =
        web::answer(house.app.clone(), request.map(Into::into), std::net::Ipv4Addr::LOCALHOST.into()).await;
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json", "{target}");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn what_tools_read_first() {
    let house = House::new().await;
    let (status, cloud) = get(&house, "/metadata/endpoints?api-version=2022-09-01", None).await;
    assert_eq!(status, 200);
    assert_eq!(cloud["authentication"]["loginEndpoint"], "https://localhost:8443");
    let audiences = &cloud["authentication"]["audiences"];
    assert_eq!(
        audiences[0], "https://localhost:8443/",
        "a token for the resource manager is good for Graph, too"
    );
    assert_eq!(audiences[1], "https://management.core.windows.net/");
    assert_eq!(cloud["microsoftGraphResourceId"], "https://localhost:8443/");
    assert_eq!(cloud["resourceManager"], "https://localhost:8443/");
    let (_, clouds) = get(&house, "/metadata/endpoints?api-version=2019-05-01", None).await;
    assert_eq!(clouds, json!([cloud]), "older releases expect a list");
    let (_, stack) = get(&house, "/metadata/endpoints?api-version=2015-01-01", None).await;
    assert_eq!(stack["graphEndpoint"], "https://localhost:8443");
}

/// A token for the resource manager opens these lists and nothing else.
#[tokio::test]
async fn tokens_for_the_resource_manager_are_good_for_its_lists_only() {
    let house = House::new().await;
    let key = signing_key(&house, house.plan.contoso).await;
    let minted = |audience: &str| {
        let claims = AccessClaims {
            audience: audience.to_owned(),
            subject: Subject::App { permissions: Vec::new() },
            ..claims(&house)
        };
        Token { label: audience.to_owned(), value: identity::mint(&key, &claims).unwrap() }
    };
    let management = minted("https://management.core.windows.net/");
    for target in LISTS {
        let (status, body) = get(&house, target, None).await;
        assert_eq!((status, &body["error"]["code"]), (401, &json!("AuthenticationFailed")), "{target}");
        let (status, body) = get(&house, target, Some(&minted("https://vault.example"))).await;
        assert_eq!((status, &body["error"]["code"]), (401, &json!("InvalidAuthenticationToken")), "{target}");
        assert_eq!(get(&house, target, Some(house.token("bert"))).await.0, 401, "{target}: blocked");
        assert_eq!(get(&house, target, Some(&management)).await.0, 200, "{target}");
        assert_eq!(
            get(&house, target, Some(house.all())).await.0,
            200,
            "{target}: Graph is at this address, too"
        );
    }
    assert_eq!(house.ask(Ask::get(POLICY).by(&management)).await.status, 401, "Graph is another resource");
    let (_, list) = get(&house, LISTS[0], Some(&management)).await;
    assert_eq!(list["value"], json!([]));
}

/// Whoever is at home sees the organisations in which they can work; to everybody else it is the one they are in.
#[tokio::test]
async fn people_find_their_organizations() {
    let house = House::new().await;
    let (contoso, fabrikam) = (house.plan.contoso, house.plan.fabrikam);
    let mia = World::person(contoso, house.id("mia"));
    let world = &house.world;
    world.guest(fabrikam, &mia, "mia@contoso.example", GuestState::Accepted).await;
    world.guest(house.plan.tailwind, &mia, "mia@contoso.example", GuestState::Pending).await;
    let listed = async |token: &Token| {
        let (status, body) = get(&house, LISTS[1], Some(token)).await;
        assert_eq!(status, 200, "{body}");
        let tenants = body["value"].as_array().unwrap().clone();
        tenants
            .iter()
            .map(|one| (one["displayName"].clone(), one["tenantCategory"].clone()))
            .collect::<Vec<_>>()
    };
    let own = |name: &str| (json!(name), json!("Home"));
    assert_eq!(listed(house.token("mia")).await, [own("Contoso"), (json!("Fabrikam"), json!("ProjectedBy"))]);
    assert_eq!(
        listed(house.token("gil")).await,
        [own("Contoso")],
        "a guest's own home is nobody's business here"
    );
    assert_eq!(listed(house.all()).await, [own("Contoso")]);
    let (_, body) = get(&house, LISTS[1], Some(house.token("mia"))).await;
    assert_eq!(body["value"][1]["tenantId"], json!(fabrikam));
    assert_eq!(body["value"][1]["defaultDomain"], "fabrikam.example");
    // Through an app that is in nobody's hands, the same person finds no more.
    let web = world.app(contoso, "Web", false, &[model::authz::Permission::UserRead]).await;
    let value = world.user_token(contoso, &web, house.id("mia")).await;
    assert_eq!(listed(&Token { label: "mia by a web app".to_owned(), value }).await, [own("Contoso")]);
}
