//! The goals: each measures floor and product in turns, within one round one after the other.

use crate::{
    Engine, Result,
    floor::{self, Algorithm, Floor},
    life,
    load::{Load, Next, Pace, Target, Until, count, drive, once, request},
    machine::{self, Cores, copy},
    postgres,
    product::{self, App, Process, World, token_request},
    report::{Figure, Goal},
    stats::Series,
};
use indicatif::ProgressBar;
use std::{cell::RefCell, collections::BTreeMap, path::PathBuf, rc::Rc, time::Duration};

/// What every goal is measured with.
pub struct Bench {
    pub bin: PathBuf,
    pub scratch: PathBuf,
    pub world: World,
    pub cores: Cores,
    pub rounds: usize,
    /// Of one side in one round.
    pub time: Duration,
    pub bar: ProgressBar,
}

/// One goal.
pub struct Measure {
    pub name: &'static str,
    pub measure: fn(&Bench) -> Result<Vec<Figure>>,
}

const ALL: &[Measure] = &[
    Measure { name: "P1", measure: get_policy },
    Measure { name: "P2", measure: patch_many },
    Measure { name: "P3", measure: life::leave },
    Measure { name: "P4", measure: patch_one },
    Measure { name: "P5", measure: page },
    Measure { name: "P6", measure: life::purge },
    Measure { name: "P7", measure: life::home_deleted },
    Measure { name: "P8", measure: start },
    Measure { name: "P9", measure: import },
    Measure { name: "P10", measure: tokens },
    Measure { name: "P11", measure: fresh_tokens },
    Measure { name: "P12", measure: batch },
    Measure { name: "P13", measure: mixed_day },
    Measure { name: "A1", measure: administration },
];

/// Those on PostgreSQL.
const POSTGRES: &[Measure] = &[Measure { name: "P14", measure: postgres::patch_many }];

/// The goals of an engine that have these names; all when none is named.
pub fn chosen(engine: Engine, names: &[String]) -> Result<Vec<&'static Measure>> {
    let goals = match engine {
        Engine::Sqlite => ALL,
        Engine::Postgres => POSTGRES,
    };
    let known = |name: &str| goals.iter().find(|goal| goal.name.eq_ignore_ascii_case(name));
    if let Some(wrong) = names.iter().find(|name| known(name).is_none()) {
        let all: Vec<&str> = goals.iter().map(|goal| goal.name).collect();
        return Err(format!("There is no goal {wrong}; known are {}.", all.join(", ")).into());
    }
    let wanted =
        |goal: &&Measure| names.is_empty() || names.iter().any(|name| goal.name.eq_ignore_ascii_case(name));
    Ok(goals.iter().filter(wanted).collect())
}

const POLICY: &str = "/beta/policies/externalIdentitiesPolicy";
const READERS: usize = 32;
pub const WRITERS: usize = 64;
/// How long a server runs before it is measured.
pub const WARM: Duration = Duration::from_millis(300);

/// One side of one round.
struct Sample {
    /// Microseconds of processor time of the server per request.
    cpu: f64,
    load: Load,
}

impl Bench {
    /// A copy of the world, served.
    fn serve(&self) -> Result<Process> {
        copy(&self.world.data, &self.scratch)?;
        Ok(Process::product(self.cores, &self.bin, &self.scratch, None)?.0)
    }

    pub fn large(&self) -> Result<&App> {
        Ok(self.world.apps.first().ok_or("the world has no app")?)
    }

    /// The apps of so many small organisations.
    pub fn small(&self, many: usize) -> Result<&[App]> {
        Ok(self.world.apps.get(1..=many).ok_or("the world has too few apps")?)
    }

    /// What each client asks, as an app of an organisation of its own: nobody asks for more than one app may.
    fn spread(&self, server: &Process, ask: impl Fn(&str) -> Rc<[u8]>) -> Result<Next> {
        let ask_as = |app: &App| Ok(ask(&bearer(&server.token(app)?)));
        let requests: Vec<Rc<[u8]>> = self.small(WRITERS)?.iter().map(ask_as).collect::<Result<_>>()?;
        Ok(each_its_own(requests))
    }

