//! Access tokens for the Graph API, and ID tokens: both RS256 JSON Web Tokens of one tenant.

mod assertion;
mod json;
mod mint;
#[cfg(test)]
mod tests;
mod verify;

pub use assertion::{AssertionFault, UnverifiedAssertion, VerifiedAssertion, parse_assertion};
pub(crate) use json::object;
pub use mint::{AccessClaims, ClientAuth, IdClaims, Subject, mint, mint_id, token_id};
pub use verify::{
    Expect, IdHint, OpenIdScopes, Rights, Unverified, VerifiedAccess, parse, verify, verify_hint,
};

use model::{Span, TenantId};

/// The longest token that is read, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;

/// The longest life of an access token; one that claims more is not ours.
pub const MAX_LIFETIME: Span = Span::hours(24);

/// The issuer of a tenant's tokens under one origin (`https://host:port`, without a slash at the end).
pub fn issuer(origin: &str, tenant: TenantId) -> String {
    format!("{origin}/{tenant}/v2.0")
}
