//! One run: a world, the reference beside it, and the comparison of the two after each act.

use crate::{
    bugs::{Bug, Product},
    state::{Account, Bound, Cause, Company, Cookie, Human, State},
};
use model::{
    Clock, DeletionCause, Home, HomeState, InvitationState, ObjectId, Person, Span, Timestamp,
    authz::{Permission, Role},
};
use service::{Caller, SignedIn};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::OnceLock,
};
use store::Fault;
use testkit::{Dice, Image, Server, TestApp, World};

pub type Check<T = ()> = Result<T, String>;

/// What all runs begin with; made once, because signing keys take a moment.
pub struct Template {
    image: Image,
    state: State,
    pub apps: Vec<Apps>,
    pub groups: Vec<ObjectId>,
}

#[derive(Clone)]
pub struct Apps {
    pub full: TestApp,
    pub reader: TestApp,
    pub portal: TestApp,
}

const TENANTS: [(&str, &str); 3] =
    [("Contoso", "contoso.example"), ("Fabrikam", "fabrikam.example"), ("Woodgrove", "woodgrove.example")];

/// On the engine that the environment names.
pub fn template() -> &'static Template {
    template_on(Server::named().as_ref())
}

/// In files, or on this server; the same but for the image.
pub fn template_on(server: Option<&Server>) -> &'static Template {
    static EMBEDDED: OnceLock<Template> = OnceLock::new();
    static ON_SERVER: OnceLock<Template> = OnceLock::new();
    let made = if server.is_some() { &ON_SERVER } else { &EMBEDDED };
    made.get_or_init(|| runtime().block_on(build(server)))
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

async fn build(server: Option<&Server>) -> Template {
    let world = match server {
        Some(server) => World::on(server, u64::MAX).await,
        None => World::embedded(u64::MAX).await,
    };
    let mut state = State {
        companies: Vec::new(),
        humans: Vec::new(),
        accounts: BTreeMap::new(),
        erased: BTreeMap::new(),
        tickets: Vec::new(),
        confirmations: Vec::new(),
        cookies: Vec::new(),
        outbox: Vec::new(),
        events: 0,
    };
    let (mut apps, mut groups) = (Vec::new(), Vec::new());
    for (tenant, (name, domain)) in TENANTS.into_iter().enumerate() {
        let id = world.tenant(name, domain).await;
        state.companies.push(Company {
            id,
            domain: domain.to_owned(),
            may_leave: true,
            removal: false,
            edition: 0,
            contact: false,
            statement: false,
        });
        let people: [(&str, &[Role]); 6] = [
            ("ada", &[Role::GlobalAdministrator]),
            ("bob", &[Role::GlobalAdministrator]),
            ("cyd", &[Role::UserAdministrator]),
            ("dan", &[Role::ExternalIdentityProviderAdministrator]),
            ("eve", &[]),
            ("fay", &[]),
        ];
        for (local, roles) in people {
            let address = format!("{local}@{domain}");
            let member = world.member(id, &address, roles).await;
            state.hire(tenant, member, &address);
            state.accounts.get_mut(&member).expect("just hired").roles = roles.iter().copied().collect();
        }
        groups.push(world.directory().create_group(&world.cx(), id, "Project").await.expect("a group"));
        let set = Apps {
            full: world.app(id, "Automation", false, Permission::ALL).await,
            reader: world.app(id, "Scanner", false, &[Permission::PolicyReadAll]).await,
            portal: world.app(id, "Portal", true, Permission::ALL).await,
        };
        world.app_token(id, &set.full).await;
        apps.push(set);
    }
    for address in ["kim@mail.example", "lee@mail.example"] {
        state.humans.push(Human { home: None, address: address.to_owned() });
    }
    Template { image: world.image().await, state, apps, groups }
}

