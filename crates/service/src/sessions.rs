//! Sessions of a person: listed, ended one by one or all at once; and the second door, to the administration pages.

use crate::{
    Caller, Directory, MAILBOX_REALM, SignedIn,
    authn::{principal, read_cookie, scope},
    record::Draft,
    users::find,
};
use model::{
    Cx, Error, Home, Person, Result, Span, TenantId, Timestamp, User,
    audit::Activity,
    authz::{Operation, authorize, may_manage},
    lifecycle,
};
use store::{ChangeSet, Decision, Reader};

/// The administration pages close after this long without use.
const ADMINISTRATION_IDLE: Span = Span::minutes(15);

/// A session in the list of its owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionView {
    /// What it is named by in forms; of no use to whoever has it.
    pub id: String,
    /// It is the one that asks.
    pub current: bool,
    /// When it began, where that was noted.
    pub started: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
    /// What the browser called itself.
    pub agent: Option<String>,
    /// Where it was begun from.
    pub network: Option<String>,
    /// With a second factor.
    pub second_factor: bool,
}

/// Where the sessions of a person are kept.
pub(crate) fn realm(person: &Person) -> TenantId {
    match person {
        Person::Member { tenant, .. } => *tenant,
        Person::Federated(federated) => federated.tenant,
        Person::Mailbox { .. } => MAILBOX_REALM,
    }
}

/// The account in the realm of the sessions, in whose name it is recorded that they ended.
fn account(reader: &Reader<'_>, person: &Person) -> Result<Option<User>> {
    match person {
        Person::Member { object, .. } => reader.live_user(*object),
        Person::Federated(federated) => reader.user_by_home(&Home::Federated(federated.clone())),
        Person::Mailbox { .. } => Ok(None),
    }
}

/// Ends whatever lets an account act without signing in anew: sessions that are kept in its organisation, and every token and
/// code from before. Sessions of people homed elsewhere are kept there, and are theirs.
fn end_everything(changes: &mut ChangeSet, user: &User, now: Timestamp) {
    let person = match &user.home {
        Home::Here => Some(Person::Member { tenant: user.tenant, object: user.id }),
        Home::Federated(federated) => Some(Person::Federated(federated.clone())),
        Home::Tenant { .. } | Home::Mailbox { .. } => None,
        // Nobody has signed in yet, and the invitation stays good: accepting it takes signing in.
        Home::Invited { .. } => {
            changes.guard_user(user);
            return;
        }
    };
    if let Some(person) = person {
        changes.end_sessions(scope(user.tenant), &person);
    }
    changes.update_user(user, &lifecycle::void_tokens(user, now));
}

impl Directory {
    /// Ends whatever lets an account act without signing in anew; without a key, the caller's own. One's own takes no role.
    ///
    /// # Errors
    /// `Forbidden` for the account of a role holder to whoever may not manage those, and if somebody without an account asks about
    /// themselves.
    pub async fn revoke_sign_in_sessions(&self, cx: &Cx, caller: &Caller, key: Option<&str>) -> Result<()> {
        let (cx, caller, scope, key) = (cx.clone(), caller.clone(), caller.scope(), key.map(str::to_owned));
        self.store()
            .commit(scope, move |reader| {
                let principal = principal(reader, &cx, &caller)?;
                let found = match (&key, principal.user()) {
                    (Some(key), _) => find(reader, key),
                    (None, Some(me)) => Ok(me.clone()),
                    (None, None) => return Err(Error::forbidden()),
                };
                let own = matches!((&found, principal.user()), (Ok(user), Some(me)) if user.id == me.id);
                let operation = if own { Operation::RevokeOwnSessions } else { Operation::RevokeSessions };
                authorize(&principal, operation)?;
                let user = found?;
                if !own {
                    may_manage(&principal, &reader.roles(user.id)?)?;
                }
                let mut changes = ChangeSet::new();
                end_everything(&mut changes, &user, cx.now);
                let draft = Draft::by(&cx, Activity::RevokeRefreshTokens, &principal).on_user(&cx, &user);
                changes.record(draft.done());
                Decision::done(changes, ())
            })
            .await
    }

