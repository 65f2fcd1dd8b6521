use crate::support::{guest, member, object};
use model::authz::{Operation, Permission, Principal, Role, authorize, may_manage};
use model::{AppId, ErrorKind, Home, User};
use std::collections::BTreeSet;
use uuid::{Uuid, uuid};

const APP: AppId = AppId::from_uuid(uuid!("33333333-3333-4333-8333-333333333333"));

fn app(permissions: &[Permission]) -> Principal {
    Principal::App { app: APP, object: object(5), name: "App".to_owned(), permissions: permissions.to_vec() }
}

fn delegated(user: User, scopes: &[Permission], roles: &[Role]) -> Principal {
    Principal::Delegated { user: Box::new(user), app: APP, scopes: scopes.to_vec(), roles: roles.to_vec() }
}

fn person(user: User, roles: &[Role]) -> Principal {
    Principal::Person { user: Box::new(user), roles: roles.to_vec() }
}

fn may(principal: &Principal, operation: Operation) -> bool {
    match authorize(principal, operation) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Forbidden);
            assert_eq!(error.external(), "Insufficient privileges to complete the operation.");
            false
        }
    }
}

fn inner() -> User {
    member(object(1))
}

fn outer() -> User {
    guest(object(2))
}

/// What binds people from outside, and so is not theirs to set.
const SETS_POLICY: [Operation; 6] = [
    Operation::UpdatePolicy,
    Operation::UpdateAuthorizationPolicy,
    Operation::UpdateAuthenticationFlows,
    Operation::UpdateInvitationDomains,
    Operation::UpdateCrossTenantAccess,
    Operation::UpdateIdentityProviders,
];

/// What takes a person, and of a person nothing but being one.
const ABOUT_ONESELF: [Operation; 2] = [Operation::ReadSelf, Operation::RevokeOwnSessions];

fn writes(operation: Operation) -> bool {
    match operation {
        Operation::UpdatePolicy
        | Operation::UpdateOrganization
        | Operation::InviteGuest
        | Operation::UpdateUser
        | Operation::RevokeSessions
        | Operation::RevokeOwnSessions
        | Operation::DeleteUser
        | Operation::RestoreUser
        | Operation::PurgeUser
        | Operation::SettleHomeDeletions
        | Operation::UpdateAuthorizationPolicy
        | Operation::UpdateAuthenticationFlows
        | Operation::UpdateInvitationDomains
        | Operation::UpdateCrossTenantAccess
        | Operation::CreateUser
        | Operation::AssignRoles
        | Operation::WriteGroup
        | Operation::WriteMembers
        | Operation::WriteApplications
        | Operation::WriteDelegatedGrants
        | Operation::WriteAppRoleAssignments
        | Operation::UpdateIdentityProviders => true,
        Operation::ReadAuthorizationPolicy
        | Operation::ReadAuthenticationFlows
        | Operation::ReadInvitationDomains
        | Operation::ReadCrossTenantAccess
        | Operation::ReadRoles
        | Operation::ListGroups
        | Operation::ReadGroup
        | Operation::ReadApplications
        | Operation::ReadDelegatedGrants
        | Operation::ReadAppRoleAssignments
        | Operation::ReadIdentityProviders
        | Operation::ReadPolicy
        | Operation::ReadOrganization
        | Operation::ListUsers
        | Operation::ReadUser
        | Operation::ReadSelf
        | Operation::ReadDeleted
        | Operation::ReadAudit
        | Operation::ReadObjects => false,
    }
}

#[test]
fn an_app_needs_one_application_permission_of_the_row() {
    for operation in Operation::ALL {
        for permission in Permission::ALL {
            assert_eq!(
                may(&app(&[*permission]), operation),
                operation.rule().application.contains(permission),
                "{operation:?} {permission:?}"
            );
        }
        assert!(!may(&app(&[]), operation), "{operation:?}");
    }
}

