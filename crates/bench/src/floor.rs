//! The floors: what the same work costs with nothing around it. Those that are servers run in a process of their own, so
//! that the kernel counts their processor time as it counts the product's.

use crate::{Result, machine::now, stats::Latency};
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_SHA256,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rusqlite::{Connection, OpenFlags, params};
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use std::{
    convert::Infallible,
    fs::OpenOptions,
    io::Write,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

/// A server to compare with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Floor {
    /// Answers this text, whatever is asked.
    Fixed { body: String },
    /// Reads the body and signs a text of this length with a key that it keeps; the answer has this text beside.
    Sign { algorithm: Algorithm, length: usize, body: String },
    /// Verifies the RS256 token of each request with a key that it keeps, and answers this text.
    Verify { modulus: String, exponent: String, body: String },
    /// Reads a page of 100 guests of one tenant by statements of its own, and writes it as JSON.
    Page { database: PathBuf, tenant: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    Rs256,
    Es256,
}

/// What a floor keeps.
enum Kept {
    Fixed,
    Rsa(Box<KeyPair>, Vec<u8>),
    Ecdsa(Box<EcdsaKeyPair>, Vec<u8>),
    Key(ParsedPublicKey),
    Page(Mutex<Vec<Connection>>, PathBuf, String),
}

struct Server {
    kept: Kept,
    body: Bytes,
}

fn serve_error(text: &str) -> Box<dyn std::error::Error + Send + Sync> {
    text.to_owned().into()
}

impl Server {
    fn new(floor: Floor) -> Result<Self> {
        Ok(match floor {
            Floor::Fixed { body } => Self { kept: Kept::Fixed, body: body.into() },
            Floor::Sign { algorithm, length, body } => {
                let kept = match algorithm {
                    Algorithm::Rs256 => {
                        Kept::Rsa(Box::new(KeyPair::generate(KeySize::Rsa2048)?), vec![b'x'; length])
                    }
                    Algorithm::Es256 => {
                        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
                        Kept::Ecdsa(Box::new(key), vec![b'x'; length])
                    }
                };
                Self { kept, body: body.into() }
            }
            Floor::Verify { modulus, exponent, body } => {
                let (n, e) = (URL_SAFE_NO_PAD.decode(modulus)?, URL_SAFE_NO_PAD.decode(exponent)?);
                let der: PublicKeyX509Der<'_> = PublicKeyComponents { n, e }.as_der()?;
                let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref())?;
                Self { kept: Kept::Key(key), body: body.into() }
            }
            Floor::Page { database, tenant } => {
                Self { kept: Kept::Page(Mutex::new(Vec::new()), database, tenant), body: Bytes::new() }
            }
        })
    }

    /// What cannot be answered is a 500, which ends the measurement.
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        if matches!(self.kept, Kept::Rsa(..) | Kept::Ecdsa(..)) {
            drop(body.collect().await);
        }
        let token = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let mut response = match self.body(token.unwrap_or_default()) {
            Ok(body) => Response::new(Full::new(body)),
            Err(error) => {
                let mut response = Response::new(Full::new(error.to_string().into()));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }

    fn body(&self, token: &str) -> Result<Bytes> {
        Ok(match &self.kept {
            Kept::Fixed => self.body.clone(),
            Kept::Rsa(..) | Kept::Ecdsa(..) => self.signed()?,
            Kept::Key(key) => {
                verify(key, token)?;
                self.body.clone()
            }
            Kept::Page(idle, database, tenant) => page(idle, database, tenant)?.into(),
        })
    }

    fn signed(&self) -> Result<Bytes> {
        let random = SystemRandom::new();
        let signature = match &self.kept {
            Kept::Rsa(key, text) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)?;
                signature
            }
            Kept::Ecdsa(key, text) => key.sign(&random, text)?.as_ref().to_vec(),
            _ => Vec::new(),
        };
        Ok([self.body.as_ref(), URL_SAFE_NO_PAD.encode(signature).as_bytes()].concat().into())
    }
}

