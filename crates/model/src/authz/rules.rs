//! The table: permissions as Microsoft publishes them, roles as far as its documentation names them.

use super::{Operation, Permission, Permission as P, Role, Rule};

const GLOBAL: Role = Role::GlobalAdministrator;
const MANAGE_USERS: &[Role] = &[GLOBAL, Role::UserAdministrator, Role::PrivilegedAuthenticationAdministrator];
/// Who may update the external collaboration settings, of which these are (Microsoft's page on them).
const COLLABORATION: &[Role] = &[GLOBAL, Role::ExternalIdentityProviderAdministrator];
const MANAGE_APPS: &[Role] = &[GLOBAL, Role::ApplicationAdministrator, Role::CloudApplicationAdministrator];

const READ_ORGANIZATION: &[Permission] = &[
    P::UserRead,
    P::OrganizationReadAll,
    P::OrganizationReadWriteAll,
    P::DirectoryReadAll,
    P::DirectoryReadWriteAll,
    P::UserReadAll,
    P::UserReadWriteAll,
];
const READ_USERS: &[Permission] =
    &[P::UserReadAll, P::UserReadWriteAll, P::DirectoryReadAll, P::DirectoryReadWriteAll];
const WRITE_USERS: &[Permission] = &[P::UserReadWriteAll, P::DirectoryReadWriteAll];
const DELETE_USERS: &[Permission] = &[P::UserDeleteRestoreAll, P::UserReadWriteAll];
const READ_GROUPS: &[Permission] = &[
    P::GroupMemberReadAll,
    P::GroupReadAll,
    P::GroupMemberReadWriteAll,
    P::GroupReadWriteAll,
    P::DirectoryReadAll,
    P::DirectoryReadWriteAll,
];
const READ_APPS: &[Permission] =
    &[P::ApplicationReadAll, P::ApplicationReadWriteAll, P::DirectoryReadAll, P::DirectoryReadWriteAll];

