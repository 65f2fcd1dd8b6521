//! `policies/externalIdentitiesPolicy`

use super::{Answer, Call, body, no_content, schema::POLICY, wire};
use crate::errors::Problem;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::policy::{DISPLAY_NAME, ExternalIdentitiesPolicyPatch, ID};
use serde_json::{Map, Value};

pub(super) async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&POLICY, false)?;
    let policy = call.app.directory.get_policy(&call.arrival.cx, &call.caller).await?;
    let object = wire::select(wire::policy(&policy), &POLICY, query.select.as_deref());
    let mut response = call.entity(StatusCode::OK, "policies/externalIdentitiesPolicy", Some(&query), object);
    if let Ok(tag) = HeaderValue::from_str(&entity_tag(policy.version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

pub(super) async fn update(call: Call<'_>) -> Answer {
    let expected = expected_version(&call.head.headers)?;
    let patch = parse(body::object(&call)?)?;
    call.app.directory.update_policy(&call.arrival.cx, &call.caller, patch, expected).await?;
    Ok(no_content())
}

pub(super) fn cannot_create() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "Request_BadRequest",
        "Unsupported resource type 'externalIdentitiesPolicy' for operation 'Create'.",
    )
}

pub(super) fn cannot_delete() -> Problem {
    let mut problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "Request_BadRequest",
        "Deletion of policy type 'externalIdentitiesPolicy' is not supported.",
    );
    problem.allow = Some("GET, PATCH".to_owned());
    problem
}

fn entity_tag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// `If-Match`: `*` is any version; a tag that is none of ours matches none.
fn expected_version(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let tags = value.to_str().unwrap_or_default().trim();
    if tags == "*" {
        return Ok(None);
    }
    let version = tags.strip_prefix("W/").unwrap_or(tags).trim_matches('"').parse();
    Ok(Some(version.unwrap_or(-1)))
}

fn parse(body: Map<String, Value>) -> Result<ExternalIdentitiesPolicyPatch, Problem> {
    let mut patch = ExternalIdentitiesPolicyPatch::default();
    for (name, value) in body::changes(body)? {
        match name.as_str() {
            "allowExternalIdentitiesToLeave" => patch.allow_leave = Some(body::boolean(&value)?),
            "allowDeletedIdentitiesDataRemoval" => patch.allow_removal = Some(body::boolean(&value)?),
            // What SDKs and scripts send back from an earlier read is no change.
            "id" => unchanged("id", &value, Some(ID))?,
            "displayName" => unchanged("displayName", &value, Some(DISPLAY_NAME))?,
            "description" => unchanged("description", &value, None)?,
            "deletedDateTime" => unchanged("deletedDateTime", &value, None)?,
            _ => return Err(body::unknown(&name, POLICY.name)),
        }
    }
    Ok(patch)
}

fn unchanged(property: &'static str, value: &Value, current: Option<&str>) -> Result<(), Problem> {
    if value.as_str() == current && (value.is_string() || value.is_null()) {
        return Ok(());
    }
    Err(model::Error::invalid_value(property, "ExternalIdentitiesPolicy").into())
}
