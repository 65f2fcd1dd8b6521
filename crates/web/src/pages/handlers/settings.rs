//! External collaboration settings: seven sections, each saved by itself against the version that was shown.

use crate::pages::{
    answer::{Answer, html, see_other},
    paths,
    view::{
        Field, Problem, Removal, RemovalLine, Section, Settings, SettingsConfirm, SettingsError,
        SettingsQuestion,
    },
    visit::{Admin, Fields, Sent},
};
use http::StatusCode;
use model::{
    ErrorKind, Result,
    collaboration::{DomainMode, GuestAccess, InvitationDomains, InvitesFrom},
    domain_of,
    policy::ExternalIdentitiesPolicyPatch,
};
use service::{AuthorizationPolicyPatch, CollaborationView, InvitationDomainsPatch, listed_domain};

/// What positions in the list of guests with a home account here are sealed under.
const LIST: &str = "removal";
/// How many of them one page shows.
const PAGE: u16 = 100;

/// So many lines that are no domains are named.
const WRONG_SHOWN: usize = 10;

/// What a section is to be changed to.
enum Change {
    GuestAccess(GuestAccess),
    Invites(InvitesFrom),
    SelfService(bool),
    Leave(bool),
    Domains(InvitationDomains),
    Removal(bool),
    GuestAdministrators(bool),
}

/// Why it cannot be read as one; with the lines that are no domains.
type Misread = (SettingsError, Vec<String>);

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// The versions of all documents behind the page. Each section goes by its own, so that two people who save two sections do
/// not get into each other's way unless it is one document.
fn versions(view: &CollaborationView) -> String {
    let all = [view.policy.version, view.authorization_version, view.flows_version, view.domains_version];
    all.map(|version| version.to_string()).join(".")
}

/// The version that the form shows for a section. Without one that can be read, nothing is overwritten.
fn expected(fields: &Fields, section: Section) -> Option<i64> {
    let at = match section {
        Section::Leave | Section::Removal => 0,
        Section::GuestAccess | Section::Invites | Section::GuestAdministrators => 1,
        Section::SelfService => 2,
        Section::Domains => 3,
    };
    Some(fields.text("version").split('.').nth(at).and_then(|version| version.parse().ok()).unwrap_or(-1))
}

fn stored(admin: &Admin, view: &CollaborationView) -> Settings {
    Settings {
        page: admin.page(),
        guest_access: view.authorization.guest_access,
        invites_from: view.authorization.invites_from,
        self_service: view.flows.self_service_sign_up,
        allow_leave: view.policy.allow_leave,
        mode: view.domains.mode,
        domains: Field::of(view.domains.domains.join("\n")),
        wrong_domains: Vec::new(),
        allow_removal: view.policy.allow_removal,
        guest_administrators: view.authorization.guest_administrators,
        version: versions(view),
        privacy_complete: view.has_privacy_information,
        may_leave: number(view.external.policy_decides),
        with_home_here: number(view.external.with_home_here),
        earlier_cases: number(view.external.without_home),
        outside_administrators: number(view.external.administrators),
        saved: false,
        error: None,
    }
}

async fn view(admin: &Admin) -> Result<CollaborationView> {
    admin.app().directory.view_collaboration(admin.cx(), &admin.caller).await
}

pub(crate) async fn show(admin: Admin) -> Answer {
    let saved = admin.member.noted().as_deref() == Some("settings");
    html(StatusCode::OK, &Settings { saved, ..stored(&admin, &view(&admin).await?) })
}

