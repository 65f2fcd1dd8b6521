//! A real browser. Elements are found as assistive technology finds them: by role and accessible name.

use crate::place::{eventually, has, now};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use thirtyfour::{
    BrowserLogEntry, Capabilities, Key, WebDriver, WebElement,
    common::print::PrintParameters,
    components::SelectElement,
    error::{WebDriverError, WebDriverResult},
};
use tokio::runtime::{Builder, Runtime};

/// How long a page may take until it shows what it is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one waits for another page after something was pressed that usually leads to one.
const TURN: Duration = Duration::from_secs(5);
/// How often one looks.
const LOOK: Duration = Duration::from_millis(40);
/// How long the browser may take to do what it is told.
const COMMAND: Duration = Duration::from_secs(40);

/// Debian's chromedriver, which starts the browsers; it ends with this.
pub struct Driver {
    child: Child,
    pub address: String,
}

impl Driver {
    /// None, said loudly, if it is not installed.
    pub fn start() -> Option<Self> {
        if !has("chromedriver") {
            return None;
        }
        let mut command = Command::new("chromedriver");
        command.args(["--port=0", "--log-level=SEVERE"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port: u16 = lines
            .find_map(|line| {
                line.unwrap()
                    .split_once("started successfully on port ")?
                    .1
                    .trim_end_matches('.')
                    .parse()
                    .ok()
            })
            .expect("chromedriver says where it listens");
        Some(Self { child, address: format!("http://127.0.0.1:{port}") })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a driver complains about, without where in the driver.
fn brief(error: &WebDriverError) -> String {
    let text = error.to_string();
    text.split("Stacktrace:").next().unwrap_or_default().trim_end().to_owned()
}

/// What kind of browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mode {
    /// The language that it asks for.
    pub language: &'static str,
    /// Does it run scripts?
    pub script: bool,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.language, if self.script { "" } else { ", without script" })
    }
}

/// A browser. It closes when dropped.
pub struct Chrome {
    runtime: Runtime,
    driver: WebDriver,
    pub mode: Mode,
}

impl Chrome {
    pub fn start(driver: &Driver, mode: Mode) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let mut prefs = json!({ "intl.accept_languages": mode.language });
        if !mode.script {
            // What a person sets who switches JavaScript off.
            prefs["profile.managed_default_content_settings.javascript"] = 2.into();
        }
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // What would cost time and has nothing to do with pages.
            "--disable-extensions",
            "--disable-breakpad",
            "--disable-features=Translate,OptimizationHints,MediaRouter,BackForwardCache,PaintHolding",
            "--force-color-profile=srgb",
            // Names of organisations and of attackers are names of this machine: nothing leaves it.
            "--host-resolver-rules=MAP *.example 127.0.0.1",
            "--window-size=1280,900",
        ];
        let wanted = json!({
            "browserName": "chrome",
            // The worlds have authorities of their own; other tests prove who is trusted.
            "acceptInsecureCerts": true,
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": args, "prefs": prefs },
        });
        let Value::Object(wanted) = wanted else { unreachable!() };
        let driver = runtime
            .block_on(async {
                let driver = WebDriver::builder(&driver.address, Capabilities::from(wanted));
                driver.request_timeout(COMMAND).await
            })
            .unwrap();
        Self { runtime, driver, mode }
    }

    #[track_caller]
    fn wait<T>(&self, what: impl Future<Output = WebDriverResult<T>>) -> T {
        self.runtime.block_on(what).unwrap_or_else(|error| panic!("{}", brief(&error)))
    }

    /// Asks the browser itself, by its debugging protocol.
    #[track_caller]
    pub fn devtools(&self, method: &str, params: Value) -> Value {
        let answer = self.runtime.block_on(self.driver.cdp().send_raw(method, params));
        answer.unwrap_or_else(|error| panic!("{method}: {}", brief(&error)))
    }

    #[track_caller]
    pub fn open(&self, address: &str) {
        self.wait(self.driver.goto(address));
    }

    #[track_caller]
    pub fn back(&self) {
        self.wait(self.driver.back());
    }

    #[track_caller]
    pub fn reload(&self) {
        self.wait(self.driver.refresh());
    }

    #[track_caller]
    pub fn address(&self) -> String {
        self.wait(self.driver.current_url()).to_string()
    }

    #[track_caller]
    pub fn title(&self) -> String {
        self.wait(self.driver.title())
    }

    /// When this page began, once it is complete; tells pages apart.
    fn born(&self) -> Value {
        let script = "return document.readyState === 'complete' ? performance.timeOrigin : null";
        self.runtime
            .block_on(self.driver.execute(script, Vec::new()))
            .map_or(Value::Null, |born| born.json().clone())
    }

    /// Runs a script in the page, as the debugger does: also where the page itself may not.
    #[track_caller]
    pub fn run(&self, script: &str, args: &[Value]) -> Value {
        self.wait(self.driver.execute(script, args)).json().clone()
    }

    /// The same for a script that answers later, by calling its last argument.
    #[track_caller]
    pub fn run_async(&self, script: &str, args: &[Value]) -> Value {
        self.wait(self.driver.execute_async(script, args)).json().clone()
    }

    /// The same where the page may go away meanwhile.
    pub fn try_run_async(&self, script: &str, args: &[Value]) -> WebDriverResult<()> {
        self.runtime.block_on(self.driver.execute_async(script, args)).map(drop)
    }

    /// The text of the page that can be seen, with single blanks.
    #[track_caller]
    pub fn text(&self) -> String {
        let text = self.run("return document.body ? document.body.innerText : ''", &[]);
        text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Waits until the page says this.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let expected = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let deadline = now() + PATIENCE;
        loop {
            let seen = self.text();
            if seen.contains(&expected) {
                return self;
            }
            assert!(now() < deadline, "{expected:?} is not on {}: {seen}", self.address());
            thread::sleep(LOOK);
        }
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        let seen = self.text();
        assert!(!seen.contains(text), "{text:?} is on {}: {seen}", self.address());
        self
    }

    /// Waits until the address is below this path.
    #[track_caller]
    pub fn is_at(&self, path: &str) {
        eventually(&format!("the address {path}"), PATIENCE, || {
            let address = self.address();
            let rest = address.split_once("://").map_or("", |(_, rest)| rest);
            let here = rest.find('/').map_or("/", |at| &rest[at..]);
            here.starts_with(path).then_some(())
        });
    }

    /// Everything of this role and name; of any name, if none is given.
    #[track_caller]
    pub fn all(&self, role: &str, name: Option<&str>) -> Vec<Node<'_>> {
        self.below(None, role, name)
    }

    /// The accessibility tree, in the order of the page; only what is below `top`, if that is given.
    #[track_caller]
    fn tree(&self, top: Option<&Value>) -> Vec<Value> {
        let tree = self.devtools("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        let by_id: BTreeMap<&str, &Value> =
            nodes.iter().map(|node| (node["nodeId"].as_str().unwrap(), node)).collect();
        let root = match top {
            None => nodes.first(),
            Some(top) => nodes.iter().find(|node| node["backendDOMNodeId"] == *top),
        };
        let mut below = Vec::new();
        let mut open: Vec<&Value> = root.into_iter().collect();
        while let Some(node) = open.pop() {
            below.push(node.clone());
            let children = node["childIds"].as_array().into_iter().flatten().rev();
            open.extend(children.filter_map(|id| by_id.get(id.as_str()?)));
        }
        below
    }

    #[track_caller]
    fn below(&self, top: Option<&Value>, role: &str, name: Option<&str>) -> Vec<Node<'_>> {
        let fits = |node: &Node<'_>| node.role == role && name.is_none_or(|name| node.name == name);
        let tree = self.tree(top).into_iter().skip(usize::from(top.is_some()));
        tree.filter(|node| node["ignored"] != true).map(|node| self.node(&node)).filter(fits).collect()
    }

    fn node(&self, node: &Value) -> Node<'_> {
        let text = |name: &str| {
            node[name]["value"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        Node {
            chrome: self,
            id: node["backendDOMNodeId"].clone(),
            role: text("role"),
            name: text("name"),
            description: text("description"),
        }
    }

    /// The one element of this role and name.
    #[track_caller]
    pub fn find(&self, role: &str, name: &str) -> Node<'_> {
        self.only(None, role, name, "")
    }

    /// The same where several have the name, and a description tells them apart.
    #[track_caller]
    pub fn find_described(&self, role: &str, name: &str, description: &str) -> Node<'_> {
        self.only(None, role, name, description)
    }

    #[track_caller]
    fn only(&self, top: Option<&Value>, role: &str, name: &str, description: &str) -> Node<'_> {
        let name = &name.split_whitespace().collect::<Vec<_>>().join(" ");
        let deadline = now() + PATIENCE;
        loop {
            let mut found = self.below(top, role, Some(name));
            found.retain(|node| node.description.contains(description));
            if found.len() == 1 {
                return found.remove(0);
            }
            if now() >= deadline {
                let all: Vec<String> = self.below(top, role, None).iter().map(ToString::to_string).collect();
                panic!(
                    "there are {} of role {role} named {name:?} {description:?} on {}; there are {all:?}\n{}",
                    found.len(),
                    self.address(),
                    self.text()
                );
            }
            thread::sleep(LOOK);
        }
    }

    /// Presses keys, wherever the focus is.
    #[track_caller]
    pub fn keys(&self, keys: impl Into<thirtyfour::TypingData>) {
        self.wait(self.driver.action_chain().send_keys(keys).perform());
    }

    /// What has the focus: role and accessible name.
    #[track_caller]
    pub fn focus(&self) -> Option<Node<'_>> {
        let focused = |node: &&Value| {
            node["role"]["value"] != "RootWebArea"
                && node["properties"].as_array().is_some_and(|all| {
                    all.iter().any(|one| one["name"] == "focused" && one["value"]["value"] == true)
                })
        };
        self.tree(None).iter().find(focused).map(|node| self.node(node))
    }

    /// Goes on with Tab until this has the focus; fails when the focus has come round.
    #[track_caller]
    pub fn tab_to(&self, role: &str, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..60 {
            self.keys(Key::Tab + "");
            let Some(node) = self.focus() else { continue };
            if node.role == role && node.name == name {
                return;
            }
            passed.push(node.to_string());
        }
        panic!("the focus never came to {role} {name:?}: {passed:?}");
    }

    /// What the browser has to say about pages since the last time.
    #[track_caller]
    pub fn log(&self) -> Vec<BrowserLogEntry> {
        self.wait(self.driver.browser_log())
    }

    /// All cookies of this page, those that scripts do not see included.
    #[track_caller]
    pub fn cookies(&self) -> Vec<Value> {
        self.devtools("Network.getCookies", json!({}))["cookies"].as_array().unwrap().clone()
    }

    #[track_caller]
    pub fn cookie(&self, name: &str) -> Option<Value> {
        self.cookies().into_iter().find(|cookie| cookie["name"] == name)
    }

    /// The page as it would be printed.
    #[track_caller]
    pub fn print(&self) -> Vec<u8> {
        self.wait(self.driver.print_page(PrintParameters::default()))
    }

    /// Where this page puts what is downloaded from now on.
    #[track_caller]
    pub fn keep_downloads(&self, folder: &Path) {
        let place = json!({ "behavior": "allow", "downloadPath": folder });
        self.devtools("Page.setDownloadBehavior", place);
    }

    /// What every frame of the page shows.
    #[track_caller]
    pub fn frames(&self) -> Vec<String> {
        let count = self.run("return window.length", &[]).as_u64().unwrap_or_default();
        let mut shown = Vec::new();
        for index in 0..u16::try_from(count).unwrap() {
            // One that shows nothing cannot be entered.
            if self.runtime.block_on(self.driver.enter_frame(index)).is_ok() {
                let source = self.run("return document.documentElement.outerHTML", &[]);
                shown.push(source.as_str().unwrap_or_default().to_owned());
            }
            self.wait(self.driver.enter_default_frame());
        }
        shown
    }

    /// How many windows are open.
    #[track_caller]
    pub fn windows(&self) -> usize {
        self.wait(self.driver.windows()).len()
    }

    /// Forgets everything: cookies, cache, pages, what was emulated, what was logged.
    #[track_caller]
    pub fn forget(&self) {
        let windows = self.wait(self.driver.windows());
        for window in &windows[1..] {
            self.wait(self.driver.switch_to_window(window.clone()));
            self.wait(self.driver.close_window());
        }
        self.wait(self.driver.switch_to_window(windows[0].clone()));
        self.open("about:blank");
        self.devtools("Network.clearBrowserCookies", json!({}));
        self.devtools("Network.clearBrowserCache", json!({}));
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({}));
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "", "features": [] }));
        self.log();
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        // It may have crashed.
        drop(self.runtime.block_on(self.driver.clone().quit()));
    }
}

