//! What actors do, each with what the reference expects of it.

use crate::{
    bugs::Bug,
    rig::{Check, Run, Token, Who},
    state::{Account, AtHome, Bound, Cause, Confirmation, State, Ticket},
};
use model::{Error, ErrorKind, ObjectId, Span, UserType, authz::Role, policy::ExternalIdentitiesPolicyPatch};
use service::{Caller, InvitationRequest, LeaveAnswer, LeaveView, NewMember, OrganizationPatch, UserPatch};
use store::Fault;
use testkit::World;

pub fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthenticated(_) => "unauthenticated",
        ErrorKind::Forbidden => "forbidden",
        ErrorKind::NotFound => "notFound",
        ErrorKind::BadRequest => "badRequest",
        ErrorKind::InvalidValue => "invalidValue",
        ErrorKind::Conflict => "conflict",
        ErrorKind::PreconditionFailed => "preconditionFailed",
        ErrorKind::TooManyRequests(_) => "tooManyRequests",
        ErrorKind::Unavailable(_) => "unavailable",
        ErrorKind::Internal => "internal",
    }
}

pub fn said<T>(result: &Result<T, Error>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) if error.kind() == ErrorKind::Internal => format!("internal {error:?}"),
        Err(error) => word(error.kind()).to_owned(),
    }
}

/// What may be asked for, as far as the roles differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    ReadPolicy,
    Policy,
    Organization,
    Invite,
    Manage,
}

type Verdict = Result<(), &'static str>;

/// A sign-in counts as fresh for ten minutes.
fn is_fresh(begun: model::Timestamp, now: model::Timestamp) -> bool {
    now.since(begun) <= Span::minutes(10)
}

/// Who holds a role leaves only with a fresh sign-in.
fn may_go_now(account: &Account, held: &crate::rig::Held, now: model::Timestamp) -> bool {
    account.roles.is_empty() || is_fresh(held.signed_in.authenticated, now)
}

impl Run {
    /// The documents' table of who may.
    pub fn authorised(&self, who: &Who, ask: Ask) -> Verdict {
        let (account, page) = match who {
            Who::Operator => return Ok(()),
            Who::App { reader } => {
                return if *reader && ask != Ask::ReadPolicy { Err("forbidden") } else { Ok(()) };
            }
            Who::Page { human, cookie } => {
                let now = self.world.cx().now;
                let live = self.state.cookies.iter().any(|own| own.text == *cookie && own.is_good(now));
                if !live || self.state.at_home(*human) != AtHome::Fine {
                    return Err("unauthenticated");
                }
                let id = self.state.humans[*human].home.map(|(_, id)| id).ok_or("unauthenticated")?;
                (&self.state.accounts[&id], true)
            }
            // What it came from is swept a day later, when the token has long been over; unless a clock says otherwise.
            Who::Token { swept: true, .. } => return Err("unauthenticated"),
            Who::Token { account, age, home_age, .. } => match self.state.accounts.get(account) {
                Some(account)
                    if self.state.is_active(account)
                        && (account.age, self.state.home_age(account)) == (*age, *home_age) =>
                {
                    (account, false)
                }
                _ => return Err("unauthenticated"),
            },
        };
        let personal = matches!(account.bound, Bound::To(human) if self.state.humans[human].home.is_none());
        if personal && matches!(ask, Ask::ReadPolicy | Ask::Policy) {
            return Err("forbidden");
        }
        let holds = |wanted: &[Role]| wanted.iter().any(|role| account.roles.contains(role));
        let may = match ask {
            Ask::Policy => {
                let roles = [Role::GlobalAdministrator, Role::ExternalIdentityProviderAdministrator];
                !account.external() && holds(&roles)
            }
            Ask::Organization => holds(&[Role::GlobalAdministrator]),
            Ask::Manage => holds(&[
                Role::GlobalAdministrator,
                Role::UserAdministrator,
                Role::PrivilegedAuthenticationAdministrator,
            ]),
            Ask::Invite | Ask::ReadPolicy if page => !account.roles.is_empty(),
            Ask::Invite => true,
            Ask::ReadPolicy => !account.external() || !account.roles.is_empty(),
        };
        if may { Ok(()) } else { Err("forbidden") }
    }

    /// Whoever holds a role can be managed by a Global Administrator only, and by no app.
    fn may_manage(&self, who: &Who, target: &Account) -> Verdict {
        let global = |id: &ObjectId| self.state.accounts.get(id).is_some_and(Account::is_global);
        let may = target.roles.is_empty()
            || match who {
                Who::Operator => true,
                Who::App { .. } => false,
                Who::Page { human, .. } => self.state.humans[*human].home.is_some_and(|(_, id)| global(&id)),
                Who::Token { account, .. } => global(account),
            };
        if may { Ok(()) } else { Err("forbidden") }
    }

