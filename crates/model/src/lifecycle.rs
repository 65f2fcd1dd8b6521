//! The life of a user object: invited, active, soft-deleted, purged. Each function takes the object as it is and returns
//! it as it will be; the caller commits it guarded by the version it read.

use crate::{
    Deletion, DeletionCause, Error, Home, InvitationState, Person, Result, Span, Timestamp, User, fold,
};
use uuid::Uuid;

/// How long a soft-deleted account can be restored: 30 × 24 hours.
pub const RETENTION: Span = Span::days(30);

fn advance(user: &User, now: Timestamp) -> User {
    let mut next = user.clone();
    next.generation += 1;
    next.version += 1;
    next.tokens_since = tokens_since(user, now);
    next
}

/// For people to read: what decides is the generation, which every token names and no clock can fool.
fn tokens_since(user: &User, now: Timestamp) -> Timestamp {
    Timestamp::from_seconds(now.as_seconds().max(user.tokens_since.as_seconds()) + 1)
}

/// Voids every token, code and session from before; nothing else changes.
pub fn void_tokens(user: &User, now: Timestamp) -> User {
    advance(user, now)
}

/// Soft-deletes. The user name is freed by putting the id in front of it (as Entra does).
pub fn soft_delete(user: &User, cause: DeletionCause, event: Uuid, now: Timestamp) -> Result<User> {
    if user.is_deleted() {
        return Err(Error::not_found(user.id));
    }
    let mut next = advance(user, now);
    next.upn = format!("{}{}", user.id.uuid().simple(), user.upn);
    next.deletion = Some(Deletion { at: now, purge_after: now + RETENTION, cause, event });
    Ok(next)
}

/// Restores within the window, which is judged by the same trusted time as the purge: whatever can still be restored is
/// not yet due. The person must sign in afresh; directory roles are not given back.
pub fn restore(user: &User, new_upn: Option<&str>, now: Timestamp, trusted: Timestamp) -> Result<User> {
    let Some(deletion) = user.deletion else { return Err(Error::not_found(user.id)) };
    if trusted >= deletion.purge_after {
        return Err(Error::not_found(user.id));
    }
    let mut next = advance(user, now);
    next.upn = new_upn.unwrap_or_else(|| user.original_upn()).to_owned();
    next.deletion = None;
    Ok(next)
}

/// Binds an invited account to the person who signed in, and accepts.
pub fn redeem(user: &User, person: &Person, now: Timestamp) -> Result<User> {
    // Somebody homed here as a guest here would be external and internal at once, and could leave home.
    if matches!(person, Person::Member { tenant, .. } if *tenant == user.tenant) {
        return Err(Error::new(
            crate::ErrorKind::Conflict,
            "You already belong to this organisation. Sign in with the account that was invited.",
        ));
    }
    // A provider proves people to the organisation that registered it, and to nobody else.
    if matches!(person, Person::Federated(federated) if federated.tenant != user.tenant) {
        return Err(Error::new(
            crate::ErrorKind::Conflict,
            "The way you signed in is good for another organisation only. Sign in as the person who was invited.",
        ));
    }
    let may_bind = match &user.home {
        Home::Invited { .. } => true,
        home => *home == person.home(),
    };
    if user.is_deleted() || !may_bind {
        return Err(Error::new(
            crate::ErrorKind::Conflict,
            "This invitation was accepted with another account. Ask the organisation to invite you again.",
        ));
    }
    let mut next = advance(user, now);
    next.home = person.home();
    next.invitation = Some(InvitationState::Accepted);
    next.invitation_changed = Some(now);
    Ok(next)
}

/// Blocks or unblocks; `None` when nothing changes.
pub fn set_enabled(user: &User, enabled: bool, now: Timestamp) -> Option<User> {
    (user.account_enabled != enabled).then(|| {
        let mut next = advance(user, now);
        next.account_enabled = enabled;
        next
    })
}

/// May it be purged now? Judged by trusted time alone.
pub fn is_due(user: &User, trusted: Timestamp) -> bool {
    user.deletion.is_some_and(|deletion| trusted >= deletion.purge_after)
}

/// The user name of a guest (as Entra forms it): `ana_fabrikam.com#EXT#@contoso.onmicrosoft.com`.
pub fn guest_upn(address: &str, domain: &str) -> String {
    format!("{}#EXT#@{domain}", fold(address).replace('@', "_"))
}
