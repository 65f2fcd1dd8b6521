use super::{Page, followable, mailto};
use crate::pages::paths;
use askama::Template;
use model::{TenantId, Timestamp, leave::Reason};

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
}

/// The organisation where the person is at home.
#[derive(Clone, Debug)]
pub struct HomeOrganization {
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

/// How a person stands with an organisation.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Accepted, may leave.
    Active,
    /// Invited, not accepted yet.
    Pending,
    /// The account is blocked there.
    Blocked,
    /// The organisation does not let people leave by themselves.
    LeavingNotAllowed,
    /// Soft-deleted.
    Deleted {
        /// Until when it can be restored.
        until: Timestamp,
    },
    /// Permanently deleted.
    Gone,
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
    /// Display name of who invited, when known.
    pub invited_by: Option<String>,
    /// When the account there was created, when known.
    pub invited_at: Option<Timestamp>,
    /// When the invitation was accepted, when known.
    pub accepted_at: Option<Timestamp>,
    /// Its privacy statement.
    pub privacy_statement: Option<String>,
    /// Where a pending invitation can be accepted, relative to this server.
    pub redeem: Option<String>,
    /// There is no account, only a connection.
    pub direct: bool,
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
        !matches!(self.standing, Standing::Deleted { .. } | Standing::Gone)
    }

    /// Class of the mark, key of its text.
    const fn mark(&self) -> (&'static str, &'static str) {
        match self.standing {
            Standing::Active => ("good", "standing-active"),
            Standing::Pending => ("wait", "standing-pending"),
            Standing::Blocked => ("stop", "standing-blocked"),
            Standing::LeavingNotAllowed => ("wait", "standing-leaving-not-allowed"),
            Standing::Deleted { .. } => ("gone", "standing-deleted"),
            Standing::Gone => ("gone", "standing-gone"),
        }
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
    /// From when on the account would be permanently deleted, if the person left now.
    pub purge_after: Timestamp,
    /// The one-time confirmation.
    pub confirmation: String,
    /// The invitation is not accepted yet: leaving is declining.
    pub declining: bool,
    /// There is no account, only a connection: everything goes at once, and nothing can be restored.
    pub direct: bool,
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
    /// The account with which the person left.
    pub user_name: String,
    /// When.
    pub left_at: Timestamp,
    /// From when on the account is permanently deleted; until then it can be restored.
    pub purge_after: Timestamp,
    /// Whom to ask for a restore: an e-mail address.
    pub contact: Option<String>,
    /// The invitation was declined.
    pub declined: bool,
    /// There was a connection only: everything is gone.
    pub direct: bool,
    /// Id of the request, to name it in questions.
    pub request_id: String,
}

impl Receipt {
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
    /// What people call the organisation.
    pub organization: String,
    /// Why not.
    pub reason: Reason,
    /// The organisation's privacy contact, an e-mail address.
    pub contact: Option<String>,
    /// Its privacy statement.
    pub privacy_statement: Option<String>,
    /// Until when the account can be restored, if it is already deleted.
    pub deleted_until: Option<Timestamp>,
}

impl Refused {
    const fn reason_key(&self) -> &'static str {
        match self.reason {
            Reason::NotAMember => "refused-not-a-member",
            Reason::AlreadyLeft => "refused-already-left",
            Reason::HomeOrganization => "refused-home-organization",
            Reason::HomeAccountDeleted => "refused-home-account-deleted",
            Reason::HomeAccountDisabled => "refused-home-account-disabled",
            Reason::AccountDisabled => "refused-account-disabled",
            Reason::LastAdministrator => "refused-last-administrator",
            Reason::NotAllowedByOrganization => "refused-not-allowed",
        }
    }

    /// Permission would help: there is an account, and somebody else could let the person go.
    const fn needs_permission(&self) -> bool {
        !matches!(self.reason, Reason::NotAMember | Reason::AlreadyLeft | Reason::LastAdministrator)
    }

    const fn title_key(&self) -> &'static str {
        match self.reason {
            Reason::NotAMember => "refused-title-not-a-member",
            Reason::AlreadyLeft => "refused-title-already-left",
            Reason::LastAdministrator => "refused-title-last-administrator",
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
}

/// *Review permissions*: accepting an invitation. Fields sent: `csrf`, `decision` (`accept` or `cancel`), to the same
/// address.
#[derive(Clone, Debug, Template)]
#[template(path = "redeem.html")]
pub struct Redeem {
    /// What is around it.
    pub page: Page,
    /// What people call the inviting organisation.
    pub organization: String,
    /// Its domain.
    pub domain: String,
    /// Its privacy statement.
    pub privacy_statement: Option<String>,
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
