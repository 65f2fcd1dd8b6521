//! How an organisation works with people from outside: who may invite, from where guests may come, what they may see, and
//! which other organisations it trusts. Pure rules; each is asked at the moment that it governs.

use crate::{
    AppId, Error, ErrorKind, ObjectId, Result, TenantId, UserType,
    authz::{Principal, Role},
    domain_of,
};
use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

/// `allowInvitesFrom`: who may invite guests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InvitesFrom {
    /// Nobody, administrators included.
    None,
    /// Administrators and guest inviters.
    AdminsAndGuestInviters,
    /// These, and every member.
    AdminsGuestInvitersAndAllMembers,
    /// Everybody, guests included (default).
    Everyone,
}

impl InvitesFrom {
    /// All of them, from strict to open.
    pub const ALL: [Self; 4] =
        [Self::None, Self::AdminsAndGuestInviters, Self::AdminsGuestInvitersAndAllMembers, Self::Everyone];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::AdminsAndGuestInviters => "adminsAndGuestInviters",
            Self::AdminsGuestInvitersAndAllMembers => "adminsGuestInvitersAndAllMembers",
            Self::Everyone => "everyone",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|from| from.as_str() == text)
    }
}

/// `guestUserRoleId`: what guests without a directory role may read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GuestAccess {
    /// What members may read.
    Member,
    /// Themselves, and the public properties of people and groups whose id they know (default).
    Limited,
    /// Themselves.
    Restricted,
}

impl GuestAccess {
    const ALL: [Self; 3] = [Self::Member, Self::Limited, Self::Restricted];

    /// The id of the built-in role that stands for it.
    pub const fn role(self) -> Uuid {
        match self {
            Self::Member => uuid!("a0b1b346-4d3e-4e8b-98f8-753987be4970"),
            Self::Limited => uuid!("10dae51f-b6af-4016-8d66-8c2a99b929b3"),
            Self::Restricted => uuid!("2af84b1e-32c8-42b7-82bc-daa82404023b"),
        }
    }

    /// Reads the id.
    pub fn from_role(id: Uuid) -> Option<Self> {
        Self::ALL.into_iter().find(|access| access.role() == id)
    }
}

/// Who may invite wherever administrators and guest inviters may.
pub const INVITERS: [Role; 3] = [Role::GlobalAdministrator, Role::UserAdministrator, Role::GuestInviter];

/// Graph's `authorizationPolicy`, as far as it decides something here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizationPolicy {
    /// Who may invite.
    pub invites_from: InvitesFrom,
    /// What guests may read.
    pub guest_access: GuestAccess,
    /// May people from outside be given directory roles over Graph? Ours; off by default, because such a person would have power
    /// over the organisation and be bound by none of its rules about passwords.
    pub guest_administrators: bool,
}

impl Default for AuthorizationPolicy {
    fn default() -> Self {
        Self {
            invites_from: InvitesFrom::Everyone,
            guest_access: GuestAccess::Limited,
            guest_administrators: false,
        }
    }
}

impl AuthorizationPolicy {
    /// May this principal invite at all? Apps may only where inviting is not reserved for people with roles (Microsoft's page).
    pub fn may_invite(&self, principal: &Principal) -> Result<()> {
        let is_inviter = INVITERS.iter().any(|role| principal.roles().contains(role));
        let is_member = principal.user().is_none_or(|user| user.user_type == UserType::Member);
        let allowed = match (principal, self.invites_from) {
            (Principal::Operator, _) | (_, InvitesFrom::Everyone) => true,
            (_, InvitesFrom::None) => false,
            (_, InvitesFrom::AdminsAndGuestInviters) => is_inviter,
            (_, InvitesFrom::AdminsGuestInvitersAndAllMembers) => is_inviter || is_member,
        };
        if allowed {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forbidden,
            "Guest invitations not allowed for your company. Contact your company administrator for more details.",
        ))
    }
}

/// Graph's `authenticationFlowsPolicy`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationFlowsPolicy {
    /// `selfServiceSignUp.isEnabled`; off by default.
    pub self_service_sign_up: bool,
}

/// How the list of domains is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DomainMode {
    /// Guests may come from anywhere (default).
    #[default]
    Any,
    /// From everywhere but these domains.
    Deny,
    /// From these domains only.
    Allow,
}

impl DomainMode {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Deny => "deny",
            Self::Allow => "allow",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Any, Self::Deny, Self::Allow].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// From which domains guests may come: one list, of allowed or of denied domains (as Entra's legacy policy).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationDomains {
    /// How the list is meant.
    pub mode: DomainMode,
    /// The domains, folded; each stands for itself, not for its subdomains.
    pub domains: Vec<String>,
}

