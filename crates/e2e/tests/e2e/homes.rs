//! Two servers, each the home of the other's guests: nothing but OpenID Connect between them.

use crate::{
    browser::Browser,
    graph::Graph,
    page::Page,
    place::Place,
    server::{Server, World, client},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, path::Path};

const PASSWORD: &str = "violet harbour tram seventeen";
const NEEDED: [&str; 6] = [
    "Application.ReadWrite.All",
    "AuditLog.Read.All",
    "IdentityProvider.ReadWrite.All",
    "Policy.ReadWrite.ExternalIdentities",
    "User.DeleteRestore.All",
    "User.ReadWrite.All",
];

/// A server with an organisation of its own, and an app that sets things up there.
struct Home {
    place: Place,
    server: Server,
    world: World,
    name: &'static str,
    domain: &'static str,
    tenant: String,
    graph: Graph,
}

/// The value behind a label in what a tool printed.
fn labelled(said: &str, label: &str) -> String {
    let found = said.lines().find_map(|line| line.strip_prefix(label));
    found.unwrap_or_else(|| panic!("no {label:?} in {said}")).trim().to_owned()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// A server that has made its authority, and where it is.
fn founded(place: &Place) -> String {
    let (mut server, world) = Server::demo(place, &[]);
    assert!(server.stop().0.success());
    world.get("BASE_URL").rsplit_once(':').unwrap().1.to_owned()
}

impl Home {
    fn open(place: Place, port: &str, name: &'static str, domain: &'static str) -> Self {
        let (server, world) = Server::demo_on(&place, &format!("127.0.0.1:{port}"), &[]);
        let create = ["tenant", "create", "--data-dir", "world", "--name", name, "--domain", domain];
        let administrator = ["--administrator-user", "ada", "--administrator-name", "Ada Jones"];
        place.run(&create.into_iter().chain(administrator).collect::<Vec<_>>()).ok();
        let list = place.run(&["tenant", "list", "--data-dir", "world"]);
        let line = list.ok().lines().find(|line| line.contains(domain)).unwrap();
        let tenant = line.split_whitespace().next().unwrap().to_owned();
        let mut app =
            vec!["app", "create", "--data-dir", "world", "--tenant", &tenant, "--name", "Automation"];
        app.extend(NEEDED.iter().flat_map(|permission| ["--permission", *permission]));
        let said = place.run(&app);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &labelled(said.ok(), "Client id:")),
            ("client_secret", &labelled(said.ok(), "Client secret, shown only now:")),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let base_url = world.get("BASE_URL");
        let ca = Path::new(world.get("CA_FILE"));
        let answer =
            client(ca).post(format!("{base_url}/{tenant}/oauth2/v2.0/token")).form(&fields).send().unwrap();
        let graph = Graph::new(base_url, ca, text(&answer.json().unwrap(), "access_token"));
        Self { server, world, name, domain, tenant, graph, place }
    }

    fn browser(&self) -> Browser {
        self.world.browser()
    }

    /// Somebody who is at home here.
    fn employs(&self, nickname: &str) -> String {
        let user_name = format!("{nickname}@{}", self.domain);
        let user = json!({
            "accountEnabled": true, "displayName": nickname, "mailNickname": nickname, "userPrincipalName": user_name,
            "passwordProfile": { "password": PASSWORD, "forceChangePasswordNextSignIn": false },
        });
        self.graph.post("/v1.0/users", &user).is(201);
        user_name
    }

    /// Knows the other server as an app to which its people may sign in.
    fn serves(&self, other: &Self) -> (String, String) {
        let callback = format!("{}/signin/callback", other.world.get("BASE_URL"));
        let new = json!({ "displayName": other.name, "web": { "redirectUris": [callback] } });
        let app = self.graph.post("/v1.0/applications", &new).is(201).json();
        let path = format!("/v1.0/applications/{}/addPassword", text(&app, "id"));
        let secret = self.graph.post(&path, &json!({})).is(200).json();
        let id = text(&app, "appId");
        self.graph.post("/v1.0/servicePrincipals", &json!({ "appId": id })).is(201);
        (id, text(&secret, "secretText"))
    }

    /// Registers the other server as the home of its people.
    fn trusts(&self, other: &Self) {
        let (id, secret) = other.serves(self);
        let registration = json!({
            "displayName": other.name,
            "issuer": format!("{}/{}/v2.0", other.world.get("BASE_URL"), other.tenant),
            "clientId": id,
            "clientSecret": secret,
            "trustsEmail": true,
        });
        let added = self.graph.post("/innkeeper/v1/identityProviders", &registration).is(201).json();
        let (provider, tenant) = (text(&added, "id"), self.tenant.as_str());
        let confirm = ["provider", "confirm-domain", "--data-dir", "world", "--tenant", tenant];
        let which = ["--provider", &provider, "--domain", other.domain];
        self.place.run(&confirm.into_iter().chain(which).collect::<Vec<_>>()).ok();
    }
}

