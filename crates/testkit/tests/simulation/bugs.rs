//! Defects put between the actors and the product, to prove that the simulation would see them.

use model::{ExternalIdentitiesPolicy, ObjectId, Span, TenantId, authz::Role};
use rusqlite::{Connection, params};
use std::{collections::BTreeMap, path::PathBuf};
use store::{ChangeSet, Decision, Store};
use testkit::World;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bug {
    /// Leaving is judged by the policy before its last change.
    StalePolicy,
    /// Leaving keeps directory roles.
    KeepsRoles,
    /// The purge runs a day early.
    EarlyPurge,
    /// A restore gives directory roles.
    RestoresRoles,
    /// Leaving does not look whether the account is blocked.
    IgnoresBlock,
    /// A confirmation works again, also after a restore.
    ConfirmsTwice,
    /// A restore at home also brings back guests that were removed by hand.
    RestoresTooMuch,
    /// Switching removal on removes those whose home account was deleted earlier.
    Retroactive,
    /// The last audit record is cut off, and the head of the chain moved back to hide it.
    DropsAudit,
    /// A purge leaves the name somewhere.
    LeavesName,
    /// The last administrator can be removed.
    LosesAdministrator,
    /// A purge leaves no tombstone.
    NoTombstone,
    /// The sessions of a mailbox outlive its last account.
    KeepsSessions,
}

impl Bug {
    /// Each with the number of seeds within which it must be seen.
    pub const ALL: [(Self, u64); 13] = [
        (Self::StalePolicy, 60),
        (Self::KeepsRoles, 60),
        (Self::EarlyPurge, 60),
        (Self::RestoresRoles, 60),
        (Self::IgnoresBlock, 60),
        (Self::ConfirmsTwice, 60),
        (Self::RestoresTooMuch, 400),
        (Self::Retroactive, 60),
        (Self::DropsAudit, 60),
        (Self::LeavesName, 60),
        (Self::LosesAdministrator, 60),
        (Self::NoTombstone, 60),
        (Self::KeepsSessions, 400),
    ];
}

/// The seam: knows which bug is in, and reaches into the database behind the product's back.
pub struct Product {
    pub bug: Option<Bug>,
    /// Where the database is, if it is in a file.
    file: Option<PathBuf>,
    policies: BTreeMap<TenantId, bool>,
    roles: BTreeMap<ObjectId, Vec<String>>,
}

impl Product {
    pub const fn new(bug: Option<Bug>, file: Option<PathBuf>) -> Self {
        Self { bug, file, policies: BTreeMap::new(), roles: BTreeMap::new() }
    }

    fn is(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    fn database(&self) -> Connection {
        let connection =
            Connection::open(self.file.as_ref().expect("a world in files")).expect("the database");
        connection.busy_timeout(std::time::Duration::from_secs(5)).expect("a timeout");
        connection.pragma_update(None, "foreign_keys", true).expect("foreign keys");
        connection
    }

    fn policy(&self, tenant: TenantId) -> bool {
        let sql = "select allow_leave from policies where tenant_id = ?1";
        self.database().query_row(sql, [tenant.to_string()], |row| row.get(0)).expect("a policy")
    }

    /// Through the store, which does not look again at a policy that it has read as long as it changes none itself; and without
    /// a new version.
    async fn set_policy(&self, store: &Store, tenant: TenantId, leave: bool) {
        let sql = "update policies set version = version - 1 where tenant_id = ?1 returning allow_removal, version + 1";
        let read = |row: &rusqlite::Row<'_>| {
            let (allow_removal, version) = (row.get(0)?, row.get(1)?);
            Ok(ExternalIdentitiesPolicy { allow_leave: leave, allow_removal, version })
        };
        let policy = self.database().query_row(sql, [tenant.to_string()], read).expect("a policy");
        let set = store.commit(World::scope(tenant), move |_| {
            let mut changes = ChangeSet::new();
            changes.update_policy(World::scope(tenant), &policy);
            Decision::done(changes, ())
        });
        set.await.expect("a policy");
    }

