//! What each page needs to know, and nothing else: one struct per page, rendered by the template beside it.
//! A handler fills the struct and calls [`askama::Template::render`].

mod account;
mod admin;
mod apps;
mod areas;
mod audit;
mod explorer;
mod general;
mod my_apps;
mod oauth;
mod roles;
#[cfg(test)]
mod samples;
mod security;
mod settings;
mod sign_in;
#[cfg(test)]
mod tests;
mod users;
mod words;

pub use account::{
    DeclineConfirm, HomeOrganization, LeaveConfirm, Organization, Organizations, Overview, Receipt, Redeem,
    RedeemState, Redeemed, Refused, Stale,
};
pub use admin::{
    AdminStart, DeletedNotice, DeletedUser, DeletedUsers, HomeDeletion, HomeDeletions, HomeDeletionsReview,
    Properties, PurgeConfirm,
};
pub use explorer::{
    Explorer, ExplorerAnswer, FollowLink, Halt, METHODS, Needs, Rights, SampleGroup, SampleLink, Typed,
    VERSIONS,
};
pub use general::{ErrorPage, Setup, SetupDone};
pub use my_apps::{MyApps, RemoveApp};
pub use oauth::{
    Choose, Connect, Consent, ConsentKind, Device, DeviceState, FormPost, OAuthRefused, Onward,
    PermissionLine, SignOutApp,
};
pub use security::{
    Outbox, RecoveryCodes, SecondFactorSetup, Security, SecurityError, Sessions, SignInMethods,
    SignInMethodsError,
};
pub use settings::{
    Removal, RemovalLine, Section, Settings, SettingsConfirm, SettingsError, SettingsQuestion,
};
pub use sign_in::{ProviderLink, SignIn, SignInError, SignInStep};

pub(super) use apps::LIVES;
pub use apps::{
    AppAsk, AppCertificateNew, AppGrant, AppKind, AppLine, AppNew, AppNotice, AppPage, AppPermissionsChoice,
    AppQuestion, AppSecretNew, AppSecretShown, AppState, Apps, CatalogueRow, Credential, Life, PermissionRow,
};
pub use audit::{Audit, AuditChange, AuditFilter, AuditLine, AuditParty, AuditRecord, AuditTarget, Through};
pub use roles::{RoleAsk, RoleLine, RoleNotice, RolePage, RolePerson, Roles};
pub use users::{
    AccountState, HomeLine, InvitationSent, Invite, InviteError, RemovalCandidate, RemoveUsers, RemovedUsers,
    Reset, Show, SignInTimes, Somebody, UserLine, UserNotice, UserPage, Users,
};

use areas::Area;

use super::{
    assets,
    i18n::{Argument, Texts},
};
use model::{
    Timestamp,
    authz::{Operation, Role},
};

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Account {
    /// Display name.
    pub name: String,
    /// User name, or address of the mailbox.
    pub user_name: String,
    /// Holds a directory role, so that the way to the administrator pages is shown.
    pub administrator: bool,
}

/// What every page has around its content.
#[derive(Clone, Debug)]
pub struct Page {
    /// The texts in the reader's language.
    pub texts: Texts,
    /// Path of the address, to mark the place in the navigation.
    pub path: String,
    /// Query of the address without `lang`; kept when the reader switches the language.
    pub query: String,
    /// Goes into every form as `csrf`.
    pub csrf: String,
    /// Who is signed in, if anybody is.
    pub account: Option<Account>,
    /// What is administered, and as what; set on administrator pages.
    pub administration: Option<Administration>,
}

/// What every administrator page knows of its reader.
#[derive(Clone, Debug)]
pub struct Administration {
    /// The organisation being administered.
    pub organization: String,
    /// The directory roles of the reader, which decide what is offered.
    pub roles: Vec<Role>,
}

/// One of the values that a field offers.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub text: String,
    /// It is the one now.
    pub chosen: bool,
}

/// The ways from one part of a list to others, relative to this server.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// To the beginning, from any other part.
    pub first: Option<String>,
    /// To the next part, if there is one.
    pub next: Option<String>,
}

impl Page {
    /// A text.
    pub fn t(&self, key: &str) -> String {
        self.texts.t(key)
    }

    /// A text with one argument.
    pub fn t1(&self, key: &str, name: &'static str, value: impl Argument) -> String {
        self.texts.t1(key, name, value)
    }

    /// A text with two arguments.
    pub fn t2(
        &self,
        key: &str,
        name: &'static str,
        value: impl Argument,
        name2: &'static str,
        value2: impl Argument,
    ) -> String {
        self.texts.t2(key, (name, value), (name2, value2))
    }

    /// Date, time and zone in the reader's form.
    pub fn when(&self, at: &Timestamp) -> String {
        self.texts.when(*at)
    }

