//! The token endpoint and the documents that clients read before they use it.

use crate::{App, edge::Arrival, errors::json_response};
use axum::{
    RequestExt, Router,
    extract::{Extension, Form, Path, Query, Request, State},
    response::Response,
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use model::{Error, ErrorKind};
use serde_json::{Value, json};
use service::{OAuthFault, TokenRequest};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/{tenant}/oauth2/token", post(token_v1))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/common/discovery/instance", get(instance))
}

type Fields = Vec<(String, String)>;

/// Bearer and token routes take no cookie, so no rule about sites applies to them.
async fn token(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    let request = TokenRequest { resource: None, ..read(tenant, request).await };
    answer(&app, &arrival, request).await
}

/// The older endpoint names a resource instead of a scope.
async fn token_v1(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    let request = TokenRequest { scope: None, ..read(tenant, request).await };
    answer(&app, &arrival, request).await
}

/// The fields of a token request. Unknown ones are ignored, and so is the query; a body that is no form has none.
async fn read(tenant: String, request: Request) -> TokenRequest {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let authorization = authorization.map(str::to_owned);
    let Form(fields) = request.extract::<Form<Fields>, _>().await.unwrap_or_default();
    let get = |name: &str| fields.iter().find_map(|(key, value)| (key == name).then(|| value.clone()));
    TokenRequest {
        tenant,
        authorization,
        grant_type: get("grant_type"),
        client_id: get("client_id"),
        client_secret: get("client_secret"),
        scope: get("scope"),
        resource: get("resource"),
    }
}

async fn answer(app: &App, arrival: &Arrival, request: TokenRequest) -> Response {
    let basic = request.authorization.is_some();
    let issued = app.directory.issue_app_token(&arrival.cx, &arrival.origin, request).await;
    let mut response = match issued.map(serde_json::to_value) {
        Ok(Ok(body)) => json_response(StatusCode::OK, &body),
        Ok(Err(error)) => refusal(arrival, &OAuthFault::from(Error::internal(error.to_string()))),
        Err(fault) => refusal(arrival, &fault),
    };
    let unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    if unauthorized && basic {
        // RFC 6749, section 5.2: answered in the scheme that the client used.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Innkeeper\""));
    }
    response
}

fn status_of(fault: &OAuthFault) -> StatusCode {
    match fault.error {
        "invalid_client" => StatusCode::UNAUTHORIZED,
        "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
        "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// An error in the form of the live service.
fn refusal(arrival: &Arrival, fault: &OAuthFault) -> Response {
    let trace = arrival.cx.request.to_string();
    let client = arrival.client_request_id.as_ref().and_then(|value| value.to_str().ok());
    let correlation = client.filter(|id| id.parse::<model::RequestId>().is_ok()).unwrap_or(&trace);
    let timestamp = arrival.cx.now.to_oauth_error();
    let description = format!(
        "{}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}",
        fault.description
    );
    let body = json!({
        "error": fault.error,
        "error_description": description,
        "error_codes": [fault.code],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
    });
    json_response(status_of(fault), &body)
}

async fn discovery(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Extension(arrival): Extension<Arrival>,
) -> Response {
    document(&arrival, app.directory.discovery(&arrival.origin, &tenant).await)
}

async fn keys(
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
            refusal(arrival, &OAuthFault { code: 90_002, error: "invalid_tenant", description })
        }
        Err(error) => refusal(arrival, &OAuthFault::from(error)),
    };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// Tells clients that this server is an authority and where its discovery document is.
async fn instance(Extension(arrival): Extension<Arrival>, Query(query): Query<Fields>) -> Response {
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
    json_response(StatusCode::OK, &body)
}
