//! Bearer tokens of the registry: an upper bound, never the decision (`protocol.md` 2.3).

use std::str::FromStr;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use parking_lot::RwLock;
use roadstead::access::{Action, Actor};
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::{Error, ErrorKind, ImageName, Result, Secret, Timestamp};
use roadstead_store::sealed::{self, SealedPlace};
use roadstead_store::signing_key::{self, SigningKeyRecord};
use roadstead_store::{Durability, Store, job};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::access::Access;
use crate::context::Context;
use crate::credential::Credentials;
use crate::error::{Failed, stored};
use crate::port::Ports;
use crate::seal::Sealer;

/// The registry's name in challenges and tokens.
pub const SERVICE: &str = "roadstead";
/// Life of a token in seconds.
pub const LIFETIME: i64 = 900;
/// Seconds by which clocks may differ.
const LEEWAY: i64 = 60;
/// Seconds after which every replica has read a new key.
const KNOWN_AFTER: i64 = 5;
/// Seconds after which a key is replaced.
const ROTATED: i64 = 90 * 24 * 60 * 60;
/// Who issues.
const ISSUER: &str = "roadstead";
/// The only algorithm.
const ALGORITHM: &str = "HS256";

/// Most scopes of one request.
pub const MAX_SCOPES: usize = 100;
/// Most bytes of all scopes of one request.
pub const MAX_SCOPE_BYTES: usize = 8 * 1024;

/// What a token is asked or good for: `type:name:actions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenScope {
    /// `repository` or `registry`; a class suffix, `repository(plugin)`, is dropped.
    #[serde(rename = "type")]
    pub kind: String,
    /// `organization/repository`, or `catalog`.
    pub name: String,
    /// `pull`, `push`, `delete`, `*`, in byte order, each once.
    pub actions: Vec<String>,
}

impl TokenScope {
    /// Whether this scope covers `action` on the thing.
    #[must_use]
    pub fn covers(&self, kind: &str, name: &str, action: &str) -> bool {
        self.kind == kind
            && self.name == name
            && self.actions.iter().any(|held| held == action || held == "*")
    }

    /// Every scope of one parameter: several may stand in one value, separated by spaces.
    ///
    /// # Errors
    /// Invalid when one of them does not have the form, or there are too many.
    pub fn parse_list<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Vec<Self>> {
        let mut scopes: Vec<Self> = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        for text in values.into_iter().flat_map(str::split_ascii_whitespace) {
            count += 1;
            bytes += text.len();
            if count > MAX_SCOPES || bytes > MAX_SCOPE_BYTES {
                return Err(Error::invalid(
                    Subject::Credential,
                    "a token is asked for at most 100 scopes of together 8 KiB",
                ));
            }
            let scope: Self = text.parse()?;
            match scopes
                .iter_mut()
                .find(|known| known.kind == scope.kind && known.name == scope.name)
            {
                Some(known) => {
                    known.actions.extend(scope.actions);
                    known.actions.sort();
                    known.actions.dedup();
                }
                None => scopes.push(scope),
            }
        }
        Ok(scopes)
    }
}

impl std::fmt::Display for TokenScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

impl FromStr for TokenScope {
    type Err = Error;

    /// The name may hold a `:` (a host's port), so the first and the last colon divide.
    fn from_str(text: &str) -> Result<Self> {
        let bad =
            || Error::invalid(Subject::Credential, "a scope is written type:name:action,action");
        let (kind, rest) = text.split_once(':').ok_or_else(bad)?;
        let (name, actions) = rest.rsplit_once(':').ok_or_else(bad)?;
        let kind = kind.split_once('(').map_or(kind, |(kind, _class)| kind);
        if kind.is_empty() || name.is_empty() {
            return Err(bad());
        }
        let mut actions: Vec<String> =
            actions.split(',').filter(|action| !action.is_empty()).map(str::to_owned).collect();
        actions.sort();
        actions.dedup();
        Ok(Self { kind: kind.to_owned(), name: name.to_owned(), actions })
    }
}

