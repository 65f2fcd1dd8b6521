//! `servicePrincipals`, with the one of Microsoft Graph

use super::{
    super::{
        Version, body,
        call::{Answer, Call, no_content, tagged},
        users::created,
        wire,
    },
    applications::{add_password, credentials, remove_password},
    browse::{Row, count_of, page_of},
    types::SERVICE_PRINCIPAL,
};
use crate::errors::Problem;
use http::StatusCode;
use model::{AppId, Error, ObjectId, TenantId, authz::Permission};
use serde_json::{Map, Value, json};
use service::{AppDetail, AppKey, AppPatch};
use uuid::{Uuid, uuid};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    List,
    Count,
    Create,
    Get,
    Update,
    Delete,
    AddPassword,
    RemovePassword,
}

/// The client id of Microsoft Graph.
pub(super) const GRAPH: AppId = AppId::from_uuid(uuid!("00000003-0000-0000-c000-000000000000"));
/// The tenant that owns it (live service).
const MICROSOFT: Uuid = uuid!("f8cdef31-a31e-4b4a-93e4-5f571e91255a");
/// What the object id of Graph in a tenant differs by from the id of the tenant: it is the same on every day, and nobody else's.
const MASK: Uuid = uuid!("4d475048-2d53-0500-2d69-6e6e6b656570");

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::List => list(call, false).await,
        Act::Count => list(call, true).await,
        Act::Create => create(call).await,
        Act::Get => get(call).await,
        Act::Update => update(call).await,
        Act::Delete => {
            let id = own(&call)?;
            call.app.directory.delete_principal(&call.arrival.cx, &call.caller, id).await?;
            Ok(no_content())
        }
        Act::AddPassword => {
            let key = AppKey::Principal(own(&call)?);
            add_password(call, key).await
        }
        Act::RemovePassword => {
            let key = AppKey::Principal(own(&call)?);
            remove_password(call, key).await
        }
    }
}

/// The service principal of Graph in a tenant.
pub(in crate::graph) fn graph_principal(tenant: TenantId) -> ObjectId {
    let mixed = Uuid::from_u128(tenant.uuid().as_u128() ^ MASK.as_u128());
    ObjectId::from_uuid(uuid::Builder::from_random_bytes(*mixed.as_bytes()).into_uuid())
}

/// What is asked for.
enum Wanted {
    Graph,
    App(AppKey),
}

fn wanted(call: &Call<'_>) -> Result<Wanted, Problem> {
    let text = call.value();
    let found = match text.strip_prefix("appId=") {
        Some(id) => id.parse().ok().map(AppKey::Client),
        None => text.parse().ok().map(AppKey::Principal),
    };
    match found {
        Some(AppKey::Client(GRAPH)) => Ok(Wanted::Graph),
        Some(AppKey::Principal(id)) if id == graph_principal(call.caller.tenant()) => Ok(Wanted::Graph),
        Some(key) => Ok(Wanted::App(key)),
        None => Err(Error::not_found(text).into()),
    }
}

/// The id of a service principal that can be written: not that of Graph.
fn own(call: &Call<'_>) -> Result<ObjectId, Problem> {
    match wanted(call)? {
        Wanted::App(AppKey::Principal(id)) => Ok(id),
        Wanted::App(_) => Err(Error::not_found(call.value()).into()),
        Wanted::Graph => Err(Error::forbidden().into()),
    }
}

