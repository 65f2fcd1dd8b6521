//! The trusted clock under a hostile wall clock. `verdict` knows nothing of how the clock works: it looks at what was
//! shown to it and what it answered.

use crate::support::{cases, guest, object};
use model::{Alarm, DeletionCause, Reading, Span, Timestamp, TrustedClock, lifecycle};
use proptest::{prelude::*, test_runner::TestRunner};
use uuid::Uuid;

const BIRTH: Timestamp = Timestamp::from_seconds(1_790_000_000);
const YEARS_10: i64 = 10 * 365 * 86_400;

/// What the world does between two looks.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The machine runs for some seconds, and the wall clock moves by as much and some more (or less).
    Run { seconds: i64, skew: i64 },
    /// The process ends; the next starts after some seconds, with the wall clock moved besides.
    Restart { off: i64, skew: i64 },
    /// Somebody sets the wall clock right.
    Correct,
}

fn skew() -> impl Strategy<Value = i64> {
    prop_oneof![
        5 => Just(0_i64),
        2 => -10_i64..10,
        2 => Just(59 * 60),
        2 => -7_200_i64..7_200,
        1 => -50 * 86_400_i64..50 * 86_400,
        1 => -YEARS_10..YEARS_10,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_i64..40_000, skew()).prop_map(|(seconds, skew)| Step::Run { seconds, skew }),
        1 => (0_i64..4_000_000, skew()).prop_map(|(off, skew)| Step::Restart { off, skew }),
        1 => (0_i64..60, Just(0)).prop_map(|(off, skew)| Step::Restart { off, skew }),
        1 => Just(Step::Correct),
    ]
}

/// A clock under test: the real one, or one with a mistake in it.
trait Judge: Sized {
    fn start(mark: Option<Timestamp>, wall: Timestamp, uptime: Span) -> Self;
    fn observe(&mut self, wall: Timestamp, uptime: Span) -> Reading;
}

impl Judge for TrustedClock {
    fn start(mark: Option<Timestamp>, wall: Timestamp, uptime: Span) -> Self {
        Self::start(mark, wall, uptime)
    }
    fn observe(&mut self, wall: Timestamp, uptime: Span) -> Reading {
        self.observe(wall, uptime)
    }
}

/// One look: in which process, at what uptime and wall, with what answer, and at which real time.
#[derive(Clone, Copy, Debug)]
struct Look {
    process: u32,
    uptime: Span,
    wall: Timestamp,
    real: Timestamp,
    reading: Reading,
}

fn moved(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(time.as_micros().saturating_add(seconds * 1_000_000))
}

fn play<J: Judge>(steps: &[Step]) -> Vec<Look> {
    let (mut wall, mut real, mut process, mut uptime) = (BIRTH, BIRTH, 0, Span::seconds(3));
    let mut clock = J::start(None, wall, uptime);
    let mut looks = Vec::new();
    let mut look = |clock: &mut J, wall, real, process, uptime| {
        let reading = clock.observe(wall, uptime);
        looks.push(Look { process, uptime, wall, real, reading });
        reading.trusted
    };
    let mut mark = look(&mut clock, wall, real, process, uptime);
    for step in steps {
        match *step {
            Step::Run { seconds, skew } => {
                uptime = Span::seconds(uptime.as_seconds() + seconds);
                wall = moved(wall, seconds + skew);
                real = moved(real, seconds);
            }
            Step::Restart { off, skew } => {
                wall = moved(wall, off + skew);
                real = moved(real, off);
                uptime = Span::seconds(1);
                process += 1;
                clock = J::start(Some(mark), wall, uptime);
            }
            Step::Correct => wall = real,
        }
        mark = look(&mut clock, wall, real, process, uptime);
    }
    looks
}

/// How far the wall was ahead of what the uptime alone accounts for, at each look.
fn leads(looks: &[Look]) -> Vec<(Span, Span)> {
    let mut answer = vec![(Span::ZERO, Span::ZERO)];
    for pair in looks.windows(2) {
        let passed = if pair[0].process == pair[1].process {
            pair[1].uptime.since(pair[0].uptime)
        } else {
            Span::ZERO
        };
        let paced = pair[0].reading.trusted + passed;
        answer.push((pair[1].wall.since(paced), pair[1].reading.trusted.since(paced)));
    }
    answer
}

