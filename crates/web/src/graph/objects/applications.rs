//! `applications`

use super::{
    super::{
        body,
        call::{Answer, Call, no_content, success, tagged},
        users::created,
        wire,
    },
    browse::{count_of, page_of},
    moment,
    types::APPLICATION,
};
use crate::errors::Problem;
use http::StatusCode;
use model::Error;
use serde_json::{Map, Value, json};
use service::{AppDetail, AppKey, AppPatch, AppSecret, NewCertificate};
use uuid::Uuid;

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

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::List => list(call, false).await,
        Act::Count => list(call, true).await,
        Act::Create => create(call).await,
        Act::Get => get(call).await,
        Act::Update => {
            let key = key_of(&call)?;
            let current = call.app.directory.get_app(&call.arrival.cx, &call.caller, key).await?;
            let patch = parse(body::changes(body::object(&call)?)?, &current.object.body)?;
            call.app.directory.update_app(&call.arrival.cx, &call.caller, key, patch).await?;
            Ok(no_content())
        }
        Act::Delete => {
            let key = key_of(&call)?;
            call.app.directory.delete_app(&call.arrival.cx, &call.caller, key).await?;
            Ok(no_content())
        }
        Act::AddPassword => {
            let key = key_of(&call)?;
            add_password(call, key).await
        }
        Act::RemovePassword => {
            let key = key_of(&call)?;
            remove_password(call, key).await
        }
    }
}

/// An application by its id, or by client id: `applications(appId='…')`.
fn key_of(call: &Call<'_>) -> Result<AppKey, Problem> {
    let text = call.value();
    let found = match text.strip_prefix("appId=") {
        Some(id) => id.parse().ok().map(AppKey::Client),
        None => text.parse().ok().map(AppKey::Application),
    };
    found.ok_or_else(|| Error::not_found(text).into())
}

