//! Permissions, directory roles, and the one table that says what each operation needs.

use crate::{AppId, Error, Home, ObjectId, Result, User, collaboration::GuestAccess};
use uuid::{Uuid, uuid};

mod rules;

macro_rules! permissions {
    ($($name:ident $value:literal $delegated:literal $application:tt $meaning:literal;)*) => {
        /// A Microsoft Graph permission that this directory knows.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum Permission { $(#[doc = concat!("`", $value, "`")] $name,)* }

        impl Permission {
            /// All of them, by value.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The value in `scp` and `roles`.
            pub const fn value(self) -> &'static str {
                match self { $(Self::$name => $value,)* }
            }

            /// The id of the delegated permission.
            pub const fn delegated_id(self) -> Uuid {
                match self { $(Self::$name => uuid!($delegated),)* }
            }

            /// The id of the application permission, where there is one.
            pub const fn application_id(self) -> Option<Uuid> {
                match self { $(Self::$name => permissions!(@id $application),)* }
            }

            /// What it lets an app do, in a few words for people who decide about it.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// What it lets an app do, at length: on behalf of the signed-in person, or of its own accord.
            pub const fn description(self, own: bool) -> &'static str {
                match (self, own) {
                    (Self::PolicyReadWriteExternalIdentities, false) => EXTERNAL_IDENTITIES[0],
                    (Self::PolicyReadWriteExternalIdentities, true) => EXTERNAL_IDENTITIES[1],
                    (other, _) => other.meaning(),
                }
            }

            /// Reads a value; letter case counts, as on the live service.
            pub fn parse(value: &str) -> Option<Self> {
                match value { $($value => Some(Self::$name),)* _ => None }
            }

            /// The delegated permission with this id.
            pub fn from_delegated_id(id: Uuid) -> Option<Self> {
                Self::ALL.iter().copied().find(|permission| permission.delegated_id() == id)
            }

            /// The application permission with this id.
            pub fn from_application_id(id: Uuid) -> Option<Self> {
                Self::ALL.iter().copied().find(|permission| permission.application_id() == Some(id))
            }
        }
    };
    (@id none) => { None };
    (@id $id:literal) => { Some(uuid!($id)) };
}

/// The published descriptions of the permission that this directory is about: on behalf of a person, and of an app's own accord.
const EXTERNAL_IDENTITIES: [&str; 2] = [
    "Allows the application to read and update the organization's external identities policy on behalf of the signed-in user. \
     For example, external identities policy controls if users invited to access resources in your organization via B2B \
     collaboration or B2B direct connect are allowed to self-service leave.",
    "Allows the application to read and update the organization's external identities policy without a signed-in user. \
     For example, external identities policy controls if users invited to access resources in your organization via B2B \
     collaboration or B2B direct connect are allowed to self-service leave.",
];

