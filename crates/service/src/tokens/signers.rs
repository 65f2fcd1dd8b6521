//! The threads that make signatures: one for each core, and a queue before them. A signature takes a fifth of a millisecond, which
//! nobody else is to wait for on the event loop; and handed to a thread of its own each, they would cost half as much again.

use model::{Error, Result};
use std::{
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// Of the process: threads are nobody's in particular.
static QUEUE: LazyLock<Sender<Work>> = LazyLock::new(start);

fn start() -> Sender<Work> {
    let (queue, works) = channel();
    let works = Arc::new(Mutex::new(works));
    for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
        let works = Arc::clone(&works);
        // Without a single thread, nobody receives, and whoever sends is told.
        drop(thread::Builder::new().name("innkeeper-signer".to_owned()).spawn(move || work_off(&works)));
    }
    queue
}

fn work_off(works: &Mutex<Receiver<Work>>) {
    loop {
        let next = works.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        // Whoever waits for it finds that no answer comes.
        drop(catch_unwind(AssertUnwindSafe(work)));
    }
}

/// Makes a signature beside the event loop.
pub(super) async fn signed(sign: impl FnOnce() -> Result<String> + Send + 'static) -> Result<String> {
    let (reply, answer) = oneshot::channel();
    let work: Work = Box::new(move || drop(reply.send(sign())));
    let lost = || Error::internal("a signature was not made");
    QUEUE.send(work).map_err(|_| lost())?;
    answer.await.map_err(|_| lost())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn signatures_are_made_each_for_whoever_asked_and_one_that_panics_takes_no_thread_along() {
        for round in 0..20 {
            let broken = signed(|| panic!("on purpose")).await;
            assert_eq!(broken.unwrap_err().kind(), model::ErrorKind::Internal);
            let works: Vec<_> =
                (0..50).map(|n| tokio::spawn(signed(move || Ok(format!("{round} {n}"))))).collect();
            for (n, work) in works.into_iter().enumerate() {
                assert_eq!(work.await.unwrap().unwrap(), format!("{round} {n}"));
            }
        }
    }
}
