//! What the operator asks of a directory, whether a server holds it or nobody does.

use crate::provider::Act;
use model::{Alarm, AppId, Error, Result, TenantId, authz::Permission};
use serde::{Deserialize, Serialize};
use service::{Directory, GrantKind, NewMember, NewTenant};

/// One request of the operator. There is no `Debug`: it may hold a password.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// Create an organisation.
    CreateTenant {
        name: String,
        domain: String,
        technical_contact: Option<String>,
        administrator: Option<Administrator>,
    },
    /// Give it a further domain.
    AddDomain { tenant: TenantId, domain: String },
    /// Register an app with a secret and these application permissions.
    CreateApp { tenant: TenantId, name: String, permissions: Vec<String> },
    /// Say whether its people may sign devices in by a code.
    DeviceCode { tenant: TenantId, allowed: bool },
    /// Give it a new signing key, for tomorrow or for now.
    RotateKey { tenant: TenantId, now: bool },
    /// Change how its people sign in.
    SignIn { tenant: TenantId, act: Act },
    /// List them.
    ListTenants,
    /// Bring in organisations and accounts, one per line.
    Import { lines: Vec<String> },
    /// Run one pass of the purge.
    Purge,
    /// Check what is stored.
    Verify,
    /// Make a fresh set-up secret.
    SetupSecret,
}

/// The first administrator of a new organisation.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Administrator {
    /// The name that people see.
    pub name: String,
    /// What they sign in with.
    pub user_name: String,
    /// Without one, a password is generated and answered.
    pub password: Option<String>,
}

/// The answer. There is no `Debug`: it may hold a password or a secret.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Response {
    /// The organisation was created; the password only if it was generated.
    TenantCreated { tenant: TenantLine, user_name: Option<String>, password: Option<String> },
    /// The domain was added.
    DomainAdded,
    /// People may sign devices in by a code, or not.
    DeviceCodeSet { allowed: bool },
    /// The new key signs from then on.
    KeyRotated { from: String },
    /// It was done; what to say.
    Told { text: String },
    /// The app was registered; the secret is shown once.
    AppCreated { client_id: AppId, client_secret: String },
    /// All organisations.
    Tenants { tenants: Vec<TenantLine> },
    /// What came of the lines; refused ones by their place, from 0, with the reason.
    Imported { created: u64, known: u64, refused: Vec<(usize, String)> },
    /// What the pass did.
    Purged { purged: u64, overtaken: u64, failed: u64, paused: Option<String>, busy: bool },
    /// What was checked, and what does not hold.
    Verified { tenants: u64, records: u64, problems: Vec<String> },
    /// The secret, unless there is an organisation already, and the address of the page that asks for it.
    SetupSecret { secret: Option<String>, page: String },
    /// It could not be done; says what to do.
    Failed { message: String },
}

/// An organisation in a list.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(rename_all = "camelCase")]
pub struct TenantLine {
    pub id: TenantId,
    pub name: String,
    pub domain: String,
}

impl From<model::Tenant> for TenantLine {
    fn from(tenant: model::Tenant) -> Self {
        Self { id: tenant.id, name: tenant.name, domain: tenant.domain }
    }
}

/// Does what the operator asks.
pub async fn execute(directory: &Directory, request: Request) -> Response {
    let done = match request {
        Request::CreateTenant { name, domain, technical_contact, administrator } => {
            let new = NewTenant { name, domain, technical_contact, administrator: None };
            create_tenant(directory, new, administrator).await
        }
        Request::AddDomain { tenant, domain } => {
            let cx = directory.own_cx();
            directory.add_domain(&cx, tenant, &domain).await.map(|()| Response::DomainAdded)
        }
        Request::DeviceCode { tenant, allowed } => directory
            .allow_device_code(&directory.own_cx(), tenant, allowed)
            .await
            .map(|()| Response::DeviceCodeSet { allowed }),
        Request::RotateKey { tenant, now } => directory
            .rotate_key(&directory.own_cx(), tenant, now)
            .await
            .map(|from| Response::KeyRotated { from: from.to_graph() }),
        Request::SignIn { tenant, act } => {
            act.execute(directory, tenant).await.map(|text| Response::Told { text })
        }
        Request::CreateApp { tenant, name, permissions } => {
            create_app(directory, tenant, &name, &permissions).await
        }
        Request::ListTenants => directory.list_tenants().await.map(|tenants| Response::Tenants {
            tenants: tenants.into_iter().map(TenantLine::from).collect(),
        }),
        Request::Import { lines } => {
            directory.import(&directory.own_cx(), &lines, crate::import::BESIDE).await.map(|done| {
                Response::Imported { created: done.created, known: done.known, refused: done.refused }
            })
        }
        Request::Purge => purge(directory).await,
        Request::Verify => directory.verify().await.map(|findings| Response::Verified {
            tenants: findings.tenants,
            records: findings.records,
            problems: findings.problems,
        }),
        Request::SetupSecret => directory.begin_setup(&directory.own_cx()).await.map(|secret| {
            let secret = secret.map(|secret| secret.expose().to_owned());
            Response::SetupSecret { secret, page: format!("{}/setup", directory.origin()) }
        }),
    };
    done.unwrap_or_else(|error| Response::Failed {
        message: crate::problem::Problem::from(error).to_string(),
    })
}

