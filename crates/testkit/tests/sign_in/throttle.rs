use crate::scene::{BOB, PASSWORD, Scene};
use model::{Person, Span, audit::Activity};
use service::{SignIn, Visitor};
use testkit::GuestState;

async fn attempt(scene: &Scene, visitor: &Visitor, password: &str) -> SignIn {
    scene.world.directory().sign_in(&scene.world.cx(), visitor, BOB, password).await.expect("an answer")
}

fn from(network: &str) -> Visitor {
    Visitor::from(network)
}

/// Ten thousand guesses from fifty networks, spread over hours (B-33).
#[tokio::test]
async fn guesses_from_many_networks_are_judged_a_hundred_times_and_the_owner_still_gets_in() {
    let scene = Scene::new(110).await;
    let SignIn::SignedIn { device, .. } = attempt(&scene, &from("198.51.100.1"), PASSWORD).await else {
        panic!("the owner signs in");
    };
    let owner = Visitor { device: Some(device), ..from("203.0.113.1") };
    let mut judged = 0;
    let guesses = if std::env::var_os("INNKEEPER_LONG").is_some() { 10_000 } else { 600 };
    for guess in 0..guesses {
        let network = format!("192.0.2.{}", guess % 50);
        match attempt(&scene, &from(&network), "wrong").await {
            SignIn::Wrong => judged += 1,
            SignIn::Throttled { .. } => scene.world.clock.advance(Span::minutes(1)),
            _ => panic!("a guess got in"),
        }
    }
    assert!(judged <= 100, "{judged}");
    assert!(judged >= 50, "the first ones cost nothing: {judged}");
    let elsewhere = attempt(&scene, &from("203.0.113.8"), PASSWORD).await;
    assert!(
        matches!(elsewhere, SignIn::Throttled { .. }),
        "a hundred wrong tries close the account to strangers"
    );
    assert!(matches!(attempt(&scene, &owner, PASSWORD).await, SignIn::SignedIn { .. }));
    let elsewhere = attempt(&scene, &from("203.0.113.9"), PASSWORD).await;
    assert!(matches!(elsewhere, SignIn::SignedIn { .. }), "the owner opened the door for a new browser");
}

#[tokio::test]
async fn a_password_that_the_operator_sets_opens_the_account_again() {
    let scene = Scene::new(115).await;
    let (mut n, mut judged) = (0, 0);
    while judged < 100 {
        n += 1;
        match attempt(&scene, &from(&format!("192.0.2.{}", n % 50)), "wrong").await {
            SignIn::Wrong => judged += 1,
            _ => scene.world.clock.advance(Span::minutes(15)),
        }
    }
    assert!(matches!(attempt(&scene, &from("203.0.113.8"), PASSWORD).await, SignIn::Throttled { .. }));
    let new = "nine loud herons whistle";
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    directory.set_password(&cx, scene.contoso, scene.bob, new).await.expect("set");
    assert!(matches!(attempt(&scene, &from("203.0.113.8"), new).await, SignIn::SignedIn { .. }));
}

#[tokio::test]
async fn a_known_browser_is_known_to_its_own_account_only_and_is_throttled_itself() {
    let scene = Scene::new(111).await;
    let cx = scene.world.cx();
    let ada = scene.world.directory().sign_in(&cx, "192.0.2.1", crate::scene::ADA, PASSWORD).await;
    let SignIn::SignedIn { device, .. } = ada.expect("an answer") else { panic!("Ada signs in") };
    let visitor = Visitor { device: Some(device), ..from("192.0.2.2") };
    for _ in 0..6 {
        attempt(&scene, &visitor, "wrong").await;
    }
    let plain = attempt(&scene, &from("192.0.2.2"), PASSWORD).await;
    assert!(matches!(plain, SignIn::Throttled { .. }), "Ada's browser is a stranger to Bob's account");
    scene.world.clock.advance(Span::hours(1));
    let SignIn::SignedIn { device, .. } = attempt(&scene, &visitor, PASSWORD).await else {
        panic!("Bob signs in with the same browser");
    };
    let visitor = Visitor { device: Some(device), ..visitor };
    for _ in 0..6 {
        attempt(&scene, &visitor, "wrong").await;
    }
    let known = attempt(&scene, &visitor, PASSWORD).await;
    assert!(matches!(known, SignIn::Throttled { .. }), "a stolen browser does not guess for ever");
    for forged in ["", "x", "x.y", "bm9uY2U6YQ.AAAA"] {
        let visitor = Visitor { device: Some(forged.to_owned()), ..from("192.0.2.2") };
        assert!(!matches!(attempt(&scene, &visitor, "wrong").await, SignIn::SignedIn { .. }));
    }
}

