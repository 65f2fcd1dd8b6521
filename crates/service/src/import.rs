//! Bringing in many organisations and accounts at once, from lines of JSON. The rules are those of creating the same by hand.
//!
//! A piece of lines becomes a few commits: each organisation one, then the members, then the guests. Accounts of several
//! organisations share a commit, in which each organisation's are a slice of their own. What a line is known by (the id; without
//! one the user name of a member or the home of a guest) is looked up where it is committed, so that a piece may be sent again
//! after any interruption: what is there is skipped. A slice leaves one audit record with counts instead of one for each account:
//! the accounts themselves say when they were created, and a million records with names would double what has to be erased one day.

mod line;
#[cfg(test)]
mod tests;

use crate::{
    Caller, Directory, NewTenant, Portion, authn::scope, record::Draft, tenants::people::role_given,
};
use line::{Account, Entry, Line, Organization};
use model::{
    Cx, Error, ErrorKind, Home, ObjectId, Result, Span, Tenant, TenantId, User, UserType,
    audit::{Activity, Initiator, Target},
    fold,
    policy::ExternalIdentitiesPolicyPatch,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use store::{ChangeSet, Decision, Reader};

/// How often a slice is judged anew when what it was judged by has changed in the meantime.
const ATTEMPTS: usize = 3;

/// What came of a piece of lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Imported {
    /// How many lines made something.
    pub created: u64,
    /// How many lines found it there.
    pub known: u64,
    /// The places in the piece (from 0) of the lines that were refused, and why.
    pub refused: Vec<(usize, String)>,
}

impl Imported {
    fn refuse(&mut self, line: usize, error: &Error) {
        self.refused.push((line, error.external().to_owned()));
    }

    fn add(&mut self, other: Self) {
        self.created += other.created;
        self.known += other.known;
        self.refused.extend(other.refused);
    }
}

/// Accounts of one organisation, with the places of their lines.
type Slice = (TenantId, Vec<(usize, Account)>);

/// Home accounts by their folded user names.
type Homes = HashMap<String, (TenantId, ObjectId)>;

/// How many lines are read before others have their turn on this thread.
const BREATH: usize = 256;

impl Directory {
    /// Imports a piece of lines, so many accounts in each commit. Guests whose home is a member here come in the same piece as
    /// that member, or in a later one.
    ///
    /// # Errors
    /// Only what stops the whole import, such as a full disk; then a part of the piece may be there, and sending it again
    /// does no harm. A line that cannot be is refused in the answer.
    pub async fn import(&self, cx: &Cx, lines: &[String], mut portion: Portion) -> Result<Imported> {
        let mut done = Imported::default();
        let (mut members, mut guests) = (Vec::new(), Vec::new());
        for (place, text) in lines.iter().enumerate() {
            if place % BREATH == BREATH - 1 {
                tokio::task::yield_now().await;
            }
            match line::read(text) {
                Ok(Line::Organization(organization)) => {
                    self.import_organization(cx, place, organization, &mut done).await?;
                }
                Ok(Line::Member(account)) => members.push((place, account)),
                Ok(Line::Guest(account)) => guests.push((place, account)),
                Err(error) => done.refuse(place, &error),
            }
        }
        for (accounts, external) in [(members, false), (guests, true)] {
            let mut groups = self.by_tenant(accounts, &mut done).await?;
            while !groups.is_empty() {
                let slices = take(&mut groups, portion.accounts);
                let accounts = slices.iter().map(|(_, accounts)| accounts.len()).sum();
                let (imported, took) = self.import_slices(cx, slices, external).await?;
                done.add(imported);
                portion = portion.after(accounts, took);
            }
        }
        done.refused.sort_by_key(|(place, _)| *place);
        Ok(done)
    }

    /// Founds an organisation unless it is there. Its policy is set in any case: a run that was interrupted between the two
    /// must not leave it unset.
    async fn import_organization(
        &self,
        cx: &Cx,
        place: usize,
        line: Organization,
        done: &mut Imported,
    ) -> Result<()> {
        let domain = line.domain.clone();
        let known = self.store().read_across(|across| across.tenant_of_domain(&domain)).await?;
        let made = match known {
            Some(tenant) => Ok(tenant),
            None => self
                .create_tenant(
                    cx,
                    NewTenant {
                        name: line.display_name,
                        domain: line.domain,
                        technical_contact: line.technical_contact,
                        administrator: None,
                    },
                )
                .await
                .map(|tenant| tenant.id),
        };
        let patch = ExternalIdentitiesPolicyPatch {
            allow_leave: line.allow_external_identities_to_leave,
            allow_removal: line.allow_deleted_identities_data_removal,
        };
        let set = match made {
            Ok(tenant) if patch != ExternalIdentitiesPolicyPatch::default() => {
                self.update_policy(cx, &Caller::operator(tenant), patch, None).await
            }
            other => other.map(drop),
        };
        match set {
            Ok(()) if known.is_some() => done.known += 1,
            Ok(()) => done.created += 1,
            Err(error) => note(done, place, error)?,
        }
        Ok(())
    }

