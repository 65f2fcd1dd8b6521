//! PostgreSQL servers of our own: made in a temporary directory, known to nobody else, gone with the process that made
//! them, whatever ends it. Never a server that was there before.

use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::{
    fs::{self, File},
    io::Read,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Where Debian's packages put the programs, one directory for each major version.
const INSTALLED: &str = "/usr/lib/postgresql";
/// The oldest major version that the product works with.
const OLDEST: u32 = 15;
/// A directory in memory is taken if so many bytes are free in it; containers often have only 64 MiB there.
const ROOM: u64 = 2 << 30;
/// The role in the addresses that [`Cluster::url`] gives: it may make databases, and owns what it makes, and no more.
pub const ROLE: &str = "keeper";
/// The name by which a standby is known to its primary.
const STANDBY: &str = "standby";

/// What went wrong, and what to do.
pub type Outcome<T = ()> = Result<T, String>;

/// How a server is told to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Takes back what is under way and ends in order.
    Fast,
    /// Ends at once and recovers from its log at the next start.
    Immediate,
}

impl Stop {
    const fn mode(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Immediate => "immediate",
        }
    }
}

/// One PostgreSQL server, for this process alone. Durable as in production (`fsync` is on); its directory is in memory
/// where there is room, and survives everything but the machine.
pub struct Cluster {
    programs: PathBuf,
    directory: PathBuf,
    port: u16,
    password: String,
    _watch: Watch,
}

/// pgbouncer in transaction mode before a cluster.
pub struct Bouncer {
    port: u16,
    password: String,
    _watch: Watch,
}

/// A shell that waits until this process lets go of it, or ends in whatever way, and then cleans up.
struct Watch(Child);

impl Watch {
    /// `script` runs in `sh`, with the words after it as its parameters, once the end of this process is seen.
    fn keep(directory: &Path, script: &str, words: &[&str]) -> Outcome<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(directory).args(words).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // Not in our group: a Ctrl-C is for us, and the end of us is for it.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map(Self).map_err(|error| format!("no shell to clean up with: {error}"))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // What it does cannot fail in a way that anybody could mend.
        drop(self.0.wait());
    }
}

/// Where the programs of the newest PostgreSQL on this machine are, or what to install.
pub fn programs() -> Outcome<PathBuf> {
    let missing =
        || format!("PostgreSQL {OLDEST} or newer is not installed. On Debian: apt-get install postgresql");
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    fs::read_dir(INSTALLED)
        .map_err(|_| missing())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| version(path) >= Some(OLDEST) && path.join("bin/initdb").is_file())
        .max_by_key(version)
        .map(|path| path.join("bin"))
        .ok_or_else(missing)
}

/// pgbouncer, or what to install.
fn bouncer_program() -> Outcome<PathBuf> {
    let places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
    let found = places.iter().map(PathBuf::from).find(|path| path.is_file());
    found.ok_or_else(|| "pgbouncer is not installed. On Debian: apt-get install pgbouncer".to_owned())
}

/// PostgreSQL and pgbouncer refuse to run as root, so root runs them as the user of the package.
fn unprivileged(program: &Path, directory: &Path) -> Command {
    let mut command = if geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    for name in ["PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSERVICE", "PGOPTIONS"] {
        command.env_remove(name);
    }
    command.current_dir(directory).stdin(Stdio::null());
    command
}

fn finish(mut command: Command) -> Outcome<String> {
    let shown = format!("{command:?}");
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| format!("{shown} did not start: {error}"))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).trim_end_matches('\n').to_owned());
    }
    Err(format!(
        "{shown}: {status}\n{}{}",
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr)
    ))
}

/// Runs a program that leaves a server behind: the server must not hold our pipes, or we would wait for it for ever.
fn finish_quietly(mut command: Command, log: &Path) -> Outcome {
    let shown = format!("{command:?}");
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("{shown} did not start: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{shown}: {status}\n{}", fs::read_to_string(log).unwrap_or_default()))
}

/// In memory where there is room.
fn base() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let roomy = rustix::fs::statvfs(memory).is_ok_and(|at| at.f_bavail.saturating_mul(at.f_frsize) >= ROOM);
    if roomy { memory.to_path_buf() } else { std::env::temp_dir() }
}

/// A directory that the unprivileged user owns. Its removal is left to the watch.
fn make_directory(base: &Path) -> Outcome<PathBuf> {
    let broken = |error: std::io::Error| format!("no temporary directory: {error}");
    let made = TempDir::with_prefix_in("innkeeper-pg-", base).map_err(broken)?;
    if geteuid().is_root() {
        finish({
            let mut command = Command::new("chown");
            command.arg("postgres:").arg(made.path());
            command
        })?;
    }
    Ok(made.keep())
}

