//! Who plays: two organisations, their people, a guest, and three apps.

use crate::wire::{Agent, Reply, form};
use model::{
    AppId, ObjectId, Person, Span, TenantId,
    authz::{Permission, Role},
};
use service::{Caller, UserPatch};
use std::collections::BTreeMap;
use store::GrantKind;
use testkit::{GuestState, World};

/// A verifier and its challenge (RFC 7636, appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Where the public app listens; only the port is its own choice.
pub const LOOPBACK: &str = "http://localhost:8400/";
/// Where the web app is.
pub const CALLBACK: &str = "https://app.example/cb";
pub const BASIC: &str = "openid profile offline_access User.Read";

pub struct House {
    pub world: World,
    pub contoso: TenantId,
    pub fabrikam: TenantId,
    pub admin: ObjectId,
    pub mia: ObjectId,
    /// At home in Fabrikam.
    pub ana: ObjectId,
    /// Ana as a guest of Contoso.
    pub guest: ObjectId,
    /// A public client of Contoso with `User.Read` and `Policy.Read.All` for everybody.
    pub tool: AppId,
    /// A confidential client of Contoso without any permission.
    pub web: AppId,
    pub secret: String,
}

impl House {
    pub async fn new(seed: u64) -> Self {
        let world = World::new(seed).await;
        let contoso = world.tenant("Contoso", "contoso.example").await;
        let fabrikam = world.tenant("Fabrikam", "fabrikam.example").await;
        let admin = world.member(contoso, "admin@contoso.example", &[Role::GlobalAdministrator]).await;
        let mia = world.member(contoso, "mia@contoso.example", &[]).await;
        let ana = world.member(fabrikam, "ana@fabrikam.example", &[]).await;
        let person = World::person(fabrikam, ana);
        let guest = world.guest(contoso, &person, "ana@fabrikam.example", GuestState::Accepted).await;
        let directory = world.directory();
        let cx = world.cx();
        let loopback = ["http://localhost".to_owned()];
        let (tool, _) = directory.register_app(&cx, contoso, "Tool", true, &loopback).await.unwrap();
        for permission in [Permission::UserRead, Permission::PolicyReadAll] {
            directory.grant(&cx, contoso, tool, GrantKind::Delegated, permission).await.unwrap();
        }
        let callback = [CALLBACK.to_owned()];
        let (web, _) = directory.register_app(&cx, contoso, "Web", false, &callback).await.unwrap();
        let secret = directory.add_secret(&cx, contoso, web).await.unwrap().expose().to_owned();
        Self { contoso, fabrikam, admin, mia, ana, guest, tool, web, secret, world }
    }

    pub fn later(&self, span: Span) {
        self.world.clock.advance(span);
    }

    pub fn member(&self, object: ObjectId) -> Person {
        World::person(self.contoso, object)
    }

    pub async fn browser(&self, person: &Person) -> Agent {
        Agent::signed_in(&self.world, &self.world.sign_in(person).await)
    }

    pub async fn mias(&self) -> Agent {
        self.browser(&self.member(self.mia)).await
    }

    pub fn program(&self) -> Agent {
        Agent::new(&self.world)
    }

    pub fn operator(&self) -> Caller {
        Caller::operator(self.contoso)
    }

    pub async fn block(&self, tenant: TenantId, user: ObjectId, blocked: bool) {
        let patch = UserPatch { account_enabled: Some(!blocked), ..UserPatch::default() };
        let (cx, caller) = (self.world.cx(), Caller::operator(tenant));
        self.world.directory().update_user(&cx, &caller, &user.to_string(), patch).await.unwrap();
    }

    /// An authorization request of the tool; `changes` replaces parameters, or takes them out where empty.
    pub fn asking(&self, tenant: &str, changes: &[(&str, &str)]) -> String {
        let id = self.tool.to_string();
        let mut fields: BTreeMap<&str, &str> = [
            ("client_id", id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", LOOPBACK),
            ("scope", BASIC),
            ("state", "st"),
            ("nonce", "no"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
        .into();
        fields.extend(changes.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        let fields: Vec<(&str, &str)> = fields.into_iter().collect();
        format!("/{tenant}/oauth2/v2.0/authorize?{}", form(&fields))
    }

    pub fn ask(&self, changes: &[(&str, &str)]) -> String {
        self.asking("contoso.example", changes)
    }

    /// A code for this person, by the tool.
    pub async fn code(&self, browser: &mut Agent) -> String {
        let (address, sent) = browser.get(&self.ask(&[])).await.sent();
        assert_eq!((address.as_str(), sent["state"].as_str()), (LOOPBACK, "st"), "{sent:?}");
        sent["code"].clone()
    }

    /// Redeems a code of the tool; `changes` as in [`House::asking`].
    pub async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> Reply {
        let id = self.tool.to_string();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", id.as_str()),
            ("code", code),
            ("redirect_uri", LOOPBACK),
            ("code_verifier", VERIFIER),
            ("client_info", "1"),
        ];
        self.token("contoso.example", &fields, changes).await
    }

    pub async fn refresh(&self, token: &str, changes: &[(&str, &str)]) -> Reply {
        let id = self.tool.to_string();
        let fields = [("grant_type", "refresh_token"), ("client_id", id.as_str()), ("refresh_token", token)];
        self.token("contoso.example", &fields, changes).await
    }

    pub async fn token(&self, tenant: &str, fields: &[(&str, &str)], changes: &[(&str, &str)]) -> Reply {
        let mut all: BTreeMap<&str, &str> = fields.iter().copied().collect();
        all.extend(changes.iter().copied());
        all.retain(|_, value| !value.is_empty());
        let all: Vec<(&str, &str)> = all.into_iter().collect();
        self.program().post(&format!("/{tenant}/oauth2/v2.0/token"), &all).await
    }

    /// All tokens of a fresh sign-in by this browser.
    pub async fn tokens(&self, browser: &mut Agent) -> Reply {
        let code = self.code(browser).await;
        let reply = self.redeem(&code, &[]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply
    }

    /// What Graph says to a token about its bearer.
    pub async fn me(&self, token: &str) -> Reply {
        self.program().bearing("/v1.0/me", token).await
    }
}
