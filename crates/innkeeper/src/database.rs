//! Where a directory is kept: embedded in the data directory, or in PostgreSQL.

use crate::{
    cli::Database,
    files,
    machine::MachineRandom,
    problem::{Problem, Result},
};
use identity::MasterKey;
use std::path::Path;
use store::{DataDir, DatabaseUrl, Options, Store};

const MASTER_KEY: &str = "master.key";
/// What the database may know of the master key, to tell it from another.
const CHECK: &str = "master key check";

/// Opens the store and the key that seals what is in it.
pub async fn open(data: &DataDir, database: &Database) -> Result<(Store, MasterKey)> {
    let Some(url) = &database.database_url else {
        let (master, _) = master_key(data.path(), true)?;
        return Ok((Store::open(data, identity::digest)?, master));
    };
    let options =
        Options { connections: usize::from(database.database_connections), ..Options::default() };
    let store = Store::connect_with(&DatabaseUrl::parse(url)?, identity::digest, options)?;
    let (master, fresh) = master_key(data.path(), false)?;
    if let Err(error) = store.agree_on_master_key(&check(&master)).await {
        if fresh {
            // A key that nothing was sealed with would only be in the way of the right one.
            let path = data.path().join(MASTER_KEY);
            files::remove(&path).map_err(|error| Problem::file("remove", &path, &error))?;
        }
        return Err(error.into());
    }
    Ok((store, master))
}

fn check(master: &MasterKey) -> String {
    let mac = master.mac(CHECK, b"");
    mac.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key of this data directory, made before anything is sealed with it and never again; and whether it was made now.
fn master_key(directory: &Path, embedded: bool) -> Result<(MasterKey, bool)> {
    let path = directory.join(MASTER_KEY);
    if let Some(text) = files::read(&path).map_err(|error| Problem::file("read", &path, &error))? {
        return Ok((MasterKey::from_hex(&text)?, false));
    }
    if embedded && directory.join("innkeeper.db").exists() {
        return Err(Problem::new(format!(
            "{} is missing, and the database beside it cannot be used without it. Put the file back from the backup of \
             this data directory. To give up what is in the database, choose another directory with --data-dir.",
            path.display()
        )));
    }
    let key = MasterKey::generate(&MachineRandom);
    files::replace(&path, files::PRIVATE, &key.to_hex())
        .map_err(|error| Problem::file("write", &path, &error))?;
    Ok((key, true))
}
