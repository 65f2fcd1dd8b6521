//! Clients of others, unmodified, against the release binary. The programs are in `clients/`; what they need is installed below
//! the build directory, in the versions that the lock files name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use crate::programs::some_at_once;
use crate::steps::{Outcome, Run, cargo, finish, settings};

/// What a client of Graph has to have done.
const GRAPH: &[&str] = &[
    "token",
    "read the policy on v1.0",
    "change the policy on v1.0",
    "read the policy on beta",
    "change the policy on beta",
    "list guests by filter over several pages",
    "invite a guest",
    "delete the guest",
    "find the guest among the deleted",
    "restore the guest",
    "error: unknown property",
    "error: missing permission",
    "error: missing object",
    "error: wrong secret",
    "error: throttled",
];
/// Of those that try again by themselves.
const RETRY: &[&str] = &["a throttled call is tried again by the client"];

/// What people and apps that sign in have to have done.
const PYTHON: &[&str] = &[
    "msal: certificate",
    "azure-identity: certificate",
    "authlib: private_key_jwt",
    "msal: a certificate that is not registered",
    "msal: client credentials",
    "msal: authorization code with PKCE",
    "msal: silent refresh",
    "msal: device code",
    "msal: authorization code of a web app, by a guest",
    "azure-identity: authorization code",
    "azure-identity: device code",
    "authlib: authorization code with PKCE",
    "authlib: who signed in",
    "authlib: refresh",
];
const NODE: &[&str] = &[
    "msal-node: client credentials",
    "msal-node: certificate",
    "msal-node: authorization code with PKCE",
    "msal-node: silent refresh",
    "msal-node: device code",
    "msal-node: authorization code of a web app, by a guest",
    "@azure/identity: authorization code",
    "@azure/identity: device code",
    "@azure/identity: certificate",
    "openid-client: private_key_jwt",
    "openid-client: discovery",
    "openid-client: client credentials",
    "openid-client: authorization code with PKCE",
    "openid-client: who signed in",
    "openid-client: refresh",
    "openid-client: device code",
];
const OPENIDCONNECT: &[&str] =
    &["discovery", "authorization code with PKCE", "who signed in", "refresh", "device code"];
/// A guest whose home is a provider of others.
const HOME: &[&str] = &[
    "oidc-provider: registered as a home",
    "oidc-provider: a guest accepts an invitation",
    "oidc-provider: the guest comes back",
    "oidc-provider: the guest leaves",
];
/// Our own description, by a tool that makes up requests from it.
const DESCRIPTION: &[&str] = &[
    "every answer is as described, as administrator",
    "every answer is as described, as guest",
    "every answer is as described, as nobody",
    "so many cases",
    "the description is valid",
];
/// Our metadata, by a reader of others.
const METADATA: &[&str] = &["odata-csdl: metadata of v1.0", "odata-csdl: metadata of beta"];
/// What else the Azure CLI has to have done.
const AZURE: &[&str] = &["register the cloud by its address alone", "sign a person in by device code"];

/// A program of `clients/`.
struct Client {
    name: &'static str,
    needs: Needs,
    /// The program and what it is told.
    line: &'static [&'static str],
    /// Each of these must be done, by name; other acts are welcome.
    acts: &'static [&'static [&'static str]],
}

/// Where the libraries of a client come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Needs {
    /// The packages of `clients/python/NAME.txt`.
    Python(&'static str),
    Node,
    Rust,
}

const SDK: Needs = Needs::Python("sdk");

const CLIENTS: &[Client] = &[
    Client { name: "msgraph-sdk", needs: SDK, line: &["graph.py", "msgraph"], acts: &[GRAPH, RETRY] },
    Client {
        name: "msgraph-beta-sdk",
        needs: SDK,
        line: &["graph.py", "msgraph_beta"],
        acts: &[GRAPH, RETRY],
    },
    Client {
        name: "microsoft-graph-client",
        needs: Needs::Node,
        line: &["graph-client.mjs"],
        acts: &[GRAPH, RETRY],
    },
    Client { name: "msgraph-sdk (npm)", needs: Needs::Node, line: &["graph-sdk.mjs"], acts: &[GRAPH, RETRY] },
    Client { name: "graph-rs-sdk", needs: Needs::Rust, line: &["graph-rs-sdk"], acts: &[GRAPH, RETRY] },
    Client {
        name: "azure-cli",
        needs: Needs::Python("azure-cli"),
        line: &["azure_cli.py"],
        acts: &[GRAPH, AZURE],
    },
    Client { name: "sign-in (PyPI)", needs: SDK, line: &["sign_in.py"], acts: &[PYTHON] },
    Client { name: "sign-in (npm)", needs: Needs::Node, line: &["sign-in.mjs"], acts: &[NODE] },
    Client { name: "openidconnect", needs: Needs::Rust, line: &["openidconnect"], acts: &[OPENIDCONNECT] },
    Client { name: "oidc-provider", needs: Needs::Node, line: &["home.mjs"], acts: &[HOME] },
    Client { name: "odata-csdl", needs: Needs::Node, line: &["metadata.mjs"], acts: &[METADATA] },
    Client {
        name: "schemathesis",
        needs: Needs::Python("description"),
        line: &["description.py"],
        acts: &[DESCRIPTION],
    },
];

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(30);
/// How long a program may run, in the short form and in the long one.
const PATIENCE: [Duration; 2] = [Duration::from_mins(4), Duration::from_mins(40)];
/// How many clients run at a time: they wait for what flows back to them, and for people who take their time.
const AT_ONCE: usize = 4;
/// How often one looks.
const LOOK: Duration = Duration::from_millis(50);
/// Few enough to be used up quickly; one flows back each second.
const LIMITS: &str = "10:1000";

