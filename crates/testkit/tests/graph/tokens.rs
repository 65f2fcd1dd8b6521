//! Who is asking: every way in which a token can fail, as a client sees it.

use crate::{
    house::{House, POLICY, SEED},
    wire::{Ask, Reply, Token, Transcript},
};
use identity::{AccessClaims, ClientAuth, MasterKey, SigningKey, Subject};
use model::{Span, TenantId, authz::Permission};
use serde_json::json;
use service::{Caller, UserPatch};
use store::GrantKind;
use testkit::{Seeded, World};

/// The key with which a tenant signs, taken out of the store with the master key of the world.
pub async fn signing_key(house: &House, tenant: TenantId) -> SigningKey {
    let keys = house.world.store().read(World::scope(tenant), |reader| reader.signing_keys()).await.unwrap();
    let stored = keys.into_iter().find(|key| key.retired.is_none()).unwrap();
    let sealed: Vec<u8> = (0..stored.sealed.len() / 2)
        .map(|at| u8::from_str_radix(&stored.sealed[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let master = MasterKey::generate(&Seeded::new(SEED));
    let plain = master.open(&format!("signing-key:{tenant}:{}", stored.kid), &sealed).unwrap();
    SigningKey::from_pkcs8(&plain).unwrap()
}

/// The claims of a good token of the app with every permission.
pub fn claims(house: &House) -> AccessClaims {
    let app = &house.plan.apps["app: everything"];
    let now = house.world.cx().now;
    AccessClaims {
        audience: "https://graph.microsoft.com".to_owned(),
        origin: World::ORIGIN.to_owned(),
        tenant: house.plan.contoso,
        oid: app.object,
        app: app.id,
        app_name: "App with everything".to_owned(),
        client_auth: ClientAuth::Secret,
        roles: Vec::new(),
        issued_at: now,
        expires: now + Span::minutes(60),
        uti: "uti".to_owned(),
        subject: Subject::App {
            permissions: vec![Permission::PolicyReadAll, Permission::PolicyReadWriteExternalIdentities],
        },
    }
}

fn bearing(label: &str, value: String) -> Token {
    Token { label: label.to_owned(), value }
}

/// Reads and writes with it: both are refused alike, and nothing is done.
async fn refused(house: &House, said: &mut Transcript, token: &Token) -> Reply {
    let before = house.state(house.plan.contoso).await;
    let reply = house.say(said, &token.label, Ask::get(POLICY).by(token)).await;
    let write = Ask::new("PATCH", POLICY).by(token).json(&json!({"allowDeletedIdentitiesDataRemoval": true}));
    let second = house.ask(write).await;
    assert_eq!((second.fault(), second.message()), (reply.fault(), reply.message()), "{}", token.label);
    assert_eq!(house.state(house.plan.contoso).await, before, "{}", token.label);
    assert_eq!(reply.fault(), (401, "InvalidAuthenticationToken".to_owned()), "{}", token.label);
    reply
}

#[tokio::test]
async fn without_a_good_token() {
    let house = House::new().await;
    let mut said = Transcript::whole();
    let get = || Ask::get(POLICY);
    house.say(&mut said, "none", get()).await;
    house.say(&mut said, "another scheme", get().header("authorization", "Basic YTpi")).await;
    house.say(&mut said, "an empty one", get().header("authorization", "Bearer ")).await;
    house.say(&mut said, "no dots", get().header("authorization", "Bearer garbage")).await;
    house.say(&mut said, "not base64", get().header("authorization", "Bearer a.b!.c")).await;
    let good = format!("Bearer {}", house.all().value);
    let twice = get().header("authorization", &good).header("authorization", &good);
    house.say(&mut said, "two headers", twice).await;
    house.say(&mut said, "a client's own request id", get().header("client-request-id", "my-own-id-2")).await;
    house.say(&mut said, "an address that is not there", Ask::get("/v1.0/xyz")).await;
    house.say(&mut said, "a method that is not there", Ask::new("PUT", POLICY)).await;
    house.say(&mut said, "HEAD", Ask::new("HEAD", POLICY)).await;
    insta::assert_snapshot!(said.text());
    // The positive control: the same header once is good, in any letter case of the scheme.
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let ask = get().header("authorization", &format!("{scheme} {}", house.all().value));
        assert_eq!(house.ask(ask).await.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn tokens_that_do_not_hold() {
    let house = House::new().await;
    let (contoso, fabrikam) = (house.plan.contoso, house.plan.fabrikam);
    let (key, foreign) = (signing_key(&house, contoso).await, signing_key(&house, fabrikam).await);
    let mint = |key: &SigningKey, claims: &AccessClaims| identity::mint(key, claims).unwrap();
    let good = claims(&house);
    let token = bearing("the positive control", mint(&key, &good));
    assert_eq!(house.ask(Ask::get(POLICY).by(&token)).await.status, 200);
    let mut said = Transcript::default();
    let audience = AccessClaims { audience: "https://management.azure.com".to_owned(), ..good.clone() };
    let origin = AccessClaims { origin: "https://elsewhere.example".to_owned(), ..good.clone() };
    let (head, rest) = token.value.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let flipped =
        format!("{head}.{body}.{}{}", if signature.starts_with('A') { "B" } else { "A" }, &signature[1..]);
    let own = house.token("app: nothing").value.clone();
    let own_body = own.split('.').nth(1).unwrap();
    let rows = [
        ("wrong audience", mint(&key, &audience)),
        ("another issuer", mint(&key, &origin)),
        ("signed by another tenant", mint(&foreign, &good)),
        (
            "of another tenant, signed by this one",
            mint(&key, &AccessClaims { tenant: fabrikam, ..good.clone() }),
        ),
        ("a signature that is off by a bit", flipped),
        ("claims of another token", format!("{head}.{own_body}.{signature}")),
        ("no signature", format!("{head}.{body}.")),
    ];
    for (label, value) in rows {
        refused(&house, &mut said, &bearing(label, value)).await;
    }
    house.world.clock.advance(Span::minutes(60));
    refused(&house, &mut said, &bearing("expired", token.value.clone())).await;
    insta::assert_snapshot!(said.text());
}

/// What is taken away counts at once, whatever the token says.
#[tokio::test]
async fn rights_that_were_taken_away() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let (directory, contoso) = (house.world.directory(), house.plan.contoso);
    let cx = || house.world.cx();
    for gone in ["bert", "bea", "lena", "rolf", "hugo"] {
        refused(&house, &mut said, house.token(gone)).await;
    }
    let gil = house.id("gil").to_string();
    let patch = UserPatch { account_enabled: Some(false), ..UserPatch::default() };
    directory.update_user(&cx(), &house.operator(), &gil, patch).await.unwrap();
    let patch = UserPatch { account_enabled: Some(true), ..UserPatch::default() };
    directory.update_user(&cx(), &house.operator(), &gil, patch).await.unwrap();
    refused(&house, &mut said, &bearing("blocked and unblocked since", house.token("gil").value.clone()))
        .await;
    directory.delete_user(&cx(), &house.operator(), &house.id("rita").to_string()).await.unwrap();
    directory.restore_user(&cx(), &house.operator(), house.id("rita"), None).await.unwrap();
    refused(&house, &mut said, &bearing("deleted and restored since", house.token("rita").value.clone()))
        .await;

    let app = house.plan.apps["app: everything"].id;
    let permission = Permission::PolicyReadWriteExternalIdentities;
    directory.revoke_grant(&cx(), contoso, app, GrantKind::Application, permission).await.unwrap();
    let write =
        Ask::new("PATCH", POLICY).by(house.all()).json(&json!({"allowDeletedIdentitiesDataRemoval": true}));
    let reply = house.say(&mut said, "a permission taken from the app", write).await;
    assert_eq!(reply.fault().0, 403);
    assert_eq!(house.ask(Ask::get(POLICY).by(house.all())).await.status, 200, "the other permission stands");
    directory.set_app_enabled(&cx(), contoso, app, false).await.unwrap();
    refused(&house, &mut said, &bearing("an app that is switched off", house.all().value.clone())).await;
    let tool = house.plan.apps["tool"].id;
    directory.set_app_enabled(&cx(), contoso, tool, false).await.unwrap();
    refused(
        &house,
        &mut said,
        &bearing("a person's app that is switched off", house.token("adele").value.clone()),
    )
    .await;
    insta::assert_snapshot!(said.text());
}

/// A guest whose home account is deleted is nobody here from that moment.
#[tokio::test]
async fn a_deletion_at_home_counts_here_at_once() {
    let house = House::new().await;
    let me = Ask::get("/v1.0/me").by(house.token("gil"));
    assert_eq!(house.ask(me.clone()).await.status, 200);
    let gil = house.world.user(house.plan.contoso, house.id("gil")).await.unwrap();
    let model::Home::Tenant { tenant, object } = gil.home else { panic!("gil is a member elsewhere") };
    let operator = Caller::operator(tenant);
    house.world.directory().delete_user(&house.world.cx(), &operator, &object.to_string()).await.unwrap();
    assert_eq!(house.ask(me).await.fault(), (401, "InvalidAuthenticationToken".to_owned()));
}

/// A signature is not worked out twice, but everything else about a token is judged each time it comes.
#[tokio::test]
async fn a_token_that_was_proved_before_is_judged_anew() {
    let house = House::new().await;
    let contoso = house.plan.contoso;
    let key = signing_key(&house, contoso).await;
    let good = bearing("the positive control", identity::mint(&key, &claims(&house)).unwrap());
    let again = async || house.ask(Ask::get(POLICY).by(&good)).await.fault().0;
    for _ in 0..2 {
        assert_eq!(again().await, 200);
    }
    let mut said = Transcript::default();
    let (head, rest) = good.value.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let changed = |text: &str, at: usize| {
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    let elsewhere = AccessClaims { tenant: house.plan.fabrikam, ..claims(&house) };
    let foreign = identity::mint(&key, &elsewhere).unwrap();
    let foreign = foreign.split('.').nth(1).unwrap();
    for (label, value) in [
        ("a header that is off by a byte", format!("{}.{body}.{signature}", changed(head, 30))),
        ("claims that are off by a byte", format!("{head}.{}.{signature}", changed(body, 40))),
        ("the beginning of the signature", format!("{head}.{body}.{}", changed(signature, 0))),
        ("the end of the signature", format!("{head}.{body}.{}", changed(signature, signature.len() - 3))),
        ("of another tenant with this signature", format!("{head}.{foreign}.{signature}")),
        ("something behind it", format!("{}A", good.value)),
    ] {
        refused(&house, &mut said, &bearing(label, value)).await;
        assert_eq!(again().await, 200, "{label}");
    }

    // The key is taken away, comes back, and is taken away again by time.
    let scope = World::scope(contoso);
    let store = house.world.store();
    let stored = store.read(scope, |reader| reader.signing_keys()).await.unwrap();
    let kid = key.public().kid().to_owned();
    let stored = stored.into_iter().find(|stored| stored.kid == kid).unwrap();
    let remove = move |_: &store::Reader<'_>| {
        let mut changes = store::ChangeSet::new();
        changes.delete_signing_key(scope, &kid);
        store::Decision::done(changes, ())
    };
    store.commit(scope, remove).await.unwrap();
    refused(&house, &mut said, &good).await;
    let back = move |_: &store::Reader<'_>| {
        let mut changes = store::ChangeSet::new();
        changes.insert_signing_key(scope, &stored);
        store::Decision::done(changes, ())
    };
    store.commit(scope, back).await.unwrap();
    assert_eq!(again().await, 200);
    house.world.clock.advance(Span::minutes(60));
    for _ in 0..2 {
        refused(&house, &mut said, &good).await;
    }
}

/// Ends what lets somebody act, and nothing of anybody else; what nobody has used yet stays good.
#[tokio::test]
async fn sessions_and_tokens_that_are_revoked() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let (mia, gil, pia) = (house.id("mia"), house.id("gil"), house.id("pia"));
    let session = house.world.sign_in(&World::person(house.plan.contoso, mia)).await;
    let since = async |id: &model::ObjectId| {
        let ask =
            Ask::get(format!("/v1.0/users/{id}?$select=signInSessionsValidFromDateTime")).by(house.all());
        house.ask(ask).await.json()["signInSessionsValidFromDateTime"].as_str().unwrap().to_owned()
    };
    let before = since(&mia).await;
    let me = |who: &str| Ask::get("/v1.0/me").by(house.token(who));
    let post = |path: String| Ask::new("POST", path);
    house
        .say(
            &mut said,
            "of a user",
            post(format!("/v1.0/users/{mia}/revokeSignInSessions")).by(house.token("uma")),
        )
        .await;
    assert!(since(&mia).await > before);
    assert_eq!(house.ask(me("mia")).await.status, 401);
    assert_eq!(house.ask(me("gil")).await.status, 200);
    let cx = house.world.cx();
    assert!(house.world.directory().session(&cx, &session).await.unwrap().is_none());
    house
        .say(
            &mut said,
            "of oneself",
            post("/beta/me/revokeSignInSessions".to_owned()).by(house.token("gil")).json(&json!({})),
        )
        .await;
    assert_eq!(house.ask(me("gil")).await.status, 401);
    let own = format!("/beta/users/{}/invalidateAllRefreshTokens", house.id("ruth"));
    house
        .say(
            &mut said,
            "of oneself by id, without a role that manages anybody",
            post(own).by(house.token("ruth")),
        )
        .await;
    let adele = format!("/v1.0/users/{}/microsoft.graph.revokeSignInSessions", house.id("adele"));
    house
        .say(&mut said, "of an administrator, by who may not manage them", post(adele).by(house.token("uma")))
        .await;
    house
        .say(
            &mut said,
            "of nobody",
            post(format!("/v1.0/users/{}/revokeSignInSessions", uuid::Uuid::nil())).by(house.all()),
        )
        .await;
    house
        .say(
            &mut said,
            "an app has no self",
            post("/v1.0/me/revokeSignInSessions".to_owned()).by(house.all()),
        )
        .await;
    let version = || async { house.world.user(house.plan.contoso, pia).await.unwrap().generation };
    let invited = version().await;
    let of_pia = post(format!("/v1.0/users/{pia}/revokeSignInSessions")).by(house.all());
    assert_eq!(house.ask(of_pia).await.status, 200);
    assert_eq!(version().await, invited, "the invitation stays good");
    let log = "/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Update StsRefreshTokenValidFrom Timestamp'";
    let log = house.ask(Ask::get(log).by(house.all())).await.values();
    let targets: Vec<_> = log.iter().rev().map(|one| one["targetResources"][0]["id"].clone()).collect();
    assert_eq!(targets, [mia, gil, house.id("ruth"), pia].map(|id| json!(id)));
    insta::assert_snapshot!(said.text());
}
