//! Policies about people from outside, roles, groups and users as objects: what each of them does.

use crate::{
    house::House,
    wire::{Ask, Reply, Transcript},
};
use serde_json::{Value, json};

const AUTHORIZATION: &str = "/v1.0/policies/authorizationPolicy";

fn patch(house: &House, target: &str, body: &Value) -> Ask {
    Ask::new("PATCH", target).by(house.all()).json(body)
}

fn invitation(address: &str) -> Value {
    json!({"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapp.contoso.example"})
}

async fn invite(house: &House, who: &str, address: &str) -> Reply {
    house.ask(Ask::new("POST", "/v1.0/invitations").by(house.token(who)).json(&invitation(address))).await
}

#[tokio::test]
async fn policies_about_people_from_outside() {
    let house = House::new().await;
    let mut said = Transcript::default();
    for version in ["v1.0", "beta"] {
        for path in
            ["authorizationPolicy", "authorizationPolicy/authorizationPolicy", "authenticationFlowsPolicy"]
        {
            let get = Ask::get(format!("/{version}/policies/{path}")).by(house.all());
            house.say(&mut said, &format!("{path} on {version}"), get).await;
        }
    }
    let rows = [
        ("an unknown word", json!({"allowInvitesFrom": "friends"})),
        ("an unknown role", json!({"guestUserRoleId": "62e90394-69f5-4237-9190-012177145e10"})),
        ("what cannot be switched here", json!({"allowedToUseSSPR": true})),
        ("an unknown member", json!({"foo": 1})),
        ("nothing", json!({})),
    ];
    for (title, body) in rows {
        assert_eq!(
            house.say(&mut said, title, patch(&house, AUTHORIZATION, &body)).await.status,
            400,
            "{title}"
        );
    }
    let both = json!({"allowInvitesFrom": "none", "guestUserRoleId": "2af84b1e-32c8-42b7-82bc-daa82404023b", "allowedToUseSSPR": false});
    assert_eq!(house.ask(patch(&house, AUTHORIZATION, &both)).await.status, 204);
    let after = house.ask(Ask::get(AUTHORIZATION).by(house.all())).await.json();
    assert_eq!(
        (&after["allowInvitesFrom"], &after["guestUserRoleId"]),
        (&both["allowInvitesFrom"], &both["guestUserRoleId"])
    );
    let flows = "/v1.0/policies/authenticationFlowsPolicy";
    assert_eq!(
        house.ask(patch(&house, flows, &json!({"selfServiceSignUp": {"isEnabled": true}}))).await.status,
        204
    );
    let after = house.ask(Ask::get(flows).by(house.all())).await.json();
    assert_eq!(after["selfServiceSignUp"]["isEnabled"], true);
    let log = Ask::get("/v1.0/auditLogs/directoryAudits?$top=2").by(house.all());
    house.say(&mut said, "what the log says", log).await;
    insta::assert_snapshot!(said.text());
}