/// Installs ahead what [`step`] would install.
pub fn fetch(run: &Run) {
    House::of(run).install_all(run);
}

/// Installs what is missing, and runs every client against worlds of its own.
pub fn step(run: &Run) -> Outcome {
    let house = House::of(run);
    let installed = house.install_all(run);
    let results = some_at_once(CLIENTS, AT_ONCE, |client| {
        let outcome = match installed.get(&client.needs) {
            Some(Ok(())) => house.drive(run, client),
            Some(Err(why)) => Outcome::CouldNotRun(why.clone()),
            None => Outcome::CouldNotRun("nothing was installed".into()),
        };
        (client, outcome)
    });
    judge(&results)
}

fn file_name(client: &Client) -> String {
    client.name.replace([' ', '(', ')'], "")
}

/// One line for each client; the worst of them decides.
fn judge(results: &[(&Client, Outcome)]) -> Outcome {
    let (mut failed, mut absent) = (Vec::new(), Vec::new());
    for (client, outcome) in results {
        let name = client.name;
        match outcome {
            Outcome::Passed => println!("{name:<24} passed"),
            Outcome::Failed(why) => {
                println!("{name:<24} FAILED: {why}");
                failed.push(name);
            }
            Outcome::CouldNotRun(why) => {
                println!("{name:<24} COULD NOT RUN: {why}");
                absent.push(name);
            }
        }
    }
    let list = |names: &[&str]| names.join(", ");
    match (failed.is_empty(), absent.is_empty()) {
        (false, _) => Outcome::Failed(list(&failed)),
        (true, false) => Outcome::CouldNotRun(list(&absent)),
        (true, true) => Outcome::Passed,
    }
}

/// Where the programs are, and where everything else goes.
struct House {
    own: PathBuf,
    target: PathBuf,
}

impl House {
    fn of(run: &Run) -> Self {
        Self { own: run.root.join("clients"), target: run.target.join("clients") }
    }

