//! The explorer: requests typed by a person, with that person's rights and no others.

use crate::{
    browser::{Browser, Page, form},
    scene::Scene,
};
use model::{Person, Span, TenantId, authz::Role};
use service::{Caller, UserPatch};
use testkit::{GuestState, World};
use web::{App, Limits, Options};

const EXPLORER: &str = "/explorer";
const POLICY: &str = "policies/externalIdentitiesPolicy";
const OFF: &str = r#"{"allowExternalIdentitiesToLeave": false}"#;
const REMOVAL: &str = r#"{"allowDeletedIdentitiesDataRemoval": true}"#;

/// Sends a request by the form of the page.
async fn run(
    browser: &mut Browser,
    tenant: TenantId,
    (method, version, target): (&str, &str, &str),
    headers: &str,
    body: &str,
) -> Page {
    let tenant = tenant.to_string();
    let fields = [
        ("organization", tenant.as_str()),
        ("method", method),
        ("version", version),
        ("target", target),
        ("headers", headers),
        ("body", body),
    ];
    browser.submit(EXPLORER, EXPLORER, &fields).await
}

async fn read(browser: &mut Browser, tenant: TenantId, target: &str) -> Page {
    run(browser, tenant, ("GET", "v1.0", target), "", "").await
}

#[tokio::test]
async fn an_administrator_reads_and_changes_the_policy_and_is_named_in_the_log() {
    let scene = Scene::new(400).await;
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(EXPLORER).await;
    page.is(200).says("externalIdentitiesPolicy").says("You may do this").lacks("id=\"answer\"");
    assert!(
        page.body.contains(&format!("value=\"{POLICY}\"")),
        "the request about the policy is there first"
    );
    let page = run(&mut browser, scene.contoso, ("GET", "beta", POLICY), "", "").await;
    page.is(200)
        .says("200 OK")
        .says("\"allowExternalIdentitiesToLeave\": true")
        .says("odata-version")
        .says("Policy.Read.All")
        .says("All of them: your role decides")
        .says("Global Administrator")
        .says(&format!("curl -sS '{}/beta/{POLICY}'", World::ORIGIN))
        .says("-H \"Authorization: Bearer $TOKEN\"");
    assert_eq!(page.header("cache-control"), "no-store");
    let page = run(&mut browser, scene.contoso, ("PATCH", "beta", POLICY), "", OFF).await;
    page.is(200).says("204 No Content").says("The answer has no body.").says("--data-raw");
    assert!(!scene.policy().await.allow_leave);
    let log = read(&mut browser, scene.contoso, "auditLogs/directoryAudits?$top=1").await;
    log.says("\"activityDisplayName\": \"Update policy\"").says("admin@contoso.example");
    let list = browser.get("/admin/audit?activity=Update+policy").await;
    let record = list.body.split("href=\"/admin/audit/").nth(1).and_then(|rest| rest.split('"').next());
    let record = browser.get(&format!("/admin/audit/{}", record.expect("a record"))).await;
    record.is(200).says("Through the app Explorer");
}

#[tokio::test]
async fn every_route_has_a_sample_that_the_page_fills_in() {
    let scene = Scene::new(401).await;
    let mut browser = scene.browser(&scene.admin).await;
    let start = browser.get(EXPLORER).await.body;
    for route in web::routes() {
        let encode =
            |text: &str| text.replace(' ', "%20").replace('{', "%7B").replace('}', "%7D").replace('$', "%24");
        let link = format!("{EXPLORER}?sample={}", encode(&format!("{} {}", route.method, route.path)));
        assert!(start.contains(&link), "{link}");
        let page = browser.get(&link).await;
        page.is(200).says(route.summary).lacks("id=\"answer\"").lacks("role=\"alert\"");
        assert!(page.body.contains(&format!("<option selected>{}</option>", route.method)), "{link}");
        assert!(
            page.body.contains(&format!("name=\"target\" type=\"text\" value=\"{}", route.path)),
            "{link}"
        );
    }
}

