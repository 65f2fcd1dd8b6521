use super::{Field, Page, Pages, Problems, problems, words};
use crate::pages::paths;
use askama::Template;
use model::{AppId, ObjectId, Span, Timestamp, authz::Permission};
use uuid::Uuid;

/// May an app ask for tokens?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppState {
    /// It may.
    On,
    /// It is switched off.
    Off,
    /// It was registered without a service principal, so there is nothing yet that could sign in.
    NoPrincipal,
}

impl AppState {
    const fn key(self) -> &'static str {
        match self {
            Self::On => "app-on",
            Self::Off => "app-off",
            Self::NoPrincipal => "app-no-principal",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::On => "good",
            Self::Off => "stop",
            Self::NoPrincipal => "wait",
        }
    }
}

/// How long a credential is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// No longer.
    Over,
    /// Less than thirty days: so many full ones.
    Soon(u64),
    /// Longer.
    Long,
}

impl Life {
    /// As of now.
    pub fn of(now: Timestamp, expires: Timestamp) -> Self {
        let left = expires.since(now);
        if left <= Span::ZERO {
            Self::Over
        } else if left < Span::days(30) {
            Self::Soon(u64::try_from(left.as_micros() / Span::days(1).as_micros()).unwrap_or_default())
        } else {
            Self::Long
        }
    }

    /// Class and text of the mark that warns.
    fn mark(self, page: &Page) -> Option<(&'static str, String)> {
        match self {
            Self::Over => Some(("stop", page.t("credential-over"))),
            Self::Soon(days) => Some(("wait", page.t1("credential-soon", "days", days))),
            Self::Long => None,
        }
    }
}

/// An app in the list.
#[derive(Clone, Debug)]
pub struct AppLine {
    /// The client id.
    pub id: AppId,
    /// What people call it.
    pub name: String,
    /// It keeps no secret.
    pub public: bool,
    /// May it ask for tokens?
    pub state: AppState,
    /// How many secrets and certificates it has.
    pub credentials: u64,
    /// How long the one that is good next is good, or that none is.
    pub life: Option<Life>,
    /// When it was registered.
    pub created: Timestamp,
}

impl AppLine {
    fn link(&self) -> String {
        paths::app(&self.id)
    }
}

/// All apps.
#[derive(Clone, Debug, Template)]
#[template(path = "apps.html")]
pub struct Apps {
    /// What is around it.
    pub page: Page,
    /// This part of the list.
    pub apps: Vec<AppLine>,
    /// The other parts.
    pub pages: Pages,
    /// The signed-in role may register apps.
    pub may_register: bool,
    /// One was just deleted.
    pub deleted: bool,
}

/// What kind of app is registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppKind {
    /// Runs on a server and can keep a secret.
    Web,
    /// Runs in the browser.
    Spa,
    /// Runs on a device.
    Device,
}

impl AppKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Web, Self::Spa, Self::Device];

    /// The word in the form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spa => "spa",
            Self::Device => "device",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Web => ("app-kind-web", "app-kind-web-hint"),
            Self::Spa => ("app-kind-spa", "app-kind-spa-hint"),
            Self::Device => ("app-kind-device", "app-kind-device-hint"),
        }
    }
}

/// Registering an app. Fields sent: `csrf`, `once`, `name`, `kind` (see [`AppKind`]), `addresses` (one per line).
#[derive(Clone, Debug, Template)]
#[template(path = "app_new.html")]
pub struct AppNew {
    /// What is around it.
    pub page: Page,
    /// What people will call it.
    pub name: Field,
    /// What kind it is.
    pub kind: AppKind,
    /// Where codes may be sent.
    pub addresses: Field,
    /// Names the app to be, so that a form that is sent twice registers one.
    pub once: String,
}

impl AppNew {
    fn problems(&self) -> Problems {
        problems(&[("name", "app-name", &self.name), ("addresses", "app-addresses", &self.addresses)])
    }
}

/// A secret or a certificate.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: Option<String>,
    /// How a secret begins, or the thumbprint of a certificate.
    pub mark: String,
    /// Since when it is there.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
    /// How long that is.
    pub life: Life,
}

