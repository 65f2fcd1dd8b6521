//! Authorization codes with PKCE.

use crate::{
    house::{BASIC, CALLBACK, CHALLENGE, House, LOOPBACK, VERIFIER},
    wire::{claims, parameters},
};
use model::Span;
use service::{PasswordChange, UserPatch};
use std::fmt::Write;

#[tokio::test]
async fn a_person_signs_in_to_an_app() {
    let house = House::new(1).await;
    let mut browser = house.program();
    let asked = house.ask(&[("login_hint", "mia@contoso.example")]);
    let reply = browser.get(&asked).await;
    assert_eq!(reply.status, 303);
    let (address, sent) = parameters(reply.header("location"));
    assert_eq!((address.as_str(), sent["userName"].as_str()), ("/signin", "mia@contoso.example"));
    let mut browser = house.mias().await;
    let back = browser.get(&sent["return"]).await;
    let (address, sent) = back.sent();
    assert_eq!((address.as_str(), sent["state"].as_str()), (LOOPBACK, "st"));
    let reply = house.redeem(&sent["code"], &[]).await;
    insta::assert_snapshot!(reply.transcript());
    let (access, id) = (claims(&reply.text("access_token")), claims(&reply.text("id_token")));
    assert_eq!(access["oid"], house.mia.to_string());
    assert_eq!((&id["oid"], &id["aud"]), (&access["oid"], &serde_json::json!(house.tool)));
    let reply = house.me(&reply.text("access_token")).await;
    assert_eq!(reply.json()["userPrincipalName"], "mia@contoso.example");
}

