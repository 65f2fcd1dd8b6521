//! A guest sees where there are accounts, leaves, declines, is refused.

use super::{Matrix, Row};
use crate::tour::Tour;
use reqwest::Method;
use thirtyfour::Key;

pub const STORIES: &[Row] = &[
    ("leaving::a guest leaves and gets a receipt", Matrix::Full, leave),
    ("leaving::who may not leave reads why and whom to ask", Matrix::Full, refusal),
    ("leaving::by keyboard alone", Matrix::Languages, keyboard),
    ("leaving::an invitation is declined", Matrix::Languages, decline),
    ("leaving::the receipt is printed", Matrix::Languages, print),
    ("leaving::a page that is too old says so", Matrix::Languages, stale),
];

fn is_there(tour: &Tour<'_>) -> bool {
    let path = format!("/v1.0/users/{}", tour.named("GUEST_ID"));
    tour.graph().ask(Method::GET, &path, None).status == 200
}

/// From the sign-in to the confirmation at Contoso.
fn ask(tour: &Tour<'_>) {
    tour.go_as("/myaccount", tour.guest());
    tour.says("my-account").look("overview", "");
    tour.turn_to("account-navigation", "organizations-title");
    tour.says("home-organization").look("organizations", "");
    let home = tour.chrome.find("region", &tour.t("home-organization"));
    assert!(home.text().contains("Fabrikam"));
    assert!(home.all("link", Some(&tour.t("leave"))).is_empty(), "there is no Leave at home");
    tour.says("organizations-others");
    tour.follow_at("leave", "Contoso");
    tour.says1("leave-title", "organization", "Contoso");
}

fn leave(tour: &Tour<'_>) {
    ask(tour);
    let end = tour.chrome.run("return document.querySelector('.steps .end time').dateTime", &[]);
    let end: model::Timestamp = end.as_str().unwrap().parse().unwrap();
    tour.says1("leave-end", "at", tour.texts.when(end));
    for key in ["leave-now", "leave-deleted", "leave-stays"] {
        tour.says(key);
    }
    assert!(is_there(tour), "asking changes nothing");
    tour.look("leave_confirm", "");
    tour.press("leave");
    tour.says1("receipt-title", "organization", "Contoso").says("permanently-deleted-after");
    tour.chrome.says("privacy@contoso.example");
    assert!(!is_there(tour));
    let id = tour.named("GUEST_ID");
    let deleted = tour.graph().get(&format!("/v1.0/directory/deletedItems/{id}?$select=deletedDateTime"));
    let until: model::Timestamp = deleted["deletedDateTime"].as_str().unwrap().parse().unwrap();
    tour.chrome.says(&tour.texts.when(until + model::Span::days(30)));
    tour.look("receipt", "");
    tour.follow("back-to-organizations");
    tour.says("standing-left").look("organizations", "left");
    // A deep link to where one has left already.
    tour.go(&format!("/organizations/leave/{}", tour.named("TENANT_ID")));
    tour.says("refused-title-already-left").look("refused", "left");
}

fn refusal(tour: &Tour<'_>) {
    let name = tour.named("LOCKED_TENANT_NAME");
    tour.go_as("/myaccount/organizations", tour.guest());
    tour.says("standing-leaving-not-allowed");
    tour.follow_at("leave", name);
    tour.says("refused-title").says1("refused-not-allowed", "organization", name);
    tour.says1("refused-permission", "organization", name).says("refused-next");
    let contact = tour.chrome.find("link", tour.named("LOCKED_PRIVACY_CONTACT"));
    let link = contact.attribute("href").unwrap();
    assert!(link.starts_with("mailto:privacy@woodgrove.example?subject="), "{link}");
    let write = tour.chrome.find("link", &tour.t("refused-write"));
    assert_eq!(write.attribute("href").unwrap(), link);
    let statement = tour.chrome.find("link", &tour.t1("privacy-statement-of", "organization", name));
    assert_eq!(statement.attribute("href").unwrap(), "https://www.woodgrove.example/privacy");
    tour.look("refused", "");
    tour.follow("back-to-organizations");
    tour.says("standing-leaving-not-allowed");
    // The home organisation, by a deep link.
    tour.go(&format!("/organizations/leave/{}", tour.named("HOME_TENANT_ID")));
    tour.says1("refused-home-organization", "organization", "Fabrikam").look("refused", "home");
}

