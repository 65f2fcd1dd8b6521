//! The modules of the OpenID Foundation's basic-provider plan (`oidcc-basic-certification-test-plan`), each under the name that it
//! has there, with `_` for `-`. What each one proves is told in the table of `docs/conformance.md`; a test below holds the two
//! together. The plan's client proves itself with a secret in the header unless the module says otherwise, and sends state and
//! nonce.

use crate::{
    house::{CALLBACK, House},
    wire::{Agent, Reply, claims, form},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use model::Span;
use serde_json::Value;
use std::collections::BTreeMap;

/// How the client of a module proves itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Auth {
    Basic,
    Post,
}

/// What a module works with: a confidential client, and a browser that is signed in.
struct Module {
    house: House,
    client: String,
    secret: String,
    browser: Agent,
}

/// The tokens of a sign-in, and what they say.
struct Tokens {
    reply: Reply,
    id: Value,
}

impl Tokens {
    fn access(&self) -> String {
        self.reply.text("access_token")
    }
}

impl Module {
    async fn new(seed: u64) -> Self {
        let house = House::new(seed).await;
        let (client, secret) = (house.web.to_string(), house.secret.clone());
        let browser = house.mias().await;
        Self { house, client, secret, browser }
    }

    /// The request of the plan's client; `changes` replaces parameters, or takes them out where empty.
    fn request(&self, changes: &[(&str, &str)]) -> String {
        let mut fields: BTreeMap<&str, &str> = [
            ("client_id", self.client.as_str()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "a state"),
            ("nonce", "a nonce"),
        ]
        .into();
        fields.extend(changes.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        let fields: Vec<(&str, &str)> = fields.into_iter().collect();
        format!("/{}/oauth2/v2.0/authorize?{}", self.house.contoso, form(&fields))
    }

    /// Asks, and takes the answer that goes to the client.
    async fn callback(&mut self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let (address, sent) = self.browser.get(&self.request(changes)).await.sent();
        assert_eq!(address, CALLBACK);
        assert_eq!(sent["state"], "a state");
        sent
    }

    async fn exchange(&self, auth: Auth, fields: &[(&str, &str)]) -> Reply {
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.client, self.secret)));
        let mut all = fields.to_vec();
        let headers: &[(&str, &str)] = match auth {
            Auth::Basic => &[("authorization", basic.as_str())],
            Auth::Post => {
                all.extend([("client_id", self.client.as_str()), ("client_secret", self.secret.as_str())]);
                &[]
            }
        };
        let path = format!("/{}/oauth2/v2.0/token", self.house.contoso);
        self.house.program().post_with(&path, &all, headers).await
    }

    async fn redeem(&self, auth: Auth, code: &str) -> Reply {
        let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.exchange(auth, &fields).await
    }

    /// A whole sign-in; judges what every module of the plan judges.
    async fn sign_in(&mut self, auth: Auth, changes: &[(&str, &str)]) -> Tokens {
        let sent = self.callback(changes).await;
        assert_eq!(sent["iss"], self.issuer(), "RFC 9207");
        let reply = self.redeem(auth, &sent["code"]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let nonce = changes.iter().find(|(name, _)| *name == "nonce").map_or("a nonce", |(_, nonce)| nonce);
        let id = self.judge(&reply, Some(nonce).filter(|nonce| !nonce.is_empty())).await;
        Tokens { reply, id }
    }

    fn issuer(&self) -> String {
        format!("https://localhost:8443/{}/v2.0", self.house.contoso)
    }

    /// Judges an answer of the token endpoint (RFC 6749, section 5.1) and the ID token in it (OpenID Connect Core, 3.1.3.7).
    async fn judge(&self, reply: &Reply, nonce: Option<&str>) -> Value {
        let body = reply.json();
        assert_eq!(body["token_type"], "Bearer");
        assert!(body["expires_in"].as_i64().is_some_and(|seconds| seconds > 0));
        assert!(reply.header("content-type").starts_with("application/json"));
        assert!(reply.header("cache-control").contains("no-store"));
        assert_eq!(reply.header("pragma"), "no-cache");
        let text = reply.text("id_token");
        self.verify(&text).await;
        let id = claims(&text);
        let now = self.house.world.cx().now.as_seconds();
        assert_eq!(id["iss"], self.issuer());
        assert_eq!(id["aud"], self.client);
        assert!(id.get("azp").is_none_or(|azp| azp == &Value::from(self.client.clone())));
        assert!(id["exp"].as_i64().is_some_and(|end| end > now));
        assert!(id["iat"].as_i64().is_some_and(|issued| (now - issued).abs() <= 60));
        let subject = id["sub"].as_str().unwrap();
        assert!(!subject.is_empty() && subject.len() <= 255 && subject.is_ascii());
        assert_eq!(id.get("nonce").and_then(Value::as_str), nonce);
        id
    }

    /// Is it signed by a key that is published, under the id that it names?
    async fn verify(&self, token: &str) {
        let path = format!("/{}/discovery/v2.0/keys", self.house.contoso);
        let document = self.house.program().get(&path).await.body.into_bytes();
        let keys = identity::provider_keys(&document).unwrap();
        let parsed = identity::UnverifiedIdToken::parse(token).unwrap();
        assert!(parsed.key(&keys).is_some(), "OpenID Connect Core, section 10.1: no key of that id");
        let said = claims(token);
        let nonce = said["nonce"].as_str().unwrap_or_default();
        let expect = identity::IdExpect {
            issuer: &self.issuer(),
            client_id: &self.client,
            nonce,
            now: self.house.world.cx().now,
        };
        // A token without a nonce is judged up to the nonce, which is what comes behind signature, issuer and audience.
        let judged = parsed.verify(&keys, &expect).err();
        let expected = nonce.is_empty().then_some(identity::IdTokenFault::Nonce);
        assert_eq!(judged, expected);
    }

    async fn userinfo(&self, tokens: &Tokens) -> Reply {
        let reply = self.house.program().bearing("/oidc/userinfo", &tokens.access()).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert!(reply.header("content-type").starts_with("application/json"));
        assert_eq!(reply.json()["sub"], tokens.id["sub"], "OpenID Connect Core, section 5.3.2");
        reply
    }

    /// The error of an answer that goes to the client.
    async fn refusal(&mut self, changes: &[(&str, &str)]) -> String {
        let sent = self.callback(changes).await;
        assert!(!sent.contains_key("code") && sent.contains_key("error_description"), "{sent:?}");
        sent["error"].clone()
    }

    /// A second request that needs the person to prove anew who they are; the tokens that it gives then.
    async fn sign_in_anew(&mut self, changes: &[(&str, &str)]) -> Tokens {
        self.house.later(Span::seconds(2));
        let asked = self.request(changes);
        let reply = self.browser.get(&asked).await;
        assert_eq!(reply.status, 303, "the person has to be asked: {}", reply.body);
        let (page, sent) = crate::wire::parameters(reply.header("location"));
        assert_eq!(page, "/signin");
        // What the page does with the right password is proved in `code`; here the session is simply a new one.
        self.house.later(Span::seconds(1));
        self.browser = self.house.mias().await;
        let (_, sent) = self.browser.get(&sent["return"]).await.sent();
        let reply = self.redeem(Auth::Basic, &sent["code"]).await;
        let id = self.judge(&reply, Some("a nonce")).await;
        Tokens { reply, id }
    }
}

