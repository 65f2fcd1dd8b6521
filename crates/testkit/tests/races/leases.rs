//! Reconcilers run on any server, one at a time; a holder that died is replaced when its lease is over.

use crate::{
    fleet::{Fleet, server},
    stage::{long, run, together},
};
use model::{Person, Span, audit::Activity, policy::ExternalIdentitiesPolicyPatch};
use service::{Caller, Directory};
use store::{ChangeSet, Decision};
use testkit::{GuestState, World};

/// How long a lease of a reconciler lasts.
const LEASE: Span = Span::minutes(2);

/// Guests whose time has come.
async fn overdue(fleet: &Fleet, round: usize, guests: usize) {
    for number in 0..guests {
        let address = format!("old{round}-{number}@mail.example");
        let person = Person::Mailbox { address: address.clone() };
        fleet.world.guest(fleet.here, &person, &address, GuestState::Removed).await;
    }
    fleet.world.clock.advance(Span::days(31));
}

async fn purged(fleet: &Fleet) -> usize {
    let log = fleet.log().await;
    log.iter().filter(|stored| stored.record.activity == Activity::HardDeleteUser).count()
}

/// Somebody takes the lease and is never heard of again.
async fn dies_holding(fleet: &Fleet, name: &'static str) {
    let (store, cx) = (fleet.store(), fleet.world.cx());
    let holder = model::mint_uuid(cx.random.as_ref());
    let taken = store.commit(World::scope(fleet.here), move |_| {
        let mut changes = ChangeSet::new();
        changes.take_lease(name, holder, cx.trusted, cx.trusted + LEASE);
        Decision::done(changes, ())
    });
    taken.await.expect("a lease");
}

#[test]
fn passes_on_several_servers_at_once_do_everything_once() {
    run(async {
        let Some(server) = server() else { return };
        let fleet = Fleet::set(&server, 30).await;
        let mut expected = 0;
        for round in 0..if long() { 100 } else { 5 } {
            overdue(&fleet, round, 12).await;
            expected += 12;
            let passes =
                fleet.directories().map(|directory: Directory| async move { directory.purge_pass().await });
            let passes = together(passes.collect()).await;
            let done: Vec<_> = passes.into_iter().map(|pass| pass.expect("a pass")).collect();
            assert_eq!(done.iter().map(|pass| pass.purged).sum::<u64>(), 12, "round {round}: {done:?}");
            assert!(done.iter().all(|pass| pass.failed == 0), "round {round}: {done:?}");
            assert_eq!(purged(&fleet).await, expected, "round {round}");
        }
    });
}

#[test]
fn a_dead_holder_of_the_purge_is_replaced_when_its_lease_is_over_and_not_before() {
    run(async {
        let Some(server) = server() else { return };
        let fleet = Fleet::set(&server, 31).await;
        overdue(&fleet, 0, 1).await;
        dies_holding(&fleet, "purge").await;
        fleet.world.clock.advance(Span::seconds(119));
        for directory in fleet.directories() {
            let pass = directory.purge_pass().await.expect("a pass");
            assert!(pass.busy && pass.purged == 0, "{pass:?}");
        }
        fleet.world.clock.advance(Span::seconds(1));
        let passes =
            fleet.directories().map(|directory: Directory| async move { directory.purge_pass().await });
        let passes = together(passes.collect()).await;
        assert_eq!(passes.iter().map(|pass| pass.as_ref().map_or(0, |pass| pass.purged)).sum::<u64>(), 1);
    });
}

#[test]
fn a_dead_holder_of_the_home_pass_is_replaced_and_the_work_done_once() {
    run(async {
        let Some(server) = server() else { return };
        let fleet = Fleet::set(&server, 32).await;
        let (world, here, home) = (&fleet.world, Caller::operator(fleet.here), Caller::operator(fleet.home));
        let removal = ExternalIdentitiesPolicyPatch { allow_leave: None, allow_removal: Some(true) };
        fleet.directory().update_policy(&world.cx(), &here, removal, None).await.expect("a policy");
        let Person::Member { object, .. } = fleet.person else { panic!("the guest is a member elsewhere") };
        world.clock.advance(Span::minutes(1));
        fleet.directory().delete_user(&world.cx(), &home, &object.to_string()).await.expect("deleted");
        dies_holding(&fleet, "homeAccount").await;
        world.clock.advance(Span::seconds(119));
        for directory in fleet.directories() {
            assert_eq!(directory.home_pass().await.expect("a pass").events, 0, "somebody holds the lease");
        }
        world.clock.advance(Span::seconds(1));
        let passes =
            fleet.directories().map(|directory: Directory| async move { directory.home_pass().await });
        let passes = together(passes.collect()).await;
        assert_eq!(passes.iter().map(|pass| pass.as_ref().map_or(0, |pass| pass.removed)).sum::<u64>(), 1);
        assert!(world.user(fleet.here, fleet.guest).await.expect("the guest").is_deleted());
    });
}
