//! One module per group of pages. A handler reads the form, calls one verb and fills one template.

pub(super) mod account;
pub(super) mod admin;
pub(super) mod app_credentials;
pub(super) mod app_permissions;
pub(super) mod apps;
pub(super) mod audit;
pub(super) mod deleted;
pub(super) mod explorer;
pub(super) mod federation;
pub(super) mod general;
pub(super) mod home_deletions;
pub(super) mod invite;
pub(super) mod my_apps;
pub(super) mod oauth;
pub(super) mod outbox;
pub(super) mod redeem;
pub(super) mod roles;
pub(super) mod security;
pub(super) mod sessions;
pub(super) mod settings;
pub(super) mod setup;
pub(super) mod sign_in;
pub(super) mod sign_in_methods;
pub(super) mod users;
