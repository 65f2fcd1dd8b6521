//! How apps prove themselves: secrets, basic authentication, signed assertions.

use crate::{
    house::House,
    wire::{Agent, claims},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use model::{Span, authz::Permission, mint_uuid};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SigningKey};
use serde_json::{Value, json};
use store::{AppCertificate, ChangeSet, Decision, GrantKind};
use testkit::World;
use web::Options;

const GRAPH: &str = "https://graph.microsoft.com/.default";
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A certificate that is registered for the web app, and its key.
async fn certified(house: &House) -> KeyPair {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let now = house.world.cx().now;
    let entry = AppCertificate {
        id: mint_uuid(house.world.random.as_ref()),
        thumbprint: "not looked at".to_owned(),
        certificate: STANDARD.encode(certificate.der()),
        name: None,
        created: now,
        expires: now + Span::days(30),
    };
    let (scope, web) = (World::scope(house.contoso), house.web);
    house
        .world
        .store()
        .commit(scope, move |reader| {
            let mut changes = ChangeSet::new();
            changes.insert_app_certificate(scope, &reader.app(web)?.unwrap(), &entry);
            Decision::done(changes, ())
        })
        .await
        .unwrap();
    key
}

fn assertion(house: &House, key: &KeyPair, changes: &[(&str, Value)]) -> String {
    let now = house.world.cx().now.as_seconds();
    let mut body = json!({
        "aud": "https://localhost:8443/contoso.example/oauth2/v2.0/token",
        "iss": house.web, "sub": house.web, "jti": "one", "nbf": now, "exp": now + 600,
    });
    for (name, value) in changes {
        body[*name] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(&body));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn asserting(assertion: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "client_credentials"),
        ("scope", GRAPH),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ]
}

#[tokio::test]
async fn an_app_proves_itself_with_a_certificate() {
    let house = House::new(80).await;
    let key = certified(&house).await;
    house
        .world
        .directory()
        .grant(&house.world.cx(), house.contoso, house.web, GrantKind::Application, Permission::PolicyReadAll)
        .await
        .unwrap();
    let good = assertion(&house, &key, &[]);
    let reply = house.token("contoso.example", &asserting(&good), &[]).await;
    insta::assert_snapshot!(reply.transcript());
    let access = claims(&reply.text("access_token"));
    assert_eq!((&access["azpacr"], &access["appidacr"]), (&json!("2"), &json!("2")));
    let policy = "/v1.0/policies/externalIdentitiesPolicy";
    assert_eq!(house.program().bearing(policy, &reply.text("access_token")).await.status, 200);
    let again = house.token("contoso.example", &asserting(&good), &[]).await;
    assert_eq!(again.fault(), (401, "invalid_client".to_owned(), 50_013), "each assertion once");
    let issuer = format!("https://localhost:8443/{}/v2.0", house.contoso);
    let by_issuer = assertion(&house, &key, &[("jti", json!("two")), ("aud", json!(issuer))]);
    let id = house.web.to_string();
    assert_eq!(
        house.token("contoso.example", &asserting(&by_issuer), &[("client_id", &id)]).await.status,
        200
    );
}

#[tokio::test]
async fn an_assertion_that_does_not_hold_is_refused_for_its_reason() {
    let house = House::new(81).await;
    let key = certified(&house).await;
    let stranger = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let now = house.world.cx().now.as_seconds();
    let foreign = format!("https://localhost:8443/{}/v2.0", house.fabrikam);
    for (title, text, number) in [
        ("signed by somebody else", assertion(&house, &stranger, &[]), 700_027),
        ("for another tenant", assertion(&house, &key, &[("aud", json!(foreign))]), 700_023),
        (
            "for the live service",
            assertion(&house, &key, &[("aud", json!("https://login.microsoftonline.com/common/v2.0"))]),
            700_023,
        ),
        ("over", assertion(&house, &key, &[("exp", json!(now))]), 700_024),
        ("not begun", assertion(&house, &key, &[("nbf", json!(now + 400))]), 700_024),
        ("good for ever", assertion(&house, &key, &[("exp", json!(now + 100_000))]), 700_024),
        ("without an id", assertion(&house, &key, &[("jti", Value::Null)]), 50_027),
        (
            "of a public app",
            assertion(&house, &key, &[("iss", json!(house.tool)), ("sub", json!(house.tool))]),
            700_025,
        ),
        ("no token", "x".to_owned(), 50_027),
    ] {
        let reply = house.token("contoso.example", &asserting(&text), &[]).await;
        assert_eq!((reply.status, reply.fault().2), (401, number), "{title}: {}", reply.body);
    }
    let good = assertion(&house, &key, &[]);
    for (changes, number) in [
        (&[("client_assertion_type", "urn:x")][..], 50_027),
        (&[("client_secret", "x")], 90_023),
        (&[("client_id", "00000000-0000-4000-8000-000000000000")], 700_016),
    ] {
        assert_eq!(
            house.token("contoso.example", &asserting(&good), changes).await.fault().2,
            number,
            "{changes:?}"
        );
    }
    house.later(Span::days(30));
    let late = assertion(&house, &key, &[]);
    let reply = house.token("contoso.example", &asserting(&late), &[]).await;
    assert_eq!(reply.fault().2, 700_027, "the certificate is over");
}

