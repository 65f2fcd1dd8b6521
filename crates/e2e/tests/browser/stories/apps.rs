//! What apps send people here for.

use super::{Matrix, Row};
use crate::{security::Site, tour::Tour};
use serde_json::{Value, json};

pub const STORIES: &[Row] = &[
    ("apps::an app asks for consent", Matrix::Languages, consent),
    ("apps::a device is signed in", Matrix::Languages, device),
    ("apps::an app loses what it may do for somebody", Matrix::Languages, removed),
    ("apps::an organization that one is no guest of asks first", Matrix::Languages, connect),
];

fn consent(tour: &Tour<'_>) {
    let site = Site::open(false);
    let back = format!("http://localhost:{}/callback", site.port);
    let graph = tour.graph();
    let app = json!({ "displayName": "Timesheets", "publicClient": { "redirectUris": [back] } });
    let app = graph.post("/v1.0/applications", &app).is(201).json()["appId"].as_str().unwrap().to_owned();
    graph.post("/v1.0/servicePrincipals", &json!({ "appId": app })).is(201);
    let asked = tour.asks(&app, &back);
    tour.go(&asked);
    let (user_name, password) = tour.admin();
    tour.fill("sign-in-user-name", user_name);
    tour.press("next");
    tour.fill("sign-in-password", password);
    onward(tour);
    tour.go(&asked);
    tour.says1("consent-title", "app", "Timesheets").look("consent", "");
    tour.press("cancel");
    tour.chrome.says("Elsewhere");
    assert!(tour.chrome.address().contains("error=access_denied"), "{}", tour.chrome.address());
    tour.go(&asked);
    tour.press("accept");
    tour.chrome.says("Elsewhere");
    assert!(tour.chrome.address().contains("code="));
    tour.go(&format!("{}&prompt=select_account", tour.asks(&app, &back)));
    tour.says("choose-account-title").look("choose_account", "");
    tour.go(&tour.asks(&app, "https://evil.example/"));
    tour.says("oauth-refused-title").look("oauth_refused", "");
    tour.go(&format!("/{}/oauth2/v2.0/logout", tour.named("TENANT_ID")));
    tour.says("sign-out-lead").look("sign_out_app", "");
    tour.go(&format!("{}&response_mode=form_post", tour.asks(&app, &back)));
    tour.says("form-post-lead").look("form_post", "");
    tour.press("continue");
    tour.chrome.says("Elsewhere");
}

/// Signs in. The page that goes on by itself would be gone before one looks: it is laid out here without what makes it go.
fn onward(tour: &Tour<'_>) {
    let script = "const done = arguments[0]; const form = document.querySelector('main form'); \
        fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) }).then((answer) => answer.text()).then(done)";
    let page = tour.chrome.run_async(script, &[]);
    let page = page.as_str().unwrap();
    assert!(page.contains("http-equiv=\"refresh\""), "it does not go on: {page}");
    let frame = tour.chrome.devtools("Page.getFrameTree", json!({}))["frameTree"]["frame"]["id"].clone();
    let still = page.replace("http-equiv=\"refresh\"", "name=\"refresh\"");
    tour.chrome.devtools("Page.setDocumentContent", json!({ "frameId": frame, "html": still }));
    tour.says("onward-title").look("onward", "");
}

/// What an endpoint for apps answers.
fn ask(tour: &Tour<'_>, endpoint: &str, fields: &[(&str, &str)]) -> Value {
    let client = crate::server::client(std::path::Path::new(tour.named("CA_FILE")));
    let address = format!("{}/{}/oauth2/v2.0/{endpoint}", tour.named("AUTHORITY"), tour.named("TENANT_ID"));
    client.post(address).form(fields).send().unwrap().json().unwrap()
}

/// A device asks for a code.
fn begin(tour: &Tour<'_>, scope: &str) -> Value {
    ask(tour, "devicecode", &[("client_id", tour.named("PUBLIC_CLIENT_ID")), ("scope", scope)])
}

