//! Inviting guests by page, sending an invitation again, and letting the owner of the mailbox accept anew.

use super::users::{account, parse, somebody};
use crate::pages::{
    answer::{Answer, html, see_other},
    i18n::Texts,
    paths,
    view::{Choice, Field, HomeLine, InvitationSent, Invite, InviteError, Problem, Reset},
    visit::{Admin, Fields, Sent},
};
use axum::extract::Path;
use http::StatusCode;
use model::{Error, Result, UserType, authz::Operation, is_plain_address, plain_text};
use service::{Account, InvitationMessage, InvitationRequest, Uninvitable};

/// What an inviter may add, in characters.
const LONGEST_MESSAGE: usize = 4000;

/// The form with what was sent.
fn form(admin: &Admin, fields: &Fields) -> Invite {
    let tag = admin.member.visit.texts.tag();
    let language = Some(fields.text("language")).filter(|tag| !tag.is_empty()).unwrap_or(tag);
    let choice = |texts: Texts| Choice {
        value: texts.tag().to_owned(),
        text: texts.t("language-name"),
        chosen: texts.tag() == language,
    };
    let may_invite_members = admin.may(Operation::CreateUser);
    Invite {
        page: admin.page(),
        address: Field::of(fields.text("address")),
        name: Field::of(fields.text("name")),
        member: may_invite_members && fields.text("kind") == "member",
        may_invite_members,
        sends_mail: admin.app().directory.sends_mail(),
        languages: Texts::all().map(choice).collect(),
        message: Field::of(fields.text("message")),
        error: None,
    }
}

/// Whoever may not invite, as the organisation has it now, is shown no form.
async fn require_inviter(admin: &Admin) -> Result<()> {
    if admin.app().directory.may_invite(admin.cx(), &admin.caller).await? {
        Ok(())
    } else {
        Err(Error::forbidden())
    }
}

pub(crate) async fn ask(admin: Admin) -> Answer {
    require_inviter(&admin).await?;
    html(StatusCode::OK, &form(&admin, &Fields::default()))
}

fn judged(mut page: Invite) -> Invite {
    if page.address.value.is_empty() {
        page.address.problem = Some(Problem::Missing);
    } else if !is_plain_address(&page.address.value) {
        page.address.problem = Some(Problem::NotAnAddress);
    }
    if !page.name.value.is_empty() && plain_text(&page.name.value).is_none() {
        page.name.problem = Some(Problem::TooLong);
    }
    if page.message.value.chars().count() > LONGEST_MESSAGE {
        page.message.problem = Some(Problem::TooLong);
    }
    page
}

pub(crate) async fn send(sent: Sent<Admin>) -> Answer {
    let (admin, fields) = (sent.by, sent.fields);
    require_inviter(&admin).await?;
    let page = judged(form(&admin, &fields));
    if [&page.address, &page.name, &page.message].iter().any(|field| field.problem.is_some()) {
        return html(StatusCode::BAD_REQUEST, &page);
    }
    let address = page.address.value.clone();
    let directory = &admin.app().directory;
    if let Err(why) = directory.may_be_invited(admin.cx(), &admin.caller, &address).await? {
        let error = Some(match why {
            Uninvitable::OwnDomain => InviteError::OwnDomain,
            Uninvitable::DomainNotAllowed(_) => InviteError::DomainNotAllowed,
            Uninvitable::BorderClosed => InviteError::BorderClosed,
            Uninvitable::NotAGuest => InviteError::NotAGuest,
            Uninvitable::Blocked(_) => InviteError::Blocked,
        });
        return html(StatusCode::BAD_REQUEST, &Invite { error, ..page });
    }
    let given = |field: &Field| Some(field.value.clone()).filter(|value| !value.is_empty());
    let request = InvitationRequest {
        display_name: given(&page.name),
        user_type: if page.member { UserType::Member } else { UserType::Guest },
        message: Some(message(&admin, Some(fields.text("language").to_owned()), given(&page.message))),
        ..to(&admin, address)
    };
    invite(&admin, request).await
}

fn message(admin: &Admin, language: Option<String>, body: Option<String>) -> InvitationMessage {
    let page = format!("{}{}", admin.member.visit.arrival.origin, paths::REDEEM);
    InvitationMessage { language, body, page, copy: None }
}

/// An invitation after which the guest is shown the own organisations.
fn to(admin: &Admin, address: String) -> InvitationRequest {
    let redirect_url = format!("{}{}", admin.member.visit.arrival.origin, paths::ORGANIZATIONS);
    InvitationRequest { address, redirect_url, ..InvitationRequest::default() }
}

/// Invites, and shows the link this once: only its hash is kept.
async fn invite(admin: &Admin, request: InvitationRequest) -> Answer {
    let address = request.address.clone();
    let sent = admin.app().directory.invite(admin.cx(), &admin.caller, request).await?;
    let page = InvitationSent {
        page: admin.page(),
        guest: somebody(sent.user),
        address,
        mailed: admin.app().directory.sends_mail(),
        link: format!("{}{}?ticket={}", admin.member.visit.arrival.origin, paths::REDEEM, sent.ticket),
    };
    html(StatusCode::OK, &page)
}

/// A new link for somebody who has not accepted yet; the earlier one is void.
pub(crate) async fn again(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let admin = form.by;
    let account = account(&admin, parse(&id)?).await?;
    let Some(address) = account.user.mail.clone().filter(|_| account.may_invite_again) else {
        return not_now(&account);
    };
    let request = InvitationRequest {
        message: Some(message(&admin, None, None)),
        user: Some(account.user.id),
        ..to(&admin, address)
    };
    invite(&admin, request).await
}

/// What was offered before, and is not any more: the page of the user says how things stand.
fn not_now(account: &Account) -> Answer {
    see_other(&paths::user(&account.user.id))
}

pub(crate) async fn ask_reset(Path(id): Path<String>, admin: Admin) -> Answer {
    let account = account(&admin, parse(&id)?).await?;
    if !account.may_reset {
        return not_now(&account);
    }
    let Account { user, provider, .. } = account;
    let page = Reset {
        page: admin.page(),
        address: user.mail.clone().unwrap_or_default(),
        home: HomeLine::of(&user, provider),
        guest: somebody(user),
    };
    html(StatusCode::OK, &page)
}

pub(crate) async fn reset(Path(id): Path<String>, form: Sent<Admin>) -> Answer {
    let admin = form.by;
    let account = account(&admin, parse(&id)?).await?;
    let Some(address) = account.user.mail.clone().filter(|_| account.may_reset) else {
        return not_now(&account);
    };
    let request = InvitationRequest {
        message: Some(message(&admin, None, None)),
        user: Some(account.user.id),
        reset_redemption: true,
        ..to(&admin, address)
    };
    invite(&admin, request).await
}