fn verify(key: &ParsedPublicKey, header: &str) -> Result<()> {
    let token = header.strip_prefix("Bearer ").ok_or_else(|| serve_error("no token"))?;
    let (text, signature) = token.rsplit_once('.').ok_or_else(|| serve_error("no signature"))?;
    let mut buffer = [0; 512];
    let length = URL_SAFE_NO_PAD.decode_slice(signature, &mut buffer)?;
    Ok(key.verify_sig(text.as_bytes(), &buffer[..length])?)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Guest {
    id: String,
    display_name: String,
    user_principal_name: String,
}

#[derive(Serialize)]
struct Page {
    #[serde(rename = "@odata.count")]
    count: i64,
    value: Vec<Guest>,
}

fn page(idle: &Mutex<Vec<Connection>>, database: &Path, tenant: &str) -> Result<String> {
    let kept = idle.lock().map_err(|_| "a connection is lost")?.pop();
    let connection = match kept {
        Some(connection) => connection,
        None => Connection::open_with_flags(
            database,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?,
    };
    let page = {
        let mut statement = connection.prepare_cached(
            "select id, display_name, upn from users where tenant_id = ?1 and id > ?2 and user_type = 'Guest' \
             and deleted_at is null order by id limit 100",
        )?;
        let rows = statement.query_map(params![tenant, ""], |row| {
            Ok(Guest { id: row.get(0)?, display_name: row.get(1)?, user_principal_name: row.get(2)? })
        })?;
        let value = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        // One row that somebody keeps right stands for the count.
        let mut statement = connection.prepare_cached("select version from tenants where tenant_id = ?1")?;
        Page { count: statement.query_row([tenant], |row| row.get(0))?, value }
    };
    idle.lock().map_err(|_| "a connection is lost")?.push(connection);
    Ok(serde_json::to_string(&page)?)
}

/// Serves a floor until the process is killed; says its address on standard output, and the certificate to trust.
pub fn serve(floor: Floor, tls: bool) -> Result<()> {
    let server = Arc::new(Server::new(floor)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let acceptor = if tls { Some(acceptor()?) } else { None };
        let certificate = acceptor.as_ref().map(|(_, pem)| pem.replace('\n', "|")).unwrap_or_default();
        println!("{} {certificate}", listener.local_addr()?);
        std::io::stdout().flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (server, acceptor) =
                (Arc::clone(&server), acceptor.as_ref().map(|(acceptor, _)| acceptor.clone()));
            tokio::spawn(async move {
                let service = hyper::service::service_fn(move |request| {
                    let server = Arc::clone(&server);
                    server.answer(request)
                });
                let http = hyper::server::conn::http1::Builder::new();
                match acceptor {
                    None => drop(http.serve_connection(TokioIo::new(stream), service).await),
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            drop(http.serve_connection(TokioIo::new(stream), service).await);
                        }
                    }
                }
            });
        }
    })
}

fn acceptor() -> Result<(tokio_rustls::TlsAcceptor, String)> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    Ok((Arc::new(config).into(), made.cert.pem()))
}

/// What one client pays who commits each write by itself.
pub struct Commits {
    pub rate: f64,
    pub latency: Latency,
}

