//! Answers packed with gzip, for clients that say that they can read it.
//!
//! Only what a program asked for with a token of its own, and only reading: in a page, or where a request comes with a cookie,
//! the length of a packed answer can betray a secret in it to whoever chooses a part of the request (BREACH).

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use std::io::Write;

/// Below this many bytes, packing costs more than it saves.
const WORTH_IT: usize = 1024;

/// Does the client accept gzip (RFC 9110, 12.5.3)?
pub(crate) fn is_accepted(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING);
    let weight = |name: &str| {
        let texts = codings.iter().filter_map(|value| value.to_str().ok());
        texts.flat_map(|value| value.split(',')).find_map(|coding| {
            let (coding, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let is_it = coding.trim().eq_ignore_ascii_case(name);
            let weight = weight.trim().trim_start_matches(['q', 'Q']).trim_start_matches('=');
            is_it.then(|| if weight.is_empty() { 1.0 } else { weight.parse().unwrap_or(0.0) })
        })
    };
    weight("gzip").or_else(|| weight("*")).is_some_and(|weight: f32| weight > 0.0)
}

fn packed(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// The answer, packed if that is worth it.
pub(crate) async fn pack(response: Response) -> Response {
    if response.status() != StatusCode::OK || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    // Our bodies are in memory, so this neither waits nor fails.
    let plain = body.collect().await.map_or_else(|_| Bytes::new(), |body| body.to_bytes());
    if plain.len() < WORTH_IT {
        return Response::from_parts(head, Body::from(plain));
    }
    match packed(&plain) {
        Ok(packed) => {
            head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(head, Body::from(packed))
        }
        Err(_) => Response::from_parts(head, Body::from(plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_say_so_get_gzip() {
        for (value, accepted) in [
            ("gzip", true),
            ("gzip, deflate, br", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("br, *;q=0.1", true),
            ("", false),
            ("br", false),
            ("identity", false),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("gzip;q=x", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(is_accepted(&headers), accepted, "{value}");
        }
        assert!(!is_accepted(&HeaderMap::new()));
    }
}
