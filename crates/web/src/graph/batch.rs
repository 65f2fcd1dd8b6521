//! `$batch`: up to twenty requests in one, in JSON (OData JSON format 4.01, section 19, as far as Graph goes with it).
//!
//! Each request inside is answered by what answers requests, for whoever sent the batch and with limits of its own. They are done
//! one after the other in the order given; the live service leaves the order open where there is no `dependsOn`.

use super::{Answer, Call, RESOURCE_UNIT, Version, body, call::success_text};
use crate::{edge::Arrival, errors::Problem};
use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, response::Parts};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};

/// Most requests in one batch (live service).
const MOST: usize = 20;
/// Headers of an answer that are passed on, spelt as the live service spells them; how long the answer may be kept comes first.
static PASSED_ON: [(&str, HeaderName); 12] = [
    ("Cache-Control", header::CACHE_CONTROL),
    ("Allow", header::ALLOW),
    ("Content-Type", header::CONTENT_TYPE),
    ("ETag", header::ETAG),
    ("Location", header::LOCATION),
    ("OData-Version", HeaderName::from_static("odata-version")),
    ("Preference-Applied", HeaderName::from_static("preference-applied")),
    ("Retry-After", header::RETRY_AFTER),
    ("WWW-Authenticate", header::WWW_AUTHENTICATE),
    ("x-ms-resource-unit", RESOURCE_UNIT),
    ("x-ms-throttle-information", HeaderName::from_static("x-ms-throttle-information")),
    ("x-ms-throttle-scope", HeaderName::from_static("x-ms-throttle-scope")),
];
const DEPENDENCY_FAILED: &str =
    "This request was not executed, because a request that it depends on has failed.";
const NOT_BELOW: &str =
    "The URL of a request in a batch is relative to the version, as /users, and names no other batch.";

/// One request of a batch.
struct Item {
    id: String,
    method: Method,
    /// Relative to the version, without a slash before it.
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
    depends_on: Vec<String>,
}

fn malformed() -> Problem {
    Problem::bad_request("Invalid batch payload format.")
}

pub(super) async fn run(call: Call<'_>) -> Answer {
    call.app.directory.check_caller(&call.arrival.cx, &call.caller).await?;
    let items = parse(body::object(&call)?)?;
    let mut failed: Vec<String> = Vec::new();
    let mut text = Vec::with_capacity(512 * (items.len() + 1));
    text.extend_from_slice(b"{\"responses\":[");
    for (at, item) in items.into_iter().enumerate() {
        let id = item.id.clone();
        let reply = if item.depends_on.iter().any(|other| failed.iter().any(|id| same(id, other))) {
            Reply::refused(
                StatusCode::FAILED_DEPENDENCY,
                ("FailedDependency", DEPENDENCY_FAILED),
                &[("Cache-Control", "no-cache"), ("Content-Type", "application/json")],
            )
        } else {
            answer(&call, item).await?
        };
        if at > 0 {
            text.push(b',');
        }
        reply.write(&id, &mut text);
        if !reply.status.is_success() {
            failed.push(id);
        }
    }
    text.extend_from_slice(b"]}");
    Ok(success_text(StatusCode::OK, text))
}

/// Ids differ in more than letter case (live service).
fn same(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

fn parse(mut envelope: Map<String, Value>) -> Result<Vec<Item>, Problem> {
    let Some(Value::Array(requests)) = envelope.remove("requests") else { return Err(malformed()) };
    if requests.is_empty() {
        return Err(malformed());
    }
    if requests.len() > MOST {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "MaximumValueExceeded",
            format!("Number of batch request steps exceeds the maximum value of {MOST}."),
        ));
    }
    let mut items: Vec<Item> = Vec::with_capacity(requests.len());
    for request in requests {
        let item = parse_item(request)?;
        if items.iter().any(|earlier| same(&earlier.id, &item.id)) {
            return Err(Problem::bad_request(format!("Request Id {} has to be unique in a batch.", item.id)));
        }
        if item.depends_on.iter().any(|other| !items.iter().any(|earlier| same(&earlier.id, other))) {
            return Err(Problem::bad_request(format!(
                "Invalid dependency for request Id {}: dependsOn names requests that stand before it.",
                item.id
            )));
        }
        items.push(item);
    }
    Ok(items)
}

