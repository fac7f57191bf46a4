//! Users of the caller's account: list, create, change, disable, reset, delete, and what is attached to them.
//!
//! # Invariants
//! - The owner is nobody's to change, disable or delete but their own: an account always has an administrator.
//! - Nobody disables or deletes themselves.
//! - A user who is disabled, deleted or loses a way in is refused from the commit on, at every door.
//! - A password that was made is in the answer, and for a short while on the page of the console session that made it; it
//!   is in no log and no event.

mod batch;
mod explain;
mod unseen;

use std::sync::Arc;

use roadstead::access::{Action, Allowed, GroupKey, UserTarget};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::user::{
    Attachment, NewPassword, NewUser, User, UserDetail, UserFacts, UserQuery,
};
use roadstead::page::Page;
use roadstead::{AccountName, Error, ErrorKind, GroupName, Result, Secret, UserName};
use roadstead_store::account::State;
use roadstead_store::attachment::{self, AttachmentRecord, Holder};
use roadstead_store::user::{self, UserChange, UserEntry, UserFilter};
use roadstead_store::{Durability, Store, Tx, group, session};

use crate::access::{Access, OwnAccount, made_here};
use crate::account::{taken, target_of};
use crate::audit::{self, Event, Origin};
use crate::context::Context;
use crate::error::{Outcome, stored};
use crate::password::{Passwords, check_rules};
use crate::policy::Attaching;
use crate::port::Ports;
use crate::seal::Sealer;

/// Longest name to show, in characters.
const DISPLAY_NAME_LIMIT: usize = 64;
/// Longest address for mail, in bytes.
const EMAIL_LIMIT: usize = 254;
/// Longest description, in characters.
const DESCRIPTION_LIMIT: usize = 255;
/// Most groups of one user that are set at once.
const GROUPS_LIMIT: usize = 100;
/// What passwords are made of: nothing that is mistaken for something else.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Users.
pub struct Users {
    pub(crate) store: Store,
    pub(crate) access: Access,
    pub(crate) ports: Ports,
    passwords: Arc<Passwords>,
    sealer: Sealer,
}

impl Users {
    pub(crate) const fn new(
        store: Store,
        access: Access,
        ports: Ports,
        passwords: Arc<Passwords>,
        sealer: Sealer,
    ) -> Self {
        Self { store, access, ports, passwords, sealer }
    }

    /// The users of the caller's account.
    ///
    /// # Errors
    /// `Denied` without the right; those of the store.
    #[tracing::instrument(name = "service.user.list", skip_all)]
    pub async fn list(&self, ctx: &Context, query: UserQuery) -> Result<Page<User>> {
        let allowed = self.access.authorize(ctx, Action::ListUsers, OwnAccount).await?;
        let account = allowed.key();
        let (sort, window) = ((query.sort, query.order), query.window);
        let filter = Arc::new(UserFilter {
            search: searched(query.search),
            state: query.is_active.map(|is| if is { State::Active } else { State::Disabled }),
            console: query.console,
            programmatic: query.programmatic,
            group: query.group,
        });
        self.store
            .read("user.list", |tx| {
                let filter = Arc::clone(&filter);
                Box::pin(async move {
                    let page = user::list(tx, account, &filter, sort, window).await?;
                    let ids: Vec<_> = page.items.iter().map(|entry| entry.id).collect();
                    let groups = group::of_users(tx, account, &ids).await?;
                    Ok(page.map(|entry| {
                        let own = groups.iter().filter(|(user, _)| *user == entry.id);
                        let own = own.map(|(_, group)| group.clone()).collect();
                        shown(entry, own)
                    }))
                })
            })
            .await
            .map_err(stored)
    }

    /// One user.
    ///
    /// # Errors
    /// `Hidden` for who may not list users; `NotFound`.
    #[tracing::instrument(name = "service.user.get", skip_all, fields(user = %name))]
    pub async fn get(&self, ctx: &Context, name: &UserName) -> Result<UserDetail> {
        let allowed = self.access.authorize(ctx, Action::ReadUser, name).await?;
        let key = allowed.key();
        let (entry, groups, attached) = self
            .store
            .read("user.get", |tx| {
                Box::pin(async move {
                    let entry = user::entry(tx, key).await?;
                    let groups = group::of_user(tx, key).await?;
                    let attached = attachment::of_holder(tx, Holder::User(key)).await?;
                    Ok((entry, groups, attached))
                })
            })
            .await
            .map_err(stored)?;
        let entry = entry.ok_or_else(gone)?;
        let groups = groups.into_iter().map(|group| group.name).collect();
        Ok(UserDetail {
            user: shown(entry, groups),
            attached: attached.into_iter().filter_map(attached_as).collect(),
        })
    }

