//! Reading the audit log.

use crate::{AuditQuery, Caller, Directory, authn::authorized};
use model::{Cx, Error, Result, audit::Stored, authz::Operation};
use uuid::Uuid;

impl Directory {
    /// Audit records, newest first.
    pub async fn list_audit(&self, cx: &Cx, caller: &Caller, query: &AuditQuery) -> Result<Vec<Stored>> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadAudit)?;
                reader.audit(query)
            })
            .await
    }

    /// One audit record.
    pub async fn get_audit(&self, cx: &Cx, caller: &Caller, id: Uuid) -> Result<Stored> {
        self.store()
            .read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadAudit)?;
                reader.audit_record(id)?.ok_or_else(|| Error::not_found(id))
            })
            .await
    }
}
