//! Microsoft Graph with a token.

use crate::server::client;
use reqwest::{Method, blocking::Client};
use serde_json::Value;
use std::path::Path;

pub const POLICY: &str = "/beta/policies/externalIdentitiesPolicy";

/// A client with a token.
#[derive(Clone)]
pub struct Graph {
    client: Client,
    base_url: String,
    pub token: String,
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Graph {
    pub fn new(base_url: &str, ca: &Path, token: String) -> Self {
        Self { client: client(ca), base_url: base_url.to_owned(), token }
    }

    /// The same with another token.
    pub fn with(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }

    /// Asks; `path` may be a whole address of this server, as in a next link.
    pub fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        self.try_ask(method, path, body).unwrap()
    }

    /// The same where the server may be gone.
    pub fn try_ask(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Reply> {
        let address = format!("{}{}", self.base_url, path.strip_prefix(&self.base_url).unwrap_or(path));
        let mut request = self
            .client
            .request(method, address)
            .bearer_auth(&self.token)
            .header("ConsistencyLevel", "eventual");
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send()?;
        Ok(Reply { status: answer.status().as_u16(), body: answer.text()? })
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).is(200).json()
    }

    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) {
        let reply = self.ask(Method::PATCH, path, Some(body));
        assert_eq!(reply.is(204).body, "");
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask(Method::POST, path, Some(body))
    }

    /// All pages of a collection, and how many pages there were.
    #[track_caller]
    pub fn all(&self, path: &str) -> (Vec<Value>, usize) {
        let (mut items, mut pages, mut next) = (Vec::new(), 0, Some(path.to_owned()));
        while let Some(path) = next {
            let mut page = self.get(&path);
            items.append(page["value"].as_array_mut().unwrap());
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
            assert!(next.as_ref().is_none_or(|link| link.starts_with(&self.base_url)), "{next:?}");
            pages += 1;
        }
        (items, pages)
    }

    /// The newest audit records with this activity.
    #[track_caller]
    pub fn audit(&self, activity: &str) -> Vec<Value> {
        let filter = format!("activityDisplayName eq '{activity}'").replace(' ', "%20");
        let mut page = self.get(&format!("/v1.0/auditLogs/directoryAudits?$filter={filter}&$top=20"));
        std::mem::take(page["value"].as_array_mut().unwrap())
    }
}

impl Reply {
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}
