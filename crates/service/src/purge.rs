//! Permanent deletion: what is erased, and the reconciler that does it when the time has come.

use crate::{
    Directory, Portion,
    authn::{directory_scope, scope},
    portion::RECONCILED,
    record::Draft,
};
use model::{
    Alarm, Cx, Error, ErrorKind, Home, ObjectId, Person, Result, Span, TenantId, TenantScope, Timestamp,
    User,
    audit::{Activity, Record},
    authz::Principal,
    lifecycle, mint_uuid,
};
use serde_json::{Map, json};
use store::{ChangeSet, Decision, Due, Reader, Tombstone};
use uuid::Uuid;

/// How many accounts, or tenants, one pass looks at in one go.
const BATCH: u16 = 200;
/// The lease of the purge.
const LEASE_NAME: &str = "purge";
/// How long a pass may hold the lease before another server may take it.
const LEASE: Span = Span::minutes(2);

/// Who erases.
pub(crate) enum By<'a> {
    /// An administrator, before the time.
    Hand(&'a Principal),
    /// The reconciler, when the time has come.
    Time,
}

/// What one pass did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PurgePass {
    /// Accounts erased.
    pub purged: u64,
    /// Accounts that were due when the pass began and were restored, or erased by somebody else, before it came to them.
    pub overtaken: u64,
    /// Accounts that could not be erased this time; the next pass tries again.
    pub failed: u64,
    /// Set when the wall clock is not believed, and nothing was erased because of it.
    pub paused: Option<Alarm>,
    /// Another server is at it.
    pub busy: bool,
    /// Remains of erased rows are still in the database files, because a reader held them; the next pass takes them out.
    pub remains: bool,
}

/// Erases everything personal of a soft-deleted account and records that, without naming anybody.
pub(crate) fn erase(
    reader: &Reader<'_>,
    changes: &mut ChangeSet,
    cx: &Cx,
    user: &User,
    by: By<'_>,
) -> Result<()> {
    let deletion = user.deletion.ok_or_else(|| Error::not_found(user.id))?;
    let counts = reader.personal_rows(user.id)?;
    let erased: Map<_, _> =
        counts.iter().map(|(category, count)| ((*category).to_owned(), json!(count))).collect();
    let tombstone = Tombstone {
        id: user.id,
        deleted: deletion.at,
        purge_after: deletion.purge_after,
        purged: cx.now,
        cause: deletion.cause.as_str().to_owned(),
        by_hand: matches!(by, By::Hand(_)),
        erased: json!(erased).to_string(),
    };
    changes.purge(user, &tombstone, &counts).record(record(cx, user, &by, &counts));
    Ok(())
}

fn record(cx: &Cx, user: &User, by: &By<'_>, counts: &[(&'static str, i64)]) -> Record {
    let draft = match by {
        By::Hand(principal) => Draft::by(cx, Activity::HardDeleteUser, principal).because("byHand"),
        By::Time => Draft::by_system(cx, Activity::HardDeleteUser, "purge").because("retentionOver"),
    };
    let draft = draft.on(model::audit::Target::user(user.id));
    counts
        .iter()
        .fold(draft, |draft, (category, count)| draft.detail(&format!("erased.{category}"), count))
        .done()
}

