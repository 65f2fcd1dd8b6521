//! What the token endpoint hands out, on one server and on several with one database: what is good once is used once (B-11), and
//! signing keys change under load without a good token being refused.

use crate::{
    fleet::{Fleet, server},
    stage::{Stage, long, run, together},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use model::{
    AppId, Person,
    authz::{Permission, Role},
};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SigningKey};
use serde_json::json;
use service::{
    AppKey, AppPatch, AuthorizeRequest, Caller, DeviceStep, Directory, NewCertificate, Step, TokenAnswer,
    TokenRequest, Visit,
};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use store::GrantKind;
use testkit::{TestApp, World};

const PARALLEL: usize = 50;
const LOOPBACK: &str = "http://localhost:8400/";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const GRAPH: &str = "https://graph.microsoft.com/.default";

fn rounds() -> usize {
    if long() { 1_000 } else { 3 }
}

/// An organisation with apps, and the servers that race.
struct Ground {
    stage: Stage,
    servers: Vec<Directory>,
    next: AtomicUsize,
    /// A public client.
    tool: AppId,
    /// A confidential one that proves itself with a secret.
    automation: TestApp,
    /// One that proves itself with a certificate, and the key.
    certified: (AppId, KeyPair),
    member: Person,
}

impl Ground {
    async fn of(stage: Stage, servers: Vec<Directory>) -> Self {
        let world = &stage.world;
        let (directory, cx, here) = (world.directory(), world.cx(), stage.here);
        let loopback = ["http://localhost".to_owned()];
        let (tool, _) = directory.register_app(&cx, here, "Tool", true, &loopback).await.expect("an app");
        directory.grant(&cx, here, tool, GrantKind::Delegated, Permission::UserRead).await.expect("granted");
        directory.allow_device_code(&cx, here, true).await.expect("allowed");
        let automation = world.app(here, "Automation", false, &[Permission::PolicyReadAll]).await;
        let (certified, _) =
            directory.register_app(&cx, here, "Certified", false, &[]).await.expect("an app");
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
        let params = CertificateParams::new(Vec::new()).expect("a certificate");
        let certificate = params.self_signed(&key).expect("a certificate");
        let text = STANDARD.encode(certificate.der());
        let new = NewCertificate { id: None, text: Some(text), name: None, starts: None, ends: None };
        let patch = AppPatch { certificates: Some(vec![new]), ..AppPatch::default() };
        let operator = Caller::operator(here);
        directory.update_app(&cx, &operator, AppKey::Client(certified), patch).await.expect("a certificate");
        let id = world.member(here, "kim@contoso.example", &[Role::GlobalReader]).await;
        let member = World::person(here, id);
        let certified = (certified, key);
        Self { next: AtomicUsize::new(0), tool, automation, certified, member, servers, stage }
    }

    /// The server whose turn it is.
    fn directory(&self) -> Directory {
        self.servers[self.next.fetch_add(1, Ordering::Relaxed) % self.servers.len()].clone()
    }

    fn request(&self, grant: &str) -> TokenRequest {
        TokenRequest {
            tenant: self.stage.here.to_string(),
            grant_type: Some(grant.to_owned()),
            client_id: Some(self.tool.to_string()),
            ..TokenRequest::default()
        }
    }

    async fn code(&self) -> TokenRequest {
        let world = &self.stage.world;
        let who = world.signed_in(&self.member).await;
        let asked = AuthorizeRequest {
            tenant: self.stage.here.to_string(),
            origin: World::ORIGIN.to_owned(),
            client_id: Some(self.tool.to_string()),
            redirect_uri: Some(LOOPBACK.to_owned()),
            response_type: Some("code".to_owned()),
            scope: Some("openid offline_access User.Read".to_owned()),
            code_challenge: Some(CHALLENGE.to_owned()),
            code_challenge_method: Some("S256".to_owned()),
            ..AuthorizeRequest::default()
        };
        let step = self.directory().authorize(&world.cx(), Some(&who), &asked, Visit::default()).await;
        let Step::Answer(answer) = step.expect("a step") else { panic!("no answer") };
        let code = answer.parameters.iter().find(|(name, _)| *name == "code").expect("a code").1.clone();
        TokenRequest {
            code: Some(code),
            redirect_uri: Some(LOOPBACK.to_owned()),
            code_verifier: Some(VERIFIER.to_owned()),
            ..self.request("authorization_code")
        }
    }

