//! Committing several change sets in one transaction, so that they share the disk sync, while a failed one takes back only
//! itself. Both engines group commits this way.

use crate::{Decision, Digest, Fault, Faults, Reader, connection::Connection, unavailable};
use model::{Error, Result, TenantScope};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// How many change sets may wait; beyond that callers are told to come back, so that nobody waits for long.
pub(crate) const QUEUE: usize = 4096;
/// How many change sets share one commit at most.
pub(crate) const BATCH: usize = 256;

/// Why a change set could not be applied.
#[derive(Clone, Debug)]
pub(crate) enum Failed {
    /// The decision, before anything was written: there is nothing to take back.
    Undecided(Error),
    /// The state moved under the decision: where commits run beside each other, deciding anew may help.
    Guard(Error),
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Failed {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Undecided(error) | Self::Guard(error) | Self::Other(error) => error,
        }
    }
}

/// A decision that waits for its commit.
pub(crate) trait Job: Send {
    /// Decides and applies. May run more than once.
    fn run(&mut self, connection: &dyn Connection, digest: Digest, faults: &Faults) -> Result<(), Failed>;
    /// Hands the answer out, after the commit.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// What the caller of a commit waits for: the commit's fate, and in it the decision's outcome.
pub(crate) type Committed<T> = oneshot::Receiver<Result<Result<T>>>;

struct CommitJob<T, F> {
    scope: TenantScope,
    decide: F,
    outcome: Option<Result<T>>,
    /// The fault that was planned for it, once it was asked for.
    fault: Option<Option<Fault>>,
    reply: oneshot::Sender<Result<Result<T>>>,
}

/// Makes a job of a decision.
pub(crate) fn job<T, F>(scope: TenantScope, decide: F) -> (Box<dyn Job>, Committed<T>)
where
    T: Send + 'static,
    F: FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(CommitJob { scope, decide, outcome: None, fault: None, reply }), answer)
}

impl<T, F> Job for CommitJob<T, F>
where
    T: Send,
    F: FnMut(&Reader<'_>) -> Result<Decision<T>> + Send,
{
    fn run(&mut self, connection: &dyn Connection, digest: Digest, faults: &Faults) -> Result<(), Failed> {
        let decision = (self.decide)(&Reader::new(connection, self.scope)).map_err(Failed::Undecided)?;
        let fault = *self.fault.get_or_insert_with(|| faults.strike(self.scope.tenant()));
        if fault == Some(Fault::BeforeCommit) {
            return Err(Failed::Undecided(unavailable("fault injected before the commit")));
        }
        decision.changes.apply(connection, self.scope, digest)?;
        if decision.changes.erases() {
            connection.note_erasure()?;
        }
        self.outcome = Some(decision.outcome);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let answer = match (committed, self.outcome) {
            (Err(error), _) => Err(error),
            (Ok(()), _) if self.fault.flatten() == Some(Fault::AfterCommit) => {
                Err(unavailable("fault injected after the commit"))
            }
            (Ok(()), Some(outcome)) => Ok(outcome),
            (Ok(()), None) => Err(Error::internal("a change set was committed without an outcome")),
        };
        // The caller may have gone away; the commit stands all the same.
        drop(self.reply.send(answer));
    }
}

/// A transaction that change sets share.
pub(crate) trait Transaction: Connection {
    /// Saves, releases or rolls back.
    fn control(&self, sql: &'static str) -> Result<()>;
    /// Can nothing of it be committed any more?
    fn is_over(&self) -> bool;
}

/// A job that ran, and what came of it.
pub(crate) type Ran = (Box<dyn Job>, Result<(), Failed>);

/// Runs every job, none in a savepoint: SQLite copies each page that is changed within one, which costs more than the change.
/// Nothing if one failed that may have written something, so that the transaction has to be rolled back, and the jobs run again
/// in savepoints.
pub(crate) fn run_bare(
    transaction: &impl Transaction,
    digest: Digest,
    faults: &Faults,
    jobs: &mut [Box<dyn Job>],
) -> Option<Vec<Result<(), Failed>>> {
    jobs.iter_mut()
        .map(|job| {
            let result = run_one(transaction, digest, faults, job.as_mut());
            let stands = matches!(result, Ok(()) | Err(Failed::Undecided(_))) && !transaction.is_over();
            stands.then_some(result)
        })
        .collect()
}

/// Runs every job in its savepoint. The first part says whether the transaction may be committed.
pub(crate) fn run(
    transaction: &impl Transaction,
    begun: Result<()>,
    digest: Digest,
    faults: &Faults,
    jobs: Vec<Box<dyn Job>>,
) -> (Result<()>, Vec<Ran>) {
    let mut fate = begun;
    let alone = jobs.len() == 1;
    let ran = jobs
        .into_iter()
        .map(|mut job| {
            let result = match &fate {
                Ok(()) if alone => by_itself(transaction, digest, faults, job.as_mut()),
                Ok(()) => in_savepoint(transaction, digest, faults, job.as_mut()),
                Err(error) => Err(error.clone().into()),
            };
            // A savepoint would now be a transaction of its own, or fail.
            if fate.is_ok() && transaction.is_over() {
                let weather = |error: &Error| matches!(error.kind(), model::ErrorKind::Unavailable(_));
                fate = Err(result
                    .clone()
                    .err()
                    .map(Failed::into_error)
                    .filter(weather)
                    .unwrap_or_else(|| unavailable("the transaction of this batch was rolled back")));
            }
            (job, result)
        })
        .collect();
    (fate, ran)
}

/// With nobody to share the transaction, it is the savepoint.
fn by_itself(
    transaction: &impl Transaction,
    digest: Digest,
    faults: &Faults,
    job: &mut dyn Job,
) -> Result<(), Failed> {
    let result = run_one(transaction, digest, faults, job);
    if result.is_err() && !transaction.is_over() {
        transaction.control("rollback")?;
    }
    result
}

fn run_one(
    transaction: &impl Transaction,
    digest: Digest,
    faults: &Faults,
    job: &mut dyn Job,
) -> Result<(), Failed> {
    catch_unwind(AssertUnwindSafe(|| job.run(transaction, digest, faults)))
        .unwrap_or_else(|_| Err(Error::internal("a decision panicked").into()))
}

fn in_savepoint(
    transaction: &impl Transaction,
    digest: Digest,
    faults: &Faults,
    job: &mut dyn Job,
) -> Result<(), Failed> {
    transaction.control("savepoint one")?;
    let result = run_one(transaction, digest, faults, job);
    let ended = match &result {
        Ok(()) => transaction.control("release one"),
        Err(_) if transaction.is_over() => Ok(()),
        Err(_) => transaction.control("rollback to one").and_then(|()| transaction.control("release one")),
    };
    if ended.is_err() && !transaction.is_over() {
        // What this job wrote cannot be told from its neighbours' work any more: nothing of the batch is kept.
        drop(transaction.control("rollback"));
    }
    result.and(ended.map_err(Failed::from))
}
