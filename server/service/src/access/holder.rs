//! Whose access keys and temporary logins are meant.

use roadstead::access::{AccountTarget, Action, Actor, CredentialHolder, permits};
use roadstead::error::Subject;
use roadstead::{AccountName, Result, UserName};
use roadstead_store::resolve;

use super::named::{Named, Sight};
use super::{Access, Resolution};
use crate::context::Context;
use crate::error::stored;

/// Whose access keys and temporary logins are meant.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// The caller's own.
    Me,
    /// Those of a user of the caller's account.
    User(&'a UserName),
    /// Those of a user of any account, without a name of its owner: for the command line and jobs.
    Of(&'a AccountName, Option<&'a UserName>),
}

impl Named for Holder<'_> {
    type Resolved = CredentialHolder;

    fn said(&self) -> String {
        match self {
            Self::Me => String::new(),
            Self::User(name) => name.to_string(),
            Self::Of(account, None) => account.to_string(),
            Self::Of(account, Some(name)) => format!("{account}/{name}"),
        }
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<CredentialHolder>> {
        let grants = access.own_grants(&ctx.actor).await?;
        let subject = Subject::User;
        let (account, name) = match self {
            Self::Me => {
                let user = ctx.user()?;
                let target = Some(CredentialHolder {
                    user: user.user,
                    account: user.account,
                    name: user.user_name.clone(),
                    is_owner: user.is_owner,
                });
                return Ok(Resolution { target, grants, sight: Sight::Is(true), subject });
            }
            Self::User(name) => (&ctx.user()?.account_name, Some(name)),
            Self::Of(account, name) => (account, name),
        };
        // Who may not see the credentials of others does not learn who there is.
        let is_visible = match &ctx.actor {
            Actor::System(_) => true,
            Actor::Anonymous => false,
            Actor::User(user) => {
                let own = AccountTarget { id: user.account, name: user.account_name.clone() };
                account.folded() == own.name.folded()
                    && permits(
                        &ctx.actor,
                        Action::ReadCredentials,
                        &own,
                        &grants,
                        &ctx.circumstances(),
                    )
                    .is_ok()
            }
        };
        let target = access
            .inner
            .store
            .peek("access.holder", |tx| {
                let (account, name) = (account.clone(), name.cloned());
                Box::pin(async move { resolve::holder(tx, &account, name.as_ref()).await })
            })
            .await
            .map_err(stored)?;
        Ok(Resolution { target, grants, sight: Sight::Is(is_visible), subject })
    }
}
