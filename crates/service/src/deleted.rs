//! Soft-deleted users: read, restore, delete for good. Listing is `Directory::list_users` with `deleted`.

use crate::{
    Caller, Directory,
    authn::{authorized, require_fresh_caller},
    home,
    purge::{self, By},
    record::Draft,
};
use model::{
    Cx, Error, ErrorKind, Home, ObjectId, Result, User,
    audit::Activity,
    authz::{Operation, may_manage},
    fold, is_plain_address, lifecycle,
};
use store::{ChangeSet, Decision, Reader};

fn find(reader: &Reader<'_>, id: ObjectId) -> Result<User> {
    reader.user(id)?.filter(User::is_deleted).ok_or_else(|| Error::not_found(id))
}

/// The account cannot come back while another live one stands in its place.
pub(crate) fn in_the_way(reader: &Reader<'_>, user: &User, upn: &str) -> Result<Option<&'static str>> {
    if reader.user_by_upn(upn)?.is_some() {
        return Ok(Some("userPrincipalName"));
    }
    if user.is_external() {
        let invited = user.mail.as_deref().map(|mail| Home::Invited { address: fold(mail) });
        for home in [Some(user.home.clone()), invited].into_iter().flatten() {
            if reader.user_by_home(&home)?.is_some() {
                return Ok(Some("identity"));
            }
        }
        // The same address is the same person, also where the invitation of one of the two was never accepted.
        let same_address = match &user.mail {
            Some(mail) => reader.users_by_mail(mail)?,
            None => Vec::new(),
        };
        if !same_address.is_empty() {
            return Ok(Some("identity"));
        }
    }
    Ok(None)
}

impl Directory {
    /// One soft-deleted user.
    pub async fn get_deleted_user(&self, cx: &Cx, caller: &Caller, id: ObjectId) -> Result<User> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadDeleted)?;
                find(reader, id)
            })
            .await
    }

    /// Restores a soft-deleted user with properties and groups, not with directory roles.
    pub async fn restore_user(
        &self,
        cx: &Cx,
        caller: &Caller,
        id: ObjectId,
        new_upn: Option<String>,
    ) -> Result<User> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::RestoreUser)?;
                let user = find(reader, id)?;
                let deletion = user.deletion.ok_or_else(|| Error::not_found(id))?;
                if let Some(upn) = &new_upn {
                    check_upn(reader, upn)?;
                }
                let next = lifecycle::restore(&user, new_upn.as_deref(), cx.now, cx.trusted)?;
                if let Some(what) = in_the_way(reader, &user, &next.upn)? {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        format!("Another account has the same {what}. Remove it first, or, for a user name, restore with newUserPrincipalName."),
                    ));
                }
                let mut changes = ChangeSet::new();
                changes.update_user(&user, &next);
                if user.home == Home::Here {
                    home::announce(&mut changes, &cx, &user, home::Event::Restored(deletion.event));
                }
                let draft = Draft::by(&cx, Activity::RestoreUser, &principal).on_user(&cx, &next);
                changes.record(draft.detail("formerDeletion", deletion.cause.as_str()).done());
                Decision::done(changes, next)
            })
            .await
    }

    /// Deletes a soft-deleted user for good, before the time. The next purge pass takes the remains out of the files.
    pub async fn purge_user(&self, cx: &Cx, caller: &Caller, id: ObjectId) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        let home = self
            .store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::PurgeUser)?;
                require_fresh_caller(reader, &cx, &caller)?;
                let user = find(reader, id)?;
                may_manage(&principal, &reader.roles(id)?)?;
                let mut changes = ChangeSet::new();
                purge::erase(reader, &mut changes, &cx, &user, By::Hand(&principal))?;
                Decision::done(changes, user.home)
            })
            .await?;
        self.forget(scope.tenant(), id, home).await;
        Ok(())
    }
}

/// A new user name must be in a domain of the tenant.
fn check_upn(reader: &Reader<'_>, upn: &str) -> Result<()> {
    let in_domain = match model::domain_of(upn) {
        Some(domain) => reader.domains()?.contains(&domain),
        None => false,
    };
    if in_domain && is_plain_address(upn) {
        Ok(())
    } else {
        Err(Error::invalid_value("newUserPrincipalName", "User"))
    }
}
