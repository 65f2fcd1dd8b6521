//! Connections that the server opens by itself: mail, and questions to OpenID Connect providers. Nothing else leaves it.

use crate::{
    cli::Reach,
    problem::{Problem, Result},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
};
use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use service::{Letter, Mailing, Outbound, Outside, Pending, Post, PostFault, Question, Reply};
use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a mail server may take.
const MAIL_PATIENCE: Duration = Duration::from_secs(30);
/// The most that is read of an answer, in bytes.
const MOST: usize = 256 * 1024;

/// What a real server reaches.
pub fn of_server(reach: &Reach) -> Result<Outside> {
    let mailing = match (&reach.smtp_url, &reach.mail_from) {
        (Some(url), Some(from)) => Mailing::Post(web::letter, Arc::new(Smtp::new(url, from)?)),
        _ => Mailing::Off,
    };
    let outbound: Arc<dyn Outbound> = Arc::new(Guarded::new(reach.allow_private_providers)?);
    Ok(Outside { mailing, outbound: Some(outbound), second_factor_for_roles: true })
}

/// What a demonstration reaches: mails stay on a page, and a provider may be on this very machine.
pub fn of_demo() -> Result<Outside> {
    let outbound: Arc<dyn Outbound> = Arc::new(Guarded::new(true)?);
    Ok(Outside {
        mailing: Mailing::Local(web::letter),
        outbound: Some(outbound),
        second_factor_for_roles: false,
    })
}

/// A mail server.
struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    fn new(url: &str, from: &str) -> Result<Self> {
        // The address may hold a password, so no message repeats it.
        let wrong = |why: &str| {
            Problem::new(format!(
                "--smtp-url is not the address of a mail server: {why}. Write smtps://USER:PASSWORD@HOST for TLS from the \
                 start, or smtp://USER:PASSWORD@HOST:587?tls=required for STARTTLS."
            ))
        };
        let parsed = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        let secure = parsed.scheme() == "smtps"
            || parsed.query_pairs().any(|(name, value)| name == "tls" && value == "required");
        let host = parsed.host_str().unwrap_or_default();
        let near = host == "localhost" || literal(host).is_some_and(|ip| ip.is_loopback());
        if !secure && !near {
            return Err(wrong("without TLS, only a mail server on this machine is allowed"));
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| wrong(&error.to_string()))?
            .timeout(Some(MAIL_PATIENCE))
            .build();
        let from = from.parse().map_err(|error| {
            Problem::new(format!(
                "--mail-from is no address ({error}). Write 'Innkeeper <innkeeper@example.org>'."
            ))
        })?;
        Ok(Self { transport, from })
    }

    fn message(&self, letter: &Letter) -> Result<Message, PostFault> {
        let never = |error: String| PostFault::Never(error);
        let to = letter.to.parse().map_err(|_| never("the address is none".to_owned()))?;
        let to = Mailbox::new(None, to);
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject.clone())
            // Made of randomness and our own host name.
            .message_id(None)
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
            .map_err(|error| never(error.to_string()))
    }
}

impl Post for Smtp {
    fn deliver<'a>(&'a self, letter: &'a Letter) -> Pending<'a, Result<(), PostFault>> {
        Box::pin(async move {
            let message = self.message(letter)?;
            let Ok(sent) = tokio::time::timeout(MAIL_PATIENCE, self.transport.send(message)).await else {
                return Err(PostFault::Later("the mail server did not take it in time".to_owned()));
            };
            match sent {
                Ok(_) => Ok(()),
                // What the server says can hold the address; its code says enough.
                Err(error) if error.is_permanent() => Err(PostFault::Never(code(&error))),
                Err(error) => Err(PostFault::Later(code(&error))),
            }
        })
    }
}

fn code(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server did not answer in time".to_owned(),
        None if error.is_tls() => "no TLS with the mail server".to_owned(),
        None => "no connection to the mail server".to_owned(),
    }
}

/// Asks providers, at public addresses only: whoever names a provider must not be able to reach what is behind our walls.
struct Guarded {
    client: Client,
    private: bool,
}

