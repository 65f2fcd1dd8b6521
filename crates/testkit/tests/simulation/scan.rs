//! The full scan: everything stored against the invariants, and the audit log replayed.

use crate::rig::{Check, Run, template};
use model::{
    ObjectId,
    audit::{Activity, Record, Stored},
};
use std::collections::{BTreeMap, BTreeSet};
use store::AuditQuery;
use testkit::{Row, World};

impl Run {
    pub async fn scan(&mut self) -> Check {
        self.everything().await?;
        self.memberships().await?;
        for tenant in 0..self.state.companies.len() {
            self.chain(tenant).await.map_err(|problem| format!("tenant {tenant}: {problem}"))?;
            self.administered(tenant)?;
        }
        self.tables()?;
        self.sessions()?;
        let findings = self.world.directory().verify().await.map_err(|error| format!("verify: {error:?}"))?;
        if findings.problems.is_empty() { Ok(()) } else { Err(format!("verify: {:?}", findings.problems)) }
    }

    /// I-12.
    fn administered(&self, tenant: usize) -> Check {
        let members = self.state.live_in(tenant).any(|account| !account.external());
        let administers =
            |account: &crate::state::Account| account.is_global() && account.enabled && !account.external();
        if !members || self.state.live_in(tenant).any(administers) {
            return Ok(());
        }
        Err(format!("I-12: tenant {tenant} has no administrator"))
    }

    /// I-19 by the store's own check, I-03 and I-08 by replay.
    async fn chain(&self, tenant: usize) -> Check {
        let company = &self.state.companies[tenant];
        let found = self.world.store().read(World::scope(company.id), |reader| {
            let query = AuditQuery { limit: u16::MAX, ..AuditQuery::default() };
            Ok((reader.verify_chain(identity::digest)?, reader.audit(&query)?))
        });
        let (report, mut records) = found.await.map_err(|error| format!("{error:?}"))?;
        if let Some(broken) = report.broken_at {
            return Err(format!("I-19: {broken:?}"));
        }
        records.reverse();
        let mut replay = Replay::default();
        for (expected, stored) in (1..).zip(&records) {
            if stored.sequence != expected {
                return Err(format!("I-19: {} where {expected} should be", stored.sequence));
            }
            replay
                .play(stored)
                .map_err(|problem| format!("I-03: record {expected}: {problem}: {stored:?}"))?;
        }
        self.ends_in_the_state(tenant, &replay)
    }

    fn ends_in_the_state(&self, tenant: usize, replay: &Replay) -> Check {
        let company = &self.state.companies[tenant];
        if (replay.may_leave, replay.removal) != (company.may_leave, company.removal) {
            return Err(format!(
                "I-03: the log says {:?}, the policy is {company:?}",
                (replay.may_leave, replay.removal)
            ));
        }
        let known: BTreeSet<ObjectId> = self
            .state
            .accounts
            .values()
            .filter(|account| account.tenant == tenant)
            .map(|account| account.id)
            .collect();
        for (id, told) in &replay.people {
            let told_phase = told.phase;
            let phase = match self.state.accounts.get(id) {
                Some(account) if !account.live() => Phase::Gone,
                Some(account) if account.accepted => Phase::Active,
                Some(_) => Phase::Invited,
                None if self.state.erased.contains_key(id) => Phase::Purged,
                None => return Err(format!("I-03: the log tells of {id}, nobody knows it")),
            };
            let phase_told = if told_phase == Phase::Reinvited { Phase::Invited } else { told_phase };
            if phase_told != phase {
                return Err(format!("I-03: the log ends with {id} {told_phase:?}, it is {phase:?}"));
            }
            if let Some(account) = self.state.accounts.get(id)
                && (account.enabled != told.enabled
                    || account.roles.iter().map(|role| role.template().to_string()).collect::<BTreeSet<_>>()
                        != told.roles)
            {
                return Err(format!("I-03: the log ends with {id} {told:?}, it is {account:?}"));
            }
        }
        match known.iter().find(|id| !replay.people.contains_key(id)) {
            Some(id) => Err(format!("I-03: the log does not tell of {id}")),
            None => Ok(()),
        }
    }

