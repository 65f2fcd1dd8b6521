//! Between tenants: what two organisations say about each other's people.

use crate::{Caller, Directory, authn::authorized, record::Draft};
use model::{
    AppId, Cx, Error, ErrorKind, Home, Person, Result, TenantId,
    audit::{Activity, Target},
    authz::Operation,
    collaboration::{
        ALL_APPLICATIONS, ALL_USERS, AccessSettings, B2bSetting, Barred, Border, CrossTenantAccess, Crossing,
        TargetType, cross, redeems_automatically,
    },
};
use serde_json::{Map, Value, json};
use store::{CROSS_TENANT_ACCESS, ChangeSet, Decision, Reader};
use uuid::Uuid;

/// So many targets may a rule name.
const TARGETS: usize = 500;
/// How the policy is called in the audit log.
const TITLE: &str = "Cross-tenant access settings";

/// What both sides say: the entered organisation about the home one, and the other way round.
fn both_sides(reader: &Reader<'_>, home: TenantId) -> Result<(CrossTenantAccess, CrossTenantAccess)> {
    let here = reader.access_towards(home)?;
    Ok((here, reader.across().access_towards(home, reader.tenant_id())?))
}

/// May the owner of this home account cross the border to this tenant? An account that is at home, or has no home tenant, stands
/// at no border.
pub(crate) fn check(
    reader: &Reader<'_>,
    home: &Home,
    border: Border,
    app: Option<AppId>,
) -> Result<std::result::Result<(), Barred>> {
    let Home::Tenant { tenant, object } = home else { return Ok(Ok(())) };
    let (here, there) = both_sides(reader, *tenant)?;
    let untouched = CrossTenantAccess::default();
    if border == Border::Collaboration && here == untouched && there == untouched {
        return Ok(Ok(()));
    }
    let groups = reader.across().home_groups(*tenant, *object)?;
    Ok(cross(&here, &there, border, &Crossing { object: *object, groups, app }))
}

/// Refuses a person at whom a border is closed.
pub(crate) fn require(reader: &Reader<'_>, home: &Home, app: Option<AppId>) -> Result<()> {
    match (check(reader, home, Border::Collaboration, app)?, home) {
        (Err(barred), Home::Tenant { tenant, .. }) => Err(barred.error(*tenant)),
        _ => Ok(()),
    }
}

/// May people of the organisation that owns this domain be invited at all?
pub(crate) fn may_invite(reader: &Reader<'_>, domain: &str) -> Result<bool> {
    let Some(home) = reader.across().tenant_of_domain(domain)? else { return Ok(true) };
    Ok(reader.access_towards(home)?.inbound(Border::Collaboration).admits_anybody())
}

/// Is an invitation of this person accepted without asking?
pub(crate) fn is_automatic(reader: &Reader<'_>, person: &Person) -> Result<bool> {
    let Person::Member { tenant, .. } = person else { return Ok(false) };
    let (here, there) = both_sides(reader, *tenant)?;
    Ok(redeems_automatically(&here, &there))
}

fn no_partner(partner: TenantId) -> Error {
    Error::not_found(partner)
}

/// The settings with the members of a patch in place of their own. In a rule about people and apps each half can be given alone;
/// `null` gives a member back to the default.
fn merged(
    current: &AccessSettings,
    access: &CrossTenantAccess,
    patch: &Map<String, Value>,
) -> Result<AccessSettings> {
    let mut next = json!(current);
    for (name, value) in patch {
        let effective = match name.as_str() {
            "b2bCollaborationInbound" => Some(access.inbound(Border::Collaboration)),
            "b2bCollaborationOutbound" => Some(access.outbound(Border::Collaboration)),
            "b2bDirectConnectInbound" => Some(access.inbound(Border::DirectConnect)),
            "b2bDirectConnectOutbound" => Some(access.outbound(Border::DirectConnect)),
            _ => None,
        };
        next[name] = match (effective, value) {
            (Some(effective), Value::Object(halves)) => {
                let mut whole = json!(effective);
                for (half, rule) in
                    halves.iter().filter(|(half, rule)| !half.contains('@') && !rule.is_null())
                {
                    whole[half] = rule.clone();
                }
                whole
            }
            (None, Value::Null) if name == "automaticUserConsentSettings" => json!({}),
            (_, value) => value.clone(),
        };
    }
    let next: AccessSettings = serde_json::from_value(next).map_err(|error| {
        Error::bad_request(format!("The cross-tenant access settings cannot be read: {error}."))
    })?;
    for setting in [
        &next.b2b_collaboration_inbound,
        &next.b2b_collaboration_outbound,
        &next.b2b_direct_connect_inbound,
        &next.b2b_direct_connect_outbound,
    ]
    .into_iter()
    .flatten()
    {
        plausible(setting)?;
    }
    Ok(next)
}

fn plausible(setting: &B2bSetting) -> Result<()> {
    let is_id = |text: &str| Uuid::parse_str(text).is_ok();
    let people = setting.users_and_groups.targets.iter().all(|target| match target.target_type {
        TargetType::User => target.target == ALL_USERS || is_id(&target.target),
        TargetType::Group => is_id(&target.target),
        TargetType::Application => false,
    });
    let apps = setting.applications.targets.iter().all(|target| {
        target.target_type == TargetType::Application
            && (target.target == ALL_APPLICATIONS || target.target == "Office365" || is_id(&target.target))
    });
    let few = [&setting.users_and_groups, &setting.applications]
        .into_iter()
        .all(|rule| (1..=TARGETS).contains(&rule.targets.len()));
    if people && apps && few {
        return Ok(());
    }
    Err(Error::bad_request(
        "A rule needs 1 to 500 targets: for people AllUsers or ids of users and groups of the home organization, for apps AllApplications or client ids.",
    ))
}