#[tokio::test]
async fn without_a_role_only_what_people_may_allow_an_app_for_themselves_is_read() {
    let scene = Scene::new(402).await;
    let mut browser = scene.browser(&scene.ana).await;
    read(&mut browser, scene.fabrikam, "me").await.says("200 OK").says("ana@fabrikam.example");
    read(&mut browser, scene.fabrikam, "organization").await.says("200 OK").says("Fabrikam");
    // Whoever reads themselves by name or id may, and the page says so.
    let own = [scene.ana_at_home.to_string(), "ana@fabrikam.example".to_owned()];
    for user in own.iter().flat_map(|own| [format!("users/{own}"), format!("users('{own}')")]) {
        read(&mut browser, scene.fabrikam, &user).await.says("200 OK").says("You may do this");
    }
    for target in [
        "users",
        "groups",
        "policies/authorizationPolicy",
        "applications",
        "directoryRoles",
        "auditLogs/directoryAudits",
    ] {
        read(&mut browser, scene.fabrikam, target)
            .await
            .is(200)
            .says("403 Forbidden")
            .says("You may not do this here")
            .says("Without a role, the explorer may only read");
    }
    run(&mut browser, scene.fabrikam, ("PATCH", "beta", POLICY), "", OFF).await.says("403 Forbidden");
}

#[tokio::test]
async fn a_guest_acts_where_they_are_a_guest_and_an_account_that_cannot_act_does_nothing() {
    let scene = Scene::new(403).await;
    let mut browser = scene.browser(&scene.ana).await;
    let me = read(&mut browser, scene.contoso, "me").await;
    me.says("200 OK").says(&scene.guest.to_string());
    read(&mut browser, scene.contoso, "users").await.says("403 Forbidden");
    // A role in another organisation is that organisation's to use with an app that it granted something.
    scene
        .world
        .directory()
        .give_role(&scene.world.cx(), scene.contoso, scene.guest, Role::GlobalAdministrator)
        .await
        .expect("a role");
    run(&mut browser, scene.contoso, ("PATCH", "beta", POLICY), "", OFF).await.says("403 Forbidden");
    assert!(scene.policy().await.allow_leave);
    // Where there is no account, nothing is sent, and not to another organisation either.
    read(&mut browser, scene.tailwind, "me").await.is(403).says("Nothing was sent").lacks("id=\"answer\"");
    let patch = UserPatch { account_enabled: Some(false), ..UserPatch::default() };
    let operator = Caller::operator(scene.contoso);
    let key = scene.guest.to_string();
    scene.world.directory().update_user(&scene.world.cx(), &operator, &key, patch).await.expect("blocked");
    read(&mut browser, scene.contoso, "me").await.is(403).says("Nothing was sent").lacks("id=\"answer\"");
    let woodgrove = scene.world.account(scene.woodgrove, &scene.ana.home()).await.expect("the guest");
    let operator = Caller::operator(scene.woodgrove);
    scene
        .world
        .directory()
        .delete_user(&scene.world.cx(), &operator, &woodgrove.id.to_string())
        .await
        .expect("removed");
    read(&mut browser, scene.woodgrove, "me").await.is(403).says("Nothing was sent");
}

#[tokio::test]
async fn a_person_with_a_mailbox_only_asks_as_the_guest_that_they_are() {
    let scene = Scene::new(404).await;
    let sam = Person::Mailbox { address: "sam@mail.example".to_owned() };
    let mut nowhere = scene.browser(&sam).await;
    nowhere.get(EXPLORER).await.is(200).says("You have no account yet").lacks("<textarea");
    let guest = scene.world.guest(scene.contoso, &sam, "sam@mail.example", GuestState::Accepted).await;
    let mut browser = scene.browser(&sam).await;
    read(&mut browser, scene.contoso, "me").await.says("200 OK").says(&guest.to_string());
}

#[tokio::test]
async fn nothing_is_sent_without_our_own_page_and_its_token() {
    let scene = Scene::new(405).await;
    let mut browser = scene.browser(&scene.admin).await;
    let csrf = browser.get(EXPLORER).await.field("csrf");
    let tenant = scene.contoso.to_string();
    let with = |csrf: &'static str, token: &str| {
        form(&[
            (csrf, token),
            ("organization", &tenant),
            ("method", "PATCH"),
            ("version", "beta"),
            ("target", POLICY),
            ("body", OFF),
        ])
    };
    for (site, body) in [
        ("cross-site", with("csrf", &csrf)),
        ("same-site", with("csrf", &csrf)),
        ("none", with("csrf", &csrf)),
        ("same-origin", with("csrf", "x")),
        ("same-origin", with("none", &csrf)),
    ] {
        let request = browser
            .request("POST", EXPLORER)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site);
        browser.send(request, &body).await.is(403);
        assert!(scene.policy().await.allow_leave, "{site}");
    }
    let query = with("csrf", &csrf);
    browser.get(&format!("{EXPLORER}?{query}")).await.is(200);
    assert!(scene.policy().await.allow_leave, "a link fills nothing in and sends nothing");
    Browser::new(&scene.world).get(EXPLORER).await.leads_to("/signin?return=/explorer");
}

