//! What the races begin with.

use model::{ObjectId, Person, TenantId, audit::Stored, authz::Role};
use service::{Caller, LeaveView, OrganizationPatch, SignedIn};
use std::{future::Future, sync::Arc};
use store::AuditQuery;
use testkit::{GuestState, World};
use tokio::{sync::Barrier, task::JoinHandle};

/// Are the full figures asked for?
pub fn long() -> bool {
    std::env::var_os("INNKEEPER_LONG").is_some_and(|value| value != "0")
}

/// Threads that really run beside each other.
pub fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().expect("a runtime").block_on(future)
}

/// Starts everything at the same moment.
pub async fn together<T: Send + 'static, F: Future<Output = T> + Send + 'static>(acts: Vec<F>) -> Vec<T> {
    let barrier = Arc::new(Barrier::new(acts.len()));
    let tasks: Vec<JoinHandle<T>> = acts
        .into_iter()
        .map(|act| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                act.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("an act that does not panic"));
    }
    answers
}

pub struct Stage {
    pub world: World,
    /// The organisation that guests are in, and where they are at home.
    pub here: TenantId,
    pub home: TenantId,
    pub admins: [ObjectId; 2],
    pub person: Person,
    pub guest: ObjectId,
}

pub const GUEST: &str = "ana@fabrikam.example";

impl Stage {
    pub async fn set(world: World) -> Self {
        let here = world.tenant("Contoso", "contoso.example").await;
        let home = world.tenant("Fabrikam", "fabrikam.example").await;
        let mut admins = Vec::new();
        for name in ["ada@contoso.example", "bob@contoso.example"] {
            admins.push(world.member(here, name, &[Role::GlobalAdministrator]).await);
        }
        world.member(home, "gus@fabrikam.example", &[Role::GlobalAdministrator]).await;
        let ana = world.member(home, GUEST, &[]).await;
        let person = World::person(home, ana);
        let patch = OrganizationPatch {
            privacy_contact: Some(Some("privacy@contoso.example".to_owned())),
            privacy_url: Some(Some("https://contoso.example/privacy".to_owned())),
            ..OrganizationPatch::default()
        };
        let operator = Caller::operator(here);
        world
            .directory()
            .update_organization(&world.cx(), &operator, patch)
            .await
            .expect("a privacy profile");
        let guest = world.guest(here, &person, GUEST, GuestState::Accepted).await;
        Self { world, here, home, admins: [admins[0], admins[1]], person, guest }
    }

    pub async fn confirmation(&self, who: &SignedIn) -> String {
        let view = self.world.directory().view_leave(&self.world.cx(), who, self.here).await;
        match view.expect("the confirm step") {
            LeaveView::Confirm(confirm) => confirm.confirmation,
            LeaveView::Refused(refused) => panic!("{refused:?}"),
        }
    }

    pub async fn log(&self) -> Vec<Stored> {
        let query = AuditQuery { limit: u16::MAX, ..AuditQuery::default() };
        let mut log = self
            .world
            .store()
            .read(World::scope(self.here), |reader| reader.audit(&query))
            .await
            .expect("a log");
        log.reverse();
        log
    }

    pub async fn restore(&self) {
        let operator = Caller::operator(self.here);
        let (cx, directory) = (self.world.cx(), self.world.directory());
        directory.restore_user(&cx, &operator, self.guest, None).await.expect("a restored guest");
    }
}
