//! Permissions, directory roles, and the one table that says what each operation needs.

use crate::{AppId, Error, Home, ObjectId, Result, User};
use uuid::{Uuid, uuid};

macro_rules! permissions {
    ($($name:ident $value:literal $delegated:literal $application:tt;)*) => {
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

            /// Reads a value; letter case counts, as on the live service.
            pub fn parse(value: &str) -> Option<Self> {
                match value { $($value => Some(Self::$name),)* _ => None }
            }
        }
    };
    (@id none) => { None };
    (@id $id:literal) => { Some(uuid!($id)) };
}

permissions! {
    AuditLogReadAll "AuditLog.Read.All" "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20" "b0afded3-3588-46d8-8b3d-9842eff778da";
    DirectoryReadAll "Directory.Read.All" "06da0dbc-49e2-44d2-8312-53f166ab848a" "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
    DirectoryReadWriteAll "Directory.ReadWrite.All" "c5366453-9fb0-48a5-a156-24f0c49a4b84" "19dbc75e-c2e2-444c-a770-ec69d8559fc7";
    OrganizationReadAll "Organization.Read.All" "4908d5b9-3fb2-4b1e-9336-1888b7937185" "498476ce-e0fe-48b0-b801-37ba7e2685c6";
    OrganizationReadWriteAll "Organization.ReadWrite.All" "46ca0847-7e6b-426e-9775-ea810a948356" "292d869f-3427-49a8-9dab-8c70152b74e9";
    PolicyReadAll "Policy.Read.All" "572fea84-0151-49b2-9301-11cb16974376" "246dd0d5-5bd0-4def-940b-0421030a5b68";
    PolicyReadWriteExternalIdentities "Policy.ReadWrite.ExternalIdentities" "b5219784-1215-45b5-b3f1-88fe1081f9c0" "03cc4f92-788e-4ede-b93f-199424d144a5";
    UserDeleteRestoreAll "User.DeleteRestore.All" "4bb440cd-2cf2-4f90-8004-aa2acd2537c5" "eccc023d-eccf-4e7b-9683-8813ab36cecc";
    UserInviteAll "User.Invite.All" "63dd7cd9-b489-4adf-a28c-ac38b9a0f962" "09850681-111b-4a89-9bed-3f2cae46d706";
    UserRead "User.Read" "e1fe6dd8-ba31-4d61-89e7-88639da4683d" none;
    UserReadAll "User.Read.All" "a154be20-db9c-4678-8ab7-66f6cc099a59" "df021288-bdef-4463-88db-98f22de89214";
    UserReadWriteAll "User.ReadWrite.All" "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4" "741f803b-c850-494e-b5df-cde7c675a1ca";
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
    AuthenticationAdministrator "Authentication Administrator" "c4e39bd9-1100-46d3-8c65-fb160da0071f";
    ExternalIdentityProviderAdministrator "External Identity Provider Administrator" "be2f45a1-457d-42af-a067-6ec1fa63bc45";
    GlobalAdministrator "Global Administrator" "62e90394-69f5-4237-9190-012177145e10";
    GlobalReader "Global Reader" "f2ef992c-3afb-46b9-b7cf-a126ee74c451";
    GuestInviter "Guest Inviter" "95e79109-95c0-4d8e-aee3-d01accf2d47b";
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

const GLOBAL: Role = Role::GlobalAdministrator;
const MANAGE_USERS: &[Role] = &[GLOBAL, Role::UserAdministrator, Role::PrivilegedAuthenticationAdministrator];

const READ_ORGANIZATION: &[Permission] = &[
    Permission::UserRead,
    Permission::OrganizationReadAll,
    Permission::OrganizationReadWriteAll,
    Permission::DirectoryReadAll,
    Permission::DirectoryReadWriteAll,
    Permission::UserReadAll,
    Permission::UserReadWriteAll,
];

impl Operation {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ReadPolicy,
        Self::UpdatePolicy,
        Self::ReadOrganization,
        Self::UpdateOrganization,
        Self::InviteGuest,
        Self::ListUsers,
        Self::ReadUser,
        Self::ReadSelf,
        Self::UpdateUser,
        Self::DeleteUser,
        Self::ReadDeleted,
        Self::RestoreUser,
        Self::PurgeUser,
        Self::ReadAudit,
        Self::SettleHomeDeletions,
    ];

    /// The table: permissions as Microsoft publishes them, roles as far as its documentation names them.
    pub const fn rule(self) -> Rule {
        use Permission as P;
        const READ_USERS: &[Permission] =
            &[P::UserReadAll, P::UserReadWriteAll, P::DirectoryReadAll, P::DirectoryReadWriteAll];
        const WRITE_USERS: &[Permission] = &[P::UserReadWriteAll, P::DirectoryReadWriteAll];
        const DELETE_USERS: &[Permission] = &[P::UserDeleteRestoreAll, P::UserReadWriteAll];
        match self {
            Self::ReadPolicy => both(&[P::PolicyReadAll, P::PolicyReadWriteExternalIdentities], &[]),
            Self::UpdatePolicy => both(
                &[P::PolicyReadWriteExternalIdentities],
                &[GLOBAL, Role::ExternalIdentityProviderAdministrator],
            ),
            Self::ReadOrganization => Rule {
                delegated: READ_ORGANIZATION,
                // An app of its own accord has no `User.Read`, the first of the list.
                application: READ_ORGANIZATION.split_at(1).1,
                roles: &[],
                guests: true,
            },
            Self::UpdateOrganization => both(&[P::OrganizationReadWriteAll], &[GLOBAL]),
            Self::InviteGuest => Rule {
                guests: true,
                ..both(&[P::UserInviteAll, P::UserReadWriteAll, P::DirectoryReadWriteAll], &[])
            },
            Self::ListUsers | Self::ReadUser => both(READ_USERS, &[]),
            Self::ReadSelf => Rule {
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
            Self::UpdateUser => both(WRITE_USERS, MANAGE_USERS),
            Self::DeleteUser | Self::RestoreUser | Self::PurgeUser => both(DELETE_USERS, MANAGE_USERS),
            Self::ReadDeleted => both(
                READ_USERS,
                &[
                    GLOBAL,
                    Role::GlobalReader,
                    Role::UserAdministrator,
                    Role::AuthenticationAdministrator,
                    Role::PrivilegedAuthenticationAdministrator,
                ],
            ),
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
            Self::SettleHomeDeletions => both(DELETE_USERS, MANAGE_USERS),
        }
    }
}

const fn both(permissions: &'static [Permission], roles: &'static [Role]) -> Rule {
    Rule { delegated: permissions, application: permissions, roles, guests: false }
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
            Self::App { .. } | Self::Operator => None,
        }
    }

    /// Directory roles of the user behind it.
    pub fn roles(&self) -> &[Role] {
        match self {
            Self::Delegated { roles, .. } | Self::Person { roles, .. } => roles,
            Self::App { .. } | Self::Operator => &[],
        }
    }

    /// Does it hold one of these permissions, in the form that counts for it?
    pub fn holds(&self, delegated: &[Permission], application: &[Permission]) -> bool {
        match self {
            Self::App { permissions, .. } => application.iter().any(|needed| permissions.contains(needed)),
            Self::Delegated { scopes, .. } => delegated.iter().any(|needed| scopes.contains(needed)),
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
        ([], Principal::Person { .. }) if operation != Operation::ReadSelf => holds_one_of(READERS),
        // A personal account never has to do with the policy, whatever roles it holds.
        ([], _) if operation == Operation::ReadPolicy && matches!(user.home, Home::Mailbox { .. }) => false,
        ([], _) => rule.guests || !user.is_external() || !roles.is_empty(),
        // Whoever is bound by the policy does not set it: a guest with a role could let everybody out, or lock them in.
        (_, _) if operation == Operation::UpdatePolicy && user.is_external() => false,
        (needed, _) => holds_one_of(needed),
    };
    if by_role { Ok(()) } else { Err(Error::forbidden()) }
}

/// May this principal block, delete or restore a user who holds these roles? Whoever holds a role can be managed only by
/// a Global Administrator; an app never manages them.
pub fn may_manage(principal: &Principal, target_roles: &[Role]) -> Result<()> {
    let allowed = match principal {
        Principal::Operator => true,
        _ if target_roles.is_empty() => true,
        Principal::App { .. } => false,
        Principal::Delegated { roles, .. } | Principal::Person { roles, .. } => roles.contains(&GLOBAL),
    };
    if allowed { Ok(()) } else { Err(Error::forbidden()) }
}
