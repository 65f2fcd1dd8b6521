//! Creating users over Graph, who answers for them, and what is known of their signing in.

use crate::{
    Caller, Directory, UserPatch,
    authn::{authorized, authorized_to_read, may_read, principal},
    record::Draft,
    tenants::{new_user, require_domain},
    users::{PasswordChange, apply, find},
};
use model::{
    Cx, Error, ObjectId, Result, User,
    audit::{Activity, Target},
    authz::{Operation, Permission, Principal, View, authorize, may_manage},
    is_plain_address,
};
use serde_json::json;
use store::{ChangeSet, Decision, Reader, SignIns};

/// A user to be created over Graph.
#[derive(Clone, PartialEq, Debug)]
pub struct NewUser {
    /// `userPrincipalName`, in a domain of the organisation.
    pub user_name: String,
    /// `passwordProfile/password`
    pub password: String,
    /// All other properties; `displayName` is among them.
    pub properties: UserPatch,
}

/// A user with what is kept beside the object.
#[derive(Clone, PartialEq, Debug)]
pub struct UserDetail {
    /// The user.
    pub user: User,
    /// How much of it the caller may see.
    pub view: View,
    /// When it last signed in; only where the caller asked and may know.
    pub sign_ins: Option<SignIns>,
}

/// The text of the live service.
fn taken() -> Error {
    Error::bad_request("Another object with the same value for property userPrincipalName already exists.")
}

/// A user name that can be given: in a domain of the organisation, and not what guests are called.
pub(crate) fn require_user_name(reader: &Reader<'_>, upn: &str) -> Result<()> {
    if !is_plain_address(upn) || upn.contains('#') || require_domain(upn, &reader.domains()?).is_err() {
        return Err(Error::invalid_value("userPrincipalName", "User"));
    }
    if reader.user_by_upn(upn)?.is_some() { Err(taken()) } else { Ok(()) }
}

fn sponsor_of(reader: &Reader<'_>, id: ObjectId) -> Result<User> {
    reader.live_user(id)?.ok_or_else(|| Error::not_found(id))
}

/// So many people may answer for one.
const SPONSORS: usize = 5;

/// Lets people answer for a user, each recorded.
pub(crate) fn add_sponsors(
    reader: &Reader<'_>,
    changes: &mut ChangeSet,
    cx: &Cx,
    by: &Principal,
    (user, sponsors): (&User, &[ObjectId]),
) -> Result<()> {
    let known = reader.sponsors(user.id)?;
    if known.len() + sponsors.len() > SPONSORS {
        return Err(Error::bad_request(format!(
            "At most {SPONSORS} people can answer for one. Remove a sponsor first."
        )));
    }
    for sponsor in sponsors.iter().filter(|sponsor| !known.contains(sponsor)) {
        let sponsor = sponsor_of(reader, *sponsor)?;
        changes.guard_user(&sponsor).insert_sponsor(user, sponsor.id);
        let draft = Draft::by(cx, Activity::AddSponsor, by).on_user(cx, user).on_user(cx, &sponsor);
        changes.record(draft.done());
    }
    Ok(())
}