impl Guarded {
    fn new(private: bool) -> Result<Self> {
        let failed = |error: String| Problem::new(format!("The program cannot ask other servers: {error}."));
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .use_preconfigured_tls(tls)
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(PublicOnly { private }))
            .timeout(PATIENCE)
            .pool_max_idle_per_host(1)
            .user_agent("innkeeper")
            .build()
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { client, private })
    }

    async fn ask(&self, question: &Question) -> Result<Reply, String> {
        let url = Url::parse(&question.url).map_err(|error| error.to_string())?;
        check(&url, self.private)?;
        let mut request = match &question.form {
            Some(form) => self.client.post(url).form(form),
            None => self.client.get(url),
        };
        if let Some((user, password)) = &question.basic {
            request = request.basic_auth(user, Some(password));
        }
        let mut response =
            request.header("accept", "application/json").send().await.map_err(|error| whole(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| whole(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST {
                return Err("the answer is longer than 256 KiB".to_owned());
            }
        }
        Ok(Reply { status, body })
    }
}

impl Outbound for Guarded {
    fn ask<'a>(&'a self, question: &'a Question) -> Pending<'a, Result<Reply, String>> {
        Box::pin(Guarded::ask(self, question))
    }
}

/// An error with everything that caused it, without the address, whose query may hold secrets.
fn whole(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "no answer in time" } else { "the request failed" }.to_owned();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// What can be said before anything is resolved: https, and no address behind the walls. Plain http only to this machine.
fn check(url: &Url, private: bool) -> Result<(), String> {
    let host = url.host_str().unwrap_or_default();
    let address = literal(host);
    let near = host == "localhost" || address.is_some_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if private && near => {}
        other => return Err(format!("{other} is not allowed, only https")),
    }
    match address {
        Some(ip) if !private && !is_public(ip) => Err(refused(ip)),
        _ => Ok(()),
    }
}

fn refused(ip: IpAddr) -> String {
    format!("{ip} is not a public address; --allow-private-providers allows it")
}