/// `now` at the last of these looks: the later of wall and trusted time, and while the wall is behind, ahead of the trusted time
/// by the lead it had when it was last not behind, in the same process.
fn dated(looks: &[Look]) -> Result<(), String> {
    let Some(look) = looks.last() else { return Ok(()) };
    let Reading { now, trusted, .. } = look.reading;
    let is_behind = |look: &&Look| look.reading.trusted.since(look.wall) > TrustedClock::JUMP;
    let same_process = looks.iter().rev().take_while(|earlier| earlier.process == look.process);
    let honest = same_process.clone().find(|look| !is_behind(look));
    let ahead = match honest {
        Some(honest) => honest.wall.since(honest.reading.trusted),
        // Every look of this process saw it behind; the start may have seen a lead at most as large as the whole gap.
        None => now.since(trusted),
    };
    let wanted = look.wall.max(trusted + ahead);
    if now == wanted { Ok(()) } else { Err(format!("dated {now}, not {wanted}: {look:?}")) }
}

/// Everything that must hold of a course of looks.
fn verdict(looks: &[Look]) -> Result<(), String> {
    for pair in looks.windows(2) {
        if pair[1].reading.trusted < pair[0].reading.trusted {
            return Err(format!("trusted time went back: {pair:?}"));
        }
    }
    let leads = leads(looks);
    for (here, look) in looks.iter().enumerate() {
        let Reading { trusted, alarm, .. } = look.reading;
        dated(&looks[..=here])?;
        let (lead, gained) = leads[here];
        let left = look.wall.since(trusted);
        if left <= TrustedClock::JUMP && alarm.is_some() {
            return Err(format!("an alarm although the clocks agree: {look:?}"));
        }
        if left > Span::micros(TrustedClock::GAP.as_micros() + TrustedClock::JUMP.as_micros())
            && alarm.is_none()
        {
            return Err(format!("no alarm although the wall is far ahead: {look:?}"));
        }
        if gained == Span::ZERO {
            continue;
        }
        let stood = (0..here)
            .rev()
            .take_while(|earlier| looks[*earlier].process == look.process)
            .find(|earlier| look.uptime.since(looks[*earlier].uptime) >= TrustedClock::PROBATION);
        let Some(since) = stood else {
            return Err(format!("gained {gained:?} without a day of uptime: {look:?}"));
        };
        if lead < gained || leads[since..here].iter().any(|(lead, _)| *lead < gained) {
            return Err(format!("gained {gained:?}, which had not stood for a day: {look:?}"));
        }
    }
    Ok(())
}

