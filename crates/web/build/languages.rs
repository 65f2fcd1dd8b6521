//! The list of languages. What is in the folder is in the program: adding a language is adding one file. The build script writes
//! the list; a test of the pages makes one of another folder.

/// Rust for a slice of tags with the texts of their files, the one that stands in for the others first.
///
/// # Errors
/// If the folder cannot be read, or has no `en.ftl`.
pub fn list(folder: &std::path::Path) -> std::io::Result<String> {
    let mut tags = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        tags.extend(name.to_str().and_then(|name| name.strip_suffix(".ftl")).map(str::to_owned));
    }
    if !tags.iter().any(|tag| tag == "en") {
        return Err(std::io::Error::other(
            "there is no en.ftl, which stands in for what other languages lack",
        ));
    }
    tags.sort_unstable_by_key(|tag| (tag != "en", tag.clone()));
    let line = |tag: &String| {
        let file = folder.join(format!("{tag}.ftl"));
        format!("    ({tag:?}, include_str!({file:?})),\n")
    };
    Ok(format!("&[\n{}]\n", tags.iter().map(line).collect::<String>()))
}
