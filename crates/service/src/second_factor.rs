//! The second factor: codes of an authenticator app, recovery codes for when it is lost, and who needs one.

use crate::{
    Caller, Directory, SignedIn,
    authn::{authorized, require_fresh, scope, write_cookie},
    record::Draft,
    sign_in::Visitor,
};
use identity::{Secret, TotpSecret};
use model::{
    Cx, Error, ErrorKind, ObjectId, Person, Result, Span, TenantId, Timestamp, User,
    audit::{Activity, Initiator, Target},
    authz::Operation,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ChangeSet, Decision, Reader, SecondFactor, SignInSettings};

/// How many recovery codes there are.
const CODES: usize = 10;

/// How a person stands with the second factor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecondFactorState {
    /// Since when there is one.
    pub since: Option<model::Timestamp>,
    /// Recovery codes that are left.
    pub recovery_codes: usize,
    /// The organisation asks for one, because the person holds a role.
    pub required: bool,
}

/// A second factor to be confirmed by its first code.
pub struct Enrolment {
    /// To type into an app, in base32.
    pub secret: String,
    /// To scan with an app.
    pub uri: String,
    /// The recovery codes that come with it, sealed.
    pub offer: String,
}

/// Recovery codes on their way through a form, sealed: they count when the form comes back with a code that is right, and a form
/// that is sent twice shows the same codes twice.
#[derive(Serialize, Deserialize)]
struct Offer {
    codes: Vec<String>,
    until: Timestamp,
}

/// A form with recovery codes shows them for so long, however often it is sent.
const OFFER_LIFE: Span = Span::minutes(10);

/// Whose form it is: that of one session.
fn offer_label(who: &SignedIn) -> String {
    format!("recovery-codes:{}:{}", who.person.key(), who.hash)
}

/// What came of confirming a second factor, or of asking for new recovery codes.
pub enum SecurityAnswer {
    /// The code is wrong or was used before.
    Wrong,
    /// Too many wrong codes.
    Throttled {
        /// Seconds until the next one makes sense.
        seconds: u32,
    },
    /// It worked.
    Done {
        /// The recovery codes, shown once; empty when the second factor was taken away.
        recovery_codes: Vec<String>,
        /// The value of the cookie for the administration pages, if they are open now.
        admin: Option<String>,
    },
}

/// What people type with blanks and hyphens.
pub(crate) fn cleaned(code: &str) -> String {
    let plain: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    plain.to_ascii_lowercase()
}

fn label(user: &User) -> String {
    format!("second-factor/{}/{}", user.tenant, user.id)
}

/// Is this person asked for a second factor at every sign-in?
pub(crate) fn is_set_up(reader: &Reader<'_>, user: ObjectId) -> Result<bool> {
    Ok(reader.second_factor(user)?.is_some_and(|factor| factor.confirmed.is_some()))
}

/// Does the organisation ask role holders for a second factor?
fn asks_for_second_factor(reader: &Reader<'_>, directory: &Directory) -> Result<bool> {
    let stored = reader.sign_in_settings()?.map(|settings| settings.second_factor_for_roles);
    Ok(stored.unwrap_or(directory.inner.outside.second_factor_for_roles))
}

/// Does this session lack the second factor that the organisation asks of whoever holds such roles? Then it gives nothing to
/// apps either: what an app does for a person, it does with the person's roles.
pub(crate) fn is_missing(
    reader: &Reader<'_>,
    directory: &Directory,
    who: &SignedIn,
    user: &User,
) -> Result<bool> {
    Ok(!who.second_factor && !reader.roles(user.id)?.is_empty() && asks_for_second_factor(reader, directory)?)
}

/// May this person open the administration pages after such a sign-in?
pub(crate) fn opens_administration(
    reader: &Reader<'_>,
    directory: &Directory,
    user: &User,
    second_factor: bool,
) -> Result<bool> {
    let holds_role = !reader.roles(user.id)?.is_empty();
    Ok(holds_role && (second_factor || !asks_for_second_factor(reader, directory)?))
}

/// The account of somebody at home here; the others have their second factor where they are at home.
fn account(reader: &Reader<'_>, who: &SignedIn) -> Result<User> {
    let Person::Member { object, .. } = who.person else { return Err(Error::forbidden()) };
    reader.live_user(object)?.ok_or_else(Error::forbidden)
}

fn member(who: &SignedIn) -> Result<(TenantId, ObjectId)> {
    match who.person {
        Person::Member { tenant, object } => Ok((tenant, object)),
        _ => Err(Error::forbidden()),
    }
}

