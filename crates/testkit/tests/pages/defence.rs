//! What keeps other sites, and hostile organisations, out of the pages.

use crate::{
    browser::{Browser, form},
    scene::{PASSWORD, Scene},
};
use model::authz::Role;
use testkit::World;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'";

async fn is_there(scene: &Scene) -> bool {
    !scene.world.user(scene.contoso, scene.guest).await.expect("the guest").is_deleted()
}

#[tokio::test]
async fn leaving_needs_our_own_page_and_its_token() {
    let scene = Scene::new(20).await;
    let mut browser = scene.browser(&scene.ana).await;
    let asked = browser.get(&scene.leave_path()).await;
    let (csrf, confirmation) = (asked.field("csrf"), asked.field("confirmation"));
    let good = form(&[("csrf", &csrf), ("confirmation", &confirmation)]);
    let sites: [&[(&str, &str)]; 7] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", World::ORIGIN)],
    ];
    for headers in sites {
        let mut request = browser
            .request("POST", &scene.leave_path())
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        browser.send(request, &good).await.is(403).says("the form came from another site");
        assert!(is_there(&scene).await, "{headers:?}");
    }
    let mut stranger = scene.browser(&scene.admin).await;
    let foreign = stranger.get("/myaccount").await.field("csrf");
    for token in ["", "x", "x.y", foreign.as_str()] {
        let fields = [("csrf", token), ("confirmation", confirmation.as_str())];
        browser.post(&scene.leave_path(), &fields).await.is(403);
        assert!(is_there(&scene).await, "{token}");
    }
    let request = browser.request("POST", &scene.leave_path()).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "text/plain");
    browser.send(request, &good).await.is(400);
    assert!(is_there(&scene).await);
    // The same form from an old browser, that names its origin only.
    let request = browser.request("POST", &scene.leave_path()).header("origin", World::ORIGIN);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    browser.send(request, &good).await.is(200);
    assert!(!is_there(&scene).await);
}

#[tokio::test]
async fn the_sign_in_form_is_bound_to_the_browser_that_got_it() {
    let scene = Scene::new(21).await;
    let mut attacker = Browser::new(&scene.world);
    let token = attacker.get("/signin").await.field("csrf");
    let fields = [
        ("csrf", token.as_str()),
        ("step", "password"),
        ("userName", "ana@fabrikam.example"),
        ("password", PASSWORD),
    ];
    let mut victim = Browser::new(&scene.world);
    let refused = victim.post("/signin", &fields).await;
    refused.is(403).says("This page was open for too long.");
    assert!(!victim.jar.contains_key("__Host-innkeeper"), "no log-in by another site");
    victim.get("/signin").await;
    victim.post("/signin", &fields).await.is(403);
    attacker.post("/signin", &fields).await.leads_to("/myaccount");
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let scene = Scene::new(22).await;
    let mut browser = Browser::new(&scene.world);
    let page = browser.get("/signin").await;
    let cookie = page.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-innkeeper-form=")
            && cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let token = page.field("csrf");
    let fields = [
        ("csrf", token.as_str()),
        ("step", "password"),
        ("userName", "ana@fabrikam.example"),
        ("password", PASSWORD),
    ];
    let page = browser.post("/signin", &fields).await;
    let cookie = page.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-innkeeper=")
            && cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert!(!browser.jar.contains_key("__Host-innkeeper-form"), "the cookie from before is taken away");
}

#[tokio::test]
async fn each_sign_in_makes_a_new_session_and_ends_the_former() {
    let scene = Scene::new(23).await;
    let mut browser = Browser::new(&scene.world);
    let fields = [("step", "password"), ("userName", "ana@fabrikam.example"), ("password", PASSWORD)];
    browser.submit("/signin", "/signin", &fields).await.leads_to("/myaccount");
    let mut former = browser.clone();
    browser.submit("/signin", "/signin", &fields).await.leads_to("/myaccount");
    assert_ne!(browser.jar["__Host-innkeeper"], former.jar["__Host-innkeeper"]);
    browser.get("/myaccount").await.is(200);
    former.get("/myaccount").await.leads_to("/signin?return=/myaccount");
}

#[tokio::test]
async fn signing_in_never_leads_to_another_site() {
    let scene = Scene::new(24).await;
    for bad in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
    ] {
        let mut browser = Browser::new(&scene.world);
        let encoded: String = bad.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = browser.get(&format!("/signin?return={encoded}")).await;
        assert_eq!(page.field("return"), "/myaccount", "{bad}");
        let fields = [
            ("return", bad),
            ("step", "password"),
            ("userName", "ana@fabrikam.example"),
            ("password", PASSWORD),
        ];
        browser.submit("/signin", "/signin", &fields).await.leads_to("/myaccount");
    }
}

