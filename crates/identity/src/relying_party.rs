use crate::{
    digest::{digest, equal},
    encoding::from_base64url,
    token,
};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use model::{Span, Timestamp};
use serde_json::{Map, Value};

/// The longest ID token that is read, in bytes.
const MAX_ID_TOKEN: usize = 16 * 1024;
/// The longest life that an ID token may have.
const MAX_LIFE: Span = Span::hours(25);
/// How far the provider's clock may be off.
const LEEWAY: Span = Span::seconds(60);

/// Why an ID token of a provider is not accepted; the word is for logs and audit records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdTokenFault {
    /// Not in the form of a signed token, or with something in it that we do not allow.
    Malformed,
    /// Signed with an algorithm or a key that the provider does not publish for us.
    Key,
    /// The signature does not hold.
    Signature,
    /// From somebody else.
    Issuer,
    /// For somebody else.
    Audience,
    /// Of another sign-in.
    Nonce,
    /// Over, or not begun.
    Time,
    /// It names nobody.
    Subject,
}

impl IdTokenFault {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformedToken",
            Self::Key => "unknownKey",
            Self::Signature => "wrongSignature",
            Self::Issuer => "wrongIssuer",
            Self::Audience => "wrongAudience",
            Self::Nonce => "wrongNonce",
            Self::Time => "wrongTime",
            Self::Subject => "noSubject",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { point: Vec<u8> },
}

/// A public key of a provider: for RS256 or ES256, whatever a token says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderKey {
    kid: Option<String>,
    material: Material,
}

impl ProviderKey {
    fn of_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| text(name).and_then(from_base64url);
        if text("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        let alg = text("alg");
        let material = match text("kty")? {
            "RSA" if alg.is_none_or(|alg| alg == "RS256") => {
                let modulus = bytes("n").filter(|n| (256..=1024).contains(&n.len()))?;
                Material::Rsa { modulus, exponent: bytes("e")? }
            }
            "EC" if text("crv") == Some("P-256") && alg.is_none_or(|alg| alg == "ES256") => {
                let (x, y) = (bytes("x").filter(|x| x.len() == 32)?, bytes("y").filter(|y| y.len() == 32)?);
                // Uncompressed form (SEC 1, section 2.3.3).
                Material::P256 { point: [&[4], x.as_slice(), y.as_slice()].concat() }
            }
            _ => return None,
        };
        Some(Self { kid: text("kid").map(str::to_owned), material })
    }

    const fn algorithm(&self) -> &'static str {
        match self.material {
            Material::Rsa { .. } => "RS256",
            Material::P256 { .. } => "ES256",
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Material::P256 { point } => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
        }
    }
}

/// Reads a key set (RFC 7517); keys of other kinds or for other uses are left out. Nothing if it is no key set.
pub fn provider_keys(document: &[u8]) -> Option<Vec<ProviderKey>> {
    let document: Value = serde_json::from_slice(document).ok()?;
    let keys = document.get("keys")?.as_array()?;
    Some(keys.iter().take(100).filter_map(ProviderKey::of_jwk).collect())
}

/// What an ID token has to agree with (OpenID Connect Core, section 3.1.3.7).
#[derive(Clone, Copy, Debug)]
pub struct IdExpect<'a> {
    /// The issuer of the registration, exactly.
    pub issuer: &'a str,
    /// What the provider calls us.
    pub client_id: &'a str,
    /// The nonce of this sign-in.
    pub nonce: &'a str,
    /// The instant of the request.
    pub now: Timestamp,
}

/// What a provider says of somebody who signed in there. Roles and groups are not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderClaims {
    /// `sub`
    pub subject: String,
    /// `name`
    pub name: Option<String>,
    /// `preferred_username`
    pub user_name: Option<String>,
    /// `email`
    pub email: Option<String>,
    /// `email_verified` is there and true.
    pub email_verified: bool,
    /// `auth_time`: when the person last proved to the provider to be present.
    pub authenticated: Option<Timestamp>,
}

