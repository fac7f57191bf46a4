//! The pure decision (`protocol.md` 3.4), and the proof it hands out.
//!
//! What the store changes or reveals it does for whoever brings a proof, so that a use case that forgets to ask does not
//! compile. A proof is made here and nowhere else; what is derived from it ([`Allowed::key`]) is about the same target.

use serde::{Deserialize, Serialize};

use super::action::{Action, Need, Scope};
use super::actor::{Actor, UserActor};
use super::permission::Permission;
use super::policy::{Effect, Statement};
use super::target::{AccountTarget, OrganizationKey, OrganizationTarget};
use crate::id::{AccountId, OrganizationId, RepositoryId, UserId};
use crate::name::{ImageName, OrganizationName};
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
    /// Nothing says yes.
    NoGrant,
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
    /// The caller's account.
    Account {
        /// Its key.
        account: AccountId,
    },
    /// The whole instance.
    Instance,
}

/// Rights of one user, as loaded for one target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// Statements of every policy attached to the user and its groups, in scope of this region.
    pub statements: Vec<Statement>,
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

/// Which rows of a list the caller may see; filters in the query, never after it. Only [`visibility`] makes one:
///
/// ```compile_fail,E0639
/// use roadstead::{access::Visibility, id::AccountId};
/// let forged = Visibility::Account { account: AccountId(7) };
/// ```
/// ```compile_fail,E0639
/// use roadstead::{access::Visibility, id::{AccountId, UserId}};
/// let forged = Visibility::Granted { account: AccountId(7), user: UserId(7) };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everything of the account.
    #[non_exhaustive]
    Account {
        /// The account.
        account: AccountId,
    },
    /// What the user's grants name, inside the account.
    #[non_exhaustive]
    Granted {
        /// The account.
        account: AccountId,
        /// The user.
        user: UserId,
    },
}

/// Which rows of lists a user sees, by ownership and policies; grants are for the query to join.
///
/// A policy shows the whole account only if it allows reading every image and none denies reading any: a list never
/// names what an explicit deny hides.
#[must_use]
pub fn visibility(user: &UserActor, statements: &[Statement]) -> Visibility {
    let name = "swr:repo:getRepo";
    let allows_all = statements
        .iter()
        .any(|statement| statement.effect == Effect::Allow && statement.matches(name, ""));
    if user.is_owner || (allows_all && !denies_reading(statements)) {
        Visibility::Account { account: user.account }
    } else {
        Visibility::Granted { account: user.account, user: user.user }
    }
}

/// Whether there is an image that these policies may hide by an explicit deny, whoever shares it.
#[must_use]
pub fn denies_reading(statements: &[Statement]) -> bool {
    statements
        .iter()
        .any(|statement| statement.effect == Effect::Deny && statement.names("swr:repo:getRepo"))
}

/// Decides whether `actor` may do `action` on `target` at `now`.
///
/// # Errors
/// The refusing rule. Whether the refusal is shown as hidden or denied is for the caller to choose by whether the
/// actor may see the target.
pub fn decide<T: Target>(
    actor: &Actor,
    action: Action,
    target: T,
    grants: &Grants,
    now: Timestamp,
) -> Result<Allowed<T>, Refusal> {
    let reason = judge(actor, action, target.resource(), grants, now)?;
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
    now: Timestamp,
) -> Result<Reason, Refusal> {
    judge(actor, action, target.resource(), grants, now)
}

fn judge(
    actor: &Actor,
    action: Action,
    resource: Resource<'_>,
    grants: &Grants,
    now: Timestamp,
) -> Result<Reason, Refusal> {
    let rule = action.rule();
    if !fits(rule.scope, resource) {
        return Err(Refusal::NoGrant);
    }
    let is_public = matches!(resource, Resource::Image { is_public: true, .. });
    let user = match actor {
        Actor::System(_) => return Ok(Reason::System),
        Actor::Anonymous if rule.open && is_public && grants.anonymous_access => {
            return Ok(Reason::Public);
        }
        Actor::Anonymous => return Err(Refusal::AuthenticationRequired),
        Actor::User(user) => user,
    };
    if user.expires_at.is_some_and(|end| end <= now) {
        return Err(Refusal::CredentialExpired);
    }
    let by_policy = by_policy(user, rule.iam, resource, grants)?;
    if in_own_account(user, rule.scope, resource) {
        if user.is_owner {
            return Ok(Reason::Owner);
        }
        if by_policy {
            return Ok(Reason::Policy);
        }
        if let Some(reason) = by_grant(rule.need, grants) {
            return Ok(reason);
        }
    }
    if rule.open && is_public {
        return Ok(Reason::Public);
    }
    let shared = grants.share.is_some_and(|end| end.is_none_or(|end| now < end));
    if rule.open && shared {
        return Ok(Reason::Share);
    }
    Err(Refusal::NoGrant)
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
            | (Scope::Account, Resource::Account { .. })
            | (Scope::Instance, Resource::Instance)
    )
}

/// Whether policies allow every IAM name; an explicit deny of any of them ends the decision. The owner is not
/// subject to policies.
fn by_policy(
    user: &UserActor,
    iam: &[&str],
    resource: Resource<'_>,
    grants: &Grants,
) -> Result<bool, Refusal> {
    if user.is_owner {
        return Ok(false);
    }
    let resource = match resource {
        Resource::Image { name, .. } => format!("repo:{name}"),
        Resource::Organization { name, .. } => format!("namespace:{name}"),
        Resource::Account { .. } | Resource::Instance => String::new(),
    };
    let matches = |effect: Effect, action: &str| {
        grants
            .statements
            .iter()
            .any(|statement| statement.effect == effect && statement.matches(action, &resource))
    };
    if iam.iter().any(|action| matches(Effect::Deny, action)) {
        return Err(Refusal::ExplicitDeny);
    }
    Ok(iam.iter().all(|action| matches(Effect::Allow, action)))
}

fn in_own_account(user: &UserActor, scope: Scope, resource: Resource<'_>) -> bool {
    match resource {
        Resource::Image { account, .. }
        | Resource::Organization { account, .. }
        | Resource::Account { account } => account == user.account,
        Resource::Instance => scope == Scope::Instance && user.is_operator,
    }
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
        Need::Administrator | Need::Operator => false,
    };
    granted.then_some(Reason::Grant)
}
