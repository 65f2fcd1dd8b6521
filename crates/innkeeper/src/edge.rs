//! Connections: how they come in, and how they are seen off.

use crate::{
    problem::{Problem, Result},
    proxy::{self, Network},
};
use rustls::ServerConfig;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How many connections may be open at once; more wait in the queue of the operating system.
const CONNECTIONS: usize = 10_000;
/// Descriptors that are kept for everything but connections.
const RESERVED: u64 = 128;
/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// What a client reads that speaks HTTP without TLS, as browsers do when the address is typed without its beginning.
const HTTPS_ONLY: &str = "This server speaks HTTPS only. Use an address that begins with https://.\n";
/// How much of such a request is read and thrown away.
const UNREAD: u64 = 64 * 1024;
/// How long to wait after the operating system refused a connection, usually for want of descriptors.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Begins to listen.
///
/// # Errors
/// Says what to do about a port that is taken, forbidden or not on this machine.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| {
        Problem::new(match error.kind() {
            io::ErrorKind::AddrInUse => format!(
                "The address {listen} is in use by another program. Choose another port, or let one be picked: --listen {}",
                SocketAddr::new(listen.ip(), 0)
            ),
            io::ErrorKind::PermissionDenied => format!(
                "No permission to listen on {listen}. Choose a port from 1024 on, or grant the right to: \
                 setcap cap_net_bind_service=+ep on the innkeeper program"
            ),
            io::ErrorKind::AddrNotAvailable => {
                format!("{} is not an address of this machine. Choose one that is: --listen 127.0.0.1:8443", listen.ip())
            }
            _ => format!("Cannot listen on {listen}: {error}. Choose another address with --listen."),
        })
    })
}

/// What one listener needs to serve.
pub struct Edge {
    /// Where connections come in.
    pub listener: TcpListener,
    /// How they are secured.
    pub tls: Arc<ServerConfig>,
    /// Who answers.
    pub app: web::App,
    /// Balancers that are believed about whom they come for.
    pub proxies: Arc<[Network]>,
}

impl Edge {
    /// Serves until `stop` turns true, then waits until the last connection has ended.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let limit = connection_limit();
        let places = Arc::new(Semaphore::new(limit));
        self.accept(&places, stop).await;
        // Whoever has a place gives it back at the end of the connection; a closed semaphore means the same.
        drop(places.acquire_many(u32::try_from(limit).unwrap_or(u32::MAX)).await);
    }

    /// Takes connections until `stop`; returning closes the listener.
    async fn accept(self, places: &Arc<Semaphore>, stop: watch::Receiver<bool>) {
        let acceptor = TlsAcceptor::from(self.tls);
        let mut own_stop = stop.clone();
        let mut failing = false;
        loop {
            let accepted = tokio::select! {
                () = stopped(&mut own_stop) => return,
                accepted = next(&self.listener, places) => accepted,
            };
            match accepted {
                Ok((place, stream, peer)) => {
                    failing = false;
                    tokio::spawn(connection(
                        self.app.clone(),
                        acceptor.clone(),
                        Arc::clone(&self.proxies),
                        (stream, peer),
                        stop.clone(),
                        place,
                    ));
                }
                // The client gave up before its turn came.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                    ) => {}
                Err(error) => {
                    if !failing {
                        tracing::warn!(%error, "connections cannot be accepted; trying again until they can");
                    }
                    failing = true;
                    sleep(BACK_OFF).await;
                }
            }
        }
    }
}

async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((place, stream, peer))
}

async fn connection(
    app: web::App,
    acceptor: TlsAcceptor,
    proxies: Arc<[Network]>,
    (stream, peer): (TcpStream, SocketAddr),
    stop: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    // Answers are written in one piece; waiting to fill a packet only delays them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    // `serve` must see the turn of `stop` itself, so the handshake looks at a copy.
    let mut during_handshake = stop.clone();
    let secured = tokio::select! {
        secured = timeout(HANDSHAKE, secure(&acceptor, &proxies, (stream, peer))) => secured,
        () = stopped(&mut during_handshake) => return,
    };
    match secured {
        Ok(Ok(Some((stream, client)))) => web::serve(app, stream, client, stop).await,
        Ok(Ok(None)) => tracing::debug!("a client spoke HTTP without TLS"),
        Ok(Err(error)) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Finds out whose connection it is, and shakes hands; whoever speaks HTTP without TLS is told, and there is no stream.
async fn secure(
    acceptor: &TlsAcceptor,
    proxies: &[Network],
    (mut stream, peer): (TcpStream, SocketAddr),
) -> io::Result<Option<(TlsStream<TcpStream>, SocketAddr)>> {
    let client = proxy::client(proxies, &mut stream, peer).await?;
    let mut first = [0];
    stream.peek(&mut first).await?;
    // TLS begins with the byte 22, HTTP with the name of a method.
    if !first[0].is_ascii_uppercase() {
        return acceptor.accept(stream).await.map(|stream| Some((stream, client)));
    }
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{HTTPS_ONLY}",
        HTTPS_ONLY.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // A connection that is closed with something unread takes the answer back.
    tokio::io::copy(&mut stream.take(UNREAD), &mut tokio::io::sink()).await?;
    Ok(None)
}

/// As many as the operating system gives descriptors for, after asking it for all that it may give.
fn connection_limit() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let asked = rustix::process::Rlimit { current: limit.maximum, ..limit };
    if setrlimit(Resource::Nofile, asked).is_ok() {
        limit.current = limit.maximum;
    }
    let descriptors = limit.current.unwrap_or(u64::MAX).saturating_sub(RESERVED).max(1);
    let limit = usize::try_from(descriptors).unwrap_or(usize::MAX).min(CONNECTIONS);
    if limit < CONNECTIONS {
        tracing::warn!(
            limit,
            "few open files are allowed, and so few connections at once; raise it with: ulimit -n 16384"
        );
    }
    limit
}

/// Waits until `stop` is true, or nobody is left to turn it.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// The signals that ask a server to end.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Not for a program under nohup, which is to outlive its terminal.
    hangup: Option<Signal>,
}

impl Signals {
    /// From now on, these signals no longer end the process by themselves.
    pub fn catch() -> Result<Self> {
        let catch = |kind| {
            signal(kind)
                .map_err(|error| Problem::new(format!("Signals cannot be caught: {error}. Start again.")))
        };
        let hangup = if hangup_is_ignored() { None } else { Some(catch(SignalKind::hangup())?) };
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
            hangup,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        let Self { terminate, interrupt, hangup } = self;
        let hung_up = async {
            match hangup {
                Some(hangup) => _ = hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = hung_up => {}
        }
    }
}

/// Was the program started with SIGHUP ignored? Its bit is the lowest of the mask that the kernel shows.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_says_how_to_get_another() {
        let taken = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let problem = bind(taken.local_addr().unwrap()).await.unwrap_err().to_string();
        assert!(problem.contains("in use") && problem.contains("--listen 127.0.0.1:0"), "{problem}");
    }

    #[tokio::test]
    async fn a_foreign_address_is_refused_with_advice() {
        let problem = bind("192.0.2.1:0".parse().unwrap()).await.unwrap_err().to_string();
        assert!(problem.contains("--listen"), "{problem}");
    }
}
