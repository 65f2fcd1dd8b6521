//! People from outside, counted and listed for whoever sets the policies about them.

use crate::{
    Reader,
    read::{USER_COLUMNS, user},
    value::Row,
};
use model::{InvitationState, ObjectId, Result, User};

/// Every home account in another tenant has a key that begins so; see [`model::Home::key`].
const MEMBER_KEYS: &str = "member:";
/// Behind all of them: the colon's successor.
const BEHIND_MEMBER_KEYS: &str = "member;";

/// How many people are homed elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExternalCounts {
    /// All live ones.
    pub all: i64,
    /// Accepted, enabled and with a home account: those whom the policy alone keeps from leaving, or lets go.
    pub policy_decides: i64,
    /// Those whose home account is deleted.
    pub without_home: i64,
    /// Those whose home account is a live member of another tenant: those whom its deletion would reach.
    pub with_home_here: i64,
    /// Those who hold a directory role.
    pub administrators: i64,
}

impl Reader<'_> {
    /// Counts people homed elsewhere. Looks at each of them.
    pub fn count_external(&self) -> Result<ExternalCounts> {
        let row = self.row(
            "select count(*), \
             count(case when account_enabled = ?2 and (invitation is null or invitation <> ?3) and home_deleted_at is null then id end), \
             count(home_deleted_at), \
             count(case when home_key > ?4 and home_key < ?5 and home_deleted_at is null then id end) \
             from users where tenant_id = ?1 and deleted_at is null and home_key is not null",
            &[
                true.into(),
                InvitationState::PendingAcceptance.as_str().into(),
                MEMBER_KEYS.into(),
                BEHIND_MEMBER_KEYS.into(),
            ],
        )?;
        let Some(mut row) = row else { return Ok(ExternalCounts::default()) };
        Ok(ExternalCounts {
            all: row.int()?,
            policy_decides: row.int()?,
            without_home: row.int()?,
            with_home_here: row.int()?,
            administrators: self.count(
                "select count(distinct r.user_id) from role_assignments r join users u on u.tenant_id = r.tenant_id and u.id = r.user_id \
                 where r.tenant_id = ?1 and u.deleted_at is null and u.home_key is not null",
                &[],
            )?,
        })
    }

    /// Live guests whose home account is a live member of another tenant, those of one home together, behind the home key
    /// `after`.
    pub fn with_home_here(&self, after: Option<&str>, limit: u16) -> Result<Vec<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where tenant_id = ?1 and deleted_at is null and home_key > ?2 and home_key < ?3 \
             and home_deleted_at is null order by home_key limit ?4"
        );
        let from = after.unwrap_or(MEMBER_KEYS);
        self.rows(&sql, &[from.into(), BEHIND_MEMBER_KEYS.into(), i64::from(limit).into()])?
            .into_iter()
            .map(user)
            .collect()
    }

    /// Addresses of invitations that nobody has accepted yet, by id, behind `after`.
    pub fn pending_addresses(
        &self,
        after: Option<ObjectId>,
        limit: u16,
    ) -> Result<Vec<(ObjectId, Option<String>)>> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.rows(
            "select id, mail from users where tenant_id = ?1 and invitation = ?2 and deleted_at is null and id > ?3 \
             order by id limit ?4",
            &[InvitationState::PendingAcceptance.as_str().into(), after.into(), i64::from(limit).into()],
        )?
        .into_iter()
        .map(|mut row: Row| Ok((row.parsed()?, row.opt_text()?)))
        .collect()
    }
}
