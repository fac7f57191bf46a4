//! Users of an account, what they may do, and why.

use serde::{Deserialize, Serialize};

use crate::access::{Access, Action, Permission, Reason, Refusal};
use crate::id::PublicId;
use crate::name::{GroupName, ImageName, OrganizationName, RegionName, UserName};
use crate::page::{Order, Window};
use crate::secret::Secret;
use crate::time::Timestamp;

/// Which users to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserQuery {
    /// Part of the name, the name to show or the address, case-insensitive.
    pub search: Option<String>,
    /// Only those that are, or are not, disabled.
    pub is_active: Option<bool>,
    /// Only those who may sign in to the console.
    pub console: bool,
    /// Only those who may use clients.
    pub programmatic: bool,
    /// Only those in this group.
    pub group: Option<GroupName>,
    /// Sorted by.
    pub sort: UserSort,
    /// Direction.
    pub order: Order,
    /// Which rows.
    pub window: Window,
}

/// Sort keys of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserSort {
    /// By name.
    #[default]
    Name,
    /// By time of creation.
    CreatedAt,
    /// By the last sign-in; who never did comes as the oldest.
    LastSignedInAt,
}

/// A user as a list or its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Name.
    pub name: UserName,
    /// Id.
    pub id: PublicId,
    /// Name to show; may be empty.
    pub display_name: String,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub description: String,
    /// Whether it is the account's owner.
    pub is_owner: bool,
    /// Whether it is not disabled.
    pub is_active: bool,
    /// How it may come in.
    pub access: Access,
    /// Whether the next sign-in must change the password.
    pub must_change_password: bool,
    /// The groups it is in, by name.
    pub groups: Vec<GroupName>,
    /// How many access keys it has.
    pub keys: u64,
    /// When the oldest of them was made.
    pub oldest_key_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last signed in to the console.
    pub last_signed_in_at: Option<Timestamp>,
}

/// A user and what is attached to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDetail {
    /// The user.
    pub user: User,
    /// Policies attached to the user itself.
    pub attached: Vec<Attachment>,
}

/// A policy that is attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The policy's name.
    pub policy: String,
    /// The only region in which it counts; `None` is all.
    pub region: Option<RegionName>,
}

/// A user to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewUser {
    /// Name, unique in the account.
    pub name: UserName,
    /// The rest.
    pub facts: UserFacts,
    /// Groups to put it in.
    #[serde(default)]
    pub groups: Vec<GroupName>,
    /// Password; `None` makes one.
    pub password: Option<Secret>,
    /// Whether the first sign-in must change the password.
    #[serde(default)]
    pub must_change_password: bool,
}

/// What can be changed about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFacts {
    /// Name to show, 0–64 characters.
    pub display_name: String,
    /// Address for mail; may be empty.
    pub email: String,
    /// 0–255 characters.
    pub description: String,
    /// How it may come in; at least one way.
    pub access: Access,
}

/// Most users of one batch.
pub const USER_BATCH: usize = 100;

/// What is done to several users at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserTask {
    /// Lets them in again.
    Enable,
    /// Refuses them everywhere.
    Disable,
    /// Deletes them with everything that lets them in.
    Delete,
    /// Puts them into a group, beside those that they are in.
    Join(GroupName),
}

/// A password that was made, to be shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPassword {
    /// The password; `None` when whoever asked has typed it.
    pub password: Option<Secret>,
}

/// What a user can reach, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Whether it is the owner, who reaches everything of the account.
    pub is_owner: bool,
    /// Policies, each with where it comes from.
    pub policies: Vec<Source>,
    /// Whether one of the policies is damaged, so that everything is refused.
    pub is_damaged: bool,
    /// Grants on organizations and images.
    pub grants: Vec<ReachedGrant>,
}

/// A policy of a user, and through what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The policy's name.
    pub policy: String,
    /// The group that it is attached to; `None` for the user itself.
    pub group: Option<String>,
    /// The statement of the policy that decided, from 1; 0 when all of it is meant.
    pub statement: u32,
}

/// What a user holds on an organization or image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedGrant {
    /// The organization, or the image as `organization/repository`.
    pub name: String,
    /// Whether it is an image.
    pub is_image: bool,
    /// What was granted there.
    pub granted: Permission,
    /// What the user may do there, all in all; `None` when a policy denies even reading.
    pub effective: Option<Permission>,
    /// Which rule gives that.
    pub reason: Option<Reason>,
}

/// A question about a decision: of an image, an organization, or (without either) the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who would do it.
    pub user: UserName,
    /// What.
    pub action: Action,
    /// With which image.
    pub image: Option<ImageName>,
    /// With which organization.
    pub organization: Option<OrganizationName>,
}

/// The answer, with what decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The rule that allows.
    pub allowed: Option<Reason>,
    /// The rule that refuses.
    pub refused: Option<Refusal>,
    /// The policy's statement that decided, if one did.
    pub source: Option<Source>,
    /// The user's grant on the image.
    pub image_grant: Option<Permission>,
    /// The user's grant on the organization.
    pub organization_grant: Option<Permission>,
}
