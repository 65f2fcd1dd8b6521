//! The map of the administration: its pages in their areas. Navigation and start page are both drawn from it.

use crate::pages::paths;
use model::authz::{Operation, Role};

/// One page.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where it is.
    pub path: &'static str,
    /// Key of its title.
    pub title: &'static str,
    /// Key of what it is for, in a sentence.
    pub text: &'static str,
    /// Whoever may not do this is not shown the way.
    needs: Operation,
}

/// Pages that belong together.
#[derive(Clone, Debug)]
pub struct Area {
    /// Key of the heading.
    pub title: &'static str,
    /// Its pages.
    pub entries: Vec<Entry>,
}

const fn entry(path: &'static str, title: &'static str, text: &'static str, needs: Operation) -> Entry {
    Entry { path, title, text, needs }
}

const AREAS: &[(&str, &[Entry])] = &[
    (
        "area-people",
        &[
            entry(paths::USERS, "users-title", "admin-users-text", Operation::ListUsers),
            entry(paths::DELETED_USERS, "deleted-title", "admin-deleted-text", Operation::ReadDeleted),
            entry(paths::ROLES, "roles-title", "admin-roles-text", Operation::ReadRoles),
        ],
    ),
    (
        "area-external",
        &[
            entry(paths::SETTINGS, "settings-title", "admin-settings-text", Operation::ReadPolicy),
            entry(paths::SIGN_IN_METHODS, "methods-title", "admin-methods-text", Operation::ReadOrganization),
        ],
    ),
    (
        "area-organization",
        &[
            entry(paths::APPS, "apps-title", "admin-apps-text", Operation::ReadApplications),
            entry(paths::AUDIT, "audit-title", "admin-audit-text", Operation::ReadAudit),
            entry(
                paths::PROPERTIES,
                "properties-title",
                "admin-properties-text",
                Operation::ReadOrganization,
            ),
        ],
    ),
];

/// The areas with the pages that are open to somebody who holds these roles.
pub(super) fn open_to(roles: &[Role]) -> Vec<Area> {
    let open =
        |entries: &[Entry]| entries.iter().copied().filter(|entry| entry.needs.is_open_to(roles)).collect();
    AREAS
        .iter()
        .map(|(title, entries)| Area { title, entries: open(entries) })
        .filter(|area| !area.entries.is_empty())
        .collect()
}
