//! What actions are asked of: one image, one organization, one account, one of its users, groups or policies, the instance.

use super::decide::{Resource, Target};
use crate::id::{AccountId, GroupId, OrganizationId, PolicyId, RepositoryId, UserId};
use crate::name::{AccountName, GroupName, ImageName, OrganizationName, PolicyName, UserName};

/// One image that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryTarget {
    /// Its key.
    pub id: RepositoryId,
    /// Its organization.
    pub organization: OrganizationId,
    /// Account that owns it.
    pub account: AccountId,
    /// Its name.
    pub name: ImageName,
    /// Whether everyone may pull.
    pub is_public: bool,
}

impl Target for RepositoryTarget {
    fn resource(&self) -> Resource<'_> {
        Resource::Image {
            account: self.account,
            organization: self.organization,
            repository: Some(self.id),
            name: &self.name,
            is_public: self.is_public,
        }
    }
}

/// The keys of one organization that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationKey {
    /// Its key.
    pub id: OrganizationId,
    /// Account that owns it.
    pub account: AccountId,
}

/// One organization that exists, or a new image in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationTarget {
    /// Its key.
    pub id: OrganizationId,
    /// Account that owns it.
    pub account: AccountId,
    /// Its name.
    pub name: OrganizationName,
    /// The image that is to be created in it, when that is what is asked: policies name it, grants are those of the
    /// organization.
    pub new_image: Option<ImageName>,
}

impl OrganizationTarget {
    /// The same organization, asked for creating `name` in it.
    #[must_use]
    pub fn new_image(&self, name: &ImageName) -> Self {
        Self { new_image: Some(name.clone()), ..self.clone() }
    }

    /// The same organization, asked for creating any image in it: policies may name images, and one name stands for all.
    #[must_use]
    pub fn any_image(&self) -> Self {
        let name = format!("{}/image", self.name).parse().ok();
        Self { new_image: name, ..self.clone() }
    }
}

impl Target for OrganizationTarget {
    fn resource(&self) -> Resource<'_> {
        match &self.new_image {
            Some(name) => Resource::Image {
                account: self.account,
                organization: self.id,
                repository: None,
                name,
                is_public: false,
            },
            None => Resource::Organization {
                account: self.account,
                organization: self.id,
                name: &self.name,
            },
        }
    }
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTarget {
    /// Its key.
    pub id: AccountId,
    /// Its name.
    pub name: AccountName,
}

impl Target for AccountTarget {
    fn resource(&self) -> Resource<'_> {
        Resource::Account { account: self.id }
    }
}

/// A user of an account, as the one whom access keys and temporary logins belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialHolder {
    /// Their key.
    pub user: UserId,
    /// Their account.
    pub account: AccountId,
    /// Their name; the owner's is the account's.
    pub name: UserName,
    /// Whether they own the account.
    pub is_owner: bool,
}

impl Target for CredentialHolder {
    fn resource(&self) -> Resource<'_> {
        Resource::Account { account: self.account }
    }
}

/// One user that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTarget {
    /// Its key.
    pub id: UserId,
    /// The account that it belongs to.
    pub account: AccountId,
    /// Its name.
    pub name: UserName,
    /// Whether it is the account's owner.
    pub is_owner: bool,
}

impl Target for UserTarget {
    fn resource(&self) -> Resource<'_> {
        Resource::User { account: self.account, user: self.id, name: &self.name }
    }
}

/// One group that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTarget {
    /// Its key.
    pub id: GroupId,
    /// The account that it belongs to.
    pub account: AccountId,
    /// Its name.
    pub name: GroupName,
}

impl Target for GroupTarget {
    fn resource(&self) -> Resource<'_> {
        Resource::Group { account: self.account, name: &self.name }
    }
}

/// One policy of an account that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTarget {
    /// Its key.
    pub id: PolicyId,
    /// The account that it belongs to.
    pub account: AccountId,
    /// Its name.
    pub name: PolicyName,
}

impl Target for PolicyTarget {
    fn resource(&self) -> Resource<'_> {
        Resource::Policy { account: self.account, name: &self.name }
    }
}

/// The keys of one user that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey {
    /// Its key.
    pub id: UserId,
    /// The account that it belongs to.
    pub account: AccountId,
}

/// The keys of one group that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// Its key.
    pub id: GroupId,
    /// The account that it belongs to.
    pub account: AccountId,
}

/// The keys of one policy that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyKey {
    /// Its key.
    pub id: PolicyId,
    /// The account that it belongs to.
    pub account: AccountId,
}

/// The whole instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceTarget;

impl Target for InstanceTarget {
    fn resource(&self) -> Resource<'_> {
        Resource::Instance
    }
}
