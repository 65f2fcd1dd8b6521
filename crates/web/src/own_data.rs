//! What an organisation holds about a person, as the JSON that the person downloads. `docs/my-data.md` says what each member
//! means.

use model::{
    Home, ObjectId, RequestId, Timestamp, User,
    audit::{Initiator, Stored, Target},
};
use serde_json::{Map, Value, json};
use service::{AccountData, AppSignIn, ConnectionData, PersonalData, SessionView};

type Named = (ObjectId, Option<String>);

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(at.to_graph()))
}

/// The whole document.
pub(crate) fn document(data: &PersonalData) -> Value {
    json!({
        "organization": {
            "id": data.tenant.id,
            "displayName": data.tenant.name,
            "domain": data.tenant.domain,
            "privacyContact": data.tenant.privacy.contact_email,
            "privacyStatementUrl": data.tenant.privacy.statement_url,
        },
        "generatedDateTime": data.at.to_graph(),
        "accounts": data.accounts.iter().map(|one| account(data, one)).collect::<Vec<_>>(),
        "directConnection": data.connection.as_ref().map(|one| connection(data, one)),
        "sessions": data.sessions.iter().map(session).collect::<Vec<_>>(),
    })
}

fn account(data: &PersonalData, one: &AccountData) -> Value {
    let app = |id: model::AppId| json!({ "id": id, "displayName": data.apps.get(&id.to_string()) });
    let consents: Vec<Value> = one
        .consents
        .iter()
        .map(|row| json!({ "app": app(row.app), "permission": row.permission.value(), "createdDateTime": row.created.to_graph() }))
        .collect();
    let invitations: Vec<Value> = one
        .invitations
        .iter()
        .map(|one| {
            json!({
                "id": one.id,
                "createdDateTime": one.created.to_graph(),
                "acceptedDateTime": time(one.used),
                "redirectUrl": one.redirect_url,
            })
        })
        .collect();
    json!({
        "user": user(&one.user),
        "invitedBy": one.user.invited_by.map(|id| json!({ "id": id, "displayName": one.invited_by })),
        "groups": one.groups.iter().map(|group| json!({ "id": group.id, "displayName": group.display_name })).collect::<Vec<_>>(),
        "directoryRoles": one.roles.iter().map(|role| json!({ "roleTemplateId": role.template(), "displayName": role.title() })).collect::<Vec<_>>(),
        "sponsors": people(&one.sponsors),
        "sponsorOf": people(&one.sponsored),
        "appConsents": consents,
        "appSignIns": sign_ins(data, &one.app_sign_ins),
        "signInActivity": {
            "lastInteractive": moment(one.sign_ins.interactive),
            "lastByApp": moment(one.sign_ins.silent),
            "lastSuccessful": moment(one.sign_ins.success),
        },
        "invitations": invitations,
        "passwordChangedDateTime": time(one.password_changed),
        "secondFactorDateTime": time(one.second_factor),
        "auditRecords": audit(one.user.id, &one.audit.records),
        "auditRecordsComplete": one.audit.complete,
        "rows": one.rows.iter().map(|(category, rows)| ((*category).to_owned(), json!(rows))).collect::<Map<_, _>>(),
    })
}

fn sign_ins(data: &PersonalData, list: &[AppSignIn]) -> Vec<Value> {
    let one = |one: &AppSignIn| {
        let begun = &one.authorization;
        json!({
            "app": { "id": begun.app, "displayName": data.apps.get(&begun.app.to_string()) },
            "scope": begun.scope,
            "byDeviceCode": begun.by_device,
            "createdDateTime": begun.created.to_graph(),
            "lastTokenDateTime": time(one.refreshed),
            "goodUntilDateTime": time(one.good_until),
            "revokedDateTime": time(begun.revoked),
        })
    };
    list.iter().map(one).collect()
}

fn user(user: &User) -> Value {
    let mut properties = user.profile.0.clone();
    properties.insert("givenName".to_owned(), json!(user.given_name));
    properties.insert("surname".to_owned(), json!(user.surname));
    let deletion = user.deletion;
    json!({
        "id": user.id,
        "userPrincipalName": user.upn,
        "displayName": user.display_name,
        "mail": user.mail,
        "otherMails": user.other_mails,
        "userType": user.user_type.as_str(),
        "accountEnabled": user.account_enabled,
        "home": home(&user.home),
        "invitationState": user.invitation.map(model::InvitationState::as_str),
        "invitationStateChangeDateTime": time(user.invitation_changed),
        "createdDateTime": user.created.to_graph(),
        "deletedDateTime": time(deletion.map(|deletion| deletion.at)),
        "deletionCause": deletion.map(|deletion| deletion.cause.as_str()),
        "permanentlyDeletedAfter": time(deletion.map(|deletion| deletion.purge_after)),
        "properties": properties,
    })
}

