//! What goes on without anybody asking: reconcilers, time, restarts, clocks; and what was proved earlier, used again.

use crate::{
    acts::{Ask, said},
    rig::{Check, Run, Who},
    state::{AtHome, Bound, RETENTION},
};
use model::{ErrorKind, ObjectId, Span};
use service::Caller;
use testkit::World;

const PURGE: usize = 0;
const HOME: usize = 1;

fn plus(a: Span, b: Span) -> Span {
    Span::micros(a.as_micros() + b.as_micros())
}

impl Run {
    /// A pass may find the lease taken for two minutes after another, and not longer.
    fn may_be_busy(&mut self, lease: usize) -> bool {
        let now = self.elapsed();
        let busy = self.leases[lease].is_some_and(|taken| now.since(taken) <= Span::minutes(2));
        if !busy {
            self.leases[lease] = Some(now);
        }
        busy
    }

    pub async fn purge_pass(&mut self) -> Check {
        let reading = self.world.directory().reading();
        let mut next = self.state.clone();
        let due: Vec<ObjectId> = self
            .state
            .accounts
            .values()
            .filter(|account| account.gone.is_some_and(|gone| gone.due() <= reading.trusted))
            .map(|account| account.id)
            .collect();
        let may_be_busy = reading.alarm.is_none() && self.may_be_busy(PURGE);
        let armed = self.arm(due.len() + 1);
        self.bug.before_purge_pass();
        let answer = self.world.directory().purge_pass().await;
        self.bug.after_purge_pass();
        let fault = self.disarm(armed);
        if fault.is_some() {
            for id in &due {
                next.erase(*id, false);
            }
            self.note("purgePass", "fault");
            // A lease taken in a commit whose answer was lost may stand.
            self.world.clock.advance(Span::minutes(3));
            return self.reconcile(&[self.state.clone(), next]).await;
        }
        let pass = answer.map_err(|error| format!("purge pass: {error:?}"))?;
        let word = if pass.paused.is_some() {
            "paused"
        } else if pass.busy {
            "busy"
        } else {
            "ran"
        };
        self.note("purgePass", word);
        if pass.paused.is_some() != reading.alarm.is_some() || pass.busy && !may_be_busy || pass.failed > 0 {
            return Err(format!("purge pass: {pass:?} at {reading:?}, may be busy: {may_be_busy}"));
        }
        if word != "ran" {
            return Ok(());
        }
        for id in &due {
            self.is_in_time(*id)?;
            next.erase(*id, false);
        }
        for id in &due {
            let account = &self.state.accounts[id];
            self.bug.after_purge(self.state.companies[account.tenant].id, *id, &account.name);
        }
        if !due.is_empty() {
            self.note("purgePass", "purged");
        }
        if pass.purged != u64::try_from(due.len()).unwrap_or(0) {
            return Err(format!("purge pass: {} were due, {pass:?}", due.len()));
        }
        if due.iter().any(|id| self.state.accounts[id].bound == Bound::Invited) {
            next.cookies = self.left_of_sessions(&next)?;
        }
        self.state = next;
        for id in due {
            self.compare(id).await?;
        }
        Ok(())
    }

    /// I-04, in time that really passed.
    fn is_in_time(&self, id: ObjectId) -> Check {
        let Some(gone) = self.state.accounts.get(&id).and_then(|account| account.gone) else { return Ok(()) };
        let waited = self.elapsed().since(gone.elapsed);
        if waited >= RETENTION {
            return Ok(());
        }
        Err(format!("I-04: {id} is purged {} h after the deletion", waited.as_seconds() / 3600))
    }

