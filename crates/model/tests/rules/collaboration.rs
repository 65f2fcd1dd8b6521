use crate::support::{guest, member, object};
use model::authz::{Operation, Permission, Principal, Role, View, authorize_reading};
use model::collaboration::{
    AccessSettings, AccessType, AuthorizationPolicy, AutomaticConsent, B2bSetting, Barred, Border,
    CrossTenantAccess, Crossing, DomainMode, GuestAccess, InvitationDomains, InvitesFrom, cross,
    redeems_automatically,
};
use model::{AppId, ErrorKind, User};
use uuid::uuid;

const APP: AppId = AppId::from_uuid(uuid!("33333333-3333-4333-8333-333333333333"));

fn by(user: User, roles: &[Role]) -> Principal {
    let scopes = Permission::ALL.to_vec();
    Principal::Delegated { user: Box::new(user), app: APP, scopes, roles: roles.to_vec() }
}

fn app() -> Principal {
    let permissions = Permission::ALL.to_vec();
    Principal::App { app: APP, object: object(5), name: "App".to_owned(), permissions }
}

/// Columns: an app, a guest, a member, Guest Inviter, User Administrator, Global Administrator, another administrator.
#[test]
fn who_may_invite_is_what_the_policy_says() {
    let principals = [
        app(),
        by(guest(object(2)), &[]),
        by(member(object(1)), &[]),
        by(member(object(1)), &[Role::GuestInviter]),
        by(member(object(1)), &[Role::UserAdministrator]),
        by(member(object(1)), &[Role::GlobalAdministrator]),
        by(guest(object(2)), &[Role::SecurityReader]),
    ];
    for (invites_from, expected) in [
        (InvitesFrom::Everyone, "yyyyyyy"),
        (InvitesFrom::AdminsGuestInvitersAndAllMembers, "y-yyyy-"),
        (InvitesFrom::AdminsAndGuestInviters, "---yyy-"),
        (InvitesFrom::None, "-------"),
    ] {
        let policy = AuthorizationPolicy { invites_from, ..AuthorizationPolicy::default() };
        let found: String = principals
            .iter()
            .map(|principal| match policy.may_invite(principal) {
                Ok(()) => 'y',
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Forbidden);
                    '-'
                }
            })
            .collect();
        assert_eq!(found, expected, "{invites_from:?}");
        assert!(policy.may_invite(&Principal::Operator).is_ok(), "the command line stands above it");
    }
}

#[test]
fn what_a_guest_may_read_is_what_the_policy_says() {
    use Operation as O;
    for (access, list, one) in [
        (GuestAccess::Member, Some(View::Full), Some(View::Full)),
        (GuestAccess::Limited, None, Some(View::Public)),
        (GuestAccess::Restricted, None, None),
    ] {
        let reader = by(guest(object(2)), &[]);
        for (operation, expected) in
            [(O::ListUsers, list), (O::ListGroups, list), (O::ReadUser, one), (O::ReadGroup, one)]
        {
            assert_eq!(
                authorize_reading(&reader, operation, access).ok(),
                expected,
                "{access:?} {operation:?}"
            );
        }
        for closed in [O::ReadDeleted, O::ReadAudit, O::ReadPolicy, O::ReadRoles, O::UpdateUser] {
            assert!(authorize_reading(&reader, closed, access).is_err(), "{access:?} {closed:?}");
        }
        let without_scope = Principal::Delegated {
            user: Box::new(guest(object(2))),
            app: APP,
            scopes: vec![Permission::UserRead],
            roles: Vec::new(),
        };
        assert!(authorize_reading(&without_scope, O::ReadUser, access).is_err(), "{access:?}");
        let inner = by(member(object(1)), &[]);
        assert_eq!(
            authorize_reading(&inner, O::ListUsers, access).ok(),
            Some(View::Full),
            "members are not meant"
        );
    }
}

#[test]
fn domains_admit_or_keep_out_exactly_those_that_are_listed() {
    let list = |mode| InvitationDomains { mode, domains: vec!["fabrikam.example".to_owned()] };
    for (address, any, deny, allow) in [
        ("a@fabrikam.example", true, false, true),
        ("a@Fabrikam.Example", true, false, true),
        ("a@sub.fabrikam.example", true, true, false),
        ("a@evilfabrikam.example", true, true, false),
        ("nobody", true, true, false),
    ] {
        for (mode, expected) in [(DomainMode::Any, any), (DomainMode::Deny, deny), (DomainMode::Allow, allow)]
        {
            assert_eq!(list(mode).admit(address).is_ok(), expected, "{mode:?} {address}");
        }
    }
}

fn settings(pick: impl FnOnce(&mut AccessSettings)) -> CrossTenantAccess {
    let mut partner = AccessSettings::default();
    pick(&mut partner);
    CrossTenantAccess { default: AccessSettings::default(), partner: Some(partner) }
}

