//! Reading and writing what the resources of Graph show beside users and the policy: settings, roles, groups, apps, permissions
//! and connections.

use crate::{
    App, ChangeSet, Grant, GrantKind, Reader,
    value::{Row, Value as Sql},
};
use model::{
    AppId, Error, ObjectId, Person, RequestId, Result, TenantId, TenantScope, Timestamp, User,
    authz::{Permission, Role},
    collaboration::{AccessSettings, CrossTenantAccess},
};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A certificate with which an app proves who it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppCertificate {
    /// Its id (`keyId`).
    pub id: Uuid,
    /// SHA-1 of the DER form in base64url, as `x5t` names it.
    pub thumbprint: String,
    /// The DER form in Base64.
    pub certificate: String,
    /// What people call it.
    pub name: Option<String>,
    /// From when on it is good.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
}

fn certificate(mut row: Row) -> Result<AppCertificate> {
    Ok(AppCertificate {
        id: row.parsed()?,
        thumbprint: row.text()?,
        certificate: row.text()?,
        name: row.opt_text()?,
        created: row.time()?,
        expires: row.time()?,
    })
}

/// App, permission and time, as grants and consents are read.
pub(crate) fn grant_row(row: &mut Row) -> Result<GrantRow> {
    let (app, word) = (row.parsed()?, row.text()?);
    let permission =
        Permission::parse(&word).ok_or_else(|| Error::internal("a stored permission is unknown"))?;
    Ok(GrantRow { app, permission, created: row.time()? })
}

impl Reader<'_> {
    /// Certificates of an app, expired ones too; whether one is good is for the caller to say.
    pub fn app_certificates(&self, app: AppId) -> Result<Vec<AppCertificate>> {
        self.rows(
            "select id, thumbprint, certificate, name, created_at, expires_at from app_certificates \
             where tenant_id = ?1 and app_id = ?2 order by created_at, id",
            &[app.into()],
        )?
        .into_iter()
        .map(certificate)
        .collect()
    }
}

impl ChangeSet {
    /// Adds a certificate to an app.
    pub fn insert_app_certificate(
        &mut self,
        tenant: TenantScope,
        app: &App,
        certificate: &AppCertificate,
    ) -> &mut Self {
        self.one(
            "insert into app_certificates (tenant_id, app_id, id, thumbprint, certificate, name, created_at, expires_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            vec![
                tenant.tenant().into(),
                app.id.into(),
                certificate.id.into(),
                (&certificate.thumbprint).into(),
                (&certificate.certificate).into(),
                certificate.name.as_ref().into(),
                certificate.created.into(),
                certificate.expires.into(),
            ],
        )
    }

    /// Takes a certificate from an app.
    pub fn delete_app_certificate(&mut self, tenant: TenantScope, app: &App, id: Uuid) -> &mut Self {
        self.one(
            "delete from app_certificates where tenant_id = ?1 and app_id = ?2 and id = ?3",
            vec![tenant.tenant().into(), app.id.into(), id.into()],
        )
    }
}

/// A registered app, with what only its own resource shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppObject {
    /// What signing in needs of it.
    pub app: App,
    /// The id of the application object; that of its service principal is [`App::object`].
    pub application: ObjectId,
    /// Does it have a service principal? Without one it can ask for no token.
    pub has_principal: bool,
    /// Properties that are kept as they came.
    pub body: Map<String, Value>,
    /// Grows with every change.
    pub version: i64,
}

/// A secret of an app, without the secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppSecret {
    /// Its id (`keyId`).
    pub id: Uuid,
    /// What people call it.
    pub name: Option<String>,
    /// How it begins.
    pub hint: Option<String>,
    /// From when on it is good.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// A permission that an app has, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GrantRow {
    /// The app.
    pub app: AppId,
    /// The permission.
    pub permission: Permission,
    /// Since when; the beginning of time where that was not recorded.
    pub created: Timestamp,
}

