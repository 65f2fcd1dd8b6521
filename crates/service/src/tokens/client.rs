//! Which app asks for tokens, and how it proves that.

use super::{OAuthFault, TokenRequest};
use crate::Directory;
use identity::{AppCertificate, ClientAuth, UnverifiedAssertion, VerifiedAssertion};
use model::{AppId, Cx, Result, TenantId, Timestamp};
use store::{App, ChangeSet, Reader};

/// The one type of assertion by which apps prove themselves (RFC 7523, section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An app that proved itself as far as it can.
#[derive(Clone)]
pub(super) struct Client {
    pub app: App,
    pub auth: ClientAuth,
    /// Hash of the id of the assertion that it used, and the end of that.
    assertion: Option<(String, Timestamp)>,
}

impl Client {
    /// Notes what was used up by proving.
    pub(super) fn note(&self, changes: &mut ChangeSet, reader: &Reader<'_>) {
        if let Some((hash, expires)) = &self.assertion {
            changes.use_assertion(crate::authn::scope(reader.tenant_id()), self.app.id, hash, *expires);
        }
    }
}

/// A refusal, and the app where it is known, for the audit log.
pub(super) struct Refusal {
    pub fault: OAuthFault,
    pub app: Option<App>,
}

impl Refusal {
    fn of<T>(fault: OAuthFault, app: Option<App>) -> Result<Result<T, Self>> {
        Ok(Err(Self { fault, app }))
    }
}

/// The names of the token endpoint of a tenant, and of its issuer: what an assertion may be made for.
fn audiences(origins: &[String], named: &str, tenant: TenantId) -> Vec<String> {
    let id = tenant.to_string();
    let names = [named, id.as_str()];
    let of = |origin: &String| {
        let endpoints = names.map(|name| {
            [format!("{origin}/{name}/oauth2/v2.0/token"), format!("{origin}/{name}/oauth2/token")]
        });
        let issuers = names.map(|name| format!("{origin}/{name}/v2.0"));
        endpoints.into_iter().flatten().chain(issuers).collect::<Vec<_>>()
    };
    origins.iter().flat_map(of).collect()
}

impl TokenRequest {
    /// Id and secret, from the header where there is one. Empty fields count as absent.
    pub(super) fn credentials(&self) -> (Option<String>, Option<String>) {
        let (id, secret) = match self.authorization.as_deref().and_then(identity::basic_credentials) {
            Some((id, secret)) => (Some(id), Some(secret)),
            None => (self.client_id.clone(), self.client_secret.clone()),
        };
        (id.filter(|id| !id.is_empty()), secret.filter(|secret| !secret.is_empty()))
    }

    fn assertion(&self) -> Result<Option<UnverifiedAssertion<'_>>, OAuthFault> {
        let Some(text) = self.client_assertion.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        if self.client_assertion_type.as_deref() != Some(JWT_BEARER) {
            return Err(OAuthFault::assertion_type());
        }
        identity::parse_assertion(text).map(Some).map_err(|fault| OAuthFault::assertion(fault, None))
    }
}

impl Directory {
    /// Finds the app and proves it. `alone`: it asks for itself, so a public one has nothing to prove itself with.
    pub(super) fn prove_client(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        request: &TokenRequest,
        alone: bool,
    ) -> Result<Result<Client, Refusal>> {
        let assertion = match request.assertion() {
            Ok(assertion) => assertion,
            Err(fault) => return Refusal::of(fault, None),
        };
        let (id, secret) = request.credentials();
        let Some(id) = id.or_else(|| assertion.as_ref().map(|assertion| assertion.app().to_string())) else {
            return Refusal::of(OAuthFault::missing("client_id"), None);
        };
        let found = match id.parse::<AppId>() {
            Ok(id) => reader.app(id)?,
            Err(_) => None,
        };
        let Some(app) = found else {
            return Refusal::of(OAuthFault::unknown_app(&id, &request.tenant), None);
        };
        if app.public && (alone || secret.is_some() || assertion.is_some()) {
            return Refusal::of(OAuthFault::public_client(app.id), Some(app));
        }
        let (auth, assertion) = match (secret, assertion) {
            (None, None) if app.public => (ClientAuth::Public, None),
            (None, None) => return Refusal::of(OAuthFault::no_secret(), Some(app)),
            (Some(secret), None) => {
                let good = reader.app_secrets(app.id, cx.now)?;
                if !good.iter().any(|hash| identity::verify_secret(&secret, hash)) {
                    return Refusal::of(OAuthFault::wrong_secret(app.id), Some(app));
                }
                (ClientAuth::Secret, None)
            }
            (Some(_), Some(_)) => return Refusal::of(OAuthFault::two_credentials(), Some(app)),
            (None, Some(assertion)) => match self.judge_assertion(reader, cx, request, &app, &assertion)? {
                Ok(used) => (ClientAuth::Certificate, Some(used)),
                Err(fault) => return Refusal::of(fault, Some(app)),
            },
        };
        // Only whoever proved to be the app learns that it is switched off.
        if !app.enabled {
            return Refusal::of(OAuthFault::disabled_app(app.id), Some(app));
        }
        Ok(Ok(Client { app, auth, assertion }))
    }

    fn judge_assertion(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        request: &TokenRequest,
        app: &App,
        assertion: &UnverifiedAssertion<'_>,
    ) -> Result<Result<(String, Timestamp), OAuthFault>> {
        if assertion.app() != app.id {
            return Ok(Err(OAuthFault::assertion(identity::AssertionFault::Malformed, Some(app.id))));
        }
        let good = |stored: &store::AppCertificate| stored.created <= cx.now && cx.now < stored.expires;
        let stored = reader.app_certificates(app.id)?.into_iter().filter(good);
        let known: Vec<AppCertificate> =
            stored.filter_map(|stored| AppCertificate::from_text(&stored.certificate)).collect();
        let audiences = audiences(self.origins(), &request.tenant, reader.tenant_id());
        let VerifiedAssertion { id, expires, .. } = match assertion.verify(&known, &audiences, cx.now) {
            Ok(verified) => verified,
            Err(fault) => return Ok(Err(OAuthFault::assertion(fault, Some(app.id)))),
        };
        let hash = identity::hash_secret(&id);
        if reader.assertion_used(app.id, &hash)? {
            return Ok(Err(OAuthFault::assertion_used(app.id)));
        }
        Ok(Ok((hash, expires)))
    }
}