/// What is kept as it comes, and what it is where nobody said anything.
fn defaults() -> [(&'static str, Value); 12] {
    [
        ("alternativeNames", json!([])),
        ("appRoleAssignmentRequired", json!(false)),
        ("description", Value::Null),
        ("homepage", Value::Null),
        ("loginUrl", Value::Null),
        ("logoutUrl", Value::Null),
        ("notes", Value::Null),
        ("notificationEmailAddresses", json!([])),
        ("preferredSingleSignOnMode", Value::Null),
        ("tags", json!([])),
        ("addIns", json!([])),
        ("resourceSpecificApplicationPermissions", json!([])),
    ]
}

fn base_object(
    version: Version,
    (id, app, name): (ObjectId, AppId, &str),
    (enabled, owner): (bool, Value),
    (roles, scopes): (Value, Value),
) -> Value {
    let scopes_name =
        if version == Version::Beta { "publishedPermissionScopes" } else { "oauth2PermissionScopes" };
    json!({
        "id": id,
        "deletedDateTime": null,
        "accountEnabled": enabled,
        "appDescription": null,
        "appDisplayName": name,
        "appId": app,
        "applicationTemplateId": null,
        "appOwnerOrganizationId": owner,
        "disabledByMicrosoftStatus": null,
        "displayName": name,
        "preferredTokenSigningKeyThumbprint": null,
        "replyUrls": [],
        "servicePrincipalNames": [app],
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
        "tokenEncryptionKeyId": null,
        "appRoles": roles,
        "info": {
            "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null, "supportUrl": null,
            "termsOfServiceUrl": null,
        },
        "keyCredentials": [],
        scopes_name: scopes,
        "passwordCredentials": [],
        "verifiedPublisher": { "displayName": null, "verifiedPublisherId": null, "addedDateTime": null },
    })
}

fn with_kept(mut object: Value, kept: Option<&Value>) -> Value {
    for (name, default) in defaults() {
        object[name] = kept.and_then(|kept| kept.get(name)).cloned().unwrap_or(default);
    }
    object
}

/// The permissions of Graph that this directory knows, with the published ids.
pub(in crate::graph) fn graph(tenant: TenantId, version: Version) -> Value {
    let roles: Vec<Value> = Permission::ALL
        .iter()
        .filter_map(|permission| {
            permission.application_id().map(|id| {
                json!({
                    "allowedMemberTypes": ["Application"],
                    "description": permission.description(true),
                    "displayName": permission.meaning(),
                    "id": id,
                    "isEnabled": true,
                    "origin": "Application",
                    "value": permission.value(),
                })
            })
        })
        .collect();
    let scopes: Vec<Value> = Permission::ALL
        .iter()
        .map(|permission| {
            json!({
                "adminConsentDescription": permission.description(false),
                "adminConsentDisplayName": permission.meaning(),
                "id": permission.delegated_id(),
                "isEnabled": true,
                "type": if *permission == Permission::UserRead { "User" } else { "Admin" },
                "userConsentDescription": permission.description(false),
                "userConsentDisplayName": permission.meaning(),
                "value": permission.value(),
            })
        })
        .collect();
    let mut object = base_object(
        version,
        (graph_principal(tenant), GRAPH, "Microsoft Graph"),
        (true, json!(MICROSOFT)),
        (Value::Array(roles), Value::Array(scopes)),
    );
    object["servicePrincipalNames"] = json!([GRAPH, "https://graph.microsoft.com"]);
    object["signInAudience"] = json!("AzureADMultipleOrgs");
    with_kept(object, None)
}

pub(in crate::graph) fn object(tenant: TenantId, version: Version, detail: &AppDetail) -> Value {
    let (app, body) = (&detail.object.app, &detail.object.body);
    let roles = body.get("appRoles").cloned().unwrap_or_else(|| json!([]));
    let scopes = body.get("api").map(|api| api["oauth2PermissionScopes"].clone()).filter(Value::is_array);
    let mut object = base_object(
        version,
        (app.object, app.id, &app.name),
        (app.enabled, json!(tenant)),
        (roles, scopes.unwrap_or_else(|| json!([]))),
    );
    let (keys, passwords) = credentials(detail);
    object["keyCredentials"] = keys;
    object["passwordCredentials"] = passwords;
    object["replyUrls"] = json!(app.redirect_uris);
    with_kept(object, body.get(KEPT))
}

/// Where an app keeps what belongs to its service principal alone.
const KEPT: &str = "servicePrincipal";

async fn list(call: Call<'_>, counted: bool) -> Answer {
    let (directory, cx, caller) = (&call.app.directory, &call.arrival.cx, &call.caller);
    let (tenant, version) = (call.caller.tenant(), call.version);
    let fetch = move |after: Option<String>, limit: u16| async move {
        let apps = directory.list_apps(cx, caller, after.as_deref(), limit).await?;
        let full = apps.len() == usize::from(limit);
        let mut rows: Vec<Row> = apps
            .iter()
            .filter(|app| app.object.has_principal)
            .map(|app| (app.object.app.id.to_string(), object(tenant, version, app)))
            .collect();
        // Graph stands where its client id puts it, among the apps and not before or behind them.
        let own = GRAPH.to_string();
        let (begins, ends) = (after.as_deref().is_none_or(|after| after < own.as_str()), rows.last());
        if begins && (!full || ends.is_some_and(|(last, _)| *last > own)) {
            let place = rows.iter().position(|(id, _)| *id > own).unwrap_or(rows.len());
            rows.insert(place, (own, graph(tenant, version)));
        }
        Ok(rows)
    };
    if counted {
        return count_of(&call, &SERVICE_PRINCIPAL, fetch).await;
    }
    page_of(&call, "servicePrincipals", &SERVICE_PRINCIPAL, fetch).await
}

async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&SERVICE_PRINCIPAL, false)?;
    let (tenant, version) = (call.caller.tenant(), call.version);
    let (whole, tag) = match wanted(&call)? {
        Wanted::Graph => {
            call.app.directory.may_read_apps(&call.arrival.cx, &call.caller).await?;
            (graph(tenant, version), None)
        }
        Wanted::App(key) => {
            let detail = call.app.directory.get_app(&call.arrival.cx, &call.caller, key).await?;
            if !detail.object.has_principal {
                return Err(Error::not_found(call.value()).into());
            }
            (object(tenant, version, &detail), Some(detail.object.version))
        }
    };
    let found = wire::select(whole, &SERVICE_PRINCIPAL, query.select.as_deref());
    let response = call.entity(StatusCode::OK, "servicePrincipals", Some(&query), found);
    Ok(match tag {
        Some(version) => tagged(response, version),
        None => response,
    })
}

