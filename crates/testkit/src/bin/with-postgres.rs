//! Runs a command with a PostgreSQL server of its own: `with-postgres cargo test -p store`. The command finds the address in
//! `INNKEEPER_ENGINE_URL`; the server goes with it.

use std::process::{Command, ExitCode};
use testkit::cluster::Cluster;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(why) => {
            eprintln!("with-postgres: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let mut words = std::env::args_os().skip(1);
    let program = words.next().ok_or("name the command to run, as in: with-postgres cargo test -p store")?;
    let cluster = Cluster::start(&[])?;
    let status = Command::new(&program)
        .args(words)
        .env("INNKEEPER_ENGINE_URL", cluster.url("postgres"))
        .status()
        .map_err(|error| format!("{} did not start: {error}", program.display()))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
