//! Apps over Graph: the application and its service principal, credentials, and permissions.

mod consent;
mod secrets;

pub use consent::{AppPermissions, PermissionState, is_grantable};

use crate::{
    Caller, Directory,
    authn::{authorized, require_fresh_caller},
    record::Draft,
    tenants::apps::{SECRET_LIFE, require_redirect},
};
use model::{
    AppId, Cx, Error, ErrorKind, ObjectId, Result, Timestamp,
    audit::{Activity, Record, Target},
    authz::{Operation, Permission, Principal},
    mint_uuid, plain_text,
};
use serde_json::{Map, Value, json};
use store::{App, AppCertificate, AppObject, AppSecret, ChangeSet, Decision, GrantKind, GrantRow, Reader};
use uuid::Uuid;

/// How to find an app.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppKey {
    /// By client id.
    Client(AppId),
    /// By the id of the application object.
    Application(ObjectId),
    /// By the id of the service principal.
    Principal(ObjectId),
}

/// An app with its credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppDetail {
    /// The app.
    pub object: AppObject,
    /// Its secrets, without the secrets.
    pub secrets: Vec<AppSecret>,
    /// Its certificates.
    pub certificates: Vec<AppCertificate>,
}

/// A partial update of an app; what is absent stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AppPatch {
    /// `displayName`
    pub name: Option<String>,
    /// Can it keep no secret?
    pub public: Option<bool>,
    /// All addresses to which codes may be sent.
    pub redirect_uris: Option<Vec<String>>,
    /// All certificates; those that are not among them go.
    pub certificates: Option<Vec<NewCertificate>>,
    /// May it ask for tokens? (`accountEnabled` of the service principal)
    pub enabled: Option<bool>,
    /// Properties that are kept as they come; null removes.
    pub body: Map<String, Value>,
}

/// A certificate to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewCertificate {
    /// The one that is there with this id, or a new one.
    pub id: Option<Uuid>,
    /// Base64 of the DER form, or PEM; absent for one that is there.
    pub text: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// From when on.
    pub starts: Option<Timestamp>,
    /// Until when.
    pub ends: Option<Timestamp>,
}

/// A permission on behalf of people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DelegatedGrant {
    /// The app's service principal.
    pub client: ObjectId,
    /// On behalf of this person only; of everybody where there is none.
    pub principal: Option<ObjectId>,
    /// The permissions.
    pub permissions: Vec<Permission>,
}

/// The thumbprint of a certificate with which an app could prove itself; nothing for any other text.
pub fn certificate_thumbprint(text: &str) -> Option<String> {
    identity::AppCertificate::from_text(text).map(|certificate| certificate.thumbprint().to_owned())
}

/// The most that an app's kept properties may take, as JSON.
const BODY_SIZE: usize = 64 * 1024;
/// So many certificates may one app have.
const CERTIFICATES: usize = 20;

fn find(reader: &Reader<'_>, key: AppKey) -> Result<AppObject> {
    let (found, id) = match key {
        AppKey::Client(id) => (reader.app_object(id)?, id.to_string()),
        AppKey::Application(id) => (reader.app_by_application(id)?, id.to_string()),
        AppKey::Principal(id) => (reader.app_by_principal(id)?, id.to_string()),
    };
    found.ok_or_else(|| Error::not_found(id))
}

pub(crate) fn detail(reader: &Reader<'_>, object: AppObject) -> Result<AppDetail> {
    let (secrets, certificates) =
        (reader.app_secret_list(object.app.id)?, reader.app_certificates(object.app.id)?);
    Ok(AppDetail { object, secrets, certificates })
}

fn record(cx: &Cx, activity: Activity, by: &Principal, app: &App) -> Record {
    Draft::by(cx, activity, by).on(Target::thing("App", app.id, &app.name)).done()
}

