//! Roles, apps, and the audit log.

use super::{HOSTILE, as_role, at, later, now, object, rendered};
use crate::pages::{
    i18n::Texts,
    paths,
    view::{
        AppAsk, AppCertificateNew, AppGrant, AppKind, AppLine, AppNew, AppNotice, AppPage,
        AppPermissionsChoice, AppQuestion, AppSecretNew, AppSecretShown, AppState, Apps, Audit, AuditChange,
        AuditFilter, AuditLine, AuditParty, AuditRecord, AuditTarget, CatalogueRow, Credential, Field, Life,
        Page, Pages, PermissionRow, Problem, RoleAsk, RoleLine, RoleNotice, RolePage, RolePerson, Roles,
        Through,
    },
};
use model::{
    AppId,
    audit::Activity,
    authz::{Permission, Role},
};
use service::RoleRefusal;
use uuid::Uuid;

fn admin(texts: Texts, path: &str) -> Page {
    as_role(texts, path, Role::GlobalAdministrator)
}

fn app_id(n: u8) -> AppId {
    format!("22222222-3333-4444-8555-6666666666{n:02x}").parse().expect("an id")
}

fn pages() -> Pages {
    Pages { first: Some("/admin/roles".to_owned()), next: Some("/admin/roles?after=x".to_owned()) }
}

fn person(n: u8, name: &str, external: bool) -> RolePerson {
    RolePerson {
        id: object(n),
        name: name.to_owned(),
        user_name: "ana_fabrikam.example#EXT#@contoso.example".to_owned(),
        mail: external.then(|| "ana@fabrikam.example".to_owned()),
        external,
        blocked: external,
    }
}

impl Roles {
    fn samples(texts: Texts) -> Vec<Self> {
        let holders = |role: &Role| match role {
            Role::GlobalAdministrator => vec!["Ana Oliveira".to_owned(), HOSTILE.to_owned()],
            Role::UserAdministrator => vec!["Meiling Zhou".to_owned()],
            _ => Vec::new(),
        };
        let line = |role: &Role| {
            let holders = holders(role);
            RoleLine { role: *role, more: holders.len() as u64 - u64::from(!holders.is_empty()), holders }
        };
        vec![Self { page: admin(texts, paths::ROLES), roles: Role::ALL.iter().map(line).collect() }]
    }
}

impl RolePage {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |role, holders, may_assign| Self {
            page: admin(texts, &paths::role(role)),
            role,
            holders,
            pages: Pages::default(),
            may_assign,
            person: Field::default(),
            notice: None,
        };
        let both = || vec![person(1, HOSTILE, false), person(2, "Ana Oliveira", true)];
        vec![
            Self {
                pages: pages(),
                notice: Some(RoleNotice::Given { name: HOSTILE.to_owned() }),
                ..make(Role::GlobalAdministrator, both(), true)
            },
            Self {
                person: Field::wrong(HOSTILE, Problem::NobodyFound),
                ..make(Role::PartnerTier1Support, Vec::new(), true)
            },
            Self {
                notice: Some(RoleNotice::Taken { name: "Ana Oliveira".to_owned() }),
                ..make(Role::UserAdministrator, both(), false)
            },
        ]
    }
}

impl RoleAsk {
    fn samples(texts: Texts) -> Vec<Self> {
        let role = Role::GlobalAdministrator;
        let make = |giving, refusal| Self {
            page: admin(texts, &paths::role_give(role)),
            role,
            giving,
            person: person(1, HOSTILE, true),
            held: vec![Role::GuestInviter, Role::ReportsReader],
            oneself: false,
            refusal,
        };
        let refusals = [
            (true, RoleRefusal::Held),
            (false, RoleRefusal::NotHeld),
            (true, RoleRefusal::Outsider),
            (true, RoleRefusal::OutsiderByOutsider),
            (false, RoleRefusal::LastAdministrator),
        ];
        let mut samples = vec![
            Self { held: Vec::new(), person: person(1, "Meiling Zhou", false), ..make(true, None) },
            Self { oneself: true, ..make(false, None) },
        ];
        samples.extend(refusals.map(|(giving, refusal)| make(giving, Some(refusal))));
        samples
    }
}

