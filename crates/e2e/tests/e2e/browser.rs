//! A browser without script: cookies, forms and redirects.

use crate::{page::Page, server::client};
use reqwest::{
    Method,
    blocking::{Client, RequestBuilder},
};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// One person's browser.
pub struct Browser {
    client: Client,
    base_url: String,
    pub jar: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(base_url: &str, ca: &Path) -> Self {
        Self { client: client(ca), base_url: base_url.to_owned(), jar: BTreeMap::new() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self
            .client
            .request(method, format!("{}{path}", self.base_url))
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("accept-language", "en")
            .header("sec-fetch-site", "same-origin");
        if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) }
    }

    fn send(&mut self, request: RequestBuilder) -> Page {
        let answer = request.send().unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        Page { status: answer.status().as_u16(), location, body: answer.text().unwrap() }
    }

    pub fn get(&mut self, path: &str) -> Page {
        let request = self.request(Method::GET, path);
        self.send(request)
    }

    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.request(Method::POST, path).form(fields);
        self.send(request)
    }

    /// The JSON at an address of ours.
    #[track_caller]
    pub fn json(&mut self, path: &str) -> Value {
        let page = self.get(path);
        serde_json::from_str(&page.body).unwrap_or_else(|error| panic!("{error}: {}", page.body))
    }

    /// Opens a page, fills its form and sends it: hidden fields as they are, and these.
    #[track_caller]
    pub fn submit(&mut self, path: &str, hidden: &[&str], fields: &[(&str, &str)]) -> Page {
        let page = self.get(path);
        page.is(200);
        let hidden: Vec<(&str, String)> =
            ["csrf"].iter().chain(hidden).map(|name| (*name, page.field(name))).collect();
        let all: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(fields.iter().copied())
            .collect();
        self.post(path, &all)
    }

    /// The first step of signing in: who?
    #[track_caller]
    pub fn knock(&mut self, user_name: &str) -> Page {
        self.submit("/signin", &[], &[("step", "userName"), ("userName", user_name)])
    }

    /// Signs in with a password and goes where the server leads.
    #[track_caller]
    pub fn sign_in(&mut self, user_name: &str, password: &str) {
        let asked = self.knock(user_name);
        asked.is(200).says("Password");
        let csrf = asked.field("csrf");
        let fields =
            [("csrf", csrf.as_str()), ("step", "password"), ("userName", user_name), ("password", password)];
        self.post("/signin", &fields).leads_to("/myaccount");
    }

    /// Does what a person with an authenticator app does.
    pub fn set_up_second_factor(&mut self) {
        let page = self.submit("/myaccount/security", &[], &[("act", "begin")]);
        page.is(200).says("Scan this picture");
        let shown =
            page.body.split("<p class=\"mono strong\">").nth(1).and_then(|rest| rest.split('<').next());
        let secret = identity::TotpSecret::from_bytes(&unbase32(shown.unwrap()));
        let (csrf, code) = (page.field("csrf"), secret.code_at(wall()));
        let fields = [("csrf", csrf.as_str()), ("act", "confirm"), ("code", code.as_str())];
        self.post("/myaccount/security", &fields).is(200).says("Your recovery codes");
    }
}

/// The time that an authenticator app goes by.
#[expect(clippy::disallowed_methods, reason = "the servers under test run by the clock of this machine")]
pub fn wall() -> model::Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    model::Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

pub fn unbase32(text: &str) -> Vec<u8> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap();
        buffer = (buffer << 5 | u32::try_from(value).unwrap()) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xff).unwrap());
        }
    }
    bytes
}