    fn own_account(&self, who: &Who) -> Option<ObjectId> {
        match who {
            Who::Operator | Who::App { .. } => None,
            Who::Page { human, .. } => self.state.humans[*human].home.map(|(_, id)| id),
            Who::Token { account, .. } => Some(*account),
        }
    }

    /// What is hard to undo asks whoever comes by a page to have signed in lately.
    fn lately(&self, who: &Who) -> Verdict {
        let Who::Page { cookie, .. } = who else { return Ok(()) };
        let now = self.world.cx().now;
        match self.state.cookies.iter().find(|own| own.text == *cookie) {
            Some(own) if is_fresh(own.begun(), now) => Ok(()),
            _ => Err("unauthenticated"),
        }
    }

    /// Somebody who asks in this tenant: the operator, an app, a person on a page or through an app, or one of these with
    /// what was proved earlier.
    pub async fn caller(&mut self, tenant: usize) -> Check<(Caller, Who)> {
        let earlier: Vec<_> = self.callers.iter().filter(|(own, ..)| *own == tenant).cloned().collect();
        if self.dice.percent(25)
            && let Some((_, caller, who)) = self.dice.pick(&earlier)
        {
            return Ok((caller.clone(), who.clone()));
        }
        let id = self.state.companies[tenant].id;
        let made = match self.dice.below(10) {
            0..3 => return Ok((Caller::operator(id), Who::Operator)),
            3..7 => self.on_a_page(tenant).await,
            7 | 8 => self.through_an_app(tenant).await?,
            _ => Some(self.app(tenant).await?),
        };
        let Some((caller, who)) = made else { return Ok((Caller::operator(id), Who::Operator)) };
        self.callers.push((tenant, caller.clone(), who.clone()));
        if self.callers.len() > 24 {
            self.callers.remove(0);
        }
        Ok((caller, who))
    }

    async fn on_a_page(&mut self, tenant: usize) -> Option<(Caller, Who)> {
        let members: Vec<usize> = (0..self.state.humans.len())
            .filter(|human| self.state.humans[*human].home.is_some_and(|(home, _)| home == tenant))
            .filter(|human| self.state.at_home(*human) == AtHome::Fine)
            .collect();
        let human = *self.dice.pick(&members)?;
        let held = self.someone(human).await?;
        Some((held.signed_in.caller()?, Who::Page { human, cookie: held.cookie }))
    }

    async fn app(&mut self, tenant: usize) -> Check<(Caller, Who)> {
        let reader = self.dice.percent(20);
        let apps = &crate::rig::template().apps[tenant];
        let app = if reader { &apps.reader } else { &apps.full };
        let (id, issued) = (self.state.companies[tenant].id, self.world.cx().now);
        let text = self.world.app_token(id, app).await;
        let caller =
            self.world.bearer(&text).await.map_err(|error| format!("a fresh app token: {error:?}"))?;
        let who = Who::App { reader };
        self.tokens.push(Token { text, who: who.clone(), issued });
        Ok((caller, who))
    }

    async fn through_an_app(&mut self, tenant: usize) -> Check<Option<(Caller, Who)>> {
        let all: Vec<Account> =
            self.state.accounts.values().filter(|account| account.tenant == tenant).cloned().collect();
        let Some(account) = self.dice.pick(&all).cloned() else { return Ok(None) };
        let portal = crate::rig::template().apps[tenant].portal.id;
        let (cx, id) = (self.world.cx(), self.state.companies[tenant].id);
        let scopes = model::authz::Permission::ALL;
        let answer = self
            .world
            .directory()
            .issue_delegated_token(&cx, World::ORIGIN, id, account.id, portal, scopes)
            .await;
        let expected = if self.state.is_active(&account) { "ok" } else { "forbidden" };
        self.note("token", expected);
        match (answer, expected) {
            (Ok(text), "ok") => {
                let home_age = self.state.home_age(&account);
                let who = Who::Token {
                    account: account.id,
                    age: account.age,
                    home_age,
                    begun: cx.now,
                    swept: false,
                };
                let caller =
                    self.world.bearer(&text).await.map_err(|error| format!("a fresh token: {error:?}"))?;
                self.tokens.push(Token { text, who: who.clone(), issued: cx.now });
                Ok(Some((caller, who)))
            }
            (Err(error), "forbidden") if error.kind() == ErrorKind::Forbidden => Ok(None),
            (answer, _) => Err(format!("token for {account:?}: expected {expected}, got {}", said(&answer))),
        }
    }

