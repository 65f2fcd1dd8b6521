//! The apps that act for a person, wherever the person has an account, and taking that back.

use crate::{
    Directory, SignedIn,
    authn::{home_generation, scope},
    connections::{connection_only, stand_in},
    leave::account,
    record::Draft,
};
use model::{
    AppId, Cx, Error, Result, Span, Tenant, TenantId, Timestamp, User,
    audit::{Activity, Target},
    authz::Permission,
};
use store::{App, AppSignIn, ChangeSet, Decision, DirectConnection, GrantKind, GrantRow, Reader};

/// A sign-in that gave no refresh token is over with its access token, 60 minutes; a device may take another 15 to fetch it.
const WITHOUT_REFRESH: Span = Span::minutes(60 + 15);

/// What an app may do in the name of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppPermission {
    /// Which.
    pub permission: Permission,
    /// An administrator allowed it for everybody. It stays when the person takes back what is theirs.
    pub for_everybody: bool,
}

/// An app that acts for a person in one organisation, or that the person allowed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppAccess {
    /// The organisation.
    pub tenant: TenantId,
    /// Its name.
    pub organization: String,
    /// The app.
    pub app: AppId,
    /// What people call it.
    pub name: String,
    /// The organisation lets it act at all.
    pub enabled: bool,
    /// It holds tokens of the person at present, or can get new ones.
    pub signed_in: bool,
    /// It can get new ones while the person is away.
    pub while_away: bool,
    /// One of its sign-ins was begun by a code that a device showed.
    pub by_device: bool,
    /// What it may do, besides knowing who the person is.
    pub permissions: Vec<AppPermission>,
    /// Since when it acts, or may act.
    pub since: Timestamp,
    /// When it last got tokens, where that is known.
    pub last: Option<Timestamp>,
}

/// Can something still come of this sign-in, as far as the account at home is concerned?
fn stands(one: &AppSignIn, at_home: Option<i64>, now: Timestamp) -> bool {
    let begun = &one.authorization;
    let fresh =
        now.since(begun.created) <= WITHOUT_REFRESH || one.good_until.is_some_and(|until| until > now);
    begun.revoked.is_none() && begun.expires > now && begun.home_generation == at_home && fresh
}

/// What an app of the organisation of the reader comes to, given its sign-ins that stand.
fn access(
    tenant: &Tenant,
    cx: &Cx,
    app: App,
    sign_ins: &[AppSignIn],
    (permissions, allowed): (Vec<AppPermission>, Timestamp),
) -> AppAccess {
    let its: Vec<&AppSignIn> = sign_ins.iter().filter(|one| one.authorization.app == app.id).collect();
    AppAccess {
        tenant: tenant.id,
        organization: tenant.name.clone(),
        app: app.id,
        enabled: app.enabled,
        name: app.name,
        signed_in: !its.is_empty(),
        while_away: its.iter().any(|one| one.good_until.is_some_and(|until| until > cx.now)),
        by_device: its.iter().any(|one| one.authorization.by_device),
        permissions,
        since: its.iter().map(|one| one.authorization.created).min().map_or(allowed, |at| at.min(allowed)),
        last: its.iter().map(|one| one.refreshed.unwrap_or(one.authorization.created)).max(),
    }
}

/// The apps of one account, by name.
pub(crate) fn apps_of(reader: &Reader<'_>, cx: &Cx, user: &User) -> Result<Vec<AppAccess>> {
    let at_home = home_generation(reader, user)?;
    let mut sign_ins = reader.app_sign_ins(user.id)?;
    sign_ins.retain(|one| one.authorization.generation == user.generation && stands(one, at_home, cx.now));
    let consents = reader.consents_of(user.id)?;
    let mut ids: Vec<AppId> = sign_ins.iter().map(|one| one.authorization.app).collect();
    ids.extend(consents.iter().map(|consent| consent.app));
    let (tenant, mut found) = (reader.tenant()?, Vec::new());
    for id in distinct(ids) {
        let Some(app) = reader.app(id)? else { continue };
        let own: Vec<&GrantRow> = consents.iter().filter(|consent| consent.app == id).collect();
        let permissions = permissions(&reader.grants(id, GrantKind::Delegated)?, &own);
        let allowed = own.iter().map(|one| one.created).min().unwrap_or(cx.now);
        found.push(access(&tenant, cx, app, &sign_ins, (permissions, allowed)));
    }
    found.sort_by(|a, b| (&a.name, a.app.to_string()).cmp(&(&b.name, b.app.to_string())));
    Ok(found)
}

fn distinct(mut ids: Vec<AppId>) -> Vec<AppId> {
    ids.sort_by_key(AppId::to_string);
    ids.dedup();
    ids
}