fn parse(members: Vec<(String, Value)>, current: Option<&Value>) -> Result<AppPatch, Problem> {
    let mut patch = AppPatch::default();
    let mut kept = current.and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in members {
        match name.as_str() {
            "accountEnabled" => patch.enabled = Some(body::boolean(&value)?),
            other => match defaults().iter().find(|(known, _)| *known == other) {
                Some((_, default)) => {
                    let holds = match default {
                        Value::Array(_) => value.is_array(),
                        Value::Bool(_) => value.is_boolean(),
                        _ => value.is_string() || value.is_null(),
                    };
                    if !holds {
                        return Err(body::mistyped(match default {
                            Value::Array(_) => "Collection(Edm.String)",
                            Value::Bool(_) => "Edm.Boolean",
                            _ => "Edm.String",
                        }));
                    }
                    kept.insert(name, value);
                }
                None if SERVICE_PRINCIPAL.property(other).is_some_and(|known| known.name == other) => {
                    return Err(body::read_only(other));
                }
                None => return Err(body::unknown(other, SERVICE_PRINCIPAL.name)),
            },
        }
    }
    patch.body.insert(KEPT.to_owned(), Value::Object(kept));
    Ok(patch)
}

async fn update(call: Call<'_>) -> Answer {
    let key = AppKey::Principal(own(&call)?);
    let current = call.app.directory.get_app(&call.arrival.cx, &call.caller, key).await?;
    let patch = parse(body::changes(body::object(&call)?)?, current.object.body.get(KEPT))?;
    call.app.directory.update_app(&call.arrival.cx, &call.caller, key, patch).await?;
    Ok(no_content())
}

async fn create(call: Call<'_>) -> Answer {
    let mut members: Map<String, Value> = body::members(body::object(&call)?).collect();
    let id = members.shift_remove("appId").map(body::required_text).transpose()?.unwrap_or_default();
    let app: AppId = id.parse().map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_BadRequest",
            "A value is required for property 'appId' of resource 'ServicePrincipal'.",
        )
    })?;
    // The name is that of the app.
    members.shift_remove("displayName");
    let patch = parse(members.into_iter().collect(), None)?;
    if app == GRAPH {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "Request_MultipleObjectsWithSameKeyValue",
            format!(
                "The service principal cannot be created because the service principal name {app} is already in use."
            ),
        ));
    }
    let (directory, cx, caller) = (&call.app.directory, &call.arrival.cx, &call.caller);
    let detail = directory.create_principal(cx, caller, app).await?;
    let key = AppKey::Principal(detail.object.app.object);
    if patch.enabled.is_some() || patch.body.get(KEPT).is_some_and(|kept| *kept != json!({})) {
        directory.update_app(cx, caller, key, patch).await?;
    }
    let detail = directory.get_app(cx, caller, key).await.unwrap_or(detail);
    let base = call.base();
    let mut answer = json!({ "@odata.context": format!("{base}/$metadata#servicePrincipals/$entity") });
    let whole = object(call.caller.tenant(), call.version, &detail);
    if let (Value::Object(answer), Value::Object(whole)) = (&mut answer, whole) {
        answer.extend(whole);
    }
    Ok(created(&format!("{base}/servicePrincipals/{}", detail.object.app.object), &answer))
}
