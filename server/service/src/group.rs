//! Groups of the caller's account: list, create, change, delete, their members and what is attached to them.

use std::sync::Arc;

use roadstead::access::Action;
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::group::{Group, GroupDetail, GroupQuery, Member};
use roadstead::manage::user::Attachment;
use roadstead::page::Page;
use roadstead::{Error, GroupName, Result, UserName};
use roadstead_store::account::State;
use roadstead_store::attachment::{self, Holder};
use roadstead_store::group::NewGroup;
use roadstead_store::{Durability, Store, group, user};

use crate::access::{Access, OwnAccount};
use crate::account::taken;
use crate::audit::{self, Event, Origin};
use crate::context::Context;
use crate::error::{Failed, stored};
use crate::policy::Attaching;
use crate::port::Ports;
use crate::user::{attached_as, description, searched};

/// Most users that are put in or taken out at once.
const MEMBERS_LIMIT: usize = 100;

/// Groups.
#[derive(Debug, Clone)]
pub struct Groups {
    store: Store,
    access: Access,
    ports: Ports,
}

impl Groups {
    pub(crate) const fn new(store: Store, access: Access, ports: Ports) -> Self {
        Self { store, access, ports }
    }

    /// The groups of the caller's account, by name.
    ///
    /// # Errors
    /// `Denied` without the right; those of the store.
    #[tracing::instrument(name = "service.group.list", skip_all)]
    pub async fn list(&self, ctx: &Context, query: GroupQuery) -> Result<Page<Group>> {
        let allowed = self.access.authorize(ctx, Action::ListGroups, OwnAccount).await?;
        let (account, window) = (allowed.key(), query.window);
        let search = searched(query.search);
        let page = self
            .store
            .read("group.list", |tx| {
                let search = search.clone();
                Box::pin(async move { group::list(tx, account, search.as_deref(), window).await })
            })
            .await
            .map_err(stored)?;
        Ok(page.map(|entry| Group {
            name: entry.name,
            description: entry.description,
            users: entry.user_count,
            policies: entry.policy_count,
            created_at: entry.created_at,
        }))
    }

    /// One group with its members and policies.
    ///
    /// # Errors
    /// `Hidden` for who may not list groups; `NotFound`.
    #[tracing::instrument(name = "service.group.get", skip_all, fields(group = %name))]
    pub async fn get(&self, ctx: &Context, name: &GroupName) -> Result<GroupDetail> {
        let allowed = self.access.authorize(ctx, Action::ReadGroup, name).await?;
        let key = allowed.key();
        let (found, members, attached) = self
            .store
            .read("group.get", |tx| {
                Box::pin(async move {
                    let found = group::find(tx, key).await?;
                    let members = group::members(tx, key).await?;
                    Ok((found, members, attachment::of_holder(tx, Holder::Group(key)).await?))
                })
            })
            .await
            .map_err(stored)?;
        let found = found.ok_or_else(gone)?;
        Ok(GroupDetail {
            name: found.name,
            description: found.description,
            created_at: found.created_at,
            members: members
                .into_iter()
                .map(|member| Member {
                    name: member.name,
                    display_name: member.display_name,
                    is_active: member.state == State::Active,
                })
                .collect(),
            attached: attached.into_iter().filter_map(attached_as).collect(),
        })
    }

