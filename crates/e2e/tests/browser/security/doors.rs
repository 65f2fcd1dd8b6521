//! Coming in, going out, and what may be found between: cookies, sessions, the back button, links, names of the host.

use super::{Claims, Row, once, site::Site};
use crate::tour::Tour;
use reqwest::{Method, blocking::Client};
use serde_json::{Value, json};
use std::path::Path;

pub const STORIES: &[Row] = &[
    once("security::cookies are out of reach", cookies),
    once("security::each sign-in makes a new session", rotation),
    once("security::going back after signing out shows nothing", back),
    once("security::two clicks leave once", twice),
    once("security::an invitation is not redeemed by looking", scanner),
    once("security::links to elsewhere tell nothing", outward),
    once("security::no name of the host is believed", host),
    once("security::an app gets its answer after a sign-in by form", app),
];

const SESSION: &str = "__Host-innkeeper";
const ADMIN: &str = "__Host-innkeeper-admin";

fn cookies(tour: &Tour<'_>) {
    let claims = Claims::default();
    tour.go("/signin?lang=en");
    let before = tour.chrome.cookies();
    tour.go_as("/admin", tour.admin());
    let all: Vec<Value> = before.into_iter().chain(tour.chrome.cookies()).collect();
    claims.check(format!("there are cookies of all kinds: {}", all.len()), all.len() >= 5);
    for cookie in &all {
        let name = cookie["name"].as_str().unwrap();
        claims.check(format!("{name} belongs to this host only"), name.starts_with("__Host-"));
        claims.check(format!("{name} is sent over TLS only"), cookie["secure"] == true);
        claims.check(format!("{name} is out of reach of scripts"), cookie["httpOnly"] == true);
        claims.check(
            format!("{name} is kept from other sites"),
            ["Lax", "Strict"].map(Value::from).contains(&cookie["sameSite"]),
        );
        claims.check(format!("{name} has no domain"), !cookie["domain"].as_str().unwrap().starts_with('.'));
    }
    let admin = tour.chrome.cookie(ADMIN).unwrap();
    claims.check("the administrator's never comes along from another site", admin["sameSite"] == "Strict");
    let session = tour.chrome.cookie(SESSION).unwrap();
    claims.check("the session ends with the browser", session["session"] == true);
    claims.check("the session cannot be guessed", session["value"].as_str().unwrap().len() >= 43);
    claims.check("scripts see no cookie", tour.chrome.run("return document.cookie", &[]) == "");
    // A sibling cannot plant one.
    let site = Site::open(true);
    tour.chrome.open(&format!("https://evil.house.example:{}/", site.port));
    for planted in [
        "__Host-innkeeper=planted; Domain=house.example; Path=/; Secure",
        "__Host-innkeeper-form=planted; Domain=house.example; Path=/; Secure",
        "__Host-innkeeper-lang=zh-CN; Domain=house.example; Path=/; Secure",
    ] {
        tour.chrome.run("document.cookie = arguments[0]", &[planted.into()]);
        tour.go("/myaccount");
        let values = tour.chrome.cookies();
        claims.check(
            format!("no sibling plants {planted:?}"),
            !values.iter().any(|one| one["value"] == "planted" || one["value"] == "zh-CN"),
        );
        tour.chrome.open(&format!("https://evil.house.example:{}/", site.port));
    }
    claims.hold();
}

fn value(tour: &Tour<'_>, name: &str) -> String {
    tour.chrome.cookie(name).map(|one| one["value"].as_str().unwrap().to_owned()).unwrap_or_default()
}

/// A request with these cookies and nothing else of a browser.
fn ask(tour: &Tour<'_>, path: &str, cookies: &str) -> (u16, String) {
    let answer = plain(tour)
        .get(format!("{}{path}", local(tour)))
        .header("cookie", cookies)
        .header("accept", "text/html")
        .send()
        .unwrap();
    (answer.status().as_u16(), answer.text().unwrap())
}

fn plain(tour: &Tour<'_>) -> Client {
    crate::server::client(Path::new(tour.named("CA_FILE")))
}

/// The address of the server that needs no name.
fn local(tour: &Tour<'_>) -> String {
    format!("https://localhost:{}", port(tour))
}

