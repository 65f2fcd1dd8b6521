//! The explorer page: a person types requests to Graph and sends them from a session, without an app and without a token.

use crate::{
    Caller, Directory, SignedIn,
    authn::{Exploring, Proof, home_generation, may_read, principal, scope},
    second_factor,
    sessions::realm,
    tokens::account_of,
    users,
};
use model::{
    AppId, Cx, Error, Result, TenantId,
    authz::{Operation, Permission, Role},
};
use uuid::uuid;

/// The explorer page as an app. No organisation has it registered, so that nobody can be granted anything through it.
pub const EXPLORER: AppId = AppId::from_uuid(uuid!("6578706c-6f72-4000-8000-000000000000"));

/// What a person's requests may do, as far as that does not depend on the request.
#[derive(Clone, Debug)]
pub struct Explorer {
    /// As whom Graph is asked.
    pub caller: Caller,
    /// Permissions of the explorer for this person in this organisation.
    pub permissions: Vec<Permission>,
    /// Directory roles of the person there.
    pub roles: Vec<Role>,
    /// The administration pages are open, so that the roles decide, and not the permissions.
    pub administers: bool,
}

/// Whether a person may send requests at all.
#[derive(Clone, Debug)]
pub enum Exploration {
    /// They may.
    Open(Box<Explorer>),
    /// The person holds a role there, and it takes a fresh sign-in, or one with a second factor, to use it.
    Shut,
}

/// What the explorer may do for somebody without any app being granted it. At home, with the administration pages open, the
/// roles decide, as on every page there. For everybody else it is what people may allow an app for themselves: to read more, an
/// organisation has to grant it to an app.
pub(crate) fn permissions(administers: bool) -> &'static [Permission] {
    if administers { Permission::ALL } else { &[Permission::UserRead] }
}

impl Directory {
    /// A person as the caller of requests that they type, in an organisation where they have an account. `admin` is the cookie
    /// that opens the administration pages.
    ///
    /// # Errors
    /// `NotFound` without an account there that can act.
    pub async fn explore(
        &self,
        cx: &Cx,
        who: &SignedIn,
        tenant: TenantId,
        admin: &str,
    ) -> Result<Exploration> {
        let at_home = who.home_tenant() == Some(tenant);
        let opened = at_home && self.administers(cx, who, admin).await?;
        self.store()
            .read(scope(tenant), |reader| {
                let user = account_of(reader, &who.person)?.ok_or_else(|| Error::not_found(tenant))?;
                let roles = reader.roles(user.id)?;
                let closed = at_home && !roles.is_empty() && !opened;
                if closed || second_factor::is_missing(reader, self, who, &user)? {
                    return Ok(Exploration::Shut);
                }
                let administers = opened && !roles.is_empty();
                let caller = Caller(Proof::Explorer(Box::new(Exploring {
                    tenant,
                    oid: user.id,
                    realm: realm(&who.person),
                    session: who.hash.clone(),
                    authenticated: who.authenticated,
                    generation: user.generation,
                    home_generation: home_generation(reader, &user)?,
                    administers,
                })));
                principal(reader, cx, &caller)?;
                let permissions = permissions(administers).to_vec();
                Ok(Exploration::Open(Box::new(Explorer { caller, permissions, roles, administers })))
            })
            .await
    }

    /// What this comes to, and whether the caller may do it, as far as that does not depend on the object: except that reading
    /// a user who is the caller is reading oneself, as it is where it is done.
    pub async fn may_explore(
        &self,
        cx: &Cx,
        caller: &Caller,
        (operation, user): (Operation, Option<&str>),
    ) -> Result<(Operation, bool)> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = principal(reader, cx, caller)?;
                let found = user.and_then(|key| users::find(reader, key).ok());
                let own = found.is_some_and(|user| principal.user().is_some_and(|me| me.id == user.id));
                let operation = match operation {
                    Operation::ReadUser if own => Operation::ReadSelf,
                    other => other,
                };
                Ok((operation, may_read(reader, &principal, operation).is_ok()))
            })
            .await
    }
}
