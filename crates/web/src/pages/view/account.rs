use super::{Page, followable, mailto};
use crate::pages::paths;
use askama::Template;
use model::{
    TenantId, Timestamp,
    leave::{Departure, Reason, Standing},
};
use service::Leaving;

/// Start page of My Account.
#[derive(Clone, Debug, Template)]
#[template(path = "overview.html")]
pub struct Overview {
    /// What is around it.
    pub page: Page,
    /// Display name.
    pub name: String,
    /// User name, or address of the mailbox.
    pub user_name: String,
    /// The home organisation; none for a mailbox.
    pub home: Option<String>,
    /// How many other organisations there are.
    pub others: u64,
    /// Organisations whose invitation waits for an answer.
    pub invitations: Vec<(TenantId, String)>,
}

/// The organisation where the person is at home.
#[derive(Clone, Debug)]
pub struct HomeOrganization {
    /// Its id.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Its privacy statement.
    pub privacy_statement: Option<String>,
}

impl HomeOrganization {
    fn statement(&self) -> Option<&str> {
        followable(self.privacy_statement.as_ref())
    }
}

/// One of the other organisations.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Its id.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// How the person stands with it.
    pub standing: Standing,
    /// There is no account: since when the person uses apps there with the home account, and when they last did.
    pub connected: Option<(Timestamp, Timestamp)>,
    /// Display name of who invited, when known.
    pub invited_by: Option<String>,
    /// When the person was invited, if they were.
    pub invited_at: Option<Timestamp>,
    /// When the invitation was accepted, when known.
    pub accepted_at: Option<Timestamp>,
    /// When the account was soft-deleted.
    pub deleted_at: Option<Timestamp>,
    /// Its privacy statement.
    pub privacy_statement: Option<String>,
    /// The invitation waits for an answer, and can be accepted.
    pub can_accept: bool,
}

impl Organization {
    fn statement(&self) -> Option<&str> {
        followable(self.privacy_statement.as_ref())
    }

    fn leave(&self) -> String {
        paths::leave(&self.tenant)
    }

    /// A Leave is offered as long as there is an account; where it is not allowed, the next page says what to do.
    const fn offers_leave(&self) -> bool {
        !matches!(self.standing, Standing::Gone { .. })
    }

    /// Leaving before one has come in is declining.
    const fn leave_key(&self) -> &'static str {
        if matches!(self.standing, Standing::Pending) { "decline" } else { "leave" }
    }

    /// Class of the mark, key of its text.
    const fn mark(&self) -> (&'static str, &'static str) {
        match self.standing {
            Standing::Active if self.connected.is_some() => ("good", "standing-connected"),
            Standing::Active => ("good", "standing-active"),
            Standing::Pending => ("wait", "standing-pending"),
            Standing::Blocked => ("stop", "standing-blocked"),
            Standing::LeavingNotAllowed => ("wait", "standing-leaving-not-allowed"),
            Standing::Gone { how: Departure::Left, .. } => ("gone", "standing-left"),
            Standing::Gone { how: Departure::Declined, .. } => ("gone", "standing-declined"),
            Standing::Gone { .. } => ("gone", "standing-removed"),
        }
    }

    /// Key of the sentence that says what that means.
    const fn meaning(&self) -> Option<&'static str> {
        match self.standing {
            Standing::Active => None,
            Standing::Pending if self.can_accept => Some("organizations-pending"),
            Standing::Pending => Some("organizations-pending-closed"),
            Standing::Blocked => Some("organizations-blocked"),
            Standing::LeavingNotAllowed => Some("organizations-needs-permission"),
            Standing::Gone { how, .. } => Some(gone_key(how)),
        }
    }
}

/// Key of the sentence that says how an account went.
const fn gone_key(how: Departure) -> &'static str {
    match how {
        Departure::Left => "gone-left",
        Departure::Declined => "gone-declined",
        Departure::Removed => "gone-removed",
        Departure::HomeAccountDeleted => "gone-home-account-deleted",
    }
}

/// All organisations of a person.
#[derive(Clone, Debug, Template)]
#[template(path = "organizations.html")]
pub struct Organizations {
    /// What is around it.
    pub page: Page,
    /// The home organisation; none for a mailbox.
    pub home: Option<HomeOrganization>,
    /// The others.
    pub others: Vec<Organization>,
}

