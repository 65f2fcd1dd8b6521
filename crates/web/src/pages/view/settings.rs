use super::{Field, Page, Pages};
use crate::pages::paths;
use askama::Template;
use model::{
    ObjectId,
    authz::Operation,
    collaboration::{DomainMode, GuestAccess, InvitesFrom},
};

/// A section of the external collaboration settings, saved by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Section {
    /// What guests may see.
    GuestAccess,
    /// Who may invite.
    Invites,
    /// May people sign themselves up?
    SelfService,
    /// May external users leave?
    Leave,
    /// From where guests may come.
    Domains,
    /// Are guests removed when their home account is deleted?
    Removal,
    /// May people from outside hold directory roles?
    GuestAdministrators,
}

impl Section {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::GuestAccess,
        Self::Invites,
        Self::SelfService,
        Self::Leave,
        Self::Domains,
        Self::Removal,
        Self::GuestAdministrators,
    ];

    /// The word in the form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GuestAccess => "guest-access",
            Self::Invites => "invites",
            Self::SelfService => "self-service",
            Self::Leave => "leave",
            Self::Domains => "restrictions",
            Self::Removal => "removal",
            Self::GuestAdministrators => "guest-administrators",
        }
    }

    /// What saving it takes.
    pub const fn operation(self) -> Operation {
        match self {
            Self::GuestAccess | Self::Invites | Self::GuestAdministrators => {
                Operation::UpdateAuthorizationPolicy
            }
            Self::SelfService => Operation::UpdateAuthenticationFlows,
            Self::Leave | Self::Removal => Operation::UpdatePolicy,
            Self::Domains => Operation::UpdateInvitationDomains,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::GuestAccess => "settings-access-title",
            Self::Invites => "settings-invites-title",
            Self::SelfService => "settings-signup-title",
            Self::Leave => "settings-leave-title",
            Self::Domains => "settings-domains-title",
            Self::Removal => "settings-removal-title",
            Self::GuestAdministrators => "settings-roles-title",
        }
    }
}

/// Why a section was not saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingsError {
    /// Leaving cannot be switched off without privacy information.
    PrivacyInformationMissing,
    /// Nothing was chosen.
    NothingChosen,
    /// Somebody else changed the settings meanwhile.
    ChangedMeanwhile,
    /// The role does not allow it.
    NotAllowed,
    /// A line is no domain; or there is none.
    Domains,
}

impl SettingsError {
    const fn key(self) -> &'static str {
        match self {
            Self::PrivacyInformationMissing => "settings-error-privacy",
            Self::NothingChosen => "settings-error-nothing-chosen",
            Self::ChangedMeanwhile => "settings-error-changed",
            Self::NotAllowed => "settings-error-not-allowed",
            Self::Domains => "settings-error-domains",
        }
    }
}

/// External collaboration settings. Fields sent: `csrf`, `version`, `section` ([`Section::word`]), and `allow` (`yes` or `no`),
/// `value` (a choice of more than two) or `mode` and `domains`.
#[derive(Clone, Debug, Template)]
#[template(path = "settings.html")]
pub struct Settings {
    /// What is around it.
    pub page: Page,
    /// What guests may see.
    pub guest_access: GuestAccess,
    /// Who may invite.
    pub invites_from: InvitesFrom,
    /// May people sign themselves up?
    pub self_service: bool,
    /// May external users leave?
    pub allow_leave: bool,
    /// From where guests may come.
    pub mode: DomainMode,
    /// The domains, one a line.
    pub domains: Field,
    /// The first lines that are no domains.
    pub wrong_domains: Vec<String>,
    /// Are guests removed when their home account is deleted?
    pub allow_removal: bool,
    /// May people from outside hold directory roles?
    pub guest_administrators: bool,
    /// The versions that are shown; they go back, so that nothing is overwritten unseen.
    pub version: String,
    /// Both parts of the privacy information are there.
    pub privacy_complete: bool,
    /// How many people the policy keeps from leaving, or lets go.
    pub may_leave: u64,
    /// How many guests would go with their home account.
    pub with_home_here: u64,
    /// How many guests are here whose home account is deleted.
    pub earlier_cases: u64,
    /// How many people from outside hold a directory role.
    pub outside_administrators: u64,
    /// Something was just saved.
    pub saved: bool,
    /// What was not saved, and why.
    pub error: Option<(Section, SettingsError)>,
}

impl Settings {
    fn error_keys(&self) -> Option<(&'static str, &'static str)> {
        self.error.map(|(section, error)| (section.title(), error.key()))
    }

    fn may(&self, section: Section) -> bool {
        self.page.may(section.operation())
    }

    fn may_nothing(&self) -> bool {
        !Section::ALL.iter().any(|section| self.may(*section))
    }

    /// Key of the title, the word, and whether the section is closed to the reader's role.
    fn section(&self, section: Section) -> SectionView {
        let disabled = !self.may(section) || section == Section::Leave && !self.privacy_complete;
        SectionView { word: section.word(), title: section.title(), open: self.may(section), disabled }
    }

