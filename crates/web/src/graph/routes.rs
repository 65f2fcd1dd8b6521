//! The one route table of Microsoft Graph: routing, permissions, documentation, `$metadata`, the OpenAPI description and the
//! authorisation tests all read it.

use super::objects;
use super::schema::{
    AUDIT, DIRECTORY_OBJECT, GET_BY_IDS, INVITATION, ORGANIZATION, POLICY, RESTORE, SUBSCRIBED_SKU, USER,
};
use http::Method;
use model::authz::Operation;
use odata::{EntityType, Segment};
use std::sync::LazyLock;

/// What a route does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    ServiceRoot,
    Metadata,
    Batch,
    GetPolicy,
    UpdatePolicy,
    CreatePolicy,
    DeletePolicy,
    ListOrganizations,
    GetOrganization,
    UpdateOrganization,
    Invite,
    ListUsers,
    CountUsers,
    DeltaUsers,
    GetUser,
    UpdateUser,
    DeleteUser,
    /// `own`: of whoever asks.
    RevokeSessions {
        own: bool,
    },
    Me,
    ListDeleted,
    CountDeleted,
    ListDeletedUncast,
    GetDeleted,
    Restore,
    Purge,
    ListAudit,
    GetAudit,
    GetByIds,
    ListSkus,
    Objects(objects::Act),
}

/// What a route answers when it succeeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Nothing, or nothing that has a type.
    Untyped,
    /// One object.
    One(&'static EntityType),
    /// A collection.
    Many(&'static EntityType),
    /// A list of texts.
    Texts,
    /// Yes or no.
    Flag,
    /// The number of objects, as text.
    Number,
}

/// One method at one address, on v1.0 and beta alike.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The address below the version; names in braces stand for any value.
    pub path: &'static str,
    /// What is authorised; none where the route only explains that it does nothing.
    pub operation: Option<Operation>,
    /// What it does, in one line.
    pub summary: &'static str,
    pub(crate) action: Action,
    pub(crate) shape: Shape,
    /// The members of the body, where it has one.
    pub(crate) takes: Option<&'static EntityType>,
}

impl Route {
    /// It answers one object of this type.
    const fn one(mut self, of: &'static EntityType) -> Self {
        self.shape = Shape::One(of);
        self
    }

    /// It answers a collection of this type.
    const fn many(mut self, of: &'static EntityType) -> Self {
        self.shape = Shape::Many(of);
        self
    }

    /// It answers a number.
    const fn number(mut self) -> Self {
        self.shape = Shape::Number;
        self
    }

    /// It answers a list of texts.
    const fn texts(mut self) -> Self {
        self.shape = Shape::Texts;
        self
    }

    /// It answers yes or no.
    const fn flag(mut self) -> Self {
        self.shape = Shape::Flag;
        self
    }

    /// It takes a body with these members.
    const fn takes(mut self, members: &'static EntityType) -> Self {
        self.takes = Some(members);
        self
    }

    /// The same for everybody, so that no token is asked for (live service).
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.action, Action::ServiceRoot | Action::Metadata)
    }

    /// Does it answer users, and many of them?
    pub(crate) fn lists_users(&self) -> bool {
        matches!(self.shape, Shape::Many(of) if of.name == USER.name)
    }

    /// The steps of the address; none for the service root.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.path.split('/').filter(|part| !part.is_empty())
    }
}

const fn route(
    method: &'static str,
    path: &'static str,
    operation: Option<Operation>,
    action: Action,
    summary: &'static str,
) -> Route {
    Route { method, path, operation, summary, action, shape: Shape::Untyped, takes: None }
}

use Action as A;
use Operation as O;
use objects::Act as X;

