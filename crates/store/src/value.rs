use model::{Error, Result, Timestamp};
use std::{str::FromStr, vec};

/// A value on its way into or out of a statement: the SQL charter knows text, bigint and boolean only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.as_micros())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
macro_rules! from_id {
    ($($id:ty),*) => { $(impl From<$id> for Value {
        fn from(value: $id) -> Self {
            Self::Text(value.to_string())
        }
    })* };
}
from_id!(model::TenantId, model::ObjectId, model::AppId, model::RequestId, uuid::Uuid);

/// Refuses what PostgreSQL cannot keep in a text, on every engine alike.
pub(crate) fn storable(values: &[Value]) -> Result<()> {
    match values.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0'))) {
        false => Ok(()),
        true => Err(Error::bad_request(
            "A text contains the character U+0000, which cannot be stored. Leave it out.",
        )),
    }
}

/// One row of an answer, read column by column in the order of the statement.
pub(crate) struct Row(vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    pub(crate) fn value(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        self.opt_text()?.ok_or_else(|| Error::internal("a stored text is missing"))
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>> {
        match self.value() {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            other => Err(Error::internal(format!("stored text expected, found {other:?}"))),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64> {
        self.opt_int()?.ok_or_else(|| Error::internal("a stored number is missing"))
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>> {
        match self.value() {
            Value::Int(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            other => Err(Error::internal(format!("stored number expected, found {other:?}"))),
        }
    }

    /// SQLite keeps booleans as 0 and 1.
    pub(crate) fn bool(&mut self) -> Result<bool> {
        match self.value() {
            Value::Bool(flag) => Ok(flag),
            Value::Int(number @ (0 | 1)) => Ok(number == 1),
            other => Err(Error::internal(format!("stored boolean expected, found {other:?}"))),
        }
    }

    /// A text or a number, as text.
    pub(crate) fn key(&mut self) -> Result<String> {
        match self.value() {
            Value::Text(text) => Ok(text),
            Value::Int(number) => Ok(number.to_string()),
            other => Err(Error::internal(format!("a stored key is {other:?}"))),
        }
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        self.int().map(Timestamp::from_micros)
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.opt_int()?.map(Timestamp::from_micros))
    }

    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T> {
        let text = self.text()?;
        text.parse().map_err(|_| Error::internal("a stored value does not parse"))
    }

    pub(crate) fn opt_parsed<T: FromStr>(&mut self) -> Result<Option<T>> {
        match self.opt_text()? {
            None => Ok(None),
            Some(text) => {
                text.parse().map(Some).map_err(|_| Error::internal("a stored value does not parse"))
            }
        }
    }
}
