//! A statement: one text for both databases, its arguments, and the ways to run it.
//!
//! The text is made of `&'static str` only, so nothing that a person typed can become SQL.
//!
//! A SQLite statement is a trip to the connection's thread and back, which costs more than most statements do. So several
//! that need nothing of each other's answers go as a [`Batch`], in one trip; PostgreSQL gets them one by one.

use std::borrow::Cow;
use std::fmt::Write as _;

use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Either, Executor as _, SqlSafeStr as _, SqlStr};

use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::row::{Record, Row};
use crate::tx::{Connection, Tx};
use crate::value::{Bind, Value};

/// Most values of one list: a manifest of four megabytes names more blobs than a statement can have arguments.
pub(crate) const LONGEST_LIST: usize = 512;

/// A statement with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    text: Cow<'static, str>,
    arguments: Vec<Value>,
}

/// Begins a statement. Arguments are `$1`, `$2`, …
pub(crate) const fn sql(text: &'static str) -> Sql {
    Sql { text: Cow::Borrowed(text), arguments: Vec::new() }
}

/// Runs the same body on the typed connection of either database. `$wrap` makes a [`Row`] of a typed one.
macro_rules! dispatch {
    ($tx:expr, $text:expr, $arguments:expr, |$connection:ident, $query:ident, $wrap:ident| $body:expr) => {
        match &mut $tx.connection {
            Connection::Sqlite($connection) => {
                let $wrap = Row::Sqlite;
                let mut $query = sqlx::query::<sqlx::Sqlite>($text);
                dispatch!(@bind $query, $arguments);
                $body
            }
            Connection::Postgres($connection) => {
                let $wrap = Row::Postgres;
                let mut $query = sqlx::query::<sqlx::Postgres>($text);
                dispatch!(@bind $query, $arguments);
                $body
            }
        }
    };
    (@bind $query:ident, $arguments:expr) => {
        for argument in $arguments {
            $query = match argument {
                Value::Integer(it) => $query.bind(it),
                Value::Text(it) => $query.bind(it),
                Value::Bytes(it) => $query.bind(it),
                Value::Flag(it) => $query.bind(it),
            };
        }
    };
}

impl Sql {
    /// For tests: a statement that was run before, asked about.
    pub(crate) const fn recorded(text: String) -> Self {
        Self { text: Cow::Owned(text), arguments: Vec::new() }
    }

    /// For [`crate::dump`] alone: a text with the names of tables and columns that the schema itself told.
    pub(crate) const fn of_schema(text: String) -> Self {
        Self { text: Cow::Owned(text), arguments: Vec::new() }
    }

    /// The next argument of the text so far.
    pub(crate) fn bind(mut self, value: impl Bind) -> Self {
        self.arguments.push(value.into_value());
        self
    }

    /// More text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// More text in the same expression.
    pub(crate) fn and(mut self, text: &'static str) -> Self {
        self.push(text);
        self
    }

    /// The next argument, with its placeholder put at the end of the text.
    pub(crate) fn push_bind(&mut self, value: impl Bind) -> &mut Self {
        self.arguments.push(value.into_value());
        let placeholder = format!("${}", self.arguments.len());
        self.text.to_mut().push_str(&placeholder);
        self
    }

    /// `VALUES ($4), ($5), …`, filled up like [`Sql::push_list`]: rows of one column, `column1`. There must be a value.
    pub(crate) fn push_rows(&mut self, values: impl IntoIterator<Item = impl Bind>) -> &mut Self {
        self.push("VALUES ");
        self.push_filled(values, ("(", "), (", ")"))
    }

    /// `($4, $5, …)`. Filled up to a power of two with the last value, so that few different texts arise. An empty list
    /// matches nothing.
    pub(crate) fn push_list(&mut self, values: impl IntoIterator<Item = impl Bind>) -> &mut Self {
        self.push_filled(values, ("(", ", ", ")"))
    }

