//! Accepting an invitation: by the link that was sent, or from the list of organisations.

use super::{account::resolve, general::nothing_here};
use crate::pages::{
    answer::{Answer, html, see_other},
    paths,
    view::{Redeem, RedeemState, Redeemed},
    visit::{Member, Sent},
};
use axum::extract::{Path, State};
use http::StatusCode;
use model::{Error, ErrorKind, InvitationState, TenantId};
use service::{InvitationKey, InvitationView};

fn ticket(member: &Member) -> InvitationKey {
    member.visit.query.get("ticket").unwrap_or_default().into()
}

pub(crate) async fn show(member: Member) -> Answer {
    let key = ticket(&member);
    match member.visit.app.directory.view_invitation(&member.who, key.clone()).await {
        // Both organisations said of each other that nobody needs to be asked; and the link cannot be guessed.
        Ok(view) if view.automatic => accept(&member, key).await,
        Ok(view) => review(&member, view),
        Err(error) => trouble(&member, &key, error).await,
    }
}

/// Nothing in this address is secret, so opening it accepts nothing.
pub(crate) async fn show_from(
    State(app): State<crate::App>,
    Path(named): Path<String>,
    member: Member,
) -> Answer {
    let key = InvitationKey::From(resolve(&app, &named).await?);
    match app.directory.view_invitation(&member.who, key.clone()).await {
        Ok(view) => review(&member, view),
        Err(error) => trouble(&member, &key, error).await,
    }
}

pub(crate) async fn decide(form: Sent<Member>) -> Answer {
    let key = ticket(&form.by);
    conclude(form, key).await
}

pub(crate) async fn decide_from(
    State(app): State<crate::App>,
    Path(named): Path<String>,
    form: Sent<Member>,
) -> Answer {
    let key = InvitationKey::From(resolve(&app, &named).await?);
    conclude(form, key).await
}

/// The way on is a link and no redirect: `form-action` governs the redirects after a form, too.
async fn conclude(form: Sent<Member>, key: InvitationKey) -> Answer {
    if form.fields.text("decision") != "accept" {
        return see_other(paths::ORGANIZATIONS);
    }
    accept(&form.by, key).await
}

fn review(member: &Member, view: InvitationView) -> Answer {
    html(
        StatusCode::OK,
        &Redeem {
            page: member.page(),
            tenant: Some(view.tenant.id),
            organization: view.tenant.name,
            domain: view.tenant.domain,
            privacy_statement: view.tenant.privacy.statement_url,
            invited_by: view.invited_by,
            address: view.address,
            user_name: member.who.user_name.clone(),
            state: RedeemState::Review,
        },
    )
}

async fn accept(member: &Member, key: InvitationKey) -> Answer {
    let arrival = &member.visit.arrival;
    match member.visit.app.directory.redeem(&arrival.cx, &member.who, key.clone()).await {
        Ok(view) => html(
            StatusCode::OK,
            &Redeemed {
                page: member.page(),
                organization: view.tenant.name,
                onward: Some(view.redirect_url),
            },
        ),
        Err(error) => trouble(member, &key, error).await,
    }
}

fn tenant_of(key: &InvitationKey) -> Option<TenantId> {
    match key {
        InvitationKey::From(tenant) => Some(*tenant),
        InvitationKey::Ticket(ticket) => ticket.split_once('.')?.0.parse().ok(),
    }
}

/// Says what is wrong with an invitation. Its organisation is named only to whoever has an account there.
async fn trouble(member: &Member, key: &InvitationKey, error: Error) -> Answer {
    let conflict = match error.kind() {
        ErrorKind::Conflict => true,
        ErrorKind::Forbidden | ErrorKind::BadRequest => false,
        ErrorKind::NotFound => return Err(nothing_here()),
        _ => return Err(error.into()),
    };
    let tenant = tenant_of(key);
    let mine = member.visit.app.directory.my_organizations(&member.who).await?;
    let mine = mine.into_iter().find(|one| Some(one.tenant.id) == tenant);
    let invitation = mine.as_ref().and_then(|one| one.user.invitation);
    let state = match (conflict, invitation) {
        _ if mine.as_ref().is_some_and(|one| !one.user.account_enabled) => RedeemState::Blocked,
        (true, Some(InvitationState::Accepted)) => RedeemState::Used,
        (true, _) => RedeemState::Revoked,
        // It is theirs, so it is the organisations that do not agree.
        (false, Some(InvitationState::PendingAcceptance)) => RedeemState::Barred,
        (false, _) => RedeemState::OtherAccount,
    };
    let page = member.page();
    let unnamed = page.t("organization-unnamed");
    let template = Redeem {
        tenant: None,
        organization: mine.as_ref().map_or(unnamed, |one| one.tenant.name.clone()),
        domain: mine.map(|one| one.tenant.domain).unwrap_or_default(),
        privacy_statement: None,
        invited_by: None,
        address: String::new(),
        user_name: member.who.user_name.clone(),
        state,
        page,
    };
    html(if conflict { StatusCode::CONFLICT } else { StatusCode::FORBIDDEN }, &template)
}
