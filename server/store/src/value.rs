//! How values go into statements and come out of rows.
//!
//! Five kinds are stored: integers, texts, bytes and flags, each or nothing. A type of the vocabulary is added with one
//! line in the macros below: as an integer ([`integers!`]), or as the text it prints and parses ([`texts!`]).

use roadstead::access::{AccessKeyId, Permission};
use roadstead::id::{
    AccountId, AuditId, BlobId, CredentialId, GroupId, JobId, ManifestId, ObjectId, OrganizationId,
    PackageId, PieceId, PolicyId, PublicId, RepositoryId, ShareId, TagId, UserId,
};
use roadstead::manage::credential::UsedService;
use roadstead::{
    AccountName, Algorithm, Digest, GroupName, ImageName, OrganizationName, PolicyName, RegionName,
    RepositoryName, TagName, TagPattern, Timestamp, UserName,
};

use crate::error::{Result, StoreError};
use crate::row::{At, Row};

/// One argument of a statement. `None` is SQL's NULL of that kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A 64-bit integer.
    Integer(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// A flag.
    Flag(Option<bool>),
}

/// What can be an argument of a statement.
pub trait Bind {
    /// NULL of this kind.
    const NULL: Value;
    /// The argument.
    fn into_value(self) -> Value;
}

/// What can be read from a column.
pub trait Column: Sized {
    /// Reads it; [`StoreError::Corrupt`] when the stored value breaks the type's rule.
    fn read(row: &Row, at: At) -> Result<Self>;
}

impl<T: Bind> Bind for Option<T> {
    const NULL: Value = T::NULL;
    fn into_value(self) -> Value {
        self.map_or(T::NULL, T::into_value)
    }
}

macro_rules! plain {
    ($($kind:ident: $type:ty, $from:ident => $into:expr;)*) => {$(
        impl Bind for $type {
            const NULL: Value = Value::$kind(None);
            fn into_value(self) -> Value {
                let $from = self;
                Value::$kind(Some($into))
            }
        }
    )*};
}

plain! {
    Integer: i64, it => it;
    Integer: i32, it => i64::from(it);
    Integer: u32, it => i64::from(it);
    Integer: u64, it => i64::try_from(it).unwrap_or(i64::MAX);
    Integer: &i64, it => *it;
    Text: String, it => it;
    Text: &String, it => it.clone();
    Text: &str, it => it.to_owned();
    Bytes: Vec<u8>, it => it;
    Bytes: &Vec<u8>, it => it.clone();
    Bytes: &[u8], it => it.to_vec();
    Flag: bool, it => it;
}

impl Column for i64 {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get(at)
    }
}

impl Column for Option<i64> {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get(at)
    }
}

impl Column for u64 {
    fn read(row: &Row, at: At) -> Result<Self> {
        Self::try_from(row.get::<i64>(at)?).map_err(|_| at.corrupt("is negative"))
    }
}

impl Column for Option<u64> {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get::<Option<i64>>(at)?
            .map(|it| u64::try_from(it).map_err(|_| at.corrupt("is negative")))
            .transpose()
    }
}

impl Column for u32 {
    fn read(row: &Row, at: At) -> Result<Self> {
        Self::try_from(row.get::<i64>(at)?).map_err(|_| at.corrupt("is out of range"))
    }
}

impl Column for i32 {
    fn read(row: &Row, at: At) -> Result<Self> {
        Self::try_from(row.get::<i64>(at)?).map_err(|_| at.corrupt("is out of range"))
    }
}

impl Column for bool {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get(at)
    }
}

impl Column for String {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get(at)
    }
}

impl Column for Option<String> {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get(at)
    }
}

impl Column for Vec<u8> {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get(at)
    }
}

impl Column for Option<Vec<u8>> {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get(at)
    }
}

macro_rules! integers {
    ($($type:ident)*) => {$(
        impl Bind for $type {
            const NULL: Value = Value::Integer(None);
            fn into_value(self) -> Value {
                Value::Integer(Some(self.0))
            }
        }
        impl Bind for &$type {
            const NULL: Value = Value::Integer(None);
            fn into_value(self) -> Value {
                Value::Integer(Some(self.0))
            }
        }
        impl Column for $type {
            fn read(row: &Row, at: At) -> Result<Self> {
                row.get(at).map($type)
            }
        }
        impl Column for Option<$type> {
            fn read(row: &Row, at: At) -> Result<Self> {
                Ok(row.get::<Option<i64>>(at)?.map($type))
            }
        }
    )*};
}

