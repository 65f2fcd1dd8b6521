//! The organisation's own properties.

use crate::{Caller, Directory, authn::authorized, record::Draft};
use model::{
    Cx, Error, ErrorKind, PrivacyProfile, Result, Tenant,
    audit::{Activity, Target},
    authz::{Operation, Permission, Principal},
    is_https_or_mailto, is_plain_address, policy,
};
use serde_json::json;
use store::{ChangeSet, Decision};

/// A partial update; what is absent stays, `Some(None)` clears.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OrganizationPatch {
    /// The privacy contact.
    pub privacy_contact: Option<Option<String>>,
    /// The address of the privacy statement.
    pub privacy_url: Option<Option<String>>,
    /// The technical contact.
    pub technical_contact: Option<Option<String>>,
    /// The version that the caller last saw, if it must not have changed since.
    pub expected: Option<i64>,
}

/// Blank text clears, as on the live service, where an empty profile appears as empty strings.
fn cleaned(value: Option<String>) -> Option<String> {
    value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn checked(value: Option<String>, property: &'static str, holds: fn(&str) -> bool) -> Result<Option<String>> {
    let value = cleaned(value);
    match &value {
        Some(text) if !holds(text) => Err(Error::invalid_value(property, "Organization")),
        _ => Ok(value),
    }
}

/// Does this principal see more of the organisation than its name and its domains?
pub(crate) fn sees_all(principal: &Principal) -> bool {
    use Permission as P;
    const FULL: &[Permission] =
        &[P::OrganizationReadAll, P::OrganizationReadWriteAll, P::DirectoryReadAll, P::DirectoryReadWriteAll];
    principal.holds(FULL, FULL)
}

impl Directory {
    /// Reads the organisation with its domains. The second value says whether the caller sees more than the name and the
    /// domains: with `User.Read` alone the live service answers the rest as null.
    pub async fn get_organization(&self, cx: &Cx, caller: &Caller) -> Result<(Tenant, Vec<String>, bool)> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = authorized(reader, cx, caller, Operation::ReadOrganization)?;
                Ok((reader.tenant()?, reader.domains()?, sees_all(&principal)))
            })
            .await
    }

    /// Changes the organisation's properties.
    pub async fn update_organization(
        &self,
        cx: &Cx,
        caller: &Caller,
        patch: OrganizationPatch,
    ) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdateOrganization)?;
                let (tenant, policy) = (reader.tenant()?, reader.policy()?);
                if patch.expected.is_some_and(|version| version != tenant.version) {
                    return Err(Error::new(
                        ErrorKind::PreconditionFailed,
                        "The organization was changed since it was read. Read it again and repeat the request.",
                    ));
                }
                let next = apply(&tenant, &patch)?;
                policy::may_set_privacy(&policy, &next.privacy)?;
                let mut changes = ChangeSet::new();
                let mut draft = Draft::by(&cx, Activity::SetCompanyInformation, &principal)
                    .on(Target::thing("Directory", tenant.id, &tenant.name));
                if next == tenant {
                    changes.guard_tenant(&tenant);
                    draft = draft.because("unchanged");
                } else {
                    for (name, old, new) in [
                        (
                            "privacyProfile.contactEmail",
                            &tenant.privacy.contact_email,
                            &next.privacy.contact_email,
                        ),
                        (
                            "privacyProfile.statementUrl",
                            &tenant.privacy.statement_url,
                            &next.privacy.statement_url,
                        ),
                        ("technicalNotificationMails", &tenant.technical_contact, &next.technical_contact),
                    ] {
                        if old != new {
                            draft = draft.with(name, Some(json!(old)), Some(json!(new)));
                        }
                    }
                    let next = Tenant { version: tenant.version + 1, ..next };
                    changes.guard_policy(scope, &policy).update_tenant(&next);
                }
                changes.record(draft.done());
                Decision::done(changes, ())
            })
            .await
    }
}

fn apply(tenant: &Tenant, patch: &OrganizationPatch) -> Result<Tenant> {
    let mut next = tenant.clone();
    let PrivacyProfile { contact_email, statement_url } = &mut next.privacy;
    if let Some(value) = &patch.privacy_contact {
        *contact_email = checked(value.clone(), "contactEmail", is_plain_address)?;
    }
    if let Some(value) = &patch.privacy_url {
        *statement_url = checked(value.clone(), "statementUrl", is_https_or_mailto)?;
    }
    if let Some(value) = &patch.technical_contact {
        next.technical_contact = checked(value.clone(), "technicalNotificationMails", is_plain_address)?;
    }
    Ok(next)
}
