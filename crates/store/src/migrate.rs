//! Numbered, forward-only migrations, each checksummed.

use crate::{Digest, audit::hex, connection::Connection};
use model::{Error, ErrorKind, Result};

const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_directory", include_str!("../migrations/0001_directory.sql")),
    ("0002_oauth", include_str!("../migrations/0002_oauth.sql")),
    ("0004_objects", include_str!("../migrations/0004_objects.sql")),
    ("0005_sign_in", include_str!("../migrations/0005_sign_in.sql")),
];

/// Brings the schema up to date, all or nothing.
pub(crate) fn migrate(connection: &dyn Connection, digest: Digest) -> Result<()> {
    connection.execute("begin immediate", &[])?;
    let done = run(connection, digest);
    connection.execute(if done.is_ok() { "commit" } else { "rollback" }, &[])?;
    done
}

fn run(connection: &dyn Connection, digest: Digest) -> Result<()> {
    connection.execute(
        "create table if not exists schema_migrations (name text not null primary key, checksum text not null)",
        &[],
    )?;
    let applied = connection.query("select name, checksum from schema_migrations order by name", &[])?;
    if applied.len() > MIGRATIONS.len() {
        return Err(Error::new(
            ErrorKind::Conflict,
            "The database was written by a newer innkeeper. Start that version, or restore a backup from before.",
        ));
    }
    let known = applied.len();
    for (mut row, (name, sql)) in applied.into_iter().zip(MIGRATIONS) {
        if row.text()? != *name || row.text()? != hex(digest(sql.as_bytes())) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "The database was made by another build of innkeeper (step {name} of its schema differs). \
                     Start that build, or restore a backup of this one."
                ),
            ));
        }
    }
    for (name, sql) in MIGRATIONS.iter().skip(known) {
        for statement in sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            connection.execute(statement, &[])?;
        }
        connection.execute(
            "insert into schema_migrations (name, checksum) values (?1, ?2)",
            &[(*name).into(), hex(digest(sql.as_bytes())).into()],
        )?;
    }
    Ok(())
}
