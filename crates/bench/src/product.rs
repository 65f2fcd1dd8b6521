//! The product under test: the release binary, as a process of its own, on a world of its own.

use crate::{
    Result,
    floor::Floor,
    load::{Answer, Target, once, request},
    machine::{self, Cores, now},
    world,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{BufRead, BufReader, BufWriter, Write},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

/// An app that may do everything that is measured.
#[derive(Clone, Serialize, Deserialize)]
pub struct App {
    pub tenant: String,
    pub domain: String,
    client: String,
    secret: String,
}

/// A world on disk, ready to be copied and served.
pub struct World {
    pub users: u64,
    pub data: PathBuf,
    /// That of the large organisation first.
    pub apps: Vec<App>,
    /// Lines per second of the import that made it; none if it was there.
    pub imported: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct Made {
    at: i64,
    apps: Vec<App>,
}

const PERMISSIONS: [&str; 4] =
    ["Policy.Read.All", "Policy.ReadWrite.ExternalIdentities", "User.Read.All", "User.ReadWrite.All"];
/// Deleted accounts of a world fall due after three weeks; before that it is made anew.
const FRESH: i64 = 14 * 86_400;

/// Writes the lines of a world.
pub fn write_world(plan: &world::Plan, file: &Path) -> Result<()> {
    let mut out = BufWriter::new(fs::File::create(file)?);
    plan.write(&mut out)?;
    Ok(out.flush()?)
}

/// Runs a command of the product to its end, and answers what it printed.
pub fn run(binary: &Path, data: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new(binary).args(args).arg("--data-dir").arg(data).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("innkeeper {}: {}", args.join(" "), String::from_utf8_lossy(&said)).into())
}

impl World {
    /// The world of so many users; made if it is not there, or too old.
    pub fn prepare(binary: &Path, worlds: &Path, users: u64) -> Result<Self> {
        let place = worlds.join(users.to_string());
        let (data, note) = (place.join("data"), place.join("made.json"));
        let made = fs::read(&note).ok().and_then(|text| serde_json::from_slice::<Made>(&text).ok());
        if let Some(made) = made.filter(|made| machine::wall() - made.at < FRESH) {
            return Ok(Self { users, data, apps: made.apps, imported: None });
        }
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        let at = machine::wall();
        let lines = place.join("world.jsonl");
        write_world(&world::Plan { users, seed: 1, now: at, due: false }, &lines)?;
        let start = now();
        let lines_text = lines.to_string_lossy().into_owned();
        run(binary, &data, &["import", "--jsonl", &lines_text])?;
        let rate = crate::load::count(usize::try_from(users)?) / start.elapsed().as_secs_f64();
        let domains = std::iter::once(world::LARGE.to_owned()).chain((0..world::SMALL).map(world::small));
        let apps = register(binary, &data, &domains.collect::<Vec<_>>())?;
        fs::write(&note, serde_json::to_string(&Made { at, apps: apps.clone() })?)?;
        Ok(Self { users, data, apps, imported: Some(rate) })
    }
}

/// Registers an app in each of these organisations.
pub fn register(binary: &Path, data: &Path, domains: &[String]) -> Result<Vec<App>> {
    let list = run(binary, data, &["tenant", "list"])?;
    let id_of = |domain: &str| {
        let mut lines = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let found = lines.find(|words| words.get(1) == Some(&domain))?;
        found.first().map(|id| (*id).to_owned())
    };
    let mut apps = Vec::new();
    for domain in domains {
        let tenant = id_of(domain).ok_or("an organisation of the world is missing")?;
        let mut args = vec!["app", "create", "--tenant", &tenant, "--name", "Benchmark"];
        args.extend(PERMISSIONS.iter().flat_map(|permission| ["--permission", permission]));
        let said = run(binary, data, &args)?;
        let mut values =
            said.lines().filter_map(|line| line.rsplit_once(": ")).map(|(_, value)| value.trim());
        let (client, secret) = values.next().zip(values.next()).ok_or("app create said something else")?;
        let (client, secret) = (client.to_owned(), secret.to_owned());
        apps.push(App { tenant, domain: domain.clone(), client, secret });
    }
    Ok(apps)
}

/// Makes a Global Administrator of a member, in the files of a server that does not run, and gives them a session that opens the
/// administration pages; the value of the `Cookie` header. The session lasts for the measurements only.
pub fn administrator(data: &Path, tenant: &str) -> Result<String> {
    const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
    let database = rusqlite::Connection::open(data.join("innkeeper.db"))?;
    let member: String = database.query_row(
        "select id from users where tenant_id = ?1 and home_key is null and deleted_at is null and account_enabled limit 1",
        [tenant],
        |row| row.get(0),
    )?;
    database.execute(
        "insert into role_assignments (tenant_id, role_id, user_id) values (?1, ?2, ?3) on conflict do nothing",
        [tenant, GLOBAL_ADMINISTRATOR, &member],
    )?;
    let secret = "benchmark-only-secret-on-a-copy-of-its-world";
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    let hash = hex::encode(digest);
    let now = machine::wall() * 1_000_000;
    database.execute(
        "insert into sessions (tenant_id, hash, person_key, authenticated_at, seen_at, expires_at, started_at, second_factor, \
         admin_hash, admin_seen_at) values (?1, ?2, ?3, ?4, ?4, ?5, ?4, true, ?2, ?4)",
        rusqlite::params![tenant, hash, format!("member:{tenant}:{member}"), now, now + 3_600_000_000_i64],
    )?;
    Ok(format!("__Host-innkeeper={tenant}.{secret}; __Host-innkeeper-admin={tenant}.{secret}"))
}

/// A client that trusts this certificate and no other.
fn trusting(pem: &[u8]) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What servers of one directory share.
pub struct Shared {
    pub database: String,
    /// What their tokens are issued under.
    pub public_url: String,
}

/// A process that is killed when this is dropped.
pub struct Process {
    child: Child,
    pub target: Target,
}

impl Process {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as a crash would.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Starts a floor.
    pub fn floor(cores: Cores, floor: &Floor, tls: bool) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["floor", &serde_json::to_string(floor)?]);
        if tls {
            command.arg("--tls");
        }
        let mut child = cores.start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let mut line = String::new();
        let pipe = child.stdout.take().ok_or("a floor without a pipe")?;
        BufReader::new(pipe).read_line(&mut line)?;
        let (address, pem) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let tls = if tls { Some(trusting(pem.replace('|', "\n").as_bytes())?) } else { None };
        Ok(Self { target: Target { address: address.parse()?, tls }, child })
    }

    /// Starts the product on a data directory and waits for its first answer; also says how long that took.
    pub fn product(
        cores: Cores,
        binary: &Path,
        data: &Path,
        shared: Option<&Shared>,
    ) -> Result<(Self, Duration)> {
        let address = free_address()?;
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", &address.to_string()]).arg("--data-dir").arg(data);
        if let Some(Shared { database, public_url }) = shared {
            command.env("INNKEEPER_DATABASE_URL", database).args(["--public-url", public_url]);
        }
        let log = fs::File::create(data.join("bench.log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let start = now();
        let child = cores.start(&mut command)?;
        let mut process = Self { child, target: Target { address, tls: None } };
        let ready = request("GET", "/readyz", &[], "");
        loop {
            if let Some(status) = process.child.try_wait()? {
                let said = fs::read_to_string(data.join("bench.log")).unwrap_or_default();
                return Err(format!("the server ended with {status}: {said}").into());
            }
            if process.target.tls.is_none() {
                process.target.tls = fs::read(data.join("ca.pem")).ok().and_then(|pem| trusting(&pem).ok());
            } else if once(&process.target, &ready).is_ok_and(|answer| answer.status == 200) {
                return Ok((process, start.elapsed()));
            }
            if start.elapsed() > Duration::from_secs(60) {
                return Err("the server does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Asks for a token of an app.
    pub fn token(&self, app: &App) -> Result<String> {
        let answer = once(&self.target, &token_request(app))?;
        token_of(&answer)
    }

    /// The key that tokens of an organisation are signed with: modulus and exponent.
    pub fn key(&self, tenant: &str) -> Result<(String, String)> {
        let answer = once(&self.target, &request("GET", &format!("/{tenant}/discovery/v2.0/keys"), &[], ""))?;
        let keys: serde_json::Value = serde_json::from_slice(&answer.body)?;
        let part = |name: &str| keys["keys"][0][name].as_str().map(str::to_owned);
        Ok((part("n").ok_or("no key")?, part("e").ok_or("no key")?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Asks for a token by client credentials.
pub fn token_request(app: &App) -> Rc<[u8]> {
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        app.client,
        app.secret.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
    );
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    request("POST", &format!("/{}/oauth2/v2.0/token", app.tenant), &form, &body)
}

/// The token of an answer.
pub fn token_of(answer: &Answer) -> Result<String> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let token = body["access_token"].as_str().map(str::to_owned);
    token.ok_or_else(|| format!("no token but {}: {body}", answer.status).into())
}
