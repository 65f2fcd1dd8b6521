//! Microsoft Graph as a client sees it: every status, header and body, against the documents and not against the code.
//!
//! Snapshots are transcripts, to be read beside the recordings of the live service. Whatever is the same in every answer is
//! asserted in [`wire`], and left out of the transcripts.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod apps;
mod audit;
mod authorisation;
mod batch;
mod borders;
mod deleted;
mod delta;
mod errors;
mod house;
mod invitations;
mod metadata;
mod objects;
mod organization;
mod policy;
mod protocol;
mod providers;
mod query;
mod rights;
mod tokens;
mod tools;
mod users;
mod wire;