#[tokio::test]
async fn every_page_carries_the_headers_that_protect_it() {
    let scene = Scene::new(25).await;
    let mut stranger = Browser::new(&scene.world);
    let mut guest = scene.browser(&scene.ana).await;
    let mut admin = scene.browser(&scene.admin).await;
    let leave = scene.leave_path();
    let mut pages = Vec::new();
    for path in ["/", "/signin", "/myaccount", "/nowhere", "/setup", "/signout", "/admin"] {
        pages.push((path.to_owned(), stranger.get(path).await));
    }
    for path in [
        "/myaccount",
        "/myaccount/organizations",
        &leave,
        "/invitations/redeem?ticket=x",
        "/admin",
        "/nowhere",
    ] {
        pages.push((path.to_owned(), guest.get(path).await));
    }
    let below = [
        "",
        "/external-collaboration",
        "/external-collaboration/home-deletions",
        "/deleted-users",
        "/roles",
        "/roles/62e90394-69f5-4237-9190-012177145e10",
        "/roles/62e90394-69f5-4237-9190-012177145e10/give?person=ana@fabrikam.example",
        "/apps",
        "/apps/new",
        "/audit",
        "/properties",
    ];
    for path in below.map(|below| format!("/admin{below}")) {
        pages.push((path.clone(), admin.get(&path).await));
    }
    pages.push(("POST".to_owned(), stranger.post("/signin", &[]).await));
    for (path, page) in pages {
        for (name, value) in [
            ("content-security-policy", POLICY),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.header(name), value, "{path}: {name}");
        }
        let scripts: Vec<&str> = page.body.matches("<script").collect();
        assert!(
            scripts.len() <= 1
                && page.body.matches("<script src=\"/assets/innkeeper.").count() == scripts.len(),
            "{path}"
        );
        for inline in [" style=", "<style", " onclick=", "http://"] {
            assert!(!page.body.contains(inline), "{path}: {inline}");
        }
    }
}

#[tokio::test]
async fn assets_may_be_kept_for_ever_and_pages_name_them_by_content() {
    let scene = Scene::new(26).await;
    let mut browser = Browser::new(&scene.world);
    let page = browser.get("/signin").await;
    let style =
        page.body.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let asset = browser.get(style).await;
    assert_eq!(asset.status, 200);
    assert_eq!(asset.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(browser.get("/assets/innkeeper.css").await.status, 404);
}

#[tokio::test]
async fn hostile_names_stay_text() {
    let scene = Scene::new(27).await;
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    let tenant = scene.world.tenant(hostile, "hostile.example").await;
    scene.world.guest(tenant, &scene.ana, "ana@fabrikam.example", testkit::GuestState::Accepted).await;
    let admin = scene.world.member(tenant, "admin@hostile.example", &[Role::GlobalAdministrator]).await;
    let mut guest = scene.browser(&scene.ana).await;
    let mut admin = scene.browser(&World::person(tenant, admin)).await;
    let leave = format!("/myaccount/organizations/leave/{tenant}");
    for page in
        [guest.get("/myaccount/organizations").await, guest.get(&leave).await, admin.get("/admin").await]
    {
        page.is(200).lacks("<img src=x").says(hostile);
    }
    let named = "%3Cimg%20src%3Dx%3E";
    Browser::new(&scene.world).get(&format!("/myaccount?tenantId={named}")).await.is(404).lacks("<img src=x");
    let fields = [("userName", "<img src=x>"), ("step", "userName")];
    Browser::new(&scene.world).submit("/signin", "/signin", &fields).await.is(400).lacks("<img src=x");
}

#[tokio::test]
async fn a_page_that_knows_no_such_method_says_which_it_knows() {
    let scene = Scene::new(28).await;
    let mut browser = scene.browser(&scene.ana).await;
    let page = browser.get("/signout").await;
    page.is(405);
    assert_eq!(page.header("allow"), "POST");
    let request = browser.request("DELETE", "/myaccount").header("sec-fetch-site", "same-origin");
    browser.send(request, "").await.is(405);
    let request = browser.request("DELETE", "/myaccount");
    browser.send(request, "").await.is(403);
}

#[tokio::test]
async fn the_language_is_switched_on_every_page_of_an_error_and_the_address_stays() {
    let scene = Scene::new(29).await;
    for (path, status) in [
        ("/nowhere?a=1&lang=zh-CN", 404),
        ("/signout?lang=zh-CN", 405),
        ("/admin?lang=zh-CN", 403),
        ("/invitations/redeem?ticket=x&lang=zh-CN", 409),
    ] {
        let mut browser = scene.browser(&scene.ana).await;
        let (rest, link) = path.rsplit_once("lang").expect("the switch");
        let rest = rest.trim_end_matches(['?', '&']);
        let page = browser.get(rest).await;
        page.is(status);
        let query = rest.split_once('?').map_or(String::new(), |(_, query)| format!("{query}&#38;"));
        assert!(page.body.contains(&format!("href=\"?{query}lang{link}\"")), "{path}: {}", page.body);
        browser.get(path).await.leads_to(rest);
        let page = browser.get(rest).await;
        page.is(status);
        assert!(page.body.contains("<html lang=\"zh-CN\""), "{path}");
    }
    let mut browser = Browser::new(&scene.world);
    browser.get("//evil.example/?lang=zh-CN").await.leads_to("/myaccount");
}

#[tokio::test]
async fn signing_out_takes_the_cookies_of_the_session_and_of_the_administration() {
    let scene = Scene::new(30).await;
    let logout = format!("/{}/oauth2/v2.0/logout", scene.contoso);
    for (page, action) in [("/myaccount", "/signout"), (logout.as_str(), "/signout/app")] {
        let mut browser = scene.browser(&scene.admin).await;
        browser.get("/admin").await.is(200);
        let former = browser.clone();
        let csrf = browser.get(page).await.is(200).field("csrf");
        browser.post(action, &[("csrf", &csrf)]).await;
        let left: Vec<&String> = browser.jar.keys().collect();
        assert!(left.is_empty(), "{action}: {left:?}");
        for (path, target) in [("/admin", "/signin?return=/admin"), ("/explorer", "/signin?return=/explorer")]
        {
            former.clone().get(path).await.leads_to(target);
        }
    }
}