/// Columns: an app, a guest, a member, Guest Inviter, User Administrator, Global Administrator.
#[tokio::test]
async fn who_may_invite_follows_the_policy_at_once() {
    let house = House::new().await;
    let who = ["app: everything", "gil", "mia", "ingo", "uma", "adele"];
    for (word, expected) in [
        ("everyone", "222222"),
        ("adminsGuestInvitersAndAllMembers", "232222"),
        ("adminsAndGuestInviters", "333222"),
        ("none", "333333"),
        ("everyone", "222222"),
    ] {
        let reply = house.ask(patch(&house, AUTHORIZATION, &json!({"allowInvitesFrom": word}))).await;
        assert_eq!(reply.status, 204);
        for (at, (name, class)) in who.iter().zip(expected.chars()).enumerate() {
            let reply = invite(&house, name, &format!("{word}{at}@adatum.example")).await;
            assert_eq!(reply.status.as_u16() / 100 == 2, class == '2', "{word} {name}");
            if class == '3' {
                assert_eq!(reply.fault(), (403, "Authorization_RequestDenied".to_owned()));
                assert!(
                    reply.message().starts_with("Guest invitations not allowed for your company."),
                    "{word} {name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_guests_may_read_follows_the_policy_at_once() {
    let house = House::new().await;
    let (mia, own) = (house.id("mia"), house.id("gil"));
    for (role, list, one) in [
        ("a0b1b346-4d3e-4e8b-98f8-753987be4970", 200, "everything"),
        ("10dae51f-b6af-4016-8d66-8c2a99b929b3", 403, "public"),
        ("2af84b1e-32c8-42b7-82bc-daa82404023b", 403, "nothing"),
    ] {
        assert_eq!(
            house.ask(patch(&house, AUTHORIZATION, &json!({"guestUserRoleId": role}))).await.status,
            204
        );
        let get = |path: String| Ask::get(path).by(house.token("gil"));
        assert_eq!(house.ask(get("/v1.0/users".to_owned())).await.status, list, "{role}");
        assert_eq!(house.ask(get("/v1.0/groups".to_owned())).await.status, list, "{role}");
        let select =
            "$select=displayName,mail,userPrincipalName,userType,accountEnabled,createdDateTime,otherMails";
        let reply = house.ask(get(format!("/v1.0/users/{mia}?{select}"))).await;
        match one {
            "nothing" => assert_eq!(reply.status, 403, "{role}"),
            seen => {
                let user = reply.json();
                assert_eq!(user["displayName"], "Member mia@contoso.example", "{role}");
                assert_eq!(user["accountEnabled"].is_null(), seen == "public", "{role}");
                assert_eq!(user["createdDateTime"].is_null(), seen == "public", "{role}");
            }
        }
        let oneself = house.ask(get(format!("/v1.0/users/{own}?{select}"))).await.json();
        assert_eq!(oneself["accountEnabled"], true, "oneself, whatever the policy: {role}");
        assert_eq!(house.ask(get("/v1.0/me/memberOf".to_owned())).await.status, 200, "{role}");
    }
}

#[tokio::test]
async fn guests_come_from_the_domains_that_are_listed() {
    const DOMAINS: &str = "/innkeeper/v1/policies/invitationDomains";
    let house = House::new().await;
    let ask = |method: &str, who: &str, body: Option<Value>| {
        let mut request =
            http::Request::builder().method(method).uri(DOMAINS).header("host", "localhost:8443");
        request = request.header("authorization", format!("Bearer {}", house.token(who).value));
        request = request.header("content-type", "application/json");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = request.body(body).unwrap();
        web::answer(house.app.clone(), request.map(Into::into), std::net::Ipv4Addr::LOCALHOST.into())
    };
    assert_eq!(ask("GET", "app: User.Read.All", None).await.status(), 403);
    assert_eq!(ask("PATCH", "app: Policy.Read.All", Some(json!({"mode": "deny"}))).await.status(), 403);
    assert_eq!(ask("PATCH", "mia", Some(json!({"mode": "deny"}))).await.status(), 403);
    for bad in [
        json!({"mode": "some"}),
        json!({"domains": "x.example"}),
        json!({"domains": ["-"]}),
        json!({"foo": 1}),
    ] {
        assert_eq!(ask("PATCH", "app: everything", Some(bad.clone())).await.status(), 400, "{bad}");
    }
    for (mode, adatum, post) in [("deny", 400, 201), ("allow", 201, 400), ("any", 201, 201)] {
        let body = json!({"mode": mode, "domains": ["Adatum.Example"]});
        assert_eq!(ask("PATCH", "app: Policy.ReadWrite.Authorization", Some(body)).await.status(), 204);
        assert_eq!(invite(&house, "adele", &format!("{mode}@adatum.example")).await.status, adatum, "{mode}");
        assert_eq!(invite(&house, "adele", &format!("{mode}@post.example")).await.status, post, "{mode}");
    }
}

#[tokio::test]
async fn roles_are_given_and_taken() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let (mia, gert, gil) = (house.id("mia"), house.id("gert"), house.id("gil"));
    let reader = "f2ef992c-3afb-46b9-b7cf-a126ee74c451";
    let get = |path: &str| Ask::get(format!("/v1.0/{path}")).by(house.all());
    house
        .say(&mut said, "a role by its template", get(&format!("directoryRoles(roleTemplateId='{reader}')")))
        .await;
    house
        .say(
            &mut said,
            "who holds it",
            get(&format!("directoryRoles/{reader}/members?$select=id,displayName")),
        )
        .await;
    house
        .say(
            &mut said,
            "a definition by name",
            get("roleManagement/directory/roleDefinitions?$filter=displayName eq 'Global Reader'"),
        )
        .await;
    let assign = |who: &str, role: &str, holder: model::ObjectId| {
        let body = json!({"roleDefinitionId": role, "principalId": holder, "directoryScopeId": "/"});
        Ask::new("POST", "/v1.0/roleManagement/directory/roleAssignments").by(house.token(who)).json(&body)
    };
    let given = house.say(&mut said, "a role is given", assign("petra", reader, mia)).await;
    assert_eq!(given.status, 201);
    assert_eq!(house.say(&mut said, "and given again", assign("petra", reader, mia)).await.status, 400);
    assert_eq!(house.ask(get("directory/deletedItems/microsoft.graph.user")).await.status, 200);
    let by_mia = Ask::get("/v1.0/directory/deletedItems/microsoft.graph.user").by(house.token("mia"));
    assert_eq!(house.ask(by_mia.clone()).await.status, 200, "the role counts from the next request on");
    let id = given.json()["id"].as_str().unwrap().to_owned();
    let one = format!("/v1.0/roleManagement/directory/roleAssignments/{id}");
    house.say(&mut said, "one assignment", Ask::get(&one).by(house.all())).await;
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.token("petra"))).await.status, 204);
    assert_eq!(house.ask(by_mia).await.status, 403, "and no more once it is taken");
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.token("petra"))).await.status, 404);
    house.say(&mut said, "to a guest", assign("petra", reader, gil)).await;
    house.say(&mut said, "by a guest who holds a role", assign("moni", reader, gil)).await;
    let global = "62e90394-69f5-4237-9190-012177145e10";
    let take = |who: model::ObjectId| {
        Ask::new("DELETE", format!("/v1.0/directoryRoles/{global}/members/{who}/$ref"))
            .by(house.token("petra"))
    };
    assert_eq!(house.ask(take(gert)).await.status, 204);
    house.say(&mut said, "from the last Global Administrator", take(house.id("adele"))).await;
    insta::assert_snapshot!(said.text());
}

