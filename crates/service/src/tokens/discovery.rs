//! What clients look up before they ask for a token.

use super::{OAuthFault, is_any};
use crate::Directory;
use model::{Cx, Error, ErrorKind, Result, TenantId};
use serde_json::{Value, json};

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, OAuthFault::unknown_tenant(name).description)
}

impl Directory {
    /// The key document (RFC 7517) of a tenant, or of all tenants under `common` and `organizations`. Makes a tenant's first
    /// key. Lists what tokens that are still good may be signed with. The common one names no tenant (as on the live
    /// service): strangers read it, and which organisations are here is not theirs to know.
    pub async fn keys_document(&self, cx: &Cx, tenant: &str) -> Result<Value> {
        if is_any(tenant) {
            return self.common_keys(cx).await.map(|document| document.as_ref().clone());
        }
        let id = self.resolve_tenant(tenant).await?.ok_or_else(|| unknown(tenant))?;
        self.signing_key(cx, id).await?;
        let issuer = identity::issuer(self.origin(), id);
        let keys: Vec<Value> = self.public_keys(cx, id).await?.iter().map(|key| key.jwk(&issuer)).collect();
        Ok(json!({ "keys": keys }))
    }

    /// The OpenID Connect discovery document of a tenant, or the template under `common` and `organizations`.
    pub async fn discovery(&self, origin: &str, tenant: &str) -> Result<Value> {
        let (segment, issuer) = if is_any(tenant) {
            (tenant.to_ascii_lowercase(), format!("{origin}/{{tenantid}}/v2.0"))
        } else {
            let id: TenantId = self.resolve_tenant(tenant).await?.ok_or_else(|| unknown(tenant))?;
            (id.to_string(), identity::issuer(origin, id))
        };
        let base = format!("{origin}/{segment}");
        let host = origin.strip_prefix("https://").unwrap_or(origin);
        Ok(json!({
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": [
                "client_secret_post", "private_key_jwt", "client_secret_basic"
            ],
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "request_uri_parameter_supported": false,
            "authorization_response_iss_parameter_supported": true,
            "userinfo_endpoint": format!("{origin}/oidc/userinfo"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "http_logout_supported": true,
            "frontchannel_logout_supported": false,
            "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
            "claims_supported": [
                "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username", "name", "tid", "oid",
                "idp", "ver", "email"
            ],
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": [
                "authorization_code", "refresh_token", "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code"
            ],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256"],
            "tenant_region_scope": "WW",
            "cloud_instance_name": host,
            "cloud_graph_host_name": host,
            "msgraph_host": host,
        }))
    }
}
