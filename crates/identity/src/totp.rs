use crate::digest::equal;
use aws_lc_rs::hmac;
use model::{Random, Timestamp};
use std::fmt;
use zeroize::Zeroizing;

/// Seconds that a code is shown for (RFC 6238, section 5.2).
const STEP: i64 = 30;
/// How many steps the clock of a device may be off, either way.
const DRIFT: i64 = 1;
/// The alphabet of RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The shared secret of a time-based one-time password (RFC 6238): 160 bits, HMAC-SHA-1, six digits, 30 seconds, which is
/// what every authenticator app understands. Wiped from memory when dropped.
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new(vec![0; 20]);
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads what [`TotpSecret::bytes`] gave.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What a person types into an app that cannot scan: base32 without padding.
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(base32(&self.0))
    }

    /// The address in the QR code (the `otpauth` scheme that authenticator apps agree on).
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account) = (encoded(issuer), encoded(account));
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            *self.base32()
        ))
    }

    /// The code of a time step.
    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        // Dynamic truncation of RFC 4226, section 5.3.
        let offset = usize::from(tag.last().copied().unwrap_or_default() & 15);
        let mut word = [0; 4];
        word.copy_from_slice(&tag[offset..offset + 4]);
        format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
    }

    /// The code that an app shows at this moment.
    pub fn code_at(&self, now: Timestamp) -> String {
        self.code(now.as_seconds().div_euclid(STEP))
    }

    /// The time step of which this is the code, if it is one of now, of the step before or of the one behind. A step that was
    /// accepted once must not be accepted again; the caller remembers it.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let current = now.as_seconds().div_euclid(STEP);
        let mut found = None;
        for step in current - DRIFT..=current + DRIFT {
            if equal(self.code(step).as_bytes(), code.as_bytes()) {
                found = Some(step);
            }
        }
        found
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// A code for when the device is lost: 50 random bits as `abcde-fghij`.
pub fn recovery_code(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 10]);
    random.fill(bytes.as_mut_slice());
    let text: String = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)])).collect();
    let text = Zeroizing::new(text.to_ascii_lowercase());
    Zeroizing::new(format!("{}-{}", &text[..5], &text[5..]))
}

fn base32(bytes: &[u8]) -> String {
    let (mut out, mut buffer, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let index = usize::try_from(buffer >> bits & 31).unwrap_or_default();
            out.push(char::from(BASE32[index]));
        }
    }
    if bits > 0 {
        let index = usize::try_from(buffer << (5 - bits) & 31).unwrap_or_default();
        out.push(char::from(BASE32[index]));
    }
    out
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;

    /// The vectors of RFC 6238, appendix B, for SHA-1, cut to six digits.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(secret.code_at(Timestamp::from_seconds(seconds)), code);
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (plain, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_its_neighbours() {
        let secret = TotpSecret::generate(&Seeded::new(1));
        let at = Timestamp::from_seconds;
        let code = secret.code_at(at(3_000));
        for (seconds, good) in [(2_969, false), (2_970, true), (3_000, true), (3_059, true), (3_060, false)] {
            assert_eq!(secret.step_of(&code, at(seconds)), good.then_some(100), "{seconds}");
        }
        for bad in ["", "0", "1234567", "abcdef", "００００００"] {
            assert_eq!(secret.step_of(bad, at(3_000)), None, "{bad}");
        }
    }

    #[test]
    fn the_address_names_organisation_and_account() {
        let uri = TotpSecret::from_bytes(b"12345678901234567890").uri("Contoso & Co", "ana@contoso.example");
        assert_eq!(
            *uri,
            "otpauth://totp/Contoso%20%26%20Co:ana@contoso.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Contoso%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn recovery_codes_are_different_and_debugging_shows_no_secret() {
        let random = Seeded::new(2);
        let (one, two) = (recovery_code(&random), recovery_code(&random));
        assert!(one != two && one.len() == 11, "{} {}", *one, *two);
        assert_eq!(format!("{:?}", TotpSecret::generate(&random)), "•••");
    }
}