    pub async fn home_pass(&mut self) -> Check {
        let reading = self.world.directory().reading();
        let restored: Vec<(String, ObjectId)> = self
            .state
            .outbox
            .iter()
            .filter(|parcel| parcel.restored)
            .map(|parcel| {
                let tenant = self.state.companies[parcel.tenant].id;
                (format!("member:{tenant}:{}", parcel.member), parcel.member)
            })
            .collect();
        self.bug.before_home_pass(&restored);
        let mut moments = vec![self.state.clone()];
        while let Some(last) = moments.last().filter(|state| !state.outbox.is_empty()) {
            let mut next = last.clone();
            next.carry(reading.now, reading.trusted, self.elapsed());
            moments.push(next);
        }
        let waiting = moments.len() - 1;
        let may_be_busy = waiting > 0 && self.may_be_busy(HOME);
        let armed = self.arm(4 * waiting);
        let answer = self.world.directory().home_pass().await;
        let fault = self.disarm(armed);
        if fault.is_some() {
            self.note("homePass", "fault");
            self.world.clock.advance(Span::minutes(3));
            let left = self.world.store().read_across(|across| across.outbox("homeAccount", 100)).await;
            let left = left.map_err(|error| format!("{error:?}"))?.len();
            let done = waiting.saturating_sub(left);
            // What is finished has left the outbox, and at most the event after it was begun. A later moment may look alike
            // (deleted and restored again), but the pass did not come so far.
            moments.truncate(done + 2);
            let outbox = moments[done].outbox.clone();
            self.reconcile(&moments[done..]).await?;
            self.state.outbox = outbox;
            return Ok(());
        }
        let pass = answer.map_err(|error| format!("home pass: {error:?}"))?;
        let events = usize::try_from(pass.events).unwrap_or(usize::MAX);
        for (count, what) in [(pass.removed, "removed"), (pass.noted, "noted"), (pass.restored, "restored")] {
            if count > 0 {
                self.note("homePass", what);
            }
        }
        self.note("homePass", if events == 0 && waiting > 0 { "busy" } else { "ran" });
        if events != waiting && !(events == 0 && may_be_busy) {
            return Err(format!("home pass: {waiting} events waited, {pass:?}, may be busy: {may_be_busy}"));
        }
        if events == waiting
            && let Some(last) = moments.pop()
        {
            self.state = last;
        }
        let guests = self.state.accounts.values().filter(|account| account.external());
        for id in guests.map(|account| account.id).collect::<Vec<_>>() {
            self.compare(id).await.map_err(|problem| format!("after the home pass: {problem}"))?;
        }
        Ok(())
    }

    pub async fn sweep(&mut self) -> Check {
        let now = self.world.directory().reading().now;
        self.world.directory().sweep_pass().await.map_err(|error| format!("sweep: {error:?}"))?;
        self.state.cookies.retain(|cookie| cookie.expires >= now);
        for confirmation in &mut self.state.confirmations {
            confirmation.void |= confirmation.expires < now - Span::days(1);
        }
        let tokens = self.tokens.iter_mut().map(|token| &mut token.who);
        for who in tokens.chain(self.callers.iter_mut().map(|(_, _, who)| who)) {
            if let Who::Token { begun, swept, .. } = who {
                *swept |= *begun < now - Span::days(1);
            }
        }
        self.note("sweep", "ran");
        Ok(())
    }

    pub async fn time(&mut self) -> Check {
        let spans = [
            Span::minutes(1),
            Span::minutes(4),
            Span::minutes(20),
            Span::hours(2),
            Span::hours(5),
            Span::days(1),
            Span::days(8),
            // A few hours short of the retention, and behind it.
            Span::hours(29 * 24 + 13),
            Span::days(31),
        ];
        let span = spans[self.dice.below(spans.len())];
        // An operator sees the alarm and corrects a clock that is ahead before a day has passed: what nobody corrects is
        // believed, because it cannot be told from a machine that was off.
        if self.skew > 0 && plus(self.ahead, span) > Span::hours(20) {
            self.correct();
        }
        self.world.clock.advance(span);
        if self.skew > 0 {
            self.ahead = plus(self.ahead, span);
        }
        self.calm = plus(self.calm, span);
        self.look()?;
        if self.dice.percent(80) {
            self.world.directory().mark_time().await.map_err(|error| format!("mark: {error:?}"))?;
        }
        self.note("time", "passed");
        Ok(())
    }

    /// Trusted time is never ahead of the real one, and follows it once nothing was wrong for three days.
    fn look(&mut self) -> Check {
        let (reading, truth) = (self.world.directory().reading(), self.truth());
        if reading.trusted > truth {
            return Err(format!("trusted time {:?} is ahead of the real {truth:?}", reading.trusted));
        }
        if self.skew == 0 && self.calm > Span::hours(72) && truth.since(reading.trusted) > Span::hours(1) {
            return Err(format!("trusted time {:?} stays behind {truth:?}", reading.trusted));
        }
        Ok(())
    }

    fn correct(&mut self) {
        self.world.clock.set_wall(self.truth());
        (self.skew, self.ahead, self.calm) = (0, Span::ZERO, Span::ZERO);
        self.world.directory().reading();
    }

