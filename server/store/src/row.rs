//! One row of an answer, from either database, and the records made of it.

use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};

use crate::error::Result;
use crate::value::Column;

/// A row of either database.
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row")
    }
}

/// Which column.
#[derive(Debug, Clone, Copy)]
pub enum At {
    /// By name.
    Name(&'static str),
    /// By position, from 0.
    Position(usize),
}

impl Row {
    pub(crate) fn get<T>(&self, at: At) -> Result<T>
    where
        T: for<'r> Decode<'r, Sqlite>
            + Type<Sqlite>
            + for<'r> Decode<'r, Postgres>
            + Type<Postgres>,
    {
        let value = match (self, at) {
            (Self::Sqlite(row), At::Name(name)) => row.try_get(name),
            (Self::Sqlite(row), At::Position(position)) => row.try_get(position),
            (Self::Postgres(row), At::Name(name)) => row.try_get(name),
            (Self::Postgres(row), At::Position(position)) => row.try_get(position),
        };
        Ok(value?)
    }
}

/// What is made of one row.
pub trait Record: Sized {
    /// Reads the columns.
    fn from_row(row: &Row) -> Result<Self>;
}

macro_rules! tuple {
    ($($name:ident $position:literal)*) => {
        impl<$($name: Column),*> Record for ($($name,)*) {
            fn from_row(row: &Row) -> Result<Self> {
                Ok(($($name::read(row, At::Position($position))?,)*))
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0 B 1);
tuple!(A 0 B 1 C 2);
tuple!(A 0 B 1 C 2 D 3);
tuple!(A 0 B 1 C 2 D 3 E 4);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);

/// A public struct whose fields are columns of the same name.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::row::Record for $name {
            fn from_row(row: &$crate::row::Row) -> $crate::error::Result<Self> {
                Ok(Self {
                    $($field: $crate::value::Column::read(row, $crate::row::At::Name(stringify!($field)))?,)*
                })
            }
        }
    };
}

pub(crate) use record;
