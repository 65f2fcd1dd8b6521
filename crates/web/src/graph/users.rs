//! `users`, `me` and `directory/deletedItems`

use super::{
    Answer, Call, body,
    call::{PAGE, tagged},
    members::{Selected, Selection},
    no_content, objects, plain_count,
    schema::{PROFILE_TEXTS, USER},
    success,
    wire::{self, Listed},
};
use crate::errors::Problem;
use http::{HeaderValue, StatusCode, header};
use model::{Error, ObjectId, UserType};
use odata::{Direction, Filter, Query, filter::field_of};
use serde_json::{Map, Value, json};
use service::{PasswordChange, UserField, UserPatch, UserQuery};

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
    check_filter(&call, &query).await?;
    let keep = judge(&query);
    let wanted = UserQuery { after: call.position(&query)?, ..user_query(&query, deleted, &keep) };
    let selection = call.selection(&USER, &query);
    if let Some(fields) = wire::listed_fields(&selection) {
        return list_rows(&call, &query, &wanted, (&fields, &selection)).await;
    }
    let (page, total) =
        call.app.directory.list_users(&call.arrival.cx, &call.caller, &wanted, query.count).await?;
    let next = page.next.map(|position| call.seal_position(&position)).transpose()?;
    let sign_ins = if asks_for_sign_ins(&query) {
        call.app.directory.sign_ins_of(&call.arrival.cx, &call.caller, &page.items).await?
    } else {
        Vec::new()
    };
    let items = page
        .items
        .iter()
        .enumerate()
        .map(|(at, user)| {
            let mut item = Map::new();
            if deleted {
                item.insert(TYPE.0.to_owned(), json!(TYPE.1));
            }
            let object = with_sign_ins(wire::user(user), sign_ins.get(at).copied());
            item.extend(call.render(object, &USER, &query));
            Value::Object(item)
        })
        .collect();
    Ok(call.page("users", &query, total, next, items))
}

/// What a deleted object is, said in front of it.
const TYPE: (&str, &str) = ("@odata.type", "#microsoft.graph.user");

/// The same where the selection can be answered without reading whole users.
async fn list_rows(
    call: &Call<'_>,
    query: &Query,
    wanted: &UserQuery<'_>,
    (fields, selection): (&[UserField], &Selection),
) -> Answer {
    let (cx, caller) = (&call.arrival.cx, &call.caller);
    let (page, total) = call.app.directory.list_user_rows(cx, caller, wanted, fields, query.count).await?;
    let next = page.next.map(|position| call.seal_position(&position)).transpose()?;
    let about: &[_] = if wanted.deleted { &[TYPE] } else { &[] };
    let users: Vec<_> = page.items.iter().map(|row| Listed { fields, row }).collect();
    let items = users.iter().map(|object| Selected { about, object, selection }).collect();
    Ok(call.page("users", query, total, next, items))
}

pub(super) async fn count(call: Call<'_>, deleted: bool) -> Answer {
    if !call.is_advanced() {
        return Err(odata::Error::count_unsupported().into());
    }
    let query = call.query(&USER, true)?;
    check_filter(&call, &query).await?;
    let keep = judge(&query);
    let wanted = user_query(&query, deleted, &keep);
    let total = call.app.directory.count_users(&call.arrival.cx, &call.caller, &wanted).await?;
    Ok(plain_count(total))
}

pub(super) async fn get(call: Call<'_>) -> Answer {
    let query = call.query(&USER, false)?;
    let (directory, cx, caller) = (&call.app.directory, &call.arrival.cx, &call.caller);
    let detail = directory.user_detail(cx, caller, call.value(), asks_for_sign_ins(&query)).await?;
    let object = with_sign_ins(wire::user(&detail.user), detail.sign_ins);
    let object = call.render(objects::viewed(object, detail.view), &USER, &query);
    Ok(tagged(call.entity(StatusCode::OK, "users", Some(&query), object), detail.user.version))
}

/// The properties that a filter names.
fn named(filter: &Filter) -> Vec<String> {
    match filter {
        Filter::And(left, right) | Filter::Or(left, right) => [named(left), named(right)].concat(),
        Filter::Not(inner) => named(inner),
        Filter::Compare { field, .. } | Filter::In { field, .. } | Filter::Text { field, .. } => {
            vec![field.path()]
        }
        Filter::Lambda { collection, .. } => vec![collection.path()],
    }
}

