//! Which providers an organisation knows. Its administrators register them; that a domain is a provider's, the operator of the
//! server confirms, because sign-in sends everybody of that domain there.

use super::provider::plausible_url;
use crate::{
    Caller, Directory,
    authn::{Proof, authorized, require_fresh_caller},
    record::Draft,
};
use model::{
    Cx, Error, ErrorKind, Result, TenantId, TenantScope,
    audit::{Activity, Target},
    authz::{Operation, Principal},
    fold, is_plain_address, mint_uuid, plain_text,
};
use serde_json::json;
use store::{ChangeSet, Decision, Provider, ProviderDomain, Reader};
use uuid::Uuid;

/// A provider to be registered.
#[derive(Clone)]
pub struct NewProvider {
    /// What people call it.
    pub name: String,
    /// The issuer, exactly as it is in its tokens.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: String,
    /// It gives addresses only to whoever has them, so that its word counts without `email_verified`.
    pub trusts_email: bool,
}

/// A registered provider. The secret is never shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderView {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The issuer.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Its word for an address counts without `email_verified`.
    pub trusts_email: bool,
    /// May its people sign in and act?
    pub enabled: bool,
    /// Its domains, and whether the operator has confirmed each.
    pub domains: Vec<(String, bool)>,
}

pub(super) fn secret_label(tenant: TenantId, provider: Uuid) -> String {
    format!("identity-provider/{tenant}/{provider}")
}

fn target(provider: &Provider) -> Target {
    Target::thing("IdentityProvider", provider.id, &provider.name)
}

fn find(reader: &Reader<'_>, id: Uuid) -> Result<Provider> {
    reader.provider(id)?.ok_or_else(|| Error::not_found(id))
}