/// A request with one more parameter goes through as if it were not there.
async fn succeeds_with(seed: u64, changes: &[(&str, &str)]) -> (Module, Tokens) {
    let mut module = Module::new(seed).await;
    let tokens = module.sign_in(Auth::Basic, changes).await;
    (module, tokens)
}

#[tokio::test]
async fn oidcc_server() {
    let (module, tokens) = succeeds_with(500, &[]).await;
    assert!(module.userinfo(&tokens).await.json().as_object().is_some_and(|told| told.len() == 1));
    let path = format!("/{}/v2.0/.well-known/openid-configuration", module.house.contoso);
    let document = module.house.program().get(&path).await.json();
    assert_eq!(document["issuer"], module.issuer());
    for (name, value) in [
        ("response_types_supported", "code"),
        ("subject_types_supported", "pairwise"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("scopes_supported", "openid"),
        ("token_endpoint_auth_methods_supported", "client_secret_basic"),
    ] {
        assert!(document[name].as_array().unwrap().contains(&Value::from(value)), "{name}");
    }
    let keys = module.house.program().get(&format!("/{}/discovery/v2.0/keys", module.house.contoso)).await;
    let mut ids: Vec<String> =
        keys.json()["keys"].as_array().unwrap().iter().map(|key| key["kid"].to_string()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((all, ids.len()), (1, 1), "every key has an id of its own");
    assert!(!keys.body.contains("\"d\":"), "no private part");
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let mut module = Module::new(501).await;
    module.sign_in(Auth::Post, &[]).await;
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    let mut module = Module::new(502).await;
    assert_eq!(module.refusal(&[("response_type", "")]).await, "invalid_request");
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    let (module, tokens) = succeeds_with(503, &[("scope", "openid profile email")]).await;
    let told = module.userinfo(&tokens).await.json();
    assert!(told["name"].is_string() && told["email"].is_string());
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let (module, tokens) = succeeds_with(504, &[]).await;
    let bearer = format!("Bearer {}", tokens.access());
    let reply = module.house.program().post_with("/oidc/userinfo", &[], &[("authorization", &bearer)]).await;
    assert_eq!((reply.status, &reply.json()["sub"]), (200, &tokens.id["sub"]));
}

/// A token in a body is refused (R-07); the module takes that as a warning.
#[tokio::test]
async fn oidcc_userinfo_post_body() {
    let (module, tokens) = succeeds_with(505, &[]).await;
    let access = tokens.access();
    let reply = module.house.program().post("/oidc/userinfo", &[("access_token", &access)]).await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let (_, tokens) = succeeds_with(506, &[("nonce", "")]).await;
    assert!(tokens.id.get("nonce").is_none());
}

#[tokio::test]
async fn oidcc_scope_profile() {
    let (module, tokens) = succeeds_with(507, &[("scope", "openid profile")]).await;
    let told = module.userinfo(&tokens).await.json();
    assert_eq!(told["preferred_username"], "mia@contoso.example");
    assert!(told["name"].is_string() && told.get("email").is_none());
    let (_, little) = succeeds_with(508, &[]).await;
    for claim in ["name", "preferred_username", "email"] {
        assert!(little.id.get(claim).is_none(), "{claim} was not asked for");
    }
}

#[tokio::test]
async fn oidcc_scope_email() {
    let (module, tokens) = succeeds_with(509, &[("scope", "openid email")]).await;
    let told = module.userinfo(&tokens).await.json();
    assert_eq!(told["email"], "mia@contoso.example");
    assert!(told.get("name").is_none());
}

/// Scope and parameters in another order.
#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    let mut module = Module::new(510).await;
    let asked = module.request(&[("scope", "email openid")]);
    let (path, query) = asked.split_once('?').unwrap();
    let mut fields: Vec<&str> = query.split('&').collect();
    fields.reverse();
    let (_, sent) = module.browser.get(&format!("{path}?{}", fields.join("&"))).await.sent();
    let reply = module.redeem(Auth::Basic, &sent["code"]).await;
    module.judge(&reply, Some("a nonce")).await;
}

#[tokio::test]
async fn oidcc_display_page() {
    succeeds_with(511, &[("display", "page")]).await;
}

#[tokio::test]
async fn oidcc_display_popup() {
    succeeds_with(512, &[("display", "popup")]).await;
}

#[tokio::test]
async fn oidcc_prompt_login() {
    let (mut module, first) = succeeds_with(513, &[]).await;
    let second = module.sign_in_anew(&[("prompt", "login")]).await;
    assert_eq!(second.id["sub"], first.id["sub"]);
    assert!(second.id["auth_time"].as_i64() > first.id["auth_time"].as_i64());
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let mut module = Module::new(514).await;
    module.browser = module.house.program();
    assert_eq!(module.refusal(&[("prompt", "none")]).await, "login_required");
}

#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    let (mut module, first) = succeeds_with(515, &[]).await;
    let second = module.sign_in(Auth::Basic, &[("prompt", "none")]).await;
    for claim in ["sub", "auth_time"] {
        assert_eq!(second.id[claim], first.id[claim], "{claim}");
    }
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let (mut module, first) = succeeds_with(516, &[]).await;
    let second = module.sign_in_anew(&[("max_age", "1")]).await;
    let now = module.house.world.cx().now.as_seconds();
    assert!(second.id["auth_time"].as_i64().is_some_and(|at| at > now - 60));
    assert!(second.id["auth_time"].as_i64() > first.id["auth_time"].as_i64());
}

