//! Proving again who one is, for what must not be done by whoever finds a browser open (`console.md` A.11).

use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, Result, Secret};
use roadstead_store::{Store, session};

use crate::context::{Context, unauthenticated};
use crate::error::stored;
use crate::limit::{FailureLimit, Repeated};
use crate::login::{Claim, Logins};
use crate::port::Ports;

/// Seconds after signing in during which nothing has to be confirmed.
pub(crate) const FRESH: i64 = 15 * 60;

/// Asks for the password again.
pub(crate) struct Confirmations {
    store: Store,
    logins: Logins,
    limit: FailureLimit,
}

impl Confirmations {
    pub(crate) fn new(store: Store, logins: Logins, ports: &Ports) -> Self {
        Self { store, logins, limit: FailureLimit::new(ports.clock.clone(), Repeated::Counts) }
    }

    /// Whether the caller signed in to the console at most 15 minutes ago, or without a console session.
    pub(crate) async fn is_fresh(&self, ctx: &Context) -> Result<bool> {
        let (Some(digest), Some(_)) = (&ctx.session, ctx.actor.user()) else {
            return Ok(true);
        };
        let now = ctx.now();
        let session = self
            .store
            .peek("confirm.session", |tx| {
                let digest = digest.clone();
                Box::pin(async move { session::load(tx, &digest, now).await })
            })
            .await
            .map_err(stored)?
            .ok_or_else(unauthenticated)?;
        Ok(now <= session.created_at.plus_seconds(FRESH))
    }

    /// Passes when the caller signed in to the console at most 15 minutes ago, or gives their password now. Requests
    /// without a console session prove who they are each time, and the system is nobody's browser.
    ///
    /// # Errors
    /// `Denied` about the password, with the reason `confirm` in the detail, when it has to be asked for;
    /// `Unauthenticated` about the password when it is wrong; `RateLimited` after too many wrong ones.
    pub(crate) async fn check(&self, ctx: &Context, password: Option<&Secret>) -> Result<()> {
        let Some(user) = ctx.actor.user() else { return Ok(()) };
        if self.is_fresh(ctx).await? {
            return Ok(());
        }
        let Some(password) = password else {
            return Err(Error::new(
                ErrorKind::Denied,
                Subject::Password,
                "you signed in more than 15 minutes ago: confirm with your password",
            )
            .with_detail(serde_json::json!({ "reason": "confirm" })));
        };
        let typed = user.user_name.to_string();
        let claim =
            Claim { account: user.account_name.clone(), user: Some(user.user_name.clone()) };
        self.logins.prove(Some(claim), &typed, password, ctx.client, &self.limit).await?;
        Ok(())
    }
}
