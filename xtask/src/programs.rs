//! The test programs: built once, and run several at a time. Many of them mostly wait, for a server that is killed or for a
//! database; one after the other, cores would stand idle.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cargo_metadata::{Message, TargetKind};

use crate::steps::{Outcome, Run, tests};

/// The program of `testkit` that runs a command with a PostgreSQL server of its own.
pub const RUNNER: &str = "with-postgres";

/// A test program.
pub struct Program {
    /// `package/target`.
    pub name: String,
    path: PathBuf,
    /// Where cargo would run it.
    directory: PathBuf,
}

/// What the build made: the test programs, and the runner.
pub struct Built {
    pub tests: Vec<Program>,
    pub runner: Option<PathBuf>,
}

/// Builds all test programs and learns where they are.
pub fn build(run: &Run) -> Result<Built, Outcome> {
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
        let Some(path) = artifact.executable.map(PathBuf::from) else { continue };
        let directory = artifact.manifest_path.parent().map(PathBuf::from).unwrap_or_default();
        if artifact.profile.test {
            let package = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let name = format!("{package}/{}", artifact.target.name);
            built.tests.push(Program { name, path, directory });
        } else if artifact.target.name == RUNNER && artifact.target.kind.contains(&TargetKind::Bin) {
            built.runner = Some(path);
        }
    }
    Ok(built)
}

/// Runs them all, one for each core at a time, whatever one of them says. `prepare` makes the command of a program's path. The
/// output of each is shown when it ended, so that no two are mixed.
pub fn run_all<'a>(
    programs: impl IntoIterator<Item = &'a Program, IntoIter: Send>,
    prepare: impl Fn(&PathBuf) -> Command + Sync,
) -> Outcome {
    let showing = Mutex::new(());
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let ended = some_at_once(programs, at_once, |program| {
        let mut command = prepare(&program.path);
        command.current_dir(&program.directory).env("CARGO_MANIFEST_DIR", &program.directory);
        let output = command.stdin(Stdio::null()).output();
        let _alone = locked(&showing);
        println!("\n$ {}", program.path.display());
        (program.name.as_str(), shown(output))
    });
    judged(&ended)
}

/// Does the same with each, so many at a time; what came of them, in the order in which they ended.
pub fn some_at_once<I: Send, O: Send>(
    items: impl IntoIterator<Item = I, IntoIter: Send>,
    at_once: usize,
    act: impl Fn(I) -> O + Sync,
) -> Vec<O> {
    let waiting = Mutex::new(items.into_iter());
    let ended = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let Some(item) = locked(&waiting).next() else { return };
                    let outcome = act(item);
                    locked(&ended).push(outcome);
                }
            });
        }
    });
    ended.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What threads share, whether or not one of them panicked.
fn locked<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows what a program said; its status, or why there is none.
fn shown(output: std::io::Result<std::process::Output>) -> Result<ExitStatus, String> {
    let output = output.map_err(|error| error.to_string())?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Ok(output.status)
}

fn judged(ended: &[(&str, Result<ExitStatus, String>)]) -> Outcome {
    let named = |pick: fn(&Result<ExitStatus, String>) -> bool| {
        let names: Vec<&str> = ended.iter().filter(|(_, end)| pick(end)).map(|(name, _)| *name).collect();
        names.join(", ")
    };
    let failed = named(|end| end.as_ref().is_ok_and(|status| !status.success()));
    let missing = named(Result::is_err);
    match (failed.is_empty(), missing.is_empty()) {
        (false, _) => Outcome::Failed(failed),
        (true, false) => Outcome::CouldNotRun(format!("did not start: {missing}")),
        (true, true) => Outcome::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(programs: &[&str]) -> Outcome {
        let programs: Vec<Program> = programs
            .iter()
            .map(|name| Program { name: (*name).into(), path: (*name).into(), directory: "/".into() })
            .collect();
        run_all(&programs, |path| Command::new(path))
    }

    #[test]
    fn one_program_that_fails_or_does_not_start_is_named_and_the_others_run() {
        assert!(matches!(judge(&["true", "true"]), Outcome::Passed));
        assert!(
            matches!(judge(&["true", "false", "no-such-program"]), Outcome::Failed(why) if why == "false")
        );
        let missing = "did not start: no-such-program";
        assert!(matches!(judge(&["no-such-program", "true"]), Outcome::CouldNotRun(why) if why == missing));
    }
}