    /// Measures one side.
    fn sample(&self, name: &str, server: &Process, clients: usize, next: &Next) -> Result<Sample> {
        sample(name, server, clients, Until::Over(self.time), next)
    }

    /// Measures both sides in turns, each first in every other round.
    fn turns(&self, mut side: impl FnMut(bool) -> Result<Sample>) -> Result<Vec<(Sample, Sample)>> {
        (0..self.rounds)
            .map(|round| {
                self.bar.tick();
                if round % 2 == 0 {
                    let floor = side(false)?;
                    Ok((floor, side(true)?))
                } else {
                    let product = side(true)?;
                    Ok((side(false)?, product))
                }
            })
            .collect()
    }
}

fn sample(name: &str, server: &Process, clients: usize, until: Until, next: &Next) -> Result<Sample> {
    let before = machine::cpu(server.pid())?;
    let load = drive(&server.target, clients, until, Pace::Full, Rc::clone(next))?.clean(name)?;
    let used = machine::cpu(server.pid())?.saturating_sub(before);
    Ok(Sample { cpu: used.as_secs_f64() * 1e6 / count(load.micros.len()), load })
}

fn warm(server: &Process, clients: usize, next: &Next) -> Result<()> {
    drive(&server.target, clients, Until::Over(WARM), Pace::Full, Rc::clone(next)).map(drop)
}

/// The same from each client always; with more clients than requests they begin again.
fn each_its_own(requests: Vec<Rc<[u8]>>) -> Next {
    Rc::new(move |client, _| requests.get(client % requests.len()).map(Rc::clone))
}

/// Always the same.
pub fn same(request: Rc<[u8]>) -> Next {
    Rc::new(move |_, _| Some(Rc::clone(&request)))
}

