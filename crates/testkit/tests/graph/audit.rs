//! `auditLogs/directoryAudits`: what happened, newest first, in the words of section 7.

use crate::{
    house::{House, POLICY},
    wire::{Ask, Token, Transcript},
};
use model::Span;
use serde_json::{Value, json};
use service::{LeaveAnswer, LeaveView};
use testkit::World;

const AUDITS: &str = "/v1.0/auditLogs/directoryAudits";

async fn list(house: &House, query: &str) -> Vec<Value> {
    house.ask(Ask::get(format!("{AUDITS}?$top=999{query}")).by(house.all())).await.values()
}

/// The newest record of an activity.
async fn newest(house: &House, activity: &str) -> Value {
    let found = list(house, &format!("&$filter=activityDisplayName eq '{activity}'")).await;
    found.into_iter().next().unwrap_or_else(|| panic!("no record of {activity}"))
}

#[tokio::test]
async fn what_each_act_leaves_behind() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let by = |who: &str, method: &str, target: &str| {
        Ask::new(method, format!("/v1.0/{target}")).by(house.token(who))
    };
    let say = async |said: &mut Transcript, title: &str, activity: &str| {
        let filter = format!("{AUDITS}?$top=1&$filter=activityDisplayName eq '{activity}'&$select=*");
        house.say(said, title, Ask::get(filter).by(house.all())).await
    };
    let off = json!({"allowExternalIdentitiesToLeave": false, "allowDeletedIdentitiesDataRemoval": true});
    assert_eq!(
        house.ask(by("adele", "PATCH", "policies/externalIdentitiesPolicy").json(&off)).await.status,
        204
    );
    say(&mut said, "the policy, by a person", "Update policy").await;
    let refused = json!({"allowExternalIdentitiesToLeave": false});
    let theo = Ask::new("PATCH", POLICY).by(house.token("theo")).json(&refused);
    assert_eq!(house.ask(theo).await.status, 400);
    let filter = format!("{AUDITS}?$top=1&$filter=activityDisplayName eq 'Update policy'");
    house.say(&mut said, "a change that was refused", Ask::get(filter).by(house.token("theo"))).await;
    say(&mut said, "a guest who left", "Leave organization").await;
    let mail =
        json!({"invitedUserEmailAddress": "n@adatum.example", "inviteRedirectUrl": "https://app.example"});
    let invited = house.ask(by("ingo", "POST", "invitations").json(&mail)).await.json();
    let nora = invited["invitedUser"]["id"].as_str().unwrap().to_owned();
    say(&mut said, "an invitation", "Invite external user").await;
    say(&mut said, "the guest that it made", "Add user").await;
    say(&mut said, "an acceptance", "Redeem external user invite").await;
    let rename =
        by("app: everything", "PATCH", &format!("users/{nora}")).json(&json!({"displayName": "Nora"}));
    assert_eq!(house.ask(rename).await.status, 204);
    say(&mut said, "a name", "Update user").await;
    let block = by("uma", "PATCH", &format!("users/{nora}")).json(&json!({"accountEnabled": false}));
    assert_eq!(house.ask(block).await.status, 204);
    say(&mut said, "a block", "Disable account").await;
    assert_eq!(house.ask(by("uma", "DELETE", &format!("users/{nora}"))).await.status, 204);
    say(&mut said, "a removal", "Delete user").await;
    assert_eq!(
        house.ask(by("uma", "POST", &format!("directory/deletedItems/{nora}/restore"))).await.status,
        200
    );
    say(&mut said, "a restore", "Restore user").await;
    let own = format!("organization/{}", house.plan.contoso);
    let contact = json!({"privacyProfile": {"contactEmail": "new@contoso.example"}});
    assert_eq!(house.ask(by("adele", "PATCH", &own).json(&contact)).await.status, 204);
    say(&mut said, "the privacy profile", "Set Company Information").await;
    let rolf = format!("directory/deletedItems/{}", house.id("rolf"));
    assert_eq!(house.ask(by("app: everything", "DELETE", &rolf)).await.status, 204);
    say(&mut said, "a deletion for good", "Hard Delete user").await;
    insta::assert_snapshot!(said.text());
}

