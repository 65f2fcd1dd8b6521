//! Chores of the workspace: `cargo xtask test` runs every gate, in CI and at a desk alike.

mod edges;
mod snapshots;
mod steps;
mod tools;
#[cfg(test)]
mod words;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask test [--long] [STEP…]

Runs every step, or the chosen ones (and what they need), and ends with a table.
  --long   run the tests with their full figures (sets INNKEEPER_LONG=1)

With CI=true a step that could not run counts as a failure.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match parse(&args) {
        Ok(Request::Help) => {
            print!("{USAGE}\n{}", steps::describe());
            ExitCode::SUCCESS
        }
        Ok(Request::Test { long, steps }) => steps::run(&steps, long),
        Err(message) => {
            eprint!("{message}\n\n{USAGE}\n{}", steps::describe());
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq)]
enum Request {
    Help,
    /// No step named means all of them.
    Test {
        long: bool,
        steps: Vec<String>,
    },
}

fn parse(args: &[String]) -> Result<Request, String> {
    let Some((verb, rest)) = args.split_first() else { return Ok(Request::Help) };
    if args.iter().any(|arg| arg == "--help" || arg == "-h") || verb == "help" {
        return Ok(Request::Help);
    }
    if verb != "test" {
        return Err(format!("There is no chore called `{verb}`."));
    }
    let (flags, steps): (Vec<_>, Vec<_>) = rest.iter().cloned().partition(|arg| arg.starts_with('-'));
    if let Some(flag) = flags.iter().find(|flag| *flag != "--long") {
        return Err(format!("`test` knows no option `{flag}`."));
    }
    if let Some(step) = steps.iter().find(|step| !steps::exists(step)) {
        return Err(format!("There is no step called `{step}`."));
    }
    Ok(Request::Test { long: !flags.is_empty(), steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_names_steps_and_the_long_form_in_any_order() {
        let long = Request::Test { long: true, steps: vec!["fmt".into(), "deny".into()] };
        assert_eq!(parsed("test fmt --long deny"), Ok(long));
        assert_eq!(parsed("test"), Ok(Request::Test { long: false, steps: vec![] }));
        assert_eq!(parsed(""), Ok(Request::Help));
        assert_eq!(parsed("test --help"), Ok(Request::Help));
    }

    #[test]
    fn a_misspelt_chore_option_or_step_is_refused_by_name() {
        for (line, wrong) in [("tset", "tset"), ("test --lnog", "--lnog"), ("test fmt clipy", "clipy")] {
            let message = parsed(line).expect_err(line);
            assert!(message.contains(wrong), "{message}");
        }
    }
}
