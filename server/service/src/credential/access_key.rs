//! Access keys: at most two of each user, for the long-term login and for signing (`console.md` A.11, `protocol.md` 2.4).
//!
//! One's own and those of another user are the same methods under different actions: see [`Holder`].

use roadstead::access::{AccessKeyId, Action, Allowed, CredentialHolder, login_key};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::credential::{
    ACCESS_KEY_LIMIT, AccessKey, AccessKeyUpdate, AccessKeys, CreatedAccessKey, DESCRIPTION_LIMIT,
    NewAccessKey,
};
use roadstead::{Error, ErrorKind, Result, Secret};
use roadstead_store::access_key::{self, AccessKeyRecord};
use roadstead_store::account::State;
use roadstead_store::credential::NewCredential;
use roadstead_store::sealed::{self, SealedPlace, Shown};
use roadstead_store::{Durability, Tx};

use super::{Credentials, last_use, no_programmatic_access, sha256};
use crate::access::Holder;
use crate::audit::{self, Event, Origin};
use crate::context::Context;
use crate::error::{Failed, Outcome, stored};

/// Seconds for which the console session that made a key may see its secret.
const SHOWN: i64 = 15 * 60;
/// What access keys begin with.
const PREFIX: &str = "RSAK";

impl Credentials {
    /// The access keys of a user.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks. Of another user: `Hidden` for who may not see the credentials of
    /// others, whether there is such a user or not; `NotFound` for who may.
    #[tracing::instrument(name = "service.credential.access_keys", skip_all)]
    pub async fn access_keys(&self, ctx: &Context, whose: Holder<'_>) -> Result<AccessKeys> {
        let holder = self.reading(ctx, whose).await?;
        let found = self
            .store
            .read("credential.access_keys", |tx| {
                let holder = holder.clone();
                Box::pin(async move { access_key::list(tx, &holder).await })
            })
            .await
            .map_err(stored)?;
        let (is_programmatic, keys) = found.ok_or_else(no_user)?;
        Ok(AccessKeys {
            user: holder.target().name.clone(),
            keys: keys.into_iter().map(shown).collect(),
            limit: ACCESS_KEY_LIMIT,
            is_programmatic,
        })
    }