permissions! {
    AppRoleAssignmentReadWriteAll "AppRoleAssignment.ReadWrite.All" "84bccea3-f856-4a8a-967b-dbe0a3d53a64" "06b708a9-e830-4db3-a914-8e69da51d44f" "Grant application permissions to any app";
    ApplicationReadAll "Application.Read.All" "c79f8feb-a9db-4090-85f9-90d820caa0eb" "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30" "Read apps and their service principals";
    ApplicationReadWriteAll "Application.ReadWrite.All" "bdfbf15f-ee85-4955-8675-146e8e5296b5" "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9" "Register, change and delete apps, and give them credentials";
    AuditLogReadAll "AuditLog.Read.All" "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20" "b0afded3-3588-46d8-8b3d-9842eff778da" "Read the audit log";
    DelegatedPermissionGrantReadWriteAll "DelegatedPermissionGrant.ReadWrite.All" "41ce6ca6-6826-4807-84f1-1c82854f7ee5" "8e8e4742-1d95-4f68-9d56-6ee75648c72a" "Grant delegated permissions to any app";
    DirectoryReadAll "Directory.Read.All" "06da0dbc-49e2-44d2-8312-53f166ab848a" "7ab1d382-f21e-4acd-a863-ba3e13f7da61" "Read users, groups, apps and roles";
    DirectoryReadWriteAll "Directory.ReadWrite.All" "c5366453-9fb0-48a5-a156-24f0c49a4b84" "19dbc75e-c2e2-444c-a770-ec69d8559fc7" "Read and change users, groups and apps";
    GroupReadAll "Group.Read.All" "5f8c59db-677d-491f-a6b8-5f174b11ec1d" "5b567255-7703-4780-807c-7be8301ae99b" "Read groups and their members";
    GroupReadWriteAll "Group.ReadWrite.All" "4e46008b-f24c-477d-8fff-7bb4ec7aafe0" "62a82d76-70ea-41e2-9197-370581804d09" "Create, change and delete groups, and change their members";
    GroupMemberReadAll "GroupMember.Read.All" "bc024368-1153-4739-b217-4326f2e966d0" "98830695-27a2-44f7-8c18-0c3ebc9698f6" "Read groups and who belongs to them";
    GroupMemberReadWriteAll "GroupMember.ReadWrite.All" "f81125ac-d3b7-4573-a3b2-7099cc39df9e" "dbaae8cf-10b5-4b86-a4a1-f871c94c6695" "Change who belongs to a group";
    IdentityProviderReadAll "IdentityProvider.Read.All" "43781733-b5a7-4d1b-98f4-e8edff23e1a9" "e321f0bb-e7f7-481e-bb28-e3b0b32d4bd0" "Read the external identity providers of the organization";
    IdentityProviderReadWriteAll "IdentityProvider.ReadWrite.All" "f13ce604-1677-429f-90bd-8a10b9f01325" "90db2b9a-d928-4d33-a4dd-8442ae3d41e4" "Register external identity providers, change them and take them away";
    OrganizationReadAll "Organization.Read.All" "4908d5b9-3fb2-4b1e-9336-1888b7937185" "498476ce-e0fe-48b0-b801-37ba7e2685c6" "Read the properties of the organization";
    OrganizationReadWriteAll "Organization.ReadWrite.All" "46ca0847-7e6b-426e-9775-ea810a948356" "292d869f-3427-49a8-9dab-8c70152b74e9" "Change the properties of the organization";
    PolicyReadAll "Policy.Read.All" "572fea84-0151-49b2-9301-11cb16974376" "246dd0d5-5bd0-4def-940b-0421030a5b68" "Read the policies of the organization";
    PolicyReadWriteAuthenticationFlows "Policy.ReadWrite.AuthenticationFlows" "edb72de9-4252-4d03-a925-451deef99db7" "25f85f3c-f66c-4205-8cd5-de92dd7f0cec" "Say whether people may sign themselves up";
    PolicyReadWriteAuthorization "Policy.ReadWrite.Authorization" "edd3c878-b384-41fd-95ad-e7407dd775be" "fb221be6-99f2-473f-bd32-01c6a0e9ca3b" "Say who may invite, and what guests may see";
    PolicyReadWriteCrossTenantAccess "Policy.ReadWrite.CrossTenantAccess" "014b43d0-6ed4-4fc6-84dc-4b6f7bae7d85" "338163d7-f101-4c92-94ba-ca46fe52447c" "Say with which organizations people may work together";
    PolicyReadWriteExternalIdentities "Policy.ReadWrite.ExternalIdentities" "b5219784-1215-45b5-b3f1-88fe1081f9c0" "03cc4f92-788e-4ede-b93f-199424d144a5" "Read and write your organization's external identities policy";
    RoleManagementReadDirectory "RoleManagement.Read.Directory" "741c54c3-0c1e-44a1-818b-3f97ab4e8c83" "483bed4a-2ad3-4361-a73b-c83ccdbdc53c" "Read who holds which directory role";
    RoleManagementReadWriteDirectory "RoleManagement.ReadWrite.Directory" "d01b97e9-cbc0-49fe-810a-750afd5527a3" "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8" "Give and take directory roles";
    UserDeleteRestoreAll "User.DeleteRestore.All" "4bb440cd-2cf2-4f90-8004-aa2acd2537c5" "eccc023d-eccf-4e7b-9683-8813ab36cecc" "Delete users, and restore them";
    UserInviteAll "User.Invite.All" "63dd7cd9-b489-4adf-a28c-ac38b9a0f962" "09850681-111b-4a89-9bed-3f2cae46d706" "Invite guests";
    UserRead "User.Read" "e1fe6dd8-ba31-4d61-89e7-88639da4683d" none "Sign people in and read their own profile";
    UserReadAll "User.Read.All" "a154be20-db9c-4678-8ab7-66f6cc099a59" "df021288-bdef-4463-88db-98f22de89214" "Read all properties of all users";
    UserReadWriteAll "User.ReadWrite.All" "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4" "741f803b-c850-494e-b5df-cde7c675a1ca" "Create, change, delete and restore users";
}

