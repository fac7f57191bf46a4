//! Policies: the built-in ones, and those that an account writes itself; and attaching either to users and groups.
//!
//! # Invariants
//! - A document is read before it is saved: what is saved means something in every part.
//! - A policy that is attached is not deleted; the refusal says how often it is.

mod statement;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use roadstead::access::{Action, Policy, Problem, SystemPolicy};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::manage::policy::{PolicyDetail, PolicyEntry};
use roadstead::manage::user::Attachment;
use roadstead::{Error, ErrorKind, PolicyName, Result, Timestamp};
use roadstead_store::attachment::{self, Holder, Right};
use roadstead_store::policy::{NewPolicy, PolicyRecord};
use roadstead_store::{Durability, Store, Tx, policy};

use crate::access::{Access, OwnAccount};
use crate::account::taken;
use crate::audit::{self, Event, Origin};
use crate::context::Context;
use crate::error::{Failed, Outcome, stored};
use crate::port::Ports;
use crate::user::description;

/// Policies.
#[derive(Debug, Clone)]
pub struct Policies {
    store: Store,
    access: Access,
    ports: Ports,
}

impl Policies {
    pub(crate) const fn new(store: Store, access: Access, ports: Ports) -> Self {
        Self { store, access, ports }
    }

    /// The built-in policies and those of the caller's account, each with how often it is attached in the account.
    ///
    /// # Errors
    /// `Denied` without the right; those of the store.
    #[tracing::instrument(name = "service.policy.list", skip_all)]
    pub async fn list(&self, ctx: &Context) -> Result<Vec<PolicyEntry>> {
        let allowed = self.access.authorize(ctx, Action::ListPolicies, OwnAccount).await?;
        let account = allowed.key();
        let (uses, own) = self
            .store
            .read("policy.list", |tx| {
                Box::pin(async move {
                    let uses = policy::uses_of_role(tx, account).await?;
                    Ok((uses, policy::list(tx, account).await?))
                })
            })
            .await
            .map_err(stored)?;
        let uses: BTreeMap<String, u64> = uses.into_iter().collect();
        let system = SystemPolicy::ALL.into_iter().map(|policy| PolicyEntry {
            name: policy.name().to_owned(),
            is_system: true,
            description: String::new(),
            uses: uses.get(policy.name()).copied().unwrap_or_default(),
            updated_at: None,
            is_damaged: false,
        });
        Ok(system.chain(own.into_iter().map(|record| shown(&record))).collect())
    }

    /// A policy of the caller's account, or a built-in one, with its document.
    ///
    /// # Errors
    /// `Hidden` for who may not list policies; `NotFound`.
    #[tracing::instrument(name = "service.policy.get", skip_all, fields(policy = %name))]
    pub async fn get(&self, ctx: &Context, name: &PolicyName) -> Result<PolicyDetail> {
        if let Some(system) = SystemPolicy::by_name(name.as_str()) {
            let all = self.list(ctx).await?;
            let entry =
                all.into_iter().find(|entry| entry.is_system && entry.name == system.name());
            return Ok(PolicyDetail {
                entry: entry.ok_or_else(gone)?,
                document: system.document().to_string(),
                users: Vec::new(),
                groups: Vec::new(),
            });
        }
        let allowed = self.access.authorize(ctx, Action::ReadPolicy, name).await?;
        let key = allowed.key();
        let (found, users) = self
            .store
            .read("policy.get", |tx| {
                Box::pin(async move {
                    Ok((policy::find(tx, key).await?, policy::users(tx, key).await?))
                })
            })
            .await
            .map_err(stored)?;
        let record = found.ok_or_else(gone)?;
        let (mut names, mut groups) = (Vec::new(), Vec::new());
        for user in users {
            names.extend(user.user_name);
            groups.extend(user.group_name);
        }
        Ok(PolicyDetail { entry: shown(&record), document: record.document, users: names, groups })
    }

