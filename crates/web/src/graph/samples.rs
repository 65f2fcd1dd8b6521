//! A sample request for every route, for the explorer page.

use super::{Version, routes::Route};

/// A request to begin with. Names in braces are to be filled in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sample {
    /// The version under which Microsoft documents the resource.
    pub version: Version,
    /// The query, with its `?`.
    pub query: &'static str,
    /// One header a line.
    pub headers: &'static str,
    /// The body.
    pub body: &'static str,
}

const EVENTUAL: &str = "ConsistencyLevel: eventual";

/// What a sample has besides method and path: the query, headers and body of these routes. A route that takes a body stands here.
#[rustfmt::skip]
const DETAILS: &[(&str, &str, &str, &str, &str)] = &[
    ("POST", "$batch", "", "", r#"{"requests": [{"id": "1", "method": "GET", "url": "/policies/externalIdentitiesPolicy"}, {"id": "2", "method": "GET", "url": "/me"}]}"#),
    ("PATCH", "policies/externalIdentitiesPolicy", "", "", r#"{"allowExternalIdentitiesToLeave": true, "allowDeletedIdentitiesDataRemoval": false}"#),
    ("PATCH", "organization/{id}", "", "", r#"{"privacyProfile": {"contactEmail": "privacy@example.com", "statementUrl": "https://example.com/privacy"}}"#),
    ("POST", "invitations", "", "", r#"{"invitedUserEmailAddress": "guest@example.com", "inviteRedirectUrl": "https://example.com"}"#),
    ("GET", "users", "?$count=true&$filter=userType eq 'Guest'&$orderby=displayName&$select=id,displayName,userPrincipalName,externalUserState&$top=10", EVENTUAL, ""),
    ("GET", "users/$count", "", EVENTUAL, ""),
    ("GET", "users/delta", "?$select=displayName,userType", "", ""),
    ("POST", "users", "", "", r#"{"accountEnabled": true, "displayName": "Ada Jones", "mailNickname": "ada", "userPrincipalName": "ada@{domain}", "passwordProfile": {"password": "{password}"}}"#),
    ("PATCH", "users/{id}", "", "", r#"{"jobTitle": "Consultant"}"#),
    ("POST", "users/{id}/sponsors/$ref", "", "", r#"{"@odata.id": "https://graph.microsoft.com/v1.0/users/{sponsorId}"}"#),
    ("GET", "directory/deletedItems/microsoft.graph.user", "?$select=id,displayName,deletedDateTime&$top=10", "", ""),
    ("GET", "directory/deletedItems/microsoft.graph.user/$count", "", EVENTUAL, ""),
    ("POST", "directory/deletedItems/{id}/restore", "", "", ""),
    ("GET", "auditLogs/directoryAudits", "?$top=10", "", ""),
    ("POST", "directoryObjects/getByIds", "", "", r#"{"ids": ["{id}"], "types": ["user"]}"#),
    ("PATCH", "policies/authorizationPolicy", "", "", r#"{"allowInvitesFrom": "everyone"}"#),
    ("PATCH", "policies/authorizationPolicy/{id}", "", "", r#"{"allowInvitesFrom": "everyone"}"#),
    ("PATCH", "policies/authenticationFlowsPolicy", "", "", r#"{"selfServiceSignUp": {"isEnabled": false}}"#),
    ("PATCH", "policies/crossTenantAccessPolicy", "", "", r#"{"displayName": "CrossTenantAccessPolicy"}"#),
    ("PATCH", "policies/crossTenantAccessPolicy/default", "", "", r#"{"inboundTrust": {"isMfaAccepted": true}}"#),
    ("POST", "policies/crossTenantAccessPolicy/partners", "", "", r#"{"tenantId": "{tenantId}"}"#),
    ("PATCH", "policies/crossTenantAccessPolicy/partners/{id}", "", "", r#"{"inboundTrust": {"isMfaAccepted": true}}"#),
    ("POST", "directoryRoles", "", "", r#"{"roleTemplateId": "f2ef992c-3afb-46b9-b7cf-a126ee74c451"}"#),
    ("POST", "directoryRoles/{id}/members/$ref", "", "", r#"{"@odata.id": "https://graph.microsoft.com/v1.0/users/{memberId}"}"#),
    ("POST", "roleManagement/directory/roleAssignments", "", "", r#"{"roleDefinitionId": "f2ef992c-3afb-46b9-b7cf-a126ee74c451", "principalId": "{principalId}", "directoryScopeId": "/"}"#),
    ("POST", "groups", "", "", r#"{"displayName": "Project", "mailEnabled": false, "mailNickname": "project", "securityEnabled": true}"#),
    ("GET", "groups/$count", "", EVENTUAL, ""),
    ("PATCH", "groups/{id}", "", "", r#"{"description": "Everybody on the project"}"#),
    ("POST", "groups/{id}/members/$ref", "", "", r#"{"@odata.id": "https://graph.microsoft.com/v1.0/users/{memberId}"}"#),
    ("POST", "applications", "", "", r#"{"displayName": "My app"}"#),
    ("PATCH", "applications/{id}", "", "", r#"{"displayName": "My app"}"#),
    ("POST", "applications/{id}/addPassword", "", "", r#"{"passwordCredential": {"displayName": "First secret"}}"#),
    ("POST", "applications/{id}/removePassword", "", "", r#"{"keyId": "{keyId}"}"#),
    ("POST", "servicePrincipals", "", "", r#"{"appId": "{appId}"}"#),
    ("PATCH", "servicePrincipals/{id}", "", "", r#"{"accountEnabled": true}"#),
    ("POST", "servicePrincipals/{id}/addPassword", "", "", r#"{"passwordCredential": {"displayName": "First secret"}}"#),
    ("POST", "servicePrincipals/{id}/removePassword", "", "", r#"{"keyId": "{keyId}"}"#),
    ("POST", "servicePrincipals/{id}/appRoleAssignments", "", "", r#"{"principalId": "{principalId}", "resourceId": "{resourceId}", "appRoleId": "{appRoleId}"}"#),
    ("POST", "servicePrincipals/{id}/appRoleAssignedTo", "", "", r#"{"principalId": "{principalId}", "resourceId": "{resourceId}", "appRoleId": "{appRoleId}"}"#),
    ("POST", "oauth2PermissionGrants", "", "", r#"{"clientId": "{clientId}", "consentType": "AllPrincipals", "resourceId": "{resourceId}", "scope": "User.Read"}"#),
    ("PATCH", "oauth2PermissionGrants/{id}", "", "", r#"{"scope": "User.Read"}"#),
    ("POST", "users/{id}/getMemberGroups", "", "", r#"{"securityEnabledOnly": false}"#),
    ("POST", "users/{id}/getMemberObjects", "", "", r#"{"securityEnabledOnly": false}"#),
    ("POST", "users/{id}/checkMemberGroups", "", "", r#"{"groupIds": ["{groupId}"]}"#),
    ("POST", "users/{id}/checkMemberObjects", "", "", r#"{"ids": ["{objectId}"]}"#),
    ("POST", "me/getMemberGroups", "", "", r#"{"securityEnabledOnly": false}"#),
    ("POST", "me/getMemberObjects", "", "", r#"{"securityEnabledOnly": false}"#),
    ("POST", "me/checkMemberGroups", "", "", r#"{"groupIds": ["{groupId}"]}"#),
    ("POST", "me/checkMemberObjects", "", "", r#"{"ids": ["{objectId}"]}"#),
    ("GET", "groups/{id}/members/$count", "", EVENTUAL, ""),
    ("GET", "applications/$count", "", EVENTUAL, ""),
    ("GET", "servicePrincipals/$count", "", EVENTUAL, ""),
];

/// The sample of a route.
pub(crate) fn sample(route: &Route) -> Sample {
    let version = if route.path == "policies/externalIdentitiesPolicy" { Version::Beta } else { Version::V1 };
    let of = |(method, path, ..): &&(&str, &str, &'static str, &'static str, &'static str)| {
        *method == route.method && *path == route.path
    };
    let (query, headers, body) =
        DETAILS.iter().find(of).map_or(("", "", ""), |(_, _, query, headers, body)| (query, headers, body));
    Sample { version, query, headers, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{route_of, routes};
    use http::Method;

    #[test]
    fn every_sample_leads_to_its_route_and_names_what_that_takes() {
        for (method, path, ..) in DETAILS {
            let known = routes().iter().any(|route| route.method == *method && route.path == *path);
            assert!(known, "{method} {path} is no route");
        }
        for route in routes() {
            let (sample, name) = (sample(route), format!("{} {}", route.method, route.path));
            let listed =
                DETAILS.iter().any(|(method, path, ..)| *method == route.method && *path == route.path);
            assert!(
                listed || route.takes.is_none(),
                "{name} takes a body: say what a sample of it looks like in graph/samples.rs"
            );
            let filled = route.path.replace(['{', '}'], "");
            let path = format!("/{}/{filled}", sample.version.segment());
            let (found, _) = route_of(&Method::from_bytes(route.method.as_bytes()).unwrap(), &path).unwrap();
            assert_eq!((found.method, found.path), (route.method, route.path));
            if !sample.body.is_empty() {
                let body: serde_json::Value = serde_json::from_str(sample.body).unwrap();
                for member in body.as_object().unwrap().keys() {
                    let known = route.takes.is_none_or(|of| of.property(member).is_some());
                    assert!(known || member == "passwordProfile", "{name}: {member}");
                }
            }
        }
    }
}
