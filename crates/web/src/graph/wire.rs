//! How objects look on the wire.

use super::{
    members::{self, Members, Object, Selection},
    schema::{PROFILE_OTHERS, PROFILE_TEXTS},
};
use model::{
    ExternalIdentitiesPolicy, Home, Tenant, Timestamp, User,
    audit::{Initiator, PersonalSlot, Stored, Target},
    policy,
};
use odata::Property;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};
use service::{FieldValue, UserField, UserRow};
use std::{borrow::Cow, cell::LazyCell, str::FromStr};

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
impl Object for ExternalIdentitiesPolicy {
    fn tell<M: SerializeMap>(&self, members: &mut Members<'_, M>) -> Result<(), M::Error> {
        members.put("id", || policy::ID)?;
        members.put("deletedDateTime", || Value::Null)?;
        members.put("allowExternalIdentitiesToLeave", || self.allow_leave)?;
        members.put("allowDeletedIdentitiesDataRemoval", || self.allow_removal)?;
        members.put("displayName", || policy::DISPLAY_NAME)?;
        // Not in the recorded answer, but a property of the type: answered when it is selected.
        members.put("description", || Value::Null)
    }
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

/// A user, or as much of one as is answered.
trait Fields {
    fn field(&self, field: UserField) -> FieldValue<'_>;
    /// What is kept as it comes.
    fn profile(&self) -> Cow<'_, Map<String, Value>>;
    fn identities(&self) -> Value;
}

impl Fields for User {
    fn field(&self, field: UserField) -> FieldValue<'_> {
        field.of(self)
    }

    fn profile(&self) -> Cow<'_, Map<String, Value>> {
        Cow::Borrowed(&self.profile.0)
    }

    fn identities(&self) -> Value {
        identities(self)
    }
}

/// Some fields of a user, each at the place of its name.
pub(crate) struct Listed<'a> {
    pub fields: &'a [UserField],
    pub row: &'a UserRow,
}

impl Fields for Listed<'_> {
    fn field(&self, field: UserField) -> FieldValue<'_> {
        let at = self.fields.iter().position(|one| *one == field);
        at.map_or(FieldValue::Null, |at| self.row.value(at))
    }

    fn profile(&self) -> Cow<'_, Map<String, Value>> {
        Cow::Owned(match parsed(self.field(UserField::Profile)) {
            Value::Object(profile) => profile,
            _ => Map::new(),
        })
    }

    /// Selections that name them are answered from whole users.
    fn identities(&self) -> Value {
        Value::Null
    }
}

/// The fields from which this selection of a user can be answered; none if it takes the whole user.
pub(crate) fn listed_fields(selection: &Selection) -> Option<Vec<UserField>> {
    let Selection::Names(names) = selection else { return None };
    let mut fields = Vec::with_capacity(names.len());
    for name in names {
        let field = match *name {
            "id" => UserField::Id,
            "displayName" => UserField::DisplayName,
            "givenName" => UserField::GivenName,
            "surname" => UserField::Surname,
            "mail" => UserField::Mail,
            "userPrincipalName" => UserField::UserName,
            "userType" => UserField::UserType,
            "accountEnabled" => UserField::AccountEnabled,
            "createdDateTime" => UserField::Created,
            "signInSessionsValidFromDateTime" => UserField::TokensSince,
            "deletedDateTime" => UserField::Deleted,
            "creationType" | "externalUserState" => UserField::Invitation,
            "externalUserStateChangeDateTime" => UserField::InvitationChanged,
            "otherMails" => UserField::OtherMails,
            "businessPhones" => UserField::Profile,
            name if PROFILE_TEXTS.contains(&name) || PROFILE_OTHERS.contains(&name) => UserField::Profile,
            _ => return None,
        };
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    Some(fields)
}

/// A field as it is answered.
struct Shown<'a>(FieldValue<'a>);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            FieldValue::Null => serializer.serialize_unit(),
            FieldValue::Text(text) => serializer.serialize_str(text),
            FieldValue::Flag(flag) => serializer.serialize_bool(*flag),
            FieldValue::Time(at) => serializer.serialize_str(&at.to_graph()),
        }
    }
}

/// What a field holds as JSON.
fn parsed(value: FieldValue<'_>) -> Value {
    match value {
        FieldValue::Text(text) => serde_json::from_str(&text).unwrap_or_default(),
        _ => Value::Null,
    }
}

impl<F: Fields> Object for F {
    fn tell<M: SerializeMap>(&self, members: &mut Members<'_, M>) -> Result<(), M::Error> {
        let show = |field| move || Shown(self.field(field));
        let profile = LazyCell::new(|| self.profile());
        let kept = |name: &str| profile.get(name).cloned().unwrap_or(Value::Null);
        members
            .put("businessPhones", || profile.get("businessPhones").cloned().unwrap_or_else(|| json!([])))?;
        members.put("displayName", show(UserField::DisplayName))?;
        members.put("givenName", show(UserField::GivenName))?;
        members.put("jobTitle", || kept("jobTitle"))?;
        members.put("mail", show(UserField::Mail))?;
        for name in ["mobilePhone", "officeLocation", "preferredLanguage"] {
            members.put(name, || kept(name))?;
        }
        members.put("surname", show(UserField::Surname))?;
        members.put("userPrincipalName", show(UserField::UserName))?;
        members.put("id", show(UserField::Id))?;
        members.put("accountEnabled", show(UserField::AccountEnabled))?;
        members.put("createdDateTime", show(UserField::Created))?;
        let invited = || self.field(UserField::Invitation) != FieldValue::Null;
        members.put("creationType", || invited().then_some("Invitation"))?;
        members.put("deletedDateTime", show(UserField::Deleted))?;
        members.put("externalUserState", show(UserField::Invitation))?;
        members.put("externalUserStateChangeDateTime", show(UserField::InvitationChanged))?;
        members.put("identities", || self.identities())?;
        members.put("otherMails", || parsed(self.field(UserField::OtherMails)))?;
        members.put("userType", show(UserField::UserType))?;
        // The first of them stand further up.
        for name in PROFILE_TEXTS.iter().skip(4).chain(PROFILE_OTHERS) {
            members.put(name, || kept(name))?;
        }
        members.put("signInSessionsValidFromDateTime", show(UserField::TokensSince))
    }
}

/// All properties of a user.
pub(crate) fn user(user: &User) -> Value {
    members::whole(user)
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
