//! `invitations`: section 3.2 of what is documented.

use crate::{
    house::House,
    wire::{Ask, Transcript},
};
use serde_json::{Value, json};

fn invite(house: &House, body: &Value) -> Ask {
    Ask::new("POST", "/v1.0/invitations").by(house.all()).json(body)
}

fn plain(address: &str) -> Value {
    json!({"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapp.contoso.example"})
}

#[tokio::test]
async fn invitations_that_are_made() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let reply = house.say(&mut said, "the least", invite(&house, &plain("Nora@Adatum.example"))).await;
    assert_eq!(reply.status, 201);
    let whole = json!({
        "@odata.type": "#microsoft.graph.invitation",
        "invitedUserEmailAddress": "owen@adatum.example",
        "inviteRedirectUrl": "https://myapp.contoso.example/path?x=1",
        "invitedUserDisplayName": "Owen",
        "sendInvitationMessage": true,
        "invitedUserMessageInfo": {
            "messageLanguage": "en-US",
            "customizedMessageBody": "Welcome",
            "ccRecipients": [{"emailAddress": {"name": "Cc", "address": "cc@contoso.example"}}]
        },
        "invitedUserType": "Guest",
        "resetRedemption": false
    });
    let reply = house.say(&mut said, "everything that is documented", invite(&house, &whole)).await.json();
    for name in
        ["invitedUserDisplayName", "sendInvitationMessage", "invitedUserMessageInfo", "inviteRedirectUrl"]
    {
        assert_eq!(reply[name], whole[name], "{name} comes back");
    }
    let id = reply["invitedUser"]["id"].as_str().unwrap();
    let select = "$select=displayName,mail,userPrincipalName,userType,creationType,externalUserState,accountEnabled,identities";
    house.say(&mut said, "the guest", Ask::get(format!("/v1.0/users/{id}?{select}")).by(house.all())).await;
    let mut member = plain("mona@adatum.example");
    member["invitedUserType"] = json!("Member");
    house.say(&mut said, "a member, by an app", invite(&house, &member)).await;
    house
        .say(
            &mut said,
            "beta, by a guest",
            Ask::new("POST", "/beta/Invitations").by(house.token("gil")).json(&plain("z@adatum.example")),
        )
        .await;
    insta::assert_snapshot!(said.text());
}

/// What the message is to say may be left out, wholly or in part.
#[tokio::test]
async fn a_message_needs_no_words_of_its_own() {
    let house = House::new().await;
    for (n, info) in [json!(null), json!({}), json!({"messageLanguage": "zh-CN"})].into_iter().enumerate() {
        let mut body = plain(&format!("n{n}@adatum.example"));
        body["sendInvitationMessage"] = json!(true);
        if !info.is_null() {
            body["invitedUserMessageInfo"] = info;
        }
        assert_eq!(house.ask(invite(&house, &body)).await.status, 201, "{body}");
    }
}

/// The same object gets a new link.
#[tokio::test]
async fn inviting_again() {
    let house = House::new().await;
    let mut said = Transcript::default();
    for (title, name) in [("pending", "pia"), ("accepted", "gil")] {
        let reply =
            house.say(&mut said, title, invite(&house, &plain(&format!("{name}@fabrikam.example")))).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["invitedUser"]["id"]),
            (201, &json!(house.id(name)))
        );
    }
    let mut reset = plain("gil@fabrikam.example");
    reset["resetRedemption"] = json!(true);
    house.say(&mut said, "with a new redemption", invite(&house, &reset)).await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn invitations_that_are_refused() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let internal = Ask::new("PATCH", format!("/v1.0/users/{}", house.id("mia")))
        .by(house.all())
        .json(&json!({"mail": "mia@elsewhere.example"}));
    assert_eq!(house.ask(internal).await.status, 204);
    let before = house.state(house.plan.contoso).await;
    let with = |name: &str, value: Value| {
        let mut body = plain("nora@adatum.example");
        body[name] = value;
        body
    };
    let copies = |addresses: &[&str]| {
        let list: Vec<Value> =
            addresses.iter().map(|address| json!({"emailAddress": {"address": address}})).collect();
        let mut body = with("invitedUserMessageInfo", json!({"ccRecipients": list}));
        body["sendInvitationMessage"] = json!(true);
        body
    };
    let rows = [
        ("an own domain", plain("new@contoso.example")),
        ("an internal user's mail", plain("mia@elsewhere.example")),
        ("a blocked guest", plain("bea@fabrikam.example")),
        ("no address", plain("nobody")),
        ("two addresses", plain("a@x.example,b@x.example")),
        ("an empty address", plain("")),
        ("an address of another type", with("invitedUserEmailAddress", json!(1))),
        ("no redirect", with("inviteRedirectUrl", json!(""))),
        ("a relative redirect", with("inviteRedirectUrl", json!("/here"))),
        ("a redirect with a script", with("inviteRedirectUrl", json!("javascript:alert(1)"))),
        ("a redirect of another type", with("inviteRedirectUrl", json!(null))),
        ("an unknown type of user", with("invitedUserType", json!("Robot"))),
        ("an unknown member", with("foo", json!(1))),
        ("a message of another type", with("invitedUserMessageInfo", json!(5))),
        ("two copies", copies(&["a@adatum.example", "b@adatum.example"])),
        ("a copy to nobody", copies(&["nobody"])),
        (
            "a copy of another type",
            with("invitedUserMessageInfo", json!({"ccRecipients": [{"emailAddress": 1}]})),
        ),
        (
            "an unknown member of a copy",
            with("invitedUserMessageInfo", json!({"ccRecipients": [{"mail": null}]})),
        ),
        ("a name that is too long", with("invitedUserDisplayName", json!("x".repeat(257)))),
        ("a name with a control character", with("invitedUserDisplayName", json!("a\u{7}b"))),
        ("a switch of another type", with("resetRedemption", json!("true"))),
        ("nothing", json!({})),
    ];
    for (title, body) in rows {
        let reply = house.say(&mut said, title, invite(&house, &body)).await;
        assert_eq!(reply.status, 400, "{title}");
    }
    let mut member = plain("mona@adatum.example");
    member["invitedUserType"] = json!("Member");
    let by = |who: &str| Ask::new("POST", "/v1.0/invitations").by(house.token(who));
    house.say(&mut said, "a member, by a member", by("mia").json(&member)).await;
    house
        .say(&mut said, "without the permission", by("app: User.Read.All").json(&plain("n@adatum.example")))
        .await;
    house.say(&mut said, "an empty body", by("app: everything")).await;
    house.say(&mut said, "a list", Ask::get("/v1.0/invitations").by(house.all())).await;
    assert_eq!(house.state(house.plan.contoso).await, before, "nothing that was refused was done");
    insta::assert_snapshot!(said.text());
}
