use super::{AuditLine, Choice, Field, Page, Pages, Problems, admin::cause_key, problems, words};
use crate::pages::paths;
use askama::Template;
use model::{
    DeletionCause, Home, HomeState, InvitationState, ObjectId, Timestamp, User, UserType,
    authz::{Operation, Role},
};
use service::{ListedUser, Obstacle};

/// Which users a list shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Show {
    /// All of them.
    #[default]
    All,
    /// Members.
    Members,
    /// Guests.
    Guests,
    /// Guests who have not accepted yet.
    Pending,
    /// Guests who have accepted.
    Accepted,
    /// Guests who are blocked.
    Blocked,
    /// Guests who never signed in to an app of the organisation.
    NeverSignedIn,
}

impl Show {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::All,
        Self::Members,
        Self::Guests,
        Self::Pending,
        Self::Accepted,
        Self::Blocked,
        Self::NeverSignedIn,
    ];

    /// The word in the address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Members => "members",
            Self::Guests => "guests",
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Blocked => "blocked",
            Self::NeverSignedIn => "never",
        }
    }

    /// The `$filter` that finds the same over Graph: one way to look, and one price.
    pub const fn filter(self) -> Option<&'static str> {
        Some(match self {
            Self::All => return None,
            Self::Members => "userType eq 'Member'",
            Self::Guests => "userType eq 'Guest'",
            Self::Pending => "externalUserState eq 'PendingAcceptance'",
            Self::Accepted => "externalUserState eq 'Accepted'",
            Self::Blocked => "userType eq 'Guest' and accountEnabled eq false",
            Self::NeverSignedIn => {
                "userType eq 'Guest' and signInActivity/lastSuccessfulSignInDateTime eq null"
            }
        })
    }

    const fn key(self) -> &'static str {
        match self {
            Self::All => "users-show-all",
            Self::Members => "users-show-members",
            Self::Guests => "users-show-guests",
            Self::Pending => "users-show-pending",
            Self::Accepted => "users-show-accepted",
            Self::Blocked => "users-show-blocked",
            Self::NeverSignedIn => "users-show-never",
        }
    }
}

/// How an account stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountState {
    /// May sign in.
    Active,
    /// Invited, not accepted.
    Pending,
    /// Blocked here.
    Blocked,
    /// Its home account is deleted.
    WithoutHome,
    /// Soft-deleted.
    Deleted,
}

impl AccountState {
    /// What counts most comes first.
    pub const fn of(user: &User) -> Self {
        match user.deletion {
            Some(_) => Self::Deleted,
            None => Self::live(user.account_enabled, user.home_state, user.invitation),
        }
    }

    const fn live(enabled: bool, home: HomeState, invitation: Option<InvitationState>) -> Self {
        match (enabled, home, invitation) {
            (false, ..) => Self::Blocked,
            (true, HomeState::Deleted(_), _) => Self::WithoutHome,
            (true, HomeState::Present, Some(InvitationState::PendingAcceptance)) => Self::Pending,
            (true, HomeState::Present, _) => Self::Active,
        }
    }

    /// Class and key of the mark.
    const fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Active => ("good", "state-active"),
            Self::Pending => ("wait", "state-pending"),
            Self::Blocked => ("stop", "state-blocked"),
            Self::WithoutHome => ("gone", "state-without-home"),
            Self::Deleted => ("gone", "state-deleted"),
        }
    }
}

/// One user of a list.
#[derive(Clone, Debug)]
pub struct UserLine {
    /// The object.
    pub id: ObjectId,
    /// Display name.
    pub name: String,
    /// User name.
    pub user_name: String,
    /// Member or guest.
    pub kind: UserType,
    /// How it stands.
    pub state: AccountState,
}

impl UserLine {
    /// One of a user.
    pub fn of(user: User) -> Self {
        Self {
            id: user.id,
            state: AccountState::of(&user),
            kind: user.user_type,
            user_name: user.original_upn().to_owned(),
            name: user.display_name,
        }
    }

    /// One of a list of live users.
    pub fn listed(user: ListedUser) -> Self {
        Self {
            id: user.id,
            state: AccountState::live(user.account_enabled, user.home_state, user.invitation),
            kind: user.user_type,
            user_name: user.upn,
            name: user.display_name,
        }
    }

    fn link(&self) -> String {
        paths::user(&self.id)
    }
}

