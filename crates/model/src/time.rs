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
    /// How much longer than `earlier` this is; zero if it is not.
    pub const fn since(self, earlier: Self) -> Self {
        let span = self.0.saturating_sub(earlier.0);
        Self(if span < 0 { 0 } else { span })
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

/// 9999-12-30T22:00:00Z, the last whole second that the calendar library covers in every time zone: a later time could
/// not be written in the formats of the wire.
const LAST: i64 = 253_402_207_200_000_000;
/// The first second of the year 0000.
const FIRST: i64 = -62_167_219_200_000_000;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// Microseconds since the epoch, held within 0000-01-01T00:00:00Z and 9999-12-30T22:00:00Z.
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
        // Every value lies between FIRST and LAST, which jiff covers; the epoch stands in for the impossible.
        let instant = Instant::from_microsecond(self.0).unwrap_or_default();
        instant.to_zoned(TimeZone::UTC).strftime(form).to_string()
    }

    /// `2026-10-01T15:15:14Z`: the form of Graph's `Edm.DateTimeOffset` for directory objects.
    pub fn to_graph(self) -> String {
        let mut text = self.to_graph_error();
        text.push('Z');
        text
    }

    /// `2024-12-27T10:01:19.5796748Z`: audit records carry seven digits of fraction.
    pub fn to_graph_audit(self) -> String {
        format!("{}.{:06}0Z", self.to_graph_error(), self.0.rem_euclid(1_000_000))
    }

    /// `2026-10-01T15:15:14`: the date inside Graph's `innerError`, UTC without a zone. Written digit by digit: lists have
    /// hundreds of dates, and a general form takes many times as long.
    pub fn to_graph_error(self) -> String {
        let instant = Instant::from_microsecond(self.0).unwrap_or_default();
        let at = TimeZone::UTC.to_datetime(instant);
        // With room for what others put behind it.
        let mut text = String::with_capacity(20);
        let mut two = |number: i16, behind: Option<char>| {
            let digit = |number: i16| char::from(b'0' + u8::try_from(number % 10).unwrap_or(0));
            text.push(digit(number / 10));
            text.push(digit(number));
            text.extend(behind);
        };
        two(at.year() / 100, None);
        two(at.year() % 100, Some('-'));
        two(at.month().into(), Some('-'));
        two(at.day().into(), Some('T'));
        two(at.hour().into(), Some(':'));
        two(at.minute().into(), Some(':'));
        two(at.second().into(), None);
        text
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
    /// The wall clock is ahead of the time that has provably passed by more than an hour.
    Jumped,
    /// More than seven days lie between the last sign of life and this start.
    LongGap,
}

/// What the trusted clock says at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The time of the request: the wall clock, but never behind the trusted time, nor behind what the wall said before it was
    /// set back.
    pub now: Timestamp,
    /// Time that has provably passed; permanent deletion is judged by this alone.
    pub trusted: Timestamp,
    /// Set while the wall clock is not believed.
    pub alarm: Option<Alarm>,
}

/// A lead of the wall clock over the trusted time that is watched until it has stood long enough.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    /// The uptime when it was first seen.
    since: Span,
    /// The smallest lead seen from then on: only that much has stood all the time.
    least: Span,
    /// The part of it that an ordinary time switched off explains; it raises no alarm.
    excused: Span,
    /// The alarm for what is not excused.
    alarm: Alarm,
}

/// Turns an unreliable wall clock into a time by which data may be destroyed.
///
/// Trusted time never goes back and goes on at the pace of the uptime. It runs ahead of that for one reason only: a lead
/// of the wall clock that every look has seen for 24 hours of uptime without interruption is believed. So however the
/// wall jumps, creeps or is set at a restart, nothing ages faster than the uptime before a day has passed in which the
/// wrong time stood. The price is lateness: a lead of up to an hour is never made good, and time switched off counts only
/// once the server has been up for a day (two, if the lead changed meanwhile).
///
/// A lead that nobody corrects for that day *is* believed, right or wrong: it cannot be told from a machine that was off or
/// suspended. The alarm is there so that somebody looks.
#[derive(Clone, Debug)]
pub struct TrustedClock {
    trusted: Timestamp,
    uptime: Span,
    doubt: Option<Doubt>,
    /// The lead of the wall when it was last not behind: what the trusted time may still be given for the past.
    ahead: Span,
}

impl TrustedClock {
    /// How far the wall clock may run ahead of the trusted time before it is doubted; up to here it is ignored.
    pub const JUMP: Span = Span::hours(1);
    /// How long the server may have been off before the wall clock at start raises an alarm.
    pub const GAP: Span = Span::days(7);
    /// How much uptime a doubted clock must stand before it is believed.
    pub const PROBATION: Span = Span::hours(24);

    /// Starts from the stored high-water mark of the trusted time, if there is one. Without one nothing can be due yet, so
    /// the wall clock is taken as it is.
    pub fn start(high_water: Option<Timestamp>, wall: Timestamp, uptime: Span) -> Self {
        let trusted = high_water.unwrap_or(wall);
        let lead = wall.since(trusted);
        let doubt = (lead > Self::JUMP).then(|| {
            let (excused, alarm) =
                if lead > Self::GAP { (Span::ZERO, Alarm::LongGap) } else { (lead, Alarm::Jumped) };
            Doubt { since: uptime, least: lead, excused, alarm }
        });
        Self { trusted, uptime, doubt, ahead: lead }
    }

    /// Takes one look at both clocks. The more often, the better: only what is looked at can be seen to stand.
    pub fn observe(&mut self, wall: Timestamp, uptime: Span) -> Reading {
        self.trusted = self.trusted + uptime.since(self.uptime);
        self.uptime = self.uptime.max(uptime);
        let lead = wall.since(self.trusted);
        self.doubt = self.doubt.map(|doubt| Doubt { least: doubt.least.min(lead), ..doubt });
        if let Some(doubt) = self.doubt
            && self.uptime.since(doubt.since) >= Self::PROBATION
        {
            self.trusted = self.trusted + doubt.least;
            self.doubt = None;
        }
        let lead = wall.since(self.trusted);
        self.doubt = (lead > Self::JUMP).then(|| {
            self.doubt.unwrap_or(Doubt {
                since: self.uptime,
                least: lead,
                excused: Span::ZERO,
                alarm: Alarm::Jumped,
            })
        });
        // A wall that falls behind says nothing about the lead it had: a deletion dated without it would be purged early once
        // the wall is put right and that lead is believed.
        if self.trusted.since(wall) <= Self::JUMP {
            self.ahead = lead;
        }
        Reading {
            now: wall.max(self.trusted + self.ahead),
            trusted: self.trusted,
            alarm: self.doubt.filter(|doubt| lead.since(doubt.excused) > Self::JUMP).map(|doubt| doubt.alarm),
        }
    }
}
