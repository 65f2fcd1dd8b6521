//! The administrator's start page, the settings and the properties.

use crate::pages::{
    answer::{Answer, html, see_other},
    paths,
    view::{AdminStart, Field, Problem, Properties, Settings, SettingsError},
    visit::{Admin, Fields, Sent},
};
use http::StatusCode;
use model::{
    Error, ErrorKind, Result, authz::Operation, is_https_or_mailto, is_plain_address,
    policy::ExternalIdentitiesPolicyPatch,
};
use odata::{
    EntityType, Filter, Kind, Property,
    filter::{Comparison, Scalar},
};
use service::{OrganizationPatch, UserQuery};

pub(crate) async fn start(admin: Admin) -> Answer {
    html(StatusCode::OK, &AdminStart { page: admin.page(), domain: admin.tenant.domain.clone() })
}

pub(crate) async fn settings(admin: Admin) -> Answer {
    let saved = admin.member.noted().as_deref() == Some("settings");
    show_settings(&admin, StatusCode::OK, saved, None).await
}

async fn show_settings(
    admin: &Admin,
    status: StatusCode,
    saved: bool,
    error: Option<SettingsError>,
) -> Answer {
    let view = admin.app().directory.view_policy(admin.cx(), &admin.caller).await?;
    html(
        status,
        &Settings {
            page: admin.page(),
            allow_leave: view.policy.allow_leave,
            allow_removal: view.policy.allow_removal,
            version: view.policy.version,
            may_change: view.may_change,
            privacy_complete: view.has_privacy_information,
            external_users: external_users(admin).await?,
            earlier_cases: u64::try_from(view.orphans).unwrap_or_default(),
            saved,
            error,
        },
    )
}

static INVITED: EntityType = EntityType {
    name: "microsoft.graph.user",
    directory: true,
    properties: &[Property::new("externalUserState", Kind::String)],
};

/// How many live users came by invitation, which is everybody homed elsewhere.
async fn external_users(admin: &Admin) -> Result<u64> {
    let field = INVITED.field("externalUserState").map_err(|error| Error::internal(error.message))?;
    let filter = Filter::Compare { field, op: Comparison::Ne, value: Scalar::Null };
    let query = UserQuery { filter: Some(&filter), ..UserQuery::default() };
    let count = admin.app().directory.count_users(admin.cx(), &admin.caller, &query).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

pub(crate) async fn save_settings(form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    let Some(patch) = settings_patch(&fields) else {
        return show_settings(&admin, StatusCode::BAD_REQUEST, false, Some(SettingsError::NothingChosen))
            .await;
    };
    // Without a version that can be read, nothing is overwritten.
    let expected = fields.text("version").parse().unwrap_or(-1);
    let saved = admin.app().directory.update_policy(admin.cx(), &admin.caller, patch, Some(expected)).await;
    let (status, error) = match saved.map_err(|error| (error.kind(), error)) {
        Ok(()) => return see_other(&format!("{}?note={}", paths::SETTINGS, admin.member.note("settings"))),
        Err((ErrorKind::PreconditionFailed, _)) => (StatusCode::CONFLICT, SettingsError::ChangedMeanwhile),
        Err((ErrorKind::BadRequest, _)) => {
            (StatusCode::BAD_REQUEST, SettingsError::PrivacyInformationMissing)
        }
        Err((ErrorKind::Forbidden, _)) => (StatusCode::FORBIDDEN, SettingsError::NotAllowed),
        Err((_, error)) => return Err(error.into()),
    };
    show_settings(&admin, status, false, Some(error)).await
}

fn settings_patch(fields: &Fields) -> Option<ExternalIdentitiesPolicyPatch> {
    let allow = Some(match fields.text("allow") {
        "yes" => true,
        "no" => false,
        _ => return None,
    });
    match fields.text("section") {
        "leave" => Some(ExternalIdentitiesPolicyPatch { allow_leave: allow, allow_removal: None }),
        "removal" => Some(ExternalIdentitiesPolicyPatch { allow_leave: None, allow_removal: allow }),
        _ => None,
    }
}

pub(crate) async fn properties(admin: Admin) -> Answer {
    let saved = admin.member.noted().as_deref() == Some("properties");
    html(StatusCode::OK, &Properties { saved, ..stored(&admin) })
}

/// The page with what is stored.
fn stored(admin: &Admin) -> Properties {
    let field = |value: &Option<String>| Field::of(value.clone().unwrap_or_default());
    let tenant = &admin.tenant;
    Properties {
        page: admin.page(),
        name: tenant.name.clone(),
        domain: tenant.domain.clone(),
        tenant: tenant.id,
        technical_contact: field(&tenant.technical_contact),
        privacy_contact: field(&tenant.privacy.contact_email),
        privacy_statement: field(&tenant.privacy.statement_url),
        version: tenant.version,
        may_change: admin.may(Operation::UpdateOrganization),
        saved: false,
        changed_meanwhile: false,
    }
}

pub(crate) async fn save_properties(form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    let page = Properties {
        technical_contact: judged(&fields, "technicalContact", is_plain_address, Problem::NotAnAddress),
        privacy_contact: judged(&fields, "privacyContact", is_plain_address, Problem::NotAnAddress),
        privacy_statement: judged(&fields, "privacyStatement", is_https_or_mailto, Problem::NotALink),
        ..stored(&admin)
    };
    let sent = [&page.technical_contact, &page.privacy_contact, &page.privacy_statement];
    if sent.iter().any(|field| field.problem.is_some()) {
        return html(StatusCode::BAD_REQUEST, &page);
    }
    let [technical_contact, privacy_contact, privacy_url] = sent.map(|field| Some(Some(field.value.clone())));
    // Without a version that can be read, nothing is overwritten.
    let expected = Some(fields.text("version").parse().unwrap_or(-1));
    let patch = OrganizationPatch { technical_contact, privacy_contact, privacy_url, expected };
    match admin.app().directory.update_organization(admin.cx(), &admin.caller, patch).await {
        Ok(()) => see_other(&format!("{}?note={}", paths::PROPERTIES, admin.member.note("properties"))),
        Err(error) if error.kind() == ErrorKind::PreconditionFailed => {
            html(StatusCode::CONFLICT, &Properties { changed_meanwhile: true, ..stored(&admin) })
        }
        Err(error) if error.kind() == ErrorKind::BadRequest => html(StatusCode::BAD_REQUEST, &needed(page)),
        Err(error) => Err(error.into()),
    }
}

/// Every value was judged before; what the directory still refuses is to clear what the policy needs.
fn needed(mut page: Properties) -> Properties {
    for field in [&mut page.privacy_contact, &mut page.privacy_statement] {
        field.problem = field.value.is_empty().then_some(Problem::NeededByPolicy);
    }
    page
}

fn judged(fields: &Fields, name: &str, holds: fn(&str) -> bool, otherwise: Problem) -> Field {
    let value = fields.text(name);
    if value.is_empty() || holds(value) { Field::of(value) } else { Field::wrong(value, otherwise) }
}
