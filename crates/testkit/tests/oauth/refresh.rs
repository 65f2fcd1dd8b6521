//! Refresh tokens: rotated, bound, limited, and taken back.

use crate::{house::House, wire::claims};
use model::{
    Span,
    authz::{Permission, Role},
};
use store::GrantKind;
use testkit::World;

#[tokio::test]
async fn each_refresh_gives_a_new_token_and_voids_the_old_one() {
    let house = House::new(20).await;
    let mut token = house.tokens(&mut house.mias().await).await.text("refresh_token");
    for round in 0..3 {
        house.later(Span::hours(1));
        let reply = house.refresh(&token, &[]).await;
        if round == 0 {
            insta::assert_snapshot!(reply.transcript());
        }
        assert_eq!(house.me(&reply.text("access_token")).await.status, 200);
        let next = reply.text("refresh_token");
        assert_ne!(next, token);
        token = next;
    }
}

/// No grace: whoever of two comes second ends it for both, because nobody can tell who stole it.
#[tokio::test]
async fn reuse_ends_the_whole_family() {
    let house = House::new(21).await;
    let first = house.tokens(&mut house.mias().await).await.text("refresh_token");
    let second = house.refresh(&first, &[]).await.text("refresh_token");
    let third = house.refresh(&second, &[]).await.text("refresh_token");
    let other = house.tokens(&mut house.mias().await).await.text("refresh_token");
    let reply = house.refresh(&first, &[]).await;
    insta::assert_snapshot!(reply.transcript());
    for token in [&first, &second, &third] {
        assert_eq!(house.refresh(token, &[]).await.fault(), (400, "invalid_grant".to_owned(), 50_173));
    }
    assert_eq!(house.refresh(&other, &[]).await.status, 200, "another sign-in is another family");
}

#[tokio::test]
async fn a_refresh_token_is_good_for_its_app_and_tenant_only() {
    let house = House::new(22).await;
    let token = house.tokens(&mut house.mias().await).await.text("refresh_token");
    let web = house.web.to_string();
    let other = [("client_id", web.as_str()), ("client_secret", house.secret.as_str())];
    assert_eq!(house.refresh(&token, &other).await.fault(), (400, "invalid_grant".to_owned(), 70_000));
    assert_eq!(house.refresh(&token, &[("client_id", "")]).await.fault().2, 900_144);
    let id = house.tool.to_string();
    let fields =
        [("grant_type", "refresh_token"), ("client_id", id.as_str()), ("refresh_token", token.as_str())];
    for (tenant, number) in [("fabrikam.example", 70_000), ("nowhere.example", 90_002)] {
        assert_eq!(house.token(tenant, &fields, &[]).await.fault().2, number, "{tenant}");
    }
    for bad in ["", "x", &format!("{}.x", house.contoso), &format!("{token}x")] {
        assert_eq!(house.refresh(bad, &[]).await.status, 400, "{bad}");
    }
    assert_eq!(house.token("organizations", &fields, &[]).await.status, 200, "it was never used");
}

#[tokio::test]
async fn it_ends_when_it_is_not_used_and_at_the_latest_after_ninety_days() {
    let house = House::new(23).await;
    let mut token = house.tokens(&mut house.mias().await).await.text("refresh_token");
    for _ in 0..6 {
        house.later(Span::days(13));
        token = house.refresh(&token, &[]).await.text("refresh_token");
    }
    house.later(Span::days(12));
    assert_eq!(house.refresh(&token, &[]).await.fault(), (400, "invalid_grant".to_owned(), 70_008));
    let idle = house.tokens(&mut house.mias().await).await.text("refresh_token");
    house.later(Span::days(14));
    assert_eq!(house.refresh(&idle, &[]).await.fault(), (400, "invalid_grant".to_owned(), 700_082));
}

