//! What strangers can make the server do, and what they can learn from it.

use model::{Clock, ErrorKind, Span};
use service::{SignIn, TokenRequest};
use store::{AuditQuery, Fault};
use testkit::World;

/// Refused token requests need no secret, so they must not fill the audit log of a tenant.
#[tokio::test]
async fn refused_token_requests_are_recorded_up_to_sixty_a_minute() {
    let world = World::new(1).await;
    let tenant = world.tenant("Contoso", "contoso.example").await;
    let request = || TokenRequest {
        tenant: tenant.to_string(),
        grant_type: Some("client_credentials".to_owned()),
        client_id: Some("00000000-0000-4000-8000-000000000000".to_owned()),
        ..TokenRequest::default()
    };
    let recorded = async || {
        let query = AuditQuery {
            activity: Some("Token request refused".to_owned()),
            limit: 999,
            ..AuditQuery::default()
        };
        world
            .store()
            .read(World::scope(tenant), |reader| Ok(reader.audit(&query)?.len()))
            .await
            .expect("a log")
    };
    for _ in 0..100 {
        let answer = world.directory().issue_token(&world.cx(), World::ORIGIN, request()).await;
        assert_eq!(answer.map(drop).map_err(|fault| fault.code), Err(700_016));
    }
    assert_eq!(recorded().await, 60);
    world.clock.advance(model::Span::minutes(1));
    let answer = world.directory().issue_token(&world.cx(), World::ORIGIN, request()).await;
    assert!(answer.is_err());
    assert_eq!(recorded().await, 61, "the next minute is recorded again");
}

/// A commit takes milliseconds, so the number of commits tells whether there is such an account.
#[tokio::test]
async fn a_wrong_password_costs_as_many_commits_whether_or_not_there_is_such_an_account() {
    let world = World::new(2).await;
    let tenant = world.tenant("Contoso", "contoso.example").await;
    let id = world.member(tenant, "ana@contoso.example", &[]).await;
    let cx = world.cx();
    world.directory().set_password(&cx, tenant, id, "olive kettle drummer sand").await.expect("a password");
    for name in ["ana@contoso.example", "nobody@contoso.example", "nobody@elsewhere.example"] {
        for (commits, broken) in [(1, true), (2, false)] {
            world.faults.arm(commits, Fault::BeforeCommit);
            let answer = world.directory().sign_in(&world.cx(), "192.0.2.1", name, "wrong").await;
            assert_eq!(world.faults.disarm(), broken, "{name}: commit {commits}");
            assert_eq!(matches!(answer, Ok(SignIn::Wrong)), !broken, "{name}");
        }
    }
}

/// Whoever comes when too many are under way is told to come back, and it does not count as a failure.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_sign_ins_is_turned_away_instead_of_queued() {
    let world = World::new(3).await;
    let flood: Vec<_> = (0..300)
        .map(|number| {
            let (directory, cx) = (world.directory().clone(), world.cx());
            let name = format!("n{number}@elsewhere.example");
            // Each from a network of its own: one that tries many accounts is slowed down by itself.
            let network = format!("2001:db8:0:{number:x}::/64");
            tokio::spawn(async move { directory.sign_in(&cx, &network, &name, "wrong").await })
        })
        .collect();
    let mut turned_away = 0;
    for attempt in flood {
        match attempt.await.expect("an attempt that does not panic") {
            Ok(SignIn::Wrong) => {}
            Err(error) if matches!(error.kind(), ErrorKind::TooManyRequests(_)) => turned_away += 1,
            Ok(_) => panic!("somebody unknown was answered otherwise"),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!((1..300).contains(&turned_away), "{turned_away} were turned away");
}

/// Up to a mebibyte would fit into a request, and a page has up to 999 users.
#[tokio::test]
async fn what_is_kept_as_it_comes_is_short() {
    let world = World::new(4).await;
    let tenant = world.tenant("Contoso", "contoso.example").await;
    let key = world.member(tenant, "ana@contoso.example", &[]).await.to_string();
    let long = "5".repeat(300);
    for (phones, kept) in [
        (serde_json::json!(["+49 30 1234"]), true),
        (serde_json::json!(vec!["+49 30 1234"; 21]), false),
        (serde_json::json!([long]), false),
        (serde_json::json!(["line\nbreak"]), false),
    ] {
        let mut patch = service::UserPatch::default();
        patch.profile.insert("businessPhones".to_owned(), phones.clone());
        let operator = service::Caller::operator(tenant);
        let answer = world.directory().update_user(&world.cx(), &operator, &key, patch).await;
        assert_eq!(answer.is_ok(), kept, "{phones:.40}");
    }
}

/// Strangers read the common key document; the ids of organisations are not in it.
#[tokio::test]
async fn the_common_key_document_names_no_organisation() {
    let world = World::new(5).await;
    let tenant = world.tenant("Contoso", "contoso.example").await;
    let own =
        world.directory().keys_document(&world.cx(), "contoso.example").await.expect("its own document");
    assert!(own.to_string().contains(&tenant.to_string()));
    for any in ["common", "organizations"] {
        let common = world.directory().keys_document(&world.cx(), any).await.expect("the common document");
        assert_eq!(common["keys"][0]["kid"], own["keys"][0]["kid"]);
        assert!(!common.to_string().contains(&tenant.to_string()), "{common}");
    }
}

#[tokio::test]
async fn a_session_begun_under_a_clock_that_was_ahead_ends_when_the_clock_is_set_right() {
    let world = World::new(77).await;
    let tenant = world.tenant("Contoso", "contoso.example").await;
    let member = world.member(tenant, "mo@contoso.example", &[]).await;
    let right = world.clock.wall();
    world.clock.set_wall(right + Span::days(3650));
    let cookie = world.sign_in(&World::person(tenant, member)).await;
    assert!(
        world.directory().session(&world.cx(), &cookie).await.unwrap().is_some(),
        "good as long as the clock says so"
    );
    world.clock.set_wall(right);
    assert!(
        world.directory().session(&world.cx(), &cookie).await.unwrap().is_none(),
        "it would live for ten years"
    );
}
