//! `innkeeper import`: organisations and accounts from a file, through the running server or, where none runs, by itself.

use crate::{
    admin::{Request, Response},
    cli::Import,
    problem::{Problem, Result},
    serve::keep_setup_secret,
    server::{close, open_directory},
    socket::Talk,
    terminal::say,
};
use indicatif::{ProgressBar, ProgressStyle};
use model::Span;
use service::{Directory, Outside, Portion};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, absolute},
    process::ExitCode,
};
use store::DataDir;

/// How much of the file is taken at once, in bytes. The more, the more accounts of one organisation are written side by side. A
/// piece is sent to the server as a JSON text, which makes it longer by a third, and has to fit a line of the socket.
const PIECE: usize = 4 << 20;
/// How much is taken at once where it is not sent anywhere.
const PIECE_ALONE: usize = 8 << 20;
/// The longest line, in bytes.
const LINE: usize = 32 * 1024;
/// What shares a commit while others write: with the writing back of the log behind it, it is to take 50 ms at most.
pub const BESIDE: Portion = Portion { accounts: 250, within: Some(Span::millis(15)) };
/// What shares one where nobody waits.
const ALONE: Portion = Portion { accounts: 10_000, within: None };

/// Who takes the lines.
enum Taker {
    Server(Talk),
    Alone(Box<(DataDir, Directory)>, Portion),
}

/// What came of everything so far.
#[derive(Default)]
struct Tally {
    created: u64,
    known: u64,
    refused: u64,
}

/// Lines of the file with their numbers, from 1.
#[derive(Default)]
struct Piece {
    numbers: Vec<u64>,
    lines: Vec<String>,
    bytes: usize,
}

/// Imports the file and reports every line that was refused on standard output.
pub async fn run(import: Import) -> Result<ExitCode> {
    let path = &import.tool.data_dir;
    let path = absolute(path).map_err(|error| Problem::file("find", path, &error))?;
    let failed = |error| Problem::file("read", &import.jsonl, &error);
    let file = File::open(&import.jsonl).map_err(failed)?;
    let bar = bar(file.metadata().map_err(failed)?.len());
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut taker = taker(&import, &path).await?;
    let limit = if matches!(taker, Taker::Server(_)) { PIECE } else { PIECE_ALONE };
    let (mut tally, mut number) = (Tally::default(), 0);
    let ended = loop {
        let (piece, read) = match next_piece(&mut file, &mut number, limit, &mut tally, &bar) {
            Ok(found) => found,
            Err(error) => break Err(failed(error)),
        };
        if read == 0 {
            break Ok(());
        }
        if let Err(problem) = send(&mut taker, piece, &mut tally, &bar).await {
            break Err(Problem::new(format!(
                "The import stopped before line {number}: {problem} Run the same command again when that is put right: what \
                 is there is skipped."
            )));
        }
        bar.inc(read);
    };
    bar.finish_and_clear();
    if let Taker::Alone(alone, _) = &taker {
        close(&alone.1).await;
    }
    if tally.created > 0 {
        // With an organisation there, no set-up secret is good any more.
        drop(keep_setup_secret(&path, None)?);
    }
    let Tally { created, known, refused } = tally;
    say(&format!("Created: {created}. There already: {known}. Refused: {refused}.\n"));
    ended.map(|()| if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn taker(import: &Import, path: &Path) -> Result<Taker> {
    if let Some(talk) = Talk::open(path).await? {
        return Ok(Taker::Server(talk));
    }
    let data = DataDir::open(path)?;
    let directory =
        open_directory(&data, &import.tool.database, Vec::new(), None, Outside::default()).await?;
    // On PostgreSQL there may be other servers.
    let portion = if import.tool.database.database_url.is_some() { BESIDE } else { ALONE };
    Ok(Taker::Alone(Box::new((data, directory)), portion))
}

async fn send(taker: &mut Taker, piece: Piece, tally: &mut Tally, bar: &ProgressBar) -> Result<()> {
    let Piece { numbers, lines, .. } = piece;
    let (created, known, refused) = match taker {
        Taker::Alone(alone, portion) => {
            let directory = &alone.1;
            let done = directory.import(&directory.own_cx(), &lines, *portion).await?;
            (done.created, done.known, done.refused)
        }
        Taker::Server(talk) => match talk.ask(&Request::Import { lines }).await? {
            Response::Imported { created, known, refused } => (created, known, refused),
            Response::Failed { message } => return Err(Problem::new(message)),
            _ => return Err(Problem::new("The server gave an answer to another question.")),
        },
    };
    tally.created += created;
    tally.known += known;
    for (place, reason) in refused {
        refuse(tally, bar, numbers.get(place).copied().unwrap_or_default(), &reason);
    }
    Ok(())
}

fn refuse(tally: &mut Tally, bar: &ProgressBar, number: u64, reason: &str) {
    tally.refused += 1;
    bar.suspend(|| say(&format!("line {number}: {reason}\n")));
}

/// The next lines, and how many bytes of the file they took; none at its end. A line that cannot be sent is refused here.
fn next_piece(
    file: &mut impl BufRead,
    number: &mut u64,
    limit: usize,
    tally: &mut Tally,
    bar: &ProgressBar,
) -> std::io::Result<(Piece, u64)> {
    let mut piece = Piece::default();
    let mut read = 0;
    while piece.bytes < limit {
        let mut bytes = Vec::new();
        let length = file.read_until(b'\n', &mut bytes)?;
        if length == 0 {
            break;
        }
        *number += 1;
        read += u64::try_from(length).unwrap_or(u64::MAX);
        match String::from_utf8(bytes) {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) if line.len() <= LINE => {
                piece.bytes += line.len();
                piece.numbers.push(*number);
                piece.lines.push(line.trim_end().to_owned());
            }
            Ok(_) => refuse(tally, bar, *number, "The line is longer than 32 KiB."),
            Err(_) => refuse(tally, bar, *number, "The line is not UTF-8."),
        }
    }
    Ok((piece, read))
}

/// Shown on a terminal only.
fn bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {bytes}/{total_bytes}  {eta} left");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::{Database, Tool},
        scratch::Scratch,
    };

    const WORLD: &str = r#"{"organization":{"domain":"contoso.example","displayName":"Contoso"}}

