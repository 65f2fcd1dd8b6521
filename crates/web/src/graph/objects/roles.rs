//! `directoryRoles`, `directoryRoleTemplates` and `roleManagement/directory`

use super::{
    super::{
        body,
        call::{Answer, Call, no_content},
        schema::USER,
        users::created,
        wire,
    },
    browse::{Row, page_of, page_with, slice},
    id_at, reference, typed,
    types::{ROLE, ROLE_ASSIGNMENT, ROLE_DEFINITION, ROLE_TEMPLATE},
};
use crate::errors::Problem;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use model::{Error, ObjectId, authz::Role};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    List,
    Activate,
    Get,
    ListMembers,
    AddMember,
    RemoveMember,
    ListTemplates,
    GetTemplate,
    ListDefinitions,
    GetDefinition,
    ListAssignments,
    Assign,
    GetAssignment,
    Unassign,
}

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::List => list(call, "directoryRoles", &ROLE, role).await,
        Act::Activate => Err(activate(&call)?),
        Act::Get => get(call, "directoryRoles", &ROLE, role).await,
        Act::ListTemplates => list(call, "directoryRoleTemplates", &ROLE_TEMPLATE, template).await,
        Act::GetTemplate => get(call, "directoryRoleTemplates", &ROLE_TEMPLATE, template).await,
        Act::ListDefinitions => list(call, DEFINITIONS, &ROLE_DEFINITION, definition).await,
        Act::GetDefinition => get(call, DEFINITIONS, &ROLE_DEFINITION, definition).await,
        Act::ListMembers => members(call).await,
        Act::AddMember => {
            let (role, user) = (role_of(call.value())?, reference(&call)?);
            call.app.directory.assign_role(&call.arrival.cx, &call.caller, role, user).await?;
            Ok(no_content())
        }
        Act::RemoveMember => {
            let (role, user) = (role_of(call.value())?, id_at(&call, 1)?);
            call.app.directory.unassign_role(&call.arrival.cx, &call.caller, role, user).await?;
            Ok(no_content())
        }
        Act::ListAssignments => list_assignments(call).await,
        Act::Assign => assign(call).await,
        Act::GetAssignment => get_assignment(call).await,
        Act::Unassign => {
            let (role, user) = read_assignment(call.value())?;
            call.app.directory.unassign_role(&call.arrival.cx, &call.caller, role, user).await?;
            Ok(no_content())
        }
    }
}

const DEFINITIONS: &str = "roleManagement/directory/roleDefinitions";
const ASSIGNMENTS: &str = "roleManagement/directory/roleAssignments";

/// A role by its id or `roleTemplateId`: here both are the same, as every built-in role is active in every organisation.
fn role_of(text: &str) -> Result<Role, Problem> {
    let id = text.strip_prefix("roleTemplateId=").unwrap_or(text);
    id.parse::<Uuid>().ok().and_then(Role::from_template).ok_or_else(|| Error::not_found(text).into())
}

pub(in crate::graph) fn role(role: Role) -> Value {
    json!({
        "id": role.template(),
        "deletedDateTime": null,
        "description": role.title(),
        "displayName": role.title(),
        "roleTemplateId": role.template(),
    })
}

fn template(role: Role) -> Value {
    json!({
        "id": role.template(),
        "deletedDateTime": null,
        "description": role.title(),
        "displayName": role.title(),
    })
}

fn definition(role: Role) -> Value {
    json!({
        "id": role.template(),
        "description": role.title(),
        "displayName": role.title(),
        "isBuiltIn": true,
        "isEnabled": true,
        "resourceScopes": ["/"],
        "templateId": role.template(),
        "version": "1",
        "rolePermissions": [],
    })
}

async fn list(
    call: Call<'_>,
    set: &str,
    entity: &'static odata::EntityType,
    object: fn(Role) -> Value,
) -> Answer {
    call.app.directory.may_read_roles(&call.arrival.cx, &call.caller).await?;
    let mut rows: Vec<Row> =
        Role::ALL.iter().map(|role| (role.template().to_string(), object(*role))).collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let rows = &rows;
    page_of(&call, set, entity, move |after: Option<String>, limit: u16| async move {
        Ok(slice(rows, after.as_deref(), limit))
    })
    .await
}

async fn get(
    call: Call<'_>,
    set: &str,
    entity: &'static odata::EntityType,
    object: fn(Role) -> Value,
) -> Answer {
    let query = call.query(entity, false)?;
    call.app.directory.may_read_roles(&call.arrival.cx, &call.caller).await?;
    let found = object(role_of(call.value())?);
    let object = wire::select(found, entity, query.select.as_deref());
    Ok(call.entity(StatusCode::OK, set, Some(&query), object))
}

/// Every role is active already; the live service says so in these words.
fn activate(call: &Call<'_>) -> Result<Problem, Problem> {
    let members = body::object(call)?;
    let template = members.get("roleTemplateId").cloned().unwrap_or(Value::Null);
    role_of(&body::required_text(template)?)?;
    Ok(Problem::new(
        StatusCode::BAD_REQUEST,
        "Request_BadRequest",
        "A conflicting object with one or more of the specified property values is present in the directory.",
    ))
}

