use crate::{Error, Property};

/// Longest path and longest query accepted, in bytes. The server bounds the whole URL to the same figure
/// (414) before.
pub const MAX_URL: usize = 8 * 1024;

pub(crate) fn check_length(raw: &str) -> Result<(), Error> {
    if raw.len() > MAX_URL {
        return Err(Error::bad_request(format!(
            "The URL is too long: at most {MAX_URL} bytes are accepted."
        )));
    }
    Ok(())
}

/// Undoes percent-encoding, and `+` for a space where `plus` says so. Control characters are refused, except
/// white space in a query: nothing that a directory stores contains them.
pub(crate) fn decode(raw: &str, plus: bool) -> Result<String, Error> {
    // Most of them: nothing is encoded, and nothing is refused.
    if raw.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'%' && !(plus && byte == b'+')) {
        return Ok(raw.to_owned());
    }
    let invalid = || Error::bad_request("The URL is not valid: its percent-encoding is not UTF-8 text.");
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(invalid()),
            },
            b'+' if plus => b' ',
            other => other,
        });
    }
    let text = String::from_utf8(decoded).map_err(|_| invalid())?;
    if text.chars().any(|c| c.is_control() && !(plus && matches!(c, '\t' | '\r' | '\n'))) {
        return Err(Error::bad_request("The URL is not valid: it contains a control character."));
    }
    Ok(text)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The address of the next page: `base_url` (absolute, without a query) with the query of this request, its
/// skip token replaced by `token`. Nothing else of the query is touched beyond encoding what a URL may not
/// contain.
pub fn next_link(base_url: &str, raw_query: Option<&str>, token: &str) -> String {
    let mut link = format!("{base_url}?");
    for pair in raw_query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        let is_token = decode(name, true)
            .is_ok_and(|name| name.strip_prefix('$').unwrap_or(&name).eq_ignore_ascii_case("skiptoken"));
        if !is_token {
            encode(
                pair,
                |byte| byte.is_ascii_alphanumeric() || b"-._~!$'()*+,;=:@/?%".contains(&byte),
                &mut link,
            );
            link.push('&');
        }
    }
    link.push_str("$skiptoken=");
    encode(token, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), &mut link);
    link
}

/// A path with its query as people write them (blanks, quotes and letters of every script as they are), encoded as far as a
/// URL needs it. What is encoded already stays as it is.
pub fn encode_target(target: &str) -> String {
    let mut encoded = String::with_capacity(target.len());
    encode(
        target,
        |byte| byte.is_ascii_alphanumeric() || b"-._~!$'()*+,;=:@/?%&".contains(&byte),
        &mut encoded,
    );
    encoded
}

fn encode(text: &str, plain: impl Fn(u8) -> bool, into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if plain(byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(DIGITS[usize::from(byte >> 4)]));
            into.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// `{base}/$metadata#users(id,displayName)`, or without the list when there was no `$select`. `base` ends in
/// the version.
pub fn context_url(base: &str, set: &str, select: Option<&[&'static Property]>) -> String {
    match select {
        Some(select) => {
            let names: Vec<_> = select.iter().map(|property| property.name).collect();
            [base, "/$metadata#", set, "(", &names.join(","), ")"].concat()
        }
        None => [base, "/$metadata#", set].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::USER;
    use proptest::prelude::*;

    const BASE: &str = "https://localhost:8443/v1.0/users";

    #[test]
    fn next_link_keeps_the_query_and_replaces_only_its_skip_token() {
        assert_eq!(next_link(BASE, None, "a b/=+"), format!("{BASE}?$skiptoken=a%20b%2F%3D%2B"));
        assert_eq!(
            next_link(
                BASE,
                Some("$filter=userType+eq+'Guest'&%24skiptoken=old&$top=5&SkipToken=x&&x"),
                "new"
            ),
            format!("{BASE}?$filter=userType+eq+'Guest'&$top=5&x&$skiptoken=new")
        );
    }

    #[test]
    fn next_link_encodes_what_a_url_may_not_contain() {
        assert_eq!(
            next_link(BASE, Some("$search=\"displayName:é\"&a=%C3%A9"), "t"),
            format!("{BASE}?$search=%22displayName:%C3%A9%22&a=%C3%A9&$skiptoken=t")
        );
    }

    #[test]
    fn a_target_is_encoded_as_far_as_needed() {
        assert_eq!(
            encode_target("/users/a_b#EXT#@c.example?$filter=userType eq 'Gäst'&$top=1&x=%20"),
            "/users/a_b%23EXT%23@c.example?$filter=userType%20eq%20'G%C3%A4st'&$top=1&x=%20"
        );
    }

    #[test]
    fn context_url_lists_the_selection() {
        let select: Vec<_> = ["id", "displayName"].iter().filter_map(|name| USER.property(name)).collect();
        assert_eq!(
            context_url("https://h/v1.0", "users", Some(&select)),
            "https://h/v1.0/$metadata#users(id,displayName)"
        );
        assert_eq!(context_url("https://h/v1.0", "users", None), "https://h/v1.0/$metadata#users");
    }

    #[test]
    fn decode_refuses_broken_encoding_and_control_characters() {
        for raw in ["%", "%4", "%zz", "%+1", "%ff", "%00", "a%1Fb", "%7F", "%C2%80"] {
            assert_eq!(decode(raw, true).unwrap_err().code, "BadRequest", "{raw}");
        }
        assert!(decode("%0A", false).is_err());
        assert_eq!(decode("a%0Ab+c%2B", true).unwrap(), "a\nb c+");
        assert_eq!(decode("a+b%20c", false).unwrap(), "a+b c");
    }

    proptest! {
        #[test]
        fn a_token_survives_its_encoding(token in "[^\\p{Cc}]{0,40}") {
            let link = next_link(BASE, Some("$top=1"), &token);
            let (_, raw) = link.rsplit_once("$skiptoken=").unwrap();
            prop_assert_eq!(decode(raw, true).unwrap(), token);
        }
    }
}
