use crate::{
    browser::{Browser, Page},
    scene::Scene,
};
use identity::{IdClaims, SigningKey};
use model::{AppId, Home, ObjectId, TenantId, Timestamp, UserType, audit::Activity};
use serde_json::json;
use service::{
    Caller, InvitationRequest, NewProvider, Outbound, Outside, Pending, ProviderPatch, Question, Reply,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};
use testkit::World;
use uuid::Uuid;

const HOST: &str = "https://idp.partner.example";
const ANA: &str = "ana@partner.example";
const CALLBACK: &str = "https://localhost:8443/signin/callback";

fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate().expect("a key"))
}

/// How the provider misbehaves.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Trick {
    #[default]
    None,
    /// It is down.
    Down,
    /// Its discovery document is of another issuer.
    OtherIssuer,
    /// Its token carries the nonce of another sign-in.
    OtherNonce,
    /// Its token is for another client.
    OtherClient,
    /// Its token is signed with a key that it does not publish.
    OtherKey,
}

/// What the authorization endpoint remembers under a code.
#[derive(Clone)]
struct Granted {
    subject: String,
    email: String,
    nonce: String,
    challenge: String,
}

/// An OpenID Connect provider, asked in process.
struct Provider {
    tenant: TenantId,
    client: AppId,
    now: Mutex<Timestamp>,
    /// When people proved to it who they are, where it says so.
    proved: Mutex<Option<Timestamp>>,
    trick: Mutex<Trick>,
    codes: Mutex<HashMap<String, Granted>>,
    asked: Mutex<Vec<String>>,
}

impl Provider {
    fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            tenant: TenantId::from_uuid(Uuid::from_u128(7)),
            client: AppId::from_uuid(Uuid::from_u128(8)),
            now: Mutex::new(now),
            proved: Mutex::default(),
            trick: Mutex::default(),
            codes: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    fn issuer(&self) -> String {
        identity::issuer(HOST, self.tenant)
    }

    fn play(&self, trick: Trick) {
        *self.trick.lock().expect("the trick") = trick;
    }

    fn trick(&self) -> Trick {
        *self.trick.lock().expect("the trick")
    }

