//! The explorer: requests to Graph, typed by a person and sent from the session.

use crate::{
    edge,
    graph::{self, Route, Version},
    pages::{
        answer::{Answer, encoded, html},
        i18n::is_disruptive,
        paths, session,
        view::{
            Explorer, ExplorerAnswer, Field, FollowLink, Halt, METHODS, Needs, Problem, Rights, SampleGroup,
            SampleLink, Typed, VERSIONS,
        },
        visit::{Fields, Member, Sent},
    },
};
use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use model::{Error, ErrorKind, InvitationState, Result, TenantId};
use serde_json::{Value, json};
use service::{Exploration, Explorer as Rightful};

/// The label under which a request is signed that waits for its person to sign in again.
const WAITING: &str = "explorer";
/// What is shown of a body, in bytes.
const SHOWN: usize = 128 * 1024;
/// What may be typed into one field, in bytes.
const TYPED: usize = 256 * 1024;
/// Headers that come with the session, the server or the connection.
const OURS: [HeaderName; 10] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::HOST,
    header::ORIGIN,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::ACCEPT_ENCODING,
];
/// The name under which documentation and clients know the server of Graph.
const GRAPH: &str = "https://graph.microsoft.com";

pub(crate) async fn show(member: Member) -> Answer {
    let wanted = member.visit.query.text("organization").parse().ok();
    let sample = member.visit.query.get("sample");
    let chosen = graph::routes().iter().find(|route| sample == Some(name(route).as_str()));
    let (wanted, mut typed) = match (waiting(&member), chosen) {
        (Some((tenant, typed)), _) => (Some(tenant), typed),
        (None, Some(route)) => (wanted, of_sample(route)),
        (None, None) => (wanted, of_sample(&graph::routes()[first()])),
    };
    let desk = Desk::new(&member, wanted).await?;
    let needs = match locate(&member, &mut typed) {
        Ok(located) => desk.needs(&located, &typed.method).await?,
        Err(_) => None,
    };
    let page = desk.page(typed, chosen);
    html(StatusCode::OK, &Explorer { needs, ..page })
}

