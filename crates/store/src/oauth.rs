//! What the token endpoints remember: who let which app act, and the codes and tokens that are good once.

use crate::{
    ChangeSet, Reader,
    value::{Row, Value},
};
use model::{
    AppId, Error, ObjectId, Result, Span, TenantId, TenantScope, Timestamp, User, authz::Permission,
};
use uuid::Uuid;

/// A person let an app act; every code and refresh token that comes of it belongs to it and falls with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorization {
    /// Its id.
    pub id: Uuid,
    /// The app.
    pub app: AppId,
    /// The person's object in this tenant; of somebody who connects directly, the connection.
    pub user: ObjectId,
    /// The person connects directly: there is no user object.
    pub direct: bool,
    /// The generation of the object; a connection has none.
    pub generation: i64,
    /// The generation of the home account, where that is in another tenant of this directory.
    pub home_generation: Option<i64>,
    /// The scope that was asked for, as it came.
    pub scope: String,
    /// When the person last proved to be present.
    pub authenticated: Timestamp,
    /// When it began.
    pub created: Timestamp,
    /// When it ends in any case.
    pub expires: Timestamp,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
    /// It was begun by a code that a device showed.
    pub by_device: bool,
}

/// A code on its way from the browser to the app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorizationCode {
    /// SHA-256 of the code.
    pub hash: String,
    /// What it belongs to.
    pub authorization: Uuid,
    /// The person's object.
    pub user: ObjectId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The S256 challenge (RFC 7636), where the app sent one.
    pub challenge: Option<String>,
    /// `nonce` of the request.
    pub nonce: Option<String>,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was used.
    pub used: Option<Timestamp>,
}

/// A refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub hash: String,
    /// What it belongs to.
    pub authorization: Uuid,
    /// The person's object.
    pub user: ObjectId,
    /// When it was issued.
    pub created: Timestamp,
    /// When it ends unless it is used.
    pub expires: Timestamp,
    /// When it was used.
    pub used: Option<Timestamp>,
}

/// How far a device has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceState {
    /// Nobody has entered the code yet.
    Pending,
    /// This person lets it act.
    Approved {
        /// The tenant.
        tenant: TenantId,
        /// The person's object there.
        user: ObjectId,
        /// When the person last proved to be present.
        authenticated: Timestamp,
        /// What the person began by saying yes.
        authorization: Uuid,
    },
    /// The person said no.
    Declined,
    /// The device got its tokens.
    Used,
}

/// A device that waits for a person (RFC 8628). Kept outside of tenants: who enters the user code says which tenant it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceCode {
    /// SHA-256 of the device code.
    pub hash: String,
    /// Keyed hash of the user code.
    pub user_code: String,
    /// The tenant it was asked of, where it named one.
    pub target: Option<TenantId>,
    /// The app.
    pub app: AppId,
    /// The scope that was asked for, as it came.
    pub scope: String,
    /// When it ends.
    pub expires: Timestamp,
    /// Seconds that the device must leave between two questions.
    pub pause: i64,
    /// When it asked last.
    pub polled: Option<Timestamp>,
    /// How far it has come.
    pub state: DeviceState,
}

pub(crate) const AUTHORIZATION: &str = "id, app_id, user_id, generation, home_generation, scope, authenticated_at, created_at, expires_at, \
     revoked_at, by_device";

pub(crate) fn authorization(row: &mut Row) -> Result<Authorization> {
    Ok(Authorization {
        id: row.parsed()?,
        app: row.parsed()?,
        user: row.parsed()?,
        direct: false,
        generation: row.int()?,
        home_generation: row.opt_int()?,
        scope: row.text()?,
        authenticated: row.time()?,
        created: row.time()?,
        expires: row.time()?,
        revoked: row.opt_time()?,
        by_device: row.bool()?,
    })
}

pub(crate) const DIRECT_AUTHORIZATION: &str =
    "id, app_id, connection_id, home_generation, scope, authenticated_at, created_at, expires_at, revoked_at";

