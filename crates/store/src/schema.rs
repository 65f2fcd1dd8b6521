//! The tables, read off the migrations: the one place where they are written down.

use crate::migrate::{self, Dialect};

/// The tables that belong to no tenant. Everything else has `tenant_id` as the first column of its key, is hidden from
/// other tenants on PostgreSQL, and is distributed by it on Citus; these few are seen by all, and copied to each machine.
pub const REFERENCE_TABLES: [&str; 7] = [
    "domains",
    "leases",
    "clock_marks",
    "setup_secrets",
    "schema_migrations",
    "schema_lease",
    "installation",
];

/// What a column holds: the SQL charter knows no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text,
    Bigint,
    Boolean,
}

/// A table as the migrations leave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, Kind)>,
    /// The columns of the primary key.
    pub(crate) key: Vec<String>,
}

impl Table {
    /// Does each row belong to one tenant?
    pub(crate) fn of_tenant(&self) -> bool {
        !REFERENCE_TABLES.contains(&self.name.as_str())
    }
}

/// All tables that the migrations make, in an order in which a table comes behind those that it refers to.
pub(crate) fn tables(dialect: Dialect) -> Vec<Table> {
    let mut tables = Vec::new();
    for (_, sql) in migrate::MIGRATIONS {
        for statement in migrate::statements(sql, dialect) {
            apply(&mut tables, &statement);
        }
    }
    tables
}

/// Words of a statement: names and keywords, without quotes and punctuation.
fn words(sql: &str) -> Vec<&str> {
    sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect()
}

fn apply(tables: &mut Vec<Table>, statement: &str) {
    let words = words(statement);
    match words[..] {
        ["create", "table", name, ..] => {
            let body = statement.split_once('(').map_or("", |(_, body)| body);
            let mut table = Table { name: name.to_owned(), columns: Vec::new(), key: Vec::new() };
            parts(body).iter().for_each(|part| table.part(part));
            tables.push(table);
        }
        ["drop", "table", name] => tables.retain(|table| table.name != name),
        ["alter", "table", name, ref change @ ..] => {
            if let Some(table) = tables.iter_mut().find(|table| table.name == name) {
                table.change(change);
            }
        }
        _ => {}
    }
}

/// The parts of a `create table` between its outermost commas.
fn parts(body: &str) -> Vec<String> {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in body.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ => {}
        }
        if let Some(part) = parts.last_mut()
            && depth >= 0
            && !(c == ',' && depth == 0)
        {
            part.push(c);
        }
    }
    parts
}

impl Table {
    fn part(&mut self, part: &str) {
        let words = words(part);
        match words[..] {
            ["primary", "key", ref columns @ ..] => {
                self.key = columns.iter().map(|&column| column.to_owned()).collect();
            }
            ["foreign" | "unique" | "check" | "constraint", ..] => {}
            [name, kind, ..] => {
                self.add(name, kind);
                if words.windows(2).any(|pair| pair == ["primary", "key"]) {
                    self.key = vec![name.to_owned()];
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &str, kind: &str) {
        let kind = match kind {
            "bigint" => Kind::Bigint,
            "boolean" => Kind::Boolean,
            _ => Kind::Text,
        };
        self.columns.push((name.to_owned(), kind));
    }

    fn change(&mut self, change: &[&str]) {
        match *change {
            ["add", "column", name, kind, ..] => self.add(name, kind),
            ["drop", "column", name] => self.columns.retain(|(column, _)| column != name),
            ["rename", "to", name] => name.clone_into(&mut self.name),
            ["rename", "column", from, "to", to] => {
                for column in self.columns.iter_mut().map(|(column, _)| column).chain(&mut self.key) {
                    if column == from {
                        to.clone_into(column);
                    }
                }
            }
            _ => {}
        }
    }
}
