//! The schema and every statement of the store, held against the SQL charter and the rule that rows belong to tenants.

use crate::support::World;
use std::{collections::BTreeSet, fs, path::Path};
use store::REFERENCE_TABLES as WIDE;

fn strings(raw: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = raw.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What is wrong with the isolation of a schema.
fn leaks(raw: &rusqlite::Connection) -> Vec<String> {
    let mut found = Vec::new();
    for table in
        strings(raw, "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
    {
        if WIDE.contains(&table.as_str()) {
            continue;
        }
        let key =
            strings(raw, &format!("select name from pragma_table_info('{table}') where pk > 0 order by pk"));
        if key.first().is_none_or(|first| first != "tenant_id") {
            found.push(format!("the key of {table} does not start with the tenant"));
        }
        for index in
            strings(raw, &format!("select name from pragma_index_list('{table}') where \"unique\" = 1"))
        {
            let columns =
                strings(raw, &format!("select name from pragma_index_info('{index}') order by seqno"));
            if columns.first().is_none_or(|first| first != "tenant_id") {
                found.push(format!("the unique index {index} does not start with the tenant"));
            }
        }
        let keys = strings(raw, &format!("select distinct id || '' from pragma_foreign_key_list('{table}')"));
        for id in keys {
            let pairs = strings(
                raw,
                &format!(
                    "select \"from\" || '>' || coalesce(\"to\", '') from pragma_foreign_key_list('{table}') where id = {id}"
                ),
            );
            if !pairs.contains(&"tenant_id>tenant_id".to_owned()) {
                found.push(format!("a foreign key of {table} leaves the tenant: {pairs:?}"));
            }
        }
    }
    found
}

#[test]
fn every_key_index_and_reference_stays_within_a_tenant() {
    let world = World::new();
    let raw = world.raw();
    let tables: BTreeSet<_> =
        strings(&raw, "select name from sqlite_master where type = 'table'").into_iter().collect();
    assert!(WIDE.iter().filter(|table| tables.contains(**table)).count() >= 5 && tables.len() > 20);
    assert_eq!(leaks(&raw), Vec::<String>::new());
}

#[test]
fn the_check_of_isolation_finds_what_it_looks_for() {
    let raw = rusqlite::Connection::open_in_memory().unwrap();
    raw.execute_batch(
        "create table a (id text primary key, tenant_id text); \
         create table b (tenant_id text, id text, a text references a (id), primary key (tenant_id, id)); \
         create unique index c on b (id, tenant_id);",
    )
    .unwrap();
    let found = leaks(&raw);
    for part in ["key of a ", "unique index c ", "foreign key of b "] {
        assert!(found.iter().any(|leak| leak.contains(part)), "{part} is not among {found:?}");
    }
}

/// The literals of a Rust source, with continuation lines joined, of which a word of SQL is the first.
pub fn literals(source: &str) -> Vec<String> {
    const FIRST: [&str; 8] = ["select", "insert", "update", "delete", "create", "pragma", "begin", "alter"];
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find('"') {
        let mut literal = String::new();
        let mut chars = rest[start + 1..].char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    end = start + at + 2;
                    break;
                }
                '\\' => match chars.next() {
                    Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                    Some((_, escaped)) => literal.push(escaped),
                    None => {}
                },
                other => literal.push(other),
            }
        }
        rest = &rest[end..];
        let first = literal.split_whitespace().next().unwrap_or_default().to_owned();
        if FIRST.contains(&first.as_str()) && literal.contains(' ') {
            found.push(literal);
        }
    }
    found
}

fn words(sql: &str) -> Vec<&str> {
    sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect()
}

/// What in a statement is against the charter. The pragmas of the embedded engine are its own affair.
fn offences(sql: &str) -> Vec<String> {
    let lower = sql.to_lowercase();
    let mut found = Vec::new();
    if lower.starts_with("pragma") {
        return found;
    }
    let words = words(&lower);
    for word in [
        "trigger",
        "autoincrement",
        "serial",
        "bigserial",
        "sequence_",
        "ilike",
        "rowid",
        "nextval",
        "listen",
        "notify",
        "cascade",
        "deferrable",
        "temporary",
        "temp",
        "timestamptz",
        "jsonb",
    ] {
        if words.contains(&word) {
            found.push(format!("{word} is not portable"));
        }
    }
    for (part, why) in [
        ("now()", "time is a parameter"),
        ("current_timestamp", "time is a parameter"),
        ("for update", "guards are updates"),
        ("json", "JSON is read in Rust"),
        ("->", "JSON is read in Rust"),
        ("glob", "not portable"),
        ("insert or", "not portable"),
        ("skip locked", "leases are rows"),
        ("lock table", "leases are rows"),
        ("advisory", "leases are rows"),
    ] {
        if lower.contains(part) {
            found.push(format!("{part}: {why}"));
        }
    }
    let bytes = lower.as_bytes();
    for (at, _) in lower.match_indices('?') {
        if !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            found.push("a parameter without a number".to_owned());
        }
    }
    found
}

