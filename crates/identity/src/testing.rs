use crate::SigningKey;
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair},
};
use model::Random;
use std::sync::{Mutex, OnceLock};

/// SplitMix64: the same bytes for the same seed.
pub(crate) struct Seeded(Mutex<u64>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Two signing keys for all tests: making one takes a moment.
pub(crate) fn keys() -> &'static [SigningKey; 2] {
    static KEYS: OnceLock<[SigningKey; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [(); 2].map(|()| SigningKey::generate().unwrap()))
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => out.push(short),
        Ok(one) => out.extend([0x81, one]),
        Err(_) => {
            out.extend([0x82, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 0xff).unwrap()])
        }
    }
    out.extend(content);
    out
}

/// A certificate of the first key that nobody signed, and that key in PKCS #8.
pub(crate) fn certificate() -> (Vec<u8>, Vec<u8>) {
    let pkcs8 = keys()[0].to_pkcs8().unwrap().to_vec();
    let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
    let key: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let empty = der(0x30, &[]);
    let version = der(0xa0, &der(0x02, &[2]));
    let serial = der(0x02, &[1]);
    let parts = [&version, &serial, &empty, &empty, &empty, &empty, &key.as_ref().to_vec()];
    let signed = der(0x30, &parts.into_iter().flatten().copied().collect::<Vec<u8>>());
    let whole = [signed, empty.clone(), der(0x03, &[0])].concat();
    (der(0x30, &whole), pkcs8)
}

/// Signs with a key in PKCS #8 under either padding.
pub(crate) fn sign_with(pkcs8: &[u8], pss: bool, message: &[u8]) -> Vec<u8> {
    let pair = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    let padding: &'static dyn RsaEncoding = if pss { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
    pair.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}
