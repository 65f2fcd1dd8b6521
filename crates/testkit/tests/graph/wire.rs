//! Requests, answers, and what holds for each of them.

use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use std::{fmt::Write, net::Ipv4Addr};
use web::App;

/// A bearer token and what to call it in a transcript.
#[derive(Clone)]
pub struct Token {
    pub label: String,
    pub value: String,
}

/// A request under construction.
#[derive(Clone)]
pub struct Ask {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    label: Option<String>,
    body: Vec<u8>,
}

/// Blanks, quotes, hashes and umlauts stand plainly in the tests and encoded on the wire.
fn encoded(target: &str) -> String {
    let mut out = String::new();
    for c in target.chars() {
        match c {
            ' ' => out.push_str("%20"),
            '"' => out.push_str("%22"),
            '#' => out.push_str("%23"),
            c if c.is_ascii() => out.push(c),
            c => c.to_string().bytes().for_each(|byte| write!(out, "%{byte:02X}").unwrap()),
        }
    }
    out
}

impl Ask {
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        let (method, target) = (method.to_owned(), target.into());
        Self { method, target, headers: Vec::new(), label: None, body: Vec::new() }
    }

    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    pub fn by(mut self, token: &Token) -> Self {
        self.label = Some(token.label.clone());
        self.headers.push(("authorization".to_owned(), format!("Bearer {}", token.value)));
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn advanced(self) -> Self {
        self.header("consistencylevel", "eventual")
    }

    /// A body without a content type.
    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A body as JSON clients send it.
    pub fn text(self, body: &str) -> Self {
        self.header("content-type", "application/json").raw(body)
    }

    pub fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    fn render(&self) -> String {
        let mut out = format!("{} {}\n", self.method, self.target);
        if let Some(label) = &self.label {
            writeln!(out, "(as {label})").unwrap();
        }
        for (name, value) in self.headers.iter().filter(|(name, value)| {
            name != "authorization" && !(name == "content-type" && value == "application/json")
        }) {
            writeln!(out, "{name}: {value}").unwrap();
        }
        if !self.body.is_empty() {
            let text = String::from_utf8_lossy(&self.body);
            let short: String = text.chars().take(400).collect();
            writeln!(out, "{short}{}", if short.len() < text.len() { "…" } else { "" }).unwrap();
        }
        out
    }

    /// Sends it, and asserts what holds for every answer of Graph.
    pub async fn send(&self, app: &App) -> Reply {
        let mut request = http::Request::builder().method(self.method.as_str()).uri(encoded(&self.target));
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", "localhost:8443");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body.clone()).unwrap();
        let peer = Ipv4Addr::LOCALHOST.into();
        let response = web::answer(app.clone(), request.map(Into::into), peer).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let reply = Reply { status: head.status, headers: head.headers, body };
        reply.check(self);
        reply
    }
}

/// An answer.
#[derive(Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

