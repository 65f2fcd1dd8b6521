//! Accounts of guests: who may give them to somebody else, and what becomes of them with their home.

use model::{
    DeletionCause, ErrorKind, Home, InvitationState, ObjectId, Person, TenantId, TokenFault, UserType,
    authz::{Permission, Role},
    policy::ExternalIdentitiesPolicyPatch,
};
use service::{Caller, InvitationRequest, UserPatch};
use testkit::{GuestState, World};

struct Stage {
    world: World,
    here: TenantId,
    home: TenantId,
    /// A member of the home tenant, and the guest account here.
    person: Person,
    member: ObjectId,
    guest: ObjectId,
}

const GUEST: &str = "ana@fabrikam.example";

async fn stage(seed: u64, state: GuestState) -> Stage {
    let world = World::new(seed).await;
    let here = world.tenant("Contoso", "contoso.example").await;
    let home = world.tenant("Fabrikam", "fabrikam.example").await;
    world.member(here, "root@contoso.example", &[Role::GlobalAdministrator]).await;
    let member = world.member(home, GUEST, &[]).await;
    let person = World::person(home, member);
    let guest = world.guest(here, &person, GUEST, state).await;
    Stage { world, here, home, person, member, guest }
}

fn again(reset: bool) -> InvitationRequest {
    InvitationRequest {
        address: GUEST.to_owned(),
        display_name: None,
        redirect_url: "https://myapps.example".to_owned(),
        user_type: UserType::Guest,
        reset_redemption: reset,
        ..InvitationRequest::default()
    }
}

impl Stage {
    async fn by(&self, user: ObjectId, app: &testkit::TestApp) -> Caller {
        let token = self.world.user_token(self.here, app, user).await;
        self.world.bearer(&token).await.expect("a good token")
    }

    async fn invite(&self, caller: &Caller, reset: bool) -> Result<(), ErrorKind> {
        let sent = self.world.directory().invite(&self.world.cx(), caller, again(reset)).await;
        sent.map(drop).map_err(|error| error.kind())
    }

    async fn state(&self) -> Option<InvitationState> {
        self.world.user(self.here, self.guest).await.expect("the guest").invitation
    }
}

/// Inviting is for everybody; taking an account away from its person is for those who may change that account.
#[tokio::test]
async fn a_redemption_is_reset_only_by_those_who_may_change_the_account() {
    let stage = stage(1, GuestState::Accepted).await;
    let (world, here) = (&stage.world, stage.here);
    let wanted = [Permission::UserInviteAll, Permission::UserReadWriteAll];
    let client = world.app(here, "Portal", true, &wanted).await;
    let daemon = world.app(here, "Daemon", false, &wanted).await;
    let inviting = world.app(here, "Inviter", false, &[Permission::UserInviteAll]).await;
    let plain = stage.by(world.member(here, "mia@contoso.example", &[]).await, &client).await;
    let inviter = world.member(here, "ivo@contoso.example", &[Role::GuestInviter]).await;
    let inviter = stage.by(inviter, &client).await;
    let manager = world.member(here, "uma@contoso.example", &[Role::UserAdministrator]).await;
    let manager = stage.by(manager, &client).await;
    let global = world.member(here, "gus@contoso.example", &[Role::GlobalAdministrator]).await;
    let global = stage.by(global, &client).await;
    let other = World::person(stage.home, world.member(stage.home, "bob@fabrikam.example", &[]).await);
    let other = world.guest(here, &other, "bob@fabrikam.example", GuestState::Accepted).await;
    let guest = stage.by(other, &client).await;
    let token = world.app_token(here, &inviting).await;
    let inviting = world.bearer(&token).await.expect("a good token");

    for caller in [&plain, &inviter, &guest, &inviting] {
        assert_eq!(stage.invite(caller, true).await, Err(ErrorKind::Forbidden), "{caller:?}");
        assert_eq!(stage.invite(caller, false).await, Ok(()), "a new link is no new redemption: {caller:?}");
    }
    world
        .directory()
        .give_role(&world.cx(), here, stage.guest, Role::GlobalAdministrator)
        .await
        .expect("a role");
    let token = world.app_token(here, &daemon).await;
    let daemon = world.bearer(&token).await.expect("a good token");
    for caller in [&manager, &daemon] {
        assert_eq!(stage.invite(caller, true).await, Err(ErrorKind::Forbidden), "{caller:?}");
    }
    assert_eq!(stage.state().await, Some(InvitationState::Accepted));
    assert_eq!(stage.invite(&global, true).await, Ok(()));
    assert_eq!(stage.state().await, Some(InvitationState::PendingAcceptance));
}