/// What a change of an app changed, before and after.
fn updated(cx: &Cx, activity: Activity, by: &Principal, (old, new): (&App, &App)) -> Record {
    let mut draft = Draft::by(cx, activity, by).on(Target::thing("App", new.id, &new.name));
    for (name, before, after) in [
        ("DisplayName", json!(old.name), json!(new.name)),
        ("PublicClient", json!(old.public), json!(new.public)),
        ("RedirectUris", json!(old.redirect_uris), json!(new.redirect_uris)),
        ("AccountEnabled", json!(old.enabled), json!(new.enabled)),
    ] {
        if before != after {
            draft = draft.with(name, Some(before), Some(after));
        }
    }
    draft.done()
}

fn apply(object: &AppObject, patch: &AppPatch) -> Result<AppObject> {
    let mut next = AppObject { version: object.version + 1, ..object.clone() };
    if let Some(name) = &patch.name {
        next.app.name = plain_text(name).ok_or_else(|| Error::invalid_value("displayName", "Application"))?;
    }
    if let Some(uris) = &patch.redirect_uris {
        uris.iter().try_for_each(|uri| require_redirect(uri))?;
        next.app.redirect_uris.clone_from(uris);
    }
    next.app.public = patch.public.unwrap_or(object.app.public);
    next.app.enabled = patch.enabled.unwrap_or(object.app.enabled);
    for (name, value) in &patch.body {
        if value.is_null() {
            next.body.shift_remove(name);
        } else {
            next.body.insert(name.clone(), value.clone());
        }
    }
    if Value::Object(next.body.clone()).to_string().len() > BODY_SIZE {
        return Err(Error::bad_request(
            "The properties of the application take more than 64 KiB. Leave some out.",
        ));
    }
    Ok(next)
}

/// Puts the certificates of an app as they are wanted: keeps, adds, removes.
fn replace_certificates(
    reader: &Reader<'_>,
    changes: &mut ChangeSet,
    cx: &Cx,
    (scope, app): (model::TenantScope, &App),
    wanted: &[NewCertificate],
) -> Result<()> {
    if wanted.len() > CERTIFICATES {
        return Err(Error::bad_request(format!(
            "An app can have {CERTIFICATES} certificates. Remove old ones."
        )));
    }
    let known = reader.app_certificates(app.id)?;
    let stays = |one: &AppCertificate| wanted.iter().any(|new| new.id == Some(one.id) && new.text.is_none());
    for gone in known.iter().filter(|one| !stays(one)) {
        changes.delete_app_certificate(scope, app, gone.id);
    }
    for new in wanted {
        let Some(text) = &new.text else {
            if new.id.is_some_and(|id| known.iter().any(|one| one.id == id)) {
                continue;
            }
            return Err(Error::invalid_value("keyCredentials", "Application"));
        };
        let read = identity::AppCertificate::from_text(text).ok_or_else(|| {
            Error::bad_request(
                "The certificate is not an X.509 certificate with an RSA key of 2048 to 8192 bits.",
            )
        })?;
        let kept = AppCertificate {
            id: new.id.unwrap_or_else(|| mint_uuid(cx.random.as_ref())),
            thumbprint: read.thumbprint().to_owned(),
            certificate: text.clone(),
            name: new.name.clone(),
            created: new.starts.unwrap_or(cx.now),
            expires: new.ends.unwrap_or(cx.now + SECRET_LIFE),
        };
        if kept.expires <= kept.created {
            return Err(Error::bad_request(
                "The certificate ends before it begins: give a later endDateTime.",
            ));
        }
        changes.insert_app_certificate(scope, app, &kept);
    }
    Ok(())
}

