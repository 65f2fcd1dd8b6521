//! Accepting an invitation.

use crate::pages::{
    answer::{Answer, html, see_other},
    paths,
    view::{Redeem, RedeemState, Redeemed},
    visit::{Member, Sent},
};
use http::StatusCode;
use model::{Error, ErrorKind, InvitationState, TenantId};

fn ticket(member: &Member) -> &str {
    member.visit.query.get("ticket").unwrap_or_default()
}

pub(crate) async fn show(member: Member) -> Answer {
    match member.visit.app.directory.view_invitation(&member.who, ticket(&member)).await {
        // Both organisations said of each other that nobody needs to be asked.
        Ok(view) if view.automatic => accept(&member).await,
        Ok(view) => html(
            StatusCode::OK,
            &Redeem {
                page: member.page(),
                organization: view.tenant.name,
                domain: view.tenant.domain,
                privacy_statement: view.tenant.privacy.statement_url,
                user_name: member.who.user_name.clone(),
                state: RedeemState::Review,
            },
        ),
        Err(error) => trouble(&member, error).await,
    }
}

/// The way on is a link and no redirect: `form-action` governs the redirects after a form, too.
pub(crate) async fn decide(form: Sent<Member>) -> Answer {
    if form.fields.text("decision") != "accept" {
        return see_other(paths::ORGANIZATIONS);
    }
    accept(&form.by).await
}

async fn accept(member: &Member) -> Answer {
    let arrival = &member.visit.arrival;
    match member.visit.app.directory.redeem(&arrival.cx, &member.who, ticket(member)).await {
        Ok(view) => html(
            StatusCode::OK,
            &Redeemed {
                page: member.page(),
                organization: view.tenant.name,
                onward: Some(view.redirect_url),
            },
        ),
        Err(error) => trouble(member, error).await,
    }
}

/// Says what is wrong with an invitation. Its organisation is named only to whoever has an account there.
async fn trouble(member: &Member, error: Error) -> Answer {
    let conflict = match error.kind() {
        ErrorKind::Conflict => true,
        ErrorKind::Forbidden => false,
        _ => return Err(error.into()),
    };
    let tenant = ticket(member).split_once('.').and_then(|(tenant, _)| tenant.parse::<TenantId>().ok());
    let mine = member.visit.app.directory.my_organizations(&member.who).await?;
    let mine = mine.into_iter().find(|one| Some(one.tenant.id) == tenant);
    let accepted = mine.as_ref().is_some_and(|one| one.user.invitation == Some(InvitationState::Accepted));
    let state = match (conflict, accepted) {
        (true, true) => RedeemState::Used,
        (true, false) => RedeemState::Revoked,
        (false, _) => RedeemState::OtherAccount,
    };
    let page = member.page();
    let unnamed = page.t("organization-unnamed");
    let template = Redeem {
        organization: mine.as_ref().map_or(unnamed, |one| one.tenant.name.clone()),
        domain: mine.map(|one| one.tenant.domain).unwrap_or_default(),
        privacy_statement: None,
        user_name: member.who.user_name.clone(),
        state,
        page,
    };
    html(if conflict { StatusCode::CONFLICT } else { StatusCode::FORBIDDEN }, &template)
}
