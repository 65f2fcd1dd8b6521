use super::{MAX_LIFETIME, MAX_TOKEN, json};
use crate::{VerifyingKey, encoding::from_base64url};
use model::{AppId, ObjectId, Span, TenantId, Timestamp, TokenFault, authz::Permission};
use serde_json::{Map, Value};
use std::str::FromStr;
use uuid::Uuid;

/// How far `nbf` and `iat` may lie ahead. `exp` has no leeway: the clock that set it is ours.
pub(super) const LEEWAY: Span = Span::seconds(60);

type Fault<T> = std::result::Result<T, TokenFault>;

/// A token of the right form about which nothing is proved yet. It tells only where to find the key.
pub struct Unverified<'a> {
    kid: String,
    tenant: TenantId,
    claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl Unverified<'_> {
    /// The key it says it was signed with.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The tenant it says it is of.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
}

/// What a token has to agree with.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// The names of this resource; `aud` must be one of them exactly.
    pub audiences: &'a [String],
    /// The origins (`https://host:port`) under which this server issues tokens.
    pub origins: &'a [String],
    /// The instant of the request.
    pub now: Timestamp,
}

/// What a token grants, as far as this directory knows the permissions. The directory may have withdrawn them since.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rights {
    /// The app itself may do this.
    App {
        /// `roles`
        permissions: Vec<Permission>,
    },
    /// The app may do this for the person.
    User {
        /// `scp`
        scopes: Vec<Permission>,
        /// Those of OpenID Connect in `scp`.
        openid: OpenIdScopes,
        /// `gen`: the generation of the account that the token was issued for.
        generation: i64,
        /// `hgen`: the same of the home account, where that is in another tenant here.
        home_generation: Option<i64>,
        /// `authorization`: the sign-in to the app that it comes from.
        authorization: Uuid,
    },
}

/// The scopes of OpenID Connect (Core, sections 5.4 and 11): what the app learns of the person, and for how long it may act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenIdScopes {
    /// `openid`: who it is.
    pub openid: bool,
    /// `profile`: the name.
    pub profile: bool,
    /// `email`: the address.
    pub email: bool,
    /// `offline_access`: also while the person is away.
    pub offline_access: bool,
}

impl OpenIdScopes {
    /// Those among these values.
    pub fn among<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self::default();
        for value in values {
            found.add(value);
        }
        found
    }

    /// Adds the scope of this name; false if there is none.
    pub fn add(&mut self, value: &str) -> bool {
        match value {
            "openid" => self.openid = true,
            "profile" => self.profile = true,
            "email" => self.email = true,
            "offline_access" => self.offline_access = true,
            _ => return false,
        }
        true
    }
}

/// What an ID token tells of whom to sign out. Only [`verify_hint`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct IdHint {
    /// The tenant that issued it.
    pub tenant: TenantId,
    /// The person in that tenant.
    pub oid: ObjectId,
    /// The app it was issued to.
    pub app: AppId,
}

/// A verified access token. Only [`verify`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct VerifiedAccess {
    /// The tenant; issuer, `tid` and key agree on it.
    pub tenant: TenantId,
    /// The person or the service principal in that tenant.
    pub oid: ObjectId,
    /// The app that got the token.
    pub app: AppId,
    /// What it grants.
    pub rights: Rights,
    /// When it was issued, in whole seconds.
    pub issued_at: Timestamp,
    /// When it begins, in whole seconds.
    pub begins: Timestamp,
    /// When it ends, in whole seconds.
    pub expires: Timestamp,
    /// Its id.
    pub uti: String,
}

impl VerifiedAccess {
    /// Is it good at this instant? [`verify`] asks it last; of a token that it proved, nothing else changes with time.
    ///
    /// # Errors
    /// `Expired` if it is over or has not begun.
    pub fn check_time(&self, now: Timestamp) -> Fault<()> {
        let latest = now + LEEWAY;
        let over = self.expires <= now || self.begins > latest || self.issued_at > latest;
        if over { Err(TokenFault::Expired) } else { Ok(()) }
    }
}

