//! Everything in the database as plain rows, and back: what a backup keeps.
//!
//! A row is a list of texts, or nothing where the column is NULL: integers and flags (0, 1) in decimal, bytes in lower-case
//! hexadecimal. That is the same for both databases, so rows of one can be put into the other. Tables and columns are
//! asked of the schema, so a new table needs nothing here.
//!
//! # Invariants
//! - What is left out is either gone in a moment anyway or worthless elsewhere ([`LEFT_OUT`]).
//! - Objects that are doomed are left out: their bytes are not kept, and nothing refers to them.
//! - Putting rows in happens in one transaction, in any order of tables: foreign keys are looked at when all are in.

use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::maintenance::Whole;
use crate::row::Row;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::{Bind, Column};
use crate::{At, Value};

/// Tables that are not kept: news for live pages, uploads and work under way, signed-in browsers.
pub const LEFT_OUT: [&str; 7] =
    ["changes", "uploads", "packages", "package_parts", "package_files", "holds", "sessions"];

/// Values of one row.
pub type Fields = Vec<Option<String>>;

/// How the values of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A 64-bit integer; on SQLite a flag too.
    Integer,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// A flag.
    Flag,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order in which rows have them.
    pub columns: Vec<(String, Kind)>,
}

/// The tables that are kept, by name.
pub async fn tables(tx: &mut Tx<'_>) -> Result<Vec<Table>> {
    let text = match tx.dialect() {
        Dialect::Sqlite => {
            "SELECT t.name, c.name, c.type FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND substr(t.name, 1, 1) <> '_' \
             ORDER BY t.name, c.cid"
        }
        Dialect::Postgres => {
            "SELECT c.table_name::text, c.column_name::text, c.data_type::text FROM information_schema.columns c \
             JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
             WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' \
             AND substr(c.table_name::text, 1, 1) <> '_' AND c.is_generated = 'NEVER' \
             ORDER BY c.table_name::text COLLATE \"C\", c.ordinal_position"
        }
    };
    let mut tables: Vec<Table> = Vec::new();
    for (name, column, word) in sql(text).all::<(String, String, String)>(tx).await? {
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let kind = match word.to_ascii_lowercase().as_str() {
            "integer" | "bigint" => Kind::Integer,
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Bytes,
            "boolean" => Kind::Flag,
            other => {
                return Err(StoreError::corrupt(format_args!(
                    "{name}.{column} is of type {other}"
                )));
            }
        };
        match tables.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push((column, kind)),
            None => tables.push(Table { name, columns: vec![(column, kind)] }),
        }
    }
    Ok(tables)
}

/// The newest migration of the schema.
pub async fn schema_version(tx: &mut Tx<'_>) -> Result<i64> {
    sql("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").scalar(tx).await
}

/// Hands every row of a table to `take`, as they come. Says how many there were.
pub async fn rows(
    tx: &mut Tx<'_>,
    _whole: Whole,
    table: &Table,
    take: &mut (dyn FnMut(Fields) -> Result<()> + Send),
) -> Result<u64> {
    let dialect = tx.dialect();
    let columns: Vec<String> =
        table.columns.iter().map(|(name, kind)| written(dialect, name, *kind)).collect();
    let mut text = format!("SELECT {} FROM {}", columns.join(", "), quoted(&table.name));
    if table.name == "objects" {
        text.push_str(" WHERE state = 'live'");
    }
    let width = table.columns.len();
    let mut read = |row: &Row| {
        let fields: Result<Fields> =
            (0..width).map(|at| Option::<String>::read(row, At::Position(at))).collect();
        take(fields?)
    };
    Sql::of_schema(text).each(tx, &mut read).await
}

/// An expression that gives a column's values as they are kept.
fn written(dialect: Dialect, name: &str, kind: Kind) -> String {
    let name = quoted(name);
    match (dialect, kind) {
        (_, Kind::Text) => name,
        (Dialect::Sqlite, Kind::Bytes) => {
            format!("CASE WHEN {name} IS NULL THEN NULL ELSE lower(hex({name})) END")
        }
        (Dialect::Postgres, Kind::Bytes) => format!("encode({name}, 'hex')"),
        (Dialect::Postgres, Kind::Flag) => format!("CAST(CAST({name} AS INTEGER) AS TEXT)"),
        (_, Kind::Integer | Kind::Flag) => format!("CAST({name} AS TEXT)"),
    }
}

