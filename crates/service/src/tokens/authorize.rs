//! The authorization endpoint (RFC 6749, section 4.1; RFC 7636): from a request in a browser to a code for the app.

use super::{
    OAuthFault,
    grant::{begin, write_handle},
    is_any,
    redirect::{admits, query},
    request::{AuthorizeRequest, Visit, given},
    scope::Asked,
};
use crate::{
    Directory, SignedIn,
    authn::{delegated_grants, is_active, scope},
    border,
    connections::{self, Approach},
    record::Draft,
    second_factor,
};
use identity::Secret;
use model::{
    AppId, Cx, ObjectId, Person, Result, Span, Tenant, TenantId, Timestamp, User,
    audit::{Activity, Target},
    authz::{Operation, Permission},
    collaboration::Border,
};
use store::{App, AuthorizationCode, ChangeSet, Decision, GrantKind, Reader};

/// How long a code is good for.
const CODE_LIFE: Span = Span::seconds(60);
/// Values that the app only wants to see again are not kept longer than this.
const MAX_ECHO: usize = 2048;
/// What people may allow an app for themselves; the catalogue leaves everything else to administrators.
const FOR_ONESELF: [Permission; 1] = [Permission::UserRead];
/// How an answer travels to the app.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseMode {
    /// In the query of the redirect address.
    Query,
    /// Behind its `#`.
    Fragment,
    /// As a form that the browser posts.
    FormPost,
}

/// An answer for the app, by way of the browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientAnswer {
    /// A registered address of the app.
    pub redirect_uri: String,
    /// How it travels.
    pub mode: ResponseMode,
    /// What it says.
    pub parameters: Vec<(&'static str, String)>,
}

impl ClientAnswer {
    /// The address to send the browser to; of no use for [`ResponseMode::FormPost`].
    pub fn location(&self) -> String {
        let uri = &self.redirect_uri;
        let join = match self.mode {
            ResponseMode::Fragment => '#',
            ResponseMode::Query | ResponseMode::FormPost if uri.contains('?') => '&',
            ResponseMode::Query | ResponseMode::FormPost => '?',
        };
        format!("{uri}{join}{}", query(&self.parameters))
    }
}

/// What a consent page says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsentView {
    /// The name of the organisation.
    pub organization: String,
    /// The name of the app.
    pub app: String,
    /// Its client id.
    pub app_id: AppId,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What it would get in addition: permissions on behalf of people.
    pub delegated: Vec<Permission>,
    /// What it would get in addition: permissions of its own.
    pub application: Vec<Permission>,
    /// The person may decide for everybody in the organisation.
    pub administrator: bool,
    /// It wants to act also while the person is away.
    pub offline: bool,
}

/// What somebody is asked who signs in to an organisation for the first time, without an account there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectView {
    /// The organisation.
    pub organization: Tenant,
    /// The name of the app.
    pub app: String,
    /// Where the answer goes.
    pub redirect_uri: String,
}

/// What has to happen next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Nothing may go to the app: the person is told.
    Refused(OAuthFault),
    /// The answer goes to the app.
    Answer(ClientAnswer),
    /// The person has to sign in, again if there is a session.
    SignIn,
    /// The person chooses the account.
    Choose,
    /// The person is asked.
    Consent(Box<ConsentView>),
    /// The person is asked whether this organisation may know them: there is no user object of theirs.
    Connect(Box<ConnectView>),
    /// Only an administrator can say yes.
    Administrator(Box<ConsentView>),
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Prompts {
    none: bool,
    login: bool,
    consent: bool,
    choose: bool,
}

/// A request that an app may make.
#[derive(Clone)]
struct Valid {
    app: App,
    asked: Asked,
    answer: ClientAnswer,
    echo: Echo,
    nonce: Option<String>,
    challenge: Option<String>,
    prompts: Prompts,
    max_age: Option<i64>,
}

impl Valid {
    /// An error that the app is told.
    fn fail(&self, cx: &Cx, fault: &OAuthFault) -> Step {
        Step::Answer(failed(cx, self.answer.clone(), fault, &self.echo))
    }
}

