//! The gates that are programs of others. Each is built once into the build directory, in the version named here.
//!
//! Installing is preferred to a check of our own over `cargo metadata`, because on two cores it costs once about
//! two minutes of wall clock for cargo-deny and one minute for cargo-machete, and cargo-deny reads licence files and
//! prunes the crates that our features do not reach, which a small check would get wrong.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::steps::{Outcome, Run, cargo, finish};

const DENY: (&str, &str) = ("cargo-deny", "0.20.2");
const MACHETE: (&str, &str) = ("cargo-machete", "0.9.2");

/// Bans, licences and sources by deny.toml.
pub fn deny(run: &Run) -> Outcome {
    with_tool(run, DENY, &["--locked", "check", "bans", "licenses", "sources"])
}

/// Dependencies that a manifest names and no source uses.
pub fn machete(run: &Run) -> Outcome {
    with_tool(run, MACHETE, &["crates", "xtask"])
}

/// A program of the system that tests drive, from the package of the same name. Installed where this machine allows it;
/// where it does not, the tests that need it say that they could not run.
pub fn from_debian(name: &str) {
    let quiet = |program: &str| {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    if quiet(name).arg("--version").stderr(Stdio::null()).status().is_ok() {
        return;
    }
    println!("{name} is not here yet; installing it");
    for args in [&["update"][..], &["install", "--yes", "--no-install-recommends", name]] {
        let mut command = quiet("apt-get");
        command.args(args);
        if let Outcome::Failed(why) | Outcome::CouldNotRun(why) = finish(command) {
            println!("{name} could not be installed ({why}); run: apt-get install {name}");
            return;
        }
    }
}

fn with_tool(run: &Run, (name, version): (&str, &str), args: &[&str]) -> Outcome {
    match installed(run, name, version) {
        Ok(program) => {
            let mut command = Command::new(program);
            command.args(args).current_dir(&run.root);
            finish(command)
        }
        Err(why) => Outcome::CouldNotRun(why),
    }
}

/// The version is part of the path, so a newer pin is installed and an older one is never run by mistake.
fn installed(run: &Run, name: &str, version: &str) -> Result<PathBuf, String> {
    let root = run.target.join("tools").join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if program.is_file() {
        return Ok(program);
    }
    println!("{name} {version} is not here yet; installing it into {}", root.display());
    let mut install = cargo(run, &format!("install --quiet --locked --version {version} {name} --root"));
    install.arg(&root);
    match finish(install) {
        Outcome::Passed => Ok(program),
        Outcome::Failed(why) | Outcome::CouldNotRun(why) => {
            Err(format!("{name} {version} could not be installed ({why}); is the crate registry in reach?"))
        }
    }
}
