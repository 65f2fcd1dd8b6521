//! The external identities policy of a tenant: the two booleans and the one rule that changes them.

use crate::{Error, PrivacyProfile, Result};

/// `id` of the policy; singular, although the path segment is plural (live service).
pub const ID: &str = "externalIdentityPolicy";
/// `displayName` of the policy; cannot be changed (live service).
pub const DISPLAY_NAME: &str = "External Identities Policy";

/// Graph's `externalIdentitiesPolicy` of one tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternalIdentitiesPolicy {
    /// `allowExternalIdentitiesToLeave`: may people homed elsewhere leave by themselves?
    pub allow_leave: bool,
    /// `allowDeletedIdentitiesDataRemoval`: does a guest go when the home account is deleted?
    pub allow_removal: bool,
    /// Grows with every change; guards writes and is the entity tag.
    pub version: i64,
}

impl Default for ExternalIdentitiesPolicy {
    /// An untouched tenant (live service): leaving allowed, removal off.
    fn default() -> Self {
        Self { allow_leave: true, allow_removal: false, version: 1 }
    }
}

/// A partial update; what is absent stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExternalIdentitiesPolicyPatch {
    /// New `allowExternalIdentitiesToLeave`.
    pub allow_leave: Option<bool>,
    /// New `allowDeletedIdentitiesDataRemoval`.
    pub allow_removal: Option<bool>,
}

/// One property that an update changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// The property's name on the wire.
    pub property: &'static str,
    /// Before.
    pub old: bool,
    /// After.
    pub new: bool,
}

/// What a patch amounts to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Nothing changes.
    Unchanged,
    /// The policy as it will be, and what is different.
    Changed(ExternalIdentitiesPolicy, Vec<Change>),
}

/// Decides a patch. Leaving may be switched off only where guests can read whom to turn to: the live service answers the
/// same text (the missing blank is its own).
pub fn decide(
    policy: &ExternalIdentitiesPolicy,
    privacy: &PrivacyProfile,
    patch: &ExternalIdentitiesPolicyPatch,
) -> Result<Outcome> {
    if patch.allow_leave == Some(false) && !privacy.is_complete() {
        return Err(Error::bad_request(
            "Cannot disable AllowExternalIdentitiesToLeave since PrivacyProfile on the organization resource has not been specified. Please update the PrivacyContact and PrivacyStatementUrl on your organization's PrivacyProfileusing the Update organization API.",
        ));
    }
    let next = ExternalIdentitiesPolicy {
        allow_leave: patch.allow_leave.unwrap_or(policy.allow_leave),
        allow_removal: patch.allow_removal.unwrap_or(policy.allow_removal),
        version: policy.version + 1,
    };
    let changes: Vec<Change> = [
        Change { property: "allowExternalIdentitiesToLeave", old: policy.allow_leave, new: next.allow_leave },
        Change {
            property: "allowDeletedIdentitiesDataRemoval",
            old: policy.allow_removal,
            new: next.allow_removal,
        },
    ]
    .into_iter()
    .filter(|change| change.old != change.new)
    .collect();
    Ok(if changes.is_empty() { Outcome::Unchanged } else { Outcome::Changed(next, changes) })
}

/// The privacy profile may not lose a field while leaving is off: guests would have nobody to turn to.
pub fn may_set_privacy(policy: &ExternalIdentitiesPolicy, next: &PrivacyProfile) -> Result<()> {
    if policy.allow_leave || next.is_complete() {
        return Ok(());
    }
    Err(Error::bad_request(
        "Cannot clear the PrivacyProfile while allowExternalIdentitiesToLeave is false, because guests who may not leave need a privacy contact and a privacy statement. Set allowExternalIdentitiesToLeave to true first, or send both contactEmail and statementUrl.",
    ))
}
