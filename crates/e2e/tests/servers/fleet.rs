//! Several servers with one database and one address.

use crate::{
    place::Place,
    round_robin::RoundRobin,
    server::{Server, World},
};
use std::{
    fs,
    io::{Write, stderr},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::PathBuf,
};
use testkit::cluster::{Cluster, free_port};

/// The database in each cluster.
pub const DATABASE: &str = "innkeeper";

/// What the other servers get from the first: the key, the authority, and the secrets of the seeded world.
const SHARED: [&str; 4] = ["master.key", "ca.pem", "ca-key.pem", "world.json"];

/// A PostgreSQL server. None, said loudly, where it is not installed; with `CI=true` that is a failure.
pub fn cluster() -> Option<Cluster> {
    match Cluster::start(&[]) {
        Ok(cluster) => {
            cluster.database(DATABASE).unwrap();
            Some(cluster)
        }
        Err(why) => {
            stderr().write_all(format!("\n*** NOT TESTED: {why}\n").as_bytes()).unwrap();
            assert!(!std::env::var("CI").is_ok_and(|value| value == "true" || value == "1"), "{why}");
            None
        }
    }
}

/// Are the full figures asked for?
pub fn long() -> bool {
    std::env::var_os("INNKEEPER_LONG").is_some_and(|value| value != "0")
}

/// Servers of one seeded world.
pub struct Fleet {
    place: Place,
    url: String,
    ports: Vec<u16>,
    round_robin: RoundRobin,
    servers: Vec<Option<Server>>,
}

impl Fleet {
    /// So many servers on the database at this address, all of them ready.
    pub fn start(place: Place, url: String, servers: usize) -> Self {
        let ports: Vec<u16> = (0..servers).map(|_| free_port().unwrap()).collect();
        let round_robin = RoundRobin::before(ports.clone());
        let mut fleet = Self { place, url, ports, round_robin, servers: Vec::new() };
        fleet.servers.resize_with(servers, || None);
        fleet.start_one(0);
        for number in 1..servers {
            fleet.share(number);
            fleet.start_one(number);
        }
        fleet
    }

    fn directory(&self, number: usize) -> PathBuf {
        self.place.path(&format!("server{number}"))
    }

    /// Whoever adds a server copies these files to it.
    fn share(&self, number: usize) {
        let (from, to) = (self.directory(0), self.directory(number));
        fs::DirBuilder::new().mode(0o700).create(&to).unwrap();
        for name in SHARED {
            fs::copy(from.join(name), to.join(name)).unwrap();
            let mode = fs::metadata(from.join(name)).unwrap().permissions().mode();
            fs::set_permissions(to.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    /// Starts a server and waits until it answers.
    pub fn start_one(&mut self, number: usize) {
        let (listen, public) = (format!("127.0.0.1:{}", self.ports[number]), self.base_url());
        let (data, env) = (format!("server{number}"), format!("server{number}.env"));
        drop(fs::remove_file(self.place.path(&env)));
        let args =
            ["demo", "--data-dir", &data, "--env-file", &env, "--listen", &listen, "--public-url", &public];
        let mut command = self.place.innkeeper(&args);
        command.env("INNKEEPER_DATABASE_URL", &self.url).env("RUST_LOG", "info");
        let mut server = Server::start(command);
        let env = self.place.path(&env);
        server.wait_for("the env file", |_| env.exists().then_some(()));
        self.servers[number] = Some(server);
    }

    /// Ends a server as a power cut would; what it logged.
    pub fn kill(&mut self, number: usize) -> String {
        let mut server = self.servers[number].take().unwrap();
        server.kill();
        server.log()
    }

    /// Asks a server to stop, and waits until it has; what it logged.
    pub fn stop(&mut self, number: usize) -> String {
        let mut server = self.servers[number].take().unwrap();
        assert!(server.stop().0.success());
        server.log()
    }

    /// Where the servers are, together.
    pub fn base_url(&self) -> String {
        format!("https://localhost:{}", self.round_robin.port)
    }

    /// The world that all of them serve.
    pub fn world(&self) -> World {
        World::read(&self.place.path("server0.env"))
    }

    pub fn ca(&self) -> PathBuf {
        self.directory(0).join("ca.pem")
    }

    /// `innkeeper verify`, beside the servers or after them.
    #[track_caller]
    pub fn verifies(&self) {
        let mut command = self.place.innkeeper(&["verify", "--data-dir", "server0"]);
        command.env("INNKEEPER_DATABASE_URL", &self.url);
        let said = crate::place::Said::by(command.output().unwrap());
        assert!(said.ok().ends_with("All is well.\n"), "{}{}", said.out, said.err);
    }

    /// What all servers that run have logged.
    pub fn log(&self) -> String {
        self.servers.iter().flatten().map(Server::log).collect()
    }
}
