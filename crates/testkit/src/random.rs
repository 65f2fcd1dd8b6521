use model::Random;
use std::{
    sync::{Mutex, PoisonError},
    thread,
};

/// SplitMix64: small, fast, the same for the same seed; no secret should ever depend on it.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The threads on which the engines run decisions.
const DECIDING: [&str; 2] = ["innkeeper-writer", "innkeeper-postgres"];

/// The directory's randomness from a seed.
///
/// Decisions draw on a thread of the store while the caller goes on drawing on its own: each side has its own stream, so that
/// the values do not depend on who is faster.
pub struct Seeded(Mutex<[u64; 2]>);

impl Seeded {
    /// Begins both streams.
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new([seed, seed ^ 0x5851_f42d_4c95_7f2d]))
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        let deciding = thread::current().name().is_some_and(|name| DECIDING.contains(&name));
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stream = &mut streams[usize::from(deciding)];
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&next(stream).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// What a test chooses by.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// The same choices for the same seed.
    pub fn new(seed: u64) -> Self {
        let mut state = seed ^ 0xd1b5_4a32_d192_ed03;
        next(&mut state);
        Self(state)
    }

    /// A number below the bound, which must not be zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(next(&mut self.0)) * u128::try_from(bound).unwrap_or(1);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of them, if there is any.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.below(from.len())) }
    }
}