/// Commits one write after the other as the product's rows are: a policy, an audit record of 700 bytes, the chain's head.
pub fn commits(directory: &Path, time: Duration) -> Result<Commits> {
    let file = directory.join("floor.db");
    drop(std::fs::remove_file(&file));
    let connection = Connection::open(&file)?;
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; \
         create table policies (tenant_id text not null primary key, allow_leave boolean, version bigint); \
         create table audit (tenant_id text not null, sequence bigint not null, id text not null, at bigint not null, \
         activity text not null, body text not null, hash text not null, primary key (tenant_id, sequence)); \
         create unique index audit_by_id on audit (tenant_id, id); \
         create table audit_heads (tenant_id text not null primary key, sequence bigint, hash text);",
    )?;
    let tenant = "0b5c1fd2-53c8-4f2e-9d9a-2f1f9c9d0000";
    connection.execute("insert into policies values (?1, true, 0)", [tenant])?;
    connection.execute("insert into audit_heads values (?1, 0, '')", [tenant])?;
    let (body, hash) = ("b".repeat(500), "f".repeat(64));
    let mut random = crate::world::Seeded::new(1);
    let mut micros = Vec::new();
    let start = now();
    while start.elapsed() < time {
        let begun = now();
        let number = i64::try_from(micros.len())?;
        connection.prepare_cached("begin immediate")?.execute([])?;
        connection
            .prepare_cached("update policies set allow_leave = not allow_leave, version = version + 1 where tenant_id = ?1")?
            .execute([tenant])?;
        connection
            .prepare_cached("insert into audit values (?1, ?2, ?3, ?4, 'Update policy', ?5, ?6)")?
            .execute(params![tenant, number, random.uuid(), number, body, hash])?;
        connection
            .prepare_cached("update audit_heads set sequence = ?2, hash = ?3 where tenant_id = ?1")?
            .execute(params![tenant, number, hash])?;
        connection.prepare_cached("commit")?.execute([])?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let rate = crate::load::count(micros.len()) / start.elapsed().as_secs_f64();
    drop(connection);
    for name in ["floor.db", "floor.db-wal", "floor.db-shm"] {
        drop(std::fs::remove_file(directory.join(name)));
    }
    Ok(Commits { rate, latency: Latency::of(micros) })
}

/// Overwrites a page of a file and waits for the disk, again and again.
pub fn fdatasync(directory: &Path, time: Duration) -> Result<Latency> {
    let path = directory.join("floor.sync");
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    file.write_all_at(&[0; 64 * 1024], 0)?;
    file.sync_all()?;
    let mut micros = Vec::new();
    let start: Instant = now();
    while start.elapsed() < time {
        let begun = now();
        file.write_all_at(&[1; 4096], 0)?;
        file.sync_data()?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    drop(std::fs::remove_file(path));
    Ok(Latency::of(micros))
}

/// Inserts so many rows of the size of users with prepared statements and makes seven indexes after; rows per second.
pub fn inserts(directory: &Path, rows: u64) -> Result<f64> {
    let file = directory.join("floor.db");
    drop(std::fs::remove_file(&file));
    let mut connection = Connection::open(&file)?;
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; \
         create table users (tenant_id text not null, id text not null, upn_key text, name_key text, mail_key text, home_key text, \
         created_at bigint, deleted_at bigint, rest text, primary key (tenant_id, id));",
    )?;
    let mut random = crate::world::Seeded::new(2);
    let rest = "r".repeat(150);
    let start = now();
    let transaction = connection.transaction()?;
    {
        let mut insert =
            transaction.prepare("insert into users values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        for number in 0..rows {
            let number = i64::try_from(number)?;
            let upn = format!("somebody.somewhere{number}@large.example");
            insert.execute(params![
                "0b5c1fd2-53c8-4f2e-9d9a-2f1f9c9d0000",
                random.uuid(),
                upn,
                "somebody somewhere",
                upn,
                format!("member:0b5c1fd2-53c8-4f2e-9d9a-2f1f9c9d0000:{number}"),
                number,
                (number % 5 == 4).then_some(number),
                rest
            ])?;
        }
    }
    transaction.execute_batch(
        "create unique index a on users (tenant_id, upn_key); create index b on users (tenant_id, home_key); \
         create index c on users (home_key); create index d on users (tenant_id, mail_key); \
         create index e on users (tenant_id, name_key, id); create index f on users (tenant_id, deleted_at, id) where deleted_at is not null; \
         create index g on users (deleted_at, tenant_id, id) where deleted_at is not null;",
    )?;
    transaction.commit()?;
    let rate = crate::load::count(usize::try_from(rows)?) / start.elapsed().as_secs_f64();
    drop(connection);
    for name in ["floor.db", "floor.db-wal", "floor.db-shm"] {
        drop(std::fs::remove_file(directory.join(name)));
    }
    Ok(rate)
}

