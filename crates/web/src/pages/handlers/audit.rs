//! The audit log: searched, shown, exported.

use super::general::nothing_here;
use crate::{
    graph::{audit_object, parse_audit_id},
    pages::{
        answer::{Answer, encoded, html},
        view::{
            Audit, AuditChange, AuditFilter, AuditLine, AuditParty, AuditRecord, AuditTarget, Field, Problem,
            Through,
        },
        visit::{Admin, Fields},
    },
};
use axum::extract::Path;
use http::StatusCode;
use model::{
    Span, Timestamp,
    audit::{Activity, Initiator, PersonalSlot, Record, Stored, Target},
    authz::Operation,
};
use serde_json::{Map, Value};
use service::{AuditSearch, EXPLORER};

mod export;
pub(crate) use export::{export_csv, export_json};

/// How many records one page shows.
const PAGE: usize = 50;
/// What positions in the list are sealed under.
const LIST: &str = "audit";

/// Midnight (UTC) with which a day begins.
fn day(text: &str) -> Option<Timestamp> {
    let is_day = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_day.then(|| format!("{text}T00:00:00Z").parse().ok()).flatten()
}

fn filter(fields: &Fields) -> AuditFilter {
    let date = |name: &str| match fields.text(name) {
        "" => Field::default(),
        text if day(text).is_some() => Field::of(text),
        text => Field::wrong(text, Problem::NotADate),
    };
    let named = fields.text("activity");
    AuditFilter {
        activity: Activity::ALL.iter().copied().find(|one| one.wire().0 == named),
        who: fields.text("who").to_owned(),
        whom: fields.text("whom").to_owned(),
        from: date("from"),
        to: date("to"),
        success: match fields.text("result") {
            "success" => Some(true),
            "failure" => Some(false),
            _ => None,
        },
    }
}

/// What a filter looks for. The last day is one of those that are meant.
fn search(filter: &AuditFilter) -> AuditSearch {
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    AuditSearch {
        activity: filter.activity,
        who: text(&filter.who),
        whom: text(&filter.whom),
        from: day(&filter.from.value),
        to: day(&filter.to.value).map(|day| day + Span::days(1) - Span::micros(1)),
        success: filter.success,
    }
}

/// The filter as a query, without what was left open.
fn query(filter: &AuditFilter) -> String {
    let result = filter.success.map_or("", |success| if success { "success" } else { "failure" });
    let parts = [
        ("activity", filter.activity.map_or("", |activity| activity.wire().0)),
        ("who", &filter.who),
        ("whom", &filter.whom),
        ("from", &filter.from.value),
        ("to", &filter.to.value),
        ("result", result),
    ];
    let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
    parts.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

pub(crate) async fn list(admin: Admin) -> Answer {
    let filter = filter(&admin.member.visit.query);
    let is_wrong = [&filter.from, &filter.to].iter().any(|field| field.problem.is_some());
    let (directory, cx) = (&admin.app().directory, admin.cx());
    directory.check_operation(cx, &admin.caller, Operation::ReadAudit).await?;
    let found = if is_wrong {
        service::AuditFound::default()
    } else {
        let position = (admin.position(LIST), PAGE);
        directory.search_audit(cx, &admin.caller, &search(&filter), position).await?
    };
    let pages = admin.pages(LIST, found.next.as_ref())?;
    let status = if is_wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let looked_to = found.looked_to.filter(|_| found.records.len() < PAGE);
    html(
        status,
        &Audit {
            page: admin.page(),
            query: query(&filter),
            filter,
            lines: found.records.iter().map(line).collect(),
            pages,
            looked_to,
        },
    )
}

/// What a record says of a person, as long as that person is not purged.
fn personal<'r>(slots: &'r [PersonalSlot], id: &str) -> Option<&'r Map<String, Value>> {
    slots.iter().find(|slot| slot.subject.to_string() == id).map(|slot| &slot.fields)
}

fn person(id: &str, slots: &[PersonalSlot]) -> AuditParty {
    let said = personal(slots, id);
    let text = |name: &str| said.and_then(|fields| fields.get(name)?.as_str()).map(str::to_owned);
    match text("displayName").or_else(|| text("userPrincipalName")) {
        Some(name) => {
            AuditParty::Named { name, user_name: text("userPrincipalName"), id: Some(id.to_owned()) }
        }
        None => AuditParty::Erased { id: id.to_owned() },
    }
}

