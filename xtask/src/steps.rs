//! The steps of `cargo xtask test`, run one after the other; one that fails does not stop the next. What they need from elsewhere
//! is fetched from the beginning, while the first of them compile.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::{browser, clients, edges, engine, programs, snapshots, tools};

/// The short form is promised to end within this on two cores, from cold.
const SHORT_FORM_LIMIT: Duration = Duration::from_mins(30);

/// Where a run takes place.
pub struct Run {
    /// Root of the workspace.
    pub root: PathBuf,
    /// The build directory, with `CARGO_TARGET_DIR` honoured.
    pub target: PathBuf,
    /// Full figures instead of the short form.
    pub long: bool,
}

/// How a step ended.
pub enum Outcome {
    Passed,
    /// It ran and found something; the text says what.
    Failed(String),
    /// It says nothing about the code; the text says why, and what to do.
    CouldNotRun(String),
}

struct Step {
    name: &'static str,
    about: &'static str,
    /// A step that has to run before this one, even when only this one is chosen.
    needs: Option<&'static str>,
    /// Installs ahead what the step would install. It may fail: then the step tries again, and says why.
    fetch: Option<fn(&Run)>,
    run: fn(&Run) -> Outcome,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", about: "formatting", needs: None, fetch: None, run: fmt },
    Step { name: "clippy", about: "lints, warnings denied", needs: None, fetch: None, run: clippy },
    Step { name: "doc", about: "documentation builds without warnings", needs: None, fetch: None, run: doc },
    Step { name: "edges", about: "which crate may use which", needs: None, fetch: None, run: edges::step },
    Step {
        name: "deny",
        about: "cargo-deny: bans, licences, sources (advisories are run by hand: their database is a git fetch)",
        needs: None,
        fetch: Some(tools::fetch_deny),
        run: tools::deny,
    },
    Step {
        name: "machete",
        about: "cargo-machete: unused dependencies",
        needs: None,
        fetch: Some(tools::fetch_machete),
        run: tools::machete,
    },
    Step {
        name: "build",
        about: "release build of the binary, which the end-to-end tests drive",
        needs: None,
        fetch: Some(fetch_build),
        run: build,
    },
    Step {
        name: "test",
        about: "the test programs that cargo test --workspace --all-targets would run, several at a time",
        needs: Some("build"),
        fetch: Some(fetch_test),
        run: test,
    },
    Step {
        name: "postgres",
        about: "what touches the store, tested once more on PostgreSQL servers of its own",
        needs: None,
        fetch: None,
        run: engine::step,
    },
    Step {
        name: "snapshots",
        about: "no pending snapshot, and none that no test compares with",
        needs: Some("test"),
        fetch: None,
        run: snapshots::step,
    },
    Step {
        name: "clients",
        about: "the client libraries and tools of others, unmodified, against the binary",
        needs: Some("build"),
        fetch: Some(clients::fetch),
        run: clients::step,
    },
    Step {
        name: "browser",
        about: "the pages in Debian's chromium, in every language; pictures in target/browser/screenshots",
        needs: Some("build"),
        fetch: Some(browser::fetch),
        run: browser::step,
    },
];

/// Whether a step has this name.
pub fn exists(name: &str) -> bool {
    STEPS.iter().any(|step| step.name == name)
}

/// One line for each step, for the help text.
pub fn describe() -> String {
    STEPS.iter().fold(String::from("Steps:\n"), |text, step| {
        format!("{text}  {name:<10} {about}\n", name = step.name, about = step.about)
    })
}

/// Where a run takes place; none, and said why, when cargo does not know.
pub fn place(long: bool) -> Option<Run> {
    match edges::workspace() {
        Ok(metadata) => {
            let target = metadata.target_directory.into_std_path_buf();
            Some(Run { root: edges::workspace_root(), target, long })
        }
        Err(error) => {
            eprintln!("cargo metadata failed, so nothing was run: {error}");
            None
        }
    }
}

