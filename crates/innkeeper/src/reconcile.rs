//! The work that nobody asks for: when its passes run. What they do is in `service`, safe to run at any time and twice.

use crate::edge::stopped;
use model::{Alarm, Span};
use service::Directory;
use std::{future::Future, time::Duration};
use tokio::{sync::watch, task::JoinSet, time::sleep};

/// The purge looks at least this often, whatever is due.
const PURGE: Duration = Duration::from_secs(60);
/// How soon guests follow their home account.
const HOME: Duration = Duration::from_secs(1);
/// How soon a mail goes out.
const MAIL: Duration = Duration::from_secs(1);
/// How often what has expired is tidied up.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// How often one looks whether a signing key has to be replaced.
const KEYS: Duration = Duration::from_secs(60 * 60);
/// How often the clocks are compared and the trusted time is noted.
const CLOCK: Duration = Duration::from_secs(30);
/// How often the write-ahead log is truncated.
const CHECKPOINT: Duration = Duration::from_secs(5 * 60);

/// Starts all of them; they end when `stop` turns true, each after the pass it is in.
pub fn spawn(directory: &Directory, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(purge(directory.clone(), stop.clone()));
    tasks.spawn(home(directory.clone(), stop.clone()));
    tasks.spawn(mail(directory.clone(), stop.clone()));
    tasks.spawn(sweep(directory.clone(), stop.clone()));
    tasks.spawn(keys(directory.clone(), stop.clone()));
    tasks.spawn(clock(directory.clone(), stop.clone()));
    tasks.spawn(checkpoint(directory.clone(), stop.clone()));
    tasks
}

/// Waits; false if it is time to end instead.
async fn rest(span: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = stopped(stop) => false,
        () = sleep(span) => true,
    }
}

/// Runs one pass to its end, apart, so that a defect in it does not end the reconciler.
async fn pass<T: Send + 'static>(
    name: &'static str,
    work: impl Future<Output = model::Result<T>> + Send + 'static,
) -> Option<T> {
    match tokio::spawn(work).await {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::warn!(pass = name, ?error, "a pass did not succeed; the next one tries again");
            None
        }
        Err(error) => {
            tracing::error!(pass = name, %error, "a pass ended by a defect; the next one tries again");
            None
        }
    }
}

async fn purge(directory: Directory, mut stop: watch::Receiver<bool>) {
    loop {
        let next = pass("purge", purge_once(directory.clone())).await.unwrap_or(PURGE);
        if !rest(next, &mut stop).await {
            return;
        }
    }
}

/// One pass; answers when the next one makes sense.
async fn purge_once(directory: Directory) -> model::Result<Duration> {
    let done = directory.purge_pass().await?;
    if done.purged + done.overtaken + done.failed > 0 {
        tracing::info!(
            purged = done.purged,
            overtaken = done.overtaken,
            failed = done.failed,
            "permanently deleted accounts whose time had come"
        );
    }
    if done.failed > 0 || done.paused.is_some() || done.busy {
        return Ok(PURGE);
    }
    let next = directory.next_due().await?;
    Ok(next.map_or(PURGE, |due| until(due.since(directory.reading().trusted))))
}

/// A moment behind the due time, so that it has come, and never longer than a minute.
fn until(span: Span) -> Duration {
    let micros = u64::try_from(span.as_micros()).unwrap_or(0);
    Duration::from_micros(micros).saturating_add(Duration::from_millis(100)).min(PURGE)
}

async fn home(directory: Directory, mut stop: watch::Receiver<bool>) {
    loop {
        let own = directory.clone();
        if let Some(done) = pass("homeAccounts", async move { own.home_pass().await }).await
            && done.events > 0
        {
            tracing::info!(
                events = done.events,
                removed = done.removed,
                noted = done.noted,
                restored = done.restored,
                "carried changes of home accounts to their guests"
            );
        }
        if !rest(HOME, &mut stop).await {
            return;
        }
    }
}

async fn mail(directory: Directory, mut stop: watch::Receiver<bool>) {
    loop {
        let own = directory.clone();
        if let Some(done) = pass("mail", async move { own.mail_pass().await }).await
            && done.sent + done.given_up > 0
        {
            tracing::info!(sent = done.sent, delayed = done.delayed, given_up = done.given_up, "sent mails");
        }
        if !rest(MAIL, &mut stop).await {
            return;
        }
    }
}

async fn sweep(directory: Directory, mut stop: watch::Receiver<bool>) {
    loop {
        let own = directory.clone();
        pass("sweep", async move { own.sweep_pass().await }).await;
        if !rest(SWEEP, &mut stop).await {
            return;
        }
    }
}

async fn keys(directory: Directory, mut stop: watch::Receiver<bool>) {
    loop {
        let own = directory.clone();
        if let Some(made) = pass("keys", async move { own.key_pass().await }).await
            && made > 0
        {
            tracing::info!(made, "made signing keys that take over in a day");
        }
        if !rest(KEYS, &mut stop).await {
            return;
        }
    }
}

async fn clock(directory: Directory, mut stop: watch::Receiver<bool>) {
    let mut known: Option<Alarm> = None;
    loop {
        let alarm = directory.reading().alarm;
        if alarm != known {
            announce(alarm);
            known = alarm;
        }
        let own = directory.clone();
        pass("clock", async move { own.mark_time().await }).await;
        if !rest(CLOCK, &mut stop).await {
            return;
        }
    }
}

fn announce(alarm: Option<Alarm>) {
    match alarm {
        Some(Alarm::Jumped) => tracing::warn!(
            "the system clock is more than an hour ahead of the time that has passed: nothing is permanently deleted \
             until it is set right, or has stood for 24 hours"
        ),
        Some(Alarm::LongGap) => tracing::warn!(
            "the server was off for more than a week, or the system clock is wrong: check the clock; nothing is \
             permanently deleted until it has stood for 24 hours"
        ),
        None => tracing::warn!("the system clock is believed again: permanent deletion goes on"),
    }
}

async fn checkpoint(directory: Directory, mut stop: watch::Receiver<bool>) {
    while rest(CHECKPOINT, &mut stop).await {
        if let Err(error) = directory.checkpoint().await {
            tracing::debug!(?error, "the log was not truncated; the next turn tries again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_purge_wakes_just_behind_the_due_time_and_at_least_every_minute() {
        assert_eq!(until(Span::ZERO), Duration::from_millis(100));
        assert_eq!(until(Span::seconds(5)), Duration::from_millis(5_100));
        assert_eq!(until(Span::days(30)), PURGE);
    }

    #[tokio::test]
    async fn a_defect_in_a_pass_does_not_end_its_reconciler() {
        assert_eq!(pass("test", async { Ok(1) }).await, Some(1));
        assert_eq!(pass::<()>("test", async { Err(model::Error::internal("x")) }).await, None);
        assert_eq!(pass::<()>("test", async { panic!("defect") }).await, None);
    }
}
