//! The one mapping from errors to HTTP.

use crate::edge::Arrival;
use axum::{body::Body, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use model::{Error, ErrorKind, TokenFault};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// An error on its way out: status, Graph's code and message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub target: Option<String>,
    /// Graph repeats an invalid value in `details`.
    details: bool,
    retry_after: Option<u32>,
    /// Methods that the address knows, on 405.
    pub allow: Option<String>,
    /// The token was good once: the client is told to get a fresh one.
    revoked: bool,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            target: None,
            details: false,
            retry_after: None,
            allow: None,
            revoked: false,
        }
    }

    /// The refusal of a request that we made ourselves on behalf of another, told for that one.
    pub(crate) fn passed_on(status: StatusCode, body: &Map<String, Value>) -> Self {
        let message = body.get("error").and_then(|error| error["message"].as_str()).unwrap_or_default();
        let code = match status {
            StatusCode::FORBIDDEN => "Authorization_RequestDenied",
            StatusCode::UNAUTHORIZED => "InvalidAuthenticationToken",
            _ => "Request_BadRequest",
        };
        Self::new(status, code, message)
    }

    /// A 400 in Graph's general words.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// Renders Graph's error body; our own API uses the same.
    pub(crate) fn json(&self, arrival: &Arrival) -> Response {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code));
        error.insert("message".to_owned(), json!(self.message));
        if self.details {
            error.insert(
                "details".to_owned(),
                json!([{
                    "code": "InvalidValue",
                    "message": self.message,
                    "target": self.target,
                    "blockedWord": "",
                    "prefix": "",
                    "suffix": "",
                }]),
            );
        } else if let Some(target) = &self.target {
            error.insert("target".to_owned(), json!(target));
        }
        let id = arrival.cx.request.to_string();
        let client = arrival.client_request_id.as_ref().and_then(|value| value.to_str().ok()).unwrap_or(&id);
        error.insert(
            "innerError".to_owned(),
            json!({ "date": arrival.cx.now.to_graph_error(), "request-id": id, "client-request-id": client }),
        );
        let mut response = json_response(self.status, &json!({ "error": Value::Object(error) }));
        let headers = response.headers_mut();
        let mut set = |name, value: Option<String>| {
            if let Some(value) = value.and_then(|text| HeaderValue::from_str(&text).ok()) {
                headers.insert(name, value);
            }
        };
        set(header::RETRY_AFTER, self.retry_after.map(|seconds| seconds.to_string()));
        set(header::ALLOW, self.allow.clone());
        set(
            header::WWW_AUTHENTICATE,
            (self.status == StatusCode::UNAUTHORIZED).then(|| self.challenge(arrival)),
        );
        response
    }

    /// The form of the live service: a client finds its authority in it, and after a revocation the claims to ask a fresh
    /// token with (continuous access evaluation).
    fn challenge(&self, arrival: &Arrival) -> String {
        let origin = &arrival.origin;
        let mut challenge = format!(
            "Bearer realm=\"\", authorization_uri=\"{origin}/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\""
        );
        if self.revoked {
            let since = arrival.cx.now.as_seconds().to_string();
            let claims = json!({ "access_token": { "nbf": { "essential": true, "value": since } } });
            let claims = STANDARD.encode(claims.to_string());
            challenge.push_str(&format!(", error=\"insufficient_claims\", claims=\"{claims}\""));
        }
        challenge
    }

    /// Seconds until another try makes sense.
    pub(crate) const fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }
}

/// So many headers an answer has at most, as a rule.
const HEADERS: usize = 12;

/// A JSON answer.
pub(crate) fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    // What we answer has texts for keys and always serialises.
    let mut text = Vec::with_capacity(512);
    drop(serde_json::to_writer(&mut text, body));
    json_text(status, text)
}

/// The same of a text that is JSON.
pub(crate) fn json_text(status: StatusCode, text: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().reserve(HEADERS);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

const fn token_message(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::Missing => "Access token is empty.",
        TokenFault::Malformed => {
            "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format. (JWS): 'EncodedHeader.EncodedPayload.EncodedSignature'. (JWE): 'EncodedProtectedHeader.EncodedEncryptedKey.EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'."
        }
        TokenFault::Invalid => "Access token validation failure. Invalid signature or claims.",
        TokenFault::Expired => "Lifetime validation failed, the token is expired.",
        TokenFault::Audience => "Access token validation failure. Invalid audience.",
        TokenFault::Stale => "You signed in too long ago for this. Sign in again, and repeat the request.",
        TokenFault::Revoked => {
            "Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if let ErrorKind::Internal = error.kind() {
            tracing::error!(?error, "a request failed inside");
        } else if let Some(internal) = error.internal_text() {
            tracing::info!(internal, "a request was refused");
        }
        let message = error.external().to_owned();
        let (status, code) = match error.kind() {
            ErrorKind::Unauthenticated(fault) => {
                let mut problem =
                    Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", token_message(fault));
                problem.revoked = fault == TokenFault::Revoked;
                return problem;
            }
            ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "Authorization_RequestDenied"),
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "Request_ResourceNotFound"),
            ErrorKind::BadRequest | ErrorKind::InvalidValue => {
                (StatusCode::BAD_REQUEST, "Request_BadRequest")
            }
            ErrorKind::Conflict => (StatusCode::CONFLICT, "Request_Conflict"),
            ErrorKind::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "PreconditionFailed"),
            ErrorKind::TooManyRequests(_) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
            ErrorKind::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
            ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        };
        let mut problem = Self::new(status, code, message);
        problem.target = error.target().map(str::to_owned);
        problem.details = error.kind() == ErrorKind::InvalidValue;
        if let ErrorKind::TooManyRequests(seconds) | ErrorKind::Unavailable(seconds) = error.kind() {
            problem.retry_after = Some(seconds);
        }
        problem
    }
}

impl From<odata::Error> for Problem {
    fn from(error: odata::Error) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, error.code, error.message);
        problem.target = error.target;
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each kind of error has one status and one code, and only those that another try can cure say when to try.
    #[test]
    fn every_kind_of_error_has_its_status_and_code() {
        let rows = [
            (ErrorKind::Unauthenticated(TokenFault::Missing), 401, "InvalidAuthenticationToken", None),
            (ErrorKind::Forbidden, 403, "Authorization_RequestDenied", None),
            (ErrorKind::NotFound, 404, "Request_ResourceNotFound", None),
            (ErrorKind::BadRequest, 400, "Request_BadRequest", None),
            (ErrorKind::InvalidValue, 400, "Request_BadRequest", None),
            (ErrorKind::Conflict, 409, "Request_Conflict", None),
            (ErrorKind::PreconditionFailed, 412, "PreconditionFailed", None),
            (ErrorKind::TooManyRequests(7), 429, "TooManyRequests", Some(7)),
            (ErrorKind::Unavailable(5), 503, "ServiceUnavailable", Some(5)),
            (ErrorKind::Internal, 500, "InternalServerError", None),
        ];
        for (kind, status, code, retry_after) in rows {
            let problem = Problem::from(Error::new(kind, "text"));
            assert_eq!(
                (problem.status.as_u16(), problem.code, problem.retry_after),
                (status, code, retry_after)
            );
        }
    }

    /// What the log should say never reaches the caller.
    #[test]
    fn the_internal_text_stays_inside() {
        let problem = Problem::from(Error::internal("password of the database"));
        assert!(!problem.message.contains("password"));
    }
}
