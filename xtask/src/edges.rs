//! The shape of the house: which crate may use which. One table, judged over the manifests of the workspace.

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

use crate::steps::{Outcome, Run};

/// Each of our crates with those of ours that it may use, in any kind of dependency. A development-dependency counts
/// too: a room whose tests need the rooms above it has its tests in `testkit` or `e2e`.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("odata", &[]),
    ("store", &["model", "odata"]),
    ("identity", &["model"]),
    ("service", &["model", "odata", "store", "identity"]),
    ("web", &["model", "odata", "service"]),
    ("innkeeper", &["service", "web", "store", "identity", "model"]),
];

/// Crates that are never shipped. They may use any of ours, and nothing that is shipped may use them.
const DEVELOPMENT: &[&str] = &["testkit", "e2e", "bench", "xtask"];

/// Libraries that belong to one room, so that a decision about them is taken in one place.
const RESERVED: &[(&str, &[&str])] = &[
    ("rusqlite", &["store", "testkit", "bench"]),
    ("libsqlite3-sys", &["store"]),
    ("tokio-postgres", &["store", "bench"]),
    ("tokio-postgres-rustls", &["store"]),
    ("aws-lc-rs", &["identity", "bench"]),
    ("aws-lc-sys", &["identity"]),
    ("argon2", &["identity"]),
    ("jsonwebtoken", &["identity"]),
    ("rcgen", &["innkeeper", "testkit", "e2e", "bench", "xtask"]),
    ("rustls", &["store", "innkeeper", "testkit", "e2e", "bench", "xtask"]),
    ("tokio-rustls", &["innkeeper", "testkit", "e2e", "bench", "xtask"]),
    ("lettre", &["innkeeper"]),
    ("reqwest", &["innkeeper", "testkit", "e2e", "bench", "xtask"]),
    ("qrcode", &["web"]),
    ("axum", &["web"]),
    ("axum-core", &["web"]),
    ("axum-extra", &["web"]),
    ("hyper", &["web", "bench"]),
    ("tower-http", &["web"]),
    ("hyper-util", &["web", "innkeeper", "bench"]),
];

/// The root of the workspace this program was built from.
pub fn workspace_root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// The manifests of our own crates, without looking at third-party ones (so without a network).
pub fn workspace() -> cargo_metadata::Result<Metadata> {
    MetadataCommand::new().manifest_path(workspace_root().join("Cargo.toml")).no_deps().exec()
}

/// Prints each edge that the tables above do not allow.
pub fn step(_: &Run) -> Outcome {
    let edges = match workspace() {
        Ok(metadata) => edges(&metadata),
        Err(error) => return Outcome::CouldNotRun(format!("cargo metadata failed: {error}")),
    };
    let wrong = violations(edges.iter().map(|(from, to)| (from.as_str(), to.as_str())));
    for line in &wrong {
        println!("{line}");
    }
    match wrong.len() {
        0 => Outcome::Passed,
        count => Outcome::Failed(format!("{count} of {} edges are not allowed", edges.len())),
    }
}

/// Every (crate, dependency) pair of our manifests, whatever the kind or platform, by the dependency's real name.
fn edges(metadata: &Metadata) -> Vec<(String, String)> {
    let pair = |package: &cargo_metadata::Package| {
        let from = package.name.to_string();
        let to = package.dependencies.iter().map(|dependency| dependency.name.clone()).collect::<Vec<_>>();
        to.into_iter().map(move |to| (from.clone(), to)).collect::<Vec<_>>()
    };
    metadata.packages.iter().flat_map(pair).collect()
}

/// One line for each pair that the tables do not allow, with what is allowed instead.
fn violations<'a>(edges: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    edges.filter_map(|(from, to)| room_violation(from, to).or_else(|| library_violation(from, to))).collect()
}

fn room_violation(from: &str, to: &str) -> Option<String> {
    if DEVELOPMENT.contains(&from) {
        return None;
    }
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == from) else {
        return Some(format!("{from} -> {to}: {from} has no row in xtask/src/edges.rs; give it one"));
    };
    let ours = DEVELOPMENT.contains(&to) || ROOMS.iter().any(|(room, _)| *room == to);
    if !ours || allowed.contains(&to) {
        return None;
    }
    let allowed = if allowed.is_empty() { "none of ours".into() } else { allowed.join(", ") };
    Some(format!("{from} -> {to}: {from} may use {allowed}"))
}

fn library_violation(from: &str, to: &str) -> Option<String> {
    let (_, homes) = RESERVED.iter().find(|(library, _)| *library == to)?;
    (!homes.contains(&from)).then(|| format!("{from} -> {to}: only {} may name {to}", homes.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_has_no_edge_that_the_table_does_not_allow() {
        let metadata = workspace().expect("cargo metadata");
        let edges = edges(&metadata);
        assert!(edges.iter().any(|(from, to)| from == "store" && to == "rusqlite"), "the edges are not read");
        let wrong = violations(edges.iter().map(|(from, to)| (from.as_str(), to.as_str())));
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn every_allowed_edge_passes() {
        let rooms = ROOMS.iter().flat_map(|(from, allowed)| allowed.iter().map(|to| (*from, *to)));
        let reserved =
            RESERVED.iter().flat_map(|(library, homes)| homes.iter().map(|home| (*home, *library)));
        let others = [("model", "serde"), ("e2e", "web"), ("xtask", "store")];
        assert_eq!(violations(rooms.chain(reserved).chain(others)), Vec::<String>::new());
    }

    #[test]
    fn a_seeded_bad_edge_is_caught() {
        let seeded = [
            ("model", "store"),
            ("odata", "model"),
            ("store", "identity"),
            ("identity", "store"),
            ("web", "store"),
            ("innkeeper", "odata"),
            ("service", "testkit"),
            ("service", "xtask"),
            ("lobby", "serde"),
            ("service", "rusqlite"),
            ("web", "tokio-postgres"),
            ("web", "aws-lc-rs"),
            ("service", "argon2"),
            ("testkit", "jsonwebtoken"),
            ("identity", "rustls"),
            ("service", "axum"),
            ("innkeeper", "hyper"),
            ("service", "hyper-util"),
        ];
        for edge in seeded {
            let found = violations([edge].into_iter());
            assert_eq!(found.len(), 1, "{edge:?} was not caught once: {found:?}");
            assert!(found[0].starts_with(&format!("{} -> {}: ", edge.0, edge.1)), "{found:?}");
        }
    }
}
