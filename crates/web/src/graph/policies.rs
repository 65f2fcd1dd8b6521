//! `policies/externalIdentitiesPolicy`

use super::{Answer, Call, body, call::tagged, members::Selection, no_content, schema::POLICY};
use crate::errors::Problem;
use http::StatusCode;
use model::policy::{DISPLAY_NAME, ExternalIdentitiesPolicyPatch, ID};
use serde_json::{Map, Value};

pub(super) async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&POLICY, false)?;
    let policy = call.app.directory.get_policy(&call.arrival.cx, &call.caller).await?;
    let selection = Selection::of(&POLICY, query.select.as_deref());
    let response = call.told("policies/externalIdentitiesPolicy", &query, &selection, &policy);
    Ok(tagged(response, policy.version))
}

pub(super) async fn update(call: Call<'_>) -> Answer {
    let patch = parse(body::object(&call)?)?;
    let cx = &call.arrival.cx;
    call.app.directory.update_policy(cx, &call.caller, patch, cx.seen).await?;
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
