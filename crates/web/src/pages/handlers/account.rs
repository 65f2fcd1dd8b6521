//! My Account: who I am, where I have accounts, and leaving.

use super::{general::nothing_here, sign_in};
use crate::own_data;
use crate::pages::{
    answer::{Answer, Stop, attachment, html, see_other},
    paths, session,
    view::{
        DeclineConfirm, HomeOrganization, LeaveConfirm, Organization, Organizations, Overview, Receipt,
        Refused, Stale,
    },
    visit::{Member, Sent, Visit},
};
use axum::extract::{FromRequestParts, Path, State};
use http::{StatusCode, request::Parts};
use model::{ErrorKind, InvitationState, TenantId, Timestamp, leave::Standing};
use service::{Confirm, LeaveAnswer, LeaveView, Leaving, Listed};

/// A member, or where a link with `tenantId` (id or domain) leads.
pub(crate) struct Linked(Member);

impl FromRequestParts<crate::App> for Linked {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &crate::App) -> Result<Self, Stop> {
        let visit = Visit::from_request_parts(parts, app).await?;
        let Some(named) = visit.query.get("tenantId").filter(|named| !named.is_empty()) else {
            return Member::from_request_parts(parts, app).await.map(Self);
        };
        let answer = match app.directory.resolve_tenant(named).await? {
            Some(tenant) => see_other(&paths::leave(&tenant))?,
            None => {
                let cookie = session::cookie(&visit.headers, session::SESSION).unwrap_or_default();
                if app.directory.session(&visit.arrival.cx, cookie).await?.is_some() {
                    return Err(nothing_here());
                }
                sign_in::no_such_organization(&visit, named)?
            }
        };
        Err(Stop::Answer(Box::new(answer)))
    }
}

pub(crate) async fn overview(Linked(member): Linked) -> Answer {
    let listed = member.visit.app.directory.my_organizations(&member.who).await?;
    let (home, others) = split(&member, listed);
    let live: Vec<&Listed> = others.iter().filter(|one| !one.user.is_deleted()).collect();
    let pending = live.iter().filter(|one| one.can_accept);
    html(
        StatusCode::OK,
        &Overview {
            page: member.page(),
            name: member.who.name.clone(),
            user_name: member.who.user_name.clone(),
            home: home.map(|home| home.tenant.name),
            others: live.len() as u64,
            invitations: pending.map(|one| (one.tenant.id, one.tenant.name.clone())).collect(),
        },
    )
}

pub(crate) async fn organizations(Linked(member): Linked) -> Answer {
    let listed = member.visit.app.directory.my_organizations(&member.who).await?;
    let trusted = member.visit.arrival.cx.trusted;
    let (home, others) = split(&member, listed);
    let home = home.map(|home| HomeOrganization {
        tenant: home.tenant.id,
        name: home.tenant.name,
        domain: home.tenant.domain,
        privacy_statement: home.tenant.privacy.statement_url,
    });
    let others = others.into_iter().map(|one| organization(one, trusted)).collect();
    html(StatusCode::OK, &Organizations { page: member.page(), home, others })
}

fn split(member: &Member, listed: Vec<Listed>) -> (Option<Listed>, Vec<Listed>) {
    let home = member.who.home_tenant();
    let (mut homes, others): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|one| Some(one.tenant.id) == home);
    (homes.pop(), others)
}

fn organization(one: Listed, trusted: Timestamp) -> Organization {
    let standing = one.standing(trusted);
    let accepted = one.user.invitation == Some(InvitationState::Accepted);
    Organization {
        tenant: one.tenant.id,
        name: one.tenant.name,
        domain: one.tenant.domain,
        standing,
        connected: one.connection.as_ref().map(|connection| (connection.created, connection.last)),
        invited_by: one.invited_by,
        invited_at: one.user.invitation.filter(|_| one.connection.is_none()).map(|_| one.user.created),
        accepted_at: one.user.invitation_changed.filter(|_| accepted),
        deleted_at: one.user.deletion.map(|deletion| deletion.at),
        privacy_statement: one.tenant.privacy.statement_url,
        can_accept: one.can_accept,
    }
}