    /// Any account of a tenant, now and then one of another or one that was purged.
    fn target(&mut self, tenant: usize, wanted: fn(&Account) -> bool) -> ObjectId {
        let roll = self.dice.below(100);
        let ids: Vec<ObjectId> = match roll {
            0..3 => self.state.erased.keys().copied().collect(),
            3..6 => self
                .state
                .accounts
                .values()
                .filter(|other| other.tenant != tenant)
                .map(|other| other.id)
                .collect(),
            6..16 => {
                self.state.accounts.values().filter(|own| own.tenant == tenant).map(|own| own.id).collect()
            }
            _ => {
                let fits = |own: &&Account| own.tenant == tenant && wanted(own);
                self.state.accounts.values().filter(fits).map(|own| own.id).collect()
            }
        };
        let some = self.dice.pick(&ids).copied();
        some.unwrap_or_else(|| ObjectId::from_uuid(uuid::Uuid::from_u128(77)))
    }

    /// A member who is a guest elsewhere: what happens to one at home matters to others.
    fn abroad(&mut self, tenant: usize, live: bool) -> Option<ObjectId> {
        let is_guest = |id| {
            let human = self.state.human_of(id);
            human.is_some_and(|human| {
                self.state.accounts.values().any(|other| other.bound == Bound::To(human))
            })
        };
        let members = self.state.accounts.values().filter(|own| own.tenant == tenant && own.live() == live);
        let ids: Vec<ObjectId> =
            members.filter(|own| !own.external() && is_guest(own.id)).map(|own| own.id).collect();
        self.dice.pick(&ids).copied()
    }

    fn in_tenant(&self, tenant: usize, id: ObjectId) -> Option<&Account> {
        self.state.accounts.get(&id).filter(|account| account.tenant == tenant)
    }

    pub async fn invite(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let human = self.dice.below(self.state.humans.len());
        let mut address = self.state.humans[human].address.clone();
        if address.ends_with(&self.state.companies[tenant].domain) && self.dice.percent(80) {
            address = format!("stranger{}@elsewhere.example", self.dice.below(4));
        }
        let reset = self.dice.percent(30);
        self.names += 1;
        let name = format!("Canary {} of {tenant}", self.names);
        let known = self.state.addressee(tenant, &address).cloned();
        let expected = self.may_invite(tenant, &who, &address, known.as_ref(), reset);
        let request = InvitationRequest {
            address: address.to_uppercase(),
            display_name: Some(name.clone()),
            redirect_url: "https://myapps.example".to_owned(),
            user_type: UserType::Guest,
            reset_redemption: reset,
            ..InvitationRequest::default()
        };
        let armed = self.arm(0);
        let answer = self.world.directory().invite(&self.world.cx(), &caller, request).await;
        let fault = self.disarm(armed);
        let mut next = self.state.clone();
        let mut touched = Vec::new();
        if expected.is_ok() && fault != Some(Fault::BeforeCommit) {
            let found = self.world.store().read(World::scope(next.companies[tenant].id), |reader| {
                Ok(reader.users_by_mail(&address)?.into_iter().map(|user| user.id).collect::<Vec<_>>())
            });
            let found = found.await.map_err(|error| format!("{error:?}"))?;
            let [id] = found[..] else {
                return Err(format!(
                    "invite: {} accounts with one address after {}",
                    found.len(),
                    said(&answer)
                ));
            };
            next.invited(tenant, id, known.as_ref(), (&address, &name), reset)?;
            if let Ok(sent) = &answer {
                let (text, age) = (sent.ticket.clone(), next.accounts[&id].age);
                next.tickets.push(Ticket { text, tenant, account: id, age, used: false, void: false });
            }
            touched.push(id);
        }
        let kind = if known.is_some() && reset { "reinvite" } else { "invite" };
        let expected = expected.err().unwrap_or("ok").to_owned();
        self.settle(kind, (expected, next), said(&answer), fault, &touched).await
    }

    fn may_invite(
        &self,
        tenant: usize,
        who: &Who,
        address: &str,
        known: Option<&Account>,
        reset: bool,
    ) -> Verdict {
        self.authorised(who, Ask::Invite)?;
        // Letting somebody accept again takes the account from whoever has it. Who may not is told that first, and nothing of
        // the account.
        if let Some(account) = known.filter(|account| reset && account.accepted) {
            self.authorised(who, Ask::Manage)?;
            self.may_manage(who, account)?;
        }
        let foreign = !address.ends_with(&format!("@{}", self.state.companies[tenant].domain));
        if foreign && known.is_none_or(|account| account.enabled) { Ok(()) } else { Err("badRequest") }
    }