    /// Finds the organisation of each account.
    async fn by_tenant(
        &self,
        accounts: Vec<(usize, Account)>,
        done: &mut Imported,
    ) -> Result<BTreeMap<TenantId, Vec<(usize, Account)>>> {
        let names: HashSet<String> =
            accounts.iter().map(|(_, account)| fold(&account.organization)).collect();
        let tenants = self.tenants_of(names).await?;
        let mut groups: BTreeMap<TenantId, Vec<_>> = BTreeMap::new();
        for (place, account) in accounts {
            match tenants.get(&fold(&account.organization)) {
                Some(tenant) => groups.entry(*tenant).or_default().push((place, account)),
                None => done.refuse(
                    place,
                    &Error::bad_request(format!(
                        "There is no organisation with the domain {}. Put its line before those of its accounts.",
                        account.organization
                    )),
                ),
            }
        }
        Ok(groups)
    }

    async fn tenants_of(&self, domains: HashSet<String>) -> Result<HashMap<String, TenantId>> {
        self.store()
            .read_across(|across| {
                let mut found = HashMap::new();
                for domain in domains {
                    if let Some(tenant) = across.tenant_of_domain(&domain)? {
                        found.insert(domain, tenant);
                    }
                }
                Ok(found)
            })
            .await
    }

    /// Imports slices of different organisations in one commit, and says how long that took.
    async fn import_slices(
        &self,
        cx: &Cx,
        mut slices: Vec<Slice>,
        external: bool,
    ) -> Result<(Imported, Span)> {
        let (mut all, mut took) = (Imported::default(), Span::ZERO);
        for attempt in 1.. {
            let homes = if external { self.homes(&slices).await? } else { HashMap::new() };
            let (mut judged, mut decisions) = (Vec::new(), Vec::new());
            for (tenant, accounts) in &slices {
                let mut done = Imported::default();
                let homes = external.then_some(&homes);
                let (tenant, entries) = self.judge_accounts(cx, *tenant, accounts, homes, &mut done).await?;
                judged.push(done);
                let (scope, cx) = (scope(tenant.id), cx.clone());
                decisions.push((scope, move |reader: &Reader<'_>| {
                    let mut changes = ChangeSet::new();
                    let placed = place(reader, &cx, &tenant, &entries, &mut changes)?;
                    Decision::done(changes, placed)
                }));
            }
            let begun = self.uptime();
            let placed = self.store().commit_each(decisions).await;
            took = took.max(self.uptime().since(begun));
            let mut again = Vec::new();
            for ((slice, mut done), placed) in slices.into_iter().zip(judged).zip(placed) {
                match placed {
                    Ok(placed) => {
                        done.add(placed);
                        all.add(done);
                    }
                    // A home account that was found a moment ago is gone, or somebody took a name.
                    Err(error) if error.kind() == ErrorKind::Conflict && attempt < ATTEMPTS => {
                        again.push(slice)
                    }
                    Err(error) => return Err(error),
                }
            }
            if again.is_empty() {
                break;
            }
            slices = again;
        }
        Ok((all, took))
    }

    /// Judges accounts by what hardly ever changes: the organisation, its domains, the home accounts where they are guests.
    async fn judge_accounts(
        &self,
        cx: &Cx,
        tenant: TenantId,
        accounts: &[(usize, Account)],
        homes: Option<&Homes>,
        done: &mut Imported,
    ) -> Result<(Tenant, Vec<Entry>)> {
        let (tenant, domains, admitted) = self
            .store()
            .read(scope(tenant), |reader| {
                Ok((reader.tenant()?, reader.domains()?, crate::settings::invitation_domains(reader)?))
            })
            .await?;
        let mut entries = Vec::with_capacity(accounts.len());
        for (place, account) in accounts {
            let judged = if let Some(homes) = homes {
                let home = account.home_name().map(|(_, name)| homes.get(&name).copied());
                match home {
                    Some(None) => Err(Error::bad_request(
                        "No live, enabled member has the user name of home. Put the member's line before the guest's.",
                    )),
                    Some(Some((home, _))) if home == tenant.id => {
                        Err(Error::bad_request("The home of the guest is this very organisation."))
                    }
                    home => account.guest(cx, *place, &tenant, &domains, home.flatten()).and_then(|entry| {
                        admitted.admit(entry.user.mail.as_deref().unwrap_or_default())?;
                        Ok(entry)
                    }),
                }
            } else {
                account.member(cx, *place, &tenant, &domains)
            };
            match judged {
                Ok(entry) => entries.push(entry),
                Err(error) => note(done, *place, error)?,
            }
        }
        Ok((tenant, entries))
    }

    /// The home accounts that guests name.
    async fn homes(&self, slices: &[Slice]) -> Result<Homes> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let accounts = slices.iter().flat_map(|(_, accounts)| accounts);
        for (domain, name) in accounts.filter_map(|(_, account)| account.home_name()) {
            names.entry(domain).or_default().insert(name);
        }
        let tenants = self.tenants_of(names.keys().cloned().collect()).await?;
        self.store()
            .read_across(|across| {
                let mut found = HashMap::new();
                for (domain, names) in names {
                    let Some(tenant) = tenants.get(&domain) else { continue };
                    let names: Vec<String> = names.into_iter().collect();
                    for (name, object) in across.members_named(*tenant, &names)? {
                        found.insert(name, (*tenant, object));
                    }
                }
                Ok(found)
            })
            .await
    }
}

