//! Secrets of apps. On a page one is made before it counts, and counts when the form that carries it comes back: so a form
//! that is sent twice shows the same secret twice instead of making two.

use super::{AppKey, SECRET_LIFE, find, record};
use crate::{
    Caller, Directory,
    authn::{authorized, require_fresh_caller},
};
use identity::Secret;
use model::{
    AppId, Cx, Error, ErrorKind, Result, Span, Timestamp, audit::Activity, authz::Operation, mint_uuid,
    plain_text,
};
use serde::{Deserialize, Serialize};
use store::{AppSecret, ChangeSet, Decision};
use uuid::Uuid;

/// A secret on its way through a form, sealed.
#[derive(Serialize, Deserialize)]
struct Offer {
    app: AppId,
    id: Uuid,
    secret: String,
    until: Timestamp,
}

/// A form with a secret is good for so long.
const OFFER_LIFE: Span = Span::minutes(10);

/// Whose form it is: nobody else's counts.
fn label(caller: &Caller) -> String {
    let object = caller.object().map(|id| id.to_string()).unwrap_or_default();
    format!("app-secret:{}:{object}", caller.tenant())
}

fn added(
    cx: &Cx,
    secret: &Secret,
    id: Uuid,
    (name, ends): (Option<&str>, Option<Timestamp>),
) -> Result<AppSecret> {
    let added = AppSecret {
        id,
        name: name.and_then(plain_text),
        hint: secret.expose().get(..3).map(str::to_owned),
        created: cx.now,
        expires: ends.unwrap_or(cx.now + SECRET_LIFE),
    };
    if added.expires <= cx.now {
        return Err(Error::bad_request("The secret ends before it begins: give a later endDateTime."));
    }
    Ok(added)
}

impl Directory {
    /// Gives an app a secret, good until `ends` or for two years. This answer is the only place where it can be read.
    pub async fn add_password(
        &self,
        cx: &Cx,
        caller: &Caller,
        key: AppKey,
        (name, ends): (Option<String>, Option<Timestamp>),
    ) -> Result<(AppSecret, Secret)> {
        let secret = Secret::generate(cx.random.as_ref());
        let added = added(cx, &secret, mint_uuid(cx.random.as_ref()), (name.as_deref(), ends))?;
        let known = self.keep_secret(cx, caller, key, (added, &secret)).await?;
        Ok((known, secret))
    }

    /// Makes a secret for an app without giving it yet: sealed, to be sent back by the person who asked for it.
    ///
    /// # Errors
    /// `BadRequest` for a public client, which could not keep it.
    pub async fn offer_secret(&self, cx: &Cx, caller: &Caller, key: AppKey) -> Result<String> {
        let app = self
            .store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::WriteApplications)?;
                require_fresh_caller(reader, cx, caller)?;
                find(reader, key)
            })
            .await?;
        if app.app.public {
            return Err(Error::bad_request(
                "A public client cannot keep a secret. Register a confidential app.",
            ));
        }
        let secret = Secret::generate(cx.random.as_ref());
        let offer = Offer {
            app: app.app.id,
            id: mint_uuid(cx.random.as_ref()),
            secret: secret.expose().to_owned(),
            until: cx.now + OFFER_LIFE,
        };
        let bytes =
            serde_json::to_vec(&offer).map_err(|error| Error::internal(format!("an offer: {error}")))?;
        self.seal_opaque(cx, &label(caller), &bytes)
    }

    /// Gives an app the secret that was made for it. A second time changes nothing and answers the same.
    ///
    /// # Errors
    /// `Conflict` if the offer is too old, or not one for this app and person.
    pub async fn accept_secret(
        &self,
        cx: &Cx,
        caller: &Caller,
        app: AppId,
        offer: &str,
        (name, ends): (Option<String>, Option<Timestamp>),
    ) -> Result<(AppSecret, Secret)> {
        let offer = self
            .unseal_opaque(&label(caller), offer)
            .and_then(|bytes| serde_json::from_slice::<Offer>(&bytes).ok())
            .filter(|offer| offer.app == app && cx.now <= offer.until)
            .ok_or_else(|| Error::new(ErrorKind::Conflict, "The form is too old. Open the page again."))?;
        let secret = Secret::from_text(offer.secret);
        let added = added(cx, &secret, offer.id, (name.as_deref(), ends))?;
        let known = self.keep_secret(cx, caller, AppKey::Client(app), (added, &secret)).await?;
        Ok((known, secret))
    }

    async fn keep_secret(
        &self,
        cx: &Cx,
        caller: &Caller,
        key: AppKey,
        (added, secret): (AppSecret, &Secret),
    ) -> Result<AppSecret> {
        let (cx, caller, scope, hash) = (cx.clone(), caller.clone(), caller.scope(), secret.hash());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteApplications)?;
                require_fresh_caller(reader, &cx, &caller)?;
                let object = find(reader, key)?;
                let mut changes = ChangeSet::new();
                let known = reader.app_secret_list(object.app.id)?;
                if let Some(known) = known.into_iter().find(|known| known.id == added.id) {
                    return Decision::done(changes, known);
                }
                let hint = added.hint.clone().unwrap_or_default();
                changes
                    .insert_app_secret(scope, &object.app, added.id, &hash, (added.created, added.expires))
                    .name_app_secret(scope, &object.app, added.id, (added.name.as_deref(), &hint))
                    .record(record(&cx, Activity::UpdateAppSecrets, &principal, &object.app));
                Decision::done(changes, added.clone())
            })
            .await
    }

    /// Takes a secret from an app. By page, only to whoever signed in lately.
    ///
    /// # Errors
    /// `BadRequest` if it has no such secret (as Graph).
    pub async fn remove_password(&self, cx: &Cx, caller: &Caller, key: AppKey, id: Uuid) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteApplications)?;
                require_fresh_caller(reader, &cx, &caller)?;
                let object = find(reader, key)?;
                if !reader.app_secret_list(object.app.id)?.iter().any(|secret| secret.id == id) {
                    return Err(Error::bad_request(format!("No credentials found to be removed: {id}.")));
                }
                let mut changes = ChangeSet::new();
                changes.delete_app_secret(scope, &object.app, id).record(record(
                    &cx,
                    Activity::UpdateAppSecrets,
                    &principal,
                    &object.app,
                ));
                Decision::done(changes, ())
            })
            .await
    }
}