fn body_of(target: &Target, request: &[u8]) -> Result<String> {
    let answer = once(target, request)?;
    if answer.status != 200 {
        return Err(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
    }
    Ok(String::from_utf8(answer.body)?)
}

pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A figure of capacity: processor time of the floor over that of the product.
fn capacity(name: &str, title: &str, bound: f64, rounds: &[(Sample, Sample)]) -> Figure {
    let series = |of: fn(&(Sample, Sample)) -> f64| Series::of(rounds.iter().map(of).collect());
    let p99 = series(|(floor, product)| product.load.latency().p99 / floor.load.latency().p99);
    let also = BTreeMap::from([
        ("rate of the floor".to_owned(), series(|(floor, _)| floor.load.rate()).median),
        ("rate".to_owned(), series(|(_, product)| product.load.rate()).median),
        ("p50 µs".to_owned(), series(|(_, product)| product.load.latency().p50).median),
        ("p99 µs".to_owned(), series(|(_, product)| product.load.latency().p99).median),
        ("max µs".to_owned(), series(|(_, product)| product.load.latency().max).median),
        ("p99 over the floor's".to_owned(), p99.median),
    ]);
    Figure {
        name: name.to_owned(),
        title: title.to_owned(),
        unit: "µs of processor time per request".to_owned(),
        floor: series(|(floor, _)| floor.cpu),
        product: series(|(_, product)| product.cpu),
        judged: series(|(floor, product)| floor.cpu / product.cpu.max(1e-9)),
        goal: Goal::AtLeast,
        bound,
        also,
    }
}

/// Reads the policy with this token.
pub fn read_policy(token: &str) -> Rc<[u8]> {
    request("GET", POLICY, &[("Authorization", token)], "")
}

fn get_policy(bench: &Bench) -> Result<Vec<Figure>> {
    let server = bench.serve()?;
    let next = bench.spread(&server, read_policy)?;
    let body = body_of(&server.target, &read_policy(&bearer(&server.token(bench.large()?)?)))?;
    let floor = Process::floor(bench.cores, &Floor::Fixed { body }, true)?;
    for side in [&floor, &server] {
        warm(side, READERS, &next)?;
    }
    let rounds =
        bench.turns(|product| bench.sample("P1", if product { &server } else { &floor }, READERS, &next))?;
    Ok(vec![capacity("P1", "GET policy over TLS, 32 connections, warm token", 0.75, &rounds)])
}

/// Each client turns leaving on and off in an organisation of its own, so that every request changes something.
pub fn patches(server: &Process, apps: &[App]) -> Result<Next> {
    let mut requests = Vec::new();
    for app in apps {
        let token = bearer(&server.token(app)?);
        let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
        let body = |value: bool| format!("{{\"allowDeletedIdentitiesDataRemoval\":{value}}}");
        requests.push([true, false].map(|value| request("PATCH", POLICY, &headers, &body(value))));
    }
    let turn = RefCell::new(vec![0_usize; requests.len()]);
    Ok(Rc::new(move |client, _| {
        let client = client % requests.len();
        let mut turns = turn.borrow_mut();
        turns[client] += 1;
        Some(Rc::clone(&requests[client][(turns[client] + 1) % 2]))
    }))
}

fn patch_many(bench: &Bench) -> Result<Vec<Figure>> {
    let server = bench.serve()?;
    let next = patches(&server, bench.small(WRITERS)?)?;
    warm(&server, WRITERS, &next)?;
    let (mut floors, mut products, mut p99, mut sync, mut cpu) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..bench.rounds {
        bench.bar.tick();
        let floor = bench.cores.as_server(|| floor::commits(&bench.scratch, bench.time))?;
        sync.push(floor::fdatasync(&bench.scratch, bench.time / 4)?.p50);
        let product = bench.sample("P2", &server, WRITERS, &next)?;
        floors.push(floor.rate);
        products.push(product.load.rate());
        p99.push(product.load.latency().p99);
        cpu.push(product.cpu);
    }
    let judged = Series::ratios(&products, &floors);
    let (p99, sync) = (Series::of(p99), Series::of(sync));
    Ok(vec![Figure {
        name: "P2".to_owned(),
        title: "PATCH policy, 64 clients, each in its organisation".to_owned(),
        unit: "commits per second".to_owned(),
        floor: Series::of(floors),
        product: Series::of(products),
        judged,
        goal: Goal::AtLeast,
        bound: 5.0,
        also: BTreeMap::from([
            ("p99 µs".to_owned(), p99.median),
            ("fdatasync p50 µs".to_owned(), sync.median),
            ("p99 over fdatasync".to_owned(), p99.median / sync.median.max(1e-9)),
            ("µs CPU".to_owned(), Series::of(cpu).median),
        ]),
    }])
}

fn patch_one(bench: &Bench) -> Result<Vec<Figure>> {
    let server = bench.serve()?;
    let next = patches(&server, bench.small(1)?)?;
    warm(&server, 1, &next)?;
    let (mut floors, mut products, mut p99) = (vec![], vec![], vec![]);
    for _ in 0..bench.rounds {
        bench.bar.tick();
        floors.push(bench.cores.as_server(|| floor::commits(&bench.scratch, bench.time))?.latency.p50);
        let latency = bench.sample("P4", &server, 1, &next)?.load.latency();
        products.push(latency.p50);
        p99.push(latency.p99);
    }
    let judged = Series::ratios(&products, &floors);
    Ok(vec![Figure {
        name: "P4".to_owned(),
        title: "PATCH policy, one client: latency".to_owned(),
        unit: "µs, p50".to_owned(),
        floor: Series::of(floors),
        product: Series::of(products),
        judged,
        goal: Goal::AtMost,
        bound: 2.2,
        also: BTreeMap::from([("p99 µs".to_owned(), Series::of(p99).median)]),
    }])
}

const PAGE: &str = "/v1.0/users?$filter=userType%20eq%20%27Guest%27&$count=true&$top=100\
                    &$select=id,displayName,userPrincipalName";

/// What the list of guests shows of each of them, in its order, over Graph; which orders only where it also counts.
const GUESTS: &str = "/v1.0/users?$filter=userType%20eq%20%27Guest%27&$top=100&$orderby=displayName&$count=true\
                      &$select=id,displayName,userPrincipalName,userType,accountEnabled,externalUserState";

/// The list of guests as a page for an administrator; its floor is the product itself, asked for the same over Graph.
fn administration(bench: &Bench) -> Result<Vec<Figure>> {
    copy(&bench.world.data, &bench.scratch)?;
    let app = bench.large()?;
    let cookies = product::administrator(&bench.scratch, &app.tenant)?;
    let server = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?.0;
    let token = bearer(&server.token(app)?);
    let headers = [("Authorization", token.as_str()), ("ConsistencyLevel", "eventual")];
    let graph = same(request("GET", GUESTS, &headers, ""));
    let page = request("GET", "/admin/users?show=guests", &[("Cookie", &cookies)], "");
    let weight = body_of(&server.target, &page)?.len();
    let page = same(page);
    for next in [&graph, &page] {
        warm(&server, READERS, next)?;
    }
    let rounds =
        bench.turns(|product| bench.sample("A1", &server, READERS, if product { &page } else { &graph }))?;
    let cpu = |side: fn(&(Sample, Sample)) -> &Sample| {
        Series::of(rounds.iter().map(|round| side(round).cpu).collect())
    };
    let (floor, product) = (cpu(|round| &round.0), cpu(|round| &round.1));
    let judged = Series::of(rounds.iter().map(|(graph, page)| page.cpu / graph.cpu).collect());
    Ok(vec![Figure {
        name: "A1".to_owned(),
        title: "page of 100 guests for an administrator, over the same request to Graph".to_owned(),
        unit: "µs of processor time".to_owned(),
        floor,
        product,
        judged,
        goal: Goal::AtMost,
        bound: 1.5,
        also: BTreeMap::from([("bytes".to_owned(), count(weight))]),
    }])
}

/// The request for the page that a link leads to.
fn follow(link: &str) -> Result<String> {
    let path =
        link.split_once("://").and_then(|(_, rest)| rest.split_once('/')).ok_or("a link without a path")?;
    Ok(format!("/{}", path.1))
}

type Headers<'a> = [(&'a str, &'a str)];

/// The last page, found by walking there.
fn last_page(server: &Process, headers: &Headers<'_>) -> Result<String> {
    let mut path = PAGE.to_owned();
    loop {
        let page: serde_json::Value =
            serde_json::from_str(&body_of(&server.target, &request("GET", &path, headers, ""))?)?;
        match page["@odata.nextLink"].as_str() {
            Some(link) => path = follow(link)?,
            None => return Ok(path),
        }
    }
}

fn page(bench: &Bench) -> Result<Vec<Figure>> {
    // One app may not ask for as many pages as a server gives.
    const APPS: usize = 4;
    copy(&bench.world.data, &bench.scratch)?;
    let large = bench.large()?;
    let apps = product::register(&bench.bin, &bench.scratch, &vec![large.domain.clone(); APPS])?;
    let server = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?.0;
    let tokens: Vec<String> =
        apps.iter().map(|app| Ok(bearer(&server.token(app)?))).collect::<Result<_>>()?;
    let database = bench.scratch.join("innkeeper.db");
    let floor = Process::floor(bench.cores, &Floor::Page { database, tenant: large.tenant.clone() }, true)?;
    let ask = |path: &dyn Fn(&Headers<'_>) -> Result<String>| -> Result<Next> {
        let mut requests: Vec<Rc<[u8]>> = Vec::new();
        for token in &tokens {
            let headers = [("Authorization", token.as_str()), ("ConsistencyLevel", "eventual")];
            requests.push(request("GET", &path(&headers)?, &headers, ""));
        }
        Ok(each_its_own(requests))
    };
    let first = ask(&|_| Ok(PAGE.to_owned()))?;
    // A position is sealed for whoever walked there.
    let last = ask(&|headers| last_page(&server, headers))?;
    let uncounted = ask(&|_| Ok(PAGE.replace("&$count=true", "")))?;
    for side in [&floor, &server] {
        warm(side, READERS, &first)?;
    }
    let rounds =
        bench.turns(|product| bench.sample("P5", if product { &server } else { &floor }, READERS, &first))?;
    let mut figure = capacity("P5", "page of 100 guests with filter, count and select", 0.7, &rounds);
    let cost = |next: &Next| -> Result<f64> {
        let rounds = (0..bench.rounds).map(|_| Ok(bench.sample("P5", &server, READERS, next)?.cpu));
        Ok(Series::of(rounds.collect::<Result<_>>()?).median)
    };
    let whole = figure.product.median.max(1e-9);
    figure.also.insert("last page over the first".to_owned(), cost(&last)? / whole);
    figure.also.insert("µs CPU without count".to_owned(), cost(&uncounted)?);
    Ok(vec![figure])
}

fn start(bench: &Bench) -> Result<Vec<Figure>> {
    const MIB: f64 = 1024.0;
    let kib = |kib: u64| f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / MIB;
    let (mut floors, mut products, mut crashed, mut rest, mut loaded) =
        (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..bench.rounds {
        bench.bar.tick();
        // Without the log of a server that was killed, which the next one would have to read.
        copy(&bench.world.data, &bench.scratch)?;
        let begun = machine::now();
        drop(Process::floor(bench.cores, &Floor::Fixed { body: "{}".to_owned() }, true)?);
        floors.push(begun.elapsed().as_secs_f64() * 1e3);
        let (server, took) = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?;
        products.push(took.as_secs_f64() * 1e3);
        rest.push(kib(machine::memory(server.pid())?.0));
        let token = bearer(&server.token(bench.large()?)?);
        let next = patches(&server, &bench.world.apps[1..=WRITERS.min(bench.world.apps.len() - 1)])?;
        warm(&server, WRITERS, &next)?;
        let headers = [("Authorization", token.as_str()), ("ConsistencyLevel", "eventual")];
        warm(&server, READERS, &same(request("GET", &PAGE.replace("&$count=true", ""), &headers, "")))?;
        loaded.push(kib(machine::memory(server.pid())?.1));
        server.kill();
        let (server, took) = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?;
        crashed.push(took.as_secs_f64() * 1e3);
        server.kill();
    }
    let crashed = Series::of(crashed).median;
    let products = Series::of(products);
    Ok(vec![Figure {
        name: "P8".to_owned(),
        title: "start to first answer".to_owned(),
        unit: "ms".to_owned(),
        floor: Series::of(floors),
        judged: products.clone(),
        product: products,
        goal: Goal::AtMost,
        bound: 100.0,
        also: BTreeMap::from([
            ("after a crash ms".to_owned(), crashed),
            ("at rest MiB".to_owned(), Series::of(rest).median),
            ("loaded MiB".to_owned(), Series::of(loaded).median),
        ]),
    }])
}

fn import(bench: &Bench) -> Result<Vec<Figure>> {
    let users = bench.world.users;
    let lines = bench.scratch.with_extension("jsonl");
    let plan = crate::world::Plan { users, seed: 7, now: machine::wall(), due: false };
    product::write_world(&plan, &lines)?;
    let text = lines.to_string_lossy().into_owned();
    let (mut floors, mut products, mut live, mut waits) = (vec![], vec![], vec![], vec![]);
    for _ in 0..bench.rounds.min(3) {
        bench.bar.tick();
        let _ = std::fs::remove_dir_all(&bench.scratch);
        std::fs::create_dir_all(&bench.scratch)?;
        floors.push(bench.cores.as_server(|| floor::inserts(&bench.scratch, users))?);
        std::fs::remove_dir_all(&bench.scratch)?;
        let rate = move |begun: std::time::Instant| {
            count(usize::try_from(users).unwrap_or(0)) / begun.elapsed().as_secs_f64()
        };
        let begun = machine::now();
        bench.cores.as_server(|| product::run(&bench.bin, &bench.scratch, &["import", "--jsonl", &text]))?;
        products.push(rate(begun));
        // The same lines once more, into an empty directory that is being served and written to.
        let _ = std::fs::remove_dir_all(&bench.scratch);
        let (rate, wait) = live_import(bench, &text, rate)?;
        live.push(rate);
        waits.push(wait);
    }
    drop(std::fs::remove_file(lines));
    let judged = Series::ratios(&products, &floors);
    Ok(vec![Figure {
        name: "P9".to_owned(),
        title: "import into an empty directory".to_owned(),
        unit: "lines per second".to_owned(),
        floor: Series::of(floors),
        product: Series::of(products),
        judged,
        goal: Goal::AtLeast,
        bound: 0.6,
        also: BTreeMap::from([
            ("live lines per second".to_owned(), Series::of(live).median),
            ("longest write beside it, ms".to_owned(), Series::of(waits).median),
        ]),
    }])
}

/// Imports while the server works, with one client that writes all the time; the rate, and the client's longest wait in ms.
fn live_import(
    bench: &Bench,
    lines: &str,
    rate: impl Fn(std::time::Instant) -> f64 + Send + 'static,
) -> Result<(f64, f64)> {
    copy(&bench.world.data, &bench.scratch)?;
    let (server, _) = Process::product(bench.cores, &bench.bin, &bench.scratch, None)?;
    let next = patches(&server, bench.small(1)?)?;
    let begun = machine::now();
    let mut importing = std::process::Command::new(&bench.bin)
        .args(["import", "--jsonl", lines, "--data-dir"])
        .arg(&bench.scratch)
        .stdout(std::process::Stdio::null())
        .spawn()?;
    // Its end is noted when it comes, and not at the end of the load's turn.
    let importing = std::thread::spawn(move || importing.wait().map(|_| rate(begun)));
    let mut longest: f64 = 0.0;
    while !importing.is_finished() {
        let load =
            drive(&server.target, 1, Until::Over(Duration::from_millis(200)), Pace::Full, Rc::clone(&next))?;
        longest = longest.max(load.latency().max / 1e3);
    }
    let rate = importing.join().map_err(|_| "the import was not waited for")??;
    Ok((rate, longest))
}

fn tokens(bench: &Bench) -> Result<Vec<Figure>> {
    let server = bench.serve()?;
    let post = token_request(bench.large()?);
    let body = body_of(&server.target, &post)?;
    let token = product::token_of(&once(&server.target, &post)?)?;
    let (text, signature) = token.rsplit_once('.').ok_or("a token without a signature")?;
    let rest = body.len().saturating_sub(signature.len());
    let sign = Floor::Sign { algorithm: Algorithm::Rs256, length: text.len(), body: "x".repeat(rest) };
    let floor = Process::floor(bench.cores, &sign, true)?;
    let next = same(post);
    for side in [&floor, &server] {
        warm(side, READERS, &next)?;
    }
    let rounds =
        bench.turns(|product| bench.sample("P10", if product { &server } else { &floor }, READERS, &next))?;
    Ok(vec![capacity("P10", "token by client credentials, RS256", 0.90, &rounds)])
}

/// So many tokens that differ.
fn mint(server: &Process, app: &App, many: usize) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut wire = server.target.connect().await?;
        let (post, mut buffer, mut tokens) = (token_request(app), Vec::new(), Vec::with_capacity(many));
        while tokens.len() < many {
            tokens.push(product::token_of(&wire.ask(&post, &mut buffer).await?)?);
        }
        Ok(tokens)
    })
}

