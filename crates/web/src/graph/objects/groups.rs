//! `groups`, their members, and `memberOf`

use super::{
    super::{
        body,
        call::{Answer, Call, no_content, success},
        schema::USER,
        users::created,
        wire,
    },
    browse::{Row, count_of, page_of, page_with},
    id_at, reference, typed,
    types::{CHECK_MEMBERS, GET_MEMBERS, GROUP, ROLE},
};
use crate::errors::Problem;
use http::StatusCode;
use model::{
    Error,
    authz::{Role, View},
};
use serde_json::{Value, json};
use service::{GroupObject, GroupPatch};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    List,
    Count,
    Create,
    Get,
    Update,
    Delete,
    ListMembers,
    CountMembers,
    AddMember,
    RemoveMember,
    MemberOf,
    MyMemberOf,
    /// The ids of groups, with those of directory roles or without.
    MemberIds {
        own: bool,
        roles: bool,
    },
    /// Which of the ids in the body these are.
    CheckMembership {
        own: bool,
        roles: bool,
    },
}

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::List => list(call, false).await,
        Act::Count => list(call, true).await,
        Act::Create => create(call).await,
        Act::Get => get(call).await,
        Act::Update => {
            let id = id_at(&call, 0)?;
            let patch = parse(body::changes(body::object(&call)?)?, false)?;
            call.app.directory.update_group(&call.arrival.cx, &call.caller, id, patch).await?;
            Ok(no_content())
        }
        Act::Delete => {
            let id = id_at(&call, 0)?;
            call.app.directory.delete_group(&call.arrival.cx, &call.caller, id).await?;
            Ok(no_content())
        }
        Act::ListMembers => list_members(call, false).await,
        Act::CountMembers => list_members(call, true).await,
        Act::AddMember => {
            let (group, user) = (id_at(&call, 0)?, reference(&call)?);
            call.app.directory.add_member_to_group(&call.arrival.cx, &call.caller, group, user).await?;
            Ok(no_content())
        }
        Act::RemoveMember => {
            let (group, user) = (id_at(&call, 0)?, id_at(&call, 1)?);
            call.app.directory.remove_member(&call.arrival.cx, &call.caller, group, user).await?;
            Ok(no_content())
        }
        Act::MemberOf => member_of(call, false).await,
        Act::MyMemberOf => member_of(call, true).await,
        Act::MemberIds { own, roles } => member_ids(call, own, roles).await,
        Act::CheckMembership { own, roles } => check_membership(call, own, roles).await,
    }
}

/// A security group: there are no others.
pub(in crate::graph) fn object(group: &GroupObject) -> Value {
    json!({
        "id": group.id,
        "deletedDateTime": null,
        "classification": null,
        "createdDateTime": group.created.to_graph(),
        "creationOptions": [],
        "description": group.description,
        "displayName": group.display_name,
        "expirationDateTime": null,
        "groupTypes": [],
        "isAssignableToRole": null,
        "mail": null,
        "mailEnabled": false,
        "mailNickname": group.mail_nickname.clone().unwrap_or_else(|| group.id.to_string()),
        "membershipRule": null,
        "proxyAddresses": [],
        "renewedDateTime": group.created.to_graph(),
        "securityEnabled": true,
        "visibility": null,
    })
}

fn row(group: &GroupObject) -> Row {
    (group.id.to_string(), object(group))
}

async fn list(call: Call<'_>, counted: bool) -> Answer {
    let (directory, cx, caller) = (&call.app.directory, &call.arrival.cx, &call.caller);
    let fetch = move |after: Option<String>, limit: u16| async move {
        let groups = directory.list_groups(cx, caller, after.as_deref(), limit).await?;
        Ok(groups.iter().map(row).collect())
    };
    if counted { count_of(&call, &GROUP, fetch).await } else { page_of(&call, "groups", &GROUP, fetch).await }
}

async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&GROUP, false)?;
    let group = call.app.directory.get_group(&call.arrival.cx, &call.caller, id_at(&call, 0)?).await?;
    let found = wire::select(object(&group), &GROUP, query.select.as_deref());
    Ok(call.entity(StatusCode::OK, "groups", Some(&query), found))
}

async fn create(call: Call<'_>) -> Answer {
    let patch = parse(body::members(body::object(&call)?).collect(), true)?;
    let group = call.app.directory.add_group(&call.arrival.cx, &call.caller, patch).await?;
    let base = call.base();
    let mut answer = json!({ "@odata.context": format!("{base}/$metadata#groups/$entity") });
    if let (Value::Object(answer), Value::Object(object)) = (&mut answer, object(&group)) {
        answer.extend(object);
    }
    Ok(created(&format!("{base}/groups/{}", group.id), &answer))
}

fn required(present: bool, name: &'static str) -> Result<(), Problem> {
    if present {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::BAD_REQUEST,
        "Request_BadRequest",
        format!("A value is required for property '{name}' of resource 'Group'."),
    ))
}