fn parse_item(request: Value) -> Result<Item, Problem> {
    let Value::Object(mut request) = request else { return Err(malformed()) };
    let mut text = |name: &str| match request.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        _ => Err(malformed()),
    };
    let (id, method, url) = (text("id")?, text("method")?, text("url")?);
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).map_err(|_| malformed())?;
    if !matches!(method.as_str(), "GET" | "POST" | "PATCH" | "PUT" | "DELETE") {
        return Err(malformed());
    }
    let headers = match request.remove("headers") {
        None | Some(Value::Null) => HeaderMap::new(),
        Some(Value::Object(headers)) => parse_headers(headers)?,
        Some(_) => return Err(malformed()),
    };
    let body = match request.remove("body") {
        None | Some(Value::Null) => Vec::new(),
        // What is not JSON is a text here.
        Some(Value::String(text)) => text.into_bytes(),
        Some(body) => body.to_string().into_bytes(),
    };
    let writes = !matches!(method.as_str(), "GET" | "DELETE");
    if writes && (body.is_empty() || !headers.contains_key(header::CONTENT_TYPE)) {
        return Err(Problem::bad_request(format!(
            "Write request id : {id} does not contain Content-Type header or body."
        )));
    }
    let depends_on = match request.remove("dependsOn") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(ids)) => {
            let ids = ids.into_iter().map(|id| match id {
                Value::String(id) => Ok(id),
                _ => Err(malformed()),
            });
            ids.collect::<Result<_, _>>()?
        }
        Some(_) => return Err(malformed()),
    };
    Ok(Item { id, method, url: url.trim_start_matches('/').to_owned(), headers, body, depends_on })
}

/// A request inside comes from whoever sent the batch and has no token, and no length that its body does not have.
fn parse_headers(given: Map<String, Value>) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?;
        let value =
            value.as_str().and_then(|value| HeaderValue::from_str(value).ok()).ok_or_else(malformed)?;
        if name != header::AUTHORIZATION && name != header::CONTENT_LENGTH && name != header::ORIGIN {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

/// The answer to a request inside.
struct Reply {
    status: StatusCode,
    headers: Vec<(&'static str, HeaderValue)>,
    body: Bytes,
}

impl Reply {
    fn refused(
        status: StatusCode,
        (code, message): (&str, &str),
        headers: &[(&'static str, &'static str)],
    ) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, HeaderValue::from_static(value)));
        let body = json!({ "error": { "code": code, "message": message } });
        Self { status, headers: headers.collect(), body: body.to_string().into() }
    }

    /// What is passed on of an answer.
    fn of(head: &Parts, body: Bytes) -> Self {
        let mut headers = Vec::with_capacity(PASSED_ON.len());
        for (name, header) in &PASSED_ON {
            let value = head.headers.get(header).filter(|value| value.to_str().is_ok());
            match value {
                Some(value) => headers.push((*name, value.clone())),
                None if *header == header::CACHE_CONTROL => {
                    headers.push((*name, HeaderValue::from_static("no-cache")));
                }
                None => {}
            }
        }
        Self { status: head.status, headers, body }
    }

    /// Our own answers in JSON go in as they are; what is not JSON becomes a text.
    fn write(&self, id: &str, into: &mut Vec<u8>) {
        let text = |text: &str, into: &mut Vec<u8>| drop(serde_json::to_writer(into, text));
        into.extend_from_slice(b"{\"id\":");
        text(id, into);
        into.extend_from_slice(format!(",\"status\":{},\"headers\":{{", self.status.as_u16()).as_bytes());
        let mut is_json = false;
        for (at, (name, value)) in self.headers.iter().enumerate() {
            let value = value.to_str().unwrap_or_default();
            is_json |= *name == "Content-Type" && value.starts_with("application/json");
            into.extend_from_slice(if at > 0 { b",\"" } else { b"\"" });
            into.extend_from_slice(name.as_bytes());
            into.extend_from_slice(b"\":");
            text(value, into);
        }
        into.push(b'}');
        if !self.body.is_empty() {
            into.extend_from_slice(b",\"body\":");
            if is_json {
                into.extend_from_slice(&self.body);
            } else {
                text(&String::from_utf8_lossy(&self.body), into);
            }
        }
        into.push(b'}');
    }
}

/// Where a request inside leads, if it leads anywhere: below the version of the batch, and not into a batch again.
fn target(version: Version, url: &str) -> Option<String> {
    let relative = !url.contains("://") && !url.starts_with('$');
    let target = odata::encode_target(&format!("/{}/{url}", version.segment()));
    relative.then_some(target)
}

async fn answer(call: &Call<'_>, item: Item) -> Result<Reply, Problem> {
    let Item { method, url, headers, body, .. } = item;
    let (app, arrival) = (call.app, call.arrival);
    let inside = Arrival {
        cx: app.directory().own_cx(),
        client_request_id: headers.get("client-request-id").or(arrival.client_request_id.as_ref()).cloned(),
        ..arrival.clone()
    };
    let mut request = Request::builder().method(method).extension(call.caller.clone());
    if let Some(map) = request.headers_mut() {
        *map = headers;
    }
    let body = if body.is_empty() { Body::empty() } else { Body::from(body) };
    let request = target(call.version, &url).and_then(|target| request.uri(target).body(body).ok());
    let Some(request) = request else {
        let refusal = ("BadRequest", NOT_BELOW);
        return Ok(Reply::refused(StatusCode::BAD_REQUEST, refusal, &[("Content-Type", "application/json")]));
    };
    let (head, body) = super::answer_inside(app, &inside, request).await.into_parts();
    let body = body.collect().await.map_err(|_| malformed())?.to_bytes();
    Ok(Reply::of(&head, body))
}
