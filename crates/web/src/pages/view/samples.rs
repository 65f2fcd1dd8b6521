//! Every page in every state, with the names that a hostile tenant might choose among them.

mod account;
mod directory;
mod explorer;

use super::*;
use crate::pages::paths;
use askama::Template;
use model::{
    DeletionCause, ObjectId, TenantId,
    authz::{Permission, Role},
};
use service::{ProviderView, SecondFactorState, SessionView};

mod settings;
mod users;

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
        administration: None,
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
    as_role(texts, path, Role::GlobalAdministrator)
}

fn as_role(texts: Texts, path: &str, role: Role) -> Page {
    let administration = Administration { organization: "Contoso".to_owned(), roles: vec![role] };
    Page { administration: Some(administration), ..inside(texts, path) }
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
            again: false,
            fresh: false,
            demo: false,
        };
        let password = || SignInStep::Password { user_name: user_name() };
        let code = || SignInStep::Code { user_name: user_name(), ticket: "a.b".to_owned() };
        let new_password = || SignInStep::NewPassword { user_name: user_name(), ticket: "a.b".to_owned() };
        let provider = ProviderLink {
            link: "/signin/with/x/y?return=/myaccount".to_owned(),
            name: HOSTILE.to_owned(),
            organization: HOSTILE.to_owned(),
        };
        let providers = |passcode| SignInStep::Providers {
            user_name: user_name(),
            providers: vec![provider.clone(), provider.clone()],
            passcode,
        };
        let start = || SignInStep::UserName { user_name: String::new() };
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
            Self { again: true, ..make(password(), None) },
            make(code(), None),
            make(code(), Some(SignInError::WrongCode)),
            make(new_password(), None),
            make(new_password(), Some(SignInError::PasswordTooWeak)),
            make(new_password(), Some(SignInError::PasswordsDiffer)),
            make(new_password(), Some(SignInError::SamePassword)),
            make(new_password(), Some(SignInError::TooManyTries { minutes: 1 })),
            make(password(), Some(SignInError::ChangeExpired)),
            make(providers(true), None),
            make(providers(false), None),
            make(start(), Some(SignInError::ProviderExpired)),
            make(start(), Some(SignInError::ProviderCancelled)),
            make(start(), Some(SignInError::ProviderUnreachable)),
            make(start(), Some(SignInError::ProviderUntrusted)),
            make(start(), Some(SignInError::ProviderUnknown)),
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

impl Sessions {
    fn samples(texts: Texts) -> Vec<Self> {
        let page = || inside(texts, paths::SESSIONS);
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        let one = |id: &str, agent: Option<&str>, current| SessionView {
            id: id.to_owned(),
            current,
            started: Some(now()),
            seen: later(),
            agent: agent.map(str::to_owned),
            network: Some("192.0.2.7".to_owned()),
            second_factor: current,
        };
        let bare = SessionView { started: None, network: None, ..one("3", None, false) };
        let all = vec![one("1", Some(agent), true), one("2", Some(HOSTILE), false), bare];
        vec![
            Self { page: page(), sessions: all, ended: false },
            Self { page: page(), sessions: vec![one("1", Some("curl/8.0"), true)], ended: true },
        ]
    }
}

impl Security {
    fn samples(texts: Texts) -> Vec<Self> {
        let state = |since, required| Some(SecondFactorState { since, recovery_codes: 7, required });
        let make = |state, error| Self {
            page: inside(texts, paths::SECURITY),
            state,
            offer: "sealed".to_owned(),
            lacking: false,
            removed: false,
            error,
        };
        vec![
            make(None, None),
            make(state(None, false), None),
            Self { lacking: true, ..make(state(None, true), None) },
            Self { removed: true, ..make(state(None, false), None) },
            make(state(Some(now()), true), None),
            make(state(Some(now()), false), Some(SecurityError::WrongCode)),
            make(state(Some(now()), false), Some(SecurityError::TooManyTries { minutes: 15 })),
        ]
    }
}

impl SecondFactorSetup {
    fn samples(texts: Texts) -> Vec<Self> {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let uri = format!("otpauth://totp/Contoso:ana@contoso.example?secret={secret}&issuer=Contoso");
        [None, Some(SecurityError::WrongCode)]
            .map(|error| {
                let page = inside(texts, paths::SECURITY);
                Self::new(page, (secret, &uri), "sealed".to_owned(), error).expect("a drawing")
            })
            .into()
    }
}

