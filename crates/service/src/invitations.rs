//! Inviting guests, and accepting.

use crate::{
    Caller, Directory, SignedIn,
    authn::{authorized, scope},
    border,
    leave::{account, known},
    mail::{INVITATION_LIFE, Mail, Message},
    people::add_sponsors,
    record::Draft,
};
use identity::Secret;
use model::{
    Cx, Error, ErrorKind, Home, HomeState, InvitationState, ObjectId, Person, Profile, Result, Tenant,
    TenantId, TokenFault, User, UserType,
    audit::Activity,
    authz::{Operation, Principal, authorize, may_manage},
    domain_of, fold, is_plain_address, lifecycle, mint_uuid, plain_text,
};
use serde_json::json;
use store::{ChangeSet, Decision, HomeAccountState, Invitation, Reader};
use uuid::Uuid;

/// What an inviter asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InvitationRequest {
    /// `invitedUserEmailAddress`
    pub address: String,
    /// `invitedUserDisplayName`
    pub display_name: Option<String>,
    /// `inviteRedirectUrl`
    pub redirect_url: String,
    /// `invitedUserType`
    pub user_type: UserType,
    /// `resetRedemption`: let the guest accept again, also with another account.
    pub reset_redemption: bool,
    /// `invitedUserSponsors`: who answers for the guest; the inviter, where nobody is named.
    pub sponsors: Vec<ObjectId>,
    /// The mail to send, if one is to be sent.
    pub message: Option<InvitationMessage>,
    /// The account that is meant, where the inviter has one in view; another one with the address is a conflict.
    pub user: Option<ObjectId>,
}

/// What an invitation that is sent says besides the link.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InvitationMessage {
    /// `messageLanguage`
    pub language: Option<String>,
    /// `customizedMessageBody`, plain text.
    pub body: Option<String>,
    /// The address in `ccRecipients`, who is told and cannot accept.
    pub copy: Option<String>,
    /// The address of the page that accepts invitations; the ticket is put behind it.
    pub page: String,
}

/// An invitation that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvitationSent {
    /// Its id.
    pub id: Uuid,
    /// The guest as it is now.
    pub user: User,
    /// The ticket for the link; only its hash is kept.
    pub ticket: String,
}

/// How somebody who is invited names the invitation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvitationKey {
    /// By the ticket of the link that was sent.
    Ticket(String),
    /// By the organisation that invites. The link is not needed: the session proves who the person is, and an invitation is
    /// accepted only by whom it is for.
    From(TenantId),
}

impl From<&str> for InvitationKey {
    fn from(ticket: &str) -> Self {
        Self::Ticket(ticket.to_owned())
    }
}

impl From<&String> for InvitationKey {
    fn from(ticket: &String) -> Self {
        Self::Ticket(ticket.clone())
    }
}

impl From<TenantId> for InvitationKey {
    fn from(tenant: TenantId) -> Self {
        Self::From(tenant)
    }
}

/// What the *Review permissions* page shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvitationView {
    /// The inviting organisation.
    pub tenant: Tenant,
    /// The address that was invited.
    pub address: String,
    /// Who invited, if they are still there to be named.
    pub invited_by: Option<String>,
    /// Where the guest goes afterwards.
    pub redirect_url: String,
    /// Both organisations have said of each other that nobody needs to be asked.
    pub automatic: bool,
}

/// Why the owner of an address cannot be invited.
#[derive(Clone, Debug)]
pub enum Uninvitable {
    /// The address is in a domain of the organisation.
    OwnDomain,
    /// The list of domains does not admit it.
    DomainNotAllowed(Error),
    /// The settings between organisations let nobody come from there.
    BorderClosed,
    /// There is an account with this address that is no guest's.
    NotAGuest,
    /// There is a guest with this address, who is blocked.
    Blocked(ObjectId),
}

impl Uninvitable {
    fn error(self) -> Error {
        match self {
            Self::OwnDomain => Error::bad_request(
                "The domain of the invited user's email address is a verified domain of this directory.",
            ),
            Self::DomainNotAllowed(error) => error,
            Self::BorderClosed => Error::bad_request(
                "The cross-tenant access settings of this organization do not allow guests from the organization of the invited user. An administrator can change them.",
            ),
            Self::NotAGuest => Error::bad_request(
                "Non-external user already exists with the given mail address and can't be invited.",
            ),
            Self::Blocked(id) => Error::bad_request(format!(
                "The invited user already exists in the directory as object ID: {id}, but the account is blocked from signing in. If the account is unblocked, they can use that account to sign in to shared apps and resources."
            )),
        }
    }
}

