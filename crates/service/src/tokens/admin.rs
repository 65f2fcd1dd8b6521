//! Consent by an administrator for everybody, as a page of its own (contract of `adminconsent`).

use super::{
    ClientAnswer, ConsentView, GRAPH_ID, OAuthFault, ResponseMode,
    authorize::{account_of, allow, is_app_administrator},
    is_any,
};
use crate::{
    Directory, SignedIn,
    authn::{require_fresh, scope},
    record::Draft,
    second_factor,
};
use model::{
    Cx, Result, TenantId, User,
    audit::{Activity, Target},
    authz::{Operation, Permission},
};
use serde_json::Value;
use store::{App, ChangeSet, Decision, GrantKind, Reader};

/// A request for consent, each field as it came.
#[derive(Clone, Default)]
pub struct AdminConsentRequest {
    /// The tenant in the path: its id or one of its domains; `common` and `organizations` mean the administrator's own.
    pub tenant: String,
    /// `client_id`
    pub client_id: Option<String>,
    /// `redirect_uri`
    pub redirect_uri: Option<String>,
    /// `scope`; without it, or with `.default`, what the app has already and what its registration asks for
    /// (`requiredResourceAccess`). Permissions of its own are asked for in no other way.
    pub scope: Option<String>,
    /// `state`
    pub state: Option<String>,
    /// A parameter that is there twice.
    pub duplicate: Option<String>,
}

/// What has to happen next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AdminStep {
    /// Nothing may go to the app: the person is told.
    Refused(OAuthFault),
    /// The person is no administrator of apps there, or none who may let an app act of its own accord.
    NotAdministrator,
    /// The administrator is asked.
    Ask(Box<ConsentView>),
    /// The answer goes to the app.
    Answer(ClientAnswer),
}

/// What an administrator is asked about.
struct Question {
    app: App,
    redirect_uri: String,
    user: User,
    delegated: Vec<Permission>,
    application: Vec<Permission>,
}

