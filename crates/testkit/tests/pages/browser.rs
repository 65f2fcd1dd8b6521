use http::{HeaderMap, Request, request::Builder};
use http_body_util::BodyExt;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};
use testkit::World;
use web::{App, Options};

/// A browser with a jar of cookies, that reads forms and sends them.
#[derive(Clone)]
pub struct Browser {
    app: App,
    pub jar: BTreeMap<String, String>,
    pub peer: IpAddr,
    pub language: &'static str,
}

/// What came back.
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(world: &World) -> Self {
        Self::with(world, Options::default())
    }

    /// One of a server that presents itself so.
    pub fn with(world: &World, options: Options) -> Self {
        Self::of(App::new(world.directory().clone(), options))
    }

    /// One of this server.
    pub fn of(app: App) -> Self {
        Self { app, jar: BTreeMap::new(), peer: IpAddr::V4(Ipv4Addr::LOCALHOST), language: "en" }
    }

    /// One with this session.
    pub fn signed_in(world: &World, cookie: &str) -> Self {
        let mut browser = Self::new(world);
        // A session of a world opens the administration pages with the same secret.
        for name in ["__Host-innkeeper", "__Host-innkeeper-admin"] {
            browser.jar.insert(name.to_owned(), cookie.to_owned());
        }
        browser
    }

    pub fn request(&self, method: &str, path: &str) -> Builder {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:8443")
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("accept-language", self.language);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        request
    }

    pub async fn send(&mut self, request: Builder, body: &str) -> Page {
        let request = request.body(body.to_owned().into()).expect("a request");
        let (parts, body) = web::answer(self.app.clone(), request, self.peer).await.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let pair = cookie.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a name and a value");
            if value.is_empty() {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.request("GET", path);
        self.send(request, "").await
    }

    /// Sends a form as one of our own pages does.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "null")
            .header("sec-fetch-site", "same-origin");
        self.send(request, &form(fields)).await
    }

    /// Opens a page and sends its form: the token of the page and these fields.
    pub async fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.get(page).await.field("csrf");
        let fields: Vec<(&str, &str)> =
            [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post(action, &fields).await
    }
}

/// An url-encoded form.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

impl Page {
    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let (_, rest) =
            self.body.split_once(&marker).unwrap_or_else(|| panic!("no field {name} in {}", self.text()));
        rest.split('"').next().expect("a value").to_owned()
    }

    /// Where a page of ours goes on to.
    pub fn onward(&self) -> String {
        let (_, rest) = self
            .body
            .split_once("<meta http-equiv=\"refresh\" content=\"0; url=")
            .unwrap_or_else(|| panic!("goes nowhere: {} {}", self.status, self.text()));
        rest.split('"').next().expect("an address").replace("&#38;", "&").replace("&#39;", "'")
    }

    /// The address of the next page of a list, if there is one.
    pub fn next(&self) -> Option<String> {
        let (_, rest) = self.body.split_once("rel=\"next\" href=\"")?;
        Some(rest.split('"').next()?.replace("&#38;", "&"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// What a reader reads: the page without markup, with single blanks.
    pub fn text(&self) -> String {
        let main = self.body.split_once("<main").map_or(self.body.as_str(), |(_, main)| main);
        let mut text = String::new();
        for piece in main.split('<') {
            text.push(' ');
            text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
        }
        let text =
            text.replace("&#39;", "'").replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">");
        text.replace("&#38;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.text().contains(text), "{text:?} is not in {}", self.text());
        self
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} is in {}", self.body);
        self
    }

    #[track_caller]
    pub fn links_to(&self, address: &str) -> &Self {
        assert!(self.body.contains(&format!("href=\"{address}\"")), "no link to {address} in {}", self.body);
        self
    }

    #[track_caller]
    pub fn leads_to(&self, location: &str) -> &Self {
        assert_eq!((self.status, self.header("location")), (303, location), "{}", self.text());
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}
