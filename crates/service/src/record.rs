//! Building audit records: what is personal goes into slots that can be erased.

use crate::SignedIn;
use model::{
    AppId, Cx, ObjectId, User,
    audit::{Activity, Initiator, PersonalSlot, Record, Target},
    authz::Principal,
    mint_ordered_uuid,
};
use serde_json::{Map, Value, json};
use store::DirectConnection;

/// A record under construction.
pub(crate) struct Draft {
    record: Record,
}

fn salt(cx: &Cx) -> String {
    let mut bytes = [0; 32];
    cx.random.fill(&mut bytes);
    hex::encode(bytes)
}

impl Draft {
    /// A record of something that succeeded, by an initiator without personal detail.
    pub(crate) fn new(cx: &Cx, activity: Activity, initiator: Initiator) -> Self {
        Self {
            record: Record {
                id: mint_ordered_uuid(cx.random.as_ref(), cx.now),
                at: cx.now,
                activity,
                success: true,
                reason: None,
                initiator,
                targets: Vec::new(),
                details: Vec::new(),
                correlation: cx.request,
                personal: Vec::new(),
            },
        }
    }

    /// By a principal.
    pub(crate) fn by(cx: &Cx, activity: Activity, principal: &Principal) -> Self {
        match principal {
            Principal::App { app, name, .. } => {
                Self::new(cx, activity, Initiator::App { app: *app, name: name.clone() })
            }
            Principal::Delegated { user, app, .. } => Self::by_user(cx, activity, user, Some(*app)),
            Principal::Person { user, .. } => Self::by_user(cx, activity, user, None),
            Principal::Connected { connection, app } => {
                Self::new(cx, activity, Initiator::User { id: Some(*connection), app: Some(*app) })
            }
            Principal::Operator => Self::new(cx, activity, Initiator::Operator),
        }
    }

    /// By a person who has an account in this tenant.
    pub(crate) fn by_user(cx: &Cx, activity: Activity, user: &User, app: Option<AppId>) -> Self {
        Self::new(cx, activity, Initiator::User { id: Some(user.id), app }).naming(cx, user)
    }

    /// By somebody without a user object here. The connection is whom the record is about: its detail is erased with it.
    pub(crate) fn by_connection(
        cx: &Cx,
        activity: Activity,
        connection: &DirectConnection,
        who: &SignedIn,
    ) -> Self {
        let mut draft = Self::new(cx, activity, Initiator::User { id: Some(connection.id), app: None });
        let fields = draft.slot(cx, connection.id);
        fields.insert("displayName".to_owned(), json!(who.name));
        fields.insert("userPrincipalName".to_owned(), json!(who.user_name));
        draft.record.targets.push(Target::user(connection.id));
        draft
    }

    /// By a reconciler.
    pub(crate) fn by_system(cx: &Cx, activity: Activity, name: &str) -> Self {
        Self::new(cx, activity, Initiator::System { name: name.to_owned() })
    }

    fn slot(&mut self, cx: &Cx, subject: ObjectId) -> &mut Map<String, Value> {
        let slots = &mut self.record.personal;
        let index = match slots.iter().position(|slot| slot.subject == subject) {
            Some(index) => index,
            None => {
                slots.push(PersonalSlot { subject, fields: Map::new(), salt: salt(cx) });
                slots.len() - 1
            }
        };
        &mut slots[index].fields
    }

    fn naming(mut self, cx: &Cx, user: &User) -> Self {
        let fields = self.slot(cx, user.id);
        fields.insert("displayName".to_owned(), json!(user.display_name));
        fields.insert("userPrincipalName".to_owned(), json!(user.upn));
        self
    }

    /// Done to a user.
    pub(crate) fn on_user(self, cx: &Cx, user: &User) -> Self {
        let mut draft = self.naming(cx, user);
        draft.record.targets.push(Target::user(user.id));
        draft
    }

    /// Done to something else.
    pub(crate) fn on(mut self, target: Target) -> Self {
        self.record.targets.push(target);
        self
    }

    /// Changed personal properties of a user: name, before, after.
    pub(crate) fn with_personal(mut self, cx: &Cx, user: &User, modified: Vec<(&str, Value, Value)>) -> Self {
        let list = modified
            .into_iter()
            .map(|(name, old, new)| json!({ "name": name, "old": old.to_string(), "new": new.to_string() }))
            .collect();
        self.slot(cx, user.id).insert("modified".to_owned(), Value::Array(list));
        self
    }

    /// Changed properties of the first target that are not personal.
    pub(crate) fn with(mut self, name: &str, old: Option<Value>, new: Option<Value>) -> Self {
        if let Some(target) = self.record.targets.pop() {
            self.record.targets.push(target.with(name, old, new));
        }
        self
    }

    /// A detail that is not personal.
    pub(crate) fn detail(mut self, key: &str, value: impl ToString) -> Self {
        self.record.details.push((key.to_owned(), value.to_string()));
        self
    }

    /// It was refused, for this machine-readable reason.
    pub(crate) fn refused(mut self, reason: &str) -> Self {
        self.record.success = false;
        self.record.reason = Some(reason.to_owned());
        self
    }

    /// It happened, for this machine-readable reason.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.record.reason = Some(reason.to_owned());
        self
    }

    pub(crate) fn done(self) -> Record {
        self.record
    }
}