/// Takes what shares the next commit out of the groups: at most so many accounts, and no organisation twice.
fn take<T>(groups: &mut BTreeMap<TenantId, Vec<T>>, most: usize) -> Vec<(TenantId, Vec<T>)> {
    let (mut taken, mut room) = (Vec::new(), most.max(1));
    while room > 0
        && let Some((tenant, mut accounts)) = groups.pop_first()
    {
        if accounts.len() > room {
            groups.insert(tenant, accounts.split_off(room));
        }
        room -= accounts.len();
        taken.push((tenant, accounts));
    }
    taken
}

/// Refusals are noted; what stops the import is handed on.
fn note(done: &mut Imported, place: usize, error: Error) -> Result<()> {
    match error.kind() {
        ErrorKind::Internal | ErrorKind::Unavailable(_) => Err(error),
        _ => {
            done.refuse(place, &error);
            Ok(())
        }
    }
}

/// What is taken in the organisation, by accounts that are there and by earlier lines of the slice.
struct Taken {
    ids: HashSet<ObjectId>,
    purged: HashSet<ObjectId>,
    names: HashMap<String, ObjectId>,
    homes: HashMap<String, ObjectId>,
    mails: HashMap<String, ObjectId>,
}

impl Taken {
    fn read(reader: &Reader<'_>, entries: &[Entry]) -> Result<Self> {
        let chosen: Vec<ObjectId> =
            entries.iter().filter(|entry| entry.chosen_id).map(|entry| entry.user.id).collect();
        let names: Vec<String> = live(entries).map(|entry| fold(&entry.user.upn)).collect();
        let homes: Vec<String> = live(entries).filter_map(|entry| entry.user.home.key()).collect();
        let guests = live(entries).filter(|entry| entry.user.is_external());
        let mails: Vec<String> = guests.filter_map(|entry| entry.user.mail.as_deref()).map(fold).collect();
        Ok(Self {
            ids: reader.known_ids(&chosen)?,
            purged: reader.purged_ids(&chosen)?,
            names: reader.known_names(&names)?,
            homes: reader.known_homes(&homes)?,
            mails: reader.known_mails(&mails)?,
        })
    }

    /// Is the account of this line there already?
    fn is_there(&self, entry: &Entry) -> Result<bool> {
        let user = &entry.user;
        if self.ids.contains(&user.id) {
            return Ok(true);
        }
        if self.purged.contains(&user.id) {
            return Err(Error::bad_request(
                "The account with this id was permanently deleted; it cannot come back.",
            ));
        }
        if entry.deleted.is_some() {
            return Ok(false);
        }
        let at_home = user.home.key().and_then(|key| self.homes.get(&key));
        let found = at_home.or_else(|| self.names.get(&fold(&user.upn)).filter(|_| entry.fixed_name));
        match found {
            None => self.unless_mail_is_taken(entry),
            Some(_) if !entry.chosen_id => Ok(true),
            Some(other) => Err(Error::bad_request(format!(
                "Another account ({other}) has this user name or this home account."
            ))),
        }
    }