fn fresh_tokens(bench: &Bench) -> Result<Vec<Figure>> {
    const EACH: usize = 120;
    let server = bench.serve()?;
    let app = bench.large()?;
    let warm_token = bearer(&server.token(app)?);
    let get = read_policy(&warm_token);
    let (modulus, exponent) = server.key(&app.tenant)?;
    let body = body_of(&server.target, &get)?;
    let floor = Process::floor(bench.cores, &Floor::Verify { modulus, exponent, body }, true)?;
    for side in [&floor, &server] {
        warm(side, READERS, &same(Rc::clone(&get)))?;
    }
    let mut rounds = Vec::new();
    for round in 0..bench.rounds {
        bench.bar.tick();
        let requests: Vec<Rc<[u8]>> =
            mint(&server, app, EACH * READERS)?.iter().map(|token| read_policy(&bearer(token))).collect();
        let next: Next = Rc::new(move |client, number| requests.get(client * EACH + number).map(Rc::clone));
        let side = |server: &Process| sample("P11", server, READERS, Until::Sent(EACH), &next);
        let pair = if round % 2 == 0 {
            let first = side(&floor)?;
            (first, side(&server)?)
        } else {
            let second = side(&server)?;
            (side(&floor)?, second)
        };
        rounds.push(pair);
    }
    Ok(vec![capacity("P11", "GET policy with a token never seen before", 0.70, &rounds)])
}

