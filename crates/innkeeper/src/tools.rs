//! The commands beside the server: each asks the server that holds the data directory, or opens the directory itself when
//! nobody does.

use crate::{
    admin::{Administrator, Request, Response, TenantLine, execute},
    cli::{CreateTenant, Database, Tool},
    problem::{Problem, Result},
    serve::keep_setup_secret,
    server::{close, open_directory},
    socket,
    terminal::{read_password, say},
};
use service::Outside;
use std::{
    path::{Path, PathBuf, absolute},
    process::ExitCode,
};
use store::DataDir;

/// Makes the request of `tenant create`.
pub fn create_tenant(create: CreateTenant) -> Result<(Tool, Request)> {
    let CreateTenant {
        tool,
        name,
        domain,
        technical_contact,
        administrator_name,
        administrator_user,
        password_stdin,
    } = create;
    let administrator = match administrator_name.zip(administrator_user) {
        Some((name, user_name)) => {
            let password = if password_stdin {
                Some(read_password("Password of the administrator (at least 15 characters): ")?)
            } else {
                None
            };
            Some(Administrator { name, user_name, password })
        }
        None => None,
    };
    Ok((tool, Request::CreateTenant { name, domain, technical_contact, administrator }))
}

/// Has a request carried out, and prints what came of it.
pub async fn run(tool: &Tool, request: Request) -> Result<ExitCode> {
    let path = &tool.data_dir;
    let path: PathBuf = absolute(path).map_err(|error| Problem::file("find", path, &error))?;
    let response = match socket::ask(&path, &request).await? {
        Some(response) => response,
        None => alone(&path, &tool.database, request).await?,
    };
    match &response {
        Response::SetupSecret { secret, .. } => drop(keep_setup_secret(&path, secret.as_deref())?),
        // With an organisation there, no set-up secret is good any more.
        Response::TenantCreated { .. } => drop(keep_setup_secret(&path, None)?),
        _ => {}
    }
    let code = if holds(&response) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    say(&describe(response)?);
    Ok(code)
}

/// Carries it out with nobody else in the directory.
async fn alone(path: &Path, database: &Database, request: Request) -> Result<Response> {
    let embedded = database.database_url.is_none();
    if embedded && matches!(request, Request::SetupSecret) {
        return Err(Problem::new(format!(
            "No server is running on {}. Start it: as long as there is no organisation, every start prints a fresh secret.",
            path.display()
        )));
    }
    if embedded && !matches!(request, Request::CreateTenant { .. }) && !path.join("innkeeper.db").exists() {
        return Err(Problem::new(format!(
            "There is no directory in {}. Check --data-dir, or make one with: innkeeper serve --data-dir {0}",
            path.display()
        )));
    }
    let data = DataDir::open(path)?;
    let directory = open_directory(&data, database, Vec::new(), None, Outside::default()).await?;
    let response = execute(&directory, request).await;
    close(&directory).await;
    Ok(response)
}

/// Was everything as it should be?
fn holds(response: &Response) -> bool {
    match response {
        Response::Verified { problems, .. } => problems.is_empty(),
        Response::Purged { failed, paused, busy, .. } => *failed == 0 && paused.is_none() && !busy,
        Response::SetupSecret { secret, .. } => secret.is_some(),
        _ => true,
    }
}

