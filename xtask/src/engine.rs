//! The tests that touch the store, once more on PostgreSQL. The test programs are those of the `test` step: nothing is built
//! twice, only run twice.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use cargo_metadata::{Message, TargetKind};

use crate::steps::{Outcome, Run, cargo, finish, place, settings, tests};
use crate::tools;

/// The crates whose tests go through the store to whatever engine the address names.
const ROOMS: &[&str] = &["store", "service", "testkit"];
/// Tests of the servers themselves, which start their own.
const NOT: &[&str] = &["testkit/cluster", "testkit/with-postgres"];
/// The program of `testkit` that runs a command with a server of its own.
const RUNNER: &str = "with-postgres";
/// Where tests look for the engine.
const ENGINE: &str = "INNKEEPER_ENGINE_URL";

/// A test program.
struct Tests {
    /// `package/target`.
    name: String,
    program: PathBuf,
    /// Where cargo would run it.
    directory: PathBuf,
}

/// What the build made: the test programs, and the runner.
struct Built {
    tests: Vec<Tests>,
    runner: Option<PathBuf>,
}

/// Runs each test program with a server of its own.
pub fn step(run: &Run) -> Outcome {
    let there = [&tools::POSTGRES, &tools::PGBOUNCER].map(tools::from_debian);
    if there.contains(&false) {
        return Outcome::CouldNotRun("PostgreSQL or pgbouncer could not be installed".into());
    }
    let built = match build(run) {
        Ok(built) => built,
        Err(outcome) => return outcome,
    };
    let Some(runner) = built.runner else {
        return Outcome::Failed(format!("the build made no program called {RUNNER}"));
    };
    let wanted = |name: &str| !NOT.contains(&name) && ROOMS.iter().any(|room| is_of(name, room));
    let chosen: Vec<&Tests> = built.tests.iter().filter(|tests| wanted(&tests.name)).collect();
    if ROOMS.iter().any(|room| !chosen.iter().any(|tests| is_of(&tests.name, room))) {
        return Outcome::Failed(format!("the build made no tests for one of {}", ROOMS.join(", ")));
    }
    judged(chosen.into_iter().map(|tests| {
        let mut command = Command::new(&runner);
        command.arg(&tests.program).current_dir(&tests.directory).stdin(Stdio::null());
        command.env("CARGO_MANIFEST_DIR", &tests.directory);
        settings(run, &mut command);
        (tests.name.as_str(), finish(command))
    }))
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

/// All of them run, whatever one of them says.
fn judged<'a>(outcomes: impl Iterator<Item = (&'a str, Outcome)>) -> Outcome {
    let (mut failed, mut missing) = (Vec::new(), Vec::new());
    for (name, outcome) in outcomes {
        match outcome {
            Outcome::Passed => {}
            Outcome::Failed(_) => failed.push(name),
            Outcome::CouldNotRun(_) => missing.push(name),
        }
    }
    match (failed.is_empty(), missing.is_empty()) {
        (false, _) => Outcome::Failed(format!("on PostgreSQL: {}", failed.join(", "))),
        (true, false) => Outcome::CouldNotRun(format!("did not start: {}", missing.join(", "))),
        (true, true) => Outcome::Passed,
    }
}

/// Builds what the `test` step builds, so that one follows the other without a rebuild, and learns where it is.
fn build(run: &Run) -> Result<Built, Outcome> {
    let output = tests(run)
        .args(["--no-run", "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Outcome::CouldNotRun(format!("cargo did not start: {error}")))?;
    if !output.status.success() {
        return Err(Outcome::Failed(format!("the build of the tests: {}", output.status)));
    }
    let mut built = Built { tests: Vec::new(), runner: None };
    for message in Message::parse_stream(output.stdout.as_slice()) {
        let Ok(Message::CompilerArtifact(artifact)) = message else { continue };
        let Some(program) = artifact.executable.map(PathBuf::from) else { continue };
        let directory = artifact.manifest_path.parent().map(PathBuf::from).unwrap_or_default();
        if artifact.profile.test {
            let package = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let name = format!("{package}/{}", artifact.target.name);
            built.tests.push(Tests { name, program, directory });
        } else if artifact.target.name == RUNNER && artifact.target.kind.contains(&TargetKind::Bin) {
            built.runner = Some(program);
        }
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_program_that_fails_or_does_not_start_is_named_and_the_others_run() {
        let outcome = |name: &'static str| match name {
            "good" => (name, Outcome::Passed),
            "red" => (name, Outcome::Failed("red".into())),
            _ => (name, Outcome::CouldNotRun("missing".into())),
        };
        let judge = |names: &[&'static str]| judged(names.iter().map(|name| outcome(name)));
        assert!(matches!(judge(&["good", "good"]), Outcome::Passed));
        assert!(matches!(judge(&["good", "red", "gone"]), Outcome::Failed(why) if why.ends_with(": red")));
        assert!(matches!(judge(&["gone", "good"]), Outcome::CouldNotRun(why) if why.ends_with(": gone")));
    }

    #[test]
    fn a_room_is_known_by_the_whole_of_its_name() {
        assert!(is_of("store/store", "store") && !is_of("storehouse/store", "store"));
    }
}
