//! Microsoft Graph, v1.0 and beta from one route table.

mod batch;
mod body;
mod call;
mod delta;
mod directory;
mod expand;
mod lookup;
mod members;
mod metadata;
mod objects;
mod openapi;
mod policies;
mod routes;
mod samples;
mod schema;
mod service_root;
mod users;
mod wire;

pub(crate) use objects::{addresses_of, with_addresses_at};
pub(crate) use openapi::document as openapi;
pub use routes::{Route, routes};
pub(crate) use samples::sample;
pub(crate) use wire::{audit as audit_object, parse_audit_id};

pub(crate) use call::RESOURCE_UNIT;
pub(crate) use schema::USER;

use call::{Answer, Call, no_content, plain_count, seen, success};
use expand::{Expand, Inside};

use crate::{App, edge::Arrival, errors::Problem};
use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use model::{ErrorKind, TokenFault, authz::Operation};
use odata::Path;
use routes::{Action, Found};
use service::Caller;
use std::pin::Pin;

/// `/v1.0` or `/beta`; both serve the same objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Version {
    V1,
    Beta,
}

impl Version {
    pub(crate) const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }

    pub(crate) fn parse(segment: &str) -> Option<Self> {
        [Self::V1, Self::Beta].into_iter().find(|version| segment.eq_ignore_ascii_case(version.segment()))
    }
}

/// Is this address Graph's?
pub(crate) fn owns(path: &str) -> bool {
    path.trim_start_matches('/').split('/').next().and_then(Version::parse).is_some()
}

/// Answers one call.
pub(crate) async fn answer(app: &App, arrival: &Arrival, request: Request) -> Response {
    let from_page = request.headers().contains_key(header::ORIGIN);
    let mut response = match dispatch(app, arrival, request).await {
        Ok(response) => response,
        Err(problem) => problem.json(arrival),
    };
    if from_page {
        share(response.headers_mut());
    }
    response
}

/// The same with its type said, for the requests inside a batch: they are answered by what answers the batch.
fn answer_inside<'a>(
    app: &'a App,
    arrival: &'a Arrival,
    request: Request,
) -> Pin<Box<dyn Future<Output = Response> + Send + 'a>> {
    Box::pin(answer(app, arrival, request))
}

/// The route that a method and an address come to, if there is one, with the values of its braces.
pub(crate) fn route_of(method: &Method, path: &str) -> Option<(&'static Route, Vec<String>)> {
    match resolve(method, path) {
        Ok((_, Found::Route(route, values))) => Some((route, values)),
        _ => None,
    }
}

type Target = Result<(Version, Found), Problem>;

/// What a method and an address come to.
fn resolve(method: &Method, path: &str) -> Target {
    let path = Path::parse(path)?;
    let (version, segments) = match path.segments.split_first() {
        Some((first, rest)) => (Version::parse(&first.name).unwrap_or(Version::V1), rest),
        None => (Version::V1, &[][..]),
    };
    Ok((version, routes::find(method, segments)))
}

async fn dispatch(app: &App, arrival: &Arrival, request: Request) -> Answer {
    if let Some(response) = preflight(request.method(), request.headers()) {
        return Ok(response);
    }
    let target = resolve(request.method(), request.uri().path());
    let route = match &target {
        Ok((version, Found::Route(route, _))) if route.is_open() => {
            return Ok(open(route.action, arrival, *version));
        }
        Ok((_, Found::Route(route, _))) => Some(*route),
        _ => None,
    };
    let caller = match request.extensions().get::<Caller>() {
        // A request that we make ourselves, for somebody who is known.
        Some(caller) => caller.clone(),
        None => authenticate(app, arrival, request.headers()).await?,
    };
    let cost = route.map_or(1, |route| crate::throttle::cost(route, request.uri().query()));
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // What is inside a batch is paid for by itself; what we ask ourselves is paid for already.
    let is_free = route.is_some_and(|route| route.action == Action::Batch)
        || request.extensions().get::<Inside>().is_some();
    let units = if is_free { 0 } else { cost };
    let load = match app.throttle.admit(arrival, &caller, units, writes && !is_free) {
        Ok(load) => load,
        Err(refusal) => return Ok(refusal.response(arrival)),
    };
    // An app has no self, whatever it was granted: it is told so.
    let operation = route
        .and_then(|route| route.operation)
        .filter(|operation| !operation.is_about_oneself() || caller.object().is_some());
    let mut answer = act(app, arrival, request, caller.clone(), target).await;
    match &mut answer {
        Ok(response) => load.note(response.headers_mut(), cost),
        Err(problem) if problem.status.is_client_error() => {
            stand(app, arrival, &caller, operation, problem.status).await?;
        }
        Err(_) => {}
    }
    answer
}

/// What is wrong with a request is told to those only who may still ask, and who may do what it asks for: a verb looks at the
/// account, the app and the permission itself, but not every request comes to a verb.
async fn stand(
    app: &App,
    arrival: &Arrival,
    caller: &Caller,
    operation: Option<Operation>,
    status: StatusCode,
) -> Result<(), Problem> {
    match operation.filter(|_| status == StatusCode::BAD_REQUEST) {
        Some(operation) => app.directory.check_operation(&arrival.cx, caller, operation).await?,
        None => app.directory.check_caller(&arrival.cx, caller).await?,
    }
    Ok(())
}

