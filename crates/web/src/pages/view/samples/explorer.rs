//! The explorer in every state.

use super::{Explorer, Field, HOSTILE, Problem, Texts, inside, paths, tenant};
use crate::pages::view::{ExplorerAnswer, FollowLink, Halt, Needs, Rights, SampleGroup, SampleLink, Typed};

const POLICY: &str = "policies/externalIdentitiesPolicy";
const ROLES: [&str; 2] = ["Global Administrator", "External Identity Provider Administrator"];

fn typed(method: &str, target: &str, body: &str) -> Typed {
    Typed {
        method: method.to_owned(),
        version: "beta".to_owned(),
        target: Field::of(target),
        headers: Field::of("ConsistencyLevel: eventual"),
        body: Field::of(body),
    }
}

fn get() -> Typed {
    typed("GET", POLICY, "")
}

fn patch() -> Typed {
    typed("PATCH", POLICY, "{\n  \"allowExternalIdentitiesToLeave\": true\n}")
}

fn wrong() -> Typed {
    let mut wrong = typed("POST", "https://evil.example/", "{}");
    wrong.target.problem = Some(Problem::OtherServer);
    wrong.headers.problem = Some(Problem::HeaderOfOurs);
    wrong.body.problem = Some(Problem::Placeholder);
    wrong
}

fn groups() -> Vec<SampleGroup> {
    let sample = |method, path: &'static str, current| SampleLink {
        method,
        path,
        summary: "Read the external identities policy".to_owned(),
        link: format!("/explorer?sample={method}%20{path}"),
        current,
    };
    let both = vec![sample("GET", POLICY, true), sample("PATCH", POLICY, false)];
    let users = vec![sample("GET", "users/{id}", false)];
    vec![
        SampleGroup { name: POLICY, open: true, samples: both },
        SampleGroup { name: "users", open: false, samples: users },
    ]
}

fn rights(every: bool, allowed: bool, roles: &[&'static str]) -> Option<Needs> {
    let if_every = |names: &[&'static str]| if every { names.to_vec() } else { Vec::new() };
    Some(Needs::Rights(Box::new(Rights {
        delegated: vec!["Policy.Read.All", "Policy.ReadWrite.ExternalIdentities"],
        application: if_every(&["Policy.Read.All"]),
        roles: roles.to_vec(),
        every,
        held: if_every(&["Policy.Read.All"]),
        own_roles: if_every(&["Global Administrator"]),
        allowed,
    })))
}

fn answer(status: u16, reason: &'static str, body: &str) -> ExplorerAnswer {
    ExplorerAnswer {
        status,
        reason,
        headers: vec![("content-type".to_owned(), HOSTILE.to_owned())],
        body: body.to_owned(),
        cut: None,
        links: Vec::new(),
        sign_in: None,
    }
}

fn long() -> ExplorerAnswer {
    let next = |name: &str| FollowLink {
        name: name.to_owned(),
        version: "v1.0",
        target: "users?$skiptoken=\"x\"".to_owned(),
    };
    ExplorerAnswer {
        cut: Some(412),
        links: vec![next("@odata.nextLink"), next("Location")],
        ..answer(200, "OK", &format!("{{ \"displayName\": \"{HOSTILE}\" }}"))
    }
}

impl Explorer {
    pub(super) fn samples(texts: Texts) -> Vec<Self> {
        let make = |typed| Self {
            page: inside(texts, paths::EXPLORER),
            organizations: vec![(tenant(1), HOSTILE.to_owned()), (tenant(2), "Woodgrove Bank".to_owned())],
            organization: Some(tenant(2)),
            typed,
            samples: groups(),
            halt: None,
            needs: None,
            answer: None,
            curl: None,
            token: "TOKEN=$(curl -sS https://localhost:8443/x/oauth2/v2.0/token)".to_owned(),
        };
        let sent = |typed, answer, needs| Self {
            needs,
            answer: Some(answer),
            curl: Some(
                "curl -sS 'https://localhost:8443/beta/users' -H \"Authorization: Bearer $TOKEN\"".to_owned(),
            ),
            ..make(typed)
        };
        let again = || "/signin?return=/explorer&again".to_owned();
        let stale = ExplorerAnswer { sign_in: Some(again()), ..answer(401, "Unauthorized", "{}") };
        vec![
            Self { needs: rights(true, true, &[]), ..make(get()) },
            Self { needs: rights(true, false, &ROLES), ..make(patch()) },
            sent(patch(), answer(403, "Forbidden", "{}"), rights(false, false, &ROLES)),
            sent(get(), long(), rights(true, false, &[])),
            sent(patch(), answer(204, "No Content", ""), Some(Needs::Each)),
            sent(patch(), stale, Some(Needs::Nothing)),
            Self { needs: Some(Needs::Unknown), ..make(wrong()) },
            Self { halt: Some(Halt::Shut { link: again() }), ..make(get()) },
            Self { halt: Some(Halt::NoAccount), organization: Some(tenant(9)), ..make(get()) },
            Self { organizations: Vec::new(), organization: None, ..make(get()) },
        ]
    }
}