/// A group as its own resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupObject {
    /// Its id.
    pub id: ObjectId,
    /// What people call it.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The name in front of the at sign, if it had a mailbox.
    pub mail_nickname: Option<String>,
    /// When it was created.
    pub created: Timestamp,
}

/// When somebody last signed in to something of this tenant, and by which request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SignIns {
    /// With the person present.
    pub interactive: Option<(Timestamp, RequestId)>,
    /// By an app that held a refresh token.
    pub silent: Option<(Timestamp, RequestId)>,
    /// Either, and it worked.
    pub success: Option<(Timestamp, RequestId)>,
}

/// How somebody signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInKind {
    /// With the person present.
    Interactive,
    /// By an app that held a refresh token.
    Silent,
}

/// Somebody of another tenant who uses apps of this one without a user object here (B2B direct connect).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirectConnection {
    /// The tenant whose apps are used.
    pub tenant: TenantId,
    /// Its id, also the subject of what the audit log says about the person.
    pub id: ObjectId,
    /// Who.
    pub person: Person,
    /// The first sign-in.
    pub created: Timestamp,
    /// The last sign-in.
    pub last: Timestamp,
}

const APP_COLUMNS: &str = "id, object_id, name, public, redirect_uris, enabled, created_at, coalesce(application_id, id), \
     has_principal, body, version";

fn app_object(mut row: Row) -> Result<AppObject> {
    Ok(AppObject {
        app: App {
            id: row.parsed()?,
            object: row.parsed()?,
            name: row.text()?,
            public: row.bool()?,
            redirect_uris: parse(&row.text()?)?,
            enabled: row.bool()?,
            created: row.time()?,
        },
        application: row.parsed()?,
        has_principal: row.bool()?,
        body: parse(&row.text()?)?,
        version: row.int()?,
    })
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::internal("a stored document does not parse"))
}

fn written(value: &impl serde::Serialize) -> Result<Sql> {
    serde_json::to_string(value)
        .map(Sql::from)
        .map_err(|error| Error::internal(format!("a document does not serialise: {error}")))
}

fn group(mut row: Row) -> Result<GroupObject> {
    Ok(GroupObject {
        id: row.parsed()?,
        display_name: row.text()?,
        description: row.opt_text()?,
        mail_nickname: row.opt_text()?,
        created: row.time()?,
    })
}

fn moment(row: &mut Row) -> Result<Option<(Timestamp, RequestId)>> {
    let (at, request) = (row.opt_time()?, row.opt_parsed()?);
    Ok(at.zip(request))
}

pub(crate) const CONNECTION_COLUMNS: &str =
    "connections.tenant_id, connections.id, home_key, connections.created_at, last_at";

pub(crate) fn connection(row: &mut Row) -> Result<DirectConnection> {
    let (tenant, id, key) = (row.parsed()?, row.parsed()?, row.text()?);
    let person = Person::from_key(&key).ok_or_else(|| Error::internal("a stored connection is of nobody"))?;
    Ok(DirectConnection { tenant, id, person, created: row.time()?, last: row.time()? })
}

fn after_text(after: Option<&str>) -> Sql {
    after.unwrap_or_default().into()
}

