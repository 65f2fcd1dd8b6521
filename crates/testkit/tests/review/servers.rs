//! Several servers with one database: what must hold although each knows only what is stored.

use model::{PrivacyProfile, Span, Tenant, TenantId, Timestamp, UserType};
use service::{
    Caller, Directory, InvitationMessage, InvitationRequest, Letter, MailPass, Mailing, Outside, Pending,
    Post, PostFault,
};
use std::{
    io::Write,
    sync::{Arc, Mutex, OnceLock},
};
use store::{ChangeSet, DatabaseUrl, Decision, Store};
use testkit::{MockClock, Server, World, cluster::Cluster};

/// A PostgreSQL server of our own. None, said loudly, where it is not installed (with `CI=true` that is a failure), and none
/// where the engine is given: what is done here ran in the run without it.
fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    if Server::named().is_some() {
        return None;
    }
    match CLUSTER.get_or_init(|| Cluster::start(&[])) {
        Ok(cluster) => Some(cluster),
        Err(why) => {
            let text = format!("\n*** NOT TESTED: {why}\n");
            std::io::stderr().write_all(text.as_bytes()).expect("standard error");
            let strict = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
            assert!(!strict, "{why}");
            None
        }
    }
}

/// A mail server that needs more than a minute for each mail. Meanwhile another server looks whether there is work.
#[derive(Default)]
struct Slow {
    taken: Mutex<Vec<String>>,
    clock: OnceLock<Arc<MockClock>>,
    other: OnceLock<Directory>,
    passes: Mutex<Vec<MailPass>>,
}

impl Post for Slow {
    fn deliver<'a>(&'a self, letter: &'a Letter) -> Pending<'a, Result<(), PostFault>> {
        Box::pin(async move {
            self.taken.lock().expect("the mails").push(letter.to.clone());
            if self.taken.lock().expect("the mails").len() > 2 {
                return Ok(());
            }
            self.clock.get().expect("a clock").advance(Span::seconds(70));
            let pass = self.other.get().expect("another server").mail_pass().await.expect("a pass");
            self.passes.lock().expect("the passes").push(pass);
            Ok(())
        })
    }
}

async fn invite(world: &World, operator: &Caller, address: &str) {
    let request = InvitationRequest {
        address: address.to_owned(),
        redirect_url: "https://myapps.example".to_owned(),
        user_type: UserType::Guest,
        message: Some(InvitationMessage { page: World::ORIGIN.to_owned(), ..InvitationMessage::default() }),
        ..InvitationRequest::default()
    };
    world.directory().invite(&world.cx(), operator, request).await.expect("an invitation");
}

/// The lease of the mails lasts two minutes. It was taken once for many mails, so that the one under way when it ended was
/// sent by another server, too.
#[test]
fn a_mail_goes_out_once_however_slow_the_mail_server_is() {
    let Some(cluster) = cluster() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(async {
        let slow = Arc::new(Slow::default());
        let post: Arc<dyn Post> = Arc::clone(&slow) as Arc<dyn Post>;
        let outside = Outside { mailing: Mailing::Post(web::letter, post), ..Outside::default() };
        let world = World::on(&Server::at(&cluster.url("postgres")), 50).await.reaching(outside).await;
        let operator = Caller::operator(world.tenant("Contoso", "contoso.example").await);
        for address in ["ana@mail.example", "bea@mail.example"] {
            invite(&world, &operator, address).await;
        }
        let (_store, other) = world.another_server().await;
        assert!(slow.other.set(other).is_ok() && slow.clock.set(Arc::clone(&world.clock)).is_ok());
        assert_eq!(world.directory().mail_pass().await.expect("a pass").sent, 2);
        let mut taken = slow.taken.lock().expect("the mails").clone();
        taken.sort();
        assert_eq!(taken, ["ana@mail.example", "bea@mail.example"]);
        assert_eq!(*slow.passes.lock().expect("the passes"), vec![MailPass::default(); 2]);
    });
}

