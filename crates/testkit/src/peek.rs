//! Looking into the database behind the product's back, on whichever engine it is.

use crate::{Database, World};
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// A row: each column with its value as text. Numbers are decimal, booleans 0 or 1.
pub type Row = BTreeMap<String, Option<String>>;

impl World {
    /// The rows of a query that both engines understand.
    pub fn rows(&self, sql: &str) -> Vec<Row> {
        match (self.file(), self.database()) {
            (Some(file), _) => from_file(&file, sql),
            (None, Some(database)) => from_database(database, sql),
            (None, None) => Vec::new(),
        }
    }

    /// Everything that is stored, table by table, but for what the engine keeps about itself.
    pub fn dump(&self) -> BTreeMap<String, Vec<Row>> {
        let names = if self.file().is_some() {
            "select name from sqlite_master where type = 'table' order by name"
        } else {
            "select table_name as name from information_schema.tables where table_schema = 'public' order by table_name"
        };
        let name = |mut row: Row| row.remove("name").flatten();
        let names: Vec<String> = self.rows(names).into_iter().filter_map(name).collect();
        match self.database() {
            None => names
                .into_iter()
                .map(|name| (name.clone(), self.rows(&format!("select * from {name}"))))
                .collect(),
            Some(database) => dump_of(database, &names),
        }
    }
}

fn from_file(file: &Path, sql: &str) -> Vec<Row> {
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database");
    let mut statement = connection.prepare(sql).expect("a query");
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([]).expect("rows");
    let mut found = Vec::new();
    while let Some(row) = rows.next().expect("a row") {
        let value = |index| match row.get_ref(index).expect("a value") {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Real(_) | ValueRef::Blob(_) => Some("a foreign type".to_owned()),
        };
        found.push(columns.iter().cloned().enumerate().map(|(index, name)| (name, value(index))).collect());
    }
    found
}

fn from_database(database: &Database, sql: &str) -> Vec<Row> {
    let lines = database.sql(&format!("select row_to_json(found) from ({sql}) found")).expect("rows");
    lines.lines().map(row).collect()
}

/// One question for all tables: each answer is the name of the table and the row.
fn dump_of(database: &Database, names: &[String]) -> BTreeMap<String, Vec<Row>> {
    let part = |name: &String| format!("select '{name}' as name, row_to_json(t)::text as line from {name} t");
    let sql = names.iter().map(part).collect::<Vec<_>>().join(" union all ");
    let mut tables: BTreeMap<String, Vec<Row>> =
        names.iter().map(|name| (name.clone(), Vec::new())).collect();
    for line in database.sql(&sql).expect("rows").lines() {
        if let Some((name, line)) = line.split_once('|') {
            tables.entry(name.to_owned()).or_default().push(row(line));
        }
    }
    tables
}

fn row(line: &str) -> Row {
    let parsed: BTreeMap<String, Value> = serde_json::from_str(line).expect("a row as JSON");
    let text = |value| match value {
        Value::Null => None,
        Value::Bool(flag) => Some(u8::from(flag).to_string()),
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    parsed.into_iter().map(|(name, value)| (name, text(value))).collect()
}