    /// Creates a user. Without a password of the caller's choice one is made, and answered.
    ///
    /// # Errors
    /// `Denied` without the right (to put it into groups: that right too); `AlreadyExists`; `NotFound` for a group; Invalid
    /// for what breaks a rule.
    #[tracing::instrument(name = "service.user.create", skip_all, fields(user = %new.name))]
    pub async fn create(&self, ctx: &Context, new: NewUser) -> Result<NewPassword> {
        let allowed = self.access.authorize(ctx, Action::CreateUser, OwnAccount).await?;
        check_name(&allowed.target().name, &new.name)?;
        let facts = checked(new.facts)?;
        let (given, made) = self.password(new.password, &new.name, facts.access.console)?;
        let hash = match &given {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let account = allowed.key();
        let groups = self.groups(ctx, &new.groups).await?;
        let by = ctx.actor.user().map(|user| user.user);
        let row = Arc::new(user::NewUser {
            public_id: self.ports.public_id(),
            account,
            name: new.name,
            display_name: facts.display_name,
            email: facts.email,
            description: facts.description,
            is_owner: false,
            console_access: facts.access.console,
            programmatic_access: facts.access.programmatic,
            must_change_password: facts.access.console
                && hash.is_some()
                && new.must_change_password,
            password_hash: hash,
            created_by: by,
            created_at: ctx.now(),
        });
        let event = self
            .event(ctx, TraceName::CreateUser, &row.name)
            .id(&row.public_id)
            .detail(serde_json::json!({ "access": facts.access, "groups": new.groups }));
        let unseen = self.unseen(ctx, made.as_ref());
        let created = self
            .store
            .run("user.create", Durability::Durable, move |tx| {
                let (row, groups, event) = (Arc::clone(&row), groups.clone(), event.clone());
                let unseen = unseen.clone();
                Box::pin(async move {
                    let record = user::create(tx, &row).await?;
                    if let Some(unseen) = unseen {
                        unseen.leave(tx, made_here(&target_of(&record))?.key()).await?;
                    }
                    for group in groups {
                        group::add_member(tx, group, record.id, row.created_at).await?;
                    }
                    audit::append(tx, event).await
                })
            })
            .await;
        created.map_err(|failed| taken(failed, "users", Subject::User))?;
        Ok(NewPassword { password: made })
    }

    /// The password to hash, and the same if it was made here. Without the console nobody needs one.
    fn password(
        &self,
        typed: Option<Secret>,
        name: &UserName,
        is_wanted: bool,
    ) -> Result<(Option<Secret>, Option<Secret>)> {
        let typed = typed.filter(|password| !password.reveal().is_empty());
        match typed {
            Some(password) => {
                check_rules(&password, name.as_str())?;
                Ok((Some(password), None))
            }
            None if !is_wanted => Ok((None, None)),
            None => {
                let made = Secret::new(self.ports.text(ALPHABET, 20));
                Ok((Some(made.clone()), Some(made)))
            }
        }
    }

    /// Proofs of groups that the caller may put users into.
    async fn groups(&self, ctx: &Context, names: &[GroupName]) -> Result<Vec<Allowed<GroupKey>>> {
        if names.len() > GROUPS_LIMIT {
            return Err(Error::invalid(Subject::Group, "a user is in at most 100 groups"));
        }
        let mut groups = Vec::with_capacity(names.len());
        for name in names {
            let allowed = self.access.authorize(ctx, Action::SetMembers, name).await?;
            groups.push(allowed.key());
        }
        Ok(groups)
    }

    /// Changes a user's names, address, description and ways in.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `Conflict` about the ways in of the owner and of oneself; Invalid.
    #[tracing::instrument(name = "service.user.update", skip_all, fields(user = %name))]
    pub async fn update(&self, ctx: &Context, name: &UserName, facts: UserFacts) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::UpdateUser, name).await?;
        let facts = checked(facts)?;
        let target = allowed.target();
        if target.is_owner && !(facts.access.console && facts.access.programmatic) {
            return Err(owner());
        }
        if is_oneself(ctx, target) && !facts.access.console {
            return Err(oneself());
        }
        let (key, at) = (allowed.key(), ctx.now());
        let event = self
            .event(ctx, TraceName::UpdateUser, &target.name)
            .detail(serde_json::json!({ "access": facts.access }));
        let change = Arc::new(UserChange {
            display_name: facts.display_name,
            email: facts.email,
            description: facts.description,
            console_access: facts.access.console,
            programmatic_access: facts.access.programmatic,
        });
        self.store
            .run("user.update", Durability::Durable, move |tx| {
                let (change, event) = (Arc::clone(&change), event.clone());
                Box::pin(async move {
                    user::update(tx, key, &change, at).await?;
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    /// Disables a user (every session, token and key is refused from then on) or enables it again.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `Conflict` about the owner and oneself.
    #[tracing::instrument(name = "service.user.set_active", skip_all, fields(user = %name))]
    pub async fn set_active(&self, ctx: &Context, name: &UserName, is_active: bool) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::SetUserState, name).await?;
        if !is_active {
            spared(ctx, allowed.target())?;
        }
        let (key, at) = (allowed.key(), ctx.now());
        let (state, event) = if is_active {
            (State::Active, TraceName::EnableUser)
        } else {
            (State::Disabled, TraceName::DisableUser)
        };
        let event = self.event(ctx, event, &allowed.target().name);
        self.change("user.set_state", event, move |tx| {
            Box::pin(async move { Ok(user::set_state(tx, key, state, at).await?) })
        })
        .await
    }

    /// Gives a user a new password, which is answered if it was made here. Their console sessions and tokens end.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `Conflict` about the owner; Invalid for a bad password.
    #[tracing::instrument(name = "service.user.reset_password", skip_all, fields(user = %name))]
    pub async fn reset_password(
        &self,
        ctx: &Context,
        name: &UserName,
        password: Option<Secret>,
        must_change: bool,
    ) -> Result<NewPassword> {
        let allowed = self.access.authorize(ctx, Action::ResetPassword, name).await?;
        let target = allowed.target();
        if target.is_owner {
            return Err(owner());
        }
        let (given, made) = self.password(password, &target.name, true)?;
        let hash =
            self.passwords.hash(&given.unwrap_or_else(|| Secret::new(String::new()))).await?;
        let (key, at) = (allowed.key(), ctx.now());
        let event = self.event(ctx, TraceName::ResetPassword, &target.name);
        let unseen = self.unseen(ctx, made.as_ref());
        self.change("user.reset_password", event, move |tx| {
            let (hash, unseen) = (hash.clone(), unseen.clone());
            Box::pin(async move {
                let console = user::find(tx, key).await?.is_some_and(|user| user.console_access);
                user::set_password_hash(tx, key, &hash, must_change && console, at).await?;
                session::delete_of_user(tx, key, None).await?;
                match unseen {
                    Some(unseen) => unseen.leave(tx, key).await,
                    None => Ok(()),
                }
            })
        })
        .await?;
        Ok(NewPassword { password: made })
    }

    /// Deletes a user with everything that lets it in. Its name is free again and inherits nothing.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `Conflict` about the owner and oneself.
    #[tracing::instrument(name = "service.user.delete", skip_all, fields(user = %name))]
    pub async fn delete(&self, ctx: &Context, name: &UserName) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::DeleteUser, name).await?;
        spared(ctx, allowed.target())?;
        let (key, at) = (allowed.key(), ctx.now());
        let event = self.event(ctx, TraceName::DeleteUser, &allowed.target().name);
        self.change("user.delete", event, move |tx| {
            Box::pin(async move { Ok(user::delete(tx, key, at).await?) })
        })
        .await
    }