/// Asks before a person leaves or declines, or says why they cannot.
pub(crate) async fn ask(State(app): State<crate::App>, Path(named): Path<String>, member: Member) -> Answer {
    let tenant = resolve(&app, &named).await?;
    match app.directory.view_leave(&member.visit.arrival.cx, &member.who, tenant).await? {
        LeaveView::Refused(why) => refuse(&member, why),
        LeaveView::Confirm(confirm) if confirm.leaving == Leaving::Invitation => decline(&member, *confirm),
        LeaveView::Confirm(confirm) => html(
            StatusCode::OK,
            &LeaveConfirm {
                page: member.page(),
                tenant,
                organization: confirm.tenant.name,
                domain: confirm.tenant.domain,
                leaving: confirm.leaving,
                groups: confirm.groups as u64,
                roles: confirm.roles as u64,
                apps: confirm.apps as u64,
                purge_after: confirm.purge_after,
                confirmation: confirm.confirmation,
            },
        ),
    }
}

fn decline(member: &Member, confirm: Confirm) -> Answer {
    html(
        StatusCode::OK,
        &DeclineConfirm {
            page: member.page(),
            tenant: confirm.tenant.id,
            organization: confirm.tenant.name,
            domain: confirm.tenant.domain,
            purge_after: confirm.purge_after,
            confirmation: confirm.confirmation,
        },
    )
}

/// Leaves. The answer is the receipt itself, also to a repeat.
pub(crate) async fn leave(
    State(app): State<crate::App>,
    Path(named): Path<String>,
    form: Sent<Member>,
) -> Answer {
    let (member, tenant) = (form.by, resolve(&app, &named).await?);
    let confirmation = form.fields.text("confirmation");
    match app.directory.leave(&member.visit.arrival.cx, &member.who, tenant, confirmation).await? {
        LeaveAnswer::Left(left) => receipt(&member, left),
        LeaveAnswer::Refused(why) => refuse(&member, why),
        LeaveAnswer::Stale => {
            let organization = app.directory.my_organizations(&member.who).await?;
            let organization = organization.into_iter().find(|one| one.tenant.id == tenant);
            let organization = organization.map(|one| one.tenant.name).unwrap_or_default();
            html(
                StatusCode::CONFLICT,
                &Stale { page: member.page(), organization, again: paths::leave(&tenant) },
            )
        }
    }
}

/// The tenant of an address, by id or domain.
pub(super) async fn resolve(app: &crate::App, named: &str) -> Result<TenantId, Stop> {
    app.directory.resolve_tenant(named).await?.ok_or_else(nothing_here)
}

fn receipt(member: &Member, left: service::Left) -> Answer {
    html(
        StatusCode::OK,
        &Receipt {
            page: member.page(),
            organization: left.name,
            domain: left.domain,
            leaving: left.leaving,
            user_name: member.who.user_name.clone(),
            left_at: left.at,
            purge_after: left.purge_after,
            contact: left.privacy.contact_email,
            privacy_statement: left.privacy.statement_url,
            request_id: member.visit.arrival.cx.request.to_string(),
        },
    )
}

fn refuse(member: &Member, why: service::Refused) -> Answer {
    let gone = match why.gone {
        Some(Standing::Gone { how, until }) => Some((how, until)),
        _ => None,
    };
    html(
        StatusCode::FORBIDDEN,
        &Refused {
            page: member.page(),
            tenant: why.tenant,
            organization: why.name,
            reason: why.reason,
            contact: why.privacy.contact_email,
            privacy_statement: why.privacy.statement_url,
            gone,
        },
    )
}

/// What an organisation holds about the person, as a file.
pub(crate) async fn data(State(app): State<crate::App>, Path(named): Path<String>, member: Member) -> Answer {
    let tenant = resolve(&app, &named).await?;
    let cx = &member.visit.arrival.cx;
    let data = match app.directory.personal_data(cx, &member.who, tenant).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(nothing_here()),
        found => found?,
    };
    // A domain is made of what any file system takes.
    let name = format!("{}-{}.json", data.tenant.domain, cx.now.strftime("%Y-%m-%d"));
    attachment(&name, &own_data::document(&data))
}
