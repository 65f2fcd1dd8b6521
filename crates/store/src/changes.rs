//! Writing: statements as data, each with the number of rows it must change.

use crate::{
    App, Confirmation, Digest, Grant, Invitation, Passcode, Session, SigningKey, Tombstone, audit,
    batch::Failed,
    connection::{self, Answer, Connection, View},
    counts::{self, Kind},
    value::Value,
};
use model::{
    Error, ErrorKind, ExternalIdentitiesPolicy, HomeState, ObjectId, Result, Tenant, TenantId, TenantScope,
    Timestamp, User, audit::Record, authz::Role, fold,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a decision comes to: changes to commit, and the outcome to answer once they are. An outcome may be an error that
/// must leave a trace, such as a refusal with its audit record.
pub struct Decision<T> {
    pub(crate) changes: ChangeSet,
    pub(crate) outcome: Result<T>,
}

impl<T> Decision<T> {
    /// Commits the changes and answers the value.
    pub fn done(changes: ChangeSet, value: T) -> Result<Self> {
        Ok(Self { changes, outcome: Ok(value) })
    }

    /// Commits the changes (usually only an audit record) and answers the error.
    pub fn refused(changes: ChangeSet, error: Error) -> Result<Self> {
        Ok(Self { changes, outcome: Err(error) })
    }
}

#[derive(Clone, Copy)]
enum Expect {
    /// Exactly one row: a guard, or an insert. Anything else means that the state moved under the decision. A guard on a row of
    /// the tenant's own only reads it: commits of one tenant take turns, so that it stays as it is until this one is done.
    One,
    /// None: something that must not be there.
    None,
    /// Any number.
    Any,
}

struct Statement {
    sql: &'static str,
    parameters: Vec<Value>,
    expect: Expect,
    whose: Whose,
}

/// Whose rows a statement is about.
#[derive(Clone, Copy)]
enum Whose {
    /// The tenant's of the change set: `?1` is the tenant.
    Own,
    /// Another tenant's, which is `?1`: a reviewed guard.
    Other(TenantId),
    /// Those of a table of the whole directory.
    Directory,
}

/// Everything that one operation changes in one tenant. Nothing happens until the store commits it.
#[derive(Default)]
pub struct ChangeSet {
    statements: Vec<Statement>,
    records: Vec<Record>,
    /// How many users of each kind come or go.
    counts: BTreeMap<Kind, i64>,
    erases: bool,
}

/// Everything that is personal and hangs on a user object: category, table, column of the object's id. The user row
/// itself goes last.
pub(crate) const PERSONAL: &[(&str, &str, &str)] = &[
    ("passwords", "passwords", "user_id"),
    ("roles", "role_assignments", "user_id"),
    ("groups", "group_members", "user_id"),
    ("confirmations", "confirmations", "user_id"),
    ("refreshTokens", "refresh_tokens", "user_id"),
    ("authorizationCodes", "authorization_codes", "user_id"),
    ("authorizations", "authorizations", "user_id"),
    ("consents", "app_consents", "user_id"),
    ("invitations", "invitations", "user_id"),
    ("mails", "mails", "subject"),
    ("recoveryCodes", "recovery_codes", "user_id"),
    ("secondFactors", "second_factors", "user_id"),
    ("sponsors", "sponsors", "user_id"),
    ("sponsored", "sponsors", "sponsor_id"),
    ("signIns", "sign_ins", "user_id"),
    ("auditDetails", "audit_personal", "subject_id"),
    ("user", "users", "id"),
];

/// The statements that erase them, in the same order.
const ERASE: &[&str] = &[
    "delete from passwords where tenant_id = ?1 and user_id = ?2",
    "delete from role_assignments where tenant_id = ?1 and user_id = ?2",
    "delete from group_members where tenant_id = ?1 and user_id = ?2",
    "delete from confirmations where tenant_id = ?1 and user_id = ?2",
    "delete from refresh_tokens where tenant_id = ?1 and user_id = ?2",
    "delete from authorization_codes where tenant_id = ?1 and user_id = ?2",
    "delete from authorizations where tenant_id = ?1 and user_id = ?2",
    "delete from app_consents where tenant_id = ?1 and user_id = ?2",
    "delete from invitations where tenant_id = ?1 and user_id = ?2",
    "delete from mails where tenant_id = ?1 and subject = ?2",
    "delete from recovery_codes where tenant_id = ?1 and user_id = ?2",
    "delete from second_factors where tenant_id = ?1 and user_id = ?2",
    "delete from sponsors where tenant_id = ?1 and user_id = ?2",
    "delete from sponsors where tenant_id = ?1 and sponsor_id = ?2",
    "delete from sign_ins where tenant_id = ?1 and user_id = ?2",
    "delete from audit_personal where tenant_id = ?1 and subject_id = ?2",
];

fn json(value: &impl serde::Serialize) -> Value {
    // Strings and lists of strings always serialise.
    serde_json::to_string(value).unwrap_or_default().into()
}

impl ChangeSet {
    /// No changes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Does it change nothing at all?
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty() && self.records.is_empty()
    }

    /// Does it destroy personal data, so that the engine must see to what remains in its files?
    pub(crate) const fn erases(&self) -> bool {
        self.erases
    }

    pub(crate) fn one(&mut self, sql: &'static str, parameters: Vec<Value>) -> &mut Self {
        self.statements.push(Statement { sql, parameters, expect: Expect::One, whose: Whose::Own });
        self
    }

    pub(crate) fn none(&mut self, sql: &'static str, parameters: Vec<Value>) -> &mut Self {
        self.statements.push(Statement { sql, parameters, expect: Expect::None, whose: Whose::Own });
        self
    }

    pub(crate) fn any(&mut self, sql: &'static str, parameters: Vec<Value>) -> &mut Self {
        self.statements.push(Statement { sql, parameters, expect: Expect::Any, whose: Whose::Own });
        self
    }

    /// It destroys personal data.
    pub(crate) const fn mark_erasing(&mut self) {
        self.erases = true;
    }

    /// A statement on a table of the whole directory.
    fn wide(&mut self, expect: Expect, sql: &'static str, parameters: Vec<Value>) -> &mut Self {
        self.statements.push(Statement { sql, parameters, expect, whose: Whose::Directory });
        self
    }

    /// Records what happened.
    pub fn record(&mut self, record: Record) -> &mut Self {
        self.records.push(record);
        self
    }

    /// Creates a tenant with its first domain and the default policy.
    pub fn insert_tenant(&mut self, tenant: &Tenant) -> &mut Self {
        let policy = ExternalIdentitiesPolicy::default();
        self.one(
            "insert into tenants (tenant_id, name, domain, privacy_contact, privacy_url, technical_contact, created_at, version, \
             administrators_version) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)",
            vec![
                tenant.id.into(),
                (&tenant.name).into(),
                (&tenant.domain).into(),
                tenant.privacy.contact_email.as_ref().into(),
                tenant.privacy.statement_url.as_ref().into(),
                tenant.technical_contact.as_ref().into(),
                tenant.created.into(),
                tenant.version.into(),
            ],
        );
        self.one(
            "insert into policies (tenant_id, allow_leave, allow_removal, version) values (?1, ?2, ?3, ?4)",
            vec![
                tenant.id.into(),
                policy.allow_leave.into(),
                policy.allow_removal.into(),
                policy.version.into(),
            ],
        );
        self.one(
            "insert into audit_heads (tenant_id, sequence, hash) values (?1, 0, ?2)",
            vec![tenant.id.into(), audit::GENESIS.into()],
        );
        self.one(
            "insert into user_change_heads (tenant_id, place, counted) values (?1, 0, 0)",
            vec![tenant.id.into()],
        );
        self.insert_domain(tenant, &tenant.domain)
    }

    /// Gives a tenant a further domain.
    pub fn insert_domain(&mut self, tenant: &Tenant, domain: &str) -> &mut Self {
        self.wide(
            Expect::One,
            "insert into domains (domain, tenant_id) values (?1, ?2)",
            vec![fold(domain).into(), tenant.id.into()],
        )
    }

    /// Stores changed properties of a tenant, guarded by the version before.
    pub fn update_tenant(&mut self, tenant: &Tenant) -> &mut Self {
        self.one(
            "update tenants set name = ?2, privacy_contact = ?3, privacy_url = ?4, technical_contact = ?5, version = ?6 \
             where tenant_id = ?1 and version = ?6 - 1",
            vec![
                tenant.id.into(),
                (&tenant.name).into(),
                tenant.privacy.contact_email.as_ref().into(),
                tenant.privacy.statement_url.as_ref().into(),
                tenant.technical_contact.as_ref().into(),
                tenant.version.into(),
            ],
        )
    }

    /// Fails unless the tenant is still at this version.
    pub fn guard_tenant(&mut self, tenant: &Tenant) -> &mut Self {
        self.one(
            "select version from tenants where tenant_id = ?1 and version = ?2",
            vec![tenant.id.into(), tenant.version.into()],
        )
    }

    /// Serialises everything that changes who administers the tenant: the count of administrators was read under it.
    pub fn guard_administrators(&mut self, tenant: TenantScope, version: i64) -> &mut Self {
        self.one(
            "update tenants set administrators_version = ?2 + 1 where tenant_id = ?1 and administrators_version = ?2",
            vec![tenant.tenant().into(), version.into()],
        )
    }

    /// Stores a changed policy, guarded by the version before.
    pub fn update_policy(&mut self, tenant: TenantScope, policy: &ExternalIdentitiesPolicy) -> &mut Self {
        self.one(
            "update policies set allow_leave = ?2, allow_removal = ?3, version = ?4 where tenant_id = ?1 and version = ?4 - 1",
            vec![
                tenant.tenant().into(),
                policy.allow_leave.into(),
                policy.allow_removal.into(),
                policy.version.into(),
            ],
        )
    }

    /// Fails unless the policy is still at this version.
    pub fn guard_policy(&mut self, tenant: TenantScope, policy: &ExternalIdentitiesPolicy) -> &mut Self {
        self.one(
            "select version from policies where tenant_id = ?1 and version = ?2",
            vec![tenant.tenant().into(), policy.version.into()],
        )
    }

    /// Creates a user; the id of a purged one is never used again.
    pub fn insert_user(&mut self, user: &User) -> &mut Self {
        self.none(
            "select id from tombstones where tenant_id = ?1 and id = ?2",
            vec![user.tenant.into(), user.id.into()],
        );
        self.insert_row(user).note_user(user.tenant, user.id)
    }

    /// The row of a user, and the count of its kind.
    pub(crate) fn insert_row(&mut self, user: &User) -> &mut Self {
        *self.counts.entry(Kind::of(user)).or_default() += 1;
        self.one(
            "insert into users (tenant_id, id, user_type, display_name, display_key, given_name, surname, mail, \
             mail_key, other_mails, home_key, invited_by, created_at, profile, upn, upn_key, account_enabled, \
             home_deleted_at, invitation, invitation_changed, deleted_at, purge_after, deletion_cause, \
             deletion_event, home_event, generation, version, tokens_since) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
             ?22, ?23, ?24, ?25, ?26, ?27, ?28)",
            [key_values(user), person_values(user), life_values(user)].concat(),
        )
    }

    /// Stores a changed user, which was read in this transaction as it was before; guarded by the version of that. Where the
    /// person is still the same, SQLite need not touch the indexes that find people.
    pub fn update_user(&mut self, before: &User, after: &User) -> &mut Self {
        *self.counts.entry(Kind::of(before)).or_default() -= 1;
        *self.counts.entry(Kind::of(after)).or_default() += 1;
        let (person, mut values) = (person_values(after), key_values(after));
        if person == person_values(before) {
            values.extend(life_values(after));
            self.one(
                "update users set upn = ?3, upn_key = ?4, account_enabled = ?5, home_deleted_at = ?6, \
                 invitation = ?7, invitation_changed = ?8, deleted_at = ?9, purge_after = ?10, deletion_cause = ?11, \
                 deletion_event = ?12, home_event = ?13, generation = ?14, version = ?15, tokens_since = ?16 \
                 where tenant_id = ?1 and id = ?2 and version = ?15 - 1",
                values,
            );
        } else {
            values.extend(person);
            values.extend(life_values(after));
            self.one(
                "update users set user_type = ?3, display_name = ?4, display_key = ?5, given_name = ?6, surname = ?7, \
                 mail = ?8, mail_key = ?9, other_mails = ?10, home_key = ?11, invited_by = ?12, created_at = ?13, \
                 profile = ?14, upn = ?15, upn_key = ?16, account_enabled = ?17, home_deleted_at = ?18, \
                 invitation = ?19, invitation_changed = ?20, deleted_at = ?21, purge_after = ?22, \
                 deletion_cause = ?23, deletion_event = ?24, home_event = ?25, generation = ?26, version = ?27, \
                 tokens_since = ?28 \
                 where tenant_id = ?1 and id = ?2 and version = ?27 - 1",
                values,
            );
        }
        self.note_user(after.tenant, after.id)
    }

    /// Fails unless the user is still at this version.
    pub fn guard_user(&mut self, user: &User) -> &mut Self {
        self.one(
            "select version from users where tenant_id = ?1 and id = ?2 and version = ?3",
            vec![user.tenant.into(), user.id.into(), user.version.into()],
        )
    }

    /// Fails unless the home account, in another tenant, is live and enabled. It was read across tenants, where the commits of
    /// this tenant do not wait for those of the other; the guard makes a deletion there and what is decided here take turns.
    pub fn guard_home_account(&mut self, tenant: TenantId, object: ObjectId) -> &mut Self {
        self.statements.push(Statement {
            sql: "update users set version = version where tenant_id = ?1 and id = ?2 and deleted_at is null and account_enabled = ?3",
            parameters: vec![tenant.into(), object.into(), true.into()],
            expect: Expect::One,
            whose: Whose::Other(tenant),
        });
        self
    }

    /// Ends everything that lets this account act: sessions, unused confirmations and invitations.
    pub fn revoke(&mut self, user: &User) -> &mut Self {
        let person = format!("member:{}:{}", user.tenant, user.id);
        self.any(
            "delete from sessions where tenant_id = ?1 and person_key = ?2",
            vec![user.tenant.into(), person.into()],
        );
        self.any(
            "delete from invitations where tenant_id = ?1 and user_id = ?2 and used_at is null",
            vec![user.tenant.into(), user.id.into()],
        )
    }

    /// Takes all directory roles.
    pub fn drop_roles(&mut self, user: &User) -> &mut Self {
        self.any(
            "delete from role_assignments where tenant_id = ?1 and user_id = ?2",
            vec![user.tenant.into(), user.id.into()],
        )
    }

    /// Gives a directory role.
    pub fn insert_role(&mut self, user: &User, role: Role) -> &mut Self {
        self.any(
            "insert into role_assignments (tenant_id, role_id, user_id) values (?1, ?2, ?3) on conflict do nothing",
            vec![user.tenant.into(), role.template().into(), user.id.into()],
        )
    }

    /// Takes one directory role.
    pub fn delete_role(&mut self, user: &User, role: Role) -> &mut Self {
        self.one(
            "delete from role_assignments where tenant_id = ?1 and role_id = ?2 and user_id = ?3",
            vec![user.tenant.into(), role.template().into(), user.id.into()],
        )
    }

    /// Creates a group.
    pub fn insert_group(
        &mut self,
        tenant: TenantScope,
        id: ObjectId,
        name: &str,
        created: Timestamp,
    ) -> &mut Self {
        self.one(
            "insert into groups (tenant_id, id, display_name, created_at) values (?1, ?2, ?3, ?4)",
            vec![tenant.tenant().into(), id.into(), name.into(), created.into()],
        )
    }

    /// Puts a user into a group.
    pub fn insert_membership(&mut self, user: &User, group: ObjectId) -> &mut Self {
        self.one(
            "insert into group_members (tenant_id, group_id, user_id) values (?1, ?2, ?3)",
            vec![user.tenant.into(), group.into(), user.id.into()],
        )
    }

    /// Sets the password hash of a member. Whether it must be changed stays as it is: a hash is also written anew at a higher cost.
    pub fn set_password(&mut self, user: &User, hash: &str, now: Timestamp) -> &mut Self {
        self.any(
            "insert into passwords (tenant_id, user_id, hash, changed_at) values (?1, ?2, ?3, ?4) \
             on conflict (tenant_id, user_id) do update set hash = excluded.hash, changed_at = excluded.changed_at",
            vec![user.tenant.into(), user.id.into(), hash.into(), now.into()],
        )
    }

    /// Says whether a member has to choose a new password at the next sign-in; nothing for whoever has none.
    pub fn require_password_change(&mut self, user: &User, required: bool) -> &mut Self {
        self.any(
            "update passwords set change_required = ?3 where tenant_id = ?1 and user_id = ?2",
            vec![user.tenant.into(), user.id.into(), required.into()],
        )
    }

    /// Registers an application in a tenant.
    pub fn insert_app(&mut self, tenant: TenantScope, app: &App) -> &mut Self {
        self.one(
            "insert into apps (tenant_id, id, object_id, name, public, redirect_uris, enabled, created_at, version) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)",
            vec![
                tenant.tenant().into(),
                app.id.into(),
                app.object.into(),
                (&app.name).into(),
                app.public.into(),
                json(&app.redirect_uris),
                app.enabled.into(),
                app.created.into(),
            ],
        )
    }

    /// Allows or forbids an app to ask for and use tokens.
    pub fn set_app_enabled(&mut self, tenant: TenantScope, app: &App, enabled: bool) -> &mut Self {
        self.one(
            "update apps set enabled = ?3, version = version + 1 where tenant_id = ?1 and id = ?2",
            vec![tenant.tenant().into(), app.id.into(), enabled.into()],
        )
    }

    /// Adds a secret to an app, as a hash.
    pub fn insert_app_secret(
        &mut self,
        tenant: TenantScope,
        app: &App,
        id: Uuid,
        hash: &str,
        (created, expires): (Timestamp, Timestamp),
    ) -> &mut Self {
        self.one(
            "insert into app_secrets (tenant_id, app_id, id, hash, created_at, expires_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
            vec![tenant.tenant().into(), app.id.into(), id.into(), hash.into(), created.into(), expires.into()],
        )
    }

    /// Grants a permission to an app.
    pub fn insert_grant(&mut self, tenant: TenantScope, app: &App, (kind, permission): Grant) -> &mut Self {
        self.any(
            "insert into app_grants (tenant_id, app_id, kind, permission) values (?1, ?2, ?3, ?4) on conflict do nothing",
            vec![tenant.tenant().into(), app.id.into(), kind.as_str().into(), permission.value().into()],
        )
    }

    /// Takes a permission from an app.
    pub fn delete_grant(&mut self, tenant: TenantScope, app: &App, (kind, permission): Grant) -> &mut Self {
        self.one(
            "delete from app_grants where tenant_id = ?1 and app_id = ?2 and kind = ?3 and permission = ?4",
            vec![tenant.tenant().into(), app.id.into(), kind.as_str().into(), permission.value().into()],
        )
    }

    /// Adds a signing key.
    pub fn insert_signing_key(&mut self, tenant: TenantScope, key: &SigningKey) -> &mut Self {
        self.one(
            "insert into signing_keys (tenant_id, kid, sealed, created_at, retired_at) values (?1, ?2, ?3, ?4, ?5)",
            vec![
                tenant.tenant().into(),
                (&key.kid).into(),
                (&key.sealed).into(),
                key.created.into(),
                key.retired.into(),
            ],
        )
    }

    /// Adds an invitation; earlier ones of the same guest are void.
    pub fn insert_invitation(&mut self, tenant: TenantScope, invitation: &Invitation) -> &mut Self {
        self.any(
            "delete from invitations where tenant_id = ?1 and user_id = ?2 and used_at is null",
            vec![tenant.tenant().into(), invitation.user.into()],
        );
        self.one(
            "insert into invitations (tenant_id, id, user_id, generation, handle_hash, redirect_url, created_at, used_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            vec![
                tenant.tenant().into(),
                invitation.id.into(),
                invitation.user.into(),
                invitation.generation.into(),
                (&invitation.handle_hash).into(),
                (&invitation.redirect_url).into(),
                invitation.created.into(),
                invitation.used.into(),
            ],
        )
    }

    /// Uses an invitation; only one wins.
    pub fn use_invitation(
        &mut self,
        tenant: TenantScope,
        invitation: &Invitation,
        now: Timestamp,
    ) -> &mut Self {
        self.one(
            "update invitations set used_at = ?3 where tenant_id = ?1 and id = ?2 and used_at is null",
            vec![tenant.tenant().into(), invitation.id.into(), now.into()],
        )
    }

    /// Adds a session.
    pub fn insert_session(&mut self, tenant: TenantScope, session: &Session) -> &mut Self {
        self.one(
            "insert into sessions (tenant_id, hash, person_key, authenticated_at, seen_at, expires_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
            vec![
                tenant.tenant().into(),
                (&session.hash).into(),
                (&session.person_key).into(),
                session.authenticated.into(),
                session.seen.into(),
                session.expires.into(),
            ],
        )
    }

    /// Notes that a session was used.
    pub fn touch_session(&mut self, tenant: TenantScope, hash: &str, now: Timestamp) -> &mut Self {
        self.any(
            "update sessions set seen_at = ?3 where tenant_id = ?1 and hash = ?2",
            vec![tenant.tenant().into(), hash.into(), now.into()],
        )
    }

    /// Ends a session.
    pub fn delete_session(&mut self, tenant: TenantScope, hash: &str) -> &mut Self {
        self.any(
            "delete from sessions where tenant_id = ?1 and hash = ?2",
            vec![tenant.tenant().into(), hash.into()],
        )
    }

    /// Ends every session of a person of whom nothing is to remain: the row names them.
    pub fn forget_sessions(&mut self, tenant: TenantScope, person: &model::Person) -> &mut Self {
        self.erases = true;
        self.any(
            "delete from sessions where tenant_id = ?1 and person_key = ?2",
            vec![tenant.tenant().into(), person.key().into()],
        )
    }

    /// Stores the passcode sent to an address, in place of an earlier one.
    pub fn set_passcode(&mut self, tenant: TenantScope, address_key: &str, passcode: &Passcode) -> &mut Self {
        self.any(
            "insert into passcodes (tenant_id, address_key, hash, expires_at, attempts) values (?1, ?2, ?3, ?4, ?5) \
             on conflict (tenant_id, address_key) do update set hash = excluded.hash, expires_at = excluded.expires_at, \
             attempts = excluded.attempts",
            vec![
                tenant.tenant().into(),
                address_key.into(),
                (&passcode.hash).into(),
                passcode.expires.into(),
                passcode.attempts.into(),
            ],
        )
    }

    /// Uses up a passcode; only one wins.
    pub fn use_passcode(&mut self, tenant: TenantScope, address_key: &str, passcode: &Passcode) -> &mut Self {
        self.one(
            "delete from passcodes where tenant_id = ?1 and address_key = ?2 and hash = ?3",
            vec![tenant.tenant().into(), address_key.into(), (&passcode.hash).into()],
        )
    }

    /// Counts a failed attempt, or a first one after a pause.
    pub fn set_throttle(
        &mut self,
        tenant: TenantScope,
        key: &str,
        failures: i64,
        now: Timestamp,
    ) -> &mut Self {
        self.any(
            "insert into throttles (tenant_id, key, failures, last_at) values (?1, ?2, ?3, ?4) \
             on conflict (tenant_id, key) do update set failures = excluded.failures, last_at = excluded.last_at",
            vec![tenant.tenant().into(), key.into(), failures.into(), now.into()],
        )
    }

    /// Forgets failed attempts.
    pub fn clear_throttle(&mut self, tenant: TenantScope, key: &str) -> &mut Self {
        self.any(
            "delete from throttles where tenant_id = ?1 and key = ?2",
            vec![tenant.tenant().into(), key.into()],
        )
    }

    /// Adds a confirmation; earlier unused ones of the same session and guest are void.
    pub fn insert_confirmation(&mut self, tenant: TenantScope, confirmation: &Confirmation) -> &mut Self {
        self.any(
            "delete from confirmations where tenant_id = ?1 and user_id = ?2 and session_hash = ?3 and used_at is null",
            vec![tenant.tenant().into(), confirmation.user.into(), (&confirmation.session_hash).into()],
        );
        self.one(
            "insert into confirmations (tenant_id, hash, user_id, generation, policy_version, session_hash, expires_at, used_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            vec![
                tenant.tenant().into(),
                (&confirmation.hash).into(),
                confirmation.user.into(),
                confirmation.generation.into(),
                confirmation.policy_version.into(),
                (&confirmation.session_hash).into(),
                confirmation.expires.into(),
                confirmation.used.into(),
            ],
        )
    }

    /// Uses a confirmation; only one wins.
    pub fn use_confirmation(&mut self, tenant: TenantScope, hash: &str, now: Timestamp) -> &mut Self {
        self.one(
            "update confirmations set used_at = ?3 where tenant_id = ?1 and hash = ?2 and used_at is null",
            vec![tenant.tenant().into(), hash.into(), now.into()],
        )
    }

    /// Puts work for a reconciler into the outbox, behind what this tenant has waiting there: a clock that was set back, or two
    /// changes within a microsecond, must not turn the order of a deletion and its restore round.
    pub fn send(
        &mut self,
        tenant: TenantScope,
        id: Uuid,
        kind: &'static str,
        body: &str,
        now: Timestamp,
    ) -> &mut Self {
        self.one(
            "insert into outbox (tenant_id, id, kind, body, created_at) values (?1, ?2, ?3, ?4, coalesce(\
             (select case when max(created_at) >= ?5 then max(created_at) + 1 end from outbox \
             where tenant_id = ?1 and kind = ?3), ?5))",
            vec![tenant.tenant().into(), id.into(), kind.into(), body.into(), now.into()],
        )
    }

    /// Takes finished work out of the outbox.
    pub fn finish(&mut self, tenant: TenantScope, id: Uuid) -> &mut Self {
        self.any(
            "delete from outbox where tenant_id = ?1 and id = ?2",
            vec![tenant.tenant().into(), id.into()],
        )
    }

    /// Erases everything personal of a soft-deleted account, of which there are so many `rows` ([`crate::Reader::personal_rows`],
    /// read in this transaction), and leaves a tombstone; guarded by the version that was read. The bytes are out of the files
    /// after the next [`crate::Store::checkpoint`].
    pub fn purge(&mut self, user: &User, tombstone: &Tombstone, rows: &[(&'static str, i64)]) -> &mut Self {
        self.erases = true;
        for ((category, ..), sql) in PERSONAL.iter().zip(ERASE) {
            // Most people have rows in few of the tables.
            if rows.contains(&(category, 0)) {
                continue;
            }
            self.any(sql, vec![user.tenant.into(), user.id.into()]);
        }
        self.one(
            "delete from users where tenant_id = ?1 and id = ?2 and version = ?3 and deleted_at is not null",
            vec![user.tenant.into(), user.id.into(), user.version.into()],
        );
        *self.counts.entry(Kind::of(user)).or_default() -= 1;
        self.note_user(user.tenant, user.id);
        self.one(
            "insert into tombstones (tenant_id, id, deleted_at, purge_after, purged_at, cause, by_hand, erased) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            vec![
                user.tenant.into(),
                tombstone.id.into(),
                tombstone.deleted.into(),
                tombstone.purge_after.into(),
                tombstone.purged.into(),
                (&tombstone.cause).into(),
                tombstone.by_hand.into(),
                (&tombstone.erased).into(),
            ],
        )
    }

    /// Removes expired sessions, confirmations, passcodes and old throttles of the tenant. Nothing depends on it: expiry is
    /// judged at use.
    pub fn sweep(&mut self, tenant: TenantScope, now: Timestamp) -> &mut Self {
        let before = now - model::Span::days(1);
        self.any(
            "delete from sessions where tenant_id = ?1 and expires_at < ?2",
            vec![tenant.tenant().into(), now.into()],
        );
        self.any(
            "delete from confirmations where tenant_id = ?1 and expires_at < ?2",
            vec![tenant.tenant().into(), before.into()],
        );
        self.any(
            "delete from passcodes where tenant_id = ?1 and expires_at < ?2",
            vec![tenant.tenant().into(), now.into()],
        );
        self.any(
            "delete from throttles where tenant_id = ?1 and last_at < ?2",
            vec![tenant.tenant().into(), before.into()],
        )
    }

    /// Moves the high-water mark of trusted time forward.
    pub fn set_clock_mark(&mut self, mark: Timestamp) -> &mut Self {
        self.wide(
            Expect::Any,
            "insert into clock_marks (name, high_water) values ('trusted', ?1) \
             on conflict (name) do update set high_water = excluded.high_water where clock_marks.high_water < excluded.high_water",
            vec![mark.into()],
        )
    }

    /// Takes or keeps a lease: works when it is free, over, or held by the same holder.
    pub fn take_lease(&mut self, name: &str, holder: Uuid, now: Timestamp, until: Timestamp) -> &mut Self {
        self.wide(
            Expect::One,
            "insert into leases (name, holder, until) values (?1, ?2, ?4) on conflict (name) do update \
             set holder = excluded.holder, until = excluded.until where leases.holder = ?2 or leases.until <= ?3",
            vec![name.into(), holder.into(), now.into(), until.into()],
        )
    }

    /// Gives a lease back, if this holder has it.
    pub fn release_lease(&mut self, name: &str, holder: Uuid) -> &mut Self {
        self.wide(
            Expect::Any,
            "delete from leases where name = ?1 and holder = ?2",
            vec![name.into(), holder.into()],
        )
    }

    /// Stores the hash of the set-up secret, in place of an earlier one.
    pub fn set_setup_secret(&mut self, hash: &str, expires: Timestamp) -> &mut Self {
        self.wide(
            Expect::Any,
            "insert into setup_secrets (name, hash, expires_at) values ('setup', ?1, ?2) \
             on conflict (name) do update set hash = excluded.hash, expires_at = excluded.expires_at",
            vec![hash.into(), expires.into()],
        )
    }

    /// Uses up the set-up secret; only one wins.
    pub fn use_setup_secret(&mut self, hash: &str) -> &mut Self {
        self.wide(
            Expect::One,
            "delete from setup_secrets where name = 'setup' and hash = ?1",
            vec![hash.into()],
        )
    }

    /// Applies everything and appends the records. Statements may all be sent before the first answer is looked at.
    pub(crate) fn apply(
        &self,
        connection: &dyn Connection,
        scope: TenantScope,
        digest: Digest,
    ) -> Result<(), Failed> {
        let mut statements = self.addressed(scope)?;
        let changed = self.counts.iter().filter(|(_, users)| **users != 0);
        let counts: Vec<_> = changed.map(|(kind, users)| kind.added(scope, *users)).collect();
        statements
            .extend(counts.iter().map(|parameters| connection::Statement::own(counts::ADD, parameters)));
        let mut expected = self.statements.as_slice();
        if self.records.is_empty() {
            return run(connection, &statements, expected).map(drop);
        }
        let tenant = [Value::from(scope.tenant())];
        let end = match connection.chain_end() {
            Some(end) => end,
            None => {
                statements.push(audit::head(&tenant));
                let rows = run(connection, &statements, expected)?.rows;
                (statements, expected) = (Vec::new(), &[]);
                audit::end(rows)?.ok_or_else(|| Error::not_found(scope.tenant()))?
            }
        };
        let (writes, end) = audit::append(scope, end, &self.records, digest)?;
        statements.extend(writes.iter().map(|(sql, parameters)| connection::Statement::own(sql, parameters)));
        let last = run(connection, &statements, expected)?;
        // Only where no lock keeps the commits of one tenant apart can somebody else have been quicker.
        if last.count != 1 {
            return Err(Failed::Guard(Error::internal("the head of the audit chain moved")));
        }
        connection.note_chain_end(end);
        Ok(())
    }

    /// The statements, each with the view it needs; an error if one writes to a tenant that is not its own.
    fn addressed(&self, scope: TenantScope) -> Result<Vec<connection::Statement<'_>>> {
        let mut statements = Vec::with_capacity(self.statements.len() + 1);
        for Statement { sql, parameters, whose, .. } in &self.statements {
            let (view, tenant) = match whose {
                Whose::Own => (View::Own, Some(scope.tenant())),
                Whose::Other(tenant) => (View::Tenant(*tenant), Some(*tenant)),
                Whose::Directory => (View::Own, None),
            };
            if tenant.is_some_and(|tenant| parameters.first() != Some(&Value::from(tenant))) {
                return Err(Error::internal(format!("a change set of one tenant writes to another: {sql}")));
            }
            statements.push(connection::Statement { view, sql, parameters });
        }
        Ok(statements)
    }
}

