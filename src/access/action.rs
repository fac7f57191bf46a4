//! Every operation, what it needs, and its IAM name.

use serde::{Deserialize, Serialize};

use super::Permission;

/// Every operation that is decided. The table is `protocol.md` 3.5; IAM names are those of 3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Read manifests, blobs, tags and referrers.
    PullImage,
    /// Push to an image that exists.
    PushImage,
    /// Create an image, empty or by its first push.
    CreateImage,
    /// List images; the result is filtered by visibility.
    ListImages,
    /// See an image's details and versions.
    ReadImage,
    /// Change type, category, description.
    UpdateImage,
    /// Add a tag to a version that has one.
    CreateTag,
    /// Delete tags and manifests.
    DeleteTag,
    /// Delete an image.
    DeleteImage,
    /// Create an organization.
    CreateOrganization,
    /// List organizations; the result is filtered by visibility.
    ListOrganizations,
    /// See an organization.
    ReadOrganization,
    /// Change the settings of an organization.
    UpdateOrganization,
    /// Delete an empty organization.
    DeleteOrganization,
    /// Get a temporary login command.
    CreateLoginSecret,
    /// Get the enhanced login command of the management API.
    CreateAuthorizationToken,
    /// See one's own access keys and temporary logins.
    ReadOwnCredentials,
    /// Create, change and delete one's own access keys; revoke one's own temporary logins.
    WriteOwnCredentials,
    /// See the access keys and temporary logins of another user of the account.
    ReadCredentials,
    /// Create, change and delete the access keys of another user of the account; revoke their temporary logins.
    WriteCredentials,
    /// Counts and recent activity, each limited to what the caller sees.
    ReadOverview,
    /// List what the registry keeps (`registry:catalog:*`), filtered by visibility.
    ListCatalog,
    /// See what everybody in the account did; others see what they did themselves.
    ListAuditTraces,
    /// See and change the settings of the instance.
    ManageSettings,
    /// Upload a saved package through the page, to an image that exists or not: a grant on the image does not count.
    UploadPackage,
    /// See one's own right on an organization.
    ReadOrganizationGrant,
    /// See everybody's rights on an organization.
    ListOrganizationGrants,
    /// Give users a right on an organization.
    CreateOrganizationGrant,
    /// Change a user's right on an organization.
    UpdateOrganizationGrant,
    /// Take users' rights on an organization away.
    DeleteOrganizationGrant,
    /// See one's own right on an image.
    ReadImageGrant,
    /// See everybody's rights on an image.
    ListImageGrants,
    /// Give users a right on an image.
    CreateImageGrant,
    /// Change a user's right on an image.
    UpdateImageGrant,
    /// Take users' rights on an image away.
    DeleteImageGrant,
    /// See with which accounts an image is shared.
    ListShares,
    /// Share an image with an account.
    CreateShare,
    /// Change a share's end or description.
    UpdateShare,
    /// End a share.
    DeleteShare,
    /// List the images that other accounts share with one's own.
    ListSharedImages,
    /// What concerns nobody but the user: profile, preferences, password, sessions. No policy gives or takes it.
    ManageOneself,
    /// List the account's users.
    ListUsers,
    /// See a user, their groups, rights and what these reach.
    ReadUser,
    /// Create a user.
    CreateUser,
    /// Change a user's names, address, description and ways in.
    UpdateUser,
    /// Disable or enable a user.
    SetUserState,
    /// Give a user a new password.
    ResetPassword,
    /// Delete a user.
    DeleteUser,
    /// Put a user into groups and take them out.
    SetUserGroups,
    /// Attach policies to a user and detach them.
    AttachToUser,
    /// List the account's groups.
    ListGroups,
    /// See a group and its members.
    ReadGroup,
    /// Create a group.
    CreateGroup,
    /// Change a group's name and description.
    UpdateGroup,
    /// Delete a group.
    DeleteGroup,
    /// Put users into a group and take them out.
    SetMembers,
    /// Attach policies to a group and detach them.
    AttachToGroup,
    /// List the built-in policies and the account's own.
    ListPolicies,
    /// See a policy of the account and who has it.
    ReadPolicy,
    /// Create a policy.
    CreatePolicy,
    /// Change a policy.
    UpdatePolicy,
    /// Delete a policy.
    DeletePolicy,
    /// Ask what decides about a user, an action and a thing.
    ExplainPermission,
    /// List the accounts of the instance.
    ListAccounts,
    /// Create an account.
    CreateAccount,
    /// Disable or enable an account.
    SetAccountState,
}

