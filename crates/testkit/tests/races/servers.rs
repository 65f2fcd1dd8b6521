//! What must not happen when several servers act on one database at the same moment: a tenant without administrator, two
//! winners, a lost update. Beside each stands a control: the same race with a server that decides by what it read before and
//! does not look at what became of its commit. The check must catch it.

use crate::{
    fleet::{Fleet, server},
    stage::{long, run, together},
};
use model::{
    ErrorKind, ObjectId, Person, TenantId, User, audit::Activity, authz::Role,
    policy::ExternalIdentitiesPolicyPatch,
};
use service::{Caller, InvitationRequest, LeaveAnswer, SetupRequest, SignIn, UserPatch};
use std::{future::Future, pin::Pin};
use store::{ChangeSet, Decision, Store};
use testkit::{GuestState, Server, World};

type Act<T> = Pin<Box<dyn Future<Output = T> + Send>>;

fn rounds(full: usize) -> usize {
    if long() { full } else { full / 100 }
}

/// Runs a race on several servers, where there is PostgreSQL.
fn race<F: Future<Output = ()>>(act: impl FnOnce(Server) -> F) {
    if let Some(server) = server() {
        run(act(server));
    }
}

/// How an administrator is lost.
const WAYS: [&str; 3] = ["removed", "blocked", "demoted"];

fn lose(fleet: &Fleet, id: ObjectId, way: &'static str) -> Act<bool> {
    let (directory, operator, here) = (fleet.directory(), Caller::operator(fleet.here), fleet.here);
    let cx = fleet.world.cx();
    Box::pin(async move {
        let answer = match way {
            "removed" => directory.delete_user(&cx, &operator, &id.to_string()).await,
            "blocked" => directory.update_user(&cx, &operator, &id.to_string(), blocked(true)).await,
            _ => directory.take_role(&cx, here, id, Role::GlobalAdministrator).await,
        };
        answer.is_ok()
    })
}

fn blocked(blocked: bool) -> UserPatch {
    UserPatch { account_enabled: Some(!blocked), ..UserPatch::default() }
}

/// Makes everybody an administrator again.
async fn reinstate(fleet: &Fleet, admins: &[ObjectId]) {
    let (world, directory, operator) = (&fleet.world, fleet.directory(), Caller::operator(fleet.here));
    for id in admins {
        let user = world.user(fleet.here, *id).await.expect("an administrator");
        if user.is_deleted() {
            directory.restore_user(&world.cx(), &operator, *id, None).await.expect("restored");
        }
        let enabled = directory.update_user(&world.cx(), &operator, &id.to_string(), blocked(false)).await;
        enabled.expect("enabled");
        directory.give_role(&world.cx(), fleet.here, *id, Role::GlobalAdministrator).await.expect("a role");
    }
}

async fn administrators(store: &Store, tenant: TenantId) -> i64 {
    let nobody = ObjectId::from_uuid(uuid::Uuid::nil());
    let count = store.read(World::scope(tenant), |reader| reader.other_administrators(nobody)).await;
    count.expect("a count")
}

/// B-09.
#[test]
fn an_organisation_never_loses_its_last_administrator_to_several_servers() {
    race(async |server| {
        let fleet = Fleet::set(&server, 9).await;
        let roles = [Role::GlobalAdministrator];
        let third = fleet.world.member(fleet.here, "cyd@contoso.example", &roles).await;
        let admins = [fleet.admins[0], fleet.admins[1], third];
        for round in 0..rounds(10_000) {
            // Two or three, each in another way.
            if round % 2 == 0 {
                assert!(lose(&fleet, third, "blocked").await);
            }
            let racing = &admins[..2 + round % 2];
            let acts = racing.iter().enumerate().map(|(n, id)| lose(&fleet, *id, WAYS[(round / 2 + n) % 3]));
            let lost = together(acts.collect()).await.into_iter().filter(|lost| *lost).count();
            assert_eq!(
                (lost, administrators(&fleet.store(), fleet.here).await),
                (racing.len() - 1, 1),
                "round {round}"
            );
            reinstate(&fleet, &admins).await;
        }
    });
}