/// By what the app knows an answer again.
#[derive(Clone)]
struct Echo {
    /// `state`, as the app sent it.
    state: Option<String>,
    /// `iss`: whoever asked several issuers sees which of them answers (RFC 9207).
    issuer: String,
}

impl Echo {
    fn add(&self, answer: &mut ClientAnswer) {
        answer.parameters.extend(self.state.clone().map(|state| ("state", state)));
        answer.parameters.push(("iss", self.issuer.clone()));
    }
}

fn failed(cx: &Cx, mut answer: ClientAnswer, fault: &OAuthFault, echo: &Echo) -> ClientAnswer {
    let id = cx.request.to_string();
    answer.parameters.push(("error", fault.error.to_owned()));
    answer.parameters.push(("error_description", fault.described(cx, &id)));
    echo.add(&mut answer);
    answer
}

fn prompts(text: Option<&str>) -> Option<Prompts> {
    let mut found = Prompts::default();
    let mut words = 0;
    for word in text.unwrap_or_default().split_ascii_whitespace() {
        words += 1;
        match word {
            "none" => found.none = true,
            "login" => found.login = true,
            "consent" | "admin_consent" => found.consent = true,
            "select_account" => found.choose = true,
            // A hint to offer registration first, which there is none of.
            "create" => {}
            _ => return None,
        }
    }
    (!found.none || words == 1).then_some(found)
}

/// A challenge is SHA-256 in base64url (RFC 7636, section 4.2).
fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The account of a person in the tenant that a reader sees, if it may be used.
pub(crate) fn account_of(reader: &Reader<'_>, person: &Person) -> Result<Option<User>> {
    let found = match person {
        Person::Member { tenant, object } if *tenant == reader.tenant_id() => reader.live_user(*object)?,
        person => reader.user_by_home(&person.home())?,
    };
    match found {
        Some(user) if is_active(reader, &user)? => Ok(Some(user)),
        _ => Ok(None),
    }
}

/// May this person decide for everybody what apps may do on behalf of people?
pub(super) fn is_app_administrator(reader: &Reader<'_>, user: &User) -> Result<bool> {
    let needed = Operation::WriteDelegatedGrants.rule().roles;
    let roles = reader.roles(user.id)?;
    Ok(!user.is_external() && needed.iter().any(|role| roles.contains(role)))
}

/// Notes that a person lets an app do these things, for everybody or for oneself.
pub(super) fn allow(
    changes: &mut ChangeSet,
    cx: &Cx,
    app: &App,
    user: &User,
    permissions: &[Permission],
    everyone: bool,
) {
    for permission in permissions {
        if everyone {
            changes.insert_grant(scope(user.tenant), app, (GrantKind::Delegated, *permission));
        } else {
            changes.insert_consent(user, app.id, *permission, cx.now);
        }
        let record = Draft::by_user(cx, Activity::GrantPermission, user, None)
            .on(Target::thing("App", app.id, &app.name))
            .because(if everyone { "consentForEverybody" } else { "consentForOneself" })
            .detail("permission", permission.value())
            .detail("kind", GrantKind::Delegated.as_str());
        changes.record(record.done());
    }
}

/// May the person say yes to all of this?
pub(super) fn may_consent(administrator: bool, missing: &[Permission]) -> bool {
    administrator || missing.iter().all(|permission| FOR_ONESELF.contains(permission))
}