/// Does some random course convict this clock?
fn convicted<J: Judge>() -> bool {
    let mut runner = TestRunner::new_with_rng(
        cases(2_000),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner
        .run(&prop::collection::vec(step(), 1..120), |steps| {
            verdict(&play::<J>(&steps)).map_err(TestCaseError::fail)
        })
        .is_err()
}

/// Follows the wall clock as long as it gains less than an hour between two looks.
struct PerLook(Timestamp, Span);
impl Judge for PerLook {
    fn start(mark: Option<Timestamp>, wall: Timestamp, uptime: Span) -> Self {
        Self(mark.unwrap_or(wall), uptime)
    }
    fn observe(&mut self, wall: Timestamp, uptime: Span) -> Reading {
        let paced = self.0 + uptime.since(self.1);
        self.0 = if wall.since(paced) <= TrustedClock::JUMP { paced.max(wall) } else { paced };
        self.1 = uptime;
        let alarm = (wall.since(self.0) > TrustedClock::JUMP).then_some(Alarm::Jumped);
        Reading { now: self.0.max(wall), trusted: self.0, alarm }
    }
}

/// Right while it runs, but takes the wall clock as it is at a restart.
struct TrustsStart(TrustedClock);
impl Judge for TrustsStart {
    fn start(mark: Option<Timestamp>, wall: Timestamp, uptime: Span) -> Self {
        Self(TrustedClock::start(Some(mark.unwrap_or(wall).max(wall)), wall, uptime))
    }
    fn observe(&mut self, wall: Timestamp, uptime: Span) -> Reading {
        self.0.observe(wall, uptime)
    }
}

/// Forgets the stored mark.
struct Forgetful(TrustedClock);
impl Judge for Forgetful {
    fn start(_: Option<Timestamp>, wall: Timestamp, uptime: Span) -> Self {
        Self(TrustedClock::start(None, wall, uptime))
    }
    fn observe(&mut self, wall: Timestamp, uptime: Span) -> Reading {
        self.0.observe(wall, uptime)
    }
}

/// Never says that anything is wrong.
struct Silent(TrustedClock);
impl Judge for Silent {
    fn start(mark: Option<Timestamp>, wall: Timestamp, uptime: Span) -> Self {
        Self(TrustedClock::start(mark, wall, uptime))
    }
    fn observe(&mut self, wall: Timestamp, uptime: Span) -> Reading {
        Reading { alarm: None, ..self.0.observe(wall, uptime) }
    }
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn trusted_time_gains_on_the_uptime_only_by_a_lead_that_stood_for_a_day(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let looks = play::<TrustedClock>(&steps);
        prop_assert_eq!(verdict(&looks), Ok(()));
    }

    #[test]
    fn without_skew_trusted_time_is_never_ahead_of_the_real_time(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let honest: Vec<Step> = steps
            .into_iter()
            .map(|step| match step {
                Step::Run { seconds, .. } => Step::Run { seconds, skew: 0 },
                Step::Restart { off, .. } => Step::Restart { off, skew: 0 },
                Step::Correct => Step::Correct,
            })
            .collect();
        for look in play::<TrustedClock>(&honest) {
            prop_assert!(look.reading.trusted <= look.real, "{:?}", look);
            prop_assert_ne!(look.reading.alarm, Some(Alarm::Jumped), "{:?}", look);
        }
    }

    /// The wall is wrong in any way for up to 23 hours at a time, in restarts too: the tolerance is zero in both directions.
    #[test]
    fn a_purge_is_due_after_exactly_30_days_however_the_wall_lies_in_between(
        lies in prop::collection::vec((0_i64..82_800, skew(), any::<bool>()), 80..140)
    ) {
        let mut steps = Vec::new();
        for (seconds, skew, restart) in lies {
            if restart {
                steps.push(Step::Restart { off: 0, skew });
                steps.push(Step::Run { seconds, skew: 0 });
            } else {
                steps.push(Step::Run { seconds: seconds / 2, skew });
                steps.push(Step::Run { seconds: seconds / 2, skew });
            }
            steps.push(Step::Correct);
        }
        let looks = play::<TrustedClock>(&steps);
        let user = lifecycle::soft_delete(&guest(object(1)), DeletionCause::Left, Uuid::nil(), looks[0].reading.now)
            .unwrap();
        for look in looks {
            let age = look.real.since(BIRTH);
            prop_assert_eq!(lifecycle::is_due(&user, look.reading.trusted), age >= Span::hours(30 * 24), "{:?}", look);
        }
    }

    #[test]
    fn the_alarm_clears_as_soon_as_the_wall_agrees_again(skew in 3_601_i64..YEARS_10, agree in -3_600_i64..=3_600) {
        let mut clock = TrustedClock::start(None, BIRTH, Span::ZERO);
        prop_assert_eq!(clock.observe(moved(BIRTH, skew), Span::ZERO).alarm, Some(Alarm::Jumped));
        let after = clock.observe(moved(BIRTH, 60 + agree), Span::seconds(60));
        prop_assert_eq!(after.alarm, None);
        prop_assert_eq!(after.trusted, moved(BIRTH, 60));
    }
}

#[test]
fn clocks_with_one_mistake_are_convicted() {
    assert!(convicted::<PerLook>(), "an allowance at each look");
    assert!(convicted::<TrustsStart>(), "a jump that is first seen at a restart");
    assert!(convicted::<Forgetful>(), "the mark is not used");
    assert!(convicted::<Silent>(), "no alarm");
    assert!(!convicted::<TrustedClock>());
}

#[test]
fn the_verdict_allows_a_gain_that_stood_for_a_day_and_no_other() {
    let steps = [Step::Restart { off: 40 * 86_400, skew: 0 }, Step::Run { seconds: 86_400, skew: 0 }];
    let mut looks = play::<TrustedClock>(&steps);
    assert_eq!(leads(&looks)[2].1, Span::days(40));
    assert_eq!(verdict(&looks), Ok(()));
    looks[2].uptime = Span::hours(23);
    assert!(verdict(&looks).is_err());
}

#[test]
fn fifty_nine_minutes_at_each_look_gain_nothing() {
    let mut clock = TrustedClock::start(None, BIRTH, Span::ZERO);
    for minute in 1..=23 * 60 {
        let reading = clock.observe(moved(BIRTH, minute * 60 * 60), Span::minutes(minute));
        assert_eq!(reading.trusted, BIRTH + Span::minutes(minute));
        assert_eq!(reading.alarm.is_some(), minute >= 2, "minute {minute}");
    }
}

#[test]
fn restarts_with_a_lead_below_the_limits_gain_nothing() {
    let mut mark = BIRTH;
    for days in 1..40 {
        let mut clock = TrustedClock::start(Some(mark), mark + Span::hours(7 * 24), Span::ZERO);
        let reading = clock.observe(mark + Span::hours(7 * 24), Span::hours(1));
        assert_eq!(reading.trusted, BIRTH + Span::hours(days));
        mark = reading.trusted;
    }
}

#[test]
fn forty_days_off_raise_an_alarm_and_are_believed_after_a_day_of_uptime() {
    let on = BIRTH + Span::days(40);
    let mut clock = TrustedClock::start(Some(BIRTH), on, Span::ZERO);
    let before = clock.observe(on + Span::micros(86_399_999_999), Span::micros(86_399_999_999));
    assert_eq!(before.alarm, Some(Alarm::LongGap));
    assert_eq!(before.trusted, BIRTH + Span::micros(86_399_999_999));
    assert_eq!(before.now, on + Span::micros(86_399_999_999));
    let after = clock.observe(on + Span::days(1), Span::days(1));
    assert_eq!(after.alarm, None);
    assert_eq!(after.trusted, on + Span::days(1));
}

#[test]
fn a_week_off_raises_no_alarm_and_is_believed_after_a_day_of_uptime() {
    let on = BIRTH + TrustedClock::GAP;
    let mut clock = TrustedClock::start(Some(BIRTH), on, Span::ZERO);
    let first = clock.observe(on, Span::ZERO);
    assert_eq!((first.trusted, first.alarm), (BIRTH, None));
    assert_eq!(clock.observe(on + Span::days(1), Span::days(1)).trusted, on + Span::days(1));
}

#[test]
fn a_jump_after_an_ordinary_start_is_told_from_the_time_switched_off() {
    let on = BIRTH + Span::days(2);
    let mut clock = TrustedClock::start(Some(BIRTH), on, Span::ZERO);
    assert_eq!(clock.observe(on + Span::hours(1), Span::ZERO).alarm, None);
    assert_eq!(clock.observe(on + Span::hours(2), Span::ZERO).alarm, Some(Alarm::Jumped));
    assert_eq!(clock.observe(on, Span::ZERO).alarm, None);
}

#[test]
fn only_the_part_of_a_lead_that_stood_all_day_is_believed() {
    let mut clock = TrustedClock::start(None, BIRTH, Span::ZERO);
    clock.observe(BIRTH + Span::hours(2), Span::ZERO);
    let day = clock.observe(BIRTH + Span::days(31), Span::days(1));
    assert_eq!(day.trusted, BIRTH + Span::hours(26));
    assert_eq!(day.alarm, Some(Alarm::Jumped));
    let second = clock.observe(BIRTH + Span::days(32), Span::days(2));
    assert_eq!(second.trusted, BIRTH + Span::days(32), "two days after an alarm at the latest");
}

#[test]
fn a_wall_clock_set_back_stops_nothing() {
    let mut clock = TrustedClock::start(None, BIRTH, Span::ZERO);
    let reading = clock.observe(BIRTH - Span::days(3_650), Span::hours(5));
    let expected = BIRTH + Span::hours(5);
    assert_eq!(reading, Reading { now: expected, trusted: expected, alarm: None });
}

#[test]
fn a_deletion_dated_while_the_wall_is_set_back_is_not_purged_early_once_the_wall_is_right_again() {
    // Two days off, a look at the right wall, then somebody sets the wall back by a month and deletes.
    let start = Timestamp::from_seconds(1_000_000_000);
    let right = |uptime: Span| start + Span::days(2) + uptime;
    let mut clock = TrustedClock::start(Some(start), right(Span::ZERO), Span::ZERO);
    clock.observe(right(Span::minutes(1)), Span::minutes(1));
    let deleted_at = Span::minutes(2);
    let dated = clock.observe(right(deleted_at) - Span::days(30), deleted_at).now;
    assert_eq!(dated, right(deleted_at), "dated by what the wall said before");
    // The wall is put right; its lead stands and is believed.
    for hours in 1..=(30 * 24) {
        let uptime = Span::minutes(hours * 60 + 1);
        let trusted = clock.observe(right(uptime), uptime).trusted;
        assert!(trusted < dated + model::lifecycle::RETENTION, "early after {hours} hours");
    }
    let uptime = Span::minutes(30 * 24 * 60 + 3);
    let trusted = clock.observe(right(uptime), uptime).trusted;
    assert!(trusted >= dated + model::lifecycle::RETENTION, "and not late either");
}
