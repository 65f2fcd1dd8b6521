//! An administrator finds people, looks at one, invites, blocks, removes.

use super::{Matrix, Row};
use crate::tour::Tour;
use reqwest::Method;
use serde_json::json;
use std::fs;

pub const STORIES: &[Row] = &[
    ("users::people are found and one is looked at", Matrix::Languages, find),
    ("users::a page of a hundred guests is light and stands still", Matrix::Languages, hundred),
    ("users::a guest is invited", Matrix::Languages, invite),
    ("users::several are removed after a preview", Matrix::Languages, remove),
];

const USERS: &str = "/admin/users";

fn find(tour: &Tour<'_>) {
    tour.go_as("/admin", tour.admin());
    tour.turn_to("admin-navigation", "users-title");
    tour.says("users-title").look("users", "");
    tour.go(&format!("{USERS}?show=pending"));
    tour.chrome.says("Claire Dubois").lacks("Priya Raman");
    tour.look("users", "pending");
    tour.go(&format!("{USERS}?q=nobody-is-called-so"));
    tour.says("users-none").look("users", "none");
    tour.go(&format!("{USERS}?q=Priya"));
    tour.chrome.find("link", "Priya Raman").follow();
    tour.says("user-account").says("user-sponsors").look("user", "");
    let id = tour.named("GUEST_ID");
    let enabled =
        || tour.graph().get(&format!("/v1.0/users/{id}?$select=accountEnabled"))["accountEnabled"].clone();
    tour.press("user-block");
    tour.says1("user-blocked", "name", "Priya Raman").look("user", "blocked");
    assert_eq!(enabled(), false);
    tour.press("user-unblock");
    tour.says1("user-unblocked", "name", "Priya Raman");
    assert_eq!(enabled(), true);
    tour.follow("user-reset");
    tour.says1("reset-title", "name", "Priya Raman").look("reset", "");
    tour.follow("cancel");
    tour.says("user-account");
}

fn hundred(tour: &Tour<'_>) {
    let guest = |n: usize| {
        let (mail, name) =
            (format!("guest-{n}@mail.example"), format!("Somebody With Quite A Long Name {n}"));
        json!({ "guest": { "organization": "contoso.example", "mail": mail, "displayName": name } })
            .to_string()
            + "\n"
    };
    let file = tour.scene.place.path("guests.jsonl");
    fs::write(file, (0..120).map(guest).collect::<String>()).unwrap();
    tour.scene.place.run(&["import", "--data-dir", "world", "--jsonl", "guests.jsonl"]).ok();
    tour.go_as(&format!("{USERS}?show=guests"), tour.admin());
    tour.says("next-page").look("users", "hundred");
    // The row that names the columns has no such box.
    assert_eq!(tour.chrome.all("checkbox", None).len(), 100);
}

fn invite(tour: &Tour<'_>) {
    tour.go_as(USERS, tour.admin());
    tour.follow("invite-title");
    tour.look("invite", "");
    tour.fill("invite-name", "New Comer");
    tour.fill("invite-address", "no address");
    tour.press("invite-send");
    tour.says("problems-title").look("invite", "wrong");
    let name = tour.chrome.find("textbox", &tour.t("invite-name"));
    assert_eq!(name.value(), "New Comer", "nothing typed is lost");
    tour.fill("invite-address", "new.comer@mail.example");
    tour.press("invite-send");
    tour.says1("invited-title", "address", "new.comer@mail.example").look("invitation_sent", "");
    let link = tour.chrome.find("textbox", &tour.t("invited-link")).value();
    assert!(link.starts_with(tour.named("BASE_URL")), "{link}");
    tour.chrome.find("link", &tour.t1("invited-guest", "name", "New Comer")).follow();
    tour.says("user-home").look("user", "pending");
}

fn remove(tour: &Tour<'_>) {
    tour.go_as(&format!("{USERS}?show=guests"), tour.admin());
    tour.press("users-remove-chosen");
    tour.says("users-nothing-chosen").look("users", "nothing-chosen");
    tour.go(&format!("{USERS}?show=guests"));
    for name in ["Aisha Rahman", "Kenji Watanabe"] {
        tour.chrome.find("checkbox", name).click();
    }
    tour.press("users-remove-chosen");
    tour.says1("remove-ask", "count", 2_u64).says("remove-restorable").look("users_remove", "");
    let gone = || {
        tour.graph().get("/v1.0/directory/deletedItems/microsoft.graph.user?$select=displayName").to_string()
    };
    assert!(!gone().contains("Aisha Rahman"), "asking removes nobody");
    tour.chrome.find("button", &tour.t1("remove-yes", "count", 2_u64)).follow();
    tour.says1("removed-title", "count", 2_u64).look("users_removed", "");
    assert!(gone().contains("Aisha Rahman") && gone().contains("Kenji Watanabe"));
    // Themselves, nobody removes.
    let own = tour.graph().ask(
        Method::GET,
        &format!("/v1.0/users/{}?$select=id", tour.named("ADMIN_USERNAME")),
        None,
    );
    let own = own.is(200).json()["id"].as_str().unwrap().to_owned();
    tour.go(&format!("{USERS}/remove?id={own}"));
    tour.says("remove-nobody").look("users_remove", "nobody");
}
