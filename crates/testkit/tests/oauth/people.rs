//! Who is signed in, and signing out for apps.

use crate::{
    house::{CALLBACK, House},
    wire::{claims, form, parameters},
};
use model::Span;

#[tokio::test]
async fn userinfo_says_what_the_scopes_allow() {
    let house = House::new(60).await;
    let mut browser = house.mias().await;
    let get = async |scope: &str| {
        let mut browser = house.mias().await;
        let code = browser.get(&house.ask(&[("scope", scope)])).await.sent().1["code"].clone();
        let reply = house.redeem(&code, &[]).await;
        (house.program().bearing("/oidc/userinfo", &reply.text("access_token")).await, reply)
    };
    let (all, tokens) = get("openid profile email").await;
    assert_eq!(all.text("sub"), claims(&tokens.text("id_token"))["sub"].as_str().unwrap());
    assert_eq!(all.text("preferred_username"), "mia@contoso.example");
    assert_eq!(all.text("email"), "mia@contoso.example");
    assert_eq!(claims(&tokens.text("id_token"))["email"], "mia@contoso.example");
    let (little, tokens) = get("openid").await;
    assert_eq!(little.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    assert!(claims(&tokens.text("id_token")).get("email").is_none());
    let (none, _) = get("User.Read").await;
    assert_eq!(
        (none.status, none.header("www-authenticate")),
        (403, "Bearer error=\"insufficient_scope\", scope=\"openid\"")
    );
    let missing = browser.get("/oidc/userinfo").await;
    assert_eq!((missing.status, missing.header("www-authenticate")), (401, "Bearer"));
    let id = tokens.text("id_token");
    for bad in ["x", &id] {
        let reply = house.program().bearing("/oidc/userinfo", bad).await;
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
    }
    let (_, tokens) = get("openid profile").await;
    house.block(house.contoso, house.mia, true).await;
    assert_eq!(house.program().bearing("/oidc/userinfo", &tokens.text("access_token")).await.status, 401);
}

fn sign_out(fields: &[(&str, &str)]) -> String {
    format!("/contoso.example/oauth2/v2.0/logout?{}", form(fields))
}

#[tokio::test]
async fn signing_out_for_an_app_asks_unless_the_app_proves_for_whom() {
    let house = House::new(61).await;
    let mut browser = house.mias().await;
    let id_token = house.tokens(&mut browser).await.text("id_token");
    let asked = sign_out(&[("post_logout_redirect_uri", "http://localhost:9/")]);
    let page = browser.get(&asked).await;
    page.is(200).says("Sign out?");
    assert_eq!(browser.get("/myaccount").await.status, 200, "still signed in");
    let (csrf, onward) = (page.field("csrf"), page.field("onward"));
    let done = browser.submit("/signout/app", &[("csrf", &csrf), ("onward", &onward)]).await;
    assert_eq!(done.onward(), "/signin?signedOut", "without a client, no address is anybody's");
    assert_eq!(browser.get("/myaccount").await.status, 303);
    // The token may be over: it only says who.
    house.later(Span::hours(2));
    let mut browser = house.mias().await;
    let hint = [
        ("id_token_hint", id_token.as_str()),
        ("post_logout_redirect_uri", "http://localhost:9/"),
        ("state", "st"),
    ];
    let (address, sent) = browser.get(&sign_out(&hint)).await.sent();
    assert_eq!((address.as_str(), sent["state"].as_str()), ("http://localhost:9/", "st"));
    assert_eq!(browser.get("/myaccount").await.status, 303);
    // Somebody else's session is not ended by it.
    let mut other = house.browser(&house.member(house.admin)).await;
    other.get(&sign_out(&hint)).await.is(200).says("Sign out?");
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_the_apps() {
    let house = House::new(62).await;
    let web = house.web.to_string();
    let mut program = house.program();
    let target = async |program: &mut crate::wire::Agent, fields: &[(&str, &str)]| {
        let reply = program.get(&sign_out(fields)).await;
        (reply.status, parameters(reply.header("location")).0)
    };
    let good = [("client_id", web.as_str()), ("post_logout_redirect_uri", CALLBACK)];
    assert_eq!(target(&mut program, &good).await, (302, CALLBACK.to_owned()));
    for bad in ["https://evil.example/", "https://app.example/cb/x", "javascript:alert(1)", "//evil.example"]
    {
        let fields = [("client_id", web.as_str()), ("post_logout_redirect_uri", bad)];
        assert_eq!(target(&mut program, &fields).await, (303, "/signin".to_owned()), "{bad}");
    }
    let forged = house.tokens(&mut house.mias().await).await.text("access_token");
    let fields = [("id_token_hint", forged.as_str()), ("post_logout_redirect_uri", "http://localhost:9/")];
    assert_eq!(
        target(&mut program, &fields).await,
        (303, "/signin".to_owned()),
        "an access token is no hint"
    );
}
