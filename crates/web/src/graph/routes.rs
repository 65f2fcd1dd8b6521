//! The one route table of Microsoft Graph: routing, permissions, documentation, `$metadata`, the OpenAPI description and the
//! authorisation tests all read it.

use super::schema::{
    AUDIT, DIRECTORY_OBJECT, GET_BY_IDS, INVITATION, ORGANIZATION, POLICY, RESTORE, SUBSCRIBED_SKU, USER,
};
use http::Method;
use model::authz::Operation;
use odata::{EntityType, Segment};

/// What a route does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    ServiceRoot,
    Metadata,
    Batch,
    GetPolicy,
    UpdatePolicy,
    CreatePolicy,
    DeletePolicy,
    ListOrganizations,
    GetOrganization,
    UpdateOrganization,
    Invite,
    ListUsers,
    CountUsers,
    DeltaUsers,
    GetUser,
    UpdateUser,
    DeleteUser,
    Me,
    ListDeleted,
    CountDeleted,
    ListDeletedUncast,
    GetDeleted,
    Restore,
    Purge,
    ListAudit,
    GetAudit,
    GetByIds,
    ListSkus,
}

/// What a route answers when it succeeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Nothing, or nothing that has a type.
    Untyped,
    /// One object.
    One(&'static EntityType),
    /// A collection.
    Many(&'static EntityType),
    /// The number of objects, as text.
    Number,
}

/// One method at one address, on v1.0 and beta alike.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The address below the version; names in braces stand for any value.
    pub path: &'static str,
    /// What is authorised; none where the route only explains that it does nothing.
    pub operation: Option<Operation>,
    /// What it does, in one line.
    pub summary: &'static str,
    pub(crate) action: Action,
    pub(crate) shape: Shape,
    /// The members of the body, where it has one.
    pub(crate) takes: Option<&'static EntityType>,
}

impl Route {
    /// It answers one object of this type.
    const fn one(mut self, of: &'static EntityType) -> Self {
        self.shape = Shape::One(of);
        self
    }

    /// It answers a collection of this type.
    const fn many(mut self, of: &'static EntityType) -> Self {
        self.shape = Shape::Many(of);
        self
    }

    /// It answers a number.
    const fn number(mut self) -> Self {
        self.shape = Shape::Number;
        self
    }

    /// It takes a body with these members.
    const fn takes(mut self, members: &'static EntityType) -> Self {
        self.takes = Some(members);
        self
    }

    /// The same for everybody, so that no token is asked for (live service).
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.action, Action::ServiceRoot | Action::Metadata)
    }

    /// Does it answer users, and many of them?
    pub(crate) fn lists_users(&self) -> bool {
        matches!(self.shape, Shape::Many(of) if of.name == USER.name)
    }

    /// The steps of the address; none for the service root.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.path.split('/').filter(|part| !part.is_empty())
    }
}

const fn route(
    method: &'static str,
    path: &'static str,
    operation: Option<Operation>,
    action: Action,
    summary: &'static str,
) -> Route {
    Route { method, path, operation, summary, action, shape: Shape::Untyped, takes: None }
}

use Action as A;
use Operation as O;

static ROUTES: &[Route] = &[
    route("GET", "", None, A::ServiceRoot, "List what there is"),
    route("GET", "$metadata", None, A::Metadata, "Describe every type, in CSDL"),
    route("POST", "$batch", None, A::Batch, "Up to 20 requests in one; each is authorised by itself"),
    route(
        "GET",
        "policies/externalIdentitiesPolicy",
        Some(O::ReadPolicy),
        A::GetPolicy,
        "Read the external identities policy",
    )
    .one(&POLICY),
    route(
        "PATCH",
        "policies/externalIdentitiesPolicy",
        Some(O::UpdatePolicy),
        A::UpdatePolicy,
        "Change the external identities policy",
    )
    .takes(&POLICY),
    route(
        "POST",
        "policies/externalIdentitiesPolicy",
        None,
        A::CreatePolicy,
        "Explains that there is exactly one policy",
    ),
    route(
        "DELETE",
        "policies/externalIdentitiesPolicy",
        None,
        A::DeletePolicy,
        "Explains that the policy cannot be deleted",
    ),
    route(
        "GET",
        "organization",
        Some(O::ReadOrganization),
        A::ListOrganizations,
        "Read the organization, as a collection of one",
    )
    .many(&ORGANIZATION),
    route("GET", "organization/{id}", Some(O::ReadOrganization), A::GetOrganization, "Read the organization")
        .one(&ORGANIZATION),
    route(
        "PATCH",
        "organization/{id}",
        Some(O::UpdateOrganization),
        A::UpdateOrganization,
        "Change the privacy profile and the technical contact",
    )
    .takes(&ORGANIZATION),
    route("POST", "invitations", Some(O::InviteGuest), A::Invite, "Invite a guest")
        .one(&INVITATION)
        .takes(&INVITATION),
    route("GET", "users", Some(O::ListUsers), A::ListUsers, "List users").many(&USER),
    route("GET", "users/$count", Some(O::ListUsers), A::CountUsers, "Count users").number(),
    route("GET", "users/delta", Some(O::ListUsers), A::DeltaUsers, "Follow what changes among users")
        .many(&USER),
    route("GET", "users/{id}", Some(O::ReadUser), A::GetUser, "Read a user").one(&USER),
    route("PATCH", "users/{id}", Some(O::UpdateUser), A::UpdateUser, "Change a user").takes(&USER),
    route("DELETE", "users/{id}", Some(O::DeleteUser), A::DeleteUser, "Soft-delete a user"),
    route("GET", "me", Some(O::ReadSelf), A::Me, "Read the signed-in user").one(&USER),
    route("GET", "directory/deletedItems", None, A::ListDeletedUncast, "Explains that a type must be named")
        .many(&DIRECTORY_OBJECT),
    route(
        "GET",
        "directory/deletedItems/microsoft.graph.user",
        Some(O::ReadDeleted),
        A::ListDeleted,
        "List soft-deleted users",
    )
    .many(&USER),
    route(
        "GET",
        "directory/deletedItems/microsoft.graph.user/$count",
        Some(O::ReadDeleted),
        A::CountDeleted,
        "Count soft-deleted users",
    )
    .number(),
    route(
        "GET",
        "directory/deletedItems/{id}",
        Some(O::ReadDeleted),
        A::GetDeleted,
        "Read a soft-deleted user",
    )
    .one(&DIRECTORY_OBJECT),
    route(
        "POST",
        "directory/deletedItems/{id}/restore",
        Some(O::RestoreUser),
        A::Restore,
        "Restore a soft-deleted user",
    )
    .one(&DIRECTORY_OBJECT)
    .takes(&RESTORE),
    route(
        "DELETE",
        "directory/deletedItems/{id}",
        Some(O::PurgeUser),
        A::Purge,
        "Permanently delete a soft-deleted user",
    ),
    route(
        "GET",
        "auditLogs/directoryAudits",
        Some(O::ReadAudit),
        A::ListAudit,
        "List audit records, newest first",
    )
    .many(&AUDIT),
    route("GET", "auditLogs/directoryAudits/{id}", Some(O::ReadAudit), A::GetAudit, "Read an audit record")
        .one(&AUDIT),
    route("POST", "directoryObjects/getByIds", Some(O::ListUsers), A::GetByIds, "Read objects by their ids")
        .many(&DIRECTORY_OBJECT)
        .takes(&GET_BY_IDS),
    route(
        "GET",
        "subscribedSkus",
        Some(O::ReadOrganization),
        A::ListSkus,
        "List licences: there are none, and the list is empty",
    )
    .many(&SUBSCRIBED_SKU),
];

