//! The one route table of Microsoft Graph: routing, permissions, documentation and the authorisation tests all read it.

use http::Method;
use model::authz::Operation;
use odata::Segment;

/// What a route does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
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
}

const fn route(
    method: &'static str,
    path: &'static str,
    operation: Option<Operation>,
    action: Action,
    summary: &'static str,
) -> Route {
    Route { method, path, operation, summary, action }
}

use Action as A;
use Operation as O;

const ROUTES: &[Route] = &[
    route(
        "GET",
        "policies/externalIdentitiesPolicy",
        Some(O::ReadPolicy),
        A::GetPolicy,
        "Read the external identities policy",
    ),
    route(
        "PATCH",
        "policies/externalIdentitiesPolicy",
        Some(O::UpdatePolicy),
        A::UpdatePolicy,
        "Change the external identities policy",
    ),
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
    ),
    route("GET", "organization/{id}", Some(O::ReadOrganization), A::GetOrganization, "Read the organization"),
    route(
        "PATCH",
        "organization/{id}",
        Some(O::UpdateOrganization),
        A::UpdateOrganization,
        "Change the privacy profile and the technical contact",
    ),
    route("POST", "invitations", Some(O::InviteGuest), A::Invite, "Invite a guest"),
    route("GET", "users", Some(O::ListUsers), A::ListUsers, "List users"),
    route("GET", "users/$count", Some(O::ListUsers), A::CountUsers, "Count users"),
    route("GET", "users/{id}", Some(O::ReadUser), A::GetUser, "Read a user"),
    route("PATCH", "users/{id}", Some(O::UpdateUser), A::UpdateUser, "Change a user"),
    route("DELETE", "users/{id}", Some(O::DeleteUser), A::DeleteUser, "Soft-delete a user"),
    route("GET", "me", Some(O::ReadSelf), A::Me, "Read the signed-in user"),
    route("GET", "directory/deletedItems", None, A::ListDeletedUncast, "Explains that a type must be named"),
    route(
        "GET",
        "directory/deletedItems/microsoft.graph.user",
        Some(O::ReadDeleted),
        A::ListDeleted,
        "List soft-deleted users",
    ),
    route(
        "GET",
        "directory/deletedItems/microsoft.graph.user/$count",
        Some(O::ReadDeleted),
        A::CountDeleted,
        "Count soft-deleted users",
    ),
    route(
        "GET",
        "directory/deletedItems/{id}",
        Some(O::ReadDeleted),
        A::GetDeleted,
        "Read a soft-deleted user",
    ),
    route(
        "POST",
        "directory/deletedItems/{id}/restore",
        Some(O::RestoreUser),
        A::Restore,
        "Restore a soft-deleted user",
    ),
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
    ),
    route("GET", "auditLogs/directoryAudits/{id}", Some(O::ReadAudit), A::GetAudit, "Read an audit record"),
];

/// The route table.
pub const fn routes() -> &'static [Route] {
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
    for (part, step) in pattern.split('/').zip(steps) {
        if part.starts_with('{') {
            if !step.is_value {
                break;
            }
            values.push(step.text.to_owned());
        } else if !step.segment.is_some_and(|segment| segment.is(part)) {
            break;
        }
        covered += 1;
    }
    (covered, values)
}

pub(crate) fn find(method: &Method, segments: &[Segment]) -> Found {
    let steps = steps(segments);
    let mut furthest = 0;
    let mut allowed: Vec<&str> = Vec::new();
    let wanted = if *method == Method::HEAD { "GET" } else { method.as_str() };
    for route in ROUTES {
        let (covered, values) = walk(route.path, &steps);
        furthest = furthest.max(covered);
        if covered == steps.len() && covered == route.path.split('/').count() {
            if route.method == wanted {
                return Found::Route(route, values);
            }
            // Two routes of the policy only explain that they do nothing.
            if !matches!(route.action, A::CreatePolicy | A::DeletePolicy) {
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
