//! Temporary logins: made, listed, revoked (`console.md` A.3.1 and A.11).

use roadstead::access::{AccessKeyId, Action, Allowed, CredentialHolder, login_key};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::credential::IssuedLogin;
use roadstead::manage::login::TemporaryLogin;
use roadstead::{Error, Result};
use roadstead_store::Durability;
use roadstead_store::credential::{self, NewCredential, TemporaryRecord};
use roadstead_store::sealed::{self, SealedPlace};

use super::{Credentials, TEMPORARY_PREFIX, last_use, no_programmatic_access, sha256};
use crate::access::Holder;
use crate::audit::{self, Origin};
use crate::context::{Context, unauthenticated};
use crate::error::{Failed, stored};

/// Seconds that an enhanced login lasts (`swr-api.md` 5).
const ENHANCED: u64 = 12 * 60 * 60;
/// Most temporary logins in a list.
const LISTED: u32 = 100;

impl Credentials {
    /// Makes a temporary login for the caller. One made before stays good until it ends.
    ///
    /// # Errors
    /// `Denied` about the user, when they have no programmatic access.
    #[tracing::instrument(name = "service.credential.create_temporary", skip_all)]
    pub async fn create_temporary(&self, ctx: &Context) -> Result<TemporaryLogin> {
        self.create_lasting(ctx, None).await
    }

    /// The same, for so many seconds; without, for as long as the setting says.
    ///
    /// # Errors
    /// As [`Credentials::create_temporary`].
    #[tracing::instrument(name = "service.credential.create_lasting", skip_all)]
    pub async fn create_lasting(
        &self,
        ctx: &Context,
        seconds: Option<u64>,
    ) -> Result<TemporaryLogin> {
        let holder = self.access.authorize(ctx, Action::CreateLoginSecret, Holder::Me).await?;
        self.create(ctx, holder, seconds).await
    }

    /// The enhanced login of the management API: a temporary one that lasts [`ENHANCED`].
    ///
    /// # Errors
    /// As [`Credentials::create_temporary`].
    #[tracing::instrument(name = "service.credential.create_authorization_token", skip_all)]
    pub async fn create_authorization_token(&self, ctx: &Context) -> Result<TemporaryLogin> {
        let holder =
            self.access.authorize(ctx, Action::CreateAuthorizationToken, Holder::Me).await?;
        self.create(ctx, holder, Some(ENHANCED)).await
    }

    async fn create(
        &self,
        ctx: &Context,
        holder: Allowed<CredentialHolder>,
        seconds: Option<u64>,
    ) -> Result<TemporaryLogin> {
        let actor = ctx.user()?;
        let person = self.access.person(actor.user).await?.ok_or_else(unauthenticated)?;
        if !person.ways_in.programmatic {
            return Err(no_programmatic_access(true));
        }
        let settings = self.settings.current();
        let seconds = seconds.unwrap_or(settings.temporary_login_ttl.value);
        let ttl = i64::try_from(seconds).unwrap_or(900);
        let created_at = ctx.now();
        let ends = created_at.plus_seconds(ttl);
        let expires_at = actor.expires_at.map_or(ends, |end| end.min(ends));
        let (access_key, secret_key) = self.draw(TEMPORARY_PREFIX)?;
        let password = login_key(&access_key, &secret_key);
        let username = format!("{}@{access_key}", settings.region.value);
        let event =
            Origin::of(ctx, &self.ports).event(TraceName::CreateDockerConfig).id(&access_key);
        let new =
            NewCredential { holder, access_key, login_key_hash: sha256(&password), created_at };
        let sealer = self.sealer.clone();
        self.store
            .run("credential.create_temporary", Durability::Durable, move |tx| {
                let (new, event) = (new.clone(), event.clone());
                let (sealer, secret_key) = (sealer.clone(), secret_key.clone());
                Box::pin(async move {
                    let id =
                        credential::create_temporary(tx, &new, "login", "", expires_at).await?;
                    let place = SealedPlace::new("temporary_credentials", id, "secret");
                    let value = sealer.seal(&place, secret_key.reveal().as_bytes())?;
                    sealed::put(tx, &place, &value, new.created_at).await?;
                    audit::append(tx, event).await?;
                    Ok::<_, Failed>(())
                })
            })
            .await?;
        Ok(TemporaryLogin {
            username,
            password,
            host: ctx.address.host.clone(),
            is_plain_http: !ctx.address.is_https,
            created_at,
            expires_at,
        })
    }

    /// Temporary logins that still work, the newest first; at most 100. Their secrets are shown once, when they are made.
    ///
    /// # Errors
    /// As [`Credentials::access_keys`].
    #[tracing::instrument(name = "service.credential.temporary_logins", skip_all)]
    pub async fn temporary_logins(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
    ) -> Result<Vec<IssuedLogin>> {
        let holder = self.reading(ctx, whose).await?;
        let now = ctx.now();
        let found = self
            .store
            .peek("credential.temporary_logins", |tx| {
                let holder = holder.clone();
                Box::pin(async move { credential::temporary_of(tx, &holder, now, LISTED).await })
            })
            .await
            .map_err(stored)?;
        Ok(found.into_iter().map(issued).collect())
    }

    /// Ends a temporary login: with its command, and with every token that was given for it.
    ///
    /// # Errors
    /// `NotFound` when the user has no such login that still works; else as [`Credentials::access_keys`].
    #[tracing::instrument(name = "service.credential.revoke_temporary", skip_all)]
    pub async fn revoke_temporary(
        &self,
        ctx: &Context,
        whose: Holder<'_>,
        access_key: &AccessKeyId,
    ) -> Result<()> {
        let holder = self.managing(ctx, whose).await?;
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::DeleteDockerConfig)
            .in_account(holder.target().account)
            .named(&holder.target().name)
            .id(access_key);
        let (access_key, at) = (access_key.clone(), ctx.now());
        self.store
            .run("credential.revoke_temporary", Durability::Durable, move |tx| {
                let (holder, access_key, event) =
                    (holder.clone(), access_key.clone(), event.clone());
                Box::pin(async move {
                    if !credential::revoke_temporary(tx, &holder, &access_key, at).await? {
                        return Err(Failed::from(Error::not_found(
                            Subject::Credential,
                            "there is no such login command that still works",
                        )));
                    }
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }
}

fn issued(record: TemporaryRecord) -> IssuedLogin {
    IssuedLogin {
        id: record.access_key,
        created_at: record.created_at,
        expires_at: record.expires_at,
        last_used: last_use(record.last_used_at, record.last_used_from, record.last_used_by),
    }
}
