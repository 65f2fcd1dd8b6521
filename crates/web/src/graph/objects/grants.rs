//! `oauth2PermissionGrants` and `appRoleAssignments`

use super::{
    super::{
        body,
        call::{Answer, Call, no_content},
        users::created,
        wire,
    },
    browse::{Row, page_of, slice},
    principals::graph_principal,
    types::{PERMISSION_GRANT, ROLE_GRANT},
};
use crate::errors::Problem;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use model::{Error, ObjectId, TenantId, authz::Permission};
use serde_json::{Value, json};
use service::{AppObject, DelegatedGrant, GrantRow};
use uuid::Uuid;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    ListGrants,
    AddGrant,
    GetGrant,
    UpdateGrant,
    DeleteGrant,
    GrantsOfPrincipal,
    ListRoles,
    AddRole,
    DeleteRole,
    ListAssignedTo,
    AddAssignedTo,
    DeleteAssignedTo,
}

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::ListGrants => list(call, None).await,
        Act::GrantsOfPrincipal => {
            let client = super::id_at(&call, 0)?;
            list(call, Some(client)).await
        }
        Act::AddGrant => add(call).await,
        Act::GetGrant => get(call).await,
        Act::UpdateGrant => {
            let (client, principal) = read(call.value())?;
            let permissions = parse_scope_of(&call)?;
            let grant = DelegatedGrant { client, principal, permissions };
            call.app.directory.set_delegated_grant(&call.arrival.cx, &call.caller, grant, false).await?;
            Ok(no_content())
        }
        Act::DeleteGrant => {
            let (client, principal) = read(call.value())?;
            let grant = DelegatedGrant { client, principal, permissions: Vec::new() };
            call.app.directory.set_delegated_grant(&call.arrival.cx, &call.caller, grant, false).await?;
            Ok(no_content())
        }
        Act::ListRoles => {
            let client = super::id_at(&call, 0)?;
            list_roles(call, Some(client)).await
        }
        // What is assigned to an app of one's own: apps here have no roles that could be.
        Act::ListAssignedTo if super::id_at(&call, 0)? == graph_principal(call.caller.tenant()) => {
            list_roles(call, None).await
        }
        Act::ListAssignedTo => no_roles(call).await,
        Act::AddRole | Act::AddAssignedTo => add_role(call).await,
        Act::DeleteRole | Act::DeleteAssignedTo => {
            let (client, permission) = read_role(call.values.get(1).map_or("", String::as_str))?;
            call.app
                .directory
                .remove_app_role_assignment(&call.arrival.cx, &call.caller, client, permission)
                .await?;
            Ok(no_content())
        }
    }
}

/// The id of a grant names the client and the person: there is one for each pair.
fn write(client: ObjectId, principal: Option<ObjectId>) -> String {
    let person = principal.map_or(Uuid::nil(), ObjectId::uuid);
    URL_SAFE_NO_PAD.encode([*client.uuid().as_bytes(), *person.as_bytes()].concat())
}

fn pair(text: &str) -> Option<(Uuid, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (first, second) = bytes.split_at_checked(16)?;
    Some((Uuid::from_slice(first).ok()?, Uuid::from_slice(second).ok()?))
}

fn read(text: &str) -> Result<(ObjectId, Option<ObjectId>), Problem> {
    let (client, person) = pair(text).ok_or_else(|| Problem::from(Error::not_found(text)))?;
    Ok((ObjectId::from_uuid(client), (!person.is_nil()).then(|| ObjectId::from_uuid(person))))
}

fn read_role(text: &str) -> Result<(ObjectId, Permission), Problem> {
    pair(text)
        .and_then(|(client, role)| {
            Some((ObjectId::from_uuid(client), Permission::from_application_id(role)?))
        })
        .ok_or_else(|| Error::not_found(text).into())
}

fn object(tenant: TenantId, grant: &DelegatedGrant) -> Value {
    let values: Vec<&str> = grant.permissions.iter().map(|permission| permission.value()).collect();
    json!({
        "id": write(grant.client, grant.principal),
        "clientId": grant.client,
        "consentType": if grant.principal.is_some() { "Principal" } else { "AllPrincipals" },
        "principalId": grant.principal,
        "resourceId": graph_principal(tenant),
        "scope": values.join(" "),
    })
}

