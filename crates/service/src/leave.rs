//! Leaving: my organisations, the confirm step, and the act.

use crate::{
    Directory, SignedIn,
    authn::{require_fresh, scope},
    connections::{connection_only, stand_in},
    invitations::open_invitation,
    my_apps::apps_of,
    record::Draft,
    users::{is_last_administrator, soft_delete},
};
use identity::Secret;
use model::{
    Cx, DeletionCause, Error, InvitationState, Person, PrivacyProfile, Result, Span, Tenant, TenantId,
    Timestamp, User,
    audit::Activity,
    leave::{Facts, HomeAccount, Membership, Reason, Standing, decide, standing},
    lifecycle::RETENTION,
};
use store::{ChangeSet, Confirmation, Decision, DirectConnection, HomeAccountState, Reader};

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
    /// May the person leave, and if not, why.
    pub leave: Result<(), Reason>,
    /// There is no account: the person uses apps there with the home account. `user` only stands in.
    pub connection: Option<DirectConnection>,
    /// The invitation can be accepted.
    pub can_accept: bool,
}

impl Listed {
    /// How the person stands with the organisation, by this trusted time.
    pub fn standing(&self, trusted: Timestamp) -> Standing {
        standing(&self.user, self.leave, trusted)
    }
}

/// What leaving does away with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaving {
    /// An account: it is soft-deleted, and can be restored for a while.
    Account,
    /// An account that was never accepted: leaving is declining the invitation.
    Invitation,
    /// A connection without an account: nothing is left that could be restored.
    Connection,
}

impl Leaving {
    /// The machine-readable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Invitation => "invitation",
            Self::Connection => "connection",
        }
    }

    fn of(user: &User) -> Self {
        match user.invitation {
            Some(InvitationState::PendingAcceptance) => Self::Invitation,
            _ => Self::Account,
        }
    }
}

/// What the confirm step says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirm {
    /// The organisation.
    pub tenant: Tenant,
    /// What goes.
    pub leaving: Leaving,
    /// Groups that the person is taken out of.
    pub groups: usize,
    /// Directory roles that the person loses.
    pub roles: usize,
    /// Apps there that can act for the person, or that the person allowed something.
    pub apps: usize,
    /// When the data is permanently deleted if the person leaves now: at once where there is only a connection.
    pub purge_after: Timestamp,
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
    /// How the account went, where it is gone already.
    pub gone: Option<Standing>,
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
    /// What went.
    pub leaving: Leaving,
    /// Its privacy contact and statement.
    pub privacy: PrivacyProfile,
    /// When the person left.
    pub at: Timestamp,
    /// When the data is permanently deleted; until then an administrator can restore the account.
    pub purge_after: Timestamp,
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

/// All accounts of a person in the tenant of the reader, deleted ones too.
pub(crate) fn accounts(reader: &Reader<'_>, who: &SignedIn) -> Result<Vec<User>> {
    if let Person::Member { tenant, object } = who.person
        && tenant == reader.tenant_id()
    {
        return Ok(reader.user(object)?.into_iter().collect());
    }
    // An invitation that was declined stays under the address that was invited.
    let addresses = who.addresses_in(reader.tenant_id());
    let invited = addresses.iter().map(|address| model::Home::Invited { address: address.clone() });
    let mut found = Vec::new();
    for home in std::iter::once(who.person.home()).chain(invited) {
        found.extend(reader.users_by_home(&home)?);
    }
    Ok(found)
}

/// The account of a person in the tenant of the reader: the live one, or else the one deleted last.
pub(crate) fn account(reader: &Reader<'_>, who: &SignedIn) -> Result<Option<User>> {
    let mut found = accounts(reader, who)?;
    let live = found.iter().position(|user| !user.is_deleted());
    Ok(if found.is_empty() { None } else { Some(found.swap_remove(live.unwrap_or(0))) })
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

pub(crate) fn refused(cx: &Cx, tenant: &Tenant, user: &User, reason: Reason) -> Refused {
    Refused {
        reason,
        tenant: tenant.id,
        name: tenant.name.clone(),
        privacy: tenant.privacy.clone(),
        gone: user.is_deleted().then(|| standing(user, Err(reason), cx.trusted)),
    }
}

/// To somebody without an account there, every organisation looks like one that does not exist.
pub(crate) fn known(reader: &Reader<'_>, who: &SignedIn) -> Result<(Tenant, User)> {
    let unknown = || Error::not_found(reader.tenant_id());
    let tenant = reader.find_tenant()?.ok_or_else(unknown)?;
    let user = account(reader, who)?.ok_or_else(unknown)?;
    Ok((tenant, user))
}

/// How the person stands with the organisation of the reader.
fn list(reader: &Reader<'_>, who: &SignedIn) -> Result<Listed> {
    let connection = connection_only(reader, who)?;
    let (tenant, user) = match &connection {
        Some(connection) => (reader.tenant()?, stand_in(who, connection)),
        None => known(reader, who)?,
    };
    let leave = decide(&facts(reader, who, Some(&user))?);
    let invited_by = match user.invited_by {
        Some(id) => reader.live_user(id)?.map(|inviter| inviter.display_name),
        None => None,
    };
    let can_accept = open_invitation(reader, &user)?.is_some();
    Ok(Listed { tenant, user, invited_by, leave, connection, can_accept })
}

impl Directory {
    /// The organisations where a person has an account, the home organisation first.
    pub async fn my_organizations(&self, who: &SignedIn) -> Result<Vec<Listed>> {
        let tenants = self.my_tenants(who).await?;
        let mut listed = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            match self.store().read(scope(tenant), |reader| list(reader, who)).await {
                Ok(found) => listed.push(found),
                // Purged between the two reads.
                Err(error) if error.kind() == model::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(listed)
    }

    /// Where a person has an account or a connection, the home tenant first.
    pub(crate) async fn my_tenants(&self, who: &SignedIn) -> Result<Vec<TenantId>> {
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
        Ok(tenants)
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
                    return Decision::done(changes, LeaveView::Refused(refused(&cx, &tenant, &user, reason)));
                }
                let roles = reader.roles(user.id)?.len();
                if roles > 0 {
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
                let confirm = Confirm {
                    tenant,
                    leaving: Leaving::of(&user),
                    groups: reader.groups_of(user.id)?.len(),
                    roles,
                    apps: apps_of(reader, &cx, &user)?.len(),
                    purge_after: cx.now + RETENTION,
                    confirmation: secret.expose().to_owned(),
                    expires,
                };
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
                if let Some(left) = directory.disconnected(reader, &who, &sent)? {
                    return Decision::done(ChangeSet::new(), LeaveAnswer::Left(left));
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
                    return Decision::done(
                        changes,
                        LeaveAnswer::Refused(refused(&cx, &tenant, &user, reason)),
                    );
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
        leaving: Leaving::of(user),
        privacy: tenant.privacy.clone(),
        at: deletion.at,
        purge_after: deletion.purge_after,
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