    async fn ask(&self, request: TokenRequest) -> Result<TokenAnswer, u32> {
        let answer = self.directory().issue_token(&self.stage.world.cx(), World::ORIGIN, request).await;
        answer.map_err(|fault| fault.code)
    }

    async fn refresh(&self, token: &str) -> Result<TokenAnswer, u32> {
        let refresh_token = Some(token.to_owned());
        self.ask(TokenRequest { refresh_token, ..self.request("refresh_token") }).await
    }

    async fn device(&self) -> TokenRequest {
        let world = &self.stage.world;
        let scope = Some("openid offline_access User.Read".to_owned());
        let started = TokenRequest { scope, ..self.request("") };
        let started = self.directory().start_device(&world.cx(), World::ORIGIN, &started).await;
        let started = started.map_err(|fault| fault.code).expect("a code");
        let who = world.signed_in(&self.member).await;
        let step = self.directory().decide_device(&world.cx(), &who, &started.user_code, true).await;
        assert_eq!(step.expect("a step"), DeviceStep::Approved);
        TokenRequest {
            device_code: Some(started.device_code),
            ..self.request("urn:ietf:params:oauth:grant-type:device_code")
        }
    }

    fn assertion(&self, id: &str) -> TokenRequest {
        let (app, key) = &self.certified;
        let (now, here) = (self.stage.world.cx().now.as_seconds(), self.stage.here);
        let claims = json!({
            "aud": format!("{}/{here}/oauth2/v2.0/token", World::ORIGIN), "iss": app, "sub": app, "jti": id, "exp": now + 600,
        });
        let part = |text: String| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", part(json!({ "alg": "RS256" }).to_string()), part(claims.to_string()));
        let signature = key.sign(signed.as_bytes()).expect("a signature");
        TokenRequest {
            client_id: None,
            client_assertion: Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))),
            client_assertion_type: Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            scope: Some(GRAPH.to_owned()),
            ..self.request("client_credentials")
        }
    }

    /// The same request so many times at once; those who got tokens.
    async fn winners(&self, request: &TokenRequest) -> Vec<TokenAnswer> {
        let acts = (0..PARALLEL).map(|_| {
            let (directory, cx, request) = (self.directory(), self.stage.world.cx(), request.clone());
            async move { directory.issue_token(&cx, World::ORIGIN, request).await.ok() }
        });
        together(acts.collect()).await.into_iter().flatten().collect()
    }

    /// May the bearer of this token ask at this moment?
    async fn holds(&self, token: &str) -> bool {
        let (directory, cx) = (self.directory(), self.stage.world.cx());
        match directory.bearer(&cx, Some(&format!("Bearer {token}"))).await {
            Ok(caller) => directory.check_caller(&cx, &caller).await.is_ok(),
            Err(_) => false,
        }
    }
}

/// Once on the engine that the environment names, and once on several servers with one PostgreSQL database.
fn everywhere<F: Future<Output = ()>>(seed: u64, act: impl Fn(Ground) -> F) {
    run(async {
        let stage = Stage::set(World::new(seed).await).await;
        let servers = vec![stage.world.directory().clone()];
        act(Ground::of(stage, servers).await).await;
    });
    if let Some(server) = server() {
        run(async {
            let (stage, servers) = Fleet::set(&server, seed).await.apart();
            act(Ground::of(stage, servers).await).await;
        });
    }
}

#[test]
fn a_code_is_used_once_and_its_tokens_are_void_behind_the_second_use() {
    everywhere(21, async |ground| {
        for _ in 0..rounds() {
            let won = ground.winners(&ground.code().await).await;
            assert_eq!(won.len(), 1);
            assert!(!ground.holds(&won[0].access_token).await, "the others voided it");
            assert_eq!(ground.refresh(won[0].refresh_token.as_ref().expect("one")).await.err(), Some(50_173));
        }
    });
}

