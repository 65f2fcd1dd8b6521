//! The whole story, once, against the real binary.

use crate::{
    browser::Browser,
    graph::{Graph, POLICY},
    place::{Place, Said, eventually, now},
    server::{Server, World},
};
use model::{Span, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// How long after the start the guest whose 30 days end one minute after it may still be seen.
const DUE: Duration = Duration::from_secs(75);
const GUESTS: &str = "/v1.0/users?$filter=userType%20eq%20'Guest'&$count=true&$top=6&$select=id,displayName,mail,externalUserState";
const DELETED: &str = "/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,displayName,userPrincipalName,deletedDateTime";
const INVITED: &str = "newcomer.canary@elsewhere.example";

/// What must never be in a log: everything personal and secret that comes up on the way.
struct Canaries(Vec<String>);

impl Canaries {
    fn of(world: &World) -> Self {
        let secret = |name: &str| {
            ["_SECRET", "_PASSWORD", "_USERNAME", "_CONTACT"].iter().any(|end| name.ends_with(end))
        };
        Self(world.values().filter(|(name, _)| secret(name)).map(|(_, value)| value.to_owned()).collect())
    }

    fn add(&mut self, values: impl IntoIterator<Item = String>) {
        self.0.extend(values);
    }

    fn are_not_in(&self, log: &str) {
        assert!(self.0.len() > 50, "too few were collected: {}", self.0.len());
        for canary in &self.0 {
            assert!(canary.len() > 5, "{canary:?} could be there by chance");
            assert!(!log.to_lowercase().contains(&canary.to_lowercase()), "{canary:?} is in the log");
        }
        assert!(!log.contains('@'), "there is an address in the log");
    }
}

#[test]
fn the_whole_story_from_the_policy_to_the_permanent_deletion() {
    let Some(place) = Place::new() else { return };
    let started = now();
    let (mut server, world) = Server::demo(&place, &[]);
    let graph = world.graph();
    let mut canaries = Canaries::of(&world);
    canaries.add([graph.token.clone(), INVITED.to_owned()]);
    thread::scope(|scope| {
        let due = scope.spawn(|| the_due_guest_goes_by_itself(&graph, started));
        the_policy_is_read_and_changed(&world, &graph);
        canaries.add(the_guests_are_listed(&graph));
        canaries.add([an_invitation_is_accepted(&world, &graph)]);
        let mut guest = world.browser();
        guest.sign_in(world.get("GUEST_USERNAME"), world.get("GUEST_PASSWORD"));
        a_guest_leaves_and_is_restored(&world, &graph, &mut guest);
        leaving_is_refused_where_it_is_not_allowed(&world, &mut guest);
        let mut admin = an_administrator_switches_leaving_off(&world, &graph, &mut guest);
        let mut personal = somebody_with_a_mailbox_signs_in(&mut server, &world);
        canaries.add(requests_that_fail(&world, &graph));
        for browser in [&mut guest, &mut admin, &mut personal] {
            canaries.add(browser.jar.values().cloned());
        }
        canaries.add([due.join().unwrap()]);
    });
    the_tools_talk_to_the_running_server(&place);
    let (status, _) = server.stop();
    assert!(status.success(), "{status}");
    assert!(server.log().contains("permanently deleted accounts"), "the log is not the one that was meant");
    canaries.are_not_in(&server.log());
}

fn the_policy_is_read_and_changed(world: &World, graph: &Graph) {
    let mut before = graph.get(POLICY);
    let context = before.as_object_mut().unwrap().shift_remove("@odata.context").unwrap();
    let base_url = world.get("BASE_URL");
    assert_eq!(context, format!("{base_url}/beta/$metadata#policies/externalIdentitiesPolicy/$entity"));
    let expected = json!({
        "id": "externalIdentityPolicy",
        "deletedDateTime": null,
        "allowExternalIdentitiesToLeave": true,
        "allowDeletedIdentitiesDataRemoval": false,
        "displayName": "External Identities Policy",
    });
    assert_eq!(before.to_string(), expected.to_string(), "in this order");
    graph.patch(POLICY, &json!({ "allowDeletedIdentitiesDataRemoval": true }));
    let after = graph.get("/v1.0/policies/externalIdentitiesPolicy");
    assert_eq!(after["allowDeletedIdentitiesDataRemoval"], true);
    assert_eq!(after["allowExternalIdentitiesToLeave"], true, "a partial change leaves the rest as it is");
    let reader = graph.with(world.token("READER_CLIENT"));
    assert_eq!(reader.get(POLICY)["allowDeletedIdentitiesDataRemoval"], true);
    let refused =
        reader.ask(Method::PATCH, POLICY, Some(&json!({ "allowExternalIdentitiesToLeave": false })));
    assert_eq!(refused.is(403).json()["error"]["code"], "Authorization_RequestDenied");
    let change = &graph.audit("Update policy")[0];
    assert_eq!(change["result"], "success");
    assert_eq!(change["initiatedBy"]["app"]["appId"], world.get("CLIENT_ID"));
}

/// Invites somebody and reads all guests, page by page; answers with what is personal about them.
fn the_guests_are_listed(graph: &Graph) -> Vec<String> {
    let body =
        json!({ "invitedUserEmailAddress": INVITED, "inviteRedirectUrl": "https://elsewhere.example/" });
    let invited = graph.post("/v1.0/invitations", &body).is(201).json();
    assert_eq!(invited["status"], "PendingAcceptance");
    let (guests, pages) = graph.all(GUESTS);
    let count = graph.get(GUESTS)["@odata.count"].as_u64().unwrap();
    assert_eq!((guests.len(), pages), (20, 4), "19 live guests of the demonstration and the invited one");
    assert_eq!(count, 20);
    let states = |state: &str| guests.iter().filter(|guest| guest["externalUserState"] == state).count();
    assert_eq!((states("Accepted"), states("PendingAcceptance")), (14, 6));
    let newcomer = guests.iter().find(|guest| guest["id"] == invited["invitedUser"]["id"]).unwrap();
    assert_eq!(newcomer["mail"], INVITED);
    let personal = |guest: &Value| {
        let name = guest["displayName"].as_str().unwrap().to_owned();
        [name, guest["mail"].as_str().unwrap().to_owned()]
    };
    guests.iter().flat_map(personal).collect()
}

/// Fabrikam's administrator becomes a guest of Contoso; answers with the ticket of the link.
fn an_invitation_is_accepted(world: &World, graph: &Graph) -> String {
    let body = json!({
        "invitedUserEmailAddress": world.get("HOME_ADMIN_USERNAME"),
        "inviteRedirectUrl": "https://www.contoso.example/welcome",
    });
    let invited = graph.post("/v1.0/invitations", &body).is(201).json();
    let link = invited["inviteRedeemUrl"].as_str().unwrap();
    let path = link.strip_prefix(world.get("BASE_URL")).unwrap();
    let mut person = world.browser();
    assert!(person.get(path).location.unwrap().starts_with("/signin?return=/invitations/redeem"));
    person.sign_in(world.get("HOME_ADMIN_USERNAME"), world.get("HOME_ADMIN_PASSWORD"));
    person.get(path).is(200).says("Contoso invites you to work with it as a guest.");
    let done = person.submit(path, &[], &[("decision", "accept")]);
    done.is(200).says("You are now a guest of Contoso");
    assert!(done.body.contains("href=\"https://www.contoso.example/welcome\""));
    let id = &invited["invitedUser"]["id"];
    let user = graph.get(&format!("/v1.0/users/{}?$select=externalUserState,userType", id.as_str().unwrap()));
    assert_eq!((&user["externalUserState"], &user["userType"]), (&json!("Accepted"), &json!("Guest")));
    assert_eq!(graph.audit("Redeem external user invite")[0]["initiatedBy"]["user"]["id"], *id);
    link.split_once("ticket=").unwrap().1.to_owned()
}

/// The entry of an organisation in the person's own list.
fn organization(guest: &mut Browser, tenant: &str) -> Value {
    let list = guest.json("/innkeeper/v1/me/organizations");
    list["value"].as_array().unwrap().iter().find(|one| one["tenantId"] == tenant).unwrap().clone()
}

fn groups(guest: &mut Browser, tenant: &str) -> Value {
    guest.json(&format!("/innkeeper/v1/me/organizations/{tenant}/leave"))["consequences"]["groups"].clone()
}

fn a_guest_leaves_and_is_restored(world: &World, graph: &Graph, guest: &mut Browser) {
    let (tenant, id) = (world.get("TENANT_ID"), world.get("GUEST_ID"));
    let list = guest.get("/myaccount/organizations");
    list.is(200).says("Home organization").says("Fabrikam").says("Other organizations you collaborate with");
    list.says("Contoso Active").says("Woodgrove Bank Leaving not allowed").says("Tailwind Traders Active");
    list.lacks(&format!("leave/{}", world.get("HOME_TENANT_ID")));
    let before = groups(guest, tenant);
    assert_ne!(before, json!(0), "a guest in groups is meant");
    let live = graph.get(&format!("/v1.0/users/{id}"));
    let path = format!("/myaccount/organizations/leave/{tenant}");
    guest.get("/myaccount?tenantId=contoso.example").leads_to(&path);
    guest
        .get(&path)
        .is(200)
        .says("Leave Contoso?")
        .says("What will be deleted")
        .says("Permanently deleted after");
    let receipt = guest.submit(&path, &["confirmation"], &[]);
    let deleted =
        graph.get(&format!("/v1.0/directory/deletedItems/{id}?$select=userPrincipalName,deletedDateTime"));
    let left: Timestamp = deleted["deletedDateTime"].as_str().unwrap().parse().unwrap();
    let date = (left + Span::days(30)).strftime("%-d %B %Y, %H:%M UTC");
    receipt.is(200).says("You have left Contoso").says(&format!("Permanently deleted after {date}"));
    receipt.says("privacy@contoso.example");
    let freed = format!("{}{}", id.replace('-', ""), live["userPrincipalName"].as_str().unwrap());
    assert_eq!(deleted["userPrincipalName"], freed);
    graph.ask(Method::GET, &format!("/v1.0/users/{id}"), None).is(404);
    assert!(graph.all(DELETED).0.iter().any(|one| one["id"] == id));
    guest.get("/myaccount/organizations").says("Contoso Left");
    let leave = &graph.audit("Leave organization")[0];
    assert_eq!(leave["initiatedBy"]["user"]["id"], id, "the guest");
    assert_eq!(leave["initiatedBy"]["user"]["displayName"], live["displayName"]);
    assert_eq!((&leave["result"], &leave["targetResources"][0]["id"]), (&json!("success"), &json!(id)));
    let restored = graph.post(&format!("/v1.0/directory/deletedItems/{id}/restore"), &json!({}));
    assert_eq!(restored.is(200).json()["id"], id);
    assert_eq!(graph.get(&format!("/v1.0/users/{id}")), live, "with every property");
    assert_eq!(groups(guest, tenant), before, "and in the same groups");
    guest.get("/myaccount/organizations").says("Contoso Active");
    assert_eq!(organization(guest, tenant)["canLeave"], true);
    assert_eq!(graph.audit("Restore user")[0]["targetResources"][0]["id"], id);
}

fn leaving_is_refused_where_it_is_not_allowed(world: &World, guest: &mut Browser) {
    let (tenant, name) = (world.get("LOCKED_TENANT_ID"), world.get("LOCKED_TENANT_NAME"));
    let page = guest.get(&format!("/organizations/leave/{tenant}"));
    page.is(403).says("You'll need permission to leave");
    page.says(&format!("{name} does not allow guests to leave by themselves."));
    page.says(&format!(
        "To get permission to leave this organization, send an email request to your admin or {name} privacy contact."
    ));
    page.says(world.get("LOCKED_PRIVACY_CONTACT")).says(&format!("Privacy statement of {name}"));
    assert!(page.body.contains("href=\"https://www.woodgrove.example/privacy\""));
    let listed = organization(guest, tenant);
    assert_eq!((&listed["canLeave"], &listed["reason"]), (&json!(false), &json!("notAllowedByOrganization")));
}

fn an_administrator_switches_leaving_off(world: &World, graph: &Graph, guest: &mut Browser) -> Browser {
    let tenant = world.get("TENANT_ID");
    let leave = format!("/myaccount/organizations/leave/{tenant}");
    // Opened while it was still allowed.
    let open = guest.get(&leave);
    let (csrf, confirmation) = (open.is(200).field("csrf"), open.field("confirmation"));
    let mut admin = world.browser();
    admin.sign_in(world.get("ADMIN_USERNAME"), world.get("ADMIN_PASSWORD"));
    let settings = "/admin/external-collaboration";
    admin.get(settings).is(200).says("External user leave settings").says("Deleted home accounts");
    let saved = admin.submit(settings, &["version"], &[("section", "leave"), ("allow", "no")]);
    assert_eq!(saved.status, 303, "{}", saved.text());
    admin.get(saved.location.as_deref().unwrap()).is(200).says("Saved. It is in force from now on.");
    assert_eq!(graph.get(POLICY)["allowExternalIdentitiesToLeave"], false);
    let late = guest.post(&leave, &[("csrf", &csrf), ("confirmation", &confirmation)]);
    late.is(403)
        .says("You'll need permission to leave")
        .says("Contoso does not allow guests to leave by themselves.");
    guest.get(&leave).is(403).says("privacy@contoso.example");
    graph.get(&format!("/v1.0/users/{}", world.get("GUEST_ID")));
    let refused = &graph.audit("Leave organization")[0];
    assert_eq!(
        (&refused["result"], &refused["resultReason"]),
        (&json!("failure"), &json!("notAllowedByOrganization"))
    );
    admin.get("/admin/deleted-users").is(200).says("Yusuf Demir").says("Left by themselves");
    guest.get("/admin").is(403);
    admin
}

fn somebody_with_a_mailbox_signs_in(server: &mut Server, world: &World) -> Browser {
    let address = world.get("PERSONAL_USERNAME");
    let mut browser = world.browser();
    let asked = browser.knock(address);
    asked.is(200).says("In this demonstration it is printed in the terminal");
    let marker = format!("Passcode for {address}: ");
    let code = server.wait_for("the passcode", |server| {
        let output = server.output();
        Some(output.split_once(&marker)?.1.split_once('\n')?.0.to_owned())
    });
    let csrf = asked.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("step", "passcode"), ("userName", address), ("passcode", &code)];
    browser.post("/signin", &fields).leads_to("/myaccount");
    browser
        .get("/myaccount/organizations")
        .is(200)
        .says("All organizations")
        .says("Contoso")
        .lacks("Home organization");
    browser
}