impl InvitationDomains {
    /// May the owner of this address be a guest?
    pub fn admit(&self, address: &str) -> Result<()> {
        let listed = domain_of(address).is_some_and(|domain| self.domains.contains(&domain));
        let admitted = match self.mode {
            DomainMode::Any => true,
            DomainMode::Deny => !listed,
            DomainMode::Allow => listed,
        };
        if admitted {
            return Ok(());
        }
        Err(Error::bad_request(
            "The domain of the invited user's email address is not allowed by the organization's list of domains. An administrator can change that list.",
        ))
    }
}

/// Are the targets of a rule let in, or kept out?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessType {
    /// Only these.
    Allowed,
    /// All but these.
    Blocked,
}

/// What a target is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TargetType {
    /// A person, or `AllUsers`.
    User,
    /// A group.
    Group,
    /// An app, or `AllApplications`.
    Application,
}

/// One target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessTarget {
    /// An id, `AllUsers` or `AllApplications`.
    pub target: String,
    /// What it is.
    pub target_type: TargetType,
}

/// `crossTenantAccessPolicyTargetConfiguration`: a rule about people or about apps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessRule {
    /// In, or out?
    pub access_type: AccessType,
    /// Whom or what it is about.
    pub targets: Vec<AccessTarget>,
}

/// `AllUsers`
pub const ALL_USERS: &str = "AllUsers";
/// `AllApplications`
pub const ALL_APPLICATIONS: &str = "AllApplications";

impl AccessRule {
    fn all(access_type: AccessType, target: &str, target_type: TargetType) -> Self {
        Self { access_type, targets: vec![AccessTarget { target: target.to_owned(), target_type }] }
    }

    fn admits(&self, all: &str, names: &[String]) -> bool {
        let named = self.targets.iter().any(|target| {
            target.target.eq_ignore_ascii_case(all)
                || names.iter().any(|name| name.eq_ignore_ascii_case(&target.target))
        });
        named == (self.access_type == AccessType::Allowed)
    }

    /// Could anybody, or anything, pass?
    fn admits_any(&self, all: &str) -> bool {
        let names_all = self.targets.iter().any(|target| target.target.eq_ignore_ascii_case(all));
        match self.access_type {
            AccessType::Allowed => !self.targets.is_empty(),
            AccessType::Blocked => !names_all,
        }
    }
}

/// `crossTenantAccessPolicyB2BSetting`: who, and to what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct B2bSetting {
    /// Who.
    pub users_and_groups: AccessRule,
    /// To what.
    pub applications: AccessRule,
}

/// Somebody who wants to act across a border: the object at home, the groups there, and the app, where it is known yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crossing {
    /// The object at home.
    pub object: ObjectId,
    /// Groups at home.
    pub groups: Vec<ObjectId>,
    /// The app on the other side.
    pub app: Option<AppId>,
}

impl B2bSetting {
    /// Everybody to everything, or nobody to anything.
    pub fn uniform(access_type: AccessType) -> Self {
        Self {
            users_and_groups: AccessRule::all(access_type, ALL_USERS, TargetType::User),
            applications: AccessRule::all(access_type, ALL_APPLICATIONS, TargetType::Application),
        }
    }

    /// May this person use this app; without an app: may the person come at all?
    pub fn admits(&self, who: &Crossing) -> bool {
        let names: Vec<String> =
            std::iter::once(who.object).chain(who.groups.iter().copied()).map(|id| id.to_string()).collect();
        let to_app = match who.app {
            Some(app) => self.applications.admits(ALL_APPLICATIONS, &[app.to_string()]),
            None => self.applications.admits_any(ALL_APPLICATIONS),
        };
        self.users_and_groups.admits(ALL_USERS, &names) && to_app
    }

    /// Could anybody come at all?
    pub fn admits_anybody(&self) -> bool {
        self.users_and_groups.admits_any(ALL_USERS) && self.applications.admits_any(ALL_APPLICATIONS)
    }
}

/// `inboundOutboundPolicyConfiguration`: whether invitations are accepted without asking; null is no.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AutomaticConsent {
    /// For people who come.
    pub inbound_allowed: Option<bool>,
    /// For own people who go.
    pub outbound_allowed: Option<bool>,
}

