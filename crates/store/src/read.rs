//! Reading one tenant.

use crate::{
    Page,
    changes::PERSONAL,
    connection::{Connection, Statement},
    kept::Kept,
    value::{Row, Value},
};
use model::{
    AppId, Deletion, DeletionCause, Error, ExternalIdentitiesPolicy, Home, HomeState, InvitationState,
    ObjectId, PrivacyProfile, Profile, Result, Tenant, TenantId, TenantScope, Timestamp, User, UserType,
    authz::{Permission, Role},
    fold,
};
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

/// Counts what is personal of one user, of every kind at once: asking for each would cost more than counting.
static PERSONAL_ROWS: LazyLock<String> = LazyLock::new(|| {
    let counts: Vec<String> = PERSONAL
        .iter()
        .map(|(_, table, column)| {
            let count = format!("select count(*) from {table} where tenant_id = ?1 and {column} = ?2");
            format!("({count})")
        })
        .collect();
    ["select", &counts.join(", ")].join(" ")
});

const APP: &str = "select id, object_id, name, public, redirect_uris, enabled, created_at from apps where tenant_id = ?1 and id = ?2";
const GRANTS: &str = "select permission from app_grants where tenant_id = ?1 and app_id = ?2 and kind = ?3 order by permission";
const POLICY: &str = "select allow_leave, allow_removal, version from policies where tenant_id = ?1";
static TENANT: LazyLock<String> =
    LazyLock::new(|| format!("select {TENANT_COLUMNS} from tenants where tenant_id = ?1"));

/// A consistent view of one tenant.
pub struct Reader<'a> {
    connection: &'a dyn Connection,
    scope: TenantScope,
}

/// An application and its standing in a tenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct App {
    /// The client id.
    pub id: AppId,
    /// Its service principal.
    pub object: ObjectId,
    /// What people call it.
    pub name: String,
    /// Has no secret: a command line or a single page.
    pub public: bool,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// May it ask for tokens?
    pub enabled: bool,
    /// When it was registered.
    pub created: Timestamp,
}

/// How a permission was granted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GrantKind {
    /// To the app itself.
    Application,
    /// To the app on behalf of people, by an administrator.
    Delegated,
}

impl GrantKind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Delegated => "delegated",
        }
    }
}

/// A permission of an app.
pub type Grant = (GrantKind, Permission);

/// A group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Its id.
    pub id: ObjectId,
    /// What people call it.
    pub display_name: String,
}

/// An invitation that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// The guest object.
    pub user: ObjectId,
    /// The generation of the guest object that it is good for.
    pub generation: i64,
    /// SHA-256 of the handle in the link.
    pub handle_hash: String,
    /// Where the guest goes afterwards.
    pub redirect_url: String,
    /// When it was sent.
    pub created: Timestamp,
    /// When it was accepted.
    pub used: Option<Timestamp>,
}

/// A signed-in person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// SHA-256 of the cookie's secret.
    pub hash: String,
    /// [`model::Person::key`].
    pub person_key: String,
    /// When the person last proved who they are.
    pub authenticated: Timestamp,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
    /// When it ends in any case.
    pub expires: Timestamp,
}

/// A one-time passcode that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passcode {
    /// Keyed hash of the code.
    pub hash: String,
    /// When it ends.
    pub expires: Timestamp,
    /// Wrong guesses so far.
    pub attempts: i64,
}

/// Failed attempts under one key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Throttle {
    /// Consecutive failures.
    pub failures: i64,
    /// The last of them.
    pub last: Timestamp,
}

/// A one-time confirmation of leaving.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirmation {
    /// SHA-256 of the secret on the page.
    pub hash: String,
    /// The guest object it is for.
    pub user: ObjectId,
    /// The generation of that object.
    pub generation: i64,
    /// The version of the policy that the person was told about.
    pub policy_version: i64,
    /// SHA-256 of the session's secret.
    pub session_hash: String,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was used.
    pub used: Option<Timestamp>,
}

/// A signing key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SigningKey {
    /// Its id in token headers.
    pub kid: String,
    /// The private key, sealed under the master key, in hexadecimal.
    pub sealed: String,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it signs no more.
    pub retired: Option<Timestamp>,
}

