//! Where a test runs: the binary, and a directory of its own.

use std::{
    env,
    io::{Write, stderr},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A directory that goes with the test, and the binary under test.
pub struct Place {
    directory: TempDir,
    binary: PathBuf,
    /// Whom the binary trusts instead of the authorities of this machine.
    authorities: Option<PathBuf>,
}

/// Says something even when the test passes: what is written here is not captured.
fn say_loudly(text: &str) {
    stderr().write_all(format!("\n*** {text}\n").as_bytes()).unwrap();
}

/// Something that the test needs is not here: loudly not tested, and a failure under `CI=true`.
fn missing(text: &str) {
    say_loudly(text);
    let strict = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!strict, "{text}");
}

fn binary() -> Option<PathBuf> {
    if let Some(named) = env::var_os("INNKEEPER_BIN") {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "INNKEEPER_BIN names {}, which is not there", named.display());
        return Some(named);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let built = ["release", "debug"].map(|profile| target.join(profile).join("innkeeper"));
    built.into_iter().find(|path| path.is_file()).and_then(|path| path.canonicalize().ok())
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Is this program in the path? If not, that is said loudly.
pub fn has(program: &str) -> bool {
    let found =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        missing(&format!("NOT TESTED: {program} is not installed. On Debian: apt-get install {program}"));
    }
    found
}

impl Place {
    /// None, said loudly, if there is no binary to test.
    pub fn new() -> Option<Self> {
        let Some(binary) = binary() else {
            missing(
                "NOT TESTED: there is no innkeeper binary. Build it with: cargo build --release -p innkeeper",
            );
            return None;
        };
        Some(Self { directory: TempDir::new().unwrap(), binary, authorities: None })
    }

    /// The same, where the binary trusts the authorities in this file and no others.
    pub fn trusting(self, authorities: PathBuf) -> Self {
        Self { authorities: Some(authorities), ..self }
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Was the binary built for release?
    pub fn is_release(&self) -> bool {
        self.binary.parent().is_some_and(|directory| directory.ends_with("release"))
    }

    /// The binary, to be run in the directory, with nothing of the caller's settings.
    pub fn innkeeper(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(args).current_dir(self.directory.path()).stdin(Stdio::null());
        for name in ["RUST_LOG", "INNKEEPER_DATA_DIR", "INNKEEPER_LOG_FORMAT", "INNKEEPER_DATABASE_URL"] {
            command.env_remove(name);
        }
        if let Some(file) = &self.authorities {
            command.env("SSL_CERT_FILE", file).env_remove("SSL_CERT_DIR");
        }
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, args: &[&str]) -> Said {
        Said::by(self.innkeeper(args).output().unwrap())
    }
}

/// What a program said, and how it ended.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn by(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It ended well; what it printed.
    #[track_caller]
    pub fn ok(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        &self.out
    }

    /// It was refused, with this among its words; no backtrace, no Rust debug text.
    #[track_caller]
    pub fn refused(&self, text: &str) {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert!(
            self.err.contains("innkeeper: ") && self.err.contains(text),
            "{text:?} is not in {}",
            self.err
        );
        assert!(!self.err.contains("panicked") && !self.err.contains("Error {"), "{}", self.err);
    }
}

/// The clock that waiting goes by.
#[expect(clippy::disallowed_methods, reason = "the servers under test run by the clock of this machine")]
pub fn now() -> Instant {
    Instant::now()
}

/// Asks again and again until there is an answer; panics with what was waited for after the limit.
#[track_caller]
pub fn eventually<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
