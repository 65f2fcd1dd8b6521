//! A second Innkeeper as the home of a guest: an external provider like any other.

use crate::{browser::Browser, scene::Scene};
use http::Request;
use http_body_util::BodyExt;
use identity::MasterKey;
use model::{AppId, Home, Span, TenantId, Timestamp, UserType};
use service::{
    Caller, Directory, InvitationRequest, NewMember, NewProvider, NewTenant, Outbound, Outside, Parts,
    Pending, Question, Reply,
};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use store::{DataDir, GrantKind, Store};
use tempfile::TempDir;
use testkit::{MockClock, Seeded, World};
use web::{App, Options};

const HOME: &str = "https://home.example";
const ANA: &str = "ana@fabrikam.example";
const PASSWORD: &str = "nine loud herons whistle";
const CALLBACK: &str = "https://localhost:8443/signin/callback";

/// Another server, with the organisation where Ana is at home.
struct Elsewhere {
    app: App,
    fabrikam: TenantId,
    client: AppId,
    secret: String,
    _place: TempDir,
}

impl Elsewhere {
    async fn new(now: Timestamp) -> Self {
        let place = TempDir::new().expect("a place");
        let held = DataDir::open(&place.path().join("data")).expect("a data directory");
        let random: Arc<dyn model::Random> = Arc::new(Seeded::new(4_711));
        let parts = Parts {
            store: Store::open(&held, identity::digest).expect("a store"),
            clock: Arc::new(MockClock::new(now)),
            master: MasterKey::generate(random.as_ref()),
            random,
            origins: vec![HOME.to_owned()],
            passcodes: None,
            outside: Outside::default(),
        };
        let directory = Directory::new(parts).await.expect("a directory");
        let cx = directory.own_cx();
        let new = NewTenant {
            name: "Fabrikam".to_owned(),
            domain: "fabrikam.example".to_owned(),
            technical_contact: None,
            administrator: None,
        };
        let fabrikam = directory.create_tenant(&cx, new).await.expect("an organisation").id;
        let ana = NewMember {
            display_name: "Ana Oliveira".to_owned(),
            user_name: ANA.to_owned(),
            password: Some(PASSWORD.to_owned()),
        };
        directory.add_member(&cx, fabrikam, ana).await.expect("Ana");
        let callback = [CALLBACK.to_owned()];
        let registered = directory.register_app(&cx, fabrikam, "Contoso's Innkeeper", false, &callback).await;
        let (client, _) = registered.expect("an app");
        let permission = model::authz::Permission::UserRead;
        directory.grant(&cx, fabrikam, client, GrantKind::Delegated, permission).await.expect("a consent");
        let secret = directory.add_secret(&cx, fabrikam, client).await.expect("a secret").expose().to_owned();
        Self { app: App::new(directory, Options::default()), fabrikam, client, secret, _place: place }
    }
}

struct Wire(App);

impl Outbound for Wire {
    fn ask<'a>(&'a self, question: &'a Question) -> Pending<'a, Result<Reply, String>> {
        Box::pin(async move {
            let path = question.url.strip_prefix(HOME).ok_or("another host")?;
            let mut request = Request::builder().uri(path).header("host", "home.example");
            let mut body = String::new();
            if let Some(fields) = &question.form {
                let fields: Vec<(&str, &str)> =
                    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                body = crate::browser::form(&fields);
                request = request.method("POST").header("content-type", "application/x-www-form-urlencoded");
            }
            if let Some((user, password)) = &question.basic {
                request = request.header("authorization", basic(user, password));
            }
            let request = request.body(body.into()).map_err(|error| error.to_string())?;
            let (parts, body) =
                web::answer(self.0.clone(), request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await.into_parts();
            let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes().to_vec();
            Ok(Reply { status: parts.status.as_u16(), body })
        })
    }
}

/// HTTP Basic (RFC 7617), base64 by hand: no other test needs it.
fn basic(user: &str, password: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{user}:{password}");
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = usize::try_from(word >> (18 - 6 * place) & 63).expect("small");
            out.push(if place <= chunk.len() { char::from(DIGITS[digit]) } else { '=' });
        }
    }
    format!("Basic {out}")
}