impl Directory {
    /// Apps, by client id, behind `after`.
    pub async fn list_apps(
        &self,
        cx: &Cx,
        caller: &Caller,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<AppDetail>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadApplications)?;
                reader.app_objects(after, limit)?.into_iter().map(|object| detail(reader, object)).collect()
            })
            .await
    }

    /// One app.
    pub async fn get_app(&self, cx: &Cx, caller: &Caller, key: AppKey) -> Result<AppDetail> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadApplications)?;
                let object = find(reader, key)?;
                detail(reader, object)
            })
            .await
    }

    /// May the caller read apps at all? For the service principal of Graph, which is the same everywhere.
    pub async fn may_read_apps(&self, cx: &Cx, caller: &Caller) -> Result<()> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadApplications).map(drop)
            })
            .await
    }

    /// Apps by name, behind the one with this name and client id.
    pub async fn list_apps_by_name(
        &self,
        cx: &Cx,
        caller: &Caller,
        after: Option<(&str, AppId)>,
        limit: u16,
    ) -> Result<Vec<AppDetail>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadApplications)?;
                reader.apps_by_name(after, limit)?.into_iter().map(|object| detail(reader, object)).collect()
            })
            .await
    }

    /// Registers an app; with a service principal, or else it can ask for no token yet. An id makes it safe to ask twice: the
    /// second time changes nothing.
    pub async fn create_app(
        &self,
        cx: &Cx,
        caller: &Caller,
        patch: AppPatch,
        (id, with_principal): (Option<AppId>, bool),
    ) -> Result<AppDetail> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        let blank = AppObject {
            app: App {
                id: id.unwrap_or_else(|| AppId::mint(cx.random.as_ref())),
                object: ObjectId::mint(cx.random.as_ref()),
                name: String::new(),
                public: false,
                redirect_uris: Vec::new(),
                enabled: with_principal,
                created: cx.now,
            },
            application: ObjectId::mint(cx.random.as_ref()),
            has_principal: with_principal,
            body: Map::new(),
            version: 0,
        };
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteApplications)?;
                if let Some(known) = id.map(|id| reader.app_object(id)).transpose()?.flatten() {
                    return Decision::done(ChangeSet::new(), detail(reader, known)?);
                }
                let object = apply(&blank, &AppPatch { enabled: None, ..patch.clone() })?;
                let mut changes = ChangeSet::new();
                changes.insert_app_object(scope, &object)?;
                if let Some(wanted) = &patch.certificates {
                    replace_certificates(reader, &mut changes, &cx, (scope, &object.app), wanted)?;
                }
                changes.record(record(&cx, Activity::AddApplication, &principal, &object.app));
                if with_principal {
                    changes.record(record(&cx, Activity::AddServicePrincipal, &principal, &object.app));
                }
                Decision::done(changes, AppDetail { object, secrets: Vec::new(), certificates: Vec::new() })
            })
            .await
    }

    /// Changes an app. A switch takes effect on the next request.
    pub async fn update_app(&self, cx: &Cx, caller: &Caller, key: AppKey, patch: AppPatch) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteApplications)?;
                let object = find(reader, key)?;
                cx.check_seen(object.version)?;
                let next = apply(&object, &patch)?;
                let mut changes = ChangeSet::new();
                changes.update_app_object(scope, &next)?;
                if let Some(wanted) = &patch.certificates {
                    require_fresh_caller(reader, &cx, &caller)?;
                    replace_certificates(reader, &mut changes, &cx, (scope, &next.app), wanted)?;
                    changes.record(record(&cx, Activity::UpdateAppSecrets, &principal, &next.app));
                }
                let activity = match key {
                    AppKey::Principal(_) => Activity::UpdateServicePrincipal,
                    AppKey::Application(_) | AppKey::Client(_) => Activity::UpdateApplication,
                };
                changes.record(updated(&cx, activity, &principal, (&object.app, &next.app)));
                Decision::done(changes, ())
            })
            .await
    }

    /// Deletes an app with its service principal, credentials and permissions, for good. Its tokens end with it. By page, only
    /// to whoever signed in lately.
    pub async fn delete_app(&self, cx: &Cx, caller: &Caller, key: AppKey) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteApplications)?;
                require_fresh_caller(reader, &cx, &caller)?;
                let object = find(reader, key)?;
                cx.check_seen(object.version)?;
                let mut changes = ChangeSet::new();
                changes.delete_app(scope, &object, cx.now).record(record(
                    &cx,
                    Activity::DeleteApplication,
                    &principal,
                    &object.app,
                ));
                Decision::done(changes, ())
            })
            .await
    }

    /// Gives an app a service principal: from then on it can ask for tokens.
    ///
    /// # Errors
    /// `Conflict` if it has one.
    pub async fn create_principal(&self, cx: &Cx, caller: &Caller, app: AppId) -> Result<AppDetail> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteApplications)?;
                let object = reader.app_object(app)?.ok_or_else(|| {
                    Error::bad_request(format!(
                        "The appId '{app}' of the service principal does not reference a valid application object."
                    ))
                })?;
                if object.has_principal {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        format!("The service principal cannot be created because the service principal name {app} is already in use."),
                    ));
                }
                let mut next = AppObject { has_principal: true, version: object.version + 1, ..object };
                next.app.enabled = true;
                let mut changes = ChangeSet::new();
                changes
                    .update_app_object(scope, &next)?
                    .record(record(&cx, Activity::AddServicePrincipal, &principal, &next.app));
                Decision::done(changes, detail(reader, next)?)
            })
            .await
    }

    /// Takes the service principal from an app, with all permissions.
    pub async fn delete_principal(&self, cx: &Cx, caller: &Caller, id: ObjectId) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteApplications)?;
                let object = find(reader, AppKey::Principal(id))?;
                cx.check_seen(object.version)?;
                let mut next = AppObject { has_principal: false, version: object.version + 1, ..object };
                next.app.enabled = false;
                let mut changes = ChangeSet::new();
                changes.strip_grants(scope, next.app.id).update_app_object(scope, &next)?;
                changes.record(record(&cx, Activity::RemoveServicePrincipal, &principal, &next.app));
                Decision::done(changes, ())
            })
            .await
    }
}