fn port(tour: &Tour<'_>) -> u16 {
    tour.named("BASE_URL").rsplit_once(':').unwrap().1.parse().unwrap()
}

fn rotation(tour: &Tour<'_>) {
    let claims = Claims::default();
    tour.go("/signin");
    let form = value(tour, "__Host-innkeeper-form");
    claims.check("there is no session before", value(tour, SESSION).is_empty() && !form.is_empty());
    tour.go_as("/myaccount", tour.guest());
    let first = value(tour, SESSION);
    claims.check("signing in makes a session", !first.is_empty() && first != form);
    claims.check("what was before is gone", value(tour, "__Host-innkeeper-form").is_empty());
    tour.go("/signin");
    let (user_name, password) = tour.guest();
    tour.sign_in_here(user_name, password);
    tour.chrome.is_at("/myaccount");
    let second = value(tour, SESSION);
    claims.check("signing in again makes another", !second.is_empty() && second != first);
    let with = |value: &str| format!("{SESSION}={value}");
    claims.check("the former is over", ask(tour, "/myaccount", &with(&first)).0 == 303);
    claims.check("the present one holds", ask(tour, "/myaccount", &with(&second)).0 == 200);
    tour.press("sign-out");
    tour.says("sign-in-signed-out");
    claims.check("signing out takes the cookie away", value(tour, SESSION).is_empty());
    claims.check("and ends the session on the server", ask(tour, "/myaccount", &with(&second)).0 == 303);
    // A session that somebody else chose is not taken over.
    let fixed = "f".repeat(64);
    let set = json!({ "name": SESSION, "value": fixed, "url": tour.named("BASE_URL"), "secure": true, "path": "/" });
    tour.chrome.devtools("Network.setCookie", set);
    tour.go_as("/myaccount", tour.guest());
    claims.check("a session that was chosen by others is not used", value(tour, SESSION) != fixed);
    claims.check("and opens nothing", ask(tour, "/myaccount", &with(&fixed)).0 == 303);
    claims.hold();
}

fn back(tour: &Tour<'_>) {
    let claims = Claims::default();
    tour.go_as("/myaccount", tour.guest());
    tour.turn_to("account-navigation", "organizations-title");
    tour.chrome.says("Woodgrove Bank");
    tour.press("sign-out");
    tour.says("sign-in-signed-out");
    for step in 1..=3 {
        tour.chrome.back();
        let text = tour.chrome.text();
        claims.check(
            format!("{step} back shows no organisation"),
            !text.contains("Woodgrove") && !text.contains("Fabrikam"),
        );
        claims.check(format!("{step} back shows no name"), !text.contains("Priya"));
    }
    tour.chrome.forget();
    tour.go_as("/admin/deleted-users", tour.admin());
    tour.chrome.says("Yusuf Demir");
    tour.press("sign-out");
    tour.says("sign-in-signed-out");
    tour.chrome.back();
    claims.check("an administrator's list is gone, too", !tour.chrome.text().contains("Yusuf Demir"));
    claims.hold();
}

fn twice(tour: &Tour<'_>) {
    let claims = Claims::default();
    let leave = format!("/myaccount/organizations/leave/{}", tour.named("TENANT_ID"));
    tour.go_as(&leave, tour.guest());
    let before = tour.graph().audit("Leave organization").len();
    tour.chrome.find("button", &tour.t("leave")).double_click();
    tour.says1("receipt-title", "organization", "Contoso");
    let after: Vec<Value> = tour.graph().audit("Leave organization");
    claims.check("a double click leaves once", after.len() == before + 1);
    claims.check("and succeeds", after[0]["result"] == "success");
    // The receipt loaded anew sends the form again, as its reader confirms.
    tour.chrome.reload();
    tour.says1("receipt-title", "organization", "Contoso");
    claims.check(
        "loading the receipt anew does nothing",
        tour.graph().audit("Leave organization").len() == before + 1,
    );
    tour.chrome.back();
    tour.chrome.forget();
    tour.go_as("/admin/external-collaboration", tour.admin());
    let changes = || tour.graph().audit("Update policy").len();
    let before = changes();
    let group = tour.group("settings-leave-title");
    group.find("radio", &tour.t("no")).click();
    group.find("button", &tour.t("save")).double_click();
    tour.says("settings-title");
    let (after, shown) = (changes(), tour.chrome.text());
    claims.check(format!("a double click on Save changes once: {}", after - before), after == before + 1);
    claims.check(format!("and is no error: {shown}"), shown.contains(&tour.t("saved")));
    claims.hold();
}

