//! `users`, `me` and `directory/deletedItems`

use super::{
    Answer, Call, body,
    call::PAGE,
    no_content, plain_count,
    schema::{PROFILE_TEXTS, USER},
    success, wire,
};
use crate::errors::Problem;
use http::{HeaderValue, StatusCode, header};
use model::{Error, ObjectId, UserType};
use odata::{Direction, Query, filter::field_of};
use serde_json::{Map, Value, json};
use service::{UserPatch, UserQuery};

/// Does the filter hold of the user as rendered? Where the store keeps no column for a property, this decides.
fn judge(query: &Query) -> impl Fn(&model::User) -> bool + Send + Sync + use<'_> {
    move |user| {
        let object = wire::user(user);
        query.filter.as_ref().is_none_or(|filter| filter.matches(&|field| field_of(&object, field)))
    }
}

fn user_query<'q>(
    query: &'q Query,
    deleted: bool,
    keep: &'q (dyn Fn(&model::User) -> bool + Send + Sync),
) -> UserQuery<'q> {
    let order_by = query
        .order_by
        .iter()
        .map(|order| {
            (
                order.field.steps().first().map_or("", |step| step.name),
                order.direction == Direction::Descending,
            )
        })
        .collect();
    UserQuery {
        deleted,
        filter: query.filter.as_ref(),
        search: query.search.as_ref(),
        order_by,
        after: None,
        limit: query.top.unwrap_or(PAGE),
        keep: Some(keep),
    }
}

pub(super) async fn list(call: Call<'_>, deleted: bool) -> Answer {
    let query = call.query(&USER, false)?;
    let keep = judge(&query);
    let wanted = UserQuery { after: call.position(&query)?, ..user_query(&query, deleted, &keep) };
    let (page, total) =
        call.app.directory.list_users(&call.arrival.cx, &call.caller, &wanted, query.count).await?;
    let next = page.next.map(|position| call.seal_position(&position)).transpose()?;
    let items = page
        .users
        .iter()
        .map(|user| {
            let mut item = Map::new();
            if deleted {
                item.insert("@odata.type".to_owned(), json!("#microsoft.graph.user"));
            }
            item.extend(call.render(wire::user(user), &USER, &query));
            Value::Object(item)
        })
        .collect();
    Ok(call.page("users", &query, total, next, items))
}

pub(super) async fn count(call: Call<'_>, deleted: bool) -> Answer {
    if !call.is_advanced() {
        return Err(odata::Error::count_unsupported().into());
    }
    let query = call.query(&USER, true)?;
    let keep = judge(&query);
    let wanted = user_query(&query, deleted, &keep);
    let total = call.app.directory.count_users(&call.arrival.cx, &call.caller, &wanted).await?;
    Ok(plain_count(total))
}

pub(super) async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&USER, false)?;
    let user = call.app.directory.get_user(&call.arrival.cx, &call.caller, call.value()).await?;
    let object = call.render(wire::user(&user), &USER, &query);
    Ok(call.entity(StatusCode::OK, "users", Some(&query), object))
}

pub(super) async fn me(call: Call<'_>) -> Answer {
    let query = call.query(&USER, false)?;
    if call.caller.object().is_none() {
        return Err(Problem::bad_request("/me request is only valid with delegated authentication flow."));
    }
    let user = call.app.directory.me(&call.arrival.cx, &call.caller).await?;
    let object = call.render(wire::user(&user), &USER, &query);
    Ok(call.entity(StatusCode::OK, "users", Some(&query), object))
}

pub(super) async fn update(call: Call<'_>) -> Answer {
    let patch = parse(body::object(&call)?)?;
    call.app.directory.update_user(&call.arrival.cx, &call.caller, call.value(), patch).await?;
    Ok(no_content())
}

pub(super) async fn delete(call: Call<'_>) -> Answer {
    call.app.directory.delete_user(&call.arrival.cx, &call.caller, call.value()).await?;
    Ok(no_content())
}