#[tokio::test]
async fn oidcc_max_age_10000() {
    let (mut module, first) = succeeds_with(517, &[]).await;
    module.house.later(Span::seconds(2));
    let second = module.sign_in(Auth::Basic, &[("max_age", "10000")]).await;
    for claim in ["sub", "auth_time"] {
        assert_eq!(second.id[claim], first.id[claim], "{claim}");
    }
    assert!(first.id["auth_time"].is_i64());
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    succeeds_with(518, &[("extra", "foobar")]).await;
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    let (mut module, first) = succeeds_with(519, &[]).await;
    let hint = first.reply.text("id_token");
    let second = module.sign_in(Auth::Basic, &[("prompt", "none"), ("id_token_hint", &hint)]).await;
    assert_eq!(second.id["sub"], first.id["sub"]);
}

#[tokio::test]
async fn oidcc_login_hint() {
    succeeds_with(520, &[("login_hint", "mia@contoso.example")]).await;
}

#[tokio::test]
async fn oidcc_ui_locales() {
    succeeds_with(521, &[("ui_locales", "se")]).await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    succeeds_with(522, &[("claims_locales", "se")]).await;
}

/// Taken and not answered; the module takes that as a warning.
#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    let (_, tokens) = succeeds_with(523, &[("acr_values", "1 2")]).await;
    assert!(tokens.id.get("acr").is_none());
}