fn void() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "This invitation is not valid any more: it was used, withdrawn or replaced. Ask the organization to invite you again.",
    )
}

fn absolute_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && text.len() <= 2048
        && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '`' | '\\'))
}

/// The account that is already there for an address, if there is one.
fn existing(reader: &Reader<'_>, address: &str) -> Result<Option<User>> {
    for home in [Home::Invited { address: address.to_owned() }, Home::Mailbox { address: address.to_owned() }]
    {
        if let Some(user) = reader.user_by_home(&home)? {
            return Ok(Some(user));
        }
    }
    Ok(reader.users_by_mail(address)?.into_iter().next())
}

/// Does the request make sense, whatever is stored?
fn well_formed(request: &InvitationRequest, address: &str) -> Result<()> {
    if !is_plain_address(address) {
        return Err(Error::invalid_value("invitedUserEmailAddress", "Invitation"));
    }
    if !absolute_url(&request.redirect_url) {
        return Err(Error::invalid_value("inviteRedirectUrl", "Invitation"));
    }
    if request.display_name.as_deref().is_some_and(|name| plain_text(name).is_none()) {
        return Err(Error::invalid_value("invitedUserDisplayName", "Invitation"));
    }
    Ok(())
}

/// May the owner of this address, with the account that is [`existing`] for it, be a guest as things stand?
fn judge(
    reader: &Reader<'_>,
    address: &str,
    there: Option<&User>,
) -> Result<std::result::Result<(), Uninvitable>> {
    let domain = domain_of(address).unwrap_or_default();
    if reader.domains()?.contains(&domain) {
        return Ok(Err(Uninvitable::OwnDomain));
    }
    if let Err(error) = crate::settings::invitation_domains(reader)?.admit(address) {
        return Ok(Err(Uninvitable::DomainNotAllowed(error)));
    }
    if !border::may_invite(reader, &domain)? {
        return Ok(Err(Uninvitable::BorderClosed));
    }
    Ok(match there {
        Some(user) if !user.is_external() => Err(Uninvitable::NotAGuest),
        Some(user) if !user.account_enabled => Err(Uninvitable::Blocked(user.id)),
        _ => Ok(()),
    })
}

/// Who may make whom: inviting somebody as a member is for those who may create members, and for apps with the permission.
fn may_invite_as(principal: &Principal, user_type: UserType) -> Result<()> {
    let privileged = match principal {
        Principal::App { .. } | Principal::Operator => true,
        other => Operation::CreateUser.is_open_to(other.roles()),
    };
    if user_type == UserType::Guest || privileged { Ok(()) } else { Err(Error::forbidden()) }
}

fn is_bound(user: &User) -> bool {
    user.invitation != Some(InvitationState::PendingAcceptance)
}

/// A new redemption takes the account, with its groups and roles, from one person and gives it to whoever accepts. So it is
/// no mere invitation: it needs what changing that user needs.
pub(crate) fn may_reset(reader: &Reader<'_>, principal: &Principal, user: &User) -> Result<()> {
    authorize(principal, Operation::UpdateUser)?;
    may_manage(principal, &reader.roles(user.id)?)
}

/// Whoever names the account that is to have a new link gets one for no other.
fn is_meant(request: &InvitationRequest, there: Option<&User>) -> Result<()> {
    if request.user.is_some_and(|meant| there.is_none_or(|user| user.id != meant)) {
        return Err(Error::new(
            ErrorKind::Conflict,
            "Another account has this address now. Read the user again before you invite.",
        ));
    }
    Ok(())
}

