//! What people read and type.

use crate::{
    cli::LogFormat,
    problem::{Problem, Result},
};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal, Write};
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. Logs hold ids and counts, nothing about persons; a defect is logged by its place alone,
/// because its message may quote data.
pub fn start_logging(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,tokio_postgres=warn"));
    let colours = io::stderr().is_terminal() && colours_wanted();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colours);
    match format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    std::panic::set_hook(Box::new(|defect| {
        let place = defect.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a defect in innkeeper; please report the place");
    }));
}

fn colours_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints to standard output. Nobody has to be there to read it.
pub fn say(text: &str) {
    let mut out = io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Prints to standard error, which must not end a server either.
pub fn tell(text: &str) {
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

/// A heading: bold where that can be seen.
pub fn heading(text: &str) -> String {
    if io::stdout().is_terminal() && colours_wanted() {
        format!("\x1b[1m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Reads a password: asked for without showing it on a terminal, else the first line of standard input.
pub fn read_password(prompt: &str) -> Result<String> {
    let input = io::stdin();
    if !input.is_terminal() {
        return read_line();
    }
    let failed = |error: io::Error| Problem::new(format!("The password cannot be read: {error}."));
    let shown = tcgetattr(&input).map_err(|error| failed(error.into()))?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tell(prompt);
    tcsetattr(&input, OptionalActions::Flush, &hidden).map_err(|error| failed(error.into()))?;
    let line = read_line();
    tell("\n");
    tcsetattr(&input, OptionalActions::Now, &shown).map_err(|error| failed(error.into()))?;
    line
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(0) => Err(Problem::new("There is no password on standard input. Write it there as one line.")),
        Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(Problem::new(format!("The password cannot be read: {error}."))),
    }
}
