//! External collaboration settings by page: each section by itself, what is asked first, and who may.

use crate::{browser::Browser, scene::Scene};
use model::{
    Person, Span,
    authz::{Operation, Role},
    collaboration::{DomainMode, GuestAccess, InvitesFrom},
};
use service::{Caller, CollaborationView};
use testkit::{GuestState, World};

const SETTINGS: &str = "/admin/external-collaboration";
const REMOVAL: &str = "/admin/external-collaboration/deleted-home-accounts";

/// Sends one section with the version that the page shows now.
async fn save(browser: &mut Browser, section: &str, fields: &[(&str, &str)]) -> crate::browser::Page {
    let page = browser.get(SETTINGS).await;
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let sent = [("csrf", csrf.as_str()), ("version", version.as_str()), ("section", section)];
    browser.post(SETTINGS, &[&sent, fields].concat()).await
}

async fn stored(scene: &Scene) -> CollaborationView {
    let operator = Caller::operator(scene.contoso);
    scene.world.directory().view_collaboration(&scene.world.cx(), &operator).await.expect("the settings")
}

#[tokio::test]
async fn every_setting_is_saved_in_its_section_and_shown_as_it_is() {
    let scene = Scene::new(200).await;
    let mut browser = scene.browser(&scene.admin).await;
    for (section, fields) in [
        ("guest-access", &[("value", "restricted")][..]),
        ("invites", &[("value", "adminsAndGuestInviters")]),
        ("self-service", &[("allow", "yes")]),
        ("leave", &[("allow", "no")]),
        ("restrictions", &[("mode", "deny"), ("domains", " Evil.Example \r\n\r\nspam.example\r\n")]),
    ] {
        let answer = save(&mut browser, section, fields).await;
        assert_eq!(answer.status, 303, "{section}: {}", answer.text());
        let target = answer.header("location").to_owned();
        browser.get(&target).await.is(200).says("Saved. It is in force from now on.");
    }
    let now = stored(&scene).await;
    assert_eq!(now.authorization.guest_access, GuestAccess::Restricted);
    assert_eq!(now.authorization.invites_from, InvitesFrom::AdminsAndGuestInviters);
    assert!(now.flows.self_service_sign_up && !now.policy.allow_leave);
    assert_eq!(now.domains.mode, DomainMode::Deny);
    assert_eq!(now.domains.domains, ["evil.example", "spam.example"]);
    let page = browser.get(SETTINGS).await;
    for chosen in
        ["guest-access-restricted", "invites-adminsAndGuestInviters", "self-service-yes", "leave-no"]
    {
        let field = page.body.split(&format!("id=\"{chosen}\"")).nth(1).expect("the field");
        assert!(field.split('>').next().expect("a tag").contains(" checked"), "{chosen} is not chosen");
    }
    page.says("evil.example spam.example")
        .says("If you choose Yes, one guest can leave by themselves again.");
}

#[tokio::test]
async fn a_section_is_in_the_way_of_those_only_that_share_its_document() {
    let scene = Scene::new(201).await;
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(SETTINGS).await;
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let sent = |section: &'static str, value: &'static str, name: &'static str| {
        [("csrf", csrf.as_str()), ("version", version.as_str()), ("section", section), (name, value)]
    };
    for (section, name, value) in
        [("leave", "allow", "no"), ("invites", "value", "none"), ("self-service", "allow", "yes")]
    {
        assert_eq!(browser.post(SETTINGS, &sent(section, value, name)).await.status, 303, "{section}");
    }
    let before = stored(&scene).await;
    for (section, name, value) in
        [("removal", "allow", "no"), ("guest-access", "value", "restricted"), ("leave", "allow", "yes")]
    {
        let late = browser.post(SETTINGS, &sent(section, value, name)).await;
        late.is(409).says("Somebody else changed this after you opened the page");
    }
    for version in ["", "x", "1"] {
        let fields =
            [("csrf", csrf.as_str()), ("version", version), ("section", "invites"), ("value", "everyone")];
        browser.post(SETTINGS, &fields).await.is(409);
    }
    assert_eq!(stored(&scene).await, before);
}

