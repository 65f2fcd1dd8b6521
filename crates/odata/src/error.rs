use std::fmt;

/// A request that cannot be understood: always status 400, with the code and message that Graph gives where
/// known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Graph's `error.code`, which clients program against.
    pub code: &'static str,
    /// Text for the person who wrote the request; it may quote a bounded part of it.
    pub message: String,
    /// Graph's `error.target`: the query option or property at fault, where there is one.
    pub target: Option<String>,
}

impl Error {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), target: None }
    }

    /// Graph's general code for a request that is malformed.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new("BadRequest", message)
    }

    /// Graph's code for a well-formed query that the service does not run.
    pub(crate) fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new("Request_UnsupportedQuery", message)
    }

    pub(crate) fn targeting(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The last segment of a path names nothing that exists below the one before it.
    pub fn unknown_segment(name: &str) -> Self {
        Self::bad_request(format!("Resource not found for the segment '{}'.", quote(name)))
    }

    /// `/users/$count` and the like were asked for without `ConsistencyLevel: eventual`.
    pub fn count_unsupported() -> Self {
        Self::new("Request_BadRequest", "$count is not currently supported.")
    }

    pub(crate) fn unknown_property(name: &str, type_name: &str) -> Self {
        let name = quote(name);
        Self::bad_request(format!("Could not find a property named '{name}' on type '{type_name}'."))
            .targeting(name)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

/// A part of the request as it may appear in a message: short, and without control characters.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut quoted: String = text.chars().take(LONGEST).filter(|c| !c.is_control()).collect();
    if text.chars().nth(LONGEST).is_some() {
        quoted.push('…');
    }
    quoted
}
