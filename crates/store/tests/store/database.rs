//! Databases of the tests' own on a PostgreSQL server that somebody else started for them, made and dropped by the test.

use crate::support::digest;
use std::{
    env, fs,
    io::Write as _,
    sync::{
        LazyLock, Once,
        atomic::{AtomicU32, Ordering},
    },
};
use store::{DatabaseUrl, Options, Store};
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

/// Names the server: `postgres://` with a user that may make databases.
const SERVER: &str = "INNKEEPER_ENGINE_URL";
/// All our databases begin so; the number of the process that made them follows.
const PREFIX: &str = "innkeeper_test_";

/// The server, or a line that nobody overlooks.
pub fn server() -> Option<&'static str> {
    static URL: LazyLock<Option<String>> =
        LazyLock::new(|| env::var(SERVER).ok().filter(|url| !url.is_empty()));
    static SAID: Once = Once::new();
    if URL.is_none() {
        // Not by a macro, whose output the harness keeps from everybody.
        SAID.call_once(|| {
            let line =
                format!("\n### {SERVER} is not set: the tests of the store DID NOT RUN on PostgreSQL ###\n");
            drop(std::io::stderr().write_all(line.as_bytes()));
        });
    }
    URL.as_deref()
}

/// A database that goes when this does.
pub struct Database {
    pub url: String,
    name: String,
}

/// A connection beside the store's.
pub struct Raw {
    client: tokio_postgres::Client,
    runtime: tokio::runtime::Runtime,
}

impl Raw {
    pub fn connect(url: &str) -> Self {
        Self::try_connect(url).unwrap()
    }

    pub fn try_connect(url: &str) -> Result<Self, tokio_postgres::Error> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config: Config = url.parse().unwrap();
        let client = runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        })?;
        Ok(Self { client, runtime })
    }

    pub fn run(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.runtime.block_on(self.client.batch_execute(sql))
    }

    /// The last column of each row of the last statement, as text.
    pub fn texts(&self, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        let messages = self.runtime.block_on(self.client.simple_query(sql))?;
        let text = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(row.len() - 1).unwrap_or("").to_owned()),
            _ => None,
        };
        Ok(messages.iter().filter_map(text).collect())
    }

    /// Whether the server understands a statement of which no parameter has a type.
    pub fn prepare(&self, sql: &str) -> Result<(), String> {
        let prepared = self.runtime.block_on(self.client.prepare(sql));
        prepared.map(drop).map_err(|error| error.as_db_error().map_or(error.to_string(), ToString::to_string))
    }

    pub fn text(&self, sql: &str) -> String {
        self.texts(sql).unwrap().remove(0)
    }

    pub fn number(&self, sql: &str) -> i64 {
        self.text(sql).parse().unwrap()
    }
}

/// The same server, another database.
pub fn at_database(url: &str, name: &str) -> String {
    let (address, options) =
        url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let start = address.find("://").map_or(0, |at| at + 3);
    let end = address[start..].find('/').map_or(address.len(), |at| start + at);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{}/{name}{options}", &address[..end])
}

fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{PREFIX}{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Drops what runs that were killed have left behind.
fn clean(admin: &Raw) {
    let names =
        admin.texts(&format!("select datname from pg_database where datname like '{PREFIX}%'")).unwrap();
    for name in names {
        let process = name.trim_start_matches(PREFIX).split('_').next().unwrap_or_default();
        if fs::metadata(format!("/proc/{process}")).is_err() {
            drop(admin.run(&format!("drop database if exists {name} with (force)")));
        }
    }
}

/// A database that the store has prepared, to copy: preparing each one anew would take most of the time of the tests.
static TEMPLATE: LazyLock<String> = LazyLock::new(|| {
    let admin = Raw::connect(server().unwrap());
    clean(&admin);
    let Database { url, name } = &*std::mem::ManuallyDrop::new(Database::empty());
    drop(connect(url).unwrap());
    // The store's connections end in the background; nobody may be connected to a database that is copied.
    let busy = format!("select count(*) from pg_stat_activity where datname = '{name}'");
    while admin.number(&busy) > 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    name.clone()
});

pub fn connect(url: &str) -> model::Result<Store> {
    connect_with(url, Options { connections: 8, ..Options::default() })
}

pub fn connect_with(url: &str, options: Options) -> model::Result<Store> {
    Store::connect_with(&DatabaseUrl::parse(url)?, digest, options)
}

impl Database {
    /// With nothing in it.
    pub fn empty() -> Self {
        Self::copy_of("template0")
    }

    /// With the schema in it.
    pub fn prepared() -> Self {
        Self::copy_of(&TEMPLATE)
    }

    fn copy_of(template: &str) -> Self {
        let (server, name) = (server().unwrap(), new_name());
        let admin = Raw::connect(server);
        admin.run(&format!("create database {name} template {template}")).unwrap();
        Self { url: at_database(server, &name), name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn raw(&self) -> Raw {
        Raw::connect(&self.url)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(admin) = Raw::try_connect(server().unwrap()) {
            drop(admin.run(&format!("drop database if exists {} with (force)", self.name)));
        }
    }
}
