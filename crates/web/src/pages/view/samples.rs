//! Every page in every state, with the names that a hostile tenant might choose among them.

use super::*;
use crate::pages::paths;
use askama::Template;
use model::{DeletionCause, ObjectId, TenantId, leave::Reason};

const HOSTILE: &str = "<script>alert(1)</script> & \"Söhne\" \u{202e}gnp";

fn object(n: u8) -> ObjectId {
    format!("11111111-2222-4333-8444-5555555555{n:02x}").parse().expect("an id")
}

fn tenant(n: u8) -> TenantId {
    format!("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeee{n:02x}").parse().expect("an id")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn now() -> Timestamp {
    at("2026-11-21T05:30:00Z")
}

fn later() -> Timestamp {
    at("2026-12-21T05:30:00Z")
}

fn outside(texts: Texts, path: &str) -> Page {
    Page {
        texts,
        path: path.to_owned(),
        query: String::new(),
        csrf: "c5rf".to_owned(),
        account: None,
        organization: None,
    }
}

fn inside(texts: Texts, path: &str) -> Page {
    let account = Account {
        name: "Ana Oliveira".to_owned(),
        user_name: "ana@fabrikam.example".to_owned(),
        administrator: true,
    };
    Page { account: Some(account), query: "tenantId=contoso.example".to_owned(), ..outside(texts, path) }
}

fn admin(texts: Texts, path: &str) -> Page {
    Page { organization: Some("Contoso".to_owned()), ..inside(texts, path) }
}

impl SignIn {
    fn samples(texts: Texts) -> Vec<Self> {
        let user_name = || "ana@fabrikam.example".to_owned();
        let make = |step, error| Self {
            page: outside(texts, paths::SIGN_IN),
            step,
            error,
            return_to: "/myaccount/organizations?tenantId=contoso.example".to_owned(),
            signed_out: false,
            demo: false,
        };
        let password = || SignInStep::Password { user_name: user_name() };
        vec![
            make(SignInStep::UserName { user_name: String::new() }, None),
            Self { signed_out: true, ..make(SignInStep::UserName { user_name: String::new() }, None) },
            make(SignInStep::UserName { user_name: HOSTILE.to_owned() }, Some(SignInError::NotAUserName)),
            make(
                SignInStep::UserName { user_name: String::new() },
                Some(SignInError::NoSuchOrganization { named: HOSTILE.to_owned() }),
            ),
            make(SignInStep::UserName { user_name: user_name() }, Some(SignInError::FormTooOld)),
            make(password(), None),
            make(password(), Some(SignInError::WrongPassword)),
            make(password(), Some(SignInError::Blocked)),
            make(password(), Some(SignInError::TooManyTries { minutes: 1 })),
            make(password(), Some(SignInError::TooManyTries { minutes: 15 })),
            make(SignInStep::Passcode { address: "sam@mail.example".to_owned() }, None),
            Self {
                demo: true,
                ..make(SignInStep::Passcode { address: "sam@mail.example".to_owned() }, None)
            },
            make(
                SignInStep::Passcode { address: "sam@mail.example".to_owned() },
                Some(SignInError::WrongPasscode),
            ),
        ]
    }
}

impl Overview {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |home: Option<&str>, others| Self {
            page: inside(texts, paths::MY_ACCOUNT),
            name: "Ana Oliveira".to_owned(),
            user_name: "ana@fabrikam.example".to_owned(),
            home: home.map(str::to_owned),
            others,
        };
        vec![make(Some("Fabrikam"), 3), make(Some(HOSTILE), 1), make(None, 0)]
    }
}

impl Organization {
    fn sample(n: u8, name: &str, standing: Standing) -> Self {
        Self {
            tenant: tenant(n),
            name: name.to_owned(),
            domain: format!("{}.example", name.split(' ').next().unwrap_or_default().to_lowercase()),
            standing,
            invited_by: Some("Megan Bowen".to_owned()),
            invited_at: Some(at("2026-03-02T09:15:00Z")),
            accepted_at: Some(at("2026-03-03T14:05:00Z")),
            privacy_statement: Some("https://contoso.example/privacy".to_owned()),
            redeem: None,
        }
    }
}

