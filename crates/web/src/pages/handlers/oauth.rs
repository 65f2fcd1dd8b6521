//! What apps send people here for: signing in, consent, devices, signing out.

use crate::{
    oauth::authorize_request,
    pages::{
        answer::{
            Answer, encoded, html, see_other, sign_in_at, sign_in_for, split_language, without_session,
        },
        paths, session,
        view::{
            Choose, Connect, Consent, ConsentKind, Device, DeviceState, FormPost, OAuthRefused, Onward, Page,
            PermissionLine, SignOutApp,
        },
        visit::{Fields, Member, Sent, Visit},
    },
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderValue, StatusCode, Uri, header};
use model::{Error, Person, authz::Permission};
use service::{
    AdminConsentRequest, AdminStep, AuthorizeRequest, ClientAnswer, ConnectView, ConsentView, DeviceStep,
    OAuthFault, ResponseMode, SignOutRequest, SignedIn, Step, Visit as Way,
};

/// Says in the address how far a person has come.
const WAY: &str = "way";
/// The label under which the address after signing out is signed.
const ONWARD: &str = "sign-out-onward";

/// Where a form of ours ends: at a page of ours by a redirect, but before an app's request is answered by a page that goes on
/// by itself, because `form-action` governs the redirects behind a form, too.
pub(super) fn after_form(visit: &Visit, target: &str) -> Answer {
    let path = target.split('?').next().unwrap_or_default();
    let to_app = path.ends_with("/authorize") || path.ends_with("/logout") || path.ends_with("/adminconsent");
    if to_app { onward(visit, target.to_owned()) } else { see_other(target) }
}

fn onward(visit: &Visit, url: String) -> Answer {
    html(StatusCode::OK, &Onward { page: visit.page(&session::Binding::None), url })
}

/// A request of an app: where it came, and what it says.
struct Asked<'v> {
    uri: &'v Uri,
    request: &'v AuthorizeRequest,
}

impl Asked<'_> {
    /// The address again, with the way as it is now.
    fn again(&self, visit: &Visit, way: Way) -> String {
        let (rest, _) = split_language(self.uri.query().unwrap_or_default());
        let prefix = format!("{WAY}=");
        let mut query: Vec<&str> =
            rest.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&prefix)).collect();
        let (directory, cx) = (&visit.app.directory, &visit.arrival.cx);
        let marker = format!("{prefix}{}", directory.write_visit(cx, self.request, way));
        query.push(&marker);
        format!("{}?{}", self.uri.path(), query.join("&"))
    }

    /// Where to sign in afresh and come back to this address. What somebody chose or allowed before does not count for whoever
    /// signs in then.
    fn sign_in(&self, visit: &Visit) -> String {
        let way = Way { since: Some(visit.arrival.cx.now), ..Way::default() };
        let mut target = sign_in_at(&self.again(visit, way));
        if self.request.wants_fresh() {
            target.push_str("&fresh");
        }
        if let Some(hint) = visit.query.get("login_hint") {
            target.push_str(&format!("&userName={}", encoded(hint)));
        }
        target
    }

    fn way(&self, visit: &Visit, fields: &Fields) -> Way {
        let read = |text: &str| visit.app.directory.read_visit(&visit.arrival.cx, self.request, text);
        fields.get(WAY).map(read).unwrap_or_default()
    }
}

fn lines(delegated: &[Permission], application: &[Permission]) -> Vec<PermissionLine> {
    let line = |own| move |permission: &Permission| PermissionLine { permission: *permission, own };
    delegated.iter().map(line(false)).chain(application.iter().map(line(true))).collect()
}

/// Scheme, host and port of an address.
fn destination(uri: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("https", uri));
    format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or_default())
}

pub(crate) async fn authorize(Path(tenant): Path<String>, visit: Visit) -> Answer {
    let who = visit.who().await?;
    let request = authorize_request(&visit.arrival.origin, tenant, visit.query.pairs());
    let asked = Asked { uri: &visit.uri, request: &request };
    let way = asked.way(&visit, &visit.query);
    let step = visit.app.directory.authorize(&visit.arrival.cx, who.as_ref(), &request, way).await?;
    Show { visit: &visit, who: who.as_ref(), asked, way, after_form: false }.step(step)
}

