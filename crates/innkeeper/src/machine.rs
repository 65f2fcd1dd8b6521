//! The machine's clocks and randomness: the one place where they are read.

use model::{Clock, Random, Span, Timestamp};
use rustix::{
    io::Errno,
    rand::{GetRandomFlags, getrandom},
};
use std::{
    cell::RefCell,
    time::{Instant, SystemTime},
};

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

/// The randomness of the operating system. Ids come from a stretch that is drawn at once, because asking takes longer
/// than everything else about an id; what was handed out is wiped.
pub struct MachineRandom;

/// How much is drawn at once.
const STRETCH: usize = 512;
/// More than this is drawn by itself: an id may come from what was drawn before, a secret may not, or the copy of a running machine
/// would hand out the same.
const SHORT: usize = 16;

/// What was drawn and not handed out yet: the first `left` bytes.
struct Drawn {
    bytes: [u8; STRETCH],
    left: usize,
}

impl Drawn {
    fn hand_out(&mut self, buffer: &mut [u8]) {
        if self.left < buffer.len() {
            draw(&mut self.bytes);
            self.left = STRETCH;
        }
        let from = self.left - buffer.len();
        let given = &mut self.bytes[from..self.left];
        buffer.copy_from_slice(given);
        given.fill(0);
        self.left = from;
    }
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; STRETCH], left: 0 }) };
}

impl Random for MachineRandom {
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() > SHORT {
            draw(buffer);
        } else {
            DRAWN.with_borrow_mut(|drawn| drawn.hand_out(buffer));
        }
    }
}

#[expect(clippy::panic, reason = "without randomness nothing may go on: ids and secrets could be guessed")]
fn draw(buffer: &mut [u8]) {
    let mut rest = buffer;
    while !rest.is_empty() {
        match getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(filled) => rest = &mut rest[filled..],
            Err(Errno::INTR) => {}
            Err(error) => panic!("the operating system gives no randomness: {error}"),
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
    fn no_byte_is_handed_out_twice_and_none_is_kept() {
        let mut drawn = Drawn { bytes: [0; STRETCH], left: 0 };
        let mut seen = std::collections::HashSet::new();
        for number in 0..200 {
            let mut id = [0; 16];
            drawn.hand_out(&mut id);
            assert!(seen.insert(id), "after {number}");
            assert!(drawn.bytes[drawn.left..].iter().all(|byte| *byte == 0));
        }
        let mut odd = [0; 31];
        drawn.hand_out(&mut odd);
        assert_ne!(odd, [0; 31]);
    }

    #[test]
    fn uptime_begins_with_the_clock_and_goes_on() {
        let clock = MachineClock::start();
        let first = clock.uptime();
        assert!(first < Span::minutes(1));
        assert!(clock.uptime() >= first);
    }
}
