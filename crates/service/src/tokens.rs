//! Tokens: proving those that come, and issuing new ones.

mod admin;
mod authorize;
mod client;
mod device;
mod discovery;
mod fault;
mod grant;
mod keys;
mod person;
mod proved;
mod redirect;
mod request;
mod scope;
mod signers;

pub(crate) use authorize::account_of;
pub(crate) use proved::ProvedTokens;

pub use admin::{AdminConsentRequest, AdminStep};
pub use authorize::{ClientAnswer, ConnectView, ConsentView, ResponseMode, Step};
pub use device::{DEVICE_PAGE, DeviceAnswer, DeviceStep, DeviceView};
pub use fault::OAuthFault;
pub use person::{SignOut, SignOutRequest};
pub use request::{AuthorizeRequest, Visit};

use crate::{
    Caller, Directory,
    authn::{delegated_grants, is_active, scope},
};
use grant::begin;
use identity::{AccessClaims, ClientAuth, Expect, Subject, VerifiedAccess};
use model::{
    AppId, Cx, Error, ErrorKind, Home, ObjectId, Result, Span, TenantId, Timestamp, TokenFault, User,
    authz::{Permission, Role},
};
use scope::{MANAGEMENT, Resource};
use std::sync::PoisonError;
use store::{App, Authorization, ChangeSet, Decision, Reader};
use uuid::Uuid;

/// How long an access token is good for.
const TOKEN_LIFE: Span = Span::minutes(60);
/// What `expires_in` says: the live service takes the second off that the answer may travel.
const EXPIRES_IN: i64 = 3599;
/// So many refused token requests of a tenant are recorded within a minute: strangers can cause them, and must not fill its
/// audit log.
const REFUSALS: u32 = 60;
/// So many wrong credentials, or starts of devices, may come from one network within a minute.
const FAILURES: u32 = 30;
/// Networks whose failures are remembered at a time.
const NETWORKS: usize = 10_000;

/// Microsoft Graph as a resource, by address and by id.
const GRAPH_URL: &str = "https://graph.microsoft.com";
pub(crate) const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

/// Names that stand for any tenant.
const ANY: [&str; 2] = ["common", "organizations"];

pub(crate) fn is_any(name: &str) -> bool {
    ANY.iter().any(|any| any.eq_ignore_ascii_case(name))
}

/// A request to the token endpoint or to the device authorization endpoint, each field as it came.
#[derive(Clone, Default)]
pub struct TokenRequest {
    /// The tenant in the path: its id or one of its domains; `common` or `organizations` where a person is behind it.
    pub tenant: String,
    /// The `Authorization` header, for clients that prove themselves there (RFC 6749, section 2.3.1).
    pub authorization: Option<String>,
    /// `grant_type`
    pub grant_type: Option<String>,
    /// `client_id`
    pub client_id: Option<String>,
    /// `client_secret`
    pub client_secret: Option<String>,
    /// `client_assertion`
    pub client_assertion: Option<String>,
    /// `client_assertion_type`
    pub client_assertion_type: Option<String>,
    /// `scope` of the v2.0 endpoint.
    pub scope: Option<String>,
    /// `resource` of the v1 endpoint.
    pub resource: Option<String>,
    /// `code`
    pub code: Option<String>,
    /// `redirect_uri`
    pub redirect_uri: Option<String>,
    /// `code_verifier`
    pub code_verifier: Option<String>,
    /// `refresh_token`
    pub refresh_token: Option<String>,
    /// `device_code`
    pub device_code: Option<String>,
    /// `client_info`: `1` asks for the home account.
    pub client_info: Option<String>,
    /// It came to the v1 endpoint.
    pub v1: bool,
    /// A parameter that is there twice.
    pub duplicate: Option<String>,
    /// Where it came from, so that wrong credentials can be counted; without it they are not.
    pub network: Option<String>,
}

/// What the token endpoint answers.
#[derive(Clone)]
pub struct TokenAnswer {
    /// The token.
    pub access_token: String,
    /// Seconds.
    pub expires_in: i64,
    /// What a person's token is good for, in the words of the request.
    pub scope: Option<String>,
    /// A refresh token, where the app may act while the person is away.
    pub refresh_token: Option<String>,
    /// Who the person is.
    pub id_token: Option<String>,
    /// The home account in the form of MSAL.
    pub client_info: Option<String>,
    /// On the v1 endpoint: the resource, and when the token was issued.
    pub v1: Option<(String, Timestamp)>,
}

