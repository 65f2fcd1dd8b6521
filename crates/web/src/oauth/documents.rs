//! What clients read: discovery, keys, and who the person is.

use super::{Fields, name_request, refusal};
use crate::{
    App,
    edge::Arrival,
    errors::{Problem, json_response},
};
use axum::{
    extract::{Extension, Path, Query, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{Error, ErrorKind};
use serde_json::{Value, json};
use service::OAuthFault;

pub(super) async fn discovery(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Extension(arrival): Extension<Arrival>,
) -> Response {
    document(&arrival, app.directory.discovery(&arrival.origin, &tenant).await)
}

pub(super) async fn keys(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Extension(arrival): Extension<Arrival>,
) -> Response {
    document(&arrival, app.directory.keys_document(&arrival.cx, &tenant).await)
}

/// A document that pages of other sites may read: it holds nothing that is not public.
fn document(arrival: &Arrival, found: Result<Value, Error>) -> Response {
    let mut response = match found {
        Ok(body) => {
            let mut response = json_response(StatusCode::OK, &body);
            let fresh = HeaderValue::from_static("max-age=86400, private");
            response.headers_mut().insert(header::CACHE_CONTROL, fresh);
            response
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let description = error.external().to_owned();
            let fault = OAuthFault { code: 90_002, error: "invalid_tenant", suberror: None, description };
            refusal(arrival, &fault)
        }
        Err(error) => refusal(arrival, &OAuthFault::from(error)),
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    name_request(headers, arrival);
    response
}

/// Tells clients that this server is an authority and where its discovery document is.
pub(super) async fn instance(
    Extension(arrival): Extension<Arrival>,
    Query(query): Query<Fields>,
) -> Response {
    let named =
        query.iter().find_map(|(key, value)| (key == "authorization_endpoint").then_some(value.as_str()));
    // The endpoint that the client asks about names the tenant, where it is one of ours.
    let tenant = named
        .and_then(|endpoint| endpoint.strip_prefix(&arrival.origin)?.strip_prefix('/')?.split('/').next())
        .filter(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        })
        .unwrap_or("common");
    let host = arrival.origin.strip_prefix("https://").unwrap_or(&arrival.origin);
    let body = json!({
        "tenant_discovery_endpoint": format!("{}/{tenant}/v2.0/.well-known/openid-configuration", arrival.origin),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    });
    document(&arrival, Ok(body))
}

/// Who the person behind a token is. The token comes in the header only.
pub(super) async fn userinfo(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let authorization = match (all.next().map(HeaderValue::to_str), all.next()) {
        (Some(Ok(one)), None) => Some(one),
        _ => None,
    };
    let found = async {
        let caller = app.directory.bearer(&arrival.cx, authorization).await?;
        app.directory.userinfo(&arrival.cx, &caller).await
    };
    let mut response = match found.await {
        Ok(claims) => json_response(StatusCode::OK, &claims),
        Err(error) => {
            let challenge = match error.kind() {
                ErrorKind::Forbidden => Some("Bearer error=\"insufficient_scope\", scope=\"openid\""),
                // RFC 6750, section 3.1: whoever sent no token is told no error.
                ErrorKind::Unauthenticated(model::TokenFault::Missing) => Some("Bearer"),
                ErrorKind::Unauthenticated(_) => Some("Bearer error=\"invalid_token\""),
                _ => None,
            };
            let mut response = Problem::from(error).json(&arrival);
            if let Some(challenge) = challenge {
                let challenge = HeaderValue::from_static(challenge);
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    name_request(headers, &arrival);
    response
}