/// Two browsers of one person are one: each has the cookies of its own server.
struct Traveller<'h> {
    here: (&'h Home, Browser),
    home: (&'h Home, Browser),
    user_name: String,
}

impl<'h> Traveller<'h> {
    fn new(here: &'h Home, home: &'h Home, user_name: String) -> Self {
        Self { here: (here, here.browser()), home: (home, home.browser()), user_name }
    }

    /// Signs in with the account at home, from the user name on; where the server leads in the end.
    fn signs_in(&mut self, return_to: &str) -> String {
        let (home, at_home) = &mut self.home;
        let fields = [("step", "userName"), ("userName", self.user_name.as_str()), ("return", return_to)];
        let choice = self.here.1.submit("/signin", &[], &fields);
        choice.is(200).says(&format!("Continue with {} to {}", home.name, self.here.0.name));
        let link = choice.body.split("href=\"/signin/with/").nth(1).and_then(|rest| rest.split('"').next());
        let departure = self.here.1.get(&format!("/signin/with/{}", link.unwrap().replace("&#38;", "&")));
        let base_url = home.world.get("BASE_URL");
        let asked = departure.location.expect("the way home");
        let asked = asked.strip_prefix(base_url).expect("an address of the home").to_owned();
        assert!(asked.starts_with(&format!("/{}/oauth2/v2.0/authorize?", home.tenant)), "{asked}");
        let door = at_home.get(&asked).location.expect("the door of the home");
        let (name, return_to) = (self.user_name.as_str(), door.split_once("return=").expect("a return").1);
        let return_to = percent_decoded(return_to.split('&').next().unwrap());
        let known = [("step", "userName"), ("userName", name), ("return", return_to.as_str())];
        let csrf = at_home.submit("/signin", &[], &known).field("csrf");
        let fields = [("csrf", csrf.as_str()), ("step", "password"), ("password", PASSWORD)];
        let done = at_home.post("/signin", &[fields.as_slice(), &known[1..]].concat());
        let mut onward = goes_on(&done);
        // Pages of the home's own stand between the password and the answer.
        while let Some(path) =
            onward.strip_prefix(base_url).or_else(|| Some(&*onward).filter(|it| it.starts_with('/')))
        {
            onward = goes_on(&at_home.get(path));
        }
        let back = onward.strip_prefix(self.here.0.world.get("BASE_URL")).expect("the way back");
        assert!(back.starts_with("/signin/callback?code="), "{back}");
        let back = back.to_owned();
        let page = self.here.1.get(&back);
        assert_eq!(page.status, 303, "{}", page.text());
        page.location.unwrap()
    }
}

/// Where a page leads: by a redirect, or by itself.
fn goes_on(page: &Page) -> String {
    let refresh = || {
        let (_, rest) = page.body.split_once("http-equiv=\"refresh\" content=\"0; url=")?;
        Some(rest.split('"').next()?.replace("&#38;", "&"))
    };
    page.location
        .clone()
        .or_else(refresh)
        .unwrap_or_else(|| panic!("goes nowhere: {} {}", page.status, page.text()))
}

fn percent_decoded(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// Invited, accepts with the account at home, comes back, leaves, and is asked nothing at home for it.
fn a_guest_comes_and_leaves(here: &Home, home: &Home) {
    let address = home.employs("ana");
    let body = json!({ "invitedUserEmailAddress": address, "inviteRedirectUrl": "https://localhost/" });
    let invited = here.graph.post("/v1.0/invitations", &body).is(201).json();
    let guest = text(&invited["invitedUser"], "id");
    let path = text(&invited, "inviteRedeemUrl");
    let path = path.strip_prefix(here.world.get("BASE_URL")).unwrap();
    let mut ana = Traveller::new(here, home, address);
    assert_eq!(ana.signs_in(path), path);
    ana.here.1.get(path).is(200).says(&format!("{} invites you", here.name));
    ana.here.1.submit(path, &[], &[("decision", "accept")]).is(200).says("You are now a guest");
    let user = format!("/v1.0/users/{guest}");
    let state = here.graph.get(&format!("{user}?$select=externalUserState,userType,identities"));
    assert_eq!((&state["externalUserState"], &state["userType"]), (&json!("Accepted"), &json!("Guest")));

    let mut ana = Traveller::new(here, home, ana.user_name);
    assert_eq!(ana.signs_in("/myaccount/organizations"), "/myaccount/organizations");
    ana.here.1.get("/myaccount/organizations").is(200).says(here.name);
    let leave = format!("/myaccount/organizations/leave/{}", here.tenant);
    let at_home = home.graph.audit("Leave organization");
    let left = ana.here.1.submit(&leave, &["confirmation"], &[]);
    left.is(200).says(&format!("You have left {}", here.name));
    here.graph.ask(Method::GET, &user, None).is(404);
    here.graph.ask(Method::GET, &format!("/v1.0/directory/deletedItems/{guest}"), None).is(200);
    let record = &here.graph.audit("Leave organization")[0];
    assert_eq!((&record["result"], &record["initiatedBy"]["user"]["id"]), (&json!("success"), &json!(guest)));
    assert_eq!(home.graph.audit("Leave organization"), at_home, "home has nothing to do with it");
    assert_eq!(home.graph.get(&format!("/v1.0/users/{}", ana.user_name))["userPrincipalName"], ana.user_name);
}

#[test]
fn two_servers_are_each_the_home_of_the_others_guests() {
    let (Some(one), Some(other)) = (Place::new(), Place::new()) else { return };
    let ports = [founded(&one), founded(&other)];
    // Each asks the other over TLS, so each is told about the authority of the other.
    let authorities = [&one, &other].map(|place| fs::read(place.path("world/ca.pem")).unwrap()).concat();
    let [one, other] = [one, other].map(|place| {
        let bundle = place.path("authorities.pem");
        fs::write(&bundle, &authorities).unwrap();
        place.trusting(bundle)
    });
    let one = Home::open(one, &ports[0], "Northwind", "northwind.example");
    let other = Home::open(other, &ports[1], "Fourth Coffee", "fourthcoffee.example");
    one.trusts(&other);
    other.trusts(&one);
    a_guest_comes_and_leaves(&one, &other);
    a_guest_comes_and_leaves(&other, &one);
    for mut home in [one, other] {
        assert!(home.server.stop().0.success());
        home.place.run(&["verify", "--data-dir", "world"]).ok();
    }
}
