//! Signing in to My Account with a home account: a password for members of a tenant here, a passcode for mailboxes.

use crate::{
    Directory, MAILBOX_REALM, SignedIn,
    authn::{SESSION_LIFE, describe, scope, write_cookie},
    record::Draft,
    tokens::{blocking, hex},
};
use identity::Secret;
use model::{
    Cx, Error, ErrorKind, Home, Person, Result, Span, TenantId, Timestamp, User,
    audit::{Activity, Initiator},
    domain_of, fold, is_plain_address,
};
use store::{ChangeSet, Decision, Passcode, Reader, Session};

/// How somebody with this user name signs in. Says nothing about whether there is such an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discovered {
    /// The domain belongs to an organisation here.
    Password,
    /// It does not: a passcode can be sent.
    Passcode,
    /// It does not, and passcodes are not set up; or it is no user name at all.
    Unavailable,
}

/// What came of signing in.
pub enum SignIn {
    /// It worked.
    SignedIn {
        /// The value of the session cookie.
        cookie: String,
        /// Who it is.
        person: Box<SignedIn>,
    },
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

/// So many failures in a row cost nothing.
const FREE_FAILURES: i64 = 5;
/// The longest wait between attempts.
const LONGEST_WAIT: Span = Span::minutes(15);
/// Failures are forgotten after this long without one.
const FORGET: Span = Span::days(1);
/// How long a passcode is good for.
const PASSCODE_LIFE: Span = Span::minutes(10);
/// So many wrong guesses void a passcode.
const PASSCODE_ATTEMPTS: i64 = 5;
/// The least time between two passcodes to one address.
const RESEND: Span = Span::minutes(1);

/// How long to wait after so many failures: nothing for the first few, then twice as long each time.
fn wait_after(failures: i64) -> Span {
    match failures.saturating_sub(FREE_FAILURES) {
        ..0 => Span::ZERO,
        doublings @ 0..10 => Span::seconds(1 << doublings).min(LONGEST_WAIT),
        _ => LONGEST_WAIT,
    }
}

/// Counts an attempt as failed before it is judged, so that many at once are counted, too; success forgets them all.
fn count_attempt(
    reader: &Reader<'_>,
    changes: &mut ChangeSet,
    realm: TenantId,
    key: &str,
    now: Timestamp,
) -> Result<Option<SignIn>> {
    let throttle = reader.throttle(key)?.filter(|throttle| now.since(throttle.last) < FORGET);
    let failures = throttle.map_or(0, |throttle| throttle.failures);
    let until = throttle.map_or(now, |throttle| throttle.last + wait_after(failures));
    if now < until {
        let seconds = u32::try_from(until.since(now).as_seconds() + 1).unwrap_or(u32::MAX);
        return Ok(Some(SignIn::Throttled { seconds }));
    }
    changes.set_throttle(scope(realm), key, failures + 1, now);
    Ok(None)
}

/// A session to be, and the cookie for it.
#[derive(Clone)]
struct Fresh {
    session: Session,
    cookie: String,
}

fn fresh(cx: &Cx, realm: TenantId, person: &Person) -> Fresh {
    let secret = Secret::generate(cx.random.as_ref());
    Fresh {
        session: Session {
            hash: secret.hash(),
            person_key: person.key(),
            authenticated: cx.now,
            seen: cx.now,
            expires: cx.now + SESSION_LIFE,
        },
        cookie: write_cookie(realm, &secret),
    }
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
        let hosted = self.store().read_across(|across| across.tenant_of_domain(&domain)).await?;
        Ok(match (hosted, &self.inner.passcodes) {
            (Some(_), _) => Discovered::Password,
            (None, Some(_)) => Discovered::Passcode,
            (None, None) => Discovered::Unavailable,
        })
    }

    /// The key of a throttle; a keyed hash, because an address is personal and must not stay behind.
    fn private_key(&self, purpose: &str, parts: &[&str]) -> String {
        hex(&self.master().mac(purpose, parts.join("\0").as_bytes()))
    }

