//! Proving who one is by name and password: the same for the console and for clients.

use std::net::IpAddr;
use std::sync::Arc;

use moka::sync::Cache;
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::{AccountName, Error, ErrorKind, Result, Secret, UserName};

use crate::access::{Access, Person, Stamp};
use crate::limit::FailureLimit;
use crate::password::Passwords;

/// Who says to be whom: an account, and a user of it; without a user, the account's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) account: AccountName,
    pub(crate) user: Option<UserName>,
}

impl Claim {
    /// What failures are counted for.
    fn subject(&self) -> String {
        match &self.user {
            Some(user) => format!("{}/{}", self.account.folded(), user.folded()),
            None => self.account.folded(),
        }
    }
}

/// Checks claims.
#[derive(Clone)]
pub(crate) struct Logins {
    pub(crate) access: Access,
    pub(crate) passwords: Arc<Passwords>,
    /// Who was meant by a claim that was proven, for as long as no user changes.
    known: Cache<String, (Stamp, UserId)>,
}

/// Most claims that are remembered.
const CLAIMS: u64 = 10_000;

impl Logins {
    pub(crate) fn new(access: Access, passwords: Arc<Passwords>) -> Self {
        Self { access, passwords, known: Cache::new(CLAIMS) }
    }

    /// Proves a claim with a password. `None` for a claim that cannot be one (a bad name) costs what others cost.
    ///
    /// # Errors
    /// `RateLimited` after too many failures; else one `Unauthenticated` for every cause.
    pub(crate) async fn prove(
        &self,
        claim: Option<Claim>,
        typed: &str,
        password: &Secret,
        client: Option<IpAddr>,
        limit: &FailureLimit,
    ) -> Result<Person> {
        let subject = claim.as_ref().map_or_else(|| typed.to_owned(), Claim::subject);
        limit.check(&subject, client)?;
        let stamp = self.access.generation().people();
        if claim.is_some()
            && let Some((loaded, user)) = self.known.get(&subject)
            && loaded == stamp
            && self.passwords.remembers(user, password, stamp)
            && let Some(person) = self.access.person(user).await?
        {
            limit.succeed(&subject, client);
            return Ok(Person::clone(&person));
        }
        let found = match claim {
            Some(claim) => self.access.claimed(&claim.account, claim.user.as_ref()).await?,
            None => None,
        };
        let (person, hash) = found.unzip();
        let user = person.as_ref().map(|person| person.actor.user);
        let verdict = self
            .passwords
            .verify(user, hash.flatten(), password, stamp, || limit.check(&subject, client))
            .await?;
        match person {
            Some(person) if verdict.is_right => {
                limit.succeed(&subject, client);
                self.known.insert(subject, (stamp, person.actor.user));
                Ok(person)
            }
            _ => {
                limit.fail(&subject, client, &self.passwords.tag(password));
                Err(wrong())
            }
        }
    }
}

/// One sentence for all causes.
pub(crate) fn wrong() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        Subject::Password,
        "wrong account, user name or password",
    )
}