static ROUTES: &[Route] = &[
    route("GET", "", None, A::ServiceRoot, "List what there is"),
    route("GET", "$metadata", None, A::Metadata, "Describe every type, in CSDL"),
    route("POST", "$batch", None, A::Batch, "Up to 20 requests in one; each is authorised by itself"),
    route(
        "GET",
        "policies/externalIdentitiesPolicy",
        Some(O::ReadPolicy),
        A::GetPolicy,
        "Read the external identities policy",
    )
    .one(&POLICY),
    route(
        "PATCH",
        "policies/externalIdentitiesPolicy",
        Some(O::UpdatePolicy),
        A::UpdatePolicy,
        "Change the external identities policy",
    )
    .takes(&POLICY),
    route(
        "POST",
        "policies/externalIdentitiesPolicy",
        None,
        A::CreatePolicy,
        "Explains that there is exactly one policy",
    ),
    route(
        "DELETE",
        "policies/externalIdentitiesPolicy",
        None,
        A::DeletePolicy,
        "Explains that the policy cannot be deleted",
    ),
    route(
        "GET",
        "organization",
        Some(O::ReadOrganization),
        A::ListOrganizations,
        "Read the organization, as a collection of one",
    )
    .many(&ORGANIZATION),
    route("GET", "organization/{id}", Some(O::ReadOrganization), A::GetOrganization, "Read the organization")
        .one(&ORGANIZATION),
    route(
        "PATCH",
        "organization/{id}",
        Some(O::UpdateOrganization),
        A::UpdateOrganization,
        "Change the privacy profile and the technical contact",
    )
    .takes(&ORGANIZATION),
    route("POST", "invitations", Some(O::InviteGuest), A::Invite, "Invite a guest")
        .one(&INVITATION)
        .takes(&INVITATION),
    route("GET", "users", Some(O::ListUsers), A::ListUsers, "List users").many(&USER),
    route("GET", "users/$count", Some(O::ListUsers), A::CountUsers, "Count users").number(),
    route("GET", "users/delta", Some(O::ListUsers), A::DeltaUsers, "Follow what changes among users")
        .many(&USER),
    route("GET", "users/{id}", Some(O::ReadUser), A::GetUser, "Read a user").one(&USER),
    route("PATCH", "users/{id}", Some(O::UpdateUser), A::UpdateUser, "Change a user").takes(&USER),
    route("DELETE", "users/{id}", Some(O::DeleteUser), A::DeleteUser, "Soft-delete a user"),
    route("GET", "me", Some(O::ReadSelf), A::Me, "Read the signed-in user").one(&USER),
    route("GET", "directory/deletedItems", None, A::ListDeletedUncast, "Explains that a type must be named")
        .many(&DIRECTORY_OBJECT),
    route(
        "GET",
        "directory/deletedItems/microsoft.graph.user",
        Some(O::ReadDeleted),
        A::ListDeleted,
        "List soft-deleted users",
    )
    .many(&USER),
    route(
        "GET",
        "directory/deletedItems/microsoft.graph.user/$count",
        Some(O::ReadDeleted),
        A::CountDeleted,
        "Count soft-deleted users",
    )
    .number(),
    route(
        "GET",
        "directory/deletedItems/{id}",
        Some(O::ReadDeleted),
        A::GetDeleted,
        "Read a soft-deleted user",
    )
    .one(&DIRECTORY_OBJECT),
    route(
        "POST",
        "directory/deletedItems/{id}/restore",
        Some(O::RestoreUser),
        A::Restore,
        "Restore a soft-deleted user",
    )
    .one(&DIRECTORY_OBJECT)
    .takes(&RESTORE),
    route(
        "DELETE",
        "directory/deletedItems/{id}",
        Some(O::PurgeUser),
        A::Purge,
        "Permanently delete a soft-deleted user",
    ),
    route(
        "GET",
        "auditLogs/directoryAudits",
        Some(O::ReadAudit),
        A::ListAudit,
        "List audit records, newest first",
    )
    .many(&AUDIT),
    route("GET", "auditLogs/directoryAudits/{id}", Some(O::ReadAudit), A::GetAudit, "Read an audit record")
        .one(&AUDIT),
    route(
        "POST",
        "directoryObjects/getByIds",
        Some(O::ReadObjects),
        A::GetByIds,
        "Read objects by their ids",
    )
    .many(&DIRECTORY_OBJECT)
    .takes(&GET_BY_IDS),
    route(
        "GET",
        "subscribedSkus",
        Some(O::ReadOrganization),
        A::ListSkus,
        "List licences: there are none, and the list is empty",
    )
    .many(&SUBSCRIBED_SKU),
    route(
        "GET",
        "policies/authorizationPolicy",
        Some(O::ReadAuthorizationPolicy),
        A::Objects(X::Policies(objects::Policies::GetAuthorization)),
        "Read who may invite, and what guests may read; a collection of one on beta",
    )
    .one(&objects::AUTHORIZATION_POLICY),
    route(
        "PATCH",
        "policies/authorizationPolicy",
        Some(O::UpdateAuthorizationPolicy),
        A::Objects(X::Policies(objects::Policies::UpdateAuthorization)),
        "Say who may invite, and what guests may read",
    )
    .takes(&objects::AUTHORIZATION_POLICY),
    route(
        "GET",
        "policies/authorizationPolicy/{id}",
        Some(O::ReadAuthorizationPolicy),
        A::Objects(X::Policies(objects::Policies::GetAuthorizationByKey)),
        "The same by its id, as beta has it",
    )
    .one(&objects::AUTHORIZATION_POLICY),
    route(
        "PATCH",
        "policies/authorizationPolicy/{id}",
        Some(O::UpdateAuthorizationPolicy),
        A::Objects(X::Policies(objects::Policies::UpdateAuthorizationByKey)),
        "The same by its id, as beta has it",
    )
    .takes(&objects::AUTHORIZATION_POLICY),
    route(
        "GET",
        "policies/authenticationFlowsPolicy",
        Some(O::ReadAuthenticationFlows),
        A::Objects(X::Policies(objects::Policies::GetFlows)),
        "Read whether people may sign themselves up",
    )
    .one(&objects::FLOWS_POLICY),
    route(
        "PATCH",
        "policies/authenticationFlowsPolicy",
        Some(O::UpdateAuthenticationFlows),
        A::Objects(X::Policies(objects::Policies::UpdateFlows)),
        "Say whether people may sign themselves up",
    )
    .takes(&objects::FLOWS_POLICY),
    route(
        "GET",
        "policies/crossTenantAccessPolicy",
        Some(O::ReadCrossTenantAccess),
        A::Objects(X::Access(objects::Access::Get)),
        "Read the policy about other organizations",
    )
    .one(&objects::ACCESS_POLICY),
    route(
        "PATCH",
        "policies/crossTenantAccessPolicy",
        Some(O::UpdateCrossTenantAccess),
        A::Objects(X::Access(objects::Access::Update)),
        "Accepts what the policy about other organizations says already",
    )
    .takes(&objects::ACCESS_POLICY),
    route(
        "GET",
        "policies/crossTenantAccessPolicy/default",
        Some(O::ReadCrossTenantAccess),
        A::Objects(X::Access(objects::Access::GetDefault)),
        "Read the settings towards all other organizations",
    )
    .one(&objects::ACCESS_DEFAULT),
    route(
        "PATCH",
        "policies/crossTenantAccessPolicy/default",
        Some(O::UpdateCrossTenantAccess),
        A::Objects(X::Access(objects::Access::UpdateDefault)),
        "Change the settings towards all other organizations",
    )
    .takes(&objects::ACCESS_DEFAULT),
    route(
        "POST",
        "policies/crossTenantAccessPolicy/default/resetToSystemDefault",
        Some(O::UpdateCrossTenantAccess),
        A::Objects(X::Access(objects::Access::ResetDefault)),
        "Put the settings towards all other organizations back to how they were delivered",
    ),
    route(
        "GET",
        "policies/crossTenantAccessPolicy/partners",
        Some(O::ReadCrossTenantAccess),
        A::Objects(X::Access(objects::Access::ListPartners)),
        "List settings towards single organizations",
    )
    .many(&objects::ACCESS_PARTNER),
    route(
        "POST",
        "policies/crossTenantAccessPolicy/partners",
        Some(O::UpdateCrossTenantAccess),
        A::Objects(X::Access(objects::Access::AddPartner)),
        "Make settings towards one organization",
    )
    .one(&objects::ACCESS_PARTNER)
    .takes(&objects::ACCESS_PARTNER),
    route(
        "GET",
        "policies/crossTenantAccessPolicy/partners/{id}",
        Some(O::ReadCrossTenantAccess),
        A::Objects(X::Access(objects::Access::GetPartner)),
        "Read settings towards one organization",
    )
    .one(&objects::ACCESS_PARTNER),
    route(
        "PATCH",
        "policies/crossTenantAccessPolicy/partners/{id}",
        Some(O::UpdateCrossTenantAccess),
        A::Objects(X::Access(objects::Access::UpdatePartner)),
        "Change settings towards one organization",
    )
    .takes(&objects::ACCESS_PARTNER),
    route(
        "DELETE",
        "policies/crossTenantAccessPolicy/partners/{id}",
        Some(O::UpdateCrossTenantAccess),
        A::Objects(X::Access(objects::Access::DeletePartner)),
        "Remove settings towards one organization",
    ),
    route(
        "POST",
        "users",
        Some(O::CreateUser),
        A::Objects(X::People(objects::People::Create)),
        "Create a user",
    )
    .one(&USER)
    .takes(&USER),
    route(
        "GET",
        "users/{id}/sponsors",
        Some(O::ReadUser),
        A::Objects(X::People(objects::People::ListSponsors)),
        "List who answers for a user",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "POST",
        "users/{id}/sponsors/$ref",
        Some(O::UpdateUser),
        A::Objects(X::People(objects::People::AddSponsor)),
        "Let somebody answer for a user",
    )
    .takes(&objects::REFERENCE),
    route(
        "DELETE",
        "users/{id}/sponsors/{sponsorId}/$ref",
        Some(O::UpdateUser),
        A::Objects(X::People(objects::People::RemoveSponsor)),
        "Let somebody answer for a user no more",
    ),
    route(
        "GET",
        "users/{id}/sponsorOf",
        Some(O::ReadUser),
        A::Objects(X::People(objects::People::ListSponsored)),
        "List for whom a user answers",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "GET",
        "directoryRoles",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::List)),
        "List directory roles",
    )
    .many(&objects::ROLE),
    route(
        "POST",
        "directoryRoles",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::Activate)),
        "Explains that every role is active",
    )
    .one(&objects::ROLE)
    .takes(&objects::ROLE),
    route(
        "GET",
        "directoryRoles/{id}",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::Get)),
        "Read a directory role",
    )
    .one(&objects::ROLE),
    route(
        "GET",
        "directoryRoles/{id}/members",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::ListMembers)),
        "List who holds a directory role",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "POST",
        "directoryRoles/{id}/members/$ref",
        Some(O::AssignRoles),
        A::Objects(X::Roles(objects::Roles::AddMember)),
        "Give a directory role",
    )
    .takes(&objects::REFERENCE),
    route(
        "DELETE",
        "directoryRoles/{id}/members/{memberId}/$ref",
        Some(O::AssignRoles),
        A::Objects(X::Roles(objects::Roles::RemoveMember)),
        "Take a directory role",
    ),
    route(
        "GET",
        "directoryRoleTemplates",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::ListTemplates)),
        "List directory role templates",
    )
    .many(&objects::ROLE_TEMPLATE),
    route(
        "GET",
        "directoryRoleTemplates/{id}",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::GetTemplate)),
        "Read a directory role template",
    )
    .one(&objects::ROLE_TEMPLATE),
    route(
        "GET",
        "roleManagement/directory/roleDefinitions",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::ListDefinitions)),
        "List definitions of directory roles",
    )
    .many(&objects::ROLE_DEFINITION),
    route(
        "GET",
        "roleManagement/directory/roleDefinitions/{id}",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::GetDefinition)),
        "Read the definition of a directory role",
    )
    .one(&objects::ROLE_DEFINITION),
    route(
        "GET",
        "roleManagement/directory/roleAssignments",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::ListAssignments)),
        "List who holds which directory role",
    )
    .many(&objects::ROLE_ASSIGNMENT),
    route(
        "POST",
        "roleManagement/directory/roleAssignments",
        Some(O::AssignRoles),
        A::Objects(X::Roles(objects::Roles::Assign)),
        "Give a directory role",
    )
    .one(&objects::ROLE_ASSIGNMENT)
    .takes(&objects::ROLE_ASSIGNMENT),
    route(
        "GET",
        "roleManagement/directory/roleAssignments/{id}",
        Some(O::ReadRoles),
        A::Objects(X::Roles(objects::Roles::GetAssignment)),
        "Read one assignment of a directory role",
    )
    .one(&objects::ROLE_ASSIGNMENT),
    route(
        "DELETE",
        "roleManagement/directory/roleAssignments/{id}",
        Some(O::AssignRoles),
        A::Objects(X::Roles(objects::Roles::Unassign)),
        "Take a directory role",
    ),
    route("GET", "groups", Some(O::ListGroups), A::Objects(X::Groups(objects::Groups::List)), "List groups")
        .many(&objects::GROUP),
    route(
        "POST",
        "groups",
        Some(O::WriteGroup),
        A::Objects(X::Groups(objects::Groups::Create)),
        "Create a security group",
    )
    .one(&objects::GROUP)
    .takes(&objects::GROUP),
    route(
        "GET",
        "groups/$count",
        Some(O::ListGroups),
        A::Objects(X::Groups(objects::Groups::Count)),
        "Count groups",
    )
    .number(),
    route(
        "GET",
        "groups/{id}",
        Some(O::ReadGroup),
        A::Objects(X::Groups(objects::Groups::Get)),
        "Read a group",
    )
    .one(&objects::GROUP),
    route(
        "PATCH",
        "groups/{id}",
        Some(O::WriteGroup),
        A::Objects(X::Groups(objects::Groups::Update)),
        "Change a group",
    )
    .takes(&objects::GROUP),
    route(
        "DELETE",
        "groups/{id}",
        Some(O::WriteGroup),
        A::Objects(X::Groups(objects::Groups::Delete)),
        "Delete a group, for good",
    ),
    route(
        "GET",
        "groups/{id}/members",
        Some(O::ReadGroup),
        A::Objects(X::Groups(objects::Groups::ListMembers)),
        "List members of a group",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "POST",
        "groups/{id}/members/$ref",
        Some(O::WriteMembers),
        A::Objects(X::Groups(objects::Groups::AddMember)),
        "Put a user into a group",
    )
    .takes(&objects::REFERENCE),
    route(
        "DELETE",
        "groups/{id}/members/{memberId}/$ref",
        Some(O::WriteMembers),
        A::Objects(X::Groups(objects::Groups::RemoveMember)),
        "Take a user out of a group",
    ),
    route(
        "GET",
        "users/{id}/memberOf",
        Some(O::ReadUser),
        A::Objects(X::Groups(objects::Groups::MemberOf)),
        "List groups and directory roles of a user",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "GET",
        "me/memberOf",
        Some(O::ReadSelf),
        A::Objects(X::Groups(objects::Groups::MyMemberOf)),
        "List one's own groups and directory roles",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "GET",
        "applications",
        Some(O::ReadApplications),
        A::Objects(X::Applications(objects::Applications::List)),
        "List apps",
    )
    .many(&objects::APPLICATION),
    route(
        "POST",
        "applications",
        Some(O::WriteApplications),
        A::Objects(X::Applications(objects::Applications::Create)),
        "Register an app",
    )
    .one(&objects::APPLICATION)
    .takes(&objects::APPLICATION),
    route(
        "GET",
        "applications/{id}",
        Some(O::ReadApplications),
        A::Objects(X::Applications(objects::Applications::Get)),
        "Read an app",
    )
    .one(&objects::APPLICATION),
    route(
        "PATCH",
        "applications/{id}",
        Some(O::WriteApplications),
        A::Objects(X::Applications(objects::Applications::Update)),
        "Change an app",
    )
    .takes(&objects::APPLICATION),
    route(
        "DELETE",
        "applications/{id}",
        Some(O::WriteApplications),
        A::Objects(X::Applications(objects::Applications::Delete)),
        "Delete an app, for good",
    ),
    route(
        "POST",
        "applications/{id}/addPassword",
        Some(O::WriteApplications),
        A::Objects(X::Applications(objects::Applications::AddPassword)),
        "Give an app a secret",
    )
    .one(&objects::PASSWORD_CREDENTIAL)
    .takes(&objects::ADD_PASSWORD),
    route(
        "POST",
        "applications/{id}/removePassword",
        Some(O::WriteApplications),
        A::Objects(X::Applications(objects::Applications::RemovePassword)),
        "Take a secret from an app",
    )
    .takes(&objects::REMOVE_PASSWORD),
    route(
        "GET",
        "servicePrincipals",
        Some(O::ReadApplications),
        A::Objects(X::Principals(objects::Principals::List)),
        "List service principals, that of Microsoft Graph among them",
    )
    .many(&objects::SERVICE_PRINCIPAL),
    route(
        "POST",
        "servicePrincipals",
        Some(O::WriteApplications),
        A::Objects(X::Principals(objects::Principals::Create)),
        "Give an app a service principal",
    )
    .one(&objects::SERVICE_PRINCIPAL)
    .takes(&objects::SERVICE_PRINCIPAL),
    route(
        "GET",
        "servicePrincipals/{id}",
        Some(O::ReadApplications),
        A::Objects(X::Principals(objects::Principals::Get)),
        "Read a service principal",
    )
    .one(&objects::SERVICE_PRINCIPAL),
    route(
        "PATCH",
        "servicePrincipals/{id}",
        Some(O::WriteApplications),
        A::Objects(X::Principals(objects::Principals::Update)),
        "Change a service principal",
    )
    .takes(&objects::SERVICE_PRINCIPAL),
    route(
        "DELETE",
        "servicePrincipals/{id}",
        Some(O::WriteApplications),
        A::Objects(X::Principals(objects::Principals::Delete)),
        "Take the service principal from an app, with all permissions",
    ),
    route(
        "POST",
        "servicePrincipals/{id}/addPassword",
        Some(O::WriteApplications),
        A::Objects(X::Principals(objects::Principals::AddPassword)),
        "Give an app a secret",
    )
    .one(&objects::PASSWORD_CREDENTIAL)
    .takes(&objects::ADD_PASSWORD),
    route(
        "POST",
        "servicePrincipals/{id}/removePassword",
        Some(O::WriteApplications),
        A::Objects(X::Principals(objects::Principals::RemovePassword)),
        "Take a secret from an app",
    )
    .takes(&objects::REMOVE_PASSWORD),
    route(
        "GET",
        "servicePrincipals/{id}/oauth2PermissionGrants",
        Some(O::ReadDelegatedGrants),
        A::Objects(X::Grants(objects::Grants::GrantsOfPrincipal)),
        "List what an app may do on behalf of people",
    )
    .many(&objects::PERMISSION_GRANT),
    route(
        "GET",
        "servicePrincipals/{id}/appRoleAssignments",
        Some(O::ReadAppRoleAssignments),
        A::Objects(X::Grants(objects::Grants::ListRoles)),
        "List what an app may do of its own accord",
    )
    .many(&objects::ROLE_GRANT),
    route(
        "POST",
        "servicePrincipals/{id}/appRoleAssignments",
        Some(O::WriteAppRoleAssignments),
        A::Objects(X::Grants(objects::Grants::AddRole)),
        "Grant a permission to an app itself",
    )
    .one(&objects::ROLE_GRANT)
    .takes(&objects::ROLE_GRANT),
    route(
        "DELETE",
        "servicePrincipals/{id}/appRoleAssignments/{assignmentId}",
        Some(O::WriteAppRoleAssignments),
        A::Objects(X::Grants(objects::Grants::DeleteRole)),
        "Take a permission from an app itself",
    ),
    route(
        "GET",
        "servicePrincipals/{id}/appRoleAssignedTo",
        Some(O::ReadAppRoleAssignments),
        A::Objects(X::Grants(objects::Grants::ListAssignedTo)),
        "List apps that have permissions of a resource",
    )
    .many(&objects::ROLE_GRANT),
    route(
        "POST",
        "servicePrincipals/{id}/appRoleAssignedTo",
        Some(O::WriteAppRoleAssignments),
        A::Objects(X::Grants(objects::Grants::AddAssignedTo)),
        "Grant a permission to an app itself",
    )
    .one(&objects::ROLE_GRANT)
    .takes(&objects::ROLE_GRANT),
    route(
        "DELETE",
        "servicePrincipals/{id}/appRoleAssignedTo/{assignmentId}",
        Some(O::WriteAppRoleAssignments),
        A::Objects(X::Grants(objects::Grants::DeleteAssignedTo)),
        "Take a permission from an app itself",
    ),
    route(
        "GET",
        "oauth2PermissionGrants",
        Some(O::ReadDelegatedGrants),
        A::Objects(X::Grants(objects::Grants::ListGrants)),
        "List what apps may do on behalf of people",
    )
    .many(&objects::PERMISSION_GRANT),
    route(
        "POST",
        "oauth2PermissionGrants",
        Some(O::WriteDelegatedGrants),
        A::Objects(X::Grants(objects::Grants::AddGrant)),
        "Grant permissions on behalf of people",
    )
    .one(&objects::PERMISSION_GRANT)
    .takes(&objects::PERMISSION_GRANT),
    route(
        "GET",
        "oauth2PermissionGrants/{id}",
        Some(O::ReadDelegatedGrants),
        A::Objects(X::Grants(objects::Grants::GetGrant)),
        "Read what an app may do on behalf of people",
    )
    .one(&objects::PERMISSION_GRANT),
    route(
        "PATCH",
        "oauth2PermissionGrants/{id}",
        Some(O::WriteDelegatedGrants),
        A::Objects(X::Grants(objects::Grants::UpdateGrant)),
        "Change what an app may do on behalf of people",
    )
    .takes(&objects::PERMISSION_GRANT),
    route(
        "DELETE",
        "oauth2PermissionGrants/{id}",
        Some(O::WriteDelegatedGrants),
        A::Objects(X::Grants(objects::Grants::DeleteGrant)),
        "Take from an app what it may do on behalf of people",
    ),
    route(
        "GET",
        "groups/{id}/members/$count",
        Some(O::ReadGroup),
        A::Objects(X::Groups(objects::Groups::CountMembers)),
        "Count members of a group",
    )
    .number(),
    route(
        "GET",
        "groups/{id}/transitiveMembers",
        Some(O::ReadGroup),
        A::Objects(X::Groups(objects::Groups::ListMembers)),
        "The same as members: groups have no groups in them",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "GET",
        "users/{id}/transitiveMemberOf",
        Some(O::ReadUser),
        A::Objects(X::Groups(objects::Groups::MemberOf)),
        "The same as memberOf: groups have no groups in them",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "GET",
        "me/transitiveMemberOf",
        Some(O::ReadSelf),
        A::Objects(X::Groups(objects::Groups::MyMemberOf)),
        "The same as me/memberOf: groups have no groups in them",
    )
    .many(&DIRECTORY_OBJECT),
    route(
        "POST",
        "users/{id}/getMemberGroups",
        Some(O::ReadUser),
        A::Objects(X::Groups(objects::Groups::MemberIds { own: false, roles: false })),
        "List ids of the groups of a user",
    )
    .texts()
    .takes(&objects::GET_MEMBERS),
    route(
        "POST",
        "users/{id}/getMemberObjects",
        Some(O::ReadUser),
        A::Objects(X::Groups(objects::Groups::MemberIds { own: false, roles: true })),
        "List ids of the groups and directory roles of a user",
    )
    .texts()
    .takes(&objects::GET_MEMBERS),
    route(
        "POST",
        "users/{id}/checkMemberGroups",
        Some(O::ReadUser),
        A::Objects(X::Groups(objects::Groups::CheckMembership { own: false, roles: false })),
        "Say which of these groups are those of a user",
    )
    .texts()
    .takes(&objects::CHECK_MEMBERS),
    route(
        "POST",
        "users/{id}/checkMemberObjects",
        Some(O::ReadUser),
        A::Objects(X::Groups(objects::Groups::CheckMembership { own: false, roles: true })),
        "Say which of these groups and roles are those of a user",
    )
    .texts()
    .takes(&objects::CHECK_OBJECTS),
    route(
        "POST",
        "me/getMemberGroups",
        Some(O::ReadSelf),
        A::Objects(X::Groups(objects::Groups::MemberIds { own: true, roles: false })),
        "List ids of the groups of oneself",
    )
    .texts()
    .takes(&objects::GET_MEMBERS),
    route(
        "POST",
        "me/getMemberObjects",
        Some(O::ReadSelf),
        A::Objects(X::Groups(objects::Groups::MemberIds { own: true, roles: true })),
        "List ids of the groups and directory roles of oneself",
    )
    .texts()
    .takes(&objects::GET_MEMBERS),
    route(
        "POST",
        "me/checkMemberGroups",
        Some(O::ReadSelf),
        A::Objects(X::Groups(objects::Groups::CheckMembership { own: true, roles: false })),
        "Say which of these groups are those of oneself",
    )
    .texts()
    .takes(&objects::CHECK_MEMBERS),
    route(
        "POST",
        "me/checkMemberObjects",
        Some(O::ReadSelf),
        A::Objects(X::Groups(objects::Groups::CheckMembership { own: true, roles: true })),
        "Say which of these groups and roles are those of oneself",
    )
    .texts()
    .takes(&objects::CHECK_OBJECTS),
    route(
        "GET",
        "applications/$count",
        Some(O::ReadApplications),
        A::Objects(X::Applications(objects::Applications::Count)),
        "Count apps",
    )
    .number(),
    route(
        "GET",
        "servicePrincipals/$count",
        Some(O::ReadApplications),
        A::Objects(X::Principals(objects::Principals::Count)),
        "Count service principals",
    )
    .number(),
    route(
        "POST",
        "users/{id}/revokeSignInSessions",
        Some(O::RevokeSessions),
        A::RevokeSessions { own: false },
        "End all sessions and tokens of a user",
    )
    .flag(),
    route(
        "POST",
        "users/{id}/invalidateAllRefreshTokens",
        Some(O::RevokeSessions),
        A::RevokeSessions { own: false },
        "The same by its older name, as beta has it",
    )
    .flag(),
    route(
        "POST",
        "me/revokeSignInSessions",
        Some(O::RevokeOwnSessions),
        A::RevokeSessions { own: true },
        "End all sessions and tokens of oneself",
    )
    .flag(),
    route(
        "POST",
        "me/invalidateAllRefreshTokens",
        Some(O::RevokeOwnSessions),
        A::RevokeSessions { own: true },
        "The same by its older name, as beta has it",
    )
    .flag(),
];

