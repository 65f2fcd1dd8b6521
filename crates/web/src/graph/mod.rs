//! Microsoft Graph, v1.0 and beta from one route table.

mod body;
mod directory;
mod policies;
mod routes;
mod schema;
mod users;
mod wire;

pub use routes::{Route, routes};

use crate::{
    App,
    edge::Arrival,
    errors::{Problem, json_response},
};
use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header, request::Parts};
use http_body_util::BodyExt;
use model::{ErrorKind, TokenFault};
use odata::{EntityType, Options, Path, Query};
use routes::{Action, Found};
use serde_json::{Map, Value, json};
use service::Caller;

/// `/v1.0` or `/beta`; both serve the same objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Version {
    V1,
    Beta,
}

impl Version {
    const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }

    fn parse(segment: &str) -> Option<Self> {
        [Self::V1, Self::Beta].into_iter().find(|version| segment.eq_ignore_ascii_case(version.segment()))
    }
}

/// One call: who, where, with which options.
pub(crate) struct Call<'a> {
    pub app: &'a App,
    pub arrival: &'a Arrival,
    pub version: Version,
    pub caller: Caller,
    /// The values of the braces in the route.
    pub values: Vec<String>,
    pub head: Parts,
    pub body: Bytes,
}

type Answer = Result<Response, Problem>;

/// Is this address Graph's?
pub(crate) fn owns(path: &str) -> bool {
    path.trim_start_matches('/').split('/').next().and_then(Version::parse).is_some()
}

/// Answers one call.
pub(crate) async fn answer(app: &App, arrival: &Arrival, request: Request) -> Response {
    match dispatch(app, arrival, request).await {
        Ok(response) => response,
        Err(problem) => problem.json(arrival),
    }
}

async fn dispatch(app: &App, arrival: &Arrival, request: Request) -> Answer {
    let mut tokens = request.headers().get_all(header::AUTHORIZATION).iter();
    let token = tokens.next().map(|value| value.to_str().unwrap_or_default());
    if tokens.next().is_some() {
        return Err(unauthenticated("The request has more than one Authorization header: send exactly one."));
    }
    let caller =
        app.directory.bearer(&arrival.cx, token).await.map_err(|error| match (error.kind(), token) {
            // The general text says that there are no dots.
            (ErrorKind::Unauthenticated(TokenFault::Malformed), Some(token)) if token.contains('.') => {
                unauthenticated("CompactToken parsing failed with error code: 80049217")
            }
            _ => error.into(),
        })?;
    let answer = act(app, arrival, request, caller.clone()).await;
    // What is wrong with a request is told to those only who may still ask: a verb looks at the account and the app itself,
    // but not every request comes to a verb.
    if answer.as_ref().is_err_and(|problem| problem.status.is_client_error()) {
        app.directory.check_caller(&arrival.cx, &caller).await?;
    }
    answer
}

async fn act(app: &App, arrival: &Arrival, request: Request, caller: Caller) -> Answer {
    let path = Path::parse(request.uri().path())?;
    let (version, segments) = match path.segments.split_first() {
        Some((first, rest)) => (Version::parse(&first.name).unwrap_or(Version::V1), rest),
        None => (Version::V1, &[][..]),
    };
    let (route, values) = match routes::find(request.method(), segments) {
        Found::Route(route, values) => (route, values),
        Found::WrongMethod(allow) => return Err(wrong_method(allow)),
        Found::Unknown(segment) => return Err(odata::Error::unknown_segment(&segment).into()),
    };
    let (head, body) = request.into_parts();
    let body =
        body.collect().await.map_err(|_| Problem::bad_request("The request body could not be read."))?;
    run(route.action, Call { app, arrival, version, caller, values, head, body: body.to_bytes() }).await
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
    match action {
        Action::GetPolicy => policies::get(call).await,
        Action::UpdatePolicy => policies::update(call).await,
        Action::CreatePolicy => Err(policies::cannot_create()),
        Action::DeletePolicy => Err(policies::cannot_delete()),
        Action::ListOrganizations => directory::list_organizations(call).await,
        Action::GetOrganization => directory::get_organization(call).await,
        Action::UpdateOrganization => directory::update_organization(call).await,
        Action::Invite => directory::invite(call).await,
        Action::ListAudit => directory::list_audit(call).await,
        Action::GetAudit => directory::get_audit(call).await,
        Action::ListUsers => users::list(call, false).await,
        Action::CountUsers => users::count(call, false).await,
        Action::GetUser => users::get(call).await,
        Action::UpdateUser => users::update(call).await,
        Action::DeleteUser => users::delete(call).await,
        Action::Me => users::me(call).await,
        Action::ListDeleted => users::list(call, true).await,
        Action::CountDeleted => users::count(call, true).await,
        Action::ListDeletedUncast => Err(users::cast_required()),
        Action::GetDeleted => users::get_deleted(call).await,
        Action::Restore => users::restore(call).await,
        Action::Purge => users::purge(call).await,
    }
}

