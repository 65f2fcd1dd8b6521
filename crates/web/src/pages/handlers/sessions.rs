//! Where the person is signed in.

use super::sign_in::goodbye;
use crate::pages::{
    answer::{Answer, html, see_other},
    paths,
    view::Sessions,
    visit::{Member, Sent},
};
use http::StatusCode;

pub(crate) async fn list(member: Member) -> Answer {
    let directory = &member.visit.app.directory;
    let sessions = directory.list_sessions(&member.visit.arrival.cx, &member.who).await?;
    let ended = member.noted().as_deref() == Some("ended");
    html(StatusCode::OK, &Sessions { page: member.page(), sessions, ended })
}

pub(crate) async fn end(form: Sent<Member>) -> Answer {
    let (member, fields) = (form.by, form.fields);
    let (directory, cx) = (&member.visit.app.directory, &member.visit.arrival.cx);
    match fields.text("act") {
        "everywhere" => {
            directory.sign_out_everywhere(cx, &member.who).await?;
            return goodbye();
        }
        "others" => directory.end_other_sessions(cx, &member.who).await?,
        _ => directory.end_session(cx, &member.who, fields.text("id")).await?,
    }
    see_other(&format!("{}?note={}", paths::SESSIONS, member.note("ended")))
}