    pub async fn set_clock(&mut self) -> Check {
        if self.skew != 0 {
            self.correct();
            self.note("clock", "corrected");
            return Ok(());
        }
        let reading = self.world.directory().reading();
        let forward = self.dice.percent(50);
        // While time switched off is not made up for, a wall set back hides it, and what is deleted then is dated too early.
        if !forward && reading.trusted != self.truth() {
            return Ok(());
        }
        let hours = [3, 30, 24 * 9, 24 * 40, 24 * 400][self.dice.below(5)];
        let span = Span::hours(hours);
        let wall = if forward { self.truth() + span } else { self.truth() - span };
        self.skew = if forward { span.as_micros() } else { -span.as_micros() };
        (self.ahead, self.calm) = (Span::ZERO, Span::ZERO);
        self.world.clock.set_wall(wall);
        self.look()?;
        self.note("clock", if forward { "forward" } else { "back" });
        Ok(())
    }

    pub async fn restart(&mut self) -> Check {
        if self.skew < 0 {
            self.correct();
        }
        let spans =
            [Span::ZERO, Span::minutes(5), Span::hours(3), Span::days(2), Span::days(20), Span::days(60)];
        let off = spans[self.dice.below(spans.len())];
        if self.dice.percent(70) {
            self.world.directory().mark_time().await.map_err(|error| format!("mark: {error:?}"))?;
        }
        self.world.restart(off).await;
        // A lease that was not given back ends after two minutes of uptime.
        let now = self.elapsed();
        self.leases = self.leases.map(|lease| lease.map(|_| now));
        self.calm = Span::ZERO;
        self.note("restart", if off == Span::ZERO { "at once" } else { "after a pause" });
        self.look()?;
        self.everything().await.map_err(|problem| format!("after a restart: {problem}"))
    }

    pub async fn everything(&mut self) -> Check {
        let ids: Vec<ObjectId> =
            self.state.accounts.keys().chain(self.state.erased.keys()).copied().collect();
        for id in ids {
            self.compare(id).await?;
        }
        for tenant in 0..self.state.companies.len() {
            self.compare_company(tenant).await?;
        }
        Ok(())
    }

    /// I-11: a token from before is good only while nothing happened to the account since.
    pub async fn use_token(&mut self) -> Check {
        let from = self.tokens.len().saturating_sub(12);
        let Some(token) = self.dice.pick(&self.tokens[from..]).cloned() else { return Ok(()) };
        let cx = self.world.cx();
        if cx.now < token.issued {
            return Ok(());
        }
        let verdict = self.authorised(&token.who, Ask::ReadPolicy);
        let expired = cx.now.since(token.issued) >= Span::minutes(60);
        let expected = if expired { "expired" } else { verdict.err().unwrap_or("ok") };
        let got = match self.world.bearer(&token.text).await {
            Ok(caller) => said(&self.world.directory().get_policy(&cx, &caller).await),
            Err(error) if expired && matches!(error.kind(), ErrorKind::Unauthenticated(_)) => {
                "expired".to_owned()
            }
            Err(error) => said::<()>(&Err(error)),
        };
        self.note("useToken", &got);
        // A token may be dated up to a second ahead of its issue.
        let close = cx.now.since(token.issued) < Span::minutes(61);
        if got == expected || expired && close && got == verdict.err().unwrap_or("ok") {
            return Ok(());
        }
        Err(format!("a token of {:?}: expected {expected}, got {got}", token.who))
    }

    pub async fn ask_for_token_wrongly(&mut self, tenant: usize) -> Check {
        let apps = &crate::rig::template().apps[tenant];
        let request = service::TokenRequest {
            tenant: self.state.companies[tenant].domain.clone(),
            grant_type: Some("client_credentials".to_owned()),
            client_id: Some(apps.full.id.to_string()),
            client_secret: apps.reader.secret.clone(),
            scope: Some("https://graph.microsoft.com/.default".to_owned()),
            ..service::TokenRequest::default()
        };
        let answer = self.world.directory().issue_token(&self.world.cx(), World::ORIGIN, request).await;
        let code = answer.err().map(|fault| fault.code);
        self.note("wrongSecret", &format!("{code:?}"));
        if code == Some(7_000_215) { Ok(()) } else { Err(format!("a wrong secret: {code:?}")) }
    }

