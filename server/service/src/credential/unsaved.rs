//! The secret of a new access key, until whoever made it says that it is saved (`console.md` A.11).
//!
//! It stays where it is sealed. What a page needs to show it once more after a redirect is that the very session that made
//! the key asks, within 15 minutes: no cookie, no address and no other place holds it, and any replica can answer.

use roadstead::access::AccessKeyId;
use roadstead::error::Subject;
use roadstead::manage::credential::{CreatedAccessKey, UnsavedAccessKey};
use roadstead::{Error, ErrorKind, Result, Secret};
use roadstead_store::Durability;
use roadstead_store::access_key::{self, ShownRecord};
use roadstead_store::sealed::{self, SealedPlace};

use super::Credentials;
use super::access_key::no_key;
use crate::access::Holder;
use crate::context::Context;
use crate::error::stored;

impl Credentials {
    /// Whether making an access key asks for the password now: the caller signed in more than 15 minutes ago.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks.
    pub async fn must_confirm(&self, ctx: &Context) -> Result<bool> {
        self.reading(ctx, Holder::Me).await?;
        Ok(!self.confirmations.is_fresh(ctx).await?)
    }

    /// The access key that this session has just made, with its secret.
    ///
    /// # Errors
    /// `NotFound` when another session made it, more than 15 minutes ago, or it was said to be saved; else as
    /// [`Credentials::create_access_key`].
    #[tracing::instrument(name = "service.credential.new_access_key", skip_all)]
    pub async fn new_access_key(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
        id: &AccessKeyId,
    ) -> Result<UnsavedAccessKey> {
        let holder = self.managing(ctx, whose).await?;
        let session = ctx.session.clone().ok_or_else(no_key)?;
        let now = ctx.now();
        let found = self
            .store
            .read("credential.new_access_key", |tx| {
                let (holder, id, session) = (holder.clone(), id.clone(), session.clone());
                Box::pin(async move {
                    let shown = access_key::shown(tx, &holder, &id, &session, now).await?;
                    let Some(shown) = shown else { return Ok(None) };
                    let sealed = sealed::get(tx, &place(&shown)).await?;
                    Ok(sealed.map(|sealed| (shown, sealed)))
                })
            })
            .await
            .map_err(stored)?;
        let (shown, sealed) = found.ok_or_else(no_key)?;
        let secret_key = self.sealer.open(&place(&shown), &sealed)?;
        let secret_key = std::str::from_utf8(secret_key.reveal()).map_err(Error::internal)?;
        Ok(UnsavedAccessKey {
            created: CreatedAccessKey {
                user: holder.target().name.clone(),
                id: id.clone(),
                secret_key: Secret::new(secret_key.to_owned()),
                expires_at: shown.expires_at,
            },
            has_file: shown.file_taken_at.is_some(),
        })
    }

    /// The same for its `credentials.csv`, which is given once.
    ///
    /// # Errors
    /// Conflict when it was given before; else as [`Credentials::new_access_key`].
    #[tracing::instrument(name = "service.credential.access_key_file", skip_all)]
    pub async fn access_key_file(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
        id: &AccessKeyId,
    ) -> Result<CreatedAccessKey> {
        let key = self.new_access_key(ctx, whose, id).await?;
        let holder = self.managing(ctx, whose).await?;
        let (id, now) = (id.clone(), ctx.now());
        let is_first = self
            .store
            .run("credential.access_key_file", Durability::Durable, move |tx| {
                let (holder, id) = (holder.clone(), id.clone());
                Box::pin(async move { access_key::take_file(tx, &holder, &id, now).await })
            })
            .await
            .map_err(stored)?;
        if is_first {
            return Ok(key.created);
        }
        Err(Error::new(
            ErrorKind::Conflict,
            Subject::Credential,
            "the file of this access key was downloaded already; it is given once",
        ))
    }

    /// Says that the secret is saved: from now on nobody sees it.
    ///
    /// # Errors
    /// As [`Credentials::create_access_key`]. A key that is not shown any more is no error.
    #[tracing::instrument(name = "service.credential.saved_access_key", skip_all)]
    pub async fn saved_access_key(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
        id: &AccessKeyId,
    ) -> Result<()> {
        let holder = self.managing(ctx, whose).await?;
        let id = id.clone();
        self.store
            .run("credential.saved_access_key", Durability::Durable, move |tx| {
                let (holder, id) = (holder.clone(), id.clone());
                Box::pin(async move { access_key::hide(tx, &holder, &id).await })
            })
            .await
            .map_err(stored)
    }
}

fn place(key: &ShownRecord) -> SealedPlace {
    SealedPlace::new("access_keys", key.id, "secret")
}
