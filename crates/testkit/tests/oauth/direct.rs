//! People who use apps of another organisation without an account there (B2B direct connect): from the first sign-in that both
//! sides allow to leaving, which erases everything at once.

use crate::{
    house::House,
    wire::{Agent, Reply, claims, parameters},
};
use model::{
    ErrorKind, ObjectId, Person, Span, TenantId, audit::Activity, authz::Role,
    policy::ExternalIdentitiesPolicyPatch,
};
use serde_json::{Value, json};
use service::{Caller, LeaveAnswer, LeaveView, OrganizationPatch, SignedIn, UserPatch};
use testkit::World;

struct Stage {
    house: House,
    /// At home in Fabrikam, and nobody in Contoso.
    nora: ObjectId,
}

fn setting(access: &str, app: &str) -> Value {
    json!({
        "usersAndGroups": {"accessType": access, "targets": [{"target": "AllUsers", "targetType": "user"}]},
        "applications": {"accessType": access, "targets": [{"target": app, "targetType": "application"}]},
    })
}

fn patch(settings: Value) -> serde_json::Map<String, Value> {
    settings.as_object().unwrap().clone()
}

impl Stage {
    async fn new(seed: u64) -> Self {
        let house = House::new(seed).await;
        let nora = house.world.member(house.fabrikam, "nora@fabrikam.example", &[]).await;
        house.world.member(house.fabrikam, "fabian@fabrikam.example", &[Role::GlobalAdministrator]).await;
        Self { house, nora }
    }

    /// Both sides allow it.
    async fn open(seed: u64) -> Self {
        let stage = Self::new(seed).await;
        let (contoso, fabrikam) = (stage.house.contoso, stage.house.fabrikam);
        stage.say(contoso, fabrikam, "b2bDirectConnectInbound", setting("allowed", "AllApplications")).await;
        stage.say(fabrikam, contoso, "b2bDirectConnectOutbound", setting("allowed", "AllApplications")).await;
        stage
    }

    /// One organisation says this about the other.
    async fn say(&self, by: TenantId, about: TenantId, what: &str, value: Value) {
        let (directory, cx, caller) =
            (self.house.world.directory(), self.house.world.cx(), Caller::operator(by));
        let settings = patch(json!({ what: value }));
        let changed = directory.set_partner(&cx, &caller, (about, false), settings.clone()).await;
        if changed.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            directory.set_partner(&cx, &caller, (about, true), settings).await.unwrap();
        }
    }

    fn person(&self) -> Person {
        World::person(self.house.fabrikam, self.nora)
    }

    async fn browser(&self) -> Agent {
        self.house.browser(&self.person()).await
    }

    async fn who(&self) -> SignedIn {
        self.house.world.signed_in(&self.person()).await
    }

    async fn connection(&self) -> Option<store::DirectConnection> {
        let person = self.person();
        let scope = World::scope(self.house.contoso);
        self.house.world.store().read(scope, |reader| reader.connection_of(&person)).await.unwrap()
    }

    /// Signs in to the tool, saying yes where asked; the tokens.
    async fn sign_in(&self) -> Reply {
        let mut browser = self.browser().await;
        let mut answer = browser.get(&self.house.ask(&[])).await;
        if answer.status == 200 {
            let yes = decide(&mut browser, &answer, "accept").await;
            answer = browser.get(&yes.onward()).await;
        }
        let reply = self.house.redeem(&answer.sent().1["code"], &[]).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply
    }

    async fn userinfo(&self, token: &str) -> Reply {
        self.house.program().bearing("/oidc/userinfo", token).await
    }

    /// The organisations of Nora, by name.
    async fn listed(&self) -> Vec<(String, bool)> {
        let listed = self.house.world.directory().my_organizations(&self.who().await).await.unwrap();
        listed.into_iter().map(|one| (one.tenant.name, one.connection.is_some())).collect()
    }

    /// Who the log says did this last.
    async fn logged(&self, activity: Activity) -> Value {
        let query = service::AuditQuery {
            activity: Some(activity.wire().0.to_owned()),
            limit: 1,
            ..service::AuditQuery::default()
        };
        let (directory, cx) = (self.house.world.directory(), self.house.world.cx());
        let found = directory.list_audit(&cx, &self.house.operator(), &query).await.unwrap();
        let record = found.into_iter().next().expect("a record").record;
        let named: Vec<Value> = record.personal.iter().map(|slot| json!(slot.fields)).collect();
        json!(named)
    }
}

