//! Style, script and pictures, embedded. The name carries a hash of the content, so that browsers may keep them for ever.

use super::paths::ASSETS;
use std::sync::LazyLock;

/// FNV-1a, 64 bit: tells versions apart; it protects nothing.
const fn fnv(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

struct Asset {
    url: String,
    mime: &'static str,
    bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, mime: &'static str, bytes: &'static [u8]) -> Self {
        Self { url: format!("{ASSETS}{stem}.{:016x}.{extension}", fnv(bytes)), mime, bytes }
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("innkeeper", "css", "text/css; charset=utf-8", include_bytes!("../../assets/innkeeper.css"))
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("innkeeper", "svg", "image/svg+xml", include_bytes!("../../assets/innkeeper.svg"))
});

static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "innkeeper",
        "js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../assets/innkeeper.js"),
    )
});

/// The address of the script.
pub fn script_url() -> &'static str {
    &SCRIPT.url
}

/// The address of the style sheet.
pub fn style_url() -> &'static str {
    &STYLE.url
}

/// The address of the sign of the house.
pub fn icon_url() -> &'static str {
    &ICON.url
}

/// The asset at this path, as media type and content. Whatever is found never changes at that address.
pub fn find(path: &str) -> Option<(&'static str, &'static [u8])> {
    [&*STYLE, &*SCRIPT, &*ICON]
        .into_iter()
        .find(|asset| asset.url == path)
        .map(|asset| (asset.mime, asset.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_only_under_its_hashed_name() {
        assert_eq!(find(style_url()).map(|(mime, _)| mime), Some("text/css; charset=utf-8"));
        assert_eq!(find(icon_url()).map(|(mime, _)| mime), Some("image/svg+xml"));
        assert!(find("/assets/innkeeper.css").is_none());
        assert!(find("/assets/").is_none());
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn nothing_is_taken_from_other_hosts() {
        for asset in [&*STYLE, &*SCRIPT, &*ICON] {
            let text = String::from_utf8_lossy(asset.bytes).replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("//") && !text.contains("@import"), "{}", asset.url);
        }
    }
}
