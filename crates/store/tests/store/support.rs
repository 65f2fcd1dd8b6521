use crate::database::{self, Database, Raw};
use model::{
    Deletion, DeletionCause, Home, HomeState, InvitationState, ObjectId, PrivacyProfile, Profile, RequestId,
    Tenant, TenantId, TenantScope, Timestamp, User, UserType,
    audit::{Activity, Initiator, PersonalSlot, Record, Target},
};
use proptest::test_runner::Config;
use std::{future::Future, path::Path};
use store::{ChangeSet, DataDir, Decision, Faults, Options, Store, Tombstone};
use uuid::Uuid;

/// Properties leave no files behind; a failing case is printed and becomes a named test.
pub fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Not cryptography: four lanes of FNV-1a with a finisher, so that every bit of the input moves every lane.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (lane, chunk) in (0u64..).zip(out.chunks_exact_mut(8)) {
        let mut state = 0xcbf2_9ce4_8422_2325 ^ (lane + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in bytes {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
            state ^= state >> 29;
        }
        state = (state ^ (state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        chunk.copy_from_slice(&(state ^ (state >> 32)).to_be_bytes());
    }
    out
}

/// xorshift64*: the same sequence for the same seed.
pub struct Rng(pub u64);

impl Rng {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let next = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(next).unwrap() % bound
    }
}

pub fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

pub fn uuid(n: u128) -> Uuid {
    // Spread over the key space, so that pages split everywhere.
    Uuid::from_u128(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

pub fn object(n: u128) -> ObjectId {
    ObjectId::from_uuid(uuid(n))
}

pub fn tenant_id(n: u128) -> TenantId {
    TenantId::from_uuid(uuid(n + 1_000_000_000))
}

#[expect(clippy::disallowed_methods, reason = "the test stands in for whoever verified the caller")]
pub fn scope(tenant: TenantId) -> TenantScope {
    TenantScope::mint(tenant)
}

pub fn tenant(n: u128) -> Tenant {
    Tenant {
        id: tenant_id(n),
        name: format!("Tenant {n}"),
        domain: format!("t{n}.example"),
        privacy: PrivacyProfile::default(),
        technical_contact: None,
        created: at(10),
        version: 1,
    }
}

/// A live member with an id of its own.
pub fn user(tenant: TenantId, n: u128) -> User {
    User {
        tenant,
        id: object(n),
        user_type: UserType::Member,
        upn: format!("user{n}@contoso.example"),
        display_name: format!("User {n}"),
        given_name: None,
        surname: None,
        mail: Some(format!("user{n}@mail.example")),
        other_mails: Vec::new(),
        account_enabled: true,
        home: Home::Here,
        home_state: HomeState::Present,
        invitation: None,
        invitation_changed: None,
        invited_by: None,
        created: at(100),
        deletion: None,
        generation: 1,
        version: 1,
        tokens_since: at(100),
        profile: Profile::default(),
    }
}

pub fn guest(tenant: TenantId, n: u128, address: &str) -> User {
    User {
        user_type: UserType::Guest,
        home: Home::Mailbox { address: address.to_owned() },
        invitation: Some(InvitationState::Accepted),
        ..user(tenant, n)
    }
}

pub fn deleted(user: &User) -> User {
    let deletion =
        Deletion { at: at(200), purge_after: at(300), cause: DeletionCause::Left, event: uuid(77) };
    User { deletion: Some(deletion), version: user.version + 1, ..user.clone() }
}

/// What stays behind when this user, [`deleted`] before, is purged.
pub fn tombstone(user: &User) -> Tombstone {
    Tombstone {
        id: user.id,
        deleted: at(200),
        purge_after: at(300),
        purged: at(301),
        cause: "left".to_owned(),
        by_hand: false,
        erased: "{}".to_owned(),
    }
}

pub fn slot(subject: ObjectId, text: &str) -> PersonalSlot {
    let mut fields = serde_json::Map::new();
    fields.insert("displayName".to_owned(), text.into());
    PersonalSlot { subject, fields, salt: format!("{:064x}", text.len() + 7) }
}

pub fn record(n: u128, personal: Vec<PersonalSlot>) -> Record {
    Record {
        id: uuid(n),
        at: at(1_000 + i64::try_from(n).unwrap()),
        activity: if n.is_multiple_of(2) { Activity::AddUser } else { Activity::UpdateUser },
        success: true,
        reason: None,
        initiator: Initiator::Operator,
        targets: vec![Target::user(object(n))],
        details: vec![("step".to_owned(), n.to_string())],
        correlation: RequestId::from_uuid(uuid(n)),
        personal,
    }
}

/// A store in a directory that goes when the test ends.
pub struct World {
    pub store: Store,
    pub data: DataDir,
    pub home: tempfile::TempDir,
    /// Where it is instead, when it is on PostgreSQL.
    pub database: Option<Database>,
}

/// Runs a test on the embedded engine, and on PostgreSQL if there is a server for it.
pub fn each(test: impl Fn(&World)) {
    each_with(Faults::default, test);
}

/// The same with faults of each world's own.
pub fn each_with(faults: impl Fn() -> Faults, test: impl Fn(&World)) {
    test(&World::with(faults()));
    if database::server().is_some() {
        test(&World::on_postgres(faults()));
    }
}

/// Opens a directory. A process that another test is just starting holds copies of all our files, locks included, for the
/// instant before it becomes its own program: hence a second look.
pub fn open(path: &Path) -> (DataDir, Store) {
    let free = (0..100).find_map(|_| {
        DataDir::open(path).inspect_err(|_| std::thread::sleep(std::time::Duration::from_millis(5))).ok()
    });
    let data = free.unwrap_or_else(|| DataDir::open(path).unwrap());
    let store = Store::open(&data, digest).unwrap();
    (data, store)
}

impl World {
    pub fn new() -> Self {
        Self::with(Faults::default())
    }

    pub fn with(faults: Faults) -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = DataDir::open(&home.path().join("data")).unwrap();
        let store = Store::open_with_faults(&data, digest, faults).unwrap();
        Self { store, data, home, database: None }
    }

    pub fn on_postgres(faults: Faults) -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = DataDir::open(&home.path().join("data")).unwrap();
        let database = Database::prepared();
        let options = Options { connections: 8, faults, ..Options::default() };
        let store = database::connect_with(&database.url, options).unwrap();
        Self { store, data, home, database: Some(database) }
    }

    /// How many rows each table has, by the tables' names: everything that a failed change set could have left behind.
    pub fn counts(&self) -> Vec<i64> {
        let Some(database) = &self.database else {
            let raw = self.raw();
            let count = |table: String| {
                raw.query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).unwrap()
            };
            let tables = "select name from sqlite_master where type = 'table' order by name";
            return raw
                .prepare(tables)
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .map(|name| count(name.unwrap()))
                .collect();
        };
        let raw = database.raw();
        let tables = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1";
        raw.texts(tables)
            .unwrap()
            .iter()
            .map(|table| {
                raw.number(&format!(
                    "set role {}; set app.tenant = '*'; select count(*) from {table}",
                    self.reader(&raw, table)
                ))
            })
            .collect()
    }

    /// The role that sees all rows of a table.
    fn reader(&self, raw: &Raw, table: &str) -> String {
        let policy = format!(
            "reset role; select coalesce((select array_to_string(roles, '') from pg_policies where tablename = '{table}' \
             and policyname = 'directory_rows'), session_user)"
        );
        raw.text(&policy)
    }

    /// A connection beside the store's, with the rights of somebody who has the file.
    pub fn raw(&self) -> rusqlite::Connection {
        assert!(self.database.is_none(), "this test is about the files of the embedded engine");
        let raw = rusqlite::Connection::open(self.data.path().join("innkeeper.db")).unwrap();
        raw.execute_batch("pragma foreign_keys = off; pragma synchronous = off").unwrap();
        raw
    }

    pub fn add_tenant(&self, n: u128) -> TenantId {
        self.apply(tenant_id(n), move |changes| {
            changes.insert_tenant(&tenant(n));
        })
        .unwrap();
        tenant_id(n)
    }

    pub fn apply(
        &self,
        tenant: TenantId,
        fill: impl Fn(&mut ChangeSet) + Send + 'static,
    ) -> model::Result<()> {
        run(commit(&self.store, tenant, fill))
    }

    pub fn read<T>(&self, tenant: TenantId, read: impl FnOnce(&store::Reader<'_>) -> T) -> T {
        run(self.store.read(scope(tenant), |reader| Ok(read(reader)))).unwrap()
    }
}

pub async fn commit(
    store: &Store,
    tenant: TenantId,
    fill: impl Fn(&mut ChangeSet) + Send + 'static,
) -> model::Result<()> {
    store
        .commit(scope(tenant), move |_| {
            let mut changes = ChangeSet::new();
            fill(&mut changes);
            Decision::done(changes, ())
        })
        .await
}
