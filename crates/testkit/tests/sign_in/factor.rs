use crate::{
    browser::{Browser, Page},
    scene::{ADA, BOB, PASSWORD, Scene},
};
use identity::TotpSecret;
use model::{Span, audit::Activity};
use service::{Caller, Outside};

const SECURITY: &str = "/myaccount/security";

/// Reads base32 as an authenticator app does.
fn secret_of(page: &Page) -> TotpSecret {
    let shown = page.body.split("<p class=\"mono strong\">").nth(1).and_then(|rest| rest.split('<').next());
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for c in shown.expect("a secret").chars().filter(|c| !c.is_whitespace()) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).expect("base32");
        buffer = (buffer << 5 | u32::try_from(value).expect("small")) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xff).expect("a byte"));
        }
    }
    TotpSecret::from_bytes(&bytes)
}

fn codes_of(page: &Page) -> Vec<String> {
    let text = page.text();
    text.split(' ').filter(|word| word.len() == 11 && word.as_bytes()[5] == b'-').map(str::to_owned).collect()
}

/// Sets a second factor up by the pages; the secret and the recovery codes.
pub async fn set_up(scene: &Scene, browser: &mut Browser) -> (TotpSecret, Vec<String>) {
    let page = browser.submit(SECURITY, SECURITY, &[("act", "begin")]).await;
    page.is(200).says("Scan this picture");
    assert!(page.body.contains("<svg class=\"qr\"") && page.body.contains("<path d=\"M"));
    let secret = secret_of(&page);
    let code = secret.code_at(scene.world.cx().now);
    let csrf = page.field("csrf");
    let done = browser.post(SECURITY, &[("csrf", &csrf), ("act", "confirm"), ("code", &code)]).await;
    done.is(200).says("Your recovery codes");
    let codes = codes_of(&done);
    assert_eq!(codes.len(), 10);
    (secret, codes)
}

/// The first step, and the second with this code.
async fn enter(scene: &Scene, browser: &mut Browser, user_name: &str, code: &str) -> Page {
    let asked = scene.sign_in(browser, user_name, PASSWORD).await;
    asked.is(200).says("authenticator app");
    assert!(!asked.headers.contains_key("set-cookie"), "no session before the second step");
    second(browser, &asked, user_name, code).await
}