/// The route table.
pub fn routes() -> &'static [Route] {
    ROUTES
}

/// What an address and a method come to.
#[derive(Debug)]
pub(crate) enum Found {
    /// A route, with the values of its braces.
    Route(&'static Route, Vec<String>),
    /// The address is known, the method is not; what it knows.
    WrongMethod(String),
    /// The first segment that leads nowhere.
    Unknown(String),
}

/// One step of an address, key segments taken apart: `users('a')` is `users` and the value `a`.
struct Step<'a> {
    segment: Option<&'a Segment>,
    text: &'a str,
    /// The alternate key that it is the value of, where the object has one: it goes in front of the value.
    key: Option<&'static str>,
    /// Can it stand for a brace? A cast, `$count` and a key that nothing is found by cannot.
    is_value: bool,
}

/// A key of these objects besides the id.
fn alternate_key(set: &str, name: &str) -> Option<&'static str> {
    const KEYS: [(&str, &str); 3] =
        [("applications", "appId"), ("servicePrincipals", "appId"), ("directoryRoles", "roleTemplateId")];
    let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    KEYS.into_iter().find(|(of, key)| is(of, set) && is(key, name)).map(|(_, key)| key)
}

fn steps(segments: &[Segment]) -> Vec<Step<'_>> {
    let mut steps = Vec::with_capacity(segments.len() + 1);
    for segment in segments {
        let special = segment.name.starts_with('$') || is_in_full(segment);
        steps.push(Step { segment: Some(segment), text: &segment.name, key: None, is_value: !special });
        if let Some(key) = &segment.key {
            // Objects are found by these; any other key leads nowhere.
            let other = key.name.as_deref().filter(|name| {
                !["id", "userPrincipalName", "tenantId"].iter().any(|known| name.eq_ignore_ascii_case(known))
            });
            let alternate = other.and_then(|name| alternate_key(&segment.name, name));
            steps.push(Step {
                segment: None,
                text: if alternate.is_some() { &key.value } else { other.unwrap_or(&key.value) },
                key: alternate,
                is_value: other.is_none() || alternate.is_some(),
            });
        }
    }
    steps
}