#[test]
fn a_permission_of_one_kind_never_counts_as_the_other() {
    let every_app = app(Permission::ALL);
    for operation in ABOUT_ONESELF {
        assert!(!may(&every_app, operation), "an app is nobody: {operation:?}");
    }
    for operation in Operation::ALL {
        let rule = operation.rule();
        let only_delegated: Vec<_> =
            rule.delegated.iter().copied().filter(|p| !rule.application.contains(p)).collect();
        assert!(!may(&app(&only_delegated), operation), "{operation:?}");
        let only_application: Vec<_> =
            rule.application.iter().copied().filter(|p| !rule.delegated.contains(p)).collect();
        assert!(!may(&delegated(inner(), &only_application, Role::ALL), operation), "{operation:?}");
        for permission in rule.application {
            assert!(permission.application_id().is_some(), "{permission:?} has no application form");
        }
    }
    let two = (&[Permission::UserRead][..], &[Permission::PolicyReadAll][..]);
    assert!(app(two.1).holds(two.0, two.1) && !app(two.0).holds(two.0, two.1));
    let holder = |scopes: &[Permission]| delegated(inner(), scopes, &[]);
    assert!(holder(two.0).holds(two.0, two.1) && !holder(two.1).holds(two.0, two.1));
}

#[test]
fn through_an_app_scope_and_role_both_count() {
    for operation in Operation::ALL {
        let rule = operation.rule();
        for scope in Permission::ALL {
            for role in Role::ALL {
                let expected =
                    rule.delegated.contains(scope) && (rule.roles.is_empty() || rule.roles.contains(role));
                assert_eq!(
                    may(&delegated(inner(), &[*scope], &[*role]), operation),
                    expected,
                    "{operation:?}"
                );
                // Whoever is bound by the policy does not set it.
                let expected = expected && !SETS_POLICY.contains(&operation);
                assert_eq!(
                    may(&delegated(outer(), &[*scope], &[*role]), operation),
                    expected,
                    "{operation:?}"
                );
            }
            let without = rule.delegated.contains(scope) && rule.roles.is_empty();
            assert_eq!(may(&delegated(inner(), &[*scope], &[]), operation), without, "{operation:?}");
        }
        assert!(
            !may(&delegated(inner(), &[], Role::ALL), operation),
            "{operation:?}: roles replace no scope"
        );
    }
}

#[test]
fn a_personal_account_never_has_to_do_with_the_policy() {
    let personal = || User { home: Home::Mailbox { address: "ana@example.org".to_owned() }, ..outer() };
    for operation in [Operation::ReadPolicy, Operation::UpdatePolicy] {
        assert!(!may(&delegated(personal(), Permission::ALL, Role::ALL), operation), "{operation:?}");
    }
    assert!(may(&delegated(outer(), Permission::ALL, Role::ALL), Operation::ReadPolicy));
    assert!(may(&delegated(personal(), Permission::ALL, Role::ALL), Operation::ReadUser));
}

#[test]
fn changing_the_policy_through_an_app_needs_the_scope_and_one_of_two_roles() {
    let scope = Permission::PolicyReadWriteExternalIdentities;
    for role in Role::ALL {
        let expected =
            matches!(role, Role::GlobalAdministrator | Role::ExternalIdentityProviderAdministrator);
        assert_eq!(
            may(&delegated(inner(), &[scope], &[*role]), Operation::UpdatePolicy),
            expected,
            "{role:?}"
        );
    }
    let others: Vec<_> = Permission::ALL.iter().copied().filter(|p| *p != scope).collect();
    assert!(!may(&delegated(inner(), &others, Role::ALL), Operation::UpdatePolicy));
    assert!(!may(&app(&others), Operation::UpdatePolicy));
    assert!(may(&app(&[scope]), Operation::UpdatePolicy));
    assert!(may(&app(&[Permission::PolicyReadAll]), Operation::ReadPolicy));
    assert!(may(&app(&[scope]), Operation::ReadPolicy));
}

