//! Puts every language that there is a file for into the program.

use std::{env, fs, io, path::Path};

#[path = "build/languages.rs"]
mod languages;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=locales");
    let variable = |name| env::var(name).map_err(io::Error::other);
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("locales");
    fs::write(Path::new(&variable("OUT_DIR")?).join("languages.rs"), languages::list(&folder)?)
}