impl Organizations {
    fn samples(texts: Texts) -> Vec<Self> {
        let page = || inside(texts, paths::ORGANIZATIONS);
        let home = HomeOrganization {
            name: "Fabrikam".to_owned(),
            domain: "fabrikam.example".to_owned(),
            privacy_statement: Some("https://fabrikam.example/privacy".to_owned()),
        };
        let pending = Organization {
            redeem: Some("/redeem?ticket=abc".to_owned()),
            accepted_at: None,
            ..Organization::sample(3, "Tailwind Traders", Standing::Pending)
        };
        let hostile = Organization {
            privacy_statement: Some("javascript:alert(1)".to_owned()),
            invited_by: Some(HOSTILE.to_owned()),
            ..Organization::sample(4, HOSTILE, Standing::Blocked)
        };
        let bare = Organization {
            invited_by: None,
            invited_at: None,
            accepted_at: None,
            privacy_statement: None,
            ..Organization::sample(6, "Proseware", Standing::Gone)
        };
        let others = vec![
            Organization::sample(1, "Contoso", Standing::Active),
            Organization::sample(2, "Woodgrove Bank", Standing::LeavingNotAllowed),
            pending,
            Organization::sample(5, "Adatum", Standing::Deleted { until: later() }),
        ];
        vec![
            Self { page: page(), home: Some(home.clone()), others: others.clone() },
            Self { page: page(), home: None, others: vec![hostile, bare] },
            Self {
                page: page(),
                home: Some(HomeOrganization { privacy_statement: None, ..home }),
                others: Vec::new(),
            },
        ]
    }
}

impl LeaveConfirm {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |organization: &str, declining| Self {
            page: inside(texts, &paths::leave(&tenant(1))),
            tenant: tenant(1),
            organization: organization.to_owned(),
            domain: "contoso.example".to_owned(),
            purge_after: later(),
            confirmation: "0nce".to_owned(),
            declining,
        };
        vec![make("Contoso", false), make("Tailwind Traders", true), make(HOSTILE, false)]
    }
}

impl Receipt {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |organization: &str, contact: Option<&str>, declined| Self {
            page: inside(texts, &paths::leave(&tenant(1))),
            organization: organization.to_owned(),
            domain: "contoso.example".to_owned(),
            user_name: "ana@fabrikam.example".to_owned(),
            left_at: now(),
            purge_after: later(),
            contact: contact.map(str::to_owned),
            declined,
            request_id: "7b6f0b9e-0c68-4bb2-9a1c-0f6a0f2f6a11".to_owned(),
        };
        vec![make("Contoso", Some("privacy@contoso.example"), false), make(HOSTILE, None, true)]
    }
}

impl Refused {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |reason, organization: &str, contact: Option<&str>| Self {
            page: inside(texts, &paths::leave(&tenant(2))),
            organization: organization.to_owned(),
            reason,
            contact: contact.map(str::to_owned),
            privacy_statement: contact.map(|_| "https://woodgrove.example/privacy".to_owned()),
            deleted_until: (reason == Reason::AlreadyLeft).then(later),
        };
        let mut samples = vec![
            make(Reason::NotAllowedByOrganization, "Woodgrove Bank", Some("privacy@woodgrove.example")),
            make(Reason::AccountDisabled, HOSTILE, Some("a\"&b?c@woodgrove.example")),
            make(Reason::NotAllowedByOrganization, "Woodgrove Bank", None),
        ];
        samples.extend(
            Reason::ALL.map(|reason| make(reason, "Woodgrove Bank", Some("privacy@woodgrove.example"))),
        );
        samples
    }
}

impl Stale {
    fn samples(texts: Texts) -> Vec<Self> {
        let again = paths::leave(&tenant(1));
        vec![Self { page: inside(texts, &again), organization: HOSTILE.to_owned(), again }]
    }
}

impl Redeem {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |state, statement: Option<&str>| Self {
            page: inside(texts, "/redeem"),
            organization: "Contoso".to_owned(),
            domain: "contoso.example".to_owned(),
            privacy_statement: statement.map(str::to_owned),
            user_name: "ana@fabrikam.example".to_owned(),
            state,
        };
        vec![
            make(RedeemState::Review, Some("https://contoso.example/privacy")),
            make(RedeemState::Review, None),
            make(RedeemState::Used, None),
            make(RedeemState::Revoked, None),
            make(RedeemState::OtherAccount, None),
        ]
    }
}

