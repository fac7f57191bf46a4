//! Organization names (`namespace` on the SWR wire).

use super::{is_component, name};
use crate::error::Subject;

/// Names that are addresses of ours and can never be an organization (`contract.md`, Names). Prefixes of configured
/// mirrors are refused besides, by the service.
pub const RESERVED_ORGANIZATIONS: [&str; 8] =
    ["library", "manage", "instances", "v2", "token", "api", "static", "admin"];

name!(
    /// An organization: one OCI path component of 1–64 characters that begins with a letter and is not reserved.
    OrganizationName,
    Subject::Organization,
    is_organization,
    "an organization name starts with a lowercase letter, ends with a lowercase letter or digit, uses lowercase \
     letters, digits, periods, underscores and hyphens, has 1-64 characters, and is not a reserved word"
);

fn is_organization(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && is_component(text)
        && !RESERVED_ORGANIZATIONS.contains(&text)
}

impl OrganizationName {
    /// The rule as browsers take it in `pattern`, but for the length and the reserved words.
    pub const PATTERN: &str = r"[a-z][a-z0-9]*(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*";
}
