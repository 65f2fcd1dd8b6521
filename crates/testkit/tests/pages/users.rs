//! Users by page: found, seen, blocked, invited, removed together; and what is not offered to whom.

use crate::{browser::Browser, scene::Scene};
use model::{
    InvitationState, ObjectId, Person, Span,
    authz::{Operation, Role},
    collaboration::InvitesFrom,
};
use service::{AuthorizationPolicyPatch, Caller};
use testkit::{GuestState, World};

const USERS: &str = "/admin/users";
const REMOVE: &str = "/admin/users/remove";
const INVITE: &str = "/admin/users/invite";

fn mailbox(address: &str) -> Person {
    Person::Mailbox { address: address.to_owned() }
}

async fn guest(scene: &Scene, address: &str, state: GuestState) -> ObjectId {
    scene.world.guest(scene.contoso, &mailbox(address), address, state).await
}

async fn with_role(scene: &Scene, name: &str, role: Role) -> Browser {
    let id = scene.world.member(scene.contoso, &format!("{name}@contoso.example"), &[role]).await;
    scene.browser(&World::person(scene.contoso, id)).await
}

/// The names that a list shows, in its order.
fn names(page: &crate::browser::Page) -> Vec<String> {
    let body =
        page.body.split_once("<tbody>").map_or("", |(_, rest)| rest).split("</tbody>").next().unwrap_or("");
    let cells = body.split("<th scope=\"row\">").skip(1);
    cells
        .map(|cell| cell.split("<bdi>").nth(1).unwrap_or("").split('<').next().unwrap_or("").to_owned())
        .collect()
}

#[tokio::test]
async fn users_are_filtered_and_looked_for_as_over_graph() {
    let scene = Scene::new(210).await;
    guest(&scene, "kim@mail.example", GuestState::Pending).await;
    guest(&scene, "lou@mail.example", GuestState::Blocked).await;
    guest(&scene, "sam@mail.example", GuestState::Accepted).await;
    guest(&scene, "gone@mail.example", GuestState::Removed).await;
    let mut browser = scene.browser(&scene.admin).await;
    for (query, expected) in [
        ("", &["Guest ana@fabrikam", "Guest kim@", "Guest lou@", "Guest sam@", "Member admin@"][..]),
        ("?show=members", &["Member admin@"]),
        ("?show=guests", &["Guest ana@fabrikam", "Guest kim@", "Guest lou@", "Guest sam@"]),
        ("?show=pending", &["Guest kim@"]),
        ("?show=accepted", &["Guest ana@fabrikam", "Guest lou@", "Guest sam@"]),
        ("?show=blocked", &["Guest lou@"]),
        ("?show=never", &["Guest ana@fabrikam", "Guest kim@", "Guest lou@", "Guest sam@"]),
        ("?show=guests&q=SAM%40", &["Guest sam@"]),
        ("?q=member", &["Member admin@"]),
        ("?q=lou_mail", &["Guest lou@"]),
        ("?q=%25", &[]),
        (
            "?show=nonsense&q=&after=nonsense",
            &["Guest ana@fabrikam", "Guest kim@", "Guest lou@", "Guest sam@", "Member admin@"],
        ),
    ] {
        let page = browser.get(&format!("{USERS}{query}")).await;
        let found = names(page.is(200));
        let same = found.len() == expected.len()
            && found.iter().zip(expected).all(|(is, begins)| is.starts_with(begins));
        assert!(same, "{query}: {found:?}");
    }
    browser.get(&format!("{USERS}?q=nobody")).await.says("Nobody is found.");
    let page = browser.get(&format!("{USERS}?show=blocked&q=%22%3E%3Cscript%3E")).await;
    page.is(200).lacks("<script>").says("Nobody is found.");
    assert!(page.body.contains("<option value=\"blocked\" selected>"));
}

