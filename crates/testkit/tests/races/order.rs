//! B-08: policy flips, leaves and reads by many clients on several servers. The audit log must be a witness that all of it
//! could have happened one after the other: replayed in the order of its numbers it is legal, and it respects real time.

use crate::{
    fleet::{Fleet, server},
    stage::{long, run},
};
use model::{
    Person, RequestId,
    audit::{Activity, Initiator, Record, Stored, Target},
    leave::Reason,
    policy::ExternalIdentitiesPolicyPatch,
};
use service::{Caller, Directory, LeaveAnswer, LeaveView};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{ChangeSet, Decision};
use testkit::{Dice, GuestState, World};

/// Clients at work at the same time, each with a guest of its own.
const CLIENTS: usize = 16;

/// What a client saw: when it began, when it had its answer, and what that was. Times are numbers that every client draws
/// from one counter.
#[derive(Clone, Debug)]
struct Seen {
    begun: u64,
    ended: u64,
    what: What,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum What {
    /// Left, or was refused: there is a record of this request.
    Recorded(RequestId),
    /// Set the policy to this: there is a record of this request, unless it was so already.
    Set(RequestId, bool),
    /// Read the policy, or was refused by it.
    Read(bool),
}

/// A record of the log, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    /// From here on leaving is allowed, or not.
    Policy(bool),
    Left,
    /// Was refused by the policy.
    Refused,
}

/// Is the log a witness? The time it takes grows with the length of the history only.
fn witness(start: bool, log: &[(RequestId, Told)], seen: &[Seen]) -> Result<(), String> {
    let places: BTreeMap<RequestId, usize> =
        log.iter().enumerate().map(|(place, (request, _))| (*request, place)).collect();
    let mut times: Vec<Option<(u64, u64)>> = vec![None; log.len()];
    for event in seen {
        if let What::Recorded(request) = event.what {
            let place =
                places.get(&request).ok_or_else(|| format!("acknowledged, not recorded: {event:?}"))?;
            times[*place] = Some((event.begun, event.ended));
        }
    }
    // The state after each change of the policy, with the times of the change.
    let mut states = vec![(start, (0, 0))];
    let (mut allowed, mut latest) = (start, 0);
    for (place, (_, told)) in log.iter().enumerate() {
        match told {
            Told::Policy(now) => {
                allowed = *now;
                states.push((allowed, times[place].unwrap_or((0, u64::MAX))));
            }
            Told::Left if !allowed => return Err(format!("record {place}: left while the policy said no")),
            Told::Refused if allowed => return Err(format!("record {place}: refused while it said yes")),
            Told::Left | Told::Refused => {}
        }
        if let Some((begun, ended)) = times[place] {
            if ended < latest {
                return Err(format!("record {place} was over before an earlier one began"));
            }
            latest = latest.max(begun);
        }
    }
    seen.iter().try_for_each(|event| match event.what {
        // A change to what it was already is a read of that.
        What::Set(request, value) if !places.contains_key(&request) => read_fits(&states, event, value),
        What::Recorded(_) | What::Set(..) => Ok(()),
        What::Read(value) => read_fits(&states, event, value),
    })
}

/// A read sees the state after the last change that was over before it began, or that of one that was under way meanwhile.
fn read_fits(states: &[(bool, (u64, u64))], event: &Seen, value: bool) -> Result<(), String> {
    let first = states.iter().rposition(|(_, (_, ended))| *ended < event.begun || *ended == 0).unwrap_or(0);
    let candidates = states[first..].iter().take_while(|(_, (begun, _))| *begun < event.ended);
    if candidates.clone().any(|(state, _)| *state == value) {
        return Ok(());
    }
    Err(format!("{event:?} fits none of {:?}", candidates.collect::<Vec<_>>()))
}

fn told(stored: &Stored) -> Option<(RequestId, Told)> {
    let record = &stored.record;
    let told = match record.activity {
        Activity::UpdatePolicy if record.success => {
            let mut modified = record.targets.iter().flat_map(|target| &target.modified);
            let leave = modified.find(|change| change.name == "allowExternalIdentitiesToLeave")?;
            Told::Policy(leave.new.as_deref() == Some("true"))
        }
        Activity::LeaveOrganization if record.success => Told::Left,
        Activity::LeaveOrganization
            if record.reason.as_deref() == Some(Reason::NotAllowedByOrganization.as_str()) =>
        {
            Told::Refused
        }
        _ => return None,
    };
    Some((record.correlation, told))
}

/// How leaves are decided.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Product {
    AsItIs,
    /// The control: servers that keep the policy for a while.
    WithCache,
}

