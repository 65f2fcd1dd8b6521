//! `users/delta`: everybody once, and from then on whoever changed.

use super::{
    Answer, Call,
    call::{PAGE, success},
    schema::USER,
    wire,
};
use crate::errors::Problem;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::ObjectId;
use odata::{
    Filter, Query,
    filter::{Comparison, Scalar},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use service::{UserChange, UserDelta};

/// Most users in a filter by id (live service).
const MOST_IDS: usize = 50;

/// What a link carries: how far the client has come, and what it asked for in the beginning. Nobody can read or change it.
#[derive(Serialize, Deserialize)]
struct Token {
    /// Everything up to here is known to the client.
    since: i64,
    /// In the first round: the last user so far.
    after: Option<Vec<String>>,
    select: Option<String>,
    ids: Vec<ObjectId>,
}

pub(super) async fn users(call: Call<'_>) -> Answer {
    let query = parse(&call)?;
    let label = format!("delta:{}:users", call.caller.tenant());
    let directory = &call.app.directory;
    let given = query.skiptoken.as_ref().or(query.deltatoken.as_ref()).filter(|token| !is_latest(token));
    let token: Option<Token> = match given {
        Some(text) => {
            let opened =
                directory.unseal_opaque(&label, text).and_then(|bytes| serde_json::from_slice(&bytes).ok());
            Some(opened.ok_or_else(|| Problem::bad_request("Badly formed token."))?)
        }
        None => None,
    };
    let begun = match token {
        Some(token) => token,
        None => Token { since: 0, after: None, select: selected(&query), ids: ids(query.filter.as_ref())? },
    };
    let wanted = match (given, &begun.after) {
        (None, _) if query.deltatoken.as_deref().is_some_and(is_latest) => UserDelta::Latest,
        (None, _) => UserDelta::Everybody { since: None, after: None },
        (Some(_), Some(after)) => {
            UserDelta::Everybody { since: Some(begun.since), after: Some(after.clone()) }
        }
        (Some(_), None) => UserDelta::Since(begun.since),
    };
    let limit = page_size(&call.head.headers);
    let found = directory
        .user_delta(&call.arrival.cx, &call.caller, &wanted, &begun.ids, limit.unwrap_or(PAGE))
        .await?;
    let Some(page) = found else { return Ok(start_again(&call)) };
    let last = Token { since: page.since, after: page.after, ..begun };
    let seal = |token: &Token| -> Result<String, Problem> {
        Ok(directory.seal_opaque(&call.arrival.cx, &label, &serde_json::to_vec(token).unwrap_or_default())?)
    };
    let text = seal(&last)?;
    let (name, option) =
        if page.more { ("@odata.nextLink", "$skiptoken") } else { ("@odata.deltaLink", "$deltatoken") };
    let select = last.select.map(|names| format!("$select={names}"));
    let query = Query::parse(select.as_deref(), &USER, odata::Options::default())?;
    let items: Vec<Value> = page.changes.iter().map(|change| item(&call, &query, change)).collect();
    let body = json!({
        "@odata.context": odata::context_url(&call.base(), "users", query.select.as_deref()),
        name: format!("{}?{option}={text}", call.address()),
        "value": items,
    });
    let mut response = success(StatusCode::OK, &body);
    if let Some(Ok(applied)) = limit.map(|limit| HeaderValue::from_str(&format!("odata.maxpagesize={limit}")))
    {
        response.headers_mut().insert("Preference-Applied", applied);
    }
    Ok(response)
}

fn is_latest(token: impl AsRef<str>) -> bool {
    token.as_ref().eq_ignore_ascii_case("latest")
}

/// What a delta query does not take is refused: ignored, it would look as if it had been heeded.
fn parse(call: &Call<'_>) -> Result<Query, Problem> {
    let query = call.query_with_token(&USER)?;
    let refused = [
        ("$orderby", !query.order_by.is_empty()),
        ("$top", query.top.is_some()),
        ("$search", query.search.is_some()),
        ("$count", query.count),
    ];
    match refused.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "Request_UnsupportedQuery",
            format!("{name} is not supported in a delta query: leave it out."),
        )),
        None => Ok(query),
    }
}

/// The selection, always with the id.
fn selected(query: &Query) -> Option<String> {
    let select = query.select.as_ref()?;
    let mut names: Vec<&str> = select.iter().map(|property| property.name).collect();
    if !names.contains(&"id") {
        names.push("id");
    }
    Some(names.join(","))
}

/// Only a filter on ids is taken (live service).
fn ids(filter: Option<&Filter>) -> Result<Vec<ObjectId>, Problem> {
    let mut ids = Vec::new();
    if let Some(filter) = filter {
        collect(filter, &mut ids)?;
    }
    if ids.len() > MOST_IDS {
        return Err(unsupported_filter());
    }
    Ok(ids)
}

fn collect(filter: &Filter, ids: &mut Vec<ObjectId>) -> Result<(), Problem> {
    let mut add = |value: &Scalar| match value {
        Scalar::String(text) => {
            ids.push(text.parse().map_err(|_| unsupported_filter())?);
            Ok(())
        }
        _ => Err(unsupported_filter()),
    };
    match filter {
        Filter::Or(left, right) => {
            collect(left, ids)?;
            collect(right, ids)
        }
        Filter::Compare { field, op: Comparison::Eq, value } if field.path() == "id" => add(value),
        Filter::In { field, values } if field.path() == "id" => values.iter().try_for_each(add),
        _ => Err(unsupported_filter()),
    }
}

fn unsupported_filter() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "Request_UnsupportedQuery",
        format!("A delta query filters by id only: id eq '…' or id eq '…', at most {MOST_IDS} of them."),
    )
}

/// `Prefer: odata.maxpagesize=…` (OData 4.0, part 1, 8.2.8.5).
fn page_size(headers: &HeaderMap) -> Option<u16> {
    let preferences = headers.get_all("Prefer").iter().filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|value| value.split(','))
        .filter_map(|preference| preference.split_once('='))
        .filter(|(name, _)| {
            let name = name.trim();
            name.eq_ignore_ascii_case("odata.maxpagesize") || name.eq_ignore_ascii_case("maxpagesize")
        })
        .find_map(|(_, value)| value.trim().trim_matches('"').parse().ok())
        .filter(|size| (1..=999).contains(size))
}

fn item(call: &Call<'_>, query: &Query, change: &UserChange) -> Value {
    match change {
        UserChange::Is(user) => Value::Object(call.render(wire::user(user), &USER, query)),
        UserChange::Removed { id, for_good } => {
            let reason = if *for_good { "deleted" } else { "changed" };
            let mut item = Map::new();
            item.insert("id".to_owned(), json!(id));
            item.insert("@removed".to_owned(), json!({ "reason": reason }));
            Value::Object(item)
        }
    }
}

/// The directory does not remember so far ahead: it was put back to an earlier state. The client has to begin anew.
fn start_again(call: &Call<'_>) -> Response {
    let problem = Problem::new(
        StatusCode::GONE,
        "syncStateNotFound",
        "The sync state of this token is not found. Start again without a token, at the address in Location.",
    );
    let mut response = problem.json(call.arrival);
    if let Ok(location) = HeaderValue::from_str(&call.address()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