/// The route table.
pub fn routes() -> &'static [Route] {
    ROUTES
}

/// What an address and a method come to.
#[derive(Debug)]
pub(crate) enum Found {
    /// A route, with the values of its braces.
    Route(&'static Route, Vec<String>),
    /// The address is known, the method is not; what it knows.
    WrongMethod(String),
    /// The first segment that leads nowhere.
    Unknown(String),
}

/// One step of an address, key segments taken apart: `users('a')` is `users` and the value `a`.
struct Step<'a> {
    segment: Option<&'a Segment>,
    text: &'a str,
    /// Can it stand for a brace? A cast, `$count` and a key that nothing is found by cannot.
    is_value: bool,
}

fn steps(segments: &[Segment]) -> Vec<Step<'_>> {
    let mut steps = Vec::with_capacity(segments.len() + 1);
    for segment in segments {
        let special = segment.name.starts_with('$')
            || segment.name.to_ascii_lowercase().starts_with("microsoft.graph.");
        steps.push(Step { segment: Some(segment), text: &segment.name, is_value: !special });
        if let Some(key) = &segment.key {
            // Objects are found by these two; any other key leads nowhere.
            let other = key.name.as_deref().filter(|name| {
                !["id", "userPrincipalName"].iter().any(|known| name.eq_ignore_ascii_case(known))
            });
            steps.push(Step { segment: None, text: other.unwrap_or(&key.value), is_value: other.is_none() });
        }
    }
    steps
}

/// How many steps of a path a pattern covers, and the values of its braces.
fn walk(pattern: &str, steps: &[Step<'_>]) -> (usize, Vec<String>) {
    let mut values = Vec::new();
    let mut covered = 0;
    let parts = pattern.split('/').filter(|part| !part.is_empty());
    for (at, (part, step)) in parts.zip(steps).enumerate() {
        if part.starts_with('{') {
            if !step.is_value {
                break;
            }
            values.push(step.text.to_owned());
        } else if !step
            .segment
            .is_some_and(|segment| segment.is(part) || at > 0 && is_qualified(segment, part))
        {
            break;
        }
        covered += 1;
    }
    (covered, values)
}

/// `users/microsoft.graph.delta()`: functions and actions may be named in full.
fn is_qualified(segment: &Segment, part: &str) -> bool {
    let bare = segment.name.get("microsoft.graph.".len()..).filter(|_| segment.name.contains('.'));
    bare.is_some_and(|bare| bare.eq_ignore_ascii_case(part))
        && segment.name.to_ascii_lowercase().starts_with("microsoft.graph.")
}

pub(crate) fn find(method: &Method, segments: &[Segment]) -> Found {
    let steps = steps(segments);
    let mut furthest = 0;
    let mut allowed: Vec<&str> = Vec::new();
    let wanted = if *method == Method::HEAD { "GET" } else { method.as_str() };
    for route in ROUTES {
        let (covered, values) = walk(route.path, &steps);
        furthest = furthest.max(covered);
        if covered == steps.len() && covered == route.parts().count() {
            if route.method == wanted {
                return Found::Route(route, values);
            }
            // Two routes of the policy only explain that they do nothing.
            let explains = matches!(route.action, A::CreatePolicy | A::DeletePolicy);
            if !explains && !allowed.contains(&route.method) {
                allowed.push(route.method);
            }
        }
    }
    if !allowed.is_empty() {
        return Found::WrongMethod(allowed.join(", "));
    }
    let lost = steps.get(furthest).or(steps.last()).map_or("", |step| step.text);
    Found::Unknown(lost.to_owned())
}