impl Directory {
    /// Decides what has to happen next. A code is issued as soon as nothing is left to ask.
    pub async fn authorize(
        &self,
        cx: &Cx,
        who: Option<&SignedIn>,
        request: &AuthorizeRequest,
        visit: Visit,
    ) -> Result<Step> {
        let (tenant, valid) = match self.admit(cx, who, request).await? {
            Ok(admitted) => admitted,
            Err(step) => return Ok(step),
        };
        let silent = valid.prompts.none;
        let Some(who) = who.filter(|who| is_fresh(cx, who, &valid, visit)) else {
            return Ok(if silent { valid.fail(cx, &OAuthFault::no_session()) } else { Step::SignIn });
        };
        if valid.prompts.choose && !visit.chosen && visit.since.is_none() {
            return Ok(Step::Choose);
        }
        let hinted = match given(&request.id_token_hint) {
            None => Hinted::Nobody,
            Some(hint) => match self.read_hint(cx, hint).await? {
                Some(hint) => Hinted::Person(hint.tenant, hint.oid),
                None => Hinted::Unknown,
            },
        };
        let (own, cx, who) = (self.clone(), cx.clone(), who.clone());
        self.store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let step =
                    own.conclude_authorization(reader, &cx, &who, &valid, (visit, hinted), &mut changes)?;
                Decision::done(changes, step)
            })
            .await
    }

    /// Finds the tenant and the app, and reads the rest of the request.
    async fn admit(
        &self,
        cx: &Cx,
        who: Option<&SignedIn>,
        request: &AuthorizeRequest,
    ) -> Result<Result<(TenantId, Valid), Step>> {
        if let Some(name) = &request.duplicate {
            return Ok(Err(Step::Refused(OAuthFault::duplicate(name))));
        }
        let tenant = if is_any(&request.tenant) {
            // Which app this is, only the tenant of whoever signs in can tell.
            match who.map(SignedIn::home_tenant) {
                Some(Some(tenant)) => tenant,
                Some(None) => return Ok(Err(Step::Refused(OAuthFault::no_home()))),
                None if request.prompt.as_deref() == Some("none") => {
                    return Ok(Err(Step::Refused(OAuthFault::no_session())));
                }
                None => return Ok(Err(Step::SignIn)),
            }
        } else {
            match self.resolve_tenant(&request.tenant).await? {
                Some(tenant) => tenant,
                None => return Ok(Err(Step::Refused(OAuthFault::unknown_tenant(&request.tenant)))),
            }
        };
        let valid = self.store().read(scope(tenant), |reader| self.validate(reader, cx, request)).await?;
        Ok(valid.map(|valid| (tenant, valid)))
    }

    /// An app and an address of it to which answers may go, or the reason why nothing goes anywhere.
    pub(super) fn addressee(
        &self,
        reader: &Reader<'_>,
        tenant: &str,
        client_id: Option<&str>,
        redirect_uri: Option<&str>,
    ) -> Result<Result<(App, String), OAuthFault>> {
        let Some(id) = client_id else { return Ok(Err(OAuthFault::missing("client_id"))) };
        let found = match id.parse::<AppId>() {
            Ok(id) => reader.app(id)?,
            Err(_) => None,
        };
        let Some(app) = found else { return Ok(Err(OAuthFault::unknown_app(id, tenant))) };
        if !app.enabled {
            return Ok(Err(OAuthFault::disabled_app(app.id)));
        }
        let Some(uri) = redirect_uri else { return Ok(Err(OAuthFault::no_redirect())) };
        if !admits(&app.redirect_uris, reader.any_loopback(app.id)?, uri) {
            return Ok(Err(OAuthFault::wrong_redirect(app.id)));
        }
        Ok(Ok((app, uri.to_owned())))
    }

    fn validate(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        request: &AuthorizeRequest,
    ) -> Result<Result<Valid, Step>> {
        let (client, uri) = (given(&request.client_id), given(&request.redirect_uri));
        let (app, redirect_uri) = match self.addressee(reader, &request.tenant, client, uri)? {
            Ok(found) => found,
            Err(fault) => return Ok(Err(Step::Refused(fault))),
        };
        let mode = match given(&request.response_mode) {
            None | Some("query") => Ok(ResponseMode::Query),
            Some("fragment") => Ok(ResponseMode::Fragment),
            Some("form_post") => Ok(ResponseMode::FormPost),
            Some(other) => Err(OAuthFault::response_mode(other)),
        };
        let answer = ClientAnswer {
            redirect_uri,
            mode: mode.as_ref().copied().unwrap_or(ResponseMode::Query),
            parameters: Vec::new(),
        };
        let echo = Echo {
            state: given(&request.state).filter(|state| state.len() <= MAX_ECHO).map(str::to_owned),
            issuer: identity::issuer(&request.origin, reader.tenant_id()),
        };
        let fail = |fault: OAuthFault| Ok(Err(Step::Answer(failed(cx, answer.clone(), &fault, &echo))));
        if let Err(fault) = mode {
            return fail(fault);
        }
        match self.read_parameters(request, app.public) {
            Err(fault) => fail(fault),
            Ok(Parameters { asked, challenge, prompts, max_age }) => Ok(Ok(Valid {
                app,
                asked,
                echo,
                nonce: given(&request.nonce).map(str::to_owned),
                challenge,
                prompts,
                max_age,
                answer,
            })),
        }
    }

    /// Everything whose faults the app is told.
    fn read_parameters(&self, request: &AuthorizeRequest, public: bool) -> Result<Parameters, OAuthFault> {
        match given(&request.response_type) {
            Some("code") => {}
            None => return Err(OAuthFault::missing("response_type")),
            Some(other) => return Err(OAuthFault::response_type(other)),
        }
        if request.request.is_some() || request.request_uri.is_some() {
            return Err(OAuthFault::request_objects(request.request.is_none()));
        }
        for (name, field) in [("state", &request.state), ("nonce", &request.nonce)] {
            if field.as_ref().is_some_and(|text| text.len() > MAX_ECHO) {
                return Err(OAuthFault::malformed(name));
            }
        }
        let named = request.prompt.as_deref();
        let prompts = prompts(named).ok_or_else(|| OAuthFault::prompt(named.unwrap_or_default()))?;
        let max_age = given(&request.max_age).map(str::parse::<i64>).transpose();
        let max_age = max_age.ok().filter(|age| age.is_none_or(|age| age >= 0));
        let max_age = max_age.ok_or_else(|| OAuthFault::malformed("max_age"))?;
        let challenge = match (given(&request.code_challenge), given(&request.code_challenge_method)) {
            (None, None) if public => return Err(OAuthFault::challenge_missing()),
            (None, None) => None,
            // Without a method it would be `plain`, which protects nothing.
            (Some(challenge), Some("S256")) if is_challenge(challenge) => Some(challenge.to_owned()),
            _ => return Err(OAuthFault::challenge_method()),
        };
        let scope = given(&request.scope).ok_or_else(|| OAuthFault::missing("scope"))?;
        if scope.len() > MAX_ECHO {
            return Err(OAuthFault::malformed("scope"));
        }
        Ok(Parameters { asked: self.read_scope(scope)?, challenge, prompts, max_age })
    }

    fn conclude_authorization(
        &self,
        reader: &Reader<'_>,
        cx: &Cx,
        who: &SignedIn,
        valid: &Valid,
        (visit, hinted): (Visit, Hinted),
        changes: &mut ChangeSet,
    ) -> Result<Step> {
        let silent = valid.prompts.none;
        // The app was read before; what it may do now counts.
        let Some(app) = reader.app(valid.app.id)?.filter(|app| app.enabled) else {
            return Ok(Step::Refused(OAuthFault::disabled_app(valid.app.id)));
        };
        let Some(user) = account_of(reader, &who.person)? else {
            return conclude_directly(reader, cx, who, (valid, &app, hinted), changes);
        };
        if hinted.is_somebody_else(&user, silent) {
            // Whoever was at the door already and still is somebody else is not sent there again.
            let ask = !silent && visit.since.is_none();
            return Ok(if ask { Step::SignIn } else { valid.fail(cx, &OAuthFault::somebody_else()) });
        }
        if border::check(reader, &user.home, Border::Collaboration, Some(app.id))?.is_err() {
            let fault = OAuthFault { error: "interaction_required", ..OAuthFault::barred() };
            return Ok(if silent { valid.fail(cx, &fault) } else { Step::Refused(fault) });
        }
        if second_factor::is_missing(reader, self, who, &user)? {
            let fault = OAuthFault::no_second_factor();
            return Ok(if silent { valid.fail(cx, &fault) } else { Step::Refused(fault) });
        }
        let granted = delegated_grants(reader, app.id, user.id)?;
        let missing = valid.asked.missing(&granted);
        if !missing.is_empty() || (valid.prompts.consent && !visit.consented) {
            if silent {
                return Ok(valid.fail(cx, &OAuthFault::consent_required(app.id)));
            }
            let administrator = is_app_administrator(reader, &user)?;
            let view = Box::new(ConsentView {
                organization: reader.tenant()?.name,
                app: app.name,
                app_id: app.id,
                redirect_uri: valid.answer.redirect_uri.clone(),
                administrator,
                offline: valid.asked.openid.offline_access,
                application: Vec::new(),
                delegated: if missing.is_empty() { valid.asked.of(&granted) } else { missing.clone() },
            });
            let may = may_consent(administrator, &missing);
            return Ok(if may { Step::Consent(view) } else { Step::Administrator(view) });
        }
        Ok(Step::Answer(issue(reader, cx, who, valid, (&user, false), changes)?))
    }

    /// The person says yes, for oneself or for everybody: what is left to do next, or nothing if the request can go on.
    pub async fn consent(
        &self,
        cx: &Cx,
        who: &SignedIn,
        request: &AuthorizeRequest,
        everyone: bool,
    ) -> Result<Option<Step>> {
        let (tenant, valid) = match self.admit(cx, Some(who), request).await? {
            Ok(admitted) => admitted,
            Err(step) => return Ok(Some(step)),
        };
        let (own, cx, who) = (self.clone(), cx.clone(), who.clone());
        self.store()
            .commit(scope(tenant), move |reader| {
                let mut changes = ChangeSet::new();
                let Some(user) = account_of(reader, &who.person)? else {
                    let step = agree(reader, &cx, &who, &valid, &mut changes)?;
                    return Decision::done(changes, step);
                };
                if second_factor::is_missing(reader, &own, &who, &user)? {
                    let fault = OAuthFault::no_second_factor();
                    return Decision::done(changes, Some(Step::Refused(fault)));
                }
                let missing = valid.asked.missing(&delegated_grants(reader, valid.app.id, user.id)?);
                let administrator = is_app_administrator(reader, &user)?;
                if !may_consent(administrator, &missing) {
                    let fault = OAuthFault::administrator_needed();
                    return Decision::done(changes, Some(valid.fail(&cx, &fault)));
                }
                changes.guard_user(&user);
                allow(&mut changes, &cx, &valid.app, &user, &missing, everyone && administrator);
                Decision::done(changes, None)
            })
            .await
    }

    /// The person says no: what the app is told.
    pub async fn decline(&self, cx: &Cx, who: Option<&SignedIn>, request: &AuthorizeRequest) -> Result<Step> {
        Ok(match self.admit(cx, who, request).await? {
            Ok((_, valid)) => valid.fail(cx, &OAuthFault::declined()),
            Err(step) => step,
        })
    }
}

