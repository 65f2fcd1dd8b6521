use super::{Field, Page, Pages, Problems, problems, words};
use crate::pages::paths;
use askama::Template;
use model::{
    ObjectId,
    authz::{Operation, Role},
    collaboration::INVITERS,
};
use service::RoleRefusal;

/// What roles are for, in plain words: the key of a text, and the operations that it stands for. All of them go together in
/// the table of the model, which a test holds.
const ABILITIES: &[(&str, &[Operation])] = &[
    (
        "ability-external",
        &[
            Operation::UpdatePolicy,
            Operation::UpdateAuthenticationFlows,
            Operation::UpdateInvitationDomains,
            Operation::UpdateIdentityProviders,
        ],
    ),
    ("ability-providers", &[Operation::ReadIdentityProviders]),
    ("ability-partners", &[Operation::UpdateCrossTenantAccess]),
    ("ability-inviting", &[Operation::UpdateAuthorizationPolicy]),
    ("ability-organization", &[Operation::UpdateOrganization]),
    ("ability-create", &[Operation::CreateUser, Operation::WriteGroup, Operation::WriteMembers]),
    (
        "ability-users",
        &[
            Operation::UpdateUser,
            Operation::RevokeSessions,
            Operation::DeleteUser,
            Operation::RestoreUser,
            Operation::PurgeUser,
            Operation::SettleHomeDeletions,
        ],
    ),
    ("ability-deleted", &[Operation::ReadDeleted]),
    ("ability-roles", &[Operation::AssignRoles, Operation::WriteAppRoleAssignments]),
    ("ability-apps", &[Operation::WriteApplications, Operation::WriteDelegatedGrants]),
    ("ability-audit", &[Operation::ReadAudit]),
];

/// What a role allows beyond what every role does: keys of the texts.
pub(super) fn abilities(role: Role) -> Vec<&'static str> {
    let allows = |operation: &Operation| operation.rule().roles.contains(&role);
    let by_table =
        ABILITIES.iter().filter(|(_, operations)| operations.iter().all(allows)).map(|(key, _)| *key);
    by_table.chain(INVITERS.contains(&role).then_some("ability-invite")).collect()
}

fn is_everything(role: Role) -> bool {
    abilities(role).len() > ABILITIES.len()
}

/// A role and who holds it.
#[derive(Clone, Debug)]
pub struct RoleLine {
    /// Which.
    pub role: Role,
    /// Names of some who hold it.
    pub holders: Vec<String>,
    /// How many more hold it.
    pub more: u64,
}

impl RoleLine {
    const fn name_key(&self) -> &'static str {
        words::role(self.role)
    }

    fn link(&self) -> String {
        paths::role(self.role)
    }

    fn abilities(&self) -> Vec<&'static str> {
        if is_everything(self.role) { vec!["ability-everything"] } else { abilities(self.role) }
    }
}

/// Every role.
#[derive(Clone, Debug, Template)]
#[template(path = "roles.html")]
pub struct Roles {
    /// What is around it.
    pub page: Page,
    /// All of them.
    pub roles: Vec<RoleLine>,
}

impl Roles {
    /// Those in use first.
    fn sections(&self) -> Vec<(&'static str, Vec<&RoleLine>)> {
        let (held, unheld): (Vec<_>, Vec<_>) = self.roles.iter().partition(|line| !line.holders.is_empty());
        [("roles-held", held), ("roles-unheld", unheld)]
            .into_iter()
            .filter(|(_, lines)| !lines.is_empty())
            .collect()
    }
}

/// Somebody who holds a role, or may come to.
#[derive(Clone, Debug)]
pub struct RolePerson {
    /// The object.
    pub id: ObjectId,
    /// Display name.
    pub name: String,
    /// User name here.
    pub user_name: String,
    /// Mail address.
    pub mail: Option<String>,
    /// Homed elsewhere.
    pub external: bool,
    /// Blocked from signing in.
    pub blocked: bool,
}

impl RolePerson {
    const fn kind_key(&self) -> &'static str {
        if self.external { "person-external" } else { "person-internal" }
    }
}

/// What was just done to a role.
#[derive(Clone, Debug)]
pub enum RoleNotice {
    /// Given.
    Given {
        /// To whom.
        name: String,
    },
    /// Taken.
    Taken {
        /// From whom.
        name: String,
    },
}

