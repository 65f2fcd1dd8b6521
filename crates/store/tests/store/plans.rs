//! Which index each statement uses, asked of SQLite, whose plans depend on nothing but the schema. A statement that finds one
//! person's rows must not read those of the whole organisation: it would be noticed only when the organisation is large.

use crate::{statements::of_requests, support::World};
use rusqlite::types::Value;

/// Tables with a row, or a handful, for each organisation.
const SMALL: &[&str] = &[
    "apps",
    "audit_heads",
    "domains",
    "identity_provider_domains",
    "identity_providers",
    "policies",
    "schema_migrations",
    "sign_in_settings",
    "signing_keys",
    "tenants",
    "token_settings",
    "user_change_heads",
    "user_counts",
];

/// What looks at all rows of an organisation because it is about all of them.
const WHOLE: &[(&str, &str)] = &[
    ("delete", "expires_at < ?2"),
    ("delete", "created_at < ?2 and not exists"),
    ("delete", "last_at < ?2"),
    // Of a provider that is removed.
    ("delete", "provider_id = ?2"),
    ("insert into user_counts", "count(*)"),
    ("select count(*) from (", "user_counts"),
    ("select count(distinct r.user_id)", "role_assignments"),
    ("select distinct role_id", "role_assignments"),
    ("select count(*) from users", "home_deleted_at is not null"),
    // One app's, or all.
    ("select app_id, permission, created_at", "?3 is null"),
    ("select user_id, app_id, permission", "?2 is null"),
];

/// What in the plan of a statement reads all rows of an organisation, or of all.
fn scans(raw: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let highest = sql.split('?').skip(1).filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().ok()
    });
    let parameters = vec![Value::Null; highest.max().unwrap_or_default()];
    let mut statement = raw.prepare(&format!("explain query plan {sql}")).unwrap();
    let steps = statement
        .query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, String>(3))
        .unwrap()
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    steps.into_iter().filter(|step| step.starts_with("SCAN") || step.contains("(tenant_id=?)")).collect()
}

/// The table behind the name or the alias of a step.
fn table<'s>(step: &'s str, sql: &str) -> &'s str {
    let name = step.split_whitespace().nth(1).unwrap_or_default();
    if sql.contains(&format!("tenants {name}")) { "tenants" } else { name }
}

#[test]
fn no_statement_about_one_thing_reads_a_whole_organisation() {
    let world = World::new();
    let raw = world.raw();
    let (statements, _) = of_requests();
    assert!(statements.len() > 150, "only {} statements could be planned", statements.len());
    let found: Vec<String> = statements
        .iter()
        .filter(|(_, sql)| !WHOLE.iter().any(|(begin, part)| sql.starts_with(begin) && sql.contains(part)))
        .flat_map(|(file, sql)| {
            let steps = scans(&raw, sql).into_iter().filter(|step| !SMALL.contains(&table(step, sql)));
            steps.map(move |step| format!("{file}: {step}: {sql}"))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_of_plans_finds_a_scan() {
    let world = World::new();
    let raw = world.raw();
    for sql in [
        "select id from users where tenant_id = ?1 and surname = ?2",
        "select id from users where given_name = ?1",
        "delete from sessions where tenant_id = ?1 and seen_at = ?2",
    ] {
        assert_eq!(scans(&raw, sql).len(), 1, "{sql}");
    }
    assert_eq!(scans(&raw, "select id from users where tenant_id = ?1 and id = ?2"), Vec::<String>::new());
}