/// The control of B-09: the count of administrators is read before the commit and not guarded in it.
#[test]
fn a_server_that_counts_administrators_beforehand_is_caught() {
    race(async |server| {
        let fleet = Fleet::set(&server, 10).await;
        let (all, mut lost) = (rounds(5_000), 0);
        for _ in 0..all {
            let scope = World::scope(fleet.here);
            let counts =
                fleet.admins.map(|id| {
                    let store = fleet.store();
                    async move {
                        store.read(scope, |reader| reader.other_administrators(id)).await.expect("a count")
                    }
                });
            let counts = together(counts.into_iter().collect()).await;
            let acts =
                fleet.admins.into_iter().zip(counts).filter(|(_, others)| *others > 0).map(|(id, _)| {
                    let store = fleet.store();
                    async move {
                        let block = store.commit(scope, move |reader| {
                            let user = reader.user(id)?.expect("an administrator");
                            let mut changes = ChangeSet::new();
                            let blocked =
                                User { account_enabled: false, version: user.version + 1, ..user.clone() };
                            changes.update_user(&user, &blocked);
                            Decision::done(changes, ())
                        });
                        block.await.expect("a block");
                    }
                });
            together(acts.collect()).await;
            lost += usize::from(administrators(&fleet.store(), fleet.here).await == 0);
            reinstate(&fleet, &fleet.admins).await;
        }
        println!("{lost} of {all} rounds ended without an administrator");
        assert!(lost * 2 > all, "only {lost} of {all} rounds were caught");
    });
}

/// A guest who was just removed.
async fn removed(fleet: &Fleet, number: usize) -> ObjectId {
    let address = format!("gone{number}@elsewhere.example");
    let person = Person::Mailbox { address: address.clone() };
    fleet.world.guest(fleet.here, &person, &address, GuestState::Removed).await
}

async fn deleted(fleet: &Fleet, id: ObjectId) -> bool {
    fleet.world.user(fleet.here, id).await.is_none_or(|user| user.is_deleted())
}

/// B-10.
#[test]
fn of_a_purge_and_a_restore_on_several_servers_one_wins() {
    race(async |server| {
        let fleet = Fleet::set(&server, 11).await;
        let mut restored = 0;
        let all = rounds(10_000);
        for round in 0..all {
            let id = removed(&fleet, round).await;
            let acts = (0..4).map(|n| -> Act<(bool, bool)> {
                let (directory, operator) = (fleet.directory(), Caller::operator(fleet.here));
                let (cx, purge) = (fleet.world.cx(), (n + round) % 2 == 0);
                Box::pin(async move {
                    let won = if purge {
                        directory.purge_user(&cx, &operator, id).await.map(drop)
                    } else {
                        directory.restore_user(&cx, &operator, id, None).await.map(drop)
                    };
                    (purge, won.is_ok())
                })
            });
            let won: Vec<bool> = together(acts.collect())
                .await
                .into_iter()
                .filter(|(_, won)| *won)
                .map(|(purge, _)| purge)
                .collect();
            let user = fleet.world.user(fleet.here, id).await;
            assert_eq!((won.len(), user.is_none()), (1, won[0]), "round {round}: {won:?}, {user:?}");
            restored += usize::from(!won[0]);
        }
        println!("{restored} of {all} restored");
        assert!(restored > 0 && restored < all, "one of them always won: that is no race");
    });
}

