//! Hands each connection to the next server that takes it.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// Works until it is dropped.
pub struct RoundRobin {
    pub port: u16,
    over: Arc<AtomicBool>,
}

impl RoundRobin {
    /// Before the servers at these ports.
    pub fn before(ports: Vec<u16>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (over, next) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
        let (seen, ports) = (Arc::clone(&over), Arc::new(ports));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if seen.load(Ordering::Relaxed) {
                    return;
                }
                let (turn, ports) = (next.fetch_add(1, Ordering::Relaxed), Arc::clone(&ports));
                thread::spawn(move || hand_over(client, &ports, turn));
            }
        });
        Self { port, over }
    }
}

impl Drop for RoundRobin {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn hand_over(client: TcpStream, ports: &[u16], turn: usize) {
    let servers = (0..ports.len()).map(|step| ports[(turn + step) % ports.len()]);
    let Some(server) =
        servers.into_iter().find_map(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
    else {
        return;
    };
    let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else { return };
    let up = thread::spawn(move || carry(from_client, server));
    carry(from_server, client);
    drop(up.join());
}

/// Carries bytes until one end is over, and tells the other.
fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(read @ 1..) if to.write_all(&buffer[..read]).is_ok() => {}
            _ => break,
        }
    }
    drop(to.shutdown(Shutdown::Write));
}
