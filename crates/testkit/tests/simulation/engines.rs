//! The same history on both engines, with the same clock and the same randomness: the same answers, and the same is stored.

use crate::rig::{Run, runtime, template_on};
use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
};
use testkit::{Row, Server, cluster::Cluster};

type Tables = BTreeMap<String, Vec<Row>>;

/// How a run went, and what it left.
struct Told {
    trace: Vec<String>,
    /// What the reference does not agree with; another test's affair, but it must be the same on both.
    problem: Option<String>,
    tables: Tables,
}

fn play(server: Option<&Server>, seed: u64) -> Told {
    let template = template_on(server);
    runtime().block_on(async {
        let mut run = Run::new(template, seed, None).await;
        // Which of several commits under way at once a fault strikes is the engine's affair.
        run.breaks = false;
        let problem = run.whole(seed).await.err();
        Told { tables: comparable(run.world.dump()), problem, trace: run.trace }
    })
}

/// Tables that tell of the engine and not of the directory.
const OWN: [&str; 3] = ["schema_migrations", "schema_lease", "installation"];

/// What is stored, in a form that does not depend on which of several tenants was served first in a pass: that decides only
/// which random value went where. Random values get numbers, in the order of the audit log; secrets and hashes are left out.
fn comparable(mut tables: Tables) -> Tables {
    tables.retain(|name, _| !OWN.contains(&name.as_str()));
    // On PostgreSQL a row without a name is what servers take turns by.
    if let Some(rows) = tables.get_mut("throttles") {
        rows.retain(|row| row.get("key").is_none_or(|key| key.as_deref() != Some("")));
    }
    // Those of a mailbox whose last accounts go in one pass may end with them, or by themselves: whoever is first decides.
    if let Some(rows) = tables.get_mut("sessions") {
        rows.retain(|row| {
            !row.get("person_key").is_some_and(|key| key.as_deref().unwrap_or("").starts_with("mailbox:"))
        });
    }
    let mut numbers = HashMap::new();
    let mut log = tables.get("audit").cloned().unwrap_or_default();
    let place = |row: &Row| {
        let text = |name: &str| row.get(name).cloned().flatten().unwrap_or_default();
        (text("tenant_id"), text("sequence").parse::<u64>().unwrap_or(0))
    };
    log.sort_by_key(place);
    for value in log.iter().flat_map(|row| row.values()).flatten() {
        numbered(value, &mut numbers, true);
    }
    for rows in tables.values_mut() {
        for value in rows.iter_mut().flat_map(|row| row.values_mut()).flatten() {
            *value = numbered(value, &mut numbers, false);
        }
        rows.sort();
    }
    tables
}

/// The text with numbers for ids, and nothing for what looks like a secret or a hash.
fn numbered(text: &str, numbers: &mut HashMap<String, usize>, learn: bool) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '=' || c == '+';
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(word) {
        result.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        rest = behind;
        if token.parse::<model::ObjectId>().is_ok() {
            let next = numbers.len();
            let number = if learn {
                Some(*numbers.entry(token.to_owned()).or_insert(next))
            } else {
                numbers.get(token).copied()
            };
            result.push_str(&number.map_or("#?".to_owned(), |number| format!("#{number}")));
        } else if token.len() >= 40 {
            result.push('?');
        } else {
            result.push_str(token);
        }
    }
    result + rest
}

/// The first table that differs, with what only one of them has, for a person to look at.
fn difference(one: &Tables, other: &Tables) -> Option<String> {
    for (name, rows) in one {
        let others = other.get(name).map_or(&[][..], Vec::as_slice);
        if rows == others {
            continue;
        }
        let without = |rows: &[Row], others: &[Row]| {
            rows.iter()
                .filter(|row| !others.contains(row))
                .map(|row| format!("{row:?}"))
                .collect::<Vec<_>>()
                .join("\n")
        };
        return Some(format!(
            "{name}: {} rows and {}\nonly here: {}\nonly there: {}",
            rows.len(),
            others.len(),
            without(rows, others),
            without(others, rows)
        ));
    }
    let more = other.keys().find(|name| !one.contains_key(*name));
    more.map(|name| format!("{name} is in one of them only"))
}

#[test]
fn the_same_history_gives_the_same_answers_and_leaves_the_same_on_both_engines() {
    if Server::named().is_some() {
        return;
    }
    let cluster = match Cluster::start(&[]) {
        Ok(cluster) => cluster,
        Err(why) => {
            std::io::stderr()
                .write_all(format!("\n*** NOT TESTED: {why}\n").as_bytes())
                .expect("standard error");
            assert!(!std::env::var("CI").is_ok_and(|value| value == "true" || value == "1"), "{why}");
            return;
        }
    };
    let server = Server::at(&cluster.url("postgres"));
    let long = std::env::var_os("INNKEEPER_LONG").is_some_and(|value| value != "0");
    let mut acts = 0;
    for seed in 40_000..if long { 40_500 } else { 40_006 } {
        let (files, database) = (play(None, seed), play(Some(&server), seed));
        for (number, (one, other)) in files.trace.iter().zip(&database.trace).enumerate() {
            assert_eq!(one, other, "seed {seed}, act {number}");
        }
        assert_eq!(
            (files.trace.len(), &files.problem),
            (database.trace.len(), &database.problem),
            "seed {seed}"
        );
        if let Some(difference) = difference(&files.tables, &database.tables) {
            panic!("seed {seed}: {difference}\n{:?}\n{}", files.problem, files.trace.join("\n"));
        }
        assert!(files.tables.len() > 20 && files.tables["audit"].len() > 20, "the dump is not one");
        acts += files.trace.len();
    }
    println!("{acts} acts, the same on both");
}

/// The control: a history that differs in one act, and a store that differs in one value.
#[test]
fn histories_that_differ_are_told_apart() {
    if Server::named().is_some() {
        return;
    }
    let (one, other) = (play(None, 41_000), play(None, 41_001));
    assert_ne!(one.trace, other.trace);
    assert!(difference(&one.tables, &other.tables).is_some());
    let again = play(None, 41_000);
    assert_eq!((one.trace, difference(&one.tables, &again.tables)), (again.trace.clone(), None));
    let mut tampered = again.tables.clone();
    let policy = tampered.get_mut("policies").and_then(|rows| rows.first_mut()).expect("a policy");
    let flag = policy.get_mut("allow_leave").and_then(Option::as_mut).expect("a flag");
    *flag = if flag == "0" { "1".to_owned() } else { "0".to_owned() };
    assert!(difference(&again.tables, &tampered).is_some_and(|what| what.starts_with("policies")));
}
