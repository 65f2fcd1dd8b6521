//! What an app asks for and may do, as one list; granting and revoking for the whole organisation.

use super::{AppKey, find, granted};
use crate::{
    Caller, Directory,
    authn::{authorized, principal, require_fresh_caller},
};
use model::{
    Cx, Error, Result, Timestamp,
    audit::Activity,
    authz::{Operation, Permission, authorize},
};
use serde_json::{Map, Value};
use store::{AppObject, ChangeSet, Decision, Grant, GrantKind, Reader};

/// A permission that an app asks for or has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PermissionState {
    /// Which, and in which form.
    pub grant: Grant,
    /// Does the registration ask for it?
    pub asked: bool,
    /// Since when the app has it for everybody, or of its own accord.
    pub granted: Option<Timestamp>,
    /// How many people let the app have it for themselves.
    pub people: u64,
}

/// Everything that an app asks for or has: delegated first, each by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppPermissions {
    /// Permissions that exist here.
    pub known: Vec<PermissionState>,
    /// How many it asks for that do not exist here; they can never be granted.
    pub unknown: usize,
}

impl AppPermissions {
    /// What is asked for and not granted yet.
    pub fn missing(&self) -> impl Iterator<Item = Grant> {
        self.known.iter().filter(|one| one.asked && one.granted.is_none()).map(|one| one.grant)
    }
}

/// Can this app be given this permission in this form at all?
pub fn is_grantable(app: &AppObject, (kind, permission): Grant) -> bool {
    // A public client has nothing to prove itself with, so it never acts of its own accord.
    kind == GrantKind::Delegated || (permission.application_id().is_some() && !app.app.public)
}

const fn granting(kind: GrantKind) -> Operation {
    match kind {
        GrantKind::Delegated => Operation::WriteDelegatedGrants,
        GrantKind::Application => Operation::WriteAppRoleAssignments,
    }
}

/// What `requiredResourceAccess` of a registration asks of Graph, and how much of it does not exist here.
fn asked(body: &Map<String, Value>) -> (Vec<Grant>, usize) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (mut known, mut unknown) = (Vec::new(), 0);
    for resource in body.get("requiredResourceAccess").map(list).unwrap_or_default() {
        let of_graph = resource["resourceAppId"]
            .as_str()
            .is_some_and(|id| id.eq_ignore_ascii_case(crate::tokens::GRAPH_ID));
        for access in list(&resource["resourceAccess"]) {
            let id = access["id"].as_str().and_then(|id| id.parse().ok()).filter(|_| of_graph);
            let grant = match access["type"].as_str() {
                Some("Scope") => {
                    id.and_then(Permission::from_delegated_id).map(|one| (GrantKind::Delegated, one))
                }
                Some("Role") => {
                    id.and_then(Permission::from_application_id).map(|one| (GrantKind::Application, one))
                }
                _ => None,
            };
            match grant {
                Some(grant) if !known.contains(&grant) => known.push(grant),
                Some(_) => {}
                None => unknown += 1,
            }
        }
    }
    (known, unknown)
}

fn permissions(reader: &Reader<'_>, object: &AppObject) -> Result<AppPermissions> {
    let (asked, unknown) = asked(&object.body);
    let mut rows = Vec::new();
    for kind in [GrantKind::Delegated, GrantKind::Application] {
        rows.extend(reader.grant_rows(kind, Some(object.app.id))?.into_iter().map(|row| (kind, row)));
    }
    let people = reader.consent_counts(object.app.id)?;
    let state = |grant: Grant| PermissionState {
        grant,
        asked: asked.contains(&grant),
        granted: rows.iter().find(|(kind, row)| (*kind, row.permission) == grant).map(|(_, row)| row.created),
        people: people
            .iter()
            .find(|(permission, _)| (GrantKind::Delegated, *permission) == grant)
            .and_then(|(_, count)| u64::try_from(*count).ok())
            .unwrap_or_default(),
    };
    let every = [GrantKind::Delegated, GrantKind::Application]
        .into_iter()
        .flat_map(|kind| Permission::ALL.iter().map(move |permission| (kind, *permission)));
    let known = every.map(state).filter(|one| one.asked || one.granted.is_some() || one.people > 0).collect();
    Ok(AppPermissions { known, unknown })
}

