use super::Page;
use crate::pages::{answer::sign_in_at, paths};
use askama::Template;

/// How far signing in has come.
#[derive(Clone, Debug)]
pub enum SignInStep {
    /// Asks for the user name.
    UserName {
        /// What was entered before.
        user_name: String,
    },
    /// Asks for the password of a member.
    Password {
        /// Whose.
        user_name: String,
    },
    /// Asks for the code of the second factor.
    Code {
        /// Whose.
        user_name: String,
        /// Proves the first step.
        ticket: String,
    },
    /// Asks for a new password, before there is a session.
    NewPassword {
        /// Whose.
        user_name: String,
        /// Proves the steps before.
        ticket: String,
    },
    /// Offers the providers that organisations know for the domain.
    Providers {
        /// Whose.
        user_name: String,
        /// The providers.
        providers: Vec<ProviderLink>,
        /// A passcode can be sent as well.
        passcode: bool,
    },
    /// Asks for the passcode that was sent to a mailbox.
    Passcode {
        /// To which.
        address: String,
    },
}

/// The way to a provider.
#[derive(Clone, Debug)]
pub struct ProviderLink {
    /// Where.
    pub link: String,
    /// What people call the provider.
    pub name: String,
    /// The organisation that registered it.
    pub organization: String,
}

/// Why signing in did not work. Whether an account exists is never said.
#[derive(Clone, Debug)]
pub enum SignInError {
    /// No user name was entered, or nothing that could be one.
    NotAUserName,
    /// The password is wrong or there is no such account: the same words for both.
    WrongPassword,
    /// The passcode is wrong, used or too old.
    WrongPasscode,
    /// The code of the second factor is wrong, was used, or the first step is too long ago.
    WrongCode,
    /// The new password can be guessed.
    PasswordTooWeak,
    /// The new password was not entered the same way twice.
    PasswordsDiffer,
    /// The new password is the old one.
    SamePassword,
    /// The steps before are too long ago, or a new password was chosen with them already.
    ChangeExpired,
    /// The sign-in at the provider is over, or was begun in another browser.
    ProviderExpired,
    /// It was broken off.
    ProviderCancelled,
    /// The provider cannot be reached.
    ProviderUnreachable,
    /// What the provider sent proves nothing.
    ProviderUntrusted,
    /// The organisation does not know the person.
    ProviderUnknown,
    /// The account is blocked; said only after the right password.
    Blocked,
    /// Too many tries.
    TooManyTries {
        /// How long to wait; rounded up.
        minutes: u64,
    },
    /// The deep link names an organisation that is not here.
    NoSuchOrganization {
        /// What it named.
        named: String,
    },
    /// The form was open for too long, or came from elsewhere.
    FormTooOld,
}

/// Signing in. Fields sent: `csrf`, `return`, `step` (`userName`, `password`, `passcode`, `sendPasscode`, `code`, `newPassword`),
/// `userName`, and `password`, `passcode`, `ticket` and `code`, or `ticket`, `newPassword` and `newPasswordAgain`.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// What is around it.
    pub page: Page,
    /// How far it has come.
    pub step: SignInStep,
    /// Why it did not work.
    pub error: Option<SignInError>,
    /// Where to go afterwards; goes back as `return`.
    pub return_to: String,
    /// The person has just signed out.
    pub signed_out: bool,
    /// The person is signed in, and is to prove anew who they are.
    pub again: bool,
    /// A provider is to have the person prove anew who they are, too.
    pub fresh: bool,
    /// Passcodes are printed where the server was started.
    pub demo: bool,
}

impl SignIn {
    /// Begins anew with another user name.
    fn start_over(&self) -> String {
        let fresh = if self.fresh { "&fresh" } else { "" };
        format!("{}{fresh}", sign_in_at(&self.return_to))
    }

    /// What the page is about.
    const fn title(&self) -> &'static str {
        match self.step {
            SignInStep::NewPassword { .. } => "new-password-title",
            _ => "sign-in-title",
        }
    }

    fn error_text(&self) -> Option<String> {
        let page = &self.page;
        Some(match self.error.as_ref()? {
            SignInError::NotAUserName => page.t("sign-in-not-a-user-name"),
            SignInError::WrongPassword => page.t("sign-in-wrong-password"),
            SignInError::WrongPasscode => page.t("sign-in-wrong-passcode"),
            SignInError::WrongCode => page.t("sign-in-wrong-code"),
            SignInError::PasswordTooWeak => page.t("problem-password-too-weak"),
            SignInError::PasswordsDiffer => page.t("problem-passwords-differ"),
            SignInError::SamePassword => page.t("new-password-same"),
            SignInError::ChangeExpired => page.t("new-password-expired"),
            SignInError::ProviderExpired => page.t("sign-in-provider-expired"),
            SignInError::ProviderCancelled => page.t("sign-in-provider-cancelled"),
            SignInError::ProviderUnreachable => page.t("sign-in-provider-unreachable"),
            SignInError::ProviderUntrusted => page.t("sign-in-provider-untrusted"),
            SignInError::ProviderUnknown => page.t("sign-in-provider-unknown"),
            SignInError::Blocked => page.t("sign-in-blocked"),
            SignInError::TooManyTries { minutes } => page.t1("sign-in-too-many", "minutes", minutes),
            SignInError::NoSuchOrganization { named } => page.t1("sign-in-no-organization", "named", named),
            SignInError::FormTooOld => page.t("sign-in-form-too-old"),
        })
    }

    /// The error belongs to the field, not to the page as a whole.
    const fn in_field(&self) -> bool {
        matches!(
            self.error,
            Some(
                SignInError::NotAUserName
                    | SignInError::WrongPassword
                    | SignInError::WrongPasscode
                    | SignInError::WrongCode
                    | SignInError::PasswordTooWeak
                    | SignInError::PasswordsDiffer
                    | SignInError::SamePassword
            )
        )
    }
}
