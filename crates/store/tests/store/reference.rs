//! The tables of the whole directory: the clock mark and the leases.

use crate::support::{at, commit, each, run, uuid};
use model::ErrorKind;

#[test]
fn the_clock_mark_never_moves_back() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let mark = || run(world.store.read_across(|across| across.clock_mark())).unwrap();
        assert_eq!(mark(), None);
        for (set, expected) in [(50, 50), (40, 50), (50, 50), (51, 51), (-1, 51)] {
            world
                .apply(tenant, move |changes| {
                    changes.set_clock_mark(at(set));
                })
                .unwrap();
            assert_eq!(mark(), Some(at(expected)));
        }
    });
}

#[test]
fn a_lease_has_one_holder_until_it_is_over() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let take = |holder: u128, now: i64, until: i64| {
            commit(&world.store, tenant, move |changes| {
                changes.take_lease("purge", uuid(holder), at(now), at(until));
            })
        };
        run(async {
            let (a, b) = tokio::join!(take(1, 0, 10), take(2, 0, 10));
            assert_eq!((a.is_ok(), b.unwrap_err().kind()), (true, ErrorKind::Conflict));
            assert!(take(1, 5, 20).await.is_ok(), "the holder renews");
            assert!(take(2, 19, 30).await.is_err(), "the renewal counts");
            assert!(take(2, 20, 30).await.is_ok(), "the lease is over");
            assert!(take(1, 21, 40).await.is_err(), "the former holder has lost it");
        });
    });
}
