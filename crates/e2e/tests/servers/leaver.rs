//! A guest who leaves again and again, each time sending the same confirmation twice at once, and an administrator who brings
//! the account back.

use crate::{browser::Browser, fleet::Fleet, load::Caller, page::Page, server::client};
use reqwest::Method;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Leaves until it is told to stop.
pub struct Leaver {
    caller: Caller,
    guest: String,
    over: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

/// A browser that takes it when a server is gone.
struct Patient {
    client: reqwest::blocking::Client,
    base_url: String,
    jar: BTreeMap<String, String>,
}

impl Patient {
    fn send(&self, method: Method, path: &str, form: Option<&[(&str, String)]>) -> Option<Page> {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base_url))
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookies.join("; "));
        if let Some(form) = form {
            request = request.form(form);
        }
        let answer = request.send().ok()?;
        let status = answer.status().as_u16();
        Some(Page { status, location: None, body: answer.text().ok()? })
    }
}

impl Leaver {
    pub fn start(fleet: &Fleet, caller: Caller) -> Self {
        let world = fleet.world();
        let mut browser = Browser::new(&fleet.base_url(), &fleet.ca());
        browser.sign_in(world.get("GUEST_USERNAME"), world.get("GUEST_PASSWORD"));
        let patient =
            Patient { client: client(&fleet.ca()), base_url: fleet.base_url(), jar: browser.jar.clone() };
        let guest = world.get("GUEST_ID").to_owned();
        let path = format!("/myaccount/organizations/leave/{}", world.get("TENANT_ID"));
        let over = Arc::new(AtomicBool::new(false));
        let (seen, asks, id) = (Arc::clone(&over), caller.clone(), guest.clone());
        let thread = thread::spawn(move || {
            let mut left = 0;
            while !seen.load(Ordering::Relaxed) {
                left += u64::from(leave(&patient, &path, &asks));
                asks.ask_until_answered(&Method::POST, &format!("/v1.0/directory/deletedItems/{id}/restore"));
                thread::sleep(Duration::from_millis(100));
            }
            left
        });
        Self { caller, guest, over, thread }
    }

    /// Stops. In the log of the account, leaving and coming back must alternate: a confirmation that worked twice would show.
    #[track_caller]
    pub fn settle(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        let left = self.thread.join().unwrap();
        let records = self.caller.all("/v1.0/auditLogs/directoryAudits?$top=999");
        let acts: Vec<String> = records.iter().filter_map(|record| act(record, &self.guest)).collect();
        assert!(acts.len() >= usize::try_from(left).unwrap(), "{left} receipts, {} records", acts.len());
        let twice = acts.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert_eq!(twice, 0, "the guest left twice without coming back between: {acts:?}");
        left
    }
}

/// What happened to this account, if the record says so.
fn act(record: &Value, account: &str) -> Option<String> {
    let what = record["activityDisplayName"].as_str()?;
    let about = record["targetResources"][0]["id"] == account && record["result"] == "success";
    (about && ["Leave organization", "Restore user"].contains(&what)).then(|| what.to_owned())
}

/// Whether a receipt came back. Two that differ would be two leaves.
fn leave(patient: &Patient, path: &str, caller: &Caller) -> bool {
    let Some(step) = patient.send(Method::GET, path, None).filter(|page| page.status == 200) else {
        return false;
    };
    if !step.body.contains("name=\"confirmation\"") {
        return false;
    }
    let form = [("csrf", step.field("csrf")), ("confirmation", step.field("confirmation"))];
    let answers = thread::scope(|scope| {
        let posts = [(); 2].map(|()| scope.spawn(|| patient.send(Method::POST, path, Some(&form))));
        posts.map(|post| post.join().unwrap())
    });
    for page in answers.iter().flatten().filter(|page| page.status >= 500 && page.status != 503) {
        caller.book.offence(format!("leaving: {} {}", page.status, page.text()));
    }
    answers.iter().flatten().any(|page| page.status == 200 && page.text().contains("You have left"))
}