impl Directory {
    /// Invites a guest, or sends an existing guest a new link, which voids the earlier one.
    pub async fn invite(
        &self,
        cx: &Cx,
        caller: &Caller,
        request: InvitationRequest,
    ) -> Result<InvitationSent> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        let secret = Secret::generate(cx.random.as_ref());
        let directory = self.clone();
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::InviteGuest)?;
                crate::settings::authorization_policy(reader)?.may_invite(&principal)?;
                may_invite_as(&principal, request.user_type)?;
                let address = fold(&request.address);
                well_formed(&request, &address)?;
                let there = existing(reader, &address)?;
                if let Some(user) = there.as_ref().filter(|user| is_bound(user))
                    && request.reset_redemption
                {
                    may_reset(reader, &principal, user)?;
                }
                judge(reader, &address, there.as_ref())?.map_err(Uninvitable::error)?;
                let tenant = reader.tenant()?;
                let mut changes = ChangeSet::new();
                is_meant(&request, there.as_ref())?;
                let (user, is_new) = match there {
                    Some(user) => (
                        again(&mut changes, &cx, &principal, (user, &address), request.reset_redemption),
                        false,
                    ),
                    None => {
                        let upn = free_upn(reader, &tenant, &address)?;
                        let user = guest(&cx, &principal, &request, (&tenant, &address, upn));
                        changes.insert_user(&user);
                        changes.record(added(&cx, &principal, &user));
                        changes.record(
                            Draft::by(&cx, Activity::InviteExternalUser, &principal)
                                .on_user(&cx, &user)
                                .done(),
                        );
                        (user, true)
                    }
                };
                let inviter: Vec<ObjectId> = user.invited_by.into_iter().collect();
                let sponsors =
                    if request.sponsors.is_empty() && is_new { &inviter } else { &request.sponsors };
                add_sponsors(reader, &mut changes, &cx, &principal, (&user, sponsors))?;
                let invitation = Invitation {
                    id: mint_uuid(cx.random.as_ref()),
                    user: user.id,
                    generation: user.generation,
                    handle_hash: secret.hash(),
                    redirect_url: request.redirect_url.clone(),
                    created: cx.now,
                    used: None,
                };
                changes.insert_invitation(scope, &invitation);
                let ticket = format!("{}.{}", tenant.id, secret.expose());
                if let Some(message) = &request.message {
                    for letter in letters(&tenant, &principal, (&address, message), &ticket)? {
                        directory.queue_mail(
                            &mut changes,
                            &cx,
                            scope,
                            (user.id, INVITATION_LIFE),
                            &letter,
                        )?;
                    }
                }
                Decision::done(changes, InvitationSent { id: invitation.id, user, ticket })
            })
            .await
    }

    /// May the owner of this address be invited? For whoever may invite; [`Directory::invite`] judges again.
    pub async fn may_be_invited(
        &self,
        cx: &Cx,
        caller: &Caller,
        address: &str,
    ) -> Result<std::result::Result<(), Uninvitable>> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = authorized(reader, cx, caller, Operation::InviteGuest)?;
                crate::settings::authorization_policy(reader)?.may_invite(&principal)?;
                let address = fold(address);
                judge(reader, &address, existing(reader, &address)?.as_ref())
            })
            .await
    }

    /// What a person is asked to accept.
    ///
    /// # Errors
    /// `Conflict` if it was used, withdrawn or replaced, `Forbidden` for somebody else or a blocked account, `NotFound` for an
    /// organisation where the person has no account.
    pub async fn view_invitation(
        &self,
        who: &SignedIn,
        key: impl Into<InvitationKey>,
    ) -> Result<InvitationView> {
        let (tenant, named) = read_key(key.into())?;
        self.store()
            .read(scope(tenant), |reader| {
                let (invitation, user) = open(reader, who, &named)?;
                view(reader, who, &user, invitation)
            })
            .await
    }

    /// Accepts an invitation as the signed-in person; answers where to go. The same click twice finds everything done.
    ///
    /// # Errors
    /// As [`Directory::view_invitation`]; `Forbidden` also where the settings of one of two organisations do not allow it.
    pub async fn redeem(
        &self,
        cx: &Cx,
        who: &SignedIn,
        key: impl Into<InvitationKey>,
    ) -> Result<InvitationView> {
        let (tenant, named) = read_key(key.into())?;
        let (cx, who, scope) = (cx.clone(), who.clone(), scope(tenant));
        self.store()
            .commit(scope, move |reader| {
                if let Some(view) = accepted_before(reader, &who, &named)? {
                    return Decision::done(ChangeSet::new(), view);
                }
                let (invitation, user) = open(reader, &who, &named)?;
                require_home(reader, &who)?;
                // Both lists may have changed since the invitation went out.
                if let Some(address) = &user.mail {
                    crate::settings::invitation_domains(reader)?.admit(address)?;
                }
                border::require(reader, &who.person.home(), None)?;
                let next = lifecycle::redeem(&user, &who.person, cx.now)?;
                if user.home != next.home && reader.user_by_home(&next.home)?.is_some() {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "You already belong to this organization with another account. Ask it to withdraw this invitation.",
                    ));
                }
                let mut changes = ChangeSet::new();
                if let Person::Member { tenant, object } = who.person {
                    changes.guard_home_account(tenant, object);
                }
                changes.use_invitation(scope, &invitation, cx.now).update_user(&user, &next);
                changes.record(
                    Draft::by_user(&cx, Activity::UpdateUser, &next, None)
                        .on_user(&cx, &next)
                        .with("UserState", Some(json!("PendingAcceptance")), Some(json!("Accepted")))
                        .done(),
                );
                changes.record(Draft::by_user(&cx, Activity::RedeemInvitation, &next, None).on_user(&cx, &next).done());
                Decision::done(changes, view(reader, &who, &next, invitation)?)
            })
            .await
    }
}

