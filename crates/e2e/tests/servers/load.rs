//! Clients at work, and the book they keep: what was acknowledged must be there, once, whatever happens to the servers.

use crate::{
    fleet::Fleet,
    place::{eventually, now},
    server::client,
};
use reqwest::{Method, blocking::Client};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use testkit::Dice;

/// Clients, and how often each of them asks: 200 requests a second in all.
const CLIENTS: usize = 8;
const PACE: Duration = Duration::from_millis(40);

/// What came back.
#[derive(Debug)]
pub enum Got {
    /// Done; the body.
    Done(Value),
    /// Refused by a rule: 404, 409 or 412.
    Refused(u16),
    /// Told to come back later: 503 with `Retry-After`.
    Later,
    /// The connection broke.
    Lost,
}

impl Got {
    /// Nobody can say whether it was done.
    const fn is_open(&self) -> bool {
        matches!(self, Self::Later | Self::Lost)
    }
}

/// Everything that clients noticed.
#[derive(Default)]
pub struct Book {
    /// How often each kind of answer came.
    pub counts: Mutex<BTreeMap<String, u64>>,
    /// What must never happen.
    pub offences: Mutex<Vec<String>>,
    /// Requests that were done, so that others see life.
    pub done: AtomicU64,
    over: AtomicBool,
}

impl Book {
    fn count(&self, what: String) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    /// Something that must never happen.
    pub fn offence(&self, what: String) {
        self.offences.lock().unwrap().push(what);
    }
}

/// A client with a token. Each request has a connection of its own, so that nothing sticks to a server.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    base_url: String,
    token: String,
    pub book: Arc<Book>,
}

impl Caller {
    pub fn new(fleet: &Fleet, book: Arc<Book>) -> Self {
        // The provider and its roots are set up there.
        drop(client(&fleet.ca()));
        let ca = reqwest::Certificate::from_pem(&std::fs::read(fleet.ca()).unwrap()).unwrap();
        let client = Client::builder()
            .tls_certs_only([ca])
            .pool_max_idle_per_host(0)
            .local_address(Some(std::net::Ipv4Addr::LOCALHOST.into()))
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self { client, base_url: fleet.base_url(), token: fleet.world().token("CLIENT"), book }
    }

    /// Asks and judges the answer.
    pub fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Got {
        let name = format!("{method} {}", path.split('/').nth(2).unwrap_or_default());
        let mut request =
            self.client.request(method, format!("{}{path}", self.base_url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let Ok(answer) = request.send() else {
            self.book.count("lost".to_owned());
            return Got::Lost;
        };
        let (status, retry) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let Ok(text) = answer.text() else {
            self.book.count("lost".to_owned());
            return Got::Lost;
        };
        self.book.count(format!("{name} {status}"));
        match status {
            200..300 => {
                self.book.done.fetch_add(1, Ordering::Relaxed);
                Got::Done(serde_json::from_str(&text).unwrap_or_default())
            }
            503 if retry => Got::Later,
            404 | 409 | 412 => Got::Refused(status),
            _ => {
                self.book.offence(format!("{name}: {status} (Retry-After: {retry}) {text}"));
                Got::Refused(status)
            }
        }
    }

    /// All pages of a list.
    #[track_caller]
    pub fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let Got::Done(mut page) = self.ask_until_answered(&Method::GET, &path) else {
                panic!("{path} was refused")
            };
            items.append(page["value"].as_array_mut().unwrap());
            let link = page["@odata.nextLink"].as_str();
            next = link.and_then(|link| link.find("/v1.0/").map(|at| link[at..].to_owned()));
        }
        items
    }

    /// Asks until it is answered.
    #[track_caller]
    pub fn ask_until_answered(&self, method: &Method, path: &str) -> Got {
        eventually(path, Duration::from_secs(20), || {
            Some(self.ask(method.clone(), path, None)).filter(|got| !got.is_open())
        })
    }
}

/// A guest of a client, which nobody else touches.
#[derive(Debug)]
struct Guest {
    id: String,
    mail: String,
    /// The last name that was acknowledged, and the last that was asked for.
    named: u64,
    asked: u64,
    /// Permanently deleted, as was acknowledged.
    purged: bool,
}

/// What one client knows for sure.
pub struct Worker {
    caller: Caller,
    number: usize,
    dice: Dice,
    invited: u64,
    guests: Vec<Guest>,
}

impl Worker {
    fn act(&mut self) {
        match (self.dice.below(100), self.guests.iter().any(|guest| !guest.purged)) {
            (0..30, _) | (_, false) => self.invite(),
            (30..70, true) => self.rename(),
            (70..92, true) => self.read(),
            (_, true) => self.delete_and_race(),
        }
    }

    fn invite(&mut self) {
        self.invited += 1;
        let mail = format!("guest{}x{}@elsewhere.example", self.number, self.invited);
        let body =
            json!({ "invitedUserEmailAddress": mail, "inviteRedirectUrl": "https://elsewhere.example/" });
        if let Got::Done(answer) = self.caller.ask(Method::POST, "/v1.0/invitations", Some(&body)) {
            let id = answer["invitedUser"]["id"].as_str().unwrap_or_default().to_owned();
            self.guests.push(Guest { id, mail, named: 0, asked: 0, purged: false });
        }
    }

    fn pick(&mut self) -> usize {
        let live: Vec<usize> = self
            .guests
            .iter()
            .enumerate()
            .filter(|(_, guest)| !guest.purged)
            .map(|(place, _)| place)
            .collect();
        *self.dice.pick(&live).unwrap()
    }