impl Redeemed {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |organization: &str, onward: Option<&str>| Self {
            page: inside(texts, paths::REDEEM),
            organization: organization.to_owned(),
            onward: onward.map(str::to_owned),
        };
        vec![
            make("Contoso", Some("https://contoso.example/welcome")),
            make(HOSTILE, Some("javascript:alert(1)")),
        ]
    }
}

impl AdminStart {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |sees_deleted| Self {
            page: admin(texts, paths::ADMIN),
            domain: "contoso.example".to_owned(),
            sees_deleted,
        };
        vec![make(true), make(false)]
    }
}

impl Settings {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |allow_leave, external_users, earlier_cases| Self {
            page: admin(texts, paths::SETTINGS),
            allow_leave,
            allow_removal: !allow_leave,
            version: 7,
            may_change: true,
            privacy_complete: true,
            external_users,
            earlier_cases,
            saved: false,
            error: None,
        };
        let mut samples = vec![
            make(true, 25, 3),
            Self { saved: true, ..make(false, 1, 1) },
            Self { privacy_complete: false, ..make(true, 0, 0) },
            Self { may_change: false, ..make(false, 25, 0) },
        ];
        let errors = [
            SettingsError::PrivacyInformationMissing,
            SettingsError::NothingChosen,
            SettingsError::ChangedMeanwhile,
            SettingsError::NotAllowed,
        ];
        samples.extend(errors.map(|error| Self { error: Some(error), ..make(true, 2, 2) }));
        samples
    }
}

fn cases() -> Vec<HomeDeletion> {
    let case = |n, name: &str| HomeDeletion {
        id: object(n),
        name: name.to_owned(),
        user_name: format!("guest{n}_fabrikam.example#EXT#@contoso.example"),
        home: "Fabrikam".to_owned(),
        since: at("2026-10-05T11:20:00Z"),
    };
    vec![case(1, "Bo Lindqvist"), case(2, HOSTILE), case(3, "陈晓")]
}

impl HomeDeletions {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |cases: Vec<HomeDeletion>, may_apply| Self {
            page: admin(texts, paths::HOME_DELETIONS),
            total: cases.len() as u64,
            cases,
            next: None,
            may_apply,
            removed: None,
            nothing_chosen: false,
        };
        vec![
            Self {
                next: Some("/admin/external-collaboration/home-deletions?after=x&n=1".to_owned()),
                ..make(cases(), true)
            },
            Self { nothing_chosen: true, ..make(cases(), true) },
            Self { removed: Some(1), ..make(Vec::new(), true) },
            Self { removed: Some(2), ..make(cases().into_iter().take(1).collect(), false) },
        ]
    }
}

impl HomeDeletionsReview {
    fn samples(texts: Texts) -> Vec<Self> {
        let make =
            |cases| Self { page: admin(texts, paths::HOME_DELETIONS_REVIEW), cases, purge_after: later() };
        vec![make(cases()), make(cases().into_iter().take(1).collect())]
    }
}

impl DeletedUser {
    fn sample(n: u8, name: &str, cause: DeletionCause, manageable: bool) -> Self {
        Self {
            id: object(n),
            name: name.to_owned(),
            user_name: format!("guest{n}_fabrikam.example#EXT#@contoso.example"),
            cause,
            deleted_at: now(),
            purge_after: later(),
            days_left: 29,
            manageable,
        }
    }
}

impl DeletedUsers {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |users, notice| Self {
            page: admin(texts, paths::DELETED_USERS),
            users,
            next: Some("/admin/deleted-users?after=x".to_owned()),
            notice,
        };
        let users = || {
            vec![
                DeletedUser::sample(1, "Ana Oliveira", DeletionCause::Left, true),
                DeletedUser::sample(2, HOSTILE, DeletionCause::Removed, true),
                DeletedUser::sample(3, "陈晓", DeletionCause::HomeDeleted(object(9).uuid()), false),
            ]
        };
        vec![
            make(users(), None),
            make(users(), Some(DeletedNotice::Restored { name: HOSTILE.to_owned() })),
            make(users(), Some(DeletedNotice::NameTaken { name: "Ana Oliveira".to_owned() })),
            make(Vec::new(), Some(DeletedNotice::Purged)),
            make(Vec::new(), Some(DeletedNotice::NoLongerThere)),
        ]
    }
}

