//! Where each page lives. Routes and templates take the addresses from here, so that no link can miss its page.

/// Signing in, all steps; `POST` to the same address.
pub const SIGN_IN: &str = "/signin";
/// Where a provider sends the browser back to.
pub const SIGN_IN_CALLBACK: &str = "/signin/callback";
/// Signing out; `POST` only.
pub const SIGN_OUT: &str = "/signout";
/// Has the browser forget the pages from before signing out.
pub const FORGET: &str = "/signout/forget";
/// Start page of My Account.
pub const MY_ACCOUNT: &str = "/myaccount";
/// The organisations of the signed-in person.
pub const ORGANIZATIONS: &str = "/myaccount/organizations";
/// The apps that act for the person.
pub const MY_APPS: &str = "/myaccount/apps";
/// Where the person is signed in; `POST` with `id` ends one session, with `others` the others, with `everywhere` all.
pub const SESSIONS: &str = "/myaccount/sessions";
/// The second factor; `POST` has `act` = `begin`, `confirm`, `renew` or `remove`.
pub const SECURITY: &str = "/myaccount/security";
/// Reviewing and accepting an invitation; `ticket` in the query says which.
pub const REDEEM: &str = "/invitations/redeem";
/// Start page of the administrator.
pub const ADMIN: &str = "/admin";
/// External collaboration settings; `POST` has `section`, one of [`super::view::Section`].
pub const SETTINGS: &str = "/admin/external-collaboration";
/// Whom the removal with the home account would touch; `POST` switches it on.
pub const REMOVAL: &str = "/admin/external-collaboration/deleted-home-accounts";
/// Guests whose home account was deleted before the policy said to remove them.
pub const HOME_DELETIONS: &str = "/admin/external-collaboration/home-deletions";
/// The page that asks before the chosen ones are removed; `POST` to it removes.
pub const HOME_DELETIONS_REVIEW: &str = "/admin/external-collaboration/home-deletions/review";
/// Users: members and guests.
pub const USERS: &str = "/admin/users";
/// Inviting a guest.
pub const INVITE: &str = "/admin/users/invite";
/// The page that asks before the chosen users are removed (`id`, repeated); `POST` to it removes.
pub const REMOVE_USERS: &str = "/admin/users/remove";
/// Soft-deleted users.
pub const DELETED_USERS: &str = "/admin/deleted-users";
/// How people of the organisation sign in: second factor, external providers.
pub const SIGN_IN_METHODS: &str = "/admin/sign-in";
/// Mails of a demonstration.
pub const OUTBOX: &str = "/innkeeper/outbox";
/// Directory roles, and who holds them.
pub const ROLES: &str = "/admin/roles";
/// Registered apps.
pub const APPS: &str = "/admin/apps";
/// Registering an app.
pub const APP_NEW: &str = "/admin/apps/new";
/// The audit log; its filter is in the query.
pub const AUDIT: &str = "/admin/audit";
/// What the filter of the audit log matches, as a file; its form (`csv`, `json`) follows.
pub const AUDIT_EXPORT: &str = "/admin/audit/export.";
/// Properties of the organisation.
pub const PROPERTIES: &str = "/admin/properties";
/// Answering a question about an app; `POST` only.
pub const CONSENT: &str = "/consent";
/// Entering the code that a device shows.
pub const DEVICE: &str = service::DEVICE_PAGE;
/// Signing out for an app; `POST` only.
pub const SIGN_OUT_APP: &str = "/signout/app";
/// First-run set-up.
pub const SETUP: &str = "/setup";
/// Requests to Graph, typed by a person: `GET` fills in, `POST` sends.
pub const EXPLORER: &str = "/explorer";
/// Where style and pictures are; a hash of the content is part of the name.
pub const ASSETS: &str = "/assets/";

/// Leaving one organisation: `GET` asks or refuses, `POST` leaves.
pub fn leave(tenant: &model::TenantId) -> String {
    format!("{ORGANIZATIONS}/leave/{tenant}")
}

/// Accepting the invitation of one organisation without its link: `GET` shows what it means, `POST` has `decision`.
pub fn accept(tenant: &model::TenantId) -> String {
    format!("{ORGANIZATIONS}/accept/{tenant}")
}

/// Downloading what one organisation holds about the person.
pub fn data(tenant: &model::TenantId) -> String {
    format!("{ORGANIZATIONS}/data/{tenant}")
}

/// Taking back what one app may do: `GET` asks, `POST` does it.
pub fn remove_app(tenant: &model::TenantId, app: &model::AppId) -> String {
    format!("{MY_APPS}/{tenant}/{app}/remove")
}

/// Signing in with a provider of an organisation.
pub fn sign_in_with(tenant: &model::TenantId, provider: &impl std::fmt::Display) -> String {
    format!("{SIGN_IN}/with/{tenant}/{provider}")
}

/// One user; `POST` has `act` = `block` or `unblock`.
pub fn user(user: &model::ObjectId) -> String {
    format!("{USERS}/{user}")
}

/// Sending the invitation of one user again; `POST` does, `GET` leads back to the user.
pub fn invite_again(user: &model::ObjectId) -> String {
    format!("{USERS}/{user}/invitation")
}

/// Letting the owner of the mailbox accept anew: `GET` asks, `POST` does.
pub fn reset(user: &model::ObjectId) -> String {
    format!("{USERS}/{user}/reset")
}

/// Restoring one soft-deleted user; `POST` only.
pub fn restore(user: &model::ObjectId) -> String {
    format!("{DELETED_USERS}/{user}/restore")
}

/// Deleting one soft-deleted user permanently: `GET` asks, `POST` deletes.
pub fn purge(user: &model::ObjectId) -> String {
    format!("{DELETED_USERS}/{user}/delete")
}

/// One directory role.
pub fn role(role: model::authz::Role) -> String {
    format!("{ROLES}/{}", role.template())
}

/// Giving a role to the `person` of the query: `GET` asks, `POST` gives.
pub fn role_give(role: model::authz::Role) -> String {
    format!("{ROLES}/{}/give", role.template())
}

/// Taking a role from somebody: `GET` asks, `POST` takes.
pub fn role_take(role: model::authz::Role, user: &model::ObjectId) -> String {
    format!("{ROLES}/{}/take/{user}", role.template())
}

/// One app.
pub fn app(app: &model::AppId) -> String {
    format!("{APPS}/{app}")
}

/// One record of the audit log.
pub fn audit_record(id: &str) -> String {
    format!("{AUDIT}/{id}")
}