impl RecoveryCodes {
    fn samples(texts: Texts) -> Vec<Self> {
        let codes = (0..10).map(|n| format!("abcd{n}-efghi")).collect();
        vec![Self { page: inside(texts, paths::SECURITY), codes }]
    }
}

impl SignInMethods {
    fn samples(texts: Texts) -> Vec<Self> {
        let provider = |n: u8, enabled| ProviderView {
            id: uuid::Uuid::from_u128(u128::from(n)),
            name: HOSTILE.to_owned(),
            issuer: "https://idp.partner.example".to_owned(),
            client_id: HOSTILE.to_owned(),
            trusts_email: false,
            enabled,
            domains: vec![("partner.example".to_owned(), true), ("partner.test".to_owned(), false)],
        };
        let make = |providers, error| Self {
            page: admin(texts, paths::SIGN_IN_METHODS),
            second_factor_for_roles: true,
            version: 1,
            may_change_settings: true,
            may_change_providers: true,
            providers,
            callback: "https://localhost:8443/signin/callback".to_owned(),
            name: Field::default(),
            issuer: Field::default(),
            client_id: Field::default(),
            client_secret: Field::default(),
            trusts_email: false,
            saved: false,
            error,
        };
        let both = || vec![provider(1, true), provider(2, false)];
        let missing = || Field::wrong("", Problem::Missing);
        let mut all = vec![
            make(Vec::new(), None),
            Self { saved: true, ..make(both(), None) },
            Self {
                name: Field::of(HOSTILE),
                issuer: missing(),
                client_secret: Field { value: "secret that is not shown".to_owned(), ..missing() },
                trusts_email: true,
                ..make(Vec::new(), None)
            },
            Self {
                may_change_settings: false,
                may_change_providers: false,
                second_factor_for_roles: false,
                ..make(Vec::new(), None)
            },
        ];
        let errors = [
            SignInMethodsError::ChangedMeanwhile,
            SignInMethodsError::Taken,
            SignInMethodsError::ProviderUnreadable,
            SignInMethodsError::NotADomain,
            SignInMethodsError::NotAllowed,
        ];
        all.extend(errors.map(|error| make(both(), Some(error))));
        all
    }
}

impl Outbox {
    fn samples(texts: Texts) -> Vec<Self> {
        vec![Self { page: outside(texts, paths::OUTBOX), mails: Vec::new() }]
    }
}

