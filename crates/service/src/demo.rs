//! The world of the demonstration: four organisations with a past, made of the same change sets as everything else, with
//! random secrets each time.

mod cast;
mod scene;
#[cfg(test)]
mod tests;

use crate::{Directory, authn::scope};
use cast::{Fate, Guest};
use identity::Secret;
use model::{
    AppId, Cx, Error, ErrorKind, ObjectId, Person, PrivacyProfile, Result, Span, Tenant, TenantId, User,
    authz::{Permission, Role},
    fold,
};
use scene::Scene;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::GrantKind;

/// Everything that the demonstration announces, secrets included: keep it in a file that nobody else may read.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoWorld {
    /// Contoso, where leaving is allowed.
    pub tenant_id: TenantId,
    /// Its domain.
    pub tenant_domain: String,
    /// A confidential app with all permissions.
    pub client: DemoApp,
    /// A confidential app that may only read policies.
    pub reader: DemoApp,
    /// A public client.
    pub public: DemoApp,
    /// Contoso's Global Administrator.
    pub admin: DemoPerson,
    /// A member of the home tenant who is a guest in Contoso and in the locked tenant.
    pub guest: DemoPerson,
    /// That person's object in Contoso.
    pub guest_id: ObjectId,
    /// Fabrikam, where the guest is at home.
    pub home_tenant_id: TenantId,
    /// Fabrikam's Global Administrator.
    pub home_admin: DemoPerson,
    /// Woodgrove, where leaving is off.
    pub locked_tenant_id: TenantId,
    /// Its name.
    pub locked_tenant_name: String,
    /// Its privacy contact.
    pub locked_privacy_contact: String,
    /// A guest of Contoso with a mailbox and no home tenant.
    pub personal_user_name: String,
    /// Administrators of all kinds, `admin` and `home_admin` among them.
    pub administrators: Vec<DemoAdministrator>,
}

/// An app.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoApp {
    /// The client id.
    pub id: AppId,
    /// The client secret; a public client has none.
    pub secret: Option<String>,
}

/// Somebody who can sign in.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoPerson {
    /// What to sign in with.
    pub user_name: String,
    /// The password.
    pub password: String,
}

/// An administrator.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoAdministrator {
    /// The name of the organisation.
    pub tenant: String,
    /// The title of the directory role.
    pub role: String,
    /// How to sign in.
    pub person: DemoPerson,
}

/// A generated password and its hash.
struct Credential {
    password: String,
    hash: String,
}

/// A password of 24 letters and digits: about 140 bits, and nothing that a shell or a form could take amiss.
fn password(cx: &Cx) -> String {
    let mut text = String::new();
    while text.len() < 24 {
        text.extend(
            Secret::generate(cx.random.as_ref()).expose().chars().filter(char::is_ascii_alphanumeric),
        );
    }
    text.truncate(24);
    text
}

fn person(user: &User, credential: &Credential) -> DemoPerson {
    DemoPerson { user_name: user.upn.clone(), password: credential.password.clone() }
}

fn privacy(domain: &str) -> PrivacyProfile {
    PrivacyProfile {
        contact_email: Some(format!("privacy@{domain}")),
        statement_url: Some(format!("https://www.{domain}/privacy")),
    }
}

/// Fabrikam once it is there: who its members are.
struct Home {
    tenant: Tenant,
    members: HashMap<String, ObjectId>,
    admin: DemoPerson,
    guest: DemoPerson,
}

impl Home {
    /// Who signs in with this address.
    fn person(&self, address: &str) -> Person {
        match self.members.get(&fold(address)) {
            Some(object) => Person::Member { tenant: self.tenant.id, object: *object },
            None => Person::Mailbox { address: fold(address) },
        }
    }
}

