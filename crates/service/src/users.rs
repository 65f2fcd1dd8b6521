//! Live users: list, read, change, remove.

use crate::{Caller, Directory, authn::authorized, home, record::Draft, second_factor};
use model::{
    Cx, Deletion, DeletionCause, Error, ErrorKind, Home, ObjectId, Result, User, UserType,
    audit::Activity,
    authz::{Operation, Principal, Role, authorize, may_manage},
    fold, is_plain_address, lifecycle, mint_uuid, plain_text,
};
use serde_json::{Map, Value, json};
use store::{ChangeSet, Decision, Page, Reader, UserField, UserQuery, UserRow};

/// Whether a password has to be changed at the next sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordChange {
    /// It is good as it is.
    NotRequired,
    /// `forceChangePasswordNextSignIn`
    Required,
    /// `forceChangePasswordNextSignInWithMfa`: behind the second factor, which the person must have.
    RequiredWithSecondFactor,
}

impl PasswordChange {
    pub(crate) const fn is_required(self) -> bool {
        !matches!(self, Self::NotRequired)
    }

    /// Whoever has a second factor is asked for it at every sign-in, before anything else. Who has none could not be.
    pub(crate) fn require_possible(self, has_second_factor: bool) -> Result<()> {
        if self == Self::RequiredWithSecondFactor && !has_second_factor {
            return Err(Error::bad_request(
                "This person has no second factor, so none can be asked for before the password is changed: send forceChangePasswordNextSignIn instead of forceChangePasswordNextSignInWithMfa.",
            ));
        }
        Ok(())
    }
}

/// A partial update of a user; what is absent stays. Only what is here can be written at all.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct UserPatch {
    /// `displayName`
    pub display_name: Option<String>,
    /// `givenName`
    pub given_name: Option<Option<String>>,
    /// `surname`
    pub surname: Option<Option<String>>,
    /// `mail`
    pub mail: Option<Option<String>>,
    /// `otherMails`
    pub other_mails: Option<Vec<String>>,
    /// `accountEnabled`
    pub account_enabled: Option<bool>,
    /// `userType`
    pub user_type: Option<UserType>,
    /// `userPrincipalName`
    pub user_name: Option<String>,
    /// `passwordProfile/password`: sessions and tokens from before end.
    pub password: Option<String>,
    /// `passwordProfile`: what is to happen at the next sign-in.
    pub password_change: Option<PasswordChange>,
    /// Properties that are kept as they come; null removes.
    pub profile: Map<String, Value>,
}

/// A live user by object id or user name. A foreign or unknown one is the same: not found.
pub(crate) fn find(reader: &Reader<'_>, key: &str) -> Result<User> {
    let found = match key.parse::<ObjectId>() {
        Ok(id) => reader.live_user(id)?,
        Err(_) => reader.user_by_upn(key)?,
    };
    found.ok_or_else(|| Error::not_found(key))
}

/// Would the tenant be left without an administrator if this user could no longer act as one?
pub(crate) fn is_last_administrator(reader: &Reader<'_>, user: &User, roles: &[Role]) -> Result<bool> {
    Ok(roles.contains(&Role::GlobalAdministrator) && reader.other_administrators(user.id)? == 0)
}

pub(crate) fn last_administrator() -> Error {
    Error::bad_request(
        "This is the last Global Administrator of the organization. Give another account that role first.",
    )
}

/// Guards the last-administrator rule, and refuses what would break it.
pub(crate) fn keep_an_administrator(
    reader: &Reader<'_>,
    changes: &mut ChangeSet,
    user: &User,
    roles: &[Role],
) -> Result<()> {
    if !roles.contains(&Role::GlobalAdministrator) {
        return Ok(());
    }
    if is_last_administrator(reader, user, roles)? {
        return Err(last_administrator());
    }
    changes.guard_administrators(crate::authn::scope(user.tenant), reader.administrators_version()?);
    Ok(())
}

