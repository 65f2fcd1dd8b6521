//! Our own API, `/innkeeper/v1`: what My Account does, as JSON, for the same session.

use crate::{
    App,
    edge::Arrival,
    errors::{Problem, json_response},
    own_data,
    pages::session,
};
use axum::{
    Router,
    body::Bytes,
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use model::{Error, InvitationState, TenantId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use service::{LeaveAnswer, LeaveView, Left, Listed, Refused, SignedIn};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/innkeeper/v1/me/organizations", get(list).fallback(wrong_method))
        .route("/innkeeper/v1/me/organizations/{tenant}/data", get(data).fallback(wrong_method))
        .route(
            "/innkeeper/v1/me/organizations/{tenant}/leave",
            get(view_leave).post(leave).fallback(wrong_method),
        )
}

type Answer = Result<Response, Trouble>;

/// An error on its way to the arrival that it answers.
struct Trouble(Box<Response>);

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        *self.0
    }
}

fn trouble(arrival: &Arrival, error: impl Into<Problem>) -> Trouble {
    Trouble(Box::new(error.into().json(arrival)))
}

async fn wrong_method(Extension(arrival): Extension<Arrival>) -> Response {
    let message = "This method is not allowed here. Use GET; to leave, POST the confirmation.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", message).json(&arrival)
}

/// The person behind the session cookie.
async fn signed_in(app: &App, arrival: &Arrival, headers: &HeaderMap) -> Result<SignedIn, Trouble> {
    let cookie = session::cookie(headers, session::SESSION).unwrap_or_default();
    let found = app.directory.session(&arrival.cx, cookie).await.map_err(|error| trouble(arrival, error))?;
    found.ok_or_else(|| {
        let message = "There is no session. Sign in on the page /signin, and send the session cookie along.";
        trouble(arrival, Problem::new(StatusCode::UNAUTHORIZED, "notSignedIn", message))
    })
}

async fn list(State(app): State<App>, Extension(arrival): Extension<Arrival>, headers: HeaderMap) -> Answer {
    let who = signed_in(&app, &arrival, &headers).await?;
    let listed = app.directory.my_organizations(&who).await.map_err(|error| trouble(&arrival, error))?;
    let value: Vec<Value> = listed.iter().map(|one| entry(&who, one, arrival.cx.trusted)).collect();
    Ok(json_response(StatusCode::OK, &json!({ "value": value })))
}

fn entry(who: &SignedIn, one: &Listed, trusted: Timestamp) -> Value {
    let Listed { tenant, user, invited_by, leave, connection, can_accept } = one;
    let accepted = user.invitation == Some(InvitationState::Accepted);
    let connection = connection.as_ref();
    let state = match (user.deletion, user.invitation) {
        (Some(_), _) => "Deleted",
        (None, Some(state)) => state.as_str(),
        (None, None) => "Accepted",
    };
    json!({
        "tenantId": tenant.id,
        "displayName": tenant.name,
        "domain": tenant.domain,
        "home": who.home_tenant() == Some(tenant.id),
        "directConnection": connection.is_some(),
        "userType": connection.is_none().then(|| user.user_type.as_str()),
        "state": state,
        "standing": one.standing(trusted).as_str(),
        "accountEnabled": user.account_enabled,
        "canLeave": leave.is_ok(),
        "reason": leave.err().map(|reason| reason.as_str()),
        "canAccept": can_accept,
        "invitedBy": invited_by,
        "invitedDateTime": user.invitation.filter(|_| connection.is_none()).map(|_| user.created.to_graph()),
        "acceptedDateTime": user.invitation_changed.filter(|_| accepted).map(Timestamp::to_graph),
        "connectedDateTime": connection.map(|connection| connection.created.to_graph()),
        "lastConnectedDateTime": connection.map(|connection| connection.last.to_graph()),
        "createdDateTime": user.created.to_graph(),
        "deletedDateTime": user.deletion.map(|deletion| deletion.at.to_graph()),
        "permanentlyDeletedAfter": user.deletion.map(|deletion| deletion.purge_after.to_graph()),
        "privacyContact": tenant.privacy.contact_email,
        "privacyStatementUrl": tenant.privacy.statement_url,
    })
}

