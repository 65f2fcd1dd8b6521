//! `$filter`, `$search` and `$orderby` over users, as SQL that gives the same answer as `odata::Filter::matches`.

use crate::{
    Page, Reader, UserQuery,
    read::{USER_COLUMNS, user},
    value::{Row, Value},
};
use model::{Error, InvitationState, Result, User, UserType};
use odata::{
    Filter, Search,
    filter::{Comparison, Scalar, TextMatch, fold},
};

const LAST_SIGN_IN: &str =
    "(select s.last_at from sign_ins s where s.tenant_id = users.tenant_id and s.user_id = users.id)";
const LAST_SILENT: &str =
    "(select s.silent_at from sign_ins s where s.tenant_id = users.tenant_id and s.user_id = users.id)";
const LAST_SUCCESS: &str =
    "(select s.success_at from sign_ins s where s.tenant_id = users.tenant_id and s.user_id = users.id)";

/// How a property is kept.
#[derive(Clone, Copy)]
enum Column {
    /// Folded already, or the same in every letter case.
    Text(&'static str),
    /// A word of a fixed, ASCII list, in its own letter case.
    Word(&'static str, &'static [&'static str]),
    /// A boolean.
    Flag(&'static str),
    /// Microseconds.
    Time(&'static str),
}

const USER_TYPES: &[&str] = &[UserType::Member.as_str(), UserType::Guest.as_str()];
const INVITATIONS: &[&str] =
    &[InvitationState::PendingAcceptance.as_str(), InvitationState::Accepted.as_str()];

impl Column {
    /// None where the property is kept in a form that SQL cannot look into.
    fn find(property: &str, of: Table) -> Option<Self> {
        if of == Table::Counts {
            return Some(match property {
                "userType" => Self::Word("user_type", USER_TYPES),
                "externalUserState" => Self::Word("nullif(invitation, '')", INVITATIONS),
                "accountEnabled" => Self::Flag("account_enabled"),
                _ => return None,
            });
        }
        Some(match property {
            "id" => Self::Text("users.id"),
            "displayName" => Self::Text("display_key"),
            "userPrincipalName" => Self::Text("upn_key"),
            "mail" => Self::Text("mail_key"),
            "userType" => Self::Word("user_type", USER_TYPES),
            "externalUserState" => Self::Word("invitation", INVITATIONS),
            "accountEnabled" => Self::Flag("account_enabled"),
            "createdDateTime" => Self::Time("users.created_at"),
            "deletedDateTime" => Self::Time("deleted_at"),
            "externalUserStateChangeDateTime" => Self::Time("invitation_changed"),
            "signInActivity/lastSignInDateTime" => Self::Time(LAST_SIGN_IN),
            "signInActivity/lastNonInteractiveSignInDateTime" => Self::Time(LAST_SILENT),
            "signInActivity/lastSuccessfulSignInDateTime" => Self::Time(LAST_SUCCESS),
            _ => return None,
        })
    }

    fn of(property: &str) -> Result<Self> {
        Self::find(property, Table::Users)
            .ok_or_else(|| Error::internal(format!("the store keeps no column for {property}")))
    }

    fn expression(self) -> String {
        match self {
            Self::Text(column) | Self::Flag(column) | Self::Time(column) => column.to_owned(),
            Self::Word(column, _) => format!("lower({column})"),
        }
    }

    /// The same for a comparison with this value, whatever its letter case, that an index can serve; and the value to compare
    /// with.
    fn exactly(self, value: &Scalar) -> (String, Value) {
        match (self, value) {
            (Self::Word(column, words), Scalar::String(text)) => {
                let folded = fold(text);
                // What is no word of the list is none of the rows' either.
                let word = words.iter().find(|word| fold(word) == folded).map(|word| (*word).to_owned());
                (column.to_owned(), word.unwrap_or(folded).into())
            }
            _ => (self.expression(), bound(value)),
        }
    }
}

/// What a condition looks at.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Table {
    /// The users themselves.
    #[default]
    Users,
    /// How many there are of each kind.
    Counts,
}

/// A value as it is kept.
fn bound(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => (*flag).into(),
        Scalar::Int64(number) | Scalar::DateTime(number) => (*number).into(),
        Scalar::Guid(text) => text.as_str().into(),
        Scalar::String(text) => fold(text).into(),
    }
}

/// A condition under construction; its parameters are numbered behind the tenant.
#[derive(Default)]
struct Sql {
    of: Table,
    text: String,
    parameters: Vec<Value>,
    /// The condition lets too much through: there are properties that only [`UserQuery::keep`] can judge.
    loose: bool,
}

impl Sql {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.parameters.push(value.into());
        format!("?{}", self.parameters.len() + 1)
    }

    /// Every comparison is false, not unknown, for null: otherwise `not` around it would differ from the definition.
    ///
    /// What SQL cannot judge counts as true, and as false inside a `not` (`negated`), so that the whole lets through at
    /// least what it should.
    fn filter(&mut self, filter: &Filter, negated: bool) {
        let field = match filter {
            Filter::And(left, right) => return self.pair(left, "and", right, negated),
            Filter::Or(left, right) => return self.pair(left, "or", right, negated),
            Filter::Not(inner) => {
                self.text.push_str("not (");
                self.filter(inner, !negated);
                self.text.push(')');
                return;
            }
            Filter::Lambda { collection, .. } => collection,
            Filter::Compare { field, .. } | Filter::In { field, .. } | Filter::Text { field, .. } => field,
        };
        let Some(column) = Column::find(&field.path(), self.of) else {
            self.loose = true;
            self.text.push_str(if negated { "1 = 0" } else { "1 = 1" });
            return;
        };
        match filter {
            Filter::Compare { op: op @ (Comparison::Eq | Comparison::Ne), value, .. } => {
                let (column, value) = column.exactly(value);
                self.compare(&column, *op, value);
            }
            Filter::Compare { op, value, .. } => self.compare(&column.expression(), *op, bound(value)),
            Filter::In { values, .. } => {
                let mut name = column.expression();
                let mut list = Vec::with_capacity(values.len());
                for value in values {
                    let (exact, value) = column.exactly(value);
                    name = exact;
                    list.push(self.bind(value));
                }
                self.text.push_str(&format!("({name} is not null and {name} in ({}))", list.join(", ")));
            }
            Filter::Text { op, text, .. } => self.part(&column.expression(), *op, text),
            Filter::And(..) | Filter::Or(..) | Filter::Not(_) | Filter::Lambda { .. } => {}
        }
    }

    fn pair(&mut self, left: &Filter, operator: &str, right: &Filter, negated: bool) {
        self.text.push('(');
        self.filter(left, negated);
        self.text.push_str(&format!(" {operator} "));
        self.filter(right, negated);
        self.text.push(')');
    }

    fn compare(&mut self, column: &str, op: Comparison, value: Value) {
        let text = match (op, value) {
            (Comparison::Eq, Value::Null) => format!("{column} is null"),
            (Comparison::Ne, Value::Null) => format!("{column} is not null"),
            (Comparison::Ne, value) => {
                let value = self.bind(value);
                format!("({column} is null or {column} <> {value})")
            }
            (op, value) => {
                let sign = match op {
                    Comparison::Gt => ">",
                    Comparison::Ge => ">=",
                    Comparison::Lt => "<",
                    Comparison::Le => "<=",
                    Comparison::Eq | Comparison::Ne => "=",
                };
                let value = self.bind(value);
                format!("({column} is not null and {column} {sign} {value})")
            }
        };
        self.text.push_str(&text);
    }

    fn part(&mut self, column: &str, op: TextMatch, text: &str) {
        let folded = fold(text);
        let text = match op {
            TextMatch::StartsWith => {
                let from = self.bind(folded.as_str());
                let to = match behind_prefix(&folded) {
                    Some(to) => format!(" and {column} < {}", self.bind(to)),
                    None => String::new(),
                };
                format!("({column} is not null and {column} >= {from}{to})")
            }
            TextMatch::EndsWith => self.like(column, &format!("%{}", escape(&folded))),
            TextMatch::Contains => self.like(column, &format!("%{}%", escape(&folded))),
        };
        self.text.push_str(&text);
    }

    fn like(&mut self, column: &str, pattern: &str) -> String {
        let pattern = self.bind(pattern);
        format!("({column} is not null and {column} like {pattern} escape '\\')")
    }

    /// In Graph a term matches where a word of the name begins with it; other properties must begin with it.
    fn search(&mut self, search: &Search) -> Result<()> {
        match search {
            Search::And(left, right) | Search::Or(left, right) => {
                self.text.push('(');
                self.search(left)?;
                self.text.push_str(if matches!(search, Search::And(..)) { " and " } else { " or " });
                self.search(right)?;
                self.text.push(')');
            }
            Search::Term { property, text } => {
                let column = Column::of(property.name)?.expression();
                let folded = escape(&fold(text));
                let begins = self.like(&column, &format!("{folded}%"));
                let found = if property.name == "displayName" {
                    let word = self.like(&column, &format!("% {folded}%"));
                    format!("({begins} or {word})")
                } else {
                    begins
                };
                self.text.push_str(&found);
            }
        }
        Ok(())
    }
}

/// The least text that sorts behind every text with this prefix, if there is one: byte order of UTF-8 is the order of
/// code points.
fn behind_prefix(prefix: &str) -> Option<String> {
    let mut head: Vec<char> = prefix.chars().collect();
    while let Some(last) = head.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            other => char::from_u32(u32::from(other) + 1),
        };
        if let Some(next) = next {
            head.push(next);
            return Some(head.into_iter().collect());
        }
    }
    None
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn build(query: &UserQuery<'_>, of: Table) -> Result<Sql> {
    let mut sql = Sql { of, ..Sql::default() };
    match of {
        Table::Users => {
            sql.text.push_str(if query.deleted { "deleted_at is not null" } else { "deleted_at is null" });
        }
        Table::Counts => {
            let deleted = sql.bind(query.deleted);
            sql.text.push_str(&format!("deleted = {deleted}"));
        }
    }
    if let Some(filter) = query.filter {
        sql.text.push_str(" and ");
        sql.filter(filter, false);
    }
    if let Some(search) = query.search {
        sql.text.push_str(" and ");
        sql.search(search)?;
    }
    Ok(sql)
}

/// How many users are read at once where each has to be judged by itself.
const BATCH: u16 = 500;
/// How many users one page looks at before it ends early, with a position to go on from.
const MOST_SEEN: usize = 10_000;
/// How many users a count looks at where each has to be judged by itself.
const MOST_COUNTED: i64 = 100_000;

/// How many users match.
pub(crate) fn count(reader: &Reader<'_>, query: &UserQuery<'_>) -> Result<i64> {
    if let Some(known) = counted(reader, query)? {
        return Ok(known);
    }
    let sql = build(query, Table::Users)?;
    let text = format!("select count(*) from users where tenant_id = ?1 and {}", sql.text);
    let total = reader.count(&text, &sql.parameters)?;
    let Some(keep) = judge(query, &sql)? else { return Ok(total) };
    if total > MOST_COUNTED {
        return Err(Error::bad_request(format!(
            "Counting what this filter matches would mean to look at {total} users one by one: add a condition on displayName, \
             mail, userPrincipalName, userType or accountEnabled."
        )));
    }
    let mut kept = 0;
    let mut step = UserQuery { order_by: Vec::new(), after: None, limit: BATCH, ..query.clone() };
    loop {
        let (users, next) = stretch(reader, &step, build(&step, Table::Users)?)?;
        kept += users.iter().filter(|user| keep(user)).count();
        match next {
            Some(next) => step.after = Some(next),
            None => return i64::try_from(kept).map_err(|_| Error::internal("more users than numbers")),
        }
    }
}

/// How many match as far as the counts say: not all properties are counted by, and the counts may be behind.
fn counted(reader: &Reader<'_>, query: &UserQuery<'_>) -> Result<Option<i64>> {
    if query.search.is_some() {
        return Ok(None);
    }
    let sql = build(query, Table::Counts)?;
    if sql.loose {
        return Ok(None);
    }
    let text = format!(
        "select (select count(*) from user_change_heads where tenant_id = ?1 and counted = place), \
         cast(coalesce(sum(users), 0) as bigint) from user_counts where tenant_id = ?1 and {}",
        sql.text
    );
    let Some(mut row) = reader.row(&text, &sql.parameters)? else { return Ok(None) };
    let held = row.int()? > 0;
    Ok(if held { Some(row.int()?) } else { None })
}

/// What judges each user, where the condition alone lets too much through.
#[expect(clippy::type_complexity, reason = "the type of the field, as an option")]
fn judge<'q>(query: &UserQuery<'q>, sql: &Sql) -> Result<Option<&'q (dyn Fn(&User) -> bool + Send + Sync)>> {
    match query.keep {
        _ if !sql.loose => Ok(None),
        None => Err(Error::internal("a filter on a property without a column, and nothing to judge by")),
        keep => Ok(keep),
    }
}

