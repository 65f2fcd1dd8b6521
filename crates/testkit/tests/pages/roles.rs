//! Who holds which directory role, by page.

use crate::{browser::Page, scene::Scene};
use model::{ObjectId, Span, authz::Role};
use service::AuthorizationPolicyPatch;
use testkit::World;

const ROLES: &str = "/admin/roles";

fn path(role: Role) -> String {
    format!("{ROLES}/{}", role.template())
}

fn give(role: Role, person: &str) -> String {
    let person: String = person.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("{}/give?person={person}", path(role))
}

fn take(role: Role, id: ObjectId) -> String {
    format!("{}/take/{id}", path(role))
}

fn target(page: &Page) -> String {
    assert_eq!(page.status, 303, "{}", page.text());
    page.header("location").to_owned()
}

async fn roles_of(scene: &Scene, id: ObjectId) -> Vec<Role> {
    let found = scene.world.store().read(World::scope(scene.contoso), |reader| reader.roles(id)).await;
    found.expect("roles")
}

#[tokio::test]
async fn roles_say_what_they_allow_and_who_holds_them() {
    let scene = Scene::new(120).await;
    for n in 0..5 {
        scene.world.member(scene.contoso, &format!("r{n}@contoso.example"), &[Role::ReportsReader]).await;
    }
    let mut browser = scene.browser(&scene.admin).await;
    let list = browser.get(ROLES).await;
    list.is(200)
        .says("Roles in use Role Allows Held by Global Administrator Everything in this organization Member admin@contoso.example")
        .says("Reports Reader Read the audit log Member r")
        .says("and 2 more")
        .says("Partner Tier1 Support Nothing beyond that Nobody");
    let page = browser.get(&path(Role::GuestInviter)).await;
    page.is(200).says("Invite guests, also where members may not").says("Nobody holds this role.");
    browser
        .get(&path(Role::ReportsReader))
        .await
        .is(200)
        .says("r0@contoso.example")
        .says("r4@contoso.example");
    for bad in ["x", "11111111-2222-4333-8444-555555555555"] {
        browser.get(&format!("{ROLES}/{bad}")).await.is(404);
    }
}

#[tokio::test]
async fn a_role_is_given_after_a_look_at_who_it_is_and_taken_after_a_question() {
    let scene = Scene::new(121).await;
    let id = scene.world.member(scene.contoso, "mei@contoso.example", &[Role::ReportsReader]).await;
    let mut browser = scene.browser(&scene.admin).await;
    let role = Role::UserAdministrator;
    for named in ["MEI@contoso.example", &id.to_string()] {
        browser
            .get(&give(role, named))
            .await
            .is(200)
            .says("Give Member mei@contoso.example the role User Administrator?")
            .says("Roles now Reports Reader")
            .says("Change, block, delete and restore users");
    }
    assert_eq!(roles_of(&scene, id).await, [Role::ReportsReader], "asking gives nothing");
    let ask = give(role, "mei@contoso.example");
    let key = id.to_string();
    for _ in 0..2 {
        // A second click gets what the first one got.
        let done = target(&browser.submit(&ask, &ask, &[("id", &key)]).await);
        browser.get(&done).await.is(200).says("Member mei@contoso.example holds this role now.");
    }
    assert!(roles_of(&scene, id).await.contains(&role));
    browser.get(&ask).await.is(200).says("This person holds the role already.").lacks("name=\"id\"");
    let ask = take(role, id);
    browser.get(&ask).await.is(200).says("Take the role User Administrator from Member mei@contoso.example?");
    let csrf = browser.get(&ask).await.field("csrf");
    for _ in 0..2 {
        let done = target(&browser.post(&ask, &[("csrf", &csrf)]).await);
        browser.get(&done).await.is(200).says("Member mei@contoso.example does not hold this role any more.");
    }
    assert_eq!(roles_of(&scene, id).await, [Role::ReportsReader]);
}

#[tokio::test]
async fn what_was_typed_stays_when_nobody_is_found() {
    let scene = Scene::new(122).await;
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(&give(Role::GuestInviter, "nobody <b>@contoso.example")).await;
    page.is(400).says("Nobody is found under this name.").says("Give this role to somebody");
    assert!(page.body.contains("value=\"nobody &#60;b&#62;@contoso.example\""), "{}", page.body);
    browser.get(&give(Role::GuestInviter, "")).await.is(400).says("Enter a value.");
    let stranger = ObjectId::mint(scene.world.random.as_ref()).to_string();
    browser.get(&give(Role::GuestInviter, &stranger)).await.is(400).says("Nobody is found");
    // A deleted person, and one of another organisation, are nobody here.
    browser.get(&give(Role::GuestInviter, &scene.ana_at_home.to_string())).await.is(400);
}

