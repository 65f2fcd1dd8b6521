//! The pages, our own API and the token endpoint, called in process like a browser calls them, over a real store.

mod administration;
mod browser;
mod defence;
mod oauth;
mod own;
mod scene;
mod setup;
mod story;