    /// Creates a policy.
    ///
    /// # Errors
    /// `Denied` without the right; `AlreadyExists`; Invalid about the policy, with every mistake in member `problems` of
    /// the detail.
    #[tracing::instrument(name = "service.policy.create", skip_all, fields(policy = %name))]
    pub async fn create(
        &self,
        ctx: &Context,
        name: PolicyName,
        text: &str,
        document: String,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::CreatePolicy, OwnAccount).await?;
        checked(&name, &document)?;
        let new = Arc::new(NewPolicy {
            account: allowed.key(),
            public_id: self.ports.public_id(),
            name,
            description: description(text)?,
            document,
            created_by: ctx.actor.user().map(|user| user.user),
            created_at: ctx.now(),
        });
        let event = self
            .event(ctx, TraceName::CreatePolicy, &new.name)
            .id(&new.public_id)
            .detail(serde_json::json!({ "document": new.document }));
        let created = self
            .store
            .run("policy.create", Durability::Durable, move |tx| {
                let (new, event) = (Arc::clone(&new), event.clone());
                Box::pin(async move {
                    policy::create(tx, &new).await?;
                    audit::append(tx, event).await
                })
            })
            .await;
        created.map_err(|failed| taken(failed, "policies", Subject::Policy))
    }

    /// Changes a policy; what it allows and denies holds for everybody who has it from then on.
    ///
    /// # Errors
    /// As [`Policies::create`]; `Hidden` or `NotFound`.
    #[tracing::instrument(name = "service.policy.update", skip_all, fields(policy = %name))]
    pub async fn update(
        &self,
        ctx: &Context,
        name: &PolicyName,
        new_name: PolicyName,
        text: &str,
        document: String,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::UpdatePolicy, name).await?;
        checked(&new_name, &document)?;
        let (key, at, text) = (allowed.key(), ctx.now(), description(text)?);
        let event = self
            .event(ctx, TraceName::UpdatePolicy, &allowed.target().name)
            .detail(serde_json::json!({ "name": new_name, "document": document }));
        let wanted = Arc::new((new_name, text, document));
        let updated = self
            .store
            .run("policy.update", Durability::Durable, move |tx| {
                let (wanted, event) = (Arc::clone(&wanted), event.clone());
                Box::pin(async move {
                    let (name, text, document) = &*wanted;
                    policy::update(tx, key, name, text, document, at).await?;
                    audit::append(tx, event).await
                })
            })
            .await;
        updated.map_err(|failed| taken(failed, "policies", Subject::Policy))
    }

    /// Deletes a policy that nobody has.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `Conflict` with how often it is attached, `n`, in the detail.
    #[tracing::instrument(name = "service.policy.delete", skip_all, fields(policy = %name))]
    pub async fn delete(&self, ctx: &Context, name: &PolicyName) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::DeletePolicy, name).await?;
        let (key, at) = (allowed.key(), ctx.now());
        let event = self.event(ctx, TraceName::DeletePolicy, &allowed.target().name);
        self.store
            .run("policy.delete", Durability::Durable, move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    if !policy::delete(tx, key, at).await? {
                        let uses = policy::find(tx, key).await?.map_or(0, |found| found.use_count);
                        return Err(Failed::from(attached(uses)));
                    }
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    fn event(&self, ctx: &Context, name: TraceName, policy: &PolicyName) -> Event {
        Origin::of(ctx, &self.ports).event(name).named(policy)
    }
}

/// A name that is not a built-in one's, and a document that can be read.
fn checked(name: &PolicyName, document: &str) -> Result<()> {
    if SystemPolicy::by_name(name.as_str()).is_some() {
        return Err(Error::new(
            ErrorKind::AlreadyExists,
            Subject::Policy,
            "this is the name of a built-in policy; choose another",
        ));
    }
    Policy::read(document).map(drop).map_err(|problems| unreadable(&problems))
}

fn unreadable(problems: &[Problem]) -> Error {
    let first = problems.first();
    let message = first.map_or_else(|| "the policy cannot be read".to_owned(), ToString::to_string);
    Error::invalid(Subject::Policy, message).with_detail(serde_json::json!({
        "reason": "policy_document",
        "line": first.map(|problem| problem.line),
        "column": first.map(|problem| problem.column),
        "problems": problems,
    }))
}

fn shown(record: &PolicyRecord) -> PolicyEntry {
    PolicyEntry {
        name: record.name.to_string(),
        is_system: false,
        description: record.description.clone(),
        uses: record.use_count,
        updated_at: Some(record.updated_at),
        is_damaged: Policy::read(&record.document).is_err(),
    }
}

fn attached(uses: u64) -> Error {
    Error::new(
        ErrorKind::Conflict,
        Subject::Policy,
        format!("the policy is attached {uses} times; detach it first"),
    )
    .with_detail(serde_json::json!({ "n": uses, "reason": "attached" }))
}

fn gone() -> Error {
    Error::not_found(Subject::Policy, "there is no policy of this name any more")
}

/// Attaching a policy to somebody, or detaching it.
#[derive(Debug, Clone)]
pub(crate) struct Attaching {
    policy: Attachment,
    is_attached: bool,
    by: Option<UserId>,
    at: Timestamp,
}

impl Attaching {
    pub(crate) fn new(ctx: &Context, policy: Attachment, is_attached: bool) -> Self {
        let by = ctx.actor.user().map(|user| user.user);
        Self { policy, is_attached, by, at: ctx.now() }
    }

    /// The event about the user or group of this name.
    pub(crate) fn event(&self, origin: &Origin, kind: &str, holder: impl Display) -> Event {
        let name = if self.is_attached { TraceName::AttachPolicy } else { TraceName::DetachPolicy };
        origin.event(name).named(&self.policy.policy).detail(serde_json::json!({
            (kind): holder.to_string(),
            "region": self.policy.region,
        }))
    }

    /// Does it.
    pub(crate) async fn run(&self, tx: &mut Tx<'_>, holder: Holder) -> Outcome<()> {
        let region = self.policy.region.as_ref();
        let right = self.right(tx, holder).await?;
        let is_done = if self.is_attached {
            attachment::attach(tx, holder, right, region, self.by, self.at).await?
        } else {
            // What is not attached is as wanted already.
            attachment::detach(tx, holder, right, region, self.at).await?;
            true
        };
        if is_done { Ok(()) } else { Err(unknown().into()) }
    }

    async fn right(&self, tx: &mut Tx<'_>, holder: Holder) -> Outcome<Right> {
        if let Some(system) = SystemPolicy::by_name(&self.policy.policy) {
            return Ok(Right::Role(system));
        }
        let name: PolicyName = self.policy.policy.parse()?;
        let found = policy::find_by_name(tx, &holder, &name).await?;
        Ok(Right::Policy(found.ok_or_else(unknown)?.id))
    }
}

fn unknown() -> Error {
    Error::not_found(
        Subject::Policy,
        "the account has no such policy, or no project in this region",
    )
}

#[cfg(test)]
mod tests;