impl Directory {
    /// How a member stands with the second factor; nothing for people at home elsewhere.
    pub async fn second_factor(&self, who: &SignedIn) -> Result<Option<SecondFactorState>> {
        let Ok((tenant, object)) = member(who) else { return Ok(None) };
        self.store()
            .read(scope(tenant), |reader| {
                let factor = reader.second_factor(object)?;
                let required = !reader.roles(object)?.is_empty() && asks_for_second_factor(reader, self)?;
                Ok(Some(SecondFactorState {
                    since: factor.and_then(|factor| factor.confirmed),
                    recovery_codes: reader.recovery_codes(object)?.len(),
                    required,
                }))
            })
            .await
    }

    /// Does this person hold a role that may not be used with this session, because the organisation asks for a second factor
    /// and the session was begun without?
    pub async fn lacks_second_factor(&self, who: &SignedIn) -> Result<bool> {
        let state = self.second_factor(who).await?;
        Ok(state.is_some_and(|state| state.required) && !who.second_factor)
    }

    /// Begins to set up a second factor.
    ///
    /// # Errors
    /// `Unauthenticated(Stale)` if the person signed in more than ten minutes ago, `Conflict` if there is one already,
    /// `Forbidden` for people at home elsewhere.
    pub async fn begin_second_factor(&self, cx: &Cx, who: &SignedIn) -> Result<Enrolment> {
        let (tenant, _) = member(who)?;
        let secret = TotpSecret::generate(cx.random.as_ref());
        let (directory, cx, who) = (self.clone(), cx.clone(), who.clone());
        self.store()
            .commit(scope(tenant), move |reader| {
                require_fresh(&cx, &who)?;
                let user = account(reader, &who)?;
                if is_set_up(reader, user.id)? {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "There is a second factor already. Take it away first, then set up another one.",
                    ));
                }
                let factor = SecondFactor {
                    sealed: directory.seal(&cx, &label(&user), secret.bytes())?,
                    last_step: 0,
                    created: cx.now,
                    confirmed: None,
                    version: 1,
                };
                let mut changes = ChangeSet::new();
                changes.guard_user(&user).begin_second_factor(&user, &factor);
                let offer = directory.offer_recovery_codes(&cx, &who)?;
                let enrolment = enrolment(&reader.tenant()?.name, &user, (&secret, offer));
                Decision::done(changes, enrolment)
            })
            .await
    }

    /// The second factor that was begun, to be shown again after a wrong code.
    pub async fn pending_second_factor(&self, cx: &Cx, who: &SignedIn) -> Result<Option<Enrolment>> {
        let (tenant, _) = member(who)?;
        require_fresh(cx, who)?;
        self.store()
            .read(scope(tenant), |reader| {
                let user = account(reader, who)?;
                let pending = reader.second_factor(user.id)?.filter(|factor| factor.confirmed.is_none());
                let Some(pending) = pending else { return Ok(None) };
                let secret = self.secret(&user, &pending)?;
                let offer = self.offer_recovery_codes(cx, who)?;
                Ok(Some(enrolment(&reader.tenant()?.name, &user, (&secret, offer))))
            })
            .await
    }

    /// Makes recovery codes that do not count yet, sealed for a form of this session.
    pub fn offer_recovery_codes(&self, cx: &Cx, who: &SignedIn) -> Result<String> {
        let offer = Offer { codes: recovery_codes(cx), until: cx.now + OFFER_LIFE };
        let bytes =
            serde_json::to_vec(&offer).map_err(|error| Error::internal(format!("an offer: {error}")))?;
        self.seal_opaque(cx, &offer_label(who), &bytes)
    }

    /// Confirms the second factor that was begun, with its first code. From then on it is asked for at every sign-in. The
    /// recovery codes are those of the offer, if it is not too old; the same offer a second time shows them again.
    pub async fn confirm_second_factor(
        &self,
        cx: &Cx,
        visitor: &Visitor,
        who: &SignedIn,
        (code, offer): (&str, &str),
    ) -> Result<SecurityAnswer> {
        self.with_code(cx, visitor, who, (code, offer), Change::Confirm).await
    }

    /// Makes new recovery codes; the earlier ones are void. The offer counts as for a confirmation.
    pub async fn renew_recovery_codes(
        &self,
        cx: &Cx,
        visitor: &Visitor,
        who: &SignedIn,
        (code, offer): (&str, &str),
    ) -> Result<SecurityAnswer> {
        self.with_code(cx, visitor, who, (code, offer), Change::Renew).await
    }

    /// Takes the second factor away, with the recovery codes.
    pub async fn remove_second_factor(
        &self,
        cx: &Cx,
        visitor: &Visitor,
        who: &SignedIn,
        code: &str,
    ) -> Result<SecurityAnswer> {
        self.with_code(cx, visitor, who, (code, ""), Change::Remove).await
    }

    /// Every change of the second factor needs a fresh sign-in and a code.
    async fn with_code(
        &self,
        cx: &Cx,
        visitor: &Visitor,
        who: &SignedIn,
        (code, offer): (&str, &str),
        change: Change,
    ) -> Result<SecurityAnswer> {
        let (tenant, object) = member(who)?;
        require_fresh(cx, who)?;
        let lanes = self.lanes("throttle-code", tenant, &object.to_string(), visitor);
        if let Some(seconds) = self.count(cx, tenant, &lanes).await? {
            return Ok(SecurityAnswer::Throttled { seconds });
        }
        let offered = self
            .unseal_opaque(&offer_label(who), offer)
            .and_then(|bytes| serde_json::from_slice::<Offer>(&bytes).ok())
            .filter(|offer| cx.now <= offer.until);
        let made = offered.map_or_else(|| recovery_codes(cx), |offer| offer.codes);
        let admin = Secret::generate(cx.random.as_ref());
        let (directory, cx, who, code) = (self.clone(), cx.clone(), who.clone(), cleaned(code));
        self.store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let user = account(reader, &who)?;
                let pending = matches!(change, Change::Confirm);
                let hashes: Vec<String> =
                    made.iter().map(|code| directory.recovery_hash(&user, &cleaned(code))).collect();
                let known = reader.recovery_codes(user.id)?;
                if hashes.iter().all(|hash| known.contains(hash)) {
                    // The same form a second time: its codes count already.
                    lanes.forgive(reader, &mut changes)?;
                    return Decision::done(
                        changes,
                        SecurityAnswer::Done { recovery_codes: made.clone(), admin: None },
                    );
                }
                let factor = reader.second_factor(user.id)?;
                let factor = factor.filter(|factor| factor.confirmed.is_none() == pending);
                let Some(factor) = factor else { return Decision::done(changes, SecurityAnswer::Wrong) };
                // A recovery code is for signing in; who has signed in with one may take the lost device away with another.
                let accepted = if pending {
                    directory.accept_step(&mut changes, &cx, &user, &factor, &code)?
                } else {
                    directory.accept_code(reader, &mut changes, &cx, &user, &code)?.is_some()
                };
                if !accepted {
                    return Decision::done(changes, SecurityAnswer::Wrong);
                }
                changes.guard_user(&user);
                lanes.forgive(reader, &mut changes)?;
                let activity = match change {
                    Change::Confirm | Change::Renew => Activity::RegisterSecurityInfo,
                    Change::Remove => Activity::DeleteSecurityInfo,
                };
                let draft = Draft::by_user(&cx, activity, &user, None).on_user(&cx, &user);
                changes.record(draft.because(change.reason()).done());
                let mut opened = None;
                if pending {
                    changes.confirm_session(scope(tenant), &who.hash, cx.now, true);
                    if opens_administration(reader, &directory, &user, true)? {
                        changes.open_administration(scope(tenant), &who.hash, &admin.hash(), cx.now);
                        opened = Some(write_cookie(tenant, &admin));
                    }
                }
                if matches!(change, Change::Remove) {
                    changes.delete_second_factor(&user);
                    let none = SecurityAnswer::Done { recovery_codes: Vec::new(), admin: None };
                    return Decision::done(changes, none);
                }
                changes.set_recovery_codes(&user, &hashes);
                Decision::done(changes, SecurityAnswer::Done { recovery_codes: made.clone(), admin: opened })
            })
            .await
    }

    fn secret(&self, user: &User, factor: &SecondFactor) -> Result<TotpSecret> {
        Ok(TotpSecret::from_bytes(&self.open_sealed(&label(user), &factor.sealed)?))
    }

    fn recovery_hash(&self, user: &User, code: &str) -> String {
        self.private_key("recovery-code", &[&user.id.to_string(), code])
    }

    /// Accepts a code of the app, each only once and none that is older than the last one.
    fn accept_step(
        &self,
        changes: &mut ChangeSet,
        cx: &Cx,
        user: &User,
        factor: &SecondFactor,
        code: &str,
    ) -> Result<bool> {
        let step = self.secret(user, factor)?.step_of(code, cx.now);
        let Some(step) = step.filter(|step| *step > factor.last_step) else { return Ok(false) };
        changes.use_code(user, factor, step, cx.now);
        Ok(true)
    }

    /// Accepts a code of the app or a recovery code; says which it was.
    pub(crate) fn accept_code(
        &self,
        reader: &Reader<'_>,
        changes: &mut ChangeSet,
        cx: &Cx,
        user: &User,
        code: &str,
    ) -> Result<Option<&'static str>> {
        let factor = reader.second_factor(user.id)?.filter(|factor| factor.confirmed.is_some());
        let Some(factor) = factor else { return Ok(None) };
        if self.accept_step(changes, cx, user, &factor, code)? {
            return Ok(Some("code"));
        }
        let hash = self.recovery_hash(user, code);
        if reader.recovery_codes(user.id)?.contains(&hash) {
            changes.use_recovery_code(user, &hash);
            return Ok(Some("recoveryCode"));
        }
        Ok(None)
    }

    /// Takes the second factor of a member who lost it, with the recovery codes; sessions end. For the operator.
    ///
    /// # Errors
    /// `NotFound` if there is no such live member.
    pub async fn reset_second_factor(&self, cx: &Cx, tenant: TenantId, user: ObjectId) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let user = reader.live_user(user)?.ok_or_else(|| Error::not_found(user))?;
                let mut changes = ChangeSet::new();
                let draft = Draft::new(&cx, Activity::DeleteSecurityInfo, Initiator::Operator);
                changes
                    .guard_user(&user)
                    .delete_second_factor(&user)
                    .end_sessions(scope(tenant), &Person::Member { tenant, object: user.id })
                    .record(draft.on_user(&cx, &user).because("resetByOperator").done());
                Decision::done(changes, ())
            })
            .await
    }

    /// Does the caller's organisation ask role holders for a second factor?
    pub async fn sign_in_settings(&self, cx: &Cx, caller: &Caller) -> Result<SignInSettings> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadOrganization)?;
                let second_factor_for_roles = asks_for_second_factor(reader, self)?;
                let version = reader.sign_in_settings()?.map_or(0, |settings| settings.version);
                Ok(SignInSettings { second_factor_for_roles, version })
            })
            .await
    }

    /// Says whether role holders need a second factor. Whoever holds a session of the administration pages keeps it.
    ///
    /// # Errors
    /// `PreconditionFailed` if somebody else changed it meanwhile.
    pub async fn set_second_factor_for_roles(
        &self,
        cx: &Cx,
        caller: &Caller,
        required: bool,
        expected: i64,
    ) -> Result<()> {
        let (directory, cx, caller, scope) = (self.clone(), cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdateOrganization)?;
                let before = asks_for_second_factor(reader, &directory)?;
                let version = reader.sign_in_settings()?.map_or(0, |settings| settings.version);
                if version != expected {
                    return Err(Error::new(
                        ErrorKind::PreconditionFailed,
                        "The settings were changed meanwhile. Read them again.",
                    ));
                }
                let mut changes = ChangeSet::new();
                if before == required {
                    return Decision::done(changes, ());
                }
                let settings = SignInSettings { second_factor_for_roles: required, version: version + 1 };
                let tenant = reader.tenant()?;
                let draft = Draft::by(&cx, Activity::UpdateSignInSettings, &principal)
                    .on(Target::thing("Directory", tenant.id, &tenant.name))
                    .with("secondFactorForRoles", Some(json!(before)), Some(json!(required)));
                changes.set_sign_in_settings(scope, &settings).record(draft.done());
                Decision::done(changes, ())
            })
            .await
    }
}

#[derive(Clone, Copy)]
enum Change {
    Confirm,
    Renew,
    Remove,
}

impl Change {
    const fn reason(self) -> &'static str {
        match self {
            Self::Confirm => "secondFactorSetUp",
            Self::Renew => "recoveryCodesRenewed",
            Self::Remove => "secondFactorRemoved",
        }
    }
}

fn recovery_codes(cx: &Cx) -> Vec<String> {
    (0..CODES).map(|_| identity::recovery_code(cx.random.as_ref()).to_string()).collect()
}

fn enrolment(organization: &str, user: &User, (secret, offer): (&TotpSecret, String)) -> Enrolment {
    let uri = secret.uri(organization, &user.upn).to_string();
    Enrolment { secret: secret.base32().to_string(), uri, offer }
}