fn invite(tour: &Tour<'_>, address: &str) -> (String, String) {
    let invitation =
        json!({ "invitedUserEmailAddress": address, "inviteRedirectUrl": "https://www.contoso.example/" });
    let sent = tour.graph().post("/v1.0/invitations", &invitation).is(201).json();
    let link = sent["inviteRedeemUrl"].as_str().unwrap();
    let path = link.split_once("://").unwrap().1;
    (sent["invitedUser"]["id"].as_str().unwrap().to_owned(), path[path.find('/').unwrap()..].to_owned())
}

fn scanner(tour: &Tour<'_>) {
    let claims = Claims::default();
    let address = tour.named("HOME_ADMIN_USERNAME");
    let (id, link) = invite(tour, address);
    let state = || {
        tour.graph().get(&format!("/v1.0/users/{id}?$select=externalUserState"))["externalUserState"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for agent in ["Mozilla/5.0 (scanner)", "curl/8", ""] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let address = format!("{}{link}", local(tour));
            let sent = plain(tour)
                .request(method.clone(), address)
                .header("user-agent", agent)
                .header("accept", "text/html")
                .send();
            sent.unwrap();
            claims.check(format!("{method} by {agent:?} redeems nothing"), state() == "PendingAcceptance");
        }
    }
    let posted =
        plain(tour).post(format!("{}{link}", local(tour))).form(&[("decision", "accept")]).send().unwrap();
    claims.check(
        "posting it without a browser is refused",
        posted.status() == 403 && state() == "PendingAcceptance",
    );
    tour.go_as(&link, (address, tour.named("HOME_ADMIN_PASSWORD")));
    tour.says("redeem-title");
    claims.check("looking at it as the invited person redeems nothing", state() == "PendingAcceptance");
    tour.chrome.reload();
    claims.check("looking again neither", state() == "PendingAcceptance");
    tour.press("accept");
    tour.says1("redeemed-title", "organization", "Contoso");
    claims.check("accepting does", state() == "Accepted");
    tour.go(&link);
    claims.check(
        "a second time it is used up",
        tour.says("redeem-used-title").chrome.text().contains(&tour.t("redeem-used-title")),
    );
    claims.hold();
}

fn outward(tour: &Tour<'_>) {
    let claims = Claims::default();
    let site = Site::open(true);
    let statement = format!("https://evil.example:{}/privacy", site.port);
    let profile =
        json!({ "privacyProfile": { "contactEmail": "privacy@contoso.example", "statementUrl": statement } });
    let tenant = tour.named("TENANT_ID").to_owned();
    tour.graph().patch(&format!("/v1.0/organization/{tenant}"), &profile);
    tour.go_as("/myaccount/organizations?a=secret", tour.guest());
    tour.chrome.find("link", &tour.t1("privacy-statement-of", "organization", "Contoso")).follow();
    tour.chrome.says("Elsewhere");
    let heard = site.heard();
    let asked = heard.iter().find(|one| one.target == "/privacy");
    claims.check("the link works", asked.is_some());
    claims.check("no referrer is sent", asked.is_some_and(|one| !one.headers.contains_key("referer")));
    claims.check("no cookie is sent", asked.is_some_and(|one| !one.headers.contains_key("cookie")));
    claims
        .check("there is no way back to our window", tour.chrome.run("return window.opener", &[]).is_null());
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://contoso.example/",
        "//evil.example/",
        "vbscript:x",
        "file:///etc/passwd",
    ] {
        let profile =
            json!({ "privacyProfile": { "contactEmail": "privacy@contoso.example", "statementUrl": bad } });
        let path = format!("/v1.0/organization/{tenant}");
        let refused = tour.graph().ask(Method::PATCH, &path, Some(&profile));
        claims.check(format!("{bad} is no address for a privacy statement"), refused.status == 400);
    }
    claims.hold();
}