pub(crate) async fn run(form: Sent<Member>) -> Answer {
    let (member, fields) = (&form.by, &form.fields);
    let wanted = fields.text("organization").parse().ok();
    let mut typed = of_fields(fields);
    let desk = Desk::new(member, wanted).await?;
    let (located, headers) = (locate(member, &mut typed), headers(&mut typed));
    judge_braces(&mut typed);
    let needs = match &located {
        Ok(located) => desk.needs(located, &typed.method).await?,
        Err(_) => None,
    };
    let page = Explorer { needs, ..desk.page(typed, None) };
    let fields = [&page.typed.target, &page.typed.headers, &page.typed.body];
    let (Ok((version, target)), Ok(headers), true) =
        (located, headers, fields.iter().all(|field| field.problem.is_none()))
    else {
        return html(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let rightful = match &desk.state {
        State::Open(rightful) => rightful,
        State::Shut => {
            let link = desk.way_back(&page.typed).await?;
            return html(StatusCode::FORBIDDEN, &Explorer { halt: Some(Halt::Shut { link }), ..page });
        }
        State::NoAccount => return html(StatusCode::FORBIDDEN, &page),
    };
    let target = format!("/{}/{target}", version.segment());
    let curl = Some(curl(&member.visit.arrival.origin, &page.typed, &target));
    let request = request(&page.typed, &target, headers)?;
    let visit = &member.visit;
    let caller = rightful.caller.clone();
    let response = edge::answer_for(&visit.app, &visit.arrival, caller, request).await;
    let mut answer = read(&visit.arrival.origin, response).await?;
    if answer.status == 401 {
        answer.sign_in = Some(desk.way_back(&page.typed).await?);
    }
    html(StatusCode::OK, &Explorer { answer: Some(answer), curl, ..page })
}

/// What the person may do where they want to.
enum State {
    Open(Box<Rightful>),
    Shut,
    NoAccount,
}

/// The person, where they are, and what they may do there.
struct Desk<'m> {
    member: &'m Member,
    organizations: Vec<(TenantId, String)>,
    organization: Option<TenantId>,
    state: State,
}

impl<'m> Desk<'m> {
    /// Nobody is sent where they did not want to go: whoever named no organisation is at home, or else in the first.
    async fn new(member: &'m Member, wanted: Option<TenantId>) -> Result<Self> {
        let (visit, who) = (&member.visit, &member.who);
        let listed = visit.app.directory.my_organizations(who).await?;
        let organizations: Vec<(TenantId, String)> = listed
            .into_iter()
            .filter(|one| one.user.account_enabled && !one.user.is_deleted())
            .filter(|one| one.user.invitation != Some(InvitationState::PendingAcceptance))
            .map(|one| (one.tenant.id, one.tenant.name))
            .collect();
        let organization = wanted.or_else(|| organizations.first().map(|(id, _)| *id));
        let cookie = session::cookie(&visit.headers, session::ADMIN).unwrap_or_default();
        let state = match organization {
            None => State::NoAccount,
            Some(tenant) => match visit.app.directory.explore(&visit.arrival.cx, who, tenant, cookie).await {
                Ok(Exploration::Open(rightful)) => State::Open(rightful),
                Ok(Exploration::Shut) => State::Shut,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => {
                    State::NoAccount
                }
                Err(error) => return Err(error),
            },
        };
        Ok(Self { member, organizations, organization, state })
    }

    /// The page, as far as the request was not sent.
    fn page(&self, typed: Typed, chosen: Option<&Route>) -> Explorer {
        let origin = &self.member.visit.arrival.origin;
        let tenant = self.organization.map(|id| id.to_string()).unwrap_or_default();
        Explorer {
            page: self.member.page(),
            organizations: self.organizations.clone(),
            organization: self.organization,
            typed,
            samples: samples(&self.member.visit.texts, chosen, self.organization),
            halt: match self.state {
                State::NoAccount if self.organization.is_some() => Some(Halt::NoAccount),
                _ => None,
            },
            needs: None,
            answer: None,
            curl: None,
            token: format!(
                "TOKEN=$(curl -sS {origin}/{tenant}/oauth2/v2.0/token \\\n  -d grant_type=client_credentials \\\n  -d client_id=\"$CLIENT_ID\" --data-urlencode client_secret=\"$CLIENT_SECRET\" \\\n  -d scope={GRAPH}/.default | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
            ),
        }
    }

    /// What the request needs and what the person has, from the route table.
    async fn needs(&self, (version, target): &(Version, String), method: &str) -> Result<Option<Needs>> {
        let State::Open(rightful) = &self.state else { return Ok(None) };
        let path = odata::encode_target(target.split('?').next().unwrap_or_default());
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let route = graph::route_of(&method, &format!("/{}/{path}", version.segment()));
        Ok(Some(match route.map(|(route, values)| (route, values, route.operation)) {
            None => Needs::Unknown,
            Some((route, _, None)) if route.path == "$batch" => Needs::Each,
            Some((_, _, None)) => Needs::Nothing,
            Some((route, values, Some(operation))) => {
                let visit = &self.member.visit;
                let (directory, cx) = (&visit.app.directory, &visit.arrival.cx);
                let user = values.first().filter(|_| route.path == USER).map(String::as_str);
                let (operation, allowed) =
                    directory.may_explore(cx, &rightful.caller, (operation, user)).await?;
                let rule = operation.rule();
                let held = rule.delegated.iter().filter(|one| rightful.permissions.contains(one));
                Needs::Rights(Box::new(Rights {
                    delegated: rule.delegated.iter().map(|one| one.value()).collect(),
                    application: rule.application.iter().map(|one| one.value()).collect(),
                    roles: rule.roles.iter().map(|role| role.title()).collect(),
                    every: rightful.administers,
                    held: held.map(|one| one.value()).collect(),
                    own_roles: rightful.roles.iter().map(|role| role.title()).collect(),
                    allowed,
                }))
            }
        }))
    }

    /// Where to prove anew who one is, so as to come back to the request as it was typed.
    async fn way_back(&self, typed: &Typed) -> Result<String> {
        let Member { visit, who, .. } = self.member;
        if visit.app.directory.lacks_second_factor(who).await? {
            return Ok(format!("{}?required", paths::SECURITY));
        }
        let sign = |body: &str| {
            let request = json!([
                who.person.key(),
                self.organization.map(|id| id.to_string()),
                typed.method,
                typed.version,
                typed.target.value,
                typed.headers.value,
                body,
            ]);
            visit.app.directory.sign_opaque(WAITING, request.to_string().as_bytes())
        };
        // An address has an end; what does not fit has to be typed again.
        let signed = [typed.body.value.as_str(), ""].map(sign).into_iter().find(|signed| signed.len() < 3500);
        let target = match signed {
            Some(signed) => format!("{}?typed={signed}", paths::EXPLORER),
            None => paths::EXPLORER.to_owned(),
        };
        Ok(format!("{}?return={}&again", paths::SIGN_IN, encoded(&target)))
    }
}

/// The request that this person had typed before they signed in again. Nobody else can fill it in for them.
fn waiting(member: &Member) -> Option<(TenantId, Typed)> {
    let opened = member.visit.app.directory.open_opaque(WAITING, member.visit.query.get("typed")?)?;
    let [person, tenant, method, version, target, headers, body]: [String; 7] =
        serde_json::from_slice(&opened).ok()?;
    let typed = Typed {
        method,
        version,
        target: Field::of(target),
        headers: Field::of(headers),
        body: Field::of(body),
    };
    Some((tenant.parse().ok()?, typed)).filter(|_| person == member.who.person.key())
}

/// By what a sample is chosen.
fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// The sample that is there at the beginning.
fn first() -> usize {
    let is_first = |route: &Route| route.method == "GET" && route.path == FIRST;
    graph::routes().iter().position(is_first).unwrap_or_default()
}

/// A user, who may be the very one who asks.
const USER: &str = "users/{id}";
/// What this server is there for.
const FIRST: &str = "policies/externalIdentitiesPolicy";

fn of_sample(route: &Route) -> Typed {
    let sample = graph::sample(route);
    let body = serde_json::from_str::<Value>(sample.body).ok();
    let body = body.and_then(|body| serde_json::to_string_pretty(&body).ok()).unwrap_or_default();
    Typed {
        method: route.method.to_owned(),
        version: sample.version.segment().to_owned(),
        target: Field::of(format!("{}{}", route.path, sample.query)),
        headers: Field::of(sample.headers),
        body: Field::of(body),
    }
}

fn of_fields(fields: &Fields) -> Typed {
    let one_of = |name: &str, known: &[&str]| {
        let sent = fields.text(name);
        known.iter().find(|known| **known == sent).unwrap_or(&known[0]).to_string()
    };
    let lines = |name: &str| fields.get(name).unwrap_or_default().replace("\r\n", "\n").trim().to_owned();
    Typed {
        method: one_of("method", &METHODS),
        version: one_of("version", &VERSIONS),
        target: Field::of(fields.text("target")),
        headers: Field::of(lines("headers")),
        body: Field::of(lines("body")),
    }
}

/// The samples by resource; that of the policy first.
fn samples(
    texts: &crate::pages::i18n::Texts,
    chosen: Option<&Route>,
    organization: Option<TenantId>,
) -> Vec<SampleGroup> {
    let group_of = |route: &Route| match route.path {
        FIRST => "externalIdentitiesPolicy",
        "" => "/",
        path => path.split('/').next().unwrap_or_default(),
    };
    let organization = organization.map(|id| format!("&organization={id}")).unwrap_or_default();
    let mut groups: Vec<SampleGroup> = Vec::new();
    let (policy, others): (Vec<_>, Vec<_>) = graph::routes().iter().partition(|route| route.path == FIRST);
    for route in policy.into_iter().chain(others) {
        let current = chosen.is_some_and(|chosen| name(chosen) == name(route));
        let link = SampleLink {
            method: route.method,
            path: route.path,
            summary: texts.summary(route),
            link: format!("{}?sample={}{organization}", paths::EXPLORER, encoded(&name(route))),
            current,
        };
        let group = group_of(route);
        let place = match groups.iter().position(|known| known.name == group) {
            Some(place) => place,
            None => {
                groups.push(SampleGroup { name: group, open: route.path == FIRST, samples: Vec::new() });
                groups.len() - 1
            }
        };
        groups[place].open |= current;
        groups[place].samples.push(link);
    }
    groups
}

/// Where a request goes: the version and what follows it. An address with a host is taken if the host is ours, under whichever
/// of its names; the explorer sends nowhere else.
fn locate(member: &Member, typed: &mut Typed) -> Result<(Version, String), Problem> {
    let mut fail = |problem| {
        typed.target.problem = Some(problem);
        Err(problem)
    };
    let text = typed.target.value.clone();
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['?', '/']) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let known = format!("{scheme}://{host}").eq_ignore_ascii_case(GRAPH)
                || scheme.eq_ignore_ascii_case("https")
                    && member.visit.app.directory.known_origin(host).is_some();
            if !known {
                return fail(Problem::OtherServer);
            }
            path
        }
        _ => &text,
    };
    let rest = rest.trim_start_matches('/');
    if rest.len() > TYPED {
        return fail(Problem::TooLong);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let named = Version::parse(&rest[..end]);
    let version = named.or_else(|| Version::parse(&typed.version)).unwrap_or(Version::V1);
    let target = if named.is_some() { rest[end..].trim_start_matches('/') } else { rest };
    version.segment().clone_into(&mut typed.version);
    target.clone_into(&mut typed.target.value);
    Ok((version, target.to_owned()))
}