/// Whom an ID token that the app handed back names (OpenID Connect Core, section 3.1.2.2): nobody else gets an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hinted {
    /// There is no such token.
    Nobody,
    /// It proves nothing: its key may be gone.
    Unknown,
    /// This object of this tenant.
    Person(TenantId, ObjectId),
}

impl Hinted {
    /// Is the account not the one that is named? Of a token that proves nothing nobody can tell; without a page that could ask,
    /// the answer is yes.
    fn is_somebody_else(self, user: &User, silent: bool) -> bool {
        match self {
            Self::Nobody => false,
            Self::Unknown => silent,
            Self::Person(tenant, object) => (tenant, object) != (user.tenant, user.id),
        }
    }
}

struct Parameters {
    asked: Asked,
    challenge: Option<String>,
    prompts: Prompts,
    max_age: Option<i64>,
}

/// Has the person proved to be present as lately as the app wants?
fn is_fresh(cx: &Cx, who: &SignedIn, valid: &Valid, visit: Visit) -> bool {
    let since = |at: Option<Timestamp>| at.is_some_and(|at| who.authenticated >= at);
    let young = |age: i64| cx.now.since(who.authenticated) <= Span::seconds(age);
    (!valid.prompts.login || since(visit.since))
        && valid.max_age.is_none_or(|age| young(age) || since(visit.since))
}