/// What is kept as it comes, and what it is where nobody said anything.
fn defaults() -> [(&'static str, Value); 21] {
    [
        ("addIns", json!([])),
        (
            "api",
            json!({
                "acceptMappedClaims": null, "knownClientApplications": [], "requestedAccessTokenVersion": null,
                "oauth2PermissionScopes": [], "preAuthorizedApplications": [],
            }),
        ),
        ("appRoles", json!([])),
        ("defaultRedirectUri", Value::Null),
        ("description", Value::Null),
        ("groupMembershipClaims", Value::Null),
        ("identifierUris", json!([])),
        (
            "info",
            json!({
                "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null, "supportUrl": null,
                "termsOfServiceUrl": null,
            }),
        ),
        ("isDeviceOnlyAuthSupported", Value::Null),
        ("isFallbackPublicClient", Value::Null),
        ("notes", Value::Null),
        ("optionalClaims", Value::Null),
        ("parentalControlSettings", json!({ "countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow" })),
        ("publicClient", json!({ "redirectUris": [] })),
        ("requiredResourceAccess", json!([])),
        ("serviceManagementReference", Value::Null),
        ("signInAudience", json!("AzureADMyOrg")),
        ("spa", json!({ "redirectUris": [] })),
        ("tags", json!([])),
        ("uniqueName", Value::Null),
        (
            "web",
            json!({
                "homePageUrl": null, "logoutUrl": null, "redirectUris": [], "redirectUriSettings": [],
                "implicitGrantSettings": { "enableAccessTokenIssuance": false, "enableIdTokenIssuance": false },
            }),
        ),
    ]
}

pub(super) fn password(secret: &AppSecret, text: Option<&str>) -> Value {
    json!({
        "customKeyIdentifier": null,
        "displayName": secret.name,
        "endDateTime": secret.expires.to_graph(),
        "hint": secret.hint,
        "keyId": secret.id,
        "secretText": text,
        "startDateTime": secret.created.to_graph(),
    })
}

/// `x5t` in standard Base64, as Graph answers it.
fn thumbprint(x5t: &str) -> String {
    let padding = "=".repeat((4 - x5t.len() % 4) % 4);
    format!("{}{padding}", x5t.replace('-', "+").replace('_', "/"))
}

/// Credentials without what is secret about them.
pub(super) fn credentials(detail: &AppDetail) -> (Value, Value) {
    let keys: Vec<Value> = detail
        .certificates
        .iter()
        .map(|one| {
            json!({
                "customKeyIdentifier": thumbprint(&one.thumbprint),
                "displayName": one.name,
                "endDateTime": one.expires.to_graph(),
                "key": null,
                "keyId": one.id,
                "startDateTime": one.created.to_graph(),
                "type": "AsymmetricX509Cert",
                "usage": "Verify",
            })
        })
        .collect();
    let passwords: Vec<Value> = detail.secrets.iter().map(|one| password(one, None)).collect();
    (Value::Array(keys), Value::Array(passwords))
}

/// Apps of the command line have their addresses, and no form in which they came.
fn with_addresses(mut object: Value, detail: &AppDetail) -> Value {
    let kept = &detail.object.body;
    let said = ["web", "spa", "publicClient"].iter().any(|name| kept.contains_key(*name));
    if !said {
        let place = if detail.object.app.public { "publicClient" } else { "web" };
        object[place]["redirectUris"] = json!(detail.object.app.redirect_uris);
        if detail.object.app.public {
            object["isFallbackPublicClient"] = json!(true);
        }
    }
    object
}

pub(in crate::graph) fn object(detail: &AppDetail) -> Value {
    let app = &detail.object.app;
    let (keys, passwords) = credentials(detail);
    let mut object = json!({
        "id": detail.object.application,
        "deletedDateTime": null,
        "appId": app.id,
        "applicationTemplateId": null,
        "disabledByMicrosoftStatus": null,
        "createdDateTime": app.created.to_graph(),
        "displayName": app.name,
        "publisherDomain": null,
        "tokenEncryptionKeyId": null,
        "verifiedPublisher": { "displayName": null, "verifiedPublisherId": null, "addedDateTime": null },
        "keyCredentials": keys,
        "passwordCredentials": passwords,
    });
    for (name, value) in defaults() {
        object[name] = match (value, detail.object.body.get(name)) {
            (Value::Object(mut whole), Some(Value::Object(kept))) => {
                whole.extend(kept.clone());
                Value::Object(whole)
            }
            (_, Some(kept)) => kept.clone(),
            (default, None) => default,
        };
    }
    with_addresses(object, detail)
}

async fn list(call: Call<'_>, counted: bool) -> Answer {
    let (directory, cx, caller) = (&call.app.directory, &call.arrival.cx, &call.caller);
    let fetch = move |after: Option<String>, limit: u16| async move {
        let apps = directory.list_apps(cx, caller, after.as_deref(), limit).await?;
        Ok(apps.iter().map(|app| (app.object.app.id.to_string(), object(app))).collect())
    };
    if counted {
        return count_of(&call, &APPLICATION, fetch).await;
    }
    page_of(&call, "applications", &APPLICATION, fetch).await
}

async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&APPLICATION, false)?;
    let detail = call.app.directory.get_app(&call.arrival.cx, &call.caller, key_of(&call)?).await?;
    let found = wire::select(object(&detail), &APPLICATION, query.select.as_deref());
    Ok(tagged(call.entity(StatusCode::OK, "applications", Some(&query), found), detail.object.version))
}

async fn create(call: Call<'_>) -> Answer {
    let patch = parse(body::members(body::object(&call)?).collect(), &Map::new())?;
    if patch.name.is_none() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_BadRequest",
            "A value is required for property 'displayName' of resource 'Application'.",
        ));
    }
    let detail = call.app.directory.create_app(&call.arrival.cx, &call.caller, patch, (None, false)).await?;
    // What was stored, with the certificates among it.
    let key = AppKey::Application(detail.object.application);
    let detail = call.app.directory.get_app(&call.arrival.cx, &call.caller, key).await.unwrap_or(detail);
    let base = call.base();
    let mut answer = json!({ "@odata.context": format!("{base}/$metadata#applications/$entity") });
    if let (Value::Object(answer), Value::Object(object)) = (&mut answer, object(&detail)) {
        answer.extend(object);
    }
    Ok(created(&format!("{base}/applications/{}", detail.object.application), &answer))
}

