//! The tests: many seeds, the same seed twice, and seeds with a bug in.

use crate::{
    bugs::Bug,
    rig::{Check, Run, runtime, template_on},
    scan::tenants,
};
use model::{Span, policy::ExternalIdentitiesPolicyPatch};
use service::{Caller, OrganizationPatch};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use testkit::Server;

/// What one run left: how often each thing happened, and the trace.
struct Done {
    hits: BTreeMap<String, u64>,
    trace: Vec<String>,
}

impl Run {
    async fn step(&mut self) -> Check {
        // Nothing takes no time at all.
        let moment = Span::millis(1 + i64::try_from(self.dice.below(3_000)).unwrap_or(0));
        self.world.clock.advance(moment);
        let tenant = self.dice.below(tenants());
        match self.dice.below(100) {
            0..12 => self.invite(tenant).await,
            12..25 => self.redeem().await,
            25..42 => self.go(tenant).await,
            42..47 => self.remove(tenant).await,
            47..52 => self.block(tenant).await,
            52..57 => self.set_policy(tenant).await,
            57..60 => self.set_privacy(tenant).await,
            60..66 => self.restore(tenant).await,
            66 => self.purge_by_hand(tenant).await,
            67..71 => self.purge_pass().await,
            71..76 => self.home_pass().await,
            76 => self.settle_orphans(tenant).await,
            77 => self.sweep().await,
            78 => self.hire(tenant).await,
            79..83 => self.change_role(tenant).await,
            83 => self.join(tenant).await,
            84..87 => self.use_token().await,
            87 => self.use_cookie().await,
            88 => self.list().await,
            89 => self.orphans(tenant).await,
            90 => self.look_across(tenant).await,
            91 => self.set_clock().await,
            92 => self.restart().await,
            93 if self.dice.percent(30) => self.ask_for_token_wrongly(tenant).await,
            _ => self.time().await,
        }
    }

    /// Organisations differ from the first day: some have a privacy profile, and of those some say no or remove.
    async fn differ(&mut self) -> Check {
        for tenant in 0..tenants() {
            let operator = Caller::operator(self.state.companies[tenant].id);
            if self.dice.percent(30) {
                continue;
            }
            let profile = OrganizationPatch {
                privacy_contact: Some(Some("privacy@contoso.example".to_owned())),
                privacy_url: Some(Some("https://contoso.example/privacy".to_owned())),
                ..OrganizationPatch::default()
            };
            let (leave, removal) = (self.dice.percent(60), self.dice.percent(60));
            let patch =
                ExternalIdentitiesPolicyPatch { allow_leave: Some(leave), allow_removal: Some(removal) };
            let (cx, directory) = (self.world.cx(), self.world.directory());
            directory
                .update_organization(&cx, &operator, profile)
                .await
                .map_err(|error| format!("{error:?}"))?;
            directory
                .update_policy(&cx, &operator, patch, None)
                .await
                .map_err(|error| format!("{error:?}"))?;
            let company = &mut self.state.companies[tenant];
            (company.contact, company.statement) = (true, true);
            company.change(Some(leave), Some(removal));
        }
        Ok(())
    }

    /// A run of the length that the dice give; a problem is told with what led to it.
    pub async fn whole(&mut self, seed: u64) -> Check {
        let steps = 100 + self.dice.below(101);
        let result = self.play(steps).await;
        let shown = if std::env::var_os("INNKEEPER_SEED").is_some() { usize::MAX } else { 12 };
        let tail = self.trace.len().saturating_sub(shown);
        let asked = self.last_caller().map(|who| format!("{who:?}")).unwrap_or_default();
        result.map_err(|problem| {
            format!("seed {seed}: {problem}\nlast caller {asked}\n{}", self.trace[tail..].join("\n"))
        })
    }

    async fn play(&mut self, steps: usize) -> Check {
        self.differ().await?;
        for step in 1..=steps {
            self.step().await.map_err(|problem| format!("step {step}: {problem}"))?;
            if step % 20 == 0 {
                self.bug.after_step(self.state.companies[0].id);
            }
            if step % 50 == 0 || step == steps {
                self.scan().await.map_err(|problem| format!("scan after step {step}: {problem}"))?;
            }
        }
        Ok(())
    }
}

fn simulate(seed: u64, bug: Option<Bug>) -> Result<Done, String> {
    run_once(seed, bug, true)
}

/// `breaks`: commits fail on the way, now and then.
fn run_once(seed: u64, bug: Option<Bug>, breaks: bool) -> Result<Done, String> {
    // Bugs reach into a file.
    let server = Server::named().filter(|_| bug.is_none());
    // Made before there is a runtime: it needs one of its own.
    let template = template_on(server.as_ref());
    runtime().block_on(async {
        let mut run = Run::new(template, seed, bug).await;
        run.breaks = breaks;
        run.whole(seed).await?;
        Ok(Done { hits: run.hits, trace: run.trace })
    })
}