/// The texts of a list, looked up once for all its lines.
#[derive(Clone, Debug)]
struct LineTexts {
    member: String,
    guest: String,
    states: Vec<(AccountState, &'static str, String)>,
}

impl LineTexts {
    fn of(page: &Page) -> Self {
        let states = [
            AccountState::Active,
            AccountState::Pending,
            AccountState::Blocked,
            AccountState::WithoutHome,
            AccountState::Deleted,
        ];
        let text = |state: AccountState| {
            let (class, key) = state.mark();
            (state, class, page.t(key))
        };
        Self { member: page.t("kind-member"), guest: page.t("kind-guest"), states: states.map(text).into() }
    }

    fn kind(&self, line: &UserLine) -> &str {
        match line.kind {
            UserType::Member => &self.member,
            UserType::Guest => &self.guest,
        }
    }

    fn state(&self, line: &UserLine) -> (&str, &str) {
        let found = self.states.iter().find(|(state, ..)| *state == line.state);
        found.map_or(("", ""), |(_, class, text)| (class, text))
    }
}

/// Users of the organisation. Fields of the filter (`GET`): `show` ([`Show::word`]) and `q`. Fields sent to the page that asks
/// before they are removed (`GET`): `id`, repeated.
#[derive(Clone, Debug, Template)]
#[template(path = "users.html")]
pub struct Users {
    /// What is around it.
    pub page: Page,
    /// Whom it shows.
    pub show: Show,
    /// What is looked for in names and user names.
    pub search: String,
    /// Those that the reader may choose to show.
    pub shows: Vec<Show>,
    /// This part of the list.
    pub lines: Vec<UserLine>,
    /// The other parts.
    pub pages: Pages,
    /// The reader may invite guests.
    pub may_invite: bool,
    /// The form came without a choice.
    pub nothing_chosen: bool,
}

impl Users {
    fn choices(&self) -> Vec<Choice> {
        let choice = |show: &Show| Choice {
            value: show.word().to_owned(),
            text: self.page.t(show.key()),
            chosen: *show == self.show,
        };
        self.shows.iter().map(choice).collect()
    }

    fn texts(&self) -> LineTexts {
        LineTexts::of(&self.page)
    }
}

/// Somebody who has to do with a user.
#[derive(Clone, Debug)]
pub struct Somebody {
    /// The object.
    pub id: ObjectId,
    /// Display name.
    pub name: String,
}

impl Somebody {
    fn link(&self) -> String {
        paths::user(&self.id)
    }
}

/// Where an account is homed, as its page says it.
#[derive(Clone, Debug)]
pub enum HomeLine {
    /// Here.
    Here,
    /// Another organisation of this directory, called by the domain of the address.
    Organization(String),
    /// A mailbox.
    Mailbox(String),
    /// An identity provider; its name, as long as it is registered.
    Provider(Option<String>),
    /// Nobody has accepted the invitation to this address yet.
    Invited(String),
}

impl HomeLine {
    /// Of a user, with the name of the provider where it is homed with one.
    pub fn of(user: &User, provider: Option<String>) -> Self {
        match &user.home {
            Home::Here => Self::Here,
            Home::Tenant { .. } => {
                Self::Organization(user.mail.as_deref().and_then(model::domain_of).unwrap_or_default())
            }
            Home::Mailbox { address } => Self::Mailbox(address.clone()),
            Home::Federated(_) => Self::Provider(provider),
            Home::Invited { address } => Self::Invited(address.clone()),
        }
    }

    fn text(&self, page: &Page) -> String {
        match self {
            Self::Here => page.t("user-home-here"),
            Self::Organization(domain) => page.t1("user-home-organization", "domain", domain),
            Self::Mailbox(address) => page.t1("user-home-mailbox", "address", address),
            Self::Provider(Some(name)) => page.t1("user-home-provider", "name", name),
            Self::Provider(None) => page.t("user-home-provider-gone"),
            Self::Invited(address) => page.t1("user-home-invited", "address", address),
        }
    }
}

/// What was just done to a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserNotice {
    /// Blocked.
    Blocked,
    /// Unblocked.
    Unblocked,
    /// Not blocked: nobody would be left to administer the organisation.
    LastAdministrator,
}

/// When somebody last signed in to apps of the organisation.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignInTimes {
    /// With the person present.
    pub interactive: Option<Timestamp>,
    /// By an app that held a refresh token.
    pub silent: Option<Timestamp>,
}

