//! Rules that hold for every page in every language.

mod languages;

use super::{Texts, followable, mailto, samples};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Elements without an end tag.
const VOID: [&str; 6] = ["meta", "link", "img", "input", "br", "hr"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Name and text of each file with this ending, folders below included.
fn files(folder: &Path, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(
                files(&path, ending).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)),
            );
        } else if name.ends_with(ending) {
            found.insert(name, fs::read_to_string(&path).expect("a readable file"));
        }
    }
    found
}

fn templates() -> BTreeMap<String, String> {
    files(&folder("templates"), ".html")
}

/// A piece of a page.
#[derive(Debug)]
enum Piece<'a> {
    Open(&'a str, BTreeMap<&'a str, &'a str>),
    Close(&'a str),
    Text(&'a str),
}

/// Takes a page apart; attributes must be quoted with `"` or have no value.
fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some((text, tail)) = rest.split_once('<') {
        pieces.push(Piece::Text(text));
        let mut quoted = false;
        let end = tail
            .find(|c| {
                quoted ^= c == '"';
                c == '>' && !quoted
            })
            .unwrap_or_else(|| panic!("a tag does not end: {tail:.80}"));
        let tag = &tail[..end];
        rest = &tail[end + 1..];
        match tag.strip_prefix('/') {
            _ if tag.starts_with('!') => {}
            Some(name) => pieces.push(Piece::Close(name)),
            None => {
                let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
                pieces.push(Piece::Open(name, attributes_of(attributes)));
            }
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn attributes_of(mut text: &str) -> BTreeMap<&str, &str> {
    let mut attributes = BTreeMap::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return attributes;
        }
        let end = text.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(text.len());
        let (name, tail) = text.split_at(end);
        let (value, tail) = match tail.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').expect("a quoted value ends"),
            None => ("", tail),
        };
        assert!(attributes.insert(name, value).is_none(), "attribute {name} twice");
        text = tail;
    }
}

fn each_page(check: impl Fn(&str, &[Piece<'_>], &str)) {
    for texts in Texts::all() {
        for (template, n, html) in samples::all(texts) {
            check(&format!("{template} #{n} ({})", texts.tag()), &pieces(&html), &html);
        }
    }
}

fn opened<'a>(
    pieces: &'a [Piece<'a>],
    names: &'a [&str],
) -> impl Iterator<Item = (&'a str, &'a BTreeMap<&'a str, &'a str>)> {
    pieces.iter().filter_map(move |piece| match piece {
        Piece::Open(name, attributes) if names.is_empty() || names.contains(name) => {
            Some((*name, attributes))
        }
        _ => None,
    })
}

/// What stands in a template as it is, and what askama evaluates.
fn split(template: &str) -> (String, String) {
    let (mut plain, mut evaluated) = (String::new(), String::new());
    let mut rest = template;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        plain.push_str(&rest[..at]);
        let end = if rest[at..].starts_with("{{") { "}}" } else { "%}" };
        let (code, tail) = rest[at + 2..].split_once(end).expect("what askama evaluates ends");
        evaluated.push_str(code);
        rest = tail;
    }
    plain.push_str(rest);
    (plain, evaluated)
}

#[test]
fn no_template_contains_words_of_its_own() {
    const SPOKEN: [&str; 6] = ["aria-label", "title", "alt", "placeholder", "data-label", "aria-description"];
    let words = |text: &str| text.chars().any(char::is_alphabetic);
    for (name, template) in templates() {
        // Names of shapes are class names, not words; they stand in a block of their own.
        let template = ["narrow", "wide", "door"].iter().fold(template, |text, shape| {
            text.replace(&format!("{{% block shape %}}{shape}{{% endblock %}}"), "")
        });
        for piece in pieces(&split(&template).0) {
            match piece {
                Piece::Text(text) => assert!(!words(text), "{name}: `{}`", text.trim()),
                Piece::Open(tag, attributes) => {
                    for spoken in SPOKEN {
                        let value = attributes.get(spoken).copied().unwrap_or_default();
                        assert!(!words(value), "{name}: {spoken} of {tag}: `{value}`");
                    }
                }
                Piece::Close(_) => {}
            }
        }
    }
}

#[test]
fn every_page_template_has_a_sample() {
    let pages: BTreeSet<String> =
        templates().into_keys().filter(|name| !name.starts_with("parts/")).collect();
    let english = Texts::by_tag("en").expect("English");
    let sampled = samples::all(english).into_iter().map(|(template, ..)| template.to_owned()).collect();
    assert_eq!(pages, sampled);
}

#[test]
fn tags_are_balanced_and_ids_unique() {
    each_page(|name, pieces, _| {
        let mut open = Vec::new();
        let mut ids = BTreeSet::new();
        for piece in pieces {
            match piece {
                Piece::Open(tag, attributes) => {
                    if !VOID.contains(tag) {
                        open.push(*tag);
                    }
                    if let Some(id) = attributes.get("id") {
                        assert!(ids.insert(*id), "{name}: id {id} twice");
                    }
                }
                Piece::Close(tag) => assert_eq!(open.pop(), Some(*tag), "{name}: </{tag}>"),
                Piece::Text(text) => assert!(!text.contains('>'), "{name}: {text}"),
            }
        }
        assert!(open.is_empty(), "{name}: {open:?} stay open");
    });
}