/// A permission that an app asks for or has.
#[derive(Clone, Copy, Debug)]
pub struct PermissionRow {
    /// Which.
    pub permission: Permission,
    /// Of its own accord; else on behalf of people.
    pub own: bool,
    /// The registration asks for it.
    pub asked: bool,
    /// The app has it, on behalf of everybody or of its own accord.
    pub granted: bool,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// How many people let it have it for themselves.
    pub people: u64,
    /// The signed-in role may grant and revoke it.
    pub changeable: bool,
    /// The app can be given it at all.
    pub grantable: bool,
}

impl PermissionRow {
    const fn meaning_key(&self) -> &'static str {
        words::permission(self.permission)
    }

    const fn form_key(&self) -> &'static str {
        form_key(self.own)
    }

    const fn may_revoke(&self) -> bool {
        self.changeable && (self.granted || self.people > 0)
    }

    const fn may_grant(&self) -> bool {
        self.changeable && self.grantable && !self.granted
    }

    fn query(&self) -> String {
        let form = if self.own { "application" } else { "delegated" };
        format!("?{form}={}", self.permission.value())
    }

    fn id(&self) -> String {
        let form = if self.own { "own" } else { "people" };
        format!("{form}-{}", self.permission.value())
    }
}

const fn form_key(own: bool) -> &'static str {
    if own { "permission-form-own" } else { "permission-form-people" }
}

/// What was just done to an app.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppNotice {
    /// Registered.
    Registered,
    /// Changed.
    Saved,
    /// A secret or certificate was added.
    CredentialAdded,
    /// A secret or certificate was removed.
    CredentialRemoved,
    /// So many permissions were granted.
    Granted(u64),
    /// A permission was revoked.
    Revoked,
    /// Switched on.
    On,
    /// Switched off.
    Off,
}

/// One app. Fields sent to it: `csrf`, `version`, `name`, `web`, `spa`, `device` (addresses, one per line), `public` (`yes` or
/// `no`).
#[derive(Clone, Debug, Template)]
#[template(path = "app.html")]
pub struct AppPage {
    /// What is around it.
    pub page: Page,
    /// The client id.
    pub id: AppId,
    /// What people call it.
    pub title: String,
    /// The id of the registration.
    pub application: ObjectId,
    /// The id of the service principal, if there is one.
    pub principal: Option<ObjectId>,
    /// When it was registered.
    pub created: Timestamp,
    /// May it ask for tokens?
    pub state: AppState,
    /// What people are to call it.
    pub name: Field,
    /// Keeps no secret.
    pub public: bool,
    /// Addresses of a server.
    pub web: Field,
    /// Addresses of a single page.
    pub spa: Field,
    /// Addresses of a program on a device.
    pub device: Field,
    /// The version that is shown; goes back, so that nothing is overwritten unseen.
    pub version: i64,
    /// Its secrets.
    pub secrets: Vec<Credential>,
    /// Its certificates.
    pub certificates: Vec<Credential>,
    /// What it asks for and may do.
    pub permissions: Vec<PermissionRow>,
    /// How many permissions it asks for that do not exist here.
    pub unknown: u64,
    /// The signed-in role may change the app.
    pub may_change: bool,
    /// The signed-in role may grant something.
    pub may_grant: bool,
    /// What was just done.
    pub notice: Option<AppNotice>,
    /// Somebody else changed it meanwhile.
    pub changed_meanwhile: bool,
}

impl AppPage {
    fn problems(&self) -> Problems {
        problems(&[
            ("name", "app-name", &self.name),
            ("web", "app-kind-web", &self.web),
            ("spa", "app-kind-spa", &self.spa),
            ("device", "app-kind-device", &self.device),
        ])
    }

    fn link(&self) -> String {
        paths::app(&self.id)
    }

    /// Asks about everything that is asked for and can be granted by the reader.
    fn grant_all(&self) -> Option<String> {
        let missing: Vec<String> = self
            .permissions
            .iter()
            .filter(|row| row.asked && row.may_grant())
            .map(|row| row.query().split_off(1))
            .collect();
        (missing.len() > 1).then(|| format!("{}/permissions/grant?{}", self.link(), missing.join("&")))
    }

