//! `organization`, `invitations` and `auditLogs/directoryAudits`

use super::{
    Answer, Call, body,
    call::tagged,
    no_content, objects,
    schema::{AUDIT, ORGANIZATION},
    users, wire,
};
use crate::errors::Problem;
use http::StatusCode;
use model::{Error, ErrorKind, ObjectId, Timestamp, UserType, audit::Activity};
use odata::{
    Direction, Filter,
    filter::{Comparison, Scalar},
};
use serde_json::{Map, Value, json};
use service::{AuditQuery, InvitationMessage, InvitationRequest, OrganizationPatch};

pub(super) async fn list_organizations(call: Call<'_>) -> Answer {
    let query = call.query(&ORGANIZATION, false)?;
    let (tenant, domains, full) = call.app.directory.get_organization(&call.arrival.cx, &call.caller).await?;
    let object =
        wire::select(wire::organization(&tenant, &domains, full), &ORGANIZATION, query.select.as_deref());
    Ok(call.page("organization", &query, None, None, vec![Value::Object(object)]))
}

pub(super) async fn get_organization(call: Call<'_>) -> Answer {
    let query = call.query(&ORGANIZATION, false)?;
    own_tenant(&call)?;
    let (tenant, domains, full) = call.app.directory.get_organization(&call.arrival.cx, &call.caller).await?;
    let object =
        wire::select(wire::organization(&tenant, &domains, full), &ORGANIZATION, query.select.as_deref());
    Ok(tagged(call.entity(StatusCode::OK, "organization", Some(&query), object), tenant.version))
}

pub(super) async fn update_organization(call: Call<'_>) -> Answer {
    own_tenant(&call)?;
    let patch =
        OrganizationPatch { expected: call.arrival.cx.seen, ..parse_organization(body::object(&call)?)? };
    call.app.directory.update_organization(&call.arrival.cx, &call.caller, patch).await?;
    Ok(no_content())
}

/// Another organisation's id answers like an unknown one.
fn own_tenant(call: &Call<'_>) -> Result<(), Problem> {
    if call.value().eq_ignore_ascii_case(&call.caller.tenant().to_string()) {
        Ok(())
    } else {
        Err(Error::not_found(call.value()).into())
    }
}

fn parse_organization(body: Map<String, Value>) -> Result<OrganizationPatch, Problem> {
    let mut patch = OrganizationPatch::default();
    for (name, value) in body::changes(body)? {
        match name.as_str() {
            "privacyProfile" => parse_privacy(&mut patch, value)?,
            "technicalNotificationMails" => {
                let mut mails = body::texts(value)?;
                if mails.len() > 1 {
                    return Err(Error::invalid_value("technicalNotificationMails", "Organization").into());
                }
                patch.technical_contact = Some(mails.pop());
            }
            known if ORGANIZATION.property(known).is_some_and(|property| property.name == known) => {
                return Err(body::read_only(known));
            }
            _ => return Err(body::unknown(&name, ORGANIZATION.name)),
        }
    }
    Ok(patch)
}

fn parse_privacy(patch: &mut OrganizationPatch, value: Value) -> Result<(), Problem> {
    let members = match value {
        Value::Object(members) => members,
        Value::Null => {
            patch.privacy_contact = Some(None);
            patch.privacy_url = Some(None);
            return Ok(());
        }
        _ => return Err(body::mistyped("microsoft.graph.privacyProfile")),
    };
    for (name, value) in body::members(members) {
        match name.as_str() {
            "contactEmail" => patch.privacy_contact = Some(body::text(value)?),
            "statementUrl" => patch.privacy_url = Some(body::text(value)?),
            _ => return Err(body::unknown(&name, "microsoft.graph.privacyProfile")),
        }
    }
    Ok(())
}

