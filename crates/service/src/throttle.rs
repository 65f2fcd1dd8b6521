//! How often somebody may be wrong. Wrong tries are counted in lanes: for the account from this network, for the account
//! from anywhere, for the network, for the organisation. A browser that has signed in to the account before has a lane of
//! its own, and none of the others holds it up: so whoever guesses at an account cannot lock its owner out. Who has no such
//! browser at hand while somebody guesses waits up to a day, or is let in by a password that the operator sets.
//!
//! Many wrong tries in an organisation, from wherever, make nobody wait by themselves: they only leave fewer free ones to each
//! network. A wait for all would let strangers with many networks keep everybody out.

use crate::{Directory, authn::scope, sign_in::Visitor};
use model::{Result, Span, TenantId, Timestamp};
use store::{ChangeSet, Reader, Throttle};

/// Wrong tries on an account are forgotten after this long without one.
const DAY: Span = Span::days(1);
/// The longest wait between tries.
const LONGEST_WAIT: Span = Span::minutes(15);
/// So many wrong tries in a row on an account close its lane for a day.
const MOST: i64 = 100;
/// So many wrong tries an hour of one network cost nothing; and so many at most while its organisation is attacked.
const NETWORK: i64 = 100;
const NETWORK_CROWDED: i64 = 10;
/// More wrong tries an hour in one organisation are an attack.
const ORGANISATION: i64 = 1_000;
/// What many share is counted in thousandths, because it flows away in small parts.
const WHOLE: i64 = 1_000;
/// How many accounts a browser is known to.
const KNOWN: usize = 5;

/// The label under which browsers are known.
const DEVICE: &str = "device";

/// What is counted in a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Tries on an account in a row: so many cost nothing. A success proves that they were the owner's.
    Account { free: i64 },
    /// Tries of a network or in an organisation: so many an hour flow away again. A success takes itself out only.
    Shared { an_hour: i64 },
}

/// Where tries are counted.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Lane {
    key: String,
    kind: Kind,
}

impl Lane {
    /// What is left of what was counted, in the unit of the kind.
    fn counted(&self, stored: Option<Throttle>, now: Timestamp) -> i64 {
        let Some(stored) = stored else { return 0 };
        let elapsed = now.since(stored.last);
        match self.kind {
            Kind::Account { .. } if elapsed < DAY => stored.failures,
            Kind::Account { .. } => 0,
            Kind::Shared { an_hour } => {
                let flown = elapsed.as_micros().max(0) / 1_000 * an_hour / Span::hours(1).as_seconds();
                (stored.failures - flown).max(0)
            }
        }
    }

    /// One wrong try.
    const fn one(&self) -> i64 {
        match self.kind {
            Kind::Account { .. } => 1,
            Kind::Shared { .. } => WHOLE,
        }
    }

    /// How long to wait after so much: nothing for the first few, then twice as long each time.
    fn wait(&self, counted: i64, crowded: bool) -> Span {
        let beyond = match self.kind {
            Kind::Account { .. } if counted >= MOST => return DAY,
            Kind::Account { free } => counted - free,
            Kind::Shared { an_hour } => {
                counted / WHOLE - if crowded { an_hour.min(NETWORK_CROWDED) } else { an_hour }
            }
        };
        match beyond {
            ..0 => Span::ZERO,
            doublings @ 0..20 => Span::seconds(1 << doublings).min(LONGEST_WAIT),
            _ => LONGEST_WAIT,
        }
    }
}

/// The lanes of one try.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    realm: TenantId,
    lanes: Vec<Lane>,
    /// That of the organisation makes nobody wait by itself; a known browser has none.
    organisation: Option<Lane>,
    /// A further lane that a success opens again: whoever signs in with a known browser can then use a new one.
    reopened: Option<String>,
}

