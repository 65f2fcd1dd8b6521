//! Who is signed in, and signing out, for apps.

use super::{Resource, redirect::admits};
use crate::{
    Caller, Directory,
    authn::{Proof, principal, scope},
    connections,
};
use identity::IdHint;
use model::{AppId, Cx, Error, ObjectId, Result, TenantId, TokenFault, User, authz::Principal};
use serde_json::{Map, Value, json};
use store::Reader;

/// What an app says when it sends somebody to sign out.
#[derive(Clone, Default)]
pub struct SignOutRequest {
    /// The tenant in the path.
    pub tenant: String,
    /// `id_token_hint`
    pub id_token_hint: Option<String>,
    /// `client_id`
    pub client_id: Option<String>,
    /// `post_logout_redirect_uri`
    pub redirect_uri: Option<String>,
    /// `state`
    pub state: Option<String>,
}

/// What such a request comes to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SignOut {
    /// The person whom an ID token of ours names: tenant and object.
    pub person: Option<(TenantId, ObjectId)>,
    /// Where to go afterwards: a registered address of the app that asked.
    pub onward: Option<String>,
}

/// The person behind a token, with or without a user object here.
fn bearer_of(reader: &Reader<'_>, cx: &Cx, caller: &Caller) -> Result<User> {
    match principal(reader, cx, caller)? {
        Principal::Delegated { user, .. } | Principal::Person { user, .. } => Ok(*user),
        Principal::Connected { connection, app } => connections::bearer(reader, connection, app)?
            .map(|(_, user)| user)
            .ok_or(Error::unauthenticated(TokenFault::Revoked)),
        Principal::App { .. } | Principal::Operator => Err(Error::unauthenticated(TokenFault::Invalid)),
    }
}

impl Directory {
    /// What an app may know of the person (OpenID Connect Core, section 5.3).
    ///
    /// # Errors
    /// `Unauthenticated` for a token that does not hold or is no person's, `Forbidden` for one without `openid`.
    pub async fn userinfo(&self, cx: &Cx, caller: &Caller) -> Result<Value> {
        let Proof::Delegated { app, openid, .. } = &caller.0 else {
            return Err(Error::unauthenticated(TokenFault::Invalid));
        };
        let (app, openid) = (*app, *openid);
        if !openid.openid {
            return Err(Error::forbidden());
        }
        let user = self.store().read(caller.scope(), |reader| bearer_of(reader, cx, caller)).await?;
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        set("sub", json!(self.pairwise(&user, app)));
        if openid.profile {
            set("name", json!(user.display_name));
            set("preferred_username", json!(user.upn));
            if let Some(name) = &user.surname {
                set("family_name", json!(name));
            }
            if let Some(name) = &user.given_name {
                set("given_name", json!(name));
            }
        }
        if let Some(mail) = user.mail.as_ref().filter(|_| openid.email) {
            set("email", json!(mail));
        }
        Ok(Value::Object(claims))
    }

    /// Whom an ID token of ours names, if it is one. Whether it is over plays no part.
    pub(super) async fn read_hint(&self, cx: &Cx, text: &str) -> Result<Option<IdHint>> {
        let Ok(token) = identity::parse(text) else { return Ok(None) };
        let Some(key) = self.verifying_key(cx, token.tenant(), token.kid()).await? else { return Ok(None) };
        Ok(identity::verify_hint(&token, &key, self.origins()).ok())
    }

    /// Judges a request to sign out (OpenID Connect RP-Initiated Logout). What does not hold is left out: signing out goes on.
    pub async fn sign_out_request(&self, cx: &Cx, request: &SignOutRequest) -> Result<SignOut> {
        let mut found = SignOut::default();
        let mut client = request.client_id.as_deref().and_then(|id| id.parse::<AppId>().ok());
        let mut tenant = self.resolve_tenant(&request.tenant).await?;
        if let Some(text) = request.id_token_hint.as_deref()
            && let Some(hint) = self.read_hint(cx, text).await?
        {
            found.person = Some((hint.tenant, hint.oid));
            if client.is_some_and(|client| client != hint.app) {
                return Ok(found);
            }
            (client, tenant) = (Some(hint.app), Some(hint.tenant));
        }
        let (Some(tenant), Some(client), Some(uri)) = (tenant, client, request.redirect_uri.as_deref())
        else {
            return Ok(found);
        };
        let admitted = self
            .store()
            .read(scope(tenant), |reader| {
                let Some(app) = reader.app(client)? else { return Ok(false) };
                Ok(admits(&app.redirect_uris, reader.any_loopback(client)?, uri))
            })
            .await?;
        found.onward = admitted.then(|| {
            let join = if uri.contains('?') { '&' } else { '?' };
            let state =
                request.state.as_ref().map(|state| super::redirect::query(&[("state", state.clone())]));
            state.map_or_else(|| uri.to_owned(), |state| format!("{uri}{join}{state}"))
        });
        Ok(found)
    }

    /// The resource of that name, by any of its names.
    pub(super) fn resource_of(&self, name: &str) -> Option<Resource> {
        let bare = name.trim().trim_end_matches('/');
        let is_management =
            super::MANAGEMENT.iter().any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(bare));
        if is_management { Some(Resource::Management) } else { self.audience_of(name).map(Resource::Graph) }
    }
}
