//! Names of accounts and users (`contract.md`, Names). Both ignore case when compared; the written form is kept.

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

macro_rules! folded {
    ($($name:ident)*) => {$(
        impl $name {
            /// The form that is compared and kept unique.
            #[must_use]
            pub fn folded(&self) -> String {
                self.as_str().to_ascii_lowercase()
            }
        }
    )*};
}
folded!(AccountName UserName);
