//! The engine for PostgreSQL: a pool of connections on a runtime of its own. Commits of one tenant share transactions and
//! take turns, in this process by a queue and between processes by a lock on the tenant's row; tenants do not wait for each
//! other. What cannot be locked is guarded, and a decision whose guard failed, or that lost against another transaction, is
//! taken anew.

mod distribute;
mod pool;
mod roles;
mod session;
mod setup;
mod translate;
mod url;
mod wait;

pub use distribute::Distribution;
pub use url::DatabaseUrl;
pub(crate) use wait::blocking;

use crate::{
    Decision, Digest, Faults, Reader,
    batch::{self, BATCH, Failed, Job, QUEUE},
    connection::View,
    unavailable,
};
use model::{Error, Result, TenantId, TenantScope};
use pool::{Leased, Pool};
use session::{Manners, Session};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use translate::Damage;

/// How often a decision is taken at most.
const ATTEMPTS: u32 = 8;

/// How a server uses its database.
#[derive(Clone)]
pub struct Options {
    /// How many connections it keeps at most. All servers together must stay below what the database allows.
    pub connections: usize,
    /// How long a request waits for one of them before it is told to come back.
    pub patience: Duration,
    /// The fault seam of tests.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 16, patience: Duration::from_secs(3), faults: Faults::default() }
    }
}

/// A change set that waits, and how often it was tried.
struct Waiting {
    job: Box<dyn Job>,
    attempts: u32,
}

#[derive(Default)]
struct Queues {
    /// A tenant is here while somebody works for it.
    tenants: HashMap<TenantId, VecDeque<Waiting>>,
    waiting: usize,
}

pub(crate) struct Engine {
    core: Arc<Core>,
}

struct Core {
    pool: Arc<Pool>,
    manners: Arc<Manners>,
    queues: Mutex<Queues>,
    digest: Digest,
    faults: Faults,
    /// Spreads those who try again at the same moment.
    tries: AtomicU64,
}

impl Engine {
    pub(crate) fn connect(url: &DatabaseUrl, digest: Digest, options: Options) -> Result<Self> {
        let pool = Pool::new(url, &options)?;
        let preparing = pool.runtime().spawn(setup::prepare(Arc::clone(&pool), digest));
        let manners = blocking(|| wait::wait(preparing))
            .map_err(|error| Error::internal(format!("preparing the database ended early: {error}")))??;
        Ok(Self {
            core: Arc::new(Core {
                pool,
                manners: Arc::new(manners),
                queues: Mutex::default(),
                digest,
                faults: options.faults,
                tries: AtomicU64::new(0),
            }),
        })
    }

    /// A snapshot to read from; it ends when dropped.
    pub(crate) async fn reading(&self, own: View) -> Result<Session> {
        Ok(Session::reading(self.core.pool.get().await?, &self.core.manners, own))
    }

    pub(crate) async fn commit<T, F>(&self, scope: TenantScope, decide: F) -> Result<Result<T>>
    where
        T: Send + 'static,
        F: FnMut(&Reader<'_>) -> Result<Decision<T>> + Send + 'static,
    {
        let (job, answer) = batch::job(scope, decide);
        self.order_job(scope.tenant(), job)?;
        answer.await.map_err(|_| unavailable("the writer is gone"))?
    }

    /// Queues a job behind the others of a tenant.
    pub(crate) fn order_job(&self, tenant: TenantId, job: Box<dyn Job>) -> Result<()> {
        self.core.order(tenant, job)
    }

    /// A snapshot with the rows of all tenants; waits for its connection on the calling thread.
    pub(crate) fn reading_all(&self) -> Result<Session> {
        wait::wait(self.reading(View::Directory))
    }

    pub(crate) async fn distribute(&self) -> Result<Distribution> {
        let client = self.core.pool.connect().await?;
        let roles = &self.core.manners.roles;
        distribute::distribute(setup::Setup(&client), roles).await
    }

    /// Keeps the first check value that it is given, and refuses another.
    pub(crate) async fn agree_on_master_key(&self, check: &str) -> Result<()> {
        let client = self.core.pool.connect().await?;
        setup::agree_on_master_key(&client, check).await
    }
}

impl Core {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job behind the tenant's others; the first of them starts somebody who works for the tenant.
    fn order(self: &Arc<Self>, tenant: TenantId, job: Box<dyn Job>) -> Result<()> {
        let mut queues = self.queues();
        if queues.waiting >= QUEUE {
            return Err(unavailable("too many change sets are waiting"));
        }
        queues.waiting += 1;
        let served = queues.tenants.contains_key(&tenant);
        queues.tenants.entry(tenant).or_default().push_back(Waiting { job, attempts: 1 });
        drop(queues);
        if !served {
            self.pool.runtime().spawn(Arc::clone(self).serve(tenant));
        }
        Ok(())
    }