const fn both(permissions: &'static [Permission], roles: &'static [Role]) -> Rule {
    Rule { delegated: permissions, application: permissions, roles, guests: false }
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 41] = [
        Self::ReadPolicy,
        Self::UpdatePolicy,
        Self::ReadOrganization,
        Self::UpdateOrganization,
        Self::InviteGuest,
        Self::ListUsers,
        Self::ReadUser,
        Self::ReadSelf,
        Self::UpdateUser,
        Self::RevokeSessions,
        Self::RevokeOwnSessions,
        Self::DeleteUser,
        Self::ReadDeleted,
        Self::RestoreUser,
        Self::PurgeUser,
        Self::ReadAudit,
        Self::SettleHomeDeletions,
        Self::ReadAuthorizationPolicy,
        Self::UpdateAuthorizationPolicy,
        Self::ReadAuthenticationFlows,
        Self::UpdateAuthenticationFlows,
        Self::ReadInvitationDomains,
        Self::UpdateInvitationDomains,
        Self::ReadCrossTenantAccess,
        Self::UpdateCrossTenantAccess,
        Self::CreateUser,
        Self::ReadRoles,
        Self::AssignRoles,
        Self::ListGroups,
        Self::ReadGroup,
        Self::WriteGroup,
        Self::WriteMembers,
        Self::ReadApplications,
        Self::WriteApplications,
        Self::ReadDelegatedGrants,
        Self::WriteDelegatedGrants,
        Self::ReadAppRoleAssignments,
        Self::WriteAppRoleAssignments,
        Self::ReadObjects,
        Self::ReadIdentityProviders,
        Self::UpdateIdentityProviders,
    ];

    /// Do these roles open it to a member on a page of ours? What a page offers is decided by this, what is done by
    /// [`super::authorize`].
    pub fn is_open_to(self, roles: &[Role]) -> bool {
        match self.rule().roles {
            [] => !roles.is_empty(),
            needed => needed.iter().any(|role| roles.contains(role)),
        }
    }

    /// Is it about whoever asks? Then it takes a person, and of a person no role.
    pub const fn is_about_oneself(self) -> bool {
        matches!(self, Self::ReadSelf | Self::RevokeOwnSessions)
    }

    /// Does it read a policy about people from outside?
    pub const fn reads_policy(self) -> bool {
        matches!(
            self,
            Self::ReadPolicy
                | Self::ReadAuthorizationPolicy
                | Self::ReadAuthenticationFlows
                | Self::ReadInvitationDomains
                | Self::ReadCrossTenantAccess
        )
    }

    /// Does it set a policy that binds people from outside?
    pub const fn sets_policy(self) -> bool {
        matches!(
            self,
            Self::UpdatePolicy
                | Self::UpdateAuthorizationPolicy
                | Self::UpdateAuthenticationFlows
                | Self::UpdateInvitationDomains
                | Self::UpdateCrossTenantAccess
                | Self::UpdateIdentityProviders
        )
    }

    /// What it needs.
    pub const fn rule(self) -> Rule {
        match self {
            Self::ReadOrganization => Rule {
                delegated: READ_ORGANIZATION,
                // An app of its own accord has no `User.Read`, the first of the list.
                application: READ_ORGANIZATION.split_at(1).1,
                roles: &[],
                guests: true,
            },
            Self::UpdateOrganization => both(&[P::OrganizationReadWriteAll], &[GLOBAL]),
            Self::ReadAudit => both(
                &[P::AuditLogReadAll, P::DirectoryReadAll],
                &[
                    GLOBAL,
                    Role::GlobalReader,
                    Role::ReportsReader,
                    Role::SecurityReader,
                    Role::SecurityAdministrator,
                ],
            ),
            Self::ReadPolicy
            | Self::UpdatePolicy
            | Self::ReadAuthorizationPolicy
            | Self::UpdateAuthorizationPolicy
            | Self::ReadAuthenticationFlows
            | Self::UpdateAuthenticationFlows
            | Self::ReadInvitationDomains
            | Self::UpdateInvitationDomains
            | Self::ReadCrossTenantAccess
            | Self::UpdateCrossTenantAccess
            | Self::ReadIdentityProviders
            | Self::UpdateIdentityProviders => policies(self),
            Self::ReadRoles
            | Self::AssignRoles
            | Self::ListGroups
            | Self::ReadGroup
            | Self::WriteGroup
            | Self::WriteMembers
            | Self::ReadApplications
            | Self::WriteApplications
            | Self::ReadDelegatedGrants
            | Self::WriteDelegatedGrants
            | Self::ReadAppRoleAssignments
            | Self::WriteAppRoleAssignments
            | Self::ReadObjects => objects(self),
            _ => users(self),
        }
    }
}

const fn policies(operation: Operation) -> Rule {
    match operation {
        Operation::UpdatePolicy => both(&[P::PolicyReadWriteExternalIdentities], COLLABORATION),
        Operation::ReadAuthorizationPolicy => both(&[P::PolicyReadAll, P::PolicyReadWriteAuthorization], &[]),
        Operation::UpdateAuthorizationPolicy => {
            both(&[P::PolicyReadWriteAuthorization], &[GLOBAL, Role::PrivilegedRoleAdministrator])
        }
        Operation::ReadAuthenticationFlows => {
            both(&[P::PolicyReadAll, P::PolicyReadWriteAuthenticationFlows], &[])
        }
        Operation::UpdateAuthenticationFlows => both(&[P::PolicyReadWriteAuthenticationFlows], COLLABORATION),
        // Graph has no resource for the domains: the permissions are those of the policy about inviting.
        Operation::ReadInvitationDomains => both(&[P::PolicyReadAll, P::PolicyReadWriteAuthorization], &[]),
        Operation::UpdateInvitationDomains => both(&[P::PolicyReadWriteAuthorization], COLLABORATION),
        Operation::ReadCrossTenantAccess => {
            both(&[P::PolicyReadAll, P::PolicyReadWriteCrossTenantAccess], &[])
        }
        Operation::UpdateCrossTenantAccess => {
            both(&[P::PolicyReadWriteCrossTenantAccess], &[GLOBAL, Role::SecurityAdministrator])
        }
        Operation::ReadIdentityProviders => both(
            &[P::IdentityProviderReadAll, P::IdentityProviderReadWriteAll],
            &[GLOBAL, Role::GlobalReader, Role::ExternalIdentityProviderAdministrator],
        ),
        Operation::UpdateIdentityProviders => both(&[P::IdentityProviderReadWriteAll], COLLABORATION),
        _ => both(&[P::PolicyReadAll, P::PolicyReadWriteExternalIdentities], &[]),
    }
}