pub(crate) async fn save(form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    let named = fields.text("section");
    let section = Section::ALL.into_iter().find(|section| section.word() == named);
    let Some(section) = section else {
        return refused(&admin, &fields, (Section::Leave, SettingsError::NothingChosen), Vec::new()).await;
    };
    if !admin.may(section.operation()) {
        return refused(&admin, &fields, (section, SettingsError::NotAllowed), Vec::new()).await;
    }
    let change = match read(&fields, section) {
        Ok(change) => change,
        Err((error, wrong)) => return refused(&admin, &fields, (section, error), wrong).await,
    };
    let before = view(&admin).await?;
    if matches!(change, Change::Removal(true)) && !before.policy.allow_removal {
        // It has a page of its own that shows whom it would touch.
        return see_other(paths::REMOVAL);
    }
    if fields.get("confirmed").is_none()
        && let Some(question) = question(&admin, &before, &change).await?
    {
        let kept = fields.pairs().iter().filter(|(name, _)| name != "csrf").cloned().collect();
        return html(StatusCode::OK, &SettingsConfirm { page: admin.page(), question, fields: kept });
    }
    let error = match apply(&admin, change, expected(&fields, section)).await {
        Ok(()) => return saved(&admin),
        Err(error) => error,
    };
    let why = match error.kind() {
        ErrorKind::PreconditionFailed => SettingsError::ChangedMeanwhile,
        ErrorKind::BadRequest if section == Section::Leave => SettingsError::PrivacyInformationMissing,
        ErrorKind::BadRequest if section == Section::Domains => SettingsError::Domains,
        ErrorKind::Forbidden => SettingsError::NotAllowed,
        _ => return Err(error.into()),
    };
    refused(&admin, &fields, (section, why), Vec::new()).await
}

fn saved(admin: &Admin) -> Answer {
    see_other(&format!("{}?note={}", paths::SETTINGS, admin.member.note("settings")))
}

