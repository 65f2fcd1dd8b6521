//! Writing the log back into the database, on a thread beside the writer: a long log takes a tenth of a second, and whoever
//! commits would wait for it.

use super::{connect, translate};
use crate::unavailable;
use model::{Error, Result};
use rusqlite::{Connection as Sqlite, hooks::Wal};
use std::{
    ffi::c_int,
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::oneshot;

/// With so many pages in the log (128 MiB) they are written back. The more there are, the more often one page stands for several
/// changes of it; and yet the file must not grow for long, because to append costs the disk more than to overwrite.
const ENOUGH: i64 = 32_768;
/// For the last of them the writer waits: only while nobody adds to it can a log be done with, and begin anew.
const LAST: i64 = 256;
/// It does not wait for longer than this. Once in a while a disk takes a tenth of a second to put away what it was given.
const PATIENCE: Duration = Duration::from_millis(5);
/// With so many pages in the log the writer writes them back itself, however long it takes.
const MOST: i64 = 2 * ENOUGH;

/// The thread that writes the log back. It ends when every handle is dropped.
#[derive(Clone)]
pub(super) struct Log {
    wake: SyncSender<()>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Held while pages are written back.
    turn: Mutex<()>,
    /// How many pages were in the log after the last commit, and after the one before.
    logged: AtomicI64,
    before: AtomicI64,
    /// How many of them are written back.
    written: AtomicI64,
    /// How often the thread wrote back so far.
    times: Mutex<u64>,
    once_more: Condvar,
    /// Who waits until everything is written back that is in the log now.
    asked: Mutex<Vec<oneshot::Sender<()>>>,
}

impl Shared {
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> MutexGuard<'_, Vec<oneshot::Sender<()>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes back what can be without making anybody wait, and notes how many pages of the log that is.
    fn write_back(&self, connection: &Sqlite, _turn: MutexGuard<'_, ()>) {
        if let Ok(pages) = connection.query_row("pragma wal_checkpoint(passive)", [], |row| row.get(2)) {
            self.written.store(pages, Ordering::Relaxed);
        }
    }
}

impl Log {
    /// Starts the thread beside a writer with this connection.
    pub(super) fn start(path: &Path, writer: &mut Sqlite) -> Result<(Self, JoinHandle<()>)> {
        let connection = connect(path)?;
        let (wake, woken) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        let noted = Arc::clone(&shared);
        let note = move |_: &mut Wal, pages: c_int| {
            noted.logged.store(i64::from(pages), Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(note)).map_err(translate)?;
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("innkeeper-log".to_owned())
            .spawn(move || write_back_beside(&connection, &woken, &own))
            .map_err(|error| Error::internal(format!("the thread for the log does not start: {error}")))?;
        Ok((Self { wake, shared }, thread))
    }

    fn wake(&self) {
        // One that waits already says the same.
        let _ = self.wake.try_send(());
    }

    /// To be called by the writer after each commit. What goes wrong is tried again after the next one.
    pub(super) fn grew(&self, connection: &Sqlite) {
        let Shared { logged, before, written, .. } = &*self.shared;
        let logged = logged.load(Ordering::Relaxed);
        if logged < before.swap(logged, Ordering::Relaxed) {
            // It began anew.
            written.store(0, Ordering::Relaxed);
        }
        let left = logged - written.load(Ordering::Relaxed);
        if logged > MOST {
            self.shared.write_back(connection, self.shared.turn());
        } else if logged > ENOUGH && left > LAST {
            self.wake();
        } else if logged > ENOUGH {
            self.wait_for_the_last();
        }
    }

    /// Waits for the thread, unless it is at something that began earlier and may take long.
    fn wait_for_the_last(&self) {
        if self.shared.turn.try_lock().is_err() {
            return;
        }
        let times = self.shared.times.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *times;
        self.wake();
        drop(self.shared.once_more.wait_timeout_while(times, PATIENCE, |times| *times == before));
    }

    /// Writes back what is in the log now, while the writer goes on.
    pub(super) async fn write_back(&self) -> Result<()> {
        let (reply, done) = oneshot::channel();
        self.shared.asked().push(reply);
        self.wake();
        done.await.map_err(|_| unavailable("the thread for the log is gone"))
    }

    /// Writes everything back and empties the log. By the writer only.
    pub(super) fn truncate(&self, connection: &Sqlite) -> Result<()> {
        let _turn = self.shared.turn();
        let busy: i64 = connection
            .query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))
            .map_err(translate)?;
        if busy == 0 { Ok(()) } else { Err(unavailable("a reader holds the log")) }
    }
}

fn write_back_beside(connection: &Sqlite, woken: &Receiver<()>, shared: &Shared) {
    while woken.recv().is_ok() {
        let asked = std::mem::take(&mut *shared.asked());
        shared.write_back(connection, shared.turn());
        *shared.times.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        shared.once_more.notify_all();
        for reply in asked {
            // Whoever asked may have gone away.
            let _ = reply.send(());
        }
    }
}
