use super::{Field, Page, Pages, Problems, problems};
use crate::pages::paths;
use askama::Template;
use model::{DeletionCause, ObjectId, Timestamp};

/// Start page of the administrator.
#[derive(Clone, Debug, Template)]
#[template(path = "admin_start.html")]
pub struct AdminStart {
    /// What is around it.
    pub page: Page,
    /// The organisation's domain.
    pub domain: String,
}

/// A guest whose home account is deleted.
#[derive(Clone, Debug)]
pub struct HomeDeletion {
    /// The guest here.
    pub id: ObjectId,
    /// Display name.
    pub name: String,
    /// User name here.
    pub user_name: String,
    /// The home organisation.
    pub home: String,
    /// Since when the home account is deleted.
    pub since: Timestamp,
}

/// Guests whose home account was deleted before the policy said to remove them. Fields sent to the review page (`GET`):
/// `id`, repeated.
#[derive(Clone, Debug, Template)]
#[template(path = "home_deletions.html")]
pub struct HomeDeletions {
    /// What is around it.
    pub page: Page,
    /// This part of the list.
    pub cases: Vec<HomeDeletion>,
    /// How many there are in all.
    pub total: u64,
    /// The other parts.
    pub pages: Pages,
    /// The signed-in role may remove them.
    pub may_apply: bool,
    /// How many were just removed.
    pub removed: Option<u64>,
    /// The form came without a choice.
    pub nothing_chosen: bool,
}

/// Asks before they are removed. Fields sent: `csrf`, `id`, repeated.
#[derive(Clone, Debug, Template)]
#[template(path = "home_deletions_review.html")]
pub struct HomeDeletionsReview {
    /// What is around it.
    pub page: Page,
    /// Whom it is about.
    pub cases: Vec<HomeDeletion>,
    /// From when on they would be permanently deleted.
    pub purge_after: Timestamp,
}

impl HomeDeletionsReview {
    const fn count(&self) -> u64 {
        self.cases.len() as u64
    }
}

pub(super) const fn cause_key(cause: DeletionCause) -> &'static str {
    match cause {
        DeletionCause::Left => "cause-left",
        DeletionCause::Removed => "cause-removed",
        DeletionCause::HomeDeleted(_) => "cause-home-deleted",
    }
}

/// A soft-deleted user.
#[derive(Clone, Debug)]
pub struct DeletedUser {
    /// The object.
    pub id: ObjectId,
    /// Display name.
    pub name: String,
    /// User name as it was before.
    pub user_name: String,
    /// Why.
    pub cause: DeletionCause,
    /// When.
    pub deleted_at: Timestamp,
    /// From when on it is permanently deleted.
    pub purge_after: Timestamp,
    /// Full days until then.
    pub days_left: u64,
    /// The signed-in administrator may restore and delete this one.
    pub manageable: bool,
}

impl DeletedUser {
    const fn cause_key(&self) -> &'static str {
        cause_key(self.cause)
    }

    fn restore(&self) -> String {
        paths::restore(&self.id)
    }

    fn purge(&self) -> String {
        paths::purge(&self.id)
    }
}

/// What was just done to a soft-deleted user.
#[derive(Clone, Debug)]
pub enum DeletedNotice {
    /// Restored.
    Restored {
        /// Whom.
        name: String,
    },
    /// Permanently deleted; who it was is no longer known.
    Purged,
    /// It is no longer there: restored or deleted meanwhile.
    NoLongerThere,
    /// Cannot be restored: the user name is taken.
    NameTaken {
        /// Whose.
        name: String,
    },
}

/// All soft-deleted users.
#[derive(Clone, Debug, Template)]
#[template(path = "deleted_users.html")]
pub struct DeletedUsers {
    /// What is around it.
    pub page: Page,
    /// This part of the list.
    pub users: Vec<DeletedUser>,
    /// The other parts.
    pub pages: Pages,
    /// What was just done.
    pub notice: Option<DeletedNotice>,
}

impl DeletedUsers {
    /// Class and text of the notice.
    fn notice_text(&self) -> Option<(&'static str, String)> {
        let page = &self.page;
        Some(match self.notice.as_ref()? {
            DeletedNotice::Restored { name } => ("good", page.t1("deleted-restored", "name", name)),
            DeletedNotice::Purged => ("good", page.t("deleted-purged")),
            DeletedNotice::NoLongerThere => ("stop", page.t("deleted-no-longer-there")),
            DeletedNotice::NameTaken { name } => ("stop", page.t1("deleted-name-taken", "name", name)),
        })
    }
}

/// Asks before a user is permanently deleted. Fields sent: `csrf`.
#[derive(Clone, Debug, Template)]
#[template(path = "purge_confirm.html")]
pub struct PurgeConfirm {
    /// What is around it.
    pub page: Page,
    /// Whom it is about.
    pub user: DeletedUser,
}

/// Properties of the organisation. Fields sent: `csrf`, `version`, `technicalContact`, `privacyContact`,
/// `privacyStatement`.
#[derive(Clone, Debug, Template)]
#[template(path = "properties.html")]
pub struct Properties {
    /// What is around it.
    pub page: Page,
    /// What people call the organisation.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Its id.
    pub tenant: model::TenantId,
    /// Where technical notices go.
    pub technical_contact: Field,
    /// Whom to ask about personal data.
    pub privacy_contact: Field,
    /// The privacy statement.
    pub privacy_statement: Field,
    /// The version that is shown; goes back, so that nothing is overwritten unseen.
    pub version: i64,
    /// The signed-in role may change it.
    pub may_change: bool,
    /// It was just saved.
    pub saved: bool,
    /// Somebody else changed it meanwhile.
    pub changed_meanwhile: bool,
}

impl Properties {
    fn problems(&self) -> Problems {
        problems(&[
            ("technicalContact", "properties-technical-contact", &self.technical_contact),
            ("privacyContact", "properties-privacy-contact", &self.privacy_contact),
            ("privacyStatement", "properties-privacy-statement", &self.privacy_statement),
        ])
    }
}
