//! What an import asks and writes about many accounts at once: a statement for each of them would cost more than its row does.

use crate::{
    ChangeSet, Reader,
    cross::Across,
    value::{Row, Value},
};
use model::{ObjectId, Result, TenantId, TenantScope, User};
use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// How many keys one statement asks for. Shorter lists are filled up with their last key, so that the text of the statement
/// is always the same and stays prepared.
const WIDTH: usize = 64;

/// `head in (…) tail`, from parameter `?2` on.
fn listing(head: &str, tail: &str) -> String {
    let places: Vec<String> = (2..WIDTH + 2).map(|place| format!("?{place}")).collect();
    format!("{head} in ({}) {tail}", places.join(", "))
}

/// The keys in lists as long as [`listing`] has places.
fn lists(keys: &[impl ToString]) -> impl Iterator<Item = Vec<Value>> {
    keys.chunks(WIDTH).map(|part| {
        let mut list: Vec<Value> = part.iter().map(|key| Value::Text(key.to_string())).collect();
        list.resize_with(WIDTH, || part[part.len() - 1].to_string().into());
        list
    })
}

/// Asks for all keys, a list at a time; `?1` is the tenant.
fn each_list(
    keys: &[impl ToString],
    mut ask: impl FnMut(&[Value]) -> Result<Vec<Row>>,
    mut take: impl FnMut(Row) -> Result<()>,
) -> Result<()> {
    for list in lists(keys) {
        ask(&list)?.into_iter().try_for_each(&mut take)?;
    }
    Ok(())
}

static NOT_PURGED: LazyLock<String> =
    LazyLock::new(|| listing("select id from tombstones where tenant_id = ?1 and id", ""));

impl ChangeSet {
    /// Creates users of a tenant; the id of a purged one is never used again. `head` is the last place in the log of changes
    /// ([`Reader::user_change_head`]), behind which they are noted.
    pub fn insert_users(&mut self, tenant: TenantScope, users: &[User], head: i64) -> &mut Self {
        let tenant = tenant.tenant();
        let ids: Vec<ObjectId> = users.iter().map(|user| user.id).collect();
        for mut list in lists(&ids) {
            list.insert(0, tenant.into());
            self.none(&NOT_PURGED, list);
        }
        for user in users {
            self.insert_row(user);
        }
        self.note_new_users(tenant, ids, head)
    }
}

impl Reader<'_> {
    /// Which of these ids accounts of the tenant have, soft-deleted ones included.
    pub fn known_ids(&self, ids: &[ObjectId]) -> Result<HashSet<ObjectId>> {
        self.ids_in("select id from users where tenant_id = ?1 and id", ids)
    }

    /// Which of these ids belonged to accounts that were permanently deleted.
    pub fn purged_ids(&self, ids: &[ObjectId]) -> Result<HashSet<ObjectId>> {
        self.ids_in("select id from tombstones where tenant_id = ?1 and id", ids)
    }

    fn ids_in(&self, head: &str, ids: &[ObjectId]) -> Result<HashSet<ObjectId>> {
        let (sql, mut found) = (listing(head, ""), HashSet::new());
        each_list(
            ids,
            |keys| self.rows(&sql, keys),
            |mut row| {
                found.insert(row.parsed()?);
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// Who has these user names; they come folded.
    pub fn known_names(&self, names: &[String]) -> Result<HashMap<String, ObjectId>> {
        self.owners("select upn_key, id from users where tenant_id = ?1 and upn_key", "", names)
    }

    /// Whose home these keys ([`model::Home::key`]) name, among live accounts.
    pub fn known_homes(&self, keys: &[String]) -> Result<HashMap<String, ObjectId>> {
        self.owners(
            "select home_key, id from users where tenant_id = ?1 and home_key",
            "and deleted_at is null",
            keys,
        )
    }

    /// Who among live accounts has these main mail addresses; they come folded.
    pub fn known_mails(&self, mails: &[String]) -> Result<HashMap<String, ObjectId>> {
        self.owners(
            "select mail_key, id from users where tenant_id = ?1 and mail_key",
            "and deleted_at is null",
            mails,
        )
    }

    fn owners(&self, head: &str, tail: &str, keys: &[String]) -> Result<HashMap<String, ObjectId>> {
        let (sql, mut found) = (listing(head, tail), HashMap::new());
        each_list(
            keys,
            |keys| self.rows(&sql, keys),
            |mut row| {
                found.insert(row.text()?, row.parsed()?);
                Ok(())
            },
        )?;
        Ok(found)
    }
}

impl Across<'_> {
    /// Live, enabled accounts that are homed in a tenant, by their folded user names: whom guests elsewhere may be.
    pub fn members_named(&self, tenant: TenantId, names: &[String]) -> Result<HashMap<String, ObjectId>> {
        let sql = listing(
            "select upn_key, id, account_enabled from users where tenant_id = ?1 and upn_key",
            "and home_key is null and deleted_at is null",
        );
        let mut found = HashMap::new();
        each_list(
            names,
            |keys| {
                let mut parameters = vec![tenant.into()];
                parameters.extend_from_slice(keys);
                self.rows(&sql, &parameters)
            },
            |mut row| {
                let (name, id) = (row.text()?, row.parsed()?);
                if row.bool()? {
                    found.insert(name, id);
                }
                Ok(())
            },
        )?;
        Ok(found)
    }
}