/// Runs the chosen steps, or all when none is named, and prints the table.
pub fn run(names: &[String], long: bool) -> ExitCode {
    let Some(run) = place(long) else { return ExitCode::FAILURE };
    let strict = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");

    let start = now();
    let results: Vec<_> = thread::scope(|scope| {
        let run = &run;
        let fetched = |step: &'static Step| (step, step.fetch.map(|fetch| scope.spawn(move || fetch(run))));
        let steps: Vec<_> = chosen(names).into_iter().map(fetched).collect();
        steps.into_iter().map(|(step, fetching)| timed(step, fetching, run)).collect()
    });
    let total = start.elapsed();

    print!("{}", summary(&results, total, long, strict));
    if results.iter().any(|(_, outcome, _)| is_failure(outcome, strict)) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn chosen(names: &[String]) -> Vec<&'static Step> {
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    // A step comes after what it needs, so one walk from the end finds all that is needed.
    for step in STEPS.iter().rev() {
        if wanted.contains(&step.name) {
            wanted.extend(step.needs);
        }
    }
    STEPS.iter().filter(|step| names.is_empty() || wanted.contains(&step.name)).collect()
}

fn timed(
    step: &'static Step,
    fetching: Option<ScopedJoinHandle<'_, ()>>,
    run: &Run,
) -> (&'static str, Outcome, Duration) {
    println!("\n=== {}: {}", step.name, step.about);
    let start = now();
    if fetching.is_some_and(|fetching| fetching.join().is_err()) {
        println!("fetching what it needs panicked; trying again");
    }
    let outcome = (step.run)(run);
    let took = start.elapsed();
    match &outcome {
        Outcome::Passed => println!("--- {} passed, {}", step.name, clock(took)),
        Outcome::Failed(why) => println!("--- {} FAILED, {}: {why}", step.name, clock(took)),
        Outcome::CouldNotRun(why) => println!("--- {} COULD NOT RUN: {why}", step.name),
    }
    (step.name, outcome, took)
}

fn is_failure(outcome: &Outcome, strict: bool) -> bool {
    match outcome {
        Outcome::Passed => false,
        Outcome::Failed(_) => true,
        Outcome::CouldNotRun(_) => strict,
    }
}

fn summary(results: &[(&str, Outcome, Duration)], total: Duration, long: bool, strict: bool) -> String {
    let mut text = String::from("\n=== summary\n");
    for (name, outcome, took) in results {
        let (verdict, why) = match outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed(why) => ("FAILED", why.as_str()),
            Outcome::CouldNotRun(why) => ("COULD NOT RUN", why.as_str()),
        };
        let line = format!("{name:<10} {verdict:<14} {took:>6}  {why}", took = clock(*took));
        text += line.trim_end();
        text.push('\n');
    }
    let form = if long { "long form" } else { "short form" };
    text += &format!("{:<10} {form:<14} {:>6}\n", "total", clock(total));
    if !long && total > SHORT_FORM_LIMIT {
        text += &format!("THE SHORT FORM TOOK LONGER THAN THE PROMISED {}.\n", clock(SHORT_FORM_LIMIT));
    }
    if results.iter().any(|(_, outcome, _)| matches!(outcome, Outcome::CouldNotRun(_))) {
        text += "NOT EVERYTHING COULD RUN; this run says nothing about the steps marked so.";
        text += if strict { " With CI=true that is a failure.\n" } else { "\n" };
    }
    text
}

fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a chore took is a fact about the machine, not the product"
)]
fn now() -> Instant {
    Instant::now()
}

/// `cargo` in the workspace root. The output goes straight through; nothing can wait for input.
pub fn cargo(run: &Run, line: &str) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(line.split_whitespace()).current_dir(&run.root).stdin(Stdio::null());
    command
}

