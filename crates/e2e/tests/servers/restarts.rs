//! B-24: PostgreSQL restarts under load, seen directly and through pgbouncer.

use crate::{
    fleet::{DATABASE, Fleet, cluster, long},
    load::Load,
    place::{Place, eventually, now},
};
use std::{thread, time::Duration};
use testkit::cluster::{Cluster, Stop};

/// How soon after PostgreSQL is back its users must be.
const BACK: Duration = Duration::from_secs(5);

fn restart_under_load(cluster: &Cluster, fleet: &Fleet, restarts: usize) -> String {
    let load = Load::start(fleet);
    let mut slowest = Duration::ZERO;
    for number in 0..restarts {
        let before = load.done();
        eventually("work between two restarts", Duration::from_secs(20), || {
            (load.done() > before + 100).then_some(())
        });
        thread::sleep(Duration::from_millis(u64::try_from(number % 7).unwrap() * 100));
        cluster.restart(if number % 2 == 0 { Stop::Fast } else { Stop::Immediate }).unwrap();
        let (start, done) = (now(), load.done());
        eventually("the first answer after a restart", BACK, || (load.done() > done).then_some(()));
        slowest = slowest.max(start.elapsed());
    }
    let lost = load.book.counts.lock().unwrap().get("lost").copied().unwrap_or(0);
    let said = load.settle();
    assert_eq!(lost, 0, "a server hung up: {said}");
    fleet.verifies();
    format!("{restarts} restarts, back after at most {} ms: {said}", slowest.as_millis())
}

fn restarts() -> usize {
    if long() { 50 } else { 6 }
}

#[test]
fn a_restart_of_postgresql_is_only_ever_a_503_and_over_by_itself() {
    let Some((place, cluster)) = Place::new().zip(cluster()) else { return };
    let fleet = Fleet::start(place, cluster.url(DATABASE), 1);
    println!("directly: {}", restart_under_load(&cluster, &fleet, restarts()));
}

#[test]
fn the_same_holds_through_pgbouncer() {
    let Some((place, cluster)) = Place::new().zip(cluster()) else { return };
    let bouncer = match cluster.bouncer() {
        Ok(bouncer) => bouncer,
        Err(why) => {
            assert!(!std::env::var("CI").is_ok_and(|value| value == "true" || value == "1"), "{why}");
            eprintln!("*** NOT TESTED: {why}");
            return;
        }
    };
    let fleet = Fleet::start(place, bouncer.url(DATABASE), 2);
    println!("through pgbouncer: {}", restart_under_load(&cluster, &fleet, restarts()));
}