impl State {
    pub fn hire(&mut self, tenant: usize, id: ObjectId, address: &str) {
        let account = Account {
            tenant,
            id,
            address: address.to_owned(),
            upn: address.to_owned(),
            name: format!("Member {address}"),
            bound: Bound::Here,
            enabled: true,
            accepted: true,
            home_gone: false,
            gone: None,
            age: 1,
            roles: BTreeSet::new(),
            groups: 0,
        };
        self.accounts.insert(id, account);
        self.humans.push(Human { home: Some((tenant, id)), address: address.to_owned() });
    }
}

/// Who asks, as the reference sees it.
#[derive(Clone, Debug)]
pub enum Who {
    Operator,
    App {
        reader: bool,
    },
    Page {
        human: usize,
        cookie: String,
    },
    /// Good for the account as it was, and for the home account as it was.
    Token {
        account: ObjectId,
        age: u32,
        home_age: Option<u32>,
        begun: Timestamp,
        /// The sign-in that it came from is swept.
        swept: bool,
    },
}

/// A bearer token from before.
#[derive(Clone)]
pub struct Token {
    pub text: String,
    pub who: Who,
    pub issued: Timestamp,
}

/// A person whose session was proved at some time.
#[derive(Clone)]
pub struct Held {
    pub human: usize,
    pub cookie: String,
    pub signed_in: SignedIn,
}

pub struct Run {
    pub world: World,
    pub state: State,
    pub dice: Dice,
    pub bug: Product,
    pub trace: Vec<String>,
    pub hits: BTreeMap<String, u64>,
    pub tokens: Vec<Token>,
    pub callers: Vec<(usize, Caller, Who)>,
    pub held: Vec<Held>,
    pub names: u64,
    pub start: Timestamp,
    /// The wall clock is wrong by so many microseconds.
    pub skew: i64,
    /// Uptime spent with a wall clock that is ahead.
    pub ahead: Span,
    /// Uptime since the clocks were last disturbed.
    pub calm: Span,
    /// When a pass last may have taken each lease, in time that really passed.
    pub leases: [Option<Span>; 2],
    /// Are commits broken now and then?
    pub breaks: bool,
    generations: HashMap<ObjectId, (u32, i64)>,
}

impl Run {
    pub async fn new(template: &'static Template, seed: u64, bug: Option<Bug>) -> Self {
        let world = World::from_image(&template.image, seed).await;
        Self {
            start: world.clock.wall(),
            bug: Product::new(bug, world.file()),
            world,
            state: template.state.clone(),
            dice: Dice::new(seed),
            trace: Vec::new(),
            hits: BTreeMap::new(),
            tokens: Vec::new(),
            callers: Vec::new(),
            held: Vec::new(),
            names: 0,
            skew: 0,
            ahead: Span::ZERO,
            calm: Span::ZERO,
            leases: [None; 2],
            breaks: true,
            generations: HashMap::new(),
        }
    }

    pub fn elapsed(&self) -> Span {
        self.world.clock.elapsed()
    }

    /// The time that it really is.
    pub fn truth(&self) -> Timestamp {
        self.start + self.elapsed()
    }

    pub fn person(&self, human: usize) -> Person {
        let who = &self.state.humans[human];
        match who.home {
            Some((tenant, id)) => World::person(self.state.companies[tenant].id, id),
            None => Person::Mailbox { address: who.address.clone() },
        }
    }

    /// Arms a fault now and then; it strikes the commit after `others`.
    pub fn arm(&mut self, others: usize) -> Option<Fault> {
        if !self.dice.percent(5) || !self.breaks {
            return None;
        }
        let fault = if self.dice.percent(50) { Fault::BeforeCommit } else { Fault::AfterCommit };
        let after = u32::try_from(self.dice.below(others + 1)).unwrap_or(0);
        self.world.faults.arm(after, fault);
        Some(fault)
    }

    pub fn disarm(&self, armed: Option<Fault>) -> Option<Fault> {
        armed.filter(|_| self.world.faults.disarm())
    }