/// What remains of a purged account: nothing personal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// The object id, never used again.
    pub id: ObjectId,
    /// When it was soft-deleted.
    pub deleted: Timestamp,
    /// From when on it could be purged.
    pub purge_after: Timestamp,
    /// When it was purged.
    pub purged: Timestamp,
    /// Why it was deleted.
    pub cause: String,
    /// By an administrator, before the time.
    pub by_hand: bool,
    /// Rows erased per category, as a JSON object.
    pub erased: String,
}

/// Which users, in which order.
#[derive(Clone, Default)]
pub struct UserQuery<'q> {
    /// Soft-deleted ones instead of live ones.
    pub deleted: bool,
    /// Only those that match.
    pub filter: Option<&'q odata::Filter>,
    /// Only those whose name, user name or mail contains or begins so (`$search`).
    pub search: Option<&'q odata::Search>,
    /// Properties to order by; always completed by the id.
    pub order_by: Vec<(&'static str, bool)>,
    /// Continue behind this position, as [`crate::Page::next`] gave it.
    pub after: Option<Vec<String>>,
    /// At most so many.
    pub limit: u16,
    /// Judges each user by the filter, where the filter names properties that have no column.
    pub keep: Option<&'q (dyn Fn(&User) -> bool + Send + Sync)>,
}

fn unless_empty<T>(found: Vec<T>) -> Option<Vec<T>> {
    if found.is_empty() { None } else { Some(found) }
}

pub(crate) const USER_COLUMNS: &str = "users.tenant_id, users.id, user_type, upn, display_name, given_name, surname, mail, other_mails, \
     account_enabled, home_key, home_deleted_at, invitation, invitation_changed, invited_by, users.created_at, deleted_at, \
     purge_after, deletion_cause, deletion_event, home_event, generation, users.version, tokens_since, profile";

fn broken() -> Error {
    Error::internal("a stored user does not parse")
}

pub(crate) fn user_type(row: &mut Row) -> Result<UserType> {
    UserType::parse(&row.text()?).ok_or_else(broken)
}

pub(crate) fn home_state(row: &mut Row) -> Result<HomeState> {
    Ok(row.opt_time()?.map_or(HomeState::Present, HomeState::Deleted))
}

pub(crate) fn invitation_state(row: &mut Row) -> Result<Option<InvitationState>> {
    row.opt_text()?.map(|word| InvitationState::parse(&word).ok_or_else(broken)).transpose()
}

pub(crate) fn user(mut row: Row) -> Result<User> {
    let json = |text: String| serde_json::from_str(&text).map_err(|_| broken());
    Ok(User {
        tenant: row.parsed()?,
        id: row.parsed()?,
        user_type: user_type(&mut row)?,
        upn: row.text()?,
        display_name: row.text()?,
        given_name: row.opt_text()?,
        surname: row.opt_text()?,
        mail: row.opt_text()?,
        other_mails: serde_json::from_str(&row.text()?).map_err(|_| broken())?,
        account_enabled: row.bool()?,
        home: Home::from_key(row.opt_text()?.as_deref()).ok_or_else(broken)?,
        home_state: home_state(&mut row)?,
        invitation: invitation_state(&mut row)?,
        invitation_changed: row.opt_time()?,
        invited_by: row.opt_parsed()?,
        created: row.time()?,
        deletion: deletion(&mut row)?,
        generation: row.int()?,
        version: row.int()?,
        tokens_since: row.time()?,
        profile: row.text().and_then(json).map(Profile)?,
    })
}

fn deletion(row: &mut Row) -> Result<Option<Deletion>> {
    let (at, purge_after) = (row.opt_time()?, row.opt_time()?);
    let (cause, event) = (row.opt_text()?, row.opt_parsed::<Uuid>()?);
    let home_event = row.opt_parsed::<Uuid>()?;
    let cause = cause.as_deref().and_then(|word| DeletionCause::parse(word, home_event));
    Ok(match (at, purge_after, cause, event) {
        (Some(at), Some(purge_after), Some(cause), Some(event)) => {
            Some(Deletion { at, purge_after, cause, event })
        }
        (None, None, None, None) => None,
        _ => return Err(Error::internal("a stored deletion is incomplete")),
    })
}

