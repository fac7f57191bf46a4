//! What `docker login` uses: temporary logins, access keys, and passwords (`protocol.md` 2.4).
//!
//! Of a login key only its SHA-256 is kept; the secret key beside it is sealed. Every cause of a refusal gets the same
//! answer after the same work.

use std::net::IpAddr;
use std::sync::Arc;

use moka::sync::Cache;
use roadstead::access::{Action, UserActor, login_key};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::login::TemporaryLogin;
use roadstead::{AccountName, Error, ErrorKind, Result, Secret, Timestamp};
use roadstead_store::account::{AccountKind, State};
use roadstead_store::credential::{self, CredentialKind, CredentialRecord, NewCredential};
use roadstead_store::sealed::{self, SealedPlace};
use roadstead_store::{Durability, Store};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::access::{Access, OwnAccount, Stamp};
use crate::audit::{self, Origin};
use crate::context::{Context, unauthenticated};
use crate::error::{Failed, stored};
use crate::limit::{FailureLimit, Repeated};
use crate::login::{Claim, Logins};
use crate::port::Ports;
use crate::seal::Sealer;
use crate::setting::SettingsCell;

const ACCESS_KEY_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SECRET_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// What access keys of temporary logins begin with.
const TEMPORARY_PREFIX: &str = "RSTM";
/// Seconds between two notes of the use of an access key.
const NOTED: i64 = 60;

/// Login credentials.
pub struct Credentials {
    store: Store,
    access: Access,
    settings: SettingsCell,
    ports: Ports,
    sealer: Sealer,
    logins: Logins,
    limit: FailureLimit,
    known: Cache<String, (Stamp, Option<Arc<CredentialRecord>>)>,
    noted: Cache<String, Timestamp>,
}

/// Who logged in, and with which access key if with one.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The user, with the credential's end.
    pub actor: UserActor,
    /// The access key that was used; `None` for a password.
    pub access_key: Option<String>,
}

impl Credentials {
    pub(crate) fn new(
        store: Store,
        access: Access,
        settings: SettingsCell,
        ports: Ports,
        sealer: Sealer,
        logins: Logins,
    ) -> Self {
        let limit = FailureLimit::new(ports.clock.clone(), Repeated::IsOne);
        Self {
            store,
            access,
            settings,
            ports,
            sealer,
            logins,
            limit,
            known: Cache::new(20_000),
            noted: Cache::new(20_000),
        }
    }