    pub async fn redeem(&mut self) -> Check {
        let recent = self.state.tickets.len().saturating_sub(6);
        let from = if self.dice.percent(80) { recent } else { 0 };
        let Some(ticket) = self.dice.pick(&self.state.tickets[from..]).cloned() else { return Ok(()) };
        let address = self.state.accounts.get(&ticket.account).map(|account| account.address.clone());
        let right = self.state.humans.iter().rposition(|human| Some(&human.address) == address.as_ref());
        let stray = self.dice.below(self.state.humans.len());
        let human = if self.dice.percent(85) { right.unwrap_or(stray) } else { stray };
        if self.state.at_home(human) != AtHome::Fine {
            return Ok(());
        }
        let Some(held) = self.someone(human).await else {
            return Err("a live account cannot sign in".to_owned());
        };
        let expected = self.may_redeem(&ticket, human);
        let mut next = self.state.clone();
        if expected == Ok(true) {
            next.redeemed(&ticket, human);
        }
        let armed = self.arm(0);
        let answer = self.world.directory().redeem(&self.world.cx(), &held.signed_in, &ticket.text).await;
        let fault = self.disarm(armed);
        let expected = expected.err().unwrap_or("ok").to_owned();
        self.settle("redeem", (expected, next), said(&answer), fault, &[ticket.account]).await
    }

