//! The apps that act for a person: listed, and taken back.

use crate::{
    device,
    house::{CALLBACK, House},
    wire::Reply,
};
use model::{ErrorKind, Person, Span, audit::Activity};
use service::{AppAccess, AuditQuery};
use testkit::World;

async fn apps(house: &House, person: &Person) -> Vec<AppAccess> {
    let who = house.world.signed_in(person).await;
    house.world.directory().my_apps(&house.world.cx(), &who).await.unwrap()
}

async fn revoke(house: &House, person: &Person) {
    let who = house.world.signed_in(person).await;
    let (directory, cx) = (house.world.directory(), house.world.cx());
    directory.revoke_app(&cx, &who, house.contoso, house.tool).await.unwrap();
}

async fn revocations(house: &House) -> usize {
    let activity = Some(Activity::RevokeConsent.wire().0.to_owned());
    let query = AuditQuery { activity, limit: 10, ..AuditQuery::default() };
    let (cx, operator) = (house.world.cx(), house.operator());
    house.world.directory().list_audit(&cx, &operator, &query).await.unwrap().len()
}

#[tokio::test]
async fn an_app_whose_access_is_taken_back_can_do_nothing_from_the_next_request_on() {
    let house = House::new(120).await;
    let mia = house.member(house.mia);
    assert_eq!(apps(&house, &mia).await, []);
    let mut browser = house.mias().await;
    let reply = house.tokens(&mut browser).await;
    let (access, refresh) = (reply.text("access_token"), reply.text("refresh_token"));
    house.later(Span::minutes(5));
    let rotated = house.refresh(&refresh, &[]).await;
    let listed = apps(&house, &mia).await;
    let [tool] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((tool.app, tool.name.as_str(), tool.organization.as_str()), (house.tool, "Tool", "Contoso"));
    assert!(tool.signed_in && tool.while_away && !tool.by_device);
    assert_eq!(tool.last.unwrap().since(tool.since), Span::minutes(5), "when it last got tokens");
    let values: Vec<_> =
        tool.permissions.iter().map(|one| (one.permission.value(), one.for_everybody)).collect();
    assert_eq!(values, [("Policy.Read.All", true), ("User.Read", true)]);
    let unused = house.code(&mut browser).await;
    let other = house.tokens(&mut house.browser(&house.member(house.admin)).await).await;
    assert_eq!(house.me(&access).await.status, 200);
    revoke(&house, &mia).await;
    for token in [&access, &rotated.text("access_token")] {
        assert_eq!(house.me(token).await.status, 401, "an access token is void at once");
    }
    assert_eq!(house.refresh(&rotated.text("refresh_token"), &[]).await.fault().2, 50_173);
    assert_eq!(house.redeem(&unused, &[]).await.fault().2, 50_173, "a code on its way is void, too");
    assert_eq!(house.me(&other.text("access_token")).await.status, 200, "others keep theirs");
    assert_eq!((apps(&house, &mia).await.len(), revocations(&house).await), (0, 1));
    revoke(&house, &mia).await;
    assert_eq!(revocations(&house).await, 1, "a second click does nothing");
    assert_eq!(house.tokens(&mut browser).await.status, 200, "the person can sign in to it again");
}

#[tokio::test]
async fn what_a_person_alone_allowed_is_listed_and_forgotten() {
    let house = House::new(121).await;
    let (web, mia) = (house.web.to_string(), house.member(house.mia));
    let asked = house.ask(&[("client_id", &web), ("redirect_uri", CALLBACK), ("scope", "openid User.Read")]);
    let mut browser = house.mias().await;
    let page = browser.get(&asked).await;
    let (csrf, request) = (page.field("csrf"), page.field("request"));
    let yes = [("csrf", csrf.as_str()), ("request", request.as_str()), ("decision", "accept")];
    browser.submit("/consent", &yes).await.is(200);
    let listed = apps(&house, &mia).await;
    let [one] = listed.as_slice() else { panic!("{listed:?}") };
    assert!(!one.signed_in && one.last.is_none(), "it was allowed, and never got a token");
    let values: Vec<_> =
        one.permissions.iter().map(|one| (one.permission.value(), one.for_everybody)).collect();
    assert_eq!(values, [("User.Read", false)]);
    assert!(browser.get(&asked).await.sent().1.contains_key("code"), "not asked again");
    let who = house.world.signed_in(&mia).await;
    let (directory, cx) = (house.world.directory(), house.world.cx());
    directory.revoke_app(&cx, &who, house.contoso, house.web).await.unwrap();
    browser.get(&asked).await.is(200).says("User.Read").says("asks for permission");
}

