//! The README's transcript against reality: what it tells people to type is typed, what it shows is what comes.

use crate::{
    browser::Browser,
    place::{Place, has, root},
    server::{Server, World},
};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// What stands for any text in an expected line.
const ANY: char = '…';
/// Comes before a block that is checked.
const CHECKED: &str = "<!-- checked -->";
/// Comes before what the reader does in the browser.
const CLICKED: &str = "<!-- clicked: ";

/// One thing that the reader does.
#[derive(Debug, PartialEq)]
enum Step {
    /// Typed into the shell, and the lines that are to come.
    Type { command: String, expected: Vec<String> },
    /// Done in the browser.
    Click(String),
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if let Some(what) = line.strip_prefix(CLICKED) {
            steps.push(Step::Click(what.strip_suffix(" -->").unwrap().to_owned()));
        }
        if line == CHECKED {
            assert_eq!(lines.next(), Some("```console"), "what is checked is a console block");
            block(lines.by_ref().take_while(|line| *line != "```"), &mut steps);
        }
    }
    steps
}

fn block<'a>(lines: impl Iterator<Item = &'a str>, steps: &mut Vec<Step>) {
    for line in lines {
        if let Some(typed) = line.strip_prefix("$ ") {
            steps.push(Step::Type { command: typed.to_owned(), expected: Vec::new() });
        } else if let Some(Step::Type { command, expected }) = steps.last_mut() {
            match line.strip_prefix("> ") {
                Some(more) if expected.is_empty() && command.ends_with('\\') => {
                    *command = format!("{command}\n{more}")
                }
                _ => expected.push(line.to_owned()),
            }
        } else {
            panic!("a console block begins with a command, not with {line}");
        }
    }
}

/// Is the line as expected, where `…` stands for any text?
fn is_like(line: &str, expected: &str) -> bool {
    let mut parts = expected.split(ANY);
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A shell that keeps its variables from one command to the next.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    fn new(directory: &Path) -> Self {
        let mut command = Command::new("sh");
        command.current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    /// What it printed, errors included, line by line.
    fn run(&mut self, command: &str) -> Vec<String> {
        const END: &str = "--- end of the command ---";
        writeln!(self.input, "exec 2>&1\n{command}\necho; echo '{END}'").unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the shell ended: {lines:?}");
            if line.trim_end() == END {
                break;
            }
            lines.push(line.trim_end_matches('\n').to_owned());
        }
        // The line break before the mark is ours, unless the output lacked its own.
        if lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the README tells people to do in the browser.
fn click(what: &str, world: &World, guest: &mut Browser) {
    match what {
        "the guest leaves Contoso" => {
            guest.sign_in(world.get("GUEST_USERNAME"), world.get("GUEST_PASSWORD"));
            guest
                .get("/myaccount/organizations")
                .says("Contoso Active")
                .says("Woodgrove Bank Leaving not allowed");
            let path = format!("/myaccount/organizations/leave/{}", world.get("TENANT_ID"));
            guest.submit(&path, &["confirmation"], &[]).is(200).says("You have left Contoso");
            let locked = format!("/myaccount/organizations/leave/{}", world.get("LOCKED_TENANT_ID"));
            guest.get(&locked).is(403).says("You'll need permission to leave");
        }
        "the guest is refused at Contoso" => {
            let path = format!("/myaccount/organizations/leave/{}", world.get("TENANT_ID"));
            guest.get(&path).is(403).says("You'll need permission to leave").says("privacy@contoso.example");
        }
        _ => panic!("nobody taught this test to click: {what}"),
    }
}

#[test]
fn the_transcript_in_the_readme_is_what_happens() {
    let Some(place) = Place::new().filter(|_| has("curl")) else { return };
    let steps = steps(&fs::read_to_string(root().join("README.md")).unwrap());
    assert!(steps.iter().filter(|step| matches!(step, Step::Type { .. })).count() >= 8, "{steps:?}");
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::Click(_))).count(), 2);
    let (_server, world) = Server::demo(&place, &[]);
    let (mut guest, mut shell) = (world.browser(), Shell::new(&place.path("")));
    for step in steps {
        match step {
            Step::Click(what) => click(&what, &world, &mut guest),
            Step::Type { command, expected } => {
                let lines = shell.run(&command);
                let same = lines.len() == expected.len()
                    && lines.iter().zip(&expected).all(|(line, expected)| is_like(line, expected));
                assert!(same, "$ {command}\nexpected\n{}\ncame\n{}", expected.join("\n"), lines.join("\n"));
            }
        }
    }
}

#[test]
fn every_link_and_picture_of_the_readme_is_there() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut links = 0;
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if !link.starts_with("https://") && !link.starts_with('#') {
            links += 1;
            let path = root().join(link);
            assert!(path.exists(), "{link} is not there");
            assert!(
                path.extension().is_none_or(|end| end != "png")
                    || fs::metadata(&path).unwrap().len() < 200_000
            );
        }
    }
    assert!(links > 5, "the links are not read");
}

#[test]
fn the_reader_of_the_transcript_sees_a_difference() {
    let readme = "<!-- checked -->\n```console\n$ a \\\n> b\nout …\n```\n<!-- clicked: x -->\n";
    let typed = Step::Type { command: "a \\\nb".to_owned(), expected: vec!["out …".to_owned()] };
    assert_eq!(steps(readme), [typed, Step::Click("x".to_owned())]);
    assert!(is_like("a1b2c", "a…b…c") && is_like("abc", "abc") && is_like("ab", "…") && is_like("ab", "ab…"));
    assert!(
        !is_like("abc", "ab") && !is_like("a1c", "a…b…c") && !is_like("xabc", "abc") && !is_like("ab", "abc")
    );
    let mut shell = Shell::new(Path::new("/"));
    assert_eq!(shell.run("x=1; printf 'no end'"), ["no end"]);
    assert_eq!(shell.run("echo $x; echo; echo wrong >&2; false"), ["1", "", "wrong"]);
}
