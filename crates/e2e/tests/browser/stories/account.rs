//! Signing in, and what people see of their own.

use super::{Matrix, Row};
use crate::tour::Tour;
use serde_json::{Value, json};

pub const STORIES: &[Row] = &[
    ("account::signing in says what is wrong", Matrix::Languages, trouble),
    ("account::a new password is chosen at the first sign-in", Matrix::Languages, new_password),
    ("account::a mailbox signs in with a passcode", Matrix::Languages, passcode),
    ("account::devices are listed and signed out", Matrix::Languages, sessions),
    ("account::a second factor is set up, used and taken away", Matrix::Languages, factor),
    ("account::an invitation is reviewed and accepted", Matrix::Languages, redeem),
    ("account::what an organization holds is downloaded", Matrix::Languages, data),
    ("account::the language is switched anywhere", Matrix::Languages, language),
    ("account::errors are pages", Matrix::Languages, errors),
];

fn trouble(tour: &Tour<'_>) {
    tour.go("/signin");
    tour.look("sign_in", "");
    tour.fill("sign-in-user-name", "nobody");
    tour.press("next");
    tour.says("sign-in-not-a-user-name").look("sign_in", "not-a-name");
    let field = tour.chrome.find("textbox", &tour.t("sign-in-user-name"));
    assert!(field.description.contains(&tour.t("sign-in-not-a-user-name")), "it is read out: {field}");
    assert_eq!(field.value(), "nobody", "nothing typed is lost");
    tour.fill("sign-in-user-name", tour.named("GUEST_USERNAME"));
    tour.press("next");
    tour.look("sign_in", "password");
    tour.fill("sign-in-password", "wrong");
    tour.press("sign-in");
    tour.says("sign-in-wrong-password").look("sign_in", "wrong-password");
    tour.fill("sign-in-password", tour.named("GUEST_PASSWORD"));
    tour.press("sign-in");
    tour.says("overview-title");
    tour.press("sign-out");
    tour.says("sign-in-signed-out").look("sign_in", "signed-out");
}

fn new_password(tour: &Tour<'_>) {
    let (name, first) = ("newcomer@contoso.example", "violet harbour tram seventeen");
    let profile = json!({ "password": first, "forceChangePasswordNextSignIn": true });
    let body = json!({ "displayName": "Newcomer", "userPrincipalName": name, "mailNickname": "newcomer", "accountEnabled": true, "passwordProfile": profile });
    tour.graph().post("/v1.0/users", &body).is(201);
    tour.go("/myaccount/organizations");
    tour.sign_in_here(name, first);
    tour.says("new-password-lead").look("sign_in", "new-password");
    let choose = |new: &str, again: &str| {
        tour.fill("new-password", new);
        tour.fill("new-password-again", again);
        tour.press("new-password-save");
    };
    choose("short", "short");
    tour.says("problem-password-too-weak").look("sign_in", "new-password-refused");
    let field = tour.chrome.find("textbox", &tour.t("new-password"));
    assert!(field.description.contains(&tour.t("problem-password-too-weak")), "it is read out: {field}");
    choose(first, first);
    tour.says("new-password-same");
    choose("amber lantern under quay", "amber lantern under quay");
    tour.chrome.is_at("/myaccount/organizations");
}

fn passcode(tour: &Tour<'_>) {
    let address = tour.named("PERSONAL_USERNAME");
    tour.go("/myaccount/organizations");
    tour.fill("sign-in-user-name", address);
    tour.press("next");
    tour.says1("sign-in-passcode-hint", "address", address).look("sign_in", "passcode");
    let marker = format!("Passcode for {address}: ");
    let code = crate::place::eventually("the passcode", std::time::Duration::from_secs(10), || {
        let said = tour.scene.server.output();
        Some(said.split_once(&marker)?.1.split_once('\n')?.0.to_owned())
    });
    tour.fill("sign-in-passcode", &code);
    tour.press("sign-in");
    tour.chrome.says("Contoso").lacks(&tour.t("home-organization"));
    tour.look("organizations", "without-home");
    tour.go("/myaccount/security");
    tour.says("security-elsewhere").look("security", "elsewhere");
}

fn sessions(tour: &Tour<'_>) {
    let (user_name, password) = tour.guest();
    tour.scene.world.browser().sign_in(user_name, password);
    tour.go_as("/myaccount/sessions", (user_name, password));
    tour.says("sessions-current").says("sessions-others").look("sessions", "");
    tour.press("sessions-others");
    tour.says("sessions-ended").look("sessions", "ended");
    assert!(tour.chrome.all("button", Some(&tour.t("sessions-others"))).is_empty());
    tour.press("sessions-everywhere");
    tour.says("sign-in-signed-out");
    tour.go("/myaccount");
    tour.chrome.is_at("/signin");
}