    const fn why_off(&self) -> &'static str {
        match self.state {
            AppState::NoPrincipal => "app-no-principal-text",
            AppState::On | AppState::Off => "app-is-off-text",
        }
    }

    /// Heading, place in addresses, and what there is.
    fn credentials(&self) -> [(&'static str, &'static str, &Vec<Credential>); 2] {
        [("secrets", "secrets", &self.secrets), ("certificates", "certificates", &self.certificates)]
    }

    fn mark_key(&self, kind: &str) -> &'static str {
        if kind == "secrets" { "secret-mark" } else { "certificate-mark" }
    }

    fn notice_text(&self) -> Option<String> {
        let page = &self.page;
        Some(match self.notice? {
            AppNotice::Registered => page.t("app-registered"),
            AppNotice::Saved => page.t("saved"),
            AppNotice::CredentialAdded => page.t("credential-added"),
            AppNotice::CredentialRemoved => page.t("credential-removed"),
            AppNotice::Granted(count) => page.t1("permissions-granted", "count", count),
            AppNotice::Revoked => page.t("permission-revoked"),
            AppNotice::On => page.t("app-switched-on"),
            AppNotice::Off => page.t("app-switched-off"),
        })
    }
}

/// How long a new secret is to be good: days, and key of the text.
pub(in crate::pages) const LIVES: [(i64, &str); 4] =
    [(90, "secret-90"), (180, "secret-180"), (365, "secret-365"), (730, "secret-730")];

/// Adding a secret. Fields sent: `csrf`, `offer`, `name`, `days`.
#[derive(Clone, Debug, Template)]
#[template(path = "app_secret_new.html")]
pub struct AppSecretNew {
    /// What is around it.
    pub page: Page,
    /// The client id.
    pub id: AppId,
    /// What people call the app.
    pub title: String,
    /// What it is for.
    pub name: Field,
    /// How long it is to be good.
    pub days: i64,
    /// The secret, sealed.
    pub offer: String,
    /// The form before was too old.
    pub too_old: bool,
}

impl AppSecretNew {
    fn problems(&self) -> Problems {
        problems(&[("name", "credential-name", &self.name)])
    }

    const fn lives(&self) -> [(i64, &'static str); 4] {
        LIVES
    }

    fn link(&self) -> String {
        paths::app(&self.id)
    }
}

/// The one page that shows a secret.
#[derive(Clone, Debug, Template)]
#[template(path = "app_secret.html")]
pub struct AppSecretShown {
    /// What is around it.
    pub page: Page,
    /// The client id.
    pub id: AppId,
    /// What people call the app.
    pub title: String,
    /// The secret.
    pub secret: String,
    /// Until when it is good.
    pub expires: Timestamp,
}

impl AppSecretShown {
    fn link(&self) -> String {
        paths::app(&self.id)
    }
}

/// Adding a certificate. Fields sent: `csrf`, `name`, `certificate`.
#[derive(Clone, Debug, Template)]
#[template(path = "app_certificate_new.html")]
pub struct AppCertificateNew {
    /// What is around it.
    pub page: Page,
    /// The client id.
    pub id: AppId,
    /// What people call the app.
    pub title: String,
    /// What it is for.
    pub name: Field,
    /// The certificate as text.
    pub certificate: Field,
}

impl AppCertificateNew {
    fn problems(&self) -> Problems {
        problems(&[
            ("name", "credential-name", &self.name),
            ("certificate", "certificate", &self.certificate),
        ])
    }

    fn link(&self) -> String {
        paths::app(&self.id)
    }
}

/// A permission in the catalogue, and what of it an app has.
#[derive(Clone, Copy, Debug)]
pub struct CatalogueRow {
    /// On behalf of people.
    pub people: PermissionRow,
    /// Of its own accord, where there is such a thing.
    pub own: Option<PermissionRow>,
}

impl CatalogueRow {
    /// Name of the field and key of the heading, and what there is.
    const fn cells(&self) -> [((&'static str, &'static str), Option<PermissionRow>); 2] {
        [(("delegated", form_key(false)), Some(self.people)), (("application", form_key(true)), self.own)]
    }
}

/// Choosing permissions. Fields sent to [`AppGrant`] (`GET`): `delegated` and `application`, repeated.
#[derive(Clone, Debug, Template)]
#[template(path = "app_permissions.html")]
pub struct AppPermissionsChoice {
    /// What is around it.
    pub page: Page,
    /// The client id.
    pub id: AppId,
    /// What people call the app.
    pub title: String,
    /// All permissions.
    pub catalogue: Vec<CatalogueRow>,
    /// The form came without a choice.
    pub nothing_chosen: bool,
    /// It keeps no secret, so it never acts of its own accord.
    pub public: bool,
    /// The signed-in role may not grant what an app does of its own accord.
    pub people_only: bool,
}

impl AppPermissionsChoice {
    fn link(&self) -> String {
        paths::app(&self.id)
    }
}

/// Asks before permissions are granted. Fields sent: `csrf`, `delegated` and `application`, repeated.
#[derive(Clone, Debug, Template)]
#[template(path = "app_grant.html")]
pub struct AppGrant {
    /// What is around it.
    pub page: Page,
    /// The client id.
    pub id: AppId,
    /// What people call the app.
    pub title: String,
    /// Name of the organisation.
    pub organization: String,
    /// What it would get.
    pub permissions: Vec<PermissionRow>,
}

impl AppGrant {
    fn link(&self) -> String {
        paths::app(&self.id)
    }