/// the form of the sign-in page is not answered by a redirect that ends at the app.
#[tokio::test]
async fn signing_in_goes_on_to_the_app_by_a_page_of_our_own() {
    let house = House::new(12).await;
    let password = "seven quiet otters juggle";
    let cx = house.world.cx();
    house.world.directory().set_password(&cx, house.contoso, house.mia, password).await.unwrap();
    let mut browser = house.program();
    let sent = browser.get(&house.ask(&[])).await;
    let page = browser.get(sent.header("location")).await;
    let (csrf, back) = (page.field("csrf"), page.field("return"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("return", back.as_str()),
        ("step", "password"),
        ("userName", "mia@contoso.example"),
        ("password", password),
    ];
    let done = browser.submit("/signin", &fields).await;
    done.is(200);
    assert!(browser.get(&done.onward()).await.sent().1.contains_key("code"));
}

/// Whoever has to choose a new password does so on the way to the app, which gets nothing before.
#[tokio::test]
async fn a_new_password_is_chosen_on_the_way_to_the_app() {
    let house = House::new(14).await;
    let (old, new) = ("seven quiet otters juggle", "nine loud herons whistle");
    let (directory, cx) = (house.world.directory(), house.world.cx());
    directory.set_password(&cx, house.contoso, house.mia, old).await.unwrap();
    let patch = UserPatch { password_change: Some(PasswordChange::Required), ..UserPatch::default() };
    directory.update_user(&cx, &house.operator(), &house.mia.to_string(), patch).await.unwrap();
    let mut browser = house.program();
    let sent = browser.get(&house.ask(&[])).await;
    let page = browser.get(sent.header("location")).await;
    let (csrf, back) = (page.field("csrf"), page.field("return"));
    let common = [("csrf", csrf.as_str()), ("return", back.as_str()), ("userName", "mia@contoso.example")];
    let fields = [&common[..], &[("step", "password"), ("password", old)]].concat();
    let asked = browser.submit("/signin", &fields).await;
    asked.is(200).says("Choose a new password");
    let silent = browser.get(&house.ask(&[("prompt", "none")])).await;
    assert_eq!(silent.sent().1["error"], "login_required");
    assert!(browser.get(&back).await.header("location").starts_with("/signin?"));
    let ticket = asked.field("ticket");
    let chosen = [
        ("step", "newPassword"),
        ("ticket", ticket.as_str()),
        ("newPassword", new),
        ("newPasswordAgain", new),
    ];
    let done = browser.submit("/signin", &[&common[..], &chosen].concat()).await;
    done.is(200);
    assert!(browser.get(&done.onward()).await.sent().1.contains_key("code"));
}

/// OpenID Connect Core, section 3.1.2.1: a request may come as a form, which other sites send.
#[tokio::test]
async fn a_request_may_come_as_a_form() {
    let house = House::new(13).await;
    let (path, query) =
        house.ask(&[]).split_once('?').map(|(path, query)| (path.to_owned(), query.to_owned())).unwrap();
    let mut browser = house.mias().await;
    let request = browser
        .request("POST", &path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://app.example")
        .header("sec-fetch-site", "cross-site");
    let reply = browser.send(request, &query).await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    assert!(browser.get(reply.header("location")).await.sent().1.contains_key("code"));
}

#[tokio::test]
async fn an_answer_travels_as_the_app_wants_it() {
    let house = House::new(2).await;
    let mut browser = house.mias().await;
    let reply = browser.get(&house.ask(&[("response_mode", "fragment")])).await;
    assert!(reply.header("location").starts_with("http://localhost:8400/#code="), "{:?}", reply.headers);
    let reply = browser.get(&house.ask(&[("response_mode", "form_post")])).await;
    reply.is(200).says(&format!("action=\"{LOOPBACK}\""));
    assert_eq!(reply.field("state"), "st");
    assert!(!reply.body.contains("name=\"csrf\""));
    let policy = reply.header("content-security-policy");
    assert!(policy.contains("form-action http://localhost:8400;"), "{policy}");
    assert_eq!(house.redeem(&reply.field("code"), &[]).await.status, 200);
    assert!(!reply.header("cache-control").is_empty());
}

/// where client or address do not hold, nothing is sent anywhere.
#[tokio::test]
async fn without_a_good_client_and_address_nothing_is_sent_anywhere() {
    let house = House::new(3).await;
    let mut said = String::new();
    let other = "00000000-0000-4000-8000-000000000000";
    let rows: [(&str, &[(&str, &str)]); 12] = [
        ("no client", &[("client_id", "")]),
        ("an unknown client", &[("client_id", other)]),
        ("a client that is no id", &[("client_id", "tool")]),
        ("no address", &[("redirect_uri", "")]),
        ("another path", &[("redirect_uri", "http://localhost:8400/cb")]),
        ("another host", &[("redirect_uri", "https://evil.example/")]),
        ("a user name", &[("redirect_uri", "http://localhost:8400@evil.example/")]),
        ("a fragment", &[("redirect_uri", "http://localhost:8400/#x")]),
        ("https instead of http", &[("redirect_uri", "https://localhost:8400/")]),
        ("an address of another app", &[("redirect_uri", CALLBACK)]),
        ("a look-alike", &[("redirect_uri", "http://localhost.evil.example/")]),
        (
            "an address inside a query",
            &[("redirect_uri", "http://localhost:8400/?next=https://evil.example")],
        ),
    ];
    for mut browser in [house.program(), house.mias().await] {
        for (title, changes) in rows {
            let reply = browser.get(&house.ask(changes)).await;
            assert_eq!((reply.status, reply.header("location")), (400, ""), "{title}: {}", reply.body);
            let (_, code) = reply.body.split_once("AADSTS").unwrap();
            writeln!(said, "{title}: AADSTS{}", code.split(':').next().unwrap()).unwrap();
        }
    }
    let twice = format!("{}&redirect_uri=https://evil.example/", house.ask(&[]));
    assert_eq!(house.mias().await.get(&twice).await.status, 400);
    for tenant in ["nowhere.example", "consumers", "fabrikam.example"] {
        let reply = house.mias().await.get(&house.asking(tenant, &[])).await;
        assert_eq!((reply.status, reply.header("location")), (400, ""), "{tenant}");
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn what_else_is_wrong_the_app_is_told() {
    let house = House::new(4).await;
    let mut browser = house.mias().await;
    let long = "x".repeat(2049);
    let mut said = String::new();
    let rows: [(&str, &[(&str, &str)]); 19] = [
        ("no response type", &[("response_type", "")]),
        ("an id token", &[("response_type", "id_token")]),
        ("both", &[("response_type", "code id_token")]),
        ("another mode", &[("response_mode", "web_message")]),
        ("no scope", &[("scope", "")]),
        ("an unknown permission", &[("scope", "openid Mail.Read")]),
        ("an unknown resource", &[("scope", "https://elsewhere.example/.default")]),
        ("two resources", &[("scope", "User.Read https://management.core.windows.net//.default")]),
        ("no challenge", &[("code_challenge", ""), ("code_challenge_method", "")]),
        ("a plain challenge", &[("code_challenge_method", "plain")]),
        ("a challenge without a method", &[("code_challenge_method", "")]),
        ("a method without a challenge", &[("code_challenge", "")]),
        ("a short challenge", &[("code_challenge", "abc")]),
        ("a prompt that is none", &[("prompt", "maybe")]),
        ("none beside another prompt", &[("prompt", "none login")]),
        ("an age that is no number", &[("max_age", "-1")]),
        ("a signed request", &[("request", "a.b.c")]),
        ("a request elsewhere", &[("request_uri", "https://evil.example/")]),
        ("a long nonce", &[("nonce", &long)]),
    ];
    for (title, changes) in rows {
        let (address, sent) = browser.get(&house.ask(changes)).await.sent();
        assert_eq!(address, LOOPBACK, "{title}");
        assert!(!sent.contains_key("code"), "{title}");
        assert_eq!(sent["state"], "st", "{title}");
        let text = sent["error_description"].split("\r\n").next().unwrap();
        writeln!(said, "{title}: {}: {text}", sent["error"]).unwrap();
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn a_silent_request_is_answered_without_a_page() {
    let house = House::new(5).await;
    let silent = house.ask(&[("prompt", "none")]);
    let fault = |reply: crate::wire::Reply| reply.sent().1["error"].clone();
    assert_eq!(fault(house.program().get(&silent).await), "login_required");
    assert!(house.mias().await.get(&silent).await.sent().1.contains_key("code"));
    let more = house.ask(&[("prompt", "none"), ("scope", "User.Read.All")]);
    assert_eq!(fault(house.mias().await.get(&more).await), "consent_required");
    let stranger = house.world.member(house.fabrikam, "bo@fabrikam.example", &[]).await;
    let mut browser = house.browser(&testkit::World::person(house.fabrikam, stranger)).await;
    assert_eq!(fault(browser.get(&silent).await), "interaction_required");
    let reply = browser.get(&house.ask(&[])).await;
    reply.is(400).says("AADSTS50020");
    house.later(Span::minutes(5));
    let old = house.ask(&[("prompt", "none"), ("max_age", "60")]);
    let mut browser = house.mias().await;
    house.later(Span::minutes(2));
    assert_eq!(fault(browser.get(&old).await), "login_required");
}

#[tokio::test]
async fn a_fresh_sign_in_is_one_after_the_request() {
    let house = House::new(6).await;
    let mut browser = house.mias().await;
    house.later(Span::minutes(1));
    for asked in [&[("prompt", "login")][..], &[("max_age", "10")]] {
        let reply = browser.get(&house.ask(asked)).await;
        let (address, sent) = parameters(reply.header("location"));
        assert_eq!((reply.status, address.as_str()), (303, "/signin"));
        let back = &sent["return"];
        // Coming back with the old session is not enough.
        assert_eq!(browser.get(back).await.status, 303);
        house.later(Span::seconds(1));
        let mut afresh = house.mias().await;
        assert!(afresh.get(back).await.sent().1.contains_key("code"));
        house.later(Span::minutes(1));
    }
    let reply = browser.get(&house.ask(&[("prompt", "select_account")])).await;
    reply.is(200).says("Choose an account").says("mia@contoso.example");
    let (_, rest) = reply.body.split_once("href=\"/contoso.example/").unwrap();
    let link = format!("/contoso.example/{}", rest.split('"').next().unwrap()).replace("&#38;", "&");
    assert!(browser.get(&link).await.sent().1.contains_key("code"));
}

/// bound to client, address, challenge and time; each row is refused, and the code is still good afterwards.
#[tokio::test]
async fn a_code_is_good_for_its_app_address_and_verifier_only() {
    let house = House::new(7).await;
    let mut browser = house.mias().await;
    let code = house.code(&mut browser).await;
    let web = house.web.to_string();
    let other = "x".repeat(43);
    let mut said = String::new();
    let rows: [(&str, &[(&str, &str)]); 10] = [
        ("no code", &[("code", "")]),
        ("no address", &[("redirect_uri", "")]),
        ("another port", &[("redirect_uri", "http://localhost:8401/")]),
        ("no verifier", &[("code_verifier", "")]),
        ("another verifier", &[("code_verifier", &other)]),
        ("the challenge as verifier", &[("code_verifier", CHALLENGE)]),
        ("another app", &[("client_id", &web), ("client_secret", &house.secret)]),
        ("no app", &[("client_id", "")]),
        ("a public app with a secret", &[("client_secret", "x")]),
        ("more than was granted", &[("scope", "User.Read.All")]),
    ];
    for (title, changes) in rows {
        let reply = house.redeem(&code, changes).await;
        let (status, error, number) = reply.fault();
        assert!(status >= 400, "{title}");
        writeln!(said, "{title}: {status} {error} {number}").unwrap();
    }
    for bad in
        ["x", "x.y", &format!("{}.{}", house.fabrikam, code.split('.').nth(1).unwrap()), &format!("{code}x")]
    {
        assert_eq!(house.redeem(bad, &[]).await.fault(), (400, "invalid_grant".to_owned(), 70_000), "{bad}");
    }
    let id = house.tool.to_string();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", &code),
        ("redirect_uri", LOOPBACK),
    ];
    let elsewhere = house.token("fabrikam.example", &fields, &[]).await;
    assert_eq!(elsewhere.fault(), (400, "invalid_grant".to_owned(), 70_000));
    assert_eq!(house.redeem(&code, &[]).await.status, 200, "the code itself was never used");
    insta::assert_snapshot!(said);
    let late = house.code(&mut browser).await;
    house.later(Span::seconds(60));
    assert_eq!(house.redeem(&late, &[]).await.fault(), (400, "invalid_grant".to_owned(), 70_008));
}

/// RFC 9700, section 2.1.1: a verifier without a challenge means that somebody took the challenge out.
#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let house = House::new(8).await;
    let mut browser = house.mias().await;
    let web = house.web.to_string();
    let asked = house.ask(&[
        ("client_id", &web),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ]);
    let code = browser.get(&asked).await.sent().1["code"].clone();
    let own = [("client_id", web.as_str()), ("client_secret", &house.secret), ("redirect_uri", CALLBACK)];
    assert_eq!(house.redeem(&code, &own).await.fault().2, 501_481);
    let without: Vec<_> = own.into_iter().chain([("code_verifier", "")]).collect();
    let reply = house.redeem(&code, &without).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.json().get("refresh_token").is_none(), "nobody asked for offline_access");
    let nobody = [("client_id", web.as_str()), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    let code = browser.get(&asked).await.sent().1["code"].clone();
    assert_eq!(house.redeem(&code, &nobody).await.fault(), (401, "invalid_client".to_owned(), 7_000_218));
}

#[tokio::test]
async fn a_second_use_voids_what_the_first_one_gave() {
    let house = House::new(9).await;
    let mut browser = house.mias().await;
    let code = house.code(&mut browser).await;
    let first = house.redeem(&code, &[]).await;
    assert_eq!(first.status, 200);
    let access = first.text("access_token");
    assert_eq!(house.me(&access).await.status, 200);
    let second = house.redeem(&code, &[]).await;
    insta::assert_snapshot!(second.transcript());
    assert_eq!(house.me(&access).await.status, 401, "the access token goes with it, on the next request");
    let reply = house.refresh(&first.text("refresh_token"), &[]).await;
    assert_eq!(reply.fault(), (400, "invalid_grant".to_owned(), 50_173));
}

#[tokio::test]
async fn what_changes_between_code_and_token_counts() {
    let house = House::new(10).await;
    let mut browser = house.mias().await;
    let code = house.code(&mut browser).await;
    house.block(house.contoso, house.mia, true).await;
    assert_eq!(house.redeem(&code, &[]).await.fault().2, 50_057);
    house.block(house.contoso, house.mia, false).await;
    assert_eq!(house.redeem(&code, &[]).await.fault().2, 50_173);
    let mut browser = house.mias().await;
    let code = house.code(&mut browser).await;
    house
        .world
        .directory()
        .set_app_enabled(&house.world.cx(), house.contoso, house.tool, false)
        .await
        .unwrap();
    assert_eq!(house.redeem(&code, &[]).await.fault().2, 7_000_112);
    browser.get(&house.ask(&[])).await.is(400).says("AADSTS7000112");
}

#[tokio::test]
async fn common_and_organizations_mean_the_home_of_whoever_signs_in() {
    let house = House::new(11).await;
    for any in ["common", "organizations", "ORGANIZATIONS"] {
        let asked = house.asking(any, &[]);
        assert_eq!(house.program().get(&asked).await.status, 303, "{any}");
        let mut browser = house.mias().await;
        let code = browser.get(&asked).await.sent().1["code"].clone();
        let id = house.tool.to_string();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", id.as_str()),
            ("code", &code),
            ("redirect_uri", LOOPBACK),
            ("code_verifier", VERIFIER),
        ];
        let reply = house.token(any, &fields, &[]).await;
        assert_eq!(claims(&reply.text("id_token"))["tid"], house.contoso.to_string(), "{any}");
    }
    let silent = house.asking("common", &[("prompt", "none")]);
    house.program().get(&silent).await.is(400).says("AADSTS50058");
    let mailbox = model::Person::Mailbox { address: "sam@mailbox.example".to_owned() };
    house.world.guest(house.contoso, &mailbox, "sam@mailbox.example", testkit::GuestState::Accepted).await;
    let mut browser = house.browser(&mailbox).await;
    browser.get(&house.asking("common", &[])).await.is(400).says("AADSTS50020");
    let code = browser.get(&house.ask(&[("scope", BASIC)])).await.sent().1["code"].clone();
    let reply = house.redeem(&code, &[]).await;
    assert_eq!(claims(&reply.text("access_token"))["idp"], "mail");
}
