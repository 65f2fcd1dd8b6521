//! The harness itself: it finds what it is there to find.

use super::{Matrix, Row};
use crate::{security::Site, tour::Tour};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub const STORIES: &[Row] = &[
    ("control::what is wrong with a page is found", Matrix::Named, faults),
    ("control::a browser without script runs none", Matrix::Full, script),
    ("control::a complaint of the browser is a failure", Matrix::Named, complaint),
];

/// Each fault, put into a good page, and a word of the complaint.
const FAULTS: [(&str, &str); 8] = [
    (
        "document.querySelector('main').append(Object.assign(new Image(), { src: '/assets/x.png' }))",
        "image-alt",
    ),
    (
        "document.querySelector('main').append(Object.assign(document.createElement('input'), { type: 'text' }))",
        "label",
    ),
    ("document.querySelector('main').append(document.createElement('h1'))", "first-level headings"),
    ("document.querySelector('h1').style.width = '2000px'", "scrolls sideways"),
    ("document.querySelector('h1').style.color = '#ccc'", "color-contrast"),
    ("document.querySelector('h1').style.color = '#222'", "(dark, 360 px)"),
    ("document.documentElement.lang = 'fr'", "lang is fr"),
    ("document.querySelector('h1').style.setProperty('animation', 'x 1s infinite', 'important')", "moves"),
];

fn faults(tour: &Tour<'_>) {
    for (fault, complaint) in FAULTS {
        tour.go("/signin");
        assert!(tour.album.judge(tour.chrome).is_empty(), "the page is good before");
        tour.chrome.run(fault, &[]);
        let found = tour.album.judge(tour.chrome);
        assert!(found.iter().any(|text| text.contains(complaint)), "{complaint} is not among {found:#?}");
    }
    // What moves after it was painted.
    tour.go("/signin");
    let push = "const done = arguments[0]; requestAnimationFrame(() => setTimeout(() => { \
        const box = document.createElement('p'); box.style.height = '200px'; document.querySelector('main').prepend(box); setTimeout(done, 200) }, 700))";
    tour.chrome.run_async(push, &[]);
    let found = tour.album.judge(tour.chrome);
    assert!(found.iter().any(|text| text.contains("layout shifts")), "{found:#?}");
    tour.chrome.log();
}

fn script(tour: &Tour<'_>) {
    let site = Site::open(true);
    tour.chrome.open(&format!("https://evil.example:{}/control", site.port));
    let ran = tour.chrome.run("return document.documentElement.dataset.script === 'ran'", &[]);
    assert_eq!(ran, tour.chrome.mode.script, "a script of the page itself");
    let asked = tour.chrome.run("return navigator.language", &[]);
    assert!(
        asked.as_str().unwrap().starts_with(tour.chrome.mode.language.split('-').next().unwrap()),
        "{asked}"
    );
}

fn complaint(tour: &Tour<'_>) {
    tour.go("/signin");
    let put =
        "const s = document.createElement('style'); s.append('h1 { color: red }'); document.head.append(s)";
    tour.chrome.run(put, &[]);
    let quiet = catch_unwind(AssertUnwindSafe(|| tour.was_quiet()));
    assert!(quiet.is_err(), "a violation of the policy was not noticed");
}
