//! The pages in a real browser. The tests are those of `crates/e2e/tests/browser`; what they need is installed here: chromium, its
//! driver and a Chinese font from Debian, and axe-core in the version that a lock file names.

use std::{fs, path::PathBuf};

use crate::{
    clients,
    steps::{Outcome, Run, cargo, finish, settings},
    tools,
};

/// Installs ahead what [`step`] would install.
pub fn fetch(run: &Run) {
    drop(install(run));
}

fn place(run: &Run) -> PathBuf {
    run.target.join("browser")
}

fn install(run: &Run) -> Result<(), String> {
    let programs = [&tools::CHROMIUM, &tools::CHROMEDRIVER, &tools::CHINESE];
    if !tools::from_debian(&programs) {
        let packages = programs.map(|program| program.package).join(" ");
        return Err(format!("not all is installed of {packages}; apt-get install {packages}"));
    }
    clients::npm(&run.root.join("crates/e2e/axe"), &place(run).join("axe"))
        .map_err(|why| format!("axe-core could not be installed: {why}"))
}

/// Installs what is missing, and runs the tests that are left out elsewhere. Pictures of all pages are kept in the build
/// directory; those of the run before go.
pub fn step(run: &Run) -> Outcome {
    if let Err(why) = install(run) {
        return Outcome::CouldNotRun(format!("NOT TESTED: {why}"));
    }
    let pictures = place(run).join("screenshots");
    if pictures.exists()
        && let Err(error) = fs::remove_dir_all(&pictures)
    {
        return Outcome::CouldNotRun(format!("{}: {error}", pictures.display()));
    }
    let mut command = cargo(run, "test --workspace --locked --test browser -- --include-ignored");
    command
        .env("INNKEEPER_BIN", run.target.join("release/innkeeper"))
        .env("INNKEEPER_AXE", place(run).join("axe/node_modules/axe-core/axe.min.js"))
        .env("INNKEEPER_SCREENSHOTS", &pictures);
    settings(run, &mut command);
    finish(command)
}
