//! The pure decision (`protocol.md` 3.4), and the proof it hands out.
//!
//! What the store changes or reveals it does for whoever brings a proof, so that a use case that forgets to ask does not
//! compile. A proof is made here and nowhere else; what is derived from it ([`Allowed::key`]) is about the same target.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::action::{Action, Need, Scope};
use super::actor::{Actor, UserActor};
use super::permission::Permission;
use super::policy::{Asked, Policies, Ruling};
use super::target::{
    AccountTarget, GroupKey, GroupTarget, OrganizationKey, OrganizationTarget, PolicyKey,
    PolicyTarget, UserKey, UserTarget,
};
use crate::id::{AccountId, OrganizationId, RepositoryId, UserId};
use crate::name::{GroupName, ImageName, OrganizationName, PolicyName, UserName};
use crate::time::Timestamp;

/// Proof that an actor may do an action on `T`. Only [`decide`] makes one:
///
/// ```compile_fail,E0451
/// use roadstead::access::{Action, Allowed, Reason};
/// let forged = Allowed { target: (), action: Action::DeleteImage, reason: Reason::Owner };
/// ```
///
/// and it cannot be turned to another target:
///
/// ```compile_fail,E0616
/// fn turn(mut allowed: roadstead::access::Allowed<roadstead::id::AccountId>) {
///     allowed.target = roadstead::id::AccountId(7);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed<T> {
    target: T,
    action: Action,
    reason: Reason,
}

impl<T> Allowed<T> {
    /// What it is allowed on.
    #[must_use]
    pub const fn target(&self) -> &T {
        &self.target
    }

    /// What is allowed.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The rule that decided.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The same proof about what names the target. Private: a proof of one thing is never one of another.
    const fn of<U>(&self, key: U) -> Allowed<U> {
        Allowed { target: key, action: self.action, reason: self.reason }
    }
}

impl Allowed<OrganizationTarget> {
    /// The same proof, with the keys alone: as small as a copy.
    #[must_use]
    pub const fn key(&self) -> Allowed<OrganizationKey> {
        self.of(OrganizationKey { id: self.target.id, account: self.target.account })
    }
}

impl Allowed<AccountTarget> {
    /// The same proof, with the key alone: as small as a copy.
    #[must_use]
    pub const fn key(&self) -> Allowed<AccountId> {
        self.of(self.target.id)
    }
}

impl Allowed<UserTarget> {
    /// The same proof, with the keys alone: as small as a copy.
    #[must_use]
    pub const fn key(&self) -> Allowed<UserKey> {
        self.of(UserKey { id: self.target.id, account: self.target.account })
    }
}

impl Allowed<GroupTarget> {
    /// The same proof, with the keys alone: as small as a copy.
    #[must_use]
    pub const fn key(&self) -> Allowed<GroupKey> {
        self.of(GroupKey { id: self.target.id, account: self.target.account })
    }
}

impl Allowed<PolicyTarget> {
    /// The same proof, with the keys alone: as small as a copy.
    #[must_use]
    pub const fn key(&self) -> Allowed<PolicyKey> {
        self.of(PolicyKey { id: self.target.id, account: self.target.account })
    }
}

/// Which rule allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The image is public.
    Public,
    /// The owner of the account.
    Owner,
    /// An IAM policy.
    Policy,
    /// A grant on the organization or image.
    Grant,
    /// A share to the caller's account.
    Share,
    /// Any user may.
    AnyUser,
    /// It is about nobody but the user.
    Oneself,
    /// A background job of the system.
    System,
}

/// Which rule refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No credential, and nothing here is open to everyone.
    AuthenticationRequired,
    /// The credential ended.
    CredentialExpired,
    /// A policy says no.
    ExplicitDeny,
    /// A policy of the user cannot be read: what it denies is not known.
    PolicyDamaged,
    /// Nothing says yes.
    NoGrant,
    /// The user or their account is disabled.
    Disabled,
    /// The user may do it, but the token that was presented does not cover it.
    TokenScope,
}

impl Refusal {
    /// Its stable word, for logs and answers.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::AuthenticationRequired => "authentication_required",
            Self::CredentialExpired => "credential_expired",
            Self::ExplicitDeny => "explicit_deny",
            Self::PolicyDamaged => "policy_damaged",
            Self::NoGrant => "no_grant",
            Self::Disabled => "disabled",
            Self::TokenScope => "token_scope",
        }
    }
}

