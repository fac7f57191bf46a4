//! What the caller should look at soon and can do something about.
//!
//! To add a kind: a variant of [`Attention`], a query in the store's `attention`, a sentence in `locales/*/overview.json`.

use roadstead::Result;
use roadstead::access::{Action, Allowed, UserKey, Visibility};
use roadstead::id::AccountId;
use roadstead::manage::credential::OLD_KEY_AGE;
use roadstead::manage::overview::Attention;
use roadstead_store::StoreError;
use roadstead_store::attention;

use super::Overviews;
use crate::access::{Aim, Oneself, OwnAccount, Toward};
use crate::context::Context;
use crate::error::stored;

/// Seconds before its end from which a share is told: 7 days.
const ENDING: i64 = 7 * 86_400;
/// Most of one kind.
const MOST: u32 = 10;

impl Overviews {
    /// Shares that end soon, of images whose shares are the caller's to change; old access keys, the caller's own and, for
    /// whoever looks after users, everybody's.
    pub(super) async fn attention(
        &self,
        ctx: &Context,
        visibility: &Visibility,
    ) -> Result<Vec<Attention>> {
        let oneself = self.access.authorize(ctx, Action::ManageOneself, Oneself).await?.key();
        let (shares, keys) =
            self.pressing(ctx, oneself, self.users(ctx).await?, visibility).await?;
        let mut found = Vec::new();
        for share in shares {
            // Who may not change shares can do nothing about it; that depends on policies, which no query knows.
            let image = Toward(&share.path, Aim::open());
            if self.access.may(ctx, Action::UpdateShare, image).await? {
                let (image, account) = (share.path, share.account);
                found.push(Attention::ShareEnds { image, account, ends_at: share.expires_at });
            }
        }
        let own = ctx.user()?.user_name.clone();
        found.extend(keys.into_iter().map(|key| Attention::OldKey {
            key: key.access_key,
            is_own: key.user == own,
            user: key.user,
            created_at: key.created_at,
        }));
        Ok(found)
    }

    /// The account, for whoever looks after its users' keys.
    async fn users(&self, ctx: &Context) -> Result<Option<Allowed<AccountId>>> {
        if !self.access.may(ctx, Action::ListUsers, OwnAccount).await? {
            return Ok(None);
        }
        Ok(Some(self.access.authorize(ctx, Action::ListUsers, OwnAccount).await?.key()))
    }

    async fn pressing(
        &self,
        ctx: &Context,
        oneself: Allowed<UserKey>,
        account: Option<Allowed<AccountId>>,
        visibility: &Visibility,
    ) -> Result<(Vec<attention::EndingShare>, Vec<attention::OldKey>)> {
        let now = ctx.now();
        let (until, before) = (now.plus_seconds(ENDING), now.plus_seconds(-OLD_KEY_AGE));
        self.store
            .read("overview.attention", move |tx| {
                let visibility = visibility.clone();
                Box::pin(async move {
                    let shares =
                        attention::ending_shares(tx, &visibility, now, until, MOST).await?;
                    let keys = match account {
                        Some(account) => {
                            attention::old_keys(tx, account, before, now, MOST).await?
                        }
                        None => attention::own_old_keys(tx, oneself, before, now, MOST).await?,
                    };
                    Ok::<_, StoreError>((shares, keys))
                })
            })
            .await
            .map_err(stored)
    }
}
