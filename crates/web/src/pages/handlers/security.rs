//! The second factor of a member.

use crate::pages::{
    answer::{Answer, html, see_other, with_cookie},
    paths, session,
    view::{RecoveryCodes, SecondFactorSetup, Security, SecurityError},
    visit::{Member, Sent},
};
use http::StatusCode;
use service::{Enrolment, SecurityAnswer};

pub(crate) async fn show(member: Member) -> Answer {
    let removed = member.noted().as_deref() == Some("removed");
    page(&member, StatusCode::OK, removed, None).await
}

async fn page(member: &Member, status: StatusCode, removed: bool, error: Option<SecurityError>) -> Answer {
    let state = member.visit.app.directory.second_factor(&member.who).await?;
    let lacking = member.visit.query.get("required").is_some();
    let offer = member.visit.app.directory.offer_recovery_codes(&member.visit.arrival.cx, &member.who)?;
    html(status, &Security { page: member.page(), state, offer, lacking, removed, error })
}

pub(crate) async fn act(form: Sent<Member>) -> Answer {
    let (member, fields) = (form.by, form.fields);
    let (directory, cx) = (&member.visit.app.directory, &member.visit.arrival.cx);
    let (visitor, code) = (member.visit.visitor(), fields.text("code"));
    let (act, offer) = (fields.text("act"), fields.text("offer"));
    let answer = match act {
        "confirm" => directory.confirm_second_factor(cx, &visitor, &member.who, (code, offer)).await?,
        "renew" => directory.renew_recovery_codes(cx, &visitor, &member.who, (code, offer)).await?,
        "remove" => directory.remove_second_factor(cx, &visitor, &member.who, code).await?,
        _ => {
            let enrolment = directory.begin_second_factor(cx, &member.who).await?;
            return setup(&member, StatusCode::OK, enrolment, None);
        }
    };
    let (status, error) = match answer {
        SecurityAnswer::Done { recovery_codes, .. } if recovery_codes.is_empty() => {
            return see_other(&format!("{}?note={}", paths::SECURITY, member.note("removed")));
        }
        SecurityAnswer::Done { recovery_codes, admin } => {
            let page = RecoveryCodes { page: member.page(), codes: recovery_codes };
            let response = html(StatusCode::OK, &page)?;
            return match admin {
                Some(admin) => with_cookie(response, &session::keep_admin(&admin)),
                None => Ok(response),
            };
        }
        SecurityAnswer::Wrong => (StatusCode::UNPROCESSABLE_ENTITY, SecurityError::WrongCode),
        SecurityAnswer::Throttled { seconds } => {
            let minutes = u64::from(seconds.div_ceil(60));
            (StatusCode::TOO_MANY_REQUESTS, SecurityError::TooManyTries { minutes })
        }
    };
    let pending = match act {
        "confirm" => directory.pending_second_factor(cx, &member.who).await?,
        _ => None,
    };
    match pending {
        Some(enrolment) => setup(&member, status, enrolment, Some(error)),
        None => page(&member, status, false, Some(error)).await,
    }
}

fn setup(member: &Member, status: StatusCode, enrolment: Enrolment, error: Option<SecurityError>) -> Answer {
    let Enrolment { secret, uri, offer } = enrolment;
    html(status, &SecondFactorSetup::new(member.page(), (&secret, &uri), offer, error)?)
}