#[tokio::test]
async fn a_secret_may_come_in_the_form_or_in_the_header() {
    let house = House::new(82).await;
    let id = house.web.to_string();
    let fields = [("grant_type", "client_credentials"), ("scope", GRAPH)];
    let posted = [("client_id", id.as_str()), ("client_secret", house.secret.as_str())];
    let reply = house.token("contoso.example", &fields, &posted).await;
    insta::assert_snapshot!(reply.transcript());
    let encoded = id.replace('-', "%2D");
    let basic = format!("Basic {}", STANDARD.encode(format!("{encoded}:{}", house.secret)));
    let path = "/contoso.example/oauth2/v2.0/token";
    let headers = [("authorization", basic.as_str())];
    let reply = house.program().post_with(path, &fields, &headers).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let wrong = format!("Basic {}", STANDARD.encode(format!("{id}:wrong")));
    let reply = house.program().post_with(path, &fields, &[("authorization", &wrong)]).await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Basic realm=\"Innkeeper\""));
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused() {
    let house = House::new(83).await;
    let id = house.web.to_string();
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", GRAPH),
        ("client_id", id.as_str()),
        ("client_secret", house.secret.as_str()),
    ];
    for (name, value) in fields {
        let twice: Vec<_> = fields.into_iter().chain([(name, value)]).collect();
        let reply = house.program().post("/contoso.example/oauth2/v2.0/token", &twice).await;
        assert_eq!(reply.fault(), (400, "invalid_request".to_owned(), 9_000_411), "{name}");
        assert!(reply.text("error_description").contains(&format!("'{name}' is duplicated")));
    }
}

/// The older endpoint: a resource instead of a scope, and numbers written as text.
#[tokio::test]
async fn the_older_endpoint_answers_in_its_own_form() {
    let house = House::new(84).await;
    let id = house.web.to_string();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", house.secret.as_str()),
        ("resource", "https://graph.microsoft.com"),
    ];
    let reply = house.program().post("/contoso.example/oauth2/token", &fields).await;
    insta::assert_snapshot!(reply.transcript());
    let token = house.tokens(&mut house.mias().await).await.text("refresh_token");
    let tool = house.tool.to_string();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", tool.as_str()),
        ("refresh_token", token.as_str()),
        ("resource", "https://graph.microsoft.com"),
    ];
    let reply = house.program().post("/common/oauth2/token", &fields).await;
    assert_eq!(
        claims(&reply.text("access_token"))["scp"],
        "Policy.Read.All User.Read openid profile",
        "{}",
        reply.body
    );
    assert_eq!(reply.text("expires_in"), "3599");
}

#[tokio::test]
async fn what_nobody_offers_is_refused() {
    let house = House::new(85).await;
    let id = house.tool.to_string();
    for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "x"] {
        let fields =
            [("grant_type", grant), ("client_id", id.as_str()), ("username", "mia"), ("password", "x")];
        let reply = house.token("contoso.example", &fields, &[]).await;
        assert_eq!(reply.fault(), (400, "unsupported_grant_type".to_owned(), 70_003), "{grant}");
    }
    let fields = [("grant_type", "client_credentials"), ("client_id", id.as_str()), ("scope", GRAPH)];
    assert_eq!(
        house.token("contoso.example", &fields, &[]).await.fault(),
        (401, "invalid_client".to_owned(), 700_025)
    );
}

/// Whoever guesses is told to wait for a minute. Who has the right credentials never waits, in the same network either: nobody is
/// locked out by a neighbour.
#[tokio::test]
async fn who_guesses_secrets_has_to_wait() {
    let house = House::new(86).await;
    let mut program = Agent::with(&house.world, Options::default());
    let id = house.web.to_string();
    let path = "/contoso.example/oauth2/v2.0/token";
    let with = |secret: &'static str| {
        [("grant_type", "client_credentials"), ("scope", GRAPH), ("client_secret", secret)]
    };
    let wrong: Vec<_> = with("wrong").into_iter().chain([("client_id", id.as_str())]).collect();
    for _ in 0..30 {
        assert_eq!(program.post(path, &wrong).await.status, 401);
    }
    let reply = program.post(path, &wrong).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, "60"));
    assert_eq!(reply.fault().1, "temporarily_unavailable");
    let good = [
        ("grant_type", "client_credentials"),
        ("scope", GRAPH),
        ("client_id", id.as_str()),
        ("client_secret", house.secret.as_str()),
    ];
    assert_eq!(program.post(path, &good).await.status, 200, "the right secret, from the same network");
    assert_eq!(program.post(path, &wrong).await.status, 429, "and wrong ones still wait");
    assert_eq!(house.program().post(path, &wrong).await.status, 401, "a demonstration keeps nobody waiting");
    house.later(Span::minutes(1));
    assert_eq!(program.post(path, &wrong).await.status, 401);
    let device = [("client_id", id.as_str()), ("scope", "openid")];
    for expected in std::iter::repeat_n(200, 30).chain([429]) {
        assert_eq!(program.post("/common/oauth2/v2.0/devicecode", &device).await.status, expected);
    }
}