/// A switch of the organisation lets members give roles to guests; guests never do.
#[tokio::test]
async fn guests_become_administrators_only_where_the_organization_allows_it() {
    let house = House::new().await;
    let (gil, reader) = (house.id("gil"), "f2ef992c-3afb-46b9-b7cf-a126ee74c451");
    let give = |who: &str| {
        let body = json!({"roleDefinitionId": reader, "principalId": gil, "directoryScopeId": "/"});
        Ask::new("POST", "/v1.0/roleManagement/directory/roleAssignments").by(house.token(who)).json(&body)
    };
    assert_eq!(house.ask(give("adele")).await.status, 400);
    let patch = service::AuthorizationPolicyPatch {
        guest_administrators: Some(true),
        ..service::AuthorizationPolicyPatch::default()
    };
    let (directory, cx) = (house.world.directory(), house.world.cx());
    directory.update_authorization_policy(&cx, &house.operator(), patch).await.unwrap();
    assert_eq!(house.ask(give("moni")).await.status, 403, "a guest who is Global Administrator");
    assert_eq!(house.ask(give("adele")).await.status, 201);
}

#[tokio::test]
async fn groups_and_who_belongs_to_them() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let gil = house.id("gil");
    let post =
        |path: &str, body: Value| Ask::new("POST", format!("/v1.0/{path}")).by(house.all()).json(&body);
    let whole = json!({"displayName": "Project", "description": "Works", "mailEnabled": false, "mailNickname": "project", "securityEnabled": true, "groupTypes": []});
    let made = house.say(&mut said, "a group", post("groups", whole.clone())).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    for (title, name, value) in [
        ("with mail", "mailEnabled", json!(true)),
        ("without a name", "displayName", Value::Null),
        ("of another kind", "groupTypes", json!(["Unified"])),
        ("an unknown member", "foo", json!(1)),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        assert_eq!(house.say(&mut said, title, post("groups", body)).await.status, 400, "{title}");
    }
    let link = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{gil}")});
    let members = format!("groups/{id}/members/$ref");
    assert_eq!(house.ask(post(&members, link.clone())).await.status, 204);
    assert_eq!(house.say(&mut said, "twice", post(&members, link)).await.status, 400);
    let get = |path: String| Ask::get(format!("/v1.0/{path}")).by(house.all());
    house.say(&mut said, "its members", get(format!("groups/{id}/members?$select=id,displayName"))).await;
    house.say(&mut said, "memberOf", get(format!("users/{gil}/memberOf?$select=id,displayName"))).await;
    house
        .say(&mut said, "by name", get("groups?$filter=startswith(displayName,'Proj')&$select=id".to_owned()))
        .await;
    // A removed guest is in no list and gets the group back with the account.
    let user = format!("/v1.0/users/{gil}");
    assert_eq!(house.ask(Ask::new("DELETE", &user).by(house.all())).await.status, 204);
    assert_eq!(house.ask(get(format!("groups/{id}/members"))).await.values().len(), 0);
    let restore = Ask::new("POST", format!("/v1.0/directory/deletedItems/{gil}/restore")).by(house.all());
    assert_eq!(house.ask(restore).await.status, 200);
    assert_eq!(house.ask(get(format!("groups/{id}/members"))).await.values().len(), 1);
    let one = format!("/v1.0/groups/{id}/members/{gil}/$ref");
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.all())).await.status, 204);
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.all())).await.status, 404);
    assert_eq!(house.ask(Ask::new("DELETE", format!("/v1.0/groups/{id}")).by(house.all())).await.status, 204);
    assert_eq!(house.ask(get(format!("groups/{id}"))).await.status, 404);
    insta::assert_snapshot!(said.text());
}

