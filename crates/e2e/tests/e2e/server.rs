//! A running server, and everything that it says.

use crate::{
    browser::Browser,
    graph::Graph,
    place::{Place, eventually, now},
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeMap,
    fs, future,
    io::Read,
    iter,
    net::Ipv4Addr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// How long a server may take until it answers: generous, because several start at once on slow machines.
const START: Duration = Duration::from_secs(60);

/// Killed when dropped; what it said is shown if the test fails.
pub struct Server {
    child: Child,
    out: Heard,
    err: Heard,
}

/// What was written to a pipe so far.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    fn listen(mut pipe: impl Read + Send + 'static) -> Self {
        let heard = Self::default();
        let kept = heard.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                kept.0.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        heard
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Server {
    /// Starts a command that runs until it is told to stop.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, out: Heard::listen(out), err: Heard::listen(err) }
    }

    /// Starts `demo` on the directory `world` of this place; both are ready to use when this returns.
    pub fn demo(place: &Place, more: &[&str]) -> (Self, World) {
        Self::demo_on(place, "127.0.0.1:0", more)
    }

    /// The same at this address: whoever starts it again has it where it was.
    pub fn demo_on(place: &Place, listen: &str, more: &[&str]) -> (Self, World) {
        let env_file = place.path("demo.env");
        // A file of an earlier run must not be mistaken for the new one.
        drop(fs::remove_file(&env_file));
        let mut args = vec!["demo", "--data-dir", "world", "--env-file", "demo.env", "--listen", listen];
        args.extend(more);
        let mut command = place.innkeeper(&args);
        command.env("RUST_LOG", "debug");
        let mut server = Self::start(command);
        server.wait_for("the env file", |_| env_file.exists().then_some(()));
        let world = World::read(&env_file);
        (server, world)
    }

    /// Starts `serve` on the directory `data` of this place and answers with its address once it says that it is ready.
    pub fn serve(place: &Place, more: &[&str]) -> (Self, String) {
        let mut args = vec!["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"];
        args.extend(more);
        let mut server = Self::start(place.innkeeper(&args));
        let base_url = server.wait_for("readiness", |server| {
            let log = server.log();
            let line = log.lines().find(|line| line.contains("innkeeper is ready"))?.to_owned();
            Some(line.split_once("address=")?.1.trim().to_owned())
        });
        (server, base_url)
    }

    /// Waits for something; a server that ended meanwhile is a failure.
    #[track_caller]
    pub fn wait_for<T>(&mut self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        eventually(what, START, || {
            let ended = self.child.try_wait().unwrap();
            let answer = ask(self);
            assert!(answer.is_some() || ended.is_none(), "waiting for {what}, the server ended: {ended:?}");
            answer
        })
    }

    /// What it printed so far.
    pub fn output(&self) -> String {
        self.out.text()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.err.text()
    }

    /// Asks it to stop, and waits until it has.
    #[track_caller]
    pub fn stop(&mut self) -> (ExitStatus, Duration) {
        let start = now();
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let child = &mut self.child;
        let status =
            eventually("the end after SIGTERM", Duration::from_secs(15), || child.try_wait().unwrap());
        (status, start.elapsed())
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            eprintln!("--- printed\n{}\n--- logged\n{}", self.output(), self.log());
        }
    }
}

/// What the env file says.
pub struct World(BTreeMap<String, String>);

impl World {
    /// Reads a file in which every value is quoted and none holds a quote.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let assignment = |line: &str| {
            let (name, value) = line.split_once('=').unwrap();
            let value = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            (name.to_owned(), value.unwrap_or_else(|| panic!("not quoted: {line}")).to_owned())
        };
        Self(text.lines().map(assignment).collect())
    }

    #[track_caller]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("the env file has no {name}"))
    }

    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Microsoft Graph as the app with all permissions.
    pub fn graph(&self) -> Graph {
        let token = self.token("CLIENT");
        Graph::new(self.get("BASE_URL"), Path::new(self.get("CA_FILE")), token)
    }

    /// A token of the app whose names begin so.
    pub fn token(&self, app: &str) -> String {
        let secret = self.get(&format!("{app}_SECRET"));
        let id = self.get(&format!("{app}_ID"));
        let address = format!("{}/{}/oauth2/v2.0/token", self.get("AUTHORITY"), self.get("TENANT_ID"));
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let answer = client(Path::new(self.get("CA_FILE"))).post(address).form(&fields).send().unwrap();
        let status = answer.status();
        let body: serde_json::Value = answer.json().unwrap();
        assert_eq!(status, 200, "{body}");
        assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &3599.into()));
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// A browser with nothing in it.
    pub fn browser(&self) -> Browser {
        Browser::new(self.get("BASE_URL"), Path::new(self.get("CA_FILE")))
    }
}

/// Whatever a name is, it is this machine.
struct Here;

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        let here: Addrs = Box::new(iter::once((Ipv4Addr::LOCALHOST, 0).into()));
        Box::pin(future::ready(Ok(here)))
    }
}

/// An HTTPS client that trusts this authority and no other, and follows no redirect.
pub fn client(ca: &Path) -> reqwest::blocking::Client {
    // Somebody else may have installed it already, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let authority = reqwest::Certificate::from_pem(&fs::read(ca).unwrap()).unwrap();
    reqwest::blocking::Client::builder()
        .tls_certs_only([authority])
        .redirect(reqwest::redirect::Policy::none())
        .local_address(Some(Ipv4Addr::LOCALHOST.into()))
        .dns_resolver(Arc::new(Here))
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}
