//! People who use apps of an organisation without a user object there (B2B direct connect). The first sign-in that both sides
//! allow makes the connection; it opens the app, and nothing of the directory. Leaving erases it: there is nothing that could be
//! restored, so the removal is the act itself.

use crate::{
    Directory, SignedIn,
    authn::scope,
    border,
    leave::{CONFIRMATION, Confirm, LeaveAnswer, LeaveView, Left, account, facts, refused},
    record::Draft,
    tenants::new_user,
};
use model::{
    AppId, Cx, Home, InvitationState, ObjectId, Person, Result, Timestamp, User, UserType,
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

/// The label under which a confirmation is signed: it is good for one session and one state of things.
fn label(who: &SignedIn, connection: ObjectId, policy_version: i64) -> String {
    format!("disconnect:{}:{connection}:{policy_version}", who.binding())
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
            return Ok(LeaveView::Refused(refused(&tenant, reason)));
        }
        let expires = cx.now + CONFIRMATION;
        let label = label(who, connection.id, reader.policy()?.version);
        let confirmation = self.sign_opaque(&label, expires.as_micros().to_string().as_bytes());
        let confirm =
            Confirm { tenant, user, groups: 0, purge_after: cx.now, direct: true, confirmation, expires };
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
            return Decision::done(changes, LeaveAnswer::Refused(refused(&tenant, reason)));
        }
        let expires = self
            .open_opaque(&label(who, connection.id, policy.version), confirmation)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| text.parse().ok())
            .map(Timestamp::from_micros);
        if expires.is_none_or(|expires| expires <= cx.now) {
            return Decision::done(ChangeSet::new(), LeaveAnswer::Stale);
        }
        // The record names nobody: what it could say about the person goes in this very commit.
        let initiator = Initiator::User { id: Some(connection.id), app: None };
        let draft = Draft::new(cx, Activity::LeaveOrganization, initiator)
            .on(Target::user(connection.id))
            .because("directConnection");
        changes.disconnect(scope, connection.id, cx.now);
        changes.record(draft.detail("policyVersion", policy.version).done());
        let left = Left {
            tenant: tenant.id,
            name: tenant.name,
            domain: tenant.domain,
            privacy: tenant.privacy,
            at: cx.now,
            purge_after: cx.now,
            direct: true,
        };
        Decision::done(changes, LeaveAnswer::Left(left))
    }
}
