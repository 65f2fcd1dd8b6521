//! Invitations: by the link that was sent, from the list of organisations, and declined.

use crate::{browser::Browser, scene::Scene};
use model::{InvitationState, Person, UserType};
use service::{Caller, InvitationRequest, InvitationSent, UserPatch};
use testkit::GuestState;

async fn invite(scene: &Scene, address: &str) -> InvitationSent {
    let request = InvitationRequest {
        address: address.to_owned(),
        redirect_url: "https://tailwind.example/welcome".to_owned(),
        user_type: UserType::Guest,
        ..InvitationRequest::default()
    };
    let operator = Caller::operator(scene.tailwind);
    scene.world.directory().invite(&scene.world.cx(), &operator, request).await.unwrap()
}

fn accept_path(scene: &Scene) -> String {
    format!("/myaccount/organizations/accept/{}", scene.tailwind)
}

async fn state(scene: &Scene, sent: &InvitationSent) -> Option<InvitationState> {
    scene.world.user(scene.tailwind, sent.user.id).await.unwrap().invitation
}

#[tokio::test]
async fn a_pending_invitation_is_reviewed_accepted_and_leads_on_by_a_link() {
    let scene = Scene::new(8).await;
    let sent = invite(&scene, "ana@fabrikam.example").await;
    let path = format!("/invitations/redeem?ticket={}", sent.ticket);
    let mut stranger = Browser::new(&scene.world);
    let away = stranger.get(&path).await;
    assert!(away.header("location").starts_with("/signin?return=/invitations/redeem%3Fticket%3D"));
    let mut other = scene.browser(&scene.admin).await;
    other.get(&path).await.is(403).says("This invitation is for another account").lacks("Tailwind");
    let mut browser = scene.browser(&scene.ana).await;
    browser.get("/myaccount/organizations").await.says("Tailwind Invitation pending");
    let leave = browser.get(&format!("/myaccount/organizations/leave/{}", scene.tailwind)).await;
    leave.is(200).says("Decline the invitation of Tailwind?");
    browser.get(&path).await.is(200).says("Tailwind invites you to work with it as a guest.");
    browser.submit(&path, &path, &[("decision", "cancel")]).await.leads_to("/myaccount/organizations");
    let done = browser.submit(&path, &path, &[("decision", "accept")]).await;
    done.is(200).says("You are now a guest of Tailwind");
    assert!(done.body.contains("href=\"https://tailwind.example/welcome\""));
    browser.get(&path).await.is(409).says("This invitation was already used");
    browser.get("/invitations/redeem?ticket=x").await.is(409).says("no longer valid");
}

/// The session proves who the person is, so the link of the mail is not needed; opening an address accepts nothing.
#[tokio::test]
async fn an_invitation_is_accepted_from_the_list_without_its_link() {
    let scene = Scene::new(90).await;
    let sent = invite(&scene, "ana@fabrikam.example").await;
    let path = accept_path(&scene);
    let mut browser = scene.browser(&scene.ana).await;
    let overview = browser.get("/myaccount").await;
    overview.is(200).says("Tailwind has invited you.").links_to(&path);
    let list = browser.get("/myaccount/organizations").await;
    list.says("You are not in it until you accept.")
        .says("Review and accept")
        .says("Decline")
        .links_to(&path);
    let review = browser.get(&path).await;
    review.is(200).says("Review permissions").says("Tailwind invites you to work with it as a guest.");
    review.says("Sent to ana@fabrikam.example").says("Signed in as ana@fabrikam.example");
    review.says("Tailwind has not provided links to their terms for you to review");
    review.links_to(&format!("/myaccount/organizations/leave/{}", scene.tailwind));
    assert_eq!(
        state(&scene, &sent).await,
        Some(InvitationState::PendingAcceptance),
        "nothing is accepted yet"
    );
    browser.submit(&path, &path, &[("decision", "cancel")]).await.leads_to("/myaccount/organizations");
    browser.post(&path, &[("csrf", "made up"), ("decision", "accept")]).await.is(403);
    assert_eq!(state(&scene, &sent).await, Some(InvitationState::PendingAcceptance));
    let csrf = browser.get(&path).await.field("csrf");
    for _ in 0..2 {
        let done = browser.post(&path, &[("csrf", &csrf), ("decision", "accept")]).await;
        done.is(200).says("You are now a guest of Tailwind").links_to("https://tailwind.example/welcome");
    }
    assert_eq!(state(&scene, &sent).await, Some(InvitationState::Accepted));
    browser.get(&path).await.is(409).says("This invitation was already used");
    browser.get("/myaccount").await.lacks("has invited you");
    let mut late = scene.browser(&scene.ana).await;
    let link = format!("/invitations/redeem?ticket={}", sent.ticket);
    late.get(&link).await.is(409).says("This invitation was already used");
}