fn batch(bench: &Bench) -> Result<Vec<Figure>> {
    let server = bench.serve()?;
    let single = bench.spread(&server, read_policy)?;
    let inner: Vec<String> = (0..20)
        .map(|id| {
            format!("{{\"id\":\"{id}\",\"method\":\"GET\",\"url\":\"/policies/externalIdentitiesPolicy\"}}")
        })
        .collect();
    let body = format!("{{\"requests\":[{}]}}", inner.join(","));
    let post = |token: &str| {
        let headers = [("Authorization", token), ("Content-Type", "application/json")];
        request("POST", "/beta/$batch", &headers, &body)
    };
    body_of(&server.target, &post(&bearer(&server.token(bench.large()?)?)))?;
    let twenty = bench.spread(&server, post)?;
    for next in [&single, &twenty] {
        warm(&server, READERS, next)?;
    }
    let rounds = bench
        .turns(|product| bench.sample("P12", &server, READERS, if product { &twenty } else { &single }))?;
    let mut figure = capacity("P12", "$batch of 20 GETs, over 20 single GETs", 5.0, &rounds);
    figure.judged =
        Series::of(rounds.iter().map(|(one, many)| 20.0 * one.cpu / many.cpu.max(1e-9)).collect());
    Ok(vec![figure])
}

