//! Where a directory is kept: embedded in the data directory, or in PostgreSQL.

use crate::{
    cli::{Database, Distribute, MigrateStore},
    files,
    machine::{MachineClock, MachineRandom},
    problem::{Problem, Result},
    terminal::{say, tell},
};
use identity::MasterKey;
use service::{Directory, Outside, Parts};
use std::{
    fs,
    io::{IsTerminal, stderr},
    path::{Path, absolute},
    sync::Arc,
};
use store::{DataDir, DatabaseUrl, Options, Progress, Store};

const MASTER_KEY: &str = "master.key";
/// The embedded database.
const EMBEDDED: &str = "innkeeper.db";
/// What it is called once it was moved elsewhere, so that no server goes on with it by mistake.
const MOVED: &str = "innkeeper.db.moved";
/// What the database may know of the master key, to tell it from another.
const CHECK: &str = "master key check";

/// Opens the store and the key that seals what is in it.
pub async fn open(data: &DataDir, database: &Database) -> Result<(Store, MasterKey)> {
    let Some(url) = &database.database_url else {
        refuse_moved(data.path())?;
        let (master, _) = master_key(data.path(), true)?;
        return Ok((Store::open(data, identity::digest)?, master));
    };
    let options = Options { connections: usize::from(database.database_connections), ..Options::default() };
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
    hex::encode(master.mac(CHECK, b""))
}

/// The key of this data directory, made before anything is sealed with it and never again; and whether it was made now.
fn master_key(directory: &Path, embedded: bool) -> Result<(MasterKey, bool)> {
    let path = directory.join(MASTER_KEY);
    if let Some(text) = files::read(&path).map_err(|error| Problem::file("read", &path, &error))? {
        return Ok((MasterKey::from_hex(&text)?, false));
    }
    if embedded && directory.join(EMBEDDED).exists() {
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

fn refuse_moved(directory: &Path) -> Result<()> {
    if directory.join(EMBEDDED).exists() || !directory.join(MOVED).exists() {
        return Ok(());
    }
    Err(Problem::new(format!(
        "The directory in {} was moved to PostgreSQL. Give its address with --database-url or INNKEEPER_DATABASE_URL. To go \
         back to the state before the move, rename {MOVED} to {EMBEDDED}.",
        directory.display()
    )))
}

/// `migrate-store`: moves the directory, or changes nothing.
pub async fn migrate(migrate: &MigrateStore) -> Result<()> {
    let path = absolute(&migrate.from).map_err(|error| Problem::file("find", &migrate.from, &error))?;
    if !path.join(EMBEDDED).exists() {
        return Err(Problem::new(format!(
            "There is no embedded database in {}. Check --from.",
            path.display()
        )));
    }
    let data = DataDir::open(&path)?;
    let (master, _) = master_key(&path, true)?;
    let source = Store::open(&data, identity::digest)?;
    let target = Store::connect(&DatabaseUrl::parse(&migrate.to)?, identity::digest)?;
    target.agree_on_master_key(&check(&master)).await?;
    let live = stderr().is_terminal();
    let counts = target.import(&source, move |progress| show(&progress, live)).await?;
    let rows: i64 = counts.iter().map(|(_, rows)| rows).sum();
    let findings = Directory::new(Parts {
        store: target,
        clock: Arc::new(MachineClock::start()),
        random: Arc::new(MachineRandom),
        master,
        origins: Vec::new(),
        passcodes: None,
        outside: Outside::default(),
    })
    .await?
    .verify()
    .await?;
    if !findings.problems.is_empty() {
        return Err(Problem::new(format!(
            "Everything was copied, but this does not hold in the copy:\n  {}\nThe directory in {} is as it was; see whether it \
             holds there with: innkeeper verify",
            findings.problems.join("\n  "),
            path.display()
        )));
    }
    drop(source);
    let (from, to) = (path.join(EMBEDDED), path.join(MOVED));
    fs::rename(&from, &to).map_err(|error| Problem::file("rename", &from, &error))?;
    say(&format!(
        "Moved {rows} rows of {} tables; {} organisations and {} audit records were checked. All is well.\n\
         Start the server with --data-dir {} and the address of the database. The former one is now {}.\n",
        counts.len(),
        findings.tenants,
        findings.records,
        path.display(),
        to.display()
    ));
    Ok(())
}

/// One line for each table; where a person looks on, it counts.
fn show(progress: &Progress, live: bool) {
    let Progress { table, rows, of } = progress;
    if *of == 0 {
        return;
    }
    if rows == of {
        tell(&format!("{}{table}: {rows} of {of}\n", if live { "\r" } else { "" }));
    } else if live {
        tell(&format!("\r{table}: {rows} of {of}"));
    }
}

/// `database distribute`.
pub async fn distribute(distribute: &Distribute) -> Result<()> {
    let store = Store::connect(&DatabaseUrl::parse(&distribute.database_url)?, identity::digest)?;
    let done = store.distribute().await?;
    let list = |tables: &[String]| if tables.is_empty() { "none".to_owned() } else { tables.join(", ") };
    say(&format!(
        "Distributed by organisation: {}\nCopied to every machine: {}\nDone before: {}\n",
        list(&done.distributed),
        list(&done.copied),
        list(&done.before)
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn a_directory_that_was_moved_is_not_begun_anew_beside_the_database() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let data = DataDir::open(scratch.path()).unwrap();
        drop(open(&data, &Database::embedded()).await.unwrap());
        fs::rename(scratch.path().join(EMBEDDED), scratch.path().join(MOVED)).unwrap();
        let problem = open(&data, &Database::embedded()).await.err().unwrap().to_string();
        assert!(problem.contains("--database-url") && !scratch.path().join(EMBEDDED).exists(), "{problem}");
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_refused_without_being_quoted() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let data = DataDir::open(scratch.path()).unwrap();
        let database =
            Database { database_url: Some("mysql://u:secret@h/d".to_owned()), ..Database::embedded() };
        let problem = open(&data, &database).await.err().unwrap().to_string();
        assert!(
            problem.contains("postgres://user:password@host") && !problem.contains("secret"),
            "{problem}"
        );
    }
}
