//! Every statement of the sources, prepared by both engines: what one of them does not understand, or whose parameters have
//! no type when they are null, does not get as far as a server.

use crate::{
    database::{Database, Raw, server},
    isolation::all_sql,
    support::World,
};
use std::{collections::BTreeMap, fs, path::Path};

/// What stands in braces in statements that are put together: named pieces of the sources, and the few that are not.
fn pieces() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(sources).unwrap() {
        let Ok(text) = fs::read_to_string(entry.unwrap().path()) else { continue };
        for definition in text.split("const ").skip(1) {
            let Some((name, rest)) = definition.split_once(": &str =") else { continue };
            let literal = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
            if let Some((value, _)) =
                literal.filter(|_| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
            {
                let words: Vec<&str> = value.split_whitespace().filter(|word| *word != "\\").collect();
                found.insert(name.to_owned(), words.join(" "));
            }
        }
    }
    for (name, value) in
        [("condition", "deleted_at is null"), ("table", "passwords"), ("column", "user_id"), ("tenant", "t")]
    {
        found.insert(name.to_owned(), value.to_owned());
    }
    found
}

/// The statement with its pieces in place; none if one is not known.
fn whole(sql: &str, pieces: &BTreeMap<String, String>) -> Option<String> {
    // An empty object in quotes is no place for a piece.
    let mut text = sql.replace("'{}'", "'[]'");
    while let Some(start) = text.find('{') {
        let end = start + text[start..].find('}')?;
        let piece = pieces.get(&text[start + 1..end])?;
        text.replace_range(start..=end, piece);
    }
    // Some are the beginning of a list that is built at run time.
    let listed = text
        .rsplit_once(" and ")
        .is_some_and(|(_, last)| last.chars().all(|c| c.is_alphanumeric() || c == '_'));
    Some(if listed { text + " in ('x')" } else { text })
}

/// Statements of requests: not the making of tables, and not what an engine says to itself.
pub fn of_requests() -> (Vec<(String, String)>, Vec<String>) {
    let pieces = pieces();
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for (file, sql) in all_sql() {
        let engine = [
            "sqlite.rs",
            "pool.rs",
            "session.rs",
            "setup.rs",
            "roles.rs",
            "distribute.rs",
            "schema.rs",
            "transfer.rs",
        ];
        let first = sql.split_whitespace().next().unwrap_or_default();
        if engine.contains(&file.as_str())
            || !["select", "insert", "update", "delete"].contains(&first)
            || file.ends_with(".sql")
        {
            continue;
        }
        match whole(&sql, &pieces) {
            Some(text) => known.push((file, text)),
            None => unknown.push(format!("{file}: {sql}")),
        }
    }
    (known, unknown)
}

#[test]
fn both_engines_understand_every_statement() {
    let (known, unknown) = of_requests();
    assert!(known.len() > 150, "only {} statements are found", known.len());
    // Filters and their pages: the tests of filters run them, thousands of them, on both engines.
    assert!(unknown.len() <= 3, "unknown pieces: {unknown:#?}");
    let world = World::new();
    let sqlite = world.raw();
    let mut wrong = Vec::new();
    for (file, sql) in &known {
        wrong.extend(sqlite.prepare(sql).err().map(|error| format!("SQLite, {file}: {error}: {sql}")));
    }
    if server().is_some() {
        let database = Database::prepared();
        let postgres = database.raw();
        for (file, sql) in &known {
            wrong.extend(
                prepared(&postgres, sql).err().map(|error| format!("PostgreSQL, {file}: {error}: {sql}")),
            );
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// With the types of no parameter given, as when all of them are null.
fn prepared(raw: &Raw, sql: &str) -> Result<(), String> {
    raw.prepare(&sql.replace('?', "$"))
}

#[test]
fn the_check_of_statements_finds_what_it_looks_for() {
    if server().is_none() {
        return;
    }
    let database = Database::prepared();
    let raw = database.raw();
    for sql in [
        "select id from users where ?2 is null or upn = ?2 and tenant_id = ?1",
        "select id from users where upn glob ?1",
        "select id from nowhere",
        "update users set account_enabled = 1 where tenant_id = ?1",
    ] {
        assert!(prepared(&raw, sql).is_err(), "{sql}");
    }
    assert!(prepared(&raw, "select id from users where tenant_id = ?1 and (upn = ?2 or ?2 is null)").is_ok());
}