/// What a page is ordered by: never null, and completed by the id, so that a position is unique.
fn order(query: &UserQuery<'_>) -> Result<Vec<(Column, bool)>> {
    let mut order = Vec::with_capacity(query.order_by.len() + 1);
    for (property, descending) in &query.order_by {
        let known = match *property {
            "displayName" | "userPrincipalName" | "createdDateTime" | "id" => true,
            "deletedDateTime" => query.deleted,
            _ => false,
        };
        if !known {
            return Err(Error::bad_request(format!(
                "Sorting by '{property}' is not supported: use displayName, userPrincipalName, createdDateTime or, for deleted users, deletedDateTime."
            )));
        }
        order.push((Column::of(property)?, *descending));
    }
    order.push((Column::Text("users.id"), false));
    Ok(order)
}

/// `(a, b) behind (x, y)` with a direction for each: `a > x or (a = x and b > y)`.
fn behind(sql: &mut Sql, order: &[(Column, bool)], position: &[String]) -> Result<()> {
    let stale = || {
        Error::bad_request("The skip token is not valid for this request. Start again from the first page.")
    };
    if position.len() != order.len() {
        return Err(stale());
    }
    let mut bound = Vec::with_capacity(order.len());
    for ((column, _), text) in order.iter().zip(position) {
        bound.push(match column {
            Column::Time(_) => sql.bind(text.parse::<i64>().map_err(|_| stale())?),
            _ => sql.bind(text.as_str()),
        });
    }
    let alternatives: Vec<String> = (0..order.len())
        .map(|last| {
            let terms: Vec<String> = (0..=last)
                .map(|index| {
                    let (column, descending) = order[index];
                    let sign = match (index == last, descending) {
                        (false, _) => "=",
                        (true, false) => ">",
                        (true, true) => "<",
                    };
                    format!("{} {sign} {}", column.expression(), bound[index])
                })
                .collect();
            terms.join(" and ")
        })
        .collect();
    sql.text.push_str(&format!(" and ({})", alternatives.join(" or ")));
    Ok(())
}