/// A request of an app, and how far its person has come.
struct Show<'v> {
    visit: &'v Visit,
    who: Option<&'v SignedIn>,
    asked: Asked<'v>,
    way: Way,
    /// It is shown in answer to a form.
    after_form: bool,
}

impl Show<'_> {
    fn step(&self, step: Step) -> Answer {
        let Self { visit, asked, way, .. } = self;
        match step {
            Step::Refused(fault) => self.refused(&fault),
            Step::Answer(answer) => self.answer(answer),
            Step::SignIn => {
                let target = asked.sign_in(visit);
                // The sign-in page comes back to addresses of this length at most.
                if target.len() > 4000 { self.refused(&OAuthFault::too_long()) } else { see_other(&target) }
            }
            Step::Choose => {
                let (name, user_name) = self.names();
                let page = visit.page(&session::Binding::None);
                let onward = asked.again(visit, Way { chosen: true, ..*way });
                html(StatusCode::OK, &Choose { page, name, user_name, onward, other: asked.sign_in(visit) })
            }
            Step::Consent(view) => {
                let kind = if view.administrator { ConsentKind::Administrator } else { ConsentKind::Oneself };
                self.consent(*view, kind)
            }
            Step::Administrator(view) => self.consent(*view, ConsentKind::AskAdministrator),
            Step::Connect(view) => self.connect(*view),
        }
    }

    fn names(&self) -> (String, String) {
        self.who.map(|who| (who.name.clone(), who.user_name.clone())).unwrap_or_default()
    }

    fn connect(&self, view: ConnectView) -> Answer {
        let Self { visit, asked, way, .. } = self;
        html(
            StatusCode::OK,
            &Connect {
                page: self.bound_page(),
                organization: view.organization.name,
                domain: view.organization.domain,
                privacy_statement: view.organization.privacy.statement_url,
                app: view.app,
                destination: destination(&view.redirect_uri),
                user_name: self.names().1,
                request: asked.again(visit, *way),
                other: asked.sign_in(visit),
            },
        )
    }

    /// A page whose forms are good for this session only.
    fn bound_page(&self) -> Page {
        let session = self.who.map(|who| session::Binding::Session(who.binding().to_owned()));
        self.visit.page(&session.unwrap_or(session::Binding::None))
    }

    fn consent(&self, view: ConsentView, kind: ConsentKind) -> Answer {
        let Self { visit, asked, way, .. } = self;
        html(
            StatusCode::OK,
            &Consent {
                page: self.bound_page(),
                kind,
                organization: view.organization,
                app: view.app,
                destination: destination(&view.redirect_uri),
                permissions: lines(&view.delegated, &view.application),
                offline: view.offline,
                user_name: self.names().1,
                action: paths::CONSENT.to_owned(),
                request: asked.again(visit, *way),
                other: asked.sign_in(visit),
            },
        )
    }

    fn refused(&self, fault: &OAuthFault) -> Answer {
        refused(self.visit, fault, self.who.map(|_| self.asked.sign_in(self.visit)))
    }

    fn answer(&self, answer: ClientAnswer) -> Answer {
        match answer.mode {
            ResponseMode::FormPost => form_post(self.visit, answer),
            _ if self.after_form => onward(self.visit, answer.location()),
            _ => found(&answer.location()),
        }
    }
}

/// Nothing goes to the app; `other` is where to sign in with another account.
fn refused(visit: &Visit, fault: &OAuthFault, other: Option<String>) -> Answer {
    let template = OAuthRefused {
        page: visit.page(&session::Binding::None),
        message: fault.description.clone(),
        request_id: visit.arrival.cx.request.to_string(),
        other,
    };
    html(StatusCode::BAD_REQUEST, &template)
}

fn found(location: &str) -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let location =
        HeaderValue::from_str(location).map_err(|_| Error::internal("a redirect that is no header"))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// The one page whose form goes elsewhere: to the registered address of the app, which its policy names.
fn form_post(visit: &Visit, answer: ClientAnswer) -> Answer {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action {}; base-uri 'none'; frame-ancestors 'none'",
        destination(&answer.redirect_uri)
    );
    let page = visit.page(&session::Binding::None);
    let form = FormPost { page, action: answer.redirect_uri, fields: answer.parameters };
    let mut response = html(StatusCode::OK, &form)?;
    let policy = HeaderValue::from_str(&policy).map_err(|_| Error::internal("a policy that is no header"))?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// Takes an app's request up again out of a form of ours.