/// The invitation, and the copy without its link.
fn letters(
    tenant: &Tenant,
    principal: &Principal,
    (to, message): (&str, &InvitationMessage),
    ticket: &str,
) -> Result<Vec<Mail>> {
    let language = message.language.clone().unwrap_or_else(|| "en".to_owned());
    let mut letters = vec![Mail {
        to: to.to_owned(),
        language: language.clone(),
        message: Message::Invitation {
            organization: tenant.name.clone(),
            invited_by: principal.user().map(|inviter| inviter.display_name.clone()),
            message: message.body.clone(),
            link: format!("{}?ticket={ticket}", message.page),
        },
    }];
    if let Some(copy) = &message.copy {
        if !is_plain_address(copy) {
            return Err(Error::invalid_value("ccRecipients", "Invitation"));
        }
        let (organization, address, message) = (tenant.name.clone(), to.to_owned(), message.body.clone());
        let message = Message::InvitationCopy { organization, address, message };
        letters.push(Mail { to: copy.clone(), language, message });
    }
    Ok(letters)
}

/// An invitation as it is looked for: by the hash of its handle, or as the one that stands.
#[derive(Clone)]
enum Named {
    Handle(String),
    Standing,
}

fn read_key(key: InvitationKey) -> Result<(TenantId, Named)> {
    match key {
        InvitationKey::From(tenant) => Ok((tenant, Named::Standing)),
        InvitationKey::Ticket(ticket) => {
            let (tenant, secret) = ticket.split_once('.').ok_or_else(void)?;
            Ok((tenant.parse().map_err(|_| void())?, Named::Handle(identity::hash_secret(secret))))
        }
    }
}

/// The newest invitation of an account that can be accepted: not used, taken back or replaced since.
pub(crate) fn open_invitation(reader: &Reader<'_>, user: &User) -> Result<Option<Invitation>> {
    if user.is_deleted() || is_bound(user) || !user.account_enabled {
        return Ok(None);
    }
    let stands = |found: &Invitation| found.used.is_none() && found.generation == user.generation;
    Ok(reader.invitations_of(user.id)?.into_iter().find(stands))
}

fn view(reader: &Reader<'_>, who: &SignedIn, user: &User, invitation: Invitation) -> Result<InvitationView> {
    let invited_by = match user.invited_by {
        Some(id) => reader.live_user(id)?.map(|inviter| inviter.display_name),
        None => None,
    };
    Ok(InvitationView {
        tenant: reader.tenant()?,
        address: user.mail.clone().unwrap_or_default(),
        invited_by,
        redirect_url: invitation.redirect_url,
        automatic: border::is_automatic(reader, &who.person)?,
    })
}

/// A second click by the same person finds everything done.
fn accepted_before(reader: &Reader<'_>, who: &SignedIn, named: &Named) -> Result<Option<InvitationView>> {
    let used = match named {
        Named::Handle(hash) => reader.invitation(hash)?,
        Named::Standing => match account(reader, who)?.filter(is_bound) {
            Some(user) => reader.invitations_of(user.id)?.into_iter().find(|found| found.used.is_some()),
            None => None,
        },
    };
    let Some(invitation) = used.filter(|found| found.used.is_some()) else { return Ok(None) };
    match reader.live_user(invitation.user)? {
        Some(user) if user.home == who.person.home() => view(reader, who, &user, invitation).map(Some),
        _ => Ok(None),
    }
}

