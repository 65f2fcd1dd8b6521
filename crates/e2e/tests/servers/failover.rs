//! Failover: two PostgreSQL servers, one following the other synchronously; the first is killed under load, the second is
//! promoted, and the servers find it by themselves.

use crate::{
    fleet::{DATABASE, Fleet, cluster},
    load::Load,
    place::{Place, eventually, now},
};
use std::{thread, time::Duration};

#[test]
fn failover_to_a_synchronous_standby_loses_nothing_acknowledged() {
    let Some((place, primary)) = Place::new().zip(cluster()) else { return };
    let standby = primary.standby().unwrap();
    let mut fleet = Fleet::start(place, primary.url_of_pair(&standby, DATABASE), 2);
    let load = Load::start(&fleet);
    thread::sleep(Duration::from_secs(5));
    let before = load.done();
    let killed = now();
    primary.kill().unwrap();
    thread::sleep(Duration::from_secs(2));
    standby.promote().unwrap();
    let promoted = now();
    let done = load.done();
    eventually("a write on the promoted server", Duration::from_secs(10), || {
        (load.done() > done + 20).then_some(())
    });
    let (out, back) = (killed.elapsed(), promoted.elapsed());
    thread::sleep(Duration::from_secs(5));
    // The new primary restarts servers too.
    fleet.kill(1);
    fleet.start_one(1);
    let said = load.settle();
    fleet.verifies();
    println!(
        "failover: {before} requests done before the first server was killed; 2 s later the second was promoted; answers \
         again {} ms after the promotion, {} ms after the kill; {said}",
        back.as_millis(),
        out.as_millis()
    );
}
