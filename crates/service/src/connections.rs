//! People who use apps of an organisation without a user object there (B2B direct connect). The first sign-in that both sides
//! allow makes the connection; it opens the app, and nothing of the directory. Leaving erases it: there is nothing that could be
//! restored, so the removal is the act itself.

use crate::{
    Directory, SignedIn,
    authn::scope,
    border,
    leave::{CONFIRMATION, Confirm, LeaveAnswer, LeaveView, Leaving, Left, account, facts, refused},
    record::Draft,
    tenants::new_user,
};
use model::{
    AppId, Cx, Home, InvitationState, ObjectId, Person, Result, Tenant, TenantId, Timestamp, User, UserType,
    audit::{Activity, Initiator, Target},
    collaboration::Border,
    leave::decide,
};
use store::{App, ChangeSet, Decision, DirectConnection, HomeAccountState, Reader};

/// How somebody stands to an app of an organisation in which they have no user object.
pub(crate) enum Approach {
    /// There is no way in without an invitation.
    Closed,
    /// Both sides allow it, and the person has not been asked yet.
    Ask,
    /// The connection there is, or is to be.
    Open(Box<DirectConnection>),
}

/// May this home account connect to this app at this moment? Who has a user object here comes as that.
fn may_connect(reader: &Reader<'_>, person: &Person, app: AppId) -> Result<bool> {
    let Person::Member { tenant, object } = *person else { return Ok(false) };
    let home = person.home();
    Ok(tenant != reader.tenant_id()
        && reader.user_by_home(&home)?.is_none()
        && reader.across().home_account(tenant, object)? == HomeAccountState::Enabled
        && border::check(reader, &home, Border::DirectConnect, Some(app))?.is_ok())
}

/// Where somebody without a user object stands. `agreed`: the person says at this moment that the organisation may know them.
pub(crate) fn approach(
    reader: &Reader<'_>,
    cx: &Cx,
    who: &SignedIn,
    app: AppId,
    agreed: bool,
) -> Result<Approach> {
    if !may_connect(reader, &who.person, app)? {
        return Ok(Approach::Closed);
    }
    let known = reader.connection_of(&who.person)?;
    if known.is_none() && !agreed && !border::is_automatic(reader, &who.person)? {
        return Ok(Approach::Ask);
    }
    let connection = known.unwrap_or_else(|| DirectConnection {
        tenant: reader.tenant_id(),
        id: ObjectId::mint(cx.random.as_ref()),
        person: who.person.clone(),
        created: cx.now,
        last: cx.now,
    });
    Ok(Approach::Open(Box::new(connection)))
}

/// Notes a sign-in over a connection; the first one makes it and is recorded.
pub(crate) fn connect(
    reader: &Reader<'_>,
    cx: &Cx,
    changes: &mut ChangeSet,
    (who, app): (&SignedIn, &App),
    connection: &DirectConnection,
) -> Result<()> {
    if let Person::Member { tenant, object } = connection.person {
        changes.guard_home_account(tenant, object);
    }
    let used = DirectConnection { last: cx.now, ..connection.clone() };
    changes.connect(scope(connection.tenant), &used, app.id);
    if reader.connection(connection.id)?.is_none() {
        let draft = Draft::by_connection(cx, Activity::ConnectDirectly, connection, who);
        changes.record(draft.on(Target::thing("App", app.id, &app.name)).done());
    }
    Ok(())
}

/// Whoever a connection is of, as long as it may be used for this app: with the names of the home account, which are read and
/// not kept.
pub(crate) fn bearer(
    reader: &Reader<'_>,
    connection: ObjectId,
    app: AppId,
) -> Result<Option<(DirectConnection, User)>> {
    let Some(connection) = reader.connection(connection)? else { return Ok(None) };
    let Person::Member { tenant, object } = connection.person else { return Ok(None) };
    if !reader.connection_apps(connection.id)?.contains(&app)
        || !may_connect(reader, &connection.person, app)?
    {
        return Ok(None);
    }
    let Some(known) = reader.across().home_user(tenant, object)? else { return Ok(None) };
    let mut user = nobody(&connection, &known.display_name, &known.upn);
    user.given_name = known.given_name;
    user.surname = known.surname;
    user.mail = known.mail;
    Ok(Some((connection, user)))
}

/// What somebody without a user object is listed as: nothing but the home account is known of them.
pub(crate) fn stand_in(who: &SignedIn, connection: &DirectConnection) -> User {
    nobody(connection, &who.name, &who.user_name)
}

fn nobody(connection: &DirectConnection, name: &str, user_name: &str) -> User {
    let mut user = new_user(connection.tenant, connection.id, name, user_name, connection.created);
    user.user_type = UserType::Guest;
    user.home = connection.person.home();
    user.invitation = Some(InvitationState::Accepted);
    user
}

/// The connection of somebody who has no live user object here.
pub(crate) fn connection_only(reader: &Reader<'_>, who: &SignedIn) -> Result<Option<DirectConnection>> {
    match account(reader, who)? {
        Some(user) if !user.is_deleted() => Ok(None),
        _ => reader.connection_of(&who.person),
    }
}

/// The label under which a confirmation is signed: it is good for one session and one organisation.
fn label(who: &SignedIn, tenant: TenantId) -> String {
    format!("disconnect:{}:{tenant}", who.binding())
}

/// What a confirmation is good for: the state of things that the person was told about.
struct Told {
    expires: Timestamp,
    connection: ObjectId,
    policy_version: i64,
}