pub(super) async fn invite(call: Call<'_>) -> Answer {
    let base = call.base();
    let echo = body::object(&call)?;
    let mut wanted = parse_invitation(echo.clone())?;
    if echo.get("sendInvitationMessage").and_then(Value::as_bool) == Some(true) {
        let info = echo.get("invitedUserMessageInfo");
        let said = |name: &str| info.and_then(|info| info.get(name)?.as_str()).map(str::to_owned);
        wanted.message = Some(InvitationMessage {
            language: said("messageLanguage"),
            body: said("customizedMessageBody"),
            copy: copy(info.map_or(&Value::Null, |info| &info["ccRecipients"]))?,
            page: format!("{}{}", call.arrival.origin, crate::pages::paths::REDEEM),
        });
    }
    let sent = call.app.directory.invite(&call.arrival.cx, &call.caller, wanted.clone()).await?;
    let link = format!("{}{}?ticket={}", call.arrival.origin, crate::pages::paths::REDEEM, sent.ticket);
    let status = sent.user.invitation.map_or("PendingAcceptance", model::InvitationState::as_str);
    let body = json!({
        "@odata.context": format!("{base}/$metadata#invitations/$entity"),
        "id": sent.id,
        "inviteRedeemUrl": link,
        "invitedUserDisplayName": wanted.display_name,
        "invitedUserType": sent.user.user_type.as_str(),
        "invitedUserEmailAddress": sent.user.mail,
        "sendInvitationMessage": echo.get("sendInvitationMessage").and_then(Value::as_bool).unwrap_or(false),
        "resetRedemption": wanted.reset_redemption,
        "inviteRedirectUrl": wanted.redirect_url,
        "status": status,
        "invitedUserMessageInfo": echo.get("invitedUserMessageInfo").filter(|info| !info.is_null()).cloned().unwrap_or_else(|| json!({
            "messageLanguage": null,
            "customizedMessageBody": null,
            "ccRecipients": [{ "emailAddress": { "name": null, "address": null } }],
        })),
        "invitedUser": { "id": sent.user.id },
    });
    Ok(users::created(&format!("{base}/invitations/{}", sent.id), &body))
}

fn parse_invitation(body: Map<String, Value>) -> Result<InvitationRequest, Problem> {
    let mut request = InvitationRequest {
        address: String::new(),
        display_name: None,
        redirect_url: String::new(),
        user_type: UserType::Guest,
        reset_redemption: false,
        ..InvitationRequest::default()
    };
    for (name, value) in body::members(body) {
        match name.as_str() {
            "invitedUserEmailAddress" => request.address = body::required_text(value)?,
            "inviteRedirectUrl" => request.redirect_url = body::required_text(value)?,
            "invitedUserDisplayName" => {
                request.display_name = body::text(value)?.filter(|name| !name.trim().is_empty())
            }
            "resetRedemption" => request.reset_redemption = body::boolean(&value)?,
            "sendInvitationMessage" => drop(body::boolean(&value)?),
            "invitedUserType" => {
                let word = body::text(value)?;
                request.user_type = match word.as_deref().map(UserType::parse) {
                    None => UserType::Guest,
                    Some(Some(kind)) => kind,
                    Some(None) => return Err(Error::invalid_value("invitedUserType", "Invitation").into()),
                };
            }
            "invitedUserMessageInfo" => check_message(value)?,
            "invitedUserSponsors" => request.sponsors = sponsors(value)?,
            "invitedUser" | "id" | "status" | "inviteRedeemUrl" => {}
            _ => return Err(body::unknown(&name, "microsoft.graph.invitation")),
        }
    }
    for (property, value) in
        [("invitedUserEmailAddress", &request.address), ("inviteRedirectUrl", &request.redirect_url)]
    {
        if value.trim().is_empty() {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "BadRequest",
                format!("The property '{property}' is required and must not be empty."),
            ));
        }
    }
    Ok(request)
}