impl Reader<'_> {
    /// A document of settings and its version; version 0 where it was never written.
    pub fn setting<T: serde::de::DeserializeOwned + Default>(&self, name: &str) -> Result<(T, i64)> {
        let row = self
            .row("select body, version from settings where tenant_id = ?1 and name = ?2", &[name.into()])?;
        match row {
            None => Ok((T::default(), 0)),
            Some(mut row) => Ok((parse(&row.text()?)?, row.int()?)),
        }
    }

    /// Settings towards one partner, with their version.
    pub fn partner(&self, partner: TenantId) -> Result<Option<(AccessSettings, i64)>> {
        self.row(
            "select body, version from partners where tenant_id = ?1 and partner_id = ?2",
            &[partner.into()],
        )?
        .map(|mut row| Ok((parse(&row.text()?)?, row.int()?)))
        .transpose()
    }

    /// Settings towards partners, by id, behind `after`.
    pub fn partners(&self, after: Option<&str>, limit: u16) -> Result<Vec<(TenantId, AccessSettings)>> {
        self.rows(
            "select partner_id, body from partners where tenant_id = ?1 and partner_id > ?2 order by partner_id limit ?3",
            &[after_text(after), i64::from(limit).into()],
        )?
        .into_iter()
        .map(|mut row| Ok((row.parsed()?, parse(&row.text()?)?)))
        .collect()
    }

    /// Settings towards one partner together with those for everybody.
    pub fn access_towards(&self, partner: TenantId) -> Result<CrossTenantAccess> {
        Ok(CrossTenantAccess {
            default: self.setting(CROSS_TENANT_ACCESS)?.0,
            partner: self.partner(partner)?.map(|(settings, _)| settings),
        })
    }

    /// Who answers for a user.
    pub fn sponsors(&self, user: ObjectId) -> Result<Vec<ObjectId>> {
        self.rows(
            "select sponsor_id from sponsors where tenant_id = ?1 and user_id = ?2 order by sponsor_id",
            &[user.into()],
        )?
        .iter_mut()
        .map(Row::parsed)
        .collect()
    }

    /// Who is answered for.
    pub fn sponsored(&self, sponsor: ObjectId, after: Option<&str>, limit: u16) -> Result<Vec<ObjectId>> {
        self.rows(
            "select user_id from sponsors where tenant_id = ?1 and sponsor_id = ?2 and user_id > ?3 order by user_id limit ?4",
            &[sponsor.into(), after_text(after), i64::from(limit).into()],
        )?
        .iter_mut()
        .map(Row::parsed)
        .collect()
    }

    /// When a user last signed in.
    pub fn sign_ins(&self, user: ObjectId) -> Result<SignIns> {
        let row = self.row(
            "select last_at, last_request, silent_at, silent_request, success_at, success_request from sign_ins \
             where tenant_id = ?1 and user_id = ?2",
            &[user.into()],
        )?;
        let Some(mut row) = row else { return Ok(SignIns::default()) };
        Ok(SignIns { interactive: moment(&mut row)?, silent: moment(&mut row)?, success: moment(&mut row)? })
    }

    /// Live holders of a directory role, by id, behind `after`.
    pub fn role_holders(&self, role: Role, after: Option<&str>, limit: u16) -> Result<Vec<ObjectId>> {
        self.rows(
            "select r.user_id from role_assignments r join users u on u.tenant_id = r.tenant_id and u.id = r.user_id \
             where r.tenant_id = ?1 and r.role_id = ?2 and u.deleted_at is null and r.user_id > ?3 order by r.user_id limit ?4",
            &[role.template().into(), after_text(after), i64::from(limit).into()],
        )?
        .iter_mut()
        .map(Row::parsed)
        .collect()
    }

    /// Directory roles that somebody was ever given and still holds.
    pub fn roles_in_use(&self) -> Result<Vec<Role>> {
        self.rows("select distinct role_id from role_assignments where tenant_id = ?1 order by role_id", &[])?
            .iter_mut()
            .map(|row| {
                Role::from_template(row.parsed()?).ok_or_else(|| Error::internal("a stored role is unknown"))
            })
            .collect()
    }

    /// A group.
    pub fn group(&self, id: ObjectId) -> Result<Option<GroupObject>> {
        self.row(
            "select id, display_name, description, mail_nickname, created_at from groups where tenant_id = ?1 and id = ?2",
            &[id.into()],
        )?
        .map(group)
        .transpose()
    }

    /// Groups, by id, behind `after`.
    pub fn groups(&self, after: Option<&str>, limit: u16) -> Result<Vec<GroupObject>> {
        self.rows(
            "select id, display_name, description, mail_nickname, created_at from groups \
             where tenant_id = ?1 and id > ?2 order by id limit ?3",
            &[after_text(after), i64::from(limit).into()],
        )?
        .into_iter()
        .map(group)
        .collect()
    }

    /// Live members of a group, by id, behind `after`.
    pub fn group_members(&self, id: ObjectId, after: Option<&str>, limit: u16) -> Result<Vec<ObjectId>> {
        self.rows(
            "select m.user_id from group_members m join users u on u.tenant_id = m.tenant_id and u.id = m.user_id \
             where m.tenant_id = ?1 and m.group_id = ?2 and u.deleted_at is null and m.user_id > ?3 order by m.user_id limit ?4",
            &[id.into(), after_text(after), i64::from(limit).into()],
        )?
        .iter_mut()
        .map(Row::parsed)
        .collect()
    }

    /// A registered app.
    pub fn app_object(&self, id: AppId) -> Result<Option<AppObject>> {
        let sql =
            format!("select {APP_COLUMNS} from apps where tenant_id = ?1 and id = ?2 and deleted_at is null");
        self.row(&sql, &[id.into()])?.map(app_object).transpose()
    }

    /// A registered app by the id of its application object.
    pub fn app_by_application(&self, id: ObjectId) -> Result<Option<AppObject>> {
        let sql = format!(
            "select {APP_COLUMNS} from apps where tenant_id = ?1 and deleted_at is null and \
             (application_id = ?2 or (application_id is null and id = ?2))"
        );
        self.row(&sql, &[id.into()])?.map(app_object).transpose()
    }

    /// A registered app by the id of its service principal.
    pub fn app_by_principal(&self, id: ObjectId) -> Result<Option<AppObject>> {
        let sql = format!(
            "select {APP_COLUMNS} from apps where tenant_id = ?1 and object_id = ?2 and deleted_at is null and has_principal = ?3"
        );
        self.row(&sql, &[id.into(), true.into()])?.map(app_object).transpose()
    }

    /// Registered apps, by client id, behind `after`.
    pub fn app_objects(&self, after: Option<&str>, limit: u16) -> Result<Vec<AppObject>> {
        let sql = format!(
            "select {APP_COLUMNS} from apps where tenant_id = ?1 and deleted_at is null and id > ?2 order by id limit ?3"
        );
        self.rows(&sql, &[after_text(after), i64::from(limit).into()])?.into_iter().map(app_object).collect()
    }

    /// Registered apps by name, behind the one with this name and client id.
    pub fn apps_by_name(&self, after: Option<(&str, AppId)>, limit: u16) -> Result<Vec<AppObject>> {
        let sql = format!(
            "select {APP_COLUMNS} from apps where tenant_id = ?1 and deleted_at is null \
             and (name > ?2 or (name = ?2 and id > ?3)) order by name, id limit ?4"
        );
        let (name, id) = after.map_or(("", String::new()), |(name, id)| (name, id.to_string()));
        self.rows(&sql, &[name.into(), id.into(), i64::from(limit).into()])?
            .into_iter()
            .map(app_object)
            .collect()
    }

    /// Secrets of an app, expired ones too.
    pub fn app_secret_list(&self, app: AppId) -> Result<Vec<AppSecret>> {
        self.rows(
            "select id, name, hint, created_at, expires_at from app_secrets where tenant_id = ?1 and app_id = ?2 \
             order by created_at, id",
            &[app.into()],
        )?
        .into_iter()
        .map(|mut row| {
            Ok(AppSecret {
                id: row.parsed()?,
                name: row.opt_text()?,
                hint: row.opt_text()?,
                created: row.time()?,
                expires: row.time()?,
            })
        })
        .collect()
    }

    /// Permissions of one kind that apps have, all of them or those of one app.
    pub fn grant_rows(&self, kind: GrantKind, app: Option<AppId>) -> Result<Vec<GrantRow>> {
        self.rows(
            "select app_id, permission, created_at from app_grants where tenant_id = ?1 and kind = ?2 \
             and (app_id = ?3 or ?3 is null) order by app_id, permission",
            &[kind.as_str().into(), app.map(|id| id.to_string()).into()],
        )?
        .iter_mut()
        .map(grant_row)
        .collect()
    }

    /// How many people let an app have a permission, by permission.
    pub fn consent_counts(&self, app: AppId) -> Result<Vec<(Permission, i64)>> {
        self.rows(
            "select permission, count(*) from app_consents where tenant_id = ?1 and app_id = ?2 \
             group by permission order by permission",
            &[app.into()],
        )?
        .into_iter()
        .map(|mut row| {
            let word = row.text()?;
            let permission =
                Permission::parse(&word).ok_or_else(|| Error::internal("a stored permission is unknown"))?;
            Ok((permission, row.int()?))
        })
        .collect()
    }

    /// Permissions that single people let apps have, by app and person.
    pub fn consent_rows(&self, app: Option<AppId>) -> Result<Vec<(ObjectId, GrantRow)>> {
        self.rows(
            "select user_id, app_id, permission, granted_at from app_consents where tenant_id = ?1 \
             and (app_id = ?2 or ?2 is null) order by app_id, user_id, permission",
            &[app.map(|id| id.to_string()).into()],
        )?
        .into_iter()
        .map(|mut row| {
            let (user, app, word) = (row.parsed()?, row.parsed()?, row.text()?);
            let permission =
                Permission::parse(&word).ok_or_else(|| Error::internal("a stored permission is unknown"))?;
            Ok((user, GrantRow { app, permission, created: row.time()? }))
        })
        .collect()
    }

    /// A connection by its id.
    pub fn connection(&self, id: ObjectId) -> Result<Option<DirectConnection>> {
        let sql = format!("select {CONNECTION_COLUMNS} from connections where tenant_id = ?1 and id = ?2");
        self.row(&sql, &[id.into()])?.map(|mut row| connection(&mut row)).transpose()
    }

    /// The connection of a person.
    pub fn connection_of(&self, person: &Person) -> Result<Option<DirectConnection>> {
        let sql =
            format!("select {CONNECTION_COLUMNS} from connections where tenant_id = ?1 and home_key = ?2");
        self.row(&sql, &[person.key().into()])?.map(|mut row| connection(&mut row)).transpose()
    }

    /// Apps that a connection is used for.
    pub fn connection_apps(&self, id: ObjectId) -> Result<Vec<AppId>> {
        self.rows(
            "select app_id from connection_apps where tenant_id = ?1 and connection_id = ?2 order by app_id",
            &[id.into()],
        )?
        .iter_mut()
        .map(Row::parsed)
        .collect()
    }
}

