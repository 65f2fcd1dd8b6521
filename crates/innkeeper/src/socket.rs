//! How tools talk to the server that holds a data directory: one JSON request per line, one JSON answer per line, over a
//! socket that only the server's account can open.

use crate::{
    admin::{Request, Response, execute},
    edge::stopped,
    files,
    problem::{Problem, Result},
};
use service::Directory;
use std::{
    fs::{self, File, Permissions},
    io,
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::{sleep, timeout},
};

const NAME: &str = "innkeeper.sock";
/// The longest request, in bytes: a piece of an import.
const LINE: u64 = 16 << 20;
/// How long a tool may take to send its request.
const PATIENCE: Duration = Duration::from_secs(10);

/// The name of a socket may have only about a hundred bytes. A directory of any length has a short name while it is open.
fn short_path(directory: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{NAME}", directory.as_raw_fd()))
}

/// Begins to listen. The caller holds the directory, so a socket that is there belongs to a server that is gone.
pub fn bind(data_dir: &Path) -> Result<UnixListener> {
    let path = data_dir.join(NAME);
    let open = || -> io::Result<UnixListener> {
        files::remove(&path)?;
        let listener = UnixListener::bind(short_path(&File::open(data_dir)?))?;
        fs::set_permissions(&path, Permissions::from_mode(files::PRIVATE))?;
        Ok(listener)
    };
    open().map_err(|error| Problem::file("make", &path, &error))
}

/// Removes the socket of a server that ends.
pub fn remove(data_dir: &Path) {
    drop(files::remove(&data_dir.join(NAME)));
}

/// Answers tools until `stop` turns true.
pub async fn serve(listener: UnixListener, directory: Directory, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut stop) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => drop(tokio::spawn(conversation(stream, directory.clone()))),
            Err(error) => {
                tracing::debug!(%error, "a tool could not connect");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn conversation(stream: UnixStream, directory: Directory) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    while let Ok(Ok(Some(line))) = timeout(PATIENCE, read_line(&mut reader)).await {
        let response = match serde_json::from_str(&line) {
            Ok(request) => execute(&directory, request).await,
            Err(_) => Response::Failed {
                message: "The running server does not understand this request. Use the innkeeper program that it was \
                          started from, or restart it."
                    .to_owned(),
            },
        };
        if send(&mut writer, &response).await.is_err() {
            return;
        }
    }
}

/// The next line; nothing at the end, an error for one that is too long.
async fn read_line(reader: &mut (impl AsyncRead + AsyncBufReadExt + Unpin)) -> io::Result<Option<String>> {
    let mut line = String::new();
    let mut limited = reader.take(LINE);
    limited.read_line(&mut line).await?;
    match (line.is_empty(), line.ends_with('\n')) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(line)),
        (false, false) => Err(io::Error::from(io::ErrorKind::InvalidData)),
    }
}

async fn send(
    writer: &mut (impl AsyncWriteExt + Unpin),
    message: &(impl serde::Serialize + Sync),
) -> io::Result<()> {
    let line = serde_json::to_string(message)? + "\n";
    writer.write_all(line.as_bytes()).await
}

/// A conversation with the server that holds a directory.
pub struct Talk {
    data_dir: PathBuf,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Talk {
    /// Begins one; nothing if there is no server.
    pub async fn open(data_dir: &Path) -> Result<Option<Self>> {
        let Ok(directory) = File::open(data_dir) else { return Ok(None) };
        let stream = match UnixStream::connect(short_path(&directory)).await {
            Ok(stream) => stream,
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(lost(data_dir, &error)),
        };
        let (reader, writer) = stream.into_split();
        Ok(Some(Self { data_dir: data_dir.to_owned(), reader: BufReader::new(reader), writer }))
    }

    /// Asks one thing and waits for the answer.
    pub async fn ask(&mut self, request: &Request) -> Result<Response> {
        let Self { data_dir, reader, writer } = self;
        send(writer, request).await.map_err(|error| lost(data_dir, &error))?;
        // Answers are as long as they are: only the server is on the other side.
        let mut line = String::new();
        reader.read_line(&mut line).await.map_err(|error| lost(data_dir, &error))?;
        serde_json::from_str(&line).map_err(|error| lost(data_dir, &error))
    }
}

/// Asks the server that holds the directory one thing; nothing if there is none.
pub async fn ask(data_dir: &Path, request: &Request) -> Result<Option<Response>> {
    match Talk::open(data_dir).await? {
        Some(mut talk) => talk.ask(request).await.map(Some),
        None => Ok(None),
    }
}

fn lost(data_dir: &Path, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(format!(
        "The server that holds {} did not answer: {error}. Whether the request was carried out is not known; look, and \
         repeat it if need be.",
        data_dir.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn a_line_ends_and_is_not_too_long() {
        let mut reader = BufReader::new("one\ntwo".as_bytes());
        assert_eq!(read_line(&mut reader).await.unwrap().as_deref(), Some("one\n"));
        assert!(read_line(&mut reader).await.is_err(), "a line that was cut is not taken");
        let long = "x".repeat(usize::try_from(LINE).unwrap() + 1) + "\n";
        assert!(read_line(&mut BufReader::new(long.as_bytes())).await.is_err());
        assert_eq!(read_line(&mut BufReader::new("".as_bytes())).await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_socket_is_private_replaces_a_stale_one_and_works_under_a_long_path() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let long = scratch.path().join("d".repeat(200));
        fs::create_dir(&long).unwrap();
        fs::write(long.join(NAME), "stale").unwrap();
        let listener = bind(&long).unwrap();
        assert_eq!(fs::metadata(long.join(NAME)).unwrap().permissions().mode() & 0o777, 0o600);
        let answering = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (reader, mut writer) = stream.into_split();
            let line = read_line(&mut BufReader::new(reader)).await.unwrap().unwrap();
            assert!(serde_json::from_str::<Request>(&line).unwrap() == Request::ListTenants);
            send(&mut writer, &Response::Tenants { tenants: Vec::new() }).await.unwrap();
        });
        let response = ask(&long, &Request::ListTenants).await.unwrap();
        assert!(response == Some(Response::Tenants { tenants: Vec::new() }));
        answering.await.unwrap();
    }

    #[tokio::test]
    async fn nobody_answers_where_no_server_is() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        assert!(ask(scratch.path(), &Request::ListTenants).await.unwrap().is_none());
        drop(bind(scratch.path()).unwrap());
        assert!(
            ask(scratch.path(), &Request::ListTenants).await.unwrap().is_none(),
            "a stale socket is nobody"
        );
        assert!(ask(&scratch.path().join("missing"), &Request::ListTenants).await.unwrap().is_none());
    }
}
