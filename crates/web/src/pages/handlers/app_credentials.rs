//! Secrets and certificates of an app.

use super::{
    apps::{ask, back_to, certificate, find, key, secret},
    general::nothing_here,
};
use crate::pages::{
    answer::{Answer, html},
    view::{AppCertificateNew, AppQuestion, AppSecretNew, AppSecretShown, Field, LIVES, Problem},
    visit::{Admin, Fields, Sent},
};
use axum::extract::Path;
use http::StatusCode;
use model::{Cx, ErrorKind, Span, authz::Operation, plain_text};
use service::{AppDetail, AppPatch, NewCertificate};
use uuid::Uuid;

/// How long a secret is good unless somebody says otherwise: half a year.
const DAYS: i64 = 180;

/// A name that may be left out.
fn name(fields: &Fields) -> Field {
    let value = fields.text("name");
    if value.is_empty() || plain_text(value).is_some() {
        Field::of(value)
    } else if value.chars().count() > 256 {
        Field::wrong(value, Problem::TooLong)
    } else {
        Field::wrong(value, Problem::Unshowable)
    }
}

fn named(field: &Field) -> Option<String> {
    plain_text(&field.value)
}

/// The form with a fresh secret in it, sealed.
async fn secret_form(
    admin: &Admin,
    detail: &AppDetail,
    (status, name, days, too_old): (StatusCode, Field, i64, bool),
) -> Answer {
    let app = &detail.object.app;
    let key = service::AppKey::Client(app.id);
    let offer = admin.app().directory.offer_secret(admin.cx(), &admin.caller, key).await?;
    let view =
        AppSecretNew { page: admin.page(), id: app.id, title: app.name.clone(), name, days, offer, too_old };
    html(status, &view)
}

pub(crate) async fn ask_secret(Path(id): Path<String>, admin: Admin) -> Answer {
    let detail = find(&admin, &id).await?;
    secret_form(&admin, &detail, (StatusCode::OK, Field::default(), DAYS, false)).await
}

