//! Talking to a provider: its discovery document, its keys, its token endpoint. Both documents are kept for a while, because
//! they change seldom; neither decides anything about our own data.

use crate::{Directory, outside::Question};
use identity::{ProviderKey, UnverifiedIdToken};
use model::{Cx, Span, TenantId, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::Provider;
use uuid::Uuid;

/// How long a discovery document is taken as it is.
const DISCOVERY_LIFE: Span = Span::hours(1);
/// The least time between two requests for the same document: an unknown key, or a provider that is down, must not make us
/// send more.
const PAUSE: Span = Span::minutes(1);

/// What went wrong at the provider: a word of ours, or a sentence for the log.
#[derive(Clone, Debug)]
pub(super) struct Trouble(pub String);

/// What we need of a discovery document (OpenID Connect Discovery, section 3).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// It names itself when it sends the browser back (RFC 9207).
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub names_issuer: bool,
}

impl Metadata {
    /// The authorization endpoint with these fields added to its query.
    pub(super) fn authorization(&self, fields: &[(&str, &str)]) -> String {
        let join = if self.authorization_endpoint.contains('?') { '&' } else { '?' };
        let query: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        format!("{}{join}{}", self.authorization_endpoint, query.join("&"))
    }

    fn posts_secret(&self) -> bool {
        let methods = &self.token_endpoint_auth_methods_supported;
        methods.iter().any(|method| method == "client_secret_post")
            && !methods.iter().any(|method| method == "client_secret_basic")
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[derive(Clone, Default)]
struct Known {
    /// Of which registration as it is now: another issuer is another provider.
    issuer: String,
    metadata: Option<(Timestamp, Arc<Metadata>)>,
    metadata_tried: Option<Timestamp>,
    keys: Arc<Vec<ProviderKey>>,
    keys_tried: Option<Timestamp>,
}

/// What was read of providers lately.
#[derive(Default)]
pub(crate) struct Providers(Mutex<HashMap<(TenantId, Uuid), Known>>);

impl Providers {
    fn with<T>(&self, tenant: TenantId, provider: &Provider, act: impl FnOnce(&mut Known) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry((tenant, provider.id)).or_default();
        if known.issuer != provider.issuer {
            *known = Known { issuer: provider.issuer.clone(), ..Known::default() };
        }
        act(known)
    }
}

fn recent(at: Option<Timestamp>, now: Timestamp, within: Span) -> bool {
    // A clock that was set back must not keep a document for ever.
    at.is_some_and(|at| now.since(at) < within && at.since(now) < within)
}

/// Where a document may be: the transport judges the address again when it connects.
pub(super) fn plausible_url(url: &str) -> bool {
    let rest =
        url.strip_prefix("https://").or_else(|| url.strip_prefix("http://").filter(|rest| is_near(rest)));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', '@', ':']))
        && url.len() <= 512
        && !url.contains('#')
        && url.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '`' | '\\' | '@'))
}

