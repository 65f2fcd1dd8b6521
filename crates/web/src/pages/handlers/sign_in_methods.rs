//! How people of the organisation sign in: the second factor of role holders, and external providers.

use crate::pages::{
    answer::{Answer, html, see_other},
    paths,
    view::{Field, Problem, SignInMethods, SignInMethodsError},
    visit::{Admin, Fields, Sent},
};
use http::StatusCode;
use model::{Error, ErrorKind, authz::Operation};
use service::{NewProvider, ProviderPatch};
use uuid::Uuid;

pub(crate) async fn show(admin: Admin) -> Answer {
    let saved = admin.member.noted().as_deref() == Some("sign-in");
    page(&admin, StatusCode::OK, saved, None, None).await
}

async fn page(
    admin: &Admin,
    status: StatusCode,
    saved: bool,
    error: Option<SignInMethodsError>,
    sent: Option<&Fields>,
) -> Answer {
    let (directory, cx) = (&admin.app().directory, admin.cx());
    let settings = directory.sign_in_settings(cx, &admin.caller).await?;
    let may_change_providers = admin.may(Operation::UpdateIdentityProviders);
    let providers =
        if may_change_providers { directory.list_providers(cx, &admin.caller).await? } else { Vec::new() };
    let field = |name: &str| match sent.map(|fields| fields.text(name)) {
        Some("") => Field::wrong("", Problem::Missing),
        Some(value) => Field::of(value),
        None => Field::default(),
    };
    html(
        status,
        &SignInMethods {
            page: admin.page(),
            second_factor_for_roles: settings.second_factor_for_roles,
            version: settings.version,
            may_change_settings: admin.may(Operation::UpdateOrganization),
            may_change_providers,
            providers,
            callback: format!("{}{}", admin.member.visit.arrival.origin, paths::SIGN_IN_CALLBACK),
            name: field("name"),
            issuer: field("issuer"),
            client_id: field("clientId"),
            client_secret: Field { value: String::new(), ..field("clientSecret") },
            trusts_email: sent.is_some_and(|fields| fields.get("trustsEmail").is_some()),
            saved,
            error,
        },
    )
}

pub(crate) async fn act(form: Sent<Admin>) -> Answer {
    let (admin, fields) = (form.by, form.fields);
    let is_new = fields.text("act") == "add";
    let sent = Some(&fields).filter(|_| is_new);
    if is_new
        && ["name", "issuer", "clientId", "clientSecret"].iter().any(|name| fields.text(name).is_empty())
    {
        return page(&admin, StatusCode::BAD_REQUEST, false, None, sent).await;
    }
    let error = match apply(&admin, &fields).await {
        Ok(()) => {
            return see_other(&format!("{}?note={}", paths::SIGN_IN_METHODS, admin.member.note("sign-in")));
        }
        Err(error) => error,
    };
    let (status, error) = match error.kind() {
        ErrorKind::PreconditionFailed => (StatusCode::CONFLICT, SignInMethodsError::ChangedMeanwhile),
        ErrorKind::Conflict => (StatusCode::CONFLICT, SignInMethodsError::Taken),
        ErrorKind::BadRequest if is_new => (StatusCode::BAD_REQUEST, SignInMethodsError::ProviderUnreadable),
        ErrorKind::BadRequest => (StatusCode::BAD_REQUEST, SignInMethodsError::NotADomain),
        ErrorKind::Forbidden => (StatusCode::FORBIDDEN, SignInMethodsError::NotAllowed),
        _ => return Err(error.into()),
    };
    page(&admin, status, false, Some(error), sent).await
}

async fn apply(admin: &Admin, fields: &Fields) -> Result<(), Error> {
    let (directory, cx, caller) = (&admin.app().directory, admin.cx(), &admin.caller);
    let provider = || {
        let named = fields.text("provider");
        named.parse::<Uuid>().map_err(|_| Error::not_found(named))
    };
    match fields.text("act") {
        "secondFactor" => {
            let required = fields.text("required") == "yes";
            // Without a version that can be read, nothing is overwritten.
            let expected = fields.text("version").parse().unwrap_or(-1);
            directory.set_second_factor_for_roles(cx, caller, required, expected).await
        }
        "add" => {
            let new = NewProvider {
                name: fields.text("name").to_owned(),
                issuer: fields.text("issuer").to_owned(),
                client_id: fields.text("clientId").to_owned(),
                client_secret: fields.text("clientSecret").to_owned(),
                trusts_email: fields.get("trustsEmail").is_some(),
            };
            directory.add_provider(cx, caller, new).await.map(drop)
        }
        "addDomain" => directory.add_provider_domain(cx, caller, provider()?, fields.text("domain")).await,
        "removeDomain" => {
            directory.remove_provider_domain(cx, caller, provider()?, fields.text("domain")).await
        }
        act @ ("enable" | "disable") => {
            let patch = ProviderPatch { enabled: Some(act == "enable"), ..ProviderPatch::default() };
            directory.update_provider(cx, caller, provider()?, patch).await
        }
        "delete" => directory.delete_provider(cx, caller, provider()?).await,
        _ => Err(Error::bad_request("The form does not say what to do.")),
    }
}
