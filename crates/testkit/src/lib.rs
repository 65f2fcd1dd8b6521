//! A directory to test with: a real store in a temporary directory, the verbs of the product, a clock that tests set and
//! randomness that comes from a seed.
#![expect(clippy::expect_used, reason = "a world that cannot be built fails the test that asked for it")]

mod clock;
pub mod cluster;
mod engine;
mod peek;
mod random;
mod world;

pub use clock::MockClock;
pub use engine::{Database, Server};
pub use peek::Row;
pub use random::{Dice, Seeded};
pub use world::{FaultSwitch, GuestState, Image, TestApp, World};