fn describe(response: Response) -> Result<String> {
    Ok(match response {
        Response::Failed { message } => return Err(Problem::new(message)),
        Response::TenantCreated { tenant, user_name, password } => created(&tenant, user_name, password),
        Response::AppCreated { client_id, client_secret } => {
            format!("Client id: {client_id}\nClient secret, shown only now: {client_secret}\n")
        }
        Response::DeviceCodeSet { allowed: true } => "People may sign devices in by a code.\n".to_owned(),
        Response::DeviceCodeSet { allowed: false } => "People may not sign devices in by a code.\n".to_owned(),
        Response::KeyRotated { from } => format!(
            "The new key signs from {from} on. Tokens signed before that stay good until they are over.\n"
        ),
        Response::Told { text } => text,
        Response::Imported { created, known, refused } => {
            format!("Created: {created}. There already: {known}. Refused: {}.\n", refused.len())
        }
        Response::DomainAdded => "The domain was added.\n".to_owned(),
        Response::Tenants { tenants } if tenants.is_empty() => "There is no organisation yet.\n".to_owned(),
        Response::Tenants { tenants } => tenants.iter().map(|t| format!("{}  {}  {}\n", t.id, t.domain, t.name)).collect(),
        Response::Purged { paused: Some(why), .. } => format!(
            "Nothing was deleted: {why}. Check the clock. If it is right, leave the server running: after 24 hours it is believed.\n"
        ),
        Response::Purged { busy: true, .. } => {
            "Nothing was deleted: another pass is running. Try again when it is done, in two minutes at the latest.\n".to_owned()
        }
        Response::Purged { purged, overtaken, failed, .. } => format!(
            "Permanently deleted: {purged}. Restored or gone in the meantime: {overtaken}. Failed, to be tried again: {failed}.\n"
        ),
        Response::Verified { tenants, records, problems } => verified(tenants, records, &problems),
        Response::SetupSecret { secret: None, .. } => {
            "There is an organisation already, so there is nothing to set up. Make another with: innkeeper tenant create\n"
                .to_owned()
        }
        Response::SetupSecret { secret: Some(secret), page } => {
            format!("{secret}\nOpen {page} and give this secret within 30 minutes.\n")
        }
    })
}

fn created(tenant: &TenantLine, user_name: Option<String>, password: Option<String>) -> String {
    let mut text = format!("Created {} ({}): {}\n", tenant.name, tenant.domain, tenant.id);
    if let Some(user_name) = user_name {
        text += &format!("Global Administrator: {user_name}\n");
    }
    if let Some(password) = password {
        text += &format!("Password, shown only now: {password}\n");
    }
    text
}

fn verified(tenants: u64, records: u64, problems: &[String]) -> String {
    let looked = format!("Looked at {tenants} organisations and {records} audit records.");
    if problems.is_empty() {
        return format!("{looked} All is well.\n");
    }
    let list: String = problems.iter().map(|problem| format!("  {problem}\n")).collect();
    format!("{looked} Does not hold ({}):\n{list}", problems.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn a_tool_works_alone_where_no_server_is_and_shows_a_generated_password_once() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let request = Request::CreateTenant {
            name: "Contoso".to_owned(),
            domain: "contoso.example".to_owned(),
            technical_contact: None,
            administrator: Some(Administrator {
                name: "Ada Jones".to_owned(),
                user_name: "ada".to_owned(),
                password: None,
            }),
        };
        let answer = describe(alone(scratch.path(), &Database::embedded(), request).await.unwrap()).unwrap();
        assert!(answer.contains("ada@contoso.example") && answer.contains("shown only now"), "{answer}");
        let list =
            describe(alone(scratch.path(), &Database::embedded(), Request::ListTenants).await.unwrap())
                .unwrap();
        assert!(list.contains("contoso.example  Contoso"), "{list}");
        let problem = alone(scratch.path(), &Database::embedded(), Request::SetupSecret)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(problem.contains("Start it"), "only the start that follows can use a secret: {problem}");
    }

    #[tokio::test]
    async fn looking_does_not_make_a_directory() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let missing = scratch.path().join("missing");
        let problem =
            alone(&missing, &Database::embedded(), Request::ListTenants).await.err().unwrap().to_string();
        assert!(problem.contains("--data-dir") && !missing.exists(), "{problem}");
    }

    #[tokio::test]
    async fn a_refusal_says_what_to_do() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let request = Request::CreateTenant {
            name: "Contoso".to_owned(),
            domain: "contoso".to_owned(),
            technical_contact: None,
            administrator: None,
        };
        let problem = describe(alone(scratch.path(), &Database::embedded(), request).await.unwrap())
            .unwrap_err()
            .to_string();
        assert!(problem.contains("full domain name"), "{problem}");
    }
}