/// What the decision needs to know of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// When it came.
    pub now: Timestamp,
    /// Whence, when that is known.
    pub source: Option<IpAddr>,
    /// To which region something is to be copied.
    pub target_region: Option<&'a str>,
    /// With which account, by its id on the wire, something is to be shared.
    pub target_account: Option<&'a str>,
    /// Whether the two are still to be named: then what policies say of them is taken at its best for the caller, and the
    /// same must be asked again once they are.
    pub is_target_open: bool,
}

impl Circumstances<'static> {
    /// Of a request of which nothing but its time is known.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { now, source: None, target_region: None, target_account: None, is_target_open: false }
    }
}

/// A decision with what made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The rule that allowed or refused.
    pub answer: Result<Reason, Refusal>,
    /// The statement that decided, as [`Policies::statement`] takes it.
    pub statement: Option<usize>,
}

impl Verdict {
    const fn of(answer: Result<Reason, Refusal>) -> Self {
        Self { answer, statement: None }
    }
}

/// What the decision needs to know of the target.
pub trait Target {
    /// The facts.
    fn resource(&self) -> Resource<'_>;
}

/// Facts of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// One image.
    Image {
        /// Account that owns it.
        account: AccountId,
        /// Its key; `None` while it does not exist (a first push).
        repository: Option<RepositoryId>,
        /// Its organization.
        organization: OrganizationId,
        /// Its name.
        name: &'a ImageName,
        /// Whether everyone may pull.
        is_public: bool,
    },
    /// One organization.
    Organization {
        /// Account that owns it.
        account: AccountId,
        /// Its key.
        organization: OrganizationId,
        /// Its name.
        name: &'a OrganizationName,
    },
    /// An account.
    Account {
        /// Its key.
        account: AccountId,
    },
    /// One user.
    User {
        /// Account that it belongs to.
        account: AccountId,
        /// Its key.
        user: UserId,
        /// Its name.
        name: &'a UserName,
    },
    /// One group.
    Group {
        /// Account that it belongs to.
        account: AccountId,
        /// Its name.
        name: &'a GroupName,
    },
    /// One policy.
    Policy {
        /// Account that it belongs to.
        account: AccountId,
        /// Its name.
        name: &'a PolicyName,
    },
    /// The whole instance.
    Instance,
}

impl Resource<'_> {
    /// The end of its name in policies, in lower case: `repo:org/image`, `namespace:org`, `user:name`; empty for accounts
    /// and the instance.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Image { name, .. } => format!("repo:{name}"),
            Self::Organization { name, .. } => format!("namespace:{name}"),
            Self::User { name, .. } => format!("user:{}", name.folded()),
            Self::Group { name, .. } => format!("group:{}", name.folded()),
            Self::Policy { name, .. } => format!("policy:{}", name.folded()),
            Self::Account { .. } | Self::Instance => String::new(),
        }
    }

    /// The account that it belongs to; `None` is the instance.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Image { account, .. }
            | Self::Organization { account, .. }
            | Self::Account { account }
            | Self::User { account, .. }
            | Self::Group { account, .. }
            | Self::Policy { account, .. } => Some(*account),
            Self::Instance => None,
        }
    }
}

/// Rights of one user, as loaded for one target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grants {
    /// Every policy attached to the user and its groups, in scope of this region. An owner has none.
    pub policies: Arc<Policies>,
    /// Id on the wire of the account that owns the target, when that is another than the user's.
    pub owner: Option<String>,
    /// Grant on the target's organization.
    pub organization: Option<Permission>,
    /// Grant on the target image.
    pub image: Option<Permission>,
    /// Whether there is a grant on any image of the target organization.
    pub any_image: bool,
    /// End of the share of the target image with the caller's account: `Some(None)` is for ever.
    pub share: Option<Option<Timestamp>>,
    /// Whether anonymous access to public images is on.
    pub anonymous_access: bool,
}