#[tokio::test]
async fn what_opens_the_organisation_to_people_from_outside_is_asked_first() {
    let scene = Scene::new(202).await;
    let mut browser = scene.browser(&scene.admin).await;
    for (section, field, question) in [
        ("guest-access", ("value", "member"), "One guest will be able to list and read every user"),
        ("guest-administrators", ("allow", "yes"), "Let people from outside become administrators?"),
    ] {
        let before = stored(&scene).await;
        let asked = save(&mut browser, section, &[field]).await;
        asked.is(200).says(question).says("Cancel");
        assert_eq!(stored(&scene).await, before, "asking saves nothing");
        let (csrf, version) = (asked.field("csrf"), asked.field("version"));
        assert_eq!(asked.field("section"), section);
        let fields = [
            ("csrf", csrf.as_str()),
            ("version", version.as_str()),
            ("section", section),
            field,
            ("confirmed", "yes"),
        ];
        assert_eq!(browser.post(SETTINGS, &fields).await.status, 303);
        assert_ne!(stored(&scene).await, before);
        let again = save(&mut browser, section, &[field]).await;
        assert_eq!(again.status, 303, "what is so already is not asked: {}", again.text());
    }
}

#[tokio::test]
async fn a_list_of_domains_is_judged_line_by_line_and_nothing_typed_is_lost() {
    let scene = Scene::new(203).await;
    let mut browser = scene.browser(&scene.admin).await;
    let typed = "fabrikam.example\nno domain\n*.example";
    let wrong = save(&mut browser, "restrictions", &[("mode", "allow"), ("domains", typed)]).await;
    wrong
        .is(400)
        .says("Collaboration restrictions Not saved. Enter domain names")
        .says("no domain *.example");
    assert!(wrong.body.contains(&format!("\n{typed}</textarea>")), "what was typed is shown");
    let mode = wrong.body.split("id=\"restrictions-allow\"").nth(1).expect("the choice");
    assert!(mode.split('>').next().expect("a tag").contains(" checked"), "the choice is kept");
    for mode in ["deny", "allow"] {
        let empty = save(&mut browser, "restrictions", &[("mode", mode), ("domains", " \n")]).await;
        empty.is(400).says("Enter a value.");
    }
    let long = (0..3000).map(|n| format!("d{n:04}.example")).collect::<Vec<_>>().join("\n");
    let long = save(&mut browser, "restrictions", &[("mode", "deny"), ("domains", &long)]).await;
    long.is(400).says("This is too long.");
    save(&mut browser, "restrictions", &[("domains", "x.example")]).await.is(400).says("Choose Yes or No");
    assert_eq!(stored(&scene).await.domains_version, 0);
}

#[tokio::test]
async fn invitations_on_their_way_are_named_before_a_list_shuts_them_out() {
    let scene = Scene::new(204).await;
    for address in ["sam@mail.example", "kim@other.example"] {
        let person = Person::Mailbox { address: address.to_owned() };
        scene.world.guest(scene.contoso, &person, address, GuestState::Pending).await;
    }
    let mut browser = scene.browser(&scene.admin).await;
    let list = [("mode", "allow"), ("domains", "other.example")];
    let asked = save(&mut browser, "restrictions", &list).await;
    asked.is(200).says("One invitation that nobody has accepted yet").says("sam@mail.example").lacks("kim@");
    assert_eq!(stored(&scene).await.domains_version, 0);
    let (csrf, version) = (asked.field("csrf"), asked.field("version"));
    let sent = [
        ("csrf", csrf.as_str()),
        ("version", version.as_str()),
        ("section", "restrictions"),
        ("confirmed", "yes"),
    ];
    assert_eq!(browser.post(SETTINGS, &[&sent[..], &list].concat()).await.status, 303);
    assert_eq!(stored(&scene).await.domains.mode, DomainMode::Allow);
    // Ana has accepted, and is not shut out; whoever is shut out already is not asked about again.
    let stricter = [("mode", "deny"), ("domains", "mail.example\nfabrikam.example")];
    assert_eq!(save(&mut browser, "restrictions", &stricter).await.status, 303);
}