/// Asks before a person leaves. Fields sent: `csrf`, `confirmation`.
#[derive(Clone, Debug, Template)]
#[template(path = "leave_confirm.html")]
pub struct LeaveConfirm {
    /// What is around it.
    pub page: Page,
    /// The organisation.
    pub tenant: TenantId,
    /// What people call it.
    pub organization: String,
    /// Its domain.
    pub domain: String,
    /// What goes: an account or a connection.
    pub leaving: Leaving,
    /// Groups that the person is taken out of.
    pub groups: u64,
    /// Directory roles that the person loses.
    pub roles: u64,
    /// Apps that lose what they may do for the person.
    pub apps: u64,
    /// From when on the account would be permanently deleted, if the person left now.
    pub purge_after: Timestamp,
    /// The one-time confirmation.
    pub confirmation: String,
}

impl LeaveConfirm {
    fn account(&self) -> bool {
        self.leaving != Leaving::Connection
    }
}

/// Asks before a person declines an invitation. Fields sent: `csrf`, `confirmation`.
#[derive(Clone, Debug, Template)]
#[template(path = "decline_confirm.html")]
pub struct DeclineConfirm {
    /// What is around it.
    pub page: Page,
    /// The organisation.
    pub tenant: TenantId,
    /// What people call it.
    pub organization: String,
    /// Its domain.
    pub domain: String,
    /// From when on what the organisation noted would be permanently deleted, if the person declined now.
    pub purge_after: Timestamp,
    /// The one-time confirmation.
    pub confirmation: String,
}

/// What happened when a person left.
#[derive(Clone, Debug, Template)]
#[template(path = "receipt.html")]
pub struct Receipt {
    /// What is around it.
    pub page: Page,
    /// What people call the organisation.
    pub organization: String,
    /// Its domain.
    pub domain: String,
    /// What went.
    pub leaving: Leaving,
    /// The account with which the person left.
    pub user_name: String,
    /// When.
    pub left_at: Timestamp,
    /// From when on the account is permanently deleted; until then it can be restored.
    pub purge_after: Timestamp,
    /// Whom to ask for a restore: an e-mail address.
    pub contact: Option<String>,
    /// The organisation's privacy statement.
    pub privacy_statement: Option<String>,
    /// Id of the request, to name it in questions.
    pub request_id: String,
}

impl Receipt {
    const fn title_key(&self) -> &'static str {
        match self.leaving {
            Leaving::Invitation => "receipt-title-declined",
            Leaving::Account | Leaving::Connection => "receipt-title",
        }
    }

    const fn when_key(&self) -> &'static str {
        match self.leaving {
            Leaving::Invitation => "receipt-declined-at",
            Leaving::Account | Leaving::Connection => "receipt-left-at",
        }
    }

    fn restorable(&self) -> bool {
        self.leaving != Leaving::Connection
    }

    fn statement(&self) -> Option<&str> {
        followable(self.privacy_statement.as_ref())
    }

    fn mail(&self) -> Option<(String, &str)> {
        let contact = self.contact.as_deref()?;
        let subject = self.page.t1("receipt-mail-subject", "organization", &self.organization);
        Some((mailto(contact, &subject), contact))
    }
}

/// Says why a person cannot leave, and whom to ask.
#[derive(Clone, Debug, Template)]
#[template(path = "refused.html")]
pub struct Refused {
    /// What is around it.
    pub page: Page,
    /// The organisation.
    pub tenant: TenantId,
    /// What people call it.
    pub organization: String,
    /// Why not.
    pub reason: Reason,
    /// The organisation's privacy contact, an e-mail address.
    pub contact: Option<String>,
    /// Its privacy statement.
    pub privacy_statement: Option<String>,
    /// How the account went, and until when it can be restored, if it is already deleted.
    pub gone: Option<(Departure, Option<Timestamp>)>,
}

