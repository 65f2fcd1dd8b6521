use crate::stage::{GUEST, Stage, long, run, together};
use model::{
    ErrorKind, Person, PrivacyProfile, UserType,
    audit::{Activity, Stored},
    authz::Role,
    policy::ExternalIdentitiesPolicyPatch,
};
use service::{Caller, InvitationRequest, LeaveAnswer, SetupRequest, SignIn, UserPatch};
use std::future::Future;
use testkit::{GuestState, World};

/// Rounds of each race.
fn rounds() -> usize {
    if long() { 3_000 } else { 200 }
}

#[test]
fn two_administrators_removed_at_once_leave_one() {
    run(async {
        let stage = Stage::set(World::new(7).await).await;
        let (directory, operator) = (stage.world.directory().clone(), Caller::operator(stage.here));
        for round in 0..rounds() {
            let acts = stage.admins.map(|id| {
                let (directory, operator, cx) = (directory.clone(), operator.clone(), stage.world.cx());
                async move {
                    if round % 2 == 0 {
                        directory.delete_user(&cx, &operator, &id.to_string()).await
                    } else {
                        let patch = UserPatch { account_enabled: Some(false), ..UserPatch::default() };
                        directory.update_user(&cx, &operator, &id.to_string(), patch).await
                    }
                }
            });
            let answers = together(acts.into_iter().collect()).await;
            assert_eq!(
                answers.iter().filter(|answer| answer.is_ok()).count(),
                1,
                "round {round}: {answers:?}"
            );
            for (id, answer) in stage.admins.into_iter().zip(answers) {
                if answer.is_err() {
                    continue;
                }
                let cx = stage.world.cx();
                if round % 2 == 0 {
                    directory.restore_user(&cx, &operator, id, None).await.expect("restored");
                    directory
                        .give_role(&cx, stage.here, id, Role::GlobalAdministrator)
                        .await
                        .expect("a role");
                } else {
                    let patch = UserPatch { account_enabled: Some(true), ..UserPatch::default() };
                    directory.update_user(&cx, &operator, &id.to_string(), patch).await.expect("unblocked");
                }
            }
        }
    });
}

#[test]
fn no_leave_is_ordered_behind_the_switch_to_no() {
    run(async {
        let stage = Stage::set(World::new(7).await).await;
        let directory = stage.world.directory().clone();
        let operator = Caller::operator(stage.here);
        let allow = |allow| ExternalIdentitiesPolicyPatch { allow_leave: Some(allow), allow_removal: None };
        let (mut left, mut refused) = (0, 0);
        for _ in 0..rounds() {
            let who = stage.world.signed_in(&stage.person).await;
            let confirmation = stage.confirmation(&who).await;
            let (leaver, switcher, asked) = (directory.clone(), directory.clone(), operator.clone());
            let (first, second, here) = (stage.world.cx(), stage.world.cx(), stage.here);
            let leave = tokio::spawn(async move { leaver.leave(&first, &who, here, &confirmation).await });
            let switch =
                tokio::spawn(
                    async move { switcher.update_policy(&second, &asked, allow(false), None).await },
                );
            let answer = leave.await.expect("no panic").expect("an answer");
            switch.await.expect("no panic").expect("switched");
            if matches!(answer, LeaveAnswer::Left(_)) {
                left += 1;
                stage.restore().await;
            } else {
                refused += 1;
            }
            directory
                .update_policy(&stage.world.cx(), &operator, allow(true), None)
                .await
                .expect("switched back");
        }
        let mut allowed = true;
        for stored in stage.log().await {
            let record = &stored.record;
            match record.activity {
                Activity::UpdatePolicy => {
                    let modified = record.targets.iter().flat_map(|target| &target.modified);
                    for change in modified.filter(|change| change.name == "allowExternalIdentitiesToLeave") {
                        allowed = change.new.as_deref() == Some("true");
                    }
                }
                Activity::LeaveOrganization => {
                    assert!(
                        allowed || !record.success,
                        "left at {} while the policy said no",
                        stored.sequence
                    );
                }
                _ => {}
            }
        }
        println!("{left} left first, {refused} were too late");
    });
}

