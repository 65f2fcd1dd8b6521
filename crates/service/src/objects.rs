//! Objects of any kind by their ids.

use crate::{
    AppDetail, Caller, Directory,
    authn::{may_read, principal},
    organization, registrations,
};
use model::{
    Cx, Error, ObjectId, Result, Tenant, User,
    authz::{Operation, Principal, Role, View},
};
use store::{GroupObject, Reader};
use uuid::Uuid;

/// A kind of object that has an id of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectKind {
    /// `user`
    User,
    /// `group`
    Group,
    /// `application`
    Application,
    /// `servicePrincipal`
    ServicePrincipal,
    /// `directoryRole`
    DirectoryRole,
    /// `organization`
    Organization,
}

impl ObjectKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::User,
        Self::Group,
        Self::Application,
        Self::ServicePrincipal,
        Self::DirectoryRole,
        Self::Organization,
    ];

    /// What one has to be allowed to read one of these.
    const fn operation(self) -> Operation {
        match self {
            Self::User => Operation::ReadUser,
            Self::Group => Operation::ReadGroup,
            Self::Application | Self::ServicePrincipal => Operation::ReadApplications,
            Self::DirectoryRole => Operation::ReadRoles,
            Self::Organization => Operation::ReadOrganization,
        }
    }
}

/// What was found under an id.
#[derive(Clone, PartialEq, Debug)]
pub enum FoundObject {
    /// A live user, and how much of it the caller may see.
    User(Box<User>, View),
    /// A group.
    Group(Box<GroupObject>),
    /// An app.
    Application(Box<AppDetail>),
    /// An app that may ask for tokens.
    ServicePrincipal(Box<AppDetail>),
    /// A directory role, by the id of its template.
    DirectoryRole(Role),
    /// The organisation, with its domains; whether the caller sees more than these and the name.
    Organization(Box<Tenant>, Vec<String>, bool),
    /// It is there, and of a kind that the caller may not read: no more is said (live service).
    Hidden(ObjectKind, ObjectId),
}

/// Reads an object of one kind.
fn find(
    reader: &Reader<'_>,
    principal: &Principal,
    (kind, id): (ObjectKind, ObjectId),
    view: View,
) -> Result<Option<FoundObject>> {
    Ok(match kind {
        ObjectKind::User => reader.live_user(id)?.map(|user| FoundObject::User(Box::new(user), view)),
        ObjectKind::Group => reader.group(id)?.map(|group| FoundObject::Group(Box::new(group))),
        ObjectKind::Application => match reader.app_by_application(id)? {
            Some(object) => Some(FoundObject::Application(Box::new(registrations::detail(reader, object)?))),
            None => None,
        },
        ObjectKind::ServicePrincipal => match reader.app_by_principal(id)? {
            Some(object) => {
                Some(FoundObject::ServicePrincipal(Box::new(registrations::detail(reader, object)?)))
            }
            None => None,
        },
        ObjectKind::DirectoryRole => Role::from_template(id.uuid()).map(FoundObject::DirectoryRole),
        ObjectKind::Organization => {
            let own: Uuid = reader.tenant_id().uuid();
            if id.uuid() == own {
                let all = organization::sees_all(principal);
                Some(FoundObject::Organization(Box::new(reader.tenant()?), reader.domains()?, all))
            } else {
                None
            }
        }
    })
}

impl Directory {
    /// What there is under these ids, of these kinds, in the order of the ids. Of kinds that the caller may not read, only that
    /// it is there.
    ///
    /// # Errors
    /// `Forbidden` for whoever may read objects of no kind by their ids.
    pub async fn objects_by_ids(
        &self,
        cx: &Cx,
        caller: &Caller,
        ids: &[ObjectId],
        kinds: &[ObjectKind],
    ) -> Result<Vec<FoundObject>> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = principal(reader, cx, caller)?;
                may_read(reader, &principal, Operation::ReadObjects)?;
                let mut views = Vec::with_capacity(kinds.len());
                for kind in kinds {
                    let view = match may_read(reader, &principal, kind.operation()) {
                        Ok(view) => Some(view),
                        Err(error) if error.kind() == model::ErrorKind::Forbidden => None,
                        Err(error) => return Err(error),
                    };
                    views.push((*kind, view));
                }
                let mut found = Vec::with_capacity(ids.len());
                for id in ids {
                    for (kind, view) in &views {
                        let object = find(reader, &principal, (*kind, *id), view.unwrap_or(View::Public))?;
                        found.extend(object.map(|object| match view {
                            Some(_) => object,
                            None => FoundObject::Hidden(*kind, *id),
                        }));
                    }
                }
                Ok(found)
            })
            .await
    }

    /// Is this the caller's to read at all? For what is the same in every organisation and stands in no store.
    pub async fn may_read_kind(&self, cx: &Cx, caller: &Caller, kind: ObjectKind) -> Result<bool> {
        self.store()
            .read(caller.scope(), |reader| {
                let principal = principal(reader, cx, caller)?;
                match may_read(reader, &principal, kind.operation()) {
                    Ok(_) => Ok(true),
                    Err(error) if error.kind() == model::ErrorKind::Forbidden => Ok(false),
                    Err(error) => Err::<bool, Error>(error),
                }
            })
            .await
    }
}