/// Why a live user cannot be removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// Whoever holds a directory role is removed by Global Administrators only.
    HoldsRole,
    /// A Global Administrator does not remove the own account.
    Yourself,
    /// Nobody would be left to administer the organisation.
    LastAdministrator,
}

/// What came of trying to remove a user.
pub(crate) enum Attempt {
    /// Soft-deleted.
    Removed,
    /// Still there.
    InTheWay(Box<User>, Obstacle),
    /// Not there to be removed; the soft deletion, where that is why.
    NotThere(Option<Deletion>),
}

impl Obstacle {
    fn error(self) -> Error {
        match self {
            Self::HoldsRole => Error::forbidden(),
            Self::Yourself => Error::bad_request(
                "A Global Administrator cannot remove their own account. Ask another Global Administrator to do it.",
            ),
            Self::LastAdministrator => last_administrator(),
        }
    }
}

/// May this principal, who may remove users, remove this one?
pub(crate) fn may_remove(
    reader: &Reader<'_>,
    principal: &Principal,
    (user, roles): (&User, &[Role]),
) -> Result<std::result::Result<(), Obstacle>> {
    if may_manage(principal, roles).is_err() {
        return Ok(Err(Obstacle::HoldsRole));
    }
    let is_self = principal.user().is_some_and(|me| me.id == user.id);
    if is_self && roles.contains(&Role::GlobalAdministrator) {
        return Ok(Err(Obstacle::Yourself));
    }
    Ok(if is_last_administrator(reader, user, roles)? { Err(Obstacle::LastAdministrator) } else { Ok(()) })
}

impl Directory {
    /// One page of live users, and how many match in all when the query asks for it.
    pub async fn list_users(
        &self,
        cx: &Cx,
        caller: &Caller,
        query: &UserQuery<'_>,
        count: bool,
    ) -> Result<(Page<User>, Option<i64>)> {
        self.list(cx, caller, query, count, |reader| reader.users(query)).await
    }

    /// The same of a few properties only, which takes a fraction of the time.
    pub async fn list_user_rows(
        &self,
        cx: &Cx,
        caller: &Caller,
        query: &UserQuery<'_>,
        fields: &[UserField],
        count: bool,
    ) -> Result<(Page<UserRow>, Option<i64>)> {
        self.list(cx, caller, query, count, |reader| reader.user_rows(query, fields)).await
    }

    async fn list<T: Send + 'static>(
        &self,
        cx: &Cx,
        caller: &Caller,
        query: &UserQuery<'_>,
        count: bool,
        page: impl FnOnce(&Reader<'_>) -> Result<T> + Send,
    ) -> Result<(T, Option<i64>)> {
        let operation = if query.deleted { Operation::ReadDeleted } else { Operation::ListUsers };
        self.store()
            .read(caller.scope(), |reader| {
                crate::authn::authorized_to_read(reader, cx, caller, operation)?;
                let total = if count { Some(reader.count_users(query)?) } else { None };
                Ok((page(reader)?, total))
            })
            .await
    }

    /// How many users match.
    pub async fn count_users(&self, cx: &Cx, caller: &Caller, query: &UserQuery<'_>) -> Result<i64> {
        let operation = if query.deleted { Operation::ReadDeleted } else { Operation::ListUsers };
        self.store()
            .read(caller.scope(), |reader| {
                crate::authn::authorized_to_read(reader, cx, caller, operation)?;
                reader.count_users(query)
            })
            .await
    }

