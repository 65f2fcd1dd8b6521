use crate::support::{World, digest, open, run, scope, tenant, tenant_id};
use model::{Error, ErrorKind};
use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};
use store::{DataDir, Store};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refusal(path: &Path) -> Error {
    let error = DataDir::open(path).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    error
}

#[test]
fn a_directory_that_others_can_look_into_is_refused_with_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data");
    fs::create_dir(&path).unwrap();
    for mode in [0o750, 0o701, 0o777, 0o710, 0o704] {
        chmod(&path, mode);
        let error = refusal(&path);
        assert!(error.external().contains(&format!("(mode {mode:04o})")), "{error:?}");
        assert!(error.external().ends_with(&format!("Run: chmod 700 {}", path.display())), "{error:?}");
    }
    chmod(&path, 0o700);
    assert!(DataDir::open(&path).is_ok(), "the remedy works");
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_remedy() {
    let World { store, data, home: _home, .. } = World::new();
    drop(store);
    let file = data.path().join("innkeeper.db");
    for mode in [0o640, 0o604, 0o660] {
        chmod(&file, mode);
        let error = Store::open(&data, digest).err().unwrap();
        assert!(error.external().ends_with(&format!("Run: chmod 600 {}", file.display())), "{error:?}");
    }
    chmod(&file, 0o600);
    assert!(Store::open(&data, digest).is_ok(), "the remedy works");
}

#[test]
fn a_second_opener_is_told_who_is_in_the_way() {
    let world = World::new();
    let error = refusal(world.data.path());
    assert!(error.external().starts_with("Another innkeeper is using the data directory"), "{error:?}");
    assert!(error.external().contains("--data-dir"), "{error:?}");
}

#[test]
fn a_file_in_place_of_the_directory_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data");
    fs::write(&path, "x").unwrap();
    chmod(&path, 0o600);
    let error = refusal(&path);
    assert!(error.external().contains(&path.display().to_string()), "{error:?}");
    assert!(error.external().contains("--data-dir"), "{error:?}");
}

#[test]
fn a_directory_without_permission_is_refused_with_the_remedy() {
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: nothing is forbidden to root");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    chmod(home.path(), 0o500);
    let error = refusal(&home.path().join("data"));
    chmod(home.path(), 0o700);
    assert!(error.external().starts_with("No permission for the data directory"), "{error:?}");
}

const OPEN: &str = "INNKEEPER_TEST_OPEN";

/// The child of the next test.
#[test]
fn opens_where_it_is_told() {
    let Some(path) = env::var_os(OPEN) else { return };
    let (_data, store) = open(Path::new(&path));
    run(crate::support::commit(&store, tenant_id(1), |changes| {
        changes.insert_tenant(&tenant(1));
    }))
    .unwrap();
    // The log and its index are removed when the last connection closes, so they are looked at here.
    for name in ["innkeeper.db", "innkeeper.db-wal", "innkeeper.db-shm", "innkeeper.lock"] {
        let mode = fs::metadata(Path::new(&path).join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn files_are_private_whatever_the_umask() {
    let home = tempfile::tempdir().unwrap();
    for umask in ["000", "022", "077"] {
        let status = Command::new("sh")
            .args(["-c", &format!("umask {umask}; exec \"$0\" --exact data_dir::opens_where_it_is_told")])
            .arg(env::current_exe().unwrap())
            .env(OPEN, home.path().join(umask))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "umask {umask}");
        assert!(home.path().join(umask).join("innkeeper.db").exists(), "the child did not do its work");
    }
}

#[test]
fn a_newer_schema_and_a_changed_migration_are_refused_and_left_alone() {
    for (change, text) in [
        (
            "insert into schema_migrations (name, checksum) values ('9999_later', 'x')",
            "written by a newer innkeeper",
        ),
        ("update schema_migrations set checksum = 'x'", "made by another build of innkeeper"),
        (
            "update schema_migrations set name = '0001_other' where name = '0001_directory'",
            "made by another build of innkeeper",
        ),
    ] {
        let world = World::new();
        world.raw().execute_batch(change).unwrap();
        let World { store, data, home: _home, .. } = world;
        drop(store);
        let error = Store::open(&data, digest).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(
            error.external().contains(text) && error.external().contains("restore a backup"),
            "{error:?}"
        );
    }
}

#[test]
fn opening_again_finds_everything() {
    let world = World::new();
    let id = world.add_tenant(1);
    let World { store, data, home: _home, .. } = world;
    drop(store);
    let store = Store::open(&data, digest).unwrap();
    assert_eq!(run(store.read(scope(id), |reader| reader.tenant())).unwrap(), tenant(1));
}