/// The control of B-10: a purge that answers by what it read, whatever became of its commit.
#[test]
fn a_purge_that_does_not_look_at_its_commit_is_caught() {
    race(async |server| {
        let fleet = Fleet::set(&server, 12).await;
        let (all, mut caught) = (rounds(5_000), 0);
        for round in 0..all {
            let id = removed(&fleet, round).await;
            let (one, two, store) = (fleet.directory(), fleet.directory(), fleet.store());
            let (cx, later, operator) = (fleet.world.cx(), fleet.world.cx(), Caller::operator(fleet.here));
            let (scope, asked) = (World::scope(fleet.here), operator.clone());
            let acts: [Act<bool>; 2] = [
                Box::pin(async move {
                    let read = store.read(scope, |reader| reader.user(id)).await.expect("a user");
                    drop(one.purge_user(&cx, &operator, id).await);
                    read.is_some_and(|user| user.is_deleted())
                }),
                Box::pin(async move { two.restore_user(&later, &asked, id, None).await.is_ok() }),
            ];
            let won = together(acts.into_iter().collect()).await.into_iter().filter(|won| *won).count();
            caught += usize::from(won != 1 || deleted(&fleet, id).await != (won == 1));
        }
        println!("{caught} of {all} rounds were caught");
        assert!(caught > 0);
    });
}

/// B-11.
#[test]
fn an_invitation_is_accepted_once_on_several_servers() {
    race(async |server| {
        let fleet = Fleet::set(&server, 13).await;
        let world = &fleet.world;
        for round in 0..rounds(1_000) {
            let address = format!("new{round}@fabrikam.example");
            let id = world.member(fleet.home, &address, &[]).await;
            let request = InvitationRequest {
                address,
                display_name: None,
                redirect_url: "https://myapps.example".to_owned(),
                ..InvitationRequest::default()
            };
            let operator = Caller::operator(fleet.here);
            let sent = fleet.directory().invite(&world.cx(), &operator, request).await.expect("sent");
            let who = world.signed_in(&World::person(fleet.home, id)).await;
            let before = fleet.log().await.len();
            let acts = (0..50).map(|_| {
                let (directory, cx) = (fleet.directory(), world.cx());
                let (who, ticket) = (who.clone(), sent.ticket.clone());
                async move { directory.redeem(&cx, &who, &ticket).await.map(drop) }
            });
            let answers = together(acts.collect()).await;
            assert!(answers.iter().all(Result::is_ok), "a repeat is answered alike: {answers:?}");
            let guest = world.user(fleet.here, sent.user.id).await.expect("a guest");
            let log = fleet.log().await.split_off(before);
            let accepted = log.iter().filter(|stored| stored.record.activity == Activity::RedeemInvitation);
            assert_eq!((guest.generation, accepted.count()), (sent.user.generation + 1, 1), "round {round}");
        }
    });
}

/// B-11.
#[test]
fn a_confirmation_works_once_on_several_servers() {
    race(async |server| {
        let fleet = Fleet::set(&server, 14).await;
        for _ in 0..rounds(1_000) {
            let who = fleet.world.signed_in(&fleet.person).await;
            let confirmation = fleet.confirmation(&who).await;
            let before = fleet.log().await.len();
            let acts = (0..50).map(|_| {
                let (directory, cx) = (fleet.directory(), fleet.world.cx());
                let (who, here, text) = (who.clone(), fleet.here, confirmation.clone());
                async move { directory.leave(&cx, &who, here, &text).await }
            });
            for answer in together(acts.collect()).await {
                assert!(matches!(answer, Ok(LeaveAnswer::Left(_))), "a repeat gets the receipt: {answer:?}");
            }
            let log = fleet.log().await.split_off(before);
            let leaves = log.iter().filter(|stored| stored.record.activity == Activity::LeaveOrganization);
            assert_eq!((leaves.count(), log.len()), (1, 1), "one effect, one record");
            fleet.restore().await;
        }
    });
}

