//! New signing keys: overlap, and no refused good token.

use crate::house::House;
use identity::MasterKey;
use model::Span;
use serde_json::Value;
use testkit::Seeded;

async fn kids(house: &House) -> Vec<String> {
    let document = house.program().get("/contoso.example/discovery/v2.0/keys").await.json();
    document["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let head = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&head).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_rotated_at_once_leaves_the_old_one_until_its_tokens_are_over() {
    let house = House::new(70).await;
    let before = house.tokens(&mut house.mias().await).await;
    let old = kid(&before.text("access_token"));
    let common = async || house.program().get("/common/discovery/v2.0/keys").await.body;
    assert!(common().await.contains(&old));
    let (directory, cx) = (house.world.directory(), house.world.cx());
    assert_eq!(directory.rotate_key(&cx, house.contoso, true).await.unwrap(), cx.now);
    let after = house.tokens(&mut house.mias().await).await;
    let new = kid(&after.text("access_token"));
    assert_ne!(new, old);
    assert_eq!(kid(&after.text("id_token")), new);
    let both = kids(&house).await;
    assert!(both.contains(&old) && both.contains(&new) && both.len() == 2, "{both:?}");
    assert!(common().await.contains(&new), "what strangers read is made anew at once");
    for token in [&before, &after] {
        assert_eq!(house.me(&token.text("access_token")).await.status, 200);
    }
    house.later(Span::minutes(59));
    assert_eq!(house.me(&before.text("access_token")).await.status, 200);
    house.later(Span::minutes(6));
    assert_eq!(kids(&house).await, [new]);
    assert_eq!(house.me(&before.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn a_planned_rotation_is_shown_a_day_before_it_signs() {
    let house = House::new(71).await;
    let cx = house.world.cx();
    let first = house.world.directory().rotate_key(&cx, house.fabrikam, false).await.unwrap();
    assert_eq!(first, cx.now, "where there is no key yet, the first signs at once");
    let old = kid(&house.tokens(&mut house.mias().await).await.text("access_token"));
    let (directory, cx) = (house.world.directory(), house.world.cx());
    let from = directory.rotate_key(&cx, house.contoso, false).await.unwrap();
    assert_eq!(from, cx.now + Span::hours(24));
    assert_eq!(kids(&house).await.len(), 2);
    house.later(Span::hours(23));
    let last = house.tokens(&mut house.mias().await).await.text("access_token");
    assert_eq!(kid(&last), old);
    house.later(Span::minutes(59));
    house.later(Span::minutes(1));
    let next = house.tokens(&mut house.mias().await).await.text("access_token");
    assert_ne!(kid(&next), old);
    assert_eq!(kids(&house).await.len(), 2, "the last token of the old key is not over yet");
    assert_eq!(house.me(&next).await.status, 200);
}

/// Rotated again and again while tokens are asked for and used: none is refused.
#[tokio::test]
async fn rotation_refuses_no_good_token() {
    let house = House::new(72).await;
    let mut tokens = Vec::new();
    let mut refresh = house.tokens(&mut house.mias().await).await.text("refresh_token");
    for _ in 0..4 {
        let reply = house.refresh(&refresh, &[]).await;
        refresh = reply.text("refresh_token");
        tokens.push(reply.text("access_token"));
        house.world.directory().rotate_key(&house.world.cx(), house.contoso, true).await.unwrap();
        for token in &tokens {
            assert_eq!(house.me(token).await.status, 200);
        }
        house.later(Span::minutes(10));
    }
    assert_eq!(kids(&house).await.len(), 5);
}

/// Every hour somebody's turn comes: what is due is done, on whichever server, and nobody waits for it.
#[tokio::test]
async fn a_key_that_has_signed_for_long_is_replaced_by_itself() {
    let house = House::new(73).await;
    let directory = house.world.directory();
    let sign = async || house.tokens(&mut house.mias().await).await.text("access_token");
    let old = kid(&sign().await);
    house.later(Span::days(88));
    assert_eq!(directory.key_pass().await.unwrap(), 0);
    assert_eq!(kids(&house).await, [old.as_str()]);
    house.later(Span::days(1));
    assert!(directory.key_pass().await.unwrap() >= 1);
    assert_eq!(directory.key_pass().await.unwrap(), 0, "the one that is shown is the one that takes over");
    let shown = kids(&house).await;
    assert_eq!((shown.len(), shown.contains(&old)), (2, true));
    assert_eq!(kid(&sign().await), old, "for a day it is only shown");
    house.later(Span::hours(24).since(Span::minutes(1)));
    let last = sign().await;
    assert_eq!(kid(&last), old);
    house.later(Span::minutes(1));
    let next = sign().await;
    assert_ne!(kid(&next), old);
    for token in [&last, &next] {
        assert_eq!(house.me(token).await.status, 200);
    }
    directory.key_pass().await.unwrap();
    assert_eq!(kids(&house).await.len(), 2, "what may still prove a token stays");
    house.later(Span::minutes(65));
    assert_eq!(kids(&house).await, [kid(&next)]);
    directory.key_pass().await.unwrap();
    let scope = testkit::World::scope(house.contoso);
    let stored = house.world.store().read(scope, |reader| reader.signing_keys()).await.unwrap();
    assert_eq!(stored.len(), 1, "what proves nothing any more is not kept");
}

/// What is stored of a private key signs nothing: it opens under the master key of this server and for this tenant only, and the
/// master key is outside the database.
#[tokio::test]
async fn a_private_key_is_sealed_where_it_is_stored() {
    const SEED: u64 = 74;
    let house = House::new(SEED).await;
    house.tokens(&mut house.mias().await).await;
    let scope = testkit::World::scope(house.contoso);
    let keys = house.world.store().read(scope, |reader| reader.signing_keys()).await.unwrap();
    let [stored] = keys.as_slice() else { panic!("one key, not {}", keys.len()) };
    let sealed: Vec<u8> = (0..stored.sealed.len() / 2)
        .map(|at| u8::from_str_radix(&stored.sealed[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let master = MasterKey::generate(&Seeded::new(SEED));
    let label = |tenant| format!("signing-key:{tenant}:{}", stored.kid);
    let plain = master.open(&label(house.contoso), &sealed).unwrap();
    assert!(plain.len() > 1000, "a private key of RSA");
    assert!(plain.windows(8).all(|part| !sealed.windows(8).any(|other| other == part)), "in plain");
    assert!(master.open(&label(house.fabrikam), &sealed).is_err(), "for another tenant");
    let other = MasterKey::generate(&Seeded::new(SEED + 1));
    assert!(other.open(&label(house.contoso), &sealed).is_err(), "under another master key");
}
