//! Lists whose `$filter` is judged here, row by row, in the order in which the store keeps them. Each request looks at a bounded
//! number of rows; what it has not looked at, the next link continues with.

use super::super::call::{Answer, Call, PAGE};
use odata::{EntityType, Filter, Query, filter::field_of};
use serde_json::{Map, Value};
use std::future::Future;

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

/// What one request found.
struct Found {
    items: Vec<Value>,
    next: Option<String>,
}

async fn gather<F, Fetch>(
    filter: Option<&Filter>,
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
            if filter.is_none_or(|filter| matches(filter, &object)) {
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
    let after = call.position(&query)?.and_then(|position| position.into_iter().next());
    let limit = usize::from(query.top.unwrap_or(PAGE));
    let total = if query.count && query.skiptoken.is_none() {
        Some(count(query.filter.as_ref(), &fetch).await?)
    } else {
        None
    };
    let found = gather(query.filter.as_ref(), (after, limit), &fetch).await?;
    let next = found.next.map(|position| call.seal_position(&[position])).transpose()?;
    let items = found.items.into_iter().map(|object| Value::Object(render(object, &query))).collect();
    Ok(call.page(set, &query, total, next, items))
}

async fn count<F, Fetch>(filter: Option<&Filter>, fetch: &Fetch) -> model::Result<i64>
where
    F: Future<Output = model::Result<Vec<Row>>>,
    Fetch: Fn(Option<String>, u16) -> F,
{
    let (mut total, mut after) = (0, None);
    loop {
        let found = gather(filter, (after, usize::from(u16::MAX)), fetch).await?;
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
