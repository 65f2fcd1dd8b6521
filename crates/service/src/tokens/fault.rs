use identity::AssertionFault;
use model::{AppId, Cx, Error, ErrorKind};

/// Why the token endpoint refuses, in the vocabulary of OAuth 2.0 (RFC 6749, section 5.2) and of Entra's error codes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OAuthFault {
    /// The number behind `AADSTS`.
    pub code: u32,
    /// The OAuth word: `invalid_client` and the like.
    pub error: &'static str,
    /// What a client may do about it, for a program to read: `consent_required` and the like.
    pub suberror: Option<&'static str>,
    /// `AADSTS{code}: ` and what is wrong; says nothing that the caller does not know.
    pub description: String,
}

impl OAuthFault {
    fn new(code: u32, error: &'static str, text: impl AsRef<str>) -> Self {
        Self { code, error, suberror: None, description: format!("AADSTS{code}: {}", text.as_ref()) }
    }

    /// The whole text in the form of the live service, which names the request and the time.
    pub fn described(&self, cx: &Cx, correlation: &str) -> String {
        format!(
            "{}\r\nTrace ID: {}\r\nCorrelation ID: {correlation}\r\nTimestamp: {}",
            self.description,
            cx.request,
            cx.now.to_oauth_error()
        )
    }

    /// A parameter that has to be there is not.
    pub fn missing(field: &str) -> Self {
        Self::new(900_144, "invalid_request", format!("The request must contain the parameter '{field}'."))
    }

    /// A parameter is there twice (RFC 6749, section 3.1).
    pub fn duplicate(field: &str) -> Self {
        Self::new(
            9_000_411,
            "invalid_request",
            format!("The request is not properly formatted. The parameter '{}' is duplicated.", shown(field)),
        )
    }