async fn second(browser: &mut Browser, asked: &Page, user_name: &str, code: &str) -> Page {
    let (csrf, ticket) = (asked.field("csrf"), asked.field("ticket"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("step", "code"),
        ("userName", user_name),
        ("ticket", ticket.as_str()),
        ("code", code),
    ];
    browser.post("/signin", &fields).await
}

#[tokio::test]
async fn once_set_up_the_code_is_asked_for_and_each_is_good_once() {
    let scene = Scene::new(130).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await.leads_to("/myaccount");
    let (secret, _) = set_up(&scene, &mut bob).await;
    let code = secret.code_at(scene.world.cx().now);
    let replayed = enter(&scene, &mut scene.stranger(), BOB, &code).await;
    replayed.is(422).says("was used before");
    scene.world.clock.advance(Span::seconds(30));
    let code = secret.code_at(scene.world.cx().now);
    let mut there = scene.stranger();
    enter(&scene, &mut there, BOB, &code).await.leads_to("/myaccount");
    there.get("/myaccount/sessions").await.is(200).says("Second factor");
    enter(&scene, &mut scene.stranger(), BOB, &code).await.is(422);
    scene.world.clock.advance(Span::seconds(30));
    let earlier = secret.code_at(scene.world.cx().now - Span::seconds(30));
    enter(&scene, &mut scene.stranger(), BOB, &earlier).await.is(422);
    let wrong = scene.audit().await;
    assert!(wrong.iter().any(|one| one.record.reason.as_deref() == Some("wrongCode")));
}

#[tokio::test]
async fn a_code_used_by_fifty_at_once_lets_one_in() {
    let scene = Scene::new(131).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    let (secret, _) = set_up(&scene, &mut bob).await;
    scene.world.clock.advance(Span::minutes(1));
    let directory = scene.world.directory();
    let first = directory.sign_in(&scene.world.cx(), "192.0.2.1", BOB, PASSWORD).await.expect("an answer");
    let service::SignIn::SecondFactor { ticket } = first else { panic!("a second step") };
    let code = secret.code_at(scene.world.cx().now);
    let tries: Vec<_> = (0..50)
        .map(|n| {
            let (directory, cx) = (directory.clone(), scene.world.cx());
            let (ticket, code) = (ticket.clone(), code.clone());
            tokio::spawn(async move {
                directory.sign_in_with_code(&cx, &format!("192.0.2.{n}"), &ticket, &code).await
            })
        })
        .collect();
    let mut inside = 0;
    for one in tries {
        inside += u32::from(matches!(one.await.expect("done"), Ok(service::SignIn::SignedIn { .. })));
    }
    assert_eq!(inside, 1);
}

#[tokio::test]
async fn a_recovery_code_stands_in_once_in_any_spelling() {
    let scene = Scene::new(132).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    let (_, codes) = set_up(&scene, &mut bob).await;
    let spelt = format!(" {} ", codes[3].replace('-', " ").to_uppercase());
    enter(&scene, &mut scene.stranger(), BOB, &spelt).await.leads_to("/myaccount");
    enter(&scene, &mut scene.stranger(), BOB, &codes[3]).await.is(422);
    bob.get(SECURITY).await.is(200).says("Recovery codes left 9");
}

#[tokio::test]
async fn codes_are_throttled_like_passwords() {
    let scene = Scene::new(133).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    set_up(&scene, &mut bob).await;
    let mut thief = scene.stranger();
    let asked = scene.sign_in(&mut thief, BOB, PASSWORD).await;
    let mut last = 0;
    for _ in 0..8 {
        last = second(&mut thief, &asked, BOB, "000000").await.status;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn the_first_step_holds_ten_minutes_and_as_long_as_the_password() {
    let scene = Scene::new(134).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    let (secret, _) = set_up(&scene, &mut bob).await;
    scene.world.clock.advance(Span::minutes(1));
    let mut late = scene.stranger();
    let asked = scene.sign_in(&mut late, BOB, PASSWORD).await;
    scene.world.clock.advance(Span::minutes(10));
    let code = secret.code_at(scene.world.cx().now);
    second(&mut late, &asked, BOB, &code).await.is(422);
    let mut other = scene.stranger();
    let asked = scene.sign_in(&mut other, BOB, PASSWORD).await;
    let new = "nine loud herons whistle";
    scene
        .world
        .directory()
        .set_password(&scene.world.cx(), scene.contoso, scene.bob, new)
        .await
        .expect("set");
    second(&mut other, &asked, BOB, &code).await.is(422);
    let csrf = asked.field("csrf");
    for ticket in ["", "x.y", asked.field("csrf").as_str()] {
        let fields = [
            ("csrf", csrf.as_str()),
            ("step", "code"),
            ("userName", BOB),
            ("ticket", ticket),
            ("code", &code),
        ];
        other.post("/signin", &fields).await.is(422);
    }
}

#[tokio::test]
async fn taking_it_away_and_new_recovery_codes_need_a_code() {
    let scene = Scene::new(135).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    let (_, codes) = set_up(&scene, &mut bob).await;
    bob.submit(SECURITY, SECURITY, &[("act", "remove"), ("code", "123456")]).await.is(422);
    let renewed = bob.submit(SECURITY, SECURITY, &[("act", "renew"), ("code", &codes[0])]).await;
    let fresh = codes_of(renewed.is(200));
    assert!(fresh.len() == 10 && !fresh.contains(&codes[1]));
    enter(&scene, &mut scene.stranger(), BOB, &codes[1]).await.is(422);
    let removed = bob.submit(SECURITY, SECURITY, &[("act", "remove"), ("code", &fresh[0])]).await;
    bob.get(removed.header("location")).await.says("The second factor is taken away.");
    scene.sign_in(&mut scene.stranger(), BOB, PASSWORD).await.leads_to("/myaccount");
    let log = scene.audit().await;
    for activity in [Activity::RegisterSecurityInfo, Activity::DeleteSecurityInfo] {
        assert!(log.iter().any(|one| one.record.activity == activity), "{activity:?}");
    }
}

/// Of two clicks, a browser shows the second answer: the codes in it have to be those that count.
#[tokio::test]
async fn a_form_that_is_sent_twice_shows_the_recovery_codes_that_count() {
    let scene = Scene::new(141).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    let page = bob.submit(SECURITY, SECURITY, &[("act", "begin")]).await;
    let code = secret_of(&page).code_at(scene.world.cx().now);
    let (csrf, offer) = (page.field("csrf"), page.field("offer"));
    let mut fields = [("csrf", csrf.as_str()), ("act", "confirm"), ("offer", &offer), ("code", &code)];
    let first = codes_of(bob.post(SECURITY, &fields).await.is(200));
    assert_eq!(codes_of(bob.post(SECURITY, &fields).await.is(200)), first);
    enter(&scene, &mut scene.stranger(), BOB, &first[0]).await.leads_to("/myaccount");
    // One of them is used: nothing is shown any more.
    bob.post(SECURITY, &fields).await.is(422);
    let offer = bob.get(SECURITY).await.field("offer");
    fields[1..].copy_from_slice(&[("act", "renew"), ("offer", &offer), ("code", &first[1])]);
    let renewed = codes_of(bob.post(SECURITY, &fields).await.is(200));
    assert_eq!(codes_of(bob.post(SECURITY, &fields).await.is(200)), renewed);
    assert!(renewed.len() == 10 && !renewed.contains(&first[2]));
    bob.get(SECURITY).await.says("Recovery codes left 10");
    // The form of one session is nothing in another.
    let mut other = scene.stranger();
    scene.world.clock.advance(Span::minutes(1));
    let code = secret_of(&page).code_at(scene.world.cx().now);
    enter(&scene, &mut other, BOB, &code).await.leads_to("/myaccount");
    let csrf = other.get(SECURITY).await.field("csrf");
    let elsewhere = [("csrf", csrf.as_str()), ("act", "renew"), ("offer", &offer), ("code", "000000")];
    other.post(SECURITY, &elsewhere).await.is(422);
    let log = scene.audit().await;
    let made =
        log.iter().filter(|one| one.record.activity == Activity::RegisterSecurityInfo && one.record.success);
    assert_eq!(made.count(), 2, "twice the same is one change");
}

#[tokio::test]
async fn where_roles_need_a_second_factor_the_administration_opens_with_it_only() {
    let outside = Outside { second_factor_for_roles: true, ..Outside::default() };
    let scene = Scene::reaching(136, outside).await;
    let mut ada = scene.stranger();
    scene.sign_in(&mut ada, ADA, PASSWORD).await.leads_to("/myaccount");
    assert!(!ada.jar.contains_key("__Host-innkeeper-admin"));
    ada.get("/admin").await.leads_to("/myaccount/security?required");
    ada.get("/myaccount/security?required").await.is(200).says("open once you have set up a second factor");
    let (secret, _) = set_up(&scene, &mut ada).await;
    ada.get("/admin").await.is(200);
    scene.world.clock.advance(Span::minutes(1));
    let mut again = scene.stranger();
    enter(&scene, &mut again, ADA, &secret.code_at(scene.world.cx().now)).await.leads_to("/myaccount");
    again.get("/admin").await.is(200);

    let methods = "/admin/sign-in";
    let off = [("act", "secondFactor"), ("version", "0"), ("required", "no")];
    let saved = again.submit(methods, methods, &off).await;
    again.get(saved.header("location")).await.is(200).says("Saved.");
    again.submit(methods, methods, &off).await.is(409);
    let operator = Caller::operator(scene.contoso);
    let settings = scene.world.directory().sign_in_settings(&scene.world.cx(), &operator).await;
    assert!(!settings.expect("the settings").second_factor_for_roles);
    let log = scene.audit().await;
    assert!(log.iter().any(|one| one.record.activity == Activity::UpdateSignInSettings));
}

/// What an app does for a person it does with the person's roles.
#[tokio::test]
async fn where_roles_need_a_second_factor_apps_get_nothing_without_it_either() {
    let outside = Outside { second_factor_for_roles: true, ..Outside::default() };
    let scene = Scene::reaching(139, outside).await;
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    let uris = ["http://localhost".to_owned()];
    let app = directory.register_app(&cx, scene.contoso, "Tool", true, &uris).await;
    let ask = format!(
        "/contoso.example/oauth2/v2.0/authorize?client_id={}&response_type=code&redirect_uri=http://localhost:8400/\
         &scope=openid&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        app.expect("an app").0
    );
    let (mut ada, mut bob) = (scene.stranger(), scene.stranger());
    scene.sign_in(&mut bob, BOB, PASSWORD).await.leads_to("/myaccount");
    let reply = bob.get(&ask).await;
    assert!(reply.header("location").starts_with("http://localhost:8400/?code="), "{}", reply.text());
    scene.sign_in(&mut ada, ADA, PASSWORD).await.leads_to("/myaccount");
    let reply = ada.get(&ask).await;
    assert!(reply.body.contains("AADSTS50079") && reply.header("location").is_empty(), "{}", reply.text());
    let silent = ada.get(&format!("{ask}&prompt=none")).await;
    assert!(silent.header("location").contains("error=interaction_required"), "{}", silent.text());
    set_up(&scene, &mut ada).await;
    let reply = ada.get(&ask).await;
    assert!(reply.header("location").starts_with("http://localhost:8400/?code="), "{}", reply.text());
}

#[tokio::test]
async fn the_operator_takes_a_lost_second_factor_away_and_sessions_end() {
    let scene = Scene::new(137).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    set_up(&scene, &mut bob).await;
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    directory.reset_second_factor(&cx, scene.contoso, scene.bob).await.expect("reset");
    bob.get("/myaccount").await.leads_to("/signin?return=/myaccount");
    scene.sign_in(&mut bob, BOB, PASSWORD).await.leads_to("/myaccount");
}

#[tokio::test]
async fn secret_and_codes_are_not_in_the_database_in_plain() {
    let scene = Scene::new(138).await;
    let mut bob = scene.stranger();
    scene.sign_in(&mut bob, BOB, PASSWORD).await;
    let (secret, codes) = set_up(&scene, &mut bob).await;
    let stored = scene
        .world
        .store()
        .read(testkit::World::scope(scene.contoso), |reader| {
            Ok((reader.second_factor(scene.bob)?.expect("a factor"), reader.recovery_codes(scene.bob)?))
        })
        .await
        .expect("rows");
    let plain = hex::encode(secret.bytes());
    assert!(!stored.0.sealed.contains(&plain));
    assert_eq!(stored.1.len(), 10);
    assert!(stored.1.iter().all(|hash| hash.len() == 64 && !codes.contains(hash)));
    assert!(
        !stored.1.contains(&identity::hash_secret(&codes[0].replace('-', ""))),
        "keyed, because codes are short"
    );
}