impl Directory {
    /// What the organisation says about all others, and whether it ever said anything.
    pub async fn get_access_default(&self, cx: &Cx, caller: &Caller) -> Result<(AccessSettings, bool)> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadCrossTenantAccess)?;
                let (settings, version): (AccessSettings, i64) = reader.setting(CROSS_TENANT_ACCESS)?;
                let untouched = version == 0 || settings == AccessSettings::default();
                Ok((settings, untouched))
            })
            .await
    }

    /// Changes what the organisation says about all others; without members it goes back to how it was delivered.
    pub async fn update_access_default(
        &self,
        cx: &Cx,
        caller: &Caller,
        patch: Option<Map<String, Value>>,
    ) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdateCrossTenantAccess)?;
                let (old, version): (AccessSettings, i64) = reader.setting(CROSS_TENANT_ACCESS)?;
                cx.check_seen(version)?;
                let access = CrossTenantAccess { default: old.clone(), partner: None };
                let new = match &patch {
                    Some(patch) => merged(&old, &access, patch)?,
                    None => AccessSettings::default(),
                };
                let mut changes = ChangeSet::new();
                let mut draft = Draft::by(&cx, Activity::UpdateAccessDefault, &principal)
                    .on(Target::thing("Policy", "default", TITLE));
                if new == old {
                    draft = draft.because("unchanged");
                } else {
                    changes.set_setting(scope, CROSS_TENANT_ACCESS, &new, version)?;
                    draft = with_differences(draft, &old, &new);
                }
                changes.record(draft.done());
                Decision::done(changes, ())
            })
            .await
    }

    /// Settings towards single organisations, by id, behind `after`.
    pub async fn list_partners(
        &self,
        cx: &Cx,
        caller: &Caller,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<(TenantId, AccessSettings)>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadCrossTenantAccess)?;
                reader.partners(after, limit)
            })
            .await
    }

    /// Settings towards one organisation.
    pub async fn get_partner(&self, cx: &Cx, caller: &Caller, partner: TenantId) -> Result<AccessSettings> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadCrossTenantAccess)?;
                reader.partner(partner)?.map(|(settings, _)| settings).ok_or_else(|| no_partner(partner))
            })
            .await
    }

    /// Makes (`new`) or changes settings towards one organisation, and answers them.
    ///
    /// # Errors
    /// `Conflict` if they are to be made and are there, `NotFound` if they are to be changed and are not.
    pub async fn set_partner(
        &self,
        cx: &Cx,
        caller: &Caller,
        (partner, new): (TenantId, bool),
        patch: Map<String, Value>,
    ) -> Result<AccessSettings> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdateCrossTenantAccess)?;
                let (old, version) = match (reader.partner(partner)?, new) {
                    (Some(_), true) => {
                        return Err(Error::new(
                            ErrorKind::Conflict,
                            "There are settings for this organization already. Change them with PATCH.",
                        ));
                    }
                    (None, false) => return Err(no_partner(partner)),
                    (found, _) => found.unwrap_or_default(),
                };
                cx.check_seen(version)?;
                if partner == scope.tenant() {
                    return Err(Error::bad_request(
                        "An organization is no partner of itself: name another tenant.",
                    ));
                }
                let next = merged(&old, &reader.access_towards(partner)?, &patch)?;
                let activity = if new { Activity::AddAccessPartner } else { Activity::UpdateAccessPartner };
                let mut draft =
                    Draft::by(&cx, activity, &principal).on(Target::thing("Policy", partner, TITLE));
                let mut changes = ChangeSet::new();
                if new || next != old {
                    changes.set_partner(scope, partner, &next, version)?;
                    draft = with_differences(draft, &old, &next);
                } else {
                    draft = draft.because("unchanged");
                }
                changes.record(draft.done());
                Decision::done(changes, next)
            })
            .await
    }

    /// Forgets settings towards one organisation: the default ones hold again.
    pub async fn delete_partner(&self, cx: &Cx, caller: &Caller, partner: TenantId) -> Result<()> {
        let (cx, caller, scope) = (cx.clone(), caller.clone(), caller.scope());
        self.store()
            .commit(scope, move |reader| {
                let principal = authorized(reader, &cx, &caller, Operation::UpdateCrossTenantAccess)?;
                let (_, version) = reader.partner(partner)?.ok_or_else(|| no_partner(partner))?;
                cx.check_seen(version)?;
                let draft = Draft::by(&cx, Activity::DeleteAccessPartner, &principal);
                let mut changes = ChangeSet::new();
                changes
                    .delete_partner(scope, partner)
                    .record(draft.on(Target::thing("Policy", partner, TITLE)).done());
                Decision::done(changes, ())
            })
            .await
    }
}

/// What changed, member by member.
fn with_differences(mut draft: Draft, old: &AccessSettings, new: &AccessSettings) -> Draft {
    let (old, new) = (json!(old), json!(new));
    const NAMES: [&str; 7] = [
        "b2bCollaborationInbound",
        "b2bCollaborationOutbound",
        "b2bDirectConnectInbound",
        "b2bDirectConnectOutbound",
        "inboundTrust",
        "automaticUserConsentSettings",
        "isServiceProvider",
    ];
    for name in NAMES {
        if old[name] != new[name] {
            draft = draft.with(name, Some(old[name].clone()), Some(new[name].clone()));
        }
    }
    draft
}
