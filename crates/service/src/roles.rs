//! Directory roles: who holds which, giving and taking.

use crate::{
    Caller, Directory,
    authn::{authorized, require_fresh_caller},
    record::Draft,
    settings::authorization_policy,
    users::{find, is_last_administrator, last_administrator},
};
use model::{
    Cx, Error, ObjectId, Result, User,
    audit::{Activity, Target},
    authz::{Operation, Principal, Role},
};
use store::{ChangeSet, Decision, Reader};

/// So many holders of one role are read in one go.
const PAGE: u16 = 500;

fn holders(reader: &Reader<'_>, role: Role) -> Result<Vec<ObjectId>> {
    let mut all: Vec<ObjectId> = Vec::new();
    loop {
        let after = all.last().map(ToString::to_string);
        let page = reader.role_holders(role, after.as_deref(), PAGE)?;
        let last = page.len() < usize::from(PAGE);
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

/// Give a role, or take it?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoleChange {
    /// Give it.
    Give,
    /// Take it.
    Take,
}

/// Why a role is not given or taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoleRefusal {
    /// The person holds it.
    Held,
    /// The person does not hold it.
    NotHeld,
    /// The person is homed elsewhere, and the organisation does not allow that.
    Outsider,
    /// The person is homed elsewhere, and so is who gives it.
    OutsiderByOutsider,
    /// Nobody homed here could administer the organisation any more.
    LastAdministrator,
}

impl RoleRefusal {
    /// As Graph says it.
    fn error(self, user: &User) -> Error {
        match self {
            Self::Held => Error::bad_request(
                "A conflicting object with one or more of the specified property values is present in the directory.",
            ),
            Self::NotHeld => Error::not_found(user.id),
            Self::Outsider => Error::bad_request(
                "Directory roles are not given to people homed elsewhere, because this organization could not hold them to its rules for administrators. Give the role to a member, or allow it first with guestAdministrators at /innkeeper/v1/policies/guestAdministrators.",
            ),
            Self::OutsiderByOutsider => Error::forbidden(),
            Self::LastAdministrator => last_administrator(),
        }
    }
}

/// What giving or taking a role would be about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleView {
    /// Whom it is about.
    pub user: User,
    /// The roles that the person holds.
    pub roles: Vec<Role>,
    /// Why it would be refused.
    pub refusal: Option<RoleRefusal>,
}

/// A role and some of those who hold it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleHolders {
    /// The role.
    pub role: Role,
    /// How many hold it.
    pub total: usize,
    /// The first of them.
    pub first: Vec<User>,
}

/// A person from outside with a role has power over an organisation that cannot hold them to its rules: off, unless the
/// organisation says otherwise; and nobody from outside gives roles to their like.
fn may_hold(reader: &Reader<'_>, principal: &Principal, user: &User) -> Result<Option<RoleRefusal>> {
    if !user.is_external() {
        return Ok(None);
    }
    if principal.user().is_some_and(User::is_external) {
        return Ok(Some(RoleRefusal::OutsiderByOutsider));
    }
    let allowed =
        authorization_policy(reader)?.guest_administrators || matches!(principal, Principal::Operator);
    Ok((!allowed).then_some(RoleRefusal::Outsider))
}

/// Is this refused, and why? The one place that says so, before a change and in it.
fn judge(
    reader: &Reader<'_>,
    principal: &Principal,
    change: RoleChange,
    (role, user, held): (Role, &User, &[Role]),
) -> Result<Option<RoleRefusal>> {
    match change {
        RoleChange::Give => {
            let outside = may_hold(reader, principal, user)?;
            Ok(outside.or(held.contains(&role).then_some(RoleRefusal::Held)))
        }
        RoleChange::Take if !held.contains(&role) => Ok(Some(RoleRefusal::NotHeld)),
        RoleChange::Take => {
            let last = is_last_administrator(reader, user, &[role])?;
            Ok(last.then_some(RoleRefusal::LastAdministrator))
        }
    }
}

/// A live user by object id, user name, or the mail address of one person.
fn find_person(reader: &Reader<'_>, key: &str) -> Result<User> {
    find(reader, key).or_else(|error| match <[User; 1]>::try_from(reader.users_by_mail(key)?) {
        Ok([user]) => Ok(user),
        Err(_) => Err(error),
    })
}

