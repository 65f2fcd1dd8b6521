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
        Arc, LockResult, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// With so many pages in the log they are written back. The more there are, the more often one page stands for several changes
/// of it; and yet the file must not grow for long, because to append costs the disk more than to overwrite.
const ENOUGH: i64 = 8_192;
/// The last of them the writer writes back by itself: only while nobody adds to it can a log be done with, and begin anew.
const LAST: i64 = 256;
/// With so many pages in the log it does so however many are left.
const MOST: i64 = 4 * ENOUGH;

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
        let left = logged - self.written.load(Ordering::Relaxed);
        if logged > MOST {
            write_back(connection, self.turn.lock(), &self.written);
        } else if logged > ENOUGH && left > LAST {
            // One that waits already says the same.
            let _ = self.wake.try_send(());
        } else if logged > ENOUGH
            && let Ok(turn) = self.turn.try_lock()
        {
            write_back(connection, Ok(turn), &self.written);
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
        write_back(connection, turn.lock(), written);
    }
}

/// Writes back what can be without making anybody wait, and notes how many pages of the log that is.
fn write_back(connection: &Sqlite, turn: LockResult<MutexGuard<'_, ()>>, written: &AtomicI64) {
    let _turn = turn.unwrap_or_else(PoisonError::into_inner);
    if let Ok(pages) = connection.query_row("pragma wal_checkpoint(passive)", [], |row| row.get(2)) {
        written.store(pages, Ordering::Relaxed);
    }
}
