//! What a handler is given: a visit by anybody, by somebody signed in, or by an administrator; and forms that proved to be
//! ours before the handler sees them.

use super::{
    answer::{Stop, encoded, see_other, sign_in_again_for, sign_in_for, split_language, texts},
    i18n::Texts,
    paths,
    session::{self, Binding},
    view::{Account, Administration, Page, Pages},
};
use crate::{App, edge::Arrival};
use axum::extract::{Form as FormBody, FromRequest, FromRequestParts, Query, Request};
use http::{HeaderMap, Uri, header, request::Parts};
use model::{
    Error, ErrorKind, Tenant,
    authz::{Operation, Role},
};
use serde::{Serialize, de::DeserializeOwned};
use service::{Caller, SignedIn, Visitor};

/// The part of the query that says where a list goes on.
const AFTER: &str = "after";
/// The part of the query that says what was just done.
const NOTE: &str = "note";

/// Fields in the order in which they came; a name may be there more than once.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of_query(uri: &Uri) -> Self {
        Self(Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default())
    }

    /// The first field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    /// All of them, in the order in which they came.
    pub(super) fn pairs(&self) -> &Vec<(String, String)> {
        &self.0
    }

    /// The first field of this name without blanks around it; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// Every field of this name.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A visit by anybody.
pub(super) struct Visit {
    /// The application.
    pub app: App,
    /// What the edge knows of the request.
    pub arrival: Arrival,
    /// The reader's texts.
    pub texts: Texts,
    /// The query.
    pub query: Fields,
    /// Headers as they came.
    pub headers: HeaderMap,
    /// The address as it came.
    pub uri: Uri,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Stop;

    /// Until there is a tenant, every page leads to the set-up.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let arrival = parts
            .extensions
            .get::<Arrival>()
            .cloned()
            .ok_or_else(|| Error::internal("a request that the edge did not see"))?;
        if parts.uri.path() != paths::SETUP && app.directory.needs_setup().await? {
            return Err(Stop::Answer(Box::new(see_other(paths::SETUP)?)));
        }
        Ok(Self {
            app: app.clone(),
            arrival,
            texts: texts(&parts.headers),
            query: Fields::of_query(&parts.uri),
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
        })
    }
}

impl Visit {
    /// What is around a page whose forms are bound so.
    pub(super) fn page(&self, binding: &Binding) -> Page {
        Page {
            texts: self.texts,
            path: self.uri.path().to_owned(),
            query: self.uri.query().map(|query| split_language(query).0).unwrap_or_default(),
            csrf: binding.token(&self.app),
            account: None,
            administration: None,
        }
    }

    /// Who is signed in, if anybody is.
    pub(super) async fn who(&self) -> Result<Option<SignedIn>, Error> {
        let cookie = session::cookie(&self.headers, session::SESSION).unwrap_or_default();
        self.app.directory.session(&self.arrival.cx, cookie).await
    }

    /// Who is at the door, as far as the request tells.
    pub(super) fn visitor(&self) -> Visitor {
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        Visitor {
            network: self.arrival.network(),
            device: session::cookie(&self.headers, session::DEVICE).map(str::to_owned),
            agent: header(header::USER_AGENT).map(str::to_owned),
        }
    }

    /// What forms are bound to as long as nobody is signed in: the cookie that is there, or else a new one to be set.
    pub(super) fn form_binding(&self) -> (Binding, Option<String>) {
        match session::cookie(&self.headers, session::FORM).filter(|value| value.len() <= 64) {
            Some(value) => (Binding::Form(value.to_owned()), None),
            None => {
                let value = session::unguessable(self.arrival.cx.random.as_ref());
                let cookie = session::keep_form(&value);
                (Binding::Form(value), Some(cookie))
            }
        }
    }
}

/// A visit by somebody signed in.
pub(super) struct Member {
    /// The visit.
    pub visit: Visit,
    /// Who.
    pub who: SignedIn,
    /// Directory roles in the home tenant.
    pub roles: Vec<Role>,
}

