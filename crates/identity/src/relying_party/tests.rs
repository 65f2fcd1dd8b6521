use super::*;
use crate::{SigningKey, encoding::base64url, testing::keys};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

const NOW: i64 = 1_767_225_600;
const EXPECT: IdExpect<'_> = IdExpect {
    issuer: "https://idp.example",
    client_id: "client-1",
    nonce: "n-1",
    now: Timestamp::from_seconds(NOW),
};

fn claims() -> Value {
    json!({
        "iss": "https://idp.example", "aud": "client-1", "sub": "s-1", "nonce": "n-1",
        "iat": NOW, "exp": NOW + 600, "name": "Ana", "email": "ana@partner.example", "email_verified": true,
    })
}

fn header() -> Value {
    json!({ "alg": "RS256", "typ": "JWT", "kid": keys()[0].public().kid() })
}

fn signed_by(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let text =
        format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = base64url(&key.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}

fn published() -> Vec<ProviderKey> {
    let jwks = json!({ "keys": [keys()[0].public().jwk("x")] });
    provider_keys(jwks.to_string().as_bytes()).unwrap()
}

fn judge(token: &str) -> Result<ProviderClaims, IdTokenFault> {
    UnverifiedIdToken::parse(token)?.verify(&published(), &EXPECT)
}

fn with(changes: &[(&str, Value)]) -> String {
    let mut claims = claims();
    for (name, value) in changes {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(*name);
        } else {
            claims[*name] = value.clone();
        }
    }
    signed_by(&keys()[0], &header(), &claims)
}

fn with_header(changes: &[(&str, Value)]) -> String {
    let mut header = header();
    for (name, value) in changes {
        if value.is_null() {
            header.as_object_mut().unwrap().remove(*name);
        } else {
            header[*name] = value.clone();
        }
    }
    signed_by(&keys()[0], &header, &claims())
}

#[test]
fn what_a_provider_signed_for_this_sign_in_is_accepted() {
    let read = judge(&with(&[])).unwrap();
    assert_eq!(read.subject, "s-1");
    assert_eq!(read.email.as_deref(), Some("ana@partner.example"));
    assert!(read.email_verified);
    for good in [
        with(&[("aud", json!(["client-1"]))]),
        with(&[("azp", json!("client-1"))]),
        with(&[("exp", json!(NOW - 59)), ("iat", json!(NOW - 600))]),
        with(&[("iat", json!(NOW + 60))]),
        with(&[("nbf", json!(NOW))]),
        with(&[("email", Value::Null), ("name", Value::Null)]),
        with_header(&[("kid", Value::Null)]),
        with_header(&[("typ", Value::Null)]),
        with_header(&[("jku", json!("https://evil.example")), ("jwk", json!({ "kty": "RSA" }))]),
    ] {
        assert!(judge(&good).is_ok(), "{good}");
    }
}

#[test]
fn every_claim_that_matters_is_checked() {
    use IdTokenFault as F;
    let rows = [
        ("iss", json!("https://idp.example/"), F::Issuer),
        ("iss", json!("http://idp.example"), F::Issuer),
        ("iss", json!(["https://idp.example"]), F::Issuer),
        ("iss", Value::Null, F::Issuer),
        ("aud", json!("client-2"), F::Audience),
        ("aud", json!(["client-1", "client-2"]), F::Audience),
        ("aud", json!([]), F::Audience),
        ("aud", json!(1), F::Audience),
        ("aud", Value::Null, F::Audience),
        ("azp", json!("client-2"), F::Audience),
        ("azp", json!(1), F::Audience),
        ("nonce", json!("n-2"), F::Nonce),
        ("nonce", json!(""), F::Nonce),
        ("nonce", json!(["n-1"]), F::Nonce),
        ("nonce", Value::Null, F::Nonce),
        ("exp", json!(NOW - 60), F::Time),
        ("exp", json!("9999999999"), F::Time),
        ("exp", json!(1e300), F::Time),
        ("exp", json!(-1), F::Time),
        ("exp", json!(NOW + 90_001), F::Time),
        ("exp", Value::Null, F::Time),
        ("iat", json!(NOW + 61), F::Time),
        ("iat", Value::Null, F::Time),
        ("nbf", json!(NOW + 61), F::Time),
        ("nbf", json!("0"), F::Time),
        ("sub", Value::Null, F::Subject),
        ("sub", json!(""), F::Subject),
        ("sub", json!(7), F::Subject),
        ("sub", json!("s".repeat(256)), F::Subject),
        ("sub", json!("ä"), F::Subject),
    ];
    for (name, value, fault) in rows {
        assert_eq!(judge(&with(&[(name, value.clone())])), Err(fault), "{name}: {value}");
    }
}

