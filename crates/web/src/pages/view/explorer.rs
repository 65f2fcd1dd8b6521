use super::{Field, Page, Problems, problems};
use crate::pages::paths;
use askama::Template;
use model::TenantId;

/// Methods to choose from.
pub const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "PUT", "DELETE"];
/// Versions to choose from.
pub const VERSIONS: [&str; 2] = ["v1.0", "beta"];

/// A request as it was typed. Fields sent: `method`, `version`, `target`, `headers`, `body`.
#[derive(Clone, Debug)]
pub struct Typed {
    /// One of [`METHODS`].
    pub method: String,
    /// One of [`VERSIONS`].
    pub version: String,
    /// What follows the version: path and query.
    pub target: Field,
    /// One header a line.
    pub headers: Field,
    /// The body.
    pub body: Field,
}

/// Samples of one resource.
#[derive(Clone, Debug)]
pub struct SampleGroup {
    /// The first step of their addresses.
    pub name: &'static str,
    /// One of them is chosen.
    pub open: bool,
    /// The samples.
    pub samples: Vec<SampleLink>,
}

/// A sample to choose.
#[derive(Clone, Debug)]
pub struct SampleLink {
    /// The method.
    pub method: &'static str,
    /// The address below the version.
    pub path: &'static str,
    /// What the request does.
    pub summary: String,
    /// The page with it filled in.
    pub link: String,
    /// It is the one that was chosen.
    pub current: bool,
}

/// What a request needs.
#[derive(Clone, Debug)]
pub enum Needs {
    /// This server has no such request.
    Unknown,
    /// Nothing.
    Nothing,
    /// What each request inside needs.
    Each,
    /// A permission, and perhaps a role.
    Rights(Box<Rights>),
}

/// What a request needs, and what the person has.
#[derive(Clone, Debug)]
pub struct Rights {
    /// An app on behalf of a person needs one of these.
    pub delegated: Vec<&'static str>,
    /// An app by itself needs one of these; none where it never may.
    pub application: Vec<&'static str>,
    /// The person needs one of these roles; none where no role is needed.
    pub roles: Vec<&'static str>,
    /// The explorer has every permission for this person here.
    pub every: bool,
    /// Those of the needed permissions that it has.
    pub held: Vec<&'static str>,
    /// Roles of the person.
    pub own_roles: Vec<&'static str>,
    /// All in all.
    pub allowed: bool,
}

impl Rights {
    /// What is missing, as far as it can be told.
    const fn refusal(&self) -> &'static str {
        if !self.every && self.held.is_empty() {
            "explorer-lacks-permission"
        } else if !self.roles.is_empty() {
            "explorer-lacks-role"
        } else {
            "explorer-lacks-policy"
        }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct ExplorerAnswer {
    /// The status.
    pub status: u16,
    /// What the status is called.
    pub reason: &'static str,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body, set out to be read.
    pub body: String,
    /// Kilobytes of the whole body, where only its beginning is shown.
    pub cut: Option<u64>,
    /// Links that can be followed.
    pub links: Vec<FollowLink>,
    /// Where to sign in again, where that cures a refusal.
    pub sign_in: Option<String>,
}

/// A link in an answer.
#[derive(Clone, Debug)]
pub struct FollowLink {
    /// The member that it stands in.
    pub name: String,
    /// The version that it leads to.
    pub version: &'static str,
    /// What follows the version.
    pub target: String,
}

/// Why nothing is sent.
#[derive(Clone, Debug)]
pub enum Halt {
    /// The administration pages are closed; where to open them.
    Shut {
        /// The way.
        link: String,
    },
    /// There is no account that can act in the organisation named.
    NoAccount,
}

/// Requests to Graph, typed by a person. Fields sent: `csrf`, `organization`, and those of [`Typed`].
#[derive(Clone, Debug, Template)]
#[template(path = "explorer.html")]
pub struct Explorer {
    /// What is around it.
    pub page: Page,
    /// Where the person has an account that can act: id and name.
    pub organizations: Vec<(TenantId, String)>,
    /// In which of them the request is sent.
    pub organization: Option<TenantId>,
    /// The request.
    pub typed: Typed,
    /// The samples.
    pub samples: Vec<SampleGroup>,
    /// Why nothing is sent.
    pub halt: Option<Halt>,
    /// What the request needs, once it can be told.
    pub needs: Option<Needs>,
    /// What came back, once it was sent.
    pub answer: Option<ExplorerAnswer>,
    /// The same request as a command.
    pub curl: Option<String>,
    /// The command that gets a token for it.
    pub token: String,
}

impl Explorer {
    fn problems(&self) -> Problems {
        problems(&[
            ("target", "explorer-target", &self.typed.target),
            ("headers", "explorer-headers", &self.typed.headers),
            ("body", "explorer-body", &self.typed.body),
        ])
    }

    fn status_mark(answer: &ExplorerAnswer) -> &'static str {
        match answer.status {
            200..=299 => "good",
            400.. => "stop",
            _ => "wait",
        }
    }
}