#[test]
fn a_refresh_token_is_used_once_and_the_family_ends_behind_the_second_use() {
    everywhere(22, async |ground| {
        for _ in 0..rounds() {
            let first = ground.ask(ground.code().await).await.expect("tokens");
            let request =
                TokenRequest { refresh_token: first.refresh_token, ..ground.request("refresh_token") };
            let won = ground.winners(&request).await;
            assert_eq!(won.len(), 1);
            assert!(!ground.holds(&first.access_token).await && !ground.holds(&won[0].access_token).await);
            assert_eq!(ground.refresh(won[0].refresh_token.as_ref().expect("one")).await.err(), Some(50_173));
        }
    });
}

#[test]
fn a_device_code_is_used_once() {
    everywhere(23, async |ground| {
        for _ in 0..rounds() {
            let won = ground.winners(&ground.device().await).await;
            assert_eq!(won.len(), 1);
            assert!(ground.holds(&won[0].access_token).await, "asking again voids nothing");
        }
    });
}

#[test]
fn a_signed_assertion_is_used_once() {
    everywhere(24, async |ground| {
        for round in 0..rounds() {
            let request = ground.assertion(&format!("assertion {round}"));
            let won = ground.winners(&request).await;
            assert_eq!(won.len(), 1);
            assert!(ground.holds(&won[0].access_token).await);
            assert_eq!(ground.ask(request).await.err(), Some(50_013));
        }
    });
}

/// How often the key changes while others ask for tokens and use them.
fn rotations() -> usize {
    if long() { 60 } else { 8 }
}

/// What one of many does as long as keys change: gets a token, shows it and earlier ones at once; all of them hold.
async fn ask_and_show(ground: &Ground, stop: &AtomicBool, mut refresh: String) -> usize {
    let mut kept: Vec<String> = Vec::new();
    let mut shown = 0;
    while !stop.load(Ordering::Relaxed) {
        let answer = ground.refresh(&refresh).await.expect("each refresh token is good");
        refresh = answer.refresh_token.expect("the next one");
        kept.push(answer.access_token);
        let own = TokenRequest {
            client_id: Some(ground.automation.id.to_string()),
            client_secret: ground.automation.secret.clone(),
            scope: Some(GRAPH.to_owned()),
            ..ground.request("client_credentials")
        };
        kept.push(ground.ask(own).await.expect("a token").access_token);
        let first = kept.len().saturating_sub(6);
        for token in kept.iter().take(2).chain(&kept[first..]) {
            assert!(ground.holds(token).await, "a good token was refused");
            shown += 1;
        }
    }
    shown
}

#[test]
fn keys_that_change_under_load_refuse_no_good_token() {
    everywhere(25, async |ground| {
        let (ground, stop) = (Arc::new(ground), Arc::new(AtomicBool::new(false)));
        let mut askers = Vec::new();
        for _ in 0..8 {
            let first = ground.ask(ground.code().await).await.expect("tokens");
            let (ground, stop) = (Arc::clone(&ground), Arc::clone(&stop));
            askers.push(tokio::spawn(async move {
                ask_and_show(&ground, &stop, first.refresh_token.expect("a refresh token")).await
            }));
        }
        let here = ground.stage.here;
        for round in 0..rotations() {
            // Now and then one that signs a day later, as the reconciler makes it; the others at once.
            let at_once = round % 3 != 2;
            let cx = ground.stage.world.cx();
            ground.directory().rotate_key(&cx, here, at_once).await.expect("a new key");
            ground.directory().key_pass().await.expect("a pass");
        }
        stop.store(true, Ordering::Relaxed);
        let mut shown = 0;
        for asker in askers {
            shown += asker.await.expect("nobody was refused");
        }
        let document = ground.directory().keys_document(&ground.stage.world.cx(), &here.to_string()).await;
        let keys = document.expect("the document")["keys"].as_array().expect("keys").len();
        println!(
            "{shown} tokens shown while the key changed {} times; {keys} keys are published",
            rotations()
        );
        assert!(shown >= 8 * 4 && keys >= rotations() - rotations() / 3);
    });
}
