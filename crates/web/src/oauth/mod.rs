//! The endpoints of the identity platform that programs use: tokens, devices, keys, and the documents that clients read before.

mod documents;
mod token;

use crate::{App, edge::Arrival, errors::json_response, pages::encoded};
use axum::{
    RequestExt, Router,
    body::Body,
    extract::{Form, Request},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use serde_json::json;
use service::{AuthorizeRequest, OAuthFault};

/// The parameters of a request in the order in which they came.
pub(crate) type Fields = Vec<(String, String)>;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token::token))
        .route("/{tenant}/oauth2/token", post(token::token_v1))
        .route("/{tenant}/oauth2/v2.0/authorize", post(authorize))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(token::device))
        .route("/{tenant}/oauth2/devicecode", post(token::device))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(documents::discovery))
        .route("/{tenant}/discovery/v2.0/keys", get(documents::keys))
        .route("/common/discovery/instance", get(documents::instance))
        .route("/oidc/userinfo", get(documents::userinfo).post(documents::userinfo))
}

/// The form of a request; a body that is no form has no fields.
async fn form(request: Request) -> Fields {
    let Form(fields) = request.extract::<Form<Fields>, _>().await.unwrap_or_default();
    fields
}

/// A request for authorization that comes as a form (OpenID Connect Core, section 3.1.2.1) is taken up as one in the address.
/// Nothing is done here and no cookie is looked at, so other sites may send it.
async fn authorize(uri: Uri, request: Request) -> Response {
    let fields = form(request).await;
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    match HeaderValue::from_str(&format!("{}?{}", uri.path(), pairs.join("&"))) {
        Ok(location) => drop(response.headers_mut().insert(header::LOCATION, location)),
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

/// The first field of this name.
pub(crate) fn field(fields: &Fields, name: &str) -> Option<String> {
    fields.iter().find_map(|(key, value)| (key == name).then(|| value.clone()))
}

/// A field that is there twice (RFC 6749, section 3.1).
pub(crate) fn duplicate(fields: &Fields) -> Option<String> {
    let repeated = fields
        .iter()
        .enumerate()
        .find(|(at, (name, _))| fields.iter().take(*at).any(|(other, _)| other == name));
    repeated.map(|(_, (name, _))| name.clone())
}

/// A request to the authorization endpoint out of its parameters; unknown ones are ignored.
pub(crate) fn authorize_request(origin: &str, tenant: String, fields: &Fields) -> AuthorizeRequest {
    let get = |name: &str| field(fields, name);
    AuthorizeRequest {
        tenant,
        origin: origin.to_owned(),
        client_id: get("client_id"),
        redirect_uri: get("redirect_uri"),
        response_type: get("response_type"),
        response_mode: get("response_mode"),
        scope: get("scope"),
        state: get("state"),
        nonce: get("nonce"),
        prompt: get("prompt"),
        max_age: get("max_age"),
        id_token_hint: get("id_token_hint"),
        code_challenge: get("code_challenge"),
        code_challenge_method: get("code_challenge_method"),
        request: get("request"),
        request_uri: get("request_uri"),
        duplicate: duplicate(fields),
    }
}

fn status_of(fault: &OAuthFault) -> StatusCode {
    match (fault.error, fault.code) {
        (_, 90_055) => StatusCode::TOO_MANY_REQUESTS,
        ("invalid_client", _) => StatusCode::UNAUTHORIZED,
        ("server_error", _) => StatusCode::INTERNAL_SERVER_ERROR,
        ("temporarily_unavailable", _) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The id under which the client knows the request, where that is an id; else our own.
fn correlation(arrival: &Arrival) -> String {
    let client = arrival.client_request_id.as_ref().and_then(|value| value.to_str().ok());
    let client = client.filter(|id| id.parse::<model::RequestId>().is_ok());
    client.map_or_else(|| arrival.cx.request.to_string(), str::to_owned)
}

/// An error in the form of the live service.
fn refusal(arrival: &Arrival, fault: &OAuthFault) -> Response {
    let correlation = correlation(arrival);
    let mut body = json!({
        "error": fault.error,
        "error_description": fault.described(&arrival.cx, &correlation),
        "error_codes": [fault.code],
        "timestamp": arrival.cx.now.to_oauth_error(),
        "trace_id": arrival.cx.request,
        "correlation_id": correlation,
    });
    if let Some(suberror) = fault.suberror {
        body["suberror"] = json!(suberror);
    }
    let status = status_of(fault);
    let mut response = json_response(status, &body);
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let pause = if status == StatusCode::TOO_MANY_REQUESTS { 60 } else { 5_u32 };
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(pause));
    }
    response
}

/// The id of the request as clients of the live service look for it.
fn name_request(headers: &mut HeaderMap, arrival: &Arrival) {
    if let Ok(id) = HeaderValue::from_str(&arrival.cx.request.to_string()) {
        headers.insert(HeaderName::from_static("x-ms-request-id"), id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_parameter_that_comes_twice_is_found() {
        assert_eq!(duplicate(&fields(&[("a", "1"), ("b", "1")])), None);
        assert_eq!(duplicate(&fields(&[("a", "1"), ("b", "1"), ("a", "1")])).as_deref(), Some("a"));
    }
}
