use crate::browser::Browser;
use model::{ObjectId, Person, TenantId, authz::Role, policy::ExternalIdentitiesPolicyPatch};
use service::{Caller, NewMember, OrganizationPatch};
use testkit::{GuestState, World};

pub const PASSWORD: &str = "seven quiet otters juggle";

/// Contoso lets people leave, Woodgrove does not, Tailwind has no privacy information; Ana of Fabrikam is a guest of all.
pub struct Scene {
    pub world: World,
    pub contoso: TenantId,
    pub fabrikam: TenantId,
    pub woodgrove: TenantId,
    pub tailwind: TenantId,
    pub ana: Person,
    pub ana_at_home: ObjectId,
    pub guest: ObjectId,
    pub admin: Person,
}

impl Scene {
    pub async fn new(seed: u64) -> Self {
        let world = World::new(seed).await;
        let contoso = world.tenant("Contoso", "contoso.example").await;
        let fabrikam = world.tenant("Fabrikam", "fabrikam.example").await;
        let woodgrove = world.tenant("Woodgrove", "woodgrove.example").await;
        let tailwind = world.tenant("Tailwind", "tailwind.example").await;
        for (tenant, name) in [(contoso, "contoso"), (woodgrove, "woodgrove")] {
            let patch = OrganizationPatch {
                privacy_contact: Some(Some(format!("privacy@{name}.example"))),
                privacy_url: Some(Some(format!("https://{name}.example/privacy"))),
                ..OrganizationPatch::default()
            };
            let operator = Caller::operator(tenant);
            world
                .directory()
                .update_organization(&world.cx(), &operator, patch)
                .await
                .expect("a privacy profile");
        }
        let off = ExternalIdentitiesPolicyPatch { allow_leave: Some(false), allow_removal: None };
        let operator = Caller::operator(woodgrove);
        world.directory().update_policy(&world.cx(), &operator, off, None).await.expect("leaving is off");
        let new = NewMember {
            display_name: "Ana Oliveira".to_owned(),
            user_name: "ana@fabrikam.example".to_owned(),
            password: Some(PASSWORD.to_owned()),
        };
        let ana_at_home = world.directory().add_member(&world.cx(), fabrikam, new).await.expect("a member");
        let ana = World::person(fabrikam, ana_at_home);
        let guest = world.guest(contoso, &ana, "ana@fabrikam.example", GuestState::Accepted).await;
        world.guest(woodgrove, &ana, "ana@fabrikam.example", GuestState::Accepted).await;
        let admin = world.member(contoso, "admin@contoso.example", &[Role::GlobalAdministrator]).await;
        let admin = World::person(contoso, admin);
        Self { world, contoso, fabrikam, woodgrove, tailwind, ana, ana_at_home, guest, admin }
    }

    pub async fn browser(&self, person: &Person) -> Browser {
        Browser::signed_in(&self.world, &self.world.sign_in(person).await)
    }

    pub fn leave_path(&self) -> String {
        format!("/myaccount/organizations/leave/{}", self.contoso)
    }

    /// The policy of Contoso.
    pub async fn policy(&self) -> model::ExternalIdentitiesPolicy {
        let found = self.world.store().read(World::scope(self.contoso), |reader| reader.policy()).await;
        found.expect("a policy")
    }
}