/// Takes a token apart. It must be a JWS in compact form (RFC 7515, section 7.1) of at most [`MAX_TOKEN`] bytes whose
/// header is exactly what [`crate::mint`] writes: no other member, so nothing in it can point at a key or change rules.
pub fn parse(token: &str) -> Fault<Unverified<'_>> {
    if token.len() > MAX_TOKEN {
        return Err(TokenFault::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
    // A further dot is no base64url, so exactly three parts remain.
    let part = |text| from_base64url(text).ok_or(TokenFault::Malformed);
    let (header, claims, signature) = (part(header)?, part(claims)?, part(signature)?);
    let (header, claims) = (json::object(&header)?, json::object(&claims)?);
    let is = |name, expected| header.get(name).and_then(Value::as_str) == Some(expected);
    if header.len() != 3 || !is("alg", "RS256") || !is("typ", "JWT") {
        return Err(TokenFault::Invalid);
    }
    Ok(Unverified {
        kid: text(&header, "kid")?.to_owned(),
        tenant: id(&claims, "tid")?,
        claims,
        signed,
        signature,
    })
}

/// Proves an access token: a pure function of its arguments.
///
/// # Errors
/// `Invalid` if key, signature, issuer or the form of a claim do not hold; then `Audience` if it is for another resource;
/// then `Expired` if it is over or has not begun.
pub fn verify(token: &Unverified<'_>, key: &VerifyingKey, expect: &Expect<'_>) -> Fault<VerifiedAccess> {
    if token.kid != key.public.kid()
        || token.tenant != key.tenant
        || !key.public.verifies(token.signed.as_bytes(), &token.signature)
    {
        return Err(TokenFault::Invalid);
    }
    let claims = &token.claims;
    let verified = VerifiedAccess {
        tenant: key.tenant,
        oid: id(claims, "oid")?,
        app: app(claims)?,
        rights: rights(claims)?,
        issued_at: time(claims, "iat")?,
        begins: time(claims, "nbf")?,
        expires: time(claims, "exp")?,
        uti: text(claims, "uti")?.to_owned(),
    };
    let audience = text(claims, "aud")?;
    check_form(claims)?;
    check_issuer(claims, key.tenant, expect.origins)?;
    if verified.expires <= verified.issued_at || verified.expires.since(verified.issued_at) > MAX_LIFETIME {
        return Err(TokenFault::Invalid);
    }
    if !expect.audiences.iter().any(|name| name == audience) {
        return Err(TokenFault::Audience);
    }
    verified.check_time(expect.now)?;
    Ok(verified)
}

/// Proves an ID token that a client hands back as a hint (OpenID Connect RP-Initiated Logout, section 2). Whether it is over
/// plays no part: it only says whom to sign out. It opens nothing.
pub fn verify_hint(token: &Unverified<'_>, key: &VerifyingKey, origins: &[String]) -> Fault<IdHint> {
    if token.kid != key.public.kid()
        || token.tenant != key.tenant
        || !key.public.verifies(token.signed.as_bytes(), &token.signature)
    {
        return Err(TokenFault::Invalid);
    }
    let claims = &token.claims;
    check_issuer(claims, key.tenant, origins)?;
    // An access token is none: it names no client as its audience, and says what it is.
    if claims.contains_key("idtyp") {
        return Err(TokenFault::Invalid);
    }
    Ok(IdHint { tenant: key.tenant, oid: id(claims, "oid")?, app: id(claims, "aud")? })
}

fn app(claims: &Map<String, Value>) -> Fault<AppId> {
    let app = id(claims, "azp")?;
    if id::<AppId>(claims, "appid")? == app { Ok(app) } else { Err(TokenFault::Invalid) }
}

/// `idtyp` decides which of `roles` and `scp` there has to be; the other must be absent. Values that this directory does
/// not know grant nothing.
fn rights(claims: &Map<String, Value>) -> Fault<Rights> {
    match (text(claims, "idtyp")?, claims.get("roles"), claims.get("scp")) {
        // An app is its own subject; a person's subject is another for each app and cannot be checked here.
        ("app", Some(roles), None) if text(claims, "sub")? == text(claims, "oid")? => {
            Ok(Rights::App { permissions: known(strings(roles)?.into_iter()) })
        }
        ("user", None, Some(Value::String(scope))) if !text(claims, "sub")?.is_empty() => {
            let generation = claims.get("gen").and_then(Value::as_i64).ok_or(TokenFault::Invalid)?;
            let home_generation = match claims.get("hgen") {
                None => None,
                Some(generation) => Some(generation.as_i64().ok_or(TokenFault::Invalid)?),
            };
            Ok(Rights::User {
                scopes: known(scope.split(' ')),
                openid: OpenIdScopes::among(scope.split(' ')),
                generation,
                home_generation,
                authorization: id(claims, "authorization")?,
            })
        }
        _ => Err(TokenFault::Invalid),
    }
}

fn known<'a>(values: impl Iterator<Item = &'a str>) -> Vec<Permission> {
    let mut known: Vec<Permission> = values.filter_map(Permission::parse).collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// Claims that decide nothing here must still be there in the form that [`crate::mint`] gives them.
fn check_form(claims: &Map<String, Value>) -> Fault<()> {
    let optional = ["name", "upn", "idp"];
    let well_formed = text(claims, "ver")? == "2.0"
        && matches!(text(claims, "azpacr")?, "0" | "1" | "2")
        && claims.get("app_displayname").is_some_and(Value::is_string)
        && claims.get("wids").is_some_and(|wids| strings(wids).is_ok())
        && optional.iter().all(|name| claims.get(*name).is_none_or(Value::is_string));
    if well_formed { Ok(()) } else { Err(TokenFault::Invalid) }
}

/// The issuer must be `{origin}/{tenant}/v2.0` of this very tenant.
fn check_issuer(claims: &Map<String, Value>, tenant: TenantId, origins: &[String]) -> Fault<()> {
    let tail = super::issuer("", tenant);
    let origin = text(claims, "iss")?.strip_suffix(tail.as_str()).ok_or(TokenFault::Invalid)?;
    if origins.iter().any(|known| known == origin) { Ok(()) } else { Err(TokenFault::Invalid) }
}

/// A string that is not empty.
fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Fault<&'a str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or(TokenFault::Invalid)
}

/// An id in the one form that we write: hyphenated, lower case.
fn id<T: FromStr + ToString>(claims: &Map<String, Value>, name: &str) -> Fault<T> {
    let text = text(claims, name)?;
    text.parse::<T>().ok().filter(|id| id.to_string() == text).ok_or(TokenFault::Invalid)
}

/// Whole seconds from 1970 to the end of 9999.
fn time(claims: &Map<String, Value>, name: &str) -> Fault<Timestamp> {
    const END: i64 = 253_402_300_799;
    let seconds = claims.get(name).and_then(Value::as_i64).filter(|seconds| (0..=END).contains(seconds));
    seconds.map(Timestamp::from_seconds).ok_or(TokenFault::Invalid)
}

fn strings(value: &Value) -> Fault<Vec<&str>> {
    let items = value.as_array().ok_or(TokenFault::Invalid)?;
    items.iter().map(|item| item.as_str().ok_or(TokenFault::Invalid)).collect()
}
