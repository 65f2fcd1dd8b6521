//! What no source file of ours may contain.

use crate::edges::workspace_root;
use crate::snapshots::files_below;

/// Whole words that promise work instead of doing it.
const PROMISES: &[&str] = &["TODO", "FIXME", "XXX"];

/// Parts of a line: a path of one machine, a silenced lint (`expect` with a reason says when it is no longer
/// needed), and hosts that only build tools have a business with: the product works without them.
const PARTS: &[&str] = &[
    "/work/",
    "#[allow(",
    "#![allow(",
    "crates.io",
    "npmjs.org",
    "npmjs.com",
    "pypi.org",
    "pythonhosted.org",
    "rubygems.org",
    "proxy.golang.org",
    "unpkg.com",
    "jsdelivr.net",
    "cdnjs.cloudflare.com",
    "esm.sh",
    "deb.debian.org",
];

/// Each offence as line number and what it is.
fn offences(text: &str) -> Vec<(usize, &'static str)> {
    let in_line = |line: &str| {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let promises = PROMISES.iter().filter(|word| words.contains(word));
        let parts = PARTS.iter().filter(|part| line.contains(**part));
        promises.chain(parts).copied().collect::<Vec<_>>()
    };
    text.lines()
        .enumerate()
        .flat_map(|(index, line)| in_line(line).into_iter().map(move |offence| (index + 1, offence)))
        .collect()
}

#[test]
fn no_source_file_contains_a_promise_a_machine_path_a_silenced_lint_or_a_registry_host() {
    let files = files_below(&workspace_root().join("crates")).expect("crates/ is readable");
    assert!(files.len() > 10, "the sources are not read: {files:?}");
    // What is not text (an icon, a font) has no words.
    let texts = files.iter().filter_map(|file| Some((file, std::fs::read_to_string(file).ok()?)));
    let found: Vec<String> = texts
        .flat_map(|(file, text)| {
            let line = |(line, offence)| format!("{}:{line}: {offence}", file.display());
            offences(&text).into_iter().map(line).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn each_forbidden_word_is_found_with_its_line() {
    for word in PROMISES.iter().chain(PARTS) {
        let text = format!("// fine\n// see {word} here\n");
        assert!(offences(&text).contains(&(2, *word)), "{word} was not found");
    }
    assert_eq!(offences("let x = 1; //XXX:later"), [(1, "XXX")]);
    assert_eq!(offences("#[allow(dead_code)]"), [(1, "#[allow(")]);
}

#[test]
fn a_word_that_only_looks_alike_is_not_found() {
    assert_eq!(offences("const MASK: &str = \"XXXX\"; // TODOS, /homework/, #[expect(dead_code)]"), []);
}
