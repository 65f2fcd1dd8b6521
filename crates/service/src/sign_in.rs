//! Signing in to My Account with a home account: a password for members of a tenant here, a passcode for mailboxes.

use crate::{
    Directory, MAILBOX_REALM, SignedIn,
    authn::{SESSION_LIFE, describe, scope, write_cookie},
    mail::{Mail, Message},
    record::Draft,
    second_factor,
    throttle::Lanes,
    tokens::blocking,
};
use identity::Secret;
use model::{
    Cx, Error, ErrorKind, Home, ObjectId, Person, Result, Span, TenantId, User,
    audit::{Activity, Initiator},
    domain_of, fold, is_plain_address, lifecycle,
};
use serde::{Deserialize, Serialize};
use store::{ChangeSet, Decision, Membership, Passcode, ProviderChoice, Reader, Session, SessionDetail};

/// How somebody with this user name signs in. Says nothing about whether there is such an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Discovered {
    /// The domain belongs to an organisation here.
    Password,
    /// It does not: a passcode can be sent.
    Passcode,
    /// Organisations here know a provider for the domain.
    Providers {
        /// The providers, each with the organisation that registered it.
        providers: Vec<ProviderChoice>,
        /// A passcode can be sent as well.
        passcode: bool,
    },
    /// It does not, and passcodes are not set up; or it is no user name at all.
    Unavailable,
}

/// Who is at the door, as far as the request tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Visitor {
    /// The address or network.
    pub network: String,
    /// The value by which the browser is known, if it was here before.
    pub device: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

impl<T: AsRef<str> + ?Sized> From<&T> for Visitor {
    /// Somebody of whom only the network is known.
    fn from(network: &T) -> Self {
        Self { network: network.as_ref().to_owned(), ..Self::default() }
    }
}

impl From<&Visitor> for Visitor {
    fn from(visitor: &Visitor) -> Self {
        visitor.clone()
    }
}

/// What came of signing in.
pub enum SignIn {
    /// It worked.
    SignedIn {
        /// The value of the session cookie.
        cookie: String,
        /// The value of the cookie for the administration pages, for whoever may open them.
        admin: Option<String>,
        /// The value by which the browser is known from now on.
        device: String,
        /// Who it is.
        person: Box<SignedIn>,
    },
    /// The password is right; the second factor is asked for.
    SecondFactor {
        /// Proves the first step; goes back with the code.
        ticket: String,
    },
    /// Everything is right, and the person has to choose a new password before there is a session.
    NewPassword {
        /// Proves the steps so far; goes back with the new password.
        ticket: String,
    },
    /// The new password is the one that is to be changed.
    SamePassword,
    /// User name, password or passcode is wrong; which of them is not told.
    Wrong,
    /// The password is right, but the account is blocked at home.
    Blocked,
    /// Too many wrong attempts.
    Throttled {
        /// Seconds until the next one makes sense.
        seconds: u32,
    },
}

/// How long a passcode is good for.
const PASSCODE_LIFE: Span = Span::minutes(10);
/// So many wrong guesses void a passcode.
const PASSCODE_ATTEMPTS: i64 = 5;
/// The least time between two passcodes to one address.
const RESEND: Span = Span::minutes(1);
/// How long the second step may take.
const STEP_LIFE: Span = Span::minutes(10);
/// The label of the ticket to the second factor.
const TICKET: &str = "second-factor";
/// The label of the ticket to the choice of a new password: only whoever has come past the second factor has one.
const CHANGE: &str = "password-change";
/// The most that is kept of what a browser calls itself.
const AGENT: usize = 200;

/// A session to be, and the cookies for it.
#[derive(Clone)]
pub(crate) struct Fresh {
    pub session: Session,
    pub detail: SessionDetail,
    pub cookie: String,
    pub admin: String,
}

