use crate::{
    browser::{Browser, Page},
    scene::{ADA, BOB, PASSWORD, Scene},
};
use model::{Span, audit::Activity, authz::Role};
use testkit::GuestState;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// Signs in by the form with a browser that says what it is.
async fn sign_in_as(browser: &mut Browser, user_name: &str, agent: &str) -> Page {
    let csrf = browser.get("/signin").await.field("csrf");
    let fields =
        [("csrf", csrf.as_str()), ("step", "password"), ("userName", user_name), ("password", PASSWORD)];
    let request = browser
        .request("POST", "/signin")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("user-agent", agent);
    browser.send(request, &crate::browser::form(&fields)).await
}

fn attributes(page: &Page, name: &str) -> String {
    let mut cookies = page.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text"));
    let cookie = cookies.find(|cookie| cookie.starts_with(&format!("{name}="))).unwrap_or_default();
    cookie.split_once(';').map(|(_, rest)| rest.trim().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_person_sees_where_they_are_signed_in_and_ends_one_session() {
    let scene = Scene::new(120).await;
    let (mut phone, mut laptop) = (scene.stranger(), scene.stranger());
    sign_in_as(&mut phone, BOB, "Mozilla/5.0 (iPhone) Version/17 Safari/604.1").await.leads_to("/myaccount");
    sign_in_as(&mut laptop, BOB, FIREFOX).await.leads_to("/myaccount");
    let page = laptop.get("/myaccount/sessions").await;
    page.is(200).says("Firefox, Linux This device").says("Safari, iPhone").says("from 127.0.0.1");
    let id = page.field("id");
    let csrf = page.field("csrf");
    let ended = laptop.post("/myaccount/sessions", &[("csrf", &csrf), ("id", &id)]).await;
    assert_eq!(ended.status, 303);
    laptop.get(ended.header("location")).await.is(200).says("Signed out there.").lacks("iPhone");
    phone.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    let log = scene.audit().await;
    let record = log.iter().find(|one| one.record.activity == Activity::RevokeSessions).expect("a record");
    assert_eq!(record.record.reason.as_deref(), Some("oneSession"));
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let scene = Scene::new(121).await;
    let (mut ada, mut bob) = (scene.stranger(), scene.stranger());
    scene.sign_in(&mut ada, ADA, PASSWORD).await.leads_to("/myaccount");
    scene.sign_in(&mut bob, BOB, PASSWORD).await.leads_to("/myaccount");
    let mut second = scene.stranger();
    scene.sign_in(&mut second, ADA, PASSWORD).await.leads_to("/myaccount");
    let foreign = second.get("/myaccount/sessions").await.field("id");
    bob.submit("/myaccount/sessions", "/myaccount/sessions", &[("id", &foreign)]).await;
    ada.get("/myaccount").await.is(200);
    let hash = ada.jar["__Host-innkeeper"].split_once('.').expect("a secret").1;
    bob.submit("/myaccount/sessions", "/myaccount/sessions", &[("id", &identity::hash_secret(hash))]).await;
    ada.get("/myaccount").await.is(200);
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_and_voids_tokens() {
    let scene = Scene::new(122).await;
    let (mut one, mut two) = (scene.stranger(), scene.stranger());
    scene.sign_in(&mut one, BOB, PASSWORD).await.leads_to("/myaccount");
    scene.sign_in(&mut two, BOB, PASSWORD).await.leads_to("/myaccount");
    let app = scene.world.app(scene.contoso, "Tool", true, &[model::authz::Permission::UserRead]).await;
    let token = scene.world.user_token(scene.contoso, &app, scene.bob).await;
    let caller = scene.world.bearer(&token).await.expect("a good token");
    assert!(scene.world.directory().check_caller(&scene.world.cx(), &caller).await.is_ok());
    let page = "/myaccount/sessions";
    two.submit(page, page, &[("act", "everywhere")]).await.leads_to("/signin?signedOut");
    one.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    two.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    assert!(scene.world.directory().check_caller(&scene.world.cx(), &caller).await.is_err());
}

#[tokio::test]
async fn the_administration_has_a_cookie_of_its_own_that_no_other_site_can_use() {
    let scene = Scene::new(123).await;
    let mut ada = scene.stranger();
    let page = scene.sign_in(&mut ada, ADA, PASSWORD).await;
    assert_eq!(attributes(&page, "__Host-innkeeper"), "Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(attributes(&page, "__Host-innkeeper-admin"), "Path=/; Secure; HttpOnly; SameSite=Strict");
    assert!(attributes(&page, "__Host-innkeeper-device").ends_with("Secure; HttpOnly; SameSite=Lax"));
    ada.get("/admin").await.is(200);
    let admin = ada.jar.remove("__Host-innkeeper-admin").expect("a cookie");
    ada.get("/admin").await.leads_to("/signin?return=/admin&again");
    ada.get("/myaccount").await.is(200);
    let session = ada.jar["__Host-innkeeper"].clone();
    for forged in [session.as_str(), "", "x", admin.split_once('.').expect("a secret").0] {
        ada.jar.insert("__Host-innkeeper-admin".to_owned(), forged.to_owned());
        ada.get("/admin").await.leads_to("/signin?return=/admin&again");
    }
    ada.jar.insert("__Host-innkeeper-admin".to_owned(), admin.clone());
    ada.get("/admin").await.is(200);
    let mut bob = scene.stranger();
    let page = scene.sign_in(&mut bob, BOB, PASSWORD).await;
    assert!(attributes(&page, "__Host-innkeeper-admin").starts_with("Path=/; Max-Age=0"), "nobody special");
    bob.jar.insert("__Host-innkeeper-admin".to_owned(), admin);
    bob.get("/admin").await.is(403);
}

#[tokio::test]
async fn the_administration_closes_after_a_quarter_of_an_hour_and_opens_with_the_password() {
    let scene = Scene::new(124).await;
    let mut ada = scene.stranger();
    scene.sign_in(&mut ada, ADA, PASSWORD).await;
    for _ in 0..3 {
        scene.world.clock.advance(Span::minutes(14));
        ada.get("/admin").await.is(200);
    }
    scene.world.clock.advance(Span::minutes(16));
    ada.get("/myaccount").await.is(200);
    let way = ada.get("/admin/properties").await.header("location").to_owned();
    assert_eq!(way, "/signin?return=/admin/properties&again");
    let page = ada.get(&way).await;
    page.is(200).says("Confirm that it is you.");
    assert_eq!(page.field("step"), "password");
    let fields = [
        ("step", "password"),
        ("again", "yes"),
        ("return", "/admin/properties"),
        ("userName", ADA),
        ("password", PASSWORD),
    ];
    ada.submit(&way, "/signin", &fields).await.leads_to("/admin/properties");
    ada.get("/admin/properties").await.is(200);
}

#[tokio::test]
async fn what_is_hard_to_undo_asks_for_a_fresh_sign_in() {
    let scene = Scene::new(125).await;
    let sam = model::Person::Mailbox { address: "sam@mail.example".to_owned() };
    let gone = scene.world.guest(scene.contoso, &sam, "sam@mail.example", GuestState::Removed).await;
    let mut ada = scene.stranger();
    scene.sign_in(&mut ada, ADA, PASSWORD).await;
    let purge = format!("/admin/deleted-users/{gone}/delete");
    let (settings, removal) =
        ("/admin/external-collaboration", "/admin/external-collaboration/deleted-home-accounts");
    scene.world.clock.advance(Span::minutes(11));
    let again = |path: &str| format!("/signin?return={path}&again");
    ada.submit(&purge, &purge, &[]).await.leads_to(&again(&purge));
    let version = ada.get(removal).await.field("version");
    let on = [("version", version.as_str())];
    ada.submit(removal, removal, &on).await.leads_to(&again(removal));
    let security = "/myaccount/security";
    ada.submit(security, security, &[("act", "begin")]).await.leads_to(&again(security));
    let off = [("section", "removal"), ("allow", "no"), ("version", version.as_str())];
    let undone = ada.submit(settings, settings, &off).await;
    assert!(undone.header("location").contains("note="), "what can be undone does not");
    scene.sign_in(&mut ada, ADA, PASSWORD).await;
    let version = ada.get(removal).await.field("version");
    let on = [("version", version.as_str())];
    assert!(ada.submit(removal, removal, &on).await.header("location").contains("note="));
    assert!(!ada.submit(&purge, &purge, &[]).await.header("location").contains("again"));
    assert!(scene.world.user(scene.contoso, gone).await.is_none(), "purged");
}

#[tokio::test]
async fn a_guest_with_a_role_leaves_only_after_a_fresh_sign_in() {
    let scene = Scene::new(126).await;
    let fabrikam = scene.world.tenant("Fabrikam", "fabrikam.example").await;
    let bob = scene.person(scene.bob);
    let guest = scene.world.guest(fabrikam, &bob, BOB, GuestState::Accepted).await;
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    directory.give_role(&cx, fabrikam, guest, Role::GuestInviter).await.expect("a role");
    let mut browser = scene.stranger();
    scene.sign_in(&mut browser, BOB, PASSWORD).await;
    let leave = format!("/myaccount/organizations/leave/{fabrikam}");
    let confirmation = browser.get(&leave).await.field("confirmation");
    scene.world.clock.advance(Span::minutes(11));
    browser.get(&leave).await.leads_to(&format!("/signin?return={leave}&again"));
    let csrf = browser.get("/myaccount").await.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("confirmation", confirmation.as_str())];
    assert_ne!(browser.post(&leave, &fields).await.status, 200);
    assert!(!scene.world.user(fabrikam, guest).await.expect("the guest").is_deleted());
}

/// A session that somebody planted in the browser is neither taken over by whoever signs in there nor left to whoever planted it.
#[tokio::test]
async fn signing_in_gives_a_session_of_its_own_and_ends_the_one_that_was_there() {
    let scene = Scene::new(128).await;
    let (mut attacker, mut victim) = (scene.stranger(), scene.stranger());
    scene.sign_in(&mut attacker, ADA, PASSWORD).await.leads_to("/myaccount");
    let planted = attacker.jar["__Host-innkeeper"].clone();
    victim.jar.insert("__Host-innkeeper".to_owned(), planted.clone());
    scene.sign_in(&mut victim, BOB, PASSWORD).await.leads_to("/myaccount");
    assert_ne!(victim.jar["__Host-innkeeper"], planted);
    victim.get("/myaccount").await.is(200).says(BOB);
    attacker.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    for made_up in [format!("{}.attacker", scene.contoso), "x".to_owned(), ".".to_owned()] {
        let mut victim = scene.stranger();
        victim.jar.insert("__Host-innkeeper".to_owned(), made_up.clone());
        scene.sign_in(&mut victim, BOB, PASSWORD).await.leads_to("/myaccount");
        assert_ne!(victim.jar["__Host-innkeeper"], made_up);
    }
}

/// Wherever a link to the sign-in page came from: it leads to a page of ours.
#[tokio::test]
async fn after_signing_in_nobody_is_sent_to_another_site() {
    let scene = Scene::new(129).await;
    for bad in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/signout",
        "myaccount",
    ] {
        let mut browser = scene.stranger();
        let fields = [("step", "password"), ("userName", BOB), ("password", PASSWORD), ("return", bad)];
        browser.submit("/signin", "/signin", &fields).await.leads_to("/myaccount");
        let asked = format!("/signin?return={}", crate::browser::form(&[("x", bad)]).split_off(2));
        assert_eq!(browser.get(&asked).await.field("return"), "/myaccount", "{bad:?}");
    }
    let mut browser = scene.stranger();
    let fields =
        [("step", "password"), ("userName", BOB), ("password", PASSWORD), ("return", "/myaccount/sessions")];
    browser.submit("/signin", "/signin", &fields).await.leads_to("/myaccount/sessions");
}