/// Decides whether `actor` may do `action` on `target`.
///
/// # Errors
/// The refusing rule. Whether the refusal is shown as hidden or denied is for the caller to choose by whether the
/// actor may see the target.
pub fn decide<T: Target>(
    actor: &Actor,
    action: Action,
    target: T,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Result<Allowed<T>, Refusal> {
    let reason = judge(actor, action, target.resource(), grants, at).answer?;
    Ok(Allowed { target, action, reason })
}

/// Whether [`decide`] would allow, without the proof: for what is shown of rights, flags in answers and tokens.
///
/// # Errors
/// The refusing rule.
pub fn permits(
    actor: &Actor,
    action: Action,
    target: &impl Target,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Result<Reason, Refusal> {
    judge(actor, action, target.resource(), grants, at).answer
}

/// What [`decide`] would answer, and which statement made it so: for explaining a decision.
#[must_use]
pub fn explain(
    actor: &Actor,
    action: Action,
    target: &impl Target,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Verdict {
    judge(actor, action, target.resource(), grants, at)
}

fn judge(
    actor: &Actor,
    action: Action,
    resource: Resource<'_>,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Verdict {
    let rule = action.rule();
    if !fits(rule.scope, resource) {
        return Verdict::of(Err(Refusal::NoGrant));
    }
    let is_public = matches!(resource, Resource::Image { is_public: true, .. });
    let user = match actor {
        Actor::System(_) => return Verdict::of(Ok(Reason::System)),
        Actor::Anonymous if rule.open && is_public && grants.anonymous_access => {
            return Verdict::of(Ok(Reason::Public));
        }
        Actor::Anonymous => return Verdict::of(Err(Refusal::AuthenticationRequired)),
        Actor::User(user) => user,
    };
    if user.expires_at.is_some_and(|end| end <= at.now) {
        return Verdict::of(Err(Refusal::CredentialExpired));
    }
    let ruling = by_policy(user, action, resource, grants, at);
    if let Ruling::Denied(statement) = ruling {
        return Verdict { answer: Err(Refusal::ExplicitDeny), statement: Some(statement) };
    }
    if ruling == Ruling::Damaged {
        return Verdict::of(Err(Refusal::PolicyDamaged));
    }
    if in_own_account(user, rule.scope, resource) {
        if let Some(reason) = by_oneself(rule.need, user, resource) {
            return Verdict::of(Ok(reason));
        }
        // What has no IAM name is nobody's but the user's own, not even the owner's of the account.
        if user.is_owner && !rule.iam.is_empty() {
            return Verdict::of(Ok(Reason::Owner));
        }
        if let Ruling::Allowed(statement) = ruling {
            return Verdict { answer: Ok(Reason::Policy), statement: Some(statement) };
        }
        if let Some(reason) = by_grant(rule.need, grants) {
            return Verdict::of(Ok(reason));
        }
    }
    if rule.open && is_public {
        return Verdict::of(Ok(Reason::Public));
    }
    let shared = grants.share.is_some_and(|end| end.is_none_or(|end| at.now < end));
    if rule.open && shared {
        return Verdict::of(Ok(Reason::Share));
    }
    Verdict::of(Err(Refusal::NoGrant))
}

/// Whether the action can be asked of such a thing at all. A new image is asked of as an image without a key.
const fn fits(scope: Scope, resource: Resource<'_>) -> bool {
    matches!(
        (scope, resource),
        (Scope::Image, Resource::Image { .. })
            | (
                Scope::Organization,
                Resource::Organization { .. } | Resource::Image { repository: None, .. },
            )
            | (Scope::Account | Scope::Tenant, Resource::Account { .. })
            | (Scope::User, Resource::User { .. })
            | (Scope::Group, Resource::Group { .. })
            | (Scope::Policy, Resource::Policy { .. })
            | (Scope::Instance, Resource::Instance)
    )
}

/// What policies say of it. The owner is not subject to policies.
fn by_policy(
    user: &UserActor,
    action: Action,
    resource: Resource<'_>,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Ruling {
    if user.is_owner {
        return Ruling::Silent;
    }
    let owner = grants.owner.as_deref();
    grants.policies.ruling(&Asked { user, action, resource, owner, at })
}

fn in_own_account(user: &UserActor, scope: Scope, resource: Resource<'_>) -> bool {
    match scope {
        Scope::Tenant | Scope::Instance => user.is_operator,
        _ => resource.account() == Some(user.account),
    }
}

fn by_oneself(need: Need, user: &UserActor, resource: Resource<'_>) -> Option<Reason> {
    let is_oneself = need == Need::Oneself
        && matches!(resource, Resource::User { user: id, .. } if id == user.user);
    is_oneself.then_some(Reason::Oneself)
}

fn by_grant(need: Need, grants: &Grants) -> Option<Reason> {
    let includes = |have: Option<Permission>, need| have.is_some_and(|have| have.includes(need));
    let granted = match need {
        Need::Image(level) => includes(grants.organization, level) || includes(grants.image, level),
        Need::Organization(level) => includes(grants.organization, level),
        Need::OrganizationOrAnyImage(level) => {
            includes(grants.organization, level) || grants.any_image
        }
        Need::AnyUser => return Some(Reason::AnyUser),
        Need::Oneself | Need::Administrator | Need::Operator => false,
    };
    granted.then_some(Reason::Grant)
}
