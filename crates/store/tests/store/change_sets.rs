use crate::support::{
    at, commit, deleted, digest, each, each_with, guest, object, record, run, scope, slot, tenant, tenant_id,
    tombstone, user, uuid,
};
use model::{AppId, Error, ErrorKind, ExternalIdentitiesPolicy, Result, TenantId, User, authz::Role};
use std::sync::Arc;
use store::{App, ChangeSet, Confirmation, Decision, Fault, Faults, Invitation, Passcode, Reader, UserQuery};

fn invitation(user: &User) -> Invitation {
    Invitation {
        id: uuid(50),
        user: user.id,
        generation: 1,
        handle_hash: "handle".to_owned(),
        redirect_url: "https://example.org".to_owned(),
        created: at(1),
        used: None,
    }
}

fn confirmation(user: &User) -> Confirmation {
    Confirmation {
        hash: "secret".to_owned(),
        user: user.id,
        generation: 1,
        policy_version: 1,
        session_hash: "session".to_owned(),
        expires: at(1),
        used: None,
    }
}

type Fill = Box<dyn Fn(&mut ChangeSet) + Send + Sync>;
type Guard = fn(&mut ChangeSet, &User);

/// Each of these must fail in a tenant that stands at version 1 and holds the user, live, at version 1.
const STALE: &[(&str, Guard)] = &[
    ("update_tenant", |changes, _| {
        changes.update_tenant(&model::Tenant { version: 3, ..tenant(1) });
    }),
    ("guard_tenant", |changes, _| {
        changes.guard_tenant(&model::Tenant { version: 2, ..tenant(1) });
    }),
    ("guard_administrators", |changes, user| {
        changes.guard_administrators(scope(user.tenant), 2);
    }),
    ("update_policy", |changes, user| {
        changes.update_policy(
            scope(user.tenant),
            &ExternalIdentitiesPolicy { version: 3, ..Default::default() },
        );
    }),
    ("guard_policy", |changes, user| {
        changes
            .guard_policy(scope(user.tenant), &ExternalIdentitiesPolicy { version: 2, ..Default::default() });
    }),
    ("update_user", |changes, user| {
        changes.update_user(user, &User { version: 3, ..user.clone() });
    }),
    ("guard_user", |changes, user| {
        changes.guard_user(&User { version: 2, ..user.clone() });
    }),
    ("purge of a live user", |changes, user| {
        changes.purge(user, &tombstone(user), &[]);
    }),
    ("delete_role", |changes, user| {
        changes.delete_role(user, Role::GlobalAdministrator);
    }),
    ("use_invitation", |changes, user| {
        changes.use_invitation(scope(user.tenant), &invitation(user), at(1));
    }),
    ("use_confirmation", |changes, user| {
        changes.use_confirmation(scope(user.tenant), "secret", at(1));
    }),
    ("use_passcode", |changes, user| {
        let passcode = Passcode { hash: "x".to_owned(), expires: at(1), attempts: 0 };
        changes.use_passcode(scope(user.tenant), "a@b", &passcode);
    }),
    ("use_setup_secret", |changes, _| {
        changes.use_setup_secret("x");
    }),
];

#[test]
fn a_stale_guard_leaves_no_trace_while_neighbours_in_the_batch_commit() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let ana = user(tenant, 1);
        let inserted = ana.clone();
        world
            .apply(tenant, move |changes| {
                changes.insert_user(&inserted);
            })
            .unwrap();
        for (n, (name, guard)) in (1000u128..).step_by(10).zip(STALE) {
            let before = world.counts();
            let failing = ana.clone();
            let fill = move |changes: &mut ChangeSet| {
                changes
                    .insert_user(&user(failing.tenant, n))
                    .send(scope(failing.tenant), uuid(n), "kind", "{}", at(1))
                    .record(record(n, vec![slot(object(n), "x")]));
                guard(changes, &failing);
            };
            let neighbour = move |m: u128| {
                move |changes: &mut ChangeSet| {
                    changes.insert_user(&user(tenant, m)).record(record(m, Vec::new()));
                }
            };
            let (one, failed, two) = run(async {
                tokio::join!(
                    commit(&world.store, tenant, neighbour(n + 1)),
                    commit(&world.store, tenant, fill),
                    commit(&world.store, tenant, neighbour(n + 2)),
                )
            });
            one.unwrap();
            two.unwrap();
            assert_eq!(failed.unwrap_err().kind(), ErrorKind::Conflict, "{name}");
            let added: Vec<i64> =
                world.counts().iter().zip(before).map(|(after, before)| after - before).collect();
            let expected = "two users, their places among the changes, and two records";
            assert_eq!(added.iter().sum::<i64>(), 6, "{name}: {expected}, not {added:?}");
            assert_eq!(world.read(tenant, |reader| reader.audit_record(uuid(n)).unwrap()), None, "{name}");
        }
        assert_eq!(
            world.read(tenant, |reader| reader.verify_chain(crate::support::digest).unwrap().broken_at),
            None
        );
    });
}