    /// Value, key of the label, key of the hint.
    const fn accesses(&self) -> [(&'static str, GuestAccess, &'static str, &'static str); 3] {
        [
            ("member", GuestAccess::Member, "settings-access-member", "settings-access-member-hint"),
            ("limited", GuestAccess::Limited, "settings-access-limited", "settings-access-limited-hint"),
            (
                "restricted",
                GuestAccess::Restricted,
                "settings-access-restricted",
                "settings-access-restricted-hint",
            ),
        ]
    }

    const fn inviters(&self) -> [(InvitesFrom, &'static str); 4] {
        [
            (InvitesFrom::Everyone, "settings-invites-everyone"),
            (InvitesFrom::AdminsGuestInvitersAndAllMembers, "settings-invites-members"),
            (InvitesFrom::AdminsAndGuestInviters, "settings-invites-admins"),
            (InvitesFrom::None, "settings-invites-none"),
        ]
    }

    const fn modes(&self) -> [(DomainMode, &'static str); 3] {
        [
            (DomainMode::Any, "settings-domains-any"),
            (DomainMode::Deny, "settings-domains-deny"),
            (DomainMode::Allow, "settings-domains-allow"),
        ]
    }
}

/// What the frame of a section needs.
#[derive(Clone, Copy, Debug)]
pub struct SectionView {
    word: &'static str,
    title: &'static str,
    open: bool,
    disabled: bool,
}

/// What is asked before something is saved that lets in, or shuts out, more than meets the eye.
#[derive(Clone, Debug)]
pub enum SettingsQuestion {
    /// Guests would see everybody.
    GuestsSeeAll {
        /// How many guests.
        count: u64,
    },
    /// People from outside could get power over the organisation.
    GuestAdministrators,
    /// Open invitations could not be accepted any more.
    ShutOut {
        /// How many.
        count: u64,
        /// There may be more.
        at_least: bool,
        /// A few of the addresses.
        addresses: Vec<String>,
    },
}

/// Asks before it is saved. Fields sent: those of the section again, and `confirmed`.
#[derive(Clone, Debug, Template)]
#[template(path = "settings_confirm.html")]
pub struct SettingsConfirm {
    /// What is around it.
    pub page: Page,
    /// What is asked.
    pub question: SettingsQuestion,
    /// The fields of the form as they came.
    pub fields: Vec<(String, String)>,
}

impl SettingsConfirm {
    fn title(&self) -> String {
        let page = &self.page;
        match &self.question {
            SettingsQuestion::GuestsSeeAll { .. } => page.t("settings-ask-access"),
            SettingsQuestion::GuestAdministrators => page.t("settings-ask-roles"),
            SettingsQuestion::ShutOut { .. } => page.t("settings-ask-domains"),
        }
    }

    fn text(&self) -> String {
        let page = &self.page;
        match &self.question {
            SettingsQuestion::GuestsSeeAll { count } => page.t1("settings-ask-access-text", "count", *count),
            SettingsQuestion::GuestAdministrators => page.t("settings-ask-roles-text"),
            SettingsQuestion::ShutOut { count, at_least: false, .. } => {
                page.t1("settings-ask-domains-text", "count", *count)
            }
            SettingsQuestion::ShutOut { count, .. } => {
                page.t1("settings-ask-domains-text-least", "count", *count)
            }
        }
    }

    fn button(&self) -> String {
        let key = match &self.question {
            SettingsQuestion::GuestsSeeAll { .. } => "settings-ask-access-yes",
            SettingsQuestion::GuestAdministrators => "settings-ask-roles-yes",
            SettingsQuestion::ShutOut { .. } => "settings-ask-domains-yes",
        };
        self.page.t(key)
    }

    fn addresses(&self) -> &[String] {
        match &self.question {
            SettingsQuestion::ShutOut { addresses, .. } => addresses,
            _ => &[],
        }
    }
}

/// Somebody whose account here would go with the one at home.
#[derive(Clone, Debug)]
pub struct RemovalLine {
    /// The guest here.
    pub id: ObjectId,
    /// Display name.
    pub name: String,
    /// User name here.
    pub user_name: String,
    /// The domain of the home organisation.
    pub home: String,
}

impl RemovalLine {
    fn link(&self) -> String {
        paths::user(&self.id)
    }
}

/// Whom the removal with the home account would touch, and the question whether to switch it on. Fields sent: `csrf`, `version`.
#[derive(Clone, Debug, Template)]
#[template(path = "removal.html")]
pub struct Removal {
    /// What is around it.
    pub page: Page,
    /// It is on already.
    pub is_on: bool,
    /// How many guests it would touch.
    pub touched: u64,
    /// How many people from outside it would never touch: their home is in no organisation here.
    pub untouched: u64,
    /// How many guests are here whose home account is deleted: it does not touch them either.
    pub earlier_cases: u64,
    /// This part of those whom it would touch.
    pub lines: Vec<RemovalLine>,
    /// The other parts.
    pub pages: Pages,
    /// The versions that are shown.
    pub version: String,
}

impl Removal {
    fn may_change(&self) -> bool {
        self.page.may(Section::Removal.operation())
    }
}
