//! `organization`: what it shows to whom, and the privacy profile.

use crate::{
    house::{House, POLICY},
    wire::{Ask, Transcript},
};
use serde_json::json;

#[tokio::test]
async fn read() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let own = format!("/v1.0/organization/{}", house.plan.contoso);
    house.say(&mut said, "a collection of one", Ask::get("/v1.0//organization").by(house.all())).await;
    house.say(&mut said, "by id", Ask::get(&own).by(house.all())).await;
    house
        .say(&mut said, "selected", Ask::get(format!("{own}?$select=id,privacyProfile")).by(house.all()))
        .await;
    house
        .say(
            &mut said,
            "with User.Read only",
            Ask::get("/v1.0/organization").by(house.token("mia with User.Read")),
        )
        .await;
    house.say(&mut said, "by a guest", Ask::get(&own).by(house.token("gil"))).await;
    house
        .say(&mut said, "without a profile", Ask::get("/beta/organization").by(house.token("app: theo")))
        .await;
    let foreign = format!("/v1.0/organization/{}", house.plan.fabrikam);
    house.say(&mut said, "another organisation", Ask::get(foreign).by(house.all())).await;
    house.say(&mut said, "no permission", Ask::get(&own).by(house.token("app: nothing"))).await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn changes() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let own = format!("/v1.0/organization/{}", house.plan.contoso);
    let write = |body: serde_json::Value| Ask::new("PATCH", &own).by(house.all()).json(&body);
    let good = [
        json!({"privacyProfile": {"contactEmail": "alice@contoso.example", "statementUrl": "https://contoso.example/p"},
               "technicalNotificationMails": ["tech@contoso.example"]}),
        json!({"privacyProfile": {"@odata.type": "#microsoft.graph.privacyProfile", "statementUrl": "https://contoso.example/q"}}),
        json!({"@odata.type": "#microsoft.graph.organization", "technicalNotificationMails": []}),
        json!({"privacyProfile": null}),
        json!({"privacyProfile": {"contactEmail": "a@contoso.example", "statementUrl": "mailto:a@contoso.example"}}),
    ];
    for body in good {
        let reply = house.say(&mut said, "done", write(body.clone())).await;
        assert_eq!(reply.status, 204, "{body}");
    }
    let select = format!("{own}?$select=privacyProfile,technicalNotificationMails");
    house.say(&mut said, "read", Ask::get(&select).by(house.all())).await;
    let before = house.state(house.plan.contoso).await;
    let bad = [
        json!({"privacyProfile": {"contactEmail": "nobody"}}),
        json!({"privacyProfile": {"contactEmail": 1}}),
        json!({"privacyProfile": {"statementUrl": "javascript:alert(1)"}}),
        json!({"privacyProfile": {"statementUrl": "http://contoso.example"}}),
        json!({"privacyProfile": {"foo": "x"}}),
        json!({"privacyProfile": "x"}),
        json!({"technicalNotificationMails": "tech@contoso.example"}),
        json!({"technicalNotificationMails": ["a@x.example", "b@x.example"]}),
        json!({"technicalNotificationMails": ["nobody"]}),
        json!({"displayName": "Mine"}),
        json!({"verifiedDomains": []}),
        json!({"foo": 1}),
        json!({}),
    ];
    for body in bad {
        let reply = house.say(&mut said, "refused", write(body.clone())).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    assert_eq!(house.state(house.plan.contoso).await, before, "nothing that was refused was done");
    house.say(&mut said, "no such method", Ask::new("DELETE", &own).by(house.all())).await;
    let collection = Ask::new("PATCH", "/v1.0/organization").by(house.all()).json(&json!({}));
    house.say(&mut said, "the collection", collection).await;
    insta::assert_snapshot!(said.text());
}

/// While guests may not leave, they must find somebody to turn to.
#[tokio::test]
async fn the_profile_stays_while_leaving_is_off() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let own = format!("/v1.0/organization/{}", house.plan.contoso);
    let off =
        Ask::new("PATCH", POLICY).by(house.all()).json(&json!({"allowExternalIdentitiesToLeave": false}));
    assert_eq!(house.ask(off).await.status, 204);
    let before = house.state(house.plan.contoso).await;
    let rows = [
        json!({"privacyProfile": null}),
        json!({"privacyProfile": {"contactEmail": ""}}),
        json!({"privacyProfile": {"contactEmail": null}}),
        json!({"privacyProfile": {"statementUrl": " "}}),
        json!({"privacyProfile": {"contactEmail": "other@contoso.example", "statementUrl": null}}),
    ];
    for body in rows {
        let reply =
            house.say(&mut said, "refused", Ask::new("PATCH", &own).by(house.all()).json(&body)).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    assert_eq!(house.state(house.plan.contoso).await, before);
    let other = json!({"privacyProfile": {"contactEmail": "other@contoso.example"}});
    house.say(&mut said, "another contact", Ask::new("PATCH", &own).by(house.all()).json(&other)).await;
    let on = Ask::new("PATCH", POLICY).by(house.all()).json(&json!({"allowExternalIdentitiesToLeave": true}));
    assert_eq!(house.ask(on).await.status, 204);
    house
        .say(
            &mut said,
            "once leaving is on",
            Ask::new("PATCH", &own).by(house.all()).json(&json!({"privacyProfile": null})),
        )
        .await;
    insta::assert_snapshot!(said.text());
}