/// A token that was issued.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// The token.
    pub token: Secret,
    /// Seconds that it lasts.
    pub expires_in: i64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// What it is good for: what was asked for and is allowed. May be nothing.
    pub scopes: Vec<TokenScope>,
}

/// A token that is good.
#[derive(Debug, Clone)]
pub struct VerifiedToken {
    /// As whom its bearer acts.
    pub actor: Actor,
    /// What it is limited to; goes into [`Context::scopes`].
    pub scopes: Arc<[TokenScope]>,
    /// When it ends.
    pub ends: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// The user's key; empty for anonymous bearers.
    sub: String,
    aud: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    access: Vec<TokenScope>,
    /// The access key that was presented; none for passwords.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cid: Option<String>,
    /// The account's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acc: Option<i64>,
    /// The user's epoch: a change of password or state ends the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ep: Option<u64>,
}

/// What the signature of a token vouches for. Whether its time has come or gone, and whether its key and its user are
/// still good, is asked on every request.
#[derive(Debug)]
struct Signed {
    /// The key that signed.
    kid: String,
    exp: i64,
    nbf: i64,
    /// `None` for anonymous bearers.
    user: Option<UserId>,
    scopes: Arc<[TokenScope]>,
    access_key: Option<String>,
    account: Option<i64>,
    epoch: Option<u64>,
}

/// Most tokens whose signature is remembered.
const REMEMBERED: u64 = 4_096;

/// Issues and verifies tokens.
pub struct Tokens {
    store: Store,
    access: Access,
    ports: Ports,
    sealer: Sealer,
    credentials: Arc<Credentials>,
    keys: RwLock<Arc<[Key]>>,
    /// Signatures that were found good, by the SHA-256 of the token: clients send one token with hundreds of requests.
    signed: Cache<[u8; 32], Arc<Signed>>,
}

struct Key {
    record: SigningKeyRecord,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Tokens {
    pub(crate) fn new(
        store: Store,
        access: Access,
        ports: Ports,
        sealer: Sealer,
        credentials: Arc<Credentials>,
    ) -> Self {
        let (keys, signed) = (RwLock::new(Arc::from([])), Cache::new(REMEMBERED));
        Self { store, access, ports, sealer, credentials, keys, signed }
    }

