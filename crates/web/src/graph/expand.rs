//! `$expand`: the objects of a relation within the objects that have it. A relation can be expanded where it has an address of
//! its own below the object; what is answered there, with all its rights and forms, is what is put in here.

use super::{
    Answer,
    call::success,
    routes::{Route, Shape, routes},
};
use crate::{App, edge::Arrival, errors::Problem};
use axum::{body::Body, extract::Request};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use odata::Expansion;
use serde_json::{Map, Value};
use service::Caller;

/// How many related objects are put in; there is no link to more (live service).
const MOST: usize = 20;

/// Marks a request that we make ourselves on behalf of one that is paid for.
#[derive(Clone, Copy)]
pub(super) struct Inside;

/// What a request asks to be put in.
pub(super) struct Expand {
    expansion: Expansion,
    /// The address of the request, without its query.
    path: String,
    caller: Caller,
    /// Is the answer a collection?
    many: bool,
}

impl Expand {
    /// Reads the `$expand` of a request for this route, if it has one.
    pub(super) fn read(route: &Route, request: &Request, caller: &Caller) -> Result<Option<Self>, Problem> {
        let Some(query) = request.uri().query() else { return Ok(None) };
        let given = odata::option(Some(query), "expand")?;
        let (Some(given), "GET", Shape::One(of) | Shape::Many(of)) = (given, route.method, route.shape)
        else {
            return Ok(None);
        };
        let many = matches!(route.shape, Shape::Many(_));
        let base = if many { format!("{}/{{id}}", route.path) } else { route.path.to_owned() };
        let has_any = routes().iter().any(|other| relation(other, &base).is_some());
        if !has_any || route.path.ends_with("/delta") {
            return Err(unsupported("$expand is not supported here: leave it out."));
        }
        let expansions = Expansion::parse(&given)?;
        let [expansion] = expansions.as_slice() else {
            return Err(unsupported("Only one relation can be expanded in a request."));
        };
        let known = routes().iter().any(|other| {
            relation(other, &base).is_some_and(|name| name.eq_ignore_ascii_case(&expansion.name))
        });
        if !known {
            return Err(Problem::bad_request(format!(
                "Parsing OData Select and Expand failed: Could not find a property named '{}' on type '{}'.",
                expansion.name, of.name
            )));
        }
        let path = request.uri().path().trim_end_matches('/').to_owned();
        Ok(Some(Self { expansion: expansion.clone(), path, caller: caller.clone(), many }))
    }

    /// Puts the related objects into an answer. Whoever may not read them gets the refusal instead.
    pub(super) async fn put_in(self, app: &App, arrival: &Arrival, answer: Answer) -> Answer {
        let (head, body) = answer?.into_parts();
        let body = body.collect().await.map_err(|_| broken())?.to_bytes();
        let mut body: Value = serde_json::from_slice(&body).map_err(|_| broken())?;
        if let Some(objects) = body.get_mut("value").filter(|_| self.many).and_then(Value::as_array_mut) {
            for object in objects {
                let id = object["id"].as_str().ok_or_else(|| {
                    Problem::bad_request("$expand needs the id of each object: select it as well.")
                })?;
                let path = format!("{}/{id}", self.path);
                self.put_into(app, arrival, &path, object).await?;
            }
        } else {
            self.put_into(app, arrival, &self.path, &mut body).await?;
        }
        let mut response = success(head.status, &body);
        // An entity tag is that of the object alone.
        for (name, value) in head.headers.iter().filter(|(name, _)| *name != header::ETAG) {
            response.headers_mut().insert(name, value.clone());
        }
        Ok(response)
    }

    async fn put_into(
        &self,
        app: &App,
        arrival: &Arrival,
        path: &str,
        object: &mut Value,
    ) -> Result<(), Problem> {
        let Expansion { name, select } = &self.expansion;
        let select = select.as_ref().map(|names| format!("?$select={names}")).unwrap_or_default();
        let request = Request::get(odata::encode_target(&format!("{path}/{name}{select}")))
            .extension(Inside)
            .extension(self.caller.clone())
            .body(Body::empty())
            .map_err(|_| broken())?;
        let response = super::answer_inside(app, arrival, request).await;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|_| broken())?.to_bytes();
        let mut related: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| broken())?;
        match (status, object.as_object_mut()) {
            (StatusCode::OK, Some(object)) => {
                let context = related.remove("@odata.context").unwrap_or_default();
                let related = match related.remove("value") {
                    Some(Value::Array(mut objects)) => {
                        objects.truncate(MOST);
                        Value::Array(objects)
                    }
                    _ => Value::Object(related),
                };
                object.insert(format!("{name}@odata.context"), context);
                object.insert(name.clone(), related);
                Ok(())
            }
            // A relation to one object that has none.
            (StatusCode::NOT_FOUND, Some(_)) => Ok(()),
            _ => Err(Problem::passed_on(status, &related)),
        }
    }
}

/// The name of the relation that a route answers, if it is one of the objects at this address.
fn relation(route: &Route, base: &str) -> Option<&'static str> {
    let name = route.path.strip_prefix(base)?.strip_prefix('/')?;
    let readable = route.method == "GET" && matches!(route.shape, Shape::One(_) | Shape::Many(_));
    (readable && !name.contains(['/', '$', '.', '{'])).then_some(name)
}

fn unsupported(message: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", message)
}

fn broken() -> Problem {
    model::Error::internal("an answer of our own could not be read").into()
}