pub(crate) async fn add_secret(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    let detail = find(&admin, &id).await?;
    let (name, sent) = (name(&fields), fields.text("days").parse::<i64>().ok());
    let days = LIVES.iter().map(|(days, _)| *days).find(|days| Some(*days) == sent).unwrap_or(DAYS);
    if name.problem.is_some() {
        return secret_form(&admin, &detail, (StatusCode::BAD_REQUEST, name, days, false)).await;
    }
    let (directory, cx) = (&admin.app().directory, admin.cx());
    let wanted = (named(&name), Some(cx.now + Span::days(days)));
    match directory.accept_secret(cx, &admin.caller, detail.object.app.id, fields.text("offer"), wanted).await
    {
        Ok((added, secret)) => html(
            StatusCode::OK,
            &AppSecretShown {
                page: admin.page(),
                id: detail.object.app.id,
                title: detail.object.app.name,
                secret: secret.expose().to_owned(),
                expires: added.expires,
            },
        ),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            secret_form(&admin, &detail, (StatusCode::CONFLICT, name, days, true)).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn ask_secret_removal(
    Path((id, secret_id)): Path<(String, String)>,
    admin: Admin,
) -> Answer {
    admin.app().directory.check_fresh(admin.cx(), &admin.caller, Operation::WriteApplications).await?;
    let detail = find(&admin, &id).await?;
    match detail.secrets.iter().find(|one| one.id.to_string() == secret_id) {
        Some(found) => ask(&admin, &detail, AppQuestion::RemoveSecret(secret(admin.cx().now, found))),
        None => back_to(&admin, detail.object.app.id, "credential-removed"),
    }
}

pub(crate) async fn remove_secret(Path((id, secret)): Path<(String, String)>, form: Sent<Admin>) -> Answer {
    let admin = form.by;
    let secret: Uuid = secret.parse().map_err(|_| nothing_here())?;
    let app = find(&admin, &id).await?.object.app.id;
    match admin.app().directory.remove_password(admin.cx(), &admin.caller, key(&id)?, secret).await {
        // It is gone already: whoever clicks twice has what they wanted the first time.
        Err(error) if error.kind() != ErrorKind::BadRequest => Err(error.into()),
        _ => back_to(&admin, app, "credential-removed"),
    }
}

fn certificate_form(
    admin: &Admin,
    detail: &AppDetail,
    (status, name, certificate): (StatusCode, Field, Field),
) -> Answer {
    let app = &detail.object.app;
    let view =
        AppCertificateNew { page: admin.page(), id: app.id, title: app.name.clone(), name, certificate };
    html(status, &view)
}

pub(crate) async fn ask_certificate(Path(id): Path<String>, admin: Admin) -> Answer {
    admin.app().directory.check_fresh(admin.cx(), &admin.caller, Operation::WriteApplications).await?;
    let detail = find(&admin, &id).await?;
    certificate_form(&admin, &detail, (StatusCode::OK, Field::default(), Field::default()))
}

/// The certificates that stay as they are.
fn kept(detail: &AppDetail, except: Option<Uuid>) -> Vec<NewCertificate> {
    let keep = |id| NewCertificate { id: Some(id), text: None, name: None, starts: None, ends: None };
    detail.certificates.iter().map(|one| one.id).filter(|id| Some(*id) != except).map(keep).collect()
}

pub(crate) async fn add_certificate(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    let detail = find(&admin, &id).await?;
    let (name, text) = (name(&fields), fields.text("certificate"));
    let Some(thumbprint) = service::certificate_thumbprint(text) else {
        let problem = if text.is_empty() { Problem::Missing } else { Problem::NotACertificate };
        // A private key that came by mistake is not sent around once more.
        let shown = if text.contains("PRIVATE") { "" } else { text };
        return certificate_form(
            &admin,
            &detail,
            (StatusCode::BAD_REQUEST, name, Field::wrong(shown, problem)),
        );
    };
    if name.problem.is_some() {
        return certificate_form(&admin, &detail, (StatusCode::BAD_REQUEST, name, Field::of(text)));
    }
    let app = detail.object.app.id;
    // Whoever clicks twice has what they wanted the first time.
    if detail.certificates.iter().any(|one| one.thumbprint == thumbprint) {
        return back_to(&admin, app, "credential-added");
    }
    let mut certificates = kept(&detail, None);
    certificates.push(NewCertificate {
        id: None,
        text: Some(text.to_owned()),
        name: named(&name),
        starts: None,
        ends: None,
    });
    change_certificates(&admin, &detail, certificates).await?;
    back_to(&admin, app, "credential-added")
}

/// Against the version that was read, so that no certificate of somebody else goes unseen.
async fn change_certificates(
    admin: &Admin,
    detail: &AppDetail,
    certificates: Vec<NewCertificate>,
) -> model::Result<()> {
    let patch = AppPatch { certificates: Some(certificates), ..AppPatch::default() };
    let cx = Cx { seen: Some(detail.object.version), ..admin.cx().clone() };
    let key = service::AppKey::Client(detail.object.app.id);
    admin.app().directory.update_app(&cx, &admin.caller, key, patch).await
}

pub(crate) async fn ask_certificate_removal(
    Path((id, certificate_id)): Path<(String, String)>,
    admin: Admin,
) -> Answer {
    admin.app().directory.check_fresh(admin.cx(), &admin.caller, Operation::WriteApplications).await?;
    let detail = find(&admin, &id).await?;
    match detail.certificates.iter().find(|one| one.id.to_string() == certificate_id) {
        Some(found) => {
            ask(&admin, &detail, AppQuestion::RemoveCertificate(certificate(admin.cx().now, found)))
        }
        None => back_to(&admin, detail.object.app.id, "credential-removed"),
    }
}

pub(crate) async fn remove_certificate(
    Path((id, certificate)): Path<(String, String)>,
    form: Sent<Admin>,
) -> Answer {
    let admin = form.by;
    let certificate: Uuid = certificate.parse().map_err(|_| nothing_here())?;
    let detail = find(&admin, &id).await?;
    if detail.certificates.iter().any(|one| one.id == certificate) {
        change_certificates(&admin, &detail, kept(&detail, Some(certificate))).await?;
    }
    back_to(&admin, detail.object.app.id, "credential-removed")
}
