//! What apps send people here for.

use super::{Matrix, Row};
use crate::{security::Site, tour::Tour};
use serde_json::{Value, json};

pub const STORIES: &[Row] = &[
    ("apps::an app asks for consent", Matrix::Languages, consent),
    ("apps::a device is signed in", Matrix::Languages, device),
    ("apps::an organization that one is no guest of asks first", Matrix::Languages, connect),
];

fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// The address at which an app asks.
fn request(tour: &Tour<'_>, app: &str, back: &str, more: &str) -> String {
    format!(
        "/{}/oauth2/v2.0/authorize?client_id={app}&response_type=code&redirect_uri={}&scope=openid%20User.Read&state=s&code_challenge={}&code_challenge_method=S256{more}",
        tour.named("TENANT_ID"),
        escaped(back),
        "a".repeat(43),
    )
}

fn consent(tour: &Tour<'_>) {
    let site = Site::open(false);
    let back = format!("http://localhost:{}/callback", site.port);
    let graph = tour.graph();
    let app = json!({ "displayName": "Timesheets", "publicClient": { "redirectUris": [back] } });
    let app = graph.post("/v1.0/applications", &app).is(201).json()["appId"].as_str().unwrap().to_owned();
    graph.post("/v1.0/servicePrincipals", &json!({ "appId": app })).is(201);
    let asked = request(tour, &app, &back, "");
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
    tour.go(&request(tour, &app, &back, "&prompt=select_account"));
    tour.says("choose-account-title").look("choose_account", "");
    tour.go(&request(tour, &app, "https://evil.example/", ""));
    tour.says("oauth-refused-title").look("oauth_refused", "");
    tour.go(&format!("/{}/oauth2/v2.0/logout", tour.named("TENANT_ID")));
    tour.says("sign-out-lead").look("sign_out_app", "");
    tour.go(&request(tour, &app, &back, "&response_mode=form_post"));
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

fn device(tour: &Tour<'_>) {
    let client = crate::server::client(std::path::Path::new(tour.named("CA_FILE")));
    let start = || -> Value {
        let address =
            format!("{}/{}/oauth2/v2.0/devicecode", tour.named("AUTHORITY"), tour.named("TENANT_ID"));
        let fields = [("client_id", tour.named("PUBLIC_CLIENT_ID")), ("scope", "openid User.Read")];
        client.post(address).form(&fields).send().unwrap().json().unwrap()
    };
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
    tour.go(&request(tour, tour.named("PUBLIC_CLIENT_ID"), &back, ""));
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