/// Mistakes are what logs are usually full of; answers with what was in them.
fn requests_that_fail(world: &World, graph: &Graph) -> [String; 4] {
    let [password, token, address, path] = [
        "wrong-canary-password",
        "eyJhbGciOiJSUzI1NiJ9.canary.token",
        "canary@mistyped.example",
        "canary-in-the-path",
    ];
    let mut browser = world.browser();
    let asked = browser.knock(world.get("GUEST_USERNAME"));
    let csrf = asked.field("csrf");
    let user = ("userName", world.get("GUEST_USERNAME"));
    let fields = [("csrf", csrf.as_str()), ("step", "password"), user, ("password", password)];
    browser.post("/signin", &fields).is(422).says("The user name or the password is not right.");
    browser.get(&format!("/{path}?mail={address}")).is(404);
    graph.with(token.to_owned()).ask(Method::GET, POLICY, None).is(401);
    graph.post("/v1.0/invitations", &json!({ "invitedUserEmailAddress": [address] })).is(400);
    graph.ask(Method::GET, &format!("/v1.0/users/{address}"), None).is(404);
    [password, token, address, path].map(str::to_owned)
}

/// Answers with the name that must not be in the log.
fn the_due_guest_goes_by_itself(graph: &Graph, started: Instant) -> String {
    let deleted = graph.all(DELETED).0;
    assert_eq!(deleted.len(), 6, "{deleted:?}");
    let due = deleted.iter().min_by_key(|one| one["deletedDateTime"].as_str().unwrap().to_owned()).unwrap();
    let (id, name) = (due["id"].as_str().unwrap(), due["displayName"].as_str().unwrap());
    let path = format!("/v1.0/directory/deletedItems/{id}");
    let left: Timestamp = due["deletedDateTime"].as_str().unwrap().parse().unwrap();
    let purged = eventually("the permanent deletion", DUE.saturating_sub(started.elapsed()), || {
        let reply = graph.ask(Method::GET, &path, None);
        if reply.status == 404 { Some(graph.audit("Hard Delete user")) } else { None }
    });
    let record = &purged.iter().find(|one| one["targetResources"][0]["id"] == id).unwrap();
    assert_eq!(record["targetResources"][0]["displayName"], Value::Null, "nothing personal stays");
    let at: Timestamp = record["activityDateTime"].as_str().unwrap().parse().unwrap();
    assert!(at >= left + Span::days(30), "{at:?} is early for somebody who left {left:?}");
    for path in ["/v1.0/users", "/v1.0/auditLogs/directoryAudits?$top=999", DELETED] {
        let text = Value::from(graph.all(path).0).to_string();
        assert!(!text.contains(name), "{name} is still in {path}");
    }
    name.to_owned()
}

