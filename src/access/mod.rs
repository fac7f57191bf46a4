//! Who may do what: actors, actions, permissions, and the pure decision.
//!
//! # Invariants
//! - [`decide`] is the only thing that makes an [`Allowed`], and [`visibility`] a [`Visibility`]: their constructors are
//!   private to this module, so a store call that takes one cannot be reached without a decision.
//! - The decision reads nothing but its arguments; time is one of them.
//!
//! To add an action: add a variant to [`Action`], its line in [`Action::rule`], and its row in the matrix test.

mod action;
mod actor;
mod credential;
mod decide;
mod login_key;
#[cfg(test)]
mod matrix;
mod permission;
pub mod policy;
mod signing;
mod target;
mod visibility;
mod wildcard;

pub use action::{Action, Need, Rule, Scope};
pub use actor::{Access, Actor, JobName, UserActor};
pub use credential::{
    AccessKeyId, CREDENTIALS_FILE_LIMIT, CredentialsRow, SecretKey, parse_credentials,
    print_credentials,
};
pub use decide::{
    Allowed, Circumstances, Grants, Reason, Refusal, Resource, Target, Verdict, decide, explain,
    permits,
};
pub use login_key::login_key;
pub use permission::Permission;
pub use policy::{Effect, Policies, Policy, Problem, Statement, SystemPolicy};
pub use signing::sign;
pub use target::{
    AccountTarget, CredentialHolder, GroupKey, GroupTarget, InstanceTarget, OrganizationKey,
    OrganizationTarget, PolicyKey, PolicyTarget, RepositoryTarget, UserKey, UserTarget,
};
pub use visibility::{ByPolicy, NamePattern, Names, Visibility, visibility};
pub(crate) use wildcard::wildcard;
