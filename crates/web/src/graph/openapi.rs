//! The description of the programming interface in OpenAPI 3.1, written from the route table, so that it lists what there is.

use super::{
    Version,
    routes::{Route, Shape, routes},
};
use odata::{EntityType, Kind};
use serde_json::{Map, Value, json};

/// The description, for a server at this address.
pub(crate) fn document(origin: &str) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    schemas.insert("error".to_owned(), error_schema());
    for version in [Version::V1, Version::Beta] {
        for route in routes() {
            let (path, parameters) = address(version, route);
            let item = paths.entry(path).or_insert_with(|| json!({ "parameters": parameters }));
            item[route.method.to_ascii_lowercase()] = operation(version, route, &mut schemas);
        }
    }
    for (path, item) in own().into_iter().chain(providers()) {
        paths.insert(path.to_owned(), item);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Innkeeper",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The part of Microsoft Graph that guest administration touches, and what My Account does.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": origin }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "session": { "type": "apiKey", "in": "cookie", "name": crate::pages::session::SESSION },
            },
        },
    })
}

/// The address with a name of its own for each value in it, and these values as parameters.
fn address(version: Version, route: &Route) -> (String, Vec<Value>) {
    let (mut path, mut parameters) = (format!("/{}/", version.segment()), Vec::<Value>::new());
    let parts: Vec<String> = route
        .parts()
        .map(|part| {
            let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
                return part.to_owned();
            };
            let taken = parameters.iter().any(|known| known["name"] == name);
            let unique = if taken { format!("{name}-{}", parameters.len() + 1) } else { name.to_owned() };
            parameters.push(json!({
                "name": unique, "in": "path", "required": true, "schema": { "type": "string" },
            }));
            format!("{{{unique}}}")
        })
        .collect();
    path.push_str(&parts.join("/"));
    (path, parameters)
}

fn operation(version: Version, route: &Route, schemas: &mut Map<String, Value>) -> Value {
    let mut name: Vec<String> = vec![version.segment().to_owned(), route.method.to_ascii_lowercase()];
    name.extend(route.parts().map(|part| part.trim_matches(['{', '}', '$']).to_owned()));
    let mut operation = json!({
        "operationId": name.join("."),
        "summary": route.summary,
        "security": if route.is_open() { json!([]) } else { json!([{ "bearer": [] }]) },
        "responses": responses(route, schemas),
    });
    let options = options(route);
    if !options.is_empty() {
        operation["parameters"] = Value::Array(options);
    }
    if let Some(takes) = route.takes {
        let members = properties(takes, schemas);
        operation["requestBody"] = json!({
            "required": route.method == "PATCH" || takes.name != "restore",
            "content": { "application/json": { "schema": { "type": "object", "properties": members } } },
        });
    } else if route.path == "$batch" {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": batch_schema() } },
        });
    }
    if let Some(rule) = route.operation.map(model::authz::Operation::rule) {
        let names = |list: &[model::authz::Permission]| {
            list.iter().map(|permission| permission.value()).collect::<Vec<_>>().join(", ")
        };
        operation["description"] = json!(format!(
            "Delegated permissions: {}. Application permissions: {}.",
            names(rule.delegated),
            if rule.application.is_empty() { "none".to_owned() } else { names(rule.application) }
        ));
    }
    operation
}

fn option(name: &str, schema: &Value, description: &str) -> Value {
    json!({ "name": name, "in": "query", "required": false, "schema": schema, "description": description })
}

