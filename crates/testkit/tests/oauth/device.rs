//! Devices that are signed in by a code.

use crate::{
    house::{BASIC, House},
    wire::{Agent, Reply, claims},
};
use model::Span;
use testkit::World;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub async fn allowed(seed: u64) -> House {
    let house = House::new(seed).await;
    for tenant in [house.contoso, house.fabrikam] {
        house.world.directory().allow_device_code(&house.world.cx(), tenant, true).await.unwrap();
    }
    house
}

pub async fn start(house: &House, tenant: &str, scope: &str) -> Reply {
    let id = house.tool.to_string();
    let fields = [("client_id", id.as_str()), ("scope", scope)];
    house.program().post(&format!("/{tenant}/oauth2/v2.0/devicecode"), &fields).await
}

pub async fn poll(house: &House, tenant: &str, code: &str, changes: &[(&str, &str)]) -> Reply {
    let id = house.tool.to_string();
    let fields = [("grant_type", GRANT), ("client_id", id.as_str()), ("device_code", code)];
    house.token(tenant, &fields, changes).await
}

pub async fn enter(browser: &mut Agent, code: &str, decision: Option<&str>) -> Reply {
    let csrf = browser.get("/devicelogin").await.field("csrf");
    let mut fields = vec![("csrf", csrf.as_str()), ("code", code)];
    fields.extend(decision.map(|decision| ("decision", decision)));
    browser.submit("/devicelogin", &fields).await
}

#[tokio::test]
async fn a_device_gets_tokens_once_its_person_said_yes() {
    let house = allowed(30).await;
    let started = start(&house, "contoso.example", BASIC).await;
    insta::assert_snapshot!("started", started.transcript());
    let (device, user) = (started.text("device_code"), started.text("user_code"));
    assert_eq!(started.text("verification_uri"), "https://localhost:8443/devicelogin");
    let pending = poll(&house, "contoso.example", &device, &[]).await;
    insta::assert_snapshot!("pending", pending.transcript());
    let mut browser = house.mias().await;
    let asked = enter(&mut browser, &user.to_lowercase().replace('-', " "), None).await;
    asked.is(200).says("Tool").says("If you did not start this there yourself");
    house.later(Span::seconds(5));
    assert_eq!(poll(&house, "contoso.example", &device, &[]).await.fault().1, "authorization_pending");
    enter(&mut browser, &user, Some("accept")).await.is(200).says("The device is signed in");
    enter(&mut browser, &user, Some("accept")).await.is(422);
    house.later(Span::seconds(5));
    let reply = poll(&house, "contoso.example", &device, &[("client_info", "1")]).await;
    insta::assert_snapshot!("granted", reply.transcript());
    assert_eq!(
        house.me(&reply.text("access_token")).await.json()["userPrincipalName"],
        "mia@contoso.example"
    );
    assert_eq!(house.refresh(&reply.text("refresh_token"), &[]).await.status, 200);
    assert_eq!(
        poll(&house, "contoso.example", &device, &[]).await.fault(),
        (400, "bad_verification_code".to_owned(), 70_018)
    );
}

#[tokio::test]
async fn a_device_that_asks_too_often_has_to_slow_down() {
    let house = allowed(31).await;
    let device = start(&house, "contoso.example", BASIC).await.text("device_code");
    let ask = async || poll(&house, "contoso.example", &device, &[]).await.fault().1;
    assert_eq!(ask().await, "authorization_pending");
    assert_eq!(ask().await, "slow_down");
    house.later(Span::seconds(5));
    assert_eq!(ask().await, "slow_down", "the pause has grown to ten seconds");
    house.later(Span::seconds(14));
    assert_eq!(ask().await, "authorization_pending", "a second is forgiven");
    house.later(Span::minutes(15));
    let reply = poll(&house, "contoso.example", &device, &[]).await;
    assert_eq!(reply.fault(), (400, "expired_token".to_owned(), 70_019));
}

#[tokio::test]
async fn a_person_can_say_no_and_a_code_ends() {
    let house = allowed(32).await;
    let started = start(&house, "contoso.example", BASIC).await;
    let (device, user) = (started.text("device_code"), started.text("user_code"));
    let mut browser = house.mias().await;
    enter(&mut browser, &user, Some("cancel")).await.is(200).says("was not signed in");
    let reply = poll(&house, "contoso.example", &device, &[]).await;
    assert_eq!(reply.fault(), (400, "authorization_declined".to_owned(), 65_004));
    let started = start(&house, "contoso.example", BASIC).await;
    house.later(Span::minutes(15));
    let mut browser = house.mias().await;
    enter(&mut browser, &started.text("user_code"), None).await.is(422).says("There is no such code");
}

