use base64::{Engine, engine::general_purpose::STANDARD};

/// The token of an `Authorization: Bearer …` header. The scheme may be in any letter case (RFC 9110, section 11.1);
/// what follows is returned as it is, for [`crate::parse`] to judge.
pub fn bearer(header: &str) -> Option<&str> {
    after_scheme(header, "bearer")
}

/// Client id and secret of an `Authorization: Basic …` header, each percent-decoded (RFC 6749, section 2.3.1).
pub fn basic_credentials(header: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(after_scheme(header, "basic")?).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decode(id)?, form_decode(secret)?))
}

fn after_scheme<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let (name, rest) = header.trim().split_once(' ')?;
    let rest = rest.trim_start_matches(' ');
    (name.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

/// Decodes `application/x-www-form-urlencoded`; nothing if an escape is broken or the result is not UTF-8.
fn form_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    let digit = |bytes: &mut std::str::Bytes<'_>| bytes.next().and_then(|b| char::from(b).to_digit(16));
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => u8::try_from(digit(&mut bytes)? << 4 | digit(&mut bytes)?).ok()?,
            plain => plain,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bearer_scheme_is_found_in_any_letter_case() {
        for header in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR   a.b.c", " Bearer a.b.c "] {
            assert_eq!(bearer(header), Some("a.b.c"), "{header}");
        }
    }

    #[test]
    fn other_schemes_and_empty_tokens_are_no_bearer() {
        for header in
            ["", "Bearer", "Bearer ", "Basic YTpi", "a.b.c", "Bearera.b.c", "Bearer\ta.b.c", "DPoP a.b.c"]
        {
            assert_eq!(bearer(header), None, "{header:?}");
        }
    }

    #[test]
    fn basic_credentials_are_percent_decoded() {
        let header = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (sent, id, secret) in [
            ("app:secret", "app", "secret"),
            ("a%2Db:x%3Ay%2B%25", "a-b", "x:y+%"),
            ("a:b:c", "a", "b:c"),
            ("a+b:%c3%A9", "a b", "é"),
            (":", "", ""),
        ] {
            assert_eq!(basic_credentials(&header(sent)), Some((id.into(), secret.into())), "{sent}");
        }
        assert_eq!(basic_credentials("bASIC YTpi"), Some(("a".into(), "b".into())));
    }

    #[test]
    fn broken_basic_credentials_are_none() {
        for text in ["no colon", "a%2:b", "a%zz:b", "a:%ff", "a:%"] {
            assert_eq!(basic_credentials(&format!("Basic {}", STANDARD.encode(text))), None, "{text}");
        }
        for header in ["", "Basic", "Basic ***", "Bearer YTpi", "Basic YTpi YTpi", "Basic /w=="] {
            assert_eq!(basic_credentials(header), None, "{header}");
        }
    }
}
