//! `$batch`: up to twenty requests in one, in JSON (OData JSON format 4.01, section 19, as far as Graph goes with it).
//!
//! Each request inside is answered by what answers requests, for whoever sent the batch and with limits of its own. They are done
//! one after the other in the order given; the live service leaves the order open where there is no `dependsOn`.

use super::{Answer, Call, Version, body, success};
use crate::{App, edge::Arrival, errors::Problem};
use axum::{body::Body, extract::Request};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use service::Caller;

/// Most requests in one batch (live service).
const MOST: usize = 20;
/// Headers of an answer that are passed on, spelt as the live service spells them.
const PASSED_ON: [&str; 12] = [
    "Allow",
    "Cache-Control",
    "Content-Type",
    "ETag",
    "Location",
    "OData-Version",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "x-ms-resource-unit",
    "x-ms-throttle-information",
    "x-ms-throttle-scope",
];

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
    let mut responses = Vec::with_capacity(items.len());
    for item in items {
        let id = item.id.clone();
        let (status, response) =
            if item.depends_on.iter().any(|other| failed.iter().any(|id| same(id, other))) {
                (StatusCode::FAILED_DEPENDENCY, dependency_failed(&id))
            } else {
                answer(call.app, call.arrival, call.version, call.caller.clone(), item).await?
            };
        if !status.is_success() {
            failed.push(id);
        }
        responses.push(response);
    }
    Ok(success(StatusCode::OK, &json!({ "responses": responses })))
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

fn problem_body(code: &'static str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}

fn dependency_failed(id: &str) -> Value {
    json!({
        "id": id,
        "status": StatusCode::FAILED_DEPENDENCY.as_u16(),
        "headers": { "Cache-Control": "no-cache", "Content-Type": "application/json" },
        "body": problem_body(
            "FailedDependency",
            "This request was not executed, because a request that it depends on has failed.",
        ),
    })
}

/// Where a request inside leads, if it leads anywhere: below the version of the batch, and not into a batch again.
fn target(version: Version, url: &str) -> Option<String> {
    let relative = !url.contains("://") && !url.starts_with('$');
    let target = odata::encode_target(&format!("/{}/{url}", version.segment()));
    relative.then_some(target)
}

async fn answer(
    app: &App,
    arrival: &Arrival,
    version: Version,
    caller: Caller,
    item: Item,
) -> Result<(StatusCode, Value), Problem> {
    let Item { id, method, url, headers, body, .. } = item;
    let inside = Arrival {
        cx: app.directory().own_cx(),
        client_request_id: headers.get("client-request-id").or(arrival.client_request_id.as_ref()).cloned(),
        ..arrival.clone()
    };
    let mut request = Request::builder().method(method).extension(caller);
    if let Some(map) = request.headers_mut() {
        *map = headers;
    }
    let request = target(version, &url).and_then(|target| request.uri(target).body(Body::from(body)).ok());
    let Some(request) = request else {
        let message = "The URL of a request in a batch is relative to the version, as /users, and names no other batch.";
        let refusal = problem_body("BadRequest", message);
        return Ok((
            StatusCode::BAD_REQUEST,
            json!({ "id": id, "status": 400, "headers": { "Content-Type": "application/json" }, "body": refusal }),
        ));
    };
    let (head, body) = super::answer_inside(app, &inside, request).await.into_parts();
    let body = body.collect().await.map_err(|_| malformed())?.to_bytes();
    let mut passed_on = Map::new();
    passed_on.insert("Cache-Control".to_owned(), json!("no-cache"));
    for name in PASSED_ON {
        if let Some(value) = head.headers.get(name).and_then(|value| value.to_str().ok()) {
            passed_on.insert(name.to_owned(), json!(value));
        }
    }
    let mut response = json!({ "id": id, "status": head.status.as_u16(), "headers": passed_on });
    if !body.is_empty() {
        // What is not JSON becomes a text.
        let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        let is_json = passed_on_type(&head.headers).starts_with("application/json");
        response["body"] =
            if is_json { serde_json::from_slice(&body).unwrap_or_else(|_| text()) } else { text() };
    }
    Ok((head.status, response))
}

fn passed_on_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
