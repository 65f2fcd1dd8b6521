//! Leaving: my organisations, the confirm step, and the act.

use crate::{
    Directory, SignedIn,
    authn::{require_fresh, scope},
    connections::{connection_only, stand_in},
    record::Draft,
    users::{is_last_administrator, soft_delete},
};
use identity::Secret;
use model::{
    Cx, DeletionCause, Error, InvitationState, Person, PrivacyProfile, Result, Span, Tenant, TenantId,
    Timestamp, User,
    audit::Activity,
    leave::{Facts, HomeAccount, Membership, Reason, decide},
    lifecycle::RETENTION,
};
use store::{ChangeSet, Confirmation, Decision, HomeAccountState, Reader};

/// How long a confirmation is good.
pub(crate) const CONFIRMATION: Span = Span::minutes(10);

/// An organisation in *my organizations*.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The organisation.
    pub tenant: Tenant,
    /// The person's account there.
    pub user: User,
    /// Who invited, if they are still there to be named.
    pub invited_by: Option<String>,
    /// There is no account, only a connection that came of signing in to an app.
    pub direct: bool,
    /// May the person leave, and if not, why.
    pub leave: Result<(), Reason>,
}

/// What the confirm step says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirm {
    /// The organisation.
    pub tenant: Tenant,
    /// The person's account there.
    pub user: User,
    /// Groups that the person is taken out of.
    pub groups: usize,
    /// When the data is permanently deleted if the person leaves now: at once where there is only a connection.
    pub purge_after: Timestamp,
    /// The person connects directly: there is no account that could be restored.
    pub direct: bool,
    /// The one-time confirmation, for this session, account and policy.
    pub confirmation: String,
    /// When the confirmation ends.
    pub expires: Timestamp,
}

/// Why not, and whom to turn to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The reason.
    pub reason: Reason,
    /// The organisation's id.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Its privacy contact and statement.
    pub privacy: PrivacyProfile,
}

/// The receipt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// The organisation's id.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Its privacy contact and statement.
    pub privacy: PrivacyProfile,
    /// When the person left.
    pub at: Timestamp,
    /// When the data is permanently deleted; until then an administrator can restore the account.
    pub purge_after: Timestamp,
    /// The person connected directly: everything is gone already.
    pub direct: bool,
}

/// The confirm step, or why there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LeaveView {
    /// The person may leave.
    Confirm(Box<Confirm>),
    /// The person may not.
    Refused(Refused),
}

/// What came of leaving.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LeaveAnswer {
    /// The person has left; also the answer to a repeat.
    Left(Left),
    /// The person may not leave.
    Refused(Refused),
    /// The confirmation is used, over, or for another state of things: the confirm step must be read again.
    Stale,
}

/// The account of a person in the tenant of the reader: the live one, or else the one deleted last.
pub(crate) fn account(reader: &Reader<'_>, who: &SignedIn) -> Result<Option<User>> {
    if let Person::Member { tenant, object } = who.person
        && tenant == reader.tenant_id()
    {
        return reader.user(object);
    }
    // An invitation that was declined stays under the address that was invited.
    let addresses = who.addresses_in(reader.tenant_id());
    let invited = addresses.iter().map(|address| model::Home::Invited { address: address.clone() });
    let mut gone = None;
    for home in std::iter::once(who.person.home()).chain(invited) {
        match reader.users_by_home(&home)?.into_iter().next() {
            Some(user) if user.is_deleted() => gone = gone.or(Some(user)),
            Some(user) => return Ok(Some(user)),
            None => {}
        }
    }
    Ok(gone)
}

