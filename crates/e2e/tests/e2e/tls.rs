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
fn plain_http_is_told_to_come_back_with_https() {
    let Some(place) = Place::new() else { return };
    let (_server, world) = Server::demo(&place, &[]);
    // A body that nobody reads must not cost the client the answer.
    let body = "x".repeat(20_000);
    let request =
        format!("POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for request in ["GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", &request] {
        let mut stream = TcpStream::connect(("127.0.0.1", port(world.get("BASE_URL")))).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        assert_eq!(text, "This server speaks HTTPS only. Use an address that begins with https://.\n");
        assert!(head.contains(&format!("Content-Length: {}\r\n", text.len())), "{head}");
    }
}

#[test]
fn what_is_neither_tls_nor_http_gets_at_most_an_alert() {
    let Some(place) = Place::new() else { return };
    let (_server, world) = Server::demo(&place, &[]);
    for noise in [&b"\0\0\0\0\0\0"[..], b"\x16\x03\x01\xff\xff", b"hello there"] {
        let mut stream = TcpStream::connect(("127.0.0.1", port(world.get("BASE_URL")))).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(noise).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // A reset is as good as an end.
        drop(stream.read_to_end(&mut answer));
        assert!(answer.len() < 16, "{answer:?}");
    }
    world.graph().get("/v1.0/organization");
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
