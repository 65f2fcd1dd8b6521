//! The story of a person: sign in, see, leave, be refused, accept.

use crate::{
    browser::Browser,
    scene::{PASSWORD, Scene},
};
use model::{Person, Span, policy::ExternalIdentitiesPolicyPatch};
use service::Caller;
use testkit::GuestState;

async fn enter(browser: &mut Browser, return_to: &str) -> crate::browser::Page {
    let fields = [("return", return_to), ("step", "userName"), ("userName", "ana@fabrikam.example")];
    let asked = browser.submit("/signin", "/signin", &fields).await;
    asked.is(200).says("Password");
    let csrf = asked.field("csrf");
    let user = ("userName", "ana@fabrikam.example");
    let fields =
        [("csrf", csrf.as_str()), ("return", return_to), ("step", "password"), user, ("password", PASSWORD)];
    browser.post("/signin", &fields).await
}

#[tokio::test]
async fn a_guest_signs_in_sees_the_organizations_leaves_and_gets_a_receipt() {
    let scene = Scene::new(1).await;
    let mut browser = Browser::new(&scene.world);
    browser.get("/myaccount/organizations").await.leads_to("/signin?return=/myaccount/organizations");
    enter(&mut browser, "/myaccount/organizations").await.leads_to("/myaccount/organizations");
    let list = browser.get("/myaccount/organizations").await;
    list.is(200).says("Home organization").says("Fabrikam").says("Other organizations you collaborate with");
    list.says("Contoso Active").says("Woodgrove Leaving not allowed");
    assert!(!list.body.contains(&format!("leave/{}", scene.fabrikam)), "there is no Leave at home");
    let asked = browser.get(&scene.leave_path()).await;
    asked.is(200).says("Leave Contoso?").says("Permanently deleted after 31 January 2026, 00:00 UTC");
    let fields = [("csrf", asked.field("csrf")), ("confirmation", asked.field("confirmation"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let receipt = browser.post(&scene.leave_path(), &fields).await;
    receipt
        .is(200)
        .says("You have left Contoso")
        .says("31 January 2026, 00:00 UTC")
        .says("privacy@contoso.example");
    scene.world.clock.advance(Span::minutes(1));
    let again = browser.post(&scene.leave_path(), &fields).await;
    again.is(200).says("You have left Contoso").says("31 January 2026, 00:00 UTC");
    browser
        .get(&scene.leave_path())
        .await
        .is(403)
        .says("You have already left")
        .says("until 31 January 2026");
    browser.get("/myaccount/organizations").await.is(200).says("Contoso Left");
    browser.get("/myaccount").await.is(200).says("You are a guest of one organization");
}

#[tokio::test]
async fn who_may_not_leave_reads_why_and_whom_to_ask() {
    let scene = Scene::new(2).await;
    let mut browser = scene.browser(&scene.ana).await;
    let page = browser.get(&format!("/myaccount/organizations/leave/{}", scene.woodgrove)).await;
    page.is(403)
        .says("You'll need permission to leave")
        .says("Woodgrove does not allow guests to leave by themselves.");
    page.says("To get permission to leave this organization, send an email request to your admin or Woodgrove privacy contact.");
    page.says("privacy@woodgrove.example").says("Privacy statement of Woodgrove");
    assert!(page.body.contains("href=\"https://woodgrove.example/privacy\""));
    browser
        .get(&format!("/myaccount/organizations/leave/{}", scene.fabrikam))
        .await
        .is(403)
        .says("is your home organization");
}

#[tokio::test]
async fn a_post_after_leaving_was_switched_off_is_refused() {
    let scene = Scene::new(3).await;
    let mut browser = scene.browser(&scene.ana).await;
    let asked = browser.get(&scene.leave_path()).await;
    let off = ExternalIdentitiesPolicyPatch { allow_leave: Some(false), allow_removal: None };
    let operator = Caller::operator(scene.contoso);
    scene.world.directory().update_policy(&scene.world.cx(), &operator, off, None).await.unwrap();
    let (csrf, confirmation) = (asked.field("csrf"), asked.field("confirmation"));
    let fields = [("csrf", csrf.as_str()), ("confirmation", confirmation.as_str())];
    browser.post(&scene.leave_path(), &fields).await.is(403).says("You'll need permission to leave");
    assert!(!scene.world.user(scene.contoso, scene.guest).await.unwrap().is_deleted());
}

#[tokio::test]
async fn a_confirmation_that_is_made_up_or_too_old_is_stale() {
    let scene = Scene::new(4).await;
    let mut browser = scene.browser(&scene.ana).await;
    let asked = browser.get(&scene.leave_path()).await;
    let (csrf, confirmation) = (asked.field("csrf"), asked.field("confirmation"));
    for value in ["", "made up"] {
        let stale = browser.post(&scene.leave_path(), &[("csrf", &csrf), ("confirmation", value)]).await;
        stale.is(409).says("This page is too old").says("Your account in Contoso is as it was before.");
    }
    scene.world.clock.advance(Span::minutes(11));
    browser.post(&scene.leave_path(), &[("csrf", &csrf), ("confirmation", &confirmation)]).await.is(409);
    assert!(!scene.world.user(scene.contoso, scene.guest).await.unwrap().is_deleted());
}

#[tokio::test]
async fn deep_links_name_the_organization_by_id_or_domain() {
    let scene = Scene::new(5).await;
    let mut browser = scene.browser(&scene.ana).await;
    for named in [scene.contoso.to_string(), "contoso.example".to_owned(), "CONTOSO.example".to_owned()] {
        for page in ["/myaccount", "/myaccount/organizations"] {
            browser.get(&format!("{page}?tenantId={named}")).await.leads_to(&scene.leave_path());
        }
        browser.get(&format!("/organizations/leave/{named}")).await.is(200).says("Leave Contoso?");
    }
    // Where there is no account, an organisation looks like one that does not exist.
    for named in ["nowhere.example", "tailwind.example", &scene.tailwind.to_string(), "x"] {
        browser
            .get(&format!("/myaccount/organizations/leave/{named}"))
            .await
            .is(404)
            .says("There is no such page");
    }
    browser.get("/myaccount?tenantId=nowhere.example").await.is(404);
    let mut stranger = Browser::new(&scene.world);
    let page = stranger.get("/myaccount?tenantId=nowhere.example").await;
    page.is(404).says("There is no organization “nowhere.example” here.").says("User name");
    stranger.get("/myaccount?tenantId=contoso.example").await.leads_to(&scene.leave_path());
    let back = format!("/signin?return={}", scene.leave_path());
    stranger.get(&scene.leave_path()).await.leads_to(&back);
}

#[tokio::test]
async fn a_person_without_a_home_tenant_signs_in_with_a_passcode() {
    let scene = Scene::new(6).await;
    let sam = Person::Mailbox { address: "sam@mail.example".to_owned() };
    scene.world.guest(scene.contoso, &sam, "sam@mail.example", GuestState::Accepted).await;
    let mut browser = Browser::new(&scene.world);
    let fields = [("step", "userName"), ("userName", "sam@mail.example")];
    let asked = browser.submit("/signin", "/signin", &fields).await;
    asked.is(200).says("Passcode");
    let (csrf, code) = (asked.field("csrf"), scene.world.passcode("sam@mail.example").expect("a passcode"));
    let with =
        |code: &'static str| [("step", "passcode"), ("userName", "sam@mail.example"), ("passcode", code)];
    let wrong: Vec<_> = with("0").into_iter().chain([("csrf", csrf.as_str())]).collect();
    browser.post("/signin", &wrong).await.is(422).says("This passcode is not right");
    let right = [
        ("csrf", csrf.as_str()),
        ("step", "passcode"),
        ("userName", "sam@mail.example"),
        ("passcode", code.as_str()),
    ];
    browser.post("/signin", &right).await.leads_to("/myaccount");
    browser
        .get("/myaccount/organizations")
        .await
        .is(200)
        .says("All organizations")
        .lacks("Home organization");
    browser.get("/admin").await.is(403);
}

#[tokio::test]
async fn wrong_passwords_and_names_are_told_apart_from_nothing() {
    let scene = Scene::new(7).await;
    let mut browser = Browser::new(&scene.world);
    for name in ["ana@fabrikam.example", "nobody@fabrikam.example"] {
        let fields = [("step", "password"), ("userName", name), ("password", "wrong")];
        let page = browser.submit("/signin", "/signin", &fields).await;
        page.is(422).says("The user name or the password is not right.");
    }
    for name in ["", "ana", "a b@c"] {
        let page = browser.submit("/signin", "/signin", &[("step", "userName"), ("userName", name)]).await;
        page.is(400).says("Enter your user name in the form name@example.com.");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let scene = Scene::new(10).await;
    let mut browser = scene.browser(&scene.ana).await;
    let before = browser.clone();
    let out = browser.submit("/myaccount", "/signout", &[]).await;
    out.leads_to("/signin?signedOut");
    assert_eq!(out.header("clear-site-data"), "\"cache\"", "what the browser kept of the pages goes");
    let said = browser.get("/signin?signedOut").await;
    said.is(200).says("You are signed out.");
    assert!(said.body.contains("<link rel=\"stylesheet\" href=\"/signout/forget\">"));
    assert_eq!(
        browser.get("/signout/forget").await.header("clear-site-data"),
        "\"cache\"",
        "the last page, too"
    );
    for mut browser in [browser, before] {
        browser.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    }
}

#[tokio::test]
async fn the_reader_switches_the_language_anywhere_and_keeps_it() {
    let scene = Scene::new(11).await;
    let mut browser = scene.browser(&scene.ana).await;
    browser.get("/myaccount").await.is(200).says("You are a guest of 2 organizations.");
    let switched = browser.get("/signin?return=/myaccount&lang=zh-CN").await;
    switched.leads_to("/signin?return=/myaccount");
    assert!(switched.header("set-cookie").starts_with("__Host-innkeeper-lang=zh-CN;"));
    assert!(browser.get("/myaccount").await.body.contains("<html lang=\"zh-CN\">"));
    assert!(browser.get("/nowhere").await.body.contains("<html lang=\"zh-CN\">"));
    browser.get("/myaccount?lang=xx").await.leads_to("/myaccount");
    assert_eq!(browser.jar["__Host-innkeeper-lang"], "zh-CN");
    browser
        .get("/myaccount/organizations?a=1&lang=en&b=2")
        .await
        .leads_to("/myaccount/organizations?a=1&b=2");
    assert!(browser.get("/myaccount").await.body.contains("<html lang=\"en\">"));
    let mut accepted = Browser::new(&scene.world);
    accepted.language = "zh;q=0.9, en;q=0.1";
    assert!(accepted.get("/signin").await.body.contains("<html lang=\"zh-CN\">"));
}

#[tokio::test]
async fn a_blocked_guest_and_a_blocked_home_account_are_told_so() {
    let scene = Scene::new(12).await;
    let patch = || service::UserPatch { account_enabled: Some(false), ..Default::default() };
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    let operator = Caller::operator(scene.contoso);
    directory.update_user(&cx, &operator, &scene.guest.to_string(), patch()).await.unwrap();
    let mut browser = scene.browser(&scene.ana).await;
    browser.get("/myaccount/organizations").await.says("Contoso Blocked");
    let page = browser.get(&scene.leave_path()).await;
    page.is(403).says("You'll need permission to leave").says("Contoso has blocked your account.");
    let operator = Caller::operator(scene.fabrikam);
    directory.update_user(&cx, &operator, &scene.ana_at_home.to_string(), patch()).await.unwrap();
    browser.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    let mut browser = Browser::new(&scene.world);
    enter(&mut browser, "/myaccount").await.is(403).says("This account is blocked.");
    assert!(!browser.jar.contains_key("__Host-innkeeper"));
}

#[tokio::test]
async fn too_many_wrong_passwords_make_the_reader_wait() {
    let scene = Scene::new(13).await;
    let mut browser = Browser::new(&scene.world);
    let wrong = [("step", "password"), ("userName", "ana@fabrikam.example"), ("password", "wrong")];
    for _ in 0..5 {
        browser.submit("/signin", "/signin", &wrong).await.is(422);
    }
    let right = [("step", "password"), ("userName", "ana@fabrikam.example"), ("password", PASSWORD)];
    let wait = browser.submit("/signin", "/signin", &right).await;
    wait.is(429).says("There were too many tries. Try again in one minute.");
    let seconds: i64 = wait.header("retry-after").parse().expect("seconds");
    scene.world.clock.advance(Span::seconds(seconds));
    browser.submit("/signin", "/signin", &right).await.leads_to("/myaccount");
}

#[tokio::test]
async fn only_a_demonstration_says_that_passcodes_are_in_the_terminal() {
    let scene = Scene::new(14).await;
    let hint = "In this demonstration it is printed in the terminal";
    let fields = [("step", "userName"), ("userName", "sam@mail.example")];
    for (demo, said) in [(true, true), (false, false)] {
        let mut browser = Browser::with(&scene.world, web::Options { demo, ..web::Options::default() });
        let page = browser.submit("/signin", "/signin", &fields).await;
        assert_eq!(page.is(200).text().contains(hint), said);
    }
}
