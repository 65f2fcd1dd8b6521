//! Who may do what: one row for each route, one column for each actor, written out from Microsoft's pages and permission
//! tables and from our own rulings, not computed from the product's table.
//!
//! In a cell stands the class of the answer: `2` done, `1` 401, `3` 403, `4` 404, `5` 405, `0` 400.

use crate::{
    house::{House, POLICY},
    tokens,
    wire::{Ask, Token},
};
use model::{Span, TenantId};
use serde_json::{Value, json};

/// Nobody in particular.
const NOBODY: [&str; 2] = ["anonymous", "expired"];
/// Apps of Contoso with exactly this permission; an app by itself never has `User.Read`.
const APPS: [&str; 12] = [
    "nothing",
    "AuditLog.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ExternalIdentities",
    "User.DeleteRestore.All",
    "User.Invite.All",
    "User.Read.All",
    "User.ReadWrite.All",
];
/// A Global Administrator through an app with exactly this scope: role without scope, and both.
const SCOPES: [&str; 13] = [
    "nothing",
    "AuditLog.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ExternalIdentities",
    "User.DeleteRestore.All",
    "User.Invite.All",
    "User.Read",
    "User.Read.All",
    "User.ReadWrite.All",
];
/// People through an app with every scope: scope without role, and both.
pub const PEOPLE: [&str; 22] = [
    // Members: Global Administrator, External Identity Provider Administrator, User Administrator, Guest Inviter, Global
    // Reader, Privileged Role, Authentication and Privileged Authentication Administrator, Reports and Security Reader; mia
    // has no role.
    "mia", "adele", "eike", "uma", "ingo", "rita", "petra", "arno", "paula", "ruth", "sven",
    // Guests: gaby is External Identity Provider Administrator; max and moni have a mailbox and no home tenant, and moni is
    // Global Administrator.
    "gil", "gaby", "max", "moni",
    // Blocked member, blocked guest, guest blocked at home, guest who left, guest who was removed.
    "bert", "bea", "hugo", "lena", "rolf",
    // Global Administrators of other tenants; the first is the guests' home administrator.
    "fabian", "theo",
];

/// A route and what each actor gets, in the order of the lists above; blanks are for the eye.
struct Row {
    method: &'static str,
    path: &'static str,
    nobody: &'static str,
    apps: &'static str,
    scopes: &'static str,
    people: &'static str,
}