#[tokio::test]
async fn a_sign_in_without_a_refresh_token_is_over_with_its_access_token() {
    let house = House::new(122).await;
    let mia = house.member(house.mia);
    let mut browser = house.mias().await;
    let (_, sent) = browser.get(&house.ask(&[("scope", "openid User.Read")])).await.sent();
    assert_eq!(house.redeem(&sent["code"], &[]).await.status, 200);
    let listed = apps(&house, &mia).await;
    assert!(listed[0].signed_in && !listed[0].while_away);
    house.later(Span::minutes(76));
    assert_eq!(apps(&house, &mia).await, []);
    house.tokens(&mut house.mias().await).await;
    house.block(house.contoso, house.mia, true).await;
    house.block(house.contoso, house.mia, false).await;
    assert_eq!(apps(&house, &mia).await, [], "what a block voided is not listed as if it could act");
}

/// A guest sees and ends at home what acts for the guest elsewhere; nobody else's is within reach.
#[tokio::test]
async fn a_guest_takes_back_what_acts_in_another_organisation() {
    let house = House::new(123).await;
    let ana = World::person(house.fabrikam, house.ana);
    let reply = house.tokens(&mut house.browser(&ana).await).await;
    let listed = apps(&house, &ana).await;
    assert_eq!(listed.iter().map(|one| one.organization.as_str()).collect::<Vec<_>>(), ["Contoso"]);
    let stranger = house.world.member(house.fabrikam, "nora@fabrikam.example", &[]).await;
    let nora = house.world.signed_in(&World::person(house.fabrikam, stranger)).await;
    let (directory, cx) = (house.world.directory(), house.world.cx());
    directory.revoke_app(&cx, &nora, house.contoso, house.tool).await.unwrap();
    let error = directory.my_app(&cx, &nora, house.contoso, house.tool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(house.me(&reply.text("access_token")).await.status, 200, "a stranger ends nothing");
    revoke(&house, &ana).await;
    assert_eq!(house.me(&reply.text("access_token")).await.status, 401);
}

/// a second use ends the sign-in, with the access tokens that came of it.
#[tokio::test]
async fn a_second_use_of_a_refresh_token_voids_access_tokens_as_well() {
    let house = House::new(124).await;
    let first = house.tokens(&mut house.mias().await).await;
    let second = house.refresh(&first.text("refresh_token"), &[]).await;
    assert_eq!(house.me(&second.text("access_token")).await.status, 200);
    assert_eq!(house.refresh(&first.text("refresh_token"), &[]).await.status, 400);
    for reply in [first, second] {
        assert_eq!(house.me(&reply.text("access_token")).await.status, 401);
    }
}

async fn approved(house: &House) -> String {
    let started = device::start(house, "contoso.example", crate::house::BASIC).await;
    let mut browser = house.mias().await;
    device::enter(&mut browser, &started.text("user_code"), Some("accept")).await.is(200);
    started.text("device_code")
}

async fn fetched(house: &House, code: &str) -> Reply {
    house.later(Span::seconds(5));
    device::poll(house, "contoso.example", code, &[]).await
}

/// The sign-in of a device begins with the person's yes, so what voids sign-ins after that voids it, though the device comes later.
#[tokio::test]
async fn a_device_that_comes_after_the_person_thought_better_of_it_gets_nothing() {
    let house = device::allowed(125).await;
    let mia = house.member(house.mia);
    let code = approved(&house).await;
    assert!(apps(&house, &mia).await[0].by_device);
    revoke(&house, &mia).await;
    assert_eq!(fetched(&house, &code).await.fault().2, 50_173, "taken back");
    let code = approved(&house).await;
    let who = house.world.signed_in(&mia).await;
    house.world.directory().sign_out_everywhere(&house.world.cx(), &who).await.unwrap();
    assert_eq!(fetched(&house, &code).await.fault().2, 50_173, "signed out everywhere");
    let code = approved(&house).await;
    let reply = fetched(&house, &code).await;
    assert_eq!(house.me(&reply.text("access_token")).await.status, 200, "nothing spoke against this one");
    revoke(&house, &mia).await;
    assert_eq!(house.me(&reply.text("access_token")).await.status, 401);
}
