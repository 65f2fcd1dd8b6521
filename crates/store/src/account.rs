//! What people are shown of what is kept about them, and what they can take back.

use crate::{
    Authorization, ChangeSet, GrantRow, Invitation, Reader,
    oauth::{AUTHORIZATION, DIRECT_AUTHORIZATION, authorization, direct_authorization},
    objects::grant_row,
    read::{INVITATION, invitation},
    value::Row,
};
use model::{AppId, ObjectId, Result, TenantScope, Timestamp, User};

/// What came of an authorization: the sign-in of a person to an app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppSignIn {
    /// How it began.
    pub authorization: Authorization,
    /// When the app last got tokens by a refresh token, or got the first one.
    pub refreshed: Option<Timestamp>,
    /// Until when the app can get tokens without the person; none if it cannot.
    pub good_until: Option<Timestamp>,
}

fn sign_in(authorization: Authorization, row: &mut Row) -> Result<AppSignIn> {
    Ok(AppSignIn { authorization, refreshed: row.opt_time()?, good_until: row.opt_time()? })
}

impl Reader<'_> {
    /// Every sign-in of a person to an app that is still kept, ended ones too, newest first.
    pub fn app_sign_ins(&self, user: ObjectId) -> Result<Vec<AppSignIn>> {
        let sql = format!(
            "select {AUTHORIZATION}, \
             (select max(r.created_at) from refresh_tokens r where r.tenant_id = ?1 and r.authorization_id = authorizations.id), \
             (select max(r.expires_at) from refresh_tokens r where r.tenant_id = ?1 and r.authorization_id = authorizations.id \
             and r.used_at is null) \
             from authorizations where tenant_id = ?1 and user_id = ?2 order by created_at desc, id"
        );
        self.rows(&sql, &[user.into()])?.iter_mut().map(|row| sign_in(authorization(row)?, row)).collect()
    }

    /// The same of somebody who connects directly.
    pub fn direct_sign_ins(&self, connection: ObjectId) -> Result<Vec<AppSignIn>> {
        let sql = format!(
            "select {DIRECT_AUTHORIZATION}, \
             (select max(r.created_at) from refresh_tokens r where r.tenant_id = ?1 and r.authorization_id = connection_authorizations.id), \
             (select max(r.expires_at) from refresh_tokens r where r.tenant_id = ?1 and r.authorization_id = connection_authorizations.id \
             and r.used_at is null) \
             from connection_authorizations where tenant_id = ?1 and connection_id = ?2 order by created_at desc, id"
        );
        self.rows(&sql, &[connection.into()])?
            .iter_mut()
            .map(|row| sign_in(direct_authorization(row)?, row))
            .collect()
    }

    /// What a person alone allowed apps, and since when.
    pub fn consents_of(&self, user: ObjectId) -> Result<Vec<GrantRow>> {
        self.rows(
            "select app_id, permission, granted_at from app_consents where tenant_id = ?1 and user_id = ?2 \
             order by app_id, permission",
            &[user.into()],
        )?
        .iter_mut()
        .map(grant_row)
        .collect()
    }

    /// Invitations of a user, used ones too, newest first.
    pub fn invitations_of(&self, user: ObjectId) -> Result<Vec<Invitation>> {
        let sql = format!(
            "select {INVITATION} from invitations where tenant_id = ?1 and user_id = ?2 order by created_at desc, id"
        );
        self.rows(&sql, &[user.into()])?.into_iter().map(invitation).collect()
    }

    /// Since when each app is used by a connection.
    pub fn connection_use(&self, id: ObjectId) -> Result<Vec<(AppId, Timestamp)>> {
        self.rows(
            "select app_id, created_at from connection_apps where tenant_id = ?1 and connection_id = ?2 order by app_id",
            &[id.into()],
        )?
        .into_iter()
        .map(|mut row| Ok((row.parsed()?, row.time()?)))
        .collect()
    }

    /// When the password of a member was last set.
    pub fn password_changed(&self, id: ObjectId) -> Result<Option<Timestamp>> {
        self.row("select changed_at from passwords where tenant_id = ?1 and user_id = ?2", &[id.into()])?
            .map(|mut row| row.time())
            .transpose()
    }
}

impl ChangeSet {
    /// Takes back every sign-in of a person to an app; doing it twice changes nothing.
    pub fn revoke_authorizations(&mut self, user: &User, app: AppId, now: Timestamp) -> &mut Self {
        self.any(
            "update authorizations set revoked_at = ?4 where tenant_id = ?1 and user_id = ?2 and app_id = ?3 \
             and revoked_at is null",
            vec![user.tenant.into(), user.id.into(), app.into(), now.into()],
        )
    }

    /// A connection is used for an app no more: its sign-ins are taken back.
    pub fn disconnect_app(
        &mut self,
        tenant: TenantScope,
        (connection, app): (ObjectId, AppId),
        now: Timestamp,
    ) -> &mut Self {
        self.any(
            "delete from connection_apps where tenant_id = ?1 and connection_id = ?2 and app_id = ?3",
            vec![tenant.tenant().into(), connection.into(), app.into()],
        );
        self.any(
            "update connection_authorizations set revoked_at = ?4 where tenant_id = ?1 and connection_id = ?2 and app_id = ?3 \
             and revoked_at is null",
            vec![tenant.tenant().into(), connection.into(), app.into(), now.into()],
        )
    }
}
