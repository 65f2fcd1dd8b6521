//! Access tokens: proving those that come, and issuing new ones.

mod discovery;
mod fault;
mod keys;

pub(crate) use keys::{from_hex, hex};

pub use fault::OAuthFault;

use crate::{
    Caller, Directory,
    authn::{is_active, scope},
    record::Draft,
};
use identity::{AccessClaims, ClientAuth, Expect, Subject};
use model::{
    AppId, Cx, Error, ErrorKind, Home, ObjectId, Result, Span, TenantId, Timestamp, TokenFault, User,
    audit::{Activity, Initiator},
    authz::{Permission, Role},
    lifecycle,
};
use serde::Serialize;
use std::sync::PoisonError;
use store::{App, ChangeSet, Decision, GrantKind, Reader};

/// How long an access token is good for.
const TOKEN_LIFE: Span = Span::minutes(60);
/// What `expires_in` says: the live service takes the second off that the answer may travel.
const EXPIRES_IN: i64 = 3599;
/// So many refused token requests of a tenant are recorded within a minute: strangers can cause them, and must not fill its
/// audit log.
const REFUSALS: u32 = 60;

/// Microsoft Graph as a resource, by address and by id.
const GRAPH_URL: &str = "https://graph.microsoft.com";
const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

/// A request to the token endpoint, each field as it came.
#[derive(Clone, Default)]
pub struct TokenRequest {
    /// The tenant in the path: its id or one of its domains.
    pub tenant: String,
    /// The `Authorization` header, for clients that prove themselves there (RFC 6749, section 2.3.1).
    pub authorization: Option<String>,
    /// `grant_type`
    pub grant_type: Option<String>,
    /// `client_id`
    pub client_id: Option<String>,
    /// `client_secret`
    pub client_secret: Option<String>,
    /// `scope` of the v2.0 endpoint.
    pub scope: Option<String>,
    /// `resource` of the v1 endpoint.
    pub resource: Option<String>,
}

impl TokenRequest {
    /// Id and secret, from the header where there is one. Empty fields count as absent.
    fn credentials(&self) -> (Option<String>, Option<String>) {
        let (id, secret) = match self.authorization.as_deref().and_then(identity::basic_credentials) {
            Some((id, secret)) => (Some(id), Some(secret)),
            None => (self.client_id.clone(), self.client_secret.clone()),
        };
        (id.filter(|id| !id.is_empty()), secret.filter(|secret| !secret.is_empty()))
    }
}

/// What the token endpoint answers to an app.
#[derive(Clone, Serialize)]
pub struct TokenAnswer {
    /// `Bearer`
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    /// Seconds.
    pub ext_expires_in: i64,
    /// The token.
    pub access_token: String,
}

/// An app that proved itself, and what it may have.
struct Proved {
    app: App,
    permissions: Vec<Permission>,
    audience: &'static str,
}

/// A refusal, and the app where it is known, for the audit log.
struct Refusal {
    fault: OAuthFault,
    app: Option<App>,
}

impl Directory {
    /// Proves a bearer token. What its bearer may do is read from the directory where it is decided.
    ///
    /// # Errors
    /// `Unauthenticated`, with the reason.
    pub async fn bearer(&self, cx: &Cx, authorization: Option<&str>) -> Result<Caller> {
        let token =
            authorization.and_then(identity::bearer).ok_or(Error::unauthenticated(TokenFault::Missing))?;
        let token = identity::parse(token).map_err(Error::unauthenticated)?;
        // The scope of a tenant that the token only claims: it reaches nothing but that tenant's keys, which then prove it.
        let key = self
            .verifying_key(cx, token.tenant(), token.kid())
            .await?
            .ok_or(Error::unauthenticated(TokenFault::Invalid))?;
        let audiences = self.audiences();
        let expect = Expect { audiences: &audiences, origins: self.origins(), now: cx.now };
        identity::verify(&token, &key, &expect).map(Caller::from_token).map_err(Error::unauthenticated)
    }

    fn audiences(&self) -> Vec<String> {
        let with_slash = |name: &str| [name.to_owned(), format!("{name}/")];
        let own = self.origins().iter().flat_map(|origin| with_slash(origin));
        with_slash(GRAPH_URL).into_iter().chain([GRAPH_ID.to_owned()]).chain(own).collect()
    }

