use crate::{
    browser::{Browser, Page},
    factor::set_up,
    scene::{ADA, BOB, PASSWORD, Scene},
};
use model::{ObjectId, Span, audit::Activity};
use service::{Caller, PasswordChange, SignIn, UserPatch};

const NEW: &str = "nine loud herons whistle";

/// What Graph does with `forceChangePasswordNextSignIn: true`.
async fn force(scene: &Scene, user: ObjectId, change: PasswordChange) {
    let patch = UserPatch { password_change: Some(change), ..UserPatch::default() };
    let (cx, operator) = (scene.world.cx(), Caller::operator(scene.contoso));
    scene.world.directory().update_user(&cx, &operator, &user.to_string(), patch).await.expect("set");
}

/// Sends the form of the page on which a new password is chosen.
async fn choose(browser: &mut Browser, asked: &Page, new: &str, again: &str) -> Page {
    let (csrf, ticket, back) = (asked.field("csrf"), asked.field("ticket"), asked.field("return"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("return", back.as_str()),
        ("step", "newPassword"),
        ("userName", BOB),
        ("ticket", ticket.as_str()),
        ("newPassword", new),
        ("newPasswordAgain", again),
    ];
    browser.post("/signin", &fields).await
}

fn has_session(browser: &Browser) -> bool {
    browser.jar.contains_key("__Host-innkeeper")
}

#[tokio::test]
async fn whoever_has_to_chooses_a_new_password_before_there_is_a_session() {
    let scene = Scene::new(160).await;
    let mut elsewhere = scene.stranger();
    scene.sign_in(&mut elsewhere, BOB, PASSWORD).await.leads_to("/myaccount");
    force(&scene, scene.bob, PasswordChange::Required).await;
    let mut bob = scene.stranger();
    let back = "/myaccount/organizations";
    let fields = [("step", "password"), ("userName", BOB), ("password", PASSWORD), ("return", back)];
    let asked = bob.submit("/signin", "/signin", &fields).await;
    asked.is(200).says("Choose a new password");
    assert!(!has_session(&bob), "no session before the new password");
    // Going somewhere else is no way around it.
    for page in ["/myaccount", "/myaccount/security", "/admin", "/explorer"] {
        let there = bob.get(page).await;
        assert!(there.header("location").starts_with("/signin?return="), "{page}");
    }
    choose(&mut bob, &asked, NEW, "nine loud herons").await.is(422).says("The two passwords differ.");
    choose(&mut bob, &asked, "short", "short").await.is(422).says("too short or too easy to guess");
    choose(&mut bob, &asked, PASSWORD, PASSWORD).await.is(422).says("the password that you have now");
    assert!(!has_session(&bob));
    elsewhere.get("/myaccount").await.is(200);
    choose(&mut bob, &asked, NEW, NEW).await.leads_to(back);
    bob.get(back).await.is(200);
    elsewhere.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    scene.sign_in(&mut scene.stranger(), BOB, PASSWORD).await.is(422);
    scene.sign_in(&mut scene.stranger(), BOB, NEW).await.leads_to("/myaccount");
    let log = scene.audit().await;
    let record = log.iter().find(|one| one.record.activity == Activity::ChangePassword).expect("a record");
    assert!(
        matches!(record.record.initiator, model::audit::Initiator::User { id, .. } if id == Some(scene.bob))
    );
}

#[tokio::test]
async fn what_was_proved_before_the_choice_is_good_once_and_for_nothing_else() {
    let scene = Scene::new(161).await;
    let mut other = scene.stranger();
    let unforced = scene.sign_in(&mut other, BOB, PASSWORD).await;
    unforced.leads_to("/myaccount");
    force(&scene, scene.bob, PasswordChange::Required).await;
    let (mut bob, mut thief, mut late) = (scene.stranger(), scene.stranger(), scene.stranger());
    let asked = scene.sign_in(&mut bob, BOB, PASSWORD).await;
    let stolen = scene.sign_in(&mut thief, BOB, PASSWORD).await;
    let ticket = asked.field("ticket");
    let directory = scene.world.directory();
    let as_code = directory.sign_in_with_code(&scene.world.cx(), "192.0.2.1", &ticket, "000000").await;
    assert!(matches!(as_code, Ok(SignIn::Wrong)));
    choose(&mut bob, &asked, NEW, NEW).await.leads_to("/myaccount");
    for (browser, page) in [(&mut bob, &asked), (&mut thief, &stolen)] {
        let again = choose(browser, page, "four brown kettles hum", "four brown kettles hum").await;
        if again.status != 403 {
            again.is(422).says("was finished before");
        }
    }
    scene.sign_in(&mut scene.stranger(), BOB, NEW).await.leads_to("/myaccount");
    force(&scene, scene.bob, PasswordChange::Required).await;
    let asked = scene.sign_in(&mut late, BOB, NEW).await;
    scene.world.clock.advance(Span::minutes(10));
    choose(&mut late, &asked, PASSWORD, PASSWORD).await.is(422).says("took too long");
    let asked = scene.sign_in(&mut late, BOB, NEW).await;
    force(&scene, scene.bob, PasswordChange::NotRequired).await;
    choose(&mut late, &asked, PASSWORD, PASSWORD).await.is(422).says("took too long");
    scene.sign_in(&mut late, BOB, NEW).await.leads_to("/myaccount");
}

#[tokio::test]
async fn the_second_factor_comes_first_and_cannot_be_left_out() {
    let scene = Scene::new(162).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    force(&scene, scene.bob, PasswordChange::Required).await;
    // Proved before there was a second factor.
    let mut early = scene.stranger();
    let early_page = scene.sign_in(&mut early, BOB, PASSWORD).await;
    let (secret, _) = set_up(&scene, &mut bob).await;
    choose(&mut early, &early_page, NEW, NEW).await.is(422).says("took too long");
    force(&scene, scene.bob, PasswordChange::RequiredWithSecondFactor).await;
    scene.world.clock.advance(Span::minutes(1));
    let mut there = scene.stranger();
    let first = scene.sign_in(&mut there, BOB, PASSWORD).await;
    first.is(200).says("authenticator app").lacks("newPassword");
    choose(&mut there, &first, NEW, NEW).await.is(422).says("took too long");
    let code = secret.code_at(scene.world.cx().now);
    let (csrf, ticket) = (first.field("csrf"), first.field("ticket"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("step", "code"),
        ("userName", BOB),
        ("ticket", ticket.as_str()),
        ("code", code.as_str()),
    ];
    let asked = there.post("/signin", &fields).await;
    asked.is(200).says("Choose a new password");
    assert!(!has_session(&there));
    choose(&mut there, &asked, NEW, NEW).await.leads_to("/myaccount");
    there.get("/myaccount/sessions").await.is(200).says("Second factor");
}

#[tokio::test]
async fn choosing_the_same_password_again_and_again_is_throttled() {
    let scene = Scene::new(163).await;
    force(&scene, scene.bob, PasswordChange::Required).await;
    let mut bob = scene.stranger();
    let asked = scene.sign_in(&mut bob, BOB, PASSWORD).await;
    let mut last = 0;
    for _ in 0..8 {
        last = choose(&mut bob, &asked, PASSWORD, PASSWORD).await.status;
    }
    assert_eq!(last, 429);
    scene.world.clock.advance(Span::minutes(5));
    choose(&mut bob, &asked, NEW, NEW).await.leads_to("/myaccount");
}

#[tokio::test]
async fn an_administrator_who_proves_anew_who_they_are_chooses_as_well() {
    let scene = Scene::new(164).await;
    let mut ada = scene.stranger();
    scene.sign_in(&mut ada, ADA, PASSWORD).await;
    force(&scene, scene.ada, PasswordChange::Required).await;
    scene.world.clock.advance(Span::minutes(16));
    let way = ada.get("/admin/properties").await.header("location").to_owned();
    let page = ada.get(&way).await;
    let (csrf, back) = (page.field("csrf"), page.field("return"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("return", back.as_str()),
        ("again", "yes"),
        ("step", "password"),
        ("userName", ADA),
        ("password", PASSWORD),
    ];
    let asked = ada.post("/signin", &fields).await;
    asked.is(200).says("Choose a new password");
    ada.get("/admin/properties").await.leads_to(&way);
    choose(&mut ada, &asked, NEW, NEW).await.leads_to("/admin/properties");
    ada.get("/admin/properties").await.is(200);
}
