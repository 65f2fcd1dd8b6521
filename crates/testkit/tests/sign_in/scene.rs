use crate::browser::{Browser, Page};
use model::{ObjectId, Person, TenantId, audit::Stored, authz::Role};
use service::{AuditQuery, Caller, NewMember, Outside};
use testkit::World;

pub const PASSWORD: &str = "seven quiet otters juggle";
pub const ADA: &str = "ada@contoso.example";
pub const BOB: &str = "bob@contoso.example";

/// Contoso with Ada, who is Global Administrator, and Bob, who is nobody special. Both have the same password.
pub struct Scene {
    pub world: World,
    pub contoso: TenantId,
    pub ada: ObjectId,
    pub bob: ObjectId,
}

impl Scene {
    pub async fn new(seed: u64) -> Self {
        Self::of(World::new(seed).await).await
    }

    pub async fn reaching(seed: u64, outside: Outside) -> Self {
        Self::of(World::new(seed).await.reaching(outside).await).await
    }

    async fn of(world: World) -> Self {
        let contoso = world.tenant("Contoso", "contoso.example").await;
        let mut ids = Vec::new();
        for (name, user_name) in [("Ada", ADA), ("Bob", BOB)] {
            let new = NewMember {
                display_name: name.to_owned(),
                user_name: user_name.to_owned(),
                password: Some(PASSWORD.to_owned()),
            };
            ids.push(world.directory().add_member(&world.cx(), contoso, new).await.expect("a member"));
        }
        let (ada, bob) = (ids[0], ids[1]);
        let role = Role::GlobalAdministrator;
        world.directory().give_role(&world.cx(), contoso, ada, role).await.expect("a role");
        Self { world, contoso, ada, bob }
    }

    pub fn person(&self, object: ObjectId) -> Person {
        World::person(self.contoso, object)
    }

    /// A browser of which nobody knows anything.
    pub fn stranger(&self) -> Browser {
        Browser::new(&self.world)
    }

    /// Signs in by the form; what comes back.
    pub async fn sign_in(&self, browser: &mut Browser, user_name: &str, password: &str) -> Page {
        let fields = [("step", "password"), ("userName", user_name), ("password", password)];
        browser.submit("/signin", "/signin", &fields).await
    }

    /// The newest audit records of Contoso.
    pub async fn audit(&self) -> Vec<Stored> {
        let query = AuditQuery { limit: 50, ..AuditQuery::default() };
        let operator = Caller::operator(self.contoso);
        self.world.directory().list_audit(&self.world.cx(), &operator, &query).await.expect("the log")
    }
}