#[tokio::test]
async fn the_last_administrator_keeps_the_role() {
    let scene = Scene::new(123).await;
    let mut browser = scene.browser(&scene.admin).await;
    let role = Role::GlobalAdministrator;
    let me = match &scene.admin {
        model::Person::Member { object, .. } => *object,
        _ => panic!("the administrator is a member"),
    };
    let ask = take(role, me);
    let page = browser.get(&ask).await;
    page.is(200).says("This is the last Global Administrator who is at home here.").lacks("class=\"danger\"");
    let csrf = browser.get("/admin").await.field("csrf");
    browser.post(&ask, &[("csrf", &csrf)]).await.is(409).says("the last Global Administrator");
    assert_eq!(roles_of(&scene, me).await, [role]);
    let other = scene.world.member(scene.contoso, "second@contoso.example", &[role]).await;
    browser.get(&ask).await.is(200).says("This is you.").says("Take the role away");
    browser.post(&ask, &[("csrf", &csrf)]).await.leads_to("/myaccount");
    browser.get("/admin").await.is(403);
    assert_eq!(roles_of(&scene, other).await, [role]);
}

#[tokio::test]
async fn guests_get_roles_only_where_the_organization_allows_it() {
    let scene = Scene::new(124).await;
    let mut browser = scene.browser(&scene.admin).await;
    // Guests are found by the address at which they were invited, too.
    let ask = give(Role::GuestInviter, "ana@fabrikam.example");
    let page = browser.get(&ask).await;
    page.is(200)
        .says("Home Elsewhere")
        .says("Roles are not given to people whose home is elsewhere")
        .lacks("name=\"id\"");
    let (csrf, id) = (page.field("csrf"), scene.guest.to_string());
    browser.post(&ask, &[("csrf", &csrf), ("id", &id)]).await.is(409).says("Roles are not given to people");
    assert!(roles_of(&scene, scene.guest).await.is_empty());
    let operator = service::Caller::operator(scene.contoso);
    let patch =
        AuthorizationPolicyPatch { guest_administrators: Some(true), ..AuthorizationPolicyPatch::default() };
    scene.world.directory().update_authorization_policy(&scene.world.cx(), &operator, patch).await.unwrap();
    assert_eq!(browser.post(&ask, &[("csrf", &csrf), ("id", &id)]).await.status, 303);
    assert_eq!(roles_of(&scene, scene.guest).await, [Role::GuestInviter]);
}

#[tokio::test]
async fn roles_change_by_those_who_may_and_who_signed_in_lately() {
    let scene = Scene::new(125).await;
    let id = scene.world.member(scene.contoso, "mei@contoso.example", &[Role::ReportsReader]).await;
    let key = id.to_string();
    let (ask, untake) = (give(Role::GuestInviter, "mei@contoso.example"), take(Role::ReportsReader, id));
    for (n, role) in
        [Role::GlobalReader, Role::UserAdministrator, Role::ApplicationAdministrator].iter().enumerate()
    {
        let who = scene.world.member(scene.contoso, &format!("who{n}@contoso.example"), &[*role]).await;
        let mut browser = scene.browser(&World::person(scene.contoso, who)).await;
        let page = browser.get(&path(Role::ReportsReader)).await;
        page.is(200).says("You can see who holds a role.").lacks("/take/").lacks("name=\"person\"");
        let csrf = page.field("csrf");
        for question in [&ask, &untake] {
            browser.get(question).await.is(403);
            browser.post(question, &[("csrf", &csrf), ("id", &key)]).await.is(403);
        }
    }
    let who = scene
        .world
        .member(scene.contoso, "privileged@contoso.example", &[Role::PrivilegedRoleAdministrator])
        .await;
    let mut browser = scene.browser(&World::person(scene.contoso, who)).await;
    let csrf = browser.get(&ask).await.is(200).field("csrf");
    scene.world.clock.advance(Span::minutes(11));
    for question in [&ask, &untake] {
        for page in
            [browser.get(question).await, browser.post(question, &[("csrf", &csrf), ("id", &key)]).await]
        {
            let way = target(&page);
            assert!(way.starts_with("/signin?return=/admin/roles/") && way.ends_with("&again"), "{way}");
        }
    }
    assert_eq!(roles_of(&scene, id).await, [Role::ReportsReader]);
}

#[tokio::test]
async fn holders_come_in_pages() {
    let scene = Scene::new(126).await;
    for n in 0..51 {
        scene.world.member(scene.contoso, &format!("r{n:02}@contoso.example"), &[Role::ReportsReader]).await;
    }
    let mut browser = scene.browser(&scene.admin).await;
    let first = browser.get(&path(Role::ReportsReader)).await;
    let second = browser.get(&first.next().expect("more")).await;
    let count = |page: &Page| page.body.matches("id=\"user-").count();
    assert_eq!((count(&first), count(&second)), (50, 1));
    second.is(200).lacks("rel=\"next\"").says("First page");
}
