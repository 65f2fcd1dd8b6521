//! What an attacker would try: mixing up issuers, reusing the way of another request, answers for somebody else, consent and devices
//! of other organisations, sessions and addresses that somebody planted.

use crate::{
    house::{CALLBACK, House},
    wire::{Agent, Reply, claims, form, parameters},
};
use base64::Engine;
use model::{
    Span,
    authz::{Permission, Role},
};
use store::GrantKind;
use testkit::World;

/// Mix-up (RFC 9207): a client of two organisations sees which of them answers, also where the answer is an error.
#[tokio::test]
async fn every_answer_to_an_app_names_its_issuer() {
    let house = House::new(600).await;
    let mut browser = house.mias().await;
    let issuer = format!("https://localhost:8443/{}/v2.0", house.contoso);
    for tenant in ["contoso.example", "common", "organizations"] {
        for changes in [&[][..], &[("response_type", "")], &[("scope", "nonsense")], &[("max_age", "-1")]] {
            let (_, sent) = browser.get(&house.asking(tenant, changes)).await.sent();
            assert_eq!(sent["iss"], issuer, "{tenant} {changes:?}");
        }
    }
    let fragment = browser.get(&house.ask(&[("response_mode", "fragment")])).await;
    assert_eq!(fragment.sent().1["iss"], issuer);
    let posted = browser.get(&house.ask(&[("response_mode", "form_post")])).await;
    assert_eq!(posted.field("iss"), issuer);
    let path = "/contoso.example/v2.0/.well-known/openid-configuration";
    let document = house.program().get(path).await.json();
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
}

/// The way back of a request in which the person proved to be present, chose, or consented.
async fn way(house: &House, changes: &[(&str, &str)]) -> String {
    let reply = house.program().get(&house.ask(changes)).await;
    let (_, sent) = parameters(reply.header("location"));
    sent["return"].split("&way=").nth(1).unwrap().to_owned()
}

/// Whoever finds a session open cannot take the proof of an earlier request to be spared another one.
#[tokio::test]
async fn how_far_somebody_came_counts_for_that_request_only_and_not_for_ever() {
    let house = House::new(601).await;
    let fresh = [("prompt", "login")];
    let earlier = way(&house, &fresh).await;
    house.later(Span::seconds(1));
    let mut browser = house.mias().await;
    let own = format!("{}&way={earlier}", house.ask(&fresh));
    assert!(browser.get(&own).await.sent().1.contains_key("code"), "the way of this very request");
    for other in [
        &[("prompt", "login"), ("state", "other")][..],
        &[("prompt", "login"), ("nonce", "x")],
        &[("max_age", "0")],
    ] {
        house.later(Span::seconds(1));
        let asked = format!("{}&way={earlier}", house.ask(other));
        assert_eq!(browser.get(&asked).await.status, 303, "{other:?} needs a proof of its own");
    }
    let forged = format!("{}&way={}", house.ask(&fresh), earlier.replace('0', "1"));
    assert_eq!(browser.get(&forged).await.status, 303);
    // The same request, the same open session, later on.
    house.later(Span::minutes(61));
    let mut browser = house.mias().await;
    house.later(Span::seconds(1));
    assert_eq!(browser.get(&own).await.status, 303, "it is over");
}

/// What one person chose or allowed does not count for whoever signs in next.
#[tokio::test]
async fn signing_in_with_another_account_begins_the_questions_anew() {
    let house = House::new(602).await;
    let web = house.web.to_string();
    let changes =
        [("client_id", web.as_str()), ("redirect_uri", CALLBACK), ("scope", "openid"), ("prompt", "consent")];
    let mut browser = house.mias().await;
    let page = browser.get(&house.ask(&changes)).await;
    let (csrf, request) = (page.field("csrf"), page.field("request"));
    let yes = [("csrf", csrf.as_str()), ("request", request.as_str()), ("decision", "accept")];
    let onward = browser.submit("/consent", &yes).await.onward();
    assert!(browser.get(&onward).await.sent().1.contains_key("code"));
    // The page offers another account; whoever comes back with that is asked.
    let (_, link) = page.body.split_once("href=\"/signin?return=").unwrap();
    let link = format!("/signin?return={}", link.split('"').next().unwrap().replace("&#38;", "&"));
    let (_, sent) = parameters(&link);
    house.later(Span::seconds(1));
    let mut other = house.browser(&house.member(house.admin)).await;
    other.get(&sent["return"]).await.is(200).says("asks for permission");
}