/// Lists that the store keeps by id can be had in the order of names, and by words of them, page by page.
#[tokio::test]
async fn lists_in_the_order_of_names_and_by_words() {
    let house = House::new().await;
    for (name, description) in [
        ("beta team", None),
        ("Alpha Team", Some("Those who begin")),
        ("gamma", None),
        ("Älpler", None),
        ("alpha", None),
    ] {
        let mut group =
            json!({"displayName": name, "mailEnabled": false, "mailNickname": "x", "securityEnabled": true});
        group["description"] = json!(description);
        let made = house.ask(Ask::new("POST", "/v1.0/groups").by(house.all()).json(&group)).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let names = async |query: &str| {
        let (mut names, mut link) = (Vec::new(), format!("/v1.0/groups?$select=displayName&{query}"));
        loop {
            let page = house.ask(Ask::get(link).advanced().by(house.all())).await;
            assert_eq!(page.status, 200, "{query}: {}", page.text());
            names.extend(page.values().iter().map(|one| one["displayName"].as_str().unwrap().to_owned()));
            let body = page.json();
            let Some(next) = body["@odata.nextLink"].as_str() else { return names };
            link = next.strip_prefix("https://localhost:8443").unwrap().to_owned();
        }
    };
    let ascending = ["alpha", "Alpha Team", "beta team", "gamma", "Älpler"];
    for top in ["$top=2&", "$top=1&", ""] {
        assert_eq!(names(&format!("{top}$orderby=displayName")).await, ascending, "{top}");
        let mut descending = ascending;
        descending.reverse();
        assert_eq!(names(&format!("{top}$orderby=displayName desc")).await, descending, "{top}");
    }
    assert_eq!(names("$search=\"displayName:team\"&$orderby=displayName").await, ["Alpha Team", "beta team"]);
    assert_eq!(names("$search=\"description:begin\"").await, ["Alpha Team"]);
    assert_eq!(names("$search=\"displayName:eam\"").await, [""; 0]);
    assert_eq!(names("$filter=displayName ne 'gamma'&$orderby=displayName&$count=true").await.len(), 4);
    let counted = Ask::get("/v1.0/groups/$count?$search=\"displayName:alpha\"").advanced().by(house.all());
    assert_eq!(house.ask(counted).await.text(), "2");
    let plain = Ask::get("/v1.0/groups?$search=\"displayName:team\"").by(house.all());
    assert_eq!(house.ask(plain).await.status, 400, "only with the header");
}

/// Groups and roles of a user by their ids, all of them or those that are asked for; and how many there are of each kind.
#[tokio::test]
async fn memberships_by_their_ids_and_numbers() {
    let house = House::new().await;
    let group = json!({"displayName": "Staff", "mailEnabled": false, "mailNickname": "staff", "securityEnabled": true});
    let made = house.ask(Ask::new("POST", "/v1.0/groups").by(house.all()).json(&group)).await.json();
    let group = made["id"].as_str().unwrap();
    let adele = house.id("adele");
    let link = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{adele}")});
    let put = Ask::new("POST", format!("/v1.0/groups/{group}/members/$ref")).by(house.all()).json(&link);
    assert_eq!(house.ask(put).await.status, 204);
    let role = "62e90394-69f5-4237-9190-012177145e10";
    let ask = |path: &str, body: Value| {
        Ask::new("POST", format!("/v1.0/{path}")).by(house.token("adele")).json(&body)
    };
    let ids = |body: &Reply| body.json()["value"].clone();
    let all = json!({"securityEnabledOnly": false});
    for whose in [format!("users/{adele}"), "me".to_owned()] {
        let of = |name: &str, body: Value| house.ask(ask(&format!("{whose}/{name}"), body));
        assert_eq!(ids(&of("getMemberGroups", all.clone()).await), json!([group]), "{whose}");
        assert_eq!(ids(&of("microsoft.graph.getMemberObjects", all.clone()).await), json!([group, role]));
        assert_eq!(ids(&of("getMemberObjects", json!({"securityEnabledOnly": true})).await), json!([group]));
        let some = of("checkMemberGroups", json!({"groupIds": [group, role]})).await;
        assert_eq!(ids(&some), json!([group]));
        assert_eq!(ids(&of("checkMemberObjects", json!({"ids": [role]})).await), json!([role]));
        for (name, body) in [
            ("getMemberGroups", json!({})),
            ("getMemberGroups", json!({"x": true})),
            ("checkMemberGroups", json!({"groupIds": []})),
            ("checkMemberGroups", json!({"ids": [group]})),
            ("checkMemberObjects", json!({"ids": vec![group; 21]})),
        ] {
            assert_eq!(of(name, body.clone()).await.status, 400, "{name} {body}");
        }
    }
    let get = |path: String| Ask::get(format!("/v1.0/{path}")).by(house.all());
    let direct = house.ask(get(format!("users/{adele}/memberOf"))).await.values();
    assert_eq!(house.ask(get(format!("users/{adele}/transitiveMemberOf"))).await.values(), direct);
    assert_eq!(house.ask(get(format!("groups/{group}/transitiveMembers"))).await.values().len(), 1);
    for (path, expected) in [
        (format!("groups/{group}/members/$count"), "1"),
        ("servicePrincipals/$count?$filter=displayName eq 'Microsoft Graph'".to_owned(), "1"),
        ("applications/$count?$filter=displayName eq 'Tool'".to_owned(), "1"),
    ] {
        assert_eq!(house.ask(get(path.clone()).advanced()).await.text(), expected, "{path}");
        assert_eq!(house.ask(get(path.clone())).await.status, 400, "{path}: only with the header");
    }
}

#[tokio::test]
async fn users_that_are_created() {
    let house = House::new().await;
    let mut said = Transcript::default();
    let whole = json!({
        "accountEnabled": true, "displayName": "Nia", "mailNickname": "nia", "userPrincipalName": "nia@contoso.example",
        "passwordProfile": {"password": "violet harbour tram seventeen", "forceChangePasswordNextSignIn": false},
        "jobTitle": "Cook", "employeeOrgData": {"costCenter": "7", "division": "North"}, "showInAddressList": true
    });
    let post = |body: &Value| Ask::new("POST", "/v1.0/users").by(house.all()).json(body);
    let made = house.say(&mut said, "a user", post(&whole)).await;
    assert_eq!(made.status, 201);
    assert_eq!(house.say(&mut said, "the same again", post(&whole)).await.status, 400);
    for (title, name, value) in [
        ("a foreign domain", "userPrincipalName", json!("x@elsewhere.example")),
        ("the form of a guest", "userPrincipalName", json!("x#EXT#@contoso.example")),
        ("a password that can be guessed", "passwordProfile", json!({"password": "password"})),
        (
            "a forced change behind a second factor that nobody can have yet",
            "passwordProfile",
            json!({"password": "violet harbour tram", "forceChangePasswordNextSignInWithMfa": true}),
        ),
        ("no name", "displayName", Value::Null),
        ("an unknown member", "foo", json!(1)),
    ] {
        let mut body = whole.clone();
        body["userPrincipalName"] = json!("other@contoso.example");
        body[name] = value;
        assert_eq!(house.say(&mut said, title, post(&body)).await.status, 400, "{title}");
    }
    let mut forced = whole.clone();
    forced["userPrincipalName"] = json!("ona@contoso.example");
    forced["passwordProfile"]["forceChangePasswordNextSignIn"] = json!(true);
    assert_eq!(house.say(&mut said, "a forced change", post(&forced)).await.status, 201);
    let key = "/v1.0/users(userPrincipalName='nia@contoso.example')?$select=id,jobTitle,employeeOrgData,showInAddressList,mailNickname";
    house.say(&mut said, "by the alternate key", Ask::get(key).by(house.all())).await;
    insta::assert_snapshot!(said.text());
}

/// Says what the password is good for at the door.
async fn enters(house: &House, user_name: &str, password: &str) -> &'static str {
    let directory = house.world.directory();
    match directory.sign_in(&house.world.cx(), "192.0.2.7", user_name, password).await.unwrap() {
        service::SignIn::SignedIn { .. } => "in",
        service::SignIn::NewPassword { .. } => "has to change",
        _ => "out",
    }
}

