//! The reference: what the directory should be after each act, in plain structs, written from the documents.

use model::{ObjectId, Span, TenantId, Timestamp, authz::Role};
use std::collections::{BTreeMap, BTreeSet};

pub const RETENTION: Span = Span::days(30);

/// Somebody who may be a guest: a member of one of the tenants, or the owner of a mailbox.
#[derive(Clone, Debug)]
pub struct Human {
    /// Tenant and object at home; none for a mailbox.
    pub home: Option<(usize, ObjectId)>,
    pub address: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    Here,
    Invited,
    To(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    Left,
    Removed,
    Home(u64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gone {
    pub cause: Cause,
    pub at: Timestamp,
    /// The time that had really passed then.
    pub elapsed: Span,
    /// For a member: the number of this deletion.
    pub event: u64,
}

impl Gone {
    pub fn due(&self) -> Timestamp {
        self.at + RETENTION
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    pub tenant: usize,
    pub id: ObjectId,
    pub address: String,
    pub upn: String,
    pub name: String,
    pub bound: Bound,
    pub enabled: bool,
    pub accepted: bool,
    pub home_gone: bool,
    pub gone: Option<Gone>,
    /// How many life-cycle transitions there were; tokens, tickets and confirmations are of one of them.
    pub age: u32,
    pub roles: BTreeSet<Role>,
    pub groups: usize,
}

impl Account {
    pub fn live(&self) -> bool {
        self.gone.is_none()
    }
    pub fn external(&self) -> bool {
        self.bound != Bound::Here
    }
    pub fn is_global(&self) -> bool {
        self.roles.contains(&Role::GlobalAdministrator)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erased {
    pub tenant: usize,
    pub name: String,
    pub by_hand: bool,
}

#[derive(Clone, Debug)]
pub struct Company {
    pub id: TenantId,
    pub domain: String,
    pub may_leave: bool,
    pub removal: bool,
    /// How often the policy changed.
    pub edition: u32,
    pub contact: bool,
    pub statement: bool,
}

#[derive(Clone, Debug)]
pub struct Ticket {
    pub text: String,
    pub tenant: usize,
    pub account: ObjectId,
    pub age: u32,
    pub used: bool,
    pub void: bool,
}

#[derive(Clone, Debug)]
pub struct Confirmation {
    pub text: String,
    pub tenant: usize,
    pub account: ObjectId,
    pub session: String,
    pub age: u32,
    pub edition: u32,
    pub expires: Timestamp,
    pub used: bool,
    pub void: bool,
}

#[derive(Clone, Debug)]
pub struct Cookie {
    pub text: String,
    pub human: usize,
    pub seen: Timestamp,
    pub expires: Timestamp,
}

impl Cookie {
    /// Neither over nor, after a wrong clock was set right, from the future.
    pub fn is_good(&self, now: Timestamp) -> bool {
        let ahead = Span::minutes(5);
        self.expires > now && self.seen.since(now) <= ahead && self.begun().since(now) <= ahead
    }

    /// When its person signed in.
    pub fn begun(&self) -> Timestamp {
        self.expires - Span::hours(12)
    }

    /// What the session is stored under.
    pub fn hash(&self) -> String {
        identity::hash_secret(self.text.split_once('.').map_or("", |(_, secret)| secret))
    }
}

#[derive(Clone, Debug)]
pub struct Parcel {
    pub tenant: usize,
    pub member: ObjectId,
    pub event: u64,
    pub restored: bool,
}

#[derive(Clone, Debug)]
pub struct State {
    pub companies: Vec<Company>,
    pub humans: Vec<Human>,
    pub accounts: BTreeMap<ObjectId, Account>,
    pub erased: BTreeMap<ObjectId, Erased>,
    pub tickets: Vec<Ticket>,
    pub confirmations: Vec<Confirmation>,
    pub cookies: Vec<Cookie>,
    pub outbox: Vec<Parcel>,
    pub events: u64,
}

/// The state of the account somebody signs in with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtHome {
    Fine,
    Blocked,
    Gone,
}

/// Why not, in the word that the documents use.
pub type No = &'static str;

impl State {
    pub fn at_home(&self, human: usize) -> AtHome {
        let Some((_, id)) = self.humans[human].home else { return AtHome::Fine };
        match self.accounts.get(&id) {
            Some(account) if account.live() && account.enabled => AtHome::Fine,
            Some(account) if account.live() => AtHome::Blocked,
            _ => AtHome::Gone,
        }
    }

    pub fn human_of(&self, id: ObjectId) -> Option<usize> {
        self.humans.iter().position(|human| human.home.is_some_and(|(_, own)| own == id))
    }

    fn in_tenant(&self, tenant: usize) -> impl Iterator<Item = &Account> {
        self.accounts.values().filter(move |account| account.tenant == tenant)
    }

    pub fn live_in(&self, tenant: usize) -> impl Iterator<Item = &Account> {
        self.in_tenant(tenant).filter(|account| account.live())
    }

    /// The account of somebody in a tenant: the live one, else an invitation to their address, else the one deleted last.
    pub fn account_of(&self, human: usize, tenant: usize) -> Option<&Account> {
        let who = &self.humans[human];
        if let Some((home, id)) = who.home
            && home == tenant
        {
            return self.accounts.get(&id);
        }
        let bound = |account: &&Account| account.bound == Bound::To(human);
        let invited = |account: &&Account| account.bound == Bound::Invited && account.address == who.address;
        let latest = |account: &&Account| (account.gone.map(|gone| gone.at), std::cmp::Reverse(account.id));
        self.live_in(tenant)
            .find(bound)
            .or_else(|| self.live_in(tenant).find(invited))
            .or_else(|| self.in_tenant(tenant).filter(bound).max_by_key(latest))
            .or_else(|| self.in_tenant(tenant).filter(invited).max_by_key(latest))
    }

    /// May act: live, enabled, accepted, and the same at home.
    pub fn is_active(&self, account: &Account) -> bool {
        let home = match account.bound {
            Bound::Here => true,
            Bound::Invited => false,
            Bound::To(human) => self.at_home(human) == AtHome::Fine,
        };
        account.live() && account.enabled && home
    }

    /// Would nobody homed here administer the tenant any more?
    pub fn is_last_administrator(&self, account: &Account) -> bool {
        account.is_global()
            && !self.live_in(account.tenant).any(|other| {
                other.id != account.id && other.is_global() && other.enabled && !other.external()
            })
    }

    /// How often the home account of somebody from elsewhere went and came back.
    pub fn home_age(&self, account: &Account) -> Option<u32> {
        let Bound::To(human) = account.bound else { return None };
        let (_, home) = self.humans[human].home?;
        self.accounts.get(&home).map(|home| home.age)
    }

    /// The table of the leave decision, most specific reason first.
    pub fn may_leave(&self, human: usize, tenant: usize) -> Result<(), No> {
        let account = self.account_of(human, tenant).ok_or("notAMember")?;
        let judge = [
            (!account.live(), "alreadyLeft"),
            (!account.external(), "homeOrganization"),
            (self.at_home(human) == AtHome::Gone, "homeAccountDeleted"),
            (self.at_home(human) == AtHome::Blocked, "homeAccountDisabled"),
            (!account.enabled, "accountDisabled"),
            (self.is_last_administrator(account), "lastAdministrator"),
            (account.accepted && !self.companies[tenant].may_leave, "notAllowedByOrganization"),
        ];
        judge.into_iter().find(|(applies, _)| *applies).map_or(Ok(()), |(_, reason)| Err(reason))
    }

    /// The live account for an address in a tenant.
    pub fn addressee(&self, tenant: usize, address: &str) -> Option<&Account> {
        self.live_in(tenant).find(|account| account.address == address)
    }

    /// What ends when an account is deleted or blocked: sessions and open invitations.
    fn revoke(&mut self, id: ObjectId) {
        if let Some(human) = self.human_of(id) {
            self.cookies.retain(|cookie| cookie.human != human);
        }
        for ticket in self.tickets.iter_mut().filter(|ticket| ticket.account == id && !ticket.used) {
            ticket.void = true;
        }
    }

    pub fn delete(&mut self, id: ObjectId, cause: Cause, at: Timestamp, elapsed: Span) {
        self.events += 1;
        let event = self.events;
        self.revoke(id);
        let Some(account) = self.accounts.get_mut(&id) else { return };
        account.gone = Some(Gone { cause, at, elapsed, event });
        account.upn = format!("{}{}", id.uuid().simple(), account.upn);
        account.age += 1;
        account.roles.clear();
        if !account.external() {
            let tenant = account.tenant;
            self.outbox.push(Parcel { tenant, member: id, event, restored: false });
        }
    }

    /// The name to sign in with before the deletion.
    pub fn old_upn(account: &Account) -> String {
        let id = account.id.uuid().simple().to_string();
        account.upn.strip_prefix(&id).unwrap_or(&account.upn).to_owned()
    }

    /// Somebody else stands in the place that a deleted account would come back to.
    pub fn is_displaced(&self, account: &Account, upn: &str) -> bool {
        self.live_in(account.tenant).any(|other| {
            let same_home = matches!(account.bound, Bound::To(_)) && other.bound == account.bound;
            other.upn.eq_ignore_ascii_case(upn)
                || account.external() && (same_home || other.address == account.address)
        })
    }

    pub fn restore(&mut self, id: ObjectId, upn: String) {
        let Some(account) = self.accounts.get_mut(&id) else { return };
        let Some(gone) = account.gone.take() else { return };
        account.upn = upn;
        account.age += 1;
        if !account.external() {
            let tenant = account.tenant;
            self.outbox.push(Parcel { tenant, member: id, event: gone.event, restored: true });
        }
    }

    pub fn set_enabled(&mut self, id: ObjectId, enabled: bool) {
        if !enabled {
            self.revoke(id);
        }
        if let Some(account) = self.accounts.get_mut(&id) {
            account.enabled = enabled;
            account.age += 1;
        }
    }

    pub fn erase(&mut self, id: ObjectId, by_hand: bool) {
        if let Some(account) = self.accounts.remove(&id) {
            let Account { tenant, name, bound, .. } = account;
            self.erased.insert(id, Erased { tenant, name, by_hand });
            // A session of a mailbox names its address, of which nothing is to remain.
            if let Bound::To(human) = bound
                && !self.is_somebody(human)
            {
                self.cookies.retain(|cookie| cookie.human != human);
            }
        }
        self.tickets.retain(|ticket| ticket.account != id);
        self.confirmations.retain(|confirmation| confirmation.account != id);
    }

    /// Has a home tenant, or an account somewhere that was not purged.
    pub fn is_somebody(&self, human: usize) -> bool {
        let who = &self.humans[human];
        let theirs = |account: &Account| {
            account.bound == Bound::To(human)
                || account.bound == Bound::Invited && account.address == who.address
        };
        who.home.is_some() || self.accounts.values().any(theirs)
    }

    /// What the pass over deleted home accounts makes of the oldest parcel, in all tenants.
    pub fn carry(&mut self, now: Timestamp, trusted: Timestamp, elapsed: Span) {
        let parcel = self.outbox.remove(0);
        let Some(human) = self.human_of(parcel.member) else { return };
        let guests: Vec<Account> =
            self.accounts.values().filter(|account| account.bound == Bound::To(human)).cloned().collect();
        // A signal that is overtaken by the restore changes nothing.
        if !parcel.restored && self.at_home(human) != AtHome::Gone {
            return;
        }
        for guest in guests {
            if parcel.restored {
                self.home_is_back(&guest, parcel.event, trusted);
            } else if !guest.home_gone {
                self.mark(guest.id, true);
                if guest.live() && self.companies[guest.tenant].removal && !self.is_last_administrator(&guest)
                {
                    self.delete(guest.id, Cause::Home(parcel.event), now, elapsed);
                }
            }
        }
    }

    /// Removal was switched on: guests whose home account went before are earlier cases, carried here or not.
    pub fn switched_on(&mut self, tenant: usize) {
        let gone: Vec<ObjectId> = self
            .live_in(tenant)
            .filter(|guest| matches!(guest.bound, Bound::To(human) if self.at_home(human) == AtHome::Gone))
            .map(|guest| guest.id)
            .collect();
        for id in gone {
            self.mark(id, true);
        }
    }

    fn mark(&mut self, id: ObjectId, gone: bool) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.home_gone = gone;
        }
    }

    fn home_is_back(&mut self, guest: &Account, event: u64, trusted: Timestamp) {
        match guest.gone {
            Some(gone) if gone.cause == Cause::Home(event) => {
                let upn = Self::old_upn(guest);
                if trusted < gone.due() && !self.is_displaced(guest, &upn) {
                    self.restore(guest.id, upn);
                    self.mark(guest.id, false);
                }
            }
            _ => self.mark(guest.id, false),
        }
    }
}

impl Company {
    /// Applies a patch; the word for what came of it.
    pub fn change(&mut self, leave: Option<bool>, removal: Option<bool>) -> &'static str {
        let next = (leave.unwrap_or(self.may_leave), removal.unwrap_or(self.removal));
        if next == (self.may_leave, self.removal) {
            return "unchanged";
        }
        (self.may_leave, self.removal) = next;
        self.edition += 1;
        "ok"
    }
}

impl State {
    /// An invitation was made: a new account, or a new link for the one that is there, which voids the earlier link.
    pub fn invited(
        &mut self,
        tenant: usize,
        id: ObjectId,
        known: Option<&Account>,
        (address, name): (&str, &str),
        reset: bool,
    ) -> Result<(), String> {
        for ticket in self.tickets.iter_mut().filter(|ticket| ticket.account == id && !ticket.used) {
            ticket.void = true;
        }
        match known {
            Some(account) if account.id != id => {
                Err(format!("{id} was invited, and {} has the address", account.id))
            }
            Some(_) => {
                if let Some(account) = self.accounts.get_mut(&id).filter(|account| reset && account.accepted)
                {
                    account.bound = Bound::Invited;
                    account.accepted = false;
                    account.home_gone = false;
                    account.age += 1;
                }
                Ok(())
            }
            None if self.accounts.contains_key(&id) || self.erased.contains_key(&id) => {
                Err(format!("the id {id} was used before"))
            }
            None => {
                let account = Account {
                    tenant,
                    id,
                    address: address.to_owned(),
                    upn: format!("{}#EXT#@{}", address.replace('@', "_"), self.companies[tenant].domain),
                    name: name.to_owned(),
                    bound: Bound::Invited,
                    enabled: true,
                    accepted: false,
                    home_gone: false,
                    gone: None,
                    age: 1,
                    roles: BTreeSet::new(),
                    groups: 0,
                };
                self.accounts.insert(id, account);
                Ok(())
            }
        }
    }

    pub fn redeemed(&mut self, ticket: &Ticket, human: usize) {
        if let Some(account) = self.accounts.get_mut(&ticket.account) {
            account.bound = Bound::To(human);
            account.accepted = true;
            account.age += 1;
        }
        for own in self.tickets.iter_mut().filter(|own| own.text == ticket.text) {
            own.used = true;
        }
    }
}
