//! What people and administrators allow apps.

use crate::{
    house::{CALLBACK, House, LOOPBACK},
    wire::{Agent, Reply, claims, form, parameters},
};
use model::authz::{Permission, Role};
use store::GrantKind;

async fn answer(browser: &mut Agent, page: &Reply, decision: &str, everyone: bool) -> Reply {
    let (csrf, request) = (page.field("csrf"), page.field("request"));
    let mut fields = vec![("csrf", csrf.as_str()), ("request", request.as_str()), ("decision", decision)];
    if everyone {
        fields.push(("everyone", "on"));
    }
    browser.submit("/consent", &fields).await
}

fn web(house: &House, scope: &str, prompt: &str) -> String {
    let id = house.web.to_string();
    house.ask(&[("client_id", &id), ("redirect_uri", CALLBACK), ("scope", scope), ("prompt", prompt)])
}

async fn redeem(house: &House, code: &str) -> Reply {
    let id = house.web.to_string();
    let own = [("client_id", id.as_str()), ("client_secret", &house.secret), ("redirect_uri", CALLBACK)];
    house.redeem(code, &own).await
}

/// neither yes nor no is answered by a redirect to the app; a page of ours goes on.
#[tokio::test]
async fn a_person_allows_an_app_what_is_theirs_to_allow() {
    let house = House::new(40).await;
    let asked = web(&house, "openid User.Read", "");
    let mut browser = house.mias().await;
    let page = browser.get(&asked).await;
    page.is(200).says("Web").says("Contoso").says("User.Read").says("https://app.example");
    assert!(!page.body.contains("name=\"everyone\""));
    let no = answer(&mut browser, &page, "cancel", false).await;
    no.is(200);
    let (address, sent) = parameters(&no.onward());
    assert_eq!(
        (address.as_str(), sent["error"].as_str(), sent["state"].as_str()),
        (CALLBACK, "access_denied", "st")
    );
    assert!(sent["error_description"].starts_with("AADSTS65004: "));
    let yes = answer(&mut browser, &page, "accept", true).await;
    yes.is(200);
    let code = browser.get(&yes.onward()).await.sent().1["code"].clone();
    let reply = redeem(&house, &code).await;
    assert_eq!(claims(&reply.text("access_token"))["scp"], "User.Read openid");
    assert_eq!(house.me(&reply.text("access_token")).await.status, 200);
    assert!(browser.get(&asked).await.sent().1.contains_key("code"), "asked only once");
    let mut other = house.browser(&house.member(house.admin)).await;
    other.get(&asked).await.is(200).says("name=\"everyone\"");
    let page = browser.get(&web(&house, "openid User.Read", "consent")).await;
    page.is(200);
    let yes = answer(&mut browser, &page, "accept", false).await;
    assert!(browser.get(&yes.onward()).await.sent().1.contains_key("code"), "asked again, and once");
}

#[tokio::test]
async fn what_is_not_theirs_needs_an_administrator() {
    let house = House::new(41).await;
    let asked = web(&house, "openid User.Read.All", "");
    let mut browser = house.mias().await;
    let page = browser.get(&asked).await;
    page.is(200).says("needs an administrator").says("Read all properties of all users");
    assert!(!page.body.contains("value=\"accept\""));
    let forced = answer(&mut browser, &page, "accept", true).await;
    let (_, sent) = parameters(&forced.onward());
    assert_eq!(sent["error"], "access_denied");
    assert!(sent["error_description"].starts_with("AADSTS90094: "));
    let mut admin = house.browser(&house.member(house.admin)).await;
    let page = admin.get(&asked).await;
    let yes = answer(&mut admin, &page, "accept", false).await;
    assert!(admin.get(&yes.onward()).await.sent().1.contains_key("code"));
    browser.get(&asked).await.is(200).says("needs an administrator");
    let page = admin.get(&web(&house, "openid Policy.Read.All", "")).await;
    answer(&mut admin, &page, "accept", true).await.is(200);
    assert!(browser.get(&web(&house, "openid Policy.Read.All", "")).await.sent().1.contains_key("code"));
    let grants = house
        .world
        .store()
        .read(testkit::World::scope(house.contoso), |reader| reader.grants(house.web, GrantKind::Delegated));
    assert_eq!(grants.await.unwrap(), [Permission::PolicyReadAll]);
}

#[tokio::test]
async fn a_consent_taken_back_bites_at_once() {
    let house = House::new(42).await;
    let mut browser = house.mias().await;
    let page = browser.get(&web(&house, "openid User.Read", "")).await;
    let yes = answer(&mut browser, &page, "accept", false).await;
    let code = browser.get(&yes.onward()).await.sent().1["code"].clone();
    let token = redeem(&house, &code).await.text("access_token");
    assert_eq!(house.me(&token).await.status, 200);
    let scope = testkit::World::scope(house.contoso);
    let (mia, web_app) = (house.mia, house.web);
    house
        .world
        .store()
        .commit(scope, move |reader| {
            let mut changes = store::ChangeSet::new();
            changes.delete_consents(&reader.user(mia)?.unwrap(), web_app);
            store::Decision::done(changes, ())
        })
        .await
        .unwrap();
    assert_eq!(house.me(&token).await.status, 403);
}