fn shape(name: &str, value: &Value, default: &Value) -> Result<(), Problem> {
    let edm = match default {
        Value::Array(_) => "Collection",
        Value::Object(_) => "microsoft.graph",
        Value::Bool(_) => "Edm.Boolean",
        _ => "Edm.String",
    };
    let is_flag = ["isFallbackPublicClient", "isDeviceOnlyAuthSupported"].contains(&name);
    let is_object = default.is_object() || name == "optionalClaims";
    let holds = value.is_null()
        || match value {
            Value::Array(_) => default.is_array(),
            Value::Object(_) => is_object,
            Value::Bool(_) => is_flag,
            Value::String(_) => !is_flag && !is_object && !default.is_array(),
            _ => false,
        };
    if holds { Ok(()) } else { Err(body::mistyped(edm)) }
}

fn parse(members: Vec<(String, Value)>, current: &Map<String, Value>) -> Result<AppPatch, Problem> {
    let mut patch = AppPatch::default();
    let defaults = defaults();
    for (name, value) in members {
        match name.as_str() {
            "displayName" => patch.name = Some(body::required_text(value)?),
            "keyCredentials" => patch.certificates = Some(certificates(value)?),
            // Secrets are made by the service: to add one, there is an action.
            "passwordCredentials" if value.as_array().is_some_and(Vec::is_empty) => {}
            "passwordCredentials" => {
                return Err(Problem::bad_request(
                    "Secrets cannot be written: add them with the action addPassword, remove them with removePassword.",
                ));
            }
            other => match defaults.iter().find(|(known, _)| *known == other) {
                Some((_, default)) => {
                    shape(&name, &value, default)?;
                    patch.body.insert(name, value);
                }
                None if APPLICATION.property(other).is_some_and(|known| known.name == other) => {
                    return Err(body::read_only(other));
                }
                None => return Err(body::unknown(other, APPLICATION.name)),
            },
        }
    }
    addresses(&mut patch, current);
    Ok(patch)
}

/// Where an app's addresses stand, by where it runs.
const PLATFORMS: [&str; 3] = ["web", "spa", "publicClient"];

fn redirect_uris(platform: &Value) -> Vec<String> {
    let list = platform["redirectUris"].as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|uri| uri.as_str().map(str::to_owned)).collect()
}

/// The addresses of an app on a server, in a browser, on a device.
pub(crate) fn addresses_of(detail: &AppDetail) -> [Vec<String>; 3] {
    let object = object(detail);
    PLATFORMS.map(|name| redirect_uris(&object[name]))
}

/// A patch that sets these addresses, and whether the app can keep no secret; the rest of each platform stays.
pub(crate) fn with_addresses_at(
    mut patch: AppPatch,
    current: &Map<String, Value>,
    (addresses_at, public): ([Vec<String>; 3], bool),
) -> AppPatch {
    for (name, uris) in PLATFORMS.into_iter().zip(addresses_at) {
        let mut platform = current.get(name).cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
        platform["redirectUris"] = json!(uris);
        patch.body.insert(name.to_owned(), platform);
    }
    patch.body.insert("isFallbackPublicClient".to_owned(), json!(public));
    addresses(&mut patch, current);
    patch
}

/// Where codes may be sent is what all three platforms name together; without a web address, the app cannot keep a secret.
fn addresses(patch: &mut AppPatch, current: &Map<String, Value>) {
    let touched =
        PLATFORMS.iter().chain(&["isFallbackPublicClient"]).any(|name| patch.body.contains_key(*name));
    if !touched {
        return;
    }
    let said =
        |name: &str| patch.body.get(name).or_else(|| current.get(name)).cloned().unwrap_or(Value::Null);
    let of = |name: &str| redirect_uris(&said(name));
    let web = of("web");
    let others = [of("spa"), of("publicClient")].concat();
    let fallback = said("isFallbackPublicClient").as_bool();
    patch.public = Some(fallback.unwrap_or(web.is_empty() && !others.is_empty()));
    patch.redirect_uris = Some([web, others].concat());
}

