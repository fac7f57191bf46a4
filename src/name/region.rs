//! Region ids, also project names: the part before `@` in `docker login -u local@AK`.

use super::name;
use crate::error::Subject;

name!(
    /// A region: a DNS label of 2–63 characters.
    RegionName,
    Subject::Region,
    is_region,
    "a region id uses lowercase letters, digits and hyphens, starts and ends with a letter or digit, and has 2-63 \
     characters"
);

fn is_region(text: &str) -> bool {
    let alnum = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (2..=63).contains(&text.len())
        && text.starts_with(alnum)
        && text.ends_with(alnum)
        && text.chars().all(|c| alnum(c) || c == '-')
}

impl RegionName {
    /// The rule as browsers take it in `pattern`.
    pub const PATTERN: &str = r"[a-z0-9][a-z0-9\-]{0,61}[a-z0-9]";
}