async fn create_tenant(
    directory: &Directory,
    mut new: NewTenant,
    administrator: Option<Administrator>,
) -> Result<Response> {
    let cx = directory.own_cx();
    let mut generated = None;
    let mut user_name = None;
    if let Some(Administrator { name, user_name: wanted, password }) = administrator {
        let full =
            if wanted.contains('@') { wanted } else { format!("{}@{}", wanted.trim(), new.domain.trim()) };
        let password = password.unwrap_or_else(|| {
            let secret: String =
                identity::Secret::generate(cx.random.as_ref()).expose().chars().take(24).collect();
            generated.insert(secret).clone()
        });
        user_name = Some(full.clone());
        new.administrator = Some(NewMember { display_name: name, user_name: full, password: Some(password) });
    }
    let tenant = directory.create_tenant(&cx, new).await?;
    Ok(Response::TenantCreated { tenant: tenant.into(), user_name, password: generated })
}

async fn create_app(
    directory: &Directory,
    tenant: TenantId,
    name: &str,
    permissions: &[String],
) -> Result<Response> {
    let mut granted = Vec::new();
    for value in permissions {
        let permission = Permission::parse(value);
        granted
            .push(permission.ok_or_else(|| Error::bad_request(format!("There is no permission {value}.")))?);
    }
    let cx = directory.own_cx();
    let (client_id, _) = directory.register_app(&cx, tenant, name, false, &[]).await?;
    for permission in granted {
        directory.grant(&cx, tenant, client_id, GrantKind::Application, permission).await?;
    }
    let secret = directory.add_secret(&cx, tenant, client_id).await?;
    Ok(Response::AppCreated { client_id, client_secret: secret.expose().to_owned() })
}

async fn purge(directory: &Directory) -> Result<Response> {
    let pass = directory.purge_pass().await?;
    let paused = pass.paused.map(|alarm| match alarm {
        Alarm::Jumped => "the system clock is more than an hour ahead of the time that has passed".to_owned(),
        Alarm::LongGap => {
            "more than a week lies between the last run and this one, or the system clock is wrong".to_owned()
        }
    });
    let service::PurgePass { purged, overtaken, failed, busy, .. } = pass;
    Ok(Response::Purged { purged, overtaken, failed, paused, busy })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<T: Serialize>(value: &T) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn what_is_sent_is_what_arrives_and_fits_one_line() {
        let request = Request::CreateTenant {
            name: "Line\nbreak".to_owned(),
            domain: "n.example".to_owned(),
            technical_contact: None,
            administrator: Some(Administrator {
                name: "Ada".to_owned(),
                user_name: "ada".to_owned(),
                password: Some("four random words".to_owned()),
            }),
        };
        let sent = line(&request);
        assert!(!sent.contains('\n'));
        assert!(serde_json::from_str::<Request>(&sent).unwrap() == request);
        for request in [Request::ListTenants, Request::Purge, Request::Verify, Request::SetupSecret] {
            assert!(serde_json::from_str::<Request>(&line(&request)).unwrap() == request);
        }
        let response = Response::Purged { purged: 1, overtaken: 2, failed: 0, paused: None, busy: false };
        assert!(serde_json::from_str::<Response>(&line(&response)).unwrap() == response);
    }

    #[test]
    fn a_request_that_is_not_understood_is_refused_rather_than_half_done() {
        for bad in
            [r#""dropEverything""#, r#"{"addDomain":{"domain":"d.example"}}"#, r#"{"listTenants":{"x":1}}"#]
        {
            assert!(serde_json::from_str::<Request>(bad).is_err(), "{bad}");
        }
    }
}
