use model::{Clock, Span, Timestamp};
use std::sync::{Mutex, PoisonError};

#[derive(Clone, Copy)]
struct Hands {
    wall: Timestamp,
    uptime: Span,
    elapsed: Span,
}

/// A wall clock and an uptime that only tests move, and beside them the time that really passed.
pub struct MockClock(Mutex<Hands>);

impl MockClock {
    /// Starts at this wall time, with an uptime of zero.
    pub const fn new(wall: Timestamp) -> Self {
        Self(Mutex::new(Hands { wall, uptime: Span::ZERO, elapsed: Span::ZERO }))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Hands) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Time passes while the server is up: wall and uptime go on.
    pub fn advance(&self, span: Span) {
        self.with(|hands| {
            hands.wall = hands.wall + span;
            hands.uptime = Span::micros(hands.uptime.as_micros() + span.as_micros());
            hands.elapsed = Span::micros(hands.elapsed.as_micros() + span.as_micros());
        });
    }

    /// Time passes while the server is off: the wall goes on, the next uptime begins at zero.
    pub fn power_off(&self, span: Span) {
        self.advance(span);
        self.with(|hands| hands.uptime = Span::ZERO);
    }

    /// Somebody sets the wall clock; no time passes.
    pub fn set_wall(&self, wall: Timestamp) {
        self.with(|hands| hands.wall = wall);
    }

    /// Time that really passed since the clock was made, on or off, whatever the wall says.
    pub fn elapsed(&self) -> Span {
        self.with(|hands| hands.elapsed)
    }
}

impl Clock for MockClock {
    fn wall(&self) -> Timestamp {
        self.with(|hands| hands.wall)
    }

    fn uptime(&self) -> Span {
        self.with(|hands| hands.uptime)
    }
}