    /// Issues a token for the caller: the part of `scopes` that is allowed now, which may be nothing. `access_key` is
    /// what [`Credentials::verify_basic`] proved the caller with.
    ///
    /// # Errors
    /// Invalid for another service's name.
    #[tracing::instrument(name = "service.token.issue", level = "debug", skip_all)]
    pub async fn issue(
        &self,
        ctx: &Context,
        service: &str,
        scopes: Vec<TokenScope>,
        access_key: Option<String>,
    ) -> Result<IssuedToken> {
        if !service.is_empty() && service != SERVICE {
            return Err(Error::invalid(
                Subject::Credential,
                "this token service serves another registry; the service is roadstead",
            ));
        }
        let mut granted = Vec::new();
        for scope in scopes {
            let actions = self.allowed(ctx, &scope).await?;
            if !actions.is_empty() {
                granted.push(TokenScope { actions, ..scope });
            }
        }
        let now = ctx.now();
        let user = ctx.actor.user();
        let person = match user {
            Some(user) => Some(self.access.person(user.user).await?.ok_or_else(refused)?),
            None => None,
        };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user.map(|user| user.user.to_string()).unwrap_or_default(),
            aud: SERVICE.to_owned(),
            exp: now.plus_seconds(LIFETIME).seconds(),
            nbf: now.seconds(),
            iat: now.seconds(),
            jti: self.ports.ulid().to_string(),
            access: granted.clone(),
            cid: access_key,
            acc: user.map(|user| user.account.0),
            ep: person.map(|person| person.user.permission_epoch),
        };
        let keys = self.keys.read().clone();
        let key = keys
            .iter()
            .find(|key| key.record.not_before <= now)
            .ok_or_else(|| Error::internal(NoKey))?;
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.record.kid.clone());
        let token =
            jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(Error::internal)?;
        Ok(IssuedToken {
            token: Secret::new(token),
            expires_in: LIFETIME,
            issued_at: now,
            scopes: granted,
        })
    }

    /// The actions of a scope that are allowed now; `*` stands for all that are.
    async fn allowed(&self, ctx: &Context, scope: &TokenScope) -> Result<Vec<String>> {
        let asks = |word: &str| scope.actions.iter().any(|action| action == word || action == "*");
        match (scope.kind.as_str(), scope.name.as_str()) {
            ("registry", "catalog") if asks("*") && ctx.actor.user().is_some() => {
                Ok(vec!["*".to_owned()])
            }
            ("repository", name) => {
                // A name that is none is never anybody's.
                let Ok(name) = name.parse::<ImageName>() else {
                    return Ok(Vec::new());
                };
                let mut allowed = Vec::new();
                for (word, actions) in [
                    ("delete", &[Action::DeleteTag][..]),
                    ("pull", &[Action::PullImage]),
                    ("push", &[Action::PushImage, Action::CreateImage]),
                ] {
                    if !asks(word) {
                        continue;
                    }
                    for &action in actions {
                        if self.access.would_allow(ctx, action, &name).await? {
                            allowed.push(word.to_owned());
                            break;
                        }
                    }
                }
                Ok(allowed)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Checks a token, and that its user and credential may still come in.
    ///
    /// # Errors
    /// `Unauthenticated` for every cause; the door adds `error="invalid_token"` to its challenge.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken> {
        let signed = self.signed(token)?;
        let now = self.ports.now().seconds();
        if signed.exp.saturating_add(LEEWAY) <= now || signed.nbf.saturating_sub(LEEWAY) > now {
            return Err(refused());
        }
        let scopes = Arc::clone(&signed.scopes);
        let ends = Timestamp::from_seconds(signed.exp);
        let Some(id) = signed.user else {
            return Ok(VerifiedToken { actor: Actor::Anonymous, scopes, ends });
        };
        let person = self
            .access
            .person(id)
            .await?
            .filter(|person| {
                person.ways_in.programmatic
                    && signed.epoch == Some(person.user.permission_epoch)
                    && signed.account == Some(person.actor.account.0)
            })
            .ok_or_else(refused)?;
        let actor = match &signed.access_key {
            Some(access_key) => self
                .credentials
                .actor_of(access_key)
                .await?
                .filter(|actor| actor.user == id)
                .ok_or_else(refused)?,
            None => person.actor.clone(),
        };
        Ok(VerifiedToken { actor: Actor::User(actor), scopes, ends })
    }

    /// What a token says, if a key that is still in use signed it.
    fn signed(&self, token: &str) -> Result<Arc<Signed>> {
        let keys = self.keys.read().clone();
        let now = self.ports.now();
        let usable = |kid: &str| {
            keys.iter()
                .find(|key| key.record.kid == kid)
                .filter(|key| key.record.retire_at.is_none_or(|end| now < end))
                .ok_or_else(refused)
        };
        let name: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(known) = self.signed.get(&name) {
            usable(&known.kid)?;
            return Ok(known);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
        let kid = header.kid.filter(|_| header.alg == Algorithm::HS256).ok_or_else(refused)?;
        let key = usable(&kid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[SERVICE]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library asks the system's clock; ours is a port, and is asked by the caller.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
            .map_err(|_| refused())?
            .claims;
        let user = match claims.sub.as_str() {
            "" => None,
            sub => Some(sub.parse().map(UserId).map_err(|_| refused())?),
        };
        let signed = Arc::new(Signed {
            kid,
            exp: claims.exp,
            nbf: claims.nbf,
            user,
            scopes: claims.access.into(),
            access_key: claims.cid,
            account: claims.acc,
            epoch: claims.ep,
        });
        self.signed.insert(name, Arc::clone(&signed));
        Ok(signed)
    }

    /// Called at start: reads the keys, and makes the first.
    pub(crate) async fn prepare(&self) -> Result<()> {
        self.reload().await?;
        if self.keys.read().is_empty() {
            self.add_key(self.ports.now()).await?;
        }
        Ok(())
    }

    /// Called now and then: rotates when the newest key is older than 90 days, and forgets keys that nothing needs any
    /// more. Of several servers one does it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tend(&self) -> Result<()> {
        let now = self.ports.now();
        let newest = self.keys.read().iter().map(|key| key.record.created_at).max();
        let is_due = newest.is_none_or(|at| now.seconds_since(at) >= ROTATED);
        let is_ended =
            self.keys.read().iter().any(|key| key.record.retire_at.is_some_and(|end| end <= now));
        if is_ended {
            self.store
                .run("token.forget", Durability::Relaxed, move |tx| {
                    Box::pin(signing_key::forget(tx, now))
                })
                .await
                .map_err(stored)?;
            self.reload().await?;
        }
        if !is_due {
            return Ok(());
        }
        let is_ours = self
            .store
            .run("token.is_due", Durability::Relaxed, move |tx| {
                let next = now.plus_seconds(KNOWN_AFTER);
                Box::pin(job::is_due(tx, "token.rotate", now, next))
            })
            .await
            .map_err(stored)?;
        if is_ours { self.rotate().await } else { self.reload().await }
    }

    /// Makes a new key, which signs as soon as every replica knows it. The ones before verify for as long as what they
    /// signed lasts.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rotate(&self) -> Result<()> {
        self.add_key(self.ports.now().plus_seconds(KNOWN_AFTER)).await
    }

    /// Adds a key that signs from `not_before` on; those before it verify until what they signed has ended.
    async fn add_key(&self, not_before: Timestamp) -> Result<()> {
        let now = self.ports.now();
        let end = not_before.plus_seconds(LIFETIME + LEEWAY);
        let record = SigningKeyRecord {
            kid: self.ports.ulid().to_string(),
            algorithm: ALGORITHM.to_owned(),
            created_at: now,
            not_before,
            retire_at: None,
        };
        let place = SealedPlace::new("signing_keys", &record.kid, "secret");
        let value = self.sealer.seal(&place, &self.ports.bytes::<32>())?;
        self.store
            .run("token.add_key", Durability::Durable, move |tx| {
                let (record, place, value) = (record.clone(), place.clone(), value.clone());
                Box::pin(async move {
                    for old in signing_key::usable(tx, now).await? {
                        if old.retire_at.is_none() {
                            signing_key::retire(tx, &old.kid, end, now).await?;
                        }
                    }
                    signing_key::add(tx, &record).await?;
                    sealed::put(tx, &place, &value, now).await?;
                    Ok::<_, Failed>(())
                })
            })
            .await?;
        self.reload().await
    }

    /// Reads the keys again.
    pub(crate) async fn reload(&self) -> Result<()> {
        let now = self.ports.now();
        let records = self
            .store
            .peek("token.keys", |tx| Box::pin(async move { signing_key::usable(tx, now).await }))
            .await
            .map_err(stored)?;
        let mut keys = Vec::with_capacity(records.len());
        for record in records.into_iter().filter(|record| record.algorithm == ALGORITHM) {
            let place = SealedPlace::new("signing_keys", &record.kid, "secret");
            let secret = self.sealer.get(&place).await?.ok_or_else(|| Error::internal(NoKey))?;
            keys.push(Key {
                encoding: EncodingKey::from_secret(secret.reveal()),
                decoding: DecodingKey::from_secret(secret.reveal()),
                record,
            });
        }
        // The newest signs; of two of the same instant every replica takes the same.
        keys.sort_by(|a, b| {
            let order = |key: &Key| (key.record.not_before, key.record.kid.clone());
            order(b).cmp(&order(a))
        });
        *self.keys.write() = keys.into();
        self.signed.invalidate_all();
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no signing key that can be used")]
struct NoKey;

fn refused() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        Subject::Credential,
        "the token is not, or no longer, good",
    )
}

#[cfg(test)]
mod tests;
