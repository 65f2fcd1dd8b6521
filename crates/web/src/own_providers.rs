//! External identity providers under `/innkeeper/v1/identityProviders`, for apps with a token for Graph: what administrators do on the
//! page about sign-in. Which domains are a provider's, the operator of the server confirms.

use crate::{
    App,
    edge::Arrival,
    errors::{Problem, json_response},
    own_policies::{answered, caller, members, no_content, unknown},
    pages::paths,
};
use axum::{
    Router,
    body::Bytes,
    extract::{Extension, Path, State},
    response::Response,
    routing::{delete, get, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{Error, authz::Operation};
use serde_json::{Map, Value, json};
use service::{Caller, NewProvider, ProviderPatch, ProviderView};
use uuid::Uuid;

/// Where they are.
const PATH: &str = "/innkeeper/v1/identityProviders";

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(PATH, get(list).post(add).fallback(wrong_method))
        .route(
            "/innkeeper/v1/identityProviders/{id}",
            get(read).patch(change).delete(remove).fallback(wrong_method),
        )
        .route("/innkeeper/v1/identityProviders/{id}/domains", post(add_domain).fallback(wrong_method))
        .route(
            "/innkeeper/v1/identityProviders/{id}/domains/{domain}",
            delete(remove_domain).fallback(wrong_method),
        )
}

async fn wrong_method(Extension(arrival): Extension<Arrival>) -> Response {
    let message = "This method is not allowed here. /innkeeper/v1/openapi.json lists those that are.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", message).json(&arrival)
}

/// Whoever may change providers. Asked before the body is read: what is wrong with that is told to those only who may do it right.
async fn writer(app: &App, arrival: &Arrival, headers: &HeaderMap) -> Result<Caller, Problem> {
    let caller = caller(app, arrival, headers).await?;
    app.directory.check_operation(&arrival.cx, &caller, Operation::UpdateIdentityProviders).await?;
    Ok(caller)
}

fn named(id: &str) -> Result<Uuid, Problem> {
    id.parse().map_err(|_| Error::not_found(id).into())
}

fn entity(provider: &ProviderView) -> Value {
    let domain = |(domain, confirmed): &(String, bool)| json!({ "domain": domain, "confirmed": confirmed });
    json!({
        "id": provider.id,
        "displayName": provider.name,
        "issuer": provider.issuer,
        "clientId": provider.client_id,
        "trustsEmail": provider.trusts_email,
        "enabled": provider.enabled,
        "domains": provider.domains.iter().map(domain).collect::<Vec<_>>(),
    })
}

fn text(name: &str, value: &Value) -> Result<String, Problem> {
    value.as_str().map(str::to_owned).ok_or_else(|| Problem::bad_request(format!("{name} must be a text.")))
}

fn flag(name: &str, value: &Value) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| Problem::bad_request(format!("{name} must be true or false.")))
}

/// What may be changed, out of the members of a body; the rest of them.
fn patch(members: Map<String, Value>) -> Result<(ProviderPatch, Map<String, Value>), Problem> {
    let (mut patch, mut rest) = (ProviderPatch::default(), Map::new());
    for (name, value) in members {
        match name.as_str() {
            "displayName" => patch.name = Some(text(&name, &value)?),
            "clientId" => patch.client_id = Some(text(&name, &value)?),
            "clientSecret" => patch.client_secret = Some(text(&name, &value)?),
            "trustsEmail" => patch.trusts_email = Some(flag(&name, &value)?),
            "enabled" => patch.enabled = Some(flag(&name, &value)?),
            _ => drop(rest.insert(name, value)),
        }
    }
    Ok((patch, rest))
}

