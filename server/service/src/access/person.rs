//! Users as they are now: what every session and token is checked against on every request.

use std::sync::Arc;

use roadstead::access::{Access as WaysIn, UserActor};
use roadstead::id::{PublicId, UserId};
use roadstead::{AccountName, Result, Secret, UserName};
use roadstead_store::account::{AccountKind, State};
use roadstead_store::resolve;

use super::Access;
use crate::error::stored;

/// A user who may act: neither the user nor the account is disabled or deleted.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// As which they act; without a credential.
    pub(crate) actor: UserActor,
    /// How they may come in.
    pub(crate) ways_in: WaysIn,
    /// What else is known of them.
    pub(crate) user: UserFacts,
    /// The account's id on the wire.
    pub(crate) account_public_id: PublicId,
}

/// What else is known of a user.
#[derive(Debug, Clone)]
pub(crate) struct UserFacts {
    /// Id on the wire.
    pub(crate) public_id: PublicId,
    /// Name to show; may be empty.
    pub(crate) display_name: String,
    /// Whether the next sign-in must change the password.
    pub(crate) must_change_password: bool,
    /// Grows when the password, state or a way in changes.
    pub(crate) permission_epoch: u64,
}

impl Person {
    /// `None` when the user or the account is disabled.
    fn of(found: resolve::Person) -> Option<Self> {
        if found.user_state != State::Active || found.account_state != State::Active {
            return None;
        }
        Some(Self {
            actor: UserActor {
                account: found.account_id,
                account_name: found.account_name,
                user: found.user_id,
                user_name: found.user_name,
                is_owner: found.is_owner,
                is_operator: found.account_kind == AccountKind::Operator,
                credential: None,
                expires_at: None,
            },
            ways_in: WaysIn {
                console: found.console_access,
                programmatic: found.programmatic_access,
            },
            user: UserFacts {
                public_id: found.user_public_id,
                display_name: found.display_name,
                must_change_password: found.must_change_password,
                permission_epoch: found.permission_epoch,
            },
            account_public_id: found.account_public_id,
        })
    }
}

impl Access {
    /// The user as they are now; `None` when disabled or deleted. Remembered until somebody changes.
    pub(crate) async fn person(&self, id: UserId) -> Result<Option<Arc<Person>>> {
        let stamp = self.inner.generation.people();
        if let Some((loaded, known)) = self.inner.people.get(&id)
            && loaded == stamp
        {
            return Ok(known);
        }
        let found = self
            .inner
            .store
            .peek("access.person", |tx| Box::pin(async move { resolve::person(tx, id).await }))
            .await
            .map_err(stored)?;
        let known = found.and_then(Person::of).map(Arc::new);
        self.inner.people.insert(id, (stamp, known.clone()));
        Ok(known)
    }

    /// Who says to be this user of the account (without a name, its owner), and the hash of the password to prove it with;
    /// `None` when there is none, or one who may not act.
    pub(crate) async fn claimed(
        &self,
        account: &AccountName,
        user: Option<&UserName>,
    ) -> Result<Option<(Person, Option<Secret>)>> {
        let found = self
            .inner
            .store
            .peek("access.claimed", |tx| {
                let (account, user) = (account.clone(), user.cloned());
                Box::pin(async move { resolve::claimed(tx, &account, user.as_ref()).await })
            })
            .await
            .map_err(stored)?;
        Ok(found.and_then(|found| {
            let hash = found.secret();
            Person::of(found).map(|person| (person, hash))
        }))
    }
}
