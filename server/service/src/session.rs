//! Signing in to the console, and what signed-in people change about themselves.
//!
//! The session itself (cookie, row) is the door's; it keeps a user's key, and asks [`Sessions::actor_of`] on every
//! request, so that a disabled user is out at once.

use std::sync::Arc;

use parking_lot::RwLock;
use roadstead::access::{Action, Allowed, UserActor, UserKey};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::manage::profile::{Preferences, Profile, Project, Region};
use roadstead::manage::session::ConsoleSession;
use roadstead::{AccountName, Error, ErrorKind, RegionName, Result, Secret, UserName};
use roadstead_store::user::UserChange;
use roadstead_store::{Durability, Store, account, session, user};

use crate::access::{Access, Instance, Oneself, OwnAccount, Person, Stamp};
use crate::audit::{self, Event, Origin};
use crate::context::{Context, unauthenticated};
use crate::error::{Failed, stored};
use crate::limit::{FailureLimit, Repeated};
use crate::login::{Claim, Logins};
use crate::password::check_rules;
use crate::port::Ports;
use crate::setting::SettingsCell;

/// Rows per page that can be preferred.
const PAGE_SIZES: [u16; 4] = [10, 20, 50, 100];

/// Signing in, and one's own profile.
pub struct Sessions {
    store: Store,
    access: Access,
    settings: SettingsCell,
    ports: Ports,
    logins: Logins,
    limit: FailureLimit,
    accounts: RwLock<Option<(Stamp, Arc<AccountList>)>>,
}

/// What the sign-in page needs to know of the accounts.
struct AccountList {
    count: u64,
    only: Option<AccountName>,
}

impl Sessions {
    pub(crate) fn new(
        store: Store,
        access: Access,
        settings: SettingsCell,
        ports: Ports,
        logins: Logins,
    ) -> Self {
        let limit = FailureLimit::new(ports.clock.clone(), Repeated::Counts);
        Self { store, access, settings, ports, logins, limit, accounts: RwLock::new(None) }
    }

    /// Signs in with a password. Without an account: the only one there is. Without a user, or with the account's own
    /// name: its owner.
    ///
    /// # Errors
    /// `Unauthenticated` about the password, in one sentence for every cause; `RateLimited` with the seconds to wait;
    /// `Denied` about the user, after the right password, when the user may not use the console.
    #[tracing::instrument(name = "service.session.sign_in", skip_all)]
    pub async fn sign_in(
        &self,
        ctx: &Context,
        account: Option<&str>,
        user: Option<&str>,
        password: &Secret,
    ) -> Result<UserActor> {
        let claim = self.claim(account, user).await?;
        let typed = format!("{}/{}", account.unwrap_or_default(), user.unwrap_or_default());
        let proven =
            self.logins.prove(claim.clone(), &typed, password, ctx.client, &self.limit).await;
        let person = match proven {
            Ok(person) => person,
            Err(error) => {
                // Who is sent away for having tried too often is not written down each time.
                if error.kind() == ErrorKind::Unauthenticated {
                    self.note_refused(ctx, claim, 401).await;
                }
                return Err(error);
            }
        };
        if !person.ways_in.console {
            self.note_refused(ctx, claim, 403).await;
            return Err(Error::new(
                ErrorKind::Denied,
                Subject::User,
                "this user has programmatic access only and cannot sign in to the console",
            ));
        }
        let at = ctx.now();
        let event = Origin::of(ctx, &self.ports)
            .acting_as(&person.actor)
            .event(TraceName::SignIn)
            .named(&person.actor.user_name);
        let key = self.oneself(&ctx.acting_as(person.actor.clone())).await?;
        self.store
            .run("session.sign_in", Durability::Durable, move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    user::note_sign_in(tx, key, at).await?;
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(person.actor)
    }

    /// Records a sign-in that was refused, for the administrators of the account that it was tried on. Unknown names cost
    /// the same but are not kept: people type passwords into the wrong field. A refusal does not fail because of it.
    async fn note_refused(&self, ctx: &Context, claim: Option<Claim>, code: u32) {
        let event = Origin::of(ctx, &self.ports).event(TraceName::SignInFailed).failed(code);
        let noted = async {
            let event = match claim {
                Some(claim) => match self.access.account(&claim.account).await? {
                    Some(account) => {
                        let id = account.id;
                        let user = match &claim.user {
                            Some(name) => self.access.user_of(id, name).await?,
                            None => None,
                        };
                        let name = user.map_or(account.name.to_string(), |it| it.name.to_string());
                        event.in_account(id).named(name)
                    }
                    None => event,
                },
                None => event,
            };
            self.store
                .run("session.sign_in_failed", Durability::Relaxed, move |tx| {
                    let event = event.clone();
                    Box::pin(async move { audit::append(tx, event).await })
                })
                .await?;
            Ok::<_, Error>(())
        };
        tracing::info!(client = ctx.client_text(), code, "sign-in failed");
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a refused sign-in could not be recorded");
        }
    }

