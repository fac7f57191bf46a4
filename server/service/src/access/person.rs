//! Users as they are now: what every session and token is checked against on every request.

use std::sync::Arc;

use roadstead::Result;
use roadstead::access::{Access as WaysIn, UserActor};
use roadstead::id::{PublicId, UserId};
use roadstead_store::account::{AccountKind, AccountRecord, State};
use roadstead_store::user::UserRecord;
use roadstead_store::{StoreError, account, user};

use super::Access;
use crate::error::stored;

/// A user who may act: neither the user nor the account is disabled or deleted.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// As which they act; without a credential.
    pub(crate) actor: UserActor,
    /// How they may come in.
    pub(crate) ways_in: WaysIn,
    /// The user's row.
    pub(crate) user: UserRecord,
    /// The account's id on the wire.
    pub(crate) account_public_id: PublicId,
}

impl Person {
    /// `None` when the user or the account is disabled.
    pub(crate) fn of(user: UserRecord, account: &AccountRecord) -> Option<Self> {
        if user.state != State::Active || account.state != State::Active {
            return None;
        }
        Some(Self {
            actor: UserActor {
                account: account.id,
                account_name: account.name.clone(),
                user: user.id,
                user_name: user.name.clone(),
                is_owner: user.is_owner,
                is_operator: account.kind == AccountKind::Operator,
                credential: None,
                expires_at: None,
            },
            ways_in: WaysIn {
                console: user.console_access,
                programmatic: user.programmatic_access,
            },
            account_public_id: account.public_id.clone(),
            user,
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
            .read("access.person", |tx| {
                Box::pin(async move {
                    let Some(user) = user::find(tx, id).await? else {
                        return Ok(None);
                    };
                    let account = account::find(tx, user.account_id).await?;
                    Ok::<_, StoreError>(account.map(|account| (user, account)))
                })
            })
            .await
            .map_err(stored)?;
        let known = found.and_then(|(user, account)| Person::of(user, &account)).map(Arc::new);
        self.inner.people.insert(id, (stamp, known.clone()));
        Ok(known)
    }
}
