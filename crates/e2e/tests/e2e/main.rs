//! The real binary, driven as its users drive it: over HTTPS, by forms, by signals and by the shell.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]

mod browser;
mod crash;
mod demo;
mod docs;
mod graph;
mod homes;
mod memory;
mod page;
mod place;
mod readme;
mod serve;
mod server;
mod terminal;
mod tls;
mod walk;