    pub fn note(&mut self, verb: &str, outcome: &str) {
        *self.hits.entry(format!("{verb} {outcome}")).or_default() += 1;
        let now = self.world.clock.wall();
        self.trace.push(format!(
            "{} {verb} {outcome} {now:?} {}",
            self.trace.len(),
            self.elapsed().as_micros()
        ));
    }

    /// Judges what came of one act that is one commit, adopts the state it should have left, and compares.
    pub async fn settle(
        &mut self,
        verb: &'static str,
        (expected, next): (String, State),
        got: String,
        fault: Option<Fault>,
        touched: &[ObjectId],
    ) -> Check {
        let expected = if fault.is_some() { "unavailable".to_owned() } else { expected };
        self.note(verb, &got);
        if got != expected {
            return Err(format!("{verb}: expected {expected}, the product answered {got}"));
        }
        if fault != Some(Fault::BeforeCommit) {
            self.state = next;
        }
        for id in touched {
            self.compare(*id).await.map_err(|problem| format!("after {verb} ({got}): {problem}"))?;
        }
        Ok(())
    }

    /// Compares one account with the reference, and learns its generation.
    pub async fn compare(&mut self, id: ObjectId) -> Check {
        let generation = self.differs(id, &self.state).await?;
        let (Some(account), Some(generation)) = (self.state.accounts.get(&id), generation) else {
            return Ok(());
        };
        if let Some((age, before)) = self.generations.insert(id, (account.age, generation)) {
            let grows = before < generation;
            if before > generation || grows == (age == account.age) {
                return Err(format!(
                    "{id}: generation {before} -> {generation}, transitions {age} -> {}",
                    account.age
                ));
            }
        }
        Ok(())
    }

    /// Compares one account with a state of the reference; its stored generation.
    pub async fn differs(&self, id: ObjectId, state: &State) -> Check<Option<i64>> {
        let tenant = match (state.accounts.get(&id), state.erased.get(&id)) {
            (Some(account), _) => account.tenant,
            (None, Some(erased)) => erased.tenant,
            (None, None) => return Ok(None),
        };
        let scope = World::scope(state.companies[tenant].id);
        let found = self.world.store().read(scope, |reader| {
            Ok((reader.user(id)?, reader.roles(id)?, reader.groups_of(id)?.len(), reader.tombstone(id)?))
        });
        let (user, roles, groups, tombstone) = found.await.map_err(|error| format!("{error:?}"))?;
        let Some(account) = state.accounts.get(&id) else {
            let by_hand = state.erased.get(&id).map(|erased| erased.by_hand);
            return match (user, tombstone) {
                (None, Some(tombstone)) if Some(tombstone.by_hand) == by_hand => Ok(None),
                (user, tombstone) => Err(format!("{id} should be purged: {user:?}, {tombstone:?}")),
            };
        };
        let Some(user) = user else { return Err(format!("{id} is gone; expected {account:?}")) };
        let same = tombstone.is_none()
            && user.account_enabled == account.enabled
            && user.upn == account.upn
            && user.display_name == account.name
            && user.home == self.home_of(account, state)
            && (user.home_state != HomeState::Present) == account.home_gone
            && (user.invitation == Some(InvitationState::PendingAcceptance)) != account.accepted
            && roles.into_iter().collect::<BTreeSet<_>>() == account.roles
            && groups == account.groups
            && same_deletion(&user, account);
        if same {
            Ok(Some(user.generation))
        } else {
            Err(format!("{user:?}\nshould be {account:?} ({groups} groups)"))
        }
    }

    fn home_of(&self, account: &Account, state: &State) -> Home {
        match account.bound {
            Bound::Here => Home::Here,
            Bound::Invited => Home::Invited { address: account.address.clone() },
            Bound::To(human) => match state.humans[human].home {
                Some((tenant, object)) => Home::Tenant { tenant: state.companies[tenant].id, object },
                None => Home::Mailbox { address: state.humans[human].address.clone() },
            },
        }
    }