impl Directory {
    /// Creates a member of the organisation.
    ///
    /// # Errors
    /// `InvalidValue` for a user name outside the organisation's domains, `BadRequest` if it is taken, and for a password that can
    /// be guessed.
    pub async fn create_user(&self, cx: &Cx, caller: &Caller, new: NewUser) -> Result<User> {
        let organisation = self
            .store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::CreateUser)?;
                reader.tenant()
            })
            .await?;
        let name = new.properties.display_name.clone().unwrap_or_default();
        let blank = new_user(
            organisation.id,
            ObjectId::mint(cx.random.as_ref()),
            &name,
            new.user_name.trim(),
            cx.now,
        );
        let (mut user, _) = apply(&blank, &new.properties, cx)?;
        user.version = 1;
        user.generation = 1;
        let asked = new.properties.password_change;
        // Nobody has a second factor before they were here.
        asked.map_or(Ok(()), |asked| asked.require_possible(false))?;
        let force = asked.is_some_and(PasswordChange::is_required);
        let hash = self.judged_hash(cx, &organisation.name, &user, Some(&new.password)).await?;
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::CreateUser)?;
                require_user_name(reader, &user.upn)?;
                let mut changes = ChangeSet::new();
                changes.insert_user(&user);
                if let Some(hash) = &hash {
                    changes.set_password(&user, hash, cx.now).require_password_change(&user, force);
                }
                let draft = Draft::by(&cx, Activity::AddUser, &principal).on_user(&cx, &user).with(
                    "UserType",
                    None,
                    Some(json!(user.user_type.as_str())),
                );
                changes.record(draft.done());
                Decision::done(changes, user.clone())
            })
            .await
    }

    /// A live user by object id or user name, as far as the caller may see it. When it last signed in is told to those who may
    /// read the audit log, and only when asked (`with_sign_ins`).
    pub async fn user_detail(
        &self,
        cx: &Cx,
        caller: &Caller,
        key: &str,
        with_sign_ins: bool,
    ) -> Result<UserDetail> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = principal(reader, cx, caller)?;
                let user = find(reader, key);
                let own = match (&user, principal.user()) {
                    (Ok(user), Some(me)) => user.id == me.id,
                    _ => false,
                };
                let view = if own {
                    authorize(&principal, Operation::ReadSelf)?;
                    View::Full
                } else {
                    may_read(reader, &principal, Operation::ReadUser)?
                };
                let user = user?;
                let sign_ins = if with_sign_ins {
                    may_read_sign_ins(&principal)?;
                    Some(reader.sign_ins(user.id)?)
                } else {
                    None
                };
                Ok(UserDetail { user, view, sign_ins })
            })
            .await
    }

    /// When each of these users last signed in.
    pub async fn sign_ins_of(&self, cx: &Cx, caller: &Caller, users: &[User]) -> Result<Vec<SignIns>> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = principal(reader, cx, caller)?;
                may_read_sign_ins(&principal)?;
                users.iter().map(|user| reader.sign_ins(user.id)).collect()
            })
            .await
    }

    /// Who answers for a user.
    pub async fn list_sponsors(&self, cx: &Cx, caller: &Caller, key: &str) -> Result<Vec<User>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized_to_read(reader, cx, caller, Operation::ReadUser)?;
                let user = find(reader, key)?;
                let ids = reader.sponsors(user.id)?;
                ids.into_iter().filter_map(|id| reader.live_user(id).transpose()).collect()
            })
            .await
    }

    /// For whom a user answers; at most 999.
    pub async fn list_sponsored(&self, cx: &Cx, caller: &Caller, key: &str) -> Result<Vec<User>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized_to_read(reader, cx, caller, Operation::ReadUser)?;
                let user = find(reader, key)?;
                let ids = reader.sponsored(user.id, None, 999)?;
                ids.into_iter().filter_map(|id| reader.live_user(id).transpose()).collect()
            })
            .await
    }

    /// Lets somebody answer for a user.
    pub async fn add_sponsor(&self, cx: &Cx, caller: &Caller, key: &str, sponsor: ObjectId) -> Result<()> {
        let (cx, caller, scope, key) = (cx.clone(), caller.clone(), caller.scope(), key.to_owned());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdateUser)?;
                let user = find(reader, &key)?;
                may_manage(&principal, &reader.roles(user.id)?)?;
                if reader.sponsors(user.id)?.contains(&sponsor) {
                    return Err(Error::bad_request(
                        "One or more added object references already exist for the following modified properties: 'sponsors'.",
                    ));
                }
                let mut changes = ChangeSet::new();
                changes.guard_user(&user);
                add_sponsors(reader, &mut changes, &cx, &principal, (&user, &[sponsor]))?;
                Decision::done(changes, ())
            })
            .await
    }

    /// Lets somebody answer for a user no more.
    pub async fn remove_sponsor(&self, cx: &Cx, caller: &Caller, key: &str, sponsor: ObjectId) -> Result<()> {
        let (cx, caller, scope, key) = (cx.clone(), caller.clone(), caller.scope(), key.to_owned());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdateUser)?;
                let user = find(reader, &key)?;
                may_manage(&principal, &reader.roles(user.id)?)?;
                if !reader.sponsors(user.id)?.contains(&sponsor) {
                    return Err(Error::not_found(sponsor));
                }
                let draft = Draft::by(&cx, Activity::RemoveSponsor, &principal).on_user(&cx, &user);
                let draft = match reader.user(sponsor)? {
                    Some(sponsor) => draft.on_user(&cx, &sponsor),
                    None => draft.on(Target::user(sponsor)),
                };
                let mut changes = ChangeSet::new();
                changes.delete_sponsor(&user, sponsor).record(draft.done());
                Decision::done(changes, ())
            })
            .await
    }
}

/// Signing in is activity: to read it takes the permission for the audit log besides (Microsoft's page on the property).
/// On a page, where no permission was granted to anything, it takes a role with which the audit log is read.
pub(crate) fn may_read_sign_ins(principal: &Principal) -> Result<()> {
    let needed = [Permission::AuditLogReadAll];
    match principal {
        Principal::Person { .. } => authorize(principal, Operation::ReadAudit),
        _ if principal.holds(&needed, &needed) => Ok(()),
        _ => Err(Error::forbidden()),
    }
}
