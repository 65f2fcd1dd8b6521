//! Languages: each is one file, each says everything, and nothing is said past them.

use super::{Piece, files, folder, pieces, split, templates};
use crate::{
    letters,
    pages::{
        i18n::{Language, summary_key},
        view::{METHODS, Page, Texts, samples},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

#[path = "../../../../build/languages.rs"]
mod list;

/// The keys of a language file, each with the arguments that its text takes.
fn keys(ftl: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut last = String::new();
    for line in ftl.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" =").filter(|(key, _)| !key.starts_with(' ')) {
            assert!(keys.insert(key.to_owned(), BTreeSet::new()).is_none(), "`{key}` is there twice");
            last = key.to_owned();
        }
        for rest in line.split('$').skip(1) {
            let name = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
            keys.get_mut(&last).expect("an argument stands in a text").insert(name);
        }
    }
    keys
}

/// Every quoted word that has the form of a key.
fn quoted(source: &str) -> BTreeSet<String> {
    let is_key = |word: &&str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    // Quotes pair up differently before and behind an odd one, so both sides of each count.
    source.split('"').filter(is_key).map(str::to_owned).collect()
}

/// Every source that may say something to people, with its name.
fn sources() -> BTreeMap<String, String> {
    let mut sources: BTreeMap<String, String> =
        templates().into_iter().map(|(name, template)| (name, split(&template).1)).collect();
    sources.extend(
        files(&folder("src/pages"), ".rs")
            .into_iter()
            .filter(|(name, _)| !name.contains("tests") && !name.contains("samples")),
    );
    let letters = fs::read_to_string(folder("src/letters.rs")).expect("the source");
    sources.insert("letters.rs".to_owned(), letters);
    for source in sources.values_mut() {
        source.truncate(source.find("#[cfg(test)]\nmod tests {").unwrap_or(source.len()));
    }
    sources
}

/// A language that nobody speaks: the words of English in letters that nobody writes.
fn pseudo(ftl: &str) -> String {
    let foreign = |text: &str| {
        let mut depth = 0_u32;
        let mut out = String::new();
        for c in text.chars() {
            depth = match c {
                '{' => depth + 1,
                '}' => depth.saturating_sub(1),
                _ => depth,
            };
            out.push(match c {
                'A'..='Z' if depth == 0 => char::from_u32(u32::from(c) + 0x1d3bf).expect("a letter"),
                'a'..='z' if depth == 0 => char::from_u32(u32::from(c) + 0x1d3b9).expect("a letter"),
                c => c,
            });
        }
        out
    };
    let line = |line: &str| {
        let start = match line.trim_start() {
            comment if comment.starts_with('#') => line.len(),
            variant if variant.starts_with(['[', '*']) => line.find(']').map_or(0, |at| at + 1),
            _ if line.starts_with(' ') => 0,
            _ => line.find(" =").map_or(0, |at| at + 2),
        };
        format!("{}{}\n", &line[..start], foreign(&line[start..]))
    };
    ftl.lines().map(line).collect()
}

fn spoken(tag: &'static str, ftl: String) -> Texts {
    Texts(Box::leak(Box::new(Language::load(&(tag, ftl.leak())))))
}

/// The files of a folder to which one language was added, as the build script lists them, and the texts of that language.
fn with_one_more(tag: &'static str) -> (String, Texts) {
    let place = tempfile::tempdir().expect("a folder");
    for (name, ftl) in files(&folder("locales"), ".ftl") {
        fs::write(place.path().join(name), ftl).expect("a copy");
    }
    let file = place.path().join(format!("{tag}.ftl"));
    let english = fs::read_to_string(folder("locales/en.ftl")).expect("English");
    fs::write(&file, pseudo(&english)).expect("one more");
    let listed = list::list(place.path()).expect("a list");
    (listed, spoken(tag, fs::read_to_string(&file).expect("what was written")))
}

#[test]
fn every_language_file_is_in_the_program() {
    let known: BTreeSet<String> = Texts::all().map(|texts| format!("{}.ftl", texts.tag())).collect();
    assert_eq!(known, files(&folder("locales"), ".ftl").into_keys().collect());
    assert_eq!(Texts::all().next().map(Texts::tag), Some("en"), "English stands in for the others");
}

#[test]
fn to_add_a_language_is_to_add_a_file() {
    let (listed, texts) = with_one_more("qps-ploc");
    let entries: Vec<&str> = listed.lines().filter(|line| line.contains("include_str!")).collect();
    assert_eq!(entries.len(), Texts::all().count() + 1);
    assert!(entries.iter().any(|entry| entry.contains("(\"qps-ploc\", include_str!")), "{listed}");
    assert!(entries[0].contains("(\"en\", "), "{listed}");
    assert_eq!(texts.t("sign-in"), "𝐒𝐢𝐠𝐧 𝐢𝐧");
    assert_eq!(texts.when("2026-11-21T05:30:00Z".parse().expect("a time")), "21 𝐍𝐨𝐯𝐞𝐦𝐛𝐞𝐫 2026, 05:30 𝐔𝐓𝐂");
    // No source makes a difference between languages that are there.
    for texts in Texts::all().skip(1) {
        let primary = texts.tag().split('-').next().unwrap_or_default();
        for (name, source) in sources() {
            let named = [texts.tag(), primary].into_iter().find(|tag| source.contains(&format!("\"{tag}")));
            assert_eq!(named, None, "{name}");
        }
    }
}