impl Apps {
    fn samples(texts: Texts) -> Vec<Self> {
        let line = |n, name: &str, state, life| AppLine {
            id: app_id(n),
            name: name.to_owned(),
            public: life == Some(Life::Over),
            state,
            credentials: u64::from(n),
            life,
            created: now(),
        };
        let apps = vec![
            line(0, "Supplier portal", AppState::On, None),
            line(1, HOSTILE, AppState::Off, Some(Life::Over)),
            line(2, "Ana", AppState::NoPrincipal, Some(Life::Soon(1))),
            line(3, "Ana", AppState::On, Some(Life::Soon(12))),
            line(4, "Ana", AppState::On, Some(Life::Long)),
        ];
        let make = |apps, may_register, deleted| Self {
            page: admin(texts, paths::APPS),
            apps,
            pages: Pages::default(),
            may_register,
            deleted,
        };
        vec![Self { pages: pages(), ..make(apps, true, false) }, make(Vec::new(), false, true)]
    }
}

impl AppNew {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |name, kind, addresses| Self {
            page: admin(texts, paths::APP_NEW),
            name,
            kind,
            addresses,
            once: "x.y".to_owned(),
        };
        vec![
            make(Field::default(), AppKind::Web, Field::default()),
            make(
                Field::wrong("", Problem::Missing),
                AppKind::Device,
                Field::wrong(HOSTILE, Problem::NotAnAppAddress),
            ),
        ]
    }
}

fn credential(n: u8, name: Option<&str>, life: Life) -> Credential {
    Credential {
        id: Uuid::from_u128(u128::from(n)),
        name: name.map(str::to_owned),
        mark: "aB3…".to_owned(),
        created: now(),
        expires: later(),
        life,
    }
}

fn row(permission: Permission, own: bool) -> PermissionRow {
    PermissionRow {
        permission,
        own,
        asked: true,
        granted: false,
        since: None,
        people: 0,
        changeable: true,
        grantable: true,
    }
}

fn rows() -> Vec<PermissionRow> {
    vec![
        PermissionRow { people: 1, ..row(Permission::UserRead, false) },
        row(Permission::UserReadAll, false),
        PermissionRow {
            granted: true,
            since: Some(now()),
            people: 12,
            ..row(Permission::GroupReadAll, false)
        },
        PermissionRow { granted: true, changeable: false, ..row(Permission::UserInviteAll, true) },
    ]
}

impl AppPage {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |state, notice| Self {
            page: admin(texts, &paths::app(&app_id(1))),
            id: app_id(1),
            title: HOSTILE.to_owned(),
            application: object(1),
            principal: (state != AppState::NoPrincipal).then(|| object(2)),
            created: now(),
            state,
            name: Field::of(HOSTILE),
            public: false,
            web: Field::of("https://app.example/cb\nhttps://app.example/other"),
            spa: Field::default(),
            device: Field::of("http://localhost"),
            version: 3,
            secrets: vec![
                credential(1, Some(HOSTILE), Life::Over),
                credential(2, None, Life::Soon(0)),
                credential(3, Some("Ana"), Life::Long),
            ],
            certificates: vec![credential(4, None, Life::Long)],
            permissions: rows(),
            unknown: 2,
            may_change: true,
            may_grant: true,
            notice,
            changed_meanwhile: false,
        };
        let bare = Self {
            title: "Supplier portal".to_owned(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            permissions: Vec::new(),
            unknown: 0,
            ..make(AppState::NoPrincipal, None)
        };
        let mut samples = vec![
            make(AppState::On, None),
            Self { public: true, unknown: 1, ..make(AppState::Off, None) },
            Self { may_change: false, may_grant: false, ..make(AppState::On, None) },
            Self {
                changed_meanwhile: true,
                name: Field::wrong("", Problem::Missing),
                web: Field::wrong(HOSTILE, Problem::NotAnAppAddress),
                ..bare.clone()
            },
            Self { public: true, ..bare.clone() },
        ];
        let notices = [
            AppNotice::Registered,
            AppNotice::Saved,
            AppNotice::CredentialAdded,
            AppNotice::CredentialRemoved,
            AppNotice::Granted(0),
            AppNotice::Granted(1),
            AppNotice::Granted(3),
            AppNotice::Revoked,
            AppNotice::On,
            AppNotice::Off,
        ];
        samples.extend(notices.map(|notice| Self { notice: Some(notice), ..bare.clone() }));
        samples
    }
}