    fn install_all(&self, run: &Run) -> BTreeMap<Needs, Result<(), String>> {
        let wanted: BTreeSet<Needs> = CLIENTS.iter().map(|client| client.needs).collect();
        thread::scope(|scope| {
            let begin = |needs| (needs, scope.spawn(move || self.install(run, needs)));
            let tasks: Vec<_> = wanted.into_iter().map(begin).collect();
            let ended = |task: ScopedJoinHandle<'_, _>| {
                task.join().unwrap_or_else(|_| Err("installing it panicked".into()))
            };
            tasks.into_iter().map(|(needs, task)| (needs, ended(task))).collect()
        })
    }

    fn install(&self, run: &Run, needs: Needs) -> Result<(), String> {
        match needs {
            Needs::Python(name) => self.install_python(name),
            Needs::Node => self.install_node(),
            Needs::Rust => self.build_rust(run),
        }
        .map_err(|why| format!("{needs:?} could not be installed: {why}"))
    }

    fn install_python(&self, name: &str) -> Result<(), String> {
        let lock = self.own.join("python").join(format!("{name}.txt"));
        let place = self.target.join(name);
        once(&place, &[&lock], |place| {
            let mut command = Command::new("python3");
            done(command.args(["-m", "venv"]).arg(place))?;
            let mut command = Command::new(place.join("bin/pip"));
            // Compiling all of the SDKs takes longer than using the few parts that are used.
            let flags =
                ["install", "--quiet", "--no-compile", "--disable-pip-version-check", "--requirement"];
            done(command.args(flags).arg(&lock))
        })
    }

    /// Node looks for libraries from where a program is, so the programs are put beside them.
    fn install_node(&self) -> Result<(), String> {
        let (own, place) = (self.own.join("node"), self.target.join("node"));
        npm(&own, &place)?;
        copy_programs(&own, &place).map_err(|error| format!("{}: {error}", place.display()))
    }

    fn build_rust(&self, run: &Run) -> Result<(), String> {
        let mut command = cargo(run, "build --quiet --locked --manifest-path clients/rust/Cargo.toml");
        command.env("CARGO_TARGET_DIR", self.target.join("rust"));
        done(&mut command)
    }

    /// The command for a program.
    fn command(&self, client: &Client) -> Result<Command, String> {
        let (program, rest) = client.line.split_first().ok_or("it names no program")?;
        let mut command = match client.needs {
            Needs::Python(name) => {
                let mut command = Command::new(self.target.join(name).join("bin/python"));
                command.arg(self.own.join("python").join(program));
                command
            }
            Needs::Node => {
                let mut command = Command::new("node");
                command.arg(self.target.join("node").join(program));
                command
            }
            Needs::Rust => Command::new(self.target.join("rust/debug").join(program)),
        };
        command.args(rest).stdin(Stdio::null());
        Ok(command)
    }

    fn drive(&self, run: &Run, client: &Client) -> Outcome {
        let binary = run.target.join("release/innkeeper");
        let place = self.target.join("worlds").join(file_name(client));
        let worlds = World::start(&binary, &place.join("open"), &[]).and_then(|open| {
            Ok((open, World::start(&binary, &place.join("throttled"), &["--throttle", LIMITS])?))
        });
        let told = worlds.and_then(|(open, throttled)| {
            let mut command = self.command(client)?;
            trust(&mut command, &place.join("ca.pem"), &[&open, &throttled])?;
            // Clients in any language have the same person sign in.
            command.env("PERSON", self.own.join("python/person.py")).env("INNKEEPER_BIN", &binary);
            settings(run, &mut command);
            command.envs(open.names.iter());
            command.envs(throttled.names.iter().map(|(name, value)| (format!("THROTTLED_{name}"), value)));
            listen(command, &self.target.join("logs"), &file_name(client), PATIENCE[usize::from(run.long)])
        });
        match told.and_then(|text| account(&text, client)) {
            Ok(count) => {
                println!("{}: {count} acts", client.name);
                Outcome::Passed
            }
            Err(why) => Outcome::Failed(why),
        }
    }
}