/// The end of the way for somebody without an account here: over a connection, where both sides allow one.
fn conclude_directly(
    reader: &Reader<'_>,
    cx: &Cx,
    who: &SignedIn,
    (valid, app, hinted): (&Valid, &App, Hinted),
    changes: &mut ChangeSet,
) -> Result<Step> {
    let silent = valid.prompts.none;
    match connections::approach(reader, cx, who, app.id, false)? {
        Approach::Closed => {
            let fault = OAuthFault::no_account(&reader.tenant()?.name);
            Ok(if silent { valid.fail(cx, &fault) } else { Step::Refused(fault) })
        }
        Approach::Ask if silent => Ok(valid.fail(cx, &OAuthFault::consent_required(app.id))),
        Approach::Ask => Ok(Step::Connect(Box::new(ConnectView {
            organization: reader.tenant()?,
            app: app.name.clone(),
            redirect_uri: valid.answer.redirect_uri.clone(),
        }))),
        Approach::Open(connection) => {
            let user = connections::stand_in(who, &connection);
            if hinted.is_somebody_else(&user, silent) {
                return Ok(valid.fail(cx, &OAuthFault::somebody_else()));
            }
            connections::connect(reader, cx, changes, (who, app), &connection)?;
            Ok(Step::Answer(issue(reader, cx, who, valid, (&user, true), changes)?))
        }
    }
}

