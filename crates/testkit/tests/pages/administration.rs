//! What administrators do by page.

use crate::scene::Scene;
use model::{ObjectId, Person, authz::Role};
use service::Caller;
use testkit::{GuestState, World};

const SETTINGS: &str = "/admin/external-collaboration";
const DELETED: &str = "/admin/deleted-users";
const PROPERTIES: &str = "/admin/properties";

#[tokio::test]
async fn the_settings_are_saved_one_switch_at_a_time_and_say_so_once() {
    let scene = Scene::new(80).await;
    let mut browser = scene.browser(&scene.admin).await;
    browser
        .get(SETTINGS)
        .await
        .is(200)
        .says("External user leave settings")
        .says("one guest can no longer leave by themselves");
    let page = browser.get(SETTINGS).await;
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let save = |section: &'static str, allow: &'static str| {
        [("csrf", csrf.as_str()), ("version", version.as_str()), ("section", section), ("allow", allow)]
    };
    let saved = browser.post(SETTINGS, &save("leave", "no")).await;
    let target = saved.header("location").to_owned();
    assert!(saved.status == 303 && target.starts_with("/admin/external-collaboration?note="), "{target}");
    browser.get(&target).await.is(200).says("Saved. It is in force from now on.");
    assert!(!browser.get(SETTINGS).await.text().contains("Saved."));
    assert!(!scene.policy().await.allow_leave);
    let late = browser.post(SETTINGS, &save("leave", "yes")).await;
    late.is(409).says("Not saved. Somebody else changed this after you opened the page.");
    assert!(!scene.policy().await.allow_leave);
    let policy = scene.policy().await;
    for fields in
        [&save("leave", "no")[..3], &[("csrf", csrf.as_str()), ("section", "other"), ("allow", "no")]]
    {
        browser.post(SETTINGS, fields).await.is(400).says("Not saved. Choose Yes or No");
    }
    assert_eq!(scene.policy().await, policy);
}

#[tokio::test]
async fn leaving_cannot_be_switched_off_without_privacy_information() {
    let scene = Scene::new(81).await;
    let admin =
        scene.world.member(scene.tailwind, "admin@tailwind.example", &[Role::GlobalAdministrator]).await;
    let mut browser = scene.browser(&World::person(scene.tailwind, admin)).await;
    let page = browser.get(SETTINGS).await;
    page.is(200).says(
        "You can change this once your organization has a global privacy contact and a privacy statement",
    );
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let fields =
        [("csrf", csrf.as_str()), ("version", version.as_str()), ("section", "leave"), ("allow", "no")];
    browser
        .post(SETTINGS, &fields)
        .await
        .is(400)
        .says("Add a global privacy contact and a privacy statement in Properties");
}

#[tokio::test]
async fn properties_are_judged_field_by_field_and_saved_against_the_version_shown() {
    let scene = Scene::new(82).await;
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(PROPERTIES).await;
    page.is(200);
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let with = |contact: &'static str, statement: &'static str| {
        [
            ("csrf", csrf.as_str()),
            ("version", version.as_str()),
            ("technicalContact", ""),
            ("privacyContact", contact),
            ("privacyStatement", statement),
        ]
    };
    let wrong = browser.post(PROPERTIES, &with("nobody", "javascript:alert(1)")).await;
    wrong
        .is(400)
        .says("Enter an e-mail address")
        .says("Enter an address that begins with https:// or mailto:.");
    let saved = browser.post(PROPERTIES, &with("dpo@contoso.example", "mailto:dpo@contoso.example")).await;
    let target = saved.header("location").to_owned();
    browser.get(&target).await.is(200).says("Saved.");
    assert!(browser.get(PROPERTIES).await.body.contains("value=\"dpo@contoso.example\""));
    let late = browser.post(PROPERTIES, &with("other@contoso.example", "https://contoso.example")).await;
    late.is(409).says("Somebody else changed this");
    assert!(late.body.contains("value=\"dpo@contoso.example\""), "what is stored is shown");
}

#[tokio::test]
async fn privacy_information_cannot_be_cleared_while_leaving_is_off() {
    let scene = Scene::new(83).await;
    let admin =
        scene.world.member(scene.woodgrove, "admin@woodgrove.example", &[Role::GlobalAdministrator]).await;
    let mut browser = scene.browser(&World::person(scene.woodgrove, admin)).await;
    let page = browser.get(PROPERTIES).await;
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let fields =
        [("csrf", csrf.as_str()), ("version", version.as_str()), ("privacyContact", "a@woodgrove.example")];
    browser
        .post(PROPERTIES, &fields)
        .await
        .is(400)
        .says("External users may not leave by themselves at present");
}

#[tokio::test]
async fn a_deleted_user_is_restored_by_page() {
    let scene = Scene::new(84).await;
    let who = scene.world.signed_in(&scene.ana).await;
    assert!(scene.world.leave(&who, scene.contoso).await);
    let mut browser = scene.browser(&scene.admin).await;
    browser
        .get(DELETED)
        .await
        .is(200)
        .says("Guest ana@fabrikam.example")
        .says("Left by themselves")
        .says("30");
    let path = format!("{DELETED}/{}/restore", scene.guest);
    let done = browser.submit(DELETED, &path, &[]).await;
    let target = done.header("location").to_owned();
    browser
        .get(&target)
        .await
        .is(200)
        .says("Guest ana@fabrikam.example is restored")
        .says("There are no deleted users.");
    assert!(!scene.world.user(scene.contoso, scene.guest).await.unwrap().is_deleted());
    let again = browser.submit(DELETED, &path, &[]).await;
    let target = again.header("location").to_owned();
    browser.get(&target).await.is(200).says("This user is no longer in the list");
    browser.get(&path).await.leads_to(DELETED);
}

