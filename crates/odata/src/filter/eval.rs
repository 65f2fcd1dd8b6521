use super::{Comparison, Filter, Quantifier, Scalar, TextMatch};
use crate::{Field, Kind, time};
use serde_json::Value as Json;
use std::cmp::Ordering;

/// A value of a record, as the evaluator is given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A value without parts, or null.
    Scalar(Scalar),
    /// A list.
    Collection(Vec<Value>),
    /// The members of a complex value, by canonical name.
    Record(Vec<(&'static str, Value)>),
}

const NULL: Value = Value::Scalar(Scalar::Null);

impl Value {
    /// The value of a field relative to this one.
    fn at(&self, field: &Field) -> Value {
        let mut value = self;
        for step in field.steps() {
            let member = match value {
                Self::Record(members) => members.iter().find(|(name, _)| *name == step.name),
                _ => None,
            };
            match member {
                Some((_, inner)) => value = inner,
                None => return NULL,
            }
        }
        value.clone()
    }
}

/// The value of a field in an object as it is rendered; null where it is missing or of another type.
pub fn field_of(object: &Json, field: &Field) -> Value {
    let mut at = object;
    for step in field.steps() {
        at = &at[step.name];
    }
    read(at, field.kind())
}

fn read(json: &Json, kind: Kind) -> Value {
    let scalar = match (kind, json) {
        (Kind::Collection(of), Json::Array(items)) => {
            return Value::Collection(items.iter().map(|item| read(item, *of)).collect());
        }
        (Kind::Complex(of), Json::Object(members)) => {
            let member = |property: &'static crate::Property| {
                let value = members.get(property.name).unwrap_or(&Json::Null);
                (property.name, read(value, property.kind))
            };
            return Value::Record(of.properties.iter().map(member).collect());
        }
        (Kind::String, Json::String(text)) => Scalar::String(text.clone()),
        (Kind::Guid, Json::String(text)) => Scalar::Guid(text.to_ascii_lowercase()),
        (Kind::Boolean, Json::Bool(flag)) => Scalar::Boolean(*flag),
        (Kind::Int64, Json::Number(number)) => number.as_i64().map_or(Scalar::Null, Scalar::Int64),
        (Kind::DateTime, Json::String(text)) => time::parse(text).map_or(Scalar::Null, Scalar::DateTime),
        _ => Scalar::Null,
    };
    Value::Scalar(scalar)
}

/// The text that equality and order of strings look at: each character in lower case by itself, so that what
/// a text starts and ends with does not depend on its neighbours.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

impl Filter {
    /// Whether a record matches, given the value of each field that the filter names (see [the
    /// table](super)). This is the definition that faster translations are checked against.
    pub fn matches(&self, get: &dyn Fn(&Field) -> Value) -> bool {
        match self {
            Self::And(left, right) => left.matches(get) && right.matches(get),
            Self::Or(left, right) => left.matches(get) || right.matches(get),
            Self::Not(inner) => !inner.matches(get),
            Self::Compare { field, op, value } => match get(field) {
                Value::Scalar(actual) => compare(&actual, *op, value),
                _ => false,
            },
            Self::In { field, values } => match get(field) {
                Value::Scalar(actual) => values.iter().any(|value| compare(&actual, Comparison::Eq, value)),
                _ => false,
            },
            Self::Text { field, op, text } => match get(field) {
                Value::Scalar(Scalar::String(actual)) => {
                    let (actual, text) = (fold(&actual), fold(text));
                    match op {
                        TextMatch::StartsWith => actual.starts_with(&text),
                        TextMatch::EndsWith => actual.ends_with(&text),
                        TextMatch::Contains => actual.contains(&text),
                    }
                }
                _ => false,
            },
            Self::Lambda { quantifier, collection, predicate } => {
                let elements = match get(collection) {
                    Value::Collection(elements) => elements,
                    _ => Vec::new(),
                };
                let mut holds = elements.iter().map(|element| predicate.matches(&|field| element.at(field)));
                match quantifier {
                    Quantifier::Any => holds.any(|held| held),
                    Quantifier::All => holds.all(|held| held),
                }
            }
        }
    }
}

fn compare(actual: &Scalar, op: Comparison, value: &Scalar) -> bool {
    let order = match (actual, value) {
        (Scalar::Null, Scalar::Null) => return op == Comparison::Eq,
        (Scalar::Boolean(a), Scalar::Boolean(b)) => Some(a.cmp(b)),
        (Scalar::Int64(a), Scalar::Int64(b)) | (Scalar::DateTime(a), Scalar::DateTime(b)) => Some(a.cmp(b)),
        (Scalar::Guid(a), Scalar::Guid(b)) | (Scalar::String(a), Scalar::String(b)) => {
            Some(fold(a).cmp(&fold(b)))
        }
        _ => None,
    };
    match op {
        Comparison::Eq => order == Some(Ordering::Equal),
        Comparison::Ne => order != Some(Ordering::Equal),
        Comparison::Gt => order == Some(Ordering::Greater),
        Comparison::Ge => order.is_some_and(Ordering::is_ge),
        Comparison::Lt => order == Some(Ordering::Less),
        Comparison::Le => order.is_some_and(Ordering::is_le),
    }
}