#[tokio::test]
async fn a_list_goes_on_by_key_keeps_its_filter_and_stays_small() {
    let scene = Scene::new(211).await;
    for n in 0..203 {
        guest(&scene, &format!("g{n:03}@mail.example"), GuestState::Pending).await;
    }
    let mut browser = scene.browser(&scene.admin).await;
    let first = browser.get(&format!("{USERS}?show=pending&q=guest")).await;
    assert_eq!(names(first.is(200)).len(), 100);
    assert!(!first.body.contains(">First page<"));
    let assets = first.body.split('"').filter(|text| text.starts_with("/assets/"));
    let mut weight = first.body.len();
    for asset in assets.collect::<std::collections::BTreeSet<_>>() {
        weight += browser.get(asset).await.is(200).body.len();
    }
    assert!(weight < 100_000, "a list page of 100 guests weighs {weight} bytes");
    let second = browser.get(&first.next().expect("a second page")).await;
    let (a, b) = (names(&first), names(second.is(200)));
    assert!(b.len() == 100 && a.last() < b.first(), "{:?} {:?}", a.last(), b.first());
    second.says("First page");
    let third = browser.get(&second.next().expect("a third page")).await;
    assert_eq!(
        names(&third),
        ["Guest g200@mail.example", "Guest g201@mail.example", "Guest g202@mail.example"]
    );
    assert!(third.next().is_none());
    // A position is good for whoever it was given to, in the list that it was given for.
    let mut other = with_role(&scene, "reader", Role::GlobalReader).await;
    let elsewhere = first.next().expect("a link").replace(USERS, "/admin/deleted-users");
    other.get(&elsewhere).await.is(200);
}

#[tokio::test]
async fn one_user_is_shown_with_everything_around() {
    let scene = Scene::new(212).await;
    let (world, directory) = (&scene.world, scene.world.directory());
    let operator = Caller::operator(scene.contoso);
    let sponsor = world.member(scene.contoso, "sponsor@contoso.example", &[]).await;
    directory
        .add_sponsor(&world.cx(), &operator, &scene.guest.to_string(), sponsor)
        .await
        .expect("a sponsor");
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(&format!("{USERS}/{}", scene.guest)).await;
    page.is(200)
        .says("Guest ana@fabrikam.example Active")
        .says("Another organization: fabrikam.example")
        .says("Accepted on 1 January 2026")
        .says("Sponsors Member sponsor@contoso.example")
        .says("Directory roles None")
        .says("Last sign-in to an app here Never")
        .says("History")
        .says("Add user sponsor 1 January 2026, 00:00 UTC Operator of the server")
        .says("Redeem external user invite 1 January 2026, 00:00 UTC Guest ana@fabrikam.example")
        .says("Reset redemption");
    let pending = guest(&scene, "kim@mail.example", GuestState::Pending).await;
    browser
        .get(&format!("{USERS}/{pending}"))
        .await
        .says("Invitation pending")
        .says("whoever accepts the invitation to kim@mail.example")
        .says("Send the invitation again")
        .lacks("Reset redemption");
    let gone = guest(&scene, "gone@mail.example", GuestState::Removed).await;
    browser
        .get(&format!("{USERS}/{gone}"))
        .await
        .is(200)
        .says("Removed by an administrator. Deleted on 1 January 2026")
        .says("Deleted users")
        .lacks("value=\"block\"");
    for unknown in [ObjectId::mint(world.random.as_ref()).to_string(), "x".to_owned()] {
        browser.get(&format!("{USERS}/{unknown}")).await.is(404);
    }
    // A user of another organisation answers like one that does not exist.
    browser.get(&format!("{USERS}/{}", scene.ana_at_home)).await.is(404);
    // Without the right to read the audit log there is nothing about signing in.
    let mut inviter = with_role(&scene, "inviter", Role::GuestInviter).await;
    inviter.get(&format!("{USERS}/{}", scene.guest)).await.is(200).lacks("Last sign-in").lacks("History");
    inviter.get(&format!("{USERS}/{gone}")).await.is(404);
    inviter.get(&format!("{USERS}?show=never")).await.is(200).lacks("value=\"never\"").says("Member admin@");
}

