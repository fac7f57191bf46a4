//! Signing in to the console, and what signed-in people change about themselves.
//!
//! The session itself (cookie, row) is the door's; it keeps a user's key, and asks [`Sessions::actor_of`] on every
//! request, so that a disabled user is out at once.

use std::sync::Arc;

use parking_lot::RwLock;
use roadstead::access::{Action, UserActor};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::manage::profile::{Preferences, Profile, Region};
use roadstead::{AccountName, Error, ErrorKind, RegionName, Result, Secret, UserName};
use roadstead_store::{Durability, Store, StoreError, account, session, user};

use crate::access::{Access, Instance, OwnAccount, Person, Stamp};
use crate::audit::{self, Event, Origin};
use crate::context::{Context, unauthenticated};
use crate::error::{Failed, stored};
use crate::limit::{FailureLimit, Repeated};
use crate::login::{Claim, Logins, wrong};
use crate::password::check_rules;
use crate::port::Ports;
use crate::setting::SettingsCell;

/// Longest display name in characters.
const DISPLAY_NAME_LIMIT: usize = 64;
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
        let id = person.actor.user;
        self.store
            .run("session.sign_in", Durability::Durable, move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    user::note_sign_in(tx, id, at).await?;
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
                        let user = self
                            .store
                            .peek("session.find_refused", |tx| {
                                let name = claim.user.clone();
                                Box::pin(async move {
                                    match name {
                                        Some(name) => user::find_by_name(tx, id, &name).await,
                                        None => Ok(None),
                                    }
                                })
                            })
                            .await
                            .map_err(stored)?;
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
        let accounts = self
            .store
            .peek("account.list", |tx| Box::pin(account::list(tx)))
            .await
            .map_err(stored)?;
        let known = Arc::new(AccountList {
            count: accounts.len() as u64,
            only: <[_; 1]>::try_from(accounts).ok().map(|[only]| only.name),
        });
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
        let person = self.person(ctx).await?;
        let id = person.actor.user;
        let preferences = self
            .store
            .peek("user.preferences", |tx| Box::pin(user::preferences(tx, id)))
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

    /// Saves how the user likes the console.
    ///
    /// # Errors
    /// Invalid, when a value is not one of those that are offered.
    pub async fn save_preferences(&self, ctx: &Context, preferences: Preferences) -> Result<()> {
        let person = self.person(ctx).await?;
        let invalid = |message: &str| Err(Error::invalid(Subject::Setting, message));
        if !PAGE_SIZES.contains(&preferences.page_size) {
            return invalid("a page has 10, 20, 50 or 100 rows");
        }
        if preferences.time_zone_minutes.is_some_and(|offset| !(-720..=840).contains(&offset)) {
            return invalid("a time zone is between UTC-12:00 and UTC+14:00");
        }
        let value = serde_json::to_value(preferences).map_err(Error::internal)?;
        let id = person.actor.user;
        self.store
            .run("user.set_preferences", Durability::Durable, move |tx| {
                let value = value.clone();
                Box::pin(async move { user::set_preferences(tx, id, &value).await })
            })
            .await
            .map_err(stored)
    }

    /// Saves the name shown instead of the user name; `None` or blank removes it.
    ///
    /// # Errors
    /// Invalid, when it is longer than 64 characters or holds control characters.
    pub async fn save_display_name(&self, ctx: &Context, name: Option<String>) -> Result<()> {
        let person = self.person(ctx).await?;
        let name = name.unwrap_or_default().trim().to_owned();
        if name.chars().count() > DISPLAY_NAME_LIMIT || name.chars().any(char::is_control) {
            return Err(Error::invalid(Subject::User, "a display name has at most 64 characters"));
        }
        let (id, at) = (person.actor.user, ctx.now());
        self.store
            .run("user.set_display_name", Durability::Durable, move |tx| {
                let name = name.clone();
                Box::pin(async move {
                    if let Some(mut record) = user::find(tx, id).await? {
                        record.display_name = name;
                        user::update(tx, &record, at).await?;
                    }
                    Ok::<_, StoreError>(())
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
        let (id, at, keep) = (actor.user, ctx.now(), ctx.session.clone());
        let event: Event = Origin::of(ctx, &self.ports)
            .event(TraceName::UpdateUser)
            .named(&actor.user_name)
            .detail(serde_json::json!({ "password": "***" }));
        self.store
            .run("session.change_password", Durability::Durable, move |tx| {
                let (hash, keep, event) = (hash.clone(), keep.clone(), event.clone());
                Box::pin(async move {
                    let record = user::find(tx, id).await?.ok_or_else(wrong)?;
                    user::set_password_hash(tx, &record, &hash, at).await?;
                    session::delete_of_user(tx, id, keep.as_deref()).await?;
                    audit::append(tx, event).await?;
                    Ok::<_, Failed>(())
                })
            })
            .await?;
        Ok(())
    }

    async fn person(&self, ctx: &Context) -> Result<Arc<Person>> {
        let id = ctx.user()?.user;
        self.access.person(id).await?.ok_or_else(unauthenticated)
    }
}

#[cfg(test)]
mod tests;