#[test]
fn a_guest_without_a_role_may_do_only_what_the_table_opens_to_guests() {
    let open: Vec<_> = Operation::ALL
        .into_iter()
        .filter(|operation| may(&delegated(outer(), Permission::ALL, &[]), *operation))
        .collect();
    assert_eq!(
        open,
        [
            Operation::ReadOrganization,
            Operation::InviteGuest,
            Operation::ReadSelf,
            Operation::RevokeOwnSessions
        ]
    );
    for operation in Operation::ALL {
        let rule = operation.rule();
        assert_eq!(rule.guests && rule.roles.is_empty(), open.contains(&operation), "{operation:?}");
    }
}

#[test]
fn on_our_own_pages_a_person_without_a_role_sees_only_themselves() {
    for operation in Operation::ALL {
        for user in [inner(), outer()] {
            assert_eq!(
                may(&person(user, &[]), operation),
                ABOUT_ONESELF.contains(&operation),
                "{operation:?}"
            );
        }
        for role in Role::ALL {
            let needed = operation.rule().roles;
            let expected = needed.is_empty() || needed.contains(role);
            assert_eq!(may(&person(inner(), &[*role]), operation), expected, "{operation:?} {role:?}");
        }
        assert!(may(&Principal::Operator, operation), "{operation:?}");
    }
}

#[test]
fn a_permission_to_read_never_lets_anybody_write() {
    for operation in Operation::ALL.into_iter().filter(|operation| writes(*operation)) {
        let rule = operation.rule();
        for permission in rule.delegated.iter().chain(rule.application) {
            let value = permission.value();
            assert!(
                ["ReadWrite", "Invite", "DeleteRestore"].iter().any(|verb| value.contains(verb)),
                "{operation:?} by {value}"
            );
        }
        for reader in [Role::GlobalReader, Role::ReportsReader, Role::SecurityReader] {
            assert!(!rule.roles.contains(&reader), "{operation:?} by {reader:?}");
        }
    }
}

#[test]
fn the_names_and_ids_are_unique_and_are_read_back() {
    let permissions = Permission::ALL;
    let values: BTreeSet<_> = permissions.iter().map(|p| p.value()).collect();
    assert_eq!(values.len(), permissions.len());
    let ids: Vec<Uuid> = permissions
        .iter()
        .flat_map(|p| [Some(p.delegated_id()), p.application_id()])
        .flatten()
        .chain(Role::ALL.iter().map(|role| role.template()))
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    for permission in permissions {
        assert_eq!(Permission::parse(permission.value()), Some(*permission));
        assert_eq!(Permission::parse(&permission.value().to_lowercase()), None, "letter case counts");
    }
    for role in Role::ALL {
        assert_eq!(Role::from_template(role.template()), Some(*role));
    }
    assert_eq!(Permission::parse("Policy.Read.All "), None);
    assert_eq!(Role::from_template(Uuid::nil()), None);
    let operations: BTreeSet<_> = Operation::ALL.iter().map(|operation| format!("{operation:?}")).collect();
    assert_eq!(operations.len(), Operation::ALL.len());
}

