//! Writing the log back into the database, on a thread beside the writer: a long log takes a tenth of a second, and whoever
//! commits would wait for it.

use super::{connect, translate};
use model::{Error, Result};
use rusqlite::Connection as Sqlite;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// So many pages in the log are written back. The more there are, the more often one page stands for several changes of it.
const ENOUGH: i64 = 8_192;
/// With so many the writer lends a hand: only when nobody writes can the last be written back, and the log begin anew.
const MOST: i64 = 4 * ENOUGH;
/// How long the thread rests between two looks.
const REST: Duration = Duration::from_millis(5);

/// What the writer has of it; the thread ends when this is dropped.
pub(super) struct Log {
    wake: SyncSender<()>,
    pages: Arc<AtomicI64>,
}

impl Log {
    /// Starts the thread.
    pub(super) fn start(path: &Path) -> Result<(Self, JoinHandle<()>)> {
        let connection = connect(path)?;
        let (wake, woken) = sync_channel(1);
        let pages = Arc::new(AtomicI64::new(0));
        let seen = Arc::clone(&pages);
        let thread = thread::Builder::new()
            .name("innkeeper-log".to_owned())
            .spawn(move || write_back_beside(&connection, &woken, &seen))
            .map_err(|error| Error::internal(format!("the thread for the log does not start: {error}")))?;
        Ok((Self { wake, pages }, thread))
    }

    /// To be called by the writer after each commit.
    pub(super) fn grew(&self, connection: &Sqlite) {
        // One that waits already says the same.
        let _ = self.wake.try_send(());
        if self.pages.load(Ordering::Relaxed) > MOST {
            self.pages.store(write_back(connection, "passive").unwrap_or(MOST), Ordering::Relaxed);
        }
    }
}

fn write_back_beside(connection: &Sqlite, woken: &Receiver<()>, pages: &AtomicI64) {
    while woken.recv().is_ok() {
        let looked = write_back(connection, "noop").and_then(|waiting| {
            if waiting < ENOUGH { Ok(waiting) } else { write_back(connection, "passive") }
        });
        // What went wrong here the writer tries as well.
        pages.store(looked.unwrap_or(MOST + 1), Ordering::Relaxed);
        thread::sleep(REST);
    }
}

/// Writes back what can be without making anybody wait, or only looks; how many pages are in the log afterwards, none if it
/// begins anew with the next commit.
fn write_back(connection: &Sqlite, how: &str) -> Result<i64> {
    let (busy, logged, written): (bool, i64, i64) = connection
        .query_row(&format!("pragma wal_checkpoint({how})"), [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .map_err(translate)?;
    Ok(match (busy, written < logged) {
        // Somebody else is at it.
        (true, _) => MOST,
        (false, true) => logged,
        (false, false) => 0,
    })
}
