//! The door and the furniture.

use crate::pages::{
    answer::{Answer, Stop, see_other},
    assets, paths,
};
use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, Uri, header};
use model::Error;

pub(crate) async fn root() -> Answer {
    see_other(paths::MY_ACCOUNT)
}

/// Style, script and pictures: the name changes with the content, so a browser may keep them for ever.
pub(crate) async fn asset(uri: Uri) -> Result<Response, StatusCode> {
    let (mime, bytes) = assets::find(uri.path()).ok_or(StatusCode::NOT_FOUND)?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'self'"),
    );
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// Nothing at this address for this visitor.
pub(super) fn nothing_here() -> Stop {
    Error::not_found("page").into()
}
