//! Names, ids, states and the pure rules of the directory.
//!
//! Nothing here does input or output, reads a clock or draws randomness: time and entropy come in through [`Cx`].
//! The rules that matter most are [`leave::decide`], [`policy::decide`], the transitions in [`lifecycle`], and
//! [`authz::authorize`]; pages, API, command line and documentation all call these.

pub mod audit;
pub mod authz;
pub mod collaboration;
mod cx;
mod error;
mod ids;
pub mod leave;
pub mod lifecycle;
pub mod policy;
mod scope;
mod tenant;
mod time;
mod user;

pub use cx::{Cx, Random};
pub use error::{Error, ErrorKind, Result, TokenFault};
pub use ids::{AppId, ObjectId, RequestId, TenantId, mint_ordered_uuid, mint_uuid};
pub use policy::ExternalIdentitiesPolicy;
pub use scope::TenantScope;
pub use tenant::{PrivacyProfile, Tenant, fold, is_https_or_mailto, is_plain_address, plain_text};
pub use time::{Alarm, Clock, Reading, Span, Timestamp, TrustedClock};
pub use user::{
    Deletion, DeletionCause, Federated, Home, HomeState, InvitationState, Person, Profile, User, UserType,
    domain_of,
};
