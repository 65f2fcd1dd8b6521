//! The pages in a real browser. The tests are those of `crates/e2e/tests/browser`; what they need is installed here: chromium, its
//! driver and a Chinese font from Debian, and axe-core in the version that a lock file names.

use std::fs;

use crate::{
    clients,
    steps::{Outcome, Run, cargo, finish, settings},
    tools,
};

/// Installs what is missing, and runs the tests that are left out elsewhere. Pictures of all pages are kept in the build
/// directory; those of the run before go.
pub fn step(run: &Run) -> Outcome {
    for program in [&tools::CHROMIUM, &tools::CHROMEDRIVER, &tools::CHINESE] {
        if !tools::from_debian(program) {
            let package = program.package;
            return Outcome::CouldNotRun(format!(
                "NOT TESTED: {package} is not installed; apt-get install {package}"
            ));
        }
    }
    let place = run.target.join("browser");
    if let Err(why) = clients::npm(&run.root.join("crates/e2e/axe"), &place.join("axe")) {
        return Outcome::CouldNotRun(format!("NOT TESTED: axe-core could not be installed: {why}"));
    }
    let pictures = place.join("screenshots");
    if pictures.exists()
        && let Err(error) = fs::remove_dir_all(&pictures)
    {
        return Outcome::CouldNotRun(format!("{}: {error}", pictures.display()));
    }
    let mut command = cargo(run, "test --workspace --locked --test browser -- --include-ignored");
    command
        .env("INNKEEPER_BIN", run.target.join("release/innkeeper"))
        .env("INNKEEPER_AXE", place.join("axe/node_modules/axe-core/axe.min.js"))
        .env("INNKEEPER_SCREENSHOTS", &pictures);
    settings(run, &mut command);
    finish(command)
}
