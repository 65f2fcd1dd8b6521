use crate::{
    MasterKey,
    digest::equal,
    encoding::{base64url, from_base64url},
};
use model::{Random, Result};

/// Makes a value that clients may carry but not change: `payload.mac`, both base64url. The payload is readable.
pub fn sign_opaque(master: &MasterKey, label: &str, payload: &[u8]) -> String {
    format!("{}.{}", base64url(payload), base64url(&master.mac(label, payload)))
}

/// The payload of what [`sign_opaque`] made under the same label; nothing for any other text.
pub fn open_opaque(master: &MasterKey, label: &str, text: &str) -> Option<Vec<u8>> {
    let (payload, mac) = text.split_once('.')?;
    let payload = from_base64url(payload)?;
    equal(&master.mac(label, &payload), &from_base64url(mac)?).then_some(payload)
}

/// Seals a value that goes out and must come back unchanged: nobody can read it on the way. Its length shows.
pub fn seal_opaque(master: &MasterKey, label: &str, payload: &[u8], random: &dyn Random) -> Result<String> {
    Ok(base64url(&master.seal_out(label, payload, random)?))
}

/// The payload of what [`seal_opaque`] made under the same label; nothing for any other text.
pub fn unseal_opaque(master: &MasterKey, label: &str, text: &str) -> Option<Vec<u8>> {
    Some(master.open_out(label, &from_base64url(text)?)?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;

    #[test]
    fn an_opaque_value_comes_back_under_its_label_and_key_only() {
        let random = Seeded::new(1);
        let master = MasterKey::generate(&random);
        for payload in [&b""[..], b"{\"after\":\"x\"}", &[0xff; 300]] {
            let text = sign_opaque(&master, "skip", payload);
            assert_eq!(open_opaque(&master, "skip", &text).as_deref(), Some(payload));
            assert_eq!(open_opaque(&master, "csrf", &text), None);
            assert_eq!(open_opaque(&MasterKey::generate(&random), "skip", &text), None);
        }
    }

    #[test]
    fn a_sealed_value_comes_back_under_its_label_and_key_only_and_shows_nothing() {
        let random = Seeded::new(3);
        let master = MasterKey::generate(&random);
        for payload in [&b""[..], b"{\"after\":\"ann\"}", &[0xff; 300]] {
            let text = seal_opaque(&master, "skip", payload, &random).unwrap();
            assert_eq!(unseal_opaque(&master, "skip", &text).as_deref(), Some(payload));
            assert_eq!(unseal_opaque(&master, "delta", &text), None);
            assert_eq!(unseal_opaque(&MasterKey::generate(&random), "skip", &text), None);
            assert_ne!(seal_opaque(&master, "skip", payload, &random).unwrap(), text, "no two are the same");
            let bytes = from_base64url(&text).unwrap();
            assert!(!bytes.windows(3).any(|window| window == b"ann"));
            for position in 0..text.len() {
                let mut forged = text.clone().into_bytes();
                forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
                let forged = String::from_utf8(forged).unwrap();
                // The last character may carry bits that no byte takes up.
                let same = from_base64url(&forged).is_none_or(|forged| forged == bytes);
                assert!(same || unseal_opaque(&master, "skip", &forged).is_none(), "{forged}");
            }
        }
    }

    #[test]
    fn any_changed_character_voids_an_opaque_value() {
        let master = MasterKey::generate(&Seeded::new(2));
        let text = sign_opaque(&master, "skip", b"page two");
        for position in 0..text.len() {
            for other in "Aa0-_.=+/ ".chars().filter(|c| !text[position..].starts_with(*c)) {
                let mut forged = text.clone();
                forged.replace_range(position..=position, &other.to_string());
                assert_eq!(open_opaque(&master, "skip", &forged), None, "{forged}");
            }
            assert_eq!(open_opaque(&master, "skip", &text[..position]), None);
        }
        for bad in ["", ".", "a", "a.b.c"] {
            assert_eq!(open_opaque(&master, "skip", bad), None, "{bad}");
        }
    }
}
