use crate::{ObjectId, TenantId, Timestamp, fold};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `userType`: how the organisation regards the person. It does not decide who may leave; [`Home`] does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UserType {
    /// `Member`
    Member,
    /// `Guest`, whoever is invited.
    #[default]
    Guest,
}

impl UserType {
    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::Guest => "Guest",
        }
    }

    /// Reads the word, in any letter case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Member, Self::Guest].into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

/// Where an account is homed: which sign-in proves that somebody is this person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Home {
    /// In this very tenant.
    Here,
    /// A member of another tenant of this directory.
    Tenant {
        /// The home tenant.
        tenant: TenantId,
        /// The person's object there.
        object: ObjectId,
    },
    /// A mailbox, proved by a one-time passcode.
    Mailbox {
        /// The address, folded.
        address: String,
    },
    /// An account of an external provider that this very tenant registered.
    Federated(Federated),
    /// Invited by address; nobody has proved to be that person yet.
    Invited {
        /// The address, folded.
        address: String,
    },
}

impl Home {
    /// The key under which the person's memberships are found; none for an account that is at home.
    pub fn key(&self) -> Option<String> {
        match self {
            Self::Here => None,
            Self::Tenant { tenant, object } => Some(format!("member:{tenant}:{object}")),
            Self::Mailbox { address } => Some(format!("mailbox:{address}")),
            Self::Federated(federated) => Some(federated.key()),
            Self::Invited { address } => Some(format!("invited:{address}")),
        }
    }

    /// Reads what [`Home::key`] wrote.
    pub fn from_key(key: Option<&str>) -> Option<Self> {
        let Some(key) = key else { return Some(Self::Here) };
        let (kind, rest) = key.split_once(':')?;
        match kind {
            "member" => {
                let (tenant, object) = rest.split_once(':')?;
                Some(Self::Tenant { tenant: tenant.parse().ok()?, object: object.parse().ok()? })
            }
            "mailbox" => Some(Self::Mailbox { address: rest.to_owned() }),
            "federated" => Federated::from_rest(rest).map(Self::Federated),
            "invited" => Some(Self::Invited { address: rest.to_owned() }),
            _ => None,
        }
    }
}

/// Somebody of an external OpenID Connect provider. The identity is (registration, issuer, subject), never an address: the
/// registration names one tenant and one issuer for ever, and the digest stands for issuer and subject.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Federated {
    /// The tenant that registered the provider; the person can be a guest of this tenant only.
    pub tenant: TenantId,
    /// The registration.
    pub registration: uuid::Uuid,
    /// SHA-256 over issuer, NUL and subject, in hexadecimal.
    pub identity: String,
}

impl Federated {
    /// `federated:{tenant}:{registration}:{identity}`: stored, so it never changes.
    pub fn key(&self) -> String {
        format!("federated:{}:{}:{}", self.tenant, self.registration, self.identity)
    }

    fn from_rest(rest: &str) -> Option<Self> {
        let mut parts = rest.split(':');
        let (tenant, registration) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let identity = parts.next()?;
        let whole = identity.len() == 64 && parts.next().is_none();
        whole.then(|| Self { tenant, registration, identity: identity.to_owned() })
    }
}

/// Somebody who has signed in with a home account.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Person {
    /// A member of a tenant of this directory.
    Member {
        /// The home tenant.
        tenant: TenantId,
        /// The object there.
        object: ObjectId,
    },
    /// Somebody with a mailbox and no home tenant.
    Mailbox {
        /// The address, folded.
        address: String,
    },
    /// Somebody of an external provider.
    Federated(Federated),
}

impl Person {
    /// The home by which this person's accounts elsewhere are found.
    pub fn home(&self) -> Home {
        match self {
            Self::Member { tenant, object } => Home::Tenant { tenant: *tenant, object: *object },
            Self::Mailbox { address } => Home::Mailbox { address: address.clone() },
            Self::Federated(federated) => Home::Federated(federated.clone()),
        }
    }

    /// The key of [`Person::home`].
    pub fn key(&self) -> String {
        match self {
            Self::Member { tenant, object } => format!("member:{tenant}:{object}"),
            Self::Mailbox { address } => format!("mailbox:{address}"),
            Self::Federated(federated) => federated.key(),
        }
    }