impl Refused {
    const fn reason_key(&self) -> &'static str {
        match (self.reason, self.gone) {
            (_, Some((how, _))) => gone_key(how),
            (Reason::NotAMember | Reason::AlreadyLeft, None) => "refused-not-a-member",
            (Reason::HomeOrganization, _) => "refused-home-organization",
            (Reason::HomeAccountDeleted, _) => "refused-home-account-deleted",
            (Reason::HomeAccountDisabled, _) => "refused-home-account-disabled",
            (Reason::AccountDisabled, _) => "refused-account-disabled",
            (Reason::LastAdministrator, _) => "refused-last-administrator",
            (Reason::NotAllowedByOrganization, _) => "refused-not-allowed",
        }
    }

    /// Permission would help: there is an account, and somebody else could let the person go.
    const fn needs_permission(&self) -> bool {
        !matches!(self.reason, Reason::NotAMember | Reason::AlreadyLeft | Reason::LastAdministrator)
    }

    const fn title_key(&self) -> &'static str {
        match (self.reason, self.gone) {
            (_, Some((Departure::Left, _))) => "refused-title-already-left",
            (_, Some((Departure::Declined, _))) => "refused-title-already-declined",
            (_, Some(_)) => "refused-title-already-removed",
            (Reason::NotAMember | Reason::AlreadyLeft, None) => "refused-title-not-a-member",
            (Reason::LastAdministrator, None) => "refused-title-last-administrator",
            _ => "refused-title",
        }
    }

    fn statement(&self) -> Option<&str> {
        followable(self.privacy_statement.as_ref())
    }

    fn mail(&self) -> Option<(String, &str)> {
        let contact = self.contact.as_deref()?;
        let subject = self.page.t1("refused-mail-subject", "organization", &self.organization);
        Some((mailto(contact, &subject), contact))
    }
}

/// The confirmation is used or too old (409).
#[derive(Clone, Debug, Template)]
#[template(path = "stale.html")]
pub struct Stale {
    /// What is around it.
    pub page: Page,
    /// What people call the organisation.
    pub organization: String,
    /// Where to start again, relative to this server.
    pub again: String,
}

/// What can be done with an invitation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RedeemState {
    /// It can be accepted.
    Review,
    /// It was used.
    Used,
    /// It was taken back, or is unknown.
    Revoked,
    /// Somebody else was invited.
    OtherAccount,
    /// The account is blocked there.
    Blocked,
    /// The settings of the inviting organisation, or of the person's own, do not allow it.
    Barred,
}

/// *Review permissions*: accepting an invitation. Fields sent: `csrf`, `decision` (`accept` or `cancel`), to the same
/// address.
#[derive(Clone, Debug, Template)]
#[template(path = "redeem.html")]
pub struct Redeem {
    /// What is around it.
    pub page: Page,
    /// The inviting organisation, where the person can decline.
    pub tenant: Option<TenantId>,
    /// What people call it.
    pub organization: String,
    /// Its domain.
    pub domain: String,
    /// Its privacy statement.
    pub privacy_statement: Option<String>,
    /// Display name of who invited, when known.
    pub invited_by: Option<String>,
    /// The address that was invited.
    pub address: String,
    /// The account the person is signed in with.
    pub user_name: String,
    /// What can be done.
    pub state: RedeemState,
}

impl Redeem {
    fn statement(&self) -> Option<&str> {
        followable(self.privacy_statement.as_ref())
    }

    /// Keys of title and explanation of what went wrong.
    const fn trouble(&self) -> Option<(&'static str, &'static str)> {
        match self.state {
            RedeemState::Review => None,
            RedeemState::Used => Some(("redeem-used-title", "redeem-used")),
            RedeemState::Revoked => Some(("redeem-revoked-title", "redeem-revoked")),
            RedeemState::OtherAccount => Some(("redeem-other-title", "redeem-other")),
            RedeemState::Blocked => Some(("redeem-blocked-title", "redeem-blocked")),
            RedeemState::Barred => Some(("redeem-barred-title", "redeem-barred")),
        }
    }
}

/// An invitation was accepted, and where to go on.
#[derive(Clone, Debug, Template)]
#[template(path = "redeemed.html")]
pub struct Redeemed {
    /// What is around it.
    pub page: Page,
    /// What people call the organisation.
    pub organization: String,
    /// Where the inviter wants the guest to go.
    pub onward: Option<String>,
}

impl Redeemed {
    fn onward(&self) -> Option<&str> {
        followable(self.onward.as_ref())
    }
}
