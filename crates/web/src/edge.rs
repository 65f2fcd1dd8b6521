//! The edge: one connection, one request, what is too much, and what every answer carries.

use crate::{App, errors::Problem, graph, pack};
use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body as _;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use model::{Cx, Error, ErrorKind};
use service::Caller;
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tower::ServiceExt;

/// Largest request body, in bytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;
/// Largest request head, in bytes.
const MAX_HEAD: usize = 32 * 1024;
/// How long a client may take to send a request head, or to begin the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// How many requests one HTTP/2 connection may have under way.
const MAX_STREAMS: u32 = 100;

/// What is known of a request before anybody looks at it. Handlers find it among the request's extensions.
#[derive(Clone)]
pub(crate) struct Arrival {
    /// Time, randomness and the request id.
    pub cx: Cx,
    /// Our own address as the client sees it: `https://host:port`.
    pub origin: String,
    /// Where the request came from.
    pub peer: IpAddr,
    /// The client's own id for the request, echoed.
    pub client_request_id: Option<HeaderValue>,
}

impl Arrival {
    /// Where failures are counted: one address, or one IPv6 network, of which people have 2^64 addresses each.
    pub(crate) fn network(&self) -> String {
        match self.peer.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// Serves one connection until it ends; when `stop` turns true, finishes the request in flight and closes.
pub async fn serve<S>(app: App, stream: S, peer: SocketAddr, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD + 8 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let app = app.clone();
        let request = request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        async move { Ok::<_, Infallible>(answer(app, request, peer.ip()).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            changed = stop.changed() => {
                connection.as_mut().graceful_shutdown();
                if changed.is_err() {
                    // Nobody is left to tell us more; serve what is under way.
                    drop(connection.as_mut().await);
                    return;
                }
            }
        }
    }
}

/// Answers one request that came from `peer`. The server calls it for each request on a connection, and tests call it directly.
pub async fn answer(app: App, request: Request, peer: IpAddr) -> Response {
    let arrival = arrive(&app, request.headers(), request.uri(), peer);
    let head = request.method() == Method::HEAD;
    let is_graph = graph::owns(request.uri().path());
    let packs = is_graph && request.method() == Method::GET && pack::is_accepted(request.headers());
    let mut response = match admit(request).await {
        Ok(request) if is_graph => graph::answer(&app, &arrival, request).await,
        Ok(request) => route(&app, &arrival, request).await,
        Err(problem) => problem.json(&arrival),
    };
    finish(response.headers_mut(), &arrival, is_graph);
    if packs {
        response = pack::pack(response).await;
    }
    if head {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Answers a request to Graph that a page of ours makes for somebody, the very way in which one off the wire is answered.
pub(crate) async fn answer_for(
    app: &App,
    arrival: &Arrival,
    caller: Caller,
    mut request: Request,
) -> Response {
    let inner = Arrival {
        cx: app.directory.own_cx(),
        client_request_id: client_request_id(request.headers()),
        ..arrival.clone()
    };
    request.extensions_mut().insert(caller);
    let mut response = match admit(request).await {
        Ok(request) => graph::answer(app, &inner, request).await,
        Err(problem) => problem.json(&inner),
    };
    finish(response.headers_mut(), &inner, true);
    response
}

fn client_request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(CLIENT_REQUEST_ID);
    id.filter(|value| value.len() <= 128 && value.to_str().is_ok()).cloned()
}

fn arrive(app: &App, headers: &HeaderMap, uri: &http::Uri, peer: IpAddr) -> Arrival {
    let cx = app.directory.own_cx();
    // The request's own idea of our name counts only where it is one of ours.
    let host = uri.authority().map(http::uri::Authority::as_str);
    let host = host.or_else(|| headers.get(header::HOST).and_then(|value| value.to_str().ok()));
    let origin =
        host.and_then(|host| app.directory.known_origin(host)).unwrap_or_else(|| app.directory.origin());
    Arrival { cx, origin: origin.to_owned(), peer, client_request_id: client_request_id(headers) }
}

/// Refuses what is too much, and reads the body.
async fn admit(request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let nothing = body.is_end_stream();
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > odata::MAX_URL {
        return Err(Problem::new(
            StatusCode::URI_TOO_LONG,
            "BadRequest",
            "The request URI is too long: at most 8 KiB.",
        ));
    }
    if parts.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "BadRequest",
            "Compressed request bodies are not accepted.",
        ));
    }
    if nothing {
        return Ok(Request::from_parts(parts, Body::empty()));
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect())
        .await
        .map_err(|_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "BadRequest",
                "The request body did not arrive in time.",
            )
        })?
        .map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "BadRequest",
                    "The request body is too large: at most 1 MiB.",
                )
            } else {
                Problem::new(StatusCode::BAD_REQUEST, "BadRequest", "The request body could not be read.")
            }
        })?;
    Ok(Request::from_parts(parts, Body::from(body.to_bytes())))
}

async fn route(app: &App, arrival: &Arrival, mut request: Request) -> Response {
    request.extensions_mut().insert(arrival.clone());
    match app.router.as_ref().clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Headers that every answer carries.
fn finish(headers: &mut HeaderMap, arrival: &Arrival, is_graph: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, if is_graph { "no-cache" } else { "no-store" });
    set(header::VARY, "Accept-Encoding");
    let host = arrival.origin.strip_prefix("https://").unwrap_or_default();
    let local = ["localhost", "127.", "[::1]"].iter().any(|name| host.starts_with(name));
    if !local {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Ok(id) = HeaderValue::from_str(&arrival.cx.request.to_string()) {
        headers.insert(CLIENT_REQUEST_ID, arrival.client_request_id.clone().unwrap_or_else(|| id.clone()));
        headers.insert(REQUEST_ID, id);
    }
}

/// Whatever has no route: a page for browsers, JSON for everybody else.
pub(crate) async fn not_found(request: Request) -> Response {
    let error = Error::new(ErrorKind::NotFound, "There is nothing at this address.");
    match request.extensions().get::<Arrival>() {
        Some(arrival) if crate::pages::wants_html(request.headers()) => crate::pages::lost(arrival, &request),
        Some(arrival) => Problem::from(error).json(arrival),
        None => status(StatusCode::NOT_FOUND),
    }
}

pub(crate) fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
