//! Who is asking: from a verified token or session to a principal with the rights it has at this moment. Tenant scopes are
//! minted here and nowhere else.

use crate::{Directory, MAILBOX_REALM, connections, explorer::EXPLORER};
use model::{
    AppId, Cx, Error, Home, ObjectId, Person, Result, Span, TenantId, TenantScope, Timestamp, TokenFault,
    User,
    authz::{Operation, Permission, Principal, View, authorize, authorize_reading},
    collaboration::Border,
    domain_of, fold,
};
use store::{ChangeSet, Decision, GrantKind, HomeAccountState, Reader};
use uuid::Uuid;

/// Who is asking, as far as a token or session proves it. What they may do is read where it is decided.
#[derive(Clone, Debug)]
pub struct Caller(pub(crate) Proof);

#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// A bearer token of an app.
    App { tenant: TenantId, oid: ObjectId, app: AppId, permissions: Vec<Permission> },
    /// A bearer token of a person through an app.
    Delegated {
        tenant: TenantId,
        oid: ObjectId,
        app: AppId,
        scopes: Vec<Permission>,
        openid: identity::OpenIdScopes,
        generation: i64,
        home_generation: Option<i64>,
        authorization: Uuid,
    },
    /// A person on the explorer page.
    Explorer(Box<Exploring>),
    /// A person on our own pages, in the home tenant.
    Page { tenant: TenantId, oid: ObjectId, session: String },
    /// The operator of the server, on the command line.
    Operator { tenant: TenantId },
}

/// A person on the explorer page, in a tenant where they have an account: as good as a token that was made for this one request.
#[derive(Clone, Debug)]
pub(crate) struct Exploring {
    pub tenant: TenantId,
    pub oid: ObjectId,
    /// Where the session is kept, and which it is.
    pub realm: TenantId,
    pub session: String,
    /// When the person last proved who they are.
    pub authenticated: Timestamp,
    pub generation: i64,
    pub home_generation: Option<i64>,
    /// At home, with the administration pages open.
    pub administers: bool,
}

/// A person with a session on our pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// What to call them.
    pub name: String,
    /// What they sign in with.
    pub user_name: String,
    /// Addresses that are theirs: an invitation to one of these is for them.
    pub(crate) addresses: Vec<String>,
    /// SHA-256 of the session's secret.
    pub(crate) hash: String,
    /// When they last proved who they are.
    pub authenticated: Timestamp,
    /// They proved it with a second factor, too.
    pub second_factor: bool,
}

impl SignedIn {
    /// The tenant they are at home in, if there is one.
    pub fn home_tenant(&self) -> Option<TenantId> {
        match self.person {
            Person::Member { tenant, .. } => Some(tenant),
            Person::Mailbox { .. } | Person::Federated(_) => None,
        }
    }

    /// This person as the caller of operations in the home tenant.
    pub fn caller(&self) -> Option<Caller> {
        match self.person {
            Person::Member { tenant, object } => {
                Some(Caller(Proof::Page { tenant, oid: object, session: self.hash.clone() }))
            }
            Person::Mailbox { .. } | Person::Federated(_) => None,
        }
    }

    /// What forms of this session are bound to; safe to sign into a page.
    pub fn binding(&self) -> &str {
        &self.hash
    }

    /// Addresses that are theirs as far as this organisation is concerned: what a provider says of an address counts only for
    /// the organisation that registered the provider.
    pub(crate) fn addresses_in(&self, tenant: TenantId) -> &[String] {
        match &self.person {
            Person::Federated(federated) if federated.tenant != tenant => &[],
            _ => &self.addresses,
        }
    }