impl FromRequestParts<App> for Member {
    type Rejection = Stop;

    /// Whoever is not signed in does so first and comes back.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let visit = Visit::from_request_parts(parts, app).await?;
        let cookie = session::cookie(&visit.headers, session::SESSION).unwrap_or_default();
        let Some(who) = app.directory.session(&visit.arrival.cx, cookie).await? else {
            return Err(Stop::Answer(Box::new(see_other(&sign_in_for(&visit.uri))?)));
        };
        let roles = roles(&visit, &who).await?;
        Ok(Self { visit, who, roles })
    }
}

/// The roles of a person at home; none for a mailbox and for whoever may not read so much as their own.
async fn roles(visit: &Visit, who: &SignedIn) -> Result<Vec<Role>, Error> {
    let model::Person::Member { object, .. } = who.person else { return Ok(Vec::new()) };
    let Some(caller) = who.caller() else { return Ok(Vec::new()) };
    match visit.app.directory.memberships_of(&visit.arrival.cx, &caller, object).await {
        Ok((_, roles)) => Ok(roles),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

impl Member {
    /// What the forms of this person's pages are bound to.
    pub(super) fn binding(&self) -> Binding {
        Binding::Session(self.who.binding().to_owned())
    }

    /// What is around a page for this person.
    pub(super) fn page(&self) -> Page {
        let account = Account {
            name: self.who.name.clone(),
            user_name: self.who.user_name.clone(),
            administrator: !self.roles.is_empty(),
        };
        Page { account: Some(account), ..self.visit.page(&self.binding()) }
    }

    /// A note to the page that the person is sent to, which nobody else can make up.
    pub(super) fn note(&self, text: &str) -> String {
        let payload = format!("{}:{text}", self.who.binding());
        self.visit.app.directory.sign_opaque("note", payload.as_bytes())
    }

    /// The note that came with this address.
    pub(super) fn noted(&self) -> Option<String> {
        let opened = self.visit.app.directory.open_opaque("note", self.visit.query.get(NOTE)?)?;
        String::from_utf8(opened).ok()?.strip_prefix(self.who.binding())?.strip_prefix(':').map(str::to_owned)
    }
}

/// A visit by an administrator of any kind.
pub(super) struct Admin {
    /// The visit.
    pub member: Member,
    /// As whom the verbs are called.
    pub caller: Caller,
    /// The organisation being administered: the person's home.
    pub tenant: Tenant,
}

impl FromRequestParts<App> for Admin {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let member = Member::from_request_parts(parts, app).await?;
        let caller = member.who.caller().filter(|_| !member.roles.is_empty()).ok_or_else(Error::forbidden)?;
        let cookie = session::cookie(&member.visit.headers, session::ADMIN).unwrap_or_default();
        if !app.directory.administers(&member.visit.arrival.cx, &member.who, cookie).await? {
            // The door is shut: it opens with a fresh sign-in, and with a second factor where the organisation asks for one.
            let way = if app.directory.lacks_second_factor(&member.who).await? {
                format!("{}?required", paths::SECURITY)
            } else {
                sign_in_again_for(&member.visit.uri)
            };
            return Err(Stop::Answer(Box::new(see_other(&way)?)));
        }
        let (tenant, ..) = app.directory.get_organization(&member.visit.arrival.cx, &caller).await?;
        Ok(Self { member, caller, tenant })
    }
}

impl Admin {
    /// What is around a page for this administrator.
    pub(super) fn page(&self) -> Page {
        let roles = self.member.roles.clone();
        let administration = Administration { organization: self.tenant.name.clone(), roles };
        Page { administration: Some(administration), ..self.member.page() }
    }

    /// Does one of the roles allow this? Only decides what a page offers; the verbs judge again.
    pub(super) fn may(&self, operation: Operation) -> bool {
        operation.is_open_to(&self.member.roles)
    }

    /// The name under which positions in a list are sealed: they hold what the list is ordered by.
    fn label(&self, list: &str) -> String {
        format!("{list}:{}", self.caller.tenant())
    }

    /// Where the reader is in this list; none at its beginning, and for what nobody sealed here.
    pub(super) fn position<T: DeserializeOwned>(&self, list: &str) -> Option<T> {
        let sealed = self.member.visit.query.get(AFTER)?;
        let opened = self.app().directory.unseal_opaque(&self.label(list), sealed)?;
        serde_json::from_slice(&opened).ok()
    }

    /// The ways from this part of a list to its beginning and to the next part. What the list is filtered by stays.
    pub(super) fn pages<T: Serialize>(&self, list: &str, next: Option<&T>) -> Result<Pages, Error> {
        let visit = &self.member.visit;
        let kept: Vec<String> = visit
            .query
            .pairs()
            .iter()
            .filter(|(name, value)| !value.is_empty() && ![AFTER, NOTE, "lang"].contains(&name.as_str()))
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let link = |after: Option<String>| {
            let query: Vec<String> = kept.iter().cloned().chain(after).collect();
            let mark = if query.is_empty() { "" } else { "?" };
            format!("{}{mark}{}", visit.uri.path(), query.join("&"))
        };
        let sealed = next.map(|position| {
            let position =
                serde_json::to_vec(position).map_err(|error| Error::internal(error.to_string()))?;
            self.app().directory.seal_opaque(self.cx(), &self.label(list), &position)
        });
        let next = sealed.transpose()?.map(|sealed| link(Some(format!("{AFTER}={}", encoded(&sealed)))));
        Ok(Pages { first: visit.query.get(AFTER).map(|_| link(None)), next })
    }

    /// The application.
    pub(super) fn app(&self) -> &App {
        &self.member.visit.app
    }

    /// Time, randomness and the request id.
    pub(super) fn cx(&self) -> &model::Cx {
        &self.member.visit.arrival.cx
    }
}

/// A form of somebody signed in, with the token of that session.
pub(super) struct Sent<V> {
    /// Whose.
    pub by: V,
    /// What was sent.
    pub fields: Fields,
}

/// A visit with a session behind it.
pub(super) trait InSession: FromRequestParts<App, Rejection = Stop> + Send {
    /// The visit as that of a member.
    fn member(&self) -> &Member;
}

impl InSession for Member {
    fn member(&self) -> &Member {
        self
    }
}

impl InSession for Admin {
    fn member(&self) -> &Member {
        &self.member
    }
}

impl<V: InSession> FromRequest<App> for Sent<V> {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let (mut parts, body) = request.into_parts();
        let by = V::from_request_parts(&mut parts, app).await?;
        let fields = fields(Request::from_parts(parts, body), app).await?;
        if by.member().binding().proves(app, fields.text("csrf")) {
            Ok(Self { by, fields })
        } else {
            Err(Error::forbidden().because("a form without the token of this session").into())
        }
    }
}

/// A form from before signing in; whether its token is good, the handler asks, because it shows the form again.
pub(super) struct Knock {
    /// The visit.
    pub visit: Visit,
    /// What was sent.
    pub fields: Fields,
    /// The token belongs to the cookie that came along.
    pub ours: bool,
}

impl FromRequest<App> for Knock {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, app).await?;
        let fields = fields(Request::from_parts(parts, body), app).await?;
        let ours = visit.form_binding().0.proves(app, fields.text("csrf"));
        Ok(Self { visit, fields, ours })
    }
}

async fn fields(request: Request, app: &App) -> Result<Fields, Stop> {
    let FormBody(pairs) =
        FormBody::<Vec<(String, String)>>::from_request(request, app).await.map_err(|rejection| {
            Error::bad_request("The form could not be read.").because(rejection.to_string())
        })?;
    Ok(Fields(pairs))
}
