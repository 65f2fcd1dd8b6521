//! The audit log, by page and as a file.

use crate::{
    browser::{Browser, Page},
    scene::Scene,
};
use model::{Person, Span, authz::Role};
use serde_json::Value;
use service::{Caller, OrganizationPatch, UserPatch};
use testkit::{GuestState, World};

const AUDIT: &str = "/admin/audit";

fn find(fields: &[(&str, &str)]) -> String {
    format!("{AUDIT}?{}", crate::browser::form(fields))
}

/// The activities of a page, from top to bottom.
fn activities(page: &Page) -> Vec<String> {
    let rows = page.body.split("<th scope=\"row\"><a href=\"/admin/audit/").skip(1);
    let name = |row: &str| {
        row.split('>').nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
    };
    rows.map(name).collect()
}

fn records(page: &Page) -> Vec<String> {
    let rows = page.body.split("href=\"/admin/audit/Directory_").skip(1);
    rows.map(|row| format!("Directory_{}", row.split('"').next().unwrap_or_default())).collect()
}

/// Every record that a filter finds, page by page.
async fn all(browser: &mut Browser, first: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = Some(first.to_owned());
    while let Some(at) = path {
        let page = browser.get(&at).await;
        page.is(200);
        found.extend(records(&page));
        path = page.next();
    }
    found
}

async fn rename(scene: &Scene, name: &str) {
    let patch = UserPatch { display_name: Some(name.to_owned()), ..UserPatch::default() };
    let (operator, key) = (Caller::operator(scene.contoso), scene.guest.to_string());
    scene.world.directory().update_user(&scene.world.cx(), &operator, &key, patch).await.expect("renamed");
}

#[tokio::test]
async fn the_log_is_read_newest_first_and_each_record_shows_before_and_after() {
    let scene = Scene::new(150).await;
    rename(&scene, "<i>Ana</i>").await;
    let patch = OrganizationPatch {
        technical_contact: Some(Some("it@contoso.example".to_owned())),
        ..OrganizationPatch::default()
    };
    let operator = Caller::operator(scene.contoso);
    scene.world.directory().update_organization(&scene.world.cx(), &operator, patch).await.unwrap();
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(AUDIT).await;
    page.is(200);
    assert_eq!(activities(&page)[..2], ["Set Company Information", "Update user"]);
    let ids = records(&page);
    browser
        .get(&format!("{AUDIT}/{}", ids[0]))
        .await
        .is(200)
        .says("Who Operator of the server")
        .says("Correlation ID")
        .says("technicalNotificationMails – it@contoso.example");
    let record = browser.get(&format!("{AUDIT}/{}", ids[1])).await;
    record
        .is(200)
        .lacks("<i>Ana")
        .says("User Guest ana@fabrikam.example")
        .says("displayName Guest ana@fabrikam.example <i>Ana</i>")
        .says(&scene.guest.to_string());
    for bad in ["x", "Directory_11111111-2222-4333-8444-555555555555", "Directory_x"] {
        browser.get(&format!("{AUDIT}/{bad}")).await.is(404);
    }
}