#[tokio::test]
async fn the_rights_of_a_role_close_with_the_administration_pages() {
    let scene = Scene::new(406).await;
    let mut browser = scene.browser(&scene.admin).await;
    browser.get(EXPLORER).await.is(200);
    let shut = |page: &Page| {
        page.is(403).says("Nothing was sent. You hold a role there").lacks("id=\"answer\"");
        assert!(page.body.contains("/signin?return=/explorer%3Ftyped%3D"), "{}", page.body);
    };
    let admin = browser.jar.remove("__Host-innkeeper-admin").expect("the cookie");
    shut(&run(&mut browser, scene.contoso, ("PATCH", "beta", POLICY), "", OFF).await);
    browser.jar.insert("__Host-innkeeper-admin".to_owned(), admin);
    for _ in 0..2 {
        scene.world.clock.advance(Span::minutes(8));
        let mut account = browser.clone();
        account.jar.remove("__Host-innkeeper-admin");
        account.get("/myaccount").await.is(200);
    }
    shut(&run(&mut browser, scene.contoso, ("GET", "beta", POLICY), "", "").await);
    assert!(scene.policy().await.allow_leave);
}

#[tokio::test]
async fn what_is_hard_to_undo_asks_for_a_fresh_sign_in_and_keeps_what_was_typed() {
    let scene = Scene::new(407).await;
    let mut browser = scene.browser(&scene.admin).await;
    for _ in 0..2 {
        scene.world.clock.advance(Span::minutes(6));
        browser.get("/admin").await.is(200);
    }
    let page = run(&mut browser, scene.contoso, ("PATCH", "beta", POLICY), "", REMOVAL).await;
    page.is(200).says("401 Unauthorized").says("This needs a sign-in within the last ten minutes.");
    assert!(!scene.policy().await.allow_removal);
    let link =
        page.body.split("/signin?return=").nth(1).and_then(|rest| rest.split('&').next()).expect("a link");
    let back = link.replace("%3F", "?").replace("%3D", "=");
    let mut again = scene.browser(&scene.admin).await;
    let kept = again.get(&back).await;
    kept.is(200).says("allowDeletedIdentitiesDataRemoval").lacks("id=\"answer\"");
    assert!(kept.body.contains("<option selected>PATCH</option>"));
    assert!(!scene.policy().await.allow_removal, "filling in sends nothing");
    scene.browser(&scene.ana).await.get(&back).await.is(200).lacks("allowDeletedIdentitiesDataRemoval");
    run(&mut again, scene.contoso, ("PATCH", "beta", POLICY), "", REMOVAL).await.says("204 No Content");
    assert!(scene.policy().await.allow_removal);
}

