//! The benchmark: drives the real binary over the wire, and in turns with it floors that do the same work with nothing
//! around it. What counts are ratios taken in one run; see the page on capacity.

mod floor;
mod goals;
mod life;
mod load;
mod machine;
mod postgres;
mod product;
mod report;
mod stats;
mod world;

use clap::{Parser, Subcommand, ValueEnum};
use goals::Bench;
use indicatif::{ProgressBar, ProgressStyle};
use machine::{Cores, Machine};
use product::World;
use report::Run;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

/// A development tool: whatever goes wrong is said and ends it.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure.
    Run(Options),
    /// Write the lines of a world.
    World {
        #[arg(long)]
        users: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Let the deleted accounts be due for purging.
        #[arg(long)]
        due: bool,
        #[arg(long)]
        out: PathBuf,
    },
    /// Be a floor.
    #[command(hide = true)]
    Floor {
        what: String,
        #[arg(long)]
        tls: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

#[derive(clap::Args)]
struct Options {
    /// Which goals [default: all].
    names: Vec<String>,
    #[arg(long, default_value_t = 10_000)]
    users: u64,
    #[arg(long, value_enum, default_value = "sqlite")]
    engine: Engine,
    /// More and longer rounds.
    #[arg(long)]
    full: bool,
    /// The release binary.
    #[arg(long)]
    bin: PathBuf,
    /// The root of the workspace: results are kept below it.
    #[arg(long)]
    root: PathBuf,
    /// Where worlds are kept.
    #[arg(long)]
    worlds: PathBuf,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(options) => run(&options),
        Command::World { users, seed, due, out } => {
            product::write_world(&world::Plan { users, seed, now: machine::wall(), due }, &out)
        }
        Command::Floor { what, tls } => {
            serde_json::from_str(&what).map_err(Into::into).and_then(|floor| floor::serve(floor, tls))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let chosen = goals::chosen(options.engine, &options.names)?;
    let machine = Machine::look();
    let commit = machine::commit(&options.root);
    let cores = match options.engine {
        Engine::Sqlite => Cores::divide(),
        Engine::Postgres => Cores::together(),
    };
    let world = prepare(&options.bin, &options.worlds, options.users)?;
    let rounds = if options.full { 7 } else { 5 };
    let seconds = Duration::from_millis(if options.full { 4000 } else { 1000 });
    let bar = ProgressBar::new(u64::try_from(chosen.len())?);
    bar.set_style(ProgressStyle::with_template("{bar:20} {pos}/{len}  {msg}  {elapsed}")?);
    let bench = Bench {
        bin: options.bin.clone(),
        scratch: options.worlds.join("scratch"),
        world,
        cores,
        rounds,
        time: seconds,
        bar: bar.clone(),
    };
    let mut figures = Vec::new();
    for goal in chosen {
        bar.set_message(goal.name);
        bar.enable_steady_tick(Duration::from_millis(200));
        match (goal.measure)(&bench) {
            Ok(found) => figures.extend(found),
            Err(error) => bar.suspend(|| eprintln!("{}: {error}", goal.name)),
        }
        bar.inc(1);
        if bar.is_hidden() {
            eprintln!("{} is done.", goal.name);
        }
    }
    bar.finish_and_clear();
    drop(std::fs::remove_dir_all(&bench.scratch));
    let run = Run {
        machine,
        commit,
        engine: options.engine.to_possible_value().map(|name| name.get_name().to_owned()).unwrap_or_default(),
        users: options.users,
        full: options.full,
        pinned: cores.apart(),
        figures,
    };
    run.publish(&options.root)
}

fn prepare(binary: &Path, worlds: &Path, users: u64) -> Result<World> {
    let spinner = ProgressBar::new_spinner().with_message(format!("a world of {users} users"));
    spinner.enable_steady_tick(Duration::from_millis(200));
    let world = World::prepare(binary, worlds, users);
    spinner.finish_and_clear();
    if let Ok(World { imported: Some(rate), .. }) = &world {
        println!("Imported {users} users, {rate:.0} lines per second.");
    }
    world
}