/// Sign-in activity is kept beside the users: a filter on it takes the permission to read it, and goes only with properties that
/// the store can judge together with it.
async fn check_filter(call: &Call<'_>, query: &Query) -> Result<(), Problem> {
    const TOGETHER: [&str; 9] = [
        "id",
        "displayName",
        "userPrincipalName",
        "mail",
        "userType",
        "accountEnabled",
        "externalUserState",
        "externalUserStateChangeDateTime",
        "createdDateTime",
    ];
    let named = query.filter.as_ref().map(named).unwrap_or_default();
    let is_activity = |name: &String| name.starts_with(SIGN_IN_ACTIVITY);
    if !named.iter().any(is_activity) {
        return Ok(());
    }
    if !named.iter().all(|name| is_activity(name) || TOGETHER.contains(&name.as_str())) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_UnsupportedQuery",
            format!(
                "A filter on signInActivity goes together with these properties only: {}.",
                TOGETHER.join(", ")
            ),
        ));
    }
    call.app.directory.sign_ins_of(&call.arrival.cx, &call.caller, &[]).await?;
    Ok(())
}

/// When somebody last signed in is read only where it is asked for by name: it takes another permission besides.
fn asks_for_sign_ins(query: &Query) -> bool {
    query.select.as_ref().is_some_and(|selected| selected.iter().any(|one| one.name == SIGN_IN_ACTIVITY))
}

const SIGN_IN_ACTIVITY: &str = "signInActivity";

fn with_sign_ins(mut object: Value, sign_ins: Option<service::SignIns>) -> Value {
    if let Some(sign_ins) = sign_ins {
        object[SIGN_IN_ACTIVITY] = wire::sign_ins(&sign_ins);
    }
    object
}

pub(super) async fn me(call: Call<'_>) -> Answer {
    let query = call.query(&USER, false)?;
    call.require_person()?;
    let user = call.app.directory.me(&call.arrival.cx, &call.caller).await?;
    let object = call.render(wire::user(&user), &USER, &query);
    Ok(tagged(call.entity(StatusCode::OK, "users", Some(&query), object), user.version))
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

/// `revokeSignInSessions`, and what beta called it before. It takes no parameters, so what a client sends along says nothing.
pub(super) async fn revoke_sessions(call: Call<'_>, own: bool) -> Answer {
    let key = call.whom(own)?;
    call.app.directory.revoke_sign_in_sessions(&call.arrival.cx, &call.caller, key).await?;
    let context = format!("{}/$metadata#Edm.Boolean", call.base());
    Ok(success(StatusCode::OK, &json!({ "@odata.context": context, "value": true })))
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
pub(super) fn parse(body: Map<String, Value>) -> Result<UserPatch, Problem> {
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
            "userPrincipalName" => patch.user_name = Some(body::required_text(value)?),
            "passwordProfile" => (patch.password, patch.password_change) = password(value)?,
            "showInAddressList" => {
                let flag = if value.is_null() { value } else { json!(body::boolean(&value)?) };
                patch.profile.insert(name, flag);
            }
            "employeeHireDate" | "employeeLeaveDateTime" => {
                let at = body::text(value)?;
                if at.as_deref().is_some_and(|at| at.parse::<model::Timestamp>().is_err()) {
                    return Err(body::mistyped("Edm.DateTimeOffset"));
                }
                patch.profile.insert(name, json!(at));
            }
            "employeeOrgData" => {
                patch.profile.insert(name, org_data(value)?);
            }
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

/// `passwordProfile`: the password, and whether it has to be changed at the next sign-in.
fn password(value: Value) -> Result<(Option<String>, Option<PasswordChange>), Problem> {
    let members = match value {
        Value::Object(members) => members,
        Value::Null => return Ok((None, None)),
        _ => return Err(body::mistyped("microsoft.graph.passwordProfile")),
    };
    let (mut password, mut plain, mut with_second_factor) = (None, None, None);
    for (name, value) in body::members(members) {
        match name.as_str() {
            "password" => password = body::text(value)?,
            "forceChangePasswordNextSignIn" => plain = Some(body::boolean(&value)?),
            "forceChangePasswordNextSignInWithMfa" => with_second_factor = Some(body::boolean(&value)?),
            _ => return Err(body::unknown(&name, "microsoft.graph.passwordProfile")),
        }
    }
    let change = match (plain, with_second_factor) {
        (_, Some(true)) => Some(PasswordChange::RequiredWithSecondFactor),
        (Some(true), _) => Some(PasswordChange::Required),
        (Some(false), _) => Some(PasswordChange::NotRequired),
        // That it need not be behind the second factor does not say that it need not be.
        (None, _) => None,
    };
    Ok((password, change))
}

fn org_data(value: Value) -> Result<Value, Problem> {
    let members = match value {
        Value::Object(members) => members,
        Value::Null => return Ok(Value::Null),
        _ => return Err(body::mistyped("microsoft.graph.employeeOrgData")),
    };
    let mut kept = Map::new();
    for (name, value) in body::members(members) {
        match name.as_str() {
            "costCenter" | "division" => {
                let text = body::text(value)?;
                if text.as_deref().is_some_and(|text| model::plain_text(text).is_none()) {
                    return Err(Error::invalid_value("employeeOrgData", "User").into());
                }
                kept.insert(name, json!(text));
            }
            _ => return Err(body::unknown(&name, "microsoft.graph.employeeOrgData")),
        }
    }
    Ok(Value::Object(kept))
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
