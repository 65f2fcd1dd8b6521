//! Groups and who belongs to them, as far as a restored guest gets them back.

use crate::{
    Caller, Directory,
    authn::{authorized, authorized_to_read, may_read, principal},
    record::Draft,
    users::find,
};
use model::{
    Cx, Error, ObjectId, Result, User,
    audit::{Activity, Record, Target},
    authz::{Operation, Principal, Role, View, authorize},
    plain_text,
};
use serde_json::json;
use store::{ChangeSet, Decision, GroupObject, Reader};

/// A partial update of a group; what is absent stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupPatch {
    /// `displayName`
    pub display_name: Option<String>,
    /// `description`
    pub description: Option<Option<String>>,
    /// `mailNickname`
    pub mail_nickname: Option<String>,
}

fn group_of(reader: &Reader<'_>, id: ObjectId) -> Result<GroupObject> {
    reader.group(id)?.ok_or_else(|| Error::not_found(id))
}

fn text(value: &str, property: &'static str) -> Result<String> {
    plain_text(value).ok_or_else(|| Error::invalid_value(property, "Group"))
}

fn apply(group: &GroupObject, patch: &GroupPatch) -> Result<GroupObject> {
    let mut next = group.clone();
    if let Some(name) = &patch.display_name {
        next.display_name = text(name, "displayName")?;
    }
    if let Some(description) = &patch.description {
        next.description =
            description.as_deref().map(|description| text(description, "description")).transpose()?;
    }
    if let Some(nickname) = &patch.mail_nickname {
        let plain = nickname.len() <= 64
            && nickname.chars().all(|c| c.is_ascii_graphic() && !"@()\\[]\";:<>, ".contains(c));
        if nickname.is_empty() || !plain {
            return Err(Error::invalid_value("mailNickname", "Group"));
        }
        next.mail_nickname = Some(nickname.clone());
    }
    Ok(next)
}

fn record(cx: &Cx, activity: Activity, by: &Principal, group: &GroupObject) -> Record {
    Draft::by(cx, activity, by).on(Target::thing("Group", group.id, &group.display_name)).done()
}

fn about_member(cx: &Cx, activity: Activity, by: &Principal, (user, group): (&User, &GroupObject)) -> Record {
    Draft::by(cx, activity, by)
        .on_user(cx, user)
        .on(Target::thing("Group", group.id, &group.display_name))
        .done()
}