const fn row(
    method: &'static str,
    path: &'static str,
    [nobody, apps, scopes, people]: [&'static str; 4],
) -> Row {
    Row { method, path, nobody, apps, scopes, people }
}

/// The columns of `people` below: eleven members, four guests, five who are gone or blocked, two from elsewhere.
/// Order of the permissions: none, AuditLog, Directory (read, write), Organization (read, write), Policy (read, write),
/// User: DeleteRestore, Invite, (Read,) Read.All, ReadWrite.All.
const TABLE: &[Row] = &[
    // The same for everybody, and nobody is asked who they are.
    row("GET", "", ["22", "222222222222", "2222222222222", "22222222222 2222 22222 22"]),
    row("GET", "$metadata", ["22", "222222222222", "2222222222222", "22222222222 2222 22222 22"]),
    // What is inside is authorised by itself.
    row("POST", "$batch", ["11", "222222222222", "2222222222222", "22222222222 2222 11111 22"]),
    // Policy.Read.All or Policy.ReadWrite.ExternalIdentities; guests without a role see no policies; never personal accounts.
    row(
        "GET",
        "policies/externalIdentitiesPolicy",
        ["11", "333333223333", "3333332233333", "22222222222 3233 11111 22"],
    ),
    // The write permission alone, and Global or External Identity Provider Administrator; whoever is bound by the policy does
    // not set it, whatever the role.
    row(
        "PATCH",
        "policies/externalIdentitiesPolicy",
        ["11", "333333323333", "3333333233333", "32233333333 3333 11111 22"],
    ),
    row(
        "POST",
        "policies/externalIdentitiesPolicy",
        ["11", "000000000000", "0000000000000", "00000000000 0000 11111 00"],
    ),
    row(
        "DELETE",
        "policies/externalIdentitiesPolicy",
        ["11", "555555555555", "5555555555555", "55555555555 5555 11111 55"],
    ),
    row("GET", "organization", ["11", "332222333322", "3322223333222", "22222222222 2222 11111 22"]),
    row("GET", "organization/{id}", ["11", "332222333322", "3322223333222", "22222222222 2222 11111 44"]),
    row("PATCH", "organization/{id}", ["11", "333332333333", "3333323333333", "32333333333 3332 11111 44"]),
    // Everyone may invite, guests included: the default of allowInvitesFrom.
    row("POST", "invitations", ["11", "333233333232", "3332333332332", "22222222222 2222 11111 22"]),
    row("GET", "users", ["11", "332233333322", "3322333333322", "22222222222 3232 11111 22"]),
    row("GET", "users/$count", ["11", "332233333322", "3322333333322", "22222222222 3232 11111 22"]),
    row("GET", "users/delta", ["11", "332233333322", "3322333333322", "22222222222 3232 11111 22"]),
    row(
        "POST",
        "directoryObjects/getByIds",
        // Whoever knows an id may look it up, guests too, as with users/{id}.
        ["11", "332233333322", "3322333333322", "22222222222 2222 11111 22"],
    ),
    row("GET", "subscribedSkus", ["11", "332222333322", "3322223333222", "22222222222 2222 11111 22"]),
    // Whoever knows an id may look it up, guests too: the default of guestUserRoleId.
    row("GET", "users/{id}", ["11", "332233333322", "3322333333322", "22222222222 2222 11111 44"]),
    row("PATCH", "users/{id}", ["11", "333233333332", "3332333333332", "32323333233 3332 11111 44"]),
    row("DELETE", "users/{id}", ["11", "333333332332", "3333333323332", "32323333233 3332 11111 44"]),
    // An app has no self.
    row("GET", "me", ["11", "000000000000", "3322333333222", "22222222222 2222 11111 22"]),
    row(
        "GET",
        "directory/deletedItems",
        ["11", "000000000000", "0000000000000", "00000000000 0000 11111 00"],
    ),
    row(
        "GET",
        "directory/deletedItems/microsoft.graph.user",
        ["11", "332233333322", "3322333333322", "32323232233 3332 11111 22"],
    ),
    row(
        "GET",
        "directory/deletedItems/microsoft.graph.user/$count",
        ["11", "332233333322", "3322333333322", "32323232233 3332 11111 22"],
    ),
    row(
        "GET",
        "directory/deletedItems/{id}",
        ["11", "332233333322", "3322333333322", "32323232233 3332 11111 44"],
    ),
    // Microsoft's pages disagree on the Authentication Administrator; the narrower reading holds.
    row(
        "POST",
        "directory/deletedItems/{id}/restore",
        ["11", "333333332332", "3333333323332", "32323333233 3332 11111 44"],
    ),
    row(
        "DELETE",
        "directory/deletedItems/{id}",
        ["11", "333333332332", "3333333323332", "32323333233 3332 11111 44"],
    ),
    row(
        "GET",
        "auditLogs/directoryAudits",
        ["11", "322333333333", "3223333333333", "32333233322 3332 11111 22"],
    ),
    row(
        "GET",
        "auditLogs/directoryAudits/{id}",
        ["11", "322333333333", "3223333333333", "32333233322 3332 11111 44"],
    ),
];

/// What is wrong between a route list and the table: routes without a row, rows without a route, rows of the wrong width.
fn mismatches(routes: &[(&str, &str)], table: &[Row]) -> Vec<String> {
    let mut found = Vec::new();
    for route in routes {
        match table.iter().filter(|row| (row.method, row.path) == *route).count() {
            1 => {}
            rows => found.push(format!("{} {}: {rows} rows", route.0, route.1)),
        }
    }
    for row in table {
        if !routes.contains(&(row.method, row.path)) {
            found.push(format!("{} {}: no such route", row.method, row.path));
        }
        let width = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        let widths = [width(row.nobody), width(row.apps), width(row.scopes), width(row.people)];
        if widths != [NOBODY.len(), APPS.len(), SCOPES.len(), PEOPLE.len()] {
            found.push(format!("{} {}: {widths:?} cells", row.method, row.path));
        }
    }
    found
}

/// Routes whose row is in the second table.
fn elsewhere() -> Vec<(&'static str, &'static str)> {
    crate::rights::ROWS.iter().map(|row| (row.method, row.path)).collect()
}

fn real_routes() -> Vec<(&'static str, &'static str)> {
    let elsewhere = elsewhere();
    let all = web::routes().iter().map(|route| (route.method, route.path));
    all.filter(|route| !elsewhere.contains(route)).collect()
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    assert_eq!(mismatches(&real_routes(), TABLE), Vec::<String>::new());
    for (method, path) in elsewhere() {
        assert!(
            web::routes().iter().any(|route| (route.method, route.path) == (method, path)),
            "{method} {path}"
        );
    }
}

/// The check can fail: a route that nobody thought of, a route that is gone, and a row that is too short.
#[test]
fn a_forgotten_route_is_caught() {
    let mut more = real_routes();
    more.push(("GET", "planets"));
    assert_eq!(mismatches(&more, TABLE), ["GET planets: 0 rows"]);
    let fewer: Vec<_> = real_routes().into_iter().filter(|route| *route != ("GET", "me")).collect();
    assert_eq!(mismatches(&fewer, TABLE), ["GET me: no such route"]);
    let short = [row("GET", "me", ["11", "0", "2", "2"])];
    assert_eq!(mismatches(&[("GET", "me")], &short), ["GET me: [2, 1, 1, 1] cells"]);
}

/// The actors in the order of the columns; nobody has a token.
async fn actors(house: &House) -> Vec<(String, Option<Token>)> {
    let mut actors = vec![(NOBODY[0].to_owned(), None), (NOBODY[1].to_owned(), Some(expired(house).await))];
    let names = APPS
        .iter()
        .map(|name| format!("app: {name}"))
        .chain(SCOPES.iter().map(|name| format!("adele with {name}")))
        .chain(PEOPLE.iter().map(|name| (*name).to_owned()));
    actors.extend(names.map(|name| {
        let token = house.token(&name).clone();
        (name, Some(token))
    }));
    actors
}

/// A token of the app with every permission that was over a second ago.
async fn expired(house: &House) -> Token {
    let mut claims = tokens::claims(house);
    claims.expires = house.world.cx().now - Span::seconds(1);
    claims.issued_at = claims.expires - Span::minutes(60);
    let key = tokens::signing_key(house, house.plan.contoso).await;
    Token { label: "expired".to_owned(), value: identity::mint(&key, &claims).unwrap() }
}

/// A request of this route about something in Contoso, with a body that would be good.
async fn request(house: &House, row: &Row) -> Ask {
    let target = match row.path.split('/').next().unwrap() {
        "organization" => house.plan.contoso.to_string(),
        "users" => house.id("pia").to_string(),
        "directory" => house.id("rolf").to_string(),
        "auditLogs" => {
            let list = Ask::get("/v1.0/auditLogs/directoryAudits?$top=1").by(house.all());
            house.ask(list).await.values()[0]["id"].as_str().unwrap().to_owned()
        }
        _ => String::new(),
    };
    let ask = Ask::new(row.method, format!("/v1.0/{}", row.path.replace("{id}", &target)));
    let ask = if row.path.ends_with("$count") { ask.advanced() } else { ask };
    let body: Option<Value> = match (row.method, row.path) {
        ("PATCH", path) if path.starts_with("policies") => {
            Some(json!({"allowDeletedIdentitiesDataRemoval": true}))
        }
        ("PATCH", path) if path.starts_with("organization") => {
            Some(json!({"technicalNotificationMails": ["new@contoso.example"]}))
        }
        ("PATCH", _) => Some(json!({"jobTitle": "Chef", "accountEnabled": false, "userType": "Member"})),
        ("POST", "$batch") => Some(json!({"requests": [{"id": "1", "method": "GET", "url": "/me"}]})),
        ("POST", "directoryObjects/getByIds") => Some(json!({"ids": [house.id("pia")]})),
        ("POST", "invitations") => Some(
            json!({"invitedUserEmailAddress": "new@adatum.example", "inviteRedirectUrl": "https://app.example"}),
        ),
        _ => None,
    };
    body.map_or(ask.clone(), |body| ask.json(&body))
}

async fn states(house: &House) -> Vec<(TenantId, String)> {
    let mut states = Vec::new();
    for tenant in [house.plan.contoso, house.plan.fabrikam, house.plan.tailwind] {
        states.push((tenant, house.state(tenant).await));
    }
    states
}

/// One row: every actor asks; whatever was not done changed nothing anywhere, and what was done changed one tenant only.
async fn judge(row: &Row) -> (usize, Vec<String>) {
    let mut house = House::new().await;
    let actors = actors(&house).await;
    let expected: Vec<char> = [row.nobody, row.apps, row.scopes, row.people]
        .concat()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let ask = request(&house, row).await;
    let (mut wrong, mut before) = (Vec::new(), states(&house).await);
    for ((name, token), expected) in actors.iter().zip(&expected) {
        let ask = token.as_ref().map_or(ask.clone(), |token| ask.clone().by(token));
        let reply = house.ask(ask).await;
        let class = match reply.status.as_u16() {
            200..=299 => '2',
            401 => '1',
            403 => '3',
            404 => '4',
            405 => '5',
            400 => '0',
            _ => '?',
        };
        let cell = format!("{} {} as {name}", row.method, row.path);
        if class != *expected {
            wrong.push(format!("{cell}: {class}, not {expected}"));
        }
        if row.method == "GET" || ["$batch", "directoryObjects/getByIds"].contains(&row.path) {
            continue;
        }
        let after = states(&house).await;
        let own = match name.as_str() {
            "fabian" => house.plan.fabrikam,
            "theo" => house.plan.tailwind,
            _ => house.plan.contoso,
        };
        for ((tenant, old), (_, new)) in before.iter().zip(&after) {
            let may_differ = class == '2' && *tenant == own;
            if (old != new) != may_differ {
                wrong.push(format!(
                    "{cell}: {tenant} {}",
                    if old == new { "is unchanged" } else { "was changed" }
                ));
            }
        }
        if class == '2' {
            house = House::new().await;
            before = states(&house).await;
        }
    }
    (expected.len(), wrong)
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let (mut cells, mut wrong) = (0, Vec::new());
    for row in TABLE {
        let (count, found) = judge(row).await;
        cells += count;
        wrong.extend(found);
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(cells, TABLE.len() * (NOBODY.len() + APPS.len() + SCOPES.len() + PEOPLE.len()));
}

/// Whoever is somebody's administrator at home is nobody's administrator here: the path of the policy names no tenant, so a
/// write from elsewhere lands elsewhere.
#[tokio::test]
async fn an_administrator_of_another_tenant_changes_only_that_tenant() {
    let house = House::new().await;
    let before = states(&house).await;
    let write = Ask::new("PATCH", POLICY).by(house.token("fabian"));
    let reply = house.ask(write.json(&json!({"allowExternalIdentitiesToLeave": false}))).await;
    assert_eq!(reply.status, 204);
    let after = states(&house).await;
    let changed: Vec<TenantId> =
        before.iter().zip(&after).filter(|(old, new)| old != new).map(|((tenant, _), _)| *tenant).collect();
    assert_eq!(changed, [house.plan.fabrikam]);
}

/// Whoever holds a role is managed by a Global Administrator only, and never by an app.
#[tokio::test]
async fn privileged_people_are_managed_by_global_administrators_only() {
    let house = House::new().await;
    let gert = house.id("gert");
    let before = states(&house).await;
    for who in
        ["uma", "paula", "eike", "app: everything", "app: User.ReadWrite.All", "app: User.DeleteRestore.All"]
    {
        for (method, body) in [("PATCH", Some(json!({"accountEnabled": false}))), ("DELETE", None)] {
            let ask = Ask::new(method, format!("/v1.0/users/{gert}")).by(house.token(who));
            let ask = body.map_or(ask.clone(), |body| ask.json(&body));
            assert_eq!(
                house.ask(ask).await.fault(),
                (403, "Authorization_RequestDenied".to_owned()),
                "{method} {who}"
            );
        }
    }
    assert_eq!(states(&house).await, before);
    let delete = Ask::new("DELETE", format!("/v1.0/users/{gert}")).by(house.token("adele"));
    assert_eq!(house.ask(delete).await.status, 204, "the positive control");
}

/// Guests change nothing about themselves over Graph: neither their kind nor their state.
#[tokio::test]
async fn nobody_lifts_oneself() {
    let house = House::new().await;
    let before = states(&house).await;
    for who in ["gil", "max", "mia", "gaby"] {
        let own = format!("/v1.0/users/{}", house.id(who));
        for body in
            [json!({"userType": "Member"}), json!({"accountEnabled": true}), json!({"displayName": "x"})]
        {
            let reply = house.ask(Ask::new("PATCH", &own).by(house.token(who)).json(&body)).await;
            assert_eq!(reply.status, 403, "{who} {body}");
        }
        assert_eq!(house.ask(Ask::new("DELETE", &own).by(house.token(who))).await.status, 403, "{who}");
    }
    assert_eq!(states(&house).await, before);
}