/// The invitation that somebody named, if it still stands and is for this person.
fn open(reader: &Reader<'_>, who: &SignedIn, named: &Named) -> Result<(Invitation, User)> {
    let (invitation, user) = match named {
        Named::Handle(hash) => {
            let invitation =
                reader.invitation(hash)?.filter(|found| found.used.is_none()).ok_or_else(void)?;
            let user = reader.live_user(invitation.user)?.ok_or_else(void)?;
            (invitation, user)
        }
        Named::Standing => {
            let (_, user) = known(reader, who)?;
            (open_invitation(reader, &user)?.ok_or_else(void)?, user)
        }
    };
    if user.generation != invitation.generation {
        return Err(void());
    }
    if !who.owns(&user) {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "This invitation was sent to another account. Sign out, and sign in with the account that was invited.",
        ));
    }
    if !user.account_enabled {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "The organization has blocked this account. Ask it to unblock the account before you accept.",
        ));
    }
    Ok((invitation, user))
}

/// The home account may have been blocked or deleted since the session was read; what is bound after the deletion was carried
/// here would outlive it.
fn require_home(reader: &Reader<'_>, who: &SignedIn) -> Result<()> {
    let Person::Member { tenant, object } = who.person else { return Ok(()) };
    match reader.across().home_account(tenant, object)? {
        HomeAccountState::Enabled => Ok(()),
        HomeAccountState::Disabled | HomeAccountState::Deleted => {
            Err(Error::unauthenticated(TokenFault::Revoked))
        }
    }
}

/// The user name of a guest; digits tell it from one that is taken, as two addresses can form the same (as Entra does).
fn free_upn(reader: &Reader<'_>, tenant: &Tenant, address: &str) -> Result<String> {
    let wanted = lifecycle::guest_upn(address, &tenant.domain);
    let (local, rest) = wanted.split_once("#EXT#").unwrap_or((&wanted, ""));
    for digits in 0..1000 {
        let upn = if digits == 0 { wanted.clone() } else { format!("{local}{digits}#EXT#{rest}") };
        if reader.user_by_upn(&upn)?.is_none() {
            return Ok(upn);
        }
    }
    Err(Error::bad_request(
        "A thousand accounts have this user name already. Remove some of them, then invite again.",
    ))
}

fn guest(
    cx: &Cx,
    principal: &Principal,
    request: &InvitationRequest,
    (tenant, address, upn): (&Tenant, &str, String),
) -> User {
    let local = address.split('@').next().unwrap_or(address);
    User {
        tenant: tenant.id,
        id: ObjectId::mint(cx.random.as_ref()),
        user_type: request.user_type,
        upn,
        display_name: request.display_name.as_deref().map_or(local, str::trim).to_owned(),
        given_name: None,
        surname: None,
        mail: Some(address.to_owned()),
        other_mails: vec![address.to_owned()],
        account_enabled: true,
        home: Home::Invited { address: address.to_owned() },
        home_state: HomeState::Present,
        invitation: Some(InvitationState::PendingAcceptance),
        invitation_changed: Some(cx.now),
        invited_by: principal.user().map(|inviter| inviter.id),
        created: cx.now,
        deletion: None,
        generation: 1,
        version: 1,
        tokens_since: cx.now,
        profile: Profile::default(),
    }
}

fn added(cx: &Cx, principal: &Principal, user: &User) -> model::audit::Record {
    Draft::by(cx, Activity::AddUser, principal)
        .on_user(cx, user)
        .with("UserType", None, Some(json!(user.user_type.as_str())))
        .with("CreationType", None, Some(json!("Invitation")))
        .with("UserState", None, Some(json!("PendingAcceptance")))
        .done()
}

/// A guest is there already: the same object gets a new link (as Entra does).
fn again(
    changes: &mut ChangeSet,
    cx: &Cx,
    principal: &Principal,
    (user, address): (User, &str),
    reset: bool,
) -> User {
    let activity = if reset { Activity::ReinviteExternalUser } else { Activity::InviteExternalUser };
    let next = if reset && is_bound(&user) {
        let next = User {
            // The address that was asked for is the account's own, and the only one that the inviter has read.
            home: Home::Invited { address: address.to_owned() },
            // Whoever accepts may be somebody else: what happened to the earlier home account does not concern them.
            home_state: HomeState::Present,
            invitation: Some(InvitationState::PendingAcceptance),
            invitation_changed: Some(cx.now),
            generation: user.generation + 1,
            version: user.version + 1,
            ..user.clone()
        };
        changes.update_user(&user, &next).revoke(&next);
        next
    } else {
        changes.guard_user(&user);
        user
    };
    changes.record(Draft::by(cx, activity, principal).on_user(cx, &next).done());
    next
}
