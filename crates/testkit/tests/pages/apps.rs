//! Registered apps and what they may do, by page.

use crate::{
    browser::{Browser, Page},
    scene::Scene,
};
use model::{
    AppId, Person, Span,
    authz::{Permission, Role},
};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::json;
use service::{AppKey, AppPatch, Caller, GrantKind, TokenRequest};
use testkit::{TestApp, World};

const APPS: &str = "/admin/apps";

fn target(page: &Page) -> String {
    assert_eq!(page.status, 303, "{}", page.text());
    page.header("location").to_owned()
}

fn at(app: AppId, below: &str) -> String {
    format!("{APPS}/{app}{below}")
}

async fn app(scene: &Scene) -> TestApp {
    scene.world.app(scene.contoso, "Sync", false, &[Permission::PolicyReadAll]).await
}

/// Asks on the page and says yes.
async fn confirm(browser: &mut Browser, path: &str) -> Page {
    browser.submit(path, path, &[]).await
}

async fn browser_with(scene: &Scene, name: &str, role: Role) -> Browser {
    let who = scene.world.member(scene.contoso, &format!("{name}@contoso.example"), &[role]).await;
    scene.browser(&World::person(scene.contoso, who)).await
}

async fn detail(scene: &Scene, app: AppId) -> Option<service::AppDetail> {
    let operator = Caller::operator(scene.contoso);
    scene.world.directory().get_app(&scene.world.cx(), &operator, AppKey::Client(app)).await.ok()
}

/// Does the token endpoint take this secret?
async fn opens(scene: &Scene, app: AppId, secret: &str) -> bool {
    let request = TokenRequest {
        tenant: scene.contoso.to_string(),
        grant_type: Some("client_credentials".to_owned()),
        client_id: Some(app.to_string()),
        client_secret: Some(secret.to_owned()),
        scope: Some("https://graph.microsoft.com/.default".to_owned()),
        ..TokenRequest::default()
    };
    scene.world.directory().issue_token(&scene.world.cx(), World::ORIGIN, request).await.is_ok()
}

/// What Graph says to this token.
async fn graph(scene: &Scene, token: &str) -> u16 {
    let mut client = Browser::new(&scene.world);
    let request = client
        .request("GET", "/v1.0/policies/externalIdentitiesPolicy")
        .header("authorization", format!("Bearer {token}"));
    client.send(request, "").await.status
}

#[tokio::test]
async fn an_app_is_registered_once_however_often_the_form_is_sent() {
    let scene = Scene::new(130).await;
    let mut browser = scene.browser(&scene.admin).await;
    browser.get(APPS).await.is(200).says("No app is registered yet.");
    let form = browser.get("/admin/apps/new").await;
    let (csrf, once) = (form.field("csrf"), form.field("once"));
    let with = |name: &'static str, addresses: &'static str| {
        [
            ("csrf", csrf.as_str()),
            ("once", once.as_str()),
            ("name", name),
            ("kind", "spa"),
            ("addresses", addresses),
        ]
    };
    let wrong = browser.post("/admin/apps/new", &with("", "http://evil.example\nhttps://ok.example")).await;
    wrong.is(400).says("Enter a value.").says("Enter one address per line");
    assert!(
        wrong.body.contains("http://evil.example\nhttps://ok.example</textarea>"),
        "nothing typed is lost"
    );
    assert!(wrong.body.contains("value=\"spa\" id=\"spa\" aria-describedby=\"spa-hint\" checked"));
    let good =
        with("<b>Portal</b>", " https://ok.example/cb\r\n\r\nhttps://ok.example/cb\r\nhttp://localhost");
    let first = target(&browser.post("/admin/apps/new", &good).await);
    let again = target(&browser.post("/admin/apps/new", &good).await);
    let place = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
    assert_eq!(place(&first), place(&again));
    browser.get(&first).await.is(200).says("The app is registered.").lacks("<b>Portal").says("Public client");
    let list = browser.get(APPS).await;
    assert_eq!(list.body.matches("&#60;b&#62;Portal&#60;/b&#62;").count(), 1, "{}", list.text());
    let id: AppId = place(&first).rsplit('/').next().unwrap().parse().unwrap();
    let found = detail(&scene, id).await.unwrap();
    assert!(found.object.has_principal && found.object.app.enabled && found.object.app.public);
    assert_eq!(found.object.app.redirect_uris, ["https://ok.example/cb", "http://localhost"]);
    let strange = [("csrf", csrf.as_str()), ("once", "x.y"), ("name", "Other"), ("kind", "web")];
    browser.post("/admin/apps/new", &strange).await.is(400);
    assert_eq!(browser.get(APPS).await.body.matches("Other").count(), 0);
}