/// Reads one page: by key, never by offset, so that nothing is lost or repeated while rows come and go.
pub(crate) fn page(reader: &Reader<'_>, query: &UserQuery<'_>) -> Result<Page<User>> {
    let sql = build(query, Table::Users)?;
    let Some(keep) = judge(query, &sql)? else {
        let (users, next) = stretch(reader, query, sql)?;
        return Ok(Page { items: users, next });
    };
    let limit = usize::from(query.limit);
    let (mut kept, mut seen): (Vec<User>, usize) = (Vec::new(), 0);
    let mut step = UserQuery { limit: BATCH, ..query.clone() };
    loop {
        let (users, next) = stretch(reader, &step, build(&step, Table::Users)?)?;
        for user in users {
            seen += 1;
            if !keep(&user) {
                continue;
            }
            if kept.len() == limit {
                let next = kept.last().map(|last| position(last, query));
                return Ok(Page { items: kept, next });
            }
            kept.push(user);
        }
        match next {
            Some(next) if seen < MOST_SEEN => step.after = Some(next),
            // Seen enough for now: a page may be short, or empty, and still not be the last.
            next => return Ok(Page { items: kept, next }),
        }
    }
}

/// The same of a part of each user, which is read without the rest: the columns of it, how it is read from them, and what it is
/// of a user that had to be read as a whole.
pub(crate) fn parts<T>(
    reader: &Reader<'_>,
    query: &UserQuery<'_>,
    columns: &[&str],
    read: impl Fn(&mut Row) -> Result<T>,
    of: impl Fn(&User) -> T,
) -> Result<Page<T>> {
    let sql = build(query, Table::Users)?;
    if sql.loose {
        let Page { items: users, next } = page(reader, query)?;
        return Ok(Page { items: users.iter().map(of).collect(), next });
    }
    let order: Vec<String> = order(query)?.iter().map(|(column, _)| column.expression()).collect();
    let columns: Vec<&str> = columns.iter().copied().chain(order.iter().map(String::as_str)).collect();
    let (found, more) = select(reader, query, sql, &columns.join(", "))?;
    let mut items = Vec::with_capacity(found.len());
    let mut behind = None;
    let last = found.len().checked_sub(1).filter(|_| more);
    for (at, mut row) in found.into_iter().enumerate() {
        items.push(read(&mut row)?);
        if Some(at) == last {
            behind = Some(order.iter().map(|_| row.key()).collect::<Result<Vec<String>>>()?);
        }
    }
    Ok(Page { items, next: behind })
}

