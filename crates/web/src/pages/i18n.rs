//! Texts in the reader's language. A language is one file in `locales`; English stands in for what cannot be found.

use crate::Route;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use model::Timestamp;
use std::{borrow::Cow, fmt, sync::LazyLock};
use unic_langid::LanguageIdentifier;

/// Every language: its tag and its file, as the build script finds them in the folder. The first one stands in for the others.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

pub(super) struct Language {
    tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl Language {
    pub(super) fn load(&(tag, source): &(&'static str, &'static str)) -> Self {
        let id: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // The marks would end up in copied text; names are cleaned of what could reorder their surroundings instead.
        bundle.set_use_isolating(false);
        // A faulty entry is left out; the tests read every file strictly.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
        Self { tag, bundle }
    }

    fn text(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        Some(self.bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned())
    }
}

static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| FILES.iter().map(Language::load).collect());

/// The texts in one language.
#[derive(Clone, Copy)]
pub struct Texts(pub(super) &'static Language);

impl Texts {
    /// The language with this tag, in any letter case.
    pub fn by_tag(tag: &str) -> Option<Self> {
        LANGUAGES.iter().find(|language| language.tag.eq_ignore_ascii_case(tag)).map(Self)
    }

    /// Every language there is.
    pub fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().map(Self)
    }

    /// Chooses: what the reader switched to (the cookie), else the best of `Accept-Language` (RFC 9110, 12.5.4; a
    /// region that we lack is served in its language), else English.
    pub fn choose(cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        cookie
            .and_then(Self::by_tag)
            .or_else(|| accept_language.and_then(Self::accepted))
            .unwrap_or(Self(&LANGUAGES[0]))
    }

    fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |q| q.parse::<f32>().ok())
                .filter(|q| (f32::MIN_POSITIVE..=1.0).contains(q));
            let (Some(weight), Some(texts)) = (weight, Self::by_range(tag)) else { continue };
            if best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, texts));
            }
        }
        best.map(|(_, texts)| texts)
    }

    /// The language that is nearest to this tag.
    pub fn nearest(tag: &str) -> Self {
        Self::by_range(tag).unwrap_or(Self(&LANGUAGES[0]))
    }

    fn by_range(range: &str) -> Option<Self> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        Self::by_tag(range).or_else(|| Self::all().find(|texts| primary(texts.tag()) == primary(range)))
    }

    /// The language tag, for `lang`.
    pub const fn tag(self) -> &'static str {
        self.0.tag
    }

    /// A text without arguments.
    pub fn t(self, key: &str) -> String {
        self.with(key, None)
    }

    /// A text with one argument.
    pub fn t1(self, key: &str, name: &'static str, value: impl Argument) -> String {
        let mut args = FluentArgs::with_capacity(1);
        args.set(name, value.value());
        self.with(key, Some(&args))
    }

    /// A text with two arguments.
    pub fn t2(
        self,
        key: &str,
        first: (&'static str, impl Argument),
        second: (&'static str, impl Argument),
    ) -> String {
        let mut args = FluentArgs::with_capacity(2);
        args.set(first.0, first.1.value());
        args.set(second.0, second.1.value());
        self.with(key, Some(&args))
    }

    /// What a route of Graph does. The route table says it in English, which stands in for what a language lacks.
    pub(crate) fn summary(self, route: &Route) -> String {
        self.0.text(&summary_key(route), None).unwrap_or_else(|| route.summary.to_owned())
    }

    /// Date and time to the minute, in the reader's form, with the zone said.
    pub fn when(self, at: Timestamp) -> String {
        let month: u32 = at.strftime("%-m").parse().unwrap_or(1);
        let mut args = FluentArgs::with_capacity(4);
        args.set("year", at.strftime("%-Y"));
        args.set("month", month);
        args.set("day", at.strftime("%-d"));
        args.set("time", at.strftime("%H:%M"));
        self.with("date-time", Some(&args))
    }

    fn with(self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        self.0.text(key, args).or_else(|| LANGUAGES[0].text(key, args)).unwrap_or_else(|| format!("⟦{key}⟧"))
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A value to put into a text.
pub trait Argument {
    /// The value as fluent wants it.
    fn value(&self) -> FluentValue<'static>;
}

/// The key of the text that says what a route does: method and path, hyphens between the words.
pub(crate) fn summary_key(route: &Route) -> String {
    let words = format!("route-{}-{}", route.method, route.path).to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Characters that reorder or hide what stands around them; a hostile name may contain them.
pub(crate) fn is_disruptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Argument for str {
    fn value(&self) -> FluentValue<'static> {
        let clean: String = self.chars().filter(|c| !is_disruptive(*c)).collect();
        FluentValue::String(Cow::Owned(clean))
    }
}

impl Argument for String {
    fn value(&self) -> FluentValue<'static> {
        self.as_str().value()
    }
}

impl Argument for u64 {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}

/// Templates hand over references to references.
impl<T: Argument + ?Sized> Argument for &T {
    fn value(&self) -> FluentValue<'static> {
        (*self).value()
    }
}