impl Directory {
    /// Builds the demonstration's world: some sixty people in four organisations, with an audit trail that reaches back
    /// more than a year. One soft-deleted guest falls due for permanent deletion `due_in` from now.
    ///
    /// # Errors
    /// `Conflict` if there is a tenant already.
    pub async fn build_demo(&self, cx: &Cx, due_in: Span) -> Result<DemoWorld> {
        if !self.needs_setup().await? {
            return Err(Error::new(
                ErrorKind::Conflict,
                "The data directory already holds organisations. Give demo an empty one, or none.",
            ));
        }
        let mut credentials = self.credentials(cx, cast::ADMINISTRATORS.len() + 4).await?.into_iter();
        let mut next =
            || credentials.next().ok_or_else(|| Error::internal("a demonstration password is missing"));
        let (home, mut administrators) = self.build_home(cx, next()?, next()?).await?;
        let locked = self.build_other(cx, &home, &cast::WOODGROVE, next()?, true).await?;
        let open = self.build_other(cx, &home, &cast::TAILWIND, next()?, false).await?;
        let main = self.build_main(cx, &home, due_in, &mut next).await?;
        let admin = main.administrators.first().map(|first| first.person.clone());
        administrators.splice(0..0, main.administrators);
        administrators.extend([locked.1, open.1]);
        Ok(DemoWorld {
            tenant_id: main.tenant.id,
            tenant_domain: main.tenant.domain,
            client: main.client,
            reader: main.reader,
            public: main.public,
            admin: admin.ok_or_else(|| Error::internal("the demonstration has no administrator"))?,
            guest: home.guest,
            guest_id: main.guest_id,
            home_tenant_id: home.tenant.id,
            home_admin: home.admin,
            locked_tenant_id: locked.0.id,
            locked_tenant_name: locked.0.name,
            locked_privacy_contact: locked.0.privacy.contact_email.unwrap_or_default(),
            personal_user_name: cast::PERSONAL.to_owned(),
            administrators,
        })
    }

    /// Passwords with their hashes, two at a time: hashing is what takes the time here.
    async fn credentials(&self, cx: &Cx, count: usize) -> Result<Vec<Credential>> {
        let mut made = Vec::with_capacity(count + 1);
        while made.len() < count {
            let (one, two) = (password(cx), password(cx));
            let (first, second) =
                tokio::try_join!(self.hash_password(cx, &one), self.hash_password(cx, &two))?;
            made.push(Credential { password: one, hash: first });
            made.push(Credential { password: two, hash: second });
        }
        Ok(made)
    }

    async fn build_home(
        &self,
        cx: &Cx,
        admin: Credential,
        guest: Credential,
    ) -> Result<(Home, Vec<DemoAdministrator>)> {
        let cast::Organisation { name, domain, administrator, members, .. } = cast::FABRIKAM;
        let mut scene = Scene::open(cx, name, domain, privacy(domain), Span::days(700));
        let head = scene.member(administrator, Span::days(700));
        scene.role(&head, Role::GlobalAdministrator, Span::days(700));
        scene.password(&head, &admin.hash);
        let mut known = HashMap::new();
        let mut traveller = None;
        for (index, member) in (0_i64..).zip(members) {
            let user = scene.member(member, Span::days(650 - 7 * index));
            if fold(&user.upn) == cast::GUEST {
                scene.password(&user, &guest.hash);
                traveller = Some(person(&user, &guest));
            }
            known.insert(fold(&user.upn), user.id);
        }
        let administrators = vec![DemoAdministrator {
            tenant: name.to_owned(),
            role: Role::GlobalAdministrator.title().to_owned(),
            person: person(&head, &admin),
        }];
        scene.command_line(Span::days(300));
        let home = Home {
            tenant: self.stage(scene).await?,
            members: known,
            admin: person(&head, &admin),
            guest: traveller.ok_or_else(|| Error::internal("the demonstration's guest has no home"))?,
        };
        Ok((home, administrators))
    }

    /// An organisation of a few people, where the guest is a guest, too.
    async fn build_other(
        &self,
        cx: &Cx,
        home: &Home,
        organisation: &cast::Organisation,
        admin: Credential,
        locked: bool,
    ) -> Result<(Tenant, DemoAdministrator)> {
        let cast::Organisation { name, domain, administrator, members, .. } = *organisation;
        let profile = if locked { privacy(domain) } else { PrivacyProfile::default() };
        let mut scene = Scene::open(cx, name, domain, profile, Span::days(500));
        let head = scene.member(administrator, Span::days(500));
        scene.role(&head, Role::GlobalAdministrator, Span::days(500));
        scene.password(&head, &admin.hash);
        for (index, member) in (0_i64..).zip(members) {
            scene.member(member, Span::days(450 - 11 * index));
        }
        if locked {
            scene.forbid_leaving(&head, Span::days(420))?;
        }
        let guest = scene.invite(cast::GUEST_NAME, cast::GUEST, &head, Span::days(200));
        let guest = scene.accept(guest, &home.person(cast::GUEST), Span::days(199))?;
        scene.place(&guest);
        let administrator = DemoAdministrator {
            tenant: name.to_owned(),
            role: Role::GlobalAdministrator.title().to_owned(),
            person: person(&head, &admin),
        };
        scene.command_line(Span::days(300));
        Ok((self.stage(scene).await?, administrator))
    }