async fn list(call: Call<'_>, client: Option<ObjectId>) -> Answer {
    let grants = call.app.directory.list_delegated_grants(&call.arrival.cx, &call.caller).await?;
    let tenant = call.caller.tenant();
    let mut rows: Vec<Row> = grants
        .iter()
        .filter(|grant| client.is_none_or(|client| client == grant.client))
        .map(|grant| (write(grant.client, grant.principal), object(tenant, grant)))
        .collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let rows = &rows;
    page_of(
        &call,
        "oauth2PermissionGrants",
        &PERMISSION_GRANT,
        move |after: Option<String>, limit: u16| async move { Ok(slice(rows, after.as_deref(), limit)) },
    )
    .await
}

async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&PERMISSION_GRANT, false)?;
    let grants = call.app.directory.list_delegated_grants(&call.arrival.cx, &call.caller).await?;
    let (client, principal) = read(call.value())?;
    let found = grants
        .iter()
        .find(|grant| grant.client == client && grant.principal == principal)
        .ok_or_else(|| Problem::from(Error::not_found(call.value())))?;
    let whole = object(call.caller.tenant(), found);
    let answer = wire::select(whole, &PERMISSION_GRANT, query.select.as_deref());
    Ok(call.entity(StatusCode::OK, "oauth2PermissionGrants", Some(&query), answer))
}

fn refused(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
}

/// Only permissions that exist here can be granted: to accept others would promise what no request gets. The ones about signing in
/// itself need no grant.
fn permissions(scope: &str) -> Result<Vec<Permission>, Problem> {
    const SIGN_IN: [&str; 4] = ["openid", "profile", "email", "offline_access"];
    let mut found = Vec::new();
    for word in scope.split_whitespace().filter(|word| !SIGN_IN.contains(word)) {
        let permission = Permission::parse(word).ok_or_else(|| {
            refused(format!("The scope '{word}' does not exist on the resource 'Microsoft Graph'."))
        })?;
        if !found.contains(&permission) {
            found.push(permission);
        }
    }
    Ok(found)
}

fn parse_scope_of(call: &Call<'_>) -> Result<Vec<Permission>, Problem> {
    let mut scope = None;
    for (name, value) in body::changes(body::object(call)?)? {
        match name.as_str() {
            "scope" => scope = Some(body::text(value)?.unwrap_or_default()),
            "startTime" | "expiryTime" => {}
            known if PERMISSION_GRANT.property(known).is_some() => return Err(body::read_only(known)),
            _ => return Err(body::unknown(&name, PERMISSION_GRANT.name)),
        }
    }
    permissions(&scope.unwrap_or_default())
}

fn id(value: Value) -> Result<Option<ObjectId>, Problem> {
    match body::text(value)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| Error::not_found(&text).into()),
    }
}

async fn add(call: Call<'_>) -> Answer {
    let (mut client, mut consent, mut principal, mut resource, mut scope) =
        (None, String::new(), None, None, String::new());
    for (name, value) in body::members(body::object(&call)?) {
        match name.as_str() {
            "clientId" => client = id(value)?,
            "consentType" => consent = body::required_text(value)?,
            "principalId" => principal = id(value)?,
            "resourceId" => resource = id(value)?,
            "scope" => scope = body::text(value)?.unwrap_or_default(),
            // Beta wants them, and they mean nothing (Microsoft's page).
            "startTime" | "expiryTime" => {}
            _ => return Err(body::unknown(&name, PERMISSION_GRANT.name)),
        }
    }
    let client = client.ok_or_else(|| {
        refused("A value is required for property 'clientId' of resource 'OAuth2PermissionGrant'.")
    })?;
    let resource = resource.ok_or_else(|| {
        refused("A value is required for property 'resourceId' of resource 'OAuth2PermissionGrant'.")
    })?;
    if resource != graph_principal(call.caller.tenant()) {
        return Err(Error::not_found(resource).into());
    }
    let principal = match (consent.as_str(), principal) {
        ("AllPrincipals", None) => None,
        ("Principal", Some(person)) => Some(person),
        _ => {
            return Err(refused(
                "consentType must be AllPrincipals without a principalId, or Principal with one.",
            ));
        }
    };
    let grant = DelegatedGrant { client, principal, permissions: permissions(&scope)? };
    if grant.permissions.is_empty() {
        return Err(refused("A value is required for property 'scope' of resource 'OAuth2PermissionGrant'."));
    }
    let grant = call.app.directory.set_delegated_grant(&call.arrival.cx, &call.caller, grant, true).await?;
    let base = call.base();
    let whole = object(call.caller.tenant(), &grant);
    let mut answer = json!({ "@odata.context": format!("{base}/$metadata#oauth2PermissionGrants/$entity") });
    if let (Value::Object(answer), Value::Object(whole)) = (&mut answer, whole) {
        answer.extend(whole);
    }
    let location = format!("{base}/oauth2PermissionGrants/{}", write(grant.client, grant.principal));
    Ok(created(&location, &answer))
}