/// The initiator of a leave is the guest, and nobody else.
#[tokio::test]
async fn a_leave_is_the_guests_own_act() {
    let house = House::new().await;
    let record = newest(&house, "Leave organization").await;
    let lena = house.id("lena").to_string();
    assert_eq!(record["initiatedBy"]["app"], Value::Null);
    assert_eq!(record["initiatedBy"]["user"]["id"], lena.as_str());
    assert_eq!(record["targetResources"][0]["id"], lena.as_str());
    assert_eq!(
        (record["result"].as_str(), record["category"].as_str()),
        (Some("success"), Some("UserManagement"))
    );
}

#[tokio::test]
async fn a_change_of_the_policy_has_old_and_new_values() {
    let house = House::new().await;
    let off = json!({"allowExternalIdentitiesToLeave": false});
    assert_eq!(house.ask(Ask::new("PATCH", POLICY).by(house.all()).json(&off)).await.status, 204);
    let record = newest(&house, "Update policy").await;
    let target = &record["targetResources"][0];
    assert_eq!(
        (target["type"].as_str(), target["id"].as_str()),
        (Some("Policy"), Some("externalIdentityPolicy"))
    );
    assert_eq!(
        target["modifiedProperties"],
        json!([{"displayName": "allowExternalIdentitiesToLeave", "oldValue": "true", "newValue": "false"}])
    );
    let app = &record["initiatedBy"]["app"];
    assert_eq!(app["appId"], house.plan.apps["app: everything"].id.to_string());
}

