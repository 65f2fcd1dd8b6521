//! The hostile token matrix, as far as a token alone decides. Every refused row names the exact fault.

use super::{verify::LEEWAY, *};
use crate::{
    SigningKey, VerifyingKey,
    encoding::{base64url, from_base64url},
    equal,
    testing::{Seeded, keys},
};
use TokenFault::{Audience, Expired, Invalid, Malformed};
use aws_lc_rs::{hmac, signature::RsaEncoding};
use model::{
    AppId, ObjectId, Timestamp, TokenFault,
    authz::{Permission, Role},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const NOW: i64 = 1_790_000_000;
const ORIGIN: &str = "https://localhost:8443";
const GRAPH: &str = "https://graph.microsoft.com";
const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x1a2b_3c4d_2222_4333_8444_0000_0000_0000 + n)
}

fn tenant(n: u128) -> TenantId {
    TenantId::from_uuid(uuid(0xa0 + n))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// A server with two tenants and a key each.
fn judge_at(token: &str, now: Timestamp) -> Result<VerifiedAccess, TokenFault> {
    let token = parse(token)?;
    let known = [(tenant(0), &keys()[0]), (tenant(1), &keys()[1])];
    let (tenant, key) = known
        .into_iter()
        .find(|(tenant, key)| *tenant == token.tenant() && key.public().kid() == token.kid())
        .ok_or(Invalid)?;
    let expect = Expect {
        audiences: &[GRAPH.to_owned(), GRAPH_ID.to_owned()],
        origins: &[ORIGIN.to_owned(), "https://127.0.0.1:8443".to_owned()],
        now,
    };
    verify(&token, &VerifyingKey { tenant, public: key.public().clone() }, &expect)
}

fn judge(token: &str) -> Result<VerifiedAccess, TokenFault> {
    judge_at(token, at(NOW))
}

fn user() -> AccessClaims {
    AccessClaims {
        audience: GRAPH.to_owned(),
        origin: ORIGIN.to_owned(),
        tenant: tenant(0),
        oid: ObjectId::from_uuid(uuid(1)),
        app: AppId::from_uuid(uuid(2)),
        app_name: "Console".to_owned(),
        client_auth: ClientAuth::Public,
        roles: vec![Role::GlobalReader],
        issued_at: at(NOW - 60),
        expires: at(NOW + 3_540),
        uti: token_id(&Seeded::new(1)),
        subject: Subject::User {
            scope: "openid User.Read.All Policy.Read.All".to_owned(),
            pairwise: "pairwise-subject".to_owned(),
            generation: 3,
            home_generation: None,
            authorization: uuid(9),
            name: "Adele Vance".to_owned(),
            upn: "adele@contoso.example".to_owned(),
            home_issuer: None,
        },
    }
}

fn app() -> AccessClaims {
    AccessClaims {
        client_auth: ClientAuth::Secret,
        subject: Subject::App { permissions: vec![Permission::UserReadAll, Permission::AuditLogReadAll] },
        ..user()
    }
}

fn minted(claims: &AccessClaims) -> String {
    mint(&keys()[0], claims).unwrap()
}

fn header_of(key: &SigningKey) -> String {
    format!(r#"{{"typ":"JWT","alg":"RS256","kid":"{}"}}"#, key.public().kid())
}

/// A token with a true signature over whatever is given.
fn forge_with(key: &SigningKey, header: &[u8], claims: &[u8]) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(claims));
    let signature = base64url(&key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn forge(header: &str, claims: &str) -> String {
    forge_with(&keys()[0], header.as_bytes(), claims.as_bytes())
}

fn forge_claims(claims: &str) -> String {
    forge(&header_of(&keys()[0]), claims)
}

fn claims_of(token: &str) -> Map<String, Value> {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&from_base64url(part).unwrap()).unwrap()
}

fn text_of(claims: &AccessClaims) -> String {
    Value::Object(claims_of(&minted(claims))).to_string()
}

/// A well-signed token that differs in the given claims from the one of `base`; `None` takes a claim away.
fn changed(base: &AccessClaims, changes: &[(&str, Option<Value>)]) -> String {
    let mut claims = claims_of(&minted(base));
    for (name, value) in changes {
        match value {
            Some(value) => claims.insert((*name).to_owned(), value.clone()),
            None => claims.remove(*name),
        };
    }
    forge_claims(&Value::Object(claims).to_string())
}

#[track_caller]
fn refused(row: &str, token: &str, fault: TokenFault) {
    assert_eq!(judge(token).map(|_| ()), Err(fault), "{row}");
}

/// Each row changes one claim of a good token.
#[track_caller]
fn all_refused(base: &AccessClaims, rows: &[(&str, Option<Value>, TokenFault)]) {
    for (claim, value, fault) in rows {
        refused(&format!("{claim} = {value:?}"), &changed(base, &[(claim, value.clone())]), *fault);
    }
}

#[test]
fn a_user_token_says_what_was_minted() {
    let claims = user();
    let verified = judge(&minted(&claims)).unwrap();
    assert_eq!(verified.tenant, claims.tenant);
    assert_eq!(verified.oid, claims.oid);
    assert_eq!(verified.app, claims.app);
    assert_eq!(verified.uti, claims.uti);
    assert_eq!((verified.issued_at, verified.expires), (claims.issued_at, claims.expires));
    assert_eq!(
        verified.rights,
        Rights::User {
            scopes: vec![Permission::PolicyReadAll, Permission::UserReadAll],
            openid: OpenIdScopes { openid: true, ..OpenIdScopes::default() },
            generation: 3,
            home_generation: None,
            authorization: uuid(9),
        }
    );
}

#[test]
fn an_app_token_says_what_was_minted() {
    let verified = judge(&minted(&app())).unwrap();
    let permissions = vec![Permission::AuditLogReadAll, Permission::UserReadAll];
    assert_eq!(verified.rights, Rights::App { permissions });
}

#[test]
fn minted_tokens_carry_the_claims_that_tools_read() {
    let claims = claims_of(&minted(&app()));
    for (name, value) in [
        ("iss", json!(format!("{ORIGIN}/{}/v2.0", tenant(0)))),
        ("ver", json!("2.0")),
        ("idtyp", json!("app")),
        ("azp", json!(uuid(2))),
        ("appid", json!(uuid(2))),
        ("azpacr", json!("1")),
        ("app_displayname", json!("Console")),
        ("sub", json!(uuid(1))),
        ("roles", json!(["User.Read.All", "AuditLog.Read.All"])),
        ("wids", json!(["f2ef992c-3afb-46b9-b7cf-a126ee74c451"])),
        ("nbf", json!(NOW - 60)),
    ] {
        assert_eq!(claims.get(name), Some(&value), "{name}");
    }
    assert_eq!(claims.get("scp"), None);
    let claims = claims_of(&minted(&user()));
    assert_eq!(claims.get("scp"), Some(&json!("openid User.Read.All Policy.Read.All")));
    assert_eq!(claims.get("roles"), None);
}

#[test]
fn good_tokens_are_accepted() {
    let base = user();
    let none = || Subject::App { permissions: Vec::new() };
    let guest = {
        let mut claims = base.clone();
        if let Subject::User { home_issuer, .. } = &mut claims.subject {
            *home_issuer = Some(issuer(ORIGIN, tenant(1)));
        }
        claims
    };
    let good = [
        ("user", base.clone()),
        ("app", app()),
        ("app without permissions", AccessClaims { subject: none(), ..app() }),
        ("guest", guest),
        ("audience by id", AccessClaims { audience: GRAPH_ID.to_owned(), ..base.clone() }),
        (
            "other origin of ours",
            AccessClaims { origin: "https://127.0.0.1:8443".to_owned(), ..base.clone() },
        ),
        ("one second left", AccessClaims { expires: at(NOW + 1), ..base.clone() }),
        ("issued now", AccessClaims { issued_at: at(NOW), ..base.clone() }),
        ("issued within the leeway", AccessClaims { issued_at: at(NOW + 60), ..base.clone() }),
        ("longest life", AccessClaims { issued_at: at(NOW), expires: at(NOW + 86_400), ..base.clone() }),
        ("no roles", AccessClaims { roles: Vec::new(), ..base.clone() }),
        ("certificate", AccessClaims { client_auth: ClientAuth::Certificate, ..app() }),
        ("name beyond ASCII", AccessClaims { app_name: "Schlüssel \u{1f511}\0".to_owned(), ..base.clone() }),
    ];
    for (row, claims) in good {
        assert!(judge(&minted(&claims)).is_ok(), "{row}: {:?}", judge(&minted(&claims)));
    }
    let other = mint(&keys()[1], &AccessClaims { tenant: tenant(1), ..base.clone() }).unwrap();
    assert_eq!(judge(&other).unwrap().tenant, tenant(1));
    let spaced = text_of(&base).replace(',', " ,\n ");
    assert!(judge(&forge_claims(&spaced)).is_ok(), "white space in the JSON");
    assert!(judge(&changed(&base, &[("acrs", Some(json!(["c1"])))])).is_ok(), "a claim not known here");
}

#[test]
fn both_published_keys_of_a_tenant_are_good_until_one_is_withdrawn() {
    let expect = Expect { audiences: &[GRAPH.to_owned()], origins: &[ORIGIN.to_owned()], now: at(NOW) };
    for key in keys() {
        let token = mint(key, &user()).unwrap();
        let key = VerifyingKey { tenant: tenant(0), public: key.public().clone() };
        assert!(verify(&parse(&token).unwrap(), &key, &expect).is_ok());
    }
    refused("retired key", &mint(&keys()[1], &user()).unwrap(), Invalid);
}

#[test]
fn algorithms_other_than_rs256_are_refused() {
    let kid = keys()[0].public().kid();
    for alg in
        ["none", "None", "nOnE", "", "HS256", "PS256", "RS1", "RS384", "RS512", "ES256", "EdDSA", "rs256"]
    {
        let header = json!({ "typ": "JWT", "alg": alg, "kid": kid }).to_string();
        refused(alg, &forge(&header, &text_of(&user())), Invalid);
        let unsigned =
            format!("{}.{}.", base64url(header.as_bytes()), base64url(text_of(&user()).as_bytes()));
        refused(alg, &unsigned, Invalid);
    }
    for alg in [json!(null), json!(["RS256"]), json!(256), json!({ "RS256": true })] {
        let header = json!({ "typ": "JWT", "alg": alg, "kid": kid }).to_string();
        refused("alg of another type", &forge(&header, &text_of(&user())), Invalid);
    }
    refused(
        "alg missing",
        &forge(&json!({ "typ": "JWT", "kid": kid }).to_string(), &text_of(&user())),
        Invalid,
    );
    let twice = format!(r#"{{"typ":"JWT","alg":"none","alg":"RS256","kid":"{kid}"}}"#);
    refused("alg twice", &forge(&twice, &text_of(&user())), Invalid);
}

#[test]
fn the_public_key_is_no_shared_secret() {
    let public = keys()[0].public();
    let pem = format!(
        "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
        base64url(public.der())
    );
    let jwk = public.jwk("").to_string();
    for secret in [public.der(), pem.as_bytes(), jwk.as_bytes(), hex::encode(public.der()).as_bytes(), b""] {
        for alg in ["HS256", "RS256"] {
            let header = json!({ "typ": "JWT", "alg": alg, "kid": public.kid() }).to_string();
            let signed =
                format!("{}.{}", base64url(header.as_bytes()), base64url(text_of(&user()).as_bytes()));
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
            refused("HMAC with the public key", &format!("{signed}.{}", base64url(mac.as_ref())), Invalid);
        }
    }
}

#[test]
fn a_true_rsa_signature_of_another_scheme_is_refused() {
    let pair = aws_lc_rs::signature::RsaKeyPair::from_pkcs8(&keys()[0].to_pkcs8().unwrap()).unwrap();
    let signed = minted(&user()).rsplit_once('.').unwrap().0.to_owned();
    let schemes: [&'static dyn RsaEncoding; 3] = [
        &aws_lc_rs::signature::RSA_PSS_SHA256,
        &aws_lc_rs::signature::RSA_PKCS1_SHA512,
        &aws_lc_rs::signature::RSA_PKCS1_SHA384,
    ];
    for scheme in schemes {
        let mut signature = [0; 256];
        pair.sign(scheme, &aws_lc_rs::rand::SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        refused("another RSA scheme", &format!("{signed}.{}", base64url(&signature)), Invalid);
    }
}

#[test]
fn headers_may_not_point_anywhere_or_change_rules() {
    let good = json!({ "typ": "JWT", "alg": "RS256", "kid": keys()[0].public().kid() });
    let attacker = keys()[1].public().jwk("https://attacker.example");
    for (name, value) in [
        ("jku", json!("https://attacker.example/keys")),
        ("x5u", json!("https://attacker.example/chain.pem")),
        ("jwk", attacker),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("abc")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("b64", json!(false)),
        ("enc", json!("A256GCM")),
        ("tid", json!(tenant(0))),
    ] {
        let mut header = good.clone();
        header[name] = value;
        refused(name, &forge(&header.to_string(), &text_of(&user())), Invalid);
    }
    for typ in [
        json!("at+jwt"),
        json!("secevent+jwt"),
        json!("dpop+jwt"),
        json!("jwt"),
        json!(""),
        json!(null),
        json!(1),
    ] {
        let mut header = good.clone();
        header["typ"] = typ.clone();
        refused(&format!("typ {typ}"), &forge(&header.to_string(), &text_of(&user())), Invalid);
    }
}

#[test]
fn the_key_id_must_be_that_of_this_tenants_key() {
    let [mine, other] = keys();
    let header = |kid: Value| json!({ "typ": "JWT", "alg": "RS256", "kid": kid }).to_string();
    for kid in [
        json!("unknown"),
        json!(""),
        json!("../../../etc/passwd"),
        json!("x' or '1'='1"),
        json!("a\0b"),
        json!(null),
        json!([mine.public().kid()]),
        json!(mine.public().kid().to_lowercase()),
        json!(format!("{} ", mine.public().kid())),
        json!(other.public().kid()),
    ] {
        refused(&format!("kid {kid}"), &forge(&header(kid), &text_of(&user())), Invalid);
    }
    refused("kid missing", &forge(r#"{"typ":"JWT","alg":"RS256"}"#, &text_of(&user())), Invalid);
    let foreign = forge_with(other, header_of(mine).as_bytes(), text_of(&user()).as_bytes());
    refused("own issuer and key id, foreign key", &foreign, Invalid);
    refused("own issuer, key of another tenant", &mint(other, &user()).unwrap(), Invalid);
    refused("other tenant's token, own key", &minted(&AccessClaims { tenant: tenant(1), ..user() }), Invalid);
}

#[test]
fn a_key_proves_tokens_of_its_own_tenant_and_name_only() {
    let expect = Expect { audiences: &[GRAPH.to_owned()], origins: &[ORIGIN.to_owned()], now: at(NOW) };
    let check = |token: &str, tenant, key: &SigningKey| {
        let key = VerifyingKey { tenant, public: key.public().clone() };
        verify(&parse(token).unwrap(), &key, &expect).map(|_| ())
    };
    let [mine, other] = keys();
    let token = minted(&user());
    assert_eq!(check(&token, tenant(0), mine), Ok(()));
    assert_eq!(check(&token, tenant(1), mine), Err(Invalid));
    assert_eq!(check(&token, tenant(0), other), Err(Invalid));
    let torn = changed(&user(), &[("iss", Some(json!(issuer(ORIGIN, tenant(1)))))]);
    assert_eq!(check(&torn, tenant(1), mine), Err(Invalid), "tid and issuer of two tenants");
    let misnamed = forge_with(mine, header_of(other).as_bytes(), text_of(&user()).as_bytes());
    assert_eq!(check(&misnamed, tenant(0), mine), Err(Invalid), "the right key under the name of another");
}

#[test]
fn signatures_that_do_not_fit_are_refused() {
    let (good, other) = (minted(&user()), minted(&app()));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let bytes = from_base64url(signature).unwrap();
    let with = |bytes: &[u8]| format!("{signed}.{}", base64url(bytes));
    refused("empty", &with(&[]), Invalid);
    refused("from another token", &format!("{signed}.{}", other.rsplit_once('.').unwrap().1), Invalid);
    refused("truncated", &with(&bytes[..255]), Invalid);
    refused("leading zero", &with(&[&[0], bytes.as_slice()].concat()), Invalid);
    refused("extra bytes", &with(&[bytes.as_slice(), &[0]].concat()), Invalid);
    refused("all zero", &with(&[0; 256]), Invalid);
    refused("all ones", &with(&[0xff; 256]), Invalid);
    refused("the number one", &with(&[&[0; 255][..], &[1]].concat()), Invalid);
}

#[test]
fn what_is_no_compact_jws_is_malformed() {
    let good = minted(&user());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let last = signature.chars().next_back().unwrap();
    // 256 bytes leave four unused bits in the last character; the next one in the alphabet differs only in those.
    let loose = format!("{}{}", &good[..good.len() - 1], char::from(u8::try_from(last).unwrap() + 1));
    let large = changed(&user(), &[("pad", Some(json!("x".repeat(MAX_TOKEN))))]);
    let huge = format!("{header}.{}.{signature}", "e".repeat(1_000_000));
    for (row, token) in [
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("a word", "secret".to_owned()),
        ("two parts", signed.to_owned()),
        ("four parts", format!("{good}.{signature}")),
        ("five parts, as a JWE", format!("{header}.{claims}.{signature}.{claims}.{signature}")),
        ("padding", format!("{good}==")),
        ("unused last bits", loose),
        ("space before", format!(" {good}")),
        ("line feed after", format!("{good}\n")),
        ("space within", good.replacen('.', ". ", 1)),
        ("the other base64", format!("{signed}.{}+/", &signature[2..])),
        ("NUL", format!("{good}\0")),
        ("comma", format!("{good},{good}")),
        ("quotes", format!("\"{good}\"")),
        ("beyond ASCII", format!("{good}é")),
        ("more than 8 KiB, well signed", large),
        ("1 MB", huge),
        ("JSON serialisation", format!(r#"{{"payload":"{claims}","signature":"{signature}"}}"#)),
    ] {
        refused(row, &token, Malformed);
    }
}

#[test]
fn parts_that_are_no_json_objects_are_malformed() {
    let (header, claims) = (header_of(&keys()[0]), text_of(&user()));
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(500), "]".repeat(500));
    for (row, bytes) in [
        ("empty", Vec::new()),
        ("null", b"null".to_vec()),
        ("array", b"[]".to_vec()),
        ("string", b"\"a\"".to_vec()),
        ("cut off", b"{\"a\":".to_vec()),
        ("trailing text", b"{} {}".to_vec()),
        ("byte order mark", [b"\xef\xbb\xbf".as_slice(), claims.as_bytes()].concat()),
        ("invalid UTF-8", b"{\"a\":\"\xff\"}".to_vec()),
        ("raw NUL in a string", b"{\"a\":\"\0\"}".to_vec()),
        ("NUL after", [claims.as_bytes(), b"\0"].concat()),
        ("deep nesting", deep.into_bytes()),
        ("number out of range", b"{\"exp\":1e999}".to_vec()),
        ("comment", b"{/**/}".to_vec()),
    ] {
        refused(row, &forge_with(&keys()[0], header.as_bytes(), &bytes), Malformed);
        refused(row, &forge_with(&keys()[0], &bytes, claims.as_bytes()), Malformed);
    }
}

#[test]
fn repeated_claims_are_refused_at_any_depth() {
    let text = text_of(&user());
    let opened = text.strip_prefix('{').unwrap();
    for (row, claims) in [
        ("another tenant first", format!(r#"{{"tid":"{}",{opened}"#, tenant(1))),
        ("the same twice", format!(r#"{{"ver":"2.0",{opened}"#)),
        ("by escape", format!(r#"{{"\u0074id":"{}",{opened}"#, tenant(1))),
        ("deeper", format!(r#"{{"x":[{{"a":1,"a":2}}],{opened}"#)),
    ] {
        refused(row, &forge_claims(&claims), Invalid);
    }
}

#[test]
fn issuer_and_tenant_must_be_ours_and_agree() {
    let (own, other) = (tenant(0), tenant(1));
    let issuers = [
        json!(issuer(ORIGIN, other)),
        json!(format!("{ORIGIN}/{own}/v2.0/")),
        json!(format!("{ORIGIN}//{own}/v2.0")),
        json!(format!("{ORIGIN}/{own}/v1.0")),
        json!(format!("{ORIGIN}/{own}")),
        json!(format!("http://localhost:8443/{own}/v2.0")),
        json!(format!("https://localhost/{own}/v2.0")),
        json!(format!("https://LOCALHOST:8443/{own}/v2.0")),
        json!(format!("https://l\u{43e}calhost:8443/{own}/v2.0")),
        json!(format!("{ORIGIN}.attacker.example/{own}/v2.0")),
        json!(format!("https://sts.windows.net/{own}/")),
        json!(format!("{ORIGIN}/{{tenantid}}/v2.0")),
        json!(format!("{ORIGIN}/common/v2.0")),
        json!(format!("{ORIGIN}/{}/v2.0", own.to_string().to_uppercase())),
        json!([issuer(ORIGIN, own)]),
        json!(null),
        json!(""),
    ];
    all_refused(&user(), &issuers.map(|value| ("iss", Some(value), Invalid)));
    let tenants = [
        json!(other),
        json!(tenant(7)),
        json!(own.to_string().to_uppercase()),
        json!(own.uuid().simple().to_string()),
        json!(format!("{{{own}}}")),
        json!(format!(" {own}")),
        json!([own]),
        json!("common"),
        json!("organizations"),
        json!("{tenantid}"),
        json!(null),
    ];
    all_refused(&user(), &tenants.map(|value| ("tid", Some(value), Invalid)));
    all_refused(&user(), &[("iss", None, Invalid), ("tid", None, Invalid)]);
    let both = [("tid", Some(json!(other))), ("iss", Some(json!(issuer(ORIGIN, other))))];
    refused("another tenant throughout, own key", &changed(&user(), &both), Invalid);
}

#[test]
fn the_audience_must_be_this_resource_exactly() {
    let rows = [
        (json!("https://graph.microsoft.com/"), Audience),
        (json!("https://graph.microsoft.co"), Audience),
        (json!("https://graph.microsoft.com.attacker.example"), Audience),
        (json!("HTTPS://GRAPH.MICROSOFT.COM"), Audience),
        (json!("https://graph.windows.net"), Audience),
        (json!(uuid(2)), Audience),
        (json!(format!("{GRAPH} {GRAPH_ID}")), Audience),
        (json!([GRAPH, "https://other.example"]), Invalid),
        (json!([GRAPH]), Invalid),
        (json!(3), Invalid),
        (json!(""), Invalid),
        (json!(null), Invalid),
    ];
    all_refused(&user(), &rows.map(|(value, fault)| ("aud", Some(value), fault)));
    all_refused(&user(), &[("aud", None, Invalid)]);
}

#[test]
fn times_are_whole_seconds_of_a_sensible_year() {
    for claim in ["exp", "iat", "nbf"] {
        let good = if claim == "exp" { NOW + 3_540 } else { NOW - 60 };
        let values = [
            json!(good.to_string()),
            json!(good as f64),
            json!(1e300),
            json!(-1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(253_402_300_800_i64),
            json!([good]),
            json!(true),
            json!(null),
        ];
        all_refused(&user(), &values.map(|value| (claim, Some(value), Invalid)));
        all_refused(&user(), &[(claim, None, Invalid)]);
    }
    for text in ["-0", "1.79e9", "1790003540.0"] {
        let claims = text_of(&user()).replace(&(NOW + 3_540).to_string(), text);
        refused(text, &forge_claims(&claims), Invalid);
    }
}

#[test]
fn a_persons_token_names_the_generation_of_the_account() {
    let bad = [json!("3"), json!(3.0), json!(null), json!([3]), json!(true), json!(u64::MAX)];
    all_refused(&user(), &bad.clone().map(|value| ("gen", Some(value), Invalid)));
    all_refused(&user(), &[("gen", None, Invalid)]);
    // That of the home account only where there is one.
    all_refused(&user(), &bad.map(|value| ("hgen", Some(value), Invalid)));
    let verified = judge(&changed(&user(), &[("hgen", Some(json!(7)))])).unwrap();
    assert!(matches!(verified.rights, Rights::User { generation: 3, home_generation: Some(7), .. }));
}

#[test]
fn a_persons_token_names_the_sign_in_that_it_comes_from() {
    let upper = uuid(9).to_string().to_uppercase();
    let bad = [json!(""), json!(null), json!("x"), json!(upper), json!(9), json!([uuid(9)]), json!(true)];
    all_refused(&user(), &bad.map(|value| ("authorization", Some(value), Invalid)));
    all_refused(&user(), &[("authorization", None, Invalid)]);
}

#[test]
fn an_id_token_is_a_hint_and_an_access_token_is_none() {
    let id = IdClaims {
        app: AppId::from_uuid(uuid(2)),
        origin: ORIGIN.to_owned(),
        tenant: tenant(0),
        oid: ObjectId::from_uuid(uuid(1)),
        pairwise: "pairwise-subject".to_owned(),
        name: Some("Adele Vance".to_owned()),
        username: Some("adele@contoso.example".to_owned()),
        email: None,
        home_issuer: None,
        nonce: None,
        authenticated_at: None,
        issued_at: at(NOW - 90_000),
        expires: at(NOW - 86_400),
        uti: "uti".to_owned(),
    };
    let key = VerifyingKey { tenant: tenant(0), public: keys()[0].public().clone() };
    let other = VerifyingKey { tenant: tenant(1), public: keys()[0].public().clone() };
    let token = mint_id(&keys()[0], &id).unwrap();
    let hint = |token: &str, key: &VerifyingKey, origin: &str| {
        verify_hint(&parse(token).unwrap(), key, &[origin.to_owned()])
    };
    let good = hint(&token, &key, ORIGIN).unwrap();
    assert_eq!((good.tenant, good.oid, good.app), (id.tenant, id.oid, id.app));
    assert_eq!(hint(&token, &key, "https://elsewhere.example"), Err(Invalid));
    assert_eq!(hint(&token, &other, ORIGIN), Err(Invalid));
    assert_eq!(hint(&mint_id(&keys()[1], &id).unwrap(), &key, ORIGIN), Err(Invalid));
    assert_eq!(hint(&minted(&user()), &key, ORIGIN), Err(Invalid));
}

#[test]
fn a_token_holds_from_its_beginning_to_its_end() {
    let late = |seconds| Some(json!(NOW + seconds));
    all_refused(
        &user(),
        &[
            ("exp", late(0), Expired),
            ("exp", late(-1), Expired),
            ("nbf", late(61), Expired),
            ("iat", late(61), Expired),
            ("iat", Some(json!(NOW + 3_540)), Invalid),
            ("iat", Some(json!(NOW + 3_541)), Invalid),
            ("exp", late(86_400 - 59), Invalid),
            ("exp", Some(json!(253_402_300_799_i64)), Invalid),
            ("exp", Some(json!(0)), Invalid),
        ],
    );
    let token = minted(&user());
    let end = at(NOW + 3_540);
    assert!(judge_at(&token, end - model::Span::micros(1)).is_ok());
    assert_eq!(judge_at(&token, end), Err(Expired));
    let earliest = at(NOW - 60) - LEEWAY;
    assert!(judge_at(&token, earliest).is_ok());
    assert_eq!(judge_at(&token, earliest - model::Span::micros(1)), Err(Expired));
}

#[test]
fn ids_and_versions_are_strictly_typed() {
    for claim in ["oid", "azp", "appid"] {
        let values = [
            json!(uuid(1).to_string().to_uppercase()),
            json!(uuid(1).simple().to_string()),
            json!("adele@contoso.example"),
            json!(7),
            json!([uuid(1)]),
            json!(""),
            json!(null),
        ];
        all_refused(&user(), &values.map(|value| (claim, Some(value), Invalid)));
        all_refused(&user(), &[(claim, None, Invalid)]);
    }
    all_refused(
        &user(),
        &[
            ("appid", Some(json!(uuid(3))), Invalid),
            ("sub", None, Invalid),
            ("sub", Some(json!("")), Invalid),
            ("sub", Some(json!(1)), Invalid),
            ("ver", None, Invalid),
            ("ver", Some(json!("1.0")), Invalid),
            ("ver", Some(json!(2.0)), Invalid),
            ("uti", None, Invalid),
            ("uti", Some(json!(5)), Invalid),
            ("azpacr", Some(json!("3")), Invalid),
            ("azpacr", Some(json!(1)), Invalid),
            ("azpacr", None, Invalid),
            ("app_displayname", Some(json!(["Console"])), Invalid),
            ("wids", Some(json!("62e90394-69f5-4237-9190-012177145e10")), Invalid),
            ("wids", Some(json!([1])), Invalid),
            ("upn", Some(json!(["a", "b"])), Invalid),
            ("idp", Some(json!(false)), Invalid),
        ],
    );
}

#[test]
fn rights_of_apps_and_of_people_do_not_mix() {
    all_refused(
        &app(),
        &[
            ("scp", Some(json!("User.ReadWrite.All")), Invalid),
            ("sub", Some(json!(uuid(9))), Invalid),
            ("idtyp", Some(json!("user")), Invalid),
            ("idtyp", Some(json!("App")), Invalid),
            ("idtyp", None, Invalid),
            ("roles", None, Invalid),
            ("roles", Some(json!("User.Read.All")), Invalid),
            ("roles", Some(json!(["User.Read.All", 1])), Invalid),
            ("roles", Some(json!({ "0": "User.Read.All" })), Invalid),
            ("roles", Some(json!(null)), Invalid),
        ],
    );
    all_refused(
        &user(),
        &[
            ("roles", Some(json!(["User.ReadWrite.All"])), Invalid),
            ("roles", Some(json!([])), Invalid),
            ("scp", None, Invalid),
            ("scp", Some(json!(["User.Read.All"])), Invalid),
            ("scp", Some(json!(null)), Invalid),
            ("idtyp", Some(json!("app")), Invalid),
        ],
    );
    let roles_only = [("scp", None), ("roles", Some(json!(["User.Read.All"])))];
    refused("user token with roles only", &changed(&user(), &roles_only), Invalid);
}

#[test]
fn unknown_scopes_and_permissions_grant_nothing() {
    for scope in [
        "openid profile",
        "",
        "user.read.all",
        "User.Read.All,Policy.Read.All",
        "User.Read.All;",
        "User.Read.All\tPolicy.Read.All",
        "https://graph.microsoft.com/User.Read.All",
    ] {
        let verified = judge(&changed(&user(), &[("scp", Some(json!(scope)))])).unwrap();
        let Rights::User { scopes, .. } = verified.rights else { panic!("not a person's: {scope:?}") };
        assert_eq!(scopes, [], "{scope:?}");
    }
    let verified =
        judge(&changed(&app(), &[("roles", Some(json!(["*", "user.read.all", "Sites.Read.All"])))])).unwrap();
    assert_eq!(verified.rights, Rights::App { permissions: Vec::new() });
}

#[test]
fn other_tokens_of_ours_are_no_access_tokens() {
    let id = IdClaims {
        app: AppId::from_uuid(uuid(2)),
        origin: ORIGIN.to_owned(),
        tenant: tenant(0),
        oid: ObjectId::from_uuid(uuid(1)),
        pairwise: "pairwise-subject".to_owned(),
        name: Some("Adele Vance".to_owned()),
        username: Some("adele@contoso.example".to_owned()),
        email: None,
        home_issuer: None,
        nonce: Some("n-1".to_owned()),
        authenticated_at: Some(at(NOW - 90)),
        issued_at: at(NOW - 60),
        expires: at(NOW + 3_540),
        uti: token_id(&Seeded::new(2)),
    };
    let token = mint_id(&keys()[0], &id).unwrap();
    refused("ID token", &token, Invalid);
    let claims = claims_of(&token);
    for (name, value) in [
        ("aud", json!(uuid(2))),
        ("iss", json!(issuer(ORIGIN, tenant(0)))),
        ("nonce", json!("n-1")),
        ("auth_time", json!(NOW - 90)),
        ("preferred_username", json!("adele@contoso.example")),
        ("oid", json!(uuid(1))),
    ] {
        assert_eq!(claims.get(name), Some(&value), "{name}");
    }
    assert!(!claims.contains_key("email") && !claims.contains_key("idp"));
}

/// Exhaustive over positions: every one-bit change of every byte, and a sample of other characters.
#[test]
fn any_changed_byte_voids_a_token() {
    let token = minted(&user());
    assert!(judge(&token).is_ok());
    for position in 0..token.len() {
        let good = token.as_bytes()[position];
        let bits = (0..7).map(|bit| good ^ (1 << bit));
        for other in bits.chain(*b"Aa0-_.=+/ \0").filter(|other| *other != good) {
            let mut bytes = token.clone().into_bytes();
            bytes[position] = other;
            let forged = String::from_utf8(bytes).unwrap();
            assert!(judge(&forged).is_err(), "{} at {position}", char::from(other));
        }
    }
}

#[test]
fn any_cut_or_repeated_byte_voids_a_token() {
    let token = minted(&app());
    for position in 0..token.len() {
        assert!(judge(&token[..position]).is_err(), "cut at {position}");
        assert!(judge(&token[position + 1..]).is_err(), "from {position}");
        let mut without = token.clone();
        let byte = without.remove(position);
        assert!(judge(&without).is_err(), "without {position}");
        let mut twice = token.clone();
        twice.insert(position, byte);
        assert!(judge(&twice).is_err(), "{position} twice");
    }
}

#[test]
fn token_ids_differ_and_are_128_bits() {
    let random = Seeded::new(9);
    let (one, two) = (token_id(&random), token_id(&random));
    assert!(!equal(one.as_bytes(), two.as_bytes()));
    assert_eq!(from_base64url(&one).unwrap().len(), 16);
}
