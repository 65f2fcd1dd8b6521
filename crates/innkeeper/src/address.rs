//! Under which addresses a server is known.

use crate::problem::{Problem, Result};
use std::{fmt, net::IpAddr, net::SocketAddr, str::FromStr};

/// An https address without a path: `https://host[:port]`, the port left out when it is 443.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicUrl {
    host: String,
    port: u16,
}

impl PublicUrl {
    /// The host, without brackets if it is an IPv6 address.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            443 => write!(f, "https://{}", self.host),
            port => write!(f, "https://{}:{port}", self.host),
        }
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form =
            || "give https://, a host name or IP address, and a port unless it is 443; no path".to_owned();
        let rest = text.trim().to_ascii_lowercase();
        let rest = rest.strip_prefix("https://").ok_or_else(form)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match authority.rsplit_once(':') {
            // The last colon of a bracketed address without a port lies inside the brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| form())?),
            _ => (authority, 443),
        };
        let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let plausible = match address {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                !host.is_empty()
                    && host.len() <= 253
                    && host.split('.').all(|label| !label.is_empty() && label.len() <= 63)
                    && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
            }
        };
        if plausible && port != 0 { Ok(Self { host: host.to_owned(), port }) } else { Err(form()) }
    }
}

fn url(ip: IpAddr, port: u16) -> PublicUrl {
    let host = match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    PublicUrl { host, port }
}

/// The address to announce when none was given.
///
/// # Errors
/// A real server that listens on every address cannot know under which one it is reached.
pub fn public_url(given: Option<&PublicUrl>, bound: SocketAddr, demo: bool) -> Result<PublicUrl> {
    match given {
        Some(given) => Ok(given.clone()),
        None if bound.ip().is_loopback() || (demo && bound.ip().is_unspecified()) => {
            Ok(PublicUrl { host: "localhost".to_owned(), port: bound.port() })
        }
        None if bound.ip().is_unspecified() => Err(Problem::new(format!(
            "Listening on {bound} makes the server reachable under many addresses. Say which one people use: \
             --public-url https://directory.example.org"
        ))),
        None => Ok(url(bound.ip(), bound.port())),
    }
}

/// All addresses under which requests are taken and tokens hold: the public one first, then those of this machine, then those
/// of further names in the certificate, which clients reach at our port or, through a proxy, at that of https.
pub fn origins(public: &PublicUrl, port: u16, names: &[String]) -> Vec<String> {
    let local = ["127.0.0.1", "[::1]", "localhost"].map(|host| PublicUrl { host: host.to_owned(), port });
    let named = names.iter().flat_map(|name| [443, port].map(|port| PublicUrl { host: name.clone(), port }));
    let mut origins = vec![public.to_string()];
    for origin in local.into_iter().chain(named).map(|url| url.to_string()) {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_kept_in_one_spelling() {
        for (given, kept) in [
            ("https://Directory.Example.ORG/", "https://directory.example.org"),
            ("https://directory.example.org:443", "https://directory.example.org"),
            ("https://localhost:8443", "https://localhost:8443"),
            ("https://[::1]:8443/", "https://[::1]:8443"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(given.parse::<PublicUrl>().unwrap().to_string(), kept);
        }
    }

    #[test]
    fn nothing_but_an_https_root_is_a_public_url() {
        for bad in [
            "http://localhost:8443",
            "localhost:8443",
            "https://",
            "https://host/path",
            "https://host//",
            "https://user@host",
            "https://host:0",
            "https://host:99999",
            "https://host?x",
            "https://host#x",
            "https://a..b",
            "https://[localhost]",
            "https://::1",
            "https://a b",
        ] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_announced_address_follows_the_port_that_was_bound() {
        let url =
            |bound: &str, demo| public_url(None, bound.parse().unwrap(), demo).map(|url| url.to_string());
        assert_eq!(url("127.0.0.1:40001", true).unwrap(), "https://localhost:40001");
        assert_eq!(url("[::1]:443", false).unwrap(), "https://localhost");
        assert_eq!(url("192.0.2.7:8443", false).unwrap(), "https://192.0.2.7:8443");
        assert_eq!(url("0.0.0.0:8443", true).unwrap(), "https://localhost:8443");
        assert!(url("0.0.0.0:8443", false).unwrap_err().to_string().contains("--public-url"));
    }

    #[test]
    fn each_origin_is_named_once_and_the_public_one_first() {
        let public: PublicUrl = "https://localhost:8443".parse().unwrap();
        assert_eq!(
            origins(&public, 8443, &[]),
            ["https://localhost:8443", "https://127.0.0.1:8443", "https://[::1]:8443"]
        );
        let public: PublicUrl = "https://directory.example.org".parse().unwrap();
        assert_eq!(origins(&public, 8443, &[]).len(), 4);
        let named = origins(&public, 8443, &["graph.microsoft.com".to_owned()]);
        assert_eq!(named[4..], ["https://graph.microsoft.com", "https://graph.microsoft.com:8443"]);
    }
}
