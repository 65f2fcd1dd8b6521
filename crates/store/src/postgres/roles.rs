//! The roles that requests run under, and what row security shows them.

use super::setup::{Setup, refuse};
use crate::{schema::REFERENCE_TABLES, value::Row};
use model::Result;
use std::collections::HashMap;

/// Sees and changes the rows of the one tenant that is set.
const TENANT: &str = "innkeeper_tenant";
/// Reads across tenants, and changes nothing.
const DIRECTORY: &str = "innkeeper_directory";
/// Tables that requests have no business in.
const PRIVATE: [&str; 3] = ["schema_migrations", "schema_lease", "installation"];

/// The two roles, quoted.
pub(super) struct Roles {
    pub(super) tenant: String,
    pub(super) directory: String,
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Roles of our own if they are there or can be made. An ordinary user who owns the database and no more takes the role
/// that stands for the owner of the database, and itself, bound by the policies as everybody is.
pub(super) async fn choose(setup: Setup<'_>) -> Result<Roles> {
    let mut me = setup
        .row(
            "select rolname::text, rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = session_user",
            &[],
        )
        .await?;
    let (name, all, makes, passes) = (me.text()?, me.bool()?, me.bool()?, me.bool()?);
    if all || makes {
        make(setup, &name).await?;
    }
    let own = Roles { tenant: quoted(TENANT), directory: quoted(DIRECTORY) };
    if works(setup, &own.tenant).await? && works(setup, &own.directory).await? {
        return bound(setup).await.map(|()| own);
    }
    let owners = Roles { tenant: "pg_database_owner".to_owned(), directory: quoted(&name) };
    if !all && !passes && works(setup, &owners.tenant).await? {
        return Ok(owners);
    }
    Err(refuse(format!(
        "The user {name} of the database URL may take neither the roles of innkeeper nor that of the owner of the database. \
         Make it the owner, or run as an administrator: create role {TENANT} nologin; create role {DIRECTORY} nologin; \
         grant {TENANT}, {DIRECTORY} to {}",
        quoted(&name)
    )))
}

/// Makes the roles and takes them, beside other servers that do the same for this or another database. On Citus they must
/// be able to log in, because a worker is asked in their name; they have no password.
async fn make(setup: Setup<'_>, me: &str) -> Result<()> {
    let citus = !setup.rows("select 1 from pg_extension where extname = 'citus'", &[]).await?.is_empty();
    for role in [TENANT, DIRECTORY] {
        for _ in 0..5 {
            let exists = setup.rows("select 1 from pg_roles where rolname = ?1", &[role.into()]).await?;
            if exists.is_empty() {
                drop(
                    setup
                        .run(&format!("create role {role} {}", if citus { "login" } else { "nologin" }))
                        .await,
                );
            }
            if works(setup, role).await? {
                break;
            }
            drop(setup.run(&format!("grant {role} to {}", quoted(me))).await);
        }
    }
    Ok(())
}

async fn works(setup: Setup<'_>, role: &str) -> Result<bool> {
    setup.run("begin").await?;
    let taken = setup.run(&format!("set local role {role}")).await;
    setup.run("rollback").await?;
    Ok(taken.is_ok())
}

/// A role that row security does not bind would show every tenant to everybody.
async fn bound(setup: Setup<'_>) -> Result<()> {
    let free = setup
        .rows(
            "select rolname::text from pg_roles where rolname in (?1, ?2) and (rolsuper or rolbypassrls)",
            &[TENANT.into(), DIRECTORY.into()],
        )
        .await?;
    match free.into_iter().next() {
        None => Ok(()),
        Some(mut role) => {
            let role = role.text()?;
            Err(refuse(format!(
                "The role {role} is not bound by row security. Run: alter role {role} nosuperuser nobypassrls"
            )))
        }
    }
}

/// A policy as it is.
struct Policy {
    /// Whom it is for, quoted.
    roles: String,
    command: String,
    /// It is for the role that it should be for, and perhaps for others.
    ours: bool,
}

struct Found {
    table: String,
    of_tenant: bool,
    secured: bool,
    tenant_may: bool,
    directory_may: bool,
}

/// The statements that close the tables, as far as they are not closed yet. Whatever table has a column `tenant_id` and is
/// not one of the few reference tables is closed, so that a new one is without anybody thinking of it.
pub(super) async fn missing(setup: Setup<'_>, roles: &Roles) -> Result<Vec<String>> {
    let mut statements = Vec::new();
    let mut schema = setup
        .row(
            "select quote_ident(current_schema()::text), has_schema_privilege(?1, current_schema()::text, 'usage') \
             and has_schema_privilege(?2, current_schema()::text, 'usage')",
            &[bare(&roles.tenant).into(), bare(&roles.directory).into()],
        )
        .await?;
    let (schema, may) = (schema.text()?, schema.bool()?);
    if !may {
        statements.push(format!("grant usage on schema {schema} to {}, {}", roles.tenant, roles.directory));
    }
    let policies = policies(setup, roles).await?;
    for table in tables(setup, roles).await? {
        if PRIVATE.contains(&table.table.as_str()) {
            continue;
        }
        let name = quoted(&table.table);
        if !table.tenant_may {
            statements.push(format!("grant select, insert, update, delete on {name} to {}", roles.tenant));
        }
        if !table.directory_may {
            statements.push(format!("grant select on {name} to {}", roles.directory));
        }
        if !table.of_tenant || REFERENCE_TABLES.contains(&table.table.as_str()) {
            continue;
        }
        if !table.secured {
            statements.push(format!("alter table {name} enable row level security"));
            statements.push(format!("alter table {name} force row level security"));
        }
        let mut policy = |policy: &str, role: &str, command: &str, rest: &str| {
            let found = policies.get(&(table.table.clone(), policy.to_owned()));
            match found.filter(|found| found.command.eq_ignore_ascii_case(command)) {
                Some(found) if found.ours => {}
                // Servers that started before there was this role go on with theirs: without a policy they would see nothing.
                Some(Policy { roles, .. }) => {
                    statements.push(format!("alter policy {policy} on {name} to {roles}, {role}"));
                }
                None => {
                    statements.push(format!("drop policy if exists {policy} on {name}"));
                    statements
                        .push(format!("create policy {policy} on {name} for {command} to {role} {rest}"));
                }
            }
        };
        policy(
            "tenant_rows",
            &roles.tenant,
            "all",
            "using (tenant_id = current_setting('app.tenant', true)) with check (tenant_id = current_setting('app.tenant', true))",
        );
        policy(
            "directory_rows",
            &roles.directory,
            "select",
            "using (current_setting('app.tenant', true) = '*')",
        );
    }
    Ok(statements)
}

fn bare(role: &str) -> String {
    role.trim_matches('"').replace("\"\"", "\"")
}

async fn policies(setup: Setup<'_>, roles: &Roles) -> Result<HashMap<(String, String), Policy>> {
    let sql = "select tablename::text, policyname::text, \
               array_to_string(array(select quote_ident(role::text) from unnest(roles) role), ', '), cmd::text, \
               (case policyname::text when 'tenant_rows' then ?1 else ?2 end) = any(roles::text[]) from pg_policies \
               where schemaname = current_schema()::text";
    let read = |mut row: Row| -> Result<_> {
        let key = (row.text()?, row.text()?);
        Ok((key, Policy { roles: row.text()?, command: row.text()?, ours: row.bool()? }))
    };
    let names = [bare(&roles.tenant).into(), bare(&roles.directory).into()];
    setup.rows(sql, &names).await?.into_iter().map(read).collect()
}

/// Our own tables: others may lie in the same schema, such as those of an extension, and are not ours to grant.
async fn tables(setup: Setup<'_>, roles: &Roles) -> Result<Vec<Found>> {
    let sql = "select c.relname::text, \
               exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped), \
               c.relrowsecurity and c.relforcerowsecurity, \
               has_table_privilege(?1, c.oid, 'select') and has_table_privilege(?1, c.oid, 'insert') \
               and has_table_privilege(?1, c.oid, 'update') and has_table_privilege(?1, c.oid, 'delete'), \
               has_table_privilege(?2, c.oid, 'select') from pg_class c \
               where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') \
               and pg_has_role(c.relowner, 'usage') order by c.relname";
    let read = |mut row: Row| -> Result<_> {
        Ok(Found {
            table: row.text()?,
            of_tenant: row.bool()?,
            secured: row.bool()?,
            tenant_may: row.bool()?,
            directory_may: row.bool()?,
        })
    };
    setup
        .rows(sql, &[bare(&roles.tenant).into(), bare(&roles.directory).into()])
        .await?
        .into_iter()
        .map(read)
        .collect()
}
