//! The reviewed functions that see more than one tenant. Every one is here, and says why it must.

use crate::{
    CROSS_TENANT_ACCESS, DirectConnection,
    connection::{Connection, View},
    objects::{CONNECTION_COLUMNS, connection},
    read::{TENANT_COLUMNS, USER_COLUMNS, tenant, user},
    value::{Row, Value},
};
use model::{
    Error, Home, ObjectId, Person, Result, Tenant, TenantId, Timestamp, User,
    collaboration::{AccessSettings, CrossTenantAccess},
    fold,
};
use uuid::Uuid;

/// A view across tenants.
pub struct Across<'a> {
    connection: &'a dyn Connection,
}

/// An account of a person in an organisation.
pub struct Membership {
    /// The organisation.
    pub tenant: Tenant,
    /// The account there.
    pub user: User,
}

/// The state of a home account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HomeAccountState {
    /// Live and enabled.
    Enabled,
    /// Live, but blocked.
    Disabled,
    /// Soft-deleted or gone.
    Deleted,
}

/// A soft-deleted account that may be purged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// Its tenant.
    pub tenant: TenantId,
    /// Its id.
    pub id: ObjectId,
    /// Since when it is due.
    pub purge_after: Timestamp,
}

/// Work in the outbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxItem {
    /// The tenant that sent it.
    pub tenant: TenantId,
    /// Its id.
    pub id: Uuid,
    /// What is to be done, as JSON.
    pub body: String,
    /// When it was sent.
    pub created: Timestamp,
}

/// The stored high-water mark of trusted time.
pub type ClockMark = Option<Timestamp>;

impl<'a> Across<'a> {
    pub(crate) fn new(connection: &'a dyn Connection) -> Self {
        Self { connection }
    }

    pub(crate) fn rows(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        self.connection.query_as(View::Directory, sql, parameters)
    }

    /// Which tenant a domain belongs to: sign-in and token endpoints start from a name.
    pub fn tenant_of_domain(&self, domain: &str) -> Result<Option<TenantId>> {
        self.rows("select tenant_id from domains where domain = ?1", &[fold(domain).into()])?
            .first_mut()
            .map(Row::parsed)
            .transpose()
    }

    /// All tenants, for the operator and the reconcilers; by id, at most `limit`, behind `after`.
    pub fn tenants(&self, after: Option<TenantId>, limit: u16) -> Result<Vec<Tenant>> {
        let sql =
            format!("select {TENANT_COLUMNS} from tenants where tenant_id > ?1 order by tenant_id limit ?2");
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.rows(&sql, &[after.into(), i64::from(limit).into()])?.iter_mut().map(tenant).collect()
    }

    /// The organisations where a person has an account: *my organisations* is this query and no second record. Pending
    /// invitations to one of the person's addresses count, those of other people's identities do not.
    pub fn memberships(&self, person: &Person, addresses: &[String]) -> Result<Vec<Membership>> {
        let mut keys: Vec<String> = vec![person.key()];
        keys.extend(addresses.iter().filter_map(|address| Home::Invited { address: fold(address) }.key()));
        let sql = format!(
            "select {TENANT_COLUMNS}, {USER_COLUMNS} from users join tenants on tenants.tenant_id = users.tenant_id \
             where home_key = ?1 order by tenants.name, tenants.tenant_id, users.id"
        );
        let mut found = Vec::new();
        for key in keys {
            for mut row in self.rows(&sql, &[key.into()])? {
                found.push(Membership { tenant: tenant(&mut row)?, user: user(row)? });
            }
        }
        Ok(found)
    }