/// `crossTenantAccessPolicyInboundTrust`: kept and answered; there are no second factors or devices to trust yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InboundTrust {
    /// A second factor proved at home.
    pub is_mfa_accepted: Option<bool>,
    /// A device that is compliant at home.
    pub is_compliant_device_accepted: Option<bool>,
    /// A device joined at home.
    #[serde(rename = "isHybridAzureADJoinedDeviceAccepted")]
    pub is_hybrid_joined_device_accepted: Option<bool>,
}

/// The settings towards one organisation; what is absent is as the default says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessSettings {
    /// Their people as guests here.
    pub b2b_collaboration_inbound: Option<B2bSetting>,
    /// Own people as guests there.
    pub b2b_collaboration_outbound: Option<B2bSetting>,
    /// Their people here without a user object.
    pub b2b_direct_connect_inbound: Option<B2bSetting>,
    /// Own people there without a user object.
    pub b2b_direct_connect_outbound: Option<B2bSetting>,
    /// What is believed of what they proved at home.
    pub inbound_trust: Option<InboundTrust>,
    /// Are invitations accepted without asking?
    pub automatic_user_consent_settings: AutomaticConsent,
    /// Kept and answered.
    pub is_service_provider: Option<bool>,
}

/// Which border.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Border {
    /// Guests with a user object.
    Collaboration,
    /// People without one.
    DirectConnect,
}

/// `crossTenantAccessPolicy` of one organisation towards another: the partner's settings over the default ones.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CrossTenantAccess {
    /// For everybody without settings of their own.
    pub default: AccessSettings,
    /// For this one partner.
    pub partner: Option<AccessSettings>,
}

impl CrossTenantAccess {
    fn setting(&self, pick: impl Fn(&AccessSettings) -> Option<&B2bSetting>, border: Border) -> B2bSetting {
        let chosen = self.partner.as_ref().and_then(&pick).or_else(|| pick(&self.default));
        // An untouched tenant (live service): guests are welcome, direct connection is not.
        chosen.cloned().unwrap_or_else(|| {
            B2bSetting::uniform(match border {
                Border::Collaboration => AccessType::Allowed,
                Border::DirectConnect => AccessType::Blocked,
            })
        })
    }

    /// Who may come.
    pub fn inbound(&self, border: Border) -> B2bSetting {
        self.setting(
            |settings| match border {
                Border::Collaboration => settings.b2b_collaboration_inbound.as_ref(),
                Border::DirectConnect => settings.b2b_direct_connect_inbound.as_ref(),
            },
            border,
        )
    }

    /// Who may go.
    pub fn outbound(&self, border: Border) -> B2bSetting {
        self.setting(
            |settings| match border {
                Border::Collaboration => settings.b2b_collaboration_outbound.as_ref(),
                Border::DirectConnect => settings.b2b_direct_connect_outbound.as_ref(),
            },
            border,
        )
    }
}

/// Which side says no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Barred {
    /// The home organisation does not let the person out.
    Outbound,
    /// The other one does not let the person in.
    Inbound,
}

impl Barred {
    /// What the person is told.
    pub fn error(self, home: TenantId) -> Error {
        let text = match self {
            Self::Outbound => {
                "Your own organization does not allow this access to another organization. Ask its administrator to change the cross-tenant access settings."
            }
            Self::Inbound => {
                "This organization does not allow access from yours. Ask its administrator to change the cross-tenant access settings."
            }
        };
        Error::new(ErrorKind::Forbidden, text).because(format!("{self:?} settings bar people of {home}"))
    }
}

/// May somebody cross this border? `here` are the settings of the organisation entered towards the home one, `home` those of the
/// home organisation towards the one entered. Both sides must allow it.
pub fn cross(
    here: &CrossTenantAccess,
    home: &CrossTenantAccess,
    border: Border,
    who: &Crossing,
) -> std::result::Result<(), Barred> {
    if !home.outbound(border).admits(who) {
        return Err(Barred::Outbound);
    }
    if !here.inbound(border).admits(who) {
        return Err(Barred::Inbound);
    }
    Ok(())
}

/// Is an invitation accepted without asking? Only where both sides have said so of each other (as Entra).
pub fn redeems_automatically(here: &CrossTenantAccess, home: &CrossTenantAccess) -> bool {
    let said = |side: &CrossTenantAccess, pick: fn(&AutomaticConsent) -> Option<bool>| {
        side.partner
            .as_ref()
            .and_then(|partner| pick(&partner.automatic_user_consent_settings))
            .unwrap_or(false)
    };
    said(here, |consent| consent.inbound_allowed) && said(home, |consent| consent.outbound_allowed)
}