impl AppSecretNew {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |name, too_old| Self {
            page: admin(texts, &format!("{}/secrets/new", paths::app(&app_id(1)))),
            id: app_id(1),
            title: HOSTILE.to_owned(),
            name,
            days: 180,
            offer: "sealed".to_owned(),
            too_old,
        };
        vec![make(Field::default(), false), make(Field::wrong(HOSTILE, Problem::TooLong), true)]
    }
}

impl AppSecretShown {
    fn samples(texts: Texts) -> Vec<Self> {
        vec![Self {
            page: admin(texts, &format!("{}/secrets/new", paths::app(&app_id(1)))),
            id: app_id(1),
            title: HOSTILE.to_owned(),
            secret: "aB3xY9cD7eF1gH5iJ2kL8mN4oP6qR0sT3uV9wX1yZ5a".to_owned(),
            expires: later(),
        }]
    }
}

impl AppCertificateNew {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |name, certificate| Self {
            page: admin(texts, &format!("{}/certificates/new", paths::app(&app_id(1)))),
            id: app_id(1),
            title: HOSTILE.to_owned(),
            name,
            certificate,
        };
        let wrong = Field::wrong(HOSTILE, Problem::NotACertificate);
        vec![
            make(Field::default(), Field::default()),
            make(Field::wrong(HOSTILE, Problem::Unshowable), wrong),
        ]
    }
}

impl AppPermissionsChoice {
    fn samples(texts: Texts) -> Vec<Self> {
        let line = |one: &Permission| CatalogueRow {
            people: PermissionRow { granted: *one == Permission::UserRead, ..row(*one, false) },
            own: one
                .application_id()
                .map(|_| PermissionRow { grantable: *one != Permission::UserInviteAll, ..row(*one, true) }),
        };
        let make = |nothing_chosen, public, people_only| Self {
            page: admin(texts, &format!("{}/permissions/add", paths::app(&app_id(1)))),
            id: app_id(1),
            title: HOSTILE.to_owned(),
            catalogue: Permission::ALL.iter().map(line).collect(),
            nothing_chosen,
            public,
            people_only,
        };
        vec![make(false, false, false), make(true, true, true)]
    }
}

impl AppGrant {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |permissions| Self {
            page: admin(texts, &format!("{}/permissions/grant", paths::app(&app_id(1)))),
            id: app_id(1),
            title: HOSTILE.to_owned(),
            organization: HOSTILE.to_owned(),
            permissions,
        };
        vec![make(rows()), make(vec![row(Permission::UserRead, false)])]
    }
}

impl AppAsk {
    fn samples(texts: Texts) -> Vec<Self> {
        let delete = |credentials, permissions| AppQuestion::Delete { credentials, permissions };
        [
            AppQuestion::SwitchOff,
            delete(0, 0),
            delete(1, 1),
            delete(3, 12),
            AppQuestion::RemoveSecret(credential(1, Some(HOSTILE), Life::Long)),
            AppQuestion::RemoveSecret(credential(1, None, Life::Over)),
            AppQuestion::RemoveCertificate(credential(1, Some(HOSTILE), Life::Long)),
            AppQuestion::RemoveCertificate(credential(1, None, Life::Long)),
            AppQuestion::Revoke(rows()[0]),
            AppQuestion::Revoke(rows()[3]),
        ]
        .map(|question| Self {
            page: admin(texts, &paths::app(&app_id(1))),
            id: app_id(1),
            title: HOSTILE.to_owned(),
            question,
        })
        .into()
    }
}

fn named(name: &str, user_name: Option<&str>) -> AuditParty {
    AuditParty::Named {
        name: name.to_owned(),
        user_name: user_name.map(str::to_owned),
        id: Some(object(1).to_string()),
    }
}

fn line(activity: Activity, who: AuditParty, whom: Vec<AuditParty>) -> AuditLine {
    AuditLine {
        id: format!("Directory_{}", Uuid::nil()),
        at: now(),
        activity,
        who,
        success: whom.len() != 2,
        whom,
    }
}

