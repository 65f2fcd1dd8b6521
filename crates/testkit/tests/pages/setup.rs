//! The first start of a real server.

use crate::{browser::Browser, scene::PASSWORD};
use model::Span;
use testkit::World;

async fn secret(world: &World) -> String {
    world.directory().begin_setup(&world.cx()).await.unwrap().expect("a secret").expose().to_owned()
}

fn filled<'f>(secret: &'f str, domain: &'f str) -> [(&'f str, &'f str); 7] {
    [
        ("secret", secret),
        ("organization", "Contoso"),
        ("domain", domain),
        ("name", "Megan Bowen"),
        ("userName", "admin"),
        ("password", PASSWORD),
        ("passwordAgain", PASSWORD),
    ]
}

#[tokio::test]
async fn the_secret_creates_the_first_organization_and_then_set_up_is_gone() {
    let world = World::new(60).await;
    let secret = secret(&world).await;
    let mut browser = Browser::new(&world);
    for path in ["/signin", "/myaccount", "/admin"] {
        browser.get(path).await.leads_to("/setup");
    }
    browser.get("/setup").await.is(200).says("Set up this server");
    let done = browser.submit("/setup", "/setup", &filled(&secret, "contoso.example")).await;
    done.is(200).says("The server is set up").says("admin@contoso.example").lacks(PASSWORD).lacks(&secret);
    browser.get("/setup").await.is(404);
    browser.post("/setup", &filled(&secret, "other.example")).await.is(404);
    let fields = [
        ("return", "/admin"),
        ("step", "password"),
        ("userName", "admin@contoso.example"),
        ("password", PASSWORD),
    ];
    browser.submit("/signin", "/signin", &fields).await.leads_to("/admin");
    browser.get("/admin").await.is(200).says("Contoso");
}

#[tokio::test]
async fn of_two_set_ups_at_once_one_wins() {
    let world = World::new(61).await;
    let secret = secret(&world).await;
    let (mut one, mut two) = (Browser::new(&world), Browser::new(&world));
    let (first, second) = (filled(&secret, "one.example"), filled(&secret, "two.example"));
    let (one, two) =
        tokio::join!(one.submit("/setup", "/setup", &first), two.submit("/setup", "/setup", &second));
    let won = [one.status, two.status].into_iter().filter(|status| *status == 200).count();
    assert_eq!(won, 1, "{} {}", one.status, two.status);
    assert_eq!(world.directory().list_tenants().await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_the_machine_itself_may_set_up() {
    let world = World::new(62).await;
    let secret = secret(&world).await;
    let mut local = Browser::new(&world);
    local.get("/setup").await.is(200);
    for peer in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"] {
        let mut remote = local.clone();
        remote.peer = peer.parse().unwrap();
        remote.get("/setup").await.is(403).says("This server is not set up yet").lacks("name=\"secret\"");
        remote.post("/setup", &filled(&secret, "contoso.example")).await.is(403);
    }
    for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        let mut near = local.clone();
        near.peer = peer.parse().unwrap();
        near.get("/setup").await.is(200);
    }
    assert!(world.directory().needs_setup().await.unwrap());
}

#[tokio::test]
async fn a_form_that_cannot_be_is_shown_again_with_what_is_wrong_and_without_secrets() {
    let world = World::new(63).await;
    let secret = secret(&world).await;
    let good = filled(&secret, "contoso.example");
    let rows = [
        ("secret", "wrong", "This secret is not valid, or no longer."),
        ("secret", "", "Enter a value."),
        ("organization", "", "Enter a value."),
        ("domain", "contoso", "Enter a domain name, such as contoso.com."),
        ("domain", "-a.example", "Enter a domain name, such as contoso.com."),
        ("userName", "a b", "Enter letters, digits, dots, hyphens or underscores, without spaces."),
        (
            "userName",
            "admin@other.example",
            "Enter letters, digits, dots, hyphens or underscores, without spaces.",
        ),
        ("password", "short", "The two passwords differ."),
    ];
    let mut browser = Browser::new(&world);
    for (field, value, problem) in rows {
        let fields: Vec<_> =
            good.iter().map(|(name, kept)| (*name, if *name == field { value } else { *kept })).collect();
        let page = browser.submit("/setup", "/setup", &fields).await;
        page.is(400).says(problem).lacks(PASSWORD).lacks(&secret);
    }
    let mut weak = good;
    (weak[5].1, weak[6].1) = ("short", "short");
    browser.submit("/setup", "/setup", &weak).await.is(400).says("too short or too easy to guess");
    browser.post("/setup", &good).await.is(403);
    world.clock.advance(Span::minutes(31));
    browser.submit("/setup", "/setup", &good).await.is(400).says("This secret is not valid, or no longer.");
    assert!(world.directory().needs_setup().await.unwrap());
}
