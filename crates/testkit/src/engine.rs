//! Which engine a world runs on, and its database there.

use crate::cluster::{Outcome, programs};
use std::{
    collections::HashMap,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Names a PostgreSQL server; with it in the environment, worlds are made there.
const ENGINE: &str = "INNKEEPER_ENGINE_URL";

/// A PostgreSQL server to make databases on, by the address of one of its databases.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Server(String);

impl Server {
    /// The server with this address; its role must be allowed to make databases.
    pub fn at(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The server that the environment names, if any.
    pub fn named() -> Option<Self> {
        std::env::var(ENGINE).ok().filter(|url| !url.is_empty()).map(Self)
    }

    /// The same with another database.
    fn url(&self, database: &str) -> String {
        let (address, options) = match self.0.split_once('?') {
            Some((address, options)) => (address, format!("?{options}")),
            None => (self.0.as_str(), String::new()),
        };
        let server = address.split_once("//").map_or(address, |(_, rest)| rest);
        let end = server.find('/').map_or(address.len(), |slash| address.len() - server.len() + slash);
        format!("{}/{database}{options}", &address[..end])
    }

    /// A new database that only this process knows, a copy of another one or empty.
    pub(crate) fn database(&self, copied: Option<&Database>) -> Outcome<Database> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("innkeeper_test_{}_{number}", std::process::id());
        let sql = match copied {
            // Whoever looks into it would be in the way of the copy.
            Some(database) => {
                database.hang_up()?;
                format!("create database {name} template {}", database.name)
            }
            None => format!("create database {name} template template0"),
        };
        let database = Database { server: self.clone(), name };
        // Connections that were cut take a moment to be gone.
        let mut made = ask(&self.0, &sql);
        for _ in 0..20 {
            match (&made, copied) {
                (Err(why), Some(copied)) if why.contains("accessed by other users") => {
                    copied.hang_up()?;
                    made = ask(&self.0, &sql);
                }
                _ => break,
            }
        }
        made.map(|_| database)
    }

    /// A database with the product's schema and nothing in it; `migrate` makes the first one of this process.
    pub(crate) fn migrated(&self, migrate: impl FnOnce(&str) -> Outcome) -> Outcome<Database> {
        static TEMPLATES: Mutex<Option<HashMap<Server, Arc<Database>>>> = Mutex::new(None);
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        let templates = templates.get_or_insert_default();
        if !templates.contains_key(self) {
            let database = self.database(None)?;
            migrate(&database.url())?;
            templates.insert(self.clone(), Arc::new(database));
        }
        self.database(templates.get(self).map(Arc::as_ref))
    }
}

/// A database of our own, gone when dropped.
#[derive(Debug)]
pub struct Database {
    server: Server,
    name: String,
}

impl Database {
    /// Its address.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Where it is.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Runs statements as the role of the address, who owns the tables and sees all rows; the rows as lines.
    pub fn sql(&self, sql: &str) -> Outcome<String> {
        ask(&self.url(), &format!("set app.tenant = '*'; {sql}"))
    }

    fn hang_up(&self) -> Outcome {
        let sql = format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity \
             where datname = '{}' and backend_type = 'client backend'",
            self.name
        );
        ask(&self.server.0, &sql).map(drop)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server that is gone has taken the database with it.
        drop(ask(&self.server.0, &format!("drop database if exists {} with (force)", self.name)));
    }
}

/// Runs statements at an address; the rows as lines, columns with `|` between.
pub(crate) fn ask(url: &str, sql: &str) -> Outcome<String> {
    let mut command = Command::new(programs()?.join("psql"));
    command
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
        .env("PGOPTIONS", "-c client_min_messages=warning");
    let output = command.output().map_err(|error| format!("psql did not start: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned());
    }
    Err(format!("{sql}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server_has_the_same_address_but_for_its_name() {
        for (given, wanted) in [
            ("postgres://u:p@h:1/a", "postgres://u:p@h:1/b"),
            ("postgres://u:p@h:1", "postgres://u:p@h:1/b"),
            ("postgres://u:p@h:1/a?x=/y", "postgres://u:p@h:1/b?x=/y"),
            ("postgresql://u@h:1,i:2/?x=y", "postgresql://u@h:1,i:2/b?x=y"),
        ] {
            assert_eq!(Server::at(given).url("b"), wanted);
        }
    }
}
