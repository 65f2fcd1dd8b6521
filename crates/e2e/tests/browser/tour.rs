//! A person with a browser in a world of their own.

use crate::{
    chrome::{Chrome, Node},
    graph::Graph,
    look::Album,
    place::eventually,
    stage::Scene,
};
use serde_json::Value;
use std::{fs, time::Duration};
use web::pages::i18n::{Argument, Texts};

/// What a story is told with.
pub struct Tour<'h> {
    pub chrome: &'h Chrome,
    pub scene: Scene,
    pub texts: Texts,
    pub album: &'h Album,
}

impl<'h> Tour<'h> {
    pub fn new(chrome: &'h Chrome, scene: Scene, album: &'h Album) -> Self {
        let texts = Texts::by_tag(chrome.mode.language).expect("a language that there is");
        Self { chrome, scene, texts, album }
    }

    /// What the env file says.
    pub fn named(&self, name: &str) -> &str {
        self.scene.world.get(name)
    }

    pub fn graph(&self) -> Graph {
        self.scene.world.graph()
    }

    /// A text of the pages in the reader's language.
    pub fn t(&self, key: &str) -> String {
        self.texts.t(key)
    }

    pub fn t1(&self, key: &str, name: &'static str, value: impl Argument) -> String {
        self.texts.t1(key, name, value)
    }

    /// Opens a page of the server.
    #[track_caller]
    pub fn go(&self, path: &str) {
        self.chrome.open(&format!("{}{path}", self.named("BASE_URL")));
    }

    /// Waits until the page says this text.
    #[track_caller]
    pub fn says(&self, key: &str) -> &Self {
        self.chrome.says(&self.t(key));
        self
    }

    #[track_caller]
    pub fn says1(&self, key: &str, name: &'static str, value: impl Argument) -> &Self {
        self.chrome.says(&self.t1(key, name, value));
        self
    }

    #[track_caller]
    pub fn press(&self, key: &str) {
        self.chrome.find("button", &self.t(key)).follow();
    }

    /// Presses the button of this name that a description tells apart from others.
    #[track_caller]
    pub fn press_at(&self, key: &str, description: &str) {
        self.chrome.find_described("button", &self.t(key), description).follow();
    }

    #[track_caller]
    pub fn follow(&self, key: &str) {
        self.chrome.find("link", &self.t(key)).follow();
    }

    #[track_caller]
    pub fn follow_at(&self, key: &str, description: &str) {
        self.chrome.find_described("link", &self.t(key), description).follow();
    }

    /// Goes on by an entry of the navigation of this name.
    #[track_caller]
    pub fn turn_to(&self, navigation: &str, key: &str) {
        self.chrome.find("navigation", &self.t(navigation)).find("link", &self.t(key)).follow();
    }

    /// Follows a link to a file, which a description tells apart from others; what is in the file.
    #[track_caller]
    pub fn download(&self, key: &str, description: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        self.chrome.keep_downloads(folder.path());
        self.chrome.find_described("link", &self.t(key), description).click();
        let file = eventually("the file", Duration::from_secs(10), || {
            let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            names.into_iter().find(|path| path.extension().is_none_or(|ending| ending != "crdownload"))
        });
        fs::read(file).unwrap()
    }

    #[track_caller]
    pub fn fill(&self, label: &str, text: &str) {
        self.chrome.find("textbox", &self.t(label)).fill(text);
    }

    #[track_caller]
    pub fn group(&self, key: &str) -> Node<'h> {
        self.chrome.find("group", &self.t(key))
    }

    #[track_caller]
    pub fn heading(&self, text: &str) -> Node<'h> {
        self.chrome.find("heading", text)
    }

    /// Signs in on the page that asks for it.
    #[track_caller]
    pub fn sign_in_here(&self, user_name: &str, password: &str) {
        self.fill("sign-in-user-name", user_name);
        self.press("next");
        self.fill("sign-in-password", password);
        self.press("sign-in");
    }

    /// Opens a page and signs in on the way.
    #[track_caller]
    pub fn go_as(&self, path: &str, (user_name, password): (&str, &str)) {
        self.go(path);
        self.chrome.is_at("/signin");
        self.sign_in_here(user_name, password);
        self.chrome.is_at(path.split('?').next().unwrap());
    }

    /// Signs out, by whatever page this is.
    #[track_caller]
    pub fn press_out(&self) {
        self.go("/myaccount");
        self.press("sign-out");
        self.says("sign-in-signed-out");
    }

    /// The address at which this app asks Contoso's people to sign in; they return to `back`.
    pub fn asks(&self, app: &str, back: &str) -> String {
        let back = back.replace(':', "%3A").replace('/', "%2F");
        format!(
            "/{}/oauth2/v2.0/authorize?client_id={app}&response_type=code&redirect_uri={back}&scope=openid%20User.Read&state=s1&code_challenge={}&code_challenge_method=S256",
            self.named("TENANT_ID"),
            "a".repeat(43),
        )
    }

    /// Fabrikam's member who is a guest in other organisations.
    pub fn guest(&self) -> (&str, &str) {
        (self.named("GUEST_USERNAME"), self.named("GUEST_PASSWORD"))
    }

    /// Contoso's Global Administrator.
    pub fn admin(&self) -> (&str, &str) {
        (self.named("ADMIN_USERNAME"), self.named("ADMIN_PASSWORD"))
    }

    /// Looks at the page closely; it comes from this template and shows this state of it.
    #[track_caller]
    pub fn look(&self, template: &str, state: &str) {
        self.album.look(self.chrome, template, state);
    }

    /// The external identities policy of Contoso.
    #[track_caller]
    pub fn policy(&self) -> Value {
        self.graph().get(crate::graph::POLICY)
    }

    /// The browser complained about nothing: no page wanted what its policy forbids, nothing failed to load.
    #[track_caller]
    pub fn was_quiet(&self) {
        let said: Vec<String> = self
            .chrome
            .log()
            .into_iter()
            // A page that is a refusal says so in its status, which the browser writes down.
            .filter(|entry| ["WARNING", "SEVERE"].contains(&entry.level.as_str()))
            .filter(|entry| {
                !entry.message.contains("Failed to load resource: the server responded with a status of 4")
            })
            .map(|entry| format!("{}: {}", entry.level, entry.message))
            .collect();
        assert!(said.is_empty(), "the browser complains: {said:#?}");
    }
}
