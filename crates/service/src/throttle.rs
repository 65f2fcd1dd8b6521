//! How often somebody may be wrong. Wrong tries are counted in lanes: for the account from this network, for the account
//! from anywhere, for the network, for the organisation. A browser that has signed in to the account before has a lane of
//! its own, and none of the others holds it up: so whoever guesses at an account cannot lock its owner out. Who has no such
//! browser at hand while somebody guesses waits up to a day, or is let in by a password that the operator sets.

use crate::{Directory, authn::scope, sign_in::Visitor};
use model::{Result, Span, TenantId, Timestamp};
use store::{ChangeSet, Reader};

/// Wrong tries are forgotten after this long without one.
const DAY: Span = Span::days(1);
const HOUR: Span = Span::hours(1);
/// The longest wait between tries on an account.
const LONGEST_WAIT: Span = Span::minutes(15);
/// So many wrong tries in a row on an account close its lane for a day.
const MOST: i64 = 100;
/// How many accounts a browser is known to.
const KNOWN: usize = 5;

/// The label under which browsers are known.
const DEVICE: &str = "device";

/// Where tries are counted.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Lane {
    key: String,
    /// So many wrong tries cost nothing.
    free: i64,
    longest: Span,
    forget: Span,
    most: i64,
    /// A success proves that the tries before were the owner's, so they are forgotten; otherwise only this try is.
    cleared: bool,
}

impl Lane {
    /// How long to wait after so many wrong tries: nothing for the first few, then twice as long each time.
    fn wait(&self, failures: i64) -> Span {
        match failures.saturating_sub(self.free) {
            _ if failures >= self.most => self.forget,
            ..0 => Span::ZERO,
            doublings @ 0..20 => Span::seconds(1 << doublings).min(self.longest),
            _ => self.longest,
        }
    }
}

/// The lanes of one try.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    realm: TenantId,
    lanes: Vec<Lane>,
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
        let mut until = now;
        let mut counted = Vec::with_capacity(self.lanes.len());
        for lane in &self.lanes {
            let throttle =
                reader.throttle(&lane.key)?.filter(|throttle| now.since(throttle.last) < lane.forget);
            if let Some(throttle) = throttle {
                until = until.max(throttle.last + lane.wait(throttle.failures));
            }
            counted.push((lane, throttle.map_or(0, |throttle| throttle.failures) + 1));
        }
        if now < until {
            return Ok(Some(u32::try_from(until.since(now).as_seconds() + 1).unwrap_or(u32::MAX)));
        }
        for (lane, failures) in counted {
            changes.set_throttle(scope(self.realm), &lane.key, failures, now);
        }
        Ok(None)
    }

    /// It was the owner after all.
    pub(crate) fn forgive(&self, reader: &Reader<'_>, changes: &mut ChangeSet) -> Result<()> {
        for lane in &self.lanes {
            match reader.throttle(&lane.key)? {
                Some(throttle) if !lane.cleared => {
                    let failures = (throttle.failures - 1).max(0);
                    changes.set_throttle(scope(self.realm), &lane.key, failures, throttle.last);
                }
                Some(_) => drop(changes.clear_throttle(scope(self.realm), &lane.key)),
                None => {}
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
        crate::tokens::hex(&self.master().mac(purpose, parts.join("\0").as_bytes()))
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
        let account_lane =
            |key, free| Lane { key, free, longest: LONGEST_WAIT, forget: DAY, most: MOST, cleared: true };
        if let Some(nonce) = self.known_to(account, visitor) {
            let lanes = vec![account_lane(key(&["device", account, &nonce]), 5)];
            return Lanes { realm, lanes, reopened: Some(key(&["account", account])) };
        }
        let shared =
            |key, free, longest| Lane { key, free, longest, forget: HOUR, most: i64::MAX, cleared: false };
        let lanes = vec![
            account_lane(key(&[account, &visitor.network]), 5),
            account_lane(key(&["account", account]), 50),
            shared(key(&["network", &visitor.network]), 100, LONGEST_WAIT),
            shared(key(&["organisation"]), 1_000, Span::seconds(30)),
        ];
        Lanes { realm, lanes, reopened: None }
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

    fn known_to(&self, account: &str, visitor: &Visitor) -> Option<String> {
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

    fn lane(free: i64) -> Lane {
        Lane { key: String::new(), free, longest: LONGEST_WAIT, forget: DAY, most: MOST, cleared: true }
    }

    #[test]
    fn waiting_starts_behind_the_free_tries_and_doubles_up_to_a_quarter_of_an_hour() {
        for (failures, seconds) in
            [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (99, 900)]
        {
            assert_eq!(lane(5).wait(failures), Span::seconds(seconds), "{failures}");
        }
    }

    #[test]
    fn a_hundred_wrong_tries_in_a_row_close_the_lane_for_a_day() {
        for failures in [100, 1_000_000, i64::MAX] {
            assert_eq!(lane(5).wait(failures), DAY, "{failures}");
        }
        assert_eq!(lane(50).wait(49), Span::ZERO);
    }
}