    /// Does this account in an organisation belong to this person?
    pub(crate) fn owns(&self, user: &User) -> bool {
        match &user.home {
            Home::Invited { address } => self.addresses_in(user.tenant).contains(address),
            home => *home == self.person.home(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "minted from a verified token, a session, or for the operator")]
pub(crate) const fn scope(tenant: TenantId) -> TenantScope {
    TenantScope::mint(tenant)
}

/// The scope of what belongs to no tenant (the clock, leases, the set-up secret) and of people without a home tenant.
pub(crate) const fn directory_scope() -> TenantScope {
    scope(MAILBOX_REALM)
}

impl Caller {
    /// The operator, acting in one tenant. Only the command line, which has the data directory, may make one.
    pub const fn operator(tenant: TenantId) -> Self {
        Self(Proof::Operator { tenant })
    }

    pub(crate) fn from_token(token: &identity::VerifiedAccess) -> Self {
        let (tenant, oid, app) = (token.tenant, token.oid, token.app);
        Self(match &token.rights {
            identity::Rights::App { permissions } => {
                Proof::App { tenant, oid, app, permissions: permissions.clone() }
            }
            identity::Rights::User { scopes, openid, generation, home_generation, authorization } => {
                Proof::Delegated {
                    tenant,
                    oid,
                    app,
                    scopes: scopes.clone(),
                    openid: *openid,
                    generation: *generation,
                    home_generation: *home_generation,
                    authorization: *authorization,
                }
            }
        })
    }

    /// The tenant in which the caller acts.
    pub const fn tenant(&self) -> TenantId {
        match &self.0 {
            Proof::App { tenant, .. }
            | Proof::Delegated { tenant, .. }
            | Proof::Page { tenant, .. }
            | Proof::Operator { tenant } => *tenant,
            Proof::Explorer(exploring) => exploring.tenant,
        }
    }

    /// The user object behind the caller, if there is one.
    pub const fn object(&self) -> Option<ObjectId> {
        match &self.0 {
            Proof::Delegated { oid, .. } | Proof::Page { oid, .. } => Some(*oid),
            Proof::Explorer(exploring) => Some(exploring.oid),
            Proof::App { .. } | Proof::Operator { .. } => None,
        }
    }

    /// The app through which the caller came, or that it is.
    pub const fn app(&self) -> Option<AppId> {
        match &self.0 {
            Proof::App { app, .. } | Proof::Delegated { app, .. } => Some(*app),
            Proof::Explorer(_) => Some(EXPLORER),
            Proof::Page { .. } | Proof::Operator { .. } => None,
        }
    }

    pub(crate) const fn scope(&self) -> TenantScope {
        scope(self.tenant())
    }
}

/// For what is hard to undo, a sign-in counts as fresh for this long.
const FRESH: Span = Span::minutes(10);

/// Refuses unless the person proved lately who they are.
pub(crate) fn require_fresh(cx: &Cx, who: &SignedIn) -> Result<()> {
    fresh(cx, who.authenticated)
}

/// The same for a caller: whoever comes by a page must have signed in lately. A token has a short life of its own, and an app
/// nobody to ask.
pub(crate) fn require_fresh_caller(reader: &Reader<'_>, cx: &Cx, caller: &Caller) -> Result<()> {
    match &caller.0 {
        Proof::Page { session, .. } => fresh(cx, reader.session(session)?.ok_or_else(revoked)?.authenticated),
        Proof::Explorer(exploring) => fresh(cx, exploring.authenticated),
        Proof::App { .. } | Proof::Delegated { .. } | Proof::Operator { .. } => Ok(()),
    }
}

fn fresh(cx: &Cx, authenticated: Timestamp) -> Result<()> {
    if cx.now.since(authenticated) <= FRESH { Ok(()) } else { Err(Error::unauthenticated(TokenFault::Stale)) }
}

/// Sessions end after this long without use.
pub(crate) const SESSION_IDLE: Span = Span::minutes(30);
/// Sessions end after this long in any case.
pub(crate) const SESSION_LIFE: Span = Span::hours(12);

/// How far ahead a session may be dated: more than that, and it was begun under a wall clock that has been set right since.
const SESSION_AHEAD: Span = Span::minutes(5);

/// Is this session good at this moment? One that a wrong clock dated ahead would otherwise outlive its time by as much.
fn stands(session: &store::Session, now: Timestamp) -> bool {
    now < session.expires
        && session.seen.since(now) <= SESSION_AHEAD
        && session.authenticated.since(now) <= SESSION_AHEAD
}

fn revoked() -> Error {
    Error::unauthenticated(TokenFault::Revoked)
}

/// May this account act at all, here and at home?
pub(crate) fn is_active(reader: &Reader<'_>, user: &User) -> Result<bool> {
    let at_home = match &user.home {
        Home::Tenant { tenant, object } => {
            reader.across().home_account(*tenant, *object)? == HomeAccountState::Enabled
        }
        Home::Here | Home::Mailbox { .. } => true,
        // An identity provider that is switched off is off for everybody at once.
        Home::Federated(federated) => {
            reader.provider(federated.registration)?.is_some_and(|provider| provider.enabled)
        }
        Home::Invited { .. } => false,
    };
    Ok(user.account_enabled
        && !user.is_deleted()
        && at_home
        && crate::border::check(reader, &user.home, Border::Collaboration, None)?.is_ok())
}

/// The generation of the home account of somebody homed in another tenant here: what voids a person's tokens at home voids
/// those of its guests, too.
pub(crate) fn home_generation(reader: &Reader<'_>, user: &User) -> Result<Option<i64>> {
    match user.home {
        Home::Tenant { tenant, object } => reader.across().home_generation(tenant, object),
        _ => Ok(None),
    }
}

/// What an app may do on behalf of this person: what an administrator granted for everybody, and what the person allowed it.
pub(crate) fn delegated_grants(reader: &Reader<'_>, app: AppId, user: ObjectId) -> Result<Vec<Permission>> {
    let mut granted = reader.grants(app, GrantKind::Delegated)?;
    granted.extend(reader.consents(app, user)?);
    granted.sort_unstable();
    granted.dedup();
    Ok(granted)
}

/// The person, or whoever used something of it twice, may have ended the sign-in that a token comes from.
fn stands_still(reader: &Reader<'_>, authorization: Uuid, app: AppId, user: ObjectId) -> Result<()> {
    let begun = reader.authorization(authorization)?;
    let stands = begun.is_some_and(|begun| begun.revoked.is_none() && begun.app == app && begun.user == user);
    if stands { Ok(()) } else { Err(revoked()) }
}

fn active_user(reader: &Reader<'_>, oid: ObjectId) -> Result<User> {
    let user = reader.user(oid)?.ok_or_else(revoked)?;
    if is_active(reader, &user)? { Ok(user) } else { Err(revoked()) }
}

/// Somebody without a user object, behind a token that an app got over a connection.
fn connected(
    reader: &Reader<'_>,
    connection: ObjectId,
    app: AppId,
    at_home: Option<i64>,
) -> Result<Principal> {
    let app = reader.app(app)?.filter(|app| app.enabled).ok_or_else(revoked)?;
    let (_, user) = connections::bearer(reader, connection, app.id)?.ok_or_else(revoked)?;
    if at_home != home_generation(reader, &user)? {
        return Err(revoked());
    }
    Ok(Principal::Connected { connection, app: app.id })
}

/// The caller's rights at this moment: what the token claims *and* the directory still grants.
pub(crate) fn principal(reader: &Reader<'_>, cx: &Cx, caller: &Caller) -> Result<Principal> {
    match &caller.0 {
        Proof::App { oid, app, permissions, .. } => {
            reader.foresee_app(*app)?;
            let app =
                reader.app(*app)?.filter(|app| app.enabled && app.object == *oid).ok_or_else(revoked)?;
            let granted = reader.grants(app.id, GrantKind::Application)?;
            let permissions =
                permissions.iter().copied().filter(|permission| granted.contains(permission)).collect();
            Ok(Principal::App { app: app.id, object: app.object, name: app.name, permissions })
        }
        Proof::Delegated {
            oid, app, scopes, generation, home_generation: at_home, authorization, ..
        } => {
            stands_still(reader, *authorization, *app, *oid)?;
            let Some(user) = reader.user(*oid)? else {
                return connected(reader, *oid, *app, *at_home);
            };
            if !is_active(reader, &user)? {
                return Err(revoked());
            }
            let app = reader.app(*app)?.filter(|app| app.enabled).ok_or_else(revoked)?;
            if *generation != user.generation || *at_home != home_generation(reader, &user)? {
                return Err(revoked());
            }
            crate::border::require(reader, &user.home, Some(app.id))?;
            let granted = delegated_grants(reader, app.id, user.id)?;
            let scopes = scopes.iter().copied().filter(|scope| granted.contains(scope)).collect();
            let roles = reader.roles(user.id)?;
            Ok(Principal::Delegated { user: Box::new(user), app: app.id, scopes, roles })
        }
        Proof::Explorer(exploring) => {
            let user = active_user(reader, exploring.oid)?;
            let known = exploring.generation == user.generation
                && exploring.home_generation == home_generation(reader, &user)?;
            // A session that is kept elsewhere was looked at when the request came, an instant ago.
            let live = exploring.realm != reader.tenant_id()
                || reader.session(&exploring.session)?.is_some_and(|session| stands(&session, cx.now));
            if !known || !live {
                return Err(revoked());
            }
            crate::border::require(reader, &user.home, Some(EXPLORER))?;
            let scopes = crate::explorer::permissions(exploring.administers).to_vec();
            let roles = reader.roles(user.id)?;
            Ok(Principal::Delegated { user: Box::new(user), app: EXPLORER, scopes, roles })
        }
        Proof::Page { oid, session, .. } => {
            let user = active_user(reader, *oid)?;
            let live = reader.session(session)?.is_some_and(|session| stands(&session, cx.now));
            if !live {
                return Err(revoked());
            }
            let roles = reader.roles(user.id)?;
            Ok(Principal::Person { user: Box::new(user), roles })
        }
        Proof::Operator { .. } => {
            reader.tenant()?;
            Ok(Principal::Operator)
        }
    }
}

/// Resolves the caller and authorises one operation.
pub(crate) fn authorized(
    reader: &Reader<'_>,
    cx: &Cx,
    caller: &Caller,
    operation: Operation,
) -> Result<Principal> {
    let principal = principal(reader, cx, caller)?;
    authorize(&principal, operation)?;
    Ok(principal)
}

/// Resolves the caller and authorises reading something of the directory; also says how much of it.
pub(crate) fn authorized_to_read(
    reader: &Reader<'_>,
    cx: &Cx,
    caller: &Caller,
    operation: Operation,
) -> Result<(Principal, View)> {
    let principal = principal(reader, cx, caller)?;
    let view = may_read(reader, &principal, operation)?;
    Ok((principal, view))
}

/// May this principal read this, as the organisation lets its guests?
pub(crate) fn may_read(reader: &Reader<'_>, principal: &Principal, operation: Operation) -> Result<View> {
    let access = crate::settings::authorization_policy(reader)?.guest_access;
    authorize_reading(principal, operation, access)
}

impl Directory {
    /// The person behind a session cookie, if the session still stands; notes about once a minute that it was used.
    pub async fn session(&self, cx: &Cx, cookie: &str) -> Result<Option<SignedIn>> {
        let Some((realm, hash)) = read_cookie(cookie) else { return Ok(None) };
        let found = self
            .store()
            .read(scope(realm), |reader| {
                let Some(session) = reader.session(&hash)? else { return Ok(None) };
                if !stands(&session, cx.now) || cx.now.since(session.seen) > SESSION_IDLE {
                    return Ok(None);
                }
                let Some(person) = Person::from_key(&session.person_key) else { return Ok(None) };
                Ok(describe(reader, person, &session)?.map(|signed_in| (signed_in, session.seen)))
            })
            .await?;
        let Some((signed_in, seen)) = found else { return Ok(None) };
        if cx.now.since(seen) > Span::minutes(1) {
            let (hash, now) = (signed_in.hash.clone(), cx.now);
            self.store()
                .commit(scope(realm), move |_| {
                    let mut changes = ChangeSet::new();
                    changes.touch_session(scope(realm), &hash, now);
                    Decision::done(changes, ())
                })
                .await?;
        }
        Ok(Some(signed_in))
    }

    /// Do the account and the app behind a token still stand? Every other verb asks this by itself, and more.
    pub async fn check_caller(&self, cx: &Cx, caller: &Caller) -> Result<()> {
        self.store().read(caller.scope(), |reader| principal(reader, cx, caller).map(drop)).await
    }

    /// May the caller do this at all? Asked where a request was wrong before its verb came to ask: what is wrong with it is
    /// told to those only who may do it right.
    pub async fn check_operation(&self, cx: &Cx, caller: &Caller, operation: Operation) -> Result<()> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = principal(reader, cx, caller)?;
                // Whoever may read only themselves may still ask about a user.
                let instead = if operation == Operation::ReadUser { Operation::ReadSelf } else { operation };
                authorize(&principal, operation).or_else(|_| authorize(&principal, instead)).map(drop)
            })
            .await
    }

    /// May the caller do this now? For what is hard to undo: whoever comes by a page is asked to sign in before anything is
    /// typed, not behind it.
    pub async fn check_fresh(&self, cx: &Cx, caller: &Caller, operation: Operation) -> Result<()> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, operation)?;
                require_fresh_caller(reader, cx, caller)
            })
            .await
    }

    /// Ends a session.
    pub async fn sign_out(&self, cookie: &str) -> Result<()> {
        let Some((realm, hash)) = read_cookie(cookie) else { return Ok(()) };
        self.store()
            .commit(scope(realm), move |_| {
                let mut changes = ChangeSet::new();
                changes.delete_session(scope(realm), &hash);
                Decision::done(changes, ())
            })
            .await
    }
}