impl TokenAnswer {
    fn new(access_token: String, v1: Option<(String, Timestamp)>) -> Self {
        Self {
            access_token,
            expires_in: EXPIRES_IN,
            scope: None,
            refresh_token: None,
            id_token: None,
            client_info: None,
            v1,
        }
    }
}

/// The names under which a server with these addresses is the resource of access tokens.
pub(crate) fn audiences(origins: &[String]) -> Vec<String> {
    let with_slash = |name: &str| [name.to_owned(), format!("{name}/")];
    let own = origins.iter().flat_map(|origin| with_slash(origin));
    with_slash(GRAPH_URL).into_iter().chain([GRAPH_ID.to_owned()]).chain(own).collect()
}

fn bearing(authorization: Option<&str>) -> Result<&str> {
    authorization.and_then(identity::bearer).ok_or(Error::unauthenticated(TokenFault::Missing))
}

impl Directory {
    /// Proves a bearer token. What its bearer may do is read from the directory where it is decided.
    ///
    /// # Errors
    /// `Unauthenticated`, with the reason.
    pub async fn bearer(&self, cx: &Cx, authorization: Option<&str>) -> Result<Caller> {
        let text = bearing(authorization)?;
        let proved = &self.inner.proved_tokens;
        let Some(known) = proved.find(text) else {
            let (access, kid) = self.prove(cx, text, &self.inner.audiences).await?;
            return Ok(proved.keep(text, kid, access));
        };
        if !self.key_counts(cx, known.access.tenant, &known.kid).await? {
            return Err(Error::unauthenticated(TokenFault::Invalid));
        }
        known.access.check_time(cx.now).map(|()| known.caller.clone()).map_err(|fault| {
            proved.forget(text);
            Error::unauthenticated(fault)
        })
    }

    /// The same where command-line tools ask what there is before they ask Graph: a token for the resource manager, which is good
    /// for nothing else, or one for Graph, because here both have the same address.
    ///
    /// # Errors
    /// `Unauthenticated`, with the reason.
    pub async fn tool_bearer(&self, cx: &Cx, authorization: Option<&str>) -> Result<Caller> {
        let mut audiences = self.inner.audiences.clone();
        audiences.extend(MANAGEMENT.iter().map(|name| (*name).to_owned()));
        let (access, _) = self.prove(cx, bearing(authorization)?, &audiences).await?;
        Ok(Caller::from_token(&access))
    }