/// The name of the default settings towards other organisations.
pub const CROSS_TENANT_ACCESS: &str = "crossTenantAccess";

impl ChangeSet {
    /// Stores a document of settings, guarded by the version that was read: 0 where there was none.
    pub fn set_setting(
        &mut self,
        tenant: TenantScope,
        name: &'static str,
        body: &impl serde::Serialize,
        read: i64,
    ) -> Result<&mut Self> {
        let body = written(body)?;
        let parameters = vec![tenant.tenant().into(), name.into(), body, (read + 1).into()];
        Ok(if read == 0 {
            self.one(
                "insert into settings (tenant_id, name, body, version) values (?1, ?2, ?3, ?4)",
                parameters,
            )
        } else {
            self.one(
                "update settings set body = ?3, version = ?4 where tenant_id = ?1 and name = ?2 and version = ?4 - 1",
                parameters,
            )
        })
    }

    /// Stores settings towards a partner, guarded by the version that was read: 0 where there were none.
    pub fn set_partner(
        &mut self,
        tenant: TenantScope,
        partner: TenantId,
        settings: &AccessSettings,
        read: i64,
    ) -> Result<&mut Self> {
        let body = written(settings)?;
        let parameters = vec![tenant.tenant().into(), partner.into(), body, (read + 1).into()];
        Ok(if read == 0 {
            self.one(
                "insert into partners (tenant_id, partner_id, body, version) values (?1, ?2, ?3, ?4)",
                parameters,
            )
        } else {
            self.one(
                "update partners set body = ?3, version = ?4 where tenant_id = ?1 and partner_id = ?2 and version = ?4 - 1",
                parameters,
            )
        })
    }

