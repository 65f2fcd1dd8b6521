//! The external collaboration settings and the pages around them.

use super::{HOSTILE, Role, admin, as_role, object, rendered};
use crate::pages::{
    paths,
    view::{
        Field, Pages, Problem, Removal, RemovalLine, Section, Settings, SettingsConfirm, SettingsError,
        SettingsQuestion, Texts,
    },
};
use model::collaboration::{DomainMode, GuestAccess, InvitesFrom};

fn settings(texts: Texts, allow_leave: bool, count: u64) -> Settings {
    Settings {
        page: admin(texts, paths::SETTINGS),
        guest_access: GuestAccess::Limited,
        invites_from: InvitesFrom::Everyone,
        self_service: !allow_leave,
        allow_leave,
        mode: DomainMode::Any,
        domains: Field::default(),
        wrong_domains: Vec::new(),
        allow_removal: !allow_leave,
        guest_administrators: !allow_leave,
        version: "7.0.0.3".to_owned(),
        privacy_complete: true,
        may_leave: count,
        with_home_here: count,
        earlier_cases: count,
        outside_administrators: count,
        saved: false,
        error: None,
    }
}

fn all_settings(texts: Texts) -> Vec<Settings> {
    let as_reader =
        |role| Settings { page: as_role(texts, paths::SETTINGS, role), ..settings(texts, false, 25) };
    let mut samples = vec![
        settings(texts, true, 25),
        Settings { saved: true, ..settings(texts, false, 1) },
        Settings { privacy_complete: false, ..settings(texts, true, 0) },
        as_reader(Role::GlobalReader),
        as_reader(Role::ExternalIdentityProviderAdministrator),
        as_reader(Role::PrivilegedRoleAdministrator),
        Settings {
            guest_access: GuestAccess::Restricted,
            invites_from: InvitesFrom::None,
            mode: DomainMode::Allow,
            domains: Field::wrong(format!("fabrikam.example\n{HOSTILE}"), Problem::NotADomain),
            wrong_domains: vec![HOSTILE.to_owned()],
            error: Some((Section::Domains, SettingsError::Domains)),
            ..settings(texts, true, 2)
        },
    ];
    let errors = [
        (Section::Leave, SettingsError::PrivacyInformationMissing),
        (Section::Invites, SettingsError::NothingChosen),
        (Section::Removal, SettingsError::ChangedMeanwhile),
        (Section::GuestAdministrators, SettingsError::NotAllowed),
    ];
    samples.extend(errors.map(|error| Settings { error: Some(error), ..settings(texts, true, 2) }));
    samples
}

fn confirmations(texts: Texts) -> Vec<SettingsConfirm> {
    let shut_out = |count, at_least| SettingsQuestion::ShutOut {
        count,
        at_least,
        addresses: vec!["ana@fabrikam.example".to_owned(), HOSTILE.to_owned()],
    };
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    [
        SettingsQuestion::GuestsSeeAll { count: 0 },
        SettingsQuestion::GuestsSeeAll { count: 1 },
        SettingsQuestion::GuestsSeeAll { count: 25 },
        SettingsQuestion::GuestAdministrators,
        shut_out(1, false),
        shut_out(2, false),
        shut_out(20_000, true),
    ]
    .map(|question| SettingsConfirm {
        page: admin(texts, paths::SETTINGS),
        question,
        fields: vec![
            field("version", "7.0.0.3"),
            field("section", "restrictions"),
            field("domains", HOSTILE),
        ],
    })
    .into()
}

fn removals(texts: Texts) -> Vec<Removal> {
    let line = |n, name: &str| RemovalLine {
        id: object(n),
        name: name.to_owned(),
        user_name: format!("guest{n}_fabrikam.example#EXT#@contoso.example"),
        home: "fabrikam.example".to_owned(),
    };
    let make = |is_on, count| Removal {
        page: admin(texts, paths::REMOVAL),
        is_on,
        touched: count,
        untouched: count,
        earlier_cases: count,
        lines: vec![line(1, "Bo Lindqvist"), line(2, HOSTILE), line(3, "陈晓")],
        pages: Pages::default(),
        version: "7.0.0.3".to_owned(),
    };
    let address = || Some(format!("{}?after=x", paths::REMOVAL));
    vec![
        Removal { pages: Pages { first: address(), next: address() }, ..make(false, 25) },
        make(true, 1),
        Removal { lines: Vec::new(), ..make(false, 0) },
        Removal { page: as_role(texts, paths::REMOVAL, Role::GuestInviter), ..make(false, 25) },
    ]
}

pub(super) fn all(texts: Texts) -> Vec<(&'static str, usize, String)> {
    [
        rendered("settings.html", all_settings(texts)),
        rendered("settings_confirm.html", confirmations(texts)),
        rendered("removal.html", removals(texts)),
    ]
    .concat()
}