fn parse(members: Vec<(String, Value)>, new: bool) -> Result<GroupPatch, Problem> {
    let mut patch = GroupPatch::default();
    let (mut mail_enabled, mut security_enabled) = (None, None);
    for (name, value) in members {
        match name.as_str() {
            "displayName" => patch.display_name = Some(body::required_text(value)?),
            "description" => patch.description = Some(body::text(value)?.filter(|text| !text.is_empty())),
            "mailNickname" => patch.mail_nickname = Some(body::required_text(value)?),
            "mailEnabled" => mail_enabled = Some(body::boolean(&value)?),
            "securityEnabled" => security_enabled = Some(body::boolean(&value)?),
            "groupTypes" if value.as_array().is_some_and(Vec::is_empty) => {}
            "groupTypes" => return Err(Error::invalid_value("groupTypes", "Group").into()),
            "visibility" | "isAssignableToRole" if value.is_null() || value == json!(false) => {}
            known if GROUP.property(known).is_some_and(|property| property.name == known) => {
                return Err(body::read_only(known));
            }
            _ => return Err(body::unknown(&name, GROUP.name)),
        }
    }
    // A group without mail that grants something: the only kind there is.
    if mail_enabled == Some(true) {
        return Err(Error::invalid_value("mailEnabled", "Group").into());
    }
    if security_enabled == Some(false) {
        return Err(Error::invalid_value("securityEnabled", "Group").into());
    }
    if new {
        required(patch.display_name.is_some(), "displayName")?;
        required(mail_enabled.is_some(), "mailEnabled")?;
        required(patch.mail_nickname.is_some(), "mailNickname")?;
        required(security_enabled.is_some(), "securityEnabled")?;
    }
    Ok(patch)
}

async fn list_members(call: Call<'_>, counted: bool) -> Answer {
    let id = id_at(&call, 0)?;
    let (directory, cx, caller) = (&call.app.directory, &call.arrival.cx, &call.caller);
    let fetch = move |after: Option<String>, limit: u16| async move {
        let (users, view) = directory.list_members(cx, caller, id, (after.as_deref(), limit)).await?;
        Ok(users.iter().map(|user| (user.id.to_string(), viewed(wire::user(user), view))).collect())
    };
    if counted {
        return count_of(&call, &USER, fetch).await;
    }
    page_with(&call, "directoryObjects", &USER, fetch, |object, query| {
        typed("user", call.render(object, &USER, query))
    })
    .await
}

/// What of a user everybody in the organisation may see; the rest is null to guests.
pub(in crate::graph) fn viewed(object: Value, view: View) -> Value {
    const PUBLIC: [&str; 6] =
        ["id", "displayName", "mail", "userPrincipalName", "userType", "deletedDateTime"];
    match (view, object) {
        (View::Public, Value::Object(members)) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let hidden = if value.is_array() { json!([]) } else { Value::Null };
                    let value = if PUBLIC.contains(&name.as_str()) { value } else { hidden };
                    (name, value)
                })
                .collect(),
        ),
        (_, object) => object,
    }
}

/// What a user, or whoever asks, belongs to.
async fn memberships(call: &Call<'_>, own: bool) -> Result<(Vec<GroupObject>, Vec<Role>), Problem> {
    let key = call.whom(own)?;
    Ok(call.app.directory.member_of(&call.arrival.cx, &call.caller, key).await?)
}

async fn membership_ids(call: &Call<'_>, own: bool, with_roles: bool) -> Result<Vec<String>, Problem> {
    let (groups, roles) = memberships(call, own).await?;
    let mut ids: Vec<String> = groups.iter().map(|group| group.id.to_string()).collect();
    if with_roles {
        ids.extend(roles.iter().map(|role| role.template().to_string()));
    }
    Ok(ids)
}

fn texts(call: &Call<'_>, ids: Vec<String>) -> Answer {
    let context = format!("{}/$metadata#Collection(Edm.String)", call.base());
    Ok(success(StatusCode::OK, &json!({ "@odata.context": context, "value": ids })))
}

/// `getMemberGroups` and `getMemberObjects`. All groups grant something, so the switch changes nothing; roles are no groups.
async fn member_ids(call: Call<'_>, own: bool, with_roles: bool) -> Answer {
    let mut only_security = None;
    for (name, value) in body::members(body::object(&call)?) {
        match name.as_str() {
            "securityEnabledOnly" => only_security = Some(body::boolean(&value)?),
            _ => return Err(body::unknown(&name, GET_MEMBERS.name)),
        }
    }
    let only_security = only_security.ok_or_else(|| {
        Problem::bad_request("The parameter 'securityEnabledOnly' is missing: send true or false.")
    })?;
    let ids = membership_ids(&call, own, with_roles && !only_security).await?;
    texts(&call, ids)
}

/// `checkMemberGroups` and `checkMemberObjects`
async fn check_membership(call: Call<'_>, own: bool, with_roles: bool) -> Answer {
    /// So many ids in one request (live service).
    const MOST: usize = 20;
    let expected = if with_roles { "ids" } else { "groupIds" };
    let mut asked = None;
    for (name, value) in body::members(body::object(&call)?) {
        if name != expected {
            return Err(body::unknown(&name, CHECK_MEMBERS.name));
        }
        asked = Some(body::texts(value)?);
    }
    let asked = asked.filter(|ids| (1..=MOST).contains(&ids.len())).ok_or_else(|| {
        Problem::bad_request(format!(
            "The parameter '{expected}' is missing, empty, or names more than {MOST} ids."
        ))
    })?;
    let ids = membership_ids(&call, own, with_roles).await?;
    let is_asked = |id: &String| asked.iter().any(|asked| asked.eq_ignore_ascii_case(id));
    texts(&call, ids.into_iter().filter(is_asked).collect())
}

async fn member_of(call: Call<'_>, own: bool) -> Answer {
    let query = call.query(&GROUP, false)?;
    let (groups, roles) = memberships(&call, own).await?;
    let shown = |kind: &str, object: Value, entity| {
        Value::Object(typed(kind, wire::select(object, entity, query.select.as_deref())))
    };
    let mut items: Vec<Value> = groups.iter().map(|group| shown("group", object(group), &GROUP)).collect();
    items.extend(roles.iter().map(|role| shown("directoryRole", super::roles::role(*role), &ROLE)));
    let total = query.count.then(|| i64::try_from(items.len()).unwrap_or(0));
    Ok(call.page("directoryObjects", &query, total, None, items))
}