#[test]
fn a_list_without_the_language_that_stands_in_is_refused() {
    let place = tempfile::tempdir().expect("a folder");
    fs::write(place.path().join("fr.ftl"), "yes = Oui").expect("a file");
    assert!(list::list(place.path()).is_err());
}

/// Words of at least two letters of the Latin alphabet as it is.
fn latin_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 1)
}

/// What pages say in the Latin alphabet that is no data.
fn latin_on_pages(texts: Texts) -> BTreeSet<String> {
    const SPOKEN: [&str; 6] = ["aria-label", "title", "alt", "placeholder", "data-label", "aria-description"];
    // What the samples are made of is data; domains are names in small letters.
    let samples: String = files(&folder("src/pages/view"), ".rs")
        .into_iter()
        .filter(|(name, _)| name.contains("samples"))
        .map(|(_, source)| source)
        .collect();
    let (small, names) = (
        samples.to_lowercase(),
        Texts::all().map(|texts| texts.t("language-name")).collect::<Vec<_>>().join(" "),
    );
    let mut data: BTreeSet<&str> =
        [&samples, &small, &names].into_iter().flat_map(|text| latin_words(text)).collect();
    data.extend(["lt", "gt", "amp", "quot"]);
    data.extend(METHODS);
    data.extend(model::authz::Permission::ALL.iter().flat_map(|permission| latin_words(permission.value())));
    // A secret in groups of four letters.
    let is_part = |word: &str| word.chars().all(|c| c.is_ascii_uppercase()) && samples.contains(word);
    let mut found = BTreeSet::new();
    let mut look = |name: &str, text: &str| {
        let strange = latin_words(text).filter(|word| !data.contains(word) && !is_part(word));
        found.extend(strange.map(|word| format!("{name}: {word} in `{}`", text.trim())));
    };
    for (template, n, html) in samples::all(texts) {
        let name = format!("{template} #{n}");
        for piece in pieces(&html) {
            match piece {
                Piece::Text(text) => look(&name, text),
                Piece::Open(_, attributes) => {
                    SPOKEN
                        .iter()
                        .filter_map(|spoken| attributes.get(spoken))
                        .for_each(|text| look(&name, text));
                }
                Piece::Close(_) => {}
            }
        }
    }
    found
}

#[test]
fn no_page_says_anything_past_the_language_file() {
    let past = latin_on_pages(with_one_more("qps-ploc").1);
    assert!(past.is_empty(), "{past:#?}");
    let english = Texts::by_tag("en").expect("English");
    assert!(latin_on_pages(english).len() > 1000, "English is found where it is");
}

/// A text of more than one word in the source of a handler is what a log or a caller of the API gets with an error: pages say
/// nothing of it.
#[test]
fn no_handler_words_a_sentence() {
    let is_sentence = |text: &str| {
        let is_word = |word: &&str| word.len() > 1 && word.chars().all(char::is_alphabetic);
        text.split(' ').zip(text.split(' ').skip(1)).any(|(one, next)| is_word(&one) && is_word(&next))
    };
    let spoken =
        sources().into_iter().filter(|(name, _)| name.ends_with(".rs") && !name.starts_with("view/"));
    for (name, source) in spoken {
        let code: String = source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| [line, "\n"])
            .collect();
        let code = code.replace("\\\"", "").replace("'\"'", "");
        let mut before = String::new();
        for (n, part) in code.split('"').enumerate() {
            let statement = before.rsplit([';', '{', '}']).next().unwrap_or_default();
            let for_errors = statement.contains("Error::") || statement.contains("because(");
            assert!(n % 2 == 0 || for_errors || !is_sentence(part), "{name}: \"{part}\"");
            before.push_str(part);
        }
    }
}

#[test]
fn no_mail_says_anything_past_the_language_file() {
    let (_, texts) = with_one_more("qps-ploc");
    let mails = [
        service::Message::Invitation {
            organization: "contoso".to_owned(),
            invited_by: Some("contoso".to_owned()),
            message: None,
            link: "contoso".to_owned(),
        },
        service::Message::InvitationCopy {
            organization: "contoso".to_owned(),
            address: "contoso".to_owned(),
            message: None,
        },
        service::Message::Passcode { code: "12345678".to_owned(), minutes: 10 },
    ];
    for message in mails {
        let mail = service::Mail { to: String::new(), language: String::new(), message };
        let letter = letters::worded(&mail, texts);
        for text in [&letter.subject, &letter.text] {
            let past: Vec<&str> = latin_words(text).filter(|word| *word != "contoso").collect();
            assert!(past.is_empty(), "{past:?} in {text}");
        }
    }
}

