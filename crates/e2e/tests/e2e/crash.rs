//! Power cuts: what was acknowledged is there.

use crate::{graph::POLICY, place::Place, server::Server};
use reqwest::Method;
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

/// How many acknowledged writes there must be before the server is killed.
const WRITES: usize = 60;
const WRITERS: usize = 4;

fn address(writer: usize, number: usize) -> String {
    format!("guest-{writer}-{number}@elsewhere.example")
}

#[test]
fn every_acknowledged_write_survives_a_kill_in_the_middle_of_writing() {
    let Some(place) = Place::new() else { return };
    let (mut server, world) = Server::demo(&place, &[]);
    let graph = world.graph();
    let done = AtomicUsize::new(0);
    let invite = |writer: usize| -> Vec<String> {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            let address = address(writer, number);
            let body = json!({ "invitedUserEmailAddress": address, "inviteRedirectUrl": "https://elsewhere.example/" });
            match graph.try_ask(Method::POST, "/v1.0/invitations", Some(&body)) {
                Ok(reply) => {
                    reply.is(201);
                    acknowledged.push(address);
                    done.fetch_add(1, Ordering::SeqCst);
                }
                // The server is gone; whether this one was committed, nobody can say.
                Err(_) => return acknowledged,
            }
        }
        acknowledged
    };
    let acknowledged: Vec<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || invite(writer))).collect();
        server.wait_for("enough writes", |_| (done.load(Ordering::SeqCst) >= WRITES).then_some(()));
        server.kill();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert!(acknowledged.len() >= WRITES);
    place.run(&["verify", "--data-dir", "world"]).ok();
    let (_server, world) = Server::demo(&place, &[]);
    let (users, _) = world.graph().all("/v1.0/users?$select=mail&$top=999");
    let mails: Vec<&str> = users.iter().filter_map(|user| user["mail"].as_str()).collect();
    for address in &acknowledged {
        assert!(mails.contains(&address.as_str()), "{address} was acknowledged and is not there");
    }
    assert!(place.run(&["verify", "--data-dir", "world"]).ok().ends_with("All is well.\n"));
}

#[test]
fn a_policy_change_that_was_answered_survives_a_kill_right_after_the_answer() {
    let Some(place) = Place::new() else { return };
    for leave in [false, true, false] {
        let (mut server, world) = Server::demo(&place, &[]);
        world.graph().patch(POLICY, &json!({ "allowExternalIdentitiesToLeave": leave }));
        server.kill();
        let (mut server, world) = Server::demo(&place, &[]);
        assert_eq!(world.graph().get(POLICY)["allowExternalIdentitiesToLeave"], leave);
        let (status, took) = server.stop();
        assert!(status.success() && took < Duration::from_secs(10), "{status} {took:?}");
    }
}