#[tokio::test]
async fn newest_first_in_pages_and_by_filter() {
    let house = House::new().await;
    let all = list(&house, "").await;
    assert!(all.len() > 60);
    let times: Vec<&str> = all.iter().map(|record| record["activityDateTime"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "newest first");
    let ids = |records: &[Value]| -> Vec<String> {
        records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected) in [
        ("$top=7".to_owned(), ids(&all)),
        ("$top=9&$orderby=activityDateTime desc".to_owned(), ids(&all)),
        (
            format!("$top=5&$filter=activityDateTime ge {} and activityDateTime lt {}", times[40], times[3]),
            ids(&all
                .iter()
                .filter(|one| (times[40]..times[3]).contains(&one["activityDateTime"].as_str().unwrap()))
                .cloned()
                .collect::<Vec<_>>()),
        ),
        (
            "$top=4&$filter=activityDisplayName eq 'Add user'".to_owned(),
            ids(&all
                .iter()
                .filter(|one| one["activityDisplayName"] == "Add user")
                .cloned()
                .collect::<Vec<_>>()),
        ),
    ] {
        let (mut found, mut next) = (Vec::new(), Some(format!("{AUDITS}?{query}")));
        while let Some(target) = next.take() {
            let page = house.ask(Ask::get(&target).by(house.all())).await;
            found.extend(ids(&page.values()));
            assert!(found.len() <= all.len(), "{query}: the pages do not end");
            next = page.json()["@odata.nextLink"]
                .as_str()
                .map(|link| link.strip_prefix(World::ORIGIN).unwrap().to_owned());
        }
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn one_record_and_what_is_refused() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let id = newest(&house, "Leave organization").await["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("Directory_"));
    let get = |target: String| Ask::get(target).by(house.all());
    house.say(&mut said, "one record", get(format!("{AUDITS}/{id}"))).await;
    house.say(&mut said, "in part", get(format!("{AUDITS}/{id}?$select=id,result"))).await;
    let bare = id.trim_start_matches("Directory_");
    for unknown in [bare, "x", "Directory_00000000-0000-4000-8000-000000000001"] {
        let reply = house.say(&mut said, "unknown", get(format!("{AUDITS}/{unknown}"))).await;
        assert_eq!(reply.status, 404, "{unknown}");
        assert!(reply.message().contains(&format!("'{unknown}'")), "the id that was asked for");
    }
    let foreign = house.ask(Ask::get(format!("{AUDITS}/{id}")).by(house.token("app: fabian"))).await;
    assert_eq!(foreign.status, 404, "a record of another tenant");
    let queries = [
        "?$orderby=activityDateTime asc",
        "?$orderby=activityDisplayName",
        "?$filter=resultReason eq 'failure'",
        "?$filter=activityDisplayName ne 'Add user'",
        "?$filter=endswith(activityDisplayName,'b')",
        "?$top=1000",
        "?$search=\"x\"",
        "?$skiptoken=x",
    ];
    for query in queries {
        let reply = house.say(&mut said, "refused", get(format!("{AUDITS}{query}"))).await;
        assert_eq!(reply.status, 400, "{query}");
    }
    house
        .say(
            &mut said,
            "records are for reading",
            Ask::new("DELETE", format!("{AUDITS}/{id}")).by(house.all()),
        )
        .await;
    insta::assert_snapshot!(said.text());
}

/// After a deletion for good the records stay and nobody is named in them.
#[tokio::test]
async fn a_purge_takes_the_names_out() {
    let house = House::new().await;
    let lena = house.id("lena").to_string();
    let about = async || {
        let all = list(&house, "").await;
        let about: Vec<Value> = all.into_iter().filter(|record| record.to_string().contains(&lena)).collect();
        (about.len(), Value::Array(about).to_string())
    };
    let (count, text) = about().await;
    assert!(count >= 4 && text.contains("lena_fabrikam.example") && text.contains("Guest lena"));
    let purge = Ask::new("DELETE", format!("/v1.0/directory/deletedItems/{lena}")).by(house.all());
    assert_eq!(house.ask(purge).await.status, 204);
    let (after, text) = about().await;
    assert_eq!(after, count + 1, "the records stay, and one is added");
    assert!(
        !text.to_lowercase().contains("lena@") && !text.contains("lena_") && !text.contains("Guest lena"),
        "{text}"
    );
    let record = newest(&house, "Leave organization").await;
    let user = &record["initiatedBy"]["user"];
    assert_eq!((&user["displayName"], &user["userPrincipalName"]), (&Value::Null, &Value::Null));
    assert_eq!(user["id"], lena.as_str(), "the id names nobody any more");
}

/// The reconciler deletes for good, too, and says so without naming anybody.
#[tokio::test]
async fn what_time_deletes_is_recorded_without_names() {
    let house = House::new().await;
    house.world.clock.advance(Span::days(30));
    let pass = house.world.directory().purge_pass().await.unwrap();
    assert_eq!(pass.purged, 2);
    let value = house.world.app_token(house.plan.contoso, &house.plan.apps["app: everything"]).await;
    let later = Token { label: "later".to_owned(), value };
    let filter = "$filter=activityDisplayName eq 'Hard Delete user'";
    let records = house.ask(Ask::get(format!("{AUDITS}?{filter}")).by(&later)).await.values();
    assert_eq!(records.len(), 2);
    for record in &records {
        assert_eq!(record["initiatedBy"]["app"]["displayName"], "Innkeeper purge");
        assert_eq!(
            (&record["targetResources"][0]["displayName"], &record["resultReason"]),
            (&Value::Null, &json!("retentionOver"))
        );
    }
    let all = house.ask(Ask::get(format!("{AUDITS}?$top=999")).by(&later)).await.text();
    for name in ["lena_", "lena@", "Guest lena", "rolf_", "rolf@", "Guest rolf"] {
        assert!(!all.contains(name), "{name} is still in the log");
    }
    assert!(all.contains("Guest gil"), "the positive control");
}

/// What was refused is in the log with its reason: a leave that the policy overtook, and a token for a wrong secret.
#[tokio::test]
async fn refusals_are_recorded() {
    let house = House::new().await;
    let (directory, contoso) = (house.world.directory(), house.plan.contoso);
    let gil = house.world.user(contoso, house.id("gil")).await.unwrap();
    let model::Home::Tenant { tenant, object } = gil.home else { panic!("gil is a member elsewhere") };
    let who = house.world.signed_in(&World::person(tenant, object)).await;
    let view = directory.view_leave(&house.world.cx(), &who, contoso).await.unwrap();
    let LeaveView::Confirm(confirm) = view else { panic!("gil may leave at first") };
    let off = json!({"allowExternalIdentitiesToLeave": false});
    assert_eq!(house.ask(Ask::new("PATCH", POLICY).by(house.all()).json(&off)).await.status, 204);
    let answer = directory.leave(&house.world.cx(), &who, contoso, &confirm.confirmation).await.unwrap();
    assert!(matches!(answer, LeaveAnswer::Refused(_)));
    let record = newest(&house, "Leave organization").await;
    assert_eq!(
        (record["result"].as_str(), record["resultReason"].as_str()),
        (Some("failure"), Some("notAllowedByOrganization"))
    );
    assert_eq!(record["initiatedBy"]["user"]["id"], house.id("gil").to_string());

    let app = &house.plan.apps["app: everything"];
    let request = service::TokenRequest {
        tenant: contoso.to_string(),
        grant_type: Some("client_credentials".to_owned()),
        client_id: Some(app.id.to_string()),
        client_secret: Some("wrong".to_owned()),
        scope: Some("https://graph.microsoft.com/.default".to_owned()),
        ..service::TokenRequest::default()
    };
    assert!(directory.issue_token(&house.world.cx(), World::ORIGIN, request).await.is_err());
    let record = newest(&house, "Token request refused").await;
    assert_eq!(
        (record["result"].as_str(), record["resultReason"].as_str()),
        (Some("failure"), Some("AADSTS7000215"))
    );
    assert_eq!(record["initiatedBy"]["app"]["appId"], app.id.to_string());
    assert!(!record.to_string().contains("wrong"), "no secret goes into the log");
}

/// Every filter that Microsoft's page on the list names, against a plain reading of the whole log.
#[tokio::test]
async fn the_log_is_filtered_as_documented() {
    let house = House::new().await;
    let uma = house.id("uma");
    let body = json!({"jobTitle": "Cook"});
    let patch =
        Ask::new("PATCH", format!("/v1.0/users/{}", house.id("mia"))).by(house.token("uma")).json(&body);
    assert_eq!(house.ask(patch).await.status, 204);
    let all = list(&house, "").await;
    let newest = all[0].clone();
    let (id, correlation) = (newest["id"].as_str().unwrap(), newest["correlationId"].as_str().unwrap());
    let target = |record: &Value, name: &str| -> Vec<String> {
        let targets = record["targetResources"].as_array().unwrap();
        targets.iter().filter_map(|one| one[name].as_str().map(str::to_owned)).collect()
    };
    let mia = house.id("mia").to_string();
    type Holds<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let rows: Vec<(String, Holds<'_>)> = vec![
        (format!("id eq '{id}'"), Box::new(|one| one["id"] == id)),
        (format!("correlationId eq '{correlation}'"), Box::new(|one| one["correlationId"] == correlation)),
        (
            "loggedByService eq 'Invited Users'".to_owned(),
            Box::new(|one| one["loggedByService"] == "Invited Users"),
        ),
        ("category eq 'RoleManagement'".to_owned(), Box::new(|one| one["category"] == "RoleManagement")),
        (
            "activityDisplayName eq 'add user'".to_owned(),
            Box::new(|one| one["activityDisplayName"] == "Add user"),
        ),
        (
            "startswith(activityDisplayName,'Add')".to_owned(),
            Box::new(|one| one["activityDisplayName"].as_str().unwrap().starts_with("Add")),
        ),
        (
            format!("initiatedBy/user/id eq '{uma}'"),
            Box::new(|one| one["initiatedBy"]["user"]["id"] == json!(uma)),
        ),
        (
            "initiatedBy/user/userPrincipalName eq 'uma@contoso.example'".to_owned(),
            Box::new(|one| one["initiatedBy"]["user"]["userPrincipalName"] == "uma@contoso.example"),
        ),
        (
            "initiatedBy/app/displayName eq 'Innkeeper operator'".to_owned(),
            Box::new(|one| one["initiatedBy"]["app"]["displayName"] == "Innkeeper operator"),
        ),
        (format!("targetResources/any(t:t/id eq '{mia}')"), Box::new(|one| target(one, "id").contains(&mia))),
        (
            "targetResources/any(t:t/displayName eq 'Tool') and category eq 'ApplicationManagement'"
                .to_owned(),
            Box::new(|one| {
                target(one, "displayName").contains(&"Tool".to_owned())
                    && one["category"] == "ApplicationManagement"
            }),
        ),
    ];
    for (filter, holds) in rows {
        let expected: Vec<&Value> = all.iter().filter(|one| holds(one)).collect();
        assert!(!expected.is_empty(), "{filter}: nothing to find");
        let found = list(&house, &format!("&$filter={filter}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter}");
    }
}
