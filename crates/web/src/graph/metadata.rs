//! `$metadata`: the types and the ways between them, in CSDL (OData 4.0, part 3), written from the route table and the
//! descriptions of the entities, so that it cannot say what is not there.

use super::{
    Version,
    routes::{Route, Shape, routes},
    schema::DIRECTORY_OBJECT,
    service_root::{Top, tops},
};
use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use odata::{EntityType, Kind, Property};
use std::{collections::BTreeMap, fmt::Write};

pub(super) fn answer(version: Version) -> Response {
    let mut response = Response::new(Body::from(document(version)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert("OData-Version", HeaderValue::from_static("4.0"));
    response
}

const NAMESPACE: &str = "microsoft.graph.";

/// A way from one type to another: its name, where it leads, and whether it leads to many.
#[derive(Clone, PartialEq, Eq)]
struct Way {
    name: &'static str,
    to: String,
    many: bool,
}

#[derive(Default)]
struct Model {
    entities: BTreeMap<&'static str, &'static EntityType>,
    complexes: BTreeMap<&'static str, &'static EntityType>,
    /// By the full name of the type they begin at.
    ways: BTreeMap<String, Vec<Way>>,
}

/// The type of an object that exists only as the way to others; Microsoft's name where it has one.
fn way_type(parts: &[&str]) -> String {
    let known = match parts {
        ["policies"] => "policyRoot",
        ["auditLogs"] => "auditLogRoot",
        ["directory"] => "directory",
        ["roleManagement"] => "roleManagement",
        ["roleManagement", "directory"] => "rbacApplication",
        _ => return format!("{NAMESPACE}{}Root", parts.join("_")),
    };
    format!("{NAMESPACE}{known}")
}

/// A part of an address that is the name of a property, and not of a key, a cast, a function or a number.
fn is_name(part: &str) -> bool {
    !part.starts_with(['{', '$']) && !part.starts_with(NAMESPACE) && part != "delta"
}

fn same_way(route: &Route, parts: &[&str]) -> bool {
    route.parts().count() == parts.len()
        && route
            .parts()
            .zip(parts)
            .all(|(ours, theirs)| ours == *theirs || ours.starts_with('{') && theirs.starts_with('{'))
}

/// The full name of the type at an address.
fn type_at(parts: &[&'static str]) -> String {
    let found = routes().iter().find_map(|route| match route.shape {
        Shape::One(of) | Shape::Many(of) if route.method == "GET" && same_way(route, parts) => Some(of),
        _ => None,
    });
    match (found, parts.split_last()) {
        (Some(of), _) => of.name.to_owned(),
        (None, Some((last, before))) if last.starts_with('{') => type_at(before),
        (None, Some((last, []))) => match tops().into_iter().find(|(name, _)| name == last) {
            Some((_, Top::Set(of) | Top::One(of))) => of.name.to_owned(),
            _ => way_type(parts),
        },
        _ => way_type(parts),
    }
}

impl Model {
    fn read() -> Self {
        let mut model = Self::default();
        model.entities.insert(DIRECTORY_OBJECT.name, &DIRECTORY_OBJECT);
        for route in routes() {
            // What has no id is a value, also where an action answers it.
            if let Shape::One(of) | Shape::Many(of) = route.shape
                && of.property("id").is_some()
            {
                model.entities.insert(of.name, of);
            }
        }
        let entities: Vec<_> = model.entities.values().copied().collect();
        for entity in entities.into_iter().chain(routes().iter().filter_map(|route| route.takes)) {
            model.look_into(entity);
        }
        for route in routes() {
            if let Shape::One(of) | Shape::Many(of) = route.shape
                && !model.entities.contains_key(of.name)
                && model.complexes.insert(of.name, of).is_none()
            {
                model.look_into(of);
            }
        }
        for route in routes() {
            let parts: Vec<_> = route.parts().collect();
            for length in 2..=parts.len() {
                model.add_way(&parts[..length]);
            }
        }
        model
    }

    /// Finds the complex types of a type.
    fn look_into(&mut self, of: &'static EntityType) {
        for property in of.properties {
            if let Some(inner) = complex(property.kind)
                && !self.entities.contains_key(inner.name)
                && self.complexes.insert(inner.name, inner).is_none()
            {
                self.look_into(inner);
            }
        }
    }

    fn add_way(&mut self, parts: &[&'static str]) {
        let Some((name, before)) = parts.split_last().filter(|(name, _)| is_name(name)) else { return };
        // A POST alone is an action or, at an address that can be read, makes an object.
        let read = routes().iter().find(|route| route.method == "GET" && same_way(route, parts));
        let leads_on = routes().iter().any(|route| {
            let theirs: Vec<_> = route.parts().collect();
            theirs.len() > parts.len() && theirs[..parts.len()] == *parts
        });
        let (to, many) = match read.map(|route| route.shape) {
            Some(Shape::One(of)) => (of.name.to_owned(), false),
            Some(Shape::Many(of)) => (of.name.to_owned(), true),
            None if leads_on => (type_at(parts), false),
            _ => return,
        };
        let ways = self.ways.entry(type_at(before)).or_default();
        let way = Way { name, to, many };
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
}

fn complex(kind: Kind) -> Option<&'static EntityType> {
    match kind {
        Kind::Complex(of) => Some(of),
        Kind::Collection(of) => complex(*of),
        _ => None,
    }
}

fn collection_of(name: &str, many: bool) -> String {
    if many { format!("Collection({name})") } else { name.to_owned() }
}

fn short(name: &str) -> &str {
    name.strip_prefix(NAMESPACE).unwrap_or(name)
}

/// Writes into a text, which cannot fail.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {{ let _ = writeln!($out, $($text)*); }};
}

impl Model {
    fn property(&self, out: &mut String, property: &Property, version: Version) {
        let name = property.name;
        if complex(property.kind).is_some_and(|of| self.entities.contains_key(of.name)) {
            line!(out, "        <NavigationProperty Name=\"{name}\" Type=\"{}\" />", property.kind.edm());
            return;
        }
        // A difference between the versions (Microsoft's metadata).
        let kind = match (name, version) {
            ("externalUserStateChangeDateTime", Version::Beta) => Kind::String.edm(),
            _ => property.kind.edm(),
        };
        let never_null =
            if matches!(property.kind, Kind::Collection(_)) { " Nullable=\"false\"" } else { "" };
        line!(out, "        <Property Name=\"{name}\" Type=\"{kind}\"{never_null} />");
    }

    fn ways_of(&self, out: &mut String, of: &str, version: Version) {
        for way in self.ways.get(of).into_iter().flatten() {
            // One in v1.0 and many in beta, in which there is one (Microsoft's metadata).
            let many = way.many || way.name == "authorizationPolicy" && version == Version::Beta;
            let to = collection_of(&way.to, many);
            line!(
                out,
                "        <NavigationProperty Name=\"{}\" Type=\"{to}\" ContainsTarget=\"true\" />",
                way.name
            );
        }
    }

    fn types(&self, out: &mut String, version: Version) {
        for of in self.complexes.values() {
            line!(out, "      <ComplexType Name=\"{}\">", short(of.name));
            of.properties.iter().for_each(|property| self.property(out, property, version));
            line!(out, "      </ComplexType>");
        }
        line!(
            out,
            "      <EntityType Name=\"entity\" Abstract=\"true\">\n        <Key>\n          <PropertyRef Name=\"id\" />\n        </Key>\n        \
             <Property Name=\"id\" Type=\"Edm.String\" Nullable=\"false\" />\n      </EntityType>"
        );
        for of in self.entities.values() {
            let is_base = of.name == DIRECTORY_OBJECT.name;
            let in_directory = of.directory && of.property("deletedDateTime").is_some() && !is_base;
            let base = if in_directory { "directoryObject" } else { "entity" };
            line!(out, "      <EntityType Name=\"{}\" BaseType=\"{NAMESPACE}{base}\">", short(of.name));
            let own = |property: &&Property| {
                property.name != "id" && !(in_directory && property.name == "deletedDateTime")
            };
            of.properties.iter().filter(own).for_each(|property| self.property(out, property, version));
            self.ways_of(out, of.name, version);
            line!(out, "      </EntityType>");
        }
        for of in self.ways.keys().filter(|of| !self.entities.contains_key(of.as_str())) {
            line!(out, "      <EntityType Name=\"{}\" BaseType=\"{NAMESPACE}entity\">", short(of));
            self.ways_of(out, of, version);
            line!(out, "      </EntityType>");
        }
    }
}

/// Functions are read, actions do something; both hang on what their address names before them.
fn operations(out: &mut String) {
    for route in routes() {
        let parts: Vec<_> = route.parts().collect();
        let Some((name, before)) = parts.split_last().filter(|(_, before)| !before.is_empty()) else {
            continue;
        };
        let readable = || routes().iter().any(|other| other.method == "GET" && same_way(other, &parts));
        let element = match (route.method, *name) {
            ("GET", "delta") => "Function",
            ("POST", name) if is_name(name) && !readable() => "Action",
            _ => continue,
        };
        // What hangs on the singleton hangs on its type.
        if before == ["me"] {
            continue;
        }
        let many = !before.last().is_some_and(|last| last.starts_with('{'));
        let binding = collection_of(&type_at(before), many);
        line!(out, "      <{element} Name=\"{name}\" IsBound=\"true\">");
        line!(out, "        <Parameter Name=\"bindingParameter\" Type=\"{binding}\" />");
        for property in route.takes.into_iter().flat_map(|takes| takes.properties) {
            line!(out, "        <Parameter Name=\"{}\" Type=\"{}\" />", property.name, property.kind.edm());
        }
        if let Shape::One(of) | Shape::Many(of) = route.shape {
            let many = matches!(route.shape, Shape::Many(_));
            line!(out, "        <ReturnType Type=\"{}\" />", collection_of(of.name, many));
        }
        match route.shape {
            Shape::Texts => line!(out, "        <ReturnType Type=\"Collection(Edm.String)\" />"),
            Shape::Flag => line!(out, "        <ReturnType Type=\"Edm.Boolean\" />"),
            _ => {}
        }
        line!(out, "      </{element}>");
    }
}

fn container(out: &mut String) {
    line!(out, "      <EntityContainer Name=\"GraphService\">");
    for (name, top) in tops() {
        match top {
            Top::Set(of) => line!(out, "        <EntitySet Name=\"{name}\" EntityType=\"{}\" />", of.name),
            Top::One(of) => line!(out, "        <Singleton Name=\"{name}\" Type=\"{}\" />", of.name),
            Top::Way => line!(out, "        <Singleton Name=\"{name}\" Type=\"{}\" />", way_type(&[name])),
        }
    }
    line!(out, "      </EntityContainer>");
}

fn document(version: Version) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n  \
         <edmx:DataServices>\n    <Schema Namespace=\"microsoft.graph\" Alias=\"graph\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n",
    );
    let model = Model::read();
    model.types(&mut out, version);
    operations(&mut out);
    container(&mut out);
    out.push_str("    </Schema>\n  </edmx:DataServices>\n</edmx:Edmx>\n");
    out
}
