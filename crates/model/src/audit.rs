//! What is recorded, in the vocabulary of Graph's `directoryAudit`.

use crate::{AppId, ObjectId, RequestId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

macro_rules! activities {
    ($($when:literal $name:ident,)*) => {
        /// Everything that is recorded; each has its name, category, service and operation type on the wire.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
        pub enum Activity { $(#[doc = $when] $name,)* }

        impl Activity {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// When it is recorded, in one sentence for the documentation.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$name => $when,)* }
            }
        }
    };
}

activities! {
    "A tenant was created." CreateCompany,
    "The external identities policy was changed, or a change came to nothing or was refused." UpdatePolicy,
    "Organisation properties were changed." SetCompanyInformation,
    "A user object was created." AddUser,
    "User properties were changed." UpdateUser,
    "Signing in was allowed again." EnableAccount,
    "Signing in was forbidden." DisableAccount,
    "A guest was invited." InviteExternalUser,
    "An invitation was sent again." ReinviteExternalUser,
    "An invitation was accepted." RedeemInvitation,
    "A person left, or was refused." LeaveOrganization,
    "An administrator, or a deletion at home, soft-deleted an account." DeleteUser,
    "A soft-deleted account was restored." RestoreUser,
    "An account was permanently deleted." HardDeleteUser,
    "The home account of a guest was deleted, and the policy leaves the guest." HomeAccountDeleted,
    "The home account of a guest is back." HomeAccountRestored,
    "A directory role was given." AddRoleMember,
    "A directory role was taken." RemoveRoleMember,
    "An application was registered." AddApplication,
    "An application was given a permission." GrantPermission,
    "A permission was taken from an application." RevokePermission,
    "An application was changed, or switched on or off." UpdateApplication,
    "A secret or certificate was added to an application, or taken from it." UpdateAppSecrets,
    "A password was set anew." ResetPassword,
    "A person chose a new password, as was asked of them." ChangePassword,
    "It was set whether the password has to be changed at the next sign-in." ForcePasswordChange,
    "A group was created." AddGroup,
    "A user was put into a group." AddGroupMember,
    "A user was taken out of a group." RemoveGroupMember,
    "A group was changed." UpdateGroup,
    "A group was deleted." DeleteGroup,
    "Who may invite, or what guests may see, was changed." UpdateAuthorizationPolicy,
    "The settings towards all other organizations were changed." UpdateAccessDefault,
    "Settings towards one other organization were made." AddAccessPartner,
    "The settings towards one other organization were changed." UpdateAccessPartner,
    "The settings towards one other organization were removed." DeleteAccessPartner,
    "Somebody answers for a user from now on." AddSponsor,
    "Somebody answers for a user no more." RemoveSponsor,
    "An application was deleted." DeleteApplication,
    "A service principal was created." AddServicePrincipal,
    "A service principal was changed." UpdateServicePrincipal,
    "A service principal was deleted." RemoveServicePrincipal,
    "An application was given a permission on behalf of people." AddDelegatedGrant,
    "A permission on behalf of people was taken from an application." RemoveDelegatedGrant,
    "A person took back what an application may do in their name." RevokeConsent,
    "Somebody of another organization used an app here for the first time, without a user object." ConnectDirectly,
    "A token was asked for and refused." TokenRefused,
    "A person signed in." SignIn,
    "A sign-in was refused." SignInRefused,
    "A signing key was made." AddSigningKey,
    "A mail was given up because nobody took it." SendMail,
    "A person set up a second factor or new recovery codes." RegisterSecurityInfo,
    "A second factor was taken away." DeleteSecurityInfo,
    "A person ended sessions." RevokeSessions,
    "Over Graph, everything ended that lets an account act without signing in anew." RevokeRefreshTokens,
    "It was set how people sign in." UpdateSignInSettings,
    "An external identity provider was registered." AddIdentityProvider,
    "An external identity provider was changed." UpdateIdentityProvider,
    "An external identity provider was taken away." DeleteIdentityProvider,
}

impl Activity {
    /// `(activityDisplayName, category, loggedByService, operationType)`: Entra's names where it has one.
    pub const fn wire(self) -> (&'static str, &'static str, &'static str, &'static str) {
        const CORE: &str = "Core Directory";
        const INVITED: &str = "Invited Users";
        const AUTHENTICATION: &str = "Authentication Methods";
        match self {
            Self::CreateCompany => ("Create Company", "DirectoryManagement", CORE, "Add"),
            Self::UpdatePolicy => ("Update policy", "Policy", CORE, "Update"),
            Self::SetCompanyInformation => ("Set Company Information", "DirectoryManagement", CORE, "Update"),
            Self::AddUser => ("Add user", "UserManagement", CORE, "Add"),
            Self::UpdateUser => ("Update user", "UserManagement", CORE, "Update"),
            Self::EnableAccount => ("Enable account", "UserManagement", CORE, "Update"),
            Self::DisableAccount => ("Disable account", "UserManagement", CORE, "Update"),
            Self::InviteExternalUser => ("Invite external user", "UserManagement", INVITED, "Add"),
            Self::ReinviteExternalUser => {
                ("Invite external user with reset invitation status", "UserManagement", INVITED, "Update")
            }
            Self::RedeemInvitation => ("Redeem external user invite", "UserManagement", INVITED, "Update"),
            Self::LeaveOrganization => ("Leave organization", "UserManagement", INVITED, "Delete"),
            Self::DeleteUser => ("Delete user", "UserManagement", CORE, "Delete"),
            Self::RestoreUser => ("Restore user", "UserManagement", CORE, "Update"),
            Self::HardDeleteUser => ("Hard Delete user", "UserManagement", CORE, "Delete"),
            Self::HomeAccountDeleted => ("Home account deleted", "UserManagement", INVITED, "Update"),
            Self::HomeAccountRestored => ("Home account restored", "UserManagement", INVITED, "Update"),
            Self::AddRoleMember => ("Add member to role", "RoleManagement", CORE, "Assign"),
            Self::RemoveRoleMember => ("Remove member from role", "RoleManagement", CORE, "Unassign"),
            Self::AddApplication => ("Add application", "ApplicationManagement", CORE, "Add"),
            Self::GrantPermission => {
                ("Add app role assignment to service principal", "ApplicationManagement", CORE, "Assign")
            }
            Self::RevokePermission => (
                "Remove app role assignment from service principal",
                "ApplicationManagement",
                CORE,
                "Unassign",
            ),
            Self::UpdateApplication => ("Update application", "ApplicationManagement", CORE, "Update"),
            Self::UpdateAppSecrets => (
                "Update application - Certificates and secrets management",
                "ApplicationManagement",
                CORE,
                "Update",
            ),
            Self::ResetPassword => ("Reset user password", "UserManagement", CORE, "Update"),
            Self::AddGroup => ("Add group", "GroupManagement", CORE, "Add"),
            Self::AddGroupMember => ("Add member to group", "GroupManagement", CORE, "Add"),
            Self::TokenRefused => ("Token request refused", "Authorization", CORE, "Add"),
            Self::SignIn => ("Sign in", "Authentication", CORE, "Add"),
            Self::SignInRefused => ("Sign-in refused", "Authentication", CORE, "Add"),
            Self::AddSigningKey => ("Add signing key", "KeyManagement", CORE, "Add"),
            Self::SendMail => ("Send mail", "UserManagement", INVITED, "Add"),
            Self::RegisterSecurityInfo => {
                ("User registered security info", "UserManagement", AUTHENTICATION, "Update")
            }
            Self::DeleteSecurityInfo => {
                ("User deleted security info", "UserManagement", AUTHENTICATION, "Update")
            }
            Self::RevokeSessions => ("Revoke user sign in sessions", "UserManagement", CORE, "Update"),
            Self::UpdateSignInSettings => ("Update sign-in settings", "Policy", CORE, "Update"),
            Self::AddIdentityProvider => ("Add identity provider", "IdentityProtection", CORE, "Add"),
            Self::UpdateIdentityProvider => {
                ("Update identity provider", "IdentityProtection", CORE, "Update")
            }
            Self::DeleteIdentityProvider => {
                ("Delete identity provider", "IdentityProtection", CORE, "Delete")
            }
            other => other.wire_of_object(),
        }
    }

    /// The same for what came later, and for objects that are not people.
    const fn wire_of_object(self) -> (&'static str, &'static str, &'static str, &'static str) {
        const CORE: &str = "Core Directory";
        const GROUPS: &str = "GroupManagement";
        const APPS: &str = "ApplicationManagement";
        const ACCESS: &str = "CrossTenantAccessSettings";
        match self {
            Self::ChangePassword => ("Change user password", "UserManagement", CORE, "Update"),
            Self::ForcePasswordChange => ("Set force change user password", "UserManagement", CORE, "Update"),
            Self::RevokeRefreshTokens => {
                ("Update StsRefreshTokenValidFrom Timestamp", "UserManagement", CORE, "Update")
            }
            Self::RemoveGroupMember => ("Remove member from group", GROUPS, CORE, "Delete"),
            Self::UpdateGroup => ("Update group", GROUPS, CORE, "Update"),
            Self::DeleteGroup => ("Delete group", GROUPS, CORE, "Delete"),
            Self::UpdateAuthorizationPolicy => {
                ("Update authorization policy", "AuthorizationPolicy", CORE, "Update")
            }
            Self::UpdateAccessDefault => {
                ("Update the company default cross-tenant access setting", ACCESS, CORE, "Update")
            }
            Self::AddAccessPartner => ("Add a partner to cross-tenant access setting", ACCESS, CORE, "Add"),
            Self::UpdateAccessPartner => {
                ("Update a partner cross-tenant access setting", ACCESS, CORE, "Update")
            }
            Self::DeleteAccessPartner => {
                ("Delete partner specific cross-tenant access setting", ACCESS, CORE, "Delete")
            }
            Self::AddSponsor => ("Add user sponsor", "UserManagement", CORE, "Assign"),
            Self::RemoveSponsor => ("Remove user sponsor", "UserManagement", CORE, "Unassign"),
            Self::DeleteApplication => ("Delete application", APPS, CORE, "Delete"),
            Self::AddServicePrincipal => ("Add service principal", APPS, CORE, "Add"),
            Self::UpdateServicePrincipal => ("Update service principal", APPS, CORE, "Update"),
            Self::RemoveServicePrincipal => ("Remove service principal", APPS, CORE, "Delete"),
            Self::AddDelegatedGrant => ("Add delegated permission grant", APPS, CORE, "Assign"),
            Self::RevokeConsent => ("Revoke consent", APPS, CORE, "Unassign"),
            Self::RemoveDelegatedGrant => ("Remove delegated permission grant", APPS, CORE, "Unassign"),
            // `ConnectDirectly`; everything else is in the table above.
            _ => ("Connect to organization", "UserManagement", "Invited Users", "Add"),
        }
    }
}

/// Who did it. Names are not here but in the [`PersonalSlot`] of the person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Initiator {
    /// A person, through an app or a page.
    User {
        /// The person's object in this tenant, if there is one.
        id: Option<ObjectId>,
        /// The app used.
        app: Option<AppId>,
    },
    /// An app of its own accord.
    App {
        /// The app.
        app: AppId,
        /// Its name; an app is not a person.
        name: String,
    },
    /// The operator's command line.
    Operator,
    /// The server itself; the name of the reconciler.
    System {
        /// Which one.
        name: String,
    },
    /// Nobody who could be identified.
    Anonymous,
}

/// One property that changed, for values that are not personal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Modified {
    /// The property.
    pub name: String,
    /// Before, as JSON text.
    pub old: Option<String>,
    /// After, as JSON text.
    pub new: Option<String>,
}

