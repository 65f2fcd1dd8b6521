//! Chores of the workspace: `cargo xtask test` runs every gate, in CI and at a desk alike.

mod bench;
mod browser;
mod clients;
mod edges;
mod engine;
mod failover;
mod fuzz;
mod programs;
mod snapshots;
mod steps;
mod tools;
#[cfg(test)]
mod words;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask test [--long] [STEP…]
       cargo xtask test [--long] --engine-url URL
       cargo xtask failover
       cargo xtask fuzz [SECONDS]
       cargo xtask bench [NAME…] [--users N] [--engine sqlite|postgres] [--full]

`test` runs every step, or the chosen ones (and what they need), and ends with a table.
  --long            run the tests with their full figures (sets INNKEEPER_LONG=1)
  --engine-url URL  run the store's conformance suite against this database instead, and nothing else. The role of the
                    URL must be allowed to create databases; the suite makes its own and drops them
`failover` starts two PostgreSQL servers and a server under load, kills the first and promotes the second, and prints
what was lost and how long it took.
`fuzz` lets a fuzzer that sees which code an input reaches loose on the parsers of requests, for 60 seconds or as many as
you say. Needs g++; stable toolchain. What it learns is kept in target/fuzz.
`bench` builds the binary and measures it against floors of its own, goal by goal (P1, P2, …; all when none is named), on
a world of N users that it makes once; the figures are printed and kept in bench/results.

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
        Ok(Request::Engine { long, url }) => engine::against(&url, long),
        Ok(Request::Failover) => failover::run(),
        Ok(Request::Fuzz(seconds)) => fuzz::run(seconds),
        Ok(Request::Bench(args)) => bench::run(&args),
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
    /// The conformance suite against a database.
    Engine {
        long: bool,
        url: String,
    },
    Failover,
    /// For so many seconds.
    Fuzz(u32),
    /// The benchmark reads its arguments by itself.
    Bench(Vec<String>),
}

fn parse(args: &[String]) -> Result<Request, String> {
    let Some((verb, rest)) = args.split_first() else { return Ok(Request::Help) };
    if args.iter().any(|arg| arg == "--help" || arg == "-h") || verb == "help" {
        return Ok(Request::Help);
    }
    match verb.as_str() {
        "test" => parse_test(rest),
        "bench" => Ok(Request::Bench(rest.to_vec())),
        "fuzz" => match rest {
            [] => Ok(Request::Fuzz(60)),
            [seconds] => match seconds.parse() {
                Ok(seconds @ 1..) => Ok(Request::Fuzz(seconds)),
                _ => Err(format!("`fuzz` takes a number of seconds, not `{seconds}`.")),
            },
            [_, more, ..] => Err(format!("`fuzz` takes no `{more}`.")),
        },
        "failover" => match rest.first() {
            None => Ok(Request::Failover),
            Some(more) => Err(format!("`failover` takes no `{more}`.")),
        },
        _ => Err(format!("There is no chore called `{verb}`.")),
    }
}

fn parse_test(args: &[String]) -> Result<Request, String> {
    let (mut long, mut url, mut steps) = (false, None, Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--long" => long = true,
            "--engine-url" => url = Some(args.next().ok_or("`--engine-url` needs an address.")?.clone()),
            flag if flag.starts_with('-') => match flag.strip_prefix("--engine-url=") {
                Some(address) => url = Some(address.to_owned()),
                None => return Err(format!("`test` knows no option `{flag}`.")),
            },
            step if steps::exists(step) => steps.push(step.to_owned()),
            step => return Err(format!("There is no step called `{step}`.")),
        }
    }
    match url {
        None => Ok(Request::Test { long, steps }),
        Some(url) if steps.is_empty() => Ok(Request::Engine { long, url }),
        Some(_) => Err("`--engine-url` runs the store's suite alone: name no step.".to_owned()),
    }
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
    fn an_engine_is_named_by_its_address_and_stands_alone() {
        let engine = |long| Ok(Request::Engine { long, url: "postgres://u@h/d".into() });
        assert_eq!(parsed("test --engine-url postgres://u@h/d"), engine(false));
        assert_eq!(parsed("test --engine-url=postgres://u@h/d --long"), engine(true));
        assert!(parsed("test fmt --engine-url postgres://u@h/d").is_err());
        assert!(parsed("test --engine-url").is_err());
        assert_eq!(parsed("failover"), Ok(Request::Failover));
        assert!(parsed("failover now").is_err());
        assert_eq!((parsed("fuzz"), parsed("fuzz 5")), (Ok(Request::Fuzz(60)), Ok(Request::Fuzz(5))));
        assert!(parsed("fuzz 0").is_err() && parsed("fuzz 1 2").is_err());
    }

    #[test]
    fn a_misspelt_chore_option_or_step_is_refused_by_name() {
        for (line, wrong) in [("tset", "tset"), ("test --lnog", "--lnog"), ("test fmt clipy", "clipy")] {
            let message = parsed(line).expect_err(line);
            assert!(message.contains(wrong), "{message}");
        }
    }
}