    fn push_filled(
        &mut self,
        values: impl IntoIterator<Item = impl Bind>,
        (before, between, after): (&'static str, &'static str, &'static str),
    ) -> &mut Self {
        let mut values: Vec<Value> = values.into_iter().map(Bind::into_value).collect();
        let Some(last) = values.last().cloned() else {
            return self.push("(NULL)");
        };
        values.resize(values.len().next_power_of_two(), last);
        self.push(before);
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(between);
            }
            self.arguments.push(value);
            let placeholder = format!("${}", self.arguments.len());
            self.text.to_mut().push_str(&placeholder);
        }
        self.push(after)
    }

    /// Runs it and says how many rows changed.
    pub(crate) async fn execute(self, tx: &mut Tx<'_>) -> Result<u64> {
        let (text, arguments) = prepare(tx, vec![self])?;
        let outcome = match &mut tx.connection {
            Connection::Sqlite(connection) => {
                let mut query = sqlx::query::<sqlx::Sqlite>(text);
                dispatch!(@bind query, arguments);
                last_change(connection, query).await
            }
            Connection::Postgres(connection) => {
                let mut query = sqlx::query::<sqlx::Postgres>(text);
                dispatch!(@bind query, arguments);
                query.execute(&mut **connection).await.map(|done| done.rows_affected())
            }
        };
        tx.note(outcome)
    }

    /// Every row.
    pub(crate) async fn all<T: Record>(self, tx: &mut Tx<'_>) -> Result<Vec<T>> {
        let (text, arguments) = prepare(tx, vec![self])?;
        let outcome = dispatch!(tx, text, arguments, |connection, query, wrap| {
            query
                .fetch_all(&mut **connection)
                .await
                .map(|rows| rows.into_iter().map(wrap).collect())
        });
        let rows: Vec<Row> = tx.note(outcome)?;
        rows.iter().map(T::from_row).collect()
    }

    /// Hands every row to `take` as it comes, however many there are. Says how many. What this reads is not recorded: it is
    /// for dumps, which read everything.
    pub(crate) async fn each(
        self,
        tx: &mut Tx<'_>,
        take: &mut (dyn FnMut(&Row) -> Result<()> + Send),
    ) -> Result<u64> {
        let text = AssertSqlSafe(self.text.into_owned()).into_sql_str();
        let arguments = self.arguments;
        let outcome = dispatch!(tx, text, arguments, |connection, query, wrap| {
            let mut rows = query.fetch(&mut **connection);
            let mut count = 0;
            loop {
                match rows.try_next().await {
                    Ok(Some(row)) => {
                        if let Err(error) = take(&wrap(row)) {
                            break Ok(Err(error));
                        }
                        count += 1;
                    }
                    Ok(None) => break Ok(Ok(count)),
                    Err(error) => break Err(error),
                }
            }
        });
        tx.note(outcome)?
    }

    /// The row, if there is one. Of several, the first.
    pub(crate) async fn optional<T: Record>(self, tx: &mut Tx<'_>) -> Result<Option<T>> {
        optional(tx, vec![self]).await
    }

    /// The row that must be there: a count, or what `RETURNING` gives after an unconditional insert.
    pub(crate) async fn one<T: Record>(self, tx: &mut Tx<'_>) -> Result<T> {
        self.optional(tx).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }

    /// The first column of the row that must be there.
    pub(crate) async fn scalar<T: crate::value::Column>(self, tx: &mut Tx<'_>) -> Result<T> {
        self.one::<(T,)>(tx).await.map(|(value,)| value)
    }

    /// Runs it no later than the end of the closure, in the trip of the next statement (PostgreSQL: now). Nobody asks what
    /// it did; if it fails, that next statement does.
    pub(crate) async fn queue(self, tx: &mut Tx<'_>) -> Result<()> {
        if tx.dialect() == Dialect::Postgres {
            return self.execute(tx).await.map(drop);
        }
        tx.queue.push(self);
        if tx.queue.len() < LONGEST_BATCH { Ok(()) } else { tx.flush().await }
    }

    /// Another statement after this one, in the same trip.
    pub(crate) fn then(self, next: Self) -> Batch {
        Batch { statements: vec![self, next] }
    }
}

/// Statements that go together. Only the last one may give rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Batch {
    statements: Vec<Sql>,
}

impl Batch {
    /// One more.
    pub(crate) fn add(&mut self, next: Sql) {
        self.statements.push(next);
    }

