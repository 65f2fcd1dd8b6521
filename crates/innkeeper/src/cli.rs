//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::{net::SocketAddr, path::PathBuf};

use crate::{address::PublicUrl, proxy::Network};

const EXAMPLES: &str = "\
Try it, with a seeded world that is thrown away at the end:
  innkeeper demo

Run it for real; it prints where to create the first organisation:
  innkeeper serve --data-dir /var/lib/innkeeper --listen 0.0.0.0:443 \\
      --public-url https://directory.example.org

Add an organisation, whether the server runs or not:
  innkeeper tenant create --data-dir /var/lib/innkeeper --name Contoso \\
      --domain contoso.example --administrator-user ada --administrator-name 'Ada Jones'";

/// A directory of organisations, their members and their guests.
///
/// Guests leave by themselves where the organisation's policy allows it, and what is deleted can be restored for 30 days;
/// then it is gone. Speaks the policy part of Microsoft Graph.
#[derive(Parser)]
#[command(name = "innkeeper", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// How log lines are written to standard error; RUST_LOG says how much (default: info).
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "INNKEEPER_LOG_FORMAT",
        value_name = "FORMAT",
        display_order = 900
    )]
    pub log_format: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The form of log lines: for people, or one JSON object per line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Start a seeded world to try everything on.
    Demo(Demo),
    /// Start the server for real: no default account, password, key or organisation.
    Serve(Serve),
    /// Create and list organisations.
    #[command(subcommand)]
    Tenant(Tenant),
    /// Register apps that use Microsoft Graph.
    #[command(subcommand)]
    App(App),
    /// Give an organisation a new key for signing tokens.
    #[command(subcommand)]
    Key(Key),
    /// Register external identity providers, and confirm their domains.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Help people who cannot sign in.
    #[command(subcommand)]
    User(User),
    /// Bring in organisations, members and guests from a file.
    Import(Import),
    /// Permanently delete the accounts whose 30 days are over.
    Purge(Purge),
    /// Check the audit chains and what is stored against what is promised.
    Verify(Tool),
    /// Print a fresh one-time secret to create the first organisation by page (good for 30 minutes).
    SetupSecret(Tool),
    /// Move a directory from the embedded database to PostgreSQL.
    MigrateStore(MigrateStore),
    /// Prepare a PostgreSQL database for special needs.
    #[command(subcommand)]
    Database(DatabaseCommand),
}

/// `demo`.
#[derive(Args)]
pub struct Demo {
    /// Keep the world in this directory and reuse it as it is [default: temporary, removed at the end].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub place: Place,
    /// Write addresses, ids and secrets to this file as shell assignments, once the server answers
    /// [default: demo.env in the data directory].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub env_file: Option<PathBuf>,
}

/// `serve`.
#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    pub tool: Tool,
    #[command(flatten)]
    pub place: Place,
    /// The server's certificate and those between it and its authority, in PEM [default: one of a local authority].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Believe what a balancer at this address, or in this network, says in the PROXY protocol (version 1 or 2) about who is
    /// behind it; may be given more than once. Nobody else is believed, and no header of HTTP.
    #[arg(long = "proxy-protocol-from", value_name = "ADDRESS[/BITS]")]
    pub proxies: Vec<Network>,
    #[command(flatten)]
    pub reach: Reach,
}

/// What the server reaches by itself.
#[derive(Args)]
pub struct Reach {
    /// The mail server that sends invitations and passcodes, such as smtps://USER:PASSWORD@HOST or
    /// smtp://USER:PASSWORD@HOST:587?tls=required; better in the environment, because other users see command lines.
    #[arg(
        long,
        value_name = "URL",
        env = "INNKEEPER_SMTP_URL",
        hide_env_values = true,
        requires = "mail_from"
    )]
    pub smtp_url: Option<String>,
    /// Who mails are from, such as 'Innkeeper <innkeeper@example.org>'.
    #[arg(long, value_name = "ADDRESS", env = "INNKEEPER_MAIL_FROM", requires = "smtp_url")]
    pub mail_from: Option<String>,
    /// Let external identity providers be at addresses that are not public, as in an intranet.
    #[arg(long)]
    pub allow_private_providers: bool,
}

