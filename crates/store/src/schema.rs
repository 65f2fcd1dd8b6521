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

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(raw: &rusqlite::Connection, sql: &str) -> Vec<String> {
        let mut statement = raw.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn the_tables_read_off_the_migrations_are_those_that_they_make() {
        let raw = rusqlite::Connection::open_in_memory().unwrap();
        for (_, sql) in migrate::MIGRATIONS {
            for statement in migrate::statements(sql, Dialect::Sqlite) {
                raw.execute_batch(&statement).unwrap();
            }
        }
        let tables = tables(Dialect::Sqlite);
        let mut names: Vec<_> = tables.iter().map(|table| table.name.clone()).collect();
        names.sort();
        assert_eq!(names, strings(&raw, "select name from sqlite_master where type = 'table' order by name"));
        for table in tables {
            let columns =
                format!("select name || ' ' || lower(type) from pragma_table_info('{}')", table.name);
            let read: Vec<_> = table
                .columns
                .iter()
                .map(|(name, kind)| format!("{name} {}", format!("{kind:?}").to_lowercase()))
                .collect();
            assert_eq!(read, strings(&raw, &columns), "{}", table.name);
            let key =
                format!("select name from pragma_table_info('{}') where pk > 0 order by pk", table.name);
            assert_eq!(table.key, strings(&raw, &key), "{}", table.name);
        }
    }

    #[test]
    fn a_change_of_a_table_is_followed() {
        let mut tables = Vec::new();
        for statement in [
            "create table a (x text not null, y bigint default 0, check (y > (1)), primary key (x, y))",
            "create table b (x text primary key)",
            "alter table a rename column x to z",
            "alter table a add column w boolean",
            "alter table a drop column w",
            "alter table a rename to c",
            "drop table b",
        ] {
            apply(&mut tables, statement);
        }
        let columns = vec![("z".to_owned(), Kind::Text), ("y".to_owned(), Kind::Bigint)];
        let key = vec!["z".to_owned(), "y".to_owned()];
        assert_eq!(tables, [Table { name: "c".to_owned(), columns, key }]);
    }
}