fn object_id(call: &Call<'_>) -> Result<ObjectId, Problem> {
    call.value().parse().map_err(|_| Error::not_found(call.value()).into())
}

/// A soft-deleted user, as the directory object that it is.
fn directory_object(call: &Call<'_>, query: &Query, user: &model::User) -> axum::response::Response {
    let mut object = Map::new();
    object.insert("@odata.type".to_owned(), json!("#microsoft.graph.user"));
    object.extend(call.render(wire::user(user), &USER, query));
    call.entity(StatusCode::OK, "directoryObjects", Some(query), object)
}

pub(super) async fn get_deleted(call: Call<'_>) -> Answer {
    let query = call.query(&USER, false)?;
    let user = call.app.directory.get_deleted_user(&call.arrival.cx, &call.caller, object_id(&call)?).await?;
    Ok(directory_object(&call, &query, &user))
}

pub(super) async fn restore(call: Call<'_>) -> Answer {
    let query = call.query(&USER, false)?;
    let new_upn = parse_restore(body::optional_object(&call)?)?;
    let id = object_id(&call)?;
    let user = call.app.directory.restore_user(&call.arrival.cx, &call.caller, id, new_upn).await?;
    Ok(directory_object(&call, &query, &user))
}

pub(super) async fn purge(call: Call<'_>) -> Answer {
    call.app.directory.purge_user(&call.arrival.cx, &call.caller, object_id(&call)?).await?;
    Ok(no_content())
}

/// The live service lists deleted items of a named type only.
pub(super) fn cast_required() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "Request_BadRequest",
        "Listing deleted items needs a type: use directory/deletedItems/microsoft.graph.user.",
    )
}

fn parse_restore(body: Map<String, Value>) -> Result<Option<String>, Problem> {
    let mut new_upn = None;
    for (name, value) in body::members(body) {
        match name.as_str() {
            "newUserPrincipalName" => new_upn = body::text(value)?,
            // Proxy addresses are not kept, so there is no conflict to reconcile.
            "autoReconcileProxyConflict" => drop(body::boolean(&value)?),
            _ => {
                return Err(Problem::bad_request(format!(
                    "The parameter '{name}' is not known for the action 'restore'."
                )));
            }
        }
    }
    Ok(new_upn)
}

/// Only what is named here can be written.
fn parse(body: Map<String, Value>) -> Result<UserPatch, Problem> {
    let mut patch = UserPatch::default();
    for (name, value) in body::changes(body)? {
        match name.as_str() {
            "displayName" => patch.display_name = Some(body::required_text(value)?),
            "givenName" => patch.given_name = Some(body::text(value)?),
            "surname" => patch.surname = Some(body::text(value)?),
            "mail" => patch.mail = Some(body::text(value)?),
            "otherMails" => patch.other_mails = Some(body::texts(value)?),
            "accountEnabled" => patch.account_enabled = Some(body::boolean(&value)?),
            "userType" => patch.user_type = Some(user_type(&value)?),
            "businessPhones" => {
                patch.profile.insert(name, json!(body::texts(value)?));
            }
            other => match PROFILE_TEXTS.iter().find(|known| **known == other) {
                Some(profile) => {
                    let text = body::text(value)?;
                    if text.as_deref().is_some_and(|text| model::plain_text(text).is_none()) {
                        return Err(Error::invalid_value(profile, "User").into());
                    }
                    patch.profile.insert(name, json!(text));
                }
                None if USER.property(other).is_some_and(|known| known.name == other) => {
                    return Err(body::read_only(other));
                }
                None => return Err(body::unknown(other, USER.name)),
            },
        }
    }
    Ok(patch)
}

fn user_type(value: &Value) -> Result<UserType, Problem> {
    value.as_str().and_then(UserType::parse).ok_or_else(|| Error::invalid_value("userType", "User").into())
}

/// Where a created object can be read.
pub(super) fn created(location: &str, body: &Value) -> axum::response::Response {
    let mut response = success(StatusCode::CREATED, body);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
