use crate::{
    MockClock, Seeded,
    engine::{Database, Server},
};
use identity::{MasterKey, Secret, digest, hash_secret};
use model::{
    AppId, Clock, Cx, Home, ObjectId, Person, RequestId, Span, TenantId, TenantScope, Timestamp, UserType,
    authz::{Permission, Role},
};
use service::{
    Caller, Directory, InvitationRequest, LeaveAnswer, LeaveView, NewMember, NewTenant, Outside, Parts,
    SignedIn, TokenRequest, UserPatch,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};
use store::{
    ChangeSet, DataDir, DatabaseUrl, Decision, Fault, Faults, GrantKind, Options, Session, SessionDetail,
    Store,
};
use tempfile::TempDir;

/// The realm under which the product keeps sessions of people with a mailbox and no home tenant.
const MAILBOX_REALM: TenantId = TenantId::from_uuid(uuid::uuid!("6d61696c-626f-4000-8000-000000000000"));

/// The name of the embedded database in its data directory.
const FILE: &str = "innkeeper.db";

/// Breaks one commit to come.
#[derive(Clone, Default)]
pub struct FaultSwitch(Arc<Mutex<Switch>>);

#[derive(Default)]
struct Switch {
    armed: Option<(u32, Fault)>,
    fired: bool,
}

impl FaultSwitch {
    fn with<T>(&self, act: impl FnOnce(&mut Switch) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Breaks the commit after so many others.
    pub fn arm(&self, after: u32, fault: Fault) {
        self.with(|switch| *switch = Switch { armed: Some((after, fault)), fired: false });
    }

    /// Breaks nothing any more; says whether something was broken.
    pub fn disarm(&self) -> bool {
        self.with(|switch| std::mem::take(switch).fired)
    }

    fn faults(&self) -> Faults {
        let own = self.clone();
        Faults::new(move |_| {
            own.with(|switch| match switch.armed {
                Some((0, fault)) => {
                    *switch = Switch { armed: None, fired: true };
                    Some(fault)
                }
                Some((after, fault)) => {
                    switch.armed = Some((after - 1, fault));
                    None
                }
                None => None,
            })
        })
    }
}

/// The database of a world at one moment, from which others begin, on the same engine.
#[derive(Clone)]
pub struct Image {
    content: Content,
    master: String,
    wall: Timestamp,
}

#[derive(Clone)]
enum Content {
    /// The file of the embedded engine.
    File(Arc<[u8]>),
    /// A database that nobody writes to.
    Database(Arc<Database>),
}

/// Where a world keeps what it knows.
enum Place {
    /// In files below its directory.
    Files,
    /// In a database of a PostgreSQL server.
    Database(Database),
}

/// An app with its secret.
#[derive(Clone, Debug)]
pub struct TestApp {
    /// The client id.
    pub id: AppId,
    /// Its service principal.
    pub object: ObjectId,
    /// None for a public client.
    pub secret: Option<String>,
}

/// How far a guest of [`World::guest`] has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GuestState {
    /// Invited, not accepted.
    Pending,
    /// Accepted.
    Accepted,
    /// Accepted, then blocked.
    Blocked,
    /// Accepted, then left.
    Left,
    /// Accepted, then removed by the operator.
    Removed,
}

/// A directory over a real store, with a clock that the test moves and seeded randomness. The store is in files of a temporary
/// directory, or, with `INNKEEPER_ENGINE_URL` in the environment, in a database of its own on that PostgreSQL server.
pub struct World {
    /// The clock of the machine.
    pub clock: Arc<MockClock>,
    /// Randomness of the directory.
    pub random: Arc<Seeded>,
    /// The fault seam of the store.
    pub faults: FaultSwitch,
    outside: Outside,
    passcodes: Arc<Mutex<Vec<(String, String)>>>,
    master: String,
    directory: TempDir,
    // Before the place, which cannot go while somebody looks into it.
    running: Option<(Store, Directory)>,
    place: Place,
}

/// Takes a data directory. A process that another test is just starting holds copies of all our files, locks included, for the
/// instant before it becomes its own program: hence a second look.
fn hold(path: &Path) -> DataDir {
    let free = (0..100)
        .find_map(|_| DataDir::open(path).inspect_err(|_| thread::sleep(Duration::from_millis(5))).ok());
    free.unwrap_or_else(|| DataDir::open(path).expect("the data directory, which nobody else holds"))
}

impl World {
    /// The public address of every world.
    pub const ORIGIN: &str = "https://localhost:8443";

    /// An empty directory on 2026-01-01, on the engine that the environment names.
    pub async fn new(seed: u64) -> Self {
        match Server::named() {
            Some(server) => Self::on(&server, seed).await,
            None => Self::embedded(seed).await,
        }
    }

