//! Single use (B-11): of many at the same moment, exactly one wins.

use crate::house::{House, LOOPBACK, VERIFIER};
use service::{DeviceStep, TokenRequest};
use std::{future::Future, sync::Arc};
use testkit::World;
use tokio::sync::Barrier;

/// At the same moment.
const PARALLEL: usize = 50;

fn rounds() -> usize {
    if std::env::var_os("INNKEEPER_LONG").is_some_and(|value| value != "0") { 1_000 } else { 3 }
}

/// Threads that really run beside each other.
fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// The same request many times at once; how many got tokens.
async fn winners(house: &House, request: &TokenRequest) -> Vec<service::TokenAnswer> {
    let barrier = Arc::new(Barrier::new(PARALLEL));
    let tasks: Vec<_> = (0..PARALLEL)
        .map(|_| {
            let (directory, cx) = (house.world.directory().clone(), house.world.cx());
            let (barrier, request) = (Arc::clone(&barrier), request.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                directory.issue_token(&cx, World::ORIGIN, request).await.ok()
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.extend(task.await.unwrap());
    }
    answers
}

fn request(house: &House, grant: &str) -> TokenRequest {
    TokenRequest {
        tenant: "contoso.example".to_owned(),
        grant_type: Some(grant.to_owned()),
        client_id: Some(house.tool.to_string()),
        ..TokenRequest::default()
    }
}

#[test]
fn one_of_many_uses_of_a_code_wins_and_its_tokens_are_void_again() {
    run(async {
        let house = House::new(90).await;
        for _ in 0..rounds() {
            let mut browser = house.mias().await;
            let code = house.code(&mut browser).await;
            let request = TokenRequest {
                code: Some(code),
                redirect_uri: Some(LOOPBACK.to_owned()),
                code_verifier: Some(VERIFIER.to_owned()),
                ..request(&house, "authorization_code")
            };
            let won = winners(&house, &request).await;
            assert_eq!(won.len(), 1);
            let token = won[0].refresh_token.clone().unwrap();
            assert_eq!(house.refresh(&token, &[]).await.fault().2, 50_173, "the others voided it");
        }
    });
}

#[test]
fn one_of_many_uses_of_a_refresh_token_wins_and_the_family_ends() {
    run(async {
        let house = House::new(91).await;
        for _ in 0..rounds() {
            let first = house.tokens(&mut house.mias().await).await.text("refresh_token");
            let request = TokenRequest { refresh_token: Some(first), ..request(&house, "refresh_token") };
            let won = winners(&house, &request).await;
            assert_eq!(won.len(), 1);
            let token = won[0].refresh_token.clone().unwrap();
            assert_eq!(house.refresh(&token, &[]).await.fault().2, 50_173);
        }
    });
}

#[test]
fn one_of_many_questions_of_a_device_gets_the_tokens() {
    run(async {
        let house = House::new(92).await;
        let (directory, mia) = (house.world.directory(), house.member(house.mia));
        directory.allow_device_code(&house.world.cx(), house.contoso, true).await.unwrap();
        for _ in 0..rounds() {
            let started = TokenRequest {
                scope: Some("openid offline_access User.Read".to_owned()),
                ..request(&house, "")
            };
            let started = directory.start_device(&house.world.cx(), World::ORIGIN, &started).await.unwrap();
            let who = house.world.signed_in(&mia).await;
            let step =
                directory.decide_device(&house.world.cx(), &who, &started.user_code, true).await.unwrap();
            assert_eq!(step, DeviceStep::Approved);
            let request = TokenRequest {
                device_code: Some(started.device_code),
                ..request(&house, "urn:ietf:params:oauth:grant-type:device_code")
            };
            let won = winners(&house, &request).await;
            assert_eq!(won.len(), 1);
            let token = won[0].refresh_token.clone().unwrap();
            assert_eq!(house.refresh(&token, &[]).await.status, 200, "asking again voids nothing");
        }
    });
}