/// Runs a command; a status other than zero is a failure.
pub fn finish(mut command: Command) -> Outcome {
    let shown = shown(&command);
    println!("$ {shown}");
    match command.status() {
        Ok(status) if status.success() => Outcome::Passed,
        Ok(status) => Outcome::Failed(format!("`{shown}`: {status}")),
        Err(error) => Outcome::CouldNotRun(format!("`{shown}` did not start: {error}")),
    }
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Toolchain components are the user's to choose, so a missing one is reported, not installed.
fn with_component(run: &Run, name: &str, component: &str, line: &str) -> Outcome {
    let probe = cargo(run, &format!("{name} --version")).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if probe.is_ok_and(|status| status.success()) {
        return finish(cargo(run, line));
    }
    Outcome::CouldNotRun(format!("cargo {name} is not installed; run `rustup component add {component}`"))
}

fn fmt(run: &Run) -> Outcome {
    with_component(run, "fmt", "rustfmt", "fmt --all --check")
}

fn clippy(run: &Run) -> Outcome {
    with_component(run, "clippy", "clippy", "clippy --workspace --all-targets --locked -- -D warnings")
}

fn doc(run: &Run) -> Outcome {
    let mut command = cargo(run, "doc --no-deps --workspace --locked");
    command.env("RUSTDOCFLAGS", "-D warnings");
    finish(command)
}

/// It takes longest of all, and for much of that time one core is enough for it.
fn fetch_build(run: &Run) {
    drop(build(run));
}

fn build(run: &Run) -> Outcome {
    finish(cargo(run, "build --release --locked -p innkeeper"))
}

fn fetch_test(_: &Run) {
    tools::from_debian(&[&tools::CURL, &tools::POSTGRES, &tools::PGBOUNCER]);
}

fn test(run: &Run) -> Outcome {
    fetch_test(run);
    let references = match snapshots::start_recording(run) {
        Ok(path) => path,
        Err(error) => return Outcome::CouldNotRun(format!("cannot write to the build directory: {error}")),
    };
    let outcome = programs::build(run).map_or_else(
        |failed| failed,
        |built| {
            programs::run_all(&built.tests, |program| {
                let mut command = Command::new(program);
                command
                    .env("INNKEEPER_BIN", run.target.join("release/innkeeper"))
                    .env("INSTA_SNAPSHOT_REFERENCES_FILE", &references)
                    .env_remove("INNKEEPER_ENGINE_URL");
                settings(run, &mut command);
                command
            })
        },
    );
    if !matches!(outcome, Outcome::Passed) {
        snapshots::discard_recording(run);
    }
    outcome
}

/// How cargo makes all test programs; optimised for the long form, whose figures would take hours otherwise.
pub fn tests(run: &Run) -> Command {
    let profile = if run.long { " --release" } else { "" };
    cargo(run, &format!("test --workspace --all-targets --locked{profile}"))
}

/// What every run of tests is told.
pub fn settings(run: &Run, command: &mut Command) {
    command.env("INSTA_UPDATE", "no");
    if run.long {
        command.env("INNKEEPER_LONG", "1");
    } else {
        command.env_remove("INNKEEPER_LONG");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(asked: &[&str]) -> Vec<&'static str> {
        let asked: Vec<String> = asked.iter().map(|name| (*name).into()).collect();
        chosen(&asked).into_iter().map(|step| step.name).collect()
    }

    #[test]
    fn a_chosen_step_brings_what_it_needs_before_it() {
        assert_eq!(names(&["snapshots", "fmt"]), ["fmt", "build", "test", "snapshots"]);
        assert_eq!(names(&["doc"]), ["doc"]);
        assert_eq!(names(&[]).len(), STEPS.len());
    }

    #[test]
    fn a_step_that_could_not_run_is_a_failure_in_ci_only() {
        let outcome = Outcome::CouldNotRun("no network".into());
        assert!(is_failure(&outcome, true));
        assert!(!is_failure(&outcome, false));
        assert!(is_failure(&Outcome::Failed("red".into()), false));
    }

    #[test]
    fn the_summary_names_what_could_not_run_and_why() {
        let results = [
            ("fmt", Outcome::Passed, Duration::from_secs(1)),
            ("deny", Outcome::CouldNotRun("no network".into()), Duration::from_secs(62)),
        ];
        let text = summary(&results, Duration::from_secs(63), false, true);
        assert!(text.contains("fmt        passed           0:01\n"), "{text}");
        assert!(text.contains("deny       COULD NOT RUN    1:02  no network\n"), "{text}");
        assert!(text.contains("With CI=true that is a failure."), "{text}");
        assert!(!text.contains("LONGER THAN"), "{text}");
    }

    #[test]
    fn a_command_that_ends_badly_is_a_failure_and_one_that_is_missing_could_not_run() {
        assert!(matches!(finish(Command::new("true")), Outcome::Passed));
        assert!(matches!(finish(Command::new("false")), Outcome::Failed(_)));
        assert!(matches!(finish(Command::new("no-such-program-here")), Outcome::CouldNotRun(_)));
    }
}
