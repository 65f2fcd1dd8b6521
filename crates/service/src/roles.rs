//! Directory roles over Graph: who holds which, giving and taking.

use crate::{
    Caller, Directory, authn::authorized, record::Draft, settings::authorization_policy,
    users::keep_an_administrator,
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

/// A person from outside with a role has power over an organisation that cannot hold them to its rules: off, unless the
/// organisation says otherwise; and nobody from outside gives roles to their like.
fn may_hold(reader: &Reader<'_>, principal: &Principal, user: &User) -> Result<()> {
    if !user.is_external() {
        return Ok(());
    }
    if principal.user().is_some_and(User::is_external) {
        return Err(Error::forbidden());
    }
    if authorization_policy(reader)?.guest_administrators || matches!(principal, Principal::Operator) {
        return Ok(());
    }
    Err(Error::bad_request(
        "Directory roles are not given to people homed elsewhere, because this organization could not hold them to its rules for administrators. Give the role to a member, or allow it first with guestAdministrators at /innkeeper/v1/policies/guestAdministrators.",
    ))
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

    /// May the caller read roles at all? For what is the same in every organisation.
    pub async fn may_read_roles(&self, cx: &Cx, caller: &Caller) -> Result<()> {
        self.store()
            .read(caller.scope(), |reader| authorized(reader, cx, caller, Operation::ReadRoles).map(drop))
            .await
    }

    /// Gives a directory role.
    ///
    /// # Errors
    /// `BadRequest` if the person holds it, or is homed elsewhere and the organisation does not allow that.
    pub async fn assign_role(&self, cx: &Cx, caller: &Caller, role: Role, user: ObjectId) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::AssignRoles)?;
                let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
                may_hold(reader, &principal, &user)?;
                if reader.roles(user.id)?.contains(&role) {
                    return Err(Error::bad_request(
                        "A conflicting object with one or more of the specified property values is present in the directory.",
                    ));
                }
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

    /// Takes a directory role. It counts from the next request on.
    ///
    /// # Errors
    /// `BadRequest` if nobody homed here could administer the organisation any more, `NotFound` if the person does not hold it.
    pub async fn unassign_role(&self, cx: &Cx, caller: &Caller, role: Role, user: ObjectId) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::AssignRoles)?;
                let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
                if !reader.roles(user.id)?.contains(&role) {
                    return Err(Error::not_found(user.id));
                }
                let mut changes = ChangeSet::new();
                if role == Role::GlobalAdministrator {
                    keep_an_administrator(reader, &mut changes, &user, &[role])?;
                } else {
                    changes.guard_administrators(scope, reader.administrators_version()?);
                }
                changes.delete_role(&user, role).record(record(
                    &cx,
                    Activity::RemoveRoleMember,
                    &principal,
                    (&user, role),
                ));
                Decision::done(changes, ())
            })
            .await
    }
}

fn record(cx: &Cx, activity: Activity, by: &Principal, (user, role): (&User, Role)) -> model::audit::Record {
    Draft::by(cx, activity, by)
        .on_user(cx, user)
        .on(Target::thing("Role", role.template(), role.title()))
        .done()
}