/// Runs the seeds on all cores; the first problem by seed, and what happened.
fn sweep(seeds: std::ops::Range<u64>, bug: Option<Bug>) -> (Vec<String>, BTreeMap<String, u64>) {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new((BTreeMap::new(), BTreeMap::<String, u64>::new()));
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let done = simulate(seed, bug);
                    let mut found = found.lock().expect("nobody panicked");
                    match done {
                        Ok(done) => {
                            done.hits
                                .into_iter()
                                .for_each(|(what, count)| *found.1.entry(what).or_default() += count);
                        }
                        Err(problem) => {
                            found.0.insert(seed, problem);
                            if bug.is_some() || found.0.len() >= 5 {
                                next.store(seeds.end, Ordering::Relaxed);
                            }
                        }
                    }
                }
            });
        }
    });
    let (problems, hits) = found.into_inner().expect("nobody panicked");
    (problems.into_values().collect(), hits)
}

/// Every transition, every refusal: a simulation that never does something proves nothing about it.
const MUST_HAPPEN: &[&str] = &[
    "invite ok",
    "invite badRequest",
    "invite forbidden",
    "invite unauthenticated",
    "reinvite ok",
    "redeem ok",
    "redeem conflict",
    "redeem forbidden",
    "view confirm",
    "view notFound",
    "view alreadyLeft",
    "view homeOrganization",
    "view notAllowedByOrganization",
    "view accountDisabled",
    "view homeAccountDisabled",
    "view homeAccountDeleted",
    "leave left",
    "leave stale",
    "leave notFound",
    "leave alreadyLeft",
    "leave homeOrganization",
    "leave notAllowedByOrganization",
    "leave accountDisabled",
    "leave homeAccountDisabled",
    "leave homeAccountDeleted",
    "remove ok",
    "remove notFound",
    "remove forbidden",
    "remove badRequest",
    "remove unauthenticated",
    "block ok",
    "block badRequest",
    "block notFound",
    "unblock ok",
    "policy ok",
    "policy unchanged",
    "policy badRequest",
    "policy forbidden",
    "policy preconditionFailed",
    "policy unauthenticated",
    "privacy ok",
    "privacy badRequest",
    "privacy forbidden",
    "restore ok",
    "restore notFound",
    "restore conflict",
    "restore invalidValue",
    "restore forbidden",
    "purge ok",
    "purge notFound",
    "purge forbidden",
    "purgePass ran",
    "purgePass purged",
    "purgePass paused",
    "purgePass fault",
    "homePass ran",
    "homePass removed",
    "homePass noted",
    "homePass restored",
    "homePass fault",
    "settle ok",
    "settle forbidden",
    "sweep ran",
    "hire ok",
    "giveRole ok",
    "giveRole notFound",
    "takeRole ok",
    "takeRole conflict",
    "join ok",
    "token ok",
    "token forbidden",
    "useToken ok",
    "useToken unauthenticated",
    "useToken expired",
    "session stands",
    "session ended",
    "list compared",
    "orphans ok",
    "foreign notFound",
    "clock forward",
    "clock back",
    "clock corrected",
    "restart at once",
    "restart after a pause",
    "invite unavailable",
    "redeem unavailable",
    "leave unavailable",
    "remove unavailable",
    "restore unavailable",
    "policy unavailable",
    "wrongSecret Some(7000215)",
];

fn long() -> bool {
    std::env::var_os("INNKEEPER_LONG").is_some_and(|value| value != "0")
}

#[test]
fn the_life_cycle_holds_its_invariants_over_years() {
    if let Some(seed) = std::env::var("INNKEEPER_SEED").ok().and_then(|seed| seed.parse().ok()) {
        let done = simulate(seed, None).map(|done| done.trace.join("\n"));
        println!("{}", done.unwrap_or_else(|problem| panic!("{problem}")));
        return;
    }
    // Another first seed looks where nobody looked before.
    let first = std::env::var("INNKEEPER_FIRST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let seeds = if long() { 10_000 } else { 500 };
    // A database server is slower than a file in memory. Whether everything happens shows in the run without one.
    let on_server = Server::named().is_some();
    let (problems, hits) = sweep(first..first + if on_server { seeds / 25 } else { seeds }, None);
    assert!(problems.is_empty(), "replay one with INNKEEPER_SEED=n\n{}", problems.join("\n\n"));
    println!("{hits:#?}");
    if on_server {
        return;
    }
    let never: Vec<_> = MUST_HAPPEN.iter().filter(|what| !hits.contains_key(**what)).collect();
    assert!(never.is_empty(), "never happened: {never:?}");
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    // A server has several commits of a pass under way at once, and which of them a fault strikes is its affair.
    let breaks = Server::named().is_none();
    for seed in 20_000..if breaks { 20_004 } else { 20_002 } {
        let [first, second] = [(); 2].map(|()| {
            run_once(seed, None, breaks).map_or_else(|problem| panic!("{problem}"), |done| done.trace)
        });
        assert_eq!(first, second, "seed {seed}");
    }
}

#[test]
fn seeded_bugs_are_caught() {
    if Server::named().is_some() {
        return;
    }
    for (bug, seeds) in Bug::ALL {
        let (problems, _) = sweep(30_000..30_000 + seeds, Some(bug));
        let first = problems.first().unwrap_or_else(|| panic!("{bug:?} was not seen within {seeds} seeds"));
        println!("{bug:?}: {}\n", first.lines().next().unwrap_or_default());
    }
}