pub(crate) fn direct_authorization(row: &mut Row) -> Result<Authorization> {
    Ok(Authorization {
        id: row.parsed()?,
        app: row.parsed()?,
        user: row.parsed()?,
        direct: true,
        generation: 0,
        home_generation: row.opt_int()?,
        scope: row.text()?,
        authenticated: row.time()?,
        created: row.time()?,
        expires: row.time()?,
        revoked: row.opt_time()?,
        by_device: false,
    })
}

fn code(mut row: Row) -> Result<AuthorizationCode> {
    Ok(AuthorizationCode {
        hash: row.text()?,
        authorization: row.parsed()?,
        user: row.parsed()?,
        redirect_uri: row.text()?,
        challenge: row.opt_text()?,
        nonce: row.opt_text()?,
        expires: row.time()?,
        used: row.opt_time()?,
    })
}

fn refresh(mut row: Row) -> Result<RefreshToken> {
    Ok(RefreshToken {
        hash: row.text()?,
        authorization: row.parsed()?,
        user: row.parsed()?,
        created: row.time()?,
        expires: row.time()?,
        used: row.opt_time()?,
    })
}

const DEVICE: &str = "hash, user_code, target_tenant, app_id, scope, expires_at, pause_seconds, polled_at, state, \
     approved_tenant, approved_user, authenticated_at, authorization_id";

fn device(mut row: Row) -> Result<DeviceCode> {
    let mut code = DeviceCode {
        hash: row.text()?,
        user_code: row.text()?,
        target: row.opt_parsed()?,
        app: row.parsed()?,
        scope: row.text()?,
        expires: row.time()?,
        pause: row.int()?,
        polled: row.opt_time()?,
        state: DeviceState::Pending,
    };
    let word = row.text()?;
    let approval = (row.opt_parsed()?, row.opt_parsed()?, row.opt_time()?);
    let authorization = row.opt_parsed()?;
    code.state = match (word.as_str(), approval, authorization) {
        ("pending", (None, None, None), None) => DeviceState::Pending,
        ("approved", (Some(tenant), Some(user), Some(authenticated)), Some(authorization)) => {
            DeviceState::Approved { tenant, user, authenticated, authorization }
        }
        // By a server of a version before, which began nothing that could be taken back: the person has to be asked again.
        ("approved", (Some(_), Some(_), Some(_)), None) => DeviceState::Declined,
        ("declined", (None, None, None), None) => DeviceState::Declined,
        ("used", (None, None, None), None) => DeviceState::Used,
        _ => return Err(Error::internal("a stored device code is in no state")),
    };
    Ok(code)
}

fn state_values(state: DeviceState) -> [Value; 5] {
    let word = |word: &str| [word.into(), Value::Null, Value::Null, Value::Null, Value::Null];
    match state {
        DeviceState::Pending => word("pending"),
        DeviceState::Declined => word("declined"),
        DeviceState::Used => word("used"),
        DeviceState::Approved { tenant, user, authenticated, authorization } => {
            ["approved".into(), tenant.into(), user.into(), authenticated.into(), authorization.into()]
        }
    }
}

