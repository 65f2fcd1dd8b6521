//! The machine's clocks and randomness: the one place where they are read.

use model::{Clock, Random, Span, Timestamp};
use rustix::{
    io::Errno,
    rand::{GetRandomFlags, getrandom},
};
use std::time::{Instant, SystemTime};

/// The wall clock, and the time since this was made.
pub struct MachineClock {
    started: Instant,
}

impl MachineClock {
    /// Starts to count.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn wall(&self) -> Timestamp {
        let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Timestamp::from_micros(micros(after)),
            Err(before) => Timestamp::from_micros(micros(before.duration()).saturating_neg()),
        }
    }

    fn uptime(&self) -> Span {
        Span::micros(i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX))
    }
}

/// The randomness of the operating system.
pub struct MachineRandom;

impl Random for MachineRandom {
    #[expect(
        clippy::panic,
        reason = "without randomness nothing may go on: ids and secrets could be guessed"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        let mut rest = buffer;
        while !rest.is_empty() {
            match getrandom(&mut *rest, GetRandomFlags::empty()) {
                Ok(filled) => rest = &mut rest[filled..],
                Err(Errno::INTR) => {}
                Err(error) => panic!("the operating system gives no randomness: {error}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_filled() {
        // A byte that is never filled stays zero in all of 64 draws; by chance that happens once in 2^500.
        let mut seen = [0_u8; 300];
        for _ in 0..64 {
            let mut drawn = [0; 300];
            MachineRandom.fill(&mut drawn);
            seen.iter_mut().zip(drawn).for_each(|(seen, drawn)| *seen |= drawn);
        }
        assert!(seen.iter().all(|byte| *byte != 0));
    }

    #[test]
    fn uptime_begins_with_the_clock_and_goes_on() {
        let clock = MachineClock::start();
        let first = clock.uptime();
        assert!(first < Span::minutes(1));
        assert!(clock.uptime() >= first);
    }
}
