//! What administrators do beside deciding about people from outside.

use super::{Matrix, Row};
use crate::tour::Tour;
use serde_json::json;
use std::time::Duration;

pub const STORIES: &[Row] = &[
    ("admin::deleted users are restored and deleted for good", Matrix::Languages, deleted),
    ("admin::properties are changed", Matrix::Languages, properties),
    ("admin::ways to sign in are chosen", Matrix::Languages, methods),
    ("admin::guests without a home account are removed", Matrix::Languages, home_deletions),
    ("admin::a reader sees and changes nothing", Matrix::Languages, reader),
    ("admin::the explorer sends a request", Matrix::Full, explorer),
    ("admin::the explorer sends nothing a second time by itself", Matrix::Languages, unanswered),
];

fn deleted(tour: &Tour<'_>) {
    tour.go_as("/admin", tour.admin());
    tour.turn_to("admin-navigation", "deleted-title");
    tour.says("deleted-lead").look("deleted_users", "");
    tour.press_at("restore", "Yusuf Demir");
    tour.says1("deleted-restored", "name", "Yusuf Demir").look("deleted_users", "restored");
    let there = || {
        tour.graph().get("/v1.0/directory/deletedItems/microsoft.graph.user?$select=displayName").to_string()
    };
    assert!(!there().contains("Yusuf Demir"));
    tour.follow_at("delete-permanently", "Grace Mwangi");
    tour.says1("purge-title", "name", "Grace Mwangi").says("purge-lead").look("purge_confirm", "");
    tour.follow("cancel");
    assert!(there().contains("Grace Mwangi"), "asking deletes nothing");
    tour.follow_at("delete-permanently", "Grace Mwangi");
    tour.press("delete-permanently");
    tour.says("deleted-purged").look("deleted_users", "purged");
    assert!(!there().contains("Grace Mwangi"));
}

fn properties(tour: &Tour<'_>) {
    tour.go_as("/admin/properties", tour.admin());
    tour.look("properties", "");
    tour.fill("properties-privacy-statement", "javascript:alert(1)");
    tour.press("save");
    tour.says("problems-title").says("problem-not-a-link").look("properties", "wrong");
    let field = tour.chrome.find("textbox", &tour.t("properties-privacy-statement"));
    assert_eq!(field.value(), "javascript:alert(1)", "nothing typed is lost");
    tour.fill("properties-privacy-statement", "");
    tour.fill("properties-privacy-contact", "data@contoso.example");
    tour.press("save");
    tour.says("saved").look("properties", "saved");
    // Without a statement, leaving cannot be switched off, and the page says where to add one.
    tour.turn_to("admin-navigation", "settings-title");
    tour.says("settings-leave-unavailable").look("settings", "unavailable");
    assert!(!tour.group("settings-leave-title").find("radio", &tour.t("no")).is_enabled());
    tour.follow("settings-leave-unavailable-link");
    tour.says("properties-privacy-title");
}

fn methods(tour: &Tour<'_>) {
    tour.go_as("/admin/sign-in", tour.admin());
    tour.says("methods-title").look("sign_in_methods", "");
    let group = tour.group("security-second-factor");
    let chosen = group.find("radio", &tour.t("yes")).is_chosen();
    let other = tour.t(if chosen { "no" } else { "yes" });
    group.find("radio", &other).click();
    group.find("button", &tour.t("save")).follow();
    tour.says("saved").look("sign_in_methods", "saved");
}

fn home_deletions(tour: &Tour<'_>) {
    let fabrikam = tour.scene.graph_of(tour.named("HOME_TENANT_ID"), "User.ReadWrite.All");
    for name in ["sofia.marchetti", "kenji.watanabe"] {
        fabrikam.ask(reqwest::Method::DELETE, &format!("/v1.0/users/{name}@fabrikam.example"), None).is(204);
    }
    tour.go_as("/admin/external-collaboration/home-deletions", tour.admin());
    crate::place::eventually("the note about home accounts", Duration::from_secs(20), || {
        tour.chrome.reload();
        let text = tour.chrome.text();
        (text.contains("Sofia Marchetti") && text.contains("Kenji Watanabe")).then_some(())
    });
    tour.look("home_deletions", "");
    tour.press("home-deletions-review");
    tour.says("home-deletions-nothing-chosen").look("home_deletions", "nothing-chosen");
    tour.chrome.find("checkbox", &tour.t1("choose-one", "name", "Sofia Marchetti")).click();
    tour.press("home-deletions-review");
    tour.chrome.says("Sofia Marchetti").lacks("Kenji Watanabe");
    tour.look("home_deletions_review", "");
    tour.chrome.find("button", &tour.t1("home-deletions-apply", "count", 1_u64)).follow();
    tour.says1("home-deletions-removed", "count", 1_u64).look("home_deletions", "removed");
}

fn reader(tour: &Tour<'_>) {
    let person = tour.scene.administrator("Global Reader");
    tour.go_as("/admin", person);
    tour.look("admin_start", "reader");
    tour.go("/admin/external-collaboration");
    tour.says("settings-read-only").look("settings", "reader");
    assert!(tour.group("settings-leave-title").all("button", None).is_empty(), "there is no Save");
    tour.go("/admin/properties");
    tour.says("properties-read-only").look("properties", "reader");
}

fn explorer(tour: &Tour<'_>) {
    tour.go_as("/explorer", tour.admin());
    tour.says("explorer-title").look("explorer", "");
    tour.fill("explorer-target", "policies/externalIdentitiesPolicy");
    tour.chrome.find("button", &tour.t("explorer-run")).click();
    tour.chrome.says("allowExternalIdentitiesToLeave").says("200");
    tour.says("explorer-permissions").says("explorer-curl").look("explorer", "answer");
    tour.fill("explorer-target", "https://evil.example/v1.0/users");
    tour.chrome.find("button", &tour.t("explorer-run")).click();
    tour.says("problem-other-server").look("explorer", "elsewhere");
    let policy = json!(tour.policy());
    assert_eq!(policy["allowExternalIdentitiesToLeave"], true);
}

fn unanswered(tour: &Tour<'_>) {
    tour.go_as("/explorer", tour.admin());
    tour.chrome.devtools("Network.enable", json!({}));
    let connected = |connected: bool| {
        let conditions =
            json!({ "offline": !connected, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        tour.chrome.devtools("Network.emulateNetworkConditions", conditions);
    };
    connected(false);
    tour.chrome.find("button", &tour.t("explorer-run")).click();
    tour.says("explorer-unanswered");
    // Sending it as a form would have led away from the page.
    assert!(tour.chrome.address().ends_with("/explorer"), "{}", tour.chrome.address());
    connected(true);
    tour.look("explorer", "unanswered");
    tour.chrome.find("button", &tour.t("explorer-run")).click();
    tour.chrome.says("200 OK").lacks(&tour.t("explorer-unanswered"));
    // The browser writes down that there was no connection.
    tour.chrome.log();
}
