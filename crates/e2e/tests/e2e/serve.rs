//! `serve`: the server for real, from nothing.

use crate::{
    browser::Browser,
    place::Place,
    server::{Server, client},
};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt};

const PASSWORD: &str = "violet harbour tram seventeen";

/// The set-up form, filled.
fn set_up(browser: &mut Browser, secret: &str) -> crate::page::Page {
    let fields = [
        ("secret", secret),
        ("organization", "Adventure Works"),
        ("domain", "adventure.example"),
        ("name", "Ada Jones"),
        ("userName", "ada"),
        ("password", PASSWORD),
        ("passwordAgain", PASSWORD),
    ];
    browser.submit("/setup", &[], &fields)
}

/// The secret that the server left in its directory, once it has said so.
fn secret(place: &Place, server: &mut Server) -> String {
    server.wait_for("the set-up secret", |server| server.log().contains("/setup").then_some(()));
    fs::read_to_string(place.path("data/setup-secret")).unwrap().trim().to_owned()
}

#[test]
fn a_new_server_knows_nobody_until_it_is_set_up_once_with_the_secret() {
    let Some(place) = Place::new() else { return };
    let (mut server, base_url) = Server::serve(&place, &[]);
    let ca = place.path("data/ca.pem");
    let mut browser = Browser::new(&base_url, &ca);
    for path in ["/signin", "/myaccount", "/admin", "/myaccount/organizations"] {
        browser.get(path).leads_to("/setup");
    }
    browser
        .get("/setup")
        .is(200)
        .says("Create the first organization and its administrator. This is done once.");
    let secret = secret(&place, &mut server);
    assert!(secret.len() >= 43, "256 bit");
    assert_eq!(fs::metadata(place.path("data/setup-secret")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!server.log().contains(&secret), "the log of a service is no place for it");
    set_up(&mut browser, "not the secret").is(400).says("This secret is not valid, or no longer.");
    set_up(&mut browser, &secret)
        .is(200)
        .says("Adventure Works exists, and you are its Global Administrator.");
    browser.get("/setup").is(404);
    browser.post("/setup", &[("secret", &secret)]).is(404);
    browser.sign_in("ada@adventure.example", PASSWORD);
    // A role needs a second factor before it can be used.
    browser.get("/admin").leads_to("/myaccount/security?required");
    browser.set_up_second_factor();
    browser.get("/admin").is(200).says("Adventure Works");
    let settings = browser.get("/admin/external-collaboration");
    settings.is(200).says("You can change this once your organization has a global privacy contact");
    for unknown in ["admin@adventure.example", "admin@contoso.example", "priya.raman@fabrikam.example"] {
        let mut browser = Browser::new(&base_url, &ca);
        let asked = browser.knock(unknown);
        let csrf = asked.field("csrf");
        for password in ["admin", "password", ""] {
            let fields = [
                ("csrf", csrf.as_str()),
                ("step", "password"),
                ("userName", unknown),
                ("password", password),
            ];
            let page = browser.post("/signin", &fields);
            assert!([422, 429].contains(&page.status), "{}", page.text());
        }
    }
}

#[test]
fn before_the_set_up_there_is_no_tenant_no_token_and_no_key() {
    let Some(place) = Place::new() else { return };
    let (_server, base_url) = Server::serve(&place, &[]);
    let client = client(&place.path("data/ca.pem"));
    let status = |path: &str| client.get(format!("{base_url}{path}")).send().unwrap().status().as_u16();
    assert_eq!((status("/healthz"), status("/readyz")), (200, 200));
    assert_eq!(status("/beta/policies/externalIdentitiesPolicy"), 401);
    for tenant in ["common", "contoso.example", "00000000-0000-0000-0000-000000000000"] {
        let keys = client.get(format!("{base_url}/{tenant}/discovery/v2.0/keys")).send().unwrap();
        let keys: Value = keys.json().unwrap();
        assert!(
            keys.get("error").is_some() || keys["keys"].as_array().is_some_and(Vec::is_empty),
            "{tenant}: {keys}"
        );
        let fields = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "x")];
        let answer =
            client.post(format!("{base_url}/{tenant}/oauth2/v2.0/token")).form(&fields).send().unwrap();
        assert!(answer.status().is_client_error(), "{tenant}");
        let body: Value = answer.json().unwrap();
        assert!(body.get("access_token").is_none(), "{body}");
    }
    let said = place.run(&["tenant", "list", "--data-dir", "data"]);
    assert_eq!(said.ok(), "There is no organisation yet.\n");
}