    /// Works for one tenant until nothing is waiting.
    async fn serve(self: Arc<Self>, tenant: TenantId) {
        loop {
            let leased = self.pool.get().await;
            let jobs = self.take(tenant, if leased.is_ok() { BATCH } else { usize::MAX });
            if jobs.is_empty() {
                return;
            }
            match leased {
                Err(error) => jobs.into_iter().for_each(|waiting| waiting.job.answer(Err(error.clone()))),
                Ok(leased) => {
                    let core = Arc::clone(&self);
                    let writing = tokio::task::spawn_blocking(move || core.write(leased, tenant, jobs));
                    let again = writing.await.unwrap_or_default();
                    if let Some(attempts) = again.iter().map(|waiting| waiting.attempts).max() {
                        tokio::time::sleep(self.pause(attempts)).await;
                        self.put_back(tenant, again);
                    }
                }
            }
        }
    }

    /// Takes what is waiting; when there is nothing, nobody works for the tenant any more.
    fn take(&self, tenant: TenantId, most: usize) -> Vec<Waiting> {
        let mut queues = self.queues();
        let Some(queue) = queues.tenants.get_mut(&tenant) else { return Vec::new() };
        let count = queue.len().min(most);
        let taken: Vec<_> = queue.drain(..count).collect();
        if taken.is_empty() {
            queues.tenants.remove(&tenant);
        }
        queues.waiting -= taken.len();
        taken
    }

    fn put_back(&self, tenant: TenantId, jobs: Vec<Waiting>) {
        let mut queues = self.queues();
        queues.waiting += jobs.len();
        let queue = queues.tenants.entry(tenant).or_default();
        jobs.into_iter().rev().for_each(|waiting| queue.push_front(waiting));
    }

    /// A moment that grows with each attempt and differs between those who wait, without a source of randomness.
    fn pause(&self, attempts: u32) -> Duration {
        let turn = self.tries.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let most = 1_000_u64 << attempts.min(7);
        Duration::from_micros(most / 4 + turn.rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9) % most)
    }

    /// One transaction; returns what has to be decided anew.
    fn write(&self, leased: Leased, tenant: TenantId, waiting: Vec<Waiting>) -> Vec<Waiting> {
        let session = Session::writing(leased, &self.manners, tenant);
        let (jobs, attempts): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|waiting| (waiting.job, waiting.attempts)).unzip();
        let (fate, ran) = batch::run(&session, Ok(()), self.digest, &self.faults, jobs);
        let wanted = ran.iter().any(|(_, result)| result.is_ok());
        let committed = fate.and_then(|()| if wanted { session.commit() } else { Ok(()) });
        let damage = session.damage();
        // The connection is free before anybody hears of the commit and asks for another.
        drop(session);
        let mut again = Vec::new();
        for ((job, result), attempts) in ran.into_iter().zip(attempts) {
            let anew =
                damage == Some(Damage::Again) || damage.is_none() && matches!(result, Err(Failed::Guard(_)));
            if anew && attempts < ATTEMPTS {
                again.push(Waiting { job, attempts: attempts + 1 });
            } else {
                let answer = match damage {
                    Some(Damage::Again) => Err(lost_out(&result, &committed)),
                    _ => result.map_err(Failed::into_error).and_then(|()| committed.clone()),
                };
                job.answer(answer);
            }
        }
        again
    }
}

/// The answer to a decision that lost against other transactions every time.
fn lost_out(result: &Result<(), Failed>, committed: &Result<()>) -> Error {
    let last = result.clone().err().map(Failed::into_error).or_else(|| committed.clone().err());
    unavailable(format!("the decision lost against others {ATTEMPTS} times; the last time: {last:?}"))
}
