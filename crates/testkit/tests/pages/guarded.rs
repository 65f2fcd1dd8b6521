//! Every form of the administration, sent from elsewhere, without its token, with somebody else's, and through a closed door.

use crate::{
    browser::{Browser, form},
    scene::Scene,
};
use model::{Span, authz::Role};
use testkit::{GuestState, World};

const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&\u{202e}";

/// Where each form is sent, and what it says besides its token.
fn forms(scene: &Scene, deleted: model::ObjectId) -> Vec<(String, Vec<(&'static str, String)>)> {
    let user = format!("/admin/users/{}", scene.guest);
    let settings = "/admin/external-collaboration";
    let text = |value: &str| value.to_owned();
    let section = |name: &str, field, value: &str| {
        vec![("version", text("1.0.0.0")), ("section", text(name)), (field, text(value))]
    };
    let guest = || vec![("id", scene.guest.to_string())];
    vec![
        (text(settings), section("guest-access", "value", "restricted")),
        (text(settings), section("invites", "value", "none")),
        (text(settings), section("self-service", "allow", "yes")),
        (text(settings), section("leave", "allow", "no")),
        (text(settings), section("restrictions", "mode", "any")),
        (text(settings), section("guest-administrators", "allow", "yes")),
        (format!("{settings}/deleted-home-accounts"), vec![("version", text("1.0.0.0"))]),
        (format!("{settings}/home-deletions/review"), guest()),
        (text("/admin/users/remove"), guest()),
        (text("/admin/users/invite"), vec![("address", text("kim@mail.example"))]),
        (user.clone(), vec![("act", text("block"))]),
        (format!("{user}/invitation"), Vec::new()),
        (format!("{user}/reset"), Vec::new()),
        (format!("/admin/deleted-users/{deleted}/restore"), Vec::new()),
        (format!("/admin/deleted-users/{deleted}/delete"), Vec::new()),
        (
            text("/admin/properties"),
            vec![("version", text("2")), ("technicalContact", text("it@contoso.example"))],
        ),
    ]
}

/// Everything that these forms could change.
async fn state(scene: &Scene) -> String {
    let operator = service::Caller::operator(scene.contoso);
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    let settings = directory.view_collaboration(&cx, &operator).await.expect("the settings");
    let organization = directory.get_organization(&cx, &operator).await.expect("the organisation");
    let mut users = Vec::new();
    for deleted in [false, true] {
        let query = service::UserQuery { deleted, limit: 100, ..service::UserQuery::default() };
        users.extend(directory.list_users(&cx, &operator, &query, false).await.expect("users").0.items);
    }
    format!("{settings:?} {organization:?} {users:?}")
}

#[tokio::test]
async fn no_form_of_the_administration_works_from_elsewhere_or_without_its_token() {
    let scene = Scene::new(230).await;
    let sam = model::Person::Mailbox { address: "sam@mail.example".to_owned() };
    let deleted = scene.world.guest(scene.contoso, &sam, "sam@mail.example", GuestState::Removed).await;
    let mut admin = scene.browser(&scene.admin).await;
    let token = admin.get("/admin").await.field("csrf");
    let other =
        scene.world.member(scene.contoso, "other@contoso.example", &[Role::GlobalAdministrator]).await;
    let mut other = scene.browser(&World::person(scene.contoso, other)).await;
    let foreign = other.get("/admin").await.field("csrf");
    let before = state(&scene).await;
    for (path, fields) in forms(&scene, deleted) {
        let with = |token: &str| {
            let mut all = vec![("csrf", token.to_owned())];
            all.extend(fields.iter().cloned());
            form(&all.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
        };
        for headers in [&[][..], &[("sec-fetch-site", "cross-site")], &[("origin", "https://evil.example")]] {
            let mut request =
                admin.request("POST", &path).header("content-type", "application/x-www-form-urlencoded");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            assert_eq!(admin.send(request, &with(&token)).await.status, 403, "{path} {headers:?}");
        }
        for token in ["", "x.y", &foreign] {
            let request = admin
                .request("POST", &path)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin");
            assert_eq!(admin.send(request, &with(token)).await.status, 403, "{path} with {token:?}");
        }
        // The link of another site shows at most the page that asks.
        let (address, query) = (path.clone(), with(&token));
        let page = admin.get(&format!("{address}?{query}")).await;
        assert!([200, 303, 404].contains(&page.status), "{path}: {}", page.status);
        assert_eq!(state(&scene).await, before, "{path}");
    }
}

#[tokio::test]
async fn the_door_of_the_administration_is_asked_for_at_each_form() {
    let scene = Scene::new(231).await;
    let sam = model::Person::Mailbox { address: "sam@mail.example".to_owned() };
    let deleted = scene.world.guest(scene.contoso, &sam, "sam@mail.example", GuestState::Removed).await;
    let mut admin = scene.browser(&scene.admin).await;
    let token = admin.get("/admin").await.field("csrf");
    let before = state(&scene).await;
    let mut outside = admin.clone();
    outside.jar.remove("__Host-innkeeper-admin");
    let mut nobody = Browser::new(&scene.world);
    for (path, fields) in forms(&scene, deleted) {
        let mut all = vec![("csrf", token.as_str())];
        all.extend(fields.iter().map(|(name, value)| (*name, value.as_str())));
        for browser in [&mut outside, &mut nobody] {
            let answer = browser.post(&path, &all).await;
            assert!(
                answer.status == 303 && answer.header("location").starts_with("/signin?return="),
                "{path}"
            );
        }
        assert_eq!(state(&scene).await, before, "{path}");
    }
    // After a quarter of an hour without use it is shut.
    scene.world.clock.advance(Span::minutes(16));
    admin.get("/admin/users").await.leads_to("/signin?return=/admin/users&again");
}

#[tokio::test]
async fn names_that_a_hostile_home_chose_stay_text_on_every_page() {
    let scene = Scene::new(232).await;
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    let operator = service::Caller::operator(scene.contoso);
    let named = |name: &str| service::UserPatch {
        display_name: Some(name.to_owned()),
        ..service::UserPatch::default()
    };
    let plain: String = HOSTILE.chars().filter(|c| *c != '\u{202e}').collect();
    directory.update_user(&cx, &operator, &scene.guest.to_string(), named(&plain)).await.expect("a name");
    let mut admin = scene.browser(&scene.admin).await;
    let (user, id) = (format!("/admin/users/{}", scene.guest), scene.guest);
    for path in [
        "/admin/users".to_owned(),
        user.clone(),
        format!("{user}/reset"),
        format!("/admin/users/remove?id={id}"),
        "/admin/external-collaboration/deleted-home-accounts".to_owned(),
    ] {
        admin.get(&path).await.is(200).lacks("<img src=x").says(&plain);
    }
    for query in ["show=guests&q=%3Cimg%20src%3Dx%3E", "q=%22%20autofocus%20onfocus%3Dalert(1)%20x%3D%22"] {
        let page = admin.get(&format!("/admin/users?{query}")).await;
        page.is(200).lacks("<img src=x").lacks("\" autofocus");
    }
    let typed = [
        ("address", "<img src=x>"),
        ("name", "\"><script>alert(1)</script>"),
        ("message", "</textarea><img src=x>"),
    ];
    let page = admin.submit("/admin/users/invite", "/admin/users/invite", &typed).await;
    page.is(400).lacks("<img src=x").lacks("<script>alert");
    let list = [
        ("version", "1.0.0.0"),
        ("section", "restrictions"),
        ("mode", "deny"),
        ("domains", "</textarea><img src=x>"),
    ];
    let settings = "/admin/external-collaboration";
    admin.submit(settings, settings, &list).await.is(400).lacks("<img src=x");
}

#[tokio::test]
async fn a_deleted_user_goes_for_good_only_after_a_fresh_sign_in() {
    let scene = Scene::new(233).await;
    let who = scene.world.signed_in(&scene.ana).await;
    assert!(scene.world.leave(&who, scene.contoso).await);
    let path = format!("/admin/deleted-users/{}/delete", scene.guest);
    let mut admin = scene.browser(&scene.admin).await;
    let token = admin.get(&path).await.field("csrf");
    scene.world.clock.advance(Span::minutes(11));
    admin.post(&path, &[("csrf", &token)]).await.leads_to(&format!("/signin?return={path}&again"));
    assert!(scene.world.user(scene.contoso, scene.guest).await.is_some(), "nothing is deleted meanwhile");
    let mut admin = scene.browser(&scene.admin).await;
    assert_eq!(admin.submit(&path, &path, &[]).await.status, 303);
    assert!(scene.world.user(scene.contoso, scene.guest).await.is_none());
}
