//! The pages: server-rendered, complete without script, with nothing from other hosts.

mod answer;
pub mod assets;
mod handlers;
pub mod i18n;
pub mod paths;
pub(crate) mod session;
pub mod view;
mod visit;

use crate::{App, edge::Arrival};
use axum::{
    Router,
    extract::Request,
    middleware,
    response::Response,
    routing::{get, post},
};
use handlers::{
    account, admin, app_credentials, app_permissions, apps, audit, deleted, explorer, federation, general,
    home_deletions, invite, my_apps, oauth, outbox, redeem, roles, security, sessions, settings, setup,
    sign_in, sign_in_methods, users,
};
use http::{HeaderMap, header};

/// All pages.
pub(crate) fn router() -> Router<App> {
    let leave = || get(account::ask).post(account::leave);
    Router::new()
        .route("/", get(general::root))
        .route(paths::SIGN_IN, get(sign_in::show).post(sign_in::step))
        .route("/signin/with/{tenant}/{provider}", get(federation::depart))
        .route(paths::SIGN_IN_CALLBACK, get(federation::arrive))
        .route(paths::SIGN_OUT, post(sign_in::out))
        .route(paths::FORGET, get(sign_in::forget))
        .route(paths::SESSIONS, get(sessions::list).post(sessions::end))
        .route(paths::SECURITY, get(security::show).post(security::act))
        .route(paths::SIGN_IN_METHODS, get(sign_in_methods::show).post(sign_in_methods::act))
        .route(paths::OUTBOX, get(outbox::show))
        .route(paths::MY_ACCOUNT, get(account::overview))
        .route(paths::ORGANIZATIONS, get(account::organizations))
        .route("/myaccount/organizations/leave/{tenant}", leave())
        .route("/organizations/leave/{tenant}", leave())
        .route("/myaccount/organizations/accept/{tenant}", get(redeem::show_from).post(redeem::decide_from))
        .route("/myaccount/organizations/data/{tenant}", get(account::data))
        .route(paths::MY_APPS, get(my_apps::list))
        .route("/myaccount/apps/{tenant}/{app}/remove", get(my_apps::ask).post(my_apps::remove))
        .route(paths::REDEEM, get(redeem::show).post(redeem::decide))
        .route(paths::EXPLORER, get(explorer::show).post(explorer::run))
        .route(paths::ADMIN, get(admin::start))
        .route(paths::SETTINGS, get(settings::show).post(settings::save))
        .route(paths::REMOVAL, get(settings::preview_removal).post(settings::switch_removal_on))
        .route(paths::HOME_DELETIONS, get(home_deletions::list))
        .route(paths::HOME_DELETIONS_REVIEW, get(home_deletions::review).post(home_deletions::apply))
        .route(paths::USERS, get(users::list))
        .route(paths::INVITE, get(invite::ask).post(invite::send))
        .route(paths::REMOVE_USERS, get(users::ask_removal).post(users::remove))
        .route("/admin/users/{user}", get(users::show).post(users::act))
        .route("/admin/users/{user}/invitation", get(users::back).post(invite::again))
        .route("/admin/users/{user}/reset", get(invite::ask_reset).post(invite::reset))
        .route(paths::DELETED_USERS, get(deleted::list))
        .route("/admin/deleted-users/{user}/restore", get(deleted::back).post(deleted::restore))
        .route("/admin/deleted-users/{user}/delete", get(deleted::ask).post(deleted::purge))
        .merge(directory())
        .route(paths::PROPERTIES, get(admin::properties).post(admin::save_properties))
        .route(paths::SETUP, get(setup::show).post(setup::finish))
        .route("/{tenant}/oauth2/v2.0/authorize", get(oauth::authorize))
        .route("/{tenant}/oauth2/v2.0/logout", get(oauth::sign_out))
        .route("/{tenant}/adminconsent", get(oauth::ask_administrator).post(oauth::decide_for_all))
        .route("/{tenant}/v2.0/adminconsent", get(oauth::ask_administrator).post(oauth::decide_for_all))
        .route(paths::CONSENT, post(oauth::consent))
        .route(paths::DEVICE, get(oauth::device).post(oauth::decide_device))
        .route(paths::SIGN_OUT_APP, post(oauth::out))
        .route_layer(middleware::from_fn(answer::gate))
        .route("/assets/{name}", get(general::asset))
}

/// Roles, apps, and the audit log.
fn directory() -> Router<App> {
    Router::new()
        .route(paths::ROLES, get(roles::list))
        .route("/admin/roles/{role}", get(roles::show))
        .route("/admin/roles/{role}/give", get(roles::ask_to_give).post(roles::give))
        .route("/admin/roles/{role}/take/{user}", get(roles::ask_to_take).post(roles::take))
        .route(paths::APPS, get(apps::list))
        .route(paths::APP_NEW, get(apps::ask_new).post(apps::register))
        .route("/admin/apps/{app}", get(apps::show).post(apps::save))
        .route("/admin/apps/{app}/enable", get(apps::back).post(apps::enable))
        .route("/admin/apps/{app}/disable", get(apps::ask_disable).post(apps::disable))
        .route("/admin/apps/{app}/delete", get(apps::ask_delete).post(apps::delete))
        .route(
            "/admin/apps/{app}/secrets/new",
            get(app_credentials::ask_secret).post(app_credentials::add_secret),
        )
        .route(
            "/admin/apps/{app}/secrets/{secret}/remove",
            get(app_credentials::ask_secret_removal).post(app_credentials::remove_secret),
        )
        .route(
            "/admin/apps/{app}/certificates/new",
            get(app_credentials::ask_certificate).post(app_credentials::add_certificate),
        )
        .route(
            "/admin/apps/{app}/certificates/{certificate}/remove",
            get(app_credentials::ask_certificate_removal).post(app_credentials::remove_certificate),
        )
        .route("/admin/apps/{app}/permissions/add", get(app_permissions::choose))
        .route(
            "/admin/apps/{app}/permissions/grant",
            get(app_permissions::ask_grant).post(app_permissions::grant),
        )
        .route(
            "/admin/apps/{app}/permissions/revoke",
            get(app_permissions::ask_revoke).post(app_permissions::revoke),
        )
        .route(paths::AUDIT, get(audit::list))
        .route("/admin/audit/{record}", get(audit::show))
        .route("/admin/audit/export.csv", get(audit::export_csv))
        .route("/admin/audit/export.json", get(audit::export_json))
}

pub(crate) use answer::encoded;

/// Is it a browser that asks?
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|range| range.trim().to_ascii_lowercase().starts_with("text/html"))
}

/// The page for an address that leads nowhere, in the reader's language.
pub(crate) fn lost(arrival: &Arrival, request: &Request) -> Response {
    answer::lost(arrival, request.method(), request.headers(), request.uri())
}