#[tokio::test]
async fn a_secret_is_shown_once_and_works_until_it_is_removed() {
    let scene = Scene::new(131).await;
    let app = app(&scene).await;
    let mut browser = scene.browser(&scene.admin).await;
    let new = at(app.id, "/secrets/new");
    let form = browser.get(&new).await;
    let (csrf, offer) = (form.field("csrf"), form.field("offer"));
    let fields = [("csrf", csrf.as_str()), ("offer", offer.as_str()), ("name", "Night job"), ("days", "90")];
    let shown = browser.post(&new, &fields).await;
    shown.is(200).says("Copy it now. It is not shown again.");
    let secret = shown
        .body
        .split("<strong class=\"mono\" id=\"secret\">")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .unwrap();
    assert!(opens(&scene, app.id, secret).await);
    // The second click shows the same secret, and there is one.
    let again = browser.post(&new, &fields).await;
    assert!(again.status == 200 && again.body.contains(secret));
    let secrets = detail(&scene, app.id).await.unwrap().secrets;
    let added: Vec<_> = secrets.iter().filter(|one| one.name.as_deref() == Some("Night job")).collect();
    assert_eq!(added.len(), 1);
    assert_eq!(added[0].expires, scene.world.cx().now + Span::days(90));
    browser.get(&at(app.id, "")).await.is(200).says("Night job").lacks(secret);
    let remove = at(app.id, &format!("/secrets/{}/remove", added[0].id));
    browser.get(&remove).await.is(200).says("Remove a secret from Sync?").says("Night job");
    assert!(opens(&scene, app.id, secret).await, "asking removes nothing");
    for _ in 0..2 {
        let csrf = browser.get("/admin").await.field("csrf");
        let done = target(&browser.post(&remove, &[("csrf", &csrf)]).await);
        browser.get(&done).await.is(200).says("Removed. The app can no longer use it.");
    }
    assert!(!opens(&scene, app.id, secret).await);
}

#[tokio::test]
async fn a_secret_is_for_whom_it_was_made_and_not_for_long() {
    let scene = Scene::new(132).await;
    let (app, other) = (app(&scene).await, scene.world.app(scene.contoso, "Other", false, &[]).await);
    let mut browser = scene.browser(&scene.admin).await;
    let new = at(app.id, "/secrets/new");
    let offer = browser.get(&new).await.field("offer");
    let count = || async { detail(&scene, app.id).await.unwrap().secrets.len() };
    let before = count().await;
    let fields = [("offer", offer.as_str()), ("name", "kept")];
    // Of another app, by another person, of nobody.
    let page = browser.submit(&at(other.id, "/secrets/new"), &at(other.id, "/secrets/new"), &fields).await;
    page.is(409).says("This page was open for too long");
    assert!(page.body.contains("value=\"kept\""), "nothing typed is lost");
    let mut stranger = browser_with(&scene, "second", Role::GlobalAdministrator).await;
    stranger.submit(&new, &new, &fields).await.is(409);
    browser.submit(&new, &new, &[("offer", "x")]).await.is(409);
    let long = "x".repeat(300);
    browser.submit(&new, &new, &[("offer", &offer), ("name", &long)]).await.is(400).says("too long");
    assert_eq!(count().await, before);
    let csrf = browser.get(&new).await.field("csrf");
    scene.world.clock.advance(Span::minutes(11));
    let old = [("csrf", csrf.as_str()), ("offer", offer.as_str())];
    let way = target(&browser.post(&new, &old).await);
    assert!(way.starts_with("/signin?return=/admin/apps/") && way.ends_with("&again"), "{way}");
    assert_eq!(count().await, before);
}

fn certificate() -> String {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem()
}