/// What a body is if nobody says.
const JSON: &str = "Content-Type: application/json";

fn names_content_type(typed: &Typed) -> bool {
    let is_named = |line: &str| {
        line.split_once(':').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("content-type"))
    };
    typed.headers.value.lines().any(is_named)
}

/// The headers as they were typed.
fn headers(typed: &mut Typed) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    let mut problem = (typed.headers.value.len() > TYPED).then_some(Problem::TooLong);
    for line in typed.headers.value.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let parts = line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        let parsed = parts.and_then(|(name, value)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
        });
        match parsed {
            None => problem = Some(Problem::NotAHeader),
            Some((name, _)) if OURS.contains(&name) => problem = Some(Problem::HeaderOfOurs),
            Some((name, value)) => drop(headers.append(name, value)),
        }
    }
    typed.headers.problem = problem;
    if !typed.body.value.is_empty() && !names_content_type(typed) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    problem.map_or(Ok(headers), Err)
}

/// A sample says in braces what is to be filled in.
fn judge_braces(typed: &mut Typed) {
    let is_name = |text: &str| {
        let end = text.find('}').unwrap_or_default();
        end > 0 && text[..end].chars().all(|c| c.is_ascii_alphabetic())
    };
    if typed.target.value.split('?').next().is_some_and(|path| path.contains('{')) {
        typed.target.problem = Some(Problem::Placeholder);
    }
    if typed.body.value.len() > TYPED {
        typed.body.problem = Some(Problem::TooLong);
    } else if typed.body.value.split('{').skip(1).any(is_name) {
        typed.body.problem = Some(Problem::Placeholder);
    }
}