#[test]
fn a_secret_that_is_used_once_has_one_winner() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let guest = guest(tenant, 1, "ana@mail.example");
        let ana = guest.clone();
        let passcode = Passcode { hash: "x".to_owned(), expires: at(1), attempts: 0 };
        let code = passcode.clone();
        world
            .apply(tenant, move |changes| {
                changes
                    .insert_user(&ana)
                    .insert_invitation(scope(tenant), &invitation(&ana))
                    .insert_confirmation(scope(tenant), &confirmation(&ana))
                    .set_passcode(scope(tenant), "a@b", &code)
                    .set_setup_secret("s", at(9));
            })
            .unwrap();
        let ana = guest;
        let uses: [Fill; 4] = [
            Box::new({
                let ana = ana.clone();
                move |changes| {
                    changes.use_invitation(scope(tenant), &invitation(&ana), at(1));
                }
            }),
            Box::new(move |changes| {
                changes.use_confirmation(scope(tenant), "secret", at(1));
            }),
            Box::new(move |changes| {
                changes.use_passcode(scope(tenant), "a@b", &passcode);
            }),
            Box::new(move |changes| {
                changes.use_setup_secret("s");
            }),
        ];
        for using in uses.map(Arc::new) {
            let go = || {
                let using = Arc::clone(&using);
                commit(&world.store, tenant, move |changes| using(changes))
            };
            let (a, b, c) = run(async { tokio::join!(go(), go(), go()) });
            assert_eq!([a, b, c].iter().filter(|result| result.is_ok()).count(), 1);
        }
    });
}

#[test]
fn users_who_come_together_are_noted_one_behind_the_other_and_none_of_them_was_purged() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let gone = deleted(&user(tenant, 200));
        world
            .apply(tenant, move |changes| {
                changes.insert_user(&gone).purge(&gone, &tombstone(&gone), &[]);
            })
            .unwrap();
        let head = || world.read(tenant, |reader| reader.user_change_head().unwrap());
        let come = |numbers: std::ops::RangeInclusive<u128>, head| {
            let users: Vec<User> = numbers.map(|n| user(tenant, n)).collect();
            world.apply(tenant, move |changes| {
                changes.insert_users(scope(tenant), &users, head);
            })
        };
        let before = head();
        // More than one statement asks for.
        come(1..=150, before).unwrap();
        let noted = world.read(tenant, |reader| reader.user_changes(before, 999).unwrap());
        let expected: Vec<_> = (before + 1..).zip((1..=150).map(object)).collect();
        assert_eq!(noted, expected);
        for (numbers, head, why) in [
            (151..=152, before, "others came"),
            (151..=200, head(), "one was purged"),
            (150..=151, head(), "one is there"),
        ] {
            assert_eq!(come(numbers, head).unwrap_err().kind(), ErrorKind::Conflict, "{why}");
        }
        assert_eq!(head(), before + 150);
        assert_eq!(world.read(tenant, |reader| reader.wrong_user_counts().unwrap()), 0);
        assert!(world.read(tenant, |reader| reader.has_user_counts().unwrap()));
    });
}

#[test]
fn decisions_of_several_tenants_are_committed_each_by_itself() {
    each(|world| {
        let tenants: Vec<TenantId> = (1..=3).map(|n| world.add_tenant(n)).collect();
        let decisions = tenants.iter().map(|&tenant| {
            let decide = move |_: &Reader<'_>| {
                if tenant == tenant_id(2) {
                    return Err(Error::forbidden());
                }
                let mut changes = ChangeSet::new();
                changes.insert_user(&user(tenant, 1));
                Decision::done(changes, tenant)
            };
            (scope(tenant), decide)
        });
        let done = run(world.store.commit_each(decisions.collect()));
        let outcomes: Vec<_> =
            done.into_iter().map(|outcome| outcome.map_err(|error| error.kind())).collect();
        assert_eq!(outcomes, [Ok(tenants[0]), Err(ErrorKind::Forbidden), Ok(tenants[2])]);
        for (tenant, users) in tenants.into_iter().zip([1, 0, 1]) {
            let found = world.read(tenant, |reader| reader.count_users(&UserQuery::default()).unwrap());
            assert_eq!(found, users);
        }
    });
}