/// OpenID Connect Core, section 3.1.2.2: no answer for anybody but whom the hint names, whatever session there is.
#[tokio::test]
async fn a_hint_gives_no_answer_for_somebody_else() {
    let house = House::new(603).await;
    // As it is: a token needs no encoding, and a form that encodes everything would make the address too long.
    let hinted =
        |changes: &[(&str, &str)], hint: &str| format!("{}&id_token_hint={hint}", house.ask(changes));
    let mut mia = house.mias().await;
    let hint = house.tokens(&mut mia).await.text("id_token");
    let silent = hinted(&[("prompt", "none")], &hint);
    assert!(mia.get(&silent).await.sent().1.contains_key("code"));
    let mut admin = house.browser(&house.member(house.admin)).await;
    let (_, sent) = admin.get(&silent).await.sent();
    assert_eq!(sent["error"], "login_required");
    assert!(sent["error_description"].starts_with("AADSTS16000: "));
    let asked = hinted(&[], &hint);
    let reply = admin.get(&asked).await;
    let (address, sent) = parameters(reply.header("location"));
    assert_eq!((reply.status, address.as_str()), (303, "/signin"), "the right person may sign in");
    house.later(Span::seconds(1));
    let mut still = house.browser(&house.member(house.admin)).await;
    let (_, told) = still.get(&sent["return"]).await.sent();
    assert_eq!(told["error"], "login_required", "once, and not for ever in a circle");
    assert!(house.mias().await.get(&sent["return"]).await.sent().1.contains_key("code"));
    // The hint may be over, and of an earlier sign-in. One that proves nothing silences nobody, and opens nothing silently.
    house.later(Span::hours(3));
    let mut later = house.mias().await;
    assert!(later.get(&silent).await.sent().1.contains_key("code"));
    let access = house.tokens(&mut later).await.text("access_token");
    for bad in ["x", "a.b.c", access.as_str()] {
        let silent = hinted(&[("prompt", "none")], bad);
        assert_eq!(later.get(&silent).await.sent().1["error"], "login_required", "{bad:.20}");
        assert!(later.get(&hinted(&[], bad)).await.sent().1.contains_key("code"));
    }
    // A guest is named by the object in the organisation that asks.
    let ana = World::person(house.fabrikam, house.ana);
    let mut guest = house.browser(&ana).await;
    let hint = house.tokens(&mut guest).await.text("id_token");
    assert_eq!(claims(&hint)["oid"], house.guest.to_string());
    let silent = hinted(&[("prompt", "none")], &hint);
    assert!(guest.get(&silent).await.sent().1.contains_key("code"));
}

