//! `innkeeper serve`: the server for real. It knows nobody until somebody who reads its terminal sets it up.

use crate::{
    cli::Serve,
    demo::WORLD,
    edge::Signals,
    files, outside,
    problem::{Problem, Result},
    server::{Announced, Server},
    terminal::tell,
};
use std::{
    io::{IsTerminal, stderr},
    path::{Path, absolute},
};
use store::DataDir;

/// Where the set-up secret is left for whoever may read the data directory.
const SETUP_SECRET: &str = "setup-secret";

/// Runs the server until a signal comes.
pub async fn run(serve: Serve) -> Result<()> {
    let mut signals = Signals::catch()?;
    let path = &serve.tool.data_dir;
    let path = absolute(path).map_err(|error| Problem::file("find", path, &error))?;
    let data = DataDir::open(&path)?;
    if path.join(WORLD).exists() {
        return Err(Problem::new(format!(
            "{} holds a demonstration, whose passwords lie there in plain. Choose another directory with --data-dir, or \
             start it with: innkeeper demo --data-dir {0}",
            path.display()
        )));
    }
    let given = serve.tls_cert.as_deref().zip(serve.tls_key.as_deref());
    let server = Server::open(
        data,
        &serve.tool.database,
        &serve.place,
        given,
        None,
        outside::of_server(&serve.reach)?,
    )
    .await?;
    let limits = serve.place.throttle.unwrap_or(Some(web::Limits::GUARD));
    server.behind(serve.proxies).run(web::Options { demo: false, limits }, &mut signals, announce).await
}

async fn announce(at: &Announced<'_>) -> Result<()> {
    tracing::info!(address = %at.public, "innkeeper is ready");
    if let Some(ca) = at.ca {
        tracing::info!(authority = %ca.display(), "clients must trust the local authority");
    }
    match at.directory.begin_setup(&at.directory.own_cx()).await? {
        Some(secret) => {
            let file = keep_setup_secret(at.data.path(), Some(secret.expose()))?;
            invite(&at.public.to_string(), secret.expose(), &file);
        }
        None => drop(keep_setup_secret(at.data.path(), None)?),
    }
    Ok(())
}

/// Writes the current set-up secret into its file; without one, removes the file. Answers where it is.
pub fn keep_setup_secret(data_dir: &Path, secret: Option<&str>) -> Result<std::path::PathBuf> {
    let path = data_dir.join(SETUP_SECRET);
    match secret {
        Some(secret) => files::replace(&path, files::PRIVATE, &format!("{secret}\n")),
        None => files::remove(&path),
    }
    .map_err(|error| Problem::file("write", &path, &error))?;
    Ok(path)
}

/// Says what to do first. The secret itself only where a person reads: standard error of a service ends up in a log.
fn invite(base_url: &str, secret: &str, file: &Path) {
    let file = file.display();
    if !stderr().is_terminal() {
        tracing::warn!(
            page = %format_args!("{base_url}/setup"),
            %file,
            "there is no organisation yet; create the first one on this page, with the secret in this file, within 30 minutes"
        );
        return;
    }
    tell(&format!(
        "\nThere is no organisation yet. Create the first one within 30 minutes:\n  Open      {base_url}/setup\n  \
         Secret    {secret}\n  In file   {file}\n  Or use    innkeeper tenant create --help\n\n"
    ));
}