#[test]
fn every_page_has_language_title_landmarks_and_headings_in_order() {
    each_page(|name, pieces, html| {
        let (_, root) = opened(pieces, &["html"]).next().expect("html");
        assert!(root.get("lang").is_some_and(|lang| name.contains(lang)), "{name}: lang");
        for landmark in ["header", "main", "footer", "title", "h1"] {
            assert_eq!(opened(pieces, &[landmark]).count(), 1, "{name}: {landmark}");
        }
        assert!(html.contains("href=\"#content\"") && html.contains("id=\"content\""), "{name}: skip link");
        let mut level = 0;
        let main = pieces.iter().skip_while(|piece| !matches!(piece, Piece::Open("main", _)));
        for piece in main {
            let Piece::Open(tag, _) = piece else { continue };
            let Some(next) = tag.strip_prefix('h').and_then(|digit| digit.parse::<u8>().ok()) else {
                continue;
            };
            assert!(next <= level + 1, "{name}: {tag} after h{level}");
            level = next;
        }
    });
}

#[test]
fn every_field_has_a_label_and_every_reference_a_target() {
    each_page(|name, pieces, _| {
        let labels: BTreeSet<&str> =
            opened(pieces, &["label"]).filter_map(|(_, attributes)| attributes.get("for").copied()).collect();
        let ids: BTreeSet<&str> =
            opened(pieces, &[]).filter_map(|(_, attributes)| attributes.get("id").copied()).collect();
        for (_, attributes) in opened(pieces, &["input", "select", "textarea"]) {
            if attributes.get("type") != Some(&"hidden") {
                let id = attributes.get("id").unwrap_or_else(|| panic!("{name}: a field without an id"));
                assert!(labels.contains(id), "{name}: no label for {id}");
            }
        }
        for (tag, attributes) in opened(pieces, &[]) {
            for reference in ["for", "aria-describedby", "aria-labelledby"] {
                for id in attributes.get(reference).copied().unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{name}: {reference} of {tag} names {id}");
                }
            }
        }
    });
}

#[test]
fn every_posting_form_carries_the_token_and_secrets_are_never_shown() {
    each_page(|name, pieces, html| {
        let mut token = true;
        for piece in pieces {
            match piece {
                // A form that goes to an app must not carry the token there.
                Piece::Open("form", attributes) => {
                    let to_app =
                        attributes.get("action").is_some_and(|action| action.starts_with("https://"));
                    assert!(!to_app || !html.contains("c5rf"), "{name}: the token goes to an app");
                    token = attributes["method"] != "post" || to_app;
                }
                Piece::Open("input", attributes) if attributes.get("name") == Some(&"csrf") => {
                    token = attributes.get("value") == Some(&"c5rf");
                }
                Piece::Open("input", attributes) if attributes.get("type") == Some(&"password") => {
                    assert!(!attributes.contains_key("value"), "{name}: a password with a value");
                }
                Piece::Close("form") => assert!(token, "{name}: a form without csrf"),
                _ => {}
            }
        }
        assert!(!html.contains("secret that is not shown"), "{name}");
    });
}

/// What an override of the direction reaches ends with the element that holds it: a name stands in `bdi`, or in a field or a
/// choice of its own.
#[test]
fn a_hostile_name_reorders_nothing_around_it() {
    let mut isolated = 0;
    each_page(|name, pieces, _| {
        let mut open = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Open(tag, _) if !VOID.contains(tag) => open.push(*tag),
                Piece::Open(..) => {}
                Piece::Close(_) => drop(open.pop()),
                Piece::Text(text) if text.contains('\u{202e}') => {
                    let holds = open.iter().any(|tag| ["bdi", "option", "textarea", "pre"].contains(tag));
                    assert!(holds, "{name}: `{}` in {open:?}", text.trim());
                }
                Piece::Text(_) => {}
            }
        }
    });
    for texts in Texts::all() {
        isolated += samples::all(texts).iter().filter(|(.., html)| html.contains('\u{202e}')).count();
    }
    assert!(isolated > 20, "the samples have hostile names");
}

#[test]
fn nothing_on_a_page_needs_an_exception_from_the_content_security_policy() {
    each_page(|name, pieces, html| {
        for (tag, attributes) in opened(pieces, &[]) {
            let ours = tag == "script" && attributes.get("src") == Some(&super::assets::script_url());
            assert!(ours || !["script", "style", "iframe", "object", "base"].contains(&tag), "{name}: {tag}");
            for (attribute, value) in attributes {
                assert!(!attribute.starts_with("on") && *attribute != "style", "{name}: {attribute}");
                let link = value.trim_start().to_ascii_lowercase();
                assert!(
                    !["href", "src", "action"].contains(attribute)
                        || ["/", "#", "?", "https://", "mailto:"].iter().any(|start| link.starts_with(start))
                            && !link.starts_with("//"),
                    "{name}: {attribute}=\"{value}\""
                );
            }
        }
        assert_eq!(html.matches("<script").count(), 1, "{name}: the one script, and no name that is one");
        assert!(!html.contains("alert(1)</"), "{name}: a name was not escaped");
    });
}

