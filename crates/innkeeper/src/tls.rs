//! The local certificate authority: HTTPS from the first start on, without asking anybody for a certificate.
//!
//! Microsoft's libraries refuse an http authority, so there is no way to do without. The authority is made once, because
//! whoever uses the server has been told to trust it; the server's own certificate is replaced whenever it has to be.

use crate::files::{self, PRIVATE, PUBLIC};
use model::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    CertificateError, RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    version::{TLS12, TLS13},
};
use std::{
    collections::BTreeSet,
    fmt::Display,
    fs,
    io::ErrorKind,
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

const CA: &str = "ca.pem";
const CA_KEY: &str = "ca-key.pem";
const SERVER: &str = "server.pem";
const SERVER_KEY: &str = "server-key.pem";

const CA_LIFE: Span = Span::days(3_653);
/// Some clients refuse certificates for more than 398 days.
const SERVER_LIFE: Span = Span::days(397);
/// A certificate with less than this left is replaced at the next start.
const RENEW: Span = Span::days(30);
/// Certificates begin earlier, for clients whose clock is behind.
const BACKDATE: Span = Span::days(1);

const NEW_AUTHORITY: &str = "delete ca.pem and ca-key.pem there and start again; a new authority is made, and whoever \
                             trusted the old ca.pem has to be given the new one";

/// What the listener needs, and what the announcement names.
pub struct Certificates {
    /// The authority that clients have to trust.
    pub ca_pem_path: PathBuf,
    /// TLS 1.2 and 1.3 with this server's certificate; offers h2 and http/1.1, and resumes sessions.
    pub config: Arc<ServerConfig>,
}

/// Loads the certificates of a data directory, making whatever is missing, unreadable, for other names or near its end;
/// only an existing authority is never replaced. The names are added to localhost, 127.0.0.1 and ::1.
///
/// # Errors
/// A sentence that says what the operator has to do.
pub fn load_or_create(dir: &Path, names: &[String], now: Timestamp) -> Result<Certificates, String> {
    let names = all_names(names)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let ca = authority(dir, now)?;
    let config = match usable(dir, &ca, &names, now, &provider)? {
        Some(config) => config,
        None => {
            issue(dir, &names, now)?;
            // Whatever is wrong now lies with the authority: over, not yet valid, or with a key that is not its own.
            usable(dir, &ca, &names, now, &provider)?.ok_or_else(|| {
                format!("The authority in {} cannot vouch for this server at {now}: check the clock, or {NEW_AUTHORITY}.", dir.display())
            })?
        }
    };
    Ok(Certificates { ca_pem_path: dir.join(CA), config: Arc::new(config) })
}

/// Takes a certificate that somebody else made, with those between it and its authority, and its key.
///
/// # Errors
/// A sentence that says what the operator has to do; also for a key that everybody can read.
pub fn load_given(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, String> {
    let open =
        |path: &Path| fs::read(path).map_err(|error| format!("Cannot read {}: {error}.", path.display()));
    let (chain_pem, key_pem) = (open(certificate)?, open(key)?);
    let mode = fs::metadata(key).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o007 != 0 {
        return Err(format!("{0} can be read by everybody. Run: chmod o= {0}", key.display()));
    }
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&chain_pem).collect::<Result<_, _>>().unwrap_or_default();
    if chain.is_empty() {
        return Err(format!("{} holds no certificate in PEM.", certificate.display()));
    }
    let private = PrivateKeyDer::from_pem_slice(&key_pem)
        .map_err(|_| format!("{} holds no private key in PEM.", key.display()))?;
    let config = server_config(chain, private, Arc::new(aws_lc_rs::default_provider())).map_err(|error| {
        format!("{} and {} cannot be used together: {error}.", certificate.display(), key.display())
    })?;
    finished(config).map(Arc::new)
}

/// Names in one spelling, so that order and letter case do not make a new certificate.
fn all_names(names: &[String]) -> Result<BTreeSet<String>, String> {
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    own.iter().chain(names).map(|name| one_name(name)).collect()
}

fn one_name(name: &str) -> Result<String, String> {
    let bare = name.trim_start_matches('[').trim_end_matches([']', '.']).to_ascii_lowercase();
    match (bare.parse::<IpAddr>(), ServerName::try_from(bare.as_str())) {
        (Ok(address), _) => Ok(address.to_string()),
        (Err(_), Ok(_)) => Ok(bare),
        _ => Err(format!(
            "'{name}' is neither a host name nor an IP address, so no certificate can be made for it; correct the name \
             (without scheme and port)."
        )),
    }
}

/// The configuration, if the certificate on disk can be served: for exactly these names, vouched for by this authority
/// now and in 30 days, with its own key. Anything else is a reason to make a new one, not an error.
fn usable(
    dir: &Path,
    ca: &CertificateDer<'static>,
    names: &BTreeSet<String>,
    now: Timestamp,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<ServerConfig>, String> {
    let (Some(pem), Some(key)) = (read(dir, SERVER)?, read(dir, SERVER_KEY)?) else { return Ok(None) };
    let (Ok(certificate), Ok(key)) =
        (CertificateDer::from_pem_slice(pem.as_bytes()), PrivateKeyDer::from_pem_slice(key.as_bytes()))
    else {
        return Ok(None);
    };
    let vouched = pem.starts_with(&names_line(names)) && vouches(ca, &certificate, names, now, provider);
    let config = if vouched { server_config(vec![certificate], key, provider.clone()).ok() } else { None };
    config.map(finished).transpose()
}

/// With the protocols that are offered, and resumption.
fn finished(mut config: ServerConfig) -> Result<ServerConfig, String> {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(|error| {
        format!("The operating system gave no randomness for TLS ({error}); start again.")
    })?;
    Ok(config)
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: Arc<CryptoProvider>,
) -> Result<ServerConfig, rustls::Error> {
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)
}

/// Would a client that trusts the authority take this certificate for each of the names, now and in 30 days?
fn vouches(
    ca: &CertificateDer<'static>,
    certificate: &CertificateDer<'static>,
    names: &BTreeSet<String>,
    now: Timestamp,
    provider: &Arc<CryptoProvider>,
) -> bool {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let mut roots = RootCertStore::empty();
    if roots.add(ca.clone()).is_err() {
        return false;
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let Ok(verifier) = builder.build() else { return false };
    let verify = |certificate, name: &str, at| {
        let name = ServerName::try_from(name).map_err(|error| rustls::Error::General(error.to_string()))?;
        verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::since_unix_epoch(since_epoch(at)))
    };
    // The verifier takes a trusted authority as good for ever, but clients do not. As a server's certificate it is
    // refused in any case; only if that is because of the time, it is over or has not begun.
    let out_of_time = matches!(
        verify(ca, "localhost", now),
        Err(rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        ))
    );
    let good = |at| names.iter().all(|name| verify(certificate, name, at).is_ok());
    !out_of_time && good(now) && good(now + RENEW)
}