    /// Somebody proves to the provider who they are; the way back for the browser.
    fn authorize(&self, departure: &str, subject: &str, email: &str) -> String {
        let query = departure.strip_prefix(&format!("{HOST}/authorize?")).expect("our endpoint");
        let get = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
            decoded(pair.unwrap_or_else(|| panic!("no {name} in {query}")))
        };
        assert_eq!(get("redirect_uri"), CALLBACK);
        assert_eq!((get("response_type").as_str(), get("code_challenge_method").as_str()), ("code", "S256"));
        assert_eq!(get("client_id"), self.client.to_string());
        let code = format!("code-{}", self.codes.lock().expect("codes").len());
        let granted = Granted {
            subject: subject.to_owned(),
            email: email.to_owned(),
            nonce: get("nonce"),
            challenge: get("code_challenge"),
        };
        self.codes.lock().expect("codes").insert(code.clone(), granted);
        format!("/signin/callback?code={code}&state={}&iss={}", get("state"), encoded(&self.issuer()))
    }

    fn answer(&self, question: &Question) -> Result<Reply, String> {
        self.asked.lock().expect("questions").push(question.url.clone());
        let trick = self.trick();
        if trick == Trick::Down {
            return Err("no answer in time".to_owned());
        }
        let ok = |body: serde_json::Value| Ok(Reply { status: 200, body: body.to_string().into_bytes() });
        let path = question.url.strip_prefix(HOST).ok_or("another host")?;
        if path.ends_with("/.well-known/openid-configuration") {
            let issuer = if trick == Trick::OtherIssuer { HOST.to_owned() } else { self.issuer() };
            return ok(json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{HOST}/authorize"),
                "token_endpoint": format!("{HOST}/token"),
                "jwks_uri": format!("{HOST}/keys"),
                "authorization_response_iss_parameter_supported": true,
            }));
        }
        match path {
            "/keys" => ok(json!({ "keys": [key().public().jwk("x")] })),
            "/token" => self.token(question, trick),
            _ => Ok(Reply { status: 404, body: Vec::new() }),
        }
    }

    fn token(&self, question: &Question, trick: Trick) -> Result<Reply, String> {
        let refused = |word: &str| {
            let body = json!({ "error": word }).to_string().into_bytes();
            Ok(Reply { status: 400, body })
        };
        let form = question.form.as_ref().ok_or("no form")?;
        let get = |name: &str| form.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()));
        let (user, password) = question.basic.clone().ok_or("no client")?;
        if user != self.client.to_string() || password != "s3cret%26more" {
            return refused("invalid_client");
        }
        let Some(granted) = self.codes.lock().expect("codes").remove(get("code").unwrap_or_default()) else {
            return refused("invalid_grant");
        };
        let verified =
            identity::code_challenge(get("code_verifier").unwrap_or_default()) == granted.challenge;
        if !verified || get("redirect_uri") != Some(CALLBACK) {
            return refused("invalid_grant");
        }
        let now = *self.now.lock().expect("the time");
        let claims = IdClaims {
            app: if trick == Trick::OtherClient { AppId::from_uuid(Uuid::nil()) } else { self.client },
            origin: HOST.to_owned(),
            tenant: self.tenant,
            oid: ObjectId::from_uuid(Uuid::nil()),
            pairwise: granted.subject,
            name: Some("Ana Oliveira".to_owned()),
            username: Some(granted.email.clone()),
            email: Some(granted.email),
            home_issuer: None,
            nonce: Some(if trick == Trick::OtherNonce { "other".to_owned() } else { granted.nonce }),
            authenticated_at: *self.proved.lock().expect("the time"),
            issued_at: now,
            expires: now + model::Span::hours(1),
            uti: "u".to_owned(),
        };
        let other = SigningKey::generate();
        let key = if trick == Trick::OtherKey { other.as_ref().expect("a key") } else { key() };
        let token = identity::mint_id(key, &claims).expect("a token");
        let body = json!({ "id_token": token, "access_token": "a", "token_type": "Bearer" });
        Ok(Reply { status: 200, body: body.to_string().into_bytes() })
    }
}

impl Outbound for Provider {
    fn ask<'a>(&'a self, question: &'a Question) -> Pending<'a, Result<Reply, String>> {
        Box::pin(std::future::ready(self.answer(question)))
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.expect("two digits")));
                u8::from_str_radix(&digits.iter().collect::<String>(), 16).expect("hexadecimal")
            }
            other => other,
        });
    }
    String::from_utf8(bytes).expect("text")
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

struct Partner {
    scene: Scene,
    provider: Arc<Provider>,
    id: Uuid,
}

impl Partner {
    /// Contoso has registered the provider, and the operator has confirmed its domain.
    async fn new(seed: u64) -> Self {
        let now = World::new(seed).await.cx().now;
        let provider = Provider::new(now);
        let outbound: Arc<dyn Outbound> = Arc::clone(&provider) as Arc<dyn Outbound>;
        let outside = Outside { outbound: Some(outbound), ..Outside::default() };
        let scene = Scene::reaching(seed, outside).await;
        let operator = Caller::operator(scene.contoso);
        let (directory, cx) = (scene.world.directory(), scene.world.cx());
        let id = directory.add_provider(&cx, &operator, registration(&provider)).await.expect("registered");
        directory.add_provider_domain(&cx, &operator, id, "partner.example").await.expect("confirmed");
        Self { scene, provider, id }
    }

