//! Waiting for the database from functions that are not asynchronous: decisions and reads are plain functions, while the
//! connections live on a runtime of their own.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};
use tokio::runtime::{Handle, RuntimeFlavor};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread. Nothing that is waited for here may need this thread to go on.
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// The same for at most so long, by the timer of the runtime that is given.
pub(super) fn wait_at_most<F: Future>(runtime: &Handle, limit: Duration, future: F) -> Option<F::Output> {
    let entered = runtime.enter();
    let limited = tokio::time::timeout(limit, future);
    drop(entered);
    wait(limited).ok()
}

/// Runs something that waits. A runtime with several threads is told, so that its other tasks go on meanwhile; one with a
/// single thread, as tests have it, just stands still.
pub(crate) fn blocking<T>(run: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(run)
        }
        _ => run(),
    }
}

/// Starts a future, which sends what it has to send, and does not wait for the answer.
pub(super) fn send_only(future: impl Future) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

/// Polls futures in their order, so that what they send goes out in that order, until all are done.
pub(super) async fn in_order<F: Future + Unpin>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (future, None)).collect();
    std::future::poll_fn(|cx| {
        let mut pending = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match std::pin::Pin::new(future).poll(cx) {
                    Poll::Ready(ready) => *output = Some(ready),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
