//! Numbered, forward-only migrations, each checksummed.

use crate::{Digest, connection::Connection};
use model::{Error, ErrorKind, Result};

/// A step of the schema: its name, and its statements.
type Migration = (&'static str, &'static str);

pub(crate) const MIGRATIONS: &[Migration] = &[
    ("0001_directory", include_str!("../migrations/0001_directory.sql")),
    ("0002_oauth", include_str!("../migrations/0002_oauth.sql")),
    ("0003_delta", include_str!("../migrations/0003_delta.sql")),
    ("0004_objects", include_str!("../migrations/0004_objects.sql")),
    ("0005_sign_in", include_str!("../migrations/0005_sign_in.sql")),
    ("0006_connections", include_str!("../migrations/0006_connections.sql")),
    ("0007_account", include_str!("../migrations/0007_account.sql")),
    ("0008_counts", include_str!("../migrations/0008_counts.sql")),
    ("0009_indexes", include_str!("../migrations/0009_indexes.sql")),
    ("0010_password_change", include_str!("../migrations/0010_password_change.sql")),
];

/// What a schema is written for. A line `-- only: sqlite` or `-- only: postgres` before a statement keeps it from the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    /// The embedded engine.
    Sqlite,
    /// PostgreSQL and what is made from it. Text is ordered by its bytes, as everywhere else.
    Postgres,
    /// CockroachDB orders text by its bytes anyway, and knows no collation of that name.
    Cockroach,
}

impl Dialect {
    fn takes(self, only: &str) -> bool {
        (only == "sqlite") == (self == Self::Sqlite)
    }
}

/// The statements of a step.
pub(crate) fn statements(sql: &str, dialect: Dialect) -> Vec<String> {
    let mut found = Vec::new();
    let mut only = None;
    let mut statement = String::new();
    for line in sql.lines() {
        if let Some(comment) = line.trim_start().strip_prefix("--") {
            only = comment.trim().strip_prefix("only:").map(str::trim).or(only);
            continue;
        }
        for part in line.split_inclusive(';') {
            statement.push_str(part.trim_end_matches(';'));
            if part.ends_with(';') {
                let whole = std::mem::take(&mut statement);
                if only.take().is_none_or(|only| dialect.takes(only)) {
                    found.push(spelled(whole.trim(), dialect));
                }
            }
        }
        statement.push('\n');
    }
    found
}

/// Text as the dialect orders it by bytes.
fn spelled(statement: &str, dialect: Dialect) -> String {
    let makes_columns = statement.starts_with("create table") || statement.starts_with("alter table");
    if dialect != Dialect::Postgres || !makes_columns {
        return statement.to_owned();
    }
    let mut spelled = String::with_capacity(statement.len() * 2);
    let mut rest = statement;
    while let Some(at) = rest.find(" text") {
        let (head, tail) = rest.split_at(at + " text".len());
        spelled.push_str(head);
        if !tail.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            spelled.push_str(" collate \"C\"");
        }
        rest = tail;
    }
    spelled + rest
}

/// Checks what was applied, by name and checksum, and returns what is still to do. A step may be merged behind one with a
/// higher number: names count, not places.
pub(crate) fn pending(applied: &[(String, String)], digest: Digest) -> Result<Vec<&'static Migration>> {
    let mut todo = Vec::new();
    for migration @ (name, sql) in MIGRATIONS {
        match applied.iter().find(|(applied, _)| applied == name) {
            None => todo.push(migration),
            Some((_, checksum)) if *checksum == checksum_of(sql, digest) => {}
            Some(_) => return Err(other_build(name)),
        }
    }
    let known = |name: &String| MIGRATIONS.iter().any(|(known, _)| known == name);
    match applied.iter().find(|(name, _)| !known(name)) {
        None => Ok(todo),
        Some((name, _)) if !todo.is_empty() => Err(other_build(name)),
        Some(_) => Err(Error::new(
            ErrorKind::Conflict,
            "The database was written by a newer innkeeper. Start that version, or restore a backup from before.",
        )),
    }
}

fn other_build(name: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "The database was made by another build of innkeeper (step {name} of its schema differs). \
             Start that build, or restore a backup of this one."
        ),
    )
}

pub(crate) fn checksum_of(sql: &str, digest: Digest) -> String {
    hex::encode(digest(sql.as_bytes()))
}

/// Where the steps that were applied are noted.
pub(crate) const JOURNAL: &str =
    "create table if not exists schema_migrations (name text not null primary key, checksum text not null)";
pub(crate) const READ_JOURNAL: &str = "select name, checksum from schema_migrations order by name";
pub(crate) const NOTE: &str = "insert into schema_migrations (name, checksum) values (?1, ?2)";

/// Brings the schema of the embedded engine up to date, all or nothing.
pub(crate) fn migrate(connection: &dyn Connection, digest: Digest) -> Result<()> {
    connection.execute("begin immediate", &[])?;
    let done = run(connection, digest);
    connection.execute(if done.is_ok() { "commit" } else { "rollback" }, &[])?;
    done
}

fn run(connection: &dyn Connection, digest: Digest) -> Result<()> {
    connection.execute(JOURNAL, &[])?;
    let applied = connection
        .query(READ_JOURNAL, &[])?
        .into_iter()
        .map(|mut row| Ok((row.text()?, row.text()?)))
        .collect::<Result<Vec<_>>>()?;
    for (name, sql) in pending(&applied, digest)? {
        for statement in statements(sql, Dialect::Sqlite) {
            connection.execute(&statement, &[])?;
        }
        connection.execute(NOTE, &[(*name).into(), checksum_of(sql, digest).into()])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_kept_from_the_engine_that_it_is_not_for_and_text_is_ordered_by_bytes() {
        let sql = "-- a word; on it\ncreate table a (\n  b text not null,\n  c text\n);\n-- only: postgres\ncreate index d on a (b);\n\
                   -- only: sqlite\ncreate index e on a (c);\nalter table a add column text_f text;\n";
        let of = |dialect| statements(sql, dialect);
        let made = "create table a (\n  b text not null,\n  c text\n)";
        let added = "alter table a add column text_f text";
        assert_eq!(of(Dialect::Sqlite), [made, "create index e on a (c)", added]);
        assert_eq!(of(Dialect::Cockroach), [made, "create index d on a (b)", added]);
        assert_eq!(
            of(Dialect::Postgres),
            [
                "create table a (\n  b text collate \"C\" not null,\n  c text collate \"C\"\n)",
                "create index d on a (b)",
                "alter table a add column text_f text collate \"C\"",
            ]
        );
    }

    #[test]
    fn a_step_that_was_merged_later_is_still_to_do_whatever_its_number() {
        let digest: Digest = |_| [0; 32];
        let applied: Vec<_> = MIGRATIONS
            .iter()
            .skip(1)
            .map(|(name, sql)| ((*name).to_owned(), checksum_of(sql, digest)))
            .collect();
        let todo = pending(&applied, digest).unwrap();
        assert_eq!(todo.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [MIGRATIONS[0].0]);
    }
}