    /// Which of the names of Graph a resource is, if any: `https://graph.microsoft.com`, its id, or one of our own
    /// addresses with or without port; with any number of slashes behind.
    fn audience_of(&self, resource: &str) -> Option<&'static str> {
        let name = resource.trim().trim_end_matches('/');
        if name.eq_ignore_ascii_case(GRAPH_ID) {
            return Some(GRAPH_ID);
        }
        let is_ours = |origin: &String| {
            origin.eq_ignore_ascii_case(name) || without_port(origin).eq_ignore_ascii_case(name)
        };
        (name.eq_ignore_ascii_case(GRAPH_URL) || self.origins().iter().any(is_ours)).then_some(GRAPH_URL)
    }

    /// Finds a tenant by id or domain.
    pub async fn resolve_tenant(&self, name: &str) -> Result<Option<TenantId>> {
        if let Ok(id) = name.parse::<TenantId>() {
            let found = self.store().read(scope(id), |reader| reader.find_tenant()).await?;
            return Ok(found.map(|tenant| tenant.id));
        }
        self.store().read_across(|across| across.tenant_of_domain(name)).await
    }

    /// Gives an app a token of its own (client credentials). A refusal within a tenant is recorded there, up to 60 a minute.
    pub async fn issue_app_token(
        &self,
        cx: &Cx,
        origin: &str,
        request: TokenRequest,
    ) -> Result<TokenAnswer, OAuthFault> {
        match request.grant_type.as_deref() {
            None | Some("") => return Err(OAuthFault::missing("grant_type")),
            Some("client_credentials") => {}
            Some(_) => return Err(OAuthFault::unsupported_grant()),
        }
        if ["common", "organizations", "consumers"]
            .iter()
            .any(|name| request.tenant.eq_ignore_ascii_case(name))
        {
            return Err(OAuthFault::no_tenant());
        }
        let Some(tenant) = self.resolve_tenant(&request.tenant).await? else {
            return Err(OAuthFault::unknown_tenant(&request.tenant));
        };
        let judged = self.store().read(scope(tenant), |reader| self.judge(reader, cx, &request)).await?;
        let proved = match judged {
            Ok(proved) => proved,
            Err(refusal) => return Err(self.record_refusal(cx, tenant, &request, refusal).await?),
        };
        let claims = AccessClaims {
            audience: proved.audience.to_owned(),
            origin: origin.to_owned(),
            tenant,
            oid: proved.app.object,
            app: proved.app.id,
            app_name: proved.app.name,
            client_auth: ClientAuth::Secret,
            roles: Vec::new(),
            issued_at: cx.now,
            expires: cx.now + TOKEN_LIFE,
            uti: identity::token_id(cx.random.as_ref()),
            subject: Subject::App { permissions: proved.permissions },
        };
        let access_token = self.sign(cx, tenant, claims).await?;
        Ok(TokenAnswer {
            token_type: "Bearer",
            expires_in: EXPIRES_IN,
            ext_expires_in: EXPIRES_IN,
            access_token,
        })
    }

    fn judge(&self, reader: &Reader<'_>, cx: &Cx, request: &TokenRequest) -> Result<Result<Proved, Refusal>> {
        let refuse = |fault, app| Ok(Err(Refusal { fault, app }));
        let (id, secret) = request.credentials();
        let Some(id) = id else { return refuse(OAuthFault::missing("client_id"), None) };
        let found = match id.parse::<AppId>() {
            Ok(id) => reader.app(id)?,
            Err(_) => None,
        };
        let Some(app) = found else { return refuse(OAuthFault::unknown_app(&id, &request.tenant), None) };
        if app.public {
            return refuse(OAuthFault::public_client(app.id), Some(app));
        }
        let Some(secret) = secret else { return refuse(OAuthFault::no_secret(), Some(app)) };
        let good = reader.app_secrets(app.id, cx.now)?;
        if !good.iter().any(|hash| identity::verify_secret(&secret, hash)) {
            return refuse(OAuthFault::wrong_secret(app.id), Some(app));
        }
        // Only whoever knows the secret learns that the app is switched off.
        if !app.enabled {
            return refuse(OAuthFault::disabled_app(app.id), Some(app));
        }
        let audience = match self.requested_audience(request) {
            Ok(audience) => audience,
            Err(fault) => return refuse(fault, Some(app)),
        };
        let permissions = reader.grants(app.id, GrantKind::Application)?;
        Ok(Ok(Proved { app, permissions, audience }))
    }

    /// The resource of a client credentials request: exactly one `{resource}/.default`, or `resource` on the v1 endpoint.
    fn requested_audience(&self, request: &TokenRequest) -> Result<&'static str, OAuthFault> {
        let resource = match (request.scope.as_deref().map(str::trim), request.resource.as_deref()) {
            (Some(scope), _) if !scope.is_empty() => {
                let one =
                    if scope.contains(char::is_whitespace) { None } else { scope.strip_suffix("/.default") };
                one.ok_or_else(|| OAuthFault::wrong_scope(scope))?
            }
            (_, Some(resource)) if !resource.is_empty() => resource,
            _ => return Err(OAuthFault::missing("scope")),
        };
        self.audience_of(resource).ok_or_else(|| OAuthFault::unknown_resource(resource))
    }

    async fn record_refusal(
        &self,
        cx: &Cx,
        tenant: TenantId,
        request: &TokenRequest,
        refusal: Refusal,
    ) -> Result<OAuthFault> {
        let Refusal { fault, app } = refusal;
        if !self.may_record(cx, tenant) {
            return Ok(fault);
        }
        let initiator =
            app.map_or(Initiator::Anonymous, |app| Initiator::App { app: app.id, name: app.name });
        let mut draft = Draft::new(cx, Activity::TokenRefused, initiator)
            .refused(&format!("AADSTS{}", fault.code))
            .detail("error", fault.error);
        // Only an id goes into the record: anything else might be somebody's name, or a secret in the wrong field.
        if let Some(Ok(id)) = request.credentials().0.map(|id| id.parse::<AppId>()) {
            draft = draft.detail("clientId", id);
        }
        let record = draft.done();
        self.store()
            .commit(scope(tenant), move |_| {
                let mut changes = ChangeSet::new();
                changes.record(record.clone());
                Decision::done(changes, ())
            })
            .await?;
        Ok(fault)
    }

    /// Is the refusal one of the first of its minute?
    fn may_record(&self, cx: &Cx, tenant: TenantId) -> bool {
        let mut refusals = self.inner.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = refusals.entry(tenant).or_insert((cx.now, 0));
        if cx.now < *since || cx.now.since(*since) >= Span::minutes(1) {
            (*since, *count) = (cx.now, 0);
        }
        *count = count.saturating_add(1);
        if *count == REFUSALS + 1 {
            tracing::warn!(%tenant, "many token requests are refused; no more of them are recorded within this minute");
        }
        *count <= REFUSALS
    }

    /// Gives an app a token for a person, once the person has proved to be present. Scopes that the app was not granted are
    /// left out.
    ///
    /// # Errors
    /// `Forbidden` if the person or the app may not act at this moment.
    pub async fn issue_delegated_token(
        &self,
        cx: &Cx,
        origin: &str,
        tenant: TenantId,
        user: ObjectId,
        app: AppId,
        scopes: &[Permission],
    ) -> Result<String> {
        let (user, app, roles, granted) =
            self.store().read(scope(tenant), |reader| presentable(reader, user, app)).await?;
        let mut values: Vec<&str> =
            scopes.iter().filter(|scope| granted.contains(scope)).map(|scope| scope.value()).collect();
        values.sort_unstable();
        values.dedup();
        // A token younger than the last revocation, although both count whole seconds.
        let issued_at = lifecycle::issue_time(&user, cx.now);
        let claims = AccessClaims {
            audience: GRAPH_URL.to_owned(),
            origin: origin.to_owned(),
            tenant,
            oid: user.id,
            app: app.id,
            app_name: app.name,
            client_auth: if app.public { ClientAuth::Public } else { ClientAuth::Secret },
            roles,
            issued_at,
            expires: issued_at + TOKEN_LIFE,
            uti: identity::token_id(cx.random.as_ref()),
            subject: Subject::User {
                scope: values.join(" "),
                pairwise: self.pairwise(&user, app.id),
                generation: user.generation,
                home_issuer: match &user.home {
                    Home::Tenant { tenant, .. } => Some(identity::issuer(origin, *tenant)),
                    Home::Mailbox { .. } => Some("mail".to_owned()),
                    Home::Federated(federated) => Some(format!("urn:uuid:{}", federated.registration)),
                    Home::Here | Home::Invited { .. } => None,
                },
                name: user.display_name,
                upn: user.upn,
            },
        };
        self.sign(cx, tenant, claims).await
    }

    /// The person as one app alone knows it.
    fn pairwise(&self, user: &User, app: AppId) -> String {
        let text = format!("{}:{}:{app}", user.tenant, user.id);
        hex(&self.master().mac("pairwise", text.as_bytes()))
    }

    async fn sign(&self, cx: &Cx, tenant: TenantId, claims: AccessClaims) -> Result<String> {
        let key = self.signing_key(cx, tenant).await?;
        blocking(move || identity::mint(&key, &claims)).await
    }
}

