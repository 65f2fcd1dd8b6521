//! What signing in remembers: mails to be sent, details of sessions, second factors, and external providers with their people.

use crate::{
    changes::ChangeSet,
    cross::Across,
    read::Reader,
    value::{Row, Value},
};
use model::{Federated, ObjectId, Person, Result, TenantId, TenantScope, Timestamp, User};
use uuid::Uuid;

/// A mail that waits to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueuedMail {
    /// The tenant on whose behalf.
    pub tenant: TenantId,
    /// Its id.
    pub id: Uuid,
    /// Whose data it is: the id of a user object, or a keyed hash of a mailbox. The mail is erased with them.
    pub subject: String,
    /// What to send to whom, sealed under the master key, in hexadecimal: it may hold a passcode or an invitation.
    pub sealed: String,
    /// Tries so far.
    pub attempts: i64,
    /// When the next try is due.
    pub next: Timestamp,
    /// From when on there is no use in sending it.
    pub expires: Timestamp,
    /// When it was queued.
    pub created: Timestamp,
}

/// What is known of a session beyond that it stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SessionDetail {
    /// When it began.
    pub started: Option<Timestamp>,
    /// What the browser calls itself, shortened.
    pub agent: Option<String>,
    /// Where it was begun from: an address or a network.
    pub network: Option<String>,
    /// It was begun, or confirmed since, with a second factor.
    pub second_factor: bool,
    /// SHA-256 of the secret that opens the administration pages.
    pub admin_hash: Option<String>,
    /// When those were last used, to the minute.
    pub admin_seen: Option<Timestamp>,
}

/// A session in the list of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedSession {
    /// SHA-256 of the cookie's secret.
    pub hash: String,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
    /// When it ends in any case.
    pub expires: Timestamp,
    /// The rest.
    pub detail: SessionDetail,
}

/// How a tenant wants its people to sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignInSettings {
    /// Whoever holds a directory role needs a second factor to use it.
    pub second_factor_for_roles: bool,
    /// Grows with every change; zero as long as nothing was stored.
    pub version: i64,
}

/// The second factor of a member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecondFactor {
    /// The shared secret, sealed under the master key, in hexadecimal.
    pub sealed: String,
    /// The time step of the last code that was accepted; none of it or before counts again.
    pub last_step: i64,
    /// When it was set up.
    pub created: Timestamp,
    /// When the first code proved that it works; until then it counts for nothing.
    pub confirmed: Option<Timestamp>,
    /// Grows with every change.
    pub version: i64,
}

/// An external OpenID Connect provider that a tenant registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    /// Its id; one part of the identity of its people.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The issuer, exactly as it is in its tokens.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Our secret there, sealed under the master key, in hexadecimal.
    pub sealed_secret: String,
    /// It gives addresses only to whoever has them, so that its word for an address counts without `email_verified`.
    pub trusts_email: bool,
    /// May its people sign in and act?
    pub enabled: bool,
    /// When it was registered.
    pub created: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

/// A domain whose people sign in with a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderDomain {
    /// The domain, folded.
    pub domain: String,
    /// The provider.
    pub provider: Uuid,
    /// When the operator confirmed that the domain is the provider's; until then it counts for nothing.
    pub verified: Option<Timestamp>,
}

/// A sign-in at a provider that has begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FederationFlow {
    /// SHA-256 of the state.
    pub hash: String,
    /// The provider.
    pub provider: Uuid,
    /// SHA-256 of the secret in the browser's cookie.
    pub browser_hash: String,
    /// Nonce, PKCE verifier and the address to return to, sealed under the master key, in hexadecimal.
    pub sealed: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// Somebody of an external provider, as the provider described them last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FederatedPerson {
    /// Who.
    pub person: Federated,
    /// What to call them.
    pub name: String,
    /// What they sign in with.
    pub user_name: String,
    /// Their address, if the provider vouches for it and its domain is verified.
    pub address: Option<String>,
}

/// A provider that people of a domain may choose, with the organisation that registered it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderChoice {
    /// The organisation.
    pub tenant: TenantId,
    /// What people call it.
    pub organization: String,
    /// The provider.
    pub provider: Uuid,
    /// What people call that.
    pub name: String,
}

const DETAIL_COLUMNS: &str = "started_at, agent, network, second_factor, admin_hash, admin_seen_at";

