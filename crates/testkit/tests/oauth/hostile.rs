//! The hostile token matrix (B-15): forged tokens at every kind of address, and good ones as the positive control.

use crate::{
    house::House,
    wire::{Agent, claims},
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
/// Addresses that take a bearer token, of every kind.
const ADDRESSES: [&str; 9] = [
    "/v1.0/me",
    "/v1.0/organization",
    "/v1.0/users",
    "/v1.0/users/$count",
    "/v1.0/policies/externalIdentitiesPolicy",
    "/beta/policies/externalIdentitiesPolicy",
    "/v1.0/directory/deletedItems/microsoft.graph.user",
    "/v1.0/auditLogs/directoryAudits",
    "/oidc/userinfo",
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

async fn refused(agent: &mut Agent, title: &str, token: &str) {
    for address in ADDRESSES {
        let reply = agent.bearing(address, token).await;
        let challenge = reply.header("www-authenticate").to_owned();
        assert_eq!(reply.status, 401, "{title} at {address}: {}", reply.body);
        assert_eq!(reply.json()["error"]["code"], "InvalidAuthenticationToken", "{title} at {address}");
        assert!(challenge.starts_with("Bearer"), "{title} at {address}: {challenge}");
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
    let good = claims(&person);
    for (title, changed) in [
        ("an earlier generation", with(&good, "gen", json!(0))),
        ("a later generation", with(&good, "gen", json!(2))),
        ("a generation at home, of somebody homed here", with(&good, "hgen", json!(1))),
        ("roles beside scopes", with(&good, "roles", json!(["User.Read.All"]))),
        ("roles instead of scopes", with(&without(&good, "scp"), "roles", json!(["User.Read.All"]))),
        ("a guest's object with a member's generation", with(&good, "oid", json!(house.guest))),
    ] {
        forged.push((title.to_owned(), forger.sign(&forger.header(), &changed)));
    }
    let tokens = house.tokens(&mut house.mias().await).await;
    for name in ["id_token", "refresh_token", "client_info"] {
        forged.push((name.to_owned(), tokens.text(name)));
    }
    assert!(forged.len() >= 150, "only {} tokens", forged.len());
    let mut agent = house.program();
    for (title, token) in &forged {
        refused(&mut agent, title, token).await;
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
    assert!(accepted.len() >= 20);
    let mut agent = house.program();
    for (title, token) in &accepted {
        for address in ["/v1.0/organization", "/v1.0/users", "/beta/policies/externalIdentitiesPolicy"] {
            let reply = agent.bearing(address, token).await;
            assert_eq!(reply.status, 200, "{title} at {address}: {}", reply.body);
        }
    }
    for address in ADDRESSES {
        let request = agent.request("GET", address).header("authorization", format!("bEaReR {person}"));
        let request = if address.ends_with("$count") {
            request.header("consistencylevel", "eventual")
        } else {
            request
        };
        assert_eq!(agent.send(request, "").await.status, 200, "{address}");
    }
    house.later(Span::minutes(61));
    refused(&mut agent, "an hour later", &person).await;
}