/// Where a server is found.
#[derive(Args)]
pub struct Place {
    /// The address and port to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8443", value_parser = listen_address)]
    pub listen: SocketAddr,
    /// The address under which people and clients reach the server [default: https://localhost:PORT on a loopback address].
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub public_url: Option<PublicUrl>,
    /// A further name for the certificate that Innkeeper makes, for clients whose host names are fixed and that come through
    /// a local proxy; may be given more than once.
    #[arg(long = "tls-name", value_name = "NAME", value_parser = tls_name, value_hint = ValueHint::Hostname)]
    pub tls_names: Vec<String>,
    /// What an app may ask of Graph: `graph` for the limits of the live service; `off`; UNITS:WRITES, the resource units in ten
    /// seconds and the writes in 150 of an app in one organisation; or any of units=N, writes=N (the same), app-units=N (of an
    /// app everywhere, in 20 seconds), app-writes=N and tenant-writes=N (in five minutes), joined by commas; what is left out is
    /// as the live service has it [default: off in a demonstration, else a generous guard].
    #[arg(long, value_name = "LIMITS", value_parser = limits)]
    pub throttle: Option<Limits>,
}

/// What an app may ask; nothing for as much as it likes.
pub type Limits = Option<web::Limits>;

/// Reads `--throttle`.
fn limits(text: &str) -> Result<Limits, String> {
    match (text, text.split_once(':')) {
        ("off", _) => Ok(None),
        ("graph", _) => Ok(Some(web::Limits::GRAPH)),
        (_, Some((units, writes))) => named_limits(&format!("units={units},writes={writes}")).map(Some),
        _ => named_limits(text).map(Some),
    }
}

/// `units=100,tenant-writes=10`
fn named_limits(text: &str) -> Result<web::Limits, String> {
    let wrong = || {
        "give graph, off, two numbers such as 100:10, or limits by name such as units=100,tenant-writes=10 \
         (units, writes, app-units, app-writes, tenant-writes)"
            .to_owned()
    };
    let mut limits = web::Limits::GRAPH;
    for pair in text.split(',') {
        let (name, number) = pair.split_once('=').ok_or_else(wrong)?;
        let rate = match name.trim() {
            "units" => &mut limits.app_in_tenant,
            "writes" => &mut limits.app_writes_in_tenant,
            "app-units" => &mut limits.app,
            "app-writes" => &mut limits.app_writes,
            "tenant-writes" => &mut limits.tenant_writes,
            _ => return Err(wrong()),
        };
        rate.units = number.trim().parse().ok().filter(|units| *units > 0).ok_or_else(wrong)?;
    }
    Ok(limits)
}

/// Reads a name for the certificate.
fn tls_name(text: &str) -> Result<String, String> {
    match format!("https://{text}").parse::<PublicUrl>() {
        Ok(url) if url.host().eq_ignore_ascii_case(text) => Ok(url.host().to_owned()),
        _ => Err("give a host name such as graph.microsoft.com, without scheme, port and path".to_owned()),
    }
}

/// Which server a command is about.
#[derive(Args)]
pub struct Tool {
    /// The data directory of the server, which may be running or not.
    #[arg(long, value_name = "DIR", env = "INNKEEPER_DATA_DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: PathBuf,
    #[command(flatten)]
    pub database: Database,
}

/// Which database keeps the directory. There is no `Debug`: the address may hold a password.
#[derive(Args)]
pub struct Database {
    /// Keep the directory in this PostgreSQL database, which any number of servers may share, such as
    /// postgres://USER:PASSWORD@HOST:5432/DATABASE [default: embedded, in the data directory]. Better in the environment,
    /// because other users see command lines.
    #[arg(long, value_name = "URL", env = "INNKEEPER_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// How many connections to that database this process keeps at most.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub database_connections: u16,
}

#[cfg(test)]
impl Database {
    /// The default.
    pub const fn embedded() -> Self {
        Self { database_url: None, database_connections: 16 }
    }
}