    /// The sessions of a person that stand, the last used one first.
    pub async fn list_sessions(&self, cx: &Cx, who: &SignedIn) -> Result<Vec<SessionView>> {
        let found = self
            .store()
            .read(scope(realm(&who.person)), |reader| reader.sessions_of(&who.person, cx.now))
            .await?;
        let view = |listed: store::ListedSession| SessionView {
            id: self.session_id(&listed.hash),
            current: listed.hash == who.hash,
            started: listed.detail.started,
            seen: listed.seen,
            agent: listed.detail.agent,
            network: listed.detail.network,
            second_factor: listed.detail.second_factor,
        };
        let idle = |seen: Timestamp| cx.now.since(seen) > crate::authn::SESSION_IDLE;
        Ok(found.into_iter().filter(|listed| !idle(listed.seen)).map(view).collect())
    }

    /// The hash itself stays inside: a page has no use for it.
    fn session_id(&self, hash: &str) -> String {
        self.private_key("session-id", &[hash]).chars().take(32).collect()
    }

    /// Ends one session of the person; one that is gone is ended.
    pub async fn end_session(&self, cx: &Cx, who: &SignedIn, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.end(cx, who, "oneSession", move |directory, hash| directory.session_id(hash) == id).await
    }

    /// Ends all sessions of the person but the one that asks.
    pub async fn end_other_sessions(&self, cx: &Cx, who: &SignedIn) -> Result<()> {
        let own = who.hash.clone();
        self.end(cx, who, "otherSessions", move |_, hash| hash != own).await
    }

    async fn end(
        &self,
        cx: &Cx,
        who: &SignedIn,
        why: &'static str,
        chosen: impl Fn(&Self, &str) -> bool + Send + 'static,
    ) -> Result<()> {
        let (directory, cx, who) = (self.clone(), cx.clone(), who.clone());
        let scope = scope(realm(&who.person));
        self.store()
            .commit(scope, move |reader| {
                let mut changes = ChangeSet::new();
                let mut ended = 0;
                for listed in reader.sessions_of(&who.person, cx.now)? {
                    if chosen(&directory, &listed.hash) {
                        changes.end_session(scope, &who.person, &listed.hash);
                        ended += 1;
                    }
                }
                if let Some(user) = account(reader, &who.person)?.filter(|_| ended > 0) {
                    let draft =
                        Draft::by_user(&cx, Activity::RevokeSessions, &user, None).on_user(&cx, &user);
                    changes.record(draft.because(why).detail("sessions", ended).done());
                }
                Decision::done(changes, ())
            })
            .await
    }

    /// Signs the person out everywhere: every session ends, this one too, and tokens from before are void.
    pub async fn sign_out_everywhere(&self, cx: &Cx, who: &SignedIn) -> Result<()> {
        let (cx, who) = (cx.clone(), who.clone());
        let scope = scope(realm(&who.person));
        self.store()
            .commit(scope, move |reader| {
                let mut changes = ChangeSet::new();
                let Some(user) = account(reader, &who.person)? else {
                    changes.end_sessions(scope, &who.person);
                    return Decision::done(changes, ());
                };
                end_everything(&mut changes, &user, cx.now);
                let draft = Draft::by_user(&cx, Activity::RevokeSessions, &user, None).on_user(&cx, &user);
                changes.record(draft.because("everywhere").done());
                Decision::done(changes, ())
            })
            .await
    }

    /// Does this cookie open the administration pages for this session? Notes about once a minute that they are used.
    pub async fn administers(&self, cx: &Cx, who: &SignedIn, cookie: &str) -> Result<bool> {
        let Some((tenant, secret)) = read_cookie(cookie) else { return Ok(false) };
        if who.home_tenant() != Some(tenant) {
            return Ok(false);
        }
        let detail = self.store().read(scope(tenant), |reader| reader.session_detail(&who.hash)).await?;
        let opened = detail.filter(|detail| detail.admin_hash.as_ref() == Some(&secret));
        let Some(seen) = opened.and_then(|detail| detail.admin_seen) else { return Ok(false) };
        // One that a wrong clock dated ahead does not stay open for longer.
        if cx.now.since(seen) > ADMINISTRATION_IDLE || seen.since(cx.now) > ADMINISTRATION_IDLE {
            return Ok(false);
        }
        if cx.now.since(seen) > Span::minutes(1) {
            let (hash, now) = (who.hash.clone(), cx.now);
            self.store()
                .commit(scope(tenant), move |_| {
                    let mut changes = ChangeSet::new();
                    changes.touch_administration(scope(tenant), &hash, now);
                    Decision::done(changes, ())
                })
                .await?;
        }
        Ok(true)
    }
}