    /// What a token says, and the key that proves it.
    async fn prove(&self, cx: &Cx, text: &str, audiences: &[String]) -> Result<(VerifiedAccess, String)> {
        let token = identity::parse(text).map_err(Error::unauthenticated)?;
        // The scope of a tenant that the token only claims: it reaches nothing but that tenant's keys, which then prove it.
        let key = self
            .verifying_key(cx, token.tenant(), token.kid())
            .await?
            .ok_or(Error::unauthenticated(TokenFault::Invalid))?;
        let expect = Expect { audiences, origins: self.origins(), now: cx.now };
        let access = identity::verify(&token, &key, &expect).map_err(Error::unauthenticated)?;
        Ok((access, token.kid().to_owned()))
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

    /// Counts something that a network does too often when it does it more than so many times within a minute: does it?
    fn is_flooding(&self, cx: &Cx, network: &str) -> bool {
        let mut failures = self.inner.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= NETWORKS {
            failures.retain(|_, (since, _)| within_a_minute(cx, *since));
        }
        // More at once is no guessing but a flood, which the edge has to hold off.
        if failures.len() >= NETWORKS && !failures.contains_key(network) {
            return false;
        }
        let (since, count) = failures.entry(network.to_owned()).or_insert((cx.now, 0));
        if !within_a_minute(cx, *since) {
            (*since, *count) = (cx.now, 0);
        }
        *count = count.saturating_add(1);
        *count > FAILURES
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
        let (at, scopes) = (cx.clone(), scopes.to_vec());
        let Presentable { user, app, roles, begun } = self
            .store()
            .commit(scope(tenant), move |reader| {
                let presentable = presentable(reader, &at, (user, app), &scopes)?;
                let mut changes = ChangeSet::new();
                changes.insert_authorization(scope(tenant), &presentable.begun);
                Decision::done(changes, presentable)
            })
            .await?;
        let claims = AccessClaims {
            audience: GRAPH_URL.to_owned(),
            origin: origin.to_owned(),
            tenant,
            oid: user.id,
            app: app.id,
            app_name: app.name,
            client_auth: if app.public { ClientAuth::Public } else { ClientAuth::Secret },
            roles,
            issued_at: cx.now,
            expires: cx.now + TOKEN_LIFE,
            uti: identity::token_id(cx.random.as_ref()),
            subject: self.subject(
                origin,
                &user,
                app.id,
                begun.scope.clone(),
                (begun.home_generation, begun.id),
            ),
        };
        self.sign(cx, tenant, claims).await
    }

    fn subject(
        &self,
        origin: &str,
        user: &User,
        app: AppId,
        scope: String,
        (home_generation, authorization): (Option<i64>, Uuid),
    ) -> Subject {
        Subject::User {
            scope,
            pairwise: self.pairwise(user, app),
            generation: user.generation,
            home_generation,
            authorization,
            home_issuer: home_issuer(origin, user),
            name: user.display_name.clone(),
            upn: user.upn.clone(),
        }
    }

    /// The person as one app alone knows it.
    fn pairwise(&self, user: &User, app: AppId) -> String {
        let text = format!("{}:{}:{app}", user.tenant, user.id);
        hex::encode(self.master().mac("pairwise", text.as_bytes()))
    }

    async fn sign(&self, cx: &Cx, tenant: TenantId, claims: AccessClaims) -> Result<String> {
        let key = self.signing_key(cx, tenant).await?;
        signers::signed(move || identity::mint(&key, &claims)).await
    }
}

fn within_a_minute(cx: &Cx, since: Timestamp) -> bool {
    cx.now >= since && cx.now.since(since) < Span::minutes(1)
}

/// `idp`: the issuer of the home account, where that is another one.
fn home_issuer(origin: &str, user: &User) -> Option<String> {
    match &user.home {
        Home::Tenant { tenant, .. } => Some(identity::issuer(origin, *tenant)),
        Home::Mailbox { .. } => Some("mail".to_owned()),
        Home::Federated(federated) => Some(format!("urn:uuid:{}", federated.registration)),
        Home::Here | Home::Invited { .. } => None,
    }
}

#[derive(Clone)]
struct Presentable {
    user: User,
    app: App,
    roles: Vec<Role>,
    begun: Authorization,
}

fn presentable(
    reader: &Reader<'_>,
    cx: &Cx,
    (user, app): (ObjectId, AppId),
    scopes: &[Permission],
) -> Result<Presentable> {
    let refused = |text| Error::new(ErrorKind::Forbidden, text);
    let user = match reader.user(user)? {
        Some(user) if is_active(reader, &user)? => user,
        _ => return Err(refused("The account is blocked, deleted, or has not accepted its invitation yet.")),
    };
    let app = reader
        .app(app)?
        .filter(|app| app.enabled)
        .ok_or_else(|| refused("The app is unknown in this organisation, or switched off."))?;
    let granted = delegated_grants(reader, app.id, user.id)?;
    let mut values: Vec<&str> =
        scopes.iter().filter(|scope| granted.contains(scope)).map(|scope| scope.value()).collect();
    values.sort_unstable();
    values.dedup();
    let begun = begin(reader, cx, (app.id, false), &user, &values.join(" "), cx.now)?;
    Ok(Presentable { roles: reader.roles(user.id)?, begun, user, app })
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

/// How long behind its end a key may still sign: for requests that looked at the clock and at the keys before another one's
/// rotation was on stable storage, on this server or on another.
const SLOW: Span = Span::minutes(5);

/// The last moment at which a token of a key that signs no more can still be good.
fn last_token(retired: Timestamp) -> Timestamp {
    retired + TOKEN_LIFE + SLOW
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