impl Reader<'_> {
    /// An authorization, revoked ones too.
    pub fn authorization(&self, id: Uuid) -> Result<Option<Authorization>> {
        let sql = format!("select {AUTHORIZATION} from authorizations where tenant_id = ?1 and id = ?2");
        if let Some(mut row) = self.row(&sql, &[id.into()])? {
            return authorization(&mut row).map(Some);
        }
        let sql = format!(
            "select {DIRECT_AUTHORIZATION} from connection_authorizations where tenant_id = ?1 and id = ?2"
        );
        self.row(&sql, &[id.into()])?.as_mut().map(direct_authorization).transpose()
    }

    /// A code by its hash, used ones too.
    pub fn authorization_code(&self, hash: &str) -> Result<Option<AuthorizationCode>> {
        self.row(
            "select hash, authorization_id, user_id, redirect_uri, challenge, nonce, expires_at, used_at \
             from authorization_codes where tenant_id = ?1 and hash = ?2",
            &[hash.into()],
        )?
        .map(code)
        .transpose()
    }

    /// A refresh token by its hash, used ones too.
    pub fn refresh_token(&self, hash: &str) -> Result<Option<RefreshToken>> {
        self.row(
            "select hash, authorization_id, user_id, created_at, expires_at, used_at from refresh_tokens \
             where tenant_id = ?1 and hash = ?2",
            &[hash.into()],
        )?
        .map(refresh)
        .transpose()
    }

    /// What a person alone allowed an app, beside what an administrator allowed it for everybody.
    pub fn consents(&self, app: AppId, user: ObjectId) -> Result<Vec<Permission>> {
        let rows = self.rows(
            "select permission from app_consents where tenant_id = ?1 and app_id = ?2 and user_id = ?3 order by permission",
            &[app.into(), user.into()],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Permission::parse(&row.text()?)
                    .ok_or_else(|| Error::internal("a stored permission is unknown"))
            })
            .collect()
    }

    /// A device that waits, by the hash of its device code.
    pub fn device_code(&self, hash: &str) -> Result<Option<DeviceCode>> {
        let sql = format!("select {DEVICE} from device_codes where tenant_id = ?1 and hash = ?2");
        self.row(&sql, &[hash.into()])?.map(device).transpose()
    }

    /// A device that waits, by the keyed hash of what the person enters.
    pub fn device_code_by_user_code(&self, user_code: &str) -> Result<Option<DeviceCode>> {
        let sql = format!("select {DEVICE} from device_codes where tenant_id = ?1 and user_code = ?2");
        self.row(&sql, &[user_code.into()])?.map(device).transpose()
    }

    /// Was an assertion with this id of this app used before?
    pub fn assertion_used(&self, app: AppId, hash: &str) -> Result<bool> {
        let found = self.row(
            "select 1 from client_assertions where tenant_id = ?1 and app_id = ?2 and hash = ?3",
            &[app.into(), hash.into()],
        )?;
        Ok(found.is_some())
    }

    /// May codes of this app go to any address on the person's own machine?
    pub fn any_loopback(&self, app: AppId) -> Result<bool> {
        self.row("select any_loopback from app_sign_in where tenant_id = ?1 and app_id = ?2", &[app.into()])?
            .map_or(Ok(false), |mut row| row.bool())
    }

    /// May people of the tenant sign devices in by a code? Where nobody decided: no.
    pub fn device_code_allowed(&self) -> Result<bool> {
        self.row("select device_code from token_settings where tenant_id = ?1", &[])?
            .map_or(Ok(false), |mut row| row.bool())
    }
}

