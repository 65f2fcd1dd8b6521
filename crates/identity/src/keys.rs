use crate::{digest::digest, encoding::base64url};
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
        RsaSubjectPublicKey,
    },
};
use model::{Error, Result, TenantId};
use serde_json::{Value, json};
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// The length of the modulus, and of each signature, in bytes.
const MODULUS: usize = 256;

/// The public half of a signing key: RSA of 2048 bits, for RS256. Cheap to clone.
#[derive(Clone)]
pub struct PublicKey(Arc<Parts>);

struct Parts {
    kid: String,
    der: Vec<u8>,
    modulus: String,
    exponent: String,
    // Parsing takes longer than verifying.
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// Reads an `RSAPublicKey` in DER (RFC 8017), as [`PublicKey::der`] gives it.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let broken =
            |_| Error::internal("a stored public key does not parse; restore the database from a backup");
        let key = RsaSubjectPublicKey::from_der(der).map_err(broken)?;
        if key.modulus_len() != MODULUS {
            return Err(Error::internal(format!(
                "a stored public key has {} bytes, not 256",
                key.modulus_len()
            )));
        }
        let modulus = base64url(key.modulus().big_endian_without_leading_zero());
        let exponent = base64url(key.exponent().big_endian_without_leading_zero());
        Ok(Self(Arc::new(Parts {
            kid: thumbprint(&modulus, &exponent),
            der: key.as_ref().to_vec(),
            modulus,
            exponent,
            parsed: ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map_err(broken)?,
        })))
    }

    /// The key id: the RFC 7638 thumbprint, so that the same key has the same id everywhere and two keys never share one.
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// `RSAPublicKey` in DER (RFC 8017).
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The entry in the key document (RFC 7517), with Entra's `issuer` member.
    pub fn jwk(&self, issuer: &str) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.0.kid,
            "n": self.0.modulus, "e": self.0.exponent, "issuer": issuer,
        })
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.0.kid)
    }
}

/// RFC 7638, section 3: SHA-256 over the required members in the order of the alphabet.
fn thumbprint(modulus: &str, exponent: &str) -> String {
    base64url(&digest(format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#).as_bytes()))
}

/// A public key and the tenant whose tokens it may prove.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    /// The only tenant it counts for.
    pub tenant: TenantId,
    /// The key.
    pub public: PublicKey,
}

/// A tenant's private key, ready to sign.
pub struct SigningKey {
    pair: RsaKeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// Makes a key. Takes around a tenth of a second, at worst one: run it off the event loop.
    ///
    /// The only place that does not take its randomness from [`model::Random`]: aws-lc draws the primes from the
    /// operating system and offers no other way.
    pub fn generate() -> Result<Self> {
        RsaKeyPair::generate(KeySize::Rsa2048)
            .map_err(|_| Error::internal("the operating system gave no randomness for a signing key"))
            .and_then(Self::from_pair)
    }

    /// Reads a key in PKCS #8, as [`SigningKey::to_pkcs8`] gives it. Keep the result: parsing costs more than signing.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        RsaKeyPair::from_pkcs8(der)
            .map_err(|_| {
                Error::internal("a stored signing key does not parse; restore the database from a backup")
            })
            .and_then(Self::from_pair)
    }

    fn from_pair(pair: RsaKeyPair) -> Result<Self> {
        let public = PublicKey::from_der(pair.public_key().as_ref())?;
        Ok(Self { pair, public })
    }

    /// The private key in PKCS #8, to be sealed with [`crate::MasterKey::seal`]; wiped when dropped.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.pair
            .as_der()
            .map(|der| Zeroizing::new(der.as_ref().to_vec()))
            .map_err(|_| Error::internal("a signing key could not be written as PKCS #8"))
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// RS256 (RFC 7518, section 3.3).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<[u8; MODULUS]> {
        let mut signature = [0; MODULUS];
        self.pair
            // The generator is not used: this padding is deterministic.
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::internal("a token could not be signed"))?;
        Ok(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, •••)", self.public.kid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{encoding::from_base64url, testing::keys};

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_7638() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKR\
                       XjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAta\
                       Sqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksIN\
                       HaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(thumbprint(modulus, "AQAB"), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_key_survives_pkcs8_and_still_signs_for_its_public_half() {
        let key = &keys()[0];
        let again = SigningKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(again.public().kid(), key.public().kid());
        let signature = again.sign(b"message").unwrap();
        let public = PublicKey::from_der(key.public().der()).unwrap();
        assert_eq!(public.kid(), key.public().kid());
        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"massage", &signature));
        assert!(!keys()[1].public().verifies(b"message", &signature));
    }

    #[test]
    fn the_published_key_has_what_clients_read() {
        let public = keys()[0].public();
        let jwk = public.jwk("https://localhost/t/v2.0");
        assert_eq!(jwk["kty"], "RSA");
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["alg"], "RS256");
        assert_eq!(jwk["e"], "AQAB");
        assert_eq!(jwk["kid"], public.kid());
        assert_eq!(jwk["issuer"], "https://localhost/t/v2.0");
        assert_eq!(from_base64url(jwk["n"].as_str().unwrap()).unwrap().len(), MODULUS);
        assert_eq!(public.kid().len(), 43);
    }

    #[test]
    fn what_is_no_key_is_refused_with_a_next_step() {
        for der in [&b""[..], b"-----BEGIN", &[0x30, 0x03, 0x02, 0x01, 0x00]] {
            let error = SigningKey::from_pkcs8(der).unwrap_err();
            assert!(error.internal_text().unwrap().contains("restore"));
            assert!(PublicKey::from_der(der).is_err());
        }
    }

    #[test]
    fn debugging_shows_no_private_key() {
        let key = &keys()[0];
        assert_eq!(format!("{key:?}"), format!("SigningKey({}, •••)", key.public().kid()));
    }
}
