//! Where a PostgreSQL database is, as operators write it.

use model::{Error, ErrorKind, Result};
use std::{fmt, path::PathBuf, str::FromStr, time::Duration};
use tokio_postgres::config::{Config, Host, SslMode, TargetSessionAttrs};

/// The address of a PostgreSQL database, `postgres://user:password@host:port/database?option=value`. Several hosts may be
/// named, with commas; then the one that accepts writes is used. What the driver knows may stand as an option; certificates
/// are always verified, against the system's roots or those in `sslrootcert=FILE`. Nothing here prints the password.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(crate) config: Config,
    /// Roots to trust instead of the system's.
    pub(crate) roots: Option<PathBuf>,
}

fn refuse(problem: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::BadRequest,
        format!(
            "The database URL cannot be used: {problem}. Write it as \
             postgres://user:password@host:5432/database, with special characters of the password as %XX."
        ),
    )
}

impl DatabaseUrl {
    /// Parses the URL; the error says what is wrong with it and never quotes it.
    pub fn parse(text: &str) -> Result<Self> {
        let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let Some(rest) = rest else {
            return Err(refuse("it does not begin with postgres:// or postgresql://"));
        };
        let (address, options) = rest.split_once('?').unwrap_or((rest, ""));
        let mut roots = None;
        let mut kept = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslrootcert", file)) => roots = Some(PathBuf::from(decoded(file)?)),
                // The driver has no such words; what they ask for is what is done under `require` here.
                Some(("sslmode", "verify-full" | "verify-ca")) => kept.push("sslmode=require"),
                _ => kept.push(option),
            }
        }
        let mut config = Config::from_str(&format!("postgres://{address}?{}", kept.join("&")))
            .map_err(|error| refuse(cause(&error)))?;
        if config.get_hosts().is_empty() {
            return Err(refuse("it names no host"));
        }
        if config.get_hosts().len() > 1 && config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_user().is_none() {
            return Err(refuse("it names no user"));
        }
        if config.get_application_name().is_none() {
            config.application_name("innkeeper");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        config.keepalives_idle(SILENCE);
        Ok(Self { config, roots })
    }

    /// Must the connection be encrypted?
    pub(crate) fn asks_for_tls(&self) -> bool {
        self.config.get_ssl_mode() != SslMode::Disable
            && self.config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)))
    }
}

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// After how long without an answer a connection counts as lost.
const SILENCE: Duration = Duration::from_secs(15);

/// What lies under an error of the driver: its own words say only what it was doing.
pub(super) fn cause(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn decoded(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
            let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
            bytes.push(byte.ok_or_else(|| refuse("a % is not followed by two hexadecimal digits"))?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).map_err(|_| refuse("the path after sslrootcert= is not UTF-8"))
}

impl fmt::Display for DatabaseUrl {
    /// Everything but the password and the options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<String> = self
            .config
            .get_hosts()
            .iter()
            .enumerate()
            .map(|(at, host)| {
                let ports = self.config.get_ports();
                let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
                match host {
                    Host::Tcp(name) => format!("{name}:{port}"),
                    Host::Unix(path) => format!("{}:{port}", path.display()),
                }
            })
            .collect();
        let user = self.config.get_user().unwrap_or_default();
        let database = self.config.get_dbname().unwrap_or(user);
        write!(f, "postgres://{user}@{}/{database}", hosts.join(","))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}
