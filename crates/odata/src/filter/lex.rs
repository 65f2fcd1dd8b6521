/// The smallest parts of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    Comma,
    Slash,
    Colon,
    /// A name or keyword.
    Word(&'a str),
    /// What stood in single quotes, with doubled ones undone.
    Text(String),
    /// A number, date or GUID, not yet told apart.
    Bare(&'a str),
    End,
}

/// Tokens with the byte at which each starts; the last is `End`. The error is the byte at fault and what is
/// wrong.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, usize)>, (usize, String)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = match first {
            ' ' | '\t' | '\r' | '\n' => {
                at += 1;
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '/' => (Token::Slash, 1),
            ':' => (Token::Colon, 1),
            '\'' => quoted(rest).ok_or_else(|| (at, "a quote is not closed".to_owned()))?,
            '0'..='9' | '-' | '+' => bare(rest),
            // A GUID may begin with a letter.
            'a'..='z' | 'A'..='Z' if rest.get(..36).is_some_and(is_guid) => bare(rest),
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = run(rest, |b| b.is_ascii_alphanumeric() || b == b'_');
                (Token::Word(&rest[..length]), length)
            }
            other => return Err((at, format!("the character '{other}' is not expected"))),
        };
        tokens.push((token, at));
        at += length;
    }
    tokens.push((Token::End, text.len()));
    Ok(tokens)
}

fn bare(rest: &str) -> (Token<'_>, usize) {
    let length = run(rest, |b| b.is_ascii_alphanumeric() || b"-+.:".contains(&b));
    (Token::Bare(&rest[..length]), length)
}

/// A string literal at the start of `rest`, and its length with the quotes.
fn quoted(rest: &str) -> Option<(Token<'_>, usize)> {
    let mut text = String::new();
    let mut from = 1;
    loop {
        let close = from + rest[from..].find('\'')?;
        text.push_str(&rest[from..close]);
        if !rest[close + 1..].starts_with('\'') {
            return Some((Token::Text(text), close + 1));
        }
        text.push('\'');
        from = close + 2;
    }
}

/// How many bytes at the start of `rest` are of that sort. ASCII only, so that it ends between characters.
fn run(rest: &str, of: impl Fn(u8) -> bool) -> usize {
    rest.bytes().position(|byte| !of(byte)).unwrap_or(rest.len())
}

/// Whether it is 32 hexadecimal digits grouped 8-4-4-4-12.
pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
