//! An administrator gives roles and takes them.

use super::{Matrix, Row};
use crate::tour::Tour;
use thirtyfour::Key;

pub const STORIES: &[Row] = &[
    ("roles::a role is given and taken", Matrix::Languages, given),
    ("roles::the last administrator and guests are refused", Matrix::Languages, refused),
    ("roles::a role is given by keyboard alone", Matrix::Languages, keyboard),
];

const LARS: &str = "lars.eriksen@contoso.example";

/// The page of a role, from that of all roles.
fn open(tour: &Tour<'_>, role: &str) {
    tour.turn_to("admin-navigation", "roles-title");
    tour.follow(role);
    tour.says("role-holders-title");
}

/// Does Lars hold a role?
fn holds(tour: &Tour<'_>) -> bool {
    tour.graph()
        .get(&format!("/v1.0/users/{LARS}/memberOf"))
        .to_string()
        .contains("#microsoft.graph.directoryRole")
}

fn given(tour: &Tour<'_>) {
    tour.go_as("/admin", tour.admin());
    tour.turn_to("admin-navigation", "roles-title");
    tour.says("roles-lead").look("roles", "");
    tour.follow("role-guest-inviter");
    tour.says("role-holders-title").look("role", "");
    tour.fill("role-give-field", "nobody@contoso.example");
    tour.press("next");
    tour.says("problem-nobody-found").look("role", "nobody-found");
    tour.fill("role-give-field", LARS);
    tour.press("next");
    tour.says1("role-give-effect", "name", "Lars Eriksen").look("role_ask", "give");
    assert!(!holds(tour), "asking gives nothing");
    tour.press("role-give");
    tour.chrome.says("Lars Eriksen");
    tour.look("role", "given");
    assert!(holds(tour));
    tour.follow_at("role-take", "Lars Eriksen");
    tour.says("role-take-effect").look("role_ask", "take");
    tour.follow("cancel");
    assert!(holds(tour), "asking takes nothing");
    tour.follow_at("role-take", "Lars Eriksen");
    tour.press("role-take-apply");
    tour.says("role-holders-title").look("role", "taken");
    assert!(!holds(tour));
}

fn refused(tour: &Tour<'_>) {
    tour.go_as("/admin", tour.admin());
    open(tour, "role-global-administrator");
    tour.follow_at("role-take", "Amara Osei");
    tour.says("role-refused-last-administrator").look("role_ask", "last-administrator");
    assert!(tour.chrome.all("button", Some(&tour.t("role-take-apply"))).is_empty());
    open(tour, "role-guest-inviter");
    tour.fill("role-give-field", tour.named("GUEST_ID"));
    tour.press("next");
    tour.says("role-refused-outsider").look("role_ask", "outsider");
    assert!(tour.chrome.all("button", Some(&tour.t("role-give"))).is_empty());
    tour.press_out();
    tour.go_as("/admin", tour.scene.administrator("Global Reader"));
    open(tour, "role-guest-inviter");
    tour.says("role-read-only").look("role", "reader");
    assert!(tour.chrome.all("link", Some(&tour.t("role-take"))).is_empty());
}

fn keyboard(tour: &Tour<'_>) {
    let press = |keys: Key| tour.chrome.keys(keys + "");
    tour.go_as("/admin/roles", tour.admin());
    tour.chrome.tab_to("link", &tour.t("role-guest-inviter"));
    press(Key::Enter);
    tour.says("role-holders-title");
    tour.chrome.tab_to("textbox", &tour.t("role-give-field"));
    tour.chrome.keys(LARS);
    press(Key::Enter);
    tour.says1("role-give-effect", "name", "Lars Eriksen");
    tour.chrome.tab_to("button", &tour.t("role-give"));
    press(Key::Enter);
    tour.says("role-holders-title");
    assert!(holds(tour));
}
