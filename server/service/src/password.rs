//! Passwords: their rules, their hashes (argon2id), and the memory of successes.
//!
//! # Invariants
//! - At most two hashes are computed at a time: each takes 19 MiB and a core for some tens of milliseconds.
//! - A user who does not exist costs what one who does costs.
//! - A success is remembered as a keyed hash for at most five minutes, and only until any user or right changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::{Error, Result, Secret};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::Stamp;
use crate::port::Ports;

/// Hashes at a time.
const PARALLEL: usize = 2;
/// How long a success is remembered.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);
/// Fewest characters.
pub const SHORTEST: usize = 10;
/// Most characters.
pub const LONGEST: usize = 128;
/// A hash that no password has, for users who do not exist.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$\
    hvXnGWBRp5/CCQTOz6kTVXJqmGZcJzPEJbCwhbZ4lnE";
/// Passwords that everybody tries first, one a line, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// Hashes and verifies.
pub(crate) struct Passwords {
    ports: Ports,
    key: [u8; 32],
    permits: Arc<Semaphore>,
    successes: Cache<UserId, Success>,
    computed: AtomicU64,
}

#[derive(Clone)]
struct Success {
    tag: [u8; 32],
    stamp: Stamp,
    until: Duration,
}

impl Passwords {
    pub(crate) fn new(ports: Ports) -> Self {
        Self {
            key: ports.bytes(),
            ports,
            permits: Arc::new(Semaphore::new(PARALLEL)),
            successes: Cache::new(10_000),
            computed: AtomicU64::default(),
        }
    }

    /// How many hashes were computed so far, right ones and wrong ones.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// The hash to store, as a PHC string.
    pub(crate) async fn hash(&self, password: &Secret) -> Result<Secret> {
        let salt: [u8; 16] = self.ports.bytes();
        let password = password.clone();
        self.computed.fetch_add(1, Ordering::Relaxed);
        let (hash, _permit) = work(self.permit().await?, move || {
            argon2()?
                .hash_password_with_salt(password.reveal().as_bytes(), &salt)
                .map(|hash: PasswordHash| Secret::new(hash.to_string()))
                .map_err(|error| Error::internal(Opaque(error.to_string())))
        })
        .await?;
        Ok(hash)
    }

    /// Whether `password` is the one that was hashed. `user` and `hash` are `None` for users who do not exist or have no
    /// password; the answer is no then, after the same work. `stamp` was taken before `hash` was read.
    ///
    /// `gate` is asked when the work is about to begin: of many guesses that wait here, those after the last permitted
    /// one are not looked at. Keep the answer until its outcome is counted.
    pub(crate) async fn verify(
        &self,
        user: Option<UserId>,
        hash: Option<Secret>,
        password: &Secret,
        stamp: Stamp,
        gate: impl Fn() -> Result<()> + Send,
    ) -> Result<Verdict> {
        let tag = self.tag(password);
        if let Some(user) = user
            && hash.is_some()
            && self.is_remembered(user, &tag, stamp)
        {
            return Ok(Verdict::remembered());
        }
        let permit = self.permit().await?;
        gate()?;
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| Secret::new(NOBODY.to_owned()));
        let given = password.clone();
        self.computed.fetch_add(1, Ordering::Relaxed);
        let (matches, permit) = work(permit, move || {
            let stored = PasswordHash::new(hash.reveal())
                .map_err(|error| Error::internal(Opaque(error.to_string())))?;
            Ok(argon2()?.verify_password(given.reveal().as_bytes(), &stored).is_ok())
        })
        .await?;
        let is_right = matches && exists;
        if let (true, Some(user)) = (is_right, user) {
            let until = self.ports.clock.monotonic() + REMEMBERED;
            self.successes.insert(user, Success { tag, stamp, until });
        }
        Ok(Verdict { is_right, _permit: Some(permit) })
    }

    /// Whether this password was right for the user a short while ago, and no user has changed since.
    pub(crate) fn remembers(&self, user: UserId, password: &Secret, stamp: Stamp) -> bool {
        self.is_remembered(user, &self.tag(password), stamp)
    }

    fn is_remembered(&self, user: UserId, tag: &[u8; 32], stamp: Stamp) -> bool {
        self.successes.get(&user).is_some_and(|success| {
            success.stamp == stamp
                && self.ports.clock.monotonic() < success.until
                && bool::from(success.tag[..].ct_eq(&tag[..]))
        })
    }

    /// A hash under a key of this process: to recognise a secret again without keeping it.
    pub(crate) fn tag(&self, secret: &Secret) -> [u8; 32] {
        keyed(&self.key, secret.reveal().as_bytes())
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).acquire_owned().await.map_err(Error::internal)
    }
}

/// Whether a password was right. While it is held, it counts as work: hold it until the outcome is counted.
pub(crate) struct Verdict {
    pub(crate) is_right: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Verdict {
    const fn remembered() -> Self {
        Self { is_right: true, _permit: None }
    }
}

/// The permit goes with the work: a caller who leaves does not make room for a third hash.
async fn work<T: Send + 'static>(
    permit: OwnedSemaphorePermit,
    job: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<(T, OwnedSemaphorePermit)> {
    tokio::task::spawn_blocking(move || job().map(|value| (value, permit)))
        .await
        .map_err(Error::internal)?
}

/// HMAC-SHA256.
pub(crate) fn keyed(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of every length; the error type exists for other constructions.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mut mac| {
            mac.update(message);
            mac.finalize().into_bytes().into()
        })
        .unwrap_or_default()
}