/// The control of B-11: a leave that only looks whether the confirmation was used.
#[test]
fn a_confirmation_that_is_only_looked_at_is_caught() {
    race(async |server| {
        let fleet = Fleet::set(&server, 15).await;
        let who = fleet.world.signed_in(&fleet.person).await;
        let hash = identity::hash_secret(&fleet.confirmation(&who).await);
        let (scope, now) = (World::scope(fleet.here), fleet.world.cx().now);
        let looks = (0..50).map(|_| {
            let (store, hash) = (fleet.store(), hash.clone());
            async move {
                let found = store.read(scope, |reader| reader.confirmation(&hash)).await.expect("readable");
                found.is_some_and(|confirmation| confirmation.used.is_none())
            }
        });
        let acts = together(looks.collect()).await.into_iter().map(|unused| {
            let (store, hash) = (fleet.store(), hash.clone());
            async move {
                let used = store.commit(scope, move |_| {
                    let mut changes = ChangeSet::new();
                    changes.use_confirmation(scope, &hash, now);
                    Decision::done(changes, ())
                });
                drop(used.await);
                unused
            }
        });
        let won = together(acts.collect()).await.into_iter().filter(|won| *won).count();
        println!("{won} of 50 used it");
        assert!(won > 1, "nobody was caught");
    });
}

