use model::{AppId, Error, ErrorKind};

/// Why the token endpoint refuses, in the vocabulary of OAuth 2.0 (RFC 6749, section 5.2) and of Entra's error codes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OAuthFault {
    /// The number behind `AADSTS`.
    pub code: u32,
    /// The OAuth word: `invalid_client` and the like.
    pub error: &'static str,
    /// `AADSTS{code}: ` and what is wrong; says nothing that the caller does not know.
    pub description: String,
}

impl OAuthFault {
    fn new(code: u32, error: &'static str, text: impl AsRef<str>) -> Self {
        Self { code, error, description: format!("AADSTS{code}: {}", text.as_ref()) }
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::new(900_144, "invalid_request", format!("The request must contain the parameter '{field}'."))
    }

    pub(super) fn unsupported_grant() -> Self {
        Self::new(
            70_003,
            "unsupported_grant_type",
            "This grant type is not supported here. Use 'client_credentials'.",
        )
    }

    pub(super) fn no_tenant() -> Self {
        Self::new(
            50_059,
            "invalid_request",
            "No tenant could be told from the request. Put the id or a domain of the tenant into the address.",
        )
    }

    /// Also for discovery and key documents.
    pub(crate) fn unknown_tenant(name: &str) -> Self {
        Self::new(
            90_002,
            "invalid_request",
            format!("Tenant '{}' not found. Check the tenant id or domain in the address.", shown(name)),
        )
    }

    pub(super) fn unknown_app(id: &str, tenant: &str) -> Self {
        Self::new(
            700_016,
            "unauthorized_client",
            format!(
                "Application with identifier '{}' was not found in the directory '{}'. Check the client id, and that the app \
                 is registered in this tenant.",
                shown(id),
                shown(tenant)
            ),
        )
    }

    pub(super) fn disabled_app(app: AppId) -> Self {
        Self::new(7_000_112, "unauthorized_client", format!("Application '{app}' is disabled."))
    }

    pub(super) fn public_client(app: AppId) -> Self {
        Self::new(
            700_025,
            "invalid_client",
            format!("Client '{app}' is public: it has no credential and cannot ask for a token of its own."),
        )
    }

    pub(super) fn no_secret() -> Self {
        Self::new(7_000_218, "invalid_client", "The request must contain the parameter 'client_secret'.")
    }

    pub(super) fn wrong_secret(app: AppId) -> Self {
        Self::new(
            7_000_215,
            "invalid_client",
            format!(
                "Invalid client secret provided. Send the value of a secret of app '{app}' that has not expired, not its id."
            ),
        )
    }

    pub(super) fn wrong_scope(scope: &str) -> Self {
        Self::new(
            70_011,
            "invalid_scope",
            format!(
                "The scope '{}' is not valid. An app asks for exactly one scope: the resource with '/.default' behind, such \
                 as 'https://graph.microsoft.com/.default'.",
                shown(scope)
            ),
        )
    }

    pub(super) fn unknown_resource(resource: &str) -> Self {
        Self::new(
            500_011,
            "invalid_resource",
            format!("The resource '{}' was not found in the tenant.", shown(resource)),
        )
    }
}

/// What came from outside goes into an answer cut short and without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

impl From<Error> for OAuthFault {
    fn from(error: Error) -> Self {
        tracing::error!(?error, "the token endpoint could not answer");
        match error.kind() {
            ErrorKind::Internal => Self::new(50_000, "server_error", error.external()),
            _ => Self::new(
                90_033,
                "temporarily_unavailable",
                "A temporary failure. Try again in a few seconds.",
            ),
        }
    }
}
