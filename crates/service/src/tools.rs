//! What command-line tools ask first: in which organisations somebody can work.

use crate::{Caller, Directory, authn::principal};
use model::{Cx, Home, InvitationState, Person, Result, Tenant, User, authz::Principal};

fn is_usable(user: &User) -> bool {
    user.account_enabled && !user.is_deleted() && user.invitation == Some(InvitationState::Accepted)
}

impl Directory {
    /// The organisations that a caller can get tokens in, its own first. Others are told to a person at home only, and only
    /// through an app in that person's own hands, a public client: no organisation learns from a sign-in where else its guests
    /// or members have accounts.
    pub async fn organizations_of(&self, cx: &Cx, caller: &Caller) -> Result<Vec<Tenant>> {
        let (own, person) = self
            .store()
            .read(caller.scope(), |reader| {
                let person = match principal(reader, cx, caller)? {
                    Principal::Delegated { user, app, .. }
                        if user.home == Home::Here && reader.app(app)?.is_some_and(|app| app.public) =>
                    {
                        Some(Person::Member { tenant: user.tenant, object: user.id })
                    }
                    _ => None,
                };
                Ok((reader.tenant()?, person))
            })
            .await?;
        let mut tenants = vec![own];
        if let Some(person) = person {
            let found = self.store().read_across(move |across| across.memberships(&person, &[])).await?;
            tenants.extend(found.into_iter().filter(|one| is_usable(&one.user)).map(|one| one.tenant));
        }
        Ok(tenants)
    }
}