#[test]
fn purge_and_restore_have_one_winner() {
    run(async {
        let image = Stage::set(World::new(7).await).await.world.image().await;
        let (mut restored, mut purged) = (0, 0);
        for round in 0..rounds() {
            let world = World::from_image(&image, 1_000 + u64::try_from(round).unwrap_or(0)).await;
            let tenants = world.directory().list_tenants().await.expect("tenants");
            let here = tenants.iter().find(|tenant| tenant.name == "Contoso").expect("Contoso").id;
            let guest = world.store().read(World::scope(here), |reader| reader.users_by_mail(GUEST)).await;
            let guest = guest.expect("a guest")[0].id;
            let operator = Caller::operator(here);
            let directory = world.directory().clone();
            directory.delete_user(&world.cx(), &operator, &guest.to_string()).await.expect("removed");
            let (one, two, asked, cx, later) =
                (directory.clone(), directory.clone(), operator.clone(), world.cx(), world.cx());
            let purge = async move { one.purge_user(&cx, &operator, guest).await.is_ok() };
            let restore = async move { two.restore_user(&later, &asked, guest, None).await.is_ok() };
            let acts: [std::pin::Pin<Box<dyn Future<Output = bool> + Send>>; 2] = if round % 2 == 0 {
                [Box::pin(purge), Box::pin(restore)]
            } else {
                [Box::pin(restore), Box::pin(purge)]
            };
            let mut won = together(acts.into_iter().collect()).await;
            if round % 2 != 0 {
                won.reverse();
            }
            let live = world.user(here, guest).await.is_some_and(|user| !user.is_deleted());
            assert_eq!((won[0], won[1]), (!live, live), "round {round}");
            if live { restored += 1 } else { purged += 1 }
        }
        println!("{restored} restored, {purged} purged");
    });
}

#[test]
fn a_confirmation_works_once() {
    run(async {
        let stage = Stage::set(World::new(7).await).await;
        for _ in 0..rounds() / 20 {
            let who = stage.world.signed_in(&stage.person).await;
            let confirmation = stage.confirmation(&who).await;
            let before = stage.log().await.len();
            let acts = (0..50).map(|_| {
                let (directory, cx) = (stage.world.directory().clone(), stage.world.cx());
                let (who, here, text) = (who.clone(), stage.here, confirmation.clone());
                async move { directory.leave(&cx, &who, here, &text).await }
            });
            for answer in together(acts.collect()).await {
                assert!(
                    matches!(answer, Ok(LeaveAnswer::Left(_))),
                    "every repeat gets the receipt: {answer:?}"
                );
            }
            let log = stage.log().await.split_off(before);
            let leaves =
                log.iter().filter(|stored| stored.record.activity == Activity::LeaveOrganization).count();
            assert_eq!((leaves, log.len()), (1, 1), "one effect, one record");
            stage.restore().await;
            let again =
                stage.world.directory().leave(&stage.world.cx(), &who, stage.here, &confirmation).await;
            assert!(matches!(again, Ok(LeaveAnswer::Stale)), "{again:?}");
        }
    });
}

#[test]
fn an_invitation_works_once() {
    run(async {
        let stage = Stage::set(World::new(7).await).await;
        for round in 0..rounds() / 20 {
            let address = format!("new{round}@fabrikam.example");
            let id = stage.world.member(stage.home, &address, &[]).await;
            let request = InvitationRequest {
                address,
                display_name: None,
                redirect_url: "https://myapps.example".to_owned(),
                user_type: UserType::Guest,
                reset_redemption: false,
                ..InvitationRequest::default()
            };
            let operator = Caller::operator(stage.here);
            let sent =
                stage.world.directory().invite(&stage.world.cx(), &operator, request).await.expect("sent");
            let who = stage.world.signed_in(&World::person(stage.home, id)).await;
            let acts = (0..50).map(|_| {
                let (directory, cx) = (stage.world.directory().clone(), stage.world.cx());
                let (who, ticket) = (who.clone(), sent.ticket.clone());
                async move { directory.redeem(&cx, &who, &ticket).await.is_ok() }
            });
            assert!(
                together(acts.collect()).await.into_iter().all(|ok| ok),
                "a repeat by the same person is answered alike"
            );
            let guest = stage.world.user(stage.here, sent.user.id).await.expect("a guest");
            assert_eq!(guest.generation, sent.user.generation + 1, "accepted once");
        }
        let redeemed = |stored: &&Stored| stored.record.activity == Activity::RedeemInvitation;
        assert_eq!(stage.log().await.iter().filter(redeemed).count(), rounds() / 20 + 1);
    });
}

