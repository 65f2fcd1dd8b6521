//! The load: clients with a connection each that send prepared requests one after the other.

use crate::{
    Result,
    machine::{self, now},
    stats::Latency,
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};
use tokio_rustls::TlsConnector;

/// Where the load goes.
#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    /// None is plain HTTP.
    pub tls: Option<Arc<ClientConfig>>,
}

/// How long the load lasts.
#[derive(Clone, Copy)]
pub enum Until {
    Over(Duration),
    /// Every client has sent so many.
    Sent(usize),
}

/// How fast: each client as fast as it gets answers, or at even times, whatever the answers do. Then a request counts from
/// the time at which it was due.
#[derive(Clone, Copy)]
pub enum Pace {
    Full,
    Each(Duration),
}

/// What came of it.
#[derive(Default)]
pub struct Load {
    pub took: Duration,
    /// Microseconds of each request that was answered with a 2xx.
    pub micros: Vec<f64>,
    /// Answers of another status: the first of them, and how many.
    pub refused: Option<(String, u64)>,
}

impl Load {
    pub fn rate(&self) -> f64 {
        count(self.micros.len()) / self.took.as_secs_f64().max(1e-9)
    }

    pub fn latency(&self) -> Latency {
        Latency::of(self.micros.clone())
    }

    /// An error if anything was refused: then it is not the thing that was to be measured.
    pub fn clean(self, what: &str) -> Result<Self> {
        match &self.refused {
            Some((first, many)) => {
                Err(format!("{what}: {many} requests were refused; the first: {first}").into())
            }
            None if self.micros.is_empty() => Err(format!("{what}: no request was answered").into()),
            None => Ok(self),
        }
    }
}

pub fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The request that a client sends next: by client and number; none ends the client.
pub type Next = Rc<dyn Fn(usize, usize) -> Option<Rc<[u8]>>>;

/// A connection of either kind.
pub enum Wire {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

impl Target {
    pub async fn connect(&self) -> Result<Wire> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            None => Wire::Plain(stream),
            Some(config) => {
                let name = ServerName::try_from("localhost")?;
                Wire::Tls(Box::new(TlsConnector::from(Arc::clone(config)).connect(name, stream).await?))
            }
        })
    }
}

/// An answer: its status, and its body.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Wire {
    /// Sends a request and reads its answer; `buffer` holds nothing between requests.
    pub async fn ask(&mut self, request: &[u8], buffer: &mut Vec<u8>) -> Result<Answer> {
        match self {
            Self::Plain(stream) => ask(stream, request, buffer).await,
            Self::Tls(stream) => ask(stream.as_mut(), request, buffer).await,
        }
    }
}

async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<Answer> {
    stream.write_all(request).await?;
    stream.flush().await?;
    buffer.clear();
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let (status, length) = head(&buffer[..end])?;
            let whole = end + 4 + length;
            while buffer.len() < whole {
                if stream.read_buf(buffer).await? == 0 {
                    return Err("the server closed the connection within an answer".into());
                }
            }
            return Ok(Answer { status, body: buffer.split_off(end + 4) });
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
    }
}

/// Status and length of the body.
fn head(bytes: &[u8]) -> Result<(u16, usize)> {
    let text = std::str::from_utf8(bytes)?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("an answer without a status")?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok((status.parse()?, length.unwrap_or(0)))
}

/// Drives a target with so many clients. Connections are made before the clock starts.
pub fn drive(target: &Target, clients: usize, until: Until, pace: Pace, next: Next) -> Result<Load> {
    drive_all(&[target], clients, until, pace, next)
}

/// Drives several targets, the clients spread over them.
pub fn drive_all(targets: &[&Target], clients: usize, until: Until, pace: Pace, next: Next) -> Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut wires = Vec::with_capacity(clients);
        for target in targets.iter().cycle().take(clients) {
            wires.push(target.connect().await?);
        }
        if machine::load_has_core() {
            // To wake a client that sleeps on another core would be work of the server that no server over a network has.
            drop(tokio::task::spawn_local(async {
                loop {
                    tokio::task::yield_now().await;
                }
            }));
        }
        let start = now();
        let tasks: Vec<_> = wires
            .into_iter()
            .enumerate()
            .map(|(client, wire)| {
                tokio::task::spawn_local(run((client, clients), wire, (start, until, pace), Rc::clone(&next)))
            })
            .collect();
        let mut load = Load::default();
        for task in tasks {
            let one = task.await??;
            load.micros.extend(one.micros);
            if let Some((first, many)) = one.refused {
                let (_, total) = load.refused.get_or_insert((first, 0));
                *total += many;
            }
        }
        load.took = start.elapsed();
        Ok(load)
    })
}

async fn run(
    (client, clients): (usize, usize),
    mut wire: Wire,
    (start, until, pace): (Instant, Until, Pace),
    next: Next,
) -> Result<Load> {
    let mut load = Load::default();
    let mut buffer = Vec::with_capacity(64 * 1024);
    for number in 0.. {
        let over = match until {
            Until::Over(time) => start.elapsed() >= time,
            Until::Sent(many) => number >= many,
        };
        let Some(request) = (if over { None } else { next(client, number) }) else { break };
        let sent = match pace {
            Pace::Full => now(),
            Pace::Each(interval) => {
                // Clients begin one after the other, not all at once.
                let due = start + interval.mul_f64(count(number) + count(client) / count(clients));
                // An answer that came too late delays the next request, and that counts; a timer that is late does not.
                let late = now() >= due;
                tokio::time::sleep_until(due.into()).await;
                if late { due } else { now() }
            }
        };
        let answer = wire.ask(&request, &mut buffer).await?;
        if (200..300).contains(&answer.status) {
            load.micros.push(sent.elapsed().as_secs_f64() * 1e6);
        } else {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            load.refused.get_or_insert((format!("{} {text}", answer.status), 0)).1 += 1;
        }
    }
    Ok(load)
}

/// Asks one thing, on a connection of its own.
pub fn once(target: &Target, request: &[u8]) -> Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { target.connect().await?.ask(request, &mut Vec::new()).await })
}

/// A request in bytes.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Rc<[u8]> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    text += "\r\n";
    text += body;
    text.into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_length_are_read_in_any_letter_case_and_no_length_is_no_body() {
        assert_eq!(head(b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 12\r\nx: y").unwrap(), (200, 12));
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\nx: y").unwrap(), (204, 0));
        assert!(head(b"nonsense").is_err());
    }
}
