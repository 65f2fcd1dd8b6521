//! Requests that a page of somebody else makes in the name of whoever looks at it: with forms, scripts, pictures, links, from
//! another site, from a sibling, from another port of the very host. All of them carry the right token, as if it had leaked,
//! so that nothing but the origin is judged.

use super::{Claims, Row, once, site::Site};
use crate::{chrome::Chrome, graph::POLICY, place::eventually, tour::Tour};
use reqwest::Method;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

pub const STORIES: &[Row] = &[
    once("security::forged from another site", |tour| forge(tour, "https://evil.example", true)),
    once("security::forged from a sibling", |tour| forge(tour, "https://evil.house.example", true)),
    once("security::forged from another port", |tour| forge(tour, "https://directory.house.example", true)),
    once("security::forged from plain text", |tour| forge(tour, "http://evil.example", false)),
    once("security::a server that does not look where requests come from is broken into", careless),
    once("security::no page can be framed", framing),
];

/// In which ways a page can make a browser send something.
const WAYS: [(&str, &str); 9] = [
    ("form", "form({ method: 'post' }); done()"),
    ("form of plain text", "form({ method: 'post', enctype: 'text/plain' }); done()"),
    (
        "form in a frame",
        "const frame = add('iframe', { name: 'f' }); form({ method: 'post', target: 'f' }); later()",
    ),
    ("form by GET", "form({ method: 'get' }); done()"),
    (
        "fetch",
        "fetch(to, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).then(done, done)",
    ),
    (
        "fetch that asks first",
        "fetch(to, { method: 'POST', credentials: 'include', body, headers: { 'content-type': 'application/json' } }).then(done, done)",
    ),
    ("beacon", "navigator.sendBeacon(to, body); later()"),
    (
        "image",
        "const image = new Image(); image.onload = image.onerror = () => done(); image.src = to + '?' + body",
    ),
    ("link", "add('a', { href: to + '?' + body, textContent: 'prize' }).click(); done()"),
];

