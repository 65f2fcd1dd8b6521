//! Request bodies. serde_json keeps the last of two members with one name and nests 128 deep; two readers of
//! one body must not see two different requests, so both are refused here.

use crate::Error;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Deepest nesting of objects and arrays in a body, the body itself included.
pub const MAX_DEPTH: usize = 32;

/// Reads a body that must be one JSON object: UTF-8 without a byte order mark, no name twice in one object,
/// at most [`MAX_DEPTH`] deep, nothing after it. The order of members is kept. The size is bounded by the
/// server before.
pub fn parse_object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::bad_request("Empty Payload. JSON content expected."));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = Strict { room: MAX_DEPTH }.deserialize(&mut deserializer);
    match (value, deserializer.end()) {
        (Ok(Value::Object(object)), Ok(())) => Ok(object),
        _ => Err(Error::bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON \
             format.",
        )),
    }
}

/// Reads any value, with room for that many levels of nesting.
#[derive(Clone, Copy)]
struct Strict {
    room: usize,
}

impl Strict {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        self.room.checked_sub(1).map(|room| Self { room }).ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inside)?;
            if object.insert(name, value).is_some() {
                return Err(de::Error::custom("a name twice in one object"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MALFORMED: &str = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.";

    fn message(body: &[u8]) -> String {
        let error = parse_object(body).unwrap_err();
        assert_eq!(error.code, "BadRequest");
        error.message
    }

    fn nested(depth: usize) -> Vec<u8> {
        format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)).into_bytes()
    }

    #[test]
    fn reads_an_object_in_the_order_of_its_members() {
        let object = parse_object(br#" {"b":[1,-2,1.5,"x",null,true],"a":{"b":"b\u00e9"}} "#).unwrap();
        assert_eq!(object.keys().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(Value::Object(object), serde_json::json!({"b":[1,-2,1.5,"x",null,true],"a":{"b":"bé"}}));
    }

    #[test]
    fn an_empty_body_has_its_own_message() {
        for body in ["", " \r\n\t"] {
            assert_eq!(message(body.as_bytes()), "Empty Payload. JSON content expected.");
        }
    }

    #[test]
    fn a_name_twice_is_malformed_at_every_level() {
        for body in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"x":[{"a":1,"a":2}]}"#] {
            assert_eq!(message(body.as_bytes()), MALFORMED, "{body}");
        }
        assert!(parse_object(br#"{"a":1,"A":{"a":2}}"#).is_ok());
    }

    #[test]
    fn nesting_ends_at_32() {
        assert!(parse_object(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(message(&nested(MAX_DEPTH + 1)), MALFORMED);
        assert_eq!(message(&nested(100_000)), MALFORMED);
        assert_eq!(message(&[br#"{"a":"#.as_slice(), &b"[".repeat(500_000)].concat()), MALFORMED);
    }

    #[test]
    fn everything_else_is_malformed() {
        let bodies: [&[u8]; 12] = [
            b"\xEF\xBB\xBF{}",
            b"{\"a\":\"\xFF\"}",
            b"{} {}",
            b"{}x",
            b"[]",
            b"null",
            b"\"x\"",
            b"{",
            b"{\"a\":01}",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"{\"a\":1e999}",
        ];
        for body in bodies {
            assert_eq!(message(body), MALFORMED, "{}", String::from_utf8_lossy(body));
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_agrees_with_serde_json_on_what_it_accepts(
            body in "[{}\\[\\]\",:a1 \\\\ue.-]{0,40}"
        ) {
            if let Ok(object) = parse_object(body.as_bytes()) {
                prop_assert_eq!(Value::Object(object), serde_json::from_str::<Value>(&body).unwrap());
            }
        }
    }
}
