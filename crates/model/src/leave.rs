//! May this person leave this organisation? One function answers, for the page, the API, the command line and the docs.

use crate::{DeletionCause, InvitationState, Timestamp, User, lifecycle};

/// Why somebody cannot leave, most specific first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Reason {
    /// There is no account of this person in the organisation.
    NotAMember,
    /// The account is already soft-deleted.
    AlreadyLeft,
    /// The account is homed in this organisation, whatever its `userType` says.
    HomeOrganization,
    /// The home account is deleted.
    HomeAccountDeleted,
    /// The home account is blocked.
    HomeAccountDisabled,
    /// The account is blocked in this organisation.
    AccountDisabled,
    /// The organisation would be left without a Global Administrator.
    LastAdministrator,
    /// The organisation's policy does not allow it.
    NotAllowedByOrganization,
}

impl Reason {
    /// All reasons, in the order in which they are judged.
    pub const ALL: [Self; 8] = [
        Self::NotAMember,
        Self::AlreadyLeft,
        Self::HomeOrganization,
        Self::HomeAccountDeleted,
        Self::HomeAccountDisabled,
        Self::AccountDisabled,
        Self::LastAdministrator,
        Self::NotAllowedByOrganization,
    ];

    /// The machine-readable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAMember => "notAMember",
            Self::AlreadyLeft => "alreadyLeft",
            Self::HomeOrganization => "homeOrganization",
            Self::HomeAccountDeleted => "homeAccountDeleted",
            Self::HomeAccountDisabled => "homeAccountDisabled",
            Self::AccountDisabled => "accountDisabled",
            Self::LastAdministrator => "lastAdministrator",
            Self::NotAllowedByOrganization => "notAllowedByOrganization",
        }
    }

    /// When this reason applies, in one sentence for the documentation.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NotAMember => "The person has no account in the organisation.",
            Self::AlreadyLeft => "The account there is already deleted and waits for its permanent deletion.",
            Self::HomeOrganization => {
                "The account is homed in the organisation; its administrator manages it."
            }
            Self::HomeAccountDeleted => "The home account is deleted.",
            Self::HomeAccountDisabled => "The home organisation has blocked the account.",
            Self::AccountDisabled => "The organisation has blocked the account.",
            Self::LastAdministrator => "The organisation would be left without a Global Administrator.",
            Self::NotAllowedByOrganization => {
                "The organisation does not let external people leave by themselves."
            }
        }
    }
}

/// The account in the organisation, as far as leaving is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Membership {
    /// No account.
    None,
    /// Soft-deleted.
    Deleted,
    /// Homed here.
    HomedHere,
    /// Homed elsewhere, invited and not yet accepted: leaving is declining.
    Pending,
    /// Homed elsewhere and accepted.
    Active,
}

/// The home account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HomeAccount {
    /// May sign in. Also an account that no tenant of this directory manages.
    Enabled,
    /// Blocked at home.
    Disabled,
    /// Soft-deleted or gone.
    Deleted,
}

/// Everything the decision depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// The account in the organisation.
    pub membership: Membership,
    /// Is it enabled there?
    pub account_enabled: bool,
    /// The account it is homed in.
    pub home: HomeAccount,
    /// Is it the only enabled Global Administrator there?
    pub last_administrator: bool,
    /// `allowExternalIdentitiesToLeave` of the organisation.
    pub policy_allows: bool,
}

/// Decides. A pending invitation can always be declined: the person never came in, so the policy has no hold on them.
pub const fn decide(facts: &Facts) -> Result<(), Reason> {
    match facts.membership {
        Membership::None => return Err(Reason::NotAMember),
        Membership::Deleted => return Err(Reason::AlreadyLeft),
        Membership::HomedHere => return Err(Reason::HomeOrganization),
        Membership::Pending | Membership::Active => {}
    }
    match facts.home {
        HomeAccount::Deleted => return Err(Reason::HomeAccountDeleted),
        HomeAccount::Disabled => return Err(Reason::HomeAccountDisabled),
        HomeAccount::Enabled => {}
    }
    if !facts.account_enabled {
        return Err(Reason::AccountDisabled);
    }
    if facts.last_administrator {
        return Err(Reason::LastAdministrator);
    }
    if !facts.policy_allows && !matches!(facts.membership, Membership::Pending) {
        return Err(Reason::NotAllowedByOrganization);
    }
    Ok(())
}

/// How an account came to be soft-deleted, as its person would say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Departure {
    /// The person left.
    Left,
    /// The person declined an invitation.
    Declined,
    /// An administrator removed the account.
    Removed,
    /// The home account was deleted.
    HomeAccountDeleted,
}

/// How a person stands with an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// There is an account, and nothing special about it.
    Active,
    /// Invited, not accepted yet.
    Pending,
    /// Blocked there.
    Blocked,
    /// The organisation does not let people leave by themselves.
    LeavingNotAllowed,
    /// Soft-deleted.
    Gone {
        /// How.
        how: Departure,
        /// Until when it can be restored; nothing once that time is over.
        until: Option<Timestamp>,
    },
}

impl Standing {
    /// The machine-readable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Blocked => "blocked",
            Self::LeavingNotAllowed => "leavingNotAllowed",
            Self::Gone { how: Departure::Left, .. } => "left",
            Self::Gone { how: Departure::Declined, .. } => "declined",
            Self::Gone { how: Departure::Removed, .. } => "removed",
            Self::Gone { how: Departure::HomeAccountDeleted, .. } => "homeAccountDeleted",
        }
    }
}

/// Judges how the owner of this account stands, given the answer of [`decide`]. Whether it can still be restored goes by
/// trusted time, as the restore itself does.
pub fn standing(user: &User, leave: Result<(), Reason>, trusted: Timestamp) -> Standing {
    let pending = user.invitation == Some(InvitationState::PendingAcceptance);
    if let Some(deletion) = user.deletion {
        let how = match deletion.cause {
            DeletionCause::Left if pending => Departure::Declined,
            DeletionCause::Left => Departure::Left,
            DeletionCause::Removed => Departure::Removed,
            DeletionCause::HomeDeleted(_) => Departure::HomeAccountDeleted,
        };
        let over = lifecycle::is_due(user, trusted);
        return Standing::Gone { how, until: (!over).then_some(deletion.purge_after) };
    }
    match leave {
        Err(Reason::AccountDisabled) => Standing::Blocked,
        Err(Reason::NotAllowedByOrganization) => Standing::LeavingNotAllowed,
        _ if pending => Standing::Pending,
        _ => Standing::Active,
    }
}