    /// Forgets the settings towards a partner.
    pub fn delete_partner(&mut self, tenant: TenantScope, partner: TenantId) -> &mut Self {
        self.one(
            "delete from partners where tenant_id = ?1 and partner_id = ?2",
            vec![tenant.tenant().into(), partner.into()],
        )
    }

    /// Lets somebody answer for a user; once is enough.
    pub fn insert_sponsor(&mut self, user: &User, sponsor: ObjectId) -> &mut Self {
        self.any(
            "insert into sponsors (tenant_id, user_id, sponsor_id) values (?1, ?2, ?3) on conflict do nothing",
            vec![user.tenant.into(), user.id.into(), sponsor.into()],
        )
    }

    /// Lets somebody answer for a user no more.
    pub fn delete_sponsor(&mut self, user: &User, sponsor: ObjectId) -> &mut Self {
        self.one(
            "delete from sponsors where tenant_id = ?1 and user_id = ?2 and sponsor_id = ?3",
            vec![user.tenant.into(), user.id.into(), sponsor.into()],
        )
    }

    /// Notes that a user signed in to something of this tenant.
    pub fn note_sign_in(
        &mut self,
        tenant: TenantScope,
        user: ObjectId,
        kind: SignInKind,
        (now, request): (Timestamp, RequestId),
    ) -> &mut Self {
        let parameters = vec![tenant.tenant().into(), user.into(), now.into(), request.into()];
        match kind {
            SignInKind::Interactive => self.any(
                "insert into sign_ins (tenant_id, user_id, last_at, last_request, success_at, success_request) \
                 values (?1, ?2, ?3, ?4, ?3, ?4) on conflict (tenant_id, user_id) do update set last_at = excluded.last_at, \
                 last_request = excluded.last_request, success_at = excluded.success_at, success_request = excluded.success_request",
                parameters,
            ),
            SignInKind::Silent => self.any(
                "insert into sign_ins (tenant_id, user_id, silent_at, silent_request, success_at, success_request) \
                 values (?1, ?2, ?3, ?4, ?3, ?4) on conflict (tenant_id, user_id) do update set silent_at = excluded.silent_at, \
                 silent_request = excluded.silent_request, success_at = excluded.success_at, success_request = excluded.success_request",
                parameters,
            ),
        }
    }