async fn members(call: Call<'_>) -> Answer {
    let role = role_of(call.value())?;
    let users = call.app.directory.list_role_members(&call.arrival.cx, &call.caller, role).await?;
    let rows: Vec<Row> = users.iter().map(|user| (user.id.to_string(), wire::user(user))).collect();
    let rows = &rows;
    let fetch =
        move |after: Option<String>, limit: u16| async move { Ok(slice(rows, after.as_deref(), limit)) };
    page_with(&call, "directoryObjects", &USER, fetch, |object, query| {
        typed("user", call.render(object, &USER, query))
    })
    .await
}

/// The id of an assignment names role and holder: there is nothing else to it.
fn write_assignment(role: Role, holder: ObjectId) -> String {
    let bytes = [*role.template().as_bytes(), *holder.uuid().as_bytes()].concat();
    format!("{}-1", URL_SAFE_NO_PAD.encode(bytes))
}

fn read_assignment(text: &str) -> Result<(Role, ObjectId), Problem> {
    let bytes = text.strip_suffix("-1").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let read = bytes.as_deref().and_then(|bytes| {
        let (role, holder) = bytes.split_at_checked(16)?;
        let role = Role::from_template(Uuid::from_slice(role).ok()?)?;
        Some((role, ObjectId::from_uuid(Uuid::from_slice(holder).ok()?)))
    });
    read.ok_or_else(|| Error::not_found(text).into())
}

fn assignment(role: Role, holder: ObjectId) -> Value {
    json!({
        "id": write_assignment(role, holder),
        "roleDefinitionId": role.template(),
        "principalId": holder,
        "directoryScopeId": "/",
        "appScopeId": null,
    })
}

async fn list_assignments(call: Call<'_>) -> Answer {
    let held = call.app.directory.list_role_assignments(&call.arrival.cx, &call.caller).await?;
    let mut rows: Vec<Row> = held
        .into_iter()
        .map(|(role, holder)| (write_assignment(role, holder), assignment(role, holder)))
        .collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let rows = &rows;
    page_of(&call, ASSIGNMENTS, &ROLE_ASSIGNMENT, move |after: Option<String>, limit: u16| async move {
        Ok(slice(rows, after.as_deref(), limit))
    })
    .await
}

async fn get_assignment(call: Call<'_>) -> Answer {
    let query = call.query(&ROLE_ASSIGNMENT, false)?;
    let held = call.app.directory.list_role_assignments(&call.arrival.cx, &call.caller).await?;
    let wanted = read_assignment(call.value())?;
    if !held.contains(&wanted) {
        return Err(Error::not_found(call.value()).into());
    }
    let object = wire::select(assignment(wanted.0, wanted.1), &ROLE_ASSIGNMENT, query.select.as_deref());
    Ok(call.entity(StatusCode::OK, ASSIGNMENTS, Some(&query), object))
}

async fn assign(call: Call<'_>) -> Answer {
    let (mut role, mut holder, mut directory_scope) = (None, None, None);
    for (name, value) in body::members(body::object(&call)?) {
        match name.as_str() {
            "roleDefinitionId" => role = body::text(value)?,
            "principalId" => holder = body::text(value)?,
            "directoryScopeId" => directory_scope = body::text(value)?,
            "appScopeId" | "condition" if value.is_null() => {}
            "id" | "appScopeId" | "condition" => return Err(body::read_only(&name)),
            _ => return Err(body::unknown(&name, ROLE_ASSIGNMENT.name)),
        }
    }
    if directory_scope.as_deref() != Some("/") {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_BadRequest",
            "Roles are assigned for the whole organization: send directoryScopeId \"/\".",
        ));
    }
    let role = role_of(&role.unwrap_or_default())?;
    let text = holder.unwrap_or_default();
    let holder: ObjectId = text.parse().map_err(|_| Problem::from(Error::not_found(&text)))?;
    call.app.directory.assign_role(&call.arrival.cx, &call.caller, role, holder).await?;
    let base = call.base();
    let mut body = json!({ "@odata.context": format!("{base}/$metadata#{ASSIGNMENTS}/$entity") });
    if let (Value::Object(body), Value::Object(object)) = (&mut body, assignment(role, holder)) {
        body.extend(object);
    }
    Ok(created(&format!("{base}/{ASSIGNMENTS}/{}", write_assignment(role, holder)), &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_back_from_its_id() {
        let holder = ObjectId::from_uuid(Uuid::from_u128(7));
        for role in Role::ALL {
            assert_eq!(read_assignment(&write_assignment(*role, holder)).ok(), Some((*role, holder)));
        }
        for nonsense in ["", "-1", "x", "AAAA-1", &write_assignment(Role::GlobalReader, holder)[..20]] {
            assert!(read_assignment(nonsense).is_err(), "{nonsense}");
        }
    }
}