fn device(tour: &Tour<'_>) {
    let start = || begin(tour, "openid User.Read");
    tour.go_as("/devicelogin", tour.admin());
    tour.says("device-title").look("device", "");
    tour.fill("device-code", "BCDFGHJK");
    tour.press("next");
    tour.says("device-unknown").look("device", "unknown");
    for (decision, end, state) in
        [("cancel", "device-declined", "declined"), ("device-accept", "device-approved", "approved")]
    {
        tour.go("/devicelogin");
        tour.fill("device-code", start()["user_code"].as_str().unwrap());
        tour.press("next");
        tour.says("device-app").look("device", "ask");
        tour.press(decision);
        tour.says(end).look("device", state);
    }
}

fn removed(tour: &Tour<'_>) {
    tour.go_as("/myaccount", tour.admin());
    tour.turn_to("account-navigation", "my-apps-title");
    tour.says("my-apps-none").look("my_apps", "none");
    let begun = begin(tour, "openid offline_access User.Read");
    tour.go("/devicelogin");
    tour.fill("device-code", begun["user_code"].as_str().unwrap());
    tour.press("next");
    tour.press("device-accept");
    tour.says("device-approved");
    let app = ("client_id", tour.named("PUBLIC_CLIENT_ID"));
    let code = begun["device_code"].as_str().unwrap();
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let tokens = ask(tour, "token", &[app, grant, ("device_code", code)]);
    tour.go("/myaccount/apps");
    tour.says1("my-apps-in", "organization", "Contoso").says("my-apps-by-device").look("my_apps", "");
    tour.follow_at("my-apps-remove", "Contoso Command Line");
    tour.says1("remove-app-title", "app", "Contoso Command Line").look("remove_app", "");
    tour.follow("cancel");
    tour.follow_at("my-apps-remove", "Contoso Command Line");
    tour.press("my-apps-remove");
    tour.says1("my-apps-removed", "app", "Contoso Command Line").look("my_apps", "removed");
    let again =
        [app, ("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    assert_eq!(ask(tour, "token", &again)["error"], "invalid_grant", "what the app holds is void");
}

/// Both organisations let everybody use every app of the other.
fn connect(tour: &Tour<'_>) {
    let permission = "Policy.ReadWrite.CrossTenantAccess";
    let (contoso, fabrikam) = (tour.named("TENANT_ID"), tour.named("HOME_TENANT_ID"));
    let open = json!({
        "usersAndGroups": { "accessType": "allowed", "targets": [{ "target": "AllUsers", "targetType": "user" }] },
        "applications": { "accessType": "allowed", "targets": [{ "target": "AllApplications", "targetType": "application" }] },
    });
    let inbound = json!({ "tenantId": fabrikam, "b2bDirectConnectInbound": open });
    let outbound = json!({ "tenantId": contoso, "b2bDirectConnectOutbound": open });
    let partners = "/v1.0/policies/crossTenantAccessPolicy/partners";
    tour.graph().post(partners, &inbound).is(201);
    tour.scene.graph_of(fabrikam, permission).post(partners, &outbound).is(201);
    let site = Site::open(false);
    let back = format!("http://localhost:{}/callback", site.port);
    tour.go(&tour.asks(tour.named("PUBLIC_CLIENT_ID"), &back));
    tour.sign_in_here(tour.named("HOME_ADMIN_USERNAME"), tour.named("HOME_ADMIN_PASSWORD"));
    tour.says1("connect-title", "organization", "Contoso").look("connect", "");
    tour.press("accept");
    tour.chrome.says("Elsewhere");
    tour.go("/myaccount/organizations");
    tour.chrome.says("Contoso");
    tour.look("organizations", "connected");
    tour.follow_at("leave", "Contoso");
    tour.look("leave_confirm", "connected");
    tour.press("leave");
    tour.says1("receipt-title", "organization", "Contoso").look("receipt", "connected");
}
