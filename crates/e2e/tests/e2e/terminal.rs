//! What the program says at the terminal when something is in the way: what is wrong, and what to do.

use crate::{
    place::{Place, Said},
    server::{Server, World},
};
use rustix::process::geteuid;
use std::{
    fs::{self, DirBuilder},
    net::TcpListener,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
};

#[test]
fn help_names_the_commands_and_shows_how_to_begin() {
    let Some(place) = Place::new() else { return };
    let help = place.run(&["--help"]);
    for text in ["demo", "serve", "tenant", "purge", "verify", "setup-secret", "innkeeper serve --data-dir"] {
        assert!(help.ok().contains(text), "{text} is not in {}", help.out);
    }
    for command in [&["demo"][..], &["serve"], &["tenant", "create"], &["purge"], &["verify"]] {
        let args: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        assert!(place.run(&args).ok().contains("--data-dir"), "{command:?}");
    }
}

#[test]
fn a_second_server_on_a_data_directory_is_refused() {
    let Some(place) = Place::new() else { return };
    let (_server, world) = Server::demo(&place, &[]);
    for command in [&["demo", "--env-file", "second.env"][..], &["serve"]] {
        let args: Vec<&str> =
            command.iter().copied().chain(["--data-dir", "world", "--listen", "127.0.0.1:0"]).collect();
        let said = place.run(&args);
        said.refused("Another innkeeper is using the data directory ");
        said.refused("Stop it, or choose another directory with --data-dir.");
    }
    // The first one is none the worse for it, and its announcement is still there.
    assert_eq!(World::read(&place.path("demo.env")).get("CLIENT_SECRET"), world.get("CLIENT_SECRET"));
    world.graph().get("/v1.0/organization");
}

#[test]
fn a_demonstration_is_not_served_for_real() {
    let Some(place) = Place::new() else { return };
    let (mut server, _world) = Server::demo(&place, &[]);
    server.stop();
    place.run(&["serve", "--data-dir", "world", "--listen", "127.0.0.1:0"]).refused("holds a demonstration");
}

#[test]
fn a_busy_port_is_named_and_nothing_stays_behind() {
    let Some(place) = Place::new() else { return };
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    fs::create_dir(place.path("tmp")).unwrap();
    let mut command = place.innkeeper(&["demo", "--listen", &address]);
    command.env("TMPDIR", place.path("tmp"));
    let said = Said::by(command.output().unwrap());
    said.refused(&format!("The address {address} is in use by another program."));
    said.refused("--listen 127.0.0.1:0");
    assert_eq!(fs::read_dir(place.path("tmp")).unwrap().count(), 0);
}

#[test]
fn a_data_directory_that_others_can_read_is_refused_with_the_command_that_helps() {
    let Some(place) = Place::new() else { return };
    DirBuilder::new().mode(0o755).create(place.path("open")).unwrap();
    fs::set_permissions(place.path("open"), fs::Permissions::from_mode(0o755)).unwrap();
    for command in ["demo", "serve"] {
        let said = place.run(&[command, "--data-dir", "open", "--listen", "127.0.0.1:0"]);
        said.refused(&format!(
            "can be read by other users (mode 0755). Run: chmod 700 {}",
            place.path("open").display()
        ));
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let Some(place) = Place::new() else { return };
    fs::write(place.path("file"), "").unwrap();
    place
        .run(&["serve", "--data-dir", "file/data", "--listen", "127.0.0.1:0"])
        .refused("Choose another with --data-dir.");
    place
        .run(&["demo", "--env-file", "missing/demo.env", "--listen", "127.0.0.1:0"])
        .refused("give --env-file the name of a file in a directory that is there");
    // Root may write anywhere, so that there it proves nothing.
    if !geteuid().is_root() {
        DirBuilder::new().mode(0o500).create(place.path("closed")).unwrap();
        let said = place.run(&["serve", "--data-dir", "closed/data", "--listen", "127.0.0.1:0"]);
        said.refused("No permission for the data directory");
    }
}

#[test]
fn tools_do_not_make_a_directory_by_looking() {
    let Some(place) = Place::new() else { return };
    for command in [&["verify"][..], &["purge", "--now"], &["tenant", "list"], &["setup-secret"]] {
        let args: Vec<&str> = command.iter().copied().chain(["--data-dir", "nowhere"]).collect();
        let said = place.run(&args);
        assert_eq!(said.code, Some(1), "{command:?} {}", said.out);
        assert!(said.err.contains("nowhere"), "{}", said.err);
        assert!(!place.path("nowhere").exists(), "{command:?}");
    }
}
