//! Settings about people from outside: who may invite, what guests may read, from which domains they may come.

use crate::{
    Caller, Directory,
    authn::{authorized, principal},
    record::Draft,
};
use model::{
    Cx, Error, ErrorKind, ExternalIdentitiesPolicy, Result, TenantId,
    audit::{Activity, Target},
    authz::{Operation, Principal, authorize},
    collaboration::{
        AuthenticationFlowsPolicy, AuthorizationPolicy, DomainMode, GuestAccess, InvitationDomains,
        InvitesFrom,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use store::{CROSS_TENANT_ACCESS, ChangeSet, Decision, ExternalCounts, Reader};

const AUTHORIZATION: &str = "authorizationPolicy";
const FLOWS: &str = "authenticationFlowsPolicy";
const DOMAINS: &str = "invitationDomains";
/// The list of domains may take so many bytes together (Microsoft's page on the legacy policy).
const DOMAINS_SIZE: usize = 25 * 1024;

/// A policy about people from outside that has a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyKind {
    /// `authorizationPolicy`
    Authorization,
    /// `authenticationFlowsPolicy`
    AuthenticationFlows,
    /// `crossTenantAccessPolicy/default`
    AccessDefault,
    /// `crossTenantAccessPolicy/partners/{id}`
    AccessPartner(TenantId),
}

/// A partial update of who may invite and what guests may read; what is absent stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AuthorizationPolicyPatch {
    /// `allowInvitesFrom`
    pub invites_from: Option<InvitesFrom>,
    /// `guestUserRoleId`
    pub guest_access: Option<GuestAccess>,
    /// May people from outside be given directory roles over Graph? Ours.
    pub guest_administrators: Option<bool>,
    /// The version that the caller last saw, if it must not have changed since.
    pub expected: Option<i64>,
}

/// A partial update of the list of domains; what is absent stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InvitationDomainsPatch {
    /// How the list is meant.
    pub mode: Option<DomainMode>,
    /// The whole list.
    pub domains: Option<Vec<String>>,
    /// The version that the caller last saw, if it must not have changed since.
    pub expected: Option<i64>,
}

/// Everything about people from outside that an organisation sets in one place, with what it depends on and whom it concerns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollaborationView {
    /// May they leave, and do they go with their home account?
    pub policy: ExternalIdentitiesPolicy,
    /// Who invites, and what guests see.
    pub authorization: AuthorizationPolicy,
    /// The version of that.
    pub authorization_version: i64,
    /// May people sign themselves up?
    pub flows: AuthenticationFlowsPolicy,
    /// The version of that.
    pub flows_version: i64,
    /// From where guests may come.
    pub domains: InvitationDomains,
    /// The version of that.
    pub domains_version: i64,
    /// Leaving can be switched off: guests would know whom to turn to.
    pub has_privacy_information: bool,
    /// How many people are homed elsewhere.
    pub external: ExternalCounts,
}

/// What a change of the list of domains does to invitations that nobody has accepted yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShutOut {
    /// How many could not be accepted any more.
    pub count: usize,
    /// A few of the addresses.
    pub addresses: Vec<String>,
    /// There are more invitations than were looked at.
    pub at_least: bool,
}

/// So many of the addresses are named.
const NAMED: usize = 5;
/// So many invitations are looked at together, and one after the other.
const LOOKED_AT: (u16, usize) = (1000, 20_000);

pub(crate) fn authorization_policy(reader: &Reader<'_>) -> Result<AuthorizationPolicy> {
    reader.setting(AUTHORIZATION).map(|(policy, _)| policy)
}

pub(crate) fn invitation_domains(reader: &Reader<'_>) -> Result<InvitationDomains> {
    reader.setting(DOMAINS).map(|(list, _)| list)
}

