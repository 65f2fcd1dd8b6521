//! The keys of the texts for what the model names: roles, permissions, activities. English says what the model says.

use model::{
    audit::Activity,
    authz::{Permission, Role},
};

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

/// What a permission lets an app do.
pub(in crate::pages) const fn permission(it: Permission) -> &'static str {
    match it {
        Permission::AppRoleAssignmentReadWriteAll => "permission-app-role-assignment-read-write-all",
        Permission::ApplicationReadAll => "permission-application-read-all",
        Permission::ApplicationReadWriteAll => "permission-application-read-write-all",
        Permission::AuditLogReadAll => "permission-audit-log-read-all",
        Permission::DelegatedPermissionGrantReadWriteAll => {
            "permission-delegated-permission-grant-read-write-all"
        }
        Permission::DirectoryReadAll => "permission-directory-read-all",
        Permission::DirectoryReadWriteAll => "permission-directory-read-write-all",
        Permission::GroupReadAll => "permission-group-read-all",
        Permission::GroupReadWriteAll => "permission-group-read-write-all",
        Permission::GroupMemberReadAll => "permission-group-member-read-all",
        Permission::GroupMemberReadWriteAll => "permission-group-member-read-write-all",
        Permission::IdentityProviderReadAll => "permission-identity-provider-read-all",
        Permission::IdentityProviderReadWriteAll => "permission-identity-provider-read-write-all",
        Permission::OrganizationReadAll => "permission-organization-read-all",
        Permission::OrganizationReadWriteAll => "permission-organization-read-write-all",
        Permission::PolicyReadAll => "permission-policy-read-all",
        Permission::PolicyReadWriteAuthenticationFlows => "permission-policy-read-write-authentication-flows",
        Permission::PolicyReadWriteAuthorization => "permission-policy-read-write-authorization",
        Permission::PolicyReadWriteCrossTenantAccess => "permission-policy-read-write-cross-tenant-access",
        Permission::PolicyReadWriteExternalIdentities => "permission-policy-read-write-external-identities",
        Permission::RoleManagementReadDirectory => "permission-role-management-read-directory",
        Permission::RoleManagementReadWriteDirectory => "permission-role-management-read-write-directory",
        Permission::UserDeleteRestoreAll => "permission-user-delete-restore-all",
        Permission::UserInviteAll => "permission-user-invite-all",
        Permission::UserRead => "permission-user-read",
        Permission::UserReadAll => "permission-user-read-all",
        Permission::UserReadWriteAll => "permission-user-read-write-all",
    }
}

/// What was done.
pub(in crate::pages) const fn activity(it: Activity) -> &'static str {
    match it {
        Activity::CreateCompany => "activity-create-company",
        Activity::UpdatePolicy => "activity-update-policy",
        Activity::SetCompanyInformation => "activity-set-company-information",
        Activity::AddUser => "activity-add-user",
        Activity::UpdateUser => "activity-update-user",
        Activity::EnableAccount => "activity-enable-account",
        Activity::DisableAccount => "activity-disable-account",
        Activity::InviteExternalUser => "activity-invite-external-user",
        Activity::ReinviteExternalUser => "activity-reinvite-external-user",
        Activity::RedeemInvitation => "activity-redeem-invitation",
        Activity::LeaveOrganization => "activity-leave-organization",
        Activity::DeleteUser => "activity-delete-user",
        Activity::RestoreUser => "activity-restore-user",
        Activity::HardDeleteUser => "activity-hard-delete-user",
        Activity::HomeAccountDeleted => "activity-home-account-deleted",
        Activity::HomeAccountRestored => "activity-home-account-restored",
        Activity::AddRoleMember => "activity-add-role-member",
        Activity::RemoveRoleMember => "activity-remove-role-member",
        Activity::AddApplication => "activity-add-application",
        Activity::GrantPermission => "activity-grant-permission",
        Activity::RevokePermission => "activity-revoke-permission",
        Activity::UpdateApplication => "activity-update-application",
        Activity::UpdateAppSecrets => "activity-update-app-secrets",
        Activity::ResetPassword => "activity-reset-password",
        Activity::ChangePassword => "activity-change-password",
        Activity::ForcePasswordChange => "activity-force-password-change",
        Activity::AddGroup => "activity-add-group",
        Activity::AddGroupMember => "activity-add-group-member",
        Activity::RemoveGroupMember => "activity-remove-group-member",
        Activity::UpdateGroup => "activity-update-group",
        Activity::DeleteGroup => "activity-delete-group",
        Activity::UpdateAuthorizationPolicy => "activity-update-authorization-policy",
        Activity::UpdateAccessDefault => "activity-update-access-default",
        Activity::AddAccessPartner => "activity-add-access-partner",
        Activity::UpdateAccessPartner => "activity-update-access-partner",
        Activity::DeleteAccessPartner => "activity-delete-access-partner",
        Activity::AddSponsor => "activity-add-sponsor",
        Activity::RemoveSponsor => "activity-remove-sponsor",
        Activity::DeleteApplication => "activity-delete-application",
        Activity::AddServicePrincipal => "activity-add-service-principal",
        Activity::UpdateServicePrincipal => "activity-update-service-principal",
        Activity::RemoveServicePrincipal => "activity-remove-service-principal",
        Activity::AddDelegatedGrant => "activity-add-delegated-grant",
        Activity::RemoveDelegatedGrant => "activity-remove-delegated-grant",
        Activity::ConnectDirectly => "activity-connect-directly",
        Activity::TokenRefused => "activity-token-refused",
        Activity::SignIn => "activity-sign-in",
        Activity::SignInRefused => "activity-sign-in-refused",
        Activity::AddSigningKey => "activity-add-signing-key",
        Activity::SendMail => "activity-send-mail",
        Activity::RegisterSecurityInfo => "activity-register-security-info",
        Activity::DeleteSecurityInfo => "activity-delete-security-info",
        Activity::RevokeConsent => "activity-revoke-consent",
        Activity::RevokeSessions => "activity-revoke-sessions",
        Activity::RevokeRefreshTokens => "activity-revoke-refresh-tokens",
        Activity::UpdateSignInSettings => "activity-update-sign-in-settings",
        Activity::AddIdentityProvider => "activity-add-identity-provider",
        Activity::UpdateIdentityProvider => "activity-update-identity-provider",
        Activity::DeleteIdentityProvider => "activity-delete-identity-provider",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::i18n::Texts;

    #[test]
    fn english_says_what_the_model_says() {
        let english = Texts::by_tag("en").expect("English");
        for one in Role::ALL {
            assert_eq!(english.t(role(*one)), one.title());
        }
        for one in Permission::ALL {
            assert_eq!(english.t(permission(*one)), one.meaning());
        }
        for one in Activity::ALL {
            assert_eq!(english.t(activity(*one)), one.wire().0);
        }
    }

    #[test]
    fn no_two_activities_of_one_name_are_told_apart() {
        for texts in Texts::all() {
            let mut names: Vec<String> = Activity::ALL.iter().map(|one| texts.t(activity(*one))).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), Activity::ALL.len(), "{texts:?}");
        }
    }
}
