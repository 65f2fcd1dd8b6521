//! Signing in with an external OpenID Connect provider that an organisation registered: the authorization code flow with PKCE
//! (OpenID Connect Core, section 3.1; RFC 7636; RFC 9207). The identity is (registration, issuer, subject); an address only
//! says which invitation is for whom.

mod provider;
mod registry;

pub use registry::{NewProvider, ProviderPatch, ProviderView};

pub(crate) use provider::Providers;

use crate::{
    Directory, SignedIn,
    authn::scope,
    record::Draft,
    sign_in::{Fresh, SignIn, Visitor},
};
use identity::{IdExpect, ProviderClaims, Secret, UnverifiedIdToken};
use model::{
    Cx, Error, ErrorKind, Federated, Home, Person, Result, Span, TenantId, Timestamp,
    audit::{Activity, Initiator, Target},
    domain_of, fold, is_plain_address,
};
use provider::Trouble;
use serde::{Deserialize, Serialize};
use store::{ChangeSet, Decision, FederatedPerson, FederationFlow, Provider, Reader};
use uuid::Uuid;

/// How long somebody may take at the provider.
const FLOW_LIFE: Span = Span::minutes(15);

/// Where a browser is sent, and what it is remembered by.
pub struct Departure {
    /// The provider's authorization endpoint with our request.
    pub url: String,
    /// The secret for a cookie: whoever comes back must have it.
    pub browser: String,
}

/// What the provider sent back with the browser.
#[derive(Clone, Debug, Default)]
pub struct Arrived {
    /// `state`
    pub state: String,
    /// `code`
    pub code: Option<String>,
    /// `iss` (RFC 9207)
    pub issuer: Option<String>,
    /// `error`
    pub error: Option<String>,
}

/// Why nobody is signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FederationFault {
    /// The sign-in is over, was finished before, or was begun in another browser.
    Expired,
    /// The person or the provider broke it off.
    Cancelled,
    /// The provider cannot be reached, or does not speak as it should.
    Unreachable,
    /// What the provider sent does not prove who it is.
    Untrusted,
    /// The organisation does not know the person.
    Unknown,
}

/// What came of signing in at a provider.
pub enum Federation {
    /// It worked.
    SignedIn {
        /// The session.
        done: SignIn,
        /// Where the person was going.
        return_to: String,
    },
    /// It did not.
    Refused {
        /// Why.
        why: FederationFault,
        /// Where the person was going, if that is known.
        return_to: Option<String>,
    },
}

/// What has to come back unchanged.
#[derive(Serialize, Deserialize)]
struct Luggage {
    nonce: String,
    verifier: String,
    redirect_uri: String,
    return_to: String,
    /// The person has to have proved to be present since then, in microseconds.
    #[serde(default)]
    fresh_since: Option<i64>,
}

/// How far the clock of a provider may be behind ours.
const BEHIND: Span = Span::minutes(1);

fn luggage_label(tenant: TenantId, hash: &str) -> String {
    format!("federation-flow/{tenant}/{hash}")
}

impl Directory {
    /// Begins a sign-in at a provider. `redirect_uri` is our own address for the way back; `fresh` asks the provider to have the
    /// person prove anew who they are.
    ///
    /// # Errors
    /// `NotFound` if there is no such enabled provider, `Unavailable` if it cannot be reached.
    pub async fn begin_federation(
        &self,
        cx: &Cx,
        (tenant, provider): (TenantId, Uuid),
        (redirect_uri, return_to): (&str, &str),
        fresh: bool,
    ) -> Result<Departure> {
        let found = self.store().read(scope(tenant), |reader| reader.provider(provider)).await?;
        let found = found.filter(|found| found.enabled).ok_or_else(|| Error::not_found(provider))?;
        let metadata = self.provider_metadata(cx, tenant, &found).await.map_err(|trouble| {
            tracing::warn!(%provider, why = trouble.0, "an identity provider cannot be used");
            Error::new(
                ErrorKind::Unavailable(30),
                "The identity provider cannot be reached at the moment. Try again later.",
            )
        })?;
        let [state, browser, nonce, verifier] = [(); 4].map(|()| Secret::generate(cx.random.as_ref()));
        let hash = state.hash();
        let luggage = Luggage {
            nonce: nonce.expose().to_owned(),
            verifier: verifier.expose().to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            return_to: return_to.to_owned(),
            fresh_since: fresh.then(|| cx.now.as_micros()),
        };
        // Texts always serialise.
        let luggage = serde_json::to_vec(&luggage).unwrap_or_default();
        let flow = FederationFlow {
            sealed: self.seal(cx, &luggage_label(tenant, &hash), &luggage)?,
            hash,
            provider,
            browser_hash: browser.hash(),
            expires: cx.now + FLOW_LIFE,
        };
        self.store()
            .commit(scope(tenant), move |_| {
                let mut changes = ChangeSet::new();
                changes.insert_federation_flow(scope(tenant), &flow);
                Decision::done(changes, ())
            })
            .await?;
        let state = format!("{tenant}.{}", state.expose());
        let challenge = identity::code_challenge(verifier.expose());
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", &found.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", "openid profile email"),
            ("state", &state),
            ("nonce", nonce.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        if fresh {
            // With an age the provider also has to say when that was (OpenID Connect Core, section 3.1.2.1).
            fields.extend([("prompt", "login"), ("max_age", "0")]);
        }
        Ok(Departure { url: metadata.authorization(&fields), browser: browser.expose().to_owned() })
    }