/// People as references: `{"@odata.id": "…/users/{id}"}`, or with their `id`.
fn sponsors(value: Value) -> Result<Vec<ObjectId>, Problem> {
    let items = match value {
        Value::Array(items) => items,
        Value::Null => return Ok(Vec::new()),
        _ => return Err(body::mistyped("Collection(microsoft.graph.directoryObject)")),
    };
    items
        .iter()
        .map(|item| {
            let named = item.get("@odata.id").or_else(|| item.get("id")).and_then(Value::as_str);
            let last = named.unwrap_or_default().rsplit('/').next().unwrap_or_default();
            last.parse().map_err(|_| Error::invalid_value("invitedUserSponsors", "Invitation").into())
        })
        .collect()
}

/// The message is echoed, so it must have the form of one.
fn check_message(value: Value) -> Result<(), Problem> {
    let members = match value {
        Value::Object(members) => members,
        Value::Null => return Ok(()),
        _ => return Err(body::mistyped("microsoft.graph.invitedUserMessageInfo")),
    };
    for (name, value) in body::members(members) {
        match name.as_str() {
            "messageLanguage" | "customizedMessageBody" => drop(body::text(value)?),
            "ccRecipients" => check_recipients(value)?,
            _ => return Err(body::unknown(&name, "microsoft.graph.invitedUserMessageInfo")),
        }
    }
    Ok(())
}

fn check_recipients(value: Value) -> Result<(), Problem> {
    let Value::Array(recipients) = value else {
        return Err(body::mistyped("Collection(microsoft.graph.recipient)"));
    };
    for recipient in recipients {
        let Value::Object(members) = recipient else {
            return Err(body::mistyped("microsoft.graph.recipient"));
        };
        for (name, value) in body::members(members) {
            match (name.as_str(), value) {
                ("emailAddress", Value::Null) => {}
                ("emailAddress", Value::Object(address)) => {
                    for (name, value) in body::members(address) {
                        match name.as_str() {
                            "name" | "address" => drop(body::text(value)?),
                            _ => return Err(body::unknown(&name, "microsoft.graph.emailAddress")),
                        }
                    }
                }
                ("emailAddress", _) => return Err(body::mistyped("microsoft.graph.emailAddress")),
                _ => return Err(body::unknown(&name, "microsoft.graph.recipient")),
            }
        }
    }
    Ok(())
}

/// Who else gets to know of an invitation: at most one (live service).
fn copy(recipients: &Value) -> Result<Option<String>, Problem> {
    let addresses = recipients.as_array().into_iter().flatten();
    let mut addresses = addresses.filter_map(|one| one["emailAddress"]["address"].as_str());
    let first = addresses.next().map(str::to_owned);
    if addresses.next().is_some() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_BadRequest",
            "Only one additional recipient of the invitation message is supported: leave one of ccRecipients.",
        ));
    }
    Ok(first)
}

/// Audit records on a page when the client does not say, and at most (live service: 1000).
const AUDIT_PAGE: u16 = 100;

pub(super) async fn list_audit(call: Call<'_>) -> Answer {
    let query = call.query(&AUDIT, false)?;
    if query.order_by.iter().any(|order| order.direction == Direction::Ascending) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_UnsupportedQuery",
            "Audit records are answered newest first: use $orderby=activityDateTime desc, or leave it out.",
        ));
    }
    let mut wanted = AuditQuery::default();
    if let Some(filter) = &query.filter {
        narrow(&mut wanted, filter);
    }
    if let Some(position) = call.position(&query)? {
        wanted.before = position.first().and_then(|text| text.parse().ok());
    }
    let limit = usize::from(query.top.unwrap_or(AUDIT_PAGE));
    let (items, last) = gather_audit(&call, wanted, (query.filter.as_ref(), limit)).await?;
    let next = last.map(|last| call.seal_position(&[last.to_string()])).transpose()?;
    let select = |object| Value::Object(wire::select(object, &AUDIT, query.select.as_deref()));
    let items = items.into_iter().map(select).collect();
    Ok(call.page("auditLogs/directoryAudits", &query, None, next, items))
}