fn the_tools_talk_to_the_running_server(place: &Place) {
    let tool = |args: &[&str]| -> Said {
        let args: Vec<&str> = args.iter().copied().chain(["--data-dir", "world"]).collect();
        place.run(&args)
    };
    // The pass that erased the due guest may still be writing the database anew.
    let purge = eventually("a pass of its own", Duration::from_secs(20), || {
        let said = tool(&["purge", "--now"]);
        if said.out.contains("another pass is running") { None } else { Some(said) }
    });
    let expected =
        "Permanently deleted: 0. Restored or gone in the meantime: 0. Failed, to be tried again: 0.\n";
    assert_eq!(purge.ok(), expected);
    let verify = tool(&["verify"]);
    let text = verify.ok();
    assert!(
        text.starts_with("Looked at 4 organisations and ")
            && text.ends_with(" audit records. All is well.\n"),
        "{text}"
    );
    let list = tool(&["tenant", "list"]);
    assert!(list.ok().contains("  contoso.example  Contoso\n"), "{}", list.out);
}

#[test]
#[should_panic(expected = "is in the log")]
fn a_canary_in_the_log_is_seen_in_any_letter_case() {
    let canaries = Canaries((0..60).map(|number| format!("canary-{number}")).collect());
    canaries.are_not_in("INFO something about Canary-59");
}