    /// The same in files, whatever the environment says: for tests that look into them.
    pub async fn embedded(seed: u64) -> Self {
        Self::begin(seed, Place::Files).await
    }

    /// The same on this PostgreSQL server.
    pub async fn on(server: &Server, seed: u64) -> Self {
        let migrate = |url: &str| {
            let parsed = DatabaseUrl::parse(url).map_err(|error| format!("{error:?}"))?;
            Store::connect(&parsed, digest).map(drop).map_err(|error| format!("{error:?}"))
        };
        let database = server.migrated(migrate).expect("a database with the schema");
        Self::begin(seed, Place::Database(database)).await
    }

    async fn begin(seed: u64, place: Place) -> Self {
        let random = Seeded::new(seed);
        let master = MasterKey::generate(&random).to_hex().to_string();
        let mut world = Self::prepare(random, master, Timestamp::from_seconds(1_767_225_600), place);
        world.open().await;
        world
    }

    /// A directory that begins as another was.
    pub async fn from_image(image: &Image, seed: u64) -> Self {
        let place = match &image.content {
            Content::File(_) => Place::Files,
            Content::Database(kept) => {
                Place::Database(kept.server().database(Some(kept)).expect("a copy of the database"))
            }
        };
        let mut world = Self::prepare(Seeded::new(seed), image.master.clone(), image.wall, place);
        if let Content::File(bytes) = &image.content {
            world.put(bytes);
        }
        world.open().await;
        world
    }

    fn prepare(random: Seeded, master: String, wall: Timestamp, place: Place) -> Self {
        // Memory is faster than a disk, and nothing here is to survive the machine.
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let directory = TempDir::with_prefix_in("innkeeper-world-", base).expect("a temporary directory");
        Self {
            clock: Arc::new(MockClock::new(wall)),
            random: Arc::new(random),
            faults: FaultSwitch::default(),
            outside: Outside::default(),
            passcodes: Arc::default(),
            master,
            directory,
            running: None,
            place,
        }
    }

    /// The same world, reaching this beyond itself.
    pub async fn reaching(mut self, outside: Outside) -> Self {
        self.running = None;
        self.outside = outside;
        self.open().await;
        self
    }