impl ChangeSet {
    /// Begins an authorization.
    pub fn insert_authorization(&mut self, tenant: TenantScope, new: &Authorization) -> &mut Self {
        if new.direct {
            return self.one(
                "insert into connection_authorizations (tenant_id, id, app_id, connection_id, home_generation, scope, \
                 authenticated_at, created_at, expires_at, revoked_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                vec![
                    tenant.tenant().into(),
                    new.id.into(),
                    new.app.into(),
                    new.user.into(),
                    new.home_generation.into(),
                    (&new.scope).into(),
                    new.authenticated.into(),
                    new.created.into(),
                    new.expires.into(),
                    new.revoked.into(),
                ],
            );
        }
        self.one(
            "insert into authorizations (tenant_id, id, app_id, user_id, generation, home_generation, scope, authenticated_at, \
             created_at, expires_at, revoked_at, by_device) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            vec![
                tenant.tenant().into(),
                new.id.into(),
                new.app.into(),
                new.user.into(),
                new.generation.into(),
                new.home_generation.into(),
                (&new.scope).into(),
                new.authenticated.into(),
                new.created.into(),
                new.expires.into(),
                new.revoked.into(),
                new.by_device.into(),
            ],
        )
    }

    /// Takes an authorization back, and with it every code and token of it; doing it twice changes nothing.
    pub fn revoke_authorization(&mut self, tenant: TenantScope, id: Uuid, now: Timestamp) -> &mut Self {
        for sql in [
            "update authorizations set revoked_at = ?3 where tenant_id = ?1 and id = ?2 and revoked_at is null",
            "update connection_authorizations set revoked_at = ?3 where tenant_id = ?1 and id = ?2 and revoked_at is null",
        ] {
            self.any(sql, vec![tenant.tenant().into(), id.into(), now.into()]);
        }
        self
    }

    /// Fails if the authorization was taken back in the meantime.
    pub fn guard_authorization(&mut self, tenant: TenantScope, of: &Authorization) -> &mut Self {
        let sql = if of.direct {
            "select id from connection_authorizations where tenant_id = ?1 and id = ?2 and revoked_at is null"
        } else {
            "select id from authorizations where tenant_id = ?1 and id = ?2 and revoked_at is null"
        };
        self.one(sql, vec![tenant.tenant().into(), of.id.into()])
    }

    /// Adds a code.
    pub fn insert_authorization_code(&mut self, tenant: TenantScope, code: &AuthorizationCode) -> &mut Self {
        self.one(
            "insert into authorization_codes (tenant_id, hash, authorization_id, user_id, redirect_uri, challenge, nonce, \
             expires_at, used_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            vec![
                tenant.tenant().into(),
                (&code.hash).into(),
                code.authorization.into(),
                code.user.into(),
                (&code.redirect_uri).into(),
                code.challenge.as_ref().into(),
                code.nonce.as_ref().into(),
                code.expires.into(),
                code.used.into(),
            ],
        )
    }

    /// Uses a code; only one wins.
    pub fn use_authorization_code(&mut self, tenant: TenantScope, hash: &str, now: Timestamp) -> &mut Self {
        self.one(
            "update authorization_codes set used_at = ?3 where tenant_id = ?1 and hash = ?2 and used_at is null",
            vec![tenant.tenant().into(), hash.into(), now.into()],
        )
    }

    /// Adds a refresh token.
    pub fn insert_refresh_token(&mut self, tenant: TenantScope, token: &RefreshToken) -> &mut Self {
        self.one(
            "insert into refresh_tokens (tenant_id, hash, authorization_id, user_id, created_at, expires_at, used_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            vec![
                tenant.tenant().into(),
                (&token.hash).into(),
                token.authorization.into(),
                token.user.into(),
                token.created.into(),
                token.expires.into(),
                token.used.into(),
            ],
        )
    }

    /// Uses a refresh token; only one wins.
    pub fn use_refresh_token(&mut self, tenant: TenantScope, hash: &str, now: Timestamp) -> &mut Self {
        self.one(
            "update refresh_tokens set used_at = ?3 where tenant_id = ?1 and hash = ?2 and used_at is null",
            vec![tenant.tenant().into(), hash.into(), now.into()],
        )
    }

    /// Notes what a person allows an app.
    pub fn insert_consent(
        &mut self,
        user: &User,
        app: AppId,
        permission: Permission,
        now: Timestamp,
    ) -> &mut Self {
        self.any(
            "insert into app_consents (tenant_id, app_id, user_id, permission, granted_at) values (?1, ?2, ?3, ?4, ?5) \
             on conflict do nothing",
            vec![
                user.tenant.into(),
                app.into(),
                user.id.into(),
                permission.value().into(),
                now.into(),
            ],
        )
    }

    /// Takes back everything that a person alone allowed an app.
    pub fn delete_consents(&mut self, user: &User, app: AppId) -> &mut Self {
        self.any(
            "delete from app_consents where tenant_id = ?1 and app_id = ?2 and user_id = ?3",
            vec![user.tenant.into(), app.into(), user.id.into()],
        )
    }

    /// Adds a device that waits. `scope` is that of the whole directory.
    pub fn insert_device_code(&mut self, scope: TenantScope, code: &DeviceCode) -> &mut Self {
        let [state, tenant, user, authenticated, authorization] = state_values(code.state);
        self.one(
            "insert into device_codes (tenant_id, hash, user_code, target_tenant, app_id, scope, expires_at, pause_seconds, \
             polled_at, state, approved_tenant, approved_user, authenticated_at, authorization_id) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            vec![
                scope.tenant().into(),
                (&code.hash).into(),
                (&code.user_code).into(),
                code.target.into(),
                code.app.into(),
                (&code.scope).into(),
                code.expires.into(),
                code.pause.into(),
                code.polled.into(),
                state,
                tenant,
                user,
                authenticated,
                authorization,
            ],
        )
    }

    /// Notes that a device asked, and how long it has to wait from now on.
    pub fn touch_device_code(&mut self, scope: TenantScope, code: &DeviceCode) -> &mut Self {
        self.one(
            "update device_codes set polled_at = ?3, pause_seconds = ?4 where tenant_id = ?1 and hash = ?2",
            vec![scope.tenant().into(), (&code.hash).into(), code.polled.into(), code.pause.into()],
        )
    }

    /// Moves a device on from the state that was read; only one wins.
    pub fn move_device_code(
        &mut self,
        scope: TenantScope,
        code: &DeviceCode,
        state: DeviceState,
    ) -> &mut Self {
        let [before, ..] = state_values(code.state);
        let [word, tenant, user, authenticated, authorization] = state_values(state);
        self.one(
            "update device_codes set state = ?4, approved_tenant = ?5, approved_user = ?6, authenticated_at = ?7, \
             authorization_id = ?8 where tenant_id = ?1 and hash = ?2 and state = ?3",
            vec![
                scope.tenant().into(),
                (&code.hash).into(),
                before,
                word,
                tenant,
                user,
                authenticated,
                authorization,
            ],
        )
    }

    /// Notes that an assertion was used; only one wins.
    pub fn use_assertion(
        &mut self,
        tenant: TenantScope,
        app: AppId,
        hash: &str,
        expires: Timestamp,
    ) -> &mut Self {
        self.one(
            "insert into client_assertions (tenant_id, app_id, hash, expires_at) values (?1, ?2, ?3, ?4)",
            vec![tenant.tenant().into(), app.into(), hash.into(), expires.into()],
        )
    }

    /// Lets codes of an app go to any address on the person's own machine, or no longer.
    pub fn set_any_loopback(&mut self, tenant: TenantScope, app: AppId, any: bool) -> &mut Self {
        self.any(
            "insert into app_sign_in (tenant_id, app_id, any_loopback) values (?1, ?2, ?3) \
             on conflict (tenant_id, app_id) do update set any_loopback = excluded.any_loopback",
            vec![tenant.tenant().into(), app.into(), any.into()],
        )
    }

    /// Decides whether people of the tenant may sign devices in by a code.
    pub fn set_device_code_allowed(&mut self, tenant: TenantScope, allowed: bool) -> &mut Self {
        self.any(
            "insert into token_settings (tenant_id, device_code) values (?1, ?2) \
             on conflict (tenant_id) do update set device_code = excluded.device_code",
            vec![tenant.tenant().into(), allowed.into()],
        )
    }

    /// A signing key signs no more from then on.
    pub fn retire_signing_key(&mut self, tenant: TenantScope, kid: &str, at: Timestamp) -> &mut Self {
        self.one(
            "update signing_keys set retired_at = ?3 where tenant_id = ?1 and kid = ?2",
            vec![tenant.tenant().into(), kid.into(), at.into()],
        )
    }

    /// Removes a signing key of which no token can be good any more.
    pub fn delete_signing_key(&mut self, tenant: TenantScope, kid: &str) -> &mut Self {
        self.one(
            "delete from signing_keys where tenant_id = ?1 and kid = ?2",
            vec![tenant.tenant().into(), kid.into()],
        )
    }

    /// Removes what is over: codes and tokens a day after their end (until then a second use is recognised), and
    /// authorizations of which nothing is left.
    pub fn sweep_tokens(&mut self, tenant: TenantScope, now: Timestamp) -> &mut Self {
        let before = now - Span::days(1);
        let both = || vec![tenant.tenant().into(), before.into()];
        self.any("delete from authorization_codes where tenant_id = ?1 and expires_at < ?2", both());
        self.any("delete from refresh_tokens where tenant_id = ?1 and expires_at < ?2", both());
        self.any(
            "delete from authorizations where tenant_id = ?1 and created_at < ?2 and not exists (\
             select 1 from refresh_tokens r where r.tenant_id = ?1 and r.authorization_id = authorizations.id)",
            both(),
        );
        self.any(
            "delete from connection_authorizations where tenant_id = ?1 and created_at < ?2 and not exists (\
             select 1 from refresh_tokens r where r.tenant_id = ?1 and r.authorization_id = connection_authorizations.id)",
            both(),
        );
        self.any("delete from device_codes where tenant_id = ?1 and expires_at < ?2", both());
        self.any("delete from client_assertions where tenant_id = ?1 and expires_at < ?2", both())
    }
}