/// A form that is not from our page, of another session, or about something else, does nothing.
#[tokio::test]
async fn a_forged_consent_does_nothing() {
    let house = House::new(43).await;
    let asked = web(&house, "openid User.Read", "");
    let mut browser = house.mias().await;
    let page = browser.get(&asked).await;
    let (csrf, request) = (page.field("csrf"), page.field("request"));
    let good = [("csrf", csrf.as_str()), ("request", request.as_str()), ("decision", "accept")];
    let cross = browser
        .request("POST", "/consent")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(cross, &form(&good)).await.status, 403);
    assert_eq!(
        browser
            .submit("/consent", &[("csrf", "x"), ("request", &request), ("decision", "accept")])
            .await
            .status,
        403
    );
    let mut other = house.browser(&house.member(house.admin)).await;
    assert_eq!(other.submit("/consent", &good).await.status, 403);
    for bad in ["", "/myaccount", "https://evil.example/oauth2/v2.0/authorize"] {
        assert_eq!(
            browser
                .submit("/consent", &[("csrf", &csrf), ("request", bad), ("decision", "accept")])
                .await
                .status,
            400,
            "{bad}"
        );
    }
    let evil = house.ask(&[("client_id", &house.web.to_string()), ("redirect_uri", "https://evil.example/")]);
    let reply =
        browser.submit("/consent", &[("csrf", &csrf), ("request", &evil), ("decision", "cancel")]).await;
    assert_eq!(reply.status, 400);
    browser.get(&asked).await.is(200).says("asks for permission");
}

#[tokio::test]
async fn an_administrator_allows_an_app_for_everybody() {
    let house = House::new(44).await;
    let path = |version: &str, scope: &str, uri: &str| {
        let id = house.web.to_string();
        let fields = [("client_id", id.as_str()), ("redirect_uri", uri), ("scope", scope), ("state", "st")];
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!("/contoso.example{version}/adminconsent?{}", form(&fields))
    };
    let scope = "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Policy.Read.All";
    let asked = path("/v2.0", scope, CALLBACK);
    assert_eq!(house.program().get(&asked).await.status, 303);
    house.mias().await.get(&asked).await.is(403);
    let mut admin = house.browser(&house.member(house.admin)).await;
    admin.get(&path("/v2.0", scope, "https://evil.example/")).await.is(400).says("AADSTS50011");
    let page = admin.get(&asked).await;
    page.is(200).says("for everybody in Contoso");
    let csrf = page.field("csrf");
    let no = admin.submit(&asked, &[("csrf", &csrf), ("decision", "cancel")]).await;
    let (_, sent) = parameters(&no.onward());
    assert_eq!(sent["error"], "consent_required");
    assert!(sent["error_description"].starts_with("AADSTS65004: "));
    for _ in 0..2 {
        let yes = admin.submit(&asked, &[("csrf", &csrf), ("decision", "accept")]).await;
        let (address, sent) = parameters(&yes.onward());
        assert_eq!((address.as_str(), sent["admin_consent"].as_str()), (CALLBACK, "True"));
        assert_eq!(
            (sent["tenant"].as_str(), sent["scope"].as_str()),
            (house.contoso.to_string().as_str(), scope)
        );
    }
    assert!(house.mias().await.get(&web(&house, "openid User.Read", "")).await.sent().1.contains_key("code"));
    admin.get(&path("", "", CALLBACK)).await.is(200).says("Policy.Read.All");
}

/// Application administrators decide about apps, guests with a role do not.
#[tokio::test]
async fn who_may_decide_for_everybody() {
    let house = House::new(45).await;
    let asked = web(&house, "openid User.Read.All", "");
    for (role, may) in [
        (Role::GlobalAdministrator, true),
        (Role::ApplicationAdministrator, true),
        (Role::CloudApplicationAdministrator, true),
        (Role::GlobalReader, false),
        (Role::UserAdministrator, false),
    ] {
        let name = format!("{}@contoso.example", role.title().replace(' ', "."));
        let id = house.world.member(house.contoso, &name, &[role]).await;
        let page = house.browser(&house.member(id)).await.get(&asked).await;
        assert_eq!(page.body.contains("name=\"everyone\""), may, "{}", role.title());
    }
    house
        .world
        .directory()
        .give_role(&house.world.cx(), house.contoso, house.guest, Role::GlobalAdministrator)
        .await
        .unwrap();
    let ana = testkit::World::person(house.fabrikam, house.ana);
    let page = house.browser(&ana).await.get(&asked).await;
    page.is(200).says("needs an administrator");
    assert!(house.browser(&ana).await.get(&house.ask(&[])).await.sent().0 == LOOPBACK);
}

