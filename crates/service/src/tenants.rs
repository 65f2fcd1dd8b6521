//! What the operator of the server does: tenants, their first people, their apps. The command line and the demonstration
//! use these verbs; nothing on the wire reaches them but the first set-up, which needs a secret from the terminal.

pub(crate) mod apps;
pub(crate) mod people;
mod setup;

pub use people::NewMember;
pub use setup::SetupRequest;

use crate::{Directory, authn::scope, record::Draft, tokens::blocking};
use model::{
    Cx, Error, ErrorKind, Home, HomeState, ObjectId, PrivacyProfile, Profile, Result, Tenant, TenantId,
    Timestamp, User, UserType,
    audit::{Activity, Initiator, Record, Target},
    authz::Role,
    domain_of, fold, is_plain_address, plain_text,
};
use store::{ChangeSet, Decision, Reader};

/// A tenant to be created.
#[derive(Clone)]
pub struct NewTenant {
    /// What people call it.
    pub name: String,
    /// Its first domain; new user names get it.
    pub domain: String,
    /// Where technical notices go.
    pub technical_contact: Option<String>,
    /// Its first Global Administrator; without one, nobody can administer it by page.
    pub administrator: Option<NewMember>,
}

/// A tenant that was judged and may be created if its domain is free.
#[derive(Clone)]
struct Plan {
    tenant: Tenant,
    administrator: Option<(User, Option<String>)>,
    records: Vec<Record>,
}

/// The organisation's and the person's own names, which do not count as secret in a password.
fn own_names(organisation: &str, user: &User) -> [String; 3] {
    [organisation, &user.upn, &user.display_name].map(str::to_owned)
}

/// Refuses a password that can be guessed; so costly that it belongs beside the event loop.
fn judge(password: &str, words: &[String; 3]) -> Result<()> {
    match identity::password_problem(password, &words.each_ref().map(String::as_str)) {
        Some(problem) => Err(Error::bad_request(people::advice(problem))),
        None => Ok(()),
    }
}

impl Directory {
    /// All tenants, by id.
    pub async fn list_tenants(&self) -> Result<Vec<Tenant>> {
        const PAGE: u16 = 200;
        let mut all: Vec<Tenant> = Vec::new();
        loop {
            let after = all.last().map(|tenant| tenant.id);
            let page = self.store().read_across(|across| across.tenants(after, PAGE)).await?;
            let last = page.len() < usize::from(PAGE);
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    /// Creates a tenant with an untouched policy.
    ///
    /// # Errors
    /// `BadRequest` for a name, domain, user name or password that cannot be; `Conflict` if the domain is taken.
    pub async fn create_tenant(&self, cx: &Cx, new: NewTenant) -> Result<Tenant> {
        let plan = self.plan_tenant(cx, new).await?;
        self.store()
            .commit(scope(plan.tenant.id), move |reader| {
                Decision::done(found(reader, &plan)?, plan.tenant.clone())
            })
            .await
    }

    /// Gives a tenant a further domain.
    ///
    /// # Errors
    /// `BadRequest` if it cannot be one, `Conflict` if it is taken.
    pub async fn add_domain(&self, cx: &Cx, tenant: TenantId, domain: &str) -> Result<()> {
        let domain = plausible_domain(domain)?;
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let tenant = reader.tenant()?;
                require_free(reader, &domain)?;
                let target = Target::thing("Directory", tenant.id, &tenant.name);
                let record = Draft::new(&cx, Activity::SetCompanyInformation, Initiator::Operator)
                    .on(target)
                    .with("verifiedDomain", None, Some(domain.as_str().into()))
                    .done();
                let mut changes = ChangeSet::new();
                changes.guard_tenant(&tenant).insert_domain(&tenant, &domain).record(record);
                Decision::done(changes, ())
            })
            .await
    }

    /// Judges everything about a new tenant but whether its domain is free.
    async fn plan_tenant(&self, cx: &Cx, new: NewTenant) -> Result<Plan> {
        let tenant = Tenant {
            id: TenantId::mint(cx.random.as_ref()),
            name: plausible_name(&new.name, "organisation")?,
            domain: plausible_domain(&new.domain)?,
            privacy: PrivacyProfile::default(),
            technical_contact: new.technical_contact.filter(|contact| !contact.trim().is_empty()),
            created: cx.now,
            version: 1,
        };
        if tenant.technical_contact.as_deref().is_some_and(|contact| !is_plain_address(contact)) {
            return Err(Error::bad_request("The technical contact must be an e-mail address."));
        }
        let target = Target::thing("Directory", tenant.id, &tenant.name);
        let mut records =
            vec![Draft::new(cx, Activity::CreateCompany, Initiator::Operator).on(target).done()];
        let mut administrator = None;
        if let Some(new) = new.administrator {
            let user = people::member(cx, tenant.id, &new)?;
            require_domain(&user.upn, std::slice::from_ref(&tenant.domain))?;
            let hash = self.judged_hash(cx, &tenant.name, &user, new.password.as_deref()).await?;
            records.push(people::added(cx, &user));
            records.push(people::role_given(cx, &user, Role::GlobalAdministrator));
            administrator = Some((user, hash));
        }
        Ok(Plan { tenant, administrator, records })
    }