/// How many steps of a path a pattern covers, and the values of its braces.
fn walk(pattern: &str, steps: &[Step<'_>]) -> (usize, Vec<String>) {
    let mut values = Vec::new();
    let mut covered = 0;
    let parts = pattern.split('/').filter(|part| !part.is_empty());
    for (at, (part, step)) in parts.zip(steps).enumerate() {
        if part.starts_with('{') {
            if !step.is_value {
                break;
            }
            values.push(match step.key {
                Some(key) => format!("{key}={}", step.text),
                None => step.text.to_owned(),
            });
        } else if !step
            .segment
            .is_some_and(|segment| segment.is(part) || at > 0 && is_qualified(segment, part))
        {
            break;
        }
        covered += 1;
    }
    (covered, values)
}

/// `users/microsoft.graph.delta()`: functions and actions may be named in full.
fn is_qualified(segment: &Segment, part: &str) -> bool {
    is_in_full(segment) && segment.name[NAMESPACE.len()..].eq_ignore_ascii_case(part)
}

const NAMESPACE: &str = "microsoft.graph.";

fn is_in_full(segment: &Segment) -> bool {
    segment.name.get(..NAMESPACE.len()).is_some_and(|head| head.eq_ignore_ascii_case(NAMESPACE))
}

/// Routes that begin with the same word; in the order of the table.
type Group = (&'static str, Vec<&'static Route>);

/// Every address of the table begins with a word, or is empty: only routes that begin like a request can be meant by it.
static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    let mut groups: Vec<Group> = Vec::new();
    for route in ROUTES {
        let word = route.parts().next().unwrap_or_default();
        match groups.iter_mut().find(|(first, _)| *first == word) {
            Some((_, routes)) => routes.push(route),
            None => groups.push((word, vec![route])),
        }
    }
    groups
});