fn options(route: &Route) -> Vec<Value> {
    let text = json!({ "type": "string" });
    let select = || option("$select", &text, "Properties to answer, separated by commas.");
    let is_delta = route.path.ends_with("/delta");
    let mut options = match (route.method, route.shape) {
        ("GET", Shape::One(_)) => vec![select()],
        ("GET", Shape::Many(_)) if is_delta => vec![
            select(),
            option("$filter", &text, "Only users with these ids."),
            option("$deltatoken", &text, "How far the client has come."),
        ],
        ("GET", Shape::Many(_)) => vec![
            select(),
            option("$filter", &text, "Which objects."),
            option("$orderby", &text, "In which order."),
            option("$search", &text, "Which objects, by words."),
            option(
                "$top",
                &json!({ "type": "integer", "minimum": 1, "maximum": 999 }),
                "How many on a page.",
            ),
            option("$count", &json!({ "type": "boolean" }), "Whether to count all that match."),
        ],
        ("GET", Shape::Number) => vec![option("$filter", &text, "Which objects.")],
        _ => Vec::new(),
    };
    if matches!((route.method, route.shape), ("GET", Shape::Many(_) | Shape::Number)) && !is_delta {
        options.push(json!({
            "name": "ConsistencyLevel",
            "in": "header",
            "required": false,
            "schema": { "type": "string", "enum": ["eventual"] },
            "description": "Allows counting, searching, and filters beyond the simple ones.",
        }));
    }
    options
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn answer(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": json_content(schema) })
}

/// What each route may answer when it does not do what was asked.
const REFUSALS: [(&str, &str); 12] = [
    ("400", "The request is wrong; the message says what."),
    ("401", "There is no good token."),
    ("403", "The caller may not do this."),
    ("404", "There is no such object for this caller."),
    ("405", "The method is not allowed here."),
    ("408", "The body did not arrive in time."),
    ("409", "The state does not allow it now."),
    ("412", "If-Match names another version."),
    ("413", "The body is larger than 1 MiB."),
    ("414", "The address is longer than 8 KiB."),
    ("415", "The body is compressed."),
    ("429", "Too much was asked; Retry-After says when to go on."),
];

fn refusals() -> Map<String, Value> {
    let error = json!({ "$ref": "#/components/schemas/error" });
    let mut responses: Map<String, Value> = REFUSALS
        .iter()
        .map(|(status, description)| ((*status).to_owned(), answer(description, &error)))
        .collect();
    responses.insert(
        "503".to_owned(),
        answer("The directory cannot be reached; Retry-After says when to try again.", &error),
    );
    responses
}

fn responses(route: &Route, schemas: &mut Map<String, Value>) -> Value {
    let mut responses = refusals();
    let readable = routes().iter().any(|other| other.method == "GET" && other.path == route.path);
    let top = route.parts().count() == 1;
    let status = match (route.method, route.shape) {
        ("POST", Shape::One(_)) if top || readable => Some("201"),
        ("PATCH" | "DELETE" | "POST", Shape::Untyped) if route.operation.is_some() => Some("204"),
        // Some only say why they do nothing.
        (_, Shape::Untyped) if route.operation.is_none() && !route.is_open() && route.path != "$batch" => {
            None
        }
        _ => Some("200"),
    };
    let done = match (route.shape, route.path) {
        (_, "$metadata") => json!({
            "description": "Done.", "content": { "application/xml": { "schema": { "type": "string" } } },
        }),
        (Shape::One(of), _) => answer("Done.", &reference(of, schemas)),
        (Shape::Many(of), _) => answer("Done.", &page_schema(&reference(of, schemas))),
        (Shape::Texts, _) => answer("Done.", &page_schema(&json!({ "type": "string" }))),
        (Shape::Flag, _) => answer("Done.", &flag_schema()),
        (Shape::Number, _) => json!({
            "description": "Done.", "content": { "text/plain": { "schema": { "type": "integer" } } },
        }),
        (Shape::Untyped, _) if status == Some("204") => json!({ "description": "Done." }),
        (Shape::Untyped, _) => answer("Done.", &json!({ "type": "object" })),
    };
    if let Some(status) = status {
        responses.insert(status.to_owned(), done);
    }
    if route.path.ends_with("/delta") {
        let error = json!({ "$ref": "#/components/schemas/error" });
        responses.insert("410".to_owned(), answer("The client has to begin anew.", &error));
    }
    Value::Object(responses)
}

fn page_schema(item: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["@odata.context", "value"],
        "properties": {
            "@odata.context": { "type": "string" },
            "@odata.count": { "type": "integer" },
            "@odata.nextLink": { "type": "string", "format": "uri" },
            "@odata.deltaLink": { "type": "string", "format": "uri" },
            "value": { "type": "array", "items": item },
        },
    })
}

fn flag_schema() -> Value {
    json!({
        "type": "object",
        "required": ["@odata.context", "value"],
        "properties": { "@odata.context": { "type": "string" }, "value": { "type": "boolean" } },
    })
}

fn batch_schema() -> Value {
    json!({
        "type": "object",
        "required": ["requests"],
        "properties": { "requests": { "type": "array", "minItems": 1, "maxItems": 20, "items": {
            "type": "object",
            "required": ["id", "method", "url"],
            "properties": {
                "id": { "type": "string" },
                "method": { "type": "string" },
                "url": { "type": "string" },
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "body": {},
                "dependsOn": { "type": "array", "items": { "type": "string" } },
            },
        } } },
    })
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message", "innerError"],
            "properties": {
                "code": { "type": "string" },
                "message": { "type": "string" },
                "target": { "type": "string" },
                "details": { "type": "array", "items": { "type": "object" } },
                "innerError": { "type": "object", "required": ["date", "request-id"] },
            },
        } },
    })
}

/// Describes a type once, and answers where.
fn reference(of: &'static EntityType, schemas: &mut Map<String, Value>) -> Value {
    if !schemas.contains_key(of.name) {
        // Before its members are looked at: types may refer to each other in a circle.
        schemas.insert(of.name.to_owned(), Value::Null);
        let members = properties(of, schemas);
        schemas.insert(of.name.to_owned(), json!({ "type": "object", "properties": members }));
    }
    json!({ "$ref": format!("#/components/schemas/{}", of.name) })
}

fn properties(of: &'static EntityType, schemas: &mut Map<String, Value>) -> Map<String, Value> {
    of.properties.iter().map(|property| (property.name.to_owned(), schema(property.kind, schemas))).collect()
}

