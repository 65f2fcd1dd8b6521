//! Directory roles: seen, given, taken.

use super::general::nothing_here;
use crate::pages::{
    answer::{Answer, Stop, html, see_other},
    paths,
    view::{Field, Pages, Problem, RoleAsk, RoleLine, RoleNotice, RolePage, RolePerson, Roles},
    visit::{Admin, Sent},
};
use axum::extract::Path;
use http::StatusCode;
use model::{
    ErrorKind, ObjectId, Result, User,
    authz::{Operation, Role},
};
use service::{RoleChange, RoleHolders, RoleRefusal};
use uuid::Uuid;

/// How many people one page shows.
const PAGE: u16 = 50;
/// How many of those who hold a role the list of roles names.
const FEW: usize = 3;
/// What positions in the list are sealed under.
const LIST: &str = "role-members";

pub(crate) async fn list(admin: Admin) -> Answer {
    let all = admin.app().directory.role_overview(admin.cx(), &admin.caller, FEW).await?;
    let line = |RoleHolders { role, total, first }: RoleHolders| RoleLine {
        role,
        more: u64::try_from(total.saturating_sub(first.len())).unwrap_or_default(),
        holders: first.into_iter().map(|user| user.display_name).collect(),
    };
    html(StatusCode::OK, &Roles { page: admin.page(), roles: all.into_iter().map(line).collect() })
}

fn parse(role: &str) -> Result<Role, Stop> {
    role.parse::<Uuid>().ok().and_then(Role::from_template).ok_or_else(nothing_here)
}

fn person(user: User) -> RolePerson {
    RolePerson {
        id: user.id,
        external: user.is_external(),
        name: user.display_name,
        user_name: user.upn,
        mail: user.mail,
        blocked: !user.account_enabled,
    }
}

pub(crate) async fn show(Path(role): Path<String>, admin: Admin) -> Answer {
    let role = parse(&role)?;
    let notice = notice(&admin).await?;
    page(&admin, role, (StatusCode::OK, Field::default(), notice)).await
}

async fn page(
    admin: &Admin,
    role: Role,
    (status, person_named, notice): (StatusCode, Field, Option<RoleNotice>),
) -> Answer {
    let after: Option<ObjectId> = admin.position(LIST);
    let directory = &admin.app().directory;
    let users = directory.role_member_page(admin.cx(), &admin.caller, role, (after, PAGE)).await?;
    let last = users.last().filter(|_| users.len() == usize::from(PAGE)).map(|user| user.id);
    let pages: Pages = admin.pages(LIST, last.as_ref())?;
    let view = RolePage {
        page: admin.page(),
        role,
        holders: users.into_iter().map(person).collect(),
        pages,
        may_assign: admin.may(Operation::AssignRoles),
        person: person_named,
        notice,
    };
    html(status, &view)
}

/// What was done on the way here, as the note in the address says; the name is read where it is.
async fn notice(admin: &Admin) -> Result<Option<RoleNotice>> {
    let Some(note) = admin.member.noted() else { return Ok(None) };
    let Some((what, id)) = note.split_once(' ') else { return Ok(None) };
    let user = match admin.app().directory.get_user(admin.cx(), &admin.caller, id).await {
        Ok(user) => user.display_name,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(match what {
        "given" => Some(RoleNotice::Given { name: user }),
        "taken" => Some(RoleNotice::Taken { name: user }),
        _ => None,
    })
}

/// Shows whom it is about, and asks.
async fn ask(admin: &Admin, role: Role, change: RoleChange, named: &str, status: StatusCode) -> Answer {
    let directory = &admin.app().directory;
    let view = match directory.view_role_change(admin.cx(), &admin.caller, (role, change), named).await {
        Ok(view) => view,
        Err(error) if error.kind() == ErrorKind::NotFound && change == RoleChange::Give => {
            let problem = if named.is_empty() { Problem::Missing } else { Problem::NobodyFound };
            let field = Field::wrong(named, problem);
            return page(admin, role, (StatusCode::BAD_REQUEST, field, None)).await;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return see_other(&paths::role(role)),
        Err(error) => return Err(error.into()),
    };
    let oneself = admin.caller.object() == Some(view.user.id);
    let giving = change == RoleChange::Give;
    html(
        status,
        &RoleAsk {
            page: admin.page(),
            role,
            giving,
            person: person(view.user),
            held: view.roles,
            oneself,
            refusal: view.refusal,
        },
    )
}

pub(crate) async fn ask_to_give(Path(role): Path<String>, admin: Admin) -> Answer {
    let named = admin.member.visit.query.text("person").to_owned();
    ask(&admin, parse(&role)?, RoleChange::Give, &named, StatusCode::OK).await
}

pub(crate) async fn ask_to_take(Path((role, user)): Path<(String, String)>, admin: Admin) -> Answer {
    ask(&admin, parse(&role)?, RoleChange::Take, &user, StatusCode::OK).await
}

pub(crate) async fn give(Path(role): Path<String>, form: Sent<Admin>) -> Answer {
    let id = form.fields.text("id").to_owned();
    change(&form.by, parse(&role)?, RoleChange::Give, &id).await
}

pub(crate) async fn take(Path((role, user)): Path<(String, String)>, form: Sent<Admin>) -> Answer {
    change(&form.by, parse(&role)?, RoleChange::Take, &user).await
}

async fn change(admin: &Admin, role: Role, change: RoleChange, user: &str) -> Answer {
    let Ok(id) = user.parse::<ObjectId>() else { return Err(nothing_here()) };
    let (directory, cx, caller) = (&admin.app().directory, admin.cx(), &admin.caller);
    let done = match change {
        RoleChange::Give => directory.assign_role(cx, caller, role, id).await,
        RoleChange::Take => directory.unassign_role(cx, caller, role, id).await,
    };
    if let Err(error) = done {
        if !matches!(error.kind(), ErrorKind::BadRequest | ErrorKind::NotFound) {
            return Err(error.into());
        }
        // Whoever clicks twice has what they wanted the first time.
        let view = directory.view_role_change(cx, caller, (role, change), user).await;
        let refusal = view.map(|view| view.refusal);
        if !matches!(refusal, Ok(Some(RoleRefusal::Held | RoleRefusal::NotHeld))) {
            return ask(admin, role, change, user, StatusCode::CONFLICT).await;
        }
    }
    let what = if change == RoleChange::Give { "given" } else { "taken" };
    let is_out = change == RoleChange::Take && caller.object() == Some(id) && admin.member.roles == [role];
    if is_out {
        // No administrator any more.
        return see_other(paths::MY_ACCOUNT);
    }
    see_other(&format!("{}?note={}", paths::role(role), admin.member.note(&format!("{what} {id}"))))
}
