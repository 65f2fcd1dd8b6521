//! How objects look on the wire.

use super::schema::{PROFILE_OTHERS, PROFILE_TEXTS};
use model::{
    ExternalIdentitiesPolicy, Home, Tenant, Timestamp, User,
    audit::{Initiator, PersonalSlot, Stored, Target},
    policy,
};
use odata::Property;
use serde_json::{Map, Value, json};
use std::str::FromStr;

/// Keeps what was selected, in the order of the object; without a selection, the default set.
pub(crate) fn select(
    object: Value,
    entity: &odata::EntityType,
    selected: Option<&[&'static Property]>,
) -> Map<String, Value> {
    let Value::Object(object) = object else { return Map::new() };
    object
        .into_iter()
        .filter(|(name, _)| match selected {
            Some(selected) => selected.iter().any(|property| property.name == name),
            None => entity.property(name).is_some_and(|property| property.default_selected),
        })
        .collect()
}

/// The live property order (recorded 2026-10-01).
pub(crate) fn policy(policy: &ExternalIdentitiesPolicy) -> Value {
    json!({
        "id": policy::ID,
        "deletedDateTime": null,
        "allowExternalIdentitiesToLeave": policy.allow_leave,
        "allowDeletedIdentitiesDataRemoval": policy.allow_removal,
        "displayName": policy::DISPLAY_NAME,
        // Not in the recorded answer, but a property of the type: answered when it is selected.
        "description": null,
    })
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(at.to_graph()))
}

fn identities(user: &User) -> Value {
    let domain = user.upn.rsplit_once('@').map_or("", |(_, domain)| domain);
    match &user.home {
        Home::Here => {
            json!([{ "signInType": "userPrincipalName", "issuer": domain, "issuerAssignedId": user.upn }])
        }
        Home::Tenant { .. } => {
            json!([{ "signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": null }])
        }
        Home::Mailbox { address } => {
            json!([{ "signInType": "federated", "issuer": "mail", "issuerAssignedId": address }])
        }
        Home::Federated(federated) => {
            let (issuer, id) = (federated.registration, &federated.identity);
            json!([{ "signInType": "federated", "issuer": issuer, "issuerAssignedId": id }])
        }
        Home::Invited { .. } => {
            json!([{ "signInType": "userPrincipalName", "issuer": domain, "issuerAssignedId": user.upn }])
        }
    }
}

/// All properties of a user; which of them are answered, the selection says.
pub(crate) fn user(user: &User) -> Value {
    let profile = &user.profile.0;
    let mut object = json!({
        "businessPhones": profile.get("businessPhones").cloned().unwrap_or_else(|| json!([])),
        "displayName": user.display_name,
        "givenName": user.given_name,
        "jobTitle": null,
        "mail": user.mail,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": user.surname,
        "userPrincipalName": user.upn,
        "id": user.id,
        "accountEnabled": user.account_enabled,
        "createdDateTime": user.created.to_graph(),
        "creationType": user.invitation.map(|_| "Invitation"),
        "deletedDateTime": time(user.deletion.map(|deletion| deletion.at)),
        "externalUserState": user.invitation.map(model::InvitationState::as_str),
        "externalUserStateChangeDateTime": time(user.invitation_changed),
        "identities": identities(user),
        "otherMails": user.other_mails,
        "userType": user.user_type.as_str(),
    });
    for name in PROFILE_TEXTS.iter().chain(PROFILE_OTHERS) {
        object[name] = profile.get(*name).cloned().unwrap_or(Value::Null);
    }
    object
}

/// `signInActivity`
pub(crate) fn sign_ins(sign_ins: &service::SignIns) -> Value {
    let at = |moment: Option<(Timestamp, model::RequestId)>| time(moment.map(|(at, _)| at));
    let by = |moment: Option<(Timestamp, model::RequestId)>| json!(moment.map(|(_, request)| request));
    json!({
        "lastSignInDateTime": at(sign_ins.interactive),
        "lastSignInRequestId": by(sign_ins.interactive),
        "lastNonInteractiveSignInDateTime": at(sign_ins.silent),
        "lastNonInteractiveSignInRequestId": by(sign_ins.silent),
        "lastSuccessfulSignInDateTime": at(sign_ins.success),
        "lastSuccessfulSignInRequestId": by(sign_ins.success),
    })
}