pub(crate) fn facts(reader: &Reader<'_>, who: &SignedIn, user: Option<&User>) -> Result<Facts> {
    let home = match &who.person {
        Person::Mailbox { .. } | Person::Federated(_) => HomeAccount::Enabled,
        Person::Member { tenant, object } => match reader.across().home_account(*tenant, *object)? {
            HomeAccountState::Enabled => HomeAccount::Enabled,
            HomeAccountState::Disabled => HomeAccount::Disabled,
            HomeAccountState::Deleted => HomeAccount::Deleted,
        },
    };
    let membership = match user {
        None => Membership::None,
        Some(user) if user.is_deleted() => Membership::Deleted,
        Some(user) if !user.is_external() => Membership::HomedHere,
        Some(user) if user.invitation == Some(InvitationState::PendingAcceptance) => Membership::Pending,
        Some(_) => Membership::Active,
    };
    let last_administrator = match user {
        Some(user) => is_last_administrator(reader, user, &reader.roles(user.id)?)?,
        None => false,
    };
    Ok(Facts {
        membership,
        account_enabled: user.is_some_and(|user| user.account_enabled),
        home,
        last_administrator,
        policy_allows: reader.policy()?.allow_leave,
    })
}

pub(crate) fn refused(tenant: &Tenant, reason: Reason) -> Refused {
    Refused { reason, tenant: tenant.id, name: tenant.name.clone(), privacy: tenant.privacy.clone() }
}

/// To somebody without an account there, every organisation looks like one that does not exist.
fn known(reader: &Reader<'_>, who: &SignedIn) -> Result<(Tenant, User)> {
    let unknown = || Error::not_found(reader.tenant_id());
    let tenant = reader.find_tenant()?.ok_or_else(unknown)?;
    let user = account(reader, who)?.ok_or_else(unknown)?;
    Ok((tenant, user))
}