    /// Runs them.
    pub(crate) async fn execute(self, tx: &mut Tx<'_>) -> Result<()> {
        // Texts of any length would each be prepared anew; long batches go in parts.
        let mut statements = self.statements.into_iter().peekable();
        while statements.peek().is_some() {
            let part: Vec<Sql> = statements.by_ref().take(LONGEST_BATCH).collect();
            match tx.dialect() {
                Dialect::Sqlite => drop(optional::<(i64,)>(tx, part).await?),
                Dialect::Postgres => {
                    for statement in part {
                        statement.execute(tx).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Runs them; the row that the last one gives, if it does.
    pub(crate) async fn optional<T: Record>(mut self, tx: &mut Tx<'_>) -> Result<Option<T>> {
        if tx.dialect() == Dialect::Postgres {
            let last = self.statements.pop();
            self.execute(tx).await?;
            return match last {
                Some(last) => last.optional(tx).await,
                None => Ok(None),
            };
        }
        optional(tx, self.statements).await
    }
}

/// Most statements in one trip.
const LONGEST_BATCH: usize = 8;

/// The first row of statements of which only the last gives rows.
async fn optional<T: Record>(tx: &mut Tx<'_>, statements: Vec<Sql>) -> Result<Option<T>> {
    let (text, arguments) = prepare(tx, statements)?;
    let outcome = dispatch!(tx, text, arguments, |connection, query, wrap| {
        query.fetch_optional(&mut **connection).await.map(|row| row.map(wrap))
    });
    tx.note(outcome)?.as_ref().map(T::from_row).transpose()
}

/// Rows changed by the last statement of a text: SQLite repeats the number for a `BEGIN` before it.
async fn last_change(
    connection: &mut sqlx::SqliteConnection,
    query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
) -> std::result::Result<u64, sqlx::Error> {
    let mut steps = connection.fetch_many(query);
    let mut changed = 0;
    while let Some(step) = steps.try_next().await? {
        if let Either::Left(done) = step {
            changed = done.rows_affected();
        }
    }
    Ok(changed)
}

impl Tx<'_> {
    /// Runs what is queued.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        let queue = std::mem::take(&mut self.queue);
        Batch { statements: queue }.execute(self).await
    }
}

/// The text and arguments of statements that go together, after what is queued and what the transaction begins with.
fn prepare(tx: &mut Tx<'_>, asked: Vec<Sql>) -> Result<(SqlStr, Vec<Value>)> {
    let mut statements = std::mem::take(&mut tx.queue);
    statements.extend(asked);
    if tx.dialect() == Dialect::Postgres {
        // PostgreSQL has no text with a NUL in it, and would refuse the whole statement.
        for argument in statements.iter_mut().flat_map(|statement| statement.arguments.iter_mut()) {
            if let Value::Text(Some(text)) = argument
                && text.contains('\0')
            {
                *text = text.replace('\0', "\u{fffd}");
            }
        }
    }
    for statement in &statements {
        tx.begin_statement(&statement.text)?;
    }
    let prelude = tx.prelude();
    if prelude.is_none()
        && statements.len() == 1
        && let Some(statement) = statements.pop()
    {
        let text = match statement.text {
            Cow::Borrowed(text) => text.into_sql_str(),
            Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
        };
        return Ok((text, statement.arguments));
    }
    let mut text = prelude.unwrap_or_default().to_owned();
    let mut arguments = Vec::new();
    for statement in statements {
        if !text.is_empty() {
            text.push_str("; ");
        }
        push_numbered(&mut text, &statement.text, arguments.len());
        arguments.extend(statement.arguments);
    }
    Ok((AssertSqlSafe(text).into_sql_str(), arguments))
}

/// Adds a statement whose `$1` is argument `offset + 1` of the whole.
fn push_numbered(text: &mut String, statement: &str, offset: usize) {
    let mut parts = statement.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number = number.parse::<usize>().unwrap_or_default() + offset;
        // Writing to a String cannot fail.
        let _ = write!(text, "${number}{rest}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbered_through() {
        let mut text = String::from("BEGIN; ");
        push_numbered(&mut text, "UPDATE t SET a = $1, b = $2 WHERE a <> $1", 10);
        assert_eq!(text, "BEGIN; UPDATE t SET a = $11, b = $12 WHERE a <> $11");
    }

    #[test]
    fn lists_have_few_lengths() {
        let mut statement = sql("SELECT 1 WHERE 1 IN ");
        statement.push_list([1_i64, 2, 3]);
        assert_eq!(statement.text, "SELECT 1 WHERE 1 IN ($1, $2, $3, $4)");
        assert_eq!(statement.arguments.last(), Some(&Value::Integer(Some(3))));
        let mut statement = sql("SELECT 1 WHERE 1 IN ");
        statement.push_list(Vec::<i64>::new());
        assert_eq!(statement.text, "SELECT 1 WHERE 1 IN (NULL)");
    }
}