/// The first line of server.pem, before the certificate, where readers of PEM ignore it (RFC 7468, section 2): a name
/// that was taken away must also leave the certificate, and the verifier only tells whether names are missing.
fn names_line(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!("Names: {}\n", names.join(" "))
}

/// The authority's certificate; made when there is none. An unreadable one is not replaced: others trust it.
fn authority(dir: &Path, now: Timestamp) -> Result<CertificateDer<'static>, String> {
    let pem = match read(dir, CA)? {
        Some(pem) => pem,
        None => make_authority(dir, now)?,
    };
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
        format!(
            "{} holds no certificate: restore it from a backup, or {NEW_AUTHORITY}.",
            dir.join(CA).display()
        )
    })
}

/// The key is written first, so that a start which was cut short goes on with the same key.
fn make_authority(dir: &Path, now: Timestamp) -> Result<String, String> {
    let key = match read_authority_key(dir)? {
        Some(key) => key,
        None => {
            let key = KeyPair::generate().map_err(|error| not_made(&error))?;
            write(dir, CA_KEY, PRIVATE, &key.serialize_pem())?;
            key
        }
    };
    let mut params = authority_params();
    set_validity(&mut params, now, CA_LIFE);
    let pem = params.self_signed(&key).map_err(|error| not_made(&error))?.pem();
    write(dir, CA, PUBLIC, &pem)?;
    Ok(pem)
}

/// Never change the name here: certificates name their issuer by it.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Innkeeper local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