fn ana() -> Crossing {
    Crossing { object: object(1), groups: vec![object(8)], app: Some(APP) }
}

#[test]
fn guests_may_come_and_direct_connection_is_off_until_somebody_says_otherwise() {
    let untouched = CrossTenantAccess::default();
    assert_eq!(cross(&untouched, &untouched, Border::Collaboration, &ana()), Ok(()));
    assert_eq!(cross(&untouched, &untouched, Border::DirectConnect, &ana()), Err(Barred::Outbound));
}

#[test]
fn both_sides_of_a_border_must_agree() {
    let open = B2bSetting::uniform(AccessType::Allowed);
    let inbound = settings(|one| one.b2b_direct_connect_inbound = Some(open.clone()));
    let outbound = settings(|one| one.b2b_direct_connect_outbound = Some(open.clone()));
    let untouched = CrossTenantAccess::default();
    let border = Border::DirectConnect;
    assert_eq!(cross(&inbound, &untouched, border, &ana()), Err(Barred::Outbound));
    assert_eq!(cross(&untouched, &outbound, border, &ana()), Err(Barred::Inbound));
    assert_eq!(cross(&inbound, &outbound, border, &ana()), Ok(()));
    let closed = settings(|one| {
        one.b2b_collaboration_inbound = Some(B2bSetting::uniform(AccessType::Blocked));
    });
    assert_eq!(cross(&closed, &untouched, Border::Collaboration, &ana()), Err(Barred::Inbound));
    assert!(!closed.inbound(Border::Collaboration).admits_anybody());
}

#[test]
fn the_settings_for_a_partner_stand_above_the_default_ones() {
    let mut access = CrossTenantAccess::default();
    access.default.b2b_collaboration_inbound = Some(B2bSetting::uniform(AccessType::Blocked));
    assert!(!access.inbound(Border::Collaboration).admits(&ana()));
    access.partner = Some(AccessSettings::default());
    assert!(!access.inbound(Border::Collaboration).admits(&ana()), "what a partner leaves open is inherited");
    access.partner = settings(|one| {
        one.b2b_collaboration_inbound = Some(B2bSetting::uniform(AccessType::Allowed));
    })
    .partner;
    assert!(access.inbound(Border::Collaboration).admits(&ana()));
}

#[test]
fn targets_are_people_groups_and_apps_by_id() {
    let rule = |access: &str, target: &str| serde_json::json!({ "accessType": access, "targets": [{ "target": target, "targetType": "user" }] });
    let setting = |users: serde_json::Value, apps: serde_json::Value| -> B2bSetting {
        serde_json::from_value(serde_json::json!({ "usersAndGroups": users, "applications": apps })).unwrap()
    };
    let (me, group, app) = (object(1).to_string(), object(8).to_string(), APP.to_string());
    let other = object(9).to_string();
    let every_app = || rule("allowed", "AllApplications");
    for (users, apps, expected) in [
        (rule("allowed", &me), every_app(), true),
        (rule("allowed", &group), every_app(), true),
        (rule("allowed", &other), every_app(), false),
        (rule("blocked", &me), every_app(), false),
        (rule("blocked", &group), every_app(), false),
        (rule("blocked", &other), every_app(), true),
        (rule("allowed", "AllUsers"), rule("allowed", &app), true),
        (rule("allowed", "AllUsers"), rule("allowed", &other), false),
        (rule("allowed", "AllUsers"), rule("blocked", &app), false),
        (rule("blocked", "AllUsers"), every_app(), false),
    ] {
        let found = setting(users.clone(), apps.clone()).admits(&ana());
        assert_eq!(found, expected, "{users} {apps}");
    }
    let nowhere_yet = Crossing { app: None, ..ana() };
    assert!(setting(rule("allowed", "AllUsers"), rule("allowed", &other)).admits(&nowhere_yet));
    assert!(!setting(rule("allowed", "AllUsers"), rule("blocked", "AllApplications")).admits(&nowhere_yet));
}

#[test]
fn invitations_are_accepted_without_asking_only_where_both_sides_said_so_of_each_other() {
    let said = |inbound, outbound| {
        settings(|one| {
            one.automatic_user_consent_settings =
                AutomaticConsent { inbound_allowed: inbound, outbound_allowed: outbound };
        })
    };
    let yes = Some(true);
    for (here, home, expected) in [
        (said(yes, None), said(None, yes), true),
        (said(yes, None), said(yes, None), false),
        (said(None, yes), said(None, yes), false),
        (said(yes, yes), said(None, Some(false)), false),
        (said(None, None), said(None, None), false),
    ] {
        assert_eq!(redeems_automatically(&here, &home), expected);
    }
    let mut by_default = CrossTenantAccess::default();
    by_default.default.automatic_user_consent_settings =
        AutomaticConsent { inbound_allowed: yes, outbound_allowed: yes };
    assert!(!redeems_automatically(&by_default, &by_default), "it is said of a partner, never of everybody");
}