fn certificates(value: Value) -> Result<Vec<NewCertificate>, Problem> {
    let Value::Array(items) = value else {
        return Err(body::mistyped("Collection(microsoft.graph.keyCredential)"));
    };
    items.into_iter().map(certificate).collect()
}

fn certificate(value: Value) -> Result<NewCertificate, Problem> {
    let Value::Object(members) = value else { return Err(body::mistyped("microsoft.graph.keyCredential")) };
    let mut new = NewCertificate { id: None, text: None, name: None, starts: None, ends: None };
    for (name, value) in body::members(members) {
        match name.as_str() {
            "key" => new.text = body::text(value)?,
            "displayName" => new.name = body::text(value)?,
            "keyId" => {
                let id = body::text(value)?;
                let read = id.map(|id| id.parse::<Uuid>()).transpose();
                new.id = read.map_err(|_| body::mistyped("Edm.Guid"))?;
            }
            "startDateTime" => new.starts = moment(value)?,
            "endDateTime" => new.ends = moment(value)?,
            "type" if value != json!("AsymmetricX509Cert") => {
                return Err(Error::invalid_value("keyCredentials", "Application").into());
            }
            "usage" if value != json!("Verify") => {
                return Err(Error::invalid_value("keyCredentials", "Application").into());
            }
            "type" | "usage" | "customKeyIdentifier" => {}
            _ => return Err(body::unknown(&name, "microsoft.graph.keyCredential")),
        }
    }
    Ok(new)
}

/// `addPassword`: `{"passwordCredential": {"displayName", "endDateTime"}}`.
pub(super) async fn add_password(call: Call<'_>, key: AppKey) -> Answer {
    let (mut name, mut ends) = (None, None);
    for (member, value) in body::members(body::optional_object(&call)?) {
        match (member.as_str(), value) {
            ("passwordCredential", Value::Null) => {}
            ("passwordCredential", Value::Object(members)) => {
                for (member, value) in body::members(members) {
                    match member.as_str() {
                        "displayName" => name = body::text(value)?,
                        "endDateTime" => ends = moment(value)?,
                        // A secret begins when it is made.
                        "startDateTime" => drop(moment(value)?),
                        "customKeyIdentifier" | "hint" | "keyId" | "secretText" if value.is_null() => {}
                        "customKeyIdentifier" | "hint" | "keyId" | "secretText" => {
                            return Err(body::read_only(&member));
                        }
                        _ => return Err(body::unknown(&member, "microsoft.graph.passwordCredential")),
                    }
                }
            }
            ("passwordCredential", _) => return Err(body::mistyped("microsoft.graph.passwordCredential")),
            _ => {
                return Err(Problem::bad_request(format!(
                    "The parameter '{member}' is not known for the action 'addPassword'."
                )));
            }
        }
    }
    let (added, secret) =
        call.app.directory.add_password(&call.arrival.cx, &call.caller, key, (name, ends)).await?;
    let context = format!("{}/$metadata#microsoft.graph.passwordCredential", call.base());
    let mut answer = json!({ "@odata.context": context });
    if let (Value::Object(answer), Value::Object(object)) =
        (&mut answer, password(&added, Some(secret.expose())))
    {
        answer.extend(object);
    }
    Ok(success(StatusCode::OK, &answer))
}

/// `removePassword`: `{"keyId"}`.
pub(super) async fn remove_password(call: Call<'_>, key: AppKey) -> Answer {
    let members = body::object(&call)?;
    let id = members.get("keyId").cloned().unwrap_or(Value::Null);
    let id: Uuid = body::required_text(id)?.parse().map_err(|_| body::mistyped("Edm.Guid"))?;
    call.app.directory.remove_password(&call.arrival.cx, &call.caller, key, id).await?;
    Ok(no_content())
}