/// What it was done to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// `User`, `Policy`, `Directory`, `App`, `Role` or `Other`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name, unless it is a person.
    pub name: Option<String>,
    /// What changed.
    pub modified: Vec<Modified>,
}

impl Target {
    /// A person; the name goes into a [`PersonalSlot`].
    pub fn user(id: ObjectId) -> Self {
        Self { kind: "User".to_owned(), id: id.to_string(), name: None, modified: Vec::new() }
    }

    /// Something that is not a person.
    pub fn thing(kind: &str, id: impl ToString, name: &str) -> Self {
        Self { kind: kind.to_owned(), id: id.to_string(), name: Some(name.to_owned()), modified: Vec::new() }
    }

    /// Adds a changed property.
    #[must_use]
    pub fn with(mut self, name: &str, old: Option<Value>, new: Option<Value>) -> Self {
        self.modified.push(Modified {
            name: name.to_owned(),
            old: old.map(|value| value.to_string()),
            new: new.map(|value| value.to_string()),
        });
        self
    }
}

/// Personal detail of a record, about one person. It lives beside the chain, which holds only a salted commitment to it,
/// and is erased when that person is purged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PersonalSlot {
    /// Whom it is about.
    pub subject: ObjectId,
    /// `displayName`, `userPrincipalName`, changed personal properties and the like.
    pub fields: Map<String, Value>,
    /// 32 random bytes in hexadecimal: without it the commitment says nothing about the fields.
    pub salt: String,
}

/// One record, before the store gives it a sequence number and its place in the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// What.
    pub activity: Activity,
    /// Did it happen?
    pub success: bool,
    /// Why not, or why: machine-readable.
    pub reason: Option<String>,
    /// Who.
    pub initiator: Initiator,
    /// To what.
    pub targets: Vec<Target>,
    /// More, none of it personal.
    pub details: Vec<(String, String)>,
    /// The request; records of one cause share it.
    pub correlation: RequestId,
    /// Personal detail by person.
    pub personal: Vec<PersonalSlot>,
}

/// A record as it is read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Its place in the tenant's chain, from 1, without a gap.
    pub sequence: i64,
    /// The record; `personal` lacks the slots of people who were purged.
    pub record: Record,
}
