//! The first start of a real server: whoever reads its terminal creates the first tenant.

use super::{NewMember, NewTenant, found};
use crate::{
    Directory,
    authn::{directory_scope, scope},
};
use identity::Secret;
use model::{Cx, Error, ErrorKind, Result, Span, Tenant};
use store::{ChangeSet, Decision, Reader};

/// How long the set-up secret is good for.
const SETUP_LIFE: Span = Span::minutes(30);

/// What the set-up page or command asks for.
#[derive(Clone)]
pub struct SetupRequest {
    /// The secret from the terminal.
    pub secret: String,
    /// The name of the organisation.
    pub organisation: String,
    /// Its domain.
    pub domain: String,
    /// The first administrator's name.
    pub administrator_name: String,
    /// What the administrator signs in with.
    pub user_name: String,
    /// The administrator's password.
    pub password: String,
}

fn is_untouched(reader: &Reader<'_>) -> Result<bool> {
    Ok(reader.across().tenants(None, 1)?.is_empty())
}

/// The hash of the set-up secret, if this is it and it is still good.
fn proved(reader: &Reader<'_>, cx: &Cx, secret: &str) -> Result<String> {
    let stored = if is_untouched(reader)? { reader.across().setup_secret()? } else { None };
    stored
        .filter(|(hash, expires)| cx.now < *expires && identity::verify_secret(secret, hash))
        .map(|(hash, _)| hash)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Forbidden,
                "This set-up secret is not good, or no longer. Start the server again to get a new one.",
            )
        })
}

impl Directory {
    /// Is there no tenant yet?
    pub async fn needs_setup(&self) -> Result<bool> {
        self.store().read(directory_scope(), is_untouched).await
    }

    /// Makes a new set-up secret, good for 30 minutes, in place of an earlier one; nothing once there is a tenant.
    pub async fn begin_setup(&self, cx: &Cx) -> Result<Option<Secret>> {
        let secret = Secret::generate(cx.random.as_ref());
        let (hash, expires) = (secret.hash(), cx.now + SETUP_LIFE);
        let begun = self
            .store()
            .commit(directory_scope(), move |reader| {
                let mut changes = ChangeSet::new();
                let untouched = is_untouched(reader)?;
                if untouched {
                    changes.set_setup_secret(&hash, expires);
                }
                Decision::done(changes, untouched)
            })
            .await?;
        Ok(begun.then_some(secret))
    }

    /// Creates the first tenant and its administrator. The secret is used up in the same transaction, so only one request
    /// wins, and one that fails leaves the secret good.
    ///
    /// # Errors
    /// `Forbidden` if the secret is not good; otherwise those of [`Directory::create_tenant`].
    pub async fn finish_setup(&self, cx: &Cx, request: SetupRequest) -> Result<Tenant> {
        let SetupRequest { secret, organisation, domain, administrator_name, user_name, password } = request;
        // Asked before any hard work; it is asked again where it counts.
        self.store().read(directory_scope(), |reader| proved(reader, cx, &secret)).await?;
        let administrator =
            NewMember { display_name: administrator_name, user_name, password: Some(password) };
        let new = NewTenant {
            name: organisation,
            domain,
            technical_contact: None,
            administrator: Some(administrator),
        };
        let plan = self.plan_tenant(cx, new).await?;
        let cx = cx.clone();
        self.store()
            .commit(scope(plan.tenant.id), move |reader| {
                let hash = proved(reader, &cx, &secret)?;
                let mut changes = found(reader, &plan)?;
                changes.use_setup_secret(&hash);
                Decision::done(changes, plan.tenant.clone())
            })
            .await
    }
}