impl PurgeConfirm {
    fn samples(texts: Texts) -> Vec<Self> {
        let user = DeletedUser::sample(1, HOSTILE, DeletionCause::Left, true);
        vec![Self { page: admin(texts, &paths::purge(&user.id)), user }]
    }
}

impl Properties {
    fn samples(texts: Texts) -> Vec<Self> {
        let make = |technical, contact, statement| Self {
            page: admin(texts, paths::PROPERTIES),
            name: "Contoso".to_owned(),
            domain: "contoso.example".to_owned(),
            tenant: tenant(1),
            technical_contact: technical,
            privacy_contact: contact,
            privacy_statement: statement,
            version: 3,
            may_change: true,
            saved: false,
            changed_meanwhile: false,
        };
        let good = || {
            make(
                Field::default(),
                Field::of("privacy@contoso.example"),
                Field::of("https://contoso.example/privacy"),
            )
        };
        let wrong = make(
            Field::wrong(HOSTILE, Problem::NotAnAddress),
            Field::wrong("", Problem::NeededByPolicy),
            Field::wrong("ftp://x", Problem::NotALink),
        );
        vec![
            good(),
            Self { saved: true, ..good() },
            Self { may_change: false, ..good() },
            Self { changed_meanwhile: true, ..good() },
            wrong,
        ]
    }
}

impl Setup {
    fn samples(texts: Texts) -> Vec<Self> {
        let page = || outside(texts, paths::SETUP);
        let mut samples = vec![Self::empty(page())];
        samples.extend(Problem::ALL.map(|problem| Self {
            organization: Field::wrong(HOSTILE, problem),
            password: Field::wrong("secret that is not shown", problem),
            ..Self::empty(page())
        }));
        samples
    }
}

impl SetupDone {
    fn samples(texts: Texts) -> Vec<Self> {
        vec![Self {
            page: outside(texts, paths::SETUP),
            organization: HOSTILE.to_owned(),
            user_name: "admin@contoso.example".to_owned(),
        }]
    }
}

impl ErrorPage {
    fn samples(texts: Texts) -> Vec<Self> {
        let mut samples: Vec<Self> = [
            (400, None),
            (403, None),
            (404, None),
            (409, None),
            (429, Some(1)),
            (500, None),
            (503, Some(30)),
            (405, None),
        ]
        .map(|(status, retry_after)| Self {
            page: outside(texts, "/nowhere"),
            status,
            request_id: "7b6f0b9e-0c68-4bb2-9a1c-0f6a0f2f6a11".to_owned(),
            retry_after,
            not_set_up: false,
        })
        .into();
        let other = samples[0].clone();
        samples.push(Self { status: 403, not_set_up: true, ..other });
        samples
    }
}

fn rendered<T: Template>(template: &'static str, samples: Vec<T>) -> Vec<(&'static str, usize, String)> {
    let render = |(n, sample): (usize, T)| (template, n, sample.render().expect("a sample renders"));
    samples.into_iter().enumerate().map(render).collect()
}

/// Every sample of every page in one language: the template's file, the number of the sample, the page.
pub fn all(texts: Texts) -> Vec<(&'static str, usize, String)> {
    [
        rendered("sign_in.html", SignIn::samples(texts)),
        rendered("overview.html", Overview::samples(texts)),
        rendered("organizations.html", Organizations::samples(texts)),
        rendered("leave_confirm.html", LeaveConfirm::samples(texts)),
        rendered("receipt.html", Receipt::samples(texts)),
        rendered("refused.html", Refused::samples(texts)),
        rendered("stale.html", Stale::samples(texts)),
        rendered("redeem.html", Redeem::samples(texts)),
        rendered("redeemed.html", Redeemed::samples(texts)),
        rendered("admin_start.html", AdminStart::samples(texts)),
        rendered("settings.html", Settings::samples(texts)),
        rendered("home_deletions.html", HomeDeletions::samples(texts)),
        rendered("home_deletions_review.html", HomeDeletionsReview::samples(texts)),
        rendered("deleted_users.html", DeletedUsers::samples(texts)),
        rendered("purge_confirm.html", PurgeConfirm::samples(texts)),
        rendered("properties.html", Properties::samples(texts)),
        rendered("setup.html", Setup::samples(texts)),
        rendered("setup_done.html", SetupDone::samples(texts)),
        rendered("error.html", ErrorPage::samples(texts)),
    ]
    .concat()
}