impl Directory {
    /// Everybody who holds a directory role, by role and id.
    pub async fn list_role_assignments(&self, cx: &Cx, caller: &Caller) -> Result<Vec<(Role, ObjectId)>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadRoles)?;
                let mut all = Vec::new();
                for role in reader.roles_in_use()? {
                    all.extend(holders(reader, role)?.into_iter().map(|holder| (role, holder)));
                }
                Ok(all)
            })
            .await
    }

    /// Who holds this role.
    pub async fn list_role_members(&self, cx: &Cx, caller: &Caller, role: Role) -> Result<Vec<User>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadRoles)?;
                let ids = holders(reader, role)?;
                ids.into_iter().filter_map(|id| reader.live_user(id).transpose()).collect()
            })
            .await
    }

    /// Every role, with how many hold it and the first `few` of them.
    pub async fn role_overview(&self, cx: &Cx, caller: &Caller, few: usize) -> Result<Vec<RoleHolders>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadRoles)?;
                let used = reader.roles_in_use()?;
                let mut all = Vec::with_capacity(Role::ALL.len());
                for role in Role::ALL {
                    let ids = if used.contains(role) { holders(reader, *role)? } else { Vec::new() };
                    let first = ids.iter().take(few).filter_map(|id| reader.live_user(*id).transpose());
                    let first = first.collect::<Result<_>>()?;
                    all.push(RoleHolders { role: *role, total: ids.len(), first });
                }
                Ok(all)
            })
            .await
    }

    /// Who holds this role, by id, behind `after`.
    pub async fn role_member_page(
        &self,
        cx: &Cx,
        caller: &Caller,
        role: Role,
        (after, limit): (Option<ObjectId>, u16),
    ) -> Result<Vec<User>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadRoles)?;
                let after = after.map(|id| id.to_string());
                let ids = reader.role_holders(role, after.as_deref(), limit)?;
                ids.into_iter().filter_map(|id| reader.live_user(id).transpose()).collect()
            })
            .await
    }

    /// What a change of a role would be about, and whether it would be refused; the person is named by object id, user name
    /// or mail address.
    ///
    /// # Errors
    /// `NotFound` if there is no such person, or the address is that of several.
    pub async fn view_role_change(
        &self,
        cx: &Cx,
        caller: &Caller,
        (role, change): (Role, RoleChange),
        person: &str,
    ) -> Result<RoleView> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = authorized(reader, cx, caller, Operation::AssignRoles)?;
                require_fresh_caller(reader, cx, caller)?;
                let user = find_person(reader, person)?;
                let roles = reader.roles(user.id)?;
                let refusal = judge(reader, &principal, change, (role, &user, &roles))?;
                Ok(RoleView { user, roles, refusal })
            })
            .await
    }

    /// May the caller read roles at all? For what is the same in every organisation.
    pub async fn may_read_roles(&self, cx: &Cx, caller: &Caller) -> Result<()> {
        self.store()
            .read(caller.scope(), |reader| authorized(reader, cx, caller, Operation::ReadRoles).map(drop))
            .await
    }

    /// Gives a directory role. By page, only to whoever signed in lately.
    ///
    /// # Errors
    /// `BadRequest` if the person holds it, or is homed elsewhere and the organisation does not allow that.
    pub async fn assign_role(&self, cx: &Cx, caller: &Caller, role: Role, user: ObjectId) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let (principal, user) = judged(reader, &cx, &caller, (role, RoleChange::Give), user)?;
                let mut changes = ChangeSet::new();
                changes
                    .guard_user(&user)
                    .guard_administrators(scope, reader.administrators_version()?)
                    .insert_role(&user, role)
                    .record(record(&cx, Activity::AddRoleMember, &principal, (&user, role)));
                Decision::done(changes, ())
            })
            .await
    }

    /// Takes a directory role. It counts from the next request on. By page, only to whoever signed in lately.
    ///
    /// # Errors
    /// `BadRequest` if nobody homed here could administer the organisation any more, `NotFound` if the person does not hold it.
    pub async fn unassign_role(&self, cx: &Cx, caller: &Caller, role: Role, user: ObjectId) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let (principal, user) = judged(reader, &cx, &caller, (role, RoleChange::Take), user)?;
                let mut changes = ChangeSet::new();
                changes
                    .guard_administrators(scope, reader.administrators_version()?)
                    .delete_role(&user, role)
                    .record(record(&cx, Activity::RemoveRoleMember, &principal, (&user, role)));
                Decision::done(changes, ())
            })
            .await
    }
}

/// Who changes whose roles, if it is not refused.
fn judged(
    reader: &Reader<'_>,
    cx: &Cx,
    caller: &Caller,
    (role, change): (Role, RoleChange),
    user: ObjectId,
) -> Result<(Principal, User)> {
    let principal = authorized(reader, cx, caller, Operation::AssignRoles)?;
    require_fresh_caller(reader, cx, caller)?;
    let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
    let held = reader.roles(user.id)?;
    match judge(reader, &principal, change, (role, &user, &held))? {
        Some(refusal) => Err(refusal.error(&user)),
        None => Ok((principal, user)),
    }
}

fn record(cx: &Cx, activity: Activity, by: &Principal, (user, role): (&User, Role)) -> model::audit::Record {
    Draft::by(cx, activity, by)
        .on_user(cx, user)
        .on(Target::thing("Role", role.template(), role.title()))
        .done()
}