impl Directory {
    /// What an app asks for and may do.
    pub async fn view_permissions(&self, cx: &Cx, caller: &Caller, key: AppKey) -> Result<AppPermissions> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = authorized(reader, cx, caller, Operation::ReadApplications)?;
                authorize(&principal, Operation::ReadDelegatedGrants)?;
                authorize(&principal, Operation::ReadAppRoleAssignments)?;
                permissions(reader, &find(reader, key)?)
            })
            .await
    }

    /// Gives an app all of these, on behalf of everybody or of its own accord, in one commit; what it has already stays as it
    /// is. By page, only to whoever signed in lately. Answers how many are new.
    ///
    /// # Errors
    /// `BadRequest` if the app can never have one of them.
    pub async fn grant_permissions(
        &self,
        cx: &Cx,
        caller: &Caller,
        key: AppKey,
        wanted: Vec<Grant>,
    ) -> Result<usize> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = principal(reader, &cx, &caller)?;
                for (kind, _) in &wanted {
                    authorize(&principal, granting(*kind))?;
                }
                require_fresh_caller(reader, &cx, &caller)?;
                let object = find(reader, key)?;
                let app = &object.app;
                if !object.has_principal || !wanted.iter().all(|grant| is_grantable(&object, *grant)) {
                    return Err(Error::bad_request(
                        "Permission being assigned was not found on application.",
                    ));
                }
                let known = permissions(reader, &object)?;
                let has = |grant: &Grant| {
                    known.known.iter().any(|one| one.grant == *grant && one.granted.is_some())
                };
                let mut changes = ChangeSet::new();
                let mut new: Vec<Grant> = Vec::new();
                for grant in wanted.iter().filter(|grant| !has(grant)) {
                    if new.contains(grant) {
                        continue;
                    }
                    new.push(*grant);
                    let activity = match grant.0 {
                        GrantKind::Delegated => Activity::AddDelegatedGrant,
                        GrantKind::Application => Activity::GrantPermission,
                    };
                    changes
                        .insert_grant(scope, app, *grant)
                        .date_grant(scope, app.id, *grant, cx.now)
                        .record(granted(&cx, activity, &principal, (app, grant.1)));
                }
                Decision::done(changes, new.len())
            })
            .await
    }

    /// Takes a permission from an app, on behalf of whomever it has it: from the next request on it has it no more. Taking
    /// what it does not have changes nothing.
    pub async fn revoke_permission(&self, cx: &Cx, caller: &Caller, key: AppKey, grant: Grant) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, granting(grant.0))?;
                let object = find(reader, key)?;
                let (app, (kind, permission)) = (&object.app, grant);
                let mut changes = ChangeSet::new();
                let known = permissions(reader, &object)?;
                let Some(state) = known.known.iter().find(|one| one.grant == grant) else {
                    return Decision::done(changes, ());
                };
                if state.granted.is_some() {
                    changes.delete_grant(scope, app, grant);
                }
                if state.people > 0 {
                    changes.withdraw_consents(scope, app.id, permission);
                }
                if state.granted.is_some() || state.people > 0 {
                    let activity = match kind {
                        GrantKind::Delegated => Activity::RemoveDelegatedGrant,
                        GrantKind::Application => Activity::RevokePermission,
                    };
                    changes.record(granted(&cx, activity, &principal, (app, permission)));
                }
                Decision::done(changes, ())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_registration_asks_graph_by_id_and_form_and_the_rest_is_counted() {
        let read = Permission::UserReadAll;
        let (delegated, own) = (read.delegated_id(), read.application_id());
        let body = json!({ "requiredResourceAccess": [
            { "resourceAppId": crate::tokens::GRAPH_ID.to_uppercase(), "resourceAccess": [
                { "id": delegated, "type": "Scope" },
                { "id": delegated.to_string().to_uppercase(), "type": "Scope" },
                { "id": own, "type": "Role" },
                { "id": own, "type": "Scope" },
                { "id": "x", "type": "Scope" },
                { "type": "Scope" },
            ] },
            { "resourceAppId": "11111111-2222-4333-8444-555555555555", "resourceAccess": [
                { "id": delegated, "type": "Scope" },
            ] },
            "x",
        ] });
        let (known, unknown) = asked(body.as_object().expect("an object"));
        assert_eq!(known, [(GrantKind::Delegated, read), (GrantKind::Application, read)]);
        assert_eq!(unknown, 4);
        assert_eq!(asked(&Map::new()), (Vec::new(), 0));
    }
}
