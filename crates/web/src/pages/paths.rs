//! Where each page lives. Routes and templates take the addresses from here, so that no link can miss its page.

/// Signing in, all steps; `POST` to the same address.
pub const SIGN_IN: &str = "/signin";
/// Signing out; `POST` only.
pub const SIGN_OUT: &str = "/signout";
/// Start page of My Account.
pub const MY_ACCOUNT: &str = "/myaccount";
/// The organisations of the signed-in person.
pub const ORGANIZATIONS: &str = "/myaccount/organizations";
/// Reviewing and accepting an invitation; `ticket` in the query says which.
pub const REDEEM: &str = "/invitations/redeem";
/// Start page of the administrator.
pub const ADMIN: &str = "/admin";
/// External collaboration settings; `POST` has `section` = `leave` or `removal`.
pub const SETTINGS: &str = "/admin/external-collaboration";
/// Guests whose home account was deleted before the policy said to remove them.
pub const HOME_DELETIONS: &str = "/admin/external-collaboration/home-deletions";
/// The page that asks before the chosen ones are removed; `POST` to it removes.
pub const HOME_DELETIONS_REVIEW: &str = "/admin/external-collaboration/home-deletions/review";
/// Soft-deleted users.
pub const DELETED_USERS: &str = "/admin/deleted-users";
/// Properties of the organisation.
pub const PROPERTIES: &str = "/admin/properties";
/// First-run set-up.
pub const SETUP: &str = "/setup";
/// Where style and pictures are; a hash of the content is part of the name.
pub const ASSETS: &str = "/assets/";

/// Leaving one organisation: `GET` asks or refuses, `POST` leaves.
pub fn leave(tenant: &model::TenantId) -> String {
    format!("{ORGANIZATIONS}/leave/{tenant}")
}

/// Restoring one soft-deleted user; `POST` only.
pub fn restore(user: &model::ObjectId) -> String {
    format!("{DELETED_USERS}/{user}/restore")
}

/// Deleting one soft-deleted user permanently: `GET` asks, `POST` deletes.
pub fn purge(user: &model::ObjectId) -> String {
    format!("{DELETED_USERS}/{user}/delete")
}
