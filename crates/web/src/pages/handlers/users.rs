//! Users: listed, one of them, blocked, removed together.

use super::{audit::line, general::nothing_here};
use crate::{
    graph::USER,
    pages::{
        answer::{Answer, Stop, html, see_other},
        paths,
        view::{
            AuditLine, HomeLine, RemovalCandidate, RemoveUsers, RemovedUsers, Show, SignInTimes, Somebody,
            UserLine, UserNotice, UserPage, Users,
        },
        visit::{Admin, Sent},
    },
};
use axum::extract::Path;
use http::StatusCode;
use model::{Error, ErrorKind, ObjectId, Result, User, authz::Operation, lifecycle::RETENTION};
use odata::{Filter, Search};
use service::{Account, AuditSearch, Candidate, UserPatch, UserQuery};

/// How many users one page shows, and how many are removed together.
const PAGE: u16 = 100;
/// How many records one user's page shows.
const HISTORY: usize = 10;
/// What positions in the list are sealed under.
const LIST: &str = "users";
/// What the list is told when the form came without a choice.
const NOTHING: &str = "nothing";
/// So much is looked for, in characters.
const LONGEST_SEARCH: usize = 120;

fn filter(show: Show) -> Result<Option<Filter>> {
    let parsed = show.filter().map(|text| Filter::parse(text, &USER, true));
    parsed.transpose().map_err(|error| Error::internal(error.message))
}

/// Looks for the beginning of a word of the name, of the user name and of the mail address.
fn search(text: &str) -> Option<Search> {
    if text.is_empty() {
        return None;
    }
    let term = |name| Some(Search::Term { property: USER.property(name)?, text: text.to_owned() });
    let or = |left: Search, right: Search| Search::Or(Box::new(left), Box::new(right));
    Some(or(term("displayName")?, or(term("userPrincipalName")?, term("mail")?)))
}

pub(crate) async fn list(admin: Admin) -> Answer {
    let query = &admin.member.visit.query;
    let shows: Vec<Show> = Show::ALL
        .into_iter()
        .filter(|show| *show != Show::NeverSignedIn || admin.may(Operation::ReadAudit))
        .collect();
    let named = query.text("show");
    let show = shows.iter().copied().find(|show| show.word() == named).unwrap_or_default();
    let text: String = query.text("q").chars().take(LONGEST_SEARCH).collect();
    let (filter, found) = (filter(show)?, search(&text));
    let wanted = UserQuery {
        filter: filter.as_ref(),
        search: found.as_ref(),
        order_by: vec![("displayName", false)],
        after: admin.position(LIST),
        limit: PAGE,
        ..UserQuery::default()
    };
    let by_sign_in = show == Show::NeverSignedIn;
    let listing = admin.app().directory.list_accounts(admin.cx(), &admin.caller, &wanted, by_sign_in).await?;
    let page = Users {
        page: admin.page(),
        show,
        search: text,
        shows,
        pages: admin.pages(LIST, listing.page.next.as_ref())?,
        lines: listing.page.items.into_iter().map(UserLine::listed).collect(),
        may_invite: listing.may_invite,
        nothing_chosen: admin.member.noted().as_deref() == Some(NOTHING),
    };
    html(StatusCode::OK, &page)
}

pub(super) fn parse(id: &str) -> Result<ObjectId, Stop> {
    id.parse().map_err(|_| nothing_here())
}

pub(super) async fn account(admin: &Admin, id: ObjectId) -> Result<Account, Stop> {
    let found = admin.app().directory.view_account(admin.cx(), &admin.caller, id).await;
    found.map_err(|error| if error.kind() == ErrorKind::NotFound { nothing_here() } else { error.into() })
}

pub(super) fn somebody(user: User) -> Somebody {
    Somebody { id: user.id, name: user.display_name }
}

pub(crate) async fn show(Path(id): Path<String>, admin: Admin) -> Answer {
    let id = parse(&id)?;
    let account = account(&admin, id).await?;
    let notice = match admin.member.noted().as_deref() {
        Some("blocked") => Some(UserNotice::Blocked),
        Some("unblocked") => Some(UserNotice::Unblocked),
        Some("last") => Some(UserNotice::LastAdministrator),
        _ => None,
    };
    let history = history(&admin, id).await?;
    html(StatusCode::OK, &UserPage { notice, history, ..page(&admin, account) })
}

/// The latest records about a user, for those who may read them.
async fn history(admin: &Admin, id: ObjectId) -> Result<Option<Vec<AuditLine>>> {
    if !admin.may(Operation::ReadAudit) {
        return Ok(None);
    }
    let about = AuditSearch { whom: Some(id.to_string()), ..AuditSearch::default() };
    let found =
        admin.app().directory.search_audit(admin.cx(), &admin.caller, &about, (None, HISTORY)).await?;
    Ok(Some(found.records.iter().map(line).collect()))
}