fn argon2() -> Result<Argon2<'static>> {
    Params::new(19 * 1024, 2, 1, None)
        .map(|parameters| Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
        .map_err(|error| Error::internal(Opaque(error.to_string())))
}

#[derive(Debug, thiserror::Error)]
#[error("password hashing: {0}")]
struct Opaque(String);

/// Checks a new password (`console.md` A.0.8).
///
/// # Errors
/// Invalid, about the password, with the rule that it breaks.
pub fn check_rules(password: &Secret, user_name: &str) -> Result<()> {
    let invalid = |message: &str| Err(Error::invalid(Subject::Password, message));
    let text = password.reveal();
    let length = text.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return invalid("a password has 10-128 characters");
    }
    let folded = text.to_lowercase();
    if !user_name.is_empty() && folded.contains(&user_name.to_lowercase()) {
        return invalid("the password must not contain the user name");
    }
    if is_common(&folded) {
        return invalid("this password is one of those that everybody tries first; choose another");
    }
    Ok(())
}

/// Whether it is on the list, or one of its words with digits and signs around, or one character repeated.
fn is_common(folded: &str) -> bool {
    let word = folded.trim_matches(|c: char| !c.is_alphabetic());
    let mut characters = folded.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first)
        || COMMON.lines().any(|common| common == folded || (common == word && common.len() >= 4))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::access::Generation;
    use crate::testing::{SeededRandom, StandingClock};

    fn passwords() -> (Arc<StandingClock>, Passwords) {
        let clock = Arc::new(StandingClock::default());
        let random = Arc::new(SeededRandom::new(7));
        (clock.clone(), Passwords::new(Ports { clock, random }))
    }

    async fn verify(
        passwords: &Passwords,
        user: Option<UserId>,
        hash: &Option<Secret>,
        password: &Secret,
        stamp: Stamp,
    ) -> bool {
        let verdict = passwords.verify(user, hash.clone(), password, stamp, || Ok(())).await;
        verdict.unwrap().is_right
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn what_was_hashed_verifies_and_nothing_else_does() {
        let (_clock, passwords) = passwords();
        let stamp = Generation::default().people();
        let hash = passwords.hash(&secret("correct horse battery")).await.unwrap();
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let (user, hash) = (Some(UserId(1)), Some(hash));
        for (text, expected) in [
            ("correct horse battery", true),
            ("correct horse batterz", false),
            ("correct horse battery", true),
        ] {
            assert_eq!(verify(&passwords, user, &hash, &secret(text), stamp).await, expected);
        }
        assert!(!verify(&passwords, None, &None, &secret("correct horse battery"), stamp).await);
    }

    #[tokio::test]
    async fn the_gate_is_asked_before_the_work_and_not_for_what_is_remembered() {
        let (_clock, passwords) = passwords();
        let stamp = Generation::default().people();
        let (user, right) = (Some(UserId(1)), secret("correct horse battery"));
        let hash = Some(passwords.hash(&right).await.unwrap());
        let closed = || Err(Error::invalid(Subject::Password, "closed"));
        let refused = passwords.verify(user, hash.clone(), &right, stamp, closed).await;
        assert!(refused.is_err());
        assert!(verify(&passwords, user, &hash, &right, stamp).await);
        let remembered = passwords.verify(user, hash, &right, stamp, closed).await;
        assert!(remembered.unwrap().is_right);
    }

    #[tokio::test]
    async fn a_success_is_remembered_for_five_minutes_and_until_somebody_changes() {
        let (clock, passwords) = passwords();
        let generation = Generation::default();
        let (user, right) = (Some(UserId(1)), secret("correct horse battery"));
        let hash = Some(passwords.hash(&right).await.unwrap());
        // A hash of another password: a remembered success answers without looking at it.
        let other = Some(passwords.hash(&secret("something else 1")).await.unwrap());
        let stamp = generation.people();
        assert!(verify(&passwords, user, &hash, &right, stamp).await);
        assert!(verify(&passwords, user, &other, &right, stamp).await);
        clock.advance(5 * 60);
        assert!(!verify(&passwords, user, &other, &right, stamp).await);
        assert!(verify(&passwords, user, &hash, &right, stamp).await);
        generation.note(&[roadstead_store::change::Change::new(
            roadstead_store::change::ChangeKind::User,
            roadstead::Timestamp(0),
        )]);
        assert!(!verify(&passwords, user, &other, &right, generation.people()).await);
    }

    #[test]
    fn the_hash_of_nobody_costs_what_others_cost() {
        let parsed = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(parsed.algorithm.as_str(), "argon2id");
        assert_eq!(parsed.params.to_string(), "m=19456,t=2,p=1");
        assert_eq!(parsed.hash.unwrap().len(), 32);
    }

    #[test]
    fn rules_of_passwords() {
        let refused = |text: &str| check_rules(&secret(text), "zhang.wei").is_err();
        for bad in [
            "short-pw1",
            "my-Zhang.Wei-pw",
            "password123",
            "PASSWORD2024!",
            "1234567890",
            "aaaaaaaaaaaa",
            "qwertyuiop",
            "administrator",
            &"x1".repeat(65),
        ] {
            assert!(refused(bad), "{bad}");
        }
        for good in
            ["correct horse battery", "三个字不够但是十个字够了", "tr0ub4dor&3", &"x1".repeat(64)]
        {
            assert!(!refused(good), "{good}");
        }
    }

    #[test]
    fn the_list_is_lower_case_and_has_some_hundred_lines() {
        assert!(COMMON.lines().count() >= 300);
        assert!(COMMON.lines().all(|line| !line.is_empty() && line == line.to_lowercase()));
    }
}
