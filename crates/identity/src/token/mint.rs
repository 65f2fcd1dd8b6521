use crate::{SigningKey, encoding::base64url, token::issuer};
use model::{
    AppId, ObjectId, Random, Result, TenantId, Timestamp,
    authz::{Permission, Role},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// How the app proved itself: `azpacr`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientAuth {
    /// Not at all.
    Public,
    /// With a client secret.
    Secret,
    /// With a signed assertion.
    Certificate,
}

impl ClientAuth {
    const fn claim(self) -> &'static str {
        match self {
            Self::Public => "0",
            Self::Secret => "1",
            Self::Certificate => "2",
        }
    }
}

/// For whom an access token speaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// The app itself, with its permissions.
    App {
        /// `roles`
        permissions: Vec<Permission>,
    },
    /// A person through the app.
    User {
        /// `scp`: scope values with one space between; may name more than Graph permissions, such as `openid`.
        scope: String,
        /// `sub`: the person as this app alone knows it.
        pairwise: String,
        /// `gen`, a claim of ours: the generation of the account. A transition of its life cycle voids the token, whatever
        /// the clock said when it was issued.
        generation: i64,
        /// `hgen`, a claim of ours: the generation of the home account, where that is in another tenant here.
        home_generation: Option<i64>,
        /// `authorization`, a claim of ours: the sign-in to the app that the token comes from. Taking it back voids the token.
        authorization: Uuid,
        /// `name`
        name: String,
        /// `upn`
        upn: String,
        /// `idp`: the issuer of the home account, where that is another one.
        home_issuer: Option<String>,
    },
}

/// What goes into an access token for the Graph API. Times are cut to whole seconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessClaims {
    /// `aud`
    pub audience: String,
    /// The public origin that issues: `https://host:port`, without a slash at the end.
    pub origin: String,
    /// `tid`
    pub tenant: TenantId,
    /// `oid`: the person or the service principal in this tenant.
    pub oid: ObjectId,
    /// `azp`, and `appid` for older tools.
    pub app: AppId,
    /// `app_displayname`
    pub app_name: String,
    /// `azpacr`, and `appidacr` for older tools.
    pub client_auth: ClientAuth,
    /// `wids`: for clients to read; rights are always taken from the directory.
    pub roles: Vec<Role>,
    /// `iat` and `nbf`
    pub issued_at: Timestamp,
    /// `exp`, at most [`crate::MAX_LIFETIME`] later.
    pub expires: Timestamp,
    /// `uti`, from [`token_id`].
    pub uti: String,
    /// The person or the app.
    pub subject: Subject,
}

/// What goes into an ID token. Its audience is the client, so that it is never taken for an access token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdClaims {
    /// `aud`: the client.
    pub app: AppId,
    /// The public origin that issues: `https://host:port`, without a slash at the end.
    pub origin: String,
    /// `tid`
    pub tenant: TenantId,
    /// `oid`
    pub oid: ObjectId,
    /// `sub`: the person as this app alone knows it.
    pub pairwise: String,
    /// `name`, where the client asked for the profile.
    pub name: Option<String>,
    /// `preferred_username`, where the client asked for the profile.
    pub username: Option<String>,
    /// `email`, where the client asked for it.
    pub email: Option<String>,
    /// `idp`: the issuer of the home account, where that is another one.
    pub home_issuer: Option<String>,
    /// `nonce` of the request.
    pub nonce: Option<String>,
    /// `auth_time`: when the person last proved to be present.
    pub authenticated_at: Option<Timestamp>,
    /// `iat` and `nbf`
    pub issued_at: Timestamp,
    /// `exp`
    pub expires: Timestamp,
    /// `uti`, from [`token_id`].
    pub uti: String,
}

/// A new `uti`: 128 random bits in base64url.
pub fn token_id(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    base64url(&bytes)
}

/// Signs an access token.
pub fn mint(key: &SigningKey, claims: &AccessClaims) -> Result<String> {
    let mut body = times(claims.issued_at, claims.expires);
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("aud", json!(claims.audience));
    set("iss", json!(issuer(&claims.origin, claims.tenant)));
    set("tid", json!(claims.tenant));
    set("oid", json!(claims.oid));
    set("azp", json!(claims.app));
    set("appid", json!(claims.app));
    set("azpacr", json!(claims.client_auth.claim()));
    set("appidacr", json!(claims.client_auth.claim()));
    set("app_displayname", json!(claims.app_name));
    set("wids", claims.roles.iter().map(|role| role.template().to_string()).collect());
    set("uti", json!(claims.uti));
    set("ver", json!("2.0"));
    match &claims.subject {
        Subject::App { permissions } => {
            set("idtyp", json!("app"));
            set("sub", json!(claims.oid));
            set("roles", permissions.iter().map(|permission| permission.value()).collect());
        }
        Subject::User {
            scope,
            pairwise,
            generation,
            home_generation,
            authorization,
            name,
            upn,
            home_issuer,
        } => {
            set("idtyp", json!("user"));
            set("sub", json!(pairwise));
            set("scp", json!(scope));
            set("gen", json!(generation));
            if let Some(generation) = home_generation {
                set("hgen", json!(generation));
            }
            set("authorization", json!(authorization));
            set("name", json!(name));
            set("upn", json!(upn));
            if let Some(home) = home_issuer {
                set("idp", json!(home));
            }
        }
    }
    sign(key, body)
}

/// Signs an ID token.
pub fn mint_id(key: &SigningKey, claims: &IdClaims) -> Result<String> {
    let mut body = times(claims.issued_at, claims.expires);
    let authenticated_at = claims.authenticated_at.map(|at| json!(at.as_seconds()));
    let text = |value: &Option<String>| value.as_ref().map(|text| json!(text));
    let all = [
        ("aud", Some(json!(claims.app))),
        ("iss", Some(json!(issuer(&claims.origin, claims.tenant)))),
        ("tid", Some(json!(claims.tenant))),
        ("oid", Some(json!(claims.oid))),
        ("sub", Some(json!(claims.pairwise))),
        ("name", text(&claims.name)),
        ("preferred_username", text(&claims.username)),
        ("email", text(&claims.email)),
        ("idp", text(&claims.home_issuer)),
        ("nonce", text(&claims.nonce)),
        ("auth_time", authenticated_at),
        ("uti", Some(json!(claims.uti))),
        ("ver", Some(json!("2.0"))),
    ];
    body.extend(all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    sign(key, body)
}

fn times(issued_at: Timestamp, expires: Timestamp) -> Map<String, Value> {
    [("iat", issued_at), ("nbf", issued_at), ("exp", expires)]
        .into_iter()
        .map(|(name, at)| (name.to_owned(), json!(at.as_seconds())))
        .collect()
}

fn sign(key: &SigningKey, body: Map<String, Value>) -> Result<String> {
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": key.public().kid() }).to_string();
    let body = Value::Object(body).to_string();
    let mut token = format!("{}.{}", base64url(header.as_bytes()), base64url(body.as_bytes()));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url(&signature));
    Ok(token)
}
