//! Hostile requests to every parser of OData, guided by what they reach: no panic, no hang, no heap of memory. What a filter is
//! read as, and what it is not, is tested elsewhere; here a filter that is read is also evaluated.
#![no_main]

use libfuzzer_sys::fuzz_target;
use odata::{EntityType, Filter, Kind, Operators, Options, Path, Property, Query, Sortable, filter, json};

const ANY: Operators = Operators::ALL;

static PART: EntityType = EntityType {
    name: "microsoft.graph.part",
    directory: true,
    properties: &[
        Property::new("issuer", Kind::String).filter(ANY),
        Property::new("names", Kind::Collection(&Kind::String)).filter(ANY),
    ],
};

static THING: EntityType = EntityType {
    name: "microsoft.graph.thing",
    directory: true,
    properties: &[
        Property::new("id", Kind::String).filter(ANY).sort(Sortable::Yes).searchable().selected(),
        Property::new("enabled", Kind::Boolean).filter(ANY),
        Property::new("at", Kind::DateTime).filter(ANY).sort(Sortable::Advanced),
        Property::new("count", Kind::Int64).filter(ANY),
        Property::new("guid", Kind::Guid).filter(ANY),
        Property::new("mails", Kind::Collection(&Kind::String)).filter(ANY),
        Property::new("parts", Kind::Collection(&Kind::Complex(&PART))),
        Property::new("part", Kind::Complex(&PART)),
    ],
};

fuzz_target!(|bytes: &[u8]| {
    drop(json::parse_object(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(Path::parse(text));
    drop(odata::fingerprint(Some(text)));
    assert!(odata::next_link("https://h/v1.0/things", Some(text), text).is_ascii(), "a link is an address");
    assert!(odata::encode_target(text).is_ascii());
    for advanced in [false, true] {
        if let Ok(read) = Filter::parse(text, &THING, advanced) {
            let thing = serde_json::json!({
                "id": "a", "enabled": true, "count": 1, "mails": ["a@b.c"], "parts": [{"issuer": "a", "names": ["x"]}],
            });
            read.matches(&|field| filter::field_of(&thing, field));
        }
        drop(Query::parse(Some(text), &THING, Options { advanced, count_segment: advanced }));
        for option in ["$search=", "$orderby=", "$select=", "$skiptoken="] {
            let options = Options { advanced, count_segment: false };
            drop(Query::parse(Some(&format!("{option}{text}")), &THING, options));
        }
    }
});
