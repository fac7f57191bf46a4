//! At whom something is aimed that is asked of a thing: policies may look at it (`swr:TargetRegion`,
//! `swr:TargetAccountId`).

use roadstead::access::Circumstances;
use roadstead::id::{AccountId, PublicId};
use roadstead::{RegionName, Result};
use roadstead_store::resolve;

use super::named::Named;
use super::{Access, Resolution};
use crate::context::Context;
use crate::error::stored;

/// To which region, or with which account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aim {
    /// To which region something is to be copied.
    pub region: Option<RegionName>,
    /// With which account something is to be shared.
    pub account: Option<PublicId>,
    /// Whether they are still to be named. Ask again once they are.
    pub is_open: bool,
}

impl Aim {
    /// At somebody who is still to be named: whether it can be aimed at anybody at all.
    #[must_use]
    pub fn open() -> Self {
        Self { is_open: true, ..Self::default() }
    }

    pub(super) fn of<'a>(&'a self, at: Circumstances<'static>) -> Circumstances<'a> {
        Circumstances {
            now: at.now,
            source: at.source,
            target_region: self.region.as_ref().map(RegionName::as_str),
            target_account: self.account.as_ref().map(PublicId::as_str),
            is_target_open: self.is_open,
        }
    }
}

impl Access {
    /// At an account.
    pub(crate) async fn aim_at(&self, account: AccountId) -> Result<Aim> {
        let found = self
            .inner
            .store
            .peek("access.aim_at", |tx| {
                Box::pin(async move { resolve::account_public_id(tx, account).await })
            })
            .await
            .map_err(stored)?;
        Ok(Aim { account: found, ..Aim::default() })
    }
}

/// The same thing, asked with somebody else in mind: `authorize(ctx, Action::…, Toward(&image, aim))`.
#[derive(Debug, Clone)]
pub struct Toward<N>(pub N, pub Aim);

impl<N: Named> Named for Toward<N> {
    type Resolved = N::Resolved;

    fn said(&self) -> String {
        self.0.said()
    }

    fn aim(&self) -> Aim {
        self.1.clone()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<N::Resolved>> {
        self.0.resolve(access, ctx).await
    }
}