/// What is taken from a person or an app counts at the next use.
#[tokio::test]
async fn what_is_taken_away_counts_at_the_next_use() {
    let house = House::new(24).await;
    let (directory, contoso) = (house.world.directory(), house.contoso);
    let cx = || house.world.cx();
    let tokens = async || house.tokens(&mut house.mias().await).await.text("refresh_token");
    let token = tokens().await;
    house.block(contoso, house.mia, true).await;
    assert_eq!(house.refresh(&token, &[]).await.fault().2, 50_057);
    house.block(contoso, house.mia, false).await;
    assert_eq!(house.refresh(&token, &[]).await.fault().2, 50_173, "blocked and unblocked since");
    let token = tokens().await;
    directory.set_password(&cx(), contoso, house.mia, "seven quiet otters juggle").await.unwrap();
    assert_eq!(house.refresh(&token, &[]).await.fault().2, 50_173, "the password was set anew");
    directory.give_role(&cx(), contoso, house.mia, Role::GlobalReader).await.unwrap();
    let first = house.tokens(&mut house.mias().await).await;
    let wids =
        |reply: &crate::wire::Reply| claims(&reply.text("access_token"))["wids"].as_array().unwrap().len();
    assert_eq!(wids(&first), 1);
    directory.take_role(&cx(), contoso, house.mia, Role::GlobalReader).await.unwrap();
    let second = house.refresh(&first.text("refresh_token"), &[]).await;
    assert_eq!(wids(&second), 0, "a role that was taken is gone from the next token");
    let kind = GrantKind::Delegated;
    directory.revoke_grant(&cx(), contoso, house.tool, kind, Permission::UserRead).await.unwrap();
    let reply = house.refresh(&second.text("refresh_token"), &[]).await;
    assert_eq!(reply.fault(), (400, "invalid_grant".to_owned(), 65_001));
    assert_eq!(reply.text("suberror"), "consent_required");
    directory.grant(&cx(), contoso, house.tool, kind, Permission::UserRead).await.unwrap();
    let token = tokens().await;
    directory.set_app_enabled(&cx(), contoso, house.tool, false).await.unwrap();
    assert_eq!(house.refresh(&token, &[]).await.fault().2, 7_000_112);
    directory.set_app_enabled(&cx(), contoso, house.tool, true).await.unwrap();
    let token = tokens().await;
    directory.delete_user(&cx(), &house.operator(), &house.mia.to_string()).await.unwrap();
    assert_eq!(house.refresh(&token, &[]).await.fault().2, 50_034);
}

/// A guest's tokens end with what happens to the home account, too.
#[tokio::test]
async fn what_happens_at_home_counts_for_guests() {
    let house = House::new(25).await;
    let ana = World::person(house.fabrikam, house.ana);
    let reply = house.tokens(&mut house.browser(&ana).await).await;
    let access = claims(&reply.text("access_token"));
    assert_eq!(
        (&access["oid"], &access["tid"]),
        (&house.guest.to_string().into(), &house.contoso.to_string().into())
    );
    assert_eq!(access["idp"], format!("https://localhost:8443/{}/v2.0", house.fabrikam));
    assert_eq!(house.me(&reply.text("access_token")).await.status, 200);
    let cx = house.world.cx();
    house
        .world
        .directory()
        .set_password(&cx, house.fabrikam, house.ana, "seven quiet otters juggle")
        .await
        .unwrap();
    assert_eq!(house.me(&reply.text("access_token")).await.status, 401, "the password at home was set anew");
    assert_eq!(house.refresh(&reply.text("refresh_token"), &[]).await.fault().2, 50_173);
    let token = house.tokens(&mut house.browser(&ana).await).await.text("refresh_token");
    house.block(house.fabrikam, house.ana, true).await;
    assert_eq!(house.refresh(&token, &[]).await.fault().2, 50_057);
    house.block(house.fabrikam, house.ana, false).await;
    let token = house.tokens(&mut house.browser(&ana).await).await.text("refresh_token");
    let who = house.world.signed_in(&ana).await;
    assert!(house.world.leave(&who, house.contoso).await);
    assert_eq!(house.refresh(&token, &[]).await.fault().2, 50_034, "left");
}

#[tokio::test]
async fn scopes_may_grow_as_far_as_they_were_consented_to() {
    let house = House::new(26).await;
    let first = house.tokens(&mut house.mias().await).await;
    assert_eq!(claims(&first.text("access_token"))["scp"], "User.Read openid profile");
    let more = house.refresh(&first.text("refresh_token"), &[("scope", "Policy.Read.All")]).await;
    assert_eq!(claims(&more.text("access_token"))["scp"], "Policy.Read.All");
    let all = [("scope", "https://graph.microsoft.com/.default openid")];
    let more = house.refresh(&more.text("refresh_token"), &all).await;
    assert_eq!(claims(&more.text("access_token"))["scp"], "Policy.Read.All User.Read openid");
    let token = more.text("refresh_token");
    let reply = house.refresh(&token, &[("scope", "User.Read.All")]).await;
    assert_eq!((reply.fault().2, reply.text("suberror").as_str()), (65_001, "consent_required"));
    assert_eq!(house.refresh(&token, &[("scope", "Mail.Read")]).await.fault().2, 70_011);
    let manage = [("scope", "https://management.core.windows.net//.default")];
    let reply = house.refresh(&token, &manage).await;
    let access = reply.text("access_token");
    assert_eq!(claims(&access)["aud"], "https://management.core.windows.net/");
    assert_eq!(house.me(&access).await.status, 401, "it opens nothing in Graph");
}
