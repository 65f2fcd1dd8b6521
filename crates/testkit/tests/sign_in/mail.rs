use crate::{browser::Browser, scene::Scene};
use model::{Span, UserType, audit::Activity};
use service::{
    Caller, InvitationMessage, InvitationRequest, InvitationSent, Letter, MailPass, Mailing, Outside,
    Pending, Post, PostFault,
};
use std::sync::{Arc, Mutex};
use testkit::{GuestState, World};
use web::Options;

/// A mail server that keeps what it takes, and refuses as long as it is told to.
#[derive(Default)]
struct Server {
    taken: Mutex<Vec<Letter>>,
    fault: Mutex<Option<PostFault>>,
}

impl Server {
    fn taken(&self) -> Vec<Letter> {
        self.taken.lock().expect("the mails").clone()
    }

    fn fault(&self, fault: Option<PostFault>) {
        *self.fault.lock().expect("the fault") = fault;
    }
}

impl Post for Server {
    fn deliver<'a>(&'a self, letter: &'a Letter) -> Pending<'a, Result<(), PostFault>> {
        let answer = match self.fault.lock().expect("the fault").clone() {
            Some(fault) => Err(fault),
            None => {
                self.taken.lock().expect("the mails").push(letter.clone());
                Ok(())
            }
        };
        Box::pin(std::future::ready(answer))
    }
}

async fn scene(seed: u64) -> (Scene, Arc<Server>) {
    let server = Arc::new(Server::default());
    let post: Arc<dyn Post> = Arc::clone(&server) as Arc<dyn Post>;
    let outside = Outside { mailing: Mailing::Post(web::letter, post), ..Outside::default() };
    (Scene::reaching(seed, outside).await, server)
}

async fn pass(scene: &Scene) -> MailPass {
    scene.world.directory().mail_pass().await.expect("a pass")
}

fn sent(sent: u64) -> MailPass {
    MailPass { sent, ..MailPass::default() }
}

async fn invite(scene: &Scene, address: &str, language: &str) -> InvitationSent {
    invite_telling(scene, address, language, None).await
}

async fn invite_telling(scene: &Scene, address: &str, language: &str, copy: Option<&str>) -> InvitationSent {
    let request = InvitationRequest {
        address: address.to_owned(),
        display_name: None,
        redirect_url: "https://myapps.example".to_owned(),
        user_type: UserType::Guest,
        reset_redemption: false,
        sponsors: Vec::new(),
        message: Some(InvitationMessage {
            language: Some(language.to_owned()),
            body: Some("Welcome <b>aboard</b>".to_owned()),
            copy: copy.map(str::to_owned),
            page: format!("{}/invitations/redeem", World::ORIGIN),
        }),
        user: None,
    };
    let operator = Caller::operator(scene.contoso);
    scene.world.directory().invite(&scene.world.cx(), &operator, request).await.expect("an invitation")
}

async fn queued(scene: &Scene) -> usize {
    let far = scene.world.cx().now + Span::days(400);
    scene.world.store().read_across(|across| across.due_mails(far, 100)).await.expect("the queue").len()
}

#[tokio::test]
async fn an_invitation_is_mailed_in_its_language_and_accepted_with_a_mailed_passcode() {
    let (scene, server) = scene(100).await;
    invite(&scene, "sam@mail.example", "zh-CN").await;
    assert!(server.taken().is_empty(), "nothing is sent before the commit");
    assert_eq!(pass(&scene).await, sent(1));
    let letter = server.taken().remove(0);
    assert_eq!(letter.to, "sam@mail.example");
    assert!(letter.text.contains("邀请") && letter.html.contains("Welcome &lt;b&gt;aboard"), "{letter:?}");
    let link = letter.text.lines().find(|line| line.starts_with(World::ORIGIN)).expect("a link");
    let path = link.strip_prefix(World::ORIGIN).expect("a path").to_owned();

    let mut browser = Browser::new(&scene.world);
    let door = browser.get(&path).await.header("location").to_owned();
    let fields = [("step", "userName"), ("userName", "sam@mail.example"), ("return", path.as_str())];
    let asked = browser.submit(&door, "/signin", &fields).await;
    asked.is(200).says("a message with a passcode is on its way");
    assert_eq!(pass(&scene).await, sent(1));
    let mail = server.taken().remove(1);
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("sam@mail.example", "Your passcode"));
    let code = mail.text.lines().find_map(|line| line.strip_prefix("    ")).expect("a code").to_owned();
    let csrf = asked.field("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("step", "passcode"),
        ("userName", "sam@mail.example"),
        ("passcode", code.as_str()),
        ("return", path.as_str()),
    ];
    browser.post("/signin", &fields).await.leads_to(&path);
    browser.submit(&path, &path, &[("decision", "accept")]).await.is(200).says("You are now a guest");
    assert_eq!(queued(&scene).await, 0);
}

/// Whoever the invitation names besides is told, and gets nothing to accept with.
#[tokio::test]
async fn a_copy_of_an_invitation_has_no_link() {
    let (scene, server) = scene(68).await;
    let made = invite_telling(&scene, "nora@adatum.example", "en", Some("boss@adatum.example")).await;
    assert_eq!(pass(&scene).await, sent(2));
    let taken = server.taken();
    let to = |address: &str| taken.iter().find(|letter| letter.to == address).expect("a mail");
    assert!(to("nora@adatum.example").text.contains(&made.ticket));
    let copy = to("boss@adatum.example");
    assert!(copy.text.contains("nora@adatum.example") && copy.text.contains("Welcome <b>aboard</b>"));
    assert!(!copy.text.contains(&made.ticket) && !copy.html.contains(&made.ticket));
    assert_eq!(queued(&scene).await, 0);
}

