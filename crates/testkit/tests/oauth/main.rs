//! The identity platform as programs and browsers see it: codes, refresh tokens, devices, consent, credentials, keys.
//!
//! Everything goes through the router, over a real store. Snapshots are transcripts: tokens are shown by their claims, and
//! what is random is left out.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]

mod apps;
mod attacks;
mod code;
mod conformance;
mod consent;
mod credentials;
mod device;
mod direct;
mod documents;
mod hostile;
mod house;
mod people;
mod races;
mod refresh;
mod rotation;
mod wire;
