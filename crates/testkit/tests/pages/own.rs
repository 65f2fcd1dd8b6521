//! `/innkeeper/v1/me/organizations`

use crate::{browser::Browser, scene::Scene};
use serde_json::{Value, json};
use testkit::World;

const LIST: &str = "/innkeeper/v1/me/organizations";

async fn call(
    browser: &mut Browser,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, Value) {
    let mut request = browser.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = browser.send(request, body).await;
    (answer.status, answer.json())
}

const OURS: &[(&str, &str)] = &[("content-type", "application/json"), ("sec-fetch-site", "same-origin")];

#[tokio::test]
async fn the_list_says_where_one_may_leave_and_why_not() {
    let scene = Scene::new(40).await;
    let mut browser = scene.browser(&scene.ana).await;
    let (status, body) = call(&mut browser, "GET", LIST, &[], "").await;
    assert_eq!(status, 200);
    let seen: Vec<_> = body["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["displayName"], one["home"], one["canLeave"], one["reason"]]))
        .collect();
    assert_eq!(
        seen,
        [
            json!(["Fabrikam", true, false, "homeOrganization"]),
            json!(["Contoso", false, true, null]),
            json!(["Woodgrove", false, false, "notAllowedByOrganization"]),
        ]
    );
    let contoso = &body["value"][1];
    assert_eq!(contoso["tenantId"], json!(scene.contoso));
    assert_eq!(contoso["domain"], "contoso.example");
    assert_eq!(contoso["userType"], "Guest");
    assert_eq!(contoso["state"], "Accepted");
    assert_eq!(contoso["privacyContact"], "privacy@contoso.example");
    assert_eq!(contoso["privacyStatementUrl"], "https://contoso.example/privacy");
    assert_eq!(contoso["permanentlyDeletedAfter"], Value::Null);
}

#[tokio::test]
async fn leaving_by_api_takes_the_confirmation_once_and_repeats_the_receipt() {
    let scene = Scene::new(41).await;
    let mut browser = scene.browser(&scene.ana).await;
    let path = format!("{LIST}/contoso.example/leave");
    let (status, view) = call(&mut browser, "GET", &path, &[], "").await;
    assert_eq!((status, &view["canLeave"]), (200, &json!(true)));
    assert_eq!(view["consequences"]["groups"], 0);
    assert_eq!(view["consequences"]["permanentlyDeletedAfter"], "2026-01-31T00:00:00Z");
    assert_eq!(view["confirmationExpires"], "2026-01-01T00:10:00Z");
    let body = json!({ "confirmation": view["confirmation"] }).to_string();
    let (status, receipt) = call(&mut browser, "POST", &path, OURS, &body).await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(receipt["tenantId"], json!(scene.contoso));
    assert_eq!(receipt["leftAt"], "2026-01-01T00:00:00Z");
    assert_eq!(receipt["permanentlyDeletedAfter"], "2026-01-31T00:00:00Z");
    let (status, again) = call(&mut browser, "POST", &path, OURS, &body).await;
    assert_eq!((status, again), (200, receipt));
    let (status, view) = call(&mut browser, "GET", &path, &[], "").await;
    assert_eq!((status, &view["canLeave"], &view["reason"]), (200, &json!(false), &json!("alreadyLeft")));
    let (_, list) = call(&mut browser, "GET", LIST, &[], "").await;
    assert_eq!(list["value"][1]["state"], "Deleted");
    assert_eq!(list["value"][1]["permanentlyDeletedAfter"], "2026-01-31T00:00:00Z");
}

#[tokio::test]
async fn refusals_name_their_reason_and_whom_to_ask() {
    let scene = Scene::new(42).await;
    let mut browser = scene.browser(&scene.ana).await;
    let path = format!("{LIST}/{}/leave", scene.woodgrove);
    let (status, view) = call(&mut browser, "GET", &path, &[], "").await;
    assert_eq!(
        (status, &view["canLeave"], &view["reason"]),
        (200, &json!(false), &json!("notAllowedByOrganization"))
    );
    assert_eq!(view["privacyContact"], "privacy@woodgrove.example");
    let (status, body) = call(&mut browser, "POST", &path, OURS, "{\"confirmation\":\"x\"}").await;
    assert_eq!(status, 403);
    assert_eq!(body["error"]["code"], "leaveNotAllowed");
    assert_eq!(body["error"]["reason"], "notAllowedByOrganization");
    assert_eq!(body["error"]["privacyContact"], "privacy@woodgrove.example");
}

/// Who calls, method, path, headers, body; status and code of the answer.
type Row<'r> = (&'r mut Browser, &'r str, &'r str, &'r [(&'r str, &'r str)], &'r str, u16, &'r str);

#[tokio::test]
async fn each_mistake_has_its_status_and_code() {
    let scene = Scene::new(43).await;
    let mut browser = scene.browser(&scene.ana).await;
    let mut stranger = Browser::new(&scene.world);
    let contoso = format!("{LIST}/{}/leave", scene.contoso);
    let body = "{\"confirmation\":\"made up\"}";
    let json = ("content-type", "application/json");
    let rows: [Row<'_>; 9] = [
        (&mut stranger.clone(), "GET", LIST, &[], "", 401, "notSignedIn"),
        (&mut stranger, "POST", &contoso, OURS, body, 401, "notSignedIn"),
        (&mut browser.clone(), "POST", &contoso, OURS, body, 409, "staleConfirmation"),
        (&mut browser.clone(), "POST", &contoso, OURS, "{}", 400, "invalidBody"),
        (
            &mut browser.clone(),
            "POST",
            &contoso,
            &[("sec-fetch-site", "same-origin")],
            body,
            415,
            "unsupportedMediaType",
        ),
        (&mut browser.clone(), "POST", &contoso, &[json], body, 403, "crossSiteRequest"),
        (
            &mut browser.clone(),
            "POST",
            &contoso,
            &[json, ("origin", "https://evil.example")],
            body,
            403,
            "crossSiteRequest",
        ),
        (
            &mut browser.clone(),
            "POST",
            &contoso,
            &[json, ("sec-fetch-site", "cross-site"), ("origin", World::ORIGIN)],
            body,
            403,
            "crossSiteRequest",
        ),
        (&mut browser.clone(), "DELETE", &contoso, OURS, body, 405, "methodNotAllowed"),
    ];
    for (browser, method, path, headers, body, status, code) in rows {
        let (got, answer) = call(browser, method, path, headers, body).await;
        assert_eq!((got, answer["error"]["code"].as_str()), (status, Some(code)), "{method} {headers:?}");
    }
    let request = browser.request("DELETE", LIST);
    assert_eq!(browser.send(request, "").await.header("allow"), "GET,HEAD");
    assert!(!scene.world.user(scene.contoso, scene.guest).await.unwrap().is_deleted());
}

#[tokio::test]
async fn an_organization_without_an_account_answers_like_one_that_does_not_exist() {
    let scene = Scene::new(44).await;
    let mut browser = scene.browser(&scene.ana).await;
    let mut answers = Vec::new();
    for named in [
        "nowhere.example",
        "tailwind.example",
        &scene.tailwind.to_string(),
        "00000000-0000-4000-8000-000000000000",
    ] {
        for (method, headers, body) in [("GET", &[][..], ""), ("POST", OURS, "{\"confirmation\":\"x\"}")] {
            let (status, answer) =
                call(&mut browser, method, &format!("{LIST}/{named}/leave"), headers, body).await;
            assert_eq!(status, 404, "{named}");
            answers.push((answer["error"]["code"].clone(), answer["error"]["message"].clone()));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}