fn keyboard(tour: &Tour<'_>) {
    let press = |keys: Key| tour.chrome.keys(keys + "");
    tour.go("/myaccount/organizations");
    // The field has the focus already.
    tour.chrome.keys(tour.named("GUEST_USERNAME"));
    press(Key::Enter);
    tour.says("sign-in-password");
    tour.chrome.keys(tour.named("GUEST_PASSWORD"));
    press(Key::Enter);
    tour.says("organizations-others");
    tour.chrome.tab_to("link", &tour.t("skip-to-content"));
    press(Key::Enter);
    // Behind the frame, the first thing to stop at is the statement of the home organisation.
    press(Key::Tab);
    let first = tour.chrome.focus().unwrap();
    assert_eq!(first.name, tour.t1("privacy-statement-of", "organization", "Fabrikam"));
    loop {
        tour.chrome.tab_to("link", &tour.t("leave"));
        if tour.chrome.focus().unwrap().description.contains("Contoso") {
            break;
        }
    }
    press(Key::Enter);
    tour.says1("leave-title", "organization", "Contoso");
    tour.chrome.tab_to("button", &tour.t("leave"));
    let ring = "const style = getComputedStyle(document.activeElement); return [style.outlineStyle, parseFloat(style.outlineWidth)]";
    let ring = tour.chrome.run(ring, &[]);
    assert!(ring[0] != "none" && ring[1].as_f64().unwrap() >= 2.0, "the focus can be seen: {ring}");
    tour.chrome.keys(" ");
    tour.says1("receipt-title", "organization", "Contoso");
    assert!(!is_there(tour));
    tour.chrome.tab_to("link", &tour.t("back-to-organizations"));
    press(Key::Enter);
    tour.says("standing-left");
}

fn decline(tour: &Tour<'_>) {
    let person = (tour.named("HOME_ADMIN_USERNAME"), tour.named("HOME_ADMIN_PASSWORD"));
    let invite = serde_json::json!({
        "invitedUserEmailAddress": person.0, "inviteRedirectUrl": "https://www.contoso.example/", "invitedUserDisplayName": "Rosa Delgado",
    });
    let sent = tour.graph().post("/v1.0/invitations", &invite).is(201).json();
    let id = sent["invitedUser"]["id"].as_str().unwrap().to_owned();
    tour.go_as("/myaccount", person);
    tour.says1("overview-invitation", "organization", "Contoso").look("overview", "invited");
    tour.turn_to("account-navigation", "organizations-title");
    tour.says("standing-pending").look("organizations", "pending");
    tour.follow_at("decline", "Contoso");
    tour.says1("decline-title", "organization", "Contoso").look("decline_confirm", "");
    tour.follow("cancel");
    tour.follow_at("decline", "Contoso");
    tour.press("decline-confirm");
    tour.says1("receipt-title-declined", "organization", "Contoso").look("receipt", "declined");
    tour.graph().ask(Method::GET, &format!("/v1.0/users/{id}"), None).is(404);
}

fn print(tour: &Tour<'_>) {
    ask(tour);
    tour.press("leave");
    tour.says1("receipt-title", "organization", "Contoso");
    let pages = tour.chrome.print();
    assert!(pages.starts_with(b"%PDF-"));
    let count = pages.windows(11).filter(|part| part == b"/Type /Page").count();
    tour.album.keep(&format!("receipt/{}-print.pdf", tour.chrome.mode.language), &pages);
    // `/Type /Pages` is one of them.
    assert_eq!(count, 2, "the receipt fits on one sheet");
    let media = serde_json::json!({ "media": "print" });
    tour.chrome.devtools("Emulation.setEmulatedMedia", media);
    let hidden = "return [...document.querySelectorAll('nav, button, .actions')].filter((one) => one.checkVisibility()).length";
    assert_eq!(tour.chrome.run(hidden, &[]), 0, "nothing to press is printed");
    for text in ["Contoso", "privacy@contoso.example", tour.named("GUEST_USERNAME")] {
        tour.chrome.says(text);
    }
}

fn stale(tour: &Tour<'_>) {
    ask(tour);
    let spoil = "document.querySelector('input[name=confirmation]').value = 'made up'";
    tour.chrome.run(spoil, &[]);
    tour.press("leave");
    tour.says("stale-title").says1("stale-nothing", "organization", "Contoso").look("stale", "");
    assert!(is_there(tour));
    tour.follow("stale-again");
    tour.says1("leave-title", "organization", "Contoso");
}