/// Makes and stores a key and a certificate for the server.
fn issue(dir: &Path, names: &BTreeSet<String>, now: Timestamp) -> Result<(), String> {
    let authority_key = read_authority_key(dir)?.ok_or_else(|| {
        format!(
            "{} is missing, and this server needs a new certificate: restore the key from a backup, or {NEW_AUTHORITY}.",
            dir.join(CA_KEY).display()
        )
    })?;
    let names_list: Vec<String> = names.iter().cloned().collect();
    let mut params = CertificateParams::new(names_list).map_err(|error| not_made(&error))?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Innkeeper");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, now, SERVER_LIFE);
    let key = KeyPair::generate().map_err(|error| not_made(&error))?;
    let issuer = Issuer::new(authority_params(), authority_key);
    let certificate = params.signed_by(&key, &issuer).map_err(|error| not_made(&error))?;
    write(dir, SERVER_KEY, PRIVATE, &key.serialize_pem())?;
    write(dir, SERVER, PUBLIC, &format!("{}{}", names_line(names), certificate.pem()))
}

fn read_authority_key(dir: &Path) -> Result<Option<KeyPair>, String> {
    let Some(pem) = read(dir, CA_KEY)? else { return Ok(None) };
    KeyPair::from_pem(&pem).map(Some).map_err(|_| {
        format!(
            "{} holds no private key: restore it from a backup, or {NEW_AUTHORITY}.",
            dir.join(CA_KEY).display()
        )
    })
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, life: Span) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let begin = now - BACKDATE;
    params.not_before = epoch + since_epoch(begin);
    params.not_after = epoch + since_epoch(begin + life);
}

/// Whole seconds; zero for times before 1970, in which no certificate is ever good.
fn since_epoch(at: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(at.as_seconds()).unwrap_or(0))
}

fn not_made(error: &rcgen::Error) -> String {
    format!("A certificate could not be made ({error}); check the configured names and start again.")
}

fn read(dir: &Path, name: &str) -> Result<Option<String>, String> {
    let path = dir.join(name);
    match fs::read(&path) {
        // Damaged bytes are for the reader of PEM to refuse.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(no_access("read", &path, &error)),
    }
}

fn write(dir: &Path, name: &str, mode: u32, text: &str) -> Result<(), String> {
    let path = dir.join(name);
    files::replace(&path, mode, text).map_err(|error| no_access("write", &path, &error))
}

