//! Names of accounts, users, groups and policies (`contract.md`, Names; `console.md` A.0.8). All ignore case when compared;
//! the written form is kept.

use super::name;
use crate::error::Subject;

name!(
    /// An account: 3–32 characters, a letter first, letters, digits, `_` and `-`.
    AccountName,
    Subject::Account,
    is_account,
    "an account name starts with a letter, uses letters, digits, underscores and hyphens, and has 3-32 characters"
);

name!(
    /// A user of an account: 1–64 characters, a letter first, letters, digits, `.`, `_` and `-`.
    UserName,
    Subject::User,
    is_user,
    "a user name starts with a letter, uses letters, digits, periods, underscores and hyphens, and has 1-64 characters"
);

name!(
    /// A group of users: 1–64 letters of any script, digits, spaces, `_` and `-`.
    GroupName,
    Subject::Group,
    is_label,
    "a group name uses letters, digits, spaces, underscores and hyphens, begins and ends with none of the spaces, and has 1-64 characters"
);

name!(
    /// A policy of an account: 1–64 letters of any script, digits, spaces, `_` and `-`.
    PolicyName,
    Subject::Policy,
    is_label,
    "a policy name uses letters, digits, spaces, underscores and hyphens, begins and ends with none of the spaces, and has 1-64 characters"
);

fn is_label(text: &str) -> bool {
    (1..=64).contains(&text.chars().count())
        && text.trim() == text
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-'))
}

fn is_account(text: &str) -> bool {
    (3..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn is_user(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

impl AccountName {
    /// The rule as browsers take it in `pattern`.
    pub const PATTERN: &str = r"[A-Za-z][A-Za-z0-9_\-]{2,31}";
}

macro_rules! folded {
    ($($name:ident)*) => {$(
        impl $name {
            /// The form that is compared and kept unique.
            #[must_use]
            pub fn folded(&self) -> String {
                self.as_str().to_lowercase()
            }
        }
    )*};
}
folded!(AccountName UserName GroupName PolicyName);