    /// Finishes a sign-in at a provider. What was begun can be finished once, in the browser that began it.
    pub async fn finish_federation(
        &self,
        cx: &Cx,
        visitor: impl Into<Visitor>,
        browser: &str,
        arrived: &Arrived,
    ) -> Result<Federation> {
        let expired = || Federation::Refused { why: FederationFault::Expired, return_to: None };
        let Some((tenant, hash)) = crate::authn::read_cookie(&arrived.state) else { return Ok(expired()) };
        let Some(flow) = self.take_flow(cx, tenant, hash, identity::hash_secret(browser)).await? else {
            return Ok(expired());
        };
        let luggage = self.open_sealed(&luggage_label(tenant, &flow.hash), &flow.sealed)?;
        let luggage: Luggage = serde_json::from_slice(&luggage)
            .map_err(|error| Error::internal(format!("a sign-in under way does not parse: {error}")))?;
        let refused = |why| Federation::Refused { why, return_to: Some(luggage.return_to.clone()) };
        let found = self.store().read(scope(tenant), |reader| reader.provider(flow.provider)).await?;
        let Some(provider) = found.filter(|provider| provider.enabled) else {
            return Ok(refused(FederationFault::Untrusted));
        };
        match self.ask_provider(cx, tenant, &provider, &luggage, arrived).await {
            Ok(claims) => {
                let done = self.welcome(cx, visitor.into(), tenant, provider, claims).await?;
                Ok(match done {
                    Some(done) => Federation::SignedIn { done, return_to: luggage.return_to },
                    None => refused(FederationFault::Unknown),
                })
            }
            Err((why, Trouble(detail))) => {
                tracing::info!(provider = %provider.id, why = detail, "a sign-in at an identity provider was refused");
                self.record_unproved(cx, tenant, &provider, &detail).await?;
                Ok(refused(why))
            }
        }
    }

    /// Uses up what was begun: only once, in time, and in the same browser.
    async fn take_flow(
        &self,
        cx: &Cx,
        tenant: TenantId,
        hash: String,
        browser_hash: String,
    ) -> Result<Option<FederationFlow>> {
        let (scope, now) = (scope(tenant), cx.now);
        let taken = self
            .store()
            .commit(scope, move |reader| {
                let mut changes = ChangeSet::new();
                let flow = reader.federation_flow(&hash)?.filter(|flow| {
                    now < flow.expires
                        && identity::equal(flow.browser_hash.as_bytes(), browser_hash.as_bytes())
                });
                if let Some(flow) = &flow {
                    changes.use_federation_flow(scope, &flow.hash);
                }
                Decision::done(changes, flow)
            })
            .await;
        match taken {
            // Two came at once; the other one has it.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(None),
            other => other,
        }
    }

    /// Turns the code into claims that are proved.
    async fn ask_provider(
        &self,
        cx: &Cx,
        tenant: TenantId,
        provider: &Provider,
        luggage: &Luggage,
        arrived: &Arrived,
    ) -> std::result::Result<ProviderClaims, (FederationFault, Trouble)> {
        let unreachable = |trouble| (FederationFault::Unreachable, trouble);
        let untrusted = |why: &str| (FederationFault::Untrusted, Trouble(why.to_owned()));
        let metadata = self.provider_metadata(cx, tenant, provider).await.map_err(unreachable)?;
        // Against mix-up: who answers must be who was asked (RFC 9207).
        match &arrived.issuer {
            Some(issuer) if *issuer != provider.issuer => return Err(untrusted("wrongIssuerParameter")),
            None if metadata.names_issuer => return Err(untrusted("missingIssuerParameter")),
            _ => {}
        }
        if arrived.error.is_some() {
            return Err((FederationFault::Cancelled, Trouble("refusedByProvider".to_owned())));
        }
        let code = arrived.code.as_deref().ok_or_else(|| untrusted("missingCode"))?;
        let secret = self
            .open_sealed(&registry::secret_label(tenant, provider.id), &provider.sealed_secret)
            .map_err(|error| unreachable(Trouble(format!("{error:?}"))))?;
        let secret = String::from_utf8_lossy(&secret).into_owned();
        let token = self
            .exchange(&metadata, provider, &secret, (code, &luggage.redirect_uri, &luggage.verifier))
            .await
            .map_err(unreachable)?;
        let parsed = UnverifiedIdToken::parse(&token).map_err(|fault| untrusted(fault.as_str()))?;
        let keys = self.provider_keys(cx, tenant, provider, &metadata, &parsed).await.map_err(unreachable)?;
        let expect = IdExpect {
            issuer: &provider.issuer,
            client_id: &provider.client_id,
            nonce: &luggage.nonce,
            now: cx.now,
        };
        let claims = parsed.verify(&keys, &expect).map_err(|fault| untrusted(fault.as_str()))?;
        let since = luggage.fresh_since.map(|micros| Timestamp::from_micros(micros) - BEHIND);
        if since.is_some_and(|since| claims.authenticated.is_some_and(|at| at < since)) {
            return Err(untrusted("oldSignIn"));
        }
        Ok(claims)
    }