#[tokio::test]
async fn certificates_come_and_go_beside_each_other() {
    let scene = Scene::new(133).await;
    let app = app(&scene).await;
    let mut browser = scene.browser(&scene.admin).await;
    let new = at(app.id, "/certificates/new");
    let key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----";
    let page = browser.submit(&new, &new, &[("certificate", key)]).await;
    page.is(400).says("This is not an X.509 certificate").lacks("MIIE");
    browser.submit(&new, &new, &[("certificate", "")]).await.is(400).says("Enter a value.");
    let (one, two) = (certificate(), certificate());
    for (text, name) in [(&one, "first"), (&one, "again"), (&two, "second")] {
        let done = target(&browser.submit(&new, &new, &[("certificate", text), ("name", name)]).await);
        browser.get(&done).await.is(200).says("Added. The app can use it at once.");
    }
    let names = || async {
        let found = detail(&scene, app.id).await.unwrap().certificates;
        found.into_iter().map(|one| (one.name.unwrap_or_default(), one.id)).collect::<Vec<_>>()
    };
    let mut found = names().await;
    found.sort();
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    let remove = at(app.id, &format!("/certificates/{}/remove", found[0].1));
    browser.get(&remove).await.is(200).says("Remove a certificate from Sync?").says("first");
    confirm(&mut browser, &remove).await;
    assert_eq!(names().await.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["second"]);
}

/// An app whose registration asks for permissions, as Graph's clients register them.
async fn asking(scene: &Scene) -> AppId {
    let access = [
        json!({ "id": Permission::UserReadAll.delegated_id(), "type": "Scope" }),
        json!({ "id": Permission::PolicyReadAll.application_id(), "type": "Role" }),
        json!({ "id": "11111111-2222-4333-8444-555555555555", "type": "Role" }),
    ];
    let resource =
        json!({ "resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": access });
    let body = json!({ "requiredResourceAccess": [resource] }).as_object().cloned().unwrap();
    let patch = AppPatch { name: Some("Asking".to_owned()), body, ..AppPatch::default() };
    let operator = Caller::operator(scene.contoso);
    let made = scene.world.directory().create_app(&scene.world.cx(), &operator, patch, (None, true)).await;
    made.unwrap().object.app.id
}

async fn grants(scene: &Scene, app: AppId, kind: GrantKind) -> Vec<Permission> {
    let found =
        scene.world.store().read(World::scope(scene.contoso), |reader| reader.grants(app, kind)).await;
    found.expect("grants")
}

#[tokio::test]
async fn what_an_app_asks_for_is_granted_for_everybody_after_a_question() {
    let scene = Scene::new(134).await;
    let app = asking(&scene).await;
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(&at(app, "")).await;
    page.is(200)
        .says("Read all properties of all users User.Read.All For signed-in people Asked for, not granted")
        .says("Read the policies of the organization Policy.Read.All By itself Asked for, not granted")
        .says("It also asks for one permission that does not exist here.");
    let all = at(app, "/permissions/grant?delegated=User.Read.All&application=Policy.Read.All");
    assert!(page.body.contains(&format!("href=\"{}\"", all.replace('&', "&#38;"))), "{}", page.body);
    let ask = browser.get(&all).await;
    ask.is(200)
        .says("On behalf of everybody in Contoso who signs in to it")
        .says("Without anybody signed in, for everything in Contoso");
    assert!(grants(&scene, app, GrantKind::Delegated).await.is_empty(), "asking grants nothing");
    let csrf = ask.field("csrf");
    let fields =
        [("csrf", csrf.as_str()), ("delegated", "User.Read.All"), ("application", "Policy.Read.All")];
    let done = target(&browser.post(&all, &fields).await);
    browser.get(&done).await.is(200).says("2 permissions are granted.");
    let done = target(&browser.post(&all, &fields).await);
    browser.get(&done).await.is(200).says("The app had these permissions before.");
    assert_eq!(grants(&scene, app, GrantKind::Delegated).await, [Permission::UserReadAll]);
    assert_eq!(grants(&scene, app, GrantKind::Application).await, [Permission::PolicyReadAll]);
    let nothing = target(&browser.get(&at(app, "/permissions/grant?delegated=x")).await);
    browser.get(&nothing).await.is(200).says("Choose at least one permission");
    let choice = browser.get(&at(app, "/permissions/add")).await;
    choice.is(200);
    assert!(choice.body.contains("name=\"delegated\" value=\"User.Read\""));
    assert!(!choice.body.contains("name=\"delegated\" value=\"User.Read.All\""), "granted already");
    assert!(!choice.body.contains("name=\"application\" value=\"User.Read\""), "there is no such thing");
}