/// Resolves names to public addresses; the connection goes to the very address that was judged.
struct PublicOnly {
    private: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if let Some(bad) = found.iter().find(|address| !private && !is_public(address.ip())) {
                // One private address among public ones is a trick, not an oversight.
                return Err(refused(bad.ip()).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// May whoever names it be trusted with a connection to it? Global unicast only (IANA's registries of special addresses).
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, .., g, h] = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        (0x0064, 0xff9b) if c == 0 && d == 0 => embedded(g, h),
        (0x2002, _) => embedded(b, c),
        // Teredo and other protocol assignments, and documentation.
        (0x2001, 0..0x0200 | 0x0db8) | (0x3fff, 0..0x1000) => false,
        _ => (0x2000..0x4000).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    #[test]
    fn only_global_addresses_are_public() {
        for ip in
            ["1.1.1.1", "9.9.9.9", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "64:ff9b::101:101"]
        {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "100::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_judged_before_anything_is_sent() {
        let judge = |url: &str, private| check(&Url::parse(url).unwrap(), private).is_ok();
        for url in ["https://login.example/x", "https://1.1.1.1/"] {
            assert!(judge(url, false), "{url}");
        }
        for url in [
            "http://login.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://169.254.169.254/latest",
            "ftp://a.example/",
            "file:///etc/passwd",
            "http://localhost/",
        ] {
            assert!(!judge(url, false), "{url}");
        }
        assert!(judge("http://localhost:3000/", true) && judge("https://10.0.0.1/", true));
        assert!(!judge("http://10.0.0.1/", true), "in the clear only on this machine");
    }

    #[tokio::test]
    async fn a_name_that_leads_behind_the_walls_is_not_connected_to() {
        let guarded = Guarded::new(false).unwrap();
        let question = Question { url: "https://localhost:1/".to_owned(), form: None, basic: None };
        let why = guarded.ask(&question).await.unwrap_err();
        assert!(why.contains("not a public address"), "{why}");
    }

    #[test]
    fn a_mail_server_is_reached_with_tls_or_on_this_machine() {
        let from = "Innkeeper <innkeeper@example.org>";
        for url in [
            "smtps://u:p@mail.example",
            "smtp://mail.example:587?tls=required",
            "smtp://localhost:25",
            "smtp://127.0.0.1:1025",
        ] {
            assert!(Smtp::new(url, from).is_ok(), "{url}");
        }
        for url in [
            "smtp://mail.example",
            "smtp://mail.example?tls=opportunistic",
            "https://mail.example",
            "mail.example",
            "",
        ] {
            let problem = Smtp::new(url, from).err().unwrap().to_string();
            assert!(problem.contains("--smtp-url"), "{problem}");
        }
        let problem = Smtp::new("smtp://u:secret@mail.example", from).err().unwrap().to_string();
        assert!(!problem.contains("secret"), "{problem}");
        assert!(Smtp::new("smtps://mail.example", "nobody").is_err());
    }

    /// A mail server that answers `RCPT` so, and everything else as if all were well; what it was told.
    async fn mail_server(answer: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (reading, mut writing) = stream.into_split();
            let mut lines = BufReader::new(reading).lines();
            let (mut told, mut data) = (String::new(), false);
            writing.write_all(b"220 test\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                told.push_str(&line);
                told.push('\n');
                let reply = match line.split([' ', ':']).next().unwrap_or_default() {
                    "." => {
                        data = false;
                        "250 taken"
                    }
                    _ if data => continue,
                    "DATA" => {
                        data = true;
                        "354 go on"
                    }
                    "RCPT" => answer,
                    "QUIT" => "221 bye",
                    _ => "250 ok",
                };
                if writing.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
            told
        });
        (port, told)
    }

    async fn deliver(answer: &'static str) -> (Result<(), PostFault>, String) {
        let (port, told) = mail_server(answer).await;
        let url = format!("smtp://127.0.0.1:{port}");
        let smtp = Smtp::new(&url, "Innkeeper <innkeeper@example.org>").unwrap();
        let letter = Letter {
            to: "sam@mail.example".to_owned(),
            subject: "Über\u{200b} 邀请".to_owned(),
            text: "The text\n.\nQUIT".to_owned(),
            html: "<p>The text</p>".to_owned(),
        };
        let done = smtp.deliver(&letter).await;
        drop(smtp);
        (done, told.await.unwrap())
    }

    #[tokio::test]
    async fn a_mail_goes_to_its_address_in_both_forms() {
        let (done, told) = deliver("250 ok").await;
        assert_eq!(done, Ok(()));
        for part in [
            "MAIL FROM:<innkeeper@example.org>",
            "RCPT TO:<sam@mail.example>",
            "Subject: =?utf-8?b?",
            "Message-ID: <",
            "Date: ",
            "text/plain",
            "text/html",
            "<p>The text</p>",
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }

    #[tokio::test]
    async fn a_refusal_for_good_is_told_from_one_for_now_and_names_nobody() {
        let (done, _) = deliver("550 no such mailbox sam@mail.example").await;
        assert_eq!(done, Err(PostFault::Never("the mail server answered 550".to_owned())));
        let (done, _) = deliver("450 try again").await;
        assert_eq!(done, Err(PostFault::Later("the mail server answered 450".to_owned())));
        let smtp = Smtp::new("smtp://127.0.0.1:1", "innkeeper@example.org").unwrap();
        let letter = Letter {
            to: "sam@mail.example".to_owned(),
            subject: String::new(),
            text: String::new(),
            html: String::new(),
        };
        assert!(matches!(smtp.deliver(&letter).await, Err(PostFault::Later(_))), "nobody listens");
    }

    /// Answers one request with this, as it is.
    async fn web_server(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            assert!(stream.read(&mut head).await.unwrap() > 0);
            drop(stream.write_all(&answer).await);
        });
        format!("http://{address}/x")
    }

    async fn fetch(answer: Vec<u8>) -> Result<Reply, String> {
        let question = Question { url: web_server(answer).await, form: None, basic: None };
        Guarded::new(true).unwrap().ask(&question).await
    }

    #[tokio::test]
    async fn an_answer_is_read_whole_or_not_at_all_and_redirects_lead_nowhere() {
        let good = fetch(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()).await.unwrap();
        assert_eq!((good.status, good.body.as_slice()), (200, &b"{}"[..]));
        let moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(fetch(moved.to_vec()).await.unwrap().status, 302);
        let mut large = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
        large.resize(MOST + 1000, b'x');
        assert!(fetch(large).await.unwrap_err().contains("longer than 256 KiB"));
        assert!(fetch(b"nonsense".to_vec()).await.is_err());
    }
}