/// What an action is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One image.
    Image,
    /// One organization.
    Organization,
    /// The caller's account.
    Account,
    /// One user of an account.
    User,
    /// One group of an account.
    Group,
    /// One policy of an account.
    Policy,
    /// One account, asked by those who look after the instance.
    Tenant,
    /// The whole instance.
    Instance,
}

/// Which grant suffices when neither ownership nor a policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// This level on the image or on its organization.
    Image(Permission),
    /// This level on the organization; image grants do not count.
    Organization(Permission),
    /// This level on the organization, or any grant on an image inside.
    OrganizationOrAnyImage(Permission),
    /// Any active user of an account.
    AnyUser,
    /// The user that it is about.
    Oneself,
    /// Only the owner or an IAM policy.
    Administrator,
    /// Only the owner or an administrator of the operator account.
    Operator,
}

/// The line of an action in the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// IAM action names, at most eight; all must be allowed by policy for the policy to suffice. Without one no policy has
    /// a say.
    pub iam: &'static [&'static str],
    /// What it is asked of.
    pub scope: Scope,
    /// Which grant suffices.
    pub need: Need,
    /// Whether a public image or a share suffices (PULL and VIEW_SHARED of `protocol.md` 3.4).
    pub open: bool,
}

impl Action {
    /// All actions, in the order of the matrix.
    pub const ALL: [Self; 66] = [
        Self::PullImage,
        Self::PushImage,
        Self::CreateImage,
        Self::ListImages,
        Self::ReadImage,
        Self::UpdateImage,
        Self::CreateTag,
        Self::DeleteTag,
        Self::DeleteImage,
        Self::CreateOrganization,
        Self::ListOrganizations,
        Self::ReadOrganization,
        Self::UpdateOrganization,
        Self::DeleteOrganization,
        Self::CreateLoginSecret,
        Self::CreateAuthorizationToken,
        Self::ReadOwnCredentials,
        Self::WriteOwnCredentials,
        Self::ReadCredentials,
        Self::WriteCredentials,
        Self::ReadOverview,
        Self::ListCatalog,
        Self::ListAuditTraces,
        Self::ManageSettings,
        Self::UploadPackage,
        Self::ReadOrganizationGrant,
        Self::ListOrganizationGrants,
        Self::CreateOrganizationGrant,
        Self::UpdateOrganizationGrant,
        Self::DeleteOrganizationGrant,
        Self::ReadImageGrant,
        Self::ListImageGrants,
        Self::CreateImageGrant,
        Self::UpdateImageGrant,
        Self::DeleteImageGrant,
        Self::ListShares,
        Self::CreateShare,
        Self::UpdateShare,
        Self::DeleteShare,
        Self::ListSharedImages,
        Self::ManageOneself,
        Self::ListUsers,
        Self::ReadUser,
        Self::CreateUser,
        Self::UpdateUser,
        Self::SetUserState,
        Self::ResetPassword,
        Self::DeleteUser,
        Self::SetUserGroups,
        Self::AttachToUser,
        Self::ListGroups,
        Self::ReadGroup,
        Self::CreateGroup,
        Self::UpdateGroup,
        Self::DeleteGroup,
        Self::SetMembers,
        Self::AttachToGroup,
        Self::ListPolicies,
        Self::ReadPolicy,
        Self::CreatePolicy,
        Self::UpdatePolicy,
        Self::DeletePolicy,
        Self::ExplainPermission,
        Self::ListAccounts,
        Self::CreateAccount,
        Self::SetAccountState,
    ];

