//! `directory/deletedItems`: list, read, restore, delete for good.

use crate::{
    house::House,
    wire::{Ask, Transcript},
};
use model::Span;
use serde_json::json;
use testkit::World;

const DELETED: &str = "/v1.0/directory/deletedItems";

fn get(house: &House, target: impl Into<String>) -> Ask {
    Ask::get(target).by(house.all())
}

#[tokio::test]
async fn lists() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let cast = format!("{DELETED}/microsoft.graph.user");
    let field = "?$filter=userType eq 'Guest'&$orderby=deletedDateTime desc&$count=true";
    house.say(&mut said, "as the field asks", get(&house, format!("{cast}{field}")).advanced()).await;
    let selected =
        format!("{cast}{field}&$select=id,displayName,userPrincipalName,deletedDateTime,userType&$top=1");
    let page = house.say(&mut said, "selected", get(&house, selected).advanced()).await.json();
    let link = page["@odata.nextLink"].as_str().unwrap().strip_prefix(World::ORIGIN).unwrap().to_owned();
    house.say(&mut said, "the next page", get(&house, link)).await;
    house
        .say(
            &mut said,
            "the short cast, in another case",
            get(&house, "/beta/Directory/DeletedItems/graph.user?$select=id"),
        )
        .await;
    house.say(&mut said, "the number", get(&house, format!("{cast}/$count")).advanced()).await;
    house.say(&mut said, "the number without the header", get(&house, format!("{cast}/$count"))).await;
    house.say(&mut said, "without a type", get(&house, DELETED)).await;
    house.say(&mut said, "another type", get(&house, format!("{DELETED}/microsoft.graph.group"))).await;
    house
        .say(
            &mut said,
            "sorted without the header",
            get(&house, format!("{cast}?$orderby=deletedDateTime desc")),
        )
        .await;
    house
        .say(
            &mut said,
            "sorted by name",
            get(&house, format!("{cast}?$orderby=displayName&$select=displayName")),
        )
        .await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn one() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let lena = house.id("lena");
    let reply = house.say(&mut said, "a guest who left", get(&house, format!("{DELETED}/{lena}"))).await;
    let name = format!("{}lena_fabrikam.example#EXT#@contoso.example", lena.uuid().simple());
    assert_eq!(reply.json()["userPrincipalName"], name.as_str(), "the id stands before the name");
    let selected = format!("{DELETED}/{lena}?$select=id,deletedDateTime");
    house.say(&mut said, "selected", get(&house, selected)).await;
    house
        .say(&mut said, "somebody who is not deleted", get(&house, format!("{DELETED}/{}", house.id("mia"))))
        .await;
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn restoring() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let (lena, rolf) = (house.id("lena"), house.id("rolf"));
    let restore = |id| Ask::new("POST", format!("{DELETED}/{id}/restore")).by(house.all());
    let refusals = [
        json!({"newUserPrincipalName": "lena@elsewhere.example"}),
        json!({"newUserPrincipalName": ""}),
        json!({"newUserPrincipalName": 1}),
        json!({"newUserPrincipalName": "mia@contoso.example"}),
        json!({"autoReconcileProxyConflict": "yes"}),
        json!({"foo": 1}),
    ];
    for body in refusals {
        house.say(&mut said, "refused", restore(lena).json(&body)).await;
    }
    house
        .say(&mut said, "a body that is no JSON", restore(lena).header("content-type", "text/plain").raw("x"))
        .await;
    house.say(&mut said, "without a body", restore(lena)).await;
    house.say(&mut said, "again", restore(lena)).await;
    house
        .say(
            &mut said,
            "read",
            get(&house, format!("/v1.0/users/{lena}?$select=userPrincipalName,deletedDateTime")),
        )
        .await;
    let named = json!({"newUserPrincipalName": "rolf@contoso.example", "autoReconcileProxyConflict": true});
    house.say(&mut said, "with a new name", restore(rolf).json(&named)).await;
    house.say(&mut said, "GET is no way to do it", get(&house, format!("{DELETED}/{lena}/restore"))).await;
    insta::assert_snapshot!(said.text());
}