/// Ana proves at home who she is; where her browser is sent.
async fn at_home(elsewhere: &Elsewhere, departure: &str) -> String {
    let mut browser = Browser::of(elsewhere.app.clone());
    let path = departure.strip_prefix(HOME).expect("her home");
    let door = browser.get(path).await.header("location").to_owned();
    let page = browser.get(&door).await;
    let (csrf, back) = (page.field("csrf"), page.field("return").replace("&#38;", "&"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("return", back.as_str()),
        ("step", "password"),
        ("userName", ANA),
        ("password", PASSWORD),
    ];
    let mut page = browser.post("/signin", &fields).await;
    for _ in 0..6 {
        let location = page.header("location").to_owned();
        if location.starts_with(CALLBACK) {
            return location;
        }
        let next = match page.body.split_once("content=\"0; url=") {
            Some((_, rest)) => rest.split('"').next().expect("an address").replace("&#38;", "&"),
            None => location,
        };
        assert!(!next.is_empty(), "stuck at home: {} {}", page.status, page.text());
        page = browser.get(&next).await;
    }
    panic!("no way back: {} {}", page.status, page.text());
}

#[tokio::test]
async fn a_member_of_another_innkeeper_becomes_a_guest_here_and_leaves() {
    let now = World::new(160).await.cx().now;
    let elsewhere = Elsewhere::new(now).await;
    let outbound: Arc<dyn Outbound> = Arc::new(Wire(elsewhere.app.clone()));
    let scene = Scene::reaching(160, Outside { outbound: Some(outbound), ..Outside::default() }).await;
    let operator = Caller::operator(scene.contoso);
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    let new = NewProvider {
        name: "Fabrikam".to_owned(),
        issuer: format!("{HOME}/{}/v2.0", elsewhere.fabrikam),
        client_id: elsewhere.client.to_string(),
        client_secret: elsewhere.secret.clone(),
        trusts_email: true,
    };
    let id = directory.add_provider(&cx, &operator, new).await.expect("registered");
    directory.add_provider_domain(&cx, &operator, id, "fabrikam.example").await.expect("confirmed");
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
    let sent = directory.invite(&cx, &operator, request).await.expect("an invitation");
    let invitation = format!("/invitations/redeem?ticket={}", sent.ticket);

    let mut browser = scene.stranger();
    let fields = [("step", "userName"), ("userName", ANA), ("return", invitation.as_str())];
    let choice = browser.submit("/signin", "/signin", &fields).await;
    let (_, link) = choice.body.split_once("class=\"button\" href=\"").expect("a link");
    let link = link.split('"').next().expect("an address").replace("&#38;", "&");
    assert!(link.contains(&id.to_string()), "{link}");
    let departure = browser.get(&link).await;
    assert_eq!(departure.status, 303, "{}", departure.text());
    let back = at_home(&elsewhere, departure.header("location")).await;
    let back = back.strip_prefix("https://localhost:8443").expect("here");
    browser.get(back).await.leads_to(&invitation);
    browser
        .submit(&invitation, &invitation, &[("decision", "accept")])
        .await
        .is(200)
        .says("You are now a guest");
    let guest = scene.world.user(scene.contoso, sent.user.id).await.expect("the guest");
    assert!(matches!(guest.home, Home::Federated(_)), "{:?}", guest.home);

    scene.world.clock.advance(Span::minutes(2));
    let leave = format!("/myaccount/organizations/leave/{}", scene.contoso);
    let asked = browser.get(&leave).await;
    let (csrf, confirmation) = (asked.field("csrf"), asked.field("confirmation"));
    browser.post(&leave, &[("csrf", &csrf), ("confirmation", &confirmation)]).await.is(200);
    assert!(scene.world.user(scene.contoso, sent.user.id).await.expect("the guest").is_deleted());
}
