use crate::Timestamp;
use std::{borrow::Cow, fmt};

/// The result of everything below the web.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a token is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenFault {
    /// No token was sent.
    Missing,
    /// Not in the form of a signed token.
    Malformed,
    /// Signature, issuer, tenant or claims do not hold.
    Invalid,
    /// The time of the token is over, or has not begun.
    Expired,
    /// Meant for another resource.
    Audience,
    /// Good once, but the account, the app or its rights changed since.
    Revoked,
    /// Good, but the person proved too long ago who they are for what they are about to do.
    Stale,
}

/// What kind of thing went wrong; the web maps each to one status and code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// Who is asking could not be established.
    Unauthenticated(TokenFault),
    /// The caller may not do this.
    Forbidden,
    /// There is no such object for this caller.
    NotFound,
    /// The request asks for something that cannot be.
    BadRequest,
    /// A property may not have this value; the property is in `target`.
    InvalidValue,
    /// The state does not allow it now.
    Conflict,
    /// `If-Match` names another version.
    PreconditionFailed,
    /// Too many requests; seconds until the next try makes sense.
    TooManyRequests(u32),
    /// The store cannot be reached or is full; seconds until the next try makes sense.
    Unavailable(u32),
    /// A defect or a broken dependency.
    Internal,
}

/// One error for everything below the web. The external text is for the caller, the internal one for the log: there is
/// no `Display`, so that neither can be taken for the other.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    external: Cow<'static, str>,
    internal: Option<String>,
    target: Option<&'static str>,
}

impl Error {
    /// An error with the text that the caller may see.
    pub fn new(kind: ErrorKind, external: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, external: external.into(), internal: None, target: None }
    }

    /// A defect: the caller learns nothing of it, the log everything.
    pub fn internal(internal: impl Into<String>) -> Self {
        Self::new(
            ErrorKind::Internal,
            "Something went wrong on the server. Try again; if it stays, report the request id.",
        )
        .because(internal)
    }

    /// The caller may not do this (Graph's text).
    pub fn forbidden() -> Self {
        Self::new(ErrorKind::Forbidden, "Insufficient privileges to complete the operation.")
    }

    /// No such object (Graph's text). A foreign id answers exactly like an unknown one.
    pub fn not_found(id: impl fmt::Display) -> Self {
        Self::new(
            ErrorKind::NotFound,
            format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    /// A property that cannot have this value (Graph's text).
    pub fn invalid_value(property: &'static str, resource: &str) -> Self {
        let mut error = Self::new(
            ErrorKind::InvalidValue,
            format!("Invalid value specified for property '{property}' of resource '{resource}'."),
        );
        error.target = Some(property);
        error
    }

    /// A request that cannot be.
    pub fn bad_request(external: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::BadRequest, external)
    }

    /// The token is not accepted.
    pub fn unauthenticated(fault: TokenFault) -> Self {
        Self::new(ErrorKind::Unauthenticated(fault), "")
    }

    /// Adds what the log should say.
    #[must_use]
    pub fn because(mut self, internal: impl Into<String>) -> Self {
        self.internal = Some(internal.into());
        self
    }

    /// What kind it is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The text for the caller.
    pub fn external(&self) -> &str {
        &self.external
    }

    /// The text for the log, if there is more to say.
    pub fn internal_text(&self) -> Option<&str> {
        self.internal.as_deref()
    }

    /// The property it is about.
    pub const fn target(&self) -> Option<&'static str> {
        self.target
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.external)?;
        if let Some(internal) = &self.internal {
            write!(f, " [{internal}]")?;
        }
        Ok(())
    }
}

impl From<uuid::Error> for Error {
    fn from(error: uuid::Error) -> Self {
        Self::internal(format!("a stored id does not parse: {error}"))
    }
}

/// Time as it goes into texts for operators.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_graph())
    }
}
