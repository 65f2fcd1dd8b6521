//! The audit trail: per tenant a chain of records without a gap, and beside it the personal detail that can be erased.

use crate::{
    Digest, Reader,
    connection::Statement,
    value::{Row, Value},
};
use model::{
    Error, ObjectId, RequestId, Result, TenantScope, Timestamp,
    audit::{Activity, Initiator, PersonalSlot, Record, Stored, Target},
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// The hash before the first record.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The chained part of a record: nothing personal, only commitments to it.
#[derive(Serialize, Deserialize)]
struct Body {
    sequence: i64,
    id: Uuid,
    at: Timestamp,
    activity: Activity,
    success: bool,
    reason: Option<String>,
    initiator: Initiator,
    targets: Vec<Target>,
    details: Vec<(String, String)>,
    correlation: RequestId,
    personal: Vec<(ObjectId, String)>,
}

/// Hashes the parts, each preceded by its length, so that no two lists of parts give the same bytes.
fn hash(digest: Digest, parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    hex::encode(digest(&bytes))
}

fn commitment(digest: Digest, salt: &str, fields: &str) -> String {
    hash(digest, &[salt, fields])
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal(format!("an audit record does not serialise: {error}")))
}

/// Where a chain ends: the sequence number and the hash of its last record.
pub(crate) type ChainEnd = (i64, String);

/// The query for the end of the chain.
pub(crate) fn head(tenant: &[Value; 1]) -> Statement<'_> {
    Statement::own("select sequence, hash from audit_heads where tenant_id = ?1", tenant)
}

/// What [`head`] gave.
pub(crate) fn end(rows: Vec<Row>) -> Result<Option<ChainEnd>> {
    rows.into_iter().next().map(|mut row| Ok((row.int()?, row.text()?))).transpose()
}

/// A write on its way into the chain.
type Write = (&'static str, Vec<Value>);

/// What appends the records behind an end of the chain that was read in this transaction, after everything else of the change
/// set; the last of the writes moves the end, and must change one row. Also where the chain ends then.
pub(crate) fn append(
    scope: TenantScope,
    (start, mut link): ChainEnd,
    records: &[Record],
    digest: Digest,
) -> Result<(Vec<Write>, ChainEnd)> {
    let tenant = Value::from(scope.tenant());
    let mut sequence = start;
    let mut writes = Vec::new();
    for record in records {
        sequence += 1;
        link = append_one(&mut writes, &tenant, record, (sequence, &link), digest)?;
    }
    writes.push((
        "update audit_heads set sequence = ?3, hash = ?4 where tenant_id = ?1 and sequence = ?2",
        vec![tenant, start.into(), sequence.into(), (&link).into()],
    ));
    Ok((writes, (sequence, link)))
}

fn append_one(
    writes: &mut Vec<Write>,
    tenant: &Value,
    record: &Record,
    (sequence, link): (i64, &str),
    digest: Digest,
) -> Result<String> {
    let mut slots = Vec::with_capacity(record.personal.len());
    for slot in &record.personal {
        slots.push((slot, text(&slot.fields)?));
    }
    let body = text(&Body {
        sequence,
        id: record.id,
        at: record.at,
        activity: record.activity,
        success: record.success,
        reason: record.reason.clone(),
        initiator: record.initiator.clone(),
        targets: record.targets.clone(),
        details: record.details.clone(),
        correlation: record.correlation,
        personal: slots
            .iter()
            .map(|(slot, fields)| (slot.subject, commitment(digest, &slot.salt, fields)))
            .collect(),
    })?;
    let next = hash(digest, &[&body, link]);
    let (activity, ..) = record.activity.wire();
    writes.push((
        "insert into audit (tenant_id, sequence, id, at, activity, body, hash) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        vec![
            tenant.clone(),
            sequence.into(),
            record.id.into(),
            record.at.into(),
            activity.into(),
            body.into(),
            (&next).into(),
        ],
    ));
    for (slot, fields) in slots {
        // Nothing personal is written about somebody who was purged, be it in this very change set.
        writes.push((
            "insert into audit_personal (tenant_id, sequence, subject_id, salt, fields) \
             select tenant_id, sequence, ?3, ?4, ?5 from audit where tenant_id = ?1 and sequence = ?2 and not exists \
             (select 1 from tombstones where tombstones.tenant_id = audit.tenant_id and tombstones.id = ?3)",
            vec![
                tenant.clone(),
                sequence.into(),
                slot.subject.into(),
                (&slot.salt).into(),
                fields.into(),
            ],
        ));
    }
    Ok(next)
}