    /// Creates a group.
    ///
    /// # Errors
    /// `Denied` without the right; `AlreadyExists`; Invalid for a long description.
    #[tracing::instrument(name = "service.group.create", skip_all, fields(group = %name))]
    pub async fn create(&self, ctx: &Context, name: GroupName, text: &str) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::CreateGroup, OwnAccount).await?;
        let new = Arc::new(NewGroup {
            account: allowed.key(),
            public_id: self.ports.public_id(),
            name,
            description: description(text)?,
            created_by: ctx.actor.user().map(|user| user.user),
            created_at: ctx.now(),
        });
        let event = self.event(ctx, TraceName::CreateGroup, &new.name).id(&new.public_id);
        let created = self
            .store
            .run("group.create", Durability::Durable, move |tx| {
                let (new, event) = (Arc::clone(&new), event.clone());
                Box::pin(async move {
                    group::create(tx, &new).await?;
                    audit::append(tx, event).await
                })
            })
            .await;
        created.map_err(|failed| taken(failed, "groups", Subject::Group))
    }

    /// Changes a group's name and description.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `AlreadyExists`; Invalid for a long description.
    #[tracing::instrument(name = "service.group.update", skip_all, fields(group = %name))]
    pub async fn update(
        &self,
        ctx: &Context,
        name: &GroupName,
        new_name: GroupName,
        text: &str,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::UpdateGroup, name).await?;
        let (key, at, text) = (allowed.key(), ctx.now(), description(text)?);
        let event = self
            .event(ctx, TraceName::UpdateGroup, &allowed.target().name)
            .detail(serde_json::json!({ "name": new_name }));
        let updated = self
            .store
            .run("group.update", Durability::Durable, move |tx| {
                let (name, text, event) = (new_name.clone(), text.clone(), event.clone());
                Box::pin(async move {
                    group::update(tx, key, &name, &text, at).await?;
                    audit::append(tx, event).await
                })
            })
            .await;
        updated.map_err(|failed| taken(failed, "groups", Subject::Group))
    }

    /// Deletes a group; its members lose what they had through it.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`.
    #[tracing::instrument(name = "service.group.delete", skip_all, fields(group = %name))]
    pub async fn delete(&self, ctx: &Context, name: &GroupName) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::DeleteGroup, name).await?;
        let (key, at) = (allowed.key(), ctx.now());
        let event = self.event(ctx, TraceName::DeleteGroup, &allowed.target().name);
        self.store
            .run("group.delete", Durability::Durable, move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    group::delete(tx, key, at).await?;
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    /// Puts users into a group, or takes them out.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `NotFound` for a user; Invalid for more than 100 users at once.
    #[tracing::instrument(name = "service.group.set_members", skip_all, fields(group = %name))]
    pub async fn set_members(
        &self,
        ctx: &Context,
        name: &GroupName,
        users: Vec<UserName>,
        is_in: bool,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::SetMembers, name).await?;
        if users.len() > MEMBERS_LIMIT {
            return Err(Error::invalid(Subject::User, "at most 100 users at once"));
        }
        let (key, at, users) = (allowed.key(), ctx.now(), Arc::new(users));
        let event = if is_in { TraceName::AddGroupMember } else { TraceName::RemoveGroupMember };
        let event = self
            .event(ctx, event, &allowed.target().name)
            .detail(serde_json::json!({ "users": *users }));
        self.store
            .run("group.set_members", Durability::Durable, move |tx| {
                let (users, event) = (Arc::clone(&users), event.clone());
                Box::pin(async move {
                    for name in users.iter() {
                        let found = user::find_by_name(tx, &key, name).await?;
                        let found = found.ok_or_else(|| no_user(name))?;
                        if is_in {
                            group::add_member(tx, key, found.id, at).await?;
                        } else {
                            group::remove_member(tx, key, found.id, at).await?;
                        }
                    }
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    /// Attaches a policy to a group, or detaches it.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `NotFound` for the policy.
    #[tracing::instrument(name = "service.group.attach", skip_all, fields(group = %name))]
    pub async fn set_attached(
        &self,
        ctx: &Context,
        name: &GroupName,
        policy: Attachment,
        is_attached: bool,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::AttachToGroup, name).await?;
        let attaching = Attaching::new(ctx, policy, is_attached);
        let event = attaching.event(&Origin::of(ctx, &self.ports), "group", &allowed.target().name);
        let holder = Holder::Group(allowed.key());
        self.store
            .run("group.attach", Durability::Durable, move |tx| {
                let (attaching, event) = (attaching.clone(), event.clone());
                Box::pin(async move {
                    attaching.run(tx, holder).await?;
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    fn event(&self, ctx: &Context, name: TraceName, group: &GroupName) -> Event {
        Origin::of(ctx, &self.ports).event(name).named(group)
    }
}

fn gone() -> Error {
    Error::not_found(Subject::Group, "there is no group of this name any more")
}

fn no_user(name: &UserName) -> Failed {
    Error::not_found(Subject::User, format!("there is no user {name} in the account")).into()
}

#[cfg(test)]
mod tests;