fn no_access(verb: &str, path: &Path, error: &dyn Display) -> String {
    format!(
        "Cannot {verb} {}: {error}. Check that the data directory exists, belongs to the account the server runs as, and \
         has room.",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{
        ClientConfig, ClientConnection, ServerConnection, SupportedProtocolVersion,
        time_provider::TimeProvider,
    };
    use std::sync::atomic::{AtomicU32, Ordering};

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    /// A directory of its own for each test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let name =
                format!("innkeeper-tls-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn load(&self, names: &[&str], now: Timestamp) -> Result<Certificates, String> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            load_or_create(&self.0, &names, now)
        }

        fn text(&self, name: &str) -> String {
            fs::read_to_string(self.0.join(name)).unwrap()
        }

        fn all(&self) -> [String; 4] {
            [CA, CA_KEY, SERVER, SERVER_KEY].map(|name| self.text(name))
        }

        fn spoil(&self, name: &str, text: &str) {
            fs::write(self.0.join(name), text).unwrap();
        }

        fn remove(&self, name: &str) {
            fs::remove_file(self.0.join(name)).unwrap();
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_certificate_of_somebody_else_is_taken_with_its_own_private_key_only() {
        let (scratch, other) = (Scratch::new(), Scratch::new());
        scratch.load(&[], NOW).unwrap();
        other.load(&[], NOW).unwrap();
        let (certificate, key) = (scratch.0.join(SERVER), scratch.0.join(SERVER_KEY));
        assert!(load_given(&certificate, &key).is_ok());
        assert!(load_given(&certificate, &other.0.join(SERVER_KEY)).unwrap_err().contains("together"));
        assert!(load_given(&key, &key).unwrap_err().contains("no certificate"));
        assert!(load_given(&certificate, &certificate).is_err());
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(load_given(&certificate, &key).unwrap_err().contains("chmod"));
    }

    #[derive(Debug)]
    struct At(Timestamp);

    impl TimeProvider for At {
        fn current_time(&self) -> Option<UnixTime> {
            Some(UnixTime::since_unix_epoch(since_epoch(self.0)))
        }
    }

    /// Shakes hands in memory; the version and the protocol agreed on.
    fn handshake(
        scratch: &Scratch,
        certificates: &Certificates,
        name: &str,
        version: &'static SupportedProtocolVersion,
    ) -> Result<Option<Vec<u8>>, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(scratch.text(CA).as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_details(provider, Arc::new(At(NOW)))
            .with_protocol_versions(&[version])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name)?;
        let mut server = ServerConnection::new(certificates.config.clone())?;
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets()?;
            let mut wire = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            let mut wire = wire.as_slice();
            while !wire.is_empty() {
                client.read_tls(&mut wire).unwrap();
                client.process_new_packets()?;
            }
        }
        assert_eq!(client.protocol_version(), Some(version.version));
        Ok(client.alpn_protocol().map(<[u8]>::to_vec))
    }

    #[test]
    fn clients_that_trust_the_authority_reach_every_name_with_both_versions() {
        let scratch = Scratch::new();
        let certificates = scratch.load(&["Inn.Example.ORG", "[2001:db8::5]", "10.0.0.7"], NOW).unwrap();
        assert_eq!(certificates.ca_pem_path, scratch.0.join("ca.pem"));
        for name in ["localhost", "127.0.0.1", "::1", "inn.example.org", "2001:db8::5", "10.0.0.7"] {
            for version in [&TLS12, &TLS13] {
                let agreed = handshake(&scratch, &certificates, name, version).unwrap();
                assert_eq!(agreed.as_deref(), Some(b"h2".as_slice()), "{name}");
            }
        }
        assert!(handshake(&scratch, &certificates, "other.example.org", &TLS13).is_err());
        assert!(handshake(&scratch, &certificates, "127.0.0.2", &TLS13).is_err());
    }

    #[test]
    fn private_keys_are_for_the_server_alone_and_no_draft_stays() {
        let scratch = Scratch::new();
        scratch.load(&[], NOW).unwrap();
        let mode = |name: &str| fs::metadata(scratch.0.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(CA_KEY), mode(SERVER_KEY)], [0o600, 0o600]);
        assert_eq!([mode(CA) & 0o600, mode(SERVER) & 0o133], [0o600, 0]);
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 4);
    }

    #[test]
    fn a_second_start_changes_nothing() {
        let scratch = Scratch::new();
        scratch.load(&["b.example", "A.example"], NOW).unwrap();
        let before = scratch.all();
        scratch.load(&["a.example", "b.example", "localhost"], NOW + Span::days(300)).unwrap();
        assert_eq!(scratch.all(), before);
    }

    #[test]
    fn other_names_make_a_new_certificate_under_the_same_authority() {
        let scratch = Scratch::new();
        scratch.load(&["a.example"], NOW).unwrap();
        for names in [&["a.example", "b.example"][..], &["b.example"], &[]] {
            let before = scratch.all();
            let certificates = scratch.load(names, NOW).unwrap();
            let after = scratch.all();
            assert_eq!(after[..2], before[..2], "{names:?}");
            assert_ne!(after[2], before[2], "{names:?}");
            assert_eq!(
                handshake(&scratch, &certificates, "b.example", &TLS13).is_ok(),
                names.contains(&"b.example")
            );
            assert_eq!(
                handshake(&scratch, &certificates, "a.example", &TLS13).is_ok(),
                names.contains(&"a.example")
            );
        }
    }

    #[test]
    fn a_certificate_is_renewed_when_less_than_30_days_are_left() {
        let scratch = Scratch::new();
        scratch.load(&[], NOW).unwrap();
        let before = scratch.all();
        let end = NOW - BACKDATE + SERVER_LIFE;
        scratch.load(&[], end - Span::days(30)).unwrap();
        assert_eq!(scratch.all(), before, "30 days left");
        scratch.load(&[], end - Span::days(30) + Span::seconds(2)).unwrap();
        let after = scratch.all();
        assert_ne!(after[2], before[2], "less than 30 days left");
        assert_eq!(after[..2], before[..2]);
    }

    #[test]
    fn a_damaged_or_missing_server_file_is_made_anew() {
        let scratch = Scratch::new();
        scratch.load(&[], NOW).unwrap();
        let other = Scratch::new();
        other.load(&[], NOW).unwrap();
        let breaks: [&dyn Fn(); 7] = [
            &|| scratch.remove(SERVER),
            &|| scratch.remove(SERVER_KEY),
            &|| scratch.spoil(SERVER, ""),
            &|| fs::write(scratch.0.join(SERVER), [0xff, 0xfe, 0]).unwrap(),
            &|| scratch.spoil(SERVER_KEY, &scratch.text(SERVER_KEY)[..80]),
            &|| scratch.spoil(SERVER_KEY, &other.text(SERVER_KEY)),
            &|| scratch.spoil(SERVER, &other.text(SERVER)),
        ];
        let authority = scratch.text(CA);
        for (number, break_it) in breaks.into_iter().enumerate() {
            break_it();
            let certificates = scratch.load(&[], NOW).unwrap();
            assert!(handshake(&scratch, &certificates, "localhost", &TLS13).is_ok(), "break {number}");
            assert_eq!(scratch.text(CA), authority, "break {number}");
        }
    }

    #[test]
    fn an_existing_authority_is_never_replaced() {
        let scratch = Scratch::new();
        scratch.load(&[], NOW).unwrap();
        let good = scratch.text(CA);
        scratch.spoil(CA, "not a certificate");
        let error = scratch.load(&[], NOW).err().unwrap();
        assert!(error.contains("ca.pem") && error.contains("restore it"), "{error}");
        assert_eq!(scratch.text(CA), "not a certificate");
        scratch.spoil(CA, &good);
        scratch.spoil(CA_KEY, "not a key");
        assert!(scratch.load(&[], NOW).is_ok(), "the key is only needed to issue");
        let error = scratch.load(&["new.example"], NOW).err().unwrap();
        assert!(error.contains("ca-key.pem") && error.contains("restore it"), "{error}");
        scratch.remove(CA_KEY);
        assert!(scratch.load(&["new.example"], NOW).err().unwrap().contains("is missing"));
    }

    #[test]
    fn a_first_start_that_was_cut_short_goes_on_with_the_same_key() {
        let scratch = Scratch::new();
        scratch.load(&[], NOW).unwrap();
        let before = scratch.all();
        scratch.remove(CA);
        fs::write(scratch.0.join(".ca.pem.new"), "half").unwrap();
        let certificates = scratch.load(&[], NOW).unwrap();
        assert_eq!(scratch.all()[1..], before[1..]);
        assert!(handshake(&scratch, &certificates, "localhost", &TLS13).is_ok());
    }

    #[test]
    fn an_authority_that_cannot_vouch_is_reported_with_the_way_out() {
        let scratch = Scratch::new();
        scratch.load(&[], NOW).unwrap();
        assert!(scratch.load(&[], NOW + Span::days(3_651)).is_ok(), "the last day of the authority");
        for now in [NOW + Span::days(3_653), NOW - Span::days(2)] {
            let error = scratch.load(&[], now).err().unwrap();
            assert!(error.contains("check the clock") && error.contains("delete ca.pem"), "{error}");
        }
        let other = Scratch::new();
        other.load(&[], NOW).unwrap();
        scratch.spoil(CA_KEY, &other.text(CA_KEY));
        assert!(scratch.load(&["new.example"], NOW).err().unwrap().contains("delete ca.pem"));
    }

    #[test]
    fn names_that_no_certificate_can_have_are_refused() {
        let scratch = Scratch::new();
        for name in ["", "https://inn.example", "inn.example:8443", "a b", "*.example", "é.example", "-"] {
            let error = scratch.load(&[name], NOW).err();
            assert!(error.is_some_and(|error| error.contains("neither a host name")), "{name}");
        }
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = load_or_create(Path::new("/nonexistent/inn"), &[], NOW).err().unwrap();
        assert!(error.contains("/nonexistent/inn/ca-key.pem") && error.contains("Check that"), "{error}");
    }
}