#[test]
fn an_address_is_verified_only_by_the_word_true() {
    for value in [Value::Null, json!(false), json!("true"), json!(1)] {
        assert!(!judge(&with(&[("email_verified", value.clone())])).unwrap().email_verified, "{value}");
    }
}

#[test]
fn no_header_changes_the_rules() {
    use IdTokenFault as F;
    let other = keys()[1].public().kid();
    let rows = [
        ("alg", json!("none"), F::Key),
        ("alg", json!("HS256"), F::Key),
        ("alg", json!("ES256"), F::Key),
        ("alg", json!("PS256"), F::Key),
        ("alg", json!("rs256"), F::Key),
        ("alg", json!(["RS256"]), F::Malformed),
        ("alg", Value::Null, F::Malformed),
        ("kid", json!(other), F::Key),
        ("kid", json!(1), F::Malformed),
        ("typ", json!("at+jwt"), F::Malformed),
        ("typ", json!(1), F::Malformed),
        ("crit", json!(["exp"]), F::Malformed),
        ("zip", json!("DEF"), F::Malformed),
        ("enc", json!("A256GCM"), F::Malformed),
        ("b64", json!(false), F::Malformed),
    ];
    for (name, value, fault) in rows {
        assert_eq!(judge(&with_header(&[(name, value.clone())])), Err(fault), "{name}: {value}");
    }
}

#[test]
fn a_signature_is_that_of_the_published_key_over_this_very_text() {
    let good = with(&[]);
    let other = signed_by(&keys()[1], &header(), &claims());
    assert_eq!(judge(&other), Err(IdTokenFault::Signature));
    let (text, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(judge(&format!("{text}.")), Err(IdTokenFault::Signature));
    assert_eq!(judge(&format!("{text}.{signature}AA")), Err(IdTokenFault::Signature));
    let swapped = format!("{}.{signature}", with(&[("sub", json!("s-2"))]).rsplit_once('.').unwrap().0);
    assert_eq!(judge(&swapped), Err(IdTokenFault::Signature));
    for bad in ["", ".", "..", "a.b.c", "a.b", &format!("{good}.x"), &format!("{good} "), &"x".repeat(20_000)]
    {
        assert_eq!(judge(bad), Err(IdTokenFault::Malformed), "{bad:.30}");
    }
    let twice = r#"{"sub":"s-1","sub":"s-2"}"#;
    let twice = format!("{}.{}.", base64url(header().to_string().as_bytes()), base64url(twice.as_bytes()));
    assert_eq!(judge(&twice), Err(IdTokenFault::Malformed));
}

#[test]
fn a_provider_may_sign_with_es256() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
    let jwks = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "e", "x": x, "y": y }] });
    let keys = provider_keys(jwks.to_string().as_bytes()).unwrap();
    let header = json!({ "alg": "ES256", "kid": "e" });
    let text = format!(
        "{}.{}",
        base64url(header.to_string().as_bytes()),
        base64url(claims().to_string().as_bytes())
    );
    let signature = pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    let good = format!("{text}.{}", base64url(signature.as_ref()));
    assert!(UnverifiedIdToken::parse(&good).unwrap().verify(&keys, &EXPECT).is_ok());
    let zero = format!("{text}.{}", base64url(&[0; 64]));
    let judged = UnverifiedIdToken::parse(&zero).unwrap().verify(&keys, &EXPECT);
    assert_eq!(judged, Err(IdTokenFault::Signature));
}

#[test]
fn only_signing_keys_of_the_two_kinds_are_read() {
    let good = keys()[0].public().jwk("x");
    let with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        provider_keys(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap().len()
    };
    assert_eq!(with("x", json!("y")), 1);
    for (name, value) in [
        ("use", json!("enc")),
        ("alg", json!("RS512")),
        ("kty", json!("oct")),
        ("n", json!("AQAB")),
        ("n", json!("!")),
    ] {
        assert_eq!(with(name, value.clone()), 0, "{name}: {value}");
    }
    for bad in ["", "[]", "{}", r#"{"keys":{}}"#] {
        assert!(provider_keys(bad.as_bytes()).is_none(), "{bad}");
    }
}

#[test]
fn without_a_kid_two_keys_are_one_too_many() {
    let both: Vec<Value> = keys().iter().map(|key| key.public().jwk("x")).collect();
    let both = provider_keys(json!({ "keys": both }).to_string().as_bytes()).unwrap();
    let token = with_header(&[("kid", Value::Null)]);
    let judged = UnverifiedIdToken::parse(&token).unwrap().verify(&both, &EXPECT);
    assert_eq!(judged, Err(IdTokenFault::Key));
}

#[test]
fn the_same_subject_of_another_issuer_is_another_person() {
    let one = federated_identity("https://a.example", "s");
    assert_eq!(one.len(), 64);
    assert_ne!(one, federated_identity("https://b.example", "s"));
    assert_ne!(one, federated_identity("https://a.example", "S"));
}