/// What the registration of an app asks for: permissions of Graph on behalf of people, and of its own. Ids that are unknown here
/// grant nothing.
fn required(reader: &Reader<'_>, app: &App) -> Result<(Vec<Permission>, Vec<Permission>)> {
    let (mut delegated, mut application) = (Vec::new(), Vec::new());
    let Some(object) = reader.app_object(app.id)? else { return Ok((delegated, application)) };
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let is_graph = |resource: &Value| {
        resource["resourceAppId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(GRAPH_ID))
    };
    let resources = list(object.body.get("requiredResourceAccess"));
    for access in resources.iter().filter(|one| is_graph(one)).flat_map(|one| list(one.get("resourceAccess")))
    {
        let id = access["id"].as_str().and_then(|id| id.parse().ok());
        match (access["type"].as_str(), id) {
            (Some("Scope"), Some(id)) => delegated.extend(Permission::from_delegated_id(id)),
            (Some("Role"), Some(id)) if !app.public => {
                application.extend(Permission::from_application_id(id));
            }
            _ => {}
        }
    }
    Ok((delegated, application))
}

/// Both, each once.
fn united(mut one: Vec<Permission>, other: Vec<Permission>) -> Vec<Permission> {
    one.extend(other);
    one.sort_unstable();
    one.dedup();
    one
}

/// May this person let apps act of their own accord? That is more than an administrator of apps may do oneself.
fn may_grant_application(reader: &Reader<'_>, user: &User) -> Result<bool> {
    let roles = reader.roles(user.id)?;
    Ok(Operation::WriteAppRoleAssignments.rule().roles.iter().any(|role| roles.contains(role)))
}

/// Lets an app act of its own accord.
fn entrust(changes: &mut ChangeSet, cx: &Cx, app: &App, user: &User, permission: Permission) {
    changes.insert_grant(scope(user.tenant), app, (GrantKind::Application, permission));
    let record = Draft::by_user(cx, Activity::GrantPermission, user, None)
        .on(Target::thing("App", app.id, &app.name))
        .because("consentForEverybody")
        .detail("permission", permission.value())
        .detail("kind", GrantKind::Application.as_str());
    changes.record(record.done());
}

/// Those that the app does not have yet.
fn new_ones(
    reader: &Reader<'_>,
    app: &App,
    kind: GrantKind,
    mut wanted: Vec<Permission>,
) -> Result<Vec<Permission>> {
    let granted = reader.grants(app.id, kind)?;
    wanted.retain(|permission| !granted.contains(permission));
    Ok(wanted)
}

impl Directory {
    /// What to ask an administrator, or why nothing is asked.
    ///
    /// # Errors
    /// `Unauthenticated(Stale)` if the person signed in more than ten minutes ago: what is decided here is decided for everybody.
    pub async fn view_admin_consent(
        &self,
        cx: &Cx,
        who: &SignedIn,
        request: &AdminConsentRequest,
    ) -> Result<AdminStep> {
        require_fresh(cx, who)?;
        let Some(tenant) = self.admin_tenant(who, &request.tenant).await? else {
            return Ok(AdminStep::Refused(OAuthFault::unknown_tenant(&request.tenant)));
        };
        self.store()
            .read(scope(tenant), |reader| {
                let question = match self.question(reader, who, request)? {
                    Ok(question) => question,
                    Err(step) => return Ok(step),
                };
                Ok(AdminStep::Ask(Box::new(ConsentView {
                    organization: reader.tenant()?.name,
                    app: question.app.name,
                    app_id: question.app.id,
                    redirect_uri: question.redirect_uri,
                    delegated: question.delegated,
                    application: question.application,
                    administrator: true,
                    offline: false,
                })))
            })
            .await
    }

    /// The administrator says yes or no. A yes may be said twice.
    ///
    /// # Errors
    /// As [`Directory::view_admin_consent`].
    pub async fn admin_consent(
        &self,
        cx: &Cx,
        who: &SignedIn,
        request: &AdminConsentRequest,
        accept: bool,
    ) -> Result<AdminStep> {
        require_fresh(cx, who)?;
        let Some(tenant) = self.admin_tenant(who, &request.tenant).await? else {
            return Ok(AdminStep::Refused(OAuthFault::unknown_tenant(&request.tenant)));
        };
        let (own, cx, who, request) = (self.clone(), cx.clone(), who.clone(), request.clone());
        self.store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let question = match own.question(reader, &who, &request)? {
                    Ok(question) => question,
                    Err(step) => return Decision::done(changes, step),
                };
                let Question { app, redirect_uri, user, delegated, application } = question;
                let mut parameters = Vec::new();
                if accept {
                    changes.guard_user(&user);
                    let new = new_ones(reader, &app, GrantKind::Delegated, delegated)?;
                    allow(&mut changes, &cx, &app, &user, &new, true);
                    for permission in new_ones(reader, &app, GrantKind::Application, application)? {
                        entrust(&mut changes, &cx, &app, &user, permission);
                    }
                    parameters.push(("admin_consent", "True".to_owned()));
                } else {
                    let fault = OAuthFault::admin_declined();
                    parameters.push(("error", fault.error.to_owned()));
                    parameters.push(("error_description", fault.described(&cx, &cx.request.to_string())));
                    parameters.push(("admin_consent", "True".to_owned()));
                }
                parameters.push(("tenant", tenant.to_string()));
                parameters.extend(request.scope.clone().map(|scope| ("scope", scope)));
                parameters.extend(request.state.clone().map(|state| ("state", state)));
                let answer = ClientAnswer { redirect_uri, mode: ResponseMode::Query, parameters };
                Decision::done(changes, AdminStep::Answer(answer))
            })
            .await
    }

    async fn admin_tenant(&self, who: &SignedIn, named: &str) -> Result<Option<TenantId>> {
        if is_any(named) { Ok(who.home_tenant()) } else { self.resolve_tenant(named).await }
    }

    fn question(
        &self,
        reader: &Reader<'_>,
        who: &SignedIn,
        request: &AdminConsentRequest,
    ) -> Result<Result<Question, AdminStep>> {
        let refuse = |fault| Ok(Err(AdminStep::Refused(fault)));
        if let Some(name) = &request.duplicate {
            return refuse(OAuthFault::duplicate(name));
        }
        let (client, uri) = (request.client_id.as_deref(), request.redirect_uri.as_deref());
        let (app, redirect_uri) = match self.addressee(reader, &request.tenant, client, uri)? {
            Ok(found) => found,
            Err(fault) => return refuse(fault),
        };
        let asked = match self.read_scope(request.scope.as_deref().unwrap_or(".default")) {
            Ok(asked) => asked,
            Err(fault) => return refuse(fault),
        };
        let user = match account_of(reader, &who.person)? {
            Some(user) if is_app_administrator(reader, &user)? => user,
            _ => return Ok(Err(AdminStep::NotAdministrator)),
        };
        if second_factor::is_missing(reader, self, who, &user)? {
            return refuse(OAuthFault::no_second_factor());
        }
        let mut delegated: Vec<Permission> =
            asked.permissions.iter().map(|(permission, _)| *permission).collect();
        let mut application = Vec::new();
        if asked.default {
            let (scopes, roles) = required(reader, &app)?;
            delegated = united(reader.grants(app.id, GrantKind::Delegated)?, scopes);
            let new = new_ones(reader, &app, GrantKind::Application, roles.clone())?;
            if !new.is_empty() && !may_grant_application(reader, &user)? {
                return Ok(Err(AdminStep::NotAdministrator));
            }
            application = united(reader.grants(app.id, GrantKind::Application)?, roles);
        }
        Ok(Ok(Question { app, redirect_uri, user, delegated, application }))
    }
}