/// Consent phishing: an app is known to its own organisation only, whoever registers it under whatever name.
#[tokio::test]
async fn an_app_of_another_organisation_is_asked_for_nothing() {
    let house = House::new(604).await;
    let (directory, cx) = (house.world.directory(), house.world.cx());
    let callback = ["https://evil.example/cb".to_owned()];
    let (evil, _) = directory.register_app(&cx, house.fabrikam, "Tool", false, &callback).await.unwrap();
    let evil = evil.to_string();
    let asked = [("client_id", evil.as_str()), ("redirect_uri", "https://evil.example/cb")];
    for tenant in ["contoso.example", "common", "organizations"] {
        let reply = house.mias().await.get(&house.asking(tenant, &asked)).await;
        reply.is(400).says("AADSTS700016");
        assert_eq!(reply.header("location"), "", "{tenant}: nothing goes to it");
    }
    let mut admin = house.browser(&house.member(house.admin)).await;
    let scope = "https://graph.microsoft.com/User.Read.All";
    let consent = form(&[asked[0], asked[1], ("scope", scope)]);
    for tenant in ["contoso.example", "common"] {
        let reply = admin.get(&format!("/{tenant}/v2.0/adminconsent?{consent}")).await;
        assert_eq!((reply.status, reply.header("location")), (400, ""), "{tenant}: {}", reply.body);
    }
    // An administrator of Contoso is nobody in Fabrikam; a guest there is no administrator either.
    admin.get(&format!("/fabrikam.example/v2.0/adminconsent?{consent}")).await.is(403);
    let admins = house.member(house.admin);
    house.world.guest(house.fabrikam, &admins, "admin@contoso.example", testkit::GuestState::Accepted).await;
    admin.get(&format!("/fabrikam.example/v2.0/adminconsent?{consent}")).await.is(403);
    let granted = house.world.store().read(World::scope(house.fabrikam), |reader| {
        reader.grants(evil.parse().unwrap(), GrantKind::Delegated)
    });
    assert_eq!(granted.await.unwrap(), []);
}

/// A consent answers the request that was shown, with the permissions that are missing then: nothing in the form adds to them.
#[tokio::test]
async fn a_consent_grants_what_the_page_showed_and_no_more() {
    let house = House::new(605).await;
    let web = house.web.to_string();
    let ask =
        |scope: &str| house.ask(&[("client_id", web.as_str()), ("redirect_uri", CALLBACK), ("scope", scope)]);
    let mut admin = house.browser(&house.member(house.admin)).await;
    let page = admin.get(&ask("openid User.Read")).await;
    let (csrf, request) = (page.field("csrf"), page.field("request"));
    let more = [
        ("csrf", csrf.as_str()),
        ("request", request.as_str()),
        ("decision", "accept"),
        ("scope", "User.ReadWrite.All"),
        ("permissions", "User.ReadWrite.All"),
    ];
    admin.submit("/consent", &more).await.is(200);
    let (web, user) = (house.web, house.admin);
    let consents =
        house.world.store().read(World::scope(house.contoso), |reader| reader.consents(web, user)).await;
    assert_eq!(consents.unwrap(), [Permission::UserRead]);
}

/// Device-code phishing: a link carries no code, the page warns and names the app, and nobody lets a device in by opening an address.
#[tokio::test]
async fn a_link_lets_no_device_in() {
    let house = House::new(606).await;
    house.world.directory().allow_device_code(&house.world.cx(), house.contoso, true).await.unwrap();
    let tool = house.tool.to_string();
    let fields = [("client_id", tool.as_str()), ("scope", "openid User.Read")];
    let started = house.program().post("/contoso.example/oauth2/v2.0/devicecode", &fields).await;
    let (code, device) = (started.text("user_code"), started.text("device_code"));
    assert!(started.json().get("verification_uri_complete").is_none(), "there is no such link");
    let mut mia = house.mias().await;
    for query in [
        form(&[("code", &code)]),
        form(&[("user_code", &code)]),
        form(&[("code", &code), ("decision", "accept")]),
        form(&[("otc", &code)]),
    ] {
        let page = mia.get(&format!("/devicelogin?{query}")).await;
        page.is(200).says("Never enter one that somebody sent you.");
        assert!(!page.body.contains(&code), "the code is typed by the person");
    }
    let csrf = mia.get("/devicelogin").await.field("csrf");
    let cross = mia
        .request("POST", "/devicelogin")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    let yes = form(&[("csrf", &csrf), ("code", &code), ("decision", "accept")]);
    assert_eq!(mia.send(cross, &yes).await.status, 403);
    let without = [("code", code.as_str()), ("decision", "accept")];
    assert_eq!(mia.submit("/devicelogin", &without).await.status, 403);
    let page = mia.submit("/devicelogin", &[("csrf", &csrf), ("code", &code)]).await;
    page.is(200).says("Tool on another device will be signed in as you.").says("Contoso");
    let ask = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", tool.as_str()),
        ("device_code", device.as_str()),
    ];
    let reply = house.token("contoso.example", &ask, &[]).await;
    assert_eq!(reply.fault().1, "authorization_pending", "looking is not letting in");
}

