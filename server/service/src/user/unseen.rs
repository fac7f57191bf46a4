//! A password that was made for a user, until the page of whoever made it has shown it (`console.md` A.10.1).
//!
//! As the secret of a new access key: it is sealed in the database, and what a page needs to show it after a redirect is that
//! the very session that made it asks, within [`SHOWN`] seconds. No cookie and no address holds it, and any replica answers.

use roadstead::access::{Action, Allowed, UserKey};
use roadstead::manage::user::NewPassword;
use roadstead::{Error, Result, Secret, Timestamp, UserName};
use roadstead_store::sealed::{self, Shown};
use roadstead_store::{Tx, user};

use super::Users;
use crate::context::Context;
use crate::error::{Outcome, stored};
use crate::seal::Sealer;

/// How long the page may show it, in seconds.
const SHOWN: i64 = 2 * 60;

/// A password that its page has not shown yet.
#[derive(Clone)]
pub(super) struct Unseen {
    sealer: Sealer,
    password: Secret,
    shown: Shown,
    at: Timestamp,
}

impl Unseen {
    /// Leaves it for the page, in the transaction that gives it.
    pub(super) async fn leave(self, tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Outcome<()> {
        let place = user::password_place(user.target().id);
        let value = self.sealer.seal(&place, self.password.reveal().as_bytes())?;
        sealed::put(tx, &place, &value, self.at).await?;
        user::show_password(tx, user, &self.shown).await?;
        Ok(())
    }
}

impl Users {
    /// What to leave of a password that was made; nothing where no console session asks.
    pub(super) fn unseen(&self, ctx: &Context, made: Option<&Secret>) -> Option<Unseen> {
        let (to, at) = (ctx.session.clone()?, ctx.now());
        Some(Unseen {
            sealer: self.sealer.clone(),
            password: made?.clone(),
            shown: Shown { to, until: at.plus_seconds(SHOWN) },
            at,
        })
    }

    /// The password that this session has just made for a user; `None` when another session did, or too long ago.
    ///
    /// # Errors
    /// `Hidden` for who may not see users; `NotFound`.
    #[tracing::instrument(name = "service.user.new_password", skip_all, fields(user = %name))]
    pub async fn new_password(&self, ctx: &Context, name: &UserName) -> Result<NewPassword> {
        let allowed = self.access.authorize(ctx, Action::ReadUser, name).await?;
        let (key, now) = (allowed.key(), ctx.now());
        let Some(session) = ctx.session.clone() else {
            return Ok(NewPassword { password: None });
        };
        let found = self
            .store
            .read("user.new_password", |tx| {
                let session = session.clone();
                Box::pin(async move { user::shown_password(tx, key, &session, now).await })
            })
            .await
            .map_err(stored)?;
        let Some(found) = found else {
            return Ok(NewPassword { password: None });
        };
        let password = self.sealer.open(&user::password_place(key.target().id), &found)?;
        let password = std::str::from_utf8(password.reveal()).map_err(Error::internal)?;
        Ok(NewPassword { password: Some(Secret::new(password.to_owned())) })
    }
}
