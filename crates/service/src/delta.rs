//! What changed among the users of a tenant since somebody last looked.

use crate::{Caller, Directory, authn::authorized};
use model::{Cx, ObjectId, Result, User, authz::Operation};
use store::{Reader, UserQuery};

/// What a client knows already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserDelta {
    /// Nothing: everybody is listed once.
    Everybody {
        /// Where the log of changes stood when the listing began; none on its first page.
        since: Option<i64>,
        /// The position behind the last user so far.
        after: Option<Vec<String>>,
    },
    /// Everything up to this place in the log of changes.
    Since(i64),
    /// Nothing, and it wants to know only what changes from now on.
    Latest,
}

/// A user that is not as it was.
pub enum UserChange {
    /// It is new, or changed, or came back; as it is now.
    Is(Box<User>),
    /// It is gone.
    Removed {
        /// Which.
        id: ObjectId,
        /// It cannot be restored.
        for_good: bool,
    },
}

/// Some changes, and how to go on.
pub struct UserDeltaPage {
    /// Each user at most once, as it is now.
    pub changes: Vec<UserChange>,
    /// Ask on with this place in the log of changes.
    pub since: i64,
    /// Ask on behind this position, while everybody is being listed.
    pub after: Option<Vec<String>>,
    /// There is more already.
    pub more: bool,
}

impl Directory {
    /// What changed since the client last looked; nothing, where the log does not reach as far as the client says it has come.
    ///
    /// The log has one place for each change of a tenant, taken inside the transaction that makes the change. Changes of one
    /// tenant are committed one after the other, so whoever has seen a place has seen all before it.
    pub async fn user_delta(
        &self,
        cx: &Cx,
        caller: &Caller,
        wanted: &UserDelta,
        ids: &[ObjectId],
        limit: u16,
    ) -> Result<Option<UserDeltaPage>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ListUsers)?;
                let head = reader.user_change_head()?;
                match wanted {
                    UserDelta::Latest => {
                        Ok(Some(UserDeltaPage { changes: Vec::new(), since: head, after: None, more: false }))
                    }
                    UserDelta::Since(since) | UserDelta::Everybody { since: Some(since), .. }
                        if *since > head =>
                    {
                        Ok(None)
                    }
                    UserDelta::Everybody { since, after } => {
                        everybody(reader, since.unwrap_or(head), after.clone(), ids, limit).map(Some)
                    }
                    UserDelta::Since(since) => changed(reader, *since, ids, limit).map(Some),
                }
            })
            .await
    }
}

fn everybody(
    reader: &Reader<'_>,
    since: i64,
    after: Option<Vec<String>>,
    ids: &[ObjectId],
    limit: u16,
) -> Result<UserDeltaPage> {
    let (users, next) = if ids.is_empty() {
        let page = reader.users(&UserQuery { after, limit, ..UserQuery::default() })?;
        (page.items, page.next)
    } else {
        let mut users = Vec::with_capacity(ids.len());
        for id in ids {
            users.extend(reader.live_user(*id)?);
        }
        (users, None)
    };
    let changes = users.into_iter().map(|user| UserChange::Is(Box::new(user))).collect();
    Ok(UserDeltaPage { changes, since, more: next.is_some(), after: next })
}

fn changed(reader: &Reader<'_>, since: i64, ids: &[ObjectId], limit: u16) -> Result<UserDeltaPage> {
    let mut log = reader.user_changes(since, limit.saturating_add(1))?;
    let more = log.len() > usize::from(limit);
    log.truncate(usize::from(limit));
    let reached = log.last().map_or(since, |(place, _)| *place);
    let users = reader.changed_users(since, reached)?;
    let mut changes = Vec::with_capacity(log.len());
    for (_, id) in log {
        if !ids.is_empty() && !ids.contains(&id) {
            continue;
        }
        changes.push(match users.iter().find(|user| user.id == id) {
            Some(user) if !user.is_deleted() => UserChange::Is(Box::new(user.clone())),
            found => UserChange::Removed { id, for_good: found.is_none() },
        });
    }
    Ok(UserDeltaPage { changes, since: reached, after: None, more })
}
