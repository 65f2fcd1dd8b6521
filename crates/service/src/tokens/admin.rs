//! Consent by an administrator for everybody, as a page of its own (contract of `adminconsent`).

use super::{
    ClientAnswer, ConsentView, OAuthFault, ResponseMode,
    authorize::{account_of, allow, is_app_administrator},
    is_any,
};
use crate::{Directory, SignedIn, authn::scope, second_factor};
use model::{Cx, Result, TenantId, User, authz::Permission};
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
    /// `scope`; without it, everything that the app has already.
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
    /// The person is no administrator of apps there.
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

impl Directory {
    /// What to ask an administrator, or why nothing is asked.
    pub async fn view_admin_consent(
        &self,
        who: &SignedIn,
        request: &AdminConsentRequest,
    ) -> Result<AdminStep> {
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
    pub async fn admin_consent(
        &self,
        cx: &Cx,
        who: &SignedIn,
        request: &AdminConsentRequest,
        accept: bool,
    ) -> Result<AdminStep> {
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
                let Question { app, redirect_uri, user, delegated, .. } = question;
                let mut parameters = Vec::new();
                if accept {
                    let granted = reader.grants(app.id, GrantKind::Delegated)?;
                    let new: Vec<Permission> =
                        delegated.into_iter().filter(|permission| !granted.contains(permission)).collect();
                    changes.guard_user(&user);
                    allow(&mut changes, &cx, &app, &user, &new, true);
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
            delegated = reader.grants(app.id, GrantKind::Delegated)?;
            application = reader.grants(app.id, GrantKind::Application)?;
        }
        Ok(Ok(Question { app, redirect_uri, user, delegated, application }))
    }
}
