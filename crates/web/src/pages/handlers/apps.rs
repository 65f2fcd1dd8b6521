//! Registered apps: listed, registered, shown, changed, switched off, deleted.

use super::general::nothing_here;
use crate::{
    graph::{addresses_of, with_addresses_at},
    pages::{
        answer::{Answer, Stop, html, see_other},
        paths,
        view::{
            AppAsk, AppKind, AppLine, AppNew, AppNotice, AppPage, AppQuestion, AppState, Apps, Credential,
            Field, Life, PermissionRow, Problem,
        },
        visit::{Admin, Fields, Sent},
    },
};
use axum::extract::Path;
use http::StatusCode;
use model::{AppId, Cx, ErrorKind, Result, Timestamp, authz::Operation, plain_text};
use serde_json::Map;
use service::{AppDetail, AppKey, AppPatch, GrantKind, PermissionState, is_grantable, is_redirect_uri};

/// How many apps one page shows.
const PAGE: u16 = 50;
/// What positions in the list are sealed under.
const LIST: &str = "apps";
/// The longest name that is kept.
const NAME: usize = 256;

pub(crate) async fn list(admin: Admin) -> Answer {
    let after: Option<(String, AppId)> = admin.position(LIST);
    let after = after.as_ref().map(|(name, id)| (name.as_str(), *id));
    let apps = admin.app().directory.list_apps_by_name(admin.cx(), &admin.caller, after, PAGE).await?;
    let last = apps.last().filter(|_| apps.len() == usize::from(PAGE)).map(|last| &last.object.app);
    let pages = admin.pages(LIST, last.map(|app| (&app.name, app.id)).as_ref())?;
    let now = admin.cx().now;
    html(
        StatusCode::OK,
        &Apps {
            page: admin.page(),
            apps: apps.iter().map(|app| line(now, app)).collect(),
            pages,
            may_register: admin.may(Operation::WriteApplications),
            deleted: admin.member.noted().as_deref() == Some("app-deleted"),
        },
    )
}

const fn state(detail: &AppDetail) -> AppState {
    match (detail.object.has_principal, detail.object.app.enabled) {
        (false, _) => AppState::NoPrincipal,
        (true, true) => AppState::On,
        (true, false) => AppState::Off,
    }
}

fn line(now: Timestamp, detail: &AppDetail) -> AppLine {
    let app = &detail.object.app;
    let ends = detail.secrets.iter().map(|one| one.expires);
    let ends: Vec<_> = ends.chain(detail.certificates.iter().map(|one| one.expires)).collect();
    // The next one to end among those that are good; where none is, the app cannot sign in.
    let next = ends.iter().filter(|end| **end > now).min().or(ends.iter().max());
    AppLine {
        id: app.id,
        name: app.name.clone(),
        public: app.public,
        state: state(detail),
        credentials: u64::try_from(ends.len()).unwrap_or_default(),
        life: next.map(|end| Life::of(now, *end)),
        created: app.created,
    }
}

/// The app that an address names.
pub(super) fn key(id: &str) -> Result<AppKey, Stop> {
    id.parse().map(AppKey::Client).map_err(|_| nothing_here())
}

pub(super) async fn find(admin: &Admin, id: &str) -> Result<AppDetail, Stop> {
    Ok(admin.app().directory.get_app(admin.cx(), &admin.caller, key(id)?).await?)
}

/// Back to the page of an app, which says what was done.
pub(super) fn back_to(admin: &Admin, id: AppId, note: &str) -> Answer {
    see_other(&format!("{}?note={}", paths::app(&id), admin.member.note(note)))
}

fn label(admin: &Admin) -> String {
    let who = admin.caller.object().map(|id| id.to_string()).unwrap_or_default();
    format!("new-app:{}:{who}", admin.caller.tenant())
}

pub(crate) async fn ask_new(admin: Admin) -> Answer {
    admin.app().directory.check_operation(admin.cx(), &admin.caller, Operation::WriteApplications).await?;
    let once = offer_id(&admin);
    let (name, addresses) = (Field::default(), Field::default());
    html(StatusCode::OK, &AppNew { page: admin.page(), name, kind: AppKind::Web, addresses, once })
}

fn offer_id(admin: &Admin) -> String {
    let id = AppId::mint(admin.cx().random.as_ref()).to_string();
    admin.app().directory.sign_opaque(&label(admin), id.as_bytes())
}

