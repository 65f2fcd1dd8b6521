//! Servers that are killed and started again at random, under load.

use crate::{
    fleet::{Fleet, cluster, long},
    leaver::Leaver,
    load::Load,
    place::{Place, now},
};
use std::{thread, time::Duration};
use testkit::{Dice, cluster::ROLE};

/// How many servers share the database.
const SERVERS: usize = 3;

/// How long they are killed and restarted.
fn span() -> Duration {
    Duration::from_secs(if long() { 600 } else { 45 })
}

#[test]
fn nothing_acknowledged_is_lost_while_servers_are_killed_and_restarted() {
    let Some((place, cluster)) = Place::new().zip(cluster()) else { return };
    let mut fleet = Fleet::start(place, cluster.url(crate::fleet::DATABASE), SERVERS);
    let load = Load::start(&fleet);
    let leaver = Leaver::start(&fleet, load.caller.clone());
    let (start, mut dice, mut killed, mut stopped) = (now(), Dice::new(77), 0, 0);
    while start.elapsed() < span() {
        let number = dice.below(SERVERS);
        thread::sleep(Duration::from_millis(400 + u64::try_from(dice.below(1_200)).unwrap()));
        let log = if dice.percent(75) {
            killed += 1;
            fleet.kill(number)
        } else {
            stopped += 1;
            fleet.stop(number)
        };
        assert!(!log.contains("panicked"), "{log}");
        thread::sleep(Duration::from_millis(u64::try_from(dice.below(800)).unwrap()));
        fleet.start_one(number);
    }
    let left = leaver.settle();
    let said = load.settle();
    assert!(!fleet.log().contains("panicked"), "{}", fleet.log());
    fleet.verifies();
    for number in 0..SERVERS {
        fleet.stop(number);
    }
    fleet.verifies();
    println!("{killed} kills and {stopped} stops of {SERVERS} servers: {said}; {left} leaves, none twice");
    assert!(killed > 20 && left > 5, "too little happened: {killed} kills, {left} leaves");
    let open = cluster.sql(
        "postgres",
        &format!("select count(*) from pg_stat_activity where usename = '{ROLE}' and state <> 'idle'"),
    );
    assert_eq!(open.unwrap(), "0", "nobody left a transaction behind");
}