fn host(tour: &Tour<'_>) {
    let claims = Claims::default();
    let forged = [
        ("host", "evil.example"),
        ("host", "evil.example:443"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-original-url", "/admin"),
        ("x-rewrite-url", "/admin"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-forwarded-prefix", "/evil"),
        ("x-http-method-override", "DELETE"),
    ];
    for (name, value) in forged {
        for path in ["/signin", "/myaccount", "/nowhere", "/common/v2.0/.well-known/openid-configuration"] {
            let sent = plain(tour)
                .get(format!("{}{path}", local(tour)))
                .header(name, value)
                .header("accept", "text/html")
                .send();
            let answer = sent.unwrap();
            let location = answer
                .headers()
                .get("location")
                .map(|one| one.to_str().unwrap().to_owned())
                .unwrap_or_default();
            let status = answer.status().as_u16();
            let body = answer.text().unwrap();
            claims.check(
                format!("{name}: {value} changes nothing at {path} ({status})"),
                !body.contains("evil")
                    && !location.contains("evil")
                    && !body.contains("http://localhost")
                    && status < 500,
            );
        }
    }
    // Mails carry the configured address.
    let invitation = json!({ "invitedUserEmailAddress": "new@mail.example", "inviteRedirectUrl": "https://www.contoso.example/", "sendInvitationMessage": true });
    let token = tour.graph().token;
    let sent = plain(tour)
        .post(format!("{}/v1.0/invitations", local(tour)))
        .bearer_auth(token)
        .header("x-forwarded-host", "evil.example")
        .json(&invitation)
        .send()
        .unwrap()
        .text()
        .unwrap();
    claims.check(
        "no invitation leads elsewhere",
        sent.contains("inviteRedeemUrl") && !sent.contains("evil.example"),
    );
    // Where an address to come back to leads elsewhere, the sign-in stays here.
    for bad in [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%09/evil.example",
        "%2F%2Fevil.example",
    ] {
        tour.chrome.forget();
        tour.go(&format!("/signin?return={bad}"));
        let (user_name, password) = tour.guest();
        tour.sign_in_here(user_name, password);
        claims.check(
            format!("{bad} is nowhere to come back to"),
            tour.chrome.address().starts_with(tour.named("BASE_URL")),
        );
    }
    claims.hold();
}

fn app(tour: &Tour<'_>) {
    let claims = Claims::default();
    let client = Site::open(false);
    let back = format!("http://localhost:{}/callback", client.port);
    let address = tour.asks(tour.named("PUBLIC_CLIENT_ID"), &back);
    tour.go(&address);
    let (user_name, password) = tour.admin();
    tour.sign_in_here(user_name, password);
    if tour.chrome.all("button", Some(&tour.t("accept"))).len() == 1 {
        tour.look("consent", "");
        tour.press("accept");
    }
    tour.chrome.says("Elsewhere");
    let heard = client.heard();
    let callback = heard.iter().find(|one| one.target.starts_with("/callback?"));
    claims.check("the app is called back after a sign-in by form", callback.is_some());
    let target = callback.map(|one| one.target.clone()).unwrap_or_default();
    claims.check("with a code and its state", target.contains("code=") && target.contains("state=s1"));
    claims.check("without a referrer", callback.is_some_and(|one| !one.headers.contains_key("referer")));
    claims.check("by GET", callback.is_some_and(|one| one.method == "GET"));
    // The same by a form that the browser posts.
    tour.go(&format!("{address}&response_mode=form_post"));
    if tour.chrome.address().starts_with(tour.named("BASE_URL"))
        && tour.chrome.all("button", Some(&tour.t("continue"))).len() == 1
    {
        tour.look("form_post", "");
        tour.press("continue");
    }
    tour.chrome.says("Elsewhere");
    let heard = client.heard();
    let posted = heard.iter().find(|one| one.method == "POST");
    claims.check(
        "a form that goes to the app may",
        posted.is_some_and(|one| one.body.contains("code=") && one.body.contains("state=s1")),
    );
    claims.check("and carries no token of ours", posted.is_some_and(|one| !one.body.contains("csrf")));
    claims.hold();
}