    fn put(&self, database: &[u8]) {
        drop(hold(&self.data()));
        let file = self.data().join(FILE);
        std::fs::write(&file, database).expect("a copy of the database");
        let mut mode = std::fs::metadata(&file).expect("its mode").permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o600);
        std::fs::set_permissions(&file, mode).expect("its mode");
    }

    async fn open(&mut self) {
        self.running = Some(self.start().await);
    }

    async fn start(&self) -> (Store, Directory) {
        let store = match &self.place {
            Place::Files => {
                let held = hold(&self.data());
                Store::open_with_faults(&held, digest, self.faults.faults())
            }
            Place::Database(database) => {
                let url = DatabaseUrl::parse(&database.url()).expect("an address");
                let options = Options { faults: self.faults.faults(), ..Options::default() };
                Store::connect_with(&url, digest, options)
            }
        };
        let store = store.expect("the store");
        let inbox = Arc::clone(&self.passcodes);
        let parts = Parts {
            store: store.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::clone(&self.random) as Arc<dyn model::Random>,
            master: MasterKey::from_hex(&self.master).expect("the master key"),
            origins: vec![Self::ORIGIN.to_owned()],
            passcodes: Some(Arc::new(move |address: &str, code: &str| {
                let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
                inbox.push((address.to_owned(), code.to_owned()));
            })),
            outside: self.outside.clone(),
        };
        let directory = Directory::new(parts).await.expect("the directory");
        (store, directory)
    }

    /// One more server on the same database, with connections of its own. Only where the engine can be shared.
    pub async fn another_server(&self) -> (Store, Directory) {
        assert!(matches!(self.place, Place::Database(_)), "the embedded engine is one server's alone");
        self.start().await
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The file of the embedded database; none on PostgreSQL.
    pub fn file(&self) -> Option<PathBuf> {
        matches!(self.place, Place::Files).then(|| self.data().join(FILE))
    }

    /// The database on PostgreSQL; none where there is a file.
    pub const fn database(&self) -> Option<&Database> {
        match &self.place {
            Place::Files => None,
            Place::Database(database) => Some(database),
        }
    }

    /// The database as it is now.
    pub async fn image(&self) -> Image {
        self.directory().mark_time().await.expect("the clock mark");
        let content = match &self.place {
            Place::Files => {
                let copy = self.directory.path().join("image.db");
                self.store().copy_to(&copy).expect("a copy of the database");
                let bytes = std::fs::read(&copy).expect("the copy");
                std::fs::remove_file(&copy).expect("the copy removed");
                Content::File(bytes.into())
            }
            Place::Database(database) => {
                let copy = database.server().database(Some(database)).expect("a copy of the database");
                Content::Database(Arc::new(copy))
            }
        };
        Image { content, master: self.master.clone(), wall: self.clock.wall() }
    }

    /// The product.
    pub fn directory(&self) -> &Directory {
        &self.running.as_ref().expect("a world that runs").1
    }

    /// The store behind it, for looking where the product has no verb.
    pub fn store(&self) -> &Store {
        &self.running.as_ref().expect("a world that runs").0
    }

    /// Stops, lets time pass with the machine off, and starts again on the same data. The caller must have dropped every
    /// clone of the directory.
    pub async fn restart(&mut self, off: Span) {
        self.running = None;
        self.clock.power_off(off);
        self.open().await;
    }

    /// The right to look into a tenant.
    #[expect(clippy::disallowed_methods, reason = "a test looks everywhere")]
    pub const fn scope(tenant: TenantId) -> TenantScope {
        TenantScope::mint(tenant)
    }

    /// The context of a request now.
    pub fn cx(&self) -> Cx {
        self.directory().cx(RequestId::mint(self.random.as_ref()))
    }

    /// The passcode last sent to an address.
    pub fn passcode(&self, address: &str) -> Option<String> {
        let inbox = self.passcodes.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.iter().rev().find(|(to, _)| to == address).map(|(_, code)| code.clone())
    }

    /// A tenant without people.
    pub async fn tenant(&self, name: &str, domain: &str) -> TenantId {
        let new = NewTenant {
            name: name.to_owned(),
            domain: domain.to_owned(),
            technical_contact: None,
            administrator: None,
        };
        self.directory().create_tenant(&self.cx(), new).await.expect("a tenant").id
    }

    /// A member with these roles; [`World::sign_in`] needs no password.
    pub async fn member(&self, tenant: TenantId, user_name: &str, roles: &[Role]) -> ObjectId {
        let new = NewMember {
            display_name: format!("Member {user_name}"),
            user_name: user_name.to_owned(),
            password: None,
        };
        let id = self.directory().add_member(&self.cx(), tenant, new).await.expect("a member");
        self.password(tenant, id).await;
        for role in roles {
            self.directory().give_role(&self.cx(), tenant, id, *role).await.expect("a role");
        }
        id
    }

    /// Gives a member a password that nobody knows and that cost nothing to hash: who has none cannot be counted on to sign in.
    pub async fn password(&self, tenant: TenantId, id: ObjectId) {
        let now = self.directory().reading().now;
        self.store()
            .commit(Self::scope(tenant), move |reader| {
                let user = reader.user(id)?.expect("the member");
                let mut changes = ChangeSet::new();
                changes.set_password(&user, "nobody knows it", now);
                Decision::done(changes, ())
            })
            .await
            .expect("a password");
    }

    /// A member as the person who signs in.
    pub const fn person(tenant: TenantId, object: ObjectId) -> Person {
        Person::Member { tenant, object }
    }

    /// Gives a person a session without proving anything; the value of the cookie. A password would cost 12 ms each time.
    pub async fn sign_in(&self, person: &Person) -> String {
        let realm = match person {
            Person::Member { tenant, .. } => *tenant,
            Person::Mailbox { .. } => MAILBOX_REALM,
            Person::Federated(federated) => federated.tenant,
        };
        let (cx, secret) = (self.cx(), Secret::generate(self.random.as_ref()));
        let session = Session {
            hash: hash_secret(secret.expose()),
            person_key: person.key(),
            authenticated: cx.now,
            seen: cx.now,
            expires: cx.now + Span::hours(12),
        };
        // The same secret opens the administration pages, for whoever holds a role.
        let detail = SessionDetail {
            started: Some(cx.now),
            admin_hash: Some(session.hash.clone()),
            admin_seen: Some(cx.now),
            ..SessionDetail::default()
        };
        self.store()
            .commit(Self::scope(realm), move |_| {
                let mut changes = ChangeSet::new();
                changes.insert_session(Self::scope(realm), &session);
                changes.describe_session(Self::scope(realm), &session.hash, &detail);
                Decision::done(changes, ())
            })
            .await
            .expect("a session");
        format!("{realm}.{}", secret.expose())
    }

    /// A person who just signed in.
    pub async fn signed_in(&self, person: &Person) -> SignedIn {
        let cookie = self.sign_in(person).await;
        let found = self.directory().session(&self.cx(), &cookie).await.expect("a readable session");
        found.expect("a person whose home account is live and enabled")
    }

    /// An app with these permissions; public ones have no secret.
    pub async fn app(
        &self,
        tenant: TenantId,
        name: &str,
        public: bool,
        permissions: &[Permission],
    ) -> TestApp {
        let (cx, directory) = (self.cx(), self.directory());
        let (id, object) = directory.register_app(&cx, tenant, name, public, &[]).await.expect("an app");
        let kind = if public { GrantKind::Delegated } else { GrantKind::Application };
        for permission in permissions {
            if public || permission.application_id().is_some() {
                directory.grant(&cx, tenant, id, kind, *permission).await.expect("a permission");
            }
        }
        let secret = if public {
            None
        } else {
            let secret = directory.add_secret(&cx, tenant, id).await.expect("a secret");
            Some(secret.expose().to_owned())
        };
        TestApp { id, object, secret }
    }

    /// A bearer token of an app of its own accord.
    pub async fn app_token(&self, tenant: TenantId, app: &TestApp) -> String {
        let request = TokenRequest {
            tenant: tenant.to_string(),
            grant_type: Some("client_credentials".to_owned()),
            client_id: Some(app.id.to_string()),
            client_secret: app.secret.clone(),
            scope: Some("https://graph.microsoft.com/.default".to_owned()),
            ..TokenRequest::default()
        };
        let answer = self.directory().issue_token(&self.cx(), Self::ORIGIN, request).await;
        answer.map_err(|fault| fault.description).expect("a token of an app").access_token
    }

    /// A bearer token of a person through an app, with all scopes that the app has.
    pub async fn user_token(&self, tenant: TenantId, app: &TestApp, user: ObjectId) -> String {
        let (cx, directory) = (self.cx(), self.directory());
        directory
            .issue_delegated_token(&cx, Self::ORIGIN, tenant, user, app.id, Permission::ALL)
            .await
            .expect("a token of a person")
    }

    /// Whoever bears this token.
    pub async fn bearer(&self, token: &str) -> model::Result<Caller> {
        self.directory().bearer(&self.cx(), Some(&format!("Bearer {token}"))).await
    }

    /// A guest in this state, made by the operator's invitation and the person's own acts.
    pub async fn guest(
        &self,
        tenant: TenantId,
        person: &Person,
        address: &str,
        state: GuestState,
    ) -> ObjectId {
        let (directory, operator) = (self.directory(), Caller::operator(tenant));
        let request = InvitationRequest {
            address: address.to_owned(),
            display_name: Some(format!("Guest {address}")),
            redirect_url: "https://myapps.example".to_owned(),
            user_type: UserType::Guest,
            reset_redemption: false,
            ..InvitationRequest::default()
        };
        let sent = directory.invite(&self.cx(), &operator, request).await.expect("an invitation");
        let (id, key) = (sent.user.id, sent.user.id.to_string());
        if state == GuestState::Pending {
            return id;
        }
        let who = self.signed_in(person).await;
        directory.redeem(&self.cx(), &who, &sent.ticket).await.expect("an accepted invitation");
        match state {
            GuestState::Pending | GuestState::Accepted => {}
            GuestState::Blocked => {
                let patch = UserPatch { account_enabled: Some(false), ..UserPatch::default() };
                directory.update_user(&self.cx(), &operator, &key, patch).await.expect("a blocked guest");
            }
            GuestState::Left => assert!(self.leave(&who, tenant).await, "the guest may not leave"),
            GuestState::Removed => {
                directory.delete_user(&self.cx(), &operator, &key).await.expect("a removed guest");
            }
        }
        id
    }

    /// Leaves, as far as the person may; says whether it worked.
    pub async fn leave(&self, who: &SignedIn, tenant: TenantId) -> bool {
        let view = self.directory().view_leave(&self.cx(), who, tenant).await.expect("the confirm step");
        let LeaveView::Confirm(confirm) = view else { return false };
        let answer = self.directory().leave(&self.cx(), who, tenant, &confirm.confirmation).await;
        matches!(answer.expect("an answer"), LeaveAnswer::Left(_))
    }

    /// The stored user object, live or soft-deleted.
    pub async fn user(&self, tenant: TenantId, id: ObjectId) -> Option<model::User> {
        let found = self.store().read(Self::scope(tenant), |reader| reader.user(id)).await;
        found.expect("a readable user")
    }

    /// The live account of somebody homed elsewhere.
    pub async fn account(&self, tenant: TenantId, home: &Home) -> Option<model::User> {
        let found = self.store().read(Self::scope(tenant), |reader| reader.user_by_home(home)).await;
        found.expect("a readable user")
    }
}
