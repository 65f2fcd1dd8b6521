//! B-37: what was used up, taken back or slowed down stays so when the machine loses power.

use crate::{
    browser::Browser,
    page::Page,
    place::{Place, eventually},
    server::{Server, World, client},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

const CALLBACK: &str = "http://localhost:8400/";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const GRAPH: &str = "https://graph.microsoft.com/.default";
/// Wrong passwords that are judged before the cut: the next wait is long enough to be met on a slow machine, too.
const WRONG: usize = 8;

fn token(world: &World, fields: &[(&str, &str)]) -> (u16, Value) {
    let address = format!("{}/{}/oauth2/v2.0/token", world.get("AUTHORITY"), world.get("TENANT_ID"));
    let answer = client(Path::new(world.get("CA_FILE"))).post(address).form(fields).send().unwrap();
    (answer.status().as_u16(), answer.json().unwrap())
}

fn redeem(world: &World, code: &str) -> (u16, Value) {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", world.get("PUBLIC_CLIENT_ID")),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    token(world, &fields)
}

fn refresh(world: &World, token_of: &str) -> (u16, Value) {
    let client = ("client_id", world.get("PUBLIC_CLIENT_ID"));
    token(world, &[("grant_type", "refresh_token"), client, ("refresh_token", token_of)])
}

/// A sign-in to the public app: its code, which is used, and what came for it.
struct Family {
    code: String,
    access: String,
    refresh: String,
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

impl Family {
    fn of(world: &World, browser: &mut Browser) -> Self {
        let path = format!(
            "/{}/oauth2/v2.0/authorize?client_id={}&response_type=code&redirect_uri={CALLBACK}&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&scope=openid%20offline_access%20User.Read",
            world.get("TENANT_ID"),
            world.get("PUBLIC_CLIENT_ID"),
        );
        let onward = browser.get(&path).location.expect("a way back to the app");
        let code = onward.split_once("code=").expect("a code").1.split('&').next().unwrap().to_owned();
        let (status, body) = redeem(world, &code);
        assert_eq!(status, 200, "{body}");
        Self { code, access: text(&body, "access_token"), refresh: text(&body, "refresh_token") }
    }
}

/// What Graph answers to a token about its bearer.
fn me(world: &World, token: &str) -> u16 {
    world.graph().with(token.to_owned()).ask(Method::GET, "/v1.0/me", None).status
}

/// Ids of the keys that are published.
fn keys(world: &World) -> Vec<String> {
    let path = format!("/{}/discovery/v2.0/keys", world.get("TENANT_ID"));
    let mut all: Vec<String> =
        world.graph().get(&path)["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect();
    all.sort();
    all
}

/// An assertion of the confidential app, which Graph is told to know by a new certificate.
fn assertion(world: &World) -> String {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let known = json!({ "keyCredentials": [{
        "type": "AsymmetricX509Cert", "usage": "Verify", "key": STANDARD.encode(certificate.der()),
    }] });
    let id = world.get("CLIENT_ID");
    world.graph().patch(&format!("/v1.0/applications(appId='{id}')"), &known);
    let audience = format!("{}/{}/oauth2/v2.0/token", world.get("AUTHORITY"), world.get("TENANT_ID"));
    let now = crate::browser::wall().as_seconds();
    let claims =
        json!({ "aud": audience, "iss": id, "sub": id, "jti": "once", "nbf": now, "exp": now + 600 });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn prove(world: &World, assertion: &str) -> (u16, Value) {
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", GRAPH),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    token(world, &fields)
}

fn wrong_password(world: &World) -> Page {
    let name = world.get("HOME_ADMIN_USERNAME");
    let mut browser = world.browser();
    let csrf = browser.knock(name).field("csrf");
    let fields = [("csrf", csrf.as_str()), ("step", "password"), ("userName", name), ("password", "wrong")];
    browser.post("/signin", &fields)
}

/// Cuts the power, and starts the server again where it was.
fn cut(place: &Place, server: &mut Server, world: &World) -> (Server, World) {
    let (_, port) = world.get("BASE_URL").rsplit_once(':').unwrap();
    server.kill();
    Server::demo_on(place, &format!("127.0.0.1:{port}"), &[])
}

#[test]
fn nothing_that_was_used_up_or_taken_back_is_good_again_after_a_power_cut() {
    let Some(place) = Place::new() else { return };
    let (mut server, world) = Server::demo(&place, &[]);
    let (mut guest, mut admin) = (world.browser(), world.browser());
    guest.sign_in(world.get("GUEST_USERNAME"), world.get("GUEST_PASSWORD"));
    admin.sign_in(world.get("ADMIN_USERNAME"), world.get("ADMIN_PASSWORD"));
    let (first, second, kept) =
        (Family::of(&world, &mut guest), Family::of(&world, &mut guest), Family::of(&world, &mut guest));
    let taken = Family::of(&world, &mut admin);
    let (status, next) = refresh(&world, &second.refresh);
    assert_eq!(status, 200, "{next}");
    admin.submit("/myaccount/sessions", &[], &[("act", "everywhere")]);
    let assertion = assertion(&world);
    assert_eq!(prove(&world, &assertion).0, 200);
    let rotate = ["key", "rotate", "--data-dir", "world", "--now", "--tenant", world.get("TENANT_ID")];
    place.run(&rotate).ok();
    let published = keys(&world);
    assert_eq!(published.len(), 2);

    let (mut server, world) = cut(&place, &mut server, &world);
    assert_eq!(keys(&world), published, "a new key is there at once, and the old one as long as its tokens");
    for good in [&first.access, &kept.access, &text(&next, "access_token")] {
        assert_eq!(me(&world, good), 200, "what nobody took back is good");
    }
    guest.get("/myaccount/organizations").is(200);
    assert_eq!(me(&world, &taken.access), 401);
    assert_eq!(refresh(&world, &taken.refresh).1["error"], "invalid_grant");
    assert_eq!(admin.get("/myaccount/organizations").status, 303);
    let (status, body) = prove(&world, &assertion);
    assert_eq!(
        (status, &body["error"], &body["error_codes"]),
        (401, &json!("invalid_client"), &json!([50_013]))
    );
    assert_eq!(redeem(&world, &first.code).1["error"], "invalid_grant", "a code that was used");
    assert_eq!(refresh(&world, &second.refresh).1["error"], "invalid_grant", "a token that was replaced");

    // The second uses ended what came of the first, and that is kept as well.
    let (_server, world) = cut(&place, &mut server, &world);
    for dead in [&first.access, &text(&next, "access_token"), &taken.access] {
        assert_eq!(me(&world, dead), 401);
    }
    for dead in [&first.refresh, &text(&next, "refresh_token"), &taken.refresh] {
        assert_eq!(refresh(&world, dead).1["error"], "invalid_grant");
    }
    assert_eq!(me(&world, &kept.access), 200);
    assert_eq!(refresh(&world, &kept.refresh).0, 200);
}

#[test]
fn a_device_code_and_an_invitation_are_used_up_for_good() {
    let Some(place) = Place::new() else { return };
    let (mut server, world) = Server::demo(&place, &[]);
    let address = format!("{}/{}/oauth2/v2.0/devicecode", world.get("AUTHORITY"), world.get("TENANT_ID"));
    let app = world.get("PUBLIC_CLIENT_ID");
    let fields = [("client_id", app), ("scope", "User.Read")];
    let begun = client(Path::new(world.get("CA_FILE"))).post(address).form(&fields).send().unwrap();
    let begun: Value = begun.json().unwrap();
    let (device, user) = (text(&begun, "device_code"), text(&begun, "user_code"));
    let poll = |world: &World| {
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        token(world, &[("grant_type", grant), ("client_id", app), ("device_code", &device)])
    };
    let mut admin = world.browser();
    admin.sign_in(world.get("ADMIN_USERNAME"), world.get("ADMIN_PASSWORD"));
    let entered = [("code", user.as_str()), ("decision", "accept")];
    admin.submit("/devicelogin", &[], &entered).is(200).says("The device is signed in");
    assert_eq!(poll(&world).0, 200);

    let invited = json!({
        "invitedUserEmailAddress": world.get("HOME_ADMIN_USERNAME"), "inviteRedirectUrl": "https://localhost/",
    });
    let link = text(&world.graph().post("/v1.0/invitations", &invited).is(201).json(), "inviteRedeemUrl");
    let path = link.strip_prefix(world.get("BASE_URL")).unwrap();
    let mut person = world.browser();
    person.sign_in(world.get("HOME_ADMIN_USERNAME"), world.get("HOME_ADMIN_PASSWORD"));
    person.submit(path, &[], &[("decision", "accept")]).is(200).says("You are now a guest");

    let (_server, world) = cut(&place, &mut server, &world);
    assert_eq!(poll(&world).1["error"], "bad_verification_code");
    admin.submit("/devicelogin", &[], &entered).is(422);
    person.get(path).says("This invitation was already used");
}

#[test]
fn wrong_passwords_are_still_counted_after_a_power_cut() {
    let Some(place) = Place::new() else { return };
    let (mut server, world) = Server::demo(&place, &[]);
    let mut judged = 0;
    eventually("so many wrong passwords", Duration::from_secs(60), || {
        judged += usize::from(wrong_password(&world).status == 422);
        (judged == WRONG).then_some(())
    });
    let (_server, world) = cut(&place, &mut server, &world);
    // If the wait was over already, the first is judged; behind it the next one is twice as long. Nothing counted: both are judged.
    let statuses = [wrong_password(&world).status, wrong_password(&world).status];
    assert_eq!(statuses[1], 429, "{statuses:?}");
}
