//! `cargo xtask fuzz`: the parsers of requests, by a fuzzer that sees which code an input reaches. Made with the stable toolchain:
//! the instrumentation is asked of the compiler's back end, without a sanitizer, which would need another toolchain. Memory is
//! watched by the fuzzer itself; the crate has no unsafe code for a sanitizer to look at.

use std::fs;
use std::process::{Command, ExitCode};

use crate::steps::{Outcome, cargo, finish, place};

/// What tells the fuzzer where an input has been.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";
/// Named, so that programs that the build itself runs are not instrumented.
const HOST: &str = "x86_64-unknown-linux-gnu";
/// What an input may cost: seconds, and megabytes for the whole program.
const LIMITS: [&str; 3] = ["-timeout=5", "-rss_limit_mb=512", "-max_len=16384"];

/// Builds the target and runs it for so many seconds. What was found is kept in `target/fuzz`, and used the next time.
pub fn run(seconds: u32) -> ExitCode {
    let Some(run) = place(false) else { return ExitCode::FAILURE };
    let (target, seeds) = (run.target.join("fuzz"), run.root.join("fuzz/seeds"));
    let (corpus, found) = (target.join("corpus"), target.join("found/"));
    if let Err(error) = fs::create_dir_all(&corpus).and_then(|()| fs::create_dir_all(&found)) {
        eprintln!("{}: {error}", target.display());
        return ExitCode::FAILURE;
    }
    let mut build = cargo(&run, "build --release --locked --manifest-path fuzz/Cargo.toml --target");
    build.arg(HOST).arg("--target-dir").arg(&target).env("RUSTFLAGS", INSTRUMENTED);
    let mut fuzzer = Command::new(target.join(HOST).join("release/requests"));
    fuzzer.args(LIMITS).arg(format!("-max_total_time={seconds}"));
    fuzzer
        .arg(format!("-artifact_prefix={}", found.display()))
        .arg("-print_final_stats=1")
        .arg(&corpus)
        .arg(&seeds);
    for command in [build, fuzzer] {
        if let Outcome::Failed(why) | Outcome::CouldNotRun(why) = finish(command) {
            eprintln!("{why}; an input that broke a parser is in {}", found.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
