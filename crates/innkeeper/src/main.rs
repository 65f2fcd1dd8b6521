//! The `innkeeper` program: command line, wiring, TLS, signals. What it serves is in the other crates.

mod address;
mod admin;
mod cli;
mod database;
mod demo;
mod edge;
mod env_file;
mod files;
mod import;
mod machine;
mod outside;
mod problem;
mod provider;
mod proxy;
mod reconcile;
mod scratch;
mod serve;
mod server;
mod socket;
mod terminal;
mod tls;
mod tools;

use admin::Request;
use clap::Parser;
use cli::{App, Cli, Command, DatabaseCommand, Key, Switch, Tenant};
use problem::{Problem, Result};
use std::process::ExitCode;

// Without huge pages: a first use of two megabytes at once keeps whoever asked for a hundred bytes waiting.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Whatever is written, nobody else may read it unless it says so.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let cli = Cli::parse();
    terminal::start_logging(cli.log_format);
    match work(cli.command) {
        Ok(code) => code,
        Err(problem) => {
            terminal::tell(&format!("innkeeper: {problem}\n"));
            ExitCode::FAILURE
        }
    }
}

fn work(command: Command) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(format!("The program cannot start its threads: {error}.")))?;
    let done = runtime.block_on(dispatch(command));
    // What still runs was told to end and did not, or the operator does not want to wait for it.
    runtime.shutdown_background();
    done
}

async fn dispatch(command: Command) -> Result<ExitCode> {
    let (tool, request) = match command {
        Command::Demo(demo) => return demo::run(demo).await.map(|()| ExitCode::SUCCESS),
        Command::Serve(serve) => return serve::run(serve).await.map(|()| ExitCode::SUCCESS),
        Command::MigrateStore(migrate) => {
            return database::migrate(&migrate).await.map(|()| ExitCode::SUCCESS);
        }
        Command::Database(DatabaseCommand::Distribute(distribute)) => {
            return database::distribute(&distribute).await.map(|()| ExitCode::SUCCESS);
        }
        Command::Import(import) => return import::run(import).await,
        Command::Tenant(Tenant::Create(create)) => tools::create_tenant(create)?,
        Command::Tenant(Tenant::AddDomain(add)) => {
            (add.tool, Request::AddDomain { tenant: add.tenant, domain: add.domain })
        }
        Command::App(App::Create(create)) => {
            let permissions =
                create.permissions.iter().map(|permission| permission.value().to_owned()).collect();
            (create.tool, Request::CreateApp { tenant: create.tenant, name: create.name, permissions })
        }
        Command::Tenant(Tenant::DeviceCode(set)) => {
            (set.tool, Request::DeviceCode { tenant: set.tenant, allowed: set.state == Switch::On })
        }
        Command::Key(Key::Rotate(rotate)) => {
            (rotate.tool, Request::RotateKey { tenant: rotate.tenant, now: rotate.now })
        }
        Command::Provider(command) => {
            let (tool, tenant, act) = provider::Act::of_provider(command)?;
            (tool, Request::SignIn { tenant, act })
        }
        Command::User(command) => {
            let (tool, tenant, act) = provider::Act::of_user(command);
            (tool, Request::SignIn { tenant, act })
        }
        Command::Tenant(Tenant::List(tool)) => (tool, Request::ListTenants),
        Command::Purge(purge) => (purge.tool, Request::Purge),
        Command::Verify(tool) => (tool, Request::Verify),
        Command::SetupSecret(tool) => (tool, Request::SetupSecret),
    };
    tools::run(&tool, request).await
}
