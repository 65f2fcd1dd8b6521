//! The demonstration's world, and through it the front doors: tokens, passwords, passcodes, the first set-up.

use super::cast;
use crate::{
    Caller, Directory, Discovered, NewTenant, Parts, SetupRequest, SignIn, TokenRequest, demo::DemoWorld,
};
use model::{
    Clock, Cx, ErrorKind, InvitationState, ObjectId, Random, Result, Span, Timestamp, TokenFault, User,
    audit::Activity,
    authz::{Permission, Role},
    lifecycle::RETENTION,
};
use std::sync::{Arc, Mutex};
use store::{AuditQuery, DataDir, GrantKind, Store, UserQuery};

const NETWORK: &str = "192.0.2.1";
const START: i64 = 1_790_000_000;

/// SplitMix64: the same bytes for the same seed.
struct Seeded(Mutex<u64>);

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

struct Hands(Mutex<Span>);

impl Clock for Hands {
    fn wall(&self) -> Timestamp {
        Timestamp::from_seconds(START) + self.uptime()
    }
    fn uptime(&self) -> Span {
        *self.0.lock().unwrap()
    }
}

/// A directory in a temporary place, with a clock that stands still.
struct Stage {
    directory: Directory,
    clock: Arc<Hands>,
    codes: Arc<Mutex<Vec<(String, String)>>>,
    _place: tempfile::TempDir,
}

impl Stage {
    async fn set() -> Self {
        let place = tempfile::tempdir().unwrap();
        let held = DataDir::open(&place.path().join("data")).unwrap();
        let store = Store::open(&held, identity::digest).unwrap();
        let random: Arc<dyn Random> = Arc::new(Seeded(Mutex::new(7)));
        let clock = Arc::new(Hands(Mutex::new(Span::ZERO)));
        let codes: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let sent = Arc::clone(&codes);
        let parts = Parts {
            store,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            master: identity::MasterKey::generate(random.as_ref()),
            random,
            origins: vec!["https://localhost:8443".to_owned(), "https://127.0.0.1:8443".to_owned()],
            passcodes: Some(Arc::new(move |address: &str, code: &str| {
                sent.lock().unwrap().push((address.to_owned(), code.to_owned()));
            })),
            outside: crate::Outside::default(),
        };
        let directory = Directory::new(parts).await.unwrap();
        Self { directory, clock, codes, _place: place }
    }

    async fn with_world() -> (Self, DemoWorld) {
        let stage = Self::set().await;
        let world = stage.directory.build_demo(&stage.cx(), Span::minutes(1)).await.unwrap();
        (stage, world)
    }

    fn cx(&self) -> Cx {
        self.directory.own_cx()
    }

    fn pass(&self, span: Span) {
        let mut uptime = self.clock.0.lock().unwrap();
        *uptime = Span::micros(uptime.as_micros() + span.as_micros());
    }

    fn last_code(&self) -> Option<(String, String)> {
        self.codes.lock().unwrap().last().cloned()
    }

    async fn users(&self, world: &DemoWorld, deleted: bool) -> Vec<User> {
        let scope = crate::authn::scope(world.tenant_id);
        let query = UserQuery { deleted, limit: 999, ..UserQuery::default() };
        self.directory.store().read(scope, |reader| Ok(reader.users(&query)?.items)).await.unwrap()
    }

    async fn reasons(&self, world: &DemoWorld, activity: Activity) -> Vec<Option<String>> {
        let scope = crate::authn::scope(world.tenant_id);
        let query =
            AuditQuery { activity: Some(activity.wire().0.to_owned()), limit: 999, ..AuditQuery::default() };
        let found = self.directory.store().read(scope, |reader| reader.audit(&query)).await.unwrap();
        found.into_iter().map(|stored| stored.record.reason).collect()
    }

    async fn token(&self, request: TokenRequest) -> Result<String, u32> {
        let answer = self.directory.issue_token(&self.cx(), "https://localhost:8443", request).await;
        answer.map(|answer| answer.access_token).map_err(|fault| fault.code)
    }