    pub(super) fn unsupported_grant() -> Self {
        Self::new(
            70_003,
            "unsupported_grant_type",
            "This grant type is not supported here. Use 'authorization_code', 'refresh_token', 'client_credentials' or \
             'urn:ietf:params:oauth:grant-type:device_code'.",
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
        Self::new(
            7_000_218,
            "invalid_client",
            "The request must contain the parameter 'client_assertion' or 'client_secret'.",
        )
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

    pub(super) fn unknown_scope(scope: &str) -> Self {
        Self::new(
            70_011,
            "invalid_scope",
            format!("The scope '{}' is not valid: the resource has no such permission.", shown(scope)),
        )
    }

    pub(super) fn mixed_default(scope: &str) -> Self {
        Self::new(
            70_011,
            "invalid_scope",
            format!(
                "The scope '{}' is not valid. '.default' cannot be combined with permissions by name.",
                shown(scope)
            ),
        )
    }

    pub(super) fn two_resources(scope: &str) -> Self {
        Self::new(
            28_000,
            "invalid_scope",
            format!(
                "The scope '{}' is not valid: it names more than one resource. Ask for one token for each.",
                shown(scope)
            ),
        )
    }

    /// The request is longer than what can be carried through signing in.
    pub fn too_long() -> Self {
        Self::new(90_015, "invalid_request", "The request is too long. Shorten 'state' or 'scope'.")
    }

    pub(super) fn no_redirect() -> Self {
        Self::new(900_971, "invalid_request", "No reply address provided. Send 'redirect_uri'.")
    }

    pub(super) fn wrong_redirect(app: AppId) -> Self {
        Self::new(
            50_011,
            "invalid_request",
            format!(
                "The redirect URI of the request does not match those configured for the application '{app}'. Register exactly \
                 the one that is sent."
            ),
        )
    }

    pub(super) fn response_type(named: &str) -> Self {
        Self::new(
            700_054,
            "unsupported_response_type",
            format!("response_type '{}' is not enabled for the application. Use 'code'.", shown(named)),
        )
    }

    pub(super) fn response_mode(named: &str) -> Self {
        Self::new(
            70_007,
            "invalid_request",
            format!(
                "The response mode '{}' is not supported. Use 'query', 'fragment' or 'form_post'.",
                shown(named)
            ),
        )
    }

    pub(super) fn prompt(named: &str) -> Self {
        Self::new(
            90_023,
            "invalid_request",
            format!("The value '{}' of the parameter 'prompt' is not valid.", shown(named)),
        )
    }

    pub(super) fn malformed(field: &str) -> Self {
        Self::new(90_023, "invalid_request", format!("The value of the parameter '{field}' is not valid."))
    }

    pub(super) fn request_objects(elsewhere: bool) -> Self {
        Self::new(
            90_023,
            if elsewhere { "request_uri_not_supported" } else { "request_not_supported" },
            "Parameters in a request object are not supported. Send them one by one.",
        )
    }

    pub(super) fn somebody_else() -> Self {
        Self::new(
            16_000,
            "login_required",
            "The account that is signed in is not the one that 'id_token_hint' names, or the hint proves nothing. Send the request \
             without the hint, or have the other account sign in.",
        )
    }

    pub(super) fn challenge_missing() -> Self {
        Self::new(
            50_147,
            "invalid_request",
            "A public client must send 'code_challenge' (Proof Key for Code Exchange, method S256).",
        )
    }

    pub(super) fn challenge_method() -> Self {
        Self::new(
            501_491,
            "invalid_request",
            "The code challenge is not valid. Send 43 characters of base64url with 'code_challenge_method' S256.",
        )
    }

    pub(super) fn wrong_verifier() -> Self {
        Self::new(
            501_481,
            "invalid_grant",
            "The code verifier does not match the code challenge of the authorization request.",
        )
    }

    pub(super) fn no_session() -> Self {
        Self::new(
            50_058,
            "login_required",
            "A silent sign-in request was sent but no user is signed in. Send the request without 'prompt=none'.",
        )
    }

    pub(super) fn no_account(tenant: &str) -> Self {
        Self::new(
            50_020,
            "interaction_required",
            format!(
                "The account that is signed in does not exist in the organization '{}' and cannot use its applications. Sign \
                 in with another account, or ask the organization to invite this one.",
                shown(tenant)
            ),
        )
    }

    pub(super) fn no_second_factor() -> Self {
        Self::new(
            50_079,
            "interaction_required",
            "The organization asks whoever holds a directory role for a second factor. Set one up in My Account under Security, \
             sign in with it, and send the request again.",
        )
    }

    pub(super) fn no_home() -> Self {
        Self::new(
            50_020,
            "invalid_request",
            "This account has no home organization. Put the id or a domain of an organization into the address.",
        )
    }

    pub(super) fn barred() -> Self {
        Self::new(
            500_213,
            "invalid_grant",
            "The cross-tenant access settings of one of the two organizations do not allow this user to use the application.",
        )
    }

    pub(super) fn user_disabled() -> Self {
        Self::new(50_057, "invalid_grant", "The user account is disabled.")
    }

    pub(super) fn user_gone() -> Self {
        Self::new(50_034, "invalid_grant", "The user account does not exist in this organization any more.")
    }

    pub(super) fn revoked() -> Self {
        let fault = Self::new(
            50_173,
            "invalid_grant",
            "The provided grant has expired because it was revoked. The user has to sign in again.",
        );
        Self { suberror: Some("bad_token"), ..fault }
    }

    pub(super) fn invalid_grant() -> Self {
        let fault = Self::new(
            70_000,
            "invalid_grant",
            "The provided code or refresh token is not valid for this client, address or organization.",
        );
        Self { suberror: Some("bad_token"), ..fault }
    }

    pub(super) fn code_used() -> Self {
        Self::new(
            54_005,
            "invalid_grant",
            "The authorization code was already redeemed. What it gave is void; the user has to sign in again.",
        )
    }

    pub(super) fn code_expired() -> Self {
        Self::new(
            70_008,
            "invalid_grant",
            "The authorization code or refresh token has expired. The user has to sign in again.",
        )
    }

    pub(super) fn token_used() -> Self {
        let fault = Self::new(
            70_000,
            "invalid_grant",
            "The refresh token was already used. The sign-in that it came from is void; the user has to sign in again.",
        );
        Self { suberror: Some("bad_token"), ..fault }
    }

    pub(super) fn token_idle() -> Self {
        let fault = Self::new(
            700_082,
            "invalid_grant",
            "The refresh token has expired due to inactivity. The user has to sign in again.",
        );
        Self { suberror: Some("token_expired"), ..fault }
    }

    pub(super) fn no_consent(app: AppId) -> Self {
        let fault = Self::new(
            65_001,
            "invalid_grant",
            format!(
                "The user or administrator has not consented to use the application '{app}' with these permissions. Send an \
                 interactive authorization request for them."
            ),
        );
        Self { suberror: Some("consent_required"), ..fault }
    }

    pub(super) fn consent_required(app: AppId) -> Self {
        Self { error: "consent_required", ..Self::no_consent(app) }
    }

    /// The person or an administrator said no.
    pub(super) fn declined() -> Self {
        Self::new(65_004, "access_denied", "The user declined to consent to access the app.")
    }

    pub(super) fn admin_declined() -> Self {
        Self { error: "consent_required", ..Self::declined() }
    }

    pub(super) fn administrator_needed() -> Self {
        Self::new(
            90_094,
            "access_denied",
            "An administrator has to grant these permissions before the app can be used.",
        )
    }

    pub(super) fn assertion_type() -> Self {
        Self::new(
            50_027,
            "invalid_request",
            "'client_assertion_type' must be 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'.",
        )
    }

    pub(super) fn assertion(fault: AssertionFault, app: Option<AppId>) -> Self {
        let app = app.map(|app| format!(" of the application '{app}'")).unwrap_or_default();
        let (code, text) = match fault {
            AssertionFault::Malformed => (
                50_027,
                format!(
                    "The client assertion{app} is malformed. It needs 'iss' and 'sub' (the client id), 'aud', 'exp' and 'jti', \
                     signed with RS256 or PS256."
                ),
            ),
            AssertionFault::Signature => (
                700_027,
                format!(
                    "The client assertion{app} failed signature validation with its registered certificates."
                ),
            ),
            AssertionFault::Audience => {
                (700_023, format!("The audience of the client assertion{app} is not this token endpoint."))
            }
            AssertionFault::Time => {
                (700_024, format!("The client assertion{app} is not within its valid time range."))
            }
        };
        Self::new(code, "invalid_client", text)
    }

    pub(super) fn assertion_used(app: AppId) -> Self {
        Self::new(
            50_013,
            "invalid_client",
            format!(
                "The client assertion of the application '{app}' was used before. Sign a new one with another 'jti'."
            ),
        )
    }

    pub(super) fn two_credentials() -> Self {
        Self::new(90_023, "invalid_request", "Send either 'client_secret' or 'client_assertion', not both.")
    }

    pub(super) fn device_off() -> Self {
        Self::new(
            530_036,
            "unauthorized_client",
            "Signing devices in by a code is switched off in this organization. An operator can switch it on.",
        )
    }

    pub(super) fn device_pending() -> Self {
        Self::new(
            70_016,
            "authorization_pending",
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        )
    }

    pub(super) fn device_too_fast(pause: i64) -> Self {
        Self::new(
            70_016,
            "slow_down",
            format!("The device asks too often. Wait {pause} seconds between two requests."),
        )
    }

    pub(super) fn device_declined() -> Self {
        Self::new(65_004, "authorization_declined", "The user declined to sign this device in.")
    }

    pub(super) fn device_unknown() -> Self {
        Self::new(70_018, "bad_verification_code", "The device code is not valid, or was used.")
    }

    pub(super) fn device_expired() -> Self {
        Self::new(70_019, "expired_token", "The device code has expired. Ask for a new one.")
    }

    /// Too many wrong credentials, or requests for device codes, from one network.
    pub(super) fn throttled() -> Self {
        Self::new(
            90_055,
            "temporarily_unavailable",
            "Too many requests, or wrong credentials, came from your network. Try again in a minute.",
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