/// How many records are read at once where each has to be judged by itself, and how many one request looks at.
const AUDIT_CHUNK: u16 = 500;
const MOST_AUDITS: usize = 5_000;

/// Records that match, newest first, and where to go on, if there may be more.
async fn gather_audit(
    call: &Call<'_>,
    mut wanted: AuditQuery,
    (filter, limit): (Option<&Filter>, usize),
) -> Result<(Vec<Value>, Option<i64>), Problem> {
    let (mut items, mut looked) = (Vec::new(), 0);
    wanted.limit = match filter {
        Some(_) => AUDIT_CHUNK,
        None => u16::try_from(limit).unwrap_or(AUDIT_CHUNK),
    };
    loop {
        let records = call.app.directory.list_audit(&call.arrival.cx, &call.caller, &wanted).await?;
        let done = records.len() < usize::from(wanted.limit);
        for record in &records {
            wanted.before = Some(record.sequence);
            looked += 1;
            let object = wire::audit(record);
            if filter.is_none_or(|filter| objects::matches(filter, &object)) {
                items.push(object);
            }
            if items.len() == limit {
                return Ok((items, Some(record.sequence).filter(|sequence| *sequence > 1)));
            }
        }
        if done {
            return Ok((items, None));
        }
        if looked >= MOST_AUDITS {
            return Ok((items, wanted.before));
        }
    }
}

pub(super) async fn get_audit(call: Call<'_>) -> Answer {
    let query = call.query(&AUDIT, false)?;
    let id = wire::parse_audit_id(call.value()).ok_or_else(|| Error::not_found(call.value()))?;
    let found = call.app.directory.get_audit(&call.arrival.cx, &call.caller, id.uuid()).await;
    let record = found.map_err(|error| match error.kind() {
        // The id as the client wrote it.
        ErrorKind::NotFound => Error::not_found(call.value()),
        _ => error,
    })?;
    let object = wire::select(wire::audit(&record), &AUDIT, query.select.as_deref());
    Ok(call.entity(StatusCode::OK, "auditLogs/directoryAudits", Some(&query), object))
}

/// What the store keeps an index for, conditions on activity and time joined by `and`, narrows what is looked at one by one.
fn narrow(wanted: &mut AuditQuery, filter: &Filter) {
    match filter {
        Filter::And(left, right) => {
            narrow(wanted, left);
            narrow(wanted, right);
        }
        Filter::Compare { field, op, value } => match (field.path().as_str(), op, value) {
            ("activityDisplayName", Comparison::Eq, Scalar::String(text)) if wanted.activity.is_none() => {
                let names = Activity::ALL.iter().map(|activity| activity.wire().0);
                let known = names.into_iter().find(|name| name.eq_ignore_ascii_case(text));
                wanted.activity = Some(known.unwrap_or(text).to_owned());
            }
            ("activityDateTime", op, Scalar::DateTime(at)) => {
                narrow_time(wanted, *op, Timestamp::from_micros(*at));
            }
            _ => {}
        },
        _ => {}
    }
}

fn narrow_time(wanted: &mut AuditQuery, op: Comparison, at: Timestamp) {
    let tick = model::Span::micros(1);
    let later = |from: Option<Timestamp>, at| Some(from.map_or(at, |from: Timestamp| from.max(at)));
    let earlier = |to: Option<Timestamp>, at| Some(to.map_or(at, |to: Timestamp| to.min(at)));
    match op {
        Comparison::Ge => wanted.from = later(wanted.from, at),
        Comparison::Gt => wanted.from = later(wanted.from, at + tick),
        Comparison::Le => wanted.to = earlier(wanted.to, at),
        Comparison::Lt => wanted.to = earlier(wanted.to, at - tick),
        Comparison::Eq => {
            wanted.from = later(wanted.from, at);
            wanted.to = earlier(wanted.to, at);
        }
        Comparison::Ne => {}
    }
}