/// An ID token about which nothing is proved yet. It tells only where to find the key.
pub struct UnverifiedIdToken<'a> {
    kid: Option<String>,
    algorithm: String,
    claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> UnverifiedIdToken<'a> {
    /// Takes a token apart: a JWS in compact form; `crit`, `zip` and encryption are refused, pointers to keys are ignored.
    pub fn parse(text: &'a str) -> Result<Self, IdTokenFault> {
        const BAD: IdTokenFault = IdTokenFault::Malformed;
        if text.len() > MAX_ID_TOKEN {
            return Err(BAD);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(BAD)?;
        let (header, claims) = signed.split_once('.').ok_or(BAD)?;
        let part = |text| from_base64url(text).ok_or(BAD);
        let object = |bytes: Vec<u8>| token::object(&bytes).map_err(|_| BAD);
        let (header, claims) = (object(part(header)?)?, object(part(claims)?)?);
        if ["crit", "zip", "enc", "b64"].iter().any(|name| header.contains_key(*name)) {
            return Err(BAD);
        }
        let typ = header.get("typ").map(|typ| typ.as_str().unwrap_or_default().to_ascii_uppercase());
        // An access token of the same provider (RFC 9068) must not pass for an ID token.
        if typ.is_some_and(|typ| typ != "JWT") {
            return Err(BAD);
        }
        let kid = match header.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str().ok_or(BAD)?.to_owned()),
        };
        let algorithm = header.get("alg").and_then(Value::as_str).ok_or(BAD)?.to_owned();
        Ok(Self { kid, algorithm, claims, signed, signature: part(signature)? })
    }

    /// The key for it among those of the provider: by `kid` exactly; without one only if there is a single key of its kind.
    pub fn key<'k>(&self, keys: &'k [ProviderKey]) -> Option<&'k ProviderKey> {
        let mut fitting = keys.iter().filter(|key| key.algorithm() == self.algorithm);
        match &self.kid {
            Some(kid) => fitting.find(|key| key.kid.as_ref() == Some(kid)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }

    /// Proves it: a pure function of its arguments.
    pub fn verify(
        &self,
        keys: &[ProviderKey],
        expect: &IdExpect<'_>,
    ) -> Result<ProviderClaims, IdTokenFault> {
        let key = self.key(keys).ok_or(IdTokenFault::Key)?;
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(IdTokenFault::Signature);
        }
        let text = |name: &str| self.claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(expect.issuer) {
            return Err(IdTokenFault::Issuer);
        }
        self.check_audience(expect.client_id)?;
        if !text("nonce").is_some_and(|nonce| equal(nonce.as_bytes(), expect.nonce.as_bytes())) {
            return Err(IdTokenFault::Nonce);
        }
        self.check_time(expect.now)?;
        // OpenID Connect Core, section 2: at most 255 ASCII characters.
        let subject = text("sub")
            .filter(|sub| !sub.is_empty() && sub.len() <= 255 && sub.is_ascii())
            .ok_or(IdTokenFault::Subject)?;
        let short = |name: &str| text(name).and_then(model::plain_text);
        Ok(ProviderClaims {
            subject: subject.to_owned(),
            name: short("name"),
            user_name: short("preferred_username"),
            email: short("email"),
            email_verified: self.claims.get("email_verified") == Some(&Value::Bool(true)),
            authenticated: self.time("auth_time"),
        })
    }

    /// Ours and nobody else's: a further audience would need a trust that nobody has asked for.
    fn check_audience(&self, client_id: &str) -> Result<(), IdTokenFault> {
        let ours = match self.claims.get("aud") {
            Some(Value::String(aud)) => aud == client_id,
            Some(Value::Array(list)) => list.len() == 1 && list[0].as_str() == Some(client_id),
            _ => false,
        };
        let authorized = self.claims.get("azp").is_none_or(|azp| azp.as_str() == Some(client_id));
        if ours && authorized { Ok(()) } else { Err(IdTokenFault::Audience) }
    }

    /// Whole seconds from 1970 to the end of 9999.
    fn time(&self, name: &str) -> Option<Timestamp> {
        const END: i64 = 253_402_300_799;
        let seconds = self.claims.get(name)?.as_i64().filter(|seconds| (0..=END).contains(seconds));
        seconds.map(Timestamp::from_seconds)
    }

    fn check_time(&self, now: Timestamp) -> Result<(), IdTokenFault> {
        let time = |name: &str| self.time(name);
        let (Some(expires), Some(issued)) = (time("exp"), time("iat")) else {
            return Err(IdTokenFault::Time);
        };
        let begun = match self.claims.get("nbf") {
            None => true,
            Some(_) => time("nbf").is_some_and(|begins| begins <= now + LEEWAY),
        };
        let holds = begun
            && expires + LEEWAY > now
            && issued <= now + LEEWAY
            && expires > issued
            && expires.since(issued) <= MAX_LIFE;
        if holds { Ok(()) } else { Err(IdTokenFault::Time) }
    }
}

/// Who somebody is to us: a digest of issuer and subject, which neither an address nor another provider can yield.
pub fn federated_identity(issuer: &str, subject: &str) -> String {
    hex::encode(digest(format!("{issuer}\0{subject}").as_bytes()))
}

#[cfg(test)]
mod tests;
