//! A world for each test: the demonstration, built once and copied, because hashing its passwords takes the most time.

use crate::{
    graph::Graph,
    place::Place,
    server::{Server, World, client},
};
use serde_json::Value;
use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

/// The world that all others are copies of.
pub struct Template {
    place: Place,
}

impl Template {
    /// None, said loudly, if there is no binary to test.
    pub fn build() -> Option<Self> {
        let place = Place::new()?;
        let (mut server, _) = Server::demo(&place, &[]);
        let (status, _) = server.stop();
        assert!(status.success(), "{status}");
        Some(Self { place })
    }

    /// A copy of it with a server of its own, which is known by this name; by `localhost`, if by none.
    pub fn world(&self, host: Option<&str>) -> Scene {
        let place = Place::new().expect("there was a binary before");
        copy(&self.place.path("world"), &place.path("world"));
        let (server, world) = match host {
            None => Server::demo(&place, &[]),
            Some(host) => {
                // Somebody else might take the port between; nobody here does.
                let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
                let address = format!("https://{host}:{port}");
                Server::demo_on(&place, &format!("127.0.0.1:{port}"), &["--public-url", &address])
            }
        };
        let text = fs::read_to_string(place.path("world/world.json")).unwrap();
        Scene { server, world, cast: serde_json::from_str(&text).unwrap(), place }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target): (_, PathBuf) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A running world.
pub struct Scene {
    // Stopped before its directory goes.
    pub server: Server,
    pub world: World,
    cast: Value,
    pub place: Place,
}

impl Scene {
    /// Contoso's administrator with this role: user name and password.
    pub fn administrator(&self, role: &str) -> (&str, &str) {
        let all = self.cast["administrators"].as_array().unwrap();
        let one = all.iter().find(|one| one["tenant"] == "Contoso" && one["role"] == role);
        let person = &one.unwrap_or_else(|| panic!("no {role}"))["person"];
        (person["user_name"].as_str().unwrap(), person["password"].as_str().unwrap())
    }

    /// Graph in this organisation, as an app with this permission, which the operator registers.
    pub fn graph_of(&self, tenant: &str, permission: &str) -> Graph {
        let args = ["app", "create", "--data-dir", "world", "--name", "Tool", "--permission", permission];
        let said = self.place.run(&[&args[..], &["--tenant", tenant]].concat());
        let value = |label: &str| {
            said.ok().lines().find_map(|line| line.strip_prefix(label)).unwrap().trim().to_owned()
        };
        let fields = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", value("Client id:")),
            ("client_secret", value("Client secret, shown only now:")),
            ("scope", "https://graph.microsoft.com/.default".to_owned()),
        ];
        let ca = Path::new(self.world.get("CA_FILE"));
        let address = format!("{}/{tenant}/oauth2/v2.0/token", self.world.get("AUTHORITY"));
        let token: Value = client(ca).post(address).form(&fields).send().unwrap().json().unwrap();
        Graph::new(self.world.get("BASE_URL"), ca, token["access_token"].as_str().unwrap().to_owned())
    }
}