    fn roles_of(&self, id: ObjectId) -> Vec<String> {
        let database = self.database();
        let mut query =
            database.prepare("select role_id from role_assignments where user_id = ?1").expect("a query");
        let rows = query.query_map([id.to_string()], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("roles")
    }

    fn give(&self, tenant: TenantId, id: ObjectId, role: &str) {
        let sql = "insert into role_assignments (tenant_id, role_id, user_id) values (?1, ?2, ?3) on conflict do nothing";
        self.database().execute(sql, params![tenant.to_string(), role, id.to_string()]).expect("a role");
    }

    pub fn before_policy(&mut self, tenant: TenantId) {
        if self.is(Bug::StalePolicy) {
            self.policies.insert(tenant, self.policy(tenant));
        }
    }

    /// Before a leave; what must be put back afterwards.
    pub async fn before_leave(
        &mut self,
        store: &Store,
        tenant: TenantId,
        account: Option<ObjectId>,
        hash: &str,
    ) -> Option<bool> {
        let id = account?;
        match self.bug? {
            Bug::StalePolicy => {
                let old = *self.policies.get(&tenant)?;
                let now = self.policy(tenant);
                self.set_policy(store, tenant, old).await;
                return Some(now);
            }
            Bug::KeepsRoles => {
                self.roles.insert(id, self.roles_of(id));
            }
            Bug::IgnoresBlock => {
                let sql = "update users set account_enabled = 1 where id = ?1 and deleted_at is null and home_key is not null";
                self.database().execute(sql, [id.to_string()]).expect("an account");
            }
            Bug::ConfirmsTwice => {
                let sql = "update confirmations set used_at = null, generation = (select generation from users where id = ?2) \
                           where hash = ?1 and used_at is not null and exists (select 1 from users where id = ?2 and deleted_at is null)";
                self.database().execute(sql, params![hash, id.to_string()]).expect("a confirmation");
            }
            _ => {}
        }
        None
    }

    pub async fn after_leave(
        &mut self,
        store: &Store,
        tenant: TenantId,
        account: Option<ObjectId>,
        put_back: Option<bool>,
        left: bool,
    ) {
        if let Some(policy) = put_back {
            self.set_policy(store, tenant, policy).await;
        }
        if let (true, true, Some(id)) = (left, self.is(Bug::KeepsRoles), account) {
            for role in self.roles.remove(&id).unwrap_or_default() {
                self.give(tenant, id, &role);
            }
        }
    }

    pub fn after_restore(&mut self, tenant: TenantId, id: ObjectId, restored: bool) {
        if restored && self.is(Bug::RestoresRoles) {
            self.give(tenant, id, &Role::GlobalReader.template().to_string());
        }
    }

    /// Before a removal: with the bug, another account counts as an administrator for a moment.
    pub fn before_remove(&mut self, tenant: TenantId, other: Option<ObjectId>) {
        if let (true, Some(id)) = (self.is(Bug::LosesAdministrator), other) {
            self.give(tenant, id, &Role::GlobalAdministrator.template().to_string());
        }
    }

    pub fn after_remove(&mut self, other: Option<ObjectId>) {
        if let (true, Some(id)) = (self.is(Bug::LosesAdministrator), other) {
            let sql = "delete from role_assignments where user_id = ?1 and role_id = ?2";
            let role = Role::GlobalAdministrator.template().to_string();
            self.database().execute(sql, params![id.to_string(), role]).expect("a role");
        }
    }

    pub fn before_purge_pass(&self) {
        self.shift_purge(-1);
        if self.is(Bug::KeepsSessions) {
            let sql = "update sessions set person_key = 'hidden ' || person_key";
            self.database().execute(sql, []).expect("hidden sessions");
        }
    }

    pub fn after_purge_pass(&self) {
        self.shift_purge(1);
        if self.is(Bug::KeepsSessions) {
            let sql = "update sessions set person_key = substr(person_key, 8)";
            self.database().execute(sql, []).expect("sessions");
        }
    }

    /// With the bug, everything is due a day earlier.
    fn shift_purge(&self, days: i64) {
        if self.is(Bug::EarlyPurge) {
            let sql = "update users set purge_after = purge_after + ?1 where purge_after is not null";
            self.database().execute(sql, [Span::days(1).as_micros() * days]).expect("other dates");
        }
    }

    pub fn after_purge(&self, tenant: TenantId, id: ObjectId, name: &str) {
        if self.is(Bug::LeavesName) {
            let sql = "insert into throttles (tenant_id, key, failures, last_at) values (?1, ?2, 0, ?3)";
            self.database().execute(sql, params![tenant.to_string(), name, i64::MAX]).expect("a row");
        }
        if self.is(Bug::NoTombstone) {
            self.database().execute("delete from tombstones where id = ?1", [id.to_string()]).expect("a row");
        }
    }

    pub fn before_home_pass(&self, restored: &[(String, ObjectId)]) {
        if !self.is(Bug::RestoresTooMuch) {
            return;
        }
        for (home, _) in restored {
            let sql = "update users set deletion_cause = 'homeAccountDeleted', home_event = \
                       (select json_extract(body, '$.event.restored') from outbox where json_extract(body, '$.event.restored') is not null limit 1) \
                       where home_key = ?1 and deletion_cause = 'removed'";
            self.database().execute(sql, [home]).expect("accounts");
        }
    }

    /// Cuts off the newest audit record of a tenant so that the chain still verifies.
    pub fn after_step(&self, tenant: TenantId) {
        if !self.is(Bug::DropsAudit) {
            return;
        }
        let (database, tenant) = (self.database(), tenant.to_string());
        for sql in [
            "delete from audit_personal where tenant_id = ?1 and sequence = (select sequence from audit_heads where tenant_id = ?1)",
            "delete from audit where tenant_id = ?1 and sequence = (select sequence from audit_heads where tenant_id = ?1)",
            "update audit_heads set sequence = sequence - 1, hash = (select hash from audit a where a.tenant_id = ?1 \
             order by a.sequence desc limit 1) where tenant_id = ?1",
        ] {
            database.execute(sql, [&tenant]).expect("a shorter chain");
        }
    }
}
