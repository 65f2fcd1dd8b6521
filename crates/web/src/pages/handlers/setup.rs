//! First-run set-up: only from the machine itself, only until there is a tenant.

use super::general::nothing_here;
use crate::pages::{
    answer::{Answer, Stop, html, with_cookie},
    session::Binding,
    view::{ErrorPage, Field, Problem, Setup, SetupDone},
    visit::{Fields, Knock, Visit},
};
use http::StatusCode;
use model::{Error, ErrorKind, fold, is_plain_address};
use service::SetupRequest;

async fn admit(visit: &Visit) -> Result<(), Stop> {
    if !visit.app.directory.needs_setup().await? {
        return Err(nothing_here());
    }
    if visit.arrival.peer.to_canonical().is_loopback() {
        return Ok(());
    }
    let page = ErrorPage {
        page: visit.page(&Binding::None),
        status: StatusCode::FORBIDDEN.as_u16(),
        request_id: visit.arrival.cx.request.to_string(),
        retry_after: None,
        not_set_up: true,
    };
    Err(Stop::Answer(Box::new(html(StatusCode::FORBIDDEN, &page)?)))
}

fn ask(visit: &Visit, status: StatusCode, fill: impl FnOnce(Setup) -> Setup) -> Answer {
    let (binding, cookie) = visit.form_binding();
    let response = html(status, &fill(Setup::empty(visit.page(&binding))))?;
    match cookie {
        Some(cookie) => with_cookie(response, &cookie),
        None => Ok(response),
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    admit(&visit).await?;
    ask(&visit, StatusCode::OK, |form| form)
}

pub(crate) async fn finish(knock: Knock) -> Answer {
    let Knock { visit, fields, ours } = knock;
    admit(&visit).await?;
    if !ours {
        return Err(Error::forbidden().because("a set-up form without its token").into());
    }
    let judged = judge(&fields);
    if judged.problem().is_some() {
        return ask(&visit, StatusCode::BAD_REQUEST, |form| judged.fill(form));
    }
    match visit.app.directory.finish_setup(&visit.arrival.cx, judged.request()).await {
        Ok(tenant) => {
            let page = visit.page(&Binding::None);
            html(StatusCode::OK, &SetupDone { page, organization: tenant.name, user_name: judged.upn() })
        }
        Err(error) => {
            let judged = judged.refused(error)?;
            ask(&visit, StatusCode::BAD_REQUEST, |form| judged.fill(form))
        }
    }
}

/// The fields as they came, each with what is wrong with it.
struct Judged {
    secret: Field,
    organization: Field,
    domain: Field,
    name: Field,
    user_name: Field,
    password: Field,
    password_again: Field,
}

fn judge(fields: &Fields) -> Judged {
    let text = |name: &str| field(fields.text(name), |_| None);
    let password = fields.get("password").unwrap_or_default();
    let again = fields.get("passwordAgain").unwrap_or_default();
    let domain =
        field(fields.text("domain"), |text| (!is_domain(&fold(text))).then_some(Problem::NotADomain));
    let user_name = fields.text("userName");
    let full = full_name(user_name, &domain.value);
    let named = is_plain_address(&full)
        && !full.contains('#')
        && full.ends_with(&format!("@{}", fold(&domain.value)));
    let user_name =
        field(user_name, |_| (domain.problem.is_none() && !named).then_some(Problem::NotAUserName));
    let long = |text: &str| (text.chars().count() > 256).then_some(Problem::TooLong);
    Judged {
        secret: text("secret"),
        organization: field(fields.text("organization"), long),
        domain,
        name: field(fields.text("name"), long),
        user_name,
        password: field(password, |_| None),
        password_again: field(again, |again| (again != password).then_some(Problem::PasswordsDiffer)),
    }
}

fn field(value: &str, problem: impl FnOnce(&str) -> Option<Problem>) -> Field {
    let problem = if value.is_empty() { Some(Problem::Missing) } else { problem(value) };
    Field { value: value.to_owned(), problem }
}

/// The user name with its domain, folded.
fn full_name(user_name: &str, domain: &str) -> String {
    let user_name = fold(user_name);
    if user_name.contains('@') { user_name } else { format!("{user_name}@{}", fold(domain)) }
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let named = text.rsplit('.').next().is_some_and(|top| top.bytes().any(|byte| byte.is_ascii_alphabetic()));
    named && text.split('.').all(is_label) && is_plain_address(&format!("a@{text}"))
}

impl Judged {
    fn problem(&self) -> Option<Problem> {
        let Self { secret, organization, domain, name, user_name, password, password_again } = self;
        [secret, organization, domain, name, user_name, password, password_again]
            .into_iter()
            .find_map(|field| field.problem)
    }

    fn upn(&self) -> String {
        full_name(&self.user_name.value, &self.domain.value)
    }

    fn request(&self) -> SetupRequest {
        SetupRequest {
            secret: self.secret.value.clone(),
            organisation: self.organization.value.clone(),
            domain: self.domain.value.clone(),
            administrator_name: self.name.value.clone(),
            user_name: self.upn(),
            password: self.password.value.clone(),
        }
    }

    /// The form with what the directory found. Everything but the strength of the password was judged before.
    fn refused(mut self, error: Error) -> Result<Self, Error> {
        let (field, problem) = match error.kind() {
            ErrorKind::Forbidden => (&mut self.secret, Problem::WrongSecret),
            ErrorKind::Conflict => (&mut self.domain, Problem::Taken),
            ErrorKind::BadRequest => (&mut self.password, Problem::PasswordTooWeak),
            _ => return Err(error),
        };
        field.problem = Some(problem);
        Ok(self)
    }

    /// Secrets are never shown again.
    fn fill(self, form: Setup) -> Setup {
        let hidden = |field: Field| Field { value: String::new(), ..field };
        Setup {
            page: form.page,
            secret: hidden(self.secret),
            organization: self.organization,
            domain: self.domain,
            name: self.name,
            user_name: self.user_name,
            password: hidden(self.password),
            password_again: hidden(self.password_again),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_gets_the_domain_unless_it_has_one() {
        assert_eq!(full_name("Admin", "Contoso.example"), "admin@contoso.example");
        assert_eq!(full_name("admin@contoso.example", "contoso.example"), "admin@contoso.example");
    }

    #[test]
    fn a_domain_has_two_labels_of_letters_digits_and_hyphens() {
        assert!(is_domain("contoso.example") && is_domain("a-1.xn--bcher-kva"));
        for bad in ["", "contoso", "a..b", "-a.b", "a-.b", "a b.c", "a@b.c", "bücher.ch", "10.0.0.1"] {
            assert!(!is_domain(bad), "{bad}");
        }
    }
}