impl Lanes {
    /// Counts a try as wrong before it is judged, so that many at once are counted, too. Answers how many seconds to wait
    /// instead, if it is too early; then nothing is counted.
    pub(crate) fn count(
        &self,
        reader: &Reader<'_>,
        changes: &mut ChangeSet,
        now: Timestamp,
    ) -> Result<Option<u32>> {
        let mut counted = Vec::with_capacity(self.lanes.len() + 1);
        let mut crowded = false;
        if let Some(lane) = &self.organisation {
            let all = lane.counted(reader.throttle(&lane.key)?, now);
            crowded = all >= ORGANISATION * WHOLE;
            counted.push((lane, all));
        }
        let mut until = now;
        for lane in &self.lanes {
            let stored = reader.throttle(&lane.key)?;
            let before = lane.counted(stored, now);
            if let Some(stored) = stored.filter(|_| before > 0) {
                until = until.max(stored.last + lane.wait(before, crowded));
            }
            counted.push((lane, before));
        }
        if now < until {
            return Ok(Some(u32::try_from(until.since(now).as_seconds() + 1).unwrap_or(u32::MAX)));
        }
        for (lane, before) in counted {
            changes.set_throttle(scope(self.realm), &lane.key, before.saturating_add(lane.one()), now);
        }
        Ok(None)
    }

    /// It was the owner after all.
    pub(crate) fn forgive(&self, reader: &Reader<'_>, changes: &mut ChangeSet) -> Result<()> {
        for lane in self.lanes.iter().chain(&self.organisation) {
            match (reader.throttle(&lane.key)?, lane.kind) {
                (Some(stored), Kind::Shared { .. }) => {
                    let left = (stored.failures - WHOLE).max(0);
                    changes.set_throttle(scope(self.realm), &lane.key, left, stored.last);
                }
                (Some(_), Kind::Account { .. }) => {
                    changes.clear_throttle(scope(self.realm), &lane.key);
                }
                (None, _) => {}
            }
        }
        if let Some(key) = &self.reopened {
            changes.clear_throttle(scope(self.realm), key);
        }
        Ok(())
    }
}

/// What is known of a browser: a value of its own, and the accounts it signed in to.
struct Device {
    nonce: String,
    accounts: Vec<String>,
}

impl Directory {
    /// The key of a throttle; a keyed hash, because an address is personal and must not stay behind.
    pub(crate) fn private_key(&self, purpose: &str, parts: &[&str]) -> String {
        hex::encode(self.master().mac(purpose, parts.join("\0").as_bytes()))
    }

    /// The lanes in which a try of this kind on this account is counted. They are kept under the realm that the account would
    /// be in, so that unknown accounts cost as much as known ones.
    pub(crate) fn lanes(
        &self,
        kind: &'static str,
        realm: TenantId,
        account: &str,
        visitor: &Visitor,
    ) -> Lanes {
        let key = |parts: &[&str]| self.private_key(kind, parts);
        let account_lane = |parts: &[&str], free| Lane { key: key(parts), kind: Kind::Account { free } };
        if let Some(nonce) = self.known_to(account, visitor) {
            let lanes = vec![account_lane(&["device", account, &nonce], 5)];
            return Lanes { realm, lanes, organisation: None, reopened: Some(key(&["account", account])) };
        }
        let shared = |parts: &[&str], an_hour| Lane { key: key(parts), kind: Kind::Shared { an_hour } };
        let lanes = vec![
            account_lane(&[account, &visitor.network], 5),
            account_lane(&["account", account], 50),
            shared(&["network", &visitor.network], NETWORK),
        ];
        Lanes { realm, lanes, organisation: Some(shared(&["organisation"], ORGANISATION)), reopened: None }
    }

    /// The lane of wrong passwords for an account from anywhere.
    pub(crate) fn account_lane(&self, user_name: &str) -> String {
        self.private_key("throttle", &["account", &model::fold(user_name)])
    }

    fn device(&self, visitor: &Visitor) -> Option<Device> {
        let opened = self.open_opaque(DEVICE, visitor.device.as_deref()?)?;
        let text = String::from_utf8(opened).ok()?;
        let (nonce, accounts) = text.split_once(':')?;
        Some(Device { nonce: nonce.to_owned(), accounts: accounts.split(',').map(str::to_owned).collect() })
    }