/// Columns of a `create table` whose type is not one of the three.
fn foreign_types(sql: &str) -> Vec<String> {
    let lower = sql.to_lowercase();
    let Some(body) = lower.strip_prefix("create table").and_then(|rest| rest.split_once('(')) else {
        return Vec::new();
    };
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in body.1.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        match c {
            ',' if depth == 0 => parts.push(String::new()),
            c => parts.last_mut().unwrap().push(c),
        }
    }
    parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !["primary key", "foreign key", "unique"].iter().any(|start| part.starts_with(start)))
        .filter(|part| !matches!(words(part).get(1), Some(&("text" | "bigint" | "boolean"))))
        .map(str::to_owned)
        .collect()
}

/// A writing statement that names neither the tenant nor a table of the whole directory.
fn is_stray(sql: &str) -> bool {
    let lower = sql.to_lowercase();
    let table = match words(&lower)[..] {
        ["insert", "into", table, ..] | ["delete", "from", table, ..] | ["update", table, ..] => table,
        _ => return false,
    };
    if WIDE.contains(&table) {
        return false;
    }
    let named = match lower.split_once(" values ") {
        Some((columns, _)) => columns.contains("(tenant_id,"),
        None => lower.contains("where tenant_id = ?1") || lower.contains("where tenant_id = '{tenant}'"),
    };
    !named
}

/// Every statement of the sources and of the migrations, with the name of its file.
pub fn all_sql() -> Vec<(String, String)> {
    fn walk(directory: &Path, files: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(&root.join("src"), &mut files);
    walk(&root.join("migrations"), &mut files);
    let mut found = Vec::new();
    for path in files.into_iter().filter(|path| !path.ends_with("tests.rs")) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let statements = if name.ends_with(".sql") {
            text.split(';')
                .map(|statement| statement.trim().to_owned())
                .filter(|sql| !sql.is_empty())
                .collect()
        } else {
            literals(text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default())
        };
        // The pages of the embedded engine's file are nobody's rows.
        let rows = statements.into_iter().filter(|sql: &String| !sql.contains("sqlite_dbpage"));
        found.extend(rows.map(|sql| (name.clone(), sql)));
    }
    found
}

#[test]
fn all_sql_keeps_to_the_charter() {
    let all = all_sql();
    assert!(all.len() > 120, "the reader of the sources finds only {} statements", all.len());
    for (file, sql) in all {
        assert_eq!(offences(&sql), Vec::<String>::new(), "{file}: {sql}");
        assert_eq!(foreign_types(&sql), Vec::<String>::new(), "{file}: {sql}");
        assert!(!is_stray(&sql), "{file}: a write without its tenant: {sql}");
    }
}

#[test]
fn the_lint_finds_what_it_looks_for() {
    for sql in [
        "create trigger t after insert on users begin select 1; end",
        "create table t (id integer primary key autoincrement)",
        "select now()",
        "select id from users for update",
        "select id from users where mail ilike ?1",
        "select json_extract(profile, '$.a') from users",
        "select rowid from users",
        "select id from users where tenant_id = ?",
        "insert or replace into users (tenant_id) values (?1)",
        "create table t (tenant_id text references tenants (tenant_id) on delete cascade)",
        "update leases set until = 1 where name in (select name from leases skip locked)",
        "create temp table t (id text)",
    ] {
        assert_ne!(offences(sql), Vec::<String>::new(), "{sql}");
    }
    assert_eq!(
        foreign_types("create table t (a text not null, b varchar(3), c jsonb, primary key (a, b))").len(),
        2
    );
    assert!(is_stray("update users set upn = ?2 where id = ?1"));
    assert!(is_stray("delete from sessions where hash = ?1"));
    assert!(is_stray("insert into users (id, tenant_id) values (?1, ?2)"));
    assert_eq!(literals("x(\"select a \\\n   from b\", 'c', \"no\")"), ["select a from b"]);
}
