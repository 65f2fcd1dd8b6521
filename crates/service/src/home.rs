//! What the deletion of a home account means for its guests elsewhere: blocked at once (by reading the home account), and
//! soft-deleted where the tenant's policy says so.

use crate::{
    Caller, Directory,
    authn::{authorized, scope},
    deleted,
    portion::RECONCILED,
    record::Draft,
    users,
};
use model::{
    Cx, DeletionCause, Error, Home, HomeState, ObjectId, Result, Timestamp, User,
    audit::{Activity, Record},
    authz::{Operation, may_manage},
    lifecycle, mint_uuid,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use store::{ChangeSet, Decision, HomeAccountState, OutboxItem, Reader};
use uuid::Uuid;

/// The kind of outbox rows that carry these events.
const KIND: &str = "homeAccount";
/// How many tenants are looked up in one go.
const TENANTS: u16 = 500;
/// How many outbox rows one pass takes.
const EVENTS: u16 = 100;
/// How many guests of deleted home accounts a list shows, and one application settles.
const ORPHANS: u16 = 100;

/// What happened at home. The id is that of the deletion, so that a restore undoes exactly what that deletion caused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Event {
    /// The account was soft-deleted.
    Deleted(Uuid),
    /// It was restored; the deletion that this undoes.
    Restored(Uuid),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Message {
    object: ObjectId,
    event: Event,
    at: Timestamp,
}

/// Tells the reconciler, in the same commit as the change at home.
pub(crate) fn announce(changes: &mut ChangeSet, cx: &Cx, user: &User, event: Event) {
    let message = Message { object: user.id, event, at: cx.now };
    // Ids and a time always serialise.
    let body = serde_json::to_string(&message).unwrap_or_default();
    // Carried in the order of trusted time: a wall clock that was set back must not turn events round.
    changes.send(scope(user.tenant), mint_uuid(cx.random.as_ref()), KIND, &body, cx.trusted);
}

/// What one pass did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HomePass {
    /// Events that were carried to all tenants.
    pub events: u64,
    /// Guests that were soft-deleted.
    pub removed: u64,
    /// Guests that stay, because the policy does not ask for their removal.
    pub noted: u64,
    /// Guests that came back with their home account.
    pub restored: u64,
}

/// A live guest whose home account is deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Orphan {
    /// The guest.
    pub user: User,
    /// Since when the home account is gone.
    pub since: Timestamp,
}

/// One page of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrphanPage {
    /// This page.
    pub orphans: Vec<Orphan>,
    /// How many there are on all pages.
    pub total: i64,
    /// Whom the next page continues behind, if there is one.
    pub next: Option<ObjectId>,
}

/// One page of guests with a home account in another organisation here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithHome {
    /// This page.
    pub users: Vec<User>,
    /// The home key that the next page continues behind, if there is one.
    pub next: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Nothing,
    Removed,
    Noted,
    Restored,
}

impl Directory {
    /// Carries deletions and restores of home accounts to the tenants where they are guests, oldest first. Idempotent: a pass
    /// that was cut short is repeated and finds done what was done.
    pub async fn home_pass(&self) -> Result<HomePass> {
        let waiting = self.store().read_across(|across| across.outbox(KIND, 1)).await?;
        let holder = mint_uuid(self.own_cx().random.as_ref());
        if waiting.is_empty() || !self.take_lease(KIND, holder).await? {
            return Ok(HomePass::default());
        }
        let pass = self.carry_all(holder).await;
        self.release_lease(KIND, holder).await?;
        pass
    }

    async fn carry_all(&self, holder: Uuid) -> Result<HomePass> {
        let mut pass = HomePass::default();
        loop {
            let items = self.store().read_across(|across| across.outbox(KIND, EVENTS)).await?;
            if items.is_empty() {
                return Ok(pass);
            }
            for item in items {
                if !self.take_lease(KIND, holder).await? {
                    // Another server has taken over.
                    return Ok(pass);
                }
                if !self.carry(&mut pass, &item, holder).await? {
                    return Ok(pass);
                }
                pass.events += 1;
            }
        }
    }

    /// Carries one event to all tenants; false if another server took over meanwhile, which begins it again.
    async fn carry(&self, pass: &mut HomePass, item: &OutboxItem, holder: Uuid) -> Result<bool> {
        let message = parse(item)?;
        let home = Home::Tenant { tenant: item.tenant, object: message.object };
        let (mut behind, mut portion) = (None, RECONCILED);
        loop {
            let looked_for = home.clone();
            let tenants = self
                .store()
                .read_across(move |across| across.tenants_with_guest(&looked_for, behind, TENANTS))
                .await?;
            let Some(last) = tenants.last().copied() else { break };
            behind = Some(last);
            if !self.take_lease(KIND, holder).await? {
                return Ok(false);
            }
            let works = tenants
                .into_iter()
                .map(|tenant| (scope(tenant), carrying(self.own_cx(), home.clone(), message)))
                .collect();
            for carried in self.commit_in_portions(&mut portion, works).await {
                for effect in carried? {
                    match effect {
                        Effect::Nothing => {}
                        Effect::Removed => pass.removed += 1,
                        Effect::Noted => pass.noted += 1,
                        Effect::Restored => pass.restored += 1,
                    }
                }
            }
        }
        if let Event::Deleted(_) = message.event {
            self.sever(&home).await?;
        }
        let (tenant, id) = (item.tenant, item.id);
        self.store()
            .commit(scope(tenant), move |_| {
                let mut changes = ChangeSet::new();
                changes.finish(scope(tenant), id);
                Decision::done(changes, true)
            })
            .await
    }