/// Granting.
impl Directory {
    /// Permissions that apps have of their own accord, of all apps or of one service principal.
    pub async fn list_app_role_assignments(
        &self,
        cx: &Cx,
        caller: &Caller,
        client: Option<ObjectId>,
    ) -> Result<Vec<(AppObject, GrantRow)>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadAppRoleAssignments)?;
                let app = client.map(|id| find(reader, AppKey::Principal(id))).transpose()?;
                let rows =
                    reader.grant_rows(GrantKind::Application, app.as_ref().map(|found| found.app.id))?;
                let mut listed = Vec::with_capacity(rows.len());
                for row in rows {
                    if let Some(object) = reader.app_object(row.app)?.filter(|object| object.has_principal) {
                        listed.push((object, row));
                    }
                }
                Ok(listed)
            })
            .await
    }

    /// Grants a permission to an app itself. By page, only to whoever signed in lately.
    ///
    /// # Errors
    /// `BadRequest` if it has it.
    pub async fn add_app_role_assignment(
        &self,
        cx: &Cx,
        caller: &Caller,
        client: ObjectId,
        permission: Permission,
    ) -> Result<(AppObject, GrantRow)> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteAppRoleAssignments)?;
                require_fresh_caller(reader, &cx, &caller)?;
                let object = find(reader, AppKey::Principal(client))?;
                if permission.application_id().is_none() {
                    return Err(Error::bad_request(
                        "Permission being assigned was not found on application.",
                    ));
                }
                let app = object.app.id;
                if reader.grants(app, GrantKind::Application)?.contains(&permission) {
                    return Err(Error::bad_request("Permission being assigned already exists on the object"));
                }
                let grant = (GrantKind::Application, permission);
                let mut changes = ChangeSet::new();
                changes.insert_grant(scope, &object.app, grant).date_grant(scope, app, grant, cx.now);
                changes.record(granted(
                    &cx,
                    Activity::GrantPermission,
                    &principal,
                    (&object.app, permission),
                ));
                Decision::done(changes, (object, GrantRow { app, permission, created: cx.now }))
            })
            .await
    }

    /// Takes a permission from an app itself: from the next request on it has it no more.
    pub async fn remove_app_role_assignment(
        &self,
        cx: &Cx,
        caller: &Caller,
        client: ObjectId,
        permission: Permission,
    ) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteAppRoleAssignments)?;
                let object = find(reader, AppKey::Principal(client))?;
                if !reader.grants(object.app.id, GrantKind::Application)?.contains(&permission) {
                    return Err(Error::not_found(client));
                }
                let mut changes = ChangeSet::new();
                changes.delete_grant(scope, &object.app, (GrantKind::Application, permission));
                changes.record(granted(
                    &cx,
                    Activity::RevokePermission,
                    &principal,
                    (&object.app, permission),
                ));
                Decision::done(changes, ())
            })
            .await
    }

    /// Permissions that apps have on behalf of people.
    pub async fn list_delegated_grants(&self, cx: &Cx, caller: &Caller) -> Result<Vec<DelegatedGrant>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadDelegatedGrants)?;
                delegated_grants(reader)
            })
            .await
    }

    /// Sets what an app may do on behalf of everybody, or of one person: exactly these permissions from now on. `new` demands
    /// that there was no such grant, its absence that there was. By page, only to whoever signed in lately.
    pub async fn set_delegated_grant(
        &self,
        cx: &Cx,
        caller: &Caller,
        grant: DelegatedGrant,
        new: bool,
    ) -> Result<DelegatedGrant> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteDelegatedGrants)?;
                require_fresh_caller(reader, &cx, &caller)?;
                let object = find(reader, AppKey::Principal(grant.client))?;
                let known = delegated_grants(reader)?
                    .into_iter()
                    .find(|known| known.client == grant.client && known.principal == grant.principal);
                if new && known.is_some() {
                    return Err(Error::new(ErrorKind::Conflict, "Permission entry already exists."));
                }
                if !new && known.is_none() {
                    return Err(Error::not_found(grant.client));
                }
                let old = known.map(|known| known.permissions).unwrap_or_default();
                let mut changes = ChangeSet::new();
                for permission in grant.permissions.iter().filter(|one| !old.contains(one)) {
                    allow(reader, &mut changes, &cx, (&object, grant.principal), *permission)?;
                    let about = (&object.app, *permission);
                    changes.record(granted(&cx, Activity::AddDelegatedGrant, &principal, about));
                }
                for permission in old.iter().filter(|one| !grant.permissions.contains(one)) {
                    match grant.principal {
                        None => {
                            changes.delete_grant(scope, &object.app, (GrantKind::Delegated, *permission));
                        }
                        Some(user) => {
                            changes.delete_person_grant(scope, (user, object.app.id), *permission);
                        }
                    }
                    let about = (&object.app, *permission);
                    changes.record(granted(&cx, Activity::RemoveDelegatedGrant, &principal, about));
                }
                Decision::done(changes, grant.clone())
            })
            .await
    }
}