impl Told {
    fn write(&self) -> String {
        format!("{}:{}:{}", self.expires.as_micros(), self.connection, self.policy_version)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        Some(Self {
            expires: Timestamp::from_micros(parts.next()?.parse().ok()?),
            connection: parts.next()?.parse().ok()?,
            policy_version: parts.next()?.parse().ok()?,
        })
    }
}

fn receipt(tenant: Tenant, at: Timestamp) -> Left {
    Left {
        tenant: tenant.id,
        name: tenant.name,
        domain: tenant.domain,
        leaving: Leaving::Connection,
        privacy: tenant.privacy,
        at,
        purge_after: at,
    }
}

impl Directory {
    /// Erases the connections of a home account that is gone: there is nothing that a restore at home could bring back, and the
    /// next sign-in makes a new one.
    pub(crate) async fn sever(&self, home: &Home) -> Result<()> {
        let Home::Tenant { tenant, object } = *home else { return Ok(()) };
        let person = Person::Member { tenant, object };
        let connected = person.clone();
        let connections = self.store().read_across(move |across| across.connections(&connected)).await?;
        for (entered, _) in connections {
            let (cx, person, scope) = (self.own_cx(), person.clone(), scope(entered.id));
            self.store()
                .commit(scope, move |reader| {
                    let mut changes = ChangeSet::new();
                    // Judged again where it is decided: the account may be back by now.
                    let gone = reader.across().home_account(tenant, object)? == HomeAccountState::Deleted;
                    if let Some(connection) = reader.connection_of(&person)?.filter(|_| gone) {
                        let draft = Draft::by_system(&cx, Activity::DeleteUser, "home")
                            .on(Target::user(connection.id))
                            .because("homeAccountDeleted");
                        changes.disconnect(scope, connection.id, cx.now).record(draft.done());
                    }
                    Decision::done(changes, ())
                })
                .await?;
        }
        Ok(())
    }

    /// The confirm step. Its confirmation is signed and not stored: what it is good for once is the connection.
    pub(crate) fn view_disconnect(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        who: &SignedIn,
        connection: &DirectConnection,
    ) -> Result<LeaveView> {
        let (tenant, user) = (reader.tenant()?, stand_in(who, connection));
        if let Err(reason) = decide(&facts(reader, who, Some(&user))?) {
            return Ok(LeaveView::Refused(refused(cx, &tenant, &user, reason)));
        }
        let expires = cx.now + CONFIRMATION;
        let told = Told { expires, connection: connection.id, policy_version: reader.policy()?.version };
        let confirm = Confirm {
            confirmation: self.sign_opaque(&label(who, tenant.id), told.write().as_bytes()),
            tenant,
            leaving: Leaving::Connection,
            groups: 0,
            roles: 0,
            apps: reader.connection_use(connection.id)?.len(),
            purge_after: cx.now,
            expires,
        };
        Ok(LeaveView::Confirm(Box::new(confirm)))
    }

    /// Erases the connection, its grants, and what the audit log said about the person.
    pub(crate) fn disconnect(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        who: &SignedIn,
        (connection, confirmation): (&DirectConnection, &str),
    ) -> Result<Decision<LeaveAnswer>> {
        let (tenant, user, policy) = (reader.tenant()?, stand_in(who, connection), reader.policy()?);
        let scope = scope(tenant.id);
        let mut changes = ChangeSet::new();
        changes.guard_policy(scope, &policy);
        if let Err(reason) = decide(&facts(reader, who, Some(&user))?) {
            let draft = Draft::by_connection(cx, Activity::LeaveOrganization, connection, who);
            changes.record(draft.refused(reason.as_str()).detail("policyVersion", policy.version).done());
            return Decision::done(changes, LeaveAnswer::Refused(refused(cx, &tenant, &user, reason)));
        }
        let good = self.told(who, tenant.id, confirmation).is_some_and(|told| {
            told.expires > cx.now && told.connection == connection.id && told.policy_version == policy.version
        });
        if !good {
            return Decision::done(ChangeSet::new(), LeaveAnswer::Stale);
        }
        // The record names nobody: what it could say about the person goes in this very commit.
        let initiator = Initiator::User { id: Some(connection.id), app: None };
        let draft = Draft::new(cx, Activity::LeaveOrganization, initiator)
            .on(Target::user(connection.id))
            .because("directConnection");
        changes.disconnect(scope, connection.id, cx.now);
        changes.record(draft.detail("policyVersion", policy.version).done());
        Decision::done(changes, LeaveAnswer::Left(receipt(tenant, cx.now)))
    }

    fn told(&self, who: &SignedIn, tenant: TenantId, confirmation: &str) -> Option<Told> {
        let bytes = self.open_opaque(&label(who, tenant), confirmation)?;
        Told::read(&String::from_utf8(bytes).ok()?)
    }

    /// A second click on the same page after the connection went by the first one: the same receipt.
    pub(crate) fn disconnected(
        &self,
        reader: &Reader<'_>,
        who: &SignedIn,
        confirmation: &str,
    ) -> Result<Option<Left>> {
        let Some(told) = self.told(who, reader.tenant_id(), confirmation) else { return Ok(None) };
        let Some(tombstone) = reader.tombstone(told.connection)? else { return Ok(None) };
        Ok(Some(receipt(reader.tenant()?, tombstone.deleted)))
    }
}