macro_rules! roles {
    ($($name:ident $title:literal $id:literal;)*) => {
        /// A built-in directory role.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum Role { $(#[doc = $title] $name,)* }

        impl Role {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What people call it.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// The role template id, the same in every tenant; `wids` in tokens.
            pub const fn template(self) -> Uuid {
                match self { $(Self::$name => uuid!($id),)* }
            }

            /// Reads a template id.
            pub fn from_template(id: Uuid) -> Option<Self> {
                Self::ALL.iter().copied().find(|role| role.template() == id)
            }
        }
    };
}

roles! {
    ApplicationAdministrator "Application Administrator" "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
    AuthenticationAdministrator "Authentication Administrator" "c4e39bd9-1100-46d3-8c65-fb160da0071f";
    CloudApplicationAdministrator "Cloud Application Administrator" "158c047a-c907-4556-b7ef-446551a6b5f7";
    ConditionalAccessAdministrator "Conditional Access Administrator" "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9";
    DirectoryReaders "Directory Readers" "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";
    DirectoryWriters "Directory Writers" "9360feb5-f418-4baa-8175-e2a00bac4301";
    ExternalIdUserFlowAdministrator "External ID User Flow Administrator" "6e591065-9bad-43ed-90f3-e9424366d2f0";
    ExternalIdentityProviderAdministrator "External Identity Provider Administrator" "be2f45a1-457d-42af-a067-6ec1fa63bc45";
    GlobalAdministrator "Global Administrator" "62e90394-69f5-4237-9190-012177145e10";
    GlobalReader "Global Reader" "f2ef992c-3afb-46b9-b7cf-a126ee74c451";
    GuestInviter "Guest Inviter" "95e79109-95c0-4d8e-aee3-d01accf2d47b";
    HelpdeskAdministrator "Helpdesk Administrator" "729827e3-9c14-49f7-bb1b-9608f156bbb8";
    IdentityGovernanceAdministrator "Identity Governance Administrator" "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e";
    PartnerTier1Support "Partner Tier1 Support" "4ba39ca4-527c-499a-b93d-d9b492c50246";
    PartnerTier2Support "Partner Tier2 Support" "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8";
    PrivilegedAuthenticationAdministrator "Privileged Authentication Administrator" "7be44c8a-adaf-4e2a-84d6-ab2649e08a13";
    PrivilegedRoleAdministrator "Privileged Role Administrator" "e8611ab8-c189-46e8-94e1-60213ab1f814";
    ReportsReader "Reports Reader" "4a5d8f65-41da-4de4-8968-e035b65339cf";
    SecurityAdministrator "Security Administrator" "194ae4cb-b126-40b2-bd5b-6091b380977d";
    SecurityReader "Security Reader" "5d6b6bb7-de71-4623-b4af-96380a352509";
    UserAdministrator "User Administrator" "fe930be7-5e62-47db-91af-98c3a49a38b1";
}