fn detail(row: &mut Row) -> Result<SessionDetail> {
    Ok(SessionDetail {
        started: row.opt_time()?,
        agent: row.opt_text()?,
        network: row.opt_text()?,
        second_factor: match row.value() {
            Value::Bool(flag) => flag,
            Value::Int(number) => number == 1,
            Value::Null | Value::Text(_) => false,
        },
        admin_hash: row.opt_text()?,
        admin_seen: row.opt_time()?,
    })
}

const PROVIDER_COLUMNS: &str =
    "id, name, issuer, client_id, sealed_secret, trusts_email, enabled, created_at, version";

fn provider(mut row: Row) -> Result<Provider> {
    Ok(Provider {
        id: row.parsed()?,
        name: row.text()?,
        issuer: row.text()?,
        client_id: row.text()?,
        sealed_secret: row.text()?,
        trusts_email: row.bool()?,
        enabled: row.bool()?,
        created: row.time()?,
        version: row.int()?,
    })
}

impl Reader<'_> {
    /// What is known of a session.
    pub fn session_detail(&self, hash: &str) -> Result<Option<SessionDetail>> {
        let sql = format!("select {DETAIL_COLUMNS} from sessions where tenant_id = ?1 and hash = ?2");
        self.row(&sql, &[hash.into()])?.map(|mut row| detail(&mut row)).transpose()
    }

    /// Sessions of a person that have not ended by themselves, the last used one first; at most 100.
    pub fn sessions_of(&self, person: &Person, now: Timestamp) -> Result<Vec<ListedSession>> {
        let sql = format!(
            "select hash, seen_at, expires_at, {DETAIL_COLUMNS} from sessions where tenant_id = ?1 and person_key = ?2 \
             and expires_at > ?3 order by seen_at desc, hash limit 100"
        );
        self.rows(&sql, &[person.key().into(), now.into()])?
            .into_iter()
            .map(|mut row| {
                let (hash, seen, expires) = (row.text()?, row.time()?, row.time()?);
                Ok(ListedSession { hash, seen, expires, detail: detail(&mut row)? })
            })
            .collect()
    }

    /// How the tenant wants its people to sign in, if it has said so.
    pub fn sign_in_settings(&self) -> Result<Option<SignInSettings>> {
        self.row("select second_factor_for_roles, version from sign_in_settings where tenant_id = ?1", &[])?
            .map(|mut row| Ok(SignInSettings { second_factor_for_roles: row.bool()?, version: row.int()? }))
            .transpose()
    }

    /// The second factor of a member, confirmed or not.
    pub fn second_factor(&self, user: ObjectId) -> Result<Option<SecondFactor>> {
        self.row(
            "select sealed, last_step, created_at, confirmed_at, version from second_factors \
             where tenant_id = ?1 and user_id = ?2",
            &[user.into()],
        )?
        .map(|mut row| {
            Ok(SecondFactor {
                sealed: row.text()?,
                last_step: row.int()?,
                created: row.time()?,
                confirmed: row.opt_time()?,
                version: row.int()?,
            })
        })
        .transpose()
    }

    /// Keyed hashes of the recovery codes that a member has not used.
    pub fn recovery_codes(&self, user: ObjectId) -> Result<Vec<String>> {
        self.rows(
            "select hash from recovery_codes where tenant_id = ?1 and user_id = ?2 order by hash",
            &[user.into()],
        )?
        .iter_mut()
        .map(Row::text)
        .collect()
    }

    /// An external provider.
    pub fn provider(&self, id: Uuid) -> Result<Option<Provider>> {
        let sql =
            format!("select {PROVIDER_COLUMNS} from identity_providers where tenant_id = ?1 and id = ?2");
        self.row(&sql, &[id.into()])?.map(provider).transpose()
    }

    /// The external providers of the tenant, by name.
    pub fn providers(&self) -> Result<Vec<Provider>> {
        let sql = format!(
            "select {PROVIDER_COLUMNS} from identity_providers where tenant_id = ?1 order by name, id limit 200"
        );
        self.rows(&sql, &[])?.into_iter().map(provider).collect()
    }

    /// Domains of the tenant's providers.
    pub fn provider_domains(&self) -> Result<Vec<ProviderDomain>> {
        self.rows(
            "select domain, provider_id, verified_at from identity_provider_domains where tenant_id = ?1 \
             order by domain limit 1000",
            &[],
        )?
        .into_iter()
        .map(|mut row| {
            Ok(ProviderDomain { domain: row.text()?, provider: row.parsed()?, verified: row.opt_time()? })
        })
        .collect()
    }

    /// A sign-in at a provider, by the hash of its state.
    pub fn federation_flow(&self, hash: &str) -> Result<Option<FederationFlow>> {
        self.row(
            "select hash, provider_id, browser_hash, sealed, expires_at from federation_flows \
             where tenant_id = ?1 and hash = ?2",
            &[hash.into()],
        )?
        .map(|mut row| {
            Ok(FederationFlow {
                hash: row.text()?,
                provider: row.parsed()?,
                browser_hash: row.text()?,
                sealed: row.text()?,
                expires: row.time()?,
            })
        })
        .transpose()
    }

    /// Somebody of an external provider.
    pub fn federated_person(&self, person: &Federated) -> Result<Option<FederatedPerson>> {
        self.row(
            "select name, user_name, address from federated_people where tenant_id = ?1 and person_key = ?2",
            &[person.key().into()],
        )?
        .map(|mut row| {
            Ok(FederatedPerson {
                person: person.clone(),
                name: row.text()?,
                user_name: row.text()?,
                address: row.opt_text()?,
            })
        })
        .transpose()
    }
}

