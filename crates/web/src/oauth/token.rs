//! The token endpoint and the device authorization endpoint. They take no cookie, so no rule about sites applies to them.

use super::{duplicate, field, form, name_request, refusal};
use crate::{App, edge::Arrival, errors::json_response};
use axum::{
    extract::{Extension, Path, Request, State},
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use service::{TokenAnswer, TokenRequest};

pub(super) async fn token(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    let request = TokenRequest { resource: None, ..read(&app, &arrival, tenant, request).await };
    answer(&app, &arrival, request).await
}

/// The older endpoint names a resource instead of a scope.
pub(super) async fn token_v1(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    let request = TokenRequest { scope: None, v1: true, ..read(&app, &arrival, tenant, request).await };
    answer(&app, &arrival, request).await
}

pub(super) async fn device(
    State(app): State<App>,
    Path(tenant): Path<String>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    let request = read(&app, &arrival, tenant, request).await;
    let mut response = match app.directory.start_device(&arrival.cx, &arrival.origin, &request).await {
        Ok(answer) => json_response(StatusCode::OK, &json!(answer)),
        Err(fault) => refusal(&arrival, &fault),
    };
    private(&mut response, &arrival);
    response
}

/// The fields of a request. Unknown ones are ignored, and so is the query.
async fn read(app: &App, arrival: &Arrival, tenant: String, request: Request) -> TokenRequest {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let authorization = authorization.map(str::to_owned);
    let fields = form(request).await;
    let get = |name: &str| field(&fields, name);
    TokenRequest {
        tenant,
        authorization,
        grant_type: get("grant_type"),
        client_id: get("client_id"),
        client_secret: get("client_secret"),
        client_assertion: get("client_assertion"),
        client_assertion_type: get("client_assertion_type"),
        scope: get("scope"),
        resource: get("resource"),
        code: get("code"),
        redirect_uri: get("redirect_uri"),
        code_verifier: get("code_verifier"),
        refresh_token: get("refresh_token"),
        device_code: get("device_code"),
        client_info: get("client_info"),
        v1: false,
        duplicate: duplicate(&fields),
        // Nobody is kept waiting in a demonstration.
        network: (!app.options.demo).then(|| arrival.network()),
    }
}

async fn answer(app: &App, arrival: &Arrival, request: TokenRequest) -> Response {
    let basic = request.authorization.is_some();
    let mut response = match app.directory.issue_token(&arrival.cx, &arrival.origin, request).await {
        Ok(answer) => json_response(StatusCode::OK, &body(answer)),
        Err(fault) => {
            let mut response = refusal(arrival, &fault);
            report(&mut response, fault.code);
            response
        }
    };
    if response.status() == StatusCode::OK {
        report(&mut response, 0);
    }
    private(&mut response, arrival);
    if response.status() == StatusCode::UNAUTHORIZED && basic {
        // RFC 6749, section 5.2: answered in the scheme that the client used.
        let scheme = HeaderValue::from_static("Basic realm=\"Innkeeper\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

/// Secrets are in it: nobody on the way keeps it.
fn private(response: &mut Response, arrival: &Arrival) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    name_request(headers, arrival);
}

/// What clients of the live service report about a request: the version of the form, and the number of the error.
fn report(response: &mut Response, code: u32) {
    if let Ok(value) = HeaderValue::from_str(&format!("1,{code},0,,")) {
        response.headers_mut().insert(HeaderName::from_static("x-ms-clitelem"), value);
    }
}

/// The v1 endpoint writes numbers as text and repeats the resource.
fn body(answer: TokenAnswer) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    set("token_type", json!("Bearer"));
    match answer.v1 {
        None => {
            set("expires_in", json!(answer.expires_in));
            set("ext_expires_in", json!(answer.expires_in));
        }
        Some((resource, issued)) => {
            let seconds = issued.as_seconds();
            set("expires_in", json!(answer.expires_in.to_string()));
            set("ext_expires_in", json!(answer.expires_in.to_string()));
            set("expires_on", json!((seconds + answer.expires_in).to_string()));
            set("not_before", json!(seconds.to_string()));
            set("resource", json!(resource));
        }
    }
    if let Some(scope) = answer.scope {
        set("scope", json!(scope));
    }
    set("access_token", json!(answer.access_token));
    for (name, value) in [
        ("refresh_token", answer.refresh_token),
        ("id_token", answer.id_token),
        ("client_info", answer.client_info),
    ] {
        if let Some(value) = value {
            set(name, json!(value));
        }
    }
    Value::Object(body)
}
