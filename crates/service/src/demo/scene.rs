//! One organisation of the demonstration, acted out in the past: every act changes the state and leaves the record that it
//! would have left at the time.

use super::DemoApp;
use crate::{
    authn::scope,
    record::Draft,
    tenants::{apps, new_user, people},
};
use identity::Secret;
use model::{
    AppId, Cx, DeletionCause, ExternalIdentitiesPolicy, Home, InvitationState, ObjectId, Person,
    PrivacyProfile, RequestId, Result, Span, Tenant, TenantId, User, UserType,
    audit::{Activity, Initiator, Record, Target},
    authz::{Permission, Role},
    fold, lifecycle, mint_uuid, policy,
};
use serde_json::json;
use store::{App, ChangeSet, GrantKind, Invitation};

/// How long the demonstration's client secrets are good for, from now.
const SECRET_LIFE: Span = Span::days(730);

/// The Azure CLI, the same everywhere.
const AZURE_CLI: AppId = AppId::from_uuid(uuid::uuid!("04b07795-8ddb-461a-bbee-02f9e1bf7b46"));

pub(super) struct Scene {
    cx: Cx,
    tenant: Tenant,
    changes: ChangeSet,
    records: Vec<Record>,
}

/// `Amara Osei` signs in as `amara.osei`.
fn local_part(name: &str) -> String {
    fold(name).replace(' ', ".")
}

impl Scene {
    pub(super) fn open(cx: &Cx, name: &str, domain: &str, privacy: PrivacyProfile, age: Span) -> Self {
        let tenant = Tenant {
            id: TenantId::mint(cx.random.as_ref()),
            name: name.to_owned(),
            domain: domain.to_owned(),
            privacy,
            technical_contact: Some(format!("it@{domain}")),
            created: cx.now - age,
            version: 1,
        };
        let mut changes = ChangeSet::new();
        changes.insert_tenant(&tenant);
        let mut scene = Self { cx: cx.clone(), tenant, changes, records: Vec::new() };
        let then = scene.then(age);
        let target = || Target::thing("Directory", scene.tenant.id, &scene.tenant.name);
        let created = Draft::new(&then, Activity::CreateCompany, Initiator::Operator).on(target()).done();
        let profile = &scene.tenant.privacy;
        let told = (profile.contact_email.is_some()).then(|| {
            let profile =
                json!({ "contactEmail": profile.contact_email, "statementUrl": profile.statement_url });
            Draft::new(&then, Activity::SetCompanyInformation, Initiator::Operator)
                .on(target())
                .with("privacyProfile", None, Some(profile))
                .done()
        });
        scene.records.extend([Some(created), told].into_iter().flatten());
        scene
    }

    /// The context of something that happened this long ago.
    fn then(&self, ago: Span) -> Cx {
        let request = RequestId::mint(self.cx.random.as_ref());
        Cx { now: self.cx.now - ago, request, ..self.cx.clone() }
    }

    pub(super) fn member(&mut self, name: &str, ago: Span) -> User {
        let then = self.then(ago);
        let upn = format!("{}@{}", local_part(name), self.tenant.domain);
        let id = ObjectId::mint(then.random.as_ref());
        let mut user = new_user(self.tenant.id, id, name, &upn, then.now);
        let (given, family) = name.split_once(' ').unwrap_or((name, ""));
        (user.given_name, user.surname) = (Some(given.to_owned()), Some(family.to_owned()));
        user.mail = Some(upn);
        self.changes.insert_user(&user);
        self.records.push(people::added(&then, &user));
        user
    }

    pub(super) fn role(&mut self, user: &User, role: Role, ago: Span) {
        self.changes.insert_role(user, role);
        let record = people::role_given(&self.then(ago), user, role);
        self.records.push(record);
    }

    pub(super) fn password(&mut self, user: &User, hash: &str) {
        self.changes.set_password(user, hash, user.created);
    }

