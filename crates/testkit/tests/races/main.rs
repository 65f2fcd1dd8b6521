//! Two people at the same moment: whatever the interleaving, one outcome of a legal order.
#![expect(clippy::expect_used, reason = "a race that cannot be set up fails the test")]

#[cfg(test)]
mod races;
