//! What the simulation meets once in thousands of seeds, told one by one.

use crate::rig::runtime;
use model::{HomeState, ObjectId, Span, TenantId, audit::Activity, policy::ExternalIdentitiesPolicyPatch};
use service::Caller;
use store::{AuditQuery, Fault};
use testkit::{GuestState, Image, World};

/// A member of one tenant who is a guest in two others, of which the first removes guests whose home account is deleted.
struct Abroad {
    image: Image,
    guests: [(TenantId, ObjectId); 2],
}

/// Deleted at home, restored, and deleted again before any pass came by.
async fn deleted_twice() -> Abroad {
    let world = World::new(1).await;
    let home = world.tenant("Fabrikam", "fabrikam.example").await;
    world.member(home, "ada@fabrikam.example", &[model::authz::Role::GlobalAdministrator]).await;
    let eve = world.member(home, "eve@fabrikam.example", &[]).await;
    let person = World::person(home, eve);
    let mut guests = Vec::new();
    for (name, domain, removal) in
        [("Contoso", "contoso.example", true), ("Woodgrove", "woodgrove.example", false)]
    {
        let tenant = world.tenant(name, domain).await;
        let patch = ExternalIdentitiesPolicyPatch { allow_leave: None, allow_removal: Some(removal) };
        let operator = Caller::operator(tenant);
        world.directory().update_policy(&world.cx(), &operator, patch, None).await.expect("a policy");
        guests
            .push((tenant, world.guest(tenant, &person, "eve@fabrikam.example", GuestState::Accepted).await));
    }
    let (directory, operator) = (world.directory(), Caller::operator(home));
    directory.delete_user(&world.cx(), &operator, &eve.to_string()).await.expect("a deletion");
    directory.restore_user(&world.cx(), &operator, eve, None).await.expect("a restore");
    directory.delete_user(&world.cx(), &operator, &eve.to_string()).await.expect("another deletion");
    Abroad { image: world.image().await, guests: [guests[0], guests[1]] }
}

/// What a guest has become, and everything that was recorded on the way.
async fn told(world: &World, (tenant, id): (TenantId, ObjectId)) -> (bool, HomeState, i64, Vec<Activity>) {
    let user = world.user(tenant, id).await.expect("the guest");
    let records = world.store().read(World::scope(tenant), |reader| {
        let query = AuditQuery { limit: u16::MAX, ..AuditQuery::default() };
        Ok(reader.audit(&query)?.into_iter().map(|stored| stored.record.activity).collect())
    });
    (user.is_deleted(), user.home_state, user.generation, records.await.expect("the records"))
}

#[test]
fn a_home_pass_broken_at_any_commit_and_repeated_does_each_thing_once() {
    runtime().block_on(async {
        let abroad = deleted_twice().await;
        let unbroken = World::from_image(&abroad.image, 2).await;
        unbroken.directory().home_pass().await.expect("a pass");
        let [removed, noted] =
            [told(&unbroken, abroad.guests[0]).await, told(&unbroken, abroad.guests[1]).await];
        assert!(removed.0 && !noted.0, "{removed:?} {noted:?}");
        let mut broken = 0;
        for fault in [Fault::BeforeCommit, Fault::AfterCommit] {
            for commit in 0.. {
                let world = World::from_image(&abroad.image, 2).await;
                world.faults.arm(commit, fault);
                let first = world.directory().home_pass().await;
                if !world.faults.disarm() {
                    first.expect("a pass that nothing broke");
                    break;
                }
                broken += 1;
                // The lease of the broken pass ends.
                world.clock.advance(Span::minutes(3));
                world.directory().home_pass().await.expect("the pass repeated");
                for (guest, expected) in abroad.guests.into_iter().zip([&removed, &noted]) {
                    assert_eq!(told(&world, guest).await, *expected, "{fault:?} at commit {commit}");
                }
            }
        }
        assert!(broken > 20, "three events, two tenants and their leases are more than {broken} commits");
    });
}

#[test]
fn the_sessions_of_a_mailbox_end_with_its_last_account() {
    runtime().block_on(async {
        let world = World::new(3).await;
        let kim = model::Person::Mailbox { address: "kim@mail.example".to_owned() };
        let mut guests = Vec::new();
        for domain in ["contoso.example", "woodgrove.example"] {
            let tenant = world.tenant(domain, domain).await;
            guests.push((tenant, world.guest(tenant, &kim, "kim@mail.example", GuestState::Left).await));
        }
        let cookie = world.sign_in(&kim).await;
        for (left, (tenant, id)) in [1, 0].into_iter().zip(guests) {
            let operator = Caller::operator(tenant);
            world.directory().purge_user(&world.cx(), &operator, id).await.expect("a purge by hand");
            let session = world.directory().session(&world.cx(), &cookie).await.expect("a look");
            assert_eq!(session.is_some(), left > 0, "{left} accounts left");
        }
    });
}
