//! Guests whose home account was deleted before the policy said to remove them.

use crate::pages::{
    answer::{Answer, html, see_other},
    paths,
    view::{HomeDeletion, HomeDeletions, HomeDeletionsReview},
    visit::{Admin, Sent},
};
use http::StatusCode;
use model::{ObjectId, authz::Operation, domain_of, lifecycle::RETENTION};
use service::Orphan;

/// What positions in the list are sealed under.
const LIST: &str = "home-deletions";
/// What the page is told when the form came without a choice.
const NOTHING: &str = "nothing";

/// The home is called by the domain of the guest's address: its name is that organisation's own business.
fn case(orphan: Orphan) -> HomeDeletion {
    let Orphan { user, since } = orphan;
    let home = user.mail.as_deref().and_then(domain_of).unwrap_or_default();
    HomeDeletion { id: user.id, name: user.display_name, user_name: user.upn, home, since }
}

pub(crate) async fn list(admin: Admin) -> Answer {
    let position = admin.position(LIST);
    let found = admin.app().directory.list_orphans(admin.cx(), &admin.caller, position).await?;
    let note = admin.member.noted();
    html(
        StatusCode::OK,
        &HomeDeletions {
            page: admin.page(),
            pages: admin.pages(LIST, found.next.as_ref())?,
            cases: found.orphans.into_iter().map(case).collect(),
            total: u64::try_from(found.total).unwrap_or_default(),
            may_apply: admin.may(Operation::SettleHomeDeletions),
            removed: note.as_deref().and_then(|note| note.strip_prefix("removed ")?.parse().ok()),
            nothing_chosen: note.as_deref() == Some(NOTHING),
        },
    )
}

pub(crate) async fn review(admin: Admin) -> Answer {
    let chosen: Vec<ObjectId> = admin.member.visit.query.all("id").filter_map(|id| id.parse().ok()).collect();
    let orphans = admin.app().directory.orphans_among(admin.cx(), &admin.caller, &chosen).await?;
    let cases: Vec<HomeDeletion> = orphans.into_iter().map(case).collect();
    if cases.is_empty() {
        return back_with(&admin, NOTHING);
    }
    let purge_after = admin.cx().now + RETENTION;
    html(StatusCode::OK, &HomeDeletionsReview { page: admin.page(), cases, purge_after })
}

pub(crate) async fn apply(form: Sent<Admin>) -> Answer {
    let chosen: Vec<ObjectId> = form.fields.all("id").filter_map(|id| id.parse().ok()).collect();
    let admin = form.by;
    if chosen.is_empty() {
        return back_with(&admin, NOTHING);
    }
    let removed = admin.app().directory.settle_orphans(admin.cx(), &admin.caller, chosen).await?;
    back_with(&admin, &format!("removed {removed}"))
}

fn back_with(admin: &Admin, note: &str) -> Answer {
    see_other(&format!("{}?note={}", paths::HOME_DELETIONS, admin.member.note(note)))
}