/// A cookie is the realm of the session and a secret, of which only the hash is kept.
pub(crate) fn write_cookie(realm: TenantId, secret: &identity::Secret) -> String {
    format!("{realm}.{}", secret.expose())
}

pub(crate) fn read_cookie(cookie: &str) -> Option<(TenantId, String)> {
    let (realm, secret) = cookie.split_once('.')?;
    Some((realm.parse().ok()?, identity::hash_secret(secret)))
}

pub(crate) fn describe(
    reader: &Reader<'_>,
    person: Person,
    session: &store::Session,
) -> Result<Option<SignedIn>> {
    let (name, user_name, addresses) = match &person {
        Person::Member { object, .. } => {
            let Some(user) = reader.user(*object)? else { return Ok(None) };
            if !is_active(reader, &user)? {
                return Ok(None);
            }
            // Only addresses in the home tenant's own domains are the person's beyond doubt: an administrator can write any
            // mail address into an account, and would otherwise collect invitations to other people.
            let domains = reader.domains()?;
            let mut addresses: Vec<String> = [Some(user.upn.as_str()), user.mail.as_deref()]
                .into_iter()
                .flatten()
                .map(fold)
                .filter(|address| domain_of(address).is_some_and(|domain| domains.contains(&domain)))
                .collect();
            addresses.dedup();
            (user.display_name, user.upn, addresses)
        }
        Person::Mailbox { address } => (address.clone(), address.clone(), vec![address.clone()]),
        Person::Federated(federated) => {
            let known = reader.federated_person(federated)?;
            let provider = reader.provider(federated.registration)?.filter(|provider| provider.enabled);
            let (Some(known), Some(_)) = (known, provider) else { return Ok(None) };
            (known.name, known.user_name, known.address.into_iter().collect())
        }
    };
    Ok(Some(SignedIn {
        person,
        name,
        user_name,
        addresses,
        hash: session.hash.clone(),
        authenticated: session.authenticated,
        second_factor: reader.session_detail(&session.hash)?.is_some_and(|detail| detail.second_factor),
    }))
}
