//! To an external provider and back.

use super::sign_in::{Form, welcome};
use crate::pages::{
    answer::{Answer, local, see_other, sign_in_at, with_cookie},
    paths, session,
    view::SignInError,
    visit::Visit,
};
use axum::extract::Path;
use http::StatusCode;
use model::{Error, TenantId};
use service::{Arrived, Federation, FederationFault, SignIn};
use uuid::Uuid;

/// Sends the browser to the provider. Only from our own sign-in page: a link on another site could otherwise have somebody signed
/// in, instead of as themselves, as whoever the provider of a hostile organisation says they are.
pub(crate) async fn depart(Path((tenant, provider)): Path<(String, String)>, visit: Visit) -> Answer {
    let named = (tenant.parse::<TenantId>(), provider.parse::<Uuid>());
    let (Ok(tenant), Ok(provider)) = named else { return Err(Error::not_found(provider).into()) };
    let return_to = local(visit.query.get("return").unwrap_or_default());
    let proof = visit.query.get("proof").unwrap_or_default();
    if !visit.form_binding().0.proves(&visit.app, proof) {
        return see_other(&sign_in_at(return_to));
    }
    let redirect_uri = format!("{}{}", visit.arrival.origin, paths::SIGN_IN_CALLBACK);
    let departure = visit
        .app
        .directory
        .begin_federation(
            &visit.arrival.cx,
            (tenant, provider),
            (&redirect_uri, return_to),
            visit.query.get("again").is_some(),
        )
        .await?;
    with_cookie(see_other(&departure.url)?, &session::keep_flow(&departure.browser))
}

/// The browser is back.
pub(crate) async fn arrive(visit: Visit) -> Answer {
    let given = |name: &str| visit.query.get(name).map(str::to_owned);
    let arrived = Arrived {
        state: given("state").unwrap_or_default(),
        code: given("code"),
        issuer: given("iss"),
        error: given("error"),
    };
    let browser = session::cookie(&visit.headers, session::FLOW).unwrap_or_default();
    let directory = &visit.app.directory;
    let done = directory.finish_federation(&visit.arrival.cx, &visit.visitor(), browser, &arrived).await?;
    let response = match done {
        Federation::SignedIn { done: SignIn::SignedIn { cookie, device, .. }, return_to } => {
            welcome(&visit, see_other(&return_to)?, [&cookie, &device], None).await?
        }
        Federation::SignedIn { .. } => return Err(Error::internal("signed in without a session").into()),
        Federation::Refused { why, return_to } => {
            let (status, error) = refusal(why);
            let return_to = return_to.as_deref().unwrap_or(paths::MY_ACCOUNT);
            Form { visit: &visit, return_to, again: false, fresh: false }.start(status, "", Some(error))?
        }
    };
    with_cookie(response, &session::drop_cookie(session::FLOW))
}

const fn refusal(why: FederationFault) -> (StatusCode, SignInError) {
    match why {
        FederationFault::Expired => (StatusCode::BAD_REQUEST, SignInError::ProviderExpired),
        FederationFault::Cancelled => (StatusCode::FORBIDDEN, SignInError::ProviderCancelled),
        FederationFault::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, SignInError::ProviderUnreachable),
        FederationFault::Untrusted => (StatusCode::FORBIDDEN, SignInError::ProviderUntrusted),
        FederationFault::Unknown => (StatusCode::FORBIDDEN, SignInError::ProviderUnknown),
    }
}
