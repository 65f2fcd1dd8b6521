//! The gates that are programs of others. Each is built once into the build directory, in the version named here.
//!
//! Installing is preferred to a check of our own over `cargo metadata`, because on two cores it costs once about
//! two minutes of wall clock for cargo-deny and one minute for cargo-machete, and cargo-deny reads licence files and
//! prunes the crates that our features do not reach, which a small check would get wrong.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::steps::{Outcome, Run, cargo, finish};

const DENY: (&str, &str) = ("cargo-deny", "0.20.2");
const MACHETE: (&str, &str) = ("cargo-machete", "0.9.2");

/// Installs ahead what [`deny`] runs.
pub fn fetch_deny(run: &Run) {
    drop(installed(run, DENY));
}

/// Installs ahead what [`machete`] runs.
pub fn fetch_machete(run: &Run) {
    drop(installed(run, MACHETE));
}

/// Bans, licences and sources by deny.toml.
pub fn deny(run: &Run) -> Outcome {
    with_tool(run, DENY, &["--locked", "check", "bans", "licenses", "sources"])
}

/// Dependencies that a manifest names and no source uses.
pub fn machete(run: &Run) -> Outcome {
    with_tool(run, MACHETE, &["crates", "xtask"])
}

/// A program of the system that tests drive, and the Debian package that it comes with.
pub struct Program {
    /// The package.
    pub package: &'static str,
    /// Any of these files is the program; `*` stands for one name.
    pub files: &'static [&'static str],
}

/// What the tests drive beside our own programs.
pub const CURL: Program = Program { package: "curl", files: &["/usr/bin/curl", "/usr/local/bin/curl"] };
/// The server that tests start; never one that runs already.
pub const POSTGRES: Program = Program { package: "postgresql", files: &["/usr/lib/postgresql/*/bin/initdb"] };
/// What often stands before PostgreSQL.
pub const PGBOUNCER: Program = Program {
    package: "pgbouncer",
    files: &["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"],
};
/// A browser.
pub const CHROMIUM: Program = Program { package: "chromium", files: &["/usr/bin/chromium"] };
/// What drives it; of the same version, because both come from Debian.
pub const CHROMEDRIVER: Program = Program { package: "chromium-driver", files: &["/usr/bin/chromedriver"] };
/// Chinese letters, without which the pages in Chinese are boxes.
pub const CHINESE: Program =
    Program { package: "fonts-noto-cjk", files: &["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"] };

/// Installs what is missing, where this machine allows it; says whether all is there now. Tests that need a program that is
/// not say loudly that they could not run, and fail with `CI=true`.
pub fn from_debian(programs: &[&Program]) -> bool {
    // Debian's tools do not wait for each other.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: Vec<&str> =
        programs.iter().filter(|program| !program.is_there()).map(|program| program.package).collect();
    if missing.is_empty() {
        return true;
    }
    let packages = missing.join(" ");
    println!("{packages}: not here yet, being installed");
    for args in [&["update"][..], &[&["install", "--yes", "--no-install-recommends"], &missing[..]].concat()]
    {
        let mut command = Command::new("apt-get");
        command
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Outcome::Failed(why) | Outcome::CouldNotRun(why) = finish(command) {
            println!("{packages} COULD NOT BE INSTALLED ({why}); run: apt-get install {packages}");
            return false;
        }
    }
    programs.iter().all(|program| program.is_there())
}

impl Program {
    fn is_there(&self) -> bool {
        self.files.iter().any(|file| is_there(file))
    }
}

/// Is there a file at this path, in which one part may be any name?
fn is_there(path: &str) -> bool {
    let Some((before, after)) = path.split_once("/*/") else { return Path::new(path).is_file() };
    let entries = std::fs::read_dir(before).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join(after)).any(|path| path.is_file())
}

fn with_tool(run: &Run, tool: (&str, &str), args: &[&str]) -> Outcome {
    match installed(run, tool) {
        Ok(program) => {
            let mut command = Command::new(program);
            command.args(args).current_dir(&run.root);
            finish(command)
        }
        Err(why) => Outcome::CouldNotRun(why),
    }
}

/// The version is part of the path, so a newer pin is installed and an older one is never run by mistake.
fn installed(run: &Run, (name, version): (&str, &str)) -> Result<PathBuf, String> {
    let root = run.target.join("tools").join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if program.is_file() {
        return Ok(program);
    }
    println!("{name} {version} is not here yet; installing it into {}", root.display());
    // Neither optimised nor to be debugged: it is built more often than it is waited for.
    let mut install =
        cargo(run, &format!("install --quiet --debug --locked --version {version} {name} --root"));
    install.arg(&root).env("CARGO_PROFILE_DEV_DEBUG", "0");
    match finish(install) {
        Outcome::Passed => Ok(program),
        Outcome::Failed(why) | Outcome::CouldNotRun(why) => {
            Err(format!("{name} {version} could not be installed ({why}); is the crate registry in reach?"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_one_name() {
        assert!(is_there("/proc/*/status"));
        assert!(is_there("/proc/self/status"));
        assert!(!is_there("/proc/*/no-such-file"));
        assert!(!is_there("/no-such-directory/*/status"));
    }
}