impl Across<'_> {
    /// Mails that are due, those that wait longest first: one reconciler sends for all tenants.
    pub fn due_mails(&self, now: Timestamp, limit: u16) -> Result<Vec<QueuedMail>> {
        self.rows(
            "select tenant_id, id, subject, sealed, attempts, next_at, expires_at, created_at from mails \
             where next_at <= ?1 order by next_at, tenant_id, id limit ?2",
            &[now.into(), i64::from(limit).into()],
        )?
        .into_iter()
        .map(|mut row| {
            Ok(QueuedMail {
                tenant: row.parsed()?,
                id: row.parsed()?,
                subject: row.text()?,
                sealed: row.text()?,
                attempts: row.int()?,
                next: row.time()?,
                expires: row.time()?,
                created: row.time()?,
            })
        })
        .collect()
    }

    /// Enabled providers with this verified domain, whichever organisation registered them: sign-in starts from a user name,
    /// before anybody knows where it leads. At most 20, by the organisation's name.
    pub fn providers_of_domain(&self, domain: &str) -> Result<Vec<ProviderChoice>> {
        self.rows(
            "select p.tenant_id, t.name, p.id, p.name from identity_provider_domains d \
             join identity_providers p on p.tenant_id = d.tenant_id and p.id = d.provider_id \
             join tenants t on t.tenant_id = p.tenant_id \
             where d.domain = ?1 and d.verified_at is not null and p.enabled = ?2 order by t.name, p.tenant_id, p.id limit 20",
            &[domain.into(), true.into()],
        )?
        .into_iter()
        .map(|mut row| {
            Ok(ProviderChoice {
                tenant: row.parsed()?,
                organization: row.text()?,
                provider: row.parsed()?,
                name: row.text()?,
            })
        })
        .collect()
    }
}

