//! `policies/crossTenantAccessPolicy`

use super::{
    super::{
        body,
        call::{Answer, Call, no_content, tagged},
        users::created,
        wire,
    },
    browse::page_of,
    policies::version_of,
    types::{ACCESS_DEFAULT, ACCESS_PARTNER, ACCESS_POLICY},
};
use crate::errors::Problem;
use http::StatusCode;
use model::{
    Error, TenantId,
    collaboration::{AccessSettings, AccessType, B2bSetting},
};
use odata::EntityType;
use serde_json::{Map, Value, json};
use service::PolicyKind;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Get,
    Update,
    GetDefault,
    UpdateDefault,
    ResetDefault,
    ListPartners,
    AddPartner,
    GetPartner,
    UpdatePartner,
    DeletePartner,
}

const SET: &str = "policies/crossTenantAccessPolicy";

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::Get => get(call).await,
        Act::Update => update(call).await,
        Act::GetDefault => get_default(call).await,
        Act::UpdateDefault => {
            let patch = parse(body::object(&call)?, &ACCESS_DEFAULT)?;
            call.app.directory.update_access_default(&call.arrival.cx, &call.caller, Some(patch)).await?;
            Ok(no_content())
        }
        Act::ResetDefault => {
            call.app.directory.update_access_default(&call.arrival.cx, &call.caller, None).await?;
            Ok(no_content())
        }
        Act::ListPartners => list(call).await,
        Act::AddPartner => add(call).await,
        Act::GetPartner => get_partner(call).await,
        Act::UpdatePartner => {
            let partner = partner_of(&call)?;
            let patch = parse(body::object(&call)?, &ACCESS_PARTNER)?;
            call.app.directory.set_partner(&call.arrival.cx, &call.caller, (partner, false), patch).await?;
            Ok(no_content())
        }
        Act::DeletePartner => {
            let partner = partner_of(&call)?;
            call.app.directory.delete_partner(&call.arrival.cx, &call.caller, partner).await?;
            Ok(no_content())
        }
    }
}

/// The policy itself has nothing to say but that it is there.
fn itself() -> Value {
    json!({
        "id": "crossTenantAccessPolicy",
        "deletedDateTime": null,
        "displayName": "CrossTenantAccessPolicy",
        "description": null,
        "allowedCloudEndpoints": [],
    })
}

async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&ACCESS_POLICY, false)?;
    call.app.directory.get_access_default(&call.arrival.cx, &call.caller).await?;
    let object = wire::select(itself(), &ACCESS_POLICY, query.select.as_deref());
    Ok(call.entity(StatusCode::OK, SET, Some(&query), object))
}

async fn update(call: Call<'_>) -> Answer {
    let itself = itself();
    for (name, value) in body::changes(body::object(&call)?)? {
        match itself.get(&name) {
            None => return Err(body::unknown(&name, ACCESS_POLICY.name)),
            Some(fixed) if *fixed == value => {}
            Some(_) => return Err(body::read_only(&name)),
        }
    }
    call.app.directory.update_access_default(&call.arrival.cx, &call.caller, Some(Map::new())).await?;
    Ok(no_content())
}

fn setting(setting: Option<&B2bSetting>, untouched: Option<AccessType>) -> Value {
    match (setting, untouched) {
        (Some(setting), _) => json!(setting),
        (None, Some(access)) => json!(B2bSetting::uniform(access)),
        (None, None) => Value::Null,
    }
}

/// The settings; where nobody said anything, the default ones say what holds and those of a partner null.
fn object(settings: &AccessSettings, is_default: bool) -> Value {
    let untouched = |access| is_default.then_some(access);
    let trust = settings.inbound_trust.or(is_default.then(Default::default));
    let answered = |flag: Option<bool>| if is_default { json!(flag.unwrap_or(false)) } else { json!(flag) };
    let consent = settings.automatic_user_consent_settings;
    json!({
        "inboundTrust": trust.map(|trust| json!({
            "isMfaAccepted": trust.is_mfa_accepted.unwrap_or(false),
            "isCompliantDeviceAccepted": trust.is_compliant_device_accepted.unwrap_or(false),
            "isHybridAzureADJoinedDeviceAccepted": trust.is_hybrid_joined_device_accepted.unwrap_or(false),
        })),
        "b2bCollaborationOutbound":
            setting(settings.b2b_collaboration_outbound.as_ref(), untouched(AccessType::Allowed)),
        "b2bCollaborationInbound":
            setting(settings.b2b_collaboration_inbound.as_ref(), untouched(AccessType::Allowed)),
        "b2bDirectConnectOutbound":
            setting(settings.b2b_direct_connect_outbound.as_ref(), untouched(AccessType::Blocked)),
        "b2bDirectConnectInbound":
            setting(settings.b2b_direct_connect_inbound.as_ref(), untouched(AccessType::Blocked)),
        "tenantRestrictions": null,
        "automaticUserConsentSettings": {
            "inboundAllowed": answered(consent.inbound_allowed),
            "outboundAllowed": answered(consent.outbound_allowed),
        },
    })
}

