//! A statement: one text for both databases, its arguments, and the four ways to run it.
//!
//! The text is made of `&'static str` only, so nothing that a person typed can become SQL.

use std::borrow::Cow;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use crate::error::{Result, StoreError};
use crate::row::{Record, Row};
use crate::tx::{Connection, Tx};
use crate::value::{Bind, Value};

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

    /// `($4, $5, …)`. Filled up to a power of two with the last value, so that few different texts arise. An empty list
    /// matches nothing.
    pub(crate) fn push_list(&mut self, values: impl IntoIterator<Item = impl Bind>) -> &mut Self {
        let mut values: Vec<Value> = values.into_iter().map(Bind::into_value).collect();
        let Some(last) = values.last().cloned() else {
            return self.push("(NULL)");
        };
        values.resize(values.len().next_power_of_two(), last);
        self.push("(");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.arguments.push(value);
            let placeholder = format!("${}", self.arguments.len());
            self.text.to_mut().push_str(&placeholder);
        }
        self.push(")")
    }

    /// Runs it and says how many rows changed.
    pub(crate) async fn execute(self, tx: &mut Tx<'_>) -> Result<u64> {
        let (text, arguments) = self.prepare(tx)?;
        let outcome = dispatch!(tx, text, arguments, |connection, query, _wrap| {
            query.execute(&mut **connection).await.map(|done| done.rows_affected())
        });
        tx.note(outcome)
    }

    /// Every row.
    pub(crate) async fn all<T: Record>(self, tx: &mut Tx<'_>) -> Result<Vec<T>> {
        let rows = self.rows(tx).await?;
        rows.iter().map(T::from_row).collect()
    }

    /// The row, if there is one. Of several, the first.
    pub(crate) async fn optional<T: Record>(self, tx: &mut Tx<'_>) -> Result<Option<T>> {
        let (text, arguments) = self.prepare(tx)?;
        let outcome = dispatch!(tx, text, arguments, |connection, query, wrap| {
            query.fetch_optional(&mut **connection).await.map(|row| row.map(wrap))
        });
        tx.note(outcome)?.as_ref().map(T::from_row).transpose()
    }

    /// The row that must be there: a count, or what `RETURNING` gives after an unconditional insert.
    pub(crate) async fn one<T: Record>(self, tx: &mut Tx<'_>) -> Result<T> {
        self.optional(tx).await?.ok_or_else(|| StoreError::Database(sqlx::Error::RowNotFound))
    }

    /// The first column of the row that must be there.
    pub(crate) async fn scalar<T: crate::value::Column>(self, tx: &mut Tx<'_>) -> Result<T> {
        self.one::<(T,)>(tx).await.map(|(value,)| value)
    }

    async fn rows(self, tx: &mut Tx<'_>) -> Result<Vec<Row>> {
        let (text, arguments) = self.prepare(tx)?;
        let outcome = dispatch!(tx, text, arguments, |connection, query, wrap| {
            query
                .fetch_all(&mut **connection)
                .await
                .map(|rows| rows.into_iter().map(wrap).collect())
        });
        tx.note(outcome)
    }

    fn prepare(self, tx: &mut Tx<'_>) -> Result<(SqlStr, Vec<Value>)> {
        tx.begin_statement(&self.text)?;
        let text = match self.text {
            Cow::Borrowed(text) => text.into_sql_str(),
            Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
        };
        Ok((text, self.arguments))
    }
}
