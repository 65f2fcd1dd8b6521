//! What people do on the pages, told once for each kind of browser that matters.

mod account;
mod admin;
mod apps;
mod audit;
mod control;
mod leaving;
mod registrations;
mod roles;
mod settings;
mod setup;
mod users;

use crate::{chrome::Mode, tour::Tour};

/// A story.
pub type Story = fn(&Tour<'_>);

/// Every language that there is.
pub const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// In which browsers a story is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// In every language, with and without JavaScript.
    Full,
    /// In every language.
    Languages,
    /// Once, in English, on a server that has a name of its own: it is not about words, but about who else is there.
    Named,
}

/// Name, browsers, story.
pub type Row = (&'static str, Matrix, Story);

const STORIES: &[&[Row]] = &[
    control::STORIES,
    leaving::STORIES,
    settings::STORIES,
    account::STORIES,
    apps::STORIES,
    admin::STORIES,
    users::STORIES,
    registrations::STORIES,
    roles::STORIES,
    audit::STORIES,
    setup::STORIES,
];

/// The server that has a name. Its siblings are `*.house.example`.
const NAME: &str = "directory.house.example";

fn modes(matrix: Matrix) -> impl Iterator<Item = Mode> {
    let all =
        LANGUAGES.into_iter().flat_map(|language| [true, false].map(|script| Mode { language, script }));
    all.filter(move |mode| match matrix {
        Matrix::Full => true,
        Matrix::Languages => mode.script,
        Matrix::Named => mode.script && mode.language == "en",
    })
}

/// A story to be told: its name, in which browser, under which name of the server.
pub struct Telling {
    pub name: String,
    pub mode: Mode,
    pub host: Option<&'static str>,
    pub story: Story,
}

/// Every story, as often as it is told.
pub fn all() -> impl Iterator<Item = Telling> {
    STORIES.iter().chain(crate::security::STORIES).copied().flatten().flat_map(|(name, matrix, story)| {
        let host = (*matrix == Matrix::Named).then_some(NAME);
        modes(*matrix).map(move |mode| Telling {
            name: format!("{name} ({mode})"),
            mode,
            host,
            story: *story,
        })
    })
}