impl Fresh {
    pub(crate) fn new(cx: &Cx, realm: TenantId, person: &Person, visitor: &Visitor) -> Self {
        let (secret, admin) = (Secret::generate(cx.random.as_ref()), Secret::generate(cx.random.as_ref()));
        let agent = visitor.agent.as_deref().map(|agent| agent.chars().take(AGENT).collect());
        Self {
            session: Session {
                hash: secret.hash(),
                person_key: person.key(),
                authenticated: cx.now,
                seen: cx.now,
                expires: cx.now + SESSION_LIFE,
            },
            detail: SessionDetail {
                started: Some(cx.now),
                agent,
                network: Some(visitor.network.clone()),
                second_factor: false,
                admin_hash: Some(admin.hash()),
                admin_seen: Some(cx.now),
            },
            cookie: write_cookie(realm, &secret),
            admin: write_cookie(realm, &admin),
        }
    }

    /// Begins the session. The administration pages open only to whoever holds a role, and a second factor where the
    /// organisation asks for one.
    pub(crate) fn begin(
        &self,
        changes: &mut ChangeSet,
        realm: TenantId,
        person: SignedIn,
        administrator: bool,
        device: String,
    ) -> SignIn {
        let mut detail = self.detail.clone();
        if !administrator {
            (detail.admin_hash, detail.admin_seen) = (None, None);
        }
        changes.insert_session(scope(realm), &self.session);
        changes.describe_session(scope(realm), &self.session.hash, &detail);
        let admin = administrator.then(|| self.admin.clone());
        SignIn::SignedIn { cookie: self.cookie.clone(), admin, device, person: Box::new(person) }
    }
}

/// What was proved, on its way to the next step. It holds as long as the password and the account stay as they were.
#[derive(Clone, Serialize, Deserialize)]
struct Ticket {
    tenant: TenantId,
    user: ObjectId,
    password: String,
    generation: i64,
    until: i64,
    /// How the second factor was proved, if it was.
    second_factor: Option<String>,
}

/// What was found out about a password, outside of any transaction.
#[derive(Clone)]
struct Judged {
    user: User,
    phc: String,
    right: bool,
    /// A hash at today's cost, where the stored one is older.
    renewed: Option<String>,
}

impl Directory {
    /// How somebody with this user name signs in.
    pub async fn discover(&self, user_name: &str) -> Result<Discovered> {
        let address = fold(user_name);
        let Some(domain) = domain_of(&address).filter(|_| is_plain_address(&address)) else {
            return Ok(Discovered::Unavailable);
        };
        let (hosted, providers) = self
            .store()
            .read_across(|across| {
                Ok((across.tenant_of_domain(&domain)?, across.providers_of_domain(&domain)?))
            })
            .await?;
        let passcode = self.sends_passcodes();
        Ok(match hosted {
            Some(_) => Discovered::Password,
            None if !providers.is_empty() && self.inner.outside.outbound.is_some() => {
                Discovered::Providers { providers, passcode }
            }
            None if passcode => Discovered::Passcode,
            None => Discovered::Unavailable,
        })
    }

    /// Can people without a home organisation be sent passcodes?
    fn sends_passcodes(&self) -> bool {
        self.inner.passcodes.is_some() || self.sends_mail()
    }

    /// Signs a member in with the password. Failures are counted so that a stranger elsewhere locks nobody out.
    ///
    /// # Errors
    /// `TooManyRequests` if too many people sign in at this moment.
    pub async fn sign_in(
        &self,
        cx: &Cx,
        visitor: impl Into<Visitor>,
        user_name: &str,
        password: &str,
    ) -> Result<SignIn> {
        // Before anything is counted: whoever is turned away here has not failed.
        let _place = self.inner.sign_ins.try_acquire().map_err(|_| {
            Error::new(
                ErrorKind::TooManyRequests(2),
                "Too many people are signing in at this moment. Try again in a few seconds.",
            )
        })?;
        let (visitor, account) = (visitor.into(), fold(user_name));
        let domain = domain_of(&account).unwrap_or_default();
        let tenant = self.store().read_across(|across| across.tenant_of_domain(&domain)).await?;
        let realm = tenant.unwrap_or(MAILBOX_REALM);
        let lanes = self.lanes("throttle", realm, &account, &visitor);
        if let Some(seconds) = self.count(cx, realm, &lanes).await? {
            return Ok(SignIn::Throttled { seconds });
        }
        match self.judge_password(cx, realm, &account, password).await? {
            Some(judged) => self.conclude(cx, realm, lanes, judged, visitor).await,
            None => self.refuse_nobody(cx, realm).await,
        }
    }