#[tokio::test]
async fn a_change_of_the_password_is_forced_and_taken_back() {
    let house = House::new().await;
    let (name, first) = ("nia@contoso.example", "violet harbour tram seventeen");
    let new = json!({
        "accountEnabled": true, "displayName": "Nia", "mailNickname": "nia", "userPrincipalName": name,
        "passwordProfile": {"password": first, "forceChangePasswordNextSignIn": true},
    });
    let made = house.ask(Ask::new("POST", "/v1.0/users").by(house.all()).json(&new)).await;
    assert_eq!((made.status.as_u16(), enters(&house, name, first).await), (201, "has to change"));
    let patch = async |of: &str, profile: Value| {
        let ask = Ask::new("PATCH", format!("/v1.0/users/{of}")).by(house.all());
        house.ask(ask.json(&json!({ "passwordProfile": profile }))).await.status.as_u16()
    };
    let second = "amber lantern under quay";
    for (profile, password, then) in [
        (json!({"forceChangePasswordNextSignIn": false}), first, "in"),
        (json!({"forceChangePasswordNextSignIn": true}), first, "has to change"),
        (json!({"forceChangePasswordNextSignInWithMfa": false}), first, "has to change"),
        // What is not said stays as it is.
        (json!({"password": second}), second, "has to change"),
        (json!({"password": first, "forceChangePasswordNextSignIn": false}), first, "in"),
        (json!({"password": second, "forceChangePasswordNextSignIn": true}), second, "has to change"),
    ] {
        assert_eq!(patch(name, profile.clone()).await, 204, "{profile}");
        assert_eq!(enters(&house, name, password).await, then, "{profile}");
    }
    assert_eq!(
        patch(name, json!({"forceChangePasswordNextSignInWithMfa": true})).await,
        400,
        "no second factor"
    );
    let (display_name, user_name) = ("Oda".to_owned(), "oda@contoso.example".to_owned());
    let oda = service::NewMember { display_name, user_name, password: None };
    house.world.directory().add_member(&house.world.cx(), house.plan.contoso, oda).await.unwrap();
    assert_eq!(
        patch("oda@contoso.example", json!({"forceChangePasswordNextSignIn": true})).await,
        400,
        "there is none yet"
    );
    let gil = house.id("gil").to_string();
    assert_eq!(patch(&gil, json!({"forceChangePasswordNextSignIn": true})).await, 400, "homed elsewhere");
    let uma = house.id("uma").to_string();
    assert_eq!(patch(&uma, json!({"forceChangePasswordNextSignIn": true})).await, 403, "holds a role");
    let log =
        "/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Set force change user password'";
    assert_eq!(
        house.ask(Ask::get(log).by(house.all())).await.values().len(),
        4,
        "each change, and nothing else"
    );
}