/// B-11, B-38.
#[test]
fn a_set_up_secret_works_once_on_several_servers() {
    race(async |server| {
        for seed in 0..u64::try_from(rounds(1_000)).unwrap_or(1) {
            let world = World::on(&server, seed).await;
            let (_other, second) = world.another_server().await;
            let secret = world.directory().begin_setup(&world.cx()).await.expect("begun").expect("a secret");
            let acts = (0..6).map(|number| {
                let directory = if number % 2 == 0 { world.directory().clone() } else { second.clone() };
                let cx = world.cx();
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

/// B-11.
#[test]
fn a_passcode_works_once_on_several_servers() {
    race(async |server| {
        let fleet = Fleet::set(&server, 16).await;
        let world = &fleet.world;
        for round in 0..rounds(1_000) {
            let address = format!("kim{round}@mail.example");
            let person = Person::Mailbox { address: address.clone() };
            world.guest(fleet.here, &person, &address, GuestState::Accepted).await;
            fleet.directory().send_passcode(&world.cx(), &address, "en").await.expect("sent");
            let code = world.passcode(&address).expect("a code");
            let acts = (0..50).map(|number| {
                let (directory, cx) = (fleet.directory(), world.cx());
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

fn policy_patch(leave: Option<bool>, removal: Option<bool>) -> ExternalIdentitiesPolicyPatch {
    ExternalIdentitiesPolicyPatch { allow_leave: leave, allow_removal: removal }
}

/// B-12.
#[test]
fn changes_of_different_properties_on_several_servers_are_both_kept() {
    race(async |server| {
        let fleet = Fleet::set(&server, 17).await;
        let operator = Caller::operator(fleet.here);
        for round in 0..rounds(10_000) {
            let value = round % 2 == 0;
            let key = fleet.guest.to_string();
            let named =
                UserPatch { given_name: Some(Some(format!("Given {round}"))), ..UserPatch::default() };
            let called = UserPatch { surname: Some(Some(format!("Sur {round}"))), ..UserPatch::default() };
            let mut acts: Vec<Act<model::Result<()>>> = Vec::new();
            for patch in [policy_patch(Some(!value), None), policy_patch(None, Some(value))] {
                let (directory, cx, operator) = (fleet.directory(), fleet.world.cx(), operator.clone());
                acts.push(Box::pin(
                    async move { directory.update_policy(&cx, &operator, patch, None).await },
                ));
            }
            for patch in [named, called] {
                let (directory, cx, operator) = (fleet.directory(), fleet.world.cx(), operator.clone());
                let key = key.clone();
                acts.push(Box::pin(async move { directory.update_user(&cx, &operator, &key, patch).await }));
            }
            for answer in together(acts).await {
                answer.expect("the whole verb is repeated until it fits");
            }
            let policy = fleet.directory().get_policy(&fleet.world.cx(), &operator).await.expect("a policy");
            assert_eq!((policy.allow_leave, policy.allow_removal), (!value, value), "round {round}");
            let user = fleet.world.user(fleet.here, fleet.guest).await.expect("a guest");
            let names = (user.given_name, user.surname);
            assert_eq!(
                names,
                (Some(format!("Given {round}")), Some(format!("Sur {round}"))),
                "round {round}"
            );
        }
    });
}

/// B-12.
#[test]
fn of_several_changes_of_one_seen_version_one_is_made_and_the_others_are_told() {
    race(async |server| {
        let fleet = Fleet::set(&server, 18).await;
        let operator = Caller::operator(fleet.here);
        for round in 0..rounds(10_000) {
            let seen = fleet.directory().get_policy(&fleet.world.cx(), &operator).await.expect("a policy");
            let acts = (0..6).map(|_| {
                let (directory, cx, operator) = (fleet.directory(), fleet.world.cx(), operator.clone());
                let patch = policy_patch(None, Some(!seen.allow_removal));
                async move { directory.update_policy(&cx, &operator, patch, Some(seen.version)).await }
            });
            let answers = together(acts.collect()).await;
            let made = answers.iter().filter(|answer| answer.is_ok()).count();
            let told = answers
                .iter()
                .filter(|answer| {
                    answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::PreconditionFailed)
                })
                .count();
            assert_eq!((made, told), (1, 5), "round {round}: {answers:?}");
        }
    });
}

/// The control of B-12: a change that writes back all it read before.
#[test]
fn a_change_that_writes_back_what_it_read_before_is_caught() {
    race(async |server| {
        let fleet = Fleet::set(&server, 19).await;
        let (all, mut lost) = (rounds(5_000), 0);
        for round in 0..all {
            let value = round % 2 == 0;
            let scope = World::scope(fleet.here);
            let reads = [fleet.store(), fleet.store()].map(|store| async move {
                store.read(scope, |reader| reader.policy()).await.expect("a policy")
            });
            let reads = together(reads.into_iter().collect()).await;
            let patches = [policy_patch(Some(!value), None), policy_patch(None, Some(value))];
            let acts = patches.into_iter().zip(reads).map(|(patch, read)| {
                let store = fleet.store();
                async move {
                    let write = store.commit(scope, move |reader| {
                        let mut policy = read;
                        policy.allow_leave = patch.allow_leave.unwrap_or(policy.allow_leave);
                        policy.allow_removal = patch.allow_removal.unwrap_or(policy.allow_removal);
                        policy.version = reader.policy()?.version + 1;
                        let mut changes = ChangeSet::new();
                        changes.update_policy(scope, &policy);
                        Decision::done(changes, ())
                    });
                    write.await.expect("written");
                }
            });
            together(acts.collect()).await;
            let policy = fleet.store().read(World::scope(fleet.here), |reader| reader.policy()).await;
            let policy = policy.expect("a policy");
            lost += usize::from((policy.allow_leave, policy.allow_removal) != (!value, value));
        }
        println!("{lost} of {all} rounds lost an update");
        assert!(lost * 2 > all, "only {lost} of {all} rounds were caught");
    });
}

/// Nobody's account changes under these tests but by what they do.
#[test]
fn what_all_servers_did_together_verifies() {
    race(async |server| {
        let fleet = Fleet::set(&server, 20).await;
        let acts = (0..24).map(|n| -> Act<()> {
            let (directory, world) = (fleet.directory(), &fleet.world);
            let (cx, here) = (world.cx(), fleet.here);
            Box::pin(async move {
                let name = format!("Project {n}");
                directory.create_group(&cx, here, &name).await.expect("a group");
            })
        });
        together(acts.collect()).await;
        let users: Vec<User> = vec![fleet.world.user(fleet.here, fleet.guest).await.expect("a guest")];
        assert!(users.iter().all(|user| !user.is_deleted()));
        for directory in fleet.directories() {
            assert_eq!(directory.verify().await.expect("a verification").problems, Vec::<String>::new());
        }
    });
}