#[tokio::test]
async fn a_mail_that_is_not_taken_is_tried_again_later_each_time_and_goes_out_once() {
    let (scene, server) = scene(101).await;
    invite(&scene, "sam@mail.example", "en").await;
    server.fault(Some(PostFault::Later("down".to_owned())));
    for wait in [5, 20, 80] {
        assert_eq!(pass(&scene).await.delayed, 1, "the try that is due");
        assert_eq!(pass(&scene).await, MailPass::default(), "and no other at once");
        scene.world.clock.advance(Span::seconds(wait - 1));
        assert_eq!(pass(&scene).await, MailPass::default(), "{wait}");
        scene.world.clock.advance(Span::seconds(1));
    }
    server.fault(None);
    assert_eq!(pass(&scene).await, sent(1));
    scene.world.clock.advance(Span::days(1));
    assert_eq!(pass(&scene).await, MailPass::default());
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test]
async fn a_mail_that_nobody_takes_is_given_up_with_a_record_that_names_no_address() {
    let (scene, server) = scene(102).await;
    server.fault(Some(PostFault::Never("the mail server answered 550".to_owned())));
    let user = invite(&scene, "sam@mail.example", "en").await.user;
    assert_eq!(pass(&scene).await.given_up, 1);
    server.fault(Some(PostFault::Later("down".to_owned())));
    invite(&scene, "kim@mail.example", "en").await;
    pass(&scene).await;
    scene.world.clock.advance(Span::days(3));
    assert_eq!(pass(&scene).await.given_up, 1, "after three days");
    assert_eq!(queued(&scene).await, 0);
    let records: Vec<_> =
        scene.audit().await.into_iter().filter(|one| one.record.activity == Activity::SendMail).collect();
    let reasons: Vec<_> = records.iter().map(|one| one.record.reason.as_deref()).collect();
    assert_eq!(reasons, [Some("expired"), Some("refused")]);
    assert_eq!(records[1].record.targets[0].id, user.id.to_string());
    assert!(records.iter().all(|one| !one.record.success && one.record.details.len() == 1));
}

#[tokio::test]
async fn a_passcode_is_not_sent_to_strangers_nor_after_its_time() {
    let (scene, server) = scene(103).await;
    let world = &scene.world;
    world.directory().send_passcode(&world.cx(), "nobody@mail.example", "en").await.expect("an answer");
    assert_eq!(queued(&scene).await, 0);
    let sam = model::Person::Mailbox { address: "sam@mail.example".to_owned() };
    world.guest(scene.contoso, &sam, "sam@mail.example", GuestState::Accepted).await;
    server.fault(Some(PostFault::Later("down".to_owned())));
    world.directory().send_passcode(&world.cx(), "sam@mail.example", "en").await.expect("an answer");
    assert_eq!(pass(&scene).await.delayed, 1);
    world.clock.advance(Span::minutes(1));
    world.directory().send_passcode(&world.cx(), "sam@mail.example", "en").await.expect("an answer");
    assert_eq!(queued(&scene).await, 1, "the earlier passcode is void, and so is its mail");
    world.clock.advance(Span::minutes(10));
    server.fault(None);
    assert_eq!(pass(&scene).await.given_up, 1);
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn what_waits_is_sealed_and_goes_with_the_person() {
    let server = Arc::new(Server::default());
    let outside = Outside { mailing: Mailing::Post(web::letter, server), ..Outside::default() };
    let world = World::embedded(104).await.reaching(outside).await;
    let contoso = world.tenant("Contoso", "contoso.example").await;
    let scene = Scene {
        ada: model::ObjectId::from_uuid(uuid::Uuid::nil()),
        bob: model::ObjectId::from_uuid(uuid::Uuid::nil()),
        contoso,
        world,
    };
    let sent = invite(&scene, "canary@mail.example", "en").await;
    assert_eq!(queued(&scene).await, 1);
    scene.world.directory().checkpoint().await.expect("a checkpoint");
    let bytes = std::fs::read(scene.world.file().expect("a file")).expect("the database");
    let secret = sent.ticket.split_once('.').expect("a secret").1.to_owned();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("canary@mail.example"), "the account has the address: the search works");
    assert!(!holds(&secret), "the link waits sealed");
    let (directory, operator) = (scene.world.directory(), Caller::operator(contoso));
    let id = sent.user.id;
    directory.delete_user(&scene.world.cx(), &operator, &id.to_string()).await.expect("removed");
    directory.purge_user(&scene.world.cx(), &operator, id).await.expect("purged");
    assert_eq!(queued(&scene).await, 0);
}

#[tokio::test]
async fn a_demonstration_shows_its_mails_and_nobody_else_does() {
    let outside = Outside { mailing: Mailing::Local(web::letter), ..Outside::default() };
    let scene = Scene::reaching(105, outside).await;
    let sent = invite(&scene, "sam@mail.example", "en").await;
    pass(&scene).await;
    let mut demo = Browser::with(&scene.world, Options { demo: true, ..Options::default() });
    let page = demo.get("/innkeeper/outbox").await;
    page.is(200).says("To sam@mail.example").says("Contoso invites you").says("Welcome <b>aboard</b>");
    page.lacks("<b>aboard");
    Browser::new(&scene.world).get("/innkeeper/outbox").await.is(404);
    let (directory, operator) = (scene.world.directory(), Caller::operator(scene.contoso));
    let id = sent.user.id;
    directory.delete_user(&scene.world.cx(), &operator, &id.to_string()).await.expect("removed");
    directory.purge_user(&scene.world.cx(), &operator, id).await.expect("purged");
    demo.get("/innkeeper/outbox").await.is(200).says("There are no mails yet.");
}
