//! The pages: server-rendered, complete without script, with nothing from other hosts.

pub mod assets;
pub mod i18n;
pub mod paths;
pub mod view;