    async fn invite(&self, address: &str) -> String {
        let request = InvitationRequest {
            address: address.to_owned(),
            display_name: None,
            redirect_url: "https://myapps.example".to_owned(),
            user_type: UserType::Guest,
            reset_redemption: false,
            sponsors: Vec::new(),
            message: None,
            user: None,
        };
        let operator = Caller::operator(self.scene.contoso);
        let world = &self.scene.world;
        let sent = world.directory().invite(&world.cx(), &operator, request).await.expect("an invitation");
        format!("/invitations/redeem?ticket={}", sent.ticket)
    }

    /// The link to the provider's door, as the sign-in page shows it.
    async fn link(&self, browser: &mut Browser, return_to: &str) -> String {
        let fields = [("step", "userName"), ("userName", ANA), ("return", return_to)];
        let choice = browser.submit("/signin", "/signin", &fields).await;
        choice.is(200).says("Continue with Partner to Contoso").says("Send me a passcode");
        let link =
            choice.body.split("class=\"button\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        link.expect("a link").replace("&#38;", "&")
    }

    /// From the user name to the provider's door.
    async fn depart(&self, browser: &mut Browser, return_to: &str) -> String {
        let link = self.link(browser, return_to).await;
        let page = browser.get(&link).await;
        assert_eq!(page.status, 303, "{}", page.text());
        page.header("location").to_owned()
    }

    async fn sign_in(&self, browser: &mut Browser, return_to: &str, subject: &str) -> Page {
        let departure = self.depart(browser, return_to).await;
        let back = self.provider.authorize(&departure, subject, ANA);
        browser.get(&back).await
    }

    async fn account(&self) -> Option<model::User> {
        let operator = Caller::operator(self.scene.contoso);
        let world = &self.scene.world;
        let query = service::UserQuery { limit: 100, ..service::UserQuery::default() };
        let (page, _) =
            world.directory().list_users(&world.cx(), &operator, &query, false).await.expect("users");
        page.items.into_iter().find(|user| matches!(user.home, Home::Federated(_)))
    }
}

fn registration(provider: &Provider) -> NewProvider {
    NewProvider {
        name: "Partner".to_owned(),
        issuer: provider.issuer(),
        client_id: provider.client.to_string(),
        client_secret: "s3cret&more".to_owned(),
        trusts_email: true,
    }
}

#[tokio::test]
async fn somebody_of_a_provider_accepts_an_invitation_comes_back_and_leaves() {
    let partner = Partner::new(140).await;
    let invitation = partner.invite(ANA).await;
    let mut browser = partner.scene.stranger();
    let page = partner.sign_in(&mut browser, &invitation, "subject-1").await;
    page.leads_to(&invitation);
    browser
        .submit(&invitation, &invitation, &[("decision", "accept")])
        .await
        .is(200)
        .says("You are now a guest");
    let account = partner.account().await.expect("the account");
    let Home::Federated(home) = &account.home else { panic!("another home") };
    assert_eq!((home.tenant, home.registration), (partner.scene.contoso, partner.id));
    assert_eq!(home.identity, identity::federated_identity(&partner.provider.issuer(), "subject-1"));
    assert!(!account.home.key().expect("a key").contains("subject-1"));

    let mut later = partner.scene.stranger();
    partner.sign_in(&mut later, "/myaccount", "subject-1").await.leads_to("/myaccount");
    later.get("/myaccount").await.is(200).says("Ana Oliveira").says("You are a guest of one organization.");
    later.get("/myaccount/security").await.is(200).says("You have no password here.");
    later.get("/admin").await.is(403);
    let leave = format!("/myaccount/organizations/leave/{}", partner.scene.contoso);
    let asked = later.get(&leave).await;
    let (csrf, confirmation) = (asked.field("csrf"), asked.field("confirmation"));
    let left = later.post(&leave, &[("csrf", &csrf), ("confirmation", &confirmation)]).await;
    left.is(200).says("You have left Contoso");
    assert!(partner.account().await.is_none());
    let log = partner.scene.audit().await;
    let provider = ("identityProvider".to_owned(), partner.id.to_string());
    let signed: Vec<_> = log.iter().filter(|one| one.record.activity == Activity::SignIn).collect();
    assert_eq!(signed.iter().filter(|one| one.record.details.contains(&provider)).count(), 2);
}

#[tokio::test]
async fn the_same_address_of_another_subject_is_another_person() {
    let partner = Partner::new(141).await;
    let invitation = partner.invite(ANA).await;
    let mut browser = partner.scene.stranger();
    partner.sign_in(&mut browser, &invitation, "subject-1").await.leads_to(&invitation);
    browser.submit(&invitation, &invitation, &[("decision", "accept")]).await.is(200);
    let mut other = partner.scene.stranger();
    let page = partner.sign_in(&mut other, "/myaccount", "subject-2").await;
    page.is(403).says("You are not known here with this account.");
    assert!(!other.jar.contains_key("__Host-innkeeper"));
}

#[tokio::test]
async fn nothing_is_kept_of_somebody_who_is_not_known() {
    let partner = Partner::new(142).await;
    let mut browser = partner.scene.stranger();
    partner.sign_in(&mut browser, "/myaccount", "subject-1").await.is(403);
    let person = model::Federated {
        tenant: partner.scene.contoso,
        registration: partner.id,
        identity: identity::federated_identity(&partner.provider.issuer(), "subject-1"),
    };
    let scope = World::scope(partner.scene.contoso);
    let kept = partner.scene.world.store().read(scope, |reader| reader.federated_person(&person)).await;
    assert_eq!(kept.expect("a row or none"), None);
}

#[tokio::test]
async fn an_address_outside_the_confirmed_domains_is_nobodys() {
    let partner = Partner::new(143).await;
    let invitation = partner.invite("kim@elsewhere.example").await;
    let mut browser = partner.scene.stranger();
    let departure = partner.depart(&mut browser, &invitation).await;
    let back = partner.provider.authorize(&departure, "subject-1", "kim@elsewhere.example");
    browser.get(&back).await.is(403).says("You are not known here");
}

#[tokio::test]
async fn what_comes_back_counts_once_in_the_browser_that_asked_and_from_whom_it_asked() {
    let partner = Partner::new(144).await;
    partner.invite(ANA).await;
    let provider = &partner.provider;
    let mut browser = partner.scene.stranger();
    let back = provider.authorize(&partner.depart(&mut browser, "/myaccount").await, "subject-1", ANA);
    let expired = "This sign-in took too long, was finished before, or was begun in another browser.";

    let mut thief = partner.scene.stranger();
    thief.get(&back).await.is(400).says(expired);
    thief.jar.insert("__Host-innkeeper-flow".to_owned(), "guess".to_owned());
    thief.get(&back).await.is(400);
    for broken in ["/signin/callback", "/signin/callback?state=x&code=y", "/signin/callback?state=a.b&code=c"]
    {
        browser.clone().get(broken).await.is(400).says(expired);
    }
    let mut twin = browser.clone();
    browser.get(&back).await.leads_to("/myaccount");
    twin.get(&back).await.is(400).says(expired);

    let back = provider.authorize(&partner.depart(&mut browser, "/myaccount").await, "subject-1", ANA);
    partner.scene.world.clock.advance(model::Span::minutes(15));
    browser.clone().get(&back).await.is(400);

    let departure = partner.depart(&mut browser, "/myaccount").await;
    let back = provider.authorize(&departure, "subject-1", ANA);
    let (start, _) = back.split_once("&iss=").expect("an issuer");
    let evil = format!("{start}&iss={}", encoded("https://evil.example"));
    browser.clone().get(&evil).await.is(403).says("does not prove who you are");
    let departure = partner.depart(&mut browser, "/myaccount").await;
    let back = provider.authorize(&departure, "subject-1", ANA);
    let (start, _) = back.split_once("&iss=").expect("an issuer");
    browser.get(start).await.is(403);
    let reasons: Vec<_> =
        partner.scene.audit().await.into_iter().filter_map(|one| one.record.reason).collect();
    for reason in ["wrongIssuerParameter", "missingIssuerParameter"] {
        assert!(reasons.iter().any(|one| one == reason), "{reason} in {reasons:?}");
    }
}

/// B-11: what comes back is good for one sign-in, however many bring it at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_that_bring_the_same_answer_one_is_signed_in() {
    let partner = Partner::new(155).await;
    let invitation = partner.invite(ANA).await;
    let mut browser = partner.scene.stranger();
    for round in 0..3 {
        let departure = partner.depart(&mut browser, &invitation).await;
        let back = partner.provider.authorize(&departure, "subject-1", ANA);
        let ways: Vec<_> = (0..50)
            .map(|_| {
                let (mut twin, back) = (browser.clone(), back.clone());
                tokio::spawn(async move { twin.get(&back).await.status })
            })
            .collect();
        let mut signed_in = 0;
        for way in ways {
            match way.await.expect("an answer") {
                303 => signed_in += 1,
                status => assert_eq!(status, 400),
            }
        }
        assert_eq!(signed_in, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_provider_that_lies_signs_nobody_in() {
    let partner = Partner::new(145).await;
    partner.invite(ANA).await;
    for (trick, reason) in [
        (Trick::OtherNonce, "wrongNonce"),
        (Trick::OtherClient, "wrongAudience"),
        (Trick::OtherKey, "unknownKey"),
    ] {
        partner.provider.play(Trick::None);
        let mut browser = partner.scene.stranger();
        let departure = partner.depart(&mut browser, "/myaccount").await;
        partner.provider.play(trick);
        let back = partner.provider.authorize(&departure, "subject-1", ANA);
        browser.get(&back).await.is(403).says("does not prove who you are");
        assert!(!browser.jar.contains_key("__Host-innkeeper"), "{reason}");
        let log = partner.scene.audit().await;
        assert_eq!(log[0].record.reason.as_deref(), Some(reason));
    }
    partner.provider.play(Trick::None);
    let mut browser = partner.scene.stranger();
    let departure = partner.depart(&mut browser, "/myaccount").await;
    let back = partner.provider.authorize(&departure, "subject-1", ANA);
    let denied = back.replace("code=", "error=access_denied&x=");
    browser.get(&denied).await.is(403).says("was broken off");
}

#[tokio::test]
async fn unknown_keys_make_us_ask_at_most_once_a_minute() {
    let partner = Partner::new(146).await;
    partner.invite(ANA).await;
    for _ in 0..5 {
        let mut browser = partner.scene.stranger();
        partner.provider.play(Trick::None);
        let departure = partner.depart(&mut browser, "/myaccount").await;
        partner.provider.play(Trick::OtherKey);
        browser.get(&partner.provider.authorize(&departure, "subject-1", ANA)).await.is(403);
    }
    let asked = partner.provider.asked.lock().expect("questions").clone();
    assert_eq!(asked.iter().filter(|url| url.ends_with("/keys")).count(), 1);
    assert_eq!(
        asked.iter().filter(|url| url.ends_with("openid-configuration")).count(),
        2,
        "once to register"
    );
}

#[tokio::test]
async fn a_provider_that_is_down_says_so_and_is_asked_again_later() {
    let partner = Partner::new(147).await;
    partner.provider.play(Trick::Down);
    let mut browser = partner.scene.stranger();
    let link = partner.link(&mut browser, "/myaccount").await;
    assert_eq!(browser.get(&link).await.status, 503);
    partner.provider.play(Trick::None);
    assert_eq!(browser.get(&link).await.status, 503, "not before a minute is over");
    partner.scene.world.clock.advance(model::Span::minutes(1));
    assert_eq!(browser.get(&link).await.status, 303);
    let nowhere = link.replace(&partner.id.to_string(), &Uuid::nil().to_string());
    browser.get(&nowhere).await.is(404);
    browser.get("/signin/with/x/y").await.is(404);
}

#[tokio::test]
async fn switched_off_means_off_at_once() {
    let partner = Partner::new(148).await;
    let invitation = partner.invite(ANA).await;
    let mut browser = partner.scene.stranger();
    partner.sign_in(&mut browser, &invitation, "subject-1").await.leads_to(&invitation);
    browser.submit(&invitation, &invitation, &[("decision", "accept")]).await.is(200);
    let pending = partner.depart(&mut partner.scene.stranger(), "/myaccount").await;
    let mut other = partner.scene.stranger();
    let link = partner.link(&mut other, "/myaccount").await;
    let operator = Caller::operator(partner.scene.contoso);
    let (directory, cx) = (partner.scene.world.directory(), partner.scene.world.cx());
    let switch = |on| ProviderPatch { enabled: Some(on), ..ProviderPatch::default() };
    directory.update_provider(&cx, &operator, partner.id, switch(false)).await.expect("off");
    browser.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    other.get(&link).await.is(404);
    let back = partner.provider.authorize(&pending, "subject-1", ANA);
    assert_ne!(browser.get(&back).await.status, 303);
    let fields = [("step", "userName"), ("userName", ANA)];
    browser.submit("/signin", "/signin", &fields).await.is(200).lacks("Continue with");
    directory.update_provider(&cx, &operator, partner.id, switch(true)).await.expect("on");
    partner.sign_in(&mut browser, "/myaccount", "subject-1").await.leads_to("/myaccount");
}

#[tokio::test]
async fn a_purge_takes_what_the_provider_said() {
    let partner = Partner::new(149).await;
    let invitation = partner.invite(ANA).await;
    let mut browser = partner.scene.stranger();
    partner.sign_in(&mut browser, &invitation, "subject-1").await.leads_to(&invitation);
    browser.submit(&invitation, &invitation, &[("decision", "accept")]).await.is(200);
    let account = partner.account().await.expect("the account");
    let Home::Federated(home) = account.home.clone() else { panic!("another home") };
    let operator = Caller::operator(partner.scene.contoso);
    let (directory, cx) = (partner.scene.world.directory(), partner.scene.world.cx());
    directory.delete_user(&cx, &operator, &account.id.to_string()).await.expect("removed");
    directory.purge_user(&cx, &operator, account.id).await.expect("purged");
    browser.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    let scope = World::scope(partner.scene.contoso);
    let kept = partner.scene.world.store().read(scope, |reader| reader.federated_person(&home)).await;
    assert_eq!(kept.expect("a row or none"), None);
}

#[tokio::test]
async fn an_administrator_registers_a_provider_and_the_operator_confirms_its_domain() {
    let now = World::new(150).await.cx().now;
    let provider = Provider::new(now);
    let outbound: Arc<dyn Outbound> = Arc::clone(&provider) as Arc<dyn Outbound>;
    let scene = Scene::reaching(150, Outside { outbound: Some(outbound), ..Outside::default() }).await;
    let methods = "/admin/sign-in";
    let mut ada = Browser::signed_in(&scene.world, &scene.world.sign_in(&scene.person(scene.ada)).await);
    ada.get(methods).await.is(200).says(CALLBACK);
    let (issuer, client) = (provider.issuer(), provider.client.to_string());
    let good = [
        ("act", "add"),
        ("name", "Partner"),
        ("issuer", issuer.as_str()),
        ("clientId", client.as_str()),
        ("clientSecret", "s3cret&more"),
        ("trustsEmail", "yes"),
    ];
    for (name, value) in [
        ("issuer", "http://idp.partner.example"),
        ("issuer", "https://localhost:8443/x"),
        ("issuer", "https://other.example"),
        ("issuer", ""),
        ("clientSecret", ""),
    ] {
        let fields = good.map(|(key, kept)| (key, if key == name { value } else { kept }));
        ada.submit(methods, methods, &fields).await.is(400).lacks("s3cret");
    }
    provider.play(Trick::OtherIssuer);
    ada.submit(methods, methods, &good).await.is(400).says("could not be read under this issuer");
    provider.play(Trick::None);
    let saved = ada.submit(methods, methods, &good).await;
    let page = ada.get(saved.header("location")).await;
    page.is(200).says("Saved.").says(&issuer).lacks("s3cret");
    ada.submit(methods, methods, &good).await.is(409).says("already in use");
    let id = page.field("provider");
    let add = |domain| [("act", "addDomain"), ("provider", id.as_str()), ("domain", domain)];
    ada.submit(methods, methods, &add("contoso.example")).await.is(409);
    ada.submit(methods, methods, &add("nonsense")).await.is(400).says("Enter a domain name");
    assert_eq!(ada.submit(methods, methods, &add("Partner.Example")).await.status, 303);
    ada.get(methods).await.says("partner.example Waits for the operator");
    let asked = [("step", "userName"), ("userName", ANA)];
    scene.stranger().submit("/signin", "/signin", &asked).await.is(200).lacks("Continue with");
    let operator = Caller::operator(scene.contoso);
    let parsed = id.parse().expect("an id");
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    directory.add_provider_domain(&cx, &operator, parsed, "partner.example").await.expect("confirmed");
    ada.get(methods).await.says("partner.example Confirmed");
    scene.stranger().submit("/signin", "/signin", &asked).await.is(200).says("Continue with Partner");
    let bob = scene.world.signed_in(&scene.person(scene.bob)).await;
    let refused = directory.list_providers(&cx, &bob.caller().expect("a caller")).await;
    assert_eq!(refused.expect_err("no role").kind(), model::ErrorKind::Forbidden);
    let log = scene.audit().await;
    for activity in [Activity::AddIdentityProvider, Activity::UpdateIdentityProvider] {
        assert!(log.iter().any(|one| one.record.activity == activity), "{activity:?}");
    }
}

#[tokio::test]
async fn a_provider_speaks_for_the_organisation_that_registered_it_only() {
    let partner = Partner::new(151).await;
    let world = &partner.scene.world;
    partner.invite(ANA).await;
    let mut browser = partner.scene.stranger();
    partner.sign_in(&mut browser, "/myaccount", "subject-1").await.leads_to("/myaccount");
    let fabrikam = world.tenant("Fabrikam", "fabrikam.example").await;
    let request = InvitationRequest {
        address: ANA.to_owned(),
        display_name: None,
        redirect_url: "https://myapps.example".to_owned(),
        user_type: UserType::Guest,
        reset_redemption: false,
        sponsors: Vec::new(),
        message: None,
        user: None,
    };
    let operator = Caller::operator(fabrikam);
    let sent = world.directory().invite(&world.cx(), &operator, request).await.expect("an invitation");
    let foreign = format!("/invitations/redeem?ticket={}", sent.ticket);
    browser.get(&foreign).await.is(403).says("for another account");
    browser.get("/myaccount/organizations").await.is(200).says("Contoso").lacks("Fabrikam");
    browser.get(&format!("/myaccount/organizations/leave/{fabrikam}")).await.is(404);
}

/// The operator may give the domain to an organisation after it was confirmed as the provider's, or at that same moment on
/// another server. From then on people of that domain prove their addresses with a password.
#[tokio::test]
async fn a_provider_vouches_for_nobody_in_a_domain_that_an_organisation_has() {
    let partner = Partner::new(158).await;
    let invitation = partner.invite(ANA).await;
    let mut browser = partner.scene.stranger();
    let back = partner.provider.authorize(&partner.depart(&mut browser, &invitation).await, "subject-1", ANA);
    partner.scene.world.tenant("Partner", "partner.example").await;
    browser.get(&back).await.is(403).says("You are not known here");
}

/// Another site may send the browser anywhere. It must not have somebody signed in as whoever a hostile organisation's provider
/// says, nor end the session that there is.
#[tokio::test]
async fn a_link_of_another_site_leads_to_no_provider() {
    let partner = Partner::new(159).await;
    let mut browser = partner.scene.stranger();
    partner
        .scene
        .sign_in(&mut browser, crate::scene::BOB, crate::scene::PASSWORD)
        .await
        .leads_to("/myaccount");
    let link = format!("/signin/with/{}/{}", partner.scene.contoso, partner.id);
    for link in [link.clone(), format!("{link}?proof="), format!("{link}?proof=x.y&return=/myaccount")] {
        browser.get(&link).await.leads_to("/signin?return=/myaccount");
    }
    let evil = format!("{link}?return=https%3A%2F%2Fevil.example");
    browser.get(&evil).await.leads_to("/signin?return=/myaccount");
    // The link of somebody else's page is no good here either.
    let theirs = partner.link(&mut partner.scene.stranger(), "/myaccount").await;
    browser.get("/signin").await.is(200);
    browser.get(&theirs).await.leads_to("/signin?return=/myaccount");
    browser.get("/myaccount").await.is(200).says(crate::scene::BOB);
}

/// Somebody whom a session at the provider let in has proved nothing a moment ago; whoever needs more asks the provider for it.
#[tokio::test]
async fn a_session_is_as_fresh_as_what_the_provider_says() {
    let partner = Partner::new(157).await;
    let invitation = partner.invite(ANA).await;
    let world = &partner.scene.world;
    let mut browser = partner.scene.stranger();
    partner.sign_in(&mut browser, &invitation, "subject-1").await.leads_to(&invitation);
    browser.submit(&invitation, &invitation, &[("decision", "accept")]).await.is(200);
    let (directory, cx) = (world.directory(), world.cx());
    let uris = ["http://localhost".to_owned()];
    let app =
        directory.register_app(&cx, partner.scene.contoso, "Tool", true, &uris).await.expect("an app").0;
    let ask = format!(
        "/contoso.example/oauth2/v2.0/authorize?client_id={app}&response_type=code&redirect_uri=http://localhost:8400/\
         &scope=openid&max_age=600&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let proved = |at| *partner.provider.proved.lock().expect("the time") = Some(at);
    proved(cx.now - model::Span::hours(2));
    let departure = partner.depart(&mut browser, "/myaccount").await;
    assert!(!departure.contains("prompt=") && !departure.contains("max_age="), "{departure}");
    let back = partner.provider.authorize(&departure, "subject-1", ANA);
    browser.get(&back).await.leads_to("/myaccount");
    // Signed in a moment ago here, two hours ago there: not fresh enough for the app.
    let reply = browser.get(&ask).await;
    let door = reply.header("location").to_owned();
    assert!(door.starts_with("/signin?return=") && door.ends_with("&fresh"), "{door}");
    let page = browser.get(&door).await;
    let return_to = page.field("return").replace("&#38;", "&");
    let fields =
        [("step", "userName"), ("userName", ANA), ("return", &return_to), ("fresh", &page.field("fresh"))];
    let choice = browser.submit("/signin", "/signin", &fields).await;
    let link = choice.body.split("class=\"button\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let link = link.expect("a link").replace("&#38;", "&");
    let departure = browser.get(&link).await.header("location").to_owned();
    assert!(departure.ends_with("&prompt=login&max_age=0"), "{departure}");
    // A provider that lets the old session in all the same is not believed.
    let mut twin = browser.clone();
    twin.get(&partner.provider.authorize(&departure, "subject-1", ANA)).await.is(403).says("does not prove");
    assert_eq!(partner.scene.audit().await[0].record.reason.as_deref(), Some("oldSignIn"));
    let departure = browser.get(&link).await.header("location").to_owned();
    proved(cx.now + model::Span::seconds(5));
    let arrived = browser.get(&partner.provider.authorize(&departure, "subject-1", ANA)).await;
    let reply = browser.get(arrived.header("location")).await;
    assert!(reply.header("location").starts_with("http://localhost:8400/?code="), "{}", reply.text());
}