#[test]
fn what_was_asked_ahead_is_not_believed_once_something_changed() {
    each(|world| {
        let here = world.add_tenant(1);
        let app = AppId::from_uuid(uuid(7));
        let decisions: Vec<_> = (0..6_u128)
            .map(|n| {
                let decide = move |reader: &Reader<'_>| {
                    if n % 3 != 1 {
                        reader.foresee_app(app)?;
                    }
                    let policy = reader.policy()?;
                    let mut changes = ChangeSet::new();
                    if n % 2 == 0 {
                        let next = ExternalIdentitiesPolicy { version: policy.version + 1, ..policy };
                        changes.update_policy(scope(here), &next);
                        changes.record(record(n, Vec::new()));
                    }
                    Decision::done(changes, (policy.version, reader.policy()?.version))
                };
                (scope(here), decide)
            })
            .collect();
        let done: Vec<_> =
            run(world.store.commit_each(decisions)).into_iter().collect::<Result<_>>().unwrap();
        assert_eq!(done, [(1, 1), (2, 2), (2, 2), (3, 3), (3, 3), (4, 4)]);
        assert_eq!(world.read(here, |reader| reader.verify_chain(digest).unwrap().broken_at), None);
    });
}

#[test]
fn a_panicking_decision_fails_alone() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let (panicked, neighbour) = run(async {
            tokio::join!(
                world.store.commit::<()>(scope(tenant), |reader| {
                    reader.tenant()?;
                    panic!("a decision that panics on purpose")
                }),
                commit(&world.store, tenant, move |changes| {
                    changes.insert_user(&user(tenant, 1));
                }),
            )
        });
        assert_eq!(panicked.unwrap_err().kind(), ErrorKind::Internal);
        neighbour.unwrap();
        world
            .apply(tenant, move |changes| {
                changes.insert_user(&user(tenant, 2));
            })
            .unwrap();
    });
}

#[test]
fn a_refusal_commits_its_record_and_an_error_commits_nothing() {
    each(|world| {
        let tenant = world.add_tenant(1);
        let refused = run(world.store.commit::<()>(scope(tenant), |_| {
            let mut changes = ChangeSet::new();
            changes.record(record(1, Vec::new()));
            Decision::refused(changes, Error::forbidden())
        }));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
        assert!(world.read(tenant, |reader| reader.audit_record(uuid(1)).unwrap()).is_some());
        let before = world.counts();
        let failed = run(world.store.commit::<()>(scope(tenant), |_| Err(Error::not_found("x"))));
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(world.counts(), before);
    });
}

#[test]
fn many_writers_of_many_tenants_all_land_in_commit_order() {
    each(|world| {
        let tenants: Vec<TenantId> = (1..=5).map(|n| world.add_tenant(n)).collect();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        let order = runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for n in 1..=640u128 {
                let (store, tenant) =
                    (world.store.clone(), tenants[usize::try_from(n).unwrap() % tenants.len()]);
                tasks.spawn(async move {
                    store
                        .commit(scope(tenant), move |reader| {
                            let last = reader.audit(&store::AuditQuery { limit: 1, ..Default::default() })?;
                            let mut changes = ChangeSet::new();
                            changes.insert_user(&user(tenant, n)).record(record(n, Vec::new()));
                            Decision::done(
                                changes,
                                (n, tenant, last.first().map_or(1, |last| last.sequence + 1)),
                            )
                        })
                        .await
                });
            }
            tasks.join_all().await
        });
        for landed in order {
            let (n, tenant, sequence) = landed.unwrap();
            let stored = world.read(tenant, |reader| reader.audit_record(uuid(n)).unwrap().unwrap());
            assert_eq!(
                stored.sequence, sequence,
                "the record is not where the deciding transaction saw the end"
            );
        }
        for tenant in tenants {
            let report = world.read(tenant, |reader| reader.verify_chain(crate::support::digest).unwrap());
            assert_eq!((report.records, report.broken_at), (128, None));
        }
    });
}