    pub(crate) async fn count(&self, cx: &Cx, realm: TenantId, lanes: &Lanes) -> Result<Option<u32>> {
        let (lanes, now) = (lanes.clone(), cx.now);
        self.store()
            .commit(scope(realm), move |reader| {
                let mut changes = ChangeSet::new();
                let wait = lanes.count(reader, &mut changes, now)?;
                Decision::done(changes, wait)
            })
            .await
    }

    /// A wrong password of an account that exists is recorded. Here nothing is, but it takes a commit as well, so that the
    /// time of the answer does not tell whether there is such an account.
    async fn refuse_nobody(&self, cx: &Cx, realm: TenantId) -> Result<SignIn> {
        let (key, now) = (self.private_key("throttle", &["nobody"]), cx.now);
        self.store()
            .commit(scope(realm), move |_| {
                let mut changes = ChangeSet::new();
                changes.set_throttle(scope(realm), &key, 1, now);
                Decision::done(changes, SignIn::Wrong)
            })
            .await
    }

    /// Compares the password; takes as long for accounts that do not exist. Nothing if there is no such account.
    async fn judge_password(
        &self,
        cx: &Cx,
        realm: TenantId,
        account: &str,
        password: &str,
    ) -> Result<Option<Judged>> {
        let found = self
            .store()
            .read(scope(realm), |reader| {
                let user = reader.user_by_upn(account)?.filter(|user| user.home == Home::Here);
                let Some(user) = user else { return Ok(None) };
                Ok(Some((reader.password(user.id)?, user)))
            })
            .await?;
        let _permit = self.hashing_permit().await?;
        let (password, random) = (password.to_owned(), std::sync::Arc::clone(&cx.random));
        blocking(move || {
            let Some((phc, user)) = found else {
                identity::verify_nothing(&password);
                return Ok(None);
            };
            let Some(phc) = phc else {
                let right = identity::verify_nothing(&password);
                return Ok(Some(Judged { user, phc: String::new(), right, renewed: None }));
            };
            let right = identity::verify_password(&password, &phc);
            let renewed = (right && identity::password_outdated(&phc))
                .then(|| identity::hash_password(&password, random.as_ref()))
                .transpose()?;
            Ok(Some(Judged { user, phc, right, renewed }))
        })
        .await
    }

