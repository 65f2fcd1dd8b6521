//! Soft-deleted users: seen, restored, deleted for good.

use super::general::nothing_here;
use crate::pages::{
    answer::{Answer, Stop, html, see_other},
    paths,
    view::{DeletedNotice, DeletedUser, DeletedUsers, PurgeConfirm},
    visit::{Admin, Sent},
};
use axum::extract::Path;
use http::StatusCode;
use model::{ErrorKind, ObjectId, Result, Span, Timestamp, User, authz::Operation};
use service::UserQuery;

/// How many users one page shows.
const PAGE: u16 = 50;
/// What positions in the list are sealed under.
const LIST: &str = "deleted-users";

pub(crate) async fn list(admin: Admin) -> Answer {
    let query = UserQuery {
        deleted: true,
        order_by: vec![("deletedDateTime", true)],
        after: admin.position(LIST),
        limit: PAGE,
        ..UserQuery::default()
    };
    let (page, _) = admin.app().directory.list_users(admin.cx(), &admin.caller, &query, false).await?;
    let pages = admin.pages(LIST, page.next.as_ref())?;
    let users = page.items.into_iter().filter_map(|user| row(&admin, user)).collect();
    let notice = notice(&admin).await?;
    html(StatusCode::OK, &DeletedUsers { page: admin.page(), users, pages, notice })
}

fn row(admin: &Admin, user: User) -> Option<DeletedUser> {
    let deletion = user.deletion?;
    Some(DeletedUser {
        id: user.id,
        user_name: user.original_upn().to_owned(),
        name: user.display_name,
        cause: deletion.cause,
        deleted_at: deletion.at,
        purge_after: deletion.purge_after,
        days_left: days_left(admin.cx().trusted, deletion.purge_after),
        manageable: admin.may(Operation::RestoreUser),
    })
}

fn days_left(now: Timestamp, until: Timestamp) -> u64 {
    u64::try_from(until.since(now).as_micros() / Span::days(1).as_micros()).unwrap_or_default()
}

/// What was done on the way here, as the note in the address says; names are read where they are.
async fn notice(admin: &Admin) -> Result<Option<DeletedNotice>> {
    let Some(note) = admin.member.noted() else { return Ok(None) };
    let (what, id) = note.split_once(' ').unwrap_or((&note, ""));
    let directory = &admin.app().directory;
    let name = match (what, id.parse::<ObjectId>()) {
        ("restored", Ok(_)) => directory.get_user(admin.cx(), &admin.caller, id).await,
        ("taken", Ok(id)) => directory.get_deleted_user(admin.cx(), &admin.caller, id).await,
        ("purged", _) => return Ok(Some(DeletedNotice::Purged)),
        ("gone", _) => return Ok(Some(DeletedNotice::NoLongerThere)),
        _ => return Ok(None),
    };
    Ok(match name {
        Ok(user) if what == "restored" => Some(DeletedNotice::Restored { name: user.display_name }),
        Ok(user) => Some(DeletedNotice::NameTaken { name: user.display_name }),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    })
}

fn back_with(admin: &Admin, note: &str) -> Answer {
    see_other(&format!("{}?note={}", paths::DELETED_USERS, admin.member.note(note)))
}

fn parse(id: &str) -> Result<ObjectId, Stop> {
    id.parse().map_err(|_| nothing_here())
}

/// Where a reload of a restore leads.
pub(crate) async fn back(_: Admin) -> Answer {
    see_other(paths::DELETED_USERS)
}

pub(crate) async fn restore(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let (id, admin) = (parse(&id)?, form.by);
    let restored = admin.app().directory.restore_user(admin.cx(), &admin.caller, id, None).await;
    match restored.map_err(|error| (error.kind(), error)) {
        Ok(user) => back_with(&admin, &format!("restored {}", user.id)),
        Err((ErrorKind::NotFound, _)) => back_with(&admin, "gone"),
        Err((ErrorKind::Conflict, _)) => back_with(&admin, &format!("taken {id}")),
        Err((_, error)) => Err(error.into()),
    }
}

pub(crate) async fn ask(Path(id): Path<String>, admin: Admin) -> Answer {
    let id = parse(&id)?;
    if !admin.may(Operation::PurgeUser) {
        return Err(model::Error::forbidden().into());
    }
    match admin.app().directory.get_deleted_user(admin.cx(), &admin.caller, id).await {
        Ok(user) => {
            let user = row(&admin, user).ok_or_else(nothing_here)?;
            html(StatusCode::OK, &PurgeConfirm { page: admin.page(), user })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => back_with(&admin, "gone"),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn purge(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let (id, admin) = (parse(&id)?, form.by);
    match admin.app().directory.purge_user(admin.cx(), &admin.caller, id).await {
        Ok(()) => back_with(&admin, "purged"),
        Err(error) if error.kind() == ErrorKind::NotFound => back_with(&admin, "gone"),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_left_are_full_days_and_never_negative() {
        let now = Timestamp::from_seconds(1_000_000_000);
        for (span, days) in [(Span::days(30), 30), (Span::hours(47), 1), (Span::ZERO, 0)] {
            assert_eq!(days_left(now, now + span), days);
        }
        assert_eq!(days_left(now + Span::days(2), now), 0);
    }
}