    fn rename(&mut self) {
        let place = self.pick();
        let guest = &mut self.guests[place];
        guest.asked += 1;
        let body = json!({ "displayName": name(guest.asked) });
        if let Got::Done(_) =
            self.caller.ask(Method::PATCH, &format!("/v1.0/users/{}", guest.id), Some(&body))
        {
            guest.named = guest.asked;
        }
    }

    /// What one server acknowledged, the next one shows.
    fn read(&mut self) {
        let place = self.pick();
        let guest = &self.guests[place];
        let path = format!("/v1.0/users/{}?$select=displayName,mail", guest.id);
        match self.caller.ask(Method::GET, &path, None) {
            Got::Done(user) => self.judge(guest, &user),
            Got::Refused(status) => self.caller.book.offence(format!("{guest:?} answers {status}")),
            Got::Later | Got::Lost => {}
        }
    }

    fn judge(&self, guest: &Guest, user: &Value) {
        let shown = user["displayName"].as_str().and_then(|text| text.strip_prefix("Name ")?.parse().ok());
        let shown = shown.unwrap_or(0);
        if shown < guest.named || shown > guest.asked || user["mail"] != guest.mail.as_str() {
            self.caller.book.offence(format!("{guest:?} is shown as {user}"));
        }
    }

    /// Deletes a guest; then a restore and a purge race through two servers, and one of them wins.
    fn delete_and_race(&mut self) {
        let place = self.pick();
        let id = self.guests[place].id.clone();
        let (user, item) = (format!("/v1.0/users/{id}"), format!("/v1.0/directory/deletedItems/{id}"));
        if !matches!(self.caller.ask(Method::DELETE, &user, None), Got::Done(_)) {
            self.guests.swap_remove(place);
            return;
        }
        let (restore, purge) = (format!("{item}/restore"), item.as_str());
        let (restored, purged) = thread::scope(|scope| {
            let restored = scope.spawn(|| self.caller.ask(Method::POST, &restore, Some(&json!({}))));
            let purged = self.caller.ask(Method::DELETE, purge, None);
            (restored.join().unwrap(), purged)
        });
        match (&restored, &purged) {
            (Got::Done(_), Got::Done(_)) | (Got::Refused(_), Got::Refused(_)) => {
                self.caller.book.offence(format!("{id}: restored {restored:?}, purged {purged:?}"));
                self.guests.swap_remove(place);
            }
            (Got::Done(_), _) => {}
            (_, Got::Done(_)) => self.guests[place].purged = true,
            _ => drop(self.guests.swap_remove(place)),
        }
    }

    /// Looks whether everything that was acknowledged is so, now that nothing moves.
    fn settle(&self, users: &BTreeMap<String, Value>) {
        for guest in &self.guests {
            match (users.get(&guest.id), guest.purged) {
                (Some(user), false) => self.judge(guest, user),
                (None, true) => {}
                (found, _) => self.caller.book.offence(format!("{guest:?} is now {found:?}")),
            }
        }
    }
}

fn name(number: u64) -> String {
    format!("Name {number}")
}

/// Clients at work until they are told to stop.
pub struct Load {
    pub book: Arc<Book>,
    pub caller: Caller,
    clients: Vec<JoinHandle<Worker>>,
    begun: Instant,
}

impl Load {
    pub fn start(fleet: &Fleet) -> Self {
        let book = Arc::new(Book::default());
        let caller = Caller::new(fleet, Arc::clone(&book));
        let client = |number: usize| {
            let (caller, dice) = (caller.clone(), Dice::new(u64::try_from(number).unwrap()));
            thread::spawn(move || {
                let mut worker = Worker { caller, number, dice, invited: 0, guests: Vec::new() };
                let mut next = now();
                while !worker.caller.book.over.load(Ordering::Relaxed) {
                    worker.act();
                    next = (next + PACE).max(now());
                    thread::sleep(next.saturating_duration_since(now()));
                }
                worker
            })
        };
        let clients = (0..CLIENTS).map(client).collect();
        Self { book, caller, clients, begun: now() }
    }

    /// How many requests were done.
    pub fn done(&self) -> u64 {
        self.book.done.load(Ordering::Relaxed)
    }

    /// Tells the clients to stop, and looks whether everything they were told is so; says what there was.
    #[track_caller]
    pub fn settle(self) -> String {
        let took = self.begun.elapsed();
        self.book.over.store(true, Ordering::Relaxed);
        let workers: Vec<Worker> = self.clients.into_iter().map(|client| client.join().unwrap()).collect();
        let (done, guests) = (
            self.book.done.load(Ordering::Relaxed),
            workers.iter().map(|worker| worker.guests.len()).sum::<usize>(),
        );
        let counts = self.book.counts.lock().unwrap().clone();
        let users = self.caller.all("/v1.0/users?$select=id,displayName,mail&$top=999");
        let id = |user: &Value| user["id"].as_str().unwrap_or_default().to_owned();
        let users = users.into_iter().map(|user| (id(&user), user)).collect();
        workers.iter().for_each(|worker| worker.settle(&users));
        let offences = self.book.offences.lock().unwrap();
        assert!(offences.is_empty(), "{} offences:\n{}\n{counts:?}", offences.len(), offences.join("\n"));
        let count = |what: &str| {
            counts.iter().filter(|(name, _)| name.ends_with(what)).map(|(_, count)| count).sum::<u64>()
        };
        format!(
            "{done} requests done in {:.0} s, {guests} acknowledged guests all as acknowledged, {} told to come back, {} \
             connections lost",
            took.as_secs_f64(),
            count(" 503"),
            count("lost"),
        )
    }
}
