//! What an app may do: choosing, granting, revoking.

use super::apps::{ask, back_to, find, key, permission};
use crate::pages::{
    answer::{Answer, Stop, html, see_other},
    paths,
    view::{AppGrant, AppPermissionsChoice, AppQuestion, CatalogueRow, PermissionRow},
    visit::{Admin, Fields, Sent},
};
use axum::extract::Path;
use http::StatusCode;
use model::{
    Error,
    authz::{Operation, Permission},
};
use service::{AppDetail, AppPermissions, Grant, GrantKind, PermissionState};

/// What the page for choosing is told when the form came without a choice.
const NOTHING: &str = "nothing";

/// How things stand with a permission.
fn state(found: &AppPermissions, grant: Grant) -> PermissionState {
    let known = found.known.iter().find(|one| one.grant == grant).copied();
    known.unwrap_or(PermissionState { grant, asked: false, granted: None, people: 0 })
}

async fn permissions(admin: &Admin, id: &str) -> Result<(AppDetail, AppPermissions), Stop> {
    let detail = find(admin, id).await?;
    let found = admin.app().directory.view_permissions(admin.cx(), &admin.caller, key(id)?).await?;
    Ok((detail, found))
}

/// Whoever may grant nothing is not asked what.
fn require_granting(admin: &Admin) -> Result<(), Error> {
    let may = [Operation::WriteDelegatedGrants, Operation::WriteAppRoleAssignments];
    if may.into_iter().any(|operation| admin.may(operation)) { Ok(()) } else { Err(Error::forbidden()) }
}

pub(crate) async fn choose(Path(id): Path<String>, admin: Admin) -> Answer {
    require_granting(&admin)?;
    let (detail, found) = permissions(&admin, &id).await?;
    let row = |grant| permission(&admin, &detail, state(&found, grant));
    let line = |one: &Permission| CatalogueRow {
        people: row((GrantKind::Delegated, *one)),
        own: one.application_id().map(|_| row((GrantKind::Application, *one))),
    };
    html(
        StatusCode::OK,
        &AppPermissionsChoice {
            page: admin.page(),
            id: detail.object.app.id,
            title: detail.object.app.name.clone(),
            catalogue: Permission::ALL.iter().map(line).collect(),
            nothing_chosen: admin.member.noted().as_deref() == Some(NOTHING),
            public: detail.object.app.public,
            people_only: !admin.may(Operation::WriteAppRoleAssignments),
        },
    )
}

/// The permissions that were chosen, each once.
fn chosen(fields: &Fields) -> Vec<Grant> {
    let of = |name: &'static str, kind| {
        fields.all(name).filter_map(move |value| Some((kind, Permission::parse(value)?)))
    };
    let mut chosen: Vec<Grant> = Vec::new();
    for grant in of("delegated", GrantKind::Delegated).chain(of("application", GrantKind::Application)) {
        if !chosen.contains(&grant) {
            chosen.push(grant);
        }
    }
    chosen
}

const fn granting(kind: GrantKind) -> Operation {
    match kind {
        GrantKind::Delegated => Operation::WriteDelegatedGrants,
        GrantKind::Application => Operation::WriteAppRoleAssignments,
    }
}

pub(crate) async fn ask_grant(Path(id): Path<String>, admin: Admin) -> Answer {
    let wanted = chosen(&admin.member.visit.query);
    for (kind, _) in &wanted {
        admin.app().directory.check_fresh(admin.cx(), &admin.caller, granting(*kind)).await?;
    }
    let (detail, found) = permissions(&admin, &id).await?;
    let rows: Vec<PermissionRow> = wanted
        .into_iter()
        .map(|grant| permission(&admin, &detail, state(&found, grant)))
        .filter(|row| row.grantable && !row.granted)
        .collect();
    if rows.is_empty() {
        let add = format!("{}/permissions/add", paths::app(&detail.object.app.id));
        return see_other(&format!("{add}?note={}", admin.member.note(NOTHING)));
    }
    html(
        StatusCode::OK,
        &AppGrant {
            page: admin.page(),
            id: detail.object.app.id,
            title: detail.object.app.name,
            organization: admin.tenant.name.clone(),
            permissions: rows,
        },
    )
}

pub(crate) async fn grant(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let (admin, wanted) = (form.by, chosen(&form.fields));
    let (directory, cx) = (&admin.app().directory, admin.cx());
    let app = find(&admin, &id).await?.object.app.id;
    let granted = directory.grant_permissions(cx, &admin.caller, key(&id)?, wanted).await?;
    back_to(&admin, app, &format!("granted {granted}"))
}

/// The one permission that the address names.
fn named(admin: &Admin) -> Option<Grant> {
    chosen(&admin.member.visit.query).first().copied()
}

pub(crate) async fn ask_revoke(Path(id): Path<String>, admin: Admin) -> Answer {
    let (detail, found) = permissions(&admin, &id).await?;
    let row = named(&admin).map(|grant| permission(&admin, &detail, state(&found, grant)));
    match row.filter(|row| row.granted || row.people > 0) {
        Some(row) if !row.changeable => Err(Error::forbidden().into()),
        Some(row) => ask(&admin, &detail, AppQuestion::Revoke(row)),
        None => see_other(&paths::app(&detail.object.app.id)),
    }
}

pub(crate) async fn revoke(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let admin = form.by;
    let app = find(&admin, &id).await?.object.app.id;
    let Some(grant) = named(&admin) else { return see_other(&paths::app(&app)) };
    admin.app().directory.revoke_permission(admin.cx(), &admin.caller, key(&id)?, grant).await?;
    back_to(&admin, app, "revoked")
}