fn is_near(rest: &str) -> bool {
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

impl Directory {
    async fn ask_outside(&self, question: Question) -> Result<Vec<u8>, Trouble> {
        let Some(outbound) = &self.inner.outside.outbound else {
            return Err(Trouble("this server asks nobody".to_owned()));
        };
        let reply = outbound.ask(&question).await.map_err(Trouble)?;
        if reply.status == 200 {
            return Ok(reply.body);
        }
        // An OAuth error has a word of its own (RFC 6749, section 5.2); more of the body may be personal.
        let word = serde_json::from_slice::<Value>(&reply.body)
            .ok()
            .and_then(|body| body.get("error")?.as_str().map(str::to_owned))
            .filter(|word| word.len() <= 40 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        Err(Trouble(format!("status {} {}", reply.status, word.unwrap_or_default())))
    }

    async fn fetch(&self, url: &str) -> Result<Vec<u8>, Trouble> {
        self.ask_outside(Question { url: url.to_owned(), form: None, basic: None }).await
    }

    /// Reads the discovery document of an issuer, which must say that it is of exactly this issuer.
    pub(super) async fn discover_provider(&self, issuer: &str) -> Result<Metadata, Trouble> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let body = self.fetch(&url).await?;
        let metadata: Metadata = serde_json::from_slice(&body)
            .map_err(|error| Trouble(format!("the discovery document does not parse: {error}")))?;
        if metadata.issuer != issuer {
            return Err(Trouble("the discovery document is of another issuer".to_owned()));
        }
        let addresses = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        if addresses.iter().all(|address| plausible_url(address)) {
            Ok(metadata)
        } else {
            Err(Trouble("the discovery document names an address that is not https".to_owned()))
        }
    }

    /// The discovery document of a provider: not older than an hour if it can be reached, else the last one.
    pub(super) async fn provider_metadata(
        &self,
        cx: &Cx,
        tenant: TenantId,
        provider: &Provider,
    ) -> Result<Arc<Metadata>, Trouble> {
        let (kept, wait) = self.inner.providers.with(tenant, provider, |known| {
            let wait = recent(known.metadata_tried, cx.now, PAUSE);
            let fresh =
                known.metadata.as_ref().is_some_and(|(at, _)| recent(Some(*at), cx.now, DISCOVERY_LIFE));
            if !fresh && !wait {
                known.metadata_tried = Some(cx.now);
            }
            (known.metadata.clone(), fresh || wait)
        });
        match (kept, wait) {
            (Some((_, kept)), true) => Ok(kept),
            (None, true) => Err(Trouble("it could not be reached a moment ago".to_owned())),
            (kept, false) => match self.discover_provider(&provider.issuer).await {
                Ok(metadata) => {
                    let metadata = Arc::new(metadata);
                    let read = Some((cx.now, Arc::clone(&metadata)));
                    self.inner.providers.with(tenant, provider, |known| known.metadata = read);
                    Ok(metadata)
                }
                Err(trouble) => kept.map(|(_, kept)| kept).ok_or(trouble),
            },
        }
    }

    /// The provider's keys; read anew at most once a minute, when a token names one that is not among them.
    pub(super) async fn provider_keys(
        &self,
        cx: &Cx,
        tenant: TenantId,
        provider: &Provider,
        metadata: &Metadata,
        token: &UnverifiedIdToken<'_>,
    ) -> Result<Arc<Vec<ProviderKey>>, Trouble> {
        let (kept, read) = self.inner.providers.with(tenant, provider, |known| {
            let read = token.key(&known.keys).is_none() && !recent(known.keys_tried, cx.now, PAUSE);
            if read {
                known.keys_tried = Some(cx.now);
            }
            (Arc::clone(&known.keys), read)
        });
        if !read {
            return Ok(kept);
        }
        let body = self.fetch(&metadata.jwks_uri).await?;
        let keys = identity::provider_keys(&body)
            .ok_or_else(|| Trouble("the key document does not parse".to_owned()))?;
        let keys = Arc::new(keys);
        let read = Arc::clone(&keys);
        self.inner.providers.with(tenant, provider, |known| known.keys = read);
        Ok(keys)
    }

    /// Exchanges the code for an ID token.
    pub(super) async fn exchange(
        &self,
        metadata: &Metadata,
        provider: &Provider,
        secret: &str,
        (code, redirect_uri, verifier): (&str, &str, &str),
    ) -> Result<String, Trouble> {
        #[derive(Deserialize)]
        struct Answer {
            id_token: String,
        }
        let mut form: Vec<(String, String)> = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let basic = if metadata.posts_secret() {
            form.push(("client_id".to_owned(), provider.client_id.clone()));
            form.push(("client_secret".to_owned(), secret.to_owned()));
            None
        } else {
            // RFC 6749, section 2.3.1: both are encoded before they are joined.
            Some((encoded(&provider.client_id), encoded(secret)))
        };
        let question = Question { url: metadata.token_endpoint.clone(), form: Some(form), basic };
        let body = self.ask_outside(question).await?;
        serde_json::from_slice::<Answer>(&body)
            .map(|answer| answer.id_token)
            .map_err(|_| Trouble("the token endpoint sent no ID token".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_this_very_machine() {
        for good in [
            "https://idp.example",
            "https://idp.example/realm/x",
            "http://localhost:3000",
            "http://[::1]:80/x",
        ] {
            assert!(plausible_url(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "http://idp.example",
            "http://localhost.evil.example",
            "http://localhost:80:x@evil/",
            "https://user@idp.example",
            "https://idp.example#x",
            "ftp://idp.example",
            "https:///x",
            "https://idp example",
        ] {
            assert!(!plausible_url(bad), "{bad}");
        }
    }

    #[test]
    fn fields_are_added_to_whatever_query_there_is() {
        let at = |endpoint: &str| Metadata {
            issuer: String::new(),
            authorization_endpoint: endpoint.to_owned(),
            token_endpoint: String::new(),
            jwks_uri: String::new(),
            token_endpoint_auth_methods_supported: Vec::new(),
            names_issuer: false,
        };
        let fields = [("scope", "openid email"), ("state", "a.b")];
        assert_eq!(
            at("https://i.example/a").authorization(&fields),
            "https://i.example/a?scope=openid%20email&state=a.b"
        );
        assert_eq!(
            at("https://i.example/a?p=1").authorization(&fields),
            "https://i.example/a?p=1&scope=openid%20email&state=a.b"
        );
    }
}