#[tokio::test]
async fn it_sends_to_this_server_only_and_says_what_cannot_be_sent() {
    let scene = Scene::new(408).await;
    let mut browser = scene.browser(&scene.admin).await;
    for (target, headers, body, says) in [
        ("https://evil.example/v1.0/users", "", "", "The explorer sends to this server only."),
        ("http://localhost:8443/v1.0/users", "", "", "The explorer sends to this server only."),
        ("users/{id}", "", "", "Put a value in place of each name in braces."),
        ("users", "Authorization: Bearer x", "", "Leave them out."),
        ("users", "Cookie: a=b", "", "Leave them out."),
        ("users", "nonsense", "", "Write one header on each line"),
        ("users", "", r#"{"keyId": "{keyId}"}"#, "Put a value in place of each name in braces."),
    ] {
        let page = run(&mut browser, scene.contoso, ("GET", "v1.0", target), headers, body).await;
        page.is(422).says(says).lacks("id=\"answer\"");
        assert!(page.body.contains(target), "what was typed is kept");
    }
    for target in
        ["https://graph.microsoft.com/beta/me", "https://localhost:8443/beta/me", "/beta/me", "beta/me"]
    {
        let page = read(&mut browser, scene.contoso, target).await;
        page.says("200 OK").says(&format!("{}/beta/me'", World::ORIGIN)).lacks("graph.microsoft.com/beta");
    }
    let page = read(&mut browser, scene.contoso, "nowhere/at/all").await;
    page.says("400 Bad Request").says("no such method at such an address");
    let page = read(&mut browser, scene.contoso, "../admin").await;
    page.is(200).says("400 Bad Request");
}

#[tokio::test]
async fn an_answer_is_text_and_shows_no_secret_of_the_session() {
    let scene = Scene::new(409).await;
    let hostile = "<img src=x onerror=alert(1)>";
    let tenant = scene.world.tenant(hostile, "hostile.example").await;
    let admin = scene.world.member(tenant, "admin@hostile.example", &[Role::GlobalAdministrator]).await;
    let mut browser = scene.browser(&World::person(tenant, admin)).await;
    let page = read(&mut browser, tenant, "organization").await;
    page.is(200).says("200 OK").lacks("<img src=x");
    page.says("\"displayName\": \"<img src=x onerror=alert(1)>\"");
    let secret = browser.jar["__Host-innkeeper"].clone();
    page.lacks(&secret).lacks("Bearer ey").lacks("set-cookie");
}

#[tokio::test]
async fn pages_batches_and_relations_are_those_of_graph() {
    let scene = Scene::new(410).await;
    for n in 0..3 {
        scene.world.member(scene.contoso, &format!("m{n}@contoso.example"), &[]).await;
    }
    let mut browser = scene.browser(&scene.admin).await;
    let page = read(&mut browser, scene.contoso, "users?$top=2&$select=id").await;
    page.says("200 OK").says("Follow @odata.nextLink");
    let target = page
        .body
        .split("name=\"target\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("the next page");
    let next = read(&mut browser, scene.contoso, &target.replace("&#38;", "&")).await;
    next.says("200 OK").says("\"id\":");
    let batch = r#"{"requests": [{"id": "1", "method": "GET", "url": "/me"}, {"id": "2", "method": "GET", "url": "/users/$count", "headers": {"ConsistencyLevel": "eventual"}}]}"#;
    let page = run(&mut browser, scene.contoso, ("POST", "v1.0", "$batch"), "", batch).await;
    page.says("200 OK").says("admin@contoso.example").says("Each request inside is judged by itself.");
    assert_eq!(page.text().matches("\"status\": 200").count(), 2, "{}", page.text());
    let page = read(&mut browser, scene.contoso, "me?$select=id&$expand=memberOf").await;
    page.says("200 OK").says("Global Administrator");
}

#[tokio::test]
async fn limits_count_here_as_everywhere() {
    let scene = Scene::new(411).await;
    let options = Options { limits: Some(Limits::with(2, 1)), ..Options::default() };
    let mut browser = Browser::of(App::new(scene.world.directory().clone(), options));
    let cookie = scene.world.sign_in(&scene.admin).await;
    for name in ["__Host-innkeeper", "__Host-innkeeper-admin"] {
        browser.jar.insert(name.to_owned(), cookie.clone());
    }
    read(&mut browser, scene.contoso, "me").await.says("200 OK");
    read(&mut browser, scene.contoso, "me").await.says("200 OK");
    read(&mut browser, scene.contoso, "me").await.says("429 Too Many Requests").says("retry-after");
}

#[tokio::test]
async fn signed_out_everywhere_is_signed_out_of_the_explorer() {
    let scene = Scene::new(412).await;
    let mut browser = scene.browser(&scene.ana).await;
    let csrf = browser.get(EXPLORER).await.field("csrf");
    let who = scene.world.signed_in(&scene.ana).await;
    scene.world.directory().sign_out_everywhere(&scene.world.cx(), &who).await.expect("signed out");
    let tenant = scene.contoso.to_string();
    let fields = [("csrf", csrf.as_str()), ("organization", &tenant), ("method", "GET"), ("target", "me")];
    browser.post(EXPLORER, &fields).await.leads_to("/signin?return=/explorer");
}
