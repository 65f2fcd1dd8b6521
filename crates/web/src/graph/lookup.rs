//! `directoryObjects/getByIds`, and collections that are here because clients look into them.

use super::{
    Answer, Call, body, objects,
    schema::{DIRECTORY_OBJECT, GET_BY_IDS, ORGANIZATION, SUBSCRIBED_SKU, USER},
    wire,
};
use crate::errors::Problem;
use http::StatusCode;
use model::{Error, ObjectId};
use odata::{EntityType, Query};
use serde_json::{Value, json};
use service::{FoundObject, ObjectKind};

/// Most ids in one request (live service).
const MOST_IDS: usize = 1_000;

/// Kinds of objects that Graph knows and that there are none of here.
const ABSENT: [&str; 8] = [
    "administrativeUnit",
    "appRoleAssignment",
    "contract",
    "device",
    "directoryRoleTemplate",
    "endpoint",
    "orgContact",
    "resourceSpecificPermissionGrant",
];

const fn entity(kind: ObjectKind) -> (&'static str, &'static EntityType) {
    match kind {
        ObjectKind::User => ("user", &USER),
        ObjectKind::Group => ("group", &objects::GROUP),
        ObjectKind::Application => ("application", &objects::APPLICATION),
        ObjectKind::ServicePrincipal => ("servicePrincipal", &objects::SERVICE_PRINCIPAL),
        ObjectKind::DirectoryRole => ("directoryRole", &objects::ROLE),
        ObjectKind::Organization => ("organization", &ORGANIZATION),
    }
}

/// Which kinds are wanted: those named, or all. `directoryObject` is every kind.
fn kinds(types: &[String]) -> Result<Vec<ObjectKind>, Problem> {
    let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let known = |name: &str| {
        let name = name.strip_prefix("microsoft.graph.").unwrap_or(name);
        is(name, "directoryObject")
            || ABSENT.iter().any(|absent| is(name, absent))
            || ObjectKind::ALL.iter().any(|kind| is(name, entity(*kind).0))
    };
    if types.iter().any(|name| !known(name)) {
        return Err(Error::invalid_value("types", "DirectoryObject").into());
    }
    let named = |kind: &ObjectKind| {
        types.is_empty()
            || types.iter().any(|name| {
                let name = name.strip_prefix("microsoft.graph.").unwrap_or(name);
                is(name, "directoryObject") || is(name, entity(*kind).0)
            })
    };
    Ok(ObjectKind::ALL.into_iter().filter(named).collect())
}

/// The options of a request whose answer holds objects of several kinds: a selection names properties of any of them.
fn query(call: &Call<'_>) -> Result<Query, Problem> {
    let raw = call.head.uri.query().unwrap_or_default();
    let is_select = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        name.trim_start_matches("%24").trim_start_matches('$').eq_ignore_ascii_case("select")
    };
    let rest: Vec<&str> = raw.split('&').filter(|pair| !is_select(pair)).collect();
    let mut query = Query::parse(Some(&rest.join("&")), &DIRECTORY_OBJECT, odata::Options::default())?;
    let Some(names) = odata::option(Some(raw), "select")? else { return Ok(query) };
    let mut selected = Vec::new();
    for name in names.split(',').map(str::trim) {
        let mut kinds = ObjectKind::ALL.into_iter();
        let found = kinds.find_map(|kind| entity(kind).1.property(name)).ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "BadRequest",
                format!("Could not find a property named '{name}' on type '{}'.", DIRECTORY_OBJECT.name),
            )
        })?;
        if !selected.contains(&found) {
            selected.push(found);
        }
    }
    query.select = Some(selected);
    Ok(query)
}

fn shown(call: &Call<'_>, query: &Query, found: FoundObject) -> Value {
    let (tenant, version) = (call.caller.tenant(), call.version);
    let (kind, object) = match found {
        FoundObject::User(user, view) => (ObjectKind::User, objects::viewed(wire::user(&user), view)),
        FoundObject::Group(group) => (ObjectKind::Group, objects::groups::object(&group)),
        FoundObject::Application(app) => (ObjectKind::Application, objects::applications::object(&app)),
        FoundObject::ServicePrincipal(app) => {
            (ObjectKind::ServicePrincipal, objects::principals::object(tenant, version, &app))
        }
        FoundObject::DirectoryRole(role) => (ObjectKind::DirectoryRole, objects::roles::role(role)),
        FoundObject::Organization(tenant, domains, full) => {
            (ObjectKind::Organization, wire::organization(&tenant, &domains, full))
        }
        FoundObject::Hidden(kind, id) => {
            return json!({ "@odata.type": format!("#microsoft.graph.{}", entity(kind).0), "id": id });
        }
    };
    let (name, entity) = entity(kind);
    Value::Object(objects::typed(name, call.render(object, entity, query)))
}

pub(super) async fn get_by_ids(call: Call<'_>) -> Answer {
    let query = query(&call)?;
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
    let kinds = kinds(&types)?;
    let (directory, cx) = (&call.app.directory, &call.arrival.cx);
    let found = directory.objects_by_ids(cx, &call.caller, &wanted, &kinds).await?;
    let mut items: Vec<Value> = found.into_iter().map(|object| shown(&call, &query, object)).collect();
    // The service principal of Graph is the same everywhere, and kept nowhere.
    let graph = objects::principals::graph_principal(call.caller.tenant());
    let principal = ObjectKind::ServicePrincipal;
    if kinds.contains(&principal) && wanted.contains(&graph) {
        let (name, entity) = entity(principal);
        let whole = objects::principals::graph(call.caller.tenant(), call.version);
        items.push(if directory.may_read_kind(cx, &call.caller, principal).await? {
            Value::Object(objects::typed(name, call.render(whole, entity, &query)))
        } else {
            shown(&call, &query, FoundObject::Hidden(principal, graph))
        });
    }
    Ok(call.page("directoryObjects", &query, None, None, items))
}

/// There are no licences, so the list is empty; who may read the organization may read that.
pub(super) async fn subscribed_skus(call: Call<'_>) -> Answer {
    let query = call.query(&SUBSCRIBED_SKU, false)?;
    call.app.directory.get_organization(&call.arrival.cx, &call.caller).await?;
    Ok(call.page("subscribedSkus", &query, None, None, Vec::<Value>::new()))
}
