use model::ErrorKind;
use std::{fmt, io, path::Path};

/// What went wrong and what to do, for the person at the terminal.
#[derive(Debug)]
pub struct Problem(String);

/// The result of everything in the binary.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// A problem in these words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A file that cannot be read, written or made, and what to do about it.
    pub fn file(verb: &str, path: &Path, error: &io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Free some space and try again",
            io::ErrorKind::PermissionDenied => {
                "Give it to the user that runs innkeeper, or choose another place"
            }
            io::ErrorKind::NotFound => "Make the directory first, or choose another place",
            io::ErrorKind::ReadOnlyFilesystem => "Choose a place that can be written to",
            _ => "Check the place, or choose another one",
        };
        Self(format!("Cannot {verb} {}: {error}. {advice}.", path.display()))
    }
}

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<model::Error> for Problem {
    /// The operator may read what the log may.
    fn from(error: model::Error) -> Self {
        Self(match (error.kind(), error.internal_text()) {
            (ErrorKind::Internal, Some(internal)) => internal.to_owned(),
            (_, Some(internal)) => format!("{} ({internal})", error.external()),
            (_, None) => error.external().to_owned(),
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