    /// Signs a member in with the password. `network` is where the request came from; failures are counted per account and
    /// network, so that a stranger elsewhere locks nobody out.
    ///
    /// # Errors
    /// `TooManyRequests` if too many people sign in at this moment.
    pub async fn sign_in(&self, cx: &Cx, network: &str, user_name: &str, password: &str) -> Result<SignIn> {
        // Before anything is counted: whoever is turned away here has not failed.
        let _place = self.inner.sign_ins.try_acquire().map_err(|_| {
            Error::new(
                ErrorKind::TooManyRequests(2),
                "Too many people are signing in at this moment. Try again in a few seconds.",
            )
        })?;
        let account = fold(user_name);
        let domain = domain_of(&account).unwrap_or_default();
        let tenant = self.store().read_across(|across| across.tenant_of_domain(&domain)).await?;
        let realm = tenant.unwrap_or(MAILBOX_REALM);
        let key = self.private_key("throttle", &[&account, network]);
        let (counted, now) = (key.clone(), cx.now);
        let throttled = self
            .store()
            .commit(scope(realm), move |reader| {
                let mut changes = ChangeSet::new();
                let throttled = count_attempt(reader, &mut changes, realm, &counted, now)?;
                Decision::done(changes, throttled)
            })
            .await?;
        if let Some(throttled) = throttled {
            return Ok(throttled);
        }
        match self.judge_password(cx, realm, &account, password).await? {
            Some(judged) => self.conclude(cx, realm, key, judged).await,
            None => self.refuse_nobody(cx, realm).await,
        }
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

    /// Begins the session, if account and password are still what they were when the password was compared.
    async fn conclude(&self, cx: &Cx, tenant: TenantId, key: String, judged: Judged) -> Result<SignIn> {
        let person = Person::Member { tenant, object: judged.user.id };
        let fresh = fresh(cx, tenant, &person);
        let cx = cx.clone();
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
                changes.guard_user(&user).clear_throttle(scope(tenant), &key);
                if let Some(hash) = &judged.renewed {
                    changes.set_password(&user, hash, cx.now);
                }
                let Some(signed_in) = describe(reader, person.clone(), &fresh.session)? else {
                    let record = Draft::by_user(&cx, Activity::SignInRefused, &user, None)
                        .on_user(&cx, &user)
                        .refused("accountDisabled");
                    changes.record(record.done());
                    return Decision::done(changes, SignIn::Blocked);
                };
                let record = Draft::by_user(&cx, Activity::SignIn, &user, None).on_user(&cx, &user);
                changes.insert_session(scope(tenant), &fresh.session).record(record.done());
                let signed_in =
                    SignIn::SignedIn { cookie: fresh.cookie.clone(), person: Box::new(signed_in) };
                Decision::done(changes, signed_in)
            })
            .await
    }

    /// Sends a passcode to an address that is a guest's somewhere and not in a domain hosted here. Answers the same for any
    /// other address, and when the last passcode is less than a minute old.
    ///
    /// # Errors
    /// `BadRequest` if passcodes are not set up.
    pub async fn send_passcode(&self, cx: &Cx, address: &str) -> Result<()> {
        let Some(sink) = &self.inner.passcodes else {
            return Err(Error::bad_request(
                "This server cannot send passcodes. Sign in with the account of your organisation.",
            ));
        };
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
        let (key, now, mailbox) =
            (self.private_key("passcode-address", &[&address]), cx.now, address.clone());
        let send = self
            .store()
            .commit(scope(MAILBOX_REALM), move |reader| {
                let mut changes = ChangeSet::new();
                if reader.throttle(&throttle)?.is_some_and(|sent| now.since(sent.last) < RESEND) {
                    return Decision::done(changes, false);
                }
                changes.set_throttle(scope(MAILBOX_REALM), &throttle, 1, now);
                let known = is_mailbox_guest(reader, &mailbox)?;
                if known {
                    changes.set_passcode(scope(MAILBOX_REALM), &key, &passcode);
                }
                Decision::done(changes, known)
            })
            .await?;
        if send {
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
        network: &str,
        address: &str,
        code: &str,
    ) -> Result<SignIn> {
        let address = fold(address);
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let guess = self.passcode_hash(&address, &digits);
        let key = self.private_key("passcode-address", &[&address]);
        let throttle = self.private_key("throttle", &[&address, network]);
        let person = Person::Mailbox { address: address.clone() };
        let (fresh, now, realm) = (fresh(cx, MAILBOX_REALM, &person), cx.now, scope(MAILBOX_REALM));
        self.store()
            .commit(realm, move |reader| {
                let mut changes = ChangeSet::new();
                if let Some(throttled) = count_attempt(reader, &mut changes, MAILBOX_REALM, &throttle, now)? {
                    return Decision::done(changes, throttled);
                }
                let good = reader
                    .passcode(&key)?
                    .filter(|sent| now < sent.expires && sent.attempts < PASSCODE_ATTEMPTS);
                let Some(sent) = good else { return Decision::done(changes, SignIn::Wrong) };
                if !identity::equal(guess.as_bytes(), sent.hash.as_bytes()) {
                    let counted = Passcode { attempts: sent.attempts + 1, ..sent };
                    changes.set_passcode(realm, &key, &counted);
                    return Decision::done(changes, SignIn::Wrong);
                }
                changes.use_passcode(realm, &key, &sent).clear_throttle(realm, &throttle);
                // The last account may have gone since the passcode was sent.
                let signed_in = if is_mailbox_guest(reader, &address)? {
                    describe(reader, person.clone(), &fresh.session)?
                } else {
                    None
                };
                let Some(signed_in) = signed_in else { return Decision::done(changes, SignIn::Wrong) };
                changes.insert_session(realm, &fresh.session);
                let signed_in =
                    SignIn::SignedIn { cookie: fresh.cookie.clone(), person: Box::new(signed_in) };
                Decision::done(changes, signed_in)
            })
            .await
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_starts_at_the_fifth_failure_and_doubles_up_to_a_quarter_of_an_hour() {
        for (failures, seconds) in [
            (0, 0),
            (4, 0),
            (5, 1),
            (6, 2),
            (7, 4),
            (14, 512),
            (15, 900),
            (16, 900),
            (1_000_000, 900),
            (i64::MAX, 900),
        ] {
            assert_eq!(wait_after(failures), Span::seconds(seconds), "{failures}");
        }
    }
}
