//! What `docker login` uses: temporary logins, access keys, and passwords (`protocol.md` 2.4).
//!
//! Of a login key only its SHA-256 is kept; the secret key beside it is sealed. Every cause of a refusal gets the same
//! answer after the same work. What is disabled, deleted, revoked or ended is refused on the next request, with the tokens
//! that were given for it: a token names its credential, which is looked at every time.

mod access_key;
mod last_use;
mod signing;
mod temporary;
mod unsaved;

use std::net::IpAddr;
use std::sync::Arc;

use moka::sync::Cache;
use roadstead::access::{AccessKeyId, SecretKey, UserActor};
use roadstead::error::Subject;
use roadstead::manage::credential::{LastUse, UsedService};
use roadstead::{AccountName, Error, ErrorKind, Result, Secret, Timestamp};
use roadstead_store::Store;
use roadstead_store::account::{AccountKind, State};
use roadstead_store::credential::{self, CredentialRecord};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::access::{Access, Stamp};
use crate::confirm::Confirmations;
use crate::error::stored;
use crate::limit::{FailureLimit, Repeated};
use crate::login::{Claim, Logins};
use crate::port::Ports;
use crate::seal::Sealer;
use crate::setting::SettingsCell;
use last_use::LastUses;
use signing::SigningKey;

pub use signing::{SignedRequest, Signer};

const ACCESS_KEY_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SECRET_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// What access keys of temporary logins begin with.
const TEMPORARY_PREFIX: &str = "RSTM";

/// Login credentials.
pub struct Credentials {
    store: Store,
    access: Access,
    settings: SettingsCell,
    ports: Ports,
    sealer: Sealer,
    logins: Logins,
    limit: FailureLimit,
    confirmations: Confirmations,
    uses: LastUses,
    known: Cache<String, (Stamp, Arc<CredentialRecord>)>,
    signing: Cache<String, (Stamp, Arc<SigningKey>)>,
    /// What is compared where there is no key.
    nobodys_secret: SecretKey,
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
        let confirmations = Confirmations::new(store.clone(), logins.clone(), &ports);
        Self {
            confirmations,
            uses: LastUses::new(store.clone()),
            store,
            access,
            settings,
            ports,
            sealer,
            logins,
            limit,
            known: Cache::new(20_000),
            signing: Cache::new(20_000),
            nobodys_secret: SecretKey::nobodys(),
        }
    }

    /// A new access key id, and its secret key.
    fn draw(&self, prefix: &str) -> Result<(AccessKeyId, SecretKey)> {
        let id = format!("{prefix}{}", self.ports.text(ACCESS_KEY_ALPHABET, 16)).parse()?;
        Ok((id, self.ports.text(SECRET_ALPHABET, 40).parse()?))
    }

    /// Writes when credentials were last used: every few seconds, and when the process stops.
    pub(crate) async fn flush_uses(&self) -> Result<()> {
        self.uses.flush().await
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
        let given = Given {
            login_key_hash: sha256(password),
            is_here: project == self.settings.current().region.value,
        };
        let stamp = self.access.generation().credentials();
        let mut found = self.remembered(access_key, stamp);
        let mut actor = found.as_deref().and_then(|record| self.admits(Some(record), &given));
        if actor.is_none() {
            // Who fails has looked into the database once and compared once, whether there is such a key or not: how long
            // it takes does not tell which keys are in use.
            found = self.load(access_key, stamp).await?;
            actor = self.admits(found.as_deref(), &given);
        }
        let (Some(actor), Some(record)) = (actor, found) else {
            self.limit.fail(access_key, client, &self.logins.passwords.tag(password));
            return Err(refused());
        };
        self.limit.succeed(access_key, client);
        self.uses.note(&record, UsedService::Registry, client, self.ports.now());
        Ok(Proven { actor, access_key: Some(record.access_key.to_string()) })
    }

    /// The user, if what was given opens the credential and everything about it is good.
    fn admits(&self, record: Option<&CredentialRecord>, given: &Given) -> Option<UserActor> {
        let expected = record.map_or([0; 32].as_slice(), |record| record.login_key_hash.as_slice());
        let is_key = bool::from(expected.ct_eq(&given.login_key_hash));
        record.filter(|_| is_key && given.is_here).and_then(|record| self.live(record))
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
        match self.remembered(access_key, stamp) {
            Some(record) => Ok(Some(record)),
            None => self.load(access_key, stamp).await,
        }
    }

    /// The credential as it was read before, if nothing has changed since.
    fn remembered(&self, access_key: &str, stamp: Stamp) -> Option<Arc<CredentialRecord>> {
        self.known.get(access_key).filter(|(loaded, _)| *loaded == stamp).map(|(_, known)| known)
    }

    /// Reads it. `stamp` was taken before.
    async fn load(&self, access_key: &str, stamp: Stamp) -> Result<Option<Arc<CredentialRecord>>> {
        let found = self
            .store
            .peek("credential.find", |tx| {
                let access_key = access_key.to_owned();
                Box::pin(async move { credential::find(tx, &access_key).await })
            })
            .await
            .map_err(stored)?
            .map(Arc::new);
        if let Some(record) = &found {
            self.known.insert(access_key.to_owned(), (stamp, Arc::clone(record)));
        }
        Ok(found)
    }
}

/// What somebody logs in with.
struct Given {
    login_key_hash: [u8; 32],
    /// Whether the project before the `@` is this region's.
    is_here: bool,
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

fn no_programmatic_access(is_own: bool) -> Error {
    Error::new(
        ErrorKind::Denied,
        Subject::User,
        if is_own {
            "you do not have programmatic access; ask the administrator of your account"
        } else {
            "the user does not have programmatic access"
        },
    )
}

/// The last use as it is shown.
fn last_use(at: Option<Timestamp>, address: String, service: UsedService) -> Option<LastUse> {
    at.map(|at| LastUse { at, address, service })
}

#[cfg(test)]
mod tests;