#[test]
fn every_language_has_the_same_keys_with_the_same_arguments() {
    let languages = files(&folder("locales"), ".ftl");
    let english = keys(&languages["en.ftl"]);
    for (name, ftl) in &languages {
        let resource = fluent_bundle::FluentResource::try_new(ftl.clone());
        assert!(resource.is_ok(), "{name}: {:?}", resource.err().map(|(_, errors)| errors));
        // What routes do, the route table says in English.
        let these: BTreeMap<_, _> =
            keys(ftl).into_iter().filter(|(key, _)| !key.starts_with("route-")).collect();
        let missing: Vec<_> = english.keys().filter(|key| !these.contains_key(*key)).collect();
        let extra: Vec<_> = these.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{name}: missing {missing:?}, unknown {extra:?}");
        for (key, arguments) in &these {
            assert_eq!(arguments, &english[key], "{name}: arguments of `{key}`");
        }
    }
}

#[test]
fn every_language_but_english_says_what_each_route_does() {
    let wanted: BTreeSet<String> = crate::routes().iter().map(summary_key).collect();
    assert_eq!(wanted.len(), crate::routes().len(), "two routes have one key");
    for (name, ftl) in files(&folder("locales"), ".ftl") {
        let said: BTreeSet<String> = keys(&ftl).into_keys().filter(|key| key.starts_with("route-")).collect();
        let wanted = if name == "en.ftl" { BTreeSet::new() } else { wanted.clone() };
        let (missing, unknown) = (wanted.difference(&said), said.difference(&wanted));
        let (missing, unknown): (Vec<_>, Vec<_>) = (missing.collect(), unknown.collect());
        assert!(missing.is_empty() && unknown.is_empty(), "{name}: missing {missing:?}, unknown {unknown:?}");
    }
}

#[test]
fn every_key_is_used_and_every_used_key_exists() {
    let known: BTreeSet<String> = keys(&files(&folder("locales"), ".ftl")["en.ftl"]).into_keys().collect();
    let sources = sources();
    let words: BTreeSet<String> = sources.values().flat_map(|source| quoted(source)).collect();
    let unused: Vec<_> = known.difference(&words).collect();
    assert!(unused.is_empty(), "never used: {unused:?}");
    for (name, source) in &sources {
        for call in [".t(\"", ".t1(\"", ".t2(\""] {
            for rest in source.split(call).skip(1) {
                let key = rest.split('"').next().unwrap_or_default();
                assert!(known.contains(key), "{name}: no text `{key}`");
            }
        }
    }
}

#[test]
fn a_language_is_chosen_by_cookie_then_by_header_then_english() {
    let choose = |cookie, header| Texts::choose(cookie, header).tag();
    assert_eq!(choose(None, None), "en");
    assert_eq!(choose(None, Some("zh-CN,zh;q=0.9,en;q=0.8")), "zh-CN");
    assert_eq!(choose(None, Some("zh-TW")), "zh-CN");
    assert_eq!(choose(None, Some("de, en-GB;q=0.7, zh;q=0.8")), "zh-CN");
    assert_eq!(choose(None, Some("zh;q=0, fr")), "en");
    assert_eq!(choose(None, Some(";;q=nan,,*;q=x")), "en");
    assert_eq!(choose(Some("en"), Some("zh")), "en");
    assert_eq!(choose(Some("xx"), Some("zh")), "zh-CN");
}

#[test]
fn dates_have_the_readers_form_and_say_the_zone() {
    let at = "2026-11-21T05:30:00Z".parse().expect("a time");
    let when = |tag: &str| Texts::by_tag(tag).expect("a language").when(at);
    assert_eq!(when("en"), "21 November 2026, 05:30 UTC");
    assert_eq!(when("zh-CN"), "2026年11月21日 05:30 (UTC)");
}

#[test]
fn an_argument_cannot_reorder_the_text_around_it() {
    let text =
        Texts::by_tag("en").expect("English").t1("refused-not-allowed", "organization", "a\u{202e}b\u{0}c");
    assert!(text.starts_with("abc does not"));
}

#[test]
fn the_language_switch_keeps_the_query_and_never_the_path() {
    let page = Page {
        texts: Texts::by_tag("en").expect("English"),
        path: "//evil.example/".to_owned(),
        query: "tenantId=x".to_owned(),
        csrf: String::new(),
        account: None,
        administration: None,
    };
    let links: Vec<String> = page.languages().into_iter().map(|(_, _, link)| link).collect();
    assert_eq!(links, ["?tenantId=x&lang=zh-CN"]);
}
