//! Cookies, and proof that a form is ours.

use crate::App;
use http::{HeaderMap, HeaderValue, header};
use model::Random;

/// Holds the session of a signed-in person.
pub(crate) const SESSION: &str = "__Host-innkeeper";
/// Holds the language that the reader switched to; no secret.
pub(crate) const LANGUAGE: &str = "__Host-innkeeper-lang";
/// Holds what forms are bound to as long as nobody is signed in.
pub(crate) const FORM: &str = "__Host-innkeeper-form";

/// Opens the administration pages for a session.
pub(crate) const ADMIN: &str = "__Host-innkeeper-admin";
/// By what the browser is known to accounts that signed in with it.
pub(crate) const DEVICE: &str = "__Host-innkeeper-device";
/// Holds what a sign-in at a provider is bound to.
pub(crate) const FLOW: &str = "__Host-innkeeper-flow";

/// The label under which form tokens are signed.
const TOKEN: &str = "csrf";

/// The value of a cookie, if the browser sent it.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
}

/// The session cookie: gone when the browser closes; the server ends the session earlier.
pub(super) fn keep_session(value: &str) -> String {
    format!("{SESSION}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// `Strict`: a link from another site never arrives with the rights of an administrator.
pub(super) fn keep_admin(value: &str) -> String {
    format!("{ADMIN}={value}; Path=/; Secure; HttpOnly; SameSite=Strict")
}

/// Kept for a year, so that whoever guesses at an account does not hold up its owner.
pub(super) fn keep_device(value: &str) -> String {
    format!("{DEVICE}={value}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax")
}

/// `Lax`, because the provider sends the browser back from its own site.
pub(super) fn keep_flow(value: &str) -> String {
    format!("{FLOW}={value}; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Lax")
}

/// Binds forms before sign-in. `Strict`: it never comes along from another site.
pub(super) fn keep_form(value: &str) -> String {
    format!("{FORM}={value}; Path=/; Secure; HttpOnly; SameSite=Strict")
}

/// Keeps the language for a year.
pub(super) fn keep_language(tag: &str) -> String {
    format!("{LANGUAGE}={tag}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax")
}

/// Takes a cookie away.
pub(super) fn drop_cookie(name: &str) -> String {
    format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}

/// A value that nobody can guess, 256 bit in hexadecimal.
pub(super) fn unguessable(random: &dyn Random) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    hex::encode(bytes)
}

/// What a form is bound to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Binding {
    /// A session.
    Session(String),
    /// The cookie from before signing in.
    Form(String),
    /// Nothing: the page has no form.
    None,
}

impl Binding {
    fn payload(&self) -> Option<String> {
        match self {
            Self::Session(hash) => Some(format!("session:{hash}")),
            Self::Form(value) => Some(format!("form:{value}")),
            Self::None => None,
        }
    }

    /// The token that goes into forms.
    pub(super) fn token(&self, app: &App) -> String {
        self.payload().map(|payload| app.directory.sign_opaque(TOKEN, payload.as_bytes())).unwrap_or_default()
    }

    /// Did the form come from a page that was rendered for this binding?
    pub(super) fn proves(&self, app: &App, token: &str) -> bool {
        let Some(payload) = self.payload() else { return false };
        app.directory.open_opaque(TOKEN, token).is_some_and(|opened| opened == payload.as_bytes())
    }
}

/// Does an unsafe request come from one of our own pages? What the browser says about the site decides; only where it
/// says nothing, the origin does. Pages are sent with `no-referrer`, which makes browsers send `Origin: null` even to
/// ourselves, so the origin cannot be asked for in addition.
pub(crate) fn is_from_us(headers: &HeaderMap, origin: &str) -> bool {
    let is = |value: &HeaderValue, text: &str| value.as_bytes().eq_ignore_ascii_case(text.as_bytes());
    match headers.get("sec-fetch-site") {
        Some(site) => is(site, "same-origin"),
        None => headers.get(header::ORIGIN).is_some_and(|sent| is(sent, origin)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_pages_may_send_unsafe_requests() {
        let ours = "https://localhost:8443";
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[("origin", "https://localhost:8443")], true),
            (&[], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://localhost:8443")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://localhost:8444")], false),
            (&[("origin", "https://localhost:8443.evil.example")], false),
        ] {
            assert_eq!(is_from_us(&headers(pairs), ours), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let sent = headers(&[("cookie", "a=1; __Host-innkeeper-lang=en; __Host-innkeeper=x=y; b=")]);
        assert_eq!(cookie(&sent, SESSION), Some("x=y"));
        assert_eq!(cookie(&sent, LANGUAGE), Some("en"));
        assert_eq!(cookie(&sent, "b"), None);
        assert_eq!(cookie(&sent, FORM), None);
    }
}
