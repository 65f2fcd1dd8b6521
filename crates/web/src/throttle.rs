//! How much an app may ask of a tenant, counted in Graph's units.
//!
//! What the live service documents: so many resource units per ten seconds and so many writes per two and a half minutes for
//! an app in a tenant, and wider limits for the app and for the tenant. Here the units flow back evenly, so that whoever is
//! refused need wait only until there is room for that one request, and not for a whole period.

use crate::{
    edge::Arrival,
    errors::json_response,
    graph::{RESOURCE_UNIT, Route},
};
use axum::response::Response;
use foldhash::HashMap;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{AppId, Span, TenantId, Timestamp};
use serde_json::json;
use service::Caller;
use std::sync::{Mutex, PoisonError};

/// So many units in so much time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// The units.
    pub units: u32,
    /// The time in which they flow back.
    pub per: Span,
}

/// What an app may ask. A request is refused before it is looked at, so that no refusal follows a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Resource units of one app in one tenant.
    pub app_in_tenant: Rate,
    /// Resource units of one app everywhere.
    pub app: Rate,
    /// Writes of one app in one tenant.
    pub app_writes_in_tenant: Rate,
    /// Writes of one app everywhere.
    pub app_writes: Rate,
    /// Writes of all apps in one tenant.
    pub tenant_writes: Rate,
}

impl Limits {
    /// As the live service has them for its smallest tenants.
    pub const GRAPH: Self = Self {
        app_in_tenant: Rate { units: 3_500, per: Span::seconds(10) },
        app: Rate { units: 150_000, per: Span::seconds(20) },
        app_writes_in_tenant: Rate { units: 3_000, per: Span::seconds(150) },
        app_writes: Rate { units: 35_000, per: Span::minutes(5) },
        tenant_writes: Rate { units: 18_000, per: Span::minutes(5) },
    };

    /// Against clients that run away: ten times as much.
    pub const GUARD: Self = Self {
        app_in_tenant: Rate { units: 35_000, per: Span::seconds(10) },
        app: Rate { units: 1_500_000, per: Span::seconds(20) },
        app_writes_in_tenant: Rate { units: 30_000, per: Span::seconds(150) },
        app_writes: Rate { units: 350_000, per: Span::minutes(5) },
        tenant_writes: Rate { units: 180_000, per: Span::minutes(5) },
    };

    /// Graph's, with other figures for one app in one tenant.
    pub const fn with(units: u32, writes: u32) -> Self {
        Self {
            app_in_tenant: Rate { units, ..Self::GRAPH.app_in_tenant },
            app_writes_in_tenant: Rate { units: writes, ..Self::GRAPH.app_writes_in_tenant },
            ..Self::GRAPH
        }
    }
}

/// What a request costs: users in lists two units, all else one; less for those who ask for less, never less than one.
pub(crate) fn cost(route: &Route, raw_query: Option<&str>) -> u32 {
    let mut cost: i64 = if route.lists_users() { 2 } else { 1 };
    for pair in raw_query.unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = name.trim_start_matches("%24").trim_start_matches('$');
        if name.eq_ignore_ascii_case("select") {
            cost -= 1;
        } else if name.eq_ignore_ascii_case("expand") {
            cost += 1;
        } else if name.eq_ignore_ascii_case("top") && value.parse::<u16>().is_ok_and(|top| top < 20) {
            cost -= 1;
        }
    }
    u32::try_from(cost).unwrap_or(1).max(1)
}

/// Whose units.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Account {
    Pair(AppId, TenantId),
    App(AppId),
    PairWrites(AppId, TenantId),
    AppWrites(AppId),
    TenantWrites(TenantId),
}

impl Account {
    /// The words of the live service.
    fn scope(self, arrival: (AppId, TenantId)) -> String {
        let (app, tenant) = arrival;
        match self {
            Self::Pair(..) => format!("Tenant_Application/ReadWrite/{app}/{tenant}"),
            Self::App(_) => format!("Application/ReadWrite/{app}"),
            Self::PairWrites(..) => format!("Tenant_Application/Write/{app}/{tenant}"),
            Self::AppWrites(_) => format!("Application/Write/{app}"),
            Self::TenantWrites(_) => format!("Tenant/Write/{tenant}"),
        }
    }

    const fn information(self) -> &'static str {
        match self {
            Self::Pair(..) | Self::App(_) => "ResourceUnitLimitExceeded",
            _ => "WriteLimitExceeded",
        }
    }
}

/// How many accounts are kept before those with nothing on them are dropped.
const MOST: usize = 10_000;

/// The accounts of everybody who asked lately.
pub(crate) struct Throttle {
    limits: Option<Limits>,
    /// The moment at which all units of an account will have flowed back.
    accounts: Mutex<HashMap<Account, Timestamp>>,
}

/// How full the fullest account is, for the headers of an answer.
pub(crate) struct Load {
    tenths: i64,
}

/// Too much.
#[derive(Debug)]
pub(crate) struct Refusal {
    scope: String,
    information: &'static str,
    seconds: u32,
}

impl Throttle {
    pub(crate) fn new(limits: Option<Limits>) -> Self {
        Self { limits, accounts: Mutex::default() }
    }

    /// Books a request, or refuses it and books nothing.
    pub(crate) fn admit(
        &self,
        arrival: &Arrival,
        caller: &Caller,
        cost: u32,
        writes: bool,
    ) -> Result<Load, Refusal> {
        let (Some(limits), Some(app)) = (&self.limits, caller.app()) else { return Ok(Load { tenths: 0 }) };
        self.book(limits, arrival.cx.now, (app, caller.tenant()), cost, writes)
    }

