//! One transaction on one connection.

use super::{
    pool::Leased,
    roles::Roles,
    translate::{Damage, translate},
    wait::{in_order, send_only, wait_at_most},
};
use crate::{
    MAILBOX_REALM,
    audit::{self, ChainEnd},
    batch::Transaction,
    connection::{Answer, Connection, Statement, View},
    unavailable,
    value::{self, Row, Value},
};
use bytes::BytesMut;
use model::{Error, Result, TenantId};
use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio_postgres::{
    Client, Error as Driver,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

/// After how long a server that says nothing at all counts as lost; statements are limited by the server itself.
const SILENCE: Duration = Duration::from_secs(30);

/// What a transaction begins with; found out once, when the server starts.
pub(super) struct Manners {
    /// How long statements and locks may take, and whatever else holds for each transaction.
    pub(super) limits: String,
    /// The role that sees one tenant, and the one that reads across tenants.
    pub(super) roles: Roles,
}

impl Manners {
    /// The tenant is set by a literal statement: Citus passes those on to its workers, and `set_config` it does not.
    fn see(&self, view: View, text: &mut String) {
        let (role, tenant) = match view {
            View::Tenant(tenant) => (&self.roles.tenant, tenant.to_string()),
            View::Own | View::Directory => (&self.roles.directory, "*".to_owned()),
        };
        let _ = write!(text, "set local role {role}; set local app.tenant = '{tenant}'; ");
    }
}

/// A transaction. Control statements wait for the next real one and travel with it, so that beginning, switching the view
/// and saving cost no round trip of their own.
///
/// Statements are prepared, which saves the database most of its work, where nothing lies between us and it. A pooler may give
/// the next transaction to another connection, on which the name of a statement means nothing, or something else; so each
/// transaction on a connection with prepared statements begins by asking for the process that they were prepared in.
pub(crate) struct Session {
    leased: RefCell<Leased>,
    manners: Arc<Manners>,
    own: View,
    waiting: RefCell<String>,
    seen: Cell<Option<View>>,
    /// Whose chain this transaction may append to: locking its end comes before the first statement.
    chain: Option<[Value; 1]>,
    /// It is locked. Going back to a savepoint may have let it go.
    locked: Cell<bool>,
    chain_end: RefCell<Option<ChainEnd>>,
    /// What was asked ahead and not asked yet.
    foreseen: RefCell<Vec<Foreseen>>,
    /// Something was sent, so that there is something to end.
    open: Cell<bool>,
    failed: RefCell<Option<Error>>,
    damage: Cell<Option<Damage>>,
}

struct Foreseen {
    sql: String,
    parameters: Vec<Value>,
    rows: Vec<Row>,
}

enum Reply {
    Done,
    Prepared(tokio_postgres::Statement),
    Changed(u64),
    Rows(Vec<tokio_postgres::Row>),
}

/// What goes out, in order.
enum Step<'a> {
    /// Statements without parameters and answers.
    Control(String),
    /// A statement to be prepared, for the types of these parameters.
    Prepare(&'a Statement<'a>),
    /// A statement, where it stands among those of the caller, and what it was prepared as.
    Run(usize, &'a Statement<'a>, Option<tokio_postgres::Statement>),
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<Reply, Driver>> + 'a>>;

impl Session {
    fn begin(leased: Leased, manners: &Arc<Manners>, own: View, begin: &str) -> Self {
        let mut begin = begin.to_owned();
        match leased.backend() {
            Some(backend) => {
                let _ = write!(begin, "select 1 / (pg_backend_pid() = {backend})::integer; ");
            }
            None => begin.push_str(&manners.limits),
        }
        Self {
            leased: RefCell::new(leased),
            manners: Arc::clone(manners),
            own,
            waiting: RefCell::new(begin),
            seen: Cell::new(None),
            chain: None,
            locked: Cell::new(false),
            chain_end: RefCell::new(None),
            foreseen: RefCell::new(Vec::new()),
            open: Cell::new(false),
            failed: RefCell::new(None),
            damage: Cell::new(None),
        }
    }

    /// One snapshot to read from.
    pub(super) fn reading(leased: Leased, manners: &Arc<Manners>, own: View) -> Self {
        Self::begin(leased, manners, own, "begin isolation level repeatable read read only; ")
    }

    /// A transaction for change sets of one tenant, which take turns: its first statement is a lock. At the isolation that the
    /// database prescribes.
    pub(super) fn writing(leased: Leased, manners: &Arc<Manners>, tenant: TenantId) -> Self {
        let mut session = Self::begin(leased, manners, View::Tenant(tenant), "begin; ");
        session.chain = (tenant != MAILBOX_REALM).then(|| [tenant.into()]);
        {
            let mut waiting = session.waiting.borrow_mut();
            manners.see(session.own, &mut waiting);
            if session.chain.is_none() {
                waiting.push_str(&lock_mailboxes());
            }
        }
        session.seen.set(Some(session.own));
        session
    }

    /// What is wrong with the whole transaction, if anything.
    pub(super) fn damage(&self) -> Option<Damage> {
        self.damage.get()
    }

    /// Commits. After an error that breaks the connection nobody knows whether it was.
    pub(super) fn commit(&self) -> Result<()> {
        let text = format!("{}commit", self.waiting.take());
        if !self.open.get() {
            return Ok(());
        }
        let replies = self.exchange(&[Step::Control(text)])?;
        self.open.set(false);
        replies.into_iter().try_for_each(|reply| reply.map(drop).map_err(|error| self.fail(&error, true)))
    }

    /// Sends everything and waits for all answers.
    fn exchange(&self, steps: &[Step<'_>]) -> Result<Vec<Result<Reply, Driver>>> {
        self.open.set(true);
        let leased = self.leased.borrow();
        let client = leased.client()?;
        let sending = steps.iter().map(|step| step.send(client)).collect();
        let replies = wait_at_most(leased.runtime(), SILENCE, in_order(sending));
        drop(leased);
        replies.ok_or_else(|| {
            self.damage.set(Some(Damage::Connection));
            self.leased.borrow_mut().throw_away();
            let error = unavailable("the database does not answer");
            self.failed.replace(Some(error.clone()));
            error
        })
    }

    /// Prepares what is not prepared yet, if anything may be, in the transaction that it is for.
    fn prepare(&self, statements: &[Statement<'_>]) -> Result<()> {
        let mut missing: Vec<&Statement<'_>> = Vec::new();
        {
            let leased = self.leased.borrow();
            for statement in statements.iter().filter(|_| leased.has_room()) {
                let seen = missing.iter().any(|other| other.sql == statement.sql);
                if !seen && leased.prepared(statement.sql).is_none() {
                    missing.push(statement);
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let text = self.waiting.take();
        let control = (!text.is_empty()).then_some(Step::Control(text));
        let steps: Vec<_> = control.into_iter().chain(missing.into_iter().map(Step::Prepare)).collect();
        for (step, reply) in steps.iter().zip(self.exchange(&steps)?) {
            let reply = reply.map_err(|error| self.fail(&error, matches!(step, Step::Control(_))))?;
            if let (Step::Prepare(Statement { sql, .. }), Reply::Prepared(prepared)) = (step, reply) {
                self.leased.borrow_mut().keep(sql, prepared);
            }
        }
        Ok(())
    }

    /// Takes note of an error. An error of a control statement hits the transaction as a whole.
    fn fail(&self, error: &Driver, whole: bool) -> Error {
        let (translated, damage) = translate(error);
        match damage {
            Damage::Pooler => {
                self.leased.borrow_mut().note_pooler();
                self.damage.set(Some(Damage::Again));
            }
            Damage::Connection => {
                self.leased.borrow_mut().throw_away();
                self.damage.set(Some(damage));
            }
            Damage::Again => self.damage.set(Some(damage)),
            Damage::Statement if whole => self.damage.set(Some(damage)),
            Damage::Statement => {}
        }
        self.failed.replace(Some(translated.clone()));
        translated
    }
}

/// Locks the row that ends the tenant's audit chain: the order of the chain is the order of the commits. Written, and not only
/// locked, so that at any isolation a commit that came in between is noticed. A tenant that is only being made has no such row;
/// there its keys decide.
fn lock_chain(tenant: &[Value; 1]) -> Statement<'_> {
    Statement::own(
        "update audit_heads set sequence = sequence where tenant_id = ?1 returning sequence, hash",
        tenant,
    )
}

/// The realm of mailboxes has no chain, and counts of wrong passcodes to keep right between servers: a throttle that nobody uses
/// stands in.
fn lock_mailboxes() -> String {
    format!(
        "insert into throttles (tenant_id, key, failures, last_at) values ('{MAILBOX_REALM}', '', 0, {}) \
         on conflict (tenant_id, key) do update set failures = throttles.failures; ",
        i64::MAX
    )
}

impl Connection for Session {
    fn run(
        &self,
        statements: &[Statement<'_>],
        each: &mut dyn FnMut(usize, Answer) -> Result<()>,
    ) -> Result<()> {
        if let [statement] = statements
            && let Some(rows) = self.take_foreseen(statement)
        {
            return each(0, Answer::rows(rows));
        }
        // The server answers nothing but this to a statement after a failed one, whatever the decision made of that.
        if let Some(error) = self.failed.borrow().clone() {
            return Err(error);
        }
        let chain = self.chain.as_ref().filter(|_| !self.locked.replace(true)).map(lock_chain);
        let before = usize::from(chain.is_some());
        let statements = [chain.as_slice(), statements].concat();
        if statements.iter().any(|statement| !statement.sql.starts_with("select")) {
            self.foreseen.borrow_mut().clear();
        }
        statements.iter().try_for_each(|statement| value::storable(statement.parameters))?;
        self.prepare(&statements)?;
        let mut steps = Vec::with_capacity(statements.len() + 1);
        for (at, statement) in statements.iter().enumerate() {
            let mut text = self.waiting.take();
            let view = if statement.view == View::Own { self.own } else { statement.view };
            if self.seen.replace(Some(view)) != Some(view) {
                self.manners.see(view, &mut text);
            }
            if !text.is_empty() {
                steps.push(Step::Control(text));
            }
            steps.push(Step::Run(at, statement, self.leased.borrow().prepared(statement.sql).cloned()));
        }
        for (step, reply) in steps.iter().zip(self.exchange(&steps)?) {
            let reply = reply.map_err(|error| self.fail(&error, matches!(step, Step::Control(_))))?;
            if let Step::Run(at, ..) = step {
                let answer = match reply {
                    Reply::Rows(rows) => Answer::rows(rows.iter().map(decode).collect::<Result<_>>()?),
                    Reply::Changed(count) => Answer::change(count),
                    Reply::Done | Reply::Prepared(_) => Answer::change(0),
                };
                match at.checked_sub(before) {
                    Some(at) => each(at, answer)?,
                    None => drop(self.chain_end.replace(audit::end(answer.rows)?)),
                }
            }
        }
        Ok(())
    }

    fn is_far(&self) -> bool {
        true
    }

    fn foresee(&self, statements: &[Statement<'_>]) -> Result<()> {
        let mut foreseen = Vec::with_capacity(statements.len());
        self.run(statements, &mut |at, answer| {
            let Statement { sql, parameters, .. } = statements[at];
            foreseen.push(Foreseen {
                sql: sql.to_owned(),
                parameters: parameters.to_vec(),
                rows: answer.rows,
            });
            Ok(())
        })?;
        self.foreseen.replace(foreseen);
        Ok(())
    }

    fn chain_end(&self) -> Option<ChainEnd> {
        self.chain_end.borrow().clone()
    }

    fn note_chain_end(&self, end: ChainEnd) {
        self.chain_end.replace(Some(end));
    }
}

impl Session {
    fn take_foreseen(&self, asked: &Statement<'_>) -> Option<Vec<Row>> {
        let mut foreseen = self.foreseen.borrow_mut();
        let is_asked = |one: &Foreseen| one.sql == asked.sql && one.parameters == asked.parameters;
        let at = foreseen.iter().position(is_asked).filter(|_| asked.view == View::Own)?;
        Some(foreseen.swap_remove(at).rows)
    }
}

impl Transaction for Session {
    fn control(&self, sql: &'static str) -> Result<()> {
        if sql == "rollback to one" {
            // What was set since the savepoint is forgotten with it.
            self.seen.set(None);
            self.locked.set(false);
            self.chain_end.replace(None);
            self.foreseen.borrow_mut().clear();
            self.failed.replace(None);
        }
        let _ = write!(self.waiting.borrow_mut(), "{sql}; ");
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.damage.get().is_some()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.open.get()
            && let Ok(client) = self.leased.get_mut().client()
        {
            // The next transaction on this connection waits behind it.
            send_only(client.batch_execute("rollback"));
        }
    }
}

impl Step<'_> {
    fn send<'a>(&'a self, client: &'a Client) -> Sending<'a> {
        match self {
            Self::Control(text) => {
                Box::pin(async move { client.batch_execute(text).await.map(|()| Reply::Done) })
            }
            Self::Prepare(Statement { sql, parameters, .. }) => Box::pin(async move {
                let types: Vec<Type> = parameters.iter().map(|value| encode(value).1).collect();
                client.prepare_typed(&numbered(sql), &types).await.map(Reply::Prepared)
            }),
            Self::Run(_, Statement { sql, parameters, .. }, Some(prepared)) => Box::pin(async move {
                let values: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|value| value as _).collect();
                Ok(if gives_rows(sql) {
                    Reply::Rows(client.query(prepared, &values).await?)
                } else {
                    Reply::Changed(client.execute(prepared, &values).await?)
                })
            }),
            Self::Run(_, Statement { sql, parameters, .. }, None) => Box::pin(async move {
                let (text, parameters) = (numbered(sql), parameters.iter().map(encode).collect::<Vec<_>>());
                Ok(if gives_rows(sql) {
                    Reply::Rows(client.query_typed(&text, &parameters).await?)
                } else {
                    Reply::Changed(client.execute_typed(&text, &parameters).await?)
                })
            }),
        }
    }
}

fn gives_rows(sql: &str) -> bool {
    sql.starts_with("select") || sql.contains(" returning ")
}

/// For a prepared statement, whose parameters have the types that the database found for them.
impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Int(number) => number.to_sql_checked(kind, out),
            Self::Bool(flag) => flag.to_sql_checked(kind, out),
            Self::Text(text) => text.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// `?N` as PostgreSQL writes it. Our statements have no other question mark. Cheaper than looking a kept text up.
pub(super) fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// The type of a null is left to the server.
pub(super) fn encode(value: &Value) -> (&(dyn ToSql + Sync), Type) {
    const NULL: &Option<String> = &None;
    match value {
        Value::Null => (NULL, Type::UNKNOWN),
        Value::Int(number) => (number, Type::INT8),
        Value::Bool(flag) => (flag, Type::BOOL),
        Value::Text(text) => (text, Type::TEXT),
    }
}

/// One row; only the three types of the charter come out of our statements.
pub(super) fn decode(row: &tokio_postgres::Row) -> Result<Row> {
    let foreign = |error: Driver| Error::internal(format!("a stored value has a foreign type: {error}"));
    row.columns()
        .iter()
        .enumerate()
        .map(|(at, column)| {
            Ok(match *column.type_() {
                Type::INT8 => row.try_get::<_, Option<i64>>(at).map_err(foreign)?.into(),
                Type::INT4 => row.try_get::<_, Option<i32>>(at).map_err(foreign)?.map(i64::from).into(),
                Type::BOOL => row.try_get::<_, Option<bool>>(at).map_err(foreign)?.into(),
                _ => row.try_get::<_, Option<String>>(at).map_err(foreign)?.into(),
            })
        })
        .collect::<Result<_>>()
        .map(Row::new)
}