/// What a registration asks for: the published ids of permissions of Graph.
fn access(list: &[(&str, &str)]) -> serde_json::Value {
    let list: Vec<_> = list.iter().map(|(id, kind)| serde_json::json!({ "id": id, "type": kind })).collect();
    serde_json::json!([
        { "resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": list },
        { "resourceAppId": "00000002-0000-0000-c000-000000000000", "resourceAccess": list },
    ])
}

/// `.default`: permissions of people and of the app itself, as its registration asks for them. The latter only by whoever may give
/// them over Graph, too.
#[tokio::test]
async fn the_default_is_what_the_registration_asks_for() {
    let house = House::new(46).await;
    let (directory, cx) = (house.world.directory(), house.world.cx());
    let wanted = access(&[
        ("e1fe6dd8-ba31-4d61-89e7-88639da4683d", "Scope"),
        ("03cc4f92-788e-4ede-b93f-199424d144a5", "Role"),
        ("00000000-0000-4000-8000-000000000000", "Role"),
        ("nonsense", "Scope"),
    ]);
    let patch = service::AppPatch {
        body: [("requiredResourceAccess".to_owned(), wanted)].into_iter().collect(),
        ..service::AppPatch::default()
    };
    let key = service::AppKey::Client(house.web);
    directory.update_app(&cx, &house.operator(), key, patch).await.unwrap();
    let id = house.web.to_string();
    let fields = [
        ("client_id", id.as_str()),
        ("redirect_uri", CALLBACK),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let asked = format!("/contoso.example/v2.0/adminconsent?{}", form(&fields));
    let granted = async |kind| {
        let scope = testkit::World::scope(house.contoso);
        house.world.store().read(scope, |reader| reader.grants(house.web, kind)).await.unwrap()
    };
    for role in [Role::ApplicationAdministrator, Role::CloudApplicationAdministrator, Role::UserAdministrator]
    {
        let name = format!("{}@contoso.example", role.title().replace(' ', "."));
        let member = house.world.member(house.contoso, &name, &[role]).await;
        let mut browser = house.browser(&house.member(member)).await;
        browser.get(&asked).await.is(403);
        let csrf = browser.get("/myaccount/sessions").await.field("csrf");
        browser.submit(&asked, &[("csrf", &csrf), ("decision", "accept")]).await.is(403);
    }
    assert_eq!(granted(GrantKind::Application).await, []);
    let mut admin = house.browser(&house.member(house.admin)).await;
    let page = admin.get(&asked).await;
    page.is(200)
        .says("Read and write your organization&#39;s external identities policy")
        .says("(by itself, without anybody signed in)")
        .says("Sign people in and read their own profile");
    let csrf = page.field("csrf");
    for _ in 0..2 {
        let yes = admin.submit(&asked, &[("csrf", &csrf), ("decision", "accept")]).await;
        assert_eq!(parameters(&yes.onward()).1["admin_consent"], "True");
    }
    assert_eq!(granted(GrantKind::Application).await, [Permission::PolicyReadWriteExternalIdentities]);
    assert_eq!(granted(GrantKind::Delegated).await, [Permission::UserRead]);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", house.secret.as_str()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let token = house.token("contoso.example", &fields, &[]).await.text("access_token");
    assert_eq!(claims(&token)["roles"], serde_json::json!(["Policy.ReadWrite.ExternalIdentities"]));
    let query = service::AuditQuery { limit: 50, ..service::AuditQuery::default() };
    let log = directory.list_audit(&cx, &house.operator(), &query).await.unwrap();
    let grants: Vec<_> = log
        .iter()
        .filter(|one| {
            one.record.activity == model::audit::Activity::GrantPermission
                && one.record.targets.iter().any(|target| target.id == id)
        })
        .flat_map(|one| {
            one.record.details.iter().filter(|(name, _)| name == "kind").map(|(_, kind)| kind.as_str())
        })
        .collect();
    assert_eq!(grants, ["application", "delegated"], "one record for each, though yes was said twice");
}

/// what is decided for everybody is decided by whoever proved to be present within ten minutes.
#[tokio::test]
async fn an_administrators_consent_needs_a_fresh_sign_in() {
    let house = House::new(47).await;
    let id = house.web.to_string();
    let fields = [("client_id", id.as_str()), ("redirect_uri", CALLBACK), ("scope", "User.Read.All")];
    let asked = format!("/contoso.example/v2.0/adminconsent?{}", form(&fields));
    let mut admin = house.browser(&house.member(house.admin)).await;
    let csrf = admin.get(&asked).await.field("csrf");
    house.later(model::Span::minutes(11));
    for reply in
        [admin.get(&asked).await, admin.submit(&asked, &[("csrf", &csrf), ("decision", "accept")]).await]
    {
        let (page, sent) = parameters(reply.header("location"));
        assert_eq!((reply.status, page.as_str()), (303, "/signin"));
        assert!(sent.contains_key("again") && sent["return"] == asked, "{sent:?}");
    }
    let grants = house
        .world
        .store()
        .read(testkit::World::scope(house.contoso), |reader| reader.grants(house.web, GrantKind::Delegated));
    assert_eq!(grants.await.unwrap(), []);
}
