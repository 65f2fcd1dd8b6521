//! Signing in, step by step, and signing out.

use super::oauth::after_form;
use crate::pages::{
    answer::{Answer, encoded, forgetting, html, local, see_other, with_cookie, without_session},
    paths, session,
    view::{ProviderLink, SignIn, SignInError, SignInStep},
    visit::{Fields, Knock, Member, Sent, Visit},
};
use axum::{body::Body, extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use model::{Error, ErrorKind, Person, TenantId, is_plain_address};
use service::{Discovered, ProviderChoice, SignIn as Outcome};

/// Where the form stands, to be shown again.
pub(super) struct Form<'f> {
    pub visit: &'f Visit,
    pub return_to: &'f str,
    /// The person is signed in, and is to prove anew who they are.
    pub again: bool,
    /// A provider is to have the person prove anew who they are, too.
    pub fresh: bool,
}

impl Form<'_> {
    fn show(&self, status: StatusCode, step: SignInStep, error: Option<SignInError>) -> Answer {
        let (binding, cookie) = self.visit.form_binding();
        let form = SignIn {
            page: self.visit.page(&binding),
            step,
            signed_out: error.is_none() && self.visit.query.get("signedOut").is_some(),
            error,
            return_to: self.return_to.to_owned(),
            again: self.again,
            fresh: self.fresh,
            demo: self.visit.app.options.demo,
        };
        let response = html(status, &form)?;
        match cookie {
            Some(cookie) => with_cookie(response, &cookie),
            None => Ok(response),
        }
    }

    pub(super) fn start(&self, status: StatusCode, user_name: &str, error: Option<SignInError>) -> Answer {
        self.show(status, SignInStep::UserName { user_name: user_name.to_owned() }, error)
    }
}

fn return_to(fields: &Fields) -> String {
    local(fields.get("return").unwrap_or_default()).to_owned()
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let return_to = return_to(&visit.query);
    // An app may know who is about to sign in (`login_hint`).
    let user_name = visit.query.get("userName").filter(|name| is_plain_address(name)).unwrap_or_default();
    let fresh = visit.query.get("fresh").is_some();
    let start = Form { visit: &visit, return_to: &return_to, again: false, fresh };
    if visit.query.get("again").is_none() {
        return start.start(StatusCode::OK, user_name, None);
    }
    let again = Form { again: true, fresh: true, ..start };
    let cookie = session::cookie(&visit.headers, session::SESSION).unwrap_or_default();
    match visit.app.directory.session(&visit.arrival.cx, cookie).await? {
        Some(who) if matches!(who.person, Person::Member { .. }) => {
            again.show(StatusCode::OK, SignInStep::Password { user_name: who.user_name }, None)
        }
        Some(who) => again.start(StatusCode::OK, &who.user_name, None),
        None => Form { again: false, ..again }.start(StatusCode::OK, user_name, None),
    }
}

/// The sign-in form for a link that names an organisation which is not here.
pub(super) fn no_such_organization(visit: &Visit, named: &str) -> Answer {
    let error = SignInError::NoSuchOrganization { named: named.chars().take(120).collect() };
    let form = Form { visit, return_to: paths::MY_ACCOUNT, again: false, fresh: false };
    form.start(StatusCode::NOT_FOUND, "", Some(error))
}

pub(crate) async fn step(knock: Knock) -> Answer {
    let return_to = return_to(&knock.fields);
    let again = !knock.fields.text("again").is_empty();
    let fresh = again || !knock.fields.text("fresh").is_empty();
    let form = Form { visit: &knock.visit, return_to: &return_to, again, fresh };
    let (fields, user_name) = (&knock.fields, knock.fields.text("userName"));
    if !knock.ours {
        return form.start(StatusCode::FORBIDDEN, user_name, Some(SignInError::FormTooOld));
    }
    if !is_plain_address(user_name) {
        return form.start(StatusCode::BAD_REQUEST, user_name, Some(SignInError::NotAUserName));
    }
    match fields.text("step") {
        "password" => password(&form, user_name, fields.get("password").unwrap_or_default()).await,
        "passcode" => passcode(&form, user_name, fields.text("passcode")).await,
        "sendPasscode" => send_passcode(&form, user_name).await,
        "code" => code(&form, user_name, fields.text("ticket"), fields.text("code")).await,
        "newPassword" => new_password(&form, user_name, fields).await,
        _ => discover(&form, user_name).await,
    }
}

