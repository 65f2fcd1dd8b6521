use model::{
    Home, HomeState, InvitationState, ObjectId, Person, Profile, TenantId, Timestamp, User, UserType,
};
use proptest::test_runner::Config;
use uuid::{Uuid, uuid};

pub const TENANT: TenantId = TenantId::from_uuid(uuid!("11111111-1111-4111-8111-111111111111"));
pub const ELSEWHERE: TenantId = TenantId::from_uuid(uuid!("22222222-2222-4222-8222-222222222222"));

/// Properties leave no files behind; a failing case is printed and becomes a named test.
pub fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

pub fn object(n: u128) -> ObjectId {
    ObjectId::from_uuid(Uuid::from_u128(n))
}

pub fn member_elsewhere(n: u128) -> Person {
    Person::Member { tenant: ELSEWHERE, object: object(n) }
}

/// An accepted guest with every property set, so that a lost one shows.
pub fn guest(id: ObjectId) -> User {
    let mut profile = Profile::default();
    profile.0.insert("department".to_owned(), "Harbour".into());
    User {
        tenant: TENANT,
        id,
        user_type: UserType::Guest,
        upn: "ana_fabrikam.com#EXT#@contoso.example".to_owned(),
        display_name: "Ana".to_owned(),
        given_name: Some("Ana".to_owned()),
        surname: Some("Bowman".to_owned()),
        mail: Some("ana@fabrikam.com".to_owned()),
        other_mails: vec!["ana@example.org".to_owned()],
        account_enabled: true,
        home: member_elsewhere(7).home(),
        home_state: HomeState::Present,
        invitation: Some(InvitationState::Accepted),
        invitation_changed: Some(Timestamp::from_seconds(1_000)),
        invited_by: Some(object(3)),
        created: Timestamp::from_seconds(900),
        deletion: None,
        generation: 4,
        version: 9,
        tokens_since: Timestamp::from_seconds(1_000),
        profile,
    }
}

pub fn invited(id: ObjectId) -> User {
    User {
        home: Home::Invited { address: "ana@fabrikam.com".to_owned() },
        invitation: Some(InvitationState::PendingAcceptance),
        ..guest(id)
    }
}

/// An ordinary member, homed in the tenant.
pub fn member(id: ObjectId) -> User {
    User { user_type: UserType::Member, home: Home::Here, invitation: None, ..guest(id) }
}
