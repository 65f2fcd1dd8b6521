use crate::{
    digest::{digest, equal},
    encoding::base64url,
};
use model::Random;
use std::fmt;
use zeroize::Zeroizing;

/// A generated secret of 256 bits, as 43 characters of base64url: client secrets, refresh tokens, codes, session ids,
/// invitation links. Shown once, stored only as its hash, wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(bytes.as_mut_slice());
        Self(Zeroizing::new(base64url(bytes.as_slice())))
    }

    /// One whose text was kept sealed meanwhile.
    pub fn from_text(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps: [`hash_secret`] of the text.
    pub fn hash(&self) -> String {
        hash_secret(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// SHA-256 in hexadecimal. Fast on purpose: 256 random bits cannot be guessed, so a slow hash would protect nothing.
/// Never use it for anything that a person chose.
pub fn hash_secret(text: &str) -> String {
    hex::encode(digest(text.as_bytes()))
}

/// Is this the secret with that hash? Takes the same time wherever they differ.
pub fn verify_secret(text: &str, hash: &str) -> bool {
    equal(hash_secret(text).as_bytes(), hash.as_bytes())
}

/// The S256 challenge of a code verifier (RFC 7636, section 4.2).
pub fn code_challenge(verifier: &str) -> String {
    base64url(&digest(verifier.as_bytes()))
}

/// Eight letters for a person to type on another device, in two groups. They come from an alphabet without vowels and
/// look-alikes (RFC 8628, section 6.1): 2^34 values, which need a limit on attempts and a short life.
pub fn user_code(random: &dyn Random) -> String {
    const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let mut number = u128::from_le_bytes(bytes);
    let mut code = String::with_capacity(9);
    for place in 0..8 {
        if place == 4 {
            code.push('-');
        }
        code.push(char::from(LETTERS[usize::try_from(number % 20).unwrap_or(0)]));
        number /= 20;
    }
    code
}

/// Eight digits, for a person to type. So few values need a limit on attempts and a short life.
pub fn one_time_code(random: &dyn Random) -> String {
    // 128 bits reduced to eight digits favour none of them by more than one part in 2^101.
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    format!("{:08}", u128::from_le_bytes(bytes) % 100_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;
    use std::collections::HashSet;

    #[test]
    fn secrets_are_long_different_and_fit_a_url() {
        let random = Seeded::new(1);
        let all: HashSet<String> =
            (0..1_000).map(|_| Secret::generate(&random).expose().to_owned()).collect();
        assert_eq!(all.len(), 1_000);
        assert!(all.iter().all(|text| text.len() == 43));
        assert!(
            all.iter()
                .flat_map(|text| text.chars())
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        );
    }

    #[test]
    fn only_the_secret_itself_matches_its_hash() {
        let random = Seeded::new(2);
        let (secret, other) = (Secret::generate(&random), Secret::generate(&random));
        let hash = secret.hash();
        assert!(verify_secret(secret.expose(), &hash));
        assert!(!verify_secret(other.expose(), &hash));
        assert!(!verify_secret(&hash, &hash));
        assert!(!verify_secret(secret.expose(), &hash[..63]));
        assert!(!verify_secret("", ""));
    }

    #[test]
    fn debugging_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::generate(&Seeded::new(3))), "•••");
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        assert_eq!(
            code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn user_codes_have_two_groups_of_letters_that_nobody_confuses() {
        let random = Seeded::new(5);
        let all: HashSet<String> = (0..1_000).map(|_| user_code(&random)).collect();
        assert_eq!(all.len(), 1_000);
        for code in all {
            let (one, two) = code.split_once('-').unwrap();
            assert!([one, two].iter().all(|part| part.len() == 4), "{code}");
            assert!(
                !code.contains(|c: char| "AEIOUY0123456789".contains(c) || c.is_ascii_lowercase()),
                "{code}"
            );
        }
    }

    #[test]
    fn codes_have_eight_digits_and_use_them_evenly() {
        let random = Seeded::new(4);
        let mut seen = [[0_u32; 10]; 8];
        for _ in 0..20_000 {
            let code = one_time_code(&random);
            assert_eq!(code.len(), 8);
            for (place, digit) in code.bytes().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        // Each digit is expected 2000 times in each place; 250 is more than five standard deviations.
        assert!(seen.iter().flatten().all(|&n| n.abs_diff(2_000) < 250), "{seen:?}");
    }
}