/// An expression that makes a column's value of the argument `number`.
fn taken(dialect: Dialect, number: usize, kind: Kind) -> String {
    match (dialect, kind) {
        (_, Kind::Text) => format!("${number}"),
        (Dialect::Sqlite, Kind::Bytes) => format!("unhex(${number})"),
        (Dialect::Postgres, Kind::Bytes) => format!("decode(${number}, 'hex')"),
        (Dialect::Postgres, Kind::Flag) => {
            format!("CAST(CAST(CAST(${number} AS TEXT) AS INTEGER) AS BOOLEAN)")
        }
        (Dialect::Postgres, Kind::Integer) => format!("CAST(CAST(${number} AS TEXT) AS BIGINT)"),
        (Dialect::Sqlite, Kind::Integer | Kind::Flag) => format!("CAST(${number} AS INTEGER)"),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Hands the key, size and digest of every live object that a blob has to `take`. Says how many there were.
pub async fn objects(
    tx: &mut Tx<'_>,
    _whole: Whole,
    take: &mut (dyn FnMut(String, u64, String) -> Result<()> + Send),
) -> Result<u64> {
    let text =
        "SELECT o.object_key, o.size, b.digest FROM blobs b JOIN objects o ON o.id = b.object_id";
    let mut read = |row: &Row| {
        take(
            String::read(row, At::Position(0))?,
            u64::read(row, At::Position(1))?,
            String::read(row, At::Position(2))?,
        )
    };
    sql(text).each(tx, &mut read).await
}

/// The last number that each table gave to a row, so that none is given twice.
pub async fn counters(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>> {
    let text = match tx.dialect() {
        Dialect::Sqlite => "SELECT name, seq FROM sqlite_sequence ORDER BY name",
        Dialect::Postgres => {
            "SELECT c.table_name::text, coalesce(pg_sequence_last_value(pg_get_serial_sequence(\
             quote_ident(c.table_name::text), c.column_name::text)::regclass), 0) FROM information_schema.columns c \
             WHERE c.table_schema = current_schema() AND c.is_identity = 'YES' \
             ORDER BY c.table_name::text COLLATE \"C\""
        }
    };
    let mut counters = sql(text).all::<(String, i64)>(tx).await?;
    counters.retain(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    Ok(counters)
}

/// The first of these tables that has a row.
pub async fn first_with_rows(tx: &mut Tx<'_>, tables: &[Table]) -> Result<Option<String>> {
    for table in tables {
        let text = format!("SELECT EXISTS (SELECT 1 FROM {})", quoted(&table.name));
        if Sql::of_schema(text).scalar::<bool>(tx).await? {
            return Ok(Some(table.name.clone()));
        }
    }
    Ok(None)
}

/// From here on, and until [`end_load`], rows may refer to rows that are not there yet.
pub async fn begin_load(tx: &mut Tx<'_>) -> Result<()> {
    match tx.dialect() {
        Dialect::Sqlite => sql("PRAGMA defer_foreign_keys = ON").execute(tx).await.map(drop),
        Dialect::Postgres => alter_foreign_keys(tx, "DEFERRABLE INITIALLY DEFERRED").await,
    }
}

/// Looks at every foreign key.
///
/// # Errors
/// [`StoreError::ForeignKey`] when a row refers to one that is not there.
pub async fn end_load(tx: &mut Tx<'_>) -> Result<()> {
    match tx.dialect() {
        Dialect::Sqlite => {
            let wrong: i64 =
                sql("SELECT count(*) FROM pragma_foreign_key_check").scalar(tx).await?;
            if wrong == 0 { Ok(()) } else { Err(StoreError::ForeignKey) }
        }
        Dialect::Postgres => {
            sql("SET CONSTRAINTS ALL IMMEDIATE").execute(tx).await?;
            alter_foreign_keys(tx, "NOT DEFERRABLE").await
        }
    }
}

async fn alter_foreign_keys(tx: &mut Tx<'_>, how: &str) -> Result<()> {
    let keys = sql("SELECT c.conrelid::regclass::text, c.conname::text FROM pg_constraint c \
                    JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'f' \
                    AND n.nspname = current_schema() ORDER BY 1, 2")
    .all::<(String, String)>(tx)
    .await?;
    for (table, name) in keys {
        // The table's name comes quoted where it must be.
        let text = format!("ALTER TABLE {table} ALTER CONSTRAINT {} {how}", quoted(&name));
        Sql::of_schema(text).execute(tx).await?;
    }
    Ok(())
}

/// Puts rows into a table; each has a value for each column of `table`.
pub async fn insert(tx: &mut Tx<'_>, table: &Table, rows: &[Fields]) -> Result<()> {
    /// Most arguments of a statement, of both databases.
    const ARGUMENTS: usize = 1_000;
    let dialect = tx.dialect();
    let width = table.columns.len().max(1);
    let names: Vec<String> = table.columns.iter().map(|(name, _)| quoted(name)).collect();
    for part in rows.chunks((ARGUMENTS / width).max(1)) {
        let mut text =
            format!("INSERT INTO {} ({}) VALUES ", quoted(&table.name), names.join(", "));
        let mut number = 0;
        for index in 0..part.len() {
            let values: Vec<String> = table
                .columns
                .iter()
                .map(|(_, kind)| {
                    number += 1;
                    taken(dialect, number, *kind)
                })
                .collect();
            text.push_str(if index == 0 { "(" } else { ", (" });
            text.push_str(&values.join(", "));
            text.push(')');
        }
        let mut statement = Sql::of_schema(text);
        for fields in part {
            if fields.len() != table.columns.len() {
                return Err(StoreError::corrupt(format_args!("a row of {}", table.name)));
            }
            for field in fields {
                statement = statement.bind(Field(field.clone()));
            }
        }
        statement.execute(tx).await?;
    }
    Ok(())
}

/// A value as it is kept.
struct Field(Option<String>);

impl Bind for Field {
    const NULL: Value = Value::Text(None);
    fn into_value(self) -> Value {
        Value::Text(self.0)
    }
}

/// The next row of a table gets a number above `last`.
pub async fn set_counter(tx: &mut Tx<'_>, table: &str, last: i64) -> Result<()> {
    if last <= 0 {
        return Ok(());
    }
    match tx.dialect() {
        Dialect::Sqlite => {
            sql("DELETE FROM sqlite_sequence WHERE name = $1").bind(table).execute(tx).await?;
            sql("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)")
                .bind(table)
                .bind(last)
                .execute(tx)
                .await?;
        }
        Dialect::Postgres => {
            sql("SELECT setval(pg_get_serial_sequence(quote_ident($1), 'id')::regclass, $2)")
                .bind(table)
                .bind(last)
                .scalar::<i64>(tx)
                .await?;
        }
    }
    Ok(())
}