async fn discover(form: &Form<'_>, user_name: &str) -> Answer {
    let step = match form.visit.app.directory.discover(user_name).await? {
        Discovered::Passcode => return send_passcode(form, user_name).await,
        Discovered::Providers { providers, passcode } => {
            let providers = links(form, providers);
            SignInStep::Providers { user_name: user_name.to_owned(), providers, passcode }
        }
        // Where no passcode can be sent, the next step looks like that of any account.
        Discovered::Password | Discovered::Unavailable => {
            SignInStep::Password { user_name: user_name.to_owned() }
        }
    };
    form.show(StatusCode::OK, step, None)
}

/// The way to a provider is a link: `form-action` would keep a form from leading to another site. It carries the token of
/// the form, because other sites can make links, too.
fn links(form: &Form<'_>, providers: Vec<ProviderChoice>) -> Vec<ProviderLink> {
    // An invitation says which organisation it is about.
    let ticket = form.return_to.split_once("ticket=").map(|(_, ticket)| ticket);
    let wanted = ticket.and_then(|ticket| ticket.get(..36)?.parse::<TenantId>().ok());
    let fits = |choice: &ProviderChoice| Some(choice.tenant) == wanted;
    let narrow = providers.iter().any(fits);
    let again = if form.fresh { "&again" } else { "" };
    let proof = form.visit.form_binding().0.token(&form.visit.app);
    providers
        .into_iter()
        .filter(|choice| !narrow || fits(choice))
        .map(|choice| ProviderLink {
            link: format!(
                "{}?return={}{again}&proof={}",
                paths::sign_in_with(&choice.tenant, &choice.provider),
                encoded(form.return_to),
                encoded(&proof)
            ),
            name: choice.name,
            organization: choice.organization,
        })
        .collect()
}

async fn send_passcode(form: &Form<'_>, address: &str) -> Answer {
    let Visit { app, arrival, texts, .. } = form.visit;
    app.directory.send_passcode(&arrival.cx, address, texts.tag()).await?;
    form.show(StatusCode::OK, SignInStep::Passcode { address: address.to_owned() }, None)
}

async fn password(form: &Form<'_>, user_name: &str, password: &str) -> Answer {
    let Visit { app, arrival, .. } = form.visit;
    let outcome = app.directory.sign_in(&arrival.cx, &form.visit.visitor(), user_name, password).await?;
    let step = SignInStep::Password { user_name: user_name.to_owned() };
    conclude(form, outcome, step, SignInError::WrongPassword).await
}

async fn code(form: &Form<'_>, user_name: &str, ticket: &str, code: &str) -> Answer {
    let Visit { app, arrival, .. } = form.visit;
    let visitor = form.visit.visitor();
    let outcome = app.directory.sign_in_with_code(&arrival.cx, &visitor, ticket, code).await?;
    let step = SignInStep::Code { user_name: user_name.to_owned(), ticket: ticket.to_owned() };
    conclude(form, outcome, step, SignInError::WrongCode).await
}

async fn new_password(form: &Form<'_>, user_name: &str, fields: &Fields) -> Answer {
    let (ticket, chosen) = (fields.text("ticket"), fields.get("newPassword").unwrap_or_default());
    let step = SignInStep::NewPassword { user_name: user_name.to_owned(), ticket: ticket.to_owned() };
    if fields.get("newPasswordAgain") != Some(chosen) {
        return form.show(StatusCode::UNPROCESSABLE_ENTITY, step, Some(SignInError::PasswordsDiffer));
    }
    let Visit { app, arrival, .. } = form.visit;
    let visitor = form.visit.visitor();
    match app.directory.choose_password(&arrival.cx, &visitor, ticket, chosen).await {
        Err(error) if error.kind() == ErrorKind::BadRequest => {
            form.show(StatusCode::UNPROCESSABLE_ENTITY, step, Some(SignInError::PasswordTooWeak))
        }
        // Back to the password: there is nothing to go on with.
        Ok(outcome @ Outcome::Wrong) => {
            let before = SignInStep::Password { user_name: user_name.to_owned() };
            conclude(form, outcome, before, SignInError::ChangeExpired).await
        }
        outcome => conclude(form, outcome?, step, SignInError::ChangeExpired).await,
    }
}