/// One user. Fields sent: `csrf`, `act` = `block` or `unblock`.
#[derive(Clone, Debug, Template)]
#[template(path = "user.html")]
pub struct UserPage {
    /// What is around it.
    pub page: Page,
    /// What a list shows of it.
    pub line: UserLine,
    /// Main mail address.
    pub mail: Option<String>,
    /// Where it is homed.
    pub home: HomeLine,
    /// Since when the home account is deleted, if it is.
    pub home_gone: Option<Timestamp>,
    /// When it was created.
    pub created: Timestamp,
    /// When the invitation was sent or accepted.
    pub invitation_changed: Option<(InvitationState, Timestamp)>,
    /// Who invited.
    pub invited_by: Option<Somebody>,
    /// Who answers for it.
    pub sponsors: Vec<Somebody>,
    /// Names of its groups.
    pub groups: Vec<String>,
    /// Its directory roles.
    pub roles: Vec<Role>,
    /// Its sign-ins, for those who may know.
    pub sign_ins: Option<SignInTimes>,
    /// A soft deletion: why, when, and from when on it is permanent.
    pub deletion: Option<(DeletionCause, Timestamp, Timestamp)>,
    /// The reader may block and unblock it.
    pub may_block: bool,
    /// Can it be removed? None where the reader may remove nobody.
    pub removal: Option<Result<(), Obstacle>>,
    /// The reader may send the invitation again.
    pub may_invite_again: bool,
    /// The reader may let the owner of the mailbox accept anew.
    pub may_reset: bool,
    /// The latest records about it, for those who may read the audit log.
    pub history: Option<Vec<AuditLine>>,
    /// What was just done.
    pub notice: Option<UserNotice>,
}

impl UserPage {
    fn notice_text(&self) -> Option<(&'static str, String)> {
        let page = &self.page;
        Some(match self.notice? {
            UserNotice::Blocked => ("good", page.t1("user-blocked", "name", &self.line.name)),
            UserNotice::Unblocked => ("good", page.t1("user-unblocked", "name", &self.line.name)),
            UserNotice::LastAdministrator => ("stop", page.t("obstacle-last-administrator")),
        })
    }

    /// Why, when, and from when on it is permanent.
    fn deletion_text(&self) -> Option<(&'static str, String)> {
        let (cause, at, until) = self.deletion?;
        let page = &self.page;
        let text = page.t2("user-deleted", "at", page.when(&at), "until", page.when(&until));
        Some((cause_key(cause), text))
    }

    fn invitation_text(&self) -> Option<String> {
        let (state, at) = self.invitation_changed?;
        let key = match state {
            InvitationState::PendingAcceptance => "user-invited-at",
            InvitationState::Accepted => "user-accepted-at",
        };
        Some(self.page.t1(key, "at", self.page.when(&at)))
    }

    fn role_names(&self) -> String {
        role_names(&self.page, &self.roles)
    }

    fn is_blocked(&self) -> bool {
        self.line.state == AccountState::Blocked
    }

    fn history_link(&self) -> String {
        format!("{}?whom={}", paths::AUDIT, self.line.id)
    }

    fn again_link(&self) -> String {
        paths::invite_again(&self.line.id)
    }

    fn reset_link(&self) -> String {
        paths::reset(&self.line.id)
    }

    fn remove_link(&self) -> String {
        format!("{}?id={}", paths::REMOVE_USERS, self.line.id)
    }

    fn acts(&self) -> bool {
        self.may_block || matches!(self.removal, Some(Ok(()))) || self.may_invite_again || self.may_reset
    }

    const fn kind_key(&self) -> &'static str {
        match self.line.kind {
            UserType::Member => "kind-member",
            UserType::Guest => "kind-guest",
        }
    }

    const fn obstacle(&self) -> Option<&'static str> {
        match self.removal {
            Some(Err(obstacle)) => Some(obstacle_key(obstacle)),
            _ => None,
        }
    }
}

fn role_names(page: &Page, roles: &[Role]) -> String {
    let names: Vec<String> = roles.iter().map(|role| page.t(words::role(*role))).collect();
    names.join(&page.t("list-comma"))
}

const fn obstacle_key(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::HoldsRole => "obstacle-role",
        Obstacle::Yourself => "obstacle-yourself",
        Obstacle::LastAdministrator => "obstacle-last-administrator",
    }
}

/// Somebody who would be removed, or cannot be.
#[derive(Clone, Debug)]
pub struct RemovalCandidate {
    /// Who.
    pub line: UserLine,
    /// How many groups it leaves.
    pub groups: u64,
    /// Directory roles that are lost for good.
    pub roles: Vec<Role>,
    /// What is in the way.
    pub obstacle: Option<Obstacle>,
}

impl RemovalCandidate {
    fn role_names(&self, page: &Page) -> String {
        role_names(page, &self.roles)
    }

    /// What goes with the account, besides itself.
    fn losses(&self, page: &Page) -> String {
        let groups = (self.groups > 0).then(|| page.t1("remove-groups", "count", self.groups));
        let roles = (!self.roles.is_empty()).then(|| page.t1("remove-roles", "roles", self.role_names(page)));
        match (groups, roles) {
            (None, None) => page.t("remove-nothing"),
            (Some(one), None) | (None, Some(one)) => one,
            (Some(groups), Some(roles)) => page.t2("remove-both", "groups", groups, "roles", roles),
        }
    }