/// A registration to be; it is on from the beginning.
fn registration(members: Map<String, Value>) -> Result<NewProvider, Problem> {
    let (patch, mut rest) = patch(members)?;
    let issuer = rest.remove("issuer").map(|value| text("issuer", &value)).transpose()?;
    if let Some(name) = rest.keys().next() {
        return Err(unknown(name));
    }
    if patch.enabled == Some(false) {
        return Err(Problem::bad_request(
            "A provider is on when it is registered. Switch it off afterwards.",
        ));
    }
    let needed = |name: &str, value: Option<String>| {
        value.ok_or_else(|| Problem::bad_request(format!("The body must have the member {name}.")))
    };
    Ok(NewProvider {
        name: needed("displayName", patch.name)?,
        issuer: needed("issuer", issuer)?,
        client_id: needed("clientId", patch.client_id)?,
        client_secret: needed("clientSecret", patch.client_secret)?,
        trusts_email: patch.trusts_email.unwrap_or(false),
    })
}

async fn list(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let caller = caller(&app, &arrival, &headers).await?;
        let all = app.directory.list_providers(&arrival.cx, &caller).await?;
        let value: Vec<Value> = all.iter().map(entity).collect();
        let callback = format!("{}{}", arrival.origin, paths::SIGN_IN_CALLBACK);
        Ok(json_response(StatusCode::OK, &json!({ "value": value, "redirectUri": callback })))
    };
    answered(&arrival, answer.await)
}

async fn add(
    State(app): State<App>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = async {
        let caller = writer(&app, &arrival, &headers).await?;
        let new = registration(members(&headers, &body)?)?;
        let id = app.directory.add_provider(&arrival.cx, &caller, new).await?;
        let provider = app.directory.get_provider(&arrival.cx, &caller, id).await?;
        let mut response = json_response(StatusCode::CREATED, &entity(&provider));
        if let Ok(location) = HeaderValue::from_str(&format!("{}{PATH}/{id}", arrival.origin)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    };
    answered(&arrival, answer.await)
}

async fn read(
    State(app): State<App>,
    Path(id): Path<String>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let caller = caller(&app, &arrival, &headers).await?;
        let provider = app.directory.get_provider(&arrival.cx, &caller, named(&id)?).await?;
        Ok(json_response(StatusCode::OK, &entity(&provider)))
    };
    answered(&arrival, answer.await)
}

async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = async {
        let caller = writer(&app, &arrival, &headers).await?;
        let (patch, rest) = patch(members(&headers, &body)?)?;
        match rest.keys().next().map(String::as_str) {
            None => {}
            Some("issuer") => {
                let message = "The issuer of a provider stays: it is part of who its people are. Register another provider.";
                return Err(Problem::bad_request(message));
            }
            Some(name) => return Err(unknown(name)),
        }
        app.directory.update_provider(&arrival.cx, &caller, named(&id)?, patch).await?;
        Ok(no_content())
    };
    answered(&arrival, answer.await)
}

async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let caller = caller(&app, &arrival, &headers).await?;
        app.directory.delete_provider(&arrival.cx, &caller, named(&id)?).await?;
        Ok(no_content())
    };
    answered(&arrival, answer.await)
}

async fn add_domain(
    State(app): State<App>,
    Path(id): Path<String>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = async {
        let caller = writer(&app, &arrival, &headers).await?;
        let (id, mut members) = (named(&id)?, members(&headers, &body)?);
        let domain = members.remove("domain").unwrap_or_default();
        let domain = text("domain", &domain)?;
        if let Some(name) = members.keys().next() {
            return Err(unknown(name));
        }
        app.directory.add_provider_domain(&arrival.cx, &caller, id, &domain).await?;
        let provider = app.directory.get_provider(&arrival.cx, &caller, id).await?;
        Ok(json_response(StatusCode::OK, &entity(&provider)))
    };
    answered(&arrival, answer.await)
}

async fn remove_domain(
    State(app): State<App>,
    Path((id, domain)): Path<(String, String)>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let caller = caller(&app, &arrival, &headers).await?;
        app.directory.remove_provider_domain(&arrival.cx, &caller, named(&id)?, &domain).await?;
        Ok(no_content())
    };
    answered(&arrival, answer.await)
}