impl ChangeSet {
    /// Puts a mail into the queue.
    pub fn queue_mail(&mut self, tenant: TenantScope, mail: &QueuedMail) -> &mut Self {
        self.one(
            "insert into mails (tenant_id, id, subject, sealed, attempts, next_at, expires_at, created_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            vec![
                tenant.tenant().into(),
                mail.id.into(),
                (&mail.subject).into(),
                (&mail.sealed).into(),
                mail.attempts.into(),
                mail.next.into(),
                mail.expires.into(),
                mail.created.into(),
            ],
        )
    }

    /// Notes a try and when the next one is due; fails if somebody else took the mail meanwhile.
    pub fn claim_mail(&mut self, mail: &QueuedMail, next: Timestamp) -> &mut Self {
        self.one(
            "update mails set attempts = ?3 + 1, next_at = ?4 where tenant_id = ?1 and id = ?2 and attempts = ?3",
            vec![mail.tenant.into(), mail.id.into(), mail.attempts.into(), next.into()],
        )
    }

    /// Takes a mail out of the queue: it was sent, or given up. The row is personal data.
    pub fn finish_mail(&mut self, mail: &QueuedMail) -> &mut Self {
        self.any(
            "delete from mails where tenant_id = ?1 and id = ?2",
            vec![mail.tenant.into(), mail.id.into()],
        )
    }

    /// Takes out every mail of somebody of whom nothing is to remain.
    pub fn forget_mails(&mut self, tenant: TenantScope, subject: &str) -> &mut Self {
        self.any(
            "delete from mails where tenant_id = ?1 and subject = ?2",
            vec![tenant.tenant().into(), subject.into()],
        )
    }

    /// Stores what is known of a session that was just added.
    pub fn describe_session(&mut self, tenant: TenantScope, hash: &str, detail: &SessionDetail) -> &mut Self {
        self.one(
            "update sessions set started_at = ?3, agent = ?4, network = ?5, second_factor = ?6, admin_hash = ?7, \
             admin_seen_at = ?8 where tenant_id = ?1 and hash = ?2",
            vec![
                tenant.tenant().into(),
                hash.into(),
                detail.started.into(),
                detail.agent.clone().into(),
                detail.network.clone().into(),
                detail.second_factor.into(),
                detail.admin_hash.clone().into(),
                detail.admin_seen.into(),
            ],
        )
    }

    /// Notes that the person proved again who they are.
    pub fn confirm_session(
        &mut self,
        tenant: TenantScope,
        hash: &str,
        now: Timestamp,
        second_factor: bool,
    ) -> &mut Self {
        self.one(
            "update sessions set authenticated_at = ?3, seen_at = ?3, second_factor = ?4 where tenant_id = ?1 and hash = ?2",
            vec![tenant.tenant().into(), hash.into(), now.into(), second_factor.into()],
        )
    }

    /// Opens the administration pages for a session, to whoever has the secret with this hash.
    pub fn open_administration(
        &mut self,
        tenant: TenantScope,
        hash: &str,
        admin_hash: &str,
        now: Timestamp,
    ) -> &mut Self {
        self.one(
            "update sessions set admin_hash = ?3, admin_seen_at = ?4 where tenant_id = ?1 and hash = ?2",
            vec![tenant.tenant().into(), hash.into(), admin_hash.into(), now.into()],
        )
    }

    /// Notes that the administration pages were used.
    pub fn touch_administration(&mut self, tenant: TenantScope, hash: &str, now: Timestamp) -> &mut Self {
        self.any(
            "update sessions set admin_seen_at = ?3 where tenant_id = ?1 and hash = ?2",
            vec![tenant.tenant().into(), hash.into(), now.into()],
        )
    }

    /// Ends one session of a person; any other session stays.
    pub fn end_session(&mut self, tenant: TenantScope, person: &Person, hash: &str) -> &mut Self {
        self.any(
            "delete from sessions where tenant_id = ?1 and person_key = ?2 and hash = ?3",
            vec![tenant.tenant().into(), person.key().into(), hash.into()],
        )
    }

    /// Ends every session of a person.
    pub fn end_sessions(&mut self, tenant: TenantScope, person: &Person) -> &mut Self {
        self.any(
            "delete from sessions where tenant_id = ?1 and person_key = ?2",
            vec![tenant.tenant().into(), person.key().into()],
        )
    }

    /// Stores how the tenant wants its people to sign in, guarded by the version before.
    pub fn set_sign_in_settings(&mut self, tenant: TenantScope, settings: &SignInSettings) -> &mut Self {
        let parameters =
            vec![tenant.tenant().into(), settings.second_factor_for_roles.into(), settings.version.into()];
        if settings.version == 1 {
            self.one(
                "insert into sign_in_settings (tenant_id, second_factor_for_roles, version) values (?1, ?2, ?3)",
                parameters,
            )
        } else {
            self.one(
                "update sign_in_settings set second_factor_for_roles = ?2, version = ?3 where tenant_id = ?1 and version = ?3 - 1",
                parameters,
            )
        }
    }

    /// Begins a second factor, in place of one that was never confirmed.
    pub fn begin_second_factor(&mut self, user: &User, factor: &SecondFactor) -> &mut Self {
        self.any(
            "delete from second_factors where tenant_id = ?1 and user_id = ?2 and confirmed_at is null",
            vec![user.tenant.into(), user.id.into()],
        );
        self.one(
            "insert into second_factors (tenant_id, user_id, sealed, last_step, created_at, confirmed_at, version) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            vec![
                user.tenant.into(),
                user.id.into(),
                (&factor.sealed).into(),
                factor.last_step.into(),
                factor.created.into(),
                factor.confirmed.into(),
                factor.version.into(),
            ],
        )
    }

    /// Accepts a code of this time step; only one use of a step wins.
    pub fn use_code(
        &mut self,
        user: &User,
        factor: &SecondFactor,
        step: i64,
        confirmed: Timestamp,
    ) -> &mut Self {
        self.one(
            "update second_factors set last_step = ?4, confirmed_at = ?5, version = ?3 + 1 \
             where tenant_id = ?1 and user_id = ?2 and version = ?3 and last_step < ?4",
            vec![
                user.tenant.into(),
                user.id.into(),
                factor.version.into(),
                step.into(),
                factor.confirmed.unwrap_or(confirmed).into(),
            ],
        )
    }

    /// Stores recovery codes, as keyed hashes, in place of earlier ones.
    pub fn set_recovery_codes(&mut self, user: &User, hashes: &[String]) -> &mut Self {
        self.any(
            "delete from recovery_codes where tenant_id = ?1 and user_id = ?2",
            vec![user.tenant.into(), user.id.into()],
        );
        for hash in hashes {
            self.one(
                "insert into recovery_codes (tenant_id, user_id, hash) values (?1, ?2, ?3)",
                vec![user.tenant.into(), user.id.into(), hash.into()],
            );
        }
        self
    }

    /// Uses up a recovery code; only one use wins.
    pub fn use_recovery_code(&mut self, user: &User, hash: &str) -> &mut Self {
        self.one(
            "delete from recovery_codes where tenant_id = ?1 and user_id = ?2 and hash = ?3",
            vec![user.tenant.into(), user.id.into(), hash.into()],
        )
    }

    /// Takes a second factor with its recovery codes.
    pub fn delete_second_factor(&mut self, user: &User) -> &mut Self {
        self.any(
            "delete from recovery_codes where tenant_id = ?1 and user_id = ?2",
            vec![user.tenant.into(), user.id.into()],
        );
        self.any(
            "delete from second_factors where tenant_id = ?1 and user_id = ?2",
            vec![user.tenant.into(), user.id.into()],
        )
    }

    /// Registers an external provider.
    pub fn insert_provider(&mut self, tenant: TenantScope, provider: &Provider) -> &mut Self {
        self.one(
            "insert into identity_providers (tenant_id, id, name, issuer, client_id, sealed_secret, trusts_email, enabled, \
             created_at, version) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            vec![
                tenant.tenant().into(),
                provider.id.into(),
                (&provider.name).into(),
                (&provider.issuer).into(),
                (&provider.client_id).into(),
                (&provider.sealed_secret).into(),
                provider.trusts_email.into(),
                provider.enabled.into(),
                provider.created.into(),
                provider.version.into(),
            ],
        )
    }

    /// Stores a changed provider, guarded by the version before. The issuer never changes: it is part of its people's identity.
    pub fn update_provider(&mut self, tenant: TenantScope, provider: &Provider) -> &mut Self {
        self.one(
            "update identity_providers set name = ?3, client_id = ?4, sealed_secret = ?5, trusts_email = ?6, enabled = ?7, \
             version = ?8 where tenant_id = ?1 and id = ?2 and version = ?8 - 1",
            vec![
                tenant.tenant().into(),
                provider.id.into(),
                (&provider.name).into(),
                (&provider.client_id).into(),
                (&provider.sealed_secret).into(),
                provider.trusts_email.into(),
                provider.enabled.into(),
                provider.version.into(),
            ],
        )
    }

    /// Takes a provider with its domains, flows and what its people were called; guarded by the version that was read.
    pub fn delete_provider(&mut self, tenant: TenantScope, provider: &Provider) -> &mut Self {
        let of_provider = || vec![tenant.tenant().into(), provider.id.into()];
        self.any(
            "delete from identity_provider_domains where tenant_id = ?1 and provider_id = ?2",
            of_provider(),
        );
        self.any("delete from federation_flows where tenant_id = ?1 and provider_id = ?2", of_provider());
        self.any("delete from federated_people where tenant_id = ?1 and provider_id = ?2", of_provider());
        self.one(
            "delete from identity_providers where tenant_id = ?1 and id = ?2 and version = ?3",
            vec![tenant.tenant().into(), provider.id.into(), provider.version.into()],
        )
    }

    /// Ends every session of a provider's people.
    pub fn end_sessions_of_provider(&mut self, tenant: TenantScope, provider: Uuid) -> &mut Self {
        let prefix = format!("federated:{}:{provider}:", tenant.tenant());
        let behind = format!("federated:{}:{provider};", tenant.tenant());
        self.any(
            "delete from sessions where tenant_id = ?1 and person_key > ?2 and person_key < ?3",
            vec![tenant.tenant().into(), prefix.into(), behind.into()],
        )
    }

    /// Adds a domain to a provider, or confirms it.
    pub fn set_provider_domain(&mut self, tenant: TenantScope, domain: &ProviderDomain) -> &mut Self {
        self.one(
            "insert into identity_provider_domains (tenant_id, domain, provider_id, verified_at) values (?1, ?2, ?3, ?4) \
             on conflict (tenant_id, domain) do update set provider_id = excluded.provider_id, verified_at = excluded.verified_at",
            vec![
                tenant.tenant().into(),
                (&domain.domain).into(),
                domain.provider.into(),
                domain.verified.into(),
            ],
        )
    }

    /// Takes a domain from a provider.
    pub fn delete_provider_domain(&mut self, tenant: TenantScope, provider: Uuid, domain: &str) -> &mut Self {
        self.any(
            "delete from identity_provider_domains where tenant_id = ?1 and provider_id = ?2 and domain = ?3",
            vec![tenant.tenant().into(), provider.into(), domain.into()],
        )
    }

    /// Begins a sign-in at a provider.
    pub fn insert_federation_flow(&mut self, tenant: TenantScope, flow: &FederationFlow) -> &mut Self {
        self.one(
            "insert into federation_flows (tenant_id, hash, provider_id, browser_hash, sealed, expires_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6)",
            vec![
                tenant.tenant().into(),
                (&flow.hash).into(),
                flow.provider.into(),
                (&flow.browser_hash).into(),
                (&flow.sealed).into(),
                flow.expires.into(),
            ],
        )
    }

    /// Uses up a sign-in at a provider; only one use wins.
    pub fn use_federation_flow(&mut self, tenant: TenantScope, hash: &str) -> &mut Self {
        self.one(
            "delete from federation_flows where tenant_id = ?1 and hash = ?2",
            vec![tenant.tenant().into(), hash.into()],
        )
    }

    /// Removes sign-ins at providers that came to nothing.
    pub fn sweep_federation_flows(&mut self, tenant: TenantScope, now: Timestamp) -> &mut Self {
        self.any(
            "delete from federation_flows where tenant_id = ?1 and expires_at < ?2",
            vec![tenant.tenant().into(), now.into()],
        )
    }

    /// Stores what a provider says of somebody.
    pub fn set_federated_person(
        &mut self,
        tenant: TenantScope,
        person: &FederatedPerson,
        now: Timestamp,
    ) -> &mut Self {
        self.one(
            "insert into federated_people (tenant_id, person_key, provider_id, name, user_name, address, seen_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (tenant_id, person_key) do update set name = excluded.name, \
             user_name = excluded.user_name, address = excluded.address, seen_at = excluded.seen_at",
            vec![
                tenant.tenant().into(),
                person.person.key().into(),
                person.person.registration.into(),
                (&person.name).into(),
                (&person.user_name).into(),
                person.address.clone().into(),
                now.into(),
            ],
        )
    }

    /// Forgets what a provider said of whoever has this address and never had an account: the invitation is gone for good.
    pub fn forget_federated_address(&mut self, tenant: TenantScope, address: &str) -> &mut Self {
        self.any(
            "delete from federated_people where tenant_id = ?1 and address = ?2 and not exists \
             (select 1 from users where users.tenant_id = ?1 and users.home_key = federated_people.person_key)",
            vec![tenant.tenant().into(), address.into()],
        )
    }

    /// Forgets somebody of a provider, with the sessions.
    pub fn forget_federated_person(&mut self, tenant: TenantScope, person: &Federated) -> &mut Self {
        self.any(
            "delete from federated_people where tenant_id = ?1 and person_key = ?2",
            vec![tenant.tenant().into(), person.key().into()],
        );
        self.forget_sessions(tenant, &Person::Federated(person.clone()))
    }
}