    /// Hashes a password after judging it.
    pub(crate) async fn judged_hash(
        &self,
        cx: &Cx,
        organisation: &str,
        user: &User,
        password: Option<&str>,
    ) -> Result<Option<String>> {
        let Some(password) = password else { return Ok(None) };
        let (words, password) = (own_names(organisation, user), password.to_owned());
        let random = std::sync::Arc::clone(&cx.random);
        let _permit = self.hashing_permit().await?;
        blocking(move || {
            judge(&password, &words)?;
            identity::hash_password(&password, random.as_ref()).map(Some)
        })
        .await
    }

    /// Refuses a new password that can be guessed.
    pub(crate) async fn judge_new_password(
        &self,
        organisation: &str,
        user: &User,
        password: &str,
    ) -> Result<()> {
        let (words, password) = (own_names(organisation, user), password.to_owned());
        let _permit = self.hashing_permit().await?;
        blocking(move || judge(&password, &words)).await
    }

    /// Hashes a password beside the event loop, a few at a time.
    pub(crate) async fn hash_password(&self, cx: &Cx, password: &str) -> Result<String> {
        let _permit = self.hashing_permit().await?;
        let (password, random) = (password.to_owned(), std::sync::Arc::clone(&cx.random));
        blocking(move || identity::hash_password(&password, random.as_ref())).await
    }
}

/// Creates a planned tenant, if its domain is still free.
fn found(reader: &Reader<'_>, plan: &Plan) -> Result<ChangeSet> {
    require_free(reader, &plan.tenant.domain)?;
    let mut changes = ChangeSet::new();
    changes.insert_tenant(&plan.tenant);
    if let Some((user, hash)) = &plan.administrator {
        changes.insert_user(user).insert_role(user, Role::GlobalAdministrator);
        if let Some(hash) = hash {
            changes.set_password(user, hash, plan.tenant.created);
        }
    }
    for record in &plan.records {
        changes.record(record.clone());
    }
    Ok(changes)
}

/// A user object homed in the tenant, as it is when it is new.
pub(crate) fn new_user(
    tenant: TenantId,
    id: ObjectId,
    display_name: &str,
    upn: &str,
    created: Timestamp,
) -> User {
    User {
        tenant,
        id,
        user_type: UserType::Member,
        upn: upn.to_owned(),
        display_name: display_name.to_owned(),
        given_name: None,
        surname: None,
        mail: None,
        other_mails: Vec::new(),
        account_enabled: true,
        home: Home::Here,
        home_state: HomeState::Present,
        invitation: None,
        invitation_changed: None,
        invited_by: None,
        created,
        deletion: None,
        generation: 1,
        version: 1,
        tokens_since: Timestamp::from_seconds(created.as_seconds()),
        profile: Profile::default(),
    }
}

fn require_free(reader: &Reader<'_>, domain: &str) -> Result<()> {
    match reader.across().tenant_of_domain(domain)? {
        None => Ok(()),
        Some(_) => Err(Error::new(
            ErrorKind::Conflict,
            format!("The domain {domain} already belongs to an organisation here. Choose another one."),
        )),
    }
}

/// A user name must be in one of the tenant's own domains.
pub(crate) fn require_domain(upn: &str, domains: &[String]) -> Result<()> {
    if domain_of(upn).is_some_and(|domain| domains.contains(&domain)) {
        return Ok(());
    }
    Err(Error::bad_request(format!(
        "The user name must end with a domain of the organisation: @{}.",
        domains.join(" or @")
    )))
}

fn plausible_name(name: &str, of: &str) -> Result<String> {
    plain_text(name).ok_or_else(|| {
        Error::bad_request(format!("The name of the {of} must have 1 to 256 printable characters."))
    })
}

/// A domain name of at least two labels in ASCII (RFC 1123), folded; international ones come in their `xn--` form.
pub(crate) fn plausible_domain(domain: &str) -> Result<String> {
    let domain = fold(domain);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let top = domain.rsplit_once('.').map(|(_, top)| top);
    let named = top.is_some_and(|top| top.bytes().any(|byte| byte.is_ascii_alphabetic()));
    if named && domain.len() <= 253 && domain.split('.').all(label) {
        return Ok(domain);
    }
    Err(Error::bad_request(
        "The domain must be a full domain name in letters, digits and hyphens, such as contoso.example.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_full_name_and_folded() {
        for (given, kept) in [
            ("Contoso.Example", "contoso.example"),
            (" a-b.c1 ", "a-b.c1"),
            ("xn--bcher-kva.ch", "xn--bcher-kva.ch"),
        ] {
            assert_eq!(plausible_domain(given).unwrap(), kept);
        }
        let long = format!("{}.example", "a".repeat(64));
        for bad in
            ["", "contoso", ".", "a..b", "-a.b", "a-.b", "a b.c", "a@b.c", "bücher.ch", "10.0.0.1", &long]
        {
            assert!(plausible_domain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_user_name_must_be_in_a_domain_of_the_tenant() {
        let domains = ["contoso.example".to_owned()];
        assert!(require_domain("Ana@Contoso.Example", &domains).is_ok());
        for bad in ["ana@fabrikam.example", "ana", "ana@evil.contoso.example"] {
            assert!(require_domain(bad, &domains).is_err(), "{bad}");
        }
    }
}