/// What somebody may ask for. Every service verb authorises exactly one of these first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// Read the external identities policy.
    ReadPolicy,
    /// Change the external identities policy.
    UpdatePolicy,
    /// Read the organisation.
    ReadOrganization,
    /// Change the organisation's properties.
    UpdateOrganization,
    /// Invite a guest.
    InviteGuest,
    /// List or count users.
    ListUsers,
    /// Read one user.
    ReadUser,
    /// Read oneself.
    ReadSelf,
    /// Change a user.
    UpdateUser,
    /// End everything that lets a user act without signing in anew.
    RevokeSessions,
    /// The same of oneself.
    RevokeOwnSessions,
    /// Soft-delete a user.
    DeleteUser,
    /// List or read soft-deleted users.
    ReadDeleted,
    /// Restore a soft-deleted user.
    RestoreUser,
    /// Permanently delete a soft-deleted user.
    PurgeUser,
    /// Read the audit log.
    ReadAudit,
    /// See and settle guests whose home account was deleted before the policy said so.
    SettleHomeDeletions,
    /// Read who may invite, and what guests may see.
    ReadAuthorizationPolicy,
    /// Say who may invite, and what guests may see.
    UpdateAuthorizationPolicy,
    /// Read whether people may sign themselves up.
    ReadAuthenticationFlows,
    /// Say whether people may sign themselves up.
    UpdateAuthenticationFlows,
    /// Read from which domains guests may come.
    ReadInvitationDomains,
    /// Say from which domains guests may come.
    UpdateInvitationDomains,
    /// Read with which organisations people may work together.
    ReadCrossTenantAccess,
    /// Say with which organisations people may work together.
    UpdateCrossTenantAccess,
    /// Create a user.
    CreateUser,
    /// Read directory roles and who holds them.
    ReadRoles,
    /// Give or take a directory role.
    AssignRoles,
    /// List groups.
    ListGroups,
    /// Read a group and its members.
    ReadGroup,
    /// Create, change or delete a group.
    WriteGroup,
    /// Put somebody into a group, or take them out.
    WriteMembers,
    /// Read apps and service principals.
    ReadApplications,
    /// Register, change or delete apps, and give them credentials.
    WriteApplications,
    /// Read permissions that apps have on behalf of people.
    ReadDelegatedGrants,
    /// Grant permissions on behalf of people, or take them.
    WriteDelegatedGrants,
    /// Read permissions that apps have of their own accord.
    ReadAppRoleAssignments,
    /// Grant permissions to apps themselves, or take them.
    WriteAppRoleAssignments,
    /// Read objects of any kind by their ids, as far as their kinds may be read.
    ReadObjects,
    /// Read the external identity providers.
    ReadIdentityProviders,
    /// Register external identity providers, change them, and take them away.
    UpdateIdentityProviders,
}

/// What an operation needs.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// A delegated caller needs one of these scopes.
    pub delegated: &'static [Permission],
    /// An app-only caller needs one of these permissions; where empty, apps never may.
    pub application: &'static [Permission],
    /// A person needs one of these roles, or none where empty.
    pub roles: &'static [Role],
    /// May somebody homed elsewhere without any role do it?
    pub guests: bool,
}

/// Who is asking, with the rights that the directory grants at this very moment.
#[derive(Clone, Debug)]
pub enum Principal {
    /// An app of its own accord.
    App {
        /// The app.
        app: AppId,
        /// Its service principal in this tenant.
        object: ObjectId,
        /// What people call it.
        name: String,
        /// Permissions in the token that are still granted.
        permissions: Vec<Permission>,
    },
    /// A person through an app: both the app's scopes and the person's roles count.
    Delegated {
        /// The person.
        user: Box<User>,
        /// The app.
        app: AppId,
        /// Scopes in the token that are still granted.
        scopes: Vec<Permission>,
        /// Directory roles of the person.
        roles: Vec<Role>,
    },
    /// Somebody who connects directly, through an app: signed in to that app, and to nothing of the directory.
    Connected {
        /// The connection.
        connection: ObjectId,
        /// The app.
        app: AppId,
    },
    /// A person on our own pages: the roles decide.
    Person {
        /// The person.
        user: Box<User>,
        /// Directory roles of the person.
        roles: Vec<Role>,
    },
    /// The operator of the server.
    Operator,
}