{"member":{"organization":"contoso.example","userPrincipalName":"ana@contoso.example","displayName":"Ana Silva"}}
{"member":{"organization":"elsewhere.example","userPrincipalName":"b@elsewhere.example","displayName":"B"}}
"#;

    fn import(scratch: &Scratch) -> Import {
        let jsonl = scratch.path().join("world.jsonl");
        std::fs::write(&jsonl, WORLD).unwrap();
        let tool = Tool { data_dir: scratch.path().join("data"), database: Database::embedded() };
        Import { tool, jsonl }
    }

    #[tokio::test]
    async fn a_file_is_imported_with_nobody_there_and_a_refused_line_is_a_failure() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        for _ in 0..2 {
            // The second time everything is there, and the refused line is refused again.
            assert_eq!(run(import(&scratch)).await.unwrap(), ExitCode::FAILURE);
        }
    }

    #[tokio::test]
    async fn a_running_server_takes_the_lines() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let import = import(&scratch);
        let data = DataDir::open(&import.tool.data_dir).unwrap();
        let directory =
            open_directory(&data, &Database::embedded(), Vec::new(), None, Outside::default()).await.unwrap();
        let (_stop, stopping) = tokio::sync::watch::channel(false);
        let listener = crate::socket::bind(data.path()).unwrap();
        tokio::spawn(crate::socket::serve(listener, directory.clone(), stopping));
        assert_eq!(run(import).await.unwrap(), ExitCode::FAILURE, "one line is refused");
        assert_eq!(directory.list_tenants().await.unwrap().len(), 1);
    }

    #[test]
    fn numbers_count_every_line_and_what_cannot_be_sent_is_refused_with_its_own() {
        let text = [b"one\n\n\xff\n".as_slice(), &[b'x'; LINE + 1], b"\nlast"].concat();
        let (mut number, mut tally, bar) = (0, Tally::default(), ProgressBar::hidden());
        let (piece, read) = next_piece(&mut text.as_slice(), &mut number, 1 << 20, &mut tally, &bar).unwrap();
        assert_eq!((piece.lines, piece.numbers), (vec!["one".to_owned(), "last".to_owned()], vec![1, 5]));
        assert_eq!((tally.refused, read), (2, u64::try_from(text.len()).unwrap()));
    }
}