    /// Ends the session of this request, and records it. Nothing happens when there is none.
    ///
    /// # Errors
    /// Those of the store.
    #[tracing::instrument(name = "service.session.sign_out", skip_all)]
    pub async fn sign_out(&self, ctx: &Context) -> Result<()> {
        let (Some(user), Some(digest)) = (ctx.actor.user(), ctx.session.clone()) else {
            return Ok(());
        };
        let event = Origin::of(ctx, &self.ports).event(TraceName::SignOut).named(&user.user_name);
        self.store
            .run("session.sign_out", Durability::Durable, move |tx| {
                let (digest, event) = (digest.clone(), event.clone());
                Box::pin(async move {
                    if session::delete(tx, &digest).await? {
                        audit::append(tx, event).await?;
                    }
                    Ok::<_, Failed>(())
                })
            })
            .await?;
        Ok(())
    }

    async fn claim(&self, account: Option<&str>, user: Option<&str>) -> Result<Option<Claim>> {
        let typed = |text: Option<&str>| {
            text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let account = match typed(account) {
            Some(name) => name.parse::<AccountName>().ok(),
            None => self.only_account().await?,
        };
        let Some(account) = account else {
            return Ok(None);
        };
        Ok(match typed(user) {
            None => Some(Claim { account, user: None }),
            Some(name) => {
                name.parse::<UserName>().ok().map(|user| Claim { account, user: Some(user) })
            }
        })
    }

    /// The account of an instance that has exactly one: the sign-in page does not ask for it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn only_account(&self) -> Result<Option<AccountName>> {
        Ok(self.accounts().await?.only.clone())
    }