fn group(steps: &[Step<'_>]) -> &'static [&'static Route] {
    let word = steps.first().map_or("", |step| step.text);
    GROUPS.iter().find(|(first, _)| first.eq_ignore_ascii_case(word)).map_or(&[], |(_, routes)| routes)
}

pub(crate) fn find(method: &Method, segments: &[Segment]) -> Found {
    let steps = steps(segments);
    let mut furthest = 0;
    let mut allowed: Vec<&str> = Vec::new();
    let wanted = if *method == Method::HEAD { "GET" } else { method.as_str() };
    for route in group(&steps) {
        let (covered, values) = walk(route.path, &steps);
        furthest = furthest.max(covered);
        if covered == steps.len() && covered == route.parts().count() {
            if route.method == wanted {
                return Found::Route(route, values);
            }
            // Two routes of the policy only explain that they do nothing.
            let explains = matches!(route.action, A::CreatePolicy | A::DeletePolicy);
            if !explains && !allowed.contains(&route.method) {
                allowed.push(route.method);
            }
        }
    }
    if !allowed.is_empty() {
        return Found::WrongMethod(allowed.join(", "));
    }
    let lost = steps.get(furthest).or(steps.last()).map_or("", |step| step.text);
    Found::Unknown(lost.to_owned())
}