/// Where a reload of what was done to a user leads.
pub(crate) async fn back(Path(id): Path<String>, _: Admin) -> Answer {
    see_other(&paths::user(&parse(&id)?))
}

fn page(admin: &Admin, account: Account) -> UserPage {
    let Account { user, provider, .. } = account;
    UserPage {
        page: admin.page(),
        mail: user.mail.clone(),
        home: HomeLine::of(&user, provider),
        home_gone: match user.home_state {
            model::HomeState::Deleted(since) => Some(since),
            model::HomeState::Present => None,
        },
        created: user.created,
        invitation_changed: user.invitation.zip(user.invitation_changed),
        invited_by: account.invited_by.map(somebody),
        sponsors: account.sponsors.into_iter().map(somebody).collect(),
        groups: account.groups.into_iter().map(|group| group.display_name).collect(),
        roles: account.roles,
        sign_ins: account.sign_ins.map(|sign_ins| SignInTimes {
            interactive: sign_ins.interactive.map(|(at, _)| at),
            silent: sign_ins.silent.map(|(at, _)| at),
        }),
        deletion: user.deletion.map(|deletion| (deletion.cause, deletion.at, deletion.purge_after)),
        may_block: account.may_block,
        removal: account.removal,
        may_invite_again: account.may_invite_again,
        may_reset: account.may_reset,
        history: None,
        notice: None,
        line: UserLine::of(user),
    }
}

/// Blocks or unblocks.
pub(crate) async fn act(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let (id, admin) = (parse(&id)?, form.by);
    let (enabled, done) = match form.fields.text("act") {
        "block" => (false, "blocked"),
        "unblock" => (true, "unblocked"),
        _ => return Err(Error::bad_request("The form does not say what to do.").into()),
    };
    let patch = UserPatch { account_enabled: Some(enabled), ..UserPatch::default() };
    let answer = admin.app().directory.update_user(admin.cx(), &admin.caller, &id.to_string(), patch).await;
    let note = match answer.map_err(|error| (error.kind(), error)) {
        Ok(()) => done,
        // The patch is sound, so what is in the way is the rule about the last administrator.
        Err((ErrorKind::BadRequest, _)) => "last",
        Err((ErrorKind::NotFound, _)) => return Err(nothing_here()),
        Err((_, error)) => return Err(error.into()),
    };
    see_other(&format!("{}?note={}", paths::user(&id), admin.member.note(note)))
}

fn chosen<'f>(ids: impl Iterator<Item = &'f str>) -> Vec<ObjectId> {
    let mut ids: Vec<ObjectId> = ids.filter_map(|id| id.parse().ok()).take(usize::from(PAGE)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn nothing_chosen(admin: &Admin) -> Answer {
    see_other(&format!("{}?note={}", paths::USERS, admin.member.note(NOTHING)))
}

fn candidate(candidate: Candidate) -> RemovalCandidate {
    RemovalCandidate {
        line: UserLine::of(candidate.user),
        groups: candidate.groups as u64,
        roles: candidate.roles,
        obstacle: candidate.verdict.err(),
    }
}

pub(crate) async fn ask_removal(admin: Admin) -> Answer {
    let ids = chosen(admin.member.visit.query.all("id"));
    let found = admin.app().directory.view_removal(admin.cx(), &admin.caller, &ids).await?;
    if found.is_empty() {
        return nothing_chosen(&admin);
    }
    let (removable, left) =
        found.into_iter().map(candidate).partition(|candidate| candidate.obstacle.is_none());
    let purge_after = admin.cx().now + RETENTION;
    html(StatusCode::OK, &RemoveUsers { page: admin.page(), removable, left, purge_after })
}

pub(crate) async fn remove(form: Sent<Admin>) -> Answer {
    let (ids, admin) = (chosen(form.fields.all("id")), form.by);
    if ids.is_empty() {
        return nothing_chosen(&admin);
    }
    let done = admin.app().directory.remove_users(admin.cx(), &admin.caller, &ids).await?;
    let left = |(user, obstacle)| RemovalCandidate {
        line: UserLine::of(user),
        groups: 0,
        roles: Vec::new(),
        obstacle: Some(obstacle),
    };
    html(
        StatusCode::OK,
        &RemovedUsers {
            page: admin.page(),
            removed: done.removed,
            gone: done.gone,
            left: done.left.into_iter().map(left).collect(),
        },
    )
}
