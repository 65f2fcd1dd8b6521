//! What the filter matches, as a file: written while it is read, so that the log may be as long as it likes.

use super::{filter, readable, search};
use crate::{
    graph::audit_object,
    pages::{
        answer::Answer,
        visit::{Admin, Fields},
    },
};
use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::{
    BodyExt,
    channel::{Channel, Sender},
};
use model::{Error, audit::Stored};
use serde_json::Value;
use service::{AuditFound, AuditSearch};

/// So many records are read for one piece of the file.
const PIECE: usize = 500;

/// In what form a file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// For spreadsheets (RFC 4180).
    Csv,
    /// As Graph answers a list.
    Json,
}

pub(crate) async fn export_csv(admin: Admin) -> Answer {
    export(admin, Form::Csv).await
}

pub(crate) async fn export_json(admin: Admin) -> Answer {
    export(admin, Form::Json).await
}

async fn export(admin: Admin, form: Form) -> Answer {
    let wanted = wanted(&admin.member.visit.query)?;
    let (directory, cx) = (&admin.app().directory, admin.cx());
    // What can be refused is refused before the file begins.
    let first = directory.search_audit(cx, &admin.caller, &wanted, (None, PIECE)).await?;
    let (mime, ending) = match form {
        Form::Csv => ("text/csv; charset=utf-8", "csv"),
        Form::Json => ("application/json", "json"),
    };
    let name = format!("audit-{}-{}.{ending}", admin.tenant.domain, cx.now.strftime("%Y-%m-%d"));
    let (sender, body) = Channel::<Bytes, Error>::new(1);
    let body = body.map_err(|error| std::io::Error::other(format!("{error:?}")));
    let mut response = Response::new(Body::new(body));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(|_| Error::internal("a domain that is no header"))?;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    tokio::spawn(write(admin, wanted, (form, first), sender));
    Ok(response)
}

/// A filter that cannot be read would export something else than was asked for.
fn wanted(query: &Fields) -> Result<AuditSearch, Error> {
    let filter = filter(query);
    if [&filter.from, &filter.to].iter().any(|field| field.problem.is_some()) {
        return Err(Error::bad_request("A date of the filter cannot be read."));
    }
    Ok(search(&filter))
}

/// Writes piece after piece, as fast as it is read. A file that cannot be finished breaks off, so that nobody takes it for whole.
async fn write(
    admin: Admin,
    wanted: AuditSearch,
    (form, mut found): (Form, AuditFound),
    mut to: Sender<Bytes, Error>,
) {
    let (mut piece, mut is_first) = (form.head(), true);
    loop {
        for stored in &found.records {
            if !std::mem::take(&mut is_first) {
                piece.push_str(form.between());
            }
            piece.push_str(&form.record(stored));
        }
        if found.next.is_none() {
            piece.push_str(form.foot());
        }
        let is_gone = to.send_data(Bytes::from(std::mem::take(&mut piece))).await.is_err();
        if is_gone || found.next.is_none() {
            return;
        }
        let (directory, cx) = (&admin.app().directory, admin.cx());
        found = match directory.search_audit(cx, &admin.caller, &wanted, (found.next, PIECE)).await {
            Ok(found) => found,
            Err(error) => return to.abort(error),
        };
    }
}

impl Form {
    fn head(self) -> String {
        match self {
            // Spreadsheets read UTF-8 only where a mark says so.
            Self::Csv => format!("\u{feff}{}\r\n", COLUMNS.join(",")),
            Self::Json => "{\"value\":[".to_owned(),
        }
    }

    const fn between(self) -> &'static str {
        match self {
            Self::Csv => "",
            Self::Json => ",\n",
        }
    }

    const fn foot(self) -> &'static str {
        match self {
            Self::Csv => "",
            Self::Json => "]}\n",
        }
    }

    fn record(self, stored: &Stored) -> String {
        match self {
            Self::Csv => row(stored),
            Self::Json => audit_object(stored).to_string(),
        }
    }
}

const COLUMNS: [&str; 16] = [
    "activityDateTime",
    "activityDisplayName",
    "category",
    "result",
    "resultReason",
    "initiatorType",
    "initiatorDisplayName",
    "initiatorUserPrincipalName",
    "initiatorId",
    "targetTypes",
    "targetDisplayNames",
    "targetIds",
    "modifiedProperties",
    "additionalDetails",
    "correlationId",
    "id",
];

fn row(stored: &Stored) -> String {
    let wire = audit_object(stored);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let by = &wire["initiatedBy"];
    let kind = ["user", "app"].into_iter().find(|kind| by[*kind].is_object()).unwrap_or_default();
    let (who, who_id) = (&by[kind], if kind == "app" { "appId" } else { "id" });
    let targets = wire["targetResources"].as_array().cloned().unwrap_or_default();
    let of_targets = |name: &str| lines(targets.iter().map(|target| text(&target[name])));
    let modified = targets.iter().filter_map(|target| target["modifiedProperties"].as_array()).flatten();
    let details = wire["additionalDetails"].as_array().into_iter().flatten();
    let cells = [
        text(&wire["activityDateTime"]),
        text(&wire["activityDisplayName"]),
        text(&wire["category"]),
        text(&wire["result"]),
        text(&wire["resultReason"]),
        kind.to_owned(),
        text(&who["displayName"]),
        text(&who["userPrincipalName"]),
        text(&who[who_id]),
        of_targets("type"),
        of_targets("displayName"),
        of_targets("id"),
        lines(modified.map(|one| {
            let [old, new] = ["oldValue", "newValue"].map(|name| readable(&one[name]).unwrap_or_default());
            format!("{}: {old} -> {new}", text(&one["displayName"]))
        })),
        lines(details.map(|one| format!("{}: {}", text(&one["key"]), text(&one["value"])))),
        text(&wire["correlationId"]),
        text(&wire["id"]),
    ];
    format!("{}\r\n", cells.map(|text| cell(&text)).join(","))
}

fn lines(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<_>>().join("\n")
}

/// A cell in quotes. What a spreadsheet could take for a formula begins with an apostrophe: anybody may choose a name, and
/// whoever opens the file is an administrator.
fn cell(text: &str) -> String {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let guard = if text.starts_with(STARTS) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("", "\"\""),
            ("Ana \"A\" O,\nO", "\"Ana \"\"A\"\" O,\nO\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "\"a=1\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