const TOOLS: &str = "
const [to, fields, done] = arguments;
const body = new URLSearchParams(fields);
const later = () => setTimeout(done, 400);
const add = (name, properties) => document.body.appendChild(Object.assign(document.createElement(name), properties));
const form = (properties) => {
  const made = add('form', { action: to, ...properties });
  for (const [name, value] of fields) made.appendChild(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
  made.submit();
};
";

/// What is worth forging: where to, with which fields.
struct Prize {
    name: &'static str,
    to: String,
    fields: Vec<(String, String)>,
}

impl Prize {
    /// What the form on this page sends to where `action` says, with more.
    fn on(tour: &Tour<'_>, page: &str, name: &'static str, action: &str, more: &[(&str, &str)]) -> Self {
        tour.go(page);
        Self { name, to: action.to_owned(), fields: fields(tour.chrome, action, more) }
    }
}

/// The hidden fields of the form on this page that goes to `action`, with more.
fn fields(chrome: &Chrome, action: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let script = "const form = [...document.forms].find((one) => new URL(one.action).pathname === arguments[0]); \
        return form ? [...new FormData(form)] : []";
    let found = chrome.run(script, &[action.into()]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut fields: Vec<_> =
        found.as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    assert!(fields.iter().any(|(name, value)| name == "csrf" && !value.is_empty()), "{action}: {fields:?}");
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    fields
}

fn attack(tour: &Tour<'_>, site: &str, prize: &Prize, script: &str) {
    attack_at(tour, site, tour.named("BASE_URL"), prize, script);
}

/// The same at whatever is reached at this address.
fn attack_at(tour: &Tour<'_>, site: &str, base_url: &str, prize: &Prize, script: &str) {
    tour.chrome.open(site);
    let fields: Vec<Value> = prize.fields.iter().map(|(name, value)| json!([name, value])).collect();
    let to = format!("{base_url}{}", prize.to);
    let script = format!("{TOOLS}{script}");
    // A page that goes away while its script runs has no answer to give.
    let _answer = tour.chrome.try_run_async(&script, &[to.into(), fields.into()]);
}

fn is_signed_in(tour: &Tour<'_>) -> bool {
    tour.chrome.open(&format!("{}/myaccount/sessions", tour.named("BASE_URL")));
    tour.chrome.address().ends_with("/myaccount/sessions")
}

fn forge(tour: &Tour<'_>, name: &str, secure: bool) {
    let claims = Claims::default();
    let site = Site::open(secure);
    let site = format!("{name}:{}/", site.port);
    as_a_guest(tour, &site, &claims);
    tour.chrome.forget();
    let restore = format!("/v1.0/directory/deletedItems/{}/restore", tour.named("GUEST_ID"));
    tour.graph().post(&restore, &json!({})).is(200);
    as_an_administrator(tour, &site, &claims);
    for what in what_to_watch(tour) {
        let before = (what.state)(tour);
        for (way, script) in [WAYS[0], WAYS[4]] {
            attack(tour, &site, &what.prize, script);
            claims.check(format!("{site}: {way}: {}", what.prize.name), (what.state)(tour) == before);
        }
        // The fields are the right ones: our own page gets through with them.
        tour.go("/nowhere");
        let sent: Vec<Value> = what.prize.fields.iter().map(|(name, value)| json!([name, value])).collect();
        tour.chrome.run_async(OWN, &[what.prize.to.clone().into(), sent.into()]);
        assert_ne!((what.state)(tour), before, "the attack was none: {}", what.prize.name);
    }
    tour.chrome.log();
    claims.hold();
}

fn as_a_guest(tour: &Tour<'_>, site: &str, claims: &Claims) {
    let leave = format!("/myaccount/organizations/leave/{}", tour.named("TENANT_ID"));
    tour.go_as(&leave, tour.guest());
    let there = || {
        let path = format!("/v1.0/users/{}", tour.named("GUEST_ID"));
        tour.graph().ask(Method::GET, &path, None).status == 200
    };
    for (way, script) in WAYS {
        // A page that was looked at again takes the place of the one before.
        let prize = Prize::on(tour, &leave, "leave", &leave, &[]);
        attack(tour, site, &prize, script);
        claims.check(format!("{site}: {way}: leave"), there());
        let prize = Prize::on(tour, "/myaccount", "sign out", "/signout", &[]);
        attack(tour, site, &prize, script);
        claims.check(format!("{site}: {way}: sign out"), is_signed_in(tour));
    }
    // The fields are the right ones: our own page gets through with them.
    let prize = Prize::on(tour, &leave, "leave", &leave, &[]);
    let sent: Vec<Value> = prize.fields.iter().map(|(name, value)| json!([name, value])).collect();
    let status = tour.chrome.run_async(OWN, &[leave.into(), sent.into()]);
    assert!(status == 200 && !there(), "the attack was none: {status}");
}

/// What our own page sends.
const OWN: &str = "const [to, fields, done] = arguments; \
    fetch(to, { method: 'POST', body: new URLSearchParams(fields) }).then((answer) => done(answer.status))";

/// A prize, and what shows whether somebody got it.
struct Watched {
    prize: Prize,
    state: Box<dyn Fn(&Tour<'_>) -> String>,
}

/// What Graph says there.
fn graph_says(path: String) -> Box<dyn Fn(&Tour<'_>) -> String> {
    Box::new(move |tour| tour.graph().get(&path).to_string())
}

/// An app for these attacks that asks where nobody listens; client id and the address at which it asks.
fn app(tour: &Tour<'_>) -> (String, String) {
    let back = "http://localhost:9/";
    let app = json!({ "displayName": "Payroll", "publicClient": { "redirectUris": [back] } });
    let id =
        tour.graph().post("/v1.0/applications", &app).is(201).json()["appId"].as_str().unwrap().to_owned();
    tour.graph().post("/v1.0/servicePrincipals", &json!({ "appId": id })).is(201);
    let asks = tour.asks(&id, back);
    (id, asks)
}

/// What people and administrators decide about apps, roles, guests and devices. The signed-in person is an administrator.
fn what_to_watch(tour: &Tour<'_>) -> Vec<Watched> {
    let roles = |user: &str| graph_says(format!("/v1.0/users/{user}/memberOf"));
    let inviter = format!("/admin/roles/{}", model::authz::Role::GuestInviter.template());
    let (give, lars) = (format!("{inviter}/give"), "lars.eriksen@contoso.example");
    let (client, asks) = app(tour);
    let page = format!("/admin/apps/{client}");
    let principal = format!("/v1.0/servicePrincipals(appId='{client}')");
    let apps = || graph_says("/v1.0/applications?$select=displayName&$top=100".to_owned());
    let confidential =
        tour.graph().post("/v1.0/applications", &json!({ "displayName": "Stock" })).is(201).json();
    let confidential = confidential["appId"].as_str().unwrap().to_owned();
    let secrets = format!("/admin/apps/{confidential}/secrets/new");
    let user = format!("/admin/users/{}", tour.named("GUEST_ID"));
    let (off, grant) = (format!("{page}/disable"), format!("{page}/permissions/grant"));
    let asked = format!("{grant}?delegated=User.Read.All");
    let new = [("name", "Evil"), ("kind", "device"), ("addresses", "")];
    let guest = [("address", "evil@evil.example"), ("name", "Evil"), ("kind", "guest")];
    let patch = r#"{"allowDeletedIdentitiesDataRemoval": true}"#;
    let typed = [
        ("method", "PATCH"),
        ("version", "beta"),
        ("target", "policies/externalIdentitiesPolicy"),
        ("body", patch),
    ];
    let on =
        |page: &str, name, action: &str, more: &[(&str, &str)]| Prize::on(tour, page, name, action, more);
    let grants = || graph_says("/v1.0/oauth2PermissionGrants".to_owned());
    let one = |prize, state| Watched { prize, state };
    vec![
        one(on(&asks, "consent", "/consent", &[("decision", "accept")]), grants()),
        one(on(&format!("{give}?person={lars}"), "a role", &give, &[]), roles(lars)),
        one(on("/admin/apps/new", "a new app", "/admin/apps/new", &new), apps()),
        one(
            on(&secrets, "a secret", &secrets, &[("days", "90")]),
            graph_says(format!("/v1.0/applications(appId='{confidential}')?$select=passwordCredentials")),
        ),
        one(on(&asked, "a permission", &grant, &[]), grants()),
        one(
            on(&off, "switching an app off", &off, &[]),
            graph_says(format!("{principal}?$select=accountEnabled")),
        ),
        one(on(&format!("{page}/delete"), "deleting an app", &format!("{page}/delete"), &[]), apps()),
        one(
            on("/admin/users/invite", "an invitation", "/admin/users/invite", &guest),
            graph_says("/v1.0/users?$filter=mail eq 'evil@evil.example'&$select=mail".to_owned()),
        ),
        one(
            on(&user, "blocking a guest", &user, &[("act", "block")]),
            graph_says(format!("/v1.0/users/{}?$select=accountEnabled", tour.named("GUEST_ID"))),
        ),
        one(on("/explorer", "the explorer", "/explorer", &typed), graph_says(POLICY.to_owned())),
        one(
            on(
                "/admin/sign-in",
                "the ways to sign in",
                "/admin/sign-in",
                &[("act", "secondFactor"), ("required", "yes")],
            ),
            Box::new(|tour| {
                tour.go("/admin/sign-in");
                tour.group("security-second-factor").find("radio", &tour.t("yes")).is_chosen().to_string()
            }),
        ),
    ]
}

/// The judges of these attacks notice one that gets through: by way of a front that vouches for everybody, a sibling does what it
/// likes.
fn careless(tour: &Tour<'_>) {
    let front_site = Site::careless_front(tour.named("BASE_URL"), Path::new(tour.named("CA_FILE")));
    let front = format!("https://directory.house.example:{}", front_site.port);
    let evil = Site::open(true);
    let site = format!("https://evil.house.example:{}/", evil.port);
    tour.go_as("/admin", tour.admin());
    let what = what_to_watch(tour);
    let role = what.iter().find(|what| what.prize.name == "a role").unwrap();
    let before = (role.state)(tour);
    attack_at(tour, &site, &front, &role.prize, WAYS[4].1);
    assert_ne!((role.state)(tour), before, "no role was given");
    tour.chrome.forget();
    let leave = format!("/myaccount/organizations/leave/{}", tour.named("TENANT_ID"));
    tour.go_as(&leave, tour.guest());
    let prize = Prize::on(tour, &leave, "leave", &leave, &[]);
    attack_at(tour, &site, &front, &prize, WAYS[0].1);
    eventually("the guest to be gone", Duration::from_secs(10), || {
        let path = format!("/v1.0/users/{}", tour.named("GUEST_ID"));
        (tour.graph().ask(Method::GET, &path, None).status == 404).then_some(())
    });
    tour.chrome.log();
}

fn as_an_administrator(tour: &Tour<'_>, site: &str, claims: &Claims) {
    let settings = "/admin/external-collaboration";
    tour.go_as(settings, tour.admin());
    let off = [("section", "leave"), ("allow", "no")];
    let toggle = Prize::on(tour, settings, "the toggle", settings, &off);
    let changed = [("technicalContact", "evil@evil.example")];
    let properties = "/admin/properties";
    let contact = Prize::on(tour, properties, "the contact", properties, &changed);
    let deleted = tour.graph().get("/v1.0/directory/deletedItems/microsoft.graph.user?$select=id&$top=1");
    let id = deleted["value"][0]["id"].as_str().unwrap().to_owned();
    let restore = format!("/admin/deleted-users/{id}/restore");
    let csrf: Vec<_> = toggle.fields.iter().filter(|(name, _)| name == "csrf").cloned().collect();
    let back = Prize { name: "restore", to: restore, fields: csrf };
    let removal = format!("/admin/users/remove?id={}", tour.named("GUEST_ID"));
    let remove = Prize::on(tour, &removal, "remove", "/admin/users/remove", &[]);
    let there = || {
        let path = format!("/v1.0/users/{}", tour.named("GUEST_ID"));
        tour.graph().ask(Method::GET, &path, None).status
    };
    assert_eq!(there(), 200, "the guest who left is back");
    let organization =
        || tour.graph().get("/v1.0/organization?$select=technicalNotificationMails").to_string();
    for (way, script) in WAYS {
        attack(tour, site, &toggle, script);
        claims.check(
            format!("{site}: {way}: the toggle"),
            tour.graph().get(POLICY)["allowExternalIdentitiesToLeave"] == true,
        );
        attack(tour, site, &contact, script);
        claims.check(format!("{site}: {way}: the contact"), !organization().contains("evil"));
        attack(tour, site, &remove, script);
        claims.check(format!("{site}: {way}: remove"), there() == 200);
        attack(tour, site, &back, script);
        let still = tour.graph().ask(Method::GET, &format!("/v1.0/directory/deletedItems/{id}"), None);
        claims.check(format!("{site}: {way}: restore"), still.status == 200);
    }
    // The refusal is a page that says what happened.
    attack(tour, site, &toggle, WAYS[0].1);
    claims.check(
        format!("{site}: the refusal is said"),
        tour.chrome.says(&tour.t("error-403-title")).text().contains(&tour.t("error-403")),
    );
}

fn framing(tour: &Tour<'_>) {
    let claims = Claims::default();
    let leave = format!("/myaccount/organizations/leave/{}", tour.named("TENANT_ID"));
    tour.go_as(&leave, tour.guest());
    let site = Site::open(true);
    for host in ["evil.example", "evil.house.example", "directory.house.example"] {
        tour.chrome.open(&format!("https://{host}:{}/", site.port));
        for path in [leave.as_str(), "/signin", "/myaccount/organizations", "/nowhere"] {
            let script = "const [to, done] = arguments; document.body.innerHTML = ''; \
                const frame = document.createElement('iframe'); \
                frame.onload = () => done(); frame.src = to; document.body.appendChild(frame); setTimeout(done, 3000)";
            tour.chrome.run_async(script, &[format!("{}{path}", tour.named("BASE_URL")).into()]);
            claims.check(
                format!("{host} cannot frame {path}"),
                tour.chrome.frames().iter().all(|frame| is_empty(frame)),
            );
        }
        let script = "const [to, done] = arguments; document.body.innerHTML = ''; \
            for (const [name, key] of [['object', 'data'], ['embed', 'src']]) { \
              const made = document.createElement(name); made[key] = to; document.body.appendChild(made); } \
            setTimeout(done, 1000)";
        tour.chrome.run_async(script, &[format!("{}{leave}", tour.named("BASE_URL")).into()]);
        claims
            .check(format!("{host} cannot embed"), tour.chrome.frames().iter().all(|frame| is_empty(frame)));
    }
    // What could be framed would be seen: a page of that site itself.
    let script = "const done = arguments[0]; document.body.innerHTML = ''; const frame = document.createElement('iframe'); \
        frame.onload = () => done(); frame.src = '/other'; document.body.appendChild(frame)";
    tour.chrome.run_async(script, &[]);
    assert!(tour.chrome.frames().iter().any(|frame| frame.contains("Elsewhere")), "frames are not seen");
    tour.chrome.log();
    claims.hold();
}

/// Nothing of ours is in what a frame shows.
fn is_empty(frame: &str) -> bool {
    !frame.contains("name=\"csrf\"") && !frame.contains("/assets/innkeeper")
}
