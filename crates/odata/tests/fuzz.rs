//! Hostile input to every parser: no panic, no hang, no heap of memory.
//!
//! Inputs begin as requests of real clients and are broken at random: pieces taken out, doubled, swapped, put in from
//! elsewhere, nested. `INNKEEPER_LONG` runs forty times as many.

use odata::{EntityType, Filter, Kind, Operators, Options, Path, Property, Query, Sortable, filter, json};
use proptest::{prelude::*, test_runner::TestRunner};
use std::{sync::mpsc, thread, time::Duration};

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
        Property::new("displayName", Kind::String).filter(ANY).sort(Sortable::Yes).searchable().selected(),
        Property::new("enabled", Kind::Boolean).filter(ANY),
        Property::new("at", Kind::DateTime).filter(ANY).sort(Sortable::Advanced),
        Property::new("count", Kind::Int64).filter(ANY),
        Property::new("guid", Kind::Guid).filter(ANY),
        Property::new("mails", Kind::Collection(&Kind::String)).filter(ANY),
        Property::new("parts", Kind::Collection(&Kind::Complex(&PART))),
        Property::new("part", Kind::Complex(&PART)),
    ],
};

/// What clients send, and what breaks parsers.
const SEEDS: [&str; 22] = [
    "id eq 'a' and (enabled eq true or not (count gt -5))",
    "startsWith(displayName,'O''Neil') and endsWith(id,'x') or contains(displayName,'')",
    "mails/any(m:m eq 'a@b.c') and parts/all(p:p/issuer in ('a','b'))",
    "at ge 2024-02-29T23:59:60.1234567+14:00 or at lt 0001-01-01 or at eq 9999-12-31T23:59:59.9999999Z",
    "guid eq 5b2f1c9e-0000-4000-8000-00000000000a and part/issuer ne null",
    "((((((((((((((((((((id eq 'a'))))))))))))))))))))",
    "not not not not not not not not (id eq 'a')",
    "$filter=id%20eq%20'a'&$top=5&$select=id,displayName&$orderby=displayName%20desc,at",
    "$search=%22displayName:a%5C%22b%22 AND %22id:c%22&$count=true&$skiptoken=abc",
    "%24filter=%27&%24top=%F0%9F%92%A9&$$filter=&&=&$expand=manager($select=id;$expand=x)",
    "/v1.0/users('a''b')/microsoft.graph.user/$count",
    "//users(userPrincipalName='x')()((/%2F%2e%2e/..;a=b",
    "{\"a\":{\"b\":[1,-2,1.5e308,\"\\u0000\\ud800\",null,true]},\"a\":1}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "9223372036854775807",
    "-9223372036854775809",
    "\u{feff}\u{202e}İıẞß\u{10ffff}\u{0}",
    "%00%zz%C0%AF%ED%A0%80",
    "in (1,2,3,4,5,6,7,8,9,'",
    "$deltatoken=latest&$format=application/json;odata.metadata=none",
    "parts/any(p:p/names/any(n:n eq 'x'))",
    "''''''''''''''''''''''''",
];

#[derive(Clone, Debug)]
enum Break {
    Drop(usize, usize),
    Double(usize, usize),
    Insert(usize, String),
    Splice(usize, usize),
    Repeat(String, usize),
}

/// The byte position of some character.
fn at(text: &str, place: usize) -> usize {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    places[place % places.len()]
}

fn broken(mut text: String, breaks: &[Break]) -> String {
    for one in breaks {
        match one {
            Break::Drop(from, to) | Break::Double(from, to) => {
                let (from, to) = (at(&text, *from), at(&text, *to));
                let range = from.min(to)..from.max(to);
                if matches!(one, Break::Drop(..)) {
                    text.replace_range(range, "");
                } else {
                    let again = text[range.clone()].to_owned();
                    text.insert_str(range.end, &again);
                }
            }
            Break::Insert(place, what) => text.insert_str(at(&text, *place), what),
            Break::Splice(seed, place) => text.insert_str(at(&text, *place), SEEDS[seed % SEEDS.len()]),
            Break::Repeat(what, times) => text.insert_str(0, &what.repeat(*times)),
        }
        if text.len() > 64 * 1024 {
            let end = at(&text, 16 * 1024);
            text.truncate(end);
        }
    }
    text
}

fn input() -> impl Strategy<Value = String> {
    let pieces = "[()\\[\\]{}'\",:/%$&=+ ]|eq|and|or|not|any|all|in|id|mails|null|-1|é|%27|%ff|\\PC{0,3}";
    let one = prop_oneof![
        (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Break::Drop(from, to)),
        (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Break::Double(from, to)),
        (any::<usize>(), pieces).prop_map(|(place, what)| Break::Insert(place, what)),
        (any::<usize>(), any::<usize>()).prop_map(|(seed, place)| Break::Splice(seed, place)),
        (pieces, 1..4_000_usize).prop_map(|(what, times)| Break::Repeat(what, times)),
    ];
    (0..SEEDS.len(), prop::collection::vec(one, 0..8))
        .prop_map(|(seed, breaks)| broken(SEEDS[seed].to_owned(), &breaks))
}

/// Everything that reads what strangers send.
fn parse(text: &str) {
    for advanced in [false, true] {
        if let Ok(filter) = Filter::parse(text, &THING, advanced) {
            let object = serde_json::json!({ "id": text, "mails": [text], "parts": [{ "issuer": text }] });
            filter.matches(&|field| filter::field_of(&object, field));
        }
        drop(Query::parse(Some(text), &THING, Options { advanced, count_segment: advanced }));
        for option in ["$filter=", "$search=", "$orderby=", "$select=", "$skiptoken="] {
            let options = Options { advanced, count_segment: false };
            drop(Query::parse(Some(&format!("{option}{text}")), &THING, options));
        }
    }
    drop(Path::parse(text));
    drop(odata::fingerprint(Some(text)));
    let link = odata::next_link("https://h/v1.0/things", Some(text), text);
    assert!(link.is_ascii(), "a link is an address");
    assert!(odata::encode_target(text).is_ascii());
    drop(json::parse_object(text.as_bytes()));
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}

#[test]
fn broken_requests_neither_crash_nor_hang_nor_fill_the_memory() {
    let long = std::env::var_os("INNKEEPER_LONG").is_some();
    let (done, finished) = mpsc::channel();
    let before = peak();
    thread::spawn(move || {
        let cases = if long { 80_000 } else { 2_000 };
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let outcome = TestRunner::new(config).run(&input(), |text| {
            parse(&text);
            Ok(())
        });
        drop(done.send(outcome.map_err(|error| error.to_string())));
    });
    let limit = Duration::from_secs(if long { 1_200 } else { 120 });
    let outcome = finished.recv_timeout(limit).expect("the parsers come back in time, and do not panic");
    assert_eq!(outcome, Ok(()));
    let grown = peak().saturating_sub(before);
    assert!(grown < 128 * 1024, "{grown} KiB for requests of at most 64 KiB");
}