impl Audit {
    fn samples(texts: Texts) -> Vec<Self> {
        let ana = || named("Ana Oliveira", Some("ana@fabrikam.example"));
        let erased = || AuditParty::Erased { id: object(2).to_string() };
        let mut lines = vec![
            line(Activity::UpdatePolicy, ana(), vec![named("External identities policy", None)]),
            line(Activity::AddRoleMember, named(HOSTILE, None), vec![ana(), named(HOSTILE, None)]),
            line(Activity::CreateCompany, AuditParty::Operator, Vec::new()),
            line(Activity::HardDeleteUser, AuditParty::Server, vec![erased()]),
            line(Activity::SignInRefused, AuditParty::Nobody, Vec::new()),
            line(Activity::LeaveOrganization, erased(), vec![erased()]),
        ];
        let filter = AuditFilter {
            activity: Some(Activity::UpdateAppSecrets),
            who: HOSTILE.to_owned(),
            whom: HOSTILE.to_owned(),
            from: Field::of("2026-11-21"),
            to: Field::wrong("x", Problem::NotADate),
            success: Some(false),
        };
        let make = |lines, filter, query: &str| Self {
            page: admin(texts, paths::AUDIT),
            filter,
            lines,
            pages: Pages::default(),
            looked_to: None,
            query: query.to_owned(),
        };
        let all = lines.clone();
        lines.truncate(1);
        vec![
            Self { pages: pages(), ..make(all, AuditFilter::default(), "") },
            make(Vec::new(), filter, "who=x"),
            Self {
                looked_to: Some(at("2026-01-01T00:00:00Z")),
                ..make(lines, AuditFilter { success: Some(true), ..AuditFilter::default() }, "result=success")
            },
        ]
    }
}

impl AuditRecord {
    fn samples(texts: Texts) -> Vec<Self> {
        let change = |name: &str, old: Option<&str>, new: Option<&str>| AuditChange {
            name: name.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        let target = |kind: &str, changes| AuditTarget {
            kind: kind.to_owned(),
            party: named(HOSTILE, Some("ana@fabrikam.example")),
            changes,
        };
        let make = |line: AuditLine, targets| Self {
            page: admin(texts, &paths::audit_record(&line.id)),
            line,
            sequence: 4711,
            reason: None,
            through: None,
            correlation: Uuid::nil().to_string(),
            targets,
            details: Vec::new(),
        };
        let ana = || named("Ana Oliveira", Some("ana@fabrikam.example"));
        let changes = vec![
            change("allowExternalIdentitiesToLeave", Some("true"), Some("false")),
            change("displayName", None, Some(HOSTILE)),
            change("mail", Some(HOSTILE), None),
        ];
        vec![
            Self {
                reason: Some("unchanged".to_owned()),
                through: Some(Through::App(app_id(1))),
                details: vec![
                    ("policyVersion".to_owned(), "3".to_owned()),
                    ("name".to_owned(), HOSTILE.to_owned()),
                ],
                ..make(
                    line(Activity::UpdatePolicy, ana(), vec![ana(), ana()]),
                    vec![target("Policy", changes.clone()), target("User", changes)],
                )
            },
            make(
                line(Activity::UpdateUser, AuditParty::Erased { id: object(2).to_string() }, Vec::new()),
                ["User", "Directory", "App", "Role", "Group", "IdentityProvider", "Other"]
                    .map(|kind| target(kind, Vec::new()))
                    .into(),
            ),
        ]
    }
}

pub(super) fn all(texts: Texts) -> Vec<(&'static str, usize, String)> {
    [
        rendered("roles.html", Roles::samples(texts)),
        rendered("role.html", RolePage::samples(texts)),
        rendered("role_ask.html", RoleAsk::samples(texts)),
        rendered("apps.html", Apps::samples(texts)),
        rendered("app_new.html", AppNew::samples(texts)),
        rendered("app.html", AppPage::samples(texts)),
        rendered("app_secret_new.html", AppSecretNew::samples(texts)),
        rendered("app_secret.html", AppSecretShown::samples(texts)),
        rendered("app_certificate_new.html", AppCertificateNew::samples(texts)),
        rendered("app_permissions.html", AppPermissionsChoice::samples(texts)),
        rendered("app_grant.html", AppGrant::samples(texts)),
        rendered("app_ask.html", AppAsk::samples(texts)),
        rendered("audit.html", Audit::samples(texts)),
        rendered("audit_record.html", AuditRecord::samples(texts)),
    ]
    .concat()
}
