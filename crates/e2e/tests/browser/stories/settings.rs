//! An administrator decides about people from outside.

use super::{Matrix, Row};
use crate::tour::Tour;
use serde_json::json;

pub const STORIES: &[Row] = &[
    ("settings::leaving is switched off and on", Matrix::Full, leave),
    ("settings::what opens the organization is asked first", Matrix::Full, asked),
    ("settings::removal shows whom it would touch", Matrix::Full, removal),
];

const SETTINGS: &str = "/admin/external-collaboration";

fn leave(tour: &Tour<'_>) {
    tour.go_as("/admin", tour.admin());
    tour.says("admin-title").look("admin_start", "");
    tour.turn_to("admin-navigation", "settings-title");
    tour.says("settings-title").look("settings", "");
    let group = tour.group("settings-leave-title");
    let radio = |key: &str| group.find("radio", &tour.t(key));
    assert!(radio("yes").is_chosen() && !radio("no").is_chosen());
    radio("no").click();
    group.find("button", &tour.t("save")).follow();
    tour.says("saved").look("settings", "saved");
    assert_eq!(tour.policy()["allowExternalIdentitiesToLeave"], false);
    let group = tour.group("settings-leave-title");
    assert!(group.find("radio", &tour.t("no")).is_chosen());
    group.find("radio", &tour.t("yes")).click();
    group.find("button", &tour.t("save")).follow();
    tour.says("saved");
    assert_eq!(tour.policy()["allowExternalIdentitiesToLeave"], true);
    // Leaving the page without Save changes nothing.
    tour.group("settings-leave-title").find("radio", &tour.t("no")).click();
    tour.go(SETTINGS);
    assert_eq!(tour.policy()["allowExternalIdentitiesToLeave"], true);
    // Somebody else was quicker.
    tour.group("settings-leave-title").find("radio", &tour.t("no")).click();
    tour.graph().patch(crate::graph::POLICY, &json!({ "allowDeletedIdentitiesDataRemoval": true }));
    tour.group("settings-leave-title").find("button", &tour.t("save")).follow();
    tour.says("settings-error-changed").look("settings", "changed");
    assert_eq!(tour.policy()["allowExternalIdentitiesToLeave"], true);
}

/// Chooses in a section, and saves it.
fn save(tour: &Tour<'_>, section: &str, choice: &str) {
    let group = tour.group(section);
    group.find("radio", &tour.t(choice)).click();
    group.find("button", &tour.t("save")).follow();
}

fn asked(tour: &Tour<'_>) {
    tour.go_as(SETTINGS, tour.admin());
    let stored = || tour.graph().get("/v1.0/policies/authorizationPolicy")["guestUserRoleId"].clone();
    let before = stored();
    save(tour, "settings-access-title", "settings-access-member");
    tour.says("settings-ask-access").look("settings_confirm", "");
    assert_eq!(stored(), before, "asking saves nothing");
    tour.follow("cancel");
    assert_eq!(stored(), before);
    save(tour, "settings-access-title", "settings-access-member");
    tour.press("settings-ask-access-yes");
    tour.says("saved");
    assert_ne!(stored(), before);
    save(tour, "settings-access-title", "settings-access-restricted");
    tour.says("saved");
    save(tour, "settings-invites-title", "settings-invites-none");
    tour.says("saved");
    assert_eq!(tour.graph().get("/v1.0/policies/authorizationPolicy")["allowInvitesFrom"], "none");
    let group = tour.group("settings-domains-title");
    group.find("radio", &tour.t("settings-domains-deny")).click();
    group.find("textbox", &tour.t("settings-domains-target")).fill("no domain");
    group.find("button", &tour.t("save")).follow();
    tour.says("settings-error-domains").look("settings", "wrong-domains");
}

fn removal(tour: &Tour<'_>) {
    tour.go_as(SETTINGS, tour.admin());
    let on = || tour.policy()["allowDeletedIdentitiesDataRemoval"].clone();
    save(tour, "settings-removal-title", "yes");
    tour.says("removal-ask").says("removal-whom").look("removal", "");
    assert_eq!(on(), false, "it is asked first");
    tour.press("removal-switch-on");
    tour.says("saved");
    assert_eq!(on(), true);
    save(tour, "settings-removal-title", "no");
    tour.says("saved");
    assert_eq!(on(), false);
}
