//! A request to the authorization endpoint, and how far its person has come.

use crate::Directory;
use model::{Cx, Span, Timestamp};

/// The label under which the state of a visit is signed.
const VISIT: &str = "authorize-visit";
/// How long somebody may take on the way through our own pages.
const VISIT_LIFE: Span = Span::hours(1);

/// A request to the authorization endpoint, each field as it came.
#[derive(Clone, Default)]
pub struct AuthorizeRequest {
    /// The tenant in the path: its id, one of its domains, `common` or `organizations`.
    pub tenant: String,
    /// The address of ours under which it came; the issuer begins with it.
    pub origin: String,
    /// `client_id`
    pub client_id: Option<String>,
    /// `redirect_uri`
    pub redirect_uri: Option<String>,
    /// `response_type`
    pub response_type: Option<String>,
    /// `response_mode`
    pub response_mode: Option<String>,
    /// `scope`
    pub scope: Option<String>,
    /// `state`
    pub state: Option<String>,
    /// `nonce`
    pub nonce: Option<String>,
    /// `prompt`
    pub prompt: Option<String>,
    /// `max_age`, in seconds.
    pub max_age: Option<String>,
    /// `id_token_hint`: an ID token of ours that names the person.
    pub id_token_hint: Option<String>,
    /// `code_challenge`
    pub code_challenge: Option<String>,
    /// `code_challenge_method`
    pub code_challenge_method: Option<String>,
    /// `request`, which is refused.
    pub request: Option<String>,
    /// `request_uri`, which is refused.
    pub request_uri: Option<String>,
    /// A parameter that is there twice.
    pub duplicate: Option<String>,
}

impl AuthorizeRequest {
    /// Does the app want the person to prove anew who they are, whatever session there is?
    pub fn wants_fresh(&self) -> bool {
        let prompt = self.prompt.as_deref().unwrap_or_default();
        given(&self.max_age).is_some() || prompt.split_ascii_whitespace().any(|word| word == "login")
    }

    /// What makes it this request and no other.
    fn parts(&self) -> Vec<&str> {
        let fields = [
            &self.client_id,
            &self.redirect_uri,
            &self.response_type,
            &self.response_mode,
            &self.scope,
            &self.state,
            &self.nonce,
            &self.prompt,
            &self.max_age,
            &self.id_token_hint,
            &self.code_challenge,
            &self.code_challenge_method,
        ];
        let fields = fields.into_iter().map(|field| field.as_deref().unwrap_or_default());
        std::iter::once(self.tenant.as_str()).chain(fields).collect()
    }
}

/// How far a person has come on the way through our own pages. It travels in the address, signed, for this request only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Visit {
    /// The person has to have signed in since then.
    pub since: Option<Timestamp>,
    /// The person chose this account.
    pub chosen: bool,
    /// The person consented a moment ago.
    pub consented: bool,
}

pub(super) fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

impl Directory {
    /// Signs how far a person has come with this request, for the address.
    pub fn write_visit(&self, cx: &Cx, request: &AuthorizeRequest, visit: Visit) -> String {
        let since = visit.since.map(|at| at.as_micros().to_string()).unwrap_or_default();
        let (chosen, consented) = (u8::from(visit.chosen), u8::from(visit.consented));
        let mark = self.private_key(VISIT, &request.parts());
        let text = format!("{}:{since}:{chosen}:{consented}:{mark}", cx.now.as_micros());
        self.sign_opaque(VISIT, text.as_bytes())
    }

    /// Reads what [`Directory::write_visit`] wrote for this request within the last hour; for anything else, the beginning of
    /// the way: whoever was asked once to prove who they are is not spared it another time.
    pub fn read_visit(&self, cx: &Cx, request: &AuthorizeRequest, text: &str) -> Visit {
        let opened = self.open_opaque(VISIT, text).and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(opened) = opened else { return Visit::default() };
        let mut parts = opened.split(':');
        let mut time = || parts.next().and_then(|micros| micros.parse().ok()).map(Timestamp::from_micros);
        let (written, since) = (time(), time());
        let (chosen, consented) = (parts.next() == Some("1"), parts.next() == Some("1"));
        let same = parts.next() == Some(self.private_key(VISIT, &request.parts()).as_str());
        let recent =
            written.is_some_and(|at| cx.now.since(at) <= VISIT_LIFE && at.since(cx.now) <= VISIT_LIFE);
        if same && recent { Visit { since, chosen, consented } } else { Visit::default() }
    }
}