/// Something on a page, as assistive technology knows it.
pub struct Node<'c> {
    chrome: &'c Chrome,
    id: Value,
    pub role: String,
    pub name: String,
    pub description: String,
}

impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.role, self.name)?;
        if self.description.is_empty() { Ok(()) } else { write!(f, " ({:?})", self.description) }
    }
}

impl<'c> Node<'c> {
    /// What WebDriver knows it by.
    #[track_caller]
    fn element(&self) -> WebElement {
        let resolved = self.chrome.devtools("DOM.resolveNode", json!({ "backendNodeId": self.id }));
        let keep = json!({
            "objectId": resolved["object"]["objectId"],
            "functionDeclaration": "function () { globalThis.foundByTest = this }",
        });
        self.chrome.devtools("Runtime.callFunctionOn", keep);
        let take = "const found = globalThis.foundByTest; delete globalThis.foundByTest; return found";
        self.chrome.wait(async { self.chrome.driver.execute(take, Vec::new()).await?.element() })
    }

    /// The one element of this role and name in it.
    #[track_caller]
    pub fn find(&self, role: &str, name: &str) -> Node<'c> {
        self.chrome.only(Some(&self.id), role, name, "")
    }

    /// Everything of this role in it.
    #[track_caller]
    pub fn all(&self, role: &str, name: Option<&str>) -> Vec<Node<'c>> {
        self.chrome.below(Some(&self.id), role, name)
    }

    /// A click with the mouse, as a person does it: it must be visible, and nothing may be in front of it. What can be chosen
    /// is clicked on its label, which is larger.
    #[track_caller]
    pub fn click(&self) {
        let mut element = self.element();
        if ["radio", "checkbox"].contains(&self.role.as_str()) {
            let label = "const [own] = arguments; const label = own.labels[0]; return label?.offsetWidth > 9 ? label : own";
            let arguments = vec![element.to_json().unwrap()];
            element =
                self.chrome.wait(async { self.chrome.driver.execute(label, arguments).await?.element() });
        }
        self.chrome.run("globalThis.actedAt ??= performance.now()", &[]);
        if let Err(error) = self.chrome.runtime.block_on(element.click()) {
            panic!("{self} cannot be clicked: {}", brief(&error));
        }
    }

    /// The same for what leads to another page: waits for that.
    #[track_caller]
    pub fn follow(&self) {
        let before = self.chrome.born();
        self.click();
        let deadline = now() + TURN;
        while now() < deadline {
            let born = self.chrome.born();
            if !born.is_null() && born != before {
                return;
            }
            thread::sleep(LOOK);
        }
    }

    /// Two clicks, as fast as an impatient person.
    #[track_caller]
    pub fn double_click(&self) {
        let element = self.element();
        let chain = self.chrome.driver.action_chain_with_delay(Some(Duration::ZERO), Some(Duration::ZERO));
        self.chrome.wait(chain.double_click_element(&element).perform());
    }

    /// Replaces what is in the field.
    #[track_caller]
    pub fn fill(&self, text: &str) {
        let element = self.element();
        self.chrome.wait(async {
            element.clear().await?;
            if text.is_empty() { Ok(()) } else { element.send_keys(text).await }
        });
    }

    /// Chooses what a list offers under this name.
    #[track_caller]
    pub fn choose(&self, text: &str) {
        let element = self.element();
        self.chrome.wait(async { SelectElement::new(&element).await?.select_by_exact_text(text).await });
    }

    #[track_caller]
    pub fn text(&self) -> String {
        let element = self.element();
        self.chrome.wait(element.text()).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn value(&self) -> String {
        let element = self.element();
        self.chrome.wait(element.value()).unwrap_or_default()
    }

    #[track_caller]
    pub fn is_chosen(&self) -> bool {
        let element = self.element();
        self.chrome.wait(element.is_selected())
    }

    #[track_caller]
    pub fn is_enabled(&self) -> bool {
        let element = self.element();
        self.chrome.wait(element.is_enabled())
    }

    #[track_caller]
    pub fn attribute(&self, name: &str) -> Option<String> {
        let element = self.element();
        self.chrome.wait(element.attr(name))
    }
}
