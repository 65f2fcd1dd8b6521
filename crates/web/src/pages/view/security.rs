use super::{Field, Page, Problems, problems};
use crate::pages::paths;
use askama::Template;
use model::{Error, Result};
use qrcode::{Color, EcLevel, QrCode};
use service::{LocalMail, ProviderView, SecondFactorState, SessionView};

/// Where the person is signed in. Fields sent: `csrf`, and `id`, or `act` = `others` or `everywhere`.
#[derive(Clone, Debug, Template)]
#[template(path = "sessions.html")]
pub struct Sessions {
    /// What is around it.
    pub page: Page,
    /// The sessions, the last used one first.
    pub sessions: Vec<SessionView>,
    /// Something was just ended.
    pub ended: bool,
}

impl Sessions {
    /// A browser and a system that people know, out of what a browser calls itself; its own words where nothing is known.
    fn device(&self, agent: Option<&String>) -> String {
        const BROWSERS: [(&str, &str); 5] = [
            ("Edg/", "Microsoft Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ];
        const SYSTEMS: [(&str, &str); 6] = [
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS X", "macOS"),
            ("Linux", "Linux"),
        ];
        let Some(agent) = agent else { return self.page.t("sessions-unknown") };
        let find = |list: &[(&str, &'static str)]| {
            list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
        };
        match (find(&BROWSERS), find(&SYSTEMS)) {
            (Some(browser), Some(system)) => format!("{browser}, {system}"),
            (Some(browser), None) => browser.to_owned(),
            (None, _) => agent.chars().take(60).collect(),
        }
    }
}

/// Why a change of the second factor was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecurityError {
    /// The code is wrong or was used.
    WrongCode,
    /// Too many tries.
    TooManyTries {
        /// How long to wait; rounded up.
        minutes: u64,
    },
}

impl SecurityError {
    fn text(self, page: &Page) -> String {
        match self {
            Self::WrongCode => page.t("sign-in-wrong-code"),
            Self::TooManyTries { minutes } => page.t1("sign-in-too-many", "minutes", minutes),
        }
    }
}

/// The second factor. Fields sent: `csrf`, `act` (`begin`, `renew` or `remove`), `code` and `offer`.
#[derive(Clone, Debug, Template)]
#[template(path = "security.html")]
pub struct Security {
    /// What is around it.
    pub page: Page,
    /// How the person stands; nothing for people at home elsewhere.
    pub state: Option<SecondFactorState>,
    /// New recovery codes, sealed.
    pub offer: String,
    /// The person came here because the administration pages ask for a second factor.
    pub lacking: bool,
    /// It was just taken away.
    pub removed: bool,
    /// Why nothing was changed.
    pub error: Option<SecurityError>,
}

impl Security {
    fn error_text(&self) -> Option<String> {
        self.error.map(|error| error.text(&self.page))
    }
}

/// Setting up a second factor. Fields sent: `csrf`, `act` = `confirm`, `code`, `offer`.
#[derive(Clone, Debug, Template)]
#[template(path = "second_factor_setup.html")]
pub struct SecondFactorSetup {
    /// What is around it.
    pub page: Page,
    /// The secret in groups of four.
    pub secret: String,
    /// The address for an app on this very device.
    pub uri: String,
    /// Modules along one side of the code, its quiet zone included.
    pub side: usize,
    /// The dark modules as the path of a drawing.
    pub drawing: String,
    /// The recovery codes that come with it, sealed.
    pub offer: String,
    /// Why it was not confirmed.
    pub error: Option<SecurityError>,
}

impl SecondFactorSetup {
    /// Draws the code.
    ///
    /// # Errors
    /// `Internal` if the address is too long for a code, which it never is.
    pub fn new(
        page: Page,
        (secret, uri): (&str, &str),
        offer: String,
        error: Option<SecurityError>,
    ) -> Result<Self> {
        let code = QrCode::with_error_correction_level(uri, EcLevel::M)
            .map_err(|error| Error::internal(format!("a QR code: {error}")))?;
        let (side, drawing) = draw(&code);
        let groups: Vec<String> =
            secret.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        Ok(Self { page, secret: groups.join(" "), uri: uri.to_owned(), side, drawing, offer, error })
    }

    fn error_text(&self) -> Option<String> {
        self.error.map(|error| error.text(&self.page))
    }
}

/// One bar per run of dark modules in a row, within a quiet zone of four modules (ISO/IEC 18004).
fn draw(code: &QrCode) -> (usize, String) {
    const QUIET: usize = 4;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                path.push_str(&format!("M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len()));
            }
            x += run.len();
        }
    }
    (width + 2 * QUIET, path)
}

/// Recovery codes, shown once.
#[derive(Clone, Debug, Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodes {
    /// What is around it.
    pub page: Page,
    /// The codes.
    pub codes: Vec<String>,
}