fn resumed(text: &str) -> Option<(Uri, String, Fields)> {
    let uri: Uri = text.parse().ok()?;
    let tenant = uri.path().strip_prefix('/')?.strip_suffix("/oauth2/v2.0/authorize")?.to_owned();
    let fields = Fields::of_query(&uri);
    (!tenant.contains('/')).then_some((uri, tenant, fields))
}

/// A yes or a no to what an app asks for.
pub(crate) async fn consent(form: Sent<Member>) -> Answer {
    let Sent { by: Member { visit, who, .. }, fields } = form;
    let Some((uri, tenant, query)) = resumed(fields.get("request").unwrap_or_default()) else {
        return Err(Error::bad_request("The form does not say which request it answers.").into());
    };
    let request: AuthorizeRequest = authorize_request(&visit.arrival.origin, tenant, query.pairs());
    let asked = Asked { uri: &uri, request: &request };
    let way = asked.way(&visit, &query);
    let show = Show { visit: &visit, who: Some(&who), asked, way, after_form: true };
    let (directory, cx) = (&visit.app.directory, &visit.arrival.cx);
    if fields.text("decision") != "accept" {
        return show.step(directory.decline(cx, Some(&who), &request).await?);
    }
    match directory.consent(cx, &who, &request, fields.get("everyone").is_some()).await? {
        Some(step) => show.step(step),
        None => {
            let way = Way { consented: true, chosen: true, ..way };
            onward(&visit, show.asked.again(&visit, way))
        }
    }
}

fn admin_request(tenant: String, fields: &Fields) -> AdminConsentRequest {
    let pairs = fields.pairs();
    let get = |name: &str| crate::oauth::field(pairs, name).filter(|value| !value.is_empty());
    AdminConsentRequest {
        tenant,
        client_id: get("client_id"),
        redirect_uri: get("redirect_uri"),
        scope: get("scope"),
        state: get("state"),
        duplicate: crate::oauth::duplicate(pairs),
    }
}

/// Asks an administrator for everybody.
pub(crate) async fn ask_administrator(Path(tenant): Path<String>, member: Member) -> Answer {
    let request = admin_request(tenant, &member.visit.query);
    let (directory, cx) = (&member.visit.app.directory, &member.visit.arrival.cx);
    let step = directory.view_admin_consent(cx, &member.who, &request).await?;
    administrators_step(&member, step)
}

pub(crate) async fn decide_for_all(Path(tenant): Path<String>, form: Sent<Member>) -> Answer {
    let Sent { by: member, fields } = form;
    let request = admin_request(tenant, &member.visit.query);
    let accept = fields.text("decision") == "accept";
    let (directory, cx) = (&member.visit.app.directory, &member.visit.arrival.cx);
    let step = directory.admin_consent(cx, &member.who, &request, accept).await?;
    administrators_step(&member, step)
}

fn administrators_step(member: &Member, step: AdminStep) -> Answer {
    let Member { visit, who, .. } = member;
    let other = sign_in_for(&visit.uri);
    match step {
        AdminStep::Refused(fault) => refused(visit, &fault, Some(other)),
        AdminStep::Answer(answer) => onward(visit, answer.location()),
        AdminStep::NotAdministrator => Err(Error::forbidden().into()),
        AdminStep::Ask(view) => html(
            StatusCode::OK,
            &Consent {
                page: member.page(),
                kind: ConsentKind::Everybody,
                organization: view.organization,
                app: view.app,
                destination: destination(&view.redirect_uri),
                permissions: lines(&view.delegated, &view.application),
                offline: view.offline,
                user_name: who.user_name.clone(),
                action: visit.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
                request: String::new(),
                other,
            },
        ),
    }
}

fn device_page(member: &Member, status: StatusCode, state: DeviceState) -> Answer {
    html(status, &Device { page: member.page(), state, user_name: member.who.user_name.clone() })
}

/// Asks for the code that a device shows. It is never taken out of a link: whoever sends one could wait for it.
pub(crate) async fn device(member: Member) -> Answer {
    device_page(&member, StatusCode::OK, DeviceState::Enter { problem: None })
}

