//! Members, roles, groups and passwords, by the operator.

use super::{new_user, plausible_name, require_domain};
use crate::{Directory, authn::scope, record::Draft};
use identity::PasswordProblem;
use model::{
    Cx, Error, ErrorKind, ObjectId, Result, TenantId, User,
    audit::{Activity, Initiator, Record, Target},
    authz::Role,
    is_plain_address, lifecycle,
};
use store::{ChangeSet, Decision};

/// A member to be created.
#[derive(Clone)]
pub struct NewMember {
    /// What people see.
    pub display_name: String,
    /// What the person signs in with, in a domain of the tenant.
    pub user_name: String,
    /// Without one, the person cannot sign in yet.
    pub password: Option<String>,
}

/// What to do about a password that is refused.
pub(super) const fn advice(problem: PasswordProblem) -> &'static str {
    match problem {
        PasswordProblem::TooShort => {
            "The password is too short. Use at least 15 characters, for example four random words."
        }
        PasswordProblem::TooLong => "The password is too long. Use at most 256 characters.",
        PasswordProblem::Common => {
            "The password is made of what everybody tries first. Use four random words, or let a password manager make one."
        }
        PasswordProblem::OwnWords => {
            "The password is little more than names that everybody knows here. Add words that have nothing to do with them."
        }
    }
}

/// The user object of a new member.
pub(super) fn member(cx: &Cx, tenant: TenantId, new: &NewMember) -> Result<User> {
    let name = plausible_name(&new.display_name, "person")?;
    let upn = new.user_name.trim();
    // What guests are called must not be taken by a member.
    if !is_plain_address(upn) || upn.contains('#') {
        return Err(Error::bad_request(
            "The user name must look like an e-mail address, such as ana@contoso.example.",
        ));
    }
    let mut user = new_user(tenant, ObjectId::mint(cx.random.as_ref()), &name, upn, cx.now);
    user.mail = Some(user.upn.clone());
    Ok(user)
}

pub(crate) fn added(cx: &Cx, user: &User) -> Record {
    Draft::new(cx, Activity::AddUser, Initiator::Operator).on_user(cx, user).done()
}

pub(crate) fn role_given(cx: &Cx, user: &User, role: Role) -> Record {
    role_record(cx, Activity::AddRoleMember, user, role)
}

fn role_record(cx: &Cx, activity: Activity, user: &User, role: Role) -> Record {
    Draft::new(cx, activity, Initiator::Operator)
        .on_user(cx, user)
        .on(Target::thing("Role", role.template(), role.title()))
        .done()
}

