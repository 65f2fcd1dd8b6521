//! What leaves the server: mails and questions to other people's servers. Both go through here, so that tests answer them and
//! the binary alone opens connections.

use crate::mail::Mail;
use std::{future::Future, pin::Pin, sync::Arc};

/// An answer that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A mail as it is sent: plain text, and the same as simple HTML.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// One address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as a whole HTML document, without anything from elsewhere.
    pub html: String,
}

/// Why a mail was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PostFault {
    /// Another try may work; what the log should say, without an address.
    Later(String),
    /// It will never be taken.
    Never(String),
}

/// Takes mails to where they go.
pub trait Post: Send + Sync {
    /// Hands over one mail; once it is `Ok`, somebody else answers for it.
    fn deliver<'a>(&'a self, letter: &'a Letter) -> Pending<'a, Result<(), PostFault>>;
}

/// A request to an OpenID Connect provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Where; https, unless the operator allows otherwise.
    pub url: String,
    /// A form to `POST`; without one it is a `GET`.
    pub form: Option<Vec<(String, String)>>,
    /// User name and password for HTTP Basic (RFC 6749, section 2.3.1).
    pub basic: Option<(String, String)>,
}

/// What came back, whatever its status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The HTTP status; redirects are not followed.
    pub status: u16,
    /// The body, of at most 256 KiB.
    pub body: Vec<u8>,
}

/// Asks other people's servers. Whoever implements it connects to public addresses only (unless the operator allows more),
/// follows no redirect, and gives up after five seconds or 256 KiB.
pub trait Outbound: Send + Sync {
    /// Asks once; the error is for the log.
    fn ask<'a>(&'a self, question: &'a Question) -> Pending<'a, Result<Reply, String>>;
}

/// Puts what a mail says into the words of its language. The web has them: one file for each language holds all texts.
pub type Wording = fn(&Mail) -> Letter;

/// Where mails go, and who words them.
#[derive(Clone)]
pub enum Mailing {
    /// Nowhere: invitations are passed on by the inviter, and nobody can sign in by mailbox.
    Off,
    /// To other servers.
    Post(Wording, Arc<dyn Post>),
    /// Nowhere but into a list on a page: a demonstration.
    Local(Wording),
}

/// What a directory reaches beyond itself.
#[derive(Clone)]
pub struct Outside {
    /// Where mails go.
    pub mailing: Mailing,
    /// How providers are asked; without it nobody signs in with one.
    pub outbound: Option<Arc<dyn Outbound>>,
    /// Whether role holders of an organisation that has not said so need a second factor.
    pub second_factor_for_roles: bool,
}

impl Default for Outside {
    /// Reaches nothing, asks for no second factor.
    fn default() -> Self {
        Self { mailing: Mailing::Off, outbound: None, second_factor_for_roles: false }
    }
}