async fn decide(browser: &mut Agent, page: &Reply, decision: &str) -> Reply {
    let (csrf, request) = (page.field("csrf"), page.field("request"));
    browser.submit("/consent", &[("csrf", &csrf), ("request", &request), ("decision", decision)]).await
}

/// As delivered both sides are closed, and one that is open alone opens nothing.
#[tokio::test]
async fn both_sides_have_to_allow_it() {
    let stage = Stage::new(90).await;
    let (contoso, fabrikam) = (stage.house.contoso, stage.house.fabrikam);
    let mut browser = stage.browser().await;
    let asked = stage.house.ask(&[]);
    browser.get(&asked).await.is(400).says("AADSTS50020");
    stage.say(contoso, fabrikam, "b2bDirectConnectInbound", setting("allowed", "AllApplications")).await;
    browser.get(&asked).await.is(400).says("AADSTS50020");
    stage.say(contoso, fabrikam, "b2bDirectConnectInbound", setting("blocked", "AllApplications")).await;
    stage.say(fabrikam, contoso, "b2bDirectConnectOutbound", setting("allowed", "AllApplications")).await;
    browser.get(&asked).await.is(400).says("AADSTS50020");
    // Open for another app is closed for this one.
    let web = stage.house.web.to_string();
    stage.say(contoso, fabrikam, "b2bDirectConnectInbound", setting("allowed", &web)).await;
    browser.get(&asked).await.is(400).says("AADSTS50020");
    assert_eq!(stage.connection().await, None);
    let tool = stage.house.tool.to_string();
    stage.say(contoso, fabrikam, "b2bDirectConnectInbound", setting("allowed", &tool)).await;
    browser.get(&asked).await.is(200).says("Let Contoso know you?");
    assert_eq!(stage.connection().await, None, "asking makes nothing");
}

/// The person is asked before the organisation learns who they are; no, and a forged yes, make nothing.
#[tokio::test]
async fn nobody_is_connected_unasked() {
    let stage = Stage::open(91).await;
    let mut browser = stage.browser().await;
    let silent = browser.get(&stage.house.ask(&[("prompt", "none")])).await;
    assert_eq!(silent.sent().1["error"], "consent_required");
    let page = browser.get(&stage.house.ask(&[])).await;
    page.is(200).says("Let Contoso know you?").says("Tool").says("nora@fabrikam.example");
    let no = decide(&mut browser, &page, "cancel").await;
    assert_eq!(parameters(&no.onward()).1["error"], "access_denied");
    let request = page.field("request");
    let forged = [("csrf", "x"), ("request", &request), ("decision", "accept")];
    browser.submit("/consent", &forged).await.is(403);
    assert_eq!((stage.connection().await, stage.listed().await.len()), (None, 1));
    let yes = decide(&mut browser, &page, "accept").await;
    assert!(browser.get(&yes.onward()).await.sent().1.contains_key("code"));
    assert!(stage.connection().await.is_some());
    assert!(browser.get(&stage.house.ask(&[])).await.sent().1.contains_key("code"), "asked once");
    let web = stage.house.web.to_string();
    let other = [("client_id", web.as_str()), ("redirect_uri", crate::house::CALLBACK), ("scope", "openid")];
    assert!(browser.get(&stage.house.ask(&other)).await.sent().1.contains_key("code"), "for all its apps");
}

/// Where both sides said so, nobody is asked (as Entra's automatic redemption).
#[tokio::test]
async fn automatic_consent_goes_without_asking() {
    let stage = Stage::open(92).await;
    let (contoso, fabrikam) = (stage.house.contoso, stage.house.fabrikam);
    stage.say(contoso, fabrikam, "automaticUserConsentSettings", json!({"inboundAllowed": true})).await;
    let mut browser = stage.browser().await;
    browser.get(&stage.house.ask(&[])).await.is(200);
    stage.say(fabrikam, contoso, "automaticUserConsentSettings", json!({"outboundAllowed": true})).await;
    assert!(browser.get(&stage.house.ask(&[])).await.sent().1.contains_key("code"));
}