    /// I-01, I-05, I-10: the tables as they are, read behind the product's back.
    fn tables(&self) -> Check {
        for (what, sql) in [
            (
                "I-01 deleted without a date",
                "select count(*) from users where (deleted_at is null) <> (purge_after is null)",
            ),
            (
                "I-01 a session of a deleted account",
                "select count(*) from users u join sessions s on s.tenant_id = u.tenant_id \
              and s.person_key = 'member:' || u.tenant_id || ':' || u.id where u.deleted_at is not null or not u.account_enabled",
            ),
            (
                "I-01 a role of a deleted account",
                "select count(*) from users u join role_assignments r on r.tenant_id = u.tenant_id \
              and r.user_id = u.id where u.deleted_at is not null",
            ),
            (
                "I-01 an open invitation of a deleted account",
                "select count(*) from users u join invitations i on \
              i.tenant_id = u.tenant_id and i.user_id = u.id where u.deleted_at is not null and i.used_at is null",
            ),
            ("I-05 a purged id is there", "select count(*) from users u join tombstones t on t.id = u.id"),
            (
                "I-09 an id in two tenants",
                "select count(*) - count(distinct id) from (select id from users union all select id from tombstones) ids",
            ),
            (
                "I-10 an unknown tenant",
                "select count(*) from audit where tenant_id not in (select tenant_id from tenants)",
            ),
        ] {
            let rows = self.world.rows(sql);
            let count = rows.first().and_then(|row| row.values().next().cloned().flatten());
            if count.as_deref() != Some("0") {
                return Err(format!("{what}: {count:?} rows"));
            }
        }
        // PostgreSQL knows no way to break them.
        if self.world.file().is_some() {
            let broken = self.world.rows("select * from pragma_foreign_key_check");
            if !broken.is_empty() {
                return Err(format!("I-10 foreign keys: {broken:?}"));
            }
        }
        self.nothing_personal_remains()
    }

    /// Every stored session: when it was seen last, and when it ends, in microseconds.
    pub fn stored_sessions(&self) -> Check<BTreeMap<String, (i64, i64)>> {
        let text =
            |row: &Row, name: &str| row.get(name).cloned().flatten().ok_or("a session lacks something");
        let session = |row: Row| {
            let number =
                |name| text(&row, name)?.parse::<i64>().map_err(|_| "a time of a session is no number");
            Ok((text(&row, "hash")?, (number("seen_at")?, number("expires_at")?)))
        };
        let rows = self.world.rows("select hash, seen_at, expires_at from sessions");
        rows.into_iter().map(session).collect::<Result<_, &str>>().map_err(str::to_owned)
    }

    /// I-01, I-05: the sessions that stand are those that nothing ended.
    fn sessions(&self) -> Check {
        let stored = self.stored_sessions()?;
        let known: BTreeMap<String, (i64, i64)> = self
            .state
            .cookies
            .iter()
            .map(|cookie| (cookie.hash(), (cookie.seen.as_micros(), cookie.expires.as_micros())))
            .collect();
        let known_of = |hash: &str| self.state.cookies.iter().find(|cookie| cookie.hash() == hash);
        let of_stored = stored.iter().find(|(hash, times)| known.get(*hash) != Some(times));
        let of_known = known.iter().find(|(hash, _)| !stored.contains_key(*hash));
        match of_stored.or(of_known) {
            None => Ok(()),
            Some((hash, _)) => {
                Err(format!("a session: stored {:?}, should be {:?}", stored.get(hash), known_of(hash)))
            }
        }
    }

    /// I-05: no text in any table but the chained part of the audit and the tombstones names a purged account.
    fn nothing_personal_remains(&self) -> Check {
        if self.state.erased.is_empty() {
            return Ok(());
        }
        let mut needles: Vec<(String, bool)> = Vec::new();
        for (id, erased) in &self.state.erased {
            needles.push((id.to_string(), true));
            // A member who was hired again has the name of the one before.
            if !self.state.accounts.values().any(|account| account.name == erased.name) {
                needles.push((erased.name.clone(), false));
            }
        }
        for (table, rows) in self.world.dump() {
            for (column, value) in rows.into_iter().flatten() {
                let Some(text) = value else { continue };
                let found = needles.iter().find(|(needle, is_id)| {
                    !(*is_id && may_hold_ids(&table, &column)) && whole(&text, needle)
                });
                if let Some((needle, _)) = found {
                    return Err(format!("I-05: {table}.{column} holds {needle} of a purged account: {text}"));
                }
            }
        }
        Ok(())
    }
}

/// "Canary 1" is not "Canary 12".
fn whole(text: &str, needle: &str) -> bool {
    text.match_indices(needle)
        .any(|(at, _)| !text[at + needle.len()..].starts_with(|next: char| next.is_ascii_alphanumeric()))
}

