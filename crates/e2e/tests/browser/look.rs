//! A close look at a page: what axe-core finds, light on a desk and dark on a phone; how it fits on a phone and when
//! enlarged; what it weighs; whether anything moves. Pictures of it are kept.

use crate::chrome::Chrome;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{collections::BTreeSet, env, fs, path::PathBuf, sync::Mutex};

const SCRIPT: &str = include_str!("look.js");
/// Everything that comes with a page, in bytes.
pub const HEAVIEST: u64 = 100_000;
const PHONE: u32 = 360;
const DESK: u32 = 1280;

/// Where pictures go, and what was looked at.
pub struct Album {
    pictures: PathBuf,
    axe: String,
    /// Template and language.
    seen: Mutex<BTreeSet<(String, &'static str)>>,
    /// Template with state, language: looked at closely already.
    taken: Mutex<BTreeSet<(String, &'static str)>>,
    heaviest: Mutex<(u64, String)>,
}

impl Album {
    /// The folder and the program are named by `cargo xtask test browser`; by hand, those of the last run are taken.
    pub fn open() -> Self {
        let build = crate::place::root().join("target/browser");
        let named =
            |name: &str, other: &str| env::var_os(name).map_or_else(|| build.join(other), PathBuf::from);
        let pictures = named("INNKEEPER_SCREENSHOTS", "screenshots");
        fs::create_dir_all(&pictures).unwrap();
        let axe = named("INNKEEPER_AXE", "axe/node_modules/axe-core/axe.min.js");
        let axe = fs::read_to_string(&axe)
            .unwrap_or_else(|error| panic!("{}: {error}; run: cargo xtask test browser", axe.display()));
        Self { pictures, axe, seen: Mutex::default(), taken: Mutex::default(), heaviest: Mutex::default() }
    }

    /// The templates that were not looked at, each with the language.
    pub fn missing(&self, languages: &[&'static str]) -> Vec<String> {
        let templates = crate::place::root().join("crates/web/templates");
        let seen = self.seen.lock().unwrap();
        let mut missing = Vec::new();
        for entry in fs::read_dir(templates).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(name) = name.strip_suffix(".html") else { continue };
            let lacking = languages.iter().filter(|language| !seen.contains(&(name.to_owned(), **language)));
            missing.extend(lacking.map(|language| format!("{name} ({language})")));
        }
        missing.sort();
        missing
    }

    /// How many states of pages were looked at, in each language.
    pub fn looked_at(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    /// What the heaviest page weighs, and which one it is.
    pub fn heaviest(&self) -> (u64, String) {
        self.heaviest.lock().unwrap().clone()
    }

    /// Looks at the page that the browser shows, which comes from this template; `state` tells apart what it can show.
    #[track_caller]
    pub fn look(&self, chrome: &Chrome, template: &str, state: &str) {
        let path = crate::place::root().join(format!("crates/web/templates/{template}.html"));
        assert!(path.is_file(), "there is no template {template}");
        let name = if state.is_empty() { template.to_owned() } else { format!("{template}-{state}") };
        if !chrome.mode.script {
            return;
        }
        self.seen.lock().unwrap().insert((template.to_owned(), chrome.mode.language));
        if !self.taken.lock().unwrap().insert((name.clone(), chrome.mode.language)) {
            return;
        }
        let wrong = self.inspect(chrome, Some(&name));
        let shown: BTreeSet<&String> = wrong.iter().collect();
        assert!(wrong.is_empty(), "{name} ({}) at {}: {shown:#?}", chrome.mode, chrome.address());
    }

    /// What is wrong with this page, without keeping pictures of it.
    pub fn judge(&self, chrome: &Chrome) -> Vec<String> {
        self.inspect(chrome, None)
    }

    fn inspect(&self, chrome: &Chrome, name: Option<&str>) -> Vec<String> {
        let language = chrome.mode.language;
        let mut wrong = shifts(chrome);
        // From now on it is we who move things.
        chrome.run("globalThis.actedAt ??= performance.now()", &[]);
        wrong.extend(ask(chrome, &format!("structure('{language}')")));
        if language != "en" {
            wrong.extend(ask(chrome, "foreign()"));
        }
        let weight = weight(chrome);
        if weight > HEAVIEST {
            wrong.push(format!("weighs {weight} bytes"));
        }
        {
            let mut heaviest = self.heaviest.lock().unwrap();
            if let Some(name) = name
                && weight > heaviest.0
            {
                *heaviest = (weight, name.to_owned());
            }
        }
        chrome.run(&self.axe, &[]);
        // Colours do not depend on the width, nor the layout on colours: two of the four show everything.
        for (scheme, width) in [("light", DESK), ("dark", PHONE)] {
            emulate(chrome, width, 1, scheme);
            if let Some(name) = name {
                self.picture(chrome, &format!("{name}/{language}-{scheme}-{width}"));
            }
            let found = ask(chrome, "width()").into_iter().chain(axe(chrome));
            wrong.extend(found.map(|text| format!("{text} ({scheme}, {width} px)")));
        }
        // 200 % and 400 % on a desk, which is 320 px (WCAG 1.4.10).
        for zoom in [2, 4] {
            emulate(chrome, DESK / zoom, zoom, "light");
            wrong.extend(ask(chrome, "width()").into_iter().map(|text| format!("{text} ({zoom}00 %)")));
        }
        wrong.extend(ask(chrome, "motion()"));
        calm(chrome);
        wrong
    }

    /// A picture of the whole page.
    pub fn picture(&self, chrome: &Chrome, name: &str) {
        let size = chrome.devtools("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let options =
            json!({ "format": "png", "optimizeForSpeed": true, "captureBeyondViewport": true, "clip": clip });
        let picture = chrome.devtools("Page.captureScreenshot", options);
        self.keep(&format!("{name}.png"), &STANDARD.decode(picture["data"].as_str().unwrap()).unwrap());
    }

    /// Keeps something beside the pictures.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.pictures.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// What the page weighs with everything, in bytes.
#[track_caller]
pub fn weight(chrome: &Chrome) -> u64 {
    chrome.run(&format!("{SCRIPT} return inspect.weight()"), &[]).as_u64().unwrap()
}

#[track_caller]
fn complaints(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn ask(chrome: &Chrome, call: &str) -> Vec<String> {
    complaints(&chrome.run(&format!("{SCRIPT} return inspect.{call}"), &[]))
}

#[track_caller]
fn shifts(chrome: &Chrome) -> Vec<String> {
    complaints(&chrome.run_async(&format!("{SCRIPT} inspect.shifts(arguments[0])"), &[]))
}

#[track_caller]
fn axe(chrome: &Chrome) -> Vec<String> {
    complaints(&chrome.run_async(&format!("{SCRIPT} inspect.axe(arguments[0])"), &[]))
}

/// A window of this width at this enlargement, for somebody who likes it light or dark and nothing to move.
fn emulate(chrome: &Chrome, width: u32, scale: u32, scheme: &str) {
    let size = json!({ "width": width, "height": 900 / scale, "deviceScaleFactor": scale, "mobile": false });
    chrome.devtools("Emulation.setDeviceMetricsOverride", size);
    // A picture beyond the window has none, and would be laid out differently.
    chrome.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true }));
    let features = json!([
        { "name": "prefers-color-scheme", "value": scheme },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ]);
    chrome.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
}

fn calm(chrome: &Chrome) {
    chrome.devtools("Emulation.clearDeviceMetricsOverride", json!({}));
    chrome.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": false }));
    chrome.devtools("Emulation.setEmulatedMedia", json!({ "media": "", "features": [] }));
}
