use super::{Field, Page, Problems, problems};
use crate::pages::paths;
use askama::Template;

/// First-run set-up. Fields sent: `csrf`, `secret`, `organization`, `domain`, `name`, `userName`, `password`,
/// `passwordAgain`.
#[derive(Clone, Debug, Template)]
#[template(path = "setup.html")]
pub struct Setup {
    /// What is around it.
    pub page: Page,
    /// The set-up secret; never shown again.
    pub secret: Field,
    /// Name of the organisation.
    pub organization: Field,
    /// Its domain.
    pub domain: Field,
    /// Display name of the administrator.
    pub name: Field,
    /// The administrator's user name, with or without the domain.
    pub user_name: Field,
    /// The administrator's password; never shown again.
    pub password: Field,
    /// The same again.
    pub password_again: Field,
}

impl Setup {
    /// An empty form.
    pub fn empty(page: Page) -> Self {
        Self {
            page,
            secret: Field::default(),
            organization: Field::default(),
            domain: Field::default(),
            name: Field::default(),
            user_name: Field::default(),
            password: Field::default(),
            password_again: Field::default(),
        }
    }

    fn problems(&self) -> Problems {
        problems(&[
            ("secret", "setup-secret", &self.secret),
            ("organization", "setup-organization", &self.organization),
            ("domain", "setup-domain", &self.domain),
            ("name", "setup-name", &self.name),
            ("userName", "setup-user-name", &self.user_name),
            ("password", "setup-password", &self.password),
            ("passwordAgain", "setup-password-again", &self.password_again),
        ])
    }
}

/// Set-up is done.
#[derive(Clone, Debug, Template)]
#[template(path = "setup_done.html")]
pub struct SetupDone {
    /// What is around it.
    pub page: Page,
    /// Name of the organisation.
    pub organization: String,
    /// The user name to sign in with.
    pub user_name: String,
}

/// Something went wrong, and what to do next.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What is around it.
    pub page: Page,
    /// Status of the answer; what has no text of its own is told like 400 or 500.
    pub status: u16,
    /// Id of the request, to name it in questions.
    pub request_id: String,
    /// Seconds until the next try makes sense.
    pub retry_after: Option<u32>,
    /// The server is not set up yet, and the visitor is not at its machine.
    pub not_set_up: bool,
}

impl ErrorPage {
    /// Keys of title and explanation.
    const fn keys(&self) -> (&'static str, &'static str) {
        match self.status {
            _ if self.not_set_up => ("error-not-set-up-title", "error-not-set-up"),
            403 => ("error-403-title", "error-403"),
            404 => ("error-404-title", "error-404"),
            409 => ("error-409-title", "error-409"),
            429 => ("error-429-title", "error-429"),
            503 => ("error-503-title", "error-503"),
            500..=599 => ("error-500-title", "error-500"),
            _ => ("error-400-title", "error-400"),
        }
    }

    fn seconds(&self) -> Option<u64> {
        self.retry_after.map(u64::from)
    }
}
