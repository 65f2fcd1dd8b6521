//! The hostile token matrix (B-15): forged tokens at every kind of address, and good ones as the positive control.

use crate::{
    house::House,
    wire::{Agent, Reply, claims},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use identity::MasterKey;
use model::{
    Span, TenantId,
    authz::{Permission, Role},
};
use rcgen::{KeyPair, PKCS_RSA_SHA256, SigningKey};
use serde_json::{Map, Value, json};
use store::GrantKind;
use testkit::{Seeded, World};

const SEED: u64 = 95;
/// So many tokens, on so many addresses, and so many that have to be accepted (B-15).
const TOKENS: usize = 150;
const LEAST_ADDRESSES: usize = 8;
const ACCEPTED: usize = 20;

/// Addresses that take a bearer token, of every kind: reading and writing, lists and counts, a batch, our own.
const ADDRESSES: [(&str, &str); 15] = [
    ("GET", "/v1.0/me"),
    ("GET", "/v1.0/organization"),
    ("GET", "/v1.0/users"),
    ("GET", "/v1.0/users/$count"),
    ("GET", "/v1.0/policies/externalIdentitiesPolicy"),
    ("PATCH", "/v1.0/policies/externalIdentitiesPolicy"),
    ("PATCH", "/beta/policies/externalIdentitiesPolicy"),
    ("POST", "/v1.0/invitations"),
    ("POST", "/v1.0/$batch"),
    ("GET", "/v1.0/directory/deletedItems/microsoft.graph.user"),
    ("GET", "/v1.0/auditLogs/directoryAudits"),
    ("GET", "/innkeeper/v1/policies/invitationDomains"),
    ("POST", "/innkeeper/v1/identityProviders"),
    ("GET", "/oidc/userinfo"),
    ("POST", "/oidc/userinfo"),
];

/// Whoever can sign, and with which key id.
struct Forger {
    key: KeyPair,
    kid: String,
}

impl Forger {
    /// One with the key of a tenant, out of the store by the master key of the world.
    async fn of(house: &House, tenant: TenantId) -> Self {
        let keys =
            house.world.store().read(World::scope(tenant), |reader| reader.signing_keys()).await.unwrap();
        let stored = keys.into_iter().find(|key| key.retired.is_none()).unwrap();
        let sealed: Vec<u8> = (0..stored.sealed.len() / 2)
            .map(|at| u8::from_str_radix(&stored.sealed[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let master = MasterKey::generate(&Seeded::new(SEED));
        let plain = master.open(&format!("signing-key:{tenant}:{}", stored.kid), &sealed).unwrap();
        let pem = pem(&plain);
        Self { key: KeyPair::from_pkcs8_pem_and_sign_algo(&pem, &PKCS_RSA_SHA256).unwrap(), kid: stored.kid }
    }

    fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": "RS256", "kid": self.kid })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// PKCS #8 as PEM.
fn pem(pkcs8: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(pkcs8);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().map(|members: &mut Map<String, Value>| members.shift_remove(name));
    claims
}

type Forged = (String, String);

/// Each claim taken out, emptied, and of every wrong type.
fn mistyped(forger: &Forger, title: &str, good: &Value) -> Vec<Forged> {
    let mut forged = Vec::new();
    for (name, value) in good.as_object().unwrap() {
        // Nothing is decided by these, so they may say anything or be missing.
        if ["appidacr", "name", "upn"].contains(&name.as_str()) {
            continue;
        }
        let wrong = match value {
            Value::Number(_) => vec![json!("x"), json!([]), json!({}), json!(true), json!(1.5), json!(-1.0)],
            Value::String(_) => vec![json!(7), json!([]), json!({}), json!(true), json!("")],
            _ => vec![json!("x"), json!(7), json!({}), json!(true), json!([7])],
        };
        // An empty scope grants nothing but is one, and an app may have no name.
        let may_be_empty = ["scp", "app_displayname"].contains(&name.as_str());
        let wrong = wrong.into_iter().filter(|wrong| !(may_be_empty && *wrong == json!("")));
        for wrong in wrong.chain([Value::Null]) {
            let text = forger.sign(&forger.header(), &with(good, name, wrong.clone()));
            forged.push((format!("{title}: {name} = {wrong}"), text));
        }
        forged.push((format!("{title}: no {name}"), forger.sign(&forger.header(), &without(good, name))));
    }
    forged
}

/// Claims of the right type that say something else.
fn untrue(forger: &Forger, title: &str, good: &Value, other: TenantId, now: i64) -> Vec<Forged> {
    let other = other.to_string();
    let upper = |name: &str| json!(good[name].as_str().unwrap().to_uppercase());
    let rows = [
        ("aud", json!("https://graph.microsoft.com.evil.example")),
        ("aud", json!("https://management.core.windows.net/")),
        ("aud", json!("https://graph.microsoft.com//")),
        ("aud", good["azp"].clone()),
        ("aud", json!(["https://graph.microsoft.com"])),
        ("iss", json!(format!("https://localhost:8443/{other}/v2.0"))),
        ("iss", json!(format!("https://evil.example/{}/v2.0", good["tid"].as_str().unwrap()))),
        ("iss", json!(format!("https://sts.windows.net/{}/", good["tid"].as_str().unwrap()))),
        ("iss", json!("https://localhost:8443/common/v2.0")),
        ("tid", json!(other)),
        ("tid", upper("tid")),
        ("oid", json!("00000000-0000-4000-8000-000000000000")),
        ("oid", upper("oid")),
        ("azp", json!("00000000-0000-4000-8000-000000000000")),
        ("appid", json!("00000000-0000-4000-8000-000000000000")),
        ("azpacr", json!("3")),
        ("ver", json!("1.0")),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(now + 90_000)),
        ("exp", json!(99_999_999_999_999_i64)),
        ("nbf", json!(now + 61)),
        ("iat", json!(now + 61)),
        ("idtyp", json!("device")),
        ("idtyp", json!("App")),
    ];
    let forged = rows.into_iter().map(|(name, value)| {
        let text = forger.sign(&forger.header(), &with(good, name, value.clone()));
        (format!("{title}: {name} = {value}"), text)
    });
    forged.collect()
}

/// Headers that point elsewhere, change rules, or name another algorithm or key.
fn headers(forger: &Forger, good: &Value, foreign: &Forger) -> Vec<Forged> {
    let base = forger.header();
    let rows = [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("HS256")),
        ("alg", json!("RS384")),
        ("alg", json!("RS512")),
        ("alg", json!("PS256")),
        ("alg", json!("ES256")),
        ("alg", json!("rs256")),
        ("alg", Value::Null),
        ("alg", json!(["RS256"])),
        ("typ", json!("at+jwt")),
        ("typ", json!("jwt")),
        ("typ", json!("JWE")),
        ("typ", Value::Null),
        ("kid", json!("")),
        ("kid", json!("unknown")),
        ("kid", json!("../../../dev/null")),
        ("kid", json!("' or '1'='1")),
        ("kid", json!(foreign.kid)),
        ("kid", json!(7)),
        ("kid", Value::Null),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/certificate")),
        ("jwk", json!({ "kty": "RSA" })),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
        ("b64", json!(false)),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
    ];
    let mut forged: Vec<Forged> = rows
        .into_iter()
        .map(|(name, value)| {
            (format!("header {name} = {value}"), forger.sign(&with(&base, name, value), good))
        })
        .collect();
    for name in ["alg", "typ", "kid"] {
        forged.push((format!("header without {name}"), forger.sign(&without(&base, name), good)));
    }
    let twice = base.to_string().replacen('{', "{\"alg\":\"none\",", 1);
    forged.push(("header with alg twice".to_owned(), forger.sign_text(&twice, &good.to_string())));
    let twice = good.to_string().replacen('{', "{\"oid\":\"00000000-0000-4000-8000-000000000000\",", 1);
    forged.push(("claims with oid twice".to_owned(), forger.sign_text(&base.to_string(), &twice)));
    forged
}

/// The right words under the wrong signature, and what is no token at all.
fn broken(forger: &Forger, foreign: &Forger, stranger: &Forger, good: &Value, other: &str) -> Vec<Forged> {
    let text = forger.sign(&forger.header(), good);
    let parts: Vec<&str> = text.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    let other_body = other.split('.').nth(1).unwrap();
    let flipped: String = if signature.starts_with('A') { "B" } else { "A" }.to_owned() + &signature[1..];
    let rows = [
        ("signed by another tenant", foreign.sign(&forger.header(), good)),
        ("signed by another tenant, named so", foreign.sign(&foreign.header(), good)),
        ("signed by a stranger", stranger.sign(&forger.header(), good)),
        ("no signature", format!("{head}.{body}.")),
        ("no signature and no dot", format!("{head}.{body}")),
        ("a flipped signature", format!("{head}.{body}.{flipped}")),
        ("a cut signature", format!("{head}.{body}.{}", &signature[..signature.len() - 2])),
        ("the signature twice", format!("{text}.{signature}")),
        ("claims of another token", format!("{head}.{other_body}.{signature}")),
        ("padding", format!("{head}=.{body}.{signature}")),
        ("a blank inside", format!("{head}. {body}.{signature}")),
        ("five parts", format!("{head}..{body}.{signature}.x")),
        ("the header twice", format!("{head}.{head}.{signature}")),
        ("empty parts", "..".to_owned()),
        ("no token", "x".to_owned()),
        ("too long", format!("{text}{}", "A".repeat(8 * 1024))),
    ];
    rows.map(|(title, text)| (title.to_owned(), text)).into()
}

/// Asks with these `Authorization` headers; a write has a body that changes nothing.
async fn ask(agent: &mut Agent, (method, path): (&str, &str), authorization: &[&str]) -> Reply {
    let mut request = agent.request(method, path);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    if path.ends_with("$count") {
        request = request.header("consistencylevel", "eventual");
    }
    let writes = method != "GET" && path != "/oidc/userinfo";
    let body = if writes { "{}" } else { "" };
    let request = if writes { request.header("content-type", "application/json") } else { request };
    agent.send(request, body).await
}

async fn refused(agent: &mut Agent, title: &str, token: &str) {
    for address in ADDRESSES {
        let reply = ask(agent, address, &[&format!("Bearer {token}")]).await;
        let challenge = reply.header("www-authenticate").to_owned();
        assert_eq!(reply.status, 401, "{title} at {address:?}: {}", reply.body);
        assert_eq!(reply.json()["error"]["code"], "InvalidAuthenticationToken", "{title} at {address:?}");
        assert!(challenge.starts_with("Bearer"), "{title} at {address:?}: {challenge}");
    }
}

/// A person and an app who may ask at every address.
async fn good_tokens(house: &House) -> (String, String) {
    let (directory, cx) = (house.world.directory(), house.world.cx());
    directory.give_role(&cx, house.contoso, house.mia, Role::GlobalAdministrator).await.unwrap();
    for permission in Permission::ALL {
        directory.grant(&cx, house.contoso, house.tool, GrantKind::Delegated, *permission).await.unwrap();
        if permission.application_id().is_some() {
            directory
                .grant(&cx, house.contoso, house.web, GrantKind::Application, *permission)
                .await
                .unwrap();
        }
    }
    let mut browser = house.mias().await;
    let scope = "openid profile https://graph.microsoft.com/.default";
    let code = browser.get(&house.ask(&[("scope", scope)])).await.sent().1["code"].clone();
    let person = house.redeem(&code, &[]).await.text("access_token");
    let id = house.web.to_string();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", house.secret.as_str()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    (person, house.token("contoso.example", &fields, &[]).await.text("access_token"))
}

#[tokio::test]
async fn no_forged_token_is_accepted_anywhere() {
    let house = House::new(SEED).await;
    let (person, app) = good_tokens(&house).await;
    let forger = Forger::of(&house, house.contoso).await;
    // Makes the other tenant's key.
    house.program().get("/fabrikam.example/discovery/v2.0/keys").await.is(200);
    let foreign = Forger::of(&house, house.fabrikam).await;
    let stranger = Forger { key: KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap(), kid: forger.kid.clone() };
    let now = house.world.cx().now.as_seconds();
    let mut forged = Vec::new();
    for (title, token, other) in [("person", &person, &app), ("app", &app, &person)] {
        let good = claims(token);
        forged.extend(mistyped(&forger, title, &good));
        forged.extend(untrue(&forger, title, &good, house.fabrikam, now));
        forged.extend(headers(&forger, &good, &foreign));
        forged.extend(broken(&forger, &foreign, &stranger, &good, other));
    }
    let mut admin = house.browser(&house.member(house.admin)).await;
    let others = house.tokens(&mut admin).await.text("access_token");
    let good = claims(&person);
    for (title, changed) in [
        ("an earlier generation", with(&good, "gen", json!(0))),
        ("a later generation", with(&good, "gen", json!(2))),
        ("a generation at home, of somebody homed here", with(&good, "hgen", json!(1))),
        ("roles beside scopes", with(&good, "roles", json!(["User.Read.All"]))),
        ("roles instead of scopes", with(&without(&good, "scp"), "roles", json!(["User.Read.All"]))),
        ("a guest's object with a member's generation", with(&good, "oid", json!(house.guest))),
        ("an unknown sign-in", with(&good, "authorization", json!("00000000-0000-4000-8000-000000000000"))),
        (
            "the sign-in of somebody else",
            with(&good, "authorization", claims(&others)["authorization"].clone()),
        ),
    ] {
        forged.push((title.to_owned(), forger.sign(&forger.header(), &changed)));
    }
    let tokens = house.tokens(&mut house.mias().await).await;
    for name in ["id_token", "refresh_token", "client_info"] {
        forged.push((name.to_owned(), tokens.text(name)));
    }
    println!("{} tokens on {} addresses", forged.len(), ADDRESSES.len());
    assert!(forged.len() >= TOKENS, "only {} tokens", forged.len());
    assert!(ADDRESSES.len() >= LEAST_ADDRESSES);
    let mut agent = house.program();
    for (title, token) in &forged {
        refused(&mut agent, title, token).await;
    }
}

/// A good token in a place or a form that is none: more than one header, another scheme, an address, a form, a cookie.
#[tokio::test]
async fn a_good_token_in_another_form_is_no_token() {
    let house = House::new(SEED).await;
    let (token, _) = good_tokens(&house).await;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{token}:{token}"));
    let mut agent = house.program();
    for (title, headers) in [
        ("no scheme", vec![token.clone()]),
        ("basic", vec![format!("Basic {token}")]),
        ("basic, encoded", vec![format!("Basic {basic}")]),
        ("another scheme", vec![format!("DPoP {token}")]),
        ("a list", vec![format!("Bearer {token}, Bearer {token}")]),
        ("a parameter", vec![format!("Bearer token={token}")]),
        ("in quotes", vec![format!("Bearer \"{token}\"")]),
        ("something behind", vec![format!("Bearer {token} x")]),
        ("a comma", vec![format!("Bearer {token},")]),
        ("the scheme twice", vec![format!("Bearer Bearer {token}")]),
        ("nothing", vec!["Bearer".to_owned()]),
        ("a blank", vec!["Bearer ".to_owned()]),
        ("two headers", vec![format!("Bearer {token}"), format!("Bearer {token}")]),
        ("a good one behind a bad one", vec!["Bearer x".to_owned(), format!("Bearer {token}")]),
    ] {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        for address in ADDRESSES {
            let reply = ask(&mut agent, address, &headers).await;
            let (one, many) = (401, 400);
            let fits =
                if headers.len() == 1 { reply.status == one } else { [one, many].contains(&reply.status) };
            assert!(fits, "{title} at {address:?}: {} {}", reply.status, reply.body);
        }
    }
    agent.jar.insert("access_token".to_owned(), token.clone());
    agent.jar.insert("__Host-innkeeper".to_owned(), token.clone());
    for (method, path) in ADDRESSES {
        let reply = ask(&mut agent, (method, &format!("{path}?access_token={token}")), &[]).await;
        assert_eq!(reply.status, 401, "in the address of {method} {path}: {}", reply.body);
    }
    let form = format!("access_token={token}");
    let request = agent.request("POST", "/oidc/userinfo");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(agent.send(request, &form).await.status, 401);
}

/// Tokens that were good once: whatever ends them ends them everywhere, from the next request on.
#[tokio::test]
async fn a_token_that_was_taken_back_is_refused_everywhere() {
    for (n, way) in [
        "signed out everywhere",
        "blocked",
        "unblocked again",
        "deleted",
        "restored",
        "a new password",
        "a code used twice",
        "a refresh token used twice",
        "the app switched off",
        "the app deleted",
        "blocked at home",
        "the home account deleted",
        "the guest left",
    ]
    .into_iter()
    .enumerate()
    {
        let house = House::new(640 + u64::try_from(n).unwrap()).await;
        let (directory, cx, operator) = (house.world.directory(), house.world.cx(), house.operator());
        let home = model::Person::Member { tenant: house.fabrikam, object: house.ana };
        let of_guest = ["blocked at home", "the home account deleted", "the guest left"].contains(&way);
        let mut browser = house.browser(&if of_guest { home.clone() } else { house.member(house.mia) }).await;
        let code = house.code(&mut browser).await;
        let first = house.redeem(&code, &[]).await;
        let token = first.text("access_token");
        assert_eq!(house.me(&token).await.status, 200, "{way}");
        let (mia, ana) = (house.mia.to_string(), house.ana.to_string());
        let fabrikam = service::Caller::operator(house.fabrikam);
        match way {
            "signed out everywhere" => {
                let who = house.world.signed_in(&house.member(house.mia)).await;
                directory.sign_out_everywhere(&cx, &who).await.unwrap();
            }
            "blocked" => house.block(house.contoso, house.mia, true).await,
            "unblocked again" => {
                house.block(house.contoso, house.mia, true).await;
                house.block(house.contoso, house.mia, false).await;
            }
            "deleted" => directory.delete_user(&cx, &operator, &mia).await.unwrap(),
            "restored" => {
                directory.delete_user(&cx, &operator, &mia).await.unwrap();
                directory.restore_user(&cx, &operator, house.mia, None).await.map(drop).unwrap();
            }
            "a new password" => {
                let new = "seven quiet otters juggle";
                directory.set_password(&cx, house.contoso, house.mia, new).await.unwrap();
            }
            "a code used twice" => assert_eq!(house.redeem(&code, &[]).await.fault().2, 54_005),
            "a refresh token used twice" => {
                let refresh = first.text("refresh_token");
                assert_eq!(house.refresh(&refresh, &[]).await.status, 200);
                assert_eq!(house.refresh(&refresh, &[]).await.fault().2, 70_000);
            }
            "the app switched off" => {
                directory.set_app_enabled(&cx, house.contoso, house.tool, false).await.unwrap();
            }
            "the app deleted" => {
                directory.delete_app(&cx, &operator, service::AppKey::Client(house.tool)).await.unwrap();
            }
            "blocked at home" => house.block(house.fabrikam, house.ana, true).await,
            "the home account deleted" => directory.delete_user(&cx, &fabrikam, &ana).await.unwrap(),
            _ => {
                let who = house.world.signed_in(&home).await;
                assert!(house.world.leave(&who, house.contoso).await);
            }
        }
        refused(&mut house.program(), way, &token).await;
    }
}

/// The positive control: what holds is accepted, however it is written.
#[tokio::test]
async fn good_tokens_are_accepted() {
    let house = House::new(SEED).await;
    let (person, app) = good_tokens(&house).await;
    let forger = Forger::of(&house, house.contoso).await;
    let now = house.world.cx().now.as_seconds();
    let mut accepted = vec![("person".to_owned(), person.clone()), ("app".to_owned(), app.clone())];
    for (title, token) in [("person", &person), ("app", &app)] {
        let good = claims(token);
        for (name, value) in [
            ("aud", json!("https://graph.microsoft.com")),
            ("aud", json!("https://graph.microsoft.com/")),
            ("aud", json!("00000003-0000-0000-c000-000000000000")),
            ("aud", json!("https://localhost:8443")),
            ("aud", json!("https://localhost:8443/")),
            ("nbf", json!(now + 60)),
            ("nbf", json!(0)),
            ("iat", json!(now + 60)),
            ("exp", json!(now + 1)),
            ("exp", json!(now + 86_400)),
            ("unknown", json!({ "deep": [1, 2] })),
            ("wids", json!([])),
        ] {
            let text = forger.sign(&forger.header(), &with(&good, name, value.clone()));
            accepted.push((format!("{title}: {name} = {value}"), text));
        }
    }
    assert!(accepted.len() >= ACCEPTED, "only {}", accepted.len());
    let mut agent = house.program();
    let known = |reply: &Reply| ![401, 403].contains(&reply.status) && reply.status < 500;
    for (title, token) in &accepted {
        for address in ADDRESSES {
            // An app is nobody, so it has no profile.
            let personal = ["/v1.0/me", "/oidc/userinfo"].contains(&address.1);
            if personal && title.starts_with("app") {
                continue;
            }
            let reply = ask(&mut agent, address, &[&format!("Bearer {token}")]).await;
            let reads = address.0 == "GET";
            assert!(known(&reply), "{title} at {address:?}: {} {}", reply.status, reply.body);
            assert!(!reads || reply.status == 200, "{title} at {address:?}: {}", reply.body);
        }
    }
    for scheme in ["bEaReR", "bearer", "BEARER"] {
        for address in ADDRESSES {
            let reply = ask(&mut agent, address, &[&format!("{scheme} {person}")]).await;
            assert!(known(&reply), "{scheme} {address:?}: {}", reply.body);
        }
    }
    house.later(Span::minutes(61));
    refused(&mut agent, "an hour later", &person).await;
}

/// Tokens of both keys are good as long as both are published, and at the last second of their life.
#[tokio::test]
async fn good_tokens_of_every_published_key_are_accepted_to_their_last_second() {
    let house = House::new(SEED).await;
    let (old, _) = good_tokens(&house).await;
    house.world.directory().rotate_key(&house.world.cx(), house.contoso, true).await.unwrap();
    let new = house.tokens(&mut house.mias().await).await.text("access_token");
    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    assert_ne!(kid(&old), kid(&new));
    house.later(Span::seconds(3_599));
    for token in [&old, &new] {
        assert_eq!(house.me(token).await.status, 200);
    }
    house.later(Span::seconds(1));
    for token in [&old, &new] {
        refused(&mut house.program(), "over", token).await;
    }
}