struct Client {
    fleet: Arc<Fleet>,
    product: Product,
    clock: Arc<AtomicU64>,
    dice: Dice,
    person: Person,
    seen: Vec<Seen>,
    cached: bool,
}

impl Client {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn saw(&mut self, begun: u64, what: What) {
        let ended = self.tick();
        self.seen.push(Seen { begun, ended, what });
    }

    async fn act(&mut self, number: usize) {
        if number.is_multiple_of(20) {
            self.cached = policy(&self.fleet, &self.fleet.directory()).await;
        }
        match self.dice.below(100) {
            0..20 => self.flip().await,
            20..60 if self.product == Product::WithCache => self.leave_by_cache().await,
            20..60 => self.leave().await,
            _ => {
                let (begun, directory) = (self.tick(), self.fleet.directory());
                let value = policy(&self.fleet, &directory).await;
                self.saw(begun, What::Read(value));
            }
        }
    }

    async fn flip(&mut self) {
        let (cx, directory) = (self.fleet.world.cx(), self.fleet.directory());
        let allow = self.dice.percent(60);
        let patch = ExternalIdentitiesPolicyPatch { allow_leave: Some(allow), allow_removal: None };
        let (operator, request, begun) = (Caller::operator(self.fleet.here), cx.request, self.tick());
        directory.update_policy(&cx, &operator, patch, None).await.expect("a change");
        self.saw(begun, What::Set(request, allow));
    }

    async fn leave(&mut self) {
        let who = self.fleet.world.signed_in(&self.person).await;
        let (begun, cx) = (self.tick(), self.fleet.world.cx());
        let view = self.fleet.directory().view_leave(&cx, &who, self.fleet.here).await.expect("a view");
        let confirm = match view {
            LeaveView::Refused(refused) => {
                assert_eq!(refused.reason, Reason::NotAllowedByOrganization);
                return self.saw(begun, What::Read(false));
            }
            LeaveView::Confirm(confirm) => {
                self.saw(begun, What::Read(true));
                confirm
            }
        };
        let (begun, cx) = (self.tick(), self.fleet.world.cx());
        let answer = self.fleet.directory().leave(&cx, &who, self.fleet.here, &confirm.confirmation).await;
        match answer.expect("an answer") {
            LeaveAnswer::Left(_) => {
                self.saw(begun, What::Recorded(cx.request));
                let operator = Caller::operator(self.fleet.here);
                let (cx, directory) = (self.fleet.world.cx(), self.fleet.directory());
                let mine = directory.my_organizations(&who).await.expect("a list");
                let here = mine.iter().find(|one| one.tenant.id == self.fleet.here).expect("the account");
                let restored = directory.restore_user(&cx, &operator, here.user.id, None).await;
                restored.expect("a restored guest");
            }
            LeaveAnswer::Refused(refused) => {
                assert_eq!(refused.reason, Reason::NotAllowedByOrganization);
                self.saw(begun, What::Recorded(cx.request));
            }
            // The policy moved since the confirm step.
            LeaveAnswer::Stale => {}
        }
    }

    /// Leaves if the policy said yes when it was last looked at.
    async fn leave_by_cache(&mut self) {
        if !self.cached {
            return;
        }
        let (begun, cx) = (self.tick(), self.fleet.world.cx());
        let (scope, request) = (World::scope(self.fleet.here), cx.request);
        let record = Record {
            id: model::mint_uuid(cx.random.as_ref()),
            at: cx.now,
            activity: Activity::LeaveOrganization,
            success: true,
            reason: None,
            initiator: Initiator::Operator,
            targets: vec![Target::user(self.fleet.guest)],
            details: Vec::new(),
            correlation: request,
            personal: Vec::new(),
        };
        let store = self.fleet.store();
        let leave = store.commit(scope, move |_| {
            let mut changes = ChangeSet::new();
            changes.record(record.clone());
            Decision::done(changes, ())
        });
        leave.await.expect("a leave");
        self.saw(begun, What::Recorded(request));
    }
}

async fn policy(fleet: &Fleet, directory: &Directory) -> bool {
    let operator = Caller::operator(fleet.here);
    directory.get_policy(&fleet.world.cx(), &operator).await.expect("a policy").allow_leave
}

