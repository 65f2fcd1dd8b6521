//! Many change sets of a reconciler at once.

use tokio::task::{JoinError, JoinSet};

/// How many are with the store at a time: enough to share commits, and so few that whoever else writes waits behind them for
/// milliseconds.
const AT_ONCE: usize = 16;

/// Does all of it, in whatever order it ends; what each came to, or that it panicked.
pub(crate) async fn together<T, W>(works: impl IntoIterator<Item = W>) -> Vec<Result<T, JoinError>>
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    let (mut running, mut done) = (JoinSet::new(), Vec::new());
    for work in works {
        if running.len() == AT_ONCE {
            done.extend(running.join_next().await);
        }
        running.spawn(work);
    }
    while let Some(one) = running.join_next().await {
        done.push(one);
    }
    done
}
