//! One call, and the answers that every resource gives.

use super::{
    Version,
    members::{Object, Selected, Selection, Told},
    wire,
};
use crate::{
    App,
    edge::Arrival,
    errors::{Problem, json_response, json_text},
};
use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use odata::{EntityType, Options, Query};
use serde::Serialize;
use serde_json::{Map, Value, json};
use service::Caller;

/// One call: who, where, with which options.
pub(crate) struct Call<'a> {
    pub app: &'a App,
    pub arrival: &'a Arrival,
    pub version: Version,
    pub caller: Caller,
    /// The values of the braces in the route.
    pub values: Vec<String>,
    /// What `$expand` asks for is added to the answer of the route.
    pub expands: bool,
    pub head: Parts,
    pub body: Bytes,
}

const CONSISTENCY_LEVEL: HeaderName = HeaderName::from_static("consistencylevel");
const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");
/// What a request cost.
pub(crate) const RESOURCE_UNIT: HeaderName = HeaderName::from_static("x-ms-resource-unit");

pub(super) type Answer = Result<Response, Problem>;

/// How many objects a page has when the client does not say (live service).
pub(super) const PAGE: u16 = 100;

impl Call<'_> {
    /// `https://host/v1.0`
    pub(super) fn base(&self) -> String {
        [&self.arrival.origin, "/", self.version.segment()].concat()
    }

    /// The address without its query, in its own letter case: the base of next links.
    pub(super) fn address(&self) -> String {
        format!("{}{}", self.arrival.origin, self.head.uri.path())
    }

    /// The first value of the route.
    pub(super) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// `ConsistencyLevel: eventual`
    pub(super) fn is_advanced(&self) -> bool {
        self.head
            .headers
            .get(CONSISTENCY_LEVEL)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"eventual"))
    }

    /// Whom a request is about: the one that its path names, or none where that is whoever asks.
    pub(super) fn whom(&self, own: bool) -> Result<Option<&str>, Problem> {
        if own { self.require_person().map(|()| None) } else { Ok(Some(self.value())) }
    }

    /// `/me` is somebody: an app of its own accord is told so.
    pub(super) fn require_person(&self) -> Result<(), Problem> {
        match self.caller.object() {
            Some(_) => Ok(()),
            None => {
                Err(Problem::bad_request("/me request is only valid with delegated authentication flow."))
            }
        }
    }

    /// The options of the request.
    pub(super) fn query(&self, entity: &'static EntityType, count_segment: bool) -> Result<Query, Problem> {
        let query = self.read_query(entity, count_segment)?;
        // To answer as if it had not been there would look like changes.
        if query.deltatoken.is_some() {
            return Err(unsupported_option("$deltatoken"));
        }
        Ok(query)
    }

    /// The same for a delta query.
    pub(super) fn query_with_token(&self, entity: &'static EntityType) -> Result<Query, Problem> {
        self.read_query(entity, false)
    }

    fn read_query(&self, entity: &'static EntityType, count_segment: bool) -> Result<Query, Problem> {
        let options = Options { advanced: self.is_advanced(), count_segment };
        let query = Query::parse(self.head.uri.query(), entity, options)?;
        // To answer as if it had not been there would look like objects without relations.
        if query.expand.is_some() && !self.expands {
            return Err(unsupported_option("$expand"));
        }
        Ok(query)
    }

    /// The selection of a query; beta answers every property where nothing is selected, v1.0 the default set.
    pub(super) fn render(
        &self,
        object: Value,
        entity: &'static EntityType,
        query: &Query,
    ) -> Map<String, Value> {
        match (&query.select, self.version) {
            (None, Version::Beta) => match object {
                Value::Object(object) => object,
                _ => Map::new(),
            },
            (selected, _) => wire::select(object, entity, selected.as_deref()),
        }
    }

    /// An object with its context.
    pub(super) fn entity(
        &self,
        status: StatusCode,
        set: &str,
        query: Option<&Query>,
        object: Map<String, Value>,
    ) -> Response {
        let selected = query.and_then(|query| query.select.as_deref());
        let context = odata::context_url(&self.base(), set, selected) + "/$entity";
        success(status, &Told { about: &[("@odata.context", &context)], object: &object })
    }

    /// The same of an object that tells its members.
    pub(super) fn told(
        &self,
        set: &str,
        query: &Query,
        selection: &Selection,
        object: &impl Object,
    ) -> Response {
        let context = odata::context_url(&self.base(), set, query.select.as_deref()) + "/$entity";
        let about: &[_] = &[("@odata.context", context.as_str())];
        success(StatusCode::OK, &Selected { about, object, selection })
    }

    /// What is answered of objects of a type: [`Call::render`] for objects that tell their members.
    pub(super) fn selection(&self, entity: &'static EntityType, query: &Query) -> Selection {
        match (&query.select, self.version) {
            (None, Version::Beta) => Selection::All,
            (selected, _) => Selection::of(entity, selected.as_deref()),
        }
    }

    /// One page of a collection. `next` is the signed position behind it.
    pub(super) fn page(
        &self,
        set: &str,
        query: &Query,
        total: Option<i64>,
        next: Option<String>,
        items: Vec<impl Serialize>,
    ) -> Response {
        let next = next.map(|token| odata::next_link(&self.address(), self.head.uri.query(), &token));
        success(
            StatusCode::OK,
            &Page {
                context: odata::context_url(&self.base(), set, query.select.as_deref()),
                total,
                next,
                value: items,
            },
        )
    }

    /// What skip tokens are sealed under: the tenant, the caller, the address and the query, so that none is good elsewhere.
    fn token_label(&self) -> Result<String, Problem> {
        let (tenant, person, app) = (self.caller.tenant(), self.caller.object(), self.caller.app());
        let path = self.head.uri.path().to_ascii_lowercase();
        let query = odata::fingerprint(self.head.uri.query())?;
        Ok(format!("skiptoken:{tenant}:{person:?}:{app:?}:{path}?{query}"))
    }

    /// The skip token of a position in this collection.
    pub(super) fn seal_position(&self, position: &[String]) -> Result<String, Problem> {
        let payload = json!(position).to_string();
        Ok(self.app.directory.seal_opaque(&self.arrival.cx, &self.token_label()?, payload.as_bytes())?)
    }

    /// The position behind which this page begins; none on the first.
    pub(super) fn position(&self, query: &Query) -> Result<Option<Vec<String>>, Problem> {
        let Some(token) = &query.skiptoken else { return Ok(None) };
        let opened = self.app.directory.unseal_opaque(&self.token_label()?, token);
        opened.and_then(|bytes| serde_json::from_slice(&bytes).ok()).map(Some).ok_or_else(expired_token)
    }
}