fn request(typed: &Typed, target: &str, headers: HeaderMap) -> Result<Request> {
    let mut request = Request::builder().method(typed.method.as_str()).uri(odata::encode_target(target));
    if let Some(map) = request.headers_mut() {
        *map = headers;
    }
    request
        .body(Body::from(typed.body.value.clone()))
        .map_err(|error| Error::bad_request("The request cannot be sent.").because(error.to_string()))
}

/// In single quotes a shell reads everything as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The same request for a shell. The token is one that an app got: the session has none.
fn curl(origin: &str, typed: &Typed, target: &str) -> String {
    let mut command = match typed.method.as_str() {
        "GET" => "curl -sS".to_owned(),
        method => format!("curl -sS -X {method}"),
    };
    command.push_str(&format!(" {}", quoted(&format!("{origin}{}", odata::encode_target(target)))));
    command.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
    let lines = typed.headers.value.lines().map(str::trim).filter(|line| !line.is_empty());
    let implied = (!typed.body.value.is_empty() && !names_content_type(typed)).then_some(JSON);
    for line in lines.chain(implied) {
        command.push_str(&format!(" \\\n  -H {}", quoted(line)));
    }
    if !typed.body.value.is_empty() {
        command.push_str(&format!(" \\\n  --data-raw {}", quoted(&typed.body.value)));
    }
    command
}