async fn passcode(form: &Form<'_>, address: &str, code: &str) -> Answer {
    let Visit { app, arrival, .. } = form.visit;
    let visitor = form.visit.visitor();
    let outcome = app.directory.sign_in_with_passcode(&arrival.cx, &visitor, address, code).await?;
    let step = SignInStep::Passcode { address: address.to_owned() };
    conclude(form, outcome, step, SignInError::WrongPasscode).await
}

async fn conclude(form: &Form<'_>, outcome: Outcome, step: SignInStep, wrong: SignInError) -> Answer {
    match outcome {
        Outcome::SignedIn { cookie, admin, device, .. } => {
            let response = after_form(form.visit, form.return_to)?;
            let response = welcome(form.visit, response, [&cookie, &device], admin.as_deref()).await?;
            with_cookie(response, &session::drop_cookie(session::FORM))
        }
        Outcome::SecondFactor { ticket } => match step {
            SignInStep::Password { user_name } => {
                form.show(StatusCode::OK, SignInStep::Code { user_name, ticket }, None)
            }
            _ => Err(Error::internal("a second step that has no first").into()),
        },
        Outcome::NewPassword { ticket } => match step {
            SignInStep::Password { user_name } | SignInStep::Code { user_name, .. } => {
                form.show(StatusCode::OK, SignInStep::NewPassword { user_name, ticket }, None)
            }
            _ => Err(Error::internal("a new password that nobody was asked for").into()),
        },
        Outcome::SamePassword => {
            form.show(StatusCode::UNPROCESSABLE_ENTITY, step, Some(SignInError::SamePassword))
        }
        Outcome::Wrong => form.show(StatusCode::UNPROCESSABLE_ENTITY, step, Some(wrong)),
        Outcome::Blocked => form.show(StatusCode::FORBIDDEN, step, Some(SignInError::Blocked)),
        Outcome::Throttled { seconds } => {
            let minutes = u64::from(seconds.div_ceil(60));
            let error = SignInError::TooManyTries { minutes };
            let mut response = form.show(StatusCode::TOO_MANY_REQUESTS, step, Some(error))?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
    }
}

/// A new session each time; the one that the browser had ends.
pub(super) async fn welcome(
    visit: &Visit,
    response: Response,
    [cookie, device]: [&String; 2],
    admin: Option<&str>,
) -> Answer {
    if let Some(former) = session::cookie(&visit.headers, session::SESSION) {
        visit.app.directory.sign_out(former).await?;
    }
    let response = with_cookie(response, &session::keep_session(cookie))?;
    let response = with_cookie(response, &session::keep_device(device))?;
    match admin {
        Some(admin) => with_cookie(response, &session::keep_admin(admin)),
        None => with_cookie(response, &session::drop_cookie(session::ADMIN)),
    }
}

pub(crate) async fn out(State(app): State<crate::App>, form: Sent<Member>) -> Answer {
    let cookie = session::cookie(&form.by.visit.headers, session::SESSION).unwrap_or_default();
    app.directory.sign_out(cookie).await?;
    goodbye()
}

/// An empty style sheet of the page that says that one is signed out. The page from which one signed out is put away when that
/// page appears, and only what is asked for after that can have it forgotten.
pub(crate) async fn forget() -> Response {
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    forgetting(response)
}

/// To the sign-in page, without a session.
pub(super) fn goodbye() -> Answer {
    without_session(see_other(&format!("{}?signedOut", paths::SIGN_IN))?)
}
