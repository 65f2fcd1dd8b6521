use crate::error::quote;
use crate::{EntityType, Error, Property};

/// Most terms in one `$search`.
const MAX_TERMS: usize = 20;

/// A `$search`: quoted terms joined by `AND` and `OR` (in capitals), where `AND` binds tighter. Parentheses
/// are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// `"displayName:ann"`: in Graph, a word of `displayName`, or any other property as a whole, starts with
    /// the text, without regard to letter case.
    Term {
        /// A searchable property.
        property: &'static Property,
        /// Trimmed, not empty.
        text: String,
    },
    /// Both hold.
    And(Box<Search>, Box<Search>),
    /// At least one holds.
    Or(Box<Search>, Box<Search>),
}

impl Search {
    pub(crate) fn parse(text: &str, entity: &EntityType) -> Result<Self, Error> {
        let mut rest = text.trim();
        let mut terms = 0;
        let mut either: Option<Self> = None;
        let (mut all, after) = term(rest, entity)?;
        rest = after.trim_start();
        while !rest.is_empty() {
            terms += 1;
            if terms == MAX_TERMS {
                return Err(invalid(&format!("it has more than {MAX_TERMS} terms")));
            }
            let (operator, operand) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let (next, after) = match operator {
                "AND" | "OR" => term(operand.trim_start(), entity)?,
                _ => return Err(invalid("between two terms stands AND or OR, in capitals")),
            };
            if operator == "AND" {
                all = Self::And(Box::new(all), Box::new(next));
            } else {
                either = Some(Self::or(either, all));
                all = next;
            }
            rest = after.trim_start();
        }
        Ok(Self::or(either, all))
    }

    fn or(left: Option<Self>, right: Self) -> Self {
        match left {
            Some(left) => Self::Or(Box::new(left), Box::new(right)),
            None => right,
        }
    }
}

/// One quoted term at the start of `text`, and what follows it.
fn term<'a>(text: &'a str, entity: &EntityType) -> Result<(Search, &'a str), Error> {
    let quoted = text
        .strip_prefix('"')
        .ok_or_else(|| invalid("a term is written \"property:text\", with its quotes"))?;
    let mut content = String::new();
    let mut chars = quoted.char_indices();
    let after = loop {
        match chars.next() {
            Some((at, '"')) => break &quoted[at + 1..],
            Some((_, '\\')) => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => content.push(escaped),
                _ => return Err(invalid("a backslash stands before a quote or a backslash only")),
            },
            Some((_, plain)) => content.push(plain),
            None => return Err(invalid("a quote is not closed")),
        }
    };
    let (name, text) = content
        .split_once(':')
        .ok_or_else(|| invalid("a term is written \"property:text\", with its quotes"))?;
    let name = name.trim();
    let property = entity.property(name).ok_or_else(|| Error::unknown_property(name, entity.name))?;
    if !property.searchable {
        return Err(Error::unsupported_query(format!(
            "Search is not supported on property '{}'.",
            property.name
        ))
        .targeting(property.name));
    }
    match text.trim() {
        "" => Err(invalid(&format!("the term for '{}' has no text", quote(name)))),
        text => Ok((Search::Term { property, text: text.to_owned() }, after)),
    }
}

fn invalid(why: &str) -> Error {
    Error::bad_request(format!("Invalid search clause: {why}.")).targeting("$search")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::USER;
    use proptest::prelude::*;

    fn show(search: &Search) -> String {
        match search {
            Search::Term { property, text } => format!("{}:{text}", property.name),
            Search::And(a, b) => format!("({} & {})", show(a), show(b)),
            Search::Or(a, b) => format!("({} | {})", show(a), show(b)),
        }
    }

    fn parse(text: &str) -> Result<String, Error> {
        Search::parse(text, &USER).map(|search| show(&search))
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert_eq!(
            parse(r#""displayName:a" OR "mail:b" AND "displayname: c d " OR "mail:e:f""#).unwrap(),
            "((displayName:a | (mail:b & displayName:c d)) | mail:e:f)"
        );
    }

    #[test]
    fn quotes_and_backslashes_are_escaped() {
        assert_eq!(parse(r#""displayName:a\"b\\c""#).unwrap(), r#"displayName:a"b\c"#);
    }

    #[test]
    fn every_other_form_is_refused() {
        for text in [
            "",
            "displayName:a",
            r#""displayName:a"#,
            r#""displayName""#,
            r#""displayName: ""#,
            r#""displayName:a\x""#,
            r#""mail:a" "mail:b""#,
            r#""mail:a" and "mail:b""#,
            r#""mail:a" AND"#,
            r#""mail:a" AND ("mail:b")"#,
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code, "BadRequest", "{text}");
            assert!(error.message.starts_with("Invalid search clause: "), "{}", error.message);
        }
        assert_eq!(
            parse(r#""nope:a""#).unwrap_err().message,
            "Could not find a property named 'nope' on type 'microsoft.graph.user'."
        );
        assert_eq!(parse(r#""id:a""#).unwrap_err().code, "Request_UnsupportedQuery");
    }

    #[test]
    fn terms_are_bounded() {
        let terms = |n| vec![r#""mail:a""#; n].join(" AND ");
        assert!(parse(&terms(MAX_TERMS)).is_ok());
        assert_eq!(
            parse(&terms(MAX_TERMS + 1)).unwrap_err().message,
            "Invalid search clause: it has more than 20 terms."
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "(\"|\\\\|mail:| AND | OR |a|é){0,30}|\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