    fn account_mark(&self, account: &str) -> String {
        self.private_key("device-account", &[account]).chars().take(16).collect()
    }

    /// The value of a browser that has signed in to the account before.
    pub(crate) fn known_to(&self, account: &str, visitor: &Visitor) -> Option<String> {
        let device = self.device(visitor)?;
        device.accounts.contains(&self.account_mark(account)).then_some(device.nonce)
    }

    /// The value by which a browser is known from now on, to this account and to the last few others.
    pub(crate) fn introduce(&self, cx: &model::Cx, account: &str, visitor: &Visitor) -> String {
        let device = self.device(visitor).unwrap_or_else(|| Device {
            nonce: identity::Secret::generate(cx.random.as_ref()).expose().to_owned(),
            accounts: Vec::new(),
        });
        let mark = self.account_mark(account);
        let others = device.accounts.into_iter().filter(|known| *known != mark);
        let accounts: Vec<String> = std::iter::once(mark.clone()).chain(others).take(KNOWN).collect();
        self.sign_opaque(DEVICE, format!("{}:{}", device.nonce, accounts.join(",")).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(kind: Kind) -> Lane {
        Lane { key: String::new(), kind }
    }

    const ACCOUNT: Kind = Kind::Account { free: 5 };
    const SHARED: Kind = Kind::Shared { an_hour: NETWORK };

    fn throttle(failures: i64, last: Timestamp) -> Option<Throttle> {
        Some(Throttle { failures, last })
    }

    #[test]
    fn waiting_starts_behind_the_free_tries_and_doubles_up_to_a_quarter_of_an_hour() {
        for (failures, seconds) in
            [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (99, 900)]
        {
            assert_eq!(lane(ACCOUNT).wait(failures, false), Span::seconds(seconds), "{failures}");
        }
        for (failures, seconds) in [(99, 0), (100, 1), (101, 2), (110, 900), (1_000_000, 900)] {
            assert_eq!(lane(SHARED).wait(failures * WHOLE, false), Span::seconds(seconds), "{failures}");
        }
    }

    #[test]
    fn a_hundred_wrong_tries_in_a_row_close_the_lane_for_a_day() {
        for failures in [100, 1_000_000, i64::MAX] {
            assert_eq!(lane(ACCOUNT).wait(failures, false), DAY, "{failures}");
        }
        assert_eq!(lane(Kind::Account { free: 50 }).wait(49, false), Span::ZERO);
    }

    #[test]
    fn while_an_organisation_is_attacked_a_network_has_fewer_free_tries_and_an_account_as_many_as_before() {
        for (failures, seconds) in [(9, 0), (10, 1), (11, 2), (40, 900)] {
            assert_eq!(lane(SHARED).wait(failures * WHOLE, true), Span::seconds(seconds), "{failures}");
        }
        assert_eq!(lane(ACCOUNT).wait(4, true), Span::ZERO);
    }

    #[test]
    fn what_a_network_did_flows_away_evenly_and_what_an_account_saw_after_a_day() {
        let now = Timestamp::from_seconds(1_000_000);
        let of = |kind, failures, ago: Span| lane(kind).counted(throttle(failures, now - ago), now);
        for (minutes, left) in [(0, 100), (6, 90), (30, 50), (60, 0), (600, 0)] {
            assert_eq!(of(SHARED, 100 * WHOLE, Span::minutes(minutes)), left * WHOLE, "{minutes}");
        }
        // In small parts, too: whoever tries often does not keep it from flowing.
        let mut count = 100 * WHOLE;
        for _ in 0..3_600 {
            count = of(SHARED, count, Span::seconds(1));
        }
        assert!(count < 3 * WHOLE, "{count}");
        assert_eq!(of(ACCOUNT, 99, Span::hours(23)), 99);
        assert_eq!(of(ACCOUNT, 99, DAY), 0);
    }
}