impl Call<'_> {
    /// `https://host/v1.0`
    fn base(&self) -> String {
        format!("{}/{}", self.arrival.origin, self.version.segment())
    }

    /// The address without its query, in its own letter case: the base of next links.
    fn address(&self) -> String {
        format!("{}{}", self.arrival.origin, self.head.uri.path())
    }

    /// The first value of the route.
    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// `ConsistencyLevel: eventual`
    fn is_advanced(&self) -> bool {
        self.head
            .headers
            .get("ConsistencyLevel")
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"eventual"))
    }

    fn query(&self, entity: &'static EntityType, count_segment: bool) -> Result<Query, Problem> {
        let options = Options { advanced: self.is_advanced(), count_segment };
        let query = Query::parse(self.head.uri.query(), entity, options)?;
        // To answer as if they had not been there would look like objects without relations, or like changes.
        for (name, given) in [("$expand", &query.expand), ("$deltatoken", &query.deltatoken)] {
            if given.is_some() {
                return Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "Request_UnsupportedQuery",
                    format!("{name} is not supported here: leave it out."),
                ));
            }
        }
        Ok(query)
    }

    /// The selection of a query; beta answers every property where nothing is selected, v1.0 the default set.
    fn render(&self, object: Value, entity: &'static EntityType, query: &Query) -> Map<String, Value> {
        match (&query.select, self.version) {
            (None, Version::Beta) => match object {
                Value::Object(object) => object,
                _ => Map::new(),
            },
            (selected, _) => wire::select(object, entity, selected.as_deref()),
        }
    }

    /// An object with its context.
    fn entity(
        &self,
        status: StatusCode,
        set: &str,
        query: Option<&Query>,
        object: Map<String, Value>,
    ) -> Response {
        let selected = query.and_then(|query| query.select.as_deref());
        let context = format!("{}/$entity", odata::context_url(&self.base(), set, selected));
        let mut body = Map::new();
        body.insert("@odata.context".to_owned(), json!(context));
        body.extend(object);
        success(status, &Value::Object(body))
    }

    /// One page of a collection. `next` is the signed position behind it.
    fn page(
        &self,
        set: &str,
        query: &Query,
        total: Option<i64>,
        next: Option<String>,
        items: Vec<Value>,
    ) -> Response {
        let mut body = Map::new();
        let context = odata::context_url(&self.base(), set, query.select.as_deref());
        body.insert("@odata.context".to_owned(), json!(context));
        if let Some(total) = total {
            body.insert("@odata.count".to_owned(), json!(total));
        }
        if let Some(token) = next {
            let link = odata::next_link(&self.address(), self.head.uri.query(), &token);
            body.insert("@odata.nextLink".to_owned(), json!(link));
        }
        body.insert("value".to_owned(), Value::Array(items));
        success(StatusCode::OK, &Value::Object(body))
    }

    /// What skip tokens are signed under: the tenant, the caller and the address, so that none is good elsewhere.
    fn token_label(&self) -> String {
        let (tenant, person, app) = (self.caller.tenant(), self.caller.object(), self.caller.app());
        format!("skiptoken:{tenant}:{person:?}:{app:?}:{}", self.head.uri.path().to_ascii_lowercase())
    }

    fn sign_position(&self, position: &[String]) -> String {
        self.app.directory.sign_opaque(&self.token_label(), json!(position).to_string().as_bytes())
    }

    fn open_position(&self, token: &str) -> Result<Vec<String>, Problem> {
        self.app
            .directory
            .open_opaque(&self.token_label(), token)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "Directory_ExpiredPageToken",
                    "The specified page token value is not valid for this request. Start again from the first page.",
                )
            })
    }
}

/// A success with Graph's media type and version header.
fn success(status: StatusCode, body: &Value) -> Response {
    let mut response = json_response(status, body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(
            "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        ),
    );
    headers.insert("OData-Version", HeaderValue::from_static("4.0"));
    headers.insert("x-ms-resource-unit", HeaderValue::from_static("1"));
    response
}

/// 204 without a body.
fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert("x-ms-resource-unit", HeaderValue::from_static("1"));
    response
}

/// The number of a `/$count`, as text.
fn plain_count(total: i64) -> Response {
    let mut response = Response::new(Body::from(total.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response.headers_mut().insert("OData-Version", HeaderValue::from_static("4.0"));
    response.headers_mut().insert("x-ms-resource-unit", HeaderValue::from_static("1"));
    response
}