    async fn bearer(&self, token: &str) -> Result<Caller> {
        self.directory.bearer(&self.cx(), Some(&format!("Bearer {token}"))).await
    }

    async fn sign_in(&self, user_name: &str, password: &str) -> SignIn {
        self.directory.sign_in(&self.cx(), NETWORK, user_name, password).await.unwrap()
    }
}

fn request(world: &DemoWorld) -> TokenRequest {
    TokenRequest {
        tenant: world.tenant_id.to_string(),
        grant_type: Some("client_credentials".to_owned()),
        client_id: Some(world.client.id.to_string()),
        client_secret: world.client.secret.clone(),
        scope: Some("https://graph.microsoft.com/.default".to_owned()),
        ..TokenRequest::default()
    }
}

#[test]
fn nobody_is_invited_twice_and_mailbox_guests_have_no_hosted_domain() {
    let mut addresses: Vec<_> = cast::GUESTS.iter().map(|guest| guest.address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), cast::GUESTS.len());
    let all = [cast::CONTOSO, cast::FABRIKAM, cast::WOODGROVE, cast::TAILWIND];
    let hosted = |address| all.iter().any(|one| model::domain_of(address).as_deref() == Some(one.domain));
    assert!(!hosted(cast::PERSONAL) && hosted(cast::GUEST));
}

#[tokio::test]
async fn contoso_has_twenty_five_guests_in_every_state_and_the_world_verifies() {
    let (stage, world) = Stage::with_world().await;
    let (live, deleted) = (stage.users(&world, false).await, stage.users(&world, true).await);
    let guests: Vec<_> = live.iter().chain(&deleted).filter(|user| user.is_external()).collect();
    assert_eq!(guests.len(), 25);
    assert_eq!(deleted.len(), 6);
    assert_eq!(live.iter().filter(|user| !user.account_enabled).count(), 3);
    let pending = Some(InvitationState::PendingAcceptance);
    assert_eq!(live.iter().filter(|user| user.invitation == pending).count(), 5);
    let now = stage.cx().now;
    let due: Vec<_> = deleted.iter().filter_map(|user| user.deletion).map(|gone| gone.purge_after).collect();
    assert!(due.contains(&(now + Span::minutes(1))), "one falls due a minute from now");
    assert!(due.iter().all(|at| *at > now && *at <= now + RETENTION));
    assert!(live.iter().any(|user| user.id == world.guest_id && user.mail.as_deref() == Some(cast::GUEST)));
    let findings = stage.directory.verify().await.unwrap();
    assert_eq!((findings.tenants, findings.problems), (4, Vec::new()));
}

