//! The pages in a real browser, against the real binary: Debian's chromium through WebDriver, in every language, with and without
//! JavaScript. `cargo xtask test browser` runs them; elsewhere they count as ignored, because they need what that step
//! installs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests and their helpers may fail"
)]
#![expect(
    dead_code,
    reason = "some helpers are those of the other end-to-end tests, and not all are needed here"
)]

#[path = "../e2e/browser.rs"]
mod browser;
mod chrome;
#[path = "../e2e/graph.rs"]
mod graph;
mod house;
mod look;
#[path = "../e2e/page.rs"]
mod page;
#[path = "../e2e/place.rs"]
mod place;
mod security;
#[path = "../e2e/server.rs"]
mod server;
mod stage;
mod stories;
mod tour;

use house::House;
use libtest_mimic::{Arguments, Trial};
use std::{
    process::ExitCode,
    sync::{Arc, OnceLock},
};

/// Browsers and servers share two cores with each other.
const AT_ONCE: usize = 3;

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    args.test_threads = args.test_threads.or(Some(AT_ONCE));
    let whole =
        (args.ignored || args.include_ignored) && args.filter.is_none() && args.skip.is_empty() && !args.list;
    let house = Arc::new(OnceLock::new());
    let trials = stories::all()
        .map(|stories::Telling { name, mode, host, story }| {
            let house = house.clone();
            let told = move || {
                if let Some(house) = house.get_or_init(House::open) {
                    house.tell(mode, host, story);
                }
                Ok(())
            };
            Trial::test(name, told).with_ignored_flag(true)
        })
        .collect();
    let conclusion = libtest_mimic::run(&args, trials);
    let complete = match house.get() {
        Some(Some(house)) if whole && !conclusion.has_failed() => house.is_complete(),
        _ => true,
    };
    if conclusion.has_failed() || !complete { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
