//! What an error of the database means for the caller, for the transaction and for the connection.

use super::url::cause;
use crate::{RETRY_AFTER, unavailable};
use model::{Error, ErrorKind};
use tokio_postgres::{Error as Driver, error::SqlState};

/// What is left after an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Damage {
    /// The statement failed: going back to a savepoint mends it.
    Statement,
    /// The transaction lost against another one: all of it again.
    Again,
    /// The connection leads elsewhere than it did: all of it again, on another.
    Pooler,
    /// The connection is of no use any more.
    Connection,
}

/// Which error of ours, and what is left.
pub(super) fn translate(error: &Driver) -> (Error, Damage) {
    let Some(code) = error.code() else {
        return (unavailable(cause(error)), Damage::Connection);
    };
    let damage = damage(code);
    let conflict = |external: &'static str| Error::new(ErrorKind::Conflict, external).because(cause(error));
    let translated = match *code {
        SqlState::UNIQUE_VIOLATION => {
            conflict("Another object with the same value for a unique property already exists.")
        }
        SqlState::FOREIGN_KEY_VIOLATION => conflict(
            "An object that the request refers to does not exist, or is still referred to. Read it again and repeat the request.",
        ),
        SqlState::DISK_FULL => Error::new(
            ErrorKind::Unavailable(30),
            "The disk of the server is full: nothing was changed. Free some space; the server goes on by itself.",
        )
        .because(cause(error)),
        SqlState::QUERY_CANCELED
        | SqlState::LOCK_NOT_AVAILABLE
        | SqlState::OUT_OF_MEMORY
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::IO_ERROR => unavailable(cause(error)),
        _ if damage != Damage::Statement => unavailable(cause(error)),
        _ => Error::internal(cause(error)),
    };
    (translated, damage)
}

fn damage(code: &SqlState) -> Damage {
    match *code {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Damage::Again,
        // A transaction begins by dividing by zero where it is not in the process that it should be in; none of our statements
        // divides.
        SqlState::DIVISION_BY_ZERO
        | SqlState::INVALID_SQL_STATEMENT_NAME
        | SqlState::DUPLICATE_PSTATEMENT => Damage::Pooler,
        // A primary that was made a standby: another server takes the writes now.
        SqlState::READ_ONLY_SQL_TRANSACTION
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Damage::Connection,
        // Class 08: the connection, among them what poolers say when they have no server. Class 58: the machine below.
        _ if code.code().starts_with("08") || code.code().starts_with("58") => Damage::Connection,
        _ => Damage::Statement,
    }
}

/// What is wrong with a certificate, and what to do.
fn untrusted(why: &str) -> Option<&'static str> {
    if !why.contains("certificate") {
        return None;
    }
    Some(if why.contains("not valid for name") {
        "is for another name. Use a name in the database URL that it was made for."
    } else if why.contains("CaUsedAsEndEntity") {
        "is that of an authority. Make one for the server with it, and name the authority's with sslrootcert=FILE."
    } else {
        "is not trusted. Name the authority that made it with sslrootcert=FILE in the database URL; over a network that only \
         you can reach, sslmode=disable does without."
    })
}

/// Why a connection could not be made.
pub(super) fn refused_connection(place: &dyn std::fmt::Display, error: &Driver) -> Error {
    let why = cause(error);
    let temporary =
        |external: String| Error::new(ErrorKind::Unavailable(RETRY_AFTER), external).because(why.clone());
    let Some(code) = error.code() else {
        if let Some(problem) = untrusted(&why) {
            return Error::new(
                ErrorKind::Conflict,
                format!("The certificate of the database server {place} {problem}"),
            )
            .because(why);
        }
        return temporary(format!(
            "The database server {place} cannot be reached. Start it, or correct the database URL."
        ));
    };
    let refused = match *code {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "does not accept the user or the password of the database URL. Correct them"
        }
        SqlState::INVALID_CATALOG_NAME => {
            "has no such database. Create it, owned by the user of the database URL"
        }
        _ => {
            return temporary(format!("The database server {place} takes no connection at the moment."));
        }
    };
    Error::new(ErrorKind::Conflict, format!("The database server {place} {refused}.")).because(why)
}