#[tokio::test]
async fn a_revoked_permission_is_missed_by_the_next_request() {
    let scene = Scene::new(135).await;
    let app = app(&scene).await;
    let token = scene.world.app_token(scene.contoso, &app).await;
    assert_eq!(graph(&scene, &token).await, 200);
    let mut browser = scene.browser(&scene.admin).await;
    let revoke = at(app.id, "/permissions/revoke?application=Policy.Read.All");
    browser.get(&revoke).await.is(200).says("Revoke a permission of Sync?").says("Policy.Read.All");
    assert_eq!(graph(&scene, &token).await, 200, "asking revokes nothing");
    let csrf = browser.get(&revoke).await.field("csrf");
    for _ in 0..2 {
        let done = target(&browser.post(&revoke, &[("csrf", &csrf)]).await);
        browser.get(&done).await.is(200).says("The permission is revoked");
    }
    assert_eq!(graph(&scene, &token).await, 403);
    browser.get(&revoke).await.leads_to(&at(app.id, ""));
}

#[tokio::test]
async fn revoking_takes_what_people_allowed_for_themselves_too() {
    let scene = Scene::new(136).await;
    let app = app(&scene).await;
    let operator = Caller::operator(scene.contoso);
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    let admin = match scene.admin {
        Person::Member { object, .. } => object,
        _ => panic!("the administrator is a member"),
    };
    for principal in [scene.guest, admin] {
        let grant = service::DelegatedGrant {
            client: app.object,
            principal: Some(principal),
            permissions: vec![Permission::UserRead, Permission::PolicyReadAll],
        };
        directory.set_delegated_grant(&cx, &operator, grant, true).await.unwrap();
    }
    let mut browser = scene.browser(&scene.admin).await;
    browser.get(&at(app.id, "")).await.is(200).says("2 people allowed it for themselves");
    let revoke = at(app.id, "/permissions/revoke?delegated=User.Read");
    browser.get(&revoke).await.is(200).says("2 people allowed it for themselves It is taken from them, too.");
    confirm(&mut browser, &revoke).await;
    let left = directory.list_delegated_grants(&cx, &operator).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|grant| grant.permissions == [Permission::PolicyReadAll]), "{left:?}");
}

#[tokio::test]
async fn an_app_is_switched_off_and_on_and_deleted_with_effect_on_the_next_request() {
    let scene = Scene::new(137).await;
    let app = app(&scene).await;
    let token = scene.world.app_token(scene.contoso, &app).await;
    let mut browser = scene.browser(&scene.admin).await;
    browser.get(&at(app.id, "/disable")).await.is(200).says("Switch Sync off?");
    assert_eq!(graph(&scene, &token).await, 200, "asking switches nothing off");
    let done = target(&confirm(&mut browser, &at(app.id, "/disable")).await);
    browser.get(&done).await.is(200).says("The app is off.");
    assert_eq!(graph(&scene, &token).await, 401);
    browser.get(APPS).await.is(200).says("Off");
    let done = target(&browser.submit(&at(app.id, ""), &at(app.id, "/enable"), &[]).await);
    browser.get(&done).await.is(200).says("The app is on.");
    assert_eq!(graph(&scene, &token).await, 200);
    browser.get(&at(app.id, "/enable")).await.leads_to(&at(app.id, ""));
    let delete = at(app.id, "/delete");
    browser.get(&delete).await.is(200).says("Delete Sync permanently?").says("One permission goes with it.");
    assert!(detail(&scene, app.id).await.is_some(), "asking deletes nothing");
    let csrf = browser.get(&delete).await.field("csrf");
    for _ in 0..2 {
        let done = target(&browser.post(&delete, &[("csrf", &csrf)]).await);
        browser.get(&done).await.is(200).says("The app is deleted.").says("No app is registered yet.");
    }
    assert_eq!(graph(&scene, &token).await, 401);
    browser.get(&at(app.id, "")).await.is(404);
}

#[tokio::test]
async fn an_app_without_a_service_principal_gets_one() {
    let scene = Scene::new(138).await;
    let operator = Caller::operator(scene.contoso);
    let patch = AppPatch { name: Some("Bare".to_owned()), ..AppPatch::default() };
    let made = scene.world.directory().create_app(&scene.world.cx(), &operator, patch, (None, false)).await;
    let app = made.unwrap().object.app.id;
    let mut browser = scene.browser(&scene.admin).await;
    browser.get(&at(app, "")).await.is(200).says("Cannot sign in").lacks("/permissions/add");
    for _ in 0..2 {
        let done = target(&browser.submit(&at(app, ""), &at(app, "/enable"), &[]).await);
        browser.get(&done).await.is(200).says("The app is on.");
    }
    assert!(detail(&scene, app).await.unwrap().object.has_principal);
}

