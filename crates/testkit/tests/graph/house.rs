//! One world for all tests, made once: Contoso with people of every kind, and its neighbours.

use crate::wire::{Ask, Reply, Token, Transcript};
use model::{
    ObjectId, Person, Span, TenantId,
    authz::{Permission, Role},
};
use service::{Caller, OrganizationPatch, UserPatch};
use std::collections::BTreeMap;
use testkit::{GuestState, Image, TestApp, World};
use tokio::sync::OnceCell;

/// The seed of the world; its first draw is the master key.
pub const SEED: u64 = 7;
/// Where the policy is.
pub const POLICY: &str = "/v1.0/policies/externalIdentitiesPolicy";

/// What is in the world before a test begins.
pub struct Plan {
    image: Image,
    pub contoso: TenantId,
    pub fabrikam: TenantId,
    pub tailwind: TenantId,
    pub people: BTreeMap<&'static str, ObjectId>,
    pub apps: BTreeMap<String, TestApp>,
    pub tokens: BTreeMap<String, Token>,
}

static PLAN: OnceCell<Plan> = OnceCell::const_new();

/// A copy of the world, and the web in front of it.
pub struct House {
    pub plan: &'static Plan,
    pub world: World,
    pub app: web::App,
}

impl House {
    pub async fn new() -> Self {
        let plan = Self::plan().await;
        Self::copy_of(&plan.image, 11).await
    }

    async fn plan() -> &'static Plan {
        PLAN.get_or_init(|| async { build().await }).await
    }

    /// A copy of a world that a house became.
    pub async fn copy_of(image: &Image, seed: u64) -> Self {
        let plan = Self::plan().await;
        let world = World::from_image(image, seed).await;
        let app = web::App::new(world.directory().clone(), web::Options::default());
        Self { plan, world, app }
    }

    pub fn token(&self, name: &str) -> &Token {
        self.plan.tokens.get(name).unwrap_or_else(|| panic!("no token for {name}"))
    }

    /// An app with every application permission, in Contoso.
    pub fn all(&self) -> &Token {
        self.token("app: everything")
    }

    pub fn id(&self, name: &str) -> ObjectId {
        *self.plan.people.get(name).unwrap_or_else(|| panic!("nobody called {name}"))
    }

    pub fn operator(&self) -> Caller {
        Caller::operator(self.plan.contoso)
    }

    pub async fn ask(&self, ask: Ask) -> Reply {
        ask.send(&self.app).await
    }

    pub async fn say(&self, transcript: &mut Transcript, title: &str, ask: Ask) -> Reply {
        transcript.say(&self.app, title, ask).await
    }

    /// Everything of a tenant that a write over Graph could change, as text.
    pub async fn state(&self, tenant: TenantId) -> String {
        let read = self.world.store().read(World::scope(tenant), |reader| {
            let page = |deleted| service::UserQuery { deleted, limit: 999, ..service::UserQuery::default() };
            let users = [reader.users(&page(false))?.items, reader.users(&page(true))?.items];
            Ok(format!("{:?}\n{:?}\n{users:#?}", reader.policy()?, reader.tenant()?))
        });
        read.await.unwrap()
    }
}

/// Members of Contoso: the name and the roles.
const MEMBERS: [(&str, &[Role]); 13] = [
    ("adele", &[Role::GlobalAdministrator]),
    ("gert", &[Role::GlobalAdministrator]),
    ("eike", &[Role::ExternalIdentityProviderAdministrator]),
    ("uma", &[Role::UserAdministrator]),
    ("ingo", &[Role::GuestInviter]),
    ("rita", &[Role::GlobalReader]),
    ("petra", &[Role::PrivilegedRoleAdministrator]),
    ("arno", &[Role::AuthenticationAdministrator]),
    ("paula", &[Role::PrivilegedAuthenticationAdministrator]),
    ("ruth", &[Role::ReportsReader]),
    ("sven", &[Role::SecurityReader]),
    ("mia", &[]),
    ("bert", &[]),
];

