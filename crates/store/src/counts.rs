//! How many users of each kind a tenant has, kept right in the transaction that changes a user, so that a count costs the same
//! however many there are.
//!
//! The log of changes counts each change of a user, whoever makes it: a server of an older version does, too, but does not keep
//! the counts. So the counts say at which place of the log they are right, and are used only if that is its last.

use crate::{ChangeSet, Reader, value::Value};
use model::{Result, TenantScope, User};

/// What is told apart: everything that is asked for often and has few values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    deleted: bool,
    user_type: &'static str,
    account_enabled: bool,
    /// Empty where there is none.
    invitation: &'static str,
}

impl Kind {
    pub(crate) fn of(user: &User) -> Self {
        Self {
            deleted: user.is_deleted(),
            user_type: user.user_type.as_str(),
            account_enabled: user.account_enabled,
            invitation: user.invitation.map_or("", model::InvitationState::as_str),
        }
    }

    fn values(self) -> [Value; 4] {
        [self.deleted.into(), self.user_type.into(), self.account_enabled.into(), self.invitation.into()]
    }

    /// The parameters of [`ADD`].
    pub(crate) fn added(self, tenant: TenantScope, users: i64) -> Vec<Value> {
        let mut parameters = vec![tenant.tenant().into()];
        parameters.extend(self.values());
        parameters.push(users.into());
        parameters
    }
}

/// More, or fewer, users of a kind.
pub(crate) const ADD: &str = "insert into user_counts (tenant_id, deleted, user_type, account_enabled, invitation, users) \
     values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (tenant_id, deleted, user_type, account_enabled, invitation) \
     do update set users = user_counts.users + excluded.users";

impl ChangeSet {
    /// Counts all users of the tenant: once behind servers that did not.
    pub fn count_users_anew(&mut self, tenant: TenantScope) -> &mut Self {
        let tenant = || vec![tenant.tenant().into()];
        self.any("delete from user_counts where tenant_id = ?1", tenant());
        self.any(
            "insert into user_counts (tenant_id, deleted, user_type, account_enabled, invitation, users) \
             select tenant_id, deleted_at is not null, user_type, account_enabled, coalesce(invitation, ''), count(*) from users \
             where tenant_id = ?1 group by tenant_id, deleted_at is not null, user_type, account_enabled, coalesce(invitation, '')",
            tenant(),
        );
        self.any("update user_change_heads set counted = place where tenant_id = ?1", tenant())
    }
}

impl Reader<'_> {
    /// Are the counts right?
    pub fn has_user_counts(&self) -> Result<bool> {
        let held = self
            .count("select count(*) from user_change_heads where tenant_id = ?1 and counted = place", &[])?;
        Ok(held > 0)
    }

    /// Of how many kinds the counts say something else than counting. Looks at every user: for checks.
    pub fn wrong_user_counts(&self) -> Result<i64> {
        self.count(
            "select count(*) from (\
             select deleted, user_type, account_enabled, invitation from (\
             select deleted, user_type, account_enabled, invitation, users from user_counts where tenant_id = ?1 \
             union all \
             select deleted_at is not null, user_type, account_enabled, coalesce(invitation, ''), -1 from users \
             where tenant_id = ?1) as every_kind \
             group by deleted, user_type, account_enabled, invitation having sum(users) <> 0) as wrong",
            &[],
        )
    }
}
