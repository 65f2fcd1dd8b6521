//! `cargo xtask bench`: builds the real binary and the benchmark, and lets the one measure the other.

use std::process::{Command, ExitCode};

use crate::steps::{Outcome, cargo, finish, place};

/// Builds both in release and runs the benchmark with these arguments; worlds are kept in the build directory.
pub fn run(args: &[String]) -> ExitCode {
    let Some(run) = place(false) else { return ExitCode::FAILURE };
    if let Outcome::Failed(why) | Outcome::CouldNotRun(why) =
        finish(cargo(&run, "build --release --locked -p innkeeper -p bench"))
    {
        eprintln!("{why}");
        return ExitCode::FAILURE;
    }
    let mut bench = Command::new(run.target.join("release/bench"));
    bench.arg("run").args(args);
    bench.arg("--bin").arg(run.target.join("release/innkeeper"));
    bench.arg("--root").arg(&run.root);
    bench.arg("--worlds").arg(run.target.join("bench-worlds"));
    // Started as it is, not through `finish`: the progress bars belong to the terminal.
    match bench.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the benchmark did not start: {error}");
            ExitCode::FAILURE
        }
    }
}