/// The app learns who somebody is, and nothing of the directory is open to them.
#[tokio::test]
async fn a_connection_opens_the_app_and_nothing_of_the_directory() {
    let stage = Stage::open(93).await;
    let reply = stage.sign_in().await;
    assert_eq!(reply.text("scope"), "openid profile", "the permission is left out, and the app is told");
    let (token, id) = (reply.text("access_token"), claims(&reply.text("id_token")));
    let own = stage.connection().await.unwrap().id.to_string();
    assert_eq!(id["oid"], json!(own), "an id of this organisation's own");
    assert_eq!(id["tid"], json!(stage.house.contoso));
    assert_eq!(id["preferred_username"], "nora@fabrikam.example");
    assert!(id["idp"].as_str().unwrap().contains(&stage.house.fabrikam.to_string()));
    let scp = claims(&token)["scp"].as_str().unwrap().to_owned();
    assert_eq!(scp, "openid profile");
    let info = stage.userinfo(&token).await;
    assert_eq!((info.status, info.json()["sub"].clone()), (200, id["sub"].clone()));
    assert_eq!(info.json()["preferred_username"], "nora@fabrikam.example");
    for path in ["/v1.0/me", "/v1.0/organization", "/v1.0/users", "/v1.0/policies/externalIdentitiesPolicy"] {
        assert_eq!(stage.house.program().bearing(path, &token).await.status, 403, "{path}");
    }
    let refreshed = stage.house.refresh(&reply.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(stage.userinfo(&refreshed.text("access_token")).await.status, 200);
    // Reuse ends the sign-in, as for everybody.
    assert_eq!(stage.house.refresh(&reply.text("refresh_token"), &[]).await.fault().1, "invalid_grant");
    assert_eq!(stage.house.refresh(&refreshed.text("refresh_token"), &[]).await.fault().1, "invalid_grant");
    let (cx, operator) = (stage.house.world.cx(), stage.house.operator());
    let found = stage.house.world.directory().get_user(&cx, &operator, &own).await;
    assert_eq!(found.unwrap_err().kind(), ErrorKind::NotFound, "there is no user object");
}

/// What either side takes back, and what happens at home, counts for the tokens that are out.
#[tokio::test]
async fn what_is_taken_back_bites_at_once() {
    let stage = Stage::open(94).await;
    let (contoso, fabrikam) = (stage.house.contoso, stage.house.fabrikam);
    let reply = stage.sign_in().await;
    let (token, refresh) = (reply.text("access_token"), reply.text("refresh_token"));
    for (by, about, what) in
        [(contoso, fabrikam, "b2bDirectConnectInbound"), (fabrikam, contoso, "b2bDirectConnectOutbound")]
    {
        stage.say(by, about, what, setting("blocked", "AllApplications")).await;
        assert_eq!(stage.userinfo(&token).await.status, 401, "{what}");
        assert_eq!(stage.house.refresh(&refresh, &[]).await.fault().2, 500_213, "{what}");
        stage.say(by, about, what, setting("allowed", "AllApplications")).await;
        assert_eq!(stage.userinfo(&token).await.status, 200, "{what}");
    }
    stage.house.block(fabrikam, stage.nora, true).await;
    assert_eq!(stage.userinfo(&token).await.status, 401, "blocked at home");
    stage.house.block(fabrikam, stage.nora, false).await;
    assert_eq!(stage.userinfo(&token).await.status, 401, "a block voids what was out");
    assert_eq!(stage.house.refresh(&refresh, &[]).await.fault().1, "invalid_grant");
    let token = stage.sign_in().await.text("access_token");
    let (directory, cx) = (stage.house.world.directory(), stage.house.world.cx());
    directory.delete_user(&cx, &Caller::operator(fabrikam), &stage.nora.to_string()).await.unwrap();
    assert_eq!(stage.userinfo(&token).await.status, 401, "deleted at home");
    directory.home_pass().await.unwrap();
    assert_eq!(stage.connection().await, None, "there is nothing that a restore could bring back");
    assert_eq!(directory.verify().await.unwrap().problems, [""; 0]);
}

/// Contract, section 5: they appear in My Account, the policy covers them, and when they leave the removal starts at once.
#[tokio::test]
async fn a_direct_connection_is_listed_left_and_gone_at_once() {
    let stage = Stage::open(95).await;
    let contoso = stage.house.contoso;
    let (world, directory) = (&stage.house.world, stage.house.world.directory());
    let reply = stage.sign_in().await;
    let own = |name: &str, direct| (name.to_owned(), direct);
    assert_eq!(stage.listed().await, [own("Fabrikam", false), own("Contoso", true)]);
    let mut browser = stage.browser().await;
    browser
        .get("/myaccount/organizations")
        .await
        .is(200)
        .says("Contoso")
        .says("There is no account for you in it.");
    assert_eq!(
        stage.logged(Activity::ConnectDirectly).await[0]["userPrincipalName"],
        "nora@fabrikam.example"
    );
    // The policy about leaving covers these people as well.
    let operator = stage.house.operator();
    let privacy = OrganizationPatch {
        privacy_contact: Some(Some("privacy@contoso.example".to_owned())),
        privacy_url: Some(Some("https://contoso.example/privacy".to_owned())),
        ..OrganizationPatch::default()
    };
    directory.update_organization(&world.cx(), &operator, privacy).await.unwrap();
    let policy = |allow| ExternalIdentitiesPolicyPatch { allow_leave: Some(allow), allow_removal: None };
    directory.update_policy(&world.cx(), &operator, policy(false), None).await.unwrap();
    let who = stage.who().await;
    let refused = directory.view_leave(&world.cx(), &who, contoso).await.unwrap();
    assert!(matches!(refused, LeaveView::Refused(_)));
    let path = format!("/myaccount/organizations/leave/{contoso}");
    browser.get(&path).await.is(403).says("privacy@contoso.example");
    directory.update_policy(&world.cx(), &operator, policy(true), None).await.unwrap();
    let stale = directory.leave(&world.cx(), &who, contoso, "made up").await.unwrap();
    assert!(matches!(stale, LeaveAnswer::Stale));
    let page = browser.get(&path).await;
    page.is(200).says("Nothing can be restored");
    assert!(!page.body.contains("can restore your account"));
    let (csrf, confirmation) = (page.field("csrf"), page.field("confirmation"));
    let left = browser.submit(&path, &[("csrf", &csrf), ("confirmation", &confirmation)]).await;
    left.is(200).says("You have left Contoso").says("Nothing can be restored");
    assert_eq!(stage.listed().await, [own("Fabrikam", false)]);
    assert_eq!(stage.connection().await, None);
    assert_eq!(stage.userinfo(&reply.text("access_token")).await.status, 401);
    assert_eq!(stage.house.refresh(&reply.text("refresh_token"), &[]).await.fault().1, "invalid_grant");
    assert_eq!(stage.logged(Activity::ConnectDirectly).await, json!([]), "names go with the connection");
    assert_eq!(directory.verify().await.unwrap().problems, [""; 0], "and the log still verifies");
    // Whoever left is asked anew.
    browser.get(&stage.house.ask(&[])).await.is(200).says("Let Contoso know you?");
}

/// Whoever is invited afterwards comes as a guest, and leaves altogether.
#[tokio::test]
async fn an_account_takes_the_place_of_a_connection() {
    let stage = Stage::open(96).await;
    let world = &stage.house.world;
    let reply = stage.sign_in().await;
    let guest = world
        .guest(stage.house.contoso, &stage.person(), "nora@fabrikam.example", testkit::GuestState::Accepted)
        .await;
    assert_eq!(stage.userinfo(&reply.text("access_token")).await.status, 401);
    assert_eq!(stage.house.refresh(&reply.text("refresh_token"), &[]).await.status, 400);
    let mut browser = stage.browser().await;
    let code = stage.house.code(&mut browser).await;
    let tokens = stage.house.redeem(&code, &[]).await;
    assert_eq!(claims(&tokens.text("id_token"))["oid"], json!(guest));
    assert_eq!(stage.house.me(&tokens.text("access_token")).await.status, 200);
    assert!(world.leave(&stage.who().await, stage.house.contoso).await);
    assert_eq!(stage.connection().await, None);
    // A guest who is blocked is no stranger: the connection is no way around.
    let blocked = Stage::open(97).await;
    let person = blocked.person();
    let guest = blocked.house.world.guest(
        blocked.house.contoso,
        &person,
        "nora@fabrikam.example",
        testkit::GuestState::Accepted,
    );
    let guest = guest.await;
    blocked.house.block(blocked.house.contoso, guest, true).await;
    blocked.browser().await.get(&blocked.house.ask(&[])).await.is(400).says("AADSTS50020");
}

/// What is left of a sign-in is swept when it is over.
#[tokio::test]
async fn a_sign_in_over_a_connection_ends_by_itself() {
    let stage = Stage::open(98).await;
    let reply = stage.sign_in().await;
    stage.house.later(Span::days(15));
    assert_eq!(stage.house.refresh(&reply.text("refresh_token"), &[]).await.fault().1, "invalid_grant");
    let name = UserPatch { display_name: Some("Nora Renamed".to_owned()), ..UserPatch::default() };
    let (directory, cx) = (stage.house.world.directory(), stage.house.world.cx());
    let at_home = Caller::operator(stage.house.fabrikam);
    directory.update_user(&cx, &at_home, &stage.nora.to_string(), name).await.unwrap();
    let token = stage.sign_in().await.text("access_token");
    assert_eq!(stage.userinfo(&token).await.json()["name"], "Nora Renamed", "names are read, not kept");
}