#[tokio::test]
async fn filters_narrow_the_log_one_by_one_and_together() {
    let scene = Scene::new(151).await;
    let (world, operator) = (&scene.world, Caller::operator(scene.contoso));
    rename(&scene, "Ana Maria").await;
    world.clock.advance(Span::days(2));
    let who = world.signed_in(&scene.ana).await;
    assert!(world.leave(&who, scene.contoso).await);
    let app = world.app(scene.contoso, "Sync 100%", false, &[]).await;
    let mut browser = scene.browser(&scene.admin).await;
    let only = |page: &Page, names: &[&str]| assert_eq!(activities(page), names, "{}", page.text());
    let (leave, redeem, accepted) = ("Leave organization", "Redeem external user invite", "Update user");
    only(&browser.get(&find(&[("activity", leave)])).await, &[leave]);
    // By a part of a name, by an id that is known, by one that is not.
    only(&browser.get(&find(&[("who", "aNA")])).await, &[leave, redeem, accepted]);
    let id = scene.guest.to_string();
    only(&browser.get(&find(&[("who", &id)])).await, &[leave, redeem, accepted]);
    let about = browser.get(&find(&[("whom", &id)])).await;
    assert_eq!(activities(&about)[..2], [leave, "Update user"]);
    only(
        &browser.get(&find(&[("whom", &app.id.to_string())])).await,
        &["Update application - Certificates and secrets management", "Add application"],
    );
    only(
        &browser.get(&find(&[("whom", "sync 100%"), ("activity", "Add application")])).await,
        &["Add application"],
    );
    only(&browser.get(&find(&[("whom", "sync 1%0")])).await, &[]);
    assert_eq!(
        activities(&browser.get(&find(&[("who", "operator"), ("from", "2026-01-02")])).await).len(),
        2
    );
    // Days are whole, and in UTC.
    only(&browser.get(&find(&[("from", "2026-01-03"), ("to", "2026-01-03"), ("who", &id)])).await, &[leave]);
    only(&browser.get(&find(&[("to", "2026-01-02"), ("who", &id)])).await, &[redeem, accepted]);
    only(&browser.get(&find(&[("from", "2026-01-04")])).await, &[]);
    only(&browser.get(&find(&[("result", "failure")])).await, &[]);
    // Somebody who is gone for good is found by id; the name is erased.
    world.directory().purge_user(&world.cx(), &operator, scene.guest).await.unwrap();
    let page = browser.get(&find(&[("whom", &id), ("activity", "Hard Delete user")])).await;
    only(&page, &["Hard Delete user"]);
    page.says("A deleted person");
    only(&browser.get(&find(&[("who", "Maria")])).await, &[]);
    only(&browser.get(&find(&[("who", &id)])).await, &[leave, redeem, accepted]);
}

#[tokio::test]
async fn a_day_that_is_none_is_said_and_searches_nothing() {
    let scene = Scene::new(152).await;
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(&find(&[("from", "2026-02-30"), ("who", "x\"y")])).await;
    page.is(400).says("Enter a date as year, month and day").says("Nothing in the log matches.");
    assert!(page.body.contains("value=\"x&#34;y\""), "nothing typed is lost");
    for form in ["csv", "json"] {
        browser.get(&format!("{AUDIT}/export.{form}?to=tomorrow")).await.is(400);
    }
    let nonsense = browser.get(&find(&[("activity", "Dance"), ("result", "maybe"), ("after", "x")])).await;
    assert!(!activities(nonsense.is(200)).is_empty(), "what means nothing narrows nothing");
}

async fn many(scene: &Scene, count: usize) {
    for n in 0..count {
        rename(scene, &format!("Name {n}")).await;
    }
}

#[tokio::test]
async fn pages_and_files_hold_every_match_once() {
    let scene = Scene::new(153).await;
    many(&scene, 620).await;
    let mut browser = scene.browser(&scene.admin).await;
    let filter = [("activity", "Update user"), ("who", "operator")];
    let paged = all(&mut browser, &find(&filter)).await;
    assert_eq!(paged.len(), 620);
    let query = crate::browser::form(&filter);
    let file = browser.get(&format!("{AUDIT}/export.json?{query}")).await;
    file.is(200);
    assert_eq!(file.header("content-type"), "application/json");
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"audit-contoso.example-2026-01-01.json\""
    );
    assert_eq!(file.header("cache-control"), "no-store");
    let value = file.json()["value"].as_array().cloned().unwrap();
    let ids: Vec<&str> = value.iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids, paged);
    // What Graph answers to the same question.
    let auditor =
        scene.world.app(scene.contoso, "Auditor", false, &[model::authz::Permission::AuditLogReadAll]).await;
    let token = scene.world.app_token(scene.contoso, &auditor).await;
    let mut client = Browser::new(&scene.world);
    let request = client
        .request(
            "GET",
            "/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName%20eq%20%27Update%20user%27&$top=1",
        )
        .header("authorization", format!("Bearer {token}"));
    assert_eq!(client.send(request, "").await.json()["value"][0], value[0]);
    let csv = browser.get(&format!("{AUDIT}/export.csv?{query}")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.body.starts_with("\u{feff}activityDateTime,activityDisplayName,"), "{:.80}", csv.body);
    assert_eq!(csv.body.matches("\"Directory_").count(), 620);
    assert!(paged.iter().all(|id| csv.body.contains(id.as_str())));
    let none = browser.get(&format!("{AUDIT}/export.json?who=nobody%20at%20all")).await;
    assert_eq!(none.json()["value"], Value::Array(Vec::new()));
    assert_eq!(browser.get(&format!("{AUDIT}/export.csv?who=nobody")).await.body.lines().count(), 1);
}