#[tokio::test]
async fn nobody_accepts_what_is_not_theirs_or_was_taken_back() {
    let scene = Scene::new(91).await;
    let sent = invite(&scene, "ana@fabrikam.example").await;
    let path = accept_path(&scene);
    // To somebody without an account there, it looks like an organisation that does not exist.
    let mut other = scene.browser(&scene.admin).await;
    let (csrf, nowhere) =
        (other.get("/myaccount").await.field("csrf"), "/myaccount/organizations/accept/nowhere.example");
    for path in [path.as_str(), nowhere] {
        other.get(path).await.is(404).says("There is no such page").lacks("Tailwind");
        other.post(path, &[("csrf", &csrf), ("decision", "accept")]).await.is(404).lacks("Tailwind");
    }
    // Blocking takes back what was sent, also after the block is over.
    let mut ana = scene.browser(&scene.ana).await;
    let csrf = ana.get(&path).await.field("csrf");
    let accept = [("csrf", csrf.as_str()), ("decision", "accept")];
    let operator = Caller::operator(scene.tailwind);
    let enabled = |flag| UserPatch { account_enabled: Some(flag), ..UserPatch::default() };
    let (directory, key) = (scene.world.directory(), sent.user.id.to_string());
    directory.update_user(&scene.world.cx(), &operator, &key, enabled(false)).await.unwrap();
    ana.post(&path, &accept).await.says("Your account is blocked");
    ana.get("/myaccount/organizations").await.says("Tailwind Blocked").lacks("/organizations/accept/");
    directory.update_user(&scene.world.cx(), &operator, &key, enabled(true)).await.unwrap();
    ana.post(&path, &accept).await.is(409).says("This invitation is no longer valid");
    let list = ana.get("/myaccount/organizations").await;
    list.says("This invitation can no longer be accepted.").lacks("/organizations/accept/").says("Decline");
    assert_eq!(state(&scene, &sent).await, Some(InvitationState::PendingAcceptance));
    // A new one can be accepted; after a removal, nothing can.
    invite(&scene, "ana@fabrikam.example").await;
    ana.get(&path).await.is(200).says("Review permissions");
    directory.delete_user(&scene.world.cx(), &operator, &key).await.unwrap();
    ana.post(&path, &accept).await.is(409).says("This invitation is no longer valid");
    ana.get("/myaccount/organizations").await.says("An administrator of Tailwind has removed your account.");
    let away = Browser::new(&scene.world).get(&path).await;
    away.leads_to(&format!("/signin?return={path}"));
}

/// A mailbox that an administrator wrote into an account proves nothing: only addresses in the home's own domains count.
#[tokio::test]
async fn an_address_that_was_only_written_down_accepts_nothing() {
    let scene = Scene::new(92).await;
    invite(&scene, "sam@mail.example").await;
    let operator = Caller::operator(scene.fabrikam);
    let patch = UserPatch { mail: Some(Some("sam@mail.example".to_owned())), ..UserPatch::default() };
    let (cx, key) = (scene.world.cx(), scene.ana_at_home.to_string());
    scene.world.directory().update_user(&cx, &operator, &key, patch).await.unwrap();
    let path = accept_path(&scene);
    scene.browser(&scene.ana).await.get(&path).await.is(404);
    let sam = Person::Mailbox { address: "sam@mail.example".to_owned() };
    scene.browser(&sam).await.get(&path).await.is(200).says("Sent to sam@mail.example");
}

#[tokio::test]
async fn an_invitation_that_the_settings_do_not_allow_says_so() {
    let scene = Scene::new(93).await;
    invite(&scene, "ana@fabrikam.example").await;
    let setting = serde_json::json!({ "b2bCollaborationOutbound": {
        "usersAndGroups": { "accessType": "blocked", "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": "blocked", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    }});
    let patch = setting.as_object().cloned().unwrap();
    let operator = Caller::operator(scene.fabrikam);
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    directory.set_partner(&cx, &operator, (scene.tailwind, true), patch).await.unwrap();
    let path = accept_path(&scene);
    let mut browser = scene.browser(&scene.ana).await;
    let refused = browser.submit(&path, &path, &[("decision", "accept")]).await;
    refused.is(403).says("This invitation cannot be accepted at present");
}

#[tokio::test]
async fn declining_says_what_happens_and_has_its_own_receipt() {
    let scene = Scene::new(94).await;
    scene.world.guest(scene.tailwind, &scene.ana, "ana@fabrikam.example", GuestState::Pending).await;
    let mut browser = scene.browser(&scene.ana).await;
    let path = format!("/myaccount/organizations/leave/{}", scene.tailwind);
    let asked = browser.get(&path).await;
    asked.is(200).says("Decline the invitation of Tailwind?").says("The invitation can no longer be used.");
    asked.says("Permanently deleted after 31 January 2026, 00:00 UTC").says("Decline invitation");
    asked.lacks("You lose access");
    let (csrf, confirmation) = (asked.field("csrf"), asked.field("confirmation"));
    for _ in 0..2 {
        let done = browser.post(&path, &[("csrf", &csrf), ("confirmation", &confirmation)]).await;
        done.is(200).says("You have declined the invitation of Tailwind").says("tailwind.example");
    }
    let list = browser.get("/myaccount/organizations").await;
    list.is(200).says("Tailwind Declined").says("You have declined the invitation of Tailwind.");
    browser.get(&path).await.is(403).says("You have already declined");
    scene.world.clock.advance(model::Span::days(30));
    let mut browser = scene.browser(&scene.ana).await;
    browser.get("/myaccount/organizations").await.says("Your account can no longer be restored.");
    scene.world.directory().purge_pass().await.unwrap();
    browser.get("/myaccount/organizations").await.lacks("Tailwind");
    browser.get(&path).await.is(404);
}
