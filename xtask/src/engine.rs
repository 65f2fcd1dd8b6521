//! The tests that touch the store, once more on PostgreSQL. The test programs are those of the `test` step: nothing is built
//! twice, only run twice.

use std::process::{Command, ExitCode};

use crate::programs::{self, Program, RUNNER};
use crate::steps::{Outcome, Run, cargo, finish, place, settings};
use crate::tools;

/// The crates whose tests go through the store to whatever engine the address names.
const ROOMS: &[&str] = &["store", "service", "testkit"];
/// Tests of the servers themselves, which start their own.
const NOT: &[&str] = &["testkit/cluster", "testkit/with-postgres"];
/// Where tests look for the engine.
const ENGINE: &str = "INNKEEPER_ENGINE_URL";

/// Runs each test program with a server of its own.
pub fn step(run: &Run) -> Outcome {
    if !tools::from_debian(&[&tools::POSTGRES, &tools::PGBOUNCER]) {
        return Outcome::CouldNotRun("PostgreSQL or pgbouncer could not be installed".into());
    }
    let built = match programs::build(run) {
        Ok(built) => built,
        Err(outcome) => return outcome,
    };
    let Some(runner) = built.runner else {
        return Outcome::Failed(format!("the build made no program called {RUNNER}"));
    };
    let wanted = |name: &str| !NOT.contains(&name) && ROOMS.iter().any(|room| is_of(name, room));
    let chosen: Vec<&Program> = built.tests.iter().filter(|tests| wanted(&tests.name)).collect();
    if ROOMS.iter().any(|room| !chosen.iter().any(|tests| is_of(&tests.name, room))) {
        return Outcome::Failed(format!("the build made no tests for one of {}", ROOMS.join(", ")));
    }
    programs::run_all(chosen, |program| {
        let mut command = Command::new(&runner);
        command.arg(program);
        settings(run, &mut command);
        command
    })
}

/// Runs the conformance suite of the store against a database that the caller names; the address is shown to nobody.
pub fn against(url: &str, long: bool) -> ExitCode {
    let Some(run) = place(long) else { return ExitCode::FAILURE };
    let mut command = cargo(&run, "test -p store --all-targets --locked --no-fail-fast");
    command.env(ENGINE, url);
    settings(&run, &mut command);
    match finish(command) {
        Outcome::Passed => ExitCode::SUCCESS,
        Outcome::Failed(why) | Outcome::CouldNotRun(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn is_of(name: &str, room: &str) -> bool {
    name.split('/').next() == Some(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_known_by_the_whole_of_its_name() {
        assert!(is_of("store/store", "store") && !is_of("storehouse/store", "store"));
    }
}