/// A page of a collection, as it is answered.
#[derive(Serialize)]
struct Page<T> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.count", skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    value: Vec<T>,
}

fn unsupported_option(name: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "Request_UnsupportedQuery",
        format!("{name} is not supported here: leave it out."),
    )
}

fn expired_token() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "Directory_ExpiredPageToken",
        "The specified page token value is not valid for this request. Start again from the first page.",
    )
}

/// A success with Graph's media type and version header.
pub(super) fn success(status: StatusCode, body: &impl Serialize) -> Response {
    succeeded(json_response(status, body))
}

/// The same of a text that is JSON.
pub(super) fn success_text(status: StatusCode, json: Vec<u8>) -> Response {
    succeeded(json_text(status, json))
}

fn succeeded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(
            "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        ),
    );
    headers.insert(ODATA_VERSION, HeaderValue::from_static("4.0"));
    headers.insert(RESOURCE_UNIT, HeaderValue::from_static("1"));
    response
}

/// The answer with the version of the object as its entity tag.
pub(super) fn tagged(mut response: Response, version: i64) -> Response {
    if let Ok(tag) = HeaderValue::try_from(["W/\"", &version.to_string(), "\""].concat()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The version that a request was made of. `*` is any version; a tag that is none of ours is of none.
pub(super) fn seen(headers: &HeaderMap) -> Option<i64> {
    let tags = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default().trim();
    let version = tags.strip_prefix("W/").unwrap_or(tags).trim_matches('"').parse();
    (tags != "*").then(|| version.unwrap_or(-1))
}

/// 204 without a body.
pub(super) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(RESOURCE_UNIT, HeaderValue::from_static("1"));
    response
}

/// The number of a `/$count`, as text.
pub(super) fn plain_count(total: i64) -> Response {
    let mut response = Response::new(Body::from(total.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response.headers_mut().insert(ODATA_VERSION, HeaderValue::from_static("4.0"));
    response.headers_mut().insert(RESOURCE_UNIT, HeaderValue::from_static("1"));
    response
}