/// An account of a world.
#[derive(Clone)]
pub struct Victim {
    pub tenant: String,
    pub id: String,
}

/// Soft-deletes accounts of a world as the product's rows are, with an audit record and the names beside it, so many in each
/// transaction; accounts per second.
pub fn deletions(database: &mut Connection, accounts: &[Victim], each: usize) -> Result<f64> {
    settle(database)?;
    let (body, hash) = ("b".repeat(500), "f".repeat(64));
    let mut random = crate::world::Seeded::new(4);
    let start = now();
    for part in accounts.chunks(each) {
        let transaction = database.transaction()?;
        for Victim { tenant, id } in part {
            transaction
                .prepare_cached(
                    "update users set upn = id || upn, upn_key = id || upn_key, deleted_at = ?3, purge_after = ?3 + 1, \
                     deletion_cause = 'left', deletion_event = ?4, generation = generation + 1, version = version + 1 \
                     where tenant_id = ?1 and id = ?2",
                )?
                .execute(params![tenant, id, 1_790_000_000_000_000_i64, random.uuid()])?;
            let (sequence, _): (i64, String) = transaction
                .prepare_cached("select sequence, hash from audit_heads where tenant_id = ?1")?
                .query_row([tenant], |row| Ok((row.get(0)?, row.get(1)?)))?;
            transaction
                .prepare_cached("insert into audit (tenant_id, sequence, id, at, activity, body, hash) values (?1, ?2, ?3, 1, 'Leave', ?4, ?5)")?
                .execute(params![tenant, sequence + 1, random.uuid(), body, hash])?;
            transaction
                .prepare_cached("insert into audit_personal (tenant_id, sequence, subject_id, salt, fields) values (?1, ?2, ?3, ?4, ?4)")?
                .execute(params![tenant, sequence + 1, id, hash])?;
            transaction
                .prepare_cached("update audit_heads set sequence = ?2, hash = ?3 where tenant_id = ?1")?
                .execute(params![tenant, sequence + 1, hash])?;
        }
        transaction.commit()?;
    }
    Ok(crate::load::count(accounts.len()) / start.elapsed().as_secs_f64())
}

/// Deletes what is soft-deleted in batches of a thousand, in the order of a side table, with a tombstone each; accounts per
/// second.
pub fn purge(database: &mut Connection) -> Result<f64> {
    settle(database)?;
    database.execute_batch(
        "pragma foreign_keys = off; \
         create table due (purge_after bigint not null, tenant_id text not null, id text not null, \
         primary key (purge_after, tenant_id, id)) without rowid; \
         insert into due select 0, tenant_id, id from users where purge_after is not null;",
    )?;
    let mut purged = 0;
    let start = now();
    loop {
        let transaction = database.transaction()?;
        let part: Vec<(String, String)> = {
            let mut statement = transaction.prepare_cached(
                "select tenant_id, id from due order by purge_after, tenant_id, id limit 1000",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for (tenant, id) in &part {
            transaction
                .prepare_cached("delete from users where tenant_id = ?1 and id = ?2")?
                .execute([tenant, id])?;
            transaction
                .prepare_cached("delete from due where purge_after = 0 and tenant_id = ?1 and id = ?2")?
                .execute([tenant, id])?;
            transaction
                .prepare_cached("insert into tombstones values (?1, ?2, 0, 0, 0, 'left', false, '{}')")?
                .execute([tenant, id])?;
        }
        transaction.commit()?;
        purged += part.len();
        if part.is_empty() {
            return Ok(crate::load::count(purged) / start.elapsed().as_secs_f64());
        }
    }
}

fn settle(database: &Connection) -> Result<()> {
    Ok(database.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; pragma cache_size = -16384;",
    )?)
}