#[tokio::test]
async fn permanent_deletion_asks_first_and_then_nothing_is_left() {
    let scene = Scene::new(85).await;
    let who = scene.world.signed_in(&scene.ana).await;
    assert!(scene.world.leave(&who, scene.contoso).await);
    let mut browser = scene.browser(&scene.admin).await;
    let path = format!("{DELETED}/{}/delete", scene.guest);
    browser
        .get(&path)
        .await
        .is(200)
        .says("Delete Guest ana@fabrikam.example permanently?")
        .says("This cannot be undone.");
    assert!(scene.world.user(scene.contoso, scene.guest).await.is_some(), "asking deletes nothing");
    let done = browser.submit(&path, &path, &[]).await;
    let target = done.header("location").to_owned();
    browser.get(&target).await.is(200).says("The user is permanently deleted.");
    assert!(scene.world.user(scene.contoso, scene.guest).await.is_none());
    let gone = browser.get(&path).await.header("location").to_owned();
    browser.get(&gone).await.is(200).says("no longer in the list");
    for id in [ObjectId::mint(scene.world.random.as_ref()).to_string(), "x".to_owned()] {
        let page = browser.get(&format!("{DELETED}/{id}/delete")).await;
        assert!(matches!(page.status, 303 | 404), "{}", page.status);
    }
}

#[tokio::test]
async fn deleted_users_come_in_pages_newest_first() {
    let scene = Scene::new(86).await;
    for n in 0..53 {
        let address = format!("guest{n:02}@mail.example");
        let person = Person::Mailbox { address: address.clone() };
        scene.world.clock.advance(model::Span::minutes(1));
        scene.world.guest(scene.contoso, &person, &address, GuestState::Removed).await;
    }
    let mut browser = scene.browser(&scene.admin).await;
    let first = browser.get(DELETED).await;
    first.is(200).says("Guest guest52@").lacks("Guest guest02@");
    let second = browser.get(&first.next().expect("a next page")).await;
    second
        .is(200)
        .says("Guest guest02@")
        .says("Guest guest00@")
        .lacks("Guest guest03@")
        .lacks("rel=\"next\"");
}

#[tokio::test]
async fn pages_of_administrators_need_a_role_and_changes_the_right_one() {
    let scene = Scene::new(87).await;
    let plain = scene.world.member(scene.contoso, "plain@contoso.example", &[]).await;
    let reader = scene.world.member(scene.contoso, "reader@contoso.example", &[Role::GlobalReader]).await;
    let mut plain = scene.browser(&World::person(scene.contoso, plain)).await;
    let mut reader = scene.browser(&World::person(scene.contoso, reader)).await;
    let below = [
        "",
        "/external-collaboration",
        "/external-collaboration/home-deletions",
        "/deleted-users",
        "/roles",
        "/apps",
        "/apps/new",
        "/audit",
        "/audit/export.csv",
        "/properties",
    ];
    for path in below.map(|below| format!("/admin{below}")) {
        plain.get(&path).await.is(403).says("This page is not for this account");
    }
    plain.get("/myaccount").await.is(200).lacks("href=\"/admin\"");
    reader.get("/admin").await.is(200).says("Deleted users");
    reader.get(DELETED).await.is(200);
    let page = reader.get(SETTINGS).await;
    page.is(200).says("You can see these settings.");
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let fields =
        [("csrf", csrf.as_str()), ("version", version.as_str()), ("section", "leave"), ("allow", "no")];
    reader.post(SETTINGS, &fields).await.is(403).says("Your role does not allow this change");
    let who = scene.world.signed_in(&scene.ana).await;
    assert!(scene.world.leave(&who, scene.contoso).await);
    for act in ["restore", "delete"] {
        reader.post(&format!("{DELETED}/{}/{act}", scene.guest), &[("csrf", &csrf)]).await.is(403);
    }
    assert!(scene.world.user(scene.contoso, scene.guest).await.unwrap().is_deleted());
    assert!(scene.policy().await.allow_leave);
}

#[tokio::test]
async fn earlier_home_deletions_are_listed_reviewed_and_applied_by_hand() {
    let scene = Scene::new(88).await;
    let operator = Caller::operator(scene.fabrikam);
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    directory.delete_user(&cx, &operator, &scene.ana_at_home.to_string()).await.unwrap();
    directory.home_pass().await.unwrap();
    let mut browser = scene.browser(&scene.admin).await;
    let list = format!("{SETTINGS}/home-deletions");
    browser.get(SETTINGS).await.says("There is one earlier case.");
    browser.get(&list).await.is(200).says("One guest.").says("Guest ana@fabrikam.example");
    let review = format!("{list}/review");
    let nothing = browser.get(&review).await.header("location").to_owned();
    browser.get(&nothing).await.is(200).says("Choose at least one guest");
    let chosen = format!("{review}?id={}", scene.guest);
    browser.get(&chosen).await.is(200).says("Remove one guest?").says("31 January 2026, 00:00 UTC");
    let id = scene.guest.to_string();
    let done = browser.submit(&chosen, &review, &[("id", &id)]).await.header("location").to_owned();
    browser.get(&done).await.is(200).says("One guest is removed.").says("There are none.");
    assert!(scene.world.user(scene.contoso, scene.guest).await.unwrap().is_deleted());
}
