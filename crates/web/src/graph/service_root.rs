//! `GET /v1.0/` and `/beta/`: the names at the top, as the route table has them.

use super::{
    Version,
    call::success,
    routes::{Shape, routes},
};
use crate::edge::Arrival;
use axum::response::Response;
use http::StatusCode;
use odata::EntityType;
use serde_json::{Value, json};

/// What stands at the top of the address space.
#[derive(Clone, Copy)]
pub(super) enum Top {
    /// A collection of objects.
    Set(&'static EntityType),
    /// One object.
    One(&'static EntityType),
    /// Only the way to what is below.
    Way,
}

/// The names at the top, each once, in the order of the route table.
pub(super) fn tops() -> Vec<(&'static str, Top)> {
    let mut tops: Vec<(&'static str, Top)> = Vec::new();
    for name in routes().iter().filter_map(|route| route.parts().next()) {
        if !name.starts_with('$') && !tops.iter().any(|(known, _)| *known == name) {
            tops.push((name, top(name)));
        }
    }
    tops
}

fn top(name: &str) -> Top {
    let below = || routes().iter().filter(move |route| route.parts().next() == Some(name));
    let at = below().filter(|route| route.path == name);
    for route in at {
        match (route.method, route.shape) {
            ("GET", Shape::One(of)) => return Top::One(of),
            ("GET" | "POST", Shape::Many(of)) | ("POST", Shape::One(of)) => return Top::Set(of),
            _ => {}
        }
    }
    // Where objects can only be acted on, as directoryObjects/getByIds, they are a set all the same.
    let mut acts = below().map(|route| (route.method, route.shape));
    match below().next().map(|route| route.shape) {
        Some(Shape::Many(of)) if acts.all(|(method, _)| method == "POST") => Top::Set(of),
        _ => Top::Way,
    }
}

pub(super) fn answer(arrival: &Arrival, version: Version) -> Response {
    let value: Vec<Value> = tops()
        .into_iter()
        .map(|(name, top)| {
            let kind = if matches!(top, Top::Set(_)) { "EntitySet" } else { "Singleton" };
            json!({ "name": name, "kind": kind, "url": name })
        })
        .collect();
    let context = format!("{}/{}/$metadata", arrival.origin, version.segment());
    success(StatusCode::OK, &json!({ "@odata.context": context, "value": value }))
}