/// `migrate-store`.
#[derive(Args)]
pub struct MigrateStore {
    /// The data directory to move from; no server may hold it.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub from: PathBuf,
    /// The PostgreSQL database to move to, such as postgres://USER:PASSWORD@HOST:5432/DATABASE; it must be empty. Better in
    /// the environment, because other users see command lines.
    #[arg(long, value_name = "URL", env = "INNKEEPER_DATABASE_URL", hide_env_values = true)]
    pub to: String,
}

/// `database`.
#[derive(Subcommand)]
pub enum DatabaseCommand {
    /// Spread the tables over the machines of a Citus cluster, by organisation; the URL is that of the coordinator.
    Distribute(Distribute),
}

/// `database distribute`.
#[derive(Args)]
pub struct Distribute {
    /// The database, such as postgres://OWNER:PASSWORD@COORDINATOR:5432/DATABASE. Better in the environment, because other
    /// users see command lines.
    #[arg(long, value_name = "URL", env = "INNKEEPER_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

/// Which organisation of which server.
#[derive(Args)]
pub struct Of {
    #[command(flatten)]
    pub tool: Tool,
    /// The id of the organisation, as `tenant list` shows it.
    #[arg(long, value_name = "ID")]
    pub tenant: model::TenantId,
}

/// `provider`.
#[derive(Subcommand)]
pub enum ProviderCommand {
    /// Register an OpenID Connect provider; its client secret is asked for, or read as a line from standard input.
    Add(AddProvider),
    /// List the providers of an organisation.
    List(Of),
    /// Confirm that a domain is the provider's: from then on its people are offered the provider.
    ConfirmDomain(ConfirmDomain),
    /// Switch a provider on or off.
    Switch(SwitchProvider),
    /// Take a provider away; registering it again makes other people of its people.
    Remove(RemoveProvider),
}

/// `provider add`.
#[derive(Args)]
pub struct AddProvider {
    #[command(flatten)]
    pub of: Of,
    /// What people call the provider.
    #[arg(long)]
    pub name: String,
    /// The issuer, exactly as the provider writes it into its tokens.
    #[arg(long, value_name = "URL")]
    pub issuer: String,
    /// What the provider calls this server.
    #[arg(long, value_name = "ID")]
    pub client_id: String,
    /// The provider gives addresses only to whoever has them, and does not say of each that it is verified.
    #[arg(long)]
    pub trusts_email: bool,
}

/// `provider confirm-domain`.
#[derive(Args)]
pub struct ConfirmDomain {
    #[command(flatten)]
    pub of: Of,
    /// The id of the provider, as `provider list` shows it.
    #[arg(long, value_name = "ID")]
    pub provider: uuid::Uuid,
    /// The domain.
    #[arg(long)]
    pub domain: String,
}

/// `provider switch`.
#[derive(Args)]
pub struct SwitchProvider {
    #[command(flatten)]
    pub of: Of,
    /// The id of the provider, as `provider list` shows it.
    #[arg(long, value_name = "ID")]
    pub provider: uuid::Uuid,
    /// Whether its people may sign in and act.
    #[arg(value_enum)]
    pub state: Switch,
}

/// `provider remove`.
#[derive(Args)]
pub struct RemoveProvider {
    #[command(flatten)]
    pub of: Of,
    /// The id of the provider, as `provider list` shows it.
    #[arg(long, value_name = "ID")]
    pub provider: uuid::Uuid,
}

/// `user`.
#[derive(Subcommand)]
pub enum User {
    /// Take the second factor of somebody who lost it, with the recovery codes.
    ResetSecondFactor(ResetSecondFactor),
}

/// `user reset-second-factor`.
#[derive(Args)]
pub struct ResetSecondFactor {
    #[command(flatten)]
    pub of: Of,
    /// The object id of the person.
    #[arg(long, value_name = "ID")]
    pub user: model::ObjectId,
}

/// `tenant`.
#[derive(Subcommand)]
pub enum Tenant {
    /// Create an organisation, with its first administrator if one is named.
    Create(CreateTenant),
    /// Give an organisation a further domain.
    AddDomain(AddDomain),
    /// Let people sign devices and programs in by a code that they enter in a browser, or no longer (off in a new organisation).
    DeviceCode(DeviceCode),
    /// List the organisations.
    List(Tool),
}

/// `app`.
#[derive(Subcommand)]
pub enum App {
    /// Register an app with a secret, and grant it application permissions.
    Create(CreateApp),
}

/// Reads an application permission by its value.
fn permission(text: &str) -> Result<model::authz::Permission, String> {
    let grantable = || {
        model::authz::Permission::ALL
            .iter()
            .copied()
            .filter(|permission| permission.application_id().is_some())
    };
    grantable().find(|permission| permission.value() == text).ok_or_else(|| {
        let known: Vec<&str> = grantable().map(|permission| permission.value()).collect();
        format!("no such application permission; known are {}", known.join(", "))
    })
}

/// `tenant create`.
#[derive(Args)]
pub struct CreateTenant {
    #[command(flatten)]
    pub tool: Tool,
    /// What people call the organisation.
    #[arg(long)]
    pub name: String,
    /// Its first domain, such as contoso.example.
    #[arg(long)]
    pub domain: String,
    /// Where technical notices go.
    #[arg(long, value_name = "EMAIL")]
    pub technical_contact: Option<String>,
    /// The name of its first Global Administrator.
    #[arg(long, value_name = "NAME", requires = "administrator_user")]
    pub administrator_name: Option<String>,
    /// What the administrator signs in with; without an @, the domain is added.
    #[arg(long, value_name = "USER", requires = "administrator_name")]
    pub administrator_user: Option<String>,
    /// Ask for the administrator's password, or read it as a line from standard input [default: generate one and show it
    /// once].
    #[arg(long, requires = "administrator_user")]
    pub password_stdin: bool,
}

/// `app create`.
#[derive(Args)]
pub struct CreateApp {
    #[command(flatten)]
    pub tool: Tool,
    /// The id of the organisation, as `tenant list` shows it.
    #[arg(long, value_name = "ID")]
    pub tenant: model::TenantId,
    /// What people call the app.
    #[arg(long)]
    pub name: String,
    /// An application permission that it gets, such as Policy.Read.All; may be given more than once.
    #[arg(long = "permission", value_name = "PERMISSION", value_parser = permission)]
    pub permissions: Vec<model::authz::Permission>,
}

/// `tenant add-domain`.
#[derive(Args)]
pub struct AddDomain {
    #[command(flatten)]
    pub tool: Tool,
    /// The id of the organisation, as `tenant list` shows it.
    #[arg(long, value_name = "ID")]
    pub tenant: model::TenantId,
    /// The domain.
    #[arg(long)]
    pub domain: String,
}

/// `tenant device-code`.
#[derive(Args)]
pub struct DeviceCode {
    #[command(flatten)]
    pub tool: Tool,
    /// The id of the organisation, as `tenant list` shows it.
    #[arg(long, value_name = "ID")]
    pub tenant: model::TenantId,
    /// May they?
    #[arg(value_enum)]
    pub state: Switch,
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// `key`.
#[derive(Subcommand)]
pub enum Key {
    /// Make a new signing key. Clients see it for a day before it signs; what the old one signed stays good until it is over.
    Rotate(RotateKey),
}

/// `key rotate`.
#[derive(Args)]
pub struct RotateKey {
    #[command(flatten)]
    pub tool: Tool,
    /// The id of the organisation, as `tenant list` shows it.
    #[arg(long, value_name = "ID")]
    pub tenant: model::TenantId,
    /// Sign with it from now on. Clients that keep key documents and do not look again for an unknown key refuse its tokens
    /// for up to a day.
    #[arg(long)]
    pub now: bool,
}

/// `import`.
#[derive(Args)]
pub struct Import {
    #[command(flatten)]
    pub tool: Tool,
    /// The file: one JSON object per line, organisations before their accounts and members before guests that they are. What is
    /// there already is skipped, so that an import that was interrupted is simply run again.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub jsonl: PathBuf,
}

/// `purge`.
#[derive(Args)]
pub struct Purge {
    #[command(flatten)]
    pub tool: Tool,
    /// Run one pass now and print what it did. A running server does this by itself when the time has come.
    #[arg(long, required = true)]
    pub now: bool,
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "give an IP address and a port, such as 127.0.0.1:8443, 0.0.0.0:443 or [::]:443".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn demo_needs_nothing_and_listens_on_loopback() {
        let Command::Demo(demo) = parse("innkeeper demo").unwrap().command else { panic!("another command") };
        assert_eq!(demo.place.listen, "127.0.0.1:8443".parse().unwrap());
        assert!(demo.data_dir.is_none() && demo.env_file.is_none() && demo.place.public_url.is_none());
    }