/// A history of about so many operations; what the witness says.
async fn history(
    fleet: &Arc<Fleet>,
    product: Product,
    seed: u64,
    operations: usize,
) -> Result<usize, String> {
    let before = fleet.log().await.len();
    let start = policy(fleet, &fleet.directory()).await;
    let clock = Arc::new(AtomicU64::new(0));
    let clients = (0..CLIENTS).map(|number| {
        let mut client = Client {
            fleet: Arc::clone(fleet),
            product,
            clock: Arc::clone(&clock),
            dice: Dice::new(seed * 1_000 + u64::try_from(number).unwrap_or(0)),
            person: Person::Mailbox { address: address(number) },
            seen: Vec::new(),
            cached: true,
        };
        tokio::spawn(async move {
            for number in 0..operations / CLIENTS {
                client.act(number).await;
            }
            client.seen
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut seen: Vec<Seen> = Vec::new();
    for client in clients {
        seen.extend(client.await.expect("a client"));
    }
    let log: Vec<(RequestId, Told)> = fleet.log().await.split_off(before).iter().filter_map(told).collect();
    witness(start, &log, &seen).map(|()| seen.len())
}

fn address(client: usize) -> String {
    format!("client{client}@mail.example")
}

async fn fleet(seed: u64) -> Option<Arc<Fleet>> {
    let fleet = Fleet::set(&server()?, seed).await;
    for number in 0..CLIENTS {
        let person = Person::Mailbox { address: address(number) };
        fleet.world.guest(fleet.here, &person, &address(number), GuestState::Accepted).await;
    }
    Some(Arc::new(fleet))
}

#[test]
fn the_log_of_several_servers_is_a_legal_order_that_respects_real_time() {
    run(async {
        let (histories, operations) = if long() { (200, 5_000) } else { (4, 600) };
        let mut total = 0;
        for seed in 0..histories {
            let Some(fleet) = fleet(seed).await else { return };
            let seen = history(&fleet, Product::AsItIs, seed, operations).await;
            total += seen.unwrap_or_else(|problem| panic!("history {seed}: {problem}"));
        }
        println!("{histories} histories, {total} operations with an answer that says something");
        assert!(total > operations, "too little was seen: {total}");
    });
}

#[test]
fn servers_that_cache_the_policy_are_caught_in_every_run() {
    run(async {
        for seed in 0..if long() { 20 } else { 3 } {
            let Some(fleet) = fleet(seed).await else { return };
            let seen = history(&fleet, Product::WithCache, seed, 600).await;
            let problem = seen.expect_err("nobody noticed the cache");
            assert!(problem.contains("left while the policy said no"), "{problem}");
            println!("history {seed}: {problem}");
        }
    });
}

#[test]
fn a_log_out_of_order_and_a_stale_read_are_no_witness() {
    let dice = testkit::Seeded::new(1);
    let requests: Vec<RequestId> = (0..3).map(|_| RequestId::mint(&dice)).collect();
    let recorded = |begun, ended, n: usize| Seen { begun, ended, what: What::Recorded(requests[n]) };
    let read = |begun, ended, value| Seen { begun, ended, what: What::Read(value) };
    let flip = [(requests[0], Told::Policy(false)), (requests[1], Told::Policy(true))];
    // One after the other, as recorded, and with reads between.
    let good = [recorded(1, 2, 0), recorded(4, 6, 1), read(3, 5, false), read(5, 7, true), read(7, 8, true)];
    assert_eq!(witness(true, &flip, &good), Ok(()));
    let turned = [recorded(4, 5, 0), recorded(1, 2, 1)];
    assert!(witness(true, &flip, &turned).is_err(), "recorded against real time");
    let stale = [recorded(1, 2, 0), recorded(4, 5, 1), read(6, 7, false)];
    assert!(witness(true, &flip, &stale).is_err(), "a read of what was over");
    let early = [recorded(5, 6, 0), recorded(7, 8, 1), read(1, 2, false)];
    assert!(witness(true, &flip, &early).is_err(), "a read of what had not begun");
    assert!(witness(false, &[(requests[2], Told::Left)], &[]).is_err(), "left while it said no");
    assert!(witness(true, &[(requests[2], Told::Refused)], &[]).is_err(), "refused while it said yes");
    assert!(witness(true, &flip, &[recorded(1, 2, 2)]).is_err(), "acknowledged and not recorded");
    let set = |begun, ended, value| Seen { begun, ended, what: What::Set(requests[2], value) };
    assert_eq!(witness(true, &flip, &[recorded(1, 2, 0), recorded(4, 5, 1), set(3, 3, false)]), Ok(()));
    assert!(
        witness(true, &flip, &[recorded(1, 2, 0), recorded(4, 5, 1), set(3, 3, true)]).is_err(),
        "no record"
    );
}