type Presentable = (User, App, Vec<Role>, Vec<Permission>);

fn presentable(reader: &Reader<'_>, user: ObjectId, app: AppId) -> Result<Presentable> {
    let refused = |text| Error::new(ErrorKind::Forbidden, text);
    let user = match reader.user(user)? {
        Some(user) if is_active(reader, &user)? => user,
        _ => return Err(refused("The account is blocked, deleted, or has not accepted its invitation yet.")),
    };
    let app = reader
        .app(app)?
        .filter(|app| app.enabled)
        .ok_or_else(|| refused("The app is unknown in this organisation, or switched off."))?;
    let roles = reader.roles(user.id)?;
    let granted = reader.grants(app.id, GrantKind::Delegated)?;
    Ok((user, app, roles, granted))
}

/// Runs something that takes the processor for a while beside the event loop.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Error::internal(format!("work beside the event loop failed: {error}"))),
    }
}

/// `https://host` of `https://host:port`.
fn without_port(origin: &str) -> &str {
    match origin.rsplit_once(':') {
        Some((rest, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => origin,
    }
}

/// The last moment at which a token of a key that signs no more can still be good. A token may be dated a second ahead.
fn last_token(retired: Timestamp) -> Timestamp {
    retired + TOKEN_LIFE + Span::seconds(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_port_is_taken_off_an_origin() {
        for (origin, bare) in [
            ("https://localhost:8443", "https://localhost"),
            ("https://localhost", "https://localhost"),
            ("https://[::1]:8443", "https://[::1]"),
            ("https://[::1]", "https://[::1]"),
        ] {
            assert_eq!(without_port(origin), bare);
        }
    }
}
