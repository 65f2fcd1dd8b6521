//! What a review by fresh eyes found, each as a rule with the way it was broken.
#![expect(clippy::expect_used, reason = "a stage that cannot be set fails the test")]

mod guests;
mod servers;
mod strangers;