#[test]
fn a_set_up_secret_works_once() {
    run(async {
        for seed in 0..u64::try_from(rounds() / 50).unwrap_or(1) {
            let world = World::new(seed).await;
            let secret = world.directory().begin_setup(&world.cx()).await.expect("begun").expect("a secret");
            let acts = (0..8).map(|number| {
                let (directory, cx) = (world.directory().clone(), world.cx());
                let request = SetupRequest {
                    secret: secret.expose().to_owned(),
                    organisation: format!("Organisation {number}"),
                    domain: format!("organisation{number}.example"),
                    administrator_name: "Ada".to_owned(),
                    user_name: format!("ada@organisation{number}.example"),
                    password: "wombat lantern quartz 47 orbit".to_owned(),
                };
                async move { directory.finish_setup(&cx, request).await.is_ok() }
            });
            let won = together(acts.collect()).await.into_iter().filter(|won| *won).count();
            let tenants = world.directory().list_tenants().await.expect("tenants").len();
            assert_eq!((won, tenants), (1, 1), "seed {seed}");
        }
    });
}

#[test]
fn a_passcode_works_once() {
    run(async {
        let stage = Stage::set(World::new(7).await).await;
        let world = &stage.world;
        for round in 0..rounds() / 20 {
            let address = format!("kim{round}@mail.example");
            let person = Person::Mailbox { address: address.clone() };
            world.guest(stage.here, &person, &address, GuestState::Accepted).await;
            world.directory().send_passcode(&world.cx(), &address, "en").await.expect("sent");
            let code = world.passcode(&address).expect("a code");
            let acts = (0..50).map(|number| {
                let (directory, cx) = (world.directory().clone(), world.cx());
                let (address, code) = (address.clone(), code.clone());
                async move {
                    let network = format!("network {round}.{number}");
                    let answer = directory.sign_in_with_passcode(&cx, &network, &address, &code).await;
                    matches!(answer, Ok(SignIn::SignedIn { .. }))
                }
            });
            let won = together(acts.collect()).await.into_iter().filter(|won| *won).count();
            assert_eq!(won, 1, "round {round}");
        }
    });
}

#[test]
fn two_properties_of_the_policy_changed_at_once_are_both_changed() {
    run(async {
        let stage = Stage::set(World::new(7).await).await;
        let operator = Caller::operator(stage.here);
        for round in 0..rounds() {
            let value = round % 2 == 0;
            let patches = [
                ExternalIdentitiesPolicyPatch { allow_leave: Some(!value), allow_removal: None },
                ExternalIdentitiesPolicyPatch { allow_leave: None, allow_removal: Some(value) },
            ];
            let acts = patches.map(|patch| {
                let (directory, cx, operator) =
                    (stage.world.directory().clone(), stage.world.cx(), operator.clone());
                async move { directory.update_policy(&cx, &operator, patch, None).await }
            });
            for answer in together(acts.into_iter().collect()).await {
                assert!(
                    answer.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::Conflict),
                    "{answer:?}"
                );
                answer.expect("with one writer nobody is turned away");
            }
            let policy =
                stage.world.directory().get_policy(&stage.world.cx(), &operator).await.expect("a policy");
            assert_eq!((policy.allow_leave, policy.allow_removal), (!value, value), "round {round}");
        }
        let tenant = stage
            .world
            .store()
            .read(World::scope(stage.here), |reader| reader.tenant())
            .await
            .expect("a tenant");
        assert_ne!(tenant.privacy, PrivacyProfile::default());
    });
}