    /// Creates an access key. Its secret is in the answer, and for 15 minutes in those of
    /// [`Credentials::new_access_key`] and [`Credentials::access_key_file`]; never again.
    ///
    /// # Errors
    /// `Denied` about the password when the caller has to confirm with it first (signed in more than 15 minutes ago),
    /// `Unauthenticated` about it when it is wrong; `Denied` about the user when they have no programmatic access;
    /// `QuotaExceeded` with `used` and `limit` in the detail; Invalid for a long description or an end in the past; else
    /// as [`Credentials::access_keys`].
    #[tracing::instrument(name = "service.credential.create_access_key", skip_all)]
    pub async fn create_access_key(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
        new: NewAccessKey,
        password: Option<&Secret>,
    ) -> Result<CreatedAccessKey> {
        let holder = self.managing(ctx, whose).await?;
        let (created_at, description) = (ctx.now(), checked(new.description)?);
        let expires_at = new.expiry.instant(created_at);
        if expires_at.is_some_and(|end| end <= created_at) {
            return Err(Error::invalid(Subject::Time, "the access key would have ended already"));
        }
        self.confirmations.check(ctx, password).await?;
        let is_own = ctx.actor.user().is_some_and(|user| user.user == holder.target().user);
        let (id, secret_key) = self.draw(PREFIX)?;
        let login_key_hash = sha256(&login_key(&id, &secret_key));
        let event =
            self.event(ctx, TraceName::CreateAccessKey, &holder, &id).detail(serde_json::json!({
                "description": description,
                "expires_at": expires_at.map(|end| end.to_string()),
            }));
        let created = CreatedAccessKey {
            user: holder.target().name.clone(),
            id: id.clone(),
            secret_key: Secret::new(secret_key.reveal().clone()),
            expires_at,
        };
        let new = NewCredential { holder, access_key: id, login_key_hash, created_at };
        let shown = ctx
            .session
            .clone()
            .map(|session| Shown { to: session, until: created_at.plus_seconds(SHOWN) });
        let sealer = self.sealer.clone();
        self.store
            .run("credential.create_access_key", Durability::Durable, move |tx| {
                let (new, description, event) = (new.clone(), description.clone(), event.clone());
                let (sealer, secret_key) = (sealer.clone(), secret_key.clone());
                let shown = shown.clone();
                Box::pin(async move {
                    ready(tx, &new.holder, is_own).await?;
                    let shown = shown.as_ref();
                    let id = access_key::create(tx, &new, &description, expires_at, shown).await?;
                    let place = SealedPlace::new("access_keys", id, "secret");
                    let value = sealer.seal(&place, secret_key.reveal().as_bytes())?;
                    sealed::put(tx, &place, &value, new.created_at).await?;
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(created)
    }

    /// Changes the description of an access key, disables or enables it. A disabled key is refused from the next request
    /// on, with every token that was given for it.
    ///
    /// # Errors
    /// `NotFound` when the user has no such key; Invalid for a long description; else as [`Credentials::access_keys`].
    #[tracing::instrument(name = "service.credential.update_access_key", skip_all)]
    pub async fn update_access_key(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
        id: &AccessKeyId,
        update: AccessKeyUpdate,
    ) -> Result<()> {
        let holder = self.managing(ctx, whose).await?;
        let description = update.description.map(checked).transpose()?;
        let name = match update.is_enabled {
            Some(true) => TraceName::EnableAccessKey,
            Some(false) => TraceName::DisableAccessKey,
            None => TraceName::UpdateAccessKey,
        };
        let event = self
            .event(ctx, name, &holder, id)
            .detail(serde_json::json!({ "description": description }));
        let state = update.is_enabled.map(state_of);
        let (id, at) = (id.clone(), ctx.now());
        self.store
            .run("credential.update_access_key", Durability::Durable, move |tx| {
                let (holder, id, event) = (holder.clone(), id.clone(), event.clone());
                let description = description.clone();
                Box::pin(async move {
                    let description = description.as_deref();
                    if !access_key::update(tx, &holder, &id, description, state, at).await? {
                        return Err(Failed::from(no_key()));
                    }
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    /// Deletes an access key and its secret. It is refused from the next request on, with every token that was given for
    /// it.
    ///
    /// # Errors
    /// `NotFound` when the user has no such key; else as [`Credentials::access_keys`].
    #[tracing::instrument(name = "service.credential.delete_access_key", skip_all)]
    pub async fn delete_access_key(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
        id: &AccessKeyId,
    ) -> Result<()> {
        let holder = self.managing(ctx, whose).await?;
        let event = self.event(ctx, TraceName::DeleteAccessKey, &holder, id);
        let (id, at) = (id.clone(), ctx.now());
        self.store
            .run("credential.delete_access_key", Durability::Durable, move |tx| {
                let (holder, id, event) = (holder.clone(), id.clone(), event.clone());
                Box::pin(async move {
                    if !access_key::delete(tx, &holder, &id, at).await? {
                        return Err(Failed::from(no_key()));
                    }
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    /// Whether this is an access key of the caller that works now: for the warning beside a long-term command.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks.
    #[tracing::instrument(name = "service.credential.is_own_key", skip_all)]
    pub async fn is_own_key(&self, ctx: &Context, id: &AccessKeyId) -> Result<bool> {
        let holder = self.reading(ctx, Holder::Me).await?;
        let found = self
            .store
            .peek("credential.is_own_key", |tx| {
                let (holder, id) = (holder.clone(), id.clone());
                Box::pin(async move { access_key::find(tx, &holder, &id).await })
            })
            .await
            .map_err(stored)?;
        let now = ctx.now();
        Ok(found.is_some_and(|key| {
            key.state == State::Active && key.expires_at.is_none_or(|end| now < end)
        }))
    }

    /// The proof that the caller may see these credentials.
    pub(super) async fn reading(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
    ) -> Result<Allowed<CredentialHolder>> {
        match or_me(ctx, whose) {
            Holder::Me => self.access.authorize(ctx, Action::ReadOwnCredentials, Holder::Me).await,
            other => self.access.authorize(ctx, Action::ReadCredentials, other).await,
        }
    }

    /// The proof that the caller may change these credentials. The owner's are the owner's alone: whoever made a key for
    /// the owner would be the owner.
    pub(super) async fn managing(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
    ) -> Result<Allowed<CredentialHolder>> {
        let other = match or_me(ctx, whose) {
            Holder::Me => {
                return self.access.authorize(ctx, Action::WriteOwnCredentials, Holder::Me).await;
            }
            other => other,
        };
        let holder = self.access.authorize(ctx, Action::WriteCredentials, other).await?;
        if holder.target().is_owner && ctx.actor.user().is_some() {
            return Err(Error::new(
                ErrorKind::Denied,
                Subject::User,
                "the credentials of the account's owner are managed by the owner alone",
            ));
        }
        Ok(holder)
    }

    fn event(
        &self,
        ctx: &Context,
        name: TraceName,
        holder: &Allowed<CredentialHolder>,
        id: &AccessKeyId,
    ) -> Event {
        Origin::of(ctx, &self.ports)
            .event(name)
            .in_account(holder.target().account)
            .named(&holder.target().name)
            .id(id)
    }
}

/// Whoever names themselves means their own.
fn or_me<'a>(ctx: &Context, whose: Holder<'a>) -> Holder<'a> {
    match (whose, ctx.actor.user()) {
        (Holder::User(name), Some(user)) if name.folded() == user.user_name.folded() => Holder::Me,
        _ => whose,
    }
}

/// Refuses a key too many, and keys of users who could not use them. Of two creations at once one sees the other.
async fn ready(tx: &mut Tx<'_>, holder: &Allowed<CredentialHolder>, is_own: bool) -> Outcome<()> {
    if !access_key::lock_holder(tx, holder).await?.ok_or_else(no_user)? {
        return Err(no_programmatic_access(is_own).into());
    }
    let used = access_key::count(tx, holder).await?;
    if used >= ACCESS_KEY_LIMIT {
        return Err(Error::new(
            ErrorKind::QuotaExceeded,
            Subject::Credential,
            "a user has at most 2 access keys; delete one first",
        )
        .with_detail(serde_json::json!({ "used": used, "limit": ACCESS_KEY_LIMIT }))
        .into());
    }
    Ok(())
}

fn checked(description: String) -> Result<String> {
    let description = description.trim().to_owned();
    if description.chars().count() > DESCRIPTION_LIMIT || description.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            Subject::Description,
            "the description of an access key has at most 255 characters, on one line",
        ));
    }
    Ok(description)
}

const fn state_of(is_enabled: bool) -> State {
    if is_enabled { State::Active } else { State::Disabled }
}

fn shown(record: AccessKeyRecord) -> AccessKey {
    AccessKey {
        id: record.access_key,
        description: record.description,
        is_enabled: record.state == State::Active,
        created_at: record.created_at,
        expires_at: record.expires_at,
        last_used: last_use(record.last_used_at, record.last_used_from, record.last_used_by),
    }
}

pub(super) fn no_key() -> Error {
    Error::not_found(Subject::Credential, "the user has no such access key")
}

fn no_user() -> Error {
    Error::not_found(Subject::User, "there is no such user")
}
