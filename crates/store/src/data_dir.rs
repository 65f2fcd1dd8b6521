use model::{Error, ErrorKind, Result};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The directory that holds everything a server keeps, held by one process at a time.
pub struct DataDir {
    path: PathBuf,
    lock: File,
}

fn refuse(external: String) -> Error {
    Error::new(ErrorKind::Conflict, external)
}

fn explain(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    refuse(match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!(
                "No permission for the data directory {path}. Give it to the user that runs innkeeper, or choose another with --data-dir."
            )
        }
        io::ErrorKind::StorageFull => {
            format!("The disk of the data directory {path} is full. Free some space and start again.")
        }
        _ => format!("The data directory {path} cannot be used: {error}. Choose another with --data-dir."),
    })
}

impl DataDir {
    /// Creates the directory if need be (mode 0700) and takes its lock. A second process is refused, and so is a
    /// directory that others can look into, or one on a network file system, where locks and syncs cannot be relied on.
    pub fn open(path: &Path) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| explain(path, &error))?;
        let mode = fs::metadata(path).map_err(|error| explain(path, &error))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(refuse(format!(
                "The data directory {0} can be read by other users (mode {mode:04o}). Run: chmod 700 {0}",
                path.display()
            )));
        }
        refuse_network(path)?;
        let lock_path = path.join("innkeeper.lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|error| explain(path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => Err(refuse(format!(
                "Another innkeeper is using the data directory {}. Stop it, or choose another directory with --data-dir.",
                path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(explain(&lock_path, &error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Another handle on the lock: whoever has one keeps other processes out.
    pub(crate) fn hold(&self) -> Result<File> {
        self.lock.try_clone().map_err(|error| explain(&self.path, &error))
    }

    /// A file in it that nobody else may read: refused when its mode is wider than 0600.
    pub fn private_file(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                Err(refuse(format!("{0} can be read by other users. Run: chmod 600 {0}", path.display())))
            }
            Ok(_) => Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path),
            Err(error) => Err(explain(&path, &error)),
        }
    }
}

/// NFS, SMB, CIFS, FUSE-based and cluster file systems by their magic numbers (statfs(2)).
const NETWORK: [u64; 6] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0102_1997, 0x00C3_6400];

fn refuse_network(path: &Path) -> Result<()> {
    let Ok(information) = rustix::fs::statfs(path) else { return Ok(()) };
    let magic = u64::try_from(information.f_type).unwrap_or_default() & 0xFFFF_FFFF;
    if NETWORK.contains(&magic) {
        return Err(refuse(format!(
            "The data directory {} is on a network file system, where the embedded database would lose data. Use a local disk.",
            path.display()
        )));
    }
    Ok(())
}