#[tokio::test]
async fn somebody_answers_for_every_guest() {
    let house = House::new().await;
    let reply = invite(&house, "mia", "nora@adatum.example").await.json();
    let id = reply["invitedUser"]["id"].as_str().unwrap().to_owned();
    let sponsors = || async {
        let list = house.ask(Ask::get(format!("/v1.0/users/{id}/sponsors")).by(house.all())).await;
        list.values().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sponsors().await, [house.id("mia").to_string()], "the inviter, where nobody is named");
    let mut named = invitation("owen@adatum.example");
    named["invitedUserSponsors"] =
        json!([{"@odata.id": format!("https://graph.microsoft.com/v1.0/users/{}", house.id("ruth"))}]);
    let reply =
        house.ask(Ask::new("POST", "/v1.0/invitations").by(house.token("mia")).json(&named)).await.json();
    let other = reply["invitedUser"]["id"].as_str().unwrap();
    let list = house.ask(Ask::get(format!("/v1.0/users/{other}/sponsors")).by(house.all())).await;
    assert_eq!(list.values()[0]["id"], json!(house.id("ruth")));
    let answers_for =
        house.ask(Ask::get(format!("/v1.0/users/{}/sponsorOf", house.id("mia"))).by(house.all())).await;
    assert_eq!(answers_for.values()[0]["id"], json!(id));
    let one = format!("/v1.0/users/{id}/sponsors/{}/$ref", house.id("mia"));
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.all())).await.status, 204);
    assert_eq!(sponsors().await, [""; 0]);
    assert_eq!(house.ask(Ask::new("DELETE", &one).by(house.all())).await.status, 404);
}