fn initiator(record: &Record) -> AuditParty {
    match &record.initiator {
        Initiator::User { id: Some(id), .. } => person(&id.to_string(), &record.personal),
        Initiator::App { app, name } => {
            AuditParty::Named { name: name.clone(), user_name: None, id: Some(app.to_string()) }
        }
        Initiator::Operator => AuditParty::Operator,
        Initiator::System { .. } => AuditParty::Server,
        Initiator::User { id: None, .. } | Initiator::Anonymous => AuditParty::Nobody,
    }
}

fn target(target: &Target, slots: &[PersonalSlot]) -> AuditParty {
    match &target.name {
        _ if target.kind == "User" => person(&target.id, slots),
        Some(name) => AuditParty::Named { name: name.clone(), user_name: None, id: Some(target.id.clone()) },
        None => AuditParty::Named { name: target.id.clone(), user_name: None, id: None },
    }
}

pub(super) fn line(stored: &Stored) -> AuditLine {
    let record = &stored.record;
    AuditLine {
        id: audit_object(stored)["id"].as_str().unwrap_or_default().to_owned(),
        at: record.at,
        activity: record.activity,
        who: initiator(record),
        whom: record.targets.iter().map(|one| target(one, &record.personal)).collect(),
        success: record.success,
    }
}

pub(crate) async fn show(Path(id): Path<String>, admin: Admin) -> Answer {
    let id = parse_audit_id(&id).ok_or_else(nothing_here)?;
    let stored = admin.app().directory.get_audit(admin.cx(), &admin.caller, id.uuid()).await?;
    let record = &stored.record;
    let through = match &record.initiator {
        Initiator::User { app: Some(app), .. } if *app == EXPLORER => Some(Through::Explorer),
        Initiator::User { app, .. } => app.map(Through::App),
        _ => None,
    };
    html(
        StatusCode::OK,
        &AuditRecord {
            page: admin.page(),
            line: line(&stored),
            sequence: stored.sequence,
            reason: record.reason.clone(),
            through,
            correlation: record.correlation.to_string(),
            targets: targets(&stored),
            details: record.details.clone(),
        },
    )
}

fn targets(stored: &Stored) -> Vec<AuditTarget> {
    let wire = audit_object(stored);
    let said = wire["targetResources"].as_array().cloned().unwrap_or_default();
    let record = &stored.record;
    let one = |(one, said): (&Target, Value)| AuditTarget {
        kind: one.kind.clone(),
        party: target(one, &record.personal),
        changes: said["modifiedProperties"].as_array().into_iter().flatten().map(change).collect(),
    };
    record.targets.iter().zip(said).map(one).collect()
}

/// A value as people read it: texts without quotes, nothing where there is nothing.
fn readable(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    match serde_json::from_str::<Value>(text) {
        Ok(Value::String(text)) => Some(text).filter(|text| !text.is_empty()),
        Ok(Value::Null) => None,
        _ => Some(text.to_owned()),
    }
}

fn change(said: &Value) -> AuditChange {
    AuditChange {
        name: said["displayName"].as_str().unwrap_or_default().to_owned(),
        old: readable(&said["oldValue"]),
        new: readable(&said["newValue"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_day_begins_at_midnight_and_nothing_else_is_a_day() {
        assert_eq!(day("2026-11-21"), "2026-11-21T00:00:00Z".parse().ok());
        for bad in
            ["", "2026-02-30", "2026-11-21T05:00", "21.11.2026", "+026-11-21", "2026-1-1", "0000000000"]
        {
            assert_eq!(day(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_last_day_of_a_filter_is_whole() {
        let one_day = AuditFilter {
            from: Field::of("2026-11-21"),
            to: Field::of("2026-11-21"),
            ..AuditFilter::default()
        };
        let found = search(&one_day);
        assert_eq!(found.from, "2026-11-21T00:00:00Z".parse().ok());
        assert_eq!(found.to, "2026-11-21T23:59:59.999999Z".parse().ok());
    }

    #[test]
    fn values_are_shown_without_their_quotes() {
        assert_eq!(readable(&json!("\"a \\\"b\\\"\"")).as_deref(), Some("a \"b\""));
        assert_eq!(readable(&json!("true")).as_deref(), Some("true"));
        assert_eq!(readable(&json!("[\"a\"]")).as_deref(), Some("[\"a\"]"));
        for nothing in [json!("null"), json!("\"\""), json!(null)] {
            assert_eq!(readable(&nothing), None);
        }
    }
}