async fn authenticate(app: &App, arrival: &Arrival, headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut tokens = headers.get_all(header::AUTHORIZATION).iter();
    let token = tokens.next().map(|value| value.to_str().unwrap_or_default());
    if tokens.next().is_some() {
        return Err(unauthenticated("The request has more than one Authorization header: send exactly one."));
    }
    app.directory.bearer(&arrival.cx, token).await.map_err(|error| match (error.kind(), token) {
        // The general text says that there are no dots.
        (ErrorKind::Unauthenticated(TokenFault::Malformed), Some(token)) if token.contains('.') => {
            unauthenticated("CompactToken parsing failed with error code: 80049217")
        }
        _ => error.into(),
    })
}

async fn act(app: &App, arrival: &Arrival, request: Request, caller: Caller, target: Target) -> Answer {
    let (version, found) = target?;
    let (route, values) = match found {
        Found::Route(route, values) => (route, values),
        Found::WrongMethod(allow) if *request.method() == Method::OPTIONS => return Ok(options(&allow)),
        Found::WrongMethod(allow) => return Err(wrong_method(allow)),
        Found::Unknown(segment) => return Err(odata::Error::unknown_segment(&segment).into()),
    };
    let expand = Expand::read(route, &request, &caller)?;
    let (head, body) = request.into_parts();
    let body =
        body.collect().await.map_err(|_| Problem::bad_request("The request body could not be read."))?;
    let of_version = seen(&head.headers).map(|version| Arrival {
        cx: model::Cx { seen: Some(version), ..arrival.cx.clone() },
        ..arrival.clone()
    });
    let arrival = of_version.as_ref().unwrap_or(arrival);
    let expands = expand.is_some();
    let call = Call { app, arrival, version, caller, values, expands, head, body: body.to_bytes() };
    let answer = run(route.action, call).await;
    match expand {
        Some(expand) => expand.put_in(app, arrival, answer).await,
        None => answer,
    }
}

/// What is the same for everybody.
fn open(action: Action, arrival: &Arrival, version: Version) -> Response {
    match action {
        Action::Metadata => metadata::answer(version),
        _ => service_root::answer(arrival, version),
    }
}

/// A page of another site asks whether it may ask. It may: a token is not a cookie, and who has it may use it anywhere.
fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let asked = method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    asked.then(|| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let answer = response.headers_mut();
        answer.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, PATCH, PUT, DELETE"),
        );
        if let Some(wanted) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        response
    })
}

/// Lets pages of other sites read the answer (live service).
fn share(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "ETag, Location, Preference-Applied, request-id, client-request-id, Retry-After, WWW-Authenticate",
        ),
    );
}

/// The methods that an address knows.
fn options(allow: &str) -> Response {
    let mut response = no_content();
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

fn unauthenticated(message: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
}

fn wrong_method(allow: String) -> Problem {
    let mut problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "Request_BadRequest",
        "Specified HTTP method is not allowed for the request target.",
    );
    problem.allow = Some(allow);
    problem
}

async fn run(action: Action, call: Call<'_>) -> Answer {
    // Each in a box of its own: otherwise every request would carry the room of the largest about.
    let running: Pin<Box<dyn Future<Output = Answer> + Send + '_>> = match action {
        Action::ServiceRoot | Action::Metadata => return Ok(open(action, call.arrival, call.version)),
        Action::Batch => Box::pin(batch::run(call)),
        Action::GetPolicy => Box::pin(policies::get(call)),
        Action::UpdatePolicy => Box::pin(policies::update(call)),
        Action::CreatePolicy => return Err(policies::cannot_create()),
        Action::DeletePolicy => return Err(policies::cannot_delete()),
        Action::ListOrganizations => Box::pin(directory::list_organizations(call)),
        Action::GetOrganization => Box::pin(directory::get_organization(call)),
        Action::UpdateOrganization => Box::pin(directory::update_organization(call)),
        Action::Invite => Box::pin(directory::invite(call)),
        Action::ListAudit => Box::pin(directory::list_audit(call)),
        Action::GetAudit => Box::pin(directory::get_audit(call)),
        Action::ListUsers => Box::pin(users::list(call, false)),
        Action::CountUsers => Box::pin(users::count(call, false)),
        Action::DeltaUsers => Box::pin(delta::users(call)),
        Action::GetByIds => Box::pin(lookup::get_by_ids(call)),
        Action::ListSkus => Box::pin(lookup::subscribed_skus(call)),
        Action::GetUser => Box::pin(users::get(call)),
        Action::UpdateUser => Box::pin(users::update(call)),
        Action::DeleteUser => Box::pin(users::delete(call)),
        Action::RevokeSessions { own } => Box::pin(users::revoke_sessions(call, own)),
        Action::Me => Box::pin(users::me(call)),
        Action::ListDeleted => Box::pin(users::list(call, true)),
        Action::CountDeleted => Box::pin(users::count(call, true)),
        Action::ListDeletedUncast => return Err(users::cast_required()),
        Action::GetDeleted => Box::pin(users::get_deleted(call)),
        Action::Restore => Box::pin(users::restore(call)),
        Action::Purge => Box::pin(users::purge(call)),
        Action::Objects(act) => Box::pin(objects::run(act, call)),
    };
    running.await
}