/// Ids without anything personal beside them: evidence, the feed of changes, who invited, where somebody else's guest
/// account is homed, and work that is still to be carried out.
fn may_hold_ids(table: &str, column: &str) -> bool {
    matches!(
        (table, column),
        ("tombstones" | "audit" | "user_changes", _)
            | ("users", "invited_by" | "home_key")
            | ("outbox", "body")
    )
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Invited,
    /// Accepted before, and may be asked to accept again: the log does not tell whether the same guest was pending.
    Reinvited,
    Active,
    Gone,
    Purged,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Told {
    phase: Phase,
    before: Phase,
    enabled: bool,
    roles: BTreeSet<String>,
}

struct Replay {
    may_leave: bool,
    removal: bool,
    people: BTreeMap<ObjectId, Told>,
}

impl Default for Replay {
    fn default() -> Self {
        Self { may_leave: true, removal: false, people: BTreeMap::new() }
    }
}

impl Replay {
    fn play(&mut self, stored: &Stored) -> Check {
        let record = &stored.record;
        if !record.success {
            return Ok(());
        }
        if record.activity == Activity::UpdatePolicy {
            return self.policy(record);
        }
        let Some(target) = record.targets.first().filter(|target| target.kind == "User") else {
            return Ok(());
        };
        let id: ObjectId = target.id.parse().map_err(|_| "a target without an id".to_owned())?;
        if record.activity == Activity::AddUser {
            let invited = target.modified.iter().any(|modified| modified.name == "UserState");
            let phase = if invited { Phase::Invited } else { Phase::Active };
            let told = Told { phase, before: phase, enabled: true, roles: BTreeSet::new() };
            return if self.people.insert(id, told).is_none() {
                Ok(())
            } else {
                Err("added twice".to_owned())
            };
        }
        let may_leave = self.may_leave;
        let told = self.people.get_mut(&id).ok_or("nobody was added with this id")?;
        let live = matches!(told.phase, Phase::Invited | Phase::Reinvited | Phase::Active);
        let next = match record.activity {
            Activity::RedeemInvitation if live => Phase::Active,
            Activity::ReinviteExternalUser if live => Phase::Reinvited,
            Activity::LeaveOrganization if live => {
                if !may_leave && told.phase == Phase::Active {
                    return Err("I-08: left while the policy said no".to_owned());
                }
                Phase::Gone
            }
            Activity::DeleteUser if live => Phase::Gone,
            Activity::RestoreUser if told.phase == Phase::Gone => told.before,
            Activity::HardDeleteUser if told.phase == Phase::Gone => Phase::Purged,
            Activity::EnableAccount if live && !told.enabled => told.phase,
            Activity::DisableAccount if live && told.enabled => told.phase,
            Activity::AddRoleMember | Activity::RemoveRoleMember | Activity::UpdateUser if live => told.phase,
            Activity::InviteExternalUser | Activity::AddGroupMember | Activity::AddSponsor if live => {
                told.phase
            }
            Activity::HomeAccountDeleted | Activity::HomeAccountRestored if live => told.phase,
            activity => return Err(format!("{activity:?} of somebody who is {:?}", told.phase)),
        };
        told.turn(record, next)
    }

    fn policy(&mut self, record: &Record) -> Check {
        for modified in record.targets.iter().flat_map(|target| &target.modified) {
            let value = match modified.name.as_str() {
                "allowExternalIdentitiesToLeave" => &mut self.may_leave,
                "allowDeletedIdentitiesDataRemoval" => &mut self.removal,
                _ => continue,
            };
            if modified.old != Some(value.to_string()) {
                return Err(format!("the policy was {value}"));
            }
            *value = !*value;
        }
        Ok(())
    }
}

impl Told {
    fn turn(&mut self, record: &Record, next: Phase) -> Check {
        match record.activity {
            Activity::EnableAccount => self.enabled = true,
            Activity::DisableAccount => self.enabled = false,
            Activity::AddRoleMember | Activity::RemoveRoleMember => {
                let role = record.targets.get(1).ok_or("a role without a target")?.id.clone();
                let changed = if record.activity == Activity::AddRoleMember {
                    self.roles.insert(role)
                } else {
                    self.roles.remove(&role)
                };
                if !changed {
                    return Err("a role given or taken twice".to_owned());
                }
            }
            _ => {}
        }
        if next == Phase::Gone {
            self.before = self.phase;
            self.roles.clear();
        }
        self.phase = next;
        Ok(())
    }
}

/// Only so many tenants exist; nobody makes more during a run.
pub fn tenants() -> usize {
    template().apps.len()
}
