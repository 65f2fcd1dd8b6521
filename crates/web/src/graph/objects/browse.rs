//! Lists whose `$filter` and `$search` are judged here, row by row, in the order in which the store keeps them. Each request looks
//! at a bounded number of rows; what it has not looked at, the next link continues with. Another order needs all rows at once, so
//! it is there as long as they are not too many.

use super::super::call::{Answer, Call, PAGE, plain_count};
use crate::errors::Problem;
use http::StatusCode;
use model::fold;
use odata::{Direction, EntityType, Filter, Query, Search, filter::field_of};
use serde_json::{Map, Value};
use std::{cmp::Ordering, future::Future};

/// How many rows are read at once.
const CHUNK: u16 = 200;
/// How many rows one request looks at: with a filter that matches little, a page may hold less than was asked for.
const MOST: usize = 5_000;

/// A row: its position, and the object.
pub(crate) type Row = (String, Value);

/// Does an object, as it is answered, match?
pub(crate) fn matches(filter: &Filter, object: &Value) -> bool {
    filter.matches(&|field| field_of(object, field))
}

/// Does an object match a search? A word of a name, and any other text as a whole, begins with the term.
fn is_found(search: &Search, object: &Value) -> bool {
    match search {
        Search::And(left, right) => is_found(left, object) && is_found(right, object),
        Search::Or(left, right) => is_found(left, object) || is_found(right, object),
        Search::Term { property, text } => {
            let (value, text) = (fold(object[property.name].as_str().unwrap_or_default()), fold(text));
            let by_word = ["displayName", "description"].contains(&property.name);
            value.starts_with(&text) || by_word && value.contains(&format!(" {text}"))
        }
    }
}

/// Is an object one of those that are asked for?
fn is_wanted(query: &Query, object: &Value) -> bool {
    query.filter.as_ref().is_none_or(|filter| matches(filter, object))
        && query.search.as_ref().is_none_or(|search| is_found(search, object))
}

/// Where an object stands in the order of a query: texts without regard to letter case, nothing before something; at last its
/// position, so that no two stand at the same place.
fn place(query: &Query, position: &str, object: &Value) -> Vec<String> {
    let keys = query.order_by.iter().map(|order| {
        let mut at = object;
        for step in order.field.steps() {
            at = &at[step.name];
        }
        at.as_str().map_or_else(|| if at.is_null() { String::new() } else { at.to_string() }, fold)
    });
    keys.chain([position.to_owned()]).collect()
}

fn compare(query: &Query, one: &[String], other: &[String]) -> Ordering {
    let directions = query.order_by.iter().map(|order| order.direction).chain([Direction::Ascending]);
    let mut compared =
        one.iter().zip(other).zip(directions).map(|((one, other), direction)| match direction {
            Direction::Ascending => one.cmp(other),
            Direction::Descending => other.cmp(one),
        });
    compared.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// One page in another order than the store's, and where it ended.
async fn ordered<F, Fetch>(
    query: &Query,
    after: Option<&[String]>,
    limit: usize,
    fetch: &Fetch,
) -> Result<(Vec<Value>, Option<Vec<String>>), Problem>
where
    F: Future<Output = model::Result<Vec<Row>>>,
    Fetch: Fn(Option<String>, u16) -> F,
{
    let (mut rows, mut last, mut looked) = (Vec::new(), None, 0);
    loop {
        let chunk = fetch(last.clone(), CHUNK).await?;
        let done = chunk.len() < usize::from(CHUNK);
        looked += chunk.len();
        for (position, object) in chunk {
            if is_wanted(query, &object) {
                rows.push((place(query, &position, &object), object));
            }
            last = Some(position);
        }
        if done {
            break;
        }
        if looked >= MOST {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "Request_UnsupportedQuery",
                format!("More than {MOST} objects are not put in another order: leave $orderby out."),
            ));
        }
    }
    rows.sort_by(|(one, _), (other, _)| compare(query, one, other));
    let mut behind = rows
        .into_iter()
        .skip_while(|(place, _)| after.is_some_and(|after| compare(query, place, after).is_le()));
    let page: Vec<(Vec<String>, Value)> = behind.by_ref().take(limit).collect();
    let next = behind.next().and_then(|_| page.last().map(|(place, _)| place.clone()));
    Ok((page.into_iter().map(|(_, object)| object).collect(), next))
}

