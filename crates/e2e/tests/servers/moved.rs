//! A directory that outgrows one machine: `innkeeper migrate-store`.

use crate::{
    fleet::{DATABASE, cluster},
    graph::{Graph, POLICY},
    place::Place,
    server::Server,
};
use serde_json::json;

const USERS: &str = "/v1.0/users?$select=id,userPrincipalName,userType&$top=999";

#[test]
fn a_directory_moves_to_postgresql_whole_or_not_at_all_and_the_old_one_is_not_used_by_mistake() {
    let (Some(cluster), Some(place)) = (cluster(), Place::new()) else { return };
    let (url, more) = (cluster.url(DATABASE), cluster.database("more").unwrap());
    let migrate = |to: &str| place.run(&["migrate-store", "--from", "world", "--to", to]);
    let (mut server, world) = Server::demo(&place, &[]);
    let graph = world.graph();
    let users = graph.get(USERS)["value"].clone();
    graph.patch(POLICY, &json!({"allowExternalIdentitiesToLeave": false}));

    migrate(&url).refused("Another innkeeper is using");
    assert!(server.stop().0.success());
    let away = migrate("postgres://u:secret@127.0.0.1:1/d");
    away.refused("cannot be reached");
    assert!(!away.err.contains("secret"), "{}", away.err);

    let moved = migrate(&url);
    assert!(
        moved.ok().contains("All is well.") && moved.err.contains("users: "),
        "{}{}",
        moved.out,
        moved.err
    );
    place.run(&["demo", "--data-dir", "world", "--listen", "127.0.0.1:0"]).refused("--database-url");

    let (mut server, world) = Server::demo(&place, &["--database-url", &url]);
    let graph: Graph = world.graph();
    assert_eq!(graph.get(USERS)["value"], users, "nobody was lost");
    assert_eq!(graph.get(POLICY)["allowExternalIdentitiesToLeave"], false, "nor what was changed last");
    assert!(server.stop().0.success());

    // Back to the state before, and the same again into a database that is not empty: the two must not be mixed.
    std::fs::rename(place.path("world/innkeeper.db.moved"), place.path("world/innkeeper.db")).unwrap();
    migrate(&url).refused("There is a directory in the target already");
    assert!(migrate(&more).ok().contains("All is well."));
}
