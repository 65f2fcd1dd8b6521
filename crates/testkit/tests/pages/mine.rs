//! What is the person's own: apps that act in their name, and what organisations hold about them.

use crate::{browser::Browser, scene::Scene};
use model::{AppId, Person, Span, authz::Permission};
use serde_json::{Value, json};
use service::{Caller, TokenRequest, UserPatch};
use testkit::{GuestState, World};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Signs in to a public app in the browser; the access token.
async fn sign_in(scene: &Scene, browser: &mut Browser, (domain, app): (&str, AppId)) -> String {
    let asked = format!(
        "/{domain}/oauth2/v2.0/authorize?client_id={app}&response_type=code&redirect_uri=http://localhost:8400/\
         &scope=openid%20offline_access%20User.Read&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let mut sent = browser.get(&asked).await;
    if sent.status == 200 {
        // Somebody without an account there is asked once whether the organisation may know them.
        let (csrf, request) = (sent.field("csrf"), sent.field("request").replace("&#38;", "&"));
        let yes = [("csrf", csrf.as_str()), ("request", request.as_str()), ("decision", "accept")];
        let onward = browser.post("/consent", &yes).await.onward();
        sent = browser.get(&onward).await;
    }
    let code =
        sent.header("location").split("code=").nth(1).expect("a code").split('&').next().expect("a code");
    let request = TokenRequest {
        tenant: domain.to_owned(),
        grant_type: Some("authorization_code".to_owned()),
        client_id: Some(app.to_string()),
        code: Some(code.to_owned()),
        redirect_uri: Some("http://localhost:8400/".to_owned()),
        code_verifier: Some(VERIFIER.to_owned()),
        ..TokenRequest::default()
    };
    let answer = scene.world.directory().issue_token(&scene.world.cx(), World::ORIGIN, request).await;
    answer.map_err(|fault| fault.description).expect("tokens").access_token
}

async fn me(scene: &Scene, token: &str) -> u16 {
    let mut graph = Browser::new(&scene.world);
    let request = graph.request("GET", "/v1.0/me").header("authorization", format!("Bearer {token}"));
    graph.send(request, "").await.status
}

async fn user_info(scene: &Scene, token: &str) -> u16 {
    let mut program = Browser::new(&scene.world);
    let request = program.request("GET", "/oidc/userinfo").header("authorization", format!("Bearer {token}"));
    program.send(request, "").await.status
}

async fn tool(scene: &Scene, name: &str) -> AppId {
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    let loopback = ["http://localhost".to_owned()];
    let (id, _) = directory.register_app(&cx, scene.contoso, name, true, &loopback).await.unwrap();
    let kind = store::GrantKind::Delegated;
    directory.grant(&cx, scene.contoso, id, kind, Permission::UserRead).await.unwrap();
    id
}

#[tokio::test]
async fn a_guest_sees_the_apps_that_act_in_their_name_and_removes_one() {
    let scene = Scene::new(100).await;
    let mut browser = scene.browser(&scene.ana).await;
    browser.get("/myaccount/apps").await.is(200).says("No app can act in your name.");
    let hostile = "<b>Tool</b>";
    let (first, second) = (tool(&scene, hostile).await, tool(&scene, "Wiki").await);
    let token = sign_in(&scene, &mut browser, ("contoso.example", first)).await;
    let other = sign_in(&scene, &mut browser, ("contoso.example", second)).await;
    let list = browser.get("/myaccount/apps").await;
    list.is(200).says("At Contoso").says("<b>Tool</b> Signed in").lacks(hostile).says("Wiki Signed in");
    list.says(
        "Sign people in and read their own profile User.Read – allowed by an administrator for everybody",
    );
    list.says("It can do this while you are away, too.").says("Last used 1 January 2026, 00:00 UTC");
    browser.language = "zh-CN";
    browser.get("/myaccount/apps").await.is(200).says("让用户登录，并读取其个人资料").says("已登录");
    browser.language = "en";
    let path = format!("/myaccount/apps/{}/{first}/remove", scene.contoso);
    browser.get("/myaccount/apps").await.links_to(&path);
    let asked = browser.get(&path).await;
    asked
        .is(200)
        .says("Remove the access of <b>Tool</b>?")
        .says("An administrator of Contoso allowed it for everybody.");
    asked.lacks("you decide again");
    browser.post(&path, &[("csrf", "made up")]).await.is(403);
    assert_eq!(me(&scene, &token).await, 200);
    let csrf = asked.field("csrf");
    let removed = browser.post(&path, &[("csrf", &csrf)]).await;
    assert_eq!(removed.status, 303);
    let list = browser.get(removed.header("location")).await;
    list.is(200).says("<b>Tool</b> can no longer act in your name.").says("Wiki Signed in");
    assert_eq!((me(&scene, &token).await, me(&scene, &other).await), (401, 200));
    browser.post(&path, &[("csrf", &csrf)]).await.leads_to("/myaccount/apps");
    for bad in [path.as_str(), "/myaccount/apps/x/y/remove"] {
        browser.get(bad).await.is(404);
    }
    let mut stranger = Browser::new(&scene.world);
    stranger.get("/myaccount/apps").await.leads_to("/signin?return=/myaccount/apps");
}

async fn json(browser: &mut Browser, path: &str) -> Value {
    let page = browser.get(path).await;
    page.is(200);
    page.json()
}

#[tokio::test]
async fn a_person_downloads_what_an_organization_holds_about_them() {
    let scene = Scene::new(101).await;
    let (world, directory) = (&scene.world, scene.world.directory());
    let operator = Caller::operator(scene.contoso);
    let Person::Member { object: admin, .. } = scene.admin else { panic!("a member") };
    let guest = scene.guest.to_string();
    directory.add_sponsor(&world.cx(), &operator, &guest, admin).await.unwrap();
    let app = tool(&scene, "Tool").await;
    let mut browser = scene.browser(&scene.ana).await;
    sign_in(&scene, &mut browser, ("contoso.example", app)).await;
    let path = format!("/myaccount/organizations/data/{}", scene.contoso);
    browser.get("/myaccount/organizations").await.links_to(&path);
    let page = browser.get(&path).await;
    assert_eq!(page.header("content-type"), "application/json");
    assert_eq!(
        page.header("content-disposition"),
        "attachment; filename=\"contoso.example-2026-01-01.json\""
    );
    assert_eq!(
        (page.header("cache-control"), page.header("x-content-type-options")),
        ("no-store", "nosniff")
    );
    let data = page.json();
    assert_eq!(data["organization"]["displayName"], "Contoso");
    let [account] = data["accounts"].as_array().unwrap().as_slice() else { panic!("{data}") };
    assert_eq!(account["user"]["id"], guest);
    assert_eq!(
        account["user"]["home"],
        json!({"kind": "otherOrganization", "tenantId": scene.fabrikam, "id": scene.ana_at_home})
    );
    assert_eq!(account["sponsors"], json!([{"id": admin, "displayName": "Member admin@contoso.example"}]));
    assert_eq!(account["appSignIns"][0]["app"], json!({"id": app, "displayName": "Tool"}));
    assert_eq!(account["invitations"][0]["redirectUrl"], "https://myapps.example");
    assert_eq!(account["rows"]["refreshTokens"], 1);
    assert_eq!(account["auditRecordsComplete"], true);
    let records = account["auditRecords"].as_array().unwrap();
    let activities: Vec<_> = records.iter().map(|one| one["activity"].as_str().unwrap()).collect();
    for expected in
        ["Sign in", "Add user sponsor", "Redeem external user invite", "Invite external user", "Add user"]
    {
        assert!(activities.contains(&expected), "{expected} in {activities:?}");
    }
    let sponsor = records.iter().find(|one| one["activity"] == "Add user sponsor").unwrap();
    assert_eq!(
        sponsor["on"],
        json!([
            {"kind": "you", "id": guest, "displayName": null, "modified": []}, {"kind": "anotherPerson"}
        ])
    );
    assert!(
        !page.body.contains("admin@contoso.example\",\n      \"userPrincipalName"),
        "nobody else's detail"
    );
    assert_eq!(
        json(&mut browser, &format!("/innkeeper/v1/me/organizations/{}/data", scene.contoso)).await,
        data
    );
}

/// Everything that a permanent deletion would erase is named; what could be used to act as the person is not in the file.
#[tokio::test]
async fn a_download_is_whole_and_holds_no_secret() {
    let scene = Scene::new(102).await;
    let mut browser = scene.browser(&scene.ana).await;
    let page = browser.get(&format!("/myaccount/organizations/data/{}", scene.fabrikam)).await;
    let data = page.json();
    let account = &data["accounts"][0];
    assert_eq!(account["user"]["home"]["kind"], "thisOrganization");
    assert!(!data["sessions"].as_array().unwrap().is_empty(), "sessions are kept at home");
    let id = scene.ana_at_home;
    let counted = scene
        .world
        .store()
        .read(World::scope(scene.fabrikam), |reader| reader.personal_rows(id))
        .await
        .unwrap();
    let named: Vec<_> = account["rows"].as_object().unwrap().keys().cloned().collect();
    let expected: Vec<_> = counted.iter().map(|(category, _)| (*category).to_owned()).collect();
    assert_eq!(named, expected);
    let hash = scene
        .world
        .store()
        .read(World::scope(scene.fabrikam), |reader| reader.password(id))
        .await
        .unwrap()
        .unwrap();
    assert!(!page.body.contains(&hash) && !page.body.contains("$argon2"));
    let cookie = browser.jar["__Host-innkeeper"].split_once('.').unwrap().1.to_owned();
    assert!(!page.body.contains(&cookie));
}

#[tokio::test]
async fn a_download_is_for_the_person_alone_and_lasts_as_long_as_the_data() {
    let scene = Scene::new(103).await;
    let path = format!("/myaccount/organizations/data/{}", scene.contoso);
    let mut stranger = Browser::new(&scene.world);
    stranger.get(&path).await.leads_to(&format!("/signin?return={path}"));
    let tailwind = format!("/myaccount/organizations/data/{}", scene.tailwind);
    let mut ana = scene.browser(&scene.ana).await;
    for path in [tailwind.as_str(), "/myaccount/organizations/data/nowhere.example"] {
        ana.get(path).await.is(404).says("There is no such page");
    }
    let own = format!("/innkeeper/v1/me/organizations/{}/data", scene.tailwind);
    assert_eq!(ana.get(&own).await.json()["error"]["code"], "organizationNotFound");
    // The administrator of Contoso gets what Contoso holds about the administrator.
    let Person::Member { object: admin, .. } = scene.admin else { panic!("a member") };
    let data = json(&mut scene.browser(&scene.admin).await, &path).await;
    assert_eq!(data["accounts"][0]["user"]["id"], admin.to_string());
    assert!(!data.to_string().contains(&scene.guest.to_string()));
    // Left and invited again: the old account and the new one, until the old one is erased.
    let who = scene.world.signed_in(&scene.ana).await;
    assert!(scene.world.leave(&who, scene.contoso).await);
    let data = json(&mut ana, &path).await;
    assert_eq!(data["accounts"][0]["user"]["deletionCause"], "left");
    assert_eq!(data["accounts"][0]["user"]["permanentlyDeletedAfter"], "2026-01-31T00:00:00Z");
    scene.world.guest(scene.contoso, &scene.ana, "ana@fabrikam.example", GuestState::Accepted).await;
    assert_eq!(json(&mut ana, &path).await["accounts"].as_array().unwrap().len(), 2);
    scene.world.clock.advance(Span::days(30));
    scene.world.directory().purge_pass().await.unwrap();
    let mut ana = scene.browser(&scene.ana).await;
    assert_eq!(json(&mut ana, &path).await["accounts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn somebody_removed_or_blocked_reads_what_happened() {
    let scene = Scene::new(104).await;
    let (directory, operator) = (scene.world.directory(), Caller::operator(scene.contoso));
    let key = scene.guest.to_string();
    let mut browser = scene.browser(&scene.ana).await;
    let blocked = UserPatch { account_enabled: Some(false), ..UserPatch::default() };
    directory.update_user(&scene.world.cx(), &operator, &key, blocked).await.unwrap();
    let list = browser.get("/myaccount/organizations").await;
    list.says("Contoso Blocked").says("Contoso has blocked your account: you cannot use it");
    directory.delete_user(&scene.world.cx(), &operator, &key).await.unwrap();
    let list = browser.get("/myaccount/organizations").await;
    list.says("Contoso Removed").says("An administrator of Contoso has removed your account.");
    list.says("until 31 January 2026, 00:00 UTC. After that, it is permanently deleted.");
    let page = browser.get(&scene.leave_path()).await;
    page.is(403)
        .says("Your account was removed")
        .links_to(&format!("/myaccount/organizations/data/{}", scene.contoso));
    let list = json(&mut browser, "/innkeeper/v1/me/organizations").await;
    let contoso =
        list["value"].as_array().unwrap().iter().find(|one| one["displayName"] == "Contoso").unwrap();
    assert_eq!((&contoso["standing"], &contoso["canAccept"]), (&json!("removed"), &json!(false)));
    assert_eq!(contoso["acceptedDateTime"], "2026-01-01T00:00:00Z");
}

async fn allow_direct_connect(scene: &Scene) {
    let rule = |target: &str, kind: &str| json!({ "accessType": "allowed", "targets": [{ "target": target, "targetType": kind }] });
    let setting = json!({ "usersAndGroups": rule("AllUsers", "user"), "applications": rule("AllApplications", "application") });
    for (tenant, partner, side) in [
        (scene.tailwind, scene.fabrikam, "b2bDirectConnectInbound"),
        (scene.fabrikam, scene.tailwind, "b2bDirectConnectOutbound"),
    ] {
        let patch = json!({ side: setting }).as_object().cloned().unwrap();
        let (cx, operator) = (scene.world.cx(), Caller::operator(tenant));
        scene.world.directory().set_partner(&cx, &operator, (partner, true), patch).await.unwrap();
    }
}

/// Somebody without a user object there: listed, downloaded, left for good, and a second click gets the same receipt.
#[tokio::test]
async fn a_direct_connection_is_listed_and_left_at_once() {
    let scene = Scene::new(105).await;
    allow_direct_connect(&scene).await;
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    let loopback = ["http://localhost".to_owned()];
    let (app, _) = directory.register_app(&cx, scene.tailwind, "Channel", true, &loopback).await.unwrap();
    let mut browser = scene.browser(&scene.ana).await;
    let channel = ("tailwind.example", app);
    sign_in(&scene, &mut browser, channel).await;
    let list = browser.get("/myaccount/organizations").await;
    list.says("Tailwind Connected")
        .says("There is no account for you in it.")
        .says("Connected since 1 January 2026");
    browser.get("/myaccount/apps").await.says("At Tailwind").says("Channel Signed in");
    let data = json(&mut browser, &format!("/myaccount/organizations/data/{}", scene.tailwind)).await;
    assert_eq!(
        (
            data["accounts"].as_array().unwrap().len(),
            &data["directConnection"]["apps"][0]["app"]["displayName"]
        ),
        (0, &json!("Channel"))
    );
    let path = format!("/myaccount/organizations/leave/{}", scene.tailwind);
    let asked = browser.get(&path).await;
    asked.is(200).says("Leave Tailwind?").says("Nothing can be restored.").lacks("Permanently deleted after");
    let fields = [("csrf", asked.field("csrf")), ("confirmation", asked.field("confirmation"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for _ in 0..2 {
        let receipt = browser.post(&path, &fields).await;
        receipt
            .is(200)
            .says("You have left Tailwind")
            .says("Permanently deleted when you left")
            .lacks("can restore your account");
        scene.world.clock.advance(Span::minutes(1));
    }
    browser.get("/myaccount/organizations").await.lacks("Tailwind");
    browser.get(&path).await.is(404);
    // Removing the app alone leaves the connection, and voids what the app has.
    let token = sign_in(&scene, &mut browser, channel).await;
    assert_eq!(user_info(&scene, &token).await, 200);
    let remove = format!("/myaccount/apps/{}/{app}/remove", scene.tailwind);
    browser.submit(&remove, &remove, &[]).await;
    assert_eq!(user_info(&scene, &token).await, 401);
    browser.get("/myaccount/apps").await.says("No app can act in your name.");
    browser.get("/myaccount/organizations").await.says("Tailwind Connected");
    let problems = directory.verify().await.unwrap().problems;
    assert!(problems.iter().all(|one| one.contains("no enabled Global Administrator")), "{problems:?}");
}