    /// `Ok(false)` is a repeat that changes nothing.
    fn may_redeem(&self, ticket: &Ticket, human: usize) -> Result<bool, &'static str> {
        let account =
            self.state.accounts.get(&ticket.account).filter(|account| account.live()).ok_or("conflict")?;
        if ticket.used {
            return if account.bound == Bound::To(human) { Ok(false) } else { Err("conflict") };
        }
        if ticket.void || ticket.age != account.age {
            return Err("conflict");
        }
        let who = &self.state.humans[human];
        let owner = match account.bound {
            Bound::Invited => who.address == account.address,
            bound => bound == Bound::To(human),
        };
        if !owner || !account.enabled {
            return Err("forbidden");
        }
        let here = who.home.is_some_and(|(home, _)| home == ticket.tenant);
        let twin = self
            .state
            .live_in(ticket.tenant)
            .any(|other| other.id != account.id && other.bound == Bound::To(human));
        if here || twin { Err("conflict") } else { Ok(true) }
    }

    /// Reads the confirm step and leaves, or does one of both, with a confirmation that may be old, foreign or made up.
    pub async fn go(&mut self, tenant: usize) -> Check {
        let guest = |human: &usize| self.state.account_of(*human, tenant).is_some_and(Account::external);
        let guests: Vec<usize> = (0..self.state.humans.len()).filter(guest).collect();
        let anybody = self.dice.below(self.state.humans.len());
        let human =
            if self.dice.percent(92) { self.dice.pick(&guests).copied().unwrap_or(anybody) } else { anybody };
        let Some(held) = self.someone(human).await else { return Ok(()) };
        let both = self.dice.percent(50);
        let fresh = if both || self.dice.percent(50) { self.view(tenant, &held).await? } else { None };
        if !both && fresh.is_some() {
            return Ok(());
        }
        let from = self.state.confirmations.len().saturating_sub(4);
        let old = self.dice.pick(&self.state.confirmations[from..]).cloned();
        let chosen = fresh.or_else(|| if self.dice.percent(90) { old } else { None });
        // A confirmation of another session is refused; mostly its own session brings it back.
        let own = chosen.as_ref().filter(|_| self.dice.percent(85));
        let held = match own.and_then(|own| self.held.iter().find(|held| held.cookie == own.session)) {
            Some(owner) => owner.clone(),
            None => held,
        };
        let tenant = match &own {
            Some(own) if self.dice.percent(95) => own.tenant,
            _ => tenant,
        };
        let text = chosen.map_or_else(|| "made up".to_owned(), |chosen| chosen.text);
        self.leave(tenant, &held, &text).await
    }

    async fn view(&mut self, tenant: usize, held: &crate::rig::Held) -> Check<Option<Confirmation>> {
        let account = self.state.account_of(held.human, tenant).cloned();
        let now = self.world.cx().now;
        let decision = self.state.may_leave(held.human, tenant).and_then(|()| match &account {
            Some(account) if !may_go_now(account, held, now) => Err("unauthenticated"),
            _ => Ok(()),
        });
        let mut next = self.state.clone();
        if let (Ok(()), Some(account)) = (decision, &account) {
            for other in &mut next.confirmations {
                other.void |= other.session == held.cookie && other.account == account.id && !other.used;
            }
        }
        let (cx, id) = (self.world.cx(), self.state.companies[tenant].id);
        let armed = self.arm(0);
        let answer = self.world.directory().view_leave(&cx, &held.signed_in, id).await;
        let fault = self.disarm(armed);
        let mut given = None;
        if let (Ok(LeaveView::Confirm(confirm)), Some(account)) = (&answer, &account) {
            let confirmation = Confirmation {
                text: confirm.confirmation.clone(),
                tenant,
                account: account.id,
                session: held.cookie.clone(),
                age: account.age,
                edition: self.state.companies[tenant].edition,
                expires: cx.now + Span::minutes(10),
                used: false,
                void: false,
            };
            next.confirmations.push(confirmation.clone());
            given = Some(confirmation);
        }
        let got = match &answer {
            Ok(LeaveView::Confirm(_)) => "confirm".to_owned(),
            Ok(LeaveView::Refused(refused)) => refused.reason.as_str().to_owned(),
            Err(_) => said(&answer),
        };
        let expected = match decision {
            Ok(()) => "confirm",
            Err("notAMember") => "notFound",
            Err(reason) => reason,
        };
        self.settle("view", (expected.to_owned(), next), got, fault, &[]).await?;
        Ok(given)
    }

    async fn leave(&mut self, tenant: usize, held: &crate::rig::Held, text: &str) -> Check {
        let (cx, id) = (self.world.cx(), self.state.companies[tenant].id);
        let account = self.state.account_of(held.human, tenant).map(|account| account.id);
        let (expected, next) = self.leaving(tenant, held, text, cx.now);
        let hash = identity::hash_secret(text);
        let put_back = self.bug.before_leave(self.world.store(), id, account, &hash).await;
        let armed = self.arm(0);
        let answer = self.world.directory().leave(&cx, &held.signed_in, id, text).await;
        let fault = self.disarm(armed);
        let got = match &answer {
            Ok(LeaveAnswer::Left(_)) => "left".to_owned(),
            Ok(LeaveAnswer::Stale) => "stale".to_owned(),
            Ok(LeaveAnswer::Refused(refused)) => refused.reason.as_str().to_owned(),
            Err(_) => said(&answer),
        };
        self.bug.after_leave(self.world.store(), id, account, put_back, got == "left").await;
        let touched: Vec<ObjectId> = account.into_iter().collect();
        self.settle("leave", (expected.to_owned(), next), got, fault, &touched).await
    }

    fn leaving(
        &self,
        tenant: usize,
        held: &crate::rig::Held,
        text: &str,
        now: model::Timestamp,
    ) -> (&'static str, State) {
        let mut next = self.state.clone();
        let Some(account) = self.state.account_of(held.human, tenant) else { return ("notFound", next) };
        let mine = self.state.confirmations.iter().position(|known| {
            known.text == text && !known.void && known.session == held.cookie && known.account == account.id
        });
        let known = mine.map(|index| &self.state.confirmations[index]);
        if known.is_some_and(|known| {
            known.used
                && account.age == known.age + 1
                && account.gone.is_some_and(|gone| gone.cause == Cause::Left)
        }) {
            return ("left", next);
        }
        if let Err(reason) = self.state.may_leave(held.human, tenant) {
            return (reason, next);
        }
        let good = known.is_some_and(|known| {
            !known.used
                && known.expires > now
                && known.age == account.age
                && known.edition == self.state.companies[tenant].edition
        });
        let (true, Some(index)) = (good, mine) else { return ("stale", next) };
        if !may_go_now(account, held, now) {
            return ("unauthenticated", next);
        }
        next.confirmations[index].used = true;
        next.delete(account.id, Cause::Left, now, self.elapsed());
        ("left", next)
    }

    pub async fn remove(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let stray = self
            .target(tenant, |account| account.live() && (account.external() || !account.roles.is_empty()));
        let abroad = self.abroad(tenant, true).filter(|_| self.dice.percent(40));
        let id = abroad.unwrap_or(stray);
        let expected = self.may_remove(tenant, &who, id);
        let (cx, mut next) = (self.world.cx(), self.state.clone());
        if expected.is_ok() {
            next.delete(id, Cause::Removed, cx.now, self.elapsed());
        }
        let other = self
            .state
            .live_in(tenant)
            .find(|other| other.id != id && !other.external() && other.enabled && !other.is_global());
        let other = other.map(|other| other.id);
        self.bug.before_remove(self.state.companies[tenant].id, other);
        let armed = self.arm(0);
        let answer = self.world.directory().delete_user(&cx, &caller, &id.to_string()).await;
        let fault = self.disarm(armed);
        self.bug.after_remove(other);
        let expected = expected.err().unwrap_or("ok").to_owned();
        self.settle("remove", (expected, next), said(&answer), fault, &[id]).await
    }

    fn may_remove(&self, tenant: usize, who: &Who, id: ObjectId) -> Verdict {
        self.authorised(who, Ask::Manage)?;
        let account = self.in_tenant(tenant, id).filter(|account| account.live()).ok_or("notFound")?;
        self.may_manage(who, account)?;
        let oneself = account.is_global() && self.own_account(who) == Some(id);
        if oneself || self.state.is_last_administrator(account) { Err("badRequest") } else { Ok(()) }
    }

    pub async fn block(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let enabled = self.dice.percent(50);
        let id = self.target(
            tenant,
            if enabled { |account| account.live() && !account.enabled } else { Account::live },
        );
        let expected = self.may_block(tenant, &who, id, enabled);
        let mut next = self.state.clone();
        if expected.is_ok() && next.accounts.get(&id).is_some_and(|account| account.enabled != enabled) {
            next.set_enabled(id, enabled);
        }
        let patch = UserPatch { account_enabled: Some(enabled), ..UserPatch::default() };
        let armed = self.arm(0);
        let answer =
            self.world.directory().update_user(&self.world.cx(), &caller, &id.to_string(), patch).await;
        let fault = self.disarm(armed);
        let verb = if enabled { "unblock" } else { "block" };
        let expected = expected.err().unwrap_or("ok").to_owned();
        self.settle(verb, (expected, next), said(&answer), fault, &[id]).await
    }

    fn may_block(&self, tenant: usize, who: &Who, id: ObjectId, enabled: bool) -> Verdict {
        self.authorised(who, Ask::Manage)?;
        let account = self.in_tenant(tenant, id).filter(|account| account.live()).ok_or("notFound")?;
        self.may_manage(who, account)?;
        if !enabled && self.state.is_last_administrator(account) { Err("badRequest") } else { Ok(()) }
    }

    pub async fn set_policy(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let one = |dice: &mut testkit::Dice| match dice.below(3) {
            0 => None,
            1 => Some(true),
            _ => Some(false),
        };
        let patch = ExternalIdentitiesPolicyPatch {
            allow_leave: one(&mut self.dice),
            allow_removal: one(&mut self.dice),
        };
        let id = self.state.companies[tenant].id;
        let policy = self.world.store().read(World::scope(id), |reader| reader.policy()).await;
        let version = policy.map_err(|error| format!("{error:?}"))?.version;
        let seen = match self.dice.below(4) {
            0 => Some(version),
            1 => Some(version - 1),
            _ => None,
        };
        let mut next = self.state.clone();
        let company = &mut next.companies[tenant];
        let expected = match self.authorised(&who, Ask::Policy) {
            Err(refusal) => refusal,
            Ok(()) if seen.is_some_and(|seen| seen != version) => "preconditionFailed",
            Ok(()) if patch.allow_leave == Some(false) && !(company.contact && company.statement) => {
                "badRequest"
            }
            Ok(()) if patch.allow_removal == Some(true) && !company.removal && self.lately(&who).is_err() => {
                "unauthenticated"
            }
            Ok(()) => company.change(patch.allow_leave, patch.allow_removal),
        };
        let switched_on = !self.state.companies[tenant].removal && next.companies[tenant].removal;
        if switched_on {
            next.switched_on(tenant);
        }
        self.bug.before_policy(id);
        let armed = self.arm(0);
        let answer = self.world.directory().update_policy(&self.world.cx(), &caller, patch, seen).await;
        let fault = self.disarm(armed);
        if switched_on && self.bug.bug == Some(Bug::Retroactive) {
            let all: Vec<ObjectId> = self.state.live_in(tenant).map(|account| account.id).collect();
            let operator = Caller::operator(id);
            drop(self.world.directory().settle_orphans(&self.world.cx(), &operator, all).await);
        }
        let got = if said(&answer) == "ok" && expected == "unchanged" {
            "unchanged".to_owned()
        } else {
            said(&answer)
        };
        self.settle("policy", (expected.to_owned(), next), got, fault, &[]).await?;
        let orphans: Vec<ObjectId> =
            self.state.live_in(tenant).filter(|guest| guest.home_gone).map(|guest| guest.id).collect();
        for id in orphans {
            self.compare(id).await.map_err(|problem| format!("after policy: {problem}"))?;
        }
        self.compare_company(tenant).await
    }

    pub async fn set_privacy(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let (contact, statement) = (self.dice.percent(75), self.dice.percent(75));
        let mut next = self.state.clone();
        let company = &mut next.companies[tenant];
        let expected = match self.authorised(&who, Ask::Organization) {
            Err(refusal) => refusal,
            Ok(()) if !(company.may_leave || contact && statement) => "badRequest",
            Ok(()) => {
                (company.contact, company.statement) = (contact, statement);
                "ok"
            }
        };
        let patch = OrganizationPatch {
            privacy_contact: Some(contact.then(|| "privacy@contoso.example".to_owned())),
            privacy_url: Some(statement.then(|| "https://contoso.example/privacy".to_owned())),
            technical_contact: None,
            expected: None,
        };
        let armed = self.arm(0);
        let answer = self.world.directory().update_organization(&self.world.cx(), &caller, patch).await;
        let fault = self.disarm(armed);
        self.settle("privacy", (expected.to_owned(), next), said(&answer), fault, &[]).await?;
        self.compare_company(tenant).await
    }

    pub async fn compare_company(&self, tenant: usize) -> Check {
        let company = &self.state.companies[tenant];
        let found = self
            .world
            .store()
            .read(World::scope(company.id), |reader| Ok((reader.policy()?, reader.tenant()?)));
        let (policy, stored) = found.await.map_err(|error| format!("{error:?}"))?;
        let same = policy.allow_leave == company.may_leave
            && policy.allow_removal == company.removal
            && stored.privacy.contact_email.is_some() == company.contact
            && stored.privacy.statement_url.is_some() == company.statement;
        if same { Ok(()) } else { Err(format!("{policy:?} {stored:?} should be {company:?}")) }
    }

    pub async fn restore(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let stray = self.target(tenant, |account| !account.live());
        let abroad = self.abroad(tenant, false).filter(|_| self.dice.percent(60));
        let id = abroad.unwrap_or(stray);
        self.names += 1;
        let upn = match self.dice.below(10) {
            0 => Some("somebody@nowhere.example".to_owned()),
            1 | 2 => Some(format!("restored{}@{}", self.names, self.state.companies[tenant].domain)),
            _ => None,
        };
        let (cx, mut next) = (self.world.cx(), self.state.clone());
        let expected = self.may_restore(tenant, &who, id, upn.as_deref(), cx.trusted);
        if let Ok(upn) = &expected {
            next.restore(id, upn.clone());
        }
        let armed = self.arm(0);
        let answer = self.world.directory().restore_user(&cx, &caller, id, upn).await;
        let fault = self.disarm(armed);
        self.bug.after_restore(self.state.companies[tenant].id, id, answer.is_ok());
        let expected = expected.err().unwrap_or("ok").to_owned();
        self.settle("restore", (expected, next), said(&answer), fault, &[id]).await
    }

    fn may_restore(
        &self,
        tenant: usize,
        who: &Who,
        id: ObjectId,
        upn: Option<&str>,
        trusted: model::Timestamp,
    ) -> Result<String, &'static str> {
        self.authorised(who, Ask::Manage)?;
        let account = self.in_tenant(tenant, id).ok_or("notFound")?;
        let gone = account.gone.ok_or("notFound")?;
        if upn.is_some_and(|upn| !upn.ends_with(&self.state.companies[tenant].domain)) {
            return Err("invalidValue");
        }
        if trusted >= gone.due() {
            return Err("notFound");
        }
        let upn = upn.map_or_else(|| State::old_upn(account), str::to_owned);
        if self.state.is_displaced(account, &upn) { Err("conflict") } else { Ok(upn) }
    }

    pub async fn purge_by_hand(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let id = self.target(tenant, |account| !account.live());
        let mut next = self.state.clone();
        let gone = self.in_tenant(tenant, id).filter(|account| !account.live()).cloned();
        let verdict = self.authorised(&who, Ask::Manage).and_then(|()| self.lately(&who));
        let expected = match (verdict, &gone) {
            (Err(refusal), _) => refusal,
            (Ok(()), None) => "notFound",
            (Ok(()), Some(_)) => {
                next.erase(id, true);
                "ok"
            }
        };
        let armed = self.arm(0);
        let answer = self.world.directory().purge_user(&self.world.cx(), &caller, id).await;
        let fault = self.disarm(armed);
        let invited = gone.as_ref().is_some_and(|account| account.bound == Bound::Invited);
        if let (Ok(()), Some(account)) = (&answer, gone) {
            self.bug.after_purge(self.state.companies[tenant].id, id, &account.name);
        }
        if fault.is_some() {
            // Erased perhaps, but nobody learned it who would have ended the sessions.
            next.cookies.clone_from(&self.state.cookies);
        } else if invited {
            next.cookies = self.left_of_sessions(&next)?;
        }
        self.settle("purge", (expected.to_owned(), next), said(&answer), fault, &[id]).await
    }

    pub async fn settle_orphans(&mut self, tenant: usize) -> Check {
        let (caller, who) = self.caller(tenant).await?;
        let mut ids: Vec<ObjectId> = self.state.live_in(tenant).map(|account| account.id).collect();
        ids.retain(|_| self.dice.percent(70));
        let (cx, mut next) = (self.world.cx(), self.state.clone());
        let verdict = self.authorised(&who, Ask::Manage);
        if verdict.is_ok() {
            for id in &ids {
                let account = next.accounts[id].clone();
                if account.home_gone
                    && self.may_manage(&who, &account).is_ok()
                    && !next.is_last_administrator(&account)
                {
                    next.delete(*id, Cause::Removed, cx.now, self.elapsed());
                }
            }
        }
        let armed = self.arm(0);
        let answer = self.world.directory().settle_orphans(&cx, &caller, ids.clone()).await;
        let fault = self.disarm(armed);
        let expected = verdict.err().unwrap_or("ok").to_owned();
        self.settle("settle", (expected, next), said(&answer), fault, &ids).await
    }

    pub async fn hire(&mut self, tenant: usize) -> Check {
        let gone =
            self.state.accounts.values().find(|own| own.tenant == tenant && !own.external() && !own.live());
        let again = gone.filter(|_| self.dice.percent(40)).map(|own| own.address.clone());
        self.names += 1;
        let fresh = format!("hire{}@{}", self.names, self.state.companies[tenant].domain);
        let address = again.unwrap_or(fresh);
        if self.state.live_in(tenant).any(|other| other.upn == address || other.address == address) {
            return Ok(());
        }
        let new = NewMember {
            display_name: format!("Member {address}"),
            user_name: address.clone(),
            password: None,
        };
        let id = self.state.companies[tenant].id;
        let answer = self.world.directory().add_member(&self.world.cx(), id, new).await;
        let mut next = self.state.clone();
        let mut touched = Vec::new();
        if let Ok(id) = answer {
            self.world.password(self.state.companies[tenant].id, id).await;
            if next.accounts.contains_key(&id) || next.erased.contains_key(&id) {
                return Err(format!("the id {id} was used before"));
            }
            next.hire(tenant, id, &address);
            touched.push(id);
        }
        self.settle("hire", ("ok".to_owned(), next), said(&answer), None, &touched).await
    }

    pub async fn change_role(&mut self, tenant: usize) -> Check {
        const ROLES: [Role; 5] = [
            Role::GlobalAdministrator,
            Role::GlobalAdministrator,
            Role::UserAdministrator,
            Role::ExternalIdentityProviderAdministrator,
            Role::GuestInviter,
        ];
        let role = ROLES[self.dice.below(ROLES.len())];
        let give = self.dice.percent(50);
        let id = self.target(tenant, if give { Account::live } else { |account| !account.roles.is_empty() });
        let mut next = self.state.clone();
        let account = self.in_tenant(tenant, id).filter(|account| account.live());
        let expected = match account {
            None => "notFound",
            Some(account)
                if !give
                    && role == Role::GlobalAdministrator
                    && self.state.is_last_administrator(account) =>
            {
                "conflict"
            }
            Some(_) => {
                let roles = next.accounts.get_mut(&id).map(|account| &mut account.roles);
                match roles {
                    Some(roles) if give => drop(roles.insert(role)),
                    Some(roles) => drop(roles.remove(&role)),
                    None => {}
                }
                "ok"
            }
        };
        let (cx, company, directory) =
            (self.world.cx(), self.state.companies[tenant].id, self.world.directory().clone());
        let armed = self.arm(0);
        let answer = if give {
            directory.give_role(&cx, company, id, role).await
        } else {
            directory.take_role(&cx, company, id, role).await
        };
        let fault = self.disarm(armed);
        drop(directory);
        let verb = if give { "giveRole" } else { "takeRole" };
        self.settle(verb, (expected.to_owned(), next), said(&answer), fault, &[id]).await
    }

    pub async fn join(&mut self, tenant: usize) -> Check {
        let id = self.target(tenant, |account| account.live() && account.groups == 0);
        let group = crate::rig::template().groups[tenant];
        let mut next = self.state.clone();
        let live = self.in_tenant(tenant, id).is_some_and(Account::live);
        if live && let Some(account) = next.accounts.get_mut(&id) {
            account.groups = 1;
        }
        let company = self.state.companies[tenant].id;
        let answer = self.world.directory().add_to_group(&self.world.cx(), company, group, id).await;
        let expected = if live { "ok" } else { "notFound" };
        self.settle("join", (expected.to_owned(), next), said(&answer), None, &[id]).await
    }
}
