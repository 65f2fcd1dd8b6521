//! The log of changes among the users of a tenant: for each user, the place of its last change.
//!
//! Places count up by one inside the transaction that makes the change. Changes of one tenant are committed one after the
//! other, so no place can appear behind one that somebody has seen. Of a purged user only the id stays, as in its tombstone.

use crate::{
    ChangeSet, Reader,
    read::{USER_COLUMNS, user},
};
use model::{ObjectId, Result, TenantId, User};

impl ChangeSet {
    /// Notes that a user changed.
    pub(crate) fn note_user(&mut self, tenant: TenantId, id: ObjectId) -> &mut Self {
        self.one(
            "insert into user_change_heads (tenant_id, place) values (?1, 1) \
             on conflict (tenant_id) do update set place = user_change_heads.place + 1, \
             counted = case when user_change_heads.counted = user_change_heads.place then user_change_heads.place + 1 \
             else user_change_heads.counted end",
            vec![tenant.into()],
        );
        self.one(
            "insert into user_changes (tenant_id, user_id, place) \
             select tenant_id, ?2, place from user_change_heads where tenant_id = ?1 \
             on conflict (tenant_id, user_id) do update set place = excluded.place",
            vec![tenant.into(), id.into()],
        )
    }

    /// Notes that users came who were never there before, with the places behind `head`, the last one until then.
    pub(crate) fn note_new_users(
        &mut self,
        tenant: TenantId,
        ids: impl IntoIterator<Item = ObjectId>,
        head: i64,
    ) -> &mut Self {
        let places = (head + 1..).zip(ids);
        let mut last = head;
        for (place, id) in places {
            self.one(
                "insert into user_changes (tenant_id, user_id, place) values (?1, ?2, ?3)",
                vec![tenant.into(), id.into(), place.into()],
            );
            last = place;
        }
        self.one(
            "insert into user_change_heads (tenant_id, place) values (?1, ?3) \
             on conflict (tenant_id) do update set place = excluded.place, \
             counted = case when user_change_heads.counted = user_change_heads.place then excluded.place \
             else user_change_heads.counted end where user_change_heads.place = ?2",
            vec![tenant.into(), head.into(), last.into()],
        )
    }
}

impl Reader<'_> {
    /// The last place in the log; 0 where there is none.
    pub fn user_change_head(&self) -> Result<i64> {
        self.row("select place from user_change_heads where tenant_id = ?1", &[])?
            .map_or(Ok(0), |mut row| row.int())
    }

    /// Places behind `since` with the user at each, in order.
    pub fn user_changes(&self, since: i64, limit: u16) -> Result<Vec<(i64, ObjectId)>> {
        let sql = "select place, user_id from user_changes where tenant_id = ?1 and place > ?2 order by place limit ?3";
        self.rows(sql, &[since.into(), i64::from(limit).into()])?
            .into_iter()
            .map(|mut row| Ok((row.int()?, row.parsed()?)))
            .collect()
    }

    /// Live and soft-deleted users whose place is behind `since`, up to `until`.
    pub fn changed_users(&self, since: i64, until: i64) -> Result<Vec<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users join user_changes \
             on user_changes.tenant_id = users.tenant_id and user_changes.user_id = users.id \
             where users.tenant_id = ?1 and user_changes.tenant_id = ?1 and user_changes.place > ?2 and user_changes.place <= ?3"
        );
        self.rows(&sql, &[since.into(), until.into()])?.into_iter().map(user).collect()
    }
}