#[tokio::test]
async fn a_search_that_finds_little_says_how_far_it_came_and_goes_on() {
    let scene = Scene::new(154).await;
    many(&scene, 5_010).await;
    let mut browser = scene.browser(&scene.admin).await;
    let first = browser.get(&find(&[("who", "ana@")])).await;
    first.is(200).says("Nothing in the log matches.").says("Searched back to 1 January 2026, 00:00 UTC.");
    let second = browser.get(&first.next().expect("more")).await;
    assert_eq!(activities(second.is(200)), ["Redeem external user invite", "Update user"]);
    assert_eq!(second.next(), None);
}

#[tokio::test]
async fn a_file_is_no_formula() {
    let scene = Scene::new(155).await;
    let hostile = "=HYPERLINK(\"https://evil.example\",\"Ana, click\")";
    scene.world.app(scene.contoso, "+cmd", true, &[]).await;
    scene.world.app(scene.contoso, hostile, true, &[]).await;
    let mut browser = scene.browser(&scene.admin).await;
    let csv = browser.get(&format!("{AUDIT}/export.csv")).await;
    let quoted = hostile.replace('"', "\"\"");
    assert!(csv.body.contains(&format!(",\"'{quoted}\",")), "{}", csv.body);
    assert!(csv.body.contains(",\"'+cmd\","), "{}", csv.body);
    let cells = csv.body.split("\",\"");
    let formula =
        cells.filter(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])).collect::<Vec<_>>();
    assert!(formula.is_empty(), "{formula:?}");
    // The file for programs keeps the name as it is.
    let json = browser.get(&format!("{AUDIT}/export.json")).await;
    assert_eq!(json.json()["value"][0]["targetResources"][0]["displayName"], hostile);
}

#[tokio::test]
async fn the_log_is_for_roles_that_may_read_it() {
    let scene = Scene::new(156).await;
    for (n, role) in [Role::UserAdministrator, Role::GuestInviter].iter().enumerate() {
        let who = scene.world.member(scene.contoso, &format!("who{n}@contoso.example"), &[*role]).await;
        let mut browser = scene.browser(&World::person(scene.contoso, who)).await;
        browser.get("/admin").await.is(200).lacks("/admin/audit");
        let id = records(&scene.browser(&scene.admin).await.get(AUDIT).await)[0].clone();
        for path in ["", "?from=x", "/export.csv", "/export.json", &format!("/{id}")] {
            browser.get(&format!("{AUDIT}{path}")).await.is(403);
        }
    }
    let who = scene.world.member(scene.contoso, "reports@contoso.example", &[Role::ReportsReader]).await;
    let mut browser = scene.browser(&World::person(scene.contoso, who)).await;
    browser.get("/admin").await.is(200).says("Audit log");
    browser.get(AUDIT).await.is(200);
    browser.get(&format!("{AUDIT}/export.csv")).await.is(200);
    // The log of another organisation is another log.
    let address = "stranger@mail.example";
    let stranger = Person::Mailbox { address: address.to_owned() };
    scene.world.guest(scene.fabrikam, &stranger, address, GuestState::Accepted).await;
    browser.get(&find(&[("whom", "stranger")])).await.is(200).says("Nothing in the log matches.");
}