    /// Puts a user into exactly these groups.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`, also for a group.
    #[tracing::instrument(name = "service.user.set_groups", skip_all, fields(user = %name))]
    pub async fn set_groups(
        &self,
        ctx: &Context,
        name: &UserName,
        groups: Vec<GroupName>,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::SetUserGroups, name).await?;
        let proofs = self.groups(ctx, &groups).await?;
        let (key, at) = (allowed.key(), ctx.now());
        let event = self
            .event(ctx, TraceName::UpdateUser, &allowed.target().name)
            .detail(serde_json::json!({ "groups": groups }));
        self.change("user.set_groups", event, move |tx| {
            let proofs = proofs.clone();
            Box::pin(async move {
                group::remove_from_all(tx, key, at).await?;
                for group in proofs {
                    group::add_member(tx, group, key.target().id, at).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Attaches a policy to a user, or detaches it.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `NotFound` for the policy.
    #[tracing::instrument(name = "service.user.attach", skip_all, fields(user = %name))]
    pub async fn set_attached(
        &self,
        ctx: &Context,
        name: &UserName,
        policy: Attachment,
        is_attached: bool,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::AttachToUser, name).await?;
        let attaching = Attaching::new(ctx, policy, is_attached);
        let event = attaching.event(&Origin::of(ctx, &self.ports), "user", &allowed.target().name);
        let holder = Holder::User(allowed.key());
        self.change("user.attach", event, move |tx| {
            let attaching = attaching.clone();
            Box::pin(async move { attaching.run(tx, holder).await })
        })
        .await
    }

    /// Runs a change with its event, in one transaction.
    async fn change<F>(&self, name: &'static str, event: Event, change: F) -> Result<()>
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> futures::future::BoxFuture<'t, Outcome<()>>
            + Send
            + Sync
            + 'static,
    {
        let change = Arc::new(change);
        self.store
            .run(name, Durability::Durable, move |tx| {
                let (change, event) = (Arc::clone(&change), event.clone());
                Box::pin(async move {
                    change(tx).await?;
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    fn event(&self, ctx: &Context, name: TraceName, user: &UserName) -> Event {
        Origin::of(ctx, &self.ports).event(name).named(user)
    }
}

/// A user of the store as the console shows it.
fn shown(entry: UserEntry, groups: Vec<GroupName>) -> User {
    User {
        name: entry.name,
        id: entry.public_id,
        display_name: entry.display_name,
        email: entry.email,
        description: entry.description,
        is_owner: entry.is_owner,
        is_active: entry.state == State::Active,
        access: roadstead::access::Access {
            console: entry.console_access,
            programmatic: entry.programmatic_access,
        },
        must_change_password: entry.must_change_password,
        groups,
        keys: entry.key_count,
        oldest_key_at: entry.oldest_key_at,
        created_at: entry.created_at,
        last_signed_in_at: entry.last_signed_in_at,
    }
}

/// An attachment of the store as the console shows it; `None` for what names nothing.
pub(crate) fn attached_as(record: AttachmentRecord) -> Option<Attachment> {
    let policy = record.role.or_else(|| record.policy_name.map(Into::into))?;
    Some(Attachment { policy, region: record.project_name })
}

/// What a list is searched for: nothing when it is blank.
pub(crate) fn searched(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
}

/// A user has another name than the account, whose name is its owner's.
pub(crate) fn check_name(account: &AccountName, user: &UserName) -> Result<()> {
    if user.folded() == account.folded() {
        return Err(Error::invalid(
            Subject::User,
            "this is the account's own name, which is its owner's; choose another",
        )
        .because("account_name"));
    }
    Ok(())
}

/// A name to show, without spaces around it.
pub(crate) fn display_name(text: &str) -> Result<String> {
    line(text, DISPLAY_NAME_LIMIT).ok_or_else(|| {
        Error::invalid(Subject::User, "a display name has at most 64 characters")
            .because("display_name")
    })
}

/// A description of a user, group or policy.
pub(crate) fn description(text: &str) -> Result<String> {
    line(text, DESCRIPTION_LIMIT).ok_or_else(|| {
        Error::invalid(Subject::Description, "a description has at most 255 characters on one line")
            .because("line")
    })
}

/// One line of at most `limit` characters, without spaces around it.
fn line(text: &str, limit: usize) -> Option<String> {
    let text = text.trim();
    (text.chars().count() <= limit && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The facts, if they keep the rules.
fn checked(facts: UserFacts) -> Result<UserFacts> {
    let email = facts.email.trim().to_owned();
    let is_address = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let is_plain = email.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let is_fine = email.is_empty() || is_address && is_plain && email.len() <= EMAIL_LIMIT;
    if !is_fine {
        return Err(Error::invalid(
            Subject::User,
            "an address for mail looks like name@example.com",
        )
        .because("email"));
    }
    if !facts.access.console && !facts.access.programmatic {
        return Err(Error::invalid(
            Subject::User,
            "a user needs at least one way in: the console, programmatic access, or both",
        )
        .because("no_way_in"));
    }
    Ok(UserFacts {
        display_name: display_name(&facts.display_name)?,
        description: description(&facts.description)?,
        email,
        access: facts.access,
    })
}

fn is_oneself(ctx: &Context, target: &UserTarget) -> bool {
    ctx.actor.user().is_some_and(|user| user.user == target.id)
}

/// Neither the owner nor oneself: there is always somebody left who can undo it.
fn spared(ctx: &Context, target: &UserTarget) -> Result<()> {
    if target.is_owner {
        return Err(owner());
    }
    if is_oneself(ctx, target) { Err(oneself()) } else { Ok(()) }
}

fn owner() -> Error {
    Error::new(
        ErrorKind::Conflict,
        Subject::User,
        "the owner is the account's last administrator: nobody disables, deletes or limits them, or changes their password",
    )
    .because("owner")
}

fn oneself() -> Error {
    Error::new(
        ErrorKind::Conflict,
        Subject::User,
        "you cannot disable or delete yourself; ask another administrator",
    )
    .because("oneself")
}

fn gone() -> Error {
    Error::not_found(Subject::User, "there is no user of this name any more")
}

#[cfg(test)]
mod tests;