fn allow(
    reader: &Reader<'_>,
    changes: &mut ChangeSet,
    cx: &Cx,
    (object, person): (&AppObject, Option<ObjectId>),
    permission: Permission,
) -> Result<()> {
    let scope = crate::authn::scope(reader.tenant_id());
    match person {
        None => {
            let grant = (GrantKind::Delegated, permission);
            changes.insert_grant(scope, &object.app, grant).date_grant(scope, object.app.id, grant, cx.now);
        }
        Some(id) => {
            let user = reader.live_user(id)?.ok_or_else(|| Error::not_found(id))?;
            changes.guard_user(&user).insert_person_grant(&user, object.app.id, permission, cx.now);
        }
    }
    Ok(())
}

fn granted(cx: &Cx, activity: Activity, by: &Principal, (app, permission): (&App, Permission)) -> Record {
    Draft::by(cx, activity, by)
        .on(Target::thing("App", app.id, &app.name))
        .detail("permission", permission.value())
        .done()
}

fn delegated_grants(reader: &Reader<'_>) -> Result<Vec<DelegatedGrant>> {
    let rows = reader.grant_rows(GrantKind::Delegated, None)?.into_iter().map(|row| (None, row));
    let consents = reader.consent_rows(None)?.into_iter().map(|(user, row)| (Some(user), row));
    let mut listed: Vec<DelegatedGrant> = Vec::new();
    for (principal, row) in rows.chain(consents) {
        let Some(object) = reader.app_object(row.app)?.filter(|object| object.has_principal) else {
            continue;
        };
        let client = object.app.object;
        match listed.iter_mut().find(|known| known.client == client && known.principal == principal) {
            Some(known) => known.permissions.push(row.permission),
            None => listed.push(DelegatedGrant { client, principal, permissions: vec![row.permission] }),
        }
    }
    Ok(listed)
}