    #[test]
    fn a_real_server_needs_to_be_told_where_its_data_is() {
        assert!(parse("innkeeper serve --data-dir /srv/x").is_ok());
        if std::env::var_os("INNKEEPER_DATA_DIR").is_none() {
            assert!(parse("innkeeper serve").is_err());
        }
    }

    #[test]
    fn what_belongs_together_comes_together() {
        for line in [
            "innkeeper serve --data-dir d --tls-cert c.pem",
            "innkeeper serve --data-dir d --tls-key k.pem",
            "innkeeper tenant create --data-dir d --name N --domain n.example --administrator-user a",
            "innkeeper tenant create --data-dir d --name N --domain n.example --administrator-name A",
            "innkeeper tenant create --data-dir d --name N --domain n.example --password-stdin",
            "innkeeper purge --data-dir d",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_listen_address_is_an_ip_address_with_a_port() {
        assert!(parse("innkeeper demo --listen [::1]:0").is_ok());
        for bad in ["localhost:8443", "8443", "127.0.0.1", ":8443", "127.0.0.1:99999"] {
            let error = parse(&format!("innkeeper demo --listen {bad}")).err().unwrap().to_string();
            assert!(error.contains("127.0.0.1:8443"), "{error}");
        }
    }
    fn place(line: &str) -> Result<Place, clap::Error> {
        match parse(line)?.command {
            Command::Demo(demo) => Ok(demo.place),
            _ => panic!("another command"),
        }
    }

    #[test]
    fn limits_are_those_of_graph_two_numbers_or_named() {
        assert_eq!(place("innkeeper demo").unwrap().throttle, None);
        for (text, limits) in
            [("graph", Some(web::Limits::GRAPH)), ("off", None), ("100:10", Some(web::Limits::with(100, 10)))]
        {
            assert_eq!(place(&format!("innkeeper demo --throttle {text}")).unwrap().throttle, Some(limits));
        }
        let named =
            place("innkeeper demo --throttle units=5,app-units=6,writes=7,app-writes=8,tenant-writes=9");
        let limits = named.unwrap().throttle.flatten().unwrap();
        assert_eq!(
            [
                limits.app_in_tenant.units,
                limits.app.units,
                limits.app_writes_in_tenant.units,
                limits.app_writes.units,
                limits.tenant_writes.units
            ],
            [5, 6, 7, 8, 9]
        );
        let one = place("innkeeper demo --throttle tenant-writes=9").unwrap().throttle.flatten().unwrap();
        assert_eq!(one.app, web::Limits::GRAPH.app, "what is left out is as the live service has it");
        for bad in [
            "on",
            "100",
            "0:1",
            "1:0",
            "1:2:3",
            "-1:2",
            "units=0",
            "units",
            "units=1,x=2",
            "graph,units=1",
            "",
        ] {
            assert!(place(&format!("innkeeper demo --throttle {bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn further_names_are_host_names() {
        let given =
            place("innkeeper demo --tls-name graph.microsoft.com --tls-name login.microsoftonline.com");
        assert_eq!(given.unwrap().tls_names, ["graph.microsoft.com", "login.microsoftonline.com"]);
        for bad in ["https://a.example", "a.example:443", "a.example/x", "a..b", ""] {
            assert!(place(&format!("innkeeper demo --tls-name {bad}")).is_err(), "{bad}");
        }
    }
}