#[tokio::test]
async fn oidcc_codereuse() {
    let mut module = Module::new(524).await;
    let sent = module.callback(&[]).await;
    assert_eq!(module.redeem(Auth::Basic, &sent["code"]).await.status, 200);
    let again = module.redeem(Auth::Basic, &sent["code"]).await;
    assert_eq!((again.status, again.fault().1), (400, "invalid_grant".to_owned()));
}

/// The access token that the code gave is void as well (RFC 6749, section 4.1.2).
#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    let mut module = Module::new(525).await;
    let sent = module.callback(&[]).await;
    let first = module.redeem(Auth::Basic, &sent["code"]).await;
    let id = module.judge(&first, Some("a nonce")).await;
    let tokens = Tokens { reply: first, id };
    module.userinfo(&tokens).await;
    module.house.later(Span::seconds(30));
    let again = module.redeem(Auth::Basic, &sent["code"]).await;
    assert_eq!((again.status, again.fault().1), (400, "invalid_grant".to_owned()));
    let reply = module.house.program().bearing("/oidc/userinfo", &tokens.access()).await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let mut module = Module::new(526).await;
    let asked = module.request(&[("redirect_uri", "https://app.example/cb/not-registered")]);
    let reply = module.browser.get(&asked).await;
    assert_eq!((reply.status, reply.header("location")), (400, ""), "a page tells, nothing is sent");
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let mut module = Module::new(527).await;
    let asked = module.request(&[]);
    let (path, query) = asked.split_once('?').unwrap();
    let request = module.browser.request("POST", path);
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://app.example")
        .header("sec-fetch-site", "cross-site");
    let reply = module.browser.send(request, query).await;
    let (_, sent) = module.browser.get(reply.header("location")).await.sent();
    let reply = module.redeem(Auth::Basic, &sent["code"]).await;
    module.judge(&reply, Some("a nonce")).await;
}