    /// A session from before.
    pub async fn use_cookie(&mut self) -> Check {
        let from = self.held.len().saturating_sub(12);
        let Some(held) = self.dice.pick(&self.held[from..]).cloned() else { return Ok(()) };
        let cx = self.world.cx();
        let fine = self.state.at_home(held.human) == AtHome::Fine;
        let mut stands = false;
        if let Some(cookie) = self.state.cookies.iter_mut().find(|cookie| cookie.text == held.cookie) {
            let idle = cx.now.since(cookie.seen);
            stands = fine && cookie.is_good(cx.now) && idle <= Span::minutes(30);
            if stands && idle > Span::minutes(1) {
                cookie.seen = cx.now;
            }
        }
        let found = self.world.directory().session(&cx, &held.cookie).await;
        let found = found.map_err(|error| format!("session: {error:?}"))?.is_some();
        self.note("session", if found { "stands" } else { "ended" });
        if found == stands { Ok(()) } else { Err(format!("a session: stands {found}, should {stands}")) }
    }

    /// *My organizations* lists what the reference knows, each with the same decision.
    pub async fn list(&mut self) -> Check {
        let human = self.dice.below(self.state.humans.len());
        if self.state.at_home(human) != AtHome::Fine {
            return Ok(());
        }
        let Some(held) = self.someone(human).await else {
            return Err("a live account cannot sign in".to_owned());
        };
        let listed = self.world.directory().my_organizations(&held.signed_in).await;
        let mut listed: Vec<_> = listed
            .map_err(|error| format!("list: {error:?}"))?
            .into_iter()
            .map(|own| (own.tenant.id, own.user.id, own.leave.err().map(model::leave::Reason::as_str)))
            .collect();
        let mut expected: Vec<_> = (0..self.state.companies.len())
            .filter_map(|tenant| {
                let account = self.state.account_of(human, tenant)?;
                Some((self.state.companies[tenant].id, account.id, self.state.may_leave(human, tenant).err()))
            })
            .collect();
        listed.sort();
        expected.sort();
        self.note("list", "compared");
        if listed == expected {
            Ok(())
        } else {
            Err(format!("list of {human}: {listed:?}, should be {expected:?}"))
        }
    }

    pub async fn orphans(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let verdict = self.authorised(&who, Ask::Manage);
        let answer = self.world.directory().list_orphans(&self.world.cx(), &caller, None).await;
        let got = said(&answer);
        self.note("orphans", &got);
        if got != verdict.err().unwrap_or("ok") {
            return Err(format!("orphans: {got}, should be {verdict:?}"));
        }
        let Ok(service::OrphanPage { orphans, total: count, .. }) = answer else { return Ok(()) };
        let found: Vec<ObjectId> = orphans.into_iter().map(|orphan| orphan.user.id).collect();
        let known: Vec<ObjectId> =
            self.state.live_in(tenant).filter(|guest| guest.home_gone).map(|guest| guest.id).collect();
        let same = found.len() == known.len() && known.iter().all(|id| found.contains(id));
        if same && usize::try_from(count) == Ok(known.len()) {
            Ok(())
        } else {
            Err(format!("orphans {found:?}, should be {known:?}"))
        }
    }

    /// I-22: who is a guest where, from the person's side, is what the accounts say.
    pub async fn memberships(&self) -> Check {
        for human in 0..self.state.humans.len() {
            let person = self.person(human);
            let found = self.world.store().read_across(move |across| across.memberships(&person, &[])).await;
            let mut found: Vec<ObjectId> = found
                .map_err(|error| format!("{error:?}"))?
                .into_iter()
                .filter(|membership| !membership.user.is_deleted())
                .map(|membership| membership.user.id)
                .collect();
            found.sort();
            let bound =
                |account: &&crate::state::Account| account.live() && account.bound == Bound::To(human);
            let known: Vec<ObjectId> =
                self.state.accounts.values().filter(bound).map(|account| account.id).collect();
            if found != known {
                return Err(format!("I-22: memberships {found:?}, should be {known:?}"));
            }
        }
        Ok(())
    }

    /// A caller of another tenant finds nothing, and an operator's scope ends at the tenant.
    pub async fn look_across(&mut self, tenant: usize) -> Check {
        let other = (tenant + 1) % self.state.companies.len();
        let Some(id) = self.state.live_in(other).next().map(|account| account.id) else { return Ok(()) };
        let caller = Caller::operator(self.state.companies[tenant].id);
        let got = said(&self.world.directory().get_user(&self.world.cx(), &caller, &id.to_string()).await);
        self.note("foreign", &got);
        if got == "notFound" { Ok(()) } else { Err(format!("a foreign id answers {got}")) }
    }

    /// Who asked last, for the trace.
    pub fn last_caller(&self) -> Option<&Who> {
        self.callers.last().map(|(_, _, who)| who)
    }
}