    pub(super) fn group(&mut self, name: &str, ago: Span) -> ObjectId {
        let then = self.then(ago);
        let id = ObjectId::mint(then.random.as_ref());
        self.changes.insert_group(scope(self.tenant.id), id, name, then.now);
        self.records.push(people::group_created(&then, id, name));
        id
    }

    /// Puts somebody into a group; also the deleted, who were in it before.
    pub(super) fn join(&mut self, user: &User, group: ObjectId, ago: Span) {
        self.changes.insert_membership(user, group);
        let record = people::group_joined(&self.then(ago), user, group);
        self.records.push(record);
    }

    /// Turns leaving off.
    pub(super) fn forbid_leaving(&mut self, by: &User, ago: Span) -> Result<()> {
        let patch = policy::ExternalIdentitiesPolicyPatch { allow_leave: Some(false), allow_removal: None };
        let now = ExternalIdentitiesPolicy::default();
        if let policy::Outcome::Changed(next, list) = policy::decide(&now, &self.tenant.privacy, &patch)? {
            let target = Target::thing("Policy", policy::ID, policy::DISPLAY_NAME);
            let draft = Draft::by_user(&self.then(ago), Activity::UpdatePolicy, by, None).on(target);
            let draft = list.iter().fold(draft, |draft, change| {
                draft.with(change.property, Some(json!(change.old)), Some(json!(change.new)))
            });
            self.changes.update_policy(scope(self.tenant.id), &next);
            self.records.push(draft.done());
        }
        Ok(())
    }

    /// Invites; [`Scene::place`] puts the account into the directory once its story is told.
    pub(super) fn invite(&mut self, name: &str, address: &str, by: &User, ago: Span) -> User {
        let then = self.then(ago);
        let id = ObjectId::mint(then.random.as_ref());
        let upn = lifecycle::guest_upn(address, &self.tenant.domain);
        let user = User {
            user_type: UserType::Guest,
            mail: Some(address.to_owned()),
            other_mails: vec![address.to_owned()],
            home: Home::Invited { address: fold(address) },
            invitation: Some(InvitationState::PendingAcceptance),
            invitation_changed: Some(then.now),
            invited_by: Some(by.id),
            ..new_user(self.tenant.id, id, name, &upn, then.now)
        };
        let draft = |activity| Draft::by_user(&then, activity, by, None).on_user(&then, &user);
        let added = draft(Activity::AddUser)
            .with("UserType", None, Some(json!("Guest")))
            .with("CreationType", None, Some(json!("Invitation")))
            .with("UserState", None, Some(json!("PendingAcceptance")));
        self.records.extend([added.done(), draft(Activity::InviteExternalUser).done()]);
        user
    }

    pub(super) fn accept(&mut self, user: User, person: &Person, ago: Span) -> Result<User> {
        let then = self.then(ago);
        let next = lifecycle::redeem(&user, person, then.now)?;
        let draft = |activity| Draft::by_user(&then, activity, &next, None).on_user(&then, &next);
        let states = (Some(json!("PendingAcceptance")), Some(json!("Accepted")));
        let updated = draft(Activity::UpdateUser).with("UserState", states.0, states.1).done();
        self.records.extend([updated, draft(Activity::RedeemInvitation).done()]);
        Ok(next)
    }

    pub(super) fn block(&mut self, user: User, by: &User, ago: Span) -> User {
        let then = self.then(ago);
        let record = Draft::by_user(&then, Activity::DisableAccount, by, None).on_user(&then, &user).with(
            "AccountEnabled",
            Some(json!(true)),
            Some(json!(false)),
        );
        self.records.push(record.done());
        lifecycle::set_enabled(&user, false, then.now).unwrap_or(user)
    }

    pub(super) fn leave(&mut self, user: User, ago: Span) -> Result<User> {
        let then = self.then(ago);
        let record = Draft::by_user(&then, Activity::LeaveOrganization, &user, None)
            .on_user(&then, &user)
            .detail("policyVersion", ExternalIdentitiesPolicy::default().version);
        self.records.push(record.done());
        lifecycle::soft_delete(&user, DeletionCause::Left, mint_uuid(then.random.as_ref()), then.now)
    }

