use crate::digest::hmac;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use model::{Error, Random, Result};
use std::fmt;
use zeroize::Zeroizing;

/// First byte of everything sealed, so that the scheme can change.
const SCHEME: u8 = 1;
const HEAD: usize = 1 + NONCE_LEN;

/// The 256-bit key that keeps all other keys at rest. It lives in a file of its own (mode 0600), never in the database,
/// and is wiped from memory when dropped.
///
/// It is never used directly: sealing and each MAC label have their own derived key (HMAC-SHA-256), so that no value
/// made for one purpose means anything for another.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A new random key.
    pub fn generate(random: &dyn Random) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        random.fill(key.as_mut_slice());
        Self(key)
    }

    /// Reads what [`MasterKey::to_hex`] wrote; white space around it is ignored.
    pub fn from_hex(text: &str) -> Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if hex::decode_to_slice(text.trim(), key.as_mut_slice()).is_ok() {
            return Ok(Self(key));
        }
        Err(Error::internal(
            "the master key file does not hold 64 hexadecimal digits; restore it from the backup of this data \
             directory: without it the stored keys cannot be read",
        ))
    }

    /// 64 hexadecimal digits, for a file that only the server's account may read.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// Encrypts for storage (AES-256-GCM, random nonce). The label names what and whose it is; opening needs the same.
    pub fn seal(&self, label: &str, plain: &[u8], random: &dyn Random) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut body = plain.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(label), &mut body)
            .map_err(|_| Error::internal(format!("'{label}' could not be sealed")))?;
        Ok([&[SCHEME], nonce.as_slice(), &body].concat())
    }

    /// Decrypts what [`MasterKey::seal`] made under the same label; fails if one bit of it, the label or the key differs.
    pub fn open(&self, label: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.try_open(label, sealed).ok_or_else(|| {
            Error::internal(format!(
                "'{label}' cannot be opened with this master key; put back the key file that belongs to this database"
            ))
        })
    }

    fn try_open(&self, label: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (head, body) = sealed.split_at_checked(HEAD)?;
        let (scheme, nonce) = head.split_first()?;
        if *scheme != SCHEME {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self.cipher().ok()?.open_in_place(nonce, Aad::from(label), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }

    /// Encrypts a value that goes out and comes back. The key is the label's own, so that however many values go out, few
    /// are under one key.
    pub(crate) fn seal_out(&self, label: &str, plain: &[u8], random: &dyn Random) -> Result<Vec<u8>> {
        Self(self.derive("seal out", label)).seal("", plain, random)
    }

    /// Decrypts what [`MasterKey::seal_out`] made under the same label; nothing for anything else.
    pub(crate) fn open_out(&self, label: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        Self(self.derive("seal out", label)).try_open("", sealed)
    }

    /// HMAC-SHA-256 under the key of this label.
    pub fn mac(&self, label: &str, data: &[u8]) -> [u8; 32] {
        hmac(self.derive("mac", label).as_slice(), data)
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.derive("seal", "").as_slice())
            .map(LessSafeKey::new)
            .map_err(|_| Error::internal("the sealing key was not accepted"))
    }

    fn derive(&self, purpose: &str, label: &str) -> Zeroizing<[u8; 32]> {
        // The purpose never holds a NUL, so no two pairs give the same input.
        Zeroizing::new(hmac(self.0.as_slice(), format!("{purpose}\0{label}").as_bytes()))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;

    #[test]
    fn what_was_sealed_opens_under_the_same_label_only() {
        let random = Seeded::new(1);
        let key = MasterKey::generate(&random);
        for plain in [&b""[..], b"x", &[7; 1_500]] {
            let sealed = key.seal("tenant-key/1", plain, &random).unwrap();
            assert_eq!(key.open("tenant-key/1", &sealed).unwrap().as_slice(), plain);
            assert!(key.open("tenant-key/2", &sealed).is_err());
            assert!(MasterKey::generate(&random).open("tenant-key/1", &sealed).is_err());
        }
    }

    #[test]
    fn any_changed_bit_and_any_truncation_is_refused() {
        let random = Seeded::new(2);
        let key = MasterKey::generate(&random);
        let sealed = key.seal("a", b"thirty bytes of a private key.", &random).unwrap();
        for position in 0..sealed.len() {
            for bit in 0..8 {
                let mut forged = sealed.clone();
                forged[position] ^= 1 << bit;
                assert!(key.open("a", &forged).is_err(), "bit {bit} of byte {position}");
            }
            assert!(key.open("a", &sealed[..position]).is_err(), "cut at {position}");
        }
        assert!(key.open("a", &[sealed, vec![0]].concat()).is_err());
    }

    #[test]
    fn sealing_twice_gives_different_bytes_that_hide_the_plain_ones() {
        let random = Seeded::new(3);
        let key = MasterKey::generate(&random);
        let [one, two] = [(); 2].map(|()| key.seal("a", b"needle", &random).unwrap());
        assert_ne!(one, two);
        assert!(!one.windows(6).any(|window| window == b"needle"));
    }

    #[test]
    fn the_key_survives_its_file_and_nothing_else_is_taken_for_one() {
        let key = MasterKey::generate(&Seeded::new(4));
        let text = key.to_hex();
        assert_eq!(text.len(), 64);
        assert_eq!(MasterKey::from_hex(&format!("{}\n", *text)).unwrap().mac("l", b"d"), key.mac("l", b"d"));
        for bad in ["", "ab", &text[..63], &format!("{}0", *text), &"g".repeat(64), &"é".repeat(32)] {
            assert!(MasterKey::from_hex(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_label_has_its_own_mac() {
        let key = MasterKey::generate(&Seeded::new(5));
        assert_eq!(key.mac("csrf", b"data"), key.mac("csrf", b"data"));
        assert_ne!(key.mac("csrf", b"data"), key.mac("skip", b"data"));
        assert_ne!(key.mac("csrf", b"data"), key.mac("csrf", b"datb"));
    }

    #[test]
    fn debugging_shows_no_key() {
        assert_eq!(format!("{:?}", MasterKey::generate(&Seeded::new(6))), "MasterKey(•••)");
    }
}