    fn book(
        &self,
        limits: &Limits,
        now: Timestamp,
        (app, tenant): (AppId, TenantId),
        cost: u32,
        writes: bool,
    ) -> Result<Load, Refusal> {
        let due = [
            (Account::Pair(app, tenant), limits.app_in_tenant, cost),
            (Account::App(app), limits.app, cost),
            (Account::PairWrites(app, tenant), limits.app_writes_in_tenant, 1),
            (Account::AppWrites(app), limits.app_writes, 1),
            (Account::TenantWrites(tenant), limits.tenant_writes, 1),
        ];
        // The first two are for everything, the rest for writes.
        let due = if writes { &due[..] } else { &due[..2] };
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.len() > MOST {
            accounts.retain(|_, empty_at| *empty_at > now);
        }
        let mut booked = [now; 5];
        let mut tenths = 0;
        for ((account, rate, cost), booked) in due.iter().zip(&mut booked) {
            let units = rate.units.max(1);
            let latest = now + rate.per;
            let mut from = now;
            if let Some(empty_at) = accounts.get(account) {
                // No account is so full: it was booked by a clock that has been set back, which must lock nobody out.
                if *empty_at <= latest {
                    from = (*empty_at).max(now);
                }
            }
            let step = rate.per.as_micros() * i64::from((*cost).min(units)) / i64::from(units);
            let until = from + Span::micros(step);
            let over = until.since(latest).as_micros();
            if over > 0 {
                let seconds = u32::try_from((over + 999_999) / 1_000_000).unwrap_or(u32::MAX);
                return Err(Refusal {
                    scope: account.scope((app, tenant)),
                    information: account.information(),
                    seconds,
                });
            }
            tenths = tenths.max(until.since(now).as_micros() * 10 / rate.per.as_micros().max(1));
            *booked = until;
        }
        for ((account, ..), until) in due.iter().zip(booked) {
            accounts.insert(*account, until);
        }
        Ok(Load { tenths })
    }
}

impl Load {
    /// Says what the request cost and, from four fifths on, how near the limit is.
    pub(crate) fn note(&self, headers: &mut HeaderMap, cost: u32) {
        // What is answered says one.
        if cost != 1 && headers.contains_key(RESOURCE_UNIT) {
            headers.insert(RESOURCE_UNIT, HeaderValue::from(cost));
        }
        if self.tenths >= 8
            && let Ok(share) = HeaderValue::from_str(&format!("{}.{}", self.tenths / 10, self.tenths % 10))
        {
            headers.insert("x-ms-throttle-limit-percentage", share);
        }
    }
}

impl Refusal {
    /// 429 in the words and the form that Graph documents for it.
    pub(crate) fn response(&self, arrival: &Arrival) -> Response {
        let body = json!({ "error": {
            "code": "TooManyRequests",
            "innerError": {
                "code": "429",
                "date": arrival.cx.now.to_graph_error(),
                "message": "Please retry after",
                "request-id": arrival.cx.request.to_string(),
                "status": "429",
            },
            "message": "Please retry again later.",
        }});
        let mut response = json_response(StatusCode::TOO_MANY_REQUESTS, &body);
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(self.seconds));
        headers.insert("x-ms-throttle-information", HeaderValue::from_static(self.information));
        if let Ok(scope) = HeaderValue::from_str(&self.scope) {
            headers.insert("x-ms-throttle-scope", scope);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn pair(n: u32) -> (AppId, TenantId) {
        let id = |n: u32| format!("00000000-0000-4000-8000-{n:012x}");
        (id(n).parse().unwrap(), id(7).parse().unwrap())
    }

    fn throttle() -> (Throttle, Limits) {
        (Throttle::new(None), Limits::with(10, 3))
    }

    #[test]
    fn units_are_spent_and_flow_back() {
        let (throttle, limits) = throttle();
        let ask = |now, cost| throttle.book(&limits, now, pair(1), cost, false);
        assert_eq!(ask(NOW, 8).unwrap().tenths, 8);
        assert_eq!(ask(NOW, 2).unwrap().tenths, 10);
        let refused = ask(NOW, 1).err().unwrap();
        assert_eq!((refused.information, refused.seconds), ("ResourceUnitLimitExceeded", 1));
        assert!(refused.scope.starts_with("Tenant_Application/ReadWrite/"));
        // One unit a second: what Retry-After says is enough, and less is not.
        assert!(ask(NOW + Span::millis(900), 1).is_err());
        assert!(ask(NOW + Span::seconds(1), 1).is_ok());
        assert!(ask(NOW + Span::seconds(1), 1).is_err());
    }

    #[test]
    fn writes_have_their_own_limit_and_a_refused_one_costs_nothing() {
        let (throttle, limits) = throttle();
        let write = || throttle.book(&limits, NOW, pair(1), 1, true);
        for _ in 0..3 {
            assert!(write().is_ok());
        }
        for _ in 0..20 {
            assert_eq!(write().err().unwrap().information, "WriteLimitExceeded");
        }
        assert!(throttle.book(&limits, NOW, pair(1), 7, false).is_ok(), "reading goes on");
        assert!(throttle.book(&limits, NOW, pair(2), 10, true).is_ok(), "others are not held up");
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let (throttle, limits) = throttle();
        assert!(throttle.book(&limits, NOW + Span::days(3), pair(1), 10, false).is_ok());
        assert!(throttle.book(&limits, NOW, pair(1), 10, false).is_ok());
        assert!(throttle.book(&limits, NOW, pair(1), 1, false).is_err());
    }
}