/// A port that is free now. Somebody else may take it before the server does; then the server says so.
pub fn free_port() -> Outcome<u16> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}

fn random_word() -> Outcome<String> {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(|error| format!("no randomness: {error}"))?;
    Ok(hex::encode(bytes))
}

fn append(file: &Path, lines: &str) -> Outcome {
    use std::io::Write;
    let opened = fs::OpenOptions::new().append(true).open(file);
    opened
        .and_then(|mut file| file.write_all(lines.as_bytes()))
        .map_err(|error| format!("{}: {error}", file.display()))
}

impl Cluster {
    /// A new server with these settings (`name = value`) beside its own.
    ///
    /// The databases sort by an international collation, so that whoever relies on the order of bytes must say so.
    pub fn start(settings: &[&str]) -> Outcome<Self> {
        Self::start_in(&base(), settings)
    }

    /// The same on the disk of this directory, which every user may enter: what is measured must wait for a disk.
    pub fn start_in(base: &Path, settings: &[&str]) -> Outcome<Self> {
        let programs = programs()?;
        let directory = make_directory(base)?;
        let watch = Self::watch(&programs, &directory)?;
        let cluster =
            Self { programs, directory, port: free_port()?, password: random_word()?, _watch: watch };
        let mut initdb = cluster.program("initdb");
        initdb.arg("-D").arg(cluster.data()).args(["-U", "postgres", "--no-sync", "--encoding=UTF8"]);
        initdb.args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]);
        initdb.args(["--auth-local=trust", "--auth-host=scram-sha-256"]);
        finish(initdb)?;
        append(&cluster.data().join("postgresql.conf"), &cluster.settings(settings))?;
        cluster.go_on()?;
        let role = format!("create role {ROLE} login createdb password '{}'", cluster.password);
        cluster.sql("postgres", &role)?;
        Ok(cluster)
    }

    fn watch(programs: &Path, directory: &Path) -> Outcome<Watch> {
        let script = "trap '' INT TERM HUP; cat; \"$@\"; rm -rf -- \"$0\"";
        let (control, data) = (programs.join("pg_ctl"), directory.join("data"));
        let mut words = vec![control.to_string_lossy().into_owned(), "-D".to_owned()];
        words.push(data.to_string_lossy().into_owned());
        words.extend(["-m", "immediate", "-w", "stop"].map(str::to_owned));
        if geteuid().is_root() {
            let become_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"];
            words.splice(0..0, become_user.map(str::to_owned));
        }
        Watch::keep(directory, script, &words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn settings(&self, more: &[&str]) -> String {
        let own = [
            format!("port = {}", self.port),
            format!("unix_socket_directories = '{}'", self.directory.display()),
            "listen_addresses = '127.0.0.1'".to_owned(),
            "max_connections = 300".to_owned(),
            "shared_buffers = 64MB".to_owned(),
            "wal_keep_size = 64MB".to_owned(),
            // In its own directory, so that it goes with it.
            "dynamic_shared_memory_type = mmap".to_owned(),
            "log_min_messages = warning".to_owned(),
            "log_line_prefix = '%m [%p] %u@%d '".to_owned(),
        ];
        let more = more.iter().map(|line| (*line).to_owned());
        own.into_iter().chain(more).map(|line| line + "\n").collect()
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("log")
    }

    fn program(&self, name: &str) -> Command {
        unprivileged(&self.programs.join(name), &self.directory)
    }

    fn control(&self, verb: &str, more: &[&str]) -> Outcome {
        let mut command = self.program("pg_ctl");
        command.arg("-D").arg(self.data()).arg("-l").arg(self.log_file()).args(["-w", "-t", "60", verb]);
        command.args(more);
        finish_quietly(command, &self.log_file())
    }

    /// The address of a database for the product: over TCP, with a password, as a role that owns its databases only.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The address of a database that is on the first of these servers that takes writes.
    pub fn url_of_pair(&self, other: &Self, database: &str) -> String {
        format!(
            "postgres://{ROLE}:{}@127.0.0.1:{},127.0.0.1:{}/{database}?target_session_attrs=read-write&connect_timeout=2",
            self.password, self.port, other.port
        )
    }

    /// Where it listens on this machine.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Makes a database that the product's role owns; its address.
    pub fn database(&self, name: &str) -> Outcome<String> {
        self.sql("postgres", &format!("create database {name} owner {ROLE}"))?;
        Ok(self.url(name))
    }

    /// Runs statements as the superuser, over the private socket; the rows as lines, columns with `|` between.
    pub fn sql(&self, database: &str, sql: &str) -> Outcome<String> {
        let mut command = self.program("psql");
        command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", sql]);
        command.arg("-h").arg(&self.directory).args(["-p", &self.port.to_string()]);
        finish(command)
    }

    /// What the server logged: warnings and worse.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Stops it; connections are cut.
    pub fn stop(&self, how: Stop) -> Outcome {
        self.control("stop", &["-m", how.mode()])
    }

    /// Starts it again after a stop or a kill; returns once it takes connections.
    pub fn go_on(&self) -> Outcome {
        // After a kill the remaining processes take a moment to let go of the shared memory.
        let mut failed = None;
        for _ in 0..20 {
            match self.control("start", &[]) {
                Ok(()) => return Ok(()),
                Err(error) => failed = Some(error),
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(failed.unwrap_or_default())
    }

    /// Stops and starts it.
    pub fn restart(&self, how: Stop) -> Outcome {
        self.control("restart", &["-m", how.mode()])
    }

    /// Ends it as a power cut would: nothing is written that was not.
    pub fn kill(&self) -> Outcome {
        let file = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let first = text.lines().next().and_then(|line| line.parse().ok()).and_then(Pid::from_raw);
        let pid = first.ok_or_else(|| format!("{} names no process", file.display()))?;
        kill_process(pid, Signal::KILL).map_err(|error| format!("the server is not there: {error}"))
    }

    /// A copy that follows this server. From now on a commit here is acknowledged only once it is on stable storage there.
    pub fn standby(&self) -> Outcome<Self> {
        let directory = make_directory(&base())?;
        let watch = Self::watch(&self.programs, &directory)?;
        let (programs, password) = (self.programs.clone(), self.password.clone());
        let standby = Self { programs, directory, port: free_port()?, password, _watch: watch };
        let mut copy = standby.program("pg_basebackup");
        copy.arg("-D").arg(standby.data()).args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-d"]);
        copy.arg(format!(
            "host={} port={} user=postgres application_name={STANDBY}",
            self.directory.display(),
            self.port
        ));
        finish(copy)?;
        append(&standby.data().join("postgresql.conf"), &standby.settings(&[]))?;
        standby.go_on()?;
        self.sql("postgres", &format!("alter system set synchronous_standby_names = '{STANDBY}'"))?;
        self.sql("postgres", "select pg_reload_conf()")?;
        for _ in 0..100 {
            let state = self.sql("postgres", "select sync_state from pg_stat_replication")?;
            if state == "sync" {
                return Ok(standby);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(format!("the standby did not follow:\n{}", standby.log()))
    }

    /// Makes a standby the server that takes writes.
    pub fn promote(&self) -> Outcome {
        self.control("promote", &[])
    }

    /// pgbouncer in transaction mode before all databases of this server.
    pub fn bouncer(&self) -> Outcome<Bouncer> {
        let (program, directory, port) = (bouncer_program()?, make_directory(&base())?, free_port()?);
        let (config, users) = (directory.join("pgbouncer.ini"), directory.join("users.txt"));
        // After a failed login pgbouncer waits for 15 s by default, so that a restart of the server would last so long.
        let text = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
             max_client_conn = 500\ndefault_pool_size = 20\nserver_login_retry = 1\n\
             ignore_startup_parameters = options,extra_float_digits\nlogfile = {}\n",
            self.directory.display(),
            self.port,
            users.display(),
            directory.join("log").display(),
        );
        let write = |path: &Path, text: &str| {
            fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
        };
        write(&config, &text)?;
        write(&users, &format!("\"{ROLE}\" \"{}\"\n", self.password))?;
        let script = "trap '' INT TERM HUP; \"$@\" </dev/null & cat; kill -9 $!; rm -rf -- \"$0\"";
        let started = unprivileged(&program, &directory);
        let mut words = vec![started.get_program().to_string_lossy().into_owned()];
        words.extend(started.get_args().map(|word| word.to_string_lossy().into_owned()));
        words.push(config.to_string_lossy().into_owned());
        let watch = Watch::keep(&directory, script, &words.iter().map(String::as_str).collect::<Vec<_>>())?;
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(Bouncer { port, password: self.password.clone(), _watch: watch });
            }
            thread::sleep(Duration::from_millis(25));
        }
        Err(format!(
            "pgbouncer did not start:\n{}",
            fs::read_to_string(directory.join("log")).unwrap_or_default()
        ))
    }
}

impl Bouncer {
    /// The address of a database through pgbouncer.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }
}
