//! Writing the log back into the database, on a thread beside the writer: a long log takes a tenth of a second, and whoever
//! commits would wait for it.

use super::{connect, translate};
use crate::unavailable;
use model::{Error, Result};
use rusqlite::{Connection as Sqlite, hooks::Wal};
use std::{
    cell::Cell,
    ffi::c_int,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// With so many pages in the log that are not written back, it is time. The more there are, the more often one page stands for
/// several changes of it.
const ENOUGH: i64 = 8_192;
/// With so many pages in the log the writer lends a hand: only when nobody writes can the last be written back, and the log
/// begin anew.
const MOST: i64 = 4 * ENOUGH;
/// Fewer are not worth a sync.
const LEAST: i64 = 256;

/// How many pages may wait in a log of so many: the nearer its end, the fewer, so that the writer has little to do in the end.
fn bearable(logged: i64) -> i64 {
    ((MOST - logged) / 4).clamp(LEAST, ENOUGH)
}

/// What the writer has of it; the thread ends when this is dropped.
pub(super) struct Log {
    wake: SyncSender<()>,
    /// Held while pages are written back.
    turn: Arc<Mutex<()>>,
    /// How many pages were in the log after the last commit, and after the one before.
    logged: Arc<AtomicI64>,
    before: Cell<i64>,
    /// How many of them are written back.
    written: Arc<AtomicI64>,
}

impl Log {
    /// Starts the thread beside a writer with this connection.
    pub(super) fn start(path: &Path, writer: &mut Sqlite) -> Result<(Self, JoinHandle<()>)> {
        let connection = connect(path)?;
        let (wake, woken) = sync_channel(1);
        let turn = Arc::new(Mutex::new(()));
        let logged = Arc::new(AtomicI64::new(0));
        let written = Arc::new(AtomicI64::new(0));
        let noted = Arc::clone(&logged);
        let note = move |_: &mut Wal, pages: c_int| {
            noted.store(i64::from(pages), Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(note)).map_err(translate)?;
        let own = (Arc::clone(&turn), Arc::clone(&written));
        let thread = thread::Builder::new()
            .name("innkeeper-log".to_owned())
            .spawn(move || write_back_beside(&connection, &woken, &own))
            .map_err(|error| Error::internal(format!("the thread for the log does not start: {error}")))?;
        Ok((Self { wake, turn, logged, before: Cell::new(0), written }, thread))
    }

    /// To be called by the writer after each commit. What goes wrong is tried again after the next one.
    pub(super) fn grew(&self, connection: &Sqlite) {
        let logged = self.logged.load(Ordering::Relaxed);
        if logged < self.before.replace(logged) {
            // It began anew.
            self.written.store(0, Ordering::Relaxed);
        }
        if logged > MOST {
            write_back(connection, &self.turn, &self.written);
        } else if logged - self.written.load(Ordering::Relaxed) > bearable(logged) {
            // One that waits already says the same.
            let _ = self.wake.try_send(());
        }
    }

    /// Writes everything back and empties the log.
    pub(super) fn truncate(&self, connection: &Sqlite) -> Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let busy: i64 = connection
            .query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))
            .map_err(translate)?;
        if busy == 0 { Ok(()) } else { Err(unavailable("a reader holds the log")) }
    }
}

fn write_back_beside(
    connection: &Sqlite,
    woken: &Receiver<()>,
    (turn, written): &(Arc<Mutex<()>>, Arc<AtomicI64>),
) {
    while woken.recv().is_ok() {
        write_back(connection, turn, written);
    }
}

/// Writes back what can be without making anybody wait, and notes how many pages of the log that is.
fn write_back(connection: &Sqlite, turn: &Mutex<()>, written: &AtomicI64) {
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(pages) = connection.query_row("pragma wal_checkpoint(passive)", [], |row| row.get(2)) {
        written.store(pages, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_the_log_the_less_may_wait() {
        let steps: Vec<i64> = [0, ENOUGH, 2 * ENOUGH, 3 * ENOUGH, MOST, MOST + 1].map(bearable).into();
        assert_eq!(steps, [8_192, 6_144, 4_096, 2_048, LEAST, LEAST]);
    }
}
