//! `policies/authorizationPolicy` and `policies/authenticationFlowsPolicy`

use super::{
    super::{
        Version, body,
        call::{Answer, Call, no_content, tagged},
        wire,
    },
    types::{AUTHORIZATION_POLICY, FLOWS_POLICY},
};
use crate::errors::Problem;
use http::StatusCode;
use model::{
    Error,
    collaboration::{AuthorizationPolicy, GuestAccess, InvitesFrom},
};
use serde_json::{Map, Value, json};
use service::{AuthorizationPolicyPatch, PolicyKind};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    GetAuthorization,
    GetAuthorizationByKey,
    UpdateAuthorization,
    UpdateAuthorizationByKey,
    GetFlows,
    UpdateFlows,
}

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::GetAuthorization => get(call).await,
        Act::GetAuthorizationByKey => get_by_key(call).await,
        Act::UpdateAuthorization => update(call).await,
        Act::UpdateAuthorizationByKey => {
            only_key(&call)?;
            update(call).await
        }
        Act::GetFlows => get_flows(call).await,
        Act::UpdateFlows => update_flows(call).await,
    }
}

/// `id` of the one policy there is.
const ID: &str = "authorizationPolicy";
const SET: &str = "policies/authorizationPolicy";

/// The members that are the same everywhere: what they switch does not exist here.
fn fixed() -> [(&'static str, Value); 7] {
    [
        ("allowedToSignUpEmailBasedSubscriptions", json!(false)),
        ("allowedToUseSSPR", json!(false)),
        ("allowEmailVerifiedUsersToJoinOrganization", json!(false)),
        ("allowUserConsentForRiskyApps", Value::Null),
        ("blockMsolPowerShell", json!(false)),
        ("enabledPreviewFeatures", json!([])),
        ("permissionGrantPolicyIdsAssignedToDefaultUserRole", json!([])),
    ]
}

fn default_permissions() -> Value {
    json!({
        "allowedToCreateApps": false,
        "allowedToCreateSecurityGroups": false,
        "allowedToCreateTenants": false,
        "allowedToReadBitlockerKeysForOwnedDevice": false,
        "allowedToReadOtherUsers": true,
    })
}

fn object(policy: &AuthorizationPolicy, version: Version) -> Value {
    let mut object = json!({
        "id": ID,
        "deletedDateTime": null,
        "displayName": "Authorization Policy",
        "description": "Says who may invite, and what guests may read.",
        "guestUserRoleId": policy.guest_access.role(),
        "allowInvitesFrom": policy.invites_from.as_str(),
    });
    for (name, value) in fixed() {
        let beta_only =
            ["enabledPreviewFeatures", "permissionGrantPolicyIdsAssignedToDefaultUserRole"].contains(&name);
        if version == Version::Beta || !beta_only {
            object[name] = value;
        }
    }
    object["defaultUserRolePermissions"] = default_permissions();
    object
}

/// A singleton on v1.0, a collection of one on beta.
async fn get(call: Call<'_>) -> Answer {
    if call.version == Version::Beta {
        let query = call.query(&AUTHORIZATION_POLICY, false)?;
        let policy = call.app.directory.get_authorization_policy(&call.arrival.cx, &call.caller).await?;
        let whole = object(&policy, call.version);
        let item = wire::select(whole, &AUTHORIZATION_POLICY, query.select.as_deref());
        return Ok(call.page(SET, &query, None, None, vec![Value::Object(item)]));
    }
    one(call).await
}

async fn one(call: Call<'_>) -> Answer {
    let query = call.query(&AUTHORIZATION_POLICY, false)?;
    let version = version_of(&call, PolicyKind::Authorization).await?;
    let policy = call.app.directory.get_authorization_policy(&call.arrival.cx, &call.caller).await?;
    let whole = object(&policy, call.version);
    let item = wire::select(whole, &AUTHORIZATION_POLICY, query.select.as_deref());
    Ok(tagged(call.entity(StatusCode::OK, SET, Some(&query), item), version))
}

/// The version of a policy, read before the policy.
pub(super) async fn version_of(call: &Call<'_>, kind: PolicyKind) -> Result<i64, Problem> {
    Ok(call.app.directory.policy_version(&call.arrival.cx, &call.caller, kind).await?)
}

fn only_key(call: &Call<'_>) -> Result<(), Problem> {
    if call.value().eq_ignore_ascii_case(ID) { Ok(()) } else { Err(Error::not_found(call.value()).into()) }
}

async fn get_by_key(call: Call<'_>) -> Answer {
    only_key(&call)?;
    one(call).await
}

async fn update(call: Call<'_>) -> Answer {
    let patch = parse(body::object(&call)?)?;
    call.app.directory.update_authorization_policy(&call.arrival.cx, &call.caller, patch).await?;
    Ok(no_content())
}

fn invalid(property: &'static str) -> Problem {
    Error::invalid_value(property, "AuthorizationPolicy").into()
}

fn parse(body: Map<String, Value>) -> Result<AuthorizationPolicyPatch, Problem> {
    let mut patch = AuthorizationPolicyPatch::default();
    for (name, value) in body::changes(body)? {
        match name.as_str() {
            "allowInvitesFrom" => {
                let word = body::required_text(value)?;
                patch.invites_from =
                    Some(InvitesFrom::parse(&word).ok_or_else(|| invalid("allowInvitesFrom"))?);
            }
            "guestUserRoleId" => {
                let id = body::required_text(value)?;
                let access = id.parse().ok().and_then(GuestAccess::from_role);
                patch.guest_access = Some(access.ok_or_else(|| invalid("guestUserRoleId"))?);
            }
            "defaultUserRolePermissions" => {
                let Value::Object(members) = value else {
                    return Err(body::mistyped("microsoft.graph.defaultUserRolePermissions"));
                };
                let known = default_permissions();
                for (name, value) in body::members(members) {
                    match known.get(&name) {
                        None => {
                            return Err(body::unknown(&name, "microsoft.graph.defaultUserRolePermissions"));
                        }
                        Some(fixed) if *fixed == value => {}
                        Some(_) => return Err(invalid("defaultUserRolePermissions")),
                    }
                }
            }
            "id" | "deletedDateTime" | "displayName" | "description" => {}
            other => match fixed().into_iter().find(|(name, _)| *name == other) {
                Some((_, fixed)) if fixed == value => {}
                Some((name, _)) => return Err(invalid(name)),
                None => return Err(body::unknown(other, AUTHORIZATION_POLICY.name)),
            },
        }
    }
    Ok(patch)
}

async fn get_flows(call: Call<'_>) -> Answer {
    let query = call.query(&FLOWS_POLICY, false)?;
    let version = version_of(&call, PolicyKind::AuthenticationFlows).await?;
    let policy = call.app.directory.get_authentication_flows(&call.arrival.cx, &call.caller).await?;
    let whole = json!({
        "id": "authenticationFlowsPolicy",
        "displayName": "Authentication flows policy",
        "description": "Says whether people may sign themselves up.",
        "selfServiceSignUp": { "isEnabled": policy.self_service_sign_up },
    });
    let object = wire::select(whole, &FLOWS_POLICY, query.select.as_deref());
    let response = call.entity(StatusCode::OK, "policies/authenticationFlowsPolicy", Some(&query), object);
    Ok(tagged(response, version))
}

async fn update_flows(call: Call<'_>) -> Answer {
    let mut enabled = None;
    for (name, value) in body::changes(body::object(&call)?)? {
        match name.as_str() {
            "selfServiceSignUp" => {
                let Value::Object(members) = value else {
                    return Err(body::mistyped(
                        "microsoft.graph.selfServiceSignUpAuthenticationFlowConfiguration",
                    ));
                };
                for (name, value) in body::members(members) {
                    match name.as_str() {
                        "isEnabled" => enabled = Some(body::boolean(&value)?),
                        _ => {
                            return Err(body::unknown(
                                &name,
                                "microsoft.graph.selfServiceSignUpAuthenticationFlowConfiguration",
                            ));
                        }
                    }
                }
            }
            "id" | "displayName" | "description" => {}
            _ => return Err(body::unknown(&name, FLOWS_POLICY.name)),
        }
    }
    call.app.directory.update_authentication_flows(&call.arrival.cx, &call.caller, enabled, None).await?;
    Ok(no_content())
}