fn mixed_day(bench: &Bench) -> Result<Vec<Figure>> {
    const CLIENTS: usize = 64;
    let server = bench.serve()?;
    let token = bearer(&server.token(bench.large()?)?);
    let headers = [("Authorization", token.as_str())];
    let get = bench.spread(&server, read_policy)?;
    let list = request("GET", &PAGE.replace("&$count=true", ""), &headers, "");
    let write = patches(&server, bench.small(WRITERS)?)?;
    let next: Next = Rc::new(move |client, number| match (number * 61 + client * 7) % 100 {
        0..2 => write(client, number),
        2..10 => Some(Rc::clone(&list)),
        _ => get(client, number),
    });
    warm(&server, CLIENTS, &next)?;
    let full = bench.sample("P13", &server, CLIENTS, &next)?;
    let interval = Duration::from_secs_f64(count(CLIENTS) / (full.load.rate() / 2.0));
    let long = bench.time * u32::try_from(if bench.time.as_secs() > 2 { 150 } else { 20 })?;
    let before = machine::memory(server.pid())?.0;
    let load = drive(&server.target, CLIENTS, Until::Over(long), Pace::Each(interval), next)?.clean("P13")?;
    let after = machine::memory(server.pid())?.0;
    let latency = load.latency();
    let p99 = Series::of(vec![latency.p99 / 1e3]);
    let mib = |kib: u64| f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0;
    Ok(vec![Figure {
        name: "P13".to_owned(),
        title: "90 % reads, 8 % lists, 2 % writes at half of capacity: p99".to_owned(),
        unit: "ms".to_owned(),
        floor: Series::default(),
        product: p99.clone(),
        judged: p99,
        goal: Goal::AtMost,
        bound: 10.0,
        also: BTreeMap::from([
            ("rate".to_owned(), load.rate()),
            ("rate at full load".to_owned(), full.load.rate()),
            ("p50 µs".to_owned(), latency.p50),
            ("max ms".to_owned(), latency.max / 1e3),
            ("MiB before".to_owned(), mib(before)),
            ("MiB after".to_owned(), mib(after)),
        ]),
    }])
}
