//! Keys, tokens, passwords and one-time secrets.
//!
//! Nothing here stores anything or reads a clock: time is [`model::Timestamp`], randomness is [`model::Random`]. The one
//! exception is [`SigningKey::generate`], because the library draws RSA primes from the operating system itself.
//!
//! Every signed token that the server accepts goes through [`verify`]; there is no other decoder.

mod digest;
mod encoding;
mod header;
mod keys;
mod master;
mod opaque;
mod password;
mod secret;
#[cfg(test)]
mod testing;
mod token;

pub use digest::{digest, equal};
pub use header::{basic_credentials, bearer};
pub use keys::{PublicKey, SigningKey, VerifyingKey};
pub use master::MasterKey;
pub use opaque::{open_opaque, seal_opaque, sign_opaque, unseal_opaque};
pub use password::{
    MAX_PASSWORD, MIN_PASSWORD, PasswordProblem, hash_password, password_outdated, password_problem,
    verify_nothing, verify_password,
};
pub use secret::{Secret, hash_secret, one_time_code, verify_secret};
pub use token::{
    AccessClaims, ClientAuth, Expect, IdClaims, MAX_LIFETIME, MAX_TOKEN, Rights, Subject, Unverified,
    VerifiedAccess, issuer, mint, mint_id, parse, token_id, verify,
};