    /// Makes a temporary login for the caller. One made before stays good until it ends.
    ///
    /// # Errors
    /// `Denied` about the user, when they have no programmatic access.
    #[tracing::instrument(name = "service.credential.create_temporary", skip_all)]
    pub async fn create_temporary(&self, ctx: &Context) -> Result<TemporaryLogin> {
        self.access.authorize(ctx, Action::CreateLoginSecret, OwnAccount).await?;
        let actor = ctx.user()?;
        let person = self.access.person(actor.user).await?.ok_or_else(unauthenticated)?;
        if !person.ways_in.programmatic {
            return Err(no_programmatic_access());
        }
        let settings = self.settings.current();
        let ttl = i64::try_from(settings.temporary_login_ttl.value).unwrap_or(900);
        let created_at = ctx.now();
        let ends = created_at.plus_seconds(ttl);
        let expires_at = actor.expires_at.map_or(ends, |end| end.min(ends));
        let access_key = format!("{TEMPORARY_PREFIX}{}", self.ports.text(ACCESS_KEY_ALPHABET, 16));
        let secret_key = Secret::new(self.ports.text(SECRET_ALPHABET, 40));
        let password = login_key(&access_key, &secret_key);
        let new = NewCredential {
            account: actor.account,
            user: actor.user,
            access_key: access_key.clone(),
            login_key_hash: sha256(&password),
            created_at,
        };
        let event =
            Origin::of(ctx, &self.ports).event(TraceName::CreateDockerConfig).id(&access_key);
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
            username: format!("{}@{access_key}", settings.region.value),
            password,
            host: ctx.address.host.clone(),
            is_plain_http: !ctx.address.is_https,
            created_at,
            expires_at,
        })
    }

    /// Proves who logs in with `REGION@AK` and login key, or `ACCOUNT[/USER]` and password.
    ///
    /// # Errors
    /// `RateLimited` after too many failures; else one `Unauthenticated` for every cause.
    #[tracing::instrument(name = "service.credential.verify_basic", level = "debug", skip_all)]
    pub async fn verify_basic(
        &self,
        username: &str,
        password: &Secret,
        client: Option<IpAddr>,
    ) -> Result<Proven> {
        match username.rsplit_once('@') {
            Some((project, access_key)) => {
                self.verify_key(project, access_key, password, client).await
            }
            None => {
                let person = self
                    .logins
                    .prove(claim(username), username, password, client, &self.limit)
                    .await?;
                if !person.ways_in.programmatic {
                    return Err(refused());
                }
                Ok(Proven { actor: person.actor, access_key: None })
            }
        }
    }

    async fn verify_key(
        &self,
        project: &str,
        access_key: &str,
        password: &Secret,
        client: Option<IpAddr>,
    ) -> Result<Proven> {
        self.limit.check(access_key, client)?;
        let found = self.find(access_key).await?;
        let expected =
            found.as_ref().map_or_else(|| vec![0; 32], |record| record.login_key_hash.clone());
        let is_key = bool::from(expected.ct_eq(&sha256(password)));
        let is_here = project == self.settings.current().region.value;
        let actor =
            found.as_deref().filter(|_| is_key && is_here).and_then(|record| self.live(record));
        let Some(actor) = actor else {
            self.limit.fail(access_key, client, &self.logins.passwords.tag(password));
            return Err(refused());
        };
        self.limit.succeed(access_key, client);
        if found.is_some_and(|record| record.kind == CredentialKind::AccessKey) {
            self.note_use(access_key, client).await;
        }
        Ok(Proven { actor, access_key: Some(access_key.to_owned()) })
    }

    /// The user of a credential that was proven before, as they are now; `None` when either may no longer come in.
    pub(crate) async fn actor_of(&self, access_key: &str) -> Result<Option<UserActor>> {
        let found = self.find(access_key).await?;
        Ok(found.and_then(|record| self.live(&record)))
    }

    /// The user, if everything about the credential is good at this instant.
    fn live(&self, record: &CredentialRecord) -> Option<UserActor> {
        let now = self.ports.now();
        let region = &self.settings.current().region.value;
        let is_live = [record.state, record.account_state, record.user_state]
            .iter()
            .all(|state| *state == State::Active)
            && record.programmatic_access
            && record.expires_at.is_none_or(|end| now < end)
            && record.project_name.as_ref().is_none_or(|project| project.as_str() == region);
        is_live.then(|| UserActor {
            account: record.account_id,
            account_name: record.account_name.clone(),
            user: record.user_id,
            user_name: record.user_name.clone(),
            is_owner: record.is_owner,
            is_operator: record.account_kind == AccountKind::Operator,
            credential: Some(record.id),
            expires_at: record.expires_at,
        })
    }

    async fn find(&self, access_key: &str) -> Result<Option<Arc<CredentialRecord>>> {
        let stamp = self.access.generation().credentials();
        if let Some((loaded, known)) = self.known.get(access_key)
            && loaded == stamp
            && known.is_some()
        {
            return Ok(known);
        }
        let found = self
            .store
            .peek("credential.find", |tx| {
                let access_key = access_key.to_owned();
                Box::pin(async move { credential::find(tx, &access_key).await })
            })
            .await
            .map_err(stored)?
            .map(Arc::new);
        if found.is_some() {
            self.known.insert(access_key.to_owned(), (stamp, found.clone()));
        }
        Ok(found)
    }

    /// Notes the use of an access key at most once a minute. A login does not fail because of it.
    async fn note_use(&self, access_key: &str, client: Option<IpAddr>) {
        let now = self.ports.now();
        let is_noted = self.noted.get(access_key).is_some_and(|at| now.seconds_since(at) < NOTED);
        if is_noted {
            return;
        }
        self.noted.insert(access_key.to_owned(), now);
        let address = client.map(|ip| ip.to_string()).unwrap_or_default();
        let access_key = access_key.to_owned();
        let noted = self
            .store
            .run("credential.note_use", Durability::Relaxed, move |tx| {
                let (access_key, address) = (access_key.clone(), address.clone());
                Box::pin(async move { credential::note_use(tx, &access_key, &address, now).await })
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of an access key was not noted");
        }
    }
}

fn claim(username: &str) -> Option<Claim> {
    let (account, user) = match username.split_once('/') {
        Some((account, user)) => (account, Some(user.parse().ok()?)),
        None => (username, None),
    };
    Some(Claim { account: account.parse::<AccountName>().ok()?, user })
}

fn sha256(password: &Secret) -> [u8; 32] {
    Sha256::digest(password.reveal().as_bytes()).into()
}

/// One sentence for all causes.
fn refused() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        Subject::Credential,
        "wrong user name or password, or the login has ended; copy a new login command from the console",
    )
}

fn no_programmatic_access() -> Error {
    Error::new(
        ErrorKind::Denied,
        Subject::User,
        "you do not have programmatic access; ask the administrator of your account",
    )
}

#[cfg(test)]
mod tests;
