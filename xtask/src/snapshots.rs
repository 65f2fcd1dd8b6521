//! Snapshots must be reviewed and must be used: a pending one was never looked at, an unused one proves nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::steps::{Outcome, Run};

/// insta appends the path of each snapshot that a test compares with to this file.
fn recording(run: &Run) -> PathBuf {
    run.target.join("snapshot-references.txt")
}

/// Empties the recording and returns where it is. It exists from here on, so that "no snapshot used" can be told
/// from "not recorded".
pub fn start_recording(run: &Run) -> std::io::Result<PathBuf> {
    let path = recording(run);
    std::fs::write(&path, "")?;
    Ok(path)
}

/// A test that failed may not have come to its later snapshots, so its recording says nothing.
pub fn discard_recording(run: &Run) {
    // A file that is gone already is as good as removed.
    let _ = std::fs::remove_file(recording(run));
}

/// No pending snapshot anywhere and, when every test passed, none that no test compared with.
pub fn step(run: &Run) -> Outcome {
    let files = match files_below(&run.root.join("crates")) {
        Ok(files) => files,
        Err(error) => return Outcome::CouldNotRun(format!("cannot list the snapshots: {error}")),
    };
    let used = std::fs::read_to_string(recording(run)).ok();
    let used = used.map(|text| text.lines().filter_map(|line| Path::new(line).canonicalize().ok()).collect());
    let findings = findings(&files, used.as_ref());
    for finding in &findings {
        println!("{finding}");
    }
    match (findings.len(), used) {
        (0, Some(_)) => Outcome::Passed,
        (0, None) => {
            Outcome::CouldNotRun("none is pending, but unused ones show only when every test passed".into())
        }
        (count, _) => Outcome::Failed(format!("{count} snapshots to look at")),
    }
}

fn findings(files: &[PathBuf], used: Option<&BTreeSet<PathBuf>>) -> Vec<String> {
    let ends = |file: &&PathBuf, end: &str| file.to_string_lossy().ends_with(end);
    let pending =
        files.iter().filter(|file| ends(file, ".snap.new") || ends(file, ".pending-snap")).map(|file| {
            format!("pending: {} (review it with `cargo insta review`, or delete it)", file.display())
        });
    let unused = files
        .iter()
        .filter(|file| ends(file, ".snap") && used.is_some_and(|used| !used.contains(*file)))
        .map(|file| format!("no test compares with {} (delete it)", file.display()));
    pending.chain(unused).collect()
}

/// Every file below a directory, by its canonical path, in a fixed order.
pub fn files_below(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![directory.canonicalize()?];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_pending_snapshot_is_found() {
        let found = findings(&paths(&["/a/x.snap", "/a/x.snap.new", "/a/.lib.rs.pending-snap"]), None);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|line| line.starts_with("pending: ")), "{found:?}");
    }

    #[test]
    fn a_snapshot_no_test_compared_with_is_found_only_when_every_test_passed() {
        let files = paths(&["/a/used.snap", "/a/old.snap", "/a/lib.rs"]);
        let used = BTreeSet::from([PathBuf::from("/a/used.snap")]);
        let found = findings(&files, Some(&used));
        assert_eq!(found, ["no test compares with /a/old.snap (delete it)"]);
        assert!(findings(&files, None).is_empty());
    }
}