/// Reads an answer of Graph so that it can be shown.
async fn read(origin: &str, response: Response) -> Result<ExplorerAnswer> {
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| Error::internal("an answer of our own could not be read"))?;
    let bytes = body.to_bytes();
    let parsed = serde_json::from_slice::<Value>(&bytes).ok().filter(|value| value.is_object());
    let mut text = match &parsed {
        Some(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
        None => String::from_utf8_lossy(&bytes).into_owned(),
    };
    let cut = (text.len() > SHOWN).then(|| u64::try_from(text.len() / 1024).unwrap_or_default());
    if cut.is_some() {
        let end = (0..=SHOWN).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
    }
    let mut links = Vec::new();
    for (name, value) in parsed.iter().filter_map(Value::as_object).flatten() {
        if name.starts_with("@odata.") && name.ends_with("Link") {
            links.extend(value.as_str().and_then(|link| follow(origin, name, link)));
        }
    }
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), visible(&String::from_utf8_lossy(value.as_bytes())))
    };
    links.extend(
        head.headers.get(header::LOCATION).and_then(|value| follow(origin, "Location", value.to_str().ok()?)),
    );
    Ok(ExplorerAnswer {
        status: head.status.as_u16(),
        reason: head.status.canonical_reason().unwrap_or_default(),
        headers: head.headers.iter().map(header).collect(),
        body: visible(&text),
        cut,
        links,
        sign_in: None,
    })
}

/// Characters that would reorder or hide others, in the form that JSON has for them.
fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_disruptive(c) && !matches!(c, '\n' | '\t') {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
        out
    })
}

/// A link to Graph on this server.
fn follow(origin: &str, name: &str, link: &str) -> Option<FollowLink> {
    let rest = link.strip_prefix(origin)?.strip_prefix('/')?;
    let (version, target) = rest.split_once('/')?;
    let version = Version::parse(version)?.segment();
    Some(FollowLink { name: name.to_owned(), version, target: target.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_command_as_it_was_meant() {
        let mut typed = of_sample(&graph::routes()[first()]);
        typed.method = "PATCH".to_owned();
        typed.body = Field::of("{\"a\": \"it's $HOME `x`\"}");
        let command = curl("https://localhost:8443", &typed, "/beta/users?$filter=a eq 'b'");
        assert_eq!(
            command,
            "curl -sS -X PATCH 'https://localhost:8443/beta/users?$filter=a%20eq%20'\\''b'\\''' \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  -H 'Content-Type: application/json' \\\n  --data-raw '{\"a\": \"it'\\''s $HOME `x`\"}'"
        );
    }

    #[test]
    fn headers_that_are_ours_and_lines_that_are_none_are_refused() {
        for (lines, problem) in [
            ("", None),
            ("ConsistencyLevel: eventual\n\nPrefer: return=minimal", None),
            ("Authorization: Bearer x", Some(Problem::HeaderOfOurs)),
            ("cookie: a=b", Some(Problem::HeaderOfOurs)),
            ("host: evil.example", Some(Problem::HeaderOfOurs)),
            ("no header", Some(Problem::NotAHeader)),
            ("a b: c", Some(Problem::NotAHeader)),
        ] {
            let mut typed = of_sample(&graph::routes()[first()]);
            typed.headers = Field::of(lines);
            assert_eq!(headers(&mut typed).err(), problem, "{lines}");
            assert_eq!(typed.headers.problem, problem, "{lines}");
        }
    }

    #[test]
    fn braces_of_json_are_no_names_to_fill_in() {
        for (body, problem) in [
            ("{}", None),
            (r#"{"a": {"b": {}}}"#, None),
            (r#"{"keyId": "{keyId}"}"#, Some(Problem::Placeholder)),
        ] {
            let mut typed = of_sample(&graph::routes()[first()]);
            typed.body = Field::of(body);
            judge_braces(&mut typed);
            assert_eq!(typed.body.problem, problem, "{body}");
        }
    }

    #[test]
    fn links_lead_to_this_server_only() {
        let ours = "https://localhost:8443";
        let found =
            follow(ours, "@odata.nextLink", "https://localhost:8443/v1.0/users?$skiptoken=x").unwrap();
        assert_eq!((found.version, found.target.as_str()), ("v1.0", "users?$skiptoken=x"));
        for other in [
            "https://evil.example/v1.0/users",
            "https://localhost:84430/v1.0/users",
            "https://localhost:8443/admin/x",
        ] {
            assert!(follow(ours, "@odata.nextLink", other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_hostile_name_cannot_reorder_an_answer() {
        assert_eq!(visible("a\u{202e}b\u{61c}\n"), "a\\u202eb\\u061c\n");
    }
}
