//! Reading the audit log, and looking for something in it.

use crate::{AuditQuery, Caller, Directory, authn::authorized};
use model::{
    AppId, Cx, Error, ObjectId, Result, Timestamp,
    audit::{Activity, Initiator, PersonalSlot, Record, Stored, Target},
    authz::Operation,
    fold,
};
use serde_json::Value;
use store::Reader;
use uuid::Uuid;

/// What to look for in the audit log; what is absent matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditSearch {
    /// What was done.
    pub activity: Option<Activity>,
    /// Who did it: an id, a user name, or a part of a name as it was then.
    pub who: Option<String>,
    /// To whom or what: the same.
    pub whom: Option<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Up to this time.
    pub to: Option<Timestamp>,
    /// Did it happen, or was it refused?
    pub success: Option<bool>,
}

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditFound {
    /// Records, newest first.
    pub records: Vec<Stored>,
    /// Where to go on: before this sequence number. There may be a next part although this one is short.
    pub next: Option<i64>,
    /// How far back was looked, where there is a next part.
    pub looked_to: Option<Timestamp>,
}

/// So many records are read in one go where each has to be judged by itself.
const CHUNK: u16 = 500;
/// So many does one search judge; then it says how far it came.
const MOST: usize = 5_000;

/// Whom a search means.
enum Party {
    /// One who is known here, by id.
    Person(ObjectId),
    /// Whoever has this id, or this in a name.
    Text(String),
}

impl Party {
    fn of(reader: &Reader<'_>, text: &str) -> Result<Self> {
        let known = match text.parse::<ObjectId>() {
            Ok(id) => reader.user(id)?,
            Err(_) => reader.user_by_upn(text)?,
        };
        Ok(known.map_or_else(|| Self::Text(fold(text)), |user| Self::Person(user.id)))
    }

    /// Every record names whoever is known here beside the chain, and that has an index.
    const fn subject(&self) -> Option<ObjectId> {
        match self {
            Self::Person(id) => Some(*id),
            Self::Text(_) => None,
        }
    }

    fn is(&self, id: &str, names: &[&str]) -> bool {
        match self {
            Self::Person(person) => person.to_string() == id,
            Self::Text(text) => {
                fold(id) == *text || names.iter().any(|name| fold(name).contains(text.as_str()))
            }
        }
    }
}

/// What a record says of a person as long as that person is not purged: display name and user name.
fn names<'r>(slots: &'r [PersonalSlot], id: &str) -> Vec<&'r str> {
    let slot = slots.iter().find(|slot| slot.subject.to_string() == id);
    ["displayName", "userPrincipalName"]
        .into_iter()
        .filter_map(|name| slot?.fields.get(name).and_then(Value::as_str))
        .collect()
}

fn is_by(record: &Record, party: &Party) -> bool {
    let app_is = |app: Option<AppId>, name: &str| {
        party.is(&app.map(|app| app.to_string()).unwrap_or_default(), &[name])
    };
    match &record.initiator {
        Initiator::User { id, .. } => {
            let id = id.map(|id| id.to_string()).unwrap_or_default();
            party.is(&id, &names(&record.personal, &id))
        }
        Initiator::App { app, name } => app_is(Some(*app), name),
        Initiator::Operator => app_is(None, "operator"),
        Initiator::System { name } => app_is(None, name),
        Initiator::Anonymous => false,
    }
}

fn is_about(target: &Target, slots: &[PersonalSlot], party: &Party) -> bool {
    let mut known = names(slots, &target.id);
    known.extend(target.name.as_deref());
    party.is(&target.id, &known)
}

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

    /// Records that a search finds before this sequence number, newest first: at most `limit`, and after a bounded effort.
    pub async fn search_audit(
        &self,
        cx: &Cx,
        caller: &Caller,
        search: &AuditSearch,
        (before, limit): (Option<i64>, usize),
    ) -> Result<AuditFound> {
        let (mut found, mut looked) = (AuditFound { next: before, ..AuditFound::default() }, 0);
        loop {
            let wanted = (found.next, limit - found.records.len());
            let chunk = self.store().read(caller.scope(), |reader| {
                authorized(reader, cx, caller, Operation::ReadAudit)?;
                chunk(reader, search, wanted)
            });
            let (mut part, judged) = chunk.await?;
            looked += judged;
            found.records.append(&mut part.records);
            (found.next, found.looked_to) = (part.next, part.looked_to);
            if found.next.is_none() || found.records.len() >= limit || looked >= MOST {
                return Ok(found);
            }
        }
    }
}

/// One chunk of a search, and how many records were judged.
fn chunk(
    reader: &Reader<'_>,
    search: &AuditSearch,
    (before, limit): (Option<i64>, usize),
) -> Result<(AuditFound, usize)> {
    let party = |text: &Option<String>| text.as_deref().map(|text| Party::of(reader, text)).transpose();
    let (who, whom) = (party(&search.who)?, party(&search.whom)?);
    let judges = who.is_some() || whom.is_some() || search.success.is_some();
    let query = AuditQuery {
        activity: search.activity.map(|activity| activity.wire().0.to_owned()),
        subject: [&who, &whom].into_iter().flatten().find_map(Party::subject),
        from: search.from,
        to: search.to,
        before,
        limit: if judges { CHUNK } else { u16::try_from(limit).unwrap_or(CHUNK).min(CHUNK) },
    };
    let matches = |record: &Record| {
        search.success.is_none_or(|success| record.success == success)
            && who.as_ref().is_none_or(|who| is_by(record, who))
            && whom.as_ref().is_none_or(|whom| {
                record.targets.iter().any(|target| is_about(target, &record.personal, whom))
            })
    };
    let (mut found, mut judged) = (AuditFound::default(), 0);
    let rows = reader.audit(&query)?;
    let whole = rows.len() < usize::from(query.limit);
    let last = rows.len();
    for stored in rows {
        judged += 1;
        let (sequence, at) = (stored.sequence, stored.record.at);
        if matches(&stored.record) {
            found.records.push(stored);
        }
        let is_full = found.records.len() >= limit;
        if is_full || judged == last {
            let more = sequence > 1 && !(whole && judged == last);
            (found.next, found.looked_to) = (more.then_some(sequence), more.then_some(at));
            break;
        }
    }
    Ok((found, judged))
}