/// A decision about what is kept beside an account that was erased.
type Forgetting = Box<dyn FnMut(&Reader<'_>) -> Result<Decision<()>> + Send>;

fn note_forgetting(forgotten: Result<()>) {
    if let Err(error) = forgotten {
        tracing::warn!(?error, "sessions of an erased account could not be ended; they end within hours");
    }
}

/// Erases an account of the reader's tenant that is due; where its owner is homed, if it was.
fn purging(cx: Cx, id: ObjectId) -> impl FnMut(&Reader<'_>) -> Result<Decision<Option<Home>>> {
    move |reader| {
        let mut changes = ChangeSet::new();
        // Read again where it is decided: a restore that came first wins.
        let user = reader.user(id)?.filter(|user| lifecycle::is_due(user, cx.trusted));
        if let Some(user) = &user {
            erase(reader, &mut changes, &cx, user, By::Time)?;
        }
        Decision::done(changes, user.map(|user| user.home))
    }
}

impl Directory {
    /// One pass of the purge: erases what is due by trusted time, in bounded batches, each account in a change set of its own.
    /// Ends by taking the remains of everything erased since the last pass out of the files. Safe to run at any time, twice, and on two servers.
    pub async fn purge_pass(&self) -> Result<PurgePass> {
        let reading = self.reading();
        if reading.alarm.is_some() {
            let remains = !self.clean_files().await;
            return Ok(PurgePass { paused: reading.alarm, remains, ..PurgePass::default() });
        }
        let holder = mint_uuid(self.own_cx().random.as_ref());
        if !self.take_lease(LEASE_NAME, holder).await? {
            return Ok(PurgePass { busy: true, ..PurgePass::default() });
        }
        let pass = self.purge_due(holder).await;
        self.release_lease(LEASE_NAME, holder).await?;
        pass
    }

    async fn purge_due(&self, holder: Uuid) -> Result<PurgePass> {
        let (mut pass, mut portion) = (PurgePass::default(), RECONCILED);
        let mut behind = None;
        loop {
            let trusted = self.reading().trusted;
            let due = self.store().read_across(|across| across.due(trusted, behind, BATCH)).await?;
            behind = due.last().copied();
            let full = due.len() == usize::from(BATCH);
            self.purge_batch((&mut pass, &mut portion), due).await;
            // Without the lease another server has taken over.
            if !full || !self.take_lease(LEASE_NAME, holder).await? {
                break;
            }
        }
        pass.remains = !self.clean_files().await;
        Ok(pass)
    }

    async fn clean_files(&self) -> bool {
        match self.checkpoint().await {
            Ok(()) => true,
            Err(error) => {
                tracing::info!(
                    ?error,
                    "remains of erased rows are still in the files; the next pass tries again"
                );
                false
            }
        }
    }

    /// Each account in a change set of its own.
    async fn purge_batch(&self, (pass, portion): (&mut PurgePass, &mut Portion), due: Vec<Due>) {
        let works = due.iter().map(|due| (scope(due.tenant), purging(self.own_cx(), due.id))).collect();
        let done = self.commit_in_portions(portion, works).await;
        let mut beside = Vec::new();
        for (due, erased) in due.into_iter().zip(done) {
            match erased {
                Ok(Some(home)) => {
                    pass.purged += 1;
                    beside.extend(self.forgetting(due.tenant, due.id, home));
                }
                Ok(None) => pass.overtaken += 1,
                Err(error) => {
                    pass.failed += 1;
                    tracing::warn!(
                        ?error,
                        "an account that is due was not erased; the next pass tries again"
                    );
                }
            }
        }
        // These cost less, and say nothing about how many accounts can be erased in time.
        let mut portion = RECONCILED;
        self.commit_in_portions(&mut portion, beside).await.into_iter().for_each(note_forgetting);
    }

    /// Forgets what is kept of somebody beside an account that was just erased.
    pub(crate) async fn forget(&self, tenant: TenantId, id: ObjectId, home: Home) {
        if let Some((scope, decide)) = self.forgetting(tenant, id, home) {
            note_forgetting(self.store().commit(scope, decide).await);
        }
    }

    /// What is kept of people beside their accounts: sessions and mails of a mailbox, and what a provider said of somebody. When
    /// the last account of the person is erased, so is that; should it fail, sessions end by themselves within hours.
    fn forgetting(&self, tenant: TenantId, id: ObjectId, home: Home) -> Option<(TenantScope, Forgetting)> {
        self.forget_local_mails(&id.to_string());
        let forgetting: (_, Forgetting) = match home {
            Home::Mailbox { address } => {
                let mails = self.private_key("passcode-address", &[&address]);
                self.forget_local_mails(&mails);
                let person = Person::Mailbox { address: address.clone() };
                let decide = move |reader: &Reader<'_>| {
                    let mut changes = ChangeSet::new();
                    if reader.across().memberships(&person, std::slice::from_ref(&address))?.is_empty() {
                        changes.forget_sessions(directory_scope(), &person);
                        changes.forget_mails(directory_scope(), &mails);
                    }
                    Decision::done(changes, ())
                };
                (directory_scope(), Box::new(decide))
            }
            Home::Federated(federated) => {
                let scope = scope(federated.tenant);
                let decide = move |reader: &Reader<'_>| {
                    let mut changes = ChangeSet::new();
                    if reader.users_by_home(&Home::Federated(federated.clone()))?.is_empty() {
                        changes.forget_federated_person(scope, &federated);
                    }
                    Decision::done(changes, ())
                };
                (scope, Box::new(decide))
            }
            Home::Invited { address } => {
                let scope = scope(tenant);
                let decide = move |_: &Reader<'_>| {
                    let mut changes = ChangeSet::new();
                    changes.forget_federated_address(scope, &address);
                    Decision::done(changes, ())
                };
                (scope, Box::new(decide))
            }
            Home::Here | Home::Tenant { .. } => return None,
        };
        Some(forgetting)
    }

    /// Takes or keeps the lease of a reconciler; false when another holder has it.
    pub(crate) async fn take_lease(&self, name: &'static str, holder: Uuid) -> Result<bool> {
        // By trusted time, which no wrong wall clock puts ahead; the mark keeps a restart from falling behind it.
        let now = self.reading().trusted;
        let taken = self
            .store()
            .commit(directory_scope(), move |_| {
                let mut changes = ChangeSet::new();
                changes.set_clock_mark(now).take_lease(name, holder, now, now + LEASE);
                Decision::done(changes, ())
            })
            .await;
        match taken {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Tidies up what has expired, tenant by tenant. Nothing depends on it but that old keys and addresses do not pile up:
    /// expiry is judged at use.
    pub async fn sweep_pass(&self) -> Result<()> {
        let mut behind = None;
        self.sweep(directory_scope()).await?;
        loop {
            let tenants = self.store().read_across(|across| across.tenants(behind, BATCH)).await?;
            let Some(last) = tenants.last() else { return Ok(()) };
            behind = Some(last.id);
            for tenant in tenants {
                self.sweep(scope(tenant.id)).await?;
            }
        }
    }

    async fn sweep(&self, scope: model::TenantScope) -> Result<()> {
        let now = self.reading().now;
        self.store()
            .commit(scope, move |reader| {
                let mut changes = ChangeSet::new();
                changes.sweep(scope, now).sweep_federation_flows(scope, now).sweep_tokens(scope, now);
                if !reader.has_user_counts()? {
                    changes.count_users_anew(scope);
                }
                Decision::done(changes, ())
            })
            .await
    }

    /// Gives a lease back, so that nobody waits for it to end.
    pub(crate) async fn release_lease(&self, name: &'static str, holder: Uuid) -> Result<()> {
        self.store()
            .commit(directory_scope(), move |_| {
                let mut changes = ChangeSet::new();
                changes.release_lease(name, holder);
                Decision::done(changes, ())
            })
            .await
    }

    /// When the next account falls due, if any is waiting: the reconciler sleeps no longer than that.
    pub async fn next_due(&self) -> Result<Option<Timestamp>> {
        self.store().read_across(|across| across.next_due()).await
    }
}