    pub(super) fn remove(&mut self, user: User, by: &User, ago: Span) -> Result<User> {
        let then = self.then(ago);
        let record = Draft::by_user(&then, Activity::DeleteUser, by, None)
            .on_user(&then, &user)
            .because(DeletionCause::Removed.as_str());
        self.records.push(record.done());
        lifecycle::soft_delete(&user, DeletionCause::Removed, mint_uuid(then.random.as_ref()), then.now)
    }

    /// Puts a guest into the directory as it has become. Whoever has not accepted has an open invitation, whose link nobody
    /// kept: inviting again makes a new one.
    pub(super) fn place(&mut self, user: &User) {
        self.changes.insert_user(user);
        if user.invitation == Some(InvitationState::PendingAcceptance) && !user.is_deleted() {
            let invitation = Invitation {
                id: mint_uuid(self.cx.random.as_ref()),
                user: user.id,
                generation: user.generation,
                handle_hash: Secret::generate(self.cx.random.as_ref()).hash(),
                redirect_url: format!("https://www.{}/", self.tenant.domain),
                created: user.created,
                used: None,
            };
            self.changes.insert_invitation(scope(self.tenant.id), &invitation);
        }
    }

    /// Registers an app: a confidential one with a secret, or a public one.
    pub(super) fn app(
        &mut self,
        name: &str,
        public: bool,
        grants: &[(GrantKind, Permission)],
        ago: Span,
    ) -> DemoApp {
        let then = self.then(ago);
        let redirect_uris = if public { vec!["http://localhost".to_owned()] } else { Vec::new() };
        let app = App {
            id: AppId::mint(then.random.as_ref()),
            object: ObjectId::mint(then.random.as_ref()),
            name: name.to_owned(),
            public,
            redirect_uris,
            enabled: true,
            created: then.now,
        };
        let scope = scope(self.tenant.id);
        self.changes.insert_app(scope, &app);
        self.records.push(apps::registered(&then, &app));
        for grant in grants {
            self.changes.insert_grant(scope, &app, *grant);
            self.records.push(apps::granted(&then, &app, *grant));
        }
        let secret = (!public).then(|| Secret::generate(then.random.as_ref()));
        if let Some(secret) = &secret {
            let (id, until) = (mint_uuid(then.random.as_ref()), self.cx.now + SECRET_LIFE);
            self.changes.insert_app_secret(scope, &app, id, &secret.hash(), (then.now, until));
            self.records.push(apps::secret_added(&then, &app));
        }
        DemoApp { id: app.id, secret: secret.map(|secret| secret.expose().to_owned()) }
    }

    /// Lets an app send codes to any address on the person's own machine: whoever tries a program has its port and path.
    pub(super) fn any_loopback(&mut self, app: AppId) {
        self.changes.set_any_loopback(scope(self.tenant.id), app, true);
    }

    /// Registers the public client of the Azure CLI under its own id, and lets people sign it in by a code.
    pub(super) fn command_line(&mut self, ago: Span) {
        let then = self.then(ago);
        let app = App {
            id: AZURE_CLI,
            object: ObjectId::mint(then.random.as_ref()),
            name: "Microsoft Azure CLI".to_owned(),
            public: true,
            redirect_uris: vec!["http://localhost".to_owned()],
            enabled: true,
            created: then.now,
        };
        let scope = scope(self.tenant.id);
        self.changes.insert_app(scope, &app).set_device_code_allowed(scope, true);
        self.records.push(apps::registered(&then, &app));
        for permission in Permission::ALL {
            let grant = (GrantKind::Delegated, *permission);
            self.changes.insert_grant(scope, &app, grant);
            self.records.push(apps::granted(&then, &app, grant));
        }
        self.any_loopback(app.id);
    }

    /// Everything, with the records in the order in which things happened.
    pub(super) fn close(self) -> (Tenant, ChangeSet) {
        let Self { tenant, mut changes, mut records, .. } = self;
        records.sort_by_key(|record| record.at);
        for record in records {
            changes.record(record);
        }
        (tenant, changes)
    }
}
