//! What comes back from a page: rendered templates, redirects, errors, and the headers that all of them carry.

use super::{
    i18n::Texts,
    paths, session,
    view::{ErrorPage, Page},
};
use crate::{edge::Arrival, errors::Problem};
use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use model::{Error, ErrorKind, TokenFault};

/// The one script makes no markup out of text, so it needs no exception from trusted types.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'";

/// What a handler answers.
pub(crate) type Answer = Result<Response, Stop>;

/// Why a handler stops early.
pub(crate) enum Stop {
    /// Something else is to be answered.
    Answer(Box<Response>),
    /// Something went wrong; the gate renders it, because it knows the reader.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Travels from a handler to the gate.
#[derive(Clone)]
struct Failed(Error);

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Answer(response) => *response,
            Self::Error(error) => {
                let mut response = Response::new(Body::empty());
                response.extensions_mut().insert(Failed(error));
                response
            }
        }
    }
}

/// A page.
pub(super) fn html(status: StatusCode, template: &impl Template) -> Answer {
    let text = template.render().map_err(|error| Error::internal(format!("a template: {error}")))?;
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(response)
}

/// A JSON document to be saved under this name, which must need no quoting.
pub(super) fn attachment(name: &str, document: &serde_json::Value) -> Answer {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Error::internal(format!("a document does not serialise: {error}")))?;
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(|_| Error::internal("a file name that is no header"))?;
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// Sends the browser to another page of ours, by `GET`.
pub(super) fn see_other(path: &str) -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location =
        HeaderValue::from_str(path).map_err(|_| Error::internal("a redirect that is no header"))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Adds a cookie.
pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Answer {
    let value = HeaderValue::from_str(cookie).map_err(|_| Error::internal("a cookie that is no header"))?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(response)
}

/// Ends the session in this browser.
pub(super) fn without_session(response: Response) -> Answer {
    let response = with_cookie(response, &session::drop_cookie(session::SESSION))?;
    Ok(forgetting(with_cookie(response, &session::drop_cookie(session::ADMIN))?))
}

/// Has the browser forget our pages: some keep whole pages to go back to, whatever `no-store` says.
pub(super) fn forgetting(mut response: Response) -> Response {
    let name = HeaderName::from_static("clear-site-data");
    response.headers_mut().insert(name, HeaderValue::from_static("\"cache\""));
    response
}

/// One part of a query, percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// Where to sign in so as to come back to this address.
pub(super) fn sign_in_for(uri: &Uri) -> String {
    sign_in_at(uri.path_and_query().map_or(paths::MY_ACCOUNT, |target| target.as_str()))
}

/// The same for an address of ours as text.
pub(super) fn sign_in_at(target: &str) -> String {
    format!("{}?return={}", paths::SIGN_IN, encoded(target))
}

/// The same for somebody who is signed in, but proved too long ago who they are.
pub(super) fn sign_in_again_for(uri: &Uri) -> String {
    format!("{}&again", sign_in_for(uri))
}

/// An address to return to, if it is a page of ours: a path from the root, written so that no browser reads a host into it.
/// Where it leads, nobody else decides.
pub(super) fn local(target: &str) -> &str {
    let mut rest = target.strip_prefix('/').into_iter().flat_map(str::chars);
    let is_path = target.starts_with('/')
        && target.len() <= 4096
        && !matches!(rest.next(), Some('/' | '\\'))
        && target.chars().all(|c| c.is_ascii_graphic() && c != '\\')
        && !target.starts_with(paths::SIGN_IN)
        && !target.starts_with(paths::SIGN_OUT);
    if is_path { target } else { paths::MY_ACCOUNT }
}

/// The texts for whoever sent these headers.
pub(super) fn texts(headers: &HeaderMap) -> Texts {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Texts::choose(session::cookie(headers, session::LANGUAGE), accepted)
}

/// The query without `lang`, and the value of that.
pub(super) fn split_language(query: &str) -> (String, Option<&str>) {
    let is_lang = |pair: &&str| pair.split('=').next() == Some("lang");
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_lang(pair)).collect();
    let lang = query.split('&').find(is_lang).map(|pair| pair.split_once('=').map_or("", |(_, tag)| tag));
    (rest.join("&"), lang)
}

