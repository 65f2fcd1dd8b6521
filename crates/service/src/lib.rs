//! The verbs of the product. Every verb authorises, reads, decides and commits; what it decides by is in `model`.

mod accounts;
mod audit;
mod authn;
mod border;
mod connections;
mod deleted;
mod delta;
mod demo;
mod explorer;
mod federation;
mod groups;
mod home;
mod import;
mod invitations;
mod leave;
mod mail;
mod my_apps;
mod objects;
mod organization;
mod outside;
mod people;
mod personal_data;
mod policy;
mod portion;
mod purge;
mod record;
mod registrations;
mod roles;
mod second_factor;
mod sessions;
mod settings;
mod sign_in;
mod tenants;
mod throttle;
mod tokens;
mod tools;
mod users;
mod verify;

pub use accounts::{Account, Candidate, Listing, Removed};
pub use audit::{AuditFound, AuditSearch};
pub use authn::{Caller, SignedIn};
pub use delta::{UserChange, UserDelta, UserDeltaPage};
pub use demo::{DemoAdministrator, DemoApp, DemoPerson, DemoWorld};
pub use explorer::{EXPLORER, Exploration, Explorer};
pub use federation::{
    Arrived, Departure, Federation, FederationFault, NewProvider, ProviderPatch, ProviderView,
};
pub use groups::GroupPatch;
pub use home::{HomePass, Orphan, OrphanPage, WithHome};
pub use import::Imported;
pub use invitations::{
    InvitationKey, InvitationMessage, InvitationRequest, InvitationSent, InvitationView, Uninvitable,
};
pub use leave::{Confirm, LeaveAnswer, LeaveView, Leaving, Left, Listed, Refused};
pub use mail::{LocalMail, Mail, MailPass, Message};
pub use my_apps::{AppAccess, AppPermission};
pub use objects::{FoundObject, ObjectKind};
pub use organization::OrganizationPatch;
pub use outside::{Letter, Mailing, Outbound, Outside, Pending, Post, PostFault, Question, Reply, Wording};
pub use people::{NewUser, UserDetail};
pub use personal_data::{AccountData, ConnectionData, OwnRecords, PersonalData};
pub use portion::Portion;
pub use purge::PurgePass;
pub use registrations::{
    AppDetail, AppKey, AppPatch, AppPermissions, DelegatedGrant, NewCertificate, PermissionState,
    certificate_thumbprint, is_grantable,
};
pub use roles::{RoleChange, RoleHolders, RoleRefusal, RoleView};
pub use second_factor::{Enrolment, SecondFactorState, SecurityAnswer};
pub use sessions::SessionView;
pub use settings::{
    AuthorizationPolicyPatch, CollaborationView, InvitationDomainsPatch, PolicyKind, ShutOut, listed_domain,
};
pub use sign_in::{Discovered, SignIn, Visitor};
pub use store::{
    AppCertificate, AppObject, AppSecret, AppSignIn, AuditQuery, DirectConnection, ExternalCounts,
    FieldValue, Grant, GrantKind, GrantRow, GroupObject, ListedUser, Page, ProviderChoice, SignInSettings,
    SignIns, UserField, UserQuery, UserRow,
};
pub use tenants::{NewMember, NewTenant, SetupRequest, apps::is_redirect_uri};
pub use tokens::{
    AdminConsentRequest, AdminStep, AuthorizeRequest, ClientAnswer, ConnectView, ConsentView, DEVICE_PAGE,
    DeviceAnswer, DeviceStep, DeviceView, OAuthFault, ResponseMode, SignOut, SignOutRequest, Step,
    TokenAnswer, TokenRequest, Visit,
};
pub use users::{Obstacle, PasswordChange, UserPatch};
pub use verify::Findings;

use identity::MasterKey;
use model::{Clock, Cx, Random, Reading, RequestId, Span, TenantId, Timestamp, TrustedClock};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::Store;

/// The directory: the one thing that the web, the command line and the tests talk to. Cheap to clone.
#[derive(Clone)]
pub struct Directory {
    inner: Arc<Inner>,
}

/// How passcodes reach people as long as there is no mail: given the address and the code.
pub type PasscodeSink = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// What a directory is made of.
pub struct Parts {
    /// Where it remembers.
    pub store: Store,
    /// The clocks of the machine.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Seals private keys and signs opaque values; kept outside the database.
    pub master: MasterKey,
    /// The public address (`https://host:port`, no slash at the end), and others under which the same server is known.
    pub origins: Vec<String>,
    /// Where passcodes go; without it, nobody can sign in by mailbox.
    pub passcodes: Option<PasscodeSink>,
    /// What the directory reaches beyond itself.
    pub outside: Outside,
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    master: MasterKey,
    origins: Vec<String>,
    passcodes: Option<PasscodeSink>,
    outside: Outside,
    local_mails: mail::LocalMails,
    providers: federation::Providers,
    trusted: Mutex<TrustedClock>,
    /// What Graph is called in tokens; follows from the origins.
    audiences: Vec<String>,
    proved_tokens: tokens::ProvedTokens,
    /// Parsed private keys: a pure function of what is stored under their id.
    keys: Mutex<HashMap<TenantId, HashMap<String, Arc<identity::SigningKey>>>>,
    hashing: tokio::sync::Semaphore,
    /// Sign-ins under way.
    sign_ins: tokio::sync::Semaphore,
    /// Refused token requests that were recorded in the minute that began then, by tenant.
    refusals: Mutex<HashMap<TenantId, (Timestamp, u32)>>,
    /// Wrong credentials at the token endpoint in the minute that began then, by network.
    failures: Mutex<HashMap<String, (Timestamp, u32)>>,
    /// The document of all tenants' keys, and when it was made.
    common_keys: Mutex<Option<(Timestamp, Arc<serde_json::Value>)>>,
}