#[test]
fn user_names_and_live_homes_are_unique_within_a_tenant_only() {
    each(|world| {
        let (here, there) = (world.add_tenant(1), world.add_tenant(2));
        let add = |user: User| {
            world.apply(user.tenant, move |changes| {
                changes.insert_user(&user);
            })
        };
        let ana = guest(here, 1, "ana@mail.example");
        add(ana.clone()).unwrap();
        let same_home = add(guest(here, 2, "ana@mail.example")).unwrap_err();
        assert_eq!(same_home.kind(), ErrorKind::Conflict);
        assert!(same_home.external().contains("already exists"), "{same_home:?}");
        let same_name = add(User { upn: ana.upn.to_uppercase(), ..user(here, 3) }).unwrap_err();
        assert_eq!(same_name.kind(), ErrorKind::Conflict);
        add(guest(there, 1, "ana@mail.example")).unwrap();
        let gone = User { upn: "gone".to_owned(), ..deleted(&ana) };
        world
            .apply(here, move |changes| {
                changes.update_user(&ana, &gone);
            })
            .unwrap();
        add(guest(here, 2, "ana@mail.example")).unwrap();
    });
}

#[test]
fn a_row_cannot_refer_to_another_tenant() {
    each(|world| {
        let (here, there) = (world.add_tenant(1), world.add_tenant(2));
        let stranger = user(there, 1);
        let app = App {
            id: model::AppId::from_uuid(uuid(8)),
            object: object(8),
            name: "App".to_owned(),
            public: true,
            redirect_uris: Vec::new(),
            enabled: true,
            created: at(1),
        };
        let (inserted, registered) = (stranger.clone(), app.clone());
        world
            .apply(there, move |changes| {
                changes
                    .insert_user(&inserted)
                    .insert_group(scope(there), object(60), "Theirs", at(1))
                    .insert_app(scope(there), &registered);
            })
            .unwrap();
        let disguised = User { tenant: here, ..stranger };
        let references: Vec<Fill> = vec![
            Box::new({
                let user = disguised.clone();
                move |changes| {
                    changes.set_password(&user, "h", at(1));
                }
            }),
            Box::new({
                let user = disguised.clone();
                move |changes| {
                    changes.insert_role(&user, Role::GlobalAdministrator);
                }
            }),
            Box::new(move |changes| {
                changes.insert_user(&user(here, 5)).insert_membership(&user(here, 5), object(60));
            }),
            Box::new({
                let invitation = invitation(&disguised);
                move |changes| {
                    changes.insert_invitation(scope(here), &invitation);
                }
            }),
            Box::new({
                let confirmation = confirmation(&disguised);
                move |changes| {
                    changes.insert_confirmation(scope(here), &confirmation);
                }
            }),
            Box::new({
                let app = app.clone();
                move |changes| {
                    changes.insert_app_secret(scope(here), &app, uuid(1), "h", (at(1), at(2)));
                }
            }),
        ];
        for reference in references {
            let error = run(commit(&world.store, here, reference)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            assert!(error.external().contains("refers to does not exist"), "{error:?}");
        }
    });
}

#[test]
fn a_change_set_cannot_write_to_a_tenant_that_is_not_its_scope() {
    each(|world| {
        let (here, there) = (world.add_tenant(1), world.add_tenant(2));
        let before = world.counts();
        let error = world
            .apply(here, move |changes| {
                changes.insert_user(&user(there, 1));
            })
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        let error = world
            .apply(here, move |changes| {
                changes.send(scope(there), uuid(1), "k", "", at(1));
            })
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(world.counts(), before);
    });
}

#[test]
fn faults_before_a_commit_lose_it_and_faults_after_it_lose_the_answer_only() {
    let (early, late) = (tenant_id(1), tenant_id(2));
    let armed = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let faults = || {
        let switch = Arc::clone(&armed);
        Faults::new(move |tenant| {
            let fault = if tenant == early { Fault::BeforeCommit } else { Fault::AfterCommit };
            switch.load(std::sync::atomic::Ordering::SeqCst).then_some(fault)
        })
    };
    each_with(faults, |world| {
        world.add_tenant(1);
        world.add_tenant(2);
        armed.store(true, std::sync::atomic::Ordering::SeqCst);
        let (lost, unheard) = run(async {
            tokio::join!(
                commit(&world.store, early, move |changes| {
                    changes.insert_user(&user(early, 1));
                }),
                commit(&world.store, late, move |changes| {
                    changes.insert_user(&user(late, 1));
                }),
            )
        });
        assert!(matches!(lost.unwrap_err().kind(), ErrorKind::Unavailable(_)));
        assert!(matches!(unheard.unwrap_err().kind(), ErrorKind::Unavailable(_)));
        assert!(world.read(early, |reader| reader.user(object(1)).unwrap()).is_none());
        assert!(world.read(late, |reader| reader.user(object(1)).unwrap()).is_some());
        armed.store(false, std::sync::atomic::Ordering::SeqCst);
        world
            .apply(early, move |changes| {
                changes.insert_user(&user(early, 1));
            })
            .unwrap();
    });
}