impl Principal {
    /// The user behind it, if there is one.
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::Delegated { user, .. } | Self::Person { user, .. } => Some(user),
            Self::App { .. } | Self::Connected { .. } | Self::Operator => None,
        }
    }

    /// Directory roles of the user behind it.
    pub fn roles(&self) -> &[Role] {
        match self {
            Self::Delegated { roles, .. } | Self::Person { roles, .. } => roles,
            Self::App { .. } | Self::Connected { .. } | Self::Operator => &[],
        }
    }

    /// Does it hold one of these permissions, in the form that counts for it?
    pub fn holds(&self, delegated: &[Permission], application: &[Permission]) -> bool {
        match self {
            Self::App { permissions, .. } => application.iter().any(|needed| permissions.contains(needed)),
            Self::Delegated { scopes, .. } => delegated.iter().any(|needed| scopes.contains(needed)),
            Self::Connected { .. } => false,
            Self::Person { .. } | Self::Operator => true,
        }
    }
}

/// Roles with which a page of ours lets a person do what Graph asks no role for: there the consented scope stands in.
const READERS: &[Role] = Role::ALL;

/// May this principal do this at all? Whether it may do it *to this user*, [`may_manage`] says.
pub fn authorize(principal: &Principal, operation: Operation) -> Result<()> {
    let rule = operation.rule();
    if !principal.holds(rule.delegated, rule.application) {
        return Err(Error::forbidden());
    }
    let Some(user) = principal.user() else { return Ok(()) };
    let roles = principal.roles();
    let holds_one_of = |needed: &[Role]| needed.iter().any(|role| roles.contains(role));
    let by_role = match (rule.roles, principal) {
        ([], Principal::Person { .. }) if !operation.is_about_oneself() => holds_one_of(READERS),
        // A personal account never has to do with the policy, whatever roles it holds.
        ([], _) if operation.reads_policy() && matches!(user.home, Home::Mailbox { .. }) => false,
        ([], _) => rule.guests || !user.is_external() || !roles.is_empty(),
        // Whoever is bound by the policy does not set it: a guest with a role could let everybody out, or lock them in.
        (_, _) if operation.sets_policy() && user.is_external() => false,
        (needed, _) => holds_one_of(needed),
    };
    if by_role { Ok(()) } else { Err(Error::forbidden()) }
}

/// How much of an object its reader gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// Everything.
    Full,
    /// What is public within the organisation: name, addresses and kind.
    Public,
}

/// May this principal read this, and how much of it? To guests without a role the policy of the organisation opens more than
/// the table does.
pub fn authorize_reading(principal: &Principal, operation: Operation, access: GuestAccess) -> Result<View> {
    let Err(refusal) = authorize(principal, operation) else { return Ok(View::Full) };
    let rule = operation.rule();
    let is_plain_guest = matches!(principal, Principal::Delegated { user, roles, .. } if user.is_external() && roles.is_empty());
    let of_directory = matches!(
        operation,
        Operation::ListUsers
            | Operation::ReadUser
            | Operation::ListGroups
            | Operation::ReadGroup
            | Operation::ReadObjects
    );
    if !is_plain_guest || !of_directory || !principal.holds(rule.delegated, rule.application) {
        return Err(refusal);
    }
    match (access, operation) {
        (GuestAccess::Member, _) => Ok(View::Full),
        // Whoever knows an id may look it up; nobody from outside may go through the list.
        (GuestAccess::Limited, Operation::ReadUser | Operation::ReadGroup | Operation::ReadObjects) => {
            Ok(View::Public)
        }
        (GuestAccess::Limited | GuestAccess::Restricted, _) => Err(refusal),
    }
}

/// May this principal block, delete or restore a user who holds these roles? Whoever holds a role can be managed only by
/// a Global Administrator; an app never manages them.
pub fn may_manage(principal: &Principal, target_roles: &[Role]) -> Result<()> {
    let allowed = match principal {
        Principal::Operator => true,
        Principal::Connected { .. } => false,
        _ if target_roles.is_empty() => true,
        Principal::App { .. } => false,
        Principal::Delegated { roles, .. } | Principal::Person { roles, .. } => {
            roles.contains(&Role::GlobalAdministrator)
        }
    };
    if allowed { Ok(()) } else { Err(Error::forbidden()) }
}