    /// Its line in the matrix.
    #[must_use]
    pub const fn rule(self) -> Rule {
        use Permission::{Edit, Manage, Read};
        const fn rule(iam: &'static [&'static str], scope: Scope, need: Need, open: bool) -> Rule {
            Rule { iam, scope, need, open }
        }
        const fn on_organization(iam: &'static [&'static str], level: Permission) -> Rule {
            rule(iam, Scope::Organization, Need::Organization(level), false)
        }
        const fn on_image(iam: &'static [&'static str], level: Permission) -> Rule {
            rule(iam, Scope::Image, Need::Image(level), false)
        }
        match self {
            Self::PullImage => rule(&["swr:repo:download"], Scope::Image, Need::Image(Read), true),
            Self::PushImage => rule(&["swr:repo:upload"], Scope::Image, Need::Image(Edit), false),
            Self::CreateImage => rule(
                &["swr:repo:upload", "swr:repo:createRepo"],
                Scope::Organization,
                Need::Organization(Edit),
                false,
            ),
            Self::ListImages => rule(&["swr:repo:listRepos"], Scope::Account, Need::AnyUser, false),
            Self::ReadImage => rule(&["swr:repo:getRepo"], Scope::Image, Need::Image(Read), true),
            Self::UpdateImage => {
                rule(&["swr:repo:updateRepo"], Scope::Image, Need::Image(Edit), false)
            }
            Self::CreateTag => {
                rule(&["swr:repo:createRepoTag"], Scope::Image, Need::Image(Edit), false)
            }
            Self::DeleteTag => {
                rule(&["swr:repo:deleteRepoTag"], Scope::Image, Need::Image(Manage), false)
            }
            Self::DeleteImage => {
                rule(&["swr:repo:deleteRepo"], Scope::Image, Need::Image(Manage), false)
            }
            Self::CreateOrganization => {
                rule(&["swr:namespace:createNamespace"], Scope::Account, Need::Administrator, false)
            }
            Self::ListOrganizations => {
                rule(&["swr:namespace:listNamespaces"], Scope::Account, Need::AnyUser, false)
            }
            Self::ReadOrganization => rule(
                &["swr:namespace:getNamespace"],
                Scope::Organization,
                Need::OrganizationOrAnyImage(Read),
                false,
            ),
            Self::UpdateOrganization => on_organization(&["swr:namespace:updateNamespace"], Manage),
            Self::DeleteOrganization => rule(
                &["swr:namespace:deleteNamespace"],
                Scope::Organization,
                Need::Organization(Manage),
                false,
            ),
            Self::CreateLoginSecret => {
                rule(&["swr::createLoginSecret"], Scope::Account, Need::AnyUser, false)
            }
            Self::CreateAuthorizationToken => {
                rule(&["swr::createAuthorizationToken"], Scope::Account, Need::AnyUser, false)
            }
            Self::ReadOwnCredentials => {
                rule(&["iam:credentials:listOwnCredentials"], Scope::Account, Need::AnyUser, false)
            }
            Self::WriteOwnCredentials => rule(
                &["iam:credentials:manageOwnCredentials"],
                Scope::Account,
                Need::AnyUser,
                false,
            ),
            Self::ReadCredentials => rule(
                &["iam:credentials:listCredentials"],
                Scope::Account,
                Need::Administrator,
                false,
            ),
            Self::WriteCredentials => rule(
                &["iam:credentials:manageCredentials"],
                Scope::Account,
                Need::Administrator,
                false,
            ),
            Self::ReadOverview => {
                rule(&["swr:system:getOverview"], Scope::Account, Need::AnyUser, false)
            }
            Self::ListCatalog => {
                rule(&["swr:repo:listRepos"], Scope::Account, Need::AnyUser, false)
            }
            Self::ManageSettings => {
                rule(&["swr:system:manageSetting"], Scope::Instance, Need::Operator, false)
            }
            Self::ListAuditTraces => {
                rule(&["swr:system:listAuditTraces"], Scope::Account, Need::Administrator, false)
            }
            Self::ManageOneself => rule(&[], Scope::User, Need::Oneself, false),
            Self::ListUsers => {
                rule(&["iam:users:listUsers"], Scope::Account, Need::Administrator, false)
            }
            Self::ReadUser => rule(&["iam:users:getUser"], Scope::User, Need::Administrator, false),
            Self::CreateUser => {
                rule(&["iam:users:createUser"], Scope::Account, Need::Administrator, false)
            }
            Self::UpdateUser => {
                rule(&["iam:users:updateUser"], Scope::User, Need::Administrator, false)
            }
            Self::SetUserState => {
                rule(&["iam:users:setUserState"], Scope::User, Need::Administrator, false)
            }
            Self::ResetPassword => {
                rule(&["iam:users:resetPassword"], Scope::User, Need::Administrator, false)
            }
            Self::DeleteUser => {
                rule(&["iam:users:deleteUser"], Scope::User, Need::Administrator, false)
            }
            Self::SetUserGroups => rule(
                &["iam:permissions:addUserToGroup", "iam:permissions:removeUserFromGroup"],
                Scope::User,
                Need::Administrator,
                false,
            ),
            Self::AttachToUser => rule(
                &["iam:permissions:attachToUser", "iam:permissions:detachFromUser"],
                Scope::User,
                Need::Administrator,
                false,
            ),
            Self::ListGroups => {
                rule(&["iam:groups:listGroups"], Scope::Account, Need::Administrator, false)
            }
            Self::ReadGroup => {
                rule(&["iam:groups:getGroup"], Scope::Group, Need::Administrator, false)
            }
            Self::CreateGroup => {
                rule(&["iam:groups:createGroup"], Scope::Account, Need::Administrator, false)
            }
            Self::UpdateGroup => {
                rule(&["iam:groups:updateGroup"], Scope::Group, Need::Administrator, false)
            }
            Self::DeleteGroup => {
                rule(&["iam:groups:deleteGroup"], Scope::Group, Need::Administrator, false)
            }
            Self::SetMembers => rule(
                &["iam:permissions:addUserToGroup", "iam:permissions:removeUserFromGroup"],
                Scope::Group,
                Need::Administrator,
                false,
            ),
            Self::AttachToGroup => rule(
                &["iam:permissions:attachToGroup", "iam:permissions:detachFromGroup"],
                Scope::Group,
                Need::Administrator,
                false,
            ),
            Self::ListPolicies => {
                rule(&["iam:policies:listPolicies"], Scope::Account, Need::Administrator, false)
            }
            Self::ReadPolicy => {
                rule(&["iam:policies:getPolicy"], Scope::Policy, Need::Administrator, false)
            }
            Self::CreatePolicy => {
                rule(&["iam:policies:createPolicy"], Scope::Account, Need::Administrator, false)
            }
            Self::UpdatePolicy => {
                rule(&["iam:policies:updatePolicy"], Scope::Policy, Need::Administrator, false)
            }
            Self::DeletePolicy => {
                rule(&["iam:policies:deletePolicy"], Scope::Policy, Need::Administrator, false)
            }
            Self::ExplainPermission => {
                rule(&["iam:permissions:explain"], Scope::User, Need::Oneself, false)
            }
            Self::ListAccounts => {
                rule(&["swr:system:listAccounts"], Scope::Instance, Need::Operator, false)
            }
            Self::CreateAccount => {
                rule(&["swr:system:createAccount"], Scope::Instance, Need::Operator, false)
            }
            Self::SetAccountState => {
                rule(&["swr:system:setAccountState"], Scope::Tenant, Need::Operator, false)
            }
            Self::UploadPackage => {
                rule(&["swr:repo:upload"], Scope::Organization, Need::Organization(Edit), false)
            }
            Self::ReadOrganizationGrant => {
                on_organization(&["swr:namespace:getNamespaceAccess"], Read)
            }
            Self::ListOrganizationGrants => {
                on_organization(&["swr:namespace:getNamespaceAccess"], Manage)
            }
            Self::CreateOrganizationGrant => {
                on_organization(&["swr:namespace:createNamespaceAccess"], Manage)
            }
            Self::UpdateOrganizationGrant => {
                on_organization(&["swr:namespace:updateNamespaceAccess"], Manage)
            }
            Self::DeleteOrganizationGrant => {
                on_organization(&["swr:namespace:deleteNamespaceAccess"], Manage)
            }
            Self::ReadImageGrant => on_image(&["swr:repo:getRepoAccess"], Read),
            Self::ListImageGrants => on_image(&["swr:repo:getRepoAccess"], Manage),
            Self::CreateImageGrant => on_image(&["swr:repo:createRepoAccess"], Manage),
            Self::UpdateImageGrant => on_image(&["swr:repo:updateRepoAccess"], Manage),
            Self::DeleteImageGrant => on_image(&["swr:repo:deleteRepoAccess"], Manage),
            Self::ListShares => on_image(&["swr:repo:listRepoDomains"], Manage),
            Self::CreateShare => on_image(&["swr:repo:createRepoDomain"], Manage),
            Self::UpdateShare => on_image(&["swr:repo:updateRepoDomain"], Manage),
            Self::DeleteShare => on_image(&["swr:repo:deleteRepoDomain"], Manage),
            Self::ListSharedImages => {
                rule(&["swr:repo:listSharedRepos"], Scope::Account, Need::AnyUser, false)
            }
        }
    }
}