    /// `aria-current` for the entry of the navigation that leads to `path`: here, or in a page below it.
    pub fn current(&self, path: &str, pages_below: bool) -> &'static str {
        let below = pages_below
            && self.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if self.path == path || below { "page" } else { "false" }
    }

    /// Is this open to the reader? Only decides what is offered; the verbs judge again.
    fn may(&self, operation: Operation) -> bool {
        self.administration.as_ref().is_some_and(|administration| operation.is_open_to(&administration.roles))
    }

    /// The areas of the administration that are open to the reader, in the order in which they are shown.
    fn areas(&self) -> Vec<Area> {
        areas::open_to(self.administration.as_ref().map_or(&[], |administration| &administration.roles))
    }

    /// The languages to switch to: tag, its name in its own words, and the address relative to this one. The path is
    /// left out, so that no path that somebody made up can lead elsewhere.
    fn languages(&self) -> Vec<(&'static str, String, String)> {
        let join = if self.query.is_empty() { "" } else { "&" };
        Texts::all()
            .filter(|texts| texts.tag() != self.texts.tag())
            .map(|texts| {
                let link = format!("?{}{join}lang={}", self.query, texts.tag());
                (texts.tag(), texts.t("language-name"), link)
            })
            .collect()
    }

    fn style(&self) -> &'static str {
        assets::style_url()
    }

    fn script(&self) -> &'static str {
        assets::script_url()
    }

    fn icon(&self) -> &'static str {
        assets::icon_url()
    }
}

/// One field of a form as it was sent, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// What the field shows; left empty for secrets.
    pub value: String,
    /// What is wrong.
    pub problem: Option<Problem>,
}

impl Field {
    /// A field in which nothing is wrong.
    pub fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), problem: None }
    }

    /// A field in which something is wrong.
    pub fn wrong(value: impl Into<String>, problem: Problem) -> Self {
        Self { value: value.into(), problem: Some(problem) }
    }
}

/// What can be wrong with a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Problem {
    /// Nothing was entered.
    Missing,
    /// Longer than can be kept.
    TooLong,
    /// Not an e-mail address.
    NotAnAddress,
    /// Neither https nor mailto.
    NotALink,
    /// Not a domain name.
    NotADomain,
    /// Contains what a user name cannot contain.
    NotAUserName,
    /// The domain or the user name belongs to somebody.
    Taken,
    /// Too short, or too easy to guess.
    PasswordTooWeak,
    /// The second password differs from the first.
    PasswordsDiffer,
    /// The set-up secret is wrong, used or too old.
    WrongSecret,
    /// May not be cleared while leaving is switched off.
    NeededByPolicy,
    /// An address at another server.
    OtherServer,
    /// A name in braces that was not filled in.
    Placeholder,
    /// A line that is no header.
    NotAHeader,
    /// A header that the explorer sets by itself.
    HeaderOfOurs,
    /// No user is found under this name.
    NobodyFound,
    /// Not an address to which an app may send people back.
    NotAnAppAddress,
    /// Not a certificate that an app could prove itself with.
    NotACertificate,
    /// Contains characters that cannot be shown.
    Unshowable,
    /// Not a day of the calendar.
    NotADate,
}

impl Problem {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Missing,
        Self::TooLong,
        Self::NotAnAddress,
        Self::NotALink,
        Self::NotADomain,
        Self::NotAUserName,
        Self::Taken,
        Self::PasswordTooWeak,
        Self::PasswordsDiffer,
        Self::WrongSecret,
        Self::NeededByPolicy,
        Self::OtherServer,
        Self::Placeholder,
        Self::NotAHeader,
        Self::HeaderOfOurs,
        Self::NobodyFound,
        Self::NotAnAppAddress,
        Self::NotACertificate,
        Self::Unshowable,
        Self::NotADate,
    ];

    /// The key of the text that says it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Missing => "problem-missing",
            Self::TooLong => "problem-too-long",
            Self::NotAnAddress => "problem-not-an-address",
            Self::NotALink => "problem-not-a-link",
            Self::NotADomain => "problem-not-a-domain",
            Self::NotAUserName => "problem-not-a-user-name",
            Self::Taken => "problem-taken",
            Self::PasswordTooWeak => "problem-password-too-weak",
            Self::PasswordsDiffer => "problem-passwords-differ",
            Self::WrongSecret => "problem-wrong-secret",
            Self::NeededByPolicy => "problem-needed-by-policy",
            Self::OtherServer => "problem-other-server",
            Self::Placeholder => "problem-placeholder",
            Self::NotAHeader => "problem-not-a-header",
            Self::HeaderOfOurs => "problem-header-of-ours",
            Self::NobodyFound => "problem-nobody-found",
            Self::NotAnAppAddress => "problem-not-an-app-address",
            Self::NotACertificate => "problem-not-a-certificate",
            Self::Unshowable => "problem-unshowable",
            Self::NotADate => "problem-not-a-date",
        }
    }
}

/// What is wrong in a form: id of the field, key of its label, the problem.
type Problems = Vec<(&'static str, &'static str, Problem)>;

fn problems(fields: &[(&'static str, &'static str, &Field)]) -> Problems {
    fields.iter().filter_map(|(id, label, field)| Some((*id, *label, field.problem?))).collect()
}

/// A privacy statement, if it is something that a page may link to. What the store holds was checked when it came in;
/// this is the last door before a browser.
fn followable(url: Option<&String>) -> Option<&str> {
    url.map(String::as_str).filter(|url| model::is_https_or_mailto(url))
}

/// A link that opens a message to `address` with this subject (RFC 6068).
fn mailto(address: &str, subject: &str) -> String {
    fn encode(text: &str) -> String {
        text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
            out
        })
    }
    format!("mailto:{}?subject={}", encode(address), encode(subject))
}
