use crate::Error;
use crate::error::quote;

/// One relation in an `$expand`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// As written.
    pub name: String,
    /// The `$select` in its parentheses, as written.
    pub select: Option<String>,
}

impl Expansion {
    /// Reads a decoded `$expand`: relations separated by commas, each with at most a `$select` in parentheses. Graph's
    /// directory knows no other option there.
    pub fn parse(text: &str) -> Result<Vec<Self>, Error> {
        let mut expansions = Vec::new();
        let mut rest = text.trim();
        loop {
            let end = rest.find([',', '(']).unwrap_or(rest.len());
            let name = rest[..end].trim();
            if name.is_empty()
                || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
            {
                return Err(invalid(&format!("'{}' is no relation", quote(name))));
            }
            rest = &rest[end..];
            let mut select = None;
            if let Some(inside) = rest.strip_prefix('(') {
                let (options, after) =
                    inside.split_once(')').ok_or_else(|| invalid("a parenthesis is not closed"))?;
                select = Some(selection(options)?);
                rest = after.trim_start();
            }
            expansions.push(Self { name: name.to_owned(), select });
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None if rest.is_empty() => return Ok(expansions),
                None => return Err(invalid("relations are separated by commas")),
            }
        }
    }
}

fn selection(options: &str) -> Result<String, Error> {
    let names = match options.trim().split_once('=') {
        Some((name, names)) if name.trim().trim_start_matches('$').eq_ignore_ascii_case("select") => {
            names.trim()
        }
        _ => return Err(invalid("in parentheses stands $select=… and nothing else")),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_,/ ".contains(&byte);
    if names.is_empty() || !names.bytes().all(plain) {
        return Err(invalid("$select names properties, separated by commas"));
    }
    Ok(names.replace(' ', ""))
}

fn invalid(why: &str) -> Error {
    Error::bad_request(format!("Invalid $expand: {why}.")).targeting("$expand")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Result<String, String> {
        let one = |one: &Expansion| match &one.select {
            Some(select) => format!("{}[{select}]", one.name),
            None => one.name.clone(),
        };
        let read = Expansion::parse(text).map_err(|error| error.message)?;
        Ok(read.iter().map(one).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn relations_are_read_with_their_selections() {
        assert_eq!(show("memberOf").unwrap(), "memberOf");
        assert_eq!(
            show(" sponsors ( $select = id, displayName ) , memberOf").unwrap(),
            "sponsors[id,displayName] memberOf"
        );
        assert_eq!(show("sponsors(select=id),x").unwrap(), "sponsors[id] x");
    }

    #[test]
    fn every_other_form_is_refused() {
        for text in [
            "",
            ",",
            "a,",
            "a b",
            "a(",
            "a()",
            "a($levels=max)",
            "a($select=)",
            "a($select=b;$top=1)",
            "a($select=b&c)",
            "a)b",
            "*",
            "a($expand=b)",
        ] {
            let refused = show(text).unwrap_err();
            assert!(refused.starts_with("Invalid $expand: "), "{text}: {refused}");
        }
    }
}
