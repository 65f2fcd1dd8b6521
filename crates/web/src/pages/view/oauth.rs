use super::{Page, followable, words};
use crate::pages::paths;
use askama::Template;
use model::authz::Permission;

/// Goes on to another address: behind a form of ours, where a redirect to an app would be stopped by `form-action`.
#[derive(Clone, Debug, Template)]
#[template(path = "onward.html")]
pub struct Onward {
    /// What is around it.
    pub page: Page,
    /// Where it goes.
    pub url: String,
}

/// Hands an answer to an app by a form.
#[derive(Clone, Debug, Template)]
#[template(path = "form_post.html")]
pub struct FormPost {
    /// What is around it; no token of ours may be in this form.
    pub page: Page,
    /// A registered address of the app.
    pub action: String,
    /// What it is told.
    pub fields: Vec<(&'static str, String)>,
}

/// One permission.
#[derive(Clone, Copy, Debug)]
pub struct PermissionLine {
    /// Which.
    pub permission: Permission,
    /// It is one of the app itself, without a person.
    pub own: bool,
}

impl PermissionLine {
    const fn meaning_key(&self) -> &'static str {
        words::permission(self.permission)
    }
}

/// Who is asked for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConsentKind {
    /// A person for oneself.
    Oneself,
    /// An administrator for oneself or for everybody.
    Administrator,
    /// An administrator for everybody.
    Everybody,
    /// Somebody who cannot say yes.
    AskAdministrator,
}

/// An app asks for permissions. Fields sent: `csrf`, `request`, `decision` (`accept`, `cancel`), and `everyone`.
#[derive(Clone, Debug, Template)]
#[template(path = "consent.html")]
pub struct Consent {
    /// What is around it.
    pub page: Page,
    /// Who is asked for what.
    pub kind: ConsentKind,
    /// The name of the organisation.
    pub organization: String,
    /// The name of the app.
    pub app: String,
    /// Where the answer goes: scheme, host and port.
    pub destination: String,
    /// What it would get.
    pub permissions: Vec<PermissionLine>,
    /// It wants to act also while the person is away.
    pub offline: bool,
    /// Who is signed in.
    pub user_name: String,
    /// Where the form goes.
    pub action: String,
    /// The request, to be taken up again.
    pub request: String,
    /// Where to sign in with another account.
    pub other: String,
}

/// Asks whether an organisation may know somebody who has no account there. Fields sent: `csrf`, `request`, `decision`
/// (`accept`, `cancel`).
#[derive(Clone, Debug, Template)]
#[template(path = "connect.html")]
pub struct Connect {
    /// What is around it.
    pub page: Page,
    /// The name of the organisation.
    pub organization: String,
    /// Its domain.
    pub domain: String,
    /// Its privacy statement.
    pub privacy_statement: Option<String>,
    /// The name of the app.
    pub app: String,
    /// Where the answer goes: scheme, host and port.
    pub destination: String,
    /// Who is signed in.
    pub user_name: String,
    /// The request, to be taken up again.
    pub request: String,
    /// Where to sign in with another account.
    pub other: String,
}

impl Connect {
    fn statement(&self) -> Option<&str> {
        followable(self.privacy_statement.as_ref())
    }
}

/// Which account to go on with.
#[derive(Clone, Debug, Template)]
#[template(path = "choose_account.html")]
pub struct Choose {
    /// What is around it.
    pub page: Page,
    /// Who is signed in.
    pub name: String,
    /// With which user name.
    pub user_name: String,
    /// On with this account.
    pub onward: String,
    /// Another one.
    pub other: String,
}

/// An app sent somebody here in a way that cannot be answered to the app.
#[derive(Clone, Debug, Template)]
#[template(path = "oauth_refused.html")]
pub struct OAuthRefused {
    /// What is around it.
    pub page: Page,
    /// `AADSTS…` and what is wrong.
    pub message: String,
    /// Id of the request, to name it in questions.
    pub request_id: String,
    /// Where to sign in with another account.
    pub other: Option<String>,
}

/// How far a device has come.
#[derive(Clone, Debug)]
pub enum DeviceState {
    /// Asks for the code.
    Enter {
        /// What was wrong with the code before: key of the text.
        problem: Option<&'static str>,
    },
    /// Asks whether to let it in.
    Ask {
        /// The code.
        code: String,
        /// The name of the app.
        app: String,
        /// The name of the organisation.
        organization: String,
        /// What it would get in addition.
        permissions: Vec<PermissionLine>,
        /// It wants to act also while the person is away.
        offline: bool,
    },
    /// It is over; key of the text.
    Over(&'static str),
}

/// Signing a device in. Fields sent: `csrf`, `code`, and `decision` (`accept`, `cancel`).
#[derive(Clone, Debug, Template)]
#[template(path = "device.html")]
pub struct Device {
    /// What is around it.
    pub page: Page,
    /// How far it has come.
    pub state: DeviceState,
    /// Who is signed in.
    pub user_name: String,
}

/// Asks before somebody is signed out. Fields sent: `csrf`, `onward`.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_out_app.html")]
pub struct SignOutApp {
    /// What is around it.
    pub page: Page,
    /// Who is signed in.
    pub user_name: String,
    /// Where to go afterwards, signed.
    pub onward: String,
}
