//! An administrator registers apps, gives them what they prove themselves with, and decides what they may do.

use super::{Matrix, Row};
use crate::{server::client, tour::Tour};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use std::path::Path;
use thirtyfour::Key;

pub const STORIES: &[Row] = &[
    ("registrations::an app is registered, changed, switched off and deleted", Matrix::Languages, register),
    ("registrations::secrets and certificates come and go", Matrix::Languages, credentials),
    ("registrations::permissions are granted and revoked", Matrix::Languages, permissions),
    ("registrations::a permission is granted by keyboard alone", Matrix::Languages, keyboard),
];

const APPS: &str = "/admin/apps";

/// The names of the apps that Graph lists.
fn names(tour: &Tour<'_>) -> String {
    tour.graph().get("/v1.0/applications?$select=displayName&$top=100").to_string()
}

fn register(tour: &Tour<'_>) {
    tour.go_as("/admin", tour.admin());
    tour.turn_to("admin-navigation", "apps-title");
    tour.says("apps-lead").look("apps", "");
    tour.follow("app-new-title");
    tour.says("app-new-lead").look("app_new", "");
    tour.fill("app-name", "Timesheets");
    tour.fill("app-addresses", "http://timesheets.example/");
    tour.press("app-register");
    tour.says("problem-not-an-app-address").look("app_new", "wrong");
    let name = tour.chrome.find("textbox", &tour.t("app-name"));
    assert_eq!(name.value(), "Timesheets", "nothing typed is lost");
    tour.fill("app-addresses", "https://timesheets.example/signed-in");
    tour.press("app-register");
    tour.says("app-registered").look("app", "registered");
    tour.fill("app-name", "Timesheets and more");
    tour.press("save");
    tour.says("saved").look("app", "saved");
    // Somebody else was quicker.
    let found =
        tour.graph().get("/v1.0/applications?$filter=startswith(displayName,'Timesheets')&$select=id");
    let path = format!("/v1.0/applications/{}", found["value"][0]["id"].as_str().unwrap());
    tour.graph().patch(&path, &json!({ "displayName": "Timesheets" }));
    tour.fill("app-name", "Lost");
    tour.press("save");
    tour.says("settings-error-changed").look("app", "changed");
    assert!(!names(tour).contains("Lost"));
    tour.follow("app-switch-off");
    tour.says1("app-off-ask", "app", "Timesheets").look("app_ask", "off");
    tour.press("app-switch-off");
    tour.says("app-switched-off").says("app-is-off-text").look("app", "off");
    tour.press("app-switch-on");
    tour.says("app-switched-on");
    tour.follow("app-delete");
    tour.says1("app-delete-ask", "app", "Timesheets").look("app_ask", "delete");
    tour.follow("cancel");
    assert!(names(tour).contains("Timesheets"), "asking deletes nothing");
    tour.follow("app-delete");
    tour.press("app-delete-apply");
    tour.says("app-deleted").look("apps", "deleted");
    assert!(!names(tour).contains("Timesheets"));
}

/// An app that nobody has given anything, and its page.
fn app(tour: &Tour<'_>) -> (String, String) {
    let made = tour.graph().post("/v1.0/applications", &json!({ "displayName": "Payroll" })).is(201).json();
    let id = made["appId"].as_str().unwrap().to_owned();
    tour.graph().post("/v1.0/servicePrincipals", &json!({ "appId": id })).is(201);
    let page = format!("{APPS}/{id}");
    (id, page)
}

