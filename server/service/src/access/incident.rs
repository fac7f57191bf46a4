//! What was refused and would have deleted data or changed rights: the audit log's incidents (`console.md` appendix E).
//!
//! # Invariants
//! - An incident is in the account of whoever tried, and says what they named: the same whether there is such a thing or
//!   not, and nothing of whose it is.
//! - It is noted off the hot path, as pulls are. Somebody who tries the same again and again within [`QUIET`] seconds is
//!   written down once.

use moka::sync::Cache;
use roadstead::Timestamp;
use roadstead::access::{Action, Actor, Refusal};
use roadstead::audit::TraceName;
use roadstead::id::UserId;
use roadstead::{Error, ErrorKind};

use crate::audit::{Origin, Trail};
use crate::context::Context;
use crate::port::Ports;

/// For how long the same attempt of the same user is not written down again, in seconds.
const QUIET: i64 = 10;
/// Most attempts that are remembered for that.
const CAPACITY: u64 = 10_000;

/// Writes incidents down.
#[derive(Debug)]
pub(super) struct Incidents {
    trail: Trail,
    ports: Ports,
    last: Cache<(UserId, Action, String), Timestamp>,
}

impl Incidents {
    pub(super) fn new(trail: Trail, ports: Ports) -> Self {
        Self { trail, ports, last: Cache::new(CAPACITY) }
    }

    /// Notes a refusal, if it is one that matters.
    pub(super) fn note(
        &self,
        ctx: &Context,
        action: Action,
        said: String,
        refusal: Refusal,
        error: &Error,
    ) {
        let is_decided =
            matches!(refusal, Refusal::ExplicitDeny | Refusal::NoGrant | Refusal::PolicyDamaged);
        let (Actor::User(user), Some(name), true) = (&ctx.actor, attempted(action), is_decided)
        else {
            return;
        };
        let (key, now) = ((user.user, action, said), ctx.now());
        if self.last.get(&key).is_some_and(|last| now < last.plus_seconds(QUIET)) {
            return;
        }
        let code = if error.kind() == ErrorKind::Hidden { 404 } else { 403 };
        let event = Origin::of(ctx, &self.ports)
            .event(name)
            .named(&key.2)
            .incident(code)
            .detail(serde_json::json!({ "reason": "refused" }));
        self.trail.note(event);
        self.last.insert(key, now);
    }
}

/// What would have been written had it been allowed; `None` for what neither deletes data nor changes rights.
const fn attempted(action: Action) -> Option<TraceName> {
    Some(match action {
        Action::DeleteTag => TraceName::DeleteImageTag,
        Action::DeleteImage => TraceName::DeleteImageRepository,
        Action::DeleteOrganization => TraceName::DeleteUserNamespace,
        Action::CreateOrganizationGrant => TraceName::CreateUserNamespaceAuth,
        Action::UpdateOrganizationGrant => TraceName::UpdateUserNamespaceAuth,
        Action::DeleteOrganizationGrant => TraceName::DeleteUserNamespaceAuth,
        Action::CreateImageGrant => TraceName::CreateUserRepositoryAuth,
        Action::UpdateImageGrant => TraceName::UpdateUserRepositoryAuth,
        Action::DeleteImageGrant => TraceName::DeleteUserRepositoryAuth,
        Action::CreateShare => TraceName::CreateImageRepositoryAccessDomain,
        Action::UpdateShare => TraceName::UpdateImageRepositoryAccessDomain,
        Action::DeleteShare => TraceName::DeleteImageRepositoryAccessDomain,
        Action::WriteCredentials => TraceName::UpdateAccessKey,
        Action::CreateUser => TraceName::CreateUser,
        Action::UpdateUser => TraceName::UpdateUser,
        Action::SetUserState => TraceName::DisableUser,
        Action::ResetPassword => TraceName::ResetPassword,
        Action::DeleteUser => TraceName::DeleteUser,
        Action::SetUserGroups | Action::SetMembers => TraceName::AddGroupMember,
        Action::AttachToUser | Action::AttachToGroup => TraceName::AttachPolicy,
        Action::CreateGroup => TraceName::CreateGroup,
        Action::UpdateGroup => TraceName::UpdateGroup,
        Action::DeleteGroup => TraceName::DeleteGroup,
        Action::CreatePolicy => TraceName::CreatePolicy,
        Action::UpdatePolicy => TraceName::UpdatePolicy,
        Action::DeletePolicy => TraceName::DeletePolicy,
        Action::CreateAccount => TraceName::CreateAccount,
        Action::SetAccountState => TraceName::UpdateAccount,
        Action::PullImage
        | Action::PushImage
        | Action::CreateImage
        | Action::ListImages
        | Action::ReadImage
        | Action::UpdateImage
        | Action::CreateOrganization
        | Action::ListOrganizations
        | Action::ReadOrganization
        | Action::UpdateOrganization
        | Action::CreateTag
        | Action::CreateAuthorizationToken
        | Action::CreateLoginSecret
        | Action::ReadOwnCredentials
        | Action::WriteOwnCredentials
        | Action::ReadCredentials
        | Action::ReadOverview
        | Action::ListCatalog
        | Action::ListAuditTraces
        | Action::ManageSettings
        | Action::UploadPackage
        | Action::ReadOrganizationGrant
        | Action::ListOrganizationGrants
        | Action::ReadImageGrant
        | Action::ListImageGrants
        | Action::ListShares
        | Action::ListSharedImages
        | Action::ManageOneself
        | Action::ListUsers
        | Action::ReadUser
        | Action::ListGroups
        | Action::ReadGroup
        | Action::ListPolicies
        | Action::ReadPolicy
        | Action::ExplainPermission
        | Action::ListAccounts => return None,
    })
}
