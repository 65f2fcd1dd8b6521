//! The parts of the documentation that are generated say what the code does.
//!
//! `INNKEEPER_WRITE_DOCS=1 cargo test -p testkit --test docs` writes them anew.
#![expect(clippy::expect_used, clippy::panic, reason = "a page that cannot be checked fails its test")]

use model::{
    audit::Activity,
    authz::{Permission, Role},
    leave::{Facts, HomeAccount, Membership, Reason, decide},
};
use std::{fmt::Write, fs, path::PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Puts `block` between the markers of its name.
fn filled(page: &str, name: &str, block: &str) -> String {
    let start = format!("<!-- generated: {name} -->\n");
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no block '{name}'"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("block '{name}' does not end"));
    format!("{before}{start}{block}<!-- end -->{after}")
}

fn check(file: &str, blocks: &[(&str, String)]) {
    let path = root().join(file);
    let page = fs::read_to_string(&path).expect("the page is there");
    let wanted = blocks.iter().fold(page.clone(), |page, (name, block)| filled(&page, name, block));
    if std::env::var_os("INNKEEPER_WRITE_DOCS").is_some() {
        fs::write(&path, &wanted).expect("the page can be written");
        return;
    }
    assert!(
        page == wanted,
        "{file} is not what the code does: run INNKEEPER_WRITE_DOCS=1 cargo test -p testkit --test docs"
    );
}

fn leave_reasons() -> String {
    let mut text = "| reason | when |\n|---|---|\n".to_owned();
    for reason in Reason::ALL {
        writeln!(text, "| `{}` | {} |", reason.as_str(), reason.explanation()).expect("text");
    }
    text
}

fn leave_table() -> String {
    let mut text = "| account | enabled there | home account | last administrator | policy allows | answer |\n|---|---|---|---|---|---|\n".to_owned();
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    for (membership, account) in [(Membership::Active, "accepted"), (Membership::Pending, "pending")] {
        for account_enabled in [true, false] {
            for home in [HomeAccount::Enabled, HomeAccount::Disabled, HomeAccount::Deleted] {
                for last_administrator in [false, true] {
                    for policy_allows in [true, false] {
                        let facts =
                            Facts { membership, account_enabled, home, last_administrator, policy_allows };
                        let answer = match decide(&facts) {
                            Ok(()) => "**may leave**".to_owned(),
                            Err(reason) => format!("`{}`", reason.as_str()),
                        };
                        let home = format!("{home:?}").to_lowercase();
                        writeln!(
                            text,
                            "| {account} | {} | {home} | {} | {} | {answer} |",
                            yes(account_enabled),
                            yes(last_administrator),
                            yes(policy_allows)
                        )
                        .expect("text");
                    }
                }
            }
        }
    }
    text
}

fn permissions(list: &[Permission]) -> String {
    if list.is_empty() {
        return "–".to_owned();
    }
    list.iter().map(|permission| permission.value()).collect::<Vec<_>>().join(", ")
}

fn routes() -> String {
    let mut text =
        "| request | what | delegated | application | roles | guests |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for route in web::routes() {
        let Some(operation) = route.operation else {
            writeln!(text, "| `{} /{}` | {} | – | – | – | – |", route.method, route.path, route.summary)
                .expect("text");
            continue;
        };
        let rule = operation.rule();
        let roles: Vec<&str> = rule.roles.iter().map(|role: &Role| role.title()).collect();
        writeln!(
            text,
            "| `{} /{}` | {} | {} | {} | {} | {} |",
            route.method,
            route.path,
            route.summary,
            permissions(rule.delegated),
            permissions(rule.application),
            if roles.is_empty() { "any".to_owned() } else { roles.join(", ") },
            if rule.guests { "yes" } else { "no" }
        )
        .expect("text");
    }
    text
}

fn activities() -> String {
    let mut text = "| activity | category | service | type | when |\n|---|---|---|---|---|\n".to_owned();
    for activity in Activity::ALL {
        let (name, category, service, kind) = activity.wire();
        writeln!(text, "| {name} | {category} | {service} | {kind} | {} |", activity.explanation())
            .expect("text");
    }
    text
}

#[test]
fn the_page_about_leaving_is_what_the_rule_decides() {
    check("docs/leaving.md", &[("leave-reasons", leave_reasons()), ("leave-table", leave_table())]);
}

#[test]
fn the_page_about_graph_is_the_route_table() {
    check("docs/graph.md", &[("routes", routes())]);
}

#[test]
fn the_page_about_the_audit_log_names_every_activity() {
    check("docs/audit.md", &[("activities", activities())]);
}

/// Positive control: a block that differs is noticed.
#[test]
fn a_changed_block_is_noticed() {
    let page = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb";
    assert_ne!(page, filled(page, "x", "new\n"));
    assert_eq!(page, filled(page, "x", "old\n"));
}

/// All test functions of the repository.
fn tests_in(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let module = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            for line in text.lines() {
                let line = line.trim_start().trim_start_matches("async ");
                if let Some(name) = line.strip_prefix("fn ").and_then(|rest| rest.split(['(', '<']).next()) {
                    found.push(name.to_owned());
                    found.push(format!("{module}::{name}"));
                }
            }
            found.push(module.to_owned());
        }
    }
}

/// The tests that a page of deviations names in its last column and that are not there.
fn missing(page: &str, tests: &[String]) -> Vec<String> {
    page.lines()
        .filter(|line| line.starts_with("| ") && line.ends_with("` |"))
        .filter_map(|line| line.trim_end_matches(" |").rsplit("| ").next())
        .flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`')))
        .filter(|name| !tests.iter().any(|test| test == name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_deviation_names_a_test_that_exists() {
    let mut tests = Vec::new();
    tests_in(&root().join("crates"), &mut tests);
    let page = fs::read_to_string(root().join("docs/deviations.md")).expect("the page is there");
    assert!(page.lines().filter(|line| line.ends_with("` |")).count() > 25, "the rows are found at all");
    assert_eq!(missing(&page, &tests), Vec::<String>::new());
    let control = missing("| a | b | c | `missing`, `no_such_test` |", &tests);
    assert_eq!(control, ["no_such_test"], "positive control");
}
