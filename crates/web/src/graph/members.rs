//! Objects on their way out, written member by member: what is not selected is not even made.

use odata::{EntityType, Property};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

/// Which members of an object are answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Selection {
    /// All that it has.
    All,
    /// These.
    Names(Vec<&'static str>),
}

impl Selection {
    /// What a query selects; without a selection, what the type answers then.
    pub(crate) fn of(entity: &EntityType, selected: Option<&[&'static Property]>) -> Self {
        Self::Names(match selected {
            Some(selected) => selected.iter().map(|property| property.name).collect(),
            None => {
                let default = entity.properties.iter().filter(|property| property.default_selected);
                default.map(|property| property.name).collect()
            }
        })
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.contains(&name),
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::All => usize::MAX,
            Self::Names(names) => names.len(),
        }
    }
}

/// Takes the members of one object, in their order.
pub(crate) struct Members<'o, M> {
    map: &'o mut M,
    selection: &'o Selection,
    /// How many of the selected are still to come: few ask for the last ones, and lists have many objects.
    left: usize,
}

impl<M: SerializeMap> Members<'_, M> {
    /// Writes a member, if it is selected.
    pub(crate) fn put<V: Serialize>(
        &mut self,
        name: &'static str,
        value: impl FnOnce() -> V,
    ) -> Result<(), M::Error> {
        if self.left == 0 || !self.selection.has(name) {
            return Ok(());
        }
        self.left -= 1;
        self.map.serialize_entry(name, &value())
    }
}

/// An object that tells its members, in the order of the live service.
pub(crate) trait Object {
    fn tell<M: SerializeMap>(&self, members: &mut Members<'_, M>) -> Result<(), M::Error>;
}

/// An object as it is answered.
pub(crate) struct Selected<'o, O> {
    /// Members about the message, which come first.
    pub about: &'o [(&'static str, &'o str)],
    pub object: &'o O,
    pub selection: &'o Selection,
}

impl<O: Object> Serialize for Selected<'_, O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.about {
            map.serialize_entry(name, value)?;
        }
        let left = self.selection.len();
        self.object.tell(&mut Members { map: &mut map, selection: self.selection, left })?;
        map.end()
    }
}

/// The object with all its members, for whoever looks into it.
pub(crate) fn whole(object: &impl Object) -> Value {
    let selected = Selected { about: &[], object, selection: &Selection::All };
    // Nothing that an object tells can fail.
    serde_json::to_value(&selected).unwrap_or_default()
}

/// A map with members about the message before its own.
pub(crate) struct Told<'o> {
    pub about: &'o [(&'static str, &'o str)],
    pub object: &'o Map<String, Value>,
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.about {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in self.object {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Thing;

    impl Object for Thing {
        fn tell<M: SerializeMap>(&self, members: &mut Members<'_, M>) -> Result<(), M::Error> {
            members.put("id", || 1)?;
            members.put("costly", || -> bool { panic!("made, but not selected") })?;
            members.put("name", || "thing")
        }
    }

    #[test]
    fn what_is_selected_is_told_in_the_order_of_the_object_and_the_rest_is_not_made() {
        let selection = Selection::Names(vec!["name", "id"]);
        let about = [("@odata.context", "here")];
        let text = serde_json::to_string(&Selected { about: &about, object: &Thing, selection: &selection })
            .unwrap();
        assert_eq!(text, r#"{"@odata.context":"here","id":1,"name":"thing"}"#);
    }

    #[test]
    fn a_map_keeps_its_members_behind_those_about_the_message() {
        let Value::Object(object) = json!({ "b": 1, "a": null }) else { unreachable!() };
        let told = Told { about: &[("@odata.type", "#x")], object: &object };
        assert_eq!(serde_json::to_string(&told).unwrap(), r##"{"@odata.type":"#x","b":1,"a":null}"##);
    }
}
