//! What administrators see of accounts on a page, each page in one read; and removing many at once, each judged before and
//! again where it is done.

use crate::{
    Caller, Directory, Obstacle,
    authn::{authorized, authorized_to_read, principal},
    invitations::may_reset,
    people::may_read_sign_ins,
    settings::authorization_policy,
    users::{Attempt, may_remove},
};
use model::{
    Cx, Deletion, DeletionCause, Error, ErrorKind, Home, InvitationState, ObjectId, Result, User,
    authz::{Operation, Principal, Role, authorize, may_manage},
    fold,
};
use store::{Group, ListedUser, Page, Reader, SignIns, UserQuery};

/// One page of users, and what the reader may do besides.
pub struct Listing {
    /// The page.
    pub page: Page<ListedUser>,
    /// May the reader invite guests?
    pub may_invite: bool,
}

/// One account with everything around it.
#[derive(Clone, PartialEq, Debug)]
pub struct Account {
    /// The account, live or soft-deleted.
    pub user: User,
    /// The name of the identity provider where it is homed, if it is homed with one.
    pub provider: Option<String>,
    /// Who answers for it.
    pub sponsors: Vec<User>,
    /// Who invited it, if they are still there.
    pub invited_by: Option<User>,
    /// Its groups.
    pub groups: Vec<Group>,
    /// Its directory roles.
    pub roles: Vec<Role>,
    /// When it last signed in; none for whoever may not know.
    pub sign_ins: Option<SignIns>,
    /// The reader may block and unblock it.
    pub may_block: bool,
    /// None where the reader may not remove users at all.
    pub removal: Option<std::result::Result<(), Obstacle>>,
    /// The reader may send the invitation again.
    pub may_invite_again: bool,
    /// The reader may let whoever has the mailbox accept anew.
    pub may_reset: bool,
}

/// Somebody chosen for removal.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// Who.
    pub user: User,
    /// How many groups it leaves.
    pub groups: usize,
    /// Directory roles that are lost for good.
    pub roles: Vec<Role>,
    /// Whether it can be removed, and otherwise why not.
    pub verdict: std::result::Result<(), Obstacle>,
}

/// What came of removing many.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Removed {
    /// How many are removed.
    pub removed: u64,
    /// Who is still there, and why.
    pub left: Vec<(User, Obstacle)>,
    /// How many were gone before: left, deleted for good, or never there.
    pub gone: u64,
}

fn may_invite(reader: &Reader<'_>, principal: &Principal) -> Result<bool> {
    let allowed = authorize(principal, Operation::InviteGuest)
        .and_then(|()| authorization_policy(reader)?.may_invite(principal));
    match allowed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(false),
        Err(error) => Err(error),
    }
}

/// Those of these people who are still there.
fn live(reader: &Reader<'_>, ids: impl IntoIterator<Item = ObjectId>) -> Result<Vec<User>> {
    ids.into_iter().filter_map(|id| reader.live_user(id).transpose()).collect()
}

fn account(reader: &Reader<'_>, principal: &Principal, user: User) -> Result<Account> {
    let roles = reader.roles(user.id)?;
    let is_self = principal.user().is_some_and(|me| me.id == user.id);
    let is_live = !user.is_deleted();
    let may = |operation| authorize(principal, operation).is_ok();
    let may_manage = may(Operation::UpdateUser) && may_manage(principal, &roles).is_ok();
    let can_be_invited = is_live
        && user.is_external()
        && user.account_enabled
        && user.mail.is_some()
        && may_invite(reader, principal)?;
    let pending = user.invitation == Some(InvitationState::PendingAcceptance);
    let removal = if is_live && may(Operation::DeleteUser) {
        Some(may_remove(reader, principal, (&user, &roles))?)
    } else {
        None
    };
    let provider = match &user.home {
        Home::Federated(federated) => reader.provider(federated.registration)?.map(|provider| provider.name),
        _ => None,
    };
    let sign_ins = may_read_sign_ins(principal).is_ok().then(|| reader.sign_ins(user.id)).transpose()?;
    Ok(Account {
        provider,
        sponsors: live(reader, reader.sponsors(user.id)?)?,
        invited_by: live(reader, user.invited_by)?.pop(),
        groups: reader.groups_of(user.id)?,
        may_block: is_live && may_manage && !is_self,
        removal,
        may_invite_again: can_be_invited && pending,
        may_reset: can_be_invited && !pending && may_reset(reader, principal, &user).is_ok(),
        sign_ins,
        roles,
        user,
    })
}

impl Directory {
    /// One page of live users for a list on a page. When somebody last signed in is a condition for those only who may read it.
    pub async fn list_accounts(
        &self,
        cx: &Cx,
        caller: &Caller,
        query: &UserQuery<'_>,
        by_sign_in: bool,
    ) -> Result<Listing> {
        self.store()
            .read(caller.scope(), |reader| {
                let (principal, _) = authorized_to_read(reader, cx, caller, Operation::ListUsers)?;
                if by_sign_in {
                    may_read_sign_ins(&principal)?;
                }
                Ok(Listing { page: reader.listed_users(query)?, may_invite: may_invite(reader, &principal)? })
            })
            .await
    }

    /// May this caller invite guests, as the organisation has it now?
    pub async fn may_invite(&self, cx: &Cx, caller: &Caller) -> Result<bool> {
        self.store().read(caller.scope(), |reader| may_invite(reader, &principal(reader, cx, caller)?)).await
    }

    /// One account with everything around it; a soft-deleted one for those only who may read these.
    pub async fn view_account(&self, cx: &Cx, caller: &Caller, id: ObjectId) -> Result<Account> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = authorized(reader, cx, caller, Operation::ReadUser)?;
                let user = reader.user(id)?.ok_or_else(|| Error::not_found(id))?;
                if user.is_deleted() && authorize(&principal, Operation::ReadDeleted).is_err() {
                    return Err(Error::not_found(id));
                }
                account(reader, &principal, user)
            })
            .await
    }

    /// What removing these people would mean, by name. Who is not there is left out.
    pub async fn view_removal(&self, cx: &Cx, caller: &Caller, ids: &[ObjectId]) -> Result<Vec<Candidate>> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = authorized(reader, cx, caller, Operation::DeleteUser)?;
                let candidate = |user: User| {
                    let roles = reader.roles(user.id)?;
                    Ok(Candidate {
                        groups: reader.groups_of(user.id)?.len(),
                        verdict: may_remove(reader, &principal, (&user, &roles))?,
                        roles,
                        user,
                    })
                };
                let mut users = live(reader, ids.iter().copied())?;
                users.sort_by_cached_key(|user| fold(&user.display_name));
                users.into_iter().map(candidate).collect()
            })
            .await
    }

    /// Removes these people one after the other, each in a commit of its own: what stops one does not stop the others, and who
    /// is in the way is named. Who was removed before counts as removed, so that a second click says what the first one did.
    pub async fn remove_users(&self, cx: &Cx, caller: &Caller, ids: &[ObjectId]) -> Result<Removed> {
        let mut done = Removed::default();
        for id in ids {
            match self.try_removing(cx, caller, &id.to_string()).await? {
                Attempt::Removed => done.removed += 1,
                Attempt::InTheWay(user, obstacle) => done.left.push((*user, obstacle)),
                Attempt::NotThere(Some(Deletion { cause: DeletionCause::Removed, .. })) => done.removed += 1,
                Attempt::NotThere(_) => done.gone += 1,
            }
        }
        Ok(done)
    }
}
