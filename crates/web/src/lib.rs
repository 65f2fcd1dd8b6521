//! Everything on the wire: Microsoft Graph under `/v1.0` and `/beta`, the token endpoints, the pages, and our own API under
//! `/innkeeper/v1`. Handlers parse, call one verb and render.

mod edge;
mod errors;
mod graph;
mod letters;
mod oauth;
mod ops;
mod own;
mod own_data;
mod own_policies;
mod own_providers;
mod pack;
pub mod pages;
mod throttle;
mod tools;

pub use edge::{answer, serve};
pub use graph::{Route, routes};
pub use letters::letter;
pub use throttle::{Limits, Rate};

use service::Directory;
use std::sync::Arc;

/// How the server presents itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// It is a demonstration: people without a home tenant read their passcodes from the terminal.
    pub demo: bool,
    /// What an app may ask of Graph; without limits, as much as it likes.
    pub limits: Option<Limits>,
}

/// The web side of a directory. Cheap to clone.
#[derive(Clone)]
pub struct App {
    directory: Directory,
    options: Options,
    throttle: Arc<throttle::Throttle>,
    router: Arc<axum::Router>,
}

impl App {
    /// Puts the routes together.
    pub fn new(directory: Directory, options: Options) -> Self {
        let throttle = Arc::new(throttle::Throttle::new(options.limits));
        let bare = Self { directory, options, throttle, router: Arc::new(axum::Router::new()) };
        let router = axum::Router::new()
            .merge(oauth::router())
            .merge(ops::router())
            .merge(own::router())
            .merge(own_policies::router())
            .merge(own_providers::router())
            .merge(tools::router())
            .merge(pages::router())
            .fallback(edge::not_found)
            .with_state(bare.clone());
        Self { router: Arc::new(router), ..bare }
    }

    /// The directory behind it.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }
}
