//! The keys of the texts for what the model names.

use model::authz::Role;

/// What people call a role.
pub(in crate::pages) const fn role(it: Role) -> &'static str {
    match it {
        Role::ApplicationAdministrator => "role-application-administrator",
        Role::AuthenticationAdministrator => "role-authentication-administrator",
        Role::CloudApplicationAdministrator => "role-cloud-application-administrator",
        Role::ConditionalAccessAdministrator => "role-conditional-access-administrator",
        Role::DirectoryReaders => "role-directory-readers",
        Role::DirectoryWriters => "role-directory-writers",
        Role::ExternalIdUserFlowAdministrator => "role-external-id-user-flow-administrator",
        Role::ExternalIdentityProviderAdministrator => "role-external-identity-provider-administrator",
        Role::GlobalAdministrator => "role-global-administrator",
        Role::GlobalReader => "role-global-reader",
        Role::GuestInviter => "role-guest-inviter",
        Role::HelpdeskAdministrator => "role-helpdesk-administrator",
        Role::IdentityGovernanceAdministrator => "role-identity-governance-administrator",
        Role::PartnerTier1Support => "role-partner-tier1-support",
        Role::PartnerTier2Support => "role-partner-tier2-support",
        Role::PrivilegedAuthenticationAdministrator => "role-privileged-authentication-administrator",
        Role::PrivilegedRoleAdministrator => "role-privileged-role-administrator",
        Role::ReportsReader => "role-reports-reader",
        Role::SecurityAdministrator => "role-security-administrator",
        Role::SecurityReader => "role-security-reader",
        Role::UserAdministrator => "role-user-administrator",
    }
}