/// Users that the condition of the query, as it was built, lets through, and the position behind the last if there are more.
fn stretch(reader: &Reader<'_>, query: &UserQuery<'_>, sql: Sql) -> Result<(Vec<User>, Option<Vec<String>>)> {
    let (rows, more) = select(reader, query, sql, USER_COLUMNS)?;
    let users: Vec<User> = rows.into_iter().map(user).collect::<Result<_>>()?;
    let next = users.last().filter(|_| more).map(|last| position(last, query));
    Ok((users, next))
}

/// Rows that the condition of the query lets through, and whether there are more.
fn select(
    reader: &Reader<'_>,
    query: &UserQuery<'_>,
    mut sql: Sql,
    columns: &str,
) -> Result<(Vec<Row>, bool)> {
    let order = order(query)?;
    if let Some(position) = &query.after {
        behind(&mut sql, &order, position)?;
    }
    let ordering: Vec<String> = order
        .iter()
        .map(|(column, descending)| {
            format!("{}{}", column.expression(), if *descending { " desc" } else { "" })
        })
        .collect();
    let limit = sql.bind(i64::from(query.limit) + 1);
    let text = format!(
        "select {columns} from users where tenant_id = ?1 and {} order by {} limit {limit}",
        sql.text,
        ordering.join(", ")
    );
    let mut rows = reader.rows(&text, &sql.parameters)?;
    let more = rows.len() > usize::from(query.limit);
    rows.truncate(usize::from(query.limit));
    Ok((rows, more))
}

fn position(user: &User, query: &UserQuery<'_>) -> Vec<String> {
    let of = |property: &str| match property {
        "displayName" => fold(&user.display_name),
        "userPrincipalName" => model::fold(&user.upn),
        "createdDateTime" => user.created.as_micros().to_string(),
        "deletedDateTime" => user.deletion.map_or(0, |deletion| deletion.at.as_micros()).to_string(),
        _ => user.id.to_string(),
    };
    query.order_by.iter().map(|(property, _)| of(property)).chain([user.id.to_string()]).collect()
}