    /// The same question, for whoever has to sign in again.
    fn action(&self) -> String {
        let queries: Vec<String> = self.permissions.iter().map(|row| row.query().split_off(1)).collect();
        format!("{}/permissions/grant?{}", self.link(), queries.join("&"))
    }

    fn sections(&self) -> Vec<(&'static str, &'static str, Vec<&PermissionRow>)> {
        let of = |own| self.permissions.iter().filter(|row| row.own == own).collect::<Vec<_>>();
        [(false, "permission-grant-people"), (true, "permission-grant-own")]
            .map(|(own, text)| (form_key(own), text, of(own)))
            .into_iter()
            .filter(|(.., rows)| !rows.is_empty())
            .collect()
    }
}

/// What is asked before it is done.
#[derive(Clone, Debug)]
pub enum AppQuestion {
    /// Switch the app off?
    SwitchOff,
    /// Delete the app?
    Delete {
        /// How many secrets and certificates go with it.
        credentials: u64,
        /// How many permissions go with it.
        permissions: u64,
    },
    /// Remove a secret?
    RemoveSecret(Credential),
    /// Remove a certificate?
    RemoveCertificate(Credential),
    /// Take a permission away?
    Revoke(PermissionRow),
}

/// Asks before something is done to an app that is hard to undo. Fields sent: `csrf`.
#[derive(Clone, Debug, Template)]
#[template(path = "app_ask.html")]
pub struct AppAsk {
    /// What is around it.
    pub page: Page,
    /// The client id.
    pub id: AppId,
    /// What people call the app.
    pub title: String,
    /// What is asked.
    pub question: AppQuestion,
}

impl AppAsk {
    fn link(&self) -> String {
        paths::app(&self.id)
    }

    /// Heading, what it means, and the words on the button.
    fn texts(&self) -> (String, String, String) {
        let (page, name) = (&self.page, &self.title);
        let (ask, text, apply) = match &self.question {
            AppQuestion::SwitchOff => ("app-off-ask", "app-off-text", "app-switch-off"),
            AppQuestion::Delete { .. } => ("app-delete-ask", "app-delete-text", "app-delete-apply"),
            AppQuestion::RemoveSecret(_) => {
                ("secret-remove-ask", "credential-remove-text", "credential-remove-apply")
            }
            AppQuestion::RemoveCertificate(_) => {
                ("certificate-remove-ask", "credential-remove-text", "credential-remove-apply")
            }
            AppQuestion::Revoke(_) => {
                ("permission-revoke-ask", "permission-revoke-text", "permission-revoke-apply")
            }
        };
        (page.t1(ask, "app", name), page.t1(text, "app", name), page.t(apply))
    }

    fn action(&self) -> String {
        let below = match &self.question {
            AppQuestion::SwitchOff => "/disable".to_owned(),
            AppQuestion::Delete { .. } => "/delete".to_owned(),
            AppQuestion::RemoveSecret(secret) => format!("/secrets/{}/remove", secret.id),
            AppQuestion::RemoveCertificate(certificate) => format!("/certificates/{}/remove", certificate.id),
            AppQuestion::Revoke(row) => format!("/permissions/revoke{}", row.query()),
        };
        format!("{}{below}", self.link())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_warns_a_month_before_it_ends() {
        let now = Timestamp::from_seconds(1_000_000_000);
        for (left, life) in [
            (Span::ZERO, Life::Over),
            (Span::micros(1), Life::Soon(0)),
            (Span::hours(47), Life::Soon(1)),
            (Span::days(30), Life::Long),
        ] {
            assert_eq!(Life::of(now, now + left), life, "{left:?}");
        }
        assert_eq!(Life::of(now + Span::days(1), now), Life::Over);
    }
}
