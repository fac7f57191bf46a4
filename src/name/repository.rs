//! Repository names: what follows the organization.

use super::{is_component, name};
use crate::error::Subject;

name!(
    /// A repository inside an organization: OCI path components joined by `/`, 1–128 characters.
    RepositoryName,
    Subject::Repository,
    is_repository,
    "an image name starts and ends with a lowercase letter or digit, may contain periods, slashes, underscores and \
     hyphens, and has 1-128 characters"
);

fn is_repository(text: &str) -> bool {
    text.len() <= 128 && text.split('/').all(is_component)
}

impl RepositoryName {
    /// The rule as browsers take it in `pattern`, but for the length.
    pub const PATTERN: &str =
        r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*";
}