integers! {
    AccountId AuditId BlobId CredentialId GroupId JobId ManifestId ObjectId OrganizationId PackageId PieceId PolicyId
    RepositoryId
    ShareId TagId UserId Timestamp
}

/// Types that are stored as the text they print, and read by parsing it.
macro_rules! texts {
    ($($type:ty)*) => {$(
        impl $crate::value::Bind for $type {
            const NULL: $crate::value::Value = $crate::value::Value::Text(None);
            fn into_value(self) -> $crate::value::Value {
                $crate::value::Value::Text(Some(self.to_string()))
            }
        }
        impl $crate::value::Bind for &$type {
            const NULL: $crate::value::Value = $crate::value::Value::Text(None);
            fn into_value(self) -> $crate::value::Value {
                $crate::value::Value::Text(Some(self.to_string()))
            }
        }
        impl $crate::value::Column for $type {
            fn read(row: &$crate::row::Row, at: $crate::row::At) -> $crate::error::Result<Self> {
                row.get::<String>(at)?.parse().map_err(|_| at.corrupt("does not parse"))
            }
        }
        impl $crate::value::Column for Option<$type> {
            fn read(row: &$crate::row::Row, at: $crate::row::At) -> $crate::error::Result<Self> {
                row.get::<Option<String>>(at)?
                    .map(|text| text.parse().map_err(|_| at.corrupt("does not parse")))
                    .transpose()
            }
        }
    )*};
}

texts! {
    AccessKeyId AccountName Algorithm Digest GroupName ImageName OrganizationName PolicyName PublicId RegionName
    RepositoryName TagName TagPattern UsedService UserName
}

impl Bind for Permission {
    const NULL: Value = Value::Integer(None);
    fn into_value(self) -> Value {
        Value::Integer(Some(i64::from(self.bits())))
    }
}

impl Column for Permission {
    fn read(row: &Row, at: At) -> Result<Self> {
        Option::<Self>::read(row, at)?.ok_or_else(|| at.corrupt("is missing"))
    }
}

impl Column for Option<Permission> {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get::<Option<i64>>(at)?
            .map(|bits| u8::try_from(bits).ok().and_then(|bits| Permission::try_from(bits).ok()))
            .map(|level| level.ok_or_else(|| at.corrupt("is no permission")))
            .transpose()
    }
}

impl Bind for serde_json::Value {
    const NULL: Value = Value::Text(None);
    fn into_value(self) -> Value {
        Value::Text(Some(self.to_string()))
    }
}

impl Bind for &serde_json::Value {
    const NULL: Value = Value::Text(None);
    fn into_value(self) -> Value {
        Value::Text(Some(self.to_string()))
    }
}

impl Column for serde_json::Value {
    fn read(row: &Row, at: At) -> Result<Self> {
        serde_json::from_str(&row.get::<String>(at)?).map_err(|_| at.corrupt("is no JSON"))
    }
}

impl Column for Option<serde_json::Value> {
    fn read(row: &Row, at: At) -> Result<Self> {
        row.get::<Option<String>>(at)?
            .map(|text| serde_json::from_str(&text).map_err(|_| at.corrupt("is no JSON")))
            .transpose()
    }
}

/// A closed set of words, stored as text.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// The stored word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::StoreError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err($crate::error::StoreError::corrupt(concat!("no ", stringify!($name)))),
                }
            }
        }

        $crate::value::texts! { $name }
    };
}

pub(crate) use {texts, words};

impl At {
    /// The column breaks a rule.
    pub(crate) fn corrupt(self, rule: &str) -> StoreError {
        match self {
            Self::Name(name) => StoreError::corrupt(format_args!("column {name} {rule}")),
            Self::Position(position) => {
                StoreError::corrupt(format_args!("column {position} {rule}"))
            }
        }
    }
}