#[tokio::test]
async fn an_app_is_changed_against_the_version_shown_and_keeps_what_the_page_does_not_show() {
    let scene = Scene::new(139).await;
    let operator = Caller::operator(scene.contoso);
    let web = json!({ "redirectUris": ["https://old.example"], "logoutUrl": "https://old.example/out" });
    let body = json!({ "web": web, "notes": "kept" }).as_object().cloned().unwrap();
    let uris = Some(vec!["https://old.example".to_owned()]);
    let patch = AppPatch { name: Some("Old".to_owned()), body, redirect_uris: uris, ..AppPatch::default() };
    let made = scene.world.directory().create_app(&scene.world.cx(), &operator, patch, (None, true)).await;
    let app = made.unwrap().object.app.id;
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(&at(app, "")).await;
    assert!(page.body.contains("https://old.example</textarea>"), "{}", page.body);
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let fields = |name: &'static str| {
        [
            ("csrf", csrf.as_str()),
            ("version", version.as_str()),
            ("name", name),
            ("web", "https://new.example"),
            ("spa", ""),
            ("device", "http://localhost"),
            ("public", "no"),
        ]
    };
    let wrong = browser.post(&at(app, ""), &fields("  ")).await;
    wrong.is(400).says("Enter a value.");
    assert!(wrong.body.contains("https://new.example</textarea>"), "nothing typed is lost");
    let done = target(&browser.post(&at(app, ""), &fields("New")).await);
    browser.get(&done).await.is(200).says("Saved.");
    let found = detail(&scene, app).await.unwrap().object;
    assert_eq!((found.app.name.as_str(), found.app.public), ("New", false));
    assert_eq!(found.app.redirect_uris, ["https://new.example", "http://localhost"]);
    assert_eq!(found.body["web"]["logoutUrl"], "https://old.example/out");
    assert_eq!(found.body["notes"], "kept");
    let late = browser.post(&at(app, ""), &fields("Late")).await;
    late.is(409).says("Not saved. Somebody else changed this").says("New");
    assert_eq!(detail(&scene, app).await.unwrap().object.app.name, "New");
}

#[tokio::test]
async fn roles_are_offered_what_they_may_and_refused_the_rest() {
    let scene = Scene::new(140).await;
    let app = asking(&scene).await;
    let mut reader = browser_with(&scene, "reader", Role::GlobalReader).await;
    reader.get(APPS).await.is(200).says("Asking").lacks("/admin/apps/new\"");
    let page = reader.get(&at(app, "")).await;
    page.is(200).says("You can see this app.").lacks("/permissions/").lacks("/delete\"").lacks("/enable");
    let csrf = page.field("csrf");
    let posts = [
        "/enable",
        "/disable",
        "/delete",
        "/secrets/new",
        "/secrets/11111111-2222-4333-8444-555555555555/remove",
        "/permissions/grant",
        "",
    ];
    for below in posts {
        let fields = [
            ("csrf", csrf.as_str()),
            ("delegated", "User.Read"),
            ("name", "x"),
            ("version", "1"),
            ("public", "no"),
        ];
        let status = reader.post(&at(app, below), &fields).await.status;
        // What is on already is not switched on, and a secret that nobody made is refused before the role is asked.
        assert!(status == 403 || (below == "/enable" && status == 303), "{below}: {status}");
    }
    for below in ["/disable", "/delete", "/secrets/new", "/certificates/new", "/permissions/add"] {
        reader.get(&at(app, below)).await.is(403);
    }
    reader.get("/admin/apps/new").await.is(403);
    reader.post("/admin/apps/new", &[("csrf", &csrf), ("name", "x")]).await.is(400);
    // An administrator of apps grants what works on behalf of people, and nothing else.
    let mut apps = browser_with(&scene, "apps", Role::ApplicationAdministrator).await;
    apps.get(&at(app, "")).await.is(200).says("Not for your role");
    let choice = apps.get(&at(app, "/permissions/add")).await;
    choice.is(200).says("granted by a Global Administrator").lacks("name=\"application\"");
    let (own, people) =
        ("/permissions/grant?application=Policy.Read.All", "/permissions/grant?delegated=User.Read");
    apps.get(&at(app, own)).await.is(403);
    let csrf = apps.get(&at(app, people)).await.field("csrf");
    apps.post(&at(app, own), &[("csrf", &csrf), ("application", "Policy.Read.All")]).await.is(403);
    assert!(grants(&scene, app, GrantKind::Application).await.is_empty());
    apps.post(&at(app, people), &[("csrf", &csrf), ("delegated", "User.Read")]).await.is(303);
    // And who manages roles, what apps do of their own accord.
    let mut roles = browser_with(&scene, "roles", Role::PrivilegedRoleAdministrator).await;
    let csrf = roles.get(&at(app, own)).await.field("csrf");
    roles.post(&at(app, people), &[("csrf", &csrf), ("delegated", "User.Read.All")]).await.is(403);
    roles.post(&at(app, own), &[("csrf", &csrf), ("application", "Policy.Read.All")]).await.is(303);
    assert_eq!(grants(&scene, app, GrantKind::Application).await, [Permission::PolicyReadAll]);
    let revoke = "/permissions/revoke?delegated=User.Read";
    roles.get(&at(app, revoke)).await.is(403);
    roles.post(&at(app, revoke), &[("csrf", &csrf)]).await.is(403);
}