    /// One address is one person: as for an invitation.
    fn unless_mail_is_taken(&self, entry: &Entry) -> Result<bool> {
        let mail = entry.user.mail.as_deref().filter(|_| entry.user.is_external()).map(fold);
        match mail.and_then(|mail| self.mails.get(&mail)) {
            None => Ok(false),
            Some(other) => Err(Error::bad_request(format!(
                "Another account ({other}) has this mail address already; one address is one person."
            ))),
        }
    }

    /// A user name that is free: guests get digits, as two addresses can form the same name (as Entra does).
    fn free_name(&self, reader: &Reader<'_>, entry: &Entry) -> Result<String> {
        let wanted = &entry.user.upn;
        if entry.fixed_name || entry.deleted.is_some() || !self.names.contains_key(&fold(wanted)) {
            return Ok(wanted.clone());
        }
        let (local, rest) = wanted.split_once("#EXT#").unwrap_or((wanted, ""));
        for digits in 1..1000 {
            let upn = format!("{local}{digits}#EXT#{rest}");
            if !self.names.contains_key(&fold(&upn)) && reader.user_by_upn(&upn)?.is_none() {
                return Ok(upn);
            }
        }
        Err(Error::bad_request("A thousand accounts have this user name already."))
    }

    fn take(&mut self, entry: &Entry, upn: &str) {
        let user = &entry.user;
        self.ids.insert(user.id);
        if entry.deleted.is_some() {
            return;
        }
        self.names.insert(fold(upn), user.id);
        if let Some(key) = user.home.key() {
            self.homes.insert(key, user.id);
        }
        if let Some(mail) = &user.mail {
            self.mails.insert(fold(mail), user.id);
        }
    }
}

fn live(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(|entry| entry.deleted.is_none())
}

/// Places the accounts of one organisation.
fn place(
    reader: &Reader<'_>,
    cx: &Cx,
    tenant: &Tenant,
    entries: &[Entry],
    changes: &mut ChangeSet,
) -> Result<Imported> {
    let mut taken = Taken::read(reader, entries)?;
    let mut done = Imported::default();
    let (mut users, mut homes, mut roles) = (Vec::new(), BTreeSet::new(), Vec::new());
    for entry in entries {
        let fresh = taken
            .is_there(entry)
            .and_then(|there| (!there).then(|| taken.free_name(reader, entry)).transpose());
        let upn = match fresh {
            Ok(Some(upn)) => upn,
            Ok(None) => {
                done.known += 1;
                continue;
            }
            Err(error) => {
                note(&mut done, entry.line, error)?;
                continue;
            }
        };
        taken.take(entry, &upn);
        let user = entry.finished(upn, line::event(cx))?;
        if let (Home::Tenant { tenant, object }, false) = (&user.home, user.is_deleted()) {
            homes.insert((*tenant, *object));
        }
        roles.extend(entry.roles.iter().map(|role| (users.len(), *role)));
        users.push(user);
    }
    if users.is_empty() {
        return Ok(done);
    }
    // In one order everywhere: imports beside each other that want the same accounts must not wait for one another in a ring.
    for (tenant, object) in homes {
        changes.guard_home_account(tenant, object);
    }
    changes.insert_users(scope(tenant.id), &users, reader.user_change_head()?);
    if !roles.is_empty() {
        changes.guard_administrators(scope(tenant.id), reader.administrators_version()?);
    }
    for (at, role) in roles {
        changes.insert_role(&users[at], role).record(role_given(cx, &users[at], role));
    }
    let count = |which: fn(&User) -> bool| users.iter().filter(|user| which(user)).count();
    changes.record(
        Draft::new(cx, Activity::AddUser, Initiator::Operator)
            .on(Target::thing("Directory", tenant.id, &tenant.name))
            .detail("imported", users.len())
            .detail("importedGuests", count(|user| user.user_type == UserType::Guest))
            .detail("importedDeleted", count(User::is_deleted))
            .done(),
    );
    done.created = u64::try_from(users.len()).unwrap_or(u64::MAX);
    Ok(done)
}
