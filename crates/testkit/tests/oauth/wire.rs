//! A browser with cookies, a program that posts forms, and what both get back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, Request, request::Builder};
use http_body_util::BodyExt;
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write, net::Ipv4Addr};
use testkit::World;
use web::{App, Options};

/// Percent-encodes everything, as a form may.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let pair = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            plain => plain,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// Whoever talks to the server: with cookies like a browser, which a program has none of.
#[derive(Clone)]
pub struct Agent {
    app: App,
    pub jar: BTreeMap<String, String>,
}

impl Agent {
    pub fn new(world: &World) -> Self {
        Self::with(world, Options { demo: true, ..Options::default() })
    }

    pub fn with(world: &World, options: Options) -> Self {
        Self { app: App::new(world.directory().clone(), options), jar: BTreeMap::new() }
    }

    /// A browser with this session.
    pub fn signed_in(world: &World, cookie: &str) -> Self {
        let mut agent = Self::new(world);
        agent.jar.insert("__Host-innkeeper".to_owned(), cookie.to_owned());
        agent
    }

    pub fn request(&self, method: &str, path: &str) -> Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:8443")
            .header("accept", "text/html,application/json;q=0.9")
            .header("accept-language", "en");
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) }
    }

    pub async fn send(&mut self, request: Builder, body: &str) -> Reply {
        let request = request.body(body.to_owned().into()).unwrap();
        let peer = Ipv4Addr::LOCALHOST.into();
        let (parts, body) = web::answer(self.app.clone(), request, peer).await.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        let request = self.request("GET", path);
        self.send(request, "").await
    }

    /// Posts a form of one of our own pages.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request, &form(fields)).await
    }

    /// Posts a form as a program does, without cookies.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post_with(path, fields, &[]).await
    }

    pub async fn post_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder()
            .method("POST")
            .uri(path)
            .header("host", "localhost:8443")
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, &form(fields)).await
    }

    /// Asks with a bearer token.
    pub async fn bearing(&mut self, path: &str, token: &str) -> Reply {
        let request = Request::builder()
            .uri(path)
            .header("host", "localhost:8443")
            .header("authorization", format!("Bearer {token}"));
        self.send(request, "").await
    }
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.body)).to_owned()
    }

    /// Status, OAuth error and number: what clients program against.
    pub fn fault(&self) -> (u16, String, u64) {
        let body = self.json();
        (
            self.status,
            body["error"].as_str().unwrap_or_default().to_owned(),
            body["error_codes"][0].as_u64().unwrap_or_default(),
        )
    }

    /// A hidden field of a page.
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&marker).unwrap_or_else(|| panic!("no {name} in {}", self.body));
        let value = rest.split('"').next().unwrap();
        value.replace("&#38;", "&").replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<")
    }

    /// Where a page of ours goes on to by itself.
    pub fn onward(&self) -> String {
        let (_, rest) = self
            .body
            .split_once("<meta http-equiv=\"refresh\" content=\"0; url=")
            .unwrap_or_else(|| panic!("goes nowhere: {} {}", self.status, self.body));
        rest.split('"').next().unwrap().replace("&#38;", "&").replace("&#39;", "'")
    }

    /// Where the browser is sent, and with which parameters.
    pub fn sent(&self) -> (String, BTreeMap<String, String>) {
        assert_eq!(self.status, 302, "{}", self.body);
        parameters(self.header("location"))
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{text:?} is not in {}", self.body);
        self
    }

    /// The transcript of an answer: tokens by their claims, random values left out.
    pub fn transcript(&self) -> String {
        let mut out = format!("{}\n", self.status);
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.sort_unstable();
        for (name, value) in headers {
            match name {
                "content-length" => {}
                "x-ms-request-id" | "request-id" | "client-request-id" => writeln!(out, "{name}: …").unwrap(),
                "location" => writeln!(out, "location: {}", without_secrets(value)).unwrap(),
                _ => writeln!(out, "{name}: {value}").unwrap(),
            }
        }
        if let Ok(mut body) = serde_json::from_str::<Value>(&self.body) {
            redact(&mut body);
            writeln!(out, "{}", serde_json::to_string_pretty(&body).unwrap()).unwrap();
        }
        out
    }
}

/// The address and the parameters of a location.
pub fn parameters(location: &str) -> (String, BTreeMap<String, String>) {
    let at = location.find(['?', '#']).unwrap_or(location.len());
    let (address, query) = location.split_at(at);
    let pairs = query.trim_start_matches(['?', '#']).split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    (address.to_owned(), pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect())
}

fn without_secrets(location: &str) -> String {
    let (address, parameters) = parameters(location);
    let mut out = address;
    for (name, value) in parameters {
        let value = match name.as_str() {
            "code" | "way" | "return" => "…".to_owned(),
            "error_description" => value.split("\r\n").next().unwrap().to_owned(),
            _ => value,
        };
        write!(out, "\n  {name}={value}").unwrap();
    }
    out
}

/// The claims of a token.
pub fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).expect("a token");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).expect("base64url")).expect("JSON")
}

fn redact(body: &mut Value) {
    let Some(members) = body.as_object_mut() else { return };
    for (name, value) in members {
        match (name.as_str(), &value) {
            ("access_token" | "id_token", Value::String(token)) => {
                let mut shown = claims(token);
                for random in
                    ["uti", "authorization", "sub", "oid", "tid", "iss", "azp", "appid", "aud", "idp"]
                {
                    if let Some(value) = shown.get_mut(random)
                        && value.as_str().is_some_and(|text| {
                            !text.starts_with("https://graph") && !text.starts_with("https://management")
                        })
                    {
                        *value = Value::from("…");
                    }
                }
                *value = shown;
            }
            (
                "refresh_token" | "client_info" | "trace_id" | "correlation_id" | "device_code" | "user_code",
                _,
            ) => *value = Value::from("…"),
            ("message", Value::String(text)) => {
                let start = text.split("the code").next().unwrap().to_owned();
                *value = Value::from(format!("{start}the code …"));
            }
            ("error_description", Value::String(text)) => {
                let first = text.split("\r\n").next().unwrap().to_owned();
                *value = Value::from(without_ids(&first));
            }
            _ => {}
        }
    }
}

/// Ids that a seed makes are left out, so that a transcript stays when something before it draws once more.
fn without_ids(text: &str) -> String {
    let words = text.split('\'').map(|part| if uuid::Uuid::parse_str(part).is_ok() { "…" } else { part });
    words.collect::<Vec<_>>().join("'")
}
