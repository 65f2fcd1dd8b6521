//! Who is behind a balancer that passes TCP on: it says so in front of the connection, by the PROXY protocol (versions 1 and 2, as
//! HAProxy published it). Believed only of the addresses that the operator lists: anybody else could say anything.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Beginning of version 1, and of version 2.
const TEXT: &[u8; 6] = b"PROXY ";
const BINARY: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// A line of version 1 is at most this long, with its end.
const LINE: usize = 107;
/// How much a header of version 2 may carry behind its addresses.
const LONGEST: usize = 2048;

/// An address, or all those that begin alike: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give an address such as 10.0.0.7, or a network such as 10.0.0.0/8".to_owned();
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.unwrap_or(most);
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let begins_alike = |one: u128, other: u128, width: u32| {
            let rest = width - u32::from(self.bits);
            // All bits are the rest of the network that is everything.
            one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                begins_alike(u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => begins_alike(own.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

/// Whose connection this is: of whom a listed balancer names, otherwise of the peer itself. A listed one that says nothing comes
/// for itself, as health checks do.
pub async fn client(listed: &[Network], stream: &mut TcpStream, peer: SocketAddr) -> io::Result<SocketAddr> {
    if !listed.iter().any(|network| network.contains(peer.ip())) {
        return Ok(peer);
    }
    let mut first = [0];
    stream.peek(&mut first).await?;
    let named = match first[0] {
        b'P' => text(stream).await?,
        b'\r' => binary(stream).await?,
        _ => None,
    };
    Ok(named.unwrap_or(peer))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the PROXY header of a balancer {what}"))
}

/// `PROXY TCP4 192.0.2.7 192.0.2.1 40001 443`
async fn text(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut line = Vec::with_capacity(LINE);
    while !line.ends_with(b"\r\n") {
        if line.len() == LINE || (line.len() == TEXT.len() && line != TEXT) {
            return Err(wrong("is none"));
        }
        line.push(stream.read_u8().await?);
    }
    let line = String::from_utf8(line).map_err(|_| wrong("is no text"))?;
    parse_text(line.trim_end()).ok_or_else(|| wrong("names no address"))
}

/// None where the line does not hold; nobody where it says that it does not know.
fn parse_text(line: &str) -> Option<Option<SocketAddr>> {
    let mut words = line.strip_prefix("PROXY ")?.split(' ');
    let family = words.next()?;
    if family == "UNKNOWN" {
        return Some(None);
    }
    let (source, target): (IpAddr, IpAddr) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (port, _): (u16, u16) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let holds = match family {
        "TCP4" => source.is_ipv4() && target.is_ipv4(),
        "TCP6" => source.is_ipv6() && target.is_ipv6(),
        _ => false,
    };
    (holds && words.next().is_none()).then(|| Some(SocketAddr::new(source, port)))
}

async fn binary(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).await?;
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if !head.starts_with(BINARY) || length > LONGEST {
        return Err(wrong("is none"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    parse_binary(head[12], head[13], &body).ok_or_else(|| wrong("names no address"))
}

fn parse_binary(command: u8, family: u8, body: &[u8]) -> Option<Option<SocketAddr>> {
    match (command, family) {
        // LOCAL: the balancer for itself.
        (0x20, _) => Some(None),
        (0x21, 0x11) => {
            let source: [u8; 4] = body.get(..4)?.try_into().ok()?;
            let port: [u8; 2] = body.get(8..10)?.try_into().ok()?;
            Some(Some(SocketAddr::new(Ipv4Addr::from(source).into(), u16::from_be_bytes(port))))
        }
        (0x21, 0x21) => {
            let source: [u8; 16] = body.get(..16)?.try_into().ok()?;
            let port: [u8; 2] = body.get(32..34)?.try_into().ok()?;
            Some(Some(SocketAddr::new(Ipv6Addr::from(source).into(), u16::from_be_bytes(port))))
        }
        // Another kind of address, which is no client of ours.
        (0x21, _) => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_what_begins_alike() {
        for (text, inside, outside) in [
            ("10.0.0.7", "10.0.0.7", "10.0.0.8"),
            ("10.0.0.0/8", "10.255.1.2", "11.0.0.0"),
            ("0.0.0.0/0", "192.0.2.1", "::1"),
            ("fd00::/8", "fdff::1", "fe80::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ] {
            assert!(network(text).contains(inside.parse().unwrap()), "{text} {inside}");
            assert!(!network(text).contains(outside.parse().unwrap()), "{text} {outside}");
        }
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0", "10.0.0.0/-1", "host", "10.0.0.0/8/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    /// What a server makes of these bytes, and the byte it reads next.
    async fn told(listed: &str, bytes: &[u8]) -> io::Result<(IpAddr, u8)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut balancer = TcpStream::connect(listener.local_addr()?).await?;
        balancer.write_all(bytes).await?;
        balancer.shutdown().await?;
        let (mut stream, peer) = listener.accept().await?;
        let address = client(&[network(listed)], &mut stream, peer).await?;
        Ok((address.ip(), stream.read_u8().await?))
    }

    fn version_2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&BINARY[..], &[command, family], &length, body, &[22]].concat()
    }

    #[tokio::test]
    async fn a_listed_balancer_names_the_client_and_nobody_else_does() {
        let four = [[192, 0, 2, 7], [192, 0, 2, 1]].concat();
        let four = [&four[..], &[1, 2, 1, 187], b"more"].concat();
        let six = [[0x20; 16], [0x30; 16]].concat();
        let six = [&six[..], &[1, 2, 1, 187]].concat();
        let named: IpAddr = "192.0.2.7".parse().unwrap();
        let own: IpAddr = "127.0.0.1".parse().unwrap();
        for (bytes, expected) in [
            (b"PROXY TCP4 192.0.2.7 192.0.2.1 40001 443\r\n\x16".to_vec(), named),
            (
                b"PROXY TCP6 2001:db8::7 2001:db8::1 40001 443\r\n\x16".to_vec(),
                "2001:db8::7".parse().unwrap(),
            ),
            (b"PROXY UNKNOWN whatever\r\n\x16".to_vec(), own),
            (version_2(0x21, 0x11, &four), named),
            (version_2(0x21, 0x21, &six), IpAddr::from([0x20; 16])),
            (version_2(0x20, 0, &[]), own),
            (version_2(0x21, 0x31, &[0; 216]), own),
            (vec![22], own),
        ] {
            assert_eq!(told("127.0.0.1", &bytes).await.unwrap(), (expected, 22), "{bytes:?}");
        }
        let (address, next) =
            told("192.0.2.0/24", b"PROXY TCP4 192.0.2.7 192.0.2.1 40001 443\r\n\x16").await.unwrap();
        assert_eq!((address, next), (own, b'P'), "of another peer it is no header");
    }

    #[tokio::test]
    async fn a_header_that_does_not_hold_ends_the_connection() {
        let long = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200]].concat();
        for bytes in [
            b"PROXY TCP4 192.0.2.7\r\n\x16".to_vec(),
            b"PROXY TCP4 2001:db8::7 192.0.2.1 1 2\r\n\x16".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.1 99999 2\r\n\x16".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n\x16".to_vec(),
            b"POST / HTTP/1.1\r\n".to_vec(),
            long,
            version_2(0x31, 0x11, &[0; 12]),
            version_2(0x21, 0x11, &[0; 4]),
            version_2(0x21, 0x11, &[0; 4000]),
            b"\r\n\r\nGET / HTTP/1.1\r\n\r\n".to_vec(),
        ] {
            assert!(told("127.0.0.1", &bytes).await.is_err(), "{bytes:?}");
        }
    }
}
