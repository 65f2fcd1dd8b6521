use super::{Choice, Field, Page, Pages, Problems, problems, words};
use crate::pages::paths;
use askama::Template;
use model::{AppId, Timestamp, audit::Activity};

/// Who did something, or to whom or what it was done.
#[derive(Clone, Debug)]
pub enum AuditParty {
    /// Somebody or something with a name.
    Named {
        /// The name as it was then.
        name: String,
        /// User name as it was then.
        user_name: Option<String>,
        /// The id.
        id: Option<String>,
    },
    /// A person of whom only the id is left.
    Erased {
        /// The id.
        id: String,
    },
    /// The operator of the server.
    Operator,
    /// The server itself.
    Server,
    /// Nobody who could be identified.
    Nobody,
}

impl AuditParty {
    /// What stands in a list.
    pub(super) fn text(&self, page: &Page) -> String {
        match self {
            Self::Named { name, .. } => name.clone(),
            Self::Erased { .. } => page.t("audit-erased"),
            Self::Operator => page.t("audit-operator"),
            Self::Server => page.t("audit-server"),
            Self::Nobody => page.t("audit-nobody"),
        }
    }

    fn user_name(&self) -> Option<&str> {
        match self {
            Self::Named { user_name, .. } => user_name.as_deref(),
            _ => None,
        }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Self::Named { id, .. } => id.as_deref(),
            Self::Erased { id } => Some(id),
            _ => None,
        }
    }
}

/// A record in the list.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// Its id, as Graph writes it.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub activity: Activity,
    /// Who.
    pub who: AuditParty,
    /// To whom or what.
    pub whom: Vec<AuditParty>,
    /// Did it happen?
    pub success: bool,
}

impl AuditLine {
    pub(super) fn link(&self) -> String {
        paths::audit_record(&self.id)
    }

    pub(super) const fn activity_key(&self) -> &'static str {
        words::activity(self.activity)
    }
}

/// What the list is filtered by, as it was sent.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// What was done.
    pub activity: Option<Activity>,
    /// Who.
    pub who: String,
    /// To whom or what.
    pub whom: String,
    /// The first day.
    pub from: Field,
    /// The last day.
    pub to: Field,
    /// `success` or `failure`.
    pub success: Option<bool>,
}

/// The audit log. Fields of the filter (`GET`): `activity`, `who`, `whom`, `from`, `to` (`YYYY-MM-DD`), `result`.
#[derive(Clone, Debug, Template)]
#[template(path = "audit.html")]
pub struct Audit {
    /// What is around it.
    pub page: Page,
    /// What it is filtered by.
    pub filter: AuditFilter,
    /// This part of what was found.
    pub lines: Vec<AuditLine>,
    /// The other parts.
    pub pages: Pages,
    /// How far back was looked, where the effort for this part ended before it was full.
    pub looked_to: Option<Timestamp>,
    /// The filter as a query, for exports.
    pub query: String,
}

impl Audit {
    fn problems(&self) -> Problems {
        problems(&[("from", "audit-from", &self.filter.from), ("to", "audit-to", &self.filter.to)])
    }

    fn activities(&self) -> Vec<Choice> {
        let texts = self.page.texts;
        let mut all: Vec<Choice> = Activity::ALL
            .iter()
            .map(|one| Choice {
                value: one.wire().0.to_owned(),
                text: texts.t(words::activity(*one)),
                chosen: self.filter.activity == Some(*one),
            })
            .collect();
        all.sort_by(|one, other| one.text.cmp(&other.text));
        all.insert(0, self.any(self.filter.activity.is_none()));
        all
    }

    fn results(&self) -> Vec<Choice> {
        let choice = |value: &str, key, success| Choice {
            value: value.to_owned(),
            text: self.page.t(key),
            chosen: self.filter.success == Some(success),
        };
        vec![
            self.any(self.filter.success.is_none()),
            choice("success", "audit-success", true),
            choice("failure", "audit-failure", false),
        ]
    }

    fn any(&self, chosen: bool) -> Choice {
        Choice { value: String::new(), text: self.page.t("audit-any"), chosen }
    }

    fn export(&self, form: &str) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{form}{mark}{}", paths::AUDIT_EXPORT, self.query)
    }
}

/// A property before and after.
#[derive(Clone, Debug)]
pub struct AuditChange {
    /// The property.
    pub name: String,
    /// Before.
    pub old: Option<String>,
    /// After.
    pub new: Option<String>,
}

/// One that something was done to.
#[derive(Clone, Debug)]
pub struct AuditTarget {
    /// `User`, `Policy`, `Directory`, `App`, `Role` or `Other`.
    pub kind: String,
    /// Who or what.
    pub party: AuditParty,
    /// What changed.
    pub changes: Vec<AuditChange>,
}

impl AuditTarget {
    fn kind_key(&self) -> &'static str {
        match self.kind.as_str() {
            "User" => "audit-kind-user",
            "Policy" => "audit-kind-policy",
            "Directory" => "organization",
            "App" => "app",
            "Role" => "role",
            "Group" => "audit-kind-group",
            "IdentityProvider" => "audit-kind-provider",
            _ => "audit-kind-other",
        }
    }
}

/// Through what a person did something.
#[derive(Clone, Copy, Debug)]
pub enum Through {
    /// The explorer page, which is registered nowhere.
    Explorer,
    /// An app.
    App(AppId),
}

/// One record of the audit log.
#[derive(Clone, Debug, Template)]
#[template(path = "audit_record.html")]
pub struct AuditRecord {
    /// What is around it.
    pub page: Page,
    /// What the list shows of it.
    pub line: AuditLine,
    /// Its place in the chain.
    pub sequence: i64,
    /// Why, or why not: machine-readable.
    pub reason: Option<String>,
    /// The app through which a person did it.
    pub through: Option<Through>,
    /// The request.
    pub correlation: String,
    /// To whom or what, with what changed.
    pub targets: Vec<AuditTarget>,
    /// More: name and value.
    pub details: Vec<(String, String)>,
}