/// The page as it is now, with what is wrong. A list of domains that somebody typed is shown again, as long as it may be saved.
async fn refused(
    admin: &Admin,
    fields: &Fields,
    (section, error): (Section, SettingsError),
    wrong_domains: Vec<String>,
) -> Answer {
    let status = match error {
        SettingsError::ChangedMeanwhile => StatusCode::CONFLICT,
        SettingsError::NotAllowed => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut page =
        Settings { error: Some((section, error)), wrong_domains, ..stored(admin, &view(admin).await?) };
    page.wrong_domains.truncate(WRONG_SHOWN);
    if section == Section::Domains && error == SettingsError::Domains {
        let typed = fields.text("domains");
        let problem = match (typed.is_empty(), page.wrong_domains.is_empty()) {
            (true, _) => Problem::Missing,
            (false, false) => Problem::NotADomain,
            (false, true) => Problem::TooLong,
        };
        page.domains = Field::wrong(typed, problem);
        page.mode = DomainMode::parse(fields.text("mode")).unwrap_or(page.mode);
    }
    html(status, &page)
}

fn read(fields: &Fields, section: Section) -> std::result::Result<Change, Misread> {
    let nothing = || (SettingsError::NothingChosen, Vec::new());
    let yes_or_no = || match fields.text("allow") {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(nothing()),
    };
    let value = fields.text("value");
    Ok(match section {
        Section::GuestAccess => Change::GuestAccess(match value {
            "member" => GuestAccess::Member,
            "limited" => GuestAccess::Limited,
            "restricted" => GuestAccess::Restricted,
            _ => return Err(nothing()),
        }),
        Section::Invites => Change::Invites(InvitesFrom::parse(value).ok_or_else(nothing)?),
        Section::SelfService => Change::SelfService(yes_or_no()?),
        Section::Leave => Change::Leave(yes_or_no()?),
        Section::Removal => Change::Removal(yes_or_no()?),
        Section::GuestAdministrators => Change::GuestAdministrators(yes_or_no()?),
        Section::Domains => Change::Domains(read_domains(fields)?),
    })
}

/// One domain a line. A list that denies or allows nothing at all is a slip: it would let in everybody, or nobody.
fn read_domains(fields: &Fields) -> std::result::Result<InvitationDomains, Misread> {
    let mode = DomainMode::parse(fields.text("mode")).ok_or((SettingsError::NothingChosen, Vec::new()))?;
    let (mut domains, mut wrong) = (Vec::new(), Vec::new());
    for line in fields.text("domains").lines().map(str::trim).filter(|line| !line.is_empty()) {
        match listed_domain(line) {
            Some(domain) => domains.push(domain),
            None => wrong.push(line.to_owned()),
        }
    }
    if !wrong.is_empty() || domains.is_empty() && mode != DomainMode::Any {
        return Err((SettingsError::Domains, wrong));
    }
    Ok(InvitationDomains { mode, domains })
}

/// What has to be asked first: what opens the organisation to people from outside cannot be taken back from those who have
/// looked, and a list of domains reaches invitations that are on their way.
async fn question(
    admin: &Admin,
    before: &CollaborationView,
    change: &Change,
) -> Result<Option<SettingsQuestion>> {
    Ok(match change {
        Change::GuestAccess(GuestAccess::Member)
            if before.authorization.guest_access != GuestAccess::Member =>
        {
            Some(SettingsQuestion::GuestsSeeAll { count: number(before.external.all) })
        }
        Change::GuestAdministrators(true) if !before.authorization.guest_administrators => {
            Some(SettingsQuestion::GuestAdministrators)
        }
        Change::Domains(next) => {
            let out = admin.app().directory.shut_out(admin.cx(), &admin.caller, next).await?;
            let count = u64::try_from(out.count).unwrap_or(u64::MAX);
            (count > 0).then_some(SettingsQuestion::ShutOut {
                count,
                at_least: out.at_least,
                addresses: out.addresses,
            })
        }
        _ => None,
    })
}

async fn apply(admin: &Admin, change: Change, expected: Option<i64>) -> Result<()> {
    let (directory, cx, caller) = (&admin.app().directory, admin.cx(), &admin.caller);
    let authorization = |patch| directory.update_authorization_policy(cx, caller, patch);
    let nothing = AuthorizationPolicyPatch { expected, ..AuthorizationPolicyPatch::default() };
    match change {
        Change::GuestAccess(access) => {
            authorization(AuthorizationPolicyPatch { guest_access: Some(access), ..nothing }).await
        }
        Change::Invites(from) => {
            authorization(AuthorizationPolicyPatch { invites_from: Some(from), ..nothing }).await
        }
        Change::GuestAdministrators(allow) => {
            authorization(AuthorizationPolicyPatch { guest_administrators: Some(allow), ..nothing }).await
        }
        Change::SelfService(allow) => {
            directory.update_authentication_flows(cx, caller, Some(allow), expected).await
        }
        Change::Leave(allow) => {
            let patch = ExternalIdentitiesPolicyPatch { allow_leave: Some(allow), allow_removal: None };
            directory.update_policy(cx, caller, patch, expected).await
        }
        Change::Removal(allow) => {
            let patch = ExternalIdentitiesPolicyPatch { allow_leave: None, allow_removal: Some(allow) };
            directory.update_policy(cx, caller, patch, expected).await
        }
        Change::Domains(InvitationDomains { mode, domains }) => {
            let patch = InvitationDomainsPatch { mode: Some(mode), domains: Some(domains), expected };
            directory.update_invitation_domains(cx, caller, patch).await
        }
    }
}

/// Whom the removal with the home account would touch.
pub(crate) async fn preview_removal(admin: Admin) -> Answer {
    let directory = &admin.app().directory;
    let position: Option<String> = admin.position(LIST);
    let found = directory.with_home_here(admin.cx(), &admin.caller, position.as_deref(), PAGE).await?;
    let view = view(&admin).await?;
    let lines = found.users.into_iter().map(|user| RemovalLine {
        home: user.mail.as_deref().and_then(domain_of).unwrap_or_default(),
        id: user.id,
        name: user.display_name,
        user_name: user.upn,
    });
    let external = view.external;
    html(
        StatusCode::OK,
        &Removal {
            page: admin.page(),
            is_on: view.policy.allow_removal,
            touched: number(external.with_home_here),
            untouched: number(external.all - external.with_home_here - external.without_home),
            earlier_cases: number(external.without_home),
            lines: lines.collect(),
            pages: admin.pages(LIST, found.next.as_ref())?,
            version: versions(&view),
        },
    )
}

/// Switches the removal on; only somebody who proved lately who they are.
pub(crate) async fn switch_removal_on(form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    match apply(&admin, Change::Removal(true), expected(&fields, Section::Removal)).await {
        Ok(()) => saved(&admin),
        Err(error) if error.kind() == ErrorKind::PreconditionFailed => {
            refused(&admin, &fields, (Section::Removal, SettingsError::ChangedMeanwhile), Vec::new()).await
        }
        Err(error) => Err(error.into()),
    }
}
