//! HTTPS, and what happens without it.

use crate::{
    place::{Place, has},
    server::Server,
};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

fn port(base_url: &str) -> u16 {
    base_url.rsplit_once(':').unwrap().1.parse().unwrap()
}

#[test]
fn plain_http_is_not_answered_with_anything_of_ours() {
    let Some(place) = Place::new() else { return };
    let (_server, world) = Server::demo(&place, &[]);
    let mut stream = TcpStream::connect(("127.0.0.1", port(world.get("BASE_URL")))).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // A reset is as good as an end.
    drop(stream.read_to_end(&mut answer));
    assert!(!String::from_utf8_lossy(&answer).contains("200"), "{answer:?}");
    assert!(answer.len() < 16, "at most an alert: {answer:?}");
}

#[test]
fn only_who_trusts_the_authority_of_this_directory_gets_through() {
    let Some(place) = Place::new() else { return };
    let (mut server, world) = Server::demo(&place, &[]);
    let (base_url, ca) = (world.get("BASE_URL").to_owned(), place.path("world/ca.pem"));
    assert_eq!(world.get("CA_FILE"), ca.to_str().unwrap());
    for host in ["localhost", "127.0.0.1"] {
        let address = format!("https://{host}:{}/readyz", port(&base_url));
        assert_eq!(crate::server::client(&ca).get(address).send().unwrap().text().unwrap(), "ready\n");
    }
    let Some(other) = Place::new() else { return };
    let (_other, stranger) = Server::demo(&other, &[]);
    let distrustful = crate::server::client(stranger.get("CA_FILE").as_ref());
    assert!(distrustful.get(format!("{base_url}/readyz")).send().is_err());
    if has("curl") {
        let curl = |args: &[&str]| Command::new("curl").args(["-sS"]).args(args).output().unwrap();
        let address = format!("{base_url}/readyz");
        assert!(curl(&["--cacert", world.get("CA_FILE"), &address]).status.success());
        assert_eq!(curl(&[&address]).status.code(), Some(60), "curl does not know the authority");
    }
    // The authority stays the same, so that whoever trusts it need not be asked again.
    let before = fs::read(&ca).unwrap();
    server.stop();
    let (_server, _world) = Server::demo(&place, &[]);
    assert_eq!(fs::read(&ca).unwrap(), before);
}