#[tokio::test]
async fn nobody_can_try_all_codes() {
    let house = allowed(33).await;
    let user = start(&house, "contoso.example", BASIC).await.text("user_code");
    let mut browser = house.mias().await;
    for _ in 0..10 {
        enter(&mut browser, "BBBB-BBBB", None).await.is(422);
    }
    enter(&mut browser, &user, None).await.is(429);
    let mut other = house.browser(&house.member(house.admin)).await;
    enter(&mut other, &user, None).await.is(200);
    house.later(Span::minutes(14));
    enter(&mut browser, &user, None).await.is(429);
}

#[tokio::test]
async fn codes_are_bound_to_their_app_and_tenant() {
    let house = allowed(34).await;
    let started = start(&house, "contoso.example", BASIC).await;
    let device = started.text("device_code");
    let web = house.web.to_string();
    let other = [("client_id", web.as_str()), ("client_secret", house.secret.as_str())];
    for (tenant, changes) in [
        ("contoso.example", &other[..]),
        ("fabrikam.example", &[]),
        ("contoso.example", &[("device_code", "x")]),
    ] {
        let reply = poll(&house, tenant, &device, changes).await;
        assert_eq!(reply.fault(), (400, "bad_verification_code".to_owned(), 70_018), "{tenant}");
    }
    let ana = World::person(house.fabrikam, house.ana);
    let mut browser = house.browser(&ana).await;
    enter(&mut browser, &started.text("user_code"), None).await.is(403).says("cannot sign devices in");
    for (fields, number) in [
        (&[][..], 900_144),
        (&[("client_id", "x")], 700_016),
        (&[("client_id", "x"), ("scope", "openid")], 700_016),
        (&[("client_id", web.as_str()), ("scope", "Mail.Read")], 70_011),
        (&[("client_id", web.as_str()), ("client_id", web.as_str()), ("scope", "openid")], 9_000_411),
    ] {
        let reply = house.program().post("/contoso.example/oauth2/v2.0/devicecode", fields).await;
        assert_eq!(reply.fault().2, number, "{fields:?}");
    }
    let reply = start(&house, "nowhere.example", BASIC).await;
    assert_eq!(reply.fault().2, 90_002);
}

#[tokio::test]
async fn an_organisation_allows_it_or_not() {
    let house = House::new(35).await;
    let refused = start(&house, "contoso.example", BASIC).await;
    assert_eq!(refused.fault(), (400, "unauthorized_client".to_owned(), 530_036));
    // Who it will be is not known yet, so the organisation is asked when the code is entered.
    let started = start(&house, "organizations", BASIC).await;
    started.is(200);
    let mut browser = house.mias().await;
    enter(&mut browser, &started.text("user_code"), None).await.is(403).says("does not allow it");
    let allow = async |on| {
        house.world.directory().allow_device_code(&house.world.cx(), house.contoso, on).await.unwrap();
    };
    allow(true).await;
    enter(&mut browser, &started.text("user_code"), Some("accept")).await.is(200);
    allow(false).await;
    let reply = poll(&house, "organizations", &started.text("device_code"), &[]).await;
    assert_eq!(reply.fault().2, 530_036, "switched off in the meantime");
}

/// As the Azure CLI does it: `organizations`, the resource manager first, then Graph by the refresh token.
#[tokio::test]
async fn a_tool_signs_in_without_knowing_the_tenant() {
    let house = allowed(36).await;
    let scope = "https://management.core.windows.net//.default offline_access openid profile";
    let started = start(&house, "organizations", scope).await;
    enter(&mut house.mias().await, &started.text("user_code"), Some("accept")).await.is(200);
    let reply = poll(&house, "organizations", &started.text("device_code"), &[]).await;
    let access = claims(&reply.text("access_token"));
    assert_eq!(
        (&access["aud"], &access["scp"]),
        (&"https://management.core.windows.net/".into(), &"user_impersonation openid profile".into())
    );
    assert_eq!(access["tid"], house.contoso.to_string());
    let graph = [("scope", "https://graph.microsoft.com//.default offline_access openid profile")];
    let reply = house.refresh(&reply.text("refresh_token"), &graph).await;
    assert_eq!(house.me(&reply.text("access_token")).await.status, 200);
    assert!(reply.text("scope").contains("https://graph.microsoft.com//.default"), "{}", reply.body);
}

#[tokio::test]
async fn a_device_gets_no_more_than_its_person_may_allow() {
    let house = allowed(37).await;
    let started = start(&house, "contoso.example", "openid User.Read.All").await;
    let user = started.text("user_code");
    enter(&mut house.mias().await, &user, Some("accept")).await.is(403).says("only an administrator");
    let mut admin = house.browser(&house.member(house.admin)).await;
    enter(&mut admin, &user, None).await.is(200).says("Read all properties of all users");
    enter(&mut admin, &user, Some("accept")).await.is(200);
    let reply = poll(&house, "contoso.example", &started.text("device_code"), &[]).await;
    assert_eq!(claims(&reply.text("access_token"))["scp"], "User.Read.All openid");
}