/// `first` goes in front of the settings, in the order of the documentation.
fn with(first: Value, settings: Value) -> Value {
    match (first, settings) {
        (Value::Object(mut first), Value::Object(settings)) => {
            first.extend(settings);
            Value::Object(first)
        }
        (first, _) => first,
    }
}

fn partner_object(partner: TenantId, settings: &AccessSettings) -> Value {
    let first = json!({
        "tenantId": partner,
        "isServiceProvider": settings.is_service_provider,
        "isInMultiTenantOrganization": false,
    });
    with(first, object(settings, false))
}

async fn get_default(call: Call<'_>) -> Answer {
    let query = call.query(&ACCESS_DEFAULT, false)?;
    let version = version_of(&call, PolicyKind::AccessDefault).await?;
    let (settings, untouched) = call.app.directory.get_access_default(&call.arrival.cx, &call.caller).await?;
    let whole = with(json!({ "isServiceDefault": untouched }), object(&settings, true));
    let object = wire::select(whole, &ACCESS_DEFAULT, query.select.as_deref());
    Ok(tagged(call.entity(StatusCode::OK, &format!("{SET}/default"), Some(&query), object), version))
}

async fn list(call: Call<'_>) -> Answer {
    let (directory, cx, caller) = (&call.app.directory, &call.arrival.cx, &call.caller);
    page_of(
        &call,
        &format!("{SET}/partners"),
        &ACCESS_PARTNER,
        move |after: Option<String>, limit: u16| async move {
            let partners = directory.list_partners(cx, caller, after.as_deref(), limit).await?;
            Ok(partners
                .into_iter()
                .map(|(partner, settings)| (partner.to_string(), partner_object(partner, &settings)))
                .collect())
        },
    )
    .await
}

fn partner_of(call: &Call<'_>) -> Result<TenantId, Problem> {
    call.value().parse().map_err(|_| Error::not_found(call.value()).into())
}

async fn get_partner(call: Call<'_>) -> Answer {
    let query = call.query(&ACCESS_PARTNER, false)?;
    let partner = partner_of(&call)?;
    let version = version_of(&call, PolicyKind::AccessPartner(partner)).await?;
    let settings = call.app.directory.get_partner(&call.arrival.cx, &call.caller, partner).await?;
    let whole = partner_object(partner, &settings);
    let object = wire::select(whole, &ACCESS_PARTNER, query.select.as_deref());
    Ok(tagged(call.entity(StatusCode::OK, &format!("{SET}/partners"), Some(&query), object), version))
}

async fn add(call: Call<'_>) -> Answer {
    let mut members = body::object(&call)?;
    let id = members.shift_remove("tenantId").map(body::required_text).transpose()?.unwrap_or_default();
    let partner: TenantId = id.parse().map_err(|_| {
        Problem::from(Error::invalid_value("tenantId", "CrossTenantAccessPolicyConfigurationPartner"))
    })?;
    let patch = parse(members, &ACCESS_PARTNER)?;
    let settings =
        call.app.directory.set_partner(&call.arrival.cx, &call.caller, (partner, true), patch).await?;
    let base = call.base();
    let first = json!({ "@odata.context": format!("{base}/$metadata#{SET}/partners/$entity") });
    let body = with(first, partner_object(partner, &settings));
    Ok(created(&format!("{base}/{SET}/partners/{partner}"), &body))
}

/// Members that can be written; the form of each is judged where it is merged.
fn parse(members: Map<String, Value>, entity: &'static EntityType) -> Result<Map<String, Value>, Problem> {
    let mut patch = Map::new();
    for (name, value) in body::members(members) {
        match name.as_str() {
            "inboundTrust"
            | "b2bCollaborationOutbound"
            | "b2bCollaborationInbound"
            | "b2bDirectConnectOutbound"
            | "b2bDirectConnectInbound"
            | "automaticUserConsentSettings" => {
                if !value.is_object() && !value.is_null() {
                    return Err(body::mistyped(&format!("microsoft.graph.{name}")));
                }
                let value = match value {
                    Value::Object(members) => Value::Object(body::members(members).collect()),
                    other => other,
                };
                patch.insert(name, value);
            }
            "isServiceProvider" if entity == &ACCESS_PARTNER => {
                if !value.is_null() {
                    body::boolean(&value)?;
                }
                patch.insert(name, value);
            }
            "tenantRestrictions" if value.is_null() => {}
            "isServiceDefault" | "isInMultiTenantOrganization" | "tenantRestrictions" | "tenantId" => {
                return Err(body::read_only(&name));
            }
            _ => return Err(body::unknown(&name, entity.name)),
        }
    }
    Ok(patch)
}