#[tokio::test]
async fn one_network_that_tries_many_accounts_is_slowed_down_and_others_are_not() {
    let scene = Scene::new(112).await;
    let directory = scene.world.directory();
    let mut slowed = 0;
    for n in 0..110 {
        let name = format!("nobody{n}@contoso.example");
        let done = directory.sign_in(&scene.world.cx(), "192.0.2.1", &name, "wrong").await;
        slowed += u32::from(matches!(done.expect("an answer"), SignIn::Throttled { .. }));
    }
    assert_eq!(slowed, 10);
    assert!(matches!(attempt(&scene, &from("192.0.2.1"), PASSWORD).await, SignIn::Throttled { .. }));
    assert!(matches!(attempt(&scene, &from("192.0.2.2"), PASSWORD).await, SignIn::SignedIn { .. }));
}

#[tokio::test]
async fn wrong_tries_survive_a_restart() {
    let mut scene = Scene::new(113).await;
    for _ in 0..12 {
        attempt(&scene, &from("192.0.2.1"), "wrong").await;
    }
    scene.world.restart(Span::ZERO).await;
    assert!(matches!(attempt(&scene, &from("192.0.2.1"), PASSWORD).await, SignIn::Throttled { .. }));
}

#[tokio::test]
async fn sign_ins_with_a_mailbox_are_in_the_log_of_every_organisation_where_they_are_a_guest() {
    let scene = Scene::new(114).await;
    let (world, address) = (&scene.world, "sam@mail.example");
    let sam = Person::Mailbox { address: address.to_owned() };
    let guest = world.guest(scene.contoso, &sam, address, GuestState::Accepted).await;
    world.directory().send_passcode(&world.cx(), address, "en").await.expect("sent");
    let code = world.passcode(address).expect("a code");
    let wrong = world.directory().sign_in_with_passcode(&world.cx(), "192.0.2.1", address, "00000000").await;
    assert!(matches!(wrong.expect("an answer"), SignIn::Wrong));
    let right = world.directory().sign_in_with_passcode(&world.cx(), "192.0.2.1", address, &code).await;
    assert!(matches!(right.expect("an answer"), SignIn::SignedIn { .. }));
    let of_guest = |activity| {
        let id = guest.to_string();
        move |one: &model::audit::Stored| {
            one.record.activity == activity && one.record.targets.iter().any(|target| target.id == id)
        }
    };
    for _ in 0..200 {
        if scene.audit().await.iter().any(of_guest(Activity::SignInRefused)) {
            break;
        }
        tokio::task::yield_now().await;
    }
    let log = scene.audit().await;
    assert_eq!(log.iter().filter(|one| of_guest(Activity::SignIn)(one)).count(), 1);
    assert_eq!(log.iter().filter(|one| of_guest(Activity::SignInRefused)(one)).count(), 1);
    let right = log.iter().find(|one| of_guest(Activity::SignIn)(one)).expect("the record");
    assert!(right.record.details.contains(&("method".to_owned(), "passcode".to_owned())));
}