/// What one request found.
struct Found {
    items: Vec<Value>,
    next: Option<String>,
}

async fn gather<F, Fetch>(
    query: &Query,
    (mut after, limit): (Option<String>, usize),
    fetch: &Fetch,
) -> model::Result<Found>
where
    F: Future<Output = model::Result<Vec<Row>>>,
    Fetch: Fn(Option<String>, u16) -> F,
{
    let (mut items, mut looked) = (Vec::new(), 0);
    loop {
        let rows = fetch(after.clone(), CHUNK).await?;
        let last = rows.len() < usize::from(CHUNK);
        for (position, object) in rows {
            if is_wanted(query, &object) {
                if items.len() == limit {
                    return Ok(Found { items, next: after });
                }
                items.push(object);
            }
            after = Some(position);
            looked += 1;
        }
        if last {
            return Ok(Found { items, next: None });
        }
        if looked >= MOST {
            return Ok(Found { items, next: after });
        }
    }
}

/// Answers one page of a list. `fetch` reads rows behind a position, in order.
pub(crate) async fn page_of<F, Fetch>(
    call: &Call<'_>,
    set: &str,
    entity: &'static EntityType,
    fetch: Fetch,
) -> Answer
where
    F: Future<Output = model::Result<Vec<Row>>>,
    Fetch: Fn(Option<String>, u16) -> F,
{
    page_with(call, set, entity, fetch, |object, query| call.render(object, entity, query)).await
}

/// The same with a say in how an object is answered.
pub(crate) async fn page_with<F, Fetch>(
    call: &Call<'_>,
    set: &str,
    entity: &'static EntityType,
    fetch: Fetch,
    render: impl Fn(Value, &Query) -> Map<String, Value>,
) -> Answer
where
    F: Future<Output = model::Result<Vec<Row>>>,
    Fetch: Fn(Option<String>, u16) -> F,
{
    let query = call.query(entity, false)?;
    let after = call.position(&query)?;
    let limit = usize::from(query.top.unwrap_or(PAGE));
    let total =
        if query.count && query.skiptoken.is_none() { Some(count(&query, &fetch).await?) } else { None };
    let (found, next) = if query.order_by.is_empty() {
        let after = after.and_then(|position| position.into_iter().next());
        let found = gather(&query, (after, limit), &fetch).await?;
        (found.items, found.next.map(|position| vec![position]))
    } else {
        ordered(&query, after.as_deref(), limit, &fetch).await?
    };
    let next = next.map(|position| call.seal_position(&position)).transpose()?;
    let items = found.into_iter().map(|object| Value::Object(render(object, &query))).collect();
    Ok(call.page(set, &query, total, next, items))
}

/// Answers how many rows there are: `/$count`.
pub(crate) async fn count_of<F, Fetch>(call: &Call<'_>, entity: &'static EntityType, fetch: Fetch) -> Answer
where
    F: Future<Output = model::Result<Vec<Row>>>,
    Fetch: Fn(Option<String>, u16) -> F,
{
    if !call.is_advanced() {
        return Err(odata::Error::count_unsupported().into());
    }
    let query = call.query(entity, true)?;
    Ok(plain_count(count(&query, &fetch).await?))
}

async fn count<F, Fetch>(query: &Query, fetch: &Fetch) -> model::Result<i64>
where
    F: Future<Output = model::Result<Vec<Row>>>,
    Fetch: Fn(Option<String>, u16) -> F,
{
    let (mut total, mut after) = (0, None);
    loop {
        let found = gather(query, (after, usize::from(u16::MAX)), fetch).await?;
        total += i64::try_from(found.items.len()).unwrap_or(0);
        match found.next {
            Some(position) => after = Some(position),
            None => return Ok(total),
        }
    }
}

/// Rows that are all there at once, as a source of pages: sorted by position.
pub(crate) fn slice(rows: &[Row], after: Option<&str>, limit: u16) -> Vec<Row> {
    rows.iter()
        .filter(|(position, _)| after.is_none_or(|after| position.as_str() > after))
        .take(usize::from(limit))
        .cloned()
        .collect()
}