    /// Creates a group.
    pub fn insert_group_object(&mut self, tenant: TenantScope, group: &GroupObject) -> &mut Self {
        self.one(
            "insert into groups (tenant_id, id, display_name, description, mail_nickname, created_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6)",
            vec![
                tenant.tenant().into(),
                group.id.into(),
                (&group.display_name).into(),
                group.description.as_ref().into(),
                group.mail_nickname.as_ref().into(),
                group.created.into(),
            ],
        )
    }

    /// Stores changed properties of a group.
    pub fn update_group(&mut self, tenant: TenantScope, group: &GroupObject) -> &mut Self {
        self.one(
            "update groups set display_name = ?3, description = ?4, mail_nickname = ?5 where tenant_id = ?1 and id = ?2",
            vec![
                tenant.tenant().into(),
                group.id.into(),
                (&group.display_name).into(),
                group.description.as_ref().into(),
                group.mail_nickname.as_ref().into(),
            ],
        )
    }

    /// Deletes a group and who belongs to it.
    pub fn delete_group(&mut self, tenant: TenantScope, id: ObjectId) -> &mut Self {
        self.any(
            "delete from group_members where tenant_id = ?1 and group_id = ?2",
            vec![tenant.tenant().into(), id.into()],
        );
        self.one(
            "delete from groups where tenant_id = ?1 and id = ?2",
            vec![tenant.tenant().into(), id.into()],
        )
    }

    /// Takes a user out of a group.
    pub fn delete_membership(&mut self, user: &User, group: ObjectId) -> &mut Self {
        self.one(
            "delete from group_members where tenant_id = ?1 and group_id = ?2 and user_id = ?3",
            vec![user.tenant.into(), group.into(), user.id.into()],
        )
    }