/// An extension may put a table of its own into the schema, which belongs to whoever installed it. Granting that kept every
/// server from starting.
#[test]
fn tables_of_somebody_else_and_an_awkward_user_name_are_no_obstacle() {
    let Some(cluster) = cluster() else { return };
    let owner = "o\"wn'er; -- ";
    let quoted = format!("\"{}\"", owner.replace('"', "\"\""));
    cluster.sql("postgres", &format!("create role {quoted} login password 'secret'")).expect("a role");
    cluster.sql("postgres", &format!("create database shared owner {quoted}")).expect("a database");
    cluster.sql("shared", "create table spatial_ref_sys (srid int primary key)").expect("a table");
    let name: String = owner.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let url = format!("postgres://{name}:secret@127.0.0.1:{}/shared", cluster.port());
    let url = DatabaseUrl::parse(&url).expect("an address");
    for start in ["the first", "the second"] {
        let started = Store::connect(&url, identity::digest).map(drop);
        assert!(started.is_ok(), "{start} start: {started:?}");
    }
    let open = "select count(*) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' \
                where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'domains' \
                and not (c.relrowsecurity and c.relforcerowsecurity)";
    assert_eq!(cluster.sql("shared", open).expect("a count"), "0");
    let theirs = "select has_table_privilege('pg_database_owner', 'spatial_ref_sys', 'select')";
    assert_eq!(cluster.sql("shared", theirs).expect("an answer"), "f");
}

async fn found(store: &Store, number: u128) -> model::Result<TenantId> {
    let id = TenantId::from_uuid(uuid::Uuid::from_u128(number));
    let tenant = Tenant {
        id,
        name: format!("Organisation {number}"),
        domain: format!("n{number}.example"),
        privacy: PrivacyProfile::default(),
        technical_contact: None,
        created: Timestamp::from_seconds(1_767_225_600),
        version: 1,
    };
    let commit = store.commit(World::scope(id), move |_| {
        let mut changes = ChangeSet::new();
        changes.insert_tenant(&tenant);
        Decision::done(changes, id)
    });
    commit.await
}

/// The next server or tool takes the roles that an administrator made meanwhile. Row security then was for those alone, and
/// every server that ran already saw no organisation any more.
#[test]
fn roles_that_come_later_do_not_blind_the_servers_that_run() {
    let Some(cluster) = cluster() else { return };
    cluster.sql("postgres", "create role early login password 'secret'").expect("a role");
    cluster.sql("postgres", "create database roles owner early").expect("a database");
    let url = DatabaseUrl::parse(&format!("postgres://early:secret@127.0.0.1:{}/roles", cluster.port()));
    let url = url.expect("an address");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let before = Store::connect(&url, identity::digest).expect("the first server");
    for role in ["innkeeper_tenant", "innkeeper_directory"] {
        cluster.sql("postgres", &format!("create role {role} nologin")).expect("a role");
        cluster.sql("postgres", &format!("grant {role} to early")).expect("a grant");
    }
    let behind = Store::connect(&url, identity::digest).expect("the second server");
    runtime.block_on(async {
        for (number, store) in [(1, &before), (2, &behind)] {
            let id = found(store, number).await.expect("an organisation");
            for store in [&before, &behind] {
                let seen = store.read(World::scope(id), |reader| reader.tenant()).await;
                assert_eq!(seen.expect("it is seen").id, id);
            }
        }
        for store in [&before, &behind] {
            assert_eq!(store.read_across(|across| across.tenants(None, 9)).await.expect("all").len(), 2);
        }
    });
    let narrow = "select count(*) from pg_policies where policyname = 'tenant_rows' \
                  and not roles @> array['pg_database_owner', 'innkeeper_tenant']::name[]";
    assert_eq!(cluster.sql("roles", narrow).expect("a count"), "0");
}
