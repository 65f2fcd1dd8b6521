//! Several servers on one PostgreSQL database, behind a small round-robin: nothing sticky, killed and restarted at random, with
//! a database that restarts and fails over. Everything is the real binary; the PostgreSQL servers are the tests' own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]
#![expect(
    dead_code,
    reason = "the helpers are those of the other end-to-end tests, and not all are needed here"
)]

#[path = "../e2e/browser.rs"]
mod browser;
mod failover;
mod fleet;
#[path = "../e2e/graph.rs"]
mod graph;
mod kills;
mod leaver;
mod load;
mod moved;
#[path = "../e2e/page.rs"]
mod page;
#[path = "../e2e/place.rs"]
mod place;
mod restarts;
mod round_robin;
#[path = "../e2e/server.rs"]
mod server;
mod setup;