    /// A live user by object id or user name; oneself with less permission than others.
    pub async fn get_user(&self, cx: &Cx, caller: &Caller, key: &str) -> Result<User> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = crate::authn::principal(reader, cx, caller)?;
                let user = find(reader, key);
                let own = match (&user, principal.user()) {
                    (Ok(user), Some(me)) => user.id == me.id,
                    _ => false,
                };
                authorize(&principal, if own { Operation::ReadSelf } else { Operation::ReadUser })?;
                user
            })
            .await
    }

    /// The signed-in user.
    pub async fn me(&self, cx: &Cx, caller: &Caller) -> Result<User> {
        self.store()
            .read(caller.scope(), |reader| match authorized(reader, cx, caller, Operation::ReadSelf)? {
                Principal::Delegated { user, .. } | Principal::Person { user, .. } => Ok(*user),
                Principal::App { .. } | Principal::Connected { .. } | Principal::Operator => {
                    Err(Error::bad_request("/me request is only valid with delegated authentication flow."))
                }
            })
            .await
    }

    /// Groups and directory roles of a user that the caller may read.
    pub async fn memberships_of(
        &self,
        cx: &Cx,
        caller: &Caller,
        id: ObjectId,
    ) -> Result<(Vec<store::Group>, Vec<Role>)> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadUser)?;
                Ok((reader.groups_of(id)?, reader.roles(id)?))
            })
            .await
    }

    /// Changes a live user.
    pub async fn update_user(&self, cx: &Cx, caller: &Caller, key: &str, patch: UserPatch) -> Result<()> {
        let hash = self.new_hash(cx, caller, key, &patch).await?;
        let (cx, caller, scope, key) = (cx.clone(), caller.clone(), caller.scope(), key.to_owned());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdateUser)?;
                let user = find(reader, &key)?;
                cx.check_seen(user.version)?;
                let roles = reader.roles(user.id)?;
                may_manage(&principal, &roles)?;
                let mut changes = ChangeSet::new();
                if patch.account_enabled == Some(false) {
                    keep_an_administrator(reader, &mut changes, &user, &roles)?;
                }
                if let Some(upn) = patch.user_name.as_deref().filter(|upn| fold(upn) != fold(&user.upn)) {
                    crate::people::require_user_name(reader, upn)?;
                }
                let (mut next, modified) = apply(&user, &patch, &cx)?;
                let force = forced(reader, &user, &patch)?;
                if modified.is_empty() && hash.is_none() && force.is_none() {
                    return Decision::done(changes, ());
                }
                if let Some(hash) = &hash {
                    let voided = lifecycle::void_tokens(&user, cx.now);
                    next.generation = next.generation.max(voided.generation);
                    next.tokens_since = next.tokens_since.max(voided.tokens_since);
                    changes.set_password(&user, hash, cx.now);
                    let draft = Draft::by(&cx, Activity::ResetPassword, &principal).on_user(&cx, &user);
                    changes.record(draft.done());
                }
                if let Some(force) = force {
                    changes.require_password_change(&user, force);
                    let draft = Draft::by(&cx, Activity::ForcePasswordChange, &principal)
                        .on_user(&cx, &user)
                        .with("ForceChangePassword", Some(json!(!force)), Some(json!(force)));
                    changes.record(draft.done());
                }
                let blocked = user.account_enabled && !next.account_enabled;
                if blocked || hash.is_some() || user.home != next.home {
                    changes.revoke(&user);
                }
                changes.update_user(&user, &next);
                for record in update_records(&cx, &principal, &user, &next, modified) {
                    changes.record(record);
                }
                Decision::done(changes, ())
            })
            .await
    }

    /// The hash of a new password, if it is to be set: judged with the names that everybody knows. Also refuses to ask somebody who
    /// has no password here for another one.
    async fn new_hash(
        &self,
        cx: &Cx,
        caller: &Caller,
        key: &str,
        patch: &UserPatch,
    ) -> Result<Option<String>> {
        if patch.password.is_none() && !patch.password_change.is_some_and(PasswordChange::is_required) {
            return Ok(None);
        }
        let (organisation, user) = self
            .store()
            .read(caller.scope(), |reader| {
                let principal = authorized(reader, cx, caller, Operation::UpdateUser)?;
                let user = find(reader, key)?;
                may_manage(&principal, &reader.roles(user.id)?)?;
                Ok((reader.tenant()?.name, user))
            })
            .await?;
        if user.is_external() {
            return Err(Error::bad_request(
                "The password of somebody homed elsewhere is kept there. Ask that organization to change it.",
            ));
        }
        self.judged_hash(cx, &organisation, &user, patch.password.as_deref()).await
    }

    /// Soft-deletes a live user.
    pub async fn delete_user(&self, cx: &Cx, caller: &Caller, key: &str) -> Result<()> {
        match self.try_removing(cx, caller, key).await? {
            Attempt::Removed => Ok(()),
            Attempt::InTheWay(_, obstacle) => Err(obstacle.error()),
            Attempt::NotThere(_) => Err(Error::not_found(key)),
        }
    }

    /// Soft-deletes a live user, or says what is in the way.
    pub(crate) async fn try_removing(&self, cx: &Cx, caller: &Caller, key: &str) -> Result<Attempt> {
        let (cx, caller, scope, key) = (cx.clone(), caller.clone(), caller.scope(), key.to_owned());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::DeleteUser)?;
                let mut changes = ChangeSet::new();
                let user = match find(reader, &key) {
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        let former = key.parse().ok().map(|id| reader.user(id)).transpose()?.flatten();
                        return Decision::done(
                            changes,
                            Attempt::NotThere(former.and_then(|user| user.deletion)),
                        );
                    }
                    found => found?,
                };
                cx.check_seen(user.version)?;
                let roles = reader.roles(user.id)?;
                if let Err(obstacle) = may_remove(reader, &principal, (&user, &roles))? {
                    return Decision::done(changes, Attempt::InTheWay(Box::new(user), obstacle));
                }
                keep_an_administrator(reader, &mut changes, &user, &roles)?;
                let draft = Draft::by(&cx, Activity::DeleteUser, &principal).on_user(&cx, &user);
                soft_delete(&mut changes, &cx, &user, DeletionCause::Removed)?;
                changes.record(draft.because(DeletionCause::Removed.as_str()).done());
                Decision::done(changes, Attempt::Removed)
            })
            .await
    }
}