/// Why the ways of signing in were not changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInMethodsError {
    /// Somebody else changed it meanwhile.
    ChangedMeanwhile,
    /// The issuer or the domain belongs to somebody.
    Taken,
    /// The provider's discovery document could not be read, or something in the form cannot be.
    ProviderUnreadable,
    /// No domain name.
    NotADomain,
    /// The role does not allow it.
    NotAllowed,
}

/// How people of the organisation sign in. Fields sent: `csrf`, `act` and what belongs to it: `secondFactor` (`version`,
/// `required`), `add` (`name`, `issuer`, `clientId`, `clientSecret`, `trustsEmail`), `addDomain` and `removeDomain` (`provider`,
/// `domain`), `enable`, `disable` and `delete` (`provider`).
#[derive(Clone, Debug, Template)]
#[template(path = "sign_in_methods.html")]
pub struct SignInMethods {
    /// What is around it.
    pub page: Page,
    /// Role holders need a second factor.
    pub second_factor_for_roles: bool,
    /// The version that is shown.
    pub version: i64,
    /// The role may change the second factor.
    pub may_change_settings: bool,
    /// The role may see and change providers.
    pub may_change_providers: bool,
    /// The providers.
    pub providers: Vec<ProviderView>,
    /// The address that the provider must know.
    pub callback: String,
    /// What people call the new one.
    pub name: Field,
    /// Its issuer.
    pub issuer: Field,
    /// What it calls us.
    pub client_id: Field,
    /// Our secret there; never shown again.
    pub client_secret: Field,
    /// Its word for an address counts.
    pub trusts_email: bool,
    /// Something was just saved.
    pub saved: bool,
    /// Why it was not saved.
    pub error: Option<SignInMethodsError>,
}

impl SignInMethods {
    const fn error_key(&self) -> Option<&'static str> {
        match self.error {
            None => None,
            Some(SignInMethodsError::ChangedMeanwhile) => Some("settings-error-changed"),
            Some(SignInMethodsError::Taken) => Some("methods-error-taken"),
            Some(SignInMethodsError::ProviderUnreadable) => Some("methods-error-unreadable"),
            Some(SignInMethodsError::NotADomain) => Some("problem-not-a-domain"),
            Some(SignInMethodsError::NotAllowed) => Some("settings-error-not-allowed"),
        }
    }

    fn problems(&self) -> Problems {
        problems(&[
            ("name", "methods-name", &self.name),
            ("issuer", "methods-issuer", &self.issuer),
            ("clientId", "methods-client-id", &self.client_id),
            ("clientSecret", "methods-client-secret", &self.client_secret),
        ])
    }
}

/// The mails of a demonstration.
#[derive(Clone, Debug, Template)]
#[template(path = "outbox.html")]
pub struct Outbox {
    /// What is around it.
    pub page: Page,
    /// The mails, the newest first.
    pub mails: Vec<LocalMail>,
}

/// A mail in pieces: text, and links that lead to this server.
pub(super) fn lines(text: &str) -> Vec<(String, bool)> {
    text.lines().map(|line| (line.to_owned(), line.starts_with("https://"))).collect()
}