impl Directory {
    /// The organisations where a person has an account, the home organisation first.
    pub async fn my_organizations(&self, who: &SignedIn) -> Result<Vec<Listed>> {
        let (person, addresses) = (who.person.clone(), who.addresses.clone());
        let memberships =
            self.store().read_across(move |across| across.memberships(&person, &addresses)).await?;
        let person = who.person.clone();
        let connections = self.store().read_across(move |across| across.connections(&person)).await?;
        let connected = connections.into_iter().map(|(tenant, _)| tenant.id);
        let mut tenants: Vec<TenantId> = who.home_tenant().into_iter().chain(connected).collect();
        for membership in memberships.into_iter().filter(|found| who.owns(&found.user)) {
            if !tenants.contains(&membership.tenant.id) {
                tenants.push(membership.tenant.id);
            }
        }
        let mut listed = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let found = self
                .store()
                .read(scope(tenant), |reader| {
                    let connection = connection_only(reader, who)?;
                    let direct = connection.is_some();
                    let (tenant, user) = match connection {
                        Some(connection) => (reader.tenant()?, stand_in(who, &connection)),
                        None => known(reader, who)?,
                    };
                    let leave = decide(&facts(reader, who, Some(&user))?);
                    let inviter = match user.invited_by {
                        Some(id) => reader.live_user(id)?.map(|inviter| inviter.display_name),
                        None => None,
                    };
                    Ok(Listed { tenant, user, invited_by: inviter, direct, leave })
                })
                .await;
            match found {
                Ok(found) => listed.push(found),
                // Purged between the two reads.
                Err(error) if error.kind() == model::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(listed)
    }

    /// The confirm step for one organisation: consequences and a one-time confirmation, or the reason why not.
    pub async fn view_leave(&self, cx: &Cx, who: &SignedIn, tenant: TenantId) -> Result<LeaveView> {
        let (cx, who, scope) = (cx.clone(), who.clone(), scope(tenant));
        let (secret, directory) = (Secret::generate(cx.random.as_ref()), self.clone());
        self.store()
            .commit(scope, move |reader| {
                if let Some(connection) = connection_only(reader, &who)? {
                    let view = directory.view_disconnect(reader, &cx, &who, &connection)?;
                    return Decision::done(ChangeSet::new(), view);
                }
                let (tenant, user) = known(reader, &who)?;
                let mut changes = ChangeSet::new();
                if let Err(reason) = decide(&facts(reader, &who, Some(&user))?) {
                    return Decision::done(changes, LeaveView::Refused(refused(&tenant, reason)));
                }
                if !reader.roles(user.id)?.is_empty() {
                    require_fresh(&cx, &who)?;
                }
                let expires = cx.now + CONFIRMATION;
                changes.insert_confirmation(
                    scope,
                    &Confirmation {
                        hash: secret.hash(),
                        user: user.id,
                        generation: user.generation,
                        policy_version: reader.policy()?.version,
                        session_hash: who.hash.clone(),
                        expires,
                        used: None,
                    },
                );
                let groups = reader.groups_of(user.id)?.len();
                let confirmation = secret.expose().to_owned();
                let purge_after = cx.now + RETENTION;
                let direct = false;
                let confirm = Confirm { tenant, user, groups, purge_after, direct, confirmation, expires };
                Decision::done(changes, LeaveView::Confirm(Box::new(confirm)))
            })
            .await
    }

    /// Leaves an organisation: one transaction in that one tenant. Takes no user: who leaves is who is signed in.
    pub async fn leave(
        &self,
        cx: &Cx,
        who: &SignedIn,
        tenant: TenantId,
        confirmation: &str,
    ) -> Result<LeaveAnswer> {
        let (cx, who, scope) = (cx.clone(), who.clone(), scope(tenant));
        let hash = identity::hash_secret(confirmation);
        let (directory, sent) = (self.clone(), confirmation.to_owned());
        self.store()
            .commit(scope, move |reader| {
                if let Some(connection) = connection_only(reader, &who)? {
                    return directory.disconnect(reader, &cx, &who, (&connection, &sent));
                }
                let (tenant, user) = known(reader, &who)?;
                let confirmation = reader
                    .confirmation(&hash)?
                    .filter(|found| found.session_hash == who.hash && found.user == user.id);
                if let Some(left) = repeated(&tenant, &user, confirmation.as_ref()) {
                    return Decision::done(ChangeSet::new(), LeaveAnswer::Left(left));
                }
                let policy = reader.policy()?;
                let mut changes = ChangeSet::new();
                changes.guard_policy(scope, &policy);
                if let Err(reason) = decide(&facts(reader, &who, Some(&user))?) {
                    let draft =
                        Draft::by_user(&cx, Activity::LeaveOrganization, &user, None).on_user(&cx, &user);
                    changes.record(
                        draft.refused(reason.as_str()).detail("policyVersion", policy.version).done(),
                    );
                    return Decision::done(changes, LeaveAnswer::Refused(refused(&tenant, reason)));
                }
                let good = confirmation.is_some_and(|found| {
                    found.used.is_none()
                        && found.expires > cx.now
                        && found.generation == user.generation
                        && found.policy_version == policy.version
                });
                if !good {
                    return Decision::done(ChangeSet::new(), LeaveAnswer::Stale);
                }
                let roles = reader.roles(user.id)?;
                if !roles.is_empty() {
                    require_fresh(&cx, &who)?;
                }
                crate::users::keep_an_administrator(reader, &mut changes, &user, &roles)?;
                let draft = Draft::by_user(&cx, Activity::LeaveOrganization, &user, None).on_user(&cx, &user);
                changes.use_confirmation(scope, &hash, cx.now);
                let gone = soft_delete(&mut changes, &cx, &user, DeletionCause::Left)?;
                // From before there was an account: who leaves, leaves altogether.
                if let Some(earlier) = reader.connection_of(&who.person)? {
                    changes.disconnect(scope, earlier.id, cx.now);
                }
                changes.record(draft.detail("policyVersion", policy.version).done());
                let left =
                    receipt(&tenant, &gone).ok_or_else(|| Error::internal("left without a deletion"))?;
                Decision::done(changes, LeaveAnswer::Left(left))
            })
            .await
    }
}

fn receipt(tenant: &Tenant, user: &User) -> Option<Left> {
    let deletion = user.deletion?;
    Some(Left {
        tenant: tenant.id,
        name: tenant.name.clone(),
        domain: tenant.domain.clone(),
        privacy: tenant.privacy.clone(),
        at: deletion.at,
        purge_after: deletion.purge_after,
        direct: false,
    })
}

/// A second click on the same page while the account is still deleted by the first one: nothing happens, same receipt.
fn repeated(tenant: &Tenant, user: &User, confirmation: Option<&Confirmation>) -> Option<Left> {
    let by_this = confirmation?;
    let same = by_this.used.is_some()
        && user.generation == by_this.generation + 1
        && user.deletion.is_some_and(|deletion| deletion.cause == DeletionCause::Left);
    if same { receipt(tenant, user) } else { None }
}