fn home(home: &Home) -> Value {
    match home {
        Home::Here => json!({ "kind": "thisOrganization" }),
        Home::Tenant { tenant, object } => {
            json!({ "kind": "otherOrganization", "tenantId": tenant, "id": object })
        }
        Home::Mailbox { address } => json!({ "kind": "mailbox", "address": address }),
        Home::Federated(federated) => {
            json!({ "kind": "identityProvider", "registration": federated.registration, "subjectDigest": federated.identity })
        }
        Home::Invited { address } => json!({ "kind": "invitedAddress", "address": address }),
    }
}

fn people(list: &[Named]) -> Vec<Value> {
    list.iter().map(|(id, name)| json!({ "id": id, "displayName": name })).collect()
}

fn moment(found: Option<(Timestamp, RequestId)>) -> Value {
    found.map_or(
        Value::Null,
        |(at, request)| json!({ "dateTime": at.to_graph(), "requestId": request.to_string() }),
    )
}

fn connection(data: &PersonalData, one: &ConnectionData) -> Value {
    let apps: Vec<Value> = one
        .apps
        .iter()
        .map(|(id, since)| {
            json!({
                "app": { "id": id, "displayName": data.apps.get(&id.to_string()) },
                "createdDateTime": since.to_graph(),
            })
        })
        .collect();
    json!({
        "id": one.connection.id,
        "createdDateTime": one.connection.created.to_graph(),
        "lastSignInDateTime": one.connection.last.to_graph(),
        "apps": apps,
        "appSignIns": sign_ins(data, &one.app_sign_ins),
        "auditRecords": audit(one.connection.id, &one.audit.records),
        "auditRecordsComplete": one.audit.complete,
    })
}

fn session(one: &SessionView) -> Value {
    json!({
        "startedDateTime": time(one.started),
        "lastSeenDateTime": one.seen.to_graph(),
        "browser": one.agent,
        "network": one.network,
        "secondFactor": one.second_factor,
    })
}

fn audit(me: ObjectId, records: &[Stored]) -> Vec<Value> {
    records.iter().map(|stored| record(me, stored)).collect()
}

/// A record as the person it names may see it: other people are mentioned without id and name.
fn record(me: ObjectId, stored: &Stored) -> Value {
    let record = &stored.record;
    let (activity, category, service, _) = record.activity.wire();
    let details: Vec<Value> =
        record.details.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({
        "id": record.id,
        "dateTime": record.at.to_graph(),
        "activity": activity,
        "category": category,
        "service": service,
        "result": if record.success { "success" } else { "failure" },
        "reason": record.reason,
        "by": initiator(me, &record.initiator),
        "on": record.targets.iter().map(|one| target(me, one)).collect::<Vec<_>>(),
        "details": details,
        "aboutYou": record.personal.first().map(|slot| &slot.fields),
        "requestId": record.correlation.to_string(),
    })
}

fn initiator(me: ObjectId, by: &Initiator) -> Value {
    match by {
        Initiator::User { id, app } if *id == Some(me) => json!({ "kind": "you", "app": app }),
        Initiator::User { .. } => json!({ "kind": "anotherPerson" }),
        Initiator::App { app, name } => json!({ "kind": "app", "app": app, "displayName": name }),
        Initiator::Operator => json!({ "kind": "operator" }),
        Initiator::System { name } => json!({ "kind": "server", "displayName": name }),
        Initiator::Anonymous => json!({ "kind": "unknown" }),
    }
}

fn target(me: ObjectId, one: &Target) -> Value {
    if one.kind == "User" && one.id != me.to_string() {
        return json!({ "kind": "anotherPerson" });
    }
    let kind = if one.id == me.to_string() { "you" } else { one.kind.as_str() };
    let modified: Vec<Value> = one
        .modified
        .iter()
        .map(|change| json!({ "property": change.name, "before": change.old, "after": change.new }))
        .collect();
    json!({ "kind": kind, "id": one.id, "displayName": one.name, "modified": modified })
}