/// How many password hashes may run at once; more than the cores would only queue.
const HASHERS: usize = 2;
/// How many sign-ins may be under way at once; with more, whoever comes last would wait for seconds.
const SIGN_INS: usize = 128;

impl Directory {
    /// Puts the parts together and picks up the trusted time where the last process left it.
    pub async fn new(parts: Parts) -> model::Result<Self> {
        let mark = parts.store.read_across(|across| across.clock_mark()).await?;
        let trusted = TrustedClock::start(mark, parts.clock.wall(), parts.clock.uptime());
        Ok(Self {
            inner: Arc::new(Inner {
                store: parts.store,
                clock: parts.clock,
                random: parts.random,
                master: parts.master,
                audiences: tokens::audiences(&parts.origins),
                proved_tokens: tokens::ProvedTokens::default(),
                origins: parts.origins,
                passcodes: parts.passcodes,
                outside: parts.outside,
                local_mails: mail::LocalMails::default(),
                providers: federation::Providers::default(),
                trusted: Mutex::new(trusted),
                keys: Mutex::new(HashMap::new()),
                hashing: tokio::sync::Semaphore::new(HASHERS),
                sign_ins: tokio::sync::Semaphore::new(SIGN_INS),
                refusals: Mutex::new(HashMap::new()),
                failures: Mutex::new(HashMap::new()),
                common_keys: Mutex::new(None),
            }),
        })
    }

    /// Looks at the clocks.
    pub fn reading(&self) -> Reading {
        let mut trusted = self.inner.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        trusted.observe(self.inner.clock.wall(), self.inner.clock.uptime())
    }

    /// Time since the process started.
    pub(crate) fn uptime(&self) -> Span {
        self.inner.clock.uptime()
    }

    /// The context of a request that begins now.
    pub fn cx(&self, request: RequestId) -> Cx {
        let reading = self.reading();
        Cx {
            now: reading.now,
            trusted: reading.trusted,
            random: Arc::clone(&self.inner.random),
            request,
            seen: None,
        }
    }

    /// The context of work that nobody asked for.
    pub fn own_cx(&self) -> Cx {
        self.cx(RequestId::mint(self.inner.random.as_ref()))
    }

    /// The public address: `https://host:port`.
    pub fn origin(&self) -> &str {
        self.inner.origins.first().map_or("https://localhost", String::as_str)
    }

    /// The address under which a request reached us, if it is one of ours.
    pub fn known_origin(&self, host: &str) -> Option<&str> {
        self.inner.origins.iter().map(String::as_str).find(|origin| {
            origin.strip_prefix("https://").is_some_and(|known| known.eq_ignore_ascii_case(host))
        })
    }

    /// Encrypts for the store, as hexadecimal; the label says what and whose it is.
    pub(crate) fn seal(&self, cx: &Cx, label: &str, plain: &[u8]) -> model::Result<String> {
        Ok(hex::encode(self.master().seal(label, plain, cx.random.as_ref())?))
    }

    /// Decrypts what [`Directory::seal`] made under the same label.
    pub(crate) fn open_sealed(
        &self,
        label: &str,
        sealed: &str,
    ) -> model::Result<zeroize::Zeroizing<Vec<u8>>> {
        let bytes = hex::decode(sealed)
            .map_err(|_| model::Error::internal(format!("'{label}' is stored, but not as hexadecimal")))?;
        self.master().open(label, &bytes)
    }

    /// Signs a value that goes out and must come back unchanged.
    pub fn sign_opaque(&self, label: &str, payload: &[u8]) -> String {
        identity::sign_opaque(&self.inner.master, label, payload)
    }

    /// Opens a value that [`Directory::sign_opaque`] signed under the same label.
    pub fn open_opaque(&self, label: &str, text: &str) -> Option<Vec<u8>> {
        identity::open_opaque(&self.inner.master, label, text)
    }

    /// Seals a value that goes out and must come back unchanged, and that nobody is to read on the way.
    pub fn seal_opaque(&self, cx: &Cx, label: &str, payload: &[u8]) -> model::Result<String> {
        identity::seal_opaque(&self.inner.master, label, payload, cx.random.as_ref())
    }

    /// Opens a value that [`Directory::seal_opaque`] sealed under the same label.
    pub fn unseal_opaque(&self, label: &str, text: &str) -> Option<Vec<u8>> {
        identity::unseal_opaque(&self.inner.master, label, text)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn master(&self) -> &MasterKey {
        &self.inner.master
    }

    pub(crate) fn origins(&self) -> &[String] {
        &self.inner.origins
    }

    /// Writes the log back and truncates it, so that nothing that was deleted stays in it.
    pub async fn checkpoint(&self) -> model::Result<()> {
        self.store().checkpoint().await
    }

    /// Notes how far trusted time has come, so that a restart cannot be told an earlier one.
    pub async fn mark_time(&self) -> model::Result<Timestamp> {
        let trusted = self.reading().trusted;
        self.store()
            .commit(authn::directory_scope(), move |_| {
                let mut changes = store::ChangeSet::new();
                changes.set_clock_mark(trusted);
                store::Decision::done(changes, trusted)
            })
            .await
    }
}

pub(crate) use store::MAILBOX_REALM;
