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

/// A partial change of a registration; what is absent stays. The issuer stays in any case: it is part of who people are.
#[derive(Clone, Default)]
pub struct ProviderPatch {
    /// What people call it.
    pub name: Option<String>,
    /// What the provider calls us.
    pub client_id: Option<String>,
    /// Our secret there, when it was renewed.
    pub client_secret: Option<String>,
    /// Its word for an address counts without `email_verified`.
    pub trusts_email: Option<bool>,
    /// May its people sign in and act? Off means off at once: their sessions end.
    pub enabled: Option<bool>,
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

fn printable(text: &str, what: &str) -> Result<String> {
    plain_text(text)
        .ok_or_else(|| Error::bad_request(format!("The {what} must have 1 to 256 printable characters.")))
}

impl Directory {
    /// The providers of the caller's organisation.
    pub async fn list_providers(&self, cx: &Cx, caller: &Caller) -> Result<Vec<ProviderView>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadIdentityProviders)?;
                let domains = reader.provider_domains()?;
                Ok(reader.providers()?.into_iter().map(|provider| view(provider, &domains)).collect())
            })
            .await
    }

    /// One of them.
    pub async fn get_provider(&self, cx: &Cx, caller: &Caller, id: Uuid) -> Result<ProviderView> {
        let all = self.list_providers(cx, caller).await?;
        all.into_iter().find(|provider| provider.id == id).ok_or_else(|| Error::not_found(id))
    }

    /// Registers a provider, after reading its discovery document where this server can.
    ///
    /// # Errors
    /// `BadRequest` for what cannot be or cannot be read, `Conflict` if the issuer is registered already.
    pub async fn add_provider(&self, cx: &Cx, caller: &Caller, new: NewProvider) -> Result<Uuid> {
        // Judged before anything leaves the server.
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::UpdateIdentityProviders)?;
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
            Ok(Some(draft.with("issuer", None, Some(json!(provider.issuer)))))
        })
        .await?;
        Ok(id)
    }

    fn plausible(&self, new: NewProvider) -> Result<NewProvider> {
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
            name: printable(&new.name, "name")?,
            issuer,
            client_id: printable(&new.client_id, "client id")?,
            client_secret: printable(&new.client_secret, "client secret")?,
            trusts_email: new.trusts_email,
        })
    }

    /// Changes a registration. What it says already changes nothing.
    ///
    /// # Errors
    /// `NotFound` if there is no such provider, `BadRequest` for a text that cannot be.
    pub async fn update_provider(
        &self,
        cx: &Cx,
        caller: &Caller,
        id: Uuid,
        patch: ProviderPatch,
    ) -> Result<()> {
        let text =
            |text: &Option<String>, what| text.as_deref().map(|text| printable(text, what)).transpose();
        let (name, client_id) = (text(&patch.name, "name")?, text(&patch.client_id, "client id")?);
        let sealed = match text(&patch.client_secret, "client secret")? {
            Some(secret) => Some(self.seal(cx, &secret_label(caller.tenant(), id), secret.as_bytes())?),
            None => None,
        };
        self.change_providers(cx, caller, move |reader, changes, scope, draft| {
            let provider = find(reader, id)?;
            let next = Provider {
                name: name.clone().unwrap_or_else(|| provider.name.clone()),
                client_id: client_id.clone().unwrap_or_else(|| provider.client_id.clone()),
                sealed_secret: sealed.clone().unwrap_or_else(|| provider.sealed_secret.clone()),
                trusts_email: patch.trusts_email.unwrap_or(provider.trusts_email),
                enabled: patch.enabled.unwrap_or(provider.enabled),
                ..provider.clone()
            };
            if next == provider {
                return Ok(None);
            }
            let draft = draft(Activity::UpdateIdentityProvider).on(target(&provider));
            let draft = changed(draft, &provider, &next);
            if !next.enabled {
                changes.end_sessions_of_provider(scope, id);
            }
            changes.update_provider(scope, &Provider { version: provider.version + 1, ..next });
            Ok(Some(draft))
        })
        .await
    }

    /// Takes a provider away. The accounts of its people stay, and nobody can sign in to them; registering the issuer again
    /// makes other people of them, so switching off is usually what is wanted.
    pub async fn delete_provider(&self, cx: &Cx, caller: &Caller, id: Uuid) -> Result<()> {
        self.change_providers(cx, caller, move |reader, changes, scope, draft| {
            let provider = find(reader, id)?;
            changes.end_sessions_of_provider(scope, id).delete_provider(scope, &provider);
            Ok(Some(draft(Activity::DeleteIdentityProvider).on(target(&provider))))
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
            Ok(Some(draft.with("domain", None, Some(change))))
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
            let is_this = |known: &ProviderDomain| known.provider == id && known.domain == domain;
            if !reader.provider_domains()?.iter().any(is_this) {
                return Ok(None);
            }
            changes.delete_provider_domain(scope, id, &domain);
            let draft = draft(Activity::UpdateIdentityProvider).on(target(&provider));
            Ok(Some(draft.with("domain", Some(json!(domain)), None)))
        })
        .await
    }

    /// Every change needs the right and a fresh sign-in, and leaves a record.
    async fn change_providers(
        &self,
        cx: &Cx,
        caller: &Caller,
        change: impl Fn(
            &Reader<'_>,
            &mut ChangeSet,
            TenantScope,
            &dyn Fn(Activity) -> Draft,
        ) -> Result<Option<Draft>>
        + Send
        + 'static,
    ) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal: Principal =
                    authorized(reader, &cx, &caller, Operation::UpdateIdentityProviders)?;
                require_fresh_caller(reader, &cx, &caller)?;
                let mut changes = ChangeSet::new();
                let draft = |activity| Draft::by(&cx, activity, &principal);
                if let Some(record) = change(reader, &mut changes, scope, &draft)? {
                    changes.record(record.done());
                }
                Decision::done(changes, ())
            })
            .await
    }
}

/// What differs, for the record; of the secret only that it does.
fn changed(draft: Draft, before: &Provider, after: &Provider) -> Draft {
    let pairs = [
        ("name", json!(before.name), json!(after.name)),
        ("clientId", json!(before.client_id), json!(after.client_id)),
        ("trustsEmail", json!(before.trusts_email), json!(after.trusts_email)),
        ("enabled", json!(before.enabled), json!(after.enabled)),
    ];
    let differing = pairs.into_iter().filter(|(_, before, after)| before != after);
    let draft =
        differing.fold(draft, |draft, (name, before, after)| draft.with(name, Some(before), Some(after)));
    if before.sealed_secret == after.sealed_secret { draft } else { draft.because("secretRenewed") }
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