    fn obstacle_key(&self) -> &'static str {
        self.obstacle.map_or("", obstacle_key)
    }
}

/// Asks before users are removed. Fields sent: `csrf`, `id`, repeated.
#[derive(Clone, Debug, Template)]
#[template(path = "users_remove.html")]
pub struct RemoveUsers {
    /// What is around it.
    pub page: Page,
    /// Those who can be removed.
    pub removable: Vec<RemovalCandidate>,
    /// Those who cannot.
    pub left: Vec<RemovalCandidate>,
    /// From when on they would be permanently deleted.
    pub purge_after: Timestamp,
}

impl RemoveUsers {
    const fn count(&self) -> u64 {
        self.removable.len() as u64
    }

    fn texts(&self) -> LineTexts {
        LineTexts::of(&self.page)
    }

    const fn left_count(&self) -> u64 {
        self.left.len() as u64
    }

    fn any_member(&self) -> bool {
        self.removable.iter().any(|candidate| candidate.line.kind == UserType::Member)
    }

    /// Where the reader came from: the one user, or the list.
    fn back(&self) -> String {
        match (&self.removable[..], &self.left[..]) {
            ([one], []) | ([], [one]) => one.line.link(),
            _ => paths::USERS.to_owned(),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Template)]
#[template(path = "users_removed.html")]
pub struct RemovedUsers {
    /// What is around it.
    pub page: Page,
    /// How many are removed.
    pub removed: u64,
    /// How many were gone before.
    pub gone: u64,
    /// Who is still there, and why.
    pub left: Vec<RemovalCandidate>,
}

impl RemovedUsers {
    const fn left_count(&self) -> u64 {
        self.left.len() as u64
    }
}

/// Inviting a guest. Fields sent: `csrf`, `address`, `name`, `kind`, `sendTo`, `language`, `message`.
#[derive(Clone, Debug, Template)]
#[template(path = "invite.html")]
pub struct Invite {
    /// What is around it.
    pub page: Page,
    /// The e-mail address of the guest.
    pub address: Field,
    /// The display name, if the inviter knows it.
    pub name: Field,
    /// Invited as a member; only for those who may.
    pub member: bool,
    /// The reader may invite people as members.
    pub may_invite_members: bool,
    /// The server can send mails.
    pub sends_mail: bool,
    /// The language of the mail.
    pub languages: Vec<Choice>,
    /// What the inviter adds to the mail.
    pub message: Field,
    /// Why it was not sent.
    pub error: Option<InviteError>,
}

/// Why nobody was invited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InviteError {
    /// The address is in a domain of the organisation.
    OwnDomain,
    /// The domain is not on the list, or on the list of those that are denied.
    DomainNotAllowed,
    /// The settings between organisations do not let them come.
    BorderClosed,
    /// There is an account of a member with this address.
    NotAGuest,
    /// There is an account with this address, and it is blocked.
    Blocked,
}

impl InviteError {
    const fn key(self) -> &'static str {
        match self {
            Self::OwnDomain => "invite-error-own-domain",
            Self::DomainNotAllowed => "invite-error-domain",
            Self::BorderClosed => "invite-error-border",
            Self::NotAGuest => "invite-error-not-a-guest",
            Self::Blocked => "invite-error-blocked",
        }
    }
}

impl Invite {
    fn problems(&self) -> Problems {
        problems(&[
            ("address", "invite-address", &self.address),
            ("name", "invite-name", &self.name),
            ("message", "invite-message", &self.message),
        ])
    }
}

/// The invitation, with its link, which is shown this once.
#[derive(Clone, Debug, Template)]
#[template(path = "invitation_sent.html")]
pub struct InvitationSent {
    /// What is around it.
    pub page: Page,
    /// The guest.
    pub guest: Somebody,
    /// The address that was invited.
    pub address: String,
    /// A mail is on its way.
    pub mailed: bool,
    /// Where to accept.
    pub link: String,
}

/// Asks before whoever has the mailbox may accept anew. Fields sent: `csrf`.
#[derive(Clone, Debug, Template)]
#[template(path = "reset.html")]
pub struct Reset {
    /// What is around it.
    pub page: Page,
    /// The guest.
    pub guest: Somebody,
    /// The address to which the invitation goes.
    pub address: String,
    /// How the guest signs in now.
    pub home: HomeLine,
}

impl Reset {
    fn action(&self) -> String {
        paths::reset(&self.guest.id)
    }
}