impl AdminStart {
    fn samples(texts: Texts) -> Vec<Self> {
        [Role::GlobalAdministrator, Role::GuestInviter]
            .map(|role| Self {
                page: as_role(texts, paths::ADMIN, role),
                domain: "contoso.example".to_owned(),
            })
            .into()
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
            pages: Pages::default(),
            may_apply,
            removed: None,
            nothing_chosen: false,
        };
        vec![
            Self {
                pages: Pages {
                    first: None,
                    next: Some("/admin/external-collaboration/home-deletions?after=x&n=1".to_owned()),
                },
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
            pages: Pages { first: None, next: Some("/admin/deleted-users?after=x".to_owned()) },
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

fn lines() -> Vec<PermissionLine> {
    [(Permission::UserRead, false), (Permission::UserReadAll, true)]
        .map(|(permission, own)| PermissionLine { permission, own })
        .into()
}

impl Connect {
    fn samples(texts: Texts) -> Vec<Self> {
        let sample = |name: &str, privacy_statement: Option<&str>| Self {
            page: outside(texts, "/contoso.example/oauth2/v2.0/authorize"),
            organization: name.to_owned(),
            domain: "contoso.example".to_owned(),
            privacy_statement: privacy_statement.map(str::to_owned),
            app: name.to_owned(),
            destination: "https://app.example".to_owned(),
            user_name: "ana@fabrikam.example".to_owned(),
            request: "/contoso.example/oauth2/v2.0/authorize?client_id=x&state=\"".to_owned(),
            other: "/signin?return=%2Fmyaccount".to_owned(),
        };
        vec![sample("Contoso", Some("https://contoso.example/privacy")), sample(HOSTILE, None)]
    }
}

impl Consent {
    fn samples(texts: Texts) -> Vec<Self> {
        let kinds = [
            ConsentKind::Oneself,
            ConsentKind::Administrator,
            ConsentKind::Everybody,
            ConsentKind::AskAdministrator,
        ];
        let sample = |kind| Self {
            page: outside(texts, "/contoso.example/oauth2/v2.0/authorize"),
            kind,
            organization: HOSTILE.to_owned(),
            app: HOSTILE.to_owned(),
            destination: "https://app.example".to_owned(),
            permissions: lines(),
            offline: kind == ConsentKind::Oneself,
            user_name: "ana@fabrikam.example".to_owned(),
            action: paths::CONSENT.to_owned(),
            request: "/contoso.example/oauth2/v2.0/authorize?client_id=x&state=\"".to_owned(),
            other: "/signin?return=%2Fmyaccount".to_owned(),
        };
        kinds.map(sample).into()
    }
}

impl Device {
    fn samples(texts: Texts) -> Vec<Self> {
        let sample = |state| Self {
            page: outside(texts, paths::DEVICE),
            state,
            user_name: "ana@fabrikam.example".to_owned(),
        };
        let ask = |permissions, offline| DeviceState::Ask {
            code: "BCDF-GHJK".to_owned(),
            app: HOSTILE.to_owned(),
            organization: HOSTILE.to_owned(),
            permissions,
            offline,
        };
        let over = ["device-not-allowed", "device-needs-administrator", "device-approved", "device-declined"];
        [
            DeviceState::Enter { problem: None },
            DeviceState::Enter { problem: Some("device-unknown") },
            DeviceState::Enter { problem: Some("device-throttled") },
            ask(lines(), true),
            ask(Vec::new(), false),
        ]
        .into_iter()
        .chain(over.map(DeviceState::Over))
        .map(sample)
        .collect()
    }
}

fn oauth_pages(texts: Texts) -> Vec<(&'static str, usize, String)> {
    let page = || outside(texts, "/contoso.example/oauth2/v2.0/authorize");
    let text = || HOSTILE.to_owned();
    let local = || "/contoso.example/oauth2/v2.0/authorize?client_id=x".to_owned();
    let fields = vec![("code", "secret-code".to_owned()), ("state", text())];
    [
        rendered(
            "onward.html",
            vec![Onward { page: page(), url: format!("https://app.example/?{HOSTILE}") }],
        ),
        rendered(
            "form_post.html",
            vec![FormPost { page: page(), action: "https://app.example/cb".to_owned(), fields }],
        ),
        rendered(
            "choose_account.html",
            vec![Choose { page: page(), name: text(), user_name: text(), onward: local(), other: local() }],
        ),
        rendered(
            "oauth_refused.html",
            [None, Some(local())]
                .map(|other| OAuthRefused {
                    page: page(),
                    message: format!("AADSTS90002: {HOSTILE}"),
                    request_id: "7b6f0b9e-0c68-4bb2-9a1c-0f6a0f2f6a11".to_owned(),
                    other,
                })
                .into(),
        ),
        rendered(
            "sign_out_app.html",
            vec![SignOutApp { page: page(), user_name: text(), onward: "signed".to_owned() }],
        ),
        rendered("consent.html", Consent::samples(texts)),
        rendered("connect.html", Connect::samples(texts)),
        rendered("device.html", Device::samples(texts)),
    ]
    .concat()
}

fn rendered<T: Template>(template: &'static str, samples: Vec<T>) -> Vec<(&'static str, usize, String)> {
    let render = |(n, sample): (usize, T)| (template, n, sample.render().expect("a sample renders"));
    samples.into_iter().enumerate().map(render).collect()
}

/// Every sample of every page in one language: the template's file, the number of the sample, the page.
pub fn all(texts: Texts) -> Vec<(&'static str, usize, String)> {
    [
        rendered("sign_in.html", SignIn::samples(texts)),
        rendered("sessions.html", Sessions::samples(texts)),
        rendered("security.html", Security::samples(texts)),
        rendered("second_factor_setup.html", SecondFactorSetup::samples(texts)),
        rendered("recovery_codes.html", RecoveryCodes::samples(texts)),
        rendered("sign_in_methods.html", SignInMethods::samples(texts)),
        rendered("outbox.html", Outbox::samples(texts)),
        rendered("explorer.html", Explorer::samples(texts)),
        account::pages(texts),
        rendered("admin_start.html", AdminStart::samples(texts)),
        settings::all(texts),
        users::all(texts),
        rendered("home_deletions.html", HomeDeletions::samples(texts)),
        rendered("home_deletions_review.html", HomeDeletionsReview::samples(texts)),
        rendered("deleted_users.html", DeletedUsers::samples(texts)),
        rendered("purge_confirm.html", PurgeConfirm::samples(texts)),
        rendered("properties.html", Properties::samples(texts)),
        rendered("setup.html", Setup::samples(texts)),
        rendered("setup_done.html", SetupDone::samples(texts)),
        rendered("error.html", ErrorPage::samples(texts)),
        oauth_pages(texts),
        directory::all(texts),
    ]
    .concat()
}
