use crate::{TenantId, Timestamp};

/// Whom guests and authorities turn to about personal data. Graph's `organization.privacyProfile`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PrivacyProfile {
    /// The privacy contact, an e-mail address.
    pub contact_email: Option<String>,
    /// The address of the privacy statement, https or mailto.
    pub statement_url: Option<String>,
}

impl PrivacyProfile {
    /// Both fields say something, which switching leaving off requires.
    pub fn is_complete(&self) -> bool {
        [&self.contact_email, &self.statement_url]
            .into_iter()
            .all(|field| field.as_deref().is_some_and(|text| !text.trim().is_empty()))
    }
}

/// An organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// The domain that new user names get.
    pub domain: String,
    /// Whom to contact about personal data.
    pub privacy: PrivacyProfile,
    /// Where technical notices go.
    pub technical_contact: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

/// Folds a name for comparison: user names, mail addresses and domains are the same in any letter case.
pub fn fold(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// A stored address may be followed from a page: https or mailto only, printable, without quotes or spaces.
pub fn is_https_or_mailto(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("mailto:"));
    rest.is_some_and(|rest| !rest.is_empty())
        && url.len() <= 2048
        && url.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\'))
}

/// `local@domain.tld` of sensible length; what a mailbox is, only a message to it can tell.
pub fn is_plain_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let printable = |part: &str| {
        // ASCII only: folding would make one key of two mailboxes that differ in a look-alike letter.
        part.chars().all(|c| c.is_ascii_graphic() && !"<>\"'(),:;[]\\@".contains(c))
    };
    !local.is_empty()
        && address.len() <= 254
        && printable(local)
        && printable(domain)
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
}

/// A text that people see, trimmed: not empty, at most 256 characters, without control characters, without the two code points
/// that are no characters, and without the marks that turn the direction of what follows.
pub fn plain_text(text: &str) -> Option<String> {
    let text = text.trim();
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let holds = !text.is_empty() && text.chars().count() <= 256 && !text.chars().any(hostile);
    holds.then(|| text.to_owned())
}