/// Somebody without an account here says that this organisation may know them: that makes the connection.
fn agree(
    reader: &Reader<'_>,
    cx: &Cx,
    who: &SignedIn,
    valid: &Valid,
    changes: &mut ChangeSet,
) -> Result<Option<Step>> {
    let Some(app) = reader.app(valid.app.id)?.filter(|app| app.enabled) else {
        return Ok(Some(Step::Refused(OAuthFault::disabled_app(valid.app.id))));
    };
    let Approach::Open(connection) = connections::approach(reader, cx, who, app.id, true)? else {
        return Ok(Some(Step::Refused(OAuthFault::no_account(&reader.tenant()?.name))));
    };
    connections::connect(reader, cx, changes, (who, &app), &connection)?;
    Ok(None)
}

/// A code for the app; `direct`: the person has no user object.
fn issue(
    reader: &Reader<'_>,
    cx: &Cx,
    who: &SignedIn,
    valid: &Valid,
    (user, direct): (&User, bool),
    changes: &mut ChangeSet,
) -> Result<ClientAnswer> {
    let tenant = reader.tenant_id();
    let secret = Secret::generate(cx.random.as_ref());
    let begun = begin(reader, cx, (valid.app.id, direct), user, &valid.asked.text(), who.authenticated)?;
    let code = AuthorizationCode {
        hash: secret.hash(),
        authorization: begun.id,
        user: user.id,
        redirect_uri: valid.answer.redirect_uri.clone(),
        challenge: valid.challenge.clone(),
        nonce: valid.nonce.clone(),
        expires: cx.now + CODE_LIFE,
        used: None,
    };
    if !direct {
        changes.guard_user(user);
    }
    changes.insert_authorization(scope(tenant), &begun).insert_authorization_code(scope(tenant), &code);
    let mut answer = valid.answer.clone();
    answer.parameters.push(("code", write_handle(tenant, &secret)));
    valid.echo.add(&mut answer);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_appended_to_the_address_that_was_registered() {
        let answer = |uri: &str, mode| ClientAnswer {
            redirect_uri: uri.to_owned(),
            mode,
            parameters: vec![("code", "a b".to_owned()), ("state", "x&y".to_owned())],
        };
        for (uri, mode, expected) in [
            ("https://a/cb", ResponseMode::Query, "https://a/cb?code=a%20b&state=x%26y"),
            ("https://a/cb?z", ResponseMode::Query, "https://a/cb?z&code=a%20b&state=x%26y"),
            ("https://a/cb?z", ResponseMode::Fragment, "https://a/cb?z#code=a%20b&state=x%26y"),
        ] {
            assert_eq!(answer(uri, mode).location(), expected);
        }
    }

    #[test]
    fn none_is_no_prompt_beside_others() {
        assert!(prompts(None).is_some() && prompts(Some("login consent")).is_some());
        assert!(prompts(Some("none")).is_some_and(|prompts| prompts.none));
        for bad in ["none login", "none none", "LOGIN", "x"] {
            assert!(prompts(Some(bad)).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_what_users_may_decide_is_theirs_to_consent() {
        assert!(may_consent(false, &[]) && may_consent(false, &[Permission::UserRead]));
        assert!(!may_consent(false, &[Permission::UserRead, Permission::PolicyReadAll]));
        assert!(may_consent(true, Permission::ALL));
    }
}