/// Value, id of the delegated permission, id of the application permission if there is one.
#[rustfmt::skip]
const PUBLISHED: &[(&str, &str, &str)] = &[
    ("AppRoleAssignment.ReadWrite.All", "84bccea3-f856-4a8a-967b-dbe0a3d53a64", "06b708a9-e830-4db3-a914-8e69da51d44f"),
    ("Application.Read.All", "c79f8feb-a9db-4090-85f9-90d820caa0eb", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ("Application.ReadWrite.All", "bdfbf15f-ee85-4955-8675-146e8e5296b5", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
    ("AuditLog.Read.All", "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20", "b0afded3-3588-46d8-8b3d-9842eff778da"),
    ("DelegatedPermissionGrant.ReadWrite.All", "41ce6ca6-6826-4807-84f1-1c82854f7ee5", "8e8e4742-1d95-4f68-9d56-6ee75648c72a"),
    ("Directory.Read.All", "06da0dbc-49e2-44d2-8312-53f166ab848a", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("Directory.ReadWrite.All", "c5366453-9fb0-48a5-a156-24f0c49a4b84", "19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
    ("Group.Read.All", "5f8c59db-677d-491f-a6b8-5f174b11ec1d", "5b567255-7703-4780-807c-7be8301ae99b"),
    ("Group.ReadWrite.All", "4e46008b-f24c-477d-8fff-7bb4ec7aafe0", "62a82d76-70ea-41e2-9197-370581804d09"),
    ("GroupMember.Read.All", "bc024368-1153-4739-b217-4326f2e966d0", "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
    ("GroupMember.ReadWrite.All", "f81125ac-d3b7-4573-a3b2-7099cc39df9e", "dbaae8cf-10b5-4b86-a4a1-f871c94c6695"),
    ("IdentityProvider.Read.All", "43781733-b5a7-4d1b-98f4-e8edff23e1a9", "e321f0bb-e7f7-481e-bb28-e3b0b32d4bd0"),
    ("IdentityProvider.ReadWrite.All", "f13ce604-1677-429f-90bd-8a10b9f01325", "90db2b9a-d928-4d33-a4dd-8442ae3d41e4"),
    ("Organization.Read.All", "4908d5b9-3fb2-4b1e-9336-1888b7937185", "498476ce-e0fe-48b0-b801-37ba7e2685c6"),
    ("Organization.ReadWrite.All", "46ca0847-7e6b-426e-9775-ea810a948356", "292d869f-3427-49a8-9dab-8c70152b74e9"),
    ("Policy.Read.All", "572fea84-0151-49b2-9301-11cb16974376", "246dd0d5-5bd0-4def-940b-0421030a5b68"),
    ("Policy.ReadWrite.AuthenticationFlows", "edb72de9-4252-4d03-a925-451deef99db7", "25f85f3c-f66c-4205-8cd5-de92dd7f0cec"),
    ("Policy.ReadWrite.Authorization", "edd3c878-b384-41fd-95ad-e7407dd775be", "fb221be6-99f2-473f-bd32-01c6a0e9ca3b"),
    ("Policy.ReadWrite.CrossTenantAccess", "014b43d0-6ed4-4fc6-84dc-4b6f7bae7d85", "338163d7-f101-4c92-94ba-ca46fe52447c"),
    ("Policy.ReadWrite.ExternalIdentities", "b5219784-1215-45b5-b3f1-88fe1081f9c0", "03cc4f92-788e-4ede-b93f-199424d144a5"),
    ("RoleManagement.Read.Directory", "741c54c3-0c1e-44a1-818b-3f97ab4e8c83", "483bed4a-2ad3-4361-a73b-c83ccdbdc53c"),
    ("RoleManagement.ReadWrite.Directory", "d01b97e9-cbc0-49fe-810a-750afd5527a3", "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"),
    ("User.DeleteRestore.All", "4bb440cd-2cf2-4f90-8004-aa2acd2537c5", "eccc023d-eccf-4e7b-9683-8813ab36cecc"),
    ("User.Invite.All", "63dd7cd9-b489-4adf-a28c-ac38b9a0f962", "09850681-111b-4a89-9bed-3f2cae46d706"),
    ("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d", ""),
    ("User.Read.All", "a154be20-db9c-4678-8ab7-66f6cc099a59", "df021288-bdef-4463-88db-98f22de89214"),
    ("User.ReadWrite.All", "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4", "741f803b-c850-494e-b5df-cde7c675a1ca"),
];

#[test]
fn the_ids_of_permissions_are_the_published_ones() {
    let ours: Vec<_> = Permission::ALL
        .iter()
        .map(|p| {
            let application = p.application_id().map(|id| id.to_string()).unwrap_or_default();
            (p.value(), p.delegated_id().to_string(), application)
        })
        .collect();
    let published: Vec<_> =
        PUBLISHED.iter().map(|(value, user, app)| (*value, (*user).to_owned(), (*app).to_owned())).collect();
    assert_eq!(ours, published);
}

#[test]
fn the_ids_of_roles_are_the_published_ones() {
    let roles = [
        (Role::ApplicationAdministrator, "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"),
        (Role::AuthenticationAdministrator, "c4e39bd9-1100-46d3-8c65-fb160da0071f"),
        (Role::CloudApplicationAdministrator, "158c047a-c907-4556-b7ef-446551a6b5f7"),
        (Role::ConditionalAccessAdministrator, "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"),
        (Role::DirectoryReaders, "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"),
        (Role::DirectoryWriters, "9360feb5-f418-4baa-8175-e2a00bac4301"),
        (Role::ExternalIdUserFlowAdministrator, "6e591065-9bad-43ed-90f3-e9424366d2f0"),
        (Role::ExternalIdentityProviderAdministrator, "be2f45a1-457d-42af-a067-6ec1fa63bc45"),
        (Role::GlobalAdministrator, "62e90394-69f5-4237-9190-012177145e10"),
        (Role::GlobalReader, "f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
        (Role::GuestInviter, "95e79109-95c0-4d8e-aee3-d01accf2d47b"),
        (Role::HelpdeskAdministrator, "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
        (Role::IdentityGovernanceAdministrator, "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e"),
        (Role::PartnerTier1Support, "4ba39ca4-527c-499a-b93d-d9b492c50246"),
        (Role::PartnerTier2Support, "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8"),
        (Role::PrivilegedAuthenticationAdministrator, "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"),
        (Role::PrivilegedRoleAdministrator, "e8611ab8-c189-46e8-94e1-60213ab1f814"),
        (Role::ReportsReader, "4a5d8f65-41da-4de4-8968-e035b65339cf"),
        (Role::SecurityAdministrator, "194ae4cb-b126-40b2-bd5b-6091b380977d"),
        (Role::SecurityReader, "5d6b6bb7-de71-4623-b4af-96380a352509"),
        (Role::UserAdministrator, "fe930be7-5e62-47db-91af-98c3a49a38b1"),
    ];
    for (role, id) in roles {
        assert_eq!(role.template().to_string(), id, "{role:?}");
    }
}

#[test]
fn only_a_global_administrator_manages_whoever_holds_a_role() {
    for role in Role::ALL {
        let manager = |roles: &[Role]| [person(inner(), roles), delegated(inner(), Permission::ALL, roles)];
        for principal in manager(&[*role]) {
            assert_eq!(
                may_manage(&principal, &[Role::ReportsReader]).is_ok(),
                *role == Role::GlobalAdministrator,
                "{role:?}"
            );
            assert!(may_manage(&principal, &[]).is_ok());
        }
        assert!(may_manage(&app(Permission::ALL), &[*role]).is_err());
        assert!(may_manage(&Principal::Operator, &[*role]).is_ok());
    }
    assert!(may_manage(&app(&[]), &[]).is_ok(), "what the app may do at all, authorize says");
}

/// The second half of the table, by the names that Microsoft publishes.
fn published_for_objects(operation: Operation) -> &'static [&'static str] {
    const GROUPS: &[&str] = &[
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
        "GroupMember.Read.All",
        "GroupMember.ReadWrite.All",
    ];
    match operation {
        Operation::ReadAuthorizationPolicy | Operation::ReadInvitationDomains => {
            &["Policy.Read.All", "Policy.ReadWrite.Authorization"]
        }
        Operation::UpdateAuthorizationPolicy | Operation::UpdateInvitationDomains => {
            &["Policy.ReadWrite.Authorization"]
        }
        Operation::ReadAuthenticationFlows => &["Policy.Read.All", "Policy.ReadWrite.AuthenticationFlows"],
        Operation::UpdateAuthenticationFlows => &["Policy.ReadWrite.AuthenticationFlows"],
        Operation::ReadCrossTenantAccess => &["Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"],
        Operation::UpdateCrossTenantAccess => &["Policy.ReadWrite.CrossTenantAccess"],
        Operation::CreateUser => &["Directory.ReadWrite.All", "User.ReadWrite.All"],
        Operation::ReadRoles => &[
            "Directory.Read.All",
            "Directory.ReadWrite.All",
            "RoleManagement.Read.Directory",
            "RoleManagement.ReadWrite.Directory",
        ],
        Operation::AssignRoles => &["RoleManagement.ReadWrite.Directory"],
        Operation::ListGroups | Operation::ReadGroup => GROUPS,
        Operation::ReadObjects => &[
            "Application.Read.All",
            "Application.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
            "Group.Read.All",
            "Group.ReadWrite.All",
            "User.Read.All",
            "User.ReadWrite.All",
        ],
        Operation::WriteGroup => &["Directory.ReadWrite.All", "Group.ReadWrite.All"],
        Operation::WriteMembers => {
            &["Directory.ReadWrite.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All"]
        }
        Operation::ReadApplications => &[
            "Application.Read.All",
            "Application.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        ],
        Operation::WriteApplications => &["Application.ReadWrite.All", "Directory.ReadWrite.All"],
        Operation::ReadDelegatedGrants => {
            &["DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]
        }
        Operation::WriteDelegatedGrants => {
            &["DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"]
        }
        Operation::ReadAppRoleAssignments => &[
            "AppRoleAssignment.ReadWrite.All",
            "Application.Read.All",
            "Application.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        ],
        Operation::WriteAppRoleAssignments => &["AppRoleAssignment.ReadWrite.All"],
        Operation::ReadIdentityProviders => &["IdentityProvider.Read.All", "IdentityProvider.ReadWrite.All"],
        Operation::UpdateIdentityProviders => &["IdentityProvider.ReadWrite.All"],
        other => panic!("{other:?} has no row"),
    }
}

/// The table a second time, by the names that Microsoft publishes.
#[test]
fn each_operation_needs_the_published_permissions() {
    const READ: &[&str] =
        &["Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All", "User.ReadWrite.All"];
    const DELETE: &[&str] = &["User.DeleteRestore.All", "User.ReadWrite.All"];
    for operation in Operation::ALL {
        let published: &[&str] = match operation {
            Operation::ReadPolicy => &["Policy.Read.All", "Policy.ReadWrite.ExternalIdentities"],
            Operation::UpdatePolicy => &["Policy.ReadWrite.ExternalIdentities"],
            Operation::ReadOrganization => &[
                "Directory.Read.All",
                "Directory.ReadWrite.All",
                "Organization.Read.All",
                "Organization.ReadWrite.All",
                "User.Read.All",
                "User.ReadWrite.All",
            ],
            Operation::UpdateOrganization => &["Organization.ReadWrite.All"],
            Operation::InviteGuest => &["Directory.ReadWrite.All", "User.Invite.All", "User.ReadWrite.All"],
            Operation::ListUsers | Operation::ReadUser | Operation::ReadDeleted | Operation::ReadSelf => READ,
            Operation::UpdateUser | Operation::RevokeSessions | Operation::RevokeOwnSessions => {
                &["Directory.ReadWrite.All", "User.ReadWrite.All"]
            }
            Operation::DeleteUser
            | Operation::RestoreUser
            | Operation::PurgeUser
            | Operation::SettleHomeDeletions => DELETE,
            Operation::ReadAudit => &["AuditLog.Read.All", "Directory.Read.All"],
            other => published_for_objects(other),
        };
        let published: BTreeSet<_> = published.iter().copied().collect();
        let names = |list: &[Permission]| list.iter().map(|p| p.value()).collect::<BTreeSet<_>>();
        let rule = operation.rule();
        let own_profile = matches!(operation, Operation::ReadSelf | Operation::ReadOrganization);
        let mut delegated = published.clone();
        delegated.extend(own_profile.then_some("User.Read"));
        assert_eq!(names(rule.delegated), delegated, "{operation:?}");
        let application = if ABOUT_ONESELF.contains(&operation) { BTreeSet::new() } else { published };
        assert_eq!(names(rule.application), application, "{operation:?}");
    }
}

#[test]
fn a_page_offers_what_its_reader_may_do_and_nothing_else() {
    for operation in Operation::ALL.into_iter().filter(|operation| !ABOUT_ONESELF.contains(operation)) {
        for roles in Role::ALL.chunks(1).chain([&[][..]]) {
            let offered = operation.is_open_to(roles);
            assert_eq!(offered, may(&person(inner(), roles), operation), "{operation:?} {roles:?}");
        }
    }
}
