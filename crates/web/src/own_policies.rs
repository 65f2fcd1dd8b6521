//! Our own policies under `/innkeeper/v1/policies`, for apps with a token for Graph: what Graph has no resource for.
//!
//! A bearer token comes with every request by itself, so the rules against forged requests of other sites do not apply here.

use crate::{
    App,
    edge::Arrival,
    errors::{Problem, json_response},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Extension, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use model::{
    Error,
    collaboration::{DomainMode, InvitationDomains},
};
use serde_json::{Map, Value, json};
use service::{AuthorizationPolicyPatch, Caller, InvitationDomainsPatch};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(
            "/innkeeper/v1/policies/invitationDomains",
            get(read_domains).patch(write_domains).fallback(wrong_method),
        )
        .route(
            "/innkeeper/v1/policies/guestAdministrators",
            get(read_guest_administrators).patch(write_guest_administrators).fallback(wrong_method),
        )
}

async fn wrong_method(Extension(arrival): Extension<Arrival>) -> Response {
    let message = "This method is not allowed here. Use GET to read, PATCH to change.";
    let mut problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", message);
    problem.allow = Some("GET, PATCH".to_owned());
    problem.json(&arrival)
}

pub(crate) async fn caller(app: &App, arrival: &Arrival, headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut tokens = headers.get_all(header::AUTHORIZATION).iter();
    let token = tokens.next().map(|value| value.to_str().unwrap_or_default());
    if tokens.next().is_some() {
        return Err(Problem::bad_request(
            "The request has more than one Authorization header: send exactly one.",
        ));
    }
    Ok(app.directory.bearer(&arrival.cx, token).await?)
}

pub(crate) fn answered(arrival: &Arrival, answer: Result<Response, Problem>) -> Response {
    answer.unwrap_or_else(|problem| problem.json(arrival))
}

pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The members of a JSON body.
pub(crate) fn members(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let message = "Send the body as application/json.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupportedMediaType", message));
    }
    Ok(odata::json::parse_object(body)?)
}

pub(crate) fn unknown(name: &str) -> Problem {
    Problem::bad_request(format!(
        "There is no member '{name}' here. GET this address shows those that there are."
    ))
}

fn domains(list: &InvitationDomains) -> Value {
    json!({ "mode": list.mode.as_str(), "domains": list.domains })
}

async fn read_domains(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let caller = caller(&app, &arrival, &headers).await?;
        let list = app.directory.get_invitation_domains(&arrival.cx, &caller).await?;
        Ok(json_response(StatusCode::OK, &domains(&list)))
    };
    answered(&arrival, answer.await)
}

fn domains_patch(members: Map<String, Value>) -> Result<InvitationDomainsPatch, Problem> {
    let mut patch = InvitationDomainsPatch::default();
    for (name, value) in members {
        match name.as_str() {
            "mode" => {
                let mode = value
                    .as_str()
                    .and_then(DomainMode::parse)
                    .ok_or_else(|| Problem::bad_request("mode must be \"any\", \"deny\" or \"allow\"."))?;
                patch.mode = Some(mode);
            }
            "domains" => {
                let list = value.as_array().and_then(|items| {
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
                });
                let list = list.ok_or_else(|| {
                    Problem::bad_request(
                        "domains must be a list of domain names, such as [\"fabrikam.example\"].",
                    )
                })?;
                patch.domains = Some(list);
            }
            _ => return Err(unknown(&name)),
        }
    }
    Ok(patch)
}

async fn write_domains(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = async {
        let caller = caller(&app, &arrival, &headers).await?;
        let patch = domains_patch(members(&headers, &body)?)?;
        app.directory.update_invitation_domains(&arrival.cx, &caller, patch).await?;
        Ok(no_content())
    };
    answered(&arrival, answer.await)
}

async fn read_guest_administrators(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let caller = caller(&app, &arrival, &headers).await?;
        let policy = app.directory.get_authorization_policy(&arrival.cx, &caller).await?;
        Ok(json_response(StatusCode::OK, &json!({ "guestAdministrators": policy.guest_administrators })))
    };
    answered(&arrival, answer.await)
}

async fn write_guest_administrators(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = async {
        let caller = caller(&app, &arrival, &headers).await?;
        let mut allowed = None;
        for (name, value) in members(&headers, &body)? {
            match (name.as_str(), value) {
                ("guestAdministrators", Value::Bool(flag)) => allowed = Some(flag),
                ("guestAdministrators", _) => {
                    return Err(Error::bad_request("guestAdministrators must be true or false.").into());
                }
                _ => return Err(unknown(&name)),
            }
        }
        let patch =
            AuthorizationPolicyPatch { guest_administrators: allowed, ..AuthorizationPolicyPatch::default() };
        app.directory.update_authorization_policy(&arrival.cx, &caller, patch).await?;
        Ok(no_content())
    };
    answered(&arrival, answer.await)
}