#[tokio::test]
async fn a_user_is_blocked_and_unblocked_and_the_last_administrator_never() {
    let scene = Scene::new(213).await;
    let mut browser = scene.browser(&scene.admin).await;
    let path = format!("{USERS}/{}", scene.guest);
    for (act, enabled, said) in
        [("block", false, "is blocked, and is signed out"), ("unblock", true, "can sign in again")]
    {
        let done = browser.submit(&path, &path, &[("act", act)]).await;
        let target = done.header("location").to_owned();
        assert!(done.status == 303 && target.starts_with(&format!("{path}?note=")), "{target}");
        browser.get(&target).await.is(200).says(said);
        assert_eq!(scene.world.user(scene.contoso, scene.guest).await.unwrap().account_enabled, enabled);
    }
    browser.submit(&path, &path, &[("act", "other")]).await.is(400);
    let Person::Member { object: own, .. } = scene.admin else { panic!("a member") };
    let own_path = format!("{USERS}/{own}");
    let page = browser.get(&own_path).await;
    page.is(200).lacks("value=\"block\"").says("You cannot remove your own account");
    let last = browser.submit(&own_path, &own_path, &[("act", "block")]).await;
    let target = last.header("location").to_owned();
    browser.get(&target).await.says("This is the last Global Administrator");
    assert!(scene.world.user(scene.contoso, own).await.unwrap().account_enabled);
}

#[tokio::test]
async fn users_are_removed_together_after_a_page_that_says_what_happens_to_whom() {
    let scene = Scene::new(214).await;
    let kim = guest(&scene, "kim@mail.example", GuestState::Pending).await;
    let left = guest(&scene, "left@mail.example", GuestState::Left).await;
    let Person::Member { object: own, .. } = scene.admin else { panic!("a member") };
    let plain = scene.world.member(scene.contoso, "plain@contoso.example", &[Role::ReportsReader]).await;
    let mut browser = scene.browser(&scene.admin).await;
    let unknown = ObjectId::mint(scene.world.random.as_ref());
    let ids = [scene.guest, kim, left, own, plain, unknown, kim].map(|id| id.to_string());
    let query: Vec<String> = ids.iter().map(|id| format!("id={id}")).collect();
    let ask = format!("{REMOVE}?{}&id=x", query.join("&"));
    let page = browser.get(&ask).await;
    page.is(200)
        .says("Remove 3 users?")
        .says("You can restore them until 31 January 2026")
        .says("Guest ana@fabrikam.example")
        .says("Guest kim@mail.example")
        .says("Directory roles: Reports Reader")
        .says("Members who are guests elsewhere cannot sign in there either")
        .says("One user cannot be removed")
        .says("You cannot remove your own account")
        .lacks("Guest left@");
    assert!(!scene.world.user(scene.contoso, kim).await.unwrap().is_deleted(), "asking removes nobody");
    let csrf = page.field("csrf");
    let mut fields: Vec<(&str, &str)> = vec![("csrf", &csrf)];
    fields.extend(ids.iter().map(|id| ("id", id.as_str())));
    let done = browser.post(REMOVE, &fields).await;
    done.is(200).says("3 users are removed").says("2 were gone already").says("One user is still there");
    for id in [scene.guest, kim, plain] {
        let user = scene.world.user(scene.contoso, id).await.expect("the user");
        assert_eq!(user.deletion.expect("a deletion").cause, model::DeletionCause::Removed);
    }
    browser.post(REMOVE, &fields).await.is(200).says("3 users are removed");
    let nothing = browser.post(REMOVE, &[("csrf", &csrf), ("id", "x")]).await.header("location").to_owned();
    browser.get(&nothing).await.is(200).says("Choose at least one user");
    let nothing = browser.get(REMOVE).await.header("location").to_owned();
    browser.get(&nothing).await.is(200).says("Choose at least one user");
}