const JSON_SUCCESS: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
/// In every answer, and the same in every answer.
const ALWAYS: [(&str, &str); 4] = [
    ("cache-control", "no-cache"),
    ("vary", "Accept-Encoding"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
];
/// In the transcripts only where they differ from what they mostly are.
const USUAL: [(&str, &str); 5] = [
    ("content-type", JSON_SUCCESS),
    ("content-type", "application/json"),
    ("odata-version", "4.0"),
    ("x-ms-resource-unit", "1"),
    ("x-ms-resource-unit", "2"),
];

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Status and error code: what clients program against.
    pub fn fault(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    pub fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The objects of a collection.
    pub fn values(&self) -> Vec<Value> {
        self.json()["value"].as_array().unwrap_or_else(|| panic!("no collection: {}", self.text())).clone()
    }

    fn check(&self, ask: &Ask) {
        let context = || format!("{}\n{}\n{:?}\n{}", ask.render(), self.status, self.headers, self.text());
        for (name, value) in ALWAYS {
            assert_eq!(self.header(name), Some(value), "{name} of {}", context());
        }
        for (name, _) in &self.headers {
            assert_eq!(self.headers.get_all(name).iter().count(), 1, "{name} twice: {}", context());
        }
        let id = self.header("request-id").unwrap_or_else(|| panic!("no request-id: {}", context()));
        uuid::Uuid::parse_str(id).unwrap();
        // What is no plausible id is not echoed.
        let sent = ask
            .headers
            .iter()
            .find(|(name, id)| name == "client-request-id" && id.len() <= 128)
            .map(|(_, id)| id.as_str());
        assert_eq!(self.header("client-request-id"), Some(sent.unwrap_or(id)), "{}", context());
        assert_eq!(self.header("strict-transport-security"), None, "loopback: {}", context());
        let refused = self.status.as_u16() >= 400;
        assert_eq!(self.header("www-authenticate").is_some(), self.status == 401, "{}", context());
        let asked_for_methods = ask.method == "OPTIONS" && self.header("access-control-max-age").is_none();
        let allows = self.status == 405 || asked_for_methods && self.status == 204;
        assert_eq!(self.header("allow").is_some(), allows, "{}", context());
        if refused {
            assert_eq!(self.header("content-type"), Some("application/json"), "{}", context());
            assert_eq!(self.header("odata-version"), None, "{}", context());
        } else if self.status == 204 {
            assert!(self.body.is_empty(), "{}", context());
            assert_eq!(
                (self.header("content-type"), self.header("odata-version")),
                (None, None),
                "{}",
                context()
            );
        } else {
            assert_eq!(self.header("odata-version"), Some("4.0"), "{}", context());
        }
        // The documented body of 429 has a form of its own.
        if refused && ask.method != "HEAD" && self.status != 429 {
            self.check_error(id, sent.unwrap_or(id));
        }
    }

    /// `innerError` names the request, and the members come in the order of the live service.
    fn check_error(&self, id: &str, client: &str) {
        let body = self.json();
        let error = body["error"].as_object().unwrap();
        let names: Vec<&str> = error.keys().map(String::as_str).collect();
        let order = ["code", "message", "target", "details", "innerError"];
        let expected: Vec<&str> = order.into_iter().filter(|name| names.contains(name)).collect();
        assert_eq!(names, expected);
        let inner = error["innerError"].as_object().unwrap();
        assert_eq!(inner.keys().collect::<Vec<_>>(), ["date", "request-id", "client-request-id"]);
        assert_eq!(
            (inner["request-id"].as_str(), inner["client-request-id"].as_str()),
            (Some(id), Some(client))
        );
        let date = inner["date"].as_str().unwrap();
        assert!(date.len() == 19 && !date.ends_with('Z'), "{date}: UTC without zone and fraction");
    }

    /// `whole`: with every header and `innerError`. What is sealed is different each time, so it is left out.
    fn render(&self, whole: bool) -> String {
        let mut out = format!("{}\n", self.status.as_u16());
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.sort_unstable();
        for (name, value) in headers {
            let usual = ALWAYS.iter().chain(&USUAL).any(|pair| *pair == (name, value))
                || name == "request-id"
                || name == "client-request-id";
            if whole || !usual {
                writeln!(out, "{name}: {value}").unwrap();
            }
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(mut body) if body.is_object() => {
                if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut).filter(|_| !whole) {
                    error.shift_remove("innerError");
                }
                writeln!(out, "{}", serde_json::to_string_pretty(&body).unwrap()).unwrap();
            }
            _ if self.body.is_empty() => {}
            _ => writeln!(out, "{}", self.text()).unwrap(),
        }
        masked(&out)
    }
}

/// Without the tokens of links.
fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = ["$skiptoken=", "$deltatoken="]
        .iter()
        .filter_map(|name| rest.split_once(name).map(|(a, b)| (a.len() + name.len(), b)))
        .min_by_key(|(at, _)| *at)
    {
        out.push_str(&rest[..before]);
        let end =
            after.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(after.len());
        out.push_str("(token)");
        rest = &after[end..];
    }
    out + rest
}

/// What was said, in order; becomes a snapshot.
#[derive(Default)]
pub struct Transcript {
    text: String,
    whole: bool,
}

impl Transcript {
    /// Shows every header and the whole of an error.
    pub fn whole() -> Self {
        Self { text: String::new(), whole: true }
    }

    /// Sends a request and notes both sides.
    pub async fn say(&mut self, app: &App, title: &str, ask: Ask) -> Reply {
        let reply = ask.send(app).await;
        writeln!(self.text, "## {title}\n{}\n{}", ask.render(), reply.render(self.whole)).unwrap();
        reply
    }

    /// The text, with lines that end in no blank.
    pub fn text(&self) -> String {
        self.text.trim_end().to_owned()
    }
}
