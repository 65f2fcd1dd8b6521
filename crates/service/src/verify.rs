//! Checks what is stored against the promises that a scan can see. Reads only, page by page, while the server works.

use crate::{Directory, authn::scope};
use model::{
    Home, InvitationState, ObjectId, Result, Tenant, TenantId, User, audit::Activity, lifecycle::RETENTION,
};
use std::collections::HashMap;
use store::{AuditQuery, Reader, UserQuery};

/// Users and records per page.
const PAGE: u16 = 500;
/// Problems that are written out; more would only say that there are many.
const MOST: usize = 1_000;

/// What a verification found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// Tenants looked at.
    pub tenants: u64,
    /// Audit records whose place in the chain was checked.
    pub records: u64,
    /// What does not hold, one sentence each, at most a thousand; empty if all is well.
    pub problems: Vec<String>,
}

impl Findings {
    fn add(&mut self, tenant: &Tenant, problem: impl AsRef<str>) {
        if self.problems.len() < MOST {
            self.problems.push(format!("tenant {}: {}", tenant.id, problem.as_ref()));
        }
    }
}

impl Directory {
    /// Verifies the audit chain and the stored state of every tenant. Keeps about forty bytes per account in memory, to find
    /// an id that two tenants use.
    pub async fn verify(&self) -> Result<Findings> {
        let mut findings = Findings::default();
        let mut owners = HashMap::new();
        for tenant in self.list_tenants().await? {
            findings.tenants += 1;
            self.verify_chain(&tenant, &mut findings).await?;
            self.verify_users(&tenant, &mut owners, &mut findings).await?;
            self.verify_counts(&tenant, &mut findings).await?;
            self.verify_purged(&tenant, &mut findings).await?;
            self.verify_administrators(&tenant, &mut findings).await?;
        }
        Ok(findings)
    }

    async fn verify_chain(&self, tenant: &Tenant, findings: &mut Findings) -> Result<()> {
        let report =
            self.store().read(scope(tenant.id), |reader| reader.verify_chain(identity::digest)).await?;
        findings.records += u64::try_from(report.records).unwrap_or(0);
        if let Some((sequence, why)) = report.broken_at {
            findings.add(tenant, format!("the audit chain breaks at record {sequence}: {why}"));
        }
        Ok(())
    }

