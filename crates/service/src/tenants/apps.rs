//! Apps, their secrets and permissions, by the operator.

use super::plausible_name;
use crate::{Directory, authn::scope, record::Draft};
use identity::Secret;
use model::{
    AppId, Cx, Error, ObjectId, Result, Span, TenantId,
    audit::{Activity, Initiator, Record, Target},
    authz::Permission,
    mint_uuid,
};
use store::{App, ChangeSet, Decision, GrantKind, Reader};

/// How long a client secret is good for: two years, the longest that Entra's portal offers.
pub(crate) const SECRET_LIFE: Span = Span::days(730);
/// The longest redirect address that is kept.
const MAX_REDIRECT: usize = 2048;

fn app_of(reader: &Reader<'_>, id: AppId) -> Result<App> {
    reader.app(id)?.ok_or_else(|| Error::not_found(id))
}

fn draft(cx: &Cx, activity: Activity, app: &App) -> Draft {
    Draft::new(cx, activity, Initiator::Operator).on(Target::thing("App", app.id, &app.name))
}

pub(crate) fn registered(cx: &Cx, app: &App) -> Record {
    draft(cx, Activity::AddApplication, app).done()
}

pub(crate) fn secret_added(cx: &Cx, app: &App) -> Record {
    draft(cx, Activity::UpdateAppSecrets, app).because("secretAdded").done()
}

pub(crate) fn granted(cx: &Cx, app: &App, (kind, permission): (GrantKind, Permission)) -> Record {
    grant_record(cx, Activity::GrantPermission, app, (kind, permission))
}

fn grant_record(
    cx: &Cx,
    activity: Activity,
    app: &App,
    (kind, permission): (GrantKind, Permission),
) -> Record {
    draft(cx, activity, app).detail("permission", permission.value()).detail("kind", kind.as_str()).done()
}

/// Codes go only where nobody else listens: https, or the loopback interface (RFC 8252, section 7.3).
pub fn is_redirect_uri(uri: &str) -> bool {
    let after = |prefix: &str| uri.strip_prefix(prefix);
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([':', '/']);
    let loopback =
        ["http://localhost", "http://127.0.0.1", "http://[::1]"].into_iter().filter_map(after).any(ends);
    let secure = after("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let printable =
        uri.len() <= MAX_REDIRECT && uri.chars().all(|c| c.is_ascii_graphic()) && !uri.contains('#');
    printable && (secure || loopback)
}

pub(crate) fn require_redirect(uri: &str) -> Result<()> {
    if is_redirect_uri(uri) {
        return Ok(());
    }
    Err(Error::bad_request(format!(
        "The redirect address '{uri}' cannot be used. Give an https address, or http://localhost for a program on the same machine."
    )))
}

impl Directory {
    /// Registers an app without any permission: its client id and the object id of its service principal.
    pub async fn register_app(
        &self,
        cx: &Cx,
        tenant: TenantId,
        name: &str,
        public: bool,
        redirect_uris: &[String],
    ) -> Result<(AppId, ObjectId)> {
        redirect_uris.iter().try_for_each(|uri| require_redirect(uri))?;
        let app = App {
            id: AppId::mint(cx.random.as_ref()),
            object: ObjectId::mint(cx.random.as_ref()),
            name: plausible_name(name, "app")?,
            public,
            redirect_uris: redirect_uris.to_vec(),
            enabled: true,
            created: cx.now,
        };
        let record = registered(cx, &app);
        self.store()
            .commit(scope(tenant), move |reader| {
                reader.tenant()?;
                let mut changes = ChangeSet::new();
                changes.insert_app(scope(tenant), &app).record(record.clone());
                Decision::done(changes, (app.id, app.object))
            })
            .await
    }

    /// Gives an app a secret, good for two years. This answer is the only place where it can be read.
    ///
    /// # Errors
    /// `BadRequest` for a public client, which could not keep it.
    pub async fn add_secret(&self, cx: &Cx, tenant: TenantId, app: AppId) -> Result<Secret> {
        let secret = Secret::generate(cx.random.as_ref());
        let (id, hash, cx) = (mint_uuid(cx.random.as_ref()), secret.hash(), cx.clone());
        self.store()
            .commit(scope(tenant), move |reader| {
                let app = app_of(reader, app)?;
                if app.public {
                    return Err(Error::bad_request(
                        "A public client cannot keep a secret. Register a confidential app.",
                    ));
                }
                let mut changes = ChangeSet::new();
                changes
                    .insert_app_secret(scope(tenant), &app, id, &hash, (cx.now, cx.now + SECRET_LIFE))
                    .record(secret_added(&cx, &app));
                Decision::done(changes, ())
            })
            .await?;
        Ok(secret)
    }

    /// Grants a permission; granting it twice changes nothing.
    ///
    /// # Errors
    /// `BadRequest` for an application permission that exists only in delegated form, or of a public client.
    pub async fn grant(
        &self,
        cx: &Cx,
        tenant: TenantId,
        app: AppId,
        kind: GrantKind,
        permission: Permission,
    ) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let app = app_of(reader, app)?;
                if kind == GrantKind::Application && (permission.application_id().is_none() || app.public) {
                    return Err(Error::bad_request(format!(
                        "{} cannot be granted to this app itself. Grant it in delegated form.",
                        permission.value()
                    )));
                }
                let mut changes = ChangeSet::new();
                if !reader.grants(app.id, kind)?.contains(&permission) {
                    changes.insert_grant(scope(tenant), &app, (kind, permission)).record(granted(
                        &cx,
                        &app,
                        (kind, permission),
                    ));
                }
                Decision::done(changes, ())
            })
            .await
    }

    /// Takes a permission, from tokens already issued too; taking what is not there changes nothing.
    pub async fn revoke_grant(
        &self,
        cx: &Cx,
        tenant: TenantId,
        app: AppId,
        kind: GrantKind,
        permission: Permission,
    ) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let app = app_of(reader, app)?;
                let mut changes = ChangeSet::new();
                if reader.grants(app.id, kind)?.contains(&permission) {
                    let record = grant_record(&cx, Activity::RevokePermission, &app, (kind, permission));
                    changes.delete_grant(scope(tenant), &app, (kind, permission)).record(record);
                }
                Decision::done(changes, ())
            })
            .await
    }

    /// Allows or forbids an app to ask for and use tokens.
    pub async fn set_app_enabled(&self, cx: &Cx, tenant: TenantId, app: AppId, enabled: bool) -> Result<()> {
        let cx = cx.clone();
        self.store()
            .commit(scope(tenant), move |reader| {
                let app = app_of(reader, app)?;
                let mut changes = ChangeSet::new();
                if app.enabled != enabled {
                    let record = draft(&cx, Activity::UpdateApplication, &app)
                        .because(if enabled { "enabled" } else { "disabled" })
                        .done();
                    changes.set_app_enabled(scope(tenant), &app, enabled).record(record);
                }
                Decision::done(changes, ())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_to_https_or_to_the_same_machine_only() {
        for good in [
            "https://app.example/cb",
            "http://localhost",
            "http://localhost:3000/cb",
            "http://127.0.0.1/",
            "http://[::1]:1",
        ] {
            assert!(require_redirect(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "http://app.example",
            "http://localhost.evil.example",
            "https://",
            "https:///x",
            "https://a/#f",
            "https://a/ b",
            "javascript:x",
        ] {
            assert!(require_redirect(bad).is_err(), "{bad}");
        }
    }
}