pub(crate) async fn register(form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    let once = fields.text("once");
    let opened = admin.app().directory.open_opaque(&label(&admin), once);
    let id: Option<AppId> = opened.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
    let kind = AppKind::parse(fields.text("kind")).unwrap_or(AppKind::Web);
    let (name, addresses) = (name(&fields), addresses(&fields, "addresses"));
    if id.is_none() || name.problem.is_some() || addresses.problem.is_some() {
        let once = if id.is_some() { once.to_owned() } else { offer_id(&admin) };
        return html(StatusCode::BAD_REQUEST, &AppNew { page: admin.page(), name, kind, addresses, once });
    }
    let uris = lines(&addresses.value);
    let (at, public) = match kind {
        AppKind::Web => ([uris, Vec::new(), Vec::new()], false),
        AppKind::Spa => ([Vec::new(), uris, Vec::new()], true),
        AppKind::Device => ([Vec::new(), Vec::new(), uris], true),
    };
    let patch = AppPatch { name: Some(name.value), ..AppPatch::default() };
    let patch = with_addresses_at(patch, &Map::new(), (at, public));
    let made = admin.app().directory.create_app(admin.cx(), &admin.caller, patch, (id, true)).await?;
    back_to(&admin, made.object.app.id, "registered")
}

fn name(fields: &Fields) -> Field {
    let value = fields.text("name");
    let problem = match plain_text(value) {
        Some(_) => return Field::of(value),
        None if value.is_empty() => Problem::Missing,
        None if value.chars().count() > NAME => Problem::TooLong,
        None => Problem::Unshowable,
    };
    Field::wrong(value, problem)
}

/// One address per line, each once.
fn lines(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !found.iter().any(|known| known == line) {
            found.push(line.to_owned());
        }
    }
    found
}

fn addresses(fields: &Fields, name: &str) -> Field {
    let value = fields.text(name);
    if lines(value).iter().all(|uri| is_redirect_uri(uri)) {
        Field::of(value)
    } else {
        Field::wrong(value, Problem::NotAnAppAddress)
    }
}

pub(crate) async fn show(Path(id): Path<String>, admin: Admin) -> Answer {
    let detail = find(&admin, &id).await?;
    let notice = admin.member.noted().as_deref().and_then(notice);
    let view = view(&admin, &detail).await?;
    html(StatusCode::OK, &AppPage { notice, ..view })
}

fn notice(note: &str) -> Option<AppNotice> {
    Some(match note.split_once(' ').unwrap_or((note, "")) {
        ("registered", _) => AppNotice::Registered,
        ("saved", _) => AppNotice::Saved,
        ("credential-added", _) => AppNotice::CredentialAdded,
        ("credential-removed", _) => AppNotice::CredentialRemoved,
        ("granted", count) => AppNotice::Granted(count.parse().ok()?),
        ("revoked", _) => AppNotice::Revoked,
        ("on", _) => AppNotice::On,
        ("off", _) => AppNotice::Off,
        _ => return None,
    })
}

/// The page with what is stored.
async fn view(admin: &Admin, detail: &AppDetail) -> Result<AppPage> {
    let (object, now) = (&detail.object, admin.cx().now);
    let key = AppKey::Client(object.app.id);
    let found = admin.app().directory.view_permissions(admin.cx(), &admin.caller, key).await?;
    let [web, spa, device] = addresses_of(detail).map(|uris| Field::of(uris.join("\n")));
    let rows = found.known.iter().map(|state| permission(admin, detail, *state)).collect();
    Ok(AppPage {
        page: admin.page(),
        id: object.app.id,
        title: object.app.name.clone(),
        application: object.application,
        principal: object.has_principal.then_some(object.app.object),
        created: object.app.created,
        state: state(detail),
        name: Field::of(object.app.name.clone()),
        public: object.app.public,
        web,
        spa,
        device,
        version: object.version,
        secrets: detail.secrets.iter().map(|one| secret(now, one)).collect(),
        certificates: detail.certificates.iter().map(|one| certificate(now, one)).collect(),
        permissions: rows,
        unknown: u64::try_from(found.unknown).unwrap_or_default(),
        may_change: admin.may(Operation::WriteApplications),
        may_grant: admin.may(Operation::WriteDelegatedGrants)
            || admin.may(Operation::WriteAppRoleAssignments),
        notice: None,
        changed_meanwhile: false,
    })
}

pub(super) fn secret(now: Timestamp, secret: &service::AppSecret) -> Credential {
    Credential {
        id: secret.id,
        name: secret.name.clone(),
        mark: secret.hint.as_ref().map(|hint| format!("{hint}…")).unwrap_or_default(),
        created: secret.created,
        expires: secret.expires,
        life: Life::of(now, secret.expires),
    }
}

pub(super) fn certificate(now: Timestamp, certificate: &service::AppCertificate) -> Credential {
    Credential {
        id: certificate.id,
        name: certificate.name.clone(),
        mark: certificate.thumbprint.clone(),
        created: certificate.created,
        expires: certificate.expires,
        life: Life::of(now, certificate.expires),
    }
}