/// Everything that a soft deletion changes, whatever its cause; for a home account, guests elsewhere are told.
pub(crate) fn soft_delete(
    changes: &mut ChangeSet,
    cx: &Cx,
    user: &User,
    cause: DeletionCause,
) -> Result<User> {
    let event = mint_uuid(cx.random.as_ref());
    let next = lifecycle::soft_delete(user, cause, event, cx.now)?;
    changes.update_user(user, &next).drop_roles(user).revoke(user);
    if user.home == Home::Here {
        home::announce(changes, cx, user, home::Event::Deleted(event));
    }
    Ok(next)
}

/// Whether the password has to be changed, where that is to be otherwise than it is.
fn forced(reader: &Reader<'_>, user: &User, patch: &UserPatch) -> Result<Option<bool>> {
    let Some(asked) = patch.password_change else { return Ok(None) };
    asked.require_possible(second_factor::is_set_up(reader, user.id)?)?;
    let force = asked.is_required();
    if force && patch.password.is_none() && reader.password(user.id)?.is_none() {
        return Err(Error::bad_request(
            "This person has no password yet that could be changed: send one in passwordProfile as well.",
        ));
    }
    Ok((force != reader.password_change_required(user.id)?).then_some(force))
}

/// A changed property: its name, before, after.
type Modified = (&'static str, Value, Value);

fn update_records(
    cx: &Cx,
    principal: &Principal,
    user: &User,
    next: &User,
    modified: Vec<Modified>,
) -> Vec<model::audit::Record> {
    let mut records = Vec::new();
    if user.account_enabled != next.account_enabled {
        let activity = if next.account_enabled { Activity::EnableAccount } else { Activity::DisableAccount };
        records.push(
            Draft::by(cx, activity, principal)
                .on_user(cx, user)
                .with("AccountEnabled", Some(json!(user.account_enabled)), Some(json!(next.account_enabled)))
                .done(),
        );
    }
    let personal: Vec<_> = modified.into_iter().filter(|(name, ..)| *name != "accountEnabled").collect();
    if !personal.is_empty() {
        let draft = Draft::by(cx, Activity::UpdateUser, principal).on_user(cx, user);
        records.push(draft.with_personal(cx, user, personal).done());
    }
    records
}

fn text(value: &str, property: &'static str) -> Result<String> {
    plain_text(value).ok_or_else(|| Error::invalid_value(property, "User"))
}

fn optional(value: Option<&String>, property: &'static str) -> Result<Option<String>> {
    value.map(|value| text(value, property)).transpose()
}

/// Applies a patch; also says which properties changed, with their values before and after.
pub(crate) fn apply(user: &User, patch: &UserPatch, cx: &Cx) -> Result<(User, Vec<Modified>)> {
    let mut next =
        match patch.account_enabled.and_then(|enabled| lifecycle::set_enabled(user, enabled, cx.now)) {
            Some(switched) => switched,
            None => User { version: user.version + 1, ..user.clone() },
        };
    if let Some(value) = &patch.display_name {
        next.display_name = text(value, "displayName")?;
    }
    if let Some(value) = &patch.given_name {
        next.given_name = optional(value.as_ref(), "givenName")?;
    }
    if let Some(value) = &patch.surname {
        next.surname = optional(value.as_ref(), "surname")?;
    }
    if let Some(value) = &patch.mail {
        next = with_mail(next, value.as_ref())?;
    }
    if let Some(values) = &patch.other_mails {
        if values.len() > 250 || values.iter().any(|mail| !is_plain_address(mail)) {
            return Err(Error::invalid_value("otherMails", "User"));
        }
        next.other_mails.clone_from(values);
    }
    if let Some(value) = patch.user_type {
        next.user_type = value;
    }
    if let Some(value) = &patch.user_name {
        next.upn = value.trim().to_owned();
    }
    for (name, value) in &patch.profile {
        if !is_modest(value) {
            return Err(Error::invalid_value("businessPhones", "User"));
        }
        if value.is_null() {
            next.profile.0.shift_remove(name);
        } else {
            next.profile.0.insert(name.clone(), value.clone());
        }
    }
    let modified = differences(user, &next);
    Ok((next, modified))
}

/// The one list among the properties that are kept as they come: a few short texts, for every page of users carries them.
fn is_modest(value: &Value) -> bool {
    match value.as_array() {
        Some(items) => {
            items.len() <= 20
                && items.iter().all(|item| item.as_str().is_some_and(|text| plain_text(text).is_some()))
        }
        None => true,
    }
}

/// A pending invitation is for an address: another address is another invitation, and the links sent so far are void.
fn with_mail(user: User, mail: Option<&String>) -> Result<User> {
    let mail = optional(mail, "mail")?;
    let is_good = mail.as_deref().map_or(!matches!(user.home, Home::Invited { .. }), is_plain_address);
    if !is_good {
        return Err(Error::invalid_value("mail", "User"));
    }
    let moved = mail.as_deref().map(|mail| Home::Invited { address: fold(mail) });
    Ok(match (&user.home, moved) {
        (Home::Invited { .. }, Some(home)) if home != user.home => {
            User { mail, home, generation: user.generation + 1, ..user }
        }
        _ => User { mail, ..user },
    })
}

fn differences(old: &User, new: &User) -> Vec<Modified> {
    [
        ("displayName", json!(old.display_name), json!(new.display_name)),
        ("givenName", json!(old.given_name), json!(new.given_name)),
        ("surname", json!(old.surname), json!(new.surname)),
        ("mail", json!(old.mail), json!(new.mail)),
        ("otherMails", json!(old.other_mails), json!(new.other_mails)),
        ("accountEnabled", json!(old.account_enabled), json!(new.account_enabled)),
        ("userType", json!(old.user_type.as_str()), json!(new.user_type.as_str())),
        ("userPrincipalName", json!(old.upn), json!(new.upn)),
        ("profile", json!(old.profile), json!(new.profile)),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .collect()
}
