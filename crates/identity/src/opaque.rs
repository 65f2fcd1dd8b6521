use crate::{
    MasterKey,
    digest::equal,
    encoding::{base64url, from_base64url},
};

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