    /// After a fault in a pass of many commits: each account is wholly as it was at one moment of the pass.
    pub async fn reconcile(&mut self, moments: &[State]) -> Check {
        let Some(last) = moments.last().cloned() else { return Ok(()) };
        let mut adopted = last.clone();
        let ids: BTreeSet<ObjectId> =
            moments.iter().flat_map(|state| state.accounts.keys().copied()).collect();
        for id in ids {
            let mut fits = None;
            for state in moments.iter().rev() {
                if self.differs(id, state).await.is_ok() {
                    fits = Some(state);
                    break;
                }
            }
            let Some(state) = fits else {
                let problem = self.differs(id, &last).await.err().unwrap_or_default();
                return Err(format!("half done after a fault: {problem}"));
            };
            adopted.take_over(id, state);
        }
        adopted.cookies = self.left_of_sessions(&adopted)?;
        self.state = adopted;
        for id in self.state.accounts.keys().copied().collect::<Vec<_>>() {
            self.compare(id).await?;
        }
        Ok(())
    }

    /// The sessions there are after a purge that was broken, or that took an invitation nobody accepted: those of mailboxes
    /// without any other account may have ended, or end by themselves.
    pub fn left_of_sessions(&self, next: &State) -> Check<Vec<Cookie>> {
        let stored = self.stored_sessions()?;
        let mut left = self.state.cookies.clone();
        left.retain(|cookie| next.is_somebody(cookie.human) || stored.contains_key(&cookie.hash()));
        Ok(left)
    }

    pub fn cookie(&mut self, human: usize, text: &str) {
        let now = self.world.cx().now;
        let cookie = Cookie { text: text.to_owned(), human, seen: now, expires: now + Span::hours(12) };
        self.state.cookies.push(cookie);
    }

    /// Somebody signed in: freshly where the home account allows it, else with what was proved earlier.
    pub async fn someone(&mut self, human: usize) -> Option<Held> {
        if self.state.at_home(human) == crate::state::AtHome::Fine {
            let person = self.person(human);
            let cookie = self.world.sign_in(&person).await;
            self.cookie(human, &cookie);
            let signed_in = self.world.directory().session(&self.world.cx(), &cookie).await.ok()??;
            let held = Held { human, cookie, signed_in };
            self.held.push(held.clone());
            return Some(held);
        }
        self.held.iter().rev().find(|held| held.human == human).cloned()
    }
}

fn same_deletion(user: &model::User, account: &Account) -> bool {
    match (user.deletion, account.gone) {
        (None, None) => true,
        (Some(found), Some(gone)) => {
            let cause = match found.cause {
                DeletionCause::Left => gone.cause == Cause::Left,
                DeletionCause::Removed => gone.cause == Cause::Removed,
                DeletionCause::HomeDeleted(_) => matches!(gone.cause, Cause::Home(_)),
            };
            cause && found.at == gone.at && found.purge_after == gone.due()
        }
        _ => false,
    }
}

impl State {
    /// Takes one account, and what hangs on it, from another state.
    fn take_over(&mut self, id: ObjectId, from: &Self) {
        self.accounts.remove(&id);
        self.erased.remove(&id);
        if let Some(account) = from.accounts.get(&id) {
            self.accounts.insert(id, account.clone());
        }
        if let Some(erased) = from.erased.get(&id) {
            self.erased.insert(id, erased.clone());
        }
        self.tickets.retain(|ticket| ticket.account != id);
        self.tickets.extend(from.tickets.iter().filter(|ticket| ticket.account == id).cloned());
        self.confirmations.retain(|confirmation| confirmation.account != id);
        self.confirmations
            .extend(from.confirmations.iter().filter(|confirmation| confirmation.account == id).cloned());
    }
}
