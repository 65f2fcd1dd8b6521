//! My Account: who I am, where I have accounts, and leaving.

use super::{general::nothing_here, sign_in};
use crate::pages::{
    answer::{Answer, Stop, html, see_other},
    paths, session,
    view::{
        HomeOrganization, LeaveConfirm, Organization, Organizations, Overview, Receipt, Refused, Stale,
        Standing,
    },
    visit::{Member, Sent, Visit},
};
use axum::{
    extract::{FromRequestParts, Path, State},
    response::Response,
};
use http::{StatusCode, request::Parts};
use model::{InvitationState, TenantId, leave::Reason};
use service::{LeaveAnswer, LeaveView, Listed};

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
    let live = others.iter().filter(|one| !one.user.is_deleted()).count();
    html(
        StatusCode::OK,
        &Overview {
            page: member.page(),
            name: member.who.name.clone(),
            user_name: member.who.user_name.clone(),
            home: home.map(|home| home.tenant.name),
            others: live as u64,
        },
    )
}

pub(crate) async fn organizations(Linked(member): Linked) -> Answer {
    let listed = member.visit.app.directory.my_organizations(&member.who).await?;
    let (home, others) = split(&member, listed);
    let home = home.map(|home| HomeOrganization {
        name: home.tenant.name,
        domain: home.tenant.domain,
        privacy_statement: home.tenant.privacy.statement_url,
    });
    let others = others.into_iter().map(organization).collect();
    html(StatusCode::OK, &Organizations { page: member.page(), home, others })
}

fn split(member: &Member, listed: Vec<Listed>) -> (Option<Listed>, Vec<Listed>) {
    let home = member.who.home_tenant();
    let (mut homes, others): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|one| Some(one.tenant.id) == home);
    (homes.pop(), others)
}

fn organization(one: Listed) -> Organization {
    let standing = standing(&one);
    let accepted = one.user.invitation == Some(InvitationState::Accepted) && !one.direct;
    Organization {
        tenant: one.tenant.id,
        name: one.tenant.name,
        domain: one.tenant.domain,
        standing,
        invited_by: one.invited_by,
        invited_at: Some(one.user.created).filter(|_| !one.direct),
        direct: one.direct,
        accepted_at: one.user.invitation_changed.filter(|_| accepted),
        privacy_statement: one.tenant.privacy.statement_url,
        redeem: None,
    }
}

fn standing(one: &Listed) -> Standing {
    match (one.user.deletion, one.leave) {
        (Some(deletion), _) => Standing::Deleted { until: deletion.purge_after },
        (None, Err(Reason::AccountDisabled)) => Standing::Blocked,
        (None, Err(Reason::NotAllowedByOrganization)) => Standing::LeavingNotAllowed,
        (None, _) if one.user.invitation == Some(InvitationState::PendingAcceptance) => Standing::Pending,
        (None, _) => Standing::Active,
    }
}

/// Asks before a person leaves, or says why they cannot.
pub(crate) async fn ask(State(app): State<crate::App>, Path(named): Path<String>, member: Member) -> Answer {
    let tenant = resolve(&app, &named).await?;
    match app.directory.view_leave(&member.visit.arrival.cx, &member.who, tenant).await? {
        LeaveView::Refused(why) => refuse(&member, why).await,
        LeaveView::Confirm(confirm) => html(
            StatusCode::OK,
            &LeaveConfirm {
                page: member.page(),
                tenant,
                organization: confirm.tenant.name,
                domain: confirm.tenant.domain,
                purge_after: confirm.purge_after,
                confirmation: confirm.confirmation,
                declining: confirm.user.invitation == Some(InvitationState::PendingAcceptance),
                direct: confirm.direct,
            },
        ),
    }
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
        LeaveAnswer::Left(left) => receipt(&member, left).await,
        LeaveAnswer::Refused(why) => refuse(&member, why).await,
        LeaveAnswer::Stale => {
            let organization = listed(&member, tenant).await?.map(|one| one.tenant.name).unwrap_or_default();
            html(
                StatusCode::CONFLICT,
                &Stale { page: member.page(), organization, again: paths::leave(&tenant) },
            )
        }
    }
}

async fn resolve(app: &crate::App, named: &str) -> Result<TenantId, Stop> {
    app.directory.resolve_tenant(named).await?.ok_or_else(nothing_here)
}

/// The entry of one organisation in the person's own list.
async fn listed(member: &Member, tenant: TenantId) -> Result<Option<Listed>, Stop> {
    let listed = member.visit.app.directory.my_organizations(&member.who).await?;
    Ok(listed.into_iter().find(|one| one.tenant.id == tenant))
}

async fn receipt(member: &Member, left: service::Left) -> Answer {
    let one = listed(member, left.tenant).await?;
    let pending = Some(InvitationState::PendingAcceptance);
    html(
        StatusCode::OK,
        &Receipt {
            page: member.page(),
            organization: left.name,
            declined: one.as_ref().is_some_and(|one| one.user.invitation == pending),
            domain: left.domain,
            direct: left.direct,
            user_name: member.who.user_name.clone(),
            left_at: left.at,
            purge_after: left.purge_after,
            contact: left.privacy.contact_email,
            request_id: member.visit.arrival.cx.request.to_string(),
        },
    )
}

async fn refuse(member: &Member, why: service::Refused) -> Result<Response, Stop> {
    let deletion = match why.reason {
        Reason::AlreadyLeft => listed(member, why.tenant).await?.and_then(|one| one.user.deletion),
        _ => None,
    };
    html(
        StatusCode::FORBIDDEN,
        &Refused {
            page: member.page(),
            organization: why.name,
            reason: why.reason,
            contact: why.privacy.contact_email,
            privacy_statement: why.privacy.statement_url,
            deleted_until: deletion.map(|deletion| deletion.purge_after),
        },
    )
}