#[tokio::test]
async fn what_is_hard_to_undo_asks_for_a_recent_sign_in() {
    let scene = Scene::new(141).await;
    let app = app(&scene).await;
    let mut browser = scene.browser(&scene.admin).await;
    let csrf = browser.get(&at(app.id, "")).await.field("csrf");
    scene.world.clock.advance(Span::minutes(11));
    let secret = detail(&scene, app.id).await.unwrap().secrets[0].id;
    for below in [
        "/delete".to_owned(),
        "/secrets/new".to_owned(),
        "/certificates/new".to_owned(),
        format!("/secrets/{secret}/remove"),
        "/permissions/grant?delegated=User.Read".to_owned(),
    ] {
        let way = target(&browser.get(&at(app.id, &below)).await);
        assert!(way.starts_with("/signin?return=/admin/apps/") && way.ends_with("&again"), "{way}");
    }
    let pem = certificate();
    for (below, field) in [
        ("/delete".to_owned(), ("x", "")),
        ("/certificates/new".to_owned(), ("certificate", pem.as_str())),
        (format!("/secrets/{secret}/remove"), ("x", "")),
        ("/permissions/grant?delegated=User.Read".to_owned(), ("delegated", "User.Read")),
    ] {
        let way = target(&browser.post(&at(app.id, &below), &[("csrf", &csrf), field]).await);
        assert!(way.starts_with("/signin?return=/admin/apps/") && way.ends_with("&again"), "{way}");
    }
    let found = detail(&scene, app.id).await.unwrap();
    assert_eq!((found.secrets.len(), found.certificates.len()), (1, 0));
    // What can be undone by the next click does not ask.
    browser.get(&at(app.id, "/disable")).await.is(200);
    browser.get(&at(app.id, "/permissions/revoke?application=Policy.Read.All")).await.is(200);
}

#[tokio::test]
async fn apps_of_other_organizations_are_not_there() {
    let scene = Scene::new(142).await;
    let foreign = scene.world.app(scene.fabrikam, "Foreign", false, &[Permission::PolicyReadAll]).await;
    let mut browser = scene.browser(&scene.admin).await;
    browser.get(APPS).await.is(200).lacks("Foreign");
    let csrf = browser.get("/admin").await.field("csrf");
    for below in ["", "/disable", "/delete", "/secrets/new", "/certificates/new", "/permissions/add"] {
        browser.get(&at(foreign.id, below)).await.is(404);
    }
    for below in ["", "/enable", "/disable", "/secrets/new", "/permissions/grant"] {
        browser.post(&at(foreign.id, below), &[("csrf", &csrf), ("delegated", "User.Read")]).await.is(404);
    }
    browser.get("/admin/apps/x").await.is(404);
    let token = scene.world.app_token(scene.fabrikam, &foreign).await;
    assert_eq!(graph(&scene, &token).await, 200);
}

#[tokio::test]
async fn apps_come_in_pages_by_name() {
    let scene = Scene::new(143).await;
    for n in (0..52).rev() {
        scene.world.app(scene.contoso, &format!("App {n:02}"), true, &[]).await;
    }
    // The same name twice, over the edge of a page.
    scene.world.app(scene.contoso, "App 49", true, &[]).await;
    let mut browser = scene.browser(&scene.admin).await;
    let names = |page: &Page| {
        page.body.split("<bdi>App ").skip(1).map(|rest| rest[..2].to_owned()).collect::<Vec<_>>()
    };
    let first = browser.get(APPS).await;
    let second = browser.get(&first.next().expect("more")).await;
    let all = [names(&first), names(&second)].concat();
    assert_eq!((names(&first).len(), all.len()), (50, 53));
    assert!(all.is_sorted(), "{all:?}");
}
