//! A site of somebody else, which answers every address and remembers who asked.

use crate::server::client;
use rcgen::generate_simple_self_signed;
use reqwest::Method;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What a browser sent.
#[derive(Clone, Debug)]
pub struct Heard {
    pub method: String,
    pub target: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What is answered: content type and text.
type Answer = Box<dyn Fn(&Heard) -> (&'static str, String) + Send + Sync>;

struct Shared {
    heard: Mutex<Vec<Heard>>,
    over: AtomicBool,
    answer: Answer,
}

/// Listens until dropped.
pub struct Site {
    pub port: u16,
    shared: Arc<Shared>,
}

/// What it answers: a page with a script of its own and a form, so that scripts can be run in its name.
const PAGE: &str = "<!doctype html><html lang=en><title>Elsewhere</title><body><h1>Elsewhere</h1>\
    <script>document.documentElement.dataset.script = 'ran'</script>";

impl Site {
    /// With a certificate that nobody trusts, or in plain text.
    pub fn open(secure: bool) -> Self {
        Self::answering(secure, Box::new(page))
    }

    /// A careless front of the house at this address: it hands on what comes from anywhere as if our own pages had sent it. So
    /// does a server that forgot to look at where a request comes from.
    pub fn careless_front(base_url: &str, ca: &Path) -> Self {
        let (base_url, client) = (base_url.to_owned(), client(ca));
        let hand_on = move |heard: &Heard| {
            let method = Method::from_bytes(heard.method.as_bytes()).unwrap();
            let mut request = client.request(method, format!("{base_url}{}", heard.target));
            for name in ["cookie", "content-type", "accept"] {
                request = request.header(name, heard.headers.get(name).map_or("", String::as_str));
            }
            let sent = request.header("sec-fetch-site", "same-origin").body(heard.body.clone()).send();
            ("text/html; charset=utf-8", sent.and_then(reqwest::blocking::Response::text).unwrap_or_default())
        };
        Self::answering(true, Box::new(hand_on))
    }

    fn answering(secure: bool, answer: Answer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { heard: Mutex::default(), over: AtomicBool::new(false), answer });
        let config = secure.then(|| Arc::new(certified()));
        let kept = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if kept.over.load(Ordering::SeqCst) {
                    return;
                }
                let (kept, config) = (kept.clone(), config.clone());
                thread::spawn(move || {
                    let Ok(stream) = stream else { return };
                    drop(stream.set_read_timeout(Some(Duration::from_secs(10))));
                    match config {
                        Some(config) => {
                            let Ok(session) = ServerConnection::new(config) else { return };
                            serve(StreamOwned::new(session, stream), &kept);
                        }
                        None => serve(stream, &kept),
                    }
                });
            }
        });
        Self { port, shared }
    }

    /// What was asked for so far, browsers' own wishes left out.
    pub fn heard(&self) -> Vec<Heard> {
        let heard = self.shared.heard.lock().unwrap();
        heard.iter().filter(|one| one.target != "/favicon.ico").cloned().collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // It waits for a connection.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn certified() -> ServerConfig {
    // Somebody else may have installed it already, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let own = generate_simple_self_signed(vec!["evil.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
    ServerConfig::builder().with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap()
}

/// A page, a script or a style, whatever the address ends with.
fn page(heard: &Heard) -> (&'static str, String) {
    let path = heard.target.split('?').next();
    let (kind, text) = match path.and_then(|path| path.rsplit_once('.')).map_or("", |(_, ending)| ending) {
        "js" => ("text/javascript", "globalThis.strangerWasHere = true"),
        "css" => ("text/css", "h1 { font-size: 99px }"),
        _ => ("text/html; charset=utf-8", PAGE),
    };
    (kind, text.to_owned())
}

fn serve(stream: impl Read + Write, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or_default() == 0 {
        return;
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return };
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() == 0 {
            return;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or_default();
    let mut body = vec![0; length];
    drop(reader.read_exact(&mut body));
    let body = String::from_utf8_lossy(&body).into_owned();
    let heard = Heard { method, target, headers, body };
    shared.heard.lock().unwrap().push(heard.clone());
    let (kind, text) = (shared.answer)(&heard);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n",
        text.len()
    );
    let mut stream = reader.into_inner();
    drop(stream.write_all(format!("{head}{text}").as_bytes()));
    drop(stream.flush());
}
