//! `cargo xtask failover`: what the page on running several servers says about failover, tried for real.

use std::process::ExitCode;

use crate::steps::{Outcome, cargo, finish, place};
use crate::tools;

/// Builds the binary and runs the test that fails over, showing its figures.
pub fn run() -> ExitCode {
    let Some(run) = place(false) else { return ExitCode::FAILURE };
    if !tools::from_debian(&[&tools::POSTGRES]) {
        return ExitCode::FAILURE;
    }
    let mut test = cargo(&run, "test --locked -p e2e --test servers failover -- --nocapture");
    test.env("INNKEEPER_BIN", run.target.join("release/innkeeper")).env("CI", "true");
    for command in [cargo(&run, "build --release --locked -p innkeeper"), test] {
        if let Outcome::Failed(why) | Outcome::CouldNotRun(why) = finish(command) {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
