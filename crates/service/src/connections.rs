//! Leaving an organisation whose apps somebody uses without a user object there (B2B direct connect). There is nothing that
//! could be restored, so the removal is the act itself.

use crate::{
    Directory, SignedIn,
    authn::scope,
    leave::{CONFIRMATION, Confirm, LeaveAnswer, LeaveView, Left, account, facts, refused},
    record::Draft,
    tenants::new_user,
};
use model::{
    Cx, Home, InvitationState, ObjectId, Person, Result, Timestamp, User, UserType,
    audit::{Activity, Initiator, Target},
    leave::decide,
};
use store::{ChangeSet, Decision, DirectConnection, HomeAccountState, Reader};

/// What somebody without a user object is listed as: nothing but the home account is known of them.
pub(crate) fn stand_in(who: &SignedIn, connection: &DirectConnection) -> User {
    let mut user = new_user(connection.tenant, connection.id, &who.name, &who.user_name, connection.created);
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
        let confirm = Confirm { tenant, user, groups: 0, purge_after: cx.now, confirmation, expires };
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
            privacy: tenant.privacy,
            at: cx.now,
            purge_after: cx.now,
        };
        Decision::done(changes, LeaveAnswer::Left(left))
    }
}