/// The organisation; to a caller who sees little, the rest is null, as on the live service.
pub(crate) fn organization(tenant: &Tenant, domains: &[String], full: bool) -> Value {
    let domains: Vec<Value> = domains
        .iter()
        .map(|domain| {
            json!({
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": *domain == tenant.domain,
                "isInitial": *domain == tenant.domain,
                "name": domain,
                "type": "Managed",
            })
        })
        .collect();
    let only_full = |value: Value| if full { value } else { Value::Null };
    json!({
        "id": tenant.id,
        "deletedDateTime": null,
        "createdDateTime": only_full(json!(tenant.created.to_graph())),
        "displayName": tenant.name,
        "technicalNotificationMails": only_full(json!(tenant.technical_contact.iter().collect::<Vec<_>>())),
        "tenantType": only_full(json!("AAD")),
        "privacyProfile": only_full(json!({
            "contactEmail": tenant.privacy.contact_email.as_deref().unwrap_or_default(),
            "statementUrl": tenant.privacy.statement_url.as_deref().unwrap_or_default(),
        })),
        "verifiedDomains": domains,
    })
}

/// What a record says about a person, as long as that person is not purged.
fn personal<'a>(slots: &'a [PersonalSlot], id: &str) -> Option<&'a Map<String, Value>> {
    slots.iter().find(|slot| slot.subject.to_string() == id).map(|slot| &slot.fields)
}

fn initiated_by(initiator: &Initiator, slots: &[PersonalSlot]) -> Value {
    let app = |id: Value, name: &str| {
        json!({
            "app": { "appId": id, "displayName": name, "servicePrincipalId": null, "servicePrincipalName": null },
            "user": null,
        })
    };
    match initiator {
        Initiator::User { id, .. } => {
            let id = id.map(|id| id.to_string());
            let known = id.as_deref().and_then(|id| personal(slots, id));
            let field =
                |name: &str| known.and_then(|fields| fields.get(name)).cloned().unwrap_or(Value::Null);
            json!({
                "app": null,
                "user": {
                    "id": id,
                    "displayName": field("displayName"),
                    "userPrincipalName": field("userPrincipalName"),
                    "ipAddress": null,
                },
            })
        }
        Initiator::App { app: id, name } => app(json!(id), name),
        Initiator::Operator => app(Value::Null, "Innkeeper operator"),
        Initiator::System { name } => app(Value::Null, &format!("Innkeeper {name}")),
        Initiator::Anonymous => json!({ "app": null, "user": null }),
    }
}

fn target(target: &Target, slots: &[PersonalSlot]) -> Value {
    let known = personal(slots, &target.id);
    let field = |name: &str| known.and_then(|fields| fields.get(name)).cloned().unwrap_or(Value::Null);
    let mut modified: Vec<Value> = target
        .modified
        .iter()
        .map(|change| json!({ "displayName": change.name, "oldValue": change.old, "newValue": change.new }))
        .collect();
    for change in
        known.and_then(|fields| fields.get("modified")).and_then(Value::as_array).into_iter().flatten()
    {
        modified.push(
            json!({ "displayName": change["name"], "oldValue": change["old"], "newValue": change["new"] }),
        );
    }
    let is_user = target.kind == "User";
    json!({
        "id": target.id,
        "displayName": if is_user { field("displayName") } else { json!(target.name) },
        "type": target.kind,
        "userPrincipalName": if is_user { field("userPrincipalName") } else { Value::Null },
        "groupType": null,
        "modifiedProperties": modified,
    })
}

/// How audit record ids begin.
const AUDIT_PREFIX: &str = "Directory_";

/// The id of an audit record on the wire.
pub(crate) fn parse_audit_id(text: &str) -> Option<model::RequestId> {
    model::RequestId::from_str(text.strip_prefix(AUDIT_PREFIX)?).ok()
}

/// A `directoryAudit`.
pub(crate) fn audit(stored: &Stored) -> Value {
    let record = &stored.record;
    let (activity, category, service, operation) = record.activity.wire();
    let details: Vec<Value> =
        record.details.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({
        "id": format!("{AUDIT_PREFIX}{}", record.id),
        "category": category,
        "correlationId": record.correlation,
        "result": if record.success { "success" } else { "failure" },
        "resultReason": record.reason.as_deref().unwrap_or_default(),
        "activityDisplayName": activity,
        "activityDateTime": record.at.to_graph_audit(),
        "loggedByService": service,
        "operationType": operation,
        "initiatedBy": initiated_by(&record.initiator, &record.personal),
        "targetResources": record.targets.iter().map(|one| target(one, &record.personal)).collect::<Vec<_>>(),
        "additionalDetails": details,
    })
}