/// Guests of Contoso who are members of Fabrikam: the name, the state there and the roles.
const GUESTS: [(&str, GuestState, &[Role]); 7] = [
    ("pia", GuestState::Pending, &[]),
    ("gil", GuestState::Accepted, &[]),
    ("gaby", GuestState::Accepted, &[Role::ExternalIdentityProviderAdministrator]),
    ("bea", GuestState::Blocked, &[]),
    ("lena", GuestState::Left, &[]),
    ("rolf", GuestState::Removed, &[]),
    ("hugo", GuestState::Accepted, &[]),
];

struct Builder {
    world: World,
    contoso: TenantId,
    fabrikam: TenantId,
    people: BTreeMap<&'static str, ObjectId>,
    apps: BTreeMap<String, TestApp>,
    tokens: BTreeMap<String, Token>,
}

async fn build() -> Plan {
    let world = World::new(SEED).await;
    let contoso = world.tenant("Contoso", "contoso.example").await;
    let fabrikam = world.tenant("Fabrikam", "fabrikam.example").await;
    let tailwind = world.tenant("Tailwind", "tailwind.example").await;
    for tenant in [contoso, fabrikam] {
        let patch = OrganizationPatch {
            privacy_contact: Some(Some("privacy@contoso.example".to_owned())),
            privacy_url: Some(Some("https://contoso.example/privacy".to_owned())),
            technical_contact: Some(Some("tech@contoso.example".to_owned())),
            ..OrganizationPatch::default()
        };
        world.directory().update_organization(&world.cx(), &Caller::operator(tenant), patch).await.unwrap();
    }
    let (people, apps, tokens) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut builder = Builder { world, contoso, fabrikam, people, apps, tokens };
    builder.members().await;
    builder.guests().await;
    builder.foreign(tailwind).await;
    builder.app_tokens().await;
    builder.person_tokens().await;
    builder.part_ways().await;
    let Builder { world, people, apps, tokens, .. } = builder;
    Plan { image: world.image().await, contoso, fabrikam, tailwind, people, apps, tokens }
}

impl Builder {
    /// Each act in a second of its own, so that times tell things apart.
    fn tick(&self) {
        self.world.clock.advance(Span::seconds(1));
    }

    async fn members(&mut self) {
        for (name, roles) in MEMBERS {
            self.tick();
            let id = self.world.member(self.contoso, &format!("{name}@contoso.example"), roles).await;
            self.people.insert(name, id);
        }
    }

    async fn guests(&mut self) {
        for (name, state, roles) in GUESTS {
            self.tick();
            let home = self.world.member(self.fabrikam, &format!("{name}@fabrikam.example"), &[]).await;
            let person = World::person(self.fabrikam, home);
            let address = format!("{name}@fabrikam.example");
            // Whoever is to part has a token from before.
            let state = if state == GuestState::Pending { state } else { GuestState::Accepted };
            let id = self.world.guest(self.contoso, &person, &address, state).await;
            for role in roles {
                self.world.directory().give_role(&self.world.cx(), self.contoso, id, *role).await.unwrap();
            }
            self.people.insert(name, id);
        }
        for (name, roles) in [("max", &[][..]), ("moni", &[Role::GlobalAdministrator])] {
            self.tick();
            let address = format!("{name}@mail.example");
            let person = Person::Mailbox { address: address.clone() };
            let id = self.world.guest(self.contoso, &person, &address, GuestState::Accepted).await;
            for role in roles {
                self.world.directory().give_role(&self.world.cx(), self.contoso, id, *role).await.unwrap();
            }
            self.people.insert(name, id);
        }
    }