fn schema(kind: Kind, schemas: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::String => json!({ "type": ["string", "null"] }),
        Kind::Boolean => json!({ "type": ["boolean", "null"] }),
        Kind::DateTime => json!({ "type": ["string", "null"], "format": "date-time" }),
        Kind::Int64 => json!({ "type": ["integer", "null"] }),
        Kind::Guid => json!({ "type": ["string", "null"], "format": "uuid" }),
        Kind::Complex(of) => json!({ "anyOf": [reference(of, schemas), { "type": "null" }] }),
        Kind::Collection(of) => json!({ "type": ["array", "null"], "items": schema(*of, schemas) }),
    }
}

/// Our own addresses, for the session of a browser.
fn own() -> [(&'static str, Value); 2] {
    let operation = |id: &str, summary: &str, refusals: &[&str]| {
        let mut responses = self::refusals();
        responses.retain(|status, _| refusals.contains(&status.as_str()));
        responses.insert("200".to_owned(), answer("Done.", &json!({ "type": "object" })));
        json!({ "operationId": id, "summary": summary, "security": [{ "session": [] }], "responses": responses })
    };
    let tenant = json!([{
        "name": "tenant", "in": "path", "required": true, "schema": { "type": "string" },
        "description": "The id of the organization, or one of its domains.",
    }]);
    let mut leave = operation(
        "own.leave",
        "Leave an organization, with the confirmation that GET gave",
        &["400", "401", "403", "404", "405", "408", "409", "413", "414", "415", "503"],
    );
    leave["requestBody"] = json!({
        "required": true,
        "content": json_content(&json!({
            "type": "object",
            "required": ["confirmation"],
            "properties": { "confirmation": { "type": "string" } },
        })),
    });
    let reading = ["400", "401", "404", "405", "413", "414", "415", "503"];
    [
        (
            "/innkeeper/v1/me/organizations",
            json!({ "get": operation("own.organizations", "List the organizations where one has an account", &reading) }),
        ),
        (
            "/innkeeper/v1/me/organizations/{tenant}/leave",
            json!({
                "parameters": tenant,
                "get": operation("own.viewLeave", "What leaving would mean, with a confirmation to send back", &reading),
                "post": leave,
            }),
        ),
    ]
}

/// External identity providers, for apps with a token.
fn providers() -> [(&'static str, Value); 4] {
    let text = || json!({ "type": "string" });
    let members = |names: &[&str], flags: &[&str]| {
        let texts = names.iter().map(|name| ((*name).to_owned(), text()));
        let flags = flags.iter().map(|name| ((*name).to_owned(), json!({ "type": "boolean" })));
        texts.chain(flags).collect::<Map<String, Value>>()
    };
    let body = |properties: Map<String, Value>, required: &[&str]| {
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        json!({ "required": true, "content": json_content(&schema) })
    };
    let operation = |id: &str, summary: &str, status: &str, body: Option<Value>| {
        let mut responses = refusals();
        let done = if status == "204" {
            json!({ "description": "Done." })
        } else {
            answer("Done.", &json!({ "type": "object" }))
        };
        responses.insert(status.to_owned(), done);
        let mut operation = json!({
            "operationId": format!("own.{id}"), "summary": summary, "security": [{ "bearer": [] }], "responses": responses,
        });
        if let Some(body) = body {
            operation["requestBody"] = body;
        }
        operation
    };
    let parameter =
        |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    let writable = ["displayName", "clientId", "clientSecret"];
    let new = members(&["displayName", "issuer", "clientId", "clientSecret"], &["trustsEmail"]);
    let needed = ["displayName", "issuer", "clientId", "clientSecret"];
    let patch = members(&writable, &["trustsEmail", "enabled"]);
    let domain = members(&["domain"], &[]);
    [
        (
            "/innkeeper/v1/identityProviders",
            json!({
                "get": operation("providers", "List the external identity providers", "200", None),
                "post": operation("addProvider", "Register one", "201", Some(body(new, &needed))),
            }),
        ),
        (
            "/innkeeper/v1/identityProviders/{id}",
            json!({
                "parameters": [parameter("id")],
                "get": operation("provider", "Read one", "200", None),
                "patch": operation("updateProvider", "Change one, or switch it off or on", "204", Some(body(patch, &[]))),
                "delete": operation("removeProvider", "Take one away", "204", None),
            }),
        ),
        (
            "/innkeeper/v1/identityProviders/{id}/domains",
            json!({
                "parameters": [parameter("id")],
                "post": operation("addDomain", "Name a domain of one, for the operator to confirm", "200", Some(body(domain, &["domain"]))),
            }),
        ),
        (
            "/innkeeper/v1/identityProviders/{id}/domains/{domain}",
            json!({
                "parameters": [parameter("id"), parameter("domain")],
                "delete": operation("removeDomain", "Take a domain from one", "204", None),
            }),
        ),
    ]
}
