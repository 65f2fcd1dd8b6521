//! Who plays in the demonstration.

use model::authz::{Permission, Role};
use store::GrantKind;

/// An organisation; people are given by name, and their user names are made from it.
#[derive(Clone, Copy)]
pub(super) struct Organisation {
    pub(super) name: &'static str,
    pub(super) domain: &'static str,
    /// The Global Administrator.
    pub(super) administrator: &'static str,
    pub(super) members: &'static [&'static str],
}

pub(super) const CONTOSO: Organisation = Organisation {
    name: "Contoso",
    domain: "contoso.example",
    administrator: "Amara Osei",
    members: &[
        "Lars Eriksen",
        "Farah Siddiqui",
        "Daniel Okonkwo",
        "Yuki Tanaka",
        "Marta Kowalczyk",
        "Benedikt Huber",
    ],
};

pub(super) const FABRIKAM: Organisation = Organisation {
    name: "Fabrikam",
    domain: "fabrikam.example",
    administrator: "Rosa Delgado",
    members: &[
        GUEST_NAME,
        "Lukas Novak",
        "Chidinma Eze",
        "Sofia Marchetti",
        "Kenji Watanabe",
        "Aisha Rahman",
        "Mateo Fernandez",
        "Ingrid Solberg",
        "Dmitri Volkov",
        "Omar Farouk",
        "Helen Abernathy",
    ],
};

pub(super) const WOODGROVE: Organisation = Organisation {
    name: "Woodgrove Bank",
    domain: "woodgrove.example",
    administrator: "Edmund Blackwood",
    members: &["Nadia Petrova", "Samuel Adjei", "Charlotte Meunier"],
};

pub(super) const TAILWIND: Organisation = Organisation {
    name: "Tailwind Traders",
    domain: "tailwind.example",
    administrator: "Ines Ferreira",
    members: &["Paul Schneider", "Zanele Khumalo"],
};

/// A member of Fabrikam who is a guest everywhere else.
pub(super) const GUEST_NAME: &str = "Priya Raman";
pub(super) const GUEST: &str = "priya.raman@fabrikam.example";
/// A guest of Contoso with a mailbox and no home tenant.
pub(super) const PERSONAL: &str = "samira.nazari@mailbox.example";

/// Contoso's administrators; the Global Administrator comes first.
pub(super) const ADMINISTRATORS: &[(Role, &str)] = &[
    (Role::GlobalAdministrator, CONTOSO.administrator),
    (Role::ExternalIdentityProviderAdministrator, "Henrik Lindqvist"),
    (Role::UserAdministrator, "Meiling Zhou"),
    (Role::GuestInviter, "Leila Haddad"),
    (Role::GlobalReader, "Tomas Herrera"),
    (Role::SecurityAdministrator, "Jonas Weber"),
    (Role::SecurityReader, "Aoife Byrne"),
    (Role::ReportsReader, "Rohan Mehta"),
    (Role::AuthenticationAdministrator, "Camille Laurent"),
    (Role::PrivilegedAuthenticationAdministrator, "Viktor Petrenko"),
];

/// Contoso's groups; guests name them by position.
pub(super) const GROUPS: [&str; 3] = ["Project Harbour", "Supplier portal", "Annual audit"];

/// What became of a guest; days ago.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Has not accepted yet.
    Pending,
    /// Accepted, and works here.
    Accepted,
    /// Accepted, later blocked.
    Disabled(i64),
    /// Accepted, later left.
    Left(i64),
    /// Accepted, later removed by an administrator.
    Removed(i64),
    /// Left so long ago that the permanent deletion is about to happen.
    Due,
}

/// A guest of Contoso.
pub(super) struct Guest {
    pub(super) name: &'static str,
    pub(super) address: &'static str,
    pub(super) invited_days: i64,
    pub(super) fate: Fate,
    /// Positions in [`GROUPS`].
    pub(super) groups: &'static [usize],
}

const fn guest(
    name: &'static str,
    address: &'static str,
    invited_days: i64,
    fate: Fate,
    groups: &'static [usize],
) -> Guest {
    Guest { name, address, invited_days, fate, groups }
}

/// Contoso's guests.
pub(super) const GUESTS: &[Guest] = &[
    guest(GUEST_NAME, GUEST, 240, Fate::Accepted, &[0, 1]),
    guest("Samira Nazari", PERSONAL, 230, Fate::Accepted, &[1]),
    guest("Lukas Novak", "lukas.novak@fabrikam.example", 225, Fate::Accepted, &[0]),
    guest("Chidinma Eze", "chidinma.eze@fabrikam.example", 221, Fate::Accepted, &[0, 2]),
    guest("Sofia Marchetti", "sofia.marchetti@fabrikam.example", 190, Fate::Accepted, &[]),
    guest("Kenji Watanabe", "kenji.watanabe@fabrikam.example", 187, Fate::Accepted, &[1]),
    guest("Aisha Rahman", "aisha.rahman@fabrikam.example", 180, Fate::Accepted, &[]),
    guest("João Pereira", "joao.pereira@mailbox.example", 176, Fate::Accepted, &[1]),
    guest("Nguyễn Thị Lan", "lan.nguyen@letterbox.example", 160, Fate::Accepted, &[]),
    guest("Oluwaseun Adeyemi", "seun.adeyemi@mailbox.example", 154, Fate::Accepted, &[2]),
    guest("Freyja Jónsdóttir", "freyja@post.example", 131, Fate::Accepted, &[0]),
    guest("Mateo Fernandez", "mateo.fernandez@fabrikam.example", 9, Fate::Pending, &[]),
    guest("Ravi Subramaniam", "ravi.subramaniam@fabrikam.example", 21, Fate::Pending, &[1]),
    guest("Elif Yılmaz", "elif.yilmaz@mailbox.example", 6, Fate::Pending, &[0]),
    guest("Tāne Ngata", "tane.ngata@post.example", 3, Fate::Pending, &[]),
    guest("Claire Dubois", "claire.dubois@letterbox.example", 44, Fate::Pending, &[]),
    guest("Ingrid Solberg", "ingrid.solberg@fabrikam.example", 170, Fate::Disabled(15), &[0]),
    guest("Dmitri Volkov", "dmitri.volkov@fabrikam.example", 166, Fate::Disabled(15), &[]),
    guest("Hana Kowalska", "hana.kowalska@post.example", 149, Fate::Disabled(70), &[2]),
    guest("Yusuf Demir", "yusuf.demir@mailbox.example", 120, Fate::Left(1), &[0, 1]),
    guest("Beatriz Costa", "beatriz.costa@letterbox.example", 118, Fate::Removed(5), &[1]),
    guest("Omar Farouk", "omar.farouk@fabrikam.example", 110, Fate::Left(12), &[]),
    guest("Grace Mwangi", "grace.mwangi@post.example", 104, Fate::Removed(20), &[2]),
    guest("Piotr Zieliński", "piotr.zielinski@mailbox.example", 99, Fate::Left(29), &[]),
    guest("Noor van Dijk", "noor.vandijk@letterbox.example", 90, Fate::Due, &[0]),
];

/// All permissions in delegated form.
pub(super) fn delegated_grants() -> Vec<(GrantKind, Permission)> {
    Permission::ALL.iter().map(|permission| (GrantKind::Delegated, *permission)).collect()
}

/// All permissions in every form that there is.
pub(super) fn all_grants() -> Vec<(GrantKind, Permission)> {
    let own = Permission::ALL.iter().filter(|permission| permission.application_id().is_some());
    own.map(|permission| (GrantKind::Application, *permission)).chain(delegated_grants()).collect()
}