    /// Begins the session of somebody whom the organisation knows: by an account, or by an invitation to their address. Nothing
    /// is kept of anybody else.
    async fn welcome(
        &self,
        cx: &Cx,
        visitor: Visitor,
        tenant: TenantId,
        provider: Provider,
        claims: ProviderClaims,
    ) -> Result<Option<SignIn>> {
        let federated = Federated {
            tenant,
            registration: provider.id,
            identity: identity::federated_identity(&provider.issuer, &claims.subject),
        };
        let person = Person::Federated(federated.clone());
        let mut fresh = Fresh::new(cx, tenant, &person, &visitor);
        // A session at the provider may be older than ours.
        fresh.session.authenticated = claims.authenticated.map_or(cx.now, |at| at.min(cx.now));
        let device = self.introduce(cx, &person.key(), &visitor);
        let (cx, scope) = (cx.clone(), scope(tenant));
        self.store()
            .commit(scope, move |reader| {
                let mut changes = ChangeSet::new();
                let still = reader.provider(provider.id)?.is_some_and(|now| now == provider);
                let known = known(reader, &provider, &federated, &claims)?;
                let account = reader.user_by_home(&Home::Federated(federated.clone()))?;
                let invited = match &known.address {
                    Some(address) => reader.user_by_home(&Home::Invited { address: address.clone() })?,
                    None => None,
                };
                let Some(user) = account.or(invited).filter(|_| still) else {
                    changes.record(refusal(&cx, &provider, "unknownPerson").done());
                    return Decision::done(changes, None);
                };
                changes.set_federated_person(scope, &known, cx.now);
                let draft = Draft::by_user(&cx, Activity::SignIn, &user, None).on_user(&cx, &user);
                changes.record(draft.detail("identityProvider", provider.id).done());
                let signed_in = SignedIn {
                    person: person.clone(),
                    name: known.name,
                    user_name: known.user_name,
                    addresses: known.address.into_iter().collect(),
                    hash: fresh.session.hash.clone(),
                    authenticated: fresh.session.authenticated,
                    second_factor: false,
                };
                let done = fresh.begin(&mut changes, tenant, signed_in, false, device.clone());
                Decision::done(changes, Some(done))
            })
            .await
    }

    async fn record_unproved(&self, cx: &Cx, tenant: TenantId, provider: &Provider, why: &str) -> Result<()> {
        // What a provider says in its own words can be personal; our own words cannot.
        let plain = why.len() <= 40 && why.chars().all(|c| c.is_ascii_alphanumeric());
        let why = if plain { why.to_owned() } else { "providerUnreachable".to_owned() };
        let (cx, provider) = (cx.clone(), provider.clone());
        self.store()
            .commit(scope(tenant), move |_| {
                let mut changes = ChangeSet::new();
                changes.record(refusal(&cx, &provider, &why).done());
                Decision::done(changes, ())
            })
            .await
    }
}

fn refusal(cx: &Cx, provider: &Provider, why: &str) -> Draft {
    Draft::new(cx, Activity::SignInRefused, Initiator::Anonymous)
        .on(Target::thing("IdentityProvider", provider.id, &provider.name))
        .refused(why)
}

/// What is kept of somebody. The address counts only if the provider vouches for it and the operator has confirmed that its
/// domain is the provider's. A domain that an organisation here has got since, or at that same moment on another server, is
/// the organisation's: its people prove their addresses with a password.
fn known(
    reader: &Reader<'_>,
    provider: &Provider,
    federated: &Federated,
    claims: &ProviderClaims,
) -> Result<FederatedPerson> {
    let vouched = if provider.trusts_email {
        claims.email.as_ref().or(claims.user_name.as_ref())
    } else {
        claims.email.as_ref().filter(|_| claims.email_verified)
    };
    let domains = reader.provider_domains()?;
    let is_theirs = |address: &String| {
        domain_of(address).is_some_and(|domain| {
            domains
                .iter()
                .any(|one| one.domain == domain && one.provider == provider.id && one.verified.is_some())
        })
    };
    let mut address = vouched
        .map(|address| fold(address))
        .filter(|address| is_plain_address(address) && is_theirs(address));
    if let Some(domain) = address.as_deref().and_then(domain_of)
        && reader.across().tenant_of_domain(&domain)?.is_some()
    {
        address = None;
    }
    let user_name = claims.user_name.clone().or_else(|| claims.email.clone());
    let user_name = user_name.unwrap_or_else(|| provider.name.clone());
    Ok(FederatedPerson {
        person: federated.clone(),
        name: claims.name.clone().unwrap_or_else(|| user_name.clone()),
        user_name,
        address,
    })
}