/// The home account is judged where the account is bound, not where the session was read.
#[tokio::test]
async fn nobody_accepts_whose_home_account_was_blocked_or_deleted_a_moment_ago() {
    for blocked in [true, false] {
        let stage = stage(2, GuestState::Pending).await;
        let (world, directory) = (&stage.world, stage.world.directory());
        let who = world.signed_in(&stage.person).await;
        let operator = Caller::operator(stage.here);
        let sent = directory.invite(&world.cx(), &operator, again(false)).await.expect("an invitation");
        let (at_home, key) = (Caller::operator(stage.home), stage.member.to_string());
        if blocked {
            let patch = UserPatch { account_enabled: Some(false), ..UserPatch::default() };
            directory.update_user(&world.cx(), &at_home, &key, patch).await.expect("a blocked member");
        } else {
            directory.delete_user(&world.cx(), &at_home, &key).await.expect("a deleted member");
        }
        let refused = directory.redeem(&world.cx(), &who, &sent.ticket).await.expect_err("a refusal");
        assert_eq!(refused.kind(), ErrorKind::Unauthenticated(TokenFault::Revoked));
        assert_eq!(stage.state().await, Some(InvitationState::PendingAcceptance));
    }
}

/// Deleted, restored and deleted again before anything was carried, within a microsecond and with a clock set back in
/// between: the guest ends as the home account does, by the last deletion.
#[tokio::test]
async fn events_of_a_home_account_are_carried_in_the_order_in_which_they_happened() {
    for seed in 0..8 {
        let stage = stage(seed, GuestState::Accepted).await;
        let (world, directory) = (&stage.world, stage.world.directory());
        let policy = ExternalIdentitiesPolicyPatch { allow_removal: Some(true), ..Default::default() };
        let operator = Caller::operator(stage.here);
        directory.update_policy(&world.cx(), &operator, policy, None).await.expect("the policy");
        let (at_home, key) = (Caller::operator(stage.home), stage.member.to_string());
        let wall = model::Clock::wall(world.clock.as_ref());
        world.clock.set_wall(wall + model::Span::minutes(30));
        directory.delete_user(&world.cx(), &at_home, &key).await.expect("deleted");
        world.clock.set_wall(wall);
        directory.restore_user(&world.cx(), &at_home, stage.member, None).await.expect("restored");
        directory.delete_user(&world.cx(), &at_home, &key).await.expect("deleted again");
        directory.home_pass().await.expect("a pass");
        let home = world.user(stage.home, stage.member).await.and_then(|user| user.deletion);
        let event = home.expect("a deleted home account").event;
        let guest = world.user(stage.here, stage.guest).await.and_then(|user| user.deletion);
        let cause = guest.map(|deletion| deletion.cause);
        assert_eq!(cause, Some(DeletionCause::HomeDeleted(event)), "seed {seed}");
    }
}