    /// Whether a home account may act: read at every sign-in and request of a guest, so that a block at home bites at once.
    pub fn home_account(&self, tenant: TenantId, object: ObjectId) -> Result<HomeAccountState> {
        let rows = self.rows(
            "select account_enabled, deleted_at from users where tenant_id = ?1 and id = ?2",
            &[tenant.into(), object.into()],
        )?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(HomeAccountState::Deleted) };
        let enabled = row.bool()?;
        Ok(match (row.opt_int()?, enabled) {
            (Some(_), _) => HomeAccountState::Deleted,
            (None, true) => HomeAccountState::Enabled,
            (None, false) => HomeAccountState::Disabled,
        })
    }

    /// What one tenant says about crossing its border with another: both sides must agree, so each is read by the other.
    pub fn access_towards(&self, tenant: TenantId, partner: TenantId) -> Result<CrossTenantAccess> {
        let document = |sql: &str, key: Value| -> Result<Option<AccessSettings>> {
            self.rows(sql, &[tenant.into(), key])?
                .into_iter()
                .next()
                .map(|mut row| {
                    serde_json::from_str(&row.text()?)
                        .map_err(|_| Error::internal("stored settings between tenants do not parse"))
                })
                .transpose()
        };
        Ok(CrossTenantAccess {
            default: document(
                "select body from settings where tenant_id = ?1 and name = ?2",
                CROSS_TENANT_ACCESS.into(),
            )?
            .unwrap_or_default(),
            partner: document(
                "select body from partners where tenant_id = ?1 and partner_id = ?2",
                partner.into(),
            )?,
        })
    }

    /// Groups of an account at home: settings between tenants name groups of the home tenant.
    pub fn home_groups(&self, tenant: TenantId, object: ObjectId) -> Result<Vec<ObjectId>> {
        self.rows(
            "select group_id from group_members where tenant_id = ?1 and user_id = ?2 order by group_id",
            &[tenant.into(), object.into()],
        )?
        .iter_mut()
        .map(Row::parsed)
        .collect()
    }

    /// Connections of a person without a user object in other organisations: *my organisations* lists them, too.
    pub fn connections(&self, person: &Person) -> Result<Vec<(Tenant, DirectConnection)>> {
        let sql = format!(
            "select {TENANT_COLUMNS}, {CONNECTION_COLUMNS} from connections join tenants on tenants.tenant_id = connections.tenant_id \
             where home_key = ?1 order by tenants.name, tenants.tenant_id"
        );
        self.rows(&sql, &[person.key().into()])?
            .iter_mut()
            .map(|row| Ok((tenant(row)?, connection(row)?)))
            .collect()
    }

    /// The generation of a home account: its guests' tokens are bound to it, so that what voids tokens at home voids those, too.
    pub fn home_generation(&self, tenant: TenantId, object: ObjectId) -> Result<Option<i64>> {
        self.rows(
            "select generation from users where tenant_id = ?1 and id = ?2",
            &[tenant.into(), object.into()],
        )?
        .first_mut()
        .map(Row::int)
        .transpose()
    }

    /// A live home account, for its names: whoever connects directly has none in the tenant that is entered.
    pub fn home_user(&self, home: TenantId, object: ObjectId) -> Result<Option<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where tenant_id = ?1 and id = ?2 and deleted_at is null"
        );
        self.rows(&sql, &[home.into(), object.into()])?.into_iter().next().map(user).transpose()
    }

    /// Tenants where a home account is, or was, a guest: a deletion at home is carried there one tenant at a time.
    pub fn tenants_with_guest(
        &self,
        home: &Home,
        after: Option<TenantId>,
        limit: u16,
    ) -> Result<Vec<TenantId>> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.rows(
            "select distinct tenant_id from users where home_key = ?1 and tenant_id > ?2 order by tenant_id limit ?3",
            &[home.key().into(), after.into(), i64::from(limit).into()],
        )?
        .iter_mut()
        .map(Row::parsed)
        .collect()
    }

    /// Accounts that may be purged by now, those that wait longest first, behind `after`.
    pub fn due(&self, trusted: Timestamp, after: Option<Due>, limit: u16) -> Result<Vec<Due>> {
        let (since, tenant, id) = after.map_or((i64::MIN, String::new(), String::new()), |due| {
            (due.purge_after.as_micros(), due.tenant.to_string(), due.id.to_string())
        });
        self.rows(
            "select tenant_id, id, purge_after from users where purge_after is not null and purge_after <= ?1 \
             and (purge_after, tenant_id, id) > (?2, ?3, ?4) order by purge_after, tenant_id, id limit ?5",
            &[trusted.into(), since.into(), tenant.into(), id.into(), i64::from(limit).into()],
        )?
        .into_iter()
        .map(|mut row| Ok(Due { tenant: row.parsed()?, id: row.parsed()?, purge_after: row.time()? }))
        .collect()
    }

    /// When the next account falls due: the purge of all tenants is one reconciler.
    pub fn next_due(&self) -> Result<Option<Timestamp>> {
        self.rows(
            "select purge_after from users where purge_after is not null order by purge_after, tenant_id, id limit 1",
            &[],
        )?
        .first_mut()
        .map(Row::time)
        .transpose()
    }

    /// Work of one kind, oldest first.
    pub fn outbox(&self, kind: &str, limit: u16) -> Result<Vec<OutboxItem>> {
        self.rows(
            "select tenant_id, id, body, created_at from outbox where kind = ?1 order by created_at, tenant_id, id limit ?2",
            &[kind.into(), i64::from(limit).into()],
        )?
        .into_iter()
        .map(|mut row| Ok(OutboxItem { tenant: row.parsed()?, id: row.parsed()?, body: row.text()?, created: row.time()? }))
        .collect()
    }

    /// The stored high-water mark of trusted time, one for the whole directory.
    pub fn clock_mark(&self) -> Result<ClockMark> {
        self.rows("select high_water from clock_marks where name = 'trusted'", &[])?
            .first_mut()
            .map(Row::time)
            .transpose()
    }

    /// Hash and end of the set-up secret: it exists before the first tenant.
    pub fn setup_secret(&self) -> Result<Option<(String, Timestamp)>> {
        self.rows("select hash, expires_at from setup_secrets where name = 'setup'", &[])?
            .into_iter()
            .next()
            .map(|mut row| Ok((row.text()?, row.time()?)))
            .transpose()
    }
}