async fn data(
    State(app): State<App>,
    Path(named): Path<String>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Answer {
    let who = signed_in(&app, &arrival, &headers).await?;
    let tenant = resolve(&app, &arrival, &named).await?;
    let data = app.directory.personal_data(&arrival.cx, &who, tenant).await;
    let data = data.map_err(|error| failed(&arrival, error))?;
    Ok(json_response(StatusCode::OK, &own_data::document(&data)))
}

/// The tenant in the path, by id or domain. One without an account of this person answers like one that does not exist.
async fn resolve(app: &App, arrival: &Arrival, named: &str) -> Result<TenantId, Trouble> {
    let found = app.directory.resolve_tenant(named).await.map_err(|error| trouble(arrival, error))?;
    found.ok_or_else(|| trouble(arrival, unknown()))
}

fn unknown() -> Problem {
    let message = "You have no account in such an organization. GET /innkeeper/v1/me/organizations lists those where you have.";
    Problem::new(StatusCode::NOT_FOUND, "organizationNotFound", message)
}

fn failed(arrival: &Arrival, error: Error) -> Trouble {
    if error.kind() == model::ErrorKind::NotFound {
        trouble(arrival, unknown())
    } else {
        trouble(arrival, error)
    }
}

async fn view_leave(
    State(app): State<App>,
    Path(named): Path<String>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Answer {
    let who = signed_in(&app, &arrival, &headers).await?;
    let tenant = resolve(&app, &arrival, &named).await?;
    let view =
        app.directory.view_leave(&arrival.cx, &who, tenant).await.map_err(|error| failed(&arrival, error))?;
    Ok(json_response(StatusCode::OK, &consequences(&arrival, view)))
}

fn consequences(arrival: &Arrival, view: LeaveView) -> Value {
    match view {
        LeaveView::Confirm(confirm) => json!({
            "canLeave": true,
            "tenantId": confirm.tenant.id,
            "displayName": confirm.tenant.name,
            "leaving": confirm.leaving.as_str(),
            "consequences": {
                "groups": confirm.groups,
                "roles": confirm.roles,
                "apps": confirm.apps,
                "softDeletedAt": arrival.cx.now.to_graph(),
                "permanentlyDeletedAfter": confirm.purge_after.to_graph(),
            },
            "confirmation": confirm.confirmation,
            "confirmationExpires": confirm.expires.to_graph(),
        }),
        LeaveView::Refused(Refused { reason, tenant, name, privacy, .. }) => json!({
            "canLeave": false,
            "reason": reason.as_str(),
            "tenantId": tenant,
            "displayName": name,
            "privacyContact": privacy.contact_email,
            "privacyStatementUrl": privacy.statement_url,
        }),
    }
}

/// The body of a leave.
#[derive(Deserialize)]
struct Confirmation {
    confirmation: String,
}

/// Leaves. Two things keep other sites out: the rule about sites, together with a content type that forms cannot send; and
/// the confirmation, which is random, bound to this session, and readable only in an answer to ourselves. It serves as the
/// synchroniser token, so there is no second one.
async fn leave(
    State(app): State<App>,
    Path(named): Path<String>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    if !session::is_from_us(&headers, &arrival.origin) {
        let message =
            "The request must come from a page of this server: Sec-Fetch-Site or Origin does not say so.";
        return Err(trouble(&arrival, Problem::new(StatusCode::FORBIDDEN, "crossSiteRequest", message)));
    }
    let who = signed_in(&app, &arrival, &headers).await?;
    let confirmation = confirmation(&headers, &body).map_err(|problem| trouble(&arrival, problem))?;
    let tenant = resolve(&app, &arrival, &named).await?;
    let left = app.directory.leave(&arrival.cx, &who, tenant, &confirmation).await;
    match left.map_err(|error| failed(&arrival, error))? {
        LeaveAnswer::Left(left) => Ok(json_response(StatusCode::OK, &receipt(&left))),
        LeaveAnswer::Refused(why) => Ok(refusal(&arrival, &why)),
        LeaveAnswer::Stale => {
            let message = "The confirmation is used, too old, or for another state of things. GET this address again for a new one.";
            Err(trouble(&arrival, Problem::new(StatusCode::CONFLICT, "staleConfirmation", message)))
        }
    }
}

fn receipt(left: &Left) -> Value {
    json!({
        "tenantId": left.tenant,
        "displayName": left.name,
        "leaving": left.leaving.as_str(),
        "leftAt": left.at.to_graph(),
        "permanentlyDeletedAfter": left.purge_after.to_graph(),
        "privacyContact": left.privacy.contact_email,
        "privacyStatementUrl": left.privacy.statement_url,
    })
}

fn confirmation(headers: &HeaderMap, body: &[u8]) -> Result<String, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let message = "Send the body as application/json.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupportedMediaType", message));
    }
    serde_json::from_slice::<Confirmation>(body).map(|body| body.confirmation).map_err(|_| {
        let message =
            "The body must be a JSON object with the text \"confirmation\", as GET at this address gave it.";
        Problem::new(StatusCode::BAD_REQUEST, "invalidBody", message)
    })
}

/// A refused leave, with the reason for programs and whom to turn to.
fn refusal(arrival: &Arrival, why: &Refused) -> Response {
    let id = arrival.cx.request.to_string();
    let client = arrival.client_request_id.as_ref().and_then(|value| value.to_str().ok()).unwrap_or(&id);
    let body = json!({ "error": {
        "code": "leaveNotAllowed",
        "message": format!("You'll need permission to leave. {}", why.reason.explanation()),
        "reason": why.reason.as_str(),
        "privacyContact": why.privacy.contact_email,
        "privacyStatementUrl": why.privacy.statement_url,
        "innerError": { "date": arrival.cx.now.to_graph_error(), "request-id": id, "client-request-id": client },
    }});
    json_response(StatusCode::FORBIDDEN, &body)
}
