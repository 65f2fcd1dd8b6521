//! An administrator looks up who did what, and takes it away as a file.

use super::{Matrix, Row};
use crate::{graph::POLICY, tour::Tour};
use serde_json::{Value, json};

pub const STORIES: &[Row] = &[
    ("audit::the log is searched and a change is read", Matrix::Languages, search),
    ("audit::what the filter matches is downloaded", Matrix::Languages, export),
];

fn search(tour: &Tour<'_>) {
    tour.graph().patch(POLICY, &json!({ "allowExternalIdentitiesToLeave": false }));
    tour.go_as("/admin", tour.admin());
    tour.turn_to("admin-navigation", "audit-title");
    tour.says("audit-lead").look("audit", "");
    let activity = tour.t("activity-update-policy");
    tour.chrome.find("combobox", &tour.t("audit-activity")).choose(&activity);
    tour.press("filter-apply");
    tour.look("audit", "filtered");
    let rows = tour.chrome.all("rowheader", None);
    assert!(!rows.is_empty() && rows.iter().all(|row| row.name == activity), "the filter holds");
    rows[0].find("link", &activity).follow();
    tour.says("audit-changes").look("audit_record", "");
    tour.chrome.says("allowExternalIdentitiesToLeave").says("true").says("false");
    tour.go("/admin/audit?who=nobody-is-called-so");
    tour.says("audit-none").look("audit", "none");
    tour.go("/admin/audit?from=yesterday");
    tour.says("problem-not-a-date").look("audit", "wrong");
    tour.press_out();
    tour.go_as("/admin", tour.scene.administrator("Guest Inviter"));
    tour.go("/admin/audit");
    tour.says("error-403-title");
}

fn export(tour: &Tour<'_>) {
    tour.graph().patch(POLICY, &json!({ "allowExternalIdentitiesToLeave": false }));
    tour.go_as("/admin/audit?activity=Update+policy", tour.admin());
    let csv = String::from_utf8(tour.download("audit-csv", "")).unwrap();
    assert!(csv.starts_with("\u{feff}activityDateTime,"), "{csv}");
    assert!(csv.lines().skip(1).all(|line| line.contains("Update policy")), "the filter holds: {csv}");
    let list: Value = serde_json::from_slice(&tour.download("audit-json", "")).unwrap();
    let records = list["value"].as_array().unwrap();
    assert!(!records.is_empty() && records.iter().all(|one| one["activityDisplayName"] == "Update policy"));
}