impl Directory {
    /// Creates a member.
    ///
    /// # Errors
    /// `BadRequest` for a name or password that cannot be, `Conflict` if the user name is taken.
    pub async fn add_member(&self, cx: &Cx, tenant: TenantId, new: NewMember) -> Result<ObjectId> {
        let name = self.store().read(scope(tenant), |reader| reader.tenant()).await?.name;
        let user = member(cx, tenant, &new)?;
        let hash = self.judged_hash(cx, &name, &user, new.password.as_deref()).await?;
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                require_domain(&user.upn, &reader.domains()?)?;
                if reader.user_by_upn(&user.upn)?.is_some() {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        format!("The user name {} is taken. Choose another one.", user.upn),
                    ));
                }
                let mut changes = ChangeSet::new();
                changes.insert_user(&user);
                if let Some(hash) = &hash {
                    changes.set_password(&user, hash, cx.now);
                }
                changes.record(added(&cx, &user));
                Decision::done(changes, user.id)
            })
            .await
    }

    /// Sets a member's password. Sessions and tokens from before end.
    ///
    /// # Errors
    /// `BadRequest` for a password that can be guessed, `NotFound` if there is no such live member.
    pub async fn set_password(
        &self,
        cx: &Cx,
        tenant: TenantId,
        user: ObjectId,
        password: &str,
    ) -> Result<()> {
        let (name, found) = self
            .store()
            .read(scope(tenant), |reader| Ok((reader.tenant()?.name, reader.live_user(user)?)))
            .await?;
        let found = found.filter(|user| !user.is_external()).ok_or_else(|| Error::not_found(user))?;
        let hash = self.judged_hash(cx, &name, &found, Some(password)).await?;
        let (cx, closed) = (cx.clone(), self.account_lane(&found.upn));
        self.store()
            .commit(scope(tenant), move |reader| {
                let found = reader.live_user(user)?.filter(|user| !user.is_external());
                let found = found.ok_or_else(|| Error::not_found(user))?;
                let next = lifecycle::void_tokens(&found, cx.now);
                let record =
                    Draft::new(&cx, Activity::ResetPassword, Initiator::Operator).on_user(&cx, &next).done();
                let mut changes = ChangeSet::new();
                changes.update_user(&found, &next).revoke(&next).clear_throttle(scope(tenant), &closed);
                if let Some(hash) = &hash {
                    changes.set_password(&next, hash, cx.now);
                }
                changes.record(record);
                Decision::done(changes, ())
            })
            .await
    }

    /// Gives a directory role; giving it twice changes nothing.
    pub async fn give_role(&self, cx: &Cx, tenant: TenantId, user: ObjectId, role: Role) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
                let mut changes = ChangeSet::new();
                if !reader.roles(user.id)?.contains(&role) {
                    changes
                        .guard_user(&user)
                        .guard_administrators(scope(tenant), reader.administrators_version()?)
                        .insert_role(&user, role)
                        .record(role_given(&cx, &user, role));
                }
                Decision::done(changes, ())
            })
            .await
    }

    /// Takes a directory role; taking what is not there changes nothing.
    ///
    /// # Errors
    /// `Conflict` if nobody homed in the tenant could administer it any more.
    pub async fn take_role(&self, cx: &Cx, tenant: TenantId, user: ObjectId, role: Role) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
                let mut changes = ChangeSet::new();
                if !reader.roles(user.id)?.contains(&role) {
                    return Decision::done(changes, ());
                }
                if role == Role::GlobalAdministrator && reader.other_administrators(user.id)? == 0 {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "This is the last Global Administrator who can sign in. Give the role to another member first.",
                    ));
                }
                changes
                    .guard_administrators(scope(tenant), reader.administrators_version()?)
                    .delete_role(&user, role)
                    .record(role_record(&cx, Activity::RemoveRoleMember, &user, role));
                Decision::done(changes, ())
            })
            .await
    }

    /// Creates a group.
    pub async fn create_group(&self, cx: &Cx, tenant: TenantId, name: &str) -> Result<ObjectId> {
        let name = plausible_name(name, "group")?;
        let id = ObjectId::mint(cx.random.as_ref());
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                reader.tenant()?;
                let mut changes = ChangeSet::new();
                changes.insert_group(scope(tenant), id, &name, cx.now).record(group_created(&cx, id, &name));
                Decision::done(changes, id)
            })
            .await
    }

    /// Puts a live user into a group; doing it twice changes nothing.
    pub async fn add_to_group(
        &self,
        cx: &Cx,
        tenant: TenantId,
        group: ObjectId,
        user: ObjectId,
    ) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
                let mut changes = ChangeSet::new();
                if !reader.groups_of(user.id)?.iter().any(|known| known.id == group) {
                    changes
                        .guard_user(&user)
                        .insert_membership(&user, group)
                        .record(group_joined(&cx, &user, group));
                }
                Decision::done(changes, ())
            })
            .await
    }
}

/// There is no activity of its own for groups yet: they are here only so that a restore has something to bring back.
pub(crate) fn group_created(cx: &Cx, id: ObjectId, name: &str) -> Record {
    Draft::new(cx, Activity::AddGroup, Initiator::Operator).on(Target::thing("Group", id, name)).done()
}

pub(crate) fn group_joined(cx: &Cx, user: &User, group: ObjectId) -> Record {
    Draft::new(cx, Activity::AddGroupMember, Initiator::Operator)
        .on_user(cx, user)
        .detail("group", group)
        .done()
}