    async fn build_main(
        &self,
        cx: &Cx,
        home: &Home,
        due_in: Span,
        next: &mut (dyn FnMut() -> Result<Credential> + Send),
    ) -> Result<Main> {
        let cast::Organisation { name, domain, members, .. } = cast::CONTOSO;
        let mut scene = Scene::open(cx, name, domain, privacy(domain), Span::days(600));
        let mut administrators = Vec::new();
        let mut heads = Vec::new();
        for (role, name) in cast::ADMINISTRATORS {
            let credential = next()?;
            let user = scene.member(name, Span::days(600));
            scene.role(&user, *role, Span::days(599));
            scene.password(&user, &credential.hash);
            administrators.push(DemoAdministrator {
                tenant: cast::CONTOSO.name.to_owned(),
                role: role.title().to_owned(),
                person: person(&user, &credential),
            });
            heads.push(user);
        }
        for (index, member) in (0_i64..).zip(members) {
            scene.member(member, Span::days(560 - 13 * index));
        }
        let head = heads.first().ok_or_else(|| Error::internal("the demonstration has no administrator"))?;
        let groups = cast::GROUPS.map(|name| scene.group(name, Span::days(550)));
        let mut guest_id = None;
        for guest in cast::GUESTS {
            let user = enact(&mut scene, home, head, due_in, guest)?;
            scene.place(&user);
            for group in guest.groups.iter().filter_map(|index| groups.get(*index)) {
                scene.join(&user, *group, Span::days(guest.invited_days - 1));
            }
            if guest.address == cast::GUEST {
                guest_id = Some(user.id);
            }
        }
        let client = scene.app("Contoso Automation", false, &cast::all_grants(), Span::days(300));
        let policies = [(GrantKind::Application, Permission::PolicyReadAll)];
        let reader = scene.app("Contoso Policy Reader", false, &policies, Span::days(300));
        let public = scene.app("Contoso Command Line", true, &cast::delegated_grants(), Span::days(300));
        for app in [client.id, public.id] {
            scene.any_loopback(app);
        }
        scene.command_line(Span::days(300));
        Ok(Main {
            tenant: self.stage(scene).await?,
            administrators,
            guest_id: guest_id.ok_or_else(|| Error::internal("the demonstration's guest is missing"))?,
            client,
            reader,
            public,
        })
    }

    /// Commits an organisation with all its past.
    async fn stage(&self, scene: Scene) -> Result<Tenant> {
        let (tenant, changes) = scene.close();
        let (scope, mut changes) = (scope(tenant.id), Some(changes));
        self.store()
            .commit(scope, move |reader| {
                if reader.across().tenant_of_domain(&tenant.domain)?.is_some() {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "The demonstration's organisations exist already.",
                    ));
                }
                let changes = changes
                    .take()
                    .ok_or_else(|| Error::internal("the demonstration cannot be built a second time"))?;
                store::Decision::done(changes, tenant.clone())
            })
            .await
    }
}

/// Contoso once it is there.
struct Main {
    tenant: Tenant,
    administrators: Vec<DemoAdministrator>,
    guest_id: ObjectId,
    client: DemoApp,
    reader: DemoApp,
    public: DemoApp,
}

/// Invites a guest and lets happen what the table says.
fn enact(scene: &mut Scene, home: &Home, head: &User, due_in: Span, guest: &Guest) -> Result<User> {
    let user = scene.invite(guest.name, guest.address, head, Span::days(guest.invited_days));
    if guest.fate == Fate::Pending {
        return Ok(user);
    }
    let user = scene.accept(
        user,
        &home.person(guest.address),
        Span::days(guest.invited_days).since(Span::hours(5)),
    )?;
    match guest.fate {
        Fate::Pending | Fate::Accepted => Ok(user),
        Fate::Disabled(days) => Ok(scene.block(user, head, Span::days(days))),
        Fate::Left(days) => scene.leave(user, Span::days(days)),
        Fate::Removed(days) => scene.remove(user, head, Span::days(days)),
        Fate::Due => scene.leave(user, model::lifecycle::RETENTION.since(due_in)),
    }
}