/// Sessions of people without a home tenant are kept under their address, which must not outlive their last account.
#[tokio::test]
async fn the_last_purge_of_an_address_ends_its_sessions() {
    let stage = stage(3, GuestState::Accepted).await;
    let (world, directory) = (&stage.world, stage.world.directory());
    let address = "pat@elsewhere.example";
    let person = Person::Mailbox { address: address.to_owned() };
    let mut guests = Vec::new();
    for tenant in [stage.here, stage.home] {
        let id = world.guest(tenant, &person, address, GuestState::Removed).await;
        let home = world.user(tenant, id).await.expect("the guest").home;
        assert_eq!(home, Home::Mailbox { address: address.to_owned() });
        guests.push((tenant, id));
    }
    let cookie = world.sign_in(&person).await;
    for (left, (tenant, id)) in [(1, guests[0]), (0, guests[1])] {
        directory.purge_user(&world.cx(), &Caller::operator(tenant), id).await.expect("a purge");
        let session = directory.session(&world.cx(), &cookie).await.expect("an answer");
        assert_eq!(session.is_some(), left > 0, "{left} accounts left");
    }
    directory.purge_pass().await.expect("a pass");
    if let Some(file) = world.file() {
        let bytes = std::fs::read(file).expect("the database");
        assert!(!bytes.windows(address.len()).any(|part| part == address.as_bytes()));
    }
}

/// Removal is not retroactive: what happened before it was switched on is an earlier case, even if word of it had not come
/// here yet.
#[tokio::test]
async fn a_deletion_from_before_removal_was_switched_on_is_an_earlier_case_also_when_it_is_carried_later() {
    let stage = stage(4, GuestState::Accepted).await;
    let (world, directory) = (&stage.world, stage.world.directory());
    let (operator, at_home) = (Caller::operator(stage.here), Caller::operator(stage.home));
    let key = stage.member.to_string();
    directory.delete_user(&world.cx(), &at_home, &key).await.expect("a deleted member");
    let policy = ExternalIdentitiesPolicyPatch { allow_removal: Some(true), ..Default::default() };
    directory.update_policy(&world.cx(), &operator, policy, None).await.expect("the policy");
    directory.home_pass().await.expect("a pass");
    assert!(!world.user(stage.here, stage.guest).await.expect("the guest").is_deleted());
    let service::OrphanPage { orphans, total, .. } =
        directory.list_orphans(&world.cx(), &operator, None).await.expect("the list");
    assert_eq!((orphans.len(), total, orphans[0].user.id), (1, 1, stage.guest));

    directory.restore_user(&world.cx(), &at_home, stage.member, None).await.expect("restored at home");
    directory.delete_user(&world.cx(), &at_home, &key).await.expect("deleted again");
    directory.home_pass().await.expect("a pass");
    assert!(world.user(stage.here, stage.guest).await.expect("the guest").is_deleted(), "a later deletion");
}

/// A guest who was removed when the home account went, and is restored here, is a case to decide like any other.
#[tokio::test]
async fn a_guest_who_was_already_deleted_when_the_home_account_went_is_listed_after_a_restore() {
    let stage = stage(5, GuestState::Removed).await;
    let (world, directory) = (&stage.world, stage.world.directory());
    let (operator, at_home) = (Caller::operator(stage.here), Caller::operator(stage.home));
    directory.delete_user(&world.cx(), &at_home, &stage.member.to_string()).await.expect("a deleted member");
    directory.home_pass().await.expect("a pass");
    directory.restore_user(&world.cx(), &operator, stage.guest, None).await.expect("restored here");
    let service::OrphanPage { total, .. } =
        directory.list_orphans(&world.cx(), &operator, None).await.expect("the list");
    assert_eq!(total, 1);
    // Named twice, removed once.
    let twice = vec![stage.guest, stage.guest];
    assert_eq!(directory.settle_orphans(&world.cx(), &operator, twice).await.ok(), Some(1));
    directory.restore_user(&world.cx(), &at_home, stage.member, None).await.expect("restored at home");
    directory.home_pass().await.expect("a pass");
    let guest = world.user(stage.here, stage.guest).await.expect("the guest");
    assert_eq!(guest.deletion.map(|deletion| deletion.cause), Some(DeletionCause::Removed));
    assert_eq!(guest.home_state, model::HomeState::Present);
}