#[tokio::test]
async fn removal_with_the_home_account_shows_whom_it_would_touch_before_it_is_switched_on() {
    let scene = Scene::new(205).await;
    let sam = Person::Mailbox { address: "sam@mail.example".to_owned() };
    scene.world.guest(scene.contoso, &sam, "sam@mail.example", GuestState::Accepted).await;
    let mut browser = scene.browser(&scene.admin).await;
    browser.get(SETTINGS).await.says("One guest has a home account that this would follow.");
    save(&mut browser, "removal", &[("allow", "yes")]).await.leads_to(REMOVAL);
    assert!(!scene.policy().await.allow_removal, "it is asked first");
    let page = browser.get(REMOVAL).await;
    page.is(200)
        .says("Remove guests together with their home account?")
        .says("One guest has a home account in another organization of this directory")
        .says("One person signs in from elsewhere")
        .says("Guest ana@fabrikam.example")
        .says("fabrikam.example")
        .lacks("Guest sam@mail.example");
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let fields = [("csrf", csrf.as_str()), ("version", version.as_str())];
    scene.world.clock.advance(Span::minutes(11));
    let stale = browser.post(REMOVAL, &fields).await;
    assert!(stale.header("location").starts_with("/signin?return=/admin/external-collaboration/deleted"));
    assert!(!scene.policy().await.allow_removal, "it takes a fresh sign-in");
    let mut browser = scene.browser(&scene.admin).await;
    let page = browser.get(REMOVAL).await;
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    browser
        .post(REMOVAL, &[("csrf", &csrf), ("version", "0.0.0.0")])
        .await
        .is(409)
        .says("Somebody else changed");
    let done = browser.post(REMOVAL, &[("csrf", &csrf), ("version", &version)]).await;
    let target = done.header("location").to_owned();
    browser.get(&target).await.is(200).says("Saved.");
    assert!(scene.policy().await.allow_removal);
    browser
        .get(REMOVAL)
        .await
        .says("Guests are removed together with their home account")
        .lacks("Switch it on");
    assert_eq!(save(&mut browser, "removal", &[("allow", "no")]).await.status, 303);
    assert!(!scene.policy().await.allow_removal, "switching off is plain");
}

#[tokio::test]
async fn each_section_is_open_to_the_roles_of_its_operation_and_closed_to_all_others() {
    let scene = Scene::new(206).await;
    let sections = [
        ("guest-access", ("value", "restricted"), Operation::UpdateAuthorizationPolicy),
        ("invites", ("value", "everyone"), Operation::UpdateAuthorizationPolicy),
        ("self-service", ("allow", "no"), Operation::UpdateAuthenticationFlows),
        ("leave", ("allow", "yes"), Operation::UpdatePolicy),
        ("restrictions", ("mode", "any"), Operation::UpdateInvitationDomains),
        ("removal", ("allow", "no"), Operation::UpdatePolicy),
        ("guest-administrators", ("allow", "no"), Operation::UpdateAuthorizationPolicy),
    ];
    for role in Role::ALL {
        let name = format!("{}@contoso.example", role.title().to_lowercase().replace(' ', "-"));
        let id = scene.world.member(scene.contoso, &name, &[*role]).await;
        let mut browser = scene.browser(&World::person(scene.contoso, id)).await;
        let page = browser.get(SETTINGS).await;
        page.is(200);
        let (csrf, version) = (page.field("csrf"), page.field("version"));
        for (section, field, operation) in sections {
            let open = operation.rule().roles.contains(role);
            let fieldset =
                page.body.split(&format!("<fieldset aria-labelledby=\"{section}\"")).nth(1).expect("it");
            let offered = !fieldset.split('>').next().expect("a tag").contains("disabled");
            assert_eq!(offered, open, "{section} is offered to {}", role.title());
            let form = fieldset.split("</form>").next().expect("its form");
            assert_eq!(form.contains("type=\"submit\""), open, "{section}: Save for {}", role.title());
            let sent = [("csrf", csrf.as_str()), ("version", version.as_str()), ("section", section), field];
            let answer = browser.post(SETTINGS, &sent).await;
            let refused =
                answer.status == 403 && answer.text().contains("Your role does not allow this change");
            assert_eq!(refused, !open, "{section} by {}: {} {}", role.title(), answer.status, answer.text());
        }
        let may_switch = Operation::UpdatePolicy.rule().roles.contains(role);
        let preview = browser.get(REMOVAL).await;
        assert_eq!(preview.text().contains("Switch it on"), may_switch, "{}", role.title());
        if !may_switch {
            browser.post(REMOVAL, &[("csrf", &csrf), ("version", &version)]).await.is(403);
        }
    }
    assert!(!scene.policy().await.allow_removal);
}
