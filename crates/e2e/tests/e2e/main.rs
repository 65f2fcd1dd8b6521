//! The real binary, driven as its users drive it: over HTTPS, by forms, by signals and by the shell.

mod browser;
mod crash;
mod demo;
mod graph;
mod page;
mod place;
mod readme;
mod serve;
mod server;
mod terminal;
mod tls;
mod walk;