fn role_object(tenant: TenantId, app: &AppObject, row: GrantRow) -> Value {
    let role = row.permission.application_id().unwrap_or_default();
    let bytes = [*app.app.object.uuid().as_bytes(), *role.as_bytes()].concat();
    json!({
        "id": URL_SAFE_NO_PAD.encode(bytes),
        "deletedDateTime": null,
        "appRoleId": role,
        "createdDateTime": row.created.to_graph_audit(),
        "principalDisplayName": app.app.name,
        "principalId": app.app.object,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": "Microsoft Graph",
        "resourceId": graph_principal(tenant),
    })
}

async fn list_roles(call: Call<'_>, client: Option<ObjectId>) -> Answer {
    let granted =
        call.app.directory.list_app_role_assignments(&call.arrival.cx, &call.caller, client).await?;
    role_page(&call, &granted).await
}

async fn no_roles(call: Call<'_>) -> Answer {
    let client = super::id_at(&call, 0)?;
    call.app.directory.list_app_role_assignments(&call.arrival.cx, &call.caller, Some(client)).await?;
    role_page(&call, &[]).await
}

async fn role_page(call: &Call<'_>, granted: &[(AppObject, GrantRow)]) -> Answer {
    let tenant = call.caller.tenant();
    let mut rows: Vec<Row> = granted
        .iter()
        .map(|(app, row)| {
            let object = role_object(tenant, app, *row);
            (object["id"].as_str().unwrap_or_default().to_owned(), object)
        })
        .collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let rows = &rows;
    let set = format!("servicePrincipals('{}')/appRoleAssignments", call.value());
    page_of(call, &set, &ROLE_GRANT, move |after: Option<String>, limit: u16| async move {
        Ok(slice(rows, after.as_deref(), limit))
    })
    .await
}

async fn add_role(call: Call<'_>) -> Answer {
    let (mut principal, mut resource, mut role) = (None, None, None);
    for (name, value) in body::members(body::object(&call)?) {
        match name.as_str() {
            "principalId" => principal = id(value)?,
            "resourceId" => resource = id(value)?,
            "appRoleId" => role = id(value)?,
            known if ROLE_GRANT.property(known).is_some() => return Err(body::read_only(known)),
            _ => return Err(body::unknown(&name, ROLE_GRANT.name)),
        }
    }
    let tenant = call.caller.tenant();
    let client = principal.ok_or_else(|| {
        refused("A value is required for property 'principalId' of resource 'AppRoleAssignment'.")
    })?;
    if resource != Some(graph_principal(tenant)) {
        return Err(refused(
            "Permission being assigned was not found on application: resourceId must be the service principal of Microsoft Graph.",
        ));
    }
    let permission = role
        .and_then(|role| Permission::from_application_id(role.uuid()))
        .ok_or_else(|| refused("Permission being assigned was not found on application"))?;
    let (app, row) = call
        .app
        .directory
        .add_app_role_assignment(&call.arrival.cx, &call.caller, client, permission)
        .await?;
    let base = call.base();
    let whole = role_object(tenant, &app, row);
    let location = format!(
        "{base}/servicePrincipals/{client}/appRoleAssignments/{}",
        whole["id"].as_str().unwrap_or_default()
    );
    let context =
        format!("{base}/$metadata#servicePrincipals('{}')/appRoleAssignments/$entity", call.value());
    let mut answer = json!({ "@odata.context": context });
    if let (Value::Object(answer), Value::Object(whole)) = (&mut answer, whole) {
        answer.extend(whole);
    }
    Ok(created(&location, &answer))
}