#[tokio::test]
async fn sign_in_activity_takes_the_permission_for_the_audit_log_besides() {
    let house = House::new().await;
    let mia = house.id("mia");
    let (cx, tenant) = (house.world.cx(), house.plan.contoso);
    let scope = testkit::World::scope(tenant);
    let noted = house.world.store().commit(scope, move |_| {
        let mut changes = store::ChangeSet::new();
        changes.note_sign_in(scope, mia, store::SignInKind::Interactive, (cx.now, cx.request));
        store::Decision::done(changes, ())
    });
    noted.await.unwrap();
    let select = "?$select=id,signInActivity";
    let one = |who: &str| Ask::get(format!("/v1.0/users/{mia}{select}")).by(house.token(who));
    assert_eq!(house.ask(one("app: User.Read.All")).await.status, 403);
    let activity = house.ask(one("app: everything")).await.json()["signInActivity"].clone();
    assert!(
        activity["lastSignInDateTime"].is_string() && activity["lastNonInteractiveSignInDateTime"].is_null()
    );
    assert_eq!(activity["lastSuccessfulSignInDateTime"], activity["lastSignInDateTime"]);
    let filter = |condition: &str| {
        Ask::get(format!("/v1.0/users?$filter=signInActivity/lastSignInDateTime {condition}&$select=id"))
    };
    let found = house.ask(filter("ge 2020-01-01T00:00:00Z").by(house.all())).await.values();
    assert_eq!(found, [json!({ "id": mia })]);
    assert_eq!(house.ask(filter("lt 2020-01-01T00:00:00Z").by(house.all())).await.values(), [] as [Value; 0]);
    assert_eq!(
        house.ask(filter("ge 2020-01-01T00:00:00Z").by(house.token("app: User.Read.All"))).await.status,
        403
    );
    let mixed = filter("ge 2020-01-01T00:00:00Z and jobTitle eq 'Cook'");
    assert_eq!(house.ask(mixed.by(house.all())).await.fault(), (400, "Request_UnsupportedQuery".to_owned()));
}