    /// Begins the session, if account and password are still what they were when the password was compared; or asks for the
    /// second factor, if there is one.
    async fn conclude(
        &self,
        cx: &Cx,
        tenant: TenantId,
        lanes: Lanes,
        judged: Judged,
        visitor: Visitor,
    ) -> Result<SignIn> {
        let person = Person::Member { tenant, object: judged.user.id };
        let fresh = Fresh::new(cx, tenant, &person, &visitor);
        let device = self.introduce(cx, &fold(&judged.user.upn), &visitor);
        let (directory, cx) = (self.clone(), cx.clone());
        self.store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let Some(user) = reader.live_user(judged.user.id)? else {
                    return Decision::done(changes, SignIn::Wrong);
                };
                if !judged.right || reader.password(user.id)?.as_ref() != Some(&judged.phc) {
                    let record = Draft::new(&cx, Activity::SignInRefused, Initiator::Anonymous)
                        .on_user(&cx, &user)
                        .refused("wrongPassword");
                    changes.record(record.done());
                    return Decision::done(changes, SignIn::Wrong);
                }
                changes.guard_user(&user);
                lanes.forgive(reader, &mut changes)?;
                if let Some(hash) = &judged.renewed {
                    changes.set_password(&user, hash, cx.now);
                }
                let signed_in = describe(reader, person.clone(), &fresh.session)?;
                let Some(signed_in) = signed_in else {
                    return refuse_blocked(changes, &cx, &user);
                };
                let phc = judged.renewed.as_ref().unwrap_or(&judged.phc);
                if second_factor::is_set_up(reader, user.id)? {
                    let ticket = directory.ticket(TICKET, &cx, (&user, phc), None);
                    return Decision::done(changes, SignIn::SecondFactor { ticket });
                }
                if reader.password_change_required(user.id)? {
                    let ticket = directory.ticket(CHANGE, &cx, (&user, phc), None);
                    return Decision::done(changes, SignIn::NewPassword { ticket });
                }
                let record = Draft::by_user(&cx, Activity::SignIn, &user, None).on_user(&cx, &user);
                changes.record(record.done());
                let opens = second_factor::opens_administration(reader, &directory, &user, false)?;
                let done = fresh.begin(&mut changes, tenant, signed_in, opens, device.clone());
                Decision::done(changes, done)
            })
            .await
    }

    fn ticket(
        &self,
        label: &str,
        cx: &Cx,
        (user, phc): (&User, &str),
        second_factor: Option<&str>,
    ) -> String {
        let ticket = Ticket {
            tenant: user.tenant,
            user: user.id,
            password: self.private_key("ticket-password", &[phc]),
            generation: user.generation,
            until: (cx.now + STEP_LIFE).as_micros(),
            second_factor: second_factor.map(str::to_owned),
        };
        // Ids, numbers and hexadecimal always serialise.
        self.sign_opaque(label, &serde_json::to_vec(&ticket).unwrap_or_default())
    }

    /// Reads a ticket to this step that is not too old.
    fn open_ticket(&self, label: &str, cx: &Cx, ticket: &str) -> Option<Ticket> {
        let bytes = self.open_opaque(label, ticket)?;
        let ticket = serde_json::from_slice::<Ticket>(&bytes).ok()?;
        (cx.now.as_micros() < ticket.until).then_some(ticket)
    }

    /// The account of a ticket and its password, if both are still as they were.
    fn stands(&self, reader: &Reader<'_>, ticket: &Ticket) -> Result<Option<(User, String)>> {
        let user = reader.live_user(ticket.user)?.filter(|user| user.generation == ticket.generation);
        let phc = reader.password(ticket.user)?.unwrap_or_default();
        let same = self.private_key("ticket-password", &[&phc]) == ticket.password;
        Ok(user.filter(|_| same).map(|user| (user, phc)))
    }

    /// The same, of somebody who has to choose a new password. Whoever has set up a second factor meanwhile has to prove it.
    fn stands_to_change(&self, reader: &Reader<'_>, ticket: &Ticket) -> Result<Option<(User, String)>> {
        let Some((user, phc)) = self.stands(reader, ticket)? else { return Ok(None) };
        let proved = ticket.second_factor.is_some() || !second_factor::is_set_up(reader, user.id)?;
        Ok((proved && reader.password_change_required(user.id)?).then_some((user, phc)))
    }

    /// The second step: a code of the authenticator app, or a recovery code. A ticket that is too old answers `Wrong`, too.
    pub async fn sign_in_with_code(
        &self,
        cx: &Cx,
        visitor: impl Into<Visitor>,
        ticket: &str,
        code: &str,
    ) -> Result<SignIn> {
        let visitor = visitor.into();
        let Some(ticket) = self.open_ticket(TICKET, cx, ticket) else { return Ok(SignIn::Wrong) };
        let (tenant, code) = (ticket.tenant, second_factor::cleaned(code));
        let lanes = self.lanes("throttle-code", tenant, &ticket.user.to_string(), &visitor);
        if let Some(seconds) = self.count(cx, tenant, &lanes).await? {
            return Ok(SignIn::Throttled { seconds });
        }
        let person = Person::Member { tenant, object: ticket.user };
        let mut fresh = Fresh::new(cx, tenant, &person, &visitor);
        fresh.detail.second_factor = true;
        let (directory, cx) = (self.clone(), cx.clone());
        self.store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let Some((user, phc)) = directory.stands(reader, &ticket)? else {
                    return Decision::done(changes, SignIn::Wrong);
                };
                let Some(how) = directory.accept_code(reader, &mut changes, &cx, &user, &code)? else {
                    let record = Draft::new(&cx, Activity::SignInRefused, Initiator::Anonymous)
                        .on_user(&cx, &user)
                        .refused("wrongCode");
                    changes.record(record.done());
                    return Decision::done(changes, SignIn::Wrong);
                };
                changes.guard_user(&user);
                lanes.forgive(reader, &mut changes)?;
                let signed_in = describe(reader, person.clone(), &fresh.session)?;
                let Some(signed_in) = signed_in else {
                    return refuse_blocked(changes, &cx, &user);
                };
                if reader.password_change_required(user.id)? {
                    let ticket = directory.ticket(CHANGE, &cx, (&user, &phc), Some(how));
                    return Decision::done(changes, SignIn::NewPassword { ticket });
                }
                let signed_in = SignedIn { second_factor: true, ..signed_in };
                let record = Draft::by_user(&cx, Activity::SignIn, &user, None).on_user(&cx, &user);
                changes.record(record.detail("secondFactor", how).done());
                let device = directory.introduce(&cx, &fold(&user.upn), &visitor);
                let opens = second_factor::opens_administration(reader, &directory, &user, true)?;
                let done = fresh.begin(&mut changes, tenant, signed_in, opens, device);
                Decision::done(changes, done)
            })
            .await
    }

    /// The last step of whoever has to choose a new password: it takes the place of the old one, everything from before ends, and
    /// the session begins. A ticket is used up by that; one that is used up or too old answers `Wrong`.
    ///
    /// # Errors
    /// `BadRequest` for a password that can be guessed.
    pub async fn choose_password(
        &self,
        cx: &Cx,
        visitor: impl Into<Visitor>,
        ticket: &str,
        password: &str,
    ) -> Result<SignIn> {
        let visitor = visitor.into();
        let Some(ticket) = self.open_ticket(CHANGE, cx, ticket) else { return Ok(SignIn::Wrong) };
        let found = self
            .store()
            .read(scope(ticket.tenant), |reader| {
                let found = self.stands_to_change(reader, &ticket)?;
                found.map(|(user, phc)| Ok((reader.tenant()?.name, user, phc))).transpose()
            })
            .await?;
        let Some((organisation, user, old)) = found else { return Ok(SignIn::Wrong) };
        self.judge_new_password(&organisation, &user, password).await?;
        // Comparing and hashing cost: from here on, tries count.
        let lanes = self.lanes("throttle-change", ticket.tenant, &ticket.user.to_string(), &visitor);
        if let Some(seconds) = self.count(cx, ticket.tenant, &lanes).await? {
            return Ok(SignIn::Throttled { seconds });
        }
        match self.hash_other_than(cx, &old, password).await? {
            Some(hash) => self.conclude_change(cx, ticket, lanes, hash, visitor).await,
            None => Ok(SignIn::SamePassword),
        }
    }

    /// The hash of a new password; none if it is the old one.
    async fn hash_other_than(&self, cx: &Cx, old: &str, password: &str) -> Result<Option<String>> {
        let _permit = self.hashing_permit().await?;
        let (old, password) = (old.to_owned(), password.to_owned());
        let random = std::sync::Arc::clone(&cx.random);
        blocking(move || {
            if identity::verify_password(&password, &old) {
                return Ok(None);
            }
            identity::hash_password(&password, random.as_ref()).map(Some)
        })
        .await
    }

    async fn conclude_change(
        &self,
        cx: &Cx,
        ticket: Ticket,
        lanes: Lanes,
        hash: String,
        visitor: Visitor,
    ) -> Result<SignIn> {
        let tenant = ticket.tenant;
        let person = Person::Member { tenant, object: ticket.user };
        let mut fresh = Fresh::new(cx, tenant, &person, &visitor);
        let second_factor = ticket.second_factor.is_some();
        fresh.detail.second_factor = second_factor;
        let (directory, cx) = (self.clone(), cx.clone());
        self.store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let Some((user, _)) = directory.stands_to_change(reader, &ticket)? else {
                    return Decision::done(changes, SignIn::Wrong);
                };
                lanes.forgive(reader, &mut changes)?;
                let signed_in = describe(reader, person.clone(), &fresh.session)?;
                let Some(signed_in) = signed_in else {
                    changes.guard_user(&user);
                    return refuse_blocked(changes, &cx, &user);
                };
                let next = lifecycle::void_tokens(&user, cx.now);
                changes
                    .update_user(&user, &next)
                    .revoke(&next)
                    .set_password(&next, &hash, cx.now)
                    .require_password_change(&next, false);
                let record = Draft::by_user(&cx, Activity::ChangePassword, &user, None).on_user(&cx, &user);
                changes.record(record.done());
                let signed_in = SignedIn { second_factor, ..signed_in };
                let record = Draft::by_user(&cx, Activity::SignIn, &user, None).on_user(&cx, &user);
                let record = match &ticket.second_factor {
                    Some(how) => record.detail("secondFactor", how),
                    None => record,
                };
                changes.record(record.done());
                let device = directory.introduce(&cx, &fold(&user.upn), &visitor);
                let opens = second_factor::opens_administration(reader, &directory, &user, second_factor)?;
                let done = fresh.begin(&mut changes, tenant, signed_in, opens, device);
                Decision::done(changes, done)
            })
            .await
    }

    /// Sends a passcode to an address that is a guest's somewhere and not in a domain hosted here. Answers the same for any
    /// other address, and when the last passcode is less than a minute old. `language` is that of the mail.
    ///
    /// # Errors
    /// `BadRequest` if passcodes are not set up.
    pub async fn send_passcode(&self, cx: &Cx, address: &str, language: &str) -> Result<()> {
        if !self.sends_passcodes() {
            return Err(Error::bad_request(
                "This server cannot send passcodes. Sign in with the account of your organisation.",
            ));
        }
        let address = fold(address);
        if !is_plain_address(&address) {
            return Ok(());
        }
        let code = identity::one_time_code(cx.random.as_ref());
        let passcode = Passcode {
            hash: self.passcode_hash(&address, &code),
            expires: cx.now + PASSCODE_LIFE,
            attempts: 0,
        };
        let throttle = self.private_key("passcode-sent", &[&address]);
        let (key, mailbox) = (self.private_key("passcode-address", &[&address]), address.clone());
        let mail = Mail {
            to: address.clone(),
            language: language.to_owned(),
            message: Message::Passcode { code: code.clone(), minutes: PASSCODE_LIFE.as_seconds() / 60 },
        };
        let (directory, own) = (self.clone(), cx.clone());
        let send = self
            .store()
            .commit(scope(MAILBOX_REALM), move |reader| {
                let mut changes = ChangeSet::new();
                let sent = reader.throttle(&throttle)?;
                if sent.is_some_and(|sent| own.now.since(sent.last) < RESEND) {
                    return Decision::done(changes, false);
                }
                changes.set_throttle(scope(MAILBOX_REALM), &throttle, 1, own.now);
                let known = is_mailbox_guest(reader, &mailbox)?;
                if known {
                    changes.set_passcode(scope(MAILBOX_REALM), &key, &passcode);
                    // An earlier passcode is void, so its mail is of no use.
                    changes.forget_mails(scope(MAILBOX_REALM), &key);
                    let queue = (&key, PASSCODE_LIFE);
                    directory.queue_mail(&mut changes, &own, scope(MAILBOX_REALM), queue, &mail)?;
                }
                Decision::done(changes, known)
            })
            .await?;
        if let Some(sink) = self.inner.passcodes.as_ref().filter(|_| send) {
            sink(&address, &code);
        }
        Ok(())
    }

    fn passcode_hash(&self, address: &str, code: &str) -> String {
        self.private_key("passcode", &[address, code])
    }

    /// Signs somebody with a mailbox in with the passcode sent there. It works once.
    pub async fn sign_in_with_passcode(
        &self,
        cx: &Cx,
        visitor: impl Into<Visitor>,
        address: &str,
        code: &str,
    ) -> Result<SignIn> {
        let (visitor, address) = (visitor.into(), fold(address));
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let guess = self.passcode_hash(&address, &digits);
        let key = self.private_key("passcode-address", &[&address]);
        let lanes = self.lanes("throttle", MAILBOX_REALM, &address, &visitor);
        let person = Person::Mailbox { address: address.clone() };
        let fresh = Fresh::new(cx, MAILBOX_REALM, &person, &visitor);
        let device = self.introduce(cx, &address, &visitor);
        // Whoever guesses voids the passcode for strangers, not for a browser that the owner has signed in with before: that one has
        // its own count.
        let known = self.known_to(&address, &visitor).is_some();
        let (own, now, realm) = (person.clone(), cx.now, scope(MAILBOX_REALM));
        let (done, judged) = self
            .store()
            .commit(realm, move |reader| {
                let mut changes = ChangeSet::new();
                if let Some(seconds) = lanes.count(reader, &mut changes, now)? {
                    return Decision::done(changes, (SignIn::Throttled { seconds }, false));
                }
                let good = reader
                    .passcode(&key)?
                    .filter(|sent| now < sent.expires && (known || sent.attempts < PASSCODE_ATTEMPTS));
                let Some(sent) = good else { return Decision::done(changes, (SignIn::Wrong, false)) };
                if !identity::equal(guess.as_bytes(), sent.hash.as_bytes()) {
                    let counted = Passcode { attempts: sent.attempts + i64::from(!known), ..sent };
                    changes.set_passcode(realm, &key, &counted);
                    return Decision::done(changes, (SignIn::Wrong, true));
                }
                changes.use_passcode(realm, &key, &sent);
                lanes.forgive(reader, &mut changes)?;
                // The last account may have gone since the passcode was sent.
                let signed_in = if is_mailbox_guest(reader, &address)? {
                    describe(reader, own.clone(), &fresh.session)?
                } else {
                    None
                };
                let Some(signed_in) = signed_in else {
                    return Decision::done(changes, (SignIn::Wrong, true));
                };
                let done = fresh.begin(&mut changes, MAILBOX_REALM, signed_in, false, device.clone());
                Decision::done(changes, (done, true))
            })
            .await?;
        if judged {
            let refused = (!matches!(done, SignIn::SignedIn { .. })).then_some("wrongPasscode");
            self.record_at_hosts(cx, &person, refused).await;
        }
        Ok(done)
    }

    /// People with a mailbox have no organisation of their own whose log could hold their sign-ins, so the organisations where
    /// they are guests do. One commit each, beside the answer: how long it takes would tell where somebody is a guest.
    async fn record_at_hosts(&self, cx: &Cx, person: &Person, refused: Option<&'static str>) {
        let (directory, cx, person) = (self.clone(), cx.clone(), person.clone());
        let recorded = tokio::spawn(async move {
            let found = person.clone();
            let hosts: Vec<Membership> =
                directory.store().read_across(move |across| across.memberships(&found, &[])).await?;
            for host in hosts.into_iter().filter(|host| !host.user.is_deleted()) {
                directory.record_at(&cx, host.user, refused).await?;
            }
            Ok::<_, Error>(())
        });
        // Whoever signed in may know where; whoever failed may not.
        if refused.is_none() {
            match recorded.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(?error, "a sign-in was not recorded everywhere"),
                Err(error) => tracing::error!(%error, "a sign-in was not recorded everywhere"),
            }
        }
    }

    async fn record_at(&self, cx: &Cx, user: User, refused: Option<&'static str>) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(user.tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let Some(user) = reader.live_user(user.id)? else { return Decision::done(changes, ()) };
                let draft = match refused {
                    Some(why) => Draft::new(&cx, Activity::SignInRefused, Initiator::Anonymous).refused(why),
                    None => Draft::by_user(&cx, Activity::SignIn, &user, None),
                };
                changes.record(draft.on_user(&cx, &user).detail("method", "passcode").done());
                Decision::done(changes, ())
            })
            .await
    }
}

/// The password was right: the person may be told that the account is blocked.
fn refuse_blocked(mut changes: ChangeSet, cx: &Cx, user: &User) -> Result<Decision<SignIn>> {
    let record = Draft::by_user(cx, Activity::SignInRefused, user, None).on_user(cx, user);
    changes.record(record.refused("accountDisabled").done());
    Decision::done(changes, SignIn::Blocked)
}

/// Is this address a guest's somewhere, or invited, and not in a domain whose people sign in with a password?
fn is_mailbox_guest(reader: &Reader<'_>, address: &str) -> Result<bool> {
    let across = reader.across();
    let domain = domain_of(address).unwrap_or_default();
    if across.tenant_of_domain(&domain)?.is_some() {
        return Ok(false);
    }
    let person = Person::Mailbox { address: address.to_owned() };
    let accounts = across.memberships(&person, &[address.to_owned()])?;
    Ok(accounts.iter().any(|account| !account.user.is_deleted()))
}
