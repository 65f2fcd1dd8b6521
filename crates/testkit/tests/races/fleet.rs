//! Several servers on one PostgreSQL database.

use crate::stage::Stage;
use service::Directory;
use std::{
    io::Write,
    ops::Deref,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::Store;
use testkit::{Server, World, cluster::Cluster};

/// How many servers race.
const SERVERS: usize = 3;

/// A stage on which several servers act, each with connections of its own.
pub struct Fleet {
    stage: Stage,
    servers: Vec<(Store, Directory)>,
    next: AtomicUsize,
}

impl Deref for Fleet {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

/// A PostgreSQL server for this process. None, said loudly, where it is not installed (with `CI=true` that is a failure), and
/// none where the engine is given: these tests choose their own, and ran in the run without it.
pub fn server() -> Option<Server> {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    if Server::named().is_some() {
        return None;
    }
    match CLUSTER.get_or_init(|| Cluster::start(&[])) {
        Ok(cluster) => Some(Server::at(&cluster.url("postgres"))),
        Err(why) => {
            let text = format!("\n*** NOT TESTED: {why}\n");
            std::io::stderr().write_all(text.as_bytes()).expect("standard error");
            let strict = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
            assert!(!strict, "{why}");
            None
        }
    }
}

impl Fleet {
    pub async fn set(server: &Server, seed: u64) -> Self {
        Self::of(Stage::set(World::on(server, seed).await).await).await
    }

    async fn of(stage: Stage) -> Self {
        let mut servers = vec![(stage.world.store().clone(), stage.world.directory().clone())];
        while servers.len() < SERVERS {
            servers.push(stage.world.another_server().await);
        }
        Self { stage, servers, next: AtomicUsize::new(0) }
    }

    /// The stage and the servers, for whoever takes turns otherwise.
    pub fn apart(self) -> (Stage, Vec<Directory>) {
        (self.stage, self.servers.into_iter().map(|(_, directory)| directory).collect())
    }

    /// The servers in turn.
    fn turn(&self) -> &(Store, Directory) {
        &self.servers[self.next.fetch_add(1, Ordering::Relaxed) % self.servers.len()]
    }

    /// The server whose turn it is.
    pub fn directory(&self) -> Directory {
        self.turn().1.clone()
    }

    /// The store of the server whose turn it is.
    pub fn store(&self) -> Store {
        self.turn().0.clone()
    }

    /// All of them.
    pub fn directories(&self) -> impl Iterator<Item = Directory> + '_ {
        self.servers.iter().map(|(_, directory)| directory.clone())
    }
}
