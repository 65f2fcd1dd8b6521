use jiff::{Timestamp as Instant, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Add, ops::Sub, str::FromStr};

/// A length of time in whole microseconds; never negative in practice, never overflowing in arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default, Serialize, Deserialize)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Microseconds.
    pub const fn micros(n: i64) -> Self {
        Self(n)
    }
    /// Milliseconds.
    pub const fn millis(n: i64) -> Self {
        Self(n.saturating_mul(1_000))
    }
    /// Seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }
    /// Minutes of 60 seconds.
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n.saturating_mul(60))
    }
    /// Hours of 60 minutes.
    pub const fn hours(n: i64) -> Self {
        Self::minutes(n.saturating_mul(60))
    }
    /// Days of 24 hours, whatever the calendar says.
    pub const fn days(n: i64) -> Self {
        Self::hours(n.saturating_mul(24))
    }
    /// The length in microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }
    /// The length in whole seconds, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

/// A point in time, UTC, to the microsecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// The last second of the year 9999: later times cannot be written in the formats of the wire.
const LAST: i64 = 253_402_300_799_000_000;
/// The first second of the year 0000.
const FIRST: i64 = -62_167_219_200_000_000;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Microseconds since the epoch, held within the years 0000 to 9999.
    pub const fn from_micros(micros: i64) -> Self {
        if micros > LAST {
            Self(LAST)
        } else if micros < FIRST {
            Self(FIRST)
        } else {
            Self(micros)
        }
    }

    /// Seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub const fn since(self, earlier: Self) -> Span {
        let span = self.0.saturating_sub(earlier.0);
        Span(if span < 0 { 0 } else { span })
    }

    fn format(self, form: &str) -> String {
        // Every value is within the years 0000 to 9999, which jiff covers; the epoch stands in for the impossible.
        let instant = Instant::from_microsecond(self.0).unwrap_or_default();
        instant.to_zoned(TimeZone::UTC).strftime(form).to_string()
    }

    /// `2026-10-01T15:15:14Z`: the form of Graph's `Edm.DateTimeOffset` for directory objects.
    pub fn to_graph(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `2024-12-27T10:01:19.5796748Z`: audit records carry seven digits of fraction.
    pub fn to_graph_audit(self) -> String {
        format!("{}.{:06}0Z", self.format("%Y-%m-%dT%H:%M:%S"), self.0.rem_euclid(1_000_000))
    }

    /// `2026-10-01T15:15:14`: the date inside Graph's `innerError`, UTC without a zone.
    pub fn to_graph_error(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%S")
    }

    /// `2021-10-29 17:16:31Z`: the timestamp of a token endpoint error.
    pub fn to_oauth_error(self) -> String {
        self.format("%Y-%m-%d %H:%M:%SZ")
    }

    /// Formats with `strftime` directives, in UTC.
    pub fn strftime(self, form: &str) -> String {
        self.format(form)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_graph_audit())
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    /// Reads an RFC 3339 time.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<Instant>().map(|instant| Self::from_micros(instant.as_microsecond()))
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self::from_micros(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self::from_micros(self.0.saturating_sub(span.0))
    }
}

/// The two clocks of a machine. Only the binary and the tests implement it.
pub trait Clock: Send + Sync {
    /// What the wall says; an operator, a bad time server or a resumed machine may move it either way.
    fn wall(&self) -> Timestamp;
    /// Time since the process started; never goes back, is not set by anybody.
    fn uptime(&self) -> Span;
}

/// Why purging pauses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alarm {
    /// The wall clock ran ahead of the uptime by more than an hour.
    Jumped,
    /// More than seven days lie between the last sign of life and this start.
    LongGap,
}

/// What the trusted clock says at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The time of the request: the wall clock, but never behind the trusted time.
    pub now: Timestamp,
    /// Time that has provably passed; permanent deletion is judged by this alone.
    pub trusted: Timestamp,
    /// Set while the wall clock is not believed.
    pub alarm: Option<Alarm>,
}

/// Turns an unreliable wall clock into a time by which data may be destroyed.
///
/// Trusted time never goes back. It follows the wall clock as long as that agrees with the uptime to within an hour, and
/// otherwise goes on at the pace of the uptime. A jump is believed only after it has stood for 24 hours of uptime.
#[derive(Clone, Debug)]
pub struct TrustedClock {
    trusted: Timestamp,
    uptime: Span,
    doubt: Option<(Alarm, Span)>,
}

impl TrustedClock {
    /// How far the wall clock may run ahead of the uptime before it is doubted.
    pub const JUMP: Span = Span::hours(1);
    /// How long the server may have been off before the wall clock at start is doubted.
    pub const GAP: Span = Span::days(7);
    /// How much uptime a doubted clock must stand before it is believed.
    pub const PROBATION: Span = Span::hours(24);

    /// Starts from the stored high-water mark, if there is one.
    pub fn start(high_water: Option<Timestamp>, wall: Timestamp, uptime: Span) -> Self {
        match high_water {
            None => Self { trusted: wall, uptime, doubt: None },
            Some(mark) if wall.since(mark) > Self::GAP => {
                Self { trusted: mark, uptime, doubt: Some((Alarm::LongGap, uptime)) }
            }
            Some(mark) => Self { trusted: mark.max(wall), uptime, doubt: None },
        }
    }

    /// Takes one look at both clocks.
    pub fn observe(&mut self, wall: Timestamp, uptime: Span) -> Reading {
        let passed = Span::micros(uptime.as_micros().saturating_sub(self.uptime.as_micros()).max(0));
        let paced = self.trusted + passed;
        self.uptime = self.uptime.max(uptime);
        let ahead = wall.since(paced);
        self.doubt = match self.doubt {
            _ if ahead <= Self::JUMP => None,
            None => Some((Alarm::Jumped, self.uptime)),
            Some((_, since))
                if self.uptime.as_micros() - since.as_micros() >= Self::PROBATION.as_micros() =>
            {
                None
            }
            standing => standing,
        };
        self.trusted = if self.doubt.is_some() { paced } else { paced.max(wall) };
        Reading {
            now: self.trusted.max(wall),
            trusted: self.trusted,
            alarm: self.doubt.map(|(alarm, _)| alarm),
        }
    }
}