pub(crate) const TENANT_COLUMNS: &str = "tenants.tenant_id, tenants.name, tenants.domain, privacy_contact, privacy_url, \
     technical_contact, tenants.created_at, tenants.version";

pub(crate) fn tenant(row: &mut Row) -> Result<Tenant> {
    Ok(Tenant {
        id: row.parsed()?,
        name: row.text()?,
        domain: row.text()?,
        privacy: PrivacyProfile { contact_email: row.opt_text()?, statement_url: row.opt_text()? },
        technical_contact: row.opt_text()?,
        created: row.time()?,
        version: row.int()?,
    })
}

pub(crate) const INVITATION: &str = "id, user_id, generation, handle_hash, redirect_url, created_at, used_at";

pub(crate) fn invitation(mut row: Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.parsed()?,
        user: row.parsed()?,
        generation: row.int()?,
        handle_hash: row.text()?,
        redirect_url: row.text()?,
        created: row.time()?,
        used: row.opt_time()?,
    })
}

impl<'a> Reader<'a> {
    pub(crate) fn new(connection: &'a dyn Connection, scope: TenantScope) -> Self {
        Self { connection, scope }
    }

    /// The tenant it sees.
    pub fn tenant_id(&self) -> TenantId {
        self.scope.tenant()
    }

    /// The reviewed functions that see beyond the tenant.
    pub fn across(&self) -> crate::cross::Across<'a> {
        crate::cross::Across::new(self.connection)
    }

    pub(crate) fn rows(&self, sql: &str, more: &[Value]) -> Result<Vec<Row>> {
        let mut parameters = Vec::with_capacity(more.len() + 1);
        parameters.push(self.tenant_id().into());
        parameters.extend_from_slice(more);
        self.connection.query(sql, &parameters)
    }

    pub(crate) fn row(&self, sql: &str, more: &[Value]) -> Result<Option<Row>> {
        Ok(self.rows(sql, more)?.into_iter().next())
    }

    pub(crate) fn count(&self, sql: &str, more: &[Value]) -> Result<i64> {
        self.row(sql, more)?.map_or(Ok(0), |mut row| row.int())
    }

    /// What the engine keeps of these rows, or what is read now. Nothing is kept of what is not there.
    fn kept<T: Send + Sync + 'static>(
        &self,
        what: Kept,
        read: impl FnOnce() -> Result<Option<T>>,
    ) -> Result<Option<Arc<T>>> {
        let kept = self.connection.kept(self.tenant_id(), what).and_then(|copy| copy.downcast::<T>().ok());
        if kept.is_some() {
            return Ok(kept);
        }
        let found = read()?.map(Arc::new);
        if let Some(found) = &found {
            self.connection.keep(self.tenant_id(), what, Arc::<T>::clone(found));
        }
        Ok(found)
    }

    /// The tenant; an error if it does not exist.
    pub fn tenant(&self) -> Result<Tenant> {
        self.find_tenant()?.ok_or_else(|| Error::not_found(self.tenant_id()))
    }

    /// The tenant, if it exists.
    pub fn find_tenant(&self) -> Result<Option<Tenant>> {
        self.row(&TENANT, &[])?.map(|mut row| tenant(&mut row)).transpose()
    }

    /// Domains of the tenant, the one for new user names first.
    pub fn domains(&self) -> Result<Vec<String>> {
        self.rows(
            "select domains.domain from domains join tenants on tenants.tenant_id = domains.tenant_id \
             where domains.tenant_id = ?1 order by case when domains.domain = tenants.domain then 0 else 1 end, domains.domain",
            &[],
        )?
        .iter_mut()
        .map(Row::text)
        .collect()
    }

    /// The policy.
    pub fn policy(&self) -> Result<ExternalIdentitiesPolicy> {
        let found = self.kept(Kept::Policy, || {
            self.row(POLICY, &[])?
                .map(|mut row| {
                    Ok(ExternalIdentitiesPolicy {
                        allow_leave: row.bool()?,
                        allow_removal: row.bool()?,
                        version: row.int()?,
                    })
                })
                .transpose()
        })?;
        found.map(|policy| *policy).ok_or_else(|| Error::not_found(self.tenant_id()))
    }

    /// A user by id, live or soft-deleted.
    pub fn user(&self, id: ObjectId) -> Result<Option<User>> {
        self.row(&format!("select {USER_COLUMNS} from users where tenant_id = ?1 and id = ?2"), &[id.into()])?
            .map(user)
            .transpose()
    }

    /// A live user by id.
    pub fn live_user(&self, id: ObjectId) -> Result<Option<User>> {
        Ok(self.user(id)?.filter(|user| !user.is_deleted()))
    }

    /// A live user by user name, in any letter case.
    pub fn user_by_upn(&self, upn: &str) -> Result<Option<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where tenant_id = ?1 and upn_key = ?2 and deleted_at is null"
        );
        self.row(&sql, &[fold(upn).into()])?.map(user).transpose()
    }

    /// Live users with this main mail address.
    pub fn users_by_mail(&self, mail: &str) -> Result<Vec<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where tenant_id = ?1 and mail_key = ?2 and deleted_at is null order by id"
        );
        self.rows(&sql, &[fold(mail).into()])?.into_iter().map(user).collect()
    }

    /// The live account of somebody homed elsewhere.
    pub fn user_by_home(&self, home: &Home) -> Result<Option<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where tenant_id = ?1 and home_key = ?2 and deleted_at is null"
        );
        self.row(&sql, &[home.key().into()])?.map(user).transpose()
    }

    /// All accounts of somebody homed elsewhere, deleted ones included, newest deletion first.
    pub fn users_by_home(&self, home: &Home) -> Result<Vec<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where tenant_id = ?1 and home_key = ?2 \
             order by case when deleted_at is null then 0 else 1 end, deleted_at desc, id"
        );
        self.rows(&sql, &[home.key().into()])?.into_iter().map(user).collect()
    }

    /// One page of users.
    pub fn users(&self, query: &UserQuery<'_>) -> Result<Page<User>> {
        crate::filter::page(self, query)
    }

    /// How many users match; position and limit play no part.
    pub fn count_users(&self, query: &UserQuery<'_>) -> Result<i64> {
        crate::filter::count(self, query)
    }

    /// Live guests whose home account was deleted, by id, behind `after`.
    pub fn orphans(&self, after: Option<ObjectId>, limit: u16) -> Result<Vec<User>> {
        let sql = format!(
            "select {USER_COLUMNS} from users where tenant_id = ?1 and home_deleted_at is not null and deleted_at is null \
             and id > ?2 order by id limit ?3"
        );
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.rows(&sql, &[after.into(), i64::from(limit).into()])?.into_iter().map(user).collect()
    }

    /// How many live guests there are whose home account was deleted.
    pub fn count_orphans(&self) -> Result<i64> {
        self.count(
            "select count(*) from users where tenant_id = ?1 and home_deleted_at is not null and deleted_at is null",
            &[],
        )
    }

    /// Directory roles of a user.
    pub fn roles(&self, id: ObjectId) -> Result<Vec<Role>> {
        let rows = self.rows(
            "select role_id from role_assignments where tenant_id = ?1 and user_id = ?2 order by role_id",
            &[id.into()],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Role::from_template(row.parsed()?).ok_or_else(|| Error::internal("a stored role is unknown"))
            })
            .collect()
    }

    /// Live, enabled Global Administrators homed in this tenant who can sign in here, other than this one.
    pub fn other_administrators(&self, than: ObjectId) -> Result<i64> {
        self.count(
            "select count(*) from role_assignments r join users u on u.tenant_id = r.tenant_id and u.id = r.user_id \
             join passwords p on p.tenant_id = r.tenant_id and p.user_id = r.user_id where r.tenant_id = ?1 and r.role_id = ?2 and r.user_id <> ?3 \
             and u.deleted_at is null and u.account_enabled = ?4 and u.home_key is null",
            &[Role::GlobalAdministrator.template().into(), than.into(), true.into()],
        )
    }

    /// The version of the administrators' guard.
    pub fn administrators_version(&self) -> Result<i64> {
        self.count("select administrators_version from tenants where tenant_id = ?1", &[])
    }

    /// Groups of a user.
    pub fn groups_of(&self, id: ObjectId) -> Result<Vec<Group>> {
        self.rows(
            "select g.id, g.display_name from group_members m join groups g on g.tenant_id = m.tenant_id and g.id = m.group_id \
             where m.tenant_id = ?1 and m.user_id = ?2 order by m.group_id",
            &[id.into()],
        )?
        .into_iter()
        .map(|mut row| Ok(Group { id: row.parsed()?, display_name: row.text()? }))
        .collect()
    }

    /// The password hash of a member.
    pub fn password(&self, id: ObjectId) -> Result<Option<String>> {
        self.row("select hash from passwords where tenant_id = ?1 and user_id = ?2", &[id.into()])?
            .map(|mut row| row.text())
            .transpose()
    }

    /// Does a member have to choose a new password at the next sign-in?
    pub fn password_change_required(&self, id: ObjectId) -> Result<bool> {
        let row = self.row(
            "select change_required from passwords where tenant_id = ?1 and user_id = ?2",
            &[id.into()],
        )?;
        row.map_or(Ok(false), |mut row| row.bool())
    }

    /// Asks ahead for what a request of an app is about to ask one by one.
    pub fn foresee_app(&self, id: AppId) -> Result<()> {
        if !self.connection.is_far() {
            return Ok(());
        }
        let tenant = [self.tenant_id().into()];
        let app = [self.tenant_id().into(), id.into()];
        let grants = [self.tenant_id().into(), id.into(), GrantKind::Application.as_str().into()];
        let asked: [(&str, &[Value]); 4] =
            [(APP, &app), (GRANTS, &grants), (POLICY, &tenant), (&TENANT, &tenant)];
        self.connection.foresee(&asked.map(|(sql, parameters)| Statement::own(sql, parameters)))
    }

    /// An application.
    pub fn app(&self, id: AppId) -> Result<Option<App>> {
        Ok(self.kept(Kept::App(id), || self.read_app(id))?.map(|app| (*app).clone()))
    }

    fn read_app(&self, id: AppId) -> Result<Option<App>> {
        self.row(APP, &[id.into()])?
            .map(|mut row| {
                Ok(App {
                    id: row.parsed()?,
                    object: row.parsed()?,
                    name: row.text()?,
                    public: row.bool()?,
                    redirect_uris: serde_json::from_str(&row.text()?)
                        .map_err(|_| Error::internal("stored redirect addresses do not parse"))?,
                    enabled: row.bool()?,
                    created: row.time()?,
                })
            })
            .transpose()
    }

    /// Hashes of the app's secrets that are good now.
    pub fn app_secrets(&self, id: AppId, now: Timestamp) -> Result<Vec<String>> {
        let found = self.kept(Kept::Secrets(id), || {
            self.rows(
                "select hash, expires_at from app_secrets where tenant_id = ?1 and app_id = ?2 order by id",
                &[id.into()],
            )?
            .iter_mut()
            .map(|row| Ok((row.text()?, row.time()?)))
            .collect::<Result<Vec<(String, Timestamp)>>>()
            .map(unless_empty)
        })?;
        let good = found.iter().flat_map(|secrets| secrets.iter()).filter(|(_, expires)| *expires > now);
        Ok(good.map(|(hash, _)| hash.clone()).collect())
    }

    /// Permissions of one kind that an app has.
    pub fn grants(&self, id: AppId, kind: GrantKind) -> Result<Vec<Permission>> {
        let found = self.kept(Kept::Grants(id, kind), || {
            let rows = self.rows(GRANTS, &[id.into(), kind.as_str().into()])?;
            rows.into_iter()
                .map(|mut row| {
                    Permission::parse(&row.text()?)
                        .ok_or_else(|| Error::internal("a stored permission is unknown"))
                })
                .collect::<Result<Vec<_>>>()
                .map(unless_empty)
        })?;
        Ok(found.map_or_else(Vec::new, |granted| (*granted).clone()))
    }

    /// Signing keys, newest first.
    pub fn signing_keys(&self) -> Result<Vec<SigningKey>> {
        Ok((*self.shared_signing_keys()?).clone())
    }

    /// The same without a copy: the sealed keys are long.
    pub fn shared_signing_keys(&self) -> Result<Arc<Vec<SigningKey>>> {
        let found = self.kept(Kept::SigningKeys, || {
            self.rows(
                "select kid, sealed, created_at, retired_at from signing_keys where tenant_id = ?1 order by created_at desc, kid",
                &[],
            )?
            .into_iter()
            .map(|mut row| {
                Ok(SigningKey { kid: row.text()?, sealed: row.text()?, created: row.time()?, retired: row.opt_time()? })
            })
            .collect::<Result<Vec<_>>>()
            .map(unless_empty)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// An invitation by the hash of its handle.
    pub fn invitation(&self, handle_hash: &str) -> Result<Option<Invitation>> {
        let sql = format!("select {INVITATION} from invitations where tenant_id = ?1 and handle_hash = ?2");
        self.row(&sql, &[handle_hash.into()])?.map(invitation).transpose()
    }

    /// A session by the hash of its secret.
    pub fn session(&self, hash: &str) -> Result<Option<Session>> {
        self.row(
            "select hash, person_key, authenticated_at, seen_at, expires_at from sessions where tenant_id = ?1 and hash = ?2",
            &[hash.into()],
        )?
        .map(|mut row| {
            Ok(Session {
                hash: row.text()?,
                person_key: row.text()?,
                authenticated: row.time()?,
                seen: row.time()?,
                expires: row.time()?,
            })
        })
        .transpose()
    }

    /// The passcode sent to an address.
    pub fn passcode(&self, address_key: &str) -> Result<Option<Passcode>> {
        self.row(
            "select hash, expires_at, attempts from passcodes where tenant_id = ?1 and address_key = ?2",
            &[address_key.into()],
        )?
        .map(|mut row| Ok(Passcode { hash: row.text()?, expires: row.time()?, attempts: row.int()? }))
        .transpose()
    }

    /// Failed attempts under a key.
    pub fn throttle(&self, key: &str) -> Result<Option<Throttle>> {
        self.row("select failures, last_at from throttles where tenant_id = ?1 and key = ?2", &[key.into()])?
            .map(|mut row| Ok(Throttle { failures: row.int()?, last: row.time()? }))
            .transpose()
    }

    /// A confirmation by the hash of its secret.
    pub fn confirmation(&self, hash: &str) -> Result<Option<Confirmation>> {
        self.row(
            "select hash, user_id, generation, policy_version, session_hash, expires_at, used_at from confirmations \
             where tenant_id = ?1 and hash = ?2",
            &[hash.into()],
        )?
        .map(|mut row| {
            Ok(Confirmation {
                hash: row.text()?,
                user: row.parsed()?,
                generation: row.int()?,
                policy_version: row.int()?,
                session_hash: row.text()?,
                expires: row.time()?,
                used: row.opt_time()?,
            })
        })
        .transpose()
    }

    /// What remains of a purged account.
    pub fn tombstone(&self, id: ObjectId) -> Result<Option<Tombstone>> {
        self.row(
            "select id, deleted_at, purge_after, purged_at, cause, by_hand, erased from tombstones where tenant_id = ?1 and id = ?2",
            &[id.into()],
        )?
        .map(|mut row| {
            Ok(Tombstone {
                id: row.parsed()?,
                deleted: row.time()?,
                purge_after: row.time()?,
                purged: row.time()?,
                cause: row.text()?,
                by_hand: row.bool()?,
                erased: row.text()?,
            })
        })
        .transpose()
    }

    /// How many sessions and unused invitations could let this account act.
    pub fn count_handles(&self, id: ObjectId) -> Result<i64> {
        let person = format!("member:{}:{id}", self.tenant_id());
        let sessions = self.count(
            "select count(*) from sessions where tenant_id = ?1 and person_key = ?2",
            &[person.into()],
        )?;
        let invitations = self.count(
            "select count(*) from invitations where tenant_id = ?1 and user_id = ?2 and used_at is null",
            &[id.into()],
        )?;
        Ok(sessions + invitations)
    }

    /// How many rows would go if this account were purged, by category.
    pub fn personal_rows(&self, id: ObjectId) -> Result<Vec<(&'static str, i64)>> {
        let row = self.row(&PERSONAL_ROWS, &[id.into()])?;
        let mut row = row.ok_or_else(|| Error::internal("a count gave no row"))?;
        PERSONAL.iter().map(|(category, ..)| Ok((*category, row.int()?))).collect()
    }
}