    /// One page of guests whose home account was deleted and who are still here, by id behind `after`.
    pub async fn list_orphans(
        &self,
        cx: &Cx,
        caller: &Caller,
        after: Option<ObjectId>,
    ) -> Result<OrphanPage> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::SettleHomeDeletions)?;
                let mut orphans: Vec<Orphan> =
                    reader.orphans(after, ORPHANS + 1)?.into_iter().filter_map(orphan).collect();
                let more = orphans.len() > usize::from(ORPHANS);
                orphans.truncate(usize::from(ORPHANS));
                let next = orphans.last().filter(|_| more).map(|last| last.user.id);
                Ok(OrphanPage { orphans, total: reader.count_orphans()?, next })
            })
            .await
    }

    /// Those of these people whose home account was deleted and who are still here.
    pub async fn orphans_among(&self, cx: &Cx, caller: &Caller, ids: &[ObjectId]) -> Result<Vec<Orphan>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::SettleHomeDeletions)?;
                let chosen = ids.iter().take(usize::from(ORPHANS));
                let live: Vec<User> =
                    chosen.filter_map(|id| reader.live_user(*id).transpose()).collect::<Result<_>>()?;
                Ok(live.into_iter().filter_map(orphan).collect())
            })
            .await
    }

    /// One page of live guests with a home account in another organisation here, behind the home key `after`: those whom the
    /// policy removes once it is deleted.
    pub async fn with_home_here(
        &self,
        cx: &Cx,
        caller: &Caller,
        after: Option<&str>,
        limit: u16,
    ) -> Result<WithHome> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ListUsers)?;
                let mut users = reader.with_home_here(after, limit + 1)?;
                let more = users.len() > usize::from(limit);
                users.truncate(usize::from(limit));
                let next = users.last().filter(|_| more).and_then(|last| last.home.key());
                Ok(WithHome { users, next })
            })
            .await
    }

    /// Removes these guests, whose home account was deleted, by hand: an administrator's act, which a restore at home does not
    /// undo. Answers how many were removed; those that changed in the meantime are left alone.
    pub async fn settle_orphans(&self, cx: &Cx, caller: &Caller, ids: Vec<ObjectId>) -> Result<u64> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::SettleHomeDeletions)?;
                let mut changes = ChangeSet::new();
                let mut removed = 0;
                // A form may name somebody twice.
                let chosen: BTreeSet<ObjectId> = ids.iter().copied().take(usize::from(ORPHANS)).collect();
                for id in &chosen {
                    let Some(user) = reader.live_user(*id)?.and_then(orphan).map(|orphan| orphan.user) else {
                        continue;
                    };
                    let roles = reader.roles(user.id)?;
                    if may_manage(&principal, &roles).is_err()
                        || users::is_last_administrator(reader, &user, &roles)?
                    {
                        continue;
                    }
                    let draft = Draft::by(&cx, Activity::DeleteUser, &principal).on_user(&cx, &user);
                    users::soft_delete(&mut changes, &cx, &user, DeletionCause::Removed)?;
                    changes.record(draft.because("homeAccountDeletedBefore").done());
                    removed += 1;
                }
                Decision::done(changes, removed)
            })
            .await
    }
}

/// What an event at home comes to in the tenant of the reader.
fn carrying(
    cx: Cx,
    home: Home,
    message: Message,
) -> impl FnMut(&Reader<'_>) -> Result<Decision<Vec<Effect>>> {
    move |reader| {
        let mut changes = ChangeSet::new();
        let mut effects = Vec::new();
        // Judged again where it is decided: signals may come late, twice, or behind the restore.
        let gone = is_gone(reader, &home)?;
        for user in reader.users_by_home(&home)? {
            effects.push(match message.event {
                Event::Deleted(_) if !gone => Effect::Nothing,
                Event::Deleted(event) => home_deleted(reader, &mut changes, &cx, &user, (event, message.at))?,
                Event::Restored(event) => home_restored(reader, &mut changes, &cx, &user, event)?,
            });
        }
        Decision::done(changes, effects)
    }
}

fn orphan(user: User) -> Option<Orphan> {
    match user.home_state {
        HomeState::Deleted(since) => Some(Orphan { user, since }),
        HomeState::Present => None,
    }
}

