//! The first organisation is created once, on whichever server.

use crate::{
    browser::Browser,
    fleet::{DATABASE, cluster},
    place::{Place, Said},
    server::Server,
};
use std::{fs, os::unix::fs::DirBuilderExt, sync::Barrier, thread};

const PASSWORD: &str = "violet harbour tram seventeen";

/// Starts `serve` on this directory of the place and answers with its address.
fn serve(place: &Place, url: &str, data: &str) -> (Server, String) {
    let mut command = place.innkeeper(&["serve", "--data-dir", data, "--listen", "127.0.0.1:0"]);
    command.env("INNKEEPER_DATABASE_URL", url);
    let mut server = Server::start(command);
    let base_url = server.wait_for("readiness", |server| {
        let log = server.log();
        let line = log.lines().find(|line| line.contains("innkeeper is ready"))?.to_owned();
        Some(line.split_once("address=")?.1.trim().to_owned())
    });
    (server, base_url)
}

#[test]
fn the_first_organisation_is_created_once_by_many_tries_on_two_servers() {
    let Some((place, cluster)) = Place::new().zip(cluster()) else { return };
    let url = cluster.url(DATABASE);
    let (first, one) = serve(&place, &url, "one");
    fs::DirBuilder::new().mode(0o700).create(place.path("two")).unwrap();
    for name in ["master.key", "ca.pem", "ca-key.pem"] {
        fs::copy(place.path("one").join(name), place.path("two").join(name)).unwrap();
    }
    let (mut second, two) = serve(&place, &url, "two");
    second.wait_for("the set-up secret", |server| server.log().contains("/setup").then_some(()));
    // Each start makes a fresh secret, and the last one counts.
    let secret = fs::read_to_string(place.path("two/setup-secret")).unwrap().trim().to_owned();
    let ca = place.path("one/ca.pem");
    let tries = 12;
    let barrier = Barrier::new(tries);
    let won = thread::scope(|scope| {
        let threads: Vec<_> = (0..tries)
            .map(|number| {
                let (base_url, ca, secret, barrier) =
                    (if number % 2 == 0 { &one } else { &two }, &ca, &secret, &barrier);
                scope.spawn(move || {
                    let mut browser = Browser::new(base_url, ca);
                    let csrf = browser.get("/setup").field("csrf");
                    let domain = format!("try{number}.example");
                    let fields = [
                        ("csrf", csrf.as_str()),
                        ("secret", secret),
                        ("organization", "Adventure Works"),
                        ("domain", &domain),
                        ("name", "Ada Jones"),
                        ("userName", "ada"),
                        ("password", PASSWORD),
                        ("passwordAgain", PASSWORD),
                    ];
                    barrier.wait();
                    let page = browser.post("/setup", &fields);
                    assert!(page.status < 500, "{}", page.text());
                    page.status == 200
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!(won, 1);
    let mut list = place.innkeeper(&["tenant", "list", "--data-dir", "one"]);
    let said = Said::by(list.env("INNKEEPER_DATABASE_URL", &url).output().unwrap());
    assert_eq!(said.ok().lines().count(), 1, "{}", said.out);
    drop(first);
}
