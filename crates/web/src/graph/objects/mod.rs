//! Everything of Graph beside users, the policy of leaving, and the audit log.

mod access;
pub(super) mod applications;
mod browse;
mod grants;
pub(super) mod groups;
mod people;
mod policies;
pub(super) mod principals;
pub(super) mod roles;
mod types;

pub(super) use browse::matches;
pub(super) use groups::viewed;

use super::{
    body,
    call::{Answer, Call},
};
use crate::errors::Problem;
use http::StatusCode;
use model::{Error, ObjectId};
use serde_json::{Map, Value};

/// What a route of these does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Access(access::Act),
    Applications(applications::Act),
    Grants(grants::Act),
    Groups(groups::Act),
    People(people::Act),
    Policies(policies::Act),
    Principals(principals::Act),
    Roles(roles::Act),
}

pub(super) use types::{
    ACCESS_DEFAULT, ACCESS_PARTNER, ACCESS_POLICY, ADD_PASSWORD, APPLICATION, AUTHORIZATION_POLICY,
    CHECK_MEMBERS, CHECK_OBJECTS, FLOWS_POLICY, GET_MEMBERS, GROUP, PASSWORD_CREDENTIAL, PERMISSION_GRANT,
    REFERENCE, REMOVE_PASSWORD, ROLE, ROLE_ASSIGNMENT, ROLE_DEFINITION, ROLE_GRANT, ROLE_TEMPLATE,
    SERVICE_PRINCIPAL,
};

pub(super) use access::Act as Access;
pub(super) use applications::Act as Applications;
pub(crate) use applications::{addresses_of, with_addresses_at};
pub(super) use grants::Act as Grants;
pub(super) use groups::Act as Groups;
pub(super) use people::Act as People;
pub(super) use policies::Act as Policies;
pub(super) use principals::Act as Principals;
pub(super) use roles::Act as Roles;

pub(super) async fn run(act: Act, call: Call<'_>) -> Answer {
    match act {
        Act::Access(act) => access::run(act, call).await,
        Act::Applications(act) => applications::run(act, call).await,
        Act::Grants(act) => grants::run(act, call).await,
        Act::Groups(act) => groups::run(act, call).await,
        Act::People(act) => people::run(act, call).await,
        Act::Policies(act) => policies::run(act, call).await,
        Act::Principals(act) => principals::run(act, call).await,
        Act::Roles(act) => roles::run(act, call).await,
    }
}

/// The value of the nth brace as an object id; what is none leads to no object.
fn id_at(call: &Call<'_>, index: usize) -> Result<ObjectId, Problem> {
    let text = call.values.get(index).map_or("", String::as_str);
    text.parse().map_err(|_| Error::not_found(text).into())
}

/// The id in the body of a write to a `$ref`: the last segment of `@odata.id`.
fn reference(call: &Call<'_>) -> Result<ObjectId, Problem> {
    let object = body::object(call)?;
    let link = object.get("@odata.id").and_then(Value::as_str).unwrap_or_default();
    let last = link.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let last = last.split(['(', ')', '\'']).rfind(|part| !part.is_empty()).unwrap_or_default();
    last.parse().map_err(|_| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_BadRequest",
            "Invalid URL format specified in payload: send {\"@odata.id\": \"…/v1.0/directoryObjects/{id}\"}.",
        )
    })
}

/// Puts the type of a directory object in front of its members.
pub(super) fn typed(kind: &str, object: Map<String, Value>) -> Map<String, Value> {
    let mut typed = Map::new();
    typed.insert("@odata.type".to_owned(), Value::String(format!("#microsoft.graph.{kind}")));
    typed.extend(object);
    typed
}

/// A time in a body.
fn moment(value: Value) -> Result<Option<model::Timestamp>, Problem> {
    match body::text(value)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| body::mistyped("Edm.DateTimeOffset")),
    }
}
