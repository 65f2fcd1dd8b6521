//! Between tenants: what two organisations say about each other's people counts at invitation, acceptance and every request.

use crate::{
    house::House,
    wire::{Ask, Transcript},
};
use serde_json::{Value, json};
use testkit::World;

const BASE: &str = "/v1.0/policies/crossTenantAccessPolicy";

fn setting(access: &str) -> Value {
    json!({
        "usersAndGroups": {"accessType": access, "targets": [{"target": "AllUsers", "targetType": "user"}]},
        "applications": {"accessType": access, "targets": [{"target": "AllApplications", "targetType": "application"}]},
    })
}

/// `who` says this about a partner, anew.
async fn say_of(house: &House, who: &str, partner: model::TenantId, settings: Value) {
    let mut body = settings;
    let by = house.token(who);
    let gone = house.ask(Ask::new("DELETE", format!("{BASE}/partners/{partner}")).by(by)).await;
    assert!([204, 404].contains(&gone.status.as_u16()));
    body["tenantId"] = json!(partner);
    let made = house.ask(Ask::new("POST", format!("{BASE}/partners")).by(by).json(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
}

#[tokio::test]
async fn settings_on_the_wire() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let get = |path: &str| Ask::get(format!("{BASE}{path}")).by(house.all());
    for (title, path) in
        [("the policy", ""), ("delivered settings", "/default"), ("no partners", "/partners")]
    {
        house.say(&mut said, title, get(path)).await;
    }
    let patch =
        |path: &str, body: &Value| Ask::new("PATCH", format!("{BASE}{path}")).by(house.all()).json(body);
    let half = json!({"b2bCollaborationOutbound": {"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "AllUsers", "targetType": "user"}]}}});
    assert_eq!(house.ask(patch("/default", &half)).await.status, 204);
    house
        .say(&mut said, "half a rule", get("/default?$select=isServiceDefault,b2bCollaborationOutbound"))
        .await;
    for (title, body) in [
        (
            "an unknown word",
            json!({"b2bCollaborationOutbound": {"usersAndGroups": {"accessType": "maybe", "targets": []}}}),
        ),
        (
            "a target that is none",
            json!({"b2bCollaborationOutbound": {"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "x", "targetType": "user"}]}}}),
        ),
        ("another type", json!({"inboundTrust": 1})),
        ("an unknown member", json!({"foo": {}})),
    ] {
        assert_eq!(house.say(&mut said, title, patch("/default", &body)).await.status, 400, "{title}");
    }
    let reset = Ask::new("POST", format!("{BASE}/default/resetToSystemDefault")).by(house.all());
    assert_eq!(house.ask(reset).await.status, 204);
    assert_eq!(house.ask(get("/default")).await.json()["isServiceDefault"], true);
    let partner = json!({"tenantId": house.plan.fabrikam, "b2bDirectConnectInbound": setting("allowed"), "automaticUserConsentSettings": {"inboundAllowed": true}});
    let post = Ask::new("POST", format!("{BASE}/partners")).by(house.all());
    assert_eq!(house.say(&mut said, "a partner", post.clone().json(&partner)).await.status, 201);
    assert_eq!(house.say(&mut said, "the same again", post.clone().json(&partner)).await.status, 409);
    assert_eq!(
        house.say(&mut said, "oneself", post.json(&json!({"tenantId": house.plan.contoso}))).await.status,
        400
    );
    house.say(&mut said, "one partner", get(&format!("/partners/{}", house.plan.fabrikam))).await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn a_closed_border_stops_invitations_acceptance_and_requests_at_once() {
    let house = House::new().await;
    let (contoso, fabrikam) = (house.plan.contoso, house.plan.fabrikam);
    let me = || Ask::get("/v1.0/me").by(house.token("gil"));
    let invite = || {
        let body = json!({"invitedUserEmailAddress": "new@fabrikam.example", "inviteRedirectUrl": "https://a.example"});
        Ask::new("POST", "/v1.0/invitations").by(house.token("adele")).json(&body)
    };
    assert_eq!(
        (house.ask(me()).await.status.as_u16(), house.ask(invite()).await.status.as_u16()),
        (200, 201)
    );
    say_of(&house, "adele", fabrikam, json!({"b2bCollaborationInbound": setting("blocked")})).await;
    assert_eq!(
        (house.ask(me()).await.status.as_u16(), house.ask(invite()).await.status.as_u16()),
        (401, 400)
    );
    say_of(&house, "adele", fabrikam, json!({})).await;
    assert_eq!(
        (house.ask(me()).await.status.as_u16(), house.ask(invite()).await.status.as_u16()),
        (200, 201)
    );
    // The home organisation has a say, too; it stops the person, not the invitation.
    say_of(&house, "fabian", contoso, json!({"b2bCollaborationOutbound": setting("blocked")})).await;
    assert_eq!(
        (house.ask(me()).await.status.as_u16(), house.ask(invite()).await.status.as_u16()),
        (401, 201)
    );
    let world = &house.world;
    let nora = world.member(fabrikam, "nora@fabrikam.example", &[]).await;
    let body =
        json!({"invitedUserEmailAddress": "nora@fabrikam.example", "inviteRedirectUrl": "https://a.example"});
    let sent =
        house.ask(Ask::new("POST", "/v1.0/invitations").by(house.token("adele")).json(&body)).await.json();
    let ticket = sent["inviteRedeemUrl"].as_str().unwrap().rsplit_once('=').unwrap().1.to_owned();
    let who = world.signed_in(&World::person(fabrikam, nora)).await;
    let refused = world.directory().redeem(&world.cx(), &who, &ticket).await.unwrap_err();
    assert_eq!(refused.kind(), model::ErrorKind::Forbidden);
    assert!(refused.external().starts_with("Your own organization"), "{}", refused.external());
    say_of(&house, "fabian", contoso, json!({"automaticUserConsentSettings": {"outboundAllowed": true}}))
        .await;
    assert!(!world.directory().view_invitation(&who, &ticket).await.unwrap().automatic, "one side alone");
    say_of(&house, "adele", fabrikam, json!({"automaticUserConsentSettings": {"inboundAllowed": true}}))
        .await;
    assert!(world.directory().view_invitation(&who, &ticket).await.unwrap().automatic, "both sides");
    world.directory().redeem(&world.cx(), &who, &ticket).await.unwrap();
}
