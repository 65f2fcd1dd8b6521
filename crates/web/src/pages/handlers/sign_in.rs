//! Signing in, step by step, and signing out.

use crate::{
    edge::Arrival,
    pages::{
        answer::{Answer, html, local, see_other, with_cookie},
        paths, session,
        view::{SignIn, SignInError, SignInStep},
        visit::{Knock, Member, Sent, Visit},
    },
};
use axum::extract::State;
use http::{HeaderValue, StatusCode, header};
use model::is_plain_address;
use service::{Discovered, SignIn as Outcome};
use std::net::IpAddr;

/// Where the form stands, to be shown again.
struct Form<'f> {
    visit: &'f Visit,
    return_to: &'f str,
}

impl Form<'_> {
    fn show(&self, status: StatusCode, step: SignInStep, error: Option<SignInError>) -> Answer {
        let (binding, cookie) = self.visit.form_binding();
        let signed_out = error.is_none() && self.visit.query.get("signedOut").is_some();
        let page = self.visit.page(&binding);
        let demo = self.visit.app.options.demo;
        let form = SignIn { page, step, error, return_to: self.return_to.to_owned(), signed_out, demo };
        let response = html(status, &form)?;
        match cookie {
            Some(cookie) => with_cookie(response, &cookie),
            None => Ok(response),
        }
    }

    fn start(&self, status: StatusCode, user_name: &str, error: Option<SignInError>) -> Answer {
        self.show(status, SignInStep::UserName { user_name: user_name.to_owned() }, error)
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let return_to = local(visit.query.get("return").unwrap_or_default()).to_owned();
    Form { visit: &visit, return_to: &return_to }.start(StatusCode::OK, "", None)
}

/// The sign-in form for a link that names an organisation which is not here.
pub(super) fn no_such_organization(visit: &Visit, named: &str) -> Answer {
    let error = SignInError::NoSuchOrganization { named: named.chars().take(120).collect() };
    Form { visit, return_to: paths::MY_ACCOUNT }.start(StatusCode::NOT_FOUND, "", Some(error))
}

pub(crate) async fn step(knock: Knock) -> Answer {
    let return_to = local(knock.fields.get("return").unwrap_or_default()).to_owned();
    let form = Form { visit: &knock.visit, return_to: &return_to };
    let user_name = knock.fields.text("userName");
    if !knock.ours {
        return form.start(StatusCode::FORBIDDEN, user_name, Some(SignInError::FormTooOld));
    }
    if !is_plain_address(user_name) {
        return form.start(StatusCode::BAD_REQUEST, user_name, Some(SignInError::NotAUserName));
    }
    match knock.fields.text("step") {
        "password" => password(&form, user_name, knock.fields.get("password").unwrap_or_default()).await,
        "passcode" => passcode(&form, user_name, knock.fields.text("passcode")).await,
        _ => discover(&form, user_name).await,
    }
}

async fn discover(form: &Form<'_>, user_name: &str) -> Answer {
    let Visit { app, arrival, .. } = form.visit;
    let step = match app.directory.discover(user_name).await? {
        Discovered::Passcode => {
            app.directory.send_passcode(&arrival.cx, user_name).await?;
            SignInStep::Passcode { address: user_name.to_owned() }
        }
        // Where no passcode can be sent, the next step looks like that of any account.
        Discovered::Password | Discovered::Unavailable => {
            SignInStep::Password { user_name: user_name.to_owned() }
        }
    };
    form.show(StatusCode::OK, step, None)
}

async fn password(form: &Form<'_>, user_name: &str, password: &str) -> Answer {
    let Visit { app, arrival, .. } = form.visit;
    let outcome = app.directory.sign_in(&arrival.cx, &network(arrival), user_name, password).await?;
    let step = SignInStep::Password { user_name: user_name.to_owned() };
    conclude(form, outcome, step, SignInError::WrongPassword).await
}

async fn passcode(form: &Form<'_>, address: &str, code: &str) -> Answer {
    let Visit { app, arrival, .. } = form.visit;
    let outcome = app.directory.sign_in_with_passcode(&arrival.cx, &network(arrival), address, code).await?;
    let step = SignInStep::Passcode { address: address.to_owned() };
    conclude(form, outcome, step, SignInError::WrongPasscode).await
}

async fn conclude(form: &Form<'_>, outcome: Outcome, step: SignInStep, wrong: SignInError) -> Answer {
    match outcome {
        Outcome::SignedIn { cookie, .. } => welcome(form, &cookie).await,
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
async fn welcome(form: &Form<'_>, cookie: &str) -> Answer {
    if let Some(former) = session::cookie(&form.visit.headers, session::SESSION) {
        form.visit.app.directory.sign_out(former).await?;
    }
    let response = with_cookie(see_other(form.return_to)?, &session::keep_session(cookie))?;
    with_cookie(response, &session::drop_cookie(session::FORM))
}

/// Where failures are counted: one address, or one IPv6 network, of which people have 2^64 addresses each.
fn network(arrival: &Arrival) -> String {
    match arrival.peer.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

pub(crate) async fn out(State(app): State<crate::App>, form: Sent<Member>) -> Answer {
    let cookie = session::cookie(&form.by.visit.headers, session::SESSION).unwrap_or_default();
    app.directory.sign_out(cookie).await?;
    let target = format!("{}?signedOut", paths::SIGN_IN);
    with_cookie(see_other(&target)?, &session::drop_cookie(session::SESSION))
}
