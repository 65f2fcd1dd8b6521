use crate::{
    digest::{digest, sha1},
    encoding::base64url,
};
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// An app's certificate, as far as it proves assertions: its names and its public key. Who issued it plays no part, because
/// it was registered by itself; neither does its validity, which the directory keeps beside it.
pub struct AppCertificate {
    sha1: String,
    sha256: String,
    key: Vec<u8>,
}

impl AppCertificate {
    /// Reads a certificate in DER (RFC 5280) with an RSA key of 2048 to 8192 bits; nothing for anything else.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let key = subject_public_key_info(der)?.to_vec();
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key).ok()?;
        Some(Self { sha1: base64url(&sha1(der)), sha256: base64url(&digest(der)), key })
    }

    /// The same for the DER form in Base64, with or without line breaks and the lines around a PEM block.
    pub fn from_text(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        Self::from_der(&STANDARD.decode(lines.collect::<String>()).ok()?)
    }

    /// SHA-1 of the DER form in base64url, as `x5t` names it.
    pub fn thumbprint(&self) -> &str {
        &self.sha1
    }

    /// Is this the certificate that a header names by `x5t` or `x5t#S256` (RFC 7515, sections 4.1.7 and 4.1.8)? Both are
    /// base64url; older clients write the padding.
    pub(crate) fn is_named(&self, x5t: Option<&str>, x5t_s256: Option<&str>) -> bool {
        let is = |named: Option<&str>, own: &str| named.is_none_or(|name| name.trim_end_matches('=') == own);
        is(x5t, &self.sha1) && is(x5t_s256, &self.sha256)
    }

    pub(crate) fn verifies(&self, padding: Padding, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match padding {
            Padding::Pkcs1 => &RSA_PKCS1_2048_8192_SHA256,
            Padding::Pss => &RSA_PSS_2048_8192_SHA256,
        };
        ParsedPublicKey::new(algorithm, &self.key).is_ok_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

/// How an RSA signature over SHA-256 is padded: `RS256` or `PS256` (RFC 7518).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Padding {
    Pkcs1,
    Pss,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;

/// One DER element: its tag, its content, and how long the whole is.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (&tag, &first) = (bytes.first()?, bytes.get(1)?);
    let (head, length) = match first {
        0..=0x7f => (2, usize::from(first)),
        0x81..=0x83 => {
            let digits = bytes.get(2..2 + usize::from(first & 0x0f))?;
            (2 + digits.len(), digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
        }
        _ => return None,
    };
    Some((tag, bytes.get(head..head + length)?, head + length))
}

/// The whole `SubjectPublicKeyInfo` of a certificate.
fn subject_public_key_info(der: &[u8]) -> Option<&[u8]> {
    let (SEQUENCE, certificate, all) = element(der)? else { return None };
    let (SEQUENCE, mut rest, _) = element(certificate)? else { return None };
    if all != der.len() {
        return None;
    }
    if let (VERSION, _, length) = element(rest)? {
        rest = rest.get(length..)?;
    }
    // Serial number, algorithm, issuer, validity, subject.
    for expected in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        let (tag, _, length) = element(rest)?;
        if tag != expected {
            return None;
        }
        rest = rest.get(length..)?;
    }
    let (SEQUENCE, _, length) = element(rest)? else { return None };
    rest.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::certificate;

    #[test]
    fn a_certificate_is_known_by_both_of_its_names() {
        let (der, _) = certificate();
        let read = AppCertificate::from_der(&der).unwrap();
        assert_eq!((read.sha1.len(), read.sha256.len()), (27, 43));
        let (one, two) = (Some(read.sha1.as_str()), Some(read.sha256.as_str()));
        assert!(read.is_named(one, None) && read.is_named(None, two) && read.is_named(one, two));
        assert!(read.is_named(None, None) && read.is_named(Some(&format!("{}=", read.sha1)), None));
        assert!(!read.is_named(two, None) && !read.is_named(one, one) && !read.is_named(Some(""), None));
    }

    #[test]
    fn base64_and_pem_are_read_alike() {
        let (der, _) = certificate();
        let text = STANDARD.encode(&der);
        let pem = format!(
            "-----BEGIN CERTIFICATE-----\r\n{}\n{}\n-----END CERTIFICATE-----\n",
            &text[..64],
            &text[64..]
        );
        let sha256 = AppCertificate::from_der(&der).unwrap().sha256;
        for text in [text.as_str(), pem.as_str()] {
            assert_eq!(AppCertificate::from_text(text).unwrap().sha256, sha256);
        }
    }

    #[test]
    fn what_is_no_certificate_is_none_however_it_is_cut() {
        let (der, _) = certificate();
        for length in 0..der.len() {
            assert!(AppCertificate::from_der(&der[..length]).is_none(), "{length}");
        }
        let mut longer = der.clone();
        longer.push(0);
        assert!(AppCertificate::from_der(&longer).is_none());
        for bad in ["", "####", "MAA="] {
            assert!(AppCertificate::from_text(bad).is_none(), "{bad}");
        }
    }
}
