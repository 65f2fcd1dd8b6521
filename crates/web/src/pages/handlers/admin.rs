//! The administrator's start page, and the properties of the organisation.

use crate::pages::{
    answer::{Answer, html, see_other},
    paths,
    view::{AdminStart, Field, Problem, Properties},
    visit::{Admin, Fields, Sent},
};
use http::StatusCode;
use model::{ErrorKind, authz::Operation, is_https_or_mailto, is_plain_address};
use service::OrganizationPatch;

pub(crate) async fn start(admin: Admin) -> Answer {
    html(StatusCode::OK, &AdminStart { page: admin.page(), domain: admin.tenant.domain.clone() })
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