/// A request object that nobody signed.
fn request_object(redirect_uri: &str) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let body = format!(r#"{{"redirect_uri":"{redirect_uri}","response_type":"code"}}"#);
    format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&body))
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    let mut module = Module::new(528).await;
    let object = request_object(CALLBACK);
    assert_eq!(module.refusal(&[("request", &object)]).await, "request_not_supported");
}

/// The address in the request object plays no part: the answer goes to the registered one beside it.
#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let mut module = Module::new(529).await;
    let object = request_object("https://evil.example/");
    assert_eq!(module.refusal(&[("request", &object)]).await, "request_not_supported");
}

/// The parameter is taken and not followed (`claims_parameter_supported` is not said); the module takes that as a warning.
#[tokio::test]
async fn oidcc_claims_essential() {
    let asked = r#"{"userinfo":{"name":{"essential":true}}}"#;
    let (module, tokens) = succeeds_with(530, &[("claims", asked)]).await;
    assert!(module.userinfo(&tokens).await.json().get("name").is_none());
}

#[tokio::test]
async fn oidcc_refresh_token() {
    let mut module = Module::new(531).await;
    // OpenID Connect Core, section 11: the person is asked.
    let asked = module.request(&[("scope", "openid offline_access"), ("prompt", "consent")]);
    let page = module.browser.get(&asked).await;
    let (csrf, request) = (page.field("csrf"), page.field("request"));
    let yes = [("csrf", csrf.as_str()), ("request", request.as_str()), ("decision", "accept")];
    let onward = module.browser.submit("/consent", &yes).await.onward();
    let code = module.browser.get(&onward).await.sent().1["code"].clone();
    let reply = module.redeem(Auth::Basic, &code).await;
    let id = module.judge(&reply, Some("a nonce")).await;
    let first = Tokens { reply, id };
    let token = first.reply.text("refresh_token");
    assert!(token.bytes().all(|byte| (0x20..=0x7e).contains(&byte)), "RFC 6749, appendix A.17");
    module.house.later(Span::seconds(5));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    let reply = module.exchange(Auth::Basic, &fields).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_ne!(reply.text("access_token"), first.access());
    let second = module.judge(&reply, None).await;
    for claim in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(second[claim], first.id[claim], "OpenID Connect Core, section 12.2: {claim}");
    }
    assert!(second["iat"].as_i64() > first.id["iat"].as_i64());
    let next = reply.text("refresh_token");
    let other = module.house.refresh(&next, &[]).await;
    assert_eq!(other.fault(), (400, "invalid_grant".to_owned(), 70_000), "it is bound to its client");
}

#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    use crate::house::{CHALLENGE, VERIFIER};
    let mut module = Module::new(532).await;
    let sent = module.callback(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", sent["code"].as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let reply = module.exchange(Auth::Basic, &fields).await;
    module.judge(&reply, Some("a nonce")).await;
}

/// The page names every module of the plan; those that it says are ported are tests here, and every test here is in it.
#[test]
fn the_documentation_names_every_module() {
    let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let source = read("crates/testkit/tests/oauth/conformance.rs");
    let tests: std::collections::BTreeSet<String> = source
        .lines()
        .filter_map(|line| line.strip_prefix("async fn oidcc_")?.strip_suffix("() {"))
        .map(|name| format!("oidcc-{}", name.replace('_', "-")))
        .collect();
    let page = read("docs/conformance.md");
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `oidcc-")?.split('|').map(str::trim);
        let name = cells.next()?.strip_suffix('`')?;
        Some((format!("oidcc-{name}"), cells.next()?.to_owned()))
    };
    let rows: BTreeMap<String, String> = page.lines().filter_map(row).collect();
    let ported = rows.iter().filter(|(_, how)| *how != "does not apply").map(|(name, _)| name.clone());
    assert_eq!(ported.collect::<std::collections::BTreeSet<_>>(), tests);
    assert_eq!(rows.len(), 38, "the plan has so many modules: {:?}", rows.keys());
}
