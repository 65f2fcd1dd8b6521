//! The external identities policy.

use crate::{
    Caller, Directory,
    authn::{authorized, require_fresh_caller},
    home,
    record::Draft,
};
use model::{
    Cx, Error, ErrorKind, ExternalIdentitiesPolicy, Result,
    audit::{Activity, Target},
    authz::Operation,
    policy::{self, DISPLAY_NAME, ExternalIdentitiesPolicyPatch, ID, Outcome},
};
use serde_json::json;
use store::{ChangeSet, Decision};

impl Directory {
    /// Reads the policy of the caller's tenant.
    pub async fn get_policy(&self, cx: &Cx, caller: &Caller) -> Result<ExternalIdentitiesPolicy> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadPolicy)?;
                reader.policy()
            })
            .await
    }

    /// Changes the policy. `expected` is the version that the caller last saw, if it must not have changed since.
    pub async fn update_policy(
        &self,
        cx: &Cx,
        caller: &Caller,
        patch: ExternalIdentitiesPolicyPatch,
        expected: Option<i64>,
    ) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdatePolicy)?;
                let (policy, tenant) = (reader.policy()?, reader.tenant()?);
                if expected.is_some_and(|version| version != policy.version) {
                    return Err(Error::new(
                        ErrorKind::PreconditionFailed,
                        "The policy was changed since it was read. Read it again and repeat the request.",
                    ));
                }
                let mut draft = Draft::by(&cx, Activity::UpdatePolicy, &principal).on(Target::thing(
                    "Policy",
                    ID,
                    DISPLAY_NAME,
                ));
                let mut changes = ChangeSet::new();
                match policy::decide(&policy, &tenant.privacy, &patch) {
                    Err(refusal) => {
                        changes.record(draft.refused("privacyProfileMissing").done());
                        return Decision::refused(changes, refusal);
                    }
                    Ok(Outcome::Unchanged) => {
                        changes.guard_policy(scope, &policy);
                        draft = draft.because("unchanged");
                    }
                    Ok(Outcome::Changed(next, modified)) => {
                        changes.guard_tenant(&tenant).update_policy(scope, &next);
                        if next.allow_removal && !policy.allow_removal {
                            require_fresh_caller(reader, &cx, &caller)?;
                            home::note_earlier(reader, &mut changes, &cx)?;
                        }
                        for change in modified {
                            draft =
                                draft.with(change.property, Some(json!(change.old)), Some(json!(change.new)));
                        }
                    }
                }
                changes.record(draft.detail("policyVersion", policy.version).done());
                Decision::done(changes, ())
            })
            .await
    }
}