#[tokio::test]
async fn nobody_is_removed_by_whoever_may_not_manage_them() {
    let scene = Scene::new(215).await;
    let reader = scene.world.member(scene.contoso, "held@contoso.example", &[Role::GlobalReader]).await;
    let mut manager = with_role(&scene, "manager", Role::UserAdministrator).await;
    let ask = format!("{REMOVE}?id={reader}&id={}", scene.guest);
    let page = manager.get(&ask).await;
    page.is(200)
        .says("Remove one user?")
        .says("Whoever holds a directory role is removed by Global Administrators only.")
        .says("Global Reader");
    let fields = [("csrf", page.field("csrf")), ("id", reader.to_string()), ("id", scene.guest.to_string())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    manager.post(REMOVE, &fields).await.is(200).says("One user is removed").says("One user is still there");
    assert!(!scene.world.user(scene.contoso, reader).await.unwrap().is_deleted());
    let path = format!("{USERS}/{reader}");
    manager.get(&path).await.is(200).lacks("value=\"block\"").says("removed by Global Administrators only");
    manager.submit(USERS, &path, &[("act", "block")]).await.is(403);
    assert!(scene.world.user(scene.contoso, reader).await.unwrap().account_enabled);
}

#[tokio::test]
async fn what_a_role_may_not_do_is_neither_offered_nor_done() {
    let scene = Scene::new(216).await;
    let path = format!("{USERS}/{}", scene.guest);
    for role in Role::ALL {
        let mut browser = with_role(&scene, &role.title().to_lowercase().replace(' ', "-"), *role).await;
        let list = browser.get(USERS).await;
        let may = |operation: Operation| operation.is_open_to(&[*role]);
        let title = role.title();
        assert_eq!(list.is(200).body.contains("type=\"checkbox\""), may(Operation::DeleteUser), "{title}");
        assert_eq!(list.body.contains(INVITE), may(Operation::InviteGuest), "{title}");
        let own = browser.get(&path).await;
        assert_eq!(own.is(200).body.contains("value=\"block\""), may(Operation::UpdateUser), "{title}");
        assert_eq!(own.body.contains(&format!("{path}/reset")), may(Operation::UpdateUser), "{title}");
        assert_eq!(own.body.contains(REMOVE), may(Operation::DeleteUser), "{title}");
        assert_eq!(own.body.contains("Last sign-in"), may(Operation::ReadAudit), "{title}");
        let csrf = list.field("csrf");
        if !may(Operation::DeleteUser) {
            let id = scene.guest.to_string();
            browser.get(&format!("{REMOVE}?id={id}")).await.is(403);
            browser.post(REMOVE, &[("csrf", &csrf), ("id", &id)]).await.is(403);
        }
        if !may(Operation::UpdateUser) {
            browser.post(&path, &[("csrf", &csrf), ("act", "block")]).await.is(403);
            browser.post(&format!("{path}/reset"), &[("csrf", &csrf)]).await.leads_to(&path);
        }
        assert_eq!(
            browser.get("/admin/deleted-users").await.status == 200,
            may(Operation::ReadDeleted),
            "{title}"
        );
        let start = browser.get("/admin").await;
        assert_eq!(
            start.is(200).body.contains("href=\"/admin/deleted-users\""),
            may(Operation::ReadDeleted),
            "{title}"
        );
    }
    let user = scene.world.user(scene.contoso, scene.guest).await.expect("the guest");
    assert!(!user.is_deleted() && user.account_enabled && user.invitation == Some(InvitationState::Accepted));
}

#[tokio::test]
async fn a_guest_is_invited_and_the_link_is_shown_once() {
    let scene = Scene::new(217).await;
    let mut browser = scene.browser(&scene.admin).await;
    browser.get(USERS).await.says("Invite a guest");
    let page = browser.get(INVITE).await;
    page.is(200).says("You get a link to send to the guest");
    for (address, name, why) in [
        ("", "", "Enter a value."),
        ("nobody", "Kim", "Enter an e-mail address"),
        ("kim@mail.example", "a\u{7}b", "This is too long"),
        ("kim@contoso.example", "Kim", "in a domain of your own organization"),
    ] {
        let wrong = browser.submit(INVITE, INVITE, &[("address", address), ("name", name)]).await;
        wrong.is(400).says(why);
        assert!(wrong.body.contains(&format!("value=\"{address}\"")), "{address} is still there");
    }
    let sent = browser
        .submit(INVITE, INVITE, &[("address", "Kim@Mail.Example"), ("name", "Kim Le"), ("kind", "member")])
        .await;
    sent.is(200).says("Kim@Mail.Example is invited").says("No mail was sent.").says("See Kim Le");
    let link =
        sent.body.split("value=\"https://localhost:8443").nth(1).expect("a link").split('"').next().unwrap();
    let mut kim = scene.browser(&mailbox("kim@mail.example")).await;
    kim.get(link).await.is(200).says("Review permissions").says("Contoso");
    browser.get(&format!("{USERS}?q=kim")).await.says("Kim Le").says("Invitation pending").says("Member");
}

#[tokio::test]
async fn why_somebody_cannot_be_invited_is_said_and_nothing_typed_is_lost() {
    let scene = Scene::new(218).await;
    let (world, directory) = (&scene.world, scene.world.directory());
    let operator = Caller::operator(scene.contoso);
    guest(&scene, "lou@mail.example", GuestState::Blocked).await;
    world.member(scene.contoso, "plain@contoso.example", &[]).await;
    let patch = service::UserPatch {
        mail: Some(Some("plain@else.example".to_owned())),
        ..service::UserPatch::default()
    };
    directory
        .update_user(&world.cx(), &operator, "plain@contoso.example", patch)
        .await
        .expect("a mail address");
    let domains = service::InvitationDomainsPatch {
        mode: Some(model::collaboration::DomainMode::Deny),
        domains: Some(vec!["evil.example".to_owned()]),
        expected: None,
    };
    directory.update_invitation_domains(&world.cx(), &operator, domains).await.expect("a list");
    let mut browser = scene.browser(&scene.admin).await;
    for (address, why) in [
        ("lou@mail.example", "who is blocked. Unblock the guest first."),
        ("plain@else.example", "A member of your organization has this address."),
        ("kim@evil.example", "The collaboration restrictions do not allow guests from this domain."),
    ] {
        let refused = browser.submit(INVITE, INVITE, &[("address", address), ("name", "Kim")]).await;
        refused.is(400).says(why);
        assert!(refused.body.contains("value=\"Kim\""));
    }
    // Where nobody may invite, it is not offered, and refused to whoever asks all the same.
    let nobody = AuthorizationPolicyPatch {
        invites_from: Some(InvitesFrom::None),
        ..AuthorizationPolicyPatch::default()
    };
    directory.update_authorization_policy(&world.cx(), &operator, nobody).await.expect("a policy");
    browser.get(USERS).await.is(200).lacks(INVITE);
    browser.get(INVITE).await.is(403);
    browser.submit(USERS, INVITE, &[("address", "kim@mail.example")]).await.is(403);
    browser.get(&format!("{USERS}/{}", scene.guest)).await.is(200).lacks("Reset redemption");
}

#[tokio::test]
async fn an_invitation_is_sent_again_and_the_earlier_link_is_void() {
    let scene = Scene::new(219).await;
    let kim = guest(&scene, "kim@mail.example", GuestState::Pending).await;
    let path = format!("{USERS}/{kim}");
    let mut browser = scene.browser(&scene.admin).await;
    let link = |page: &crate::browser::Page| {
        page.body
            .split("value=\"https://localhost:8443")
            .nth(1)
            .expect("a link")
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    let first = browser.submit(&path, &format!("{path}/invitation"), &[]).await;
    let second = browser.submit(&path, &format!("{path}/invitation"), &[]).await;
    second.is(200).says("kim@mail.example is invited");
    let mut guest = scene.browser(&mailbox("kim@mail.example")).await;
    guest.get(&link(&first)).await.lacks("Accept</button>");
    let redeem = link(&second);
    guest.submit(&redeem, &redeem, &[("decision", "accept")]).await;
    browser.get(&format!("{path}/invitation")).await.leads_to(&path);
    browser.get(&path).await.is(200);
}

#[tokio::test]
async fn a_redemption_is_reset_only_after_the_page_that_says_what_it_means() {
    let scene = Scene::new(220).await;
    let path = format!("{USERS}/{}", scene.guest);
    let reset = format!("{path}/reset");
    let mut browser = scene.browser(&scene.admin).await;
    browser
        .get(&reset)
        .await
        .is(200)
        .says("Let Guest ana@fabrikam.example accept anew?")
        .says("A new invitation goes to ana@fabrikam.example");
    let state = async || scene.world.user(scene.contoso, scene.guest).await.unwrap().invitation;
    assert_eq!(state().await, Some(InvitationState::Accepted), "asking changes nothing");
    scene.world.clock.advance(Span::minutes(1));
    browser.submit(&reset, &reset, &[]).await.is(200).says("ana@fabrikam.example is invited");
    assert_eq!(state().await, Some(InvitationState::PendingAcceptance));
    browser.get(&reset).await.leads_to(&path);
}