pub(crate) async fn decide_device(form: Sent<Member>) -> Answer {
    let Sent { by: member, fields } = form;
    let code = fields.text("code").to_owned();
    let (directory, cx) = (&member.visit.app.directory, &member.visit.arrival.cx);
    let step = match fields.get("decision") {
        None => directory.view_device(cx, &member.who, &code).await?,
        Some(decision) => directory.decide_device(cx, &member.who, &code, decision == "accept").await?,
    };
    let again = |problem| DeviceState::Enter { problem: Some(problem) };
    let (status, state) = match step {
        DeviceStep::Unknown => (StatusCode::UNPROCESSABLE_ENTITY, again("device-unknown")),
        DeviceStep::Throttled => (StatusCode::TOO_MANY_REQUESTS, again("device-throttled")),
        DeviceStep::NotAllowed => (StatusCode::FORBIDDEN, DeviceState::Over("device-not-allowed")),
        DeviceStep::Administrator(_) => {
            (StatusCode::FORBIDDEN, DeviceState::Over("device-needs-administrator"))
        }
        DeviceStep::Approved => (StatusCode::OK, DeviceState::Over("device-approved")),
        DeviceStep::Declined => (StatusCode::OK, DeviceState::Over("device-declined")),
        DeviceStep::Ask(view) => {
            let permissions = lines(&view.missing, &[]);
            let (app, organization, offline) = (view.app, view.organization, view.offline);
            (StatusCode::OK, DeviceState::Ask { code, app, organization, permissions, offline })
        }
    };
    device_page(&member, status, state)
}

/// An app sends somebody here to sign out. Without an ID token that names the person, the person is asked: any site could
/// have sent them.
pub(crate) async fn sign_out(Path(tenant): Path<String>, visit: Visit) -> Answer {
    let get = |name: &str| visit.query.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let request = SignOutRequest {
        tenant,
        id_token_hint: get("id_token_hint"),
        client_id: get("client_id"),
        redirect_uri: get("post_logout_redirect_uri"),
        state: get("state"),
    };
    let found = visit.app.directory.sign_out_request(&visit.arrival.cx, &request).await?;
    let signed_out = format!("{}?signedOut", paths::SIGN_IN);
    let onward = found.onward.unwrap_or(signed_out);
    let Some(who) = visit.who().await? else { return self_or_app(&onward) };
    if found.person.is_some_and(|(tenant, object)| is(&who, tenant, object)) {
        let cookie = session::cookie(&visit.headers, session::SESSION).unwrap_or_default();
        visit.app.directory.sign_out(cookie).await?;
        return without_session(self_or_app(&onward)?);
    }
    let page = visit.page(&session::Binding::Session(who.binding().to_owned()));
    let onward = visit.app.directory.sign_opaque(ONWARD, onward.as_bytes());
    html(StatusCode::OK, &SignOutApp { page, user_name: who.user_name, onward })
}

fn is(who: &SignedIn, tenant: model::TenantId, object: model::ObjectId) -> bool {
    who.person == (Person::Member { tenant, object })
}

fn self_or_app(target: &str) -> Answer {
    if target.starts_with('/') { see_other(target) } else { found(target) }
}

/// The person said yes to being signed out.
pub(crate) async fn out(State(app): State<crate::App>, form: Sent<Member>) -> Answer {
    let visit = &form.by.visit;
    let cookie = session::cookie(&visit.headers, session::SESSION).unwrap_or_default();
    app.directory.sign_out(cookie).await?;
    let opened = app.directory.open_opaque(ONWARD, form.fields.get("onward").unwrap_or_default());
    let target = opened.and_then(|bytes| String::from_utf8(bytes).ok());
    let target = target.unwrap_or_else(|| format!("{}?signedOut", paths::SIGN_IN));
    without_session(onward(visit, target)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_taken_up_again_only_where_it_came_from() {
        assert!(resumed("/contoso.example/oauth2/v2.0/authorize?client_id=x").is_some());
        for bad in [
            "",
            "/myaccount",
            "/a/b/oauth2/v2.0/authorize",
            "/oauth2/v2.0/authorize",
            "//evil.example/oauth2/v2.0/authorize",
            "/a/oauth2/v2.0/authorize/x",
            "not an address",
        ] {
            assert!(resumed(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_policy_names_the_origin_of_an_address() {
        for (uri, expected) in [
            ("https://app.example/cb?x=1", "https://app.example"),
            ("http://localhost:8400/", "http://localhost:8400"),
            ("https://app.example", "https://app.example"),
            ("https://app.example?x", "https://app.example"),
        ] {
            assert_eq!(destination(uri), expected);
        }
    }
}