/// One role. Fields sent to [`RoleAsk`] (`GET`): `person`.
#[derive(Clone, Debug, Template)]
#[template(path = "role.html")]
pub struct RolePage {
    /// What is around it.
    pub page: Page,
    /// Which.
    pub role: Role,
    /// This part of those who hold it.
    pub holders: Vec<RolePerson>,
    /// The other parts.
    pub pages: Pages,
    /// The signed-in role may give and take it.
    pub may_assign: bool,
    /// To whom it is to be given.
    pub person: Field,
    /// What was just done.
    pub notice: Option<RoleNotice>,
}

impl RolePage {
    const fn name_key(&self) -> &'static str {
        words::role(self.role)
    }

    fn abilities(&self) -> Vec<&'static str> {
        abilities(self.role)
    }

    fn problems(&self) -> Problems {
        problems(&[("person", "role-give-field", &self.person)])
    }

    fn give(&self) -> String {
        paths::role_give(self.role)
    }

    fn take(&self, holder: &RolePerson) -> String {
        paths::role_take(self.role, &holder.id)
    }

    fn notice_text(&self) -> Option<String> {
        Some(match self.notice.as_ref()? {
            RoleNotice::Given { name } => self.page.t1("role-given", "name", name),
            RoleNotice::Taken { name } => self.page.t1("role-taken", "name", name),
        })
    }
}

/// Asks before a role is given or taken. Fields sent: `csrf`, `id`.
#[derive(Clone, Debug, Template)]
#[template(path = "role_ask.html")]
pub struct RoleAsk {
    /// What is around it.
    pub page: Page,
    /// Which.
    pub role: Role,
    /// It is given, not taken.
    pub giving: bool,
    /// Whom it is about.
    pub person: RolePerson,
    /// The roles that the person holds now.
    pub held: Vec<Role>,
    /// It is the reader.
    pub oneself: bool,
    /// Why it cannot be.
    pub refusal: Option<RoleRefusal>,
}

impl RoleAsk {
    fn title(&self) -> String {
        let key = if self.giving { "role-give-ask" } else { "role-take-ask" };
        self.page.t2(key, "name", &self.person.name, "role", self.page.t(words::role(self.role)))
    }

    const fn role_key(&self) -> &'static str {
        words::role(self.role)
    }

    fn back(&self) -> String {
        paths::role(self.role)
    }

    fn action(&self) -> String {
        // Whoever has to sign in again comes back to the same question.
        let id = &self.person.id;
        if self.giving {
            format!("{}?person={id}", paths::role_give(self.role))
        } else {
            paths::role_take(self.role, id)
        }
    }

    fn abilities(&self) -> Vec<&'static str> {
        abilities(self.role)
    }

    fn held_names(&self) -> Vec<String> {
        self.held.iter().map(|role| self.page.t(words::role(*role))).collect()
    }

    const fn refusal_key(&self) -> Option<&'static str> {
        match self.refusal {
            None => None,
            Some(RoleRefusal::Held) => Some("role-refused-held"),
            Some(RoleRefusal::NotHeld) => Some("role-refused-not-held"),
            Some(RoleRefusal::Outsider) => Some("role-refused-outsider"),
            Some(RoleRefusal::OutsiderByOutsider) => Some("role-refused-outsider-by-outsider"),
            Some(RoleRefusal::LastAdministrator) => Some("role-refused-last-administrator"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_for_roles_cover_the_table_and_hide_nothing_in_it() {
        for operation in Operation::ALL {
            let told = ABILITIES.iter().filter(|(_, operations)| operations.contains(&operation)).count();
            let needs_a_role = !operation.rule().roles.is_empty();
            assert_eq!(told, usize::from(needs_a_role), "{operation:?}");
        }
        for (key, operations) in ABILITIES {
            for operation in *operations {
                let together = operations.iter().all(|other| other.rule().roles == operation.rule().roles);
                assert!(together, "{key}: {operation:?} is for other roles than the rest");
            }
        }
    }

    #[test]
    fn only_the_global_administrator_may_everything() {
        let every: Vec<Role> = Role::ALL.iter().copied().filter(|role| is_everything(*role)).collect();
        assert_eq!(every, [Role::GlobalAdministrator]);
        assert_eq!(abilities(Role::GuestInviter), ["ability-invite"]);
        assert_eq!(abilities(Role::PartnerTier1Support), [""; 0]);
    }
}