    /// How many accounts there are: with one, the sign-in page does not ask for it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn accounts_count(&self) -> Result<u64> {
        Ok(self.accounts().await?.count)
    }

    async fn accounts(&self) -> Result<Arc<AccountList>> {
        let stamp = self.access.generation().people();
        if let Some((loaded, known)) = self.accounts.read().clone()
            && loaded == stamp
        {
            return Ok(known);
        }
        let (count, first) = self
            .store
            .peek("account.count", |tx| Box::pin(account::count(tx)))
            .await
            .map_err(stored)?;
        let known = Arc::new(AccountList { count, only: first.filter(|_| count == 1) });
        *self.accounts.write() = Some((stamp, known.clone()));
        Ok(known)
    }

    /// The user of a session as they are now; `None` when they may no longer come in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn actor_of(&self, user: UserId) -> Result<Option<UserActor>> {
        let person = self.access.person(user).await?;
        Ok(person.filter(|person| person.ways_in.console).map(|person| person.actor.clone()))
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is.
    pub async fn profile(&self, ctx: &Context) -> Result<Profile> {
        let key = self.oneself(ctx).await?;
        let person = self.person(ctx).await?;
        let preferences = self
            .store
            .peek("user.preferences", move |tx| Box::pin(user::preferences(tx, key)))
            .await
            .map_err(stored)?
            .and_then(|value| serde_json::from_value::<Preferences>(value).ok())
            .unwrap_or_default();
        let settings = self.settings.current();
        let may_create = self.access.may(ctx, Action::CreateOrganization, OwnAccount).await?;
        let visibility = self.access.visibility(ctx).await?;
        Ok(Profile {
            account: person.actor.account_name.clone(),
            account_id: person.account_public_id.clone(),
            user: person.actor.user_name.clone(),
            user_id: person.user.public_id.clone(),
            display_name: Some(person.user.display_name.clone()).filter(|name| !name.is_empty()),
            is_owner: person.actor.is_owner,
            is_administrator: may_create
                && matches!(visibility, roadstead::access::Visibility::Account { .. }),
            is_operator: self.access.may(ctx, Action::ManageSettings, Instance).await?,
            may_manage_users: self.access.may(ctx, Action::ListUsers, OwnAccount).await?,
            may_manage_accounts: self.access.may(ctx, Action::ListAccounts, Instance).await?,
            may_create_organizations: may_create,
            access: person.ways_in,
            preferences,
            must_change_password: person.user.must_change_password,
            region: Region {
                id: settings.region.value.parse::<RegionName>()?,
                name: settings.region_name.value.clone(),
            },
        })
    }

    /// The projects of the caller's account, the oldest first.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is signed in.
    #[tracing::instrument(name = "service.session.projects", skip_all)]
    pub async fn projects(&self, ctx: &Context) -> Result<Vec<Project>> {
        let key = self.oneself(ctx).await?;
        let found = self
            .store
            .peek("user.projects", move |tx| Box::pin(user::projects(tx, key)))
            .await
            .map_err(stored)?;
        let here = self.settings.current().region_name.value.clone();
        let shown = found.into_iter().map(|record| Project {
            id: record.public_id,
            region: Region {
                id: record.name,
                name: if record.is_local { here.clone() } else { record.region_name },
            },
        });
        Ok(shown.collect())
    }

    /// Saves how the user likes the console.
    ///
    /// # Errors
    /// Invalid, when a value is not one of those that are offered.
    pub async fn save_preferences(&self, ctx: &Context, preferences: Preferences) -> Result<()> {
        let key = self.oneself(ctx).await?;
        let invalid = |message: &str| Err(Error::invalid(Subject::Setting, message));
        if !PAGE_SIZES.contains(&preferences.page_size) {
            return invalid("a page has 10, 20, 50 or 100 rows");
        }
        if preferences.time_zone_minutes.is_some_and(|offset| !(-720..=840).contains(&offset)) {
            return invalid("a time zone is between UTC-12:00 and UTC+14:00");
        }
        let value = serde_json::to_value(preferences).map_err(Error::internal)?;
        self.store
            .run("user.set_preferences", Durability::Durable, move |tx| {
                let value = value.clone();
                Box::pin(async move { user::set_preferences(tx, key, &value).await })
            })
            .await
            .map_err(stored)
    }

    /// Saves the name shown instead of the user name; `None` or blank removes it.
    ///
    /// # Errors
    /// Invalid, when it is longer than 64 characters or holds control characters.
    pub async fn save_display_name(&self, ctx: &Context, name: Option<String>) -> Result<()> {
        let key = self.oneself(ctx).await?;
        let name = crate::user::display_name(&name.unwrap_or_default())?;
        let at = ctx.now();
        self.store
            .run("user.set_display_name", Durability::Durable, move |tx| {
                let name = name.clone();
                Box::pin(async move {
                    let Some(record) = user::find(tx, key).await? else { return Ok(()) };
                    let change = UserChange {
                        display_name: name,
                        email: record.email,
                        description: record.description,
                        console_access: record.console_access,
                        programmatic_access: record.programmatic_access,
                    };
                    user::update(tx, key, &change, at).await
                })
            })
            .await
            .map_err(stored)
    }

    /// Changes one's own password. Every other console session of the user is signed out, and every token and
    /// remembered login with the old password ends.
    ///
    /// # Errors
    /// `Unauthenticated` about the password when the current one is wrong; Invalid when the new one breaks a rule;
    /// `RateLimited`.
    #[tracing::instrument(name = "service.session.change_password", skip_all)]
    pub async fn change_password(
        &self,
        ctx: &Context,
        current: &Secret,
        new: &Secret,
    ) -> Result<()> {
        let key = self.oneself(ctx).await?;
        let person = self.person(ctx).await?;
        let actor = &person.actor;
        let claim =
            Claim { account: actor.account_name.clone(), user: Some(actor.user_name.clone()) };
        let typed = actor.user_name.to_string();
        self.logins.prove(Some(claim), &typed, current, ctx.client, &self.limit).await?;
        check_rules(new, actor.user_name.as_str())?;
        if new == current {
            return Err(Error::invalid(
                Subject::Password,
                "the new password is the current one; choose another",
            ));
        }
        let hash = self.logins.passwords.hash(new).await?;
        let (at, keep) = (ctx.now(), ctx.session.clone());
        let event: Event = Origin::of(ctx, &self.ports)
            .event(TraceName::ChangePassword)
            .named(&actor.user_name)
            .detail(serde_json::json!({ "password": "***" }));
        self.store
            .run("session.change_password", Durability::Durable, move |tx| {
                let (hash, keep, event) = (hash.clone(), keep.clone(), event.clone());
                Box::pin(async move {
                    user::set_password_hash(tx, key, &hash, false, at).await?;
                    session::delete_of_user(tx, key, keep.as_deref()).await?;
                    audit::append(tx, event).await?;
                    Ok::<_, Failed>(())
                })
            })
            .await?;
        Ok(())
    }

    /// The caller's console sessions, the last active first.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is signed in.
    #[tracing::instrument(name = "service.session.list", skip_all)]
    pub async fn list(&self, ctx: &Context) -> Result<Vec<ConsoleSession>> {
        let key = self.oneself(ctx).await?;
        let now = ctx.now();
        let found = self
            .store
            .peek("session.list", move |tx| Box::pin(session::of_user(tx, key, now)))
            .await
            .map_err(stored)?;
        Ok(found
            .into_iter()
            .map(|record| ConsoleSession {
                is_current: ctx.session.as_ref() == Some(&record.digest),
                id: record.digest,
                address: record.address,
                agent: record.agent,
                started_at: record.created_at,
                last_active_at: record.last_seen_at,
            })
            .collect())
    }

    /// Ends one of the caller's console sessions, by the id that [`Sessions::list`] gives it.
    ///
    /// # Errors
    /// `NotFound` when the caller has none of this id.
    #[tracing::instrument(name = "service.session.revoke", skip_all)]
    pub async fn revoke(&self, ctx: &Context, id: &str) -> Result<()> {
        let key = self.oneself(ctx).await?;
        let event = self.revoked(ctx)?;
        let id = id.to_owned();
        self.store
            .run("session.revoke", Durability::Durable, move |tx| {
                let (id, event) = (id.clone(), event.clone());
                Box::pin(async move {
                    if !session::delete_one_of_user(tx, key, &id).await? {
                        return Err(Failed::from(Error::not_found(
                            Subject::Session,
                            "this session has ended already",
                        )));
                    }
                    audit::append(tx, event.detail(serde_json::json!({ "sessions": 1 }))).await
                })
            })
            .await?;
        Ok(())
    }

    /// Ends every console session of the caller but the one that asks; says how many.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is signed in.
    #[tracing::instrument(name = "service.session.revoke_others", skip_all)]
    pub async fn revoke_others(&self, ctx: &Context) -> Result<u64> {
        let key = self.oneself(ctx).await?;
        let event = self.revoked(ctx)?;
        let keep = ctx.session.clone();
        let ended = self
            .store
            .run("session.revoke_others", Durability::Durable, move |tx| {
                let (keep, event) = (keep.clone(), event.clone());
                Box::pin(async move {
                    let ended = session::delete_of_user(tx, key, keep.as_deref()).await?;
                    if ended > 0 {
                        let detail = serde_json::json!({ "sessions": ended });
                        audit::append(tx, event.detail(detail)).await?;
                    }
                    Ok::<_, Failed>(ended)
                })
            })
            .await?;
        Ok(ended)
    }

    fn revoked(&self, ctx: &Context) -> Result<Event> {
        let name = &ctx.user()?.user_name;
        Ok(Origin::of(ctx, &self.ports).event(TraceName::RevokeSession).named(name))
    }

    /// The proof that the caller is who it is about.
    async fn oneself(&self, ctx: &Context) -> Result<Allowed<UserKey>> {
        let allowed = self.access.authorize(ctx, Action::ManageOneself, Oneself).await?;
        Ok(allowed.key())
    }

    async fn person(&self, ctx: &Context) -> Result<Arc<Person>> {
        let id = ctx.user()?.user;
        self.access.person(id).await?.ok_or_else(unauthenticated)
    }
}

#[cfg(test)]
mod tests;
