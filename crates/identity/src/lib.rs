//! Keys, tokens, passwords and one-time secrets.
//!
//! Nothing here stores anything or reads a clock: time is [`model::Timestamp`], randomness is [`model::Random`]. The one
//! exception is [`SigningKey::generate`], because the library draws RSA primes from the operating system itself.
//!
//! Every signed token that the server accepts goes through [`verify`]; there is no other decoder.

mod certificate;
mod digest;
mod encoding;
mod header;
mod keys;
mod master;
mod opaque;
mod password;
mod relying_party;
mod secret;
#[cfg(test)]
mod testing;
mod token;
mod totp;

pub use certificate::AppCertificate;
pub use digest::{digest, equal};
pub use encoding::base64url;
pub use header::{basic_credentials, bearer};
pub use keys::{PublicKey, SigningKey, VerifyingKey};
pub use master::MasterKey;
pub use opaque::{open_opaque, seal_opaque, sign_opaque, unseal_opaque};
pub use password::{
    MAX_PASSWORD, MIN_PASSWORD, PasswordProblem, hash_password, password_outdated, password_problem,
    verify_nothing, verify_password,
};
pub use relying_party::{
    IdExpect, IdTokenFault, ProviderClaims, ProviderKey, UnverifiedIdToken, federated_identity, provider_keys,
};
pub use secret::{Secret, code_challenge, hash_secret, one_time_code, user_code, verify_secret};
pub use token::{
    AccessClaims, AssertionFault, ClientAuth, Expect, IdClaims, IdHint, MAX_LIFETIME, MAX_TOKEN,
    OpenIdScopes, Rights, Subject, Unverified, UnverifiedAssertion, VerifiedAccess, VerifiedAssertion,
    issuer, mint, mint_id, parse, parse_assertion, token_id, verify, verify_hint,
};
pub use totp::{TotpSecret, recovery_code};
