use super::{Page, words};
use crate::pages::paths;
use askama::Template;
use service::{AppAccess, AppPermission};

/// The apps that act for a person, those of one organisation together.
#[derive(Clone, Debug, Template)]
#[template(path = "my_apps.html")]
pub struct MyApps {
    /// What is around it.
    pub page: Page,
    /// The apps.
    pub apps: Vec<AppAccess>,
    /// The name of the app whose access was just removed.
    pub removed: Option<String>,
}

impl MyApps {
    fn organizations(&self) -> impl Iterator<Item = &[AppAccess]> {
        self.apps.chunk_by(|one, next| one.tenant == next.tenant)
    }

    fn remove(&self, app: &AppAccess) -> String {
        paths::remove_app(&app.tenant, &app.app)
    }
}

/// Class of the mark of an app, key of its text.
const fn mark(app: &AppAccess) -> (&'static str, &'static str) {
    match (app.enabled, app.signed_in) {
        (false, _) => ("stop", "my-apps-off"),
        (true, true) => ("good", "my-apps-signed-in"),
        (true, false) => ("gone", "my-apps-allowed"),
    }
}

const fn meaning_key(permission: &AppPermission) -> &'static str {
    words::permission(permission.permission)
}

const fn granted_key(permission: &AppPermission) -> &'static str {
    if permission.for_everybody { "my-apps-for-everybody" } else { "my-apps-for-oneself" }
}

/// Asks before the access of an app is removed. Fields sent: `csrf`.
#[derive(Clone, Debug, Template)]
#[template(path = "remove_app.html")]
pub struct RemoveApp {
    /// What is around it.
    pub page: Page,
    /// The app.
    pub app: AppAccess,
}

impl RemoveApp {
    fn action(&self) -> String {
        paths::remove_app(&self.app.tenant, &self.app.app)
    }

    /// The person alone allowed something.
    fn own(&self) -> bool {
        self.app.permissions.iter().any(|permission| !permission.for_everybody)
    }

    /// An administrator allowed something for everybody.
    fn everybody(&self) -> bool {
        self.app.permissions.iter().any(|permission| permission.for_everybody)
    }
}