/// What was allowed for everybody, and what the person alone allowed.
fn permissions(everybody: &[Permission], own: &[&GrantRow]) -> Vec<AppPermission> {
    let mut all: Vec<AppPermission> = everybody
        .iter()
        .map(|permission| AppPermission { permission: *permission, for_everybody: true })
        .collect();
    let further = own.iter().map(|row| row.permission).filter(|own| !everybody.contains(own));
    all.extend(further.map(|permission| AppPermission { permission, for_everybody: false }));
    all.sort_by_key(|one| one.permission);
    all
}

/// The apps that somebody without an account uses there. They learn who it is, and can do nothing more.
fn apps_of_connection(
    reader: &Reader<'_>,
    cx: &Cx,
    who: &SignedIn,
    connection: &DirectConnection,
) -> Result<Vec<AppAccess>> {
    let at_home = home_generation(reader, &stand_in(who, connection))?;
    let mut sign_ins = reader.direct_sign_ins(connection.id)?;
    sign_ins.retain(|one| stands(one, at_home, cx.now));
    let (tenant, mut found) = (reader.tenant()?, Vec::new());
    for (id, since) in reader.connection_use(connection.id)? {
        let Some(app) = reader.app(id)? else { continue };
        found.push(access(&tenant, cx, app, &sign_ins, (Vec::new(), since)));
    }
    Ok(found)
}

/// As whom a person uses apps in the organisation of the reader.
enum As {
    Account(Box<User>),
    Connection(DirectConnection),
}

fn present(reader: &Reader<'_>, who: &SignedIn) -> Result<Option<As>> {
    if let Some(connection) = connection_only(reader, who)? {
        return Ok(Some(As::Connection(connection)));
    }
    Ok(account(reader, who)?.filter(|user| !user.is_deleted()).map(|user| As::Account(Box::new(user))))
}

impl As {
    fn apps(&self, reader: &Reader<'_>, cx: &Cx, who: &SignedIn) -> Result<Vec<AppAccess>> {
        match self {
            Self::Account(user) => apps_of(reader, cx, user),
            Self::Connection(connection) => apps_of_connection(reader, cx, who, connection),
        }
    }

    fn app(&self, reader: &Reader<'_>, cx: &Cx, who: &SignedIn, app: AppId) -> Result<Option<AppAccess>> {
        Ok(self.apps(reader, cx, who)?.into_iter().find(|one| one.app == app))
    }
}

impl Directory {
    /// The apps that act for a person, organisation by organisation, the home organisation first.
    pub async fn my_apps(&self, cx: &Cx, who: &SignedIn) -> Result<Vec<AppAccess>> {
        let mut all = Vec::new();
        for tenant in self.my_tenants(who).await? {
            let found = self
                .store()
                .read(scope(tenant), |reader| match present(reader, who)? {
                    Some(present) => present.apps(reader, cx, who),
                    None => Ok(Vec::new()),
                })
                .await?;
            all.extend(found);
        }
        Ok(all)
    }

    /// One app that acts for a person in one organisation.
    ///
    /// # Errors
    /// `NotFound` if it does not, whatever there may be in that organisation.
    pub async fn my_app(&self, cx: &Cx, who: &SignedIn, tenant: TenantId, app: AppId) -> Result<AppAccess> {
        self.store()
            .read(scope(tenant), |reader| {
                let found = match present(reader, who)? {
                    Some(present) => present.app(reader, cx, who, app)?,
                    None => None,
                };
                found.ok_or_else(|| Error::not_found(app))
            })
            .await
    }

    /// Takes back what an app may do in the name of the person: its sign-ins end, tokens it holds are void from the next request
    /// on, and what the person alone allowed it is forgotten. What an administrator allowed for everybody stays, so that the
    /// app can ask the person to sign in again. A second click finds nothing left, and does nothing.
    pub async fn revoke_app(&self, cx: &Cx, who: &SignedIn, tenant: TenantId, app: AppId) -> Result<()> {
        let (cx, who, scope) = (cx.clone(), who.clone(), scope(tenant));
        self.store()
            .commit(scope, move |reader| {
                let mut changes = ChangeSet::new();
                let Some(present) = present(reader, &who)? else { return Decision::done(changes, ()) };
                let Some(access) = present.app(reader, &cx, &who, app)? else {
                    return Decision::done(changes, ());
                };
                let draft = match &present {
                    As::Account(user) => {
                        changes.revoke_authorizations(user, app, cx.now).delete_consents(user, app);
                        Draft::by_user(&cx, Activity::RevokeConsent, user, None)
                    }
                    As::Connection(connection) => {
                        changes.disconnect_app(scope, (connection.id, app), cx.now);
                        Draft::by_connection(&cx, Activity::RevokeConsent, connection, &who)
                    }
                };
                let own = access.permissions.iter().filter(|one| !one.for_everybody);
                let draft = own.fold(draft.on(Target::thing("App", app, &access.name)), |draft, one| {
                    draft.detail("permission", one.permission.value())
                });
                changes.record(draft.done());
                Decision::done(changes, ())
            })
            .await
    }
}
