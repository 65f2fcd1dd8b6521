//! The first start of a real server, in a browser on the machine itself.

use super::{Matrix, Row};
use crate::{place::Place, server::Server, tour::Tour};
use std::fs;

pub const STORIES: &[Row] = &[("setup::a new server is set up", Matrix::Languages, set_up)];

const PASSWORD: &str = "violet harbour tram seventeen";

fn set_up(tour: &Tour<'_>) {
    let place = Place::new().expect("there was a binary before");
    let (mut server, address) = Server::serve(&place, &[]);
    server.wait_for("the set-up secret", |server| server.log().contains("/setup").then_some(()));
    let secret = fs::read_to_string(place.path("data/setup-secret")).unwrap();
    // Every page leads there.
    tour.chrome.open(&format!("{address}/myaccount"));
    tour.says("setup-title").look("setup", "");
    let fill = |secret: &str| {
        for (label, text) in [
            ("setup-secret", secret),
            ("setup-organization", "Adventure Works"),
            ("setup-domain", "adventure.example"),
            ("setup-name", "Ada Jones"),
            ("setup-user-name", "ada"),
            ("setup-password", PASSWORD),
            ("setup-password-again", PASSWORD),
        ] {
            tour.fill(label, text);
        }
        tour.press("setup-create");
    };
    fill("not the secret");
    tour.says("problem-wrong-secret").look("setup", "wrong");
    let name = tour.chrome.find("textbox", &tour.t("setup-organization"));
    assert_eq!(name.value(), "Adventure Works", "nothing typed is lost");
    fill(secret.trim());
    tour.says1("setup-done-lead", "organization", "Adventure Works").look("setup_done", "");
    tour.follow("sign-in");
    tour.sign_in_here("ada@adventure.example", PASSWORD);
    tour.says("security-lacking").look("security", "required");
    server.stop();
}