#[test]
fn a_fresh_secret_makes_the_former_one_void() {
    let Some(place) = Place::new() else { return };
    let (mut server, base_url) = Server::serve(&place, &[]);
    let first = secret(&place, &mut server);
    let said = place.run(&["setup-secret", "--data-dir", "data"]);
    let second = said.ok().lines().next().unwrap().to_owned();
    assert!(
        said.out.contains(&format!("Open {base_url}/setup and give this secret within 30 minutes.")),
        "{}",
        said.out
    );
    assert_eq!(secret(&place, &mut server), second);
    let mut browser = Browser::new(&base_url, &place.path("data/ca.pem"));
    set_up(&mut browser, &first).is(400).says("This secret is not valid, or no longer.");
    set_up(&mut browser, &second).is(200);
    let said = place.run(&["setup-secret", "--data-dir", "data"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out.contains("nothing to set up") && said.out.contains("innkeeper tenant create"),
        "{}",
        said.out
    );
}

#[test]
fn the_operator_makes_organisations_whether_the_server_runs_or_not() {
    let Some(place) = Place::new() else { return };
    let create = |name: &str, domain: &str| {
        let args = ["tenant", "create", "--data-dir", "data", "--name", name, "--domain", domain];
        let administrator = ["--administrator-user", "ada", "--administrator-name", "Ada Jones"];
        let args: Vec<&str> = args.into_iter().chain(administrator).collect();
        place.run(&args)
    };
    create("Adventure Works", "adventure.example").ok();
    let (mut server, base_url) = Server::serve(&place, &[]);
    assert!(
        !place.path("data/setup-secret").exists(),
        "there is an organisation, so there is nothing to set up"
    );
    let said = create("Proseware", "proseware.example");
    let password = said
        .ok()
        .lines()
        .find_map(|line| line.strip_prefix("Password, shown only now: "))
        .unwrap()
        .to_owned();
    create("Another", "PROSEWARE.example").refused("domain");
    let mut browser = Browser::new(&base_url, &place.path("data/ca.pem"));
    browser.get("/setup").is(404);
    browser.sign_in("ada@proseware.example", &password);
    browser.set_up_second_factor();
    browser.get("/admin").is(200).says("Proseware");
    let list = place.run(&["tenant", "list", "--data-dir", "data"]);
    assert_eq!(list.ok().lines().count(), 2);
    assert!(server.stop().0.success());
    // Shown once: it is nowhere in the directory.
    for entry in fs::read_dir(place.path("data")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(password.len()).any(|part| part == password.as_bytes()), "{}", path.display());
    }
    let said = place.run(&["verify", "--data-dir", "data"]);
    assert!(said.ok().starts_with("Looked at 2 organisations"), "{}", said.out);
}

#[test]
fn the_operator_registers_an_app_that_may_do_what_it_was_granted_and_no_more() {
    let Some(place) = Place::new() else { return };
    place
        .run(&["tenant", "create", "--data-dir", "data", "--name", "Contoso", "--domain", "contoso.example"])
        .ok();
    let list = place.run(&["tenant", "list", "--data-dir", "data"]);
    let tenant = list.ok().split_whitespace().next().unwrap().to_owned();
    let create = |permission: &str| {
        let args = ["app", "create", "--data-dir", "data", "--tenant", &tenant, "--name", "Scanner"];
        place.run(&args.into_iter().chain(["--permission", permission]).collect::<Vec<_>>())
    };
    assert!(create("Policy.Read.Everything").err.contains("known are"), "a permission that there is not");
    let (server, base_url) = Server::serve(&place, &[]);
    let said = create("Policy.Read.All");
    let value = |label: &str| {
        said.ok().lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default().trim().to_owned()
    };
    let (id, secret) = (value("Client id:"), value("Client secret, shown only now:"));
    let client = client(&place.path("data/ca.pem"));
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", &secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let answer =
        client.post(format!("{base_url}/contoso.example/oauth2/v2.0/token")).form(&fields).send().unwrap();
    let answer: Value = answer.json().unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let policy = format!("{base_url}/beta/policies/externalIdentitiesPolicy");
    assert_eq!(client.get(&policy).bearer_auth(token).send().unwrap().status(), 200);
    let change = serde_json::json!({ "allowExternalIdentitiesToLeave": true });
    assert_eq!(client.patch(&policy).bearer_auth(token).json(&change).send().unwrap().status(), 403);
    drop(server);
}

#[test]
fn an_organisation_made_by_command_ends_the_set_up() {
    let Some(place) = Place::new() else { return };
    let (mut server, base_url) = Server::serve(&place, &[]);
    secret(&place, &mut server);
    let args =
        ["tenant", "create", "--data-dir", "data", "--name", "Proseware", "--domain", "proseware.example"];
    place.run(&args).ok();
    assert!(!place.path("data/setup-secret").exists());
    Browser::new(&base_url, &place.path("data/ca.pem")).get("/setup").is(404);
}

#[test]
fn a_log_in_json_is_nothing_else() {
    let Some(place) = Place::new() else { return };
    let args = ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0", "--log-format", "json"];
    let mut server = Server::start(place.innkeeper(&args));
    server.wait_for("the set-up page", |server| server.log().contains("/setup").then_some(()));
    assert!(server.stop().0.success());
    let log = server.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(lines.iter().any(|line| line["message"] == "innkeeper is ready"), "{log}");
    assert_eq!(server.output(), "");
}