fn is_gone(reader: &Reader<'_>, home: &Home) -> Result<bool> {
    let Home::Tenant { tenant, object } = home else { return Ok(false) };
    Ok(reader.across().home_account(*tenant, *object)? == HomeAccountState::Deleted)
}

fn home_deleted(
    reader: &Reader<'_>,
    changes: &mut ChangeSet,
    cx: &Cx,
    user: &User,
    (event, at): (Uuid, Timestamp),
) -> Result<Effect> {
    if user.home_state != HomeState::Present {
        return Ok(Effect::Nothing);
    }
    let marked = User { home_state: HomeState::Deleted(at), ..user.clone() };
    if user.is_deleted() {
        // Should it be restored here, its home is gone all the same.
        changes.update_user(user, &User { version: user.version + 1, ..marked });
        return Ok(Effect::Nothing);
    }
    let policy = reader.policy()?;
    let roles = reader.roles(user.id)?;
    changes.guard_policy(scope(user.tenant), &policy);
    let is_needed = users::is_last_administrator(reader, user, &roles)?;
    if policy.allow_removal && !is_needed {
        users::keep_an_administrator(reader, changes, user, &roles)?;
        users::soft_delete(changes, cx, &marked, DeletionCause::HomeDeleted(event))?;
        changes.record(record(cx, Activity::DeleteUser, &marked, "homeAccountDeleted", event));
        return Ok(Effect::Removed);
    }
    let why = if policy.allow_removal { "lastAdministrator" } else { "notRemovedByPolicy" };
    note(changes, cx, &marked, (event, why));
    Ok(Effect::Noted)
}

fn note(changes: &mut ChangeSet, cx: &Cx, marked: &User, (event, why): (Uuid, &str)) {
    changes.update_user(marked, &User { version: marked.version + 1, ..marked.clone() });
    changes.record(record(cx, Activity::HomeAccountDeleted, marked, why, event));
}

/// Removal is not retroactive: what was deleted before it is switched on and has not been carried here yet is noted now, in
/// the commit that switches it on, so that it does not count as a later deletion.
pub(crate) fn note_earlier(reader: &Reader<'_>, changes: &mut ChangeSet, cx: &Cx) -> Result<()> {
    let mut noted = HashSet::new();
    for item in reader.across().outbox(KIND, u16::MAX)? {
        let message = parse(&item)?;
        let home = Home::Tenant { tenant: item.tenant, object: message.object };
        let Event::Deleted(event) = message.event else { continue };
        if !is_gone(reader, &home)? {
            continue;
        }
        if let Some(user) = reader.user_by_home(&home)?
            && user.home_state == HomeState::Present
            && noted.insert(user.id)
        {
            let marked = User { home_state: HomeState::Deleted(message.at), ..user };
            note(changes, cx, &marked, (event, "notRemovedByPolicy"));
        }
    }
    Ok(())
}

fn parse(item: &OutboxItem) -> Result<Message> {
    serde_json::from_str(&item.body)
        .map_err(|error| Error::internal(format!("an outbox row does not parse: {error}")))
}

fn home_restored(
    reader: &Reader<'_>,
    changes: &mut ChangeSet,
    cx: &Cx,
    user: &User,
    event: Uuid,
) -> Result<Effect> {
    let back = User { home_state: HomeState::Present, ..user.clone() };
    match user.deletion {
        Some(deletion) if deletion.cause == DeletionCause::HomeDeleted(event) => {
            let Ok(next) = lifecycle::restore(&back, None, cx.now, cx.trusted) else {
                return Ok(Effect::Nothing);
            };
            if let Some(what) = deleted::in_the_way(reader, user, &next.upn)? {
                let draft = Draft::by_system(cx, Activity::RestoreUser, "homeAccounts").on_user(cx, user);
                changes.record(draft.refused("anotherAccountInPlace").detail("same", what).done());
                return Ok(Effect::Nothing);
            }
            changes.update_user(user, &next);
            changes.record(record(cx, Activity::RestoreUser, &next, "homeAccountRestored", event));
            Ok(Effect::Restored)
        }
        None if user.home_state != HomeState::Present => {
            changes.update_user(user, &User { version: user.version + 1, ..back.clone() });
            changes.record(record(cx, Activity::HomeAccountRestored, &back, "homeAccountRestored", event));
            Ok(Effect::Restored)
        }
        // Deleted for another reason: the account stays deleted, but its home is back.
        Some(_) if user.home_state != HomeState::Present => {
            changes.update_user(user, &User { version: user.version + 1, ..back });
            Ok(Effect::Nothing)
        }
        _ => Ok(Effect::Nothing),
    }
}

fn record(cx: &Cx, activity: Activity, user: &User, reason: &str, event: Uuid) -> Record {
    Draft::by_system(cx, activity, "homeAccounts")
        .on_user(cx, user)
        .because(reason)
        .detail("homeEvent", event)
        .done()
}
