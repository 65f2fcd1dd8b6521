//! What command lines and Terraform's providers read before they ask for anything.

use crate::house::House;
use http_body_util::BodyExt;
use serde_json::{Value, json};

async fn get(house: &House, target: &str) -> (u16, Value) {
    let request = http::Request::get(target).header("host", "localhost:8443").body(Vec::<u8>::new()).unwrap();
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
    let (status, cloud) = get(&house, "/metadata/endpoints?api-version=2022-09-01").await;
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
    let (_, clouds) = get(&house, "/metadata/endpoints?api-version=2019-05-01").await;
    assert_eq!(clouds, json!([cloud]), "older releases expect a list");
    let (_, stack) = get(&house, "/metadata/endpoints?api-version=2015-01-01").await;
    assert_eq!(stack["graphEndpoint"], "https://localhost:8443");
    for target in ["/subscriptions?api-version=2022-12-01", "/tenants?api-version=2022-12-01"] {
        let (status, list) = get(&house, target).await;
        assert_eq!((status, &list["value"]), (200, &json!([])), "{target}");
    }
}