/// Tokens of one kind and organisation are nothing in the place of another kind, or of another organisation.
#[tokio::test]
async fn no_token_passes_for_another_kind() {
    let house = House::new(607).await;
    let tokens = house.tokens(&mut house.mias().await).await;
    let (access, id, refresh) =
        (tokens.text("access_token"), tokens.text("id_token"), tokens.text("refresh_token"));
    let web = house.web.to_string();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for assertion in [&access, &id] {
        let fields = [
            ("grant_type", "client_credentials"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_id", web.as_str()),
            ("client_assertion_type", kind),
            ("client_assertion", assertion.as_str()),
        ];
        let reply = house.token("contoso.example", &fields, &[]).await;
        assert_eq!((reply.status, reply.fault().1), (401, "invalid_client".to_owned()));
    }
    for other in [&access, &id] {
        assert_eq!(house.refresh(other, &[]).await.fault(), (400, "invalid_grant".to_owned(), 70_000));
        assert_eq!(house.redeem(other, &[]).await.fault(), (400, "invalid_grant".to_owned(), 70_000));
    }
    assert_eq!(house.redeem(&refresh, &[]).await.fault().2, 70_000, "a refresh token is no code");
    let code = house.code(&mut house.mias().await).await;
    assert_eq!(house.refresh(&code, &[]).await.fault().2, 70_000, "and a code no refresh token");
    // The handle names the tenant; one that was written over leads nowhere.
    let moved = code.replacen(&house.contoso.to_string(), &house.fabrikam.to_string(), 1);
    assert_eq!(house.redeem(&moved, &[]).await.fault().2, 70_000);
    let session = house.program();
    for value in [&access, &id, &refresh] {
        let mut agent = session.clone();
        agent.jar.insert("__Host-innkeeper".to_owned(), value.clone());
        assert_eq!(agent.get("/myaccount").await.status, 303, "no token is a session");
    }
}

/// A secret in the header whose name and value would mean something else once decoded.
#[tokio::test]
async fn credentials_come_in_one_way_only() {
    let house = House::new(608).await;
    let web = house.web.to_string();
    let basic = |text: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text));
    let grant = [("grant_type", "client_credentials"), ("scope", "https://graph.microsoft.com/.default")];
    let path = "/contoso.example/oauth2/v2.0/token";
    let right = basic(&format!("{web}:{}", house.secret));
    assert_eq!(house.program().post_with(path, &grant, &[("authorization", &right)]).await.status, 200);
    for wrong in [
        basic(&format!("{web}:")),
        basic(&format!(":{}", house.secret)),
        basic(&web),
        basic(&format!("{web}:{}\0", house.secret)),
        format!("Bearer {}", house.secret),
        "Basic !!!".to_owned(),
    ] {
        let reply = house.program().post_with(path, &grant, &[("authorization", &wrong)]).await;
        assert_ne!(reply.status, 200, "{wrong}");
    }
    let twice: Vec<_> = grant.into_iter().chain([("client_secret", house.secret.as_str()); 2]).collect();
    assert_eq!(house.program().post(path, &twice).await.fault().2, 9_000_411);
}

