//! Image names: organization and repository together, the specification's `<name>`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{OrganizationName, RepositoryName};
use crate::error::{Error, Subject};

/// `organization/repository`. A name of one component has no organization and is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageName {
    organization: OrganizationName,
    repository: RepositoryName,
}

impl ImageName {
    /// From its two parts.
    #[must_use]
    pub const fn new(organization: OrganizationName, repository: RepositoryName) -> Self {
        Self { organization, repository }
    }

    /// The organization.
    #[must_use]
    pub const fn organization(&self) -> &OrganizationName {
        &self.organization
    }

    /// The repository.
    #[must_use]
    pub const fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// `organization/repository` with every `/` of the repository written `$`, as console and management addresses
    /// do. `$` is not legal in a name, so [`ImageName::from_console_path`] reverses it.
    #[must_use]
    pub fn console_path(&self) -> String {
        format!("{}/{}", self.organization, self.repository.as_str().replace('/', "$"))
    }

    /// Reads what [`ImageName::console_path`] writes.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when either part breaks its grammar, or a plain `/` is in the repository.
    pub fn from_console_path(path: &str) -> Result<Self, Error> {
        let (organization, repository) = path.split_once('/').ok_or_else(no_organization)?;
        if repository.contains('/') {
            return Err(Error::invalid(Subject::Repository, RepositoryName::RULE));
        }
        Ok(Self::new(organization.parse()?, repository.replace('$', "/").parse()?))
    }
}

fn no_organization() -> Error {
    Error::invalid(
        Subject::Repository,
        "an image is named organization/repository; put the name of an organization before it",
    )
}

impl FromStr for ImageName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (organization, repository) = text.split_once('/').ok_or_else(no_organization)?;
        Ok(Self::new(organization.parse()?, repository.parse()?))
    }
}

impl TryFrom<String> for ImageName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ImageName> for String {
    fn from(name: ImageName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.organization, self.repository)
    }
}