/// A try with a passcode, which costs less to judge than one with a password.
async fn passcode(scene: &Scene, visitor: &Visitor, address: &str, code: &str) -> SignIn {
    let (directory, cx) = (scene.world.directory(), scene.world.cx());
    directory.sign_in_with_passcode(&cx, visitor, address, code).await.expect("an answer")
}

/// Sam has a mailbox and is a guest; a passcode for Sam.
async fn sams(scene: &Scene) -> String {
    let (world, address) = (&scene.world, "sam@mail.example");
    let sam = Person::Mailbox { address: address.to_owned() };
    if world.account(scene.contoso, &sam.home()).await.is_none() {
        world.guest(scene.contoso, &sam, address, GuestState::Accepted).await;
    }
    world.clock.advance(Span::minutes(2));
    world.directory().send_passcode(&world.cx(), address, "en").await.expect("sent");
    world.passcode(address).expect("a code")
}

/// Strangers with any number of networks, trying any number of accounts, keep nobody out who comes from elsewhere: they only
/// leave fewer free tries to each network.
#[tokio::test]
async fn an_attack_on_an_organisation_keeps_nobody_out() {
    let scene = Scene::new(116).await;
    let code = sams(&scene).await;
    for n in 0..1_100 {
        let (network, name) = (format!("192.0.2.{}", n / 9), format!("nobody{n}@mail.example"));
        let done = passcode(&scene, &from(&network), &name, "00000000").await;
        assert!(matches!(done, SignIn::Wrong), "try {n}");
    }
    let done = passcode(&scene, &from("203.0.113.7"), "sam@mail.example", &code).await;
    assert!(matches!(done, SignIn::SignedIn { .. }), "at the first try, from a browser that nobody knows");
    let attacker = from("192.0.2.1");
    for n in 0..2 {
        passcode(&scene, &attacker, &format!("somebody{n}@mail.example"), "00000000").await;
    }
    let done = passcode(&scene, &attacker, "another@mail.example", "00000000").await;
    assert!(matches!(done, SignIn::Throttled { .. }), "behind ten tries a network of the attack waits");
}

/// What a network did flows away: a busy office is not shut out for good by the slips of its people.
#[tokio::test]
async fn a_network_may_be_wrong_so_often_an_hour_day_after_day() {
    let scene = Scene::new(117).await;
    let office = from("192.0.2.1");
    for n in 0..500 {
        let name = format!("somebody{n}@mail.example");
        let done = passcode(&scene, &office, &name, "00000000").await;
        assert!(matches!(done, SignIn::Wrong), "slip {n}");
        scene.world.clock.advance(Span::seconds(40));
    }
}

/// Whoever guesses at a passcode voids it for other strangers, not for the browser that its owner has signed in with before.
#[tokio::test]
async fn guesses_at_a_passcode_do_not_shut_out_a_known_browser() {
    let scene = Scene::new(118).await;
    let (address, code) = ("sam@mail.example", sams(&scene).await);
    let SignIn::SignedIn { device, .. } = passcode(&scene, &from("203.0.113.1"), address, &code).await else {
        panic!("Sam signs in");
    };
    let known = Visitor { device: Some(device), ..from("203.0.113.1") };
    let code = sams(&scene).await;
    for n in 0..5 {
        let network = format!("198.51.100.{n}");
        assert!(matches!(passcode(&scene, &from(&network), address, "00000000").await, SignIn::Wrong));
    }
    let stranger = passcode(&scene, &from("198.51.100.77"), address, &code).await;
    assert!(matches!(stranger, SignIn::Wrong), "five wrong guesses void it");
    assert!(matches!(passcode(&scene, &known, address, "00000000").await, SignIn::Wrong));
    assert!(matches!(passcode(&scene, &known, address, &code).await, SignIn::SignedIn { .. }));
    assert!(matches!(passcode(&scene, &known, address, &code).await, SignIn::Wrong), "and it works once");
}