/// Which audit records.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Only this activity (its name on the wire).
    pub activity: Option<String>,
    /// Only records that name this person beside the chain.
    pub subject: Option<ObjectId>,
    /// Only from this time on.
    pub from: Option<Timestamp>,
    /// Only up to this time.
    pub to: Option<Timestamp>,
    /// Only before this sequence number: the position of the last record of the page before.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u16,
}

/// One row of the chain as it is stored.
struct Link {
    sequence: i64,
    body: String,
    hash: String,
    id: String,
    at: i64,
    activity: String,
}

impl Link {
    fn read(mut row: Row) -> Result<Self> {
        Ok(Self {
            sequence: row.int()?,
            body: row.text()?,
            hash: row.text()?,
            id: row.text()?,
            at: row.int()?,
            activity: row.text()?,
        })
    }
}

/// What a walk along the chain found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainReport {
    /// How many records were checked.
    pub records: i64,
    /// The first sequence number at which the chain does not hold, and why.
    pub broken_at: Option<(i64, &'static str)>,
}

impl Reader<'_> {
    /// Audit records, newest first. The order is that of the sequence numbers, which is the order of the commits.
    pub fn audit(&self, query: &AuditQuery) -> Result<Vec<Stored>> {
        let mut parameters: Vec<Value> = vec![
            query.before.unwrap_or(i64::MAX).into(),
            query.from.map_or(i64::MIN, Timestamp::as_micros).into(),
            query.to.map_or(i64::MAX, Timestamp::as_micros).into(),
            query.activity.as_ref().into(),
            i64::from(query.limit).into(),
        ];
        let rows = match query.subject {
            None => self.rows(
                "select sequence, body from audit where tenant_id = ?1 and sequence < ?2 and at >= ?3 and at <= ?4 \
                 and (activity = ?5 or ?5 is null) order by sequence desc limit ?6",
                &parameters,
            ),
            Some(subject) => {
                parameters.push(subject.into());
                self.rows(
                    "select a.sequence, a.body from audit_personal p \
                     join audit a on a.tenant_id = p.tenant_id and a.sequence = p.sequence \
                     where p.tenant_id = ?1 and p.subject_id = ?7 and p.sequence < ?2 and a.at >= ?3 and a.at <= ?4 \
                     and (a.activity = ?5 or ?5 is null) order by p.sequence desc limit ?6",
                    &parameters,
                )
            }
        }?;
        rows.into_iter().map(|mut row| self.stored(row.int()?, &row.text()?)).collect()
    }

    /// Audit records that name a person, newest first: those with personal detail of theirs.
    pub fn audit_about(&self, subject: ObjectId, limit: u16) -> Result<Vec<Stored>> {
        let rows = self.rows(
            "select a.sequence, a.body from audit_personal p join audit a on a.tenant_id = p.tenant_id and a.sequence = p.sequence \
             where p.tenant_id = ?1 and p.subject_id = ?2 order by p.sequence desc limit ?3",
            &[subject.into(), i64::from(limit).into()],
        )?;
        rows.into_iter().map(|mut row| self.stored(row.int()?, &row.text()?)).collect()
    }

    /// One audit record by its id.
    pub fn audit_record(&self, id: Uuid) -> Result<Option<Stored>> {
        self.row("select sequence, body from audit where tenant_id = ?1 and id = ?2", &[id.into()])?
            .map(|mut row| self.stored(row.int()?, &row.text()?))
            .transpose()
    }

    fn stored(&self, sequence: i64, body: &str) -> Result<Stored> {
        let body = parse(body)?;
        Ok(Stored {
            sequence,
            record: Record {
                id: body.id,
                at: body.at,
                activity: body.activity,
                success: body.success,
                reason: body.reason,
                initiator: body.initiator,
                targets: body.targets,
                details: body.details,
                correlation: body.correlation,
                personal: if body.personal.is_empty() { Vec::new() } else { self.slots(sequence)? },
            },
        })
    }

    fn slots(&self, sequence: i64) -> Result<Vec<PersonalSlot>> {
        self.rows(
            "select subject_id, salt, fields from audit_personal where tenant_id = ?1 and sequence = ?2 order by subject_id",
            &[sequence.into()],
        )?
        .into_iter()
        .map(|mut row| {
            Ok(PersonalSlot {
                subject: row.parsed()?,
                salt: row.text()?,
                fields: serde_json::from_str(&row.text()?)
                    .map_err(|_| Error::internal("stored audit details do not parse"))?,
            })
        })
        .collect()
    }

    /// Walks the whole chain: sequence without a gap, every hash, every commitment whose personal detail still exists, and
    /// detail missing only where a tombstone says that the person was purged.
    pub fn verify_chain(&self, digest: Digest) -> Result<ChainReport> {
        const PAGE: i64 = 1000;
        let mut link = GENESIS.to_owned();
        let mut sequence = 0;
        // Records before the first are not in the chain either.
        let mut after = i64::MIN;
        loop {
            let rows = self.rows(
                "select sequence, body, hash, id, at, activity from audit where tenant_id = ?1 and sequence > ?2 order by sequence limit ?3",
                &[after.into(), PAGE.into()],
            )?;
            let full = i64::try_from(rows.len()).unwrap_or(0) == PAGE;
            for row in rows {
                let link_of = Link::read(row)?;
                if let Some(why) = self.check(&link, sequence + 1, &link_of, digest)? {
                    return Ok(ChainReport { records: sequence, broken_at: Some((sequence + 1, why)) });
                }
                sequence = link_of.sequence;
                link = link_of.hash;
            }
            after = sequence;
            if !full {
                break;
            }
        }
        let head = self.row("select sequence, hash from audit_heads where tenant_id = ?1", &[])?;
        let whole = match head {
            None => false,
            Some(mut head) => head.int()? == sequence && head.text()? == link,
        };
        Ok(ChainReport {
            records: sequence,
            broken_at: (!whole).then_some((sequence + 1, "the chain does not end where its head says")),
        })
    }

    fn check(&self, link: &str, expected: i64, found: &Link, digest: Digest) -> Result<Option<&'static str>> {
        if found.sequence < 1 {
            return Ok(Some("a record was added"));
        }
        if found.sequence != expected {
            return Ok(Some("a record is missing"));
        }
        if hash(digest, &[&found.body, link]) != found.hash {
            return Ok(Some("a record was changed"));
        }
        let Ok(body) = parse(&found.body) else { return Ok(Some("a record was changed")) };
        if body.sequence != found.sequence {
            return Ok(Some("a record was moved"));
        }
        // Queries go by the columns, so these must say what the chained text says.
        let (activity, ..) = body.activity.wire();
        if (body.id.to_string(), body.at.as_micros(), activity)
            != (found.id.clone(), found.at, found.activity.as_str())
        {
            return Ok(Some("a record was changed"));
        }
        self.check_personal(&body, digest)
    }

    /// The stored text is compared as it is: another spelling of the same JSON is a change, too.
    fn check_personal(&self, body: &Body, digest: Digest) -> Result<Option<&'static str>> {
        let mut slots: HashMap<String, (String, String)> = self
            .rows(
                "select subject_id, salt, fields from audit_personal where tenant_id = ?1 and sequence = ?2",
                &[body.sequence.into()],
            )?
            .into_iter()
            .map(|mut row| Ok((row.text()?, (row.text()?, row.text()?))))
            .collect::<Result<_>>()?;
        for (subject, promised) in &body.personal {
            match slots.remove(&subject.to_string()) {
                Some((salt, fields)) if commitment(digest, &salt, &fields) != *promised => {
                    return Ok(Some("personal detail was changed"));
                }
                None if self.tombstone(*subject)?.is_none() => {
                    return Ok(Some("personal detail was removed"));
                }
                _ => {}
            }
        }
        Ok((!slots.is_empty()).then_some("personal detail was added"))
    }
}

fn parse(body: &str) -> Result<Body> {
    serde_json::from_str(body)
        .map_err(|error| Error::internal(format!("a stored audit record does not parse: {error}")))
}