/// The packages that the lock file of this directory names, installed in another one.
pub fn npm(own: &Path, place: &Path) -> Result<(), String> {
    let files = [own.join("package.json"), own.join("package-lock.json"), own.join(".npmrc")];
    once(place, &files.each_ref().map(PathBuf::as_path), |place| {
        for file in &files {
            let name = file.file_name().unwrap_or_default();
            fs::copy(file, place.join(name)).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        let mut command = Command::new("npm");
        done(command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(place))
    })
}

/// Does the work in an empty directory unless it was done with files of this very content.
fn once(place: &Path, files: &[&Path], work: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    let seal = place.join("installed");
    let mut content = String::new();
    for file in files {
        content += &fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if fs::read_to_string(&seal).is_ok_and(|sealed| sealed == content) {
        return Ok(());
    }
    let failed = |error: std::io::Error| format!("{}: {error}", place.display());
    if place.exists() {
        fs::remove_dir_all(place).map_err(failed)?;
    }
    fs::create_dir_all(place).map_err(failed)?;
    work(place)?;
    fs::write(seal, content).map_err(failed)
}

fn done(command: &mut Command) -> Result<(), String> {
    command.stdin(Stdio::null());
    let taken = std::mem::replace(command, Command::new("true"));
    match finish(taken) {
        Outcome::Passed => Ok(()),
        Outcome::Failed(why) | Outcome::CouldNotRun(why) => Err(why),
    }
}

fn copy_programs(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "mjs") {
            fs::copy(&path, to.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// The authorities of these worlds and no other, in the ways that the languages know.
fn trust(command: &mut Command, bundle: &Path, worlds: &[&World]) -> Result<(), String> {
    let mut text = String::new();
    for world in worlds {
        let file = world.names.get("CA_FILE").ok_or("the env file names no CA_FILE")?;
        text += &fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    }
    fs::write(bundle, text).map_err(|error| format!("{}: {error}", bundle.display()))?;
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        command.env(name, bundle);
    }
    command.env_remove("SSL_CERT_DIR").env_remove("CURL_CA_BUNDLE").env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(())
}

/// Runs a program to its end; what it printed, which is shown when it ends badly.
fn listen(mut command: Command, logs: &Path, name: &str, patience: Duration) -> Result<String, String> {
    let path = logs.join(format!("{name}.log"));
    let open = |path: &Path| {
        fs::create_dir_all(logs).and_then(|()| File::create(path)).map_err(|error| error.to_string())
    };
    let errors = path.with_extension("err");
    command.stdout(open(&path)?).stderr(open(&errors)?);
    let mut child = Ended(command.spawn().map_err(|error| format!("it did not start: {error}"))?);
    let status = wait(patience, || child.0.try_wait().map_err(|error| error.to_string()))?;
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    match status {
        Some(status) if status.success() => Ok(text),
        Some(status) => {
            let said = fs::read_to_string(&errors).unwrap_or_default();
            print!("{text}{said}");
            Err(format!("{status}; see {} and {}", path.display(), errors.display()))
        }
        None => Err(format!("it ran longer than {patience:?}; see {}", path.display())),
    }
}

/// How many acts a program did; all that it must have done are among them.
fn account(text: &str, client: &Client) -> Result<usize, String> {
    let done: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("ok\t")).collect();
    let missing: Vec<&str> =
        client.acts.iter().flat_map(|acts| acts.iter()).copied().filter(|act| !done.contains(act)).collect();
    if missing.is_empty() { Ok(done.len()) } else { Err(format!("not done: {}", missing.join("; "))) }
}

/// Looks until there is something, for so long.
fn wait<T>(
    limit: Duration,
    mut look: impl FnMut() -> Result<Option<T>, String>,
) -> Result<Option<T>, String> {
    let mut waited = Duration::ZERO;
    while waited < limit {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        thread::sleep(LOOK);
        waited += LOOK;
    }
    Ok(None)
}

/// A process that does not outlive this.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A demonstration, gone with this.
struct World {
    _server: Ended,
    /// What the env file says.
    names: BTreeMap<String, String>,
}

impl World {
    fn start(binary: &Path, place: &Path, more: &[&str]) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", place.display());
        if place.exists() {
            fs::remove_dir_all(place).map_err(failed)?;
        }
        fs::create_dir_all(place).map_err(failed)?;
        let (env_file, log) = (place.join("demo.env"), File::create(place.join("log")).map_err(failed)?);
        let mut command = Command::new(binary);
        command.args(["demo", "--listen", "127.0.0.1:0", "--data-dir"]).arg(place.join("data"));
        command.arg("--env-file").arg(&env_file).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut server = Ended(command.spawn().map_err(|error| format!("{}: {error}", binary.display()))?);
        let ready = wait(START, || {
            let ended = server.0.try_wait().map_err(|error| error.to_string())?;
            let told = || format!("the server ended; see {}", place.join("log").display());
            if ended.is_some() { Err(told()) } else { Ok(env_file.exists().then_some(())) }
        })?;
        ready.ok_or("the server did not get ready in time")?;
        let text = fs::read_to_string(&env_file).map_err(failed)?;
        Ok(Self { _server: server, names: assignments(&text) })
    }
}

/// The names of an env file, in which every value is quoted and none of these holds a quote.
fn assignments(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_that_was_not_done_is_named() {
        let client =
            Client { name: "a", needs: Needs::Node, line: &["a"], acts: &[&["one", "two"], &["three"]] };
        assert_eq!(account("ok\tone\nnoise\nok\ttwo\nok\tthree\nok\tfour\n", &client), Ok(4));
        let why = account("ok\tone\nFAILED\ttwo\tok\tbecause\n", &client).expect_err("two are missing");
        assert_eq!(why, "not done: two; three");
    }

    #[test]
    fn what_could_not_be_installed_is_no_success_and_a_failure_is_worse() {
        let [a, b, ..] = CLIENTS else { panic!("there are clients") };
        let absent = || Outcome::CouldNotRun("no network".into());
        let judged = judge(&[(a, Outcome::Passed), (b, absent())]);
        assert!(matches!(judged, Outcome::CouldNotRun(names) if names == b.name));
        let judged = judge(&[(a, Outcome::Failed("red".into())), (b, absent())]);
        assert!(matches!(judged, Outcome::Failed(names) if names == a.name));
    }

    #[test]
    fn every_program_of_a_client_is_there() {
        for client in CLIENTS {
            let own = crate::edges::workspace_root().join("clients");
            let program = client.line.first().expect("a program");
            let file = match client.needs {
                Needs::Python(_) => own.join("python").join(program),
                Needs::Node => own.join("node").join(program),
                Needs::Rust => own.join("rust/src").join(format!("{}.rs", program.replace('-', "_"))),
            };
            assert!(file.is_file(), "{}: {} is not there", client.name, file.display());
        }
    }
}