impl Directory {
    /// Groups, by id, behind `after`.
    pub async fn list_groups(
        &self,
        cx: &Cx,
        caller: &Caller,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<GroupObject>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized_to_read(reader, cx, caller, Operation::ListGroups)?;
                reader.groups(after, limit)
            })
            .await
    }

    /// A group.
    pub async fn get_group(&self, cx: &Cx, caller: &Caller, id: ObjectId) -> Result<GroupObject> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized_to_read(reader, cx, caller, Operation::ReadGroup)?;
                group_of(reader, id)
            })
            .await
    }

    /// Members of a group, by id, behind `after`, and how much of them the caller may see.
    pub async fn list_members(
        &self,
        cx: &Cx,
        caller: &Caller,
        id: ObjectId,
        (after, limit): (Option<&str>, u16),
    ) -> Result<(Vec<User>, View)> {
        self.store()
            .read(caller.scope(), |reader| {
                let (_, view) = authorized_to_read(reader, cx, caller, Operation::ReadGroup)?;
                group_of(reader, id)?;
                let ids = reader.group_members(id, after, limit)?;
                let users: Result<Vec<User>> =
                    ids.into_iter().filter_map(|id| reader.live_user(id).transpose()).collect();
                Ok((users?, view))
            })
            .await
    }

    /// Groups and directory roles of a user; one's own are everybody's to read.
    pub async fn member_of(
        &self,
        cx: &Cx,
        caller: &Caller,
        key: Option<&str>,
    ) -> Result<(Vec<GroupObject>, Vec<Role>)> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = principal(reader, cx, caller)?;
                let user = match (key, principal.user()) {
                    (None, Some(me)) => me.clone(),
                    (None, None) => return Err(Error::forbidden()),
                    (Some(key), me) => match find(reader, key) {
                        Ok(user) if me.is_some_and(|me| me.id == user.id) => user,
                        found => {
                            may_read(reader, &principal, Operation::ReadUser)?;
                            found?
                        }
                    },
                };
                if principal.user().is_some_and(|me| me.id == user.id) {
                    authorize(&principal, Operation::ReadSelf)?;
                }
                let mut groups = Vec::new();
                for group in reader.groups_of(user.id)? {
                    groups.extend(reader.group(group.id)?);
                }
                Ok((groups, reader.roles(user.id)?))
            })
            .await
    }

    /// Creates a group by Graph.
    pub async fn add_group(&self, cx: &Cx, caller: &Caller, patch: GroupPatch) -> Result<GroupObject> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        let blank = GroupObject {
            id: ObjectId::mint(cx.random.as_ref()),
            display_name: String::new(),
            description: None,
            mail_nickname: None,
            created: cx.now,
        };
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteGroup)?;
                let group = apply(&blank, &patch)?;
                let mut changes = ChangeSet::new();
                changes.insert_group_object(scope, &group).record(record(
                    &cx,
                    Activity::AddGroup,
                    &principal,
                    &group,
                ));
                Decision::done(changes, group)
            })
            .await
    }

    /// Changes a group.
    pub async fn update_group(
        &self,
        cx: &Cx,
        caller: &Caller,
        id: ObjectId,
        patch: GroupPatch,
    ) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteGroup)?;
                let group = group_of(reader, id)?;
                let next = apply(&group, &patch)?;
                let mut draft = Draft::by(&cx, Activity::UpdateGroup, &principal).on(Target::thing(
                    "Group",
                    next.id,
                    &next.display_name,
                ));
                for (name, old, new) in [
                    ("DisplayName", json!(group.display_name), json!(next.display_name)),
                    ("Description", json!(group.description), json!(next.description)),
                    ("MailNickname", json!(group.mail_nickname), json!(next.mail_nickname)),
                ] {
                    if old != new {
                        draft = draft.with(name, Some(old), Some(new));
                    }
                }
                let mut changes = ChangeSet::new();
                changes.update_group(scope, &next).record(draft.done());
                Decision::done(changes, ())
            })
            .await
    }

    /// Deletes a group, at once and for good: security groups have no recycle bin (as Entra).
    pub async fn delete_group(&self, cx: &Cx, caller: &Caller, id: ObjectId) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteGroup)?;
                let group = group_of(reader, id)?;
                let mut changes = ChangeSet::new();
                changes.delete_group(scope, id).record(record(
                    &cx,
                    Activity::DeleteGroup,
                    &principal,
                    &group,
                ));
                Decision::done(changes, ())
            })
            .await
    }

    /// Puts a user into a group.
    ///
    /// # Errors
    /// `BadRequest` if the user belongs to it.
    pub async fn add_member_to_group(
        &self,
        cx: &Cx,
        caller: &Caller,
        group: ObjectId,
        user: ObjectId,
    ) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteMembers)?;
                let group = group_of(reader, group)?;
                let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
                if reader.groups_of(user.id)?.iter().any(|known| known.id == group.id) {
                    return Err(Error::bad_request(
                        "One or more added object references already exist for the following modified properties: 'members'.",
                    ));
                }
                let mut changes = ChangeSet::new();
                changes
                    .guard_user(&user)
                    .insert_membership(&user, group.id)
                    .record(about_member(&cx, Activity::AddGroupMember, &principal, (&user, &group)));
                Decision::done(changes, ())
            })
            .await
    }

    /// Takes a user out of a group.
    pub async fn remove_member(
        &self,
        cx: &Cx,
        caller: &Caller,
        group: ObjectId,
        user: ObjectId,
    ) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::WriteMembers)?;
                let group = group_of(reader, group)?;
                let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
                if !reader.groups_of(user.id)?.iter().any(|known| known.id == group.id) {
                    return Err(Error::not_found(user.id));
                }
                let mut changes = ChangeSet::new();
                changes.delete_membership(&user, group.id).record(about_member(
                    &cx,
                    Activity::RemoveGroupMember,
                    &principal,
                    (&user, &group),
                ));
                Decision::done(changes, ())
            })
            .await
    }
}
