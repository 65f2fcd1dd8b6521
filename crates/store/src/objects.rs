//! Reading and writing what hangs on applications, beyond what signing in needs.

use crate::{App, ChangeSet, Reader, value::Row};
use model::{AppId, Result, TenantScope, Timestamp};
use uuid::Uuid;

/// A certificate with which an app proves who it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppCertificate {
    /// Its id (`keyId`).
    pub id: Uuid,
    /// SHA-1 of the DER form, in capital hexadecimal: `x5t` names it in another writing.
    pub thumbprint: String,
    /// The DER form in Base64.
    pub certificate: String,
    /// What people call it.
    pub name: Option<String>,
    /// From when on it is good.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
}

fn certificate(mut row: Row) -> Result<AppCertificate> {
    Ok(AppCertificate {
        id: row.parsed()?,
        thumbprint: row.text()?,
        certificate: row.text()?,
        name: row.opt_text()?,
        created: row.time()?,
        expires: row.time()?,
    })
}

impl Reader<'_> {
    /// Certificates of an app, expired ones too; whether one is good is for the caller to say.
    pub fn app_certificates(&self, app: AppId) -> Result<Vec<AppCertificate>> {
        self.rows(
            "select id, thumbprint, certificate, name, created_at, expires_at from app_certificates \
             where tenant_id = ?1 and app_id = ?2 order by created_at, id",
            &[app.into()],
        )?
        .into_iter()
        .map(certificate)
        .collect()
    }
}

impl ChangeSet {
    /// Adds a certificate to an app.
    pub fn insert_app_certificate(
        &mut self,
        tenant: TenantScope,
        app: &App,
        certificate: &AppCertificate,
    ) -> &mut Self {
        self.one(
            "insert into app_certificates (tenant_id, app_id, id, thumbprint, certificate, name, created_at, expires_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            vec![
                tenant.tenant().into(),
                app.id.into(),
                certificate.id.into(),
                (&certificate.thumbprint).into(),
                (&certificate.certificate).into(),
                certificate.name.as_ref().into(),
                certificate.created.into(),
                certificate.expires.into(),
            ],
        )
    }

    /// Takes a certificate from an app.
    pub fn delete_app_certificate(&mut self, tenant: TenantScope, app: &App, id: Uuid) -> &mut Self {
        self.one(
            "delete from app_certificates where tenant_id = ?1 and app_id = ?2 and id = ?3",
            vec![tenant.tenant().into(), app.id.into(), id.into()],
        )
    }
}