/// Answers a switch of the language: the same address again, in that language from now on.
fn switched(uri: &Uri) -> Option<Answer> {
    let (rest, lang) = split_language(uri.query()?);
    let lang = lang?;
    let target = if rest.is_empty() { uri.path().to_owned() } else { format!("{}?{rest}", uri.path()) };
    // A path that no route matched may begin with two slashes, which browsers read as another host.
    let answer = see_other(if target.starts_with("//") { paths::MY_ACCOUNT } else { &target });
    Some(match Texts::by_tag(lang) {
        Some(texts) => {
            answer.and_then(|response| with_cookie(response, &session::keep_language(texts.tag())))
        }
        None => answer,
    })
}

/// Every page goes through here: unsafe requests must come from us, the language can be switched anywhere, errors become
/// pages in the reader's language, and the headers that protect a page are set.
pub(super) async fn gate(request: Request, next: Next) -> Response {
    let Some(arrival) = request.extensions().get::<Arrival>().cloned() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (headers, uri, method) = (request.headers().clone(), request.uri().clone(), request.method().clone());
    let reading = method == Method::GET || method == Method::HEAD;
    let early = if reading {
        switched(&uri)
    } else if session::is_from_us(&headers, &arrival.origin) {
        None
    } else {
        Some(Err(Error::forbidden().because("an unsafe request from another site").into()))
    };
    let mut response = match early {
        Some(answer) => answer.into_response(),
        None => next.run(request).await,
    };
    if let Some(Failed(error)) = response.extensions_mut().remove::<Failed>() {
        response = match error.kind() {
            ErrorKind::Unauthenticated(TokenFault::Stale) => {
                see_other(&sign_in_again_for(&uri)).into_response()
            }
            ErrorKind::Unauthenticated(_) => see_other(&sign_in_for(&uri)).into_response(),
            _ => error_page(&arrival, &headers, &uri, &error),
        };
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = status_page(&arrival, &headers, &uri, StatusCode::METHOD_NOT_ALLOWED, None);
        response.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    }
    harden(response.headers_mut());
    response
}

/// The page for an error, in the reader's language.
fn error_page(arrival: &Arrival, headers: &HeaderMap, uri: &Uri, error: &Error) -> Response {
    let problem = Problem::from(error.clone());
    let mut response = status_page(arrival, headers, uri, problem.status, problem.retry_after());
    harden(response.headers_mut());
    response
}

/// The page for an address that leads nowhere. The language is switched there, too.
pub(super) fn lost(arrival: &Arrival, method: &Method, headers: &HeaderMap, uri: &Uri) -> Response {
    let error = Error::new(ErrorKind::NotFound, "There is nothing at this address.");
    let mut response = match switched(uri).filter(|_| *method == Method::GET) {
        Some(answer) => answer.into_response(),
        None => error_page(arrival, headers, uri, &error),
    };
    harden(response.headers_mut());
    response
}

fn status_page(
    arrival: &Arrival,
    headers: &HeaderMap,
    uri: &Uri,
    status: StatusCode,
    retry_after: Option<u32>,
) -> Response {
    let page = Page {
        texts: texts(headers),
        path: String::new(),
        // Whoever switches the language stays at the address that was asked for.
        query: uri.query().map(|query| split_language(query).0).unwrap_or_default(),
        csrf: String::new(),
        account: None,
        administration: None,
    };
    let request_id = arrival.cx.request.to_string();
    let template = ErrorPage { page, status: status.as_u16(), request_id, retry_after, not_set_up: false };
    // A template that does not render has no page either.
    let mut response = match html(status, &template) {
        Ok(response) => response,
        Err(_) => status.into_response(),
    };
    response
        .headers_mut()
        .extend(retry_after.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds))));
    response
}

fn harden(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(header::CACHE_CONTROL, "no-store");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_address_never_leaves_this_server() {
        for good in [
            "/myaccount",
            "/myaccount/organizations?tenantId=contoso.example",
            "/admin/deleted-users?after=x%2F",
        ] {
            assert_eq!(local(good), good);
        }
        let long = format!("/{}", "a".repeat(5000));
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/a\\b",
            "/ö",
            "javascript:alert(1)",
            "evil",
            "/signin?return=/signin",
            "/signout",
            " /myaccount",
            "/a\r\nSet-Cookie: x",
            &long,
        ] {
            assert_eq!(local(bad), paths::MY_ACCOUNT, "{bad:.40}");
        }
    }

    #[test]
    fn switching_the_language_keeps_the_rest_of_the_query() {
        assert_eq!(split_language("a=1&lang=zh-CN&b=2"), ("a=1&b=2".to_owned(), Some("zh-CN")));
        assert_eq!(split_language("lang"), (String::new(), Some("")));
        assert_eq!(split_language("language=en"), ("language=en".to_owned(), None));
    }
}