impl Directory {
    /// The providers of the caller's organisation.
    pub async fn list_providers(&self, cx: &Cx, caller: &Caller) -> Result<Vec<ProviderView>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::UpdatePolicy)?;
                let domains = reader.provider_domains()?;
                Ok(reader.providers()?.into_iter().map(|provider| view(provider, &domains)).collect())
            })
            .await
    }

    /// Registers a provider, after reading its discovery document where this server can.
    ///
    /// # Errors
    /// `BadRequest` for what cannot be or cannot be read, `Conflict` if the issuer is registered already.
    pub async fn add_provider(&self, cx: &Cx, caller: &Caller, new: NewProvider) -> Result<Uuid> {
        // Judged before anything leaves the server.
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::UpdatePolicy)?;
                require_fresh_caller(reader, cx, caller)
            })
            .await?;
        let new = self.plausible(new)?;
        if self.inner.outside.outbound.is_some() {
            self.discover_provider(&new.issuer).await.map_err(|trouble| {
                Error::bad_request(
                    "The provider's discovery document cannot be read, or is of another issuer. Check the issuer: it must be \
                     exactly what the provider writes into its tokens.",
                )
                .because(trouble.0)
            })?;
        }
        let id = mint_uuid(cx.random.as_ref());
        let provider = Provider {
            id,
            sealed_secret: self.seal(cx, &secret_label(caller.tenant(), id), new.client_secret.as_bytes())?,
            name: new.name,
            issuer: new.issuer,
            client_id: new.client_id,
            trusts_email: new.trusts_email,
            enabled: true,
            created: cx.now,
            version: 1,
        };
        self.change_providers(cx, caller, move |reader, changes, scope, draft| {
            if reader.providers()?.iter().any(|known| known.issuer == provider.issuer) {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "This issuer is registered already. Change that registration, or take it away first.",
                ));
            }
            changes.insert_provider(scope, &provider);
            let draft = draft(Activity::AddIdentityProvider).on(target(&provider));
            Ok((draft.with("issuer", None, Some(json!(provider.issuer))), ()))
        })
        .await?;
        Ok(id)
    }

    fn plausible(&self, new: NewProvider) -> Result<NewProvider> {
        let text = |text: &str, what: &str| {
            plain_text(text).ok_or_else(|| {
                Error::bad_request(format!("The {what} must have 1 to 256 printable characters."))
            })
        };
        let issuer = new.issuer.trim().to_owned();
        if !plausible_url(&issuer) || issuer.contains('?') {
            return Err(Error::bad_request("The issuer must be an address that begins with https://."));
        }
        // People of organisations here sign in as themselves; a registration would make a second person of each.
        if self.origins().iter().any(|own| issuer.starts_with(own)) {
            return Err(Error::bad_request(
                "This issuer is this server itself. People of organisations here need no provider.",
            ));
        }
        Ok(NewProvider {
            name: text(&new.name, "name")?,
            issuer,
            client_id: text(&new.client_id, "client id")?,
            client_secret: text(&new.client_secret, "client secret")?,
            trusts_email: new.trusts_email,
        })
    }

    /// Switches a provider on or off. Off means off at once: its people's sessions end, and their accounts cannot act.
    pub async fn set_provider_enabled(
        &self,
        cx: &Cx,
        caller: &Caller,
        id: Uuid,
        enabled: bool,
    ) -> Result<()> {
        self.change_providers(cx, caller, move |reader, changes, scope, draft| {
            let provider = find(reader, id)?;
            let next = Provider { enabled, version: provider.version + 1, ..provider.clone() };
            changes.update_provider(scope, &next);
            if !enabled {
                changes.end_sessions_of_provider(scope, id);
            }
            let draft = draft(Activity::UpdateIdentityProvider).on(target(&provider));
            Ok((draft.with("enabled", Some(json!(provider.enabled)), Some(json!(enabled))), ()))
        })
        .await
    }

    /// Takes a provider away. The accounts of its people stay, and nobody can sign in to them; registering the issuer again
    /// makes other people of them, so switching off is usually what is wanted.
    pub async fn delete_provider(&self, cx: &Cx, caller: &Caller, id: Uuid) -> Result<()> {
        self.change_providers(cx, caller, move |reader, changes, scope, draft| {
            let provider = find(reader, id)?;
            changes.end_sessions_of_provider(scope, id).delete_provider(scope, &provider);
            Ok((draft(Activity::DeleteIdentityProvider).on(target(&provider)), ()))
        })
        .await
    }

    /// Names a domain of a provider. Only the operator's word counts: named by an administrator, it waits until the operator
    /// names it, too.
    ///
    /// # Errors
    /// `BadRequest` for what is no domain, `Conflict` if an organisation here has it or another provider of this one.
    pub async fn add_provider_domain(&self, cx: &Cx, caller: &Caller, id: Uuid, domain: &str) -> Result<()> {
        let domain = fold(domain);
        if !is_plain_address(&format!("x@{domain}")) {
            return Err(Error::bad_request(
                "The domain must be a full domain name, such as partner.example.",
            ));
        }
        let is_operator = matches!(caller.0, Proof::Operator { .. });
        let now = cx.now;
        self.change_providers(cx, caller, move |reader, changes, scope, draft| {
            let provider = find(reader, id)?;
            if reader.across().tenant_of_domain(&domain)?.is_some() {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "An organisation here has this domain: its people sign in with their password.",
                ));
            }
            let known = reader.provider_domains()?.into_iter().find(|known| known.domain == domain);
            if known.as_ref().is_some_and(|known| known.provider != id && known.verified.is_some()) {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "Another provider of this organisation has this domain. Take it from that one first.",
                ));
            }
            let before = known.filter(|known| known.provider == id).and_then(|known| known.verified);
            let verified = before.or_else(|| is_operator.then_some(now));
            let domain = ProviderDomain { domain: domain.clone(), provider: id, verified };
            changes.set_provider_domain(scope, &domain);
            let draft = draft(Activity::UpdateIdentityProvider).on(target(&provider));
            let change = json!({ "domain": domain.domain, "verified": verified.is_some() });
            Ok((draft.with("domain", None, Some(change)), ()))
        })
        .await
    }

    /// Takes a domain from a provider; taking what is not there changes nothing.
    pub async fn remove_provider_domain(
        &self,
        cx: &Cx,
        caller: &Caller,
        id: Uuid,
        domain: &str,
    ) -> Result<()> {
        let domain = fold(domain);
        self.change_providers(cx, caller, move |reader, changes, scope, draft| {
            let provider = find(reader, id)?;
            changes.delete_provider_domain(scope, id, &domain);
            let draft = draft(Activity::UpdateIdentityProvider).on(target(&provider));
            Ok((draft.with("domain", Some(json!(domain)), None), ()))
        })
        .await
    }

    /// Every change needs the right and a fresh sign-in, and leaves a record.
    async fn change_providers<T: Send + 'static>(
        &self,
        cx: &Cx,
        caller: &Caller,
        change: impl Fn(
            &Reader<'_>,
            &mut ChangeSet,
            TenantScope,
            &dyn Fn(Activity) -> Draft,
        ) -> Result<(Draft, T)>
        + Send
        + 'static,
    ) -> Result<T> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal: Principal = authorized(reader, &cx, &caller, Operation::UpdatePolicy)?;
                require_fresh_caller(reader, &cx, &caller)?;
                let mut changes = ChangeSet::new();
                let draft = |activity| Draft::by(&cx, activity, &principal);
                let (record, done) = change(reader, &mut changes, scope, &draft)?;
                changes.record(record.done());
                Decision::done(changes, done)
            })
            .await
    }
}

fn view(provider: Provider, domains: &[ProviderDomain]) -> ProviderView {
    let domains = domains
        .iter()
        .filter(|domain| domain.provider == provider.id)
        .map(|domain| (domain.domain.clone(), domain.verified.is_some()))
        .collect();
    ProviderView {
        id: provider.id,
        name: provider.name,
        issuer: provider.issuer,
        client_id: provider.client_id,
        trusts_email: provider.trusts_email,
        enabled: provider.enabled,
        domains,
    }
}