#[test]
fn no_page_shows_a_missing_text_or_argument() {
    each_page(|name, _, html| {
        assert!(!html.contains('⟦') && !html.contains("{$") && !html.contains("{ $"), "{name}");
    });
}

#[test]
fn every_page_stays_small() {
    let size = |url| super::assets::find(url).map_or(0, |(_, bytes)| bytes.len());
    let assets = size(super::assets::style_url()) + size(super::assets::script_url());
    each_page(|name, _, html| assert!(html.len() + assets < 60_000, "{name}: {}", html.len()));
}

fn english(template: &str, n: usize) -> String {
    let english = Texts::by_tag("en").expect("English");
    let found = samples::all(english).into_iter().find(|(name, at, _)| *name == template && *at == n);
    found.expect("the sample").2.replace("&#39;", "'")
}

#[test]
fn a_refusal_says_the_documented_words_and_links_the_contact() {
    let html = english("refused.html", 0);
    assert!(html.contains("<h1>You'll need permission to leave</h1>"));
    assert!(html.contains(
        "To get permission to leave this organization, send an email request to your admin or Woodgrove Bank privacy contact."
    ));
    assert!(html.contains(
        "href=\"mailto:privacy@woodgrove.example?subject=Request%20to%20leave%20Woodgrove%20Bank\""
    ));
    assert!(html.contains("href=\"https://woodgrove.example/privacy\""));
}

#[test]
fn a_refusal_without_a_contact_says_whom_else_to_ask() {
    let html = english("refused.html", 2);
    assert!(html.contains("has not named a privacy contact") && !html.contains("mailto:"));
}

#[test]
fn the_home_organization_has_no_leave_and_every_other_live_one_has() {
    let html = english("organizations.html", 0);
    assert!(html.contains("Other organizations you collaborate with"));
    assert_eq!(html.matches("/organizations/leave/").count(), 4, "active, not allowed, pending, connected");
    let without_home = english("organizations.html", 1);
    assert!(!without_home.contains("Home organization") && !without_home.contains("javascript:"));
}

#[test]
fn settings_without_privacy_information_are_unavailable_and_say_where_to_add_it() {
    let html = english("settings.html", 2);
    let leave = html.split("id=\"leave\"").next().unwrap_or_default();
    assert!(leave.ends_with(
        "<fieldset aria-labelledby=\"leave\" aria-describedby=\"leave-why\" disabled>\n<legend><h2 "
    ));
    assert!(html.contains("Allow external users to remove themselves from your organization (recommended)"));
    assert!(html.contains("<a href=\"/admin/properties\">Add them in Properties</a>"));
}

#[test]
fn links_to_statements_and_contacts_are_harmless() {
    assert_eq!(followable(Some(&"https://a.example/p".to_owned())), Some("https://a.example/p"));
    assert_eq!(followable(Some(&"javascript:alert(1)".to_owned())), None);
    assert_eq!(followable(None), None);
    assert_eq!(mailto("a?b&c@d.example", "ä &"), "mailto:a%3Fb%26c@d.example?subject=%C3%A4%20%26");
}

/// Relative luminance of `#rrggbb` (WCAG 2.2).
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour")) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn text_has_the_contrast_of_wcag_aa_in_light_and_in_dark() {
    let style = fs::read_to_string(folder("assets/innkeeper.css")).expect("the style");
    let schemes: Vec<BTreeMap<&str, &str>> = style
        .split(":root {")
        .skip(1)
        .take(2)
        .map(|block| {
            let declarations = block.split('}').next().unwrap_or_default().split(';');
            declarations.filter_map(|one| one.trim().strip_prefix("--")?.split_once(": ")).collect()
        })
        .collect();
    let mut pairs: Vec<(&str, &str, f64)> = ["paper", "sheet", "tint", "gone-tint"]
        .into_iter()
        .flat_map(|ground| [("ink", ground, 7.0), ("soft", ground, 4.5), ("field", ground, 3.0)])
        .collect();
    pairs.extend([("accent", "paper", 4.5), ("accent", "sheet", 4.5), ("on-accent", "accent", 4.5)]);
    pairs.extend([
        ("accent-strong", "tint", 4.5),
        ("on-accent", "accent-strong", 4.5),
        ("sheet", "stop", 4.5),
    ]);
    pairs.extend([("good", "good-tint", 4.5), ("wait", "wait-tint", 4.5), ("stop", "stop-tint", 4.5)]);
    pairs.extend([("stop", "sheet", 4.5), ("stop", "paper", 4.5), ("paper", "ink", 4.5)]);
    for scheme in schemes {
        for (text, ground, least) in &pairs {
            let (a, b) = (luminance(scheme[text]), luminance(scheme[ground]));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= *least, "{text} on {ground}: {contrast:.2} in {scheme:?}");
        }
    }
}
