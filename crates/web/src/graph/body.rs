//! Request bodies: strict JSON, known members only.

use super::Call;
use crate::errors::Problem;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

/// Reads the JSON object of a write, with Graph's own words for each way it can be wrong.
pub(super) fn object(call: &Call<'_>) -> Result<Map<String, Value>, Problem> {
    check_type(&call.head.headers, call.body.is_empty())?;
    Ok(odata::json::parse_object(&call.body)?)
}

/// The same where the body may be left out.
pub(super) fn optional_object(call: &Call<'_>) -> Result<Map<String, Value>, Problem> {
    if call.body.is_empty() { Ok(Map::new()) } else { object(call) }
}

fn check_type(headers: &HeaderMap, empty: bool) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Err(Problem::bad_request(if empty {
            "Empty Payload. JSON content expected."
        } else {
            "Write requests (excluding DELETE) must contain the Content-Type header declaration."
        }));
    };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Problem::bad_request("Entity only allows writes with a JSON Content-Type header."))
    }
}

/// The members of an object, without those about the message: `@odata.type`, `privacyProfile@odata.type` and so on.
pub(super) fn members(object: Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    object.into_iter().filter(|(name, _)| !name.contains('@'))
}

/// The same of an update, which must have at least one.
pub(super) fn changes(object: Map<String, Value>) -> Result<Vec<(String, Value)>, Problem> {
    let members: Vec<_> = members(object).collect();
    if members.is_empty() {
        return Err(Problem::bad_request("Empty Payload. JSON content expected."));
    }
    Ok(members)
}

/// A member that the type does not have.
pub(crate) fn unknown(name: &str, entity: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "RequestBodyRead",
        format!(
            "The property '{name}' does not exist on type '{entity}'. Make sure to only use property names that are defined by the type or mark the type as open type."
        ),
    )
}

/// A member with a value of another type.
pub(crate) fn mistyped(edm: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "Request_BadRequest",
        format!(
            "Cannot convert a primitive value to the expected type '{edm}'. See the inner exception for more details."
        ),
    )
}

/// A member that the service alone sets.
pub(crate) fn read_only(name: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "Request_BadRequest",
        format!("Property '{name}' is read-only and cannot be set."),
    )
}

/// A real JSON boolean: the live service refuses `null`, `"false"` and `0`.
pub(crate) fn boolean(value: &Value) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| mistyped("Edm.Boolean"))
}

/// A text or null.
pub(crate) fn text(value: Value) -> Result<Option<String>, Problem> {
    match value {
        Value::String(text) => Ok(Some(text)),
        Value::Null => Ok(None),
        _ => Err(mistyped("Edm.String")),
    }
}

/// A text.
pub(crate) fn required_text(value: Value) -> Result<String, Problem> {
    text(value)?.ok_or_else(|| mistyped("Edm.String"))
}

/// A list of texts.
pub(crate) fn texts(value: Value) -> Result<Vec<String>, Problem> {
    let Value::Array(values) = value else { return Err(mistyped("Collection(Edm.String)")) };
    values.into_iter().map(required_text).collect()
}
