//! The apps that act for the person.

use super::general::nothing_here;
use crate::pages::{
    answer::{Answer, Stop, html, see_other},
    paths,
    view::{MyApps, RemoveApp},
    visit::{Member, Sent},
};
use axum::extract::Path;
use http::StatusCode;
use model::{AppId, ErrorKind, TenantId};
use service::AppAccess;

pub(crate) async fn list(member: Member) -> Answer {
    let apps = member.visit.app.directory.my_apps(&member.visit.arrival.cx, &member.who).await?;
    let removed = member.noted().and_then(|note| note.strip_prefix("removed:").map(str::to_owned));
    html(StatusCode::OK, &MyApps { page: member.page(), apps, removed })
}

fn ids((tenant, app): (String, String)) -> Result<(TenantId, AppId), Stop> {
    tenant.parse().ok().zip(app.parse().ok()).ok_or_else(nothing_here)
}

/// The app, if it acts for the person there.
async fn find(member: &Member, (tenant, app): (TenantId, AppId)) -> Result<Option<AppAccess>, Stop> {
    let found = member.visit.app.directory.my_app(&member.visit.arrival.cx, &member.who, tenant, app).await;
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn ask(Path(named): Path<(String, String)>, member: Member) -> Answer {
    let app = find(&member, ids(named)?).await?.ok_or_else(nothing_here)?;
    html(StatusCode::OK, &RemoveApp { page: member.page(), app })
}

/// A second click finds nothing left and leads to the list.
pub(crate) async fn remove(Path(named): Path<(String, String)>, form: Sent<Member>) -> Answer {
    let (member, (tenant, app)) = (form.by, ids(named)?);
    let Some(found) = find(&member, (tenant, app)).await? else { return see_other(paths::MY_APPS) };
    member.visit.app.directory.revoke_app(&member.visit.arrival.cx, &member.who, tenant, app).await?;
    see_other(&format!("{}?note={}", paths::MY_APPS, member.note(&format!("removed:{}", found.name))))
}
