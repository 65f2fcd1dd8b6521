use crate::error::quote;
use crate::{Error, url};

/// The path of a request, split and decoded. What its segments mean is the consumer's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Without empty segments: `//` and a trailing slash count for nothing.
    pub segments: Vec<Segment>,
}

/// One segment: `users`, `users('id')`, `$count` or `microsoft.graph.user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Decoded, in the client's letter case, without the key. `graph.user` is turned into
    /// `microsoft.graph.user`.
    pub name: String,
    /// The key in parentheses. A key written as a segment of its own (`users/id`) is simply the next segment.
    pub key: Option<Key>,
}

/// The key of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `userPrincipalName` in `users(userPrincipalName='a@b')`; none for the primary key.
    pub name: Option<String>,
    /// Unquoted, with doubled quotes undone.
    pub value: String,
}

impl Path {
    /// Reads a path as it stands in the request line, at most [`MAX_URL`](crate::MAX_URL) bytes.
    pub fn parse(raw_path: &str) -> Result<Self, Error> {
        url::check_length(raw_path)?;
        let segments = raw_path
            .split('/')
            .filter(|raw| !raw.is_empty())
            .map(|raw| Segment::parse(url::decode(raw, false)?));
        Ok(Self { segments: segments.collect::<Result<_, _>>()? })
    }
}

impl Segment {
    /// Whether the segment has this name, in any letter case. A key does not matter.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn parse(text: String) -> Result<Self, Error> {
        if !text.bytes().any(|byte| matches!(byte, b'(' | b'.')) {
            return Ok(Self { name: text, key: None });
        }
        let text = text.as_str();
        let (name, key) = match text.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            // Parentheses elsewhere belong to a key written as a segment, such as a user name.
            Some((name, key)) if is_identifier(name) => (name, Key::parse(key, text)?),
            _ => (text, None),
        };
        let name = match name.split_once('.') {
            Some((namespace, rest)) if namespace.eq_ignore_ascii_case("graph") => {
                format!("microsoft.graph.{rest}")
            }
            _ => name.to_owned(),
        };
        Ok(Self { name, key })
    }
}

impl Key {
    /// Reads what stands between the parentheses of `segment`. Nothing, as in `delta()`, is no key.
    fn parse(text: &str, segment: &str) -> Result<Option<Self>, Error> {
        if text.is_empty() {
            return Ok(None);
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) if is_identifier(name.trim()) => (Some(name.trim().to_owned()), value.trim()),
            _ => (None, text.trim()),
        };
        let value = match value.strip_prefix('\'') {
            Some(rest) => rest.strip_suffix('\'').and_then(undouble),
            None if value.is_empty() || value.contains(['\'', ',', '=', '(', ')', ' ']) => None,
            None => Some(value.to_owned()),
        };
        match value {
            Some(value) => Ok(Some(Self { name, value })),
            None => Err(Error::bad_request(format!(
                "The key in the URL segment '{}' is not valid: write name('value') or name(property='value'), with quotes \
                 in the value doubled.",
                quote(segment)
            ))),
        }
    }
}

/// The content of a quoted literal with `''` turned into `'`; none when a quote stands alone.
fn undouble(content: &str) -> Option<String> {
    let plain = content.replace("''", "");
    (!plain.contains('\'')).then(|| content.replace("''", "'"))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(raw: &str) -> Vec<String> {
        Path::parse(raw).unwrap().segments.into_iter().map(|segment| segment.name).collect()
    }

    fn key(raw: &str) -> Option<(Option<String>, String)> {
        Path::parse(raw).unwrap().segments.pop().unwrap().key.map(|key| (key.name, key.value))
    }

    #[test]
    fn doubled_and_trailing_slashes_count_for_nothing() {
        assert_eq!(names("/v1.0//organization/"), ["v1.0", "organization"]);
        assert_eq!(names("/"), [""; 0]);
    }

    #[test]
    fn segments_are_decoded_after_they_are_split() {
        assert_eq!(names("/users/a%2Fb%23EXT%23@x.com"), ["users", "a/b#EXT#@x.com"]);
        assert_eq!(names("/users/%24count"), ["users", "$count"]);
        assert_eq!(names("/users/a+b@x.com"), ["users", "a+b@x.com"]);
    }

    #[test]
    fn names_match_in_any_letter_case_and_with_either_namespace() {
        let path = Path::parse("/Policies/externalidentitiespolicy/Graph.User/users('x')").unwrap();
        assert!(path.segments[0].is("policies"));
        assert!(path.segments[1].is("externalIdentitiesPolicy"));
        assert!(path.segments[2].is("microsoft.graph.user"));
        assert!(path.segments[3].is("users"));
        assert!(!path.segments[3].is("user"));
    }

    #[test]
    fn keys_stand_in_parentheses() {
        assert_eq!(key("/users('abc')"), Some((None, "abc".into())));
        assert_eq!(key("/users(abc-1)"), Some((None, "abc-1".into())));
        assert_eq!(key("/users('o''neil=x,(y)')"), Some((None, "o'neil=x,(y)".into())));
        assert_eq!(key("/users(%27a%2Fb%27)"), Some((None, "a/b".into())));
        assert_eq!(key("/users('')"), Some((None, String::new())));
        assert_eq!(
            key("/users(userPrincipalName='a=b@c.com')"),
            Some((Some("userPrincipalName".into()), "a=b@c.com".into()))
        );
        assert_eq!(key("/users/delta()"), None);
        assert_eq!(names("/users/delta()"), ["users", "delta"]);
        assert_eq!(names("/users/a@b(c)"), ["users", "a@b(c)"]);
    }

    #[test]
    fn broken_keys_are_refused_with_the_segment() {
        for raw in [
            "/users('abc)",
            "/users(abc')",
            "/users('a'b')",
            "/users(a,b)",
            "/users(')",
            "/users(upn=)",
            "/users(a='b',c='d')",
        ] {
            let error = Path::parse(raw).unwrap_err();
            assert_eq!(error.code, "BadRequest", "{raw}");
            assert!(error.message.contains(&raw[1..]), "{}", error.message);
        }
    }

    #[test]
    fn a_path_is_at_most_8_kib() {
        assert!(Path::parse(&"/a".repeat(4096)).is_ok());
        assert_eq!(
            Path::parse(&"/a".repeat(4097)).unwrap_err().message,
            "The URL is too long: at most 8192 bytes are accepted."
        );
    }

    #[test]
    fn the_errors_of_routing_are_graphs() {
        let unknown = Error::unknown_segment("xyz");
        assert_eq!(
            (unknown.code, &*unknown.message),
            ("BadRequest", "Resource not found for the segment 'xyz'.")
        );
        let count = Error::count_unsupported();
        assert_eq!(
            (count.code, &*count.message),
            ("Request_BadRequest", "$count is not currently supported.")
        );
    }

    proptest! {
        #[test]
        fn any_key_value_survives_quoting(value in "[^\\p{Cc}/%]{0,30}") {
            prop_assert_eq!(key(&format!("/users('{}')", value.replace('\'', "''"))), Some((None, value)));
        }

        #[test]
        fn never_panics(raw in "[/()'=,.%a-f0-9$]{0,60}|\\PC{0,40}") {
            let _ = Path::parse(&raw);
        }
    }
}