    /// Administrators of the neighbours.
    async fn foreign(&mut self, tailwind: TenantId) {
        for (name, domain, tenant) in
            [("fabian", "fabrikam.example", self.fabrikam), ("theo", "tailwind.example", tailwind)]
        {
            self.tick();
            let address = format!("{name}@{domain}");
            let id = self.world.member(tenant, &address, &[Role::GlobalAdministrator]).await;
            let app = self.world.app(tenant, "Their tool", true, Permission::ALL).await;
            let value = self.world.user_token(tenant, &app, id).await;
            self.people.insert(name, id);
            self.tokens.insert(name.to_owned(), Token { label: name.to_owned(), value });
            let app = self.world.app(tenant, "Their service", false, Permission::ALL).await;
            let label = format!("app: {name}");
            let value = self.world.app_token(tenant, &app).await;
            self.tokens.insert(label.clone(), Token { label, value });
        }
    }

    async fn app_tokens(&mut self) {
        let sets = Permission::ALL
            .iter()
            .filter(|permission| permission.application_id().is_some())
            .map(|permission| (permission.value(), vec![*permission]));
        for (name, permissions) in sets.chain([("nothing", vec![]), ("everything", Permission::ALL.to_vec())])
        {
            self.tick();
            let label = format!("app: {name}");
            let app = self.world.app(self.contoso, &format!("App with {name}"), false, &permissions).await;
            let value = self.world.app_token(self.contoso, &app).await;
            self.tokens.insert(label.clone(), Token { label: label.clone(), value });
            self.apps.insert(label, app);
        }
    }

    async fn person_tokens(&mut self) {
        self.tick();
        let tool = self.world.app(self.contoso, "Tool", true, Permission::ALL).await;
        for (name, id) in self.people.clone() {
            if ["pia", "fabian", "theo"].contains(&name) {
                continue;
            }
            let value = self.world.user_token(self.contoso, &tool, id).await;
            self.tokens.insert(name.to_owned(), Token { label: name.to_owned(), value });
        }
        self.apps.insert("tool".to_owned(), tool);
        let sets = Permission::ALL.iter().map(|permission| (permission.value(), vec![*permission]));
        for (name, permissions) in sets.chain([("nothing", vec![])]) {
            self.tick();
            let app = self.world.app(self.contoso, &format!("Tool with {name}"), true, &permissions).await;
            for (who, person) in [("adele", "adele"), ("mia", "mia")] {
                let label = format!("{who} with {name}");
                let value = self.world.user_token(self.contoso, &app, self.people[person]).await;
                self.tokens.insert(label.clone(), Token { label, value });
            }
        }
    }

    /// Blocks, removes and lets leave whoever has a token by now.
    async fn part_ways(&mut self) {
        let (world, operator) = (&self.world, Caller::operator(self.contoso));
        for name in ["bert", "bea"] {
            self.tick();
            let patch = UserPatch { account_enabled: Some(false), ..UserPatch::default() };
            let key = self.people[name].to_string();
            world.directory().update_user(&world.cx(), &operator, &key, patch).await.unwrap();
        }
        for (name, state, _) in GUESTS {
            self.tick();
            let home = world.user(self.contoso, self.people[name]).await.unwrap().home;
            match state {
                GuestState::Left => {
                    let model::Home::Tenant { tenant, object } = home else { panic!("{name} has no home") };
                    let who = world.signed_in(&World::person(tenant, object)).await;
                    assert!(world.leave(&who, self.contoso).await, "{name} may not leave");
                }
                GuestState::Removed => {
                    let key = self.people[name].to_string();
                    world.directory().delete_user(&world.cx(), &operator, &key).await.unwrap();
                }
                _ => {}
            }
        }
        self.tick();
        // Blocked at home, not here.
        let hugo = world.user(self.contoso, self.people["hugo"]).await.unwrap();
        let model::Home::Tenant { tenant, object } = hugo.home else { panic!("hugo has no home") };
        let patch = UserPatch { account_enabled: Some(false), ..UserPatch::default() };
        let operator = Caller::operator(tenant);
        world.directory().update_user(&world.cx(), &operator, &object.to_string(), patch).await.unwrap();
        self.tick();
    }
}