/// Runs statements, of which the first are those that something is expected of; the last answer.
fn run(
    connection: &dyn Connection,
    statements: &[connection::Statement<'_>],
    expected: &[Statement],
) -> Result<Answer, Failed> {
    let (mut surprise, mut last) = (None, Answer::change(0));
    if statements.is_empty() {
        return Ok(last);
    }
    let ran = connection.run(statements, &mut |at, answer| {
        surprise = expected.get(at).and_then(|statement| statement.surprise(answer.count));
        last = answer;
        surprise.clone().map_or(Ok(()), Err)
    });
    match (ran, surprise) {
        (Err(_), Some(error)) => Err(Failed::Guard(error)),
        (ran, _) => Ok(ran.map(|()| last)?),
    }
}

impl Statement {
    /// The error if it changed or found another number of rows than it must.
    fn surprise(&self, count: u64) -> Option<Error> {
        let expected = match self.expect {
            Expect::One => count == 1,
            Expect::None => count == 0,
            Expect::Any => true,
        };
        (!expected).then(|| {
            Error::new(
                ErrorKind::Conflict,
                "The object was changed by somebody else at the same moment. Read it again and repeat the request.",
            )
            .because(format!("{count} rows: {}", self.sql))
        })
    }
}

fn key_values(user: &User) -> Vec<Value> {
    vec![user.tenant.into(), user.id.into()]
}

/// Who somebody is.
fn person_values(user: &User) -> Vec<Value> {
    vec![
        user.user_type.as_str().into(),
        (&user.display_name).into(),
        odata::filter::fold(&user.display_name).into(),
        user.given_name.as_ref().into(),
        user.surname.as_ref().into(),
        user.mail.as_ref().into(),
        user.mail.as_deref().map(fold).into(),
        json(&user.other_mails),
        user.home.key().into(),
        user.invited_by.into(),
        user.created.into(),
        json(&user.profile),
    ]
}

/// How the account stands, with the user name, which a soft-deleted account gives up.
fn life_values(user: &User) -> Vec<Value> {
    let deletion = user.deletion;
    let home_event = deletion.and_then(|deletion| match deletion.cause {
        model::DeletionCause::HomeDeleted(event) => Some(event),
        _ => None,
    });
    vec![
        (&user.upn).into(),
        fold(&user.upn).into(),
        user.account_enabled.into(),
        match user.home_state {
            HomeState::Present => Value::Null,
            HomeState::Deleted(at) => at.into(),
        },
        user.invitation.map(model::InvitationState::as_str).into(),
        user.invitation_changed.into(),
        deletion.map(|deletion| deletion.at).into(),
        deletion.map(|deletion| deletion.purge_after).into(),
        deletion.map(|deletion| deletion.cause.as_str()).into(),
        deletion.map(|deletion| deletion.event).into(),
        home_event.into(),
        user.generation.into(),
        user.version.into(),
        user.tokens_since.into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_personal_rows_is_erased_by_its_own_statement() {
        let erased: Vec<String> = PERSONAL
            .iter()
            .map(|(_, table, column)| format!("delete from {table} where tenant_id = ?1 and {column} = ?2"))
            .collect();
        let (user, others) = erased.split_last().unwrap();
        assert_eq!(others, ERASE);
        assert!(user.starts_with("delete from users "), "the account itself goes last, by its version");
    }
}