    async fn verify_users(
        &self,
        tenant: &Tenant,
        owners: &mut HashMap<ObjectId, TenantId>,
        findings: &mut Findings,
    ) -> Result<()> {
        for deleted in [false, true] {
            let mut after = None;
            loop {
                let query = UserQuery { deleted, after: after.take(), limit: PAGE, ..UserQuery::default() };
                let next = self
                    .store()
                    .read(scope(tenant.id), |reader| {
                        let page = reader.users(&query)?;
                        for user in &page.items {
                            for problem in faults(reader, user)? {
                                findings.add(tenant, format!("user {}: {problem}", user.id));
                            }
                            let owner = *owners.entry(user.id).or_insert(tenant.id);
                            if owner != tenant.id {
                                findings.add(
                                    tenant,
                                    format!("user {}: tenant {owner} uses the id, too", user.id),
                                );
                            }
                        }
                        Ok(page.next)
                    })
                    .await?;
                tokio::task::yield_now().await;
                match next {
                    Some(position) => after = Some(position),
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// What is counted as users come and go must be what counting them says.
    async fn verify_counts(&self, tenant: &Tenant, findings: &mut Findings) -> Result<()> {
        let wrong = self
            .store()
            .read(scope(tenant.id), |reader| {
                if reader.has_user_counts()? { reader.wrong_user_counts() } else { Ok(0) }
            })
            .await?;
        if wrong > 0 {
            findings.add(
                tenant,
                format!("the counts of {wrong} kinds of users are wrong; restore a backup, or report this as a defect"),
            );
        }
        Ok(())
    }

    /// Of a purged account nothing may be left but its tombstone.
    async fn verify_purged(&self, tenant: &Tenant, findings: &mut Findings) -> Result<()> {
        let mut before = None;
        loop {
            let query = AuditQuery {
                activity: Some(Activity::HardDeleteUser.wire().0.to_owned()),
                before,
                limit: PAGE,
                ..AuditQuery::default()
            };
            let last = self
                .store()
                .read(scope(tenant.id), |reader| {
                    let page = reader.audit(&query)?;
                    let purged = page.iter().filter(|stored| stored.record.success);
                    for target in
                        purged.flat_map(|stored| &stored.record.targets).filter(|t| t.kind == "User")
                    {
                        for problem in remains(reader, target.id.parse()?)? {
                            findings.add(tenant, format!("purged account {}: {problem}", target.id));
                        }
                    }
                    Ok(page.last().map(|stored| stored.sequence))
                })
                .await?;
            tokio::task::yield_now().await;
            if last.is_none() {
                return Ok(());
            }
            before = last;
        }
    }

    async fn verify_administrators(&self, tenant: &Tenant, findings: &mut Findings) -> Result<()> {
        let administered = self
            .store()
            .read(scope(tenant.id), |reader| {
                if reader.other_administrators(ObjectId::from_uuid(uuid::Uuid::nil()))? > 0 {
                    return Ok(true);
                }
                has_members(reader).map(|has| !has)
            })
            .await?;
        if !administered {
            findings.add(
                tenant,
                "no enabled Global Administrator is homed here; give the role to a member on the command line",
            );
        }
        Ok(())
    }
}

/// Is anybody homed here?
fn has_members(reader: &Reader<'_>) -> Result<bool> {
    let mut after = None;
    loop {
        let page = reader.users(&UserQuery { after, limit: PAGE, ..UserQuery::default() })?;
        if page.items.iter().any(|user| !user.is_external()) {
            return Ok(true);
        }
        if page.next.is_none() {
            return Ok(false);
        }
        after = page.next;
    }
}

/// What does not hold about one account.
fn faults(reader: &Reader<'_>, user: &User) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut add = |text: &str| faults.push(text.to_owned());
    if let Some(deletion) = user.deletion {
        if deletion.purge_after != deletion.at + RETENTION {
            add("the purge is not 30 days after the deletion");
        }
        if reader.count_handles(user.id)? != 0 {
            add("soft-deleted, but has sessions or unused invitations");
        }
        if !reader.roles(user.id)?.is_empty() {
            add("soft-deleted, but holds a directory role");
        }
        if !user.upn.starts_with(&user.id.uuid().simple().to_string()) {
            add("soft-deleted, but the user name was not freed");
        }
    } else if user.is_external() && reader.user_by_home(&user.home)?.is_none_or(|found| found.id != user.id) {
        add("cannot be found by its home account");
    }
    if reader.tombstone(user.id)?.is_some() {
        add("was purged, and is there again");
    }
    match &user.home {
        Home::Tenant { tenant, .. } if *tenant == user.tenant => add("homed elsewhere and here at once"),
        Home::Invited { .. } if user.invitation == Some(InvitationState::Accepted) => {
            add("the invitation was accepted by nobody");
        }
        home if *home != Home::Here && reader.password(user.id)?.is_some() => {
            add("homed elsewhere, but has a password here")
        }
        _ => {}
    }
    Ok(faults)
}

/// What is left of a purged account and must not be.
fn remains(reader: &Reader<'_>, id: ObjectId) -> Result<Vec<String>> {
    let mut remains: Vec<String> = reader
        .personal_rows(id)?
        .into_iter()
        .filter(|(_, rows)| *rows > 0)
        .map(|(category, rows)| format!("{rows} rows of {category} are left"))
        .collect();
    match reader.tombstone(id)? {
        None => remains.push("there is no tombstone".to_owned()),
        Some(tombstone) if !tombstone.by_hand && tombstone.purged < tombstone.deleted + RETENTION => {
            remains.push("it was purged before its time".to_owned());
        }
        Some(_) => {}
    }
    Ok(remains)
}