/// With what status the app is answered when it asks for a token with this secret.
fn token_status(tour: &Tour<'_>, app: &str, secret: &str) -> u16 {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", app),
        ("client_secret", secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let address = format!("{}/{}/oauth2/v2.0/token", tour.named("AUTHORITY"), tour.named("TENANT_ID"));
    let sent = client(Path::new(tour.named("CA_FILE"))).post(address).form(&fields).send();
    sent.unwrap().status().as_u16()
}

fn credentials(tour: &Tour<'_>) {
    let (id, page) = app(tour);
    tour.go_as(&page, tour.admin());
    tour.says("app-credentials-text").look("app", "");
    tour.follow("secret-new-title");
    tour.says("secret-new-lead").look("app_secret_new", "");
    tour.fill("credential-name", "Server");
    tour.chrome.find("radio", &tour.t("secret-90")).click();
    tour.press("secret-add");
    tour.says1("secret-of", "app", "Payroll").says("secret-lead").look("app_secret", "");
    let secret = tour.chrome.run("return document.querySelector('strong.mono').textContent", &[]);
    let secret = secret.as_str().unwrap().to_owned();
    assert_eq!(token_status(tour, &id, &secret), 200, "the secret that is shown is the one that works");
    tour.follow("secret-kept");
    tour.chrome.says("Server").lacks(&secret);
    tour.look("app", "secret");
    tour.follow_at("credential-remove", "Server");
    tour.says1("secret-remove-ask", "app", "Payroll").look("app_ask", "secret");
    tour.press("credential-remove-apply");
    tour.says("credential-removed");
    assert_eq!(token_status(tour, &id, &secret), 401);
    tour.follow("certificate-new-title");
    tour.says("certificate-new-lead").look("app_certificate_new", "");
    tour.fill("credential-name", "Backup");
    tour.fill("certificate", "no certificate");
    tour.press("certificate-add");
    tour.says("problem-not-a-certificate").look("app_certificate_new", "wrong");
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    tour.fill("certificate", &CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem());
    tour.press("certificate-add");
    tour.says("credential-added").look("app", "certificate");
    tour.follow_at("credential-remove", "Backup");
    tour.says1("certificate-remove-ask", "app", "Payroll").look("app_ask", "certificate");
    tour.press("credential-remove-apply");
    tour.says("credential-removed");
}

/// The box that chooses this permission in this form.
fn tick(tour: &Tour<'_>, permission: &str, form: &str) -> String {
    format!("{} {permission} {}", tour.t("permission-choose"), tour.t(form))
}

/// How many permissions the app has by itself.
fn granted(tour: &Tour<'_>, app: &str) -> usize {
    let found = tour.graph().get(&format!("/v1.0/servicePrincipals(appId='{app}')?$select=id"));
    let path = format!("/v1.0/servicePrincipals/{}/appRoleAssignments", found["id"].as_str().unwrap());
    let list: Value = tour.graph().get(&path);
    list["value"].as_array().unwrap().len()
}

fn permissions(tour: &Tour<'_>) {
    let (id, page) = app(tour);
    tour.go_as(&page, tour.admin());
    tour.follow("permissions-add");
    tour.says1("permissions-add-title", "app", "Payroll").look("app_permissions", "");
    tour.press("next");
    tour.says("permissions-nothing-chosen").look("app_permissions", "nothing-chosen");
    for (permission, form) in
        [("User.Read.All", "permission-form-own"), ("Group.Read.All", "permission-form-people")]
    {
        tour.chrome.find("checkbox", &tick(tour, permission, form)).click();
    }
    tour.press("next");
    tour.says1("permissions-grant-ask", "app", "Payroll").look("app_grant", "");
    assert_eq!(granted(tour, &id), 0, "asking grants nothing");
    tour.press("permission-grant");
    tour.says1("permissions-granted", "count", 2_u64).look("app", "granted");
    assert_eq!(granted(tour, &id), 1);
    tour.follow_at("permission-revoke", "User.Read.All");
    tour.says1("permission-revoke-ask", "app", "Payroll").look("app_ask", "revoke");
    tour.press("permission-revoke-apply");
    tour.says("permission-revoked");
    assert_eq!(granted(tour, &id), 0);
    // Whoever may only look is offered nothing.
    tour.press_out();
    tour.go_as(&page, tour.scene.administrator("Global Reader"));
    tour.says("app-read-only").look("app", "reader");
    assert!(tour.chrome.all("button", Some(&tour.t("save"))).is_empty(), "there is no Save");
}

fn keyboard(tour: &Tour<'_>) {
    let (id, page) = app(tour);
    tour.go_as(&page, tour.admin());
    let press = |keys: Key| tour.chrome.keys(keys + "");
    tour.chrome.tab_to("link", &tour.t("permissions-add"));
    press(Key::Enter);
    tour.says("permissions-add-lead");
    tour.chrome.tab_to("checkbox", &tick(tour, "AuditLog.Read.All", "permission-form-own"));
    tour.chrome.keys(" ");
    // Enter in a form does what its button does.
    press(Key::Enter);
    tour.says1("permissions-grant-ask", "app", "Payroll");
    tour.chrome.tab_to("button", &tour.t("permission-grant"));
    press(Key::Enter);
    tour.says1("permissions-granted", "count", 1_u64);
    assert_eq!(granted(tour, &id), 1);
}