    /// Registers an app with everything that its resources show.
    pub fn insert_app_object(&mut self, tenant: TenantScope, object: &AppObject) -> Result<&mut Self> {
        let (uris, body) = (written(&object.app.redirect_uris)?, written(&object.body)?);
        Ok(self.one(
            "insert into apps (tenant_id, id, object_id, name, public, redirect_uris, enabled, created_at, version, \
             application_id, has_principal, body) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            vec![
                tenant.tenant().into(),
                object.app.id.into(),
                object.app.object.into(),
                (&object.app.name).into(),
                object.app.public.into(),
                uris,
                object.app.enabled.into(),
                object.app.created.into(),
                object.version.into(),
                object.application.into(),
                object.has_principal.into(),
                body,
            ],
        ))
    }

    /// Stores a changed app, guarded by the version before.
    pub fn update_app_object(&mut self, tenant: TenantScope, object: &AppObject) -> Result<&mut Self> {
        let (uris, body) = (written(&object.app.redirect_uris)?, written(&object.body)?);
        Ok(self.one(
            "update apps set name = ?3, public = ?4, redirect_uris = ?5, enabled = ?6, has_principal = ?7, body = ?8, \
             version = ?9 where tenant_id = ?1 and id = ?2 and version = ?9 - 1 and deleted_at is null",
            vec![
                tenant.tenant().into(),
                object.app.id.into(),
                (&object.app.name).into(),
                object.app.public.into(),
                uris,
                object.app.enabled.into(),
                object.has_principal.into(),
                body,
                object.version.into(),
            ],
        ))
    }

    /// Takes everything from an app by which it could act: secrets, certificates and permissions.
    pub fn strip_app(&mut self, tenant: TenantScope, app: AppId) -> &mut Self {
        for sql in [
            "delete from app_secrets where tenant_id = ?1 and app_id = ?2",
            "delete from app_certificates where tenant_id = ?1 and app_id = ?2",
        ] {
            self.any(sql, vec![tenant.tenant().into(), app.into()]);
        }
        self.strip_grants(tenant, app)
    }

    /// Takes all permissions from an app.
    pub fn strip_grants(&mut self, tenant: TenantScope, app: AppId) -> &mut Self {
        for sql in [
            "delete from app_grants where tenant_id = ?1 and app_id = ?2",
            "delete from app_consents where tenant_id = ?1 and app_id = ?2",
        ] {
            self.any(sql, vec![tenant.tenant().into(), app.into()]);
        }
        self
    }

    /// Deletes an app: nothing finds it any more. The row stays, because its id must never come again.
    pub fn delete_app(&mut self, tenant: TenantScope, object: &AppObject, now: Timestamp) -> &mut Self {
        self.strip_app(tenant, object.app.id);
        self.one(
            "update apps set deleted_at = ?3, enabled = ?4, has_principal = ?4, body = '{}', version = version + 1 \
             where tenant_id = ?1 and id = ?2 and version = ?5 and deleted_at is null",
            vec![
                tenant.tenant().into(),
                object.app.id.into(),
                now.into(),
                false.into(),
                object.version.into(),
            ],
        )
    }

    /// Says what people call a secret, and how it begins.
    pub fn name_app_secret(
        &mut self,
        tenant: TenantScope,
        app: &App,
        id: Uuid,
        (name, hint): (Option<&str>, &str),
    ) -> &mut Self {
        self.one(
            "update app_secrets set name = ?4, hint = ?5 where tenant_id = ?1 and app_id = ?2 and id = ?3",
            vec![tenant.tenant().into(), app.id.into(), id.into(), name.into(), hint.into()],
        )
    }

    /// Takes a secret from an app.
    pub fn delete_app_secret(&mut self, tenant: TenantScope, app: &App, id: Uuid) -> &mut Self {
        self.one(
            "delete from app_secrets where tenant_id = ?1 and app_id = ?2 and id = ?3",
            vec![tenant.tenant().into(), app.id.into(), id.into()],
        )
    }

    /// Notes since when an app has a permission.
    pub fn date_grant(&mut self, tenant: TenantScope, app: AppId, grant: Grant, now: Timestamp) -> &mut Self {
        let (kind, permission) = grant;
        self.one(
            "update app_grants set created_at = ?5 where tenant_id = ?1 and app_id = ?2 and kind = ?3 and permission = ?4",
            vec![
                tenant.tenant().into(),
                app.into(),
                kind.as_str().into(),
                permission.value().into(),
                now.into(),
            ],
        )
    }

    /// Lets an app have a permission on behalf of one person.
    pub fn insert_person_grant(
        &mut self,
        user: &User,
        app: AppId,
        permission: Permission,
        now: Timestamp,
    ) -> &mut Self {
        self.any(
            "insert into app_consents (tenant_id, app_id, user_id, permission, granted_at) values (?1, ?2, ?3, ?4, ?5) \
             on conflict do nothing",
            vec![user.tenant.into(), app.into(), user.id.into(), permission.value().into(), now.into()],
        )
    }

    /// Takes a permission on behalf of one person.
    pub fn delete_person_grant(
        &mut self,
        tenant: TenantScope,
        (user, app): (ObjectId, AppId),
        permission: Permission,
    ) -> &mut Self {
        self.one(
            "delete from app_consents where tenant_id = ?1 and app_id = ?2 and user_id = ?3 and permission = ?4",
            vec![tenant.tenant().into(), app.into(), user.into(), permission.value().into()],
        )
    }

    /// Takes a permission that single people let an app have, from all of them.
    pub fn withdraw_consents(
        &mut self,
        tenant: TenantScope,
        app: AppId,
        permission: Permission,
    ) -> &mut Self {
        self.any(
            "delete from app_consents where tenant_id = ?1 and app_id = ?2 and permission = ?3",
            vec![tenant.tenant().into(), app.into(), permission.value().into()],
        )
    }

    /// Notes a sign-in without a user object; the first one makes the connection.
    pub fn connect(&mut self, tenant: TenantScope, connection: &DirectConnection, app: AppId) -> &mut Self {
        self.any(
            "insert into connections (tenant_id, id, home_key, created_at, last_at) values (?1, ?2, ?3, ?4, ?5) \
             on conflict (tenant_id, id) do update set last_at = excluded.last_at",
            vec![
                tenant.tenant().into(),
                connection.id.into(),
                connection.person.key().into(),
                connection.created.into(),
                connection.last.into(),
            ],
        );
        self.any(
            "insert into connection_apps (tenant_id, connection_id, app_id, created_at) values (?1, ?2, ?3, ?4) \
             on conflict do nothing",
            vec![tenant.tenant().into(), connection.id.into(), app.into(), connection.last.into()],
        )
    }

    /// Erases a connection, its grants and what the audit log says about the person; the tombstone says why detail is missing.
    pub fn disconnect(&mut self, tenant: TenantScope, id: ObjectId, now: Timestamp) -> &mut Self {
        self.mark_erasing();
        for sql in [
            "delete from refresh_tokens where tenant_id = ?1 and user_id = ?2",
            "delete from authorization_codes where tenant_id = ?1 and user_id = ?2",
            "delete from connection_authorizations where tenant_id = ?1 and connection_id = ?2",
            "delete from connection_apps where tenant_id = ?1 and connection_id = ?2",
            "delete from audit_personal where tenant_id = ?1 and subject_id = ?2",
        ] {
            self.any(sql, vec![tenant.tenant().into(), id.into()]);
        }
        self.one(
            "delete from connections where tenant_id = ?1 and id = ?2",
            vec![tenant.tenant().into(), id.into()],
        );
        self.one(
            "insert into tombstones (tenant_id, id, deleted_at, purge_after, purged_at, cause, by_hand, erased) \
             values (?1, ?2, ?3, ?3, ?3, 'left', ?4, '{}')",
            vec![tenant.tenant().into(), id.into(), now.into(), true.into()],
        )
    }
}