/// One permission as the reader may change it.
pub(super) fn permission(admin: &Admin, detail: &AppDetail, state: PermissionState) -> PermissionRow {
    let (kind, permission) = state.grant;
    let own = kind == GrantKind::Application;
    let needed = if own { Operation::WriteAppRoleAssignments } else { Operation::WriteDelegatedGrants };
    PermissionRow {
        permission,
        own,
        asked: state.asked,
        granted: state.granted.is_some(),
        // Grants from before they were dated have no date.
        since: state.granted.filter(|since| since.as_micros() > 0),
        people: state.people,
        changeable: admin.may(needed),
        grantable: detail.object.has_principal && is_grantable(&detail.object, state.grant),
    }
}

pub(crate) async fn save(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    let detail = find(&admin, &id).await?;
    let stored = view(&admin, &detail).await?;
    let page = AppPage {
        name: name(&fields),
        web: addresses(&fields, "web"),
        spa: addresses(&fields, "spa"),
        device: addresses(&fields, "device"),
        public: fields.text("public") == "yes",
        ..stored
    };
    if [&page.name, &page.web, &page.spa, &page.device].iter().any(|field| field.problem.is_some()) {
        return html(StatusCode::BAD_REQUEST, &page);
    }
    // Without a version that can be read, nothing is overwritten.
    let cx = Cx { seen: Some(fields.text("version").parse().unwrap_or(-1)), ..admin.cx().clone() };
    let at = [&page.web, &page.spa, &page.device].map(|field| lines(&field.value));
    let patch = AppPatch { name: Some(page.name.value.clone()), ..AppPatch::default() };
    let patch = with_addresses_at(patch, &detail.object.body, (at, page.public));
    match admin.app().directory.update_app(&cx, &admin.caller, key(&id)?, patch).await {
        Ok(()) => back_to(&admin, detail.object.app.id, "saved"),
        Err(error) if error.kind() == ErrorKind::PreconditionFailed => {
            let stored = view(&admin, &find(&admin, &id).await?).await?;
            html(StatusCode::CONFLICT, &AppPage { changed_meanwhile: true, ..stored })
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks something about an app.
pub(super) fn ask(admin: &Admin, detail: &AppDetail, question: AppQuestion) -> Answer {
    let app = &detail.object.app;
    html(StatusCode::OK, &AppAsk { page: admin.page(), id: app.id, title: app.name.clone(), question })
}

pub(crate) async fn enable(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let admin = form.by;
    let app = find(&admin, &id).await?.object;
    let (directory, cx, caller) = (&admin.app().directory, admin.cx(), &admin.caller);
    if !app.has_principal {
        directory.create_principal(cx, caller, app.app.id).await?;
    } else if !app.app.enabled {
        let patch = AppPatch { enabled: Some(true), ..AppPatch::default() };
        directory.update_app(cx, caller, AppKey::Principal(app.app.object), patch).await?;
    }
    back_to(&admin, app.app.id, "on")
}

/// Where a reload of switching on leads.
pub(crate) async fn back(Path(id): Path<String>, admin: Admin) -> Answer {
    see_other(&paths::app(&find(&admin, &id).await?.object.app.id))
}

pub(crate) async fn ask_disable(Path(id): Path<String>, admin: Admin) -> Answer {
    admin.app().directory.check_operation(admin.cx(), &admin.caller, Operation::WriteApplications).await?;
    let detail = find(&admin, &id).await?;
    ask(&admin, &detail, AppQuestion::SwitchOff)
}

pub(crate) async fn disable(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let admin = form.by;
    let app = find(&admin, &id).await?.object;
    if app.app.enabled {
        let patch = AppPatch { enabled: Some(false), ..AppPatch::default() };
        let key = AppKey::Principal(app.app.object);
        admin.app().directory.update_app(admin.cx(), &admin.caller, key, patch).await?;
    }
    back_to(&admin, app.app.id, "off")
}

pub(crate) async fn ask_delete(Path(id): Path<String>, admin: Admin) -> Answer {
    let (directory, cx, caller) = (&admin.app().directory, admin.cx(), &admin.caller);
    directory.check_fresh(cx, caller, Operation::WriteApplications).await?;
    let detail = find(&admin, &id).await?;
    let found = directory.view_permissions(cx, caller, key(&id)?).await?;
    let has = found.known.iter().filter(|one| one.granted.is_some() || one.people > 0).count();
    let credentials = detail.secrets.len() + detail.certificates.len();
    let question = AppQuestion::Delete {
        credentials: u64::try_from(credentials).unwrap_or_default(),
        permissions: u64::try_from(has).unwrap_or_default(),
    };
    ask(&admin, &detail, question)
}

pub(crate) async fn delete(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let admin = form.by;
    match admin.app().directory.delete_app(admin.cx(), &admin.caller, key(&id)?).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        // Whoever clicks twice has what they wanted the first time.
        _ => see_other(&format!("{}?note={}", paths::APPS, admin.member.note("app-deleted"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_lines_each_once() {
        assert_eq!(
            lines(" https://a.example \r\n\nhttps://b.example\nhttps://a.example"),
            ["https://a.example", "https://b.example"]
        );
        assert!(lines(" \n ").is_empty());
    }
}
