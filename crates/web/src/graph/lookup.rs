//! `directoryObjects/getByIds`, and collections that are here because clients look into them.

use super::{
    Answer, Call, body,
    schema::{DIRECTORY_OBJECT, GET_BY_IDS, SUBSCRIBED_SKU},
    wire,
};
use crate::errors::Problem;
use model::ObjectId;
use serde_json::{Map, Value, json};

/// Most ids in one request (live service).
const MOST_IDS: usize = 1_000;

/// Which kinds of objects are wanted: those named, or all.
fn wants_users(types: &[String]) -> bool {
    types.is_empty()
        || types
            .iter()
            .any(|kind| ["user", "directoryObject"].iter().any(|known| kind.eq_ignore_ascii_case(known)))
}

pub(super) async fn get_by_ids(call: Call<'_>) -> Answer {
    let query = call.query(&DIRECTORY_OBJECT, false)?;
    let (mut ids, mut types) = (None, Vec::new());
    for (name, value) in body::members(body::object(&call)?) {
        match (name.as_str(), value) {
            ("ids", value) => ids = Some(body::texts(value)?),
            ("types", Value::Null) => {}
            ("types", value) => types = body::texts(value)?,
            _ => return Err(body::unknown(&name, GET_BY_IDS.name)),
        }
    }
    let ids = ids.filter(|ids| !ids.is_empty()).ok_or_else(|| {
        Problem::bad_request("The parameter 'ids' is missing or empty: give the ids of the objects to read.")
    })?;
    if ids.len() > MOST_IDS {
        return Err(Problem::bad_request(format!("Too many ids: at most {MOST_IDS} are read at once.")));
    }
    let mut wanted: Vec<ObjectId> = Vec::with_capacity(ids.len());
    for id in &ids {
        let id: ObjectId =
            id.parse().map_err(|_| Problem::bad_request(format!("Invalid object identifier '{id}'.")))?;
        if !wanted.contains(&id) {
            wanted.push(id);
        }
    }
    if !wants_users(&types) {
        wanted.clear();
    }
    let users = call.app.directory.users_by_ids(&call.arrival.cx, &call.caller, &wanted).await?;
    let items = users.iter().map(|user| {
        let mut item = Map::new();
        item.insert("@odata.type".to_owned(), json!("#microsoft.graph.user"));
        item.extend(call.render(wire::user(user), &super::schema::USER, &query));
        Value::Object(item)
    });
    Ok(call.page("directoryObjects", &query, None, None, items.collect()))
}

/// There are no licences, so the list is empty; who may read the organization may read that.
pub(super) async fn subscribed_skus(call: Call<'_>) -> Answer {
    let query = call.query(&SUBSCRIBED_SKU, false)?;
    call.app.directory.get_organization(&call.arrival.cx, &call.caller).await?;
    Ok(call.page("subscribedSkus", &query, None, None, Vec::new()))
}
