//! External identity providers and lost second factors, by command.

use crate::{
    cli::{ProviderCommand, Switch, User},
    problem::Result,
    terminal::read_password,
};
use model::{ObjectId, TenantId};
use serde::{Deserialize, Serialize};
use service::{Caller, Directory, NewProvider, ProviderPatch, ProviderView};
use std::fmt::Write;
use uuid::Uuid;

/// What the operator asks about one organisation. There is no `Debug`: it may hold a secret.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Act {
    /// Register a provider.
    Add { name: String, issuer: String, client_id: String, client_secret: String, trusts_email: bool },
    /// List them.
    List,
    /// Confirm that a domain is a provider's.
    ConfirmDomain { provider: Uuid, domain: String },
    /// Switch one on or off.
    Switch { provider: Uuid, enabled: bool },
    /// Take one away.
    Remove { provider: Uuid },
    /// Take the second factor of somebody who lost it.
    ResetSecondFactor { user: ObjectId },
}

impl Act {
    /// Reads `provider …`; the secret comes from the terminal or from standard input.
    pub fn of_provider(command: ProviderCommand) -> Result<(crate::cli::Tool, TenantId, Self)> {
        Ok(match command {
            ProviderCommand::Add(add) => {
                let act = Self::Add {
                    name: add.name,
                    issuer: add.issuer,
                    client_id: add.client_id,
                    client_secret: read_password("Client secret: ")?,
                    trusts_email: add.trusts_email,
                };
                (add.of.tool, add.of.tenant, act)
            }
            ProviderCommand::List(of) => (of.tool, of.tenant, Self::List),
            ProviderCommand::ConfirmDomain(confirm) => {
                let act = Self::ConfirmDomain { provider: confirm.provider, domain: confirm.domain };
                (confirm.of.tool, confirm.of.tenant, act)
            }
            ProviderCommand::Switch(switch) => {
                let enabled = switch.state == Switch::On;
                (switch.of.tool, switch.of.tenant, Self::Switch { provider: switch.provider, enabled })
            }
            ProviderCommand::Remove(remove) => {
                (remove.of.tool, remove.of.tenant, Self::Remove { provider: remove.provider })
            }
        })
    }

    /// Reads `user …`.
    pub fn of_user(command: User) -> (crate::cli::Tool, TenantId, Self) {
        let User::ResetSecondFactor(reset) = command;
        (reset.of.tool, reset.of.tenant, Self::ResetSecondFactor { user: reset.user })
    }

    /// Does it; answers what to say.
    pub async fn execute(self, directory: &Directory, tenant: TenantId) -> model::Result<String> {
        let (cx, operator) = (directory.own_cx(), Caller::operator(tenant));
        Ok(match self {
            Self::Add { name, issuer, client_id, client_secret, trusts_email } => {
                let new = NewProvider { name, issuer, client_id, client_secret, trusts_email };
                let id = directory.add_provider(&cx, &operator, new).await?;
                format!(
                    "Registered: {id}\nThe provider must know this redirect address: {}/signin/callback\n\
                     Confirm its domains with: innkeeper provider confirm-domain\n",
                    directory.origin()
                )
            }
            Self::List => describe(&directory.list_providers(&cx, &operator).await?),
            Self::ConfirmDomain { provider, domain } => {
                directory.add_provider_domain(&cx, &operator, provider, &domain).await?;
                "The domain is confirmed: its people are offered the provider.\n".to_owned()
            }
            Self::Switch { provider, enabled } => {
                let patch = ProviderPatch { enabled: Some(enabled), ..ProviderPatch::default() };
                directory.update_provider(&cx, &operator, provider, patch).await?;
                let state = if enabled { "on" } else { "off; its people's sessions have ended" };
                format!("The provider is {state}.\n")
            }
            Self::Remove { provider } => {
                directory.delete_provider(&cx, &operator, provider).await?;
                "The provider is taken away.\n".to_owned()
            }
            Self::ResetSecondFactor { user } => {
                directory.reset_second_factor(&cx, tenant, user).await?;
                "The second factor is taken away, and sessions have ended. The password is as it was.\n"
                    .to_owned()
            }
        })
    }
}

fn describe(providers: &[ProviderView]) -> String {
    if providers.is_empty() {
        return "No provider is registered.\n".to_owned();
    }
    providers.iter().fold(String::new(), |mut text, provider| {
        let state = if provider.enabled { "" } else { "  (off)" };
        // Writing to a string never fails.
        let _ = writeln!(text, "{}  {}  {}{state}", provider.id, provider.issuer, provider.name);
        for (domain, confirmed) in &provider.domains {
            let state = if *confirmed { "" } else { "  (waits for your confirmation)" };
            let _ = writeln!(text, "  {domain}{state}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_what_is_off_and_what_waits() {
        let provider = ProviderView {
            id: Uuid::nil(),
            name: "Partner".to_owned(),
            issuer: "https://idp.example".to_owned(),
            client_id: "c".to_owned(),
            trusts_email: false,
            enabled: false,
            domains: vec![("a.example".to_owned(), true), ("b.example".to_owned(), false)],
        };
        let text = describe(&[provider]);
        assert!(text.contains("Partner  (off)\n  a.example\n  b.example  (waits"), "{text}");
        assert!(describe(&[]).contains("No provider"));
    }
}
