//! Turning tables into Citus tables: the rows of a tenant on one machine, the few tables without a tenant on each.

use super::{
    roles::Roles,
    setup::{Setup, refuse},
};
use crate::{
    migrate::Dialect,
    schema::{self, Table},
};
use model::Result;
use std::collections::HashSet;

/// Tables of the engine itself stay where they are: they are asked for by the clock of one machine.
const LOCAL: [&str; 3] = ["schema_migrations", "schema_lease", "installation"];

/// What was distributed now, and what had been before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Distribution {
    /// Tables whose rows now lie with their tenant.
    pub distributed: Vec<String>,
    /// Tables that each machine now has a copy of.
    pub copied: Vec<String>,
    /// Tables for which there was nothing to do.
    pub before: Vec<String>,
}

pub(super) async fn distribute(setup: Setup<'_>, roles: &Roles) -> Result<Distribution> {
    if setup.rows("select 1 from pg_extension where extname = 'citus'", &[]).await?.is_empty() {
        return Err(refuse(
            "The database has no citus extension, so there is nothing to distribute to. On a Citus coordinator run: create extension citus",
        ));
    }
    if roles.tenant == "pg_database_owner" {
        return Err(refuse(
            "Distributed tables need roles that can log in on every machine. Let the user of the database URL make roles \
             (alter role … createrole), start innkeeper once, and distribute then.",
        ));
    }
    let database = setup.row("select quote_ident(current_database()::text)", &[]).await?.text()?;
    for statement in preparation(&database, roles) {
        setup.run(&statement).await?;
    }
    let known: HashSet<String> = setup
        .rows("select logicalrelid::regclass::text from pg_dist_partition", &[])
        .await?
        .into_iter()
        .map(|mut row| row.text())
        .collect::<Result<_>>()?;
    let mut done = Distribution::default();
    for table in schema::tables(Dialect::Postgres) {
        let list = match (known.contains(&table.name), table.of_tenant()) {
            _ if LOCAL.contains(&table.name.as_str()) => continue,
            (true, _) => &mut done.before,
            (false, true) => &mut done.distributed,
            (false, false) => &mut done.copied,
        };
        list.push(table.name.clone());
        if !known.contains(&table.name) {
            // Each by itself: what was moved stays moved when a later one fails, and the next run goes on from there.
            setup
                .together(async {
                    for statement in statements(&table) {
                        setup.run(&statement).await?;
                    }
                    Ok(())
                })
                .await?;
        }
    }
    Ok(done)
}

/// Each machine is asked in the name of the request's role, and told which tenant it is for. Roles that were there before
/// the machine are made on it; where they exist, Citus reports that and nothing is changed.
fn preparation(database: &str, roles: &Roles) -> Vec<String> {
    let mut statements =
        vec![format!("alter database {database} set citus.propagate_set_commands = 'local'")];
    for role in [&roles.tenant, &roles.directory] {
        statements.push(format!("alter role {role} login"));
        statements.push(format!("select run_command_on_workers('create role {role} login')"));
        statements.push(format!("select run_command_on_workers('alter role {role} login')"));
    }
    statements
}

/// The tables of tenants lie with `tenants`, so that keys between them stay on one machine. While rows move, the owner must
/// see them: row security is forced again in the same transaction.
fn statements(table: &Table) -> Vec<String> {
    let name = &table.name;
    if !table.of_tenant() {
        return vec![format!("select create_reference_table('{name}')")];
    }
    let with = if name == "tenants" { "none" } else { "tenants" };
    vec![
        format!("alter table {name} no force row level security"),
        format!("select create_distributed_table('{name}', 'tenant_id', colocate_with => '{with}')"),
        format!("alter table {name} force row level security"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_tenants_is_distributed_with_tenants_behind_those_that_it_refers_to() {
        let tables = schema::tables(Dialect::Postgres);
        let position = |name: &str| tables.iter().position(|table| table.name == name).unwrap();
        assert_eq!(tables[0].name, "tenants");
        assert!(position("users") < position("passwords") && position("apps") < position("app_secrets"));
        assert_eq!(
            statements(&tables[0]),
            [
                "alter table tenants no force row level security",
                "select create_distributed_table('tenants', 'tenant_id', colocate_with => 'none')",
                "alter table tenants force row level security",
            ]
        );
        for table in tables.iter().skip(1).filter(|table| table.of_tenant()) {
            let distribute = format!(
                "select create_distributed_table('{}', 'tenant_id', colocate_with => 'tenants')",
                table.name
            );
            assert!(statements(table).contains(&distribute));
            assert_eq!(table.key.first().map(String::as_str), Some("tenant_id"), "{}", table.name);
        }
        assert_eq!(statements(&tables[position("domains")]), ["select create_reference_table('domains')"]);
    }

    #[test]
    fn requests_may_log_in_on_every_machine_and_settings_are_passed_on() {
        let roles = Roles {
            tenant: "\"innkeeper_tenant\"".to_owned(),
            directory: "\"innkeeper_directory\"".to_owned(),
        };
        let statements = preparation("inn", &roles);
        assert_eq!(statements[0], "alter database inn set citus.propagate_set_commands = 'local'");
        for role in [&roles.tenant, &roles.directory] {
            assert!(statements.contains(&format!("alter role {role} login")));
            assert!(
                statements.contains(&format!("select run_command_on_workers('create role {role} login')"))
            );
        }
    }
}
