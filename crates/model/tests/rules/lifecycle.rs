use crate::support::{TENANT, cases, guest, invited, member_elsewhere, object};
use model::lifecycle::{RETENTION, guest_upn, is_due, redeem, restore, set_enabled, soft_delete};
use model::{DeletionCause, ErrorKind, Home, InvitationState, Person, Span, Timestamp, User};
use proptest::prelude::*;
use uuid::{Uuid, uuid};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const TICK: Span = Span::micros(1);

#[derive(Clone, Copy, Debug)]
enum Move {
    Delete,
    Restore,
    Redeem(u128),
    Enable(bool),
}

fn moves() -> impl Strategy<Value = Vec<(Move, i64)>> {
    let one = prop_oneof![
        Just(Move::Delete),
        Just(Move::Restore),
        (7_u128..9).prop_map(Move::Redeem),
        any::<bool>().prop_map(Move::Enable),
    ];
    prop::collection::vec((one, 0_i64..20 * 86_400), 0..60)
}

/// The user without what a transition may touch.
fn essence(user: &User) -> User {
    User {
        account_enabled: true,
        home: Home::Here,
        invitation: None,
        invitation_changed: None,
        deletion: None,
        upn: user.original_upn().to_owned(),
        generation: 0,
        version: 0,
        tokens_since: Timestamp::EPOCH,
        ..user.clone()
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn every_transition_moves_generation_and_version_on_and_voids_older_tokens(
        id in 1_u128.., moves in moves()
    ) {
        let first = invited(object(id));
        let mut user = first.clone();
        let mut now = NOW;
        for (next, pause) in moves {
            now = now + Span::seconds(pause);
            let after = match next {
                Move::Delete => soft_delete(&user, DeletionCause::Removed, Uuid::from_u128(5), now).ok(),
                Move::Restore => restore(&user, None, now, now).ok(),
                Move::Redeem(who) => redeem(&user, &member_elsewhere(who), now).ok(),
                Move::Enable(enabled) => set_enabled(&user, enabled, now),
            };
            let Some(after) = after else { continue };
            prop_assert!(after.generation > user.generation);
            prop_assert!(after.version > user.version);
            prop_assert!(after.tokens_since > now);
            prop_assert!(after.tokens_since > user.tokens_since);
            let voided = model::lifecycle::void_tokens(&after, now);
            prop_assert!(voided.generation > after.generation && voided.version > after.version);
            prop_assert_eq!(essence(&voided), essence(&after), "only its tokens end");
            prop_assert_eq!(essence(&after), essence(&first), "nothing else changes");
            let prefix = if after.is_deleted() { object(id).uuid().simple().to_string() } else { String::new() };
            prop_assert_eq!(&after.upn, &format!("{prefix}{}", first.upn));
            if let (Home::Tenant { .. }, bound) = (&user.home, &after.home) {
                prop_assert_eq!(&user.home, bound, "whoever is bound stays bound");
            }
            user = after;
        }
    }

    #[test]
    fn a_purge_is_due_from_exactly_30_days_on(deleted in 0_i64..4_000_000_000, offset in -5_000_000_i64..5_000_000) {
        let deleted = Timestamp::from_seconds(deleted);
        let user = soft_delete(&guest(object(1)), DeletionCause::Left, Uuid::nil(), deleted).unwrap();
        let end = Timestamp::from_micros(deleted.as_micros() + 30 * 24 * 3_600 * 1_000_000);
        for look in [end, end - TICK, end + Span::micros(offset), Timestamp::from_micros(end.as_micros() + offset)] {
            prop_assert_eq!(is_due(&user, look), look >= end);
            prop_assert_eq!(restore(&user, None, look, look).is_ok(), look < end, "either restorable or due, never both");
        }
    }

    #[test]
    fn what_is_restored_is_what_was_deleted(id in 1_u128.., upn in "[a-z0-9._#@-]{1,60}", pause in 0_i64..30 * 86_400) {
        let before = User { upn, ..guest(object(id)) };
        let deleted = soft_delete(&before, DeletionCause::Left, Uuid::from_u128(5), NOW).unwrap();
        prop_assert_eq!(deleted.original_upn(), before.original_upn());
        let now = NOW + Span::seconds(pause);
        let restored = restore(&deleted, None, now, now).unwrap();
        let (generation, version) = (before.generation + 2, before.version + 2);
        let tokens_since = restored.tokens_since;
        prop_assert_eq!(restored, User { generation, version, tokens_since, ..before });
    }
}

#[test]
fn retention_is_30_times_24_hours() {
    assert_eq!(RETENTION.as_seconds(), 2_592_000);
}

#[test]
fn a_soft_deleted_user_name_has_the_published_form() {
    let id = model::ObjectId::from_uuid(uuid!("7e06b566-15f3-4013-8bf8-79874d52e68a"));
    let user = User { upn: "277@contoso.com".to_owned(), ..guest(id) };
    let deleted = soft_delete(&user, DeletionCause::Removed, Uuid::nil(), NOW).unwrap();
    assert_eq!(deleted.upn, "7e06b56615f340138bf879874d52e68a277@contoso.com");
    assert_eq!(deleted.original_upn(), "277@contoso.com");
}

#[test]
fn a_user_name_that_begins_with_the_id_survives_deletion() {
    let id = object(1);
    let upn = format!("{}x@contoso.com", id.uuid().simple());
    let user = User { upn: upn.clone(), ..guest(id) };
    assert_eq!(user.original_upn(), upn);
    let deleted = soft_delete(&user, DeletionCause::Removed, Uuid::nil(), NOW).unwrap();
    assert_eq!(restore(&deleted, None, NOW, NOW).unwrap().upn, upn);
}

#[test]
fn restoring_at_purge_after_is_too_late_and_a_microsecond_before_is_not() {
    let deleted = soft_delete(&guest(object(1)), DeletionCause::Left, Uuid::nil(), NOW).unwrap();
    let end = deleted.deletion.unwrap().purge_after;
    assert_eq!(end, NOW + RETENTION);
    assert_eq!(restore(&deleted, None, end, end).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(restore(&deleted, None, end - TICK, end - TICK).is_ok());
}

#[test]
fn a_restore_can_give_another_user_name() {
    let deleted = soft_delete(&guest(object(1)), DeletionCause::Left, Uuid::nil(), NOW).unwrap();
    assert_eq!(restore(&deleted, Some("new@contoso.com"), NOW, NOW).unwrap().upn, "new@contoso.com");
}

#[test]
fn deleting_twice_and_restoring_the_live_are_refused_as_not_found() {
    let user = guest(object(1));
    let deleted = soft_delete(&user, DeletionCause::Left, Uuid::nil(), NOW).unwrap();
    let again = soft_delete(&deleted, DeletionCause::Removed, Uuid::nil(), NOW).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    assert_eq!(restore(&user, None, NOW, NOW).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!is_due(&user, NOW + Span::days(10_000)), "a live account is never due");
}

#[test]
fn an_invitation_binds_the_first_person_and_refuses_the_second() {
    let bound = redeem(&invited(object(1)), &member_elsewhere(7), NOW).unwrap();
    assert_eq!(bound.home, member_elsewhere(7).home());
    assert_eq!(bound.invitation, Some(InvitationState::Accepted));
    assert_eq!(bound.invitation_changed, Some(NOW));
    let mailbox = Person::Mailbox { address: "ana@fabrikam.com".to_owned() };
    for other in [member_elsewhere(8), mailbox] {
        assert_eq!(redeem(&bound, &other, NOW).unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert!(redeem(&bound, &member_elsewhere(7), NOW).is_ok());
}

#[test]
fn a_deleted_invitation_cannot_be_redeemed() {
    let deleted = soft_delete(&invited(object(1)), DeletionCause::Removed, Uuid::nil(), NOW).unwrap();
    assert_eq!(redeem(&deleted, &member_elsewhere(7), NOW).unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn a_member_cannot_become_a_guest_of_the_home_organisation() {
    let colleague = Person::Member { tenant: TENANT, object: object(9) };
    assert_eq!(redeem(&invited(object(1)), &colleague, NOW).unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn an_account_that_is_at_home_cannot_be_redeemed_by_anybody() {
    let member = crate::support::member(object(1));
    assert!(redeem(&member, &member_elsewhere(7), NOW).is_err());
}

#[test]
fn setting_what_is_set_already_changes_nothing() {
    assert_eq!(set_enabled(&guest(object(1)), true, NOW), None);
    assert!(!set_enabled(&guest(object(1)), false, NOW).unwrap().account_enabled);
}

#[test]
fn a_guest_is_named_by_the_folded_address_and_the_domain() {
    assert_eq!(
        guest_upn(" Ana@Fabrikam.com ", "contoso.onmicrosoft.com"),
        "ana_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    );
}