const fn users(operation: Operation) -> Rule {
    match operation {
        Operation::InviteGuest => Rule {
            guests: true,
            ..both(&[P::UserInviteAll, P::UserReadWriteAll, P::DirectoryReadWriteAll], &[])
        },
        Operation::ReadSelf => Rule {
            delegated: &[
                P::UserRead,
                P::UserReadAll,
                P::UserReadWriteAll,
                P::DirectoryReadAll,
                P::DirectoryReadWriteAll,
            ],
            application: &[],
            roles: &[],
            guests: true,
        },
        Operation::CreateUser => both(WRITE_USERS, &[GLOBAL, Role::UserAdministrator]),
        Operation::UpdateUser | Operation::RevokeSessions => both(WRITE_USERS, MANAGE_USERS),
        Operation::RevokeOwnSessions => {
            Rule { delegated: WRITE_USERS, application: &[], roles: &[], guests: true }
        }
        Operation::DeleteUser
        | Operation::RestoreUser
        | Operation::PurgeUser
        | Operation::SettleHomeDeletions => both(DELETE_USERS, MANAGE_USERS),
        Operation::ReadDeleted => both(
            READ_USERS,
            &[
                GLOBAL,
                Role::GlobalReader,
                Role::UserAdministrator,
                Role::AuthenticationAdministrator,
                Role::PrivilegedAuthenticationAdministrator,
            ],
        ),
        _ => both(READ_USERS, &[]),
    }
}

const fn objects(operation: Operation) -> Rule {
    match operation {
        Operation::AssignRoles => {
            both(&[P::RoleManagementReadWriteDirectory], &[GLOBAL, Role::PrivilegedRoleAdministrator])
        }
        Operation::ListGroups | Operation::ReadGroup => both(READ_GROUPS, &[]),
        Operation::ReadObjects => both(
            &[
                P::UserReadAll,
                P::UserReadWriteAll,
                P::GroupReadAll,
                P::GroupReadWriteAll,
                P::ApplicationReadAll,
                P::ApplicationReadWriteAll,
                P::DirectoryReadAll,
                P::DirectoryReadWriteAll,
            ],
            &[],
        ),
        Operation::WriteGroup => {
            both(&[P::GroupReadWriteAll, P::DirectoryReadWriteAll], &[GLOBAL, Role::UserAdministrator])
        }
        Operation::WriteMembers => both(
            &[P::GroupMemberReadWriteAll, P::GroupReadWriteAll, P::DirectoryReadWriteAll],
            &[GLOBAL, Role::UserAdministrator],
        ),
        Operation::ReadApplications => both(READ_APPS, &[]),
        Operation::WriteApplications => {
            both(&[P::ApplicationReadWriteAll, P::DirectoryReadWriteAll], MANAGE_APPS)
        }
        Operation::ReadDelegatedGrants => both(
            &[P::DelegatedPermissionGrantReadWriteAll, P::DirectoryReadAll, P::DirectoryReadWriteAll],
            &[],
        ),
        Operation::WriteDelegatedGrants => {
            both(&[P::DelegatedPermissionGrantReadWriteAll, P::DirectoryReadWriteAll], MANAGE_APPS)
        }
        Operation::ReadAppRoleAssignments => both(
            &[
                P::ApplicationReadAll,
                P::ApplicationReadWriteAll,
                P::AppRoleAssignmentReadWriteAll,
                P::DirectoryReadAll,
                P::DirectoryReadWriteAll,
            ],
            &[],
        ),
        // What an app may do of its own accord is more than an administrator of apps may: not theirs to give.
        Operation::WriteAppRoleAssignments => {
            both(&[P::AppRoleAssignmentReadWriteAll], &[GLOBAL, Role::PrivilegedRoleAdministrator])
        }
        _ => both(
            &[
                P::RoleManagementReadDirectory,
                P::RoleManagementReadWriteDirectory,
                P::DirectoryReadAll,
                P::DirectoryReadWriteAll,
            ],
            &[],
        ),
    }
}