    /// Reads what [`Person::key`] wrote.
    pub fn from_key(key: &str) -> Option<Self> {
        match Home::from_key(Some(key))? {
            Home::Tenant { tenant, object } => Some(Self::Member { tenant, object }),
            Home::Mailbox { address } => Some(Self::Mailbox { address }),
            Home::Federated(federated) => Some(Self::Federated(federated)),
            Home::Here | Home::Invited { .. } => None,
        }
    }
}

/// `externalUserState`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InvitationState {
    /// Invited, not yet redeemed.
    PendingAcceptance,
    /// Redeemed.
    Accepted,
}

impl InvitationState {
    /// The word on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingAcceptance => "PendingAcceptance",
            Self::Accepted => "Accepted",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::PendingAcceptance, Self::Accepted].into_iter().find(|state| state.as_str() == text)
    }
}

/// What is known of a guest's home account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HomeState {
    /// Nothing speaks against it.
    Present,
    /// Deleted at home, since then.
    Deleted(Timestamp),
}

/// Why an account was soft-deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeletionCause {
    /// The person left.
    Left,
    /// An administrator removed it.
    Removed,
    /// The home account was deleted; the id is that of the deletion at home, which a restore there undoes.
    HomeDeleted(uuid::Uuid),
}

impl DeletionCause {
    /// The word in the store, the audit log and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Removed => "removed",
            Self::HomeDeleted(_) => "homeAccountDeleted",
        }
    }

    /// Reads [`DeletionCause::as_str`] and the id of the deletion at home.
    pub fn parse(text: &str, event: Option<uuid::Uuid>) -> Option<Self> {
        match text {
            "left" => Some(Self::Left),
            "removed" => Some(Self::Removed),
            "homeAccountDeleted" => event.map(Self::HomeDeleted),
            _ => None,
        }
    }
}

/// A soft deletion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deletion {
    /// When.
    pub at: Timestamp,
    /// From when on it may be purged, in trusted time.
    pub purge_after: Timestamp,
    /// Why.
    pub cause: DeletionCause,
    /// The id of this deletion; for a member also the event that guests elsewhere are deleted by.
    pub event: uuid::Uuid,
}

/// Properties that are kept as they came and decide nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(pub Map<String, Value>);

/// A user object of one tenant, live or soft-deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Its id, minted here, never used again.
    pub id: ObjectId,
    /// Member or guest.
    pub user_type: UserType,
    /// The name to sign in with; carries the id in front while soft-deleted.
    pub upn: String,
    /// What people see.
    pub display_name: String,
    /// First name.
    pub given_name: Option<String>,
    /// Family name.
    pub surname: Option<String>,
    /// Main mail address.
    pub mail: Option<String>,
    /// Further addresses.
    pub other_mails: Vec<String>,
    /// May it sign in?
    pub account_enabled: bool,
    /// Where it is homed.
    pub home: Home,
    /// What is known of the home account.
    pub home_state: HomeState,
    /// For guests: invited or accepted.
    pub invitation: Option<InvitationState>,
    /// When `invitation` last changed.
    pub invitation_changed: Option<Timestamp>,
    /// Who invited, when it was by invitation.
    pub invited_by: Option<ObjectId>,
    /// When the object was created.
    pub created: Timestamp,
    /// Set while soft-deleted.
    pub deletion: Option<Deletion>,
    /// Grows with every life-cycle transition, and when tokens are to end; tokens, confirmations and invitations are bound to it.
    pub generation: i64,
    /// Grows with every change; the guard of every write.
    pub version: i64,
    /// When tokens and sessions were last voided.
    pub tokens_since: Timestamp,
    /// All other properties.
    pub profile: Profile,
}

impl User {
    /// Homed in another place than this tenant.
    pub fn is_external(&self) -> bool {
        self.home != Home::Here
    }

    /// Soft-deleted.
    pub const fn is_deleted(&self) -> bool {
        self.deletion.is_some()
    }

    /// The user name as it was before a soft deletion put the id in front.
    pub fn original_upn(&self) -> &str {
        let id = self.id.uuid().simple().to_string();
        if self.is_deleted() { self.upn.strip_prefix(id.as_str()).unwrap_or(&self.upn) } else { &self.upn }
    }
}

/// The domain of an address, folded.
pub fn domain_of(address: &str) -> Option<String> {
    address.rsplit_once('@').map(|(_, domain)| fold(domain))
}