/// The code that an app on a phone shows for the secret on the page.
fn code(tour: &Tour<'_>) -> String {
    let script = "return document.querySelector('.mono.strong').textContent";
    let secret = tour.chrome.run(script, &[]);
    let secret = identity::TotpSecret::from_bytes(&crate::browser::unbase32(secret.as_str().unwrap()));
    secret.code_at(crate::browser::wall())
}

fn factor(tour: &Tour<'_>) {
    tour.go_as("/myaccount/security", tour.guest());
    tour.look("security", "");
    tour.press("security-set-up");
    tour.says("setup-factor-scan").look("second_factor_setup", "");
    tour.fill("sign-in-code", "000000");
    tour.press("setup-factor-confirm");
    tour.says("sign-in-wrong-code").look("second_factor_setup", "wrong");
    tour.fill("sign-in-code", &code(tour));
    tour.press("setup-factor-confirm");
    tour.says("recovery-title").look("recovery_codes", "");
    let script = "return [...document.querySelectorAll('main li')].map((one) => one.textContent)";
    let codes = tour.chrome.run(script, &[]);
    tour.follow("recovery-kept");
    tour.says("security-since").look("security", "on");
    tour.press("sign-out");
    tour.go("/myaccount/security");
    let (user_name, password) = tour.guest();
    tour.sign_in_here(user_name, password);
    tour.says("sign-in-code-hint").look("sign_in", "code");
    tour.fill("sign-in-code", "nonsense");
    tour.press("sign-in");
    tour.says("sign-in-wrong-code").look("sign_in", "wrong-code");
    tour.fill("sign-in-code", codes[0].as_str().unwrap());
    tour.press("sign-in");
    tour.says("security-since");
    tour.fill("sign-in-code", codes[1].as_str().unwrap());
    tour.press("security-remove");
    tour.says("security-removed").look("security", "removed");
}

fn redeem(tour: &Tour<'_>) {
    let address = tour.named("HOME_ADMIN_USERNAME");
    let body = json!({ "invitedUserEmailAddress": address, "inviteRedirectUrl": "https://www.contoso.example/welcome", "sendInvitationMessage": true });
    let sent = tour.graph().post("/v1.0/invitations", &body).is(201).json();
    let link = sent["inviteRedeemUrl"].as_str().unwrap();
    let path = &link[tour.named("BASE_URL").len()..];
    tour.go("/innkeeper/outbox");
    tour.says("outbox-title").look("outbox", "");
    // Somebody else than who was invited.
    tour.go_as(path, tour.guest());
    tour.says("redeem-other-title").look("redeem", "other");
    tour.press_out();
    tour.go_as(path, (address, tour.named("HOME_ADMIN_PASSWORD")));
    tour.says("redeem-title").says1("redeem-lead", "organization", "Contoso").look("redeem", "");
    tour.press("cancel");
    tour.says("standing-pending");
    tour.follow_at("organizations-accept", "Contoso");
    tour.says("redeem-title").look("redeem", "from-the-list");
    tour.press("accept");
    tour.says1("redeemed-title", "organization", "Contoso").look("redeemed", "");
    tour.go(path);
    tour.says("redeem-used-title").look("redeem", "used");
}

fn data(tour: &Tour<'_>) {
    tour.go_as("/myaccount/organizations", tour.guest());
    let file: Value = serde_json::from_slice(&tour.download("download-data", "Contoso")).unwrap();
    assert_eq!(file["organization"]["displayName"], "Contoso");
    assert_eq!(file["accounts"][0]["user"]["id"], tour.named("GUEST_ID"));
    let file: Value = serde_json::from_slice(&tour.download("download-data", "Fabrikam")).unwrap();
    assert_eq!(file["organization"]["displayName"], "Fabrikam", "at home, too");
    tour.says("home-organization");
}

fn language(tour: &Tour<'_>) {
    tour.go_as("/myaccount/organizations?a=1", tour.guest());
    let others = web::pages::i18n::Texts::all().filter(|texts| texts.tag() != tour.texts.tag());
    for other in others {
        let lang = || tour.chrome.run("return document.documentElement.lang", &[]);
        assert_eq!(lang(), tour.texts.tag(), "chosen by the browser");
        tour.chrome.find("link", &other.t("language-name")).follow();
        assert_eq!(lang(), other.tag());
        assert!(tour.chrome.address().ends_with("/myaccount/organizations?a=1"), "on the same page");
        tour.go("/nowhere");
        assert_eq!(lang(), other.tag(), "and on every other, errors among them");
        tour.go("/myaccount");
        tour.chrome.find("link", &tour.t("language-name")).follow();
        assert_eq!(lang(), tour.texts.tag());
    }
}

fn errors(tour: &Tour<'_>) {
    tour.go("/nowhere");
    tour.says("error-404-title").look("error", "404");
    tour.go_as("/myaccount", tour.guest());
    tour.go("/admin");
    tour.says("error-403-title").look("error", "403");
    tour.follow("error-home");
    tour.says("overview-title");
}