/// What of a setting is recorded: the name, and the value as JSON.
type Properties<T> = fn(&T) -> Vec<(&'static str, Value)>;

/// One kind of setting: where it is kept, and how it appears in the audit log.
struct Kind<T> {
    name: &'static str,
    operation: Operation,
    activity: Activity,
    title: &'static str,
    properties: Properties<T>,
    expected: Option<i64>,
}

impl Directory {
    async fn read_setting<T>(&self, cx: &Cx, caller: &Caller, name: &str, operation: Operation) -> Result<T>
    where
        T: DeserializeOwned + Default,
    {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, operation)?;
                reader.setting(name).map(|(setting, _)| setting)
            })
            .await
    }

    async fn change_setting<T>(
        &self,
        cx: &Cx,
        caller: &Caller,
        kind: Kind<T>,
        edit: impl Fn(&T) -> Result<T> + Send + 'static,
    ) -> Result<()>
    where
        T: Serialize + DeserializeOwned + Default + PartialEq + 'static,
    {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, kind.operation)?;
                let (old, version): (T, i64) = reader.setting(kind.name)?;
                if kind.expected.is_some_and(|expected| expected != version) {
                    return Err(Error::new(
                        ErrorKind::PreconditionFailed,
                        "The policy was changed since it was read. Read it again and repeat the request.",
                    ));
                }
                cx.check_seen(version)?;
                let new = edit(&old)?;
                let mut changes = ChangeSet::new();
                let mut draft = draft(&cx, &principal, &kind);
                if new == old {
                    draft = draft.because("unchanged");
                } else {
                    changes.set_setting(scope, kind.name, &new, version)?;
                    for ((name, before), (_, after)) in
                        (kind.properties)(&old).into_iter().zip((kind.properties)(&new))
                    {
                        if before != after {
                            draft = draft.with(name, Some(before), Some(after));
                        }
                    }
                }
                changes.record(draft.done());
                Decision::done(changes, ())
            })
            .await
    }

    /// The version of a policy about people from outside. Read before the policy itself, it is never newer than that.
    pub async fn policy_version(&self, cx: &Cx, caller: &Caller, kind: PolicyKind) -> Result<i64> {
        let (operation, name) = match kind {
            PolicyKind::Authorization => (Operation::ReadAuthorizationPolicy, AUTHORIZATION),
            PolicyKind::AuthenticationFlows => (Operation::ReadAuthenticationFlows, FLOWS),
            PolicyKind::AccessDefault | PolicyKind::AccessPartner(_) => {
                (Operation::ReadCrossTenantAccess, CROSS_TENANT_ACCESS)
            }
        };
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, operation)?;
                match kind {
                    PolicyKind::AccessPartner(partner) => {
                        let found = reader.partner(partner)?.ok_or_else(|| Error::not_found(partner))?;
                        Ok(found.1)
                    }
                    _ => reader.setting::<Value>(name).map(|(_, version)| version),
                }
            })
            .await
    }

    /// Who may invite, and what guests may read.
    pub async fn get_authorization_policy(&self, cx: &Cx, caller: &Caller) -> Result<AuthorizationPolicy> {
        self.read_setting(cx, caller, AUTHORIZATION, Operation::ReadAuthorizationPolicy).await
    }

    /// Changes who may invite, and what guests may read.
    pub async fn update_authorization_policy(
        &self,
        cx: &Cx,
        caller: &Caller,
        patch: AuthorizationPolicyPatch,
    ) -> Result<()> {
        let kind = Kind::<AuthorizationPolicy> {
            name: AUTHORIZATION,
            operation: Operation::UpdateAuthorizationPolicy,
            activity: Activity::UpdateAuthorizationPolicy,
            title: "Authorization Policy",
            expected: patch.expected,
            properties: |policy| {
                vec![
                    ("AllowInvitesFrom", json!(policy.invites_from.as_str())),
                    ("GuestUserRoleId", json!(policy.guest_access.role())),
                    ("GuestAdministrators", json!(policy.guest_administrators)),
                ]
            },
        };
        self.change_setting(cx, caller, kind, move |old| {
            Ok(AuthorizationPolicy {
                invites_from: patch.invites_from.unwrap_or(old.invites_from),
                guest_access: patch.guest_access.unwrap_or(old.guest_access),
                guest_administrators: patch.guest_administrators.unwrap_or(old.guest_administrators),
            })
        })
        .await
    }

    /// May people sign themselves up?
    pub async fn get_authentication_flows(
        &self,
        cx: &Cx,
        caller: &Caller,
    ) -> Result<AuthenticationFlowsPolicy> {
        self.read_setting(cx, caller, FLOWS, Operation::ReadAuthenticationFlows).await
    }

    /// Says whether people may sign themselves up; nothing where it is absent. `expected` is the version that the caller last
    /// saw, if it must not have changed since.
    pub async fn update_authentication_flows(
        &self,
        cx: &Cx,
        caller: &Caller,
        self_service_sign_up: Option<bool>,
        expected: Option<i64>,
    ) -> Result<()> {
        let kind = Kind::<AuthenticationFlowsPolicy> {
            name: FLOWS,
            operation: Operation::UpdateAuthenticationFlows,
            activity: Activity::UpdatePolicy,
            title: "Authentication flows policy",
            expected,
            properties: |policy| vec![("SelfServiceSignUp", json!(policy.self_service_sign_up))],
        };
        self.change_setting(cx, caller, kind, move |old| {
            let self_service_sign_up = self_service_sign_up.unwrap_or(old.self_service_sign_up);
            Ok(AuthenticationFlowsPolicy { self_service_sign_up })
        })
        .await
    }

    /// Reads all of it at once, for the page where it is set.
    pub async fn view_collaboration(&self, cx: &Cx, caller: &Caller) -> Result<CollaborationView> {
        const READS: [Operation; 4] = [
            Operation::ReadPolicy,
            Operation::ReadAuthorizationPolicy,
            Operation::ReadAuthenticationFlows,
            Operation::ReadInvitationDomains,
        ];
        self.store()
            .read(caller.scope(), |reader| {
                let principal = principal(reader, cx, caller)?;
                READS.iter().try_for_each(|operation| authorize(&principal, *operation))?;
                let (authorization, authorization_version) = reader.setting(AUTHORIZATION)?;
                let (flows, flows_version) = reader.setting(FLOWS)?;
                let (domains, domains_version) = reader.setting(DOMAINS)?;
                Ok(CollaborationView {
                    policy: reader.policy()?,
                    authorization,
                    authorization_version,
                    flows,
                    flows_version,
                    domains,
                    domains_version,
                    has_privacy_information: reader.tenant()?.privacy.is_complete(),
                    external: reader.count_external()?,
                })
            })
            .await
    }

    /// Which open invitations such a list of domains would shut out, whereas the one in force lets them be accepted.
    pub async fn shut_out(&self, cx: &Cx, caller: &Caller, next: &InvitationDomains) -> Result<ShutOut> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::UpdateInvitationDomains)?;
                let now = invitation_domains(reader)?;
                let (mut found, mut seen, mut after) = (ShutOut::default(), 0, None);
                loop {
                    let (batch, most) = LOOKED_AT;
                    let pending = reader.pending_addresses(after, batch)?;
                    for address in pending.iter().filter_map(|(_, address)| address.as_deref()) {
                        if now.admit(address).is_ok() && next.admit(address).is_err() {
                            found.count += 1;
                            if found.addresses.len() < NAMED {
                                found.addresses.push(address.to_owned());
                            }
                        }
                    }
                    seen += pending.len();
                    match pending.last() {
                        Some((last, _)) if pending.len() == usize::from(batch) && seen < most => {
                            after = Some(*last)
                        }
                        last => {
                            found.at_least = last.is_some() && seen >= most;
                            return Ok(found);
                        }
                    }
                }
            })
            .await
    }

    /// From which domains guests may come.
    pub async fn get_invitation_domains(&self, cx: &Cx, caller: &Caller) -> Result<InvitationDomains> {
        self.read_setting(cx, caller, DOMAINS, Operation::ReadInvitationDomains).await
    }

    /// Says from which domains guests may come. Whoever has accepted already stays.
    ///
    /// # Errors
    /// `BadRequest` for what cannot be a domain, and for more than 25 KiB of them.
    pub async fn update_invitation_domains(
        &self,
        cx: &Cx,
        caller: &Caller,
        patch: InvitationDomainsPatch,
    ) -> Result<()> {
        let kind = Kind::<InvitationDomains> {
            name: DOMAINS,
            operation: Operation::UpdateInvitationDomains,
            activity: Activity::UpdatePolicy,
            // As the legacy policy is called in the log (live service).
            title: "B2BManagementPolicy",
            expected: patch.expected,
            properties: |list| {
                vec![("PolicyDetails", json!({ "mode": list.mode.as_str(), "domains": list.domains }))]
            },
        };
        let domains = patch.domains.map(plausible).transpose()?;
        self.change_setting(cx, caller, kind, move |old| {
            Ok(InvitationDomains {
                mode: patch.mode.unwrap_or(old.mode),
                domains: domains.clone().unwrap_or_else(|| old.domains.clone()),
            })
        })
        .await
    }
}

/// A domain as a list keeps it, folded; none for what cannot be one.
pub fn listed_domain(text: &str) -> Option<String> {
    crate::tenants::plausible_domain(text).ok()
}

fn draft<T>(cx: &Cx, principal: &Principal, kind: &Kind<T>) -> Draft {
    Draft::by(cx, kind.activity, principal).on(Target::thing("Policy", kind.name, kind.title))
}

/// Folded, sorted, each once.
fn plausible(domains: Vec<String>) -> Result<Vec<String>> {
    let mut kept: Vec<String> = Vec::with_capacity(domains.len());
    for domain in &domains {
        kept.push(crate::tenants::plausible_domain(domain)?);
    }
    kept.sort_unstable();
    kept.dedup();
    if kept.iter().map(|domain| domain.len() + 1).sum::<usize>() > DOMAINS_SIZE {
        return Err(Error::bad_request(
            "The list of domains is too long: it may take 25 KiB. Allow what you need instead of denying the rest, or the other way round.",
        ));
    }
    Ok(kept)
}