/// An app that was given to somebody else's redirect address by a longer or shorter one, by letters that look alike, or by another
/// way to write the same host.
#[tokio::test]
async fn an_answer_goes_to_registered_addresses_only_however_they_are_written() {
    let house = House::new(609).await;
    let web = house.web.to_string();
    let mut browser = house.mias().await;
    for address in [
        "https://app.example/cb/",
        "https://app.example/cb?",
        "https://app.example/cb?x=1",
        "https://app.example/cb#",
        "https://app.example/cb/../cb",
        "https://app.example/%63b",
        "https://app.example:443/cb",
        "https://APP.example/cb",
        "https://app.example.evil.example/cb",
        "https://app.example@evil.example/cb",
        "https://evil.example/?https://app.example/cb",
        "https://аpp.example/cb",
        "//app.example/cb",
        "https:app.example/cb",
        "https:\\\\app.example/cb",
        "https://app.example\\@evil.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://app.example/cb",
        "https://app.example/cb\r\nx: y",
    ] {
        let reply = browser
            .get(&house.ask(&[("client_id", web.as_str()), ("redirect_uri", address), ("scope", "openid")]))
            .await;
        assert_eq!((reply.status, reply.header("location")), (400, ""), "{address:?}");
        let out = form(&[("client_id", web.as_str()), ("post_logout_redirect_uri", address)]);
        let reply = house.program().get(&format!("/contoso.example/oauth2/v2.0/logout?{out}")).await;
        assert_eq!(reply.header("location"), "/signin?signedOut", "{address:?}");
    }
}

/// An administrator who is led through a consent has to be the one who proved it: no other site can send the form.
#[tokio::test]
async fn an_administrators_consent_is_sent_by_our_own_page() {
    let house = House::new(610).await;
    let web = house.web.to_string();
    let scope = "https://graph.microsoft.com/User.Read.All";
    let query = form(&[("client_id", web.as_str()), ("redirect_uri", CALLBACK), ("scope", scope)]);
    let asked = format!("/contoso.example/v2.0/adminconsent?{query}");
    let mut admin = house.browser(&house.member(house.admin)).await;
    let csrf = admin.get(&asked).await.field("csrf");
    let foreign = async |admin: &mut Agent, site: &str, csrf: &str| -> Reply {
        let request = admin
            .request("POST", &asked)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site);
        admin.send(request, &form(&[("csrf", csrf), ("decision", "accept")])).await
    };
    assert_eq!(foreign(&mut admin, "cross-site", &csrf).await.status, 403);
    assert_eq!(foreign(&mut admin, "same-site", &csrf).await.status, 403);
    assert_eq!(foreign(&mut admin, "same-origin", "x").await.status, 403);
    let roles = [Role::GlobalAdministrator];
    let second = house.world.member(house.contoso, "second@contoso.example", &roles).await;
    let mut other = house.browser(&house.member(second)).await;
    assert_eq!(foreign(&mut other, "same-origin", &csrf).await.status, 403, "the token of another session");
    let grants = house
        .world
        .store()
        .read(World::scope(house.contoso), |reader| reader.grants(house.web, GrantKind::Delegated));
    assert_eq!(grants.await.unwrap(), []);
}

/// What is asked of the person cannot be put into the frame of another site, and no form of ours leads elsewhere.
#[tokio::test]
async fn the_questions_stand_alone() {
    let house = House::new(611).await;
    let web = house.web.to_string();
    let mut browser = house.mias().await;
    let consent =
        house.ask(&[("client_id", web.as_str()), ("redirect_uri", CALLBACK), ("scope", "User.Read")]);
    let choose = house.ask(&[("prompt", "select_account")]);
    let out = "/contoso.example/oauth2/v2.0/logout".to_owned();
    for page in [consent, choose, out, "/devicelogin".to_owned(), house.ask(&[("client_id", "x")])] {
        let reply = browser.get(&page).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{page}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{page}");
        assert_eq!(reply.header("cache-control"), "no-store", "{page}");
    }
}