#[tokio::test]
async fn a_world_is_built_only_where_there_is_none() {
    let (stage, _) = Stage::with_world().await;
    let again = stage.directory.build_demo(&stage.cx(), Span::ZERO).await;
    assert_eq!(again.map(|_| ()).unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn an_app_token_is_accepted_until_it_is_an_hour_old() {
    let (stage, world) = Stage::with_world().await;
    for scope in [
        "https://graph.microsoft.com/.default",
        "https://graph.microsoft.com//.default",
        "00000003-0000-0000-c000-000000000000/.default",
        "https://localhost:8443/.default",
        "https://127.0.0.1/.default",
    ] {
        let token = stage.token(TokenRequest { scope: Some(scope.to_owned()), ..request(&world) }).await;
        let caller = stage.bearer(&token.unwrap()).await.unwrap();
        assert_eq!(caller.tenant(), world.tenant_id, "{scope}");
    }
    let by_domain = TokenRequest { tenant: "Contoso.example".to_owned(), ..request(&world) };
    let token = stage.token(by_domain).await.unwrap();
    stage.pass(Span::minutes(59));
    assert!(stage.bearer(&token).await.is_ok());
    stage.pass(Span::minutes(1));
    let expired = ErrorKind::Unauthenticated(TokenFault::Expired);
    assert_eq!(stage.bearer(&token).await.unwrap_err().kind(), expired);
    let missing = stage.directory.bearer(&stage.cx(), None).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Unauthenticated(TokenFault::Missing));
    assert!(stage.reasons(&world, Activity::TokenRefused).await.is_empty());
}

#[tokio::test]
async fn each_refused_token_request_has_its_code_and_leaves_a_record() {
    let (stage, world) = Stage::with_world().await;
    let with = |change: fn(&mut TokenRequest)| {
        let mut request = request(&world);
        change(&mut request);
        request
    };
    let recorded = [
        (with(|r| r.client_id = Some("00000000-0000-4000-8000-000000000001".into())), 700_016),
        (with(|r| r.client_id = None), 900_144),
        (with(|r| r.client_secret = None), 7_000_218),
        (with(|r| r.client_secret = Some("wrong".into())), 7_000_215),
        (with(|r| r.scope = Some("https://graph.microsoft.com/User.Read.All".into())), 70_011),
        (with(|r| r.scope = Some("https://graph.microsoft.com/.default openid".into())), 70_011),
        (with(|r| r.scope = Some("https://evil.example/.default".into())), 500_011),
        (TokenRequest { client_id: Some(world.public.id.to_string()), ..request(&world) }, 700_025),
        (TokenRequest { tenant: world.home_tenant_id.to_string(), ..request(&world) }, 700_016),
    ];
    for (request, code) in recorded.iter().cloned() {
        assert_eq!(stage.token(request).await, Err(code));
    }
    for (request, code) in [
        (with(|r| r.tenant = "common".into()), 50_059),
        (with(|r| r.tenant = "nowhere.example".into()), 90_002),
        (with(|r| r.grant_type = Some("password".into())), 70_003),
        (with(|r| r.grant_type = None), 900_144),
    ] {
        assert_eq!(stage.token(request).await, Err(code));
    }
    let reasons = stage.reasons(&world, Activity::TokenRefused).await;
    // The last of them belongs to Fabrikam.
    let expected: Vec<_> =
        recorded.iter().rev().skip(1).map(|(_, code)| Some(format!("AADSTS{code}"))).collect();
    assert_eq!(reasons, expected);
    let client = world.client.id;
    stage.directory.set_app_enabled(&stage.cx(), world.tenant_id, client, false).await.unwrap();
    assert_eq!(stage.token(request(&world)).await, Err(7_000_112));
}

#[tokio::test]
async fn a_delegated_token_holds_granted_scopes_and_survives_a_revocation_in_the_same_second() {
    let (stage, world) = Stage::with_world().await;
    let admin = stage.users(&world, false).await;
    let admin = admin.iter().find(|user| user.upn == world.admin.user_name).unwrap().id;
    let (cx, directory) = (stage.cx(), &stage.directory);
    let tenant = world.tenant_id;
    directory
        .revoke_grant(&cx, tenant, world.public.id, GrantKind::Delegated, Permission::AuditLogReadAll)
        .await
        .unwrap();
    let scopes = [Permission::PolicyReadAll, Permission::AuditLogReadAll];
    let issue =
        || directory.issue_delegated_token(&cx, directory.origin(), tenant, admin, world.public.id, &scopes);
    let old = stage.bearer(&issue().await.unwrap()).await.unwrap();
    directory.set_password(&cx, tenant, admin, "murky trellis oboe plinth").await.unwrap();
    let new = stage.bearer(&issue().await.unwrap()).await.unwrap();
    let principal = |caller: Caller| {
        let cx = cx.clone();
        async move {
            let scope = caller.scope();
            directory.store().read(scope, |reader| crate::authn::principal(reader, &cx, &caller)).await
        }
    };
    let revoked = ErrorKind::Unauthenticated(TokenFault::Revoked);
    assert_eq!(principal(old).await.unwrap_err().kind(), revoked);
    let principal = principal(new).await.unwrap();
    assert!(principal.holds(&[Permission::PolicyReadAll], &[]));
    assert!(!principal.holds(&[Permission::AuditLogReadAll], &[]));
    assert!(principal.roles().contains(&Role::GlobalAdministrator));
    let blocked = stage.users(&world, false).await.into_iter().find(|user| !user.account_enabled).unwrap();
    let refused = directory
        .issue_delegated_token(&cx, directory.origin(), tenant, blocked.id, world.public.id, &scopes)
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_tenant_makes_one_key_however_many_ask_at_once() {
    let (stage, world) = Stage::with_world().await;
    let name = world.tenant_domain.as_str();
    let cx = stage.cx();
    let ask = || stage.directory.keys_document(&cx, name);
    let (one, two, three) = tokio::try_join!(ask(), ask(), ask()).unwrap();
    assert_eq!(one["keys"].as_array().unwrap().len(), 1);
    assert!(one == two && two == three);
    let issuer = format!("https://localhost:8443/{}/v2.0", world.tenant_id);
    let document = stage.directory.discovery("https://localhost:8443", name).await.unwrap();
    assert_eq!(document["issuer"], issuer);
    assert_eq!(one["keys"][0]["issuer"], issuer);
    assert_eq!(stage.reasons(&world, Activity::AddSigningKey).await.len(), 1);
    assert!(stage.directory.discovery("https://localhost:8443", "nowhere.example").await.is_err());
}

#[tokio::test]
async fn the_right_password_begins_a_session_and_no_other_does() {
    let (stage, world) = Stage::with_world().await;
    let SignIn::SignedIn { cookie, person, .. } =
        stage.sign_in(&world.guest.user_name.to_uppercase(), &world.guest.password).await
    else {
        panic!("the right password was refused");
    };
    assert_eq!(person.home_tenant(), Some(world.home_tenant_id));
    let found = stage.directory.session(&stage.cx(), &cookie).await.unwrap();
    assert_eq!(found.as_ref(), Some(person.as_ref()));
    for (user_name, password) in [
        (world.admin.user_name.as_str(), world.guest.password.as_str()),
        ("nobody@contoso.example", "whatever it may be"),
        ("nobody@nowhere.example", "whatever it may be"),
        ("priya.raman_fabrikam.example#EXT#@contoso.example", world.guest.password.as_str()),
        ("yuki.tanaka@contoso.example", ""),
    ] {
        assert!(matches!(stage.sign_in(user_name, password).await, SignIn::Wrong), "{user_name}");
    }
    let reasons = stage.reasons(&world, Activity::SignInRefused).await;
    assert_eq!(reasons, vec![Some("wrongPassword".to_owned()); 2]);
}

#[tokio::test]
async fn after_five_failures_each_further_one_costs_twice_the_wait() {
    let (stage, world) = Stage::with_world().await;
    let DemoWorld { admin, .. } = &world;
    for _ in 0..5 {
        assert!(matches!(stage.sign_in(&admin.user_name, "wrong").await, SignIn::Wrong));
    }
    assert!(matches!(stage.sign_in(&admin.user_name, &admin.password).await, SignIn::Throttled { .. }));
    let cx = stage.cx();
    let elsewhere = stage.directory.sign_in(&cx, "198.51.100.7", &admin.user_name, &admin.password);
    assert!(matches!(elsewhere.await.unwrap(), SignIn::SignedIn { .. }), "a stranger locks nobody out");
    stage.pass(Span::seconds(1));
    assert!(matches!(stage.sign_in(&admin.user_name, "wrong").await, SignIn::Wrong));
    stage.pass(Span::seconds(1));
    assert!(matches!(stage.sign_in(&admin.user_name, &admin.password).await, SignIn::Throttled { .. }));
    stage.pass(Span::seconds(1));
    assert!(matches!(stage.sign_in(&admin.user_name, &admin.password).await, SignIn::SignedIn { .. }));
    assert!(matches!(stage.sign_in(&admin.user_name, "wrong").await, SignIn::Wrong), "success forgets");
}

#[tokio::test]
async fn a_blocked_account_is_told_so_only_after_the_right_password() {
    let (stage, world) = Stage::with_world().await;
    let scope = crate::authn::scope(world.tenant_id);
    let admin = stage.users(&world, false).await;
    let admin = admin.into_iter().find(|user| user.upn == world.admin.user_name).unwrap();
    let blocked = model::lifecycle::set_enabled(&admin, false, stage.cx().now).unwrap();
    let update = move |_: &store::Reader<'_>| {
        let mut changes = store::ChangeSet::new();
        changes.update_user(&admin, &blocked);
        store::Decision::done(changes, ())
    };
    stage.directory.store().commit(scope, update).await.unwrap();
    assert!(matches!(stage.sign_in(&world.admin.user_name, "wrong").await, SignIn::Wrong));
    assert!(matches!(stage.sign_in(&world.admin.user_name, &world.admin.password).await, SignIn::Blocked));
    let findings = stage.directory.verify().await.unwrap();
    assert!(findings.problems.iter().any(|problem| problem.contains("Global Administrator")), "{findings:?}");
}

#[tokio::test]
async fn a_passcode_goes_to_mailbox_guests_only_and_works_once_within_ten_minutes() {
    let (stage, world) = Stage::with_world().await;
    let (directory, personal) = (&stage.directory, world.personal_user_name.as_str());
    for stranger in ["stranger@mailbox.example", world.guest.user_name.as_str(), "no address", ""] {
        directory.send_passcode(&stage.cx(), stranger, "en").await.unwrap();
    }
    assert_eq!(stage.last_code(), None);
    directory.send_passcode(&stage.cx(), &personal.to_uppercase(), "en").await.unwrap();
    let (address, code) = stage.last_code().unwrap();
    assert_eq!((address.as_str(), code.len()), (personal, 8));
    directory.send_passcode(&stage.cx(), personal, "en").await.unwrap();
    assert_eq!(stage.codes.lock().unwrap().len(), 1, "the next one has to wait a minute");
    let cx = stage.cx();
    let enter = |code: &str| {
        let code = code.to_owned();
        async move {
            directory.sign_in_with_passcode(&directory.own_cx(), NETWORK, personal, &code).await.unwrap()
        }
    };
    assert!(matches!(enter("00000000").await, SignIn::Wrong));
    let SignIn::SignedIn { cookie, person, .. } = enter(&format!("{} {}", &code[..4], &code[4..])).await
    else {
        panic!("the right passcode was refused");
    };
    assert_eq!(person.home_tenant(), None);
    assert!(directory.session(&cx, &cookie).await.unwrap().is_some());
    assert!(matches!(enter(&code).await, SignIn::Wrong), "it works once");
    stage.pass(Span::minutes(1));
    directory.send_passcode(&stage.cx(), personal, "en").await.unwrap();
    let (_, late) = stage.last_code().unwrap();
    stage.pass(Span::minutes(10));
    assert!(matches!(enter(&late).await, SignIn::Wrong), "it is over");
}

#[tokio::test]
async fn five_wrong_guesses_from_anywhere_void_a_passcode() {
    let (stage, world) = Stage::with_world().await;
    stage.directory.send_passcode(&stage.cx(), &world.personal_user_name, "en").await.unwrap();
    let (address, code) = stage.last_code().unwrap();
    for guess in 0..5 {
        let network = format!("198.51.100.{guess}");
        let cx = stage.cx();
        let answer = stage.directory.sign_in_with_passcode(&cx, &network, &address, "x").await;
        assert!(matches!(answer.unwrap(), SignIn::Wrong));
    }
    let answer = stage.directory.sign_in_with_passcode(&stage.cx(), NETWORK, &address, &code).await;
    assert!(matches!(answer.unwrap(), SignIn::Wrong));
}

#[tokio::test]
async fn discovery_goes_by_the_domain_alone() {
    let (stage, _) = Stage::with_world().await;
    for (user_name, expected) in [
        ("nobody@Contoso.example", Discovered::Password),
        ("nobody@nowhere.example", Discovered::Passcode),
        ("nobody", Discovered::Unavailable),
        ("", Discovered::Unavailable),
    ] {
        assert_eq!(stage.directory.discover(user_name).await.unwrap(), expected, "{user_name}");
    }
}

fn set_up(secret: &str, password: &str) -> SetupRequest {
    SetupRequest {
        secret: secret.to_owned(),
        organisation: "Northwind".to_owned(),
        domain: "northwind.example".to_owned(),
        administrator_name: "Ana Lopes".to_owned(),
        user_name: "ana@northwind.example".to_owned(),
        password: password.to_owned(),
    }
}

#[tokio::test]
async fn the_set_up_secret_makes_one_tenant_and_a_failure_leaves_it_good() {
    let stage = Stage::set().await;
    let (directory, cx) = (&stage.directory, stage.cx());
    let replaced = directory.begin_setup(&cx).await.unwrap().unwrap();
    let secret = directory.begin_setup(&cx).await.unwrap().unwrap();
    let good = "murky trellis oboe plinth";
    let refused = |secret: &str, password: &str| {
        let request = set_up(secret, password);
        async { directory.finish_setup(&directory.own_cx(), request).await.unwrap_err().kind() }
    };
    assert_eq!(refused(replaced.expose(), good).await, ErrorKind::Forbidden);
    assert_eq!(refused(secret.expose(), "short").await, ErrorKind::BadRequest);
    let race = || directory.finish_setup(&cx, set_up(secret.expose(), good));
    let (one, two) = tokio::join!(race(), race());
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|won| **won).count(), 1);
    assert!(!directory.needs_setup().await.unwrap());
    assert!(directory.begin_setup(&cx).await.unwrap().is_none());
    assert!(matches!(stage.sign_in("ana@northwind.example", good).await, SignIn::SignedIn { .. }));
    assert_eq!(directory.verify().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn the_set_up_secret_ends_after_half_an_hour() {
    let stage = Stage::set().await;
    let secret = stage.directory.begin_setup(&stage.cx()).await.unwrap().unwrap();
    stage.pass(Span::minutes(30));
    let late =
        stage.directory.finish_setup(&stage.cx(), set_up(secret.expose(), "murky trellis oboe plinth")).await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_domain_belongs_to_one_tenant_and_the_last_administrator_stays() {
    let (stage, world) = Stage::with_world().await;
    let (directory, cx) = (&stage.directory, stage.cx());
    let new = |domain: &str| NewTenant {
        name: "Other".to_owned(),
        domain: domain.to_owned(),
        technical_contact: None,
        administrator: None,
    };
    let taken = directory.create_tenant(&cx, new("CONTOSO.example")).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Conflict);
    let other = directory.create_tenant(&cx, new("other.example")).await.unwrap();
    assert_eq!(directory.resolve_tenant("Other.example").await.unwrap(), Some(other.id));
    let users = stage.users(&world, false).await;
    let find = |upn: &str| -> ObjectId { users.iter().find(|user| user.upn == upn).unwrap().id };
    let (admin, next) = (find(&world.admin.user_name), find("yuki.tanaka@contoso.example"));
    let take = || directory.take_role(&cx, world.tenant_id, admin, Role::GlobalAdministrator);
    assert_eq!(take().await.unwrap_err().kind(), ErrorKind::Conflict);
    directory.give_role(&cx, world.tenant_id, next, Role::GlobalAdministrator).await.unwrap();
    assert_eq!(
        take().await.unwrap_err().kind(),
        ErrorKind::Conflict,
        "an administrator who cannot sign in does not count"
    );
    directory.set_password(&cx, world.tenant_id, next, "murky trellis oboe plinth").await.unwrap();
    take().await.unwrap();
}

#[tokio::test]
async fn the_due_guest_is_purged_a_minute_after_the_start_and_nothing_of_them_is_left() {
    let (stage, world) = Stage::with_world().await;
    let due = stage.directory.next_due().await.unwrap();
    assert_eq!(due, Some(stage.cx().now + Span::minutes(1)));
    stage.pass(Span::minutes(1));
    assert_eq!(stage.directory.purge_pass().await.unwrap().purged, 1);
    assert_eq!(stage.users(&world, true).await.len(), 5);
    assert_eq!(stage.directory.verify().await.unwrap().problems, Vec::<String>::new());
}