/// Somebody else has the name, or the person is here again by another invitation.
#[tokio::test]
async fn restoring_what_is_in_the_way() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let invitation = json!({"invitedUserEmailAddress": "lena@fabrikam.example", "inviteRedirectUrl": "https://app.example"});
    let invite = Ask::new("POST", "/v1.0/invitations").by(house.all()).json(&invitation);
    let again = house.ask(invite).await.json()["invitedUser"]["id"].as_str().unwrap().to_owned();
    assert_ne!(again, house.id("lena").to_string(), "an id is never used again");
    let restore = Ask::new("POST", format!("{DELETED}/{}/restore", house.id("lena"))).by(house.all());
    let reply = house.say(&mut said, "the person is here again", restore.clone()).await;
    assert_eq!(reply.status, 409);
    let renamed = restore.clone().json(&json!({"newUserPrincipalName": "lena@contoso.example"}));
    house.say(&mut said, "also by another name", renamed).await;
    house.ask(Ask::new("DELETE", format!("/v1.0/users/{again}")).by(house.all())).await;
    assert_eq!(house.ask(restore).await.status, 200, "once the other account is gone");
    insta::assert_snapshot!(said.text());
}

#[tokio::test]
async fn deleting_for_good() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let lena = format!("{DELETED}/{}", house.id("lena"));
    let purge = || Ask::new("DELETE", &lena).by(house.token("app: User.DeleteRestore.All"));
    house.say(&mut said, "for good", purge()).await;
    house.say(&mut said, "again", purge()).await;
    house.say(&mut said, "read", get(&house, &lena)).await;
    house.say(&mut said, "restored", Ask::new("POST", format!("{lena}/restore")).by(house.all())).await;
    let live = Ask::new("DELETE", format!("{DELETED}/{}", house.id("mia"))).by(house.all());
    house.say(&mut said, "somebody who is not deleted", live).await;
    assert!(house.world.user(house.plan.contoso, house.id("mia")).await.is_some());
    insta::assert_snapshot!(said.text());
}

/// After thirty times twenty-four hours of trusted time nobody can be restored.
#[tokio::test]
async fn after_the_window_there_is_no_way_back() {
    let house = House::new().await;
    house.world.clock.advance(Span::days(30));
    let token = house.world.app_token(house.plan.contoso, &house.plan.apps["app: everything"]).await;
    let token = crate::wire::Token { label: "later".to_owned(), value: token };
    let restore = Ask::new("POST", format!("{DELETED}/{}/restore", house.id("lena"))).by(&token);
    assert_eq!(house.ask(restore).await.status, 404);
}

/// A restore brings the account back, not its directory roles and not its old tokens.
#[tokio::test]
async fn a_restore_gives_no_role_back() {
    let house = House::new().await;
    let eike = house.id("eike");
    let change = json!({"allowDeletedIdentitiesDataRemoval": true});
    let write = |token: &crate::wire::Token| Ask::new("PATCH", crate::house::POLICY).by(token).json(&change);
    assert_eq!(house.ask(write(house.token("eike"))).await.status, 204, "the role counts at first");
    let by_adele = |method: &str, target: String| Ask::new(method, target).by(house.token("adele"));
    assert_eq!(house.ask(by_adele("DELETE", format!("/v1.0/users/{eike}"))).await.status, 204);
    assert_eq!(house.ask(by_adele("POST", format!("{DELETED}/{eike}/restore"))).await.status, 200);
    assert_eq!(house.ask(write(house.token("eike"))).await.status, 401, "the old token");
    let value = house.world.user_token(house.plan.contoso, &house.plan.apps["tool"], eike).await;
    let fresh = crate::wire::Token { label: "eike again".to_owned(), value };
    assert_eq!(house.ask(Ask::get("/v1.0/me").by(&fresh)).await.status, 200);
    assert_eq!(house.ask(write(&fresh)).await.status, 403, "without the role");
}

/// To the second: one moment before the end of the window the way back is open, and nobody is purged.
#[tokio::test]
async fn until_the_window_closes_there_is_a_way_back() {
    let house = House::new().await;
    let rolf = house.world.user(house.plan.contoso, house.id("rolf")).await.unwrap();
    let left = rolf.deletion.unwrap().purge_after.since(house.world.cx().trusted);
    house.world.clock.advance(Span::micros(left.as_micros() - 1_000_000));
    house.world.directory().purge_pass().await.unwrap();
    let value = house.world.app_token(house.plan.contoso, &house.plan.apps["app: everything"]).await;
    let token = crate::wire::Token { label: "later".to_owned(), value };
    let restore = Ask::new("POST", format!("{DELETED}/{}/restore", house.id("rolf"))).by(&token);
    assert_eq!(house.ask(restore).await.status, 200);
}
